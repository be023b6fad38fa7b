"""A formula typed by a person, recorded as a graph; it is parsed and checked, never evaluated as Python."""

from __future__ import annotations

from functools import reduce

from autodiff import formulas
from autodiff.formulas import FormulaError
from autodiff.operations import callable_with
from autodiff.reading import Operand, apply, read
from autodiff.value import Value

__all__ = ["expression"]

_ANY_NUMBER = {"max": "maximum", "min": "minimum", "maximum": "maximum", "minimum": "minimum"}
_LIMIT = 10_000


def expression(text: str, /, **names: Operand) -> Value:
    """The graph of a formula: numbers, names, ``+ - * / **``, and the functions of the table.

    ``max`` and ``min`` take any number of arguments; ``a if c > 0 else b`` records a ``where``. Each name is
    given its number (which makes a leaf of that name) or a Value. What the language cannot say, or a name
    without a number, raises a ``ValueError`` that points to it.

    >>> y = expression("max(a*b, c) + a", a=2, b=-3, c=10)
    >>> y.data
    12.0
    """
    if isinstance(text, str) and len(text) > _LIMIT:
        raise FormulaError(f"an expression may have {_LIMIT} characters, got {len(text)}")
    tree = formulas.parse(text, list(names), _known)
    if formulas.has_none(tree):
        raise FormulaError("None is not a number; it has a meaning only in the partials of operations")
    unused = set(names) - formulas.names(tree)
    if unused:
        raise FormulaError(f"the expression does not use {', '.join(sorted(unused))}")
    leaves = {name: x if isinstance(x, Value) else Value(x, name) for name, x in names.items()}
    try:
        result = read(tree, leaves, call=_call)
    except RecursionError:
        raise FormulaError("the expression is nested too deeply") from None
    return result if isinstance(result, Value) else Value(result)


def _known(name: str, count: int) -> bool:
    return count >= 1 if name in _ANY_NUMBER else callable_with(name, count)


def _call(name: str, *args: Operand) -> Operand:
    if name not in _ANY_NUMBER:
        return apply(name, *args)
    if len(args) == 1:
        return apply("identity", *args)
    return reduce(lambda x, y: apply(_ANY_NUMBER[name], x, y), args)
