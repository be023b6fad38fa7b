"""Batches and answers of a program as arrays of NumPy's. :mod:`lists` has the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import isnan
from typing import Any

import numpy as np

from autodiff.ground.foreign import seen
from autodiff.habits.answers import got
from autodiff.programs import batches
from autodiff.programs.batches import Sample
from autodiff.recording.value import Value

__all__ = [
    "first",
    "given",
    "has_nan",
    "joined",
    "means",
    "own",
    "regrouped",
    "rest",
    "rows",
    "taken",
    "vector",
    "wrong",
]

Array = np.ndarray[Any, Any]

_FLOAT = np.dtype(float)
_NUMBERS = frozenset({float, int, bool, *(np.dtype(code).type for code in "?bhilqBHILQefdg")})


def rows(batch: Any, sample: Sample, what: str = "the batch", number: int = 0) -> Array:
    """A row of numbers for each sample, checked; they lie in memory row by row, or column by column as they came.

    Messages call the first row by its ``number``.
    """
    if _is_table(batch, len(sample.leaves)):
        return batch if batch.flags.c_contiguous or batch.flags.f_contiguous else np.ascontiguousarray(batch)
    array = _at_once(batch)
    if array is None:
        return np.array(batches.rows(batch, sample, what, number), dtype=float)
    is_row = array.ndim > 1
    if array.ndim != 2:
        sample.check_form(number, array[0], what)
        array = array.reshape(len(array), -1)
    if array.shape[1] != len(sample.leaves):
        sample.check(number, array.shape[1], is_row, what)
    return np.asarray(array, dtype=float, order="F" if array.flags.f_contiguous else "C")


def given(out: Any, samples: int, columns: int, batch: Any) -> Array:
    """A table to write results into, checked."""
    is_whole = _is_table(out, columns) if np.ndim(out) != 1 else columns == 1 and _is_table(out[:, None], 1)
    if not is_whole or len(out) != samples or not (out.flags.c_contiguous or out.flags.f_contiguous):
        shape = f"({samples}, {columns})"
        raise ValueError(f"out= must be an array of float64 of the shape {shape}, without gaps; got {_described(out)}")
    if not out.flags.writeable or np.may_share_memory(out, batch):
        raise ValueError(f"out= must be {'writeable' if not out.flags.writeable else 'memory apart from the batch'}")
    table: Array = out.reshape(samples, columns) if out.ndim == 1 else out
    return table


def vector(numbers: Any, leaves: Sequence[Value]) -> Array:
    """A number for each leaf, checked."""
    if numbers.__class__ is np.ndarray and numbers.dtype is _FLOAT and numbers.shape == (len(leaves),):
        known: Array = numbers
        return known
    return np.array(batches.vector(numbers, leaves, "params"), dtype=float)


def own(numbers: list[float]) -> Array:
    """Numbers that need no check."""
    return np.array(numbers, dtype=float)


def first(results: Array) -> Array:
    """The first number of each row."""
    return results[:, 0]


def rest(results: Array) -> Array:
    """Each row without its first number."""
    return results[:, 1:]


def means(sums: Array, samples: int, outputs: int) -> Array:
    """The sums over the samples as means, a row for each output."""
    return (sums / samples).reshape(outputs, -1)


def has_nan(numbers: Array) -> bool:
    """Whether any number is nan."""
    return bool(numbers.size) and isnan(numbers.max())  # the maximum is nan where any number is


def wrong(numbers: Any) -> tuple[int, int] | None:
    """Row and column of the first number that is not finite; a vector is one row."""
    finite = np.isfinite(numbers)
    if finite.all():
        return None
    row, column = np.argwhere(~np.atleast_2d(finite))[0].tolist()
    return row, column


def taken(table: Array, places: list[int]) -> Array:
    """Some of the rows."""
    found: Array = table[places]
    return found


def joined(tables: Iterable[Array]) -> Array:
    """The rows of all of them."""
    return np.concatenate([*tables])


def regrouped(tables: Iterable[Array], size: int) -> Iterator[Array]:
    """The same rows, so many at a time; nothing is kept of the tables, nor, with the next, of what was answered."""
    room, filled = np.empty((0, 0)), 0
    for table in tables:
        room = room if len(room) else np.empty((size, table.shape[1]))
        start = 0
        while start < len(table):
            more = min(size - filled, len(table) - start)
            room[filled : filled + more] = table[start : start + more]
            start, filled = start + more, filled + more
            if filled == size:
                yield room
                filled = 0
        del table
    if filled:
        yield room[:filled]


def _is_table(array: Any, columns: int) -> bool:
    """Whether it is rows of so many numbers, which need no look."""
    if array.__class__ is not np.ndarray or array.dtype is not _FLOAT or array.ndim != 2:
        return False
    return len(array) > 0 and array.shape[1] == columns


def _described(out: Any) -> str:
    """What it is instead."""
    return f"{out.dtype} of the shape {out.shape}" if isinstance(out, np.ndarray) else got(out)


def _at_once(batch: Any) -> Array | None:
    """The batch as an array, where its numbers need not be looked at one by one."""
    if batch.__class__ is not list and batch.__class__ is not tuple:
        array = seen(batch)
        return array if isinstance(array, np.ndarray) and _holds_numbers(array) and array.ndim and len(array) else None
    kinds = {*map(type, batch)}
    if kinds <= {list, tuple}:
        known = bool(kinds) and {*map(type, chain.from_iterable(batch))} <= _NUMBERS
    else:
        known = all(map(_holds_numbers, batch)) if kinds == {np.ndarray} else kinds <= _NUMBERS
    try:
        return np.array(batch, dtype=float) if known else None
    except (ValueError, OverflowError):  # ragged, or too large: to be found and named
        return None


def _holds_numbers(array: Array) -> bool:
    return array.dtype.kind in "fiub"
