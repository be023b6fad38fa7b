"""Generated code has a face: a file name, a name of its own, and lines that tracebacks and profiles can show."""

from __future__ import annotations

import linecache
import re
import weakref
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

__all__ = ["compiled"]

_numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))


def compiled(source: str, space: Mapping[str, object]) -> Callable[..., Any]:
    """The function that ``source`` defines last; its free names are those of ``space``, whatever it is called itself.

    Its lines are kept for as long as its code lives: a program that is dropped leaves none behind.

    >>> half = compiled("def half(x): return x / two", {"two": 2})
    >>> half(3.0), half.__code__.co_filename
    (1.5, '<gradroute: half>')
    """
    name = re.findall(r"^def (\w+)", source, re.MULTILINE)[-1]
    file = _file(name, source)
    own: dict[str, Any] = dict(space)
    exec(compile(source, file, "exec"), own)
    function: Callable[..., Any] = own.pop(name)
    own.update(space)  # a row may be called as something that its formula calls
    weakref.finalize(function.__code__, linecache.cache.pop, file, None).atexit = False
    return function


def _file(name: str, source: str) -> str:
    """A name that no other code has, numbered from the second of its kind on, under which the lines are found."""
    lines = len(source), None, source.splitlines(keepends=True), ""
    for number in _numbers[name]:
        file = f"<gradroute: {name}>" if number == 1 else f"<gradroute: {name} {number}>"
        if linecache.cache.setdefault(file, lines) is lines:
            return file
    raise AssertionError("there are more numbers")
