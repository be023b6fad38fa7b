"""The picture of a graph at one moment: a Digraph whose SVG is painted by us, with every word clear of every line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from viz.graph.description import described
from viz.graph.dot import Drawing
from viz.graph.ladder import Fit, corrected, readable
from viz.graph.legend import entries
from viz.graph.paint import Painter
from viz.graph.rows import Rows
from viz.graph.sheet import sheet
from viz.graph.view import View
from viz.layout.engines import LayoutUnavailable
from viz.layout.picture import Picture
from viz.layout.place import Place
from viz.layout.svg import in_both, labelled

__all__ = ["Still"]


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
        self.described = described(view, rows)
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
        svg = self._painted(self.painter)
        if self.theme.dark is not None:
            svg = in_both(svg, self._painted(self.painter.in_theme(self.theme.in_the_dark)))
        return labelled(svg, *self.described)

    def _painted(self, painter: Painter) -> str:
        legend = entries(self.drawing.view, painter.rows[0]) if self.has_legend else []
        return sheet(painter, legend, self.fit.place.scale)

    def _in_width(self, width: float) -> Still:
        layout = self.painter.laid.layout
        if self.source != self._written or self.again is None:
            return self
        rows = self.painter.rows[0]
        if readable(entries(self.drawing.view, rows), rows, Place(width), (layout.width, layout.height)):
            return self
        return self.again(Place(width))
