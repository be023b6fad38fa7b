"""The one order in which every backend adds up what is summed over the samples."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BLOCK", "add_up"]


# Sums over samples are taken in one order by every backend, so that they agree to the bit: block by block, in a
# block eight running sums (sample i goes to number i % 8), which are then added in a fixed tree.
BLOCK = 256


def add_up(numbers: Sequence[float]) -> float:
    """The sum of numbers in the order that all backends keep to.

    >>> add_up([0.5] * 300)
    150.0
    """
    total = 0.0
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        running = [0.0] * 8
        for i, x in enumerate(block):
            running[i % 8] += x
        s0, s1, s2, s3, s4, s5, s6, s7 = running
        total += ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
    return total
