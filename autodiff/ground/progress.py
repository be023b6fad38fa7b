"""A line about what takes long: from two seconds on, on a terminal or in a notebook, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic

__all__ = ["clock", "shown"]

AFTER, EVERY = 2.0, 0.5  # seconds: before the line is shown, and between its changes

_shown: list[Thread] = []


@contextmanager
def shown(text: Callable[[float], str], wanted: bool = True) -> Iterator[None]:
    """While the body runs, ``text(seconds since it began)`` stands in a line of stderr; the last one stays.

    A thread of its own writes it: the body is not slowed down. Nothing is written where nobody would see it change, nor
    while another line is there: what is built within a training is part of it.
    """
    done, start = Event(), monotonic()

    def show() -> None:
        width, waited = 0, done.wait(AFTER)
        while not waited:
            waited, line = done.wait(0), text(monotonic() - start)
            with suppress(OSError, ValueError):  # a terminal that is gone
                print(f"\r{line.ljust(width)}", end="\n" if waited else "", file=sys.stderr, flush=True)
            width, waited = len(line), waited or (done.wait(EVERY) and False)

    thread = Thread(target=show, daemon=True)
    try:
        if wanted and not _shown and _is_watched():
            _shown.append(thread)
            with suppress(RuntimeError):  # where there are no threads
                thread.start()
        yield
    finally:
        done.set()
        if thread.ident is not None:
            thread.join()
        if thread in _shown:
            _shown.remove(thread)


def clock(seconds: float) -> str:
    """A duration as minutes and seconds.

    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _is_watched() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or bool(sys.stderr and sys.stderr.isatty())
