"""The ways from a node to the output are shown in colour over the rest: a gradient is the sum over its ways."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Collection
from typing import Any

import gallery
import pytest
from drawn import Drawn, read
from hypothesis import given, settings
from hypothesis import strategies as st
from test_legible import mixed

from autodiff import Edge, Graph, Value, maximum, relu
from viz import animate, draw
from viz import step as stepper
from viz.graph.ways import FEW, ways_of
from viz.ink.theme import DARK, LIGHT, Theme, contrast


def done(y: Value) -> Value:
    y.backward()
    return y


def leaf(y: Value, name: str) -> Value:
    (found,) = (value for value in Graph(y).values if value.name == name)
    return found


def shown(y: Value, **wished: Any) -> tuple[Drawn, list[str]]:
    """What a picture shows, and the words of its legend."""
    picture = draw(y, names=False, **wished)
    legend = picture.svg().split('class="legend"')[1]
    return read(picture), re.findall(r">([^<>]+)</text>", legend)


def ink(drawn: Drawn, source: int, target: int) -> set[str]:
    return {line.look["color"] for line in drawn.lines if (line.source, line.target) == (f"n{source}", f"n{target}")}


def all_ways(graph: Graph, start: int) -> list[list[Edge]]:
    """Worked out the slow way."""
    onward = [edge for edge in graph.edges if edge.source == start]
    ends = [[edge] for edge in onward if edge.target in graph.outputs]
    return ends + [[edge, *way] for edge in onward for way in all_ways(graph, edge.target)]


@given(st.integers(0, 10**6))
def test_ways_are_all_ways_and_their_sum_is_the_gradient(seed: int) -> None:
    y = done(mixed(seed))
    graph = Graph(y)
    start = random.Random(seed).choice([value for value in graph.values if value is not y])
    expected, found = all_ways(graph, graph.number(start)), ways_of(graph, [start])
    assert found.counts == (len(expected),)
    assert set(found.over) == {edge for way in expected for edge in way}
    if len(expected) <= FEW:
        assert {*found.singly} == {*map(tuple, expected)}
    flows = {flow.edge: flow for flow in graph.flows()}
    sent = [[flows[edge].local for edge in way] for way in expected if all(edge in flows for edge in way)]
    total = sum(math.prod(slopes) for slopes in sent if None not in slopes)  # type: ignore[arg-type]
    assert total == pytest.approx(start.grad or 0.0, rel=1e-9, abs=1e-12)


def test_each_way_has_a_colour_and_what_is_multiplied_along_it_is_told() -> None:
    y = done(gallery.pooled())
    drawn, legend = shown(y, path=leaf(y, "x2"))
    one, other = LIGHT.window(0), LIGHT.window(1)
    assert ink(drawn, 2, 6) == {one}
    assert ink(drawn, 2, 7) == ink(drawn, 7, 8) == {other}
    assert ink(drawn, 0, 5) == ink(drawn, 4, 8) == {LIGHT.cluster_borders[0]}
    assert "x2 ← v6 ← v9 ← v11: 1 × 0.7 × 1 = 0.7" in legend
    assert "x2 ← v7 ← v8 ← v10 ← v11: 1 × 0.9 × 1 × 1 = 0.9" in legend
    assert "their sum, the gradient of x2: 1.6" in legend
    assert not {"positive", "negative"} & {*legend}


def test_a_seed_is_a_factor_and_a_sum_of_two_passes_is_none_of_ways() -> None:
    y = gallery.pooled()
    y.backward(2.0)
    legend = shown(y, path=leaf(y, "x2"))[1]
    assert "x2 ← v6 ← v9 ← v11: 2 × 1 × 0.7 × 1 = 1.4" in legend
    assert "their sum, the gradient of x2: 3.2" in legend
    legend = shown(done(y), path=leaf(y, "x2"))[1]  # another pass: what is left is the sum of both
    assert not [words for words in legend if "their sum" in words]


def test_a_way_that_nothing_takes_says_so() -> None:
    y = done(relu(Value(-1.0, "x")) + 1)
    drawn, legend = shown(y, path=leaf(y, "x"))
    assert "x ← v1 ← v2: no path" in legend
    assert any(words.startswith("dotted: no path") for words in legend)
    assert ink(drawn, 0, 1) == {LIGHT.window(0)}


def test_before_backward_a_way_is_shown_without_a_product() -> None:
    y = gallery.pooled()
    legend = shown(y, path=leaf(y, "x2"))[1]
    assert "x2 ← v6 ← v9 ← v11" in legend
    assert not [words for words in legend if "×" in words or "sum" in words]


def test_several_nodes_have_a_colour_each_and_what_they_share_has_another() -> None:
    y = done(gallery.neuron())
    drawn, legend = shown(y, paths=(leaf(y, "w0"), leaf(y, "w1")))
    numbers = {node.name: node.number for node in Graph(y)}
    inks = [ink(drawn, numbers[name], 5 + i) for i, name in enumerate(("w0", "w1"))]
    assert inks == [{LIGHT.window(0)}, {LIGHT.window(1)}]
    assert {"the way from w0", "the way from w1", "several ways"} <= {*legend}
    assert LIGHT.text in {line.look["color"] for line in drawn.lines}


def test_many_ways_have_one_colour_and_are_counted() -> None:
    y = done(gallery.micrograd())
    a = leaf(y, "a")
    drawn, legend = shown(y, path=a)
    assert f"all {len(all_ways(Graph(y), Graph(y).number(a)))} ways from a" in legend
    assert {line.look["color"] for line in drawn.lines} == {LIGHT.window(0), LIGHT.cluster_borders[0]}
    deep = a
    for _ in range(300):
        deep = deep + deep
    assert ways_of(Graph(deep), [a]).counts == (2**300,)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_what_is_faded_says_nothing_on_lines_and_can_be_read_in_boxes(theme: Theme) -> None:
    y = done(gallery.pooled())
    picture = draw(y, names=False, path=leaf(y, "x2"), theme=theme)
    words = {(line.source, line.target): line.words for line in read(picture).lines}
    assert words["n1", "n5"] == words["n4", "n8"] == ""
    assert words["n2", "n6"]
    faded = re.search(r"n0 \[label=<<.*?>>", picture.source)
    assert faded is not None
    inks = set(re.findall(r'<font color="(#\w+)"', faded[0]))
    assert theme.value not in inks
    for colour in inks:
        assert contrast(colour, theme.leaf_fill) >= 4.5
    for way in range(8):
        assert contrast(theme.colour(f"way_{way}"), theme.background) >= 4.5


@pytest.mark.parametrize("detail", ["full", "short", "needed"])
def test_numbers_on_a_way_stay_however_little_is_said(detail: str) -> None:
    y = done(gallery.pooled())
    drawn, _ = shown(y, path=leaf(y, "x2"), detail=detail)
    assert all(line.words for line in drawn.lines if line.look["color"] in LIGHT.windows)


@pytest.mark.parametrize(
    ("wished", "error", "words"),
    [
        (lambda x, y: {"path": 3}, TypeError, "path= is a Value"),
        (lambda x, y: {"path": [x]}, TypeError, "path= is a Value"),
        (lambda x, y: {"paths": (x, "x")}, TypeError, "paths= is a list of Values"),
        (lambda x, y: {"paths": ()}, ValueError, "1 to 8 Values"),
        (lambda x, y: {"paths": [Value(1.0)] * 9}, ValueError, "1 to 8 Values"),
        (lambda x, y: {"path": x, "paths": (x,)}, ValueError, "not both"),
        (lambda x, y: {"path": Value(2.0, "other")}, ValueError, "other.* is not in this graph"),
    ],
)
def test_what_has_no_ways_is_refused_by_name(
    wished: Callable[[Value, Value], dict[str, Any]], error: type[Exception], words: str
) -> None:
    x = Value(1.0, "x")
    y = maximum(x, 2.0) * x
    with pytest.raises(error, match=words):
        draw(y, **wished(x, y))


def test_ways_are_shown_in_folds_and_parts_and_in_both_themes() -> None:
    y = done(gallery.pooled())
    assert draw(y, path=leaf(y, "x2"), collapse=True, theme="auto").svg()
    assert draw(y, path=leaf(y, "x2"), depth=2).svg()
    assert draw(y, path=y).svg()
    folded, _ = shown(y, path=leaf(y, "x2"), collapse=True)
    assert {line.look["color"] for line in folded.lines} >= {LIGHT.window(0), LIGHT.window(1)}


# -- In films and pages


def marks_of(svg: str) -> dict[str, set[str]]:
    """The marks of ways that the boxes and lines of a page's first layout bear, by their ids."""
    svg = svg.partition("</svg>")[0]
    bearers = re.findall(r'<g id="([nse][^"]*)" class="([^"]*)"', svg)
    return {name: {*re.findall(r"gr-(way-\d|ways|faded)", classes)} for name, classes in bearers}


@pytest.mark.slow
@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_a_page_marks_what_ways_lead_through_and_over(seed: int) -> None:
    y = done(mixed(seed))
    graph = Graph(y)
    start = random.Random(seed).choice(graph.values)
    found, ways = marks_of(stepper(y, path=start, names=False).svg), ways_of(graph, [start])
    for edge in graph.edges:
        over = ways.over.get(edge, frozenset())
        assert found[f"e{edge.target}_{edge.position}"] == marked(over), edge
    for node in graph:
        through = {way for edge, own in ways.over.items() if node.number in (edge.source, edge.target) for way in own}
        is_start = not through and graph.values[node.number] is start
        assert found[f"n{node.number}"] == (set() if is_start else marked(through))


def marked(ways: Collection[int]) -> set[str]:
    return {"faded"} if not ways else {"ways"} if len(ways) > 1 else {f"way-{min(ways)}"}


def test_a_page_calls_each_way_by_its_nodes_and_colour() -> None:
    y = done(gallery.pooled())
    shell = stepper(y, paths=(leaf(y, "x2"), leaf(y, "x0")), collapse=True, names=False).data["shell"]
    told = re.findall(r'<span class="edge (gr-\w+(?:-\d)?)">.*?([^<>]+)</span>', shell)
    assert told == [("gr-way-0", "all 2 ways from x2"), ("gr-way-1", "the way from x0"), ("gr-ways", "several ways")]
    assert "edge" not in stepper(y, names=False).data["shell"]
    told = re.findall(r">([^<>]+ ← [^<>]+)</span>", stepper(y, path=leaf(y, "x2"), names=False).data["shell"])
    assert told == ["x2 ← v6 ← v9 ← v11", "x2 ← v7 ← v8 ← v10 ← v11"]


def test_a_film_paints_ways_as_a_picture_does_and_tells_their_products_once() -> None:
    y = done(gallery.pooled())
    x = leaf(y, "x2")
    film = animate(y, path=x, names=False)
    legend = re.findall(r">([^<>]+)</text>", film.svg().split('class="legend"')[1])
    assert legend[: len(shown(y, path=x)[1])] == shown(y, path=x)[1]
    assert f"stroke:{LIGHT.window(0)}" in film.svg()
    assert f"stroke:{LIGHT.positive}" not in film.svg()


@pytest.mark.parametrize("call", [stepper, animate])
def test_films_and_pages_refuse_what_has_no_ways(call: Callable[..., object]) -> None:
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match="path= is a Value"):
        call(x * 2, path="film.svg")
    with pytest.raises(ValueError, match="is not in this graph"):
        call(x * 2, path=Value(2.0))


def test_in_the_middle_of_a_pass_a_way_has_no_product_but_a_refusal_that_is_known() -> None:
    y = gallery.pooled()
    legend = shown(y, step=14, path=leaf(y, "x2"))[1]
    assert "x2 ← v6 ← v9 ← v11" in legend
    legend = shown(y, step=14, path=leaf(y, "x0"))[1]
    assert "x0 ← v5 ← v6 ← v9 ← v11: no path" in legend
