"""Max and average pooling, composed from elementwise nodes: one scope of max (or add) nodes for each window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, index
from typing import TYPE_CHECKING, Any

from autodiff.functions import identity, maximum
from autodiff.recording.scopes import scope
from autodiff.recording.value import Operand, Value, operand

__all__ = [
    "Cell",
    "Pair",
    "Pool",
    "avg_pool1d",
    "avg_pool2d",
    "grid_of",
    "is_listable",
    "max_pool1d",
    "max_pool2d",
    "pair",
    "plan",
    "read_once",
    "whole",
]

if TYPE_CHECKING:
    from numpy import ndarray

Cell = tuple[int, int]
Pair = int | Sequence[int]


@dataclass(frozen=True)
class _Axis:
    """One axis of a pool: its length, and torch's numbers for it, checked."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    ceil: bool

    def __post_init__(self) -> None:
        for name, least in (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1)):
            value = getattr(self, name.removesuffix("_size"))
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if self.padding > self.kernel // 2:
            raise ValueError(
                f"padding must be at most half of kernel_size, {self.kernel // 2} for kernel_size={self.kernel}; "
                f"got padding={self.padding}"
            )
        if self.count < 1:
            span = self.dilation * (self.kernel - 1) + 1
            raise ValueError(
                f"a window spans {span} cells (kernel_size={self.kernel}, dilation={self.dilation}), but the input "
                f"has only {self.length + 2 * self.padding} (length {self.length}, padding={self.padding})"
            )

    @property
    def count(self) -> int:
        """The number of windows, by torch's rule: in ceil mode none may start in the right padding."""
        span = self.length + 2 * self.padding - self.dilation * (self.kernel - 1) - 1
        count = (-(-span // self.stride) if self.ceil else span // self.stride) + 1
        return count - 1 if self.ceil and (count - 1) * self.stride >= self.length + self.padding else count

    def window(self, index: int) -> list[int]:
        """The positions of a window that lie on the input; padding is left out."""
        cells = self.positions(index)
        first, last = -(cells.start // self.dilation), (self.length - 1 - cells.start) // self.dilation
        inside = cells[max(0, first) : max(0, last + 1)]  # not one by one: a window may be far larger than the input
        if not inside:
            listed = [*cells] if len(cells) <= 8 else f"{cells[0]}, {cells[1]} ... {cells[-1]}"
            raise ValueError(
                f"window {index} covers no input cell: its positions are {listed}, the input has 0 to "
                f"{self.length - 1}; use a smaller dilation or padding"
            )
        return [*inside]

    def positions(self, index: int) -> range:
        """The positions of a window, also those beyond the input; there is no need to walk them."""
        start = index * self.stride - self.padding
        return range(start, start + (self.kernel - 1) * self.dilation + 1, self.dilation)

    @property
    def extent(self) -> int:
        """How many positions there are from the first to the last that is an input cell or in a window."""
        return max(self.length, self.positions(self.count - 1)[-1] + 1) - min(0, -self.padding)

    def padded(self, index: int) -> int:
        """How many positions of a window lie on the input or its padding: what an average divides by."""
        start = index * self.stride - self.padding
        return min(start + self.kernel, self.length + self.padding) - start


@dataclass(frozen=True)
class Pool:
    """A pool on a grid: both axes, and the cells that each window covers."""

    grid: list[list[Any]]
    rows: _Axis
    columns: _Axis

    def windows(self) -> list[tuple[Cell, tuple[Cell, ...]]]:
        """Each output position, row by row, with the cells its window covers, row by row."""
        down = [self.rows.window(i) for i in range(self.rows.count)]
        across = [self.columns.window(j) for j in range(self.columns.count)]
        return [
            ((i, j), tuple((r, c) for r in down[i] for c in across[j]))
            for i in range(len(down))
            for j in range(len(across))
        ]

    def apply(self, compose: Callable[[list[Any], Cell], Value]) -> list[list[Value]]:
        """The output grid: ``compose`` of the cells of each window, recorded in a scope of its own."""
        out: list[list[Value]] = [[] for _ in range(self.rows.count)]
        for number, (position, cells) in enumerate(self.windows()):
            with scope(f"window {number}"):
                out[position[0]].append(compose([self.grid[r][c] for r, c in cells], position))
        return out


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
    return _like(cells, plan(cells, 1, kernel_size, stride, padding, dilation, ceil_mode).apply(_max)[0])


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
    return _like(cells, plan(cells, 2, kernel_size, stride, padding, dilation, ceil_mode).apply(_max))


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
    pool = plan(cells, 1, kernel_size, stride, padding, 1, ceil_mode)
    return _like(cells, pool.apply(_mean(pool, count_include_pad))[0])


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
    pool = plan(cells, 2, kernel_size, stride, padding, 1, ceil_mode)
    return _like(cells, pool.apply(_mean(pool, count_include_pad)))


def _max(cells: list[Any], _: Cell) -> Value:
    return maximum(*cells)


def _mean(pool: Pool, count_include_pad: bool) -> Callable[[list[Any], Cell], Value]:
    def mean(cells: list[Any], position: Cell) -> Value:
        area = pool.rows.padded(position[0]) * pool.columns.padded(position[1])
        total = reduce(add, cells)
        if len(cells) == 1 or not isinstance(total, Value):  # a node, of numbers too
            total = identity(total)
        return total / float(area if count_include_pad else len(cells))

    return mean


def plan(cells: Any, dimensions: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Pool:
    """The checked pool: one dimension is a grid of one row, whose windows are one row high."""
    numbers = {"kernel_size": kernel_size, "stride": kernel_size if stride is None else stride}
    numbers |= {"padding": padding, "dilation": dilation}
    if dimensions == 1:
        grid = grid_of([cells], "a list of Values")
        down, across = (1, 1, 0, 1), _four(whole(name, number) for name, number in numbers.items())
    else:
        grid = grid_of(cells, "a list of rows of Values")
        pairs = [pair(name, number) for name, number in numbers.items()]
        down, across = _four(down for down, _ in pairs), _four(across for _, across in pairs)
    return Pool(grid, _Axis(len(grid), *down, ceil=bool(ceil)), _Axis(len(grid[0]), *across, ceil=bool(ceil)))


def _four(numbers: Iterable[int]) -> tuple[int, int, int, int]:
    kernel, stride, padding, dilation = numbers
    return kernel, stride, padding, dilation


def grid_of(rows: Any, expected: str) -> list[list[Any]]:
    """The rows of a pool's input or output, read once and checked: all of one length, of Values and float64s."""
    if not is_listable(rows):
        raise TypeError(f"a pool takes {expected}, got {type(rows).__name__}")
    grid: list[list[Any]] = []
    for row in rows:
        if not is_listable(row):
            raise TypeError(f"a pool takes {expected}, got {type(row).__name__} where a list was expected")
        grid.append(list(row))
    if not grid or not grid[0]:
        raise ValueError(f"a pool needs {expected} with at least one cell, got none")
    if len({len(row) for row in grid}) > 1:
        raise ValueError(f"all rows of a pool's input must have one length, got {[len(row) for row in grid]}")
    for cell in (cell for row in grid for cell in row):
        if isinstance(cell, Iterable):
            raise TypeError(f"a pool takes {expected}, got {type(cell).__name__} where a Value was expected")
    return [[operand(cell) for cell in row] for row in grid]


def read_once(cells: Any) -> tuple[Any, bool]:
    """The cells as a list, and whether they are one row: who has to look first would lose a generator's first cell."""
    if not is_listable(cells):
        return cells, True
    cells = [list(row) if is_listable(row) else row for row in cells]
    return cells, not cells or not is_listable(cells[0])


def is_listable(x: object) -> bool:
    """Whether it is a list or whatever else gives its cells one by one; text is none."""
    return isinstance(x, Iterable) and not isinstance(x, (Value, str))


def whole(name: str, number: Any) -> int:
    """A whole number that was asked for by ``name``; ``ValueError`` when it is none."""
    if isinstance(number, (list, tuple)) and len(number) == 1:
        number = number[0]
    try:
        return index(number)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, got {number!r}") from None


def pair(name: str, number: Any) -> tuple[int, int]:
    """One whole number for both axes, or a pair (rows, columns); else ``ValueError``."""
    if isinstance(number, (list, tuple)):
        if len(number) != 2:
            raise ValueError(f"{name} must be one whole number or a pair (rows, columns), got {number!r}")
        return whole(name, number[0]), whole(name, number[1])
    return whole(name, number), whole(name, number)


def _like(cells: object, out: list[Any]) -> list[Any] | ndarray[Any, Any]:
    """``out`` as the kind of thing that came in: for a NumPy array an array of objects."""
    if not hasattr(cells, "__array_interface__"):
        return out
    import numpy

    return numpy.array(out, dtype=object)
