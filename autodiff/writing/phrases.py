"""What nodes are called, how a call is written, and a graph as lines of text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from autodiff.ground.markup import ends
from autodiff.ground.text import NAME, visible
from autodiff.language.notation import MINUS, numeral
from autodiff.recording.reverse import NO_PATH
from autodiff.table.operations import Operation

__all__ = ["call_template", "fill", "filled", "is_own", "labels", "outline"]


class _Named(Protocol):
    """What is asked of a node here."""

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str | None: ...
    @property
    def op(self) -> Operation | None: ...
    @property
    def args(self) -> tuple[int | float, ...]: ...


def outline(nodes: Sequence[_Named], data: Sequence[float], gradients: Sequence[float | None]) -> str:
    """One line for each node: its number, how it was computed, its value and gradient; of very many the ends."""
    known, lines = labels(nodes), list[str]()
    first, between, last = ends(len(nodes))
    for node in (nodes[place] for place in (*first, *last)):
        text = f"{node.number:4d}  {known[node.number]} = "
        if node.op is not None:
            names = [known[arg] if isinstance(arg, int) else numeral(arg) for arg in node.args]
            text += f"{filled(call_template(node.op), names)} = "
        gradient = gradients[node.number]
        told = "no path" if gradient is NO_PATH else "" if gradient is None else f"grad {numeral(gradient)}"
        lines.append(text + numeral(data[node.number]) + (told and f", {told}"))
    if between:
        lines.insert(len(first), f"   …  {between} nodes more")
    return "\n".join(lines)


def labels(nodes: Iterable[_Named], given: Mapping[int, str] | None = None) -> list[str]:
    """What each node is called: the ``given`` name, its own, or ``v7``; ``w #7`` where several are called ``w``.

    No two are called alike. Whatever names nodes, in sentences, pictures and pages, calls them so.
    """
    every = ((given or {}).get(node.number) or node.name or "" for node in nodes)
    found = [visible(name, NAME).strip() or None for name in every]
    often = Counter(found)
    return [_label(name, number, often) for number, name in enumerate(found)]


def is_own(number: int, label: str) -> bool:
    """Whether a node's label is a name that somebody gave, and not the number alone."""
    return label != f"v{number}"


def _label(name: str | None, number: int, often: Mapping[str | None, int]) -> str:
    label = name or f"v{number}"
    if often[label] > bool(name):
        label = f"{label} #{number}"
        while often[label]:
            label += "'"
    return label


def call_template(op: Operation) -> str:
    """How a call is written, with ``{0}``, ``{1}`` for its operands: ``{0} × {1}``, ``max({0}, {1})``."""
    slots = [f"{{{i}}}" for i in range(len(op.inputs))]
    symbol = visible(op.symbol, NAME)
    if op.notation == "infix":
        return f"{slots[0]} {symbol} {slots[1]}"
    if op.notation == "prefix":
        return f"{symbol}{slots[0]}"
    return f"{symbol}({', '.join(slots)})"


def filled(template: str, operands: Sequence[str], out: str = "") -> str:
    """The template with these operands; a negative number among signs is put in brackets.

    >>> filled("{0} − {1}", ["2", "-3"]), filled("relu({0})", ["-1.5"])
    ('2 − (-3)', 'relu(-1.5)')
    """
    if template[-1:] != ")":
        operands = [f"({x})" if x.startswith(MINUS) and template != f"{{{i}}}" else x for i, x in enumerate(operands)]
    return fill(template, operands, out if template == "{out}" or out[-1:] == ")" else f"({out})")


def fill(template: str, operands: Sequence[str], out: str = "") -> str:
    """All slots at once: a name that looks like a slot is not filled again."""

    def part(slot: re.Match[str]) -> str:
        if slot[1] == "out":
            return out
        return operands[int(slot[1])] if int(slot[1]) < len(operands) else slot[0]  # a symbol that looks like a slot

    return re.sub(r"\{([0-9]+|out)\}", part, template)
