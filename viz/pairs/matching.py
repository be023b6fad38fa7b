"""Which node of one graph is which node of another: the same structure node by node, else what can be recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from autodiff import Edge, Flow, Graph, Node, Snapshot
from autodiff.writing.phrases import is_own

__all__ = ["Moment", "matched", "recognised", "renumbered"]


@dataclass(frozen=True)
class Moment:
    """A graph with the numbers of one moment, and what its nodes are called."""

    graph: Graph
    snapshot: Snapshot
    labels: Mapping[int, str]

    @property
    def passed(self) -> bool:
        """Whether a gradient has been computed."""
        return any(gradient is not None for gradient in self.snapshot.gradients)


def matched(one: Graph, other: Graph) -> dict[int, int] | None:
    """For each node of ``other`` the node of ``one`` that stands in its place; None where the structures differ.

    They are the same where, from the outputs back, each node has the same operation as its twin and twins for
    operands. Constants may be others, and so may the order in which leaves were made.
    """
    if len(one.outputs) != len(other.outputs) or len(one) != len(other):
        return None
    twins: dict[int, int] = {}
    front = list(zip(other.outputs, one.outputs, strict=True))
    while front:
        number, twin = front.pop()
        if number in twins:
            if twins[number] != twin:
                return None
            continue
        node, like = other.nodes[number], one.nodes[twin]
        if _kind(node) != _kind(like):
            return None
        twins[number] = twin
        pairs = zip(node.args, like.args, strict=True)
        front += [(a, b) for a, b in pairs if isinstance(a, int) and isinstance(b, int)]
    return twins if len(set(twins.values())) == len(twins) == len(one) else None


def _kind(node: Node) -> tuple[object, ...]:
    """What must be the same for two nodes to stand in the same place."""
    return (node.op and node.op.name, *(isinstance(arg, int) for arg in node.args))


def renumbered(moment: Moment, twins: Mapping[int, int]) -> Moment:
    """The same moment with the numbers of the other graph, whose nodes have these twins in it."""
    graph, snapshot = moment.graph, moment.snapshot
    number_of = {twin: number for number, twin in twins.items()}
    order = [twins[number] for number in range(len(graph))]
    if order == list(range(len(graph))):
        return moment
    whole = object.__new__(Graph)
    whole.values = tuple(graph.values[old] for old in order)
    whole.outputs = tuple(number_of[old] for old in graph.outputs)
    whole.nodes = tuple(_moved(graph.nodes[old], number_of) for old in order)
    whole.leaves = tuple(node.number for node in whole.nodes if node.op is None)
    whole.made = [graph.made[0][old] for old in order], [graph.made[1][old] for old in order]
    flows = (_moved_flow(flow, number_of) for flow in snapshot.flows.values())
    values, gradients = ([told[old] for old in order] for told in (snapshot.values, snapshot.gradients))
    labels = {number_of[old]: label for old, label in moment.labels.items()}
    return Moment(whole, Snapshot(values, gradients, {flow.edge: flow for flow in flows}), labels)


def _moved(node: Node, number_of: Mapping[int, int]) -> Node:
    args = tuple(number_of[arg] if isinstance(arg, int) else arg for arg in node.args)
    return replace(node, number=number_of[node.number], args=args)


def _moved_edges(nodes: Iterable[Node]) -> Iterable[Edge]:
    for node in nodes:
        yield from (Edge(arg, node.number, at) for at, arg in enumerate(node.args) if isinstance(arg, int))


def _moved_flow(flow: Flow, number_of: Mapping[int, int]) -> Flow:
    edge = flow.edge
    return replace(flow, edge=Edge(number_of[edge.source], number_of[edge.target], edge.position))


def recognised(one: Moment, other: Moment) -> dict[int, int]:
    """Of two graphs of different structure, the nodes of ``other`` that are known again in ``one``.

    Leaves by their names, or by being the same Value; outputs by their place; then whatever the same operation
    computes from the same operands.
    """
    number_of = {value: number for number, value in enumerate(one.graph.values)}
    same = {number: number_of[value] for number, value in enumerate(other.graph.values) if value in number_of}
    few = len(one.graph.outputs) == len(other.graph.outputs)
    ends = dict(zip(other.graph.outputs, one.graph.outputs, strict=True)) if few else {}
    twins: dict[int, int] = {}
    for number, twin in [*same.items(), *ends.items(), *_by_name(one, other).items()]:
        if number not in twins and twin not in twins.values():
            twins[number] = twin
    taken = set(twins.values())
    made: dict[tuple[object, ...], list[int]] = {}
    for node in one.graph:
        if node.op is not None and node.number not in taken:
            made.setdefault((node.op.name, *map(_operand, node.args)), []).append(node.number)
    for node in other.graph:
        if node.op is not None and node.number not in twins:
            operands = [_operand(twins.get(arg, -1) if isinstance(arg, int) else arg) for arg in node.args]
            if found := made.get((node.op.name, *operands)):
                twins[node.number] = found.pop(0)
    return twins


def _operand(arg: float) -> tuple[bool, float]:
    """An operand by which nodes are recognised: constant 2 is not node 2."""
    return isinstance(arg, int), arg


def _by_name(one: Moment, other: Moment) -> dict[int, int]:
    """Nodes that have a name in both graphs, in each of them once."""
    named = []
    for moment in (one, other):
        own = {number: label for number, label in moment.labels.items() if is_own(number, label)}
        once = {label for label, times in Counter(own.values()).items() if times == 1}
        named.append({label: number for number, label in own.items() if label in once})
    return {number: named[0][label] for label, number in named[1].items() if label in named[0]}
