"""The functions of the table by name, and those composed of several nodes: n-ary max and min, logsumexp, softmax."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce, update_wrapper
from operator import add
from sys import float_info
from typing import TYPE_CHECKING

from autodiff.habits.answers import answered
from autodiff.habits.spellings import any_number
from autodiff.recording.rules import recorder
from autodiff.recording.scopes import scope
from autodiff.recording.value import Operand, Value, function_of, operand
from autodiff.table.operations import TABLE

if TYPE_CHECKING:  # a checker that saw __all__ would take it for the whole
    from autodiff.recording.signatures.functions import *  # noqa: F403
    from autodiff.recording.signatures.functions import absolute, clamp, exp, identity, log, stop
else:
    _rows = {op.name: function_of(op) for op in TABLE.values() if op.notation == "call"}
    globals().update(_rows)
    # abs is missing on purpose: `from autodiff import *` must not hide Python's own.
    __all__ = sorted({*_rows, "logsumexp", "softmax"})

abs = absolute


def _folded(function: Callable[..., Value]) -> Callable[..., Value]:
    """The recorder of the function's row, for any number of values; the function itself is for one value, or none."""
    row = TABLE[function.__name__]
    return update_wrapper(recorder(row, Value, head=any_number(function_of(row), function)), function)


@_folded
@answered
def maximum(*values: Operand) -> Value:
    """The largest of the values, composed of binary max nodes from the left.

    The whole gradient goes to the winner: the first value that attains the maximum, or the first NaN. The
    others have no path. Of one value alone the maximum is a node too; a list, or none, raises ``TypeError``.

    >>> a, b = Value(3.0), Value(5.0)
    >>> maximum(a, b, 4).backward()
    >>> a.grad_state, b.grad
    ('no path', 1.0)
    """
    return identity(*_at_least_one("maximum", values))


@_folded
@answered
def minimum(*values: Operand) -> Value:
    """The smallest of the values; ties and NaN as for :func:`maximum`.

    >>> minimum(Value(3.0), 5, 4).data
    3.0
    """
    return identity(*_at_least_one("minimum", values))


@_folded
def hypot(*values: Operand) -> Value:
    """``sqrt(x² + y² + ...)``, the norm of the values, composed of binary nodes: no square overflows or is lost.

    Its slopes are 0 where all values are, not nan as those of ``sqrt(x * x + y * y)``. Of one value it is ``abs``.

    >>> x, y, z = Value(2.0), Value(3.0), Value(6.0)
    >>> hypot(x, y, z).data
    7.0
    """
    return absolute(*_at_least_one("hypot", values))


@answered
def logsumexp(*values: Operand) -> Value:
    """``log(sum(exp(v)))``, exact at any magnitude: the largest is taken out first. None, or a list: ``TypeError``.

    >>> logsumexp(Value(1000.0), 1000).data
    1000.6931471805599
    """
    with scope("logsumexp"):
        _, total, shift = _exponentials("logsumexp", values)
        return log(total) + shift


@answered
def softmax(*values: Operand) -> list[Value]:
    """``exp(v) / sum(exp(v))`` of each value, stable at any magnitude: the largest is taken out of all first.

    >>> [p.data for p in softmax(Value(0.0), 0.0)]
    [0.5, 0.5]
    """
    with scope("softmax"):
        powers, total, _ = _exponentials("softmax", values)
        return [power / total for power in powers]


def _exponentials(name: str, values: tuple[object, ...]) -> tuple[list[Value], Value, Value]:
    """``exp(v - shift)`` of each value, their sum, and the shift: the largest, which no gradient passes through."""
    operands = _at_least_one(name, values)
    shift = clamp(stop(maximum(*operands)), -float_info.max, float_info.max)  # finite: -inf - -inf would be nan
    powers = [exp(value - shift) for value in operands]
    return powers, reduce(add, powers), shift


def _at_least_one(name: str, values: tuple[object, ...]) -> list[Operand]:
    if not values:
        raise TypeError(f"{name} takes at least one value, got none")
    try:
        return [operand(value) for value in values]
    except TypeError:
        if len(values) > 1:
            raise
        got = f"one {type(values[0]).__name__}"
        raise TypeError(f"{name} takes Values as its arguments, got {got}; for a list write {name}(*values)") from None


__test__ = {each.__name__: each for each in (maximum, minimum, hypot)}  # whose examples are run
