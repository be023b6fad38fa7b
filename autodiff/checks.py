"""gradcheck: the gradients of the table against central differences of the graph's own values."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

from autodiff.graph import Graph
from autodiff.value import Value, adjoints, describe

__all__ = ["GradcheckError", "KinkWarning", "gradcheck"]


class GradcheckError(AssertionError):
    """A gradient that differs from the central difference; the message names the input and both numbers."""


class KinkWarning(UserWarning):
    """A point so near a kink (a tie, a zero of relu) that a difference says nothing about the gradient."""


class _Point(NamedTuple):
    value: float
    decisions: tuple[tuple[bool, ...], ...]


def gradcheck(
    output: Value,
    inputs: Value | Sequence[Value] | None = None,
    step: float = 6e-6,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> bool:
    """Compare the gradient of ``output`` in each input (all leaves by default) with a central difference.

    The difference is ``(f(x + h) - f(x - h)) / 2h`` with ``h = step * max(1, |x|)``; the step is near the cube
    root of the float64 rounding unit, where rounding and truncation balance. It passes within ``atol + rtol *
    |difference|``. Where a max, relu or any other condition decides differently at ``x - h`` and ``x + h``, the
    difference says nothing, so a :class:`KinkWarning` is given for that input instead. A gradient that differs
    raises :class:`GradcheckError`. No Value is changed.

    >>> x = Value(0.5)
    >>> gradcheck((x.sin() * x).tanh(), [x])
    True
    """
    graph = Graph(output)
    leaves = [graph.values[number] for number in graph.leaves]
    known = set(graph.values)
    chosen = leaves if inputs is None else [inputs] if isinstance(inputs, Value) else list(inputs)
    if not chosen:
        raise ValueError("gradcheck was given no input: there is nothing to check")
    flows = adjoints(output)[1]
    here = _at(graph, {})
    for x in chosen:
        if not isinstance(x, Value):
            raise TypeError(f"a gradient is checked in Values, got {type(x).__name__}")
        if x not in known:
            continue  # the output does not depend on it: both are 0
        h = step * max(1.0, abs(x._data))
        above, below = _at(graph, {x: x._data + h}), _at(graph, {x: x._data - h})
        if not above.decisions == here.decisions == below.decisions:
            warnings.warn(f"{describe(x)} is near a kink: its gradient was not checked", KinkWarning, stacklevel=2)
            continue
        _compare(x, flows.get(x, 0.0), (above.value - below.value) / (2 * h), rtol, atol, abs(here.value) * 1e-9)
    return True


def _compare(x: Value, gradient: float, difference: float, rtol: float, atol: float, rounding: float) -> None:
    if gradient == difference or (gradient != gradient and difference != difference):
        return
    if not abs(gradient - difference) <= atol + rtol * abs(difference) + rounding:
        raise GradcheckError(
            f"the gradient in {describe(x)} is {gradient!r}, but a central difference gives {difference!r}"
        )


def _at(graph: Graph, leaves: dict[Value, float]) -> _Point:
    data = graph.evaluate(leaves)
    decisions = tuple(
        node.op.decisions(*(data[arg] if isinstance(arg, int) else arg for arg in node.args), data[node.number])
        for node in graph.nodes
        if node.op is not None
    )
    return _Point(data[graph.outputs[0]], decisions)
