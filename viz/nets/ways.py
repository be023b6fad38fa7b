"""Ways through a network: from units that chose one of the cells that they read, back to whom they chose, and on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autodiff.ground.text import letter
from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.cells import figured
from viz.nets.facts import Network
from viz.nets.plan import TWO, Column
from viz.pools.marks import Mark, Plate, Run, Way, Words

__all__ = ["Trail", "notes", "trails", "ways"]

LANE = 6.0  # points between ways in a gap
BADGE = 7.875  # points: the size of a letter


@dataclass(frozen=True)
class Trail:
    """The way back from one unit that chose: itself, whom it chose, and on, as long as there is one heir."""

    letter: str
    units: tuple[int, ...]
    read: tuple[int, ...]  # what the last one read, if it hands gradient to several
    stops: bool
    colour: str


def trails(network: Network, look: Theme, wished: Sequence[int] | None = None) -> list[Trail]:
    """Some ways that tell most: two that meet, and one that ends where a function is off."""
    chosen = _telling(network) if wished is None else [*wished]
    found = []
    for k, unit in enumerate(sorted(chosen)):
        units = [unit]
        while len(heirs := network.heirs(units[-1])) == 1:
            units.append(heirs[0])
        ink = look.windows[k] if k < len(look.windows) else look.muted
        found.append(Trail(_called(network, unit), tuple(units), tuple(heirs), network.stops(units[-1]), ink))
    return found


def _called(network: Network, unit: int) -> str:
    """The letter of a unit among those of its map, counted row by row as a pool's windows are; behind its channel."""
    field, (channel, row, column) = network.home[unit]
    channels, _, columns = field.shape
    return (str(channel) if channels > 1 else "") + letter(row * columns + column)


def _telling(network: Network) -> list[int]:
    """Two units of the last layer that meet, the largest gradients first, and one whose winner hands nothing on."""
    order = sorted(network.choices, key=lambda unit: -abs(network.gradients[unit]))
    meeting = [units for winner, units in network.meetings.items()]
    best = max(
        meeting,
        key=lambda units: (units[0] in order[: len(order)], sum(abs(network.gradients[u]) for u in units)),
        default=[],
    )
    found = best[:2]
    off = [unit for unit in order if network.stops(network.choices[unit]) and unit not in found]
    found += off[:1]
    for unit in order:
        if len(found) >= 3 or (len(found) >= 2 and off):
            break
        if unit not in found:
            found.append(unit)
    return found


class Ways:
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
        x = self.columns[column].x - 8 - LANE * (lane % 3)
        points = [(start.x, y0), (x, y0), (x, y1), (end.x + end.width, y1)]
        if abs(y0 - y1) < 0.1:
            points = [points[0], points[-1]]
        yield Way("way", tuple(points), ink, 1.8, head=True, casing=self.look.background)

    def _level(self, number: int, box: Box, left: bool, low: bool) -> float:
        """How high a way leaves a cell to its left, or enters it from its right: in a lane where no number stands."""
        column, (_, _, at) = self.place[number]
        shown = self.columns[column]
        _, _, count = shown.field.shape
        alone = (at == 0 if left else at == count - 1) and (shown.across == 1 or shown.side < TWO)
        return box.y + box.height * (0.5 if alone and not low else 5 / 6 if low else 1 / 6)

    def _stop(self, trail: Trail) -> Iterator[Mark]:
        """A bar: here the gradient goes no further."""
        box = self.box(trail.units[-1], True)
        if box is not None:
            left, middle = box.x - 7, box.y + box.height / 2
            yield Way("stop", ((box.x, middle), (left, middle)), trail.colour, 1.8, casing=self.look.background)
            yield Way("stop", ((left, middle - 5), (left, middle + 5)), trail.colour, 1.8, casing=self.look.background)

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

    def _frame(self, numbers: Sequence[int], gradient: bool, ink: str, badge: str = "") -> Iterator[Mark]:
        maps: dict[tuple[int, int], list[Box]] = {}
        for number in numbers:
            if (box := self.box(number, gradient)) is not None:
                column, at = self.place[number]
                maps.setdefault((column, at[0]), []).append(box)
        for boxes in maps.values():
            left, top = min(b.x for b in boxes), min(b.y for b in boxes)
            right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
            yield Plate("frame", Box(left, top, right - left, bottom - top), None, ink, 1.6)
            if badge and right - left >= width_of(badge, BADGE, bold=True) + 6:
                yield from _badge(badge, left, top, ink, self.look)


def _badge(words: str, x: float, y: float, ink: str, look: Theme) -> Iterator[Mark]:
    wide = max(9.0, width_of(words, BADGE, bold=True) + 4)
    box = Box(x - wide / 2 - 1, y - 7, wide, 9.5)
    yield Plate("badge", box, ink)
    yield Words("badge", box.x + wide / 2, box.y + 7.6, (Run(words, look.ink(ink), True),), BADGE)


def ways(
    network: Network, columns: Sequence[Column], tops: Sequence[tuple[float, ...]], told: Sequence[Trail], look: Theme
) -> list[Mark]:
    """The ways of the trails, above all cells."""
    return [*Ways(network, columns, tops, look).marks(told)]


def notes(network: Network, column: Column, told: Sequence[Trail], look: Theme) -> list[list[Run]]:
    """What is written under a layer's gradient: sums where trails meet, and where one ends."""
    found = []
    numbers = {*column.field.nodes.values()}
    for winner, units in network.meetings.items():
        if winner in numbers and any(trail.units[:1] == (unit,) for trail in told for unit in units):
            found.append(_sum(network, winner, units, told, look))
    for trail in told:
        if trail.stops and trail.units[-1] in numbers:
            node = network.graph.nodes[trail.units[-1]]
            source = network.reads(node.number)
            where = f" at {figured(network.values[source[0]], 3)}" if len(source) == 1 else ""
            words = node.op.name if node.op else ""
            found.append([Run(trail.letter, trail.colour, True), Run(f" stops: {words} is off{where}", look.text)])
    return found


def _sum(network: Network, winner: int, units: Sequence[int], told: Sequence[Trail], look: Theme) -> list[Run]:
    inks = {trail.units[0]: trail.colour for trail in told}
    parts, whole = [network.gradients[unit] for unit in units], network.gradients[winner]
    for figures in (2, 3, 4, 5, 3):
        texts, total = [figured(x, figures) for x in parts], figured(whole, figures)
        exact = abs(sum(map(_read, texts)) - _read(total)) < 1e-9 * abs(whole)
        if exact and abs(_read(total) - whole) < 1e-3 * abs(whole):
            break
    runs: list[Run] = []
    for k, (unit, text) in enumerate(zip(units, texts, strict=True)):
        sign = "" if not k else " + "
        shown = f"({text})" if k and text.startswith("−") else text
        runs += [Run(sign, look.text), Run(shown, inks.get(unit, look.muted), True)]
    return [run for run in [*runs, Run(f" {'=' if exact else '≈'} {total}", look.text)] if run.text]


def _read(text: str) -> float:
    return float(text.replace("−", "-"))
