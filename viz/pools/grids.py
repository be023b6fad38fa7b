"""The grid picture of a pool: which cell won each window, and the gradient on its way back to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autodiff.facts.routes import PoolRoutes
from autodiff.ground.windows import Cell
from autodiff.language.notation import writing
from viz.ink.theme import Theme, theme
from viz.layout.place import LEAST, Place, placed
from viz.pools.description import described
from viz.pools.facts import Facts
from viz.pools.marks import MARGIN, Drawing, Mark, Way, Words
from viz.pools.notes import header, notes
from viz.pools.paint import Painter
from viz.pools.plan import Plan
from viz.pools.sheet import Sheet
from viz.pools.style import Style, ladder

__all__ = ["Framed", "drawing", "framed", "picture", "style_for"]

NARROWEST = 290.0  # points: room for a title
NUMBERED = 24  # rows or columns at most that have numbers


def picture(
    routes: PoolRoutes,
    look: str | Theme = "light",
    legend: bool = True,
    fit: Any = "column",
    windows: Any = None,
    digits: int | None = None,
    ways: Iterable[Cell] = (),
) -> Sheet:
    """The grid picture of a pool: the input with its windows, the outputs, and the gradient on its way back.

    ``look`` is a theme or its name, ``fit`` the place of :func:`viz.draw`, ``windows`` are those that have letters,
    ``ways`` the cells whose ways are in colour over the faded rest.

    >>> from autodiff import Window
    >>> window = Window(0, (0, 0), ((0, 0), (0, 1)), 4.0, 0.5, {(0, 1): 0.5})
    >>> routes = PoolRoutes("max", (1, 2), (1, 2), (0, 0), ((3.0, 4.0),), (1, 1), (window,))
    >>> "max pool 2" in picture(routes).source
    True
    """
    facts, found = Facts(routes, windows, digits, ways), theme(look)
    place = fit if isinstance(fit, Place) else placed(fit)
    style = style_for([facts], found, place, legend)
    shown = _sheet(facts, found, style, place, legend)
    with writing(facts.figures):
        shown.described = described(routes)
    shown.again = partial(picture, routes, found, legend, windows=windows, digits=digits, ways=ways)
    if found.dark is not None:
        shown.follows(_sheet(facts, found.in_the_dark, style, place, legend))
    return shown


def _sheet(facts: Facts, look: Theme, style: Style, place: Place, legend: bool) -> Sheet:
    drawn = drawing(facts, Plan([facts], style, look), look, legend, _limit(place))
    scale = place.scale((drawn.width, drawn.height)) if place.enlarged else 1.0
    return Sheet(look, drawn, scale)


def style_for(told: Sequence[Facts], look: Theme, place: Place, legend: bool = True) -> Style:
    """The form in which a pool can be read in its place: the first on the ladder, or what is largest on a slide."""
    facts = told[0]
    few = max(facts.rows, facts.columns) <= NUMBERED
    steps = ladder(look, facts.rows == 1, len(facts.routes.windows), few)
    best, most = steps[-1], (False, False, 0.0)
    for style in steps:
        plan = Plan(told, style, look)
        scale = place.scale(framed(facts, plan, look, legend, _limit(place)).size)
        if not place.enlarged and scale == 1.0:
            return style
        # On a slide the largest numbers win, and cells without numbers are for what has no room for them.
        readable = scale * min(style.number, look.small_size, plan.letter) >= LEAST
        seen = (readable, readable and not style.pixel, round(scale * (style.pixel or style.number), 1))
        if seen > most:
            best, most = style, seen
    return best


def _limit(place: Place) -> float:
    return place.width if not place.enlarged else math.inf


@dataclass(frozen=True)
class Framed:
    """The words around a picture: above it and below, and what is between."""

    above: list[Mark]
    below: list[Mark]
    top: float
    wide: float
    size: tuple[float, float]


def framed(facts: Facts, plan: Plan, look: Theme, legend: bool = True, limit: float = math.inf) -> Framed:
    """What stands around the blocks of a plan, in a picture that is so wide at most, in points."""
    wide = min(max(plan.size[0], NARROWEST), limit - 2 * MARGIN)
    above, top = header(facts, look, wide)
    below, deep = notes(facts, plan, look, wide, top + plan.size[1] + 12, legend)
    right = max(wide, plan.size[0], *(m.box.x + m.box.width for m in below if isinstance(m, Words)), 0.0)
    return Framed(above, below, top, wide, (right + 2 * MARGIN, deep + 2 * MARGIN))


def drawing(facts: Facts, plan: Plan, look: Theme, legend: bool = True, limit: float = math.inf) -> Drawing:
    """Facts in a plan as a drawing that can be placed anywhere; ``limit`` is how wide it may be, in points."""
    around = framed(facts, plan, look, legend, limit)
    blocks = Drawing(0, 0, Painter(facts, plan, look).marks())
    body = blocks.moved(max(0.0, (around.wide - plan.size[0]) / 2), around.top)
    whole = Drawing(*around.size, [*around.above, *body, *around.below])
    # Ways lie above all else.
    whole.marks = sorted(whole.moved(MARGIN, MARGIN), key=lambda mark: isinstance(mark, Way))
    return whole
