"""The part of a picture that is nearest to its outputs: what is shown where even the folded whole could not be read."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from viz.graph.view import View

__all__ = ["largest", "nearest"]

Tried = TypeVar("Tried", bound=tuple[object, object | None])

TOGETHER = 4  # boxes of one distance that are shown at once, or not at all


def nearest(shown: View) -> list[View]:
    """Parts of a view, each with more boxes than the one before, all but the whole: those nearest to the outputs.

    What stands as many lines before them is shown together, and where those are many, a few at a time.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for number in shown.numbers:
        members[shown.key(number)].append(number)
    parts, numbers = [], list[int]()
    for level in _levels(shown):
        for first in range(0, len(level), TOGETHER):
            numbers += (number for key in level[first : first + TOGETHER] for number in members[key])
            hidden = {number: shown.hidden_in[number] for number in numbers if number in shown.hidden_in}
            parts.append(replace(shown, numbers=tuple(sorted(numbers)), hidden_in=hidden, whole=shown.boxes()))
    return parts[:-1] if len(numbers) == len(shown.numbers) else parts


def _levels(shown: View) -> Iterator[Sequence[str]]:
    """The boxes of the outputs, then those that they were computed from, and so on; each once.

    Of a forward and a backward pass behind each other it begins where they meet, and goes both ways.
    """
    near: dict[str, dict[str, None]] = defaultdict(dict)
    both = bool(shown.order)
    for source, target in (*shown.edges(), *shown.behind()):
        near[target][source] = None
        if both:
            near[source][target] = None
    here = set(shown.numbers)
    outputs = [number for number in shown.graph.outputs if number in here]
    level = list(dict.fromkeys(map(shown.key, outputs[:1] if both else outputs)))
    seen = set(level)
    while level:
        yield level
        level = list(dict.fromkeys(key for one in level for key in near[one] if key not in seen))
        seen.update(level)


def largest(parts: Sequence[View], tried: Callable[[View], Tried]) -> Tried:
    """What the largest part that fits was ``tried`` to be, how it fits second (None: not); else the smallest part.

    Of many that do not fit few are tried.
    """
    known = cache(lambda part: tried(parts[part]))
    some = 1
    while some < len(parts) and known(some - 1)[1]:
        some *= 2
    large = bisect_left(range(len(parts)), 1, some // 2, min(some, len(parts)), key=lambda part: not known(part)[1])
    return known(max(0, large - 1))
