"""The cells of a network's picture: numbers where there is room, colours, a bar for a minus, a dot for no path."""

from __future__ import annotations

import math
from collections.abc import Iterator

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.facts import Cells
from viz.nets.plan import THREE, TWO, Column
from viz.pools.heat import Heat, shade
from viz.pools.marks import Mark, Plate, Run, Words

__all__ = ["cells", "figured", "short"]

SMALL = 8.25  # points: numbers in cells
OFF = 0.35  # of a number: what a figure in a cell may leave out
BARE = 0.1  # of the cells of a layer: if more have no room for their figures, all go by colour

SIGNS = {"slope": ("muted", "muted"), "gradient": ("positive", "negative")}  # the colours above and below 0


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


def cells(shown: Cells, column: Column, top: float, kind: str, look: Theme) -> Iterator[Mark]:
    """The maps of a column: numbers of a kind, "value", "slope" or "gradient", in their cells."""
    known = [x for at, (_, x) in shown.items() if x is not None and at[0] in column.channels]
    heat = Heat([0.0, *map(abs, known)])
    figures = 3 if column.side >= THREE else 2
    words = {x: short(x, column.side - 2.5, SMALL, figures) for x in known} if column.side >= TWO else {}
    if sum(not words.get(x) for x in known) > BARE * len(known):
        words = {}
    for at in column.field.places():
        if at[0] in column.channels:
            box = column.cell(at, top)
            if at not in shown:
                yield from _blank(box, look)
                continue
            name, x = shown[at]
            if x is None:
                yield _dot(name, box, look)
            else:
                yield from _cell(name, box, x, heat, kind, look, words.get(x, ""))


def _blank(box: Box, look: Theme) -> Iterator[Mark]:
    """A cell that nothing was computed from."""
    if box.width >= TWO:
        yield Plate("unread", _inside(box), None, look.lost_fill, 0.75, "dashed")


def _dot(name: str, box: Box, look: Theme) -> Mark:
    """Where no path leads to."""
    side = min(2.4, 0.3 * box.width)
    return Plate(
        name, Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side), look.no_path, dot=True
    )


def _cell(name: str, box: Box, x: float, heat: Heat, kind: str, look: Theme, words: str) -> Iterator[Mark]:
    inner = _inside(box)
    negative = x < 0
    if math.isnan(x):
        fill = look.leaf_fill
    elif x == 0:
        fill = look.background
    elif kind == "value":
        fill = look.lost_fill if negative else shade(look, "value", heat(x))
    else:
        signs = SIGNS[kind]
        fill = shade(look, signs[negative], heat(abs(x)))
    line = look.no_path if kind != "value" or x == 0 else None
    yield Plate(name, inner, fill, line, 0.75 if box.width >= TWO else 0.4, data=repr(x))
    ink = look.ink(fill)
    if words:
        y = box.y + box.height / 2 + 0.36 * SMALL
        yield Words(name, box.x + box.width / 2, y, (Run(words, ink, kind == "gradient"),), SMALL)
    elif negative:
        # The sign, where there is no room for it, and where hues are grey.
        wide, thin = 0.56 * box.width, max(0.5, 0.12 * box.width)
        bar = Box(box.x + (box.width - wide) / 2, box.y + (box.height - thin) / 2, wide, thin)
        yield Plate(name, bar, ink)


def _inside(box: Box) -> Box:
    edge = min(0.75, 0.08 * box.width)
    return Box(box.x + edge, box.y + edge, box.width - 2 * edge, box.height - 2 * edge)


def figured(x: float, figures: int) -> str:
    """A number in so many figures."""
    return short(x, math.inf, 1.0, figures)
