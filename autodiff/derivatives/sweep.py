"""One reverse sweep over any arithmetic: the partial formulas of the table, read over Values, record the gradient.

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
recorded with. (A ``Program`` that meets nan holds everything apart, and runs again.)"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf, isfinite
from typing import Generic, NamedTuple, Protocol, TypeVar

from autodiff.language import formulas
from autodiff.recording.reading import apply, read
from autodiff.recording.reverse import peek, topological
from autodiff.recording.value import Operand, Value
from autodiff.table import partials
from autodiff.table.operations import Operation

__all__ = ["RECORDING", "Arithmetic", "Sent", "Slope", "T", "before", "recorded", "sweep", "unbounded", "uses"]


T = TypeVar("T")


class Slope(NamedTuple):
    """One partial of a row, and what a sweep asks about it, by :mod:`autodiff.table.partials`."""

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
        partials.contribution(tree),
        partials.differentiable(partials.contribution(tree)),
        partials.presence(tree),
        partials.presence(tree, None, 0),
        partials.multiplies(tree),
        partials.bound((*op.inputs, "out"), tree),
    )


def uses(node: Value) -> list[tuple[Value, Slope]]:
    """Each operand of a node that is a Value and can have a path, with its partial."""
    if node.op is None:
        return []
    slopes = zip(node.args, _slopes(node.op), strict=True)
    return [(arg, slope) for arg, slope in slopes if isinstance(arg, Value) and slope is not None]


def _by_input(node: Value) -> Iterable[tuple[str, Operand]]:
    return () if node.op is None else zip(node.op.inputs, node.args, strict=True)


class Arithmetic(Protocol[T]):
    """What a sweep calculates with: Values that are recorded, or instructions that are written."""

    def constant(self, x: float) -> T:
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

    def constant(self, x: float) -> Operand:
        return x

    def known(self, x: Operand) -> float | None:
        return None if isinstance(x, Value) else x

    def condition(self, formula: ast.expr, node: Value) -> Operand:
        return read(formula, {**dict(_by_input(node)), "out": node}, fold=True)

    def send(self, slope: Slope, node: Value, up: Operand) -> Operand:
        return read(slope.differentiable, {**dict(_by_input(node)), "out": node, "up": up}, fold=True)

    def add(self, x: Operand, y: Operand) -> Operand:
        return apply("add", x, y)

    def where(self, condition: Operand, x: Operand, y: Operand) -> Operand:
        return apply("where", condition, x, y)


RECORDING = _Recording()


def recorded(output: Value) -> dict[Value, Operand]:
    """The reverse sweep over Values: the same formulas in the same order as ``backward()``, recorded."""
    order = topological([output])
    return sweep(output, order, unbounded(order, reach=sys.float_info.max), RECORDING)


def sweep(
    output: Value,
    order: Sequence[Value],
    unbounded: Mapping[Value, list[Slope]],
    arithmetic: Arithmetic[T],
    active: Container[Value] | None = None,
) -> dict[Value, T]:
    """The gradient of ``output`` in each node of ``order`` (or of those that are ``active``), in this arithmetic."""
    sent = Sent(arithmetic, unbounded, _behind(order, unbounded), {output: arithmetic.constant(1.0)})
    for node in reversed(order):
        for operand, slope in uses(node) if node in sent.flows else ():
            if active is None or operand in active:
                sent.over(node, operand, node, slope, slope.presence)
    return sent.flows


@dataclass
class Sent(Generic[T]):
    """What a sweep has sent to each node so far, forwards or backwards.

    A side without a path is sent a 0, for a replay may take it. Where that 0 could meet an infinite slope further on,
    at the nodes ``watched``, a condition goes with it, and a ``where`` holds it: nothing is multiplied there.
    """

    arithmetic: Arithmetic[T]
    unbounded: Mapping[Value, list[Slope]]
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
        if source in self.paths and slope in self.unbounded.get(node, ()):
            flow = arithmetic.where(self.paths[source], flow, arithmetic.constant(0.0))
        if path is not None:
            self._join_path(target, path)
        self._join_flow(target, flow)

    def _path(self, source: Value, node: Value, presence: ast.expr) -> T:
        """Whether a path leads on: one leads to ``source``, and over this use."""
        arithmetic = self.arithmetic
        path, here = self.paths.get(source), arithmetic.condition(presence, node)
        if path is not None and arithmetic.known(here) is None:
            return arithmetic.where(path, here, arithmetic.constant(0.0))
        return here if path is None or arithmetic.known(here) == 0 else path

    def _join_path(self, node: Value, path: T) -> None:
        """One more use leads to the node: there is a path if there was one, or if this is one."""
        if self.arithmetic.known(path) is not None:
            self.paths.pop(node, None)
        elif node not in self.flows:
            self.paths[node] = path
        elif node in self.paths and self.paths[node] != path:
            self.paths[node] = self.arithmetic.where(self.paths[node], self.arithmetic.constant(1.0), path)

    def _join_flow(self, node: Value, flow: T) -> None:
        known = self.flows.get(node)
        if known is None or self.arithmetic.known(known) == 0:
            self.flows[node] = flow
        elif self.arithmetic.known(flow) != 0:
            self.flows[node] = self.arithmetic.add(known, flow)


def unbounded(
    order: Sequence[Value], unlimited: Collection[Value] = (), reach: float = 1.0
) -> dict[Value, list[Slope]]:
    """The nodes with slopes that may be infinite or nan, and those slopes.

    Told from how large each number may be when no leaf is larger than ``reach``, but those that are ``unlimited``, or
    infinite now, anything. A reach of 1 stands for numbers of ordinary size, which do not overflow.
    """
    if reach == 1.0 and not unlimited and all(map(_is_bounded, order)):
        return {}
    large: dict[Value, float] = {}
    found: dict[Value, list[Slope]] = {}
    for node in order:
        if node.op is None:
            large[node] = reach if isfinite(peek(node)) and node not in unlimited else inf
            continue
        operands = [large[arg] if isinstance(arg, Value) else _size(arg) for arg in node.args]
        large[node] = _value_bound(node.op)(*operands)[0] if isfinite(peek(node)) and node not in unlimited else inf
        own = [s for _, s in uses(node) if s.multiplies and s.bound(*operands, large[node])[0] == inf]
        if own:
            found[node] = own
    return found


def _behind(order: Sequence[Value], unbounded: Container[Value]) -> set[Value]:
    """The nodes with unbounded slopes, or computed from some that are."""
    found: set[Value] = set()
    for node in order if unbounded else ():
        if node in unbounded or not found.isdisjoint(node.parents):
            found.add(node)
    return found


def before(order: Sequence[Value], unbounded: Mapping[Value, list[Slope]]) -> set[Value]:
    """The nodes that have an unbounded slope in their future."""
    found: set[Value] = set()
    for node in reversed(order) if unbounded else ():
        found.update(node.parents if node in found else (arg for arg, s in uses(node) if s in unbounded.get(node, ())))
    return found


def _is_bounded(node: Value) -> bool:
    """Whether a node can make nothing infinite: its numbers are finite, and so is all that its formulas answer."""
    op = node.op
    if not isfinite(peek(node)) or op is None:
        return isfinite(peek(node))
    return _is_bounded_row(op) and all(isinstance(arg, Value) or isfinite(arg) for arg in node.args)


@cache
def _is_bounded_row(op: Operation) -> bool:
    ones = [1.0] * len(op.inputs)
    slopes = [s for s in _slopes(op) if s is not None and s.multiplies]
    return isfinite(_value_bound(op)(*ones)[0]) and all(isfinite(s.bound(*ones, 1.0)[0]) for s in slopes)


def _size(x: float) -> float:
    return abs(x) if isfinite(x) else inf


@cache
def _value_bound(op: Operation) -> Callable[..., tuple[float, ...]]:
    return partials.bound(op.inputs, op.value)
