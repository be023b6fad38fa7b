"""``python -m benchmarks``: every comparison, side by side in one run; the figures go to benchmarks/results.json."""

from __future__ import annotations

import os

# One thread for everybody, said before any library is loaded.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # a second core only slows such small jobs down
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import argparse
import contextlib
import json
import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.eager import chain, training_step
from benchmarks.timing import Comparison

RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the comparisons, and write their figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the eager engine alone, in a few seconds")
    options = parser.parse_args(arguments)
    print(f"{processor()}, Python {platform.python_version()}\n", flush=True)
    notes = [chain()]
    comparisons = [_shown(training_step()), _shown(training_step(collector=False))]
    if not options.quick:
        from benchmarks.graduation import graduation
        from benchmarks.graphs import readme
        from benchmarks.lenet import lenet
        from benchmarks.networks import demo_network, growing_networks
        from benchmarks.notes import batches, building, drawing, memory

        notes += [*building(), *memory(), *drawing(), *batches()]  # first: contestants leave much behind
        comparisons += [_shown(contest()) for contest in (demo_network, readme, lenet)]
        comparisons += [_shown(comparison) for comparison in growing_networks()]
        graduated, compiled = graduation()
        comparisons += [_shown(comparison) for comparison in graduated]
        notes += compiled
    print("\n".join(notes))
    if not options.quick:
        _write(comparisons, notes)


def _shown(comparison: Comparison) -> Comparison:
    print(comparison, end="\n\n", flush=True)
    return comparison


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
        found = dict(re.findall(r"^(\S[^\t:]*)\s*: (.*)$", text, re.MULTILINE))
        return f"{found['model name']} (family {found['cpu family']}, model {found['model']})"
    except (OSError, KeyError):
        return platform.processor() or platform.machine()


def _write(comparisons: list[Comparison], notes: list[str]) -> None:
    figures = {
        "python": platform.python_version(),
        "processor": processor(),
        "versions": _versions(),
        "median_seconds": {comparison.title: dict(comparison.seconds) for comparison in comparisons},
        "missing": {comparison.title: dict(comparison.missing) for comparison in comparisons if comparison.missing},
        "notes": notes,
    }
    RESULTS.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwrote {RESULTS.name}; the README's row, docs/speed.md and the chart are made from it by docs/build.py")


def _versions() -> dict[str, str]:
    """The releases that were measured."""
    found = {}
    for name in ("numpy", "numba", "jax", "torch", "casadi", "heyoka", "drjit", "autograd", "micrograd"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


if __name__ == "__main__":
    main()
