"""Formulas typed by people are parsed, never evaluated as Python, and what is wrong with them is said."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import TABLE, FormulaError, Graph, Value, expression

FORMULAS: dict[str, tuple[dict[str, float], float, dict[str, float]]] = {
    "max(a*b, c) + a": ({"a": 2, "b": -3, "c": 10}, 12.0, {"a": 1, "b": 0, "c": 1}),
    "x": ({"x": 3}, 3.0, {"x": 1}),
    " ( x\n+ 1 ) ": ({"x": 3}, 4.0, {"x": 1}),
    "-x ** 2": ({"x": 3}, -9.0, {"x": -6}),
    "+x - -x": ({"x": 3}, 6.0, {"x": 2}),
    "2 ** x / 4": ({"x": 3}, 2.0, {"x": 2 * math.log(2)}),
    "max(x, y, 1)": ({"x": 3, "y": 4}, 4.0, {"x": 0, "y": 1}),
    "max(x, x)": ({"x": 3}, 3.0, {"x": 1}),
    "max(x)": ({"x": 3}, 3.0, {"x": 1}),
    "min(x, y, 1) * 5": ({"x": -3, "y": 4}, -15.0, {"x": 5, "y": 0}),
    "maximum(x, y) - minimum(x, y)": ({"x": -3, "y": 4}, 7.0, {"x": -1, "y": 1}),
    "x if x > 0 else -x": ({"x": -3}, 3.0, {"x": -1}),
    "1 if x != 2 and x <= 3 or x >= 9 else 0 * x": ({"x": 2}, 0.0, {"x": 0}),
    "x if not x > 5 else 7": ({"x": 2}, 2.0, {"x": 1}),
    "abs(x) + exp(0 * x)": ({"x": -2}, 3.0, {"x": -1}),
    "leaky_relu(x) + leaky_relu(x, 0.5)": ({"x": -2}, -1.02, {"x": 0.51}),
    "clamp(x, 0, 1) + where(x, x, 2)": ({"x": 0.5}, 1.0, {"x": 2}),
    "0x10 + 1_000 + 1e3 + .5 * x": ({"x": 2}, 2017.0, {"x": 0.5}),
    "max + min(exp, 1)": ({"max": 2, "exp": 0.5}, 2.5, {"max": 1, "exp": 1}),
    "text * text": ({"text": 3}, 9.0, {"text": 6}),
    "pi * r**2": ({"r": 2}, 4 * math.pi, {"r": 4 * math.pi}),
    "log(e * x)": ({"x": 1}, 1.0, {"x": 1}),
    "e * pi": ({"e": 3, "pi": 2}, 6.0, {"e": 2, "pi": 3}),
    "e * pi * x": ({"e": 3, "x": 1}, 3 * math.pi, {"e": math.pi, "x": 3 * math.pi}),
    "pow(x, 3) + pow(2, x)": ({"x": 2}, 12.0, {"x": 12 + 4 * math.log(2)}),
    "logsumexp(x, y, 1000)": ({"x": 1000, "y": 0}, 1000 + math.log(2), {"x": 0.5, "y": 0}),
    "logsumexp(x) + logsumexp(2)": ({"x": -3}, -1.0, {"x": 1}),
    "logsumexp(1, 1) * x": ({"x": 2}, 2 + 2 * math.log(2), {"x": 1 + math.log(2)}),
    "max(x,\n    1)": ({"x": 2}, 2.0, {"x": 1}),
    "\u03b1 + \U0001d465": ({"\u03b1": 1, "x": 2}, 3.0, {"\u03b1": 1, "x": 1}),
}


@pytest.mark.parametrize(("text", "given_", "value", "slopes"), [(t, *rest) for t, rest in FORMULAS.items()])
def test_a_formula_is_its_graph(text: str, given_: Any, value: float, slopes: dict[str, float]) -> None:
    y = expression(text, **given_)
    assert y.data == pytest.approx(value, rel=1e-15)
    y.backward()
    leaves = {leaf.name: leaf.grad for leaf in Graph(y).values if leaf.op is None}
    assert leaves == pytest.approx(slopes, rel=1e-15)


def test_numbers_become_leaves_of_that_name_and_values_stay() -> None:
    a = Value(2.0)
    y = expression("a * b", a=a, b=3)
    assert y.parents[0] is a
    assert a.name is None
    assert y.parents[1].name == "b"


@pytest.mark.parametrize("text", ["2 * 3 + max(1, 4)", "10 * logsumexp(1)", "10 * pow(pi, 0)", "logsumexp(10)"])
def test_a_formula_of_numbers_alone_is_a_leaf(text: str) -> None:
    y = expression(text)
    assert (y.data, y.args) == (10.0, ())


# Names that are one name to Python, written in two ways: micro and mu, a ligature, full width, an accent of its own.
SPELLINGS = [("\u00b5", "\u03bc"), ("\ufb01x", "fix"), ("\uff58", "x"), ("e\u0301", "\u00e9"), ("x\u1d62", "xi")]


@pytest.mark.parametrize(("one", "other"), SPELLINGS)
def test_a_name_may_be_spelled_as_python_lets_it(one: str, other: str) -> None:
    for written in (one, other):
        for given_ in (one, other):
            y = expression(f"{written} * 2", **{given_: 3.0})
            assert (y.data, y.parents[0].name) == (6.0, other)
    with pytest.raises(FormulaError, match=f"'{other}' is given twice"):
        expression(one, **{one: 1.0, other: 2.0})


def test_a_row_of_the_users_own_is_called_in_the_formula_of_now() -> None:
    try:
        for factor in (2, 3):
            ad.operation("times_(x)", f"{factor} * x", f"{factor}")
            assert expression("times_(x)", x=1).data == factor
    finally:
        TABLE.pop("times_", None)


def test_conditions_are_decided_anew() -> None:
    y = expression("exp(x) if x > 0 else -x", x=1)
    graph = Graph(y)
    graph.values[0].data = -2.0
    assert graph.forward() == (2.0,)
    y.backward()
    assert graph.values[0].grad == -1.0


def test_arithmetic_is_ieee() -> None:
    assert expression("1 / x", x=0).data == math.inf
    assert expression("9 ** 9 ** 9 ** 9 * x", x=1).data == math.inf
    assert math.isnan(expression("(-8) ** (1 / x)", x=3).data)


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_function_of_the_table_can_be_called(op: ad.Operation) -> None:
    names = {name: 0.3 + 0.1 * i for i, name in enumerate(op.inputs)}
    y = expression(f"{op.name}({', '.join(names)})", **names)
    assert y.data == op.evaluate(*names.values())


HOSTILE: dict[str, tuple[str, str]] = {
    "import": ("__import__('os')", "unknown function '__import__' with 1 argument"),
    "call of an attribute": ("x.__class__()", "not of the formula language"),
    "attribute": ("x.__class__", "'x.__class__' .* is not of the formula language"),
    "method": ("x.backward()", "not of the formula language"),
    "subclasses": ("().__class__.__bases__[0].__subclasses__()", "not of the formula language"),
    "eval": ("eval('x')", "unknown function 'eval'"),
    "open": ("open('x')", "unknown function 'open'"),
    "operation": ("operation('f(x)', 'x', '1')", "unknown function 'operation' with 3 arguments"),
    "print": ("print(x)", "unknown function 'print' with 1 argument"),
    "lambda": ("(lambda: x)()", "not of the formula language"),
    "comprehension": ("[x for x in x]", "not of the formula language"),
    "generator": ("max(x for x in x)", "not of the formula language"),
    "star": ("max(*x)", "not of the formula language"),
    "keywords": ("exp(**x)", "not of the formula language"),
    "keyword": ("exp(x=x)", "not of the formula language"),
    "walrus": ("(x := 2)", "not of the formula language"),
    "list": ("[x]", "not of the formula language"),
    "tuple": ("x, x", "not of the formula language"),
    "dict": ("{x: x}", "not of the formula language"),
    "index": ("x[0]", "not of the formula language"),
    "string": ("'x'", "not of the formula language"),
    "f-string": ("f'{x}'", "not of the formula language"),
    "bytes": ("b'x'", "not of the formula language"),
    "complex": ("1j * x", "not of the formula language"),
    "True": ("True", "not of the formula language"),
    "None": ("None", "None is not a number"),
    "None inside": ("x if x else None", "None is not a number"),
    "ellipsis": ("...", "not of the formula language"),
    "await": ("await x", "not of the formula language"),
    "yield": ("(yield x)", "not of the formula language"),
    "remainder": ("x % 2", "'x % 2' .* is not of the formula language"),
    "floor division": ("x // 2", "not of the formula language"),
    "matrix product": ("x @ x", "not of the formula language"),
    "bits": ("x & 1 | ~x", "not of the formula language"),
    "shift": ("1 << x", "not of the formula language"),
    "in": ("x in x", "not of the formula language"),
    "is": ("x is x", "not of the formula language"),
    "chain": ("0 < x < 1", "not of the formula language"),
    "two statements": ("x; x", "cannot read the formula 'x; x': invalid syntax"),
    "statement": ("import os", "cannot read the formula"),
    "assignment": ("x = 2", "cannot read the formula"),
    "half": ("x +", "cannot read the formula"),
    "words": ("x times x", "cannot read the formula"),
    "empty": ("", "cannot read the formula"),
    "blank": (" \n ", "cannot read the formula"),
    "NUL": ("x\0", "cannot read the formula"),
    "lone surrogate": ("\ud800", "cannot read the formula"),
    "other name": ("x + y", "unknown name 'y' in 'x \\+ y'; expected one of: x"),
    "function as a name": ("x + exp", "unknown name 'exp'"),
    "name as a function": ("x(2)", "unknown function 'x' with 1 argument"),
    "no arguments": ("max()", "unknown function 'max' with 0 arguments"),
    "too many arguments": ("exp(x, x)", "unknown function 'exp' with 2 arguments"),
    "too few arguments": ("hypot(x)", "unknown function 'hypot' with 1 argument"),
    "huge float": ("1e999 * x", "too large for a float"),
    "huge integer": ("x * 1" + "0" * 400, "too large for a float"),
    "long": ("x" + "+x" * 5000, "may have 10000 characters, got 10001"),
    "deep": ("-" * 9000 + "x", "nested too deeply"),
    "many terms": ("x" + "+x" * 4000, "nested too deeply"),
    "parentheses": ("(" * 5000 + "x" + ")" * 4999, "cannot read the formula|nested too deeply"),
    "power of mathematics": ("x^2", r"a power is written a\*\*2"),
    "unused": ("2", "the expression does not use x"),
}


@pytest.mark.parametrize(("text", "message"), HOSTILE.values(), ids=HOSTILE)
def test_what_the_language_cannot_say_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormulaError, match=message) as caught:
        expression(text, x=2.0)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 400
    str(caught.value).encode()


LONG = "a" * 9000
TALKATIVE: dict[str, tuple[str, dict[str, float]]] = {
    "an unknown name": (LONG, {"x": 1.0}),
    "an unknown function": (f"{LONG}(x)", {"x": 1.0}),
    "known names": ("y", {LONG + str(i): 1.0 for i in range(1000)}),
    "unused names": ("1", {LONG + str(i): 1.0 for i in range(1000)}),
    "one name in two spellings": ("x", {LONG + "\u00b5": 1.0, LONG + "\u03bc": 1.0}),
}


@pytest.mark.parametrize(("text", "names"), TALKATIVE.values(), ids=TALKATIVE)
def test_a_refusal_stays_short_whatever_the_names_are(text: str, names: dict[str, float]) -> None:
    with pytest.raises(FormulaError) as caught:
        expression(text, **names)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", [None, 5, b"x", ["x"], Value(1.0)], ids=repr)
def test_a_formula_is_a_string(text: Any) -> None:
    with pytest.raises(FormulaError, match="a formula is a string, got"):
        expression(text)


@pytest.mark.parametrize("number", [None, "2", [1.0], 1j])
def test_names_are_given_real_numbers(number: Any) -> None:
    with pytest.raises(TypeError, match="got"):
        expression("x", x=number)


TOKENS = ["x", "y", "1", "0.5", "+", "-", "*", "/", "**", "(", ")", ",", "max(", "exp(", " if ", " else ", "<", " and "]
TOKENS += [".", "[", "]", "'", "lambda ", ":", "=", "__import__(", "\n", "#", "%", "@", "None", "not "]


@given(st.lists(st.sampled_from(TOKENS), max_size=12).map("".join) | st.text(max_size=20))
@pytest.mark.slow
def test_any_text_is_a_graph_or_a_formula_error(text: str) -> None:
    try:
        y = expression(f"x*y*0 + ({text})", x=2.0, y=3.0)
    except FormulaError:
        return
    assert type(y) is Value


def tree(draw: random.Random, depth: int) -> str:
    if depth == 0:
        return draw.choice(["x", "y", "2", "-0.5"])
    left, right = tree(draw, depth - 1), tree(draw, depth - 1)
    return draw.choice(
        [
            f"({left} + {right})",
            f"({left} - {right})",
            f"({left} * {right})",
            f"max({left}, {right})",
            f"min({left}, {right})",
            f"abs({left})",
            f"({left} if {right} > 0 else {right})",
            f"(-({left}))",
        ]
    )


@pytest.mark.parametrize("seed", range(60))
def test_a_formula_means_what_python_means(seed: int) -> None:
    text = f"x * y + {tree(random.Random(seed), 4)}"
    for x, y in ((2.0, -3.0), (-1.0, -1.0), (0.5, 0.25)):
        numbers = {"x": x, "y": y}
        assert expression(text, **numbers).data == eval(text, {"max": max, "min": min, "abs": abs}, numbers)
