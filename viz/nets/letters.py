"""Letters beside frames: each where it meets no word, no way and no other letter, and hides least of the maps."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.pools.marks import HEAD, Mark, Plate, Run, Way, Words

__all__ = ["Map", "lettered"]

SIZE = 7.875  # points
HIGH = 9.5
STEP = 3.0  # points between the places that are tried along an edge
FAR = 3  # how many letters away from its frame one may stand
DRIFT = 0.5  # what each place costs more than the one that is tried before it
Map = tuple[Box, float]  # where it is, and how large its cells are
MET = 1000.0  # what it costs to meet a word, a way, or a letter


def lettered(
    named: Sequence[tuple[str, Box, str]], words: Sequence[Box], lines: Sequence[Way], maps: Sequence[Map], look: Theme
) -> Iterator[Mark]:
    """The letters of frames, in their colours."""
    taken = [*words, *(box for line in lines for box in _along(line))]
    for letter, frame, ink in named:
        box = _place(letter, frame, taken, maps)
        taken.append(box)
        yield Plate("badge", box, ink)
        run = Run(letter, look.ink(ink), True)
        yield Words("badge", box.x + box.width / 2, box.y + 7.6, (run,), SIZE)


def _place(letter: str, frame: Box, taken: Sequence[Box], maps: Sequence[Map]) -> Box:
    """The best place: the upper left corner, if it is free."""
    wide = max(9.0, width_of(letter, SIZE, bold=True) + 4)
    near = [box for box in taken if _is_near(box, frame, wide)]
    under = [one for one in maps if _is_near(one[0], frame, wide)]
    best, least = frame, math.inf  # of equals the first
    for k, box in enumerate(_places(frame, wide)):
        if DRIFT * k >= least:
            break
        if (cost := _cost(box, near, under) + DRIFT * k) < least:
            best, least = box, cost
    return best


def _places(frame: Box, wide: float) -> Iterator[Box]:
    """Places on the frame's edges, from the upper left corner on, then outside of it."""
    left, top = frame.x - wide / 2 - 1, frame.y - 7
    right, bottom = frame.x + frame.width, frame.y + frame.height
    low, far = bottom - 2.5, right - wide / 2 + 1
    corners = (left, top), (far, top), (left, low), (far, low)
    for x, y in corners:
        yield Box(x, y, wide, HIGH)
    for away in range(FAR):
        for k in range(int((frame.width + wide) / STEP) + 1):
            x = frame.x - wide + k * STEP
            yield Box(x, frame.y - HIGH - away * HIGH, wide, HIGH)
            yield Box(x, bottom + away * HIGH, wide, HIGH)
        for k in range(int((frame.height + HIGH) / STEP) + 1):
            y = frame.y - HIGH + k * STEP
            yield Box(frame.x - wide * (1 + away), y, wide, HIGH)
            yield Box(right + away * wide, y, wide, HIGH)


def _cost(box: Box, taken: Sequence[Box], maps: Sequence[Map]) -> float:
    met = sum(_shared(box, other) > 0 for other in taken)
    # Of large cells a letter hides a corner, of small ones all.
    return MET * met + sum(_shared(box, other) * (0.2 if side < HIGH else 0.01) for other, side in maps)


def _shared(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return max(0.0, wide) * max(0.0, high)


def _is_near(box: Box, frame: Box, wide: float) -> bool:
    away = FAR * wide + HIGH * FAR
    around = Box(frame.x - away, frame.y - away, frame.width + 2 * away, frame.height + 2 * away)
    return _shared(box, around) > 0


def _along(line: Way) -> Iterator[Box]:
    """The room that a way takes, its head too."""
    last = len(line.points) - 2
    for k, ((x, y), (a, b)) in enumerate(zip(line.points, line.points[1:], strict=False)):
        half = HEAD / 2 if line.head and k == last else line.pen / 2 + 0.5
        left, top = min(x, a) - half, min(y, b) - half
        yield Box(left, top, abs(x - a) + 2 * half, abs(y - b) + 2 * half)
