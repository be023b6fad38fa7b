"""Numba, compiled for one shape of program alone: the fastest for a small graph over a large batch, but slow to build.

Where the machine of :mod:`autodiff.programs.backends.kernel` runs any program at once, this backend writes the
routine out as one loop over the samples and has it compiled, which takes about a second for every hundred instructions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Lock
from typing import Any

import numba
import numpy as np

from autodiff.language.compiling import compiled
from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.backends.caching import FASTMATH
from autodiff.programs.backends.kernel import sum_of_block
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK

__all__ = ["build"]

Array = Any


def build(
    routine: Routine, inputs: int, params: int, threads: int = 1, fastmath: bool = False
) -> Callable[..., tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums.

    Where nothing is summed it answers one number instead, nan if any result is, so that nobody needs to look.
    """
    shape = _Shape(routine)
    program, constants = _compiled(shape.source(), fastmath), np.array(shape.constants, dtype=float)
    results, sums = len(routine.results), len(routine.sums)
    columns, terms = np.empty(inputs * BLOCK), np.empty((sums, BLOCK))

    def run(x: Array, p: Array, out: Array | None = None, before: Array | None = None) -> tuple[Array, Array]:
        is_column = out is not None and out.flags.f_contiguous
        answer = np.empty((results, len(x))) if out is None or not is_column else out.T
        totals = np.zeros(sums) if before is None else before.copy()
        flat, by_row = (x.reshape(-1), True) if x.flags.c_contiguous else (x.T.reshape(-1), False)
        wrong = program(flat, by_row, len(x), p, constants, answer, columns, terms, totals)
        if out is not None and not is_column:
            out[:] = answer.T
        return answer.T if out is None else out, totals if sums else np.array([wrong])

    return run


_FOLDED = {(0.0).hex(), (1.0).hex()}  # -0.0 is another number
_shapes: dict[tuple[str, bool], Any] = {}
_lock = Lock()


def _compiled(source: str, fastmath: bool) -> Any:
    """The compiled function of a shape, one for all programs of it.

    Kept for good: Numba gives no machine code back to the system, so that to forget a function and to compile it
    again would take its memory twice.
    """
    with _lock:
        if (source, fastmath) not in _shapes:
            flags = FASTMATH if fastmath else set()
            program = compiled(source, {"math": math, "np": np, "sum_of_block": sum_of_block})
            _shapes[source, fastmath] = numba.njit(program, error_model="numpy", boundscheck=False, fastmath=flags)
        return _shapes[source, fastmath]


class _Shape:
    """The loops over blocks and over the samples of a block; what is uniform stands before both.

    Places are numbered as they come and constants are data, so that programs alike but for their constants are one
    text. Inputs and results are handled column by column, so that the inner loop runs along memory and the compiler
    makes vectors of it; a batch that comes row by row is turned.
    """

    def __init__(self, routine: Routine) -> None:
        self.routine = routine
        self.constants: list[float] = []
        self.known: dict[str, str] = {}  # their names, by their bits
        self.names: dict[int, str] = {}
        self.uniform: list[str] = []
        self.views: list[str] = []
        self.inner: list[str] = []
        for place in routine.order:
            if routine[place].op != "const":
                self._define(place)
        for kind, part, places in (("out", ", start : start + n", routine.results), ("term", "", routine.sums)):
            for k, place in enumerate(places):
                self.views.append(f"{kind}{k} = {kind}s[{k}{part}]")
                self.inner.append(f"{kind}{k}[i] = {self._name(place)}")
        if not routine.sums:
            names = dict.fromkeys(map(self._name, routine.results))
            self.inner.append(f"wrong |= {' | '.join(f'({name} != {name})' for name in names) or False}")

    def source(self) -> str:
        """The function's text, which says all of the shape."""
        return _TEMPLATE.format(
            block=BLOCK,
            uniform="".join(f"    {line}\n" for line in self.uniform),
            views="".join(f"        {line}\n" for line in self.views),
            inner="".join(f"            {line}\n" for line in self.inner),
        )

    def _define(self, place: int) -> None:
        value = self._value(place)
        name = self.names[place] = f"v{len(self.names)}"
        (self.uniform if self.routine.is_uniform(place) else self.inner).append(f"{name} = {value}")

    def _value(self, place: int) -> str:
        op, args, payload = self.routine[place]
        if op == "input":
            self.views.append(f"x{payload} = table[at + {payload} * step :][:n]")
            return f"x{payload}[i]"
        if op == "param":
            return f"p[{payload}]"
        if (better := self._better(op, args)) is not None:
            return better
        return PRIMITIVES[op].spelled["numba"].format(*map(self._name, args))

    def _better(self, op: str, args: tuple[int, ...]) -> str | None:
        """What a compiler makes of a constant that it knows: a root, a quotient, a product for a power of two."""
        last = self.routine[args[-1]]
        if last.op != "const" or op not in ("**", "/"):
            return None
        first, number = self._name(args[0]), last.payload
        if op == "**":
            return f"math.pow({first}, {number})" if number in (0.5, -1.0) else None
        exact = abs(math.frexp(number)[0]) == 0.5 and 1e-300 < abs(number) < 1e300
        return f"{first} * {self._constant(1 / number)}" if exact else None

    def _name(self, place: int) -> str:
        instruction = self.routine[place]
        return self._constant(instruction.payload) if instruction.op == "const" else self.names[place]

    def _constant(self, number: float) -> str:
        """The name of a number of the data; 0 and 1 stay in the code, where they decide what is folded."""
        key = number.hex()
        if key in _FOLDED:
            return repr(number)
        if key not in self.known:
            k = len(self.constants)
            self.known[key] = f"k{k}"
            self.constants.append(number)
            self.uniform.append(f"k{k} = constants[{k}]")
        return self.known[key]


_TEMPLATE = """
def program(x, by_row, samples, p, constants, outs, columns, terms, totals):
    inputs, wrong = len(x) // samples, False
{uniform}    for start in range(0, samples, {block}):
        n = min({block}, samples - start)
        table, at, step = x, start, samples
        if by_row:
            table, at, step = columns, 0, {block}
            for k in range(inputs):
                for i in range(n):
                    columns[k * {block} + i] = x[(start + i) * inputs + k]
{views}        for i in range(n):
{inner}            pass
        for k in range(len(totals)):
            totals[k] += sum_of_block(terms[k], n)
    return np.nan if wrong else 0.0
"""
