"""All numbers that a picture, or the steps of a pass, can say: they decide with how many figures each is written."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from autodiff import Graph, Snapshot, Steps

__all__ = ["numbers_in", "numbers_of"]


def numbers_of(graph: Graph, snapshot: Snapshot | None) -> Iterator[float | None]:
    """All numbers that a picture of a moment can say."""
    yield from (arg for node in graph for arg in node.args if isinstance(arg, float))
    if snapshot is not None:
        yield from (*snapshot.values, *snapshot.gradients)
        for flow in snapshot.flows.values():
            yield from (flow.local, flow.upstream, flow.contribution)


def numbers_in(told: Steps) -> list[float | None]:
    """All numbers that are said in some steps."""
    constants = (arg for node in told.graph for arg in node.args if isinstance(arg, float))
    steps = ((step.after, step.local, step.upstream, step.contribution) for step in told)
    return [*constants, *chain.from_iterable(steps)]
