"""Two pools beside each other as one drawing: the same places, what changed framed, and told with what it was."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product
from typing import NoReturn

from autodiff.ground.windows import Cell
from autodiff.language.notation import writing
from viz.ink.ruler import lines_of, width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.layout.place import LEAST, Place
from viz.pairs.both import BothPools, came
from viz.pairs.changes import same_number
from viz.pairs.pools import PoolChanges
from viz.pairs.room import is_badge, placed_at, placed_in
from viz.pairs.telling import in_short, number_text
from viz.pools.facts import Facts
from viz.pools.heat import Heat
from viz.pools.marks import MARGIN, Drawing, Mark, Plate, Run, Way, Words
from viz.pools.notes import legend_marks, legend_of
from viz.pools.paint import Painter, name_of
from viz.pools.plan import Plan
from viz.pools.sheet import Sheet
from viz.pools.style import Style, ladder

__all__ = ["PoolPair", "pair_of_pools"]

APART, LEAD = 26.0, 1.35  # between the two, in points; between lines of words, in sizes
NARROWEST = 290.0  # points: room for a sentence
NUMBERED = 24  # rows or columns at most that have numbers
FRAME = 2.4  # the pen around what changed
CHANGED = "yellow frame: changed"
SHADED = ("ramp", "positive", "negative")  # in the legend, what both have the same shades of


class PoolPair(Sheet):
    """Two pools in one picture."""

    def step(self, **_: object) -> NoReturn:
        """Pools alone have no steps: ``TypeError`` says what has."""
        raise TypeError("pools are compared in stills; step through what was made of them: compare(y1, y2).step()")


def pair_of_pools(
    changes: PoolChanges,
    titles: tuple[str, str],
    look: Theme,
    fit: Place,
    legend: bool = True,
    digits: int | None = None,
) -> PoolPair:
    """The picture of two pools, made for a place."""
    made = BothPools(changes, titles, legend, digits)
    tried = _first(made, look, fit)
    shown = PoolPair(look, tried.drawing(), tried.scale)
    shown.described = f"{titles[0]}, {titles[1]}", in_short(made.sentences)
    shown.again = partial(pair_of_pools, changes, titles, look, legend=legend, digits=digits)
    if look.dark is not None:
        shown.follows(Sheet(look.in_the_dark, replace(tried, look=look.in_the_dark).drawing(), tried.scale))
    return shown


def _first(made: BothPools, look: Theme, place: Place) -> _Pair:
    """The first form in which all can be read in a place, else that which comes nearest."""
    facts = made.facts[1]
    few = max(facts.rows, facts.columns) <= NUMBERED
    best, most = None, (False, False, 0.0)
    for style in ladder(look, facts.rows == 1, len(facts.routes.windows), few):
        for beside, roomy in product((True, False), (True, False)):
            pair = _Pair(made, look, style, beside, place, roomy)
            scale = pair.scale_in_place
            if not place.enlarged and scale == 1.0:
                return pair
            readable = scale * min(style.number, look.small_size, pair.plans[0].letter) >= LEAST
            seen = (readable, readable and not style.pixel, round(scale * (style.pixel or style.number), 1))
            if seen > most:
                best, most = pair, seen
    assert best is not None
    return best


@dataclass(frozen=True)
class _Pair:
    """Both pools in one form, beside or below each other."""

    made: BothPools
    look: Theme
    style: Style
    beside: bool
    place: Place
    roomy: bool = False  # whether cells have room for what they were

    @cached_property
    def plans(self) -> tuple[Plan, Plan]:
        """Where everything is: of pools that are alike in the same places."""
        one, other = self.made.facts
        told = ([one, other], [other, one]) if self.made.changes.alike else ([one], [other])
        top, wide = self._over, self._wide if self.roomy else (0.0, 0.0)
        return Plan(told[0], self.style, self.look, top, wide), Plan(told[1], self.style, self.look, top, wide)

    @property
    def _wide(self) -> tuple[float, float]:
        """The room in cells for what their numbers were, and for what they got."""
        if self._is_flat:
            return 0.0, 0.0
        changed, size = (self.made.changes.values, self.made.changes.gradients), self.look.small_size
        one, other = (max((width_of(self._was(x), size) for x in old.values()), default=0.0) for old in changed)
        return one, other

    def _was(self, old: float | None) -> str:
        with writing(self.made.facts[1].figures):
            return f"was {number_text(old)}"

    @property
    def _is_flat(self) -> bool:
        return self.made.facts[1].rows == 1 and not self.style.pixel

    @property
    def _over(self) -> float:
        """The room above the cells for what their numbers were."""
        return 1.4 * self.look.small_size if self._is_flat and self.made.changes.values else 0.0

    @property
    def _under(self) -> float:
        """The room below the cells for what they got."""
        return 2.8 * self.look.small_size if self._is_flat and self.made.changes.gradients else 0.0

    @cached_property
    def _head(self) -> float:
        return 1.9 * self.look.value_size

    @cached_property
    def sizes(self) -> list[tuple[float, float]]:
        """How wide and high each panel is, its name included."""
        titles = [width_of(title, self.look.value_size, bold=True) for title in self.made.titles]
        pairs = zip(self.plans, titles, strict=True)
        return [(max(p.size[0], wide), p.size[1] + self._head + self._under) for p, wide in pairs]

    @cached_property
    def inner(self) -> float:
        """How wide all is, but for the margin."""
        wide = sum(w for w, _ in self.sizes) + APART if self.beside else max(w for w, _ in self.sizes)
        return max(wide, min(NARROWEST, self.place.width - 2 * MARGIN))

    @cached_property
    def _told(self) -> tuple[list[Mark], float]:
        """The sentences and the legend, and where they end."""
        one, other = self.sizes
        y = (max(one[1], other[1]) if self.beside else one[1] + other[1] + APART) + 6
        size, found = self.look.gradient_size, list[Mark]()
        for k, text in enumerate(self.made.sentences):
            for line in lines_of(text, size, self.inner):
                y += LEAD * size
                found.append(Words(f"told_{k}", 0, y, (Run(line, self.look.text),), size, start=True))
        if self.made.legend:
            marks, y = legend_marks(self._legend(), self.look, self.inner, y)
            found += marks
        return found, y

    def _legend(self) -> list[tuple[str, str]]:
        """What the marks of both mean; where both have the same shades, up to the largest number of both."""
        found: dict[object, tuple[str, str]] = {}
        for facts, plan in zip(self.made.facts, self.plans, strict=True):
            for kind, text in legend_of(facts, plan):
                found.setdefault(kind if kind in SHADED else text, (kind, text))
        if self.made.changes.alike and self.style.pixel:
            said = self.made.facts[1].said
            values = [x for one in self.made.facts for row in one.routes.values for x in row if x is not None]
            finite = [x for x in values if math.isfinite(x)]
            sent = [abs(x) for one in self.made.facts for x in came(one) if math.isfinite(x)]
            if "ramp" in found and finite:
                found["ramp"] = "ramp", f"values from {said(min(finite))} to {said(max(finite))}"
            if "positive" in found and any(sent):
                found["positive"] = "positive", f"gradient above 0 up to {said(max(sent))}"
        changes = self.made.changes
        changed = [("", CHANGED)] if changes.values or changes.gradients or changes.cards else []
        return [*changed, *found.values()]

    @cached_property
    def size(self) -> tuple[float, float]:
        """Of all."""
        return self.inner + 2 * MARGIN, self._told[1] + 2 * MARGIN

    @property
    def scale_in_place(self) -> float:
        """How much larger it is shown."""
        return self.place.scale(self.size)

    @property
    def scale(self) -> float:
        """How much larger it is at its own size."""
        return self.scale_in_place if self.place.enlarged else 1.0

    def drawing(self) -> Drawing:
        """All of it."""
        found: list[Mark] = []
        x = y = 0.0
        for side, (facts, plan) in enumerate(zip(self.made.facts, self.plans, strict=True)):
            size = self.look.value_size
            runs = (Run(self.made.titles[side], self.look.text, True),)
            found.append(Words(f"panel_{side}", x, y + size, runs, size, start=True))
            marks = self._painted(facts, plan)
            if side:  # the marks of windows lie above the frames of what changed
                badges = [replace(mark, name=f"{mark.name}_letter") for mark in marks if is_badge(mark, plan)]
                changed, were = [*self._changed(plan)], [*self._were_in_cells(plan, marks)]
                were += self._were_at_cards(plan, [*marks, *changed, *were])
                marks = [*(mark for mark in marks if not is_badge(mark, plan)), *changed, *were, *badges]
            name = ("before", "after")[side]
            marks = [replace(mark, name=f"{name}_{mark.name}") for mark in marks]
            found += Drawing(0, 0, marks).moved(x, y + self._head)
            wide, high = self.sizes[side]
            x, y = (x + wide + APART, y) if self.beside else (x, y + high + APART)
        whole = Drawing(*self.size, [*found, *self._between(), *self._told[0]])
        whole.marks = sorted(whole.moved(MARGIN, MARGIN), key=lambda mark: isinstance(mark, Way))
        return whole

    def _between(self) -> Iterator[Mark]:
        (wide, high), other = self.sizes
        line = ((wide + APART / 2, 0.0), (wide + APART / 2, max(high, other[1])))
        if not self.beside:
            line = ((0.0, high + APART / 2), (self.inner, high + APART / 2))
        yield Way("between", line, self.look.no_path, 0.75)

    def _painted(self, facts: Facts, plan: Plan) -> list[Mark]:
        """One pool, in the shades of both."""
        painter = Painter(facts, plan, self.look)
        if self.made.changes.alike:
            values = [x for one in self.made.facts for row in one.routes.values for x in row if x is not None]
            outputs = [w.value for one in self.made.facts for w in one.routes.windows]
            painter.heat = Heat([*values, *outputs])
            painter.sizes = Heat([0.0, *(abs(x) for one in self.made.facts for x in came(one))])
        return painter.marks()

    def _changed(self, plan: Plan) -> Iterator[Mark]:
        """Frames around what is another number, and beside it, where there is room, what it was."""
        changes = self.made.changes
        for name, cells, lattice in (("in", changes.values, plan.input), ("grad", changes.gradients, plan.gradient)):
            for cell in cells:
                yield self._framed(f"changed_{name}_{cell[0]}_{cell[1]}", lattice.cell(*cell))
        for window in changes.cards:
            if window.number in plan.cards:
                yield self._framed(f"changed_out_{window.letter}", plan.cards[window.number])
        if self._is_flat:
            heading = 0.0 if self.style.flow == "stack" else 1.45 * plan.size_of_heading  # it stands beside, or above
            yield from self._were("in", changes.values, plan, plan.input.y - plan.badge / 2 - 5 - heading, -1)
            yield from self._were("grad", changes.gradients, plan, plan.size[1] + self.look.small_size + 1, 1)

    def _were_in_cells(self, plan: Plan, marks: Sequence[Mark]) -> Iterator[Mark]:
        """What the numbers of cells in several rows were, where a cell has room for it."""
        size = self.look.small_size
        if self._is_flat or plan.is_map or size * self.scale_in_place < LEAST:
            return
        inks = {mark.name: mark.runs[0].ink for mark in marks if isinstance(mark, Words)}
        changes = self.made.changes
        for name, cells, lattice in (("in", changes.values, plan.input), ("grad", changes.gradients, plan.gradient)):
            for cell, old in cells.items():
                runs = (Run(self._was(old), inks.get(name_of(name, cell), self.look.text)),)
                word = Words(f"was_{name}_{cell[0]}_{cell[1]}", 0, 0, runs, size)
                if found := placed_in(lattice.cell(*cell), word, marks):
                    yield found

    def _were_at_cards(self, plan: Plan, marks: Sequence[Mark]) -> Iterator[Mark]:
        """What the value and the gradient of an output were, at its card, where there is room for it."""
        size, taken, whole = self.look.small_size, [*marks], Box(0, 0, plan.size[0], plan.size[1] + self._under)
        has_room, ink = not plan.is_map and size * self.scale_in_place >= LEAST, self.look.muted
        for one, other in self.made.changes.windows if has_room else ():
            pairs = ((one.value, other.value), (one.upstream, other.upstream)) if other.number in plan.cards else ()
            for lower, (old, new) in enumerate(pairs):
                word = Words(f"was_{('out', 'up')[lower]}_{other.letter}", 0, 0, (Run(self._was(old), ink),), size)
                found = placed_at(plan.cards[other.number], bool(lower), word, taken, whole)
                taken += [found] if found and not same_number(old, new) else []
        yield from taken[len(marks) :]

    def _framed(self, name: str, box: Box) -> Plate:
        grown = Box(box.x - 1.5, box.y - 1.5, box.width + 3, box.height + 3)
        return Plate(name, grown, line=self.look.highlight, pen=FRAME)

    def _were(self, name: str, cells: Iterable[Cell], plan: Plan, y: float, way: int) -> Iterator[Mark]:
        """What the numbers of a row of cells were, in two lines where they would meet."""
        old, lattice = (
            (self.made.changes.values, plan.input) if name == "in" else (self.made.changes.gradients, plan.gradient)
        )
        size, ends = self.look.small_size, [-math.inf, -math.inf]
        for cell in sorted(cells):
            box = lattice.cell(*cell)
            runs = (Run(self._was(old[cell]), self.look.muted),)
            word = Words(f"was_{name}_{cell[1]}", box.x + box.width / 2, y, runs, size)
            line = 0 if word.box.x > ends[0] + 4 else 1
            ends[line] = word.box.x + word.width
            yield replace(word, y=y + 1.25 * size * line * way)
