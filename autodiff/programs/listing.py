"""A graph flattened into instructions in single-assignment form, over the primitives of its formulas.

An instruction is named by its place. Sharing, folding and dropping happen while it is written: each is exact, to
the bit. A *uniform* instruction depends on parameters and constants alone, so it is the same for every sample."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from autodiff.language.primitives import CONDITIONS, PRIMITIVES

__all__ = ["PASSES", "Instruction", "Listing"]


class Instruction(NamedTuple):
    """``op`` of the instructions ``args``; a leaf has none, and ``payload`` is its number or its index.

    Leaves are ``input``, ``param`` and ``const``. Conditions are 1.0 or 0.0; ``if`` takes (condition, then, else).
    """

    op: str
    args: tuple[int, ...] = ()
    payload: float | int = 0


_SIMPLE = {"*", "/", "**", "neg", "if", ">", "and", "or"}  # what may need no instruction


_RANKS = {"const": 0, "param": 1, "input": 2}


# The passes, each of which can be left out: constants and settled choices are folded, equal instructions shared,
# unneeded ones dropped; the Numba machine fuses products with sums, runs such chains over the same operands together
# as tiles, and reuses slots that are free.
PASSES = frozenset({"fold", "share", "drop", "fuse", "tile", "reuse"})


class Listing:
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
            return self.const(PRIMITIVES[op].function(*(self.instructions[arg].payload for arg in args)))
        return self._power(*args) if op == "**" else self._write(Instruction(op, args), max(rank, 1))

    def _power(self, x: int, y: int) -> int:
        """Squares and cubes are multiplied out, as in :func:`autodiff.language.ieee.power`, whatever a backend has."""
        exponent = self.instructions[y]
        if exponent.op == "const" and exponent.payload not in (2, 3):
            return self._write(Instruction("**", (x, y)), max(self.ranks[x], 1))
        square = self.emit("*", x, x)
        if exponent.op == "const":
            return square if exponent.payload == 2 else self.emit("*", square, x)
        other = self._write(Instruction("**", (x, y)), max(self.ranks[x], self.ranks[y], 1))
        rest = self.emit("if", self.emit("==", y, self.const(3.0)), self.emit("*", square, x), other)
        return self.emit("if", self.emit("==", y, self.const(2.0)), square, rest)

    def _simplified(self, op: str, args: tuple[int, ...]) -> int | None:
        """What needs no instruction: x * 1, x / 1, x ** 1, --x, and choices that are settled; exact to the bit."""
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
