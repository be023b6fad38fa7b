"""Numba: the machine of :mod:`autodiff.programs.backends.kernel` over blocks of samples, on one thread or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.programs.backends.kernel import run_samples, run_threads, run_uniform
from autodiff.programs.backends.machine import assemble
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK, repeated

__all__ = ["build"]

Array = Any


def build(
    routine: Routine, inputs: int, params: int, threads: int = 1
) -> Callable[[Array, Array], tuple[Array, Array]]:
    """A function of the samples (samples, inputs) and the parameters: results (samples, results), and the sums."""
    machine = assemble(routine, params)
    code = np.array(machine.code, dtype=np.int64)
    uniform_code = np.array(machine.uniform_code, dtype=np.int64)
    u = np.zeros(params + len(machine.constants) + len(machine.uniform_results))
    u[params : params + len(machine.constants)] = machine.constants
    results, sums = len(routine.results), len(routine.sums)
    uniform_sums = [(k, machine.numbers[place]) for k, place in enumerate(routine.sums) if routine.is_uniform(place)]

    def run(x: Array, p: Array) -> tuple[Array, Array]:
        uniforms = u.copy()  # each call has its own: several may run at once
        uniforms[:params] = p
        if len(uniform_code):
            run_uniform(uniform_code, params + len(machine.constants), uniforms)
        out, totals = np.empty((len(x), results)), np.zeros(sums)
        if threads > 1 and len(x) > BLOCK:
            run_threads(code, machine.slots, uniforms, x, out, totals, threads)
        else:
            run_samples(code, machine.slots, uniforms, x, out, totals)
        for k, number in uniform_sums:
            totals[k] = repeated(float(uniforms[number]), len(x))
        return out, totals

    return run
