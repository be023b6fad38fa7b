"""Random graphs: gradients equal exact ones, and every way to ask for a gradient gives the same answer."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Graph, Value, grad, gradcheck, hessian, jacobian, jvp, maximum, minimum

# A program is its leaves, and for each further node an operation and the numbers of its operands.
Program = tuple[list[float], list[tuple[str, int, int]]]

EXACT: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "negative": lambda a, b: -a,
    "maximum": maximum,
    "minimum": minimum,
    "plus": lambda a, b: a + 1.5,
    "from": lambda a, b: 2 - a,
    "half": lambda a, b: a * 0.5,
    "relu": lambda a, b: ad.relu(a),
    "abs": lambda a, b: abs(a),
    "where": lambda a, b: ad.where(a, b, a),
    "clamp": lambda a, b: ad.clamp(a, -2, 2),
}
SMOOTH: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "tanh": lambda a, b: ad.tanh(a),
    "sin": lambda a, b: ad.sin(a),
    "sigmoid": lambda a, b: ad.sigmoid(a - b),
    "gelu": lambda a, b: ad.gelu(a),
    "divide": lambda a, b: a / (1 + b * b),
    "power": lambda a, b: (1 + a * a) ** ad.tanh(b),
    "logsumexp": lambda a, b: ad.logsumexp(a, b, 0.5),
    "hypot": lambda a, b: ad.hypot(a, b + 3),
}
ROUTED = SMOOTH | {
    "maximum": maximum,
    "relu": lambda a, b: ad.relu(a),
    "where": lambda a, b: ad.where(a, b, a * a),
    "sqrt": lambda a, b: ad.where(a, ad.sqrt(a), b),
    "log": lambda a, b: maximum(ad.log(abs(a)), b),
    "leaky": lambda a, b: ad.leaky_relu(a - b),
}


def programs(operations: Sequence[str], numbers: st.SearchStrategy[float], longest: int = 9) -> Any:
    steps = st.lists(
        st.tuples(st.sampled_from(operations), st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=longest
    )
    return st.tuples(st.lists(numbers, min_size=1, max_size=4), steps)


def run(program: Program, operations: dict[str, Callable[[Any, Any], Any]]) -> tuple[list[Value], Value]:
    """The leaves and the last node; every node leads to it, because each step uses the one before."""
    leaves = [Value(x) for x in program[0]]
    nodes = list(leaves)
    for name, i, j in program[1]:
        other = nodes[(i + j) % len(nodes)]
        a, b = (nodes[-1], other) if i % 2 else (other, nodes[-1])
        nodes.append(operations[name](a, b) + (nodes[-1] if name not in ("add", "subtract", "multiply") else 0.0))
    return leaves, nodes[-1]


DYADIC = st.integers(-8, 8).map(lambda n: n / 4)
EXACT_PROGRAMS = programs(list(EXACT), DYADIC, longest=7)
SMOOTH_PROGRAMS = programs(list(SMOOTH), st.floats(-1.5, 1.5), longest=6)
ROUTED_PROGRAMS = programs(list(ROUTED), st.sampled_from([-1.5, -0.5, 0.0, 0.5, 1.0, 2.0]), longest=6)


def fractions_of(output: Value) -> tuple[Fraction, dict[Value, Fraction]]:
    """The exact value and gradient, by the textbook: forward over rationals, then backward in reverse."""
    order = Graph(output).values
    data: dict[Value, Fraction] = {}
    for node in order:
        args = [data[arg] if isinstance(arg, Value) else Fraction(arg) for arg in node.args]
        data[node] = Fraction(node.data) if node.op is None else RATIONAL[node.op.name][0](*args)
    slopes = dict.fromkeys(order, Fraction(0))
    slopes[output] = Fraction(1)
    for node in reversed(order):
        args = [data[arg] if isinstance(arg, Value) else Fraction(arg) for arg in node.args]
        for i, arg in enumerate(node.args):
            if isinstance(arg, Value):
                assert node.op is not None
                slopes[arg] += slopes[node] * RATIONAL[node.op.name][1](*args)[i]
    return data[output], slopes


# Value and slopes of each operation over rationals, written down once more and independently.
RATIONAL: dict[str, tuple[Callable[..., Fraction], Callable[..., tuple[Any, ...]]]] = {
    "add": (lambda x, y: x + y, lambda x, y: (1, 1)),
    "subtract": (lambda x, y: x - y, lambda x, y: (1, -1)),
    "multiply": (lambda x, y: x * y, lambda x, y: (y, x)),
    "negative": (lambda x: -x, lambda x: (-1,)),
    "maximum": (max, lambda x, y: (1, 0) if x >= y else (0, 1)),
    "minimum": (min, lambda x, y: (1, 0) if x <= y else (0, 1)),
    "relu": (lambda x: max(x, Fraction(0)), lambda x: (int(x > 0),)),
    "absolute": (abs, lambda x: ((x > 0) - (x < 0),)),
    "where": (lambda c, x, y: x if c > 0 else y, lambda c, x, y: (0, 1, 0) if c > 0 else (0, 0, 1)),
    "clamp": (
        lambda x, low, high: min(max(x, low), high),
        lambda x, low, high: (int(low <= x <= high), int(x < low), int(x > high)),
    ),
}


def is_exact(output: Value, slopes: dict[Value, Fraction]) -> bool:
    """Whether all numbers are so short that floats compute them without rounding."""
    return all(abs(x) < 2**20 and x.denominator <= 2**20 for x in slopes.values()) and abs(output.data) < 2**20


@given(EXACT_PROGRAMS)
def test_the_gradient_is_the_exact_rational_one(program: Program) -> None:
    _, y = run(program, EXACT)
    value, slopes = fractions_of(y)
    if is_exact(y, slopes):
        y.backward()
        assert Fraction(y.data) == value
        assert {node: Fraction(node.grad) for node in slopes} == slopes


@pytest.mark.filterwarnings("ignore::autodiff.KinkWarning")
@given(SMOOTH_PROGRAMS)
def test_the_gradient_is_that_of_central_differences(program: Program) -> None:
    leaves, y = run(program, SMOOTH)
    assert gradcheck(y, leaves, rtol=1e-4, atol=1e-5)


@given(ROUTED_PROGRAMS)
def test_every_way_to_ask_gives_the_same_gradient(program: Program) -> None:
    leaves, y = run(program, ROUTED)
    recorded = [slope.data for slope in grad(y, leaves)]
    plain = [slope.data for slope in grad(y, leaves, create_graph=False)]
    assert all(leaf.grad_state == "not computed" for leaf in leaves)
    y.backward()
    swept = [leaf.grad for leaf in leaves]
    assert all(map(same, recorded, swept))
    assert all(map(same, plain, swept))
    assert all(map(same, [row[0].data for row in jacobian([y], leaves[:1])], swept[:1]))


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def is_near(a: float, b: float) -> bool:
    return same(a, b) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


@given(SMOOTH_PROGRAMS, st.lists(st.floats(-2, 2), min_size=4, max_size=4))
def test_a_tangent_is_the_gradient_times_the_direction(program: Program, direction: list[float]) -> None:
    leaves, y = run(program, SMOOTH)
    direction = direction[: len(leaves)]
    forward = jvp(y, leaves, direction).data
    reverse = sum(slope.data * d for slope, d in zip(grad(y, leaves), direction, strict=True))
    assert is_near(forward, reverse)
    for i, slope in enumerate(grad(y, leaves)):
        unit = [float(i == j) for j in range(len(leaves))]
        assert is_near(jvp(y, leaves, unit).data, slope.data)


@given(SMOOTH_PROGRAMS)
def test_a_hessian_is_symmetric(program: Program) -> None:
    leaves, y = run(program, SMOOTH)
    rows = [[entry.data for entry in row] for row in hessian(y, leaves)]
    assert all(is_near(rows[i][j], rows[j][i]) for i, j in itertools.combinations(range(len(rows)), 2))


@given(SMOOTH_PROGRAMS)
def test_forward_over_reverse_is_reverse_over_reverse(program: Program) -> None:
    leaves, y = run(program, SMOOTH)
    slopes = grad(y, leaves)
    tangents = [jvp(slope, leaves, [1.0, *[0.0] * (len(leaves) - 1)]).data for slope in slopes]
    assert all(map(is_near, tangents, [row[0].data for row in hessian(y, leaves)]))


@given(ROUTED_PROGRAMS, st.lists(st.sampled_from([-2.0, -0.5, 0.0, 1.0]), min_size=4, max_size=4))
def test_a_recorded_gradient_replays_at_another_point(program: Program, elsewhere: list[float]) -> None:
    leaves, y = run(program, ROUTED)
    graph = Graph(*grad(y, leaves))
    known = [leaf for leaf in leaves if leaf in graph.values]
    for leaf, x in zip(leaves, elsewhere, strict=False):
        leaf.data = x
    moved = (elsewhere[: len(leaves)], program[1])
    there, y_there = run(moved, ROUTED)
    y_there.backward()
    if known:
        assert all(map(same, graph.forward(), [leaf.grad for leaf in there]))


@given(EXACT_PROGRAMS)
def test_a_node_put_between_changes_nothing(program: Program) -> None:
    """f(x) and f(identity(x)) have one gradient; so have y and the maximum of y alone."""
    leaves, y = run(program, EXACT)
    y.backward()
    through = [ad.identity(Value(x)) for x in program[0]]
    nodes = list(through)
    for name, i, j in program[1]:
        other = nodes[(i + j) % len(nodes)]
        a, b = (nodes[-1], other) if i % 2 else (other, nodes[-1])
        nodes.append(EXACT[name](a, b) + (nodes[-1] if name not in ("add", "subtract", "multiply") else 0.0))
    maximum(nodes[-1]).backward()
    assert [node.parents[0].grad for node in through] == [leaf.grad for leaf in leaves]
    assert nodes[-1].data == y.data


@given(EXACT_PROGRAMS, st.sampled_from([2.0, -0.5, 0.0, 8.0]))
def test_backward_is_linear_in_its_upstream(program: Program, upstream: float) -> None:
    leaves, y = run(program, EXACT)
    y.backward()
    once = [leaf.grad for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    y.backward(upstream)
    assert [leaf.grad for leaf in leaves] == [upstream * slope for slope in once]


@given(EXACT_PROGRAMS)
def test_a_second_backward_doubles(program: Program) -> None:
    leaves, y = run(program, EXACT)
    y.backward()
    once = [leaf.grad for leaf in leaves]
    y.backward()
    assert [leaf.grad for leaf in leaves] == [2 * slope for slope in once]


@given(EXACT_PROGRAMS)
def test_the_flows_into_a_node_add_up_to_its_gradient(program: Program) -> None:
    _, y = run(program, EXACT)
    y.backward()
    graph = Graph(y)
    sums = [0.0] * len(graph)
    sums[graph.number(y)] = 1.0
    for flow in graph.flows():
        sums[flow.edge.source] += flow.contribution or 0.0
    assert sums == [node.grad for node in graph.values]


EXTREMES = st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0, math.inf, -math.inf, math.nan]), min_size=2, max_size=7)


@given(EXTREMES, st.randoms(use_true_random=False))
def test_a_maximum_is_the_same_however_it_is_grouped(numbers: list[float], draw: Any) -> None:
    for extremum in (maximum, minimum):
        flat, grouped = [Value(x) for x in numbers], [Value(x) for x in numbers]
        parts = list(grouped)
        while len(parts) > 1:
            i = draw.randrange(len(parts) - 1)
            parts[i : i + 2] = [extremum(parts[i], parts[i + 1])]
        whole = extremum(*flat)
        whole.backward()
        parts[0].backward()
        assert repr(whole.data) == repr(parts[0].data)
        assert [leaf.grad for leaf in flat] == [leaf.grad for leaf in grouped]
        folded = [Value(x) for x in numbers]
        reduce(extremum, folded).backward()
        assert [leaf.grad for leaf in flat] == [leaf.grad for leaf in folded]
        assert sum(leaf.grad for leaf in flat) == 1.0


@given(EXTREMES)
def test_the_minimum_is_the_negative_maximum_of_the_negatives(numbers: list[float]) -> None:
    a, b = [Value(x) for x in numbers], [Value(x) for x in numbers]
    small, large = minimum(*a), -maximum(*(-v for v in b))
    small.backward()
    large.backward()
    assert same(small.data, large.data)
    assert [v.grad for v in a] == [v.grad for v in b]


@given(ROUTED_PROGRAMS, st.booleans())
def test_copies_pickles_and_json_are_equal_graphs(program: Program, differentiated: bool) -> None:
    _, y = run(program, ROUTED)
    if differentiated:
        y.backward()
    text = Graph(y).to_json()
    twins = [copy.deepcopy(y), copy.copy(y), pickle.loads(pickle.dumps(y))]
    graphs = [Graph(twin) for twin in twins]
    graphs += [copy.deepcopy(Graph(y)), pickle.loads(pickle.dumps(Graph(y))), Graph.from_json(text)]
    for graph in graphs:
        assert graph.to_json() == text
        assert not {*graph.values} & {*Graph(y).values}
        assert repr(graph.evaluate()) == repr(Graph(y).evaluate())


@given(ROUTED_PROGRAMS)
def test_the_same_program_gives_the_same_bits(program: Program) -> None:
    texts = []
    for _ in range(2):
        leaves, y = run(program, ROUTED)
        y.backward()
        texts.append(Graph(y, *grad(y, leaves)).to_json())
    assert texts[0] == texts[1]


@pytest.mark.filterwarnings("ignore::autodiff.KinkWarning")
@given(programs(["maximum", "relu", "where", "leaky", "multiply", "tanh"], st.floats(-1.5, 1.5)))
def test_gradcheck_never_fails_at_a_kink(program: Program) -> None:
    leaves, y = run(program, ROUTED)
    assert gradcheck(y, leaves, rtol=1e-4, atol=1e-5)
