"""The grid picture of a pool: facts in a plan become marks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from autodiff.facts.routes import Window
from autodiff.ground.windows import Cell
from viz.ink.theme import Theme, width
from viz.layout.layout import Box
from viz.pools.facts import Facts
from viz.pools.frames import Frames
from viz.pools.heat import Heat, colour_of, shade
from viz.pools.lattice import Lattice, within
from viz.pools.marks import ASCENT, Mark, Plate, Run, Way, Words
from viz.pools.measures import BADGE_GAP
from viz.pools.plan import Plan

__all__ = ["Painter", "name_of"]

FRAME, WON = 1.6, 1.5  # pens of frames, and of the box around a winner
DOT = 2.6


class Painter:
    """Paints the grids, cards, frames and routes of a pool in their plan."""

    def __init__(self, facts: Facts, plan: Plan, look: Theme) -> None:
        self.facts, self.plan, self.look = facts, plan, look
        routes = facts.routes
        known = [x for row in routes.values for x in row if x is not None]
        self.heat = Heat([*known, *(window.value for window in routes.windows)])
        sizes = [*facts.totals.values(), *(w.upstream for w in routes.windows if w.upstream is not None)]
        self.sizes = Heat([0.0, *map(abs, sizes)])

    def marks(self) -> list[Mark]:
        """All of it; ways come last."""
        found = [mark for heading in self.plan.headings for mark in self._heading(*heading)]
        for row in range(self.facts.rows):
            for column in range(self.facts.columns):
                found += [*self._input((row, column)), *self._gradient((row, column))]
        found += [*self._padding(), *self._outputs()]
        for window in self.facts.routes.windows:
            if window.number in self.plan.cards:
                found += self._card(window)
        both = not self.facts.is_max or self.plan.is_map
        for lattice in (self.plan.input, self.plan.gradient)[: 1 + both]:
            frames = Frames(self.facts, self.plan, lattice, [m.box for m in found if isinstance(m, Words)])
            for window, mark in zip(self.facts.shown, frames.marks, strict=True):
                found += self.badge(self._name(window, lattice), mark, window.letter, window)
            for window in self.facts.shown:
                found += self._frame(window, lattice, frames)
        found += self._arrows()
        return (
            found if not self.facts.ways else [mark if self._is_on_way(mark) else self._faded(mark) for mark in found]
        )

    # -- Ways in colour over the rest

    def _is_on_way(self, mark: Mark) -> bool:
        """Whether a mark belongs to the cells whose ways are shown, to a window that holds one, or to none at all."""
        facts = self.facts
        kind, _, _ = mark.name.partition("_")
        if kind == "route":
            return any(mark.name == f"route_{w.letter}" for w in facts.shown if facts.ways & {*w.contributions})
        kept = facts.ways if kind in ("in", "grad") else {window.output for window in facts.shown}
        is_cell = kind in ("in", "grad", "card", "out", "up", "map")
        return not is_cell or any(mark.name == name_of(kind, cell) for cell in kept)

    def _faded(self, mark: Mark) -> Mark:
        look = self.look
        if isinstance(mark, Words):
            return replace(mark, runs=tuple(replace(run, ink=look.muted) for run in mark.runs))
        if isinstance(mark, Way):
            return mark if mark.ink == look.background else replace(mark, ink=look.no_path)
        return replace(mark, fill=mark.fill and look.background, line=mark.line and look.cluster_borders[-1])

    # -- Shades and inks

    def colour(self, window: Window) -> str:
        """The colour of a window."""
        return colour_of(self.facts, self.look, window)

    def value_fill(self, x: float) -> str:
        """The shade of a value."""
        return self.look.leaf_fill if math.isnan(x) else shade(self.look, "value", self.heat(x))

    def gradient_fill(self, x: float) -> str:
        """The shade of a gradient: one hue for each sign."""
        if x == 0:
            return self.look.background
        sign = "positive" if x > 0 else "negative"
        return self.look.leaf_fill if math.isnan(x) else shade(self.look, sign, self.sizes(abs(x)))

    # -- Cells

    def _heading(self, block: str, lines: Sequence[str], x: float, y: float, anchor: float) -> Iterator[Mark]:
        ink = self.look.gradient if block == "gradient" else self.look.value
        size = self.plan.size_of_heading
        for k, line in enumerate(lines):
            words = Words(f"title_{block}", x, y + 1.2 * size * k, (Run(line, ink, bold=True),), size)
            yield replace(words, x=x + (0.5 - anchor) * words.width)

    def _input(self, cell: Cell) -> Iterator[Mark]:
        x, box, name = self.facts.routes.values[cell[0]][cell[1]], self.plan.input.cell(*cell), name_of("in", cell)
        if x is None:
            yield Plate(name, box, line=self.look.lost_fill)
            return
        wins = self.facts.wins.get(cell, [])
        fill = self.value_fill(x)
        told = not self.plan.is_map or any(window.number in self.facts.colours for window in wins)
        yield Plate(name, box, fill)
        if wins and told:
            yield Plate(name, within(box, WON / 2), line=self.look.text, pen=WON)
        yield from self._numbered(name, box, x, self.look.ink(fill), wins)

    def _gradient(self, cell: Cell) -> Iterator[Mark]:
        look, box, name = self.look, self.plan.gradient.cell(*cell), name_of("grad", cell)
        if cell in self.facts.unknown:
            yield Plate(name, box, line=look.not_computed, dash="dashed", pen=0.8)
            if not self.plan.is_map:
                yield from self._numbered(name, box, None, look.not_computed, [])
        elif cell in self.facts.lost:
            if not self.plan.is_map:
                yield Plate(name, _centred(box, DOT, DOT), look.no_path, dot=True)
        else:
            total = self.facts.totals[cell]
            fill = self.gradient_fill(total)
            yield Plate(name, box, fill, look.no_path, 0.6)
            yield from self._numbered(name, box, total, look.ink(fill), self.facts.wins.get(cell, []))
            if self.plan.is_map and total < 0:  # the sign of a number that is not written
                yield Plate(name, _centred(box, 0.6 * box.width, max(0.8, box.height / 7)), look.ink(fill))

    def _numbered(self, name: str, box: Box, x: float | None, ink: str, wins: Sequence[Window]) -> Iterator[Mark]:
        """The number in a cell, with the marks of the windows that chose it below."""
        if self.plan.is_map:
            return
        plan, size = self.plan, self.plan.style.number
        rows = plan.marks(wins)
        high = ASCENT * size + (2.5 + len(rows) * (plan.badge + BADGE_GAP) - BADGE_GAP if rows else 0.0)
        y = box.y + (box.height - high) / 2 + ASCENT * size
        words = "?" if x is None else self.facts.said(x)
        yield Words(name, box.x + box.width / 2, y, (Run(words, ink, bold=bool(wins)),), size)
        by_letter = {window.letter: window for window in wins}
        for k, row in enumerate(rows):
            left = box.x + (box.width - plan.row_width(row)) / 2
            for letter in row:
                at = Box(left, y + 2.5 + k * (plan.badge + BADGE_GAP), plan.badge_width(letter), plan.badge)
                yield from self.badge(name, at, letter, by_letter.get(letter))
                left += at.width + BADGE_GAP

    def badge(self, name: str, box: Box, letter: str, window: Window | None) -> Iterator[Mark]:
        """The mark of a window: its letter on its colour; of one that is not shown in grey."""
        known = window is not None and window.number in self.facts.colours
        fill = self.colour(window) if window is not None and known else self.look.cluster_fills[-1]
        ink = self.look.ink(fill) if known else self.look.text
        size = self.plan.letter
        yield Plate(name, box, fill, self.look.background, 0.8)
        yield Words(
            name, box.x + box.width / 2, box.y + (box.height + ASCENT * size) / 2, (Run(letter, ink, True),), size
        )

    def _padding(self) -> Iterator[Mark]:
        for cell in self.facts.beyond:
            box = self.plan.input.cell(*cell)
            yield Plate(name_of("pad", cell), box, line=self.look.no_path, dash="dashed", pen=0.6)

    # -- Outputs

    def _outputs(self) -> Iterator[Mark]:
        """All outputs by colour, where not all have a card; those that have one are framed."""
        if self.plan.outputs is None:
            return
        for window in self.facts.routes.windows:
            box = self.plan.outputs.cell(*window.output)
            fill = self.value_fill(window.value)
            shown = window.number in self.facts.colours
            look = {"line": self.colour(window), "pen": 1.6} if shown else {}
            yield Plate(name_of("map", window.output), box, fill, **look)  # type: ignore[arg-type]

    def _card(self, window: Window) -> Iterator[Mark]:
        """Value and gradient of an output, one above the other, with the mark of its window."""
        look, box, size = self.look, self.plan.cards[window.number], self.plan.style.number
        shown = window.number in self.facts.colours
        frame = name_of("card", window.output)
        yield Plate(frame, box, look.background, self.colour(window) if shown else look.cluster_borders[-1], FRAME)
        high = (box.height - 5) / 2
        upper = Box(box.x + 2, box.y + 2, box.width - 4, high)
        lower = Box(box.x + 2, box.y + 3 + high, box.width - 4, high)
        fill = self.value_fill(window.value)
        yield from self._half(name_of("out", window.output), upper, self.facts.said(window.value), fill, size)
        name = name_of("up", window.output)
        if window.upstream is None:
            yield Plate(name, lower, line=look.not_computed, dash="dashed", pen=0.8)
            yield from self._half(name, lower, "?", None, size)
        else:
            yield from self._half(
                name, lower, self.facts.said(window.upstream), self.gradient_fill(window.upstream), size
            )
        letter = window.letter
        wide = self.plan.badge_width(letter)
        yield from self.badge(
            frame, Box(box.x - 4, box.y - self.plan.badge / 2 - 1.5, wide, self.plan.badge), letter, window
        )

    def _half(self, name: str, box: Box, words: str, fill: str | None, size: float) -> Iterator[Mark]:
        ink = self.look.not_computed if fill is None else self.look.ink(fill)
        if fill is not None:
            edge = self.look.no_path if fill == self.look.background else None
            yield Plate(name, box, fill, edge, 0.6)
        y = box.y + (box.height + ASCENT * size) / 2
        yield Words(name, box.x + box.width / 2, y, (Run(words, ink, True),), size)

    # -- Frames, routes and arrows

    def _name(self, window: Window, lattice: Lattice) -> str:
        return f"{'back' if lattice is self.plan.gradient else 'window'}_{window.letter}"

    def _frame(self, window: Window, lattice: Lattice, frames: Frames) -> Iterator[Mark]:
        """The frame of a window; where its gradient goes to all of it, as wide as that is large."""
        came = window.upstream if lattice is self.plan.gradient else None
        look, pen, dash = self.look, FRAME, "solid"
        if came is not None:
            pen, dash = min(2.6, width(came)), look.style("negative_style" if came < 0 else "positive_style")
        for way, is_joint in frames.ways(window):
            thin = min(pen, 1.1) if is_joint else pen
            yield Way(self._name(window, lattice), way, self.colour(window), thin, dash)

    def _arrows(self) -> Iterator[Mark]:
        plan, look = self.plan, self.look
        yield Way("forwards", plan.forth, look.value, 2.5, head=True)
        if not plan.routed:
            yield Way("backwards", plan.back, look.gradient, 2.5, head=True)
        for window in plan.routed:
            came = window.upstream or 0.0
            dash = look.style("negative_style" if came < 0 else "positive_style")
            way = plan.routes[window.number]
            name, pen = f"route_{window.letter}", width(came)
            yield Way(name, (*way[:-1], self._landing(way)), look.background, pen + 3)
            yield Way(name, way, self.colour(window), pen, dash, head=True, casing=look.background)

    def _landing(self, way: Sequence[tuple[float, float]]) -> tuple[float, float]:
        """Where a route comes to the cells: there it runs between numbers, and is no longer kept clear of all else."""
        (x, y), whole = way[-1], self.plan.gradient.whole
        match self.plan.style.flow:
            case "row":
                return min(x, whole.x), y
            case "turn":
                return max(x, whole.x + whole.width), y
        return x, min(y, whole.y)


def _centred(box: Box, wide: float, high: float) -> Box:
    return Box(box.x + (box.width - wide) / 2, box.y + (box.height - high) / 2, wide, high)


def name_of(prefix: str, cell: Cell) -> str:
    """The name of a cell's marks.

    >>> name_of("in", (0, -1))
    'in_0_m1'
    """
    row, column = (f"m{-at}" if at < 0 else str(at) for at in cell)
    return f"{prefix}_{row}_{column}"
