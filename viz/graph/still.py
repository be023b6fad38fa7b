"""The picture of a graph at one moment: a Digraph whose SVG is painted by us, with every word clear of every line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from html import escape
from typing import Any

from viz.graph.dot import Drawing
from viz.graph.ladder import Fit, corrected, readable
from viz.graph.legend import SAMPLE, Entry, arranged, entries
from viz.graph.look import LINE
from viz.graph.paint import Painter
from viz.graph.rows import Rows
from viz.graph.view import View
from viz.ink.theme import DASHES, FONT_STACK
from viz.layout.engines import LayoutUnavailable
from viz.layout.picture import Picture
from viz.layout.place import Place
from viz.layout.svg import SVG, element

__all__ = ["Still"]

MARGIN = 4.0


class Still(Picture):
    """A picture of a graph; what a caller adds to it is drawn by Graphviz, as all the rest then is."""

    def __init__(
        self,
        view: View,
        rows: Rows,
        fit: Fit,
        legend: bool = True,
        timeout: float = 30,
        written: str | None = None,
        again: Callable[[Place], Still] | None = None,
        **digraph: Any,
    ) -> None:
        super().__init__(rows.theme, timeout=timeout, **digraph)
        self.fit, self.has_legend, self.again = fit, legend, again  # ``again`` draws the same for another place
        self.drawing = Drawing(view, rows.in_style(fit.style))
        if written is None:
            self.drawing.write(self, legend)
        self._written = self.source if written is None else written  # what a caller adds makes a difference

    def _copy_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        known = {"view": self.drawing.view, "rows": self.drawing.rows, "fit": self.fit, "legend": self.has_legend}
        copied = {**super()._copy_kwargs(**kwargs), **known, "written": self._written, "again": self.again}
        return {name: one for name, one in copied.items() if name != "look"}

    @cached_property
    def painter(self) -> Painter:
        """All in its place: laid out once, and once more where that has turned out too large to be read."""
        try:
            return self._laid_out_to_fit()
        except LayoutUnavailable as error:
            error.dot = self.source  # what is in hand all the same is the picture, not what was to be measured
            raise

    def _laid_out_to_fit(self) -> Painter:
        view, rows = self.drawing.view, self.drawing.rows
        laid = self.drawing.plain().laid(self.timeout, self.advice)
        size = laid.layout.width, laid.layout.height
        if not readable(entries(view, rows), rows, self.fit.place, size):
            style = corrected(view, rows, self.fit, size)
            if style != rows.style:
                rows = rows.in_style(style)
                laid = Drawing(view, rows, plain=True).laid(self.timeout, self.advice)
        return Painter(laid, [rows])

    def svg(self) -> str:
        """The picture as SVG, without links, scripts or anything that names the machine."""
        if self.source != self._written:
            return super().svg()
        layout, edge = self.painter.laid.layout, 2 * MARGIN
        scale = self.fit.place.scale
        whole = arranged(self._entries(), self.theme.small_size, (layout.width, layout.height), scale)
        wide, high = whole.size[0] + edge, whole.size[1] + edge
        paper = element("path", d=f"M0 0H{wide:g}V{high:g}H0Z", fill=self.theme.background)
        at = f"translate({MARGIN + whole.left:g} {MARGIN:g})"
        graph = element("g", self.painter.graph(), class_="graph", transform=at)
        words = "".join(part for entry, x, y in whole.entries for part in self._entry(entry, x, y))
        legend = element("g", words, class_="legend", transform=f"translate({MARGIN:g} {MARGIN:g})")
        size = {"width": f"{wide:g}pt", "height": f"{high:g}pt", "viewBox": f"0 0 {wide:g} {high:g}"}
        return element("svg", "\n".join([paper, graph, legend]), **size, xmlns=SVG, font_family=FONT_STACK)

    def _in_width(self, width: float) -> Picture:
        layout = self.painter.laid.layout
        if self.source != self._written or self.again is None:
            return self
        rows = self.painter.rows[0]
        if readable(entries(self.drawing.view, rows), rows, Place(width), (layout.width, layout.height)):
            return self
        return self.again(Place(width))

    def _entries(self) -> list[Entry]:
        return entries(self.drawing.view, self.painter.rows[0]) if self.has_legend else []

    def _entry(self, entry: Entry, x: float, y: float) -> list[str]:
        theme, size, parts = self.theme, self.theme.small_size, []
        if entry.line:
            look = LINE[entry.line]
            ink, dash = theme.colour(look.ink or "muted"), DASHES[theme.style(look.dash or "solid")]
            level = y - 0.35 * size
            dashes = ",".join(f"{part:g}" for part in dash) or None
            line = f"M{x + 6 * (look.head == 'back'):g},{level:g}H{x + SAMPLE:g}"
            parts.append(element("path", d=line, stroke=ink, stroke_width=1.5, stroke_dasharray=dashes))
            if look.head == "back":
                points = f"{x:g},{level:g} {x + 7:g},{level - 3:g} {x + 7:g},{level + 3:g}"
                parts.append(element("polygon", points=points, fill=ink))
            x += SAMPLE + 4
        return [*parts, element("text", escape(entry.text), x=x, y=y, font_size=size, fill=entry.ink)]
