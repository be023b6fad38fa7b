"""Where each layer of a network's picture stands: columns from left to right, each as large as the place allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.facts import Network
from viz.nets.fields import Field, Place3
from viz.nets.figures import THREE, TWO, worded

__all__ = ["SIDES", "Column", "arranged", "columns_of", "fields_of", "title_of"]

SIDES = (27.0, THREE, TWO, 13.5, 10.5, 8.25, 6.75, 5.25, 4.5, 3.75, 3.0, 2.25)
LONGEST = 90.0  # points: a word of a title
WORTH = 3.0  # layers with figures that are worth as much as cells of twice the size
BETWEEN = 5.0  # between the maps of a layer's channels
GAP, WAYS, NEAR = 12.0, 27.0, 6.0  # between columns; where ways run; before a bias


@dataclass(frozen=True)
class Column:
    """One layer, or the weights before it: which channels are shown, how large a cell is, how many maps a row has."""

    field: Field
    channels: tuple[int, ...]
    side: float
    across: int
    least: float  # how wide the longest word of its title is
    gap: float  # to the column before it
    figures: float  # how large its cells are at least for their numbers to be written
    x: float = 0.0

    @property
    def between(self) -> float:
        """How far apart its maps are: none are of one cell each, as biases are."""
        return BETWEEN if math.prod(self.field.shape[1:]) > 1 else 0.0

    @property
    def size(self) -> tuple[float, float]:
        """How wide and high its maps are together."""
        _, rows, columns = self.field.shape
        deep = math.ceil(len(self.channels) / self.across)
        wide = self.across * columns * self.side + (self.across - 1) * self.between
        return wide, deep * rows * self.side + (deep - 1) * self.between

    @property
    def width(self) -> float:
        """How wide it is, its title, in several lines perhaps, too."""
        return max(self.size[0], self.least)

    def cell(self, at: Place3, top: float) -> Box:
        """The square of a cell, in maps that begin at ``top``."""
        _, rows, columns = self.field.shape
        channel, i, j = at
        down, across = divmod(self.channels.index(channel), self.across)
        left = self.x + (self.width - self.size[0]) / 2 + across * (columns * self.side + self.between)
        upper = top + down * (rows * self.side + self.between)
        return Box(left + j * self.side, upper + i * self.side, self.side, self.side)


def title_of(field: Field, size: float) -> str:
    """The name of a layer, words that are too long for a column cut."""
    return " ".join(_cut(word, size) for word in field.name.split(" "))


def _cut(word: str, size: float) -> str:
    if width_of(word, size, bold=True) <= LONGEST:
        return word
    while word and width_of(word + "…", size, bold=True) > LONGEST:
        word = word[:-1]
    return word + "…"


def fields_of(network: Network) -> list[Field]:
    """The layers in order, each after its weights, and the output at last."""
    return [part for place, one in enumerate(network.fields) for part in (*network.weights.get(place, ()), one)]


def columns_of(network: Network, look: Theme, fields: Iterable[Field], channels: Sequence[int] | None) -> list[Column]:
    """A column for each of these layers and weights."""
    shown = []
    chosen = set(network.choices)
    for one in fields:
        words = [width_of(word, look.small_size, bold=True) for word in title_of(one, look.small_size).split(" ")]
        least = max(*words, *(width_of(network.symbol(one, kind), look.small_size) for kind in network.kinds))
        gap = WAYS if chosen & {*one.nodes.values()} else NEAR if one.kind == "bias" else GAP
        shown.append(Column(one, one.seen(channels), SIDES[0], 1, least, gap, _figures(network, one)))
    return [replace(shown[0], gap=0.0), *shown[1:]]


def _figures(network: Network, field: Field) -> float:
    """The side of the smallest cells that have room for the numbers, or for their gradients."""
    shown = [network.shown(field, kind).values() for kind in network.kinds]
    known = [[x for _, x in row if x is not None] for row in shown]
    return min((side for side in SIDES if any(worded(row, side) for row in known if row)), default=math.inf)


def arranged(columns: Sequence[Column], wide: float, high: float) -> list[Column]:
    """The columns as large as fits: cells that are alike at first, then figures for those that need least for them."""
    first = 0
    while first < len(SIDES) - 1 and _together([_as_high(column, high, first) for column in columns]) > wide:
        first += 1
    tried = [_filled(columns, k, wide, high) for k in range(first, min(first + 3, len(SIDES)))]
    x, placed = 0.0, []
    for column in max(tried, key=_told):  # of equals the first
        x += column.gap
        placed.append(replace(column, x=x))
        x += column.width
    return placed


def _filled(columns: Sequence[Column], first: int, wide: float, high: float) -> list[Column]:
    """What is left over where cells are of one size goes to figures, and to the smallest cells then."""
    found = [_as_high(column, high, first) for column in columns]
    for late in (False, True):  # biases come last
        groups = [group for group in _alike(columns) if (columns[group[0]].field.kind == "bias") is late]
        for group in sorted(groups, key=lambda group: _price(found, group, high)):
            if (more := _written(found, group, high)) and _together(more) <= wide:
                found = more
        for group in sorted(groups, key=lambda group: (found[group[0]].side, group)):
            for k in range(SIDES.index(found[group[0]].side)):
                if _together(more := _at(found, group, k, high)) <= wide:
                    found = more
                    break
    return found


def _told(columns: Sequence[Column]) -> float:
    """How much can be read: layers with figures, and how large the smallest cells are."""
    figures = sum(column.side >= column.figures for column in columns if column.field.kind != "bias")
    return figures + WORTH * math.log2(min(column.side for column in columns))


def _alike(columns: Sequence[Column]) -> list[list[int]]:
    """Layers of one shape, whose cells are equally large; weights are by themselves."""
    groups: dict[object, list[int]] = {}
    for k, column in enumerate(columns):
        alone = column.field.kind in ("weights", "bias")
        groups.setdefault(k if alone else (column.field.shape, len(column.channels)), []).append(k)
    return [*groups.values()]


def _price(columns: Sequence[Column], group: Sequence[int], high: float) -> float:
    """How much room it takes to have numbers in these cells."""
    return _together(_written(columns, group, high) or columns) - _together(columns)


def _written(columns: Sequence[Column], group: Sequence[int], high: float) -> list[Column] | None:
    """The columns with cells so large in a group that all of it has numbers, if it has none yet, and can."""
    side = max(columns[k].figures for k in group)
    if side > SIDES[0] or columns[group[0]].side >= side:
        return None
    more = _at(columns, group, SIDES.index(side), high)
    return more if all(more[k].side >= side for k in group) else None


def _at(columns: Sequence[Column], group: Sequence[int], first: int, high: float) -> list[Column]:
    return [_as_high(column, high, first) if k in group else column for k, column in enumerate(columns)]


def _together(columns: Sequence[Column]) -> float:
    return sum(column.width + column.gap for column in columns)


def _as_high(column: Column, high: float, first: int) -> Column:
    """The column with the largest cells, from a place in the list on, whose maps are no higher than this."""
    _, rows, _ = column.field.shape
    for side in SIDES[first:]:
        if deep := int((high + column.between + 0.01) / (rows * side + column.between)):
            one = replace(column, side=side, across=math.ceil(len(column.channels) / deep))
            if one.size[0] <= 2.2 * high:
                return one
    return replace(column, side=SIDES[-1])
