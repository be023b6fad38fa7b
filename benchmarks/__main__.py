"""``python -m benchmarks``: every comparison, side by side in one run; the figures go to benchmarks/results.json."""

from __future__ import annotations

import os

# One thread for everybody, said before any library is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # a second core only slows such small jobs down
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import json
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.eager import chain, training_step
from benchmarks.timing import Comparison

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparisons, and write their figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the eager engine alone, in a few seconds")
    options = parser.parse_args(arguments)
    comparisons = [training_step()]
    notes = [chain()]
    if not options.quick:
        from benchmarks.graphs import building, memory, readme
        from benchmarks.networks import demo_network, growing_networks

        comparisons += [demo_network(), readme(), *_lenet(), *growing_networks()]
        notes += [*building(), *memory()]
    for comparison in comparisons:
        print(comparison, end="\n\n")
    print("\n".join(notes))
    if not options.quick:
        _write(comparisons, notes)


def _lenet() -> list[Comparison]:
    from benchmarks.lenet import lenet

    return [lenet()]


def _write(comparisons: list[Comparison], notes: list[str]) -> None:
    figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "median_seconds": {comparison.title: dict(comparison.seconds) for comparison in comparisons},
        "notes": notes,
    }
    RESULTS.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwrote {RESULTS.name}; the README's table and chart are made from it by docs/build.py")


if __name__ == "__main__":
    main()
