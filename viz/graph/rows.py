"""The words of boxes and lines, row by row: what is said, in which ink and size. DOT and SVG set the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from autodiff import Edge, Graph, Node, Scope, Snapshot
from autodiff.language.ieee import agree
from autodiff.language.notation import Figures, writing
from autodiff.recording.reverse import NO_PATH
from autodiff.writing.phrases import labels as all_labels
from viz.graph.constants import constants_of
from viz.graph.folding import Formula, Repeated
from viz.graph.look import Look, Looks, Words
from viz.graph.numbers import numbers_of
from viz.graph.titles import headed, operation_pieces
from viz.graph.view import View
from viz.graph.ways import OnWays
from viz.ink.figures import figured
from viz.ink.ruler import width_of
from viz.ink.text import count, visible
from viz.ink.theme import Theme, numeral

__all__ = [
    "DIRECTIONS",
    "FULL",
    "SPACE",
    "Row",
    "Rows",
    "Run",
    "Style",
    "width_of_row",
]

EMPTY = "\xa0"  # a row without words
GAP, SPACE = "\xa0\xa0", " "  # between the numbers of one row; between a name and its operation


@dataclass(frozen=True)
class Style:
    """How much is said, and how it is set.

    ``detail`` is "full" (``local × upstream = contribution`` at each line), "short" (the contribution alone) or
    "needed" (only into an operand with several uses: elsewhere it is the gradient in its box). ``box`` is "stack"
    (name, value and gradient in rows), "two" (the numbers in one row) or "row" (all in one). ``frames`` tells
    whether scopes are framed; ``nodesep`` and ``ranksep`` are Graphviz's, in inches. ``haste`` is 0 where the engine
    has all the time that it takes; at 1 words at lines take no part in the layout, from 2 on lines are straight, too.
    """

    detail: str = "full"
    rankdir: str = "LR"
    box: str = "stack"
    frames: bool = True
    nodesep: float = 0.2
    ranksep: float = 0.35
    haste: int = 0

    @cached_property
    def in_boxes(self) -> Style:
        """All of it that decides what a box says."""
        return replace(self.at_lines, box=self.box, detail="")

    @cached_property
    def at_lines(self) -> Style:
        """All of it that decides what a line says."""
        return replace(self, box="", rankdir="", frames=True, nodesep=0.0, ranksep=0.0, haste=0)

    @property
    def vertical(self) -> bool:
        """Whether ranks stand below each other."""
        return self.rankdir in ("TB", "BT")


FULL = Style()
DIRECTIONS = ("LR", "TB", "RL", "BT")


class Run(NamedTuple):
    """Words of one ink, size (points) and weight."""

    text: str
    ink: str
    size: float
    bold: bool = False

    @property
    def width(self) -> float:
        """In points."""
        return width_of(self.text, self.size, self.bold)


Row = tuple[Run, ...]


def width_of_row(row: Sequence[Run]) -> float:
    """The width of a row, in points.

    >>> width_of_row(()), width_of_row((Run("max", "black", 9),)) > 0
    (0, True)
    """
    return sum(run.width for run in row)


class Rows:
    """The rows of every box and the words of every line of a graph at one moment (None: blank)."""

    def __init__(
        self,
        graph: Graph,
        snapshot: Snapshot | None,
        labels: Mapping[int, str],
        theme: Theme,
        style: Style = FULL,
        gradients: bool = True,
        view: View | None = None,
        figures: Figures | None = None,
    ) -> None:
        self.graph, self.snapshot, self.theme, self.style = graph, snapshot, theme, style
        self.labels = labels if len(labels) == len(graph) else dict(enumerate(all_labels(graph, labels)))
        self.view, self.gradients = view, gradients  # without gradients boxes show values alone
        self.figures = figures or figured(numbers_of(graph, snapshot))  # of all numbers of a picture
        ways = None if view is None else view.ways
        kind = Looks if ways is None else OnWays
        self.looks = kind(graph, snapshot, gradients, {} if view is None else view.folds)
        self.looks.differences = {} if view is None else view.differences
        if isinstance(self.looks, OnWays) and ways is not None:
            self.looks.ways = ways
        self._said: dict[object, list[Row]] = {}  # in any style: said in a sketch, the DOT and the SVG
        self._words: dict[tuple[Edge, ...], Words] = {}  # of lines, before they are shortened
        self._arrived: dict[int, list[float]] = {}
        for flow in snapshot.flows.values() if snapshot else ():
            if flow.contribution is not None:
                self._arrived.setdefault(flow.edge.source, []).append(flow.contribution)
        self._differing: dict[int, list[Edge]] = {}
        for edge in self.looks.differences:
            self._differing.setdefault(edge.source, []).append(edge)
        lines = [graph.edges] if view is None else view.edges().values()
        self._uses = Counter(edge.source for edge in chain.from_iterable(lines))

    def at(self, snapshot: Snapshot) -> Rows:
        """The same at another moment."""
        return self._like(snapshot, self.view)

    def of(self, view: View) -> Rows:
        """The same in a picture of a part of the graph."""
        return self._like(self.snapshot, view)

    def _like(self, snapshot: Snapshot | None, view: View | None) -> Rows:
        return type(self)(self.graph, snapshot, self.labels, self.theme, self.style, self.gradients, view, self.figures)

    def in_style(self, style: Style) -> Rows:
        """The same in another style."""
        other = copy(self)
        other.style = style
        return other

    def in_theme(self, theme: Theme) -> Rows:
        """The same in other colours."""
        other = copy(self)
        other.theme, other._said = theme, {}
        return other

    def least_width(self) -> float:
        """Boxes of one column are equally wide, as long as their numbers are short."""
        return 44.0 if self.style.box == "stack" else 22.0

    def box(self, node: Node, found: Look) -> list[Row]:
        """Name and operation, the value, the gradient."""
        if (said := self._said.get(key := (self.style.in_boxes, node.number))) is None:
            with writing(self.figures):
                parts = self._said.get(node.number) or [self._title(node), *self._numbers(node.number, found)]
            self._said[node.number], self._said[key] = parts, (said := self._set(parts[:1], parts[1:]))
        return said

    def folded(self, scope: Scope, members: Sequence[int], shows: int | None, found: Look) -> list[Row]:
        """The name of a folded scope and how many nodes it hides; ``shows`` is the node whose numbers it bears."""
        if isinstance(scope, Formula):
            return self._formula(scope, shows, found)
        theme = self.theme
        name = scope.name if self.view is None else self.view.title(scope)
        title = (Run(visible(name), theme.text, theme.name_size, bold=True),) if name else ()
        held = count(len(members), "node")
        if isinstance(scope, Repeated) and scope.times > 1:
            held = f"{count(scope.each, 'node')} each"
        hidden = (Run(held, theme.muted, theme.small_size),)
        with writing(self.figures):
            numbers = [] if shows is None else self._numbers(shows, found)
        return self._set([title, hidden] if self.style.box == "stack" else [title + hidden], numbers)

    def _formula(self, formula: Formula, shows: int | None, found: Look) -> list[Row]:
        if shows is None:
            return [(Run(visible(formula.name, 40), self.theme.muted, self.theme.name_size),)]
        title = self._title(self.graph.nodes[shows], formula.name)
        if self.style.box == "stack" and len(title) > 1:  # a name of its own, and the formula below
            titles = [title[:1], (title[1]._replace(text=title[1].text.strip()),)]
        else:
            titles = [title]
        with writing(self.figures):
            return self._set(titles, self._numbers(shows, found))

    def line(self, edges: Sequence[Edge], found: Look) -> Row:
        """What stands at a line."""
        if (said := self._said.get(key := (self.style.at_lines, tuple(edges)))) is None:
            said = self._said[key] = [self._line(edges, found)]
        return said[0]

    def _line(self, edges: Sequence[Edge], found: Look) -> Row:
        with writing(self.figures):
            if (said := self._words.get(uses := tuple(edges))) is None:
                said = self._words[uses] = self.looks.line_words(edges)
            words = self.shortened(edges, said)
        theme, ink = self.theme, self.theme.muted if found.label is None else self.theme.colour(found.label)
        runs = [Run(words.text, ink, theme.small_size)] if words.text else []
        if words.result:
            runs = [Run(f"{words.text} = ", ink, theme.small_size)] if words.text else []
            runs.append(Run(words.result, ink, theme.small_size, bold=True))
        return tuple(runs)

    def shortened(self, edges: Sequence[Edge], words: Words) -> Words:
        """What of the words of a line is said, so short as the style wishes it."""
        if edges[0] in self.looks.differences:  # in the box of the score, if it has all the gradient from here
            return Words("", words.result) if len(self._arrived.get(edges[0].source, ())) == 1 else words
        if self.style.detail == "full" or not words.result:
            return words if words.result or self.style.detail != "needed" else Words()
        on_way = self.view is not None and self.view.ways is not None
        if self.style.detail == "needed" and len(edges) == 1 and self._uses[edges[0].source] == 1 and not on_way:
            return Words()
        return Words("", words.result)

    def _set(self, titles: Sequence[Row], numbers: Sequence[Row]) -> list[Row]:
        if self.style.box != "stack":
            numbers = [_side_by_side(numbers)]
        rows = [_side_by_side((*titles, *numbers))] if self.style.box == "row" else [*titles, *numbers]
        return [row for row in rows if row]

    def _title(self, node: Node, does: str = "") -> Row:
        if node.number in constants_of(self.graph):
            return ()  # its number is its name
        theme, (name, is_bold) = self.theme, headed(node, self.labels[node.number])
        runs = [Run(name, theme.text if is_bold else theme.muted, theme.name_size, is_bold)]
        for k, (text, is_constant) in enumerate(operation_pieces(node, does)):
            ink, said = theme.colour("constant") if is_constant else theme.muted, SPACE * (k == 0) + text
            if (last := runs[-1]).ink == ink and not last.bold:
                runs[-1] = last._replace(text=last.text + said)
            else:
                runs.append(Run(said, ink, theme.name_size))
        return tuple(runs)

    def _numbers(self, place: int, found: Look) -> list[Row]:
        """The rows of a node's value and gradient."""
        theme, (value, gradient) = self.theme, self.looks.words(place)
        if self.snapshot is not None and self.snapshot.values[place] is None:
            value = gradient = EMPTY  # not reached yet
        assert found.value is not None
        assert found.gradient is not None
        rows: list[Row] = [(Run(value, theme.colour(found.value), theme.value_size),)]
        if not self.gradients or place in constants_of(self.graph):
            return rows
        size = theme.small_size if found.small else theme.gradient_size
        return [*rows, (Run(gradient, theme.colour(found.gradient), size),), *self._partly(place)]

    def _partly(self, place: int) -> list[Row]:
        """How much of a gradient is the sum of the flows in this picture, where that is not all of it."""
        gradient = None if self.snapshot is None else self.snapshot.gradients[place]
        if gradient is None or gradient is NO_PATH or place in self.graph.outputs:
            return []
        arrived = self._arrived.get(place, [])
        here, size = sum(arrived), self.theme.small_size
        # Of a score, and of nothing else: what it is made of.
        made = [self.looks.line_words([edge]).text for edge in self._differing.get(place, ()) if len(arrived) == 1]
        if agree(gradient, here):
            return [(Run(said, self.theme.muted, size),) for said in made if said]
        # A sum that is larger than the gradient, or of the other sign, is no part of it: of another pass the rest is.
        is_part = 0 < here <= gradient or gradient <= here < 0
        said = f"{numeral(here)} {'of it' if is_part else 'came'} here" if arrived else "none of it here"
        said = f"{made[0]} = {said}" if made else said
        return [(Run(said, self.theme.not_computed, size),)]


def _side_by_side(rows: Sequence[Row]) -> Row:
    """Several rows as one."""
    first, *others = [row for row in rows if row] or [()]
    for row in others:
        first += (row[0]._replace(text=GAP + row[0].text), *row[1:])
    return first
