"""Copies and pickles: a graph put together again without computing it, however deep it is."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from autodiff.ground.clock import wrote
from autodiff.recording.reverse import staleness
from autodiff.recording.rules import rules
from autodiff.recording.scopes import Scope, Seat, enclosing, no_grad
from autodiff.table.operations import Operation

__all__ = ["copied", "entry", "newest", "restore", "saved", "seat_of", "seated"]

_V = TypeVar("_V")


def copied(node: _V, memo: dict[int, Any]) -> _V:
    """A copy of a node and of all its ancestors; ``memo`` has those that were copied already, by id."""
    kind = type(node)
    for one in _uncopied(node, memo):
        args = tuple(memo[id(arg)] if arg.__class__ is kind else arg for arg in one.args)
        memo[id(one)] = restore(kind, one.op, args, *_state(one))
    copy: _V = memo[id(node)]
    return copy


class _Entry:
    """What stands in a pickle for a node or a scope: read back as itself, put together from those read before it."""

    __slots__ = ("__weakref__", "thing")

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        thing = self.thing
        if isinstance(thing, Scope):
            return type(thing), (thing.name, entry(thing.parent), thing._placed, thing.part)
        kind = type(thing)
        args = tuple(entry(arg) if arg.__class__ is kind else arg for arg in thing.args)
        data, grad, name, scope, stale = _state(thing)
        return restore, (kind, thing.op, args, data, grad, name, entry(scope), stale)


# A pickle keeps its entries alive, so what it meets again, in whatever list, has the entry it had before.
_entries: WeakValueDictionary[int, _Entry] = WeakValueDictionary()


def entry(thing: Any) -> _Entry | None:
    """What stands for a node, or a scope, in a pickle; None for None."""
    known = _entries.get(id(thing))
    return known if thing is None or known is not None else _entries.setdefault(id(thing), _Entry(thing))


def saved(nodes: Iterable[Any], scopes: Iterable[Scope | None] = ()) -> list[Any]:
    """The entries of nodes, parents before children, behind those of all scopes they stand in: none recurses."""
    nodes = list(nodes)
    around = enclosing([*scopes, *(node._scope for node in nodes)])
    return [*map(entry, around), *map(entry, nodes)]


def newest(things: list[Any]) -> Any:
    """The node or scope that was saved, which stands behind all that it needs."""
    return things[-1]


def _state(node: Any) -> tuple[Any, ...]:
    """What a copy takes over beside the structure."""
    return node._data, node._grad, node._name, node._scope, staleness(node)


def restore(
    kind: Callable[[float, str | None], _V],
    op: Operation | None,
    args: tuple[Any, ...],
    data: float,
    grad: float | None = None,
    name: str | None = None,
    scope: Scope | None = None,
    stale: float | None = None,
) -> _V:
    """A node of this ``kind`` (Value) with this history, put together without computing it: a copy, or of a file."""
    node: Any = kind(data, name)
    if op is not None:
        constants = tuple(arg.__class__ is not kind for arg in args)
        node._rule = next(rule for rule in rules(op) if rule.constants == constants)
        node._x = args[0]
        node._y = args[1:] if len(args) > 2 else args[1] if len(args) == 2 else None
    node._grad, node._scope = grad, scope
    if stale is not None:  # older than all of its operands, which may be stale themselves
        wrote()
        node._stamp = stale if stale > 0 else min([0, *(arg._stamp for arg in node.parents)]) - 1
    made: _V = node
    return made


def _uncopied(node: Any, memo: Mapping[int, Any]) -> list[Any]:
    """The node and those of its ancestors that have no copy yet, oldest first."""
    found: set[Any] = set()
    stack = [node]
    while stack:
        node = stack.pop()
        if id(node) not in memo and node not in found:
            found.add(node)
            stack.extend(node.parents)
    return sorted(found, key=attrgetter("_serial"))


def _scope_reduced(scope: Scope) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    # Flat, as Values are pickled: by way of the parents it would recurse as deep as the scope stands.
    return newest, (saved([], [scope]),)


def seated(nodes: Iterable[Any], seats: Iterable[Seat]) -> None:
    """Give each node its seat; the scope that it stands in is the one around the seat."""
    for node, seat in zip(nodes, seats, strict=True):
        node._scope = seat


def seat_of(node: Any) -> Scope | None:
    """Where a node stands: its seat in a layer, or else its scope."""
    scope: Scope | None = node._scope
    return scope


for _kind in (Scope, Seat, type(no_grad())):
    copyreg.pickle(_kind, _scope_reduced)
