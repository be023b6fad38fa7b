"""The machine: one compiled loop that runs the code of any routine over blocks of samples.

It is compiled once, by Numba, and kept on disk; a new program is new data for it, not a new compilation.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from autodiff.programs.backends.caching import jit
from autodiff.programs.backends.elementwise import binary, refuse_forgotten, sum_of_block, unary
from autodiff.programs.backends.lanes import dots_1, dots_4, macs_1, macs_4
from autodiff.programs.backends.machine import BINARY, CODES, UNARY
from autodiff.programs.sums import BLOCK

__all__ = ["run_samples", "run_threads", "run_uniform", "sum_of_block"]


_jit = jit(nogil=True)

# Numba freezes globals: the numbers of the instructions become constants of the compiled code.
LOAD, SPREAD, STORE, SUM, DOTS = (CODES[name] for name in ("load", "spread", "store", "sum", "dots"))
ADD, ADD_U, MUL, MUL_U = (CODES[name] for name in ("+vv", "+vu", "*vv", "*vu"))
SUB, SUB_U, U_SUB, MORE_U = (CODES[name] for name in ("-", "-vu", "-uv", ">vu"))
MACS, MACS_U, IF, IF_U = (CODES[name] for name in ("macs", "macs_u", "if", "if_vu"))
FIRST_UNARY = CODES[UNARY[0]]  # they are the last


@_jit
def _dots(code: Any, at: int, count: int, a: Any, r: Any, sums: Any, n: int) -> None:
    """Add the sums of ``a`` times each of some slots, four at a time so that ``a`` is read once for them."""
    k = 0
    while k < count:
        p = at + 2 * k
        if k + 4 <= count:
            t0, t1, t2, t3 = dots_4(a, r[code[p + 1]], r[code[p + 3]], r[code[p + 5]], r[code[p + 7]], n)
            sums[code[p]] += t0
            sums[code[p + 2]] += t1
            sums[code[p + 4]] += t2
            sums[code[p + 6]] += t3
            k += 4
        else:
            sums[code[p]] += dots_1(a, r[code[p + 1]], n)[0]
            k += 1


@_jit
def _macs(code: Any, at: int, count: int, d: Any, a: Any, r: Any, u: Any, n: int) -> None:
    """``d = a + b * c + ...``, four uniform factors at a time so that the sum stays in registers."""
    k = 0
    while k < count:
        p = at + 3 * k
        if k + 4 <= count and code[p + 1] and code[p + 4] and code[p + 7] and code[p + 10]:
            b0, b1, b2, b3 = r[code[p]], r[code[p + 3]], r[code[p + 6]], r[code[p + 9]]
            u0, u1, u2, u3 = u[code[p + 2]], u[code[p + 5]], u[code[p + 8]], u[code[p + 11]]
            macs_4(d, a, b0, b1, b2, b3, u0, u1, u2, u3, n)
            k += 4
        elif code[p + 1]:
            macs_1(d, a, r[code[p]], u[code[p + 2]], n)
            k += 1
        else:
            b0, b1 = r[code[p]], r[code[p + 2]]
            for i in range(n):
                d[i] = a[i] + b0[i] * b1[i]
            k += 1
        a = d


@_jit
def _block(code: Any, r: Any, u: Any, x: Any, out: Any, sums: Any, n: int) -> None:
    """Run the code over a block of ``n`` samples: ``x`` their inputs, ``out`` their results, ``r`` the slots."""
    at = 0
    while at < len(code):
        op = code[at]
        if op == MACS:
            _macs(code, at + 4, code[at + 3], r[code[at + 1]], r[code[at + 2]], r, u, n)
            at += 4 + 3 * code[at + 3]
        elif op == MACS_U:
            d, s = r[code[at + 1]], u[code[at + 2]]
            for i in range(n):
                d[i] = s
            _macs(code, at + 4, code[at + 3], d, d, r, u, n)
            at += 4 + 3 * code[at + 3]
        elif op == DOTS:
            _dots(code, at + 3, code[at + 2], r[code[at + 1]], r, sums, n)
            at += 3 + 2 * code[at + 2]
        elif op in (MUL, ADD, SUB):
            d, a, b = r[code[at + 1]], r[code[at + 2]], r[code[at + 3]]
            if op == MUL:
                for i in range(n):
                    d[i] = a[i] * b[i]
            elif op == ADD:
                for i in range(n):
                    d[i] = a[i] + b[i]
            else:
                for i in range(n):
                    d[i] = a[i] - b[i]
            at += 4
        elif op in (MUL_U, ADD_U, SUB_U, MORE_U):
            d, a, s = r[code[at + 1]], r[code[at + 2]], u[code[at + 3]]
            if op == MUL_U:
                for i in range(n):
                    d[i] = a[i] * s
            elif op == ADD_U:
                for i in range(n):
                    d[i] = a[i] + s
            elif op == SUB_U:
                for i in range(n):
                    d[i] = a[i] - s
            else:
                for i in range(n):
                    d[i] = 1.0 if a[i] > s else 0.0
            at += 4
        elif op == U_SUB:
            d, s, a = r[code[at + 1]], u[code[at + 2]], r[code[at + 3]]
            for i in range(n):
                d[i] = s - a[i]
            at += 4
        elif op == IF:
            d, c, a, b = r[code[at + 1]], r[code[at + 2]], r[code[at + 3]], r[code[at + 4]]
            for i in range(n):
                d[i] = a[i] if c[i] != 0 else b[i]
            at += 5
        elif op == IF_U:
            d, c, a, s = r[code[at + 1]], r[code[at + 2]], r[code[at + 3]], u[code[at + 4]]
            for i in range(n):
                d[i] = a[i] if c[i] != 0 else s
            at += 5
        elif op == LOAD:
            d, k = r[code[at + 1]], code[at + 2]
            for i in range(n):
                d[i] = x[i, k]
            at += 3
        elif op == SPREAD:
            d, s = r[code[at + 1]], u[code[at + 2]]
            for i in range(n):
                d[i] = s
            at += 3
        elif op == STORE:
            k, a = code[at + 1], r[code[at + 2]]
            for i in range(n):
                out[i, k] = a[i]
            at += 3
        elif op == SUM:
            sums[code[at + 1]] += sum_of_block(r[code[at + 2]], n)
            at += 3
        elif op >= FIRST_UNARY:
            unary(op, r[code[at + 1]], r[code[at + 2]], n)
            at += 3
        else:
            binary(op, r[code[at + 1]], r[code[at + 2]], r[code[at + 3]], n)
            at += 4


@_jit
def run_uniform(code: Any, u: Any) -> None:
    """Run the code over the parameters and constants: every slot is a uniform, of one sample."""
    nothing = np.empty((1, 1))
    _block(code, u.reshape(-1, 1), u, nothing, nothing, u, 1)


@_jit
def run_samples(code: Any, slots: int, u: Any, x: Any, out: Any, sums: Any) -> None:
    """Run the code over all samples, block by block; ``sums`` are added to."""
    r = np.empty((slots, BLOCK))
    here = np.empty_like(sums)
    for start in range(0, len(x), BLOCK):
        n = min(BLOCK, len(x) - start)
        here[:] = 0.0
        _block(code, r, u, x[start : start + n], out[start : start + n], here, n)
        for k in range(len(sums)):
            sums[k] += here[k]


@jit(parallel=True)
def run_threads(code: Any, slots: int, u: Any, x: Any, out: Any, sums: Any, threads: int) -> None:
    """The same with the blocks dealt out to threads; the blocks' sums are added in order, so no bit differs."""
    blocks = (len(x) + BLOCK - 1) // BLOCK
    each = np.zeros((blocks, len(sums)))
    for thread in numba.prange(threads):
        r = np.empty((slots, BLOCK))
        for block in range(thread, blocks, threads):
            start = block * BLOCK
            n = min(BLOCK, len(x) - start)
            _block(code, r, u, x[start : start + n], out[start : start + n], each[block], n)
    for block in range(blocks):
        for k in range(len(sums)):
            sums[k] += each[block, k]


refuse_forgotten(CODES.keys() - {*UNARY, *BINARY} | {"-"}, _block)
