"""An animated SVG of all steps: laid out once, no script, so that it plays in a README."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from pathlib import Path

from autodiff import Edge, Graph, Node, Scope, Steps, Value, steps
from autodiff.facts.words import operation_text
from autodiff.files import write
from viz.graph.drawing import Laid, blank, line_id
from viz.graph.gif import gif
from viz.graph.look import Look, Looks, Words
from viz.graph.naming import names_of
from viz.graph.view import ancestors
from viz.ink.text import visible
from viz.ink.theme import DASHES, FONT_STACK, Theme, blend
from viz.ink.theme import theme as theme_of
from viz.layout.kinds import kind_of
from viz.layout.layout import Box, Curve
from viz.layout.svg import SVG, element, head, outline, stroke, tee, way

__all__ = ["animate"]

LIMIT = 400  # steps; more would take minutes to watch
_CAPTION = 34.0  # the height of the line of words below
_MARGIN = 4.0  # around the graph
_STILL = "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"


def animate(
    output: Value,
    path: str | os.PathLike[str],
    *,
    theme: str | Theme = "light",
    rankdir: str = "LR",
    seconds: float = 1.2,
    names: bool = True,
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
        raise TypeError(f"an animation is of one Value, the output of a graph; got {type(output).__name__}")
    _check_length(len(list(islice(ancestors([output]), LIMIT + 1))))  # every node is a step at least
    labels = names_of(Graph(output), sys._getframe(1) if names else None)
    told = steps(output, labels, seed=seed)
    _check_length(len(told))
    if kind == "gif":
        return write(path, gif(told, labels, theme, rankdir, seconds))
    film = _Film(told, blank(told, labels=labels, theme=theme, rankdir=rankdir), theme_of(theme), seconds)
    return write(path, film.svg().encode())


def _check_length(steps: int) -> None:
    if steps > LIMIT:
        raise ValueError(
            f"an animation of {steps} steps or more is too long to watch (at most {LIMIT}): "
            "step through it with viz.step(y, max_nodes=None)"
        )


State = Mapping[str, str]


@dataclass
class _Film:
    """One animation under way: a graph laid out, and the style that paints each step's looks on it."""

    told: Steps
    laid: Laid
    look: Theme
    seconds: float
    rules: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.looks = [Looks(self.told.graph, self.told.snapshot(k)) for k in range(len(self.told))]

    def svg(self) -> str:
        """The finished text."""
        layout = self.laid.layout
        parts = [self._cluster(scope, layout.clusters[name]) for name, scope in self.laid.clusters.items()]
        parts += [self._line(edge, layout.lines[line_id([edge])]) for edge in self.told.graph.edges]
        parts += [self._box(node, layout.boxes[f"n{node.number}"]) for node in self.told.graph]
        place = f"translate({_MARGIN:g} {_MARGIN:g})"
        return self._framed(element("g", "\n".join(parts), class_="graph", transform=place))

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
        shown = [self._animated(_times(i == k for i in range(len(sentences)))) for k in range(len(sentences))]
        return "".join(
            element("text", text, x=x, y=y, font_size=12.0, fill=self.look.text, class_=name)
            for text, name in zip(sentences, shown, strict=True)
        )

    def _cluster(self, scope: Scope, box: Box) -> str:
        fill, border = self.look.cluster(len(scope.path) - 1)
        frame = element("path", d=outline(box), fill=fill, stroke=border)
        place = box.words[0]
        title = _text(place.middle, place.y, place.size, escape(visible(scope.name)), self.look.muted)
        return element("g", frame + title, class_="cluster")

    def _box(self, node: Node, box: Box) -> str:
        looks = [look.box((node.number,), node.number) for look in self.looks]
        states = [{"fill": self._colour(look.fill), **self._pen(look)} for look in looks]
        parts = [element("path", d=outline(box), class_=self._animated(states)), self._title(node, box)]
        numbers = list(zip((look.words(node.number) for look in self.looks), looks, strict=True))
        value, gradient = box.words[-2:]
        parts += self._stack(
            box.middle, value.y, [_Said(v, self._colour(look.value), value.size) for (v, _), look in numbers]
        )
        small = self.look.small_size
        parts += self._stack(
            box.middle,
            gradient.y,
            [_Said(g, self._colour(look.gradient), small if look.small else gradient.size) for (_, g), look in numbers],
        )
        return element("g", "".join(parts), class_="node", id=f"n{node.number}")

    def _title(self, node: Node, box: Box) -> str:
        name = self.laid.labels.get(node.number)
        bold = element("tspan", escape(visible(name, 40)), font_weight="bold") if name else ""
        muted = element("tspan", escape(visible(operation_text(node))), fill=self.look.muted) if node.op else ""
        words = f"{bold} {muted}".strip()
        place = box.words[0]
        return _text(box.middle, place.y, place.size, words, self.look.text) if words else ""

    def _line(self, edge: Edge, curve: Curve) -> str:
        looks = [look.line([edge]) for look in self.looks]
        states = [self._pen(look) for look in looks]
        parts = [
            element("path", d=stroke(curve), fill="none", class_=self._animated(states)),
            *self._ends(curve, looks),
        ]
        words = [look.line_words([edge]) for look in self.looks]
        if curve.words is not None:
            size = curve.words.size
            said = [self._label(word, look, size) for word, look in zip(words, looks, strict=True)]
            parts += self._stack(curve.words.middle, curve.words.y, said)
        return element("g", "".join(parts), class_="edge", id=line_id([edge]))

    def _ends(self, curve: Curve, looks: Sequence[Look]) -> Iterator[str]:
        """At the operand: an arrowhead where a gradient flows, else the line goes on; a bar where it is refused."""
        for tag, shape, heads in (
            ("polygon", {"points": head(curve)}, {"back"}),
            ("polyline", {"points": tee(curve)}, {"tee"}),
            ("path", {"d": way(curve)}, {"tee", "none", "forth"}),
        ):
            shown = _times(look.head in heads for look in looks)
            if any(state["opacity"] == "1" for state in shown):
                inks = [
                    {**self._pen(look), "stroke-dasharray": "none", "fill": self._colour(look.ink)} for look in looks
                ]
                states = [{**ink, **now} for ink, now in zip(inks, shown, strict=True)]
                yield element(tag, **shape, class_=self._animated(states))

    def _label(self, words: Words, look: Look, size: float) -> _Said:
        bold = element("tspan", escape(words.result), font_weight="bold")
        text = f"{escape(words.text)} = {bold}" if words.result else escape(words.text)
        paper = self.look.background
        halo = blend((paper, self.look.highlight), 0.35) if look.framed else paper
        return _Said(text, self.look.text if look.framed else self._colour(look.label), size, halo)

    def _colour(self, part: str | None) -> str:
        assert part is not None
        return self.look.colour(part)

    def _pen(self, look: Look) -> dict[str, str]:
        assert look.dash is not None
        dashes = ",".join(f"{length:g}" for length in DASHES[self.look.style(look.dash)])
        ink = self._colour(look.ink)
        return {"stroke": ink, "stroke-width": f"{look.pen:g}", "stroke-dasharray": dashes or "none"}

    def _stack(self, x: float, y: float, said: Sequence[_Said]) -> list[str]:
        """One text for each thing that stands here at some time, each shown at its time."""
        found = []
        for one in dict.fromkeys(said):
            if one.words:
                times = self._animated(_times(other == one for other in said))
                around = (one.halo, "4", "stroke") if one.halo else (None, None, None)
                halo = dict(zip(("stroke", "stroke_width", "paint_order"), around, strict=True))
                found.append(_text(x, y, one.size, one.words, one.ink, class_=times, **halo))
        return found

    def _animated(self, states: Sequence[State]) -> str:
        """A class whose style goes through these states; at rest it is in the last one."""
        name = f"k{len(self.rules)}"
        frames = "".join(f"{at:.3f}%{{{style}}}" for at, style in _changes(states))
        total = (len(self.told) + 2) * self.seconds
        moving = f"animation:{name} {total:g}s step-end infinite" if frames.count("{") > 1 else ""
        rest = f".{name}{{{_style(states[-1])};{moving}}}"
        self.rules.append((f"@keyframes {name}{{{frames}}}" if moving else "") + rest)
        return name


@dataclass(frozen=True)
class _Said:
    """Words as they stand in one place at some step: markup, ink, size, and the ink around them."""

    words: str
    ink: str
    size: float
    halo: str = ""


def _text(x: float, y: float, size: float, words: str, ink: str, **more: str | None) -> str:
    return element("text", words, text_anchor="middle", x=x, y=y, font_size=size, fill=ink, **more)


def _times(shown: Iterable[bool]) -> list[State]:
    return [{"opacity": f"{now:d}"} for now in shown]


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
