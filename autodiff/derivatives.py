"""Derivatives as Values: the partial formulas of the table, read over Values, record the gradient as a graph.

So a gradient can be drawn, stepped through, replayed, and differentiated again, to any order.

A derivative is a sum over paths, each the product of the slopes along it. What ``backward()``, ``grad``, ``jvp`` and
``Program`` make of a slope that is no ordinary number:

- *No path* (the partial is None: the operand that lost, a relu that is off, a comparison). Nothing is multiplied, and
  the path counts for nothing, whatever slopes it has before or behind, infinite and nan ones included.
- *A slope that is 0 everywhere* (the partial is the constant 0 there: ``sign``, ``x**0``). Exactly 0 is sent, whatever
  arrived. Backwards it is the number 0 from then on, and no longer kept apart: ``sign(asin(x))`` at 1, where 0 then
  meets the infinite slope of asin, has gradient nan. Forwards the node stands still, as a constant does: no later
  slope is multiplied. Wherever backward answers a number, so does ``jvp``, and the same.
- *A slope that is computed and happens to be 0* is multiplied like any other: 0 times an infinite one is nan.

A replay decides every max anew. So a recorded sweep also records the sides that are not taken now, each with a
condition, and holds the 0 that they send apart from slopes that may be infinite. A recorded derivative is right
wherever its leaves are finite, though numbers between overflow there, and at the infinite leaves that it was
recorded with. (A ``Program`` that meets nan holds everything apart, and runs again.)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf, isfinite
from typing import Generic, NamedTuple, Protocol, TypeVar, overload

from autodiff import formulas
from autodiff.ieee import real
from autodiff.operations import Operation
from autodiff.reading import Operand, apply, read
from autodiff.value import Value, adjoints, born, describe, topological

__all__ = ["Arithmetic", "Slope", "grad", "hessian", "jacobian", "jvp", "require_order", "steep", "sweep"]

T = TypeVar("T")


@overload
def grad(output: Value, inputs: Value, create_graph: bool = True) -> Value: ...
@overload
def grad(output: Value, inputs: Sequence[Value], create_graph: bool = True) -> list[Value]: ...
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
    flows = _recorded(output) if create_graph else adjoints(output)[1]
    found = [_as_value(flows.get(node, 0.0)) for node in wanted]
    return found[0] if isinstance(inputs, Value) else found


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
    slopes = steep(order, reach=sys.float_info.max)
    sent = _Sent(_RECORDING, slopes, _before(order, slopes), dict[Value, Operand](given))
    for node in order:
        for operand, slope in _uses(node) if node not in given else ():
            if operand in sent.flows:
                sent.over(operand, node, node, slope, slope.motion)
    return _as_value(sent.flows.get(output, 0.0))


def jacobian(outputs: Sequence[Value], inputs: Sequence[Value]) -> list[list[Value]]:
    """The derivative of each output (row) with respect to each input (column), recorded as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]
    """
    outputs, inputs = _listed(outputs), _listed(inputs)
    return [grad(output, inputs) for output in outputs]


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
        raise TypeError(f"a list of Values is needed here, got {type(nodes).__name__}; write [x]")
    return list(nodes)


def require_order(output: Value, inputs: Iterable[Value]) -> None:
    """Refuse an input that was computed from the output: the two stand in the wrong order.

    Only a node that is younger than the output can be; among leaves there is nothing to look for.
    """
    later = [node for node in inputs if node.op is not None and born(node) > born(output)]
    if later and output in topological(later, check=False):
        swapped = next(node for node in later if output in topological([node], check=False))
        raise ValueError(
            f"{describe(swapped)} was computed from {describe(output)}, which does not depend on it; the output comes "
            f"first, then what it is differentiated by: here {describe(swapped)}, then {describe(output)}"
        )


def _require_values(nodes: Sequence[object]) -> None:
    for node in nodes:
        if not isinstance(node, Value):
            raise TypeError(f"a derivative is taken of a Value with respect to Values, got {type(node).__name__}")


def _as_value(flow: Operand) -> Value:
    return flow if isinstance(flow, Value) else Value(flow)


class Slope(NamedTuple):
    """One partial of a row, and what a sweep asks about it; the formulas are those of :mod:`autodiff.formulas`."""

    contribution: ast.expr
    differentiable: ast.expr  # the same, for a graph of which derivatives may be taken again
    presence: ast.expr  # whether it has a path
    motion: ast.expr  # whether it has a path and is not the constant 0
    multiplies: bool
    bound: Callable[..., tuple[float, ...]]  # of how large the inputs and ``out`` may be


@cache
def _slopes(op: Operation) -> tuple[Slope | None, ...]:
    """The partials of a row; None for one that never has a path."""
    return tuple(None if formulas.is_none(tree) else _slope(op, tree) for tree in op.partials)


def _slope(op: Operation, tree: ast.expr) -> Slope:
    return Slope(
        formulas.contribution(tree),
        formulas.differentiable(formulas.contribution(tree)),
        formulas.presence(tree),
        formulas.presence(tree, None, 0),
        formulas.multiplies(tree),
        formulas.bound((*op.inputs, "out"), tree),
    )


def _uses(node: Value) -> list[tuple[Value, Slope]]:
    """Each operand of a node that is a Value and can have a path, with its partial."""
    if node.op is None:
        return []
    uses = zip(node.args, _slopes(node.op), strict=True)
    return [(arg, slope) for arg, slope in uses if isinstance(arg, Value) and slope is not None]


def _operands(node: Value) -> Iterable[tuple[str, Operand]]:
    return () if node.op is None else zip(node.op.inputs, node.args, strict=True)


class Arithmetic(Protocol[T]):
    """What a sweep calculates with: Values that are recorded, or instructions that are written."""

    def number(self, x: float) -> T:
        """A constant."""

    def known(self, x: T) -> float | None:
        """Its number, if it is a constant."""

    def condition(self, formula: ast.expr, node: Value) -> T:
        """A formula of the row's inputs and ``out`` at a node."""

    def send(self, slope: Slope, node: Value, up: T) -> T:
        """The product of a slope at a node and what arrives there (or at the operand, forwards)."""

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

    def condition(self, formula: ast.expr, node: Value) -> Operand:
        return read(formula, {**dict(_operands(node)), "out": node}, fold=True)

    def send(self, slope: Slope, node: Value, up: Operand) -> Operand:
        return read(slope.differentiable, {**dict(_operands(node)), "out": node, "up": up}, fold=True)

    def add(self, x: Operand, y: Operand) -> Operand:
        return apply("add", x, y)

    def where(self, condition: Operand, x: Operand, y: Operand) -> Operand:
        return apply("where", condition, x, y)


_RECORDING = _Recording()


def _recorded(output: Value) -> dict[Value, Operand]:
    """The reverse sweep over Values: the same formulas in the same order as ``backward()``, recorded."""
    order = topological([output])
    return sweep(output, order, steep(order, reach=sys.float_info.max), _RECORDING)


def sweep(
    output: Value,
    order: Sequence[Value],
    steep: Mapping[Value, list[Slope]],
    arithmetic: Arithmetic[T],
    active: Container[Value] | None = None,
) -> dict[Value, T]:
    """The gradient of ``output`` in each node of ``order`` (or of those that are ``active``), in this arithmetic."""
    sent = _Sent(arithmetic, steep, _behind(order, steep), {output: arithmetic.number(1.0)})
    for node in reversed(order):
        for operand, slope in _uses(node) if node in sent.flows else ():
            if active is None or operand in active:
                sent.over(node, operand, node, slope, slope.presence)
    return sent.flows


@dataclass
class _Sent(Generic[T]):
    """What a sweep has sent to each node so far, forwards or backwards.

    A side without a path is sent a 0, for a replay may take it. Where that 0 could meet an infinite slope further on,
    at the nodes ``watched``, a condition goes with it, and a ``where`` holds it: nothing is multiplied there.
    """

    arithmetic: Arithmetic[T]
    steep: Mapping[Value, list[Slope]]
    watched: Container[Value]
    flows: dict[Value, T]
    # 1 where a path leads to the node, else 0; if missing, always 1.
    paths: dict[Value, T] = field(default_factory=dict)

    def over(self, source: Value, target: Value, node: Value, slope: Slope, presence: ast.expr) -> None:
        """Send what has arrived at ``source`` on to ``target``, over a use by ``node``."""
        arithmetic = self.arithmetic
        if isinstance(presence, ast.Constant) and presence.value == 0:
            return
        path = self._path(source, node, presence) if target in self.watched else None
        if path is not None and arithmetic.known(path) == 0:
            return
        flow = arithmetic.send(slope, node, self.flows[source])
        if source in self.paths and slope in self.steep.get(node, ()):
            flow = arithmetic.where(self.paths[source], flow, arithmetic.number(0.0))
        if path is not None:
            self._join_path(target, path)
        self._join_flow(target, flow)

    def _path(self, source: Value, node: Value, presence: ast.expr) -> T:
        """Whether a path leads on: one leads to ``source``, and over this use."""
        arithmetic = self.arithmetic
        path, here = self.paths.get(source), arithmetic.condition(presence, node)
        if path is not None and arithmetic.known(here) is None:
            return arithmetic.where(path, here, arithmetic.number(0.0))
        return here if path is None or arithmetic.known(here) == 0 else path

    def _join_path(self, node: Value, path: T) -> None:
        """One more use leads to the node: there is a path if there was one, or if this is one."""
        if self.arithmetic.known(path) is not None:
            self.paths.pop(node, None)
        elif node not in self.flows:
            self.paths[node] = path
        elif node in self.paths and self.paths[node] != path:
            self.paths[node] = self.arithmetic.where(self.paths[node], self.arithmetic.number(1.0), path)

    def _join_flow(self, node: Value, flow: T) -> None:
        known = self.flows.get(node)
        if known is None or self.arithmetic.known(known) == 0:
            self.flows[node] = flow
        elif self.arithmetic.known(flow) != 0:
            self.flows[node] = self.arithmetic.add(known, flow)


def steep(order: Sequence[Value], wild: Collection[Value] = (), reach: float = 1.0) -> dict[Value, list[Slope]]:
    """The nodes with slopes that may be infinite or nan, and those slopes.

    Told from how large each number may be when no leaf is larger than ``reach``, but those that are ``wild``, or
    infinite now, anything. A reach of 1 stands for numbers of ordinary size, which do not overflow.
    """
    if reach == 1.0 and not wild and all(map(_is_tame, order)):
        return {}
    large: dict[Value, float] = {}
    found: dict[Value, list[Slope]] = {}
    for node in order:
        if node.op is None:
            large[node] = reach if isfinite(node._data) and node not in wild else inf
            continue
        operands = [large[arg] if isinstance(arg, Value) else _size(arg) for arg in node.args]
        large[node] = _value_bound(node.op)(*operands)[0] if isfinite(node._data) and node not in wild else inf
        own = [s for _, s in _uses(node) if s.multiplies and s.bound(*operands, large[node])[0] == inf]
        if own:
            found[node] = own
    return found


def _behind(order: Sequence[Value], steep: Container[Value]) -> set[Value]:
    """The nodes that are steep, or computed from some that are."""
    found: set[Value] = set()
    for node in order if steep else ():
        if node in steep or not found.isdisjoint(node.parents):
            found.add(node)
    return found


def _before(order: Sequence[Value], steep: Mapping[Value, list[Slope]]) -> set[Value]:
    """The nodes that have a steep slope in their future."""
    found: set[Value] = set()
    for node in reversed(order) if steep else ():
        found.update(node.parents if node in found else (arg for arg, s in _uses(node) if s in steep.get(node, ())))
    return found


def _is_tame(node: Value) -> bool:
    """Whether a node can make nothing infinite: its numbers are finite, and so is all that its formulas answer."""
    if not isfinite(node._data):
        return False
    rule = node._rule
    return rule is None or (_has_tame_rows(rule.op) and not (any(rule.constants) and any(map(_is_wild, node.args))))


@cache
def _has_tame_rows(op: Operation) -> bool:
    ones = [1.0] * len(op.inputs)
    slopes = [s for s in _slopes(op) if s is not None and s.multiplies]
    return isfinite(_value_bound(op)(*ones)[0]) and all(isfinite(s.bound(*ones, 1.0)[0]) for s in slopes)


def _is_wild(arg: Operand) -> bool:
    return not (isinstance(arg, Value) or isfinite(arg))


def _size(x: float) -> float:
    return abs(x) if isfinite(x) else inf


@cache
def _value_bound(op: Operation) -> Callable[..., tuple[float, ...]]:
    return formulas.bound(op.inputs, op.value)
