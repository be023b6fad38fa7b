"""Options mean the same wherever pictures are made: theme, background, legend, figures, and ways in colour."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import viz
from autodiff import Value, max_pool1d
from viz.ink.theme import OWN

pytestmark = pytest.mark.slow  # pages among them

WHITE = viz.LIGHT.background
INK = "#0b3c4d"
THIRD = 1 / 3


def pooled() -> tuple[list[Value], list[Value], Value]:
    """Cells, the outputs of their pool, and a weighted sum of them, after the backward pass."""
    cells = [Value(v, f"x{i}") for i, v in enumerate((3 + THIRD, 0.0, 4 + THIRD, 2.0, 0.0))]
    outputs = max_pool1d(cells, kernel_size=3, stride=2)
    score = 0.7 * outputs[0] + 0.9 * outputs[1]
    score.backward()
    return cells, outputs, score


def of_graph(make: Callable[..., Any]) -> Callable[..., str]:
    def made(path: bool = False, **options: Any) -> str:
        cells, _, score = pooled()
        return text(make(score, names=False, **options, **({"path": cells[2]} if path else {})))

    return made


def text(picture: Any) -> str:
    return picture.html() if isinstance(picture, viz.Stepper) else picture.svg()  # type: ignore[no-any-return]


def of_pool(path: bool = False, **options: Any) -> str:
    cells, outputs, _ = pooled()
    return viz.pool(outputs, **options, **({"path": cells[2]} if path else {})).svg()


def pair(**options: Any) -> str:
    return viz.compare(pooled()[2], pooled()[2] * 2, names=False, **options).svg()


def pair_of_pools(**options: Any) -> str:
    return viz.compare(pooled()[1], max_pool1d([1 + THIRD, 2.0, 0.0, 1.0, 5.0], 3, 2), **options).svg()


MAKERS: dict[str, Callable[..., str]] = {
    "draw": of_graph(viz.draw),
    "draw a step": of_graph(lambda y, **options: viz.draw(y, step=9, **options)),
    "step": of_graph(viz.step),
    "animate": of_graph(viz.animate),
    "pool": of_pool,
    "compare graphs": pair,
    "compare pools": pair_of_pools,
}
WAYS = ("draw", "draw a step", "step", "animate", "pool")


@pytest.mark.parametrize("name", MAKERS)
def test_a_theme_of_ones_own_is_taken_with_its_colours_and_sizes(name: str) -> None:
    theme = replace(viz.LIGHT, value=INK, value_size=15.5, text="#0c0d0e", muted="#0c0d0e")
    made = MAKERS[name](theme=theme)
    assert INK in made
    assert "#0c0d0e" in made


@pytest.mark.parametrize("name", MAKERS)
def test_without_a_background_there_is_no_paper(name: str) -> None:
    assert "#fefdfc" in MAKERS[name](theme="light", background="#fefdfc")
    papers = []
    for wish in (OWN, None):
        made = MAKERS[name](theme="light", background=wish)
        papers.append(made if name == "step" else re.findall(rf'd="M0 0H[^"]*" fill="{WHITE}"', made))
    assert papers[0]
    assert papers[0] != papers[1]


@pytest.mark.parametrize("name", MAKERS)
def test_without_a_legend_there_is_less_to_read(name: str) -> None:
    without, with_one = MAKERS[name](legend=False), MAKERS[name]()
    if name == "step":  # the page's own rules hide it
        assert without.count(".gr-legend") == with_one.count(".gr-legend") + 1
    else:
        assert without.count("<text") < with_one.count("<text")


@pytest.mark.parametrize("name", MAKERS)
def test_numbers_have_as_many_figures_as_are_wished(name: str) -> None:
    for digits, told in ((2, "3.3"), (5, "3.3333")):
        if name == "step":
            assert f'"digits":{digits}' in MAKERS[name](digits=digits).replace(" ", "")
        elif name == "compare pools":
            assert {2: ">1.3<", 5: ">1.3333<"}[digits] in MAKERS[name](digits=digits)
        else:
            assert f">{told}<" in MAKERS[name](digits=digits)


@pytest.mark.parametrize("name", WAYS)
def test_ways_are_in_colour_over_the_faded_rest(name: str) -> None:
    assert MAKERS[name](path=True) != MAKERS[name]()
