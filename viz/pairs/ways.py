"""Ways to show two graphs: how much is said, whether beside or below each other, and which can be read in a place."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from autodiff.language.notation import Figures
from viz.graph.folding import Collapse
from viz.graph.ladder import SPARE
from viz.graph.legend import Entry, entries
from viz.graph.part import Part, foldings
from viz.graph.rows import Rows, Style
from viz.graph.sheet import sample
from viz.graph.sketch import Sketch
from viz.graph.view import View, view
from viz.ink.theme import Theme
from viz.layout.place import Place
from viz.pairs.changes import Changes
from viz.pairs.marked import Marked, marked
from viz.pairs.matching import Moment
from viz.pairs.sheet import Panel, Sheet, Size

__all__ = ["Sides", "Way", "Ways", "Wish"]

CHANGED, BRIEF = "yellow frame: changed", "what it was: left out at some boxes"


@dataclass(frozen=True)
class Wish:
    """How a pair is to be drawn: what is folded, the styles to try, the place, how numbers are written."""

    collapse: Collapse | None
    max_nodes: int | None
    rungs: Sequence[Style]
    place: Place
    legend: bool
    timeout: float
    figures: Figures


@dataclass(frozen=True)
class Sides:
    """What is shown of both; of graphs that are ``alike`` all stands in the same places."""

    views: tuple[View, View]
    rows: tuple[Rows, Marked]
    alike: bool

    @property
    def layouts(self) -> list[tuple[View, Rows]]:
        """What is to be laid out: both, or one that has room for the words of both."""
        if self.alike:
            return [(self.views[1], self.rows[1].with_room_for(self.rows[0]))]
        return list(zip(self.views, self.rows, strict=True))

    @cached_property
    def _sketches(self) -> list[Sketch]:
        return [Sketch(*each) for each in self.layouts]

    @property
    def is_small(self) -> bool:
        """Whether it can be sketched."""
        return all(sketch.is_small for sketch in self._sketches)

    @cached_property
    def _sized(self) -> dict[tuple[Style, bool], tuple[Size, Size]]:
        return {}

    def sizes(self, style: Style, least: bool = False) -> tuple[Size, Size]:
        """How large both would be in a style; or how large ``at least``, which is soon known."""
        if not self.is_small:
            return (math.inf, math.inf), (math.inf, math.inf)
        if (style, least) not in self._sized:
            sheets = [sketch.sheet(style) for sketch in self._sketches]
            found = [sheet.least() if least else sheet.size() for sheet in sheets]
            self._sized[style, least] = found[0], found[-1]
        return self._sized[style, least]

    def in_style(self, style: Style) -> Sides:
        """The same in a style."""
        before, after = (rows.in_style(style) for rows in self.rows)
        assert isinstance(after, Marked)
        return Sides(self.views, (before, after), self.alike)

    @cached_property
    def brief(self) -> tuple[Sides, Sides]:
        """The same with fewer and fewer words of what was otherwise."""
        first, second = (
            Sides(self.views, (self.rows[0], self.rows[1].in_brief(few)), self.alike) for few in (True, False)
        )
        return first, second

    @cached_property
    def narrow(self) -> Sides:
        """The same with rows of their own for what was otherwise."""
        return Sides(self.views, (self.rows[0], self.rows[1].in_rows()), self.alike)


@dataclass(frozen=True)
class Way:
    """One way to show both: in a style, beside or below each other, or ``alone``: the later one, with what was.

    ``sides`` are the ``origin`` with as many words as are said.
    """

    origin: Sides
    sides: Sides
    style: Style
    beside: bool
    alone: bool = False

    @cached_property
    def styled(self) -> Sides:
        """The two in this style."""
        return self.sides.in_style(self.style)


@dataclass(frozen=True)
class Ways:
    """All ways to show two graphs, in the order in which a reader misses least, and the sheet that each makes."""

    changes: Changes
    titles: tuple[str, str]
    theme: Theme
    wish: Wish
    sentences: Sequence[str] = field(default=())

    def first(self) -> Way:
        """The first way in which all can be read; else what comes nearest."""
        best, most, shown = None, -1.0, list[Sides]()
        for sides, tried in _in_turn(self._possible(), shown):
            for way in tried(sides, self.wish.rungs if sides.is_small else self.wish.rungs[:1]):
                sheet = self.sheet(way, self._guess(way, least=True))
                if not sheet.fits(self.wish.place) and self.wish.place.scale(sheet.size) <= most * 1.02:
                    continue  # it neither fits nor comes nearer, wherever its boxes stand
                sheet = self.sheet(way, self._guess(way))
                if sheet.fits(self.wish.place):
                    return way
                if (scale := self.wish.place.scale(sheet.size)) > most * 1.02:
                    best, most = way, scale
        assert best is not None
        return best

    def better(self, way: Way, sizes: tuple[Size, Size]) -> Way:
        """What to draw instead of a way that was measured: estimates are wrong by as much as here."""
        guess = way.sides.sizes(way.style)
        off = [(real[0] / told[0], real[1] / told[1]) for real, told in zip(sizes, guess, strict=True)]
        best, most = way, self.wish.place.scale(self.sheet(way, sizes).size)
        for other in (one for tried in TRIED for one in tried(way.origin, self.wish.rungs)):
            if not way.sides.is_small:
                break
            (w, h), (wide, high) = other.sides.sizes(other.style)
            (x, y), (across, down) = off if other.style.vertical == way.style.vertical else [(self._spare,) * 2] * 2
            sheet = self.sheet(other, ((w * x, h * y), (wide * across, high * down)))
            if sheet.fits(self.wish.place):
                return other
            if (scale := self.wish.place.scale(sheet.size)) > most * 1.02:
                best, most = other, scale
        return best

    def arranged(self, way: Way, sizes: tuple[Size, Size]) -> Way:
        """The same with the two beside each other where they can be read so, else where they are larger."""
        if way.alone:
            return way
        both = [Way(way.origin, way.sides, way.style, beside) for beside in (True, False)]
        fitting = [one for one in both if self.sheet(one, sizes).fits(self.wish.place)]
        return fitting[0] if fitting else max(both, key=lambda one: self.wish.place.scale(self.sheet(one, sizes).size))

    def sheet(self, way: Way, sizes: tuple[Size, Size], drawn: Sequence[str] = ("", "")) -> Sheet:
        """The picture that a way makes of two panels of these sizes."""
        panels = [Panel(*each) for each in zip(self.titles, sizes, drawn, strict=True)]
        if way.alone:
            panels = [Panel(f"{self.titles[1]} (in brackets: {self.titles[0]})", sizes[1], drawn[1])]
        legend = [(entry.width(self.theme.small_size), sample(entry, self.theme)) for entry in self.entries(way.styled)]
        below = Sheet(panels, self.sentences, self.theme, legend, way.beside)
        if self.wish.place.height is None:
            return below
        return max(below, replace(below, aside=True), key=lambda sheet: self.wish.place.scale(sheet.size))

    def entries(self, sides: Sides) -> list[Entry]:
        """The legend of both: what is drawn in one of them, at least."""
        if not self.wish.legend:
            return []
        pairs = zip(sides.views, sides.rows, strict=True)
        found = list(
            dict.fromkeys(entry for shown, rows in pairs for entry in entries(shown, rows.in_theme(self.theme)))
        )
        was = sides.rows[1].was
        if was.boxes:
            all_told = len(was.values) == len(self.changes.values) and len(was.gradients) == len(self.changes.gradients)
            found[:0] = [Entry(text, self.theme.text) for text in (CHANGED, BRIEF)[: 2 - all_told]]
        return found

    def _guess(self, way: Way, least: bool = False) -> tuple[Size, Size]:
        spare, ((w, h), (wide, high)) = self._spare, way.sides.sizes(way.style, least)
        return (w * spare, h * spare), (wide * spare, high * spare)

    @property
    def _spare(self) -> float:
        return 1.0 if self.wish.place.height is None else SPARE

    def _possible(self) -> Iterator[Sides]:
        """What may be shown: all that is wished, and as long as that does not fit, more and more folded."""
        before, after = self.changes.before, self.changes.after
        rows = [
            Rows(moment.graph, moment.snapshot, moment.labels, self.theme, figures=self.wish.figures)
            for moment in (before, after)
        ]
        later = marked(rows[1], self.changes)
        for folds in foldings(after.graph, self.wish.collapse):
            shown = self._on_paper(after, view(after.graph, collapse=folds, limit=self.wish.max_nodes))
            other = shown if self.changes.alike else self._on_paper(before, self._other(folds))
            yield Sides((other, shown), (rows[0].of(other), later.in_view(shown)), self.changes.alike)

    def _on_paper(self, moment: Moment, shown: View) -> View:
        """With a softmax as on paper; of what a score's gradient is made, beside another there is no room to tell."""
        part = Part(moment.graph, self.wish.collapse, labels=moment.labels)
        return replace(part.on_paper(shown), differences={})

    def _other(self, folds: Collapse) -> View:
        """The earlier of two graphs of different structure, which need not have all the scopes of the later one."""
        graph, limit = self.changes.before.graph, self.wish.max_nodes
        try:
            return view(graph, collapse=folds, limit=limit)
        except ValueError:
            if not isinstance(folds, (str, list)):
                raise
            known: set[Any] = {*graph.scopes, *(scope.name for scope in graph.scopes)}
            return view(graph, collapse=[one for one in _several(folds) if one in known] or False, limit=limit)


def _several(folds: Any) -> list[Any]:
    return [folds] if isinstance(folds, str) else [*folds]


def _in_turn(possible: Iterable[Sides], shown: list[Sides]) -> Iterator[tuple[Sides, Tried]]:
    """All that may be shown, as two pictures; then as one that tells what was; then with fewer words of that."""
    for sides in possible:
        shown.append(sides)
        yield sides, TRIED[0]
    yield from ((sides, tried) for tried in TRIED[1:] for sides in shown)


def _pairs(sides: Sides, rungs: Sequence[Style]) -> Iterator[Way]:
    """Two pictures, beside or below each other."""
    for style, each in _forms(sides, rungs):
        yield Way(sides, each, style, beside=True)
        yield Way(sides, each, style, beside=False)


def _singles(sides: Sides, rungs: Sequence[Style]) -> Iterator[Way]:
    """The later one alone, in which stands what was."""
    if sides.alike:
        yield from (Way(sides, each, style, beside=False, alone=True) for style, each in _forms(sides, rungs))


def _briefly(sides: Sides, rungs: Sequence[Style]) -> Iterator[Way]:
    """With fewer words of what was."""
    for brief in sides.brief:
        for style in rungs:
            yield Way(sides, brief, style, beside=True)
            yield Way(sides, brief, style, beside=False)
            if sides.alike:
                yield Way(sides, brief, style, beside=False, alone=True)


def _forms(sides: Sides, rungs: Sequence[Style]) -> Iterator[tuple[Style, Sides]]:
    for style in rungs:
        yield style, sides
        if style.box == "stack":
            yield style, sides.narrow


Tried = Callable[[Sides, Sequence[Style]], Iterator[Way]]
TRIED: tuple[Tried, ...] = (_pairs, _singles, _briefly)  # in the order in which a reader misses least
