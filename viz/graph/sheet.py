"""A painted graph on its paper: its legend beside or below it, and room for words at the foot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from viz.graph.legend import SAMPLE, SQUARE, Entry, arranged
from viz.graph.look import BOX, LINE
from viz.graph.paint import Painter
from viz.ink.theme import DASHES, FONT_STACK, Theme
from viz.layout.layout import Point
from viz.layout.place import LEAST
from viz.layout.svg import SVG, element

__all__ = ["MARGIN", "NO_ROOM", "TOO_LARGE", "Foot", "sample", "sheet"]

MARGIN = 4.0
NO_ROOM = "words without room are left out"
TOO_LARGE = "Too large for its place to be read there: enlarge it, or show a part by around= or collapse="


@dataclass(frozen=True)
class Foot:
    """What stands below: so high, at least so wide, and the markup of it given the left and the top of its room."""

    high: float = 0.0
    least: float = 0.0
    words: Callable[[float, float], str] = lambda left, top: ""


def sheet(painter: Painter, legend: Sequence[Entry], scale: Callable[[Point], float], foot: Foot | None = None) -> str:
    """The SVG of a picture; ``scale`` tells how large one of a size is shown, so that its legend lies where it may."""
    theme, layout, foot = painter.theme, painter.laid.layout, foot or Foot()
    if legend and painter.leaves_out:
        legend = [*legend, Entry(NO_ROOM, theme.muted)]
    whole = arranged(legend, theme.small_size, (layout.width, layout.height), scale)
    wide, tall = max(whole.size[0] + 2 * MARGIN, foot.least), whole.size[1] + 2 * MARGIN
    left, high = (wide - whole.size[0]) / 2, tall + foot.high
    warning, shown = "", scale((wide, high))
    if shown * min(theme.small_size, theme.name_size, theme.gradient_size) < LEAST - 1e-9:
        # Nothing else can be read there: this is, with some room for what it takes itself.
        large = 1.1 * LEAST / shown
        at = {"x": f"{2 * MARGIN:g}", "y": f"{high + large:g}", "font_size": f"{large:.2f}"}
        warning, high = element("text", escape(TOO_LARGE), fill=theme.text, **at), high + 1.6 * large
    paper = element("path", d=f"M0 0H{wide:g}V{high:g}H0Z", fill=theme.paper or "none")
    graph = element("g", painter.graph(), class_="graph", transform=f"translate({left + whole.left:g} {MARGIN:g})")
    entries = "".join(sample(entry, theme, x, y) for entry, x, y in whole.entries)
    below = element("g", entries, class_="legend", transform=f"translate({left:g} {MARGIN:g})")
    parts = [paper, graph, below, foot.words(min(left, 2 * MARGIN), tall), warning]
    size = {"width": f"{wide:g}pt", "height": f"{high:g}pt", "viewBox": f"0 0 {wide:g} {high:g}"}
    return element("svg", "\n".join(filter(None, parts)), **size, xmlns=SVG, font_family=FONT_STACK)


def sample(entry: Entry, theme: Theme, x: float = 0.0, y: float = 0.0) -> str:
    """An entry of a legend, whose baseline begins at a point."""
    size, parts = theme.small_size, []
    if entry.line:
        look = LINE[entry.line]
        ink, dash = theme.colour(look.ink) if look.ink else entry.ink, DASHES[theme.style(look.dash or "solid")]
        level = y - 0.35 * size
        dashes = ",".join(f"{part:g}" for part in dash) or None
        line = f"M{x + 6 * (look.head == 'back'):g},{level:g}H{x + SAMPLE:g}"
        parts.append(element("path", d=line, stroke=ink, stroke_width=1.5, stroke_dasharray=dashes))
        if look.head == "back":
            points = f"{x:g},{level:g} {x + 7:g},{level - 3:g} {x + 7:g},{level + 3:g}"
            parts.append(element("polygon", points=points, fill=ink))
        x += SAMPLE + 4
    if entry.box:
        fill, ink = (theme.colour(part or "muted") for part in (BOX[entry.box].fill, BOX[entry.box].ink))
        top, box = y - SQUARE + 1, {"fill": fill, "stroke": ink}
        parts.append(element("rect", x=x, y=top, width=SQUARE, height=SQUARE, rx=2.0, stroke_width=1.4, **box))
        x += SQUARE + 4
    return "".join([*parts, element("text", escape(entry.text), x=x, y=y, font_size=size, fill=entry.ink)])
