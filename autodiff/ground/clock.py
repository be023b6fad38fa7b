"""The clock that numbers nodes, and whatever else happens to them: it moves on with every look at it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from threading import get_ident

__all__ = ["last_write", "tick", "wrote"]

tick: Callable[[], int] = itertools.count(1).__next__

_written: dict[int, int] = {}  # by thread: when data of nodes were last written; no lock that an interrupt might leave


def wrote() -> int:
    """Note that data of nodes are being written; answers the moment, which is later than all that was recorded."""
    moment = _written[get_ident()] = tick()
    return moment


def last_write() -> int:
    """When that was last noted."""
    return max([*_written.values()], default=0)
