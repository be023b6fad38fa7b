"""The one order in which every backend adds up what is summed over the samples, so that they agree to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["BLOCK", "LANES", "add_up", "repeated", "tree"]


# Block by block; in a block eight running sums (sample i goes to number i % 8), which are then added in a fixed tree.
BLOCK = 256
LANES = 8


def tree(s0: Any, s1: Any, s2: Any, s3: Any, s4: Any, s5: Any, s6: Any, s7: Any) -> Any:
    """The sum of a block's running sums, which are numbers, arrays or anything else that adds up."""
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


def add_up(numbers: Sequence[float], total: float = 0.0) -> float:
    """The sum of numbers in the order that all backends keep to, added to that of whole blocks before them.

    >>> add_up([0.5] * 300)
    150.0
    """
    for start in range(0, len(numbers), BLOCK):
        running = [0.0] * LANES
        for i, x in enumerate(numbers[start : start + BLOCK]):
            running[i % LANES] += x
        total += tree(*running)
    return total


def repeated(number: float, samples: int, total: float = 0.0) -> float:
    """The sum of the same number for every sample: :func:`add_up` of so many, with each full block added up once.

    >>> repeated(0.5, 300)
    150.0
    """
    block = add_up([number] * BLOCK)
    for _ in range(samples // BLOCK):
        total += block
    return add_up([number] * (samples % BLOCK), total)
