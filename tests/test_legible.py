"""Pictures can be read where they are shown: no text under 10.5 CSS pixels, every word clear of everything else."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Any
from xml.etree import ElementTree

import gallery
import pytest
from browsing import need_browser

import viz
from autodiff import Graph, Value, maximum, scope, where
from benchmarks import legible, reference
from benchmarks.legible import Place
from viz.graph import drawing, sketch
from viz.graph.dot import Drawing
from viz.graph.ladder import LADDER
from viz.graph.nearest import nearest
from viz.graph.paint import Painter
from viz.graph.rows import Rows
from viz.graph.sheet import NO_ROOM
from viz.graph.view import view
from viz.ink.ruler import width_of
from viz.layout import engines
from viz.layout.labels import Room
from viz.layout.layout import Curve, Point
from viz.layout.place import LEAST, PLACES

SVG = "{http://www.w3.org/2000/svg}"


def weighted(count: int = 8) -> Value:
    x = Value(0.5, "x")
    for i in range(count):
        x = (Value(1.0, f"w{i}") * x).sigmoid()
    return x


def mixed(seed: int) -> Value:
    """A random graph: uses that meet, long lines, scopes."""
    draw = random.Random(seed)
    nodes = [Value(draw.uniform(-2, 2), f"x{i}") for i in range(3)]
    for k in range(draw.randrange(4, 14)):
        with scope(f"part {k // 5}"):
            a, b = draw.choice(nodes[-5:]), draw.choice(nodes)
            nodes.append(draw.choice((a + b, a * b, a - b, a.relu(), a.tanh())))
    return nodes[-1]


GRAPHS: dict[str, Callable[[], Value]] = {
    "a pool": gallery.pooled,
    "micrograd's graph": gallery.micrograd,
    "a neuron": gallery.neuron,
    "a network": gallery.network,
    "cross entropy": gallery.entropy,
    "eight sigmoids of w·x": weighted,
    **{f"mixed {seed}": lambda seed=seed: mixed(seed) for seed in range(12)},  # type: ignore[misc]
}


def drawn(name: str, **options: object) -> tuple[viz.Picture, Painter]:
    y = GRAPHS[name]()
    y.backward()
    picture = viz.draw(y, names=False, **options)  # type: ignore[arg-type]
    return picture, picture.painter  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", GRAPHS)
def test_no_text_is_smaller_than_can_be_read(name: str, place: str) -> None:
    svg = drawn(name, fit=place)[0].svg()
    wide, high = map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
    least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
    assert PLACES[place].scale((wide, high)) * least >= LEAST - 1e-6


def test_a_legend_stands_beside_a_picture_that_is_as_high_as_its_place() -> None:
    svg = drawn("micrograd's graph", fit="slide")[0].svg()
    legend = svg[svg.index('class="legend"') :]
    assert len(set(re.findall(r'<text x="([\d.]+)"', legend))) <= 2  # after a line, and without one
    below = drawn("micrograd's graph")[0].svg()
    below = below[below.index('class="legend"') :]
    assert len(set(re.findall(r'y="([\d.]+)"', below))) <= 2


def along(curve: Curve) -> list[Point]:
    """Points of a line, closer to each other than any word is high."""
    found, points = [curve.tip], curve.points
    for a, b, c, d in zip(points[::3], points[1::3], points[2::3], points[3::3], strict=False):
        for k in range(200):
            t = k / 200
            w = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            found.append(
                (
                    sum(f * p[0] for f, p in zip(w, (a, b, c, d), strict=True)),
                    sum(f * p[1] for f, p in zip(w, (a, b, c, d), strict=True)),
                )
            )
    return found


def faults(painter: Painter) -> list[str]:
    layout = painter.laid.layout
    # Beside a line through the middle of a frame its title needs half of the frame.
    wide = {
        name for name, room in painter.titles.items() if layout.clusters[name].width > 2 * (room.right - room.left) + 24
    }
    words = {**painter.labels, **{name: painter.titles[name] for name in wide}}
    boxes = {name: Room(b.x, b.y, b.x + b.width, b.y + b.height) for name, b in layout.boxes.items()}
    found = [f"{name} on {other}" for name, room in words.items() for other, box in boxes.items() if room.meets(box)]
    found += [f"{a} on {b}" for (a, one), (b, two) in itertools.combinations(words.items(), 2) if one.meets(two)]
    for name, curve in layout.lines.items():
        way = along(curve)
        found += [f"{other} on line {name}" for other, room in words.items() if any(map(room.holds, way))]
    found += [
        f"{name} outside"
        for name, r in words.items()
        if r.left < 0 or r.top < 0 or r.right > layout.width or r.bottom > layout.height
    ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_words_beside_lines_are_clear_of_everything(name: str) -> None:
    assert faults(drawn(name)[1]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_words_stand_beside_their_own_line(name: str) -> None:
    painter = drawn(name)[1]
    for line, room in painter.labels.items():
        nearest = min(
            max(room.left - x, x - room.right, 0.0) ** 2 + max(room.top - y, y - room.bottom, 0.0) ** 2
            for x, y in along(painter.laid.layout.lines[line])
        )
        assert nearest <= 14.0**2, line


@pytest.mark.parametrize("collapse", [True, False])
def test_every_border_lies_in_the_layouts_box(collapse: bool) -> None:
    picture, painter = drawn("cross entropy", collapse=collapse)
    root = ElementTree.fromstring(picture.svg())
    for group in root.iter(f"{SVG}g"):
        box = painter.laid.layout.boxes.get(group.get("id", ""))
        for path in group.findall(f"{SVG}path") if box else ():
            numbers = [float(x) for x in re.findall(r"-?[\d.]+", path.get("d", ""))]
            assert box.x - 0.1 <= min(numbers[::2]) <= max(numbers[::2]) <= box.x + box.width + 0.1
            assert box.y - 0.1 <= min(numbers[1::2]) <= max(numbers[1::2]) <= box.y + box.height + 0.1


@pytest.mark.slow
def test_the_rungs_say_less_and_less() -> None:
    said = [len(drawn("a pool", detail=detail)[0].source) for detail in ("full", "short", "needed")]
    assert said == sorted(said, reverse=True)
    assert "1 × 0.7 =" in drawn("a pool", detail="full")[0].svg()
    assert "1 × 0.7 =" not in drawn("a pool", detail="short")[0].svg()


@pytest.mark.slow
def test_what_does_not_fit_is_turned_and_folded_at_last() -> None:
    picture, _ = drawn("micrograd's graph")
    assert "rankdir=TB" in picture.source
    assert "rankdir=LR" in drawn("micrograd's graph", fit=None)[0].source
    small = drawn("a network", fit=(300, 200))[0]
    assert "peripheries=2" in small.source
    assert "peripheries=2" not in drawn("a network", fit=(300, 200), collapse=False)[0].source


@pytest.mark.parametrize("wrong", ["poster", 700, (1, 2), ("700", 1), (float("nan"), 100), (700,), (700, 100, 3), True])
def test_a_place_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="fit is 'column', 'page', 'slide'"):
        viz.draw(Value(1.0) * 2, fit=wrong)  # type: ignore[arg-type]


Asked = list[str]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What an engine is asked for."""
    found: Asked = []
    real = engines.layout
    monkeypatch.setattr(engines, "layout", lambda *args, **more: (found.append(args[1]), real(*args, **more))[1])
    return found


@pytest.mark.slow
def test_a_picture_is_asked_of_an_engine_twice_at_most(asked: Asked) -> None:
    for name, place in itertools.product(GRAPHS, PLACES):
        asked.clear()
        drawn(name, fit=place)[0].svg()
        assert 1 <= len(asked) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("count", [300, 1500])
def test_a_graph_of_long_lines_is_sketched_in_bounded_work(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = sketch._Item
    monkeypatch.setattr(sketch, "_Item", lambda *size: (made.append(1), real(*size))[1])
    y = a = Value(1.0, "a")
    for _ in range(count):
        y = y + a
    assert viz.draw(y, max_nodes=None, collapse=False).source.count("->") == 2 * count
    assert len(made) <= sketch.MOST * len(LADDER)


def test_the_rungs_share_what_they_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are said once in each of three details; ranks and lines are found once."""
    said, walked = [], []
    line, ranks = Rows._line, sketch.Sketch._ranks
    monkeypatch.setattr(Rows, "_line", lambda *given: (said.append(given[1]), line(*given))[1])
    monkeypatch.setattr(sketch.Sketch, "_ranks", lambda *given: (walked.append(1), ranks(*given))[1])
    y = gallery.micrograd()
    y.backward()
    picture = viz.draw(y, names=False, fit=(60, 60), collapse=False)
    assert not picture.fit.fits  # type: ignore[attr-defined]
    assert len(walked) == 1
    assert len(said) <= 3 * picture.source.count("->")


def test_a_rung_that_cannot_come_nearer_is_not_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    settled = []
    settle = sketch.Sheet._settle
    monkeypatch.setattr(sketch.Sheet, "_settle", lambda *given: (settled.append(1), settle(*given))[1])
    drawn("micrograd's graph", rankdir="LR")
    assert not settled  # the width is known from the ranks, and nothing else is asked
    drawn("micrograd's graph", rankdir="LR", fit=(2000, 60))
    assert settled


def test_scopes_within_scopes_are_folded_at_few_depths(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    real = drawing.fitted
    monkeypatch.setattr(drawing, "fitted", lambda *given: (looked.append(1), real(*given))[1])
    y = Value(1.0, "x")
    with contextlib.ExitStack() as scopes:
        for i in range(40):
            scopes.enter_context(scope(f"s{i}"))
            y = y * 2
    viz.draw(y, fit=(50, 50))
    assert 1 < len(looked) <= 6  # five depths, and then the part of one box


@pytest.mark.slow
def test_the_same_text_is_laid_out_whichever_engine_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [drawn(name)[0].source for name in GRAPHS]
    monkeypatch.setenv("PATH", "")
    assert [drawn(name)[0].source for name in GRAPHS] == before


def test_widths_are_those_of_helvetica() -> None:
    assert width_of("0.5", 10) == pytest.approx(5.56 + 2.78 + 5.56)
    assert width_of("漢", 10) == 10
    assert width_of("a", 10, bold=True) == width_of("0", 10) == 5.56
    assert width_of("", 10) == 0


@pytest.fixture(scope="module")
def screen() -> Iterator[Any]:
    need_browser()
    with legible.chromium() as page:
        yield page


SHOWN: dict[str, Callable[..., viz.Picture]] = {
    **{name: lambda name=name, **place: reference.drawn(name, **place) for name in reference.GRAPHS},  # type: ignore[misc]
    **reference.POOLS,
    **reference.NETWORKS,
}


@pytest.mark.slow
@pytest.mark.parametrize("place", legible.PLACES)
@pytest.mark.parametrize("name", SHOWN)
def test_every_reference_picture_is_read_on_a_screen(name: str, place: str, screen: Any) -> None:
    at = legible.PLACES[place]
    seen = legible.measured(screen, legible.shown(SHOWN[name](fit=at.fit), place), at)
    assert seen.texts
    assert seen.least >= legible.LEAST - 0.05
    assert not seen.overlaps


@pytest.mark.slow
def test_the_measure_sees_what_is_small_struck_through_and_outside(screen: Any) -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="300">'
        '<text x="10" y="30" font-size="20">large</text>'
        '<text x="10" y="60" font-size="9">small</text><path d="M0 57H60" stroke="red"/>'
        '<text x="280" y="80" font-size="20">outside</text><text x="285" y="82" font-size="20">twice</text></svg>'
    )
    seen = legible.measured(screen, svg, legible.PLACES["own size"])
    assert seen.least == 9
    assert seen.texts == 4
    assert set(seen.overlaps) == {
        "small on a stroke of path",
        "outside outside",
        "outside on twice",
        "twice outside",
    }
    assert legible.measured(screen, svg, Place("column", 150)).least == 4.5


def tangled(seed: int) -> Value:
    """A random graph of up to 70 nodes: any use, choices, scopes of long and of like names."""
    draw = random.Random(seed)
    nodes = [Value(round(draw.uniform(-3, 3), 3), f"the input {i}" if i % 2 else None) for i in range(5)]
    while len(nodes) < draw.choice((20, 40, 70)):
        with scope(draw.choice(("window A", "layer", "a block with a long name")) + f" {len(nodes)}"):
            for _ in range(draw.randint(1, 5)):
                a, b = draw.choice(nodes[-8:]), draw.choice(nodes)
                nodes.append(draw.choice((a + b, a * b, maximum(a, b), a.relu(), a.tanh(), where(a, b, a))).tanh())
    return nodes[-1] + nodes[-2] * nodes[-3]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fit", ["column", None])
def test_no_word_of_any_graph_is_struck_through_and_what_is_left_out_is_said(seed: int, fit: Any) -> None:
    y = tangled(seed)
    y.backward()
    picture = viz.draw(y, names=False, fit=fit)
    painter = picture.painter  # type: ignore[attr-defined]
    assert faults(painter) == []
    frames = sum(bool(scope.name) for scope in painter.laid.clusters.values())
    is_less = len(painter.labels) < len(painter.placed) or len(painter.titles) < frames
    assert (NO_ROOM in picture.svg()) is is_less


def test_a_long_name_of_a_narrow_frame_is_cut_where_it_has_no_room() -> None:
    cut = 0
    for seed in range(4):
        y = tangled(seed)
        y.backward()
        painter = viz.draw(y, names=False, fit=None, detail="short", rankdir="TB").painter  # type: ignore[attr-defined]
        for name, (text, room) in painter._named.items():
            assert room.right - room.left < painter.laid.layout.clusters[name].width
            whole = painter.laid.clusters[name].name
            start, _, end = text.partition("…")
            assert text == whole or (whole.startswith(start) and whole.endswith(end) and len(text) < len(whole))
            cut += text != whole
    assert cut


def spread(seed: int) -> Value:
    """A random graph of 5 to 150 boxes: uses near and far, in scopes or not, wide or deep, names long or short."""
    draw = random.Random(seed)
    count, reach, is_scoped = draw.choice((5, 20, 40, 80, 150)), draw.choice((3, 12, 200)), draw.random() < 0.4
    name = draw.choice(("x{}", "a long name of the input number {}", "theta_{}"))
    nodes = [Value(round(draw.uniform(-2, 2), 3), name.format(k)) for k in range(draw.choice((2, count // 3 + 1)))]
    while len(nodes) < count:
        with scope(f"block {len(nodes) // 8}") if is_scoped else contextlib.nullcontext():
            a, b = draw.choice(nodes[-reach:]), draw.choice(nodes[-reach:])
            nodes.append(draw.choice((a + b, a * b, a.relu(), a.tanh(), maximum(a, b))))
    used = {operand for node in nodes for operand in node.parents}
    return reduce(lambda a, b: a + b, [node for node in nodes if node not in used])


def fan(count: int) -> Value:
    """Many things that differ, in one choice."""
    xs = [Value(k % 7 - 2.5, f"{'abcdefghijkl'[k % 12]}{'pqrstu'[k // 12]}") for k in range(count)]
    return maximum(*(x.tanh() if k % 3 else x * x for k, x in enumerate(xs)))


def least(picture: viz.Picture, place: str) -> float:
    """The smallest text of a picture in a place, in points."""
    svg = picture.svg()
    wide, high = map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
    return PLACES[place].scale((wide, high)) * min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))


MANY: dict[str, tuple[Callable[[], Value], dict[str, Any]]] = {
    **{f"spread {seed}": (lambda seed=seed: spread(seed), {}) for seed in range(14)},  # type: ignore[misc]
    "a fan of 60": (lambda: fan(60), {}),
    **{f"a pass back {seed}": (lambda seed=seed: mixed(seed), {"backward": "graph"}) for seed in (3, 8)},  # type: ignore[misc]
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", MANY)
def test_nothing_is_shrunk_whatever_its_size_and_what_is_left_out_is_said(name: str, place: str, asked: Asked) -> None:
    make, options = MANY[name]
    y = make()
    y.backward()
    picture = viz.draw(y, names=False, fit=place, **options)
    assert least(picture, place) >= LEAST - 1e-6
    assert len(asked) <= 2
    painter = picture.painter  # type: ignore[attr-defined]
    assert faults(painter) == []
    view = painter.laid.view
    said = re.findall(r"(\d+) of (\d+) boxes, those nearest the output", picture.svg())
    assert said == ([(str(view.boxes()), str(view.whole))] if view.whole else [])
    assert (len(view.numbers) < len(view.graph)) is bool(said)
    assert bool(view.cut()[0]) is bool(said)


@pytest.mark.slow
def test_who_wishes_all_of_it_gets_all_of_it() -> None:
    y = spread(4)
    y.backward()
    assert viz.draw(y, names=False).painter.laid.view.whole  # type: ignore[attr-defined]
    for wish in ({"fit": None}, {"collapse": False}, {"max_nodes": 300}, {"around": y}, {"depth": 3}):
        picture = viz.draw(y, names=False, **wish)  # type: ignore[arg-type]
        assert not picture.drawing.view.whole, wish  # type: ignore[attr-defined]
        assert "those nearest the output" not in picture.source
    assert "those nearest the output" in viz.draw(y, names=False, legend=False).svg()


def test_of_a_part_what_stands_nearest_comes_first_and_each_part_holds_the_one_before() -> None:
    y = fan(20)
    shown = view(Graph(y))
    parts = [set(part.numbers) for part in nearest(shown)]
    assert all(one < other for one, other in itertools.pairwise(parts))
    assert all(len(other - one) <= 4 for one, other in itertools.pairwise(parts))
    assert shown.graph.outputs[0] in parts[0]
    assert parts[-1] < set(shown.numbers)


def test_the_text_of_a_picture_is_written_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is painted needs no DOT but that of its layout; what a caller adds is drawn all the same."""
    y = gallery.pooled()
    written = []
    write = Drawing.write
    monkeypatch.setattr(Drawing, "write", lambda *given, **more: (written.append(given[0]), write(*given, **more))[1])
    picture = viz.draw(y, names=False)
    assert not written
    svg = picture.svg()
    assert len(written) == 1
    other = picture.copy()
    assert other.source == picture.source
    assert other.svg() == svg
    other.node("note", "hello")
    assert "hello" in other.svg()
    picture.graph_attr["bgcolor"] = "#123456"
    assert "#123456" in picture.svg()
    assert "#123456" in picture.copy().svg()
