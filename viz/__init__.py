"""Everything for eyes: pictures of a graph and its gradient, of a pool, and their saving.

>>> from autodiff import Value
>>> import viz
>>> x = Value(3.0, "x")
>>> y = x * x
>>> y.backward()
>>> viz.draw(y)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from viz import _neighbours as _neighbours  # isort: skip - first: refuses an autodiff that is not ours
from autodiff.habits.answers import refuse_name
from viz.graph.drawing import draw
from viz.graph.film import Film, animate
from viz.graph.view import TooLargeError
from viz.ink.theme import DARK, LIGHT, Theme
from viz.layout.engines import LayoutError, LayoutTimeout, LayoutUnavailable, use_engine
from viz.layout.picture import Picture
from viz.netpage.explorer import Explorer, explore
from viz.nets.sharing import weight
from viz.nets.whole import network
from viz.page.stepper import Stepper, step
from viz.pairs.compare import compare
from viz.pools.pool import pool

__all__ = [
    "DARK",
    "LIGHT",
    "Explorer",
    "Film",
    "LayoutError",
    "LayoutTimeout",
    "LayoutUnavailable",
    "Picture",
    "Stepper",
    "Theme",
    "TooLargeError",
    "animate",
    "compare",
    "draw",
    "explore",
    "network",
    "pool",
    "step",
    "use_engine",
    "weight",
]

if not TYPE_CHECKING:

    def __getattr__(name):
        refuse_name(__name__, "VIZ", name)
