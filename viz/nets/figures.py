"""Numbers in the cells of a network's picture: as many figures as there is room for, or none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from viz.ink.ruler import width_of
from viz.layout.place import LEAST

__all__ = ["THREE", "TWO", "Written", "figured", "short", "worded"]

THREE, TWO = 21.75, 18.0  # points: the side of a cell that has room for three figures, or two
SMALL = 8.25  # points
EDGES, TIGHT = 2.5, 1.5  # what stays free beside a number, and beside one that is as small as may be
OFF = 0.35  # of a number: what a figure in a cell may leave out
BARE = 0.1  # of the cells of a layer: if more have no room for their figures, all go by colour


class Written(NamedTuple):
    """A number in a cell, and the size of its figures."""

    text: str
    size: float


def worded(known: Sequence[float], side: float) -> Mapping[float, Written]:
    """The numbers of a layer as its cells show them; those without room are missing, all where that is more than a few.

    >>> worded([0.5, -0.25], 27.0)[-0.25].text, worded([0.5, -0.25], 13.5)
    ('−0.25', {})
    """
    if side < TWO:
        return {}
    found = {x: written for x in known if (written := _written(x, side))}
    return found if sum(x not in found for x in known) <= BARE * len(known) else {}


def _written(x: float, side: float) -> Written | None:
    figures = 3 if side >= THREE else 2
    for size, edges in ((SMALL, EDGES), (LEAST, TIGHT)):
        if text := short(x, side - edges, size, figures):
            return Written(text, size)
    return None


def short(x: float, wide: float, size: float, figures: int = 3) -> str:
    """A number in so many figures at most that it fits a width; nothing where that would say another number.

    >>> short(-0.4875, 20, 8.25), short(0.0, 20, 8.25), short(1.44, 8, 8.25)
    ('−0.5', '0', '1')
    """
    if x == 0:
        return "0"
    for count in range(figures, 0, -1):
        text = f"{x:.{count}g}"
        if "e" in text and 1e-4 <= abs(x) < 1e6:
            text = f"{x:.{max(0, count - 1 - math.floor(math.log10(abs(x))))}f}"
        words = text.replace("-", "−")
        if width_of(words, size) <= wide:
            return words if not math.isfinite(x) or abs(float(text) - x) <= OFF * abs(x) else ""
    return ""


def figured(x: float, figures: int) -> str:
    """A number in so many figures."""
    return short(x, math.inf, 1.0, figures)
