"""Words beside lines and in frames: each is slid along its own line or side until it is clear of everything else."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from viz.layout.layout import Box, Curve, Layout, Point

__all__ = ["Crowd", "Room", "alone", "beside", "clear", "titles", "vacant"]

CELL = 24.0  # points: the squares in which the neighbours of a word are looked up
APART_BY = 2.0  # points between the points that stand for a line
ALONG = tuple(
    0.5 + sign * step / 24 for step in range(11) for sign in (1, -1)[: step + 1]
)  # places along a line, the middle first
TRIES = 4  # orders in which the words are placed
MANY, FEWER = 120, 3  # of more words, one order and every third place are tried: nobody reads them all
POINTS = 40_000  # at most that many stand for all lines
ALONG_A_SIDE = tuple(0.5 + sign * step / 24 for step in range(13) for sign in (1, -1)[: step + 1])
APART = (3.5, 6.0, 9.0, 12.0)  # how far from the line, in points
NEAR = 9.0  # no further from its line than this may the engine put a word
LINE = 2.5  # points that a word stays clear of the middle of any line: half a thick pen, and some paper
STROKE = 1.5  # points: half a line's pen, and half of what its points are apart
BORDER = 1.5  # points that a word stays clear of a box, and of another word
PAD = 2.75  # points between a frame and its title


class Room(NamedTuple):
    """A rectangle: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> Point:
        """The point in the middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def meets(self, other: Room) -> bool:
        """Whether the two have a point in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def grown(self, by: float) -> Room:
        """The rectangle with so much more on every side."""
        return Room(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def holds(self, point: Point, by: float = 0.0) -> bool:
        """Whether a point lies inside, or no further outside than ``by``."""
        x, y = point
        return self.left - by < x < self.right + by and self.top - by < y < self.bottom + by


def titles(crowd: Crowd, sizes: Mapping[str, Point], taken: Iterable[Room] = ()) -> dict[str, Room]:
    """A place for the title of each frame, given its width and height by the frame's name.

    It stands in the middle of the upper side, if no line goes through it there; else further left or right, else
    at another side, else where it meets least.
    """
    crowd.words, found = [*taken], dict[str, Room]()
    for name, size in sizes.items():
        _, found[name] = _best(crowd, _sides(crowd.layout.clusters[name], size))
        crowd.words.append(found[name])
    return found


def _sides(box: Box, size: Point) -> Iterator[Room]:
    """Places inside a frame, along its upper side, its lower one, and the other two."""
    wide, high = (max(0.0, side - 2 * PAD - length) for side, length in zip((box.width, box.height), size, strict=True))
    along = [(share, edge) for edge in (0.0, 1.0) for share in ALONG_A_SIDE]
    for x, y in [*along, *((edge, share) for share, edge in along)]:
        left, top = box.x + PAD + x * wide, box.y + PAD + y * high
        yield Room(left, top, left + size[0], top + size[1])


def beside(crowd: Crowd, sizes: Mapping[str, Point], taken: Iterable[Room] = ()) -> dict[str, Room]:
    """A place for the words of each line, given their width and height by the line's id; none meets what is taken.

    A word stands where the engine put it, if that is clear; else at the first clear place beside its line, else
    where it meets least. Words of short lines are placed first; if some find no clear place, they are first next time.
    """
    lines = crowd.layout.lines
    order = sorted(sizes, key=lambda name: _length(lines[name]))
    tries = []
    for _ in range(TRIES if len(sizes) <= MANY else 1):
        placed = _placed(crowd, {name: (lines[name], sizes[name]) for name in order}, taken)
        tries.append((sum(met for met, _ in placed.values()), {name: room for name, (_, room) in placed.items()}))
        order.sort(key=lambda name: placed[name][0] == 0)
        if not tries[-1][0]:
            break
    return min(tries, key=lambda pair: pair[0])[1]


def clear(crowd: Crowd, rooms: Mapping[str, Room], taken: Iterable[Room] = ()) -> dict[str, Room]:
    """The rooms in which words can be read; of those that meet each other the one that is freer."""
    crowd.words, words, found = [], [*taken], set[str]()
    met = {name: crowd.met_by(room) for name, room in rooms.items()}
    for name in sorted(rooms, key=met.__getitem__):
        room = rooms[name]
        if not any(map(room.meets, words)) and not (met[name] and crowd.hides(room)):
            found.add(name)
            words.append(room)
    return {name: room for name, room in rooms.items() if name in found}


def alone(
    crowd: Crowd, layout: Layout, sizes: Mapping[str, Point], others: Mapping[str, Room], taken: Collection[Room]
) -> dict[str, Room]:
    """A clear place for longer words of each line that are shown while ``others`` stand at all other lines.

    They stand in the middle of their line's own words, or near it; lines that have no clear place are left out.
    """
    found = {}
    for name, size in sizes.items():
        crowd.words = [*taken, *(room for other, room in others.items() if other != name)]
        own = [_around(others[name].centre, size)] if name in others else []
        met, room = _best(crowd, chain(own, _places(layout.lines[name], crowd.ways[name], size, ALONG[::FEWER])))
        if not met:
            found[name] = room
    return found


def vacant(
    crowd: Crowd, wanted: Mapping[str, Sequence[Room]], taken: Iterable[Room], margin: float = 0.0
) -> dict[str, Room]:
    """The first of the places wanted for each thing that is clear of all there is; none where there is none.

    They may stand outside of the layout, so far as ``margin`` tells.
    """
    crowd.whole, crowd.words = crowd.whole.grown(margin), list(taken)
    found = {}
    for name, rooms in wanted.items():
        place = next((room for room in rooms if not crowd.met_by(room)), None)
        if place is not None:
            found[name] = place
            crowd.words.append(place)
    return found


def _placed(
    crowd: Crowd, words: Mapping[str, tuple[Curve, Point]], taken: Iterable[Room]
) -> dict[str, tuple[int, Room]]:
    """A place for each word, one after the other, with how much it meets."""
    crowd.words = list(taken)
    found, along = {}, ALONG if len(words) <= MANY else ALONG[::FEWER]
    for name, (curve, size) in words.items():
        found[name] = _best(crowd, _places(curve, crowd.ways[name], size, along))
        crowd.words.append(found[name][1])
    return found


def _best(crowd: Crowd, places: Iterable[Room]) -> tuple[int, Room]:
    """The first place that is clear, or the one that meets least; with how much that is."""
    least, found = sys.maxsize, None
    for place in places:
        if (met := crowd.met_by(place, least)) < least:
            least, found = met, place
        if not met:
            break
    assert found is not None
    return least, found


def _places(curve: Curve, path: Sequence[Point], size: Point, along: Sequence[float]) -> Iterator[Room]:
    if curve.words is not None:
        told = _around((curve.words.middle, curve.words.y - 0.35 * curve.words.size), size)
        if any(told.holds(point, NEAR) for point in path):
            yield told
    for share in along:
        at = round(share * (len(path) - 1))
        (x, y), (ax, ay), (bx, by) = path[at], path[max(0, at - 2)], path[min(len(path) - 1, at + 2)]
        length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5 or 1.0
        across = (ay - by) / length, (bx - ax) / length
        for apart in APART:
            # So far that the nearest corner of the words is ``apart`` from the line.
            far = apart + abs(across[0]) * size[0] / 2 + abs(across[1]) * size[1] / 2
            for side in (-far, far):
                yield _around((x + across[0] * side, y + across[1] * side), size)


def _around(middle: Point, size: Point) -> Room:
    (x, y), (wide, high) = middle, size
    return Room(x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)


def way_along(curve: Curve, apart: float = APART_BY) -> list[Point]:
    """Points of a line, from its arrowhead to its end, so close to each other."""
    found, points = [*curve.head], curve.points
    for (ax, ay), (bx, by), (cx, cy), (dx, dy) in zip(
        points[::3], points[1::3], points[2::3], points[3::3], strict=False
    ):
        far = abs(ax - bx) + abs(ay - by) + abs(bx - cx) + abs(by - cy) + abs(cx - dx) + abs(cy - dy)
        found += [
            (a * ax + b * bx + c * cx + d * dx, a * ay + b * by + c * cy + d * dy)
            for a, b, c, d in _weights(max(4, round(far / apart)))
        ]
    found.append(points[-1])
    return found


@lru_cache(maxsize=256)
def _weights(steps: int) -> list[tuple[float, float, float, float]]:
    """How much each of the four points of a curve counts, at so many places along it."""
    shares = [k / steps for k in range(steps)]
    return [((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3) for t in shares]


def _length(curve: Curve) -> float:
    (ax, ay), (bx, by) = curve.points[0], curve.points[-1]
    return abs(bx - ax) + abs(by - ay)


class Crowd:
    """All that a word in a layout should be clear of, found by where it is."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.whole = Room(0.0, 0.0, layout.width, layout.height)
        self.words: list[Room] = []
        self._boxes: dict[tuple[int, int], list[Room]] = defaultdict(list)
        self._points: dict[tuple[float, float], list[Point]] = defaultdict(list)
        for box in layout.boxes.values():
            room = Room(box.x, box.y, box.x + box.width, box.y + box.height).grown(BORDER)
            for cell in _cells(room):
                self._boxes[cell].append(room)
        apart = max(APART_BY, sum(map(_length, layout.lines.values())) / POINTS)
        self.ways = {name: way_along(curve, apart) for name, curve in layout.lines.items()}
        points = self._points
        for point in chain(*self.ways.values(), *map(_border, layout.clusters.values())):
            x, y = point
            points[x // CELL, y // CELL].append(point)

    def met_by(self, place: Room, least: int = sys.maxsize) -> int:
        """How much stands in a place already, or part of it that is more than ``least``.

        A box counts most, for it hides what is behind it.
        """
        whole = self.whole
        across = max(0.0, whole.left - place.left, place.right - whole.right)
        outside = max(across, whole.top - place.top, place.bottom - whole.bottom)
        met = round(20 * outside) + 50 * _meet(place.grown(BORDER), self.words)
        if met > least:
            return met
        room = place.grown(LINE)
        left, top, right, bottom = room
        for cell in _cells(room):
            met += 100 * _meet(place, self._boxes.get(cell, ()))
            if met > least:
                return met
            met += len([0 for x, y in self._points.get(cell, ()) if left < x < right and top < y < bottom])
        return met

    def hides(self, place: Room) -> bool:
        """Whether words in a place are struck through, or stand on a box, on a border or outside."""
        room, cells = place.grown(STROKE), list(_cells(place.grown(STROKE)))
        inside = self.whole.grown(STROKE)
        return (
            any(place.meets(box) for cell in cells for box in self._boxes.get(cell, ()))
            or any(room.holds(point) for cell in cells for point in self._points.get(cell, ()))
            or not all(map(inside.holds, (place[:2], place[2:])))
        )


def _meet(place: Room, others: Iterable[Room]) -> int:
    """How many of the others a place meets."""
    left, top, right, bottom = place
    return len([0 for a, b, c, d in others if left < c and a < right and top < d and b < bottom])


def _border(box: Box) -> Iterator[Point]:
    """Points of a frame's border."""
    for k in range(round(box.width / APART_BY) + 1):
        yield from ((box.x + APART_BY * k, box.y), (box.x + APART_BY * k, box.y + box.height))
    for k in range(round(box.height / APART_BY) + 1):
        yield from ((box.x, box.y + APART_BY * k), (box.x + box.width, box.y + APART_BY * k))


def _cells(room: Room) -> Iterable[tuple[int, int]]:
    for x in range(int(room.left // CELL), int(room.right // CELL) + 1):
        for y in range(int(room.top // CELL), int(room.bottom // CELL) + 1):
            yield x, y
