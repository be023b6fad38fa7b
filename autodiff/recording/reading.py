"""Formulas read over Values: evaluating one records its nodes, and so a partial derivative becomes a graph."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

from autodiff.language.formulas import COMPARE, Call
from autodiff.recording.value import Operand, Value, function_of
from autodiff.table.operations import ALIASES, TABLE, Operation
from autodiff.table.rows import COMPARISONS

__all__ = ["apply", "read"]

_ARITHMETIC = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power"}
_COMPARED = {sign: name for name, _, sign in COMPARISONS}

# x * 1, x / 1 and x ** 1 are x to the last bit, so a derivative need not record them.
_NEUTRAL = {("multiply", 0), ("multiply", 1), ("divide", 1), ("power", 1)}


def apply(name: str | Operation, *args: Operand, fold: bool = False) -> Operand:
    """The operation of that name, or of that row: of numbers a number, of Values a recorded Value.

    ``fold`` leaves out what changes no bit (``x * 1``).
    """
    op = name if isinstance(name, Operation) else TABLE[ALIASES.get(name, name)]
    if not any(isinstance(arg, Value) for arg in args):
        return op.evaluate(*args, **{key: op.defaults[key] for key in op.inputs[len(args) :]})
    if fold:
        for i, arg in enumerate(args):
            if (name, i) in _NEUTRAL and not isinstance(arg, Value) and arg == 1:
                return args[1 - i]
    return function_of(op)(*args)


def read(
    tree: ast.expr,
    names: Mapping[str, Operand],
    fold: bool = False,
    call: Callable[..., Operand] = apply,
) -> Operand:
    """The formula over these Values and numbers; ``None`` reads as 0, for nothing flows where there is no path.

    A condition on Values is recorded too (as 1 or 0, choosing by ``where``), so that replaying the graph
    decides it anew. ``call`` gives functions their meaning.
    """
    return _Reader(names, fold, call).part(tree)


class _Reader(NamedTuple):
    """What :func:`read` hands down; an inner function would be a reference cycle, which keeps the Values alive."""

    names: Mapping[str, Operand]
    fold: bool
    call: Callable[..., Operand]

    def part(self, node: ast.expr) -> Operand:
        match node:
            case ast.Constant(value=value):
                return 0.0 if value is None else float(value)  # type: ignore[arg-type]
            case ast.Name(id=name):
                return self.names[name]
            case Call(row=row, args=args):
                return self.call(row, *map(self.part, args))
            case ast.Call(func=ast.Name(id=name), args=args):
                return self.call(name, *map(self.part, args))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return apply("negative", self.part(operand))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.part(operand)
            case ast.UnaryOp(operand=operand):
                return apply("where", self.truth(operand), 0.0, 1.0)
            case ast.BinOp(left=left, op=op, right=right):
                return apply(_ARITHMETIC[type(op)], self.part(left), self.part(right), fold=self.fold)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return apply(_COMPARED[COMPARE[type(op)]], self.part(left), self.part(right))
            case ast.BoolOp(op=ast.And(), values=values):
                return reduce(lambda a, b: _choose(a, b, 0.0), map(self.truth, values))
            case ast.BoolOp(values=values):
                return reduce(lambda a, b: _choose(a, 1.0, b), map(self.truth, values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition = self.truth(test)
                if not isinstance(condition, Value):
                    return self.part(body if condition > 0 else orelse)
                return apply("where", condition, self.part(body), self.part(orelse))
        raise AssertionError(f"{ast.dump(node)} passed the check of the formula language")

    def truth(self, node: ast.expr) -> Operand:
        """A condition as 1 or 0; a number that stands where a condition is wanted holds where it is not 0."""
        is_condition = isinstance(node, (ast.Compare, ast.BoolOp)) or (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
        )
        return self.part(node) if is_condition else apply("not_equal", self.part(node), 0.0)


def _choose(condition: Operand, x: Operand, y: Operand) -> Operand:
    if isinstance(condition, Value):
        return apply("where", condition, x, y)
    return x if condition > 0 else y
