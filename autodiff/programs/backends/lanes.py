"""Eight samples at a time: the machine's arithmetic, written as vector instructions.

A compiler may not reorder a sum of floats, so it leaves such loops scalar; here the order of the sums is itself
eight wide (:mod:`autodiff.programs.sums` says how), and so nothing needs to be reordered. Whole vectors are written,
also behind the last sample, so that no lane holds what freed memory left there. LLVM splits the vectors on machines
whose registers are narrower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from autodiff.programs.backends.choices import TESTS
from autodiff.programs.backends.machine import CODES
from autodiff.programs.backends.steps import (
    INT32,
    INTS,
    ONE,
    VECTOR,
    WIDE,
    ZERO,
    Step,
    instruction,
    number,
    splat,
    switch,
)
from autodiff.programs.sums import BLOCK, tree

__all__ = ["VECTORS", "WIDEST", "add_up", "chain", "dots_1", "dots_4", "each"]

WIDEST = 8  # vectors of a chain at once, whose sums are in registers


def _each(arity: int, value: Callable[..., Any]) -> Callable[[Step], None]:
    """``d a ...``: the value of some operands, for each sample."""

    def write(step: Step) -> None:
        target = step.slot(step.number(1))
        operands = [step.operand(step.number(2 + k)) for k in range(arity)]
        with step.loop(step.n) as i:
            step.store(value(step.builder, *(load(i) for load in operands)), target, i)

    return write


def _compared(sign: str) -> Callable[..., Any]:
    """1 or 0; nothing but ``!=`` holds of a nan."""
    return lambda builder, x, y: builder.select(_holds(builder, sign, x, y), ONE, ZERO)


def _holds(builder: Any, sign: str, x: Any, y: Any) -> Any:
    return builder.fcmp_unordered("!=", x, y) if sign == "!=" else builder.fcmp_ordered(sign, x, y)


def _picked(sign: str, other: int | None) -> Callable[..., Any]:
    """Of two operands, the first where two others compare so."""

    def value(builder: Any, x: Any, y: Any, a: Any, b: Any) -> Any:
        holds = builder.fcmp_unordered("uno", x, y) if sign == "nan" else _holds(builder, sign, x, y)
        if other is not None:
            holds = builder.or_(holds, builder.fcmp_unordered("uno", (x, y)[other], (x, y)[other]))
        return builder.select(holds, a, b)

    return value


def _is_true(builder: Any, x: Any) -> Any:
    return builder.fcmp_unordered("!=", x, ZERO)


def _library(name: str) -> Callable[..., Any]:
    """A function that processors have for vectors."""

    def value(builder: Any, x: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDE}f64"), [x])

    return value


# The value of each primitive that processors have as an instruction.
_VALUES: dict[str, tuple[int, Callable[..., Any]]] = {
    "+": (2, lambda builder, x, y: builder.fadd(x, y)),
    "-": (2, lambda builder, x, y: builder.fsub(x, y)),
    "*": (2, lambda builder, x, y: builder.fmul(x, y)),
    "/": (2, lambda builder, x, y: builder.fdiv(x, y)),
    "neg": (1, lambda builder, x: builder.fneg(x)),
    "abs": (1, _library("fabs")),
    "sqrt": (1, _library("sqrt")),
    **{sign: (2, _compared(sign)) for sign in ("<", "<=", ">", ">=", "==", "!=")},
    "and": (2, lambda b, x, y: b.select(b.and_(_is_true(b, x), _is_true(b, y)), ONE, ZERO)),
    "or": (2, lambda b, x, y: b.select(b.or_(_is_true(b, x), _is_true(b, y)), ONE, ZERO)),
    "not": (1, lambda b, x: b.select(b.fcmp_ordered("==", x, ZERO), ONE, ZERO)),
    "if": (3, lambda b, c, x, y: b.select(_is_true(b, c), x, y)),
}
VECTORS = frozenset(_VALUES)
_VALUES |= {name: (4, _picked(*test)) for name, test in TESTS.items()}


@instruction
def each(step: Step) -> None:
    """Any of these."""
    switch(step, step.number(0), {CODES[name]: _each(*value) for name, value in _VALUES.items()})


def _chain(vectors: int) -> Callable[[Step], None]:
    """``d start count b c ...``: ``d = start + b * c + ...`` for so many vectors, from sample ``n`` on.

    The sums stay in registers; a ``b`` is a slot, a ``c`` either kind.
    """

    def write(step: Step) -> None:
        builder = step.builder
        target, start = step.slot(step.number(1)), step.operand(step.number(2))
        places = [builder.add(step.n, number(WIDE * v)) for v in range(vectors)]
        totals = [cgutils.alloca_once(builder, VECTOR) for _ in range(vectors)]

        def add(factors: Callable[[Any], Any], other: Any) -> None:
            for total, i in zip(totals, places, strict=True):
                product = builder.fmul(step.load(other, i), factors(i))
                builder.store(builder.fadd(builder.load(total), product), total)

        for total, i in zip(totals, places, strict=True):
            builder.store(start(i), total)
        with step.loop(builder.mul(step.number(3), number(2)), 2) as k:
            b = step.slot(step.number(builder.add(k, number(4))))
            c = step.number(builder.add(k, number(5)))
            is_uniform = builder.icmp_signed("<", c, number(0))
            with builder.if_else(is_uniform) as (then, otherwise):
                with then:
                    factor = splat(builder, step.uniform(c))
                    add(lambda i: factor, b)
                with otherwise:
                    row = step.slot(c)
                    add(lambda i: step.load(row, i), b)
        for total, i in zip(totals, places, strict=True):
            step.store(builder.load(total), target, i)

    return write


@instruction
def chain(step: Step) -> None:
    """``more`` vectors of a chain."""
    switch(step, step.more, {vectors: _chain(vectors) for vectors in range(1, WIDEST + 1)})


def _sums(count: int, has_factor: bool) -> Callable[..., None]:
    """Sums over the samples, each in eight running sums a block: of slots, or of their products with one.

    ``a parts (number b) ...``, from part ``more`` on so many; without a factor ``number b``.
    """

    def write(step: Step) -> None:
        builder = step.builder
        first = builder.mul(step.more, number(2))
        numbers = [step.number(builder.add(first, number(k + 1 + 2 * has_factor))) for k in range(2 * count)]
        rows = [step.slot(k) for k in numbers[1::2]]
        a = step.slot(step.number(1)) if has_factor else None
        totals = [cgutils.alloca_once(builder, VECTOR) for _ in range(count)]

        def add(i: Any, there: Any = None) -> None:
            factor = step.load(a, i) if has_factor else None
            for total, row in zip(totals, rows, strict=True):
                before, term = builder.load(total), step.load(row, i)
                after = builder.fadd(before, builder.fmul(factor, term) if has_factor else term)
                builder.store(after if there is None else builder.select(there, after, before), total)

        with step.loop(step.n, BLOCK) as start:
            for total in totals:
                builder.store(ZERO, total)
            left = builder.sub(step.n, start)
            left = builder.select(builder.icmp_signed("<", left, number(BLOCK)), left, number(BLOCK))
            whole = builder.add(start, builder.and_(left, number(-WIDE)))
            with step.loop(whole, first=start) as i:
                add(i)
            left = builder.and_(left, number(WIDE - 1))
            with builder.if_then(builder.icmp_signed(">", left, number(0))):
                lanes = ir.Constant(INTS, [number(j) for j in range(WIDE)])
                add(whole, builder.icmp_signed("<", lanes, splat(builder, left, INTS)))
            for k, total in zip(numbers[::2], totals, strict=True):
                place = builder.gep(step.sums, [k])
                builder.store(builder.fadd(builder.load(place), _total(builder, builder.load(total))), place)

    return instruction(write)


@dataclass
class _Number:
    """A number of the code that is written: a sum of two writes an addition."""

    builder: Any
    value: Any

    def __add__(self, other: Any) -> _Number:
        return _Number(self.builder, self.builder.fadd(self.value, other.value))


def _total(builder: Any, running: Any) -> Any:
    """The sum of a vector's numbers."""
    parts = [builder.extract_element(running, ir.Constant(INT32, j)) for j in range(WIDE)]
    return tree(*(_Number(builder, part) for part in parts)).value


dots_1, dots_4, add_up = _sums(1, True), _sums(4, True), _sums(1, False)
