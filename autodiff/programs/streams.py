"""Batches that come in pieces: an iterator of samples, or of blocks of them, of which no more is kept than is at work.

Blocks may be of any size, empty ones too. They are dealt out anew, in pieces of whole blocks of the one order of sums
(:mod:`autodiff.programs.sums`): so every number has the bits of one call over all samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from math import prod
from typing import Any

from autodiff.programs.batches import Sample
from autodiff.programs.rims import Rim
from autodiff.programs.sums import BLOCK

__all__ = ["are_blocks", "before", "piece", "rest", "run", "tables"]

Read = Callable[[Any, str, int], Any]  # samples, what they are called, the number of the first: a checked table

_DEEPEST = 64


def piece(columns: int) -> int:
    """The rows that are at work at a time: whole blocks, of about half a megabyte."""
    return max(1, 2**16 // max(columns, 1) // BLOCK) * BLOCK


def run(ready: Callable[[bool], Callable[..., Any]], pieces: Iterable[Any], params: Any, rim: Rim) -> tuple[Any, Any]:
    """The results of all pieces, and the sums over them; ``ready(careful)`` is the routine.

    Once a sum is nan, sides without a path are held apart from there on: what was summed before has the same bits.
    """
    results, sums, careful = [], None, False
    for table in pieces:
        answer, after = ready(careful)(table, params, None, sums)
        if not careful and rim.has_nan(after):
            careful = True
            answer, after = ready(True)(table, params, None, sums)
        results.append(answer)
        sums = after
    return rim.joined(results), sums


def tables(stream: Iterable[Any], columns: int, read: Read, what: str) -> Iterator[Any]:
    """The samples of a stream in tables; nothing is kept of those that were answered before.

    A part that holds ``columns`` numbers is a sample; one that is empty, or made of such, a block of samples. All parts
    are samples, or all are blocks: the first that cannot be both decides. ``ValueError`` where there is no sample.
    """
    parts = map(_held, stream)
    numbers, found, empty = count(), False, None
    for part in parts:
        number, kind = next(numbers), _kind(part, columns)
        if kind == "both":
            found = True
            yield read([part], what, number)
        elif kind == "empty":
            empty = number
        else:
            others = before([part], parts)
            del part
            if kind == "sample" and empty is not None:
                read([[]], what, empty)
            step = piece(columns)
            yield from (
                _blocks(others, number, read, what) if kind == "block" else _samples(others, number, read, what, step)
            )
            return
        del part  # what asks for the next keeps none
    if not found:
        read(iter(()), what, 0)


def are_blocks(parts: Iterator[Any], sample: Sample) -> tuple[bool, Iterator[Any]]:
    """Whether they are blocks, and the same parts again, from the first on.

    One row in a nest of its own is a block of one, where the inputs are not nested themselves.
    """
    looked: list[Any] = []
    found = False
    for part in map(_held, parts):
        looked.append(part)
        kind = _kind(part, len(sample.leaves))
        found = kind == "block" or (kind == "both" and sample.is_flat and _is_nest(part[0]))
        if found or kind == "sample":
            break
    return found, before(looked, parts)


def rest(tables: Iterator[Any], place: int) -> Iterator[Any]:
    """Tables from a row on; ``ValueError`` where they end before it."""
    left = place
    for table in tables:
        if left < len(table):
            yield table[left:] if left else table
            left = 0
        else:
            left -= len(table)
        del table
    if left:
        raise ValueError(
            f"the data end before row {place}, where the training was interrupted: give them from their beginning"
        )


def before(some: list[Any], parts: Iterator[Any]) -> Iterator[Any]:
    """Some parts, and then all others; of none is kept what was answered."""
    while some:
        yield some.pop(0)
    yield from parts


def _blocks(blocks: Iterator[Any], number: int, read: Read, what: str) -> Iterator[Any]:
    for block in blocks:
        if not _is_empty(block):
            yield read(block, f"block {number} of {what}", 0)
        number += 1
        del block


def _samples(samples: Iterator[Any], number: int, read: Read, what: str, step: int) -> Iterator[Any]:
    while some := [*islice(samples, step)]:
        yield read(some, what, number)
        number += len(some)


def _held(part: Any) -> Any:
    """A part that can be looked at twice."""
    return [*part] if isinstance(part, Iterator) else part


def _kind(part: Any, columns: int) -> str:
    """What a part of a stream is: "empty", a "sample", a "block" of samples, or "both", a block of one."""
    if columns and _is_empty(part):
        return "empty"
    is_block = columns > 0 and _sizes(part) == {columns}
    return ("both" if _size(part) == columns else "block") if is_block else "sample"


def _is_nest(part: Any) -> bool:
    return isinstance(part, (list, tuple)) or bool(_shape(part))


def _is_empty(part: Any) -> bool:
    shape = _shape(part)
    return shape[:1] == (0,) if shape is not None else isinstance(part, (list, tuple)) and not part


def _size(part: Any, depth: int = 0) -> int:
    """How many numbers it holds, whatever they are."""
    if (shape := _shape(part)) is not None:
        return prod(shape)
    if not isinstance(part, (list, tuple)) or depth > _DEEPEST:
        return 1
    return sum(_size(inner, depth + 1) for inner in part)


def _sizes(part: Any) -> set[int]:
    """How many numbers its own parts hold."""
    if shape := _shape(part):
        return {prod(shape[1:])} if shape[0] else set()
    return {*map(_size, part)} if isinstance(part, (list, tuple)) else set()


def _shape(part: Any) -> tuple[int, ...] | None:
    """The lengths of an array, tensor or table; the fields of records count as one more."""
    shape = getattr(part, "shape", None)
    if not isinstance(shape, tuple):
        return None
    fields = getattr(getattr(part, "dtype", None), "names", None)
    return shape if fields is None else (*shape, len(fields))
