"""An animated SVG of all steps: laid out once, no script, so that it plays in a README."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import islice
from pathlib import Path

from autodiff import Graph, Steps, Value, steps
from autodiff.files import write
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, caller, got
from autodiff.language.notation import writing
from viz.graph.description import described
from viz.graph.drawing import Part, pictured, wished
from viz.graph.gif import gif
from viz.graph.legend import joined
from viz.graph.naming import Names, labels_of
from viz.graph.paint import Painter, State
from viz.graph.rows import Rows, numbers_in
from viz.graph.sheet import Foot, sheet
from viz.graph.still import Still
from viz.graph.view import ancestors
from viz.ink.figures import figured
from viz.ink.ruler import lines_of
from viz.ink.text import visible
from viz.ink.theme import OWN as OWN_PAPER
from viz.ink.theme import Theme
from viz.ink.theme import theme as theme_of
from viz.layout.kinds import kind_of
from viz.layout.place import placed
from viz.layout.svg import OWN, element, in_both, labelled

__all__ = ["animate"]

LIMIT = 400  # steps; more would take minutes to watch
CAPTION, LEAST = 11.0, 330.0  # the size of the words below, and the room they have at least, in points
LEAD = 1.35  # from line to line of them, in sizes


@answered
def animate(
    output: Value,
    path: str | os.PathLike[str],
    *,
    theme: str | Theme = "light",
    background: str | None = OWN_PAPER,
    fit: str | tuple[float, float | None] | None = "column",
    detail: str = "auto",
    rankdir: str = "auto",
    seconds: float = 1.2,
    start: int | str = 0,
    stop: int | str = -1,
    loop: bool = True,
    legend: bool = True,
    names: Names = True,
    seed: float | None = None,
    digits: int | None = None,
) -> Path:
    """Save an animated SVG that plays the steps of ``output``, ``seconds`` each, with a sentence below; answer where.

    It begins with the step ``start`` and ends with ``stop``: numbers of :func:`autodiff.steps`, negative ones from the
    end, or "backward", where the backward pass begins. It plays again and again, or with ``loop=False`` once.
    The graph is laid out once, the animation is style alone (no script), and whoever asked for less motion sees
    the last step at rest. A path that ends in ``.gif`` makes a GIF instead, which needs the extra ``gif``, and has
    paper always. ``ValueError`` for more than 400 steps, ``OSError`` naming the path when it cannot be written; else
    as for :func:`viz.draw`.

    >>> x = Value(3.0, "x")
    >>> animate(x * x, "square.svg", start="backward", loop=False)  # doctest: +SKIP
    """
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise ValueError(f"seconds is the time of a step, more than 0, got {quoted(seconds)}")
    if not isinstance(loop, bool):
        raise ValueError(f"loop is True (again and again) or False (once), got {quoted(loop)}")
    kind = kind_of(path, ["svg", "gif"], "an animation")
    if not isinstance(output, Value):
        many = "; of several, add up what counts: animate(sum(values), path)" if isinstance(output, Iterable) else ""
        raise TypeError(f"an animation is of one Value, the output of a graph; got {got(output)}{many}")
    _check_length(len(list(islice(ancestors([output]), LIMIT + 1))))  # every node is a step at least
    told = steps(output, labels_of(Graph(output), names, caller()), seed=seed)
    shown = range(_place(told, "start", start), _place(told, "stop", stop) + 1)
    if not shown:
        raise ValueError(
            f"stop={quoted(stop)} comes before start={quoted(start)}: give a later stop, or an earlier start"
        )
    _check_length(len(shown))
    figures, labels = figured(numbers_in(told), digits), dict(enumerate(told.labels))
    last = Rows(told.graph, told.snapshot(shown[-1]), labels, theme_of(theme, background), figures=figures)
    still = pictured(placed(fit), Part(told.graph), last, wished(detail, rankdir), legend, timeout=30)
    with writing(figures):
        if kind == "gif":
            painter = still.painter
            return write(path, gif(told, shown, painter.laid, painter.rows[0], seconds, loop, legend))
        return write(path, _Film(told, shown, still, seconds, loop).svg().encode())


def _place(told: Steps, word: str, wished: int | str) -> int:
    """The number of a step that is meant by its number, by its place from the end, or by what begins there."""
    if wished == "backward":
        return told.forward
    if isinstance(wished, bool) or not isinstance(wished, int) or not -len(told) <= wished < len(told):
        raise ValueError(
            f"{word} is a step from 0 to {len(told) - 1}, or from the end, or 'backward'; got {quoted(wished)}"
        )
    return wished % len(told)


def _check_length(steps: int) -> None:
    if steps > LIMIT:
        raise ValueError(
            f"an animation of {steps} steps or more is too long to watch (at most {LIMIT}): "
            "step through it with viz.step(y, max_nodes=None)"
        )


@dataclass
class _Film:
    """One animation under way: the still of its last step, and the style that paints each step's looks on it."""

    told: Steps
    shown: range
    still: Still
    seconds: float
    loop: bool
    rules: list[str] = field(default_factory=list)

    def svg(self) -> str:
        """The finished text."""
        theme = self.still.painter.theme
        svg = self._painted(theme)
        if theme.dark is not None:
            svg = in_both(svg, self._painted(theme.in_the_dark))
        name, words = described(self.still.painter.laid.view, self.still.painter.rows[0], "Animation")
        return labelled(svg, name, f"{words} {len(self.shown)} steps, each told in a sentence below.")

    @cached_property
    def _moments(self) -> list[Rows]:
        """The words at each step."""
        rows, (first, last) = self.still.painter.rows[0], (self.shown[0], self.shown[-1])
        return [rows.at(now) for now in islice(self.told.snapshots(), first, last + 1)]

    def _painted(self, theme: Theme) -> str:
        self.rules.clear()
        painter = Painter(self.still.painter.laid, [rows.in_theme(theme) for rows in self._moments], self._dressed)
        view = painter.laid.view
        ends = (painter.rows[-1], painter.rows[0])  # the last step has it all but for what is not known yet
        legend = joined(view, ends) if self.still.has_legend else []
        wide = max(LEAST, painter.laid.layout.width)
        sentences = [lines_of(visible(self.told[k].sentence, 200), CAPTION, wide) for k in self.shown]
        high = (max(map(len, sentences)) * LEAD + 0.5) * CAPTION
        foot = Foot(high, LEAST + 16, lambda left, top: self._caption(sentences, left, top, theme))
        return sheet(painter, legend, self.still.fit.place.scale, foot)

    def _caption(self, sentences: Sequence[Sequence[str]], left: float, top: float, theme: Theme) -> str:
        """The sentence of each step, at its time; and the style, for everything is painted by now."""
        parts = []
        for k, lines in enumerate(sentences):
            shown = self._animated([{"opacity": f"{i == k:d}"} for i in range(len(sentences))])
            for row, words in enumerate(lines):
                look: dict[str, str | float] = {"font_size": CAPTION, "fill": theme.text, "class_": shown}
                parts.append(element("text", escape(words), x=left, y=top + (1 + LEAD * row) * CAPTION, **look))
        still = f"@media (prefers-reduced-motion:reduce){{[class^={OWN}]{{animation:none!important}}}}"
        return element("style", "".join(self.rules) + still) + "".join(parts)

    def _dressed(self, states: Sequence[State]) -> State:
        return {"class": self._animated(states)}

    def _animated(self, states: Sequence[State]) -> str:
        """A class whose style goes through these states; at rest it is in the last one."""
        name = f"{OWN}k{len(self.rules)}"
        frames = "".join(f"{at:.3f}%{{{style}}}" for at, style in _changes(states))
        total = (len(self.shown) + 2) * self.seconds
        again = " infinite" if self.loop else ""
        moving = f"animation:{name} {total:g}s step-end{again}" if frames.count("{") > 1 else ""
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
