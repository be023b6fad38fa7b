"""Which part of a graph is drawn; and what of it is folded, more and more, as long as it does not fit its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autodiff import Graph, Scope, Value
from viz.graph.backward import Pass
from viz.graph.folding import Collapse
from viz.graph.repeats import Open, repeated
from viz.graph.softmax import lectured
from viz.graph.view import LIMIT, TooLargeError, View, require_small, view
from viz.graph.ways import ways_of

__all__ = ["Part", "foldings", "with_ways"]


@dataclass(frozen=True)
class Part:
    """Which part of a graph is to be drawn."""

    graph: Graph
    collapse: Collapse | None = None
    around: Value | None = None
    depth: int | None = None
    reached: bool = False
    max_nodes: int | None = LIMIT
    backward: Pass | None = None
    path: Sequence[Value] | None = None
    labels: Mapping[int, str] | None = None  # of all nodes, to write a softmax as on paper
    opened: Open | None = None  # what of repeated parts is to be seen; None: they are one box each only to fit

    @property
    def is_cut(self) -> bool:
        """Whether a part of it may be shown, where even with all folded it could not be read: nobody wished another."""
        return self.collapse is not False and self.around is None is self.depth and self.max_nodes == LIMIT

    @property
    def views(self) -> Iterable[View]:
        """What is shown; as long as that does not fit and nothing else was wished, with more and more folded."""
        return self._at_once if self.reached else self._found()

    @cached_property
    def _at_once(self) -> Sequence[View]:
        """Of where the gradient went while it is there: for another place it may be drawn when it has gone."""
        return list(self._found())

    def _found(self) -> Iterator[View]:
        some = False
        for folds in foldings(self.graph, self.collapse):
            try:
                for shown in self._folded(folds):
                    yield shown
                    some = True
            except TooLargeError:
                if not some:
                    raise

    def _folded(self, folds: Collapse) -> Iterator[View]:
        """What is shown where these scopes are folded; then, where it is not decided otherwise, with repeated parts."""
        is_shown = False
        if self.opened is not None:
            shown = self._view(self._spared(folds), None)
        elif self.collapse is not None or self.backward is not None:
            shown = self._view(folds, self.max_nodes)
            yield self.on_paper(shown) if self.backward is None else self.backward.of(shown, self.collapse is False)
            return
        else:
            shown, is_shown = self._few(folds)
            if is_shown:
                yield self.on_paper(shown)
        again = repeated(shown, self.opened)
        if again is not shown or not is_shown:
            require_small(again, self.max_nodes)
            yield self.on_paper(again)

    def _few(self, folds: Collapse) -> tuple[View, bool]:
        """What is shown, and whether it is few boxes; what repeats is looked for before scopes are folded to be few."""
        try:
            shown = self._view(folds, self.max_nodes)
        except TooLargeError:
            return self._view(folds, None), False
        if folds is not False or not shown.hidden_in or repeated(shown) is shown:
            return shown, True
        whole = self._view(folds, None)
        return (whole if repeated(whole).boxes() <= (self.max_nodes or 0) else shown), False

    def on_paper(self, shown: View) -> View:
        """With every softmax as it is written on paper, unless all is to be seen."""
        return shown if self.labels is None or self.collapse is False else lectured(shown, self.labels)

    def _view(self, folds: Collapse, limit: int | None) -> View:
        return with_ways(view(self.graph, self.around, self.depth, self.reached, folds, limit), self.path)

    def _spared(self, folds: Collapse) -> Collapse:
        """The same scopes folded, but for those that are to be seen."""
        opened = self.opened[0] if self.opened is not None else frozenset()
        return (lambda scope: folds(scope) and scope not in opened) if isinstance(folds, _Deeper) else folds


def foldings(graph: Graph, collapse: Collapse | None) -> Iterator[Collapse]:
    """What to fold: what is wished; or nothing, and as long as the picture does not fit, more, the innermost first."""
    yield False if collapse is None else collapse
    deepest = max((len(node.scope.path) for node in graph.nodes if node.scope), default=0) if collapse is None else 0
    # A few depths of many: each is looked at whole.
    for level in sorted({deepest, deepest - 1, deepest // 2, 1} - {-1, 0}, reverse=True) if deepest else ():
        yield _Deeper(level)


@dataclass(frozen=True)
class _Deeper:
    level: int

    def __call__(self, scope: Scope) -> bool:
        return len(scope.path) >= self.level


def with_ways(shown: View, nodes: Sequence[Value] | None) -> View:
    """The same with the ways from these nodes in colour over the rest."""
    return shown if nodes is None else replace(shown, ways=ways_of(shown.graph, nodes))
