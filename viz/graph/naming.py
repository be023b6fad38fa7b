"""Names for unnamed Values, read from the variables of whoever draws them; nothing is written into a Value."""

from __future__ import annotations

from collections.abc import Mapping
from types import FrameType
from typing import Any

from autodiff import Graph, Value

__all__ = ["names_of"]


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


def _values(variables: Mapping[str, Any]) -> list[tuple[str, Value]]:
    """The Values that variables hold, then those in their containers, in the order of the variables."""
    rank = {name: i for i, name in enumerate(variables)}
    level = [(name, name, thing) for name, thing in variables.items() if _is_ordinary(name)]
    found: list[tuple[int, str, Value]] = []
    room = _SCAN_LIMIT
    for depth in range(_DEPTH + 1):
        found += [(rank[root] if depth else -1, name, thing) for root, name, thing in level if type(thing) is Value]
        shelves = [(root, name, _contents(thing)) for root, name, thing in level]
        level = []
        for root, name, shelf in sorted(shelves, key=lambda entry: len(entry[2])):
            room -= len(shelf)
            if room < 0:
                break
            level += [(root, f"{name}[{key!r}]", entry) for key, entry in shelf.items()]
    return [(name, value) for _, name, value in sorted(found, key=lambda entry: entry[0])]  # stable


def _is_ordinary(name: str) -> bool:
    """Whether a person wrote the name: tools leave variables such as ``_``, ``In`` or ``@py_assert1`` behind."""
    return name.isidentifier() and not name.startswith("_") and name not in ("In", "Out")


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
