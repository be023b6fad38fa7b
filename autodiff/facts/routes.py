"""The facts of a pool's backward pass: which cell each window chose, and what it sent back to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autodiff.pooling import Cell, Pair, grid_of, plan, read_once
from autodiff.recording.reverse import adjoints
from autodiff.recording.value import Value

__all__ = ["PoolRoutes", "Window", "require_window", "routes"]


@dataclass(frozen=True)
class Window:
    """One window of a pool: the cells it covers, and what it sent back to each of them.

    ``cells`` are (row, column) pairs in row-major order, padding left out. ``upstream`` is the gradient that
    arrived at the window's output (None: not computed, or no path led there). A cell that is missing from
    ``contributions`` lost: no path led to it, which differs from a contribution of zero.
    """

    number: int
    output: Cell
    cells: tuple[Cell, ...]
    value: float
    upstream: float | None
    contributions: Mapping[Cell, float]
    slopes: Mapping[Cell, float] = field(default_factory=dict)  # of the output, in each cell that has a path


@dataclass(frozen=True)
class PoolRoutes:
    """Everything the grid picture of a pool shows; a one-dimensional pool is a grid of one row."""

    kind: str  # "max" or "avg"
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    values: tuple[tuple[float, ...], ...]
    output_shape: tuple[int, int]
    windows: tuple[Window, ...]


def routes(
    kind: str,
    cells: Any,
    outputs: Any,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> PoolRoutes:
    """Where a pool of these cells sent the gradient that arrived at its outputs, window by window.

    ``outputs`` is what the pool answered for ``cells``, after ``backward()``; both may be lists or lists of
    rows. The slopes and contributions are read from the recorded graph, not computed anew.
    """
    cells, flat = read_once(cells)
    pool = plan(cells, 1 if flat else 2, kernel_size, stride, padding, dilation, ceil_mode)
    grid = grid_of([outputs] if flat else outputs, "the pool's outputs")
    windows = pool.windows()
    if (len(grid), len(grid[0])) != (pool.rows.count, pool.columns.count):
        raise ValueError(
            f"a pool of these cells has {pool.rows.count} x {pool.columns.count} outputs, "
            f"got {len(grid)} x {len(grid[0])}"
        )
    return PoolRoutes(
        kind,
        (pool.rows.kernel, pool.columns.kernel),
        (pool.rows.stride, pool.columns.stride),
        (pool.rows.padding, pool.columns.padding),
        tuple(tuple(cell._data if isinstance(cell, Value) else cell for cell in row) for row in pool.grid),
        (len(grid), len(grid[0])),
        tuple(
            _routed(kind, number, place, covered, pool.grid, grid[place[0]][place[1]])
            for number, (place, covered) in enumerate(windows)
        ),
    )


def require_window(
    pool: str, number: int, output: Value, covered: Collection[Any], grid: Iterable[Iterable[Any]]
) -> None:
    """Refuse an output that was not computed from just the cells that its window covers, of all cells of a grid."""
    every = {cell for row in grid for cell in row if isinstance(cell, Value)}
    wanted = {cell for cell in covered if isinstance(cell, Value)}
    seen: set[Value] = set()
    front = [output]
    while front:
        node = front.pop()
        if node not in seen:
            seen.add(node)
            front += [arg for arg in node.args if isinstance(arg, Value) and node not in every]
    if seen & every != wanted:
        raise ValueError(
            f"output {number} is not the {pool} of window {number}: cells in the window: {len(wanted)}; cells it was "
            f"computed from: {len(seen & every)}, {len(seen & wanted)} of them in the window. Give the cells, outputs "
            "and window of one and the same pool"
        )


def _routed(
    kind: str, number: int, place: Cell, covered: tuple[Cell, ...], grid: list[list[Value]], output: Value
) -> Window:
    ends: dict[Value, Cell] = {}
    for r, c in covered:
        if isinstance(grid[r][c], Value):  # a cell may be a number, which gets no gradient
            ends.setdefault(grid[r][c], (r, c))  # one Value in two cells: the first stands for both
    if not isinstance(output, Value):
        raise TypeError(f"a pool's outputs are Values, got {type(output).__name__} {output!r}")
    require_window(f"{kind} pool", number, output, [grid[r][c] for r, c in covered], grid)
    reached = output.grad_state in ("zero", "value")
    slopes = {ends[node]: flow for node, flow in adjoints(output, 1.0, ends)[1].items() if node in ends}
    wanted = len(ends) if kind == "avg" else min(1, len(ends))
    if len(slopes) != wanted:
        raise ValueError(
            f"output {number} is not the {kind} pool of window {number}: {len(slopes)} of its cells have a path to it, "
            f"and {wanted} should; give the cells and outputs of one and the same pool"
        )
    sent = adjoints(output, output.grad, ends)[1] if reached else {}
    contributions = {ends[node]: flow for node, flow in sent.items() if node in ends}
    return Window(number, place, covered, output._data, output.grad if reached else None, contributions, slopes)
