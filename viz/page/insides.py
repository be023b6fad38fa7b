"""What stands in a folded scope, when it is opened: its nodes, and what is beside them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from autodiff import Scope
from viz.graph.folding import Folds, fold
from viz.graph.paint import Laid
from viz.graph.rows import Rows
from viz.graph.titles import headed, operation_pieces
from viz.graph.view import View
from viz.ink.ruler import width_of
from viz.ink.text import visible
from viz.ink.theme import LIGHT

__all__ = ["Inside", "Kind", "inside"]


NAME = LIGHT.name_size
SLACK = 6.0  # pixels that a name may be wider than that in whose place it stands


@dataclass(frozen=True)
class Inside:
    """What stands in a scope that opens: laid out, or drawn ``like`` another one, its place among them."""

    view: View
    laid: tuple[Laid, Rows] | None
    like: int | None = None


@dataclass(frozen=True)
class Kind:
    """What two insides have in common that look alike, but for numbers and names (``key``), and these names.

    The nodes correspond in the order of their numbers, the scopes in that of their first nodes.
    """

    key: Hashable
    names: list[str]
    scopes: list[Scope]

    @classmethod
    def of(cls, shown: View, labels: Mapping[int, str]) -> Kind:
        """What kind a view is of."""
        graph, place = shown.graph, {number: i for i, number in enumerate(shown.numbers)}
        scopes: dict[Scope | None, int] = {None: 0}
        boxes, names = [], []
        for number in shown.numbers:
            node, hidden = graph.nodes[number], shown.hidden_in.get(number)
            names.append("" if hidden else headed(node, labels[number])[0])
            title = (shown.title(hidden),) if hidden else (bool(names[-1]), *operation_pieces(node))
            boxes.append((title, _known(node.scope if hidden is None else hidden, scopes)))
        inner = (edge for edge in graph.edges if {edge.source, edge.target} <= place.keys())
        edges = [(place[edge.source], place[edge.target], edge.position) for edge in inner]
        own = [scope for scope in scopes if scope is not None]
        return cls((*boxes, *edges, *(scopes[scope.parent] for scope in own)), names, own)

    @property
    def width(self) -> float:
        """How wide all names are together."""
        return sum(width_of(name, NAME) for name in self.names)

    def holds(self, other: Kind) -> bool:
        """Whether the other's names fit where those of this one stand."""
        pairs = zip(self.names, other.names, strict=False)
        return self.key == other.key and all(
            width_of(theirs, NAME) <= width_of(own, NAME) + SLACK for own, theirs in pairs
        )

    def frames(self, laid: Laid, other: Kind) -> list[str]:
        """What the frames of a layout of this kind are called where the other is shown, as they are drawn."""
        return [visible(other.scopes[self.scopes.index(scope)].name) for scope in laid.clusters.values()]


def _known(scope: Scope | None, scopes: dict[Scope | None, int]) -> int:
    """The place of a scope among those that were met, and all around it."""
    if scope not in scopes:
        assert scope is not None  # which is the first
        _known(scope.parent, scopes)
        scopes[scope] = len(scopes)
    return scopes[scope]


def inside(shown: View, scope: Scope, members: Sequence[int], limit: int) -> View | None:
    """What stands in a folded scope, with what it reads and what reads it, if these are shown.

    Its own scopes are folded where it would take more than so many boxes else, and what is beside it is left out. None
    where even that is too much.

    >>> from autodiff import Graph, Value, scope
    >>> from viz.graph.view import view
    >>> with scope("line") as line:
    ...     y = Value(2.0, "x") * 3 + 1
    >>> folded = view(Graph(y * 2), collapse=True)
    >>> inside(folded, line, folded.members(line), 60).boxes()
    4
    """
    graph, own = shown.graph, set(members)
    met = [edge for edge in graph.edges if (edge.source in own) != (edge.target in own)]
    beside = {number for edge in met for number in (edge.source, edge.target)}.intersection(shown.numbers)
    for numbers in (sorted(own | beside), sorted(own)):
        for folds in (False, True):
            outermost: Folds = {None: None}
            hidden = {
                n: fold(graph.nodes[n].scope, outermost, lambda one: one.parent is scope) for n in numbers if folds
            }
            found = View(graph, tuple(numbers), {n: inner for n, inner in hidden.items() if inner is not None})
            if found.boxes() <= limit:
                return found
    return None
