"""Softmax and its relatives as they are written on paper: ``exp(s − max)``, a sum, and ``p − y`` at the scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from sys import float_info

from autodiff import Edge, Graph, Node
from viz.graph.constants import constants_of
from viz.graph.folding import Difference, Formula
from viz.graph.view import View

__all__ = ["formulas", "lectured"]


@dataclass(frozen=True)
class _Softmax:
    """The nodes of one: ``shift`` is the largest score, held within the floats, which is taken out of all."""

    graph: Graph
    labels: Mapping[int, str] | Sequence[str]
    uses: Mapping[int, Sequence[Node]]
    shift: Node

    @cached_property
    def guards(self) -> tuple[int, ...]:
        """What finds the largest score and stops the gradient there."""
        nodes, found = self.graph.nodes, [self.shift.number]
        stop = nodes[int(self.shift.args[0])]
        pending = [stop]
        while pending:
            node = pending.pop()
            found.append(node.number)
            inner = (nodes[arg] for arg in node.args if isinstance(arg, int))
            pending += [node for node in inner if _finds(node) and len(self.uses[node.number]) == 1]
        return tuple(sorted(found))

    def guarding(self) -> Iterator[Edge]:
        """The uses of scores to find the largest."""
        for node in (self.graph.nodes[number] for number in self.guards):
            args = ((arg, at) for at, arg in enumerate(node.args) if isinstance(arg, int) and arg not in self.guards)
            yield from (Edge(arg, node.number, at) for arg, at in args)

    @cached_property
    def shifted(self) -> list[Node]:
        """``s − max`` of each score."""
        last = self.shift.number
        return [node for node in self.uses[last] if _is(node, "subtract") and node.args[1] == last]

    @cached_property
    def exps(self) -> dict[int, Node]:
        """Of each ``s − max`` its ``exp``."""
        uses = ((less.number, node) for less in self.shifted for node in self.uses[less.number])
        return {number: node for number, node in uses if _is(node, "exp")}

    @cached_property
    def sums(self) -> list[int]:
        """The chain of sums of all ``exp``."""
        parts, found = {node.number for node in self.exps.values()}, list[int]()
        pending = [use for number in parts for use in self.uses[number]]
        while pending:
            node = pending.pop()
            if _is(node, "add") and node.number not in parts and parts >= {*node.args}:
                parts.add(node.number)
                found.append(node.number)
                pending += self.uses[node.number]
        return sorted(found)

    def told(self) -> Iterator[tuple[int, Formula]]:
        """What each of its nodes is part of."""
        largest = Formula("max", self.shift.scope)
        yield from ((number, largest) for number in self.guards)
        for less in self.shifted:
            name = self._called(less.args[0])
            formula = Formula(f"exp({name} − max)", less.scope)
            alone = len(self.uses[less.number]) == 1 and less.number in self.exps
            yield less.number, formula if alone else Formula(f"{name} − max", less.scope)
            if less.number in self.exps:
                yield self.exps[less.number].number, formula
        total = Formula("sum", self.shift.scope)
        yield from ((number, total) for number in self.sums)
        for node in self.uses[self.shift.number]:
            if _is(node, "add"):
                yield node.number, Formula("log(sum) + max", node.scope)

    def _called(self, operand: int | float) -> str:
        if operand in constants_of(self.graph):
            return str(self.graph.nodes[int(operand)].name)
        return self.labels[operand] if isinstance(operand, int) else f"{operand:g}"

    def differences(self) -> Iterator[tuple[Edge, Difference]]:
        """Of the use of each score what its gradient is made of, in a cross entropy: elsewhere it is no p − y."""
        logs = [node for number in self.sums[-1:] for node in self.uses[number] if _is(node, "log")]
        if not logs or all(len(self.uses[less.number]) == 1 for less in self.shifted):
            return
        for less in self.shifted:
            if isinstance(less.args[0], int) and less.number in self.exps:
                exp = self.exps[less.number]
                others = [node for node in self.uses[less.number] if node is not exp]
                places = ((node, at) for node in others for at, arg in enumerate(node.args) if arg == less.number)
                target = tuple(Edge(less.number, node.number, at) for node, at in places)
                share = Edge(less.number, exp.number, 0)
                yield Edge(less.args[0], less.number, 0), Difference(share, target, logs[0].number)


def formulas(graph: Graph, labels: Mapping[int, str] | Sequence[str]) -> dict[int, Formula]:
    """What keeps every softmax of a graph from overflow, and its sum, each as one formula, by the nodes in it."""
    return {number: formula for one in _all(graph, labels) for number, formula in one.told()}


def lectured(view: View, labels: Mapping[int, str] | Sequence[str]) -> View:
    """The view with every softmax in it as it is written on paper; its ``max`` stands in names alone, without a box."""
    found, unboxed, guarding = dict[int, Formula](), set[int](), set[Edge]()
    differences: dict[Edge, Difference] = {}
    shown, hidden = {*view.numbers}, view.hidden_in.keys()
    for one in _all(view.graph, labels):
        told = dict(one.told())
        cut = {formula for number, formula in told.items() if number not in shown}  # by the border of a part
        differences |= dict(one.differences())
        guarding |= set(one.guarding())
        if not hidden & told.keys():
            unboxed |= {*one.guards}
            found |= {n: formula for n, formula in told.items() if formula not in cut and n not in unboxed}
    if not differences and not guarding:
        return view
    return replace(
        view,
        numbers=tuple(number for number in view.numbers if number not in unboxed),
        hidden_in={**found, **view.hidden_in},
        unboxed=frozenset(unboxed),
        left_out=view.left_out | guarding,
        differences=differences,
    )


def _all(graph: Graph, labels: Mapping[int, str] | Sequence[str]) -> Iterator[_Softmax]:
    uses: dict[int, list[Node]] = defaultdict(list)
    for source, target in dict.fromkeys((edge.source, edge.target) for edge in graph.edges):
        uses[source].append(graph.nodes[target])
    for node in graph:
        if _is(node, "clamp") and node.args[1:] == (-float_info.max, float_info.max):
            stop = node.args[0]
            if isinstance(stop, int) and _is(graph.nodes[stop], "stop"):
                yield _Softmax(graph, labels, uses, node)


def _finds(node: Node) -> bool:
    """Whether a node finds the largest of two, or of one."""
    return _is(node, "maximum") or _is(node, "identity")


def _is(node: Node, name: str) -> bool:
    return node.op is not None and node.op.name == name
