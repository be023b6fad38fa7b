"""Which facts of a pass are seen as one step, where scopes are folded or a part is shown: what ``seeing.js`` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from autodiff import Edge, Scope, Step, Steps
from viz.graph.folding import Difference, is_fold
from viz.graph.look import one_source
from viz.graph.paint import line_id
from viz.graph.view import View
from viz.ink.text import visible
from viz.page.contract import Fold, Line, Opened, Shown
from viz.page.insides import Inside, Kind

__all__ = ["folds", "lines", "opening", "seen", "shown_in", "ways"]


def seen(told: Steps, shown: View) -> list[list[int]]:
    """The facts of each step that a page has, in order: what happens to one box or line is one step.

    Nothing is left out where all of a graph is shown and nothing is folded. Else the leaves are told at once, and what
    happens inside of a box, or out of sight, is no step.

    >>> from autodiff import Value, scope, steps
    >>> from viz.graph.view import view
    >>> with scope("line"):
    ...     y = Value(2.0, "x") * 3 + 1
    >>> told = steps(y * 2)
    >>> len(told), seen(told, view(told.graph, collapse=True))
    (8, [[0], [1, 2], [3], [4], [5]])
    """
    if not shown.hidden_in and len(shown.numbers) == len(told.graph):
        return [[step.index] for step in told]
    numbers = frozenset(shown.numbers)
    groups: dict[object, list[int]] = {}
    for step in told:
        key = _key(told, shown, numbers, step)
        if key is not None:
            groups.setdefault(key, []).append(step.index)
    return sorted(groups.values(), key=lambda facts: -1 if _is_leaf(told, facts[0]) else facts[-1])


def _is_leaf(told: Steps, index: int) -> bool:
    return index < told.forward and told.graph.nodes[index].op is None


def _key(told: Steps, shown: View, numbers: frozenset[int], step: Step) -> object:
    """What all facts have in common that are seen together; None of one that is not seen."""
    if _is_leaf(told, step.index):
        return "leaves"
    if step.node not in numbers:
        return None
    at = shown.key(step.node)
    if step.phase == "forward":
        return at
    by = shown.key(step.edge.target) if step.edge is not None and step.edge.target in numbers else None
    if by == at:
        scope = shown.hidden_in[step.node]
        return step.index if shown.speaker(scope) == step.node else None
    ends = (step.node, step.edge.target) if by is not None and step.edge is not None else ()
    return (at, by) if any(_holds_several(shown, end) for end in ends) else step.index


def _holds_several(shown: View, number: int) -> bool:
    """Whether a node is seen in the box of a scope, or of a formula of several nodes."""
    scope = shown.hidden_in.get(number)
    return scope is not None and (is_fold(scope) or len(shown.members(scope)) > 1)


def shown_in(view: View, insides: Sequence[Scope] = ()) -> Shown:
    """What is folded and joined in a view."""
    return {"folds": folds(view, insides), "lines": lines(view)}


def opening(insides: Mapping[Scope, Inside], labels: Mapping[int, str]) -> list[Opened]:
    """What is shown where each of these scopes is opened, and, if it is drawn like another one, its names."""
    found: list[Opened] = []
    for one in insides.values():
        shown = list(one.view.numbers)
        told: Opened = {**shown_in(one.view, [*insides]), "seen": shown, "like": one.like, "frames": [], "names": []}
        if one.like is not None:
            other, own = [*insides.values()][one.like], Kind.of(one.view, labels)
            assert other.laid is not None
            told["frames"] = Kind.of(other.view, labels).frames(other.laid[0], own)
            told["names"] = own.names
        found.append(told)
    return found


def ways(shown: View, labels: dict[int, str]) -> Iterator[tuple[str, str]]:
    """What each way that is shown is called, by its mark."""
    for number, name in enumerate(shown.ways.named(labels) if shown.ways else ()):
        yield f"way {number}", name
    if shown.ways and any(len(ways) > 1 for ways in shown.ways.over.values()):
        yield "ways", "several ways"


def folds(shown: View, insides: Sequence[Scope] = ()) -> dict[str, Fold]:
    """The folded scopes by the id of their box, each with the place that it has among those that can be opened."""
    found: dict[str, Fold] = {}
    scopes = list(dict.fromkeys(shown.hidden_in.values()))
    often = Counter(map(shown.title, scopes))
    for scope in scopes:
        members, name = shown.members(scope), shown.title(scope) or "scope"
        # A sentence has no frames around it: of several "neuron 0" it says in which layer.
        called = name if often[name] < 2 else " › ".join([*(visible(outer) for outer in scope.path[:-1]), name])
        if not is_fold(scope) and " " in called and called[-1] != ")":
            called = f"({called})"  # of b − max one says (b − max).grad
        speaker = shown.speaker(scope)
        fold: Fold = {"name": name, "called": called, "members": list(members), "speaker": speaker, "inside": None}
        fold["inside"] = insides.index(scope) if scope in insides else None
        found[f"s{members[0]}"] = fold
        if not _holds_several(shown, members[0]):
            fold["plain"] = True
    return found


def lines(shown: View) -> dict[str, Line]:
    """The lines that stand for several uses or lead into a folded scope, by id."""
    joined: list[list[Edge]] = []
    for (source, target), edges in shown.edges().items():
        joined += [line for line in shown.lines(source, target, edges) if len(line) > 1 or target[0] == "s"]
    return {line_id(line): _line(line, shown.differences.get(line[0])) for line in joined}


def _line(edges: Sequence[Edge], difference: Difference | None) -> Line:
    found: Line = {"uses": _uses(edges), "adds": one_source(edges)}
    if difference is not None:
        found["difference"] = [_uses([difference.share]), _uses(difference.target), difference.log]
    return found


def _uses(edges: Sequence[Edge]) -> list[str]:
    return [f"{edge.target}_{edge.position}" for edge in edges]
