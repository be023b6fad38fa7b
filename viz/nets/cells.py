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

__all__ = ["cells", "sign", "unread"]

OUTLINED = 8.0  # points: the side of the smallest cell that has an outline where it has no number
PALE = 0.7  # how much paler values below 0 are than those above
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
    fill = _fill(x, heat, kind, look, bool(words))
    line = look.no_path if kind != "value" or x == 0 else None
    yield Plate(name, _inside(box), fill, line, 0.75 if box.width >= TWO else 0.4, data=repr(x))
    ink = look.ink(fill)
    if words:
        y = box.y + box.height / 2 + 0.36 * words.size
        yield Words(name, box.x + box.width / 2, y, (Run(words.text, ink, kind == "gradient"),), words.size)
    else:
        yield from sign(name, box, x, ink)


def _fill(x: float, heat: Heat, kind: str, look: Theme, worded: bool) -> str:
    """A shade for each size, in a colour for each sign; a value below 0 is pale where its number is written."""
    if math.isnan(x):
        return look.leaf_fill
    if x == 0:
        return look.background
    if kind == "value" and x < 0:
        return look.lost_fill if worded else shade(look, "muted", PALE * heat(abs(x)))
    colour = "value" if kind == "value" else SIGNS[kind][x < 0]
    return shade(look, colour, heat(abs(x)))


def sign(name: str, box: Box, x: float, ink: str) -> Iterator[Plate]:
    """Where there is no room for a number, and hues are grey: a bar for a minus, a small square for a nan."""
    side = box.width
    if x < 0:
        thin = max(0.5, 0.12 * side)
        yield Plate(name, Box(box.x + 0.22 * side, box.y + (side - thin) / 2, 0.56 * side, thin), ink)
    elif math.isnan(x):
        yield Plate(name, Box(box.x + 0.3 * side, box.y + 0.3 * side, 0.4 * side, 0.4 * side), None, ink, 0.75)


def _inside(box: Box) -> Box:
    edge = min(0.75, 0.08 * box.width)
    return Box(box.x + edge, box.y + edge, box.width - 2 * edge, box.height - 2 * edge)
