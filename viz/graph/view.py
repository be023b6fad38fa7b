"""What of a graph is shown: all of it, or a part, with some scopes collapsed to one box each."""

from __future__ import annotations

import math
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autodiff import Edge, Graph, Scope, Value
from autodiff.ground.text import NAME, quoted, visible
from viz.graph.folding import Collapse, Difference, Folds, Repeated, chosen, depths_of, fold, foldable, innermost
from viz.graph.ways import Ways

__all__ = [
    "LIMIT",
    "TooLargeError",
    "View",
    "ancestors",
    "require_boxes",
    "require_small",
    "view",
]


LIMIT = 400


class TooLargeError(ValueError):
    """A graph with too many nodes to be read; the message says how to look at a part."""


@dataclass(frozen=True)
class View:
    """The shown part of a graph: ``numbers`` of its nodes, and the collapsed scope that hides a node, if any."""

    graph: Graph
    numbers: tuple[int, ...]
    hidden_in: dict[int, Scope]
    order: tuple[tuple[int, int], ...] = ()  # of two nodes the second stands behind the first, with or without a line
    left_out: frozenset[Edge] = frozenset()  # uses without a line
    ways: Ways | None = None  # that are shown in colour over the rest
    unboxed: frozenset[int] = frozenset()  # nodes that names of others tell, and no box
    differences: Mapping[Edge, Difference] = field(default_factory=dict)  # uses that say what their gradient is made of
    whole: int = 0  # boxes there would be, where these are the part of them that can be read

    def key(self, number: int) -> str:
        """The name of the box that shows a node: ``n7``, or ``s4`` for the scope whose first node is 4."""
        scope = self.hidden_in.get(number)
        return f"n{number}" if scope is None else f"s{self.members(scope)[0]}"

    def members(self, scope: Scope) -> tuple[int, ...]:
        """The shown nodes that a collapsed scope hides."""
        return self._members[scope]

    @cached_property
    def _members(self) -> dict[Scope, tuple[int, ...]]:
        found: dict[Scope, list[int]] = {}
        for number, scope in self.hidden_in.items():
            found.setdefault(scope, []).append(number)
        return {scope: tuple(numbers) for scope, numbers in found.items()}

    def title(self, scope: Scope) -> str:
        """What the box of a collapsed scope is called: ``same #3`` where several have one name in one scope."""
        name = visible(scope.name, NAME).strip()
        return f"{name or 'scope'} #{self.members(scope)[0]}" if self._paths[scope.path] > 1 else name

    @cached_property
    def _paths(self) -> Counter[tuple[str, ...]]:
        return Counter(scope.path for scope in self._members)

    @cached_property
    def folds(self) -> dict[int, tuple[int, ...]]:
        """Of every hidden node, all that are hidden with it."""
        return {number: self._members[scope] for number, scope in self.hidden_in.items()}

    def boxes(self) -> int:
        """How many boxes it takes to draw it."""
        return len(self.numbers) - len(self.hidden_in) + len(self._members)

    def edges(self) -> dict[tuple[str, str], list[Edge]]:
        """The shown edges by the boxes they join; only edges of a collapsed box may share a line."""
        return self._edges

    @cached_property
    def _edges(self) -> dict[tuple[str, str], list[Edge]]:
        keys = {number: self.key(number) for number in self.numbers}
        joined: dict[tuple[str, str], list[Edge]] = {}
        for edge in self.graph.edges:
            shown = edge.source in keys and edge.target in keys and edge not in self.left_out
            if shown and keys[edge.source] != keys[edge.target]:
                joined.setdefault((keys[edge.source], keys[edge.target]), []).append(edge)
        return joined

    def behind(self) -> Iterator[tuple[str, str]]:
        """Boxes that stand behind others though no line leads there."""
        shown = set(self.numbers)
        pairs = ((self.key(a), self.key(b)) for a, b in self.order if a in shown and b in shown)
        return (pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1] and pair not in self._edges)

    def lines(self, source: str, target: str, edges: list[Edge]) -> list[list[Edge]]:
        """The lines between two boxes: one for each use, or one for all of them when a box is a folded scope."""
        return [[edge] for edge in edges] if source[0] == target[0] == "n" else [edges]

    def speaker(self, scope: Scope) -> int | None:
        """The node whose numbers a folded scope shows: the only one that is used outside of it, and not one of many."""
        if isinstance(scope, Repeated) and scope.times > 1:
            return None
        used = self._used_outside.get(scope, ())
        return next(iter(used)) if len(used) == 1 else None

    @cached_property
    def _used_outside(self) -> dict[Scope, set[int]]:
        """The nodes that a folded scope hides and that are used outside of it, or are outputs."""
        found: dict[Scope, set[int]] = {}
        hidden = self.hidden_in.get
        crossing = (edge.source for edge in self.graph.edges if hidden(edge.source) is not hidden(edge.target))
        for number in (*crossing, *self.graph.outputs):
            if number in self.hidden_in:
                found.setdefault(self.hidden_in[number], set()).add(number)
        return found

    def cut(self) -> tuple[list[int], list[int]]:
        """The shown nodes with operands that are not shown, and those with uses that are not shown; one of a box."""
        first = {n: self.members(self.hidden_in[n])[0] if n in self.hidden_in else n for n in self.numbers}
        crossing = [e for e in self.graph.edges if (e.source in first) != (e.target in first)]
        outer = [e for e in crossing if e not in self.left_out and not self.unboxed & {e.source, e.target}]
        above = {first[e.target] for e in outer if e.target in first}
        below = {first[e.source] for e in outer if e.source in first}
        return sorted(above), sorted(below)


UNREACHED = "reached=True shows where the gradient went, and there is none yet: call backward() first"
DEEPEST = 1000  # scopes inside each other; Graphviz takes longer and longer with each


def require_boxes(
    outputs: Iterable[Value],
    reached: bool = False,
    collapse: Collapse = False,
    limit: int | None = LIMIT,
    around: Value | None = None,
    depth: int | None = None,
    times: int = 1,
) -> None:
    """Refuse what cannot be drawn in so many boxes, after looking at no more nodes than it takes to know.

    A node that stands in a scope may share a box with all of its outermost scope, if that is to be folded. Of what
    is ``around`` a node, what it was computed from is looked at. In scopes much may repeat: then ``times`` as many may
    pass.
    """
    far = _reach(around, depth)
    if limit is None:
        return
    folds = foldable(collapse)
    outermost: Folds = {None: None}
    boxes: set[Value | Scope] = set()
    times_here = 1
    for node in ancestors(outputs if around is None else [around], far):
        if reached and not _is_reached(node):
            continue
        boxes.add(fold(node.scope, outermost, folds) or node)
        times_here = times if node.scope is not None else times_here
        if len(boxes) > limit * times_here:
            raise TooLargeError(_refusal(f"more than {limit} boxes, which"))
    if reached and far == math.inf and not boxes:
        raise ValueError(UNREACHED)


def ancestors(outputs: Iterable[Value], depth: float = math.inf) -> Iterator[Value]:
    """Every node that the outputs were computed from, ``depth`` edges back, and themselves, the nearest first."""
    front = deque((output, depth) for output in dict.fromkeys(outputs))
    seen = {output for output, _ in front}
    while front:
        node, left = front.popleft()
        yield node
        if left > 0:
            further = [parent for parent in dict.fromkeys(node.parents) if parent not in seen]
            seen.update(further)
            front += ((parent, left - 1) for parent in further)


def _refusal(boxes: str) -> str:
    return (
        f"this graph would take {boxes} cannot be read; look at a part with "
        "viz.draw(..., around=<a Value>, depth=2), or at the end with depth=3, group nodes with scope(...) and "
        "collapse=True, or raise max_nodes"
    )


def view(
    graph: Graph,
    around: Value | None = None,
    depth: int | None = None,
    reached: bool = False,
    collapse: Collapse = False,
    limit: int | None = LIMIT,
) -> View:
    """Choose what to show: the nodes within ``depth`` edges of ``around`` (or before the outputs), scopes collapsed.

    ``reached`` leaves out what no gradient reached, but for the operands refused right beside it. ``collapse``
    names scopes, is True for all the outermost ones, or tells of each Scope whether to fold it. A graph of more
    than ``limit`` boxes is collapsed by scope, the innermost first, and refused with :class:`TooLargeError` when
    that is not enough; None is no limit.
    """
    limit = sys.maxsize if limit is None else limit
    numbers = _part(graph, around, depth)
    if reached:
        numbers = _reached(graph, numbers)
    shown = _collapsed(graph, numbers, chosen(graph, collapse))
    if shown.boxes() > limit and collapse is False:
        shown = _collapsed(graph, numbers, innermost(graph, numbers, limit))
    require_small(shown, limit)
    _require_depth(shown)
    return shown


def require_small(shown: View, limit: int | None) -> None:
    """Refuse a view of more than so many boxes."""
    if limit is not None and shown.boxes() > limit:
        raise TooLargeError(_refusal(f"more than {limit} boxes ({shown.boxes()}), which"))


def _require_depth(shown: View) -> None:
    """Refuse scopes inside scopes inside scopes, too many to be laid out, unless they are folded away."""
    depths = depths_of(shown.graph.nodes[number].scope for number in shown.numbers if number not in shown.hidden_in)
    if max(depths.values()) > DEEPEST:
        raise TooLargeError(
            f"the scopes of this graph are nested {max(depths.values())} deep, and more than {DEEPEST} levels cannot "
            "be drawn; fold the outer ones with collapse=True, or enter fewer scope(...) inside each other"
        )


def _reach(around: Value | None, depth: int | None) -> float:
    """How many edges far the shown part reaches from where it begins: without end when nobody wished a part."""
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ValueError(f"depth is a number of edges, 0 or more, got {quoted(depth)}")
    if around is not None and not isinstance(around, Value):
        raise TypeError(f"around is a Value of the graph, got {type(around).__name__} {quoted(around)}")
    if depth is None:
        return math.inf if around is None else 2
    return depth


def _part(graph: Graph, around: Value | None, depth: int | None) -> tuple[int, ...]:
    far = _reach(around, depth)
    if far == math.inf:
        return tuple(range(len(graph)))
    near: list[list[int]] = [[] for _ in graph]
    for edge in graph.edges:
        near[edge.target].append(edge.source)
        if around is not None:
            near[edge.source].append(edge.target)
    start = graph.outputs if around is None else (graph.number(around),)
    seen, front = set(start), set(start)
    while far > 0:
        far -= 1
        front = {other for number in front for other in near[number]} - seen
        if not front:
            break
        seen |= front
    return tuple(sorted(seen))


def _is_reached(value: Value) -> bool:
    return value.grad_state in ("value", "zero")


def _reached(graph: Graph, numbers: Sequence[int]) -> tuple[int, ...]:
    if not any(map(_is_reached, graph.values)):
        raise ValueError(UNREACHED)
    on_path = {number for number in numbers if _is_reached(graph.values[number])}
    shown = on_path | {edge.source for edge in graph.edges if edge.target in on_path}
    return tuple(number for number in numbers if number in shown)


def _collapsed(graph: Graph, numbers: Sequence[int], chosen: Callable[[Scope], bool]) -> View:
    outermost: Folds = {None: None}
    folds = ((number, fold(graph.nodes[number].scope, outermost, chosen)) for number in numbers)
    return View(graph, tuple(numbers), {number: scope for number, scope in folds if scope is not None})
