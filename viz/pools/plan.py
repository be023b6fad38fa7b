"""Where everything of a pool's grid picture goes."""

from __future__ import annotations

from functools import cached_property

from autodiff.facts.routes import PoolRoutes, Window
from viz.ink.theme import LIGHT, Theme, numeral
from viz.pools import cells
from viz.pools.canvas import Grid, Point
from viz.pools.facts import Facts

__all__ = ["LETTERS", "TITLES", "Plan"]


# Outlines of windows lie in a zone around the cells, arrows in lanes beyond it, so that neither covers a number.
ZONE, ZONE_MORE, LANE, LANES_FROM = 4.0, 9.0, 4.0, 5.0
LOWEST, LINE = 54.0, 17.0
TITLE, APART = 24.0, 34.0
TITLES, LETTERS = ("gradient of the input", "gradient arriving"), 15.0

Places = tuple[Point, Point, Point, Point]


class Plan(Facts):
    """The facts of a grid picture and the places of its parts, in points, y growing downwards."""

    def __init__(self, routes: PoolRoutes, look: Theme = LIGHT, legend: bool = True) -> None:
        super().__init__(routes)
        self.look, self.has_legend = look, legend
        (top, left), (bottom, right) = self.extent
        shape = (*self.size, *self.gaps)
        self.input = self._grid(0, 0, shape)
        start = self.input.span((top, left), (bottom, right))
        self.input = self._grid(-start[0], -start[1], shape)
        self.bounds = self.input.span((top, left), (bottom, right))
        last = (routes.output_shape[0] - 1, routes.output_shape[1] - 1)
        _, _, width, height = self._grid(0, 0, shape).span((0, 0), last)
        # The words grow with the picture, so that they stay readable when it is shrunk to a page.
        self.loud = max(1.0, (self.bounds[2] + width + 160) / 900)
        self.output = self._grid(self.bounds[2] + self.gulf, (self.bounds[3] - height) / 2, shape)
        self.right = self.output.x + width
        self.shift = self.bounds[3] + 2 * self.zones[1] + TITLE * self.loud + APART - self.input.y
        self.gradient = self._grid(self.input.x, self.input.y + self.shift, shape)
        self.upstream = self._grid(self.output.x, self.output.y + self.shift, shape)

    @staticmethod
    def _grid(x: float, y: float, shape: tuple[float, float, float, float]) -> Grid:
        return Grid(x, y, *shape)

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height of every cell: room for the longest number and, in a small grid, for a sum on a line."""
        grown = self.look.value_size / LIGHT.value_size
        most = 150.0 if self.rows == 1 and self.columns <= 8 else 84.0 if self.columns <= 10 else 64.0
        numbers = [value for row in self.routes.values for value in row if value is not None]
        numbers += [window.upstream or 0.0 for window in self.routes.windows]
        size = self.look.value_size
        wide = [cells.measure(numeral(value), cells.NUMBER * size) + 14 for value in numbers]
        sums = [[value for value, _ in some] for some in self.addends.values() if len(some) <= cells.MOST_ADDENDS]
        wide += [cells.sum_width(some, self.look) + 12 for some in sums if len(some) > 1]
        width = min(most * grown, max(LOWEST, *wide))
        lines = max((self._lines(some, width - 10) for some in sums), default=1)
        return width, max(LOWEST, 24 + LINE * lines * grown)

    def _lines(self, some: list[float], room: float) -> int:
        return 1 if len(some) == 1 or cells.sum_width(some, self.look) <= room else (len(some) + 1) // 2 + 1

    @cached_property
    def zones(self) -> tuple[float, float]:
        """How far around a cell outlines may lie, left and right of it, above and below it."""
        return ZONE + self._steps(0) * (self.phases[0] - 1), ZONE + self._steps(1) * (self.phases[1] - 1)

    def _steps(self, axis: int) -> float:
        return min(3.0, ZONE_MORE / max(1, self.phases[axis] - 1))

    @cached_property
    def lanes(self) -> dict[int, tuple[int, int]]:
        """The lane of each arrow, by the number of its window: beside the row of the winner, and of the output."""
        near = self._ranks({w.number: (self.winner(w)[0], -self.winner(w)[1], -w.output[1]) for w in self.arrows})
        far = self._ranks({w.number: (w.output[0], w.output[1], 0) for w in self.arrows})
        return {number: (near[number], far[number]) for number in near}

    @staticmethod
    def _ranks(places: dict[int, tuple[int, int, int]]) -> dict[int, int]:
        """The rank of each place among those of the same row, the nearest to its end of the gulf first."""
        ordered = sorted(places, key=lambda number: places[number])
        rows = [places[number][0] for number in ordered]
        return {number: at - rows.index(places[number][0]) for at, number in enumerate(ordered)}

    @cached_property
    def margin(self) -> float:
        """The room that outlines and arrows take above and below a row of cells."""
        deepest = max((max(pair) for pair in self.lanes.values()), default=-1)
        return self.zones[1] + (LANES_FROM + LANE * (deepest + 1) if self.arrows else 1.0)

    @cached_property
    def gaps(self) -> tuple[float, float]:
        """The gaps between cells, across and down."""
        return 2 * self.zones[0] + 1, self.margin + self.zones[1]

    @cached_property
    def gulf(self) -> float:
        """How far the input and the output are apart: as far as the words need that stand between them."""
        words = ((self.operation[0], 14), (self.operation[1], 11), (self.rule[1], 11))
        between = max(cells.measure(text, size * self.loud) for text, size in words)
        beside = max(self._overhang(0, self.columns), self._overhang(1, self.routes.output_shape[1]))
        return max(120.0, between + 44, between + 2 * beside if self.arrows else 0.0)

    def _overhang(self, side: int, columns: int) -> float:
        """How far the lower title of a side reaches into the gulf beyond its grid of so many columns."""
        left, _, right, _ = self.input.span((0, 0), (0, columns - 1))
        edge = self.bounds[2] - self.input.span((0, 0), (0, self.columns - 1))[2] if side == 0 else 0.0
        return (cells.measure(TITLES[side], LETTERS * self.loud) - (right - left)) / 2 + 8 - edge

    def middle(self, grid: Grid) -> float:
        """The middle of a grid, across; that of the input takes in its padding."""
        if grid is self.input:
            return (self.bounds[0] + self.bounds[2]) / 2
        columns = self.columns if grid is self.gradient else self.routes.output_shape[1]
        return (grid.centre(0, 0)[0] + grid.centre(0, columns - 1)[0]) / 2

    def title_place(self, grid: Grid) -> Point:
        """Where the title of a grid stands: above it, and level with its neighbour's if arrows run between."""
        top = {self.input: self.bounds[1], self.gradient: self.gradient.y}.get(grid, grid.y)
        if self.arrows:
            top = self.bounds[1] if grid in (self.input, self.output) else self.gradient.y
        room = self.margin if grid in (self.input, self.output) else self.zones[1]
        return self.middle(grid), top - room - TITLE * self.loud / 2

    def rule_place(self, grid: Grid) -> Point:
        """Where the words between the two grids of a row stand: above their arrows, else in the middle."""
        at = self.bounds[2] + self.gulf / 2
        if self.arrows:
            return at, self.title_place(grid)[1]
        return at, (self.bounds[1] + self.bounds[3]) / 2 + (self.shift if grid is self.gradient else 0.0)

    @property
    def legend_place(self) -> Point:
        """The middle of the legend, under everything."""
        lowest = self.gradient.centre(self.rows - 1, 0)[1] + self.size[1] / 2
        return (self.bounds[0] + self.right) / 2, lowest + self.margin + (
            TITLE + 7 * (len(self.legend_lines) - 1)
        ) * self.loud

    @property
    def legend_lines(self) -> list[str]:
        """The legend on one line, or an item a line when the picture is too narrow for it."""
        if not self.has_legend:
            return []
        line = "  ·  ".join(self.legend)
        fits = cells.measure(line, 11 * self.loud) <= self.right - self.bounds[0]
        return [line] if fits and self.legend else self.legend

    def outline(self, window: Window) -> list[tuple[float, float, float, float]]:
        """The rectangles around a window: one, or one for each cell when the cells lie apart."""
        pairs = [self.corners(window)] if self.dilation == (1, 1) else [(cell, cell) for cell in window.cells]
        # Neighbours in a row share their upper and lower lines, neighbours in a column their left and right ones.
        across = self.zones[0] - 1 - self._steps(0) * (window.output[0] % self.phases[0])
        down = self.zones[1] - 1 - self._steps(1) * (window.output[1] % self.phases[1])
        spans = (self.input.span(*pair) for pair in pairs)
        return [(left - across, top - down, right + across, bottom + down) for left, top, right, bottom in spans]

    def forward_route(self, window: Window) -> Places:
        """Start, lanes and end of the arrow from a winner to its output, above the cells."""
        near, far = self._ends(window, self.input, self.output, -1)
        return near[0], near[1], far[1], far[0]

    def backward_route(self, window: Window) -> Places:
        """Start, lanes and end of the arrow from the gradient that arrived to the winner, below the cells."""
        near, far = self._ends(window, self.gradient, self.upstream, 1)
        return far[0], far[1], near[1], near[0]

    def _ends(self, window: Window, left: Grid, right: Grid, way: int) -> tuple[tuple[Point, Point], ...]:
        """The points (on the cell, on its lane) of both ends of an arrow; ``way`` is -1 above the cells, 1 below."""
        shore, other_shore = self.bounds[2] + 8, right.x - 8
        (x0, y0), (x1, y1) = left.centre(*self.winner(window)), right.centre(*window.output)
        half, out = self.size[1] / 2, self.zones[1] + LANES_FROM
        near, far = self.lanes[window.number]
        x0 += self._aside(window)
        return (
            ((x0, y0 + way * half), (shore, y0 + way * (half + out + LANE * near))),
            ((x1, y1 + way * half), (other_shore, y1 + way * (half + out + LANE * far))),
        )

    def _aside(self, window: Window) -> float:
        """How far an arrow stands aside from the middle of a cell that several windows share."""
        wins = self.wins[self.winner(window)]
        ordered = sorted(wins, key=lambda number: self.lanes[number][0])
        return 12 * ((len(wins) - 1) / 2 - ordered.index(window.number))
