"""A network's picture put together: title, two rows of maps, ways, sums, a sentence of counted facts, a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autodiff.facts.words import NOTHING_FLOWS
from autodiff.ground.text import quoted
from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.layout.place import Place
from viz.nets.cells import cells
from viz.nets.facts import Network
from viz.nets.plan import Column, arranged
from viz.nets.told import counted
from viz.nets.ways import Trail, notes, ways
from viz.pools.heat import shade
from viz.pools.marks import Drawing, Mark, Plate, Run, Words
from viz.pools.notes import wrapped

__all__ = ["TooWideError", "board"]

MARGIN = 12.0
LEAD = 1.3  # between lines, in sizes
LARGEST = 960.0  # points: wider than a slide nothing is drawn
TALL = 250.0  # points: how high the maps of a row may be where the place does not say it
TRIES = 8


class TooWideError(ValueError):
    """A network that has no room in its place, however small its cells are."""


@dataclass(frozen=True)
class _Frame:
    """What all parts of a picture need."""

    network: Network
    columns: Sequence[Column]
    told: Sequence[Trail]
    look: Theme

    @property
    def whole(self) -> float:
        """How wide the maps are together."""
        return self.columns[-1].x + self.columns[-1].width


def board(
    network: Network, columns: Sequence[Column], told: Sequence[Trail], look: Theme, place: Place, legend: bool
) -> Drawing:
    """The picture in a place, its cells as large as they can be there."""
    wide = min(place.width, LARGEST) - 2 * MARGIN
    high = TALL
    for _ in range(TRIES):
        frame = _Frame(network, arranged(columns, wide, high), told, look)
        if frame.whole > wide + 0.1:
            names = ", ".join(dict.fromkeys(f"{quoted(column.field.name)}" for column in columns))
            raise TooWideError(
                f"{len(columns)} layers and weights have no room in a width of {wide / 0.75:.0f} pixels: show some "
                f"with layers=[...] of {names}, some channels with channels=[0, 1], or take fit='slide'"
            )
        drawing = _drawing(frame, max(wide, frame.whole), legend)
        over = drawing.height - (place.height or math.inf)
        if over <= 0:
            break
        high -= max(over / 2 + 1, 6.0)  # sizes of cells go by steps
    return drawing


def _drawing(frame: _Frame, wide: float, legend: bool) -> Drawing:
    look = frame.look
    name = frame.network.graph.nodes[frame.network.output].name or "the output"
    y = LEAD * (look.value_size + 1)
    title = Run(f"Where does the gradient of {name} go?", look.text, True)
    marks: list[Mark] = [Words("title", 0, y, (title,), look.value_size + 1, start=True)]
    rows = []
    for gradient in (False, True):
        heading = f"gradient of {name}, backward ←" if gradient else "values, forward →"
        words, y, tops = _headings(frame, y, heading, gradient)
        marks += words
        rows.append(tops)
    for k, column in enumerate(frame.columns):
        for kind, tops in zip(("value", "gradient"), rows, strict=True):
            marks += cells(frame.network.shown(column.field, kind), column, tops[k], kind, look)
    marks += ways(frame.network, frame.columns, list(zip(*rows, strict=True)), frame.told, look)
    under, y = _notes(frame, rows[1], y)
    marks += under
    sentence = counted(frame.network)
    for line in wrapped([Run(sentence, look.text)], look.small_size + 1, wide):
        y += LEAD * (look.small_size + 1)
        marks.append(Words("told", 0, y, line, look.small_size + 1, start=True))
    if legend:
        entries, y = _legend(frame, y + 4, wide)
        marks += entries
    moved = Drawing(wide, y, marks).moved(MARGIN, MARGIN)
    return Drawing(wide + 2 * MARGIN, y + 2 * MARGIN, moved)


def _headings(frame: _Frame, y: float, heading: str, gradient: bool) -> tuple[list[Mark], float, list[float]]:
    """The words above a row, where the row ends, and where the maps of each column begin."""
    look, size = frame.look, frame.look.small_size
    deep = max(column.size[1] for column in frame.columns)
    y += 1.9 * size
    ink = look.gradient if gradient else look.value
    marks: list[Mark] = [Words("row", 0, y, (Run(heading, ink, True),), size, start=True)]
    titles = [wrapped([Run(c.field.name, look.text, True)], size, c.width + 1) for c in frame.columns]
    y += (1.7 + LEAD * (max(map(len, titles)) - 1)) * size + 10
    tops = [y + (deep - column.size[1]) / 2 for column in frame.columns]
    for column, top, lines in zip(frame.columns, tops, titles, strict=True):
        middle = column.x + column.width / 2
        for k, line in enumerate(reversed(lines)):
            marks.append(Words("name", middle, top - 9 - k * LEAD * size, line, size))
    return marks, y + deep, tops


def _notes(frame: _Frame, tops: Sequence[float], low: float) -> tuple[list[Mark], float]:
    """What is said under each layer's gradient, and where that ends."""
    size, marks = frame.look.small_size, []
    for column, top in zip(frame.columns, tops, strict=True):
        bottom = top + column.size[1] + 4
        for runs in notes(frame.network, column, frame.told, frame.look):
            for line in wrapped(runs, size, max(column.width, 110.0)):
                bottom += LEAD * size
                half = sum(width_of(run.text, size, run.bold) for run in line) / 2
                middle = min(max(column.x + column.width / 2, half), frame.whole - half)
                marks.append(Words("note", middle, bottom, line, size))
        low = max(low, bottom)
    return list(marks), low + 6


def _legend(frame: _Frame, y: float, wide: float) -> tuple[list[Mark], float]:
    """What the cells mean, in rows, and where they end."""
    size = frame.look.small_size
    marks: list[Mark] = []
    x = 0.0
    for plates, words in _entries(frame):
        long = 13 + width_of(words, size)
        if x and x + long > wide:
            x, y = 0.0, y + LEAD * size
        marks += Drawing(0, 0, [*plates]).moved(x, y + 3)
        marks.append(Words("legend", x + 13, y + 11, (Run(words, frame.look.muted),), size, start=True))
        x += long + 14
    return marks, y + LEAD * size


def _entries(frame: _Frame) -> Iterator[tuple[Sequence[Plate], str]]:
    """Only what is drawn."""
    look, net = frame.look, frame.network
    numbers = [n for column in frame.columns for n in column.field.nodes.values()]
    known = [net.gradients.get(n) for n in numbers]
    square = Box(0, 0, 9, 9)
    yield [Plate("legend", square, shade(look, "value", 0.6))], "value"
    if any(x and x > 0 for x in known):
        yield [Plate("legend", square, shade(look, "positive", 0.6))], "gradient above 0"
    if any(x and x < 0 for x in known):
        fill = shade(look, "negative", 0.6)
        bar = Plate("legend", Box(2, 4, 5, 1.1), look.ink(fill))  # as in cells that have no room for figures
        yield [Plate("legend", square, fill), bar], "below 0"
    if any(x == 0 for x in known):
        yield [Plate("legend", square, look.background, look.no_path, 0.75)], "0 that was computed"
    if None in known:
        yield [Plate("legend", Box(3, 3, 3, 3), look.no_path, dot=True)], NOTHING_FLOWS
    if any(len(column.field.nodes) < math.prod(column.field.shape) for column in frame.columns):
        yield [Plate("legend", square, None, look.no_path, 0.75, "dashed")], "nothing was computed from it"
