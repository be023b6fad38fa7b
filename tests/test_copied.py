"""A step, or the whole sum of a box, is copied as text and as LaTeX; what is seen as SVG and PNG; and its address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, need_browser, visit
from hosts import MODULE, Node
from scripts import running

import viz
from autodiff import Graph, Value, max_pool1d, maximum, relu, scope, sigmoid, steps
from autodiff.recording.reading import apply
from autodiff.table.operations import TABLE

pytestmark = pytest.mark.slow

KINDS = ["step text", "step LaTeX", "sum text", "sum LaTeX", "SVG", "PNG", "link"]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("copied")) as ask:
        yield Node(ask)


def copied(node: Node, kind: str, index: int | None = None) -> str:
    acts: list[list[Any]] = [["click", "[data-copy]", KINDS.index(kind)]]
    seen = node.act(*([["go", index]] if index is not None else []), *acts)
    field, clipboard = seen["copied"]
    assert field == clipboard
    return str(field)


def pooled() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] - 0.9 * p[1]


def test_a_step_is_copied_as_its_sentence(node: Node) -> None:
    y = pooled()
    node.open(viz.step(y, names=False))
    for step in steps(y):
        assert copied(node, "step text", step.index) == step.sentence.replace("-", "−")


def test_a_step_is_copied_as_latex(node: Node) -> None:
    a, b = Value(3.0, "a"), Value(-2.0, "b")
    node.open(viz.step(a * b / 4, names=False))
    assert copied(node, "step LaTeX", 2) == r"\begin{array}{l}\mathrm{v2}=a\cdot b=3\cdot (-2)=-6\end{array}"
    assert r"\frac{\partial \mathrm{v3}}{\partial a}=" in copied(node, "step LaTeX", 6)


def test_the_sum_of_a_box_has_symbols_first_then_numbers(node: Node) -> None:
    y = pooled()
    node.open(viz.step(y, names=False))
    at = max(step.index for step in steps(y) if step.node == 2)
    node.act(["go", at])
    text = copied(node, "sum text")
    assert text == "x2.grad = ∂v7/∂x2 × v7.grad + ∂v6/∂x2 × v6.grad = 1 × (−0.9) + 1 × 0.7 = −0.2"
    latex = copied(node, "sum LaTeX")
    part = r"\frac{\partial \mathrm{v11}}{\partial \mathrm{%s}}"
    assert part % "x2" in latex
    assert latex.index(part % "v7") < latex.index(part % "v6") < latex.index(r"1\cdot (-0.9)+1\cdot 0.7=-0.2")


@pytest.mark.parametrize("seed", range(6))
def test_the_numbers_of_a_sum_make_its_total(node: Node, seed: int) -> None:
    x, y = Value(0.5 + seed, "x"), Value(-1.25, "y")
    with scope("part"):
        h = sigmoid(x * y) + x * x
    out = relu(h * x) + maximum(x, y) * h - x
    node.open(viz.step(out, names=False, digits=9, start=-1))
    for number in range(len(Graph(out))):
        node.act(["go", 0])
        node.act(["focus", f"g.node[id=n{number}] rect"], ["press", "Enter", "End"])
        last = max(step.index for step in steps(out) if step.node == number)
        text = copied(node, "sum text", last).replace("−", "-").replace("×", "*")
        terms = text.split(" = ")
        if len(terms) > 2:
            assert eval(terms[-2]) == pytest.approx(float(terms[-1]), rel=1e-6)  # of our own page
            assert terms[-2].count(" + ") == terms[1].count(" + ")


def test_what_has_not_arrived_is_in_no_sum(node: Node) -> None:
    y = pooled()
    node.open(viz.step(y, names=False))
    first = min(step.index for step in steps(y) if step.node == 2 and step.edge)
    assert copied(node, "sum text", first) == "x2.grad = ∂v7/∂x2 × v7.grad = 1 × (−0.9) = −0.9"
    assert copied(node, "sum text", 2) == "x2.grad: –"
    assert copied(node, "sum text", 12).endswith(".grad = 1")


def test_latex_of_every_operation_is_closed_and_written_in_ascii(node: Node) -> None:
    for name, op in TABLE.items():
        leaves = [Value(0.25 * (i + 1), n) for i, n in enumerate(["α", "b_1", "x%"][: len(op.inputs)])]
        out = apply(name, *leaves)
        assert isinstance(out, Value)
        node.open(viz.step(out, names=False))
        for k in range(len(steps(out))):
            for kind in ("step LaTeX", "sum LaTeX"):
                text = copied(node, kind, k)
                bare = re.sub(r"\\[{}]", "", text)
                assert bare.count("{") == bare.count("}"), text
                assert text.count(r"\begin") == text.count(r"\end")
                assert not re.search(r"(?<!\\)[%#&](?! )", text), text
                assert text.isascii(), (name, text)


def test_a_link_leads_to_the_step_with_its_edits(node: Node) -> None:
    node.open(viz.step(pooled(), names=False))
    node.act(["edit", {"0": 9.5}])
    assert copied(node, "link", 7) == "file:///steps.html#step=7&x0=9.5"


@pytest.mark.slow
def test_what_is_seen_is_saved_as_svg_and_png(tmp_path: Path) -> None:
    need_browser()
    with browser() as chromium:
        page = viz.step(pooled(), names=False).save_html(tmp_path / "page.html")
        with visit(chromium, page) as seen:
            seen.press("End", "y")
            saved = {}
            for kind in ("SVG", "PNG"):
                with seen.page.expect_download() as download:
                    seen.button(kind).click()
                saved[kind] = Path(download.value.path()).read_bytes()
            seen.faults[:] = [
                fault for fault in seen.faults if not fault.startswith(("request: blob:", "request: data:"))
            ]
    svg = saved["SVG"].decode()
    assert svg.startswith("<svg ")
    assert "x2" in svg
    assert "var(" not in svg
    assert 'class="' not in svg
    assert saved["PNG"].startswith(b"\x89PNG")
    assert len(saved["PNG"]) > 5000
