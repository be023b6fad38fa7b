"""Every row of the table is true: its value, its partials, and the partials of its partials."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from autodiff import (
    TABLE,
    FormulaError,
    Graph,
    KinkWarning,
    Operation,
    Program,
    Value,
    grad,
    gradcheck,
    jvp,
    operation,
    steps,
)
from autodiff.recording.value import function_of
from autodiff.table.adding import add_row

ROWS = list(TABLE.values())
STEP = 6e-6


@pytest.fixture(autouse=True)
def _table_is_left_as_it_was() -> Iterator[None]:
    before = dict(TABLE)
    yield
    for name in set(TABLE) - set(before):
        del TABLE[name]
    assert before == TABLE


def points(op: Operation, count: int = 12) -> list[list[float]]:
    """Points of the row's domain, drawn from its name, on which its conditions are the same all around."""
    draw = random.Random(op.name)
    found: list[list[float]] = []
    while len(found) < count:
        x = [draw.uniform(*op.domain) for _ in op.inputs]
        if op.name == "clamp":
            x[1:] = sorted(x[1:])
        near = [moved(x, i, sign * 4 * STEP) for i in range(len(x)) for sign in (-1, 1)]
        if len({op.decisions(*at, op.evaluate(*at)) for at in [x, *near]}) == 1:
            found.append(x)
    return found


def moved(x: list[float], i: int, by: float) -> list[float]:
    return [*x[:i], x[i] + by, *x[i + 1 :]]


def is_near(slope: float, difference: float) -> bool:
    return abs(slope - difference) <= 2e-7 + 1e-6 * abs(difference)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_partials_are_central_differences_of_the_value(op: Operation) -> None:
    for x in points(op):
        out = op.evaluate(*x)
        for i, slope in enumerate(op.local_derivatives(*x, out)):
            difference = (op.evaluate(*moved(x, i, STEP)) - op.evaluate(*moved(x, i, -STEP))) / (2 * STEP)
            assert is_near(slope or 0.0, difference if op.name != "stop" else 0.0), (op, x, op.inputs[i])


@pytest.mark.parametrize("op", [op for op in ROWS if op.name != "stop"], ids=lambda op: op.name)
def test_gradcheck_passes_over_the_domain(op: Operation) -> None:
    for x in points(op):
        assert gradcheck(function_of(op)(*map(Value, x)))


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_floats_and_values_agree_to_the_last_bit(op: Operation) -> None:
    for x in points(op):
        leaves = [Value(number) for number in x]
        y = function_of(op)(*leaves)
        y.backward()
        assert y.data == op.evaluate(*x)
        assert y.parents == tuple(leaves)
        for leaf, slope in zip(leaves, op.local_derivatives(*x, y.data), strict=True):
            assert leaf.grad == (slope or 0.0)
            assert (leaf.grad_state == "no path") == (slope is None)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_the_recorded_gradient_is_that_of_backward(op: Operation) -> None:
    for x in points(op):
        leaves = [Value(number) for number in x]
        y = function_of(op)(*leaves)
        recorded = [slope.data for slope in grad(y, leaves, create_graph=True)]
        plain = [slope.data for slope in grad(y, leaves, create_graph=False)]
        y.backward()
        assert recorded == plain == [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_second_partials_are_differences_of_the_first(op: Operation) -> None:
    for x in points(op, count=4):
        leaves = [Value(number) for number in x]
        slopes = grad(function_of(op)(*leaves), leaves)
        for i, slope in enumerate(slopes):
            for j, second in enumerate(grad(slope, leaves)):
                above, below = moved(x, j, STEP), moved(x, j, -STEP)
                first = [op.local_derivatives(*at, op.evaluate(*at))[i] or 0.0 for at in (above, below)]
                assert is_near(second.data, (first[0] - first[1]) / (2 * STEP)), (op, x, i, j)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_constants_are_operands_that_get_no_gradient(op: Operation) -> None:
    x = points(op, count=1)[0]
    for fixed in range(2 ** len(x)):
        args = [number if fixed >> i & 1 else Value(number) for i, number in enumerate(x)]
        y = function_of(op)(*args)
        assert y.data == op.evaluate(*x)
        assert y.args == tuple(args)
        assert y.parents == tuple(arg for arg in args if isinstance(arg, Value))
        y.backward()
        slopes = op.local_derivatives(*x, y.data)
        assert [arg.grad for arg in y.parents] == [
            slope or 0.0 for arg, slope in zip(args, slopes, strict=True) if isinstance(arg, Value)
        ]


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_what_a_row_sends_is_what_backward_delivers(op: Operation) -> None:
    for up in (0.7, -3.0, 0.0, math.inf, math.nan):
        x = points(op, count=1)[0]
        leaves = [Value(number) for number in x]
        y = function_of(op)(*leaves)
        y.backward(up)
        for leaf, sent in zip(leaves, op.contributions(*x, y.data, up), strict=True):
            assert leaf.grad_state == "no path" if sent is None else same(leaf.grad, sent)


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


@pytest.mark.slow
@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 0.0, -0.0, 1e308, -1e308, 5e-324, 1000.0, -1000.0])
def test_no_float_whatever_makes_an_operation_raise(op: Operation, number: float) -> None:
    for other in (number, 1.5, -2.0, 0.0, math.inf):
        x = [number, *[other] * (len(op.inputs) - 1)]
        leaves = [Value(entry) for entry in x]
        y = function_of(op)(*leaves)
        assert type(y.data) is float
        y.backward()
        assert same(y.data, op.evaluate(*x))
        plain = [leaf.grad for leaf in leaves]
        recorded = [slope.data for slope in grad(y, leaves)]
        assert all(map(same, plain, recorded)), (x, plain, recorded)


@pytest.mark.parametrize("op", ROWS, ids=lambda op: op.name)
def test_a_row_is_one_object_however_it_is_copied(op: Operation) -> None:
    assert pickle.loads(pickle.dumps(op)) is op
    assert copy.deepcopy(op) is op
    assert op.name in repr(op)


def test_near_a_kink_gradcheck_warns_instead_of_failing() -> None:
    x = Value(0.0, "x")
    with pytest.warns(KinkWarning, match="'x' is near a kink"):
        assert gradcheck(x.relu(), [x])
    a, b = Value(1.0, "a"), Value(1.0, "b")
    with pytest.warns(KinkWarning):
        assert gradcheck(function_of(TABLE["maximum"])(a, b))


@pytest.mark.parametrize(("f", "at"), [("log", 1e-7), ("sqrt", 1e-7), ("divide", 1e-6), ("sin", 1e9), ("exp", 0.0)])
def test_gradcheck_takes_a_shorter_step_where_the_function_needs_it(f: str, at: float) -> None:
    x = Value(at)
    assert gradcheck(1 / x if f == "divide" else getattr(x, f)())


def test_a_shorter_step_excuses_no_slope_that_is_a_little_wrong() -> None:
    try:
        line = operation("nearly(x)", "1 + 10 * x", "10.005")
        with pytest.raises(AssertionError, match=r"is 10\.005"):
            gradcheck(line(Value(1e-7)))
    finally:
        TABLE.pop("nearly", None)


def test_gradcheck_names_the_input_of_a_wrong_gradient() -> None:
    wrong = operation("wrong_(x, y)", "x * y", "y", "y")
    a, b = Value(2.0, "a"), Value(3.0, "b")
    with pytest.raises(AssertionError, match=r"gradient in 'b' is 3\.0, .* over 1\.8e-05 gives 2\.0"):
        gradcheck(wrong(a, b))


@pytest.mark.parametrize("factor", [1.001, 0.999, 0.0, -1.0, 2.0])
def test_gradcheck_finds_a_slope_that_is_a_little_wrong(factor: float) -> None:
    wrong = operation("wrong_(x)", "x * x", f"{factor} * 2 * x")
    with pytest.raises(AssertionError):
        gradcheck(wrong(Value(1.5)))


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("alpha", [1.0, 2.0, 0.5, -1.5, 0.0])
def test_at_zero_elu_and_leaky_relu_have_the_slope_of_their_left_side(alpha: float, zero: float) -> None:
    for row in ("elu", "leaky_relu"):
        x, scale = Value(zero), Value(alpha)
        y = function_of(TABLE[row])(x, scale)
        y.backward()
        assert (x.grad, scale.grad) == (alpha, 0.0)
        assert [slope.data for slope in grad(y, [x, scale])] == [alpha, 0.0]


# Each bad row with words of the message that must name the row and say what was expected.
BAD_ROWS: dict[str, tuple[tuple[object, ...], dict[str, object], tuple[str, ...]]] = {
    "unknown name": (("bad(x)", "z", "1"), {}, ("'bad'", "'z'", "expected one of: x")),
    "unknown name in a partial": (("bad(x)", "x", "w"), {}, ("'bad'", "'w'", "x, out")),
    "out in the value": (("bad(x)", "out", "1"), {}, ("'bad'", "'out'")),
    "too few partials": (("bad(x, y)", "x", "1"), {}, ("'bad'", "expected 2 partial", "x, y", "got 1")),
    "too many partials": (("bad(x)", "x", "1", "1"), {}, ("'bad'", "expected 1 partial", "got 2")),
    "no partials": (("bad(x)", "x"), {}, ("'bad'", "got 0")),
    "unknown function": (("bad(x)", "foo(x)", "1"), {}, ("'bad'", "unknown function 'foo'")),
    "wrong number of arguments": (("bad(x)", "exp(x, x)", "1"), {}, ("'bad'", "'exp' with 2 arguments")),
    "calls itself": (("bad(x)", "bad(x)", "1"), {}, ("'bad'", "unknown function 'bad'")),
    "no path in the value": (("bad(x)", "None", "1"), {}, ("'bad'", "value cannot be None")),
    "no path in a branch of the value": (("bad(x)", "x if x > 0 else None", "1"), {}, ("'bad'", "value")),
    "no path in arithmetic": (("bad(x)", "x", "2 * None"), {}, ("'bad'", "whole branch")),
    "no path in a call": (("bad(x)", "x", "exp(None)"), {}, ("'bad'", "whole branch")),
    "no path in a condition": (("bad(x)", "x", "1 if None else 0"), {}, ("'bad'", "whole branch")),
    "no path in a part": (("bad(x)", "x", "h + 1"), {"let": {"h": "None"}}, ("'bad'", "whole branch")),
    "syntax error": (("bad(x)", "x +", "1"), {}, ("'bad'", "cannot read the formula 'x +'")),
    "empty": (("bad(x)", "", "1"), {}, ("'bad'", "cannot read")),
    "two statements": (("bad(x)", "x; x", "1"), {}, ("'bad'", "cannot read")),
    "row of this name": (("exp(x)", "x", "1"), {}, ("'exp'", "already")),
    "abs by its other name": (("abs(x)", "x", "1"), {}, ("'abs'", "already")),
    "max by its other name": (("max(x, y)", "x", "1", "0"), {}, ("'max'", "'maximum' already")),
    "logsumexp": (("logsumexp(x, y)", "x", "1", "0"), {}, ("'logsumexp'", "already")),
    "part that is no name": (("bad(x)", "x", "1"), {"let": {"a b": "x"}}, ("'bad'", "'a b' in let")),
    "part that is a keyword": (("bad(x)", "x", "1"), {"let": {"if": "x"}}, ("'bad'", "'if' in let")),
    "part of no string": (("bad(x)", "x", "1"), {"let": {3: "x"}}, ("'bad'", "3 in let")),
    "part with an underscore": (("bad(x)", "x", "1"), {"let": {"_p": "x"}}, ("'bad'", "'_p'")),
    "parts of no dict": (("bad(x)", "x", "1"), {"let": "x"}, ("'bad'", "let is a dict")),
    "many inputs": ((f"bad({', '.join(f'x{i}' for i in range(100_000))})", "1", "0"), {}, ("'bad'", "got 100000")),
    "many parts": (("bad(x)", "z", "1"), {"let": {f"p{i}": "x" for i in range(300)}}, ("'bad'", "p10, ...")),
    "two parts of one name": (
        ("bad(x)", "x", "1"),
        {"let": {"\u00b5": "x", "\u03bc": "x"}},
        ("'bad'", "'\u03bc' is named twice"),
    ),
    "wrong part": (("bad(x)", "x", "1"), {"let": {"p": "z"}}, ("'bad', part 'p'", "'z'")),
    "wrong partial": (("bad(x, y)", "x", "1", "z"), {}, ("'bad', partial in 'y'", "'z'")),
    "900 terms": (("bad(x)", "+".join(["x"] * 900), "1"), {}, ("'bad', value", "80 deep")),
    "200 brackets": (("bad(x)", "(" * 199 + "x" + "+1)" * 199, "1"), {}, ("'bad', value",)),
    "300 choices": (("bad(x)", "1 if x > 0 else " * 300 + "x", "1"), {}, ("'bad', value", "80 deep")),
    "10,000 terms": (("bad(x)", "+".join(["x"] * 10_000), "1"), {}, ("'bad', value", "10000 characters")),
    "parts that double": (
        ("bad(x)", "p60", "1"),
        {"let": {"p0": "x"} | {f"p{i + 1}": f"p{i} + p{i}" for i in range(60)}},
        ("'bad', part 'p13'", "10000 signs"),
    ),
    "symbol of no string": (("bad(x)", "x", "1"), {"symbol": 5}, ("'bad'", "symbol", "int 5")),
    "doc of no string": (("bad(x)", "x", "1"), {"doc": 3}, ("'bad'", "doc", "int 3")),
    "doc of None": (("bad(x)", "x", "1"), {"doc": None}, ("'bad'", "doc", "NoneType None")),
    **{
        f"domain {domain!r}": (("bad(x)", "x", "1"), {"domain": domain}, ("'bad'", "pair of finite numbers", "lower"))
        for domain in (
            *((math.nan, 1), (0, math.nan), (0, math.inf), (-math.inf, 0), (1, 0), (1, 1), (0,), (0, 1, 2), ()),
            *(3, None, "01", ("0", 1), (0, 10**400), (0, 1j), (-1e308, 1e308), {0: 1}, [[0], 1]),
        )
    },
    "signature without inputs": (("bad()", "1"), {}, ("bad()", "expected a signature", "softsign(x)")),
    "signature that is a name": (("bad", "1"), {}, ("'bad'", "expected a signature")),
    "signature with a star": (("bad(*x)", "1", "1"), {}, ("expected a signature",)),
    "signature with a keyword only": (("bad(x, *, y)", "1", "1", "1"), {}, ("expected a signature",)),
    "signature with annotations": (("bad(x: float)", "x", "1"), {}, ("expected a signature",)),
    "signature with code": (("bad(x): pass\nprint(1)\ndef g(x)", "x", "1"), {}, ("expected a signature",)),
    "signature of no string": ((7, "x", "1"), {}, ("7", "expected a signature")),
    "signature of None": ((None, "x", "1"), {}, ("None", "expected a signature")),
    "keyword as a name": (("lambda(x)", "x", "1"), {}, ("lambda", "expected a signature")),
    "default that is no number": (("bad(x, y='a')", "x", "1", "1"), {}, ("expected a signature",)),
    "default that is infinite": (("bad(x, y=1e999)", "x", "1", "1"), {}, ("expected a signature",)),
    "default that is a formula": (("bad(x, y=x)", "x", "1", "1"), {}, ("expected a signature",)),
    "one input twice": (("bad(x, x)", "x", "1", "1"), {}, ("'bad'", "'x' is named twice")),
    "input called out": (("bad(out)", "1", "1"), {}, ("'bad'", "'out' has a meaning of its own")),
    "input called up": (("bad(up)", "1", "1"), {}, ("'bad'", "'up' has a meaning of its own")),
    "input with an underscore": (("bad(_x)", "_x", "1"), {}, ("'bad'", "'_x'")),
    "part called as an input": (("bad(x)", "x", "1"), {"let": {"x": "2"}}, ("'bad'", "'x' is named twice")),
    "part called out": (("bad(x)", "x", "1"), {"let": {"out": "2"}}, ("'bad'", "'out'")),
    "nine inputs": (("bad(a,b,c,d,e,f,g,h,i)", "a", *["1"] * 9), {}, ("'bad'", "at most 8", "got 9")),
    "value of no string": (("bad(x)", 2.0, "1"), {}, ("'bad'", "a formula is a string", "float 2.0")),
    "value of None": (("bad(x)", None, "1"), {}, ("'bad'", "a formula is a string")),
    "partial of no string": (("bad(x)", "x", 1), {}, ("'bad'", "a formula is a string", "int 1")),
    "import": (("bad(x)", "__import__('os')", "1"), {}, ("'bad'", "unknown function '__import__'")),
    "attribute": (("bad(x)", "x.real", "1"), {}, ("'bad'", "not of the formula language")),
    "method": (("bad(x)", "x.hex()", "1"), {}, ("'bad'", "not of the formula language")),
    "index": (("bad(x)", "x[0]", "1"), {}, ("'bad'", "not of the formula language")),
    "lambda": (("bad(x)", "lambda: x", "1"), {}, ("'bad'", "not of the formula language")),
    "comprehension": (("bad(x)", "[x for x in x]", "1"), {}, ("'bad'", "not of the formula language")),
    "assignment": (("bad(x)", "(y := x)", "1"), {}, ("'bad'", "not of the formula language")),
    "string": (("bad(x)", "'x'", "1"), {}, ("'bad'", "not of the formula language")),
    "bytes": (("bad(x)", "b'x'", "1"), {}, ("'bad'", "not of the formula language")),
    "complex": (("bad(x)", "1j", "1"), {}, ("'bad'", "not of the formula language")),
    "truth": (("bad(x)", "True", "1"), {}, ("'bad'", "not of the formula language")),
    "ellipsis": (("bad(x)", "...", "1"), {}, ("'bad'", "not of the formula language")),
    "keyword argument": (("bad(x)", "exp(x=x)", "1"), {}, ("'bad'", "not of the formula language")),
    "chained comparison": (("bad(x)", "1 if 0 < x < 1 else 0", "1"), {}, ("'bad'", "not of the formula language")),
    "remainder": (("bad(x)", "x % 2", "1"), {}, ("'bad'", "not of the formula language")),
    "huge float": (("bad(x)", "1e999", "1"), {}, ("'bad'", "too large")),
    "huge integer": (("bad(x)", "1" + "0" * 400, "1"), {}, ("'bad'", "too large")),
    "integer beyond reading": (("bad(x)", "1" + "0" * 9999, "1"), {}, ("'bad'",)),
    "nested too deeply": (("bad(x)", "-" * 9_000 + "x", "1"), {}, ("'bad'", "nested too deeply")),
    "NUL": (("bad(x)", "x\0", "1"), {}, ("'bad'", "cannot read")),
    "lone surrogate": (("bad(x)", "\ud800", "1"), {}, ("'bad'", "cannot read")),
}


@pytest.mark.parametrize("options", [{"colour": "red"}, {"colour": 1, "symbol": "s"}, {"derivative": "1"}, {"Doc": ""}])
def test_an_option_that_there_is_not_is_refused_and_those_that_there_are_listed(options: dict[str, Any]) -> None:
    unknown = next(iter(options))
    with pytest.raises(
        TypeError, match=rf"'bad\(x\)' has no option {unknown}.*; there are symbol=, let=, domain=, doc="
    ):
        operation("bad(x)", "x", "1", **options)


def test_a_domain_is_two_floats_whatever_numbers_it_was_given() -> None:
    try:
        for domain in ((0, 2), [0, 2], (False, Fraction(2)), range(0, 4, 2)):
            assert add_row("given_(x)", "x", "1", domain=domain).domain == (0.0, 2.0)
    finally:
        TABLE.pop("given_", None)


def test_the_same_row_may_be_written_twice() -> None:
    row = ("twice_written(x)", "x / (1 + abs(x))", "1 / (1 + abs(x)) ** 2")
    try:
        assert operation(*row) is operation(*row)
        assert operation(*row[:2], "2 / (1 + abs(x)) ** 2") is not operation(*row)
    finally:
        TABLE.pop("twice_written", None)


@pytest.mark.parametrize(("row", "options", "words"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_refused_and_named(
    row: tuple[str, ...], options: dict[str, dict[str, str]], words: tuple[str, ...]
) -> None:
    before = dict(TABLE)
    with pytest.raises(FormulaError) as caught:
        operation(*row, **options)
    assert isinstance(caught.value, ValueError)
    for word in words:
        assert word in str(caught.value)
    assert len(str(caught.value)) < 400
    assert before == TABLE, "a refused row leaves nothing behind"


# What generated code might call by name: builtins, its own helpers, functions and rows of formulas, other libraries.
NAMES = [
    *("float", "bool", "abs", "print", "max", "type", "match", "case", "object", "record", "pull", "write", "locals"),
    *("node", "adjoints", "flow", "a0", "pattern", "scope", "new", "tick", "real", "rules", "Value", "none", "current"),
    *(
        "exp",
        "log",
        "power",
        "divide",
        "sigmoid",
        "where",
        "add",
        "erfc",
        "np",
        "math",
        "jnp",
        "torch",
        "p",
        "x0",
        "inf",
    ),
    *("nan", "pi", "e", "self", "name", "value", "evaluate", "emit", "const", "\u03bc", "constructor"),
]


@pytest.mark.slow
@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", ["y", "float", "exp", "a1"])
def test_inputs_may_have_any_name(first: str, second: str) -> None:
    if first == second:
        return
    a, b = Value(5.0), Value(3.0)
    weigh = operation(
        f"weigh_({first}, {second}=7)",
        f"exp(0 * {first}) * {first} - 2 * {second} / 1 ** {second} + ({first} == 0) + t",
        f"1 if {first} > 0 or not {second} > 0 else abs(sign({first}))",
        "-2",
        let={"t": f"log1p({first} * 0)"},
    )
    y = weigh(a, **{second: b})
    y.backward()
    assert (y.data, a.grad, b.grad, weigh(a).data) == (-1.0, 1.0, -2.0, -9.0)
    assert [slope.data for slope in grad(y, [a, b])] == [1.0, -2.0]
    assert Program(y, [a, b], backend="python").value_and_grad([[5.0, 3.0]])[0] == [-1.0]
    assert gradcheck(y)
    assert steps(y)[-1].sentence


@pytest.mark.parametrize(
    "name", ["None", "True", "if", "lambda", "class", "_x", "__debug__", "out", "up", "_", "a b", "1"]
)
def test_a_name_that_cannot_be_an_input_is_refused_by_it(name: str) -> None:
    with pytest.raises(FormulaError, match=name):
        operation(f"weigh_({name})", "1", "0")


def test_names_are_normalised_as_those_of_python_are() -> None:
    """The micro sign of a keyboard and the Greek mu are one name, wherever they are written."""
    micro, mu = "\u00b5", "\u03bc"
    half = operation(f"half{micro}(x)", f"{mu} * x", micro, let={micro: "0.5"})
    x = Value(3.0)
    y = half(x)
    y.backward()
    assert (y.data, x.grad, y.op) == (1.5, 0.5, TABLE[f"half{mu}"])


def test_a_corrected_row_replaces_the_old_one_and_nodes_keep_theirs() -> None:
    x = Value(1.0, "x")
    old = operation("corrected_(x)", "2 * x", "3")(x)
    new = operation("corrected_(x)", "2 * x", "2")(x)
    for y, slope in ((old, 3.0), (new, 2.0), (old + 0, 3.0), (copy.deepcopy(old), 3.0)):
        leaf = Graph(y).values[0]
        leaf.grad = None
        y.backward()
        assert leaf.grad == grad(y, leaf).data == jvp(y, [leaf], [1.0]).data == slope
        assert Program(y, [leaf], backend="python").input_grad([[5.0]]) == [[slope]]
        assert f"local {slope:g}" in steps(y)[-1].sentence
    both = old + new
    assert grad(both, x).data == 5.0
    assert new.op is TABLE["corrected_"] is not old.op


def test_a_row_of_the_table_is_never_replaced() -> None:
    for op in list(TABLE.values()):
        with pytest.raises(FormulaError, match=f"'{op.name}'.*already; choose another name"):
            operation(f"{op.name}({', '.join(op.inputs)})", "1", *["0"] * len(op.inputs))


def test_a_row_keeps_the_formulas_of_the_rows_that_it_calls() -> None:
    x = Value(0.5)
    operation("inner_(x)", "x * x", "2 * x")
    outer = operation("outer_(x)", "inner_(x) * 3", "6 * x + 0 * inner_(x)")
    before = outer(x)
    operation("inner_(x)", "x * x * x", "3 * x * x")
    for y in (before, outer(x)):
        assert y.data == 0.75
        slope = grad(y, x)
        assert (slope.data, grad(slope, x).data) == (3.0, 6.0)
        assert Graph(slope).evaluate()[-1] == 3.0
    outer = operation("outer_(x)", "inner_(x) * 3", "9 * x * x")
    assert outer(x).data == 0.375


def chained(formula: str, count: int) -> None:
    """Rows ``chain1_``, ``chain2_``, ...: each is the formula, ``f`` in it the row before."""
    operation("chain0_(x)", "x + 1", "1")
    for i in range(count):
        operation(f"chain{i + 1}_(x)", formula.replace("f", f"chain{i}_"), "1")


def test_ten_thousand_signs_and_names_are_the_most() -> None:
    """With all that it calls written out: of ten terms that are rows of ten terms each."""
    operation("ten_(x)", "+".join("x" * 10), "10")  # 19 signs and names
    operation("many_(x)", "ten_(ten_(ten_(x)))", "1000")  # 1000 names, 999 signs
    largest = "-(" + "+".join(["many_(x)"] * 5) + ")"
    assert operation("largest_(x)", largest, "-5000")(Value(2.0)).data == -10_000.0
    for larger in (f"-{largest}", f"{largest} + x", f"exp({largest})"):
        with pytest.raises(FormulaError, match=r"'larger_', value: .*10000 signs and names"):
            operation("larger_(x)", larger, "1")


def test_a_row_does_not_call_the_row_that_it_replaces() -> None:
    """Else a cell that is run twice would add up."""
    operation("again_(x)", "x + 1", "1")
    with pytest.raises(FormulaError, match="'again_', value: unknown function 'again_'"):
        operation("again_(x)", "again_(x) + 1", "1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("formula", "bound", "least"),
    [("f(x) + 1", "80 deep", 70), ("f(x) + f(x)", "10000 signs", 10), ("exp(f(f(x)))", "80 deep", 4)],
)
def test_a_chain_of_rows_ends_in_a_refusal_by_name(formula: str, bound: str, least: int) -> None:
    """It is counted, never written out without end."""
    with pytest.raises(FormulaError, match=rf"'chain(\d+)_', value: .*{bound}"):
        chained(formula, 300)
    rows = [name for name in TABLE if name.startswith("chain")]
    assert len(rows) > least
    x = Value(-9.0)
    y = function_of(TABLE[rows[-1]])(x)
    y.backward()
    assert grad(y, x).data == x.grad == 1.0


def test_a_row_may_use_earlier_rows_and_shared_parts() -> None:
    twice = operation("twice_(x, k=2)", "k * softplus(x)", "k * s", "softplus(x)", let={"s": "sigmoid(x)"})
    x = Value(0.3)
    assert twice(x).data == 2 * x.softplus().data
    assert twice(x, k=3).data == 3 * x.softplus().data
    assert gradcheck(twice(x))
    assert gradcheck(grad(twice(x), x))


def test_a_graph_of_an_operation_that_is_gone_says_so() -> None:
    passing = operation("passing_(x)", "x", "1")
    text, packed = Graph(passing(Value(1.0))).to_json(), pickle.dumps(passing(Value(1.0)))
    del TABLE["passing_"]
    for load in (lambda: Graph.from_json(text), lambda: pickle.loads(packed)):
        with pytest.raises(ValueError, match="no operation is called 'passing_'"):
            load()


# The same name with other formulas: another value, slope, default, input, or another row called inside.
ANOTHER: dict[str, tuple[str, str, str]] = {
    "value": ("saved_(x, k=2)", "k * x + 0 * inside_(x)", "k"),
    "slope": ("saved_(x, k=2)", "k * inside_(x)", "k + 1"),
    "default": ("saved_(x, k=3)", "k * inside_(x)", "k"),
    "input": ("saved_(z, k=2)", "k * inside_(z)", "k"),
    "call": ("inside_(x)", "x / 1", "1"),
}


@pytest.mark.parametrize("other", ANOTHER.values(), ids=ANOTHER)
def test_a_saved_node_is_never_read_with_another_row(other: tuple[str, str, str]) -> None:
    def define(row: tuple[str, str, str]) -> Callable[..., Value]:
        operation("inside_(x)", "x", "1")
        if row[0].startswith("inside_"):
            operation(*row)
            row = saved
        return operation(*row, "0")

    saved = ("saved_(x, k=2)", "k * inside_(x)", "k")
    y = define(saved)(Value(3.0, "x"))
    packed, text = pickle.dumps(y), Graph(y).to_json()
    assert pickle.loads(packed).op is Graph.from_json(text).values[-1].op is y.op
    define(other)
    for load in (lambda: pickle.loads(packed), lambda: Graph.from_json(text)):
        with pytest.raises(ValueError, match="the operation 'saved_' has other formulas here"):
            load()
    copied = copy.deepcopy(y)
    copied.backward()
    assert (copied.op, copied.data, copied.parents[0].grad) == (y.op, 6.0, 2.0)
    define(saved)
    assert pickle.loads(packed).data == Graph.from_json(text).evaluate()[-1] == 6.0
    del TABLE["saved_"]
    for load in (lambda: pickle.loads(packed), lambda: Graph.from_json(text)):
        with pytest.raises(ValueError, match="no operation is called 'saved_'"):
            load()


def test_what_formulas_do_not_say_does_not_matter_to_a_file() -> None:
    y = operation("dressed_(x)", "x*2", "2", symbol="a", doc="one")(Value(1.0))
    packed, text = pickle.dumps(y), Graph(y).to_json()
    row = operation("dressed_(x)", "x * 2.0", "2", symbol="b", doc="two", domain=(0, 1))
    assert pickle.loads(packed).op is Graph.from_json(text).values[-1].op is row(1).op is TABLE["dressed_"]


def test_the_json_of_version_1_is_read_and_its_numbers_are_computed_again() -> None:
    y = operation("older_(x)", "x * 2", "2")(Value(3.0))
    document = json.loads(Graph(y).to_json())
    document["version"] = 1
    del document["operations"]
    assert Graph.from_json(json.dumps(document)).evaluate()[-1] == 6.0
    operation("older_(x)", "x * 5", "5")
    with pytest.raises(ValueError, match=r"node 1: its number is 6\.0, but older_ of 3\.0 is 15\.0"):
        Graph.from_json(json.dumps(document))


def test_the_json_of_a_users_row_without_its_formulas_is_refused() -> None:
    y = operation("bare_(x)", "x * 2", "2")(Value(3.0))
    document = json.loads(Graph(y).to_json())
    document["operations"] = {}
    with pytest.raises(ValueError, match="the formulas of the operation 'bare_' are missing"):
        Graph.from_json(json.dumps(document))


def test_two_rows_of_one_name_in_a_graph_are_not_written_as_one() -> None:
    x = Value(1.0)
    y = operation("twofold_(x)", "2 * x", "2")(x) + operation("twofold_(x)", "3 * x", "3")(x)
    with pytest.raises(ValueError, match="two operations called 'twofold_' meet in this graph"):
        Graph(y).to_json()
    assert copy.deepcopy(Graph(y)).evaluate()[-1] == 5.0


def test_gradcheck_takes_inputs_that_do_not_matter_and_refuses_what_is_no_leaf() -> None:
    x, stranger = Value(0.5, "x"), Value(1.0)
    y = x * x
    assert gradcheck(y.exp(), [x, stranger])
    assert gradcheck(y.exp(), x)
    with pytest.raises(ValueError, match="only leaves"):
        gradcheck(y.exp(), [y])
    for refused in (lambda: gradcheck(3.0), lambda: gradcheck(y, [3.0])):
        with pytest.raises(TypeError, match=r"Values.* got float"):
            refused()


@pytest.mark.parametrize("row", ["elu", "leaky_relu"])
def test_a_formula_may_leave_out_what_has_a_default_and_nothing_else(row: str) -> None:
    default = TABLE[row].defaults[TABLE[row].inputs[1]]
    short = operation("short_(x)", f"{row}(x)", "1")
    full = operation("full_(x)", f"{row}(x, 0.25)", "1")
    for x in (-1.5, 0.0, 2.0):
        assert short(Value(x)).data == TABLE[row].evaluate(x, default)
        assert full(Value(x)).data == TABLE[row].evaluate(x, 0.25)
    for call in (f"{row}()", f"{row}(x, 1, 1)", "add(x)", "exp(x, 1)"):
        with pytest.raises(ValueError, match="'bad_'"):
            operation("bad_(x)", call, "1")


@pytest.mark.parametrize("exponent", [-1.0, -3.0, -2.0, -4.0, -0.5, -2.5, -1e300])
def test_a_negative_power_of_0_is_infinite_with_the_sign_of_an_odd_one(exponent: float) -> None:
    odd = exponent in (-1.0, -3.0)
    for zero in (0.0, -0.0):
        expected = math.copysign(math.inf, zero) if odd else math.inf
        assert (Value(zero) ** exponent).data == expected


@pytest.mark.parametrize("exponent", [101.0, 100.0, 1001.0, 1000.0])
def test_a_power_too_large_is_infinite_with_the_sign_of_an_odd_one(exponent: float) -> None:
    for base in (1e5, -1e5):
        assert (Value(base) ** exponent).data == (-math.inf if base < 0 and exponent % 2 else math.inf)
