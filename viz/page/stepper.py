"""Step through a graph forwards and backwards, in a notebook or on a page of its own, and change its inputs live."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from autodiff import Graph, Steps, Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, caller, got
from autodiff.language.ieee import real
from autodiff.language.notation import writing
from autodiff.writing.phrases import labels as all_labels
from viz.graph.constants import WithConstants, constants_of, require_values
from viz.graph.folding import Collapse, read_once
from viz.graph.legend import entries
from viz.graph.naming import Names, in_picture, typed
from viz.graph.numbers import numbers_in
from viz.graph.paint import Laid
from viz.graph.part import Part
from viz.graph.rows import DIRECTIONS, Rows
from viz.graph.view import require_boxes, view
from viz.graph.ways import wanted
from viz.ink.figures import figured
from viz.ink.letters import in_letters, in_mathml
from viz.ink.text import visible
from viz.ink.theme import OWN, Theme
from viz.page.contract import Page
from viz.page.data import page_data
from viz.page.drawn import MARGIN, drawn
from viz.page.grid import step_grid
from viz.page.html import SCALE, frame, page, shell
from viz.page.layouts import Blank, laid_out
from viz.page.poster import poster
from viz.page.saved import SavedPage
from viz.page.seeing import opening, seen, shown_in, ways
from viz.page.style import dressed, legible, sized
from viz.page.style import style as style_of
from viz.page.widget import widget

__all__ = ["Stepper", "step"]


@answered
def step(
    output: Value,
    *,
    grid: Any = None,
    theme: str | Theme = "auto",
    background: str | None = OWN,
    legend: bool = True,
    collapse: Collapse | None = None,
    around: Value | None = None,
    depth: int | None = None,
    reached: bool = False,
    names: Names = True,
    rankdir: str = "auto",
    max_nodes: int | None = 1000,
    start: int = 0,
    seed: float | None = None,
    digits: int | None = None,
    path: Value | None = None,
    paths: Sequence[Value] | None = None,
    constants: bool = False,
    timeout: float = 30,
) -> Stepper:
    """Step through the graph behind a Value: each value as it is computed, each gradient as it arrives.

    In a notebook the stepper shows itself; ``save_html`` writes it as one file for any browser, ``widget()`` makes
    one that keeps in touch with Python. Unnamed Values are called like the caller's variables, unless
    ``names=False``; ``names={"w": w}`` calls this one so. ``collapse`` folds scopes, ``around``, ``depth`` and
    ``reached`` show a part, as in :func:`viz.draw`: what cannot be seen then is no step. ``theme`` is "auto" (that of
    the host), "light", "dark" or a :class:`viz.Theme`; ``background=None`` lets what is behind the page be seen,
    ``legend=False`` leaves the legend out; ``start`` is the step to begin with, negative ones from the end; ``seed`` is
    the gradient that arrives at the output (that of the pass that was run, else 1); ``digits`` are the figures of every
    number, 4 by default; ``path=x`` and ``paths=(x, y)`` show ways in colour over the faded rest, as in
    :func:`viz.draw`; ``constants=True`` gives each number of an operation a box to edit it in. ``grid`` shows a pool
    beside the graph: what the pool answered, True for the one pool, or ``dict(cells=x, outputs=p, kernel_size=3)``.

    No Value is changed unless :meth:`Stepper.apply` is called. ``TooLargeError`` says how to look at a part.

    >>> from autodiff import maximum
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> stepper = step(maximum(a, b) * 2)
    >>> stepper.save_html("max.html")  # doctest: +SKIP
    >>> stepper.values
    {'a': 3.0, 'b': 5.0}
    """
    own, look = dressed(theme, background)
    if not isinstance(output, Value):
        many = "; of several, add up what counts: step(sum(values))" if isinstance(output, Iterable) else ""
        raise TypeError(f"step takes one Value, the output of a graph; got {got(output)}{many}")
    folds = False if collapse is None else read_once(collapse)
    require_boxes([output], reached, folds, max_nodes, around, depth)
    graph = WithConstants(Graph(output)) if constants else Graph(output)
    view(graph, around, depth, reached, folds, max_nodes)  # refuses what is too large before any work is done
    found = typed(graph, names, caller())
    if rankdir not in ("auto", *DIRECTIONS):
        raise ValueError(f"rankdir must be 'auto' or one of {', '.join(DIRECTIONS)}; got {quoted(rankdir)}")
    part: dict[str, Any] = {"around": around, "depth": depth, "reached": reached}
    part |= {"collapse": None if collapse is None else folds, "path": wanted(path, paths), "max_nodes": max_nodes}
    layout = {"theme": sized(own), "rankdir": rankdir, "part": part, "timeout": timeout}
    shown = None if grid is None or grid is False else step_grid(graph, grid)
    return Stepper(graph, found, layout, shown, look, start, seed, style_of(own, legend), digits, legend)


class Stepper(SavedPage):
    """A graph to step through; made by :func:`step`.

    >>> x = Value(3.0, "x")
    >>> stepper = step(x * x)
    >>> stepper.values = {"x": 4}
    >>> x.data, stepper.apply(), x.data
    (3.0, 16.0, 4.0)
    """

    def __init__(
        self,
        graph: Graph,
        names: dict[int, str],
        layout: Mapping[str, Any],
        grid: Mapping[str, Any] | None,
        theme: str,
        start: int,
        seed: float | None = None,
        style: str | None = None,
        digits: int | None = None,
        legend: bool = True,
    ) -> None:
        self._style, self._legend, self._theme = style, legend, layout["theme"]
        self._typed, self.grid, self.theme = all_labels(graph, names), grid, theme
        self._labels, self._names = in_picture(graph, names), names
        self._told = Steps(graph, self._labels, seed, constants_of(graph))
        self._figures = figured(numbers_in(self._told), digits)
        blank = layout.get("blank", Blank)(graph, None, self._labels, self._theme, figures=self._figures)
        blank.ended = self._told.snapshot(-1)
        part = Part(graph, labels=self._labels, **layout["part"])
        self._whole = laid_out(blank, part, layout["rankdir"], layout["timeout"], grid is not None)
        self._laid = self._whole.laid[0]
        count = len(self._seen)
        if isinstance(start, bool) or not isinstance(start, int) or not -count <= start < count:
            raise ValueError(f"start is a step from 0 to {count - 1}, or from the end; got {quoted(start)}")
        self.start = start
        self._edits: dict[str, float] = {}
        self._widget: Any = None

    @cached_property
    def leaves(self) -> dict[str, Value]:
        """The leaves by name, as it was typed; one that several nodes share is followed by the number of the node."""
        return {self._typed[number]: self._told.graph.values[number] for number in self._told.graph.leaves}

    @property
    def values(self) -> dict[str, float]:
        """The numbers of the leaves by name, with what was edited; set some to edit them from Python.

        Only :meth:`apply` writes them into the Values.
        """
        return {name: self._edits.get(name, value.data) for name, value in self.leaves.items()}

    @values.setter
    def values(self, numbers: Mapping[str, float]) -> None:
        unknown = [name for name in numbers if name not in self.leaves]
        if unknown:
            raise KeyError(f"no leaf is called {quoted(unknown[0])}; the leaves are {list(self.leaves)}")
        self._edits |= {name: real(number) for name, number in numbers.items()}
        if self._widget is not None:
            self._widget.values = self.values

    def apply(self) -> float:
        """Write the edited leaves into their Values, compute the graph anew, and answer its output.

        Gradients of what was computed anew are "not computed" until the next ``backward()``. No constant is written.
        """
        graph, leaves = self._told.graph, self.leaves
        # Writing the very same number again would make the graph out of date for nothing; repr tells -0.0 from 0.0.
        edited = {leaves[name]: x for name, x in self.values.items() if repr(leaves[name].data) != repr(x)}
        require_values(graph, edited)
        for value, number in edited.items():
            value.data = number
        (result,) = graph.forward()
        self._told, self._edits = Steps(graph, self._labels, self._told.seed, constants_of(graph)), {}
        return result

    @property
    def data(self) -> Page:
        """What the page works on, ready for JSON."""
        told, shown, folded = self._told, self._laid.view, self._whole.folded_view
        with writing(self._figures):
            data = page_data(told)
        for node in data["nodes"]:
            if "scope" in node:
                node["scope"] = [visible(name) for name in node["scope"]]
        insides = [*self._whole.insides]
        names = {told.graph.number(value): name for name, value in self.leaves.items()}
        own = ((number, in_letters(name), in_mathml(name)) for number, name in self._names.items())
        notation = {label: markup for number, label, markup in own if label == self._labels[number]}
        return {
            **data,
            "shell": shell(tuple(ways(shown, self._labels))),
            "scale": SCALE,
            "leaves": names,
            "notation": notation,
            **shown_in(shown, insides),
            "unseen": sorted({*range(len(told.graph))} - {*shown.numbers}),
            "folded": None if folded is None else shown_in(folded, insides),
            "insides": opening(self._whole.insides, self._labels),
        }

    @property
    def svg(self) -> str:
        """The graph in each of the layouts that the page has of it, and of the scopes that open, at the last step."""
        with writing(self._figures):
            scale, folded = legible(self._theme), self._whole.folded
            parts = [(*one, "folded" if k == folded else None) for k, one in enumerate(self._layouts)]
            parts += [(*one.laid, str(k)) for k, one in enumerate(self._whole.insides.values()) if one.laid]
            ended = ((laid, rows, self._ended(self._theme, laid, rows), kind) for laid, rows, kind in parts)
            return "".join(drawn(laid, rows, last.looks, scale, kind) for laid, rows, last, kind in ended)

    @property
    def _layouts(self) -> list[tuple[Laid, Rows]]:
        return list(zip(self._whole.laid, self._whole.rows, strict=True))

    def _ended(self, theme: Theme, laid: Laid, rows: Rows) -> Rows:
        """What boxes and lines say at the last step that is seen, as shortly as there is room for."""
        ended, told = self._told.snapshot(self._seen[-1][-1]), self._told
        return Rows(told.graph, ended, self._labels, theme, rows.style, view=laid.view, figures=self._figures)

    @property
    def _seen(self) -> list[list[int]]:
        """The facts of each step of the page."""
        return seen(self._told, self._laid.view)

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"Step through {self._told.labels[self._told.graph.outputs[0]]}"

    def html(self) -> str:
        """The stepper as one self-contained page: no network, no kernel, no other file."""
        svg = re.sub(r"[\ud800-\udfff]", "\ufffd", self.svg)
        facts, css = self.data, self._style
        told: dict[str, Any] = {"grid": self.grid, "theme": self.theme, "start": self.start, "title": self.title}
        ended = self._ended(self._theme, *self._layouts[0])
        return page(facts, svg, **told, css=css, legend=entries(self._laid.view, ended))

    def widget(self) -> Any:
        """The stepper as a widget in touch with Python: ``values`` follows what people edit, and the other way.

        Needs the package anywidget; ``ImportError`` says so when it is not there.
        """
        if self._widget is None:
            facts = {"data": self.data, "svg": self.svg, "grid": self.grid, "theme": self.theme, "start": self.start}
            told = {**facts, "values": self.values}
            self._widget = widget(told, self._repr_mimebundle_, self._follow, self._look, self._style)
        return self._widget

    def _look(self, step: int) -> None:
        """The widget went to another step: shown again, this begins there."""
        self.start = step

    def _follow(self, numbers: Mapping[str, float]) -> None:
        """The widget was edited."""
        self._edits = {name: number for name, number in numbers.items() if name in self.leaves}

    @property
    def _height(self) -> int:
        high = self._laid.layout.height + 2 * MARGIN[1]
        beside = (70 * len(self.grid["cells"]) + 150 if self.grid else 0) + 40 * min(8, len(self.leaves)) + 60
        return round(min(760, max(480, 220 + 4 / 3 * high, 170 + beside)))

    def _repr_html_(self) -> str:
        theme = self._theme.in_the_dark if self.theme == "dark" else replace(self._theme, dark=None)
        instead = poster(self._laid, self._ended(theme, *self._layouts[0]), legend=self._legend)
        return frame(self.html(), self.title, self._height, instead)

    def __repr__(self) -> str:
        counted = self._seen
        forward = sum(facts[0] < self._told.forward for facts in counted)
        return f"<Stepper through {len(self._told.graph)} nodes: {forward} steps forward, " + (
            f"{len(counted) - forward} backward; save_html(path) writes it as a page>"
        )
