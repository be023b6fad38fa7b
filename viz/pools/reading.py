"""What is to be drawn, read no further than it takes to know that it can be: sizes, and one of several channels."""

from __future__ import annotations

from collections.abc import Sized
from itertools import islice
from typing import Any

from autodiff.ground.foreign import plain
from autodiff.ground.grids import is_listable
from autodiff.ground.text import quoted
from autodiff.ground.windows import Axis
from autodiff.pooling import Pool

__all__ = ["LIMIT", "of_channel", "read_some", "require_readable"]

LIMIT = 32  # rows and columns


def of_channel(grids: Any, channel: int | None) -> Any:
    """The grid of one channel; without a number the grids as they are, or the only one there is.

    >>> of_channel([[[1, 2]], [[3, 4]]], 1)
    [[3, 4]]
    """
    if channel is None:
        count = _channels(grids)
        if count > 1:
            raise TypeError(f"there are {count} channels, and a picture shows one: draw one with channel=0")
        return grids[0] if count else grids
    if isinstance(channel, bool) or not isinstance(channel, int):
        raise TypeError(f"channel is a whole number, got {type(channel).__name__} {quoted(channel)}")
    if not is_listable(grids):
        raise TypeError(f"channel={channel} chooses one of several grids, got {type(grids).__name__}")
    several = [*plain(grids)]
    if not -len(several) <= channel < len(several):
        raise ValueError(f"channel={channel} of {len(several)} channels, which are counted from 0")
    return several[channel]


def _channels(grids: Any) -> int:
    """How many grids these are; 0 where they are rows or cells."""
    inner = grids
    for _ in range(3):
        if isinstance(inner, memoryview):
            inner = inner.tolist()  # it has no rows of its own
        if not is_listable(inner) or not hasattr(inner, "__getitem__") or not len(inner):
            return 0
        inner = inner[0]
    return len(grids)


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
    if max(down.length, across.length, down.count, across.count) > LIMIT:
        raise ValueError(_too_large(f"{down.length} by {across.length}"))
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


def _too_large(size: str) -> str:
    most = f"at most {LIMIT} by {LIMIT}"
    return f"a grid of {size} is too large to read as a picture ({most}): pool a part of it"
