"""A network's picture put together: title, two rows of maps, ways, sums, a sentence of counted facts, a legend."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from autodiff.ground.text import quoted
from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.layout.place import PIXEL, PLACES, Place
from viz.nets.facts import Network
from viz.nets.legend import LEAD, Entry, entries, legend_of
from viz.nets.plan import Column, arranged
from viz.nets.reckoned import product
from viz.nets.rows import Frame, frames, row
from viz.nets.told import counted, outside
from viz.nets.trails import Trail, notes
from viz.nets.ways import ways
from viz.pools.marks import Drawing, Mark, Run, Words
from viz.pools.notes import wrapped

__all__ = ["LARGEST", "MARGIN", "TooWideError", "board", "figures_in"]

MARGIN = 12.0
LARGEST = 960.0  # points: wider than a slide nothing is drawn
NOTE = 130.0  # points: how wide a note may be
TALL = 250.0  # points: how high the maps of a row may be where the place does not say it
TRIES = 8
NAMED = 6  # layers in a message
FEW = 8  # rows and columns of which there is no need to leave out some


class TooWideError(ValueError):
    """A network that has no room in its place, however small its cells are."""


def board(
    network: Network, columns: Sequence[Column], told: Sequence[Trail], look: Theme, place: Place, legend: bool
) -> Drawing:
    """The picture in a place, its cells as large as they can be there."""
    bare = [column for column in columns if column.field.kind != "bias"]
    for shown in [columns, bare] if len(bare) < len(columns) else [columns]:  # biases give way first
        if drawing := _fitted(network, shown, told, look, place, legend):
            return drawing
    raise TooWideError(_without_room(columns, place))


def _fitted(
    network: Network, columns: Sequence[Column], told: Sequence[Trail], look: Theme, place: Place, legend: bool
) -> Drawing | None:
    """These columns in a place, if they have room there."""
    wide = min(place.width, LARGEST) - 2 * MARGIN
    high = TALL
    for _ in range(TRIES):
        frame = Frame(network, arranged(columns, wide, high), told, look)
        if frame.whole > wide + 0.1:
            return None
        over = _drawing(frame, wide, legend, draft=True).height - (place.height or math.inf)
        if over <= 0:
            return _drawing(frame, wide, legend)
        high = max(column.size[1] for column in frame.columns) - over / len(frame.kinds) - 0.1
    return None


def _without_room(columns: Sequence[Column], place: Place) -> str:
    """What can be shown of a network that is too large."""
    layers = [column for column in columns if column.field.is_layer]
    _, rows, across = max((column.field.shape for column in layers), key=lambda shape: shape[1] * shape[2])
    ways = []
    if len(layers) > 1:
        ways.append(f"some layers with layers=[...] of {_listed([column.field.name for column in layers])}")
    if any(len(column.channels) > 1 for column in columns):
        ways.append("some channels with channels=[0, 1]")
    if max(rows, across) > FEW:
        ways.append(f"a part of each map with crop=(range({-(-rows // 2)}), range({-(-across // 2)}))")
    if place.width < PLACES["slide"].width:
        ways.append("more on a slide with fit='slide'")
    size = f"{place.width / PIXEL:.0f}" + (f"×{place.height / PIXEL:.0f}" if place.height else "")
    told = ", ".join(ways[:-1]) + " or " + ways[-1] if len(ways) > 1 else "".join(ways)
    return f"{len(columns)} maps of layers and weights have no room in {size} pixels: show {told}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED + 1 else ""
    return ", ".join(map(quoted, names[: NAMED if more else None])) + more


def figures_in(drawing: Drawing) -> int:
    """How many cells have room for their figures."""
    return sum(isinstance(mark, Words) and mark.name[:1] in "vsg" and mark.name[1:].isdigit() for mark in drawing.marks)


def _drawing(frame: Frame, wide: float, legend: bool, draft: bool = False) -> Drawing:
    """All of it; a draft has no maps, but is as high."""
    look, net = frame.look, frame.network
    y, size = 0.0, look.value_size + 1
    marks: list[Mark] = []
    for line in wrapped([Run(f"Where does the gradient of {net.name} go?", look.text, True)], size, wide):
        y += LEAD * size
        marks.append(Words("title", 0, y, line, size, start=True))
    rows = []
    for kind in frame.kinds:
        words, y, tops = row(frame, y, kind, draft)
        marks += words
        rows.append(tops)
    under, y = _notes(frame, rows[-1], y)
    marks += under
    if not draft:
        said = [mark.box for mark in marks if isinstance(mark, Words)]
        marks += ways(net, frame.columns, list(zip(rows[0], rows[-1], strict=True)), frame.told, look, said)
        marks += frames(frame, rows)
    sentence = counted(net)
    for line in wrapped([Run(sentence, look.text)], look.small_size + 1, wide):
        y += LEAD * (look.small_size + 1)
        marks.append(Words("told", 0, y, line, look.small_size + 1, start=True))
    if legend:
        meant, y = legend_of(_meaning(frame), look, y + 4, wide)
        marks += meant
    moved = Drawing(wide, y, marks).moved(MARGIN, MARGIN)
    return Drawing(wide + 2 * MARGIN, y + 2 * MARGIN, moved)


def _notes(frame: Frame, tops: Sequence[float], low: float) -> tuple[list[Mark], float]:
    """What is said under each layer's gradient, clear of all maps, and where that ends."""
    size, marks = frame.look.small_size, []
    taken = [Box(c.x - c.gap, top, c.width + c.gap, c.size[1]) for c, top in zip(frame.columns, tops, strict=True)]
    for column, top in zip(frame.columns, tops, strict=True):
        told = [*notes(frame.network, column, frame.told, frame.look)]
        if worked := frame.worked(column):
            told.append([Run(product(worked.slope, worked.arrived, worked.handed), frame.look.text)])
        bottom = top + column.size[1] + 4
        for line in [line for runs in told for line in wrapped(runs, size, max(column.width, NOTE))]:
            half = sum(width_of(run.text, size, run.bold) for run in line) / 2
            middle = min(max(column.x + column.width / 2, half), frame.whole - half)
            box = Box(middle - half - 4, bottom, 2 * half + 8, LEAD * size)
            while under := [b for b in taken if _meet(b, box)]:
                box = replace(box, y=max(b.y + b.height for b in under))
            taken.append(box)
            bottom = box.y + box.height
            marks.append(Words("note", middle, bottom, line, size))
            low = max(low, bottom)
    return list(marks), low + 6


def _meet(one: Box, other: Box) -> bool:
    apart = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not apart and one.y < other.y + other.height and other.y < one.y + one.height


def _meaning(frame: Frame) -> Iterator[Entry]:
    """What the cells mean, and what has no room."""
    net = frame.network
    numbers = [n for column in frame.columns for n in column.field.nodes.values()]
    known: list[tuple[str, float | None]] = [("gradient", net.gradients.get(n)) for n in numbers]
    known += [("value", net.values[n]) for n in numbers]
    shown = [(column.field, column.channels) for column in frame.columns]
    yield from entries([*known, *((kind, 1.0) for kind in net.kinds[:-1])], frame.look, outside(net, shown))
    seen = {id(column.field) for column in frame.columns}
    parts = [[field.kind for field in fields if id(field) in seen] for fields in net.weights.values()]
    biased = [any(field.kind == "bias" for field in fields) for fields in net.weights.values()]
    if any(kinds and has and "bias" not in kinds for kinds, has in zip(parts, biased, strict=True)):
        yield [], "biases: no room"
