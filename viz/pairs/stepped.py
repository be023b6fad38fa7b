"""Two runs of one graph on a page, stepped together: a half for each, what differs marked and told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Any

from autodiff.language.notation import Figures, as_json, writing
from autodiff.programs.javascript import functions
from autodiff.writing.phrases import is_own
from viz.graph.look import Look
from viz.graph.rows import Row
from viz.page.html import document, frame, signs, static
from viz.page.layouts import Blank
from viz.page.saved import SavedPage
from viz.page.squeezing import squeezed
from viz.page.stepper import Stepper
from viz.page.style import dressed, sized
from viz.page.style import style as style_of
from viz.pairs.changes import Changes
from viz.pairs.telling import causes

__all__ = ["OFFERED", "SHARED", "SteppedPair", "module"]

SHARED = (
    *("numbers.js", "engine.js", "telling.js", "seeing.js", "arithmetic.js", "look.js", "quiz.js", "state.js"),
    *("around.js", "dom.js", "shell.js", "room.js", "camera.js", "graph.js"),
)
LEFT_OUT = ("inputs", "predict", "stop", "formula", "fold", "copying")  # what a stepper does and a comparison does not
OFFERED = (
    *("first", "back", "play", "next", "last", "slower", "faster", "up", "down", "jump", "focus"),
    *("in", "out", "fit", "whole", "theme", "keys"),
)
HEIGHT = 640  # pixels, in a notebook
STILL = (
    "This is the last step of the second of the two. Where scripts may run, which they may not here, the page steps "
    "through both together, forwards and backwards."
)
START = """
const told = JSON.parse(document.querySelector("#told").textContent);
compareRuns(document.querySelector("#stepper"), told, document.querySelectorAll("#stepper svg"));
around.settle();
"""


class _Wide(Blank):
    """Blank rows in which a number has room for what it was."""

    def _numbers(self, place: int, found: Look) -> list[Row]:
        rows = super()._numbers(place, found)
        return [(row[0]._replace(text=row[0].text + 8 * "0"), *row[1:]) for row in rows]


class SteppedPair(SavedPage):
    """Two runs of one graph to step through together; made by ``compare(before, after).step()``.

    In a notebook it shows itself, ``save`` writes it as one file for any browser. It has no inputs to edit, and does
    not ask for the next number.
    """

    def __init__(self, changes: Changes, titles: tuple[str, str], figures: Figures, options: Mapping[str, Any]) -> None:
        graph = changes.after.graph
        if not changes.alike or len(graph.outputs) != 1:
            raise ValueError(
                "two graphs are stepped together where their structure is the same, and each has one output; these "
                "differ: step through each by itself with viz.step(y)"
            )
        own, self.theme = dressed(options["theme"], options["background"])
        names = {number: name for number, name in changes.after.labels.items() if is_own(number, name)}
        part = {"collapse": options["collapse"], "max_nodes": options["max_nodes"]}
        layout = {"theme": sized(own), "rankdir": "auto", "part": part, "timeout": options["timeout"], "blank": _Wide}
        self._style = style_of(own, options["legend"]) + _own("compare.css")
        self._after = Stepper(graph, names, layout, None, self.theme, options["start"], digits=figures.digits)
        self._changes, self.titles, self._figures = changes, titles, figures

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the page works on, ready for JSON."""
        after = self._after.data
        nodes = zip(after["nodes"], self._changes.before.graph.nodes, self._changes.before.snapshot.values, strict=True)
        before = {**after, "nodes": [_with(node, like.args, value) for node, like, value in nodes]}
        with writing(self._figures):
            told = causes(self._changes)
        shown = {"titles": list(self.titles), "causes": told, "shell": _shell(self._after.data["shell"])}
        return {"halves": [before, dict(after)], **shown, "theme": self.theme, "start": self._after.start}

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"{self.titles[0]}, {self.titles[1]}"

    def html(self) -> str:
        """One self-contained page: no network, no kernel, no other file."""
        script = module(signs(self.data["halves"][1])) + START
        parts = {"script": script, "css": self._style, "theme": self.theme, "title": self.title, "sentence": STILL}
        return document(self.data, self._after.svg, **parts)

    def _repr_html_(self) -> str:
        return frame(self.html(), self.title, HEIGHT, f"<p>{STILL}</p>")

    def __repr__(self) -> str:
        return f"<Two runs of {len(self._changes.after.graph)} nodes, stepped together; save(path) writes a page>"


def _with(node: Mapping[str, Any], args: tuple[int | float, ...], value: float | None) -> dict[str, Any]:
    """A node of the page with the numbers of another run."""
    if "op" not in node:
        return {**node, "value": as_json(0.0 if value is None else value)}
    return {**node, "args": [arg if isinstance(arg, int) else [as_json(arg)] for arg in args]}


@cache
def module(used: frozenset[str] | None = None) -> str:
    """The page's JavaScript module: what it shares with the stepper's, and a script of its own."""
    parts = [*map(static, SHARED), _own("compare.js")]
    return squeezed("\n".join([functions(used), *parts]))


@cache
def _shell(whole: str) -> str:
    """The stepper's bar and keys, as far as a comparison has them, around two halves."""
    bar, _, rest = whole.partition('<div class="gr-main">')
    for name in LEFT_OUT:
        bar = re.sub(rf'<button type="button" data-do="{name}".*?</button>', "", bar)
    bar = re.sub(r'<div class="gr-within".*?</div>', "", bar)
    legend = '<p class="gr-legend"' + rest.partition('<p class="gr-legend"')[2].partition("</p>")[0] + "</p>"
    keys = "<dialog" + rest.partition("<dialog")[2].partition("</dialog>")[0]
    rows = re.findall(r"<tr>.*?</tr>", keys)
    known = [row for row in rows if not (names := re.findall(r'data-name="(\w+)"', row)) or set(names) <= {*OFFERED}]
    table = keys.partition("<tbody>")[0] + "<tbody>" + "".join(known) + "</tbody></table>"
    hint = "<p>Click a node to jump to its step. Drag moves a graph, Ctrl and the wheel zoom.</p>"
    close = '<button type="button" data-do="close">Close</button></dialog>'
    return bar + '<div class="gr-halves" data-part="halves"></div>' + legend + table + hint + close


def _own(name: str) -> str:
    return static(name, "viz.pairs")
