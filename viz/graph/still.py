"""The picture of a graph at one moment: a Digraph whose SVG is painted by us, with every word clear of every line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from viz.graph.description import described
from viz.graph.dot import Drawing
from viz.graph.ladder import Fit, Off, doubted, readable
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
        written: tuple[object, str] | None = None,
        again: Callable[[Place, Off | None], Still] | None = None,
        **digraph: Any,
    ) -> None:
        super().__init__(rows.theme, timeout=timeout, **digraph)
        # ``again`` draws the same for another place, or for this one when it is known how far a sketch was off
        self.fit, self.has_legend, self.again = fit, legend, again
        self.drawing = Drawing(view, rows.in_style(fit.style))
        self.described = described(view, rows)
        # What a caller adds makes a difference to what was dressed and written.
        self._dressed: object = written[0] if written else self._dress_now()
        self._written = written[1] if written else None

    # The DOT text is written when somebody asks for it: what is painted has one of its own.

    @property
    def body(self) -> list[str]:
        """The lines of the DOT text."""
        if self._written is None:
            self._written = ""
            self.drawing.write(self, self.has_legend)
            self._written = "".join(self._lines)
        return self._lines

    @body.setter
    def body(self, lines: list[str]) -> None:
        self._lines = lines

    def _dress_now(self) -> object:
        """All of the DOT text that is not in its body."""
        return [*self.graph_attr.items()], [*self.node_attr.items()], [*self.edge_attr.items()], self.name, self.comment

    @property
    def _is_changed(self) -> bool:
        is_added = self._written is not None and "".join(self._lines) != self._written
        return is_added or self._dress_now() != self._dressed

    def _copy_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        known = {"view": self.drawing.view, "rows": self.drawing.rows, "fit": self.fit, "legend": self.has_legend}
        copied = {**super()._copy_kwargs(**kwargs), **known}  # the body, too, which is written by now
        copied |= {"written": (self._dressed, self._written), "again": self.again}
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
        first = self._measured()
        if self.again is None or self._reads_in(self.fit.place, first):
            return first
        layout, (wide, high) = first.laid.layout, self.fit.size
        off = doubted(self.fit, (layout.width / wide, layout.height / high), bool(layout.clusters))
        other = self.again(self.fit.place, off)
        shown, drawing = other.drawing, self.drawing
        is_same = shown.rows.style == drawing.rows.style and shown.view.boxes() == drawing.view.boxes()
        return first if is_same else other._measured()

    def _measured(self) -> Painter:
        return Painter(self.drawing.plain().laid(self.timeout, self.advice), [self.drawing.rows])

    def _reads_in(self, place: Place, painter: Painter) -> bool:
        """Whether it can be read in a place as it was laid out."""
        view, rows, layout = painter.laid.view, painter.rows[0], painter.laid.layout
        return readable(entries(view, rows), rows, place, (layout.width, layout.height))

    def svg(self) -> str:
        """The picture as SVG, without links, scripts or anything that names the machine."""
        if self._is_changed:
            return super().svg()
        svg = self._painted(self.painter)
        if self.theme.dark is not None:
            svg = in_both(svg, self._painted(self.painter.in_theme(self.theme.in_the_dark)))
        laid = self.painter.laid.view  # where the sketch was wrong, it is another one than that of the DOT
        return labelled(svg, *(self.described if laid is self.drawing.view else described(laid, self.painter.rows[0])))

    def _painted(self, painter: Painter) -> str:
        legend = entries(painter.laid.view, painter.rows[0], self.has_legend)
        return sheet(painter, legend, self.fit.place.scale)

    def _in_width(self, width: float) -> Still:
        if self._is_changed or self.again is None:
            return self
        return self if self._reads_in(Place(width), self.painter) else self.again(Place(width), None)
