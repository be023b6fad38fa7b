"""Numba: the machine of :mod:`autodiff.programs.backends.kernel` over blocks of samples, on one thread or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.programs.backends.kernel import run_samples, run_threads, run_uniform
from autodiff.programs.backends.machine import assemble
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK

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
            run_uniform(uniform_code, uniforms)
        out, totals = np.empty((len(x), results)), np.zeros(sums)
        if threads > 1 and len(x) > BLOCK:
            run_threads(code, machine.slots, uniforms, x, out, totals, threads)
        else:
            run_samples(code, machine.slots, uniforms, x, out, totals)
        for k, number in uniform_sums:
            totals[k] = _repeated(float(uniforms[number]), len(x))
        return out, totals

    return run


def _repeated(number: float, samples: int) -> float:
    """The sum of the same number for every sample, in the order that all backends keep to."""
    total = 0.0
    for start in range(0, samples, BLOCK):
        n = min(BLOCK, samples - start)
        s = [0.0] * 8
        for lane in range(min(8, n)):
            for _ in range(lane, n, 8):
                s[lane] += number
        total += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    return total
