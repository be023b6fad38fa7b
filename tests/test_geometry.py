"""Where things stand: what we draw at a layout's places is what Graphviz itself draws there, in film, page and GIF."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import viz
from autodiff import Value, clamp, max_pool1d, max_pool2d, maximum, relu, scope, steps, where
from viz.demo.network import convolved
from viz.graph.dot import Drawing
from viz.graph.drawing import blank
from viz.graph.gif import _places
from viz.graph.look import Looks
from viz.graph.paint import Painter
from viz.graph.rows import Rows, Style
from viz.ink.ruler import width_of
from viz.ink.theme import DASHES, LIGHT
from viz.layout import engines
from viz.layout.layout import Box, Curve, Layout, laid_out
from viz.layout.svg import BEND, RING, ROUND, TEE, head, outline, stroke, tee, way
from viz.page.drawn import MARGIN, drawn

SVG = "{http://www.w3.org/2000/svg}"
NEAR = 0.11  # Graphviz writes its SVG with two digits, its JSON with more, and we write one

Points = list[tuple[float, float]]


def pooled() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    with scope("sum"):
        return 0.7 * p[0] - 0.9 * p[1]


def routed() -> Value:
    a, b, c = (Value(v, n) for v, n in ((1.0, "a"), (-2.0, "b"), (0.0, "c")))
    with scope("chosen"), scope("inner"):
        e = where(a, b * 0.125, c) + maximum(b, c) + clamp(b, 0.0, 1.0)
    return e * relu(b - 1) + b * b


@pytest.fixture(params=[(pooled, False, "LR"), (pooled, True, "LR"), (routed, False, "TB"), (routed, "inner", "RL")])
def both(request: pytest.FixtureRequest) -> tuple[Any, Layout, ElementTree.Element]:
    """A graph laid out by us, and drawn by Graphviz."""
    make, collapse, rankdir = request.param
    told = steps(make())
    labels, style = dict(enumerate(told.labels)), Style(rankdir=rankdir)
    laid = blank(told, labels=labels, collapse=collapse, style=style)
    rows = Rows(told.graph, None, labels, LIGHT, style, view=laid.view)
    source = Drawing(laid.view, rows).picture(legend=False).source
    source = source.replace("shape=box style=solid", 'shape=box style="rounded,filled"')  # as what is to be seen has it
    return laid, laid_out(source), ElementTree.fromstring(engines.layout(source, "svg"))


def numbers(text: str) -> Points:
    found = [*map(float, re.findall(r"-?[\d.]+(?:e-?\d+)?", text))]
    return list(zip(found[::2], found[1::2], strict=True))


def same(ours: Points, theirs: Points, high: float) -> bool:
    """Whether the points are the same, in any order; Graphviz's SVG counts y from the bottom."""
    a, b = ours, [(x, y + high) for x, y in theirs]
    near = all(any(math.dist(p, q) < 2 * NEAR for q in b) for p in a)
    return near and all(any(math.dist(p, q) < 2 * NEAR for q in a) for p in b)


def groups(svg: ElementTree.Element, kind: str) -> Iterator[tuple[str, ElementTree.Element]]:
    for group in svg.iter(f"{SVG}g"):
        if group.get("class") == kind:
            yield str(group.findtext(f"{SVG}title")), group


def data_of(group: ElementTree.Element, tag: str, attribute: str) -> list[Points]:
    return [numbers(str(found.get(attribute))) for found in group.iter(f"{SVG}{tag}")]


def within(box: Box) -> Box:
    """The first border of a folded scope."""
    return Box(box.x + RING, box.y + RING, box.width - 2 * RING, box.height - 2 * RING)


@pytest.mark.slow
def test_a_box_and_a_frame_have_graphviz_own_outline(both: Any) -> None:
    _, layout, svg = both
    seen = 0
    for kind, places in (("node", layout.boxes), ("cluster", layout.clusters)):
        for name, group in groups(svg, kind):
            *inner, outer = data_of(group, "path", "d")
            assert same(numbers(outline(places[name])), outer, layout.height), name
            for other in inner:  # the first of a folded scope's two borders
                assert same(numbers(outline(within(places[name]))), other, layout.height), name
            seen += 1
    assert seen == len(layout.boxes) + len(layout.clusters)


@pytest.mark.parametrize(("width", "height"), [(60.0, 40.0), (100.0, 12.0), (9.0, 50.0), (36.0, 36.0), (3.0, 3.0)])
def test_an_outline_is_the_same_from_all_four_sides(width: float, height: float) -> None:
    points = numbers(outline(Box(10.0, 20.0, width, height)))
    far = min(ROUND, width / 3, height / 3)
    near = far * BEND / ROUND
    for turned in (
        [(20 + width - x, y) for x, y in points],
        [(x, 40 + height - y) for x, y in points],
        [(20 + width - x, 40 + height - y) for x, y in points],
    ):
        assert {(round(x, 1), round(y, 1)) for x, y in turned} == {(round(x, 1), round(y, 1)) for x, y in points}
    across, down = ({round(p[side], 1) for p in points} for side in (0, 1))
    for places, start, length in ((across, 10.0, width), (down, 20.0, height)):
        ends = {start, start + near, start + far}
        expected = ends | {2 * start + length - end for end in ends}
        assert all(any(abs(a - b) < 0.06 for b in expected) for a in places)
        assert all(any(abs(a - b) < 0.06 for a in places) for b in expected)
    assert outline(Box(10.0, 20.0, width, height)).count("C") == 4


@pytest.mark.slow
def test_a_line_and_its_arrowhead_are_graphviz_own(both: Any) -> None:
    laid, layout, svg = both
    named = {f"{a}->{b}": [] for (a, b) in laid.view.edges()}
    for (a, b), uses in laid.view.edges().items():
        named[f"{a}->{b}"] += [layout.lines[f"e{e[0].target}_{e[0].position}"] for e in laid.view.lines(a, b, uses)]
    lines = 0
    for name, group in groups(svg, "edge"):
        if name not in named:
            continue  # keeps leaves side by side
        (way_,), (arrow,) = data_of(group, "path", "d"), data_of(group, "polygon", "points")
        fits = [c for c in named[name] if same(numbers(stroke(c)), way_, layout.height)]
        assert len(fits) == 1, name
        assert same(numbers(head(fits[0])), arrow, layout.height), name
        lines += 1
    assert lines == len(layout.lines)


@pytest.mark.slow
def test_words_stand_where_graphviz_writes_them(both: Any) -> None:
    _, layout, svg = both
    for name, group in [*groups(svg, "node"), *groups(svg, "cluster")]:
        places = {**layout.boxes, **layout.clusters}[name].words
        texts = list(group.iter(f"{SVG}text"))
        rows = sorted({round(float(str(t.get("y"))) + layout.height, 1) for t in texts})
        assert rows == pytest.approx(sorted({round(p.y, 1) for p in places}), abs=2 * NEAR)
        for text in texts:
            x, y = float(str(text.get("x"))), float(str(text.get("y"))) + layout.height
            at = [p for p in places if math.dist((p.x, p.y), (x, y)) < 2 * NEAR]
            assert at, name
            assert at[0].size == float(str(text.get("font-size")))
            assert at[0].middle == at[0].x + at[0].width / 2


# -- The ends of a line


CURVES = [
    Curve(((10.0, 10.0), (20.0, 10.0), (30.0, 20.0), (40.0, 20.0)), ((10.0, 13.0), (4.0, 10.0), (10.0, 7.0)), None),
    Curve(((10.0, 10.0), (10.0, 20.0), (10.0, 30.0), (10.0, 40.0)), ((13.0, 10.0), (10.0, 2.0), (7.0, 10.0)), None),
    Curve(((13.0, 14.0), (20.0, 20.0), (30.0, 30.0), (40.0, 40.0)), ((12.0, 15.0), (10.0, 10.0), (15.0, 13.0)), None),
]


@pytest.mark.parametrize("curve", CURVES)
def test_the_bar_stands_across_the_line_at_its_tip(curve: Curve) -> None:
    one, other = numbers(tee(curve))
    along = (curve.tip[0] - curve.points[0][0], curve.tip[1] - curve.points[0][1])
    bar = (other[0] - one[0], other[1] - one[1])
    assert along[0] * bar[0] + along[1] * bar[1] == pytest.approx(0, abs=1)
    assert math.dist(one, other) == pytest.approx(2 * TEE, abs=0.2)
    assert ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2) == pytest.approx(curve.tip, abs=0.1)
    assert numbers(way(curve)) == [curve.points[0], curve.tip]
    assert numbers(stroke(curve)) == [*curve.points]


def test_a_line_without_a_head_begins_where_it_ends() -> None:
    points = ((10.0, 10.0), (20.0, 10.0), (30.0, 20.0), (40.0, 20.0))
    curve = Curve(points, (), None)
    assert (curve.tip, numbers(way(curve))) == (points[0], [points[0], points[0]])
    one, other = numbers(tee(curve))
    assert math.dist(one, other) <= 2 * TEE + 0.2


def test_dashes_are_those_that_graphviz_draws() -> None:
    svg = engines.layout("digraph { a -> b [style=dashed] a -> c [style=dotted] a -> d }", "svg").decode()
    found = re.findall(r'stroke-dasharray="([^"]*)"', svg)
    assert sorted(found) == sorted(",".join(f"{x:g}" for x in DASHES[style]) for style in ("dashed", "dotted"))
    assert DASHES["solid"] == ()


# -- The page's drawing


@pytest.mark.slow
def test_the_page_draws_what_the_layout_says(both: Any) -> None:
    laid, _, _ = both
    rows = Rows(laid.view.graph, None, laid.labels, LIGHT, view=laid.view)
    root = ElementTree.fromstring(drawn(laid, rows, Looks(laid.view.graph, None)))
    layout, graph = laid.layout, laid.view.graph
    assert [*map(float, str(root.get("data-size")).split())] == pytest.approx(
        [layout.width + 2 * MARGIN[0], layout.height + 2 * MARGIN[1]], abs=0.01
    )
    (whole,) = [g for g in root if g.get("class") == "graph"]
    assert whole.get("transform") == "translate({:g} {:g})".format(*MARGIN)
    boxes = {str(g.get("id")): g for g in whole.iter(f"{SVG}g") if "node" in str(g.get("class")).split()}
    lines = {str(g.get("id")): g for g in whole.iter(f"{SVG}g") if g.get("class") == "edge"}
    assert (set(boxes), set(lines)) == (set(layout.boxes), set(layout.lines))
    for name, group in boxes.items():
        (rect,), box = group.iter(f"{SVG}rect"), layout.boxes[name]
        inner = within(box) if name[0] == "s" else box
        area = [float(str(rect.get(side))) for side in ("x", "y", "width", "height")]
        assert area == pytest.approx([inner.x, inner.y, inner.width, inner.height], abs=NEAR)
        assert [p.get("d") for p in group.iter(f"{SVG}path")] == ([outline(box)] if name[0] == "s" else [])
        texts = [(t.get("class"), float(str(t.get("x"))), float(str(t.get("y")))) for t in group.iter(f"{SVG}text")]
        assert [kind for kind, *_ in texts][-2:] == ["gr-value", "gr-gradient"]
        assert all(x == pytest.approx(box.middle, abs=0.5) for _, x, _ in texts)
        assert [y for *_, y in texts][-2:] == pytest.approx([p.y for p in box.words[-2:]], abs=NEAR)
    for name, group in lines.items():
        uses = next(
            e
            for (a, b), all_ in laid.view.edges().items()
            for e in laid.view.lines(a, b, all_)
            if f"e{e[0].target}_{e[0].position}" == name
        )
        curve = layout.lines[name]
        (path,), (arrow,) = group.iter(f"{SVG}path"), group.iter(f"{SVG}polygon")
        assert arrow.get("points") == head(curve)
        # As long as no gradient flows, the line itself leads to the box.
        assert str(path.get("d")) == stroke(curve).replace("M", f"M{head(curve).split()[1]}L")
        ops = [graph.nodes[e.target].op for e in uses]
        may = any(
            "None" in str(op.partials[e.position]) or _refuses(op, e.position) for op, e in zip(ops, uses, strict=True)
        )
        assert [b.get("points") for b in group.iter(f"{SVG}polyline")] == ([tee(curve)] if may else [])
        (text,) = group.iter(f"{SVG}text")
        room = Painter(laid, [rows]).labels[name]  # where the words of a still picture stand, clear of everything
        assert [float(str(text.get(s))) for s in ("x", "y")] == pytest.approx([room.centre[0], room.bottom], abs=NEAR)


def _refuses(op: Any, position: int) -> bool:
    return op.name in ("maximum", "minimum", "relu", "clamp", "where")


# -- The film's


def test_at_the_end_of_a_line_the_film_shows_what_its_look_says(tmp_path: Path) -> None:
    for make in (pooled, routed):
        y = make()
        text = viz.animate(y, tmp_path / "film.svg", names=False).read_text("utf-8")
        told = steps(y)
        looks = [Looks(told.graph, told.snapshot(k)) for k in range(len(told))]
        for edge in told.graph.edges:
            body = re.search(
                rf'<g class="edge"><title>e{edge.target}_{edge.position}</title>(.*?)</g>', text, re.DOTALL
            )
            assert body is not None
            for tag, heads in (("polygon", {"back"}), ("polyline", {"tee"}), ("path", {"tee", "none", "forth"})):
                shown = [look.line([edge]).head in heads for look in looks]
                found = re.findall(rf'<{tag}\b[^>]*class="([\w-]+)"', body[1])[tag == "path" :]
                assert len(found) == any(shown), (edge, tag)
                for name in found:
                    assert opacities(text, name, len(told)) == shown


def opacities(text: str, name: str, steps: int) -> list[bool]:
    """At which steps what is of this class is seen."""
    frames = re.search(rf"@keyframes {name}\{{(.*?\}})\}}", text)
    if frames is None:
        return [f".{name}{{opacity:1" in text or bool(re.search(rf"\.{name}\{{[^}}]*opacity:1", text))] * steps
    changes = [(float(at), "opacity:1" in style) for at, style in re.findall(r"([\d.]+)%\{(.*?)\}", frames[1])]
    return [[on for start, on in changes if start <= 100 * k / (steps + 2) + 1e-3][-1] for k in range(steps)]


@pytest.mark.parametrize("seconds", [0.25, 1.2, 3])
def test_a_film_holds_its_last_step_for_two_more(tmp_path: Path, seconds: float) -> None:
    y = pooled()
    text = viz.animate(y, tmp_path / "film.svg", seconds=seconds).read_text("utf-8")
    count = len(steps(y))
    assert set(re.findall(r"animation:[\w-]+ ([\d.]+)s step-end infinite", text)) == {f"{(count + 2) * seconds:g}"}
    starts = {float(at) for at in re.findall(r"([\d.]+)%\{", text)}
    assert starts <= {float(f"{100 * k / (count + 2):.3f}") for k in range(count)}
    assert max(starts) == float(f"{100 * (count - 1) / (count + 2):.3f}")
    for at in re.findall(r"@keyframes [\w-]+\{([\d.]+)%", text):
        assert float(at) == 0  # each begins at the beginning


def _film(y: Value, folder: Path) -> str:
    """A film that is laid out at full length, wherever it may be shown."""
    made = viz.animate(y, folder / "film.svg", names=False, fit=None, detail="full", rankdir="LR")
    return made.read_text("utf-8")


@pytest.mark.slow
def test_the_film_stands_on_paper_as_wide_as_its_sentences_need(tmp_path: Path) -> None:
    for y in (Value(2.0, "x") * 3, pooled()):
        root = ElementTree.fromstring(_film(y, tmp_path))
        left, top, wide, high = map(float, str(root.get("viewBox")).split())
        assert (left, top) == (0, 0)
        assert (root.get("width"), root.get("height")) == (f"{wide:g}pt", f"{high:g}pt")
        paper = next(root.iter(f"{SVG}path"))
        assert paper.get("d") == f"M0 0H{wide:g}V{high:g}H0Z"
        legend = next(g for g in root.iter(f"{SVG}g") if g.get("class") == "legend")
        lowest = max(float(str(t.get("y"))) for t in legend.iter(f"{SVG}text")) + 4  # it stands so far below the edge
        captions = [t for t in root.iter(f"{SVG}text") if t.get("font-size") == "11"]
        assert len(captions) >= len(steps(y))  # a long one has several lines
        for t in captions:
            x, at = float(str(t.get("x"))), float(str(t.get("y")))
            assert 0 <= x <= x + width_of("".join(t.itertext()), 11) <= wide
            assert lowest < at <= high


# -- The GIF's


@pytest.mark.slow
def test_a_picture_drawn_again_at_its_places_stands_where_it_stood() -> None:
    told = steps(pooled())
    labels = dict(enumerate(told.labels))
    laid = blank(told, labels=labels)
    for k in (0, 7, len(told) - 1):
        rows = Rows(told.graph, told.snapshot(k), labels, LIGHT, Style())
        again = Drawing(laid.view, rows, _places(laid.layout))
        found = again.picture(legend=False)
        layout = laid_out(found.source) if found.engine == "dot" else _fixed(found)
        shift = {
            (round(layout.boxes[n].middle - b.middle, 1), round(layout.boxes[n].y - b.y, 1))
            for n, b in laid.layout.boxes.items()
        }
        assert len(shift) == 1, "all boxes keep their places to each other"
        for name, box in laid.layout.boxes.items():
            assert layout.boxes[name].width == pytest.approx(box.width, abs=0.2)
            assert layout.boxes[name].height == pytest.approx(box.height, abs=0.2)


def _fixed(picture: Any) -> Layout:
    import json

    from viz.layout.layout import _places as read

    return read(json.loads(engines.layout(picture.source, "json", picture.engine)))


def test_places_are_written_as_graphviz_reads_them() -> None:
    told = steps(pooled())
    layout = blank(told, labels={}).layout
    places = _places(layout)
    for name, box in layout.boxes.items():
        x, y = map(float, places[name]["pos"].split(","))
        assert (x, -y) == pytest.approx((box.middle, box.y + box.height / 2), abs=1e-3)
        size = float(places[name]["width"]) * 72, float(places[name]["height"]) * 72
        assert size == pytest.approx((box.width, box.height), abs=1e-3)
        assert places[name]["fixedsize"] == "true"
    for name, box in layout.clusters.items():
        left, bottom, right, top = map(float, places[name]["bb"].split(","))
        assert (left, -top, right, -bottom) == pytest.approx(
            (box.x, box.y, box.x + box.width, box.y + box.height), abs=1e-3
        )
    for name, curve in layout.lines.items():
        begin, *points = places[name]["pos"].split(" ")
        assert begin.startswith("s,")
        tip, *along = [tuple(map(float, p.split(","))) for p in (begin[2:], *points)]
        assert (tip[0], -tip[1]) == pytest.approx(curve.tip, abs=1e-3)
        assert [(x, -y) for x, y in along] == [pytest.approx(p, abs=1e-3) for p in curve.points]
        assert curve.words is not None
        middle, height = map(float, places[name]["lp"].split(","))
        assert (middle, -height) == pytest.approx(
            (curve.words.middle, curve.words.y - 0.4 * curve.words.size), abs=1e-3
        )


@pytest.mark.slow
def test_a_gifs_sentence_stands_below_its_picture_and_all_frames_have_one_size(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    y = Value(2.0, "x") * 3
    with image.open(viz.animate(y, tmp_path / "film.gif", names=False)) as film:
        rows: list[set[int]] = []
        for k in range(film.n_frames):
            film.seek(k)
            grey = film.convert("L")
            ground = grey.getpixel((0, 0))
            rows.append(
                {
                    row
                    for row in range(film.height)
                    if any(grey.getpixel((x, row)) != ground for x in range(0, film.width, 2))
                }
            )
    for filled in rows:
        gap = {row for row in range(min(filled), max(filled)) if row not in filled}
        assert gap, "there is room between the picture and its sentence"


# -- The stepper in a notebook


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 3, 8, 12])
@pytest.mark.parametrize("pooling", [False, True])
def test_a_frame_is_as_high_as_what_stands_in_it_between_two_ends(count: int, pooling: bool) -> None:
    x = [Value(float(i), f"x{i}") for i in range(count)]
    p = max_pool1d(x, kernel_size=1)
    y = p[0]
    for one in p[1:]:
        y = y + one
    stepper = viz.step(y, names=False, grid=p if pooling else None)
    high = float(re.findall(r'data-size="\S+ ([\d.]+)"', stepper.svg)[0])
    beside = 40 * min(8, count) + 60 + (70 + 150 if pooling else 0)
    assert stepper._height == round(min(760, max(480, 220 + 4 / 3 * high, 170 + beside)))
    assert f'height="{stepper._height}"' in stepper._repr_html_()


@pytest.mark.parametrize(
    ("rows", "kernel", "stride", "title"),
    [
        (1, 3, 2, "window 3, stride 2"),
        (4, (2, 2), (1, 2), "window 2 × 2, stride 1 × 2"),
        (4, 2, 2, "window 2 × 2, stride 2"),
        (4, (1, 3), (2, 2), "window 1 × 3, stride 2"),
        (4, (3, 1), (1, 1), "window 3 × 1, stride 1"),
    ],
)
def test_a_grid_tells_its_windows_and_strides(rows: int, kernel: Any, stride: Any, title: str) -> None:
    cells = [[Value(float(r * c), f"x{r}{c}") for c in range(5)] for r in range(rows)]
    p = max_pool1d(cells[0], kernel, stride) if rows == 1 else max_pool2d(cells, kernel, stride)
    first = p[0] if rows == 1 else p[0][0]
    grid = viz.step(first * 1.0, names=False, grid=p).grid
    assert grid is not None
    assert grid["title"] == f"Pool, {title}"


# -- The demo


@pytest.mark.parametrize(("high", "wide"), [(1, 1), (1, 4), (3, 2), (4, 4)])
def test_the_demos_convolution_is_the_sum_over_every_neighbour_that_is_there(high: int, wide: int) -> None:
    pixels = [[float(1 + 3 * r + 7 * c) for c in range(wide)] for r in range(high)]
    kernel = [[float(2 ** (3 * i + j)) for j in range(3)] for i in range(3)]
    values: Callable[[list[list[float]]], Any] = lambda grid: [[Value(x) for x in row] for row in grid]  # noqa: E731
    found = convolved(values(pixels), values(kernel))
    for r, c in itertools.product(range(high), range(wide)):
        padded = {(i, j): pixels[i][j] for i in range(high) for j in range(wide)}
        expected = sum(kernel[i][j] * padded.get((r + i - 1, c + j - 1), 0.0) for i in range(3) for j in range(3))
        assert found[r][c].data == expected


# -- The grids of a pool
