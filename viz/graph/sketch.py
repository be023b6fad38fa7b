"""How large the picture of a graph would be, without an engine: ranks, an order in each, places near the neighbours.

Ranks and lines are the same whatever is said, and words are as wide whichever way they are set: both are found once
for all the styles that are tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from operator import attrgetter

from autodiff import Edge, Scope
from viz.graph.folding import is_fold
from viz.graph.rows import Row, Rows, Style, width_of_row
from viz.graph.view import View
from viz.layout.svg import RING

__all__ = ["Sheet", "Size", "Sketch"]


PAD, LINE_HEIGHT, CELL = 0.06 * 72, 1.2, 2.0  # of a box: beside its words, of a line, around a row
MIXED = 2.6  # points that words of several sizes make a row higher
FRAME, LEAD = 8.0, 14.0  # of a scope: its margin, and the room for its name
STUB = 23.0, 24.0  # points that three dots take, where the graph goes on
CROSSING = 1.2  # how much broader long lines make a layout than this sketch knows
MOST = 6_000  # boxes, words and passing lines: no picture of more can be read, and to sketch it would take seconds
# Ranks that all lines together cross, from which on an engine is hurried: where words at lines make a rank of their
# own out of every gap, dot takes a second for 1,200 and half a minute for 2,400, and without them a second for 3,000.
CROWDED = (1_000, 3_000, 10_000)
SWEEPS = 8  # times that everything is drawn to its neighbours

Size = tuple[float, float]  # how wide and how high, in points


@dataclass(eq=False)
class _Item:
    """What stands in a rank: a box, the words of a line, or a line that passes."""

    deep: float = 0.0
    broad: float = 0.0
    at: float = 0.0
    before: list[_Item] = field(default_factory=list)
    after: list[_Item] = field(default_factory=list)


class Sketch:
    """What a view is drawn as, whatever is said in it: its lines, and the rank of every box."""

    def __init__(self, view: View, rows: Rows) -> None:
        self.view, self.rows = view, rows
        self.lines = [
            (source, target, edges)
            for (source, target), uses in view.edges().items()
            for edges in view.lines(source, target, uses)
        ]
        self.ranks = self._ranks()
        for numbers, step in zip(view.cut(), (-1, 1), strict=True):
            for key in map(view.key, numbers):  # where the graph goes on, a dot and a line to it
                self.ranks[dots := f"{key} {step}"] = self.ranks[key] + step
                self.lines.append((dots, key, []) if step < 0 else (key, dots, []))
        far = [abs(self.ranks[target] - self.ranks[source]) for source, target, _ in self.lines]
        self.is_small, self.passes = len(self.ranks) + 2 * sum(far) <= MOST, any(ranks > 1 for ranks in far)
        self.haste = sum(sum(far) > most for most in CROWDED)
        self._sizes: dict[Style, list[Size]] = {}

    def hurried(self, style: Style) -> Style:
        """The style that leaves an engine as much care as it has time for, and the words at lines some room."""
        if not self.haste:
            return style
        room = 0.1 if style.vertical else 0.4
        return replace(style, haste=self.haste, ranksep=style.ranksep + room)

    def sheet(self, style: Style) -> Sheet:
        """The sketch in a style."""
        return Sheet(self, style)

    def sizes(self, style: Style) -> list[Size]:
        """How large each box is, and then the words of each line; in a style of another direction they are the same."""
        labels = style.at_lines
        if style.haste:
            return self._boxes(style) + [(0.0, 0.0)] * len(self.lines)  # words take the room that there is
        if labels not in self._sizes:
            rows = self.rows.in_style(style)
            self._sizes[labels] = [self._label(edges, rows) for _, _, edges in self.lines]
        return self._boxes(style) + self._sizes[labels]

    def _boxes(self, style: Style) -> list[Size]:
        if (boxes := style.in_boxes) not in self._sizes:
            rows = self.rows.in_style(style)
            self._sizes[boxes] = [self._box(key, rows) for key in self.ranks]
        return self._sizes[boxes]

    def bare(self, style: Style) -> Size:
        """How large it is at least, whatever its lines say and wherever its boxes stand."""
        deep, broad = dict.fromkeys(self.ranks.values(), 0.0), dict.fromkeys(self.ranks.values(), -style.nodesep * 72)
        for rank, (wide, high) in zip(self.ranks.values(), self._boxes(style), strict=True):
            along, across = (high, wide) if style.vertical else (wide, high)
            deep[rank] = max(deep[rank], along)
            broad[rank] += across + style.nodesep * 72
        size = sum(deep.values()) + style.ranksep * 72 * (len(deep) - 1), max(broad.values())
        return size[::-1] if style.vertical else size

    @cached_property
    def items(self) -> tuple[list[_Item], list[list[_Item]]]:
        """The items that have a size of their own, boxes first, and all of them rank by rank, joined along lines."""
        ranked: dict[int, list[_Item]] = defaultdict(list)
        boxes = {key: _Item() for key in self.ranks}
        for key, box in boxes.items():
            ranked[2 * self.ranks[key]].append(box)
        labels = []
        for source, target, _ in self.lines:
            # A line passes every rank between its ends; its words stand in the middle of it.
            first, last = 2 * self.ranks[source], 2 * self.ranks[target]
            middle = (first + last) // 2
            middle += 1 - middle % 2
            passing = {rank: _Item() for rank in range(first + 1, last)}
            for rank, item in passing.items():
                ranked[rank].append(item)
            way = [boxes[source], *passing.values(), boxes[target]]
            for item, other in pairwise(way):
                item.after.append(other)
                other.before.append(item)
            labels.append(passing.get(middle) or _Item())
        return [*boxes.values(), *labels], [ranked[rank] for rank in sorted(ranked)]

    def _ranks(self) -> dict[str, int]:
        """The rank of every box: right before the first box that uses it; those at the end share the last one."""
        uses: dict[str, list[str]] = defaultdict(list)
        order: dict[str, None] = {}
        for number in self.view.numbers:
            order.setdefault(self.view.key(number))
        for source, target, _ in self.lines:
            uses[source].append(target)
        for source, target in self.view.behind():
            uses[source].append(target)
        back: dict[str, int] = {}
        pending = list(order)
        # A folded scope may be used by what it uses; such a circle is cut where it is met.
        state: dict[str, int] = {}
        while pending:
            key = pending[-1]
            if state.get(key) == 2:
                pending.pop()
                continue
            state[key] = 1
            open_uses = [use for use in uses[key] if use not in state]
            if open_uses:
                pending += open_uses
                continue
            back[key] = max((back[use] + 1 for use in uses[key] if use in back), default=0)
            state[key] = 2
            pending.pop()
        last = max(back.values(), default=0)
        return {key: last - far for key, far in back.items()}

    def _box(self, key: str, rows: Rows) -> Size:
        if " " in key:
            return STUB
        view, number, rings = self.view, int(key[1:]), 0.0
        if key[0] == "n":
            said = rows.box(rows.graph.nodes[number], rows.looks.box((number,), number))
        else:
            scope = view.hidden_in[number]
            members, shows = view.members(scope), view.speaker(scope)
            said = rows.folded(scope, members, shows, rows.looks.box(members, shows, folded=is_fold(scope)))
            rings = 2 * RING * is_fold(scope)
        wide = max(map(width_of_row, said), default=0.0) + 2 * PAD + 2 * CELL
        high = sum(LINE_HEIGHT * max(run.size for run in row) + CELL + MIXED * _is_mixed(row) for row in said) + 4
        return max(wide, rows.least_width()) + rings, high + rings

    def _label(self, edges: Sequence[Edge], rows: Rows) -> Size:
        row = rows.line(edges, rows.looks.line(edges)) if edges else ()
        return (width_of_row(row) + 4, LINE_HEIGHT * row[0].size) if row else (0.0, 0.0)

    def frames(self, vertical: bool) -> Size:
        """What the frames of scopes add along the ranks and across."""
        begun, ended, most = self._frames
        return begun * (FRAME + LEAD * vertical) + ended * FRAME, most * (2 * FRAME + LEAD * (not vertical))

    @cached_property
    def _frames(self) -> tuple[int, int, int]:
        """How many frames begin and end one after the other along the ranks, and how many at most are in one rank."""
        around = {key: list(_around(self.view, key)) for key in self.ranks}
        first: dict[Scope, int] = {}
        last: dict[Scope, int] = {}
        beside: dict[int, set[Scope]] = defaultdict(set)
        for key, rank in self.ranks.items():
            beside[rank].update(around[key])
            for scope in around[key]:
                first[scope] = min(rank, first.get(scope, rank))
                last[scope] = max(rank, last.get(scope, rank))
        begun: dict[int, int] = defaultdict(int)
        ended: dict[int, int] = defaultdict(int)
        for key, rank in self.ranks.items():
            begun[rank] = max(begun[rank], sum(first[scope] == rank for scope in around[key]))
            ended[rank] = max(ended[rank], sum(last[scope] == rank for scope in around[key]))
        return sum(begun.values()), sum(ended.values()), max(map(len, beside.values()), default=0)


def _is_mixed(row: Row) -> bool:
    return len({run.size for run in row}) > 1


class Sheet:
    """A sketch in one style: an order in each rank, and places that draw towards their neighbours."""

    def __init__(self, sketch: Sketch, style: Style) -> None:
        self.sketch, self.style = sketch, style
        self.apart = style.nodesep * 72
        own, self.order = sketch.items
        for item, (wide, high) in zip(own, sketch.sizes(style), strict=True):
            item.deep, item.broad = (high, wide) if style.vertical else (wide, high)

    def least(self) -> Size:
        """The size if every rank were as close as can be; along the ranks it is exact."""
        return self._turned(max(sum(item.broad for item in rank) + self.apart * (len(rank) - 1) for rank in self.order))

    def size(self) -> Size:
        """How wide and high the picture would be."""
        order = [list(rank) for rank in self.order]
        self._settle(order)
        left = min(item.at - item.broad / 2 for rank in order for item in rank)
        return self._turned(max(item.at + item.broad / 2 for rank in order for item in rank) - left)

    def _turned(self, across: float) -> Size:
        """Along the ranks and across them; which is wide and which high follows from the direction."""
        along = sum(max(item.deep for item in rank) for rank in self.order)
        along += self.style.ranksep * 72 * max(len(set(self.sketch.ranks.values())) - 1, 0)
        deep, broad = self.sketch.frames(self.style.vertical) if self.style.frames else (0.0, 0.0)
        across = across * (CROSSING if self.sketch.passes else 1.0) + broad
        return (across, along + deep) if self.style.vertical else (along + deep, across)

    def _settle(self, order: Sequence[list[_Item]]) -> None:
        for rank in order:
            for item in rank:
                item.at = 0.0
            self._push(rank)
        for sweep in range(SWEEPS):
            for rank in order if sweep % 2 else reversed(order):
                for item in rank:
                    if near := sorted([other.at for other in (item.before if sweep % 2 else item.after)]):
                        item.at = (near[(len(near) - 1) // 2] + near[len(near) // 2]) / 2
                if sweep < SWEEPS // 2:
                    rank.sort(key=attrgetter("at"))
                self._push(rank)

    def _push(self, rank: Sequence[_Item]) -> None:
        """Move what stands too close apart, as little as can be: neighbours that meet are moved as one."""
        blocks: list[tuple[int, float, float]] = []  # its first item, where that would begin, how broad all are
        for last, item in enumerate(rank, 1):
            first, start, broad = last - 1, item.at - item.broad / 2, item.broad
            while blocks and blocks[-1][1] + blocks[-1][2] + self.apart > start:
                before, at, wide = blocks.pop()
                share = (first - before) / (last - before)
                start = at * share + (start - wide - self.apart) * (1 - share)
                first, broad = before, wide + self.apart + broad
            blocks.append((first, start, broad))
        ends = [first for first, _, _ in blocks[1:]] + [len(rank)]
        for (first, start, _), end in zip(blocks, ends, strict=True):
            for item in rank[first:end]:
                item.at = start + item.broad / 2
                start += item.broad + self.apart


def _around(view: View, key: str) -> Iterable[Scope]:
    if " " in key:
        return
    number = int(key[1:])
    scope = view.hidden_in[number].parent if key[0] == "s" else view.graph.nodes[number].scope
    while scope is not None:
        yield scope
        scope = scope.parent
