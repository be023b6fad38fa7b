"""A picture is one image with a name and a description made from facts, and two on one page do not touch each other."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import gallery
import pytest

import viz
from autodiff import Value, maximum, relu
from viz import DARK, LIGHT
from viz.ink.text import listed

SVG = "{http://www.w3.org/2000/svg}"


def film(y: Value, folder: Path, **wished: object) -> str:
    return viz.animate(y, folder / "film.svg", names=False, **wished).read_text("utf-8")  # type: ignore[arg-type]


def told(svg: str) -> tuple[str, str]:
    """The name and the description of a picture, found as a screen reader finds them."""
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    ids = {element.get("id"): element for element in root.iter() if element.get("id")}
    name, words = (ids[root.attrib[part]] for part in ("aria-labelledby", "aria-describedby"))
    assert (name.tag, words.tag) == (f"{SVG}title", f"{SVG}desc")
    return name.text or "", words.text or ""


PICTURES = [name for name in gallery.GALLERY if "every_step" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_has_a_name_and_a_short_description(name: str) -> None:
    title, words = told(gallery.GALLERY[name]().svg())
    assert 0 < len(title) < 200
    # One to three sentences; of two pictures, what has changed from the one to the other.
    assert 0 < len(re.findall(r"\.(?: |$)", words)) <= (8 if ", " in title else 3)
    assert len(words) < 700


def test_the_description_says_where_the_gradient_goes_and_where_not() -> None:
    y = gallery.pooled()
    assert told(viz.draw(y, names=False).svg())[1].endswith("No gradient has been computed yet.")
    y.backward()
    title, words = told(viz.draw(y, names={"score": y}).svg())
    assert title == "Graph of score = 6.4"
    assert words == (
        "score = 6.4 is computed from x0, x1, x2, x3 and x4, in 12 nodes. "
        "Gradients: x2 = 1.6; no path leads to x0, x1, x3 and x4."
    )


def test_a_computed_zero_is_a_gradient_and_no_path_is_none() -> None:
    x, z = Value(2.0, "x"), Value(0.0, "z")
    y = x * z + relu(Value(-1.0, "off"))
    y.backward()
    words = told(viz.draw(y, names=False).svg())[1]
    assert "Gradients: x = 0 and z = 2; no path leads to off." in words


def test_parts_and_folds_are_counted() -> None:
    assert "; 1 scope is folded to one box each" in told(viz.draw(gallery.entropy(), collapse=True).svg())[1]
    few = told(viz.draw(gallery.micrograd(), depth=1).svg())[1]
    assert re.search(r"in \d+ nodes, of which 3 are shown", few)


def test_many_inputs_are_counted() -> None:
    y = sum((Value(1.0, f"x{i}") for i in range(40)), Value(0.0, "z"))
    assert "and 35 more" in told(viz.draw(y, names=False).svg())[1]
    for count in range(1, 12):
        assert listed([str(i) for i in range(count)]).count(",") <= 6


def test_a_name_in_a_description_is_text() -> None:
    x = Value(2.0, '<script>"&\x00')
    svg = viz.draw(x * 3, names=False).svg()
    assert "<script" not in svg
    assert '<script>"&' in told(svg)[1]


def test_the_description_of_a_pool_says_who_won_and_what_came_back() -> None:
    picture = viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, upstream=[0.7, 0.9])
    assert told(picture.svg()) == (
        "Max pool of 5 cells",
        "2 windows. Window A takes 4 from cell 2 and window B takes 4 from cell 2. "
        "Gradients: cell 2 gets 1.6; no path leads to 4 other cells.",
    )
    assert "window P is" not in told(viz.pool([[1.0] * 5] * 5, kernel_size=2, stride=1, kind="avg").svg())[1]


def test_a_film_is_described_too(tmp_path: Path) -> None:
    title, words = told(film(gallery.pooled(), tmp_path))
    assert title.startswith("Animation of ")
    assert words.endswith("23 steps, each told in a sentence below.")


# -- Two pictures on one page


def names_in(svg: str) -> set[str]:
    """All that a style sheet or a reference could take for its own: ids, classes with a rule, and keyframes."""
    sheets = "".join(re.findall(r"<style>(.*?)</style>", svg))
    return {*re.findall(r' id="([^"]*)"', svg), *re.findall(r"(?:\.|@keyframes )([a-z][\w-]+)\{", sheets)}


def made(folder: Path) -> dict[str, str]:
    pooled, other = gallery.pooled(), maximum(Value(1.0, "a"), Value(2.0, "b")) * 3
    return {
        "film": film(pooled, folder),
        "slower film": film(pooled, folder, seconds=2),
        "film of another graph": film(other, folder),
        "film that follows": film(pooled, folder, theme="auto"),
        "still": viz.draw(pooled, names=False).svg(),
        "still that follows": viz.draw(pooled, names=False, theme="auto").svg(),
        "pool that follows": viz.pool([1, 3, 2], kernel_size=2, stride=1, theme="auto").svg(),
        "pool": viz.pool([1, 3, 2], kernel_size=2, stride=1).svg(),
    }


@pytest.mark.slow
def test_two_pictures_on_one_page_share_no_name(tmp_path: Path) -> None:
    pictures = made(tmp_path)
    for (one, first), (other, second) in itertools.combinations(pictures.items(), 2):
        assert not names_in(first) & names_in(second), (one, other)
    assert made(tmp_path) == pictures


@pytest.mark.slow
def test_a_style_sheet_touches_its_own_picture_alone(tmp_path: Path) -> None:
    for name, svg in made(tmp_path).items():
        sheets = "".join(re.findall(r"<style>(.*?)</style>", svg))
        own = re.search(r'aria-labelledby="(g\w+-)title"', svg)
        assert own is not None
        selectors = re.findall(
            r"(?:^|[{}])([^{}@%]+)\{", re.sub(r"@keyframes \S+?\{(?:[^{}]*\{[^{}]*\})*\}", "", sheets)
        )
        assert all(part.startswith((f".{own[1]}", f"[class^={own[1]}")) for part in selectors), (name, selectors)


# -- What follows its host


@pytest.mark.slow
@pytest.mark.parametrize("make", [gallery.pooled, gallery.micrograd, gallery.entropy])
def test_light_is_light_and_dark_is_dark(make: Callable[[], Value]) -> None:
    y = make()
    y.backward()
    both = viz.draw(y, names=False, theme="auto")
    assert both.source == viz.draw(y, names=False).source
    light, dark = (_colours(viz.draw(y, names=False, theme=look).svg()) for look in ("light", "dark"))
    sheet = re.search(r"<style>(.*?)</style>", both.svg())
    assert sheet is not None
    assert _colours(both.svg().replace(sheet[0], "")) == light
    assert {*_colours(sheet[1])} == {*dark}


def _colours(svg: str) -> list[str]:
    return re.findall("#[0-9a-f]{6}", svg)


@pytest.mark.parametrize("make", [lambda: viz.pool([3, 1], kernel_size=2, theme="auto"), lambda: _auto()])
def test_what_a_caller_adds_is_drawn_in_both(make: Callable[[], viz.Picture]) -> None:
    picture = make()
    assert "prefers-color-scheme" in picture.svg()
    picture.node("mine", "my own words", pos="0,0")
    assert "my own words" in picture.svg()


def _auto() -> viz.Picture:
    return viz.draw(gallery.pooled(), theme="auto")


def test_without_paper_nothing_is_painted_behind() -> None:
    y = gallery.pooled()
    bare = viz.draw(y, names=False, background=None)
    assert 'fill="none"' in bare.svg().split('class="graph"')[0]
    assert LIGHT.background not in _colours(bare.svg().split('class="node"')[0])
    assert "bgcolor=transparent" in bare.source
    assert 'fill="#fff0f0"' in viz.draw(y, names=False, background="#fff0f0").svg()


def test_a_film_follows_its_host(tmp_path: Path) -> None:
    text = film(gallery.pooled(), tmp_path, theme="auto")
    dark = text.rsplit("prefers-color-scheme:dark", 1)[1]
    assert DARK.highlight in dark
    assert DARK.positive in dark
    assert LIGHT.highlight in text.rsplit("prefers-color-scheme:dark", 1)[0]


def test_a_theme_of_few_colours_follows_its_host_too(tmp_path: Path) -> None:
    """Where two things have one colour in the light and two in the dark."""
    inks = ("value", "gradient", "positive", "negative", "not_computed", "muted", "no_path")
    ink = dataclasses.replace(LIGHT, highlight=LIGHT.background, dark=DARK, **dict.fromkeys(inks, LIGHT.text))
    for make in (gallery.pooled, gallery.neuron):
        assert DARK.positive in film(make(), tmp_path, theme=ink)
