"""Learning rates that change from step to step: each is called with a step's number, and can be pickled."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from autodiff.ground.calls import call
from autodiff.ground.foreign import at_least_one

__all__ = ["Schedule", "cosine", "linear", "step"]

Schedule = Callable[[int], float]


def linear(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """A learning rate that falls from ``lr`` to ``end`` in a straight line over ``steps`` steps, and stays there.

    micrograd's demo uses ``linear(1.0, 100, 0.1)``. ``ValueError`` when ``steps`` is below 1.

    >>> rate = linear(1.0, 4)
    >>> [rate(i) for i in (0, 1, 2, 3, 4, 9)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    return _Rate(_linear, lr, at_least_one("steps", steps), end)


def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """A learning rate that falls from ``lr`` to ``end`` along half a cosine over ``steps`` steps, and stays there.

    ``ValueError`` when ``steps`` is below 1.

    >>> rate = cosine(1.0, 4)
    >>> [round(rate(i), 4) for i in (0, 1, 2, 3, 4, 9)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    return _Rate(_cosine, lr, at_least_one("steps", steps), end)


def step(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """A learning rate that is multiplied by ``factor`` after ``every`` so many steps.

    ``ValueError`` when ``every`` is below 1.

    >>> rate = step(1.0, every=2, factor=0.5)
    >>> [rate(i) for i in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return _Rate(_step, lr, at_least_one("every", every), factor)


class _Rate(partial[float]):
    """A rule with its numbers, which shows itself as the call that made it."""

    def __repr__(self) -> str:
        maker = globals()[self.func.__name__[1:]]
        return call(maker, dict(zip(maker.__code__.co_varnames, self.args, strict=False)).__getitem__)


def _linear(lr: float, steps: int, end: float, i: int) -> float:
    return lr - (lr - end) * (i / steps) if i < steps else end


def _cosine(lr: float, steps: int, end: float, i: int) -> float:
    return end + (lr - end) * (1 + math.cos(math.pi * i / steps)) / 2 if i < steps else end


def _step(lr: float, every: int, factor: float, i: int) -> float:
    return lr * factor ** (i // every)
