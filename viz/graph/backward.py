"""The backward pass as a graph of its own, beside the forward one: the gradients are Values, and can be drawn."""

from __future__ import annotations

from collections.abc import Mapping

from autodiff import Graph, grad, scope
from autodiff.writing.phrases import labels as all_labels

__all__ = ["BACKWARD", "with_backward"]

BACKWARD = "backward pass"


def with_backward(graph: Graph, labels: Mapping[int, str]) -> tuple[Graph, dict[int, str]]:
    """The graph of an output and of its gradient in every leaf, with the labels of both.

    The gradient's nodes stand in a scope of their own. ``ValueError`` when the graph has several outputs.
    """
    if len(graph.outputs) != 1:
        raise ValueError(f"the backward pass is that of one output, got {len(graph.outputs)}")
    output = graph.values[graph.outputs[0]]
    leaves = [graph.values[number] for number in graph.leaves]
    with scope(BACKWARD):
        gradients = grad(output, leaves)
    whole = Graph(output, *gradients)
    found = {whole.number(graph.values[number]): name for number, name in labels.items()}
    end = labels[graph.outputs[0]]
    for number, gradient in zip(graph.leaves, gradients, strict=True):
        if gradient.op is not None or gradient.scope is not None:
            found.setdefault(whole.number(gradient), f"∂{end}/∂{labels[number]}")
    return whole, dict(enumerate(all_labels(whole, found)))
