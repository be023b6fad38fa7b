"""Two runs of one graph on a page: the same step in both, what differs marked and told, in frames of every size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, visit
from test_page import NO_TITLE, axe

import viz
from autodiff import Graph, Value, max_pool1d, maximum, nn, relu
from benchmarks.pages import FRAMES, LEAST_FREE, seen
from viz.pairs.stepped import OFFERED, SteppedPair, module

pytestmark = pytest.mark.slow
assert axe  # a fixture


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def choice(a: float, b: float, c: float) -> Value:
    x, y, z = (Value(v, n) for n, v in zip("abc", (a, b, c), strict=True))
    output = maximum(x * y, z) * 2 + x
    output.name = "y"
    output.backward()
    return output


def pooled(numbers: tuple[float, ...]) -> Value:
    p = max_pool1d([Value(v, f"x{i}") for i, v in enumerate(numbers)], kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1]


def entropy(numbers: tuple[float, ...]) -> Value:
    return nn.cross_entropy([Value(x, f"s{i}") for i, x in enumerate(numbers)], 1)


def stepped(before: Value, after: Value, **options: Any) -> SteppedPair:
    return viz.compare(before, after, names=False).step(**options)


PAIRS = {
    "another winner": lambda: stepped(choice(2, 3, 4), choice(1, 3, 4)),
    "a pool": lambda: stepped(pooled((3, 0, 4, 2, 0)), pooled((5, 0, 4, 2, 6))),
    "a cross entropy": lambda: stepped(entropy((1.0, 2.0, 0.5)), entropy((1.0, 0.0, 0.5))),
}


@pytest.fixture(params=PAIRS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return PAIRS[request.param]().save(tmp_path / "pair.html")


def sentences(page: Any) -> list[str]:
    return [str(text) for text in page.page.locator(".gr-said").all_text_contents()]


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_in_every_frame_it_can_be_read_and_leaves_its_room_to_the_graphs(chromium: Any, file: Path, frame: Any) -> None:
    with opened(chromium, file, frame) as page:
        for found in seen(page.page, frame):
            assert found["small"] == 0, found["smallest"]
            assert found["free"] >= LEAST_FREE.get(frame, 0.85)
            assert found["covered"] == []
        one, other = (page.page.locator(".gr-half").nth(k).bounding_box() for k in (0, 1))
        beside = one["y"] == other["y"] and one["x"] < other["x"]
        assert beside == (frame[0] > 620)
        assert beside or one["y"] < other["y"]


def opened(chromium: Any, file: Path, frame: tuple[int, int] = (1060, 640), **options: Any) -> Any:
    return visit(chromium, file, viewport={"width": frame[0], "height": frame[1]}, **options)


def test_both_are_at_the_same_step_and_one_that_a_half_lacks_is_told_there(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, PAIRS["another winner"]().save(tmp_path / "a.html")) as page:
        assert sentences(page) == ["a = 2", "a = 1"]
        assert page.page.locator(".gr-news").last.text_content() == (
            "a was 2, is 1. v4 (max) is won by c = 4, not v3 (×) = 6 as before; its gradient 2 goes there."
        )
        told = []
        while page.at() < int(page.slider().get_attribute("max")):
            page.press("ArrowRight")
            told.append(sentences(page))
    heads = [[sentence.replace(".grad", "").split(" ")[0].strip(":") for sentence in pair] for pair in told]
    assert all(one == other for one, other in heads)
    assert [other for one, other in told if "gets nothing" in other and other.startswith("a ")] == [
        "a gets nothing from v3, which no gradient reaches here"
    ]
    assert any("c gets no path through v4" in one and other.startswith("c.grad = local 1") for one, other in told)


def test_what_differs_is_framed_and_says_what_it_was(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, PAIRS["another winner"]().save(tmp_path / "a.html")) as page:
        page.press("End")
        later = page.page.locator(".gr-half").last
        boxes = later.locator("g.node[id]").all()
        texts = {box.get_attribute("id"): box.locator("text").all_text_contents()[:3] for box in boxes}
        assert [text for text in texts.values() if "was no path" in text[2]] == [["c", "4", "2 was no path"]]
        assert texts["n0"] == ["a", "1 was 2", "1 was 7"]
        assert later.locator("g.gr-edited").count() == 7
        assert page.page.locator(".gr-half").first.locator(".gr-edited, .gr-was").count() == 0
        label = later.locator("#n0 rect").get_attribute("aria-label")
        assert label == "a, input, value 1, gradient 1, before: 2, 7"
        page.press("Home")
        assert later.locator(".gr-was").count() == 1


def test_every_key_of_its_list_does_something_and_nothing_is_asked_or_edited(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, PAIRS["a pool"]().save(tmp_path / "a.html")) as page:
        names = page.page.evaluate("[...document.querySelectorAll('kbd[data-name]')].map((one) => one.dataset.name)")
        assert set(names) <= set(OFFERED)
        does = page.page.evaluate(
            "[...document.querySelectorAll('[data-do]:not([hidden])')].map((one) => one.dataset.do)"
        )
        assert set(does) <= {*OFFERED, "menu", "close"}
        assert page.page.locator("input[type=text], form").count() == 0
        page.press("End")
        last = page.at()
        page.press("ArrowLeft")
        assert page.at() == last - 1
        page.press("Home", "PageDown")
        assert page.at() == 1
        page.press("g", "ArrowDown", "Enter")
        assert page.page.evaluate("document.activeElement.closest('.gr-half') !== null")
        page.press("?")
        assert page.page.locator("dialog[open]").count() == 1
        page.press("Escape", "Space")
        page.wait(lambda: page.at() > 2)
        page.press("Space", "t")
        assert page.page.evaluate("document.documentElement.dataset.look") in ("light", "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1060, 390])
def test_axe_finds_no_fault_in_a_comparison(chromium: Any, file: Path, axe: str, scheme: str, width: int) -> None:
    with opened(chromium, file, (width, 720), color_scheme=scheme, bypass_csp=True) as page:
        page.page.evaluate(axe)
        for key in ("Home", "End", "?"):
            page.press(key)
            found = page.page.evaluate("axe.run()")["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found if one["id"] != NO_TITLE] == [], key


def test_before_may_be_a_graph_that_was_kept_before_an_update(chromium: Any, tmp_path: Path) -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = relu(w * x - 4)
    y.backward()
    before = Graph(y)
    w.data = 1.0
    file = viz.compare(before, relu(w * x - 4), names=False).step(start=-1).save(tmp_path / "a.html")
    with opened(chromium, file) as page:
        halves = page.page.locator(".gr-half")
        values = [halves.nth(k).locator("#n0 .gr-value").text_content() for k in (0, 1)]
    assert values == ["2", "1 was 2"]


def test_another_constant_is_another_run(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, stepped(Value(3.0, "x") * 2, Value(3.0, "x") * 5).save(tmp_path / "a.html")) as page:
        page.press("End")
        assert sentences(page)[0].startswith("x.grad = local 2")
        assert sentences(page)[1].startswith("x.grad = local 5")


def test_a_keyword_that_the_page_lacks_is_told_those_that_there_are() -> None:
    x, y = Value(3.0, "x"), Value(5.0, "x")
    with pytest.raises(TypeError, match="step has no constants=: there are theme=, background=, start="):
        viz.compare(x * x, y * y).step(constants=True)  # type: ignore[call-arg]


def test_graphs_of_different_structure_are_stepped_through_apart() -> None:
    x = Value(3.0, "x")
    with pytest.raises(ValueError, match="step through each by itself"):
        viz.compare(x * 2, x * 2 + 1).step()
    with pytest.raises(TypeError, match="pools are compared in stills"):
        viz.compare(max_pool1d([x, x * 2], 2), max_pool1d([x, x * 3], 2)).step()


def test_its_script_is_a_file_of_its_own_which_a_stepper_does_not_bring() -> None:
    assert "compareRuns" in module()
    assert "compareRuns" not in viz.step(Value(1.0) * 2).html()
