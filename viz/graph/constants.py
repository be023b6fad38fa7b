"""Constants in boxes of their own: each number of an operation as a leaf, to which no gradient goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from sys import float_info

from autodiff import Flow, Graph, Node, Value
from autodiff.recording.reverse import held, peek

__all__ = ["WithConstants", "constants_of", "kind_of", "require_values"]


class WithConstants(Graph):
    """The same graph, in which the constants among the operands are leaves, named by their numbers.

    Each use has its own. No gradient goes to them: nothing is differentiated by a constant. What keeps a softmax
    within the floats, ± the largest of them, nobody wrote: it stays what it is.
    """

    def __init__(self, graph: Graph) -> None:
        nodes, values = list[Node](), list[Value]()

        def added(op: Node, args: tuple[int | float, ...], name: str | None, value: Value) -> int:
            nodes.append(Node(len(nodes), op.op if args else None, args, name, op.scope))
            values.append(value)
            return len(nodes) - 1

        def spelled(constant: float, user: Node) -> int | float:
            name = _written(constant)
            is_guard = abs(constant) == float_info.max
            return constant if is_guard else added(user, (), name, Value(constant, name))

        places, own = dict[int, int](), set[int]()
        for node, value in zip(graph.nodes, graph.values, strict=True):
            args = tuple(places[arg] if isinstance(arg, int) else spelled(arg, node) for arg in node.args)
            places[node.number] = added(node, args, node.name, value)
            own.add(places[node.number])
        self.nodes, self.values = tuple(nodes), tuple(values)
        self.outputs = tuple(places[number] for number in graph.outputs)
        self.leaves = tuple(node.number for node in nodes if node.op is None)
        self.constants = frozenset(range(len(nodes))) - own
        self.made = [*map(peek, values)], [*map(held, values)]

    def _flows_into(self, node: Node, numbers: list[float], gradient: float | None) -> Iterator[Flow]:
        for flow in super()._flows_into(node, numbers, gradient):
            if flow.edge.source not in self.constants:
                yield flow
            elif node.op is not None and node.op.is_choice:  # it was taken, or not
                yield Flow(flow.edge, flow.local, None, None)


def _written(constant: float) -> str:
    """A number as its user would write it."""
    short = f"{constant:g}"
    return short if float(short) == constant or constant != constant else repr(constant)


def kind_of(graph: Graph, number: int) -> set[str]:
    """What is computed has no kind; a leaf is an input, the parameter of something with a scope, or a constant."""
    node = graph.nodes[number]
    if number in constants_of(graph):
        return {"constant"}
    return set() if node.op is not None else {"leaf"} if node.scope is None else {"leaf", "parameter"}


def constants_of(graph: Graph) -> Collection[int]:
    """The leaves that are constants.

    >>> constants_of(WithConstants(Graph(Value(3.0) * 2)))
    frozenset({1})
    """
    return graph.constants if isinstance(graph, WithConstants) else ()


def require_values(graph: Graph, leaves: Iterable[Value]) -> None:
    """Refuse to write into constants: the graph was recorded with them, and no Value holds them."""
    for leaf in leaves:
        if graph.number(leaf) in constants_of(graph):
            raise ValueError(
                f"the constant {leaf.name} is no Value: record the graph with Value({leaf.name}) to change it"
            )
