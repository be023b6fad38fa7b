"""What is painted means what it should: notation reads back as its formula, colours, levels, tags, limits."""

from __future__ import annotations

import argparse
import ast
import math
import random
import re
from html import unescape
from typing import Any
from xml.etree import ElementTree

import pytest
from drawn import read
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import TABLE, Value, max_pool1d, scope, steps
from autodiff.table.operations import expanded
from viz.__main__ import _settings
from viz.graph import gif as gifs
from viz.graph.drawing import blank
from viz.graph.rows import Rows, Style
from viz.ink.mathml import mathml
from viz.ink.theme import AT_ONE, DARK, LIGHT, PER_DECADE, THICKEST, THINNEST, Theme, blend, contrast, width
from viz.pools.reading import LIMIT

# -- Notation: read back, it is the formula


def read_back(element: ElementTree.Element) -> str:
    """MathML as an expression, as a person reads it: left to right, by the usual ranks."""
    kind, parts = element.tag, list(element)
    if kind in ("mi", "mn"):
        return {"e": "e_"}.get(element.text or "", element.text or "")
    if kind == "mfrac":
        return f"(({read_back(parts[0])}) / ({read_back(parts[1])}))"
    if kind == "msqrt":
        return f"sqrt({' '.join(map(read_back, parts))})"
    if kind == "msup":
        return f"{read_back(parts[0])} ** ({read_back(parts[1])})"
    if kind in ("mo", "mtext"):
        text = (element.text or "").replace("\u00a0", " ")
        return {"−": "-", "⋅": "*", "\u2061": "", "≥": ">=", "≤": "<=", "=": "==", "≠": "!="}.get(text, text)
    if [part.text for part in parts[:1]] == ["{"]:
        return cases(parts[1])
    if len(parts) == 3 and [parts[0].text, parts[2].text] == ["|", "|"]:
        return f"abs({read_back(parts[1])})"
    return " ".join(map(read_back, parts))


def cases(table: ElementTree.Element) -> str:
    found = "None"
    for row in reversed(list(table)):
        value, when = (" ".join(map(read_back, cell)) for cell in row)
        test = when.strip().removeprefix("if ")
        found = f"({value})" if test == "otherwise" else f"(({value}) if ({test}) else {found})"
    return found


FORMULAS = [
    *("x - (y - z)", "x - y - z", "x - (y + z)", "x + (y - z)", "(x - y) * z", "x - y * z", "x * (y - z) * x"),
    *("-x ** 2", "(-x) ** 2", "x ** -y", "(x + y) ** 2", "x ** y ** z", "(x ** y) ** z", "-(x + y)", "-(x * y)"),
    *("x * -y", "x - -y", "-x - y", "(-x) * y", "x / (y / z)", "x / y / z", "(x / y) ** 2", "(x + y) / (x - z)"),
    *("exp(x - y)", "exp(-x) * y", "exp(x) ** 2", "2 * exp(x + exp(y))", "sqrt(x * x + y * y)", "abs(x - y) * z"),
    *("hypot(x, y) - z", "sin(x - y) * cos(z)", "x if x > y else z", "x if x > y and y > z else -x if z >= 1 else y"),
    *("x if not x > y else z", "x if x > 1 or y <= 0 and z == 2 else y", "x if not (x > y or z < 1) else z - (x - y)"),
    *("(x if x > y else z) * 2", "1 - (x if x > y else y)", "x if x - y > y - x else 0", "sqrt(x) ** 2 - (y - 1)"),
]
SPACE = {**vars(math), "e_": math.e, "abs": abs}


def check(text: str, inputs: list[str]) -> None:
    tree = ast.parse(text, mode="eval").body
    markup = f"<mrow>{mathml(tree, {})}</mrow>"
    back = read_back(ElementTree.fromstring(markup))
    rng = random.Random(text)
    for _ in range(30):
        numbers = {name: rng.choice([0.5, 1.5, 2.0, 3.0, 0.25, 1.0]) for name in inputs}
        try:
            mine = eval(text, {**SPACE, **numbers})
        except ZeroDivisionError:
            continue
        theirs = eval(back, {**SPACE, **numbers})
        assert (mine is None) == (theirs is None)
        assert mine is None or abs(mine - theirs) <= 1e-9 * max(1.0, abs(mine)) or mine == theirs, (text, back, numbers)


@pytest.mark.parametrize("formula", FORMULAS)
def test_notation_read_back_is_the_formula(formula: str) -> None:
    check(formula, ["x", "y", "z"])


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "negative", "divide", "sigmoid", "silu", "tanh", "elu"]
)
def test_the_notation_of_a_row_is_its_formula(name: str) -> None:
    op = TABLE[name]
    for tree in (op.value, *op.partials):
        text = ast.unparse(expanded(tree))
        if "None" not in text and "out" not in text:
            check(text, [*op.inputs])


# -- Colours


@given(st.floats(-1, 2), st.integers(2, 5))
def test_a_blend_runs_evenly_through_its_ramp(fraction: float, count: int) -> None:
    ramp = tuple(f"#{50 * k:02x}{10 * k:02x}{255 - 50 * k:02x}" for k in range(count))
    place = min(1.0, max(0.0, fraction)) * (count - 1)
    found = blend(ramp, fraction)
    for channel, exact in enumerate((50 * place, 10 * place, 255 - 50 * place)):
        assert abs(int(found[1 + 2 * channel : 3 + 2 * channel], 16) - exact) <= 0.5 + 1e-9
    assert (blend(ramp, 0), blend(ramp, 1)) == (ramp[0], ramp[-1])


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    known = {("#ffffff", "#767676"): 4.54, ("#ffffff", "#ff0000"): 4.0, ("#000000", "#00ff00"): 15.3}
    known |= {("#0000ff", "#ffffff"): 8.59, ("#777777", "#777777"): 1.0, ("#000000", "#050505"): 1.03}
    for (one, other), ratio in known.items():
        assert contrast(one, other) == contrast(other, one) == ratio


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_ink_can_be_read_on_what_it_stands_on(theme: Theme) -> None:
    for fill in (theme.background, theme.node_fill, theme.leaf_fill, *theme.cluster_fills):
        for ink in (theme.text, theme.value, theme.gradient):
            assert contrast(ink, fill) >= 4.5, (ink, fill)
    for fill in (*theme.value_ramp, *theme.gradient_ramp, *theme.windows):
        assert contrast(theme.ink(fill), fill) >= 4.5


@given(st.floats(1e-12, 1e12))
def test_a_pen_grows_by_the_same_for_each_decade_between_two_ends(size: float) -> None:
    assert width(size) == width(-size)
    exact = AT_ONE + PER_DECADE * math.log10(size)
    assert abs(width(size) - min(THICKEST, max(THINNEST, exact))) <= 0.0051
    assert width(1.0) == AT_ONE


# -- Scopes


def nested(names: list[str]) -> Value:
    x = Value(2.0, "x")
    with scope(names[0]):
        y = x * 3 if len(names) == 1 else nested(names[1:])
    return y * 1.5


@pytest.mark.parametrize("depth", range(1, 7))
def test_a_folded_scope_has_the_shade_of_its_depth(depth: int) -> None:
    y = nested([f"level {k}" for k in range(depth)])
    y.backward()
    drawing = viz.draw(y, collapse=f"level {depth - 1}", names=False)
    (box,) = [found for name, found in read(drawing).boxes.items() if name[0] == "s"]
    fill, _ = LIGHT.cluster(depth - 1)
    assert (box.look["fillcolor"], box.look["color"]) == (fill, LIGHT.node_border)
    frames = re.findall(r'fillcolor="(#\w+)" label=<[^\n]*labelloc=t', drawing.source)
    assert frames == [LIGHT.cluster(level)[0] for level in range(depth - 1)]


# -- Steps by number


STEPS = len(steps(Value(2.0) * 3))


@pytest.mark.parametrize("step", [True, False, 1.0, "1", STEPS, STEPS + 5, -STEPS - 1])
def test_a_step_that_there_is_not_is_refused(step: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="step"):
        viz.draw(Value(2.0) * 3, step=step)


@pytest.mark.parametrize("step", range(-STEPS, STEPS))
def test_every_step_can_be_drawn_also_from_the_end(step: int) -> None:
    y = Value(2.0, "x") * 3
    assert viz.draw(y, step=step, names=False).source == viz.draw(y, step=step % STEPS, names=False).source


# -- Limits


@pytest.mark.parametrize(("padding", "fits"), [(LIMIT // 2 - 1, True), (LIMIT, False)])
def test_a_pool_is_drawn_as_far_as_its_windows_reach_within_twice_the_limit(padding: int, fits: bool) -> None:
    cells = [[float(c) for c in range(LIMIT)]]
    options: Any = {"kernel_size": (1, 2 * padding), "stride": (1, LIMIT), "padding": (0, padding)}
    if fits:
        assert viz.pool(cells, **options).source
    else:
        with pytest.raises(ValueError, match="reach over 1 by"):
            viz.pool(cells, **options)


@pytest.mark.parametrize(
    ("numbers", "kernel"),
    [
        ([[1.0]], 1),
        ([[1.0, 2.0]], 2),
        ([[1.0] * 3], 3),
        ([[1.0] * 9], 3),
        ([[1.0] * 2] * 2, (2, 2)),
        ([[1.0] * 5] * 2, (2, 3)),
        ([[1.0] * 9] * 9, (3, 3)),
        (None, 3),
    ],
)
def test_a_small_grid_gets_windows_that_fit_it(numbers: Any, kernel: Any) -> None:
    options = argparse.Namespace(kernel=None, stride=None, padding=None)
    image, is_digit = (numbers, False) if numbers else ([[0.0] * 8] * 8, True)
    assert _settings(options, image, is_digit) == {"kernel_size": kernel, "stride": 2, "padding": 0}
    wished = argparse.Namespace(kernel=4, stride=1, padding=2)
    assert _settings(wished, image, is_digit) == {"kernel_size": 4, "stride": 1, "padding": 2}


# -- The sentence of a GIF


@pytest.mark.parametrize("legend", [True, False])
def test_a_gif_has_each_sentence_below_its_picture(monkeypatch: pytest.MonkeyPatch, legend: bool) -> None:
    x = [Value(v, "x" * 30 + str(i)) for i, v in enumerate((3.0, 5.0, 4.0))]
    told = steps(max_pool1d(x, 3)[0] * 2.0)
    laid, texts = blank(told, labels={}), []
    monkeypatch.setattr(gifs.engines, "layout", lambda source, *_, **__: texts.append(source) or b"")
    rows = Rows(told.graph, told.snapshot(len(told) - 1), {}, LIGHT, Style())
    assert len(list(gifs._frames(told, range(len(told)), laid, rows, legend))) == len(told)
    captions = [next(line for line in text.splitlines() if line.strip().startswith("caption ")) for text in texts]
    for step, caption in zip(told, captions, strict=True):
        words = unescape(re.sub(r"<[^>]*>", " ", caption.split("label=<")[1])).replace("\xa0", " ")
        assert " ".join(step.sentence.split()) in " ".join(words.split())
        assert ("gradient" in words.split("=", 1)[0]) is legend
    assert len({re.search(r'pos="[^"]*"', caption)[0] for caption in captions}) == 1  # type: ignore[index]
    assert len({re.search(r"\bheight=[\d.]+", caption)[0] for caption in captions}) == 1  # type: ignore[index]


def test_a_name_in_a_picture_is_cut_at_forty_characters() -> None:
    for length in (39, 40, 41, 80):
        drawing = viz.draw(Value(2.0, "n" * length) * 1.0, names=False)
        shown = "n" * length if length <= 40 else "n" * 39 + "…"
        assert f"<b>{shown}</b>" in drawing.source
        with scope("s" * length):
            y = Value(1.0) * 2
        folded = viz.draw(y * 1.0, collapse=True, names=False).source
        assert f"<b>{shown.replace('n', 's')}</b>" in folded
