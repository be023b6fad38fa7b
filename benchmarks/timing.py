"""Timing contestants side by side: interleaved rounds, medians, the garbage collector on."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Job = Callable[[], object]
SHORTEST = 0.02  # seconds: a job is repeated until a round of it takes at least as long


@dataclass(frozen=True)
class Comparison:
    """The median seconds of one call of each contestant; the first one is what the others are measured by.

    ``missing`` are those that could not run, and why.
    """

    title: str
    seconds: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)

    def ratio(self, name: str) -> float:
        """How many times as long as ours a contestant takes."""
        return self.seconds[name] / next(iter(self.seconds.values()))

    def __str__(self) -> str:
        lines = [self.title]
        for name, seconds in self.seconds.items():
            lines.append(f"  {name:52s} {_readable(seconds):>12s}   {self.ratio(name):10.2f} times ours")
        return "\n".join([*lines, *(f"  {name:52s} missing: {why}" for name, why in self.missing.items())])


def compare(
    title: str,
    jobs: Mapping[str, Job],
    rounds: int = 9,
    missing: Mapping[str, str] | None = None,
    scale: Mapping[str, float] | None = None,
) -> Comparison:
    """Run the jobs in turn, ``rounds`` times after a warm-up, and take the median of each.

    Before each timing the garbage of the job before is collected, so that nobody pays for another's; within it
    the collector is on. ``scale`` multiplies the seconds of a job that was given a part of the work.
    """
    repeats = {name: _repeats(job) for name, job in jobs.items()}
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            gc.collect()
            times[name].append(_timed(job, repeats[name]) * (scale or {}).get(name, 1.0))
    return Comparison(title, {name: statistics.median(found) for name, found in times.items()}, missing or {})


def _repeats(job: Job) -> int:
    """How often a job is run in a round; finding out is its warm-up."""
    job()
    once = _timed(job, 1)
    return max(1, min(1000, int(SHORTEST / once)))


def _timed(job: Job, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        job()
    return (time.perf_counter() - start) / repeats


def _readable(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
