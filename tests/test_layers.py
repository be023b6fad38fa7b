"""Layers know themselves: a graph tells which of its nodes is which cell of a map, a vector, or weights."""

from __future__ import annotations

import copy
import json
import pickle
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import Graph, Value, layer, layers, max_pool2d, nn, scope
from autodiff.architecture import LayerNodes


def image(channels: int = 1, side: int = 6, seed: int = 0) -> list[list[list[Value]]]:
    draw = random.Random(seed)
    return [[[Value(draw.uniform(-1, 1)) for _ in range(side)] for _ in range(side)] for _ in range(channels)]


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 2, rng=1)
    )


def told(graph: Graph) -> list[tuple[str, str, tuple[int, ...], int]]:
    return [(one.name, one.kind, one.shape, len(one.nodes)) for one in layers(graph)]


EXPECTED = [
    ("w", "weights", (2, 1, 3, 3), 18),
    ("b", "bias", (2,), 2),
    ("w", "weights", (2, 18), 36),
    ("b", "bias", (2,), 2),
    ("input", "input", (1, 6, 6), 36),
    ("conv 0", "units", (2, 6, 6), 72),
    ("relu 1", "units", (2, 6, 6), 72),
    ("max pool 2", "units", (2, 3, 3), 18),
    ("linear 4", "units", (2,), 2),
]


def test_the_layers_of_a_network_are_found_from_its_graph() -> None:
    assert told(Graph(*network()(image()))) == EXPECTED


def test_copies_pickles_and_files_keep_them() -> None:
    out = network()(image())
    graph = Graph(*out)
    assert told(Graph(*copy.deepcopy(out))) == EXPECTED
    assert told(Graph(*pickle.loads(pickle.dumps(out)))) == EXPECTED
    assert told(pickle.loads(pickle.dumps(graph))) == EXPECTED
    assert told(Graph.from_json(graph.to_json())) == EXPECTED


def by_name(graph: Graph) -> dict[str, LayerNodes]:
    return {one.name: one for one in layers(graph)}


def test_every_cell_is_at_its_place() -> None:
    x, net = image(), network()
    z = net[0](x)
    h = net[1](z)
    p = net[2](h)
    y = net[4](net[3](p))
    graph = Graph(*y)
    found = by_name(graph)
    for name, grid in (("input", x), ("conv 0", z), ("relu 1", h), ("max pool 2", p)):
        for (c, i, j), number in found[name].nodes.items():
            assert graph.values[number] is grid[c][i][j]
    assert [graph.values[found["linear 4"].nodes[k,]] for k in range(2)] == y


def test_a_layer_that_is_computed_twice_is_two_layers() -> None:
    net = network()
    one, other = net(image(seed=1)), net(image(seed=2))
    twice = [name for name, kind, *_ in told(Graph(*one, *other)) if kind != "weights" and kind != "bias"]
    assert twice == 2 * ["input", "conv 0", "relu 1", "max pool 2", "linear 4"]


def test_a_network_of_perceptrons_knows_its_vectors() -> None:
    y = nn.MLP(3, [4, 2])([Value(float(k)) for k in range(3)])
    units = [one[:3] for one in told(Graph(*y)) if one[1] in ("units", "input")]
    assert units == [("input", "input", (3,)), ("layer 0", "units", (4,)), ("layer 1", "units", (2,))]


def test_pools_of_ones_own_are_channels_of_one_layer() -> None:
    channels = layer("h", image(2))
    with scope("pool"):
        pooled = [max_pool2d(channel, kernel_size=2) for channel in channels]
    found = by_name(Graph(*(v for channel in pooled for row in channel for v in row)))["pool"]
    assert found.shape == (2, 3, 3)
    single = by_name(Graph(*(v for row in max_pool2d(image()[0], kernel_size=3) for v in row)))
    assert single["max pool"].shape == (2, 2)


GRIDS = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(GRIDS)
def test_a_users_own_layer_is_found_in_its_shape(shape: list[int]) -> None:
    x = Value(2.0)

    def made(sides: list[int]) -> Any:
        return [made(sides[1:]) for _ in range(sides[0])] if sides else x * 3

    def every(nest: Any) -> list[Value]:
        return [v for part in nest for v in every(part)] if isinstance(nest, list) else [nest]

    grid = made(shape)
    assert layer("mine", grid) is grid
    graph = Graph(*every(grid))
    (found,) = layers(graph)
    assert found.shape == tuple(shape)
    assert list(found.nodes) == sorted(found.nodes)
    assert [graph.values[n] for n in found.nodes.values()] == every(grid)
    assert every(grid)[0].unit is not None


def test_a_seat_changes_nothing_for_anybody_else() -> None:
    def made(seated: bool) -> tuple[Any, Value]:
        x = [Value(1.0, "x0"), Value(2.0, "x1")]
        with scope("part") as around:
            y = [x[0] * 2, x[1] * 3]
        if seated:
            layer("x", x, kind="input")
            layer("y", y)
        return around, y[0] + y[1]

    pictures, texts = [], []
    for seated in (False, True):
        around, total = made(seated)
        total.backward()
        assert [v.scope for v in total.parents] == [around, around]
        texts.append(str(Graph(total)))
        pictures.append(viz.draw(total, names=False).source)
    assert texts[0] == texts[1]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("grid", "error", "words"),
    [
        ([[Value(1.0)], []], ValueError, "rows of one length"),
        ([[Value(1.0)], [Value(1.0), Value(2.0)]], ValueError, "rows of one length"),
        ([[Value(1.0)], Value(1.0)], ValueError, "rows of one length"),
        ([], ValueError, "rows of one length"),
        (Value(1.0), ValueError, "rows of one length"),
        ([1.0, 2.0], TypeError, "no Value"),
        ("text", TypeError, "made of Values"),
        ([{"a": 1}], TypeError, "made of Values"),
        ([[[[[Value(1.0)]]]]], ValueError, "one to four sides"),
    ],
)
def test_what_is_no_grid_is_refused(grid: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        layer("wrong", grid)


def test_wrong_words_are_refused() -> None:
    with pytest.raises(ValueError, match="units, input, weights, bias"):
        layer("x", [Value(1.0)], kind="kernel")
    with pytest.raises(TypeError, match="name is a string"):
        layer([Value(1.0)], "x")  # type: ignore[arg-type,type-var]


@pytest.mark.parametrize(
    "whole",
    [
        *(["layer", 3], ["layer", ["kernel", "x", [1]]], ["layer", ["units", "x", []]]),
        *(["layer", ["units", "x", [size]]] for size in (0, 1.5, 1.0, True, "1", None, [1])),
    ],
)
def test_a_file_with_a_wrong_layer_is_refused(whole: Any) -> None:
    document = json.loads(Graph(layer("y", [Value(1.0) * 2])[0]).to_json())
    document["wholes"] = [whole]
    with pytest.raises(ValueError, match="this is not the JSON of a graph"):
        Graph.from_json(json.dumps(document))
