"""The facts of a pool's backward pass: which cell each window chose, and what it sent back to it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from autodiff.ground.grids import grid_of, read_once
from autodiff.ground.text import letter, quoted
from autodiff.ground.windows import Cell, Shape
from autodiff.habits.answers import answered
from autodiff.pooling import Pair, Pool, plan
from autodiff.recording.reverse import adjoints, describe, peek
from autodiff.recording.scopes import Part
from autodiff.recording.value import Value, operand

__all__ = ["PoolRoutes", "Window", "matched", "members", "recall", "receivers", "require_window", "routes"]


@dataclass(frozen=True)
class Window:
    """One window of a pool: the cells it covers, and what it sent back to each of them.

    ``cells`` are (row, column) pairs in row-major order, padding left out. ``upstream`` is the gradient that
    arrived at the window's output (None: not computed, or no path led there). A cell that is missing from
    ``contributions`` lost: no path leads to it, nothing flows, so the derivative is 0.
    """

    number: int
    output: Cell
    cells: tuple[Cell, ...]
    value: float
    upstream: float | None
    contributions: Mapping[Cell, float]
    slopes: Mapping[Cell, float] = field(default_factory=dict)  # of the output, in each cell that has a path

    @property
    def letter(self) -> str:
        """What it is called, in pictures, pages and sentences: A ... Z, AA ..."""
        return letter(self.number)


@dataclass(frozen=True)
class PoolRoutes:
    """Everything the grid picture of a pool shows; a one-dimensional pool is a grid of one row."""

    kind: str  # "max" or "avg"
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    values: tuple[tuple[float | None, ...], ...]  # None: no window covers it, so nothing is remembered
    output_shape: tuple[int, int]
    windows: tuple[Window, ...]
    dilation: tuple[int, int] = (1, 1)


@answered
def routes(
    kind: Any,
    cells: Any = None,
    outputs: Any = None,
    kernel_size: Pair | None = None,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> PoolRoutes:
    """Where a pool sent the gradient that arrived at its outputs, window by window.

    ``routes(p)`` takes what a pool answered, whole and as it was, after ``backward()``: it remembers the rest. In
    full it is ``routes(kind, cells, outputs, kernel_size, ...)`` with the pool's words. The slopes and
    contributions are read from the recorded graph, not computed anew. Of a cell that no window covers, a pool
    remembers no value: it is None. Outputs that are not those of one pool raise ``ValueError``.

    >>> from autodiff import max_pool1d
    >>> x = [Value(v) for v in (3, 0, 4, 2, 0)]
    >>> p = max_pool1d(x, kernel_size=3, stride=2)
    >>> (0.7 * p[0] + 0.9 * p[1]).backward()
    >>> [dict(window.contributions) for window in routes(p).windows]
    [{(0, 2): 0.7}, {(0, 2): 0.9}]
    """
    if not isinstance(kind, str):
        if (cells, outputs, kernel_size, stride, padding, dilation, ceil_mode) != (None, None, None, None, 0, 1, False):
            raise TypeError("routes takes a pool's outputs alone, or kind, cells, outputs and the words of the pool")
        return _told(*recall(kind))
    if kernel_size is None:
        raise TypeError("routes needs cells, outputs and kernel_size beside the kind, or a pool's outputs alone")
    cells, flat = read_once(cells)
    return _told(
        *matched(plan(cells, 1 if flat else 2, kernel_size, stride, padding, dilation, ceil_mode, kind), outputs)
    )


def matched(pool: Pool, outputs: Any) -> tuple[Pool, list[list[Any]]]:
    """A pool and the grid of its outputs, of which there must be as many as it has windows."""
    outputs, flat = read_once(outputs)
    grid = grid_of([outputs] if flat else outputs, "the pool's outputs", operand)
    shape = (pool.shape.rows.count, pool.shape.columns.count)
    if (len(grid), len(grid[0])) != shape:
        raise ValueError(f"a pool of these cells has {shape[0]} x {shape[1]} outputs, got {len(grid)} x {len(grid[0])}")
    return pool, grid


def recall(outputs: Any) -> tuple[Pool, list[list[Any]]]:
    """The pool that answered these outputs, and their grid, from what the scopes of its windows remember.

    Its cells are the operands of each window; one that no window covers is None.
    """
    outputs, flat = read_once(outputs)
    grid = grid_of([outputs] if flat else outputs, "the outputs of a pool", operand)
    shape = _part(grid[0][0], (0, 0)).whole
    for i, row in enumerate(grid):
        for j, output in enumerate(row):
            part = _part(output, (i, j))
            if part.whole is not shape:
                raise ValueError(f"output {(i, j)} is of another pool than output (0, 0): give those of one pool")
            if part.place != (i, j):
                raise ValueError(f"output {(i, j)} is window {part.place} of its pool: give all outputs in their order")
    if (len(grid), len(grid[0])) != (shape.rows.count, shape.columns.count):
        raise ValueError(
            f"this pool has {shape.rows.count} x {shape.columns.count} outputs, got {len(grid)} x {len(grid[0])}: "
            "give all of them"
        )
    cells: list[list[Any]] = [[None] * shape.columns.length for _ in range(shape.rows.length)]
    for place, covered in shape.windows():
        found = _cells_of(grid[place[0]][place[1]], shape, len(covered))
        for (r, c), cell in zip(covered, found, strict=True):
            known = cells[r][c]
            if known is not None and known is not cell and (isinstance(cell, Value) or repr(known) != repr(cell)):
                raise ValueError(f"output {place} was computed from another cell {(r, c)} than the outputs before it")
            cells[r][c] = cell
    return Pool(cells, shape), grid


def _part(output: Any, at: Cell) -> Part:
    """What an output remembers of its pool; ``ValueError`` when that is nothing."""
    part = output.scope.part if isinstance(output, Value) and output.scope is not None else None
    if part is None or not isinstance(part.whole, Shape):
        called = describe(output) if isinstance(output, Value) else quoted(output)
        raise ValueError(
            f"output {at}, {called}, remembers no pool: give what the pool answered, or cells, outputs and kernel_size"
        )
    return part


def _cells_of(output: Value, shape: Shape, count: int) -> list[Any]:
    """The cells of a window, in order: what its nodes took from outside its scope; padding has none."""
    inner = {"max": ("maximum", "identity"), "avg": ("add", "identity")}[shape.kind]
    front: list[Any] = [output]
    found: list[Any] = []
    part = _part(output, (0, 0))
    whole = output.op is not None
    if shape.kind == "avg" and output.op is not None:  # the division is no cell
        whole = output.op.name == "divide" and output.args[1] == shape.divisor((part.place[0], part.place[1]), count)
        front = [*output.parents[:1]]
    while front and whole and len(found) <= count:
        node = front.pop()
        if isinstance(node, Value) and node.scope is output.scope and node.op is not None:
            whole = node.op.name in inner
            front += reversed(node.args)
        else:
            found.append(node)
    if not whole or len(found) != count:
        raise ValueError(
            f"{describe(output)} stands in window {part.place} of a pool, but is not its output as it was recorded: "
            "give what the pool answered, recorded and not changed"
        )
    return found


def _told(pool: Pool, grid: list[list[Any]]) -> PoolRoutes:
    down, across = pool.shape.rows, pool.shape.columns
    return PoolRoutes(
        pool.shape.kind,
        (down.kernel, across.kernel),
        (down.stride, across.stride),
        (down.padding, across.padding),
        tuple(tuple(peek(cell) if isinstance(cell, Value) else cell for cell in row) for row in pool.grid),
        (len(grid), len(grid[0])),
        tuple(
            _routed(pool.shape.kind, number, place, covered, pool.grid, grid[place[0]][place[1]])
            for number, (place, covered) in enumerate(pool.shape.windows())
        ),
        (down.dilation, across.dilation),
    )


def members(output: Value, cells: Collection[Any]) -> tuple[set[Value], set[Value]]:
    """The nodes that a window is made of, from its output back to these cells, and which of the cells it reached."""
    inner, reached, front = set[Value](), set[Value](), [output]
    while front:
        node = front.pop()
        if node in cells:
            reached.add(node)
        elif node not in inner:
            inner.add(node)
            front += node.parents
    return inner, reached


def receivers(routes: PoolRoutes, window: Window) -> tuple[Cell, ...]:
    """The cells that have a path to the output of a window: its first maximum (or first nan), or all."""
    if window.slopes:
        return tuple(cell for cell in window.cells if cell in window.slopes)
    if routes.kind != "max":
        return window.cells
    values = [(cell, x) for cell in window.cells if (x := routes.values[cell[0]][cell[1]]) is not None]
    nans = [cell for cell, value in values if math.isnan(value)]
    # max() keeps the first of equals, as the pool does.
    return tuple(nans[:1]) or (max(values, key=lambda pair: pair[1])[0],)


def require_window(
    pool: str, number: int, output: Value, covered: Collection[Any], grid: Iterable[Iterable[Any]]
) -> None:
    """Refuse an output that was not computed from just the cells that its window covers, of all cells of a grid."""
    every = {cell for row in grid for cell in row if isinstance(cell, Value)}
    wanted = {cell for cell in covered if isinstance(cell, Value)}
    seen = members(output, every)[1]
    if seen != wanted:
        raise ValueError(
            f"output {number} is not the {pool} of window {letter(number)}: cells in the window: {len(wanted)}; "
            f"cells it was computed from: {len(seen)}, {len(seen & wanted)} of them in the window. "
            "Give the cells, outputs and window of one and the same pool"
        )


def _routed(
    kind: str, number: int, place: Cell, covered: tuple[Cell, ...], grid: list[list[Value]], output: Value
) -> Window:
    ends: dict[Value, Cell] = {}
    for r, c in covered:
        if isinstance(grid[r][c], Value):  # a cell may be a number, which gets no gradient
            ends.setdefault(grid[r][c], (r, c))  # one Value in two cells: the first stands for both
    if not isinstance(output, Value):
        raise TypeError(f"a pool's outputs are Values, got {type(output).__name__} {quoted(output)}")
    require_window(f"{kind} pool", number, output, [grid[r][c] for r, c in covered], grid)
    reached = output.grad_state in ("zero", "value")
    slopes = {ends[node]: flow for node, flow in adjoints(output, 1.0, ends)[1].items() if node in ends}
    wanted = len(ends) if kind == "avg" else min(1, len(ends))
    if kind == "max" and not slopes and not all(isinstance(grid[r][c], Value) for r, c in covered):
        wanted = 0  # a number may have won
    if len(slopes) != wanted:
        raise ValueError(
            f"output {number} is not the {kind} pool of window {letter(number)}: {len(slopes)} of its cells have a "
            f"path to it, and {wanted} should; give the cells and outputs of one and the same pool"
        )
    sent = adjoints(output, output.grad, ends)[1] if reached else {}
    contributions = {ends[node]: flow for node, flow in sent.items() if node in ends}
    return Window(number, place, covered, peek(output), output.grad if reached else None, contributions, slopes)
