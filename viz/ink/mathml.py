"""Formulas in mathematical notation: MathML, derived from the very formulas that are computed with."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from html import escape

from autodiff.language.formulas import BINARY, COMPARE
from autodiff.language.notation import RELATIONS, numeral

__all__ = ["mathml"]

_SUM, _PRODUCT, _NEGATION, _POWER, _ATOM = 2, 3, 4, 5, 9
_RANK = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "**": _POWER}
_SIGNS = {"+": "+", "-": "&#x2212;", "*": "&#x22C5;"}


def mathml(tree: ast.expr, names: Mapping[str, str]) -> str:
    """A formula as the inside of a ``<math>`` element; ``names`` gives the markup of each name, or it is a letter.

    >>> mathml(ast.parse("x / sqrt(y)", mode="eval").body, {})
    '<mfrac><mi>x</mi><msqrt><mi>y</mi></msqrt></mfrac>'
    """
    return _markup(tree, names)[0]


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _sign(text: str) -> str:
    return f"<mo>{text}</mo>"


def _markup(tree: ast.expr, names: Mapping[str, str]) -> tuple[str, int]:
    """The markup, and how tightly its outermost sign binds."""

    def part(node: ast.expr, least: int = 0) -> str:
        text, rank = _markup(node, names)
        return text if rank >= least else _row(_sign("("), text, _sign(")"))

    match tree:
        case ast.Constant(value=None):
            return "<mtext>no path</mtext>", _ATOM
        case ast.Constant(value=value):
            return f"<mn>{numeral(float(value))}</mn>", _ATOM  # type: ignore[arg-type]
        case ast.Name(id=name):
            return names.get(name, f"<mi>{escape(name)}</mi>"), _ATOM
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, [part(arg) for arg in args])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _row("<mtext>not&#xA0;</mtext>", part(operand, _SUM)), 1
        case ast.UnaryOp(op=op, operand=operand):
            sign = _sign(_SIGNS["-"]) if isinstance(op, ast.USub) else ""
            return _row(sign, part(operand, _NEGATION)), _NEGATION
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return f"<mfrac>{part(left)}{part(right)}</mfrac>", _ATOM
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"<msup>{part(left, _ATOM)}{part(right)}</msup>", _POWER
        case ast.BinOp(left=left, op=op, right=right):
            rank = _RANK[BINARY[type(op)]]
            tight = max(rank + isinstance(op, ast.Sub), _PRODUCT)
            return _row(part(left, rank), _sign(_SIGNS[BINARY[type(op)]]), part(right, tight)), rank
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _row(part(left, _SUM), _sign(escape(RELATIONS[COMPARE[type(op)]])), part(right, _SUM)), 1
        case ast.BoolOp(op=op, values=values):
            word = "and" if isinstance(op, ast.And) else "or"
            return _row(f"<mtext>&#xA0;{word}&#xA0;</mtext>".join(part(value, 1) for value in values)), 0
        case ast.IfExp():
            return _cases(tree, names), _ATOM
    raise AssertionError(f"{ast.dump(tree)} passed the check of the formula language")


def _call(name: str, args: list[str]) -> tuple[str, int]:
    if name == "sqrt":
        return f"<msqrt>{args[0]}</msqrt>", _ATOM
    if name == "exp":
        return f"<msup><mi>e</mi>{args[0]}</msup>", _POWER
    if name == "abs":
        return _row(_sign("|"), args[0], _sign("|")), _ATOM
    commas = _sign(",").join(args)
    return _row(
        f'<mi mathvariant="normal">{escape(name)}</mi>', _sign("&#x2061;"), _sign("("), commas, _sign(")")
    ), _ATOM


def _cases(tree: ast.expr, names: Mapping[str, str]) -> str:
    """A conditional as cases in a brace, the last one "otherwise"."""
    rows = []
    while isinstance(tree, ast.IfExp):
        rows.append((mathml(tree.body, names), "<mtext>if&#xA0;</mtext>" + mathml(tree.test, names)))
        tree = tree.orelse
    rows.append((mathml(tree, names), "<mtext>otherwise</mtext>"))
    cells = "".join(f"<mtr><mtd>{value}</mtd><mtd>{_row(when)}</mtd></mtr>" for value, when in rows)
    return _row(_sign("{"), f'<mtable columnalign="left">{cells}</mtable>')
