"""What decided: the branch of a formula that applies to some numbers, and the comparison it hangs on. No words."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeGuard

from autodiff.recording.reading import read
from autodiff.table.formulas import has_none, is_none
from autodiff.table.operations import Operation

__all__ = ["Decision", "branch", "comparison", "condition_holds", "decided", "is_negation", "winner_of_ties"]


def branch(
    op: Operation, position: int, operands: Sequence[float], out: float
) -> tuple[ast.expr, ast.expr | None, bool]:
    """The branch of a partial that applies here, the condition to tell of (None: there is none), and if it held.

    Told is the last condition that held on the way; when none did, the first.
    """
    numbers = {**dict(zip(op.inputs, operands, strict=True)), "out": out}
    formula = op.partials[position]
    told, told_holds = None, False
    while isinstance(formula, ast.IfExp):
        holds = condition_holds(formula.test, numbers)
        if told is None or holds:
            told, told_holds = formula.test, holds
        formula = formula.body if holds else formula.orelse
    return formula, told, told_holds


class Decision(NamedTuple):
    """The comparison that decided a condition: whether it held, or could not for a nan, or if the first took a tie."""

    test: ast.Compare
    holds: bool
    undecided: bool
    tied: bool


def decided(op: Operation, test: ast.expr, operands: Sequence[float], out: float, holds: bool) -> Decision:
    """The part of a condition of the row that decided it, at these numbers.

    >>> from autodiff.table.operations import TABLE
    >>> maximum = TABLE["maximum"]
    >>> decided(maximum, maximum.value.test, [3.0, 3.0], 3.0, True).tied
    True
    """
    numbers = {**dict(zip(op.inputs, operands, strict=True)), "out": out}
    while not isinstance(test, ast.Compare):
        if is_negation(test):
            test, holds = test.operand, not holds
        elif not isinstance(test, ast.BoolOp):
            test = comparison(test)
        else:
            # Of an "or" that holds, or an "and" that fails, one part decides; else the first speaks for all.
            test = next((part for part in test.values if condition_holds(part, numbers) is holds), test.values[0])
    left, right = read(test.left, numbers), read(test.comparators[0], numbers)
    tied = left == right and winner_of_ties(op, test) is not None
    return Decision(test, holds, left != left or right != right, tied)


def winner_of_ties(op: Operation, test: ast.Compare) -> int | None:
    """Which of two equals takes it, 0 the first or 1 the last; None where no choice goes by the comparison."""
    sides = [side.id for side in (test.left, test.comparators[0]) if isinstance(side, ast.Name)]
    rivals = [name for name, partial in zip(op.inputs, op.partials, strict=True) if _is_conditional(partial)]
    if len(sides) != 2 or sorted(sides) != sorted(rivals):
        return None
    equal = [1.0] * len(op.inputs)
    slopes = dict(zip(op.inputs, op.locals(*equal, op.evaluate(*equal)), strict=True))
    return int(slopes[rivals[0]] is None)


def _is_conditional(partial: ast.expr) -> bool:
    """Whether a partial has a path in some of its branches only."""
    return has_none(partial) and not is_none(partial)


def is_negation(test: ast.expr) -> TypeGuard[ast.UnaryOp]:
    """Whether a condition is another one denied."""
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def comparison(test: ast.expr) -> ast.Compare:
    """A condition without a sign of comparison as the one it stands for: any number but 0 counts as true."""
    if isinstance(test, ast.Compare):
        return test
    return ast.Compare(left=test, ops=[ast.NotEq()], comparators=[ast.Constant(value=0)])


def condition_holds(test: ast.expr, numbers: Mapping[str, float]) -> bool:
    """Whether a condition of a formula holds for these numbers."""
    if is_negation(test):
        return not condition_holds(test.operand, numbers)
    if isinstance(test, ast.BoolOp):
        every = all if isinstance(test.op, ast.And) else any
        return every(condition_holds(part, numbers) for part in test.values)
    return read(test, numbers) != 0
