"""Where each layer of a network's picture stands: columns from left to right, each as large as the place allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.facts import Field, Network, Place3, Weights

__all__ = ["THREE", "TWO", "Column", "arranged", "columns_of", "fields_of"]

THREE, TWO = 21.75, 18.0  # points: the side of a cell that has room for three figures, or two
SIDES = (27.0, THREE, TWO, 13.5, 10.5, 8.25, 6.75, 5.25, 4.5, 3.75, 3.0, 2.25)
BETWEEN = 5.0  # between the maps of a layer's channels
GAP, WAYS = 12.0, 27.0  # between columns; where ways run


@dataclass(frozen=True)
class Column:
    """One layer, or the weights before it: which channels are shown, how large a cell is, how many maps a row has."""

    field: Field
    channels: tuple[int, ...]
    side: float
    across: int
    least: float  # how wide the longest word of its title is
    gap: float  # to the column before it
    x: float = 0.0

    @property
    def size(self) -> tuple[float, float]:
        """How wide and high its maps are together."""
        _, rows, columns = self.field.shape
        deep = math.ceil(len(self.channels) / self.across)
        wide = self.across * columns * self.side + (self.across - 1) * BETWEEN
        return wide, deep * rows * self.side + (deep - 1) * BETWEEN

    @property
    def width(self) -> float:
        """How wide it is, its title, in several lines perhaps, too."""
        return max(self.size[0], self.least)

    def cell(self, at: Place3, top: float) -> Box:
        """The square of a cell, in maps that begin at ``top``."""
        _, rows, columns = self.field.shape
        channel, i, j = at
        down, across = divmod(self.channels.index(channel), self.across)
        left = self.x + (self.width - self.size[0]) / 2 + across * (columns * self.side + BETWEEN)
        return Box(
            left + j * self.side, top + down * (rows * self.side + BETWEEN) + i * self.side, self.side, self.side
        )


def fields_of(network: Network) -> list[Field]:
    """The layers in order, each after its weights, and the output at last."""
    return [part for place, one in enumerate(network.fields) for part in (*network.weights.get(place, ()), one)]


def columns_of(network: Network, look: Theme, fields: Iterable[Field], channels: Sequence[int] | None) -> list[Column]:
    """A column for each of these layers and weights."""
    shown = []
    chosen = set(network.choices)
    for one in fields:
        words = [width_of(word, look.small_size, bold=True) for word in one.name.split(" ")]
        least = max(*words, *(width_of(network.symbol(one, kind), look.small_size) for kind in network.kinds))
        gap = WAYS if chosen & {*one.nodes.values()} else GAP
        shown.append(Column(one, _channels(one, channels), SIDES[0], 1, least, gap))
    return [replace(shown[0], gap=0.0), *shown[1:]]


def _channels(field: Field, wished: Sequence[int] | None) -> tuple[int, ...]:
    """The channels that are shown; of kernels those that make one of them."""
    count = field.shape[0]
    if wished is None or count == 1:
        return tuple(range(count))
    if isinstance(field, Weights) and field.made > 1:
        each = count // field.made
        return tuple(c for c in range(count) if c // each in wished) or (0,)
    return tuple(c for c in range(count) if c in wished) or (0,)


def arranged(columns: Sequence[Column], wide: float, high: float) -> list[Column]:
    """The columns as large as fits: the one that can best do with less is made smaller, until all have room."""
    found = [_as_high(column, high, 0) for column in columns]
    while sum(column.width + column.gap for column in found) > wide:
        smaller = [
            (column.width - less.width, -k, less)
            for k, column in enumerate(found)
            if (less := _as_high(column, high, SIDES.index(column.side) + 1)).width < column.width
        ]
        if not smaller:
            break
        _, k, less = max(smaller, key=lambda one: one[:2])
        found[-k] = less
    x, placed = 0.0, []
    for column in found:
        x += column.gap
        placed.append(replace(column, x=x))
        x += column.width
    return placed


def _as_high(column: Column, high: float, first: int) -> Column:
    """The column with the largest cells, from a place in the list on, whose maps are no higher than this."""
    for side in SIDES[first:] or SIDES[-1:]:
        for across in range(1, len(column.channels) + 1):
            one = replace(column, side=side, across=across)
            if one.size[1] <= high and one.size[0] <= 2.2 * high:
                return one
    return replace(column, side=SIDES[-1])
