"""The words and looks of a graph beside another one: what is another number is framed, and told with the one it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from autodiff import Edge, Node, Scope
from autodiff.language.notation import writing
from viz.graph.look import Look, Looks, Words
from viz.graph.rows import SPACE, Row, Rows, Run, width_of_row
from viz.graph.view import View
from viz.pairs.changes import Changes
from viz.pairs.telling import number_text

__all__ = ["Marked", "marked"]


@dataclass(frozen=True)
class _Was:
    """What was otherwise: the texts of values and gradients by node, and of uses that are refused or no longer so."""

    values: Mapping[int, str] = field(default_factory=dict)
    gradients: Mapping[int, str] = field(default_factory=dict)
    lines: Mapping[Edge, str] = field(default_factory=dict)
    boxes: Collection[int] = ()


class _MarkedLooks(Looks):
    was = _Was()

    def box_marks(self, members: Collection[int], speaker: int | None, folded: bool = False) -> set[str]:
        found = super().box_marks(members, speaker, folded)
        return found | {"changed"} if any(member in self.was.boxes for member in members) else found

    def _borne_by(self, edges: Sequence[Edge]) -> set[str]:
        found = super()._borne_by(edges)
        return found | {"now"} if any(edge in self.was.lines for edge in edges) else found


class Marked(Rows):
    """The rows of the later of two moments."""

    was = _Was()
    apart = False  # whether what was otherwise has rows of its own
    beside: Rows | None = None  # where both moments are laid out at once, the rows of the earlier one

    def with_room_for(self, earlier: Rows) -> Marked:
        """The same for a layout that has room for the words of both moments."""
        found = copy(self)
        found.beside, found._said = earlier, {}
        return found

    def in_rows(self) -> Marked:
        """The same with rows of their own for what was otherwise, so that boxes are narrower."""
        found = copy(self)
        found.apart, found._said = True, {}
        return found

    def in_brief(self, leaves: bool) -> Marked:
        """The same where only outputs tell what they were, and leaves perhaps, and other boxes are framed alone."""
        found = copy(self)
        told = {*self.graph.outputs, *(self.graph.leaves if leaves else ())}
        values, gradients = (
            {number: text for number, text in texts.items() if number in told}
            for texts in (self.was.values, self.was.gradients)
        )
        found.was, found._said = replace(self.was, values=values, gradients=gradients), {}
        return found

    def in_view(self, view: View) -> Marked:
        """The same in a picture of a part of the graph."""
        found = Marked(
            self.graph, self.snapshot, self.labels, self.theme, self.style, self.gradients, view, self.figures
        )
        found.was, found.looks = self.was, _MarkedLooks(self.graph, self.snapshot, self.gradients, view.folds)
        found.looks.was = self.was
        return found

    def box(self, node: Node, found: Look) -> list[Row]:
        """Name and operation, the value, the gradient, and what they were."""
        said = super().box(node, found)
        if self.beside is None:
            return said
        number, earlier = node.number, self.beside.in_style(self.style)
        return _widest(said, earlier.box(earlier.graph.nodes[number], earlier.looks.box((number,), number)))

    def folded(self, scope: Scope, members: Sequence[int], shows: int | None, found: Look) -> list[Row]:
        """The name of a folded scope, how many nodes it hides, the numbers it bears, and what they were."""
        said = super().folded(scope, members, shows, found)
        if self.beside is None:
            return said
        earlier = self.beside.in_style(self.style)
        return _widest(said, earlier.folded(scope, members, shows, earlier.looks.box(members, shows, folded=True)))

    def _line(self, edges: Sequence[Edge], found: Look) -> Row:
        """What stands at a line; at one that is refused, or no longer so, also what stood there before."""
        row = super()._line(edges, found)
        if self.beside is not None:
            earlier = self.beside.in_style(self.style)
            row = max(row, earlier.line(edges, earlier.looks.line(edges)), key=width_of_row)
        before = self.was.lines.get(edges[0]) if len(edges) == 1 else None
        return (*row, self._before(before)) if row and before else row

    def shortened(self, edges: Sequence[Edge], words: Words) -> Words:
        """A line that has changed is told where others are not."""
        found = super().shortened(edges, words)
        return (
            found if found.text or found.result or edges[0] not in self.was.lines else Words(words.result or words.text)
        )

    def _numbers(self, place: int, found: Look) -> list[Row]:
        rows: list[Row] = []
        was = self.was.values.get(place), self.was.gradients.get(place), None
        for row, before in zip_longest(super()._numbers(place, found), was[: 1 + self.gradients]):
            told = (self._before(before),) if before else ()
            rows += [row, told] if self.apart else [(*row, *told)]
        return [row for row in rows if row]

    def _before(self, text: str) -> Run:
        return Run(f"{SPACE}(was {text})", self.theme.muted, self.theme.small_size)


def _widest(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Row by row, that which is wider."""
    return [max(pair, key=width_of_row) for pair in zip_longest(rows, others, fillvalue=())]


def marked(rows: Rows, changes: Changes) -> Marked:
    """The rows of the later moment, with what was otherwise told in them."""
    found = Marked(rows.graph, rows.snapshot, rows.labels, rows.theme, rows.style, rows.gradients, figures=rows.figures)
    with writing(rows.figures):
        found.was = _Was(
            {number: number_text(old) for number, old in changes.values.items()},
            {number: number_text(old) for number, old in changes.gradients.items()},
            dict(_lines(rows, changes)) if changes.alike else {},
            {*changes.values, *changes.gradients, *changes.constants},
        )
    return found


def _lines(rows: Rows, changes: Changes) -> list[tuple[Edge, str]]:
    """The uses over which something flows that were refused before, or the other way about."""
    before, after = changes.before.snapshot.flows, changes.after.snapshot.flows
    looks = Looks(changes.before.graph, changes.before.snapshot)
    found = []
    for edge, flow in after.items():
        if (flow.local is None) != (before[edge].local is None):
            words = looks.line_words([edge])
            if text := words.result or words.text:
                found.append((edge, text))
    return found
