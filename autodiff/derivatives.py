"""Derivatives as Values: the partial formulas of the table, read over Values, record the gradient as a graph.

So a gradient can be drawn, stepped through, replayed, and differentiated again, to any order.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from functools import cache
from math import isfinite
from typing import NamedTuple, Protocol, TypeVar, overload

from autodiff import formulas
from autodiff.operations import Operation
from autodiff.reading import Operand, apply, read
from autodiff.value import Value, adjoints, topological

__all__ = ["Arithmetic", "grad", "hessian", "jacobian", "jvp", "steep", "sweep"]

T = TypeVar("T")


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
    wanted = list(inputs) if isinstance(inputs, Iterable) else [inputs]
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
    _require_list(inputs)
    _require_list(tangents)
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
    _require_list(outputs)
    _require_list(inputs)
    return [grad(output, list(inputs)) for output in outputs]


def hessian(output: Value, inputs: Sequence[Value]) -> list[list[Value]]:
    """The second derivatives of ``output`` with respect to each pair of inputs, recorded as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in hessian(x * x * y, [x, y])]
    [[6.0, 4.0], [4.0, 0.0]]
    """
    _require_list(inputs)
    return jacobian(grad(output, list(inputs)), inputs)


def _require_list(nodes: object) -> None:
    if not isinstance(nodes, Iterable):
        raise TypeError(f"a list of Values is needed here, got {type(nodes).__name__}; write [x]")


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
    _join_flow(flows, node, flow, _RECORDING)


class Arithmetic(Protocol[T]):
    """What a reverse sweep calculates with: Values that are recorded, or instructions that are written."""

    def number(self, x: float) -> T:
        """A constant."""

    def known(self, x: T) -> float | None:
        """Its number, if it is a constant."""

    def read(self, formula: ast.expr, node: Value, up: T | None) -> T:
        """One of the row's formulas at a node; ``up`` is the gradient that arrives there."""

    def add(self, x: T, y: T) -> T:
        """The sum."""

    def where(self, condition: T, x: T, y: T) -> T:
        """``x`` where the condition is more than 0, else ``y``."""


class _Recording:
    """Numbers and Values; what is computed of Values is recorded."""

    def number(self, x: float) -> Operand:
        return x

    def known(self, x: Operand) -> float | None:
        return None if isinstance(x, Value) else x

    def read(self, formula: ast.expr, node: Value, up: Operand | None) -> Operand:
        given: dict[str, Operand] = {} if up is None else {"up": up}
        return read(formula, {**dict(_operands(node)), "out": node, **given}, fold=True)

    def add(self, x: Operand, y: Operand) -> Operand:
        return apply("add", x, y)

    def where(self, condition: Operand, x: Operand, y: Operand) -> Operand:
        return apply("where", condition, x, y)


_RECORDING = _Recording()


def _recorded(output: Value) -> dict[Value, Operand]:
    """The reverse sweep over Values: the same formulas in the same order as ``backward()``, recorded."""
    order = topological([output])
    return sweep(output, order, steep(order), _RECORDING)


def sweep(
    output: Value,
    order: Sequence[Value],
    steep: Mapping[Value, list[_Slope]],
    arithmetic: Arithmetic[T],
    active: Container[Value] | None = None,
) -> dict[Value, T]:
    """The gradient of ``output`` in each node of ``order`` (or of those that are ``active``), in this arithmetic.

    A replay decides every max anew, so a side without a path is recorded too, and carries a 0. Where that 0 could
    meet an infinite slope further back, a ``where`` holds it: nothing is multiplied where there is no path.
    """
    one, zero = arithmetic.number(1.0), arithmetic.number(0.0)
    flows: dict[Value, T] = {output: one}
    paths: dict[Value, T] = {}  # 1 where a path leads to the node, 0 where none does; if missing, always one
    for node in reversed(order):
        for operand, slope in _uses(node) if node in flows else ():
            if active is not None and operand not in active:
                continue
            path = _path(node, slope, paths.get(node, one), arithmetic) if operand in steep else None
            if path is not None and arithmetic.known(path) == 0:
                continue
            flow = arithmetic.read(slope.contribution, node, flows[node])
            if node in paths and slope in steep[node]:
                flow = arithmetic.where(paths[node], flow, zero)
            if path is not None:
                _join_path(paths, operand, path, operand in flows, arithmetic)
            _join_flow(flows, operand, flow, arithmetic)
    return flows


def _path(node: Value, slope: _Slope, path: T, arithmetic: Arithmetic[T]) -> T:
    """Whether a path leads on over this use: one leads to the node, and the partial is not None."""
    if slope.presence is None:
        return path
    here = arithmetic.read(slope.presence, node, None)
    if arithmetic.known(path) is None and arithmetic.known(here) is None:
        return arithmetic.where(path, here, arithmetic.number(0.0))
    return here if arithmetic.known(here) in (None, 0.0) else path


def _join_path(paths: dict[Value, T], node: Value, path: T, reached: bool, arithmetic: Arithmetic[T]) -> None:
    """One more use leads to the node: there is a path if there was one, or if this is one."""
    if arithmetic.known(path) is not None:
        paths.pop(node, None)
    elif not reached:
        paths[node] = path
    elif node in paths and paths[node] != path:
        paths[node] = arithmetic.where(paths[node], arithmetic.number(1.0), path)


def _join_flow(flows: dict[Value, T], node: Value, flow: T, arithmetic: Arithmetic[T]) -> None:
    known = flows.get(node)
    if known is None or arithmetic.known(known) == 0:
        flows[node] = flow
    elif arithmetic.known(flow) != 0:
        flows[node] = arithmetic.add(known, flow)


def steep(order: Sequence[Value], wild: Collection[Value] = ()) -> dict[Value, list[_Slope]]:
    """The nodes at or behind which a slope may be infinite or nan, each with those of its own slopes that may.

    Sums and products of finite numbers are finite (but for overflow), so most networks have none. ``wild`` are
    leaves whose number may be infinite or nan though it is not now.
    """
    if not wild and all(map(_is_tame, order)):
        return {}
    loose_nodes = set(wild)  # the nodes whose number may be infinite or nan
    found: dict[Value, list[_Slope]] = {}
    for node in order:
        loose = {name for name, arg in _operands(node) if arg in loose_nodes or _is_wild(arg)}
        if loose or node in loose_nodes or _is_wild(node._data) or not (node.op is None or _is_bounded(node.op)):
            loose_nodes.add(node)
            loose.add("out")
        own = [s for _, s in _uses(node) if s.multiplies and not (s.bounded and loose.isdisjoint(s.names))]
        if own or not found.keys().isdisjoint(node.parents):
            found[node] = own
    return found


def _is_tame(node: Value) -> bool:
    """Whether a node can make nothing infinite: its numbers are finite, and so is all that its formulas answer."""
    if not isfinite(node._data):
        return False
    rule = node._rule
    return rule is None or (_has_tame_rows(rule.op) and not (any(rule.constants) and any(map(_is_wild, node.args))))


@cache
def _has_tame_rows(op: Operation) -> bool:
    return _is_bounded(op) and all(s is None or s.bounded or not s.multiplies for s in _slopes(op))


def _is_wild(arg: Operand) -> bool:
    return not (isinstance(arg, Value) or isfinite(arg))


@cache
def _is_bounded(op: Operation) -> bool:
    return formulas.is_bounded(op.value)
