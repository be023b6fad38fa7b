"""Room in a cell: where a few words stand beside its number, clear of everything that is drawn there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from viz.layout.layout import Box
from viz.pools.lattice import meets, segments, within
from viz.pools.marks import ASCENT, Mark, Plate, Way, Words

__all__ = ["placed_in"]

CLEAR = 1.8  # points between words and the middle of a line, or other words
STEP = 0.75


def placed_in(cell: Box, words: Words, marks: Iterable[Mark]) -> Words | None:
    """The words in a cell, below its number if that can be, else above it; None where there is no room for them."""
    inner = within(cell, CLEAR)
    taken = [box for mark in marks for box in _taken(mark, cell)]
    high = ASCENT * words.size
    if words.width > inner.width:
        return None
    tops = [inner.y + STEP * k for k in range(int((inner.height - high) / STEP) + 1)]
    middle = cell.y + cell.height / 2
    places = [replace(words, x=cell.x + cell.width / 2, y=top + high) for top in tops]
    free = [place for place in places if not any(meets(place.box, box, CLEAR) for box in taken)]
    below = [place for place in free if place.box.y > middle] or free
    return below[len(below) // 2] if below else None


def _taken(mark: Mark, cell: Box) -> Iterator[Box]:
    """What a mark takes of a cell; a plate on which all of the cell lies is its ground."""
    match mark:
        case Words():
            boxes = [mark.box]
        case Plate():
            ground = within(cell, 4.0)
            boxes = [] if _holds(mark.box, ground) else [mark.box]
        case Way():
            boxes = segments(mark.points)
        case _:
            boxes = []
    yield from (box for box in boxes if meets(box, cell))


def _holds(outer: Box, box: Box) -> bool:
    across = outer.x <= box.x and box.x + box.width <= outer.x + outer.width
    return across and outer.y <= box.y and box.y + box.height <= outer.y + outer.height
