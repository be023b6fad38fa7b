"""Eight samples at a time: the machine's arithmetic, written as vector instructions.

A compiler may not reorder a sum of floats, so it leaves such loops scalar; here the order of the sums is itself
eight wide (:mod:`autodiff.programs.sums` says how), and so nothing needs to be reordered. Whole vectors are written,
also behind the last sample, so that no lane holds what freed memory left there. LLVM splits the vectors on machines
whose registers are narrower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from autodiff.programs.backends.choices import TESTS
from autodiff.programs.backends.machine import CODES
from autodiff.programs.sums import LANES, tree

__all__ = ["VECTORS", "WIDEST", "add_up", "chain", "dots_1", "dots_4", "each"]

_WIDE = LANES
WIDEST = 8  # vectors of a chain at once, whose sums are in registers
_DOUBLE, _INT, _INT32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_VECTOR, _INTS = ir.VectorType(_DOUBLE, _WIDE), ir.VectorType(_INT, _WIDE)


def _all(x: float) -> Any:
    """A vector that holds a constant eight times."""
    return ir.Constant(_VECTOR, [ir.Constant(_DOUBLE, x)] * _WIDE)


_ZERO, _ONE = _all(0.0), _all(1.0)


def _splat(builder: Any, x: Any, kind: Any = _VECTOR) -> Any:
    """A vector that holds ``x`` eight times."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(_INT32, 0))
    places = ir.Constant(ir.VectorType(_INT32, _WIDE), [ir.Constant(_INT32, 0)] * _WIDE)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), places)


class _Step:
    """One instruction under way: what its numbers in the code say, and how vectors are read and written.

    A number of the code is a slot, a row of numbers for the samples of a block, or (from -1 down) a uniform.
    """

    def __init__(self, context: Any, builder: Any, kinds: Any, args: Any) -> None:
        arrays = [arrayobj.make_array(kind)(context, builder, x) for kind, x in zip(kinds[:4], args[:4], strict=True)]
        self.builder = builder
        self.slots, self.uniforms, self.sums, self.code = (array.data for array in arrays)
        self.stride = cgutils.unpack_tuple(builder, arrays[0].shape, 2)[1]
        self.at, self.n, self.more = args[4:]

    def number(self, i: int | Any) -> Any:
        """The number of the code that stands ``i`` behind the instruction's name."""
        place = self.builder.add(self.at, ir.Constant(_INT, i) if isinstance(i, int) else i)
        return self.builder.load(self.builder.gep(self.code, [place]))

    def slot(self, k: Any) -> Any:
        """Where a slot begins."""
        return self.builder.gep(self.slots, [self.builder.mul(k, self.stride)])

    def uniform(self, k: Any) -> Any:
        """The number that a negative number of the code means."""
        return self.builder.load(self.builder.gep(self.uniforms, [self.builder.not_(k)]))

    def operand(self, k: Any) -> Callable[[Any], Any]:
        """``load(i)``, the vector of a slot from sample ``i`` on, or that of a uniform."""
        builder = self.builder
        spread = cgutils.alloca_once(builder, _VECTOR)
        is_uniform = builder.icmp_signed("<", k, ir.Constant(_INT, 0))
        with builder.if_then(is_uniform):
            builder.store(_splat(builder, self.uniform(k)), spread)
        start = builder.select(is_uniform, builder.bitcast(spread, _DOUBLE.as_pointer()), self.slot(k))
        moves = builder.select(is_uniform, ir.Constant(_INT, 0), ir.Constant(_INT, -1))
        return lambda i: self.load(start, builder.and_(i, moves))

    def load(self, start: Any, i: Any) -> Any:
        return self.builder.load(self._at(start, i), align=8)

    def store(self, x: Any, start: Any, i: Any) -> None:
        self.builder.store(x, self._at(start, i), align=8)

    def _at(self, start: Any, i: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(start, [i]), _VECTOR.as_pointer())

    @contextmanager
    def loop(self, end: Any, step: int = _WIDE) -> Iterator[Any]:
        """A loop from 0 up to ``end``."""
        with cgutils.for_range_slice(self.builder, ir.Constant(_INT, 0), end, ir.Constant(_INT, step), _INT) as (i, _):
            yield i


def _instruction(write: Callable[[_Step], None]) -> Callable[..., None]:
    """A function for compiled code: it runs the instruction at ``at``; ``n`` and ``more`` say on what."""

    def instruction(typingctx: Any, r: Any, u: Any, sums: Any, code: Any, at: Any, n: Any, more: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            write(_Step(context, builder, signature.args, args))
            return context.get_dummy_value()

        return types.void(r, u, sums, code, types.int64, types.int64, types.int64), codegen

    made: Callable[..., None] = intrinsic(instruction)
    return made


def _switch(step: _Step, number: Any, cases: Mapping[int, Callable[[_Step], None]]) -> None:
    """The case of that number; none, if it has none."""
    builder = step.builder
    end = builder.append_basic_block()
    switch = builder.switch(number, end)
    for case, write in cases.items():
        block = builder.append_basic_block()
        switch.add_case(ir.Constant(_INT, case), block)
        builder.position_at_end(block)
        write(step)
        builder.branch(end)
    builder.position_at_end(end)


def _each(arity: int, value: Callable[..., Any]) -> Callable[[_Step], None]:
    """``d a ...``: the value of some operands, for each sample."""

    def write(step: _Step) -> None:
        target = step.slot(step.number(1))
        operands = [step.operand(step.number(2 + k)) for k in range(arity)]
        with step.loop(step.n) as i:
            step.store(value(step.builder, *(load(i) for load in operands)), target, i)

    return write


def _compared(sign: str) -> Callable[..., Any]:
    """1 or 0; nothing but ``!=`` holds of a nan."""
    return lambda builder, x, y: builder.select(_holds(builder, sign, x, y), _ONE, _ZERO)


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
    return builder.fcmp_unordered("!=", x, _ZERO)


def _library(name: str) -> Callable[..., Any]:
    """A function that processors have for vectors."""

    def value(builder: Any, x: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{_WIDE}f64"), [x])

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
    "and": (2, lambda b, x, y: b.select(b.and_(_is_true(b, x), _is_true(b, y)), _ONE, _ZERO)),
    "or": (2, lambda b, x, y: b.select(b.or_(_is_true(b, x), _is_true(b, y)), _ONE, _ZERO)),
    "not": (1, lambda b, x: b.select(b.fcmp_ordered("==", x, _ZERO), _ONE, _ZERO)),
    "if": (3, lambda b, c, x, y: b.select(_is_true(b, c), x, y)),
}
VECTORS = frozenset(_VALUES)
_VALUES |= {name: (4, _picked(*test)) for name, test in TESTS.items()}


@_instruction
def each(step: _Step) -> None:
    """Any of these."""
    _switch(step, step.number(0), {CODES[name]: _each(*value) for name, value in _VALUES.items()})


def _chain(vectors: int) -> Callable[[_Step], None]:
    """``d start count b c ...``: ``d = start + b * c + ...`` for so many vectors, from sample ``n`` on.

    The sums stay in registers; a ``b`` is a slot, a ``c`` either kind.
    """

    def write(step: _Step) -> None:
        builder = step.builder
        target, start = step.slot(step.number(1)), step.operand(step.number(2))
        places = [builder.add(step.n, ir.Constant(_INT, _WIDE * v)) for v in range(vectors)]
        totals = [cgutils.alloca_once(builder, _VECTOR) for _ in range(vectors)]

        def add(factors: Callable[[Any], Any], other: Any) -> None:
            for total, i in zip(totals, places, strict=True):
                product = builder.fmul(step.load(other, i), factors(i))
                builder.store(builder.fadd(builder.load(total), product), total)

        for total, i in zip(totals, places, strict=True):
            builder.store(start(i), total)
        with step.loop(builder.mul(step.number(3), ir.Constant(_INT, 2)), 2) as k:
            b = step.slot(step.number(builder.add(k, ir.Constant(_INT, 4))))
            c = step.number(builder.add(k, ir.Constant(_INT, 5)))
            is_uniform = builder.icmp_signed("<", c, ir.Constant(_INT, 0))
            with builder.if_else(is_uniform) as (then, otherwise):
                with then:
                    factor = _splat(builder, step.uniform(c))
                    add(lambda i: factor, b)
                with otherwise:
                    row = step.slot(c)
                    add(lambda i: step.load(row, i), b)
        for total, i in zip(totals, places, strict=True):
            step.store(builder.load(total), target, i)

    return write


@_instruction
def chain(step: _Step) -> None:
    """``more`` vectors of a chain."""
    _switch(step, step.more, {vectors: _chain(vectors) for vectors in range(1, WIDEST + 1)})


def _sums(count: int, has_factor: bool) -> Callable[..., None]:
    """Sums over the samples, each in eight running sums: of slots, or of their products with one.

    ``a parts (number b) ...``, from part ``more`` on so many; without a factor ``number b``.
    """

    def write(step: _Step) -> None:
        builder = step.builder
        first = builder.mul(step.more, ir.Constant(_INT, 2))
        numbers = [step.number(builder.add(first, ir.Constant(_INT, k + 1 + 2 * has_factor))) for k in range(2 * count)]
        rows = [step.slot(k) for k in numbers[1::2]]
        a = step.slot(step.number(1)) if has_factor else None
        totals = [cgutils.alloca_once(builder, _VECTOR) for _ in range(count)]
        for total in totals:
            builder.store(_ZERO, total)

        def add(i: Any, there: Any = None) -> None:
            factor = step.load(a, i) if has_factor else None
            for total, row in zip(totals, rows, strict=True):
                before, term = builder.load(total), step.load(row, i)
                after = builder.fadd(before, builder.fmul(factor, term) if has_factor else term)
                builder.store(after if there is None else builder.select(there, after, before), total)

        whole = builder.and_(step.n, ir.Constant(_INT, -_WIDE))
        with step.loop(whole) as i:
            add(i)
        left = builder.sub(step.n, whole)
        with builder.if_then(builder.icmp_signed(">", left, ir.Constant(_INT, 0))):
            lanes = ir.Constant(_INTS, [ir.Constant(_INT, j) for j in range(_WIDE)])
            add(whole, builder.icmp_signed("<", lanes, _splat(builder, left, _INTS)))
        for k, total in zip(numbers[::2], totals, strict=True):
            place = builder.gep(step.sums, [k])
            builder.store(builder.fadd(builder.load(place), _total(builder, builder.load(total))), place)

    return _instruction(write)


@dataclass
class _Number:
    """A number of the code that is written: a sum of two writes an addition."""

    builder: Any
    value: Any

    def __add__(self, other: Any) -> _Number:
        return _Number(self.builder, self.builder.fadd(self.value, other.value))


def _total(builder: Any, running: Any) -> Any:
    """The sum of a vector's numbers."""
    parts = [builder.extract_element(running, ir.Constant(_INT32, j)) for j in range(_WIDE)]
    return tree(*(_Number(builder, part) for part in parts)).value


dots_1, dots_4, add_up = _sums(1, True), _sums(4, True), _sums(1, False)
