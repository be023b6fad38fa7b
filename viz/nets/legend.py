"""What the cells of maps mean: only what is drawn, in rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from autodiff.facts.words import NOTHING_FLOWS
from viz.ink.ruler import lines_of, width_of
from viz.ink.theme import Theme
from viz.layout.layout import Box
from viz.nets.cells import sign, unread
from viz.pools.heat import shade
from viz.pools.marks import Drawing, Mark, Plate, Run, Words

__all__ = ["LEAD", "Entry", "entries", "legend_of"]

LEAD = 1.3  # between lines, in sizes
Entry = tuple[Sequence[Plate], str]


def entries(known: Iterable[tuple[str, float | None]], look: Theme, empty: str = "") -> Iterator[Entry]:
    """What numbers of these kinds look like; ``empty`` says what an empty cell means, where there is one."""
    found = [*known]
    kinds, came = {kind for kind, _ in found}, [x for kind, x in found if kind == "gradient"]
    square = Box(0, 0, 9, 9)
    if "value" in kinds:
        yield [Plate("legend", square, shade(look, "value", 0.6))], "value"
    if any(x and x > 0 for x in came):
        yield [Plate("legend", square, shade(look, "positive", 0.6))], "gradient above 0"
    if any(x and x < 0 for _, x in found):
        fill = shade(look, "negative" if any(x and x < 0 for x in came) else "muted", 0.6)
        yield [Plate("legend", square, fill), *sign("legend", square, -1.0, look.ink(fill))], "below 0"
    if any(x is not None and math.isnan(x) for _, x in found):
        fill = look.leaf_fill
        yield [Plate("legend", square, fill), *sign("legend", square, math.nan, look.ink(fill))], "nan"
    if "slope" in kinds:
        yield [Plate("legend", square, shade(look, "muted", 0.6))], "slope θ′"
    if any(x == 0 for x in came):
        yield [Plate("legend", square, look.background, look.no_path, 0.75)], "0 that was computed"
    if any(x is None for _, x in found):
        yield [Plate("legend", Box(3, 3, 3, 3), look.no_path, dot=True)], NOTHING_FLOWS
    if empty:
        yield [Plate("legend", square, None, unread(look), 0.75, "dashed")], empty


def legend_of(shown: Iterable[Entry], look: Theme, y: float, wide: float) -> tuple[list[Mark], float]:
    """These entries in rows, and where they end."""
    size = look.small_size
    marks: list[Mark] = []
    x = 0.0
    for plates, words in shown:
        lines = lines_of(words, size, wide - 13)
        long = 13 + max(width_of(line, size) for line in lines)
        if x and x + long > wide:
            x, y = 0.0, y + LEAD * size
        marks += Drawing(0, 0, [*plates]).moved(x, y + 3)
        for k, line in enumerate(lines):
            y += LEAD * size * bool(k)
            marks.append(Words("legend", x + 13, y + 11, (Run(line, look.muted),), size, start=True))
        x += long + 14
    return marks, y + LEAD * size
