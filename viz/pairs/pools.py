"""What differs between two moments of a pool, or two pools of the same cells: facts, and sentences made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autodiff import Graph, PoolRoutes, StaleError, Value, Window, routes
from autodiff.facts.routes import recall
from autodiff.ground.windows import Cell
from autodiff.recording.reverse import NO_PATH, held
from autodiff.writing.phrases import is_own
from viz.graph.naming import Names, labels_of
from viz.ink.text import visible
from viz.ink.theme import numeral
from viz.pairs.changes import same_number
from viz.pairs.telling import LISTED, NAME, number_text
from viz.pools.facts import Facts

__all__ = ["PoolChanges", "Pooled", "pooled", "told_of_pools"]


@dataclass(frozen=True)
class Pooled:
    """A pool with the numbers of one moment, and the names that its cells have."""

    routes: PoolRoutes
    names: Mapping[Cell, str]
    held: Mapping[Cell, float | None]  # the gradients that the cells themselves hold, from whichever passes

    @cached_property
    def facts(self) -> Facts:
        """What there is to tell of it."""
        return Facts(self.routes)

    def gradient(self, cell: Cell) -> float | None:
        """What a cell got: None while that is not known, ``NO_PATH`` where no path leads to it."""
        lost = None if cell in self.facts.unknown else NO_PATH
        return self.facts.totals.get(cell, lost)

    def value(self, cell: Cell) -> float | None:
        """The number in a cell; None where no window covers it."""
        return self.routes.values[cell[0]][cell[1]]

    def called(self, cell: Cell) -> str:
        """A cell by its name, else by its place, counted from 0."""
        place = f"cell {cell[1]}" if len(self.routes.values) == 1 else f"cell ({cell[0]}, {cell[1]})"
        return visible(self.names.get(cell, place), NAME)


def pooled(thing: Any, names: Names, frame: Any) -> Pooled | None:
    """The pool whose outputs these are, or whose routes; None where they are something else."""
    if isinstance(thing, PoolRoutes):
        return Pooled(thing, {}, {})
    if not isinstance(thing, (list, tuple)) and not hasattr(thing, "tolist"):
        return None
    try:
        pool, grid = recall(thing)
    except (TypeError, ValueError, IndexError):
        return None
    values = [value for row in grid for value in row]
    try:
        found = routes(grid)
    except StaleError as error:
        raise StaleError(
            f"{str(error).partition(';')[0]}; keep the numbers of before an update with before = routes(p), and "
            "compare that"
        ) from None
    graph = Graph(*dict.fromkeys(values))
    labels = labels_of(graph, names, frame)
    known = set(graph.values)
    cells = {(r, c): cell for r, row in enumerate(pool.grid) for c, cell in enumerate(row)}
    numbers = {at: graph.number(cell) for at, cell in cells.items() if isinstance(cell, Value) and cell in known}
    called = {at: labels[number] for at, number in numbers.items() if is_own(number, labels[number])}
    return Pooled(found, called, {at: held(graph.values[number]) for at, number in numbers.items()})


@dataclass(frozen=True)
class PoolChanges:
    """Two moments of a pool, or two pools."""

    before: Pooled
    after: Pooled

    @cached_property
    def alike(self) -> bool:
        """Whether the windows are the same, so that each stands for the one of its letter."""
        one, other = self.before.routes, self.after.routes
        return self.same_grid and all(
            getattr(one, part) == getattr(other, part)
            for part in ("kind", "kernel", "stride", "padding", "dilation", "output_shape")
        )

    @cached_property
    def same_grid(self) -> bool:
        """Whether the grids are equally large, so that each cell stands for the one in its place."""
        one, other = self.before.routes.values, self.after.routes.values
        return (len(one), len(one[0])) == (len(other), len(other[0]))

    @property
    def cells(self) -> list[Cell]:
        """The cells that both have."""
        values = self.after.routes.values
        return [(r, c) for r, row in enumerate(values) for c in range(len(row))] if self.same_grid else []

    @cached_property
    def values(self) -> Mapping[Cell, float | None]:
        """Of each cell whose number is another, the number that it had."""
        pairs = ((cell, self.before.value(cell)) for cell in self.cells)
        return {cell: old for cell, old in pairs if not same_number(old, self.after.value(cell))}

    @cached_property
    def passed(self) -> bool:
        """Whether a backward pass has come back to one of the two."""
        return any(w.upstream is not None for side in (self.before, self.after) for w in side.routes.windows)

    @cached_property
    def gradients(self) -> Mapping[Cell, float | None]:
        """Of each cell that got something else, what it had got; of no pass, nothing."""
        pairs = ((cell, self.before.gradient(cell)) for cell in (self.cells if self.passed else ()))
        return {cell: old for cell, old in pairs if not same_number(old, self.after.gradient(cell))}

    @cached_property
    def added(self) -> Mapping[Cell, tuple[float, float]]:
        """Of cells that got the same of this pool, the gradients that they held and hold, where these differ."""
        found = {}
        for cell in self.cells:
            old, new = (side.held.get(cell) for side in (self.before, self.after))
            if old and new and old != new and cell not in self.gradients:
                found[cell] = old, new
        return found

    @cached_property
    def windows(self) -> Sequence[tuple[Window, Window]]:
        """Each window as it was and as it is."""
        pairs = zip(self.before.routes.windows, self.after.routes.windows, strict=False)
        return list(pairs) if self.alike else []

    @cached_property
    def won(self) -> Sequence[tuple[Window, Window]]:
        """The windows that another cell has won."""
        one, other = self.before.facts, self.after.facts
        return [(a, b) for a, b in self.windows if other.is_max and one.winner(a) != other.winner(b)]

    @cached_property
    def cards(self) -> Sequence[Window]:
        """The windows whose output has another value, or to which something else came back."""
        return [
            b for a, b in self.windows if not (same_number(a.value, b.value) and same_number(a.upstream, b.upstream))
        ]


def told_of_pools(changes: PoolChanges) -> list[str]:
    """What changed and why, the causes first."""
    parts = _pools, _cells, _winners, _outputs, _upstream, _gradients, _added
    told = [sentence for part in parts for sentence in part(changes)]
    return told or ["Nothing differs: the same values, and the same gradients."]


def _pools(changes: PoolChanges) -> Iterator[str]:
    before, after = changes.before.facts, changes.after.facts
    if not changes.alike:
        yield f"The pools differ: {before.operation} before, {after.operation} after."
    if not changes.same_grid:
        sizes = [f"{facts.rows} × {facts.columns}" for facts in (before, after)]
        yield f"The grids differ: {sizes[0]} cells before, {sizes[1]} after."


def _cells(changes: PoolChanges) -> Iterator[str]:
    after = changes.after
    if 0 < len(changes.values) <= LISTED:
        pairs = ((cell, _number(old), _number(after.value(cell))) for cell, old in changes.values.items())
        told = [f"{after.called(cell)} was {old}, is {new}" for cell, old, new in pairs]
        yield _sentence("; ".join(told))
    elif changes.values:
        yield f"{len(changes.values)} of {len(changes.cells)} cells have other values."


def _winners(changes: PoolChanges) -> Iterator[str]:
    before, after = changes.before, changes.after
    for old, new in changes.won[:LISTED]:
        lost, won = before.facts.winner(old), after.facts.winner(new)
        text = f"Window {new.letter} is won by {_with_value(after, won)}, not {_with_value(before, lost)} as before"
        came = f"; its gradient {numeral(new.upstream)} goes there" if new.upstream is not None else ""
        yield f"{text}{came}."
    if (more := len(changes.won) - LISTED) > 0:
        yield f"{more} more window{'s are' if more > 1 else ' is'} won by another cell."


def _outputs(changes: PoolChanges) -> Iterator[str]:
    pairs = [(a, b) for a, b in changes.windows if not same_number(a.value, b.value)]
    told = [f"the output of {b.letter} was {numeral(a.value)}, is {numeral(b.value)}" for a, b in pairs[:LISTED]]
    if 0 < len(pairs) <= LISTED:
        yield _sentence("; ".join(told))
    elif pairs:
        yield f"{len(pairs)} of {len(changes.windows)} outputs have other values."


def _upstream(changes: PoolChanges) -> Iterator[str]:
    pairs = [(a, b) for a, b in changes.windows if not same_number(a.upstream, b.upstream)]
    if any(a.upstream is None for a, _ in pairs) and all(a.upstream is None for a, _ in changes.windows):
        yield "Before, no backward pass had come back to the pool."
    elif pairs and all(b.upstream is None for _, b in changes.windows):
        yield "After, no backward pass has come back to the pool."
    elif 0 < len(pairs) <= LISTED:
        told = [f"what comes back to {b.letter} was {_came(a)}, is {_came(b)}" for a, b in pairs]
        yield _sentence("; ".join(told))
    elif pairs:
        yield f"What comes back is another at {len(pairs)} of {len(changes.windows)} windows."


def _gradients(changes: PoolChanges) -> Iterator[str]:
    after, changed = changes.after, changes.gradients
    if 0 < len(changed) <= LISTED:
        yield _sentence("; ".join(_got(after, cell, old) for cell, old in changed.items()))
    elif changed:
        yield f"{len(changed)} of {len(changes.cells)} cells get another gradient."
    elif changes.cells and changes.passed and (changes.values or not changes.alike):
        yield "Each cell gets the gradient that it got."


def _added(changes: PoolChanges) -> Iterator[str]:
    """That cells hold more than this pass has sent: leaves add up."""
    pairs = [(changes.after.called(cell), *both) for cell, both in changes.added.items()]
    if pairs and not changes.gradients and not changes.values:
        yield "What the pool sends back is the same."
    if 0 < len(pairs) <= LISTED:
        told = [f"{name}.grad was {numeral(old)}, is {numeral(new)}" for name, old, new in pairs]
        yield _sentence(f"{'; '.join(told)}: leaves add up what all passes send")
    elif pairs:
        yield f"{len(pairs)} cells hold other gradients all the same: leaves add up what all passes send."


def _got(after: Pooled, cell: Cell, old: float | None) -> str:
    new, name = after.gradient(cell), after.called(cell)
    if old is None:
        return f"{name} gets {_number(new)}"
    if new is None:
        return f"{name} got {_number(old)}"
    if new is NO_PATH:
        return f"{name} got {_number(old)}, and no path leads there now"
    if old is NO_PATH:
        return f"{name} gets {_number(new)}, and no path led there before"
    return f"{name} got {_number(old)}, gets {_number(new)}"


def _with_value(side: Pooled, cell: Cell) -> str:
    return f"{side.called(cell)} = {_number(side.value(cell))}"


def _number(number: float | None) -> str:
    return number_text(number)


def _came(window: Window) -> str:
    return "nothing" if window.upstream is None else numeral(window.upstream)


def _sentence(text: str) -> str:
    """A sentence that begins with a name, which stays as it is, or with a word of ours."""
    first = text.split(" ")[0]
    return f"{text[:1].upper() if first in ('what', 'the', 'cell') else text[:1]}{text[1:]}."
