"""The idea in a hundred lines (``docs/the_idea.py``) and the engine say the same, to the last bit."""

from __future__ import annotations

import doctest
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff

PATH = Path(__file__).resolve().parents[1] / "docs" / "the_idea.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("the_idea", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


the_idea = load()

OPERATIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda engine, a, b: a + b,
    "add a number": lambda engine, a, b: 1.5 + a,
    "multiply": lambda engine, a, b: a * b,
    "multiply by a number": lambda engine, a, b: a * -0.3,
    "square": lambda engine, a, b: a * a,
    "subtract": lambda engine, a, b: a - b,
    "negative": lambda engine, a, b: -a,
    "relu": lambda engine, a, b: a.relu(),
    "maximum": lambda engine, a, b: engine.maximum(a, b),
    "maximum with itself": lambda engine, a, b: engine.maximum(a, a),
}

FINITE = st.one_of(st.integers(-3, 3).map(float), st.floats(-4, 4))  # whole numbers tie often
ANY = st.one_of(FINITE, st.floats())
STEPS = st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 99), st.integers(0, 99)), max_size=15)


def bits(value: Any) -> tuple[str, str]:
    """A node's number and gradient, for comparison; a nan is a nan, whatever its payload."""
    grad = None if getattr(value, "grad_state", "") in ("no path", "not computed") else value.grad
    return value.data.hex(), "no path" if grad is None else grad.hex()


def record(engine: Any, leaves: list[float], steps: list[tuple[str, int, int]]) -> list[Any]:
    """The nodes of a program; the last is its output, and need not use them all."""
    nodes = [engine.Value(x) for x in leaves]
    for name, i, j in steps:
        nodes.append(OPERATIONS[name](engine, nodes[i % len(nodes)], nodes[j % len(nodes)]))
    return nodes


@given(st.lists(ANY, min_size=1, max_size=4), STEPS, st.lists(ANY, min_size=1, max_size=2))
def test_a_random_graph_has_the_same_numbers_and_gradients(
    leaves: list[float], steps: list[tuple[str, int, int]], upstreams: list[float]
) -> None:
    found = []
    for engine in (the_idea, autodiff):
        nodes = record(engine, leaves, steps)
        for upstream in upstreams:  # a second backward adds to leaves, and starts afresh inside
            nodes[-1].backward(upstream)
        found.append([bits(node) for node in nodes])
    assert found[0] == found[1]


@given(st.lists(ANY, min_size=1, max_size=9), st.integers(1, 9), st.integers(1, 4), st.data())
def test_a_pool_has_the_same_winners_and_sums(
    cells: list[float], kernel: int, stride: int, data: st.DataObject
) -> None:
    kernel = min(kernel, len(cells))
    weights = data.draw(st.lists(ANY, min_size=len(cells), max_size=len(cells)))
    found = []
    for engine in (the_idea, autodiff):
        x = [engine.Value(cell) for cell in cells]
        p = engine.max_pool1d(x, kernel_size=kernel, stride=stride)
        score = p[0] * weights[0]
        for weight, window in zip(weights[1:], p[1:], strict=False):
            score = score + window * weight
        score.backward()
        found.append([bits(value) for value in (*x, score)])
    assert found[0] == found[1]


@pytest.mark.slow
def test_depth_is_unlimited() -> None:
    x = y = the_idea.Value(1)
    for _ in range(20_000):
        y = -y
    y.backward()
    assert (y.data, x.grad) == (1, 1)


def test_its_example_holds() -> None:
    tried = doctest.testmod(the_idea)
    assert (tried.failed, tried.attempted > 0) == (0, True)


def test_it_is_read_in_five_minutes() -> None:
    lines = PATH.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("name", ["Value", "maximum", "max_pool1d"])
def test_its_names_are_those_of_the_engine(name: str) -> None:
    assert hasattr(the_idea, name)
    assert hasattr(autodiff, name)
