"""Lists of lists: what images, batches and parameters come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from autodiff.ground.foreign import is_unordered, plain
from autodiff.ground.text import quoted
from autodiff.recording.value import Value, operand

__all__ = [
    "ONE_BY_ONE",
    "Shape",
    "cells",
    "compare",
    "depth",
    "flat",
    "is_nest",
    "mapped",
    "one_by_one",
    "row",
    "shape",
]

Shape = tuple[int, ...]
T = TypeVar("T")

ONE_BY_ONE = "one sample at a time; fit and Program take batches"
_READY = frozenset({Value, float})


def cells(nest: Any) -> Any:
    """The nest as lists of lists of Values and float64s; whatever it is made of is read once.

    >>> cells([(True, 2), (x * x for x in (3, 4))])
    [[1.0, 2.0], [9.0, 16.0]]
    """
    nest = plain(nest)
    if nest.__class__ is list and {*map(type, nest)} <= _READY:
        return [*nest]
    return [cells(item) for item in nest] if is_nest(nest) else operand(nest)


def is_nest(x: Any) -> bool:
    """Whether ``x`` is a list (or the like) rather than one number; text, dicts and sets are neither: ``TypeError``."""
    if isinstance(x, (Value, float)):
        return False
    if isinstance(x, (str, bytes)) or is_unordered(x):
        raise TypeError(f"Values, numbers or lists of them are needed here, got {type(x).__name__}")
    return isinstance(x, Iterable)


def row(x: Any, taker: object, count: int | None = None) -> list[Any]:
    """The Values and float64s of one sample: a list, of so many; one alone is a list of one. A batch is refused.

    >>> row((True, 2), "a layer")
    [1.0, 2.0]
    """
    found: list[Any] = x
    if x.__class__ is not list or not {*map(type, x)} <= _READY:
        nest = cells(x)
        found = nest if isinstance(nest, list) else [nest]
        if any(isinstance(item, list) for item in found):
            raise TypeError(one_by_one(taker, found, "; put Flatten() before it if that is one image"))
    if count is not None and len(found) != count:
        samples, rest = divmod(len(found), count)
        tip = f": {samples} samples? {ONE_BY_ONE}" if not rest and samples > 1 else ""
        raise ValueError(f"{taker} has {count} inputs, got {len(found)}{tip}")
    return found


def one_by_one(taker: object, batch: Any, tip: str = "") -> str:
    """What is said of a batch that was given to what takes a sample."""
    found = shape(batch)
    return f"{taker} takes {ONE_BY_ONE}. Got {'lists in a list' if found is None else f'the shape {found}'}{tip}"


def depth(nest: Any) -> int:
    """How many lists stand around the innermost cells.

    >>> depth([[1.0], [[2.0]]]), depth(1.0)
    (3, 0)
    """
    return 1 + max((depth(item) for item in nest if isinstance(item, list)), default=0) if isinstance(nest, list) else 0


def mapped(function: Callable[[Any], Any], nest: Any) -> Any:
    """``function`` of every cell, in lists of the same shape.

    >>> mapped(abs, [[-1, 2], -3])
    [[1.0, 2.0], 3.0]
    """
    nest = plain(nest)
    return [mapped(function, item) for item in nest] if is_nest(nest) else function(operand(nest))


def flat(nest: Any) -> list[Any]:
    """All cells of a nest, row by row.

    >>> flat([[1, 2], [[3]], 4])
    [1.0, 2.0, 3.0, 4.0]
    """
    nest = cells(nest)
    return _spread(nest) if isinstance(nest, list) else [nest]


def shape(nest: Any) -> Shape | None:
    """The lengths of a nest from the outside in; None when it is ragged.

    >>> shape([[1, 2, 3], [4, 5, 6]]), shape([[1], 2]), shape(7)
    ((2, 3), None, ())
    """
    nest = plain(nest)
    if nest.__class__ is list and {*map(type, nest)} <= _READY:
        return (len(nest),)
    if not is_nest(nest):
        return ()
    parts = [shape(item) for item in nest]
    if not parts:
        return (0,)
    return None if parts[0] is None or any(part != parts[0] for part in parts) else (len(parts), *parts[0])


def compare(here: Mapping[str, Shape], there: Mapping[str, T], measure: Callable[[T], Shape | None]) -> None:
    """Raise ``ValueError`` unless ``there`` has the names of ``here``, and under each what measures the same.

    >>> compare({"w": (2,)}, {"w": [1.0, 2.0, 3.0]}, shape)
    Traceback (most recent call last):
    ...
    ValueError: 'w' has the shape (2,) in this model, and (3,) in what is to be loaded
    """
    missing, unknown = [n for n in here if n not in there], [n for n in there if n not in here]
    if missing or unknown:
        parts = [f"{what} {_some(names)}" for what, names in (("lacks", missing), ("also has", unknown)) if names]
        raise ValueError(f"what is to be loaded is of another model: it {' and '.join(parts)}")
    for name, expected in here.items():
        found = measure(there[name])
        if found != expected:
            got = "is ragged" if found is None else str(found)
            raise ValueError(
                f"{quoted(name)} has the shape {expected} in this model, and {got} in what is to be loaded"
            )


def _spread(nest: list[Any]) -> list[Any]:
    if not any(isinstance(item, list) for item in nest):
        return nest
    return [cell for item in nest for cell in (_spread(item) if isinstance(item, list) else [item])]


def _some(names: list[str]) -> str:
    shown = [text if len(text) <= 80 else text[:77] + "..." for text in map(quoted, names[:4])]
    return ", ".join(shown) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
