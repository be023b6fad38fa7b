"""What the picture of a pool shows, in a name and a few sentences made from facts, for those who do not see it."""

from __future__ import annotations

from autodiff.facts.routes import PoolRoutes, receivers
from autodiff.ground.text import letter
from autodiff.ground.windows import Cell
from autodiff.language.notation import numeral
from viz.ink.text import listed

__all__ = ["described"]


def described(routes: PoolRoutes) -> tuple[str, str]:
    """The name of the picture of a pool, and what it shows: who won each window, and what gradient came back where.

    >>> from autodiff import max_pool1d, routes, Value
    >>> p = max_pool1d([Value(3.0), Value(1.0), Value(4.0)], kernel_size=2, stride=1)
    >>> (p[0] + 0.5 * p[1]).backward()
    >>> for words in described(routes(p)):
    ...     print(words)
    Max pool of 3 cells
    2 windows. Window A takes 3 from cell 0 and window B takes 4 from cell 2. \
Gradients: cell 0 gets 1 and cell 2 gets 0.5; no path leads to 1 other cell.
    """
    rows, columns = len(routes.values), len(routes.values[0])
    kind = "Average" if routes.kind == "avg" else "Max"
    size = f"{columns} cells" if rows == 1 else f"{rows} by {columns} cells"
    count = f"{len(routes.windows)} window{'s' * (len(routes.windows) != 1)}."
    return f"{kind} pool of {size}", " ".join([count, _forwards(routes, rows == 1), _backwards(routes, rows == 1)])


def _forwards(routes: PoolRoutes, flat: bool) -> str:
    told = []
    for window in routes.windows:
        name, value = letter(window.number), numeral(window.value)
        where = f" from {_cell(receivers(routes, window)[0], flat)}" if routes.kind == "max" else ""
        told.append(f"window {name} {'takes' if where else 'is'} {value}{where}")
    return f"{listed(told)[:1].upper()}{listed(told)[1:]}."


def _backwards(routes: PoolRoutes, flat: bool) -> str:
    sums: dict[Cell, float] = {}
    for window in routes.windows:
        for cell, flow in window.contributions.items():
            sums[cell] = sums.get(cell, 0.0) + flow
    if all(window.upstream is None for window in routes.windows):
        return "No gradient has been computed yet."
    told = [f"{_cell(cell, flat)} gets {numeral(sums[cell])}" for cell in sorted(sums)]
    left = sum(map(len, routes.values)) - len(sums)
    lost = f"; no path leads to {left} other cell{'s' * (left != 1)}" if left else ""
    return f"Gradients: {listed(told)}{lost}."


def _cell(cell: Cell, flat: bool) -> str:
    return f"cell {cell[1]}" if flat else f"cell ({cell[0]}, {cell[1]})"
