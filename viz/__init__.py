"""Everything for eyes: pictures of a graph and its gradient, of a pool, and their saving.

>>> from autodiff import Value
>>> import viz
>>> x = Value(3.0, "x")
>>> y = x * x
>>> y.backward()
>>> viz.draw(y)  # doctest: +SKIP
"""

from viz.animation import animate
from viz.drawing import draw
from viz.engines import LayoutError, LayoutTimeout, LayoutUnavailable
from viz.picture import Picture
from viz.pool import pool
from viz.stepper import Stepper, step
from viz.theme import DARK, LIGHT, Theme
from viz.view import TooLargeError

__all__ = [
    "DARK",
    "LIGHT",
    "LayoutError",
    "LayoutTimeout",
    "LayoutUnavailable",
    "Picture",
    "Stepper",
    "Theme",
    "TooLargeError",
    "animate",
    "draw",
    "pool",
    "step",
]
