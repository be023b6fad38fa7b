"""The way back: the order of a graph, what is out of date in it, and the gradient of each node that a path leads to.

Nothing here makes a Value: whatever has its slots will do.
"""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NoReturn, Protocol, TypeVar
from weakref import WeakKeyDictionary

from autodiff.ground.clock import last_write, tick
from autodiff.ground.text import NAME, visible
from autodiff.language.ieee import real
from autodiff.recording.rules import Rule

__all__ = [
    "NO_PATH",
    "Recorded",
    "StaleError",
    "adjoints",
    "born",
    "describe",
    "held",
    "last_root",
    "peek",
    "read_at",
    "renew",
    "run",
    "seed_of",
    "staleness",
    "topological",
]


class Recorded(Protocol):
    """The slots of a Value that the order and the reverse sweep read."""

    _data: float
    _grad: float | None
    _name: str | None
    _rule: Rule | None
    _serial: int
    _stamp: float
    _x: Any
    _y: Any


_V = TypeVar("_V", bound=Recorded)


class StaleError(RuntimeError):
    """A leaf's ``.data`` was changed after other nodes had been computed from it."""


class _NoPath(float):
    """The gradient of a node that no path leads to: nothing flows, so the derivative is 0; no zero was computed."""

    def __reduce__(self) -> str:
        return "NO_PATH"

    def __deepcopy__(self, memo: object) -> _NoPath:
        return self


NO_PATH = _NoPath(0.0)


# What backward() was last called on, for explain(x), and with what each was called.
_last_root: list[weakref.ref[Any]] = []
_seeds: WeakKeyDictionary[Any, float] = WeakKeyDictionary()


def run(output: Recorded, upstream: float) -> None:
    """A backward pass: sweep, then publish all gradients at once, so that an interrupted pass changes nothing."""
    order, flows = adjoints(output, upstream)
    gradients = [_published(node, flows.get(node)) for node in order]
    # One call into C: no interrupt can fall between two of the writes.
    deque(map(vars(type(output))["_grad"].__set__, order, gradients), maxlen=0)
    _last_root[:] = [weakref.ref(output)]
    _seeds[output] = flows[output]


def _published(node: Recorded, flow: float | None) -> float:
    if flow is None:
        return NO_PATH if node._rule is not None or node._grad is None else node._grad
    return flow if node._rule is not None or node._grad is None else node._grad + flow


def last_root() -> Any:
    """What ``backward()`` was last called on, while it is still there."""
    return _last_root[0]() if _last_root else None


def seed_of(output: Recorded) -> float:
    """The gradient that a pass told of ``output`` begins with: that of the pass that was run, else 1.

    A computed Value holds the gradient of its last pass, and so do its copies, whether the pass began there or further
    on. A leaf adds up its passes, and a 0 may have been written by hand: of these the last ``backward()`` speaks.
    """
    held = output._grad
    if held is None or held is NO_PATH:
        return 1.0
    return held if held != 0 and output._rule is not None else _seeds.get(output, 1.0)


def describe(node: Recorded) -> str:
    """What a message calls a node: its name, or its operation and number."""
    if node._name is not None:
        return f"'{visible(node._name, NAME)}'"
    kind = "leaf" if node._rule is None else f"'{visible(node._rule.op.symbol, NAME)}'"
    return f"the unnamed {kind} of value {node._data}"


def topological(outputs: Iterable[_V], check: bool = True, inputs: Iterable[_V] = ()) -> list[_V]:
    """Every node the outputs were computed from, and themselves, parents before children, in order of creation.

    Nothing behind ``inputs`` is looked at. ``check`` raises :class:`StaleError` at a node older than an operand's data.
    """
    stack, ends = list(dict.fromkeys(outputs)), {*inputs}
    seen = {*stack, *ends}
    kind = type(stack[0]) if stack else None
    while stack:
        node = stack.pop()
        if node._rule is None:
            continue
        y = node._y
        for arg in (node._x, *y) if y.__class__ is tuple else (node._x, y):
            if arg.__class__ is kind and arg not in seen:
                seen.add(arg)
                stack.append(arg)
    order = sorted(seen, key=attrgetter("_serial"))
    oldest = next((node._serial for node in order if node._rule is not None), math.inf) if check else math.inf
    for node in order if last_write() > oldest else ():  # else nothing was written since any of it was recorded
        if staleness(node) is not None and node not in ends:
            _refuse_stale(node)
    return order


def _refuse_stale(used: Any) -> NoReturn:
    changed = used if used._stamp == math.inf else next(arg for arg in used.parents if arg._stamp > used._stamp)
    cure = "record the expression again, or bring it up to date with Graph(output).forward()"
    data = f"the .data of {describe(changed)}"
    if changed._stamp == math.inf:
        raise StaleError(f"{data}, a computed node, was overwritten; change leaves, and {cure}")
    raise StaleError(
        f"{data} was changed after {describe(used)} had been computed from it, so a "
        f"gradient would mix old and new numbers; {cure}; in a training loop draw, step and explain before the update"
    )


def adjoints(output: _V, upstream: float = 1.0, inputs: Iterable[_V] = ()) -> tuple[list[_V], dict[_V, float]]:
    """The reverse sweep: the nodes in topological order, and the gradient of each one that a path leads to.

    Nothing flows further back than ``inputs``. No Value is changed.
    """
    ends = set(inputs)
    order = topological([output], inputs=ends)
    flows: dict[_V, float] = {output: real(upstream)}
    for node in reversed(order):
        rule = node._rule
        if rule is not None and node in flows and node not in ends:
            rule.pull(node, flows[node], flows)
    return order, flows


def staleness(node: Any) -> float | None:
    """None for a node that is up to date; else the moment by which a copy of it is known to be stale."""
    if node._rule is None or node._stamp == math.inf:
        return None if node._rule is None else math.inf
    return -1 if any(arg._stamp > node._stamp for arg in node.parents) else None


# The number of a node, as ``.data`` gives it, without counting as a look (see :func:`read_at`).
peek: Callable[[Recorded], float] = attrgetter("_data")


def held(node: Recorded) -> float | None:
    """The gradient that a node holds: None while none was computed, ``NO_PATH`` where none arrived."""
    return node._grad


def renew(order: Sequence[Recorded], data: Iterable[float]) -> None:
    """Give the stale nodes, parents before children, these numbers; what the last pass left belongs to the old ones.

    So every gradient is forgotten, but those that leaves have accumulated; "no path" is nothing accumulated.
    """
    if all(staleness(node) is None for node in order):
        return
    for node in order:
        if node._rule is not None or node._grad is NO_PATH:
            node._grad = None
    for node, number in zip(order, data, strict=True):
        if staleness(node) is not None:
            node._data = number
            node._stamp = tick()  # written after its operands: no longer stale


def born(node: Recorded) -> int:
    """When a node was made, on the clock that numbers the nodes; parents come before children."""
    return node._serial


def read_at(node: Recorded) -> int:
    """When the public ``.data`` of a node were last read, on the same clock; else 0."""
    return getattr(node, "_read", 0)
