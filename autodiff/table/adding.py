"""A row of the table as it is written, read and checked before it is added: an error names the row and the part."""

from __future__ import annotations

import ast
import math
import unicodedata
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any

from autodiff.ground.text import quoted
from autodiff.language import formulas, ieee
from autodiff.language.formulas import Call, FormulaError, short
from autodiff.language.notation import as_data
from autodiff.language.primitives import FUNCTIONS
from autodiff.table.operations import (
    ALIASES,
    DEEPEST,
    OWN,
    TABLE,
    TOO_LARGE,
    Operation,
    callable_with,
    expanded,
    extent_of,
)

__all__ = ["add_row"]

_MOST_INPUTS = 8  # there is a rule for each pattern of constants and Values: 2 ** inputs of them


def _signature(text: str) -> tuple[str, tuple[str, ...], dict[str, float]]:
    """Read ``"leaky_relu(x, slope=0.01)"``: the name, the inputs, and the defaults."""
    try:
        match ast.parse(f"def {text}: pass").body:
            case [
                ast.FunctionDef(
                    name=name,
                    returns=None,
                    args=ast.arguments(
                        posonlyargs=[], args=args, vararg=None, kwonlyargs=[], kwarg=None, defaults=defaults
                    ),
                )
            ] if args and not any(arg.annotation for arg in args) and quoted(text) == repr(text):  # all of it is seen
                inputs = tuple(arg.arg for arg in args)
                values = [float(ast.literal_eval(default)) for default in defaults]
                if not all(map(math.isfinite, values)):
                    raise ValueError
                return name, inputs, dict(zip(inputs[len(inputs) - len(values) :], values, strict=True))
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):
        pass
    raise FormulaError(
        f"operation {short(text)}: expected a signature such as 'softsign(x)' or 'leaky_relu(x, slope=0.01)'"
    )


def _read(name: str, place: str, text: str, known: Sequence[str], let: Mapping[str, ast.expr]) -> ast.expr:
    """A checked formula of a row, its parts put in, its calls bound to the rows of now; an error names ``place``."""

    rows: set[str] = set()

    def may_call(function: str, count: int) -> bool:
        if function not in FUNCTIONS:
            rows.add(function)
        return callable_with(function, count) and not (function == name in rows)  # this very row

    try:
        tree = formulas.parse(text, [*known, *let], may_call)
        if let or rows:
            tree = formulas.substitute(_linked(tree), let)
        if let or rows or len(text) > DEEPEST:  # else it is no larger than it is long
            extent_of(tree)
    except FormulaError as error:
        raise FormulaError(f"operation '{name}', {place}: {error}") from None
    except RecursionError:
        raise FormulaError(f"operation '{name}', {place}: {TOO_LARGE}") from None
    return tree


def _linked(tree: ast.expr) -> ast.expr:
    def join(node: ast.expr, made: list[ast.expr]) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id=name) as func) if name not in FUNCTIONS:
                return Call(func, made, TABLE[name])
        return formulas.rebuilt(node, made)

    return formulas.fold(tree, join)


def add_row(
    signature: str,
    value: str,
    *partials: str,
    symbol: str | None = None,
    let: Mapping[str, str] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    doc: str = "",
) -> Operation:
    """Add an operation to the table, and answer its row; what each part means is told at ``autodiff.operation``.

    A row that does not read raises ``FormulaError`` (a ``ValueError``) that names it, the part and what was expected.
    """
    name, inputs, defaults = _signature(signature)
    if name in ALIASES:
        raise FormulaError(
            f"operation '{name}': this is what formulas call '{ALIASES[name]}' already; choose another name"
        )
    _check_inputs(name, inputs)
    if len(partials) != len(inputs):
        raise FormulaError(
            f"operation '{name}': expected {len(inputs)} partial derivatives, one each for {', '.join(inputs)}; "
            f"got {len(partials)}"
        )
    for what, text in (("symbol", "" if symbol is None else symbol), ("doc", doc)):
        if not isinstance(text, str):
            raise FormulaError(f"operation '{name}': its {what} is a string, got {type(text).__name__} {short(text)}")
    shared = _read_parts(name, inputs, let)
    tree = _read(name, "value", value, inputs, shared)
    if formulas.has_none(tree):
        raise FormulaError(f"operation '{name}': its value cannot be None; only a partial may be (no path)")
    slopes = tuple(
        _read(name, f"partial in '{place}'", partial, [*inputs, "out"], shared)
        for place, partial in zip(inputs, partials, strict=True)
    )
    for partial in slopes:
        _check_none(name, partial)
    return _entered(
        Operation(name, inputs, defaults, tree, slopes, symbol or name, doc, _interval(name, domain), value)
    )


def _interval(name: str, domain: Any) -> tuple[float, float]:
    """The two ends of a domain: finite numbers, the lower one first."""
    try:
        low, high = map(ieee.real, domain)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        raise FormulaError(
            f"operation '{name}': its domain is a pair of finite numbers, the lower first, got {short(quoted(domain))}"
        )
    return low, high


def _entered(row: Operation) -> Operation:
    """The row in the table: the old one where it says the same, for a cell of a notebook may be run twice.

    A corrected row replaces the old one of its name; nodes and rows that have the old one keep it.
    """
    old = TABLE.get(row.name)
    if old is not None and _said(old) == _said(row):
        return old
    if row.name in OWN:
        raise FormulaError(f"operation '{row.name}': the table has a row of this name already; choose another name")
    TABLE[row.name] = row
    return row


def _said(row: Operation) -> object:
    trees = [as_data(expanded(tree, own=True)) for tree in (row.value, *row.partials)]
    calls = [[as_data(tree) for tree in (row.value, *row.partials)], row.formula]
    return row.inputs, dict(row.defaults), trees, calls, row.symbol, row.domain, row.doc


def _read_parts(name: str, inputs: Sequence[str], let: object) -> dict[str, ast.expr]:
    """The shared parts, each with those before it put in."""
    if not isinstance(let, Mapping | None):
        raise FormulaError(f"operation '{name}': let is a dict from names to formulas, got {type(let).__name__}")
    shared: dict[str, ast.expr] = {}
    for part, text in (let or {}).items():
        word = unicodedata.normalize("NFKC", part) if isinstance(part, str) else ""
        if not word.isidentifier() or iskeyword(word):
            raise FormulaError(f"operation '{name}': {short(part)} in let is no name that a formula could use")
        _check_word(name, word, (*inputs, *shared))
        shared[word] = _read(name, f"part '{word}'", text, inputs, shared)
    return shared


def _check_inputs(name: str, inputs: Sequence[str]) -> None:
    """Inputs have names of their own, which mean nothing else in formulas or generated code."""
    if len(inputs) > _MOST_INPUTS:
        raise FormulaError(f"operation '{name}': expected at most {_MOST_INPUTS} inputs, got {len(inputs)}")
    for place, word in enumerate(inputs):
        _check_word(name, word, inputs[:place])


def _check_word(name: str, word: str, taken: Sequence[str]) -> None:
    if word in taken:
        raise FormulaError(f"operation '{name}': '{word}' is named twice; expected inputs and parts that differ")
    if word in ("out", "up") or word.startswith("_"):  # generated code begins its own names with an underscore
        raise FormulaError(
            f"operation '{name}': '{word}' has a meaning of its own; expected another name for the input"
        )


def _check_none(name: str, partial: ast.expr) -> None:
    """``None`` stands alone or as a whole branch: it is not a number to calculate with."""
    branches: list[ast.expr] = [partial]
    while branches:
        branch = branches.pop()
        if isinstance(branch, ast.IfExp) and not formulas.has_none(branch.test):
            branches += [branch.body, branch.orelse]
        elif not formulas.is_none(branch) and formulas.has_none(branch):
            raise FormulaError(f"operation '{name}': None in '{ast.unparse(branch)}' must be a whole branch")
