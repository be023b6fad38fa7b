"""Max and average pooling, composed from elementwise nodes: one scope of max (or add) nodes for each window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from autodiff.functions import identity, maximum
from autodiff.ground.grids import grid_of
from autodiff.ground.sizes import pair, whole
from autodiff.ground.text import letter
from autodiff.ground.windows import Axis, Cell, Shape
from autodiff.habits.answers import answered
from autodiff.recording.scopes import Part, Scope, current
from autodiff.recording.value import Operand, Value, operand

__all__ = [
    "Pair",
    "Pool",
    "avg_pool1d",
    "avg_pool2d",
    "max_pool1d",
    "max_pool2d",
    "plan",
]

if TYPE_CHECKING:
    from numpy import ndarray

Pair = int | Sequence[int]


@dataclass(frozen=True)
class Pool:
    """A pool on a grid."""

    grid: list[list[Any]]
    shape: Shape

    def apply(self) -> list[list[Value]]:
        """The output grid: each window is recorded in a scope of its own, which knows its place in the pool."""
        grid, shape, greatest = self.grid, self.shape, self.shape.kind == "max"
        out: list[list[Value]] = [[] for _ in range(shape.rows.count)]
        around = current()[0]
        for number, (place, covered) in enumerate(shape.windows()):
            with Scope(f"window {letter(number)}", around, part=Part(shape, place)):
                cells = [grid[r][c] for r, c in covered]
                out[place[0]].append(maximum(*cells) if greatest else self._mean(cells, place))
        return out

    def _mean(self, cells: list[Any], place: Cell) -> Value:
        first, *others = cells
        if not others or not isinstance(first, Value):  # a node, of numbers too
            first = identity(first)
        mean: Value = reduce(add, others, first) / self.shape.divisor(place, len(cells))
        return mean


@answered
def max_pool1d(
    cells: Iterable[Operand],
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> list[Value] | ndarray[Any, Any]:
    """The maximum of each window along a list of Values, composed of binary max nodes.

    The keywords mean what they mean in torch; ``stride`` defaults to ``kernel_size``. Only the first maximum of
    a window has a path back, with slope 1; where windows overlap, contributions add up. Padding never wins and
    makes no nodes. A list gives a list, a NumPy array an array. Wrong numbers raise ``ValueError``.

    >>> x = [Value(v) for v in (3, 0, 4, 2, 0)]
    >>> p = max_pool1d(x, kernel_size=3, stride=2)
    >>> (0.7 * p[0] + 0.9 * p[1]).backward()
    >>> [v.data for v in p], [v.grad for v in x]
    ([4.0, 4.0], [0.0, 0.0, 1.6, 0.0, 0.0])
    """
    return _like(cells, plan(cells, 1, kernel_size, stride, padding, dilation, ceil_mode).apply()[0])


@answered
def max_pool2d(
    cells: Iterable[Iterable[Operand]],
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
) -> list[list[Value]] | ndarray[Any, Any]:
    """The maximum of each window of a grid (a list of rows) of Values; numbers may be pairs (rows, columns).

    Everything else is as for :func:`max_pool1d`; a window's first maximum is taken row by row.

    >>> grid = [[Value(r * c) for c in range(4)] for r in range(4)]
    >>> [[v.data for v in row] for row in max_pool2d(grid, kernel_size=2)]
    [[1.0, 3.0], [3.0, 9.0]]
    """
    return _like(cells, plan(cells, 2, kernel_size, stride, padding, dilation, ceil_mode).apply())


@answered
def avg_pool1d(
    cells: Iterable[Operand],
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> list[Value] | ndarray[Any, Any]:
    """The mean of each window along a list of Values; every cell of a window gets an equal share of its gradient.

    ``count_include_pad`` counts padding (as zeros) in the mean, as torch does by default.

    >>> x = [Value(v) for v in (1, 3, 5)]
    >>> [v.data for v in avg_pool1d(x, kernel_size=2, stride=1)]
    [2.0, 4.0]
    """
    pool = plan(cells, 1, kernel_size, stride, padding, 1, ceil_mode, "avg", count_include_pad)
    return _like(cells, pool.apply()[0])


@answered
def avg_pool2d(
    cells: Iterable[Iterable[Operand]],
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> list[list[Value]] | ndarray[Any, Any]:
    """The mean of each window of a grid of Values; numbers may be pairs (rows, columns).

    >>> grid = [[Value(r + c) for c in range(2)] for r in range(2)]
    >>> avg_pool2d(grid, kernel_size=2)[0][0].data
    1.0
    """
    return _like(cells, plan(cells, 2, kernel_size, stride, padding, 1, ceil_mode, "avg", count_include_pad).apply())


def plan(
    cells: Any,
    dimensions: int,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil: bool,
    kind: str = "max",
    with_padding: bool = True,
) -> Pool:
    """The checked pool: one dimension is a grid of one row, whose windows are one row high."""
    numbers = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride}
    numbers |= {"padding": padding, "dilation": dilation}
    if dimensions == 1:
        grid = grid_of([cells], "a list of Values", operand)
        down, across = [1, 1, 0, 1], [whole(name, number) for name, number in numbers.items()]
    else:
        grid = grid_of(cells, "a list of rows of Values", operand)
        pairs = [pair(name, number) for name, number in numbers.items()]
        down, across = [down for down, _ in pairs], [across for _, across in pairs]
    rows, columns = (Axis(n, *axis, ceil=bool(ceil)) for n, axis in ((len(grid), down), (len(grid[0]), across)))
    return Pool(grid, Shape(kind, rows, columns, bool(with_padding)))


def _like(cells: object, out: list[Any]) -> list[Any] | ndarray[Any, Any]:
    """``out`` as the kind of thing that came in: for a NumPy array an array of objects."""
    if not hasattr(cells, "__array_interface__"):
        return out
    import numpy

    return numpy.array(out, dtype=object)
