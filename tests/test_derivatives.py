"""grad, jvp, jacobian and hessian obey the rules of backward, wherever they are recorded and wherever replayed."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import plan, same

import autodiff as ad
from autodiff import TABLE, Graph, Operation, Program, Value, grad, jvp, operation, where
from autodiff.derivatives.sweep import unbounded
from autodiff.recording.reading import apply
from autodiff.recording.value import function_of

Step = Callable[[Value], Value]

gate = operation("gate_(x, y)", "x if x > y else y", "x / x if x > y else None", "None if x > y else 1")
flat = operation("flat_(x)", "x - x", "0")
triple = operation("triple_(x, y, z)", "x * y * z", "y * z", "x * z", "x * y")
for name in ("gate_", "flat_", "triple_"):
    del TABLE[name]  # what was made of them stays; other tests find the table as it was

# Each is finite at 0, with an infinite or undefined slope.
STEEP: dict[str, Step] = {
    "nothing": lambda x: x,
    "sqrt": ad.sqrt,
    "power": lambda x: x**0.5,
    "asin": lambda x: ad.asin(1 + x),
    "acos": lambda x: ad.acos(x - 1) * 2,
    "nan": lambda x: ad.sqrt(x) * ad.sqrt(x),
    "overflow": lambda x: (ad.sinh(x) * 1e300 + 1) * 1e300 * 1e-300,
}
# None of them has a path to its operand.
REFUSING: dict[str, Step] = {
    "relu": lambda h: ad.relu(h - h.data - 1),
    "maximum": lambda h: ad.maximum(h, h.data + 1),
    "maximum, second": lambda h: ad.maximum(h.data, h),
    "minimum": lambda h: ad.minimum(h, h.data - 1),
    "where": lambda h: ad.where(Value(0.0), h, 2.0),
    "where's condition": lambda h: ad.where(h, 1.0, 2.0),
    "clamp": lambda h: ad.clamp(h, h.data + 1, h.data + 2),
    "clamp's bound": lambda h: ad.clamp(h.data + 2, h, h.data + 3),
    "slope of leaky_relu": lambda h: ad.leaky_relu(Value(3.0), h),
    "comparison": lambda h: ad.less(h, 3.0),
    "stop": function_of(TABLE["stop"]),
    "pool": lambda h: ad.max_pool1d([h, Value(h.data + 1), h - 1], 3)[0],
    "pool of two": lambda h: ad.max_pool2d([[h, h.data + 1], [h, Value(h.data + 2)]], 2)[0][0],
    "a user's row": lambda h: gate(h, h.data + 1),
}
STILL: dict[str, Step] = {
    "sign": lambda h: ad.sign(h - h.data - 1),
    "power 0": lambda h: h**0,
    "power 0 at 0": lambda h: (h - h.data) ** 0,
    "power 0, a Value": lambda h: h ** Value(0.0),
    "a user's row": flat,
}


def leave_steeply(h: Value) -> Value:
    """Something of value 0 whose slope there is infinite."""
    return ad.sqrt(h - h.data)


def gradients(function: Step, at: float) -> list[float]:
    """By every entry point, and the second derivative last."""
    x = Value(at)
    function(x).backward()
    y = function(x)
    slope, tangent = grad(y, x), jvp(y, [x], [1.0])
    found = [x.grad, slope.data, grad(y, x, create_graph=False).data, tangent.data]
    found += [ad.jacobian([y], [x])[0][0].data, jvp(y, [x], [Value(1.0)]).data]
    return [
        *found,
        grad(slope, x).data,
        grad(tangent, x).data,
        jvp(tangent, [x], [1.0]).data,
        jvp(slope, [x], [1]).data,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("before", STEEP.values(), ids=STEEP)
@pytest.mark.parametrize("refuse", REFUSING.values(), ids=REFUSING)
@pytest.mark.parametrize("behind", [leave_steeply, lambda h: h], ids=["steep", "plain"])
def test_over_a_refused_use_no_slope_counts(before: Step, refuse: Step, behind: Step) -> None:
    found = gradients(lambda x: behind(refuse(before(x) * 2)) + 3 * x, 0.0)
    assert found == [3.0] * 6 + [0.0] * 4


@pytest.mark.parametrize("still", STILL.values(), ids=STILL)
def test_behind_a_slope_of_zero_everywhere_no_slope_counts(still: Step) -> None:
    found = gradients(lambda x: leave_steeply(still(x) * 2) + 3 * x, 0.5)
    assert found == [3.0] * 6 + [0.0] * 4


def test_a_computed_zero_is_multiplied() -> None:
    x = Value(0.0)
    y = ad.sqrt(1 - ad.cos(x))
    y.backward()
    assert all(map(math.isnan, (x.grad, grad(y, x).data, jvp(y, [x], [1.0]).data)))


OVERFLOWING: dict[str, Step] = {
    "gelu_tanh": ad.gelu_tanh,
    "product": lambda x: x * x * 1e-300 * x,
    "factor": lambda x: x * 1e200 * (x * 1e200),
    "exp": lambda x: x.exp() + ad.sinh(x),
    "cube": lambda x: x**3,
    "0 times infinity": lambda x: triple(x, 0.0, x.exp()),
}


@pytest.mark.parametrize("function", OVERFLOWING.values(), ids=OVERFLOWING)
@pytest.mark.parametrize("at", [1.5, 1e300, -1e300])
@pytest.mark.parametrize("recorded_at", [1.0, 1e300, -1e300])
def test_a_slope_that_overflows_is_not_multiplied_either(function: Step, at: float, recorded_at: float) -> None:
    """Where it is recorded, and where it is replayed."""

    def refused(x: Value) -> Value:
        return ad.where(x - 2e300, function(x), 5.0) + 3 * x

    assert gradients(refused, at) == [3.0] * 6 + [0.0] * 4
    x = Value(recorded_at)
    for slope in (grad(refused(x), x), jvp(refused(x), [x], [1.0]), grad(grad(refused(x), x) + 3 * x, x)):
        assert Graph(slope).evaluate({x: at})[-1] == 3.0
        assert Program(slope, [x], backend="python").value([[at]]) == [3.0]


def any_number(draw: random.Random) -> float:
    return draw.choice([0.0, -0.0, 1.0, -1.0, 2.0, 1e300, -1e300, 1e-300, 5e-324, draw.uniform(-2, 2)])


@given(st.integers(0, 10**6))
def test_a_recorded_derivative_is_right_wherever_it_is_replayed(seed: int) -> None:
    """Random graphs of all rows: recorded at one point, and replayed at another, with all numbers finite at first."""
    draw = random.Random(seed)
    drawn = plan(draw, list(TABLE))
    here, there = ([any_number(draw) for _ in range(drawn.inputs + drawn.params)] for _ in range(2))
    direction = [draw.choice([1.0, -0.5]) for _ in here]

    def record(point: list[float]) -> tuple[list[Value], list[Value]]:
        xs, ps, outputs = drawn.record(point[: drawn.inputs], point[drawn.inputs :])
        leaves = [*xs, *ps]
        return leaves, [*grad(outputs[0], leaves), jvp(outputs[0], leaves, direction)]

    leaves, recorded = record(here)
    anew, wanted = record(there)
    graph = Graph(*recorded)
    known = {leaf: x for leaf, x in zip(leaves, there, strict=True) if leaf in graph.values}
    data = graph.evaluate(known)
    assert all(same(data[graph.number(old)], new.data) for old, new in zip(recorded, wanted, strict=True))
    output = drawn.record(there[: drawn.inputs], there[drawn.inputs :])
    output[2][0].backward()
    plain = [leaf.grad for leaf in (*output[0], *output[1])]
    assert all(same(a, b.data) for a, b in zip(plain, wanted, strict=False)), (plain, wanted, anew)


# --- what is iterated ------------------------------------------------------------------------------------------------


def once(values: list[Value]) -> Iterator[Value]:
    yield from values


def test_whatever_is_iterated_is_read_once() -> None:
    numpy = pytest.importorskip("numpy")
    x, y = Value(2.0), Value(3.0)
    both = [x, y]
    outputs = [x * y, x + y]
    for given_as in (list, tuple, once, dict.fromkeys, lambda values: numpy.array([values], dtype=object)[0]):
        rows = ad.jacobian(given_as(outputs), given_as(both))
        assert [[entry.data for entry in row] for row in rows] == [[3.0, 2.0], [1.0, 1.0]]
        rows = ad.hessian(x * x * y, given_as(both))
        assert [[entry.data for entry in row] for row in rows] == [[6.0, 4.0], [4.0, 0.0]]
        assert jvp(x * y, given_as(both), (t for t in (1.0, 10.0))).data == 23.0
        assert [slope.data for slope in grad(x * y, given_as(both))] == [3.0, 2.0]
        assert [slope.data for slope in grad(x * y, given_as(both), create_graph=False)] == [3.0, 2.0]
        assert ad.gradcheck(x * y, given_as(both))


# --- the output comes first ------------------------------------------------------------------------------------------

SWAPPED: dict[str, Callable[[Value, Value], object]] = {
    "grad": lambda x, y: grad(x, y),
    "grad of several": lambda x, y: grad(x, [Value(1.0), y]),
    "grad without a graph": lambda x, y: grad(x, y, create_graph=False),
    "jvp": lambda x, y: jvp(x, [y], [1.0]),
    "jacobian": lambda x, y: ad.jacobian([x], [y]),
    "hessian": lambda x, y: ad.hessian(x, (v for v in [y])),
    "gradcheck": lambda x, y: ad.gradcheck(x, y),
}


@pytest.mark.parametrize("ask", SWAPPED.values(), ids=SWAPPED)
def test_an_input_that_was_computed_from_the_output_is_refused(ask: Callable[[Value, Value], object]) -> None:
    x = Value(2.0, "x")
    y = ad.relu(x * x - 100) * 3
    y.name = "y"
    with pytest.raises(ValueError, match=r"'y' was computed from 'x'.*output comes first"):
        ask(x, y)
    with pytest.raises(ValueError, match="output comes first"):
        ask(y, y.exp())


def test_other_inputs_are_not_refused() -> None:
    """An unrelated one has gradient 0; a node between, the output itself, and one refused by a max are fine."""
    x, other = Value(2.0), Value(3.0)
    h = x * x
    y = ad.maximum(h * 3, 100.0)
    later = other * 2
    assert [slope.data for slope in grad(y, [y, h, x, other, later])] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert jvp(y, [later], [1.0]).data == 0.0
    assert grad(x, x).data == 1.0


def test_the_first_swapped_input_of_many_is_named_after_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["autodiff.derivatives.grad"]
    original, walks = module.topological, []
    monkeypatch.setattr(module, "topological", lambda *args, **kw: walks.append(1) or original(*args, **kw))
    x, other = Value(2.0, "x"), Value(3.0)
    y = x * x
    chain = [other * 2.0]
    for _ in range(50):
        chain.append(-chain[-1])
    swapped = [y + 1.0, chain[-1] * y]
    for number, node in enumerate(swapped):
        node.name = f"swapped {number}"
    for late in (swapped, swapped[::-1]):
        walks.clear()
        with pytest.raises(ValueError, match=f"'{late[0].name}' was computed from"):
            grad(y, [*chain, *late])
        assert len(walks) == 1


def test_for_leaves_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(2.0)
    y, later = x * x, Value(1.0)
    walks = []
    for name in ("grad", "sweep"):
        module = sys.modules[f"autodiff.derivatives.{name}"]
        original = module.topological
        monkeypatch.setattr(
            module,
            "topological",
            lambda *args, original=original, **options: walks.append(args) or original(*args, **options),
        )
    grad(y, [x, later])
    assert len(walks) == 1


# ---- What is recorded, and what is not ------------------------------------------------------------------------------

NEUTRAL: dict[str, Callable[[Value], object]] = {
    "x * 1": lambda x: apply("multiply", x, 1.0, fold=True),
    "1 * x": lambda x: apply("multiply", 1.0, x, fold=True),
    "x / 1": lambda x: apply("divide", x, 1.0, fold=True),
    "x ** 1": lambda x: apply("power", x, 1.0, fold=True),
}
COMPUTED: dict[str, Callable[[Value], object]] = {
    "1 / x": lambda x: apply("divide", 1.0, x, fold=True),
    "1 ** x": lambda x: apply("power", 1.0, x, fold=True),
    "x + 1": lambda x: apply("add", x, 1.0, fold=True),
    "x - 1": lambda x: apply("subtract", x, 1.0, fold=True),
    "x * 2": lambda x: apply("multiply", x, 2.0, fold=True),
    "x ** 2": lambda x: apply("power", x, 2.0, fold=True),
    "x * 1, not folded": lambda x: apply("multiply", x, 1.0),
}


@pytest.mark.parametrize("said", NEUTRAL)
def test_what_changes_no_bit_is_not_recorded(said: str) -> None:
    x = Value(3.0)
    assert NEUTRAL[said](x) is x


@pytest.mark.parametrize("said", COMPUTED)
def test_whatever_else_is_recorded(said: str) -> None:
    x = Value(3.0)
    assert COMPUTED[said](x) is not x


def test_the_derivative_of_a_square_has_no_power() -> None:
    x = Value(3.0)
    assert [node.op.name for node in Graph(grad(x**2, x)) if node.op] == ["multiply"]


@pytest.mark.parametrize(
    ("condition", "recorded"),
    [
        ("x > y", ["greater"]),
        ("not x > y", ["greater", "where"]),
        ("x > y and x < 1", ["greater", "less", "where"]),
        ("x > 1 or x == y", ["greater", "equal", "where"]),
        ("x - y", ["subtract", "not_equal"]),  # a number holds where it is not 0
        ("x and y > 0", ["not_equal", "greater", "where"]),
    ],
)
def test_a_condition_is_recorded_as_it_is_and_a_number_as_a_question(condition: str, recorded: list[str]) -> None:
    x, y = Value(0.5, "x"), Value(0.25, "y")
    bent = operation("bent_(x, y)", f"x * x if {condition} else 2 * x", f"2 * x if {condition} else 2", "0")
    names = [node.op.name for node in Graph(grad(bent(x, y), x)).nodes if node.op]
    assert names == [*recorded, "multiply", "where"]


@pytest.mark.parametrize("constant", [math.nan, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize("op", [op for op in TABLE.values() if len(op.inputs) == 2], ids=lambda op: op.name)
def test_a_branch_not_taken_sends_nothing_through_a_constant_that_is_no_number(op: Operation, constant: float) -> None:
    """Wherever the constant stands, forwards and backwards, recorded or not, at once or replayed."""
    x, taken = Value(1.5, "x"), Value(-1.0, "c")
    for args in ([x, constant], [constant, x]):
        y = where(taken, function_of(op)(*args), 5.0 * x)
        recorded = grad(y, x)
        assert recorded.data == 5.0
        assert jvp(y, [x], [1.0]).data == 5.0
        y.backward()
        assert x.grad == 5.0
        x.grad, x.data = 0.0, 2.5
        assert Graph(recorded).forward() == (5.0,)
        _, (slopes,) = Program(y, [x, taken]).value_and_input_grad([[2.5, -1.0]])
        assert slopes[0] == 5.0


def test_a_constant_that_is_no_number_makes_a_slope_steep() -> None:
    x = Value(1.5)
    for constant in (math.nan, math.inf, -math.inf):
        y = x * constant
        assert [*unbounded([x, y])] == [y]
        z = where(Value(-1.0), x * 1.0, constant)
        assert unbounded([*Graph(z).values]) == {}
    assert unbounded([x, x * 3.0]) == {}


@pytest.mark.parametrize("constant", [math.nan, math.inf, -math.inf], ids=str)
@pytest.mark.parametrize("row", ["leaky_relu", "elu"])
def test_a_slope_that_is_no_number_only_on_the_other_side_is_steep_already(row: str, constant: float) -> None:
    """Its node is an ordinary number now; a replay may take the other side."""
    x, taken = Value(1.5, "x"), Value(-1.0, "c")
    bent = function_of(TABLE[row])(x, constant)
    assert [*unbounded([x, bent])] == [bent]
    slope = grad(where(taken, bent, 5.0 * x), x)
    for number in (1.5, -1.5):
        x.data = number
        assert Graph(slope).forward() == (5.0,)


CONDITIONS = ["x", "not x", "x and y", "y or x", "not (x and not y)", "x == 0 and y == 0", "x > 0 or y > 0", "x - y"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_reads_alike_over_numbers_and_values_and_both(condition: str) -> None:
    row = operation("split_(x, y)", "x + y", f"2 if {condition} else 3 * x", f"5 * y if {condition} else 7")
    points = [0.0, 1.0, -1.0, 0.5, 2.0]
    for a in points:
        for b in points:
            slopes = TABLE["split_"].local_derivatives(a, b, a + b)
            x, y = Value(a), Value(b)
            assert tuple(slope.data for slope in grad(row(x, y), [x, y])) == slopes
            assert grad(row(x, b), x).data == slopes[0]
            assert grad(row(a, y), y).data == slopes[1]


@pytest.mark.parametrize("row", ["hypot", "atan2"])
def test_at_the_origin_the_recorded_slope_is_0_though_one_side_is_a_number(row: str) -> None:
    function = function_of(TABLE[row])
    x = Value(0.0)
    for y in (function(x, 0.0), function(0.0, x), function(x, x)):
        assert grad(y, x).data == 0.0


def test_a_directional_derivative_is_of_values() -> None:
    x = Value(1.0)
    for output, inputs in ((3.0, [x]), (x * 2, [3.0])):
        with pytest.raises(TypeError, match="with respect to Values, got float"):
            jvp(output, inputs, [1.0])  # type: ignore[arg-type]
