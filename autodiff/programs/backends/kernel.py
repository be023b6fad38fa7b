"""The machine: one compiled loop that runs the code of any routine over blocks of samples.

It is compiled once, by Numba, and kept on disk; a new program is new data for it, not a new compilation.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from autodiff.programs.backends.caching import jit
from autodiff.programs.backends.lanes import dots_1, dots_4, macs_1, macs_4
from autodiff.programs.backends.machine import CODES
from autodiff.programs.sums import BLOCK

__all__ = ["run_samples", "run_threads", "run_uniform", "sum_of_block"]


_jit = jit(nogil=True)

# Numba freezes globals: the numbers of the instructions become constants of the compiled code.
LOAD, SPREAD, STORE, SUM, DOTS = (CODES[name] for name in ("load", "spread", "store", "sum", "dots"))
ADD, ADD_U, MUL, MUL_U = (CODES[name] for name in ("+vv", "+vu", "*vv", "*vu"))
SUB, SUB_U, U_SUB, MORE, MORE_U = (CODES[name] for name in ("-", "-vu", "-uv", ">", ">vu"))
MACS, MACS_U, IF, IF_U = (CODES[name] for name in ("macs", "macs_u", "if", "if_vu"))
DIV, POW, LESS, LESS_EQ, MORE_EQ = (CODES[name] for name in ("/", "**", "<", "<=", ">="))
EQ, NOT_EQ, AND, OR = (CODES[name] for name in ("==", "!=", "and", "or"))
HYPOT, ATAN2, NEG, NOT, ABS = (CODES[name] for name in ("hypot", "atan2", "neg", "not", "abs"))
EXP, LOG, LOG1P, EXPM1, SQRT = (CODES[name] for name in ("exp", "log", "log1p", "expm1", "sqrt"))
SIN, COS, TAN, ASIN, ACOS, ATAN = (CODES[name] for name in ("sin", "cos", "tan", "asin", "acos", "atan"))
SINH, COSH, TANH, ERF, ERFC = (CODES[name] for name in ("sinh", "cosh", "tanh", "erf", "erfc"))


@_jit
def sum_of_block(a: Any, n: int) -> float:
    """The sum of a block in the order that all backends keep to."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    whole = n // 8 * 8
    for i in range(0, whole, 8):
        s0 += a[i]
        s1 += a[i + 1]
        s2 += a[i + 2]
        s3 += a[i + 3]
        s4 += a[i + 4]
        s5 += a[i + 5]
        s6 += a[i + 6]
        s7 += a[i + 7]
    if n - whole > 0:
        s0 += a[whole]
    if n - whole > 1:
        s1 += a[whole + 1]
    if n - whole > 2:
        s2 += a[whole + 2]
    if n - whole > 3:
        s3 += a[whole + 3]
    if n - whole > 4:
        s4 += a[whole + 4]
    if n - whole > 5:
        s5 += a[whole + 5]
    if n - whole > 6:
        s6 += a[whole + 6]
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


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
def _cheap_unary(op: int, d: Any, a: Any, n: int) -> None:
    """What the processor does itself, each in a loop of its own that runs on whole vectors."""
    if op == NEG:
        for i in range(n):
            d[i] = -a[i]
    elif op == NOT:
        for i in range(n):
            d[i] = 1.0 if a[i] == 0 else 0.0
    elif op == ABS:
        for i in range(n):
            d[i] = abs(a[i])
    elif op == SQRT:
        for i in range(n):
            d[i] = math.sqrt(a[i])


@_jit
def _unary(op: int, d: Any, a: Any, n: int) -> None:
    """Calls of library functions, one number at a time."""
    for i in range(n):
        x = a[i]
        if op == EXP:
            d[i] = math.exp(x)
        elif op == LOG:
            d[i] = math.log(x)
        elif op == LOG1P:
            d[i] = math.log1p(x)
        elif op == EXPM1:
            d[i] = math.expm1(x)
        elif op == SIN:
            d[i] = math.sin(x)
        elif op == COS:
            d[i] = math.cos(x)
        elif op == TAN:
            d[i] = math.tan(x)
        elif op == ASIN:
            d[i] = math.asin(x)
        elif op == ACOS:
            d[i] = math.acos(x)
        elif op == ATAN:
            d[i] = math.atan(x)
        elif op == SINH:
            d[i] = math.sinh(x)
        elif op == COSH:
            d[i] = math.cosh(x)
        elif op == TANH:
            d[i] = math.tanh(x)
        elif op == ERF:
            d[i] = math.erf(x)
        elif op == ERFC:
            d[i] = math.erfc(x)


@_jit
def _cheap_binary(op: int, d: Any, a: Any, b: Any, n: int) -> None:
    """Division, comparisons and logic, each in a loop of its own that runs on whole vectors."""
    if op == DIV:
        for i in range(n):
            d[i] = a[i] / b[i]
    elif op == LESS:
        for i in range(n):
            d[i] = 1.0 if a[i] < b[i] else 0.0
    elif op == LESS_EQ:
        for i in range(n):
            d[i] = 1.0 if a[i] <= b[i] else 0.0
    elif op == MORE:
        for i in range(n):
            d[i] = 1.0 if a[i] > b[i] else 0.0
    elif op == MORE_EQ:
        for i in range(n):
            d[i] = 1.0 if a[i] >= b[i] else 0.0
    elif op == EQ:
        for i in range(n):
            d[i] = 1.0 if a[i] == b[i] else 0.0
    elif op == NOT_EQ:
        for i in range(n):
            d[i] = 1.0 if a[i] != b[i] else 0.0
    elif op == AND:
        for i in range(n):
            d[i] = 1.0 if (a[i] != 0) & (b[i] != 0) else 0.0
    elif op == OR:
        for i in range(n):
            d[i] = 1.0 if (a[i] != 0) | (b[i] != 0) else 0.0


@_jit
def _binary(op: int, d: Any, a: Any, b: Any, n: int) -> None:
    """Calls of library functions, one number at a time."""
    for i in range(n):
        if op == POW:
            d[i] = math.pow(a[i], b[i])
        elif op == HYPOT:
            d[i] = math.hypot(a[i], b[i])
        elif op == ATAN2:
            d[i] = math.atan2(a[i], b[i])


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
        elif op in (NEG, NOT, ABS, SQRT):
            _cheap_unary(op, r[code[at + 1]], r[code[at + 2]], n)
            at += 3
        elif op >= NEG:
            _unary(op, r[code[at + 1]], r[code[at + 2]], n)
            at += 3
        elif op not in (POW, HYPOT, ATAN2):
            _cheap_binary(op, r[code[at + 1]], r[code[at + 2]], r[code[at + 3]], n)
            at += 4
        else:
            _binary(op, r[code[at + 1]], r[code[at + 2]], r[code[at + 3]], n)
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


def _branches(*functions: Any) -> set[int]:
    """The instructions that these functions name; a branch names its own."""
    words = {word for function in functions for word in getattr(function, "py_func", function).__code__.co_names}
    return {code for word, code in globals().items() if word in words and word.isupper()}


# An instruction without a branch would leave in its slot what was there before: it is refused when this is imported.
if _forgotten := CODES.keys() - {
    name for name, code in CODES.items() if code in _branches(_block, _cheap_unary, _unary, _cheap_binary, _binary)
}:
    raise NotImplementedError(f"the kernel has no branch for {', '.join(sorted(_forgotten))}")
