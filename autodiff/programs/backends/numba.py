"""Numba: the machine of :mod:`autodiff.programs.backends.kernel` over blocks of samples, on one thread or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.programs.backends import kernel
from autodiff.programs.backends.machine import assemble
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK, repeated

__all__ = ["build"]

Array = Any


def build(
    routine: Routine, inputs: int, params: int, threads: int = 1, fastmath: bool = False
) -> Callable[..., tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums.

    The sums go on from those ``before``, of samples in whole blocks. Samples, and results that it is given, may lie in
    memory row by row or column by column.
    """
    machine = assemble(routine, params)
    run_samples, run_threads = kernel.run_samples, kernel.run_threads
    if fastmath:
        from autodiff.programs.backends.fast import run_samples, run_threads
    code = np.array(machine.code, dtype=np.int64)
    uniform_code = np.array(machine.uniform_code, dtype=np.int64)
    first = params + len(machine.constants)
    constants = np.zeros(first + len(machine.uniform_results))
    constants[params:first] = machine.constants
    results, sums = len(routine.results), len(routine.sums)
    uniform_sums = [(k, machine.numbers[place]) for k, place in enumerate(routine.sums) if routine.is_uniform(place)]

    def run(x: Array, p: Array, out: Array | None = None, before: Array | None = None) -> tuple[Array, Array]:
        totals = np.zeros(sums) if before is None else before.copy()
        u = constants.copy()  # each call has its own: several may run at once
        answer = np.empty((results, len(x))).T if out is None else out
        x_by_column, out_by_column = not x.flags.c_contiguous, not answer.flags.c_contiguous
        tables = x.T if x_by_column else x, answer.T if out_by_column else answer
        what = code, uniform_code, machine.slots, first, u, p, *tables, x_by_column + 2 * out_by_column, totals
        if threads > 1 and len(x) > BLOCK:
            run_threads(*what, threads)
        else:
            run_samples(*what)
        for k, number in uniform_sums:
            totals[k] = repeated(float(u[number]), len(x), float(totals[k]))
        return answer, totals

    return run
