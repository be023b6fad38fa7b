"""The geometry of a pool, checked once: its axes, and which cells each window covers."""

from __future__ import annotations

from dataclasses import dataclass, field

from autodiff.ground.calls import fields_of
from autodiff.ground.text import quoted

__all__ = ["KINDS", "Axis", "Cell", "Plane", "Shape"]


Cell = tuple[int, int]
KINDS = ("units", "input", "weights", "bias")


@dataclass(frozen=True, eq=False)
class Plane:
    """A layer: what its nodes are (one of ``KINDS``), and its shape, such as (channels, rows, columns).

    It is itself what its nodes have in common, so two of the same shape are two.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    __repr__ = fields_of

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"the nodes of a layer are {', '.join(KINDS)}; got kind={quoted(self.kind)}")
        if not 1 <= len(self.shape) <= 4 or min(self.shape) < 1:
            raise ValueError(f"a layer has one to four sides, none of them empty; got the shape {self.shape}")


@dataclass(frozen=True)
class Axis:
    """One axis of a pool: its length, and torch's numbers for it, checked."""

    length: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    ceil: bool = field(kw_only=True)

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
            raise ValueError(  # of two cells: a longer one cannot step over the whole input
                f"a window covers no input cell: its positions are {[*cells]}, the input has 0 to "
                f"{self.length - 1}; use a smaller dilation or padding"
            )
        return [*inside]

    def positions(self, index: int) -> range:
        """The positions of a window, also those beyond the input; there is no need to walk them."""
        start = index * self.stride - self.padding
        return range(start, start + (self.kernel - 1) * self.dilation + 1, self.dilation)

    def padded(self, index: int) -> int:
        """How many positions of a window lie on the input or its padding: what an average divides by."""
        start = index * self.stride - self.padding
        return min(start + self.kernel, self.length + self.padding) - start


@dataclass(frozen=True)
class Shape:
    """What a pool is, without its cells: its axes and windows. The windows' scopes know it."""

    kind: str  # "max" or "avg"
    rows: Axis
    columns: Axis
    with_padding: bool = True  # whether an average divides by padding too

    def windows(self) -> list[tuple[Cell, tuple[Cell, ...]]]:
        """Each output position, row by row, with the cells its window covers, row by row."""
        down = [self.rows.window(i) for i in range(self.rows.count)]
        across = [self.columns.window(j) for j in range(self.columns.count)]
        return [
            ((i, j), tuple([(r, c) for r in down[i] for c in across[j]]))
            for i in range(len(down))
            for j in range(len(across))
        ]

    def divisor(self, place: Cell, covered: int) -> float:
        """What the average of a window that covers so many cells divides by."""
        return float(self.rows.padded(place[0]) * self.columns.padded(place[1]) if self.with_padding else covered)
