"""The numbers of one picture are written alike: one count of figures, no exponent beside fixed numbers of its size."""

from __future__ import annotations

import itertools
import math
import random
import re
from pathlib import Path
from typing import Any

import gallery
import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import Value
from autodiff.language.notation import Figures, figures, numeral, writing
from viz.ink.figures import figured

NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-−]?\d+)?(?![\w.])")
SIZES = st.lists(st.floats(1e-12, 1e9) | st.floats(1e-5, 1e-1), min_size=1, max_size=12)


def spoken(svg: str) -> list[str]:
    """The numbers that stand in a picture: in boxes and at lines, without names, titles and words."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    return [number for text in texts for number in NUMBER.findall(text)]


def size(text: str) -> float:
    return abs(float(text.replace("−", "-")))


def count(text: str) -> int:
    """How many figures a number has."""
    mantissa = text.lstrip("-−").split("e")[0]
    return len(mantissa.replace(".", "").lstrip("0")) or 1


def unlike(numbers: list[str]) -> list[tuple[str, str]]:
    """Pairs of one size, of which one has an exponent and the other has none."""
    raised = [each for each in numbers if "e" in each and size(each) < 1]
    fixed = [each for each in numbers if "e" not in each and 0 < size(each) < 1]
    return [(a, b) for a in raised for b in fixed if 0.1 < size(a) / size(b) < 10]


def mixed(seed: int) -> Value:
    draw = random.Random(seed)
    nodes = [Value(draw.gauss(0, 1) * 10 ** draw.uniform(-5, 2), f"x{i}") for i in range(4)]
    for _ in range(8):
        a, b = draw.choice(nodes), draw.choice(nodes)
        nodes.append(draw.choice((a + b, a * b, a * 0.0123, a.tanh(), a - 3e-4)))
    y = sum(nodes[4:], start=Value(0.0, "sum"))
    y.backward()
    return y


@pytest.mark.slow
@pytest.mark.parametrize("digits", [None, 1, 2, 3, 6])
@pytest.mark.parametrize("seed", range(8))
def test_a_picture_has_one_count_of_figures(seed: int, digits: int | None) -> None:
    svg = viz.draw(mixed(seed), names=False, digits=digits, fit=None, legend=False).svg()
    numbers = [each for each in spoken(svg) if "." in each or "e" in each]
    most = digits or 4
    assert numbers
    assert max(map(count, numbers)) <= most
    # A number of fewer figures is no rounded one.
    for each in numbers:
        if count(each) < most:
            assert each == each.rstrip("0")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_no_exponent_stands_beside_fixed_numbers_of_its_size(seed: int) -> None:
    numbers = spoken(viz.draw(mixed(seed), names=False, fit=None).svg())
    assert unlike(numbers) == []


@given(SIZES)
def test_small_numbers_are_written_like_those_of_their_size(numbers: list[float]) -> None:
    with writing(figured(numbers)):
        texts = list(map(numeral, numbers))
    fixed = [x for x, text in zip(numbers, texts, strict=True) if "e" not in text]
    raised = [x for x, text in zip(numbers, texts, strict=True) if "e" in text and x < 1]
    assert not fixed or not raised or max(raised) < min(fixed)
    assert min(fixed, default=1.0) >= 1e-7
    if fixed and raised and len(numbers) < 8 and max(numbers) >= 1e-3:
        widest = max(a / b for a, b in itertools.pairwise(sorted(numbers, reverse=True)) if a >= 1e-7 and b < 1e-3)
        assert min(fixed) / max(raised) >= min(widest, 10) * 0.99


@pytest.mark.slow
@pytest.mark.parametrize("make", gallery.GALLERY.values(), ids=lambda make: make.__name__)
def test_in_the_gallery_no_exponent_stands_beside_fixed_numbers(make: Any) -> None:
    shown = make()
    if isinstance(shown, viz.Picture):
        svg = shown.svg()
        assert unlike(spoken(svg)) == []
        if 'class="graph"' in svg and "<title>n" in svg:
            assert not re.search(r">[^<]*(?<![\w\])])-\d", "".join(re.findall(r"<text.*?</text>", svg)))


def test_a_rounded_number_keeps_its_zeros_and_an_exact_one_has_none() -> None:
    x = Value(1.0, "x")
    svg = viz.draw([x, Value(1.0001, "y"), Value(0.314, "z"), Value(0.31400001, "u"), Value(0.31404, "v")]).svg()
    assert re.findall(r">([\d.]+)</text>", svg) == ["1", "1.000", "0.314", "0.314", "0.3140"]
    svg = viz.draw([x, Value(1.0001, "y")], digits=5).svg()
    assert re.findall(r">([\d.]+)</text>", svg) == ["1", "1.0001"]


def test_still_film_and_page_write_the_same_numbers(tmp_path: Path) -> None:
    x = Value(-2.0, "x")
    y = x * 7.86e-4 + 0.0012
    y.backward()
    still = viz.draw(y, names=False, digits=3).svg()
    film = viz.animate(y, tmp_path / "a.svg", names=False, digits=3).read_text()
    assert ">0.000786</text>" in still
    assert ">0.000786</text>" in film
    assert "x.grad = local 0.000786 × upstream 1 = 0.000786" in film
    assert "−0.00157" in film
    assert "e-4" not in film
    told = viz.step(y, names=False, digits=3).data["figures"]
    assert told == {"digits": 3, "least": pytest.approx(0.000372, rel=0.01), "minus": "−"}


def test_numbers_are_written_as_before_when_a_picture_is_done() -> None:
    viz.draw(Value(-1 / 3, "x") * 2, digits=2).svg()
    assert figures() == Figures()
    assert numeral(-1 / 3) == "-0.3333"


@pytest.mark.parametrize("wrong", [0, 16, -1, 2.5, "3", True, math.nan])
@pytest.mark.parametrize("call", ["draw", "step", "animate"])
def test_a_count_of_figures_that_is_none_is_refused(call: str, wrong: Any, tmp_path: Path) -> None:
    path = [tmp_path / "a.svg"] if call == "animate" else []
    with pytest.raises(ValueError, match="digits is a whole number from 1 to 15"):
        getattr(viz, call)(Value(1.0, "x") * 2, *path, digits=wrong)
