"""The standard library alone: generated straight-line Python, sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff.language.compiling import compiled
from autodiff.programs.routine import Routine
from autodiff.programs.sources import LANGUAGES, emit
from autodiff.programs.sums import add_up

__all__ = ["build"]

Rows = Sequence[Sequence[float]]


def build(routine: Routine, inputs: int, params: int) -> Callable[..., tuple[list[Any], list[float]]]:
    """A function of the samples and the parameters: the results of each sample, and the sums over the samples."""
    program = compiled(emit(routine, LANGUAGES["python"], [None] * inputs, [None] * params), {})

    def run(
        rows: Rows, p: Sequence[float], out: None = None, before: Sequence[float] | None = None
    ) -> tuple[list[Any], list[float]]:
        answers = [program(row, p) for row in rows]
        terms = zip(*(sums for _, sums in answers), strict=True)
        return [list(results) for results, _ in answers], [*map(add_up, terms, before or [0.0] * len(routine.sums))]

    return run
