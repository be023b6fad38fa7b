"""What somebody may ask of a network's picture: a part of it, odd numbers, odd networks; and how slips are answered."""

from __future__ import annotations

import copy
import math
import pickle
import random
import re
from typing import Any

import pytest
from test_network import main_job, said, shown

import viz
from autodiff import Graph, Value, layer, max_pool2d, maximum, nn, softmax
from autodiff.recording.reverse import StaleError
from viz.ink.theme import LIGHT
from viz.nets.board import TooWideError
from viz.nets.facts import read
from viz.nets.fields import Weights
from viz.nets.told import counted
from viz.nets.trails import trails
from viz.pools.marks import Words

pytestmark = pytest.mark.slow


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))


# -- A part of it


def square(side: int) -> Value:
    grid = layer("g", [[Value(float(i * side + j)) for j in range(side)] for i in range(side)], kind="input")
    return sum((cell for row in grid for cell in row), Value(0.0))


def test_a_crop_shows_these_rows_and_columns() -> None:
    picture = viz.network(square(30), crop=(range(3, 5), range(28, 40)))
    assert sorted(shown(picture)[0].values()) == [118.0, 119.0, 148.0, 149.0, sum(range(900))]
    assert {"g (rows 3–4", "28–29 of 30)"} <= {*said(picture)}


def test_what_has_none_of_the_rows_is_shown_whole() -> None:
    values, _ = shown(viz.network(main_job(), crop=(range(4, 6), range(4, 6))))
    net = read(main_job())
    kernel = net.weights[1][0]
    assert {*kernel.nodes.values()} <= {*values}


@pytest.mark.parametrize("crop", [8, (range(8),), (range(3, 3), range(3)), (range(0, 8, 2), range(3)), (3, 4)])
def test_a_crop_is_two_ranges(crop: Any) -> None:
    with pytest.raises(ValueError, match=re.escape("crop= is a range of rows and one of columns")):
        viz.network(main_job(), crop=crop)


@pytest.mark.parametrize("fit", ["column", "page", "slide"])
def test_what_a_network_without_room_is_told_to_write_works(fit: str) -> None:
    grid = layer("g", [[Value(1.0) for _ in range(900)] for _ in range(2)], kind="input")
    score, crop = sum((cell for row in grid for cell in row), Value(0.0)), None
    for _ in range(4):  # what is too large even so says it again
        try:
            told = said(viz.network(score, fit=fit, crop=crop))
        except TooWideError as error:
            ((rows, columns),) = re.findall(r"crop=\(range\((\d+)\), range\((\d+)\)\)", str(error))
            crop = range(int(rows)), range(int(columns))
    assert any("of 900" in text for text in told)


def test_channels_that_no_layer_has_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("from 0 to 0 here; got [7]")):
        viz.network(main_job(), channels=[7])
    with pytest.raises(ValueError, match=re.escape("'score'; got []")):
        viz.network(main_job(), layers=[])


# -- Odd numbers


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e308, 5e-324, -0.0])
@pytest.mark.parametrize("side", [2, 24])
def test_a_picture_of_odd_numbers_has_them(number: float, side: int) -> None:
    score = square(side)
    cells = [value for value in Graph(score).values if value.unit]
    odd = layer("odd", [cells[0] * number, cells[1] * 1.0], kind="units")
    values, gradients = shown(viz.network(odd[0] + odd[1] + score, fit=None))
    net = read(odd[0] + odd[1] + score)
    for number_of, told in (*values.items(), *((n, None) for n in gradients)):
        assert told is None or told == net.values[number_of] or math.isnan(told)


def test_a_nan_has_a_mark_where_there_is_no_room_for_its_name() -> None:
    x = layer("x", [[Value(math.nan if i == j else 1.0) for j in range(40)] for i in range(40)], kind="input")
    picture = viz.network(sum((cell for row in x for cell in row), Value(0.0)))
    assert "nan" in said(picture)


# -- Odd networks


def test_layers_that_are_computed_again_are_counted() -> None:
    shared = nn.Linear(3, 3, rng=5)
    y = shared(shared([Value(1.0), Value(2.0), Value(-1.0)]))[0]
    assert [field.name for field in read(y).fields] == ["input", "linear", "linear (2)"]
    assert "linear (2)" in " ".join(said(viz.network(y, layers=["linear (2)"])))


def test_a_sum_of_which_parts_are_off_is_no_choice() -> None:
    x = layer("x", [Value(1.0), Value(-2.0)], kind="input")
    assert "chose" not in counted(read(x[0].relu() + x[1].relu()))
    assert "chose" in counted(read(layer("m", [maximum(x[0], x[1])])[0]))


def test_attention_and_a_recurrent_cell_are_drawn() -> None:
    dense = [nn.Linear(2, 2, rng=k, name=name) for k, name in enumerate(("query", "key", "value"))]
    tokens = layer("tokens", [[Value(0.5), Value(-1.0)], [Value(1.0), Value(0.3)]], kind="input")
    query, key, value = ([one(token) for token in tokens] for one in dense)
    scores = layer("scores", [[a[0] * b[0] + a[1] * b[1] for b in key] for a in query])
    weights = layer("attention", [softmax(*row) for row in scores])
    out = layer("out", [[row[0] * value[0][j] + row[1] * value[1][j] for j in range(2)] for row in weights])
    net = read(out[0][0])
    assert counted(net) == "4 of 4 cells of tokens get gradient."
    # Read by one token's row alone, the weights are no map over all tokens.
    assert all(
        field.shape == (1, 2, 2) for fields in net.weights.values() for field in fields if field.kind == "weights"
    )
    cell, hidden = (nn.Linear(2, 2, rng=k, name=name) for k, name in enumerate(("in", "hid")))
    h: list[Value] = [Value(0.0), Value(0.0)]
    for k in range(3):
        sums = zip(cell([Value(float(k)), Value(1.0)]), hidden(h), strict=True)
        h = layer(f"h{k}", [(a + b).tanh() for a, b in sums])
    assert {"in", "in (2)", "in (3)", "h0", "h1", "h2"} <= {field.name for field in read(h[0]).fields}
    viz.network(h[0], fit="slide")


def test_a_kernel_of_two_sides_is_one_map() -> None:
    draw = random.Random(0)
    x = layer("x", [[Value(draw.random()) for _ in range(4)] for _ in range(4)], kind="input")
    w = layer("w", [[Value(draw.random()) for _ in range(2)] for _ in range(2)], kind="weights")
    taps = [(i, j) for i in range(2) for j in range(2)]
    z = [[sum(w[a][b] * x[i + a][j + b] for a, b in taps) for j in range(3)] for i in range(3)]
    ((kernel,),) = read(sum((cell for row in layer("z", z) for cell in row), Value(0.0))).weights.values()
    assert isinstance(kernel, Weights)
    assert kernel.shape == (1, 2, 2)


# -- Names


LONG = "spectral_normalised_features_of_the_first_stage"


def test_names_are_shown_as_in_a_box() -> None:
    """What nobody sees in them is made visible, and what is too long is cut; they can be asked for as they are."""
    x = layer(LONG, [Value(1.0), Value(-2.0)], kind="input")
    h = layer("<b>\u202e</b> of all", [cell.relu() for cell in x])
    score = h[0] + h[1]
    score.name = "a long name " * 9
    for fit in ("column", "page", "slide"):
        picture = viz.network(score, fit=fit)
        told = said(picture)
        assert all("\u202e" not in text for text in told)
        assert any("\\u202e" in text for text in told)
        marks: Any = picture.drawing  # type: ignore[attr-defined]
        assert all(mark.box.x + mark.box.width <= marks.width for mark in marks.marks if isinstance(mark, Words))
    assert any("spectral" in text for text in said(viz.network(score, layers=[LONG])))


def test_ways_of_two_layers_have_letters_of_their_own() -> None:
    for seed in range(30):
        draw = random.Random(seed)
        x = layer("x", [[Value(draw.uniform(-1, 1)) for _ in range(7)] for _ in range(7)], kind="input")
        first = max_pool2d(x, 2, stride=1)
        second = max_pool2d(first, 3, stride=1)
        score = sum((cell * draw.uniform(-1, 1) for row in second for cell in row), Value(0.0))
        letters = [trail.letter for trail in trails(read(score), LIGHT)]
        assert len(letters) == len({*letters})


def test_copies_pickles_and_files_have_the_same_picture() -> None:
    y = perceptron()([Value(1.0), Value(-2.0), Value(0.5)])[0]
    drawn = viz.network(y).svg()
    graph = Graph.from_json(Graph(y).to_json())
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y)), graph.values[graph.outputs[0]]):
        assert viz.network(other).svg() == drawn


def test_biases_are_those_of_the_channels_that_are_shown() -> None:
    model = nn.Sequential(nn.Conv2d(1, 5, 2, rng=0), nn.Flatten(), nn.Linear(20, 1, rng=1))
    x = [[[Value(float(i + j)) for j in range(3)] for i in range(3)]]
    y = model(x)[0]
    values, _ = shown(viz.network(y, channels=[1, 3]))
    numbers = {value: n for n, value in enumerate(Graph(y).values)}
    assert [k for k, bias in enumerate(model[0].bias) if numbers[bias] in values] == [1, 3]


# -- Slips


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (perceptron(), "call the Sequential first, network(model(x)[0])"),
        ([[Value(1.0)]], "choose one of the list's, such as network(y[0])"),
        (Graph(Value(1.0) * 2), "of a Graph write network(graph.values[-1])"),
        (1.5, "the Value that the network computed, got float"),
        (None, "got NoneType"),
        ("y", "got str"),
    ],
)
def test_what_is_no_value_is_told_what_to_write(given: Any, answer: str) -> None:
    with pytest.raises(TypeError, match=re.escape(answer)):
        viz.network(given)
    with pytest.raises(TypeError, match=re.escape(answer.replace("network(", "explore("))):
        viz.explore(given)
    with pytest.raises(TypeError, match=re.escape(answer.replace("network(", "weight("))):
        viz.weight(given, Value(1.0))


def test_a_picture_tells_the_pass_of_its_output_whatever_was_left_in_grad() -> None:
    model = perceptron()
    y = model([Value(1.0), Value(-2.0), Value(0.5)])
    before = viz.network(y[0]).svg()
    y[1].backward()
    for parameter in model.parameters():
        parameter.grad = 0
    assert viz.network(y[0]).svg() == before
    assert y[1].grad == 1


def test_numbers_that_were_changed_since_are_refused() -> None:
    x = [Value(1.0, "a"), Value(-2.0, "b"), Value(0.5, "c")]
    y = perceptron()(x)
    x[0].data = 3.0
    with pytest.raises(StaleError, match="'a' was changed"):
        viz.network(y[0])
