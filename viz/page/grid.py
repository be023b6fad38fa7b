"""The grid of a pool as the stepper shows it: which node stands in which cell, and which uses belong to a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff import Graph, Value
from autodiff.facts.routes import matched, members, recall, require_window
from autodiff.ground.grids import is_listable, read_once
from autodiff.ground.text import letter
from autodiff.ground.windows import Cell, Shape
from autodiff.language.ieee import real
from autodiff.language.notation import as_json
from autodiff.pooling import Pool, plan
from viz.ink.theme import LIGHT

__all__ = ["step_grid"]

WORDS = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
_KEYWORDS = {"cells", "outputs", *WORDS}


def step_grid(graph: Graph, given: Any) -> dict[str, Any]:
    """The data of a grid: of a pool's outputs, of the graph's one pool (True), or of a dict with a pool's words."""
    if given is True:
        pool, outputs = recall(_found(graph))
    elif isinstance(given, Mapping):
        pool, outputs = _from_words(given)
    elif is_listable(given):
        pool, outputs = recall(given)
    else:
        raise TypeError(
            "grid is a dict such as dict(cells=x, outputs=p, kernel_size=3), a pool's outputs, or True; "
            f"got {type(given).__name__}"
        )
    shape = pool.shape
    for number, ((r, c), covered) in enumerate(shape.windows()):
        if isinstance(outputs[r][c], Value):
            require_window("pool", number, outputs[r][c], [pool.grid[i][j] for i, j in covered], pool.grid)
    return {
        "title": _title(pool),
        "cells": [[_cell(graph, cell) for cell in row] for row in pool.grid],
        "shape": (shape.rows.count, shape.columns.count),
        "colours": len(LIGHT.windows),
        "windows": [
            {"letter": letter(number), **_window(graph, pool, cells, outputs, place)}
            for number, (place, cells) in enumerate(shape.windows())
        ],
    }


def _from_words(given: Mapping[str, Any]) -> tuple[Pool, list[list[Any]]]:
    missing, unknown = {"cells", "outputs", "kernel_size"} - set(given), set(given) - _KEYWORDS
    if missing or unknown:
        wrong = f"misses {sorted(missing)}" if missing else f"does not know {sorted(map(str, unknown))}"
        raise ValueError(f"grid {wrong}; its words are {sorted(_KEYWORDS)}")
    cells, flat = read_once(given["cells"])
    given = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, **given}
    kernel, stride, padding, dilation, ceil = map(given.get, WORDS)
    return matched(plan(cells, 1 if flat else 2, kernel, stride, padding, dilation, bool(ceil)), given["outputs"])


def _found(graph: Graph) -> list[list[Value]]:
    """The outputs of the one pool in a graph."""
    pools: dict[int, tuple[Shape, dict[tuple[int, ...], Value]]] = {}
    for scope, numbers in graph.scopes.items():
        if scope.part is not None and isinstance(scope.part.whole, Shape):
            shape, last = pools.setdefault(id(scope.part.whole), (scope.part.whole, {}))
            last[scope.part.place] = graph.values[numbers[-1]]
    if len(pools) != 1:
        raise ValueError(f"grid=True needs one pool in the graph, found {len(pools)}: give its outputs, grid=p")
    ((shape, last),) = pools.values()
    places = [place for place, _ in shape.windows()]
    missing = [place for place in places if place not in last]
    if missing:
        raise ValueError(f"no path leads from window {missing[0]} of the pool to the output: give its outputs, grid=p")
    return [[last[i, j] for j in range(shape.columns.count)] for i in range(shape.rows.count)]


def _title(pool: Pool) -> str:
    down, across = pool.shape.rows, pool.shape.columns
    flat = down.length == 1
    size = f"{across.kernel}" if flat else f"{down.kernel} × {across.kernel}"
    stride = f"{across.stride}" if down.stride == across.stride or flat else f"{down.stride} × {across.stride}"
    return f"Pool, window {size}, stride {stride}"


def _cell(graph: Graph, cell: Any) -> list[Any]:
    """The node in a cell, if it is one of this graph; else its number."""
    if not isinstance(cell, Value):  # None: no window covers it, so nothing is known of it
        return [None, None if cell is None else as_json(real(cell))]
    node = _find(graph, cell)
    return [node, as_json(cell.data) if node is None else None]


def _find(graph: Graph, value: Value) -> int | None:
    try:
        return graph.number(value)
    except ValueError:
        return None  # no path leads from it to the output


def _window(graph: Graph, pool: Pool, cells: tuple[Cell, ...], outputs: list[list[Any]], place: Cell) -> dict[str, Any]:
    output = outputs[place[0]][place[1]]
    number = _find(graph, output) if isinstance(output, Value) else None
    at: dict[int, Cell] = {}
    for r, c in cells:
        cell = pool.grid[r][c]
        node = _find(graph, cell) if isinstance(cell, Value) else None
        if node is not None:
            at.setdefault(node, (r, c))  # one Value in two cells: the first stands for both
    inner = set() if number is None else members(output, {graph.values[node] for node in at})[0]
    made_of = sorted(graph.number(node) for node in inner)
    uses: dict[Cell, list[str]] = {}
    for member in made_of:
        for position, arg in enumerate(graph.nodes[member].args):
            if isinstance(arg, int) and arg in at:
                uses.setdefault(at[arg], []).append(f"{member}_{position}")
    rows, columns = [r for r, _ in cells], [c for _, c in cells]
    frame = [min(rows), min(columns), max(rows) - min(rows) + 1, max(columns) - min(columns) + 1]
    listed = [[f"{r},{c}", found] for (r, c), found in uses.items()]
    choice = any((op := graph.nodes[member].op) and op.is_choice for member in made_of)
    return {
        **{"output": number, "place": place, "members": made_of, "uses": listed, "frame": frame},
        "choice": choice,
    }
