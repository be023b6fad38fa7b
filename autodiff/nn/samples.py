"""The data of a training: a row of numbers for each sample, and the leaves that stand for them."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff.foreign import headings
from autodiff.optim import leaves
from autodiff.programs.program import Program
from autodiff.recording.reverse import describe
from autodiff.recording.value import Value
from autodiff.text import quoted

__all__ = ["placeholder", "table", "warn_of_constants"]


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


def table(data: Any, program: Program) -> Any:
    """The data as the program's rows; every number checked, and finite."""
    what = "the data"
    rows = program.rim.rows(data, program.sample, what)
    if (wrong := program.rim.wrong(rows)) is not None:
        row, column = wrong
        place = program.sample.place(row, column, headings(data))
        number = float(rows[row][column])
        raise ValueError(f"{place} of {what} is {number!r}; training needs finite numbers, so leave that sample out")
    return rows


def warn_of_constants(program: Program, constants: Any) -> None:
    """Warn of leaves that are neither inputs nor parameters nor said to be constants: they would stay as they are."""
    known = leaves(constants)
    for leaf in known:
        if leaf in {*program.inputs, *program.params}:
            raise ValueError(f"{describe(leaf)} is to be a constant, but it stands among the inputs or params")
    frozen = [leaf for leaf in program.constants if leaf not in {*known}]
    if frozen:
        more = f" and {len(frozen) - 4} more" if len(frozen) > 4 else ""
        warnings.warn(
            f"the loss has leaves that are neither inputs nor parameters: {', '.join(map(_called, frozen[:4]))}{more}. "
            "They stay as they are; give them to inputs= or params=, or to constants= if that is meant",
            stacklevel=3,
        )


def _called(leaf: Value) -> str:
    return describe(leaf) + (f" of {quoted(' / '.join(leaf.scope.path))}" if leaf.scope else "")


def _placed(shape: tuple[int, ...], name: str, place: str) -> Any:
    if not shape:
        return Value(0.0, name + place)
    if shape[0] < 1:
        raise ValueError(f"sizes of a placeholder are at least 1, got {shape[0]}")
    return [_placed(shape[1:], name, f"{place},{i}" if place else str(i)) for i in range(shape[0])]
