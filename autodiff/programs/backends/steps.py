"""An instruction of the machine under way: what its numbers in the code mean, and how vectors are read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from autodiff.programs.sums import LANES

__all__ = ["INT", "INT32", "INTS", "ONE", "VECTOR", "WIDE", "ZERO", "Step", "instruction", "number", "splat", "switch"]

WIDE = LANES
_DOUBLE, INT, INT32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
VECTOR, INTS = ir.VectorType(_DOUBLE, WIDE), ir.VectorType(INT, WIDE)


def number(x: int) -> Any:
    """A whole number."""
    return ir.Constant(INT, x)


def _all(x: float) -> Any:
    """A vector that holds a constant eight times."""
    return ir.Constant(VECTOR, [ir.Constant(_DOUBLE, x)] * WIDE)


ZERO, ONE = _all(0.0), _all(1.0)


def splat(builder: Any, x: Any, kind: Any = VECTOR) -> Any:
    """A vector that holds ``x`` eight times."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(INT32, 0))
    places = ir.Constant(ir.VectorType(INT32, WIDE), [ir.Constant(INT32, 0)] * WIDE)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), places)


class Step:
    """One instruction under way: what its numbers in the code say, and how vectors are read and written.

    A number of the code is a slot, a row of numbers for the samples of a block, or (from -1 down) a uniform.
    """

    def __init__(self, context: Any, builder: Any, kinds: Any, args: Any) -> None:
        arrays = [arrayobj.make_array(kind)(context, builder, x) for kind, x in zip(kinds[:4], args[:4], strict=True)]
        self.builder = builder
        self.slots, self.uniforms, self.sums, self.code = (array.data for array in arrays)
        self.stride = cgutils.unpack_tuple(builder, arrays[0].shape, 2)[1]
        self.at, self.n, self.first, self.more = args[4:]

    def number(self, i: int | Any) -> Any:
        """The number of the code that stands ``i`` behind the instruction's name."""
        place = self.builder.add(self.at, number(i) if isinstance(i, int) else i)
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
        spread = cgutils.alloca_once(builder, VECTOR)
        is_uniform = builder.icmp_signed("<", k, number(0))
        with builder.if_then(is_uniform):
            builder.store(splat(builder, self.uniform(k)), spread)
        start = builder.select(is_uniform, builder.bitcast(spread, _DOUBLE.as_pointer()), self.slot(k))
        moves = builder.select(is_uniform, number(0), number(-1))
        return lambda i: self.load(start, builder.and_(i, moves))

    def load(self, start: Any, i: Any) -> Any:
        return self.builder.load(self._at(start, i), align=8)

    def store(self, x: Any, start: Any, i: Any) -> None:
        self.builder.store(x, self._at(start, i), align=8)

    def _at(self, start: Any, i: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(start, [i]), VECTOR.as_pointer())

    @contextmanager
    def loop(self, end: Any, step: Any = WIDE, first: Any = None) -> Iterator[Any]:
        """A loop from 0, or ``first``, up to ``end``."""
        first = number(0) if first is None else first
        step = number(step) if isinstance(step, int) else step
        with cgutils.for_range_slice(self.builder, first, end, step, INT) as (i, _):
            yield i


def instruction(write: Callable[[Step], None]) -> Callable[..., None]:
    """A function for compiled code: it runs the instruction at ``at``; ``n``, ``first`` and ``more`` say on what."""

    def step(typingctx: Any, r: Any, u: Any, sums: Any, code: Any, at: Any, n: Any, first: Any, more: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            write(Step(context, builder, signature.args, args))
            return context.get_dummy_value()

        return types.void(r, u, sums, code, *[types.int64] * 4), codegen

    made: Callable[..., None] = intrinsic(step)
    return made


def switch(step: Step, choice: Any, cases: Mapping[int, Callable[[Step], None]]) -> None:
    """The case of that number; none, if it has none."""
    builder = step.builder
    end = builder.append_basic_block()
    cases_of = builder.switch(choice, end)
    for case, write in cases.items():
        block = builder.append_basic_block()
        cases_of.add_case(number(case), block)
        builder.position_at_end(block)
        write(step)
        builder.branch(end)
    builder.position_at_end(end)
