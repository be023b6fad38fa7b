"""Where the stepper's page is not let in as it is: no script, no frame. What is seen there is the last step."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from browsing import browser

from autodiff import Value, clamp, log, max_pool1d, maximum, nn, relu, where
from viz.ink.theme import DARK, LIGHT
from viz.page.html import STILL, static
from viz.page.poster import LARGEST, SENTENCE
from viz.page.stepper import Stepper, step


def pool(**options: Any) -> Stepper:
    cells = [Value(n, f"x{i}") for i, n in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(cells, kernel_size=3, stride=2)
    y = 0.7 * p[0] + 0.9 * p[1]
    return step(y, grid={"cells": cells, "outputs": p, "kernel_size": 3, "stride": 2}, **options)


def neuron(**options: Any) -> Stepper:
    random.seed(1)
    return step(nn.MLP(2, [2, 1])([Value(1.0, "a"), Value(-2.0, "b")]), **options)


def ways() -> Stepper:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    return step(a * b + relu(a) * b + a, path=a)


def of(make: Callable[[Value, Value], Value], a: float, b: float) -> Callable[[], Stepper]:
    return lambda: step(make(Value(a, "a"), Value(b, "b")))


FAMILY: dict[str, Callable[[], Stepper]] = {
    "pool": pool,
    "folded": lambda: neuron(collapse=True),
    "neuron": neuron,
    "ways": ways,
    "leaf alone": lambda: step(Value(2.0, "a")),
    "two uses": of(lambda a, b: a * a + b, 3.0, 2.0),
    "both signs": of(lambda a, b: (a - b) * (b - a), 3.0, 2.0),
    "dead": of(lambda a, b: relu(a) * 0 + b, -1.0, 2.0),
    "tie": of(maximum, 2.0, 2.0),
    "clamped": of(lambda a, b: clamp(a, 0.0, 1.0) * b, 7.0, 2.0),
    "another branch": of(lambda a, b: where(a, a * b, b), 0.0, 2.0),
    "nan": of(lambda a, b: log(a) * b, -1.0, 2.0),
    "inf": of(lambda a, b: a / b, 1.0, 0.0),
    "markup": lambda: step(Value(1.0, "<b>&amp;\"'") * Value(2.0, "</iframe><script>")),
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


# ---- No frame


class Sanitised(HTMLParser):
    """What is left of markup where frames, scripts and all attributes but ``src`` and ``alt`` are taken out."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.words, self.images = "", list[dict[str, str | None]]()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


def pictured(stepper: Stepper) -> tuple[Sanitised, ElementTree.Element]:
    left = Sanitised(stepper._repr_html_())
    kind, data = str(left.images[0]["src"]).split(",", 1)
    assert kind == "data:image/svg+xml"
    return left, ElementTree.fromstring(unquote(data))


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAMILY)
def test_without_a_frame_a_sentence_and_a_picture_of_the_last_step_are_left(kind: str) -> None:
    stepper = FAMILY[kind]()
    left, picture = pictured(stepper)
    assert left.words == SENTENCE
    drawn = ElementTree.fromstring(f"<page>{stepper.svg}</page>")[0]
    texts = [text for text in picture.itertext() if text.strip()]
    for number in drawn.iter():
        if number.get("class") in ("gr-value", "gr-gradient"):
            assert number.text in texts


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_picture_has_the_colours_of_the_page(theme: str) -> None:
    fills = {*re.findall(r"fill:(#\w+)", "".join(pictured(pool(theme=theme))[1].itertext()))}
    fills &= {LIGHT.background, DARK.background}
    papers = re.findall(r"--gr-background:(#\w+)", pool(theme=theme).html())
    assert fills == {papers[theme == "dark"]}


def test_the_picture_has_a_legend_as_the_page_has() -> None:
    with_legend, without = (" ".join(pictured(pool(legend=told))[1].itertext()) for told in (True, False))
    assert "positive" in with_legend
    assert "positive" not in without


@pytest.mark.slow
def test_a_picture_too_large_for_a_notebook_is_left_out_and_the_sentence_stays() -> None:
    total = Value(0.0, "start")
    for k in range(300):
        total = total + Value(float(k), f"a{k}")
    left = Sanitised(step(total)._repr_html_())
    assert (left.words, left.images) == (SENTENCE, [])
    assert len(pool()._repr_html_()) < len(pool().html()) * 1.35
    assert LARGEST < 200_000


# ---- No script

LOOK = """(where) => [...document.querySelector(where).querySelectorAll("g.node[id], g.edge[id]")].map((group) => {
  const style = (one) => { const s = getComputedStyle(one);
    return [s.fill, s.stroke, parseFloat(s.strokeWidth).toFixed(1), s.strokeDasharray, s.display]; };
  const said = (one) => (getComputedStyle(one).display === "none" ? "" : one.textContent);
  const shapes = [...group.querySelectorAll("rect, path, polygon, polyline")];
  const texts = [...group.querySelectorAll("text:not(.gr-flag)")];
  return { id: group.id, words: texts.map(said), shapes: shapes.map(style),
    type: texts.map((one) => getComputedStyle(one)).map(({ fill, fontSize }) => [fill, fontSize]),
    way: shapes.map((one) => one.getAttribute("d")) };
}).sort((one, other) => (one.id < other.id ? -1 : 1))"""


def looks(chromium: Any, file: Path, html: str, script: bool) -> Any:
    """What every box and line looks like at the last step; without a script since the page's policy forbids all."""
    file.write_text(html if script else re.sub("script-src [^;]*", "script-src 'none'", html), "utf-8")
    page = chromium.new_page(reduced_motion="reduce", viewport={"width": 2600, "height": 1600})
    page.goto(file.as_uri())
    if script:
        page.get_by_role("status").wait_for()
        page.keyboard.press("End")
    found = page.evaluate(LOOK, ".gr-canvas" if script else ".gr-still > svg")
    if not script:
        sentence = page.get_by_text(STILL).bounding_box()
        assert 0 <= sentence["y"] < 40
        assert page.locator(".gr-still > svg").filter(visible=True).count() == 1
        assert page.locator(".gr-still > .gr-legend").bounding_box()["y"] < 80
    page.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAMILY)
def test_without_a_script_the_page_shows_what_it_shows_at_the_last_step(
    kind: str, chromium: Any, tmp_path: Path
) -> None:
    html = FAMILY[kind]().html()
    still, stepped = (looks(chromium, tmp_path / "page.html", html, script) for script in (False, True))
    assert still == stepped


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_a_sandbox_the_words_can_be_read(chromium: Any, tmp_path: Path, theme: str) -> None:
    markup = pool(theme=theme)._repr_html_().replace("<iframe ", "<iframe sandbox ")
    (tmp_path / "page.html").write_text(markup, "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    frame = page.frame_locator("iframe")
    frame.get_by_text(STILL).wait_for()
    sizes = frame.locator("svg text").evaluate_all(
        "texts => texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a)"
    )
    assert min(sizes) >= 10.49
    page.close()


@pytest.mark.slow
def test_on_paper_a_notebook_has_the_picture_of_the_last_step(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(pool()._repr_html_(), "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.frame_locator("iframe").get_by_role("status").wait_for()
    page.locator("img").wait_for(state="hidden")
    page.emulate_media(media="print")
    assert page.locator("img").is_visible()
    assert not page.locator("iframe").is_visible()
    page.close()


# ---- A slide


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("above", [0, 200])
def test_on_a_slide_the_frame_takes_the_room_that_is_left(
    chromium: Any, tmp_path: Path, scale: float, above: int
) -> None:
    deck = (
        f"<div class='reveal'><div class='slides' style='width:960px;height:700px;transform:scale({scale});"
        f"transform-origin:0 0'><section style='width:100%'><div style='height:{above}px'></div>"
        f"{pool()._repr_html_()}</section></div></div>"
    )
    (tmp_path / "page.html").write_text(f"<!doctype html><body style='margin:0'>{deck}", "utf-8")
    page = chromium.new_page(viewport={"width": 1600, "height": 1200})
    # Of the same origin, as a deck is that is served.
    page.set_content((tmp_path / "page.html").read_text("utf-8"))
    page.frame_locator("iframe").get_by_role("status").wait_for()
    page.wait_for_function("document.querySelector('iframe').offsetHeight < 740")
    box = page.locator("iframe").bounding_box()
    assert box["y"] + box["height"] == pytest.approx(700 * scale, abs=2)
    page.close()


@pytest.mark.slow
def test_a_page_that_was_small_when_it_opened_is_as_one_that_opens_in_its_size(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(pool().html(), "utf-8")
    cards = []
    for first in ((60, 300), (876, 603)):
        page = chromium.new_page(viewport=dict(zip(("width", "height"), first, strict=True)), reduced_motion="reduce")
        page.goto((tmp_path / "page.html").as_uri())
        page.get_by_role("status").wait_for(state="attached")
        page.set_viewport_size({"width": 876, "height": 603})
        page.wait_for_timeout(300)
        cards.append(page.locator(".gr-card").bounding_box())
        page.close()
    assert cards[0] == cards[1]
    assert cards[0]["width"] > 200


# ---- A telephone


@pytest.mark.slow
def test_on_a_telephone_one_steps_by_thumb_and_nothing_is_hidden_or_zoomed(chromium: Any, tmp_path: Path) -> None:
    pool().save_html(tmp_path / "page.html")
    page = chromium.new_page(viewport={"width": 390, "height": 780}, is_mobile=True, has_touch=True)
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="Next step", exact=True).tap()
    assert page.get_by_role("slider", name="Step", exact=True).input_value() == "1"
    for name in ("Inputs", "Predict"):  # what they bring is seen: the menu does not stay over it
        page.get_by_role("button", name="More", exact=True).tap()
        page.get_by_role("button", name=name, exact=True).tap()
        assert not page.get_by_role("group", name="More").is_visible()
        assert not page.get_by_role("button", name=name, exact=True).is_visible()
    whole = "[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]"
    assert page.evaluate(whole) == [True, True]
    fields = "fields => fields.map((field) => parseFloat(getComputedStyle(field).fontSize))"
    assert min(page.locator("input:not([type=range]), select, textarea").evaluate_all(fields)) >= 16
    sizes = [one.bounding_box() for one in page.get_by_role("button").all() if one.is_visible()]
    assert min(min(box["width"], box["height"]) for box in sizes) >= 24  # what WCAG 2.2 asks for
    page.close()


# ---- Both


@pytest.mark.slow
def test_where_a_script_runs_the_last_step_is_not_painted_before_the_first_one(chromium: Any, tmp_path: Path) -> None:
    not_yet = re.sub(r'<script type="module">.*?</script>', "", pool().html(), flags=re.DOTALL)
    (tmp_path / "page.html").write_text(not_yet, "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.locator("svg").count()
    assert not page.locator(".gr-still").is_visible()
    assert page.evaluate("performance.getEntriesByName('first-contentful-paint')") == []
    page.close()


def test_no_rule_of_the_page_makes_the_browser_look_upwards_at_every_step() -> None:
    assert ":has(" not in re.sub(r"/\*.*?\*/", "", static("stepper.css"), flags=re.DOTALL)


@pytest.mark.slow
def test_where_the_page_steps_the_picture_of_the_last_step_is_gone(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(pool()._repr_html_(), "utf-8")
    page = chromium.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.frame_locator("iframe").get_by_role("status").wait_for()
    page.locator("img").wait_for(state="hidden")
    assert not page.get_by_text(SENTENCE).is_visible()
    assert not page.frame_locator("iframe").get_by_text(STILL).is_visible()
    page.close()
