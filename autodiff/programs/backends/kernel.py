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
from autodiff.programs.backends.lanes import CHAINS, SHAPE, SIDE, SUMS, VECTORS, each
from autodiff.programs.backends.machine import BINARY, CODES, UNARY
from autodiff.programs.sums import BLOCK, LANES

__all__ = ["room", "rows", "run_samples", "run_threads", "sum_of_block"]


_jit = jit(nogil=True)

# Numba freezes globals: the numbers of the instructions become constants of the compiled code.
LOAD, STORE, DOTS, MACS, TILE = (CODES[name] for name in ("load", "store", "dots", "macs", "tile"))
MANY, FEW, HIGH, WIDEST = SHAPE
many_chains, few_chains, one_chain = CHAINS
dots_square, dots_column, dots_4, dots_1, sums_1 = SUMS
FIRST_UNARY = CODES[UNARY[0]]  # they are the last
LIBRARY = np.array([name in {*BINARY, *UNARY} - VECTORS for name in CODES])
LENGTHS = np.array([2 + PRIMITIVES[name].arity if name in PRIMITIVES else 6 for name in CODES])
REST = BLOCK // 2  # samples
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
    """Add sums of products, a square at a time, so that each slot is read once for all of its products there."""
    j, rows, columns = 0, code[at + 1], code[at + 2]
    while j < max(rows, 1):
        k, is_high = 0, rows - j >= SIDE
        while k < columns:
            if is_high and k + SIDE <= columns:
                dots_square(r, u, sums, code, at, n, j, k)
                k += SIDE
            elif is_high:
                dots_column(r, u, sums, code, at, n, j, k)
                k += 1
            elif rows and k + 4 <= columns:
                dots_4(r, u, sums, code, at, n, j, k)
                k += 4
            elif rows:
                dots_1(r, u, sums, code, at, n, j, k)
                k += 1
            else:
                sums_1(r, u, sums, code, at, n, j, k)
                k += 1
        j += SIDE if is_high else 1


@_jit
def _macs(code: Any, at: int, r: Any, u: Any, sums: Any, n: int) -> None:
    """A chain, as many vectors at a time as there are registers for, all of about one size."""
    i = 0
    while i < n:
        left = (n - i + LANES - 1) // LANES
        vectors = WIDEST if left >= 2 * WIDEST else (left + 1) // 2 if left > WIDEST else left
        one_chain(r, u, sums, code, at, i, 0, vectors)
        i += LANES * vectors


@_jit
def _tile(code: Any, at: int, r: Any, u: Any, sums: Any, n: int) -> None:
    """Chains over the same operands: so many with uniform factors at a time, and so many with slots."""
    j, outputs = 0, code[at + 1]
    has_uniforms = code[at + 4 + 2 * outputs] < 0
    while j < outputs:
        is_many = has_uniforms and outputs - j >= MANY
        i = 0
        while i < n:
            left = (n - i + LANES - 1) // LANES
            vectors = HIGH if left >= 2 * HIGH else (left + 1) // 2 if left > HIGH else left
            if is_many:
                many_chains(r, u, sums, code, at, i, j, vectors)
            else:
                few_chains(r, u, sums, code, at, i, j, vectors)
            i += LANES * vectors
        j += MANY if is_many else FEW


@_jit
def _spread(number: float, n: int) -> Any:
    """The same number for each sample."""
    spread = np.empty(n)
    for i in range(n):
        spread[i] = number
    return spread


@_jit
def _call(code: Any, at: int, r: Any, u: Any, n: int) -> int:
    """A call of a library; the numbers behind the last sample are 0."""
    op, d, k = code[at], r[code[at + 1]], code[at + 2]
    a = r[k] if k >= 0 else _spread(u[~k], n)
    for i in range(n, len(d)):
        d[i] = 0.0
    if op >= FIRST_UNARY:
        library(op, d, a, n)
        return 3
    k = code[at + 3]
    library_of_two(op, d, a, r[k] if k >= 0 else _spread(u[~k], n), n)
    return 4


@_jit
def _block(code: Any, r: Any, u: Any, x: Any, out: Any, columns: int, sums: Any, start: int, n: int) -> None:
    """Run the code over ``n`` samples from ``start`` on: ``x`` all inputs, ``out`` all results, ``r`` the slots.

    A row of ``x`` is a sample, or, where 1 is in ``columns``, an input; and so a row of ``out``, with 2.
    """
    at = np.int64(0)  # of a literal, what is called would be compiled once more
    while at < len(code):
        op = code[at]
        if op == MACS:
            _macs(code, at, r, u, sums, n)
            at += 5 + 2 * code[at + 2]
        elif op == TILE:
            _tile(code, at, r, u, sums, n)
            at += 3 + 2 * code[at + 1] + (1 + code[at + 1]) * code[at + 2]
        elif op == DOTS:
            _dots(code, at, r, u, sums, n)
            at += 3 + code[at + 1] + (1 + max(code[at + 1], 1)) * code[at + 2]
        elif op == LOAD:
            d, k = r[code[at + 1]], code[at + 2]
            if columns & 1:
                source = x[k, start : start + n]
                for i in range(n):
                    d[i] = source[i]
            else:
                for i in range(n):
                    d[i] = x[start + i, k]
            for i in range(n, len(d)):
                d[i] = 0.0
            at += 3
        elif op == STORE:
            k, a = code[at + 1], code[at + 2]
            if a < 0:
                for i in range(start, start + n):
                    out[k if columns & 2 else i, i if columns & 2 else k] = u[~a]
            elif columns & 2:
                target, result = out[k, start : start + n], r[a]
                for i in range(n):
                    target[i] = result[i]
            else:
                result = r[a]
                for i in range(n):
                    out[start + i, k] = result[i]
            at += 3
        elif LIBRARY[op]:
            at += _call(code, at, r, u, n)
        else:
            each(r, u, sums, code, at, n, 0, 0)
            at += LENGTHS[op]


@_jit
def _uniforms(code: Any, first: int, u: Any, p: Any) -> None:
    """Put the parameters before the constants, and behind both, from ``first`` on, what is computed of them."""
    for k in range(len(p)):
        u[k] = p[k]
    if len(code):
        nothing, one = np.empty((1, 1)), min(len(code), 1)  # of a literal 1, all would be compiled once more
        slots = rows(room(len(u) - first, one), len(u) - first, one)
        _block(code, slots, u, nothing, nothing, one - 1, u, one - 1, one)
        for k in range(first, len(u)):
            u[k] = slots[k - first, 0]


@_jit
def run_samples(
    code: Any, uniform_code: Any, slots: int, first: int, u: Any, p: Any, x: Any, out: Any, columns: int, sums: Any
) -> None:
    """Run the code over all samples, block by block; ``sums`` are added to.

    A short rest has no block of its own: it is run with the last one, which costs an instruction hardly more.
    """
    _uniforms(uniform_code, first, u, p)
    samples = x.shape[columns & 1]
    memory = room(slots, min(BLOCK + REST, samples))
    for start in range(0, samples, BLOCK):
        left = samples - start
        n = left if left <= BLOCK + REST else BLOCK
        _block(code, rows(memory, slots, n), u, x, out, columns, sums, start, n)
        if n == left:
            break


@jit(parallel=True)
def run_threads(
    code: Any,
    uniform_code: Any,
    slots: int,
    first: int,
    u: Any,
    p: Any,
    x: Any,
    out: Any,
    columns: int,
    sums: Any,
    threads: int,
) -> None:
    """The same with the blocks dealt out to threads; the blocks' sums are added in order, so no bit differs."""
    _uniforms(uniform_code, first, u, p)
    samples = x.shape[columns & 1]
    blocks = (samples + BLOCK - 1) // BLOCK
    parts = np.zeros((blocks, len(sums)))
    for thread in numba.prange(threads):
        memory = room(slots, BLOCK)
        for block in range(thread, blocks, threads):
            n = min(BLOCK, samples - block * BLOCK)
            _block(code, rows(memory, slots, n), u, x, out, columns, parts[block], block * BLOCK, n)
    for block in range(blocks):
        for k in range(len(sums)):
            sums[k] += parts[block, k]


refuse_forgotten(CODES.keys() - TESTS.keys() - {*UNARY, *BINARY} - VECTORS, _block)
