"""What layers call their parameters: a letter, the place of the layer, and the indices that tell one from another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from autodiff.recording.value import Value

__all__ = ["indexed", "rename"]


def indexed(letter: str, lengths: Sequence[int], kept: int, place: str = "") -> Iterator[str]:
    """The names of all cells of a list of lists of these lengths, row by row; no two are the same.

    An index of which there is but one value is left out, unless it is among the last ``kept`` ones. The ``place`` of
    a layer among others stands before the indices.

    >>> [*indexed("w", (1, 2), kept=1)], [*indexed("w", (2, 2), 1)][2:], [*indexed("w", (2, 2), 1, "3")][2:]
    (['w0', 'w1'], ['w1,0', 'w1,1'], ['w3[1,0]', 'w3[1,1]'])
    """
    told = [axis for axis, length in enumerate(lengths) if length > 1 or axis >= len(lengths) - kept]
    form = "{}{}[{}]" if place and told else "{}{}{}"
    for index in product(*map(range, lengths)):
        yield form.format(letter, place, ",".join(str(index[axis]) for axis in told))


def rename(values: Iterable[Value], before: Iterable[str], after: Iterable[str]) -> None:
    """New names for the Values that still have their old ones; what somebody else has named keeps its name."""
    for value, old, new in zip(values, before, after, strict=False):
        if value.name == old:
            value.name = new
