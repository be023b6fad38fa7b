"""What a notebook is given of a picture: it is seen where no SVG is let in, and it is the same to the eye."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from html import escape, unescape
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from browsing import browser
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import Value, log, max_pool1d, max_pool2d, nn, relu, where
from viz.layout.shown import LARGEST, SEEN, bundle, image
from viz.layout.svg import SVG


def pooled(*numbers: float) -> Any:
    return max_pool1d([Value(n, f"x{i}") for i, n in enumerate(numbers)], kernel_size=3, stride=2)


def weighed(*numbers: float) -> Value:
    p = pooled(*numbers)
    return 0.7 * p[0] + 0.9 * p[1]


def score() -> Value:
    model = nn.Sequential(nn.Conv2d(1, 1, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2, rng=1))
    output: Value = model([[[Value(float(i == j)) for j in range(6)] for i in range(6)]])[0]
    return output


def strange() -> Value:
    a, b = Value(2.0, 'it\'s "a" & <b>'), Value(-1.0, "</svg>%3C#")
    return where(a, a * log(b), b) + relu(b) / 0.0


def with_ways() -> Any:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    return viz.draw(a * b + relu(a) * b + a, path=a)


def added_to() -> Any:
    picture = viz.draw(weighed(3, 0, 4, 2, 0))
    picture.node("more", "drawn by Graphviz")
    return picture


ONE, OTHER = (3, 0, 4, 2, 0), (3, 0, 1, 2, 0)
PICTURES: dict[str, Callable[[], Any]] = {
    "graph": lambda: viz.draw(weighed(*ONE)),
    "light and dark": lambda: viz.draw(weighed(*ONE), theme="auto"),
    "on no paper": lambda: viz.draw(weighed(*ONE), theme="dark", background=None),
    "strange names": lambda: viz.draw(strange()),
    "ways": with_ways,
    "backward pass": lambda: viz.draw(weighed(*ONE), backward="graph"),
    "added to": added_to,
    "pool": lambda: viz.pool(pooled(*ONE)),
    "grid": lambda: viz.pool(
        max_pool2d([[Value(float(r * c % 5)) for c in range(5)] for r in range(5)], 2), theme="auto"
    ),
    "network": lambda: viz.network(score()),
    "slopes": lambda: viz.network(score(), slopes=True),
    "strip": lambda: viz.network([score(), score()]),
    "two graphs": lambda: viz.compare(weighed(*ONE), weighed(*OTHER)),
    "two pools": lambda: viz.compare(pooled(*ONE), pooled(*OTHER)),
    "film": lambda: viz.animate(weighed(*ONE), start="backward", theme="dark"),
}


HELD = "*{animation-play-state:paused!important;animation-delay:-7s!important}"  # a film, seven seconds after it began


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def only_image(html: str) -> tuple[ElementTree.Element, str]:
    """The SVG of the one image that markup consists of, and its words."""
    found = re.fullmatch(r'<img src="data:image/svg\+xml,([^"<>&\']*)" alt="([^"<>]*)"/>', html.replace("'", ""))
    assert found
    source = re.search('src="[^,]*,([^"]*)"', html)
    assert source
    return ElementTree.fromstring(unquote(source[1])), unescape(found[2])


def words(picture: ElementTree.Element) -> list[str]:
    """What is written in a picture, in the order in which it is."""
    return ["".join(text.itertext()) for text in picture.iter() if text.tag.endswith("}text")]


@pytest.mark.slow
@pytest.mark.parametrize("kind", PICTURES)
def test_there_is_an_image_that_says_the_same_as_the_picture(kind: str) -> None:
    made = PICTURES[kind]()
    shown, svg = made._repr_mimebundle_(), made.svg()
    picture, told = only_image(shown["text/html"])
    assert words(picture) == words(ElementTree.fromstring(svg))
    assert shown["text/plain"] == f"{told}\n{SEEN}"
    assert len(told) > 20
    assert len(shown["text/html"]) < len(svg)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", PICTURES)
def test_the_image_is_the_same_to_the_last_pixel(chromium: Any, kind: str, scheme: str) -> None:
    made = PICTURES[kind]()
    source = re.search('src="data:image/svg.xml,([^"]*)"', made._repr_mimebundle_()["text/html"])
    assert source
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 1400, "height": 1400})
    seen = []
    for svg in (made.svg(), unquote(source[1])):
        held = svg.replace("</svg>", f"<style>{HELD}</style></svg>").encode()
        page.set_content(f'<img src="data:image/svg+xml;base64,{base64.b64encode(held).decode()}"/>')
        assert page.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        seen.append(page.locator("img").screenshot())
    page.close()
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    ("texts", "kinds"), [(10, {"image/svg+xml", "text/html", "text/plain"}), (9000, {"text/html", "text/plain"})]
)
def test_a_large_picture_is_kept_once_in_a_notebook(texts: int, kinds: set[str]) -> None:
    shown = bundle(f"<svg>{'<text>one</text>' * texts}</svg>", "Many ones", "All alike.")
    assert {*shown} == kinds
    assert shown["text/plain"] == f"Many ones. All alike.\n{SEEN}"
    assert (len(shown["text/html"]) > LARGEST) is ("image/svg+xml" not in kinds)


def test_who_chooses_gets_what_was_chosen() -> None:
    picture = viz.draw(Value(1.0, "x") * 2)
    assert picture._repr_mimebundle_(include=["image/svg+xml"]) == {"image/svg+xml": picture.svg()}
    assert picture._repr_mimebundle_(exclude=["image/svg+xml"]) == {}


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_any_words_are_the_same_in_the_image(text: str) -> None:
    picture, told = only_image(
        image(f"<svg xmlns='{SVG}'><text>{escape(text)}</text></svg>".replace("'", '"', 2), text)
    )
    assert (words(picture), told) == ([text], text)
