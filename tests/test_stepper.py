"""The stepper in Python: its names, its page, what it refuses, and what it writes and does not write."""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browsing import absent
from test_labels import HOSTILE

from autodiff import Value, avg_pool2d, gelu, max_pool1d, maximum, nn, scope
from autodiff.programs.javascript import functions
from viz import TooLargeError
from viz.page.html import SCRIPTS, module, page, short_names, static
from viz.page.squeezing import squeezed
from viz.page.stepper import Stepper, step


def told(shown: Stepper) -> dict[str, Any]:
    """What the page is told, read from its HTML."""
    (text,) = re.findall(r'<script type="application/json" id="told">(.*?)</script>', shown.html(), flags=re.DOTALL)
    read: dict[str, Any] = json.loads(text)
    return read


def labels(shown: Stepper) -> list[str]:
    return [node["label"] for node in told(shown)["data"]["nodes"]]


def test_names_are_those_of_the_callers_variables() -> None:
    a, b = Value(1.0), Value(2.0)
    loss = a * b
    assert labels(step(loss)) == ["a", "b", "loss"]
    assert labels(step(loss, names=False)) == ["v0", "v1", "v2"]
    assert (a.name, b.name, loss.name) == (None, None, None)


def test_leaves_of_one_name_are_told_apart() -> None:
    assert step(Value(1.0, "w") * Value(2.0, "w")).values == {"w #0": 1.0, "w #1": 2.0}


def test_nothing_is_written_until_apply() -> None:
    a, b = Value(3.0, "a"), Value(5.0, "b")
    y = maximum(a, b) * a
    y.backward()
    shown = step(y)
    shown.values = {"a": 7}
    assert shown.values == {"a": 7.0, "b": 5.0}
    assert (a.data, y.data, a.grad) == (3.0, 15.0, 5.0)
    assert shown.apply() == 49.0
    assert (a.data, b.data, y.data) == (7.0, 5.0, 49.0)
    assert y.grad_state == "not computed"
    assert told(shown)["data"]["nodes"][0]["value"] == 7.0
    assert shown.apply() == 49.0


def test_apply_takes_what_is_not_a_number() -> None:
    x = Value(1.0, "x")
    shown = step(x * 2)
    shown.values = {"x": float("nan")}
    assert math.isnan(shown.apply())
    assert math.isnan(shown.apply())
    assert told(shown)["data"]["nodes"][0]["value"] == "nan"


def test_apply_keeps_the_sign_of_zero() -> None:
    x = Value(0.0, "x")
    shown = step(1 / x)
    shown.values = {"x": -0.0}
    assert shown.apply() == -math.inf
    assert math.copysign(1, x.data) == -1


def test_an_unknown_leaf_is_named() -> None:
    shown = step(Value(1.0, "x") * 2)
    with pytest.raises(KeyError, match="no leaf is called 'z'; the leaves are"):
        shown.values = {"z": 1.0}
    with pytest.raises(TypeError):
        shown.values = {"x": "1"}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"theme": "neon"}, ValueError, "unknown theme 'neon'"),
        ({"start": 99}, ValueError, "start is a step from 0 to 3"),
        ({"grid": 3}, TypeError, "grid is a dict such as"),
        ({"grid": {"cells": [1]}}, ValueError, "misses"),
        ({"grid": {"cells": [1], "outputs": [1], "kernel_size": 1, "stripe": 1}}, ValueError, "does not know"),
        ({"grid": {"cells": [1, 2], "outputs": [1], "kernel_size": 1}}, ValueError, "has 1 x 2 outputs, got 1 x 1"),
        ({"max_nodes": 1}, TooLargeError, "look at a part"),
    ],
)
def test_what_it_refuses(given: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        step(Value(1.0, "x") * 2, **given)


def test_only_a_value_can_be_stepped_through() -> None:
    with pytest.raises(TypeError, match="takes one Value, the output of a graph; got list"):
        step([Value(1.0)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kernel_size": 2},
        {"kernel_size": 2, "dilation": 2},
        {"outputs": lambda p: p[::-1]},
        {"cells": [Value(1.0) for _ in range(5)]},
    ],
    ids=["kernel", "dilation", "order", "cells"],
)
def test_a_grid_of_another_pool_is_refused(wrong: dict[str, Any]) -> None:
    x = [Value(v) for v in (3.0, 0.0, 4.0, 2.0, 0.0)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    right = {"cells": x, "outputs": p, "kernel_size": 3, "stride": 2}
    changed = {word: change(p) if callable(change) else change for word, change in wrong.items()}
    assert step(p[0] + p[1], grid=right).grid is not None
    with pytest.raises(ValueError, match="output 0 is not the pool of window A"):
        step(p[0] + p[1], grid={**right, **changed})


def test_the_grid_knows_its_nodes_and_uses() -> None:
    x = [[Value(r + c, f"x{r}{c}") for c in range(3)] for r in range(3)]
    p = avg_pool2d(x, kernel_size=2, stride=1)
    y = p[0][0] + p[0][1] * p[1][0] + p[1][1]
    grid = step(y, grid={"cells": x, "outputs": p, "kernel_size": 2, "stride": 1}).grid
    assert grid is not None
    assert grid["shape"] == (2, 2)
    assert [window["frame"] for window in grid["windows"]] == [[0, 0, 2, 2], [0, 1, 2, 2], [1, 0, 2, 2], [1, 1, 2, 2]]
    assert [len(window["uses"]) for window in grid["windows"]] == [4, 4, 4, 4]


def test_a_cell_may_be_a_number_or_lead_nowhere() -> None:
    x = [Value(1.0, "a"), 2.0, Value(3.0, "c"), Value(4.0, "d")]
    p = max_pool1d(x, kernel_size=2)
    shown = step(p[0] * 1.5, grid={"cells": x, "outputs": p, "kernel_size": 2})
    assert shown.grid is not None
    assert [[node for node, _ in row] for row in shown.grid["cells"]] == [[0, None, None, None]]
    assert shown.grid["windows"][1]["output"] is None


# ---- The page


def hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_the_page_allows_its_own_script_and_style_and_nothing_else() -> None:
    html = step(Value(3.0, "x") * 2).html()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    scripts = re.findall(r'<script(?: type="module")?>(.*?)</script>', html, flags=re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert policy
    assert len(scripts) == 2
    assert style
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == " ".join(map(hashed, scripts))
    assert rules["style-src"] == hashed(style[1])
    assert rules["img-src"] == "data:"  # a picture becomes a PNG over one
    assert "connect-src" not in rules
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)


def scripted(stepper: Stepper) -> str:
    """The page's own script."""
    script = re.search(r'<script type="module">(.*?)</script>', stepper.html(), flags=re.DOTALL)
    assert script
    return script[1]


def gzipped(text: str) -> int:
    return len(gzip.compress(text.encode()))


def test_the_script_of_a_page_with_all_that_a_stepper_can_is_small_and_needs_nothing() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((3.0, 0.0, 4.0, 2.0, 0.0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    assert gzipped(scripted(step(0.7 * p[0] + 0.9 * p[1], grid=p))) < 29_000
    assert gzipped(module()) < 30_500  # with all primitives, and as a widget
    assert not re.search(r"\bimport\b[\s(]|\beval\(|new Function|fetch\(|XMLHttpRequest|WebSocket", module())


def test_the_guide_says_how_many_bytes_each_part_of_the_script_takes() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "stepper.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \| ([\d,]+) \|", guide, flags=re.MULTILINE)
    parts = {"primitives": squeezed(functions())} | {name: squeezed(static(name), short_names()) for name in SCRIPTS}
    whole, named = gzipped("".join(parts.values())), []
    for names, bytes_ in rows:
        mine = names.replace("`", "").split(", ")
        named += mine
        less = whole - gzipped("".join(text for name, text in parts.items() if name not in mine))
        assert abs(less - int(bytes_.replace(",", ""))) <= 100, f"{names}: {less}"
    assert sorted(named) == sorted(parts)


def test_a_page_brings_the_arithmetic_and_the_parts_that_it_needs_alone() -> None:
    x = Value(3.0, "x")
    plain, curved = scripted(step(x * 2)), scripted(step(gelu(x)))
    assert "erfc" not in plain
    assert "erfc" in curved
    assert "routed here" not in plain  # what stands over the grid of a pool
    assert gzipped(plain) < gzipped(curved) < gzipped(module())


def test_no_name_that_is_shortened_is_one_of_the_language(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        absent("Node.js")
    asked = f"console.log({json.dumps([*short_names()])}.filter((name) => name in globalThis).join())"
    told = subprocess.run([node, "-e", asked], check=True, capture_output=True, encoding="utf-8").stdout
    assert told.strip() == ""


def test_the_module_is_squeezed_into_a_script_that_node_reads(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        absent("Node.js")
    (tmp_path / "module.mjs").write_text(module(), encoding="utf-8")
    subprocess.run([node, "--check", str(tmp_path / "module.mjs")], check=True)
    assert not re.search(r"(?m)^\s*//|^ |/\*\*", module())


@pytest.mark.slow
def test_a_page_of_300_nodes_is_small() -> None:
    x = [Value(i / 7 - 1) for i in range(6)]
    shown = step(nn.MLP(6, [8, 6, 1])(x), names=False)
    assert len(told(shown)["data"]["nodes"]) > 300
    assert len(shown.html().encode()) < 520_000  # with what its scopes open into, where most are drawn like another


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))
def test_names_are_text_in_the_page(name: str) -> None:
    with scope(name):
        y = Value(1.0, name) * 2
    y.name = name
    html = step(y).html()
    html.encode()  # no lone surrogates
    assert html.count("<script") == html.count("</script>") == 3
    assert html.count("<!--") == 0
    assert not re.search(r"<(a|img|iframe|b|i|table href)\b", html.split("<script")[0])


def test_the_frame_holds_the_very_page() -> None:
    shown = step(Value(3.0, "x") * 2)
    bundle = shown._repr_mimebundle_()
    held = re.search(r'srcdoc="([^"]*)"', bundle["text/html"])
    assert held
    assert unescape(held[1]) == shown.html()
    assert (
        bundle["text/plain"]
        == repr(shown)
        == ("<Stepper through 2 nodes: 2 steps forward, 2 backward; save_html(path) writes it as a page>")
    )


def test_the_same_graph_gives_the_same_page(tmp_path: Path) -> None:
    def written() -> str:
        return step(Value(3.0, "x") * 2).html()

    assert written() == written()
    path = step(Value(3.0, "x") * 2).save_html(tmp_path / "x.html")
    assert path.read_text(encoding="utf-8") == written()
    with pytest.raises(OSError, match="nowhere"):
        step(Value(3.0, "x") * 2).save_html(tmp_path / "nowhere" / "x.html")


def test_a_title_is_text() -> None:
    html = page({}, "", grid=None, theme="auto", start=0, title="</title><script>")
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in html


# ---- The widget


def test_the_widget_keeps_in_touch() -> None:
    if importlib.util.find_spec("anywidget") is None:
        absent("the package anywidget")
    a, b = Value(3.0, "a"), Value(5.0, "b")
    shown = step(maximum(a, b) * 2)
    widget = shown.widget()
    assert shown.widget() is widget
    widget.set_state({"values": {"a": 9, "b": "inf"}})  # as the browser sends it
    assert shown.values == {"a": 9.0, "b": math.inf}
    shown.values = {"b": 1}
    assert widget.values == {"a": 9.0, "b": 1.0}
    assert widget.get_state("values")["values"] == {"a": 9.0, "b": 1.0}
    shown.values = {"b": float("nan")}
    assert widget.get_state("values")["values"]["b"] == "nan"
    widget.set_state({"values": {"a": 9, "b": "-0"}})
    assert math.copysign(1, shown.values["b"]) == -1
    assert a.data == 3.0
    widget.set_state({"start": 3})
    assert shown.start == 3  # shown again, it begins where one was
    data = widget._repr_mimebundle_()
    assert "srcdoc=" in (data[0] if isinstance(data, tuple) else data)["text/html"]


@pytest.mark.slow
def test_without_anywidget_it_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['anywidget'] = None\n"
        "from autodiff import Value\nfrom viz.page.stepper import step\n"
        "shown = step(Value(3.0, 'x') * 2)\nshown.html()\n"
        "try:\n    shown.widget()\nexcept ImportError as error:\n    print(error)\n"
    )
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert "pip install anywidget" in done.stdout
