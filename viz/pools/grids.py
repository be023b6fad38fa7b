"""The grid picture of a pool: which cell won each window, and the gradient on its way back to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized
from itertools import islice
from typing import Any

from autodiff.facts.routes import PoolRoutes, Window
from autodiff.ground.foreign import plain
from autodiff.ground.grids import is_listable
from autodiff.ground.windows import Axis, Cell
from autodiff.pooling import Pool
from viz.ink.text import html
from viz.ink.theme import Theme, blend, numeral, theme, width
from viz.layout.picture import Picture
from viz.pools import cells
from viz.pools.canvas import Canvas, Grid, Point, route
from viz.pools.description import described
from viz.pools.plan import LETTERS, TITLES, Plan

__all__ = ["Heat", "picture", "read_some", "require_readable"]


LIMIT = 16


def picture(routes: PoolRoutes, look: str | Theme = "light", legend: bool = True) -> Picture:
    """The grid picture of a pool: forwards in the upper half, backwards in the lower half.

    ``look`` is a theme or its name. Raises ``ValueError`` for an empty grid, and for one of more than 16 rows or
    columns, which nobody could read.

    >>> window = Window(0, (0, 0), ((0, 0), (0, 1)), 4.0, 0.5, {(0, 1): 0.5})
    >>> routes = PoolRoutes("max", (1, 2), (1, 2), (0, 0), ((3.0, 4.0),), (1, 1), (window,))
    >>> "max pool 2" in picture(routes).source
    True
    """
    rows, columns = len(routes.values), max(map(len, routes.values), default=0)
    if not rows or not columns:
        raise ValueError("there is nothing to draw: the pool has an empty grid")
    _require(rows, columns, *routes.output_shape)
    found = theme(look)
    drawn = _drawn(routes, found, legend)
    drawn.described = described(routes)
    if found.dark is not None:
        drawn.follows(_drawn(routes, found.in_the_dark, legend))
    return drawn


def _drawn(routes: PoolRoutes, look: Theme, legend: bool) -> Picture:
    canvas, plan = Canvas(look), Plan(routes, look, legend)
    _forwards(canvas, routes, plan)
    _backwards(canvas, routes, plan)
    _legend(canvas, plan)
    return canvas.picture


def read_some(cells: Any) -> Any:
    """The cells as lists, read no further than it takes to know that they are too many for a picture."""
    if not is_listable(cells):
        return cells
    return [_few(entry) if is_listable(entry) else entry for entry in _few(cells)]


def _few(entries: Any) -> list[Any]:
    shape: Any = getattr(entries, "shape", ())
    count = max(shape, default=0) if isinstance(shape, tuple) else 0  # of an array, before it is made a list
    if count > LIMIT:
        raise ValueError(_too_large(f"{count} {'rows' if shape[0] == count and len(shape) > 1 else 'cells in a row'}"))
    read = list(islice(plain(entries), LIMIT + 1))
    if len(read) > LIMIT:
        length = len(entries) if isinstance(entries, Sized) else f"more than {LIMIT}"
        raise ValueError(_too_large(f"{length} {'rows' if is_listable(read[0]) else 'cells in a row'}"))
    return read


def require_readable(pool: Pool) -> None:
    """Refuse a pool that is too large to read as a picture by its sizes alone, before it is computed."""
    down, across = pool.shape.rows, pool.shape.columns
    _require(down.length, across.length, down.count, across.count)
    reach = [_reach(axis) for axis in (down, across)]
    if max(reach) > 2 * LIMIT:
        raise ValueError(
            f"the windows of this pool reach over {reach[0]} by {reach[1]} positions, padding among them: "
            f"too large to read as a picture (at most {2 * LIMIT} by {2 * LIMIT}): take a smaller kernel_size or "
            "padding"
        )


def _reach(axis: Axis) -> int:
    """How many positions there are from the first to the last that is an input cell or in a window."""
    return max(axis.length, axis.positions(axis.count - 1)[-1] + 1) + axis.padding


def _require(rows: int, columns: int, *outputs: int) -> None:
    if max(rows, columns, *outputs) > LIMIT:
        raise ValueError(_too_large(f"{rows} by {columns}"))


def _too_large(size: str) -> str:
    most = f"at most {LIMIT} by {LIMIT}"
    return f"a grid of {size} is too large to read as a picture ({most}): pool a part of it"


def _forwards(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    """Draw the input with its windows and winners, and the output."""
    look = canvas.theme
    _titles(canvas, plan, (plan.input, plan.output), ("input", "output"))
    for cell in plan.beyond:
        centre = plan.input.centre(*cell)
        label = cells.font("padding" if plan.pads(cell) else "outside", look.no_path, 7)
        canvas.box(_name("pad", cell), centre, *plan.size, label, line=look.no_path, style="dashed", pen=0.7)
    heat = Heat(
        [
            *(value for row in routes.values for value in row if value is not None),
            *(window.value for window in routes.windows),
        ]
    )
    for row, values in enumerate(routes.values):
        for column, value in enumerate(values):
            if value is None:  # no window covers it
                label = cells.font("no window", look.no_path, 7)
                centre = plan.input.centre(row, column)
                canvas.box(_name("in", (row, column)), centre, *plan.size, label, line=look.no_path, pen=0.7)
                continue
            wins = plan.wins.get((row, column), [])
            _value(canvas, plan, _name("in", (row, column)), plan.input.centre(row, column), value, heat, wins)
    for window in routes.windows:
        centre = plan.output.centre(*window.output)
        _value(canvas, plan, _name("out", window.output), centre, window.value, heat, [window.number])
    _outlines(canvas, plan)
    for window in plan.arrows:
        look_of_it = {"color": look.window(window.number), "penwidth": "1.8", "arrowsize": "0.6"}
        tail, head = _name("in", plan.winner(window)), _name("out", window.output)
        canvas.arrow(tail, head, route(*plan.forward_route(window)), **look_of_it)


def _backwards(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    """Draw the gradient that arrives at the output, and what each cell of the input gets of it."""
    _titles(canvas, plan, (plan.gradient, plan.upstream), TITLES)
    totals = [sum(value for value, _ in plan.addends[cell]) for cell in plan.addends]
    arrived = [abs(window.upstream) for window in routes.windows if window.upstream is not None]
    heat = Heat([0.0, *map(abs, totals), *arrived])
    for row, values in enumerate(routes.values):
        for column in range(len(values)):
            _received(canvas, plan, (row, column), heat)
    for window in routes.windows:
        _arriving(canvas, plan, window, heat)
    for window in plan.arrows:
        if window.upstream is None:
            continue
        look_of_it = {
            "color": canvas.theme.window(window.number),
            "penwidth": f"{width(window.upstream):g}",
            "arrowsize": "0.6",
            "style": canvas.theme.style("negative_style" if window.upstream < 0 else "positive_style"),
        }
        tail, head = _name("up", window.output), _name("grad", plan.winner(window))
        canvas.arrow(tail, head, route(*plan.backward_route(window)), **look_of_it)


class Heat:
    """Where a number lies between the smallest and the largest of a grid, from 0 to 1.

    >>> Heat([1, 2, 3])(2.0)
    0.5
    """

    def __init__(self, values: Iterable[float]) -> None:
        self.known = sorted({value for value in values if math.isfinite(value)})
        self.low, self.high = (self.known[0], self.known[-1]) if self.known else (0.0, 0.0)
        # Halves, because the range of the floats is itself too large for a float.
        self.half = self.high / 2 - self.low / 2
        middle = self._place(self.known[len(self.known) // 2]) if self.half else 0.5
        # One enormous number would paint all others alike; then the order is shown instead of the size.
        self.ranked = len(self.known) > 2 and not 0.02 < middle < 0.98

    def __call__(self, value: float) -> float:
        """The place of a number; infinities lie at the ends, and a number without others in between."""
        if not self.half and math.isfinite(value):
            return 0.4 if value else 0.0
        if self.ranked and math.isfinite(value):
            return self.known.index(value) / (len(self.known) - 1)
        return min(1.0, max(0.0, self._place(value)))

    def _place(self, value: float) -> float:
        return (value / 2 - self.low / 2) / self.half if self.half else float(value > self.low)


def _value(
    canvas: Canvas, plan: Plan, name: str, centre: Point, value: float, heat: Heat, wins: list[int]
) -> None:  # fmt: skip
    """Draw a cell with a value, framed once for each window it belongs to as winner or as output."""
    look = canvas.theme
    fill = look.leaf_fill if math.isnan(value) else blend(look.value_ramp, heat(value))
    words, room = numeral(value), plan.size[0] - 10
    shown = cells.font(
        words, look.ink(fill), cells.fitted(words, room, cells.NUMBER * look.value_size), bold=bool(wins)
    )
    canvas.box(
        name, centre, *plan.size, cells.stack(shown, cells.tags(look, wins, room)), fill=fill, line=look.background
    )
    _frames(canvas, plan, name, centre, wins)


def _frames(canvas: Canvas, plan: Plan, name: str, centre: Point, windows: list[int]) -> None:
    """Draw one frame inside another around a cell, in the colours of its windows."""
    wide, high = plan.size
    for depth, window in enumerate(windows[:3]):
        inset = 2 + 5 * depth
        frame = canvas.theme.window(window)
        canvas.box(f"{name}_frame{depth}", centre, wide - inset, high - inset, line=frame, pen=2.4)


def _received(canvas: Canvas, plan: Plan, cell: Cell, heat: Heat) -> None:
    """Draw what a cell of the input received: a gradient, nothing at all, or nothing yet."""
    look, name, centre = canvas.theme, _name("grad", cell), plan.gradient.centre(*cell)
    addends = plan.addends.get(cell)
    if addends is None:
        state = plan.waiting if cell in plan.unknown else plan.lost
        _empty(canvas, plan, name, centre, *state)
        return
    fill = _tint(look, heat, sum(value for value, _ in addends))
    room, windows = plan.size[0] - 10, [window for _, window in addends]
    rows = cells.sum_rows(look, addends, look.ink(fill), room)
    canvas.box(
        name, centre, *plan.size, cells.stack(*rows, cells.tags(look, windows, room)), fill=fill, line=look.gradient
    )


def _arriving(canvas: Canvas, plan: Plan, window: Window, heat: Heat) -> None:
    """Draw the gradient that arrived at the output of a window."""
    look, name, centre = canvas.theme, _name("up", window.output), plan.upstream.centre(*window.output)
    if window.upstream is None:
        _empty(canvas, plan, name, centre, *plan.waiting)
        return
    fill = _tint(look, heat, window.upstream)
    words, room = numeral(window.upstream), plan.size[0] - 10
    shown = cells.font(words, look.ink(fill), cells.fitted(words, room, cells.NUMBER * look.value_size), bold=True)
    canvas.box(name, centre, *plan.size, cells.stack(shown, cells.tags(look, [window.number], room)), fill=fill)
    _frames(canvas, plan, name, centre, [window.number])


def _tint(look: Theme, heat: Heat, gradient: float) -> str:
    return look.leaf_fill if math.isnan(gradient) else blend(look.gradient_ramp, heat(abs(gradient)))


def _empty(canvas: Canvas, plan: Plan, name: str, centre: Point, words: str, style: str) -> None:
    """Draw a cell without a gradient: grey when no path leads to it, open and dashed when nothing was computed."""
    look, lost = canvas.theme, style == "filled"
    label = cells.font(words, look.muted if lost else look.not_computed, 9 if len(words) > 1 else 18)
    fill, line = (look.lost_fill, look.lost_fill) if lost else (None, look.not_computed)
    canvas.box(name, centre, *plan.size, label, fill=fill, line=line, style="" if lost else style, pen=1.0)


def _outlines(canvas: Canvas, plan: Plan) -> None:
    """Draw the outline of each window, dashed when its colour comes a second time, and its tag on the corner."""
    look = canvas.theme
    for window in plan.outlined:
        colour, name = look.window(window.number), f"window_{window.number}"
        style = "rounded,dashed" if window.number // len(look.windows) % 2 else "rounded"
        for part, (left, top, right, bottom) in enumerate(plan.outline(window)):
            middle = ((left + right) / 2, (top + bottom) / 2)
            canvas.box(f"{name}_{part}", middle, right - left, bottom - top, line=colour, pen=1.6, style=style)
        left, top, _, _ = plan.outline(window)[0]
        canvas.words(f"{name}_tag", (left + 13, top), cells.tags(look, [window.number], 0))


def _titles(canvas: Canvas, plan: Plan, grids: tuple[Grid, Grid], titles: tuple[str, str]) -> None:
    """Write what the two grids of a row are, and between them what leads from one to the other."""
    look, forwards = canvas.theme, grids[0] is plan.input
    way = "forwards" if forwards else "backwards"
    for grid, title, side in zip(grids, titles, ("left", "right"), strict=True):
        label = cells.font(title, look.text, LETTERS * plan.loud, bold=True)
        canvas.words(f"{way}_{side}", plan.title_place(grid), label)
    above, below = plan.operation if forwards else plan.rule
    colour = look.value if forwards else look.gradient
    words = (cells.font(above, colour, 14 * plan.loud, bold=True), cells.font(below, look.muted, 11 * plan.loud))
    canvas.words(f"{way}_rule", plan.rule_place(grids[0]), cells.stack(*words))


def _legend(canvas: Canvas, plan: Plan) -> None:
    lines = [cells.font(html(line, limit=999), canvas.theme.muted, 11 * plan.loud) for line in plan.legend_lines]
    if lines:
        canvas.words("legend", plan.legend_place, cells.stack(*lines))


def _name(prefix: str, cell: Cell) -> str:
    row, column = (f"m{-at}" if at < 0 else str(at) for at in cell)
    return f"{prefix}_{row}_{column}"
