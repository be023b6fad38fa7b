"""The backward pass as a graph of its own, behind the forward one: the gradients are Values, and can be drawn."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from sys import float_info

from autodiff import Edge, Graph, Value, scope
from autodiff.derivatives.sweep import RECORDING, Slope, sweep, unbounded
from autodiff.functions import identity
from autodiff.recording.reverse import topological
from autodiff.recording.value import Operand
from autodiff.writing.phrases import labels as all_labels
from viz.graph.folding import Formula
from viz.graph.softmax import formulas
from viz.graph.view import View

__all__ = ["BACKWARD", "Pass", "with_backward"]

BACKWARD = "backward pass"
MOST = 3  # names of one gradient that its box says


@dataclass(frozen=True)
class Pass:
    """A backward pass behind its forward one: what is told as one formula, and what stands behind what.

    ``deciding`` are the uses of forward numbers by which a choice decides what is sent: its box names the choice.
    """

    graph: Graph
    labels: Mapping[int, str]
    formulas: Mapping[int, Formula] = field(default_factory=dict)
    order: tuple[tuple[int, int], ...] = ()
    deciding: frozenset[Edge] = frozenset()

    def of(self, view: View, whole: bool) -> View:
        """A view of it, with every formula in one box unless all is wished ``whole``."""
        found = {} if whole else {n: self.formulas[n] for n in view.numbers if n in self.formulas}
        deciding = frozenset() if whole else self.deciding
        return replace(view, hidden_in={**found, **view.hidden_in}, order=self.order, left_out=deciding)


def with_backward(graph: Graph, labels: Mapping[int, str]) -> Pass:
    """The graph of an output and of its gradient in every leaf, with the labels of both.

    The gradient's nodes stand in a scope of their own; where a choice decides what is sent, all that decides is one
    formula. ``ValueError`` when the graph has several outputs.
    """
    if len(graph.outputs) != 1:
        raise ValueError(f"the backward pass is that of one output, got {len(graph.outputs)}")
    output = graph.values[graph.outputs[0]]
    order = topological([output])
    names = {graph.values[number]: label for number, label in labels.items()}
    with scope(BACKWARD):
        flows = sweep(output, order, unbounded(order, reach=float_info.max), _Told(names))
        gradients = [_own(flows.get(graph.values[leaf], 0.0), order) for leaf in graph.leaves]
    whole = Graph(output, *gradients)
    leaves = [graph.values[leaf] for leaf in graph.leaves]
    sent = {**dict(zip(leaves, gradients, strict=True)), **{n: flow for n, flow in flows.items() if n not in leaves}}
    found = {whole.number(graph.values[number]): name for number, name in labels.items()}
    every = dict(enumerate(all_labels(whole, {**_named(whole, graph, labels, sent, order), **found})))
    forward, sends = set(map(whole.number, order)), _sends(whole)
    deciding = frozenset(edge for edge in whole.edges if edge.target in sends and edge.source in forward)
    return Pass(whole, every, {**sends, **formulas(whole, every)}, tuple(_behind(whole, forward)), deciding)


def _named(
    whole: Graph, graph: Graph, labels: Mapping[int, str], sent: Mapping[Value, Operand], order: Sequence[Value]
) -> dict[int, str]:
    """The nodes that are gradients: ``∂y/∂x``, of leaves first, and of what else has the same gradient."""
    named: dict[int, list[str]] = defaultdict(list)
    present, forward = set(whole.values), set(order)
    for node, flow in sent.items():
        if isinstance(flow, Value) and flow in present and flow not in forward:
            known = named[whole.number(flow)]
            if node.op is None or not known:
                known.append(f"∂{labels[graph.outputs[0]]}/∂{labels[graph.number(node)]}")
    return {number: " = ".join(names[:MOST]) for number, names in named.items()}


@dataclass(frozen=True)
class _Told:
    """Recording in which all that decides what one use sends stands in a scope that names the choice."""

    names: Mapping[Value, str]
    constant, known, condition = RECORDING.constant, RECORDING.known, RECORDING.condition
    add, where = RECORDING.add, RECORDING.where

    def send(self, slope: Slope, node: Value, up: Operand) -> Operand:
        """The product of a slope at a node and what arrives there."""
        if not any(isinstance(part, ast.IfExp) for part in ast.walk(slope.differentiable)):
            return RECORDING.send(slope, node, up)
        with Formula(f"through {self.names[node]}", placed=False):
            return RECORDING.send(slope, node, up)


def _own(flow: Operand, forward: Sequence[Value]) -> Value:
    """A gradient as a node of the backward pass: it may be a constant, or a number of the forward pass."""
    if isinstance(flow, Value):
        return identity(flow) if flow in forward else flow
    return Value(flow)


def _sends(whole: Graph) -> dict[int, Formula]:
    """What each choice sends, as one formula."""
    return {node.number: node.scope for node in whole if isinstance(node.scope, Formula)}


def _behind(whole: Graph, forward: set[int]) -> Iterator[tuple[int, int]]:
    """The output before every gradient that is computed of forward numbers alone: the backward pass begins there."""
    of_gradients = {edge.target for edge in whole.edges if edge.source not in forward}
    for node in whole:
        if node.number not in forward and node.number not in of_gradients:
            yield whole.outputs[0], node.number
