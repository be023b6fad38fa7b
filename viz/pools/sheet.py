"""A drawing as a picture: SVG of our own, and DOT of the same marks for everything that Graphviz draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viz.ink.text import html
from viz.ink.theme import FONT_STACK, Theme
from viz.layout.layout import POINTS_PER_INCH, Point
from viz.layout.picture import Picture
from viz.layout.place import Place
from viz.layout.svg import SVG, element
from viz.pools.marks import ASCENT, CASING, MARGIN, Drawing, Plate, Way, Words

__all__ = ["Sheet", "as_svg"]


class Sheet(Picture):
    """A picture of marks at their places; what a caller adds to it is drawn by Graphviz, as all the rest then is."""

    def __init__(
        self, look: Theme, drawing: Drawing, scale: float = 1.0, written: str | None = None, **digraph: Any
    ) -> None:
        super().__init__(look, fixed=True, **digraph)
        self.drawing, self.scale = drawing, scale
        self.again: Callable[..., Sheet] | None = None  # the same picture, made for another place
        if written is None:
            self.attr("graph", outputorder="nodesfirst", pad=f"{MARGIN / POINTS_PER_INCH:.3f}")
            self.attr("node", shape="box", margin="0")
            for number, mark in enumerate(drawing.marks):
                self._write(number, mark)
        self._written = self.source if written is None else written  # what a caller adds makes a difference

    def _copy_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        known = {"look": self.theme, "drawing": self.drawing, "scale": self.scale, "written": self._written}
        return {**super()._copy_kwargs(**kwargs), **known}

    def _cleaned(self, engine: str | None = None, dpi: float | None = None) -> str:
        """SVG of our own, but for an engine that is asked for by name, or of what a caller has added to."""
        if engine is None and self.source == self._written:
            return as_svg(self.drawing, self.theme, self.scale)
        return super()._cleaned(engine, dpi)

    def _in_width(self, width: float) -> Picture:
        wide = self.drawing.width * self.scale
        if self.again is None or self.source != self._written or wide <= width:
            return self
        try:
            return self.again(fit=Place(width))
        except ValueError:  # there is no room for it: it is shown as large as may be
            return self

    def _write(self, number: int, mark: Plate | Words | Way) -> None:
        if isinstance(mark, Way):
            self._way(number, mark)
        elif isinstance(mark, Plate):
            self._plate(mark.name if number == self._first(mark.name) else f"{mark.name}_{number}", mark)
        else:
            self._words(mark.name if number == self._first(mark.name) else f"{mark.name}_{number}", mark)

    def _first(self, name: str) -> int:
        """Which mark bears a name first: it is the node of that name."""
        firsts: dict[str, int] = self.__dict__.setdefault("_firsts", {})
        if not firsts:
            for number, mark in enumerate(self.drawing.marks):
                firsts.setdefault(mark.name, number)
        return firsts[name]

    def _plate(self, name: str, mark: Plate) -> None:
        box, style = mark.box, [mark.dash] * (mark.dash != "solid") + ["filled"] * bool(mark.fill)
        self.node(
            name,
            label="",
            pos=_place((box.x + box.width / 2, box.y + box.height / 2)),
            shape="circle" if mark.dot else "box",
            width=f"{box.width / POINTS_PER_INCH:.4f}",
            height=f"{box.height / POINTS_PER_INCH:.4f}",
            fixedsize="true",
            color=mark.line or "transparent",
            fillcolor=mark.fill or "transparent",
            penwidth=f"{mark.pen if mark.line else 0:g}",
            style=",".join(style) or "solid",
        )

    def _words(self, name: str, mark: Words) -> None:
        said = [f'<font color="{run.ink}">{_bold(html(run.text, limit=999), run.bold)}</font>' for run in mark.runs]
        middle = mark.x + mark.width / 2 if mark.start else mark.x
        place = _place((middle, mark.y - 0.5 * ASCENT * mark.size + 0.04 * mark.size))
        label = f'<<font point-size="{mark.size:g}">{"".join(said)}</font>>'
        self.node(name, label=label, pos=place, shape="plain")

    def _way(self, number: int, mark: Way) -> None:
        """A line between two points that are not seen."""
        ends = [f"{mark.name}_{number}{end}" for end in "ab"]
        for name, point in zip(ends, (mark.points[0], mark.points[-1]), strict=True):
            self.node(name, label="", pos=_place(point), shape="point", width="0", height="0", style="invis")
        line = " ".join(map(_place, mark.spline))
        if mark.casing:
            look = {"color": mark.casing, "penwidth": f"{mark.pen + CASING:g}", "dir": "none"}
            self.edge(*ends, pos=line, **look)
        look = {"color": mark.ink, "penwidth": f"{mark.pen:g}", "style": mark.dash}
        along = f"e,{_place(mark.points[-1])} {line}" if mark.head else line
        self.edge(*ends, pos=along, **look, dir="forward" if mark.head else "none", arrowsize="0.5")


def as_svg(drawing: Drawing, look: Theme, scale: float = 1.0) -> str:
    """A drawing as a whole SVG, shown ``scale`` times as large as it is."""
    wide, high = drawing.width, drawing.height
    paper = element("path", d=f"M0 0H{wide:g}V{high:g}H0Z", fill=look.paper or "none")
    size = {"width": f"{wide * scale:g}pt", "height": f"{high * scale:g}pt", "viewBox": f"0 0 {wide:g} {high:g}"}
    return element("svg", f"{paper}\n{drawing.svg()}", **size, xmlns=SVG, font_family=FONT_STACK)


def _bold(words: str, bold: bool) -> str:
    return f"<b>{words}</b>" if bold else words


def _place(point: Point) -> str:
    # Graphviz counts y upwards. Adding zero turns a negative zero into a plain one.
    x, y = round(point[0], 2) + 0.0, round(-point[1], 2) + 0.0
    return f"{x:g},{y:g}"
