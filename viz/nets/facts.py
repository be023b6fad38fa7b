"""What a network's picture tells: its layers as maps of cells, what each cell read, and who got its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autodiff import Graph, LayerNodes, Value, layers
from autodiff.recording.reverse import adjoints, seed_of

__all__ = ["Cells", "Field", "Network", "Place3", "Product", "Weights", "read"]

Place3 = tuple[int, int, int]  # channel, row, column
Cells = Mapping[Place3, tuple[str, float | None]]  # what a cell is called, and its number; None where no path leads to


@dataclass(frozen=True)
class Field:
    """Cells in channels of rows: ``nodes`` has the number of a graph's node by its place; some places may have none."""

    name: str
    kind: str
    shape: Place3
    nodes: Mapping[Place3, int]

    def places(self) -> Iterator[Place3]:
        """All places, channel by channel, row by row."""
        channels, rows, columns = self.shape
        return ((c, i, j) for c in range(channels) for i in range(rows) for j in range(columns))


@dataclass(frozen=True)
class Weights(Field):
    """What a layer multiplies by: a map for each channel that is made and each that is read."""

    made: int = 1  # the first so many channels belong to the first channel that is made, and so on


@dataclass(frozen=True)
class Product:
    """A cell whose gradient is θ′ times what arrived at the cell of its activation."""

    cell: int
    activation: int
    slope: float
    arrived: float
    handed: float


class Network:
    """The layers before an output, in order, the weights before each, and every cell's value and gradient."""

    kinds: Sequence[str] = ("value", "gradient")  # of numbers, from above
    formula = ""  # that says how they hang together

    def __init__(self, output: Value, upstream: float | None = None) -> None:
        self.graph = Graph(output)
        _, found = adjoints(output, seed_of(output) if upstream is None else upstream)
        numbers = {value: number for number, value in enumerate(self.graph.values)}
        self.values = [value.data for value in self.graph.values]
        self.gradients: dict[int, float] = {numbers[value]: gradient for value, gradient in found.items()}
        self.output = self.graph.outputs[0]
        known = layers(self.graph)
        self.learned = {n for one in known if one.kind in ("weights", "bias") for n in one.nodes.values()}
        fields = [_field(one) for one in known if one.kind in ("units", "input")]
        if fields and not any(self.output in field.nodes.values() for field in fields):
            fields.append(
                Field(self.graph.nodes[self.output].name or "output", "units", (1, 1, 1), {(0, 0, 0): self.output})
            )
        self.fields = self._opened(fields)
        self.home = {number: (field, at) for field in self.fields for at, number in field.nodes.items()}
        self.weights = self._weights([one for one in known if one.kind == "weights"])

    def _opened(self, fields: list[Field]) -> list[Field]:
        """What is shown of the layers."""
        return fields

    @property
    def name(self) -> str:
        """What the output is called."""
        return self.graph.nodes[self.output].name or "the output"

    # -- What is said of a map

    def heading(self, kind: str) -> str:
        """What is said above a row."""
        return "values, forward →" if kind == "value" else f"gradient of {self.name}, backward ←"

    def symbol(self, field: Field, kind: str) -> str:
        """What a map is in the formula."""
        return ""

    def worked(self, numbers: Iterable[int], preferred: Iterable[int]) -> Product | None:
        """A cell of these whose gradient is told as a product."""
        return None

    def function(self, field: Field) -> str:
        """The name of the activation whose θ′ a map shows."""
        return ""

    def said(self) -> list[str]:
        """Sentences of its own."""
        return []

    def shown(self, field: Field, kind: str) -> Cells:
        """The values of a layer's cells, or their gradients."""
        number: Callable[[int], float | None] = self.gradients.get if kind == "gradient" else self.values.__getitem__
        return {at: (f"{kind[0]}{n}", number(n)) for at, n in field.nodes.items()}

    # -- What was read, and who got the gradient

    def reads(self, number: int) -> list[int]:
        """The nodes of earlier layers that a node was computed from, each once, in the order of its operands."""
        return self._behind(number, taken=False)

    def heirs(self, number: int) -> list[int]:
        """Those of them that a path leads to: a max has one."""
        return self._behind(number, taken=True)

    def operands(self, number: int) -> list[int]:
        """The nodes among the operands of one."""
        return [arg for arg in self.graph.nodes[number].args if isinstance(arg, int)]

    def _behind(self, number: int, taken: bool) -> list[int]:
        found: dict[int, None] = {}
        seen, stack = {number}, [number]
        while stack:
            at = stack.pop()
            if at != number and at in self.home:
                found[at] = None
                continue
            for position, arg in enumerate(self.graph.nodes[at].args):
                if isinstance(arg, int) and arg not in seen and (not taken or self._is_path(at, position)):
                    seen.add(arg)
                    stack.append(arg)
        return sorted(found)

    def _is_path(self, number: int, position: int) -> bool:
        node = self.graph.nodes[number]
        assert node.op is not None
        data = [self.values[arg] if isinstance(arg, int) else arg for arg in node.args]
        return node.op.local_derivatives(*data, self.values[number])[position] is not None

    @cached_property
    def choices(self) -> dict[int, int]:
        """Units that chose one of several cells that they read, and the one that they chose, where gradient goes."""
        found = {}
        for field in self.fields:
            for number in field.nodes.values():
                if number in self.gradients and len(self.reads(number)) > 1:
                    heirs = self.heirs(number)
                    if len(heirs) == 1:
                        found[number] = heirs[0]
        return found

    @cached_property
    def meetings(self) -> dict[int, list[int]]:
        """Cells whose gradient is the sum of what came from several units, one of which chose at least, and these."""
        found: dict[int, list[int]] = {}
        for field in self.fields:
            for unit in field.nodes.values():
                if unit in self.gradients and len(heirs := self.heirs(unit)) == 1:
                    found.setdefault(heirs[0], []).append(unit)
        return {cell: sorted(units) for cell, units in found.items() if self._is_sum(cell, units)}

    def _is_sum(self, cell: int, units: list[int]) -> bool:
        whole = self.gradients[cell]
        total = math.fsum(self.gradients[unit] for unit in units)
        chosen = any(unit in self.choices for unit in units)
        return len(units) > 1 and chosen and math.isclose(total, whole, rel_tol=1e-9, abs_tol=1e-300)

    def stops(self, number: int) -> bool:
        """Whether a cell got gradient and hands nothing on, though it was computed from an earlier layer."""
        return number in self.gradients and bool(self.reads(number)) and not self.heirs(number)

    # -- Weights

    def _weights(self, known: list[LayerNodes]) -> dict[int, list[Weights]]:
        """The weights before each layer, by its place among the layers."""
        used = self._partners()
        found: dict[int, list[Weights]] = {}
        for one in known:
            partners = {at: used[number] for at, number in one.nodes.items() if number in used}
            makers = {maker for maker, _ in partners.values()}
            if makers:
                layer = min(self.fields.index(self.home[maker][0]) for maker in makers)
                found.setdefault(layer, []).append(self._as_maps(one, {at: read for at, (_, read) in partners.items()}))
        return found

    def _partners(self) -> dict[int, tuple[int, int | None]]:
        """For each leaf of no layer: the unit that it helps to compute, and the earlier cell that it multiplies."""
        makers: dict[int, int] = {}
        for number in self.home:
            stack = [number]
            while stack:
                for arg in self.operands(stack.pop()):
                    if arg not in self.home and arg not in makers:
                        makers[arg] = number
                        stack.append(arg)
        found: dict[int, tuple[int, int | None]] = {}
        for node in self.graph.nodes:
            operands = self.operands(node.number)
            for arg in operands:
                if self.graph.nodes[arg].op is None and arg in makers and arg not in found:
                    cells = [other for other in operands if other in self.home]
                    found[arg] = makers[arg], cells[0] if cells else None
        return found

    def _as_maps(self, one: LayerNodes, read: Mapping[tuple[int, ...], int | None]) -> Weights:
        """Kernels as maps; rows of a dense layer over what they read, if there is one row, else as one map."""
        shape, nodes = one.shape, one.nodes
        if len(shape) == 4:
            made, channels, rows, columns = shape
            at = {(o * channels + c, i, j): number for (o, c, i, j), number in nodes.items()}
            return Weights(one.name, "weights", (made * channels, rows, columns), at, made)
        outs = {place[0] for place in nodes}
        cells = {place: self.home[cell] for place, cell in read.items() if cell is not None}
        fields = {id(field) for field, _ in cells.values()}
        if len(shape) == 2 and len(outs) == 1 and len(fields) == 1 and len(cells) == len(nodes):
            field = next(iter(cells.values()))[0]
            return Weights(one.name, "weights", field.shape, {cells[place][1]: n for place, n in nodes.items()})
        return Weights(one.name, "weights", _shape(shape), {_place(place): n for place, n in nodes.items()})


def _field(one: LayerNodes) -> Field:
    return Field(one.name, one.kind, _shape(one.shape), {_place(place): n for place, n in one.nodes.items()})


def _shape(shape: tuple[int, ...]) -> Place3:
    """Channels, rows, columns; a vector stands upright."""
    if len(shape) == 1:
        return 1, shape[0], 1
    channels = math.prod(shape[:-2])
    return channels, shape[-2], shape[-1]


def _place(place: tuple[int, ...]) -> Place3:
    if len(place) == 1:
        return 0, place[0], 0
    return (0 if len(place) == 2 else place[-3]), place[-2], place[-1]


def read(output: object, upstream: float | None = None, kind: type[Network] = Network) -> Network:
    """The network before an output; ``ValueError`` where no layer is known, ``TypeError`` for anything but a Value."""
    if not isinstance(output, Value):
        raise TypeError(f"network(output) takes the Value that the network computed, got {type(output).__name__}")
    found = kind(output, upstream)
    if not found.fields:
        raise ValueError(
            "no layer is known in this graph: layers of autodiff.nn and pools know themselves, and "
            'autodiff.layer("features", grid) says it of a grid of Values'
        )
    return found
