"""Where everything stands: what an engine answered as JSON, as boxes, curves and words with the origin at the left top.

Only places are read from the engine: what is written there, and in which colour, painters know better.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from viz.layout import engines

__all__ = ["POINTS_PER_INCH", "Box", "Curve", "Layout", "Place", "Point", "laid_out"]

POINTS_PER_INCH = 72
TITLE = 11.0  # points: how far below the upper side a frame's title stands where the engine does not say

Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where a word stands: the left end of its baseline, its width there, and its size in points."""

    x: float
    y: float
    width: float
    size: float

    @property
    def middle(self) -> float:
        """The middle of the word."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Box:
    """A box or a cluster: left, top, width and height, and the places of its words in the order of writing."""

    x: float
    y: float
    width: float
    height: float
    words: tuple[Place, ...] = ()

    @property
    def middle(self) -> float:
        """Half way between left and right."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class Curve:
    """A line from operand to use: its Bézier points, its arrowhead at the operand's end, and the place of its words."""

    points: tuple[Point, ...]
    head: tuple[Point, ...]
    words: Place | None

    @property
    def tip(self) -> Point:
        """Where the arrowhead touches the operand's box."""
        return self.head[1] if self.head else self.points[0]


@dataclass(frozen=True)
class Layout:
    """The places of everything in a picture of a size, in points: boxes and clusters by name, lines by id."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    clusters: Mapping[str, Box]
    lines: Mapping[str, Curve]

    @property
    def placed(self) -> tuple[Mapping[str, object], ...]:
        """All that has a place."""
        return self.boxes, self.clusters, self.lines


def laid_out(dot_text: str, timeout: float = 30, advice: str = engines.ADVICE, named: Collection[str] = ()) -> Layout:
    """The layout of a graph in the DOT language; errors are those of :func:`viz.layout.engines.layout`.

    Lines without an id, and groups without a frame of their own, have no place in it. An engine that gives no place
    to one of ``named`` (boxes, clusters, ids of lines) gives way to the next one.

    >>> layout = laid_out('digraph { a -> b [id=e dir=back] }', named=["a", "e"])
    >>> list(layout.boxes), list(layout.lines)
    (['a', 'b'], ['e'])
    """

    found = []  # what was read of the answer that is taken is what was read last

    def read(answer: bytes) -> None:
        try:
            layout = _places(json.loads(answer))
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"its JSON is no layout: {type(error).__name__}: {error}") from error
        missing = [name for name in named if not any(name in placed for placed in layout.placed)]
        if missing:
            raise ValueError(f"its layout has no place for {missing[0]}")
        found.append(layout)

    engines.layout(dot_text, "json", timeout=timeout, advice=advice, read=read)
    return found[-1]


def _places(told: Any) -> Layout:
    left, bottom, right, top = _numbers(told["bb"])
    reader = _Reader(left, top)
    things = told.get("objects", ())
    return Layout(
        right - left,
        top - bottom,
        {thing["name"]: reader.box(thing) for thing in things if "pos" in thing},
        {thing["name"]: reader.cluster(thing) for thing in things if "bb" in thing and "nodes" in thing},
        {line["id"]: reader.curve(line) for line in told.get("edges", ()) if "id" in line},
    )


@dataclass(frozen=True)
class _Reader:
    """Graphviz counts y upwards from the bottom."""

    left: float
    top: float

    def point(self, x: float, y: float) -> Point:
        return _finite(x - self.left), _finite(self.top - y)

    def points(self, pairs: Iterable[Sequence[float]]) -> tuple[Point, ...]:
        found = tuple([(x - self.left, self.top - y) for x, y in pairs])
        _finite(sum([x + y for x, y in found]))
        return found

    def box(self, thing: Mapping[str, Any]) -> Box:
        x, y = self.point(*_numbers(thing["pos"]))
        width, height = (float(thing[side]) * POINTS_PER_INCH for side in ("width", "height"))
        return Box(x - width / 2, y - height / 2, width, height, self.words(thing))

    def cluster(self, thing: Mapping[str, Any]) -> Box:
        left, bottom, right, top = _numbers(thing["bb"])
        x, y = self.point(left, top)
        # graphviz-pure leaves a title with a backslash in it out.
        title = self.words(thing) or (Place((left + right) / 2 - self.left, y + TITLE, 0.0, TITLE),)
        return Box(x, y, right - left, top - bottom, title)

    def words(self, thing: Mapping[str, Any]) -> tuple[Place, ...]:
        size, found = 14.0, []
        for act in thing.get("_ldraw_", ()):
            if act["op"] == "F":
                size = float(act["size"])
            elif act["op"] == "T":
                x, y = self.point(*act["pt"])
                shift = {"l": 0.0, "c": act["width"] / 2, "r": act["width"]}[act["align"]]
                found.append(Place(x - shift, y, act["width"], size))
        return tuple(found)

    def curve(self, line: Mapping[str, Any]) -> Curve:
        curves = [act["points"] for act in line.get("_draw_", ()) if act["op"] in "bB"]
        heads = [act["points"] for act in line.get("_tdraw_", ()) if act["op"] in "pP"]
        points = self.points(point for curve in curves for point in curve)
        return Curve(points, self.points(heads[0]) if heads else (), next(iter(self.words(line)), None))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(_finite(float(part)) for part in text.split(","))


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"nothing can stand at {number}")
    return number
