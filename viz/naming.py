"""Names for unnamed Values, read from the variables of whoever draws them; nothing is written into a Value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from autodiff import Graph, Value

_SCAN_LIMIT = 100_000  # entries of containers that are looked at, the shortest containers first
_DEPTH = 3  # x[0][1][2]


def names_of(graph: Graph, frame: FrameType | None = None) -> dict[int, str]:
    """What to call each node that has a name: its own, else that of a variable of ``frame``.

    A variable that holds a Value comes before a list that contains it (``x[0]``), a local before a global; names
    that begin with an underscore are not looked at.
    """
    names = {node.number: node.name for node in graph if node.name is not None}
    if frame is None:
        return names
    known = set(graph.values)
    here = dict(frame.f_locals)
    beyond = {name: thing for name, thing in list(frame.f_globals.items()) if name not in here}
    for variables in (here, beyond):
        for name, value in _values(variables):
            if value in known:
                names.setdefault(graph.number(value), name)
    return names


def _values(variables: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """The Values that variables hold, then those in their containers, then those one level further in."""
    level = [(n, thing) for n, thing in variables.items() if not n.startswith("_") and n not in ("In", "Out")]
    room = _SCAN_LIMIT
    for _ in range(_DEPTH + 1):
        yield from ((name, thing) for name, thing in level if type(thing) is Value)
        shelves = [(name, _contents(thing)) for name, thing in level]
        fitting = set()
        for i in sorted(range(len(shelves)), key=lambda i: len(shelves[i][1])):
            room -= len(shelves[i][1])
            if room < 0:
                break
            fitting.add(i)
        level = [
            (f"{name}[{key!r}]", entry)
            for i, (name, shelf) in enumerate(shelves)
            if i in fitting
            for key, entry in shelf.items()
        ]


def _contents(thing: Any) -> Mapping[Any, Any]:
    """The entries of a list, a tuple, a dict or an array of objects.

    Only its type is asked what a thing is: a variable of any kind may stand there, and some answer any question
    about an attribute with an exception.
    """
    kind = type(thing)
    if kind is dict:
        return {key: entry for key, entry in list(thing.items()) if type(key) in (str, int)}
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray" and thing.dtype == object and thing.ndim:
        thing, kind = thing.tolist(), list
    if issubclass(kind, (list, tuple)) and len(thing) <= _SCAN_LIMIT:
        return dict(enumerate(thing))
    return {}
