"""The rows of a network's picture: maps of one kind of number, and the words above them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from viz.ink.theme import Theme
from viz.nets.cells import cells
from viz.nets.facts import Network, Product
from viz.nets.fields import Field, Place3
from viz.nets.legend import LEAD
from viz.nets.plan import Column, title_of
from viz.nets.slopes import Slopes
from viz.nets.trails import Trail
from viz.pools.marks import Mark, Plate, Run, Words
from viz.pools.notes import wrapped

__all__ = ["Frame", "frames", "row"]


@dataclass(frozen=True)
class Frame:
    """What all parts of a picture need."""

    network: Network
    columns: Sequence[Column]
    told: Sequence[Trail]
    look: Theme

    @property
    def kinds(self) -> list[str]:
        """Of numbers, a row for each; θ′ has none where it has columns of its own."""
        apart = any(column.field.kind == "slope" for column in self.columns)
        return [kind for kind in self.network.kinds if kind != "slope" or not apart]

    @property
    def whole(self) -> float:
        """How wide the maps are together."""
        return self.columns[-1].x + self.columns[-1].width

    def worked(self, column: Column) -> Product | None:
        """The cell of a layer whose gradient is told as a product, if both factors are seen."""
        numbers = [n for at, n in column.field.nodes.items() if at[0] in column.channels]
        found = self.network.worked(numbers, [unit for trail in self.told for unit in trail.units])
        return found if found and self.where(found.activation) else None

    def where(self, number: int) -> tuple[int, Place3] | None:
        """The column and the place of a cell that is seen."""
        return self._seen(number, lambda field: field)

    def slopes_of(self, number: int) -> tuple[int, Place3] | None:
        """The same in a column of θ′ alone."""
        return self._seen(number, lambda field: field.of if isinstance(field, Slopes) else None)

    def _seen(self, number: int, of: Callable[[Field], Field | None]) -> tuple[int, Place3] | None:
        for k, column in enumerate(self.columns):
            for at, n in field.nodes.items() if (field := of(column.field)) else ():
                if n == number and at[0] in column.channels:
                    return k, at
        return None


def row(frame: Frame, y: float, kind: str, bare: bool = False) -> tuple[list[Mark], float, list[float]]:
    """The maps of a row and the words above it, where it ends, and where the maps begin; ``bare`` leaves out cells."""
    look, size, net = frame.look, frame.look.small_size, frame.network
    known = [net.shown(column.field, kind) for column in frame.columns]
    shown = {k: numbers for k, numbers in enumerate(known) if numbers}
    deep = max((frame.columns[k].size[1] for k in shown), default=0.0)
    y += 1.9 * size
    ink = {"value": look.value, "gradient": look.gradient}.get(kind, look.text)
    formula = (Run(f"    {net.formula}", look.text),) if net.formula and kind == net.kinds[-1] else ()
    heading = Words("row", 0, y, (Run(net.heading(kind), ink, True), *formula), size, start=True)
    titles = {k: _title(frame, frame.columns[k], kind) for k in shown}
    if kind != "slope" or heading.width + size > min((frame.columns[k].x for k in shown), default=0.0):
        y += 1.7 * size
    y += LEAD * (max(map(len, titles.values()), default=1) - 1) * size + 10
    tops = [y + (deep - column.size[1]) / 2 for column in frame.columns]
    marks: list[Mark] = [heading]
    for k, lines in titles.items():
        column, own = frame.columns[k], frame.columns[k].field.kind
        for j, line in enumerate(reversed(lines)):
            marks.append(Words("name", column.x + column.width / 2, tops[k] - 9 - j * LEAD * size, line, size))
        if bare:
            continue
        marks += cells(shown[k], column, tops[k], own if own == "slope" else kind, look)
        if own == "slope":
            marks += _signs(frame, k, y + deep / 2)
    if kind == "value":
        marks += _functions(frame, y + deep / 2)
    return marks, y + deep, tops


def _functions(frame: Frame, y: float) -> Iterator[Mark]:
    """Between what an activation read and itself, above the map of its θ′, its name."""
    size = frame.look.small_size
    for column in frame.columns:
        if isinstance(column.field, Slopes) and (name := frame.network.function(column.field)):
            words = (Run(f"θ = {name}  →", frame.look.text),)
            yield Words("function", column.x + column.width / 2, y + 0.36 * size, words, size)


def _title(frame: Frame, column: Column, kind: str) -> list[tuple[Run, ...]]:
    """What stands above a map, in lines."""
    look = frame.look
    symbol = frame.network.symbol(column.field, kind)
    lines: list[tuple[Run, ...]] = [(Run(symbol, look.text),)] if symbol else []
    if kind == "slope" or column.field.kind in ("slope", "sums"):
        return lines
    return [
        *wrapped([Run(title_of(column.field, look.small_size), look.text, True)], look.small_size, column.width + 1),
        *lines,
    ]


def _signs(frame: Frame, k: int, y: float) -> Iterator[Mark]:
    """On both sides of a map of θ′: δ is θ′ times what arrived."""
    size = frame.look.value_size
    for sign, column in (("=", frame.columns[k]), ("×", frame.columns[k + 1])):
        yield Words("sign", column.x - column.gap / 2, y + 0.36 * size, (Run(sign, frame.look.text, True),), size)


def frames(frame: Frame, rows: Sequence[Sequence[float]]) -> Iterator[Mark]:
    """Around the factors of the products that are told, and δ."""
    for worked in [worked for column in frame.columns if (worked := frame.worked(column))]:
        apart = frame.slopes_of(worked.activation)
        for place, tops in (
            (frame.where(worked.cell), rows[-1]),
            (frame.where(worked.activation), rows[-1]),
            (apart, rows[-1]) if apart else (frame.where(worked.activation), rows[-2]),
        ):
            if place:
                k, at = place
                yield Plate("frame", frame.columns[k].cell(at, tops[k]), None, frame.look.text, 1.6)
