"""What decided: the branch of a formula that applies to some numbers, and the comparison it hangs on. No words."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeGuard

from autodiff.language.formulas import has_none, is_none
from autodiff.recording.reading import read
from autodiff.table.operations import Operation

__all__ = [
    "Decision",
    "branch",
    "comparison",
    "condition_holds",
    "decided",
    "fair_rivals",
    "is_negation",
    "rivals",
    "tied",
]


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
    """The comparison that decided a condition: whether it held, or could not for a nan, or for operands that are equal.

    Of a bound that equals what it bounds, "1 ≥ 1" would not tell why it was not taken; that "1 < 1" fails does.
    """

    test: ast.Compare
    holds: bool
    undecided: bool


def decided(op: Operation, test: ast.expr, operands: Sequence[float], out: float, holds: bool) -> Decision:
    """The part of a condition of the row that decided it, at these numbers.

    >>> from autodiff.table.operations import TABLE
    >>> maximum = TABLE["maximum"]
    >>> decided(maximum, maximum.value.test, [3.0, 5.0], 5.0, False).holds
    False
    """
    numbers = {**dict(zip(op.inputs, operands, strict=True)), "out": out}
    while not isinstance(test, ast.Compare):
        if is_negation(test):
            test, holds = test.operand, not holds
        elif not isinstance(test, ast.BoolOp):
            test = comparison(test)
        else:
            # Of an "or" that holds, or an "and" that fails, one part decides; else all do, and the first speaks.
            test = next(part for part in test.values if condition_holds(part, numbers) is holds)
    left, right = read(test.left, numbers), read(test.comparators[0], numbers)
    equals = left == right and isinstance(test.ops[0], (ast.Lt, ast.Gt))
    operands_alone = isinstance(test.left, ast.Name) and isinstance(test.comparators[0], ast.Name)
    return Decision(test, holds, left != left or right != right or (equals and operands_alone))


def tied(op: Operation, position: int, operands: Sequence[float], out: float) -> int | None:
    """Which of the operands equal to this one takes it, 0 the first or 1 the last; None where there is no tie.

    >>> from autodiff.table.operations import TABLE
    >>> tied(TABLE["maximum"], 1, [3.0, 3.0], 3.0), tied(TABLE["maximum"], 1, [3.0, 5.0], 5.0)
    (0, None)
    """
    equals = [other for other in rivals(op) if operands[other] == operands[position]]
    if len(equals) < 2 or position not in fair_rivals(op):
        return None
    slopes = op.local_derivatives(*operands, out)
    taken = [other for other in equals if slopes[other] is not None]
    ends = equals[0], equals[-1]
    return ends.index(taken[0]) if len(taken) == 1 and taken[0] in ends else None


def fair_rivals(op: Operation) -> list[int]:
    """The operands that a choice is between, if it goes by their numbers alone, as max does: only then do equals tie.

    They may change places without changing the value, unlike those of ``where`` and the bounds of ``clamp``.
    """
    found = rivals(op)
    orders = ([*found[1:], *found[:1]], [*found[1:2], *found[:1], *found[2:]])  # all others are made of these two
    samples = [[sign * (i - 1.5) for i in range(len(op.inputs))] for sign in (1, -1)]
    fair = len(found) > 1 and all(_same_value(op, xs, found, order) for xs in samples for order in orders)
    return found if fair else []


def rivals(op: Operation) -> list[int]:
    """The operands that have a path in some of the branches only."""
    return [place for place, partial in enumerate(op.partials) if has_none(partial) and not is_none(partial)]


def _same_value(op: Operation, numbers: Sequence[float], places: Sequence[int], order: Sequence[int]) -> bool:
    moved = [*numbers]
    for place, source in zip(places, order, strict=True):
        moved[place] = numbers[source]
    return op.evaluate(*moved) == op.evaluate(*numbers)


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
