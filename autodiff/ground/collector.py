"""The garbage collector, paused while something large is built that has no cycles and stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["paused"]

# Who is inside, and whether the collector was on before. Several threads may be, without a lock: everyone is inside
# before looking whether the collector is on, so that whoever finds it on knows that nobody is about to leave.
_inside: list[object] = []
_was_on: list[bool] = []


@contextmanager
def paused() -> Iterator[None]:
    """No collection in the body; the last of those inside switches the collector on again, if it was on.

    >>> with paused():
    ...     gc.isenabled()
    False
    """
    token = object()
    try:
        _inside.append(token)
        if gc.isenabled():
            _was_on.append(True)
            gc.disable()
        yield
    finally:
        if token in _inside:
            _inside.remove(token)
        if _was_on and not _inside:
            _was_on.clear()
            gc.enable()
