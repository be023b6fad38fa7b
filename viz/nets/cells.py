"""The cells of a network's picture: numbers where there is room, colours, a bar for a minus, a dot for no path."""

from __future__ import annotations

import math
from collections.abc import Iterator

from viz.ink.theme import Theme, blend
from viz.layout.layout import Box
from viz.nets.fields import Cells
from viz.nets.figures import TWO, Written, worded
from viz.nets.plan import Column
from viz.pools.heat import Heat, shade
from viz.pools.marks import Mark, Plate, Run, Words

__all__ = ["cells", "unread"]

OUTLINED = 8.0  # points: the side of the smallest cell that has an outline where it has no number
SIGNS = {"slope": ("muted", "muted"), "gradient": ("positive", "negative")}  # the colours above and below 0


def cells(shown: Cells, column: Column, top: float, kind: str, look: Theme) -> Iterator[Mark]:
    """The maps of a column: numbers of a kind, "value", "slope" or "gradient", in their cells."""
    known = [x for at, (_, x) in shown.items() if x is not None and at[0] in column.channels]
    heat = Heat([0.0, *map(abs, known)])
    words = worded(known, column.side)
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
                yield from _cell(name, box, x, heat, kind, look, words.get(x))


def _blank(box: Box, look: Theme) -> Iterator[Mark]:
    """A cell that is no part of the output's graph."""
    if box.width >= OUTLINED:
        yield Plate("unread", _inside(box), None, unread(look), 0.75, "dashed")


def unread(look: Theme) -> str:
    """The colour of the outline of a cell that is no part of the graph."""
    return blend((look.background, look.no_path), 0.5)


def _dot(name: str, box: Box, look: Theme) -> Mark:
    """Where no path leads to."""
    side = min(2.4, 0.3 * box.width)
    return Plate(
        name, Box(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2, side, side), look.no_path, dot=True
    )


def _cell(name: str, box: Box, x: float, heat: Heat, kind: str, look: Theme, words: Written | None) -> Iterator[Mark]:
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
        y = box.y + box.height / 2 + 0.36 * words.size
        yield Words(name, box.x + box.width / 2, y, (Run(words.text, ink, kind == "gradient"),), words.size)
    elif negative:
        # The sign, where there is no room for it, and where hues are grey.
        wide, thin = 0.56 * box.width, max(0.5, 0.12 * box.width)
        bar = Box(box.x + (box.width - wide) / 2, box.y + (box.height - thin) / 2, wide, thin)
        yield Plate(name, bar, ink)


def _inside(box: Box) -> Box:
    edge = min(0.75, 0.08 * box.width)
    return Box(box.x + edge, box.y + edge, box.width - 2 * edge, box.height - 2 * edge)
