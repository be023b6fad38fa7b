"""Go into a network: a page on which any unit can be picked, and which goes layer by layer, there and back."""

from __future__ import annotations

from functools import cached_property

from autodiff import Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered
from viz.ink.figures import figured
from viz.ink.theme import OWN, Theme
from viz.layout.shown import image
from viz.netpage.data import net_data
from viz.netpage.script import START, css, module, shell
from viz.nets.board import TooWideError
from viz.nets.facts import read
from viz.nets.whole import network
from viz.page.contract import Net
from viz.page.html import document, frame, signs
from viz.page.poster import LARGEST
from viz.page.saved import SavedPage
from viz.page.style import dressed
from viz.page.style import style as style_of

__all__ = ["Explorer", "explore"]

HEIGHT = 700  # pixels, in a notebook
MOST = 4000  # cells of layers of which a picture is drawn: that of more is too heavy
STILL = (
    "This is a picture of the network. Where scripts may run, which they may not here, any unit of it can be picked, "
    "and the page goes through it layer by layer, forwards and backwards."
)


@answered
def explore(
    output: Value,
    *,
    upstream: float | None = None,
    theme: str | Theme = "auto",
    background: str | None = OWN,
    start: int = -1,
) -> Explorer:
    """Go into the network that computed a Value: pick any unit, go layer by layer, forwards and backwards.

    The page shows what :func:`viz.network` draws, all maps of values and of gradients. A unit that is picked, by a
    click or by arrow keys, tells what it read and which window it won, and from whom it got its gradient, the sum
    written out; its way to the input lights up. In a notebook it shows itself, ``save`` writes it as one file for any
    browser. ``upstream`` is the gradient that arrives at ``output`` (that of the pass that was run, else 1), ``theme``
    and ``background`` are those of :func:`viz.step`, ``start`` is the layer to begin with, counted forwards from 0 and
    on backwards, negative ones from the end. ``ValueError`` where no layer is known, or for a ``start`` that is none.

    >>> from autodiff import nn
    >>> body = nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    >>> model = nn.Sequential(*body, nn.Flatten(), nn.Linear(8, 2, rng=1))
    >>> image = [[[Value(float(i == j)) for j in range(6)] for i in range(6)]]
    >>> explore(model(image)[0]).save("network.html")  # doctest: +SKIP
    """
    return Explorer(output, upstream, theme, background, start)


class Explorer(SavedPage):
    """A network to go into; made by :func:`explore`.

    >>> from autodiff import layer
    >>> x = layer("x", [Value(1.0), Value(2.0)], kind="input")
    >>> Explorer(layer("y", [x[0] * x[1]])[0])
    <Explorer of 3 nodes in 2 maps; save(path) writes it as a page>
    """

    def __init__(
        self,
        output: Value,
        upstream: float | None = None,
        theme: str | Theme = "auto",
        background: str | None = OWN,
        start: int = -1,
    ) -> None:
        self._own, self.theme = dressed(theme, background)
        self._net, self._output, self._upstream = read(output, upstream, name="explore"), output, upstream
        count = 2 * len(self._net.fields)
        if isinstance(start, bool) or not isinstance(start, int) or not -count <= start < count:
            raise ValueError(f"start is a step from 0 to {count - 1}, or from the end; got {quoted(start)}")
        self.start = start

    @property
    def data(self) -> Net:
        """What the page works on, ready for JSON."""
        net = self._net
        figures = figured([*net.values, *net.gradients.values()])
        return {**net_data(net, self._upstream, self._own, figures), "shell": shell()}

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"Into the network of {self._net.name}"

    def html(self) -> str:
        """One self-contained page: no network, no kernel, no other file."""
        data, sheet = self.data, style_of(self._own) + css()
        told = {"data": data, "theme": self.theme, "start": self.start}
        script = module(signs(data)) + START
        return document(told, self._still, script=script, css=sheet, theme=self.theme, title=self.title, sentence=STILL)

    @cached_property
    def _still(self) -> str:
        """The picture of the network as an image; empty where it has no room on a slide, or is too heavy."""
        if len(self._net.home) > MOST:
            return ""
        look = self._own.in_the_dark if self.theme == "dark" else self._own
        try:
            picture = network(self._output, fit="slide", upstream=self._upstream, theme=look)
        except TooWideError:
            return ""
        svg = picture.svg()
        if len(svg) > LARGEST:
            return ""
        return image(svg, " ".join(picture.described), 960)

    def _repr_html_(self) -> str:
        return frame(self.html(), self.title, HEIGHT, f"<p>{STILL}</p>{self._still}")

    def __repr__(self) -> str:
        net = self._net
        maps = len(net.fields) + sum(map(len, net.weights.values()))
        return f"<Explorer of {len(net.graph)} nodes in {maps} maps; save(path) writes it as a page>"
