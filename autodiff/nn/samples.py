"""The data of a training: a row of numbers for each sample, and the leaves that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autodiff.ground.foreign import at_least_one, headings, plain
from autodiff.ground.text import quoted
from autodiff.habits.answers import warn
from autodiff.programs.program import Program
from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["placeholder", "table", "warn_of_constants"]


def placeholder(*shape: int | Sequence[int], name: str = "x") -> Any:
    """A leaf to record with, a list of them, or lists of lists: what :func:`fit` and Program fill in from the data.

    The sizes may also come as one tuple. One that is not whole, or below 1, raises ``ValueError``.

    >>> placeholder(name="label")
    Value(0.0, name='label')
    >>> placeholder(1, 2)
    [[Value(0.0, name='x0,0'), Value(0.0, name='x0,1')]]
    """
    for size in shape:
        if isinstance(size, str):
            raise TypeError(f"placeholder takes sizes, and its name by keyword: placeholder(name={quoted(size)})")
    first = shape[0] if len(shape) == 1 else None
    sizes = first if isinstance(first, (list, tuple)) else shape
    return _placed([at_least_one("a placeholder's size", size) for size in sizes], name, "")


def table(data: Any, program: Program, what: str = "the data", number: int = 0) -> Any:
    """The data as the program's rows, of which the first has this ``number``; every number checked, and finite."""
    rows = program.rim.rows(data, program.sample, what, number)
    if (wrong := program.rim.wrong(rows)) is not None:
        row, column = wrong
        place = program.sample.place(number + row, column, headings(data))
        found = float(rows[row][column])
        raise ValueError(
            f"{place} of {what} is {quoted(found)}; training needs finite numbers, so leave that sample out"
        )
    return rows


def warn_of_constants(program: Program, constants: Any) -> None:
    """Warn of leaves that are neither inputs nor parameters nor said to be constants: they would stay as they are."""
    if constants is True:
        return
    known = dict.fromkeys(_values(constants))
    for leaf in (*program.inputs, *program.params):
        if leaf in known:
            raise ValueError(f"{describe(leaf)} is to be a constant, but it stands among the inputs or params")
    frozen = [leaf for leaf in program.constants if leaf not in known]
    if frozen:
        more = f" and {len(frozen) - 8} more" if len(frozen) > 8 else ""
        warn(
            f"the loss has leaves that are neither inputs nor parameters: {', '.join(map(_called, frozen[:8]))}{more}. "
            "They stay as they are; give them to inputs= or params=, or to constants= if that is meant",
        )


def _values(constants: Any) -> Iterator[Value]:
    if isinstance(constants, Value):
        yield constants
    elif hasattr(constants, "parameters"):
        yield from constants.parameters()
    elif isinstance(constants := plain(constants), Iterable) and not isinstance(constants, (str, bytes)):
        for part in constants:
            yield from _values(part)
    else:
        raise TypeError(f"constants= are Values, Modules or lists of them, got {type(constants).__name__}")


def _called(leaf: Value) -> str:
    return describe(leaf) + (f" of {quoted(' / '.join(leaf.scope.path))}" if leaf.scope else "")


def _placed(shape: list[int], name: str, place: str) -> Any:
    if not shape:
        return Value(0.0, name + place)
    return [_placed(shape[1:], name, f"{place},{i}" if place else str(i)) for i in range(shape[0])]
