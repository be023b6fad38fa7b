"""Boxes, words and arrows at given places, as a DOT graph that every Graphviz draws the same way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from viz.ink.theme import Theme
from viz.layout.picture import Picture

__all__ = ["Canvas", "Grid", "Point", "route"]


Point = tuple[float, float]
POINTS_PER_INCH = 72
TURN, HEAD = 9.0, 6.0


@dataclass(frozen=True)
class Grid:
    """A grid of equal cells; ``x`` and ``y`` are the left top corner of cell (0, 0), and y grows downwards.

    >>> Grid(0, 0, width=40, height=30, gap_x=10, gap_y=6).centre(1, 1)
    (70.0, 51.0)
    """

    x: float
    y: float
    width: float
    height: float
    gap_x: float
    gap_y: float

    def centre(self, row: int, column: int) -> Point:
        """The middle of a cell, also of one beyond the border."""
        return (
            self.x + column * (self.width + self.gap_x) + self.width / 2,
            self.y + row * (self.height + self.gap_y) + self.height / 2,
        )

    def span(self, first: tuple[int, int], last: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the rectangle from cell ``first`` to cell ``last``."""
        (left, top), (right, bottom) = self.centre(*first), self.centre(*last)
        half_width, half_height = self.width / 2, self.height / 2
        return left - half_width, top - half_height, right + half_width, bottom + half_height


class Canvas:
    """A ``Picture`` on which everything has its place; ``picture`` holds the result."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        self.picture = Picture(theme, fixed=True)
        # Arrows lie under the boxes, so that a number is never crossed out.
        self.picture.attr("graph", outputorder="edgesfirst", pad="0.2")
        self.picture.attr("node", shape="box", margin="0", fontsize="11")

    def box(
        self, name: str, centre: Point, width: float, height: float, label: str = "", *, fill: str | None = None,
        line: str | None = None, pen: float = 1.0, style: str = "",
    ) -> None:  # fmt: skip
        """Draw a box of a fixed size; ``label`` is the inside of an HTML-like label."""
        styles = [part for part in (style, "filled" if fill else "") if part]
        self.picture.node(
            name,
            label=f"<{label}>" if label else "",
            pos=_place(centre),
            width=f"{width / POINTS_PER_INCH:.4f}",
            height=f"{height / POINTS_PER_INCH:.4f}",
            fixedsize="true",
            color=line or self.theme.node_border,
            fillcolor=fill or "transparent",
            penwidth=f"{pen:g}",
            style=",".join(styles) or "solid",
        )

    def words(self, name: str, centre: Point, label: str) -> None:
        """Write an HTML-like label around a point."""
        self.picture.node(name, label=f"<{label}>", pos=_place(centre), shape="plain")

    def arrow(self, tail: str, head: str, points: Iterable[Point], **look: str) -> None:
        """Draw an arrow along a Bézier spline whose last point is the tip of its head."""
        *spline, tip = [_place(point) for point in points]
        self.picture.edge(tail, head, pos=f"e,{tip} {' '.join(spline)}", **look)


def route(start: Point, leave: Point, enter: Point, end: Point) -> list[Point]:
    """The spline of an arrow that turns into a lane, swings over to another lane, and turns into its end.

    ``leave`` and ``enter`` lie on the two lanes: the arrow runs horizontally from ``start`` to ``leave``, bends
    over to ``enter``, and runs horizontally again until it is level with ``end``.
    """
    (x0, y0), (x1, lane), (x2, other), (x3, y3) = start, leave, enter, end
    way = 1 if x2 > x1 else -1
    into = 1 if y3 > other else -1
    middle, near = (x1 + x2) / 2, x3 - way * TURN
    stop = (x3, y3 - into * HEAD)
    turn = [(x0, y0), (x0, lane), (x0, lane), (x0 + way * TURN, lane)]
    swing = [(middle, lane), (middle, other), (x2, other)]
    drop = [(x3, other), (x3, other), stop]
    return [*turn, *_straight(turn[-1], (x1, lane)), *swing, *_straight((x2, other), (near, other)), *drop, end]


def _straight(one: Point, other: Point) -> list[Point]:
    """The three spline points that lead straight from one point to another."""
    (x0, y0), (x1, y1) = one, other
    return [(x0 + (x1 - x0) * part / 3, y0 + (y1 - y0) * part / 3) for part in (1, 2, 3)]


def _place(point: Point) -> str:
    # Graphviz counts y upwards. Adding zero turns a negative zero into a plain one.
    x, y = round(point[0], 2) + 0.0, round(-point[1], 2) + 0.0
    return f"{x:g},{y:g}"
