"""What a grid picture is made of: plates, words and ways at their places, in points, y growing downwards.

One list of them is written as SVG and as DOT; ways lie above all else, and none of them meets a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from viz.ink.ruler import width_of
from viz.ink.theme import DASHES
from viz.layout.layout import Box, Point
from viz.layout.svg import element

__all__ = ["ASCENT", "CASING", "HEAD", "MARGIN", "Drawing", "Mark", "Plate", "Run", "Way", "Words", "bends"]

ASCENT = 0.72  # the height of a figure or a capital, as a share of its size
MARGIN = 8.0  # points around a drawing
HEAD = 6.0  # points: the length of an arrowhead
CASING = 1.2  # points: how much wider than a way its casing is
BEND = 4.0  # points: how far from a corner a way begins to turn


@dataclass(frozen=True)
class Run:
    """Words of one look."""

    text: str
    ink: str
    bold: bool = False


@dataclass(frozen=True)
class Words:
    """A line of words: ``x`` is its middle, or its left end if ``start``; ``y`` its baseline."""

    name: str
    x: float
    y: float
    runs: tuple[Run, ...]
    size: float
    start: bool = False

    @property
    def width(self) -> float:
        """In points."""
        return sum(width_of(run.text, self.size, run.bold) for run in self.runs)

    @property
    def box(self) -> Box:
        """Where its ink is."""
        left = self.x if self.start else self.x - self.width / 2
        return Box(left, self.y - ASCENT * self.size, self.width, ASCENT * self.size)

    def svg(self) -> str:
        """As SVG."""
        anchor = None if self.start else "middle"
        look: dict[str, Any] = {"x": self.x, "y": self.y, "font_size": self.size, "text_anchor": anchor}
        if len(self.runs) == 1:
            (run,) = self.runs
            return element("text", escape(run.text), **look, fill=run.ink, font_weight="bold" if run.bold else None)
        spans = [
            element("tspan", escape(r.text), fill=r.ink, font_weight="bold" if r.bold else None) for r in self.runs
        ]
        return element("text", "".join(spans), **look)


@dataclass(frozen=True)
class Plate:
    """A rectangle, or a ``dot`` in it."""

    name: str
    box: Box
    fill: str | None = None
    line: str | None = None
    pen: float = 1.0
    dash: str = "solid"
    dot: bool = False
    data: str | None = None  # the number that it stands for, in full

    def svg(self) -> str:
        """As SVG."""
        x, y, wide, high = self.box.x, self.box.y, self.box.width, self.box.height
        if self.dot:
            return element("circle", cx=x + wide / 2, cy=y + high / 2, r=wide / 2, fill=self.fill)
        pen: dict[str, Any] = {
            "stroke": self.line,
            "stroke_width": self.pen if self.line else None,
            "stroke_dasharray": _dashes(self.dash),
        }
        return element("rect", x=x, y=y, width=wide, height=high, fill=self.fill or "none", data_value=self.data, **pen)


@dataclass(frozen=True)
class Way:
    """A line along points, with round corners; ``head`` says that it ends in an arrowhead, ``casing`` lies under it."""

    name: str
    points: tuple[Point, ...]
    ink: str
    pen: float = 1.5
    dash: str = "solid"
    head: bool = False
    casing: str | None = None

    @property
    def spline(self) -> list[Point]:
        """Its Bézier points, up to its head."""
        *points, end = self.points
        return bends([*points, toward(end, points[-1], HEAD - 1) if self.head else end])

    def svg(self) -> str:
        """As SVG."""
        first, *pieces = self.spline
        data = f"M{_at(first)}" + "".join(
            f"C{_at(a)} {_at(b)} {_at(c)}" for a, b, c in zip(*[iter(pieces)] * 3, strict=True)
        )
        look = {"d": data, "fill": "none"}
        parts = [element("path", **look, stroke=self.casing, stroke_width=self.pen + CASING)] if self.casing else []
        parts.append(
            element("path", **look, stroke=self.ink, stroke_width=self.pen, stroke_dasharray=_dashes(self.dash))
        )
        if self.head:
            tip, (x, y) = self.points[-1], toward(self.points[-1], self.points[-2], HEAD)
            half = 0.4 * HEAD + self.pen / 4
            length = HEAD or 1.0
            across = (y - tip[1]) / length * half, (tip[0] - x) / length * half
            corners = (tip, (x + across[0], y + across[1]), (x - across[0], y - across[1]))
            parts.append(element("polygon", points=" ".join(map(_at, corners)), fill=self.ink))
        return "".join(parts)


Mark = Words | Plate | Way


@dataclass
class Drawing:
    """Marks on a sheet of a size."""

    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    def moved(self, right: float, down: float) -> list[Mark]:
        """Its marks at another place."""
        return [_moved(mark, right, down) for mark in self.marks]

    def svg(self) -> str:
        """The marks as SVG, in groups that bear their names."""
        named: dict[tuple[bool, str], list[str]] = {}
        for mark in self.marks:
            named.setdefault((isinstance(mark, Way), mark.name), []).append(mark.svg())
        groups = [
            (way, name, parts) for way in (False, True) for (is_way, name), parts in named.items() if is_way is way
        ]
        return "\n".join(
            element("g", "".join(p), class_="edge" if way else "node", data_name=name) for way, name, p in groups
        )


def bends(points: Sequence[Point]) -> list[Point]:
    """The Bézier points of a way through ``points``, straight but for its round corners.

    >>> bends([(0, 0), (9, 0)])
    [(0, 0), (3.0, 0.0), (6.0, 0.0), (9, 0)]
    """
    found = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        into, out = toward(corner, before, BEND), toward(corner, after, BEND)
        found += [*_straight(found[-1], into), _part(into, corner, 0.6), _part(out, corner, 0.6), out]
    return [*found, *_straight(found[-1], points[-1])]


def toward(point: Point, other: Point, far: float) -> Point:
    """So far from a point on the way to another, and at most half of that way."""
    (x, y), (a, b) = point, other
    length = ((a - x) ** 2 + (b - y) ** 2) ** 0.5
    return _part(point, other, min(far / length, 0.5)) if length else point


def _straight(one: Point, other: Point) -> Iterator[Point]:
    yield from (_part(one, other, 1 / 3), _part(one, other, 2 / 3), other)


def _part(one: Point, other: Point, share: float) -> Point:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _moved(mark: Mark, right: float, down: float) -> Mark:
    if isinstance(mark, Words):
        return replace(mark, x=mark.x + right, y=mark.y + down)
    if isinstance(mark, Plate):
        return replace(mark, box=Box(mark.box.x + right, mark.box.y + down, mark.box.width, mark.box.height))
    return replace(mark, points=tuple((x + right, y + down) for x, y in mark.points))


def _dashes(dash: str) -> str | None:
    return ",".join(f"{length:g}" for length in DASHES[dash]) or None


def _at(point: Point) -> str:
    return f"{round(point[0], 2) + 0.0:g},{round(point[1], 2) + 0.0:g}"
