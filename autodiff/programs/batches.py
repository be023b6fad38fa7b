"""What a batch may come in. Samples in lists, arrays, tensors or tables become rows of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from numbers import Real
from typing import Any

from autodiff.ground.foreign import headings, is_masked, is_unordered, plain, seen
from autodiff.ground.text import quoted
from autodiff.habits.answers import got
from autodiff.language.ieee import real
from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["Sample", "differing", "rows", "vector"]

_NUMBERS = frozenset({float, int, bool})
_CELLS = _NUMBERS | {Value}
_DEEPEST = 64  # as in NumPy

Form = tuple[Any, ...] | None  # the lengths from the outside in; None for parts of different forms, and for a stream


class Sample:
    """The leaves that one sample fills: a Value, or lists of them, nested in whatever way.

    >>> Sample([[Value(0.0, "a"), Value(0.0, "b")], Value(0.0, "c")]).names()
    "'a', 'b', 'c'"
    """

    def __init__(self, nest: Any) -> None:
        self.nest = _nest_of_values(nest)
        self.leaves: list[Value] = [*_flat(self.nest)]
        self.is_flat = isinstance(self.nest, Value) or not any(isinstance(part, list) for part in self.nest)
        self.forms = () if self.is_flat else _forms(self.nest)

    def mapped(self, function: Callable[[Value], Any]) -> Any:
        """The nest with ``function`` of each leaf instead of the leaf."""
        return _mapped(function, self.nest)

    def names(self) -> str:
        """What its leaves are called, a few of them."""
        return ", ".join(map(describe, self.leaves[:8])) + (", ..." if len(self.leaves) > 8 else "")

    def place(self, row: int, column: int, called: Sequence[str] | None) -> str:
        """Where a number stands, in words: by the table's own headings, or the leaves' names."""
        if called is not None and len(called) == len(self.leaves):
            return f"row {row}, column {called[column]}"
        name = self.leaves[column].name if column < len(self.leaves) else None
        return f"row {row}, column {column if name is None else quoted(name)}"

    def check(self, row: int, found: int, is_row: bool, what: str) -> None:
        """``ValueError`` unless a row, or a number that stands where one is needed, has a number for each leaf."""
        count = len(self.leaves)
        if found == count:
            return
        tip = "; for points and labels in two lists write zip(points, labels)" if found > count else ""
        if not is_row:
            tip = "; a single sample is a batch of one row: [[...]]"
        needed = f"{_counted(count, 'number')}, one for each input ({self.names()})"
        raise ValueError(f"row {row} of {what} needs {needed}; got {found}{tip}")

    def check_form(self, row: int, sample: Any, what: str) -> None:
        """``ValueError`` where sample and leaves are both nested, and differently: its numbers would change places."""
        if self.is_flat or (forms := _differing(sample, self.forms)) is None:
            return
        found, expected = forms
        raise ValueError(f"row {row} of {what} has the shape {found}, but its inputs have the shape {expected}")


def rows(batch: Any, sample: Sample, what: str, number: int = 0) -> list[list[float]]:
    """The numbers of each sample, in the order of its leaves; what cannot be read is refused with its place.

    The first has this ``number``.
    """
    read: list[list[float]] = []
    for i, part in enumerate(_parts(plain(batch), f"{what} must be a list of samples, an array or a table"), number):
        sample.check_form(i, part, what)
        row = _row(part)
        if row is None:
            row = []
            try:
                _collect(part, row, 0)
            except (TypeError, ValueError, OverflowError) as error:
                place = sample.place(i, len(row), headings(batch))
                raise _kind(error)(f"{place} of {what}: {error}") from None
        sample.check(i, len(row), _is_nest(part), what)
        read.append(row)
    if not read:
        more = ": an iterator gives them once, and this one has none left" if isinstance(batch, Iterator) else ""
        raise ValueError(f"there is no sample in {what}; at least one is needed, got none{more}")
    return read


def vector(numbers: Any, leaves: Sequence[Value], what: str) -> list[float]:
    """One number for each leaf; ``TypeError`` or ``ValueError`` names what is wrong."""
    parts = [*_parts(plain(numbers), f"{what} must be a list of real numbers")]
    row = _row(parts)
    if row is None:
        row = []
        try:
            row.extend(real(plain(part)) for part in parts)
        except (TypeError, ValueError, OverflowError) as error:
            name = f" ({describe(leaves[len(row)])})" if len(row) < len(leaves) else ""
            raise _kind(error)(f"number {len(row)}{name} of {what}: {error}") from None
    if len(row) != len(leaves):
        raise ValueError(f"this program has {len(leaves)} parameters, got {len(row)} numbers")
    return row


def _row(part: Any) -> list[float] | None:
    """A plain list of plain numbers as floats; None for anything else, which takes longer to read."""
    if part.__class__ is list or part.__class__ is tuple:
        kinds = {*map(type, part)}
        if kinds <= _NUMBERS or all(map(_is_number, kinds)):
            try:
                return [*part] if kinds == {float} else [*map(float, part)]
            except OverflowError:
                return None
    elif part.__class__.__name__ == "ndarray" and part.dtype.char == "d":
        floats: list[float] = part.ravel().tolist()
        return floats
    return None


@lru_cache(1000)
def _is_number(kind: type) -> bool:
    """Whether such things are real numbers one by one; NumPy counts its durations among them."""
    return issubclass(kind, Real) and kind.__name__ != "timedelta64"


def _collect(part: Any, row: list[float], depth: int) -> None:
    """All numbers of a sample, one after the other: where one is refused, ``row`` ends before it."""
    if _is_number(part.__class__):
        row.append(real(part))
        return
    if (numbers := _row(part)) is not None:
        row.extend(numbers)
        return
    if not (is_masked(part) and part.ndim):  # else its entries are looked at one by one, to name the hidden one's place
        part = seen(part)
    is_array = hasattr(part, "__array_interface__")
    if (is_array and not part.ndim) or not _is_nest(part):
        row.append(real(plain(part)))
    elif is_array and part.dtype != object and not is_masked(part):
        row.extend(map(float, part.ravel().tolist()))
    elif depth == _DEEPEST:
        raise ValueError(f"lists are nested more than {_DEEPEST} deep")
    else:
        for inner in part:
            _collect(inner, row, depth + 1)


def _parts(x: Any, expected: str) -> Iterator[Any]:
    if not _is_nest(x):
        raise TypeError(f"{expected}, got {type(x).__name__}")
    return iter(x)


def _is_nest(x: Any) -> bool:
    """Whether it has parts, in an order; ``TypeError`` for what has parts in none."""
    if x.__class__ is list or x.__class__ is tuple:
        return True
    if isinstance(x, (float, Value, str, bytes, type)):
        return False
    if is_unordered(x):
        raise TypeError(
            f"a {type(x).__name__} does not say which input is which; write a list, such as zip(d['x'], d['y'])"
        )
    return isinstance(x, Iterable) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def _nest_of_values(x: Any) -> Any:
    if isinstance(x, Value):
        return x
    x = plain(x)
    if isinstance(x, Value):  # an array of no dimension
        return x
    if isinstance(x, (str, bytes, Mapping)) or not isinstance(x, Iterable):
        raise TypeError(f"inputs are made of Values, got {got(x)}")
    return [_nest_of_values(part) for part in x]


def _mapped(function: Callable[[Value], Any], nest: Any) -> Any:
    return function(nest) if isinstance(nest, Value) else [_mapped(function, part) for part in nest]


def _flat(nest: Any) -> Iterator[Value]:
    if isinstance(nest, Value):
        yield nest
    else:
        for part in nest:
            yield from _flat(part)


def differing(sample: Any, nest: Any) -> tuple[Form, Form] | None:
    """The first two forms that do not agree: equal ones do, axes of length 1 aside, and so does a flat list."""
    return _differing(sample, _forms(nest))


def _differing(sample: Any, expected: Any) -> tuple[Form, Form] | None:
    if isinstance(expected, list):
        if not isinstance(sample, (list, tuple)) or len(sample) != len(expected):
            return None
        found = (_differing(part, form) for part, form in zip(sample, expected, strict=True))
        return next((forms for forms in found if forms is not None), None)
    here = [length for length in expected if length != 1]
    if len(here) < 2 or (form := _form(sample)) is None:
        return None
    there = [length for length in form if length != 1]
    return None if len(there) < 2 or there == here else (form, expected)


def _forms(nest: Any) -> Any:
    """The form of a nest; where its parts differ, a list of theirs."""
    form = _form(nest)
    return [*map(_forms, nest)] if form is None else form


def _form(nest: Any, depth: int = 0) -> Form:
    if isinstance(shape := getattr(nest, "shape", None), tuple):
        return shape
    if not isinstance(nest, (list, tuple)) or depth > _DEEPEST:
        return None if isinstance(nest, Iterable) and not isinstance(nest, (str, bytes)) else ()
    if {*map(type, nest)} <= _CELLS:
        return (len(nest),)
    forms = {_form(part, depth + 1) for part in nest}
    form = forms.pop() if len(forms) == 1 else None
    return None if form is None else (len(nest), *form)


def _kind(error: Exception) -> type[Exception]:
    return next(kind for kind in (TypeError, OverflowError, ValueError) if isinstance(error, kind))


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
