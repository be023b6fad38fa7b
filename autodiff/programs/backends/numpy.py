"""NumPy: each instruction over all samples of a batch at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.language.ieee import FUNCTIONS
from autodiff.programs.listing import CONDITIONS
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK

__all__ = ["build"]

Array = Any

_UFUNCS: dict[str, Callable[..., Array]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.float_power,  # np.power takes a root for ** 0.5, which is another thing at -inf and -0.0
    "neg": np.negative,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "if": np.where,
    "abs": np.absolute,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    **{name: np.vectorize(FUNCTIONS[name], otypes=[float]) for name in ("erf", "erfc")},
    **{
        name: getattr(np, name)
        for name in ("exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot")
    },
}


def build(routine: Routine, inputs: int, params: int) -> Callable[[Array, Array], tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums."""
    steps = [(place, routine[place]) for place in routine.order]
    last = {arg: place for place, instruction in steps for arg in instruction.args}
    kept = {*routine.results, *routine.sums}
    # What a step was the last to read is let go, so that memory holds what is alive and no more.
    gone = [[arg for arg in set(i.args) if last[arg] == place and arg not in kept] for place, i in steps]

    numbers = _used_as_numbers(routine)

    def run(x: Array, p: Array) -> tuple[Array, Array]:
        values: dict[int, Array] = {}
        with np.errstate(all="ignore"):
            for (place, instruction), free in zip(steps, gone, strict=True):
                if instruction.args:
                    values[place] = _UFUNCS[instruction.op](*(values[arg] for arg in instruction.args))
                    if place in numbers:
                        values[place] = values[place].astype(float)
                    for arg in free:
                        del values[arg]
                elif instruction.op == "const":
                    values[place] = np.float64(instruction.payload)
                else:
                    values[place] = x[:, instruction.payload] if instruction.op == "input" else p[instruction.payload]
            results = np.empty((len(x), len(routine.results)))
            for k, place in enumerate(routine.results):
                results[:, k] = values[place]
            return results, _sums([values[place] for place in routine.sums], len(x))

    return run


def _used_as_numbers(routine: Routine) -> set[int]:
    """The conditions that are calculated with or answered: NumPy's truth values do not add up as 1 and 0."""
    found = {*routine.results, *routine.sums}
    for place in routine.order:
        op, args, _ = routine[place]
        if op not in ("and", "or", "not"):
            found.update(args[1:] if op == "if" else args)
    return {place for place in found if routine[place].op in CONDITIONS}


def _sums(terms: list[Array], samples: int) -> Array:
    """The sums of the terms over the samples, in the order that all backends keep to."""
    totals = np.zeros(len(terms))
    if not terms:
        return totals
    for start in range(0, samples, BLOCK):
        n = min(BLOCK, samples - start)
        whole = n // 8 * 8
        block = np.empty((len(terms), n))
        for k, term in enumerate(terms):
            block[k] = term[start : start + n] if np.ndim(term) else term
        running = np.zeros((len(terms), 8))
        for i in range(0, whole, 8):
            running += block[:, i : i + 8]
        running[:, : n - whole] += block[:, whole:]
        s = running.T
        totals += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    return totals
