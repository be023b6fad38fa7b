"""A folded scope opens by itself: what stands in it, at the moment that one looked at, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, browser, need_browser, visit

from autodiff import Value, nn, scope
from viz.page.layouts import INSIDE, INSIDES
from viz.page.stepper import Stepper, step

pytestmark = pytest.mark.slow


def network(*widths: int) -> Value:
    x = [Value((7 * i % 5) / 3 - 0.6, f"x{i}") for i in range(widths[0])]
    layers: list[Any] = [nn.Linear(a, b) if k % 2 == 0 else nn.Tanh() for a, b in pairwise(widths) for k in (0, 1)]
    model = nn.Sequential(*layers)
    for k, weight in enumerate(model.parameters()):
        weight.data = (5 * k % 7 - 3) / 4
    found = model(x)
    return found[0] if isinstance(found, list) else found


def nested() -> Value:
    x, y = Value(0.5, "x"), Value(-2.0, "y")
    with scope("outer"):
        parts = []
        for k in range(20):
            with scope(f"inner {k}"):
                parts.append((x * k + y).tanh())
        total = sum(parts, Value(0.0, "start"))
    return total * 2


SHOWN = {
    "a network": lambda: step(network(3, 4, 3, 1), names=False),
    "a network, folded": lambda: step(network(2, 3, 1), names=False, collapse=True),
    "scopes in scopes": lambda: step(nested(), collapse=True),
}


@pytest.fixture(scope="module", params=SHOWN)
def stepper(request: pytest.FixtureRequest) -> Stepper:
    return SHOWN[request.param]()


def test_what_opens_is_of_some_scopes_and_of_so_many_boxes_at_most(stepper: Stepper) -> None:
    insides = stepper._whole.insides
    assert 0 < len(insides) <= INSIDES
    assert all(one.view.boxes() <= INSIDE for one in insides.values())
    data = stepper.data
    views = [data, *data["insides"], *([data["folded"]] if data["folded"] else [])]
    opened = {fold["inside"] for shown in views for fold in shown["folds"].values()} - {None}
    assert opened == set(range(len(insides)))


def test_an_inside_has_all_that_its_scope_hides_and_what_is_beside_it(stepper: Stepper) -> None:
    graph = stepper._told.graph
    for one, shown in zip(stepper._whole.insides, stepper.data["insides"], strict=True):
        own = {n for n, node in enumerate(graph.nodes) if node.scope and node.scope.path[: len(one.path)] == one.path}
        beside = {
            e.source if e.target in own else e.target for e in graph.edges if (e.source in own) != (e.target in own)
        }
        assert set(shown["seen"]) in (own, own | beside)


def test_insides_that_look_alike_are_drawn_once(stepper: Stepper) -> None:
    insides = [*stepper._whole.insides.values()]
    drawn = sum(one.laid is not None for one in insides)
    assert stepper.svg.count("<svg ") == len(stepper._whole.laid) + drawn
    for one, shown in zip(insides, stepper.data["insides"], strict=True):
        if one.like is None:
            continue
        other = insides[one.like].view
        assert len(one.view.numbers) == len(other.numbers) == len(shown["names"])
        ops = [[graph.nodes[n].op for n in view.numbers] for view in (one.view, other) for graph in [view.graph]]
        assert ops[0] == ops[1]


# ---- In a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need_browser()
    with browser() as running:
        yield running


@pytest.fixture
def opened(chromium: Any, stepper: Stepper, tmp_path: Path) -> Iterator[Visit]:
    with visit(chromium, stepper.save_html(tmp_path / "page.html"), viewport={"width": 1060, "height": 640}) as seen:
        if not seen.page.locator("g.gr-folded").count():
            seen.press("o")
        yield seen


def shown(seen: Visit) -> dict[str, list[str]]:
    """The boxes that are seen: by what their names say."""
    boxes = seen.page.locator(".gr-frame g.node[id]")
    return {one.get_attribute("id"): one.locator("text").all_text_contents() for one in boxes.all()}


def test_every_scope_opens_by_enter_and_escape_leads_back_to_the_same_moment(opened: Visit, stepper: Stepper) -> None:
    opened.press("End", *["ArrowLeft"] * 3)
    before, data = (opened.at(), opened.says(), shown(opened)), stepper.data
    folds = {**data["folds"], **(data["folded"] or {"folds": {}})["folds"]}
    for name, fold in folds.items():
        box = opened.page.locator(f".gr-frame g.node[id={name}] rect")
        if fold["inside"] is None:
            continue
        box.focus()
        opened.press("Enter")
        inside = data["insides"][fold["inside"]]
        assert opened.page.locator("[data-part=opened]").text_content() == fold["called"]
        found = shown(opened)
        hidden = {n for inner in inside["folds"].values() for n in inner["members"]}
        assert found.keys() == {f"n{n}" for n in inside["seen"] if n not in hidden} | inside["folds"].keys()
        for n in set(inside["seen"]) - hidden:
            own = any(n in fold["members"] for fold in folds.values())
            assert data["nodes"][n]["label"] in found[f"n{n}"][0] or not own
        focused = opened.page.evaluate("document.activeElement.closest('g.node').id")
        assert focused in found
        opened.press("Escape")
        assert (opened.at(), opened.says(), shown(opened)) == before
        assert opened.page.evaluate("document.activeElement.closest('g.node').id") == name


def test_steps_within_a_scope_are_those_of_what_is_seen_there(opened: Visit, stepper: Stepper) -> None:
    opened.page.locator("g.gr-folded rect").first.click()
    opened.press("Home")
    sentences = [opened.says()]
    for _ in range(int(opened.slider().get_attribute("max"))):
        before = shown(opened)
        opened.press("ArrowRight")
        sentences.append(opened.says())
        assert (
            shown(opened) != before or "no path" in opened.says() or opened.page.locator(".gr-now, .gr-refused").count()
        )
    assert Counter(sentences).most_common(1)[0][1] == 1  # each says something else
    opened.button("← Back").click()
    assert not opened.page.locator("[data-part=leave]").is_visible()


def test_edits_and_predict_stay_where_a_scope_is_opened(opened: Visit) -> None:
    opened.leaf(opened.page.locator(".gr-input label").first.get_attribute("title")).fill("1.25")
    opened.press("Escape", "Home", "p")
    is_hidden = any("·" in texts for texts in shown(opened).values())
    opened.page.locator("g.gr-folded rect").first.click()
    assert opened.button("Predict").get_attribute("aria-pressed") == "true"
    assert "1.25" in opened.page.locator(".gr-input [role=spinbutton]").first.input_value()
    # What is not reached yet is hidden there, too.
    assert is_hidden == any("·" in texts for texts in shown(opened).values())
    opened.press("Escape", "Escape")
    assert opened.button("Predict").get_attribute("aria-pressed") == "true"
