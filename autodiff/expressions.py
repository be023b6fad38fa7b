"""A formula typed by a person, recorded as a graph; it is parsed and checked, never evaluated as Python."""

from __future__ import annotations

import math
import unicodedata
from functools import reduce

from autodiff.functions import logsumexp
from autodiff.language import formulas
from autodiff.language.formulas import FormulaError
from autodiff.recording.reading import apply, read
from autodiff.recording.scopes import no_grad
from autodiff.recording.value import Operand, Value
from autodiff.table.operations import ALIASES, callable_with

__all__ = ["expression"]

_ANY_NUMBER = {"max", "min", "maximum", "minimum", "logsumexp"}
_CONSTANTS = {"pi": math.pi, "e": math.e}


def expression(text: str, /, **names: Operand) -> Value:
    """The graph of a formula: numbers, names, ``+ - * / **``, and the functions of the table.

    ``max``, ``min`` and ``logsumexp`` take any number of arguments; ``a if c > 0 else b`` records a ``where``.
    Each name is given its number (which makes a leaf of that name) or a Value; ``pi`` and ``e`` are known unless
    they are given. What the language cannot say, or a name without a number, raises a ``ValueError`` that points
    to it.

    >>> y = expression("max(a*b, c) + a", a=2, b=-3, c=10)
    >>> y.data
    12.0
    """
    given = _normalised(names)
    tree = formulas.parse(text, list({**given, **_CONSTANTS}), _known)
    if formulas.has_none(tree):
        raise FormulaError("None is not a number; it has a meaning only in the partials of operations")
    unused = set(given) - formulas.names(tree)
    if unused:
        raise FormulaError(f"the expression does not use {formulas.listed(sorted(unused))}")
    leaves = {name: x if isinstance(x, Value) else Value(x, name) for name, x in given.items()}
    try:
        result = read(tree, {**_CONSTANTS, **leaves}, call=_call)
    except RecursionError:
        raise FormulaError("the expression is nested too deeply") from None
    return result if isinstance(result, Value) else Value(result)


def _normalised(names: dict[str, Operand]) -> dict[str, Operand]:
    """The names as Python reads them in a formula: a keyboard's micro sign is the Greek mu."""
    found: dict[str, Operand] = {}
    for name, number in names.items():
        word = unicodedata.normalize("NFKC", name)
        if word in found:
            raise FormulaError(f"{formulas.short(word)} is given twice, in two spellings of one name")
        found[word] = number
    return found


def _known(name: str, count: int) -> bool:
    return count >= 1 if name in _ANY_NUMBER else callable_with(ALIASES.get(name, name), count)


def _call(name: str, *args: Operand) -> Operand:
    if name == "logsumexp":
        return _logsumexp(*args)
    if name not in _ANY_NUMBER:
        return apply(name, *args)
    if len(args) == 1:
        return apply("identity", *args)
    return reduce(lambda x, y: apply(name, x, y), args)


def _logsumexp(*args: Operand) -> Operand:
    if any(isinstance(arg, Value) for arg in args):
        return logsumexp(*args)
    with no_grad():  # of numbers alone it is a number
        return logsumexp(*map(Value, args)).data
