"""``python -m benchmarks``: every comparison, side by side in one run; the figures go to benchmarks/results.json."""

from __future__ import annotations

import json
import platform
from pathlib import Path

from benchmarks.eager import chain, training_step


def main() -> None:
    """Print the comparisons, and write their figures."""
    comparisons = [training_step()]
    for comparison in comparisons:
        print(comparison, end="\n\n")
    print(chain())
    figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "median_seconds": {comparison.title: dict(comparison.seconds) for comparison in comparisons},
    }
    Path(__file__).with_name("results.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
