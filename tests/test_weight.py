"""A weight's gradient is a sum over the positions where it is used: of δ times what lies under it, as torch has it."""

from __future__ import annotations

import random
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from test_network import SVG, main_job, said
from test_slopes import overlapping

import viz
from autodiff import Graph, Value, layer, nn
from viz.layout.place import LEAST, PLACES
from viz.nets.facts import read
from viz.nets.reckoned import total
from viz.nets.uses import uses_of

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch")
F = torch.nn.functional

POOLS = {"max": (nn.MaxPool2d, F.max_pool2d), "average": (nn.AvgPool2d, F.avg_pool2d)}
FUNCTIONS = {"relu": (nn.ReLU, torch.relu), "tanh": (nn.Tanh, torch.tanh), "sigmoid": (nn.Sigmoid, torch.sigmoid)}


def numbers(picture: Any, kind: str) -> dict[int, float | None]:
    """The cells of a kind by the node that uses the weight; None where a dot stands."""
    found: dict[int, float | None] = {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        if match := re.fullmatch(rf"{kind}(\d+)", group.get("data-name", "")):
            known = [float(plate.get("data-value", "nan")) for plate in group.iter(f"{SVG}rect")]
            found[int(match[1])] = known[0] if known else None
    return found


class Case:
    """A small network of random strides, paddings, channels, pool and function; and torch's of the same numbers."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        side, channels, made = draw.randrange(5, 8), draw.randrange(1, 3), draw.randrange(1, 3)
        self.kernel, self.stride, self.padding = draw.randrange(1, 4), draw.choice((1, 2)), draw.randrange(2)
        (pool, pooled), (function, applied) = draw.choice([*POOLS.values()]), draw.choice([*FUNCTIONS.values()])
        self.image = [[[draw.uniform(-1, 1) for _ in range(side)] for _ in range(side)] for _ in range(channels)]
        self.conv = nn.Conv2d(channels, made, self.kernel, stride=self.stride, padding=self.padding, rng=seed)
        body = nn.Sequential(self.conv, function(), pool(2, stride=1), nn.Flatten())
        cells = body([[[Value(x) for x in row] for row in channel] for channel in self.image])
        weights = [draw.uniform(-1, 1) for _ in cells]
        self.score = sum((w * cell for w, cell in zip(weights, cells, strict=True)), Value(0.0))

        double = {"dtype": torch.float64}
        kernels = [[[[w.data for w in row] for row in c] for c in f] for f in self.conv.weight]
        self.weight = torch.tensor(kernels, **double, requires_grad=True)
        bias = torch.tensor([b.data for b in self.conv.bias or []], **double)
        x = torch.tensor(self.image, **double)[None]
        self.z = F.conv2d(x, self.weight, bias, self.stride, self.padding)
        self.z.retain_grad()
        (pooled(applied(self.z), 2, 1).flatten() * torch.tensor(weights, **double)).sum().backward()
        self.padded = F.pad(x[0], [self.padding] * 4)


@pytest.mark.parametrize("seed", range(12))
def test_every_position_has_its_product_and_their_sum_is_the_gradient(seed: int) -> None:
    case = Case(seed)
    draw = random.Random(seed)
    o, c, i, j = (draw.randrange(n) for n in case.weight.shape)
    weight = case.conv.weight[o][c][i][j]
    picture = viz.weight(case.score, weight)
    parts, deltas, factors = (numbers(picture, kind) for kind in "cdx")
    net = read(case.score)
    found = uses_of(net, [net.graph.number(weight)])[net.graph.number(weight)]
    assert {use.target for use in found} == set(parts) == set(deltas) == set(factors)
    for use in found:
        channel, row, column = use.at
        assert channel == o
        x = float(case.padded[c, row * case.stride + i, column * case.stride + j])
        delta = float(case.z.grad[0, o, row, column])
        assert factors[use.target] == pytest.approx(x, abs=1e-12)
        assert (deltas[use.target] or 0.0) == pytest.approx(delta, abs=1e-12)
        assert (parts[use.target] or 0.0) == pytest.approx(delta * x, abs=1e-12)
        assert (parts[use.target] is None) == (deltas[use.target] is None)
    case.score.backward()
    added = sum(part for part in parts.values() if part is not None)
    assert added == pytest.approx(weight.grad, abs=1e-12)
    assert added == pytest.approx(float(case.weight.grad[o, c, i, j]), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_the_sums_of_a_kernels_maps_are_its_gradient(seed: int) -> None:
    case = Case(seed)
    kernel = case.conv.weight[0][-1]
    picture = viz.weight(case.score, kernel)
    parts = numbers(picture, "c")
    net = read(case.score)
    for i, row in enumerate(kernel):
        for j, weight in enumerate(row):
            number = net.graph.number(weight)
            added = sum(parts[use.target] or 0.0 for use in uses_of(net, [number])[number])
            assert added == pytest.approx(float(case.weight.grad[0, -1, i, j]), abs=1e-12)
            (shown,) = {numbers(picture, "g")[number]}
            assert (shown or 0.0) == pytest.approx(added, abs=1e-12)


def test_a_batch_has_a_map_for_each_sample_and_one_sum() -> None:
    conv = nn.Conv2d(1, 1, 2, rng=0)
    model = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    draw = random.Random(0)
    losses = []
    for _ in range(3):
        image = [[[Value(draw.uniform(-1, 1)) for _ in range(4)] for _ in range(4)]]
        losses.append(sum(model(image), Value(0.0)) ** 2)
    loss = sum(losses, Value(0.0))
    weight = conv.weight[0][0][0][1]
    picture = viz.weight(loss, weight)
    loss.backward()
    assert len(numbers(picture, "c")) == 3 * 4
    assert sum(part or 0.0 for part in numbers(picture, "c").values()) == pytest.approx(weight.grad, abs=1e-12)
    assert sum("at each cell of" in text for text in said(picture)) == 3


def test_a_penalty_on_a_weight_is_a_use_of_its_own() -> None:
    w = Value(3.0, "w")
    x = layer("x", [Value(1.0), Value(2.0)], kind="input")
    y = layer("y", [w * cell for cell in x])
    loss = y[0] + y[1] + 0.5 * w * w
    loss.name = "loss"
    picture = viz.weight(loss, w)
    loss.backward()
    parts = numbers(picture, "c")
    assert sorted(part or 0.0 for part in parts.values()) == pytest.approx([1.0, 1.5, 1.5, 2.0])
    assert sum(part or 0.0 for part in parts.values()) == w.grad


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_that_is_written_is_one(seed: int) -> None:
    draw = random.Random(seed)
    parts = [round(draw.uniform(-2, 2), draw.randrange(1, 6)) for _ in range(draw.randrange(2, 12))]
    text = total(parts, sum(parts)).replace("−", "-").replace("(", "").replace(")", "")
    left, sign, right = text.rpartition(" = ")
    if sign:
        assert sum(map(float, left.split(" + "))) == pytest.approx(float(right), rel=1e-9, abs=1e-12)


def test_a_dense_weight_has_its_uses_side_by_side() -> None:
    model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.Tanh())
    draw = random.Random(0)
    rows = [[Value(draw.uniform(-1, 1)) for _ in range(3)] for _ in range(5)]
    loss = sum((nn.mse(model(row), [1.0, 0.0]) for row in rows), Value(0.0))
    one, all_of_it = viz.weight(loss, model[0].weight[1][2]), viz.weight(loss, model[0].weight)
    loss.backward()
    parts = numbers(one, "c")
    assert [*numbers(one, "x").values()] == [row[2].data for row in rows]
    assert sum(part or 0.0 for part in parts.values()) == pytest.approx(model[0].weight[1][2].grad, abs=1e-12)
    assert len(numbers(all_of_it, "c")) == 6 * 5
    assert float(re.findall(r'height="([\d.]+)pt"', one.svg())[0]) < 400


def test_one_position_is_a_sum_of_one() -> None:
    model = nn.MLP(2, [3, 1])
    score: Any = model([Value(0.5), Value(-1.0)])
    picture = viz.weight(score, model.layers[0].neurons[0].w[1])
    assert [*numbers(picture, "x").values()] == [-1.0]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_text_is_smaller_than_can_be_read_nor_meets_another(place: str, theme: str) -> None:
    job = main_job()
    kernel = [v for v in Graph(job).values if v.name and v.name.startswith("w(")]
    case = Case(3)
    for output, weight in (
        (job, kernel[1]),
        (job, [kernel[0:3], kernel[3:6], kernel[6:9]]),
        (case.score, case.conv.weight[0][0]),
        (case.score, (case.conv.bias or [])[0]),
    ):
        picture = viz.weight(output, weight, fit=place, theme=theme)
        svg = picture.svg()
        wide, high = map(float, re.findall(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
        least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
        assert PLACES[place].scale((wide, high)) * least >= LEAST - 0.01
        assert not [*overlapping(picture)]


@pytest.mark.parametrize("given", [3.0, "w", None, [], [[1.0]], [[[Value(1.0)]]]])
def test_what_is_no_weight_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="weight is a Value, or a kernel"):
        viz.weight(main_job(), given)


def test_a_weight_is_a_leaf_of_the_graph() -> None:
    job = main_job()
    with pytest.raises(ValueError, match="not a node of this graph"):
        viz.weight(job, Value(1.0))
    with pytest.raises(ValueError, match="a weight is a leaf"):
        viz.weight(job, job)
