"""Where a picture is to be read, and how small a text may be there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autodiff.ground.text import quoted

__all__ = ["LEAST", "PIXEL", "PLACES", "Place", "placed"]

LEAST = 7.875  # points, 10.5 CSS pixels: no text is shown smaller
PIXEL = 0.75  # points


@dataclass(frozen=True)
class Place:
    """Where a picture is to be read: how wide and how high it may be, in points; None grows with what is drawn."""

    width: float
    height: float | None = None
    enlarged: bool = False  # whether a small picture is shown larger there

    def scale(self, size: tuple[float, float]) -> float:
        """How much larger a picture of this size is shown there."""
        sides = [self.width / size[0]] + ([] if self.height is None else [self.height / size[1]])
        return min(sides if self.enlarged else [1.0, *sides])


PLACES: Mapping[str, Place] = {
    "column": Place(700 * PIXEL),
    "page": Place(440),
    "slide": Place(1280 * PIXEL, 720 * PIXEL, enlarged=True),
}


def placed(fit: object) -> Place:
    """The place that is meant by its name, or by a width and a height in CSS pixels; None is a place without end."""
    if fit is None:
        return Place(math.inf)
    if isinstance(fit, str) and fit in PLACES:
        return PLACES[fit]
    if isinstance(fit, Sequence) and not isinstance(fit, str) and len(fit) == 2:
        width, height = fit
        if _is_size(width) and (height is None or _is_size(height)):
            return Place(width * PIXEL, None if height is None else height * PIXEL)
    raise ValueError(
        "fit is 'column', 'page', 'slide', (width, height) in CSS pixels (height may be None), or None; got "
        f"{quoted(fit)}"
    )


def _is_size(side: object) -> bool:
    return isinstance(side, (int, float)) and not isinstance(side, bool) and 50 <= side < float("inf")
