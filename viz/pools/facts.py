"""What there is to tell about each cell and window of a pool, in facts and in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from autodiff.facts.routes import PoolRoutes, Window, receivers
from autodiff.facts.words import SENTENCES
from autodiff.ground.windows import Cell
from autodiff.language.notation import Figures, writing
from viz.ink.figures import figured
from viz.ink.text import listed
from viz.ink.theme import numeral
from viz.pools.choice import chosen, holding

__all__ = ["Facts", "Sum", "receivers"]

FEWEST, TRIED = 3, 8  # figures: so many are enough where they tell who won; and as many as are tried
FEW, MOST_ADDENDS = 4, 9  # of a sum that is written out
TITLES = {"max": "A window’s gradient goes back to its winner", "avg": "A window’s gradient is shared by its cells"}


@dataclass(frozen=True)
class Sum:
    """What one cell got of several windows, and what that is together."""

    cell: Cell
    value: float | None
    addends: tuple[tuple[float, Window], ...]
    total: float


class Facts:
    """What a grid picture tells, worked out from the routes of a pool.

    ``windows`` are those to tell of by letter; every number has ``digits`` figures, three or as many as it takes to
    tell who won. ``ways`` are the cells whose ways are in colour over the faded rest.
    """

    def __init__(
        self, routes: PoolRoutes, windows: Any = None, digits: int | None = None, ways: Iterable[Cell] = ()
    ) -> None:
        if not routes.values or not routes.values[0]:
            raise ValueError("there is nothing to draw: the pool has an empty grid")
        self.ways = frozenset(ways)
        self.routes, self.shown = routes, holding(routes, ways) if self.ways else chosen(routes, windows)
        self.rows, self.columns = len(routes.values), len(routes.values[0])
        self.is_max, self.digits = routes.kind == "max", digits

    @cached_property
    def colours(self) -> dict[int, int]:
        """Which colour each window that is shown has, by its number: the first has the first."""
        return {window.number: k for k, window in enumerate(self.shown)}

    @cached_property
    def wins(self) -> dict[Cell, list[Window]]:
        """Which windows each cell won; empty for an average pool, in which nobody wins."""
        found: dict[Cell, list[Window]] = {}
        for window in self.routes.windows if self.is_max else ():
            found.setdefault(self.winner(window), []).append(window)
        return found

    @cached_property
    def ties(self) -> list[Window]:
        """The windows whose largest number stands in several of their cells; empty for an average pool."""
        windows = self.routes.windows if self.is_max else ()
        return [w for w in windows if sum(self.routes.values[r][c] == w.value for r, c in w.cells) > 1]

    def winner(self, window: Window) -> Cell:
        """The first cell that gets the gradient of a window."""
        return receivers(self.routes, window)[0]

    @cached_property
    def addends(self) -> dict[Cell, list[tuple[float, Window]]]:
        """What each cell received, as (contribution, window)."""
        found: dict[Cell, list[tuple[float, Window]]] = {}
        for window in self.routes.windows:
            for cell in window.cells:
                if cell in window.contributions:
                    found.setdefault(cell, []).append((window.contributions[cell], window))
        return found

    @cached_property
    def totals(self) -> dict[Cell, float]:
        """The gradient of each cell that has one from this pool."""
        return {cell: sum(sent for sent, _ in some) for cell, some in self.addends.items()}

    @cached_property
    def sums(self) -> list[Sum]:
        """The cells that got something of several windows: those of which all is shown first, then the longest."""
        several = [
            Sum((r, c), self.routes.values[r][c], tuple(some), self.totals[r, c])
            for (r, c), some in sorted(self.addends.items())
            if len(some) > 1
        ]
        return sorted(several, key=lambda s: (any(w not in self.shown for _, w in s.addends), -len(s.addends)))

    @cached_property
    def unknown(self) -> set[Cell]:
        """The cells that would receive a gradient if one had arrived."""
        late = [window for window in self.routes.windows if window.upstream is None]
        return {cell for window in late for cell in receivers(self.routes, window)} - set(self.addends)

    @cached_property
    def lost(self) -> set[Cell]:
        """The cells to which no path leads from any window."""
        every = {(row, column) for row in range(self.rows) for column in range(self.columns)}
        return every - set(self.addends) - self.unknown

    def corners(self, window: Window) -> tuple[Cell, Cell]:
        """The first and the last cell of a window; with padding they may lie beyond the border."""
        routes = self.routes
        top, left = (
            at * step - pad for at, step, pad in zip(window.output, routes.stride, routes.padding, strict=True)
        )
        down, across = (apart * (side - 1) for apart, side in zip(routes.dilation, routes.kernel, strict=True))
        return (top, left), (top + down, left + across)

    @cached_property
    def extent(self) -> tuple[Cell, Cell]:
        """The first and the last cell of the grid with all that the windows reach beyond it."""
        ends = [corner for window in self.routes.windows for corner in self.corners(window)]
        ends += [(0, 0), (self.rows - 1, self.columns - 1)]
        rows, columns = [row for row, _ in ends], [column for _, column in ends]
        return (min(rows), min(columns)), (max(rows), max(columns))

    @cached_property
    def beyond(self) -> list[Cell]:
        """The cells of the padding, and those outside that windows reach with ``ceil_mode``."""
        (top, left), (bottom, right) = self.extent
        every = ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))
        return [(row, column) for row, column in every if not (0 <= row < self.rows and 0 <= column < self.columns)]

    def pads(self, cell: Cell) -> bool:
        """Whether a cell beyond the border belongs to the padding."""
        sizes = zip(cell, (self.rows, self.columns), self.routes.padding, strict=True)
        return all(-pad <= at < size + pad for at, size, pad in sizes)

    # -- In words

    def said(self, x: float) -> str:
        """A number as it stands in the picture."""
        with writing(self.figures):
            return numeral(x)

    @cached_property
    def figures(self) -> Figures:
        """How the numbers of the picture are written, all alike."""
        numbers = [x for row in self.routes.values for x in row]
        numbers += [x for window in self.routes.windows for x in (window.value, window.upstream)]
        numbers += [x for some in self.addends.values() for x, _ in some] + [*self.totals.values()]
        wanted = [FEWEST, *range(FEWEST + 1, TRIED), None] if self.digits is None else [self.digits]
        return next((f for n in wanted if self._tells(f := figured(numbers, n))), figured(numbers, wanted[-1]))

    def _tells(self, figures: Figures) -> bool:
        """Whether no cell that lost is written like the one that won."""
        with writing(figures):
            for window in self.routes.windows if self.is_max else ():
                won = numeral(window.value)
                rest = (self.routes.values[row][column] for row, column in window.cells)
                if any(x is not None and x < window.value and numeral(x) == won for x in rest):
                    return False
        return True

    @property
    def title(self) -> str:
        """What the picture claims."""
        return TITLES[self.routes.kind]

    @property
    def operation(self) -> str:
        """The pool in its own words: its windows, stride, padding and dilation."""
        routes = self.routes
        told = [f"{'max' if self.is_max else 'average'} pool {self._sides(routes.kernel, short=False)}"]
        told.append(f"stride {self._sides(routes.stride)}")
        told += [f"padding {self._sides(routes.padding)}"] if any(routes.padding) else []
        told += [f"dilation {self._sides(routes.dilation)}"] if routes.dilation != (1, 1) else []
        return ", ".join(told)

    @property
    def counted(self) -> str:
        """What the picture shows, counted."""
        count, cells = len(self.routes.windows), self.rows * self.columns
        windows = "1 window" if count == 1 else f"{count} windows"
        if len(self.shown) < count:
            windows += f", of which {', '.join(w.letter for w in self.shown)} {_are(self.shown)} shown"
        if self.ways:
            named = [f"cell {at[1]}" if self.rows == 1 else f"cell {at}" for at in sorted(self.ways)]
            windows += f"; in colour the ways of {listed(named)}"
        if self.is_max:
            return f"{windows}; {len(self.wins)} of {cells} cells {'wins' if len(self.wins) == 1 else 'win'}"
        return f"{windows}; each cell of a window gets {self.share} of what comes back to it"

    @property
    def share(self) -> str:
        """What part of a window's gradient each of its cells gets in an average pool."""
        parts = {round(1 / slope) for window in self.routes.windows for slope in window.slopes.values() if slope}
        return f"1/{parts.pop()}" if len(parts) == 1 else "an equal part"

    @property
    def padding(self) -> str:
        """What padding does in this pool."""
        if self.is_max:
            return "padding never wins"
        cut = [
            w for w in self.routes.windows if w.slopes and len(w.cells) < self.routes.kernel[0] * self.routes.kernel[1]
        ]
        zeros = any(sum(window.slopes.values()) < 1 - 1e-9 for window in cut)
        return "padding counts as 0" if zeros else "padding is not counted"

    def legend(self, is_map: bool = False) -> list[tuple[str, str]]:
        """What the marks mean that this picture shows: the kind of mark, and the words for it."""
        won = "won its window" if is_map else "won: the first largest cell of its window"
        told = [("won", won)] if self.is_max else []
        if self.ties:
            told.append(("", "tie: the first of the equals takes it"))
        kinds = {self.pads(cell) for cell in self.beyond}
        told += [("padding", self.padding)] if True in kinds else []
        told += [("padding", "outside: the windows reach beyond the grid")] if kinds == {False} else []
        if any(x is None for row in self.routes.values for x in row):
            told.append(("blank", "no window covers it"))
        if any(total == 0 for total in self.totals.values()):
            told.append(("zero", "it came, and is 0"))
        if self.lost:
            told.append(("empty" if is_map else "dot", SENTENCES["no path"]))
        if self.unknown:
            told.append(("unknown", "gradient not computed"))
        return told

    def terms(self, told: Sum) -> list[tuple[str, Window | None]]:
        """The parts of a sum as they are written, with the window that each came from.

        Where the numbers as they are written do not add up exactly, it says ≈.
        """
        if len(told.addends) > MOST_ADDENDS:
            return [(f"{len(told.addends)} windows together ", None), (self.said(told.total), None)]
        parts: list[tuple[str, Window | None]] = []
        alike = len(told.addends) > FEW and len({sent for sent, _ in told.addends}) == 1
        for k, (sent, window) in enumerate(told.addends if not alike else ()):
            sign = "" if k == 0 else " − " if sent < 0 else " + "
            parts += [(sign, None)] * bool(sign) + [(self.said(abs(sent) if k else sent), window)]
        if alike:
            parts = [(f"{len(told.addends)} × {self.said(told.addends[0][0])}", None)]
        known, total = math.isfinite(told.total), self.said(told.total)
        exact = not known or sum(self._decimal(x) for x, _ in told.addends) == self._decimal(told.total)
        return [*parts, (f" {'=' if exact else '≈'} ", None), (total, None)]

    def _decimal(self, x: float) -> Decimal:
        """A number as it is written."""
        return Decimal(self.said(x).replace("−", "-"))

    def _sides(self, pair: tuple[int, int], short: bool = True) -> str:
        """A kernel or a stride as words: one number for a row, or when both are equal and ``short``."""
        if (self.rows == 1 and self.routes.kernel[0] == 1) or (short and pair[0] == pair[1]):
            return str(pair[1])
        return f"{pair[0]}×{pair[1]}"


def _are(some: Sequence[Any]) -> str:
    return "is" if len(some) == 1 else "are"
