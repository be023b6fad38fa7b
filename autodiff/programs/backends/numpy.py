"""NumPy: each instruction over all samples of a batch at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.language.compiling import compiled
from autodiff.language.primitives import CONDITIONS, PRIMITIVES, Primitive
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK, LANES, tree

__all__ = ["build"]

Array = Any


def _ufunc(row: Primitive) -> Callable[..., Array]:
    """A primitive over arrays, as the row spells it; one that NumPy lacks is its float function, number by number."""
    if row.calls_function("numpy"):
        function: Callable[..., Array] = np.vectorize(row.function, otypes=[float])
        return function
    text = row.spelled["numpy"]
    if missing := [name for name in re.findall(r"\bnp\.(\w+)", text) if not hasattr(np, name)]:
        raise NotImplementedError(f"the primitive '{row.name}' is spelled {text}, but NumPy has no {missing[0]}")
    operands = [f"x{i}" for i in range(row.arity)]
    return compiled(f"def primitive({', '.join(operands)}): return {text.format(*operands)}", {"np": np})


_UFUNCS = {name: _ufunc(row) for name, row in PRIMITIVES.items()}


def build(routine: Routine, inputs: int, params: int) -> Callable[..., tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums."""
    steps = [(place, routine[place]) for place in routine.order]
    last = {arg: place for place, instruction in steps for arg in instruction.args}
    kept = {*routine.results, *routine.sums}
    # What a step was the last to read is let go, so that memory holds what is alive and no more.
    gone = [[arg for arg in set(i.args) if last[arg] == place and arg not in kept] for place, i in steps]

    numbers = _used_as_numbers(routine)

    def run(x: Array, p: Array, out: Array | None = None, before: Array | None = None) -> tuple[Array, Array]:
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
            results = np.empty((len(routine.results), len(x))).T if out is None else out
            for k, place in enumerate(routine.results):
                results[:, k] = values[place]
            totals = np.zeros(len(routine.sums)) if before is None else before
            return results, _sums([values[place] for place in routine.sums], len(x), totals)

    return run


def _used_as_numbers(routine: Routine) -> set[int]:
    """The conditions that are calculated with or answered: NumPy's truth values do not add up as 1 and 0."""
    found = {*routine.results, *routine.sums}
    for place in routine.order:
        op, args, _ = routine[place]
        if args:
            found.update(args[PRIMITIVES[op].truths :])
    return {place for place in found if routine[place].op in CONDITIONS}


def _sums(terms: list[Array], samples: int, totals: Array) -> Array:
    """The sums of the terms over the samples, in the order that all backends keep to, added to those before."""
    if not terms:
        return totals
    for start in range(0, samples, BLOCK):
        n = min(BLOCK, samples - start)
        whole = n // LANES * LANES
        block = np.empty((len(terms), n))
        for k, term in enumerate(terms):
            block[k] = term[start : start + n] if np.ndim(term) else term
        running = np.zeros((len(terms), LANES))
        for i in range(0, whole, LANES):
            running += block[:, i : i + LANES]
        running[:, : n - whole] += block[:, whole:]
        totals = totals + tree(*running.T)
    return totals
