"""Names for unnamed Values, read from the variables of whoever draws them; nothing is written into a Value."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import (
    BuiltinFunctionType,
    FrameType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
    SimpleNamespace,
)
from typing import Any, NamedTuple

from autodiff import Graph, Operation, Value
from autodiff.ground.text import quoted
from autodiff.writing.phrases import labels
from viz.ink.letters import in_letters
from viz.layout.picture import Picture

__all__ = ["Names", "in_picture", "labels_of", "names_of", "typed"]


Names = bool | Mapping[str, Any]


_SCAN_LIMIT = 100_000  # entries of containers that are looked at, the shortest containers first
_DEPTH = 7  # model.layers[1].neurons[2].w[0][3]
_SIMPLE = frozenset(  # they hold nothing
    {float, int, bool, complex, str, bytes, type(None), type, ModuleType, FunctionType, BuiltinFunctionType}
)
_FRAMES = 32  # so many callers are looked for
_STANDARD = (os.path.dirname(os.__file__), "<frozen ")  # where the standard library's code stands


def names_of(graph: Graph, frame: FrameType | None = None) -> dict[int, str]:
    """What to call each node that has a name: its own, else that of a variable of ``frame`` or of its callers.

    A variable that holds a Value comes before a list or an object that holds it (``x[0]``, ``net.layers[1].b``), a
    local before a global, and the parameters of a function, which are other words for what its caller has, come last.
    A name that a node has of its own is lent to no other: after ``x = x * 2`` the Value named "x" is still that.
    Names that begin with an underscore are not looked at. No code is run by looking: of an object only what is
    stored in it is read, no property.
    """
    names = {node.number: node.name for node in graph if node.name is not None}
    if frame is None:
        return names
    known, taken = set(graph.values), set(names.values())
    for variables in _variables(frame):
        for name, value in _values(variables):
            if value in known and name not in taken:
                names.setdefault(graph.number(value), name)
    return names


def labels_of(graph: Graph, names: Names, frame: FrameType) -> dict[int, str]:
    """What a picture calls its nodes: by ``frame`` where ``names`` is true, and by a dict from names to Values before.

    Every node has a name, as in sentences, and no two the same. Values of the dict that are not in this graph are
    another's; ``ValueError`` where all are.
    """
    return in_picture(graph, typed(graph, names, frame))


def in_picture(graph: Graph, found: Mapping[int, str]) -> dict[int, str]:
    """The labels of all nodes, names in the letters that they are written in by hand: ``theta_1`` is θ₁."""
    return dict(enumerate(labels(graph, {number: in_letters(name) for number, name in found.items()})))


def typed(graph: Graph, names: Names, frame: FrameType) -> dict[int, str]:
    """The names that are given, or lent by ``frame``, as they were typed."""
    if isinstance(names, Mapping):
        given = [pair for name, thing in names.items() for pair in _given(name, thing)]
        known = set(graph.values)
        found = {graph.number(value): name for name, value in given if value in known}
        if given and not found:
            raise ValueError(f"none of the {len(given)} Values in names= is in this graph")
        return names_of(graph, frame) | found
    if not isinstance(names, bool):
        raise TypeError(f"{_WANTED}; got {quoted(names, 40)}")
    return names_of(graph, frame if names else None)


_WANTED = "names= is True, False, or a dict from names to Values, names={'w': w}"


def _given(name: Any, thing: Any) -> Iterator[tuple[str, Value]]:
    """A name and its Value, or the names of all in a list: ``w[0]``."""
    if isinstance(thing, (list, tuple)):
        for place, part in enumerate(thing):
            yield from _given(f"{name}[{place}]", part)
    elif isinstance(name, str) and isinstance(thing, Value):
        yield name, thing
    else:
        raise TypeError(f"{_WANTED}; got {quoted(name, 40)}: {quoted(thing, 40)}")


class _Variable(NamedTuple):
    """A variable, and what it holds; those of the innermost ``place`` lend their names first."""

    place: int
    name: str
    thing: Any


def _variables(frame: FrameType) -> tuple[list[_Variable], list[_Variable]]:
    """Locals and then globals, and parameters apart; a name that means something else further in is not lent."""
    callers = list(_callers(frame))
    found, given = list[_Variable](), list[_Variable]()
    taken: set[str] = set()
    for place, caller in enumerate(callers):
        parameters, variables = _parameters(caller), dict(caller.f_locals)
        given[:0] = [_Variable(-place, name, variables[name]) for name in parameters if name in variables]
        own = {name: thing for name, thing in variables.items() if name not in parameters and name not in taken}
        found += [_Variable(place, name, thing) for name, thing in own.items()]
        taken |= own.keys()
    taken |= set(_parameters(frame))
    for place, caller in enumerate(callers, len(callers)):
        beyond = {name: thing for name, thing in list(caller.f_globals.items()) if name not in taken}
        found += [_Variable(place, name, thing) for name, thing in beyond.items()]
        taken |= beyond.keys()
    return [each for each in found if _is_ordinary(each.name)], [each for each in given if _is_ordinary(each.name)]


def _callers(frame: FrameType) -> Iterator[FrameType]:
    """A frame, and those that called it, out to a module's; of libraries, who call functions too, only the first."""
    caller: FrameType | None = frame
    for _ in range(_FRAMES):
        if caller is None:
            return
        path = caller.f_code.co_filename
        library = path.startswith(_STANDARD) or "site-packages" in path or "dist-packages" in path
        if caller is frame or not library:
            yield caller
        if caller.f_code.co_name == "<module>":
            return
        caller = caller.f_back


def _parameters(frame: FrameType) -> tuple[str, ...]:
    code = frame.f_code
    starred = bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args and **kwargs
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + starred]


class _Found(NamedTuple):
    """Something that was reached from a variable, and how that is written."""

    rank: int  # of the variable
    place: int
    name: str
    thing: Any


def _values(variables: Iterable[_Variable]) -> list[tuple[str, Value]]:
    """The Values that variables hold, then those in their containers, in the order of the variables."""
    level = [_Found(rank, *each) for rank, each in enumerate(variables)]
    values: list[tuple[tuple[int, ...], str, Value]] = []
    room, seen = _SCAN_LIMIT, dict[int, Any]()
    for depth in range(_DEPTH + 1):
        shelves = []
        for found in level:
            if type(found.thing) is Value:
                values.append(((found.place, depth > 0, found.rank), found.name, found.thing))
            elif type(found.thing) not in _SIMPLE and id(found.thing) not in seen:
                seen[id(found.thing)] = found.thing
                shelves.append((*_contents(found.thing), found))
        level = []
        for size, entries, found in sorted(shelves, key=lambda shelf: shelf[0]):
            if size > room:
                break
            room -= size
            held = ((name, thing) for name, thing in entries if type(thing) not in _SIMPLE)
            level += [found._replace(name=found.name + name, thing=thing) for name, thing in held]
        level.sort(key=lambda found: found.rank)
    return [(name, value) for _, name, value in sorted(values, key=lambda entry: entry[0])]  # stable


def _is_ordinary(name: str) -> bool:
    """Whether a person wrote the name: tools leave variables such as ``_``, ``In`` or ``@py_assert1`` behind."""
    return name.isidentifier() and not name.startswith("_") and name not in ("In", "Out")


def _contents(thing: Any) -> tuple[int, Iterable[tuple[str, Any]]]:
    """What is stored in a list, a tuple, a dict, an array of objects or an object, by how it is written; how many.

    Only its type is asked what a thing is, and nothing of its own is called: a variable of any kind may stand there,
    and some answer any question with an exception, or with work.
    """
    kind = type(thing)
    if kind is getattr(sys.modules.get("numpy"), "ndarray", None) and thing.dtype == object and thing.ndim:
        thing, kind = thing.tolist() if thing.size <= _SCAN_LIMIT else [], list
    for row in (list, tuple, deque):
        if issubclass(kind, row):
            return row.__len__(thing), _numbered(row.__iter__(thing))
    if issubclass(kind, dict):
        return dict.__len__(thing), _entries(thing)
    stored = list(islice(_stored(thing, kind), _SCAN_LIMIT + 1))
    return len(stored), stored


# Copied at once when they are wanted, for another thread may write to what a variable holds.


def _numbered(entries: Iterator[Any]) -> Iterator[tuple[str, Any]]:
    try:
        copied = list(entries)
    except RuntimeError:  # it has been written to since it was looked at
        return
    yield from ((f"[{i}]", entry) for i, entry in enumerate(copied))


def _entries(thing: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"[{quoted(key)}]", entry) for key, entry in list(dict.items(thing)) if _is_plain(key))


def _is_plain(key: object) -> bool:
    """Whether a key is written without asking it: text, a number, or a few of them."""
    return type(key) in (str, int, bool, float) or (type(key) is tuple and len(key) < 5 and all(map(_is_plain, key)))


_MRO, _DICT, _FLAGS = (vars(type)[name].__get__ for name in ("__mro__", "__dict__", "__flags__"))
_NO_NAMES = (Graph, Picture, Operation)  # they hold all nodes, by numbers, or none
_MADE_BY_CLASS = 1 << 9  # the flag of types that a class statement made, as against those written in C


def _stored(thing: Any, kind: type) -> Iterator[tuple[str, Any]]:
    """The attributes that an object of somebody's class holds, in its dict and in its slots.

    They are read where Python keeps them, past whatever the class says of ``__getattribute__`` or ``__dict__``.
    """
    by_class = _FLAGS(kind) & _MADE_BY_CLASS or kind is SimpleNamespace
    if not by_class or issubclass(kind, (type, ModuleType, *_NO_NAMES)):
        return
    for base in _MRO(kind):
        for name, member in list(_DICT(base).items()):
            if name == "__dict__" and type(member) in (GetSetDescriptorType, MemberDescriptorType):
                yield from _attributes(member.__get__(thing))
            elif type(member) is MemberDescriptorType and _is_written(name):
                try:
                    yield f".{name}", member.__get__(thing)
                except AttributeError:  # a slot that is empty
                    continue


def _attributes(held: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
    return ((f".{name}", entry) for name, entry in list(dict.items(held)) if type(name) is str and _is_written(name))


def _is_written(name: str) -> bool:
    """Whether an attribute can be written as it is called: Python calls ``self.__w`` otherwise."""
    return name.isidentifier() and "__" not in name
