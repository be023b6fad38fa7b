"""The network of the main job: a handwritten digit, convolution, relu, overlapping max pooling, a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import cycle
from operator import add
from typing import Any

from autodiff import PoolRoutes, Value, Window, layer, max_pool1d, max_pool2d, routes, scope
from autodiff.ground.windows import Cell

__all__ = [
    "CONVOLUTION",
    "KERNEL",
    "WEIGHTS",
    "Pool",
    "convolved",
    "digit_network",
    "grid_of",
    "pooled",
    "rectified",
    "telling",
]


# A detector of horizontal strokes; its middle row of zeros shows what a zero gradient looks like, beside no path.
KERNEL = ((1.0, 2.0, 1.0), (0.0, 0.0, 0.0), (-1.0, -2.0, -1.0))

# What the next layer multiplies each pooled number by: the gradient that arrives there.
WEIGHTS = (0.7, 0.9, -0.5, 0.4, 0.6, -0.8, 0.3, 1.1, -0.2)

CONVOLUTION = "convolution"  # the scope of its nodes, pixels and weights among them

Numbers = Sequence[Sequence[float]]
Grid = list[list[Value]]


@dataclass(frozen=True)
class Pool:
    """A pool that was run and differentiated: its cells, its outputs, their weighted sum, and its settings."""

    cells: Any
    outputs: Any
    score: Value
    settings: dict[str, Any]

    def routes(self) -> PoolRoutes:
        """Where the gradient of the score went in the pool."""
        return routes("max", self.cells, self.outputs, **self.settings)

    def windows(self) -> list[Value]:
        """The outputs, row by row."""
        return [v for row in self.outputs for v in row] if isinstance(self.outputs[0], list) else list(self.outputs)


def pooled(cells: Any, weights: Sequence[float] = WEIGHTS, **settings: Any) -> Pool:
    """Max-pool a list, or a list of rows, of Values, and weigh the outputs into a score, with the weights in turn."""
    flat = isinstance(cells[0], Value)
    outputs: Any = (max_pool1d if flat else max_pool2d)(cells, **settings)
    rows = [outputs] if flat else outputs
    for r, row in enumerate(rows):
        for c, output in enumerate(row):
            output.name = f"p{c}" if flat else f"p({r},{c})"
    every = [output for row in rows for output in row]
    score = reduce(add, [weight * output for weight, output in zip(cycle(weights), every, strict=False)])
    score.name = "score"
    return Pool(cells, outputs, score, settings)


def grid_of(numbers: Numbers, letter: str) -> Grid:
    """A Value for each number, named by its place: ``x(0,2)``."""
    return [[Value(x, f"{letter}({r},{c})") for c, x in enumerate(row)] for r, row in enumerate(numbers)]


def convolved(pixels: Grid, weights: Grid) -> Grid:
    """Each pixel's neighbourhood (3 by 3, zeros beyond the border) times the weights, summed."""
    out: Grid = [[] for _ in pixels]
    for r in range(len(pixels)):
        for c in range(len(pixels[0])):
            with scope(f"cell ({r},{c})"):
                out[r].append(reduce(add, _products(pixels, weights, r, c)))
    return out


def _products(pixels: Grid, weights: Grid, r: int, c: int) -> list[Value]:
    height, width = len(pixels), len(pixels[0])
    near = [(i, j) for i in range(3) for j in range(3) if 0 <= r + i - 1 < height and 0 <= c + j - 1 < width]
    return [weights[i][j] * pixels[r + i - 1][c + j - 1] for i, j in near]


def digit_network(image: Numbers, weights: Sequence[float] = WEIGHTS, **settings: Any) -> Pool:
    """The whole network on an image: convolution, relu, max pool, score."""
    with scope(CONVOLUTION):
        pixels, kernel = grid_of(image, "x"), grid_of(KERNEL, "w")
        sums = convolved(layer("pixels", pixels, kind="input"), kernel)
    layer("kernel", [[kernel]], kind="weights")
    layer("convolution", sums)
    return pooled(layer("relu", rectified(sums)), weights, **settings)


def rectified(sums: Grid) -> Grid:
    """Relu of each cell, named ``h(0,2)``."""
    cells = [[total.relu() for total in row] for row in sums]
    for r, row in enumerate(cells):
        for c, cell in enumerate(row):
            cell.name = f"h({r},{c})"
    return cells


def telling(pool: Pool) -> Window:
    """The window worth drawing: its winner was chosen by the most windows, and stands near its middle."""
    windows = [window for window in pool.routes().windows if window.contributions]
    chosen = [cell for window in windows for cell in window.contributions]
    return max(windows, key=lambda window: max(_worth(window, cell, chosen) for cell in window.contributions))


def _worth(window: Window, cell: Cell, chosen: list[Cell]) -> tuple[int, float]:
    return chosen.count(cell), -abs(window.cells.index(cell) - len(window.cells) / 2)
