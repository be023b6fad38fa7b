"""Two panels beside or below each other, what they are called, and what is told of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

from viz.ink.ruler import lines_of, width_of
from viz.ink.theme import FONT_STACK, Theme
from viz.layout.place import LEAST, Place
from viz.layout.svg import SVG, element

__all__ = ["Panel", "Sheet", "Size"]

MARGIN, APART, LEAD = 8.0, 24.0, 1.35  # around all, between the panels; between lines of words, in sizes
BEFORE_LEGEND = 3.0  # points
NARROWEST = 200.0  # points: narrower than this no sentence is set


Size = tuple[float, float]


@dataclass(frozen=True)
class Panel:
    """One of two pictures: what it is called, its size in points, and how it is drawn."""

    title: str
    size: Size
    drawn: str = ""


@dataclass(frozen=True)
class Sheet:
    """All of it: two panels, or one, sentences, and a legend."""

    panels: Sequence[Panel]
    sentences: Sequence[str]
    theme: Theme
    legend: Sequence[tuple[float, str]] = ()  # the width of each entry, and its drawing with its baseline at 0
    beside: bool = True
    aside: bool = False  # whether the words stand beside the panels, not below them

    @property
    def title_size(self) -> float:
        """Of the names of the panels, in points."""
        return self.theme.value_size

    @property
    def told_size(self) -> float:
        """Of the sentences, in points."""
        return self.theme.gradient_size

    @property
    def head(self) -> float:
        """How much stands above a panel, in points; the name of one that is alone may stand above the words."""
        return 0.0 if self._titled_aside else 1.75 * self.title_size

    @property
    def _titled_aside(self) -> bool:
        return self.aside and len(self.panels) == 1

    @cached_property
    def widths(self) -> list[float]:
        """How wide each panel is, its title included."""
        titles = [0.0 if self._titled_aside else self._wide(panel) for panel in self.panels]
        return [max(panel.size[0], wide) for panel, wide in zip(self.panels, titles, strict=True)]

    def _wide(self, panel: Panel) -> float:
        return width_of(panel.title, self.title_size, bold=True)

    @cached_property
    def inner(self) -> float:
        """How wide all is but for the margin."""
        wide = sum(self.widths) + APART * (len(self.panels) - 1) if self.beside else max(self.widths)
        return max(wide, 0.0 if self.aside else self._column)

    @property
    def _column(self) -> float:
        """How wide the words are at least."""
        return max(NARROWEST, *(entry for entry, _ in self.legend), self._wide(self.panels[0]) * self._titled_aside)

    @property
    def _told(self) -> tuple[float, float, float]:
        """Where the words begin, left and above, and how wide they are."""
        if self.aside:
            return MARGIN + self.inner + APART, MARGIN + 1.75 * self.title_size * self._titled_aside, self._column
        return MARGIN, self.foot, self.inner

    @cached_property
    def places(self) -> list[Size]:
        """Where the panels begin: their left and upper ends."""
        x, y, found = MARGIN, MARGIN + self.head, list[Size]()
        spare = (self.inner - sum(self.widths)) / len(self.panels) if self.beside else 0.0
        for panel, wide in zip(self.panels, self.widths, strict=True):
            found.append((x, y))
            x, y = (x + wide + max(spare, APART), y) if self.beside else (x, y + panel.size[1] + APART / 2 + self.head)
        return found

    @cached_property
    def foot(self) -> float:
        """Where the words below begin; beside words, where the panels end."""
        ends = (y + panel.size[1] for (_, y), panel in zip(self.places, self.panels, strict=True))
        return max(ends) + (0.0 if self.aside else 6.0)

    @cached_property
    def lines(self) -> list[str]:
        """The sentences, in lines."""
        return [line for text in self.sentences for line in lines_of(text, self.told_size, self._told[2])]

    @cached_property
    def rows(self) -> list[list[tuple[float, str]]]:
        """The entries of the legend with their left ends, in rows."""
        found: list[list[tuple[float, str]]] = []
        x = room = self._told[2]
        for wide, drawn in self.legend:
            if not found or x + wide > room:
                found.append([])
                x = 0.0
            found[-1].append((x, drawn))
            x += wide + 16.0
        return found

    @cached_property
    def size(self) -> tuple[float, float]:
        """Of all, in points."""
        words = LEAD * self.told_size * len(self.lines) + 1.5 * self.theme.small_size * len(self.rows) + BEFORE_LEGEND
        left, top, wide = self._told
        return left + wide + MARGIN, max(self.foot, top + words) + MARGIN

    def fits(self, place: Place) -> bool:
        """Whether the smallest words can be read in a place."""
        theme = self.theme
        least = min(theme.small_size, theme.name_size, theme.gradient_size)
        return place.scale(self.size) * least >= LEAST - 1e-9

    def svg(self) -> str:
        """All of it as SVG."""
        wide, high = self.size
        parts = []
        if self.theme.paper:
            parts.append(element("path", d=f"M0 0H{wide:g}V{high:g}H0Z", fill=self.theme.paper))
        parts += self._between()
        sides = ("before", "after")[-len(self.panels) :]
        for (x, y), panel, side in zip(self.places, self.panels, sides, strict=True):
            look = {"font_weight": "bold", "fill": self.theme.text}
            size = self.title_size
            at = (self._told[0], MARGIN + size) if self._titled_aside else (x, y - 0.65 * size)
            parts.append(element("text", escape(panel.title), x=at[0], y=at[1], font_size=size, **look))
            parts.append(element("g", panel.drawn, class_=side, transform=f"translate({x:g} {y:g})"))
        parts += self._words()
        box = {"width": f"{wide:g}pt", "height": f"{high:g}pt", "viewBox": f"0 0 {wide:g} {high:g}"}
        return element("svg", "\n".join(parts), **box, xmlns=SVG, font_family=FONT_STACK)

    def _between(self) -> Iterable[str]:
        """A hairline between the panels."""
        for x, y in self.places[1:]:
            level = y - self.head - APART / 4
            across, down = (
                f"M{MARGIN:g},{level:g}H{MARGIN + self.inner:g}",
                f"M{x - APART / 2:g},{MARGIN:g}V{self.foot:g}",
            )
            line = down if self.beside else across
            yield element("path", d=line, stroke=self.theme.no_path, stroke_width=0.75)

    def _words(self) -> Iterable[str]:
        (left, y, _), ink = self._told, self.theme.text
        for line in self.lines:
            y += LEAD * self.told_size
            yield element("text", escape(line), x=left, y=y, font_size=self.told_size, fill=ink, class_="told")
        y += BEFORE_LEGEND
        for row in self.rows:
            y += 1.5 * self.theme.small_size
            for x, drawn in row:
                yield element("g", drawn, class_="legend", transform=f"translate({left + x:g} {y:g})")
