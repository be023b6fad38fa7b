"""What a pool answered remembers its pool: picture, stepper and routes need nothing beside it."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from functools import reduce
from operator import add
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import viz
from autodiff import Graph, Value, avg_pool1d, avg_pool2d, explain, max_pool1d, max_pool2d, routes, scope
from autodiff.facts.routes import recall

POOLS = {"max": (max_pool1d, max_pool2d), "avg": (avg_pool1d, avg_pool2d)}


@st.composite
def pools(draw: Any) -> tuple[str, Any, Any, dict[str, Any]]:
    """A kind, cells (Values and numbers, one of them perhaps twice), what the pool answered, and its words."""
    kind, flat = draw(st.sampled_from(["max", "avg"])), draw(st.booleans())
    rows, columns = 1 if flat else draw(st.integers(1, 4)), draw(st.integers(1, 6))
    number = st.integers(-3, 3).map(float) | st.just(float("nan"))
    one = Value(draw(number))
    cell = number.map(Value) | number | st.just(one)
    grid = [[draw(cell) for _ in range(columns)] for _ in range(rows)]
    side = st.integers(1, 3) if flat else st.tuples(st.integers(1, 3), st.integers(1, 3))
    kernel = draw(side)
    half = kernel // 2 if flat else tuple(k // 2 for k in kernel)
    words = {"kernel_size": kernel, "stride": draw(side), "ceil_mode": draw(st.booleans())}
    words["padding"] = draw(st.sampled_from([0, half]))
    if kind == "max":
        words["dilation"] = draw(st.integers(1, 2))
    cells = grid[0] if flat else grid
    try:
        with scope("layer"):
            return kind, cells, POOLS[kind][not flat](cells, **words), words
    except ValueError:
        assume(False)
        raise


def every(outputs: Any) -> list[Value]:
    return [one for row in outputs for one in row] if isinstance(outputs[0], list) else list(outputs)


def sent(outputs: Any) -> Value:
    return sum((k + 1) * one for k, one in enumerate(every(outputs))) + 0.0


@pytest.mark.slow
@given(pools())
def test_routes_of_the_outputs_alone_are_those_of_the_words(pool: tuple[str, Any, Any, dict[str, Any]]) -> None:
    kind, cells, outputs, words = pool
    sent(outputs).backward()
    asked, told = routes(outputs), routes(kind, cells, outputs, **words)
    assert repr(asked.windows) == repr(told.windows)
    covered = {cell for window in told.windows for cell in window.cells}
    for r, row in enumerate(told.values):
        for c, value in enumerate(row):
            assert repr(asked.values[r][c]) == (repr(value) if (r, c) in covered else "None")
    assert (asked.kind, asked.kernel, asked.stride, asked.padding) == (kind, told.kernel, told.stride, told.padding)


def through_json(outputs: Any) -> Any:
    flat = every(outputs)
    graph = Graph.from_json(Graph(*flat).to_json())
    found = iter([graph.values[number] for number in graph.outputs])
    return [[next(found) for _ in row] for row in outputs] if isinstance(outputs[0], list) else list(found)


@pytest.mark.slow
@pytest.mark.parametrize("kept", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p)), through_json])
@given(pool=pools())
def test_copies_pickles_and_files_remember_too(
    kept: Callable[[Any], Any], pool: tuple[str, Any, Any, dict[str, Any]]
) -> None:
    outputs = pool[2]
    sent(outputs).backward()
    assert repr(routes(kept(outputs))) == repr(routes(outputs))


@pytest.mark.slow
@given(pools())
def test_the_picture_and_the_stepper_ask_nothing_again(pool: tuple[str, Any, Any, dict[str, Any]]) -> None:
    _, cells, outputs, words = pool
    y = sent(outputs)
    told = viz.step(y, grid={"cells": cells, "outputs": outputs, **words}).grid
    asked = viz.step(y, grid=outputs).grid
    assert asked == viz.step(y, grid=True).grid
    assert asked is not None
    assert told is not None
    assert asked["windows"] == told["windows"]


def test_the_picture_of_the_outputs_alone_is_that_of_the_words() -> None:
    x = [Value(v) for v in (3, 0, 4, 2, 0)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    sent(p).backward()
    assert viz.pool(p).source == viz.pool(x, p, kernel_size=3, stride=2).source


def test_a_cell_that_no_window_covers_is_drawn_without_a_number() -> None:
    assert "no window" in viz.pool(max_pool1d([Value(1.0), Value(2.0), Value(7.0)], 2)).source


def mixed() -> dict[str, tuple[Any, str]]:
    x = [Value(float(v)) for v in range(6)]
    p, q = max_pool1d(x, 2, 1), max_pool1d(x, 2, 1)
    grid = max_pool2d([x, x[::-1], x], 2, 1)
    with p[0].scope:
        later = p[0] * 2
    average = avg_pool1d(x, 2)
    with average[0].scope:
        tripled = average[0] / 3.0
    return {
        "two pools": ([p[0], *q[1:]], "of another pool"),
        "a copy's cells": ([copy.deepcopy(p[0]), *p[1:]], "another cell"),
        "swapped": ([p[1], p[0], *p[2:]], "in their order"),
        "rows swapped": (grid[::-1], "in their order"),
        "a part": (p[:3], "give all of them"),
        "a row": (grid[0], "give all of them"),
        "no outputs": (x, "remembers no pool"),
        "numbers": ([1.0, 2.0], "remembers no pool"),
        "used further on in the same scope": ([later, *p[1:]], "as it was recorded"),
        "divided again": ([tripled, *average[1:]], "as it was recorded"),
    }


@pytest.mark.parametrize("case", list(mixed()))
@pytest.mark.parametrize("reader", [routes, viz.pool, lambda p: viz.step(Value(1.0) + 1, grid=p), recall])
def test_what_is_not_one_whole_pool_is_refused_by_name(reader: Callable[[Any], Any], case: str) -> None:
    outputs, why = mixed()[case]
    with pytest.raises(ValueError, match=why):
        reader(outputs)


def test_a_grid_is_found_only_where_one_pool_is() -> None:
    x = [Value(float(v)) for v in range(6)]
    p = max_pool1d(x, 2)
    for y, why in (
        (x[0] * 2, "found 0"),
        (p[0] * 2, r"no path leads from window \(0, 1\)"),
        (sent(p) + sent(max_pool1d(p, 2)), "found 2"),
    ):
        with pytest.raises(ValueError, match=why):
            viz.step(y, grid=True)


@pytest.mark.slow
@given(pools())
def test_what_is_remembered_makes_no_cycle(pool: tuple[str, Any, Any, dict[str, Any]]) -> None:
    cells = [Value(float(v)) for v in range(6)]
    gc.disable()
    try:
        p = max_pool1d(cells, 2, 1)
        gone = weakref.ref(p[0])
        del p
        assert gone() is None
    finally:
        gc.enable()


def test_files_of_version_2_are_read_and_remember_nothing() -> None:
    document = json.loads(Graph(*max_pool1d([Value(1.0), Value(2.0)], 1)).to_json())
    document["version"] = 2
    del document["wholes"]
    document["scopes"] = [entry[:2] for entry in document["scopes"]]
    graph = Graph.from_json(json.dumps(document))
    with pytest.raises(ValueError, match="remembers no pool"):
        routes([graph.values[number] for number in graph.outputs])


def test_a_program_that_has_made_no_pool_reads_one_from_a_file() -> None:
    text = Graph(*max_pool1d([Value(1.0), Value(2.0)], 1)).to_json()
    script = "import sys, autodiff; print(len(autodiff.Graph.from_json(sys.stdin.read())))"
    told = subprocess.run([sys.executable, "-c", script], input=text, capture_output=True, text=True, check=False)
    assert told.stdout.split() == ["4"], told.stderr


def of_one_window(high: int, wide: int) -> list[Any]:
    """A pool of so many cells as a file states it; what it states takes no memory."""
    return ["pool", ["max", [high, 1, high, 0, 1, 0], [wide, 1, wide, 0, 1, 0], True]]


BOUNDLESS = [of_one_window(10**12, 1), of_one_window(1, 10**12), of_one_window(10**4, 10**4)]


@pytest.mark.parametrize(
    "junk", [[], 3, ["pool", 1], ["pool", ["max", [1] * 6, [0] * 6, True]], ["house", []], *BOUNDLESS]
)
def test_a_file_with_a_strange_pool_is_refused(junk: Any) -> None:
    document = json.loads(Graph(*max_pool1d([Value(1.0), Value(2.0)], 1)).to_json())
    document["wholes"][0] = junk
    with pytest.raises(ValueError, match="not the JSON of a graph"):
        Graph.from_json(json.dumps(document))


@pytest.mark.slow
def test_a_window_has_one_letter_in_graph_facts_sentences_and_page() -> None:
    x = [Value(float(k * 7 % 31), f"x{k}") for k in range(28)]
    p = max_pool1d(x, 2, 1)
    y = reduce(add, p)
    y.backward()
    letters = [window.letter for window in routes(p).windows]
    assert letters[:3] + letters[24:] == ["A", "B", "C", "Y", "Z", "AA"]
    assert [scope.name for scope in Graph(y).scopes] == [f"window {letter}" for letter in letters]
    assert [window["letter"] for window in viz.step(y, grid=p).grid["windows"]] == letters
    assert "(won window AA)" in str(explain(x[26 + (x[27].data > x[26].data)], y))
