"""What is said of a node, an edge and a step. The sentences are data, so that the page says the very same ones."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from autodiff.graph import Graph, Node
from autodiff.recording.reading import read
from autodiff.table.formulas import COMPARE, has_none, is_none
from autodiff.table.notation import RELATIONS, number, plain
from autodiff.table.operations import Operation

__all__ = [
    "SENTENCES",
    "TIES",
    "branch",
    "call_template",
    "comparison",
    "comparison_templates",
    "filled",
    "formula_template",
    "is_arithmetic",
    "is_negation",
    "labels",
    "operation_text",
    "reason",
    "refusal",
    "tie_of",
    "why_no_path",
]

SENTENCES = {
    "leaf": "{name} = {value}",
    "forward": "{name} = {call} = {value}",
    "choice": "{name} = {call} = {value}, since {reason}",
    "seed": "{name}.grad = 1: the gradient of the output in itself",
    "given": "{name}.grad = {value}: the upstream gradient that the pass begins with",
    "first": "{name}.grad = local {local} × upstream {upstream} = {after}",
    "more": "{name}.grad: {before} += local {local} × upstream {upstream} → {after}",
    "slope": " (local: ∂{call}/∂{operand} = {formula})",
    "value": "{formula} = {local}",
    "since": " (local: ∂{call}/∂{operand} = {formula}, since {reason})",
    "refused": "{name} gets no path through {target}: {reason}, so {target} does not take it",
    "dead": "{name} gets no path through {target}: {reason}, so {target} is off",
    "never": "{name} gets no path through {target}, which passes nothing back to it",
    "tied": "{name} gets no path through {target}: {reason}",
}

TIES = ("tie: the first of the equals takes it", "tie: the last of the equals takes it")

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def labels(graph: Graph, names: Mapping[int, str] | None = None) -> list[str]:
    """What each node is called: its name, one of ``names``, or ``v7``; ``w #7`` where several are called ``w``."""
    given = names or {}
    found = [node.name or given.get(node.number) for node in graph.nodes]
    often = Counter(found)
    return [_label(name, number, often) for number, name in enumerate(found)]


def _label(name: str | None, number: int, often: Mapping[str | None, int]) -> str:
    label = name or f"v{number}"
    if often[label] > bool(name):
        label = f"{label} #{number}"
        while often[label]:
            label += "'"
    return label


def operation_text(node: Node) -> str:
    """How a node's operation is written, with the constants among its operands: ``×``, ``× 0.7``, ``max(·, 3)``."""
    assert node.op is not None
    constants = [None if isinstance(arg, int) else number(arg) for arg in node.args]
    if not any(constants):
        return node.op.symbol
    if node.op.notation == "infix":
        if node.op.commutes:
            return f"{node.op.symbol} {constants[0] or constants[1]}"
        return " ".join(part for part in (constants[0], node.op.symbol, constants[1]) if part)
    return f"{node.op.symbol}({', '.join(text or '·' for text in constants)})"


def why_no_path(node: Node, position: int) -> str:
    """Why an operand of this node gets no gradient: ``not taken`` by a choice, ``dead``, or never a path."""
    assert node.op is not None
    if not node.op.chooses(position):
        return "no path"
    return "dead" if len(node.op.inputs) == 1 else "not taken"


def refusal(op: Operation, test: ast.expr | None, reason: str) -> str:
    """Which of the sentences says that a use has no path."""
    if test is None:
        return "never"
    return "tied" if reason in TIES else "dead" if len(op.inputs) == 1 else "refused"


def call_template(op: Operation) -> str:
    """How a call is written, with ``{0}``, ``{1}`` for its operands: ``{0} × {1}``, ``max({0}, {1})``."""
    slots = [f"{{{i}}}" for i in range(len(op.inputs))]
    if op.notation == "infix":
        return f"{slots[0]} {op.symbol} {slots[1]}"
    if op.notation == "prefix":
        return f"{op.symbol}{slots[0]}"
    return f"{op.symbol}({', '.join(slots)})"


def formula_template(op: Operation, tree: ast.expr) -> str:
    """A formula of the row as text, with ``{0}``, ``{1}`` for its operands and ``{out}`` for its value."""
    slots = {name: f"{{{i}}}" for i, name in enumerate(op.inputs)}
    return plain(tree, {**slots, "out": "{out}"})


def filled(template: str, operands: Sequence[str], out: str = "") -> str:
    """The template with these operands; a negative number among signs is put in brackets.

    >>> filled("{0} − {1}", ["2", "-3"]), filled("relu({0})", ["-1.5"])
    ('2 − (-3)', 'relu(-1.5)')
    """
    if template[-1:] != ")":
        operands = [f"({x})" if x.startswith("-") and template != f"{{{i}}}" else x for i, x in enumerate(operands)]
    return _fill(template, operands, out if template == "{out}" or out[-1:] == ")" else f"({out})")


def _fill(template: str, operands: Sequence[str], out: str = "") -> str:
    """All slots at once: a name that looks like a slot is not filled again."""

    def part(slot: re.Match[str]) -> str:
        if slot[1] == "out":
            return out
        return operands[int(slot[1])] if int(slot[1]) < len(operands) else slot[0]  # a symbol that looks like a slot

    return re.sub(r"\{([0-9]+|out)\}", part, template)


def comparison_templates(op: Operation, test: ast.Compare) -> tuple[str, str, str]:
    """A comparison as it reads when it holds, when it fails, and when it fails because of a nan."""
    left, right = formula_template(op, test.left), formula_template(op, test.comparators[0])
    sign = COMPARE[type(test.ops[0])]
    holds, fails = (f"{left} {RELATIONS[s]} {right}" for s in (sign, _OPPOSITE[sign]))
    return holds, fails, f"{holds} does not hold"


def reason(op: Operation, test: ast.expr, operands: Sequence[float], out: float, holds: bool) -> str:
    """The comparison that decided a condition of the row, with its numbers: ``5 ≥ 3``; the opposite where it failed.

    >>> from autodiff.table.operations import TABLE
    >>> maximum = TABLE["maximum"]
    >>> reason(maximum, maximum.value.test, [3.0, 5.0], 5.0, False)
    '3 < 5'
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
    tie = tie_of(op, test)
    if tie and read(test.left, numbers) == read(test.comparators[0], numbers):
        return tie
    texts = comparison_templates(op, test)
    undecided = any(read(side, numbers) != read(side, numbers) for side in (test.left, *test.comparators))
    template = texts[0] if holds else texts[2] if undecided else texts[1]
    return _fill(template, [number(x) for x in operands], number(out))


def tie_of(op: Operation, test: ast.Compare) -> str:
    """What is said when the two sides of this comparison are equal, if it is what a choice between them goes by."""
    sides = [side.id for side in (test.left, test.comparators[0]) if isinstance(side, ast.Name)]
    rivals = [name for name, partial in zip(op.inputs, op.partials, strict=True) if is_conditional(partial)]
    if len(sides) != 2 or sorted(sides) != sorted(rivals):
        return ""
    equal = [1.0] * len(op.inputs)
    slopes = dict(zip(op.inputs, op.locals(*equal, op.evaluate(*equal)), strict=True))
    return TIES[slopes[rivals[0]] is None]


def is_conditional(partial: ast.expr) -> bool:
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


def is_arithmetic(formula: ast.expr) -> bool:
    """Whether a slope is worth writing out: 1, -1 and a bare name say themselves."""
    return not isinstance(formula, (ast.Constant, ast.Name, ast.UnaryOp))
