"""The data of a training: a row of numbers for each sample, and the leaves that stand for them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autodiff.language.ieee import real
from autodiff.nn.nests import flat, listed
from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["array", "first_wrong", "placeholder", "table"]


def placeholder(*shape: int, name: str = "x") -> Any:
    """A leaf to record with, a list of them, or lists of lists: what :func:`fit` and Program fill in from the data.

    A size below 1 raises ``ValueError``.

    >>> placeholder(name="label")
    Value(0.0, name='label')
    >>> placeholder(1, 2)
    [[Value(0.0, name='x0,0'), Value(0.0, name='x0,1')]]
    """
    for size in shape:
        if isinstance(size, str):
            raise TypeError(f"placeholder takes sizes, and its name by keyword: placeholder(name={size!r})")
    return _placed(shape, name, "")


def table(data: Any, inputs: list[Value], arrays: bool) -> Any:
    """The data as a list of rows, or as an array if ``arrays``; every number checked."""
    rows: Any
    if getattr(data, "ndim", None) == 2 and hasattr(data, "__array_interface__") and arrays:
        rows = array(data)
        suspects = [0] if rows.shape[1] != len(inputs) and len(rows) else _wrong_rows(rows)
    else:
        rows = [[real(number) for number in flat(sample)] for sample in listed(data)]
        suspects = range(len(rows))
    if not len(rows):
        raise ValueError("there are no data")
    for i in suspects:
        _check_row(i, listed(rows[i]), inputs)
    return array(rows) if arrays else rows


def _check_row(i: int, row: list[float], inputs: list[Value]) -> None:
    if len(row) != len(inputs):
        raise ValueError(
            f"sample {i} of the data has {len(row)} numbers, but there are {len(inputs)} inputs; for points and "
            "labels in two lists write data=zip(points, labels)"
        )
    if (where := first_wrong(row)) is not None:
        raise ValueError(f"sample {i} of the data is not finite: {describe(inputs[where])} is {row[where]!r}")


def _wrong_rows(rows: Any) -> Sequence[int]:
    import numpy

    wrong: Sequence[int] = numpy.flatnonzero(~numpy.isfinite(rows).all(axis=1)).tolist()
    return wrong


def first_wrong(numbers: Any) -> int | None:
    """The position of the first number that is not finite."""
    if not isinstance(numbers, list):
        import numpy

        if numpy.isfinite(numbers).all():
            return None
    return next((i for i, number in enumerate(numbers) if not math.isfinite(number)), None)


def _placed(shape: tuple[int, ...], name: str, place: str) -> Any:
    if not shape:
        return Value(0.0, name + place)
    if shape[0] < 1:
        raise ValueError(f"sizes of a placeholder are at least 1, got {shape[0]}")
    return [_placed(shape[1:], name, f"{place},{i}" if place else str(i)) for i in range(shape[0])]


def array(numbers: Any) -> Any:
    """A NumPy array of floats."""
    import numpy

    return numpy.array(numbers, dtype=float)
