"""A whole network on one picture: every map as torch computes it, every way and every count as the graph has it."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

import viz
from autodiff import Value, layer, max_pool2d, nn
from viz.demo.digits import digit
from viz.demo.network import KERNEL, WEIGHTS, convolved, grid_of
from viz.ink.theme import LIGHT
from viz.layout.place import LEAST, PLACES
from viz.nets.board import TooWideError
from viz.nets.facts import Network, read
from viz.nets.figures import short
from viz.nets.trails import trails

SVG = "{http://www.w3.org/2000/svg}"


def main_job(which: int = 4) -> Value:
    """A digit through a convolution, relu, an overlapping pool, and weights, to one score."""
    x = layer("pixels", grid_of(digit(which), "x"), kind="input")
    w = grid_of(KERNEL, "w")
    layer("kernel", [[w]], kind="weights")
    z = layer("z", convolved(x, w))
    h = layer("h", [[cell.relu() for cell in row] for row in z])
    p = max_pool2d(h, kernel_size=3, stride=2)
    v = layer("weights", [[Value(WEIGHTS[3 * i + j]) for j in range(3)] for i in range(3)], kind="weights")
    score = sum((v[i][j] * p[i][j] for i in range(3) for j in range(3)), Value(0.0))
    score.name = "score"
    return score


def shown(picture: Any) -> tuple[dict[int, float], dict[int, float]]:
    """The numbers of all cells by the node: values, and gradients."""
    found: tuple[dict[int, float], dict[int, float]] = {}, {}
    for group in ElementTree.fromstring(picture.svg()).iter(f"{SVG}g"):
        if match := re.fullmatch(r"([vg])(\d+)", group.get("data-name", "")):
            for plate in group.iter(f"{SVG}rect"):
                if (number := plate.get("data-value")) is not None:
                    found["vg".index(match[1])][int(match[2])] = float(number)
    return found


def said(picture: Any) -> list[str]:
    """All its words."""
    return ["".join(text.itertext()) for text in ElementTree.fromstring(picture.svg()).iter(f"{SVG}text")]


# -- Numbers


def random_network(seed: int) -> tuple[nn.Sequential, list[list[list[float]]]]:
    """A convolutional network of random strides, paddings, channels and pools, and an image for it."""
    draw = random.Random(seed)
    side, channels = draw.randrange(5, 8), draw.randrange(1, 3)
    image = [[[draw.uniform(-1, 1) for _ in range(side)] for _ in range(side)] for _ in range(channels)]
    made = draw.randrange(1, 4)
    conv = nn.Conv2d(
        channels, made, draw.randrange(1, 4), stride=draw.randrange(1, 3), padding=draw.randrange(2), rng=seed
    )
    kernel = draw.randrange(1, 3)
    pool_of = draw.choice([nn.MaxPool2d, nn.AvgPool2d])
    body = [conv, draw.choice([nn.ReLU, nn.Tanh])(), pool_of(kernel, stride=draw.randrange(1, 3), padding=kernel // 2)]
    probe = nn.Sequential(*body)(image)
    flat = made * len(probe[0]) * len(probe[0][0])
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(flat, 2, rng=seed + 1)), image


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(50))
def test_every_map_is_that_of_torch(seed: int) -> None:
    torch = pytest.importorskip("torch")
    model, image = random_network(seed)
    inputs = [[[Value(x) for x in row] for row in channel] for channel in image]
    output = model(inputs)[1]
    values, gradients = shown(viz.network(output, fit=None))
    net = read(output)

    twin = nn.to_torch(model).double()
    x = torch.tensor(image, dtype=torch.float64, requires_grad=True)
    tensors, at = [x], x[None]
    for module in twin:
        at = module(at)
        at.retain_grad()
        if not isinstance(module, torch.nn.Flatten):
            tensors.append(at)
    at[0, 1].backward()
    assert len(net.fields) == len(tensors)
    for field, tensor in zip(net.fields, tensors, strict=True):
        cells, slopes = tensor.detach().reshape(field.shape), tensor.grad.reshape(field.shape)
        for place, number in field.nodes.items():
            assert values[number] == pytest.approx(float(cells[place]), abs=1e-12)
            assert gradients.get(number, 0.0) == pytest.approx(float(slopes[place]), abs=1e-12)
        for place in set(field.places()) - set(field.nodes):
            assert slopes[place] == 0


def test_figures_are_those_of_the_numbers() -> None:
    for group in ElementTree.fromstring(viz.network(main_job(), fit="slide").svg()).iter(f"{SVG}g"):
        if re.fullmatch(r"[vg]\d+", group.get("data-name", "")):
            (number,) = [plate.get("data-value") for plate in group.iter(f"{SVG}rect") if plate.get("data-value")][
                :1
            ] or [None]
            for text in group.iter(f"{SVG}text"):
                said = "".join(text.itertext()).replace("−", "-")
                figures = len(said.lstrip("-0.").replace(".", ""))
                assert number is not None
                assert float(said) == float(f"{float(number):.{max(figures, 1)}g}") + 0.0


def numbers() -> Iterator[float]:
    draw = random.Random(0)
    for _ in range(2000):
        yield draw.choice((-1, 1)) * draw.random() * 10.0 ** draw.randrange(-8, 9)
    yield from (0.0, -0.0, math.inf, -math.inf, math.nan)


def test_a_short_number_is_the_number_rounded_or_nothing() -> None:
    for x in numbers():
        for wide in (8, 12, 16, 19, 30, 99):
            if text := short(x, wide, 8.25):
                read_back = float(text.replace("−", "-"))
                assert read_back == x or abs(read_back - x) <= 0.5 * abs(x) or (math.isnan(x) and math.isnan(read_back))
                assert text not in ("−0", "0") or x == 0


# -- Ways


def test_the_ways_of_the_main_job_meet_and_end() -> None:
    net = read(main_job())
    told = trails(net, LIGHT)
    assert [trail.stops for trail in told].count(True) == 1
    winners = [trail.units[1] for trail in told if not trail.stops]
    assert len(winners) == 2
    assert len(set(winners)) == 1
    for trail in told:
        for one, other in zip(trail.units, trail.units[1:], strict=False):
            assert net.heirs(one) == [other]
        if trail.stops:
            assert net.heirs(trail.units[-1]) == []
            assert net.gradients[trail.units[-1]] != 0


@pytest.mark.parametrize("seed", range(12))
def test_a_choice_hands_everything_to_one_cell(seed: int) -> None:
    model, image = random_network(seed)
    net = Network(model([[[Value(x) for x in row] for row in channel] for channel in image])[0])
    kinds = {net.home[unit][0].name.split(" ")[0] for unit in net.choices}
    assert kinds <= {"max"}
    for winner, units in net.meetings.items():
        assert net.gradients[winner] == pytest.approx(math.fsum(net.gradients[unit] for unit in units), rel=1e-12)


def test_two_windows_that_meet_have_their_sum_written_out() -> None:
    """Pooled gradients 0.1796 and 0.0599 meet in one cell."""
    cells = layer(
        "h", [[Value(x) for x in row] for row in ((1, 2, 3, 0), (4, 9, 5, 1), (0, 2, 1, 0), (3, 1, 0, 2))], kind="input"
    )
    pooled = max_pool2d(cells, kernel_size=3, stride=1)
    first, second = pooled[0][0], pooled[0][1]
    score = first * 0.1796 + second * 0.0599
    score.name = "score"
    assert "0.1796 + 0.0599 = 0.2395" in said(viz.network(score, fit="slide"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_what_is_written_as_a_sum_is_one(seed: int) -> None:
    model, image = random_network(seed)
    output = model([[[Value(x) for x in row] for row in channel] for channel in image])[0]
    for text in [text for text in said(viz.network(output, fit="slide")) if " + " in text and "=" in text]:
        terms, total = text.replace("−", "-").replace("(", "").replace(")", "").split(" = ")
        assert math.fsum(map(float, terms.split(" + "))) == pytest.approx(float(total), abs=1e-9)


# -- Words


def test_the_counts_are_those_of_the_graph() -> None:
    score = main_job()
    score.backward()
    told = viz.network(score).svg()
    assert "9 windows of max pool chose 7 cells of h, of which 1 is off and hands nothing on" in told
    assert "35 of 64 cells of pixels get gradient, 4 of them a computed 0; to the other 29 there is no path" in told


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", range(3))
def test_no_text_is_smaller_than_can_be_read(seed: int, place: str) -> None:
    model, image = random_network(seed)
    output = model([[[Value(x) for x in row] for row in channel] for channel in image])[0]
    for picture in (viz.network(output, fit=place), viz.network(main_job(), fit=place)):
        svg = picture.svg()
        wide, high = map(float, re.findall(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
        least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
        assert PLACES[place].scale((wide, high)) * least >= LEAST - 0.01


def test_what_is_asked_for_is_shown() -> None:
    model, image = random_network(0)
    output = model([[[Value(x) for x in row] for row in channel] for channel in image])[0]
    net = read(output)
    names = [field.name for field in net.fields]
    one = shown(viz.network(output, layers=[names[1]]))[0]
    assert set(one) == set(net.fields[1].nodes.values())
    first = shown(viz.network(output, channels=[0]))[0]
    assert all(net.home[n][1][0] == 0 for n in first if n in net.home)


# -- What is refused


def test_what_has_no_layers_is_told_how_to_have_some() -> None:
    with pytest.raises(ValueError, match=r"autodiff\.layer"):
        viz.network(Value(1.0) * 2)


@pytest.mark.parametrize("layers", [["nothing"], [99], [True], "nothing", 99])
def test_a_layer_that_is_none_is_refused(layers: Any) -> None:
    with pytest.raises(ValueError, match="layers= are names or numbers of 'pixels', 'z', 'h', 'max pool', 'score'"):
        viz.network(main_job(), layers=layers)


@pytest.mark.parametrize("channels", [[], [-1], [True], ["0"], 1.5])
def test_channels_are_numbers(channels: Any) -> None:
    with pytest.raises(ValueError, match="channels="):
        viz.network(main_job(), channels=channels)


def test_a_network_without_room_says_what_can_be_shown() -> None:
    with pytest.raises(TooWideError, match=r"layers=\[\.\.\.\] of 'pixels'"):
        viz.network(main_job(), fit=(100, None))
