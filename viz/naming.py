"""Names for unnamed Values, read from the variables of whoever draws them; nothing is written into a Value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from autodiff import Graph, Value

_SCAN_LIMIT = 100_000  # entries of containers that are looked at
_DEPTH = 3  # x[0][1][2]


def names_of(graph: Graph, frame: FrameType | None = None) -> dict[int, str]:
    """What to call each node that has a name: its own, else that of a variable of ``frame``.

    A variable that holds a Value comes before a list that contains it (``x[0]``); names that begin with an
    underscore are not looked at.
    """
    names = {node.number: node.name for node in graph if node.name is not None}
    if frame is None:
        return names
    known = set(graph.values)
    for scope in (frame.f_locals, frame.f_globals):
        found = _variables(scope)
        for name, value in sorted(found, key=lambda entry: "[" in entry[0]):  # stable: plain variables first
            if value in known and graph.number(value) not in names:
                names[graph.number(value)] = name
        if scope is frame.f_globals or frame.f_locals is frame.f_globals:
            break
    return names


def _variables(scope: Mapping[str, Any]) -> list[tuple[str, Value]]:
    found: list[tuple[str, Value]] = []
    for name, thing in list(scope.items()):
        if not name.startswith("_") and name not in ("In", "Out"):
            for entry in _values(name, thing, _DEPTH):
                found.append(entry)
                if len(found) >= _SCAN_LIMIT:
                    return found
    return found


def _values(name: str, thing: Any, depth: int) -> Iterator[tuple[str, Value]]:
    if isinstance(thing, Value):
        yield name, thing
    elif depth and isinstance(thing, (list, tuple)):
        for i, entry in enumerate(thing[:_SCAN_LIMIT]):
            yield from _values(f"{name}[{i}]", entry, depth - 1)
    elif depth and type(thing) is dict:
        for key, entry in list(thing.items())[:_SCAN_LIMIT]:
            if isinstance(key, (str, int)):
                yield from _values(f"{name}[{key!r}]", entry, depth - 1)
    elif depth and str(getattr(thing, "dtype", "")) == "object" and hasattr(thing, "tolist"):
        yield from _values(name, thing.tolist(), depth)
