"""Graph, a frozen, numbered record of what was computed, parents before children."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

from autodiff.ground.calls import fields_of
from autodiff.ground.slots import made
from autodiff.ground.text import quoted
from autodiff.habits.answers import got
from autodiff.language.ieee import real
from autodiff.recording.copies import entry, saved
from autodiff.recording.reverse import NO_PATH, describe, held, peek, renew, topological
from autodiff.recording.scopes import Scope
from autodiff.recording.value import Value
from autodiff.table.operations import Operation
from autodiff.writing.documents import read_values, written
from autodiff.writing.phrases import outline

__all__ = ["Edge", "Flow", "Graph", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a graph: its topological number, its operation (None for a leaf), and its operands.

    An operand is the number of a node (an ``int``) or a constant (a ``float``).
    """

    number: int
    op: Operation | None
    args: tuple[int | float, ...]
    name: str | None
    scope: Scope | None
    __repr__ = fields_of


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of a node: ``source`` is operand number ``position`` of ``target``; ``x * x`` has two edges."""

    source: int
    target: int
    position: int


@dataclass(frozen=True, slots=True)
class Flow:
    """The gradient that flowed back over an edge: ``local * upstream = contribution``.

    ``local`` is None where the edge has no path (the loser of a max); ``upstream`` is None where no gradient was
    computed, or none reached the target; ``contribution`` is None unless both are there.
    """

    edge: Edge
    local: float | None
    upstream: float | None
    contribution: float | None


class Graph:
    """A frozen, numbered record of everything that some outputs were computed from.

    ``nodes`` are in topological order, ``values`` are the Values behind them, ``edges`` one for each use,
    ``leaves`` and ``outputs`` are numbers of nodes. Its structure never changes; :meth:`forward` brings the
    numbers up to date, ``made`` keeps the data and the gradients of the moment at which it was made, to be compared
    with later ones. ``print(graph)`` lists the nodes. Anything but Values raises ``TypeError``.

    >>> x = Value(3.0, "x")
    >>> graph = Graph(x * x + 1)
    >>> [str(node.op.symbol if node.op else node.name) for node in graph.nodes]
    ['x', '×', '+']
    >>> x.data = 4.0
    >>> graph.forward()
    (17.0,)
    """

    def __init__(self, *outputs: Value) -> None:
        if not outputs:
            raise TypeError("a Graph needs at least one output Value")
        for output in outputs:
            if not isinstance(output, Value):
                raise TypeError(f"a Graph is made of Values, got {got(output)}; write Graph(*values) for a list")
        self.values = tuple(topological(outputs, check=False))
        number_of = self._numbers
        self.outputs = tuple([number_of[output] for output in outputs])
        args = (tuple([number_of[arg] if arg.__class__ is Value else arg for arg in each.args]) for each in self.values)
        told = {name: map(attrgetter(name), self.values) for name in ("op", "name", "scope")}
        self.nodes = made(Node, number=range(len(self.values)), args=args, **told)
        self.leaves = tuple([node.number for node in self.nodes if node.op is None])
        del self._numbers  # a third of what a graph would hold, and seldom asked for
        self.made = [*map(peek, self.values)], [*map(held, self.values)]

    @cached_property
    def _numbers(self) -> dict[Value, int]:
        return dict(zip(self.values, range(len(self.values)), strict=True))

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """One for each use of a node, by target and position."""
        uses = ((node.number, *use) for node in self.nodes for use in enumerate(node.args))
        return tuple(Edge(arg, target, position) for target, position, arg in uses if isinstance(arg, int))

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __repr__(self) -> str:
        return f"<Graph of {len(self.nodes)} nodes, {len(self.leaves)} of them leaves>"

    def __str__(self) -> str:
        """The graph as text, one line for each node; of a very large one the first and the last."""
        return outline(self.nodes, [*map(peek, self.values)], [*map(held, self.values)])

    def number(self, value: Value) -> int:
        """The number of a Value; ``ValueError`` when the graph does not contain it."""
        try:
            return self._numbers[value]
        except (KeyError, TypeError):
            if isinstance(value, Value):
                raise ValueError(f"{describe(value)} is not a node of this graph") from None
            raise ValueError(f"{quoted(value)} is not a node of this graph: a node is found by its Value") from None

    @property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the nodes by the length of the longest path from a leaf; on level 0 are the leaves."""
        rows: list[list[int]] = []
        level: list[int] = []
        for node in self.nodes:
            level.append(1 + max([level[arg] for arg in node.args if isinstance(arg, int)], default=-1))
            rows += [[] for _ in range(level[-1] == len(rows))]
            rows[level[-1]].append(node.number)
        return tuple(map(tuple, rows))

    @property
    def scopes(self) -> dict[Scope, tuple[int, ...]]:
        """The nodes recorded directly in each scope, scopes in order of their first node."""
        found: dict[Scope, list[int]] = {}
        for node in self.nodes:
            if node.scope is not None:
                found.setdefault(node.scope, []).append(node.number)
        return {scope: tuple(numbers) for scope, numbers in found.items()}

    def evaluate(self, leaves: Mapping[Value, float] | None = None) -> list[float]:
        """The number of every node with these leaves instead of their own; no Value is changed.

        Every max, relu and where is decided anew. A key that is no leaf raises ``ValueError``.
        """
        if leaves is not None and not isinstance(leaves, Mapping):
            raise TypeError(f"leaves are a dict from Value to number, such as {{x: 3.0}}; got {type(leaves).__name__}")
        given = {self.number(value): real(number) for value, number in (leaves or {}).items()}
        for number in given:
            if self.nodes[number].op is not None:
                raise ValueError(f"{describe(self.values[number])} is computed; only leaves can be given a number")
        data: list[float] = []
        for node, value in zip(self.nodes, self.values, strict=True):
            if node.op is None:
                data.append(given.get(node.number, peek(value)))
            else:
                data.append(node.op.evaluate(*(data[arg] if isinstance(arg, int) else arg for arg in node.args)))
        return data

    def forward(self) -> tuple[float, ...]:
        """Bring every node up to date with the leaves' present data, and answer the outputs.

        Every max is decided anew. Where anything was out of date, what the last pass left belongs to the old numbers:
        gradients are "not computed" until the next ``backward()``; leaves keep what they have accumulated.
        """
        data = self.evaluate()
        renew(self.values, data)
        return tuple(data[number] for number in self.outputs)

    def flows(self, made: bool = False) -> list[Flow]:
        """What the last ``backward()`` sent over each edge, from the gradients that the Values hold.

        With ``made`` it is what they held when the Graph was made; else ``StaleError`` when data were changed after
        they had been used.
        """
        if not made:
            topological([self.values[number] for number in self.outputs])
        data, gradients = self.made if made else ([*map(peek, self.values)], [*map(held, self.values)])
        return [flow for node in self.nodes for flow in self._flows_into(node, data, gradients[node.number])]

    def _flows_into(self, node: Node, numbers: list[float], gradient: float | None) -> Iterator[Flow]:
        """The flow over each edge whose target is ``node``, in the order of its operands."""
        if node.op is None:
            return
        data = [numbers[arg] if isinstance(arg, int) else arg for arg in node.args]
        slopes = node.op.local_derivatives(*data, numbers[node.number])
        up = None if gradient is NO_PATH else gradient
        sent = slopes if up is None else node.op.contributions(*data, numbers[node.number], up)
        for position, arg in enumerate(node.args):
            if isinstance(arg, int):
                edge = Edge(arg, node.number, position)
                yield Flow(edge, slopes[position], up, None if up is None else sent[position])

    def to_json(self) -> str:
        """The graph as JSON text: operations by name, operands, numbers, gradients, names and scopes.

        Operations of your own are kept with their formulas; ``ValueError`` where two of one name meet.
        """
        return written(self.values, self.outputs)

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """The graph of :meth:`to_json`, with Values of its own; text that is none raises ``ValueError``.

        So does a number that its operation does not give (but for the last digits, in which math libraries
        differ), and an operation whose formulas are others here.
        """
        values, outputs = read_values(text)
        if not outputs:
            raise ValueError("this is not the JSON of a graph: it has no outputs")
        graph = cls(*outputs)
        if len(graph) < len(values):
            lost = next(number for number, value in enumerate(values) if value not in graph._numbers)
            raise ValueError(f"this is not the JSON of a graph: node {lost} leads to no output")
        return graph

    def __reduce__(self) -> tuple[Callable[..., Graph], tuple[Any, ...]]:
        outputs = [entry(self.values[number]) for number in self.outputs]
        return _rebuilt, (saved([*self.values]), outputs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        copies = deepcopy(self.values, memo)
        return Graph(*(copies[number] for number in self.outputs))

    def __copy__(self) -> Graph:
        return deepcopy(self)


def _rebuilt(_: list[Any], outputs: list[Value]) -> Graph:
    return Graph(*outputs)
