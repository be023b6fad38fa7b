"""How the numbers of one picture are written, all alike: one count of figures, one way to write a small one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from autodiff.ground.text import quoted
from autodiff.language.notation import Figures

__all__ = ["figured"]

USUAL, MOST = Figures().digits, 15  # of more a float has no two that are the same
LEAST = 1e-6  # no much smaller number is written in full: nobody counts so many zeros
NEAR, FAR = 10.0, 100.0  # numbers of one size are so near; one that is so far below the others may have an exponent


def figured(numbers: Iterable[float | None], digits: int | None = None) -> Figures:
    """How these numbers are written beside each other: ``digits`` figures, four by default, a minus as wide as a plus.

    Below 0.001 a number has an exponent, unless one of the same size stands beside it in full. ``ValueError`` for a
    count of figures that is none.

    >>> from autodiff.language.notation import numeral, writing
    >>> with writing(figured([0.0012, -7.86e-4, 3.1e-9])):
    ...     numeral(0.0012), numeral(-7.86e-4), numeral(3.1e-9)
    ('0.0012', '−0.000786', '3.1e−9')
    """
    count = USUAL if digits is None else digits
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST:
        raise ValueError(
            f"digits is a whole number from 1 to {MOST}, the figures of every number; got {quoted(digits)}"
        )
    known = {abs(x) for x in numbers if x is not None and math.isfinite(x)} - {0.0}
    return Figures(count, _least(known), "−", f"−0.{'0' * max(1, count - 1)}")


def _least(known: set[float]) -> float:
    """The smallest number that is written in full: below it is a gap, so wide that the others are of another size."""
    usual = Figures().least
    small = sorted((x for x in known if x < usual), reverse=True)
    large = [x for x in known if x >= usual]
    if not small or not large:
        return usual
    gaps = [(above / below, above) for above, below in pairwise([min(large), *small])]
    wide = next((above for gap, above in gaps if gap > FAR), small[-1])
    if wide < LEAST:  # numbers of all sizes: the widest gap among them, if need be further down
        gap, wide = max(each for each in gaps if each[1] >= LEAST)
        if gap < NEAR:
            wide = max(each for each in [*gaps, (NEAR, small[-1])] if each[1] >= LEAST / 10)[1]
    return min(0.999 * wide, usual)  # what differs by the last bits is of its size
