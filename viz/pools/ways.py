"""The ways of gradients from their cards to their winners: along lanes, with as few crossings as can be had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise

from viz.layout.layout import Box, Point

__all__ = ["Gulf", "directed"]

DOWN = ("stack", "column")
CLOSE = 3.4  # points: lines that run beside each other are told apart from there on


def directed(flow: str, block: Box) -> tuple[float, int]:
    """Where the block of the outputs ends, along the flow, and whether the flow grows (1) or falls (-1)."""
    if flow in DOWN:
        return block.y + block.height, 1
    return (block.x, -1) if flow == "turn" else (block.x + block.width, 1)


@dataclass(frozen=True)
class _Trip:
    """A way in coordinates along the flow and across it: from a card, perhaps along a lane beside it, to its end."""

    number: int
    line: int
    start: Point
    beside: float | None
    end: Point

    def points(self, lane: float) -> list[Point]:
        (along, across), level = self.start, self.start[1]
        found = [(along, across)]
        if self.beside is not None:
            level = self.beside
            found.append((along, level))
        if abs(level - self.end[1]) < 0.5:
            return [*found, (self.end[0], level)] if self.beside is None else [*found, (lane, level), self.end]
        return [*found, (lane, level), (lane, self.end[1]), self.end]


@dataclass
class Gulf:
    """The room between the outputs and the gradient: one lane for each way that turns in it."""

    flow: str
    edge: float
    sense: int
    shore: float
    lane: float
    trips: list[_Trip] = field(default_factory=list)

    def add(self, number: int, line: int, card: Box, goal: Box, aside: float, beside: float | None) -> None:
        """A way from a card to a cell, ``aside`` from its begin; ``beside`` is how far beside the card it runs.

        Ways of one ``line`` may swap their places at its end.
        """
        half = card.y + 0.75 * card.height  # the gradient stands below the value
        if self.flow in DOWN:
            start = (card.y + card.height, card.x + card.width / 2) if beside is None else (half, card.x + card.width)
            end = (goal.y, goal.x + aside)
        else:
            near = card.x + (card.width if self.sense > 0 else 0.0)
            start = (near, half) if beside is None else (card.x + card.width / 2, card.y + card.height)
            end = (goal.x + (0.0 if self.sense > 0 else goal.width), goal.y + aside)
        level = None if beside is None else start[1] + beside
        self.trips.append(_Trip(number, line, start, level, end))

    def ways(self) -> dict[int, tuple[Point, ...]]:
        """The points of each way: lanes in the gulf and ends beside each other are swapped while that helps."""
        order = sorted(self.trips, key=lambda trip: trip.start[1])
        best = self._cost(order)
        improved = best > 0
        while improved:
            improved = False
            for i, j in combinations(range(len(order)), 2):
                for other in _swapped(order, i, j):
                    if (cost := self._cost(other)) < best:
                        best, order, improved = cost, other, True
        return {trip.number: tuple(map(self._turned, way)) for trip, way in zip(order, self._laid(order), strict=True)}

    def _laid(self, order: list[_Trip]) -> list[list[Point]]:
        return [trip.points(self.edge + self.sense * (self.shore + self.lane * k)) for k, trip in enumerate(order)]

    def _turned(self, point: Point) -> Point:
        along, across = point
        return (across, along) if self.flow in DOWN else (along, across)

    def _cost(self, order: list[_Trip]) -> int:
        ways = [[*pairwise(way)] for way in self._laid(order)]
        return sum(_cost(a, b) for one, two in combinations(ways, 2) for a in one for b in two)


def _swapped(order: list[_Trip], i: int, j: int) -> Iterator[list[_Trip]]:
    """What can be changed about two ways: which lane each takes, and, beside each other, where each ends."""
    one, two = order[i], order[j]
    found = [*order]
    found[i], found[j] = two, one
    yield found
    if one.line == two.line:
        a, b = replace(one, end=(one.end[0], two.end[1])), replace(two, end=(two.end[0], one.end[1]))
        for first, second in ((a, b), (b, a)):
            found = [*order]
            found[i], found[j] = first, second
            yield found


def _cost(one: tuple[Point, Point], two: tuple[Point, Point]) -> int:
    """Whether two pieces cross, of which each runs along or across; worse is to run on each other."""
    (left, upper), (right, lower) = ([(min(p[k], q[k]), max(p[k], q[k])) for p, q in (one, two)] for k in (0, 1))
    across = [one[0][0] == one[1][0], two[0][0] == two[1][0]]
    if across[0] != across[1]:
        return int(not _apart(left, upper, 0.0) and not _apart(right, lower, 0.0))
    beside, along = ((left, upper), (right, lower)) if across[0] else ((right, lower), (left, upper))
    return 5 * int(not _apart(*beside, CLOSE) and not _apart(*along, 0.0))


def _apart(one: tuple[float, float], other: tuple[float, float], close: float) -> bool:
    return one[1] + close < other[0] or other[1] + close < one[0]
