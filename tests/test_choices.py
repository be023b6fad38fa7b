"""A row's choice with its rule for nan is an instruction or two of the kernel, whatever way the row says it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import HERE, identical

from autodiff import TABLE, Program, Value, operation
from autodiff.programs.backends.machine import CODES, _Assembler
from autodiff.recording.value import function_of

POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 5e-324, math.inf, -math.inf, math.nan]


def instructions(y: Value, leaves: list[Value], what: str = "value") -> list[str]:
    """What the kernel runs, but for loads and stores."""
    routine = Program(y, leaves, backend="python")._routine(what)
    names = [item.name for item in _Assembler(routine, 0).items]
    assert set(names) <= CODES.keys()
    return [name for name in names if name not in ("load", "store")]


def assert_same_bits(y: Value, leaves: list[Value]) -> None:
    rows = [list(point) for point in product(POINTS, repeat=len(leaves))]
    found = []
    for backend in HERE:
        values, slopes = Program(y, leaves, backend=backend).value_and_input_grad(rows)
        found.append([*map(float, values), *(float(slope) for row in slopes for slope in row)])
    for other in found[1:]:
        assert identical(found[0], other)


@contextmanager
def row(text: str, *partials: str, **more: Any) -> Iterator[Callable[..., Value]]:
    """An operation of a user's own, for a while."""
    name = text.partition("(")[0]
    try:
        yield operation(text, *partials, **more)
    finally:
        TABLE.pop(name, None)


# Forward, and the slope times what arrives: how many instructions are tests, and how many are none.
CHOICES: list[tuple[str, Callable[[Value], Value], int, int]] = [
    ("relu", lambda x: x.relu(), 1, 2),
    ("leaky_relu", lambda x: function_of(TABLE["leaky_relu"])(x), 1, 1),
    ("max with a number", lambda x: function_of(TABLE["maximum"])(x, 0.5), 1, 1),
    ("min with a number", lambda x: function_of(TABLE["minimum"])(0.5, x), 1, 1),
    ("clamp", lambda x: x.clamp(-1, 2), 2, 2),
    ("clamp at infinity", lambda x: x.clamp(0.5, math.inf), 2, 2),
    ("where", lambda x: function_of(TABLE["where"])(x, x, 3.0), 1, 1),
    ("sign", lambda x: function_of(TABLE["sign"])(x) + x, 2, 0),
]


@pytest.mark.parametrize(("name", "make", "forward", "back"), CHOICES, ids=[choice[0] for choice in CHOICES])
def test_a_choice_of_the_table_is_one_or_two_instructions(
    name: str, make: Callable[[Value], Value], forward: int, back: int
) -> None:
    x, k = Value(0.3), Value(2.0)
    y = make(x)
    tests = [op for op in instructions(y, [x]) if op.startswith("if ")]
    assert 1 <= len(tests) <= forward
    assert not {"if", "and", "or", "not", "!=", ">"} & {*instructions(y, [x])}
    slopes = instructions(y * k, [x, k], "input_grad")
    assert len([op for op in slopes if op.startswith("if ")]) <= forward + back
    assert not {"if", "and", "or", "not", "!=", ">"} & {*slopes}
    assert_same_bits(y * k, [x, k])


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_larger_of_two_and_its_slopes_are_an_instruction_each(name: str) -> None:
    x, y, k = Value(0.3), Value(0.2), Value(2.0)
    larger = function_of(TABLE[name])(x, y)
    assert len(instructions(larger, [x, y])) == 1
    assert sorted(op[:2] for op in instructions(larger * k, [x, y, k], "input_grad")) == ["if"] * 3
    assert_same_bits(larger, [x, y])


# The same function in different words: recognised by what it answers.
WORDS = [
    ("x if x > 0 or x != x else 0", ["1 if x > 0 else x if x != x else 0"]),
    ("0 if x <= 0 else x", ["0 if x <= 0 else 1 if x == x else x"]),
    ("0 if not (x > 0 or not x == x) else x", ["None if not (x > 0 or x != x) else 1"]),
    ("x if not (x < 0 or x == 0) else 0", ["1 if x > 0 and x == x else None if x == x else x * 1"]),
    ("(x if x > 0 else 0) if x == x else x + 1", ["(1 if 0 < x else 0) if x >= x else -x"]),
]


@pytest.mark.parametrize(("value", "slope"), WORDS)
def test_a_choice_of_ones_own_is_recognised_in_any_words(value: str, slope: list[str]) -> None:
    with row("shoe_(x)", value, *slope) as shoe:
        x, k = Value(0.3), Value(2.0)
        assert instructions(shoe(x), [x]) in (["if >"], ["if >="])
        slopes = [op for op in instructions(shoe(x) * k, [x, k], "input_grad") if op not in ("*", "neg")]
        assert len(slopes) <= 3
        assert {op[:3] for op in slopes} == {"if "}
        assert_same_bits(shoe(x) * k, [x, k])


def test_a_band_between_two_numbers_is_two_instructions() -> None:
    with row("band_(x)", "x - 1 if x > 1 else x + 1 if x < -1 else x * 0", "1 if x > 1 or x < -1 else 0") as band:
        x = Value(0.3)
        assert [op for op in instructions(band(x), [x]) if op.startswith("if ")] == ["if >", "if >"]
        assert_same_bits(band(x), [x])


def test_a_nan_that_was_compared_need_not_be_calculated() -> None:
    """Where x is nan, x * k is nan as x is: no product is left. Where k alone is nan, it is another matter."""
    with row("own_(x, k)", "1 if x == x else x * k", "x", "0") as own:
        x, k = Value(0.3), Value(2.0)
        assert "*" not in instructions(own(x, k), [x, k])
        assert_same_bits(own(x, k), [x, k])
    with row("other_(x, k)", "1 if x > 0 else x * k", "x", "0") as other:
        assert "*" in instructions(other(x, k), [x, k])
        assert_same_bits(other(x, k), [x, k])


def test_without_the_pass_a_choice_is_as_it_is_written() -> None:
    x = Value(0.3)
    routine = Program(x.relu(), [x], backend="python", passes=())._routine("value")
    assert [item.name for item in _Assembler(routine, 0).items] == ["load", ">", "!=", "or", "if", "store"]


def test_a_long_ladder_of_choices_stays_as_short_as_it_is_written() -> None:
    x, y = Value(0.3), Value(7.0)
    for bound in range(60):
        y = function_of(TABLE["where"])(x - bound, y, float(bound))
    assert len([op for op in instructions(y, [x]) if op.startswith("if")]) <= 60
    wide = " or ".join(f"x == {bound}" for bound in range(20))
    with row("wide_(x)", f"1 if {wide} else 0 * x", "0") as many:
        assert len(instructions(many(x), [x])) <= 60
        assert_same_bits(many(x), [x])


def formulas(depth: int) -> st.SearchStrategy[str]:
    """Choices of all kinds, nested."""
    operand = st.sampled_from(["x", "y", "0", "1", "-1"])
    sign = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    compared = st.builds("{} {} {}".format, operand, sign, operand)
    condition = st.recursive(
        compared,
        lambda inner: st.one_of(
            st.builds("({} and {})".format, inner, inner),
            st.builds("({} or {})".format, inner, inner),
            st.builds("(not {})".format, inner),
        ),
        max_leaves=3,
    )
    leaf = st.sampled_from(["x", "y", "0", "1", "x * y", "-x", "x + y", "abs(y) - 1", "x / y", "0 * x", "x ** y"])
    if depth == 0:
        return leaf
    inner = formulas(depth - 1)
    return st.builds("({} if {} else {})".format, inner, condition, inner)


@settings(deadline=None)
@given(formulas(1) | formulas(2))
def test_any_choice_has_the_bits_of_the_row(text: str) -> None:
    with row("any_(x, y)", text, text.replace("x * y", "None"), "0") as any_:
        x, y = Value(0.3), Value(0.7)
        assert_same_bits(any_(x, y), [x, y])
