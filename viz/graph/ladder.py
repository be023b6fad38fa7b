"""How much of a graph fits a place at a size that can be read, decided from facts before anything is laid out.

The picture goes down one ladder until what it would measure, by a width table of our own, fits the place. So the DOT
text is the same whichever engine lays it out, and with none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from viz.graph.legend import Entry, arranged, entries
from viz.graph.rows import Rows, Style
from viz.graph.sketch import Size, Sketch
from viz.layout.place import LEAST, Place

__all__ = ["LADDER", "SPARE", "Fit", "Off", "closest", "doubted", "fitted", "readable"]

SPARE = 1.15  # where the height is bounded too: a sketch is seldom further off
DOUBT = 1.05  # what is left of the error of a sketch, where another one has been measured
EDGE = 8.0  # points around a picture, both sides together

# In the order in which a reader misses least.
LADDER = (
    Style("full", "LR", "stack", True, 0.2, 0.35),
    Style("short", "LR", "stack", True, 0.16, 0.3),
    Style("short", "LR", "stack", True, 0.12, 0.18),
    Style("short", "TB", "stack", True, 0.12, 0.22),
    Style("needed", "LR", "stack", True, 0.12, 0.18),
    Style("needed", "TB", "stack", True, 0.12, 0.2),
    Style("needed", "TB", "two", True, 0.1, 0.18),
    Style("needed", "TB", "row", True, 0.1, 0.16),
    Style("needed", "TB", "stack", False, 0.1, 0.16),
)


Off = Mapping[bool, tuple[float, float]]  # how many times larger than its sketch a layout is, standing or lying


@dataclass(frozen=True)
class Fit:
    """A style that a picture is drawn in, and how large it would be by its sketch."""

    style: Style
    place: Place
    size: tuple[float, float]
    fits: bool


def fitted(sketch: Sketch, place: Place, ladder: Sequence[Style] = LADDER, off: Off | None = None) -> Fit | None:
    """The first rung at which no text would be smaller than can be read; None where there is none.

    It fits if the smallest of its words can be read in the place. What was measured to be ``off`` in a layout is
    thought to be so in all that stand or lie as it does.
    """
    if place.width == math.inf:
        return Fit(sketch.hurried(ladder[0]), place, (math.inf, math.inf), True)
    is_exact = place.height is None and not sketch.view.whole  # a part may as well be a little smaller
    legend, spare = entries(sketch.view, sketch.rows), 1.0 if is_exact else SPARE
    for style in map(sketch.hurried, ladder if sketch.is_small else ()):
        more = [spare * side for side in (off or {}).get(style.vertical, (1.0, 1.0))]

        def reads(size: Size, more: Sequence[float] = more) -> bool:
            return readable(legend, sketch.rows, place, (size[0] * more[0], size[1] * more[1]))

        # Boxes alone may be too much already, or all that is in a rank, however close; along the ranks that is exact.
        if not reads(sketch.bare(style)) or not reads(size := (sheet := sketch.sheet(style)).least()):
            continue
        if style.vertical or place.height is not None or off:
            size = sheet.size()
        if reads(size):
            return Fit(style, place, size, True)
    return None


def closest(sketch: Sketch, place: Place, ladder: Sequence[Style] = LADDER) -> Fit:
    """The rung that comes nearest to what can be read in a place, where none can."""
    best, most = Fit(sketch.hurried(ladder[0]), place, (math.inf, math.inf), False), 0.0
    for style in map(sketch.hurried, ladder if sketch.is_small else ()):
        sheet = sketch.sheet(style)
        if place.scale(sheet.least()) > most * 1.02 and place.scale(size := sheet.size()) > most * 1.02:
            best, most = Fit(style, place, size, False), place.scale(size)
    return best


def doubted(fit: Fit, off: tuple[float, float], framed: bool) -> Off:
    """How far sketches are off where one was wrong: as far as that one, and more, for there is no third layout.

    Where scopes are ``framed`` and stand, boxes that belong together may make a picture much wider.
    """
    wide, high = (DOUBT * max(1.0, side) for side in off)
    other = SPARE * (SPARE if framed else DOUBT)
    return {fit.style.vertical: (wide, high), not fit.style.vertical: (other, other)}


def readable(legend: Sequence[Entry], rows: Rows, place: Place, size: tuple[float, float]) -> bool:
    """Whether the smallest words of a picture of this size, and of its legend, can be read in a place."""
    theme = rows.theme
    least = min(theme.small_size, theme.name_size, theme.gradient_size)
    wide, high = arranged(legend, theme.small_size, size, place.scale).size
    return place.scale((wide + EDGE, high + EDGE)) * least >= LEAST - 1e-9
