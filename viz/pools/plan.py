"""Where everything of a pool's grid picture goes, in points, y growing downwards."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box, Point
from viz.pools.facts import Facts
from viz.pools.lattice import Lattice
from viz.pools.marks import ASCENT, HEAD
from viz.pools.measures import Measures
from viz.pools.style import Style
from viz.pools.ways import Gulf, directed

__all__ = ["Heading", "Plan"]

GULF, LANE = 40.0, 5.0  # between two blocks at least, and from lane to lane in it
SHORE = 8.0  # from a block to the first lane
CARD_GAP = 8.5
TITLES = {"input": ("input",), "output": ("output",), "gradient": ("gradient", "of the input")}


class Heading(NamedTuple):
    """What a block is called: its lines, of which ``x`` is the begin (``anchor`` 0), middle (0.5) or end (1)."""

    block: str
    lines: tuple[str, ...]
    x: float
    y: float  # of the first baseline
    anchor: float = 0.5


class Plan(Measures):
    """The places of a picture in a style; ``top`` is how much is kept free above it.

    ``input`` and ``gradient`` are the lattices of the cells, ``outputs`` that of all outputs where they are shown by
    colour alone, ``cards`` the boxes of the outputs that have numbers, by window.
    """

    def __init__(
        self,
        told: Sequence[Facts],
        style: Style,
        look: Theme,
        top: float = 0.0,
        least: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        super().__init__(told, style, look, least)
        self.size_of_heading = look.gradient_size
        wide, high = self.cell
        base = Lattice(0, 0, (wide,) * self.facts.columns, (high,) * self.facts.rows, self.gap, min(9.0, wide))
        ring = base.span(*self.facts.extent)  # all that windows reach
        out = (
            self.levels * (self.badge + 0.5) + 2 if self.is_map else 0.0
        )  # marks stand outside of cells without numbers
        self.ring = Box(ring.x - out, ring.y - out, ring.width + 2 * out, ring.height + 2 * out)
        grid = Lattice(0, 0, *self.sides, self.gap).whole
        out = out if self.is_map or self.facts.is_max else self.badge / 2
        self.back_ring = Box(grid.x - out, grid.y - out, grid.width + 2 * out, grid.height + 2 * out)
        self.base, self.top = base, top
        self.headings: list[Heading] = []
        self.forth: tuple[Point, ...] = ()
        self.back: tuple[Point, ...] = ()
        getattr(self, f"_{style.flow}")()

    # -- The block of the outputs

    @cached_property
    def crossing(self) -> dict[int, int]:
        """The lane beside its row (or column) of cards that a route takes, past the cards before it."""
        found: dict[int, int] = {}
        last = max(spot[1 - self.axis] for spot in self.spots.values())
        ends = 0 if self.style.flow == "turn" else last
        for window in sorted(self.ever_routed, key=lambda w: abs(self.spots[w.number][1 - self.axis] - ends)):
            spot = self.spots[window.number]
            if spot[1 - self.axis] != ends:
                same = [n for n in found if self.spots[n][self.axis] == spot[self.axis]]
                found[window.number] = len(same)
        return found

    def _lanes(self, line: int) -> int:
        return sum(self.spots[number][self.axis] == line for number in self.crossing)

    @cached_property
    def block(self) -> tuple[dict[int, Box], Box | None, float, float]:
        """The cards, the place of the map of outputs above them, and how wide and high all is, from (0, 0)."""
        wide, high = self.card
        rows, columns = (max(spot[axis] for spot in self.spots.values()) + 1 for axis in (0, 1))
        gaps = [CARD_GAP + (LANE * self._lanes(k) + 3 if self._lanes(k) else 0) for k in range(max(rows, columns))]
        across = gaps if self.axis else [CARD_GAP] * columns
        down = [CARD_GAP] * rows if self.axis else gaps
        pitch = self._pitch(wide, across)
        lefts = [pitch * k if pitch else sum(across[:k]) + wide * k for k in range(columns)]
        tops = [sum(down[:k]) + high * k for k in range(rows)]
        room = (lefts[-1] + wide + (across[columns - 1] if self.axis and self._lanes(columns - 1) else 0),
                tops[-1] + high + (down[rows - 1] if not self.axis and self._lanes(rows - 1) else 0))  # fmt: skip
        cards = {number: Box(lefts[j], tops[i], wide, high) for number, (i, j) in self.spots.items()}
        if self.style.every:
            return cards, None, *room
        pixel = self._pixel
        m, n = self.facts.routes.output_shape
        picture = Box(0, 0, n * (pixel + self.gap) - self.gap, m * (pixel + self.gap) - self.gap)
        total, shift = max(room[0], picture.width), picture.height + 14
        cards = {k: Box(b.x + (total - room[0]) / 2, b.y + shift, b.width, b.height) for k, b in cards.items()}
        return cards, Box((total - picture.width) / 2, 0, picture.width, picture.height), total, room[1] + shift

    @property
    def _pixel(self) -> float:
        m, n = self.facts.routes.output_shape
        return self.style.pixel or max(4.5, min(9.0, 110.0 / max(m, n)))

    def _pitch(self, wide: float, gaps: Sequence[float]) -> float:
        """How far cards stand apart so that each is below its window in a row of cells; 0 where they have no room."""
        routes = self.facts.routes
        if not (self.axis and self.style.every and self.facts.rows == 1 and not self.is_map):
            return 0.0
        pitch = (self.cell[0] + self.gap) * routes.stride[1]
        return pitch if pitch >= wide + max(gaps) else 0.0

    def _place(self, left: float, top: float) -> None:
        cards, picture, _, _ = self.block
        self.cards = {n: Box(b.x + left, b.y + top, b.width, b.height) for n, b in cards.items()}
        m, n = self.facts.routes.output_shape
        pixel = self._pixel
        self.outputs = None
        if picture is not None:
            self.outputs = Lattice(picture.x + left, picture.y + top, (pixel,) * n, (pixel,) * m, self.gap)

    def _input(self, x: float, y: float) -> Lattice:
        return Lattice(x, y, self.base.widths, self.base.heights, self.gap, self.base.narrow)

    def _gradient(self, x: float, y: float) -> Lattice:
        return Lattice(x, y, *self.sides, self.gap)

    # -- The three ways to run

    @property
    def _head(self) -> float:
        """How high a heading is, with the room for marks that stand out below it."""
        return ASCENT * self.size_of_heading + self.badge / 2 + 6

    @property
    def gulf(self) -> float:
        """The room between the outputs and the gradient, with a lane for each route."""
        return max(GULF, 2 * SHORE + LANE * (len(self.ever_routed) - 1) + 2 * HEAD if self.ever_routed else 0.0)

    def _row(self) -> None:
        ring, grid, top = self.ring, self.back_ring, self.top + self._head
        _, _, wide, high = self.block
        tallest = max(ring.height, high)
        first = max(ring.width, self._wide("input"))
        middle = max(wide, self._wide("output"))
        last = max(grid.width, self._wide("gradient"))
        y = max(top + (tallest - ring.height) / 2 - ring.y, top - grid.y)
        self.input = self._input((first - ring.width) / 2 - ring.x, y)
        x = first + GULF
        self._place(x + (middle - wide) / 2, top + (tallest - high) / 2)
        x += middle + self.gulf
        self.gradient = self._gradient(x + (last - grid.width) / 2 - grid.x, y)
        self._above("input", self.input.x + ring.x + ring.width / 2, y + ring.y)
        self._above("output", first + GULF + middle / 2, top + (tallest - high) / 2)
        self._above("gradient", x + last / 2, y + grid.y)
        self.size = x + last, max(top + tallest, y + ring.y + ring.height, y + grid.y + grid.height)
        edge = self.input.x + ring.x + ring.width
        self.forth = ((edge + 6, y + ring.y + ring.height / 2), (self._block_box.x - 10, y + ring.y + ring.height / 2))
        self.back = (
            (self._block_box.x + self._block_box.width + 8, self.forth[0][1]),
            (self.gradient.x + grid.x - 6, self.forth[0][1]),
        )

    def _turn(self) -> None:
        ring, grid, top = self.ring, self.back_ring, self.top + self._head
        _, _, wide, high = self.block
        first = max(ring.width, self._wide("input"), self._wide("gradient"))
        x, y = (first - ring.width) / 2 - ring.x, top - ring.y
        self.input = self._input(x, y)
        below = y + ring.y + ring.height + self._head + 6
        self.gradient = self._gradient(x, below - grid.y)
        bottom = below + grid.height
        middle = max(wide, self._wide("output"))
        left = first + self.gulf
        at = max((top + bottom - high) / 2, top + self._head + 26)
        self._place(left + (middle - wide) / 2, at)
        self._above("input", x + ring.x + ring.width / 2, y + ring.y)
        self._above("gradient", x + grid.x + grid.width / 2, below)
        self._above("output", left + middle / 2, at)
        self.size = left + middle, max(bottom, at + high)
        turn = left + middle / 2
        self.forth = ((x + ring.x + ring.width + 6, top + 10), (turn, top + 10), (turn, at - self._head - 4))
        level = min(max(at + high / 2, below + 10), bottom - 6)
        self.back = ((left - 6, level), (x + grid.x + grid.width + 6, level))

    def _stack(self) -> None:
        ring, grid, top = self.ring, self.back_ring, self.top + self.badge / 2 + 2
        _, _, wide, high = self.block
        margin = max(self._wide(block) for block in TITLES) + 14
        y = top - ring.y
        start = self._start() if self._pitch(self.card[0], [CARD_GAP]) else (ring.width - wide) / 2
        left = margin - min(0.0, start)
        self.input = self._input(left - ring.x, y)
        out = top + ring.height + GULF
        self._place(left + start, out)
        below = out + high + self.gulf
        self.gradient = self._gradient(left - ring.x, below - grid.y)
        self._beside("input", left - 10, y + ring.y + ring.height / 2)
        self._beside("output", left - 10 + min(0.0, start), out + high / 2)
        self._beside("gradient", left - 10, below + grid.height / 2)
        self.size = left + max(ring.width, start + wide), below + grid.height
        middle = self.input.x + ring.x + ring.width / 2
        self.forth = ((middle, top + ring.height + 6), (middle, out - self.badge / 2 - 4))
        self.back = ((middle, out + high + 6), (middle, below - 6))

    def _column(self) -> None:
        ring, grid, head = self.ring, self.back_ring, self._head
        _, _, wide, high = self.block
        top = self.top + head
        start = self._start() if self._pitch(self.card[0], [CARD_GAP]) else (ring.width - wide) / 2
        left = -ring.x - min(start, 0.0)
        start = max(start, 0.0)
        self.input = self._input(left, top - ring.y)
        out = top + ring.height + head + 16
        self._place(start, out)
        below = out + high + self.gulf
        self.gradient = self._gradient(left, below - grid.y)
        under = below + grid.height + 5 + ASCENT * self.size_of_heading
        first = top - self.badge / 2 - 5
        self.headings.append(Heading("input", ("input",), 0.0, first, 0.0))
        self.headings.append(Heading("output", ("output",), 0.0, out - self.badge / 2 - 5, 0.0))
        self.headings.append(Heading("gradient", (" ".join(TITLES["gradient"]),), 0.0, under, 0.0))
        self.size = max(left + ring.x + ring.width, start + wide), under + 2
        middle = left + ring.x + ring.width / 2
        self.forth = ((middle, top + ring.height + 5), (middle, out - self.badge / 2 - 4))
        self.back = ((middle, out + high + 6), (middle, below - 6))

    def _start(self) -> float:
        """Where the first card stands, from the begin of all cells, so that it is below its window."""
        box = self.base.span(*self.facts.corners(self.facts.routes.windows[0]))
        return box.x + box.width / 2 - self.card[0] / 2 - self.ring.x

    @property
    def _block_box(self) -> Box:
        boxes = [*self.cards.values(), *([self.outputs.whole] if self.outputs else [])]
        left, top = min(b.x for b in boxes), min(b.y for b in boxes)
        right, bottom = max(b.x + b.width for b in boxes), max(b.y + b.height for b in boxes)
        return Box(left, top, right - left, bottom - top)

    # -- Headings

    def _wide(self, block: str) -> float:
        lines = TITLES[block] if self.style.flow == "stack" else (" ".join(TITLES[block]),)
        return max(width_of(line, self.size_of_heading, bold=True) for line in lines)

    def _above(self, block: str, x: float, top: float) -> None:
        rise = self.badge / 2 + 5 if block != "gradient" or not self.facts.is_max else 6.0
        self.headings.append(Heading(block, (" ".join(TITLES[block]),), x, top - rise))

    def _beside(self, block: str, x: float, middle: float) -> None:
        lines, size = TITLES[block], self.size_of_heading
        first = middle + ASCENT * size / 2 - (len(lines) - 1) * 1.2 * size / 2
        self.headings.append(Heading(block, lines, x, first, 1.0))

    # -- Routes

    @cached_property
    def routes(self) -> dict[int, tuple[Point, ...]]:
        """The way of each gradient, from its card to its winner."""
        flow, block = self.style.flow, self._block_box
        gulf = Gulf(flow, *directed(flow, block), SHORE, LANE)
        for window in self.routed:
            cell = self.facts.winner(window)
            card, goal, line = self.cards[window.number], self.gradient.cell(*cell), cell[self.axis]
            lane = self.crossing.get(window.number)
            side = goal.width if self.axis else goal.height
            beside = None if lane is None else 6 + LANE * lane
            # Where each cell is reached directly, only those to the same one may change places.
            gulf.add(window.number, cell[1 - self.axis] + 100 * line if self.is_open else line, card, goal,
                     self.aside(window, side), beside)  # fmt: skip
        return gulf.ways()
