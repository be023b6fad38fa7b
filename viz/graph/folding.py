"""Which scopes of a graph are folded to one box each: what was wished, and where a folded node is hidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from autodiff import Edge, Graph, Scope
from autodiff.ground.text import visible
from autodiff.language.notation import numeral
from autodiff.recording.scopes import enclosing

__all__ = [
    "Collapse",
    "Difference",
    "Folds",
    "Formula",
    "Repeated",
    "chosen",
    "depths_of",
    "fold",
    "foldable",
    "innermost",
    "is_fold",
    "read_once",
]


Collapse = bool | str | Scope | Iterable[str | Scope] | Callable[[Scope], bool]
LISTED = 40  # names that a message lists
Folds = dict[Scope | None, Scope | None]  # for each scope the folded one that hides it


class Formula(Scope):
    """Nodes that are told as one: the name is what they compute, written where a single node has its operation."""

    __slots__ = ()


class Difference(NamedTuple):
    """What comes back to a score is ``p − y``: the use that sends p, those that send −y, and the node of the log.

    Where the gradient of the log is 1, the two are the probability and the target themselves.
    """

    share: Edge
    target: tuple[Edge, ...]
    log: int

    def told(self, sent: Callable[[Sequence[Edge]], list[float]], gradients: Sequence[float | None]) -> str:
        """It in numbers; ``sent`` tells what came over some uses."""
        p, y = sum(sent([self.share])), sum(sent(self.target))
        said = f"{numeral(p)} {'+' if y > 0 else '−'} {numeral(abs(y))}"
        return f"p − y = {said}" if gradients[self.log] == 1 else said


def is_fold(scope: Scope | None) -> bool:
    """Whether the box of what a scope hides says that it hides something."""
    return scope is not None and not isinstance(scope, Formula)


class Repeated(Scope):
    """What stands for several parts of a kind, in a picture alone: ``times`` of them, of ``each`` so many nodes."""

    __slots__ = ("each", "times")

    def __init__(self, name: str, parent: Scope | None, times: int, each: int) -> None:
        super().__init__(name, parent)
        self.times, self.each = times, each


def read_once(collapse: Collapse) -> Collapse:
    """The wish, to be read as often as needed."""
    return [*collapse] if isinstance(collapse, Iterable) and not isinstance(collapse, str) else collapse


def foldable(collapse: Collapse) -> Callable[[Scope], bool]:
    """Whether a scope is among those that may be folded; without a wish each may."""
    if isinstance(collapse, bool):
        return lambda scope: scope.parent is None
    if callable(collapse):
        return collapse
    if not isinstance(collapse, Iterable) and not isinstance(collapse, Scope):
        raise TypeError(
            f"collapse is True, a scope's name, a Scope, several of them, or a function that tells of a Scope whether "
            f"to fold it; got {type(collapse).__name__}"
        )
    wanted = {collapse} if isinstance(collapse, (str, Scope)) else set(collapse)
    return lambda scope: scope in wanted or scope.name in wanted


def chosen(graph: Graph, collapse: Collapse) -> Callable[[Scope], bool]:
    """Which scopes of a graph to fold; ``ValueError`` for a name that none of them has."""
    asked = foldable(collapse)
    if collapse is False:
        return lambda scope: False
    if collapse is not True and not callable(collapse):
        wanted = {collapse} if isinstance(collapse, (str, Scope)) else set(collapse)
        present = set(enclosing(graph.scopes))
        known = {scope.name for scope in present} | present
        if not wanted <= known:
            missing = sorted(visible(str(w)) for w in wanted - known)
            names = sorted({scope.name for scope in present})
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            raise ValueError(
                f"no scope of this graph is called {', '.join(missing)}; its scopes are {names[:LISTED]}{more}"
            )
    return asked


def innermost(graph: Graph, numbers: Sequence[int], limit: int) -> Callable[[Scope], bool]:
    """Whether a scope is on the innermost level that has to be folded so that no more boxes than these are left."""
    depths = depths_of(graph.nodes[number].scope for number in numbers)
    outside = Counter(depths[graph.nodes[number].scope] for number in numbers)
    folded = Counter(depths.values())
    chosen, boxes = 1, 0
    for level in range(1, max(folded) + 1):
        boxes += outside[level - 1]  # these are in no scope of this level
        if boxes + folded[level] <= limit:
            chosen = level
    return lambda scope: depths[scope] == chosen


def depths_of(scopes: Iterable[Scope | None]) -> dict[Scope | None, int]:
    """How deep the scopes and all around them are nested: 1 is an outermost one."""
    depths: dict[Scope | None, int] = {None: 0}
    for scope in enclosing(scopes):
        depths[scope] = depths[scope.parent] + 1
    return depths


def fold(scope: Scope | None, known: Folds, chosen: Callable[[Scope], bool]) -> Scope | None:
    """The outermost of the chosen scopes that a scope is, or stands in; ``known`` is of those asked about before."""
    chain = []
    around = scope
    while around is not None and around not in known:
        chain.append(around)
        around = around.parent
    for inner in reversed(chain):
        known[inner] = known[inner.parent] or (inner if chosen(inner) else None)
    return known[scope]
