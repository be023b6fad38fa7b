"""What is made of a partial derivative: what flows back by it, whether anything does, and how large it may be."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from math import inf

from autodiff.language.compiling import compiled
from autodiff.language.formulas import fold, primitive
from autodiff.language.primitives import PRIMITIVES

__all__ = ["bound", "contribution", "differentiable", "multiplies", "presence"]


def contribution(partial: ast.expr) -> ast.expr:
    """The formula of what flows back through a use: the partial derivative times the upstream gradient ``up``.

    The product is taken inside each branch, so that an infinite or undefined slope of the branch not taken is
    never multiplied; a slope of 1 passes ``up`` on as it is, and a slope of 0 passes exactly 0.

    >>> ast.unparse(contribution(ast.parse("1 if x > 0 else -y", mode="eval").body))
    'up if x > 0 else -y * up'
    """
    up = ast.Name(id="up")
    match partial:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return ast.IfExp(test=test, body=contribution(body), orelse=contribution(orelse))
        case ast.Constant(value=None | 0):
            return partial
        case ast.Constant(value=1):
            return up
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)):
            return ast.UnaryOp(op=ast.USub(), operand=up)
    return ast.BinOp(left=partial, op=ast.Mult(), right=up)


def differentiable(flow: ast.expr) -> ast.expr:
    """A contribution that can be differentiated where it is exactly 0, such as that of ``y * x ** (y - 1)`` at y = 0.

    The product is 0 there too, unless something infinite meets it; then alone the constant stands for it.

    >>> ast.unparse(differentiable(ast.parse("0 if y == 0 else y / x * up", mode="eval").body))
    '(y / x * up if y / x * up == 0 else 0) if y == 0 else y / x * up'
    """
    match flow:
        case ast.IfExp(test=test, body=ast.Constant(value=0) as zero, orelse=ast.BinOp() as product):
            is_zero = ast.Compare(left=product, ops=[ast.Eq()], comparators=[zero])
            return ast.IfExp(test=test, body=ast.IfExp(test=is_zero, body=product, orelse=zero), orelse=product)
    return flow


def presence(partial: ast.expr, *stops: float | None) -> ast.expr:
    """The formula of whether a partial leads on: 0 where it is a constant of ``stops`` (by default None), else 1.

    >>> ast.unparse(presence(ast.parse("y if x > 0 else None", mode="eval").body))
    '1 if x > 0 else 0'
    """
    if isinstance(partial, ast.IfExp):
        body, orelse = presence(partial.body, *stops), presence(partial.orelse, *stops)
        same = isinstance(body, ast.Constant) and isinstance(orelse, ast.Constant) and body.value == orelse.value
        return body if same else ast.IfExp(test=partial.test, body=body, orelse=orelse)
    return ast.Constant(value=0 if isinstance(partial, ast.Constant) and partial.value in (stops or (None,)) else 1)


def multiplies(partial: ast.expr) -> bool:
    """Whether some branch of a partial multiplies the upstream gradient, instead of passing it on or stopping it."""
    if isinstance(partial, ast.IfExp):
        return multiplies(partial.body) or multiplies(partial.orelse)
    up = contribution(partial)
    return isinstance(up, ast.BinOp)


def bound(inputs: Sequence[str], *trees: ast.expr) -> Callable[..., tuple[float, ...]]:
    """A function of how large each input may be: how large each formula may be then, ``inf`` if not finite at all.

    A sum or product that may overflow is not finite; of quotients, powers and logarithms nothing is known.

    >>> bound(["x"], ast.parse("1 - x * sin(x)", mode="eval").body)(1e300)
    (1e+300,)
    """
    body = "".join(f"{fold(tree, _bound)}, " for tree in trees)
    return compiled(f"def bound({', '.join(inputs)}):\n    return ({body})", _BOUNDS)


def _bound(node: ast.expr, made: list[str]) -> str:
    match node:
        case ast.Constant(value=value):
            return repr(abs(float(value or 0)))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(op=ast.UAdd()):
            return made[0]
    name = primitive(node)
    return PRIMITIVES[name].bound.format(*made) if name in PRIMITIVES else "_inf"  # a row that is called


_BOUNDS: dict[str, object] = {
    "_inf": inf,
    "_largest": max,
    "_within": lambda limit, x: limit if x < inf else inf,
    "_product": lambda x, y: inf if x == inf or y == inf else x * y,
}
