"""How much of a graph fits a place at a size that can be read, decided from facts before anything is laid out.

The picture goes down one ladder until what it would measure, by a width table of our own, fits the place. So the DOT
text is the same whichever engine lays it out, and with none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from viz.graph.legend import Entry, arranged, entries
from viz.graph.rows import Rows, Style
from viz.graph.sketch import Sketch
from viz.graph.view import View
from viz.layout.place import LEAST, Place

__all__ = ["LADDER", "SPARE", "Fit", "corrected", "fitted", "readable"]

SPARE = 1.15  # where the height is bounded too: a sketch is seldom further off
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


@dataclass(frozen=True)
class Fit:
    """A style that a picture is drawn in, and those that are left to try if it turns out too large."""

    style: Style
    place: Place
    size: tuple[float, float]
    fits: bool
    further: tuple[Style, ...] = ()


def fitted(view: View, rows: Rows, place: Place, ladder: Sequence[Style] = LADDER) -> Fit:
    """The first rung at which no text would be smaller than can be read, else that which comes nearest.

    Every picture has ``rows`` of words; it fits if the smallest of them can be read in the place.
    """
    sketch = Sketch(view, rows)
    ladder = [sketch.hurried(style) for style in ladder] if sketch.haste else ladder
    best = Fit(ladder[0], place, (math.inf, math.inf), place.width == math.inf)
    if best.fits or not sketch.is_small:
        return best
    legend, spare, most = entries(view, rows), 1.0 if place.height is None else SPARE, 0.0

    def reads(size: tuple[float, float]) -> bool:
        return readable(legend, rows, place, (size[0] * spare, size[1] * spare))

    for rung, style in enumerate(ladder):
        sheet = sketch.sheet(style)
        size = sheet.least()  # along the ranks it is exact: lying, it is all that counts where the height is free
        if place.height is not None or style.vertical:
            if place.scale(size) <= most * 1.02 and not reads(size):
                continue  # it neither fits nor comes nearer, wherever its boxes stand
            size = sheet.size()
        if reads(size):
            return Fit(style, place, size, True, tuple(ladder[rung + 1 :]))
        if place.scale(size) > most * 1.02:
            best, most = Fit(style, place, size, False), place.scale(size)
    return best


def corrected(view: View, rows: Rows, fit: Fit, measured: tuple[float, float]) -> Style:
    """What to draw instead of a picture that was measured to be too large: estimates are wrong by as much as here."""
    off = [real / guess for real, guess in zip(measured, fit.size, strict=True)]
    best, most = fit.style, fit.place.scale(measured)
    sketch, legend = Sketch(view, rows), entries(view, rows)
    for style in fit.further:
        wide, high = sketch.sheet(style).size()
        size = (wide * off[0], high * off[1]) if style.vertical == fit.style.vertical else (wide, high)
        if readable(legend, rows, fit.place, size):
            return style
        if fit.place.scale(size) > most * 1.02:
            best, most = style, fit.place.scale(size)
    return best


def readable(legend: Sequence[Entry], rows: Rows, place: Place, size: tuple[float, float]) -> bool:
    """Whether the smallest words of a picture of this size, and of its legend, can be read in a place."""
    theme = rows.theme
    least = min(theme.small_size, theme.name_size, theme.gradient_size)
    wide, high = arranged(legend, theme.small_size, size, place.scale).size
    return place.scale((wide + EDGE, high + EDGE)) * least >= LEAST - 1e-9
