"""Derivatives as Values: the partial formulas of the table, read over Values, record the gradient as a graph.

So a gradient can be drawn, stepped through, replayed, and differentiated again, to any order.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from functools import cache
from math import isfinite
from typing import NamedTuple, overload

from autodiff import formulas
from autodiff.operations import Operation
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
    given = dict(zip(inputs, tangents, strict=True))
    flows: dict[Value, Operand] = dict(given)
    for node in topological([output]):
        for operand, slope in _uses(node):
            if operand in flows and node not in given:
                _add(flows, node, _contribution(node, slope, flows[operand]))
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


class _Slope(NamedTuple):
    """One partial of a row, and what a sweep asks about it; the formulas are those of :mod:`autodiff.formulas`."""

    contribution: ast.expr
    presence: ast.expr | None  # None where there always is a path
    multiplies: bool
    bounded: bool
    names: frozenset[str]


@cache
def _slopes(op: Operation) -> tuple[_Slope | None, ...]:
    """The partials of a row; None for one that never has a path."""
    return tuple(None if formulas.is_none(tree) else _slope(tree) for tree in op.partials)


def _slope(tree: ast.expr) -> _Slope:
    return _Slope(
        formulas.contribution(tree),
        formulas.presence(tree) if formulas.has_none(tree) else None,
        formulas.multiplies(tree),
        formulas.is_bounded(tree),
        frozenset(formulas.names(tree)),
    )


def _uses(node: Value) -> list[tuple[Value, _Slope]]:
    """Each operand of a node that is a Value and can have a path, with its partial."""
    if node.op is None:
        return []
    uses = zip(node.args, _slopes(node.op), strict=True)
    return [(arg, slope) for arg, slope in uses if isinstance(arg, Value) and slope is not None]


def _operands(node: Value) -> Iterable[tuple[str, Operand]]:
    return () if node.op is None else zip(node.op.inputs, node.args, strict=True)


def _contribution(node: Value, slope: _Slope, up: Operand) -> Operand:
    return read(slope.contribution, {**dict(_operands(node)), "out": node, "up": up}, fold=True)


def _add(flows: dict[Value, Operand], node: Value, flow: Operand) -> None:
    known = flows.get(node)
    if known is None or (not isinstance(known, Value) and known == 0):
        flows[node] = flow
    elif isinstance(flow, Value) or flow != 0:
        flows[node] = apply("add", known, flow)


def _recorded(output: Value) -> dict[Value, Operand]:
    """The reverse sweep over Values: the same formulas in the same order as ``backward()``, recorded.

    A replay decides every max anew, so a side without a path is recorded too, and carries a 0. Where that 0 could
    meet an infinite slope further back, a ``where`` holds it: nothing is multiplied where there is no path.
    """
    order = topological([output])
    steep = _steep(order)
    flows: dict[Value, Operand] = {output: 1.0}
    paths: dict[Value, Operand] = {}  # 1 where a path leads to the node, 0 where none does; if missing, always one
    for node in reversed(order):
        for operand, slope in _uses(node) if node in flows else ():
            path = _path(node, slope, paths.get(node, 1.0)) if operand in steep else 1.0
            if not isinstance(path, Value) and path == 0:
                continue
            flow = _contribution(node, slope, flows[node])
            if node in paths and slope in steep[node]:
                flow = apply("where", paths[node], flow, 0.0)
            _join(paths, operand, path, operand in flows)
            _add(flows, operand, flow)
    return flows


def _path(node: Value, slope: _Slope, path: Operand) -> Operand:
    """Whether a path leads on over this use: one leads to the node, and the partial is not None."""
    if slope.presence is None:
        return path
    here = read(slope.presence, {**dict(_operands(node)), "out": node})
    if isinstance(path, Value) and isinstance(here, Value):
        return apply("where", path, here, 0.0)
    return here if isinstance(here, Value) or here == 0 else path


def _join(paths: dict[Value, Operand], node: Value, path: Operand, reached: bool) -> None:
    """One more use leads to the node: there is a path if there was one, or if this is one."""
    if not isinstance(path, Value):
        paths.pop(node, None)
    elif not reached:
        paths[node] = path
    elif node in paths and paths[node] is not path:
        paths[node] = apply("where", paths[node], 1.0, path)


def _steep(order: Sequence[Value]) -> dict[Value, list[_Slope]]:
    """The nodes at or behind which a slope may be infinite or nan, each with those of its own slopes that may.

    Sums and products of finite numbers are finite (but for overflow), so most networks have none.
    """
    wild: set[Value] = set()  # the nodes whose number may be infinite or nan
    steep: dict[Value, list[_Slope]] = {}
    for node in order:
        loose = {name for name, arg in _operands(node) if arg in wild or not (isinstance(arg, Value) or isfinite(arg))}
        if loose or not isfinite(node.data) or (node.op is not None and not _is_bounded(node.op)):
            wild.add(node)
            loose.add("out")
        own = [s for _, s in _uses(node) if s.multiplies and not (s.bounded and loose.isdisjoint(s.names))]
        if own or not steep.keys().isdisjoint(node.parents):
            steep[node] = own
    return steep


@cache
def _is_bounded(op: Operation) -> bool:
    return formulas.is_bounded(op.value)
