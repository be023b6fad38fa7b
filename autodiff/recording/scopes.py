"""Scopes: what a context (a thread, a task) is inside of, and whether it records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from contextvars import ContextVar
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from autodiff.ground.text import quoted

__all__ = ["Part", "Scope", "Seat", "current", "enclosing", "no_grad", "scope"]


_F = TypeVar("_F", bound=Callable[..., Any])

# What a context (a thread, a task) is inside of: the innermost scope that groups nodes, whether nodes are recorded,
# which scope was entered last, and the frame before. A frame never changes, so contexts may share it.
Frame = tuple["Scope | None", bool, "Scope | None", Any]


class Part(NamedTuple):
    """What a scope is: a place in a whole that several scopes share, such as one window of a pool.

    Never a Value: copies share scopes, and a scope that held its nodes would be a cycle.
    """

    whole: Any  # the geometry of the pool or layer: the same object in all parts of one whole
    place: tuple[int, ...]


class Scope:
    """A named group of nodes: those recorded inside ``with scope(name)``; scopes nest.

    Two scopes of the same name are two groups; one that is entered again goes on where it was. Threads and tasks
    may be inside of one at the same time: what each of them is inside of, and whether it records, is its own matter.
    """

    __slots__ = ("_placed", "name", "parent", "part")

    def __init__(self, name: str, parent: Scope | None = None, placed: bool = True, part: Part | None = None) -> None:
        self.name, self.parent, self.part = name, parent, part
        self._placed = placed  # if not, the first time it is entered decides where it stands

    def __enter__(self) -> Scope:
        outer = current()
        if not self._placed:
            with _placing:
                if not self._placed:
                    self.parent = outer[0]
                    self._placed = True  # last: whoever finds it placed finds it in its place
        _current.set(self._frame(outer))
        return self

    def __exit__(self, *_: object) -> None:
        above: list[Scope] = []
        frame = current()
        while frame[2] is not self:
            if frame[2] is None:
                return  # it was entered in another context: there is nothing to leave in this one
            above.append(frame[2])
            frame = frame[3]
        outer = frame[3]
        for scope in reversed(above):  # entered later and still open, as generators may leave them
            outer = scope._frame(outer)
        _current.set(outer)

    def _frame(self, outer: Frame) -> Frame:
        return self, outer[1], self, outer

    def __deepcopy__(self, memo: object) -> Scope:
        return self  # a copied graph shares the groups of its original

    def __copy__(self) -> Scope:
        return self

    def __repr__(self) -> str:
        path = " / ".join(self.path)
        return f"Scope({quoted(path if len(path) <= 120 else f'{path[:57]} ... {path[-58:]}')})"

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the outermost scope to this one."""
        return tuple(scope.name for scope in enclosing([self]))


class Seat(Scope):
    """A node's place in a layer, around it alone: for everybody else it stands in the scope outside."""

    __slots__ = ()


class _Paused(ContextDecorator, Scope):
    """The scope of ``no_grad``: it groups nothing, and records nothing. It may also decorate a function."""

    def _frame(self, outer: Frame) -> Frame:
        return outer[0], False, self, outer

    def __call__(self, function: _F) -> _F:
        from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

        if isgeneratorfunction(function) or iscoroutinefunction(function) or isasyncgenfunction(function):
            raise TypeError(
                f"no_grad() decorates functions that are done when they return; {quoted(function.__name__)} is run "
                "later: write `with no_grad():` inside of it"
            )
        return super().__call__(function)


def enclosing(scopes: Iterable[Scope | None]) -> list[Scope]:
    """The scopes and all around them, each once, outer before inner."""
    found: dict[Scope, None] = {}
    for scope in scopes:
        chain = []
        while scope is not None and scope not in found:
            chain.append(scope)
            scope = scope.parent
        found.update(dict.fromkeys(reversed(chain)))
    return list(found)


_current: ContextVar[Frame] = ContextVar("gradroute_scope", default=(None, True, None, None))
current: Callable[[], Frame] = _current.get
_placing = Lock()


def scope(name: str) -> Scope:
    """A group for the nodes recorded inside: pictures draw it as a cluster, and can collapse it to one box.

    >>> from autodiff import Value
    >>> with scope("neuron"):
    ...     y = Value(2.0) * 3.0
    >>> y.scope
    Scope('neuron')
    """
    if not isinstance(name, str):
        raise TypeError(f"a scope's name is a string, got {type(name).__name__}")
    return Scope(name, placed=False)


def no_grad() -> _Paused:
    """A context, or decorator, in which nothing is recorded: every result inside is a leaf with no parents.

    >>> from autodiff import Value
    >>> with no_grad():
    ...     y = Value(2.0) * 3.0
    >>> y.parents
    ()
    """
    return _Paused("no_grad", placed=False)
