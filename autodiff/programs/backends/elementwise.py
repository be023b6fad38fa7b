"""The kernel's branch for each primitive that is a call of a library, one number at a time, and the sum of a block."""

from __future__ import annotations

import ast
import inspect
import math
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from autodiff.language.primitives import FUNCTIONS
from autodiff.programs.backends.caching import jit
from autodiff.programs.backends.lanes import VECTORS
from autodiff.programs.backends.machine import BINARY, CODES, UNARY
from autodiff.programs.sums import tree

__all__ = ["library", "library_of_two", "refuse_forgotten", "sum_of_block"]


_jit = jit(nogil=True)

# Numba freezes globals: the numbers of the instructions become constants of the compiled code, ``F.exp`` as well.
F: Any = namedtuple("F", sorted(FUNCTIONS))(**{name: CODES[name] for name in FUNCTIONS})
POW = CODES["**"]


@_jit
def library(op: int, d: Any, a: Any, n: int) -> None:
    """Calls of library functions of one number."""
    for i in range(n):
        x = a[i]
        if op == F.exp:
            d[i] = math.exp(x)
        elif op == F.log:
            d[i] = math.log(x)
        elif op == F.log1p:
            d[i] = math.log1p(x)
        elif op == F.expm1:
            d[i] = math.expm1(x)
        elif op == F.sin:
            d[i] = math.sin(x)
        elif op == F.cos:
            d[i] = math.cos(x)
        elif op == F.tan:
            d[i] = math.tan(x)
        elif op == F.asin:
            d[i] = math.asin(x)
        elif op == F.acos:
            d[i] = math.acos(x)
        elif op == F.atan:
            d[i] = math.atan(x)
        elif op == F.sinh:
            d[i] = math.sinh(x)
        elif op == F.cosh:
            d[i] = math.cosh(x)
        elif op == F.tanh:
            d[i] = math.tanh(x)
        elif op == F.erf:
            d[i] = math.erf(x)
        elif op == F.erfc:
            d[i] = math.erfc(x)


@_jit
def library_of_two(op: int, d: Any, a: Any, b: Any, n: int) -> None:
    """Calls of library functions of two numbers."""
    for i in range(n):
        if op == POW:
            d[i] = math.pow(a[i], b[i])
        elif op == F.hypot:
            d[i] = math.hypot(a[i], b[i])
        elif op == F.atan2:
            d[i] = math.atan2(a[i], b[i])


_tree = _jit(tree)


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
    return _tree(s0, s1, s2, s3, s4, s5, s6, s7)  # type: ignore[no-any-return]


def refuse_forgotten(names: Iterable[str], *functions: Any) -> None:
    """Refuse by name an instruction for which these functions have no branch: it would leave what was there before."""
    known = {code for function in functions for code in _compared(function.py_func)}
    if forgotten := sorted(name for name in names if CODES[name] not in known):
        raise NotImplementedError(f"the kernel has no branch for {', '.join(forgotten)}")


def _compared(function: Any) -> Iterator[int]:
    """The numbers that a function compares ``op`` with, which it names by a capital or by a part of ``F``."""
    for node in ast.walk(ast.parse(inspect.getsource(function))):
        if (
            isinstance(node, ast.Compare)
            and ast.unparse(node.left) == "op"
            and isinstance(node.ops[0], ast.Eq | ast.In)
        ):
            right = node.comparators[0]
            for part in right.elts if isinstance(right, ast.Tuple) else [right]:
                yield _named(part, function.__globals__)


def _named(part: ast.expr, names: Mapping[str, Any]) -> int:
    if isinstance(part, ast.Attribute):
        return getattr(names[ast.unparse(part.value)], part.attr)  # type: ignore[no-any-return]
    return names[ast.unparse(part)]  # type: ignore[no-any-return]


refuse_forgotten({*UNARY} - VECTORS, library)
refuse_forgotten({*BINARY} - VECTORS, library_of_two)
