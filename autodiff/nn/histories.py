"""What a training did, and all that it needs to go on: numbers and lists, which pickle and JSON keep to the bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from operator import index
from typing import Any, NamedTuple

from autodiff.ground.foreign import plain
from autodiff.habits.answers import got
from autodiff.optim import Optimizer

__all__ = ["History", "Moment", "begun", "told"]


@dataclass
class History:
    """What :func:`fit` did: the mean loss of each whole epoch, how many steps, and whether it was interrupted.

    ``state`` is what ``fit(..., resume=history)`` goes on from. All of it is numbers, lists and dicts: so pickle keeps
    it to the bit, and JSON does, as ``json.dumps(vars(history))`` and ``History(**json.loads(text))``.
    """

    losses: list[float] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False
    state: dict[str, Any] = field(default_factory=dict, repr=False)


class Moment(NamedTuple):
    """Where a training stands between two steps."""

    numbers: Any  # the parameters, always finite
    memory: Any  # the optimiser's
    steps: int
    losses: list[float]  # of the whole epochs
    place: int  # how many rows of this epoch are done
    total: float  # the sum of their losses


def begun(resume: Any, optimizer: Optimizer, params: list[float]) -> Moment:
    """Where a training begins, or goes on; the optimiser remembers what it did then. Else says what does not fit."""
    if resume is None:
        resume = History()
    if not isinstance(resume, History):
        raise TypeError(f"resume= is the History that an earlier fit answered, got {got(resume)}")
    if not resume.state:
        return Moment(params, optimizer.memory, 0, [], 0, 0.0)
    numbers, kept, memory, place, total = (_part(resume, name) for name in _PARTS)
    if len(numbers) != len(params):
        raise ValueError(f"the history is of {len(numbers)} parameters, and there are {len(params)}")
    if kept != [*optimizer.kept]:
        then, now = (", ".join(each) or "nothing" for each in (kept, optimizer.kept))
        raise ValueError(f"the history is of an optimiser that remembers {then}; this one remembers {now}")
    return Moment(numbers, memory, resume.steps, [*resume.losses], place, total)


def _numbers(row: Any) -> list[float]:
    found = [*map(float, row)]
    if not all(map(isfinite, found)):
        raise ValueError
    return found


def _memory(memory: Any) -> tuple[Any, ...]:
    steps, counts, rows = memory
    counts = counts if isinstance(counts, int) else [*map(index, counts)]
    return index(steps), counts, tuple([*map(float, row)] for row in rows)


_PARTS: dict[str, Callable[[Any], Any]] = {
    "params": _numbers,
    "kept": lambda names: [*map("".join, names)],
    "memory": _memory,
    "place": lambda place: range(index(place) + 1)[-1],  # never less than 0
    "total": float,
}


def _part(history: History, name: str) -> Any:
    """A part of a history's state, which may have come out of a file."""
    try:
        return _PARTS[name](history.state[name])
    except (LookupError, TypeError, ValueError):
        raise ValueError(
            f"the history has no {name} in its state as fit leaves it there; resume= goes on from what fit answered, "
            "or from that out of a file, as pickle or History(**json.loads(text)) reads it"
        ) from None


def told(history: History, now: Moment, optimizer: Optimizer, source: dict[str, Any]) -> None:
    """Put into the history where a training stands, and the ``source`` of its data."""
    steps, counts, rows = now.memory
    memory = [steps, counts, [[*map(float, plain(row))] for row in rows]]
    numbers = [*map(float, plain(now.numbers))]
    history.losses, history.steps = [*now.losses], now.steps
    history.state = {"params": numbers, "kept": [*optimizer.kept], "memory": memory, **source}
    history.state |= {"place": now.place, "total": now.total}
