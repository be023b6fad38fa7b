"""What there is to tell about each cell and window of a pool, in facts and in words."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise

from autodiff.facts.routes import PoolRoutes, Window, receivers
from autodiff.facts.words import SENTENCES
from autodiff.ground.windows import Cell

__all__ = ["Facts", "receivers"]


FEW_ARROWS, FEW_CELLS, MANY_OUTLINES = 6, 30, 16


class Facts:
    """What a grid picture tells, worked out from the routes of a pool."""

    def __init__(self, routes: PoolRoutes) -> None:
        self.routes = routes
        self.rows, self.columns = len(routes.values), len(routes.values[0])

    @cached_property
    def wins(self) -> dict[Cell, list[int]]:
        """Which windows each cell won; empty for an average pool, in which nobody wins."""
        found: dict[Cell, list[int]] = {}
        for window in self.routes.windows if self.routes.kind == "max" else ():
            found.setdefault(self.winner(window), []).append(window.number)
        return found

    @cached_property
    def ties(self) -> list[int]:
        """The windows whose largest number stands in several of their cells; empty for an average pool."""
        windows = self.routes.windows if self.routes.kind == "max" else ()
        return [w.number for w in windows if sum(self.routes.values[r][c] == w.value for r, c in w.cells) > 1]

    def winner(self, window: Window) -> Cell:
        """The first cell that gets the gradient of a window."""
        return receivers(self.routes, window)[0]

    @cached_property
    def addends(self) -> dict[Cell, list[tuple[float, int]]]:
        """What each cell received, as (contribution, number of the window)."""
        found: dict[Cell, list[tuple[float, int]]] = {}
        for window in self.routes.windows:
            for cell in window.cells:
                if cell in window.contributions:
                    found.setdefault(cell, []).append((window.contributions[cell], window.number))
        return found

    @cached_property
    def unknown(self) -> set[Cell]:
        """The cells that would receive a gradient if one had arrived."""
        late = [window for window in self.routes.windows if window.upstream is None]
        return {cell for window in late for cell in receivers(self.routes, window)}

    @cached_property
    def arrows(self) -> tuple[Window, ...]:
        """The windows that get arrows: all when there are few, else none."""
        few = self.routes.kind == "max" and len(self.routes.windows) <= FEW_ARROWS
        return self.routes.windows if few else ()

    @cached_property
    def dilation(self) -> tuple[int, int]:
        """How far apart the cells of one window lie, in rows and columns."""
        return self._apart(0), self._apart(1)

    def _apart(self, axis: int) -> int:
        lines = (sorted({cell[axis] for cell in window.cells}) for window in self.routes.windows)
        return min((b - a for line in lines for a, b in pairwise(line)), default=1)

    @cached_property
    def phases(self) -> tuple[int, int]:
        """How many neighbouring windows overlap, down and across."""
        return self._overlap(0), self._overlap(1)

    def _overlap(self, axis: int) -> int:
        reach = self.dilation[axis] * (self.routes.kernel[axis] - 1) + 1
        return min(self.routes.output_shape[axis], math.ceil(reach / self.routes.stride[axis]))

    def corners(self, window: Window) -> tuple[Cell, Cell]:
        """The first and the last cell of a window; with padding they may lie beyond the border."""
        top, left = (
            at * step - pad
            for at, step, pad in zip(window.output, self.routes.stride, self.routes.padding, strict=True)
        )
        down, across = (apart * (side - 1) for apart, side in zip(self.dilation, self.routes.kernel, strict=True))
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

    @cached_property
    def outlined(self) -> tuple[Window, ...]:
        """The windows that get an outline: all, or the first of the first two rows when they overlap too much."""
        phases = self.phases[0] * self.phases[1]
        if phases <= 4 or len(self.routes.windows) <= MANY_OUTLINES:
            return self.routes.windows
        return tuple(window for window in self.routes.windows if window.output in ((0, 0), (0, 1), (1, 0)))

    @property
    def operation(self) -> tuple[str, str]:
        """What leads forwards: the name of the pool, and its stride and padding."""
        kind = "average" if self.routes.kind == "avg" else self.routes.kind
        stride = [f"stride {self._sides(self.routes.stride)}"]
        padding = [f"padding {self._sides(self.routes.padding)}"] if any(self.routes.padding) else []
        return f"{kind} pool {self._sides(self.routes.kernel, short=False)} →", ", ".join(stride + padding)

    @property
    def rule(self) -> tuple[str, str]:
        """What leads backwards."""
        return "← backwards", "only to the winners" if self.routes.kind == "max" else "the same share to each"

    @property
    def lost(self) -> tuple[str, str]:
        """The mark and the line style of a cell to which no path leads."""
        return "no path" if self.rows * self.columns <= FEW_CELLS else "·", "filled"

    @property
    def waiting(self) -> tuple[str, str]:
        """The mark and the line style of a gradient that was not computed."""
        return "?", "dashed"

    @property
    def legend(self) -> list[str]:
        """What the marks mean that this picture shows."""
        told = ["thick frame: the first largest cell of its window"] if self.routes.kind == "max" else []
        if self.ties:
            told.append("tie: the first of the equals takes it")
        if any((window.upstream or 0.0) < 0 for window in self.arrows):
            told.append("dashed arrow: a negative gradient")
        if any(self.routes.padding) and self.routes.kind == "max":
            told.append("padding never wins")
        if len(self.outlined) < len(self.routes.windows):
            told.append("the other windows lie likewise")
        cells_of_grid = {(row, column) for row in range(self.rows) for column in range(self.columns)}
        if cells_of_grid - set(self.addends) - self.unknown:
            told.append("dot: " * (len(self.lost[0]) == 1) + SENTENCES["no path"])
        if self.unknown:
            told.append("?: gradient not computed")
        return told

    def _sides(self, pair: tuple[int, int], short: bool = True) -> str:
        """A kernel or a stride as words: one number for a row, or when both are equal and ``short``."""
        if (self.rows == 1 and self.routes.kernel[0] == 1) or (short and pair[0] == pair[1]):
            return str(pair[1])
        return f"{pair[0]}×{pair[1]}"
