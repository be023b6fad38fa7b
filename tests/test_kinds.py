"""Colours by kind: a theme may tell inputs, parameters and constants apart; then the legend says which is which."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import viz
from autodiff import Value, maximum, nn, scope
from viz import DARK, LIGHT, Theme

TOLD = replace(LIGHT, parameter_fill="#fff4d6", parameter_border="#8a6100", constant="#b84e00")


def network() -> Value:
    x = [Value(1.0, "x0"), Value(2.0, "x1")]
    y = nn.Linear(2, 1, rng=0)(x)[0] * 0.7
    y.backward()
    return y


def boxes(svg: str) -> dict[str, tuple[str, str]]:
    """Fill and border of each box, by what it is called."""
    groups = re.findall(r'<g class="node"><title>n\d+</title>(.*?)</g>', svg)
    return {
        re.findall(r"<text[^>]*>([^<]*)<", group)[0]: re.findall(r'fill="([^"]*)" stroke="([^"]*)"', group)[0]
        for group in groups
    }


def legend(svg: str) -> list[str]:
    return re.findall(r">([^<]*)</text>", svg.partition('class="legend"')[2])


def test_a_theme_tells_kinds_apart_in_boxes_titles_and_legend() -> None:
    svg = viz.draw(network(), theme=TOLD, names=False).svg()
    found = boxes(svg)
    for name in ("w0", "w1", "b"):
        assert found[name] == (TOLD.parameter_fill, TOLD.parameter_border)
    for name in ("x0", "x1"):
        assert found[name] == (LIGHT.leaf_fill, LIGHT.leaf_border)
    assert re.search(rf'fill="{TOLD.constant}"[^>]*>0\.7</text>', svg)
    assert legend(svg)[:3] == ["input", "parameter", "constant"]


def test_by_default_all_look_as_they_did_and_the_legend_says_nothing_of_kinds() -> None:
    svg = viz.draw(network(), names=False).svg()
    assert len({look for name, look in boxes(svg).items() if not name.startswith("v")}) == 1
    assert not {"input", "parameter", "constant"} & set(legend(svg))
    assert "× 0.7</text>" in svg
    # An own colour of inputs is that of parameters too, unless they have one.
    own = replace(LIGHT, leaf_fill="#123456")
    found = boxes(viz.draw(network(), theme=own, names=False).svg())
    assert {found[name][0] for name in ("w0", "b", "x1")} == {"#123456"}


def test_only_kinds_that_are_drawn_stand_in_the_legend() -> None:
    x = Value(1.0, "x")
    assert legend(viz.draw(x * x, theme=TOLD).svg())[0] == "value"
    assert legend(viz.draw(x * 2, theme=TOLD).svg())[0] == "constant"
    with scope("layer"):
        w = Value(2.0, "w")
    assert legend(viz.draw(w * w, theme=TOLD).svg())[:2] == ["parameter", "value"]


@pytest.mark.parametrize("operand", [lambda x: 3 - x, lambda x: x**2, lambda x: -1.5 * x, lambda x: maximum(x, -2)])
def test_a_constant_is_coloured_wherever_it_stands(operand: object) -> None:
    y = operand(Value(1.0, "x"))  # type: ignore[operator]
    svg = viz.draw(y, theme=TOLD, names=False).svg()
    plain = viz.draw(y, names=False).svg()
    constants = re.findall(rf'fill="{TOLD.constant}"[^>]*font-size="9"|font-size="9" fill="{TOLD.constant}"', svg)
    assert len(constants) == 2  # in the box, and in the legend
    title = "".join(re.findall(r"<text[^>]*>([^<]*)", re.findall(r"<title>n1</title>(.*?)</g>", svg)[0])[:-2])
    whole = re.findall(r"<text[^>]*>([^<]*)", re.findall(r"<title>n1</title>(.*?)</g>", plain)[0])[0]
    assert title.replace(" ", "") == whole.replace(" ", "")


def test_kinds_are_told_apart_in_the_dark_in_films_and_on_pages(tmp_path: Path) -> None:
    both = replace(TOLD, dark=replace(DARK, parameter_fill="#3a2f10"))
    assert both.in_the_dark.parameter_fill == "#3a2f10"
    assert both.in_the_dark.colour("constant") == DARK.muted
    assert replace(LIGHT, dark=DARK).in_the_dark.colour("parameter_fill") == DARK.leaf_fill
    film = viz.animate(network(), tmp_path / "a.svg", theme=TOLD, names=False).read_text()
    assert TOLD.parameter_fill in film
    assert ">parameter</text>" in film
    page = viz.step(network(), theme=TOLD, names=False)
    assert f"--gr-parameter-fill:{TOLD.parameter_fill}" in page.html()
    assert f"--gr-parameter-fill:{LIGHT.leaf_fill}" in viz.step(network(), names=False).html()
    assert '<tspan class="gr-constant">0.7</tspan>' in page.svg


def test_every_kind_has_a_field_that_the_theme_explains() -> None:
    assert Theme.__doc__ is not None
    for field in ("parameter_fill", "parameter_border", "constant", "leaf_fill"):
        assert f"``{field}``" in Theme.__doc__
