"""Numba, compiled for one program alone: the fastest for a small graph over a large batch, but slow to build.

Where the machine of :mod:`autodiff.backends.kernel` runs any program at once, this backend writes the routine out as
one loop over the samples and has it compiled, which takes about a second for every hundred instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from autodiff.backends.kernel import sum_of_block
from autodiff.routine import BLOCK, Routine

__all__ = ["build"]

Array = Any

_PRIMITIVES: dict[str, str] = {
    **{sign: f"{{0}} {sign} {{1}}" for sign in ("+", "-", "*", "/")},
    "**": "math.pow({0}, {1})",
    "neg": "-{0}",
    **{sign: f"1.0 if {{0}} {sign} {{1}} else 0.0" for sign in ("<", "<=", ">", ">=", "==", "!=")},
    "and": "1.0 if ({0} != 0) & ({1} != 0) else 0.0",
    "or": "1.0 if ({0} != 0) | ({1} != 0) else 0.0",
    "not": "1.0 if {0} == 0 else 0.0",
    "if": "{1} if {0} != 0 else {2}",
    "abs": "abs({0})",
}


def build(routine: Routine, inputs: int, params: int) -> Callable[[Array, Array], tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums."""
    space: dict[str, Any] = {"math": math, "inf": math.inf, "nan": math.nan, "sum_of_block": sum_of_block}
    exec(_source(routine), space)
    program = numba.njit(space["program"], error_model="numpy", boundscheck=False)
    results, sums = len(routine.results), len(routine.sums)
    columns, terms = np.empty((inputs, BLOCK)), np.empty((sums, BLOCK))

    def run(x: Array, p: Array) -> tuple[Array, Array]:
        out, totals = np.empty((results, len(x))), np.zeros(sums)
        program(x, p, out, columns, terms, totals)
        return out.T, totals

    return run


def _source(routine: Routine) -> str:
    """The loops over blocks and over the samples of a block; what is uniform stands before both.

    Inputs and results are handled column by column, so that the inner loop runs along memory and the compiler
    makes vectors of it.
    """
    names: dict[int, str] = {}
    uniform: list[str] = []
    views: list[str] = []
    inner: list[str] = []
    for place in routine.order:
        instruction = routine[place]
        if instruction.op == "const":
            text = repr(instruction.payload)
            names[place] = f"({text})" if text.startswith("-") else text
            continue
        names[place] = f"v{place}"
        if instruction.op == "input":
            views.append(f"x{instruction.payload} = columns[{instruction.payload}]")
            value = f"x{instruction.payload}[i]"
        elif instruction.op == "param":
            value = f"p[{instruction.payload}]"
        else:
            primitive = (
                _PRIMITIVES.get(instruction.op) or f"math.{instruction.op}({', '.join(_slots(instruction.args))})"
            )
            value = primitive.format(*(names[arg] for arg in instruction.args))
        (uniform if routine.is_uniform(place) else inner).append(f"v{place} = {value}")
    for k, place in enumerate(routine.results):
        views.append(f"out{k} = out[{k}, start : start + n]")
        inner.append(f"out{k}[i] = {names[place]}")
    for k, place in enumerate(routine.sums):
        views.append(f"term{k} = terms[{k}]")
        inner.append(f"term{k}[i] = {names[place]}")
    return _TEMPLATE.format(
        block=BLOCK,
        uniform="".join(f"    {line}\n" for line in uniform),
        views="".join(f"        {line}\n" for line in views),
        inner="".join(f"            {line}\n" for line in inner),
    )


_TEMPLATE = """
def program(x, p, out, columns, terms, totals):
{uniform}    for start in range(0, len(x), {block}):
        n = min({block}, len(x) - start)
        for k in range(x.shape[1]):
            for i in range(n):
                columns[k, i] = x[start + i, k]
{views}        for i in range(n):
{inner}            pass
        for k in range(len(totals)):
            totals[k] += sum_of_block(terms[k], n)
"""


def _slots(args: tuple[int, ...]) -> list[str]:
    return [f"{{{i}}}" for i in range(len(args))]
