"""Two graphs beside each other as a picture: one layout for both where their structure is the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from autodiff.habits.answers import answered
from autodiff.language.notation import writing
from viz.graph.dot import Drawing
from viz.graph.marks import font, legend_label
from viz.graph.paint import Laid, Painter
from viz.ink.text import html
from viz.ink.theme import OWN, Theme
from viz.layout.picture import Picture
from viz.layout.place import Place
from viz.layout.svg import in_both, labelled
from viz.pairs.changes import Changes
from viz.pairs.sheet import Sheet, Size
from viz.pairs.stepped import SteppedPair
from viz.pairs.telling import in_short, sentences
from viz.pairs.ways import Way, Ways, Wish

__all__ = ["Pair"]

SIDES = "before", "after"


class Pair(Picture):
    """Two graphs in one picture; what a caller adds to it is drawn by Graphviz, as all the rest then is."""

    def __init__(
        self,
        changes: Changes,
        titles: tuple[str, str],
        theme: Theme,
        wish: Wish,
        written: str | None = None,
        **digraph: Any,
    ) -> None:
        super().__init__(theme, timeout=wish.timeout, **digraph)
        self.changes = changes
        with writing(wish.figures):
            self.sentences = sentences(changes)
        self.ways = Ways(changes, titles, theme, wish, self.sentences)
        self.described = f"{titles[0]}, {titles[1]}", in_short(self.sentences)
        self.way = self.ways.first()
        if written is None:
            self._write()
        self._written = self.source if written is None else written

    def _copy_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        known = {"changes": self.ways.changes, "titles": self.ways.titles, "wish": self.ways.wish}
        copied = {**super()._copy_kwargs(**kwargs), "theme": self.theme, **known, "written": self._written}
        return {name: one for name, one in copied.items() if name not in ("look", "timeout")}

    @answered
    def step(self, *, theme: str | Theme = "auto", background: str | None = OWN, start: int = 0) -> SteppedPair:
        """A page that steps through both together, under one row of controls; what differs is marked and told.

        Each half computes its own pass, whose gradients begin with 1; a step that one of them lacks is told as
        such. ``theme``, ``background`` and ``start`` are those of :func:`viz.step`. ``ValueError`` for graphs of
        different structure, or of several outputs.

        >>> from autodiff import Value
        >>> from viz import compare
        >>> x, y = Value(3.0, "x"), Value(5.0, "x")
        >>> compare(x * x, y * y).step()
        <Two runs of 2 nodes, stepped together; save(path) writes a page>
        """
        wish = self.ways.wish
        options: dict[str, Any] = {"theme": theme, "background": background, "start": start, "legend": wish.legend}
        options |= {"collapse": wish.collapse, "max_nodes": wish.max_nodes, "timeout": wish.timeout}
        return SteppedPair(self.changes, self.ways.titles, wish.figures, options)

    # As SVG

    @cached_property
    def laid(self) -> tuple[Way, tuple[Laid, Laid]]:
        """All in its place; laid out once more where that has turned out too large to be read."""
        way, place = self.way, self.ways.wish.place
        found = self._lay_out(way)
        way = self.ways.arranged(way, _measured(found))
        if not self.ways.sheet(way, _measured(found)).fits(place):
            other = self.ways.better(way, _measured(found))
            if other != way:
                found = self._lay_out(other)
                way = self.ways.arranged(other, _measured(found))
        return way, found

    def _lay_out(self, way: Way) -> tuple[Laid, Laid]:
        found = [Drawing(*each, plain=True).laid(self.timeout, self.advice) for each in way.styled.layouts]
        return found[0], found[-1]

    @cached_property
    def painters(self) -> tuple[Painter, Painter]:
        """Of both; what stands in the same place in both is painted there, words beside lines too."""
        way, laid = self.laid
        one, other = (Painter(each, [rows]) for each, rows in zip(laid, way.styled.rows, strict=True))
        if way.styled.alike:
            one.labels = other.labels = Painter(laid[1], way.styled.rows).placed
        return one, other

    @cached_property
    def sheet(self) -> Sheet:
        """All of it."""
        return self._sheet(self.ways)

    def _sheet(self, ways: Ways) -> Sheet:
        way, laid = self.laid
        drawn = [painter.in_theme(ways.theme).graph() for painter in self.painters]
        told = [each.replace("<title>", f"<title>{side}_") for each, side in zip(drawn, SIDES, strict=True)]
        return ways.sheet(way, _measured(laid), told)

    def svg(self) -> str:
        """The picture as SVG, without links, scripts or anything that names the machine."""
        if self.source != self._written:
            return super().svg()
        svg = self.sheet.svg()
        if self.theme.dark is not None:
            svg = in_both(svg, self._sheet(replace(self.ways, theme=self.theme.in_the_dark)).svg())
        return labelled(svg, *self.described)

    def _in_width(self, width: float) -> Picture:
        if self.source != self._written or self.sheet.fits(Place(width)):
            return self
        wish = replace(self.ways.wish, place=Place(width))
        return Pair(self.ways.changes, self.ways.titles, self.theme, wish)

    # As DOT

    def _write(self) -> None:
        """Both as groups of one graph, under the names of both, and what is told below."""
        sides, style = self.way.styled, self.way.style
        self.attr(rankdir=style.rankdir, nodesep=f"{style.nodesep:g}", ranksep=f"{style.ranksep:g}", labelloc="b")
        said = "<br/>" + "".join(f'{html(text, limit=999)}<br align="left"/>' for text in self.sentences)
        legend = legend_label(self.ways.entries(sides), self.theme)[1:-1]
        self.attr(label=f"<{legend}{font(said, self.theme.text, self.theme.gradient_size)}>")
        for side, title, shown, rows in zip(SIDES, self.ways.titles, sides.views, sides.rows, strict=True):
            group = Picture(self.theme, dressed=False, name=f"cluster_{side}")
            Drawing(shown, rows, prefix=f"{side}_").write(group, legend=False)
            group.attr(
                label=f"<{font(html(title), self.theme.text, self.theme.value_size)}>",
                labelloc="t",
                color=self.theme.no_path,
            )
            self.subgraph(group)


def _measured(laid: Sequence[Laid]) -> tuple[Size, Size]:
    one, other = ((each.layout.width, each.layout.height) for each in laid)
    return one, other
