"""The ways from some nodes to the output, in colour over the faded rest: a gradient is the sum over its ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from autodiff import Edge, Flow, Graph, Snapshot, Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import got
from autodiff.language.ieee import agree
from autodiff.language.notation import numeral
from viz.graph.look import Look, Looks, Words
from viz.ink.theme import THINNEST

__all__ = ["OnWays", "Ways", "wanted", "ways_of"]

FEW, MOST = 4, 8  # ways that have a colour each; nodes whose ways have a colour each


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

    @cached_property
    def through(self) -> Mapping[int, frozenset[int]]:
        """The ways that lead through each node."""
        found: dict[int, frozenset[int]] = defaultdict(frozenset)
        for edge, ways in self.over.items():
            found[edge.source] |= ways
            found[edge.target] |= ways
        return found

    def told(self, snapshot: Snapshot, labels: Mapping[int, str]) -> Iterator[tuple[str, int | None]]:
        """What is said of each way, with its number, and then of their sum."""
        if not self.singly:
            for way, (start, count) in enumerate(zip(self.starts, self.counts, strict=True)):
                number = f"all {count} ways" if count > 1 else "the way"
                yield f"{number} from {labels[start]}", way
            return
        sums = []
        for way, edges in enumerate(self.singly):
            factors = _factors(edges, snapshot)
            names = " ← ".join(_named(edges, labels))
            if factors is None:
                yield f"{names}: no path" if edges[-1].target in _known(snapshot) else names, way
                continue
            sums.append(prod(factors))
            product = " × ".join(map(numeral, factors))
            yield f"{names}: {product}" + f" = {numeral(sums[-1])}" * (len(factors) > 1), way
        gradient = snapshot.gradients[self.starts[0]]
        if sums and gradient is not None and agree(sum(sums), gradient) and len(self.singly) > 1:
            yield f"their sum, the gradient of {labels[self.starts[0]]}: {numeral(gradient)}", None


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


def _known(snapshot: Snapshot) -> Collection[int]:
    return {number for number, gradient in enumerate(snapshot.gradients) if gradient is not None}


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
    if not 0 < len(nodes) <= MOST:
        raise ValueError(f"paths= takes 1 to {MOST} Values, for each has a colour of its own; got {len(nodes)}")
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

    def box(self, members: Collection[int], speaker: int | None, folded: bool = False) -> Look:
        """What a box looks like: faded where no way leads through it."""
        found = super().box(members, speaker, folded)
        ways: frozenset[int] = frozenset().union(*(self.ways.through.get(member, ()) for member in members))
        if not ways and not set(members) & {*self.ways.starts}:
            return replace(found, ink="no_path", pen=THINNEST, value="muted", gradient="muted")
        return replace(found, ink=_ink(ways), pen=max(found.pen or 0, 2)) if ways else found

    def line(self, edges: Sequence[Edge]) -> Look:
        """What a line looks like: its width and its dashes tell what they always do."""
        found, ways = super().line(edges), self.ways.of(edges)
        if not ways:
            return replace(found, ink="cluster_border", pen=THINNEST)
        return replace(found, ink=_ink(ways), label=_ink(ways), pen=max(found.pen or 0, 2))

    def line_words(self, edges: Sequence[Edge]) -> Words:
        """What stands at a line; nothing where it is faded."""
        return super().line_words(edges) if self.ways.of(edges) else Words()


def _ink(ways: Collection[int]) -> str:
    return f"way_{min(ways)}" if len(ways) == 1 else "text"
