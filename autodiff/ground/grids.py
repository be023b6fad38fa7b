"""Grids of cells: rows of Values and numbers, from lists, arrays, tensors and tables, in one reader for all pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autodiff.ground.foreign import plain

__all__ = ["grid_of", "is_listable", "read_once"]


def grid_of(rows: Any, expected: str, read: Callable[[Any], Any]) -> list[list[Any]]:
    """The rows of a pool's input or output, checked: all of one length, each cell as ``read`` reads it."""
    rows = plain(rows)
    if not is_listable(rows):
        raise TypeError(f"a pool takes {expected}, got {type(rows).__name__}")
    grid: list[list[Any]] = []
    for row in map(plain, rows):
        if not is_listable(row):
            one = "; one row goes to max_pool1d (avg_pool1d)" if "rows" in expected else ""
            raise TypeError(f"a pool takes {expected}, got {type(row).__name__} where a list was expected{one}")
        grid.append([*map(plain, row)])
    if not grid or not grid[0]:
        raise ValueError(f"a pool needs {expected} with at least one cell, got none")
    if len({len(row) for row in grid}) > 1:
        raise ValueError(f"all rows of a pool's input must have one length, got {[len(row) for row in grid]}")
    for kind in dict.fromkeys(type(cell) for row in grid for cell in row):
        if issubclass(kind, Iterable):
            more = "one channel at a time, or nn.MaxPool2d (nn.AvgPool2d) for all channels of an image"
            if "rows" not in expected:
                more = "a grid of rows goes to max_pool2d (avg_pool2d)"
            raise TypeError(f"a pool takes {expected}, got {kind.__name__} where a Value was expected: {more}")
    return [[read(cell) for cell in row] for row in grid]


def read_once(cells: Any) -> tuple[Any, bool]:
    """The cells as a list, and whether they are one row: who has to look first would lose a generator's first cell."""
    cells = plain(cells)
    if not is_listable(cells):
        return cells, True
    cells = [list(row) if is_listable(row) else row for row in map(plain, cells)]
    return cells, not cells or not is_listable(cells[0])


def is_listable(x: object) -> bool:
    """Whether it is a list or whatever else gives its cells one by one; text is none, nor what has no order."""
    many = isinstance(x, Iterable) and getattr(x, "ndim", 1) != 0  # arrays of no dimension can be asked, in vain
    return many and not isinstance(x, (str, bytes, dict, set, frozenset))
