"""What a training is fed with: rows in memory, in an order that is drawn, or blocks that come one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from inspect import GEN_SUSPENDED, getgeneratorstate, isgenerator
from typing import Any

from autodiff.ground.foreign import counted, is_stream
from autodiff.habits.answers import got
from autodiff.nn.samples import table
from autodiff.programs import streams
from autodiff.programs.program import Program

__all__ = ["Feed", "feed"]

Batch = tuple[Any, Callable[[int], int]]  # samples, and which row of the data each of them is


def feed(data: Any, program: Program, size: int | None, seed: Any, epochs: int, state: dict[str, Any]) -> Feed:
    """The data for so many more epochs, of a training that goes on from a ``state``, if there is one."""
    if isinstance(data, Iterator) and isgenerator(data) and state and getgeneratorstate(data) == GEN_SUSPENDED:
        raise ValueError("data is a generator that was read from; to go on, fit needs the data from their beginning")
    if callable(data) and not hasattr(data, "__iter__") and not isinstance(data, type):
        return _Stream(data, program, size)
    if is_stream(data):
        parts, is_once = iter(data), isinstance(data, Iterator)
        are_blocks, parts = streams.are_blocks(parts, program.sample)
        if are_blocks and is_once and epochs > 1:
            raise ValueError(
                f"data is an iterator of blocks, which is used up after one epoch, and there are {epochs}: give what "
                "makes one for each epoch, a function such as lambda: blocks(), or an object with __iter__"
            )
        if are_blocks:
            return _Stream((lambda: parts) if is_once else data.__iter__, program, size)
        data = parts if is_once else data
    return _Table(table(data, program), program, size, state.get("seed", counted(seed)), state.get("rows"))


class Feed:
    """``rows`` are as many as an epoch has, None where nobody knows yet; ``source`` is what a history keeps of it."""

    rows: int | None = None
    source: dict[str, Any]

    def batches(self, epoch: int, place: int) -> Iterator[Batch]:
        """The batches of an epoch, from this row on."""
        raise NotImplementedError


class _Table(Feed):
    """Rows in memory: each epoch in an order of its own, drawn with the seed, or all as one batch, as they are."""

    def __init__(self, rows: Any, program: Program, size: int | None, seed: Any, before: int | None) -> None:
        self.table, self.rim = rows, program.rim
        self.rows = self.count = len(rows)
        if before not in (None, self.count):
            raise ValueError(f"the history is of {before} rows of data, and there are {self.count}")
        self.size = min(size or self.count, self.count)
        seed = random.SystemRandom().getrandbits(64) if seed is None else seed
        self.source = {"seed": seed, "rows": self.count}
        self.rng, self.order, self.drawn = random.Random(seed), [*range(self.count)], 0

    def batches(self, epoch: int, place: int) -> Iterator[Batch]:
        if self.size == self.count:
            yield from [(self.table, range(self.count).__getitem__)][place > 0 :]
            return
        for _ in range(self.drawn, epoch + 1):
            self.rng.shuffle(self.order)
        self.drawn = epoch + 1
        for start in range(place, self.count, self.size):
            batch = self.order[start : start + self.size]
            yield self.rim.taken(self.table, batch), batch.__getitem__


class _Stream(Feed):
    """Blocks, in the order in which they come: read anew for each epoch, and none kept."""

    def __init__(self, make: Callable[[], Iterable[Any]], program: Program, size: int | None) -> None:
        self.make, self.program, self.size = make, program, size
        self.source = {}

    def batches(self, epoch: int, place: int) -> Iterator[Batch]:
        def read(samples: Any, what: str, number: int) -> Any:
            return table(samples, self.program, what, number)

        if not isinstance(made := self.make(), Iterable):
            raise TypeError(
                f"data= is a function that answers an iterator of samples or blocks; it answered {got(made)}"
            )
        blocks = streams.tables(made, len(self.program.inputs), read, "the data")
        rest = streams.rest(blocks, place)
        if self.size is None:
            if (first := next(rest, None)) is not None:
                yield streams.before([first], rest), place.__add__
            return
        for batch in self.program.rim.regrouped(rest, self.size):
            yield batch, place.__add__
            place += len(batch)
        self.rows = place
