"""The little language in which the table of operations is written.

A formula is a Python expression made of numbers, names, ``+ - * / **``, comparisons, ``and or not``,
``a if c else b``, ``None`` (no path) and calls of known functions. It is parsed, checked, and kept as data:
each reader (floats, Values, generated code) gives the same tree its own meaning.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from autodiff.ground.text import quoted, visible
from autodiff.language import ieee
from autodiff.language.primitives import FUNCTIONS, PRIMITIVES

__all__ = [
    "BINARY",
    "COMPARE",
    "Call",
    "FormulaError",
    "fold",
    "has_none",
    "is_none",
    "listed",
    "names",
    "parse",
    "parts",
    "primitive",
    "python",
    "rebuilt",
    "short",
    "substitute",
    "tests",
]

BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
UNARY = {ast.USub: "neg", ast.UAdd: "pos", ast.Not: "not"}
COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


_LONGEST = 10_000  # characters
_MOST_TOLD = 12  # names in a message
_T = TypeVar("_T")


class FormulaError(ValueError):
    """A formula that the language cannot say; the message names the part and what was expected."""


class Call(ast.Call):
    """A call bound to the row of the table that its name meant when the formula was read."""

    def __init__(self, func: ast.expr, args: list[ast.expr], row: Any) -> None:
        super().__init__(func=func, args=args, keywords=[])
        self.row = row


def parse(text: str, known: Sequence[str], functions: Callable[[str, int], bool]) -> ast.expr:
    """The checked tree of a formula.

    ``known`` are the names it may use; ``functions(name, count)`` tells whether a function may be called with
    that many arguments. Anything else raises :class:`FormulaError`.

    >>> ast.unparse(parse("x if x > 0 else 0", ["x"], lambda name, count: False))
    'x if x > 0 else 0'
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula is a string, got {type(text).__name__} {short(text)}")
    if len(text) > _LONGEST:
        raise FormulaError(f"a formula may have {_LONGEST} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree, text, known, functions)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, FormulaError):
            raise
        raise FormulaError(f"cannot read the formula {short(text)}: {getattr(error, 'msg', error)}") from None
    except (RecursionError, MemoryError):
        raise FormulaError(f"the formula {short(text)} is nested too deeply") from None
    return tree


def short(thing: object) -> str:
    """At most 60 characters of a text, or of what stands where one was expected."""
    text = thing if isinstance(thing, str) else quoted(thing)
    cut = text if len(text) <= 60 else text[:57] + "..."
    return quoted(cut) if isinstance(thing, str) else cut


def listed(names: Sequence[str]) -> str:
    """At most twelve names, each in at most 60 characters.

    >>> listed(["x", "a b", *["y"] * 20])
    "x, 'a b', y, y, y, y, y, y, y, y, y, y, ..."
    """
    told = [name if name.isidentifier() and visible(name) == name else short(name) for name in names[:_MOST_TOLD]]
    return ", ".join([*told, *["..."] * (len(names) > _MOST_TOLD)])


def _check(node: ast.expr, text: str, known: Sequence[str], functions: Callable[[str, int], bool]) -> None:
    """Refuse every construct that is not of the language, naming it."""
    match node:
        case ast.Constant(value=None):
            return
        case ast.Constant(value=value) if isinstance(value, (int, float)) and not isinstance(value, bool):
            if not abs(value) <= sys.float_info.max:
                raise FormulaError(f"a number in {short(text)} is too large for a float")
            return
        case ast.Name(id=name):
            if name not in known:
                expected = listed(known) or "no name"
                raise FormulaError(f"unknown name {short(name)} in {short(text)}; expected one of: {expected}")
            return
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if not functions(name, len(args)):
                count = f"{len(args)} argument{'s' * (len(args) != 1)}"
                raise FormulaError(f"unknown function {short(name)} with {count} in {short(text)}")
        case (
            ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not())
            | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow())
            | ast.BoolOp()
            | ast.IfExp()
        ):
            pass
        case ast.Compare(ops=[op]) if type(op) in COMPARE:
            pass
        case _:
            power = (
                "; a power is written a**2" if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor) else ""
            )
            raise FormulaError(f"{short(ast.unparse(node))} in {short(text)} is not of the formula language{power}")
    for part in parts(node):
        _check(part, text, known, functions)


def primitive(tree: ast.expr) -> str:
    """The name of the primitive that joins a formula's parts.

    >>> primitive(ast.parse("-exp(x)", mode="eval").body), primitive(ast.parse("x <= y", mode="eval").body)
    ('neg', '<=')
    """
    match tree:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.UnaryOp(op=op):
            return UNARY[type(op)]
        case ast.BinOp(op=op):
            return BINARY[type(op)]
        case ast.Compare(ops=[op]):
            return COMPARE[type(op)]
        case ast.BoolOp(op=op):
            return "and" if isinstance(op, ast.And) else "or"
        case ast.IfExp():
            return "if"
    raise AssertionError(f"{ast.dump(tree)} passed the check of the formula language")


def parts(tree: ast.expr) -> list[ast.expr]:
    """The formulas that a formula is made of, in the order in which they are computed."""
    match tree:
        case ast.Call(args=args):
            return args
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=[right]):
            return [left, right]
        case ast.BoolOp(values=values):
            return values
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [test, body, orelse]
    return []


def rebuilt(tree: ast.expr, made: Sequence[ast.expr]) -> ast.expr:
    """The same formula of other parts."""
    match tree:
        case Call(func=func, row=row):
            return Call(func, list(made), row)
        case ast.Call(func=func):
            return ast.Call(func=func, args=list(made), keywords=[])
        case ast.UnaryOp(op=op):
            return ast.UnaryOp(op=op, operand=made[0])
        case ast.BinOp(op=op):
            return ast.BinOp(left=made[0], op=op, right=made[1])
        case ast.Compare(ops=ops):
            return ast.Compare(left=made[0], ops=ops, comparators=[made[1]])
        case ast.BoolOp(op=op):
            return ast.BoolOp(op=op, values=list(made))
        case ast.IfExp():
            return ast.IfExp(test=made[0], body=made[1], orelse=made[2])
    return tree


def fold(tree: ast.expr, join: Callable[[ast.expr, list[_T]], _T], done: dict[int, _T] | None = None) -> _T:
    """``join`` of each formula and of what it made of the parts, from within; a part that is shared, once."""
    done = {} if done is None else done
    if id(tree) not in done:
        done[id(tree)] = join(tree, [fold(part, join, done) for part in parts(tree)])
    return done[id(tree)]


def substitute(tree: ast.expr, table: Mapping[str, ast.expr]) -> ast.expr:
    """The formula with names replaced by formulas (which are shared, not copied)."""
    return fold(
        tree, lambda node, made: table.get(node.id, node) if isinstance(node, ast.Name) else rebuilt(node, made)
    )


def names(tree: ast.expr) -> set[str]:
    """The names that a formula reads (functions are not names)."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def tests(tree: ast.expr) -> list[ast.expr]:
    """The conditions a formula decides by: where one of them flips there is a kink."""
    return [node.test for node in ast.walk(tree) if isinstance(node, ast.IfExp)]


def is_none(tree: ast.expr) -> bool:
    """Whether the formula is the bare ``None``: no path."""
    return isinstance(tree, ast.Constant) and tree.value is None


def has_none(tree: ast.expr) -> bool:
    """Whether the formula can answer ``None``: no path, in at least one of its branches."""
    return is_none(tree) or any(map(has_none, parts(tree)))


def python(tree: ast.expr) -> str:
    """Python source of a formula over floats; it calls the functions of ``ieee`` by the names in SPACE.

    A condition that stands where a number is wanted is 1.0 or 0.0; a number as a condition holds where it is not 0.
    """
    match tree:
        case ast.Constant(value=None):
            return "None"
        case ast.Constant(value=value):
            assert isinstance(value, (int, float))
            return repr(float(value))
        case ast.Name(id=name):
            return name
        case ast.Call(func=ast.Name(id=name), args=args):
            return f"_{name}({', '.join(map(python, args))})"
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as op, operand=operand):
            return f"({'-' if isinstance(op, ast.USub) else '+'}{python(operand)})"
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"_divide({python(left)}, {python(right)})"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"_power({python(left)}, {python(right)})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({python(left)} {BINARY[type(op)]} {python(right)})"
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"({python(body)} if {_truth(test)} else {python(orelse)})"
    return f"(1.0 if {_truth(tree)} else 0.0)"


def _truth(tree: ast.expr) -> str:
    """Python source of a formula whose truth alone matters."""
    match tree:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"(not {_truth(operand)})"
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return f"({python(left)} {COMPARE[type(op)]} {python(right)})"
        case ast.BoolOp(op=op, values=values):
            return "(" + (" and " if isinstance(op, ast.And) else " or ").join(map(_truth, values)) + ")"
        case ast.Constant() | ast.Name() | ast.Call() | ast.UnaryOp() | ast.BinOp() | ast.IfExp():
            return python(tree)
    raise FormulaError(f"'{ast.unparse(tree)}' is not of the formula language")


# What generated Python needs by name. An underscore stands before each, and before no input: none can hide another.
SPACE: dict[str, object] = {
    "_divide": ieee.divide,
    "_power": ieee.power,
    **{f"_{name}": PRIMITIVES[name].function for name in sorted(FUNCTIONS)},
}
