"""The grid picture of a pool: which cell won each window, and the gradient on its way back to it."""

from __future__ import annotations

import math

from autodiff.pooling import Cell, PoolRoutes, Window
from viz import cells
from viz.canvas import Canvas, Grid, Point, route
from viz.picture import Picture
from viz.poolplan import Plan
from viz.theme import Theme, blend, number, theme, width

LIMIT = 16


def picture(routes: PoolRoutes, look: str | Theme = "light") -> Picture:
    """Return the grid picture of a pool: forwards in the upper half, backwards in the lower half.

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
    if max(rows, columns, *routes.output_shape) > LIMIT:
        raise ValueError(
            f"a grid of {rows} by {columns} is too large to read as a picture (at most {LIMIT} by {LIMIT}): "
            "pool a part of it"
        )
    plan = Plan(routes)
    canvas = Canvas(theme(look))
    _forwards(canvas, routes, plan)
    _backwards(canvas, routes, plan)
    _legend(canvas, routes, plan)
    return canvas.picture


def _forwards(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    """Draw the input with its windows and winners, and the output."""
    look = canvas.theme
    _titles(canvas, plan, plan.input, "input", "output", *plan.operation)
    for cell in plan.beyond:
        centre = plan.input.centre(*cell)
        label = cells.font("padding", look.no_path, 7)
        canvas.box(_name("pad", cell), centre, *plan.size, label, line=look.no_path, style="dashed", pen=0.7)
    heat = Heat(value for row in routes.values for value in row)
    for row, values in enumerate(routes.values):
        for column, value in enumerate(values):
            wins = plan.wins.get((row, column), [])
            _value(canvas, plan, _name("in", (row, column)), plan.input.centre(row, column), value, heat, wins)
    for window in routes.windows:
        centre = plan.output.centre(*window.output)
        _value(canvas, plan, _name("out", window.output), centre, window.value, heat, [window.number])
    _outlines(canvas, routes, plan)
    for window in plan.arrows:
        look_of_it = {"color": look.window(window.number), "penwidth": "1.8", "arrowsize": "0.6"}
        tail, head = _name("in", plan.winner(window)), _name("out", window.output)
        canvas.arrow(tail, head, route(*plan.forward_route(window)), **look_of_it)


def _backwards(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    """Draw the gradient that arrives at the output, and what each cell of the input gets of it."""
    _titles(canvas, plan, plan.gradient, "gradient of the input", "gradient arriving", *plan.rule)
    totals = [sum(value for value, _ in plan.addends[cell]) for cell in plan.addends]
    heat = Heat(map(abs, totals), low=0.0)
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
            "style": canvas.theme.flow(window.upstream)[1],
        }
        tail, head = _name("up", window.output), _name("grad", plan.winner(window))
        canvas.arrow(tail, head, route(*plan.backward_route(window)), **look_of_it)


class Heat:
    """Where a number lies between the smallest and the largest of a grid, from 0 to 1."""

    def __init__(self, values: object, low: float | None = None) -> None:
        finite = [value for value in values if math.isfinite(value)]  # type: ignore[attr-defined]
        self.low = min(finite, default=0.0) if low is None else low
        self.high = max(finite, default=1.0)

    def __call__(self, value: float) -> float:
        """Return the place of a number; infinities lie at the ends, a nan and a lone number in the lower part.

        >>> Heat([1, 2, 3])(2.0)
        0.5
        """
        if math.isnan(value) or self.high <= self.low:
            return 0.25 if value else 0.0
        half = self.high / 2 - self.low / 2
        return min(1.0, max(0.0, (value / 2 - self.low / 2) / half))


def _value(
    canvas: Canvas, plan: Plan, name: str, centre: Point, value: float, heat: Heat, wins: list[int]
) -> None:  # fmt: skip
    """Draw a cell with a value, framed once for each window it belongs to as winner or as output."""
    look = canvas.theme
    fill = blend(look.value_ramp, heat(value))
    words, room = number(value), plan.size[0] - 10
    shown = cells.font(words, look.ink(fill), cells.fitted(words, room, 15), bold=bool(wins))
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
    fill = blend(look.gradient_ramp, heat(abs(sum(value for value, _ in addends))))
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
    fill = blend(look.gradient_ramp, heat(abs(window.upstream)))
    words, room = number(window.upstream), plan.size[0] - 10
    shown = cells.font(words, look.ink(fill), cells.fitted(words, room, 14), bold=True)
    canvas.box(name, centre, *plan.size, cells.stack(shown, cells.tags(look, [window.number], room)), fill=fill)
    _frames(canvas, plan, name, centre, [window.number])


def _empty(canvas: Canvas, plan: Plan, name: str, centre: Point, words: str, style: str) -> None:
    look = canvas.theme
    colour = look.not_computed if style == "dashed" else look.no_path
    label = cells.font(words, colour, 8 if len(words) > 1 else 11)
    canvas.box(name, centre, *plan.size, label, line=colour, style=style, pen=0.8)


def _outlines(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    """Draw the outline of each window and its tag on the left top corner."""
    look = canvas.theme
    for window in plan.outlined:
        colour, name = look.window(window.number), f"window_{window.number}"
        for part, (left, top, right, bottom) in enumerate(plan.outline(window)):
            middle = ((left + right) / 2, (top + bottom) / 2)
            canvas.box(f"{name}_{part}", middle, right - left, bottom - top, line=colour, pen=1.6, style="rounded")
            if part == 0:
                canvas.words(
                    f"{name}_tag", (left + 11, top), cells.pills(look, [(f"w{window.number}", window.number)], 7)
                )


def _titles(canvas: Canvas, plan: Plan, grid: Grid, left: str, right: str, above: str, below: str) -> None:
    """Write what the two grids of a row are, and between them what leads from one to the other."""
    look, forwards = canvas.theme, grid is plan.input
    other = plan.output if forwards else plan.upstream
    y = plan.title_height(grid)
    for name, at, words in (("left", plan.middle(grid), left), ("right", plan.middle(other), right)):
        label = cells.font(words, look.text, look.title_size, bold=True)
        canvas.words(f"title_{left.split()[0]}_{name}", (at, y), label)
    colour = look.value if forwards else look.gradient
    shape = "rarrow" if forwards else "larrow"
    words = cells.stack(cells.font(above, colour, 12, bold=True), cells.font(below, look.muted, 10))
    canvas.words(f"rule_{shape}", (plan.between, y), words)


def _legend(canvas: Canvas, routes: PoolRoutes, plan: Plan) -> None:
    if plan.legend:
        words = " &#160;·&#160; ".join(plan.legend)
        canvas.words("legend", plan.legend_place, cells.font(words, canvas.theme.muted, 10))


def _name(prefix: str, cell: Cell) -> str:
    row, column = (f"m{-at}" if at < 0 else str(at) for at in cell)
    return f"{prefix}_{row}_{column}"
