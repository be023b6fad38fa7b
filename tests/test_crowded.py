"""Graphs of many lines are laid out in bounded work: what engines and painters are given to do is counted."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import reduce
from operator import add

import pytest

import viz
from autodiff import Value, max_pool2d, maximum, nn
from viz.graph import sketch
from viz.graph.sheet import NO_ROOM, TOO_LARGE
from viz.layout import labels
from viz.layout.place import LEAST, PLACES


def one_leaf(count: int) -> Value:
    """a + a + ... + a."""
    return reduce(add, [Value(1.5, "a")] * count)


def chain(count: int) -> Value:
    return reduce(lambda x, i: (Value(1.0, f"w{i}") * x).sigmoid(), range(count), Value(0.5, "x"))


def fan(count: int) -> Value:
    a = Value(1.0, "a")
    return reduce(add, [a * Value(float(i), f"w{i}") for i in range(count)]) * 2.0


def powers(count: int) -> Value:
    x = Value(1.01, "x")
    found = [x]
    for _ in range(count):
        found.append(found[-1] * x)
    return reduce(add, found)


def pairs(count: int) -> Value:
    xs = [Value(float(i), f"x{i}") for i in range(count)]
    return reduce(add, [one * other for i, one in enumerate(xs) for other in xs[:i]])


def pools(size: int) -> Value:
    grid = [[Value(float((7 * i + 3 * j) % 11)) for j in range(size)] for i in range(size)]
    return reduce(add, [cell for row in max_pool2d(grid, kernel_size=2, stride=1) for cell in row])


def batch(count: int) -> Value:
    random.seed(0)
    net = nn.MLP(2, [4, 1])
    return reduce(add, [(net([Value(random.random()), Value(random.random())]) - 1.0) ** 2 for _ in range(count)])


def shared(count: int, seed: int) -> Value:
    """Every node may be used anywhere."""
    choose = random.Random(seed)
    nodes = [Value(choose.uniform(-1, 1), f"x{i}") for i in range(4)]
    for _ in range(count):
        a, b = choose.choice(nodes), choose.choice(nodes)
        nodes.append(choose.choice((a + b, a * b, a - b, a.tanh())))
    used = {parent for node in nodes for parent in node.parents}
    return reduce(add, [node for node in nodes if node not in used])


GRAPHS: dict[str, Callable[[], Value]] = {
    **{f"one leaf, {count} times": lambda count=count: one_leaf(count) for count in (20, 45, 70, 150, 299)},  # type: ignore[misc]
    "a chain of 99": lambda: chain(99),
    **{f"a fan of {count}": lambda count=count: fan(count) for count in (30, 75)},  # type: ignore[misc]
    "powers": lambda: powers(100),
    "all pairs of 15": lambda: pairs(15),
    "a grid of pools": lambda: pools(7),
    "a batch of 12": lambda: batch(12),
    **{f"any use, seed {seed}": lambda seed=seed: shared(40 + 50 * seed, seed) for seed in range(4)},  # type: ignore[misc]
}


def drawn(name: str) -> viz.Picture:
    y = GRAPHS[name]()
    y.backward()
    return viz.draw(y, names=False, max_nodes=None, collapse=False)


def crossed(picture: viz.Picture) -> int:
    """How many ranks all lines together cross: an engine keeps a node for each, and two where a line bears words."""
    drawing = picture.drawing  # type: ignore[attr-defined]
    ranks = sketch.Sketch(drawing.view, drawing.rows).ranks
    lines = re.findall(r"^\t(n\d+) -> (n\d+) \[", picture.source, re.MULTILINE)
    return sum(ranks[b] - ranks[a] for a, b in lines)


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_an_engine_is_given_no_more_than_it_can_do_in_time(name: str) -> None:
    picture = drawn(name)
    plain = picture.drawing.plain().picture(legend=False).source  # type: ignore[attr-defined]
    ranks = crossed(picture)
    for text in (picture.source, plain):
        assert (re.search(r"-> n\d+ \[label=<", text) is None) or ranks <= 1_000
        assert ("nslimit" in text) == (ranks > 1_000)
        assert ("splines=line" in text) == (ranks > 3_000)
        assert ("mclimit=0.01" in text) == (ranks > 10_000)


@pytest.mark.slow
def test_few_lines_keep_their_words_and_all_the_care() -> None:
    for name in ("one leaf, 20 times", "a chain of 99", "a grid of pools"):
        source = drawn(name).source
        assert " xlabel=" not in source
        assert "nslimit" not in source


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one leaf, 70 times", "any use, seed 3", "all pairs of 15"])
def test_a_crowded_picture_says_in_svg_what_it_says_in_dot(name: str) -> None:
    picture = drawn(name)
    told = re.findall(r" xlabel=<.*?<b>(.*?)</b></font>>\]", picture.source)
    assert told
    drawing = picture.drawing  # type: ignore[attr-defined]
    assert len(picture.painter.placed) == picture.source.count(" xlabel=<")  # type: ignore[attr-defined]
    words = re.findall(r"<text[^>]*>([^<]*)</text>", picture.svg())
    dropped = sum(max(0, told.count(text) - words.count(text)) for text in set(told))
    assert dropped <= len(picture.painter.placed) - len(picture.painter.labels)  # type: ignore[attr-defined]
    assert dropped < len(told) / 4
    assert (NO_ROOM in words) or not dropped
    assert drawing.rows.style.haste


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one leaf, 299 times", "powers", "any use, seed 3"])
def test_words_are_placed_in_bounded_work(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried, points = [], []
    met, way = labels.Crowd.met_by, labels.way_along
    monkeypatch.setattr(labels.Crowd, "met_by", lambda *given: (tried.append(1), met(*given))[1])
    monkeypatch.setattr(labels, "way_along", lambda *given: (points.extend(found := way(*given)), found)[1])
    painter = drawn(name).painter  # type: ignore[attr-defined]
    assert len(tried) <= len(painter.labels) * (1 + 2 * len(labels.APART) * len(labels.ALONG[:: labels.FEWER]))
    lines = len(painter.laid.layout.lines)
    assert len(points) <= 2 * labels.POINTS + 40 * lines


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one leaf, 70 times", "all pairs of 15"])
def test_films_and_pages_of_a_crowded_graph_keep_room_for_words(name: str) -> None:
    y = GRAPHS[name]()
    first = viz.step(y, names=False, max_nodes=None).svg.partition("</svg>")[0]  # of up to three layouts
    assert first.count('class="edge') == drawn(name).source.count("->")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["column", "page", "slide"])
def test_what_is_wished_whole_and_cannot_be_read_says_so_in_words_that_can(place: str) -> None:
    dice = random.Random(1)
    nodes = [Value(dice.uniform(-1, 1), f"x{i}") for i in range(15)]
    for _ in range(150):
        nodes.append(dice.choice([Value.__add__, Value.__mul__, maximum])(*dice.sample(nodes[-25:], 2)))
    large = viz.draw(sum(nodes[-10:], Value(0.0)), fit=place, names=False, collapse=False).svg()
    wide, high = map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', large)[0])
    (size,) = re.findall(rf'font-size="([\d.]+)"[^>]*>{TOO_LARGE}<', large)
    assert float(size) * PLACES[place].scale((wide, high)) >= LEAST
    assert TOO_LARGE not in viz.draw(nodes[0] * nodes[1] + nodes[2], fit=place, names=False).svg()
