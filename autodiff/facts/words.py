"""What is said of a node, an edge and a step. The sentences are data, so that the page says the very same ones."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autodiff.facts.decisions import decided, tied
from autodiff.graph import Node
from autodiff.ground.text import NAME, visible
from autodiff.language.formulas import COMPARE
from autodiff.language.notation import RELATIONS, numeral, plain
from autodiff.table.operations import Operation
from autodiff.writing.phrases import call_template, fill, filled, labels

__all__ = [
    "NOTHING_FLOWS",
    "SENTENCES",
    "TIES",
    "call_template",
    "comparison_templates",
    "filled",
    "formula_template",
    "is_arithmetic",
    "labels",
    "operation_text",
    "reason",
    "tie_of",
    "why_no_path",
]

# What "no path" means; whatever tells of it says this, or nothing.
NOTHING_FLOWS = "nothing flows, so the derivative is 0"

SENTENCES = {
    "no path": f"no path: {NOTHING_FLOWS}",
    "leaf": "{name} = {value}",
    "constant": "{value} is a constant",
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
    "off": "{name} gets no path through {target}: {reason}, so {target} is off",
    "never": "{name} gets no path through {target}, which passes nothing back to it",
    "tied": "{name} gets no path through {target}: {reason}",
    "inputs": "the inputs are given: {names}",
    "more inputs": "{count} more",
    "inner inputs": "{count} without boxes of their own",
    "inside": "{name} = {value}, computed inside by {count} nodes",
    "unspoken": "{name}: {count} nodes inside are computed",
    "arrives": "{name}.grad = {sum}, from {target}",
    "joins": "{name}.grad: {before} += {sum} from {target} → {after}",
    "uses": " ({count} uses)",
    "several": "{target} sends gradients back into {name}",
    "unreached": "{name} gets no path through {target}",
}

TIES = ("tie: the first of the equals takes it", "tie: the last of the equals takes it")

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def operation_text(node: Node) -> str:
    """How a node's operation is written, with the constants among its operands: ``×``, ``× 0.7``, ``max(·, 3)``."""
    assert node.op is not None
    symbol = visible(node.op.symbol, NAME)
    constants = [None if isinstance(arg, int) else numeral(arg) for arg in node.args]
    if not any(constants):
        return symbol
    if node.op.notation == "infix":
        if node.op.commutes:
            return f"{symbol} {constants[0] or constants[1]}"
        return " ".join(part for part in (constants[0], symbol, constants[1]) if part)
    return f"{symbol}({', '.join(text or '·' for text in constants)})"


def why_no_path(node: Node, position: int) -> str:
    """Why an operand of this node gets no gradient: ``not taken`` by a choice, ``off``, or never a path."""
    assert node.op is not None
    if not node.op.has_path(position):
        return "no path"
    return "off" if len(node.op.inputs) == 1 else "not taken"


def formula_template(op: Operation, tree: ast.expr) -> str:
    """A formula of the row as text, with ``{0}``, ``{1}`` for its operands and ``{out}`` for its value."""
    slots = {name: f"{{{i}}}" for i, name in enumerate(op.inputs)}
    return plain(tree, {**slots, "out": "{out}"})


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
    what = decided(op, test, operands, out, holds)
    texts = comparison_templates(op, what.test)
    template = texts[0] if what.holds else texts[2] if what.undecided else texts[1]
    return fill(template, [numeral(x) for x in operands], numeral(out))


def tie_of(op: Operation, position: int, operands: Sequence[float], out: float) -> str:
    """What is said of an operand among equals of which one is taken; empty where there is no tie."""
    winner = tied(op, position, operands, out)
    return "" if winner is None else TIES[winner]


def is_arithmetic(formula: ast.expr) -> bool:
    """Whether a slope is worth writing out: 1, -1 and a bare name say themselves."""
    return not isinstance(formula, (ast.Constant, ast.Name, ast.UnaryOp))
