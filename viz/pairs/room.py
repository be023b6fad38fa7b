"""Room in a cell: where a few words stand beside its number, clear of everything that is drawn there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from viz.layout.layout import Box
from viz.pools.lattice import meets, segments, within
from viz.pools.marks import ASCENT, Mark, Plate, Way, Words
from viz.pools.plan import Plan

__all__ = ["is_badge", "placed_at", "placed_in"]

CLEAR = 1.8  # points between words and the middle of a line, or other words
STEP = 0.75
AWAY = 2.5  # points between a card and words beside it


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


def placed_at(card: Box, lower: bool, words: Words, marks: Sequence[Mark], whole: Box) -> Words | None:
    """The words at a half of a card, beside it if that can be, else over or under it; None where there is no room."""
    wide, high, half = words.width + 2 * CLEAR + 0.1, ASCENT * words.size + 2 * CLEAR + 0.1, card.height / 2
    y = card.y + lower * half + (half - high) / 2
    rooms = [Box(x, y, wide, high) for x in (card.x + card.width + AWAY, card.x - AWAY - wide)]
    outside, right = card.y + card.height + AWAY if lower else card.y - AWAY - high, card.x + card.width
    rooms += [Box(x, outside, wide, high) for x in ((card.x + right - wide) / 2, right - wide, card.x, right - half)]
    found = (placed_in(room, words, marks) for room in rooms if _holds(whole, room))
    return next(filter(None, found), None)


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


def is_badge(mark: Mark, plan: Plan) -> bool:
    """Whether a mark is the letter of a window, or the plate below it."""
    if isinstance(mark, Plate):
        return mark.box.height == plan.badge
    return isinstance(mark, Words) and mark.size == plan.letter and mark.runs[0].text.isupper()
