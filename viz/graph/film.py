"""An animated SVG of all steps: laid out once, no script, so that it plays in a README."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from autodiff import Graph, Steps, Value
from autodiff.files import write
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, caller, got
from autodiff.language.notation import writing
from viz.graph.constants import WithConstants, constants_of
from viz.graph.description import described
from viz.graph.drawing import pictured, wished
from viz.graph.gif import gif
from viz.graph.legend import joined
from viz.graph.naming import Names, labels_of
from viz.graph.numbers import numbers_in
from viz.graph.paint import Painter, State
from viz.graph.part import Part
from viz.graph.rows import Rows
from viz.graph.sheet import Foot, sheet
from viz.graph.still import Still
from viz.graph.view import View, ancestors
from viz.graph.ways import wanted
from viz.ink.figures import figured
from viz.ink.ruler import lines_of
from viz.ink.text import count, visible
from viz.ink.theme import OWN as OWN_PAPER
from viz.ink.theme import Theme
from viz.ink.theme import theme as theme_of
from viz.layout.kinds import kind_of, named
from viz.layout.pdf import as_pdf
from viz.layout.picture import TEXT_WIDTH
from viz.layout.place import placed
from viz.layout.shown import bundle
from viz.layout.svg import OWN, element, in_both, labelled

__all__ = ["Film", "animate"]

LIMIT = 400  # steps; more would take minutes to watch
CAPTION, LEAST = 11.0, 330.0  # the size of the words below, and the room they have at least, in points
LEAD = 1.35  # from line to line of them, in sizes


@answered
def animate(
    output: Value,
    file: str | os.PathLike[str] | None = None,
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
    path: Value | None = None,
    paths: Sequence[Value] | None = None,
    constants: bool = False,
) -> Any:
    """Play the steps of ``output``, ``seconds`` each, with a sentence below: a :class:`Film`, or saved, and where.

    It begins with the step ``start`` and ends with ``stop``: numbers of :func:`autodiff.steps`, negative ones from the
    end, or "backward", where the backward pass begins. It plays again and again, or with ``loop=False`` once.
    The graph is laid out once, the animation is style alone (no script), and whoever asked for less motion sees
    the last step at rest. A ``file`` is an animated SVG, or as its name ends: ``.gif`` (extra ``gif``; it has paper
    always), or ``.pdf`` (extra ``pdf``), the last step on a page. ``ValueError`` for more than 400 steps, ``OSError``
    naming the file when it cannot be written; all else, ``path=x``, ``paths=(x, y)`` and ``constants=True`` too, as for
    :func:`viz.draw`.

    >>> x = Value(3.0, "x")
    >>> animate(x * x, "square.svg", start="backward", loop=False)  # doctest: +SKIP
    >>> film = animate(x * x)
    >>> film.save_pdf("seed.pdf", step=2)  # doctest: +SKIP
    """
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise ValueError(f"seconds is the time of a step, more than 0, got {quoted(seconds)}")
    if not isinstance(loop, bool):
        raise ValueError(f"loop is True (again and again) or False (once), got {quoted(loop)}")
    if file is not None:
        kind_of(file, [*_KINDS], "an animation")
    if not isinstance(output, Value):
        many = "; of several, add up what counts: animate(sum(values), path)" if isinstance(output, Iterable) else ""
        raise TypeError(f"an animation is of one Value, the output of a graph; got {got(output)}{many}")
    _check_length(len(list(islice(ancestors([output]), LIMIT + 1))))  # every node is a step at least
    graph = WithConstants(Graph(output)) if constants else Graph(output)
    told = Steps(graph, labels_of(graph, names, caller()), seed, constants_of(graph))
    shown = range(_place(told, "start", start), _place(told, "stop", stop) + 1)
    if not shown:
        raise ValueError(
            f"stop={quoted(stop)} comes before start={quoted(start)}: give a later stop, or an earlier start"
        )
    _check_length(len(shown))
    figures, labels = figured(numbers_in(told), digits), dict(enumerate(told.labels))
    last = Rows(told.graph, told.snapshot(shown[-1]), labels, theme_of(theme, background), figures=figures)
    part = Part(told.graph, path=wanted(path, paths), labels=labels)
    rungs = wished(detail, rankdir)
    still = pictured(placed(fit), part=part, rows=last, rungs=rungs, legend=legend, timeout=30)
    film = Film(told, _in_sight(told, shown, still.drawing.view) or shown, still, seconds, loop)
    return film if file is None else film.save(file)


def _place(told: Steps, word: str, wished: int | str) -> int:
    """The number of a step that is meant by its number, by its place from the end, or by what begins there."""
    if wished == "backward":
        return told.forward
    if isinstance(wished, bool) or not isinstance(wished, int) or not -len(told) <= wished < len(told):
        raise ValueError(
            f"{word} is a step from 0 to {len(told) - 1}, or from the end, or 'backward'; got {quoted(wished)}"
        )
    return wished % len(told)


def _in_sight(told: Steps, shown: Sequence[int], view: View) -> list[int]:
    """The steps in which something happens to what has a box: what keeps a softmax from overflow has none."""
    steps = ((k, told[k].node, told[k].edge) for k in shown)
    return [k for k, node, edge in steps if not view.unboxed & {node, node if edge is None else edge.target}]


def _check_length(steps: int) -> None:
    if steps > LIMIT:
        raise ValueError(
            f"an animation of {steps} steps or more is too long to watch (at most {LIMIT}): "
            "step through it with viz.step(y, max_nodes=None)"
        )


@dataclass
class Film:
    """The steps of a graph one after the other; made by :func:`animate`. In a notebook it plays.

    >>> x = Value(3.0, "x")
    >>> Film.save(animate(x * x), "square.txt")
    Traceback (most recent call last):
    ...
    ValueError: an animation is saved as .svg, .gif or .pdf; got the path 'square.txt', and nothing was written
    """

    told: Steps
    shown: Sequence[int]
    still: Still  # the last step
    seconds: float
    loop: bool
    rules: list[str] = field(default_factory=list, repr=False)

    def svg(self) -> str:
        """The film as SVG that style alone moves."""
        theme = self.still.painter.theme
        svg = self._painted(theme)
        if theme.dark is not None:
            svg = in_both(svg, self._painted(theme.in_the_dark))
        return labelled(svg, *self._described)

    @property
    def _described(self) -> tuple[str, str]:
        """Its name, and what it shows, for those who do not see it."""
        name, words = described(self.still.painter.laid.view, self.still.painter.rows[0], "Animation")
        return name, f"{words} {len(self.shown)} steps, each told in a sentence below."

    def gif(self) -> bytes:
        """The film as GIF; ``ImportError`` without the extra ``gif``."""
        painter, legend = self.still.painter, self.still.has_legend
        with self._writing:
            return gif(self.told, self.shown, painter.laid, painter.rows[0], self.seconds, self.loop, legend)

    def pdf(self, width: float = TEXT_WIDTH, step: int | str | None = None) -> bytes:
        """A step as a page of PDF with its sentence below, by default the last one; as :meth:`viz.Picture.pdf`."""
        number = self.shown[-1] if step is None else _place(self.told, "step", step)
        still = self.still._in_width(width)
        with self._writing:
            moment = still.painter.rows[0].at(self.told.snapshot(number))
            svg = self._sheet(still, Painter(still.painter.laid, [moment]), [number])
            return as_pdf(labelled(svg, *described(still.painter.laid.view, moment)), width, still.theme.paper)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save the film as its name ends, ``.svg``, ``.gif`` or ``.pdf``, and return where."""
        return write(path, _KINDS[kind_of(path, [*_KINDS], "an animation")](self))

    def save_svg(self, path: str | os.PathLike[str]) -> Path:
        """Save the film as SVG and return where; ``OSError`` names the path when it cannot be written."""
        return write(named(path, "svg"), self.svg().encode())

    def save_gif(self, path: str | os.PathLike[str]) -> Path:
        """Save the film as GIF and return where; errors as for others."""
        return write(named(path, "gif"), self.gif())

    def save_pdf(self, path: str | os.PathLike[str], width: float = TEXT_WIDTH, step: int | str | None = None) -> Path:
        """Save a step as a page of PDF, as :meth:`pdf` makes it, and return where; errors as for others."""
        return write(named(path, "pdf"), self.pdf(width, step))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, bytes | str]:
        return bundle(self.svg(), *self._described)

    def __repr__(self) -> str:
        return f"<Film of {count(len(self.shown), 'step')}: run it in a notebook to see it, or .save_svg(path)>"

    @property
    def _writing(self) -> AbstractContextManager[None]:
        return writing(self.still.drawing.rows.figures)

    @cached_property
    def _moments(self) -> list[Rows]:
        """The words at each step."""
        rows, shown = self.still.painter.rows[0], {*self.shown}
        return [rows.at(now) for k, now in enumerate(islice(self.told.snapshots(), max(shown) + 1)) if k in shown]

    def _painted(self, theme: Theme) -> str:
        self.rules.clear()
        with self._writing:
            moments = [rows.in_theme(theme) for rows in self._moments]
            return self._sheet(self.still, Painter(self.still.painter.laid, moments, self._dressed), self.shown)

    def _sheet(self, still: Still, painter: Painter, steps: Sequence[int]) -> str:
        """The painted steps, with their sentences below."""
        ends = (painter.rows[-1], painter.rows[0])  # the last step has it all but for what is not known yet
        legend = joined(painter.laid.view, ends, still.has_legend)
        wide = max(LEAST, painter.laid.layout.width)
        sentences = [lines_of(visible(self.told[k].sentence, 200), CAPTION, wide) for k in steps]
        high = (max(map(len, sentences)) * LEAD + 0.5) * CAPTION
        foot = Foot(high, LEAST + 16, lambda left, top: self._caption(sentences, left, top, painter.theme))
        return sheet(painter, legend, still.fit.place.scale, foot)

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


_KINDS: Mapping[str, Callable[[Film], bytes]] = {
    "svg": lambda film: film.svg().encode(),
    "gif": lambda film: film.gif(),
    "pdf": lambda film: film.pdf(),
}
