"""The machine: one compiled loop that runs the code of any routine over blocks of samples.

It is compiled once, by Numba, and kept on disk; a new program is new data for it, not a new compilation.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.backends.caching import jit
from autodiff.programs.backends.choices import TESTS
from autodiff.programs.backends.elementwise import library, library_of_two, refuse_forgotten, sum_of_block
from autodiff.programs.backends.lanes import VECTORS, WIDEST, add_up, chain, dots_1, dots_4, each
from autodiff.programs.backends.machine import BINARY, CODES, UNARY
from autodiff.programs.sums import BLOCK, LANES

__all__ = ["room", "rows", "run_samples", "run_threads", "run_uniform", "sum_of_block"]


_jit = jit(nogil=True)

# Numba freezes globals: the numbers of the instructions become constants of the compiled code.
LOAD, STORE, SUM, DOTS, MACS = (CODES[name] for name in ("load", "store", "sum", "dots", "macs"))
FIRST_UNARY = CODES[UNARY[0]]  # they are the last
LIBRARY = np.array([name in {*BINARY, *UNARY} - VECTORS for name in CODES])
LENGTHS = np.array([2 + PRIMITIVES[name].arity if name in PRIMITIVES else 6 for name in CODES])
ALIGNMENT = 64  # bytes: a vector of eight numbers, and a line of the processor's cache


@_jit
def room(slots: int, samples: int) -> Any:
    """Memory for so many slots of up to so many samples, from a multiple of 64 bytes on."""
    size = slots * whole(samples)
    raw = np.empty(size + ALIGNMENT // 8)
    skip = -raw.ctypes.data % ALIGNMENT // 8
    return raw[skip : skip + size]


@_jit
def rows(memory: Any, slots: int, samples: int) -> Any:
    """The slots, packed: whole vectors for so many samples, each at a multiple of 64 bytes."""
    return memory[: slots * whole(samples)].reshape(slots, whole(samples))


@_jit
def whole(samples: int) -> int:
    """So many numbers are the whole vectors that hold the samples."""
    return (samples + LANES - 1) // LANES * LANES


@_jit
def _dots(code: Any, at: int, r: Any, u: Any, sums: Any, n: int) -> None:
    """Add the sums of a slot times each of some others, four at a time so that it is read once for them."""
    k, count = 0, code[at + 2]
    while k < count:
        if k + 4 <= count:
            dots_4(r, u, sums, code, at, n, k)
            k += 4
        else:
            dots_1(r, u, sums, code, at, n, k)
            k += 1


@_jit
def _macs(code: Any, at: int, r: Any, u: Any, sums: Any, n: int) -> None:
    """``d = a + b * c + ...``, as many vectors at a time as there are registers for, all of about one size."""
    i = 0
    while i < n:
        left = (n - i + LANES - 1) // LANES
        vectors = WIDEST if left >= 2 * WIDEST else (left + 1) // 2 if left > WIDEST else left
        chain(r, u, sums, code, at, i, vectors)
        i += LANES * vectors


@_jit
def _spread(number: float, n: int) -> Any:
    """The same number for each sample."""
    return np.full(n, number)


@_jit
def _call(code: Any, at: int, r: Any, u: Any, n: int) -> int:
    """A call of a library; the numbers behind the last sample are 0."""
    op, d, k = code[at], r[code[at + 1]], code[at + 2]
    a = r[k] if k >= 0 else _spread(u[~k], n)
    d[n:] = 0.0
    if op >= FIRST_UNARY:
        library(op, d, a, n)
        return 3
    k = code[at + 3]
    library_of_two(op, d, a, r[k] if k >= 0 else _spread(u[~k], n), n)
    return 4


@_jit
def _block(code: Any, r: Any, u: Any, x: Any, out: Any, sums: Any, n: int) -> None:
    """Run the code over a block of ``n`` samples: ``x`` their inputs, ``out`` their results, ``r`` the slots."""
    at = 0
    while at < len(code):
        op = code[at]
        if op == MACS:
            _macs(code, at, r, u, sums, n)
            at += 4 + 2 * code[at + 3]
        elif op == DOTS:
            _dots(code, at, r, u, sums, n)
            at += 3 + 2 * code[at + 2]
        elif op == LOAD:
            d, k = r[code[at + 1]], code[at + 2]
            for i in range(n):
                d[i] = x[i, k]
            d[n:] = 0.0
            at += 3
        elif op == STORE:
            k, a = code[at + 1], code[at + 2]
            if a >= 0:
                for i in range(n):
                    out[i, k] = r[a, i]
            else:
                out[:, k] = u[~a]
            at += 3
        elif op == SUM:
            add_up(r, u, sums, code, at, n, 0)
            at += 3
        elif LIBRARY[op]:
            at += _call(code, at, r, u, n)
        else:
            each(r, u, sums, code, at, n, 0)
            at += LENGTHS[op]


@_jit
def run_uniform(code: Any, first: int, u: Any) -> None:
    """Run the code over parameters and constants; what it computes are the uniforms from ``first`` on."""
    nothing = np.empty((1, 1))
    r = rows(room(len(u) - first, 1), len(u) - first, 1)
    _block(code, r, u, nothing, nothing, u, 1)
    u[first:] = r[:, 0]


@_jit
def run_samples(code: Any, slots: int, u: Any, x: Any, out: Any, sums: Any) -> None:
    """Run the code over all samples, block by block; ``sums`` are added to."""
    here = np.empty_like(sums)
    memory = room(slots, min(BLOCK, len(x)))
    for start in range(0, len(x), BLOCK):
        n = min(BLOCK, len(x) - start)
        here[:] = 0.0
        _block(code, rows(memory, slots, n), u, x[start : start + n], out[start : start + n], here, n)
        for k in range(len(sums)):
            sums[k] += here[k]


@jit(parallel=True)
def run_threads(code: Any, slots: int, u: Any, x: Any, out: Any, sums: Any, threads: int) -> None:
    """The same with the blocks dealt out to threads; the blocks' sums are added in order, so no bit differs."""
    blocks = (len(x) + BLOCK - 1) // BLOCK
    each_block = np.zeros((blocks, len(sums)))
    for thread in numba.prange(threads):
        memory = room(slots, BLOCK)
        for block in range(thread, blocks, threads):
            start = block * BLOCK
            n = min(BLOCK, len(x) - start)
            r = rows(memory, slots, n)
            _block(code, r, u, x[start : start + n], out[start : start + n], each_block[block], n)
    for block in range(blocks):
        for k in range(len(sums)):
            sums[k] += each_block[block, k]


refuse_forgotten(CODES.keys() - TESTS.keys() - {*UNARY, *BINARY} - VECTORS, _block)
