"""Steps tell what backward() does, in the words of the table, and change nothing."""

from __future__ import annotations

import ast
import copy
import gc
import itertools
import math
import pickle
import random
import weakref
from collections import Counter
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import (
    TABLE,
    Graph,
    Operation,
    Snapshot,
    StaleError,
    Steps,
    Value,
    clamp,
    exp,
    explain,
    max_pool1d,
    maximum,
    nn,
    operation,
    relu,
    scope,
    steps,
    stop,
    where,
)
from autodiff.facts import telling, words
from autodiff.facts.words import SENTENCES, filled, labels, reason
from autodiff.ground.text import visible
from autodiff.language.notation import numeral, plain
from autodiff.recording.reverse import NO_PATH
from autodiff.recording.value import function_of

HOSTILE = ["{1}", "{name}", "{0}", "{out}", "%s", "\\1", "\\g<0>", "<b>", "", "a\nb", "\ud800", "-x", "f(x)", "${x}"]


def pool() -> tuple[list[Value], Value]:
    """The example of the project's pictures."""
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return x, 0.7 * p[0] + 0.9 * p[1]


def sentences(output: Value) -> list[str]:
    return [step.sentence for step in steps(output)]


def random_output(seed: int) -> Value:
    """An expression over all rows, with ties, infinities, repeated operands and constants."""
    draw = random.Random(seed)
    pick = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, math.inf, math.nan, draw.gauss(0, 1), draw.gauss(0, 1)]
    nodes = [Value(draw.choice(pick)) for _ in range(4)]
    for _ in range(draw.randint(0, 25)):
        op = draw.choice(list(TABLE.values()))
        args: list[Value | float] = [*draw.choices(nodes[-6:], k=len(op.inputs))]
        if len(args) > 1 and draw.random() < 0.3:
            args[draw.randrange(len(args))] = draw.choice(pick)
        nodes.append(function_of(op)(*args))
    return nodes[-1]


def same(x: float | None, y: float | None) -> bool:
    """Equal to the last bit, the sign of zero included."""
    if x is None or y is None or x is NO_PATH or y is NO_PATH:
        return x is y
    return (x != x and y != y) or (x == y and math.copysign(1, x) == math.copysign(1, y))


# ---- Facts ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**9))
def test_the_last_moment_holds_what_backward_computes(seed: int) -> None:
    output = random_output(seed)
    last = steps(output).snapshot(-1)
    output.backward()
    values = Graph(output).values
    assert all(same(ours, value.data) for ours, value in zip(last.values, values, strict=True))
    for ours, value in zip(last.gradients, values, strict=True):
        # A leaf that no path leads to keeps "not computed", or what it had; in a snapshot it says so.
        assert same(ours, value._grad) or (ours is NO_PATH and value.op is None), (ours, value)


@given(st.integers(0, 10**9))
def test_the_last_moment_holds_the_flows_of_backward(seed: int) -> None:
    output = random_output(seed)
    told = steps(output)
    output.backward()
    arrived = told.snapshot(-1).flows
    for flow in Graph(output).flows():
        if flow.upstream is not None:
            ours = arrived[flow.edge]
            assert same(ours.local, flow.local)
            assert same(ours.upstream, flow.upstream)
            assert same(ours.contribution, flow.contribution)


@given(st.integers(0, 10**9))
def test_each_use_of_a_reached_node_has_one_step(seed: int) -> None:
    told = steps(random_output(seed))
    backward = told[told.forward :]
    reached = {node for node, gradient in enumerate(told.snapshot(-1).gradients) if gradient is not NO_PATH}
    assert Counter(step.edge for step in backward[1:]) == Counter(e for e in told.graph.edges if e.target in reached)
    assert backward[0].edge is None
    assert [step.index for step in told] == list(range(len(told)))
    assert [step.node for step in told[: told.forward]] == [node.number for node in told.graph]


@given(st.integers(0, 10**9))
def test_gradients_are_running_sums(seed: int) -> None:
    told = steps(random_output(seed))
    known: dict[int, float | None] = {told.graph.outputs[0]: 1.0}
    for step in told[told.forward + 1 :]:
        before = known.get(step.node)
        assert same(step.before, before)
        if step.contribution is None:
            assert step.local is None
            assert same(step.after, before)
        else:
            assert same(step.after, step.contribution if before is None else before + step.contribution)
        known[step.node] = step.after


def test_no_gradient_of_the_user_is_touched() -> None:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    loss = x * y + exp(x)
    loss.backward(10.0)
    y.grad = None
    before = [(value.grad_state, value.grad) for value in Graph(loss).values]
    told = steps(loss)
    told.snapshot(-1)
    explain(x, loss)
    assert [(value.grad_state, value.grad) for value in Graph(loss).values] == before


def test_a_moment_knows_what_came_before_and_nothing_else() -> None:
    x = Value(3.0, "x")
    told = steps(x * x)
    assert told.snapshot(0).values == [3.0, None]
    assert told.snapshot(1).gradients == [None, None]
    assert told.snapshot(3).gradients == [3.0, 1.0]
    assert len(told.snapshot(3).flows) == 1
    assert told.snapshot(4).gradients == told.snapshot(-1).gradients == [6.0, 1.0]
    with pytest.raises(IndexError):
        told.snapshot(5)


def test_a_slope_of_zero_by_its_formula_stops_infinity_and_a_computed_zero_does_not() -> None:
    x = Value(0.0, "x")
    computed = steps((x * 0.0) * math.inf).snapshot(-1).gradients[0]
    assert computed is not None
    assert math.isnan(computed)
    assert steps((x**0.0) * math.inf).snapshot(-1).gradients[0] == 0.0


def test_what_is_no_value_and_what_is_stale_is_refused() -> None:
    with pytest.raises(TypeError, match="got float"):
        steps(1.0)  # type: ignore[arg-type]
    x = Value(1.0, "x")
    y = x * 2
    x.data = 5.0
    with pytest.raises(StaleError, match="'x'"):
        steps(y)


def test_steps_are_a_sequence_that_prints() -> None:
    told = steps(Value(1.0, "x") * 2)
    assert repr(told) == "<2 steps forward, 2 backward>"
    assert told[-1] is told[3]
    assert told[1:3] == [told[1], told[2]]
    assert str(told[0]) == "   0  forward   x = 1"


@pytest.mark.slow
@given(st.integers(0, 10**9))
def test_the_moments_one_after_another_are_those_asked_for_one_by_one(seed: int) -> None:
    told = steps(random_output(seed))
    for index, snapshot in enumerate(told.snapshots()):
        asked = told.snapshot(index)
        assert repr(snapshot) == repr(asked)  # nan and the sign of zero included
        assert snapshot.current is told[index]


def test_a_moment_stays_as_it_is_when_the_next_one_is_made() -> None:
    told = steps(Value(3.0, "x") * 2)
    kept = [*told.snapshots()]
    assert [snapshot.values for snapshot in kept] == [[3.0, None], [3.0, 6.0], [3.0, 6.0], [3.0, 6.0]]
    assert [snapshot.gradients for snapshot in kept] == [[None, None], [None, None], [None, 1.0], [2.0, 1.0]]
    assert [len(snapshot.flows) for snapshot in kept] == [0, 0, 0, 1]


# ---- Words on demand ------------------------------------------------------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that make words, each time one is called."""
    calls: list[str] = []
    for module in (words, telling):
        for name, made in [*vars(module).items()]:
            if isinstance(made, FunctionType):

                def call(*args: Any, _name: str = name, _made: Callable[..., Any] = made) -> Any:
                    calls.append(_name)
                    return _made(*args)

                monkeypatch.setattr(module, name, call)
    return calls


def test_no_word_is_made_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    told = steps(pool()[1])
    facts = [(step.index, step.node, step.edge, step.after, step.contribution) for step in told]
    assert len(facts) == len(told)
    assert [*told.snapshots()][-1].gradients == told.snapshot(-1).gradients
    assert calls == []
    assert told[-1].sentence
    once = len(calls)
    assert once > 0
    assert told[-1].sentence == str(told[-1]).split("backward  ")[1]
    assert len(calls) == once  # and it is made once


def test_a_sentence_tells_of_the_moment_in_which_the_steps_were_taken() -> None:
    x = Value(3.0, "x")
    told, now = steps(maximum(x * x, 5.0)), sentences(maximum(x * x, 5.0))
    x.data = 1.0
    assert [step.sentence for step in told] == now


@given(st.integers(0, 10**9))
def test_steps_are_equal_hashed_copied_and_pickled_by_their_facts_and_sentence(seed: int) -> None:
    output = random_output(seed)
    for step, twin in zip(steps(output), steps(output), strict=True):
        if repr(step).count("nan") == 0:
            assert step == twin
            assert hash(step) == hash(twin)
        for other in (pickle.loads(pickle.dumps(step)), copy.copy(step), copy.deepcopy(step)):
            assert repr(other) == repr(step)
    assert steps(Value(1.0, "x"))[0] != steps(Value(1.0, "y"))[0]


def test_a_pickled_step_has_nothing_of_its_graph() -> None:
    x = Value(1.0, "x")
    for _ in range(100):
        x = x + 1
    assert len(pickle.dumps(steps(x)[-1])) < 1000


def test_a_step_has_no_other_names() -> None:
    step = steps(Value(1.0, "x"))[0]
    with pytest.raises(AttributeError, match="nonsense"):
        step.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_steps_are_freed_at_once_and_a_kept_step_keeps_no_value() -> None:
    x = Value(3.0, "x")
    y = maximum(x * x, 5.0)
    told = steps(y)
    kept = told[-1]
    gone: list[weakref.ref[Any]] = [weakref.ref(told), weakref.ref(told.graph), weakref.ref(y)]
    gc.disable()
    try:
        del told, x, y
        assert [ref() for ref in gone] == [None, None, None]
    finally:
        gc.enable()
    assert kept.sentence.startswith("x.grad: 3 += local 3")


# ---- Sentences ------------------------------------------------------------------------------------------------------


def test_the_pool_tells_what_won_and_what_it_got() -> None:
    x, output = pool()
    told = steps(output)
    assert told.snapshot(-1).gradients[told.graph.number(x[2])] == 0.9 + 0.7
    assert [step.sentence for step in told if step.node == told.graph.number(x[2])] == [
        "x2 = 4",
        "x2.grad = local 1 × upstream 0.9 = 0.9 (local: ∂max(x2, x3)/∂x2 = 1, since 4 ≥ 2)",
        "x2.grad: 0.9 += local 1 × upstream 0.7 → 1.6 (local: ∂max(v5, x2)/∂x2 = 1, since 3 < 4)",
    ]
    assert [step.sentence for step in told if step.node == told.graph.number(x[0])][1:] == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (lambda x, y: x * y, "y.grad = local -3 × upstream 1 = -3 (local: ∂(x × y)/∂y = x = -3)"),
        (lambda x, y: x + y, "y.grad = local 1 × upstream 1 = 1"),
        (lambda x, y: x - y, "y.grad = local -1 × upstream 1 = -1"),
        (lambda x, y: x / y, "y.grad = local 0.12 × upstream 1 = 0.12 (local: ∂(x / y)/∂y = −(x / y)/y = 0.12)"),
        (lambda x, y: y**2, "y.grad = local 10 × upstream 1 = 10 (local: ∂(y ^ 2)/∂y = 2·y^(2 − 1) = 10)"),
        (lambda x, y: -y, "y.grad = local -1 × upstream 1 = -1"),
        (lambda x, y: maximum(x, y), "x gets no path through v2: -3 < 5, so v2 does not take it"),
        (lambda x, y: relu(x), "x gets no path through v1: -3 ≤ 0, so v1 is off"),
        (lambda x, y: stop(x), "x gets no path through v1, which passes nothing back to it"),
        (lambda x, y: where(x, 9, y), "y.grad = local 1 × upstream 1 = 1 (local: ∂where(x, 9, y)/∂y = 1, since -3 ≤ 0)"),  # noqa: E501
        (lambda x, y: clamp(y, -1, 1), "y gets no path through v1: 5 > 1, so v1 does not take it"),
        (lambda x, y: x.tanh(), "x.grad = local 0.009866 × upstream 1 = 0.009866 (local: ∂tanh(x)/∂x = 1 − tanh(x)·tanh(x) = 0.009866)"),  # noqa: E501
    ],
)  # fmt: skip
def test_a_backward_step_says_where_its_slope_comes_from(output: Callable[..., Value], said: str) -> None:
    assert said in sentences(output(Value(-3.0, "x"), Value(5.0, "y")))


def test_a_forward_step_says_what_a_choice_was_decided_by() -> None:
    x, y, nan = Value(3.0, "x"), Value(3.0, "y"), Value(math.nan, "n")
    assert "v2 = max(3, 3) = 3, since tie: the first of the equals takes it" in sentences(maximum(x, y))
    assert "v2 = max(3, nan) = nan, since 3 ≥ nan does not hold" in sentences(maximum(x, nan))
    assert "v2 = max(nan, 3) = nan, since nan ≠ nan" in sentences(maximum(nan, x))
    assert "v2 = 3 − (-1) = 4" in sentences(x - Value(-1.0))


def test_a_bound_that_equals_what_it_bounds_is_told_why_it_was_not_taken() -> None:
    b, low, high = Value(1.0, "b"), Value(0.0, "low"), Value(1.0, "high")
    twice = sentences(clamp(b, b, Value(3.0, "high")))
    assert "b gets no path through v2: 1 < 1 does not hold, so v2 does not take it" in twice  # 1 ≥ 1 would tell nothing
    assert not [said for said in twice if "≥" in said]
    assert "high gets no path through v3: 1 > 1 does not hold, so v3 does not take it" in sentences(clamp(b, low, high))
    assert "low gets no path through v3: 1 ≥ 0, so v3 does not take it" in sentences(clamp(b, low, high))
    assert sentences(relu(Value(0.0, "x")))[-1] == "x gets no path through v1: 0 ≤ 0, so v1 is off"


def test_what_is_no_choice_between_operands_is_told_without_a_reason() -> None:
    x = Value(-3.0, "x")
    assert sentences(relu(x))[1] == "v1 = relu(-3) = 0"
    assert sentences(abs(x))[1] == "v1 = abs(-3) = 3"


def test_of_several_conditions_the_last_that_held_is_told() -> None:
    levels = operation("levels(x)", "x", "1 if x > 0 else 2 if x < -5 else 3")
    told = [sentences(levels(Value(number, "x")))[-1] for number in (2.0, -6.0, -3.0)]
    assert [text.split("since ")[1] for text in told] == ["2 > 0)", "-6 < -5)", "-3 ≤ 0)"]  # if none did, the first


def test_a_row_may_decide_by_its_own_value_or_by_a_number_alone() -> None:
    by_out = operation("by_out(x)", "x * x - 1", "2 * x if out > 0 or out < -9 else None")
    told = sentences(by_out(Value(0.0, "x")))
    assert told[-1] == "x gets no path through v1: -1 ≤ 0, so v1 is off"
    by_number = operation("by_number(x, y)", "x if y else -x", "1 if y and not x else -1", "None if not y else 0")
    told = sentences(by_number(Value(-2.0, "x"), Value(-1.0, "y")))
    assert told[-2:] == [
        "x.grad = local -1 × upstream 1 = -1 (local: ∂by_number(x, y)/∂x = -1, since -2 ≠ 0)",
        "y.grad = local 0 × upstream 1 = 0 (local: ∂by_number(x, y)/∂y = 0, since -1 ≠ 0)",
    ]


def test_a_difference_that_is_nan_decides_nothing() -> None:
    above = operation("above(x, y)", "x", "1 if x - y > 0 else None", "None")
    both = [Value(math.inf, "x"), Value(math.inf, "y")]
    assert "x gets no path through v2: inf − inf > 0 does not hold, so v2 does not take it" in sentences(above(*both))


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_is_text_in_every_sentence(label: str) -> None:
    for op in TABLE.values():
        args = [Value(0.5, label) for _ in op.inputs]
        told = steps(function_of(op)(*args))
        known = labels(told.graph)
        assert all(step.sentence.startswith(known[step.node]) for step in told)
        assert str(explain(args[0], told.graph.values[-1]))
    product = Value(2.0, label) * Value(3.0, "b")
    shown = visible(label, 40) or "v0"
    call = f"{f'({shown})' if shown.startswith('-') else shown} × b"
    assert sentences(product)[-1] == f"b.grad = local 2 × upstream 1 = 2 (local: ∂({call})/∂b = {shown} = 2)"


def test_a_symbol_that_looks_like_a_slot_is_harmless() -> None:
    odd = operation("odd(x)", "x + 1", "1", symbol="{7}{out}")
    assert sentences(odd(Value(1.0, "x")))[1].startswith("v1 = {7}")


def test_names_are_given_to_nodes_before_their_own() -> None:
    told = steps(Value(1.0) * Value(2.0, "y") + Value(3.0, "z"), labels={0: "first", 1: "second", 2: "product"})
    assert told.labels == ["first", "second", "product", "z", "v4"]


def test_every_sentence_is_of_the_table_of_sentences() -> None:
    openings = {text.split("{", 2)[1].split("}")[1] for text in SENTENCES.values() if text.startswith("{name}")}
    assert openings == {" = ", ".grad = 1: the gradient of the output in itself", ".grad = ", ".grad = local ", ".grad: ", " gets no path through ", ": "}  # noqa: E501  # fmt: skip


# ---- Explanations ---------------------------------------------------------------------------------------------------


def test_an_explanation_names_each_contribution_and_its_path() -> None:
    x, output = pool()
    told = explain(x[2], output)
    assert "0.7 (won window A)" in told.text
    assert "0.9 (won window B)" in told.text
    assert told.text.splitlines()[0] == "x2.grad = 0.9 (won window B) + 0.7 (won window A) = 1.6"
    assert told.gradient == sum(path.contribution for path in told.paths) == 1.6
    assert len(told.steps) == len(told.paths) == 2


def test_an_explanation_of_nothing_says_why() -> None:
    x, output = pool()
    assert explain(x[3], output).text.startswith("x3 got nothing: max in window B (not taken)")
    assert explain(x[0], output).gradient is None
    assert explain(x[1], output).text == "x1 got nothing: max in window A (not taken)"  # that of x0 and x1, refused
    output.backward()
    assert explain(output).text.endswith(".grad = 1: it is the output itself")


def test_an_explanation_needs_an_output_that_depends_on_it() -> None:
    with pytest.raises(ValueError, match="was not computed from 'y'"):
        explain(Value(1.0, "y"), Value(2.0, "x") * 2)


def test_paths_are_cut_when_there_are_too_many() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(20):
        y = y + y
    told = explain(x, y)
    assert told.gradient == 2.0**20
    assert told.text.endswith("(only the first 12 paths are written out)")


def test_the_gradient_of_a_network_is_explained() -> None:
    random.seed(3)
    model = nn.MLP(2, [4, 1])
    x = Value(1.0, "x")
    loss = model([x, 2.0])
    assert isinstance(loss, Value)
    loss.backward()
    assert explain(x).gradient == x.grad


# ---- Notation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("x * (y + 1)", "x·(y + 1)"),
        ("x - (y - 1)", "x − (y − 1)"),
        ("x / (y * x)", "x/(y·x)"),
        ("x * y / x", "x·y/x"),
        ("(x ** y) ** 2", "(x^y)^2"),
        ("x ** y ** 2", "x^(y^2)"),
        ("-(x + y)", "−(x + y)"),
        ("(-x) ** 2", "(−x)^2"),
        ("-2 * x", "-2·x"),
        ("x - -2", "x − -2"),
        ("1 if x >= y or not x == 1 else None", "1 if x ≥ y or not x = 1, else no path"),
        ("exp(-x) * abs(y)", "exp(−x)·abs(y)"),
    ],
)
def test_formulas_read_as_they_are_meant(formula: str, text: str) -> None:
    assert plain(ast.parse(formula, mode="eval").body) == text


@pytest.mark.parametrize("op", list(TABLE.values()), ids=lambda op: op.name)
def test_every_formula_of_the_table_has_a_text(op: Operation) -> None:
    for tree in (op.value, *op.partials):
        assert plain(tree, {name: f"<{name}>" for name in (*op.inputs, "out")}).count("(") >= 0


@given(st.floats())
def test_numbers_are_short_and_say_what_they_are(x: float) -> None:
    text = numeral(x)
    assert len(text) <= 11
    assert text not in ("-0", "-0.0")
    rounds_beyond = 1.7975e308 <= abs(x) < math.inf
    assert math.isnan(x) or rounds_beyond or math.isclose(float(text), x, rel_tol=6e-3)


def test_numbers_at_the_edges() -> None:
    at = [1e-3, 9.999e-4, 999.96, 1234.5, 1235.5, 999999.4, 999999.5, 2.0625, -math.inf, math.nan, 5e-324]
    assert [*map(numeral, at)] == [
        *("0.001", "9.999e-4", "1000", "1234", "1236", "999999", "1.000e6", "2.062", "-inf", "nan", "4.941e-324"),
    ]


def test_templates_are_filled_all_at_once() -> None:
    assert filled("{0} × {1}", ["{1}", "{0}"]) == "{1} × {0}"
    assert filled("{0} − {1}", ["-2", "-3"]) == "(-2) − (-3)"
    assert filled("max({0}, {1})", ["-2", "-3"]) == "max(-2, -3)"
    assert filled("1 − {out}·{out}", [], "tanh(x)") == "1 − tanh(x)·tanh(x)"
    assert filled("−{out}/{1}", ["x", "y"], "x / y") == "−(x / y)/y"
    assert filled("{1}", ["x", "-y"]) == "-y"


def test_the_reason_is_the_part_of_a_condition_that_decided() -> None:
    row = TABLE["maximum"]
    assert isinstance(row.value, ast.IfExp)
    told = {
        (5.0, 3.0): "5 ≥ 3",
        (3.0, 5.0): "3 < 5",
        (math.nan, 1.0): "nan ≠ nan",
        (1.0, math.nan): "1 ≥ nan does not hold",
        (0.0, -0.0): "0 ≥ 0",
    }
    for (x, y), text in told.items():
        holds = x >= y or x != x
        assert reason(row, row.value.test, [x, y], x if holds else y, holds) == text


def test_steps_are_of_one_output_alone() -> None:
    assert isinstance(steps(Value(1.0)), Steps)
    assert sentences(Value(1.0, "x")) == ["x = 1", "x.grad = 1: the gradient of the output in itself"]


def test_no_two_nodes_are_called_alike() -> None:
    u, twin, v3 = Value(2.0, "u"), Value(3.0, "u"), Value(5.0, "v3")
    told = steps((u * twin + 1) * v3)
    assert told.labels == ["u #0", "u #1", "v3", "v3 #3", "v4", "v5"]
    nodes = [Value(1.0, name) for name in ("w", "w", "w #0")]
    assert len(set(steps(nodes[0] + nodes[1] + nodes[2]).labels)) == 5


@pytest.mark.slow
def test_a_long_path_is_told_by_its_ends() -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(5000):
        y = y * 1
    assert len(str(explain(x, y))) < 1000
    assert "× 1 → … → × 1" in str(explain(x, y))


def test_of_many_scopes_the_innermost_three_are_named() -> None:
    x = Value(2.0, "x")
    with scope("a"), scope("b"), scope("c"), scope("d"):
        y = x * 3
    assert str(explain(x, y)).startswith("x.grad = 3 (through b, c, d)\n")


@pytest.mark.parametrize("length", [39, 40, 41, 5000])
def test_a_long_name_is_cut_in_an_explanation(length: int) -> None:
    x = Value(1.0, "x" * length)
    name = str(explain(x, x * 2)).partition(".grad")[0]
    assert name == ("x" * length if length <= 40 else "x" * 39 + "…")


def test_what_is_no_number_is_not_called_another_number() -> None:
    x = Value(math.nan, "x")
    y = x * x
    y.backward()
    assert "holds" not in str(explain(x, y))


def test_what_the_value_holds_besides_is_mentioned() -> None:
    x = Value(2.0, "x")
    a, b = x * 3, x * 5
    a.backward()
    assert "holds" not in str(explain(x, a))
    b.backward()
    assert str(explain(x, a)).splitlines()[-1] == (
        "  (x.grad holds 8: 5 of it was there before, or came with another pass; leaves add up until they are zeroed, "
        "with x.grad = 0 or zero_grad())"
    )


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=6), st.booleans())
def test_what_lost_once_is_lost_from_the_step_on_that_decides_it(cells: list[int], scaled: bool) -> None:
    leaves = [Value(float(x)) for x in cells]
    y = maximum(*leaves) * (2.0 if scaled else 1.0)
    told = steps(y)
    graph, end = told.graph, told.snapshot(-1)
    never = {number for number, gradient in enumerate(end.gradients) if gradient is NO_PATH}
    lost = [told.snapshot(k).lost(graph) for k in range(len(told))]
    assert all(before <= after for before, after in itertools.pairwise(lost))
    assert lost[told.forward - 1] == lost[-1] == never
    assert Snapshot.of(graph).lost(graph) == never
