"""What a box and a line look like is decided once: every painter says of every state what the tables say."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from drawn import read
from scripts import ENGINE, running

import viz
from autodiff import Edge, Flow, Graph, Snapshot, Step, Value, log, max_pool1d, maximum, relu, scope, steps
from autodiff.language.notation import Figures, writing
from autodiff.recording.reverse import NO_PATH
from viz.graph.look import BOX, LINE, Look, Looks, look
from viz.graph.marks import Marks
from viz.graph.paint import line_id, pen
from viz.graph.rows import Rows
from viz.graph.view import view
from viz.ink.theme import DARK, DASHES, LIGHT, Theme
from viz.layout.layout import Layout
from viz.page.style import looks

SVG = "{http://www.w3.org/2000/svg}"
VALUES = [None, 2.0, 0.0, math.nan, math.inf, -math.inf]
GRADIENTS = [None, NO_PATH, 0.0, -1.5, math.nan, -math.inf]


def snapshot_of(graph: Graph, value: float | None, gradient: float | None, current: bool) -> Snapshot:
    """A snapshot in which the last node is in this state."""
    size = len(graph)
    facts: dict[str, Any] = dict.fromkeys(("edge", "before", "after", "local", "upstream", "contribution"))
    here = Step(0, "forward", size - 1 if current else 0, sentence="", **facts)
    known: list[float | None] = [1.0] * (size - 1)
    return Snapshot([*known, value], [*known, gradient], {}, here)


STATES = [
    (value, gradient, current)
    for value, gradient, current in itertools.product(VALUES, GRADIENTS, (False, True))
    if value is not None or gradient is None
]


def cascade(selector: str, marks: set[str], part: str) -> dict[str, str]:
    """What the style sheet says of a part of a box or line with these marks, rule after rule, as a browser does."""
    found: dict[str, tuple[int, str]] = {}
    for names, where, body in re.findall(
        rf"\.gradroute \.{selector}((?:\.gr-[\w-]+)*)( [^{{]*|)\{{([^}}]*)\}}", looks()
    ):
        wanted = {name.replace("-", " ") for name in re.findall(r"gr-([\w-]+)", names)}
        if wanted <= marks and part in where.replace(":is(", " ").replace(")", " ").replace(",", " ").split():
            for declaration in body.split(";"):
                name, _, value = declaration.partition(":")
                if len(wanted) >= found.get(name, (0, ""))[0]:
                    found[name] = (len(wanted), value)
    return {name: value for name, (_, value) in found.items()}


def variable(part: str | None) -> str:
    assert part is not None
    return f"var(--gr-{part.replace('_', '-')})"


def graph_of_one(leaf: bool) -> Graph:
    x = Value(1.0, "x")
    return Graph(x if leaf else x * x)


@pytest.mark.parametrize(("value", "gradient", "current"), STATES)
@pytest.mark.parametrize("leaf", [False, True])
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_painter_paints_a_box_as_the_table_says(
    value: float | None, gradient: float | None, current: bool, leaf: bool, theme: Theme
) -> None:
    graph = graph_of_one(leaf)
    snapshot = snapshot_of(graph, value, gradient, current)
    node = graph.nodes[-1]
    decided = Looks(graph, snapshot).box((node.number,), node.number)
    marks = Looks(graph, snapshot).box_marks((node.number,), node.number)
    assert decided.ink is not None
    assert decided.fill is not None
    assert decided.dash is not None
    ink, fill = theme.colour(decided.ink), theme.colour(decided.fill)

    dot = Marks(Rows(graph, snapshot, {}, theme)).box(node)
    assert (dot["color"], dot["fillcolor"], float(dot["penwidth"])) == (ink, fill, decided.pen)
    assert dot.get("style", "rounded,filled,solid").endswith(decided.dash)

    drawn = pen(theme, decided)
    assert (drawn["stroke"], float(drawn["stroke-width"])) == (ink, decided.pen)
    assert drawn["stroke-dasharray"] == (",".join(f"{x:g}" for x in DASHES[decided.dash]) or "none")

    css = cascade("node", marks, "rect")
    assert (css["stroke"], css["fill"], float(css["stroke-width"])) == (
        variable(decided.ink),
        variable(decided.fill),
        decided.pen,
    )
    assert re.findall(r"calc\((\d)px", css["stroke-dasharray"]) == [f"{x:g}" for x in DASHES[decided.dash]]
    assert cascade("node", marks, ".gr-value")["fill"] == variable(decided.value)
    assert cascade("node", marks, ".gr-gradient")["fill"] == variable(decided.gradient)


FLOWS = [
    None,
    Flow(Edge(0, 1, 0), None, None, None),  # refused, before any gradient
    Flow(Edge(0, 1, 0), None, 2.0, None),
    Flow(Edge(0, 1, 0), 1.0, None, None),
    *(Flow(Edge(0, 1, 0), 1.0, x, x) for x in (2.0, -0.03, 0.0, math.nan, math.inf, -math.inf)),
]


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("current", ["", "feeds", "now"])
@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_painter_paints_a_line_as_the_table_says(flow: Flow | None, current: str, theme: Theme) -> None:
    graph = Graph(relu(Value(1.0, "x")))
    (edge,) = graph.edges
    snapshot = snapshot_of(graph, 1.0, None, current == "feeds")
    snapshot.flows = {edge: flow} if flow else {}
    if current == "now":
        assert snapshot.current is not None
        snapshot.current = dataclasses.replace(snapshot.current, phase="backward", node=0, edge=edge)
    decided, marks = Looks(graph, snapshot).line([edge]), Looks(graph, snapshot).line_marks([edge])
    assert decided.ink is not None
    assert decided.dash is not None
    style = theme.style(decided.dash)

    dot = Marks(Rows(graph, snapshot, {}, theme)).lines([edge])
    assert (dot["color"], float(dot["penwidth"])) == (theme.colour(decided.ink), decided.pen)
    assert dot.get("style", "solid") == style
    assert ("table" in dot["label"]) is (current == "now" and bool(str(Looks(graph, snapshot).line_words([edge]))))

    assert pen(theme, decided)["stroke"] == theme.colour(decided.ink)

    css = cascade("edge", marks, "path")
    assert re.findall(r"calc\((\d)px", css["stroke-dasharray"]) == [f"{x:g}" for x in DASHES[style]]
    assert cascade("edge", marks, "polygon")["display"] == ("inline" if decided.head == "back" else "none")
    assert cascade("edge", marks, "polyline")["display"] == ("inline" if decided.head == "tee" else "none")
    assert cascade("edge", marks, "text")["fill"] == ("var(--gr-text)" if decided.framed else variable(decided.label))


def test_the_strongest_mark_decides_and_leaves_the_rest_open() -> None:
    for table in (BOX, LINE):
        for mark, row in table.items():
            found = look(table, {mark, list(table)[-1]})
            for field in dataclasses.fields(Look):
                own = getattr(row, field.name)
                assert own is None or getattr(found, field.name) == own


def test_nan_inf_zero_no_path_and_current_are_told_apart() -> None:
    def of(value: float, gradient: float | None, current: bool = False) -> Look:
        graph = graph_of_one(False)
        return Looks(graph, snapshot_of(graph, value, gradient, current)).box((1,), 1)

    looks = [of(1.0, 1.0), of(math.nan, 1.0), of(math.inf, 1.0), of(1.0, NO_PATH), of(1.0, 1.0, current=True)]
    assert len({(one.ink, one.pen, one.dash) for one in looks}) == len(looks)
    assert of(1.0, 0.0) == of(1.0, 1.0)  # a zero that was computed looks like any number
    assert of(1.0, math.nan).dash == of(math.nan, 1.0).dash == "dashed"


def test_forwards_every_operand_of_the_current_node_is_a_current_line() -> None:
    a, b = Value(3.0, "a"), Value(5.0, "b")
    told = steps(a * b)
    picture = Looks(told.graph, told.snapshot(2))
    assert [picture.line([edge]).ink for edge in told.graph.edges] == ["value", "value"]
    backwards = Looks(told.graph, told.snapshot(4))
    assert [bool(backwards.line([edge]).framed) for edge in told.graph.edges] == [True, False]


def score(names: bool = True) -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    with scope("sum"):
        return 0.7 * p[0] + 0.9 * p[1] - 0.0 * x[4]


# -- The page decides the same


def strange() -> Value:
    x, y = Value(-1.0, "x"), Value(0.0, "y")
    return maximum(log(x), y / y) + relu(x) * (1 / y) - x


def ended() -> Value:
    """A scope in which all that x is used for ends, for three reasons, and one in which something flows, too."""
    x = Value(-1.0, "x")
    with scope("ended"):
        a = relu(x) + maximum(x * 3, 5.0) + maximum(x, 2.0)
    with scope("open"):
        b = relu(x) + maximum(x * 3, 5.0) + x
    return a * b


@pytest.mark.slow
@pytest.mark.parametrize("make", [score, strange, ended])
@pytest.mark.parametrize("collapse", [False, True])
def test_the_page_gives_every_box_and_line_the_same_marks_and_words(make: Any, collapse: bool, tmp_path: Path) -> None:
    y = make()
    told, data = steps(y), viz.step(y, collapse=collapse, names=False).data
    folds = view(told.graph, collapse=collapse).folds
    with running([*ENGINE, "look.js"], "look.mjs", tmp_path) as ask:
        snapshots = ask(data)
    figures = Figures(**data["figures"])
    for k, found in enumerate(snapshots):
        looks = Looks(told.graph, told.snapshot(k), folds=folds)
        for number, (marks, words) in enumerate(found["boxes"]):
            mine = looks.box_marks((number,), number) - {"box", "leaf", "current", "origin"}
            assert {mark.replace("-", " ") for mark in marks} == mine
            with writing(figures):
                assert tuple(words) == looks.words(number)
        edges = {(e.target, e.position): e for e in told.graph.edges}
        shown = view(told.graph, collapse=collapse)
        drawn = {line_id(line) for (a, b), uses in shown.edges().items() for line in shown.lines(a, b, uses)}
        for name, (marks, words) in ((name, found["lines"][name]) for name in drawn):
            uses = data["lines"].get(name, {"uses": [name[1:]]})["uses"]
            line = [edges[tuple(map(int, use.split("_")))] for use in uses]  # type: ignore[index]
            assert set(marks) == looks.line_marks(line) - {"line"}, (k, name)
            with writing(figures):
                assert words == str(looks.line_words(line)), (k, name)


def test_what_lost_later_is_not_called_taken_whenever_it_is_drawn() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4))]
    p = max_pool1d(x, kernel_size=3)[0]
    told = steps(p)
    for snapshot in (Snapshot.of(told.graph), *map(told.snapshot, range(4, len(told)))):
        looks = Looks(told.graph, snapshot)
        taken = {edge.source for edge in told.graph.edges if looks.line_words([edge]).text == "taken"}
        assert taken <= {2}
    assert taken == set()  # a gradient has come


# -- What drifted once


def test_the_dark_film_is_dark_all_over(tmp_path: Path) -> None:
    text = viz.animate(score(), tmp_path / "film.svg", theme="dark").read_text("utf-8")
    assert DARK.leaf_fill in text
    assert DARK.cluster_fills[0] in text
    light = {value for field in dataclasses.fields(LIGHT) if str(value := getattr(LIGHT, field.name)).startswith("#")}
    dark = {value for field in dataclasses.fields(DARK) if str(value := getattr(DARK, field.name)).startswith("#")}
    assert not [colour for colour in light - dark if f'"{colour}"' in text or f":{colour}" in text]


def test_a_theme_of_ones_own_reaches_the_film(tmp_path: Path) -> None:
    own = dataclasses.replace(LIGHT, cluster_fills=("#fefefe", "#fdfdfd"), cluster_borders=("#111111", "#222222"))
    own = dataclasses.replace(own, value_size=30)
    text = viz.animate(
        score(), tmp_path / "own.svg", theme=dataclasses.replace(own, value_size=30), fit=(2000, None)
    ).read_text("utf-8")
    assert "#fefefe" in text
    sizes = {float(element.get("font-size", "0")) for element in ElementTree.fromstring(text).iter(f"{SVG}text")}
    assert 30 in sizes


def test_a_folded_scope_has_two_borders_in_every_picture(tmp_path: Path) -> None:
    y = score()
    y.backward()
    (box,) = [box for name, box in read(viz.draw(y, collapse="sum", names=False)).boxes.items() if name[0] == "s"]
    assert (box.look["peripheries"], box.look["penwidth"]) == ("2", "1.2")
    group = re.search(r'<g id="s\d+" class="node gr-level-0 gr-folded">(.*?)</g>', viz.step(y, collapse="sum").svg)
    assert group is not None
    assert group[1].count("<rect") == group[1].count("<path") == 1
    assert cascade("node", {"box", "folded"}, "rect")["stroke-width"] == "1.2"


def test_a_layout_knows_the_place_of_every_part() -> None:
    y = score()
    laid = viz.graph.drawing.blank(steps(y), labels={})
    assert isinstance(laid.layout, Layout)
    assert set(laid.layout.boxes) == {f"n{node.number}" for node in laid.view.graph}
    assert set(laid.layout.lines) == {f"e{edge.target}_{edge.position}" for edge in laid.view.graph.edges}
    assert set(laid.layout.clusters) == set(laid.clusters)
    for name, box in laid.layout.boxes.items():
        assert -0.01 < box.x < box.x + box.width < laid.layout.width + 0.01, name
        assert -0.01 < box.y < box.y + box.height < laid.layout.height + 0.01, name
