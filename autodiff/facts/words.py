"""What is said of a node, an edge and a step. The sentences are data, so that the page says the very same ones."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from autodiff.facts.decisions import decided, tied
from autodiff.graph import Node
from autodiff.language.formulas import COMPARE
from autodiff.language.notation import RELATIONS, numeral, plain
from autodiff.table.operations import Operation
from autodiff.text import NAME, visible

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
}

TIES = ("tie: the first of the equals takes it", "tie: the last of the equals takes it")

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def labels(nodes: Iterable[Node], given: Mapping[int, str] | None = None) -> list[str]:
    """What each node is called: its name, the ``given`` one, or ``v7``; ``w #7`` where several are called ``w``."""
    every = (node.name or (given or {}).get(node.number) for node in nodes)
    found = [visible(name, NAME) if name else name for name in every]
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


def call_template(op: Operation) -> str:
    """How a call is written, with ``{0}``, ``{1}`` for its operands: ``{0} × {1}``, ``max({0}, {1})``."""
    slots = [f"{{{i}}}" for i in range(len(op.inputs))]
    symbol = visible(op.symbol, NAME)
    if op.notation == "infix":
        return f"{slots[0]} {symbol} {slots[1]}"
    if op.notation == "prefix":
        return f"{symbol}{slots[0]}"
    return f"{symbol}({', '.join(slots)})"


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
    return fill(template, operands, out if template == "{out}" or out[-1:] == ")" else f"({out})")


def fill(template: str, operands: Sequence[str], out: str = "") -> str:
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
