"""Timing contestants side by side: interleaved rounds, medians, the garbage collector on."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Job = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """The median seconds of each contestant; the first one is the one that others are measured by."""

    title: str
    seconds: Mapping[str, float]
    missing: tuple[str, ...] = ()

    def ratio(self, name: str) -> float:
        """How many times as long as ours a contestant takes."""
        ours = next(iter(self.seconds.values()))
        return self.seconds[name] / ours

    def __str__(self) -> str:
        lines = [self.title]
        for name, seconds in self.seconds.items():
            lines.append(f"  {name:28s} {seconds * 1e3:10.3f} ms   {self.ratio(name):8.2f} times ours")
        return "\n".join([*lines, *(f"  {name:28s} not installed" for name in self.missing)])


def compare(title: str, jobs: Mapping[str, Job], rounds: int = 7, missing: tuple[str, ...] = ()) -> Comparison:
    """Run the jobs in turn, ``rounds`` times after one warm-up, and take the median of each.

    Before each timing the garbage of the job before is collected, so that nobody pays for another's; within it
    the collector is on.
    """
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(rounds + 1):
        for name, job in jobs.items():
            gc.collect()
            start = time.perf_counter()
            job()
            if turn:
                times[name].append(time.perf_counter() - start)
    return Comparison(title, {name: statistics.median(found) for name, found in times.items()}, missing)
