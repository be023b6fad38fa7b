"""The ways from some nodes to the output, in colour over the faded rest: a gradient is the sum over its ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from autodiff import Edge, Flow, Graph, Snapshot, Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import got
from autodiff.language.ieee import agree
from autodiff.language.notation import numeral
from viz.graph.look import MOST_WAYS, Looks

__all__ = ["OnWays", "Ways", "wanted", "ways_of"]

FEW = 4  # ways of a node that have a colour each


@dataclass(frozen=True)
class Ways:
    """Which ways lead over each use: one number for each way of a single node, or for all ways of each of several."""

    graph: Graph
    starts: tuple[int, ...]
    counts: tuple[int, ...]  # of ways from each start
    singly: tuple[tuple[Edge, ...], ...]  # each way, from the start on, where each has a number
    over: Mapping[Edge, frozenset[int]]

    def of(self, edges: Collection[Edge]) -> frozenset[int]:
        """The ways that lead over any of these uses."""
        return frozenset().union(*(self.over.get(edge, ()) for edge in edges))

    def box_marks(self, members: Collection[int]) -> set[str]:
        """The mark of a box by the ways through it."""
        ways = frozenset[int]().union(*(self.through.get(member, ()) for member in members))
        return set() if not ways and set(members) & {*self.starts} else {_mark(ways)}

    def line_marks(self, edges: Collection[Edge]) -> set[str]:
        """The mark of a line by the ways over it."""
        return {_mark(self.of(edges))}

    @cached_property
    def through(self) -> Mapping[int, frozenset[int]]:
        """The ways that lead through each node."""
        found: dict[int, frozenset[int]] = defaultdict(frozenset)
        for edge, ways in self.over.items():
            found[edge.source] |= ways
            found[edge.target] |= ways
        return found

    def named(self, labels: Mapping[int, str]) -> list[str]:
        """What each way, by its number, is called."""
        if self.singly:
            return [" ← ".join(_named(edges, labels)) for edges in self.singly]
        number = ("the way" if count < 2 else f"all {count} ways" for count in self.counts)
        return [f"{ways} from {labels[start]}" for ways, start in zip(number, self.starts, strict=True)]

    def told(self, snapshot: Snapshot, labels: Mapping[int, str]) -> Iterator[tuple[str, int | None]]:
        """What is said of each way, with its number, and then of their sum."""
        called = self.named(labels)
        if not self.singly:
            yield from zip(called, range(len(called)), strict=True)
            return
        sums = []
        for way, (names, edges) in enumerate(zip(called, self.singly, strict=True)):
            factors = _factors(edges, snapshot)
            if factors is None:
                flows = filter(None, map(snapshot.flows.get, edges))
                yield names + ": no path" * any(flow.local is None for flow in flows), way
                continue
            sums.append(prod(factors))
            product = " × ".join(map(numeral, factors))
            yield f"{names}: {product}" + f" = {numeral(sums[-1])}" * (len(factors) > 1), way
        gradient = snapshot.gradients[self.starts[0]]
        if sums and gradient is not None and agree(sum(sums), gradient) and len(self.singly) > 1:
            yield f"their sum, the gradient of {labels[self.starts[0]]}: {numeral(gradient)}", None


def _mark(ways: Collection[int]) -> str:
    return "faded" if not ways else f"way {min(ways)}" if len(ways) == 1 else "ways"


def _named(edges: Sequence[Edge], labels: Mapping[int, str]) -> list[str]:
    """The nodes along a way; of a long one those at its ends."""
    names = [labels[edge.source] for edge in edges] + [labels[edges[-1].target]]
    return names if len(names) <= FEW + 2 else [*names[: FEW - 1], "…", *names[-2:]]


def _factors(edges: Sequence[Edge], snapshot: Snapshot) -> list[float] | None:
    """What is multiplied along a way, from the output on; None where something is not known, or not sent on."""
    seed, flows = snapshot.gradients[edges[-1].target], [snapshot.flows.get(edge) for edge in reversed(edges)]
    if seed is None or not all(map(_is_sent, flows)):
        return None
    slopes = [flow.local for flow in flows if flow is not None and flow.local is not None]
    return slopes if seed == 1 else [seed, *slopes]


def _is_sent(flow: Flow | None) -> bool:
    return flow is not None and flow.contribution is not None


def wanted(path: object, paths: object) -> list[Value] | None:
    """The nodes whose ways are to be shown; None where nobody wished that."""
    if path is None and paths is None:
        return None
    if path is not None and paths is not None:
        raise ValueError("give path=x for the ways of one node, or paths=(x, y) for those of several, not both")
    nodes = [path] if paths is None else list(paths) if isinstance(paths, (list, tuple)) else [paths]
    for node in nodes:
        if not isinstance(node, Value):
            word = "path= is a Value" if paths is None else "paths= is a list of Values"
            raise TypeError(f"{word}, whose ways to the output are shown; got {got(node)}")
    if not 0 < len(nodes) <= MOST_WAYS:
        raise ValueError(f"paths= takes 1 to {MOST_WAYS} Values, for each has a colour of its own; got {len(nodes)}")
    return [node for node in dict.fromkeys(nodes) if isinstance(node, Value)]


def ways_of(graph: Graph, nodes: Sequence[Value]) -> Ways:
    """The ways from these nodes to the outputs; ``ValueError`` for a node that is not in the graph."""
    known = set(graph.values)
    for node in nodes:
        if node not in known:
            raise ValueError(f"{quoted(node)} is not in this graph, so no way leads from it to what is drawn")
    uses: dict[int, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        uses[edge.source].append(edge)
    starts = tuple(graph.number(node) for node in nodes)
    left = _left(graph, uses)
    counts = tuple(left[start] - (start in graph.outputs) for start in starts)
    singly = tuple(_each(uses, graph.outputs, starts[0])) if len(starts) == 1 and counts[0] <= FEW else ()
    over: dict[Edge, frozenset[int]] = defaultdict(frozenset)
    for way, edges in enumerate(singly or (_reached(uses, start) for start in starts)):
        for edge in edges:
            over[edge] |= {way}
    return Ways(graph, starts, counts, singly, over)


def _left(graph: Graph, uses: Mapping[int, Sequence[Edge]]) -> dict[int, int]:
    """How many ways lead from each node to an output."""
    found: dict[int, int] = {}
    for number in reversed(range(len(graph))):
        found[number] = (number in graph.outputs) + sum(found[edge.target] for edge in uses.get(number, ()))
    return found


def _each(uses: Mapping[int, Sequence[Edge]], outputs: Collection[int], start: int) -> Iterator[tuple[Edge, ...]]:
    pending: list[tuple[Edge, ...]] = [(edge,) for edge in reversed(uses.get(start, ()))]
    while pending:
        way = pending.pop()
        if way[-1].target in outputs:
            yield way
        pending += [(*way, edge) for edge in reversed(uses.get(way[-1].target, ()))]


def _reached(uses: Mapping[int, Sequence[Edge]], start: int) -> Iterator[Edge]:
    seen, pending = {start}, [start]
    while pending:
        for edge in uses.get(pending.pop(), ()):
            yield edge
            if edge.target not in seen:
                seen.add(edge.target)
                pending.append(edge.target)


class OnWays(Looks):
    """The looks of a graph of which some ways are shown: these in their colours, the rest faded."""

    ways: Ways

    def box_marks(self, members: Collection[int], speaker: int | None, folded: bool = False) -> set[str]:
        """The marks of a box, and which ways lead through it."""
        return super().box_marks(members, speaker, folded) | self.ways.box_marks(members)

    def _borne_by(self, edges: Sequence[Edge]) -> set[str]:
        return super()._borne_by(edges) | self.ways.line_marks(edges)
