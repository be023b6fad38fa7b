"""An animated SVG of all steps: laid out once, no script, so that it plays in a README."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from pathlib import Path

from autodiff import Graph, Moment, Steps, Value, steps
from autodiff.facts.words import why_no_path
from autodiff.files import write
from autodiff.recording.value import NO_PATH
from viz.graph.drawing import blank
from viz.graph.gif import gif
from viz.graph.marks import BLANK
from viz.graph.naming import names_of
from viz.graph.view import ancestors
from viz.ink.text import visible
from viz.ink.theme import FONT_STACK, Theme, number, width
from viz.ink.theme import theme as theme_of

__all__ = ["animate"]

LIMIT = 400  # steps; more would take minutes to watch
# Widths of Arial's characters in an em, for centring what replaces a blank label.
_EM = {"-": 0.333, ".": 0.278, " ": 0.278, "×": 0.584, "=": 0.584}
_DASHES = {"solid": "none", "dashed": "5,2", "dotted": "1,5"}
_CAPTION = 34.0  # the height of the line of words below


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
    kind = Path(path).suffix.lower()
    if kind not in (".svg", ".gif"):
        raise ValueError(f"an animation is an .svg or a .gif; got the path {os.fspath(path)!r}")
    if not isinstance(output, Value):
        raise TypeError(f"an animation is of one Value, the output of a graph; got {type(output).__name__}")
    _check_length(len(list(islice(ancestors([output]), LIMIT + 1))))  # every node is a step at least
    found = names_of(Graph(output), sys._getframe(1) if names else None)
    told = steps(output, found, seed=seed)
    _check_length(len(told))
    if kind == ".gif":
        return write(path, gif(told, found, theme, rankdir, seconds))
    picture, _ = blank(told, names=found, rankdir=rankdir)
    return write(path, _Film(told, picture.svg(), theme_of(theme), seconds).svg().encode())


def _check_length(steps: int) -> None:
    if steps > LIMIT:
        raise ValueError(
            f"an animation of {steps} steps or more is too long to watch (at most {LIMIT}): "
            "step through it with viz.step(y, max_nodes=None)"
        )


@dataclass
class _Film:
    """One animation under way: the blank SVG, and the style that fills it in step by step."""

    told: Steps
    blank: str
    look: Theme
    seconds: float
    rules: list[str] = field(default_factory=list)

    def svg(self) -> str:
        """The finished text."""
        moments = [self.told.moment(k) for k in range(len(self.told))]
        body = re.sub(
            r'<g id="n(\d+)" class="node">.*?</g>',
            lambda g: self._box(g[0], int(g[1]), moments),
            self.blank,
            flags=re.S,
        )
        body = re.sub(
            r'<g id="e(\d+)_(\d+)" class="edge">.*?</g>',
            lambda g: self._line(g[0], (int(g[1]), int(g[2])), moments),
            body,
            flags=re.S,
        )
        return self._framed(body)

    def _framed(self, body: str) -> str:
        """The picture with room for the words below, in the colours of the theme."""
        size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"\s*viewBox="([^"]+)"', body)
        assert size is not None
        wide, high = max(float(size[1]), 620.0), float(size[2]) + _CAPTION
        left, top, _, _ = map(float, size[3].split())
        shift = (wide - float(size[1])) / 2
        box = f'width="{wide:g}pt" height="{high:g}pt" viewBox="{left - shift:g} {top:g} {wide:g} {high:g}"'
        body = body.replace(size[0], box, 1)
        paper = (
            f'<rect x="{left - shift:g}" y="{top:g}" width="{wide:g}" height="{high:g}" fill="{self.look.background}"/>'
        )
        words = "".join(
            f'<text x="{left - shift + 12:g}" y="{top + high - 14:g}" font-family="{FONT_STACK}" font-size="12" '
            f'fill="{self.look.text}" {self._shown([i == k for i in range(len(self.told))])}>'
            f"{escape(visible(step.sentence, 110))}</text>"
            for k, step in enumerate(self.told)
        )
        body = re.sub(r'<polygon fill="#[0-9a-f]{6}" stroke="transparent"[^>]*/>', "", body, count=1)
        style = f"<style>{''.join(self.rules)}{self._still()}</style>"
        start = body.index(">", body.index("<svg")) + 1
        return self._coloured(body[:start] + style + paper + body[start:].replace("</svg>", f"{words}</svg>"))

    def _coloured(self, body: str) -> str:
        """The light colours of the blank picture, in those of this theme."""
        light = theme_of("light")
        pairs = [(light.text, self.look.text), (light.muted, self.look.muted)]
        pairs += [(light.node_fill, self.look.node_fill), (light.leaf_fill, self.look.leaf_fill)]
        pairs += list(
            zip(
                light.cluster_fills + light.cluster_borders,
                self.look.cluster_fills + self.look.cluster_borders,
                strict=True,
            )
        )
        table = dict(pairs)
        return re.sub(r'(fill|stroke)="(#[0-9a-f]{6})"', lambda c: f'{c[1]}="{table.get(c[2], c[2])}"', body)

    def _still(self) -> str:
        return "@media (prefers-reduced-motion:reduce){*{animation:none!important}}"

    def _box(self, group: str, place: int, moments: Sequence[Moment]) -> str:
        texts = list(re.finditer(r"<text[^>]*>.*?</text>", group, re.S))[-2:]
        edge = [float(x) for x in re.findall(r"(-?[\d.]+),-?[\d.]+", re.search(r' d="([^"]+)"', group)[1])]  # type: ignore[index]
        middle = (min(edge) + max(edge)) / 2
        look = self.look
        values = [_value(moment, place) for moment in moments]
        gradients = [_gradient(moment, place) for moment in moments]
        inks = [look.not_computed if text in ("–", "no path") else look.gradient for text in gradients]
        fills = [look.muted if text == "·" else look.value for text in values]
        borders = [self._border(moment, place) for moment in moments]
        drawn = group[: texts[0].start()].replace("<path ", f"<path {self._animated(borders)} ", 1)
        drawn += self._stack(texts[0][0], middle, values, fills)
        return drawn + self._stack(texts[1][0], middle, gradients, inks) + "</g>"

    def _border(self, moment: Moment, place: int) -> Mapping[str, str]:
        look = self.look
        if moment.current is not None and moment.current.node == place:
            return {"stroke": look.highlight, "stroke-width": "3"}
        quiet = moment.values[place] is None or moment.gradients[place] is NO_PATH
        leaf = self.told.graph.nodes[place].op is None
        return {
            "stroke": look.no_path if quiet else look.leaf_border if leaf else look.node_border,
            "stroke-width": "1.4",
        }

    def _line(self, group: str, key: tuple[int, int], moments: Sequence[Moment]) -> str:
        states = [self._flow(moment, key) for moment in moments]
        label = re.search(r"<text[^>]*>.*?</text>", group, re.S)
        assert label is not None
        start = re.search(r' x="(-?[\d.]+)"', label[0])
        assert start is not None
        size = self.look.small_size
        middle = float(start[1]) + sum(_EM.get(c, 0.556) for c in f"{BLANK} × {BLANK} = {BLANK}") * size / 2
        lines = [{k: v for k, v in state.items() if k.startswith("stroke")} for state in states]
        heads = [{"fill": state["stroke"], "stroke": state["stroke"], "opacity": state["head"]} for state in states]
        drawn = group[: label.start()].replace("<path ", f"<path {self._animated(lines)} ", 1)
        drawn = drawn.replace("<polygon ", f"<polygon {self._animated(heads)} ", 1)
        words = self._stack(label[0], middle, [state["text"] for state in states], [state["ink"] for state in states])
        return drawn + words + "</g>"

    def _flow(self, moment: Moment, key: tuple[int, int]) -> dict[str, str]:
        look = self.look
        flow = next((f for e, f in moment.flows.items() if (e.target, e.position) == key), None)
        quiet = {
            "stroke": look.no_path,
            "stroke-width": "1",
            "stroke-dasharray": "none",
            "head": "0",
            "ink": look.not_computed,
        }
        if flow is None:
            return {**quiet, "text": ""}
        if flow.local is None:
            node = self.told.graph.nodes[key[0]]
            return {**quiet, "stroke-dasharray": _DASHES[look.no_path_style], "text": why_no_path(node, key[1])}
        if flow.contribution is None or flow.upstream is None:
            return {**quiet, "text": "taken"}
        colour, style = look.flow(flow.contribution)
        text = f"{number(flow.local)} × {number(flow.upstream)} = {number(flow.contribution)}"
        pen = {"stroke-width": f"{width(flow.contribution):g}", "stroke-dasharray": _DASHES[style]}
        return {"stroke": colour, **pen, "head": "1", "ink": colour, "text": text}

    def _stack(self, text: str, middle: float, texts: Sequence[str], inks: Sequence[str]) -> str:
        """One text for each thing that stands here at some time, each shown at its time."""
        place = re.sub(r'text-anchor="\w+" x="-?[\d.]+"', f'text-anchor="middle" x="{middle:g}"', text)
        opening = re.sub(r' fill="[^"]*"', "", place[: place.index(">")])
        out = []
        for words, ink in dict.fromkeys(zip(texts, inks, strict=True)):
            if words:
                times = [pair == (words, ink) for pair in zip(texts, inks, strict=True)]
                out.append(f'{opening} fill="{ink}" {self._shown(times)}>{escape(words)}</text>')
        return "".join(out)

    def _shown(self, times: Sequence[bool]) -> str:
        return self._animated([{"opacity": "1" if now else "0"} for now in times])

    def _animated(self, states: Sequence[Mapping[str, str]]) -> str:
        """A class whose style goes through these states; at rest it is in the last one."""
        rest = ";".join(f"{key}:{value}" for key, value in states[-1].items())
        name = f"k{len(self.rules)}"
        frames = "".join(f"{at:.3f}%{{{style}}}" for at, style in self._changes(states))
        total = (len(self.told) + 2) * self.seconds
        moving = f"animation:{name} {total:g}s step-end infinite" if frames.count("{") > 1 else ""
        self.rules.append((f"@keyframes {name}{{{frames}}}" if moving else "") + f".{name}{{{rest};{moving}}}")
        return f'class="{name}"'

    def _changes(self, states: Sequence[Mapping[str, str]]) -> Iterator[tuple[float, str]]:
        before = None
        for k, state in enumerate(states):
            style = ";".join(f"{key}:{value}" for key, value in state.items())
            if style != before:
                yield 100 * k / (len(states) + 2), style  # the last step is held for two more
            before = style


def _value(moment: Moment, place: int) -> str:
    value = moment.values[place]
    return "·" if value is None else number(value)


def _gradient(moment: Moment, place: int) -> str:
    gradient = moment.gradients[place]
    return "–" if gradient is None else "no path" if gradient is NO_PATH else number(gradient)
