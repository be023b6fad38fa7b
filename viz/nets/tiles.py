"""Maps in bands: tiles beside and below one another, in columns, their cells as large as the place allows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.layout.place import PIXEL, Place
from viz.nets.board import LARGEST, MARGIN, TooWideError
from viz.nets.cells import cells
from viz.nets.fields import Cells, Field, Place3
from viz.nets.legend import LEAD, entries, legend_of
from viz.nets.plan import SIDES, Column
from viz.pools.marks import Drawing, Mark, Plate, Run, Way, Words
from viz.pools.notes import wrapped

__all__ = ["Band", "Page", "Tile", "best_of"]

GAP, SIGN = 14.0, 20.0  # points between tiles; where a sign stands


@dataclass(frozen=True)
class Tile:
    """One map: the numbers of its cells, what stands above and below it, the sign before it, and what is framed."""

    shape: Place3
    shown: Cells
    kind: str
    title: tuple[Run, ...] = ()
    below: tuple[Run, ...] = ()
    sign: str = ""
    framed: tuple[Place3, ...] = ()

    def column(self, side: float, wide: float = 0.0, x: float = 0.0) -> Column:
        """As cells are painted: channels in rows, in the middle of a width."""
        count = self.shape[0]
        across = count if count <= 2 else math.ceil(math.sqrt(count))
        field = Field("", "units", self.shape, {})
        return Column(field, tuple(range(count)), side, across, least=wide, gap=0.0, figures=0.0, x=x)


@dataclass(frozen=True)
class Band:
    """Tiles beside one another, None where a column has none, and what is said above them.

    Bands of one ``name`` have cells of one size.
    """

    heading: tuple[Run, ...]
    tiles: Sequence[Tile | None]
    name: str = ""


@dataclass(frozen=True)
class Page:
    """A picture of bands: its title, what is told below, and what an empty cell means."""

    title: str
    bands: Sequence[Band]
    told: Sequence[tuple[Run, ...]]
    unread: str
    look: Theme

    @property
    def gaps(self) -> list[float]:
        """Before each column."""
        count = max(len(band.tiles) for band in self.bands)
        signed = {k for band in self.bands for k, tile in enumerate(band.tiles) if tile and tile.sign}
        return [0.0] + [SIGN if k in signed else GAP for k in range(1, count)]

    def widths(self, sides: Sequence[float]) -> list[float]:
        """Of the columns: the widest map, or the longest word that stands there."""
        found = [0.0] * len(self.gaps)
        for band, side in zip(self.bands, sides, strict=True):
            for k, tile in enumerate(band.tiles):
                if tile is not None:
                    found[k] = max(found[k], tile.column(side).size[0], self._longest(tile))
        return found

    def _longest(self, tile: Tile) -> float:
        runs = [*tile.title, *tile.below]
        return max((width_of(w, self.look.small_size, r.bold) for r in runs for w in r.text.split(" ")), default=0.0)


def best_of(pages: Sequence[Page], place: Place, hint: str, with_legend: bool) -> Drawing:
    """The one of several forms of a picture that has most figures in its cells in a place, then the largest cells.

    :class:`TooWideError` with a hint where there is no room for any.
    """
    found: list[Drawing] = []
    for page in pages:
        try:
            found.append(_laid_out(page, place, hint, with_legend))
        except TooWideError as error:
            refused = error
    if not found:
        raise refused
    return max(found, key=_worth)


def _worth(drawing: Drawing) -> tuple[int, float]:
    """How many cells have figures, and how wide the cells are."""
    cells = {mark.name: mark.box.width for mark in drawing.marks if isinstance(mark, Plate) and mark.data is not None}
    figures = sum(isinstance(mark, Words) and mark.name in cells for mark in drawing.marks)
    return figures, sum(cells.values())


def _laid_out(page: Page, place: Place, hint: str, with_legend: bool) -> Drawing:
    """The picture in a place, its cells as large as they can be there."""
    wide, high = min(place.width, LARGEST) - 2 * MARGIN, (place.height or math.inf) - 2 * MARGIN
    sides = [SIDES[0]] * len(page.bands)
    while True:
        whole = sum(page.widths(sides)) + sum(page.gaps)
        over = whole > wide + 0.1
        if not over and _drawn(page, sides, wide, with_legend, draft=True).height <= high + 0.1:
            drawing = _drawn(page, sides, wide, with_legend)
            drawing.width = max(_right(mark) for mark in drawing.marks)
            return Drawing(drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN, drawing.moved(MARGIN, MARGIN))
        axis = 0 if over else 1
        largest = [
            (max(tile.column(side).size[axis] for tile in band.tiles if tile), k)
            for k, (band, side) in enumerate(zip(page.bands, sides, strict=True))
            if side != SIDES[-1]
        ]
        if not largest:
            raise TooWideError(
                f"this has no room in {place.width / PIXEL:.0f}"
                + (f"×{place.height / PIXEL:.0f}" if place.height else "")
                + f" pixels, however small its cells are: {hint}"
            )
        name, less = page.bands[max(largest)[1]].name, SIDES[SIDES.index(sides[max(largest)[1]]) + 1]
        alike = {k for k, band in enumerate(page.bands) if name and band.name == name} | {max(largest)[1]}
        sides = [less if k in alike else side for k, side in enumerate(sides)]


def _right(mark: Mark) -> float:
    """Where a mark ends."""
    return mark.points[-1][0] if isinstance(mark, Way) else mark.box.x + mark.box.width


def _drawn(page: Page, sides: Sequence[float], wide: float, with_legend: bool, draft: bool = False) -> Drawing:
    """All of it; a draft has no maps, but is as high."""
    look = page.look
    y = LEAD * (look.value_size + 1)
    marks: list[Mark] = [Words("title", 0, y, (Run(page.title, look.text, True),), look.value_size + 1, start=True)]
    widths, gaps = page.widths(sides), page.gaps
    xs = [sum(widths[:k]) + sum(gaps[: k + 1]) for k in range(len(widths))]
    for band, side in zip(page.bands, sides, strict=True):
        found, y = _band(band, side, [*zip(xs, widths, gaps, strict=True)], y, look, wide, draft)
        marks += found
    y += 4
    for runs in page.told:
        for line in wrapped(runs, look.small_size + 1, wide):
            y += LEAD * (look.small_size + 1)
            marks.append(Words("told", 0, y, line, look.small_size + 1, start=True))
    if with_legend:
        tiles = [tile for band in page.bands for tile in band.tiles if tile]
        known = [(tile.kind, x) for tile in tiles for _, x in tile.shown.values()]
        empty = any(len(tile.shown) < math.prod(tile.shape) for tile in tiles)
        found, y = legend_of(entries(known, look, page.unread if empty else ""), look, y + 4, wide)
        marks += found
    return Drawing(wide, y, marks)


def _band(
    band: Band,
    side: float,
    columns: Sequence[tuple[float, float, float]],
    y: float,
    look: Theme,
    wide: float,
    draft: bool,
) -> tuple[list[Mark], float]:
    """The tiles of a band with what is said about them, and where it ends."""
    size = look.small_size
    marks: list[Mark] = []
    if band.heading:
        for line in wrapped(band.heading, size, wide):
            y += (1.9 if not marks else LEAD) * size
            marks.append(Words("row", 0, y, line, size, start=True))
    shown = [(tile, *at) for tile, at in zip(band.tiles, columns, strict=False) if tile]
    titles = [wrapped(tile.title, size, width + 1) if tile.title else [] for tile, _, width, _ in shown]
    y += LEAD * max(map(len, titles)) * size + (10 if any(titles) else 6)
    deep = max(tile.column(side).size[1] for tile, *_ in shown)
    low = y + deep
    for (tile, x, width, gap), lines in zip(shown, titles, strict=True):
        column = tile.column(side, width, x)
        top, middle = y + (deep - column.size[1]) / 2, x + width / 2
        for k, line in enumerate(reversed(lines)):
            marks.append(Words("name", middle, top - 6 - k * LEAD * size, line, size))
        if tile.sign:
            sign = (Run(tile.sign, look.text, True),)
            marks.append(Words("sign", x - gap / 2, y + deep / 2 + 0.36 * look.value_size, sign, look.value_size))
        if not draft:
            marks += cells(tile.shown, column, top, tile.kind, look)
            marks += _frames(tile, column, top, look)
        bottom = top + column.size[1] + 3
        for line in wrapped(tile.below, size, width + 1) if tile.below else []:
            bottom += LEAD * size
            marks.append(Words("note", middle, bottom, line, size))
        low = max(low, bottom)
    return marks, low + 4


def _frames(tile: Tile, column: Column, top: float, look: Theme) -> Iterator[Mark]:
    """One frame around the cells that are framed in a channel, or one around each where others lie between them."""
    for channel in sorted({at[0] for at in tile.framed}):
        places = {at for at in tile.framed if at[0] == channel}
        rows, columns = {at[1] for at in places}, {at[2] for at in places}
        whole = (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1) == len(places)
        for group in [places] if whole else [{at} for at in sorted(places)]:
            yield Plate("frame", _around(column.cell(at, top) for at in group), None, look.text, 1.6)


def _around(boxes: Iterable[Box]) -> Box:
    found = [*boxes]
    left, top = min(b.x for b in found), min(b.y for b in found)
    right, bottom = max(b.x + b.width for b in found), max(b.y + b.height for b in found)
    return Box(left, top, right - left, bottom - top)
