"""A graph flattened into a listing, its derivatives too: they are the same sweep, in which instructions are written."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, reduce

from autodiff.derivatives.sweep import Slope, sweep, unbounded
from autodiff.language.compiling import compiled
from autodiff.language.formulas import parts, primitive
from autodiff.programs.listing import PASSES, Listing
from autodiff.recording.reverse import peek, topological
from autodiff.recording.value import Value
from autodiff.table.operations import Operation, expanded

__all__ = ["Lowering", "writer"]


class Lowering:
    """The graph of some outputs on a listing; ``leaves`` says which leaf is which input or parameter.

    Other leaves are constants, with the numbers in ``constants``, or else their own. What the computed nodes' numbers
    are does not matter, nor whether they are stale.
    """

    def __init__(
        self,
        outputs: Sequence[Value],
        leaves: Mapping[Value, tuple[str, int]],
        constants: Mapping[Value, float] | None = None,
        passes: Collection[str] = PASSES,
    ) -> None:
        self.constants = constants or {}
        self.listing = Listing(passes)
        self.outputs = list(outputs)
        self.leaves = leaves
        self.order = topological(outputs, check=False, inputs=leaves)
        self.places: dict[Value, int] = {}
        self._operands: dict[Value, list[int]] = {}
        for node in self.order:
            self.places[node] = self._lower(node)

    def _lower(self, node: Value) -> int:
        op = node.op
        if node in self.leaves:
            return self.listing.leaf(*self.leaves[node])
        if op is None:
            return self.listing.const(self.constants.get(node, peek(node)))
        const, places = self.listing.const, self.places
        args = [places[arg] if arg.__class__ is Value else const(arg) for arg in node.args]  # type: ignore[arg-type]
        self._operands[node] = args
        return writer(op, op.value)(self.listing.emit, const, *args, -1, -1)

    def gradients(self, output: Value, wanted: Sequence[Value], unlimited: Collection[Value] = ()) -> list[int]:
        """The places of the gradient of an output in each wanted leaf; ``unlimited`` is as for ``unbounded``."""
        active = set(wanted)
        for node in self.order:
            if not active.isdisjoint(node.parents):
                active.add(node)
        slopes = unbounded(self.order, unlimited, sys.float_info.max if unlimited else 1.0)
        flows = sweep(output, self.order, slopes, _Writing(self, self._operands), active)
        return [flows[leaf] if leaf in flows else self.listing.const(0.0) for leaf in wanted]


class _Writing:
    """The arithmetic of a sweep that writes instructions: a number is the place of one."""

    def __init__(self, lowered: Lowering, operands: Mapping[Value, Sequence[int]]) -> None:
        self.listing, self.places, self.operands = lowered.listing, lowered.places, operands

    def constant(self, x: float) -> int:
        return self.listing.const(x)

    def known(self, x: int) -> float | None:
        instruction = self.listing.instructions[x]
        return instruction.payload if instruction.op == "const" else None

    def condition(self, formula: ast.expr, node: Value) -> int:
        return self._read(formula, node, -1)

    def send(self, slope: Slope, node: Value, up: int) -> int:
        return self._read(slope.contribution, node, up)

    def _read(self, formula: ast.expr, node: Value, up: int) -> int:
        assert node.op is not None
        place, listing = self.places[node], self.listing
        return writer(node.op, formula)(listing.emit, listing.const, *self.operands[node], place, up)

    def add(self, x: int, y: int) -> int:
        return self.listing.emit("+", x, y)

    def where(self, condition: int, x: int, y: int) -> int:
        return self.listing.emit("if", self.listing.emit(">", condition, self.listing.const(0.0)), x, y)


@cache
def writer(op: Operation, tree: ast.expr) -> Callable[..., int]:
    """``write(emit, const, *inputs, out, up)`` writes one of a row's formulas, innermost first.

    It takes places and answers the last one; those that the formula does not name may be anything.
    """
    found: dict[str, str] = {}

    def part(text: str) -> str:
        return found.setdefault(text, f"_{len(found)}")

    result = _walk(expanded(tree), part)
    lines = [f"{name} = {text}" for text, name in found.items()]
    inputs = ", ".join((*op.inputs, "out", "up"))
    body = "\n    ".join([*lines, f"return {result}"])
    return compiled(f"def {op.name}_write(_emit, _const, {inputs}):\n    {body}", {})


def _walk(tree: ast.expr, part: Callable[[str], str]) -> str:
    """The name that holds a formula's place, once its parts are named."""
    walked = [_walk(node, part) for node in parts(tree)]
    match tree:
        case ast.Constant(value=value):
            return part(f"_const({float(value or 0)!r})")  # type: ignore[arg-type]
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(op=ast.UAdd()):
            return walked[0]
        case ast.BoolOp():
            return reduce(lambda x, y: part(f"_emit({primitive(tree)!r}, {x}, {y})"), walked)
    return part(f"_emit({primitive(tree)!r}, {', '.join(walked)})")
