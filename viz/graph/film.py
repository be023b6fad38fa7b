"""An animated SVG of all steps: laid out once, no script, so that it plays in a README."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from pathlib import Path

from autodiff import Graph, Steps, Value, steps
from autodiff.files import write
from autodiff.habits.answers import answered, caller, got
from viz.graph.drawing import blank, wished
from viz.graph.gif import gif
from viz.graph.ladder import fitted
from viz.graph.naming import Names, labels_of
from viz.graph.paint import Laid, Painter, State
from viz.graph.rows import Rows, Style
from viz.graph.view import ancestors, view
from viz.ink.text import visible
from viz.ink.theme import FONT_STACK, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.kinds import kind_of
from viz.layout.place import placed
from viz.layout.svg import SVG, element

__all__ = ["animate"]

LIMIT = 400  # steps; more would take minutes to watch
_CAPTION = 34.0  # the height of the line of words below
_MARGIN = 4.0  # around the graph
_STILL = "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"


@answered
def animate(
    output: Value,
    path: str | os.PathLike[str],
    *,
    theme: str | Theme = "light",
    fit: str | tuple[float, float | None] | None = "column",
    detail: str = "auto",
    rankdir: str = "auto",
    seconds: float = 1.2,
    names: Names = True,
    seed: float | None = None,
) -> Path:
    """Save an animated SVG that plays all steps of ``output``, ``seconds`` each, with a sentence below; answer where.

    The graph is laid out once, the animation is style alone (no script), and whoever asked for less motion sees
    the last step at rest. A path that ends in ``.gif`` makes a GIF instead, which needs the extra ``gif``.
    ``ValueError`` for more than 400 steps, ``OSError`` naming the path when it cannot be written; else as for
    :func:`viz.draw`.

    >>> x = Value(3.0, "x")
    >>> animate(x * x, "square.svg")  # doctest: +SKIP
    """
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise ValueError(f"seconds is the time of a step, more than 0, got {seconds!r}")
    kind = kind_of(path, ["svg", "gif"], "an animation")
    if not isinstance(output, Value):
        many = "; of several, add up what counts: animate(sum(values), path)" if isinstance(output, Iterable) else ""
        raise TypeError(f"an animation is of one Value, the output of a graph; got {got(output)}{many}")
    _check_length(len(list(islice(ancestors([output]), LIMIT + 1))))  # every node is a step at least
    labels = labels_of(Graph(output), names, caller())
    told = steps(output, labels, seed=seed)
    _check_length(len(told))
    look = theme_of(theme)
    blank_rows = Rows(told.graph, None, labels, look)
    style = fitted(view(told.graph), blank_rows, placed(fit), wished(detail, rankdir)).style
    laid = blank(told, labels=labels, theme=look, style=style)
    if kind == "gif":
        return write(path, gif(told, laid, look, style, seconds))
    film = _Film(told, laid, look, style, seconds)
    return write(path, film.svg().encode())


def _check_length(steps: int) -> None:
    if steps > LIMIT:
        raise ValueError(
            f"an animation of {steps} steps or more is too long to watch (at most {LIMIT}): "
            "step through it with viz.step(y, max_nodes=None)"
        )


@dataclass
class _Film:
    """One animation under way: a graph laid out, and the style that paints each step's looks on it."""

    told: Steps
    laid: Laid
    look: Theme
    style: Style
    seconds: float
    rules: list[str] = field(default_factory=list)

    def svg(self) -> str:
        """The finished text."""
        blank = Rows(self.told.graph, None, self.laid.labels, self.look, self.style)
        rows = [blank.at(self.told.snapshot(k)) for k in range(len(self.told))]
        painted = Painter(self.laid, rows, self._dressed).graph()
        place = f"translate({_MARGIN:g} {_MARGIN:g})"
        return self._framed(element("g", painted, class_="graph", transform=place))

    def _framed(self, graph: str) -> str:
        """The graph on paper, with room for the words below."""
        own, tall = self.laid.layout.width + 2 * _MARGIN, self.laid.layout.height + 2 * _MARGIN
        wide, high = max(own, 620.0), tall + _CAPTION
        left = (own - wide) / 2
        paper = element("rect", x=left, y=0.0, width=wide, height=high, fill=self.look.background)
        words = self._caption(left + 12, high - 14)
        style = element("style", "".join(self.rules) + _STILL)  # complete once everything is painted
        size = {"width": f"{wide:g}pt", "height": f"{high:g}pt", "viewBox": f"{left:g} 0 {wide:g} {high:g}"}
        return element("svg", "\n".join([style, paper, graph, words]), **size, xmlns=SVG, font_family=FONT_STACK)

    def _caption(self, x: float, y: float) -> str:
        """The sentence of each step, at its time."""
        sentences = [escape(visible(step.sentence, 110)) for step in self.told]
        shown = [
            self._animated([{"opacity": f"{i == k:d}"} for i in range(len(sentences))]) for k in range(len(sentences))
        ]
        return "".join(
            element("text", text, x=x, y=y, font_size=12.0, fill=self.look.text, class_=name)
            for text, name in zip(sentences, shown, strict=True)
        )

    def _dressed(self, states: Sequence[State]) -> State:
        return {"class": self._animated(states)}

    def _animated(self, states: Sequence[State]) -> str:
        """A class whose style goes through these states; at rest it is in the last one."""
        name = f"k{len(self.rules)}"
        frames = "".join(f"{at:.3f}%{{{style}}}" for at, style in _changes(states))
        total = (len(self.told) + 2) * self.seconds
        moving = f"animation:{name} {total:g}s step-end infinite" if frames.count("{") > 1 else ""
        rest = f".{name}{{{_style(states[-1])};{moving}}}"
        self.rules.append((f"@keyframes {name}{{{frames}}}" if moving else "") + rest)
        return name


def _style(state: State) -> str:
    return ";".join(f"{key}:{value}" for key, value in state.items())


def _changes(states: Sequence[State]) -> Iterator[tuple[float, str]]:
    """When the style changes, in percent, and what it is from then on; the last step is held for two more."""
    before = None
    for k, state in enumerate(states):
        style = _style(state)
        if style != before:
            yield 100 * k / (len(states) + 2), style
        before = style
