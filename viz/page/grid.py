"""The grid of a pool as the stepper shows it: which node stands in which cell, and which uses belong to a window."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff import Graph, Value
from autodiff.facts.routes import require_window
from autodiff.pooling import Cell, Pool, grid_of, plan, read_once
from autodiff.table.ieee import real
from viz.ink.theme import LIGHT
from viz.page.data import json_number

__all__ = ["step_grid"]

WORDS = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
_KEYWORDS = {"cells", "outputs", *WORDS}


def step_grid(graph: Graph, given: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a grid, from ``dict(cells=x, outputs=p, kernel_size=3, stride=2)`` with the words of the pools."""
    if not isinstance(given, Mapping):
        raise TypeError(f"grid is a dict such as dict(cells=x, outputs=p, kernel_size=3), got {type(given).__name__}")
    missing, unknown = {"cells", "outputs", "kernel_size"} - set(given), set(given) - _KEYWORDS
    if missing or unknown:
        wrong = f"misses {sorted(missing)}" if missing else f"does not know {sorted(map(str, unknown))}"
        raise ValueError(f"grid {wrong}; its words are {sorted(_KEYWORDS)}")
    cells, flat = read_once(given["cells"])
    given = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, **given}
    kernel, stride, padding, dilation, ceil = map(given.get, WORDS)
    pool = plan(cells, 1 if flat else 2, kernel, stride, padding, dilation, bool(ceil))
    outputs = grid_of([given["outputs"]] if flat else given["outputs"], "the pool's outputs")
    shape = (pool.rows.count, pool.columns.count)
    if (len(outputs), len(outputs[0])) != shape:
        raise ValueError(f"this pool has {shape[0]} x {shape[1]} outputs, got {len(outputs)} x {len(outputs[0])}")
    for number, ((r, c), covered) in enumerate(pool.windows()):
        if isinstance(outputs[r][c], Value):
            cells = [pool.grid[row][column] for row, column in covered]
            require_window("pool", number, outputs[r][c], cells, pool.grid)
    return {
        "title": _title(pool, flat),
        "cells": [[_cell(graph, cell) for cell in row] for row in pool.grid],
        "shape": shape,
        "colours": len(LIGHT.windows),
        "windows": [_window(graph, pool, cells, outputs, place) for place, cells in pool.windows()],
    }


def _title(pool: Pool, flat: bool) -> str:
    down, across = pool.rows, pool.columns
    size = f"{across.kernel}" if flat else f"{down.kernel} × {across.kernel}"
    stride = f"{across.stride}" if down.stride == across.stride or flat else f"{down.stride} × {across.stride}"
    return f"Pool, window {size}, stride {stride}"


def _cell(graph: Graph, cell: Any) -> list[Any]:
    """The node in a cell, if it is one of this graph, and its number."""
    if not isinstance(cell, Value):
        return [None, json_number(real(cell))]
    node = _find(graph, cell)
    return [node, json_number(cell.data)]


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
    members = _between(graph, number, set(at))
    uses: dict[Cell, list[str]] = {}
    for member in sorted(members):
        for position, arg in enumerate(graph.nodes[member].args):
            if isinstance(arg, int) and arg in at:
                uses.setdefault(at[arg], []).append(f"{member}_{position}")
    rows, columns = [r for r, _ in cells], [c for _, c in cells]
    frame = [min(rows), min(columns), max(rows) - min(rows) + 1, max(columns) - min(columns) + 1]
    listed = [[f"{r},{c}", found] for (r, c), found in uses.items()]
    choice = any((op := graph.nodes[member].op) and op.chooses_between() for member in members)
    return {
        **{"output": number, "place": place, "members": sorted(members), "uses": listed, "frame": frame},
        "choice": choice,
    }


def _between(graph: Graph, output: int | None, cells: set[int]) -> set[int]:
    """The nodes that a window is made of: from its output back to its cells, these left out."""
    found: set[int] = set()
    front = [] if output is None else [output]
    while front:
        node = front.pop()
        if node not in found and node not in cells:
            found.add(node)
            front += [arg for arg in graph.nodes[node].args if isinstance(arg, int)]
    return found
