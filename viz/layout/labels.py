"""Words beside lines: each is slid along its own line until it is clear of lines, boxes and other words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from viz.layout.layout import Box, Curve, Layout, Point

__all__ = ["Room", "beside"]

CELL = 24.0  # points: the squares in which the neighbours of a word are looked up
APART_BY = 2.0  # points between the points that stand for a line
ALONG = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73, 0.2, 0.8, 0.14, 0.86)  # places along a line, the middle first
APART = (2.5, 5.0, 8.0, 12.0)  # how far from the line, in points
LINE = 1.5  # points that a word stays clear of any line


@dataclass(frozen=True)
class Room:
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

    def holds(self, point: Point, by: float = 0.0) -> bool:
        """Whether a point lies inside, or no further outside than ``by``."""
        x, y = point
        return self.left - by < x < self.right + by and self.top - by < y < self.bottom + by


def beside(layout: Layout, sizes: Mapping[str, Point]) -> dict[str, Room]:
    """A place for the words of each line, given their width and height by the line's id.

    A word stands where the engine put it, if that is clear; else at the first clear place beside its line, else
    where it meets least. Words of crowded lines are placed first.
    """
    crowd = _Crowd(layout)
    found: dict[str, Room] = {}
    for name in sorted(sizes, key=lambda name: _length(layout.lines[name])):
        size, curve = sizes[name], layout.lines[name]
        best = min(_ranked(crowd, curve, size), key=lambda pair: pair[0])[1]
        found[name] = best
        crowd.words.append(best)
    return found


def _ranked(crowd: _Crowd, curve: Curve, size: Point) -> Iterator[tuple[int, Room]]:
    """Places for the words of a line, each with how much it meets; none after a clear one."""
    for place in _places(curve, size):
        met = crowd.met_by(place)
        yield met, place
        if not met:
            return


def _places(curve: Curve, size: Point) -> Iterator[Room]:
    if curve.words is not None:
        yield _around((curve.words.middle, curve.words.y - 0.35 * curve.words.size), size)
    path = list(way_along(curve))
    for share in ALONG:
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


def way_along(curve: Curve) -> Iterator[Point]:
    """Points of a line, from its arrowhead to its end, close to each other."""
    if curve.head:
        yield curve.tip
    points = curve.points
    for a, b, c, d in zip(points[::3], points[1::3], points[2::3], points[3::3], strict=False):
        far = sum(abs(p[0] - q[0]) + abs(p[1] - q[1]) for p, q in ((a, b), (b, c), (c, d)))
        steps = max(4, round(far / APART_BY))
        for k in range(steps):
            t = k / steps
            weights = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield tuple(sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))  # type: ignore[misc]
    yield points[-1]


def _length(curve: Curve) -> float:
    (ax, ay), (bx, by) = curve.points[0], curve.points[-1]
    return abs(bx - ax) + abs(by - ay)


class _Crowd:
    """All that a word should be clear of, found by where it is."""

    def __init__(self, layout: Layout) -> None:
        self.whole = Room(0.0, 0.0, layout.width, layout.height)
        self.words: list[Room] = [_title(box) for box in layout.clusters.values() if box.words]
        self._boxes: dict[tuple[int, int], list[Room]] = defaultdict(list)
        self._points: dict[tuple[int, int], list[Point]] = defaultdict(list)
        for box in layout.boxes.values():
            room = Room(box.x, box.y, box.x + box.width, box.y + box.height)
            for cell in _cells(room):
                self._boxes[cell].append(room)
        for curve in layout.lines.values():
            for point in way_along(curve):
                self._points[int(point[0] // CELL), int(point[1] // CELL)].append(point)

    def met_by(self, place: Room) -> int:
        """How much stands in a place already: a box counts most, for it hides what is behind it."""
        cells = list(_cells(Room(place.left - LINE, place.top - LINE, place.right + LINE, place.bottom + LINE)))
        lines = sum(place.holds(point, LINE) for cell in cells for point in self._points.get(cell, ()))
        boxes = sum(place.meets(box) for cell in cells for box in self._boxes.get(cell, ()))
        outside = max(0.0, -place.left, place.right - self.whole.right, -place.top, place.bottom - self.whole.bottom)
        return lines + round(20 * outside) + 100 * boxes + 50 * sum(place.meets(other) for other in self.words)


def _title(box: Box) -> Room:
    first, last = box.words[0], box.words[-1]
    return Room(first.x, first.y - first.size, last.x + last.width, last.y + 0.2 * last.size)


def _cells(room: Room) -> Iterable[tuple[int, int]]:
    for x in range(int(room.left // CELL), int(room.right // CELL) + 1):
        for y in range(int(room.top // CELL), int(room.bottom // CELL) + 1):
            yield x, y
