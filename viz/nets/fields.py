"""Layers and weights as channels of maps: which node of the graph is which cell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from autodiff import Graph, LayerNodes
from autodiff.ground.text import NAME, visible

__all__ = ["Cells", "Field", "Place3", "Weights", "as_field", "weights_before"]

Place3 = tuple[int, int, int]  # channel, row, column
Cells = Mapping[Place3, tuple[str, float | None]]  # what a cell is called, and its number; None where no path leads to
Homes = Mapping[int, tuple["Field", Place3]]
Users = Mapping[int, list[int]]  # the nodes that read a node


@dataclass(frozen=True)
class Field:
    """Cells in channels of rows: ``nodes`` has the number of a graph's node by its place; some places may have none."""

    name: str
    kind: str
    shape: Place3
    nodes: Mapping[Place3, int]
    time: int = field(default=1, kw_only=True)  # how often its layer was computed so far, this time too

    @property
    def layer(self) -> str:
        """The name of its layer, whenever it was computed."""
        return self.name.removesuffix(f" ({self.time})") if self.time > 1 else self.name

    def places(self) -> Iterator[Place3]:
        """All places, channel by channel, row by row."""
        channels, rows, columns = self.shape
        return ((c, i, j) for c in range(channels) for i in range(rows) for j in range(columns))

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer, not the weights or slopes before one."""
        return self.kind not in ("weights", "bias", "slope")

    def cropped(self, rows: range, columns: range) -> Field:
        """These rows and columns of each map, if there are some of them; the name says which of how many."""
        channels, high, wide = self.shape
        down, across = _within(rows, high), _within(columns, wide)
        if (len(down), len(across)) == (high, wide):
            return self
        parts = [
            f"{what} {part.start}–{part.stop - 1} of {whole}"
            for what, part, whole in (("rows", down, high), ("columns", across, wide))
            if len(part) < whole
        ]
        nodes = {
            (c, i - down.start, j - across.start): n for (c, i, j), n in self.nodes.items() if i in down and j in across
        }
        name = f"{self.name} ({', '.join(parts)})"
        return replace(self, name=name, shape=(channels, len(down), len(across)), nodes=nodes)

    def seen(self, wished: Sequence[int] | None) -> tuple[int, ...]:
        """The channels that are shown if these are wished; all of what has but one."""
        count = self.shape[0]
        return tuple(c for c in range(count) if wished is None or count == 1 or self._is_of(c, wished)) or (0,)

    def _is_of(self, channel: int, wished: Sequence[int]) -> bool:
        return channel in wished


@dataclass(frozen=True)
class Weights(Field):
    """What a layer multiplies by: a map for each channel that is made and each that is read."""

    made: int = 1  # the first so many channels belong to the first channel that is made, and so on
    dense: bool = False  # then a map is over what is read, and what is made has no channels

    def _is_of(self, channel: int, wished: Sequence[int]) -> bool:
        made, read = divmod(channel, self.shape[0] // self.made)
        return (read if self.dense or self.made == 1 else made) in wished


def _within(part: range, whole: int) -> range:
    return range(part.start, min(part.stop, whole)) if part.start < whole else range(whole)


def as_field(one: LayerNodes) -> Field:
    """A layer as channels of maps; a vector stands upright."""
    nodes = {_place(place, one.shape): number for place, number in one.nodes.items()}
    return Field(visible(one.name, NAME), one.kind, _shape(one.shape), nodes)


def _shape(shape: tuple[int, ...]) -> Place3:
    if len(shape) == 1:
        return 1, shape[0], 1
    return math.prod(shape[:-2]), shape[-2], shape[-1]


def _place(place: tuple[int, ...], shape: tuple[int, ...]) -> Place3:
    if len(place) == 1:
        return 0, place[0], 0
    channel = 0
    for at, side in zip(place[:-2], shape, strict=False):
        channel = channel * side + at
    return channel, place[-2], place[-1]


def weights_before(
    graph: Graph, known: Sequence[LayerNodes], fields: Sequence[Field], home: Homes
) -> dict[int, list[Field]]:
    """The weights and biases that each layer is computed with, by the layer's place among the layers."""
    users: dict[int, list[int]] = {}
    for node in graph.nodes:
        for arg in node.args:
            if isinstance(arg, int):
                users.setdefault(arg, []).append(node.number)
    helped = _helped(graph, users, fields, home)
    found: dict[int, list[Field]] = {}
    for one in known:
        if one.kind in ("weights", "bias") and not any(number in home for number in one.nodes.values()):
            layers = [helped[number] for number in one.nodes.values() if number in helped]
            if layers:
                made = fields[min(layers)].shape[0]
                part = _biases(one) if one.shape == (made,) != (1,) else _as_maps(one, graph, users, home)
                found.setdefault(min(layers), []).append(part)
    return {at: sorted(these, key=lambda field: field.kind == "bias") for at, these in found.items()}


def _helped(graph: Graph, users: Users, fields: Sequence[Field], home: Homes) -> dict[int, int]:
    """Of each node of no layer the first layer, by its place, that is computed with it."""
    order = {id(field): at for at, field in enumerate(fields)}
    found: dict[int, int] = {}
    for node in reversed(graph.nodes):
        if node.number not in home:
            after = [order[id(home[n][0])] if n in home else found.get(n) for n in users.get(node.number, ())]
            if known := [at for at in after if at is not None]:
                found[node.number] = min(known)
    return found


def _biases(one: LayerNodes) -> Field:
    """One for each channel that is made: a map of one cell."""
    nodes = {(place[0], 0, 0): number for place, number in one.nodes.items()}
    return Field(visible(one.name, NAME), one.kind, (one.shape[0], 1, 1), nodes)


def _as_maps(one: LayerNodes, graph: Graph, users: Users, home: Homes) -> Field:
    """Kernels as maps; a dense layer's weights as maps over what they read, a matrix where that is a vector."""
    plain = as_field(one)
    if one.kind == "bias" or len(one.shape) > 2:
        made = one.shape[0] if len(one.shape) == 4 else 1
        return plain if one.kind == "bias" else Weights(plain.name, one.kind, plain.shape, plain.nodes, made)
    over = _over(one, graph, users, home)
    outs = sorted({place[0] for place in one.nodes})
    if over is not None and len(one.shape) == 2:
        field, cells = over
        channels, rows, columns = field.shape
        if len(outs) == 1 or channels * columns > 1:
            nodes = {}
            for (out, read), number in one.nodes.items():
                channel, i, j = cells[read]
                nodes[outs.index(out) * channels + channel, i, j] = number
            return Weights(plain.name, one.kind, (len(outs) * channels, rows, columns), nodes, len(outs), dense=True)
    return Weights(plain.name, one.kind, plain.shape, plain.nodes, dense=True)


def _over(one: LayerNodes, graph: Graph, users: Users, home: Homes) -> tuple[Field, dict[int, Place3]] | None:
    """The layer that dense weights read, and the cell for each of their columns; None if they are not dense."""
    cells: dict[int, Place3] = {}
    read: list[Field] = []
    for place, number in one.nodes.items():
        multiplied = [
            home[arg]
            for user in users.get(number, ())
            for arg in graph.nodes[user].args
            if isinstance(arg, int) and arg != number and arg in home
        ]
        if not multiplied or {cells.setdefault(place[-1], at) for _, at in multiplied} != {at for _, at in multiplied}:
            return None
        read.append(multiplied[0][0])
    alike = {field.shape for field in read}
    # Each of its cells is read, as from a vector or by a layer behind a map that was flattened.
    return (read[0], cells) if len(alike) == 1 and len({*cells.values()}) == math.prod(*alike) else None
