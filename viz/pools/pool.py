"""The grid picture of pooling: windows, winners, and the gradient routed back to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from autodiff import PoolRoutes, Value, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, routes
from autodiff.facts.routes import recall
from autodiff.ground.foreign import plain
from autodiff.ground.grids import is_listable, read_once
from autodiff.ground.text import quoted
from autodiff.ground.windows import Cell
from autodiff.habits.answers import answered
from autodiff.language.ieee import real
from autodiff.pooling import Pool, plan
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.picture import Picture
from viz.pools.choice import cells_of
from viz.pools.grids import picture
from viz.pools.reading import of_channel, read_some, require_readable

__all__ = ["pool"]


POOLS = {"max": (max_pool1d, max_pool2d), "avg": (avg_pool1d, avg_pool2d)}


@answered
def pool(
    cells: Any,
    outputs: Any = None,
    *,
    kernel_size: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    kind: str = "max",
    upstream: Any = None,
    theme: str | Theme = "light",
    background: str | None = OWN,
    legend: bool = True,
    fit: str | tuple[float, float | None] | None = "column",
    windows: Any = None,
    channel: int | None = None,
    digits: int | None = None,
    path: Any = None,
    paths: Any = None,
) -> Picture:
    """Draw a pool: the input with its windows and winners, the outputs, and the gradient on its way back.

    ``cells`` is a list, or a list of rows, of numbers or Values. Given alone, it is pooled here (on copies: your
    Values stay as they are), and ``upstream``, one number for each output (1 by default), in their
    shape or as one flat list, is sent back. Given
    ``outputs``, what ``max_pool1d`` or ``max_pool2d`` answered for these Values, the picture shows the gradients
    that ``backward()`` left there; ``pool(p)``, of these outputs alone, shows the same: they remember the rest. The
    keywords are torch's; ``kind`` is "max" or "avg". Of several channels, ``channel`` is the one that is drawn.

    Windows have letters, A ... Z, AA ..., row by row. Of more than nine a few are told of: the most telling ones, or
    those of ``windows``, letters ("A C AB") or places of outputs ([(0, 1)]). ``fit`` is the place that the picture is
    made for, as in :func:`viz.draw`, and so are ``theme``, ``background`` and ``legend``; numbers have ``digits``
    figures, three or as many as it takes to tell who won. Cells that are too many for numbers are shown by colour.
    ``path=x`` shows the ways of one cell, a Value or its place, through the windows that hold it, in colour over the
    faded rest; ``paths=(x, y)`` those of several.
    Wrong numbers, and grids of more than 32 by 32, raise ``ValueError``.

    >>> picture = pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, upstream=[0.7, 0.9])
    >>> picture.save_png("pool.png")  # doctest: +SKIP
    """
    look = theme_of(theme, background)
    if isinstance(outputs, int) or (isinstance(outputs, tuple) and all(isinstance(size, int) for size in outputs)):
        raise TypeError(f"pool(cells, outputs) takes a pool's answer; write pool(cells, kernel_size={quoted(outputs)})")
    cells, outputs = of_channel(cells, channel), outputs if outputs is None else of_channel(outputs, channel)
    if kernel_size is None:
        asked = any(word is not None for word in (outputs, stride, upstream))  # arrays perhaps: they answer != by cells
        if asked or (padding, dilation, ceil_mode, kind) != (0, 1, False, "max"):
            raise TypeError(
                "pool takes the outputs of a pool alone, pool(p), or cells and the pool's words: "
                "pool(cells, kernel_size=2, stride=1)"
            )
        shown, grid = _remembered(cells)
        return picture(shown, look, legend, fit, windows, digits, _ways(grid, path, paths, windows))
    _require_kind(kind, dilation)
    window: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    cells, flat = read_once(read_some(cells))
    shape = plan(cells, 1 if flat else 2, kernel_size, stride, padding, dilation, ceil_mode)
    require_readable(shape)
    if kind == "max":
        window["dilation"] = dilation
    ways = _ways(shape.grid, path, paths, windows)
    if outputs is None:
        cells, outputs = _pooled(shape, kind, window, flat, upstream)
    elif upstream is not None:
        raise ValueError("outputs bring their own gradients: give either outputs or upstream")
    return picture(routes(kind, cells, outputs, **window), look, legend, fit, windows, digits, ways)


def _require_kind(kind: str, dilation: int | Sequence[int]) -> None:
    if kind not in POOLS:
        raise ValueError(f"kind must be 'max' or 'avg', got {quoted(kind)}")
    if kind == "avg" and dilation != 1:
        raise ValueError("an average pool has no dilation")


def _ways(grid: Any, path: Any, paths: Any, windows: Any) -> frozenset[Cell]:
    """The cells whose ways are shown; which windows these are is decided then."""
    ways = cells_of(grid, path, paths)
    if ways and windows is not None:
        raise ValueError("path= shows the windows that hold its cell: leave windows= out")
    return ways


def _remembered(outputs: Any) -> tuple[PoolRoutes, Any]:
    """The routes of a pool's outputs, which remember their pool, and its cells."""
    try:
        pool, grid = recall(outputs)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{error}; of cells write pool(cells, kernel_size=2)") from None
    require_readable(pool)
    return routes(grid), pool.grid


def _pooled(shape: Pool, kind: str, window: dict[str, Any], flat: bool, upstream: Any) -> tuple[Any, Any]:
    """The cells as leaves of their own, and their pool's outputs after the backward pass."""
    sent = _sent(upstream, shape.shape.rows.count, shape.shape.columns.count)
    rows = [[x.detach() if isinstance(x, Value) else Value(x) for x in row] for row in shape.grid]
    cells: Any = rows[0] if flat else rows
    outputs: Any = POOLS[kind][0 if flat else 1](cells, **window)
    every = list(outputs) if flat else [output for row in outputs for output in row]
    reduce(add, [weight * output for weight, output in zip(sent, every, strict=True)]).backward()
    return cells, outputs


def _sent(upstream: Any, rows: int, columns: int) -> list[Any]:
    """One number for each output, row by row."""
    if upstream is None:
        return [1.0] * (rows * columns)
    given = plain(upstream)
    numbers, flat = read_once(given if is_listable(given) else [given])
    lengths = [len(row) if is_listable(row) else 0 for row in numbers]
    if flat and not any(lengths) and len(numbers) == rows * columns:
        return [_number(x) for x in numbers]
    if lengths == [columns] * rows:
        return [_number(x) for row in numbers for x in row]
    got = f"{len(numbers)} numbers" if not any(lengths) else f"rows of {', '.join(map(str, lengths[:8]))} numbers"
    size = f"{columns}" if rows == 1 else f"{rows} x {columns}"
    raise ValueError(
        f"upstream needs one number for each output: upstream= has their shape, {size}, or is one flat list of "
        f"{rows * columns} numbers; got {got}"
    )


def _number(x: Any) -> float:
    """One number of ``upstream``, of a Value too."""
    try:
        return real(x.data if isinstance(x, Value) else x)
    except TypeError:
        raise TypeError(f"upstream= is made of numbers, got {type(x).__name__} {quoted(x, 40)}") from None
