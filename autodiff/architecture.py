"""Layers as their nodes know them: which node of a graph is which cell of a map, of a vector, or of weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, TypeVar

from autodiff.graph import Graph, Node
from autodiff.ground.foreign import plain
from autodiff.ground.grids import is_listable
from autodiff.ground.text import quoted
from autodiff.ground.windows import Plane, Shape
from autodiff.recording.copies import seated
from autodiff.recording.scopes import Part, Scope, Seat
from autodiff.recording.value import Value

__all__ = ["LayerNodes", "Seating", "layer", "layers"]

_T = TypeVar("_T")
Place = tuple[int, ...]


@dataclass(frozen=True)
class LayerNodes:
    """The nodes of a graph that are cells of one layer: ``nodes`` has the number of each by its place.

    ``kind`` is "units", "input", "weights" or "bias", ``shape`` such as (channels, rows, columns). A cell that
    nothing in the graph was computed from has no node.
    """

    plane: Plane
    nodes: dict[Place, int]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.plane.name

    @property
    def kind(self) -> str:
        """What its nodes are."""
        return self.plane.kind

    @property
    def shape(self) -> tuple[int, ...]:
        """How many cells along each axis."""
        return self.plane.shape


def layer(name: str, grid: _T, kind: str = "units") -> _T:
    """Say that these Values are a layer of this name, each at its place; answers ``grid``, as it was given.

    ``grid`` is a list (a vector), a list of rows (a map), of channels, or one list deeper (kernels); numbers among the
    Values stay numbers. ``kind`` is "units", "input", "weights" or "bias". ``viz.network`` draws what is known so;
    layers of ``autodiff.nn`` say it themselves. ``TypeError`` for anything but Values and numbers, ``ValueError`` for
    rows of different lengths.

    >>> x = layer("pixels", [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], kind="input")
    >>> x[1][0].unit.place
    (1, 0)
    """
    if not isinstance(name, str):
        raise TypeError(f"layer(name, grid): the name is a string, got {type(name).__name__}")
    found = dict(_cells(grid, ()))
    shape = tuple(1 + max(at) for at in zip(*found, strict=False))
    if not shape or None in found.values() or [*found] != [*product(*map(range, shape))]:
        raise ValueError(f"the grid of the layer {quoted(name)} needs rows of one length, with cells in them")
    if not any(isinstance(cell, Value) for cell in found.values()):
        raise TypeError(f"the layer {quoted(name)} has no Value in it")
    nodes = {place: cell for place, cell in found.items() if isinstance(cell, Value)}
    seated(nodes.values(), _seats(Plane(name, kind, shape), nodes))
    return grid


def _seats(plane: Plane, nodes: Mapping[Place, Value]) -> list[Seat]:
    return [Seat("", node.scope, part=Part(plane, place)) for place, node in nodes.items()]


class Seating:
    """The seats of a module's layers, kept for later calls: a layer that is computed again has the same ones."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, tuple[int, ...]], list[Seat]] = {}

    def place(self, name: str, kind: str, grid: _T) -> _T:
        """:func:`layer` for lists that are known to be whole, of Values alone."""
        cells: list[Any] = [grid]
        shape: tuple[int, ...] = ()
        while cells[0].__class__ is list:
            shape = (*shape, len(cells[0]))
            cells = cells[0] if len(cells) == 1 else [*chain.from_iterable(cells)]
        seats = self._known.get((name, kind, shape))
        if seats is None:
            places = product(*map(range, shape))
            seats = _seats(Plane(name, kind, shape), dict(zip(places, cells, strict=True)))
            self._known[name, kind, shape] = seats
        seated(cells, seats)
        return grid


def layers(graph: Graph) -> tuple[LayerNodes, ...]:
    """The layers of a graph, in the order in which they were computed; a pool's windows are one too.

    >>> x = layer("x", [Value(1.0), Value(2.0)], kind="input")
    >>> y = layer("y", [x[0] * 2, x[1] * 3])
    >>> [(one.name, one.shape, dict(one.nodes)) for one in layers(Graph(*y))]
    [('x', (2,), {(0,): 0, (1,): 1}), ('y', (2,), {(0,): 2, (1,): 3})]
    """
    found = _Found(graph)
    found.read_seats()
    found.read_pools()
    return tuple(sorted(found.layers, key=lambda one: min(one.nodes.values())))


class _Found:
    """The layers that were found so far, and where each node belongs."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers: list[LayerNodes] = []
        self.home: dict[int, tuple[LayerNodes, Place]] = {}

    def read_seats(self) -> None:
        """Those whose nodes have seats."""
        last: dict[Plane, LayerNodes] = {}
        for number, value in enumerate(self.graph.values):
            if value.unit is not None:
                plane, place = value.unit
                if plane not in last or place in last[plane].nodes:  # computed once more: for the next sample, say
                    last[plane] = self._begin(plane)
                self._put(last[plane], place, number)

    def read_pools(self) -> None:
        """Windows of pools: where they read channels of one layer, they are channels of one, too."""
        last: dict[object, LayerNodes] = {}
        for scope, members in self._windows().items():
            shape, place = scope.part  # type: ignore[misc]
            own = {node.number for node in members}
            read = [arg for node in members for arg in node.args if isinstance(arg, int) and arg not in own]
            source, at = self.home.get(read[0], (None, ())) if read else (None, ())
            channel, sides = at[:-2], _sides(shape)
            key: object = (source and id(source), scope.parent) if channel else id(shape)
            if key not in last:
                name = scope.parent.name if scope.parent else f"{shape.kind} pool"
                channels = source.shape[:1] if channel and source else ()
                last[key] = self._begin(Plane(name, "units", (*channels, *sides)))
            self._put(last[key], (*channel, *place[-len(sides) :]), members[-1].number)

    def _windows(self) -> dict[Scope, list[Node]]:
        """The nodes of each window that make no layer by themselves."""
        found: dict[Scope, list[Node]] = {}
        for node in self.graph.nodes:
            if node.scope is not None and node.scope.part is not None and node.number not in self.home:
                found.setdefault(node.scope, []).append(node)
        return found

    def _begin(self, plane: Plane) -> LayerNodes:
        self.layers.append(LayerNodes(plane, {}))
        return self.layers[-1]

    def _put(self, layer: LayerNodes, place: Place, number: int) -> None:
        layer.nodes[place] = number
        self.home[number] = layer, place


def _sides(shape: Shape) -> tuple[int, ...]:
    """The sides of a pool's output; that of a list has one."""
    rows, columns = shape.rows, shape.columns
    return (columns.count,) if rows.length == rows.kernel == 1 else (rows.count, columns.count)


def _cells(grid: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Each cell with its place; None where there should be some."""
    grid = grid if isinstance(grid, Value) else plain(grid)
    if isinstance(grid, (Value, int, float)):
        yield place, grid
    elif not is_listable(grid):
        raise TypeError(f"a layer is made of Values and numbers, got {type(grid).__name__}")
    else:
        parts = [*grid]
        for at, part in enumerate(parts):
            yield from _cells(part, (*place, at))
        if not parts:
            yield (*place, 0), None
