"""Which windows of a pool a picture tells of: all of a few, else those that are asked for, or the most telling ones."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from autodiff import Value
from autodiff.facts.routes import PoolRoutes, Window, receivers
from autodiff.ground.text import quoted
from autodiff.ground.windows import Cell
from viz.ink.theme import width

__all__ = ["FEW", "MOST", "cells_of", "chosen", "holding"]

MOST, FEW = 9, 6  # so many windows are all told of; of more, so many are chosen


def chosen(routes: PoolRoutes, asked: Any = None) -> tuple[Window, ...]:
    """The windows to tell of, in their order; ``asked`` are letters ("A C", ["A", "AB"]) or places ((0, 2), ...).

    ``ValueError`` for one that the pool does not have.
    """
    if asked is None:
        return routes.windows if len(routes.windows) <= MOST else _telling(routes)
    found = {window.number: window for window in map(_finder(routes), _listed(routes, asked))}
    if not found:
        raise ValueError("windows= names the windows to show, by letters ('A C') or places ((0, 2)); it is empty")
    return tuple(found[number] for number in sorted(found))


def cells_of(grid: Sequence[Sequence[Any]], path: Any, paths: Any) -> frozenset[Cell]:
    """The cells whose ways are to be shown, given as Values of the grid or by their places; none where nobody wished.

    ``ValueError`` for one that is not there, ``TypeError`` for anything else.
    """
    if path is not None and paths is not None:
        raise ValueError("give path=x for the ways of one cell, or paths=(x, y) for those of several, not both")
    is_one = paths is None or isinstance(paths, Value)
    asked = [path if paths is None else paths] if is_one else [*paths]
    if asked == [None]:
        return frozenset()
    places = {id(cell): (r, c) for r, row in enumerate(grid) for c, cell in enumerate(row) if isinstance(cell, Value)}
    return frozenset(_cell(grid, places, one) for one in asked)


def _cell(grid: Sequence[Sequence[Any]], places: dict[int, Cell], asked: Any) -> Cell:
    rows, columns = len(grid), len(grid[0])
    is_place = isinstance(asked, (int, tuple)) and not isinstance(asked, bool) and _is_place(asked)
    if not isinstance(asked, Value) and not is_place:
        raise TypeError(
            f"path= and paths= take cells of the pool: Values, or places such as (0, 2); got {quoted(asked)}"
        )
    if isinstance(asked, Value):
        found = places.get(id(asked))
    else:
        row, column = (0, asked) if isinstance(asked, int) else asked
        found = (row, column) if 0 <= row < rows and 0 <= column < columns else None
    if found is None:
        raise ValueError(
            f"{quoted(asked)} is no cell of this pool, whose cells are (0, 0) to {(rows - 1, columns - 1)}"
        )
    return found


def holding(routes: PoolRoutes, cells: Iterable[Cell]) -> tuple[Window, ...]:
    """The windows that hold any of these cells; ``ValueError`` where none does."""
    wanted = set(cells)
    found = tuple(window for window in routes.windows if not wanted.isdisjoint(window.cells))
    if not found:
        raise ValueError("no window of this pool covers the cells of path=, so no way leads from there")
    return found


def _listed(routes: PoolRoutes, asked: Any) -> list[Any]:
    if not isinstance(asked, str):
        return [asked] if isinstance(asked, (int, tuple)) and _is_place(asked) else [*asked]
    words: list[str] = re.findall(r"[^\s,;]+", asked.upper())
    known = {window.letter for window in routes.windows}
    # "ACF" is a window only in a large pool; in all others it is three.
    return [letter for word in words for letter in ([word] if word in known else word)]


def _is_place(asked: Any) -> bool:
    return isinstance(asked, int) or (len(asked) == 2 and all(isinstance(at, int) for at in asked))


def _finder(routes: PoolRoutes) -> Any:
    by_letter = {window.letter: window for window in routes.windows}
    by_place = {window.output: window for window in routes.windows}
    rows = routes.output_shape[0]

    def find(asked: Any) -> Window:
        if isinstance(asked, str):
            window = by_letter.get(asked.strip().upper())
        else:
            flat = isinstance(asked, int) and rows == 1
            window = by_place.get((0, asked) if flat else asked) if flat or isinstance(asked, tuple) else None
        if window is None:
            last = routes.windows[-1]
            raise ValueError(
                f"windows= names the windows to show: letters, A to {last.letter}, or the places of their outputs, "
                f"(0, 0) to {last.output}; got {quoted(asked)}"
            )
        return window

    return find


def _telling(routes: PoolRoutes) -> tuple[Window, ...]:
    """A few of many windows: those that meet in one cell first, then such as sent much and are large, far apart."""
    meeting: dict[Cell, list[Window]] = {}
    for window in routes.windows:
        if routes.kind == "max":
            meeting.setdefault(receivers(routes, window)[0], []).append(window)
    best = max(meeting.values(), key=len, default=[])
    found = best[: FEW - 2] if len(best) > 1 else []
    sent = sorted(routes.windows, key=_worth)
    for some in (_kinds(sent), sent, sent):
        for window in some:
            covered = {cell for other in found for cell in other.cells}
            apart = covered.isdisjoint(window.cells) or (some is sent and len(found) < 2)
            if len(found) < FEW and apart and window not in found:
                found.append(window)
    return tuple(sorted(found, key=lambda window: window.number))


def _worth(window: Window) -> tuple[float, float]:
    came, value = window.upstream or 0.0, window.value
    return -width(came) if came else 0.0, -abs(value) if math.isfinite(value) else 0.0


def _kinds(windows: Iterable[Window]) -> list[Window]:
    """The first of each sign: a picture of many is to show both."""
    found: dict[int, Window] = {}
    for window in windows:
        if window.upstream:
            found.setdefault(1 if window.upstream > 0 else -1, window)
    return [*found.values()]
