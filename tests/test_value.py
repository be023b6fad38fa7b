"""What numbers mean: the table of semantics, row by row, and the promises of Value and its backward pass."""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
import random
import re
import sys
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from fractions import Fraction
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Graph, StaleError, Value, grad, jvp, maximum, minimum, no_grad, scope, where
from autodiff.recording import reverse
from autodiff.recording.reverse import adjoints, topological

inf, nan = math.inf, math.nan

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
}


def gradients(function: Callable[..., Value], *numbers: float, upstream: float = 1.0) -> list[float]:
    """The slopes of a function of Values at these numbers, by backward()."""
    leaves = [Value(number) for number in numbers]
    function(*leaves).backward(upstream)
    return [leaf.grad for leaf in leaves]


def value(function: Callable[..., Value], *numbers: float) -> float:
    return function(*map(Value, numbers)).data


def same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def identical(a: float, b: float) -> bool:
    """Equal, the sign of zero included."""
    return (a != a and b != b) or (a == b and math.copysign(1, a) == math.copysign(1, b))


# --- what is a number ------------------------------------------------------------------------------------------------

NUMBERS: dict[str, tuple[Any, float]] = {
    "float": (2.5, 2.5),
    "int": (3, 3.0),
    "bool": (True, 1.0),
    "negative zero": (-0.0, -0.0),
    "Fraction": (Fraction(1, 4), 0.25),
    "Decimal": (Decimal("0.1"), 0.1),
    "nan": (nan, nan),
    "inf": (inf, inf),
    "np.float64": (np.float64(2.5), 2.5),
    "np.float32": (np.float32(0.5), 0.5),
    "np.float16": (np.float16(0.5), 0.5),
    "np.longdouble": (np.longdouble(0.5), 0.5),
    "np.int8": (np.int8(-3), -3.0),
    "np.uint64": (np.uint64(7), 7.0),
    "np.bool": (np.bool_(True), 1.0),
    "np array of no dimension": (np.array(2.5), 2.5),
    "np array of no dimension, of an int": (np.array(7, dtype=object), 7.0),
    "np bool array of no dimension": (np.array(True), 1.0),
    "largest int": (int(sys.float_info.max), sys.float_info.max),
}


@pytest.mark.parametrize(("given", "number"), NUMBERS.values(), ids=NUMBERS)
def test_real_numbers_are_converted_to_float64(given: Any, number: float) -> None:
    x = Value(given)
    assert type(x.data) is float
    assert identical(x.data, number)
    x.data = given
    x.grad = given
    assert type(x.data) is type(x.grad) is float
    for result in (Value(1.0) + given, given + Value(1.0), maximum(Value(1.0), given), ad.exp(given)):
        assert type(result) is Value
        assert type(result.data) is float


REFUSED: dict[str, tuple[Any, str]] = {
    "str": ("2", r"got str '2'"),
    "long str": ("2" * 1000, r"got str '2{30,40}\.\.\."),
    "None": (None, "got NoneType"),
    "list": ([1.0, 2.0], r"got a list; make one Value for each entry"),
    "tuple": ((1.0,), r"got a tuple; make one Value for each entry"),
    "complex": (1 + 2j, r"got complex \(1\+2j\)"),
    "bytes": (b"2", "got bytes b'2'"),
    "dict": ({}, "got dict"),
    "set": ({1}, "got set"),
    "object": (object(), "got object"),
    "function": (math.exp, "got builtin_function_or_method"),
    "type": (float, "got type"),
    "range": (range(2), "got range"),
    "np.complex128": (np.complex128(1), "got complex"),
    "np.str_": (np.str_("2"), "got str"),
    "np.datetime64": (np.datetime64("2020"), "got datetime64"),
    "signalling Decimal": (Decimal("sNaN"), "got Decimal"),
}
ARRAYS: dict[str, Any] = {
    "array": np.array([1.0, 2.0]),
    "array of one": np.array([1.0]),
    "matrix": np.eye(2),
    "empty array": np.array([]),
    "object array": np.array([None], dtype=object),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_anything_else_is_a_type_error_that_names_what_was_got(given: Any, message: str) -> None:
    x = Value(1.0)
    refusals = [
        lambda: Value(given),
        lambda: x + given,
        lambda: x**given,
        lambda: maximum(x, given),
        lambda: ad.where(given, x, x),
        lambda: x.backward(given),
        lambda: setattr(x, "data", given),
    ]
    if not isinstance(given, np.generic):
        refusals += [lambda: given - x, lambda: given / x]
    if given is not None:  # None is how a gradient is forgotten
        refusals.append(lambda: setattr(x, "grad", given))
    for refusal in refusals:
        with pytest.raises(TypeError, match=message) as caught:
            refusal()
        assert "needs" in str(caught.value)
    assert (x.data, x.grad_state) == (1.0, "not computed")


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_an_array_is_no_value(array: Any) -> None:
    for refusal in (lambda: Value(array), lambda: maximum(Value(1.0), array), lambda: ad.exp(array)):
        with pytest.raises(TypeError, match=r"got (a )?ndarray"):
            refusal()


TENSORS: dict[str, Callable[[Any], Any]] = {
    "of no dimension": lambda torch: torch.tensor(2.5),
    "of one entry": lambda torch: torch.tensor([2.5]),
    "of one entry, twice nested": lambda torch: torch.tensor([[2.5]], dtype=torch.float64),
    "that requires a gradient": lambda torch: torch.tensor(2.5, requires_grad=True),
    "of a parameter": lambda torch: torch.nn.Parameter(torch.tensor([2.5])),
    "of float16": lambda torch: torch.tensor(2.5, dtype=torch.float16),
    "of bfloat16": lambda torch: torch.tensor(2.5, dtype=torch.bfloat16),
}


@pytest.mark.parametrize("tensor", TENSORS.values(), ids=TENSORS)
def test_a_tensor_of_one_number_is_that_number(tensor: Callable[[Any], Any]) -> None:
    given, x = tensor(pytest.importorskip("torch")), Value(1.0)
    constant = given.detach()
    assert [(x * constant).data, (constant + x).data, maximum(x, constant).data, Value(given).data] == [
        2.5,
        3.5,
        2.5,
        2.5,
    ]
    (x * 2).backward(given)
    assert x.grad == 5.0
    x.data = x.grad = given
    assert (type(x.data), x.data, x.grad) == (float, 2.5, 2.5)
    assert Graph(x * 2).evaluate({x: given}) == [2.5, 5.0]


@pytest.mark.parametrize("record", [*OPERATORS.values(), maximum, lambda x, t: where(x, t, 1.0), Value.clamp])
def test_a_tensor_that_records_too_is_no_operand(record: Callable[..., Any]) -> None:
    torch = pytest.importorskip("torch")
    for there in (torch.tensor(2.5, requires_grad=True), torch.nn.Parameter(torch.tensor([2.5]))):
        for operands in [(Value(1.0), there)] + [(there, Value(1.0))] * (record in OPERATORS.values()):
            with pytest.raises(TypeError, match=r"^this (Tensor|Parameter) requires a gradient in torch.*x.item\(\)"):
                record(*operands)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda torch: torch.tensor([1.0, 2.0]), "got a Tensor; make one Value for each entry"),
        (lambda torch: torch.tensor([]), "got a Tensor; make one Value for each entry"),
        (lambda torch: torch.tensor(1j), "got Tensor: .* complex"),
        (lambda torch: torch.tensor(1.0).to_sparse(), "got Tensor: .* sparse"),
        (lambda torch: np.array("2"), "got ndarray: .* text"),
        (lambda torch: np.array(Value(1.0)), "got Value"),
        (lambda torch: np.ma.array(2.5, mask=True), "got MaskedArray: .* masked"),
    ],
)
def test_other_tensors_and_arrays_are_refused_by_what_they_are(make: Callable[[Any], Any], message: str) -> None:
    given = make(pytest.importorskip("torch"))
    with pytest.raises(TypeError, match=message):
        Value(given)


def test_a_value_is_not_made_of_a_value() -> None:
    with pytest.raises(TypeError, match="got Value"):
        Value(Value(1.0))


@pytest.mark.parametrize("number", [10**400, -(10**400), Fraction(10**400), 2**1024], ids=["+", "-", "Fraction", "2^"])
def test_an_integer_too_large_is_an_overflow_error(number: Any) -> None:
    x = Value(1.0)
    for refusal in (lambda: Value(number), lambda: x * number, lambda: number * x, lambda: maximum(x, number)):
        with pytest.raises(OverflowError, match="too large for a float"):
            refusal()


@pytest.mark.parametrize("name", [3, b"x", ["x"], Value(1.0)], ids=type)
def test_a_name_is_a_string(name: Any) -> None:
    with pytest.raises(TypeError, match="name is a string"):
        Value(1.0, name)
    with pytest.raises(TypeError, match="name is a string"):
        Value(1.0).name = name
    with pytest.raises(TypeError, match="name is a string"):
        scope(name)


def test_value_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError, match="operation"):
        type("Special", (Value,), {})


def test_value_takes_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).gard = 0.0  # type: ignore[attr-defined]


# --- operators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize(
    "other", [3, 0.5, True, Fraction(1, 4), np.float64(3), np.float32(3), np.int64(3), np.bool_(1)]
)
def test_operators_take_numbers_on_either_side(symbol: str, other: Any) -> None:
    apply, x = OPERATORS[symbol], Value(2.0)
    right, left = apply(x, other), apply(other, x)
    assert type(right) is type(left) is Value
    assert right.data == apply(2.0, float(other))
    assert left.data == apply(float(other), 2.0)
    assert right.args == (x, float(other))
    assert left.args == (float(other), x)
    assert right.parents == left.parents == (x,)


@pytest.mark.parametrize("symbol", OPERATORS)
def test_in_place_operators_make_a_new_value(symbol: str) -> None:
    x = Value(2.0)
    y = getattr(operator, {"+": "iadd", "-": "isub", "*": "imul", "/": "itruediv", "**": "ipow"}[symbol])(x, 3)
    assert y is not x
    assert x.data == 2.0
    assert y.parents == (x,)


def test_parents_keep_their_order_and_repeats() -> None:
    a, b = Value(2.0), Value(3.0)
    assert (a - b).parents == (a, b)
    assert (b - a).parents == (b, a)
    assert (a * a).parents == (a, a)
    assert where(a, b, a).parents == (a, b, a)
    assert a.parents == ()
    assert a.op is None


def test_unary_operators() -> None:
    x = Value(-2.0)
    assert (-x).data == 2.0
    assert abs(x).data == 2.0
    assert (+x) is x


@pytest.mark.parametrize("name", sorted(name for name in dir(Value) if name in ad.TABLE))
def test_methods_are_the_functions_of_the_table(name: str) -> None:
    op = ad.TABLE[name]
    numbers = [0.3, 0.6, 0.9][: len(op.inputs) - len(op.defaults)]
    method = getattr(Value(numbers[0]), name)(*numbers[1:])
    function = getattr(ad, name)(Value(numbers[0]), *numbers[1:])
    assert method.op is function.op is op
    assert method.data == function.data == op.evaluate(*numbers, *op.defaults.values())


def test_methods_and_functions_have_names_and_documentation() -> None:
    assert Value.tanh.__name__ == "tanh"
    assert "tangent" in (Value.tanh.__doc__ or "")
    assert ad.exp.__doc__


def test_a_value_is_printed_with_what_is_known_of_it() -> None:
    x = Value(2.0, "x")
    assert repr(x) == "Value(2.0, name='x')"
    y = x * 3
    y.backward()
    assert repr(y) == "Value(6.0, op='×', grad=1.0)"
    assert repr(x) == "Value(2.0, name='x', grad=3.0)"
    assert f"{x:.3f}" == "2.000"
    loser = Value(1.0)
    maximum(x, loser).backward()
    assert repr(loser) == "Value(1.0, grad=no path)"


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize("other", [1.0, 1, Value(1.0), np.float64(1), None])
def test_comparisons_point_to_maximum(compare: Callable[[Any, Any], Any], other: Any) -> None:
    for left, right in ((Value(1.0), other), (other, Value(1.0))):
        with pytest.raises(TypeError, match="maximum"):
            compare(left, right)


@pytest.mark.parametrize("builtin", [max, min, sorted])
def test_builtin_max_points_to_maximum(builtin: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"maximum\(a, b\)"):
        builtin([Value(1.0), Value(2.0)])


@pytest.mark.parametrize("leave", [float, int, math.exp, math.floor])
def test_what_would_leave_the_graph_is_refused(leave: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"number of a Value is x\.data"):
        leave(Value(1.5))


def test_equality_is_identity() -> None:
    x, twin = Value(1.0), Value(1.0)
    assert x == x
    assert x != twin
    assert len({x, twin}) == 2
    assert (x in [twin, x], x in [twin]) == (True, False)


@pytest.mark.parametrize("other", [None, "1.0", b"1", (1.0,), [1.0], {}, object(), float, Value], ids=repr)
def test_what_is_no_number_equals_no_value(other: object) -> None:
    x = Value(1.0)
    assert [x == other, other == x, x != other, other != x] == [False, False, True, True]


EQUALS = [1.0, 0, True, 1j, nan, Fraction(1), Decimal(1), np.float64(1), np.float32(1), np.uint8(1), np.True_]


@pytest.mark.parametrize("number", [*EQUALS, np.array(1.0), np.array([1.0, 2.0])], ids=repr)
@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
def test_a_value_is_not_compared_with_a_number(compare: Callable[[Any, Any], bool], number: Any) -> None:
    x = Value(1.0)
    for pair in ((x, number), (number, x)):
        with pytest.raises(TypeError, match=r"y\.data =="):
            compare(*pair)
    with pytest.raises(TypeError, match=r"y\.data =="):
        _ = x in [number, number]


@pytest.mark.parametrize("name", ["maximum", "minimum", "softmax", "logsumexp"])
def test_only_a_lone_list_is_asked_to_be_written_with_a_star(name: str) -> None:
    function, x = getattr(ad, name), Value(1.0)
    with pytest.raises(TypeError, match=rf"got one list; for a list write {name}\(\*values\)"):
        function([x, x])
    for others in ([x, [x]], [[x], x], [x, "2"], ["2", x, x]):
        with pytest.raises(TypeError, match=r"a Value needs (a|one) real number, got (a list|str)"):
            function(*others)


class Scalar:
    """A number of a library that nobody knows: it becomes a float, and is one number unless it says otherwise."""

    def __init__(self, **dimensions: int) -> None:
        self.__dict__.update(dimensions)

    def __float__(self) -> float:
        return 1.0


def test_what_becomes_a_float_is_a_number_unless_it_has_dimensions() -> None:
    x = Value(1.0)
    for number in (Scalar(), Scalar(ndim=0)):
        for compare in (operator.eq, operator.ne):
            with pytest.raises(TypeError, match=r"y\.data =="):
                compare(x, number)
    assert (x == Scalar(ndim=1), x != Scalar(ndim=2)) == (False, True)


def test_arrays_of_values_compare_element_by_element() -> None:
    x, y = Value(1.0), Value(1.0)
    assert (np.array([x, y]) == np.array([x, x])).tolist() == [True, False]


@given(st.lists(st.floats(), min_size=1, max_size=6))
def test_sum_begins_with_the_first_value(numbers: list[float]) -> None:
    values = [Value(number) for number in numbers]
    total, bare = sum(values), values[0]
    for other in values[1:]:
        bare = bare + other
    assert identical(total.data, bare.data)
    assert len(Graph(total)) == 2 * len(values) - 1


def test_zero_plus_a_value_is_the_value() -> None:
    x = Value(-0.0)
    assert all(same is x for same in (0 + x, +x, sum([x])))
    assert math.copysign(1.0, (0 + x).data) == -1.0


@pytest.mark.parametrize("zero", [0.0, -0.0, False, Fraction(0), Decimal(0), np.float64(0)], ids=repr)
def test_any_other_zero_is_added(zero: Any) -> None:
    x = Value(3.0)
    assert (zero + x).parents == (x,)
    assert (x + 0).parents == (0 - x).parents == (0 * x).parents == (1 + x).parents == (x,)


@pytest.mark.parametrize("name", ["maximum", "minimum", "logsumexp", "softmax"])
def test_functions_of_many_values_take_them_one_by_one(name: str) -> None:
    function = getattr(ad, name)
    with pytest.raises(TypeError, match=rf"{name}\(\*values\)"):
        function([Value(1.0), Value(2.0)])
    with pytest.raises(TypeError, match="at least one"):
        function()
    alone = function(3)
    assert (alone[0] if isinstance(alone, list) else alone).op is not None


# --- IEEE arithmetic -------------------------------------------------------------------------------------------------

# A function, where, its value, and its slopes.
IEEE: dict[str, tuple[Callable[..., Value], list[float], float, list[float]]] = {
    "1/0": (lambda a, b: a / b, [1, 0], inf, [inf, -inf]),
    "-1/0": (lambda a, b: a / b, [-1, 0], -inf, [inf, inf]),
    "1/-0": (lambda a, b: a / b, [1, -0.0], -inf, [-inf, -inf]),
    "0/0": (lambda a, b: a / b, [0, 0], nan, [inf, nan]),
    "constant 1/0": (lambda a: 1 / a, [0], inf, [-inf]),
    "constant /0": (lambda a: a / 0, [1], inf, [inf]),
    "log 0": (ad.log, [0], -inf, [inf]),
    "log -1": (ad.log, [-1], nan, [-1]),
    "log1p -1": (ad.log1p, [-1], -inf, [inf]),
    "sqrt 0": (ad.sqrt, [0], 0.0, [inf]),
    "sqrt -1": (ad.sqrt, [-1], nan, [nan]),
    "asin 2": (ad.asin, [2], nan, [nan]),
    "acos 2": (ad.acos, [2], nan, [nan]),
    "exp 710": (ad.exp, [710], inf, [inf]),
    "expm1 710": (ad.expm1, [710], inf, [inf]),
    "sinh 711": (ad.sinh, [711], inf, [inf]),
    "cosh -711": (ad.cosh, [-711], inf, [-inf]),
    "sin inf": (ad.sin, [inf], nan, [nan]),
    "2**1024": (lambda a, b: a**b, [2, 1024], inf, [inf, inf]),
    "constant 2**1024": (lambda b: 2**b, [1024], inf, [inf]),
    "-2**0.5": (lambda a, b: a**b, [-2, 0.5], nan, [nan, nan]),
    "-2**constant 0.5": (lambda a: a**0.5, [-2], nan, [nan]),
    "-2**2": (lambda a, b: a**b, [-2, 2], 4.0, [-4, nan]),
    "-2**constant 3": (lambda a: a**3, [-2], -8.0, [12]),
    "-10**309": (lambda a: a**309, [-10], -inf, [inf]),
    "-0.1**-309": (lambda a: a**-309, [-0.1], -inf, [-inf]),
    "0**0": (lambda a, b: a**b, [0, 0], 1.0, [0, 0]),
    "0**constant 0": (lambda a: a**0, [0], 1.0, [0]),
    "5**0": (lambda a: a**0, [5], 1.0, [0]),
    "inf**0": (lambda a: a**0, [inf], 1.0, [0]),
    "0**2": (lambda a, b: a**b, [0, 2], 0.0, [0, 0]),
    "0**-1": (lambda a, b: a**b, [0, -1], inf, [-inf, -inf]),
    "inf - inf": (lambda a, b: a - b, [inf, inf], nan, [1, -1]),
    "inf * 0": (lambda a, b: a * b, [inf, 0], nan, [0, inf]),
    "relu 0": (ad.relu, [0], 0.0, [0]),
    "relu nan": (ad.relu, [nan], nan, [nan]),
    "relu -inf": (ad.relu, [-inf], 0.0, [0]),
    "abs 0": (ad.absolute, [0], 0.0, [0]),
    "abs -0": (ad.absolute, [-0.0], 0.0, [0]),
    "abs -3": (ad.absolute, [-3], 3.0, [-1]),
    "sign 0": (ad.sign, [0], 0.0, [0]),
    "sign 3": (ad.sign, [3], 1.0, [0]),
    "sign -inf": (ad.sign, [-inf], -1.0, [0]),
    "sign nan": (ad.sign, [nan], nan, [0]),
    "leaky_relu 0": (ad.leaky_relu, [0], 0.0, [0.01]),
    "leaky_relu 0, slope 0.5": (lambda x: ad.leaky_relu(x, 0.5), [0], 0.0, [0.5]),
    "leaky_relu -2": (ad.leaky_relu, [-2], -0.02, [0.01]),
    "elu 0": (ad.elu, [0], 0.0, [1]),
    "clamp below": (lambda x: x.clamp(-1, 1), [-2], -1.0, [0]),
    "clamp at the lower bound": (lambda x: x.clamp(-1, 1), [-1], -1.0, [1]),
    "clamp inside": (lambda x: x.clamp(-1, 1), [0.5], 0.5, [1]),
    "clamp at the upper bound": (lambda x: x.clamp(-1, 1), [1], 1.0, [1]),
    "clamp above": (lambda x: x.clamp(-1, 1), [2], 1.0, [0]),
    "clamp nan": (lambda x: x.clamp(-1, 1), [nan], nan, [0]),
    "clamp nan, low above high": (lambda x: x.clamp(1, -1), [nan], nan, [0]),
    "clamp, the lower bound nan": (ad.clamp, [2, nan, 1], nan, [0, 0, 0]),
    "clamp, the upper bound nan": (ad.clamp, [-2, 0, nan], nan, [0, 0, 0]),
    "clamp, low above high": (ad.clamp, [3, 2, 1], 1.0, [0, 0, 1]),
    "clamp of inf": (ad.clamp, [inf, 0, inf], inf, [1, 0, 0]),
    "hypot 0, 0": (ad.hypot, [0, 0], 0.0, [0, 0]),
    "hypot of large numbers": (ad.hypot, [3 * 2.0**600, 4 * 2.0**600], 5 * 2.0**600, [0.6, 0.8]),
    "hypot of one": (ad.hypot, [-3], 3.0, [-1]),
    "hypot of one, 0": (ad.hypot, [0], 0.0, [0]),
    "hypot of many zeros": (ad.hypot, [0, 0, -0.0, 0], 0.0, [0, 0, 0, 0]),
    "hypot of zeros and one": (ad.hypot, [0, 0, -3, 0], 3.0, [0, 0, -1, 0]),
    "hypot of three": (ad.hypot, [2, 3, 6], 7.0, [2 / 7, 3 / 7, 6 / 7]),
    "hypot of many large numbers": (
        ad.hypot,
        [2 * 2.0**1000, 3 * 2.0**1000, 6 * 2.0**1000],
        7 * 2.0**1000,
        [2 / 7, 3 / 7, 6 / 7],
    ),
    "hypot of many tiny numbers": (ad.hypot, [3 * 2.0**-1060, 0, 4 * 2.0**-1060], 5 * 2.0**-1060, [0.6, 0, 0.8]),
    "hypot of inf": (ad.hypot, [3, -inf], inf, [0, -1]),
    "hypot of inf and others": (ad.hypot, [1, inf, 2, -3], inf, [0, 1, 0, 0]),
    "hypot of inf and nan": (ad.hypot, [-inf, nan], inf, [-1, nan]),
    "hypot of nan and inf": (ad.hypot, [nan, 1, inf], inf, [nan, nan, 1]),
    "hypot with a nan": (ad.hypot, [3, nan, 4], nan, [nan, nan, nan]),
    "atan2 0, 0": (ad.atan2, [0, 0], 0.0, [0, 0]),
}


@pytest.mark.parametrize(("function", "at", "number", "slopes"), IEEE.values(), ids=IEEE)
def test_arithmetic_is_ieee(
    function: Callable[..., Value], at: list[float], number: float, slopes: list[float]
) -> None:
    assert identical(value(function, *at), number)
    found = gradients(function, *at)
    assert all(map(same, found, slopes)), found
    leaves = [Value(x) for x in at]
    recorded = [slope.data for slope in grad(function(*leaves), leaves)]
    assert all(map(same, recorded, slopes)), recorded


@pytest.mark.parametrize("x", [1000.0, -1000.0, 745.0, -745.0, 40.0, -40.0, 1e308, -1e308])
def test_activations_are_stable_far_out(x: float) -> None:
    on = float(x > 0)
    small = 1e-14
    for function, number, slope in (
        (ad.sigmoid, on, 0.0),
        (ad.softplus, max(x, 0.0), on),
        (ad.gelu, max(x, 0.0), on),
        (ad.gelu_tanh, max(x, 0.0), on),
        (ad.silu, max(x, 0.0), on),
        (ad.tanh, math.copysign(1.0, x), 0.0),
        (lambda v: ad.elu(v), x if x > 0 else -1.0, on),
        (lambda v: ad.logsumexp(v, 0.0), max(x, 0.0), on),
    ):
        assert value(function, x) == pytest.approx(number, rel=small, abs=small)
        if abs(x) < 1e300:
            assert gradients(function, x) == [pytest.approx(slope, rel=small, abs=small)]


def test_logsumexp_and_softmax_are_exact_at_any_magnitude() -> None:
    for shift in (-1e5, -1000.0, 0.0, 1000.0, 1e5):
        values = [Value(shift), Value(shift), Value(shift - 800.0)]
        total = ad.logsumexp(*values)
        assert total.data == shift + math.log(2)
        total.backward()
        assert [v.grad for v in values] == [0.5, 0.5, 0.0]
        assert [p.data for p in ad.softmax(*values)] == pytest.approx([0.5, 0.5, 0.0], abs=1e-10)
    assert ad.logsumexp(Value(-inf), Value(-inf)).data == -inf
    assert ad.logsumexp(Value(inf), Value(0.0)).data == inf


# --- max, min, where: who wins, and who has no path ------------------------------------------------------------------

WINNERS: dict[str, tuple[list[float], int, int]] = {
    "first is larger": ([2, 1], 0, 1),
    "second is larger": ([1, 2], 1, 0),
    "tie": ([1, 1], 0, 0),
    "tie of three": ([1, 1, 1], 0, 0),
    "tie for the largest": ([0, 2, 2], 1, 0),
    "zeros tie": ([-0.0, 0.0], 0, 0),
    "zeros tie the other way": ([0.0, -0.0], 0, 0),
    "nan first": ([nan, 1, 2], 0, 0),
    "nan last": ([1, 2, nan], 2, 2),
    "two nans": ([1, nan, nan], 1, 1),
    "infinities tie": ([-inf, inf, inf], 1, 0),
    "all -inf": ([-inf, -inf], 0, 0),
    "one": ([5], 0, 0),
}


@pytest.mark.parametrize(("numbers", "largest", "smallest"), WINNERS.values(), ids=WINNERS)
@pytest.mark.parametrize("upstream", [1.0, 0.0, -3.0, inf, nan])
def test_the_first_that_attains_the_extremum_takes_all(
    numbers: list[float], largest: int, smallest: int, upstream: float
) -> None:
    for extremum, winner in ((maximum, largest), (minimum, smallest)):
        leaves = [Value(number) for number in numbers]
        y = extremum(*leaves)
        assert identical(y.data, float(numbers[winner]))
        y.backward(upstream)
        assert same(leaves[winner].grad, upstream)
        assert {leaf.grad_state for leaf in leaves if leaf is not leaves[winner]} <= {"no path"}


def test_where_takes_its_first_branch_above_zero_only() -> None:
    for condition, taken in ((1.0, 1), (5e-324, 1), (0.0, 2), (-0.0, 2), (-1.0, 2), (nan, 2), (inf, 1)):
        leaves = [Value(condition), Value(10.0), Value(20.0)]
        y = where(*leaves)
        y.backward(inf)
        assert y.data == leaves[taken].data
        assert [leaf.grad_state == "no path" for leaf in leaves] == [i != taken for i in range(3)]


# Each has an infinite slope on the side that is not taken.
GUARDED: dict[str, tuple[Callable[[Value], Value], float, float]] = {
    "where of sqrt": (lambda x: where(x, ad.sqrt(x), 0.0), 0.0, 0.0),
    "where of log": (lambda x: where(x, ad.log(x), -1.0), 0.0, 0.0),
    "where of 1/x": (lambda x: where(x * x, 1 / x, x), 0.0, 1.0),
    "max of 1 and sqrt": (lambda x: maximum(ad.sqrt(x), 1.0), 0.0, 0.0),
    "min of 1/x": (lambda x: minimum(1 / x, 3 * x + 1), 0.0, 3.0),
    "relu of log": (lambda x: ad.relu(ad.log(x)), 0.0, 0.0),
    "clamp of log": (lambda x: ad.clamp(ad.log(x), -1, 1), 0.0, 0.0),
    "further back": (lambda x: where(x, ad.sqrt(x) * 3 - 1, x), 0.0, 1.0),
    "product with an infinite factor": (lambda x: where(x, ad.log(x) * x, x), 0.0, 1.0),
    "two losers meet": (lambda x: (lambda s: maximum(s, 1.0) + minimum(-s, -1.0))(ad.sqrt(x)), 0.0, 0.0),
    "one way in and one way out": (lambda x: where(x - 2, ad.sqrt(x), 0.0) + ad.sqrt(x), 1.0, 0.5),
    "nested": (lambda x: where(1.0 + x, where(x, ad.sqrt(x), x), x), 0.0, 1.0),
    "nested, the outer one not taken": (lambda x: where(x - 1, where(1 + x, ad.sqrt(x), x), x), 0.0, 1.0),
    "power": (lambda x: where(x, x**0.5, x), 0.0, 1.0),
}


@pytest.mark.parametrize(("function", "at", "slope"), GUARDED.values(), ids=GUARDED)
def test_nothing_leaks_through_the_branch_not_taken(
    function: Callable[[Value], Value], at: float, slope: float
) -> None:
    assert gradients(function, at) == [slope]
    x = Value(at)
    assert grad(function(x), x).data == slope
    assert grad(function(x), x, create_graph=False).data == slope
    assert jvp(function(x), [x], [1.0]).data == slope
    second = grad(grad(function(x), x), x).data
    assert second == (-0.25 if at else 0.0)


@pytest.mark.parametrize(("function", "at", "slope"), GUARDED.values(), ids=GUARDED)
def test_a_recorded_gradient_decides_anew_and_still_leaks_nothing(
    function: Callable[[Value], Value], at: float, slope: float
) -> None:
    x = Value(2.5)
    graph = Graph(grad(function(x), x))
    for number in (at, 0.25, 2.5, 1.0, at):
        x.data = number
        assert graph.forward()[0] == pytest.approx(gradients(function, number)[0], rel=1e-12)
    assert graph.forward() == (slope,)


# --- backward --------------------------------------------------------------------------------------------------------


def test_a_second_backward_doubles_the_leaves_exactly() -> None:
    a, b = Value(0.1), Value(0.7)
    y = (a * b).tanh() * a + b.exp()
    y.backward()
    once = [a.grad, b.grad]
    inner = [node.grad for node in Graph(y).values if node.op]
    y.backward()
    assert [a.grad, b.grad] == [2 * once[0], 2 * once[1]]
    assert [node.grad for node in Graph(y).values if node.op] == inner


def test_two_losses_accumulate_in_their_shared_leaves() -> None:
    a = Value(3.0)
    h = a * a
    (h * 2).backward()
    assert (a.grad, h.grad) == (12.0, 2.0)
    (h * h).backward()
    assert (a.grad, h.grad) == (12.0 + 108.0, 18.0)


def test_a_leaf_is_its_own_gradient() -> None:
    x = Value(3.0)
    x.backward()
    x.backward(0.5)
    assert x.grad == 1.5


def test_gradients_have_different_states() -> None:
    winner, loser, stranger, still = Value(2.0), Value(1.0), Value(5.0), Value(3.0)
    y = maximum(winner, loser) + 0 * still
    assert {v.grad_state for v in (winner, loser, stranger, still, y)} == {"not computed"}
    y.backward()
    assert [v.grad_state for v in (winner, loser, stranger, still)] == ["value", "no path", "not computed", "zero"]
    assert [v.grad for v in (winner, loser, stranger, still)] == [1.0, 0.0, 0.0, 0.0]
    winner.grad = None
    assert winner.grad_state == "not computed"
    winner.grad = 0
    assert winner.grad_state == "zero"


def test_a_leaf_without_a_path_keeps_what_it_has() -> None:
    a, b = Value(2.0), Value(1.0)
    (a + b).backward()
    maximum(a, b).backward()
    assert (a.grad, b.grad, b.grad_state) == (2.0, 1.0, "value")
    c = Value(0.0)
    maximum(a, c).backward()
    (a + c).backward(-2.0)
    assert (c.grad, c.grad_state) == (-2.0, "value")


def test_behind_a_node_without_a_path_there_is_no_path() -> None:
    a, x = Value(2.0), Value(0.5)
    hidden = ad.exp(x)
    maximum(a, hidden * 0.1).backward(inf)
    assert hidden.grad_state == x.grad_state == "no path"


@pytest.mark.parametrize("upstream", [inf, -inf, nan, 1.0])
def test_a_slope_that_is_zero_everywhere_sends_exactly_zero(upstream: float) -> None:
    x = Value(3.0)
    y = ad.sign(x)
    y.backward(upstream)
    assert (x.grad, x.grad_state) == (0.0, "zero")
    assert [flow.contribution for flow in Graph(y).flows()] == [0.0]
    assert grad(y * upstream, x).data == 0.0


def test_upstream_is_multiplied_in() -> None:
    assert gradients(lambda x: x * x, 3.0, upstream=-0.5) == [-3.0]


def test_no_grad_records_nothing() -> None:
    x = Value(2.0)
    with no_grad():
        y = x * 3
        with scope("inside"):
            z = y.exp()
    assert y.parents == z.parents == ()
    assert y.op is None
    assert (x * 3).parents == (x,)
    y.backward()
    assert (y.grad, x.grad_state) == (1.0, "not computed")


def test_no_grad_ends_with_an_exception() -> None:
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (-Value(1.0)).op is not None


def test_no_grad_decorates() -> None:
    @no_grad()
    def twice(x: Value) -> Value:
        return x * 2

    assert twice(Value(1.0)).op is None
    assert (Value(1.0) * 2).op is not None


@pytest.mark.parametrize("kind", ["generator", "coroutine", "asynchronous generator"])
def test_no_grad_refuses_to_decorate_what_runs_later(kind: str) -> None:
    def generator() -> Any:
        yield Value(1.0)

    async def coroutine() -> Value:
        return Value(1.0)

    async def both() -> Any:
        yield Value(1.0)

    function = {"generator": generator, "coroutine": coroutine, "asynchronous generator": both}[kind]
    with pytest.raises(TypeError, match=f"'{function.__name__}' is run later"):
        no_grad()(function)


def test_detach_cuts_the_history() -> None:
    x = Value(2.0, "x")
    y = x.detach() * x
    y.backward()
    assert x.grad == 2.0
    assert x.detach().name == "x"


# --- data that change ------------------------------------------------------------------------------------------------


def chain() -> tuple[Value, Value, Value]:
    x = Value(2.0, "x")
    h = x * x
    h.name = "h"
    y = h * 3
    y.name = "y"
    return x, h, y


QUESTIONS: dict[str, Callable[[Value, Value], Any]] = {
    "backward": lambda x, y: y.backward(),
    "grad": lambda x, y: grad(y, x),
    "grad without a graph": lambda x, y: grad(y, x, create_graph=False),
    "jvp": lambda x, y: jvp(y, [x], [1.0]),
    "jacobian": lambda x, y: ad.jacobian([y], [x]),
    "hessian": lambda x, y: ad.hessian(y, [x]),
    "flows": lambda x, y: Graph(y).flows(),
    "gradcheck": lambda x, y: ad.gradcheck(y),
    "of a later node": lambda x, y: (y + 1).backward(),
    "of a deepcopy": lambda x, y: copy.deepcopy(y).backward(),
    "of a copy": lambda x, y: copy.copy(y).backward(),
    "of a pickle": lambda x, y: pickle.loads(pickle.dumps(y)).backward(),
    "of a copied graph": lambda x, y: copy.deepcopy(Graph(y)).values[-1].backward(),
    "of a pickled graph": lambda x, y: pickle.loads(pickle.dumps(Graph(y))).values[-1].backward(),
    "of JSON": lambda x, y: Graph.from_json(Graph(y).to_json()).values[-1].backward(),
    "of a copy of a copy": lambda x, y: copy.deepcopy(pickle.loads(pickle.dumps(y))).backward(),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_changed_leaf_makes_every_question_an_error_that_names_it(question: Callable[[Value, Value], Any]) -> None:
    x, h, y = chain()
    y.backward()
    x.data = 5.0
    before = [(v.data, v.grad) for v in (x, h, y)]
    with pytest.raises(StaleError, match="'x' was changed after 'h' had been computed"):
        question(x, y)
    assert [(v.data, v.grad) for v in (x, h, y)] == before
    Graph(y).forward()
    x.grad = None
    question(x, y)


@given(st.randoms(use_true_random=False))
def test_what_is_older_than_its_operands_is_found_whatever_was_written_when(draw: random.Random) -> None:
    """Told by the stamps of all nodes, one by one: leaves and nodes are written, copied, and brought up to date."""
    nodes = [Value(1.0), Value(2.0)]
    for _ in range(draw.randrange(2, 14)):
        node, other = draw.choices(nodes, k=2)
        match draw.randrange(6):
            case 0:
                node.data = draw.random()
            case 1:
                nodes.append(copy.deepcopy(node))
            case 2 if all(reverse.staleness(at) != math.inf for at in topological([node], check=False)):
                Graph(node).forward()
            case _:
                nodes.append(maximum(node, other, draw.choice(nodes)) if draw.random() < 0.3 else node * other)
    for node in nodes:
        is_stale = any(reverse.staleness(at) is not None for at in topological([node], check=False))
        with pytest.raises(StaleError) if is_stale else nullcontext():
            topological([node])


def test_where_nothing_was_written_since_nobody_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x, old = Value(2.0), Value(1.0)
    old.data = 3.0
    y = (x * old) ** 2
    monkeypatch.setattr(reverse, "staleness", lambda node: pytest.fail("each node is looked at"))
    y.backward()
    assert x.grad == 36.0


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_an_overwritten_node_makes_every_question_an_error_that_names_it(
    question: Callable[[Value, Value], Any],
) -> None:
    x, h, y = chain()
    h.data = 5.0
    with pytest.raises(StaleError, match="'h'"):
        question(x, y)
    with pytest.raises(StaleError, match="'h'"):
        h.backward()
    Graph(y).forward()
    assert h.data == 4.0
    question(x, y)


def test_updating_and_recording_anew_is_no_error() -> None:
    x = Value(1.0)
    for _ in range(5):
        y = x * x
        x.grad = None
        y.backward()
        x.data -= 0.25 * x.grad
    assert x.data == 1 / 32


def test_the_gradient_of_what_does_not_use_the_changed_leaf_is_no_error() -> None:
    a, b = Value(2.0), Value(3.0)
    y, _ = a * a, a * b
    b.data = 7.0
    y.backward()
    assert a.grad == 4.0


def test_a_partial_forward_leaves_the_rest_stale() -> None:
    x, h, y = chain()
    x.data = 5.0
    assert Graph(h).forward() == (25.0,)
    h.backward()
    assert x.grad == 10.0
    with pytest.raises(StaleError, match="'h' was changed after 'y'"):
        y.backward()
    assert Graph(y).forward() == (75.0,)
    y.backward()
    assert x.grad == 40.0


def test_a_forward_that_changes_nothing_makes_nothing_stale() -> None:
    x, h, y = chain()
    Graph(h).forward()
    y.backward()
    assert x.grad == 12.0


def test_after_forward_old_gradients_of_computed_nodes_are_not_shown_beside_new_numbers() -> None:
    x, h, y = chain()
    y.backward()
    x.data = 5.0
    graph = Graph(y)
    graph.forward()
    assert [v.grad_state for v in (x, h, y)] == ["value", "not computed", "not computed"]
    assert {flow.contribution for flow in graph.flows()} == {None}


class Action:
    """What can happen to a growing graph of exact numbers between a recording and a backward pass."""

    def __init__(self) -> None:
        self.leaves = [Value(float(number)) for number in (1, 2, -3)]
        self.nodes: list[Value] = list(self.leaves)

    def record(self, i: int, j: int) -> None:
        a, b = self.nodes[i % len(self.nodes)], self.nodes[j % len(self.nodes)]
        self.nodes.append([lambda: a + b, lambda: a - b, lambda: maximum(a, b), lambda: -a][(i + j) % 4]())

    def change(self, i: int, j: int) -> None:
        self.leaves[i % 3].data = j

    def overwrite(self, i: int, j: int) -> None:
        self.nodes[i % len(self.nodes)].data = j

    def forward(self, i: int, j: int) -> None:
        Graph(self.nodes[i % len(self.nodes)]).forward()

    def copy(self, i: int, j: int) -> None:
        graph = Graph(*self.nodes)
        routes = [lambda: copy.deepcopy(graph), lambda: pickle.loads(pickle.dumps(graph))]
        routes += [lambda: Graph.from_json(graph.to_json())]
        values = routes[j % 3]().values
        numbers = {node: graph.number(node) for node in self.nodes}
        self.leaves = [values[numbers[leaf]] for leaf in self.leaves]
        self.nodes = [values[numbers[node]] for node in self.nodes]


ACTIONS = [Action.record, Action.change, Action.overwrite, Action.forward, Action.copy]
STEPS = st.tuples(st.sampled_from([Action.record, Action.record, *ACTIONS]), st.integers(0, 9), st.integers(-3, 9))


@given(st.lists(STEPS, min_size=1, max_size=14))
def test_whatever_happens_old_and_new_numbers_are_never_mixed(steps: list[tuple[Any, int, int]]) -> None:
    world = Action()
    for action, i, j in steps:
        action(world, i, j)
    for output in world.nodes:
        try:
            order = adjoints(output)[0]
        except StaleError:
            Graph(output).forward()
            order = adjoints(output)[0]
        for node in order:
            data = [arg.data if isinstance(arg, Value) else arg for arg in node.args]
            assert node.op is None or node.data == node.op.evaluate(*data)
        numbers = Graph(output).evaluate()
        assert numbers[-1] == output.data


# --- interrupts ------------------------------------------------------------------------------------------------------


def interrupted(action: Callable[[], Any], at: int) -> bool:
    """Whether a KeyboardInterrupt at moment number ``at`` of ``action`` came before its end; a moment is a bytecode."""
    count = 0

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        if event in ("opcode", "line"):
            count += 1
            if count == at:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    gc.disable()  # what others do on a collection is not to be interrupted
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
        gc.enable()
    return False


def test_an_interrupted_backward_leaves_the_old_gradients_or_the_new_ones() -> None:
    a, b = Value(2.0), Value(3.0)
    y = maximum(a * b, a) - a
    nodes = Graph(y).values
    y.backward()
    old = [node.grad for node in nodes]
    y.backward()
    new = [node.grad for node in nodes]
    at, again, seen = 1, True, set()
    while again:
        for node, number in zip(nodes, old, strict=True):
            node.grad = number
        again = interrupted(y.backward, at)
        seen.add(state := tuple(node.grad for node in nodes))
        assert state in (tuple(old), tuple(new)), f"interrupted at moment {at}"
        at += 1
    assert seen == {tuple(old), tuple(new)}
    assert at > 20


@pytest.mark.parametrize("change", ["leaf", "node", "forward"])
def test_an_interrupted_change_of_data_leaves_no_silent_mixture(change: str) -> None:
    at, again = 1, True
    while again:
        x, h, y = chain()
        if change == "forward":
            x.data = 5.0
        action = {
            "leaf": lambda x=x: setattr(x, "data", 5.0),
            "node": lambda h=h: setattr(h, "data", 5.0),
            "forward": lambda y=y: Graph(y).forward(),
        }[change]
        again = interrupted(action, at)
        at += 3 if change == "forward" else 1
        try:
            slope = grad(y, x, create_graph=False).data
        except StaleError:
            continue
        assert (h.data, y.data, slope) == (x.data**2, 3 * x.data**2, 6 * x.data)


def test_an_operation_that_raises_leaves_gradients_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(2.0)
    y = (x * 3).exp() * x
    y.backward()
    before = [node.grad for node in Graph(y).values]

    def pull(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(y.parents[0].parents[0]._rule, "pull", pull)
    with pytest.raises(MemoryError):
        y.backward()
    assert [node.grad for node in Graph(y).values] == before


# --- NumPy -----------------------------------------------------------------------------------------------------------


def objects(*numbers: float) -> Any:
    return np.array([Value(number) for number in numbers], dtype=object)


def test_a_linear_map_of_object_arrays() -> None:
    W = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], dtype=object)
    x, b = objects(5.0, 6.0), objects(0.5, -0.5)
    y = W @ x + b
    assert [v.data for v in y] == [17.5, 38.5]
    y.sum().backward()
    assert [[w.grad for w in row] for row in W] == [[5.0, 6.0], [5.0, 6.0]]
    assert [v.grad for v in x] == [4.0, 6.0]
    z = np.array([[1.0, 2.0]]) @ objects(3.0, 4.0)
    assert [v.data for v in z] == [11.0]


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "sinh", "cosh", "expm1", "log1p"])
def test_functions_of_numpy_apply_to_values_and_arrays_of_them(name: str) -> None:
    function, x = getattr(np, name), Value(0.5)
    assert function(x).parents == (x,)
    assert function(x).data == getattr(ad, name)(0.5).data
    y = function(objects(0.25, 0.5))
    assert [type(v) for v in y] == [Value, Value]
    assert y[1].data == getattr(ad, name)(0.5).data


@pytest.mark.parametrize("symbol", OPERATORS)
def test_operators_apply_to_each_entry_of_an_array(symbol: str) -> None:
    apply, v = OPERATORS[symbol], Value(2.0)
    for array in (np.array([1.0, 3.0]), objects(1.0, 3.0), np.array([1, 3])):
        right, left = apply(v, array), apply(array, v)
        assert [type(entry) for entry in (*right, *left)] == [Value] * 4
        assert [entry.data for entry in right] == [apply(2.0, 1.0), apply(2.0, 3.0)]
        assert [entry.data for entry in left] == [apply(1.0, 2.0), apply(3.0, 2.0)]


@pytest.mark.parametrize("symbol", OPERATORS)
def test_an_array_of_no_dimension_counts_as_its_entry(symbol: str) -> None:
    apply, v = OPERATORS[symbol], Value(2.0)
    for array in (np.array(3.0), np.array(Value(3.0))):
        assert apply(v, array).data == apply(2.0, 3.0)
        assert apply(array, v).data == apply(3.0, 2.0)


def test_maximum_of_numpy_points_to_ours() -> None:
    for refused in (lambda: np.maximum(Value(1.0), 2.0), lambda: objects(1.0, 2.0).max()):
        with pytest.raises(TypeError, match=re.escape("maximum(a, b)")):
            refused()
