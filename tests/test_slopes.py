"""θ′ as maps of its own: what arrives at an activation, times θ′, is what arrives before it, as torch computes both."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from test_network import SVG, main_job, said, shown

import viz
from autodiff import Value, gelu, layer, leaky_relu, maximum, nn, silu, softplus
from viz.layout.place import LEAST, PLACES
from viz.nets.reckoned import product
from viz.nets.slopes import Sloped

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")
F = torch.nn.functional

ACTIVATIONS: dict[str, tuple[Callable[[Value], Value], Callable[[Any], Any]]] = {
    "relu": (Value.relu, torch.relu),
    "relu as a max": (lambda z: maximum(0.0, z), torch.relu),
    "tanh": (Value.tanh, torch.tanh),
    "sigmoid": (Value.sigmoid, torch.sigmoid),
    "leaky_relu": (lambda z: leaky_relu(z, 0.1), lambda z: F.leaky_relu(z, 0.1)),
    "gelu": (gelu, F.gelu),
    "silu": (silu, F.silu),
    "silu of several nodes": (lambda z: z * z.sigmoid(), F.silu),
    "softplus": (softplus, F.softplus),
    "square": (lambda z: z * z, lambda z: z * z),
    "clamp": (lambda z: z.clamp(-0.3, 0.3), lambda z: z.clamp(-0.3, 0.3)),
}


def slopes_in(picture: Any) -> dict[int, float | None]:
    """θ′ by the node of the activation; None where a dot stands."""
    found: dict[int, float | None] = {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        if match := re.fullmatch(r"s(\d+)", group.get("data-name", "")):
            numbers = [float(plate.get("data-value", "nan")) for plate in group.iter(f"{SVG}rect")]
            found[int(match[1])] = numbers[0] if numbers else None
    return found


def network(seed: int, name: str) -> tuple[Value, Any, Any]:
    """A small network of random strides, channels and pools; its output, and torch's z and h when done."""
    draw = random.Random(seed)
    ours, theirs = ACTIVATIONS[name]
    side, channels, made, stride = draw.randrange(5, 8), draw.randrange(1, 3), draw.randrange(1, 3), draw.choice((1, 2))
    image = [[[draw.uniform(-1, 1) for _ in range(side)] for _ in range(side)] for _ in range(channels)]
    conv = nn.Conv2d(channels, made, draw.randrange(1, 4), stride=stride, padding=draw.randrange(2), rng=seed)
    pool = draw.choice([nn.MaxPool2d, nn.AvgPool2d])(2, stride=1)
    pixels = [[[Value(x) for x in row] for row in channel] for channel in image]
    z = conv(pixels)
    h = layer("h", [[[ours(cell) for cell in row] for row in channel] for channel in z])
    p = pool(h)
    weights = [draw.uniform(-1, 1) for channel in p for row in channel for _ in row]
    cells = [cell for channel in p for row in channel for cell in row]
    score = sum((w * cell for w, cell in zip(weights, cells, strict=True)), Value(0.0))

    double = {"dtype": torch.float64}
    weight = torch.tensor([[[[w.data for w in r] for r in c] for c in f] for f in conv.weight], **double)
    bias = torch.tensor([b.data for b in conv.bias or []], **double)
    before = F.conv2d(torch.tensor(image, **double)[None], weight, bias, stride, conv.padding).requires_grad_()
    after = theirs(before)
    after.retain_grad()
    pooled = (F.max_pool2d if isinstance(pool, nn.MaxPool2d) else F.avg_pool2d)(after, 2, 1)
    (pooled.flatten() * torch.tensor(weights, **double)).sum().backward()
    return score, before, after


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("seed", range(3))
def test_every_factor_is_that_of_torch(seed: int, name: str) -> None:
    score, before, after = network(seed, name)
    picture = viz.network(score, slopes=True, fit=None)
    slopes, (_, gradients) = slopes_in(picture), shown(picture)
    net = Sloped(score)
    twin = before.detach().requires_grad_()
    (theirs,) = torch.autograd.grad(ACTIVATIONS[name][1](twin).sum(), twin)
    (h,) = [field for field in net.fields if field.name == "h"]
    for place, number in h.nodes.items():
        assert (slopes[number] or 0.0) == pytest.approx(float(theirs[0][place]), abs=1e-12)
        arrived = gradients.get(number, 0.0)
        assert arrived == pytest.approx(float(after.grad[0][place]), abs=1e-12)
        handed = gradients.get(net.sources[number], 0.0)
        assert handed == pytest.approx(float(before.grad[0][place]), abs=1e-12)
        assert handed == pytest.approx((slopes[number] or 0.0) * arrived, rel=1e-12, abs=1e-300)


def test_a_relu_that_is_off_has_no_slope_and_one_that_is_flat_has_0() -> None:
    z = layer("z", [Value(x) * 1.0 for x in (-1.0, 0.0, 2.0)])
    h = layer("h", [x.relu() for x in z])
    flat = layer("flat", [x * x for x in layer("y", [x * 0.5 for x in h])])
    score = flat[0] + flat[1] + flat[2]
    slopes = slopes_in(viz.network(score, slopes=True))
    assert sorted(slopes.items()) == [*zip(sorted(slopes), [None, None, 1.0, 0.0, 0.0, 2.0], strict=True)]


@pytest.mark.parametrize("nonlin", ["relu", "tanh", "sigmoid"])
def test_the_sums_within_neurons_are_shown_before_their_activation(nonlin: str) -> None:
    model = nn.MLP(2, [3, 2, 2], nonlin=nonlin)
    random.seed(1)
    for parameter in model.parameters():
        parameter.data = random.uniform(-1, 1)
    out = model([Value(0.4), Value(-0.7)])
    net = Sloped(out[0])  # type: ignore[index]
    assert [field.name for field in net.fields] == [
        "input",
        "z of layer 0",
        "layer 0",
        "z of layer 1",
        "layer 1",
        "layer 2",
    ]
    for number, source in net.sources.items():
        assert net.reads(number) == [source]
        assert net.graph.nodes[number].op is not None
        data, made = net.values[source], net.values[number]
        assert net.slopes[number] == net.graph.nodes[number].op.local_derivatives(data, made)[0]  # type: ignore[union-attr]


@pytest.mark.parametrize("weight", ["a number", "a weight"])
def test_what_is_a_straight_line_is_no_activation(weight: str) -> None:
    x = layer("x", [Value(1.0), Value(2.0)], kind="input")
    w = layer("w", [Value(0.5), Value(-2.0)], kind="weights")
    factors: list[Any] = [*w] if weight == "a weight" else [0.5, -2.0]
    y = layer("y", [a * b for a, b in zip(x, factors, strict=True)])
    net = Sloped(y[0] + y[1])
    assert net.slopes == {}
    with pytest.raises(ValueError, match="no activation is known"):
        viz.network(y[0] + y[1], slopes=True)


def test_of_two_that_read_one_cell_neither_product_is_told_as_its_gradient() -> None:
    z = layer("z", [Value(0.5) * 1.0, Value(-0.5) * 1.0])
    a, b = layer("a", [x.tanh() for x in z]), layer("b", [x.sigmoid() for x in z])
    net = Sloped(a[0] + a[1] + 2 * b[0] + 3 * b[1])
    assert len(net.slopes) == 4
    assert net.products == {}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_product_that_is_written_is_one(name: str) -> None:
    for seed in range(2):
        picture = viz.network(network(seed, name)[0], slopes=True, fit="slide")
        for text in [text for text in said(picture) if " × " in text and "=" in text and "δ" not in text]:
            factors, made = text.replace("−", "-").replace("(", "").replace(")", "").split(" = ")
            one, other = map(float, factors.split(" × "))
            assert float(made) == pytest.approx(one * other, rel=0.006)


def test_a_product_holds_in_the_figures_that_it_is_written_in() -> None:
    draw = random.Random(0)
    for _ in range(500):
        one, other = draw.uniform(-1, 1), draw.uniform(-9, 9)
        text = product(one, other, one * other)
        left, sign, right = text.replace("−", "-").replace("(", "").replace(")", "").rpartition(" = ")
        if sign:
            a, b = map(float, left.split(" × "))
            figures = max(3, *(len(part.lstrip("-0.").replace(".", "")) for part in left.split(" × ")))
            assert float(right) == pytest.approx(float(f"{a * b:.{figures}g}"), rel=1e-12)


def test_a_crop_has_its_own_product() -> None:
    picture = viz.network(main_job(), slopes=True, crop=(range(4, 8), range(4)), fit="slide")
    assert "1 × 1.4 = 1.4" in said(picture)
    assert len(slopes_in(picture)) == 12


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_is_smaller_than_can_be_read_nor_meets_another(place: str, theme: str) -> None:
    for output in (main_job(), network(1, "gelu")[0], nn.MLP(3, [4, 4, 1], nonlin="tanh")([Value(0.3)] * 3)):
        picture = viz.network(output, slopes=True, fit=place, theme=theme)
        svg = picture.svg()
        wide, high = map(float, re.findall(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
        least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
        assert PLACES[place].scale((wide, high)) * least >= LEAST - 0.01
        assert not [*overlapping(picture)]


def overlapping(picture: Any) -> Any:
    """Words that meet other words."""
    words = [mark for mark in picture.drawing.marks if hasattr(mark, "runs")]
    for k, one in enumerate(words):
        for other in words[:k]:
            a, b = one.box, other.box
            across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
            if across > 0.5 and min(a.y + a.height, b.y + b.height) - max(a.y, b.y) > 0.5:
                yield one, other


def test_the_sentence_counts_what_is_off() -> None:
    net = Sloped(main_job())
    off = sum(slope is None for slope in net.slopes.values())
    assert f"θ′ of h is 1; through {off} of {len(net.slopes)} cells there is no path" in net.said()
    assert off == sum(net.values[source] <= 0 for source in net.sources.values())
    assert math.isclose(len(net.slopes), 49)
