"""How running Python records a graph: scopes, and the functions generated from the table's rows.

For each row two straight-line functions are generated from its formulas: one that records a node, and, for each
pattern of Value and constant operands, one that pulls the upstream gradient back to the operands (a *rule*).
A rule belongs to the row, not to the node, so that nodes hold no closures and graphs no reference cycles.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from contextvars import ContextVar
from functools import cache, cached_property
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from autodiff import formulas, ieee
from autodiff.operations import Operation

__all__ = ["Rule", "Scope", "no_grad", "recorder", "rules", "scope"]


_F = TypeVar("_F", bound=Callable[..., Any])

# What a context (a thread, a task) is inside of: the innermost scope that groups nodes, whether nodes are recorded,
# which scope was entered last, and the frame before. A frame never changes, so contexts may share it.
Frame = tuple["Scope | None", bool, "Scope | None", Any]


class Scope:
    """A named group of nodes: those recorded inside ``with scope(name)``; scopes nest.

    Two scopes of the same name are two groups; one that is entered again goes on where it was. Threads and tasks
    may be inside of one at the same time: what each of them is inside of, and whether it records, is its own matter.
    """

    __slots__ = ("_placed", "name", "parent")

    def __init__(self, name: str, parent: Scope | None = None, placed: bool = True) -> None:
        self.name, self.parent = name, parent
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

    def __reduce__(self) -> tuple[Callable[..., Scope], tuple[Any, ...]]:
        # Flat, as Values are pickled: by way of the parents it would recurse as deep as the scope stands.
        return _innermost, ([scope_entry(scope) for scope in enclosing([self])],)

    def __repr__(self) -> str:
        path = " / ".join(self.path)
        return f"Scope({path if len(path) <= 120 else f'{path[:57]} ... {path[-58:]}'!r})"

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the outermost scope to this one."""
        return tuple(scope.name for scope in enclosing([self]))


class _Paused(ContextDecorator, Scope):
    """The scope of ``no_grad``: it groups nothing, and records nothing. It may also decorate a function."""

    def _frame(self, outer: Frame) -> Frame:
        return outer[0], False, self, outer

    def __call__(self, function: _F) -> _F:
        if isgeneratorfunction(function) or iscoroutinefunction(function) or isasyncgenfunction(function):
            raise TypeError(
                f"no_grad() decorates functions that are done when they return; {function.__name__!r} is run later: "
                "write `with no_grad():` inside of it"
            )
        return super().__call__(function)


class _Entry:
    """A scope in a pickle: it is read back as the scope itself, put into its parent, which was read before it."""

    __slots__ = ("__weakref__", "scope")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def __reduce__(self) -> tuple[type[Scope], tuple[Any, ...]]:
        scope = self.scope
        return type(scope), (scope.name, scope_entry(scope.parent), scope._placed)


# A pickle keeps its entries alive, so a scope that it meets again has the entry it had before.
_entries: WeakValueDictionary[int, _Entry] = WeakValueDictionary()


def scope_entry(scope: Scope | None) -> _Entry | None:
    """What stands for a scope in a pickle, behind those around it."""
    known = _entries.get(id(scope))
    return known if scope is None or known is not None else _entries.setdefault(id(scope), _Entry(scope))


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


def _innermost(scopes: list[Scope]) -> Scope:
    return scopes[-1]


_current: ContextVar[Frame] = ContextVar("gradroute_scope", default=(None, True, None, None))
current: Callable[[], Frame] = _current.get
tick: Callable[[], int] = itertools.count(1).__next__
_placing = Lock()


def scope(name: str) -> Scope:
    """Group the nodes recorded inside: pictures draw the group as a cluster, and can collapse it to one box.

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
    """Compute without recording: every result inside is a leaf with no parents.

    >>> from autodiff import Value
    >>> with no_grad():
    ...     y = Value(2.0) * 3.0
    >>> y.parents
    ()
    """
    return _Paused("no_grad", placed=False)


class Rule:
    """How one operation sends gradient back, for one pattern of operands (which are constants, which Values)."""

    def __init__(self, op: Operation, constants: tuple[bool, ...]) -> None:
        self.op, self.constants = op, constants

    @cached_property
    def pull(self) -> Callable[[Any, float, dict[Any, float]], None]:
        """``pull(node, up, adjoints)``: add each operand's contribution; an operand with no path gets no entry."""
        space = dict(formulas.SPACE)
        exec(_pull_source(self.op, self.constants), space)
        return space["pull"]  # type: ignore[return-value]


def _pull_source(op: Operation, constants: tuple[bool, ...]) -> str:
    parts = [formulas.contribution(partial) for partial in op.partials]
    used = set().union(*(formulas.names(tree) for tree, fixed in zip(parts, constants, strict=True) if not fixed))
    lines = ["def pull(_node, up, _adjoints):"]
    lines.append(f"    {_operands(len(constants))} = _node._x, _node._y")
    for i, (name, fixed) in enumerate(zip(op.inputs, constants, strict=True)):
        if name in used:
            lines.append(f"    {name} = _a{i}{'' if fixed else '._data'}")
    if "out" in used:
        lines.append("    out = _node._data")
    for i, (tree, fixed) in enumerate(zip(parts, constants, strict=True)):
        if not fixed:
            lines += ["    " + line for line in _send(op, tree, f"_a{i}")]
    return "\n".join([*lines, "    return"])


def _operands(count: int) -> str:
    """Where a node keeps its operands: the first, and the second or a tuple of all others.

    One object a node instead of two: half the work for the garbage collector, which is most of a training step.
    """
    rest = f"({''.join(f'_a{i}, ' for i in range(1, count))})"
    return "_a0, _a1" if count == 2 else f"_a0, {rest if count > 2 else '_none'}"


def _send(op: Operation, tree: ast.expr, operand: str) -> list[str]:
    """Statements that add a contribution; a branch that is None sends nothing."""
    if formulas.is_none(tree):
        return ["pass"]
    if isinstance(tree, ast.IfExp) and formulas.has_none(tree):
        body, orelse = (["    " + line for line in _send(op, part, operand)] for part in (tree.body, tree.orelse))
        return [f"if {op.source(tree.test)}:", *body, "else:", *orelse]
    return [
        f"_flow = {op.source(tree)}",
        f"if {operand} in _adjoints: _adjoints[{operand}] += _flow",
        f"else: _adjoints[{operand}] = _flow",
    ]


@cache
def rules(op: Operation) -> tuple[Rule, ...]:
    """The rules of an operation, by pattern: bit i is set where operand i is a constant."""
    count = len(op.inputs)
    patterns = (tuple(bool(bits >> i & 1) for i in range(count)) for bits in range(2**count))
    return tuple(Rule(op, pattern) for pattern in patterns)


def recorder(
    op: Operation, reflected: bool = False, operator: bool = False, neutral: int | None = None
) -> Callable[..., Any]:
    """The function that records ``op``: it takes Values and numbers, and answers a new Value.

    A ``reflected`` one takes its two operands in reverse; an ``operator`` answers ``NotImplemented`` to an
    array, which then applies itself element by element. Where the operand before the operator is the ``int``
    ``neutral`` nothing is recorded, and the other is the answer. Its globals still need ``_Value``.
    """
    parameters = op.inputs[::-1] if reflected else op.inputs
    signature = ", ".join(f"{name}={op.defaults[name]!r}" if name in op.defaults else name for name in parameters)
    # No input begins with an underscore, so these names are free.
    lines = [f"def record({signature}):", "    _pattern = 0"]
    if neutral is not None:
        x, self = op.inputs
        lines.append(f"    if {x}.__class__ is _int and {x} == {neutral}: return {self}")
    for i, name in enumerate(op.inputs):
        lines += [f"    if {name}.__class__ is _Value: _a{i} = {name}; {name} = {name}._data"]
        lines += [f"    else:\n        _pattern += {2**i}"]
        lines += [f"        if {name}.__class__ is not float:"]
        if operator:
            lines += [f"            if _is_array({name}): return NotImplemented"]
        lines += [f"            {name} = _real({name})", f"        _a{i} = {name}"]
    lines += [
        "    _node = _new(_Value)",
        f"    _node._data = {op.source(op.value)}",
        "    _node._scope, _recording, _, _ = _current()",
        "    if _recording:",
        "        _node._rule = _rules[_pattern]",
        f"        _node._x, _node._y = {_operands(len(op.inputs))}",
        "    else: _node._rule = _node._x = _node._y = None",
        "    _node._grad = _node._name = None",
        "    _node._serial = _node._stamp = _tick()",
        "    return _node",
    ]
    space: dict[str, Any] = dict(formulas.SPACE, _new=object.__new__, _tick=tick, _current=current, _none=None)
    space.update(_real=ieee.real, _is_array=_is_array, _int=int, _rules=rules(op))
    exec("\n".join(lines), space)
    function: Callable[..., Any] = space["record"]
    function.__name__ = function.__qualname__ = op.name
    function.__doc__ = f"{op.doc}\n\nFormula: ``{op.formula}``; operands are Values or real numbers."
    function.__module__ = "autodiff"
    return function


def _is_array(x: object) -> bool:
    return hasattr(x, "__array_ufunc__")  # NumPy's scalars, which are numbers, do not have it
