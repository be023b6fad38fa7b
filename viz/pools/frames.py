"""The frames of windows on a grid: where they run, and where their marks stand, clear of words and of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, product

from autodiff.facts.routes import Window
from autodiff.ground.windows import Cell
from viz.layout.layout import Box, Point
from viz.pools.facts import Facts
from viz.pools.lattice import Lattice, corners_of, cut, meets, ring, segments, within
from viz.pools.plan import Plan

__all__ = ["Frames"]

OUT = 3.5  # how far a mark stands out beside its frame


class Frames:
    """The frames of all shown windows on one lattice; ``words`` are the places that marks keep clear of."""

    def __init__(self, facts: Facts, plan: Plan, lattice: Lattice, words: Sequence[Box]) -> None:
        self.facts, self.plan, self.lattice, self.words = facts, plan, lattice, words
        self.apart = facts.routes.dilation != (1, 1)
        self.rings = {window.number: self._rings(window) for window in facts.shown}
        self.marks: list[Box] = []
        for window in facts.shown:
            self.marks.append(self._mark(window))

    def _rings(self, window: Window) -> list[Box]:
        """The boxes that a window's frame runs around: one, or one for each cell where they do not touch."""
        inset = self.plan.inset(window)
        if self.apart:
            return [within(self.lattice.cell(*cell), inset) for cell in window.cells]
        ends = self.facts.corners(window)
        if self.lattice is self.plan.gradient:  # there is no padding around it
            ends = window.cells[0], window.cells[-1]
        return [within(self.lattice.span(*ends), inset)]

    def ways(self, window: Window) -> Iterator[tuple[tuple[Point, ...], bool]]:
        """The pieces of a frame, none of them under a mark, and whether each only joins two cells."""
        own = self.marks[self.facts.colours[window.number]]
        for box in self.rings[window.number]:
            start = next((k for k, corner in enumerate(corners_of(box)) if meets(own, Box(*corner, 0, 0))), 0)
            yield from ((way, False) for way in cut(ring(box, start), self.marks))
        for joint in self._joints(window):
            yield from ((way, True) for way in cut(joint, self.marks))

    def _joints(self, window: Window) -> Iterator[tuple[Point, Point]]:
        """Lines between the cells of a window that do not touch, along the frames' upper and left sides."""
        boxes = dict(zip(window.cells, self.rings[window.number], strict=False)) if self.apart else {}
        for axis in (0, 1):
            for at in sorted({cell[axis] for cell in boxes}):
                for one, other in pairwise(box for cell, box in boxes.items() if cell[axis] == at):
                    if axis == 0:
                        yield (one.x + one.width, one.y), (other.x, one.y)
                    else:
                        yield (one.x, one.y + one.height), (one.x, other.y)

    def _mark(self, window: Window) -> Box:
        """The best place for a window's mark on its frame: the first that meets nothing."""
        foreign = [
            piece
            for number, boxes in self.rings.items()
            if number != window.number
            for box in boxes
            for piece in segments(ring(box))
        ]

        def cost(place: tuple[int, Box]) -> float:
            order, box = place
            words = sum(meets(box, other, 0.3) for other in self.words)
            marks = sum(meets(box, other) for other in self.marks)
            lines = sum(meets(box, other) for other in foreign)
            return 100 * words + 50 * marks + (2 if self.plan.is_map else 0.4) * lines + 0.1 * order

        return min(enumerate(self._places(window)), key=cost)[1]

    def _places(self, window: Window) -> Iterator[Box]:
        wide, high = self.plan.badge_width(window.letter), self.plan.badge
        for box, (row, _), (last, _) in self._cornered(window):
            left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
            if self.plan.is_map:  # outside, for a mark would hide the cells
                whole, out = self.lattice.whole, self.plan.levels * (high + 0.5) + 1
                levels = [(top - k * (high + 0.5), bottom + (k - 1) * (high + 0.5)) for k in range(1, 4)]
                for y in (*chain.from_iterable(levels), (top + bottom - high) / 2):
                    if whole.y - out <= y <= whole.y + whole.height + out - high:
                        for x in (left - wide, right, (left + right - wide) / 2):
                            yield Box(x, y, wide, high)
                continue
            rim = self.plan.rim[1]
            upper = min(top, self.lattice.cell(row, 0).y + rim - high / 2 - 0.5) - high / 2
            lower = self.lattice.cell(last, 0)
            under = max(bottom, lower.y + lower.height - rim + high / 2 + 0.5) - high / 2
            ends = left - OUT, right + OUT - wide
            inner = (left - OUT + k * (wide + 1) for k in range(1, int((right - left) // (wide + 1))))
            for x, y in [*product(ends, (upper, under)), *product(inner, (upper, under))]:
                yield Box(x, y, wide, high)

    def _cornered(self, window: Window) -> Iterator[tuple[Box, Cell, Cell]]:
        """The boxes at whose corners a mark may stand, with their first and last cell."""
        boxes = self.rings[window.number]
        if self.apart:
            yield from zip(boxes, window.cells, window.cells, strict=True)
        else:
            first, last = self.facts.corners(window)
            if self.lattice is self.plan.gradient:
                first, last = window.cells[0], window.cells[-1]
            yield boxes[0], first, last
