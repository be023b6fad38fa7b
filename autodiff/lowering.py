"""Floor 3: a graph flattened into instructions in single-assignment form, over the primitives of its formulas.

An instruction is named by its place. Sharing, folding and dropping happen while it is written: each is exact, to
the bit. A *uniform* instruction depends on parameters and constants alone, so it is the same for every sample.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, reduce

from autodiff import ieee
from autodiff.formulas import BINARY, COMPARE
from autodiff.operations import Operation, expanded
from autodiff.value import Value, topological

__all__ = ["Instruction", "Tape", "lower"]


@dataclass(frozen=True)
class Instruction:
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


class Tape:
    """Instructions under way; equal ones are written once, constants are computed at once."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.uniform: list[bool] = []
        self._places: dict[tuple[object, ...], int] = {}

    def emit(self, op: str, *args: int) -> int:
        """The place of ``op`` of these instructions, written now or before."""
        same = self._simplified(op, args)
        if same is not None:
            return same
        known = [self.instructions[arg] for arg in args]
        if all(part.op == "const" for part in known):
            return self.const(PRIMITIVES[op](*(part.payload for part in known)))
        return self._write(Instruction(op, args), all(self.uniform[arg] for arg in args))

    def const(self, number: float) -> int:
        """The place of a number (0.0 and -0.0 are two numbers)."""
        return self._write(Instruction("const", payload=number), True, number.hex())

    def leaf(self, kind: str, index: int) -> int:
        """The place of an input or a parameter."""
        return self._write(Instruction(kind, payload=index), kind == "param")

    def _write(self, instruction: Instruction, uniform: bool, key: object = None) -> int:
        entry = (instruction.op, instruction.args, instruction.payload if key is None else key)
        place = self._places.get(entry)
        if place is None:
            place = self._places[entry] = len(self.instructions)
            self.instructions.append(instruction)
            self.uniform.append(uniform)
        return place

    def _simplified(self, op: str, args: tuple[int, ...]) -> int | None:
        """What needs no instruction: x * 1, x / 1, x ** 1, --x, and choices that are settled. Exact to the bit."""
        first, last = self.instructions[args[0]], self.instructions[args[-1]]
        if op in ("*", "/", "**") and last.op == "const" and last.payload == 1:
            return args[0]
        if op == "*" and first.op == "const" and first.payload == 1:
            return args[1]
        if op == "neg" and first.op == "neg":
            return first.args[0]
        if op == "if":
            if args[1] == args[2]:
                return args[1]
            if first.op == "const":
                return args[1] if first.payload != 0 else args[2]
            if first.op in CONDITIONS and self._is(args[1], 1.0) and self._is(args[2], 0.0):
                return args[0]
            if first.op in CONDITIONS and self._is(args[1], 1.0) and self.instructions[args[2]].op in CONDITIONS:
                return self.emit("or", args[0], args[2])
            if first.op in CONDITIONS and self.instructions[args[1]].op in CONDITIONS and self._is(args[2], 0.0):
                return self.emit("and", args[0], args[1])
        if op == ">" and first.op in CONDITIONS and self._is(args[1], 0.0):
            return args[0]  # a condition is 1 or 0 already
        return None

    def _is(self, place: int, number: float) -> bool:
        instruction = self.instructions[place]
        return instruction.op == "const" and instruction.payload == number


def lower(outputs: Iterable[Value], leaves: Mapping[Value, tuple[str, int]]) -> tuple[Tape, list[int]]:
    """Flatten the graph of ``outputs``; ``leaves`` says which leaf is which input or parameter, others are constants.

    The second answer is the place of each output.
    """
    wanted = list(outputs)
    tape = Tape()
    places: dict[Value, int] = {}
    for node in topological(wanted, inputs=leaves):
        if node in leaves:
            places[node] = tape.leaf(*leaves[node])
        elif node.op is None:
            places[node] = tape.const(node._data)
        else:
            args = [places[arg] if isinstance(arg, Value) else tape.const(arg) for arg in node.args]
            places[node] = _write(tape, _flat(node.op), args)
    return tape, [places[output] for output in wanted]


Part = tuple[str, tuple[int, ...], float]  # primitive, positions of its operands, the number of a constant


def _write(tape: Tape, formula: tuple[tuple[Part, ...], int], operands: Sequence[int]) -> int:
    """Write an operation's formula: its parts refer to the operands, and then to each other, by position."""
    parts, result = formula
    places = list(operands)
    for op, args, payload in parts:
        places.append(tape.const(payload) if op == "const" else tape.emit(op, *[places[arg] for arg in args]))
    return places[result]


@cache
def _flat(op: Operation) -> tuple[tuple[Part, ...], int]:
    """The value formula of a row as a list of primitives, innermost first, and the position of its result."""
    names = {name: i for i, name in enumerate(op.inputs)}
    found: dict[Part, int] = {}

    def part(op: str, *args: int, payload: float = 0.0) -> int:
        return found.setdefault((op, args, payload), len(names) + len(found))

    result = _walk(expanded(op.value), names, part)
    return tuple(found), result


def _walk(tree: ast.expr, names: Mapping[str, int], part: Callable[..., int]) -> int:
    walked = [_walk(node, names, part) for node in _operands(tree)]
    match tree:
        case ast.Constant(value=value):
            return part("const", payload=float(value))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=ast.UAdd()):
            return walked[0]
        case ast.BoolOp(op=word):
            return reduce(lambda x, y: part("and" if isinstance(word, ast.And) else "or", x, y), walked)
    return part(_primitive(tree), *walked)


def _operands(tree: ast.expr) -> list[ast.expr]:
    match tree:
        case ast.Call(args=args):
            return args
        case ast.UnaryOp(operand=operand):
            return [operand]
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.Compare(left=left, comparators=[right]):
            return [left, right]
        case ast.BoolOp(values=values):
            return values
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return [test, body, orelse]
    return []


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
