"""In which form a pool is drawn so that it can be read in its place: one ladder, sizes from facts alone."""

from __future__ import annotations

from dataclasses import dataclass

from viz.ink.theme import Theme
from viz.layout.place import LEAST
from viz.pools.choice import MOST

__all__ = ["PIXELS", "Style", "ladder"]

PIXELS = (12.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.5)  # points: sides of cells that are shown by colour alone
FLAT, DEEP = ("stack", "column", "row"), ("row", "turn", "column")  # in the order of trying
FINE = {"row": 7.0, "turn": 7.0, "stack": 6.0, "column": 6.0}  # the smallest of them before another flow is tried
SHARES = (1.0, 0.875, 0.75, 0.66)  # of the theme's size of values: numbers in cells


@dataclass(frozen=True)
class Style:
    """A form of the picture.

    ``flow`` says where it runs: "row" (input, output, gradient from left to right), "turn" (to the output at the
    right, and back below the input), "stack" (downwards) or "column" (downwards, headings between the blocks).
    ``number`` is the size of the numbers in cells, in points; ``pixel`` the side of cells without one. With ``every``,
    each output has a card, else only those that are shown.
    """

    flow: str
    number: float
    pixel: float = 0.0
    every: bool = True

    @property
    def is_down(self) -> bool:
        """Whether the picture runs downwards."""
        return self.flow in ("stack", "column")


def ladder(look: Theme, flat: bool, count: int, few: bool) -> list[Style]:
    """What is tried in turn, for ``flat`` grids of one row; there are ``count`` windows, ``few`` cells have numbers."""
    sizes = sorted({max(round(share * look.value_size, 2), LEAST) for share in SHARES}, reverse=True)
    every = [True] if count <= MOST else [True, False] if count <= 4 * MOST else [False]
    flows = FLAT if flat else DEEP
    numbered = [Style(flow, size, 0.0, cards) for cards in every for flow in flows for size in sizes if few]
    small = max(0.75 * look.value_size, LEAST)
    coarse = [Style(flow, small, pixel, False) for flow in flows for pixel in PIXELS if pixel >= FINE[flow]]
    return numbered + coarse + [Style(flow, small, pixel, False) for pixel in PIXELS for flow in flows]
