"""Cells at their places, and the frames of windows around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from autodiff.facts.routes import Window
from autodiff.ground.windows import Cell
from viz.layout.layout import Box, Point

__all__ = ["FIRST", "LANE", "Lattice", "corners_of", "cut", "insets", "meets", "ring", "segments", "within"]

FIRST, LANE = 2.25, 2.75  # points: how far within a cell the first frame of a window runs, and the next ones


@dataclass(frozen=True)
class Lattice:
    """Rows of cells: ``x`` and ``y`` are the left top corner of cell (0, 0). Cells beyond the border are narrow.

    >>> Lattice(0, 0, (40, 40), (30, 30), 2, 8).cell(1, -1)
    Box(x=-10, y=32, width=8, height=30, words=())
    """

    x: float
    y: float
    widths: tuple[float, ...]
    heights: tuple[float, ...]
    gap: float
    narrow: float = 9.0

    def cell(self, row: int, column: int) -> Box:
        """A cell, also one beyond the border."""
        left, wide = self._along(column, self.widths)
        top, high = self._along(row, self.heights)
        return Box(self.x + left, self.y + top, wide, high)

    def span(self, first: Cell, last: Cell) -> Box:
        """The box from one cell to another."""
        one, other = self.cell(*first), self.cell(*last)
        return Box(one.x, one.y, other.x + other.width - one.x, other.y + other.height - one.y)

    @property
    def whole(self) -> Box:
        """All cells of the grid itself."""
        return self.span((0, 0), (len(self.heights) - 1, len(self.widths) - 1))

    def _along(self, at: int, sides: tuple[float, ...]) -> tuple[float, float]:
        if at < 0:
            return at * (self.narrow + self.gap), self.narrow
        start = sum(sides[:at]) + self.gap * min(at, len(sides))
        if at < len(sides):
            return start, sides[at]
        return start + (at - len(sides)) * (self.narrow + self.gap), self.narrow


def insets(windows: Sequence[Window], grids: Sequence[Sequence[tuple[Cell, Cell]]], apart: bool) -> dict[int, int]:
    """How deep the frame of each window lies within its cells, so that no two run on each other; 0 is the outermost.

    On each of the ``grids`` they have a first and a last cell; ``apart`` says that the cells of a window do not touch.
    """
    found: dict[int, int] = {}
    for k, window in enumerate(windows):
        taken = {
            found[other.number]
            for j, other in enumerate(windows[:k])
            for ends in grids
            if any(_meet(_lines(window, ends[k], apart, axis), _lines(other, ends[j], apart, axis)) for axis in (0, 1))
        }
        found[window.number] = next(depth for depth in range(len(windows) + 1) if depth not in taken)
    return found


def _lines(window: Window, ends: tuple[Cell, Cell], apart: bool, axis: int) -> tuple[set[tuple[int, bool]], int, int]:
    """Where a frame runs along an axis: on which sides of which cells across it, and from where to where."""
    first, last, other = ends[0][axis], ends[1][axis], 1 - axis
    sides = {(first, False), (last, True)}
    if apart:
        sides |= {(cell[axis], side) for cell in window.cells for side in (False, True)}
    return sides, ends[0][other], ends[1][other]


def _meet(one: tuple[set[tuple[int, bool]], int, int], two: tuple[set[tuple[int, bool]], int, int]) -> bool:
    return bool(one[0] & two[0]) and one[1] <= two[2] and two[1] <= one[2]


def within(box: Box, inset: float) -> Box:
    """The box that lies so far within another."""
    return Box(box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset)


def corners_of(box: Box) -> tuple[Point, ...]:
    """Left top, right top, right bottom and left bottom."""
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def meets(one: Box, other: Box, clear: float = 0.0) -> bool:
    """Whether two boxes overlap, or are not so far from each other."""
    return (
        one.x < other.x + other.width + clear
        and other.x < one.x + one.width + clear
        and one.y < other.y + other.height + clear
        and other.y < one.y + one.height + clear
    )


def cut(points: Sequence[Point], marks: Sequence[Box]) -> list[tuple[Point, ...]]:
    """A way of straight pieces, along and across, without what lies under marks.

    >>> cut([(0, 0), (9, 0), (9, 9)], [Box(2, -1, 2, 2)])
    [((0, 0), (2, 0)), ((4, 0), (9, 0), (9, 9))]
    """
    found: list[list[Point]] = [[points[0]]]
    for one, other in pairwise(points):
        axis = 0 if one[0] != other[0] else 1
        ends = sorted((one[axis], other[axis]))
        hidden = sorted(
            (max(ends[0], low), min(ends[1], high))
            for mark in marks
            for low, high, near, far in [_sides(mark, axis)]
            if near < one[1 - axis] < far and low < ends[1] and ends[0] < high
        )
        for low, high in hidden if one[axis] < other[axis] else [(b, a) for a, b in reversed(hidden)]:
            found[-1].append(_at(one, axis, low))
            found.append([_at(one, axis, high)])
        found[-1].append(other)
    return [tuple(way) for way in found if any(a != b for a, b in pairwise(way))]


def _sides(mark: Box, axis: int) -> tuple[float, float, float, float]:
    across, down = (mark.x, mark.x + mark.width), (mark.y, mark.y + mark.height)
    return (*across, *down) if axis == 0 else (*down, *across)


def _at(point: Point, axis: int, place: float) -> Point:
    return (place, point[1]) if axis == 0 else (point[0], place)


def ring(box: Box, start: int = 0) -> tuple[Point, ...]:
    """A way around a box, from one of its corners."""
    found = corners_of(box)
    return (*found[start:], *found[:start], found[start])


def segments(points: Sequence[Point]) -> list[Box]:
    """The pieces of a way as boxes without a breadth."""
    return [Box(min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1])) for a, b in pairwise(points)]
