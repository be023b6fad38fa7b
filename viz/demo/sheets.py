"""Grids of numbers side by side as SVG, drawn without any layout engine: a digit, its convolution, its relu."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from autodiff.language.notation import writing
from viz.demo.digits import digit
from viz.demo.network import KERNEL, convolved, grid_of
from viz.ink.figures import figured
from viz.ink.ruler import width_of
from viz.ink.theme import FONT_STACK, Theme, blend, numeral
from viz.layout.svg import SVG, element
from viz.pools.heat import Heat

__all__ = ["Panel", "digit_sheet", "sheet"]

Numbers = Sequence[Sequence["float | None"]]

HIGH, GAP, MARGIN, TITLE = 30.0, 34.0, 14.0, 46.0
SIZE, SMALL, LOUD = 12.0, 11.0, 14.0  # of the numbers, of what stands below a title, of a title


class Panel(NamedTuple):
    """A grid with its title and a line below that; ``ramp`` paints the numbers. None is a cell without a number."""

    title: str
    line: str
    numbers: Numbers
    ramp: tuple[str, ...]


def digit_sheet(which: int, look: Theme) -> str:
    """A handwritten digit, its convolution, and relu of that."""
    sums = [[total.data for total in row] for row in convolved(grid_of(digit(which), "x"), grid_of(KERNEL, "w"))]
    with writing(figured([])):
        weights = " / ".join(" ".join(map(numeral, row)) for row in KERNEL)
    ramp = look.value_ramp
    return sheet(
        [
            Panel(
                f"digit {which}", "8×8 pixels, from 0 (paper) to 1 (ink)", digit(which), (look.background, look.text)
            ),
            Panel("convolution", f"with {weights}: horizontal strokes", sums, ramp),
            Panel("relu", "what is below 0 becomes 0", [[max(x, 0.0) for x in row] for row in sums], ramp),
        ],
        look,
    )


def sheet(panels: Sequence[Panel], look: Theme) -> str:
    """The panels from left to right.

    >>> from viz.ink.theme import LIGHT
    >>> sheet([Panel("a grid", "", [[1.0, None]], LIGHT.value_ramp)], LIGHT)[:4]
    '<svg'
    """
    with writing(figured(x for panel in panels for row in panel.numbers for x in row)):
        return _sheet(panels, look)


def _sheet(panels: Sequence[Panel], look: Theme) -> str:
    parts, left, high = [], MARGIN, 0.0
    for panel in panels:
        wide = _cell_width(panel.numbers)
        across = wide * max(map(len, panel.numbers))
        parts.append(_panel(panel, look, left, wide))
        left += max(across, width_of(panel.title, LOUD), width_of(panel.line, SMALL)) + GAP
        high = max(high, TITLE + HIGH * len(panel.numbers) + 2 * MARGIN)
    width = left - GAP + MARGIN
    paper = element("rect", x=0.0, y=0.0, width=width, height=high, fill=look.background)
    title = element("title", escape(", ".join(panel.title for panel in panels)))
    size = {"width": f"{width:g}", "height": f"{high:g}", "viewBox": f"0 0 {width:g} {high:g}"}
    content = title + paper + "".join(parts)
    return element("svg", content, **size, xmlns=SVG, role="img", font_family=FONT_STACK)


def _cell_width(numbers: Numbers) -> float:
    return max(36.0, *(width_of(numeral(x), SIZE) + 14 for row in numbers for x in row if x is not None), 0.0)


def _panel(panel: Panel, look: Theme, left: float, wide: float) -> str:
    heat = Heat(x for row in panel.numbers for x in row if x is not None)
    parts = [
        element(
            "text", escape(panel.title), x=left, y=MARGIN + LOUD, font_size=LOUD, font_weight="bold", fill=look.text
        ),
        element("text", escape(panel.line), x=left, y=MARGIN + LOUD + 17, font_size=SMALL, fill=look.muted),
    ]
    for r, row in enumerate(panel.numbers):
        for c, x in enumerate(row):
            parts.append(_cell(x, heat, panel, look, (left + c * wide, MARGIN + TITLE + r * HIGH, wide)))
    return "".join(parts)


def _cell(x: float | None, heat: Heat, panel: Panel, look: Theme, place: tuple[float, float, float]) -> str:
    left, top, wide = place
    fill = look.lost_fill if x is None else look.leaf_fill if x != x else blend(panel.ramp, heat(x))
    box = element("rect", x=left, y=top, width=wide, height=HIGH, fill=fill, stroke=look.background)
    if x is None:
        return box
    middle, line = left + wide / 2, top + HIGH / 2 + SIZE / 3
    ink = look.ink(fill)
    return box + element("text", numeral(x), x=middle, y=line, fill=ink, font_size=SIZE, text_anchor="middle")
