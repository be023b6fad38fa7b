"""Ways over a network's maps: lines in lanes where no number stands, frames, and a letter for each beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.facts import Network
from viz.nets.letters import Map, lettered
from viz.nets.plan import Column
from viz.nets.trails import Trail
from viz.pools.marks import Mark, Plate, Way

__all__ = ["ways"]

LANE = 6.0  # points between ways in a gap
PEN = 1.8
WALL, OUT = 3.0, 3.0  # how thick the bar is where a way ends, and how far it stands out of its cell


class _Ways:
    """The ways of some trails, in the gradient's row, and frames around what they are about."""

    def __init__(
        self, network: Network, columns: Sequence[Column], tops: Sequence[tuple[float, ...]], look: Theme
    ) -> None:
        self.network, self.columns, self.tops, self.look = network, columns, tops, look
        self.place = {
            n: (k, at)
            for k, column in enumerate(columns)
            for at, n in column.field.nodes.items()
            if at[0] in column.channels
        }
        self.lanes: dict[int, int] = {}
        self.done: set[tuple[int, int]] = set()
        self.into: dict[int, int] = {}
        self.named: list[tuple[str, Box, str]] = []  # a letter, the frame that it belongs to, and its colour

    def box(self, number: int, gradient: bool) -> Box | None:
        """Where a cell stands; None where its channel is not shown."""
        if number not in self.place:
            return None
        column, at = self.place[number]
        return self.columns[column].cell(at, self.tops[column][gradient])

    def marks(self, told: Sequence[Trail]) -> Iterator[Mark]:
        """All of them."""
        shared = [unit for trail in told for unit in trail.units]
        for trail in told:
            for one, other in zip(trail.units, trail.units[1:], strict=False):
                if (one, other) not in self.done:
                    self.done.add((one, other))
                    ink = trail.colour if shared.count(one) == 1 else self.look.text
                    yield from self._way(one, other, ink)
            if trail.stops:
                yield from self._stop(trail)
        for trail in told:
            yield from self._frames(trail, shared)

    def _way(self, one: int, other: int, ink: str) -> Iterator[Mark]:
        start, end = self.box(one, True), self.box(other, True)
        if start is None or end is None:
            return
        column = self.place[one][0]
        if column - self.place[other][0] != 1:
            return  # between them stand numbers that a line would cross out: the frames tell
        shared = self.into.get(other, 0)
        self.into[other] = shared + 1
        low = bool(shared)
        y0, y1 = self._level(one, start, True, low), self._level(other, end, False, low)
        lane = self.lanes.get(column, 0)
        self.lanes[column] = lane + 1
        x = self.columns[column].x - min(8 + LANE * (lane % 3), self.columns[column].gap - 4)
        points = [(start.x, y0), (x, y0), (x, y1), (end.x + end.width, y1)]
        if abs(y0 - y1) < 0.1:
            points = [points[0], points[-1]]
        yield Way("way", tuple(points), ink, PEN, head=True, casing=self.look.background)

    def _level(self, number: int, box: Box, left: bool, low: bool) -> float:
        """How high a way leaves a cell to its left, or enters it from its right: in a lane where no number stands."""
        column, (_, _, at) = self.place[number]
        shown = self.columns[column]
        _, _, count = shown.field.shape
        alone = shown.across == 1 and (at == 0 if left else at == count - 1)
        return box.y + box.height * (0.5 if alone and not low else 5 / 6 if low else 1 / 6)

    def _stop(self, trail: Trail) -> Iterator[Mark]:
        """A bar: here the gradient goes no further. It stands free where nothing else does, else on the cell's edge."""
        unit = trail.units[-1]
        box = self.box(unit, True)
        if box is None:
            return
        middle, half = box.y + box.height / 2, max(3.75, min(5.0, box.height / 2 - 1))
        if self._is_free(unit):
            left = box.x - 7
            yield Way("stop", ((box.x, middle), (left, middle)), trail.colour, PEN, casing=self.look.background)
            yield Way("stop", ((left, middle - half), (left, middle + half)), trail.colour, PEN)
        else:
            ends = (box.x, box.y - OUT), (box.x, box.y + box.height + OUT)
            yield Way("stop", ends, trail.colour, WALL)

    def _is_free(self, unit: int) -> bool:
        """Whether no gradient stands to the left of a cell."""
        column, (channel, i, j) = self.place[unit]
        shown = self.columns[column]
        if j == 0:
            return shown.channels.index(channel) % shown.across == 0
        beside = shown.field.nodes.get((channel, i, j - 1))
        return beside not in self.network.gradients and shown.side >= 13.5

    def _frames(self, trail: Trail, shared: Sequence[int]) -> Iterator[Mark]:
        """The unit, what it read, and whom it chose."""
        first = trail.units[0]
        for gradient in (False, True):
            yield from self._frame([first], gradient, trail.colour, trail.letter)
        yield from self._frame(self.network.reads(first), False, trail.colour, trail.letter)
        for unit in trail.units[1:]:
            ink = trail.colour if shared.count(unit) == 1 else self.look.text
            yield from self._frame([unit], True, ink)
        for gradient in (False, True):
            yield from self._frame(trail.read, gradient, self.look.text if len(trail.units) > 1 else trail.colour)

    def _frame(self, numbers: Sequence[int], gradient: bool, ink: str, letter: str = "") -> Iterator[Mark]:
        maps: dict[tuple[int, int], list[Box]] = {}
        for number in numbers:
            if (box := self.box(number, gradient)) is not None:
                column, at = self.place[number]
                maps.setdefault((column, at[0]), []).append(box)
        for boxes in maps.values():
            left, top = min(b.x for b in boxes), min(b.y for b in boxes)
            right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
            frame = Box(left, top, right - left, bottom - top)
            yield Plate("frame", frame, None, ink, 1.6)
            if letter:
                self.named.append((letter, frame, ink))

    def maps(self) -> list[Map]:
        """All maps, of values and of gradients, and how large their cells are."""
        found = []
        for column, tops in zip(self.columns, self.tops, strict=True):
            _, rows, columns = column.field.shape
            for channel in column.channels:
                for top in tops:
                    first, last = (column.cell((channel, *at), top) for at in ((0, 0), (rows - 1, columns - 1)))
                    box = Box(first.x, first.y, last.x + last.width - first.x, last.y + last.height - first.y)
                    found.append((box, column.side))
        return found


def ways(
    network: Network,
    columns: Sequence[Column],
    tops: Sequence[tuple[float, ...]],
    told: Sequence[Trail],
    look: Theme,
    words: Sequence[Box],
) -> list[Mark]:
    """The ways of the trails, above all cells, and letters that meet none of these words."""
    made = _Ways(network, columns, tops, look)
    marks = [*made.marks(told)]
    lines = [mark for mark in marks if isinstance(mark, Way)]
    return [*marks, *lettered(made.named, words, lines, made.maps(), look)]
