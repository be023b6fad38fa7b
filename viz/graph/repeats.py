"""Parts of a graph that repeat, such as the samples of a batch or the steps of a sequence: all of a kind in one box."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from autodiff import Graph, Scope, Value
from autodiff.recording.scopes import enclosing
from viz.graph.folding import Repeated, chosen
from viz.graph.view import View

__all__ = ["Expand", "Open", "expanded", "repeated"]

ENOUGH = 10  # of a kind; fewer can be looked at one by one

Expand = str | Scope | Value | Iterable[str | Scope | Value]
Open = tuple[frozenset[Scope], frozenset[int]]  # scopes and nodes that are to be seen


def expanded(graph: Graph, expand: Expand) -> Open:
    """What is meant by ``expand``: scopes by their names, with all around them; Values, with what they came from.

    ``ValueError`` for a name that no scope has, or a Value that is not in the graph.
    """
    things = list(expand) if isinstance(expand, Iterable) and not isinstance(expand, str) else [expand]
    values = [thing for thing in things if isinstance(thing, Value)]
    scopes = [thing for thing in things if isinstance(thing, (str, Scope))]
    if len(values) + len(scopes) < len(things):
        wrong = next(thing for thing in things if not isinstance(thing, (str, Scope, Value)))
        raise TypeError(f"expand is a scope's name, a Scope, a Value, or several; got {type(wrong).__name__}")
    is_meant = chosen(graph, scopes)
    found = [scope for scope in enclosing(graph.scopes) if is_meant(scope)]
    numbers, front = set[int](), [graph.number(value) for value in values]
    while front:
        if (number := front.pop()) not in numbers:
            numbers.add(number)
            front += (arg for arg in graph.nodes[number].args if isinstance(arg, int))
    around = (graph.nodes[number].scope for number in numbers)
    return frozenset(enclosing([*found, *around])), frozenset(numbers)


def repeated(shown: View, opened: Open | None = None) -> View:
    """The view with every kind of which there are enough in one box; the same view where nothing repeats.

    Scopes side by side are of a kind if their names differ by an index and the same is done in them; sums of many
    are one box; nodes are of a kind if they do the same, to operands and for users of a kind each.
    """
    work = _Work(shown, *(opened or (frozenset(), frozenset())))
    work.scopes()
    work.sums()
    work.nodes()
    return shown if work.hidden == shown.hidden_in else replace(shown, hidden_in=work.hidden)


def _stem(name: str | None) -> str:
    """A name without its index.

    >>> _stem("sample 3"), _stem("h[3]"), _stem("x0_1"), _stem("t=12")
    ('sample', 'h', 'x', 't')
    """
    return re.sub(r"[\s_=:#.,(\[-]*\d+[)\]]*", "", name or "").strip()


class _Work:
    """A view under way: for every hidden node the box that hides it."""

    def __init__(self, shown: View, scopes: frozenset[Scope], numbers: frozenset[int]) -> None:
        self.graph, self.numbers, self.hidden = shown.graph, shown.numbers, dict(shown.hidden_in)
        self.open_scopes, self.open_numbers = scopes, numbers
        self.terms: dict[object, int] = defaultdict(count().__next__)  # what is done, by numbers

    def _fold(self, name: str, parent: Scope | None, parts: Sequence[Sequence[int]]) -> None:
        times = f" × {len(parts)}" if len(parts) > 1 else ""
        box = Repeated(f"{name}{times}".strip(), parent, len(parts), len(parts[0]))
        self.hidden.update((number, box) for part in parts for number in part)

    def scopes(self) -> None:
        """Fold scopes of a kind; in those of no kind look further."""
        members: dict[Scope, list[int]] = defaultdict(list)
        inside: dict[Scope | None, dict[Scope, None]] = defaultdict(dict)
        for number in self.numbers:
            scope = self.hidden.get(number, self.graph.nodes[number].scope)
            while scope is not None:
                members[scope].append(number)
                inside[scope.parent][scope] = None
                scope = scope.parent
        pending: list[Scope | None] = [None]
        while pending:
            parent = pending.pop()
            kinds: dict[object, list[Scope]] = defaultdict(list)
            many = Counter(_stem(scope.name) for scope in inside[parent])
            for scope in inside[parent]:
                # A window of a pool is what its picture is about: it is seen for itself.
                is_single = many[_stem(scope.name)] < ENOUGH or scope in self.open_scopes or scope.part is not None
                kinds[scope if is_single else (_stem(scope.name), self._shape(scope, members[scope]))].append(scope)
            for kind in kinds.values():
                if len(kind) < ENOUGH:
                    pending += kind
                else:
                    self._fold(_stem(kind[0].name), parent, [members[scope] for scope in kind])

    def _shape(self, scope: Scope, members: Sequence[int]) -> object:
        """What is done in a scope, in whichever order: of each node its operation, its place, operands and uses."""
        deep = len(scope.path)
        uses = Counter(arg for number in members for arg in self.graph.nodes[number].args if isinstance(arg, int))
        said: dict[int, int] = {}
        for number in members:
            node = self.graph.nodes[number]
            path = node.scope.path[deep:] if node.scope is not None else ()
            operands = tuple(said.get(arg, -1) if isinstance(arg, int) else None for arg in node.args)
            what = node.op, tuple(map(_stem, path)), operands, uses[number], node.op is None and _stem(node.name)
            said[number] = self.terms[what]
        return frozenset(Counter(said.values()).items())

    def sums(self) -> None:
        """Fold additions whose results are only added to each other."""
        shown = set(self.numbers)
        users: dict[int, list[int]] = defaultdict(list)
        for edge in self.graph.edges:
            if edge.target in shown:
                users[edge.source].append(edge.target)
        root: dict[int, int] = {}
        for number in reversed(self.numbers):
            if self._adds(number):
                (user, *more) = users[number] or (None,)
                goes_on = user in root and not more and number not in self.graph.outputs
                is_beside = user is not None and self.graph.nodes[user].scope is self.graph.nodes[number].scope
                root[number] = root[user] if user is not None and goes_on and is_beside else number
        chains: dict[int, list[int]] = defaultdict(list)
        for number in sorted(root):
            chains[root[number]].append(number)
        for last, chain in chains.items():
            if len(chain) + 1 >= ENOUGH:
                self._fold(f"sum of {len(chain) + 1}", self.graph.nodes[last].scope, [chain])

    def _adds(self, number: int) -> bool:
        op = self.graph.nodes[number].op
        return op is not None and op.name == "add" and number not in self.hidden and number not in self.open_numbers

    def nodes(self) -> None:
        """Fold nodes of a kind."""
        fixed = {*self.graph.outputs, *self.open_numbers, *self.hidden}
        free = [number for number in self.numbers if number not in fixed]
        kinds: dict[int, object] = {number: self.hidden.get(number, -number - 1) for number in self.numbers}
        names = self.terms
        users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for edge in self.graph.edges:
            # In a folded sum all places are alike.
            users[edge.source].append((edge.target, -1 if edge.target in self.hidden else edge.position))
        for number in free:  # what is done, and to what: operands come first
            node = self.graph.nodes[number]
            operands = tuple(kinds.get(arg) if isinstance(arg, int) else None for arg in node.args)
            kinds[number] = names[node.op, node.op is None and _stem(node.name), node.scope, operands]
        for number in reversed(free):  # and for whom
            kinds[number] = names[kinds[number], frozenset((kinds.get(user), at) for user, at in users[number])]
        for number in free:  # so that what came of operands of two kinds is of two kinds
            args = self.graph.nodes[number].args
            kinds[number] = names[kinds[number], tuple(kinds.get(arg) for arg in args if isinstance(arg, int))]
        self._fold_kinds(free, kinds)

    def _fold_kinds(self, free: Iterable[int], kinds: Mapping[int, object]) -> None:
        alike: dict[object, list[int]] = defaultdict(list)
        for number in free:
            alike[kinds[number]].append(number)
        for members in alike.values():
            if len(members) >= ENOUGH:
                node = self.graph.nodes[members[0]]
                name = node.op.name if node.op is not None else _stem(node.name) or "input"
                self._fold(name, node.scope, [[number] for number in members])
