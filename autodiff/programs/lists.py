"""Batches and answers of a program as lists, with the standard library alone. :mod:`arrays` has the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NoReturn

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

Rows = list[list[float]]


def rows(batch: Any, sample: Sample, what: str = "the batch", number: int = 0) -> Rows:
    """A row of numbers for each sample, checked; ``number`` is what messages call the first."""
    return batches.rows(batch, sample, what, number)


def given(out: Any, samples: int, columns: int, batch: Any) -> NoReturn:
    """``TypeError``: lists are answered, not filled."""
    raise TypeError(
        "out= is an array to write into; the backend 'python' answers lists: use backend='numpy', or leave it"
    )


def vector(numbers: Any, leaves: Sequence[Value]) -> list[float]:
    """A number for each leaf, checked."""
    return batches.vector(numbers, leaves, "params")


def own(numbers: list[float]) -> list[float]:
    """Numbers that need no check."""
    return numbers


def first(results: Rows) -> list[float]:
    """The first number of each row."""
    return [row[0] for row in results]


def rest(results: Rows) -> Rows:
    """Each row without its first number."""
    return [row[1:] for row in results]


def means(sums: list[float], samples: int, outputs: int) -> Rows:
    """The sums over the samples as means, a row for each output."""
    count = len(sums) // outputs
    found = [total / samples for total in sums]
    return [found[i * count : (i + 1) * count] for i in range(outputs)]


def has_nan(numbers: Any) -> bool:
    """Whether any number is nan, in a list or in rows."""
    flat = chain.from_iterable(row if isinstance(row, list) else (row,) for row in numbers)
    return any(x != x for x in flat)


def wrong(numbers: Any) -> tuple[int, int] | None:
    """Row and column of the first number that is not finite; a list is one row."""
    for i, row in enumerate(numbers if numbers and isinstance(numbers[0], list) else [numbers]):
        for j, number in enumerate(row):
            if not math.isfinite(number):
                return i, j
    return None


def taken(table: Rows, places: list[int]) -> Rows:
    """Some of the rows."""
    return [table[place] for place in places]


def joined(tables: Iterable[Rows]) -> Rows:
    """The rows of all of them."""
    return [*chain.from_iterable(tables)]


def regrouped(tables: Iterable[Rows], size: int) -> Iterator[Rows]:
    """The same rows, so many at a time; nothing is kept of the tables, nor, with the next, of what was answered."""
    rows = chain.from_iterable(tables)
    while some := [*islice(rows, size)]:
        yield some
