"""How large the parts of a grid picture are: cells, cards and marks, from what is written in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from autodiff.facts.routes import Window
from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.place import LEAST
from viz.pools.facts import Facts
from viz.pools.lattice import FIRST, LANE, insets
from viz.pools.marks import ASCENT
from viz.pools.style import Style

__all__ = ["BADGE_GAP", "Measures"]

GAP, FINE = 1.5, 0.75  # points between cells, and between those without numbers
ASIDE, APART = 4.5, 5.0  # how far within a cell the first route to it runs, and the next ones
BADGE_GAP = 1.0
CARD = 8.0  # around the numbers of a card
BESIDE = 5  # cards in a row, where only some outputs have one
PER_ROW, ROWS = 2, 3  # marks in a cell
EMPTY = 14.0  # a row, or a column, of cells that got nothing


class Measures:
    """The sizes of everything in a picture of some facts in a style; several facts have room for each."""

    def __init__(
        self, told: Sequence[Facts], style: Style, look: Theme, least: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        self.told, self.facts, self.style, self.look = told, told[0], style, look
        self.least = least  # how wide what else is written in a cell, and in one of the gradient, is at least
        self.letter = max(LEAST, round(0.85 * style.number, 2))
        self.is_map = style.pixel > 0

    @property
    def axis(self) -> int:
        """Which index of a cell tells the line that a route comes along: its row, or its column in a stack."""
        return 1 if self.style.is_down else 0

    @property
    def gap(self) -> float:
        """What is between two cells."""
        return FINE if self.is_map else GAP

    @property
    def badge(self) -> float:
        """How high the mark of a window is."""
        return self.letter + 3

    @property
    def levels(self) -> int:
        """How many marks have room above each other beside cells without numbers: few cells have windows close by."""
        return 1 if min(self.facts.rows, self.facts.columns) > 4 else 3

    def badge_width(self, text: str) -> float:
        """How wide the mark is that says this."""
        return max(self.badge, width_of(text, self.letter, bold=True) + 4)

    @cached_property
    def depths(self) -> dict[int, int]:
        """How deep the frame of each shown window lies within its cells."""
        shown = self.facts.shown
        grids = [[self.facts.corners(window) for window in shown]]
        if self.is_map or not self.facts.is_max:  # frames on the gradient, too, where there is no padding
            grids.append([(window.cells[0], window.cells[-1]) for window in shown])
        return insets(shown, grids, self.facts.routes.dilation != (1, 1))

    def inset(self, window: Window) -> float:
        """How far within its cells the frame of a window runs; around cells without numbers it runs outside."""
        depth = self.depths[window.number]
        if not self.is_map:
            return FIRST + LANE * depth
        reach = [apart * (side - 1) + 1 for side, apart in zip(*self._window, strict=True)]
        return min(LANE * depth - 0.5, 0.3 * self.style.pixel * min(reach))

    @property
    def _window(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The sides of a window, and how far apart its cells are; cells that do not touch have frames of their own."""
        routes = self.facts.routes
        return ((1, 1) if routes.dilation != (1, 1) else routes.kernel), (1, 1)

    @cached_property
    def routed(self) -> list[Window]:
        """The windows whose gradient is drawn on its way: those shown, to their winners, in cells with numbers."""
        return self._routed(self.facts)

    def _routed(self, facts: Facts) -> list[Window]:
        if not facts.is_max or self.is_map:
            return []
        return [w for w in facts.shown if w.upstream is not None and facts.winner(w) in w.contributions]

    @cached_property
    def ever_routed(self) -> list[Window]:
        """The windows of which a route is drawn in one of the pictures that have room here."""
        numbers = {window.number for facts in self.told for window in self._routed(facts)}
        return [window for window in self.facts.routes.windows if window.number in numbers]

    @cached_property
    def crowds(self) -> dict[int, int]:
        """How many routes come along each row of cells, or column in a stack, in the picture that has most of them."""
        found: dict[int, int] = {}
        for facts in self.told:
            for line, count in Counter(facts.winner(window)[self.axis] for window in self._routed(facts)).items():
                found[line] = max(count, found.get(line, 0))
        return found

    @cached_property
    def lines(self) -> dict[int, list[Window]]:
        """The routes that come along each row of cells, or along each column in a stack."""
        found: dict[int, list[Window]] = {}
        for window in self.routed:
            found.setdefault(self.facts.winner(window)[self.axis], []).append(window)
        return found

    @property
    def is_open(self) -> bool:
        """Whether every cell is reached directly: no other cell stands before it on the way."""
        return (self.facts.columns, self.facts.rows)[self.axis] == 1

    @cached_property
    def rim(self) -> tuple[float, float]:
        """What is kept clear of numbers at the left and right of a cell, and above and below."""
        clear = 1.75 if self.facts.is_max else 2.75  # the frames of averages are as wide as their gradient is large
        frames = FIRST + LANE * max(self.depths.values(), default=0) + clear
        # Half of a mark reaches into the cells above.
        return max(frames, 4.5), max(frames, 6.0, self.badge / 2 + 0.4)

    def lane_rim(self, line: int) -> float:
        """What is kept clear for routes at both sides of a row of cells of the gradient, or of a column in a stack."""
        count = self.crowds.get(line, 0)
        least = 3.0 if self.facts.is_max else self.rim[1 - self.axis]
        return least if not count or self.is_open else ASIDE + APART * ((count - 1) // 2) + 3.5

    def aside(self, window: Window, side: float) -> float:
        """How far from the begin of a cell, ``side`` points long, a route to it runs."""
        line = self.lines[self.facts.winner(window)[self.axis]]
        if self.is_open:
            same = [other for other in line if self.facts.winner(other) == self.facts.winner(window)]
            return side / 2 + 6.5 * (same.index(window) - (len(same) - 1) / 2)
        depth, far = divmod(line.index(window), 2)
        off = ASIDE + APART * depth
        return side - off if far else off

    @cached_property
    def widest_badge(self) -> float:
        """How wide the widest mark in a cell is."""
        said = {mark for f in self.told for windows in f.wins.values() for mark in self.lettered(windows)}
        return max(map(self.badge_width, said), default=self.badge)

    @cached_property
    def inner(self) -> tuple[float, float]:
        """How wide what is written in a cell is, and how wide the numbers of the gradient are."""
        size = self.style.number
        values = [x for facts in self.told for row in facts.routes.values for x in row if x is not None]
        totals = [total for facts in self.told for total in facts.totals.values()]
        most = max((len(self.lettered(w)) for f in self.told for w in f.wins.values()), default=0)
        marks = max(0.0, min(most, PER_ROW) * (self.widest_badge + BADGE_GAP) - BADGE_GAP)
        return max(self.widest(values, size), marks, self.least[0]), max(
            self.widest(totals, size), marks, self.least[1]
        )

    def high(self, rows: int) -> float:
        """How high a number and rows of marks below it are."""
        return ASCENT * self.style.number + (rows * (self.badge + BADGE_GAP) + 2.5 if rows else 0.0)

    @cached_property
    def cell(self) -> tuple[float, float]:
        """Width and height of a cell of the input."""
        if self.is_map:
            return self.style.pixel, self.style.pixel
        rows = max((len(self.marks(windows)) for f in self.told for windows in f.wins.values()), default=0)
        wide, down = self.inner[0] + 2 * self.rim[0], self.high(rows) + 2 * self.rim[1]
        if self.style.flow != "row":  # the columns of the gradient are as wide
            across = [self.inner[1] + 2 * (self.lane_rim(line) if self.axis else 3.0) for line in self.crowds or (0,)]
            crowd = max(self.crowds.values(), default=0) if self.axis and self.is_open else 0
            wide = max(
                wide, *across, 6.5 * crowd + 4, 2 * self.rim[0] + self.inner[1] if not self.facts.is_max else 0.0
            )
        least = 2 * self.style.number + 2
        return max(wide, 0.6 * down, least), max(down, 0.6 * wide, least)

    @cached_property
    def sides(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The widths of the columns and the heights of the rows of the gradient; what got nothing is narrow."""
        facts, (wide, high) = self.facts, self.cell
        if self.is_map:
            return (wide,) * facts.columns, (high,) * facts.rows
        filled = {cell for f in self.told for cell in (*f.totals, *f.unknown)}
        flow = self.style.flow
        widths = [wide] * facts.columns
        if flow == "row":
            rim = 3.0 if facts.is_max else self.rim[0]
            need = max(self.inner[1] + 2 * rim, 0.6 * high)
            widths = [need if any(c == k for _, c in filled) else EMPTY for k in range(facts.columns)]
        heights = [self._height(row, filled) for row in range(facts.rows)]
        return tuple(widths), tuple(heights)

    def _height(self, row: int, filled: set[tuple[int, int]]) -> float:
        mine = [cell for cell in filled if cell[0] == row]
        if not mine:
            return self.cell[1] if self.style.flow == "row" else EMPTY
        rows = max(len(self.marks(f.wins.get(cell, []))) for f in self.told for cell in mine)
        rim = 4.0 if self.axis else self.lane_rim(row)
        crowd = 6.5 * self.crowds.get(row, 0) + 4 if self.is_open and not self.axis else 0.0
        need = max(self.high(rows) + 2 * (rim if self.facts.is_max else self.rim[1]), crowd)
        return max(need, self.cell[1]) if self.style.flow == "row" else need

    def row_width(self, row: Sequence[str]) -> float:
        """How wide marks side by side are."""
        return sum(map(self.badge_width, row)) + BADGE_GAP * (len(row) - 1)

    def lettered(self, windows: Sequence[Window]) -> list[str]:
        """The letters of the shown ones among some windows; the others are counted."""
        letters = [w.letter for w in windows if w.number in self.facts.colours]
        more = len(windows) - len(letters)
        return letters + [f"+{more}"] * bool(more and letters)

    def marks(self, windows: Sequence[Window]) -> list[list[str]]:
        """The letters of windows that meet in a cell, in rows; those that have no room are counted."""
        said, each = self.lettered(windows), PER_ROW
        each = max(each, int((self.inner[0] + BADGE_GAP) // (self.widest_badge + BADGE_GAP)))
        if len(said) > each * ROWS:
            letters = [letter for letter in said if letter[0] != "+"][: each * ROWS - 1]
            said = [*letters, f"+{len(windows) - len(letters)}"]
        return [said[at : at + each] for at in range(0, len(said), each)]

    def widest(self, numbers: Iterable[float], size: float) -> float:
        """How wide the widest of some numbers is."""
        return max((width_of(self.facts.said(x), size, bold=True) for x in numbers), default=0.0)

    @cached_property
    def card(self) -> tuple[float, float]:
        """Width and height of the card of an output."""
        size = self.style.number
        carded = [w for f in self.told for w in (f.routes.windows if self.style.every else f.shown)]
        numbers = [w.value for w in carded] + [w.upstream or 0.0 for w in carded]
        letters = max((self.badge_width(window.letter) for window in carded), default=self.badge)
        wide = max(self.widest(numbers, size) + 2 * CARD, 2 * letters + 6, 26.0)
        return wide, 2 * (ASCENT * size + CARD) + 3

    @cached_property
    def spots(self) -> dict[int, tuple[int, int]]:
        """The row and the column of each card, by the number of its window."""
        if self.style.every:
            return {window.number: window.output for window in self.facts.routes.windows}
        shown = self.facts.shown
        wide = min(len(shown), BESIDE) if self.style.is_down else 1 if len(shown) <= 3 else 2
        return {window.number: divmod(k, wide) for k, window in enumerate(shown)}
