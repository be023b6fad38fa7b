"""What the inks and lines of a picture mean: only of what is drawn in it, and of all that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from autodiff.facts.words import SENTENCES
from autodiff.language.notation import writing
from viz.graph.constants import constants_of
from viz.graph.look import LINE
from viz.graph.rows import Rows
from viz.graph.view import View
from viz.graph.ways import Ways
from viz.ink.ruler import width_of
from viz.layout.layout import Point

__all__ = ["SAMPLE", "SQUARE", "Arranged", "Entry", "arranged", "entries", "joined"]

BEYOND = "… the graph goes on"
PART = "{} of {} boxes, those nearest the output", "all of them: fit=None, or a larger place"
THROUGH = "through v: what comes where v lets it pass, else 0"
SAMPLE, SQUARE = 26.0, 9.0  # the length of a line in the legend, the side of a box
GAP, LEAD, AWAY = 16.0, 1.5, 4.0  # between entries, in points; between rows, in sizes; from the picture


@dataclass(frozen=True)
class Entry:
    """One entry: its words and ink, and what stands before it: the line of a mark, or the box of a kind ("": none)."""

    text: str
    ink: str
    line: str = ""
    box: str = ""

    def width(self, size: float) -> float:
        """How wide it is, its line or box included."""
        return width_of(self.text, size) + bool(self.line) * (SAMPLE + 4) + bool(self.box) * (SQUARE + 4)


@dataclass(frozen=True)
class Arranged:
    """A picture and its legend: where the left ends of the entries' baselines are, and how large both are together.

    ``left`` is where the picture itself begins.
    """

    entries: tuple[tuple[Entry, float, float], ...]
    size: Point
    left: float = 0.0


def arranged(legend: Sequence[Entry], size: float, picture: Point, scale: Callable[[Point], float]) -> Arranged:
    """The legend below a picture, or beside it where the two are shown larger so; ``scale`` tells how large."""
    if not legend:
        return Arranged((), picture)
    return max(_below(legend, size, picture), _right(legend, size, picture), key=lambda found: scale(found.size))


def _below(legend: Sequence[Entry], size: float, picture: Point) -> Arranged:
    """In rows that are as wide as the picture."""
    wide = max(picture[0], *(entry.width(size) for entry in legend), 0.0)
    x, y, found = 0.0, picture[1] + AWAY, []
    for entry in legend:
        if x and x + entry.width(size) > wide:
            x, y = 0.0, y + LEAD * size
        found.append((entry, x, y + size))
        x += entry.width(size) + GAP
    return Arranged(tuple(found), (wide, y + LEAD * size), (wide - picture[0]) / 2)


def _right(legend: Sequence[Entry], size: float, picture: Point) -> Arranged:
    """One below the other, to the right."""
    left = picture[0] + GAP
    found = tuple((entry, left, (1 + LEAD * row) * size) for row, entry in enumerate(legend))
    return Arranged(
        found, (left + max(entry.width(size) for entry in legend), max(picture[1], LEAD * size * len(legend)))
    )


def entries(view: View, rows: Rows, legend: bool = True) -> list[Entry]:
    """The legend of the shown part of a graph, empty where every number is left blank; and how large a part it is.

    Without a ``legend`` only that is said.
    """
    part = [Entry(text.format(view.boxes(), view.whole), rows.theme.text) for text in PART if view.whole]
    return [*(_meanings(view, rows) if legend else []), *part]


def _meanings(view: View, rows: Rows) -> list[Entry]:
    theme, snapshot = rows.theme, rows.snapshot
    if snapshot is None:
        return []
    found = [*_kinds(view, rows), Entry("value", theme.value)]
    if rows.gradients or rows.looks.derivatives:
        found.append(Entry("gradient", theme.gradient))
    through = [Entry(THROUGH, theme.muted)] * bool(not rows.gradients and view.left_out)
    if view.ways is not None:
        return found + (_ways(view.ways, rows) if rows.gradients else through)
    lines = (line for (a, b), uses in view.edges().items() for line in view.lines(a, b, uses))
    marks = {mark for line in lines for mark in rows.looks.line_marks(line)}
    for mark, text in (("positive", "positive"), ("negative", "negative"), ("refused", SENTENCES["no path"])):
        if mark in marks:
            found.append(Entry(text, theme.colour(LINE[mark].label or "muted"), mark))
    if not rows.gradients:
        return found + through
    boxes = {*view.numbers} - {*view.hidden_in} - {*constants_of(view.graph)}
    if any(snapshot.gradients[number] is None for number in boxes):
        found.append(Entry("– gradient not computed", theme.not_computed))
    if note := _note(rows):
        found.append(Entry(note, theme.muted))
    return found + [Entry(BEYOND, theme.muted)] * any(map(len, view.cut()))


def joined(view: View, moments: Iterable[Rows], legend: bool = True) -> list[Entry]:
    """The legend of several moments, the last one first; only then it is known what is multiplied along a way."""
    if view.ways is not None:
        moments = islice(moments, 1)
    return list(dict.fromkeys(entry for rows in moments for entry in entries(view, rows, legend)))


def _kinds(view: View, rows: Rows) -> Iterator[Entry]:
    """Which leaf is an input and which a parameter, and what a constant is, where the theme tells them apart."""
    theme, shown = rows.theme, [view.graph.nodes[n] for n in view.numbers if n not in view.hidden_in]
    marks = {mark for node in shown if node.op is None for mark in rows.looks.box_marks((node.number,), node.number)}
    if "parameter" in marks and (theme.tells_apart("parameter_fill") or theme.tells_apart("parameter_border")):
        inputs = any(node.op is None and node.scope is None for node in shown)
        yield from [Entry("input", theme.text, box="leaf")] * inputs
        yield Entry("parameter", theme.text, box="parameter")
    if "constant" in marks:
        yield Entry("constant", theme.colour("constant"), box="constant")
    elif theme.tells_apart("constant") and any(isinstance(arg, float) for node in shown for arg in node.args):
        yield Entry("constant", theme.colour("constant"))


def _ways(ways: Ways, rows: Rows) -> list[Entry]:
    """The ways in colour over the rest, what is multiplied along each, and what dashes and dots say of them."""
    theme = rows.theme
    assert rows.snapshot is not None
    with writing(rows.figures):
        told = list(ways.told(rows.snapshot, rows.labels))
    found = [
        Entry(text, theme.text) if way is None else Entry(text, theme.colour(f"way_{way}"), f"way {way}")
        for text, way in told
    ]
    found += [Entry("several ways", theme.text, "ways")] * any(len(over) > 1 for over in ways.over.values())
    marks = {mark for edge in ways.over for mark in rows.looks.line_marks([edge])}
    found += [Entry("dashed: negative", theme.muted)] * ("negative" in marks)
    return found + [Entry(f"dotted: {SENTENCES['no path']}", theme.muted)] * ("refused" in marks)


def _note(rows: Rows) -> str:
    """What was left out to fit."""
    if rows.snapshot is None or not any(flow.contribution is not None for flow in rows.snapshot.flows.values()):
        return ""
    return {
        "full": "",
        "short": "at a line: what it contributes",
        "needed": "at a line: what it contributes, where several meet",
    }[rows.style.detail]
