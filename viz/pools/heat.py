"""Where a number lies among others, and the shade for it: values in one ramp, gradients in one for each sign."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from autodiff.facts.routes import Window
from viz.ink.theme import Theme, blend, contrast
from viz.pools.facts import Facts

__all__ = ["SHADES", "Heat", "colour_of", "shade", "shades"]

SHADES = 9  # enough to compare, few enough to be told apart
READABLE = 4.5  # contrast of the numbers on a shade
FAINTEST, FULLEST = 0.05, 1.0


class Heat:
    """Where a number lies between the smallest and the largest of a grid, from 0 to 1.

    >>> Heat([1, 2, 3])(2.0)
    0.5
    """

    def __init__(self, values: Iterable[float]) -> None:
        self.known = sorted({value for value in values if math.isfinite(value)})
        self.low, self.high = (self.known[0], self.known[-1]) if self.known else (0.0, 0.0)
        # Halves, because the range of the floats is itself too large for a float.
        self.half = self.high / 2 - self.low / 2
        middle = self._place(self.known[len(self.known) // 2]) if self.half else 0.5
        # One enormous number would paint all others alike; then the order is shown instead of the size.
        self.ranked = len(self.known) > 2 and not 0.02 < middle < 0.98

    def __call__(self, value: float) -> float:
        """The place of a number; infinities lie at the ends, and a number without others in between."""
        if not self.half and math.isfinite(value):
            return 0.4 if value else 0.0
        if self.ranked and math.isfinite(value):
            return self.known.index(value) / (len(self.known) - 1)
        return min(1.0, max(0.0, self._place(value)))

    def _place(self, value: float) -> float:
        return (value / 2 - self.low / 2) / self.half if self.half else float(value > self.low)


@lru_cache(maxsize=64)
def shades(look: Theme, colour: str) -> tuple[str, ...]:
    """Shades from the paper to a colour of the theme ("value", "positive", "negative"), all of them readable."""
    ramp = (look.background, look.colour(colour))
    steps = [blend(ramp, FAINTEST + (FULLEST - FAINTEST) * k / 60) for k in range(61)]
    readable = [step for step in steps if contrast(look.ink(step), step) >= READABLE] or steps[:1]
    return tuple(readable[round(k * (len(readable) - 1) / (SHADES - 1))] for k in range(SHADES))


def shade(look: Theme, colour: str, share: float) -> str:
    """The shade for a share, from 0 to 1.

    >>> from viz.ink.theme import LIGHT
    >>> shade(LIGHT, "value", 1.0) == LIGHT.value
    True
    """
    return shades(look, colour)[round(min(1.0, max(0.0, share)) * (SHADES - 1))]


def colour_of(facts: Facts, look: Theme, window: Window) -> str:
    """The colour of a window; those beyond the palette have none, and are told apart by their letters alone."""
    at = facts.colours.get(window.number, len(look.windows))
    return look.windows[at] if at < len(look.windows) else look.muted
