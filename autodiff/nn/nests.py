"""Lists of lists: what images, batches and parameters come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autodiff.value import Value

__all__ = ["flat", "is_nest", "listed", "mapped", "shape"]


def listed(x: Any) -> Any:
    """Arrays and tensors as lists of lists, anything else as it is."""
    return x.tolist() if hasattr(x, "tolist") else x


def is_nest(x: Any) -> bool:
    """Whether ``x`` is a list (or the like) rather than one number; text is neither: ``TypeError``."""
    if isinstance(x, (str, bytes, dict)):
        raise TypeError(f"Values, numbers or lists of them are needed here, got {type(x).__name__}")
    return not isinstance(x, Value) and isinstance(x, Iterable)


def mapped(function: Callable[[Any], Any], nest: Any) -> Any:
    """``function`` of every number, in lists of the same shape.

    >>> mapped(abs, [[-1, 2], -3])
    [[1, 2], 3]
    """
    nest = listed(nest)
    return [mapped(function, item) for item in nest] if is_nest(nest) else function(nest)


def flat(nest: Any) -> list[Any]:
    """All numbers of a nest, row by row.

    >>> flat([[1, 2], [[3]], 4])
    [1, 2, 3, 4]
    """
    nest = listed(nest)
    return [number for item in nest for number in flat(item)] if is_nest(nest) else [nest]


def shape(nest: Any) -> tuple[int, ...] | None:
    """The lengths of a nest from the outside in; None when it is ragged.

    >>> shape([[1, 2, 3], [4, 5, 6]]), shape([[1], 2]), shape(7)
    ((2, 3), None, ())
    """
    nest = listed(nest)
    if not is_nest(nest):
        return ()
    parts = [shape(item) for item in nest]
    if not parts:
        return (0,)
    return None if parts[0] is None or any(part != parts[0] for part in parts) else (len(parts), *parts[0])
