"""Floor 3: a graph flattened into instructions in single-assignment form, over the primitives of its formulas.

An instruction is named by its place. Sharing, folding and dropping happen while it is written: each is exact, to
the bit. A *uniform* instruction depends on parameters and constants alone, so it is the same for every sample.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, reduce
from typing import NamedTuple

from autodiff import ieee
from autodiff.derivatives import Slope, steep, sweep
from autodiff.formulas import BINARY, COMPARE, parts
from autodiff.operations import Operation, expanded
from autodiff.value import Value, topological

__all__ = ["CONDITIONS", "PRIMITIVES", "Instruction", "Lowering", "Tape"]


class Instruction(NamedTuple):
    """``op`` of the instructions ``args``; a leaf has none, and ``payload`` is its number or its index.

    Leaves are ``input``, ``param`` and ``const``. Conditions are 1.0 or 0.0; ``if`` takes (condition, then, else).
    """

    op: str
    args: tuple[int, ...] = ()
    payload: float | int = 0


_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
    "==": lambda x, y: x == y,
    "!=": lambda x, y: x != y,
}


def _as_number(compared: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda x, y: float(compared(x, y))


# What each primitive means for floats; backends and languages have tables of their own with these very keys.
PRIMITIVES: dict[str, Callable[..., float]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": ieee.divide,
    "**": ieee.power,
    "neg": lambda x: -x,
    **{sign: _as_number(compared) for sign, compared in _COMPARED.items()},
    "and": lambda x, y: float(x != 0 and y != 0),
    "or": lambda x, y: float(x != 0 or y != 0),
    "not": lambda x: float(x == 0),
    "if": lambda condition, x, y: x if condition != 0 else y,
    **ieee.FUNCTIONS,
}


CONDITIONS = {*_COMPARED, "and", "or", "not"}
_SIMPLE = {"*", "/", "**", "neg", "if", ">", "and", "or"}  # what may need no instruction


_RANKS = {"const": 0, "param": 1, "input": 2}


# The passes, each of which can be left out: constants and settled choices are folded, equal instructions shared,
# unneeded ones dropped; the Numba machine fuses products with sums, and reuses slots that are free.
PASSES = frozenset({"fold", "share", "drop", "fuse", "reuse"})


class Tape:
    """Instructions under way; with these passes, equal ones are written once, constants are computed at once."""

    def __init__(self, passes: Collection[str] = PASSES) -> None:
        self.passes = passes
        self.instructions: list[Instruction] = []
        self.ranks: list[int] = []  # 0 for a constant, 1 for a uniform, 2 for what differs between samples
        self._places: dict[tuple[object, ...], int] = {}

    def emit(self, op: str, *args: int) -> int:
        """The place of ``op`` of these instructions, written now or before."""
        key = (op, args)
        place = self._places.get(key) if "share" in self.passes else None
        if place is None:
            place = self._places[key] = self._emit(op, args)
        return place

    def const(self, number: float) -> int:
        """The place of a number (0.0 and -0.0 are two numbers)."""
        return self._leaf("const", number, number.hex())

    def leaf(self, kind: str, index: int) -> int:
        """The place of an input or a parameter."""
        return self._leaf(kind, index, index)

    def _leaf(self, kind: str, payload: float | int, key: object) -> int:
        place = self._places.get((kind, key))
        if place is None:
            place = self._places[kind, key] = self._write(Instruction(kind, (), payload), _RANKS[kind])
        return place

    def _write(self, instruction: Instruction, rank: int) -> int:
        self.instructions.append(instruction)
        self.ranks.append(rank)
        return len(self.instructions) - 1

    def _emit(self, op: str, args: tuple[int, ...]) -> int:
        same = self._simplified(op, args) if op in _SIMPLE and "fold" in self.passes else None
        if same is None and op in ("+", "*") and "share" in self.passes:
            same = self._places.get((op, args[::-1]))
        if same is not None:
            return same
        rank = max([self.ranks[arg] for arg in args])
        if rank == 0 and "fold" in self.passes:
            return self.const(PRIMITIVES[op](*(self.instructions[arg].payload for arg in args)))
        return self._write(Instruction(op, args), max(rank, 1))

    def _simplified(self, op: str, args: tuple[int, ...]) -> int | None:
        """What needs no instruction: x * 1, x / 1, x ** 1, --x, and choices that are settled; squares and cubes.

        Exact to the bit.
        """
        first, last = self.instructions[args[0]], self.instructions[args[-1]]
        if op == "neg":
            return first.args[0] if first.op == "neg" else None
        if op == "if":
            return self._chosen(first, *args)
        if op in ("and", "or"):
            return self._settled(op, *args)
        if op == ">":
            return args[0] if first.op in CONDITIONS and self._is(args[1], 0.0) else None  # it is 1 or 0 already
        if last.op == "const" and last.payload == 1:
            return args[0]
        if op == "**" and last.op == "const" and last.payload in (2, 3):  # as ieee.power does
            square = self.emit("*", args[0], args[0])
            return square if last.payload == 2 else self.emit("*", square, args[0])
        return args[1] if op == "*" and first.op == "const" and first.payload == 1 else None

    def _chosen(self, condition: Instruction, test: int, x: int, y: int) -> int | None:
        """A choice that is settled, or that only says whether conditions hold."""
        if x == y:
            return x
        if condition.op == "const":
            return x if condition.payload != 0 else y
        if condition.op not in CONDITIONS:
            return None
        if self._is(x, 1.0):
            if self._is(y, 0.0):
                return test
            return self.emit("or", test, y) if self.instructions[y].op in CONDITIONS else None
        is_and = self._is(y, 0.0) and self.instructions[x].op in CONDITIONS
        return self.emit("and", test, x) if is_and else None

    def _settled(self, op: str, x: int, y: int) -> int | None:
        """Logic with a constant."""
        for known, other in ((x, y), (y, x)):
            if self.ranks[known] == 0:
                if (self.instructions[known].payload != 0) is (op == "or"):
                    return self.const(float(op == "or"))
                is_condition = self.instructions[other].op in CONDITIONS
                return other if is_condition else self.emit("!=", other, self.const(0.0))
        return None

    def _is(self, place: int, number: float) -> bool:
        """Whether there is this constant (0.0, not -0.0)."""
        return self._places.get(("const", number.hex())) == place


class Lowering:
    """The graph of some outputs on a tape; ``leaves`` says which leaf is which input or parameter.

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
        self.tape = Tape(passes)
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
            return self.tape.leaf(*self.leaves[node])
        if op is None:
            return self.tape.const(self.constants.get(node, node._data))
        const, places = self.tape.const, self.places
        args = [places[arg] if arg.__class__ is Value else const(arg) for arg in node.args]  # type: ignore[arg-type]
        self._operands[node] = args
        return writer(op, op.value)(self.tape.emit, const, *args, -1, -1)

    def gradients(self, output: Value, wanted: Sequence[Value], wild: Collection[Value] = ()) -> list[int]:
        """The places of the gradient of an output in each of the wanted leaves; ``wild`` is as for ``steep``."""
        active = set(wanted)
        for node in self.order:
            if not active.isdisjoint(node.parents):
                active.add(node)
        slopes = steep(self.order, wild, sys.float_info.max if wild else 1.0)
        flows = sweep(output, self.order, slopes, _Writing(self, self._operands), active)
        return [flows[leaf] if leaf in flows else self.tape.const(0.0) for leaf in wanted]


class _Writing:
    """The arithmetic of a sweep that writes instructions: a number is the place of one."""

    def __init__(self, lowered: Lowering, operands: Mapping[Value, Sequence[int]]) -> None:
        self.tape, self.places, self.operands = lowered.tape, lowered.places, operands

    def number(self, x: float) -> int:
        return self.tape.const(x)

    def known(self, x: int) -> float | None:
        instruction = self.tape.instructions[x]
        return instruction.payload if instruction.op == "const" else None

    def condition(self, formula: ast.expr, node: Value) -> int:
        return self._read(formula, node, -1)

    def send(self, slope: Slope, node: Value, up: int) -> int:
        return self._read(slope.contribution, node, up)

    def _read(self, formula: ast.expr, node: Value, up: int) -> int:
        assert node.op is not None
        place, tape = self.places[node], self.tape
        return writer(node.op, formula)(tape.emit, tape.const, *self.operands[node], place, up)

    def add(self, x: int, y: int) -> int:
        return self.tape.emit("+", x, y)

    def where(self, condition: int, x: int, y: int) -> int:
        return self.tape.emit("if", self.tape.emit(">", condition, self.tape.const(0.0)), x, y)


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
    space: dict[str, Callable[..., int]] = {}
    exec(
        "\n    ".join(
            [f"def write(_emit, _const, {', '.join((*op.inputs, 'out', 'up'))}):", *lines, f"return {result}"]
        ),
        space,
    )
    return space["write"]


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
        case ast.BoolOp(op=word):
            name = "and" if isinstance(word, ast.And) else "or"
            return reduce(lambda x, y: part(f"_emit({name!r}, {x}, {y})"), walked)
    return part(f"_emit({_primitive(tree)!r}, {', '.join(walked)})")


def _primitive(tree: ast.expr) -> str:
    match tree:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.UnaryOp(op=sign):
            return "neg" if isinstance(sign, ast.USub) else "not"
        case ast.BinOp(op=op):
            return BINARY[type(op)]
        case ast.Compare(ops=[op]):
            return COMPARE[type(op)]
        case ast.IfExp():
            return "if"
    raise AssertionError(f"{ast.dump(tree)} passed the check of the formula language")
