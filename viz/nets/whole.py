"""A whole network on one picture: what each layer computed, and where one output's gradient goes, back to the input."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from autodiff import Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.picture import Picture
from viz.layout.place import Place, placed
from viz.nets.board import board
from viz.nets.facts import Network, read
from viz.nets.plan import Column, columns_of
from viz.nets.told import counted
from viz.nets.ways import trails
from viz.pools.sheet import Sheet

__all__ = ["network"]


@answered
def network(
    output: Value,
    *,
    fit: str | tuple[float, float | None] | None = "column",
    layers: Iterable[str | int] | None = None,
    channels: Iterable[int] | None = None,
    upstream: float | None = None,
    theme: str | Theme = "light",
    background: str | None = OWN,
    legend: bool = True,
) -> Picture:
    """Draw the network that computed a Value: each layer as maps of cells, values above, the gradient below.

    Layers of ``autodiff.nn`` and pools know themselves; :func:`autodiff.layer` says it of a grid of your own. Below
    stands, in the same places, the gradient of ``output`` (``upstream`` is what it begins with): a dot is *no path*, a
    boxed 0 a zero that was computed. Some ways are drawn: of units that chose one of the cells that they read, as a
    max does, two that meet in one cell, whose sum is written out, and one that ends where a relu is off. ``fit`` is
    that of :func:`viz.draw`; ``layers`` are the names, or the numbers from 0, of those to show, ``channels`` the
    numbers of the channels. Cells are as large as the place allows: those that have no room for figures go by colour,
    a bar for a minus. ``ValueError`` where no layer is known, and where there is no room even so.

    >>> from autodiff import nn
    >>> body = nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    >>> model = nn.Sequential(*body, nn.Flatten(), nn.Linear(8, 2, rng=1))
    >>> image = [[[Value(float(i == j)) for j in range(6)] for i in range(6)]]
    >>> picture = network(model(image)[0], fit="slide")
    >>> picture.save_svg("network.svg")  # doctest: +SKIP
    """
    look, place = theme_of(theme, background), placed(fit)
    net = read(output, upstream)
    columns = _chosen(columns_of(net, look, None if channels is None else _numbers(channels)), layers)
    return _drawn(net, columns, look, legend, place)


def _drawn(net: Network, columns: list[Column], look: Theme, legend: bool, fit: Place) -> Sheet:
    """The picture for a place; it can be drawn again for another one."""
    shown = Sheet(look, board(net, columns, trails(net, look), look, fit, legend))
    name = net.graph.nodes[net.output].name or "the output"
    shown.described = f"Where the gradient of {name} goes", counted(net)
    shown.again = partial(_drawn, net, columns, look, legend)
    return shown


def _numbers(channels: Iterable[int]) -> list[int]:
    found = [*channels] if isinstance(channels, Iterable) and not isinstance(channels, str) else [channels]
    if not found or any(isinstance(c, bool) or not isinstance(c, int) or c < 0 for c in found):
        raise ValueError(f"channels= are whole numbers from 0, such as [0, 1]; got {quoted(channels)}")
    return found


def _chosen(columns: list[Column], layers: Iterable[str | int] | None) -> list[Column]:
    """The columns of these layers, each with its weights."""
    if layers is None:
        return columns
    wished = [layers] if isinstance(layers, (str, int)) else [*layers]
    units = [column for column in columns if column.field.kind != "weights"]
    names = [column.field.name for column in units]
    for one in wished:
        if one not in names and not (isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(names)):
            raise ValueError(f"layers= are names or numbers of {', '.join(map(quoted, names))}; got {quoted(one)}")
    kept = [k for k, name in enumerate(names) if name in wished or k in wished]
    found: list[Column] = []
    waiting: list[Column] = []
    for column in columns:
        waiting.append(column)
        if column.field.kind != "weights":
            if units.index(column) in kept:
                found += waiting if found else [column]
            waiting = []
    return found
