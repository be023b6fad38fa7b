"""Arrays, tensors and tables of other libraries, known by what they offer: none of them is imported for it.

What they hold is read as NumPy sees it: by place, never by a label. What cannot be read as real numbers without
another meaning is refused by name: sparse and masked arrays, complex numbers, text and dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from operator import index
from typing import Any

from autodiff.ground.text import quoted

__all__ = [
    "alone",
    "at_least_one",
    "counted",
    "headings",
    "is_array",
    "is_masked",
    "is_stream",
    "is_true",
    "is_unordered",
    "plain",
    "seen",
]

_PLAIN = frozenset({list, tuple, float, int, bool, str, bytes, type(None)})
_TAKEN = "fiubO"  # kinds of dtypes: real numbers, and objects to look at
_HEADINGS = ("column_names", "columns")
_REFUSED = {
    "c": "complex numbers, not real ones; take real and imaginary parts as two columns",
    "M": "dates, not numbers; make numbers of them, such as days since one of them",
    "m": "durations, not numbers; divide them by a unit",
    **dict.fromkeys("UST", "text, not numbers"),
    "V": "raw bytes, not numbers",
}


def seen(x: Any) -> Any:
    """An array of NumPy's for anything that NumPy reads by a protocol, lists for records; everything else as it is.

    The array holds real numbers, or objects. ``TypeError`` when its entries are anything else.

    >>> seen([1.0, 2.0])
    [1.0, 2.0]
    """
    kind = x.__class__
    if kind in _PLAIN:
        return x
    if kind.__name__ == "ndarray" and kind.__module__ == "numpy":
        return x if x.dtype.kind in _TAKEN else _checked(x, _called(x))
    if not _offers(kind):
        return x
    if hasattr(x, "todense") or str(getattr(x, "layout", "")).startswith("torch.sparse"):
        raise TypeError(f"{_called(x)} is sparse; make it dense first, with .toarray(), .todense() or .to_dense()")
    if hasattr(x, "requires_grad") and hasattr(x, "detach"):
        x = x.detach()
    return _checked(_unmasked(x) if is_masked(x) else _array(x), _called(x))


def plain(x: Any) -> Any:
    """Arrays, tensors and tables as lists of lists, anything else as it is."""
    kind = x.__class__
    if kind in _PLAIN or not (_offers(kind) or _lists(kind)):
        return x
    x = seen(x)
    return x.tolist() if hasattr(x, "tolist") else x


def alone(x: Any) -> Any:
    """What an array of no dimension holds, and a tensor of one entry, which is a number in torch; else ``x`` itself."""
    of_one = getattr(x, "shape", None) == () or (hasattr(x, "numel") and x.numel() == 1)
    return plain(x.reshape(()) if x.shape else x) if of_one and hasattr(x, "tolist") else x


def headings(x: Any) -> list[str] | None:
    """What the columns of a table are called, for messages; None when they have no names."""
    for names in (getattr(getattr(x, "dtype", None), "names", None), *(getattr(x, name, None) for name in _HEADINGS)):
        if names is not None and isinstance(names, Iterable) and not callable(names):
            return [quoted(name) if isinstance(name, str) else str(name) for name in names]
    return None


def is_array(x: object) -> bool:
    """Whether it is an array of NumPy's, or one that works as such; NumPy's scalars are numbers and not asked here."""
    return hasattr(x, "__array_ufunc__")


def is_masked(x: Any) -> bool:
    """Whether entries of an array may be hidden."""
    return hasattr(x, "mask") and hasattr(x, "filled")


def is_stream(x: Any) -> bool:
    """Whether its parts can only be had one after the other: an iterator, or what makes one whenever it is asked.

    >>> is_stream(iter([1.0])), is_stream([1.0]), is_stream({1.0})
    (True, False, False)
    """
    if hasattr(x, "__getitem__") or not isinstance(x, Iterable) or is_unordered(x):
        return False
    return not (_offers(x.__class__) or _lists(x.__class__))


def is_unordered(x: object) -> bool:
    """Whether it has parts, but nothing says which of them is the first: dicts and sets, not what a dict shows."""
    return isinstance(x, (Mapping, Set)) and not hasattr(x, "mapping")


def is_true(answer: object) -> bool:
    """Whether somebody answered True, Python's or NumPy's; nothing else that holds counts.

    >>> is_true(True), is_true([0.1]), is_true(1)
    (True, False, False)
    """
    return type(answer).__name__ in ("bool", "bool_") and bool(answer)


def counted(x: Any) -> Any:
    """A whole number of NumPy's as Python's; anything else as it is."""
    return index(x) if hasattr(x, "__index__") else x


def at_least_one(name: str, number: Any) -> int:
    """A whole number of at least 1, Python's or NumPy's, that was asked for by ``name``; else ``ValueError``."""
    try:
        whole = 0 if isinstance(number, bool) else index(number)
    except TypeError:
        whole = 0
    if whole < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {quoted(number)}")
    return whole


@lru_cache(1000)
def _offers(kind: type) -> bool:
    """Whether NumPy reads such things by a protocol, or would not, for they are sparse."""
    return any(hasattr(kind, name) for name in ("__array__", "__array_interface__", "__array_struct__", "todense"))


@lru_cache(1000)
def _lists(kind: type) -> bool:
    return hasattr(kind, "tolist")


def _called(x: Any) -> str:
    return f"this {type(x).__name__}"


def _array(x: Any) -> Any:
    import numpy

    columns = x.get_columns() if hasattr(x, "get_columns") else x.columns if hasattr(x, "column_names") else ()
    if columns:  # as one array, dates beside whole numbers would become whole numbers
        named = zip(headings(x) or (), columns, strict=True)
        return numpy.column_stack([_checked(_array(part), f"column {name} of {_called(x)}") for name, part in named])
    try:
        return numpy.asarray(x)
    except Exception as error:  # of whatever kind: it is the other library's
        try:  # tensors of numbers that NumPy does not have, or on another device
            return numpy.asarray(x.tolist())
        except Exception:
            raise TypeError(f"{_called(x)} cannot be read as an array of numbers: {error}") from None


def _unmasked(x: Any) -> Any:
    """All that a masked array holds, provided that nothing of it is hidden."""
    import numpy

    hidden = _hidden(numpy.asarray(x.mask))
    if hidden is not None:
        raise TypeError(
            f"{_called(x)} is masked{hidden}: what is hidden is no number; leave those samples out, or fill them with "
            ".filled(number)"
        )
    return numpy.asarray(x.data)


def _hidden(mask: Any) -> str | None:
    """Where the first hidden entry is; None when nothing is hidden."""
    if mask.dtype.names:
        found = ((name, _hidden(mask[name])) for name in mask.dtype.names)
        return next((f"{place}, column {quoted(name)}" for name, place in found if place is not None), None)
    if not mask.any():
        return None
    where = [int(axis[0]) for axis in mask.nonzero()] if mask.ndim else []
    return "".join(f"{word} {index}" for word, index in zip((" at row", ", column", ", "), where, strict=False))


def _checked(array: Any, called: str) -> Any:
    kind = array.dtype.kind
    if kind in _TAKEN:
        return array
    if array.dtype.names:
        for name in array.dtype.names:
            _checked(array[name], f"column {quoted(name)} of {called}")
        return array.tolist()
    if kind == "V" and array.dtype.type.__name__ != "void":  # numbers that NumPy got from elsewhere, such as bfloat16
        return array.astype(float)
    raise TypeError(f"{called} holds {_REFUSED.get(kind, f'{array.dtype}, not numbers')}; real numbers are needed")
