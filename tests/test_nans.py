"""Where the first nan of a pass arose, or the first inf: told, and marked in the picture."""

from __future__ import annotations

import math
import random

import pytest

import viz
from autodiff import Graph, Snapshot, Value, explain, first_nan, hypot, log, steps
from viz.graph.look import BOX, Looks, look


def unsafe(draw: random.Random) -> Value:
    """A graph whose numbers may be nan or inf."""
    nodes = [Value(draw.choice((0.0, 1.0, -2.0, 1e200, math.inf)), f"x{i}") for i in range(3)]
    for _ in range(8):
        a, b = draw.choice(nodes), draw.choice(nodes)
        make = draw.choice((lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a - b))
        nodes.append(draw.choice((make(a, b), log(a), a.sqrt(), a.exp())))
    return nodes[-1]


@pytest.mark.parametrize("seed", range(60))
def test_before_the_first_nan_every_step_is_a_number_and_it_is_marked(seed: int) -> None:
    y = unsafe(random.Random(seed))
    told, found = steps(y), first_nan(y)
    numbers = [step.after for step in told]
    strange = [x for x in numbers if x is not None and not math.isfinite(x)]
    if found is None:
        assert not strange
        return
    nans = [k for k, x in enumerate(numbers) if x is not None and math.isnan(x)]
    infs = [k for k, x in enumerate(numbers) if x is not None and math.isinf(x)]
    assert found.step.index == (nans or infs)[0]
    assert told.graph.values[found.step.node] is found.value
    assert Looks(told.graph, told.snapshot(-1)).origin == found.step.node


def test_a_nan_is_told_with_the_inf_before_it() -> None:
    x = Value(0.0, "x")
    assert str(first_nan(x * x.log())).splitlines() == [
        "the first nan arose in v2: v2 = 0 × (-inf) = nan",
        "  before it came an inf, in v1: v1 = log(0) = -inf",
    ]
    assert first_nan(x * 2) is None
    assert x.grad_state == "not computed"


def norms(x: Value, y: Value) -> list[Value]:
    return [(x * x + y * y).sqrt(), (x**2 + y**2) ** 0.5]


@pytest.mark.parametrize("which", [0, 1])
def test_a_norm_at_0_is_answered_with_hypot(which: int) -> None:
    x, y = Value(0.0, "x"), Value(0.0, "y")
    norm = norms(x, y)[which]
    norm.backward()
    assert "hypot(x, y, ...)" in str(first_nan(norm))
    assert "hypot(x, y, ...)" in str(explain(x))
    x, y = Value(0.0, "x"), Value(0.0, "y")
    norm = hypot(x, y)
    norm.backward()
    assert (x.grad, y.grad) == (0.0, 0.0)
    assert "hypot(x, y, ...)" not in str(explain(x))


def test_the_node_where_a_nan_arose_is_marked_in_the_picture() -> None:
    x = Value(0.0, "x")
    y = x * x.log() + 1
    graph = Graph(y)
    looks = Looks(graph, Snapshot.of(graph))
    (origin,) = (n.number for n in graph if "origin" in looks.box_marks((n.number,), n.number))
    assert graph.nodes[origin].op is not None
    assert math.isnan(graph.values[origin].data)
    assert all(math.isfinite(a.data) or math.isinf(a.data) for a in graph.values[origin].parents)
    pen = look(BOX, {"box", "origin"}).pen
    assert f'stroke-width="{pen:g}"' in viz.draw(y).svg()
