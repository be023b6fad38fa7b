"""What is said of a network's gradient: every count is that of the graph, every letter stands where it can be read."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from test_network import main_job, random_network, said

import viz
from autodiff import Value, avg_pool1d, layer, max_pool1d, max_pool2d, maximum, nn
from viz.layout.layout import Box
from viz.layout.place import PLACES
from viz.nets.facts import Network, read
from viz.nets.fields import Weights
from viz.nets.told import counted
from viz.pools.marks import Plate, Way, Words

pytestmark = pytest.mark.slow


def picture(channels: int, rows: int, columns: int, draw: random.Random) -> list[list[list[Value]]]:
    return [[[Value(draw.uniform(-1, 1)) for _ in range(columns)] for _ in range(rows)] for _ in range(channels)]


def of_two_convolutions(seed: int) -> Value:
    draw = random.Random(seed)
    read, middle, made, side = draw.randrange(1, 3), draw.randrange(1, 4), draw.randrange(1, 4), draw.randrange(7, 10)
    first = nn.Conv2d(read, middle, draw.randrange(2, 4), padding=draw.randrange(2), rng=seed)
    body: list[Any] = [first, nn.ReLU(), nn.Conv2d(middle, made, 2, rng=seed + 1), nn.ReLU()]
    body += [draw.choice([nn.MaxPool2d, nn.AvgPool2d])(2, stride=1)] * (draw.random() < 0.7)
    maps = nn.Sequential(*body)(picture(read, side, side, draw))
    flat = made * len(maps[0]) * len(maps[0][0])
    return nn.Sequential(nn.Flatten(), nn.Linear(flat, draw.randrange(1, 4), rng=seed))(maps)[0]


def of_one_pool(seed: int) -> Value:
    model, image = random_network(seed)
    return model([[[Value(x) for x in row] for row in channel] for channel in image])[0]


def of_perceptrons(seed: int) -> Value:
    draw = random.Random(seed)
    random.seed(seed)
    count = draw.randrange(1, 6)
    model = nn.MLP(count, [draw.randrange(1, 6) for _ in range(draw.randrange(1, 4))] + [draw.randrange(1, 4)])
    y = model([Value(draw.uniform(-2, 2)) for _ in range(count)])
    return y[0] if isinstance(y, list) else y


def of_a_signal(seed: int) -> Value:
    draw = random.Random(seed)
    x = layer("signal", [Value(draw.uniform(-1, 1)) for _ in range(draw.randrange(6, 14))], kind="input")
    w = layer("w", [Value(draw.uniform(-1, 1)) for _ in range(3)], kind="weights")
    z = layer("z", [w[0] * x[i] + w[1] * x[i + 1] + w[2] * x[i + 2] for i in range(len(x) - 2)])
    h = layer("h", [cell.relu() for cell in z])
    pooled = draw.choice([max_pool1d, avg_pool1d])(h, 2 + seed % 2, 1 + seed % 3)
    return sum((draw.uniform(-1, 1) * cell for cell in pooled), Value(0.0))


def of_ones_own(seed: int) -> Value:
    draw = random.Random(seed)
    grid = picture(1, draw.randrange(3, 9), draw.randrange(3, 9), draw)[0]
    layer("features", grid, kind="input")
    on = layer("on", [[cell.relu() for cell in row] for row in grid])
    pooled = max_pool2d(on, draw.randrange(2, 4), stride=draw.randrange(1, 3))
    return sum((cell * draw.uniform(-1, 1) for row in pooled for cell in row), Value(0.0))


KINDS = (of_one_pool, of_two_convolutions, of_perceptrons, of_a_signal, of_ones_own)
FAMILY = [(kind, seed) for kind in KINDS for seed in range(8)]


# -- Sentences


def grid(net: Network, name: str) -> list[int]:
    return [n for field in net.fields if field.name == name for n in field.nodes.values()]


def is_without_path(net: Network, number: int) -> bool:
    """As ``backward`` leaves it: none of those that read it hands it anything."""
    return net.graph.values[number].grad_state not in ("zero", "value")


@pytest.mark.parametrize(("kind", "seed"), FAMILY)
def test_every_count_in_the_sentence_is_that_of_the_graph(kind: Any, seed: int) -> None:
    score = kind(seed)
    net = read(score)
    score.backward()
    for sentence in counted(net).rstrip(".").split(". "):
        if match := re.fullmatch(
            r"(\d+) of (\d+) cells? of (.+) gets? gradient(?:, (\d+) of them a computed 0)?"
            r"(?:; to the other(?: (\d+))? there is no path)?",
            sentence,
        ):
            got, total, name, zeros, others = match.groups()
            reached = [n for n in grid(net, name) if not is_without_path(net, n)]
            assert len(reached) == int(got)
            assert sum(net.graph.values[n].grad == 0 for n in reached) == int(zeros or 0)
            assert int(total) - int(got) == int(others or ("other there" in sentence))
        elif match := re.fullmatch(
            r"(?:(\d+) of )?(\d+) (windows?|cells?) of (.+?) (?:got gradient, and )?chose (.+)", sentence
        ):
            got, total, what, name, rest = match.groups()
            units = [n for n in grid(net, name) if not is_without_path(net, n)]
            assert len(units) == int(got or total)
            assert len(grid(net, name)) == int(total)
            assert what.startswith("window") == ("pool" in name)
            ((count, source, off),) = re.findall(r"(\d+) cells? of (.+?)(?:, of which (\d+) (?:is|are) off.*)?$", rest)
            chosen = {n for n in grid(net, source) if not is_without_path(net, n)}
            assert len(chosen) == int(count)
            # A relu is off where it is 0; what it was computed from gets nothing then.
            assert sum(net.values[n] == 0 for n in chosen) == int(off or 0)
        else:
            match = re.fullmatch(
                r"(\d+) of (\d+) cells? of (.+) that got gradient (?:is|are) off and hands? nothing on", sentence
            )
            assert match is not None, sentence
            got_ones = [n for n in grid(net, match[3]) if not is_without_path(net, n)]
            assert (len([n for n in got_ones if net.values[n] == 0]), len(got_ones)) == (int(match[1]), int(match[2]))


def test_units_that_are_no_windows_are_not_called_so() -> None:
    x = layer("x", [Value(1.0), Value(5.0), Value(2.0)], kind="input")
    m = layer("m", [maximum(x[0], x[1]), maximum(x[1], x[2])])
    assert counted(read(m[0] + m[1])).startswith("2 cells of m chose 1 cell of x.")


def test_a_cell_that_ends_says_which_function_is_off() -> None:
    x = layer("x", [Value(-2.0), Value(3.0)], kind="input")
    doubled = layer("h", [cell.relu() * 2 for cell in x])
    assert "1 of 2 cells of h that got gradient is off and hands nothing on" in counted(read(doubled[0] + doubled[1]))
    assert "A stops: relu is off at −2" in said(viz.network(doubled[0] + doubled[1]))
    limited = layer("h", [maximum(cell, 0.0) for cell in layer("x", [Value(-2.0), Value(3.0)], kind="input")])
    told = " ".join(said(viz.network(limited[0] + limited[1])))
    assert "A stops: maximum does not take −2" in told
    assert "1 of 2 cells of h that got gradient hands nothing on" in told


def test_cells_outside_the_graph_are_counted_in_the_legend() -> None:
    assert "not in the graph of score: 15 of z, 15 of h" in said(viz.network(main_job(), fit="slide"))


# -- Letters, ways, notes


def meets(one: Box, other: Box) -> bool:
    return (
        min(one.x + one.width, other.x + other.width) - max(one.x, other.x) > 0.01
        and min(one.y + one.height, other.y + other.height) - max(one.y, other.y) > 0.01
    )


def along(way: Way) -> list[Box]:
    return [
        Box(min(x, a) - 0.9, min(y, b) - 0.9, abs(x - a) + 1.8, abs(y - b) + 1.8)
        for (x, y), (a, b) in zip(way.points, way.points[1:], strict=False)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "seed"), FAMILY)
def test_letters_meet_no_word_no_way_and_no_other_letter(kind: Any, seed: int, place: str) -> None:
    marks: Any = viz.network(kind(seed), fit=place).drawing.marks  # type: ignore[attr-defined]
    letters = [mark.box for mark in marks if isinstance(mark, Plate) and mark.name == "badge"]
    words = [mark.box for mark in marks if isinstance(mark, Words) and mark.name != "badge"]
    lines = [box for mark in marks if isinstance(mark, Way) for box in along(mark)]
    for k, letter in enumerate(letters):
        assert not any(meets(letter, other) for other in [*letters[:k], *words, *lines])
    for word in words:
        assert not any(meets(word, line) for line in lines)


@pytest.mark.parametrize(("kind", "seed"), FAMILY)
def test_every_window_that_is_told_of_has_its_letter_at_what_it_read(kind: Any, seed: int) -> None:
    marks: Any = viz.network(kind(seed), fit="slide").drawing.marks  # type: ignore[attr-defined]
    frames = [mark for mark in marks if isinstance(mark, Plate) and mark.name == "frame"]
    letters = [mark for mark in marks if isinstance(mark, Plate) and mark.name == "badge"]
    for letter in letters:
        assert any(frame.line == letter.fill and meets(Box(*_wider(frame.box, 40)), letter.box) for frame in frames)


def _wider(box: Box, by: float) -> tuple[float, float, float, float]:
    return box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by


# -- Figures


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("kind", "seed"), FAMILY)
def test_the_figures_in_a_cell_are_its_number_rounded(kind: Any, seed: int, place: str) -> None:
    marks: Any = viz.network(kind(seed), fit=place).drawing.marks  # type: ignore[attr-defined]
    numbers = {mark.name: float(mark.data) for mark in marks if isinstance(mark, Plate) and mark.data is not None}
    for mark in marks:
        if isinstance(mark, Words) and mark.name in numbers:
            text = mark.runs[0].text.replace("−", "-")
            figures, _, exponent = text.partition("e")
            last = 10.0 ** (int(exponent or 0) - len(figures.partition(".")[2]))
            assert abs(float(text) - numbers[mark.name]) <= 0.5 * last * (1 + 1e-9)
            assert (float(text) == 0) == (numbers[mark.name] == 0)
            assert text[0] != "-" or numbers[mark.name] < 0


@pytest.mark.parametrize(("kind", "seed"), FAMILY)
def test_a_sign_is_told_without_its_colour(kind: Any, seed: int) -> None:
    """By a minus, or where there is no room for it by a bar."""
    for fit in ("column", "slide"):
        marks: Any = viz.network(kind(seed), fit=fit).drawing.marks  # type: ignore[attr-defined]
        numbers = {mark.name: float(mark.data) for mark in marks if isinstance(mark, Plate) and mark.data is not None}
        bars = {m.name for m in marks if isinstance(m, Plate) and m.name in numbers and m.data is None}
        signed = {m.name for m in marks if isinstance(m, Words) and m.runs[0].text.startswith("−")}
        assert {name for name, x in numbers.items() if x < 0} == bars | (signed & {*numbers})


# -- Weights and biases


@pytest.mark.parametrize("seed", range(6))
def test_every_weight_and_bias_is_drawn(seed: int) -> None:
    model, image = random_network(seed)
    outputs = model([[[Value(x) for x in row] for row in channel] for channel in image])
    score = outputs[0] + outputs[1]
    net = read(score)
    drawn = {n for fields in net.weights.values() for field in fields for n in field.nodes.values()}
    assert {net.graph.values[n] for n in drawn} == {*model.parameters()} & {*net.graph.values}


def test_a_dense_layers_weights_are_maps_over_what_it_reads() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 2, rng=0), nn.Flatten(), nn.Linear(8, 3, rng=1), nn.Linear(3, 1, rng=2))
    net = read(model(picture(1, 3, 3, random.Random(0)))[0])
    (weights, _), (last, _) = net.weights[2], net.weights[3]
    assert isinstance(weights, Weights)
    assert (weights.shape, weights.made) == ((6, 2, 2), 3)
    for (channel, i, j), number in weights.nodes.items():
        out, read_channel = divmod(channel, 2)
        assert net.graph.values[number] is model[2].weight[out][4 * read_channel + 2 * i + j]
    assert last.shape == (1, 3, 1)
    assert weights.seen([1]) == (1, 3, 5)


@pytest.mark.parametrize("seed", range(12))
def test_of_a_part_that_is_shown_the_ways_are_told_that_begin_and_go_on_in_it(seed: int) -> None:
    """A letter of a window carries its channel; one that is not shown is not told of."""
    draw = random.Random(seed)
    body = nn.Conv2d(1, 4, 3, rng=seed), nn.ReLU(), nn.MaxPool2d(2, stride=1), nn.Flatten(), nn.Linear(36, 1, rng=seed)
    score = nn.Sequential(*body)(picture(1, 6, 6, draw))[0]
    for channel in range(4):
        for layers in (None, ["input", "relu 1", "max pool 2"], ["max pool 2"]):
            words = said(viz.network(score, channels=[channel], layers=layers))
            told = {word for text in words for word in re.findall(r"^(\d)[A-I](?: stops: .*)?$", text)}
            assert told <= {str(channel)}
            assert bool(told) == (layers != ["max pool 2"])
