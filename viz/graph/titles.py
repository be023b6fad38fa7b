"""What stands first in a box: what a node is called, and how it was computed."""

from __future__ import annotations

from autodiff import Node
from autodiff.facts.words import operation_text
from autodiff.language.notation import numeral
from autodiff.writing.phrases import is_own
from viz.ink.text import visible

__all__ = ["headed", "operation_pieces"]


def headed(node: Node, label: str) -> tuple[str, bool]:
    """A label as it begins the title of a box, and whether it is bold: a number alone is told from what follows it."""
    own = is_own(node.number, label)
    return visible(label) + ":" * bool(node.op and not own), own


def operation_pieces(node: Node, does: str = "") -> list[tuple[str, bool]]:
    """How a node's operation is written, in pieces, and which of them are constants among its operands.

    ``does`` is what is said of it instead, in one piece.

    >>> from autodiff import Graph, Value
    >>> operation_pieces(Graph(Value(2.0) * 3).nodes[1])
    [('× ', False), ('3', True)]
    """
    if node.op is None:
        return []
    if does:
        return [(visible(does), False)]
    told = visible(operation_text(node))
    at = 0 if node.op.notation == "infix" else told.find("(") + 1  # a symbol such as log2 has a figure, too
    pieces, rest = [(told[:at], False)], told[at:]
    for constant in (numeral(arg) for arg in node.args if isinstance(arg, float)):
        before, found, after = rest.partition(constant)
        if found:
            pieces += [(before, False), (constant, True)]
            rest = after
    return [piece for piece in (*pieces, (rest, False)) if piece[0]]
