"""Derivatives as Values, that can be drawn, stepped through, replayed, and differentiated again, to any order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import overload

from autodiff.derivatives.sweep import RECORDING, Sent, T, before, recorded, unbounded, uses
from autodiff.habits.answers import answered, got
from autodiff.language.ieee import real
from autodiff.recording.reverse import adjoints, born, describe, topological
from autodiff.recording.value import Operand, Value

__all__ = ["grad", "hessian", "jacobian", "jvp", "require_order"]


@overload
def grad(output: Value, inputs: Value, create_graph: bool = True) -> Value: ...


@overload
def grad(output: Value, inputs: Sequence[Value], create_graph: bool = True) -> list[Value]: ...


@answered
def grad(output: Value, inputs: Value | Sequence[Value], create_graph: bool = True) -> Value | list[Value]:
    """The gradient of ``output`` with respect to ``inputs``, as Values; no ``.grad`` is touched.

    One Value gives one Value, a sequence gives a list. With ``create_graph`` (the default) the result is a
    recorded graph that can be differentiated again; without, plain leaves, which is faster. An input that no
    path leads to gets 0. Anything but Values raises ``TypeError``; an input that was computed from the output,
    ``ValueError``: the output comes first.

    >>> x = Value(3.0)
    >>> slope = grad(x**3, x)
    >>> slope.data, grad(slope, x).data
    (27.0, 18.0)
    """
    _require_values([output])
    wanted = list(inputs) if isinstance(inputs, Iterable) else [inputs]
    _require_values(wanted)
    require_order(output, wanted)
    flows = recorded(output) if create_graph else adjoints(output)[1]
    found = [_as_value(flows.get(node, 0.0)) for node in wanted]
    return found[0] if isinstance(inputs, Value) else found


@answered
def jvp(output: Value, inputs: Sequence[Value], tangents: Sequence[Operand]) -> Value:
    """The derivative of ``output`` along a direction: the sum of each partial times its tangent (forward mode).

    >>> a, b = Value(2.0), Value(5.0)
    >>> jvp(a * b, [a, b], [1.0, 10.0]).data
    25.0
    """
    inputs, tangents = _listed(inputs), _listed(tangents)
    _require_values([output, *inputs])
    require_order(output, inputs)
    if len(inputs) != len(tangents):
        raise ValueError(f"jvp needs one tangent for each input; got {len(inputs)} inputs and {len(tangents)} tangents")
    given = {x: t if isinstance(t, Value) else real(t) for x, t in zip(inputs, tangents, strict=True)}
    order = topological([output])
    slopes = unbounded(order, reach=sys.float_info.max)
    sent = Sent(RECORDING, slopes, before(order, slopes), dict[Value, Operand](given))
    for node in order:
        for operand, slope in uses(node) if node not in given else ():
            if operand in sent.flows:
                sent.over(operand, node, node, slope, slope.motion)
    return _as_value(sent.flows.get(output, 0.0))


@answered
def jacobian(outputs: Sequence[Value], inputs: Sequence[Value]) -> list[list[Value]]:
    """The derivative of each output (row) with respect to each input (column), recorded as Values.

    Where no path leads from an output to an input nothing flows, so the derivative is 0.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    outputs, inputs = _listed(outputs), _listed(inputs)
    return [grad(output, inputs) for output in outputs]


@answered
def hessian(output: Value, inputs: Sequence[Value]) -> list[list[Value]]:
    """The second derivatives of ``output`` with respect to each pair of inputs, recorded as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in hessian(x * x * y, [x, y])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    inputs = _listed(inputs)
    return jacobian(grad(output, inputs), inputs)


def _listed(nodes: Iterable[T]) -> list[T]:
    """What may be iterated once, read once."""
    if not isinstance(nodes, Iterable):
        raise TypeError(f"a list of Values is needed here, got {got(nodes)}; write [x]")
    return list(nodes)


def require_order(output: Value, inputs: Iterable[Value]) -> None:
    """Refuse an input that was computed from the output: the two stand in the wrong order.

    Only a node that is younger than the output can be; among leaves there is nothing to look for.
    """
    later = [node for node in inputs if node.op is not None and born(node) > born(output)]
    order = topological(later, check=False) if later else []
    if output in order:
        computed = {output}  # from the output, and the output itself
        for node in order:
            if not computed.isdisjoint(node.parents):
                computed.add(node)
        swapped = next(node for node in later if node in computed)
        raise ValueError(
            f"{describe(swapped)} was computed from {describe(output)}, which does not depend on it; the output comes "
            f"first, then what it is differentiated by: here {describe(swapped)}, then {describe(output)}"
        )


def _require_values(nodes: Sequence[object]) -> None:
    for node in nodes:
        if not isinstance(node, Value):
            raise TypeError(f"a derivative is taken of a Value with respect to Values, got {got(node)}")


def _as_value(flow: Operand) -> Value:
    return flow if isinstance(flow, Value) else Value(flow)
