"""How large the picture of a graph would be, without an engine: ranks, an order in each, places near the neighbours."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autodiff import Edge, Scope
from viz.graph.rows import Rows, Run, width_of_row
from viz.graph.view import View

__all__ = ["Sketch"]


PAD, LINE_HEIGHT, CELL = 0.06 * 72, 1.2, 2.0  # of a box: beside its words, of a line, around a row
FRAME, LEAD = 8.0, 14.0  # of a scope: its margin, and the room for its name
CROSSING = 1.2  # how much broader long lines make a layout than this sketch knows
MOST = 6_000  # boxes, words and passing lines: no picture of more can be read, and to sketch it would take seconds
SWEEPS = 8  # times that everything is drawn to its neighbours


@dataclass
class _Item:
    """What stands in a rank: a box, the words of a line, or a line that passes."""

    deep: float
    broad: float
    at: float = 0.0
    before: list[_Item] = field(default_factory=list)
    after: list[_Item] = field(default_factory=list)


class Sketch:
    """What a view is drawn as, whatever is said in it: its lines, and the rank of every box."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.lines = [
            (source, target, edges)
            for (source, target), uses in view.edges().items()
            for edges in view.lines(source, target, uses)
        ]
        self.ranks = self._ranks()
        passed = sum(2 * abs(self.ranks[target] - self.ranks[source]) for source, target, _ in self.lines)
        self.is_small = len(self.ranks) + passed <= MOST

    def size(self, rows: Rows) -> tuple[float, float]:
        """How wide and high the picture would be in points; inf where it has too many parts to be read at all."""
        return _Sheet(self, rows).size() if self.is_small else (math.inf, math.inf)

    def _ranks(self) -> dict[str, int]:
        """The rank of every box: right before the first box that uses it; those at the end share the last one."""
        uses: dict[str, list[str]] = defaultdict(list)
        order: dict[str, None] = {}
        for number in self.view.numbers:
            order.setdefault(self.view.key(number))
        for source, target, _ in self.lines:
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


class _Sheet:
    """A sketch of the layout: an order in each rank, and places that draw towards their neighbours."""

    def __init__(self, sketch: Sketch, rows: Rows) -> None:
        self.view, self.lines, self.ranks = sketch.view, sketch.lines, sketch.ranks
        self.rows, self.style = rows, rows.style
        self.apart = self.style.nodesep * 72
        self.items: dict[int, list[_Item]] = defaultdict(list)

    def size(self) -> tuple[float, float]:
        """Along the ranks, and across them; which is wide and which high follows from the direction."""
        boxes = {}
        for key, rank in self.ranks.items():
            boxes[key] = self._item(2 * rank, self._box(key))
        for source, target, edges in self.lines:
            self._line(boxes[source], boxes[target], 2 * self.ranks[source], 2 * self.ranks[target], edges)
        order = [self.items[rank] for rank in sorted(self.items)]
        self._settle(order)
        along = sum(max(item.deep for item in rank) for rank in order)
        along += self.style.ranksep * 72 * max(len(set(self.ranks.values())) - 1, 0)
        left = min((item.at - item.broad / 2 for rank in order for item in rank), default=0.0)
        right = max((item.at + item.broad / 2 for rank in order for item in rank), default=0.0)
        if any(self.ranks[target] - self.ranks[source] > 1 for source, target, _ in self.lines):
            left *= CROSSING
            right *= CROSSING
        deep, broad = self._frames()
        along, across = along + deep, right - left + broad
        return (across, along) if self.style.vertical else (along, across)

    def _item(self, rank: int, size: tuple[float, float]) -> _Item:
        item = _Item(*(reversed(size) if self.style.vertical else size))
        self.items[rank].append(item)
        return item

    def _line(self, source: _Item, target: _Item, first: int, last: int, edges: Sequence[Edge]) -> None:
        """A line passes every rank between its ends; its words stand in the middle of it."""
        middle, before = (first + last) // 2, source
        middle += 1 - middle % 2
        for rank in range(first + 1, last):
            item = self._item(rank, self._label(edges) if rank == middle else (0.0, 0.0))
            before.after.append(item)
            item.before.append(before)
            before = item
        before.after.append(target)
        target.before.append(before)

    def _settle(self, order: Sequence[list[_Item]]) -> None:
        for rank in order:
            self._push(rank)
        for sweep in range(SWEEPS):
            for rank in order if sweep % 2 else reversed(order):
                wished = {}
                for item in rank:
                    near = sorted(other.at for other in (item.before if sweep % 2 else item.after))
                    wished[id(item)] = (near[(len(near) - 1) // 2] + near[len(near) // 2]) / 2 if near else item.at
                if sweep < SWEEPS // 2:
                    rank.sort(key=lambda item: wished[id(item)])
                for item in rank:
                    item.at = wished[id(item)]
                self._push(rank)

    def _push(self, rank: Sequence[_Item]) -> None:
        """Move what stands too close apart, as little as can be: neighbours that meet are moved as one."""
        blocks: list[tuple[list[_Item], float, float]] = []  # the items, where the first one would be, how broad
        for item in rank:
            block, start, broad = [item], item.at - item.broad / 2, item.broad
            while blocks and blocks[-1][1] + blocks[-1][2] + self.apart > start:
                others, at, wide = blocks.pop()
                joined = wide + self.apart + broad
                shares = len(others) / (len(others) + len(block))
                start = at * shares + (start - wide - self.apart) * (1 - shares)
                block, broad = others + block, joined
            blocks.append((block, start, broad))
        for block, start, _ in blocks:
            for item in block:
                item.at = start + item.broad / 2
                start += item.broad + self.apart

    def _box(self, key: str) -> tuple[float, float]:
        view, number = self.view, int(key[1:])
        if key[0] == "n":
            found = self.rows.looks.box((number,), number)
            said = self.rows.box(self.rows.graph.nodes[number], found)
        else:
            scope = view.hidden_in[number]
            members, shows = view.members(scope), view.speaker(scope)
            said = self.rows.folded(scope, members, shows, self.rows.looks.box(members, shows, folded=True))
        wide = max(map(width_of_row, said), default=0.0) + 2 * PAD + 2 * CELL
        high = sum(LINE_HEIGHT * max(run.size for run in row) + CELL for row in said) + 4
        return max(wide, self.rows.least_width()), high

    def _label(self, edges: Sequence[Edge]) -> tuple[float, float]:
        row: Sequence[Run] = self.rows.line(edges, self.rows.looks.line(edges))
        if not row:
            return 0.0, 0.0
        return width_of_row(row) + 4, LINE_HEIGHT * row[0].size

    def _frames(self) -> tuple[float, float]:
        """What the frames of scopes add along and across."""
        if not self.style.frames:
            return 0.0, 0.0
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
        vertical = self.style.vertical
        along = sum(begun.values()) * (FRAME + LEAD * vertical) + sum(ended.values()) * FRAME
        return along, max(map(len, beside.values()), default=0) * (2 * FRAME + LEAD * (not vertical))


def _around(view: View, key: str) -> Iterable[Scope]:
    number = int(key[1:])
    scope = view.hidden_in[number].parent if key[0] == "s" else view.graph.nodes[number].scope
    while scope is not None:
        yield scope
        scope = scope.parent
