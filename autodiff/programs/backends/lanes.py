"""Eight samples at a time: the machine's arithmetic, written as vector instructions.

A compiler may not reorder a sum of floats, so it leaves such loops scalar; here the order of the sums is itself
eight wide (:mod:`autodiff.programs.sums` says how), and so nothing needs to be reordered. Whole vectors are written,
also behind the last sample, so that no lane holds what freed memory left there. LLVM splits the vectors on machines
whose registers are narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, registry

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
from autodiff.programs.sums import BLOCK

__all__ = ["CHAINS", "SHAPE", "SIDE", "SUMS", "VECTORS", "each"]

# What is summed at once must fit into the registers: 32 of a whole vector, or fewer, of parts of one.
_HAS_WIDE = "+avx512f" in registry.cpu_target.target_context.codegen().magic_tuple()[2]


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


def _chain(outputs: int, vectors: int, kinds: tuple[bool, ...]) -> Callable[[Step], None]:
    """``outputs terms (d start) ... (b c ...) ...``: each ``d = start + b * c + ...`` with its own ``c`` of each term.

    So many of the outputs from number ``first`` on, or the only one, for so many vectors from sample ``n`` on, whose
    sums stay in registers. Every ``b`` is a slot; of several outputs all ``c`` are slots, or all are uniforms.
    """

    def write(step: Step) -> None:
        builder = step.builder
        every, first = (step.number(1), step.first) if outputs > 1 else (number(1), number(0))
        heads = [builder.mul(builder.add(first, number(j)), number(2)) for j in range(outputs)]
        places = [builder.add(step.n, number(WIDE * v)) for v in range(vectors)]
        totals = [[cgutils.alloca_once(builder, VECTOR) for _ in places] for _ in heads]
        for head, row in zip(heads, totals, strict=True):
            start = step.operand(step.number(builder.add(head, number(4))))
            for total, i in zip(row, places, strict=True):
                builder.store(start(i), total)

        def add(k: Any, is_uniform: bool) -> None:
            b = step.slot(step.number(k))
            operands = [step.load(b, i) for i in places]
            for j, row in enumerate(totals):
                c = step.number(builder.add(builder.add(k, first), number(j + 1)))
                spread, slot = (splat(builder, step.uniform(c)), None) if is_uniform else (None, step.slot(c))
                for total, operand, i in zip(row, operands, places, strict=True):
                    product = builder.fmul(operand, step.load(slot, i) if spread is None else spread)
                    builder.store(builder.fadd(builder.load(total), product), total)

        _run_terms(step, every, outputs > 1, kinds, add)
        for head, row in zip(heads, totals, strict=True):
            target = step.slot(step.number(builder.add(head, number(3))))
            for total, i in zip(row, places, strict=True):
                step.store(builder.load(total), target, i)

    return write


def _run_terms(
    step: Step, outputs: Any, alike: bool, kinds: tuple[bool, ...], add: Callable[[Any, bool], None]
) -> None:
    """The terms of chains one by one; whether factors are uniform is known, or asked once, or where each may differ."""
    builder = step.builder
    width = builder.add(outputs, number(1))
    begin = builder.add(number(1), builder.mul(width, number(2)))
    end = builder.add(begin, builder.mul(step.number(2), width))

    def ask(k: Any, answer: Callable[[bool], None]) -> None:
        if len(kinds) == 1:
            return answer(*kinds)
        factor = step.number(builder.add(k, number(1)))
        with builder.if_else(builder.icmp_signed("<", factor, number(0))) as sides:
            for side, is_uniform in zip(sides, kinds, strict=True):
                with side:
                    answer(is_uniform)

    def run(answer: Callable[[Any], None]) -> None:
        with step.loop(end, width, begin) as k:
            answer(k)

    if alike:
        ask(begin, lambda is_uniform: run(lambda k: add(k, is_uniform)))
    else:
        run(lambda k: ask(k, lambda is_uniform: add(k, is_uniform)))


def _chains(outputs: int, widest: int, kinds: tuple[bool, ...] = (True, False)) -> Callable[..., None]:
    """``more`` vectors of so many chains."""

    def write(step: Step) -> None:
        switch(step, step.more, {vectors: _chain(outputs, vectors, kinds) for vectors in range(1, widest + 1)})

    return instruction(write)


def _sums(rows: int, columns: int) -> Callable[..., None]:
    """``rows columns a ... b ... number ...``: sums over the samples of each ``a * b``, or, with no row, of each ``b``.

    So many of them, from row ``first`` and column ``more`` on, each in eight running sums a block.
    """

    def write(step: Step) -> None:
        builder = step.builder
        every_row, every_column = step.number(1), step.number(2)
        behind = builder.add(every_row, number(3))
        firsts = [builder.add(step.first, number(j)) for j in range(rows)]
        seconds = [builder.add(step.more, number(k)) for k in range(columns)]
        a = [step.slot(step.number(builder.add(j, number(3)))) for j in firsts]
        b = [step.slot(step.number(builder.add(k, behind))) for k in seconds]
        totals = [[cgutils.alloca_once(builder, VECTOR) for _ in b] for _ in range(max(rows, 1))]

        def add(i: Any, there: Any = None) -> None:
            factors: list[Any] = [step.load(row, i) for row in a] or [None]
            terms = [step.load(row, i) for row in b]
            for factor, line in zip(factors, totals, strict=True):
                for term, total in zip(terms, line, strict=True):
                    before = builder.load(total)
                    after = builder.fadd(before, term if factor is None else builder.fmul(factor, term))
                    builder.store(after if there is None else builder.select(there, after, before), total)

        numbers = builder.add(behind, every_column)
        indices = [
            step.number(builder.add(numbers, builder.add(builder.mul(j, every_column), k)))
            for j in firsts or [number(0)]
            for k in seconds
        ]
        every = [total for line in totals for total in line]
        with step.loop(step.n, BLOCK) as start:
            for total in every:
                builder.store(ZERO, total)
            _run_through(step, start, add)
            for at in range(0, len(every), WIDE):
                some = [builder.load(total) for total in every[at : at + WIDE]]
                answers = _totals(builder, some)
                for k, index in enumerate(indices[at : at + WIDE]):
                    place = builder.gep(step.sums, [index])
                    answer = builder.extract_element(answers, ir.Constant(INT32, k))
                    builder.store(builder.fadd(builder.load(place), answer), place)

    return instruction(write)


def _run_through(step: Step, start: Any, add: Callable[..., None]) -> None:
    """Add up the block from ``start`` on, vector by vector; of the last one only the samples that are there."""
    builder = step.builder
    left = builder.sub(step.n, start)
    left = builder.select(builder.icmp_signed("<", left, number(BLOCK)), left, number(BLOCK))
    whole = builder.add(start, builder.and_(left, number(-WIDE)))
    with step.loop(whole, first=start) as i:
        add(i)
    left = builder.and_(left, number(WIDE - 1))
    with builder.if_then(builder.icmp_signed(">", left, number(0))):
        lanes = ir.Constant(INTS, [number(j) for j in range(WIDE)])
        add(whole, builder.icmp_signed("<", lanes, splat(builder, left, INTS)))


def _totals(builder: Any, running: list[Any]) -> Any:
    """Up to eight vectors become one of their sums: halves are added to halves, for all of them at once.

    So each is added up as by :func:`autodiff.programs.sums.tree`.
    """
    rows = [*running, *[ZERO] * (WIDE - len(running))]
    half = WIDE // 2
    while half:
        lower = [j if not j & half else WIDE + j - half for j in range(WIDE)]
        halves = [
            [builder.shuffle_vector(rows[i], rows[i + half], _places(j + up for j in lower)) for up in (0, half)]
            for i in range(half)
        ]
        rows = [builder.fadd(low, high) for low, high in halves]
        half //= 2
    return rows[0]


def _places(numbers: Iterable[int]) -> Any:
    """Which numbers of two vectors a third is made of."""
    places = [ir.Constant(INT32, i) for i in numbers]
    return ir.Constant(ir.VectorType(INT32, len(places)), places)


# Chains with uniform factors at a time, and with others; of these the most vectors, and of a chain that is alone.
SHAPE = (8, 4, 3, 8) if _HAS_WIDE else (4, 4, 1, 8)
_MANY, _FEW, _HIGH, _WIDEST = SHAPE
CHAINS = _chains(_MANY, _HIGH, (True,)), _chains(_FEW, _HIGH), _chains(1, _WIDEST)
SIDE = 4 if _HAS_WIDE else 2  # of a square of products
SUMS = [_sums(*shape) for shape in ((SIDE, SIDE), (SIDE, 1), (1, 4), (1, 1), (0, 1))]
