"""What the page of a network works on: its graph and maps as flat arrays, and its operations' formulas as data."""

from __future__ import annotations

import base64
import math
import sys
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from autodiff import TABLE, Graph
from autodiff.facts.words import SENTENCES
from autodiff.ground.windows import Shape
from autodiff.language.notation import Figures, as_json
from autodiff.recording.reverse import seed_of
from viz.ink.theme import Theme, blend
from viz.nets.cells import unread
from viz.nets.facts import Network
from viz.nets.fields import Field, Weights
from viz.page.contract import MapNodes, Net, PoolOf
from viz.page.data import operation_data, operation_names
from viz.pools.heat import shades

__all__ = ["net_data"]


def net_data(net: Network, upstream: float | None, look: Theme, figures: Figures) -> Net:
    """The data of a page for this network, ready for JSON; arrays are in base64, little-endian."""
    graph = net.graph
    names = operation_names(graph)
    names.setdefault(TABLE["identity"], "identity")  # a window of one cell
    numbers = {op: number for number, op in enumerate(names, 1)}
    constants: dict[str, int] = {}
    return {
        "operations": {name: operation_data(op) for op, name in names.items()},
        "ops": packed("B", (0 if node.op is None else numbers[node.op] for node in graph.nodes)),
        "args": packed("i", _args(graph, constants)),
        "constants": packed("d", map(float.fromhex, constants)),
        "leaves": packed("d", (net.values[node.number] for node in graph.nodes if node.op is None)),
        "output": net.output,
        "seed": as_json(seed_of(graph.values[net.output]) if upstream is None else float(upstream)),
        "name": net.name,
        "figures": {"digits": figures.digits, "least": figures.least, "minus": figures.minus},
        "sentences": SENTENCES,
        "maps": [*_maps(net)],
        "looks": {"light": _inks(look), "dark": _inks(look.in_the_dark)},
        "shell": "",
    }


def packed(kind: str, numbers: Iterable[Any]) -> str:
    """Numbers of a kind ("B", "i", "d": bytes, whole numbers of four, floats) as text.

    >>> packed("i", [1, -1])
    'AQAAAP////8='
    """
    found = array(kind, numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return base64.b64encode(found.tobytes()).decode()


def _args(graph: Graph, constants: dict[str, int]) -> Iterable[int]:
    """The operands of all nodes, one after the other: a constant is its number among the constants, counted from -1."""
    for node in graph.nodes:
        for arg in node.args:
            yield arg if isinstance(arg, int) else ~constants.setdefault(float(arg).hex(), len(constants))


def _maps(net: Network) -> Iterable[MapNodes]:
    places: dict[int, int] = {}
    for layer, field in enumerate(net.fields):
        for part in (*net.weights.get(layer, ()), field):
            pool = _pool(net, part, places) if part is field else None
            yield {
                "name": part.name,
                "kind": part.kind,
                "shape": list(part.shape),
                "layer": layer,
                "made": part.made if isinstance(part, Weights) else 1,
                "nodes": packed("i", (part.nodes.get(place, -1) for place in part.places())),
                "pool": pool,
            }
            places[id(part)] = len(places)


def _pool(net: Network, field: Field, places: Mapping[int, int]) -> PoolOf | None:
    """The numbers of a square max pool over the maps of one layer, channel by channel; of anything else None."""
    scopes = [net.graph.nodes[n].scope for n in field.nodes.values()]
    shapes = {scope.part.whole if scope and scope.part else None for scope in scopes}
    cells = [(at[0], *net.home[cell]) for at, n in field.nodes.items() for cell in net.reads(n)]
    if len(shapes) != 1 or len({id(read) for _, read, _ in cells}) != 1 or len(scopes) < math.prod(field.shape):
        return None
    (shape,), (_, read, _) = shapes, cells[0]
    if not isinstance(shape, Shape) or shape.kind != "max" or any(channel != at[0] for channel, _, at in cells):
        return None
    rows, columns = shape.rows, shape.columns
    numbers = [(axis.kernel, axis.stride, axis.padding, axis.dilation, axis.ceil) for axis in (rows, columns)]
    if numbers[0] != numbers[1] or numbers[0][3:] != (1, False) or read.shape[1:] != (rows.length, columns.length):
        return None
    return {"source": places[id(read)], "kernel": rows.kernel, "stride": rows.stride, "padding": rows.padding}


def _inks(look: Theme) -> dict[str, list[list[str]]]:
    """The colours of cells with the ink of their numbers: shades by size, of values and of gradients by their sign."""

    def inked(fills: Iterable[str]) -> list[list[str]]:
        return [[fill, look.ink(fill)] for fill in fills]

    found = {sign: inked(shades(look, sign)) for sign in ("value", "positive", "negative", "muted")}
    plain = {"zero": look.background, "lost": look.lost_fill, "strange": look.leaf_fill}
    edges = {"path": look.no_path, "unread": unread(look), "faint": blend((look.background, look.no_path), 0.3)}
    return found | {name: inked([fill]) for name, fill in (plain | edges).items()}
