"""Derivatives as Values: the partial formulas of the table, read over Values, record the gradient as a graph.

So a gradient can be drawn, stepped through, replayed, and differentiated again, to any order.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import overload

from autodiff import formulas
from autodiff.reading import Operand, apply, read
from autodiff.value import Value, adjoints, topological

__all__ = ["grad", "hessian", "jacobian", "jvp"]


@overload
def grad(output: Value, inputs: Value, create_graph: bool = True) -> Value: ...
@overload
def grad(output: Value, inputs: Sequence[Value], create_graph: bool = True) -> list[Value]: ...
def grad(output: Value, inputs: Value | Sequence[Value], create_graph: bool = True) -> Value | list[Value]:
    """The gradient of ``output`` with respect to ``inputs``, as Values; no ``.grad`` is touched.

    One Value gives one Value, a sequence gives a list. With ``create_graph`` (the default) the result is a
    recorded graph that can be differentiated again; without, plain leaves, which is faster. An input that no
    path leads to gets 0. Anything but Values raises ``TypeError``.

    >>> x = Value(3.0)
    >>> slope = grad(x**3, x)
    >>> slope.data, grad(slope, x).data
    (27.0, 18.0)
    """
    _require_values([output])
    wanted = [inputs] if isinstance(inputs, Value) else list(inputs)
    _require_values(wanted)
    flows = _recorded(output) if create_graph else adjoints(output)[1]
    found = [_as_value(flows.get(node, 0.0)) for node in wanted]
    return found[0] if isinstance(inputs, Value) else found


def jvp(output: Value, inputs: Sequence[Value], tangents: Sequence[Operand]) -> Value:
    """The derivative of ``output`` along a direction: the sum of each partial times its tangent (forward mode).

    >>> a, b = Value(2.0), Value(5.0)
    >>> jvp(a * b, [a, b], [1.0, 10.0]).data
    25.0
    """
    _require_values([output, *inputs])
    if len(inputs) != len(tangents):
        raise ValueError(f"jvp needs one tangent for each input; got {len(inputs)} inputs and {len(tangents)} tangents")
    flows: dict[Value, Operand] = dict(zip(inputs, tangents, strict=True))
    for node in topological([output]):
        for operand, tree in _uses(node):
            if operand in flows and node not in inputs:
                _add(flows, node, _contribution(node, tree, flows[operand]))
    return _as_value(flows.get(output, 0.0))


def jacobian(outputs: Sequence[Value], inputs: Sequence[Value]) -> list[list[Value]]:
    """The derivative of each output (row) with respect to each input (column), recorded as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return [grad(output, list(inputs)) for output in outputs]


def hessian(output: Value, inputs: Sequence[Value]) -> list[list[Value]]:
    """The second derivatives of ``output`` with respect to each pair of inputs, recorded as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in hessian(x * x * y, [x, y])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    return jacobian(grad(output, list(inputs)), inputs)


def _require_values(nodes: Sequence[object]) -> None:
    for node in nodes:
        if not isinstance(node, Value):
            raise TypeError(f"a derivative is taken of a Value with respect to Values, got {type(node).__name__}")


def _as_value(flow: Operand) -> Value:
    return flow if isinstance(flow, Value) else Value(flow)


def _uses(node: Value) -> list[tuple[Value, ast.expr]]:
    """Each operand of a node that is a Value and can have a path, with the formula of its partial."""
    if node.op is None:
        return []
    uses = zip(node.args, node.op.partials, strict=True)
    return [(arg, tree) for arg, tree in uses if isinstance(arg, Value) and not formulas.is_none(tree)]


def _contribution(node: Value, partial: ast.expr, up: Operand) -> Operand:
    assert node.op is not None
    names = {**dict(zip(node.op.inputs, node.args, strict=True)), "out": node, "up": up}
    return read(formulas.contribution(partial), names, fold=True)


def _add(flows: dict[Value, Operand], node: Value, flow: Operand) -> None:
    known = flows.get(node)
    if known is None or (not isinstance(known, Value) and known == 0):
        flows[node] = flow
    elif isinstance(flow, Value) or flow != 0:
        flows[node] = apply("add", known, flow)


def _recorded(output: Value) -> dict[Value, Operand]:
    """The reverse sweep over Values: the same formulas in the same order as ``backward()``, recorded."""
    flows: dict[Value, Operand] = {output: 1.0}
    for node in reversed(topological([output])):
        if node in flows:
            for operand, tree in _uses(node):
                _add(flows, operand, _contribution(node, tree, flows[node]))
    return flows
