"""The same graph at two moments, or two graphs, beside each other: what changed is framed and told, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autodiff import Graph, PoolRoutes, Snapshot, StaleError, Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, caller
from autodiff.language.ieee import agree
from autodiff.language.notation import writing
from autodiff.recording.reverse import describe
from autodiff.writing.phrases import is_own
from autodiff.writing.phrases import labels as all_labels
from viz.graph.drawing import wished
from viz.graph.folding import Collapse, read_once
from viz.graph.naming import Names, labels_of
from viz.graph.numbers import numbers_of
from viz.graph.outputs import outputs_of
from viz.graph.view import LIMIT, require_boxes
from viz.ink.figures import figured
from viz.ink.text import visible
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.place import placed
from viz.pairs.changes import Changes
from viz.pairs.graphs import Pair
from viz.pairs.grids import PoolPair, pair_of_pools
from viz.pairs.matching import Moment, matched, recognised, renumbered
from viz.pairs.pools import PoolChanges, pooled
from viz.pairs.telling import number_text
from viz.pairs.ways import Wish

__all__ = ["compare"]

Compared = Value | Iterable[Any] | Graph | PoolRoutes


@answered
def compare(
    before: Compared,
    after: Compared,
    *,
    titles: Sequence[str] | None = None,
    theme: str | Theme = "light",
    background: str | None = OWN,
    fit: str | tuple[float, float | None] | None = "column",
    detail: str = "auto",
    digits: int | None = None,
    rankdir: str = "auto",
    names: Names = True,
    collapse: Collapse | None = None,
    max_nodes: int | None = LIMIT,
    legend: bool = True,
    timeout: float = 30,
) -> Pair | PoolPair:
    """Draw two graphs, or two pools, beside each other: what differs is framed and told ("was 1.6"), the reasons too.

    Each is a Value, several, or a Graph, which stands for the moment at which it was made: ``before = Graph(loss)``,
    then the update, then ``compare(before, loss)`` of the loss recorded again, or of ``loss`` after another
    ``backward()``. What two pools answered is compared as :func:`viz.pool` draws it; ``routes(p)`` keeps such a moment.
    Graphs of the same structure (two inputs, an edited constant, before and after an update) have
    everything in the same places. Of others, such as relu before and after a pool, nodes are recognised by their
    names, leaves by being the same Values, outputs by their place, and what is computed alike from these.

    ``compare(y1, y2).step()`` is a page that steps through both together.

    ``titles`` are what the two are called, by default "before" and "after" with the leaf that changed. Two pictures
    stand beside each other where they can be read so, else below each other; all other words are those of
    :func:`viz.draw`. ``StaleError`` where a Value's numbers are those of before an update: keep a Graph of it.

    >>> x, y = Value(3.0, "x"), Value(5.0, "x")
    >>> picture = compare(x * x, y * y)
    >>> picture.save_svg("squares.svg")  # doctest: +SKIP
    """
    frame, folds = caller(), None if collapse is None else read_once(collapse)
    pools = [pooled(thing, names, frame) for thing in (before, after)]
    if pools[0] is not None and pools[1] is not None:
        told = PoolChanges(pools[0], pools[1])
        look = theme_of(theme, background)
        return pair_of_pools(told, _of_pools(titles, told), look, placed(fit), legend, digits)
    sides = [_moment(thing, names, frame, folds, max_nodes) for thing in (before, after)]
    changes = _changes(*sides)
    numbers = (x for moment in (changes.before, changes.after) for x in numbers_of(moment.graph, moment.snapshot))
    figures = figured(numbers, digits)
    with writing(figures):
        called = _titles(titles, changes)
    wish = Wish(folds, max_nodes, wished(detail, rankdir), placed(fit), legend, timeout, figures)
    return Pair(changes, called, theme_of(theme, background), wish)


def _moment(thing: Compared, names: Names, frame: Any, folds: Collapse | None, max_nodes: int | None) -> Moment:
    outputs = outputs_of(thing, "compare")
    require_boxes(outputs, False, folds or False, max_nodes)
    if isinstance(thing, Graph):
        _require_fresh(thing)
        return Moment(thing, Snapshot.made(thing), labels_of(thing, names, frame))
    graph = Graph(*outputs)
    try:
        return Moment(graph, Snapshot.of(graph), labels_of(graph, names, frame))
    except StaleError as error:
        raise StaleError(
            f"{str(error).partition(';')[0]}; keep the numbers of before an update in a Graph made before it, "
            "before = Graph(y), and compare that"
        ) from None


def _require_fresh(graph: Graph) -> None:
    data, _ = graph.made
    for node in graph:
        if node.op is not None:
            found = node.op.evaluate(*(data[arg] if isinstance(arg, int) else arg for arg in node.args))
            if not agree(found, data[node.number]):
                raise StaleError(
                    f"{describe(graph.values[node.number])} was out of date when this Graph was made: its operands had "
                    "other numbers by then; make the Graph before they are changed"
                )


def _changes(before: Moment, after: Moment) -> Changes:
    twins = matched(before.graph, after.graph)
    if twins is None:
        return Changes(before, after, recognised(before, after), alike=False)
    before = renumbered(before, twins)
    own = {number: name for number, name in before.labels.items() if is_own(number, name)}
    own |= {number: name for number, name in after.labels.items() if is_own(number, name)}
    labels = dict(enumerate(all_labels(after.graph, own)))
    sides = [Moment(moment.graph, moment.snapshot, labels) for moment in (before, after)]
    return Changes(sides[0], sides[1], {number: number for number in labels}, alike=True)


def _titles(titles: Sequence[str] | None, changes: Changes) -> tuple[str, str]:
    if titles is not None:
        if isinstance(titles, str) or len(titles) != 2 or not all(isinstance(title, str) for title in titles):
            raise TypeError(f"titles are two texts, such as ('before', 'after'); got {quoted(titles, 60)}")
        return visible(titles[0], 60), visible(titles[1], 60)
    leaves = [number for number in changes.values if changes.after.graph.nodes[number].op is None]
    if len(leaves) != 1:
        return "before", "after"
    name = visible(changes.after.labels[leaves[0]], 24)
    return _titled(name, changes.values[leaves[0]], changes.after.snapshot.values[leaves[0]])


def _of_pools(titles: Sequence[str] | None, changes: PoolChanges) -> tuple[str, str]:
    if titles is not None:
        return _given(titles)
    if len(changes.values) != 1:
        return "before", "after"
    ((cell, old),) = changes.values.items()
    with writing(figured([old, changes.after.value(cell)])):
        return _titled(changes.after.called(cell), old, changes.after.value(cell))


def _given(titles: Sequence[str]) -> tuple[str, str]:
    if isinstance(titles, str) or len(titles) != 2 or not all(isinstance(title, str) for title in titles):
        raise TypeError(f"titles are two texts, such as ('before', 'after'); got {quoted(titles, 60)}")
    return visible(titles[0], 60), visible(titles[1], 60)


def _titled(name: str, old: float | None, new: float | None) -> tuple[str, str]:
    return f"before: {name} = {number_text(old)}", f"after: {name} = {number_text(new)}"
