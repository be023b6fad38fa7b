"""Eight samples at a time: the two inner loops of the machine, written as vector instructions.

A compiler may not reorder a sum of floats, so it leaves these loops scalar; here the order of the sums is itself
eight wide (:mod:`autodiff.programs.sums` says how), and so nothing needs to be reordered. LLVM splits the
vectors on machines whose registers are narrower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj

from autodiff.language.compiling import compiled
from autodiff.programs.sums import LANES, tree

__all__ = ["dots_1", "dots_4", "macs_1", "macs_4"]

_WIDE = LANES
_DOUBLE, _INT, _INT32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_VECTOR, _INTS = ir.VectorType(_DOUBLE, _WIDE), ir.VectorType(_INT, _WIDE)


def _splat(builder: Any, x: Any, kind: Any) -> Any:
    """A vector that holds ``x`` eight times."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(_INT32, 0))
    places = ir.Constant(ir.VectorType(_INT32, _WIDE), [ir.Constant(_INT32, 0)] * _WIDE)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), places)


def _pointers(context: Any, builder: Any, kinds: Any, arrays: Any) -> list[Any]:
    return [arrayobj.make_array(kind)(context, builder, x).data for kind, x in zip(kinds, arrays, strict=True)]


def _at(builder: Any, pointer: Any, i: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [i]), _VECTOR.as_pointer())


def _loop(builder: Any, n: Any) -> Any:
    return cgutils.for_range_slice(builder, ir.Constant(_INT, 0), n, ir.Constant(_INT, _WIDE), _INT)


def _dots(count: int) -> Callable[..., Any]:
    """``dots(a, b0, ..., n)``: the sums of ``a * b0``, ... over n samples, each in eight running sums."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointers = _pointers(context, builder, signature.args[:-1], args[:-1])
        sums = [cgutils.alloca_once(builder, _VECTOR) for _ in range(count)]
        for place in sums:
            builder.store(ir.Constant(_VECTOR, [ir.Constant(_DOUBLE, 0.0)] * _WIDE), place)
        lanes, end = ir.Constant(_INTS, [ir.Constant(_INT, j) for j in range(_WIDE)]), _splat(builder, args[-1], _INTS)
        with _loop(builder, args[-1]) as (i, _):
            there = builder.icmp_signed("<", builder.add(_splat(builder, i, _INTS), lanes), end)
            a = builder.load(_at(builder, pointers[0], i), align=8)
            for place, pointer in zip(sums, pointers[1:], strict=True):
                before = builder.load(place)
                after = builder.fadd(before, builder.fmul(a, builder.load(_at(builder, pointer, i), align=8)))
                builder.store(builder.select(there, after, before), place)
        totals = [_total(builder, builder.load(place)) for place in sums]
        return context.make_tuple(builder, signature.return_type, totals)

    return _intrinsic("dots", [f"b{k}" for k in range(count)], [], types.UniTuple(types.float64, count), codegen)


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


def _macs(count: int) -> Callable[..., Any]:
    """``macs(d, a, b0, ..., u0, ..., n)``: ``d = ((a + b0 * u0) + b1 * u1) + ...``, the u being numbers."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointers = _pointers(context, builder, signature.args[: 2 + count], args[: 2 + count])
        factors = [_splat(builder, u, _VECTOR) for u in args[2 + count : -1]]
        with _loop(builder, args[-1]) as (i, _):
            total = builder.load(_at(builder, pointers[1], i), align=8)
            for pointer, factor in zip(pointers[2:], factors, strict=True):
                total = builder.fadd(total, builder.fmul(builder.load(_at(builder, pointer, i), align=8), factor))
            builder.store(total, _at(builder, pointers[0], i), align=8)
        return context.get_dummy_value()

    arrays, numbers = ["a", *(f"b{k}" for k in range(count))], [f"u{k}" for k in range(count)]
    return _intrinsic("macs", arrays, numbers, types.void, codegen)


def _intrinsic(name: str, arrays: list[str], numbers: list[str], answer: Any, codegen: Any) -> Callable[..., Any]:
    """A function for compiled code; Numba reads its parameters by name, so it is written out for their number."""
    first = "a" if name == "dots" else "d"
    parameters = ", ".join([first, *arrays, *numbers, "n"])
    space: dict[str, Any] = {"types": types, "answer": answer, "codegen": codegen}
    kinds = ", ".join([first, *arrays, *("types.float64" for _ in numbers), "types.int64"])
    written = compiled(f"def {name}(typingctx, {parameters}):\n    return answer({kinds}), codegen", space)
    made: Callable[..., Any] = intrinsic(written)
    return made


dots_1, dots_4, macs_1, macs_4 = _dots(1), _dots(4), _macs(1), _macs(4)
