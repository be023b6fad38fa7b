"""The words around a grid picture: its title, sums written out, and the legend of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from autodiff.facts.routes import Window
from viz.ink.ruler import width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.pools.facts import Facts, Sum
from viz.pools.heat import SHADES, colour_of, shade
from viz.pools.marks import ASCENT, Mark, Plate, Run, Way, Words
from viz.pools.plan import Plan

__all__ = ["header", "legend_marks", "legend_of", "notes", "wrapped"]

SUMS = 4  # written out; more are counted
LEAD = 1.35  # from line to line, in sizes
SAMPLE, APART = 14.0, 14.0


def header(facts: Facts, look: Theme, wide: float) -> tuple[list[Mark], float]:
    """The title, and the pool in its own words; and how high they are."""
    size, small = look.value_size + 1, look.small_size
    marks: list[Mark] = []
    y = 0.0
    for runs, points in (
        ((Run(facts.title, look.text, True),), size),
        ((Run(f"{facts.operation}. {facts.counted[0].upper()}{facts.counted[1:]}.", look.muted),), small),
    ):
        for line in wrapped(runs, points, wide):
            y += LEAD * points
            marks.append(Words("title", 0, y, line, points, start=True))
    return marks, y + 10


def notes(facts: Facts, plan: Plan, look: Theme, wide: float, top: float, legend: bool) -> tuple[list[Mark], float]:
    """The sums that are written out, and the legend."""
    marks: list[Mark] = []
    y, size = top, look.gradient_size
    for k, told in enumerate(facts.sums[:SUMS]):
        for line in wrapped(tuple(_sum(told, facts, look)), size, wide):
            y += LEAD * size
            marks.append(Words(f"sum_{k}", 0, y, line, size, start=True))
    if len(facts.sums) > SUMS:
        more = len(facts.sums) - SUMS
        words = "1 more cell adds up what it gets" if more == 1 else f"{more} more cells add up what they get"
        y += LEAD * look.small_size
        marks.append(Words("sums", 0, y, (Run(words, look.muted),), look.small_size, start=True))
    if legend:
        found, y = legend_marks(legend_of(facts, plan), look, wide, y)
        marks += found
    return marks, y + 4


def legend_of(facts: Facts, plan: Plan) -> list[tuple[str, str]]:
    """What the marks of a picture mean: the kind of mark, and the words for it."""
    return [*facts.legend(plan.is_map), *_colours(facts, plan)]


def legend_marks(entries: Iterable[tuple[str, str]], look: Theme, wide: float, top: float) -> tuple[list[Mark], float]:
    """A legend in rows that are so wide at most, and where it ends."""
    marks: list[Mark] = []
    x, y, small = 0.0, top + 6, look.small_size
    y += LEAD * small
    for kind, words in entries:
        sample = SAMPLE + 4 if kind else 0.0
        long = sample + width_of(words, small)
        if x and x + long > wide:
            x, y = 0.0, y + (LEAD + 0.25) * small
        marks += _sample(kind, Box(x, y - 0.5 * ASCENT * small - 5, SAMPLE, 10), look)
        marks.append(Words("legend", x + sample, y, (Run(words, look.muted),), small, start=True))
        x += long + APART
    return marks, y


def _sum(told: Sum, facts: Facts, look: Theme) -> Iterator[Run]:
    windows = [window for _, window in told.addends]
    letters = [window.letter for window in windows[:9]] + ["…"] * (len(windows) > 9)
    listed = ", ".join(letters[:-1]) + f" and {letters[-1]}"
    yield Run(facts.said(told.value) if told.value is not None else "a cell", look.text, True)
    yield Run(f" {'won' if facts.is_max else 'lies in'} {listed}: ", look.text)
    for text, window in facts.terms(told):
        yield Run(text, look.text if window is None else colour_of(facts, look, window), window is not None)


def _colours(facts: Facts, plan: Plan) -> list[tuple[str, str]]:
    """What the colours and the lines mean that are in the picture."""
    came = [w.upstream for w in facts.routes.windows if w.upstream is not None] + [*facts.totals.values()]
    told = [("card", "an output: its value, and below what comes back to it")]
    if plan.is_map:
        known = [x for row in facts.routes.values for x in row if x is not None and math.isfinite(x)]
        told += [("ramp", f"values from {facts.said(min(known))} to {facts.said(max(known))}")] if known else []
        largest = max((abs(x) for x in came if math.isfinite(x)), default=0.0)
        bar = " (a bar: below 0)"
    else:
        largest, bar = 0.0, ""
    upto = f" up to {facts.said(largest)}" if largest else ""
    told += [("positive", f"gradient above 0{upto}")] if any(x > 0 for x in came) else []
    told += [("bar" if bar else "negative", f"gradient below 0{bar}")] if any(x < 0 for x in came) else []
    # Where no route leads to one cell, the frame of a window in the gradient tells what came to all of it.
    framed = [] if facts.is_max and not plan.is_map else facts.shown
    told += _lines("line", plan.routed) or _lines("frame", framed)
    return told


def _lines(kind: str, windows: Sequence[Window]) -> list[tuple[str, str]]:
    """What dashes and widths mean, where there are lines of windows to which a gradient came."""
    came = [window.upstream for window in windows if window.upstream is not None]
    if any(x < 0 for x in came):
        return [("way", f"dashed: below 0; a wider {kind}: a larger gradient")]
    return [("", f"a wider {kind}: a larger gradient")] if came else []


def _sample(kind: str, box: Box, look: Theme) -> list[Mark]:
    """What the legend shows before its words."""
    square = Box(box.x + 2, box.y, 10, 10)
    match kind:
        case "won":
            return [Plate("legend", square, shade(look, "value", 0.6), look.text, 1.5)]
        case "padding" | "unknown":
            return [Plate("legend", square, None, look.no_path, 0.7, "dashed")]
        case "blank":
            return [Plate("legend", square, None, look.lost_fill)]
        case "zero":
            return [Plate("legend", square, None, look.no_path, 0.6)]
        case "empty":
            return [Plate("legend", square, None, look.lost_fill)]
        case "dot":
            return [Plate("legend", Box(box.x + 5.5, box.y + 3.5, 3, 3), look.no_path, dot=True)]
        case "positive" | "negative":
            return [Plate("legend", square, shade(look, kind, 0.6))]
        case "bar":
            fill = shade(look, "negative", 0.6)
            return [
                Plate("legend", square, fill),
                Plate("legend", Box(square.x + 2, square.y + 4.3, 6, 1.4), look.ink(fill)),
            ]
        case "card":
            upper, lower = Box(square.x, square.y, 10, 4.6), Box(square.x, square.y + 5.4, 10, 4.6)
            return [
                Plate("legend", upper, shade(look, "value", 0.6)),
                Plate("legend", lower, shade(look, "positive", 0.4)),
            ]
        case "ramp":
            step = SAMPLE / SHADES
            boxes = [Box(box.x + k * step, box.y, step, 10) for k in range(SHADES)]
            return [Plate("legend", b, shade(look, "value", k / (SHADES - 1))) for k, b in enumerate(boxes)]
        case "way":
            y = box.y + 5
            return [Way("legend", ((box.x, y), (box.x + SAMPLE, y)), look.muted, 1.5, look.style("negative_style"))]
    return []


def wrapped(runs: Iterable[Run], size: float, wide: float) -> list[tuple[Run, ...]]:
    """Words in lines that are so wide at most, broken at spaces.

    >>> [[run.text for run in line] for line in wrapped([Run("a b", "#000000"), Run(" c", "#ffffff")], 10, 18)]
    [['a b'], ['c']]
    """
    lines: list[list[Run]] = [[]]
    room = wide
    for run in runs:
        parts = run.text.split(" ")
        for k, word in enumerate(parts):
            piece = (" " if k else "") + word
            long = width_of(piece, size, run.bold)
            if lines[-1] and piece.startswith(" ") and long > room:
                lines.append([])
                room, piece = wide, word
                long = width_of(piece, size, run.bold)
            if lines[-1] and lines[-1][-1].ink == run.ink and lines[-1][-1].bold == run.bold:
                piece = lines[-1].pop().text + piece
            lines[-1].append(Run(piece, run.ink, run.bold))
            room -= long
    return [tuple(run for run in line if run.text) for line in lines if line]
