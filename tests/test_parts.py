"""Functions of the page's scripts by themselves, in Node: the camera, the pens, the look of a host."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
from scripts import Ask, running

from viz.ink.theme import width
from viz.page import html
from viz.page.html import SCALE

SCRIPTS = [name for name in html.SCRIPTS if name != "ui.js"]  # which mounts the page at once


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    with running(SCRIPTS, "parts.mjs", tmp_path_factory.mktemp("parts")) as ask:
        yield ask


def test_a_pen_is_as_wide_as_in_the_still_picture(ask: Ask) -> None:
    rng = random.Random(0)
    numbers = [0.0, math.nan, math.inf, -math.inf, 1.0, -1.0, 10.0, 1e-300, 5e-324]
    numbers += [rng.choice([-1, 1]) * 10 ** rng.uniform(-6, 6) for _ in range(200)]
    told = ask({"job": "pens", "scale": SCALE, "numbers": [repr(x) if math.isfinite(x) else _js(x) for x in numbers]})
    assert told == pytest.approx([width(x) for x in numbers], abs=0.00501)
    assert {max(told), min(told)} == {SCALE["thickest"], SCALE["thinnest"]}


def _js(x: float) -> str:
    return "nan" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


# -- The camera


def filmed(ask: Ask, *acts: Any, wide: float = 800, high: float = 300, size: Any = (600, 400), **more: Any) -> Any:
    """Where the camera is after each of these acts, of a graph of this size in a frame of that one."""
    opening: list[list[Any]] = [["size", *size], ["resized"]]
    given = {"left": 0, "top": 0, **more}
    told = ask({"job": "camera", "wide": wide, "high": high, "acts": [*opening, *map(list, acts)], **given})
    return told[len(opening) - 1 :]


SIZES = [
    *itertools.product([(50, 40), (300, 200), (700, 90), (90, 700), (5000, 400)], [(600, 400), (320, 900), (1500, 500)])
]


@pytest.mark.parametrize(("drawn", "frame"), SIZES)
def test_fit_shows_all_of_the_graph_in_the_middle_as_large_as_it_can_and_at_most_doubled(
    ask: Ask, drawn: tuple[int, int], frame: tuple[int, int]
) -> None:
    told = filmed(ask, ["fit"], wide=drawn[0], high=drawn[1], size=frame)[-1]
    x, y, scale = told["x"], told["y"], told["scale"]
    (wide, high), (width_, height) = drawn, frame
    assert x == pytest.approx(width_ - x - wide * scale)
    assert y == pytest.approx(height - y - high * scale)
    assert scale == pytest.approx(min(width_ / wide, height / high, 2))
    assert not told["gliding"]


@pytest.mark.parametrize(("drawn", "frame"), SIZES)
def test_a_graph_opens_whole_or_at_its_start_in_its_own_size(
    ask: Ask, drawn: tuple[int, int], frame: tuple[int, int]
) -> None:
    opened, fitted = filmed(ask, ["fit"], wide=drawn[0], high=drawn[1], size=frame)
    if fitted["scale"] >= 1:
        assert opened == fitted
    else:
        assert opened["scale"] == 1  # the page's smallest words are those that can just be read
        assert (opened["x"], opened["y"]) == tuple(max(0, (f - d) / 2) for f, d in zip(frame, drawn, strict=True))


@pytest.mark.parametrize("factor", [1.3, 1 / 1.3, 3.0, 0.1])
@pytest.mark.parametrize("at", [(0, 0), (300, 200), (17, 340), None])
def test_zoom_keeps_the_point_below_it_where_it_is(ask: Ask, factor: float, at: tuple[float, float] | None) -> None:
    before, after = filmed(ask, ["zoom", factor, *(at or ())])
    scale = min(6, max(0.05, before["scale"] * factor))
    assert after["scale"] == pytest.approx(scale)
    for side, place in zip("xy", at or (300, 200), strict=True):
        assert (place - before[side]) / before["scale"] == pytest.approx((place - after[side]) / scale)


def test_zoom_has_two_ends(ask: Ask) -> None:
    told = filmed(ask, *[["zoom", 1.3]] * 20, *[["zoom", 1 / 1.3]] * 40)
    scales = [one["scale"] for one in told]
    assert (max(scales), min(scales)) == (6, 0.05)
    assert scales[20] == 6
    assert scales[-1] == 0.05


def test_pan_moves_by_just_so_much(ask: Ask) -> None:
    before, after = filmed(ask, ["pan", -60, 25])
    assert (after["x"], after["y"], after["scale"]) == (before["x"] - 60, before["y"] + 25, before["scale"])


@pytest.mark.parametrize(
    ("act", "remembered"), [(["zoom", 1.1], True), (["pan", 1, 1], True), (["reveal", [[0, 0, 9, 9]]], False)]
)
def test_a_new_size_leaves_alone_what_a_hand_has_set_until_it_is_fitted(ask: Ask, act: Any, remembered: bool) -> None:
    opened, moved, _, resized, _, again = filmed(ask, act, ["size", 500, 500], ["resized"], ["fit"], ["resized"])
    assert (resized == moved) is remembered
    assert (opened["scale"], again["scale"]) == (1, 1)


# -- Boxes come into view, and no further than needed


def spots(rng: random.Random, count: int, wide: float, high: float) -> list[list[float]]:
    return [
        [rng.uniform(0, wide - 60), rng.uniform(0, high - 40), rng.uniform(20, 60), rng.uniform(20, 40)]
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_revealed_is_in_view(ask: Ask, seed: int) -> None:
    rng = random.Random(seed)
    wide, high, size = 3000, 2000, (rng.choice([200, 600, 900]), rng.choice([150, 400]))
    boxes = spots(rng, rng.choice([1, 2]), wide, high)
    before, zoomed, after, again = filmed(
        ask, ["zoom", rng.choice([0.5, 1, 1.7])], ["reveal", boxes], ["reveal", boxes], wide=wide, high=high, size=size
    )
    scale = zoomed["scale"]
    for side, name in enumerate("xy"):
        space = size[side]
        low, up = (min(b[side] for b in boxes) * scale, max(b[side] + b[side + 2] for b in boxes) * scale)
        was = [low + zoomed[name], up + zoomed[name]]
        now = [low + after[name], up + after[name]]
        edge = min(36, space / 8)
        if was[0] >= 4 and was[1] <= space - 4:
            assert after[name] == pytest.approx(zoomed[name], abs=0.5)  # was in view
        elif up - low > space - 2 * edge:
            assert now[0] == pytest.approx(edge, abs=0.5)  # too long: its start
        elif was[0] < 4:
            assert now[0] == pytest.approx(space / 4, abs=0.5)
        else:
            assert now[1] == pytest.approx(space * 3 / 4, abs=0.5)
    moves = (after["x"], after["y"]) != (zoomed["x"], zoomed["y"])
    assert after["gliding"] is moves
    assert not moves or (after["x"] % 1, after["y"] % 1) == (0, 0)  # whole pixels: letters stay sharp
    fits = all(abs(again[name] - after[name]) < 1 for name in "xy")
    assert fits, "what is in view stays where it is"
    assert after["scale"] == scale
    assert before["scale"] > 0


@pytest.mark.parametrize(("side", "size"), [(0, 600), (1, 400)])
@pytest.mark.parametrize(("low", "moves"), [(4, False), (3.9, True)])
def test_four_points_from_the_border_are_in_view(ask: Ask, side: int, size: int, low: float, moves: bool) -> None:
    box = [100.0, 100.0, 50.0, 50.0]
    for place in (low, size - low - 50):
        box[side] = place
        _, *_, before, after = filmed(ask, ["zoom", 1, 0, 0], ["reveal", [box]], wide=600, high=300, size=(600, 400))
        far = (before["x"], before["y"], before["scale"])
        assert before["scale"] == 1
        shifted = [box[0] - far[0], box[1] - far[1], 50.0, 50.0]
        *_, before, after = filmed(ask, ["zoom", 1, 0, 0], ["reveal", [shifted]], wide=600, high=300, size=(600, 400))
        assert (after != before) is moves, (place, before, after)


# -- The graph and the card in one stage


def graph(rng: random.Random, wide: float, high: float, count: int, **more: Any) -> dict[str, Any]:
    return {"wide": wide, "high": high, "boxes": spots(rng, count, wide, high), "points": [], **more}


def covered(drawn: dict[str, Any], at: dict[str, Any], card: tuple[float, float]) -> list[Any]:
    """The boxes of a graph that the card stands over."""
    (left, top), scale = at["at"], at["scale"]
    boxes = [(at["x"] + scale * x, at["y"] + scale * y, scale * w, scale * h) for x, y, w, h in drawn["boxes"]]
    within = [(x < left + card[0] and left < x + w, y < top + card[1] and top < y + h) for x, y, w, h in boxes]
    return [box for box, meets in zip(boxes, within, strict=True) if all(meets)]


@pytest.mark.parametrize("seed", range(30))
def test_the_card_covers_no_box_and_no_word_is_smaller_than_drawn(ask: Ask, seed: int) -> None:
    rng = random.Random(seed)
    stage, card = rng.choice([(1060, 596), (750, 516), (444, 516)]), rng.choice([(428, 124), (308, 108)])
    drawn = graph(rng, rng.choice([300, 700, 1000, 1500]), rng.choice([150, 400, 560, 900]), rng.choice([3, 12, 60]))
    told = ask({"job": "arranged", "graph": drawn, "stage": stage, "card": card})
    left, top, wide, high = told["area"]
    assert 1 <= told["scale"] <= 2
    if told["whole"]:
        assert left - 1e-6 <= told["x"]
        assert told["x"] + told["scale"] * drawn["wide"] <= left + wide + 1e-6
        assert top - 1e-6 <= told["y"]
        assert told["y"] + told["scale"] * drawn["high"] <= top + high + 1e-6
        assert not covered(drawn, told, card)
    elif told.get("at"):  # it is moved beside the card, in one direction
        assert told["at"] == [stage[0] - card[0], stage[1] - card[1]]
        assert drawn["wide"] <= wide <= stage[0] - card[0] or drawn["high"] <= high <= stage[1] - card[1]


def test_a_stage_takes_the_layout_that_it_shows_whole(ask: Ask) -> None:
    rng = random.Random(1)
    layouts = [graph(rng, 900, 300, 9), graph(rng, 350, 600, 9), graph(rng, 300, 200, 4, folded=True)]
    about = {"job": "chosen", "layouts": layouts, "card": [0, 0]}
    stages = [(1060, 596), (390, 640), (390, 400), (200, 100)]
    assert [ask({**about, "stage": stage}) for stage in stages] == [0, 1, 2, 0]
    assert [ask({**about, "stage": (1060, 596), "wish": wish}) for wish in (True, False)] == [2, 0]


def test_the_card_stays_in_its_corner_as_long_as_that_is_as_good(ask: Ask) -> None:
    about = {"job": "corner", "camera": [1, 0, 0], "stage": [400, 300], "card": [100, 80]}
    empty = {"boxes": [], "points": []}
    assert ask({**about, "graph": empty}) == [300, 220]
    assert ask({**about, "graph": empty, "known": [0, 0]}) == [0, 0]
    assert ask({**about, "graph": {"boxes": [[290, 210, 20, 20]], "points": []}}) == [0, 220]
    assert ask({**about, "graph": {"boxes": [], "points": [[350, 250], [20, 250]]}}) == [300, 0]
    assert ask({**about, "graph": {"boxes": [[0, 0, 400, 300]], "points": []}}) is None


# -- Hands


def at(x: float, y: float, number: int = 1, button: int = 0, **more: Any) -> dict[str, Any]:
    return {"clientX": x, "clientY": y, "pointerId": number, "button": button, **more}


def test_a_drag_moves_the_graph_once_it_is_no_click(ask: Ask) -> None:
    start, down, small, drag, more, up, after = filmed(
        ask,
        ["pointerdown", at(100, 100)],
        ["pointermove", at(103, 100)],
        ["pointermove", at(103, 102)],
        ["pointermove", at(113, 92)],
        ["pointerup", at(113, 92)],
        ["pointermove", at(200, 200)],
    )
    place = [(one["x"] - start["x"], one["y"] - start["y"]) for one in (down, small, drag, more, up, after)]
    assert place == [pytest.approx(p) for p in [(0, 0), (0, 0), (0, 2), (10, -8), (10, -8), (10, -8)]]
    assert [one["dragged"] for one in (down, small, drag, more, up)] == [False, False, True, True, True]
    assert (small["captured"], more["captured"]) == ([], [1, 1])
    *_, again = filmed(
        ask, ["pointerdown", at(0, 0)], ["pointermove", at(9, 0)], ["pointerup", at(9, 0)], ["pointerdown", at(0, 0)]
    )
    assert not again["dragged"]  # a new press is a click until it moves


def test_only_the_first_button_drags_and_only_while_it_is_down(ask: Ask) -> None:
    for button, end in ((2, "pointerup"), (1, "pointerup"), (0, "pointercancel")):
        start, *_, after = filmed(
            ask,
            ["pointerdown", at(0, 0, button=button)],
            *([["pointermove", at(50, 50)]] if button else []),
            [end, at(0, 0)],
            ["pointermove", at(90, 90)],
        )
        assert (after["x"], after["y"]) == (start["x"], start["y"])


@pytest.mark.parametrize(("left", "top"), [(0, 0), (40, 25)])
def test_two_fingers_zoom_about_the_one_that_rests(ask: Ask, left: int, top: int) -> None:
    before, *_, after = filmed(
        ask,
        ["pointerdown", at(200, 200, 1)],
        ["pointerdown", at(230, 240, 2)],
        ["pointermove", at(260, 280, 2)],
        left=left,
        top=top,
    )
    assert after["scale"] == pytest.approx(before["scale"] * 2)
    for side, place in (("x", 200 - left), ("y", 200 - top)):
        assert (place - before[side]) / before["scale"] == pytest.approx((place - after[side]) / after["scale"])


@pytest.mark.parametrize(
    ("keys", "more", "rate"),
    [
        ({"ctrlKey": True}, {"tall": 2000}, 0.01),
        ({"metaKey": True}, {"tall": 2000}, 0.0015),
        ({}, {}, 0.0015),  # a page of its own that has nothing to scroll
        ({}, {"tall": 801}, None),
        ({}, {"around": True}, None),
    ],
)
@pytest.mark.parametrize("turn", [120, -40])
def test_the_wheel_zooms_about_the_pointer_where_it_would_not_scroll(
    ask: Ask, keys: dict[str, bool], more: dict[str, Any], rate: float | None, turn: float
) -> None:
    event = at(210, 90, deltaY=turn, ctrlKey=False, metaKey=False) | keys
    before, after = filmed(ask, ["wheel", event], left=10, top=20, **more)
    assert after["prevented"] is (rate is not None)
    if rate is None:
        assert after == {**before, "prevented": False}
        return
    assert after["scale"] == pytest.approx(before["scale"] * math.exp(-turn * rate))
    for side, place in (("x", 200), ("y", 70)):
        assert (place - before[side]) / before["scale"] == pytest.approx((place - after[side]) / after["scale"])


# -- The host


@pytest.mark.parametrize("system", [False, True])
@pytest.mark.parametrize("part", ["body", "root"])
@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("says", "dark"),
    [
        ({"name": "theme-dark"}, True),
        ({"name": "vscode-high-contrast"}, True),
        ({"theme": "dark"}, True),
        ({"jpThemeLight": "false"}, True),
        ({"name": "theme-light"}, False),
        ({"theme": "light"}, False),
        ({"jpThemeLight": "true"}, False),
        ({"name": "darkroom"}, None),
        ({}, None),
    ],
)
def test_a_host_is_as_dark_as_it_says_or_as_the_system_is(
    ask: Ask, says: dict[str, str], dark: bool | None, part: str, level: int, system: bool
) -> None:
    parts: list[Any] = [{}, {}]
    parts[level] = {part: says}
    expected = system if dark is None else dark
    assert ask({"job": "host", "documents": parts, "system": system}) is expected


def test_our_own_document_comes_before_the_one_around_it_and_a_foreign_one_is_left_alone(ask: Ask) -> None:
    dark, light = {"body": {"theme": "dark"}}, {"body": {"theme": "light"}}
    for own, around, expected in (
        (dark, light, True),
        (light, dark, False),
        (dark, "foreign", True),
        ({}, "foreign", False),
    ):
        assert ask({"job": "host", "documents": [own, around], "system": False}) is expected


def test_a_host_is_watched_until_the_end(ask: Ask) -> None:
    told = ask({"job": "watched"})
    assert sorted(told["seen"]) == [["body", True], ["root", True]]  # once, though the document is its own parent
    assert (told["told"], told["left"]) == (2, 0)
