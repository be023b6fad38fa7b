"""How numbers and formulas are written for people: short numbers, plain text, and trees that other readers take."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from autodiff.language.formulas import BINARY, COMPARE, parts, primitive

__all__ = [
    "INFINITE",
    "MINUS",
    "RELATIONS",
    "Figures",
    "as_data",
    "as_json",
    "figures",
    "numeral",
    "plain",
    "writing",
]

# Numbers that JSON has not, as text.
INFINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
MINUS = ("-", "−")  # how a negative number begins
SIGNS = {"+": "+", "-": "−", "*": "·", "/": "/", "**": "^"}
RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_RANK = {"+": 2, "-": 2, "*": 3, "/": 3, "**": 5}
_CONDITION, _NEGATION, _ATOM = 0, 4, 9


class Figures(NamedTuple):
    """How numbers are written: in so many figures, and in full from ``least`` on; what is smaller has an exponent.

    ``blank`` is as wide as a number that is not known yet may get.
    """

    digits: int = 4
    least: float = 1e-3
    minus: str = "-"
    blank: str = "-0.000"


_figures: ContextVar[Figures] = ContextVar("figures", default=Figures())  # noqa: B039, for a tuple never changes
MOST = 999_999.5  # what is larger has an exponent
NOISE = 1e-7  # of a number: so far off are decimals that were a float32


def figures() -> Figures:
    """How numbers are written here."""
    return _figures.get()


@contextmanager
def writing(wanted: Figures) -> Iterator[None]:
    """Numbers are written so within: those of a picture all alike, whoever says them.

    >>> with writing(Figures(digits=2, minus="−")):
    ...     numeral(-1 / 3)
    '−0.33'
    """
    token = _figures.set(wanted)
    try:
        yield
    finally:
        _figures.reset(token)


def numeral(x: float) -> str:
    """A short, readable form of a number: four figures, never a negative zero; a rounded one keeps its zeros.

    >>> [numeral(x) for x in (0.25, -3.0, 1.2e-7, 0.1 + 0.2, -0.0, 123456.0, float("inf"))]
    ['0.25', '-3', '1.2e-7', '0.3', '0', '123456', 'inf']
    >>> numeral(1.0), numeral(1.0001)
    ('1', '1.000')
    """
    digits, least, minus, _ = _figures.get()
    if x == 0:
        return "0"
    if x < 0:
        return minus + numeral(-x)
    if not math.isfinite(x):
        return f"{x}"
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    if least <= x < MOST:
        return _short(f"{x:.{max(0, digits - 1 - int(exponent))}f}", x)
    power = f"{minus if int(exponent) < 0 else ''}{abs(int(exponent))}"
    return f"{_short(mantissa, x, float(f'1e{exponent}'))}e{power}"


def _short(text: str, x: float, unit: float = 1.0) -> str:
    """Without the zeros at its end, if it is the number itself and no rounded one."""
    exact = abs(float(text) * unit - x) <= NOISE * x
    return text.rstrip("0").rstrip(".") if exact and "." in text else text


def as_json(x: float) -> float | str:
    """A number as JSON can hold it: what is not finite becomes the text of :data:`INFINITE`.

    >>> as_json(0.5), as_json(-math.inf), as_json(math.nan)
    (0.5, '-inf', 'nan')
    """
    return x if math.isfinite(x) else repr(float(x))


def plain(tree: ast.expr, names: Mapping[str, str] | None = None) -> str:
    """A formula as one line of text, with names replaced by ``names`` (other names, or numbers).

    >>> plain(ast.parse("y * x ** (y - 1)", mode="eval").body, {"y": "3"})
    '3·x^(3 − 1)'
    """
    return _plain(tree, names or {})[0]


def _plain(tree: ast.expr, names: Mapping[str, str]) -> tuple[str, int]:
    """The text, and how tightly its outermost sign binds."""

    def part(node: ast.expr, least: int) -> str:
        text, rank = _plain(node, names)
        return text if rank >= least else f"({text})"

    match tree:
        case ast.Constant(value=None):
            return "no path", _ATOM
        case ast.Constant(value=value):
            return numeral(float(value)), _ATOM  # type: ignore[arg-type]
        case ast.Name(id=name):
            text = names.get(name, name)
            return text, _NEGATION if text.startswith(MINUS) else _ATOM
        case ast.Call(func=ast.Name(id=name), args=args):
            return f"{name}({', '.join(part(arg, _CONDITION) for arg in args)})", _ATOM
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return numeral(-float(value)), _NEGATION  # type: ignore[arg-type]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"not {part(operand, 1)}", 1
        case ast.UnaryOp(op=op, operand=operand):
            return f"{'−' if isinstance(op, ast.USub) else ''}{part(operand, _NEGATION)}", _NEGATION
        case ast.BinOp(left=left, op=op, right=right):
            sign = BINARY[type(op)]
            rank = _RANK[sign]
            space = " " if sign in "+-" else ""
            tight = rank + 1 if sign in ("-", "/", "**") else rank
            left_text = part(left, rank + (sign == "**"))
            return f"{left_text}{space}{SIGNS[sign]}{space}{part(right, max(tight, 3))}", rank
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"{part(left, 2)} {RELATIONS[COMPARE[type(op)]]} {part(right, 2)}", 1
        case ast.BoolOp(op=op, values=values):
            word = " and " if isinstance(op, ast.And) else " or "
            return word.join(part(value, 1) for value in values), _CONDITION
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"{part(body, 1)} if {part(test, _CONDITION)}, else {part(orelse, _CONDITION)}", _CONDITION
    raise AssertionError(f"{ast.dump(tree)} passed the check of the formula language")


def as_data(tree: ast.expr) -> Any:
    """A formula as nested lists for readers in other languages: numbers, names, ``None``, ``[sign, part, ...]``.

    >>> as_data(ast.parse("1 if x >= y else -exp(x)", mode="eval").body)
    ['if', ['>=', 'x', 'y'], 1.0, ['neg', ['exp', 'x']]]
    """
    match tree:
        case ast.Constant(value=value):
            return None if value is None else float(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return name
    return [primitive(tree), *map(as_data, parts(tree))]
