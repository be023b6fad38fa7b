"""The page in a real browser, without a network: people step, edit, predict, with the mouse or only with keys."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, absent, browser, need_browser, visit
from test_labels import HOSTILE

from autodiff import Value, max_pool1d, max_pool2d, nn, relu, scope, steps
from benchmarks.pages import FRAMES, LEAST_FREE, MEASURE, pages, seen
from viz.ink.theme import width
from viz.netpage.explorer import Explorer, explore
from viz.page.html import short_names
from viz.page.stepper import Stepper, step

pytestmark = pytest.mark.slow

need = pytest.fixture(autouse=True, scope="module")


@need
def _browser_is_there() -> None:
    need_browser()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def pool() -> Stepper:
    cells = [Value(n, f"x{i}") for i, n in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(cells, kernel_size=3, stride=2)
    y = 0.7 * p[0] + 0.9 * p[1]
    return step(y, grid={"cells": cells, "outputs": p, "kernel_size": 3, "stride": 2})


X2, V5, P0, Y = 2, 5, 6, 11  # of the pool's nodes


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Visit]:
    with visit(chromium, pool().save_html(tmp_path / "pool.html")) as seen:
        yield seen


# ---- The frames


@pytest.mark.parametrize("name", ["README's pool", "README's pool and its grid", "neuron, sigmoid as one node"])
def test_small_graphs_are_seen_whole_and_can_be_read_in_every_frame(chromium: Any, tmp_path: Path, name: str) -> None:
    file = pages(name)[name].save_html(tmp_path / "page.html")
    for frame in FRAMES:
        with visit(chromium, file, viewport={"width": frame[0], "height": frame[1]}) as page:
            for found in seen(page.page, frame):
                assert (found["small"], found["outside"], found["covered"], found["overlaps"]) == (0, 0, [], []), frame
                assert found["free"] >= LEAST_FREE.get(frame, 0.85), frame


@pytest.mark.parametrize("scores", range(2, 7))
def test_what_comes_back_to_a_score_stands_on_no_box_at_any_step(chromium: Any, tmp_path: Path, scores: int) -> None:
    given = (0.3, -1.2, 2.5, 1.0, 0.0, -12.25)[:scores]
    loss = nn.cross_entropy([Value(v, f"s{i}") for i, v in enumerate(given)], 1)
    with visit(chromium, step(loss, collapse=True, names=False).save_html(tmp_path / "page.html")) as page:
        for x in (None, "-1234.5678"):
            if x is not None:
                page.leaf("s0").fill(x)
            for at in range(int(page.slider().get_attribute("max")) + 1):
                page.slider().fill(str(at))
                assert [text for text in page.page.evaluate(MEASURE)["overlaps"] if " on the box " in text] == [], at


# ---- The steps


def test_it_steps_to_the_end_and_back(opened: Visit) -> None:
    cells = [Value(n, f"x{i}") for i, n in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(cells, kernel_size=3, stride=2)
    y = 0.7 * p[0] + 0.9 * p[1]
    names = {6: "p[0]", 8: "p[1]", 11: "y"}
    told = steps(y, names)
    assert int(opened.slider().get_attribute("max")) == len(told) - 1
    for known in told:
        assert opened.at() == known.index
        assert opened.says() == known.sentence
        assert opened.page.locator(".gradroute").get_attribute("data-phase") == known.phase
        opened.button("Next step").click()
    assert opened.at() == len(told) - 1  # one more changes nothing
    for known in reversed(told):
        assert opened.says() == known.sentence
        opened.button("Previous step").click()
    opened.button("Last step").click()
    assert opened.at() == len(told) - 1
    opened.button("First step").click()
    assert opened.at() == 0


def test_no_number_is_shown_before_it_is_there(opened: Visit) -> None:
    opened.slider().fill("5")
    assert opened.texts(P0) == ["·", "–"]
    assert opened.texts(V5) == ["3", "–"]
    opened.slider().fill("19")
    assert opened.texts(X2) == ["4", "0.9"]  # not 1.6 yet
    opened.button("Last step").click()
    assert opened.texts(X2) == ["4", "1.6"]
    assert opened.texts(0) == ["3", "no path"]


def test_the_loser_of_a_max_is_seen_as_soon_as_it_is_decided(opened: Visit) -> None:
    opened.slider().fill("6")
    lost, taken = (opened.page.locator(f"#e{P0}_{position}") for position in (0, 1))
    assert "gr-refused" in lost.get_attribute("class")
    assert lost.text_content() == "not taken"
    assert "gr-feeds" in taken.get_attribute("class")


def test_a_pool_shows_the_sum_at_the_cell_that_won_twice(opened: Visit) -> None:
    opened.button("Last step").click()
    assert opened.texts(X2) == ["4", "1.6"]
    cells = opened.page.locator(".gr-pool table").first.locator("td")
    assert "0.7 + 0.9 = 1.6" in cells.nth(2).text_content()
    opened.slider().fill("20")
    assert cells.nth(2).text_content() == "40.9"
    assert opened.page.locator(".gr-pool table").last.locator("td").all_text_contents() == ["40.7", "40.9"]


def test_each_use_bears_its_arithmetic(opened: Visit) -> None:
    opened.button("Last step").click()
    assert opened.page.locator("#e9_1").text_content() == "0.7"
    assert opened.page.locator("#e6_1").text_content() == "1 × 0.7 = 0.7"  # all of it at the current step
    opened.button("Last step").click()
    widths = [opened.page.locator(f"#e{use} path").evaluate("p => p.style.strokeWidth") for use in ("9_1", "11_0")]
    assert [float(wide[:-2]) for wide in widths] == [pytest.approx(width(sent), abs=0.01) for sent in (0.7, 1.0)]


def test_a_click_on_a_node_jumps_to_its_step(opened: Visit) -> None:
    opened.node(P0).click()
    assert opened.says().startswith("p[0] = max(3, 4) = 4")
    opened.node(P0).click()
    assert opened.says().startswith("p[0].grad")
    opened.page.locator(f"#e{P0}_1 path").dispatch_event("click")
    assert opened.says().startswith("x2.grad: 0.9 +=")


def test_play_stops_at_a_breakpoint(opened: Visit) -> None:
    opened.node(V5).click(modifiers=["Shift"])
    opened.open("More")
    opened.page.get_by_role("combobox", name="Speed").select_option("8")
    opened.button("Play").click()
    opened.wait(lambda: opened.button("Play").count() == 1)
    assert opened.at() == V5
    assert "breakpoint" in opened.label(V5)
    opened.button("Play").click()
    opened.button("Pause").click()
    assert opened.button("Play").count() == 1


# ---- The inputs


def test_an_edit_takes_the_gradient_another_way(opened: Visit) -> None:
    opened.button("Last step").click()
    opened.leaf("x0").fill("9")
    assert opened.texts(0) == ["9", "0.7"]
    assert opened.texts(X2) == ["4", "0.9"]
    assert opened.texts(Y)[0] == "9.9"
    assert "gr-changed" in opened.node(P0).get_attribute("class")
    assert "p[0] takes v5" in opened.page.locator(".gr-news").text_content()
    opened.button("Reset").click()
    assert opened.texts(X2) == ["4", "1.6"]
    assert opened.page.locator(".gr-news").text_content() == ""
    assert opened.page.locator(".gr-changed").count() == 0


def test_an_input_moves_in_fine_steps(opened: Visit) -> None:
    leaf = opened.leaf("x1")
    leaf.press("ArrowUp")
    assert leaf.input_value() == "0.1"
    leaf.press("Shift+ArrowUp")
    leaf.press("Alt+ArrowDown")
    assert leaf.input_value() == "1.09"
    leaf.fill("")
    leaf.blur()
    assert leaf.input_value() == "1.09"
    slide = opened.page.locator(".gr-input input[type=range]").nth(1)
    slide.fill("2")
    assert leaf.input_value() == "2"
    assert opened.texts(1)[0] == "2" if opened.at() >= 1 else True


def test_an_edit_keeps_the_step_one_looks_at(opened: Visit) -> None:
    opened.slider().fill("16")
    before = opened.says().split(".grad")[0]
    opened.leaf("x0").fill("9")
    assert opened.says().split(".grad")[0] == before


# ---- Predict


def test_predict_asks_and_tells_why(opened: Visit) -> None:
    opened.button("Predict").click()
    assert "v5 = max(3, 0) = ?" in opened.page.locator(".gr-predict label").text_content()
    assert opened.at() == 0
    answer = opened.page.locator(".gr-predict input")
    answer.fill("3")
    answer.press("Enter")
    assert opened.at() == V5
    verdict = opened.page.locator(".gr-predict p")
    assert "Right." in verdict.text_content()
    assert "since 3 ≥ 0" in verdict.text_content()
    answer.fill("three")
    answer.press("Enter")
    assert "“three” is no number. Type one" in verdict.text_content()
    answer.fill("3")
    answer.press("Enter")
    assert verdict.text_content() == "Not 3. Try once more."
    assert opened.at() == V5
    answer.fill("3")
    answer.press("Enter")
    assert "Not 3, but 4." in verdict.text_content()
    assert "1 of 2 right" in verdict.text_content()
    opened.slider().fill("17")
    opened.button("No path").click()
    assert "Right." in verdict.text_content()
    assert "x4 gets no path" in verdict.text_content()
    opened.button("Show me").click()
    assert opened.at() == 19
    opened.button("Predict").click()
    assert not opened.page.locator(".gr-predict").is_visible()


def ask(seen: Visit, step: int, *guesses: str) -> list[bool]:
    """Whether each guess of the number after this step counts as right."""
    found = []
    answer, verdict = seen.page.locator(".gr-predict input"), seen.page.locator(".gr-predict p")
    for guess in guesses:
        seen.slider().fill(str(step))
        answer.fill(guess)
        answer.press("Enter")
        found.append(verdict.text_content().startswith("Right."))
    return found


def test_predict_keeps_what_arrived_before_a_window_was_lost(chromium: Any, tmp_path: Path) -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((9.0, 4.0, 2.0))]
    p = max_pool1d(x, kernel_size=2, stride=1)
    shown = step(p[0] * 0.7 + p[1] * 0.9, names=False)
    (late,) = (s.index for s in shown._told if s.edge and s.node == shown._told.graph.number(x[1]) and s.local is None)
    assert shown._told[late].before == 0.9
    with visit(chromium, shown.save_html(tmp_path / "lost.html")) as seen:
        seen.press("p")
        assert ask(seen, late - 1, "0.9", "0", "") == [True, False, False]
        seen.slider().fill(str(late - 1))
        seen.button("No path").click()
        assert seen.page.locator(".gr-predict p").text_content().startswith("Right.")


def test_predict_knows_what_is_not_a_number(chromium: Any, tmp_path: Path) -> None:
    big = Value(1e300, "big")
    with visit(chromium, step(big * big - big * big).save_html(tmp_path / "inf.html")) as seen:
        seen.press("p")
        assert ask(seen, 0, "inf", "5", "hello", "-inf") == [True, False, False, False]
        assert ask(seen, 2, "nan", "hello", "0") == [True, False, False]


# ---- Keys, eyes and ears


def test_everything_works_by_keys_alone(opened: Visit) -> None:
    total = int(opened.slider().get_attribute("max"))
    for key, place in {"ArrowRight": 1, "ArrowLeft": 0, "End": total, "Home": 0}.items():
        opened.press(key)
        assert opened.at() == place
    opened.press("g")
    assert opened.page.evaluate("document.activeElement.parentElement.dataset.node") == "0"
    opened.press(*["ArrowDown"] * 6, "Enter")
    assert opened.says().startswith("p[0] = max")
    opened.press("b")
    assert "breakpoint" in opened.label(P0)
    opened.press("Home", *[">"] * 3, " ")
    opened.wait(lambda: opened.button("Play").count() == 1)
    assert opened.at() == P0
    opened.press("e")
    opened.page.keyboard.type("9")  # the field's text is selected or empty; either way a number results
    assert opened.page.evaluate("document.activeElement.role") == "spinbutton"
    opened.press("Escape", "r")
    assert opened.leaf("x0").input_value() == "3"
    place = "e => getComputedStyle(e).transform"
    before = opened.page.get_by_role("group", name="Graph").evaluate(place)
    opened.press("+", "Shift+ArrowRight")
    assert opened.page.get_by_role("group", name="Graph").evaluate(place) != before
    opened.press("f", "t")
    assert opened.page.locator("[data-do=theme]").get_attribute("aria-label") == "Theme: light"
    opened.press("p")
    assert opened.page.evaluate("document.activeElement.closest('.gr-predict') !== null")
    opened.press("Escape", "p", "?")
    assert opened.page.get_by_role("dialog", name="Keys").is_visible()
    opened.press("Escape")
    assert not opened.page.get_by_role("dialog", name="Keys").is_visible()


def test_the_tab_key_reaches_every_part(opened: Visit) -> None:
    reached = set()
    opened.open("Inputs")
    opened.open("More")
    for _ in range(40):
        opened.press("Tab")
        reached.add(
            opened.page.evaluate(
                "(e => e.dataset.do ?? e.dataset.part ?? (e.localName === 'rect' ? 'node' : e.type))"
                "(document.activeElement)"
            )
        )
    buttons = {"first", "back", "play", "next", "last", "predict", "stop", "theme", "keys", "in", "out", "fit", "menu"}
    assert buttons | {"slider", "speed", "node", "boards", "text"} <= reached


def test_details_are_told_of_what_one_points_at(opened: Visit) -> None:
    opened.node(P0).hover()
    tip = opened.page.get_by_role("tooltip")
    assert "max(v5, x2)" in tip.text_content()
    assert "not reached yet" in tip.text_content()
    assert "window A" in tip.text_content()


def test_each_node_is_told_to_those_who_listen(opened: Visit) -> None:
    assert opened.label(P0) == "p[0], max, not reached yet"
    opened.button("Last step").click()
    assert opened.label(P0) == "p[0], max, value 4, gradient 0.7"
    assert opened.label(0) == "x0, input, value 3, gradient no path"
    assert opened.slider().get_attribute("aria-valuetext") == "22 of 22, backward"


def test_a_theme_switch_works_at_once(opened: Visit) -> None:
    colour = "getComputedStyle(document.querySelector('g[data-node] rect')).fill"
    light = opened.page.evaluate(colour)
    opened.page.emulate_media(color_scheme="dark")
    opened.wait(lambda: opened.page.evaluate(colour) != light)
    opened.press("t")
    opened.wait(lambda: opened.page.evaluate(colour) == light)


def test_motion_is_reduced_for_those_who_ask(chromium: Any, tmp_path: Path) -> None:
    file = pool().save_html(tmp_path / "pool.html")
    for motion, dots in (("reduce", 0), ("no-preference", 1)):
        with visit(chromium, file, reduced_motion=motion) as seen:
            seen.slider().fill("16")
            seen.button("Next step").click()
            assert seen.page.locator(".gr-dot").count() == dots


def test_no_name_that_the_script_is_shortened_by_is_one_of_the_browsers(opened: Visit) -> None:
    names = [*short_names(), *short_names().values()]
    assert opened.page.evaluate("names => names.filter(name => name in window)", names) == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("axe")
    npm, tar = shutil.which("npm"), shutil.which("tar")
    if npm is None or tar is None:
        absent("npm")
    packed = subprocess.run([npm, "pack", "axe-core@4"], cwd=folder, capture_output=True, check=False, timeout=120)
    if packed.returncode:
        absent("the npm package axe-core")
    (archive,) = folder.glob("*.tgz")
    subprocess.run([tar, "xzf", archive.name], cwd=folder, check=True)
    return (folder / "package" / "axe.min.js").read_text(encoding="utf-8")


def folded() -> Stepper:
    return step(nn.MLP(2, [2, 1])([Value(1.0, "a"), Value(-2.0, "b")]), collapse=True)


def explored() -> Explorer:
    body = nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    model = nn.Sequential(*body, nn.Flatten(), nn.Linear(8, 2, rng=1))
    return explore(model([[[Value(float(i == j)) for j in range(6)] for i in range(6)]])[0])


AT = {  # what is opened one after the other, by its keys
    "pool": (
        ["Home"],
        ["End"],
        ["i"],
        ["p", "Home"],
        ["ArrowRight"],
        ["p", "i", "c"],
        ["Escape", "m"],
        ["y"],
        ["Escape", "?"],
    ),
    "collapsed": (["Home"], ["End"], ["o"], ["p", "Home", "ArrowRight"], ["p", "m"]),
    "network": (["Home"], ["End"], ["ArrowLeft"], ["p", "Home"], ["p", "?"], ["Escape"]),
}
NO_TITLE = "page-has-heading-one"  # a page of a graph alone has none


PAGES = [("pool", scheme, width) for scheme in ("light", "dark") for width in (1280, 400)]
PAGES += [
    (kind, scheme, width) for kind in ("collapsed", "network") for scheme, width in (("dark", 1280), ("light", 400))
]


@pytest.mark.parametrize(("kind", "scheme", "width"), PAGES)
def test_axe_finds_no_serious_fault(
    chromium: Any, tmp_path: Path, axe: str, kind: str, scheme: str, width: int
) -> None:
    shown: Any = {"pool": pool, "collapsed": folded, "network": explored}[kind]()
    size, file = {"width": width, "height": 800}, shown.save_html(tmp_path / "page.html")
    with visit(chromium, file, color_scheme=scheme, viewport=size, bypass_csp=True) as seen:
        seen.page.evaluate(axe)
        for keys in AT[kind]:
            seen.press(*keys)
            found = seen.page.evaluate("axe.run()")["violations"]
            faults = [(f["id"], [n["html"][:200] for n in f["nodes"]]) for f in found]
            assert not [fault for fault in faults if fault[0] != NO_TITLE], keys


def test_in_a_frame_the_keys_of_a_presenter_leave_at_the_end(chromium: Any, tmp_path: Path) -> None:
    frame = pool()._repr_html_()
    deck = "<!doctype html><body onkeydown='document.title += event.key + event.keyCode'>" + frame
    context = chromium.new_context(viewport={"width": 1000, "height": 700})
    page = context.new_page()
    page.set_content(deck)
    inner = page.frames[1]
    inner.get_by_role("status").wait_for()
    inner.get_by_role("button", name="Next step").click()
    slider = inner.get_by_role("slider", name="Step", exact=True)
    for key in ("PageDown", "PageDown", "PageUp"):
        page.keyboard.press(key)
    assert (slider.input_value(), page.title()) == ("2", "")
    page.keyboard.press("End")
    page.keyboard.press("PageDown")
    assert page.title() == "PageDown34"
    page.keyboard.press("PageDown")  # the host has the keys
    assert page.title() == "PageDown34PageDown34"
    inner.get_by_role("button", name="First step").click()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    assert page.title().endswith("a65")
    context.close()


def test_of_another_origin_a_deck_of_reveal_is_told_to_turn(chromium: Any, tmp_path: Path) -> None:
    frame = pool()._repr_html_().replace("<iframe ", "<iframe sandbox='allow-scripts' ")
    page = chromium.new_page()
    page.set_content("<!doctype html><script>onmessage = ({ data }) => { document.title += data; }</script>" + frame)
    inner = page.frames[1]
    inner.get_by_role("status").wait_for()
    inner.get_by_role("button", name="Last step").click()
    page.keyboard.press("ArrowLeft")
    for _ in range(3):
        page.keyboard.down("ArrowRight")  # who holds a key down wants the last step, not the next slide
    page.keyboard.up("ArrowRight")
    assert page.title() == ""
    page.keyboard.press("PageDown")
    page.wait_for_function("document.title === JSON.stringify({ method: 'next' })")
    inner.get_by_role("button", name="First step").click()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.title.endsWith(JSON.stringify({ method: 'prev' }))")
    page.close()


# ---- Hostile names


MORE_HOSTILE = {
    "end of script": "</script><script>window.evil = 1</script>",
    "open comment": "<!--<script>",
    "image": '<img src=x onerror="window.evil = 1">',
    "svg": '<svg onload="window.evil = 1"><a href="javascript:window.evil = 1">x</a></svg>',
    "math": '<math><mtext><a href="javascript:alert(1)">x</a></mtext></math>',
    "handler": '" onmouseover="window.evil = 1" x="',
    "template": "${window.evil = 1}{0}{out}`",
    "link": "javascript:window.evil=1",
    "proto": "__proto__",
}


def test_no_name_is_ever_executed(chromium: Any, tmp_path: Path) -> None:
    names = [*HOSTILE.values(), *MORE_HOSTILE.values()]
    leaves = [Value(float(i), name) for i, name in enumerate(names)]
    outputs = max_pool1d(leaves, kernel_size=2, stride=1)
    total = leaves[0] * 0
    for name, output in zip(names, outputs, strict=False):
        with scope(name):
            total = total + output
    total.name = names[4]
    shown = step(total, names=False, grid={"cells": leaves, "outputs": outputs, "kernel_size": 2, "stride": 1})
    with visit(chromium, shown.save_html(tmp_path / "hostile.html")) as seen:
        before = seen.page.evaluate("Object.keys(window).length")
        for number in (0, len(leaves), 2 * len(leaves)):
            seen.slider().fill(str(number))
            seen.node(number).hover()
        seen.press("End", "p")
        seen.open("Inputs")
        seen.page.locator(".gr-input input").first.fill("7")
        assert seen.page.evaluate("Object.keys(window).length") == before
        assert seen.page.evaluate("typeof window.evil") == "undefined"
        assert seen.page.locator("#stepper :is(a, script, img, iframe, style, foreignObject)").count() == 0
        handlers = (
            "[...document.querySelectorAll('#stepper *')].some(e => [...e.attributes].some(a => /^on/.test(a.name)))"
        )
        assert not seen.page.evaluate(handlers)
        assert seen.page.locator("script").count() == 3


# ---- Larger graphs, and folded ones


def large(inputs: int = 20) -> Value:
    x = [Value(i / 7 - 1) for i in range(inputs)]
    return nn.MLP(inputs, [16, 8, 1])(x)


def test_a_thousand_nodes_open_and_step(chromium: Any, tmp_path: Path) -> None:
    shown = step(large(), names=False, max_nodes=2000)
    with visit(chromium, shown.save_html(tmp_path / "large.html")) as seen:
        assert seen.page.locator("g[data-node]").count() > 900
        seen.press("End", "ArrowLeft", "ArrowLeft", "Home")
        assert seen.at() == 0


def test_folded_scopes_are_one_box(chromium: Any, tmp_path: Path) -> None:
    cells = [[Value(r * c - 2.0, f"x{r}{c}") for c in range(4)] for r in range(4)]
    pooled = max_pool2d(cells, kernel_size=2)
    with scope("sum"):
        y = relu(pooled[0][0] + pooled[0][1]) + pooled[1][0] * pooled[1][1]
    shown = step(y, collapse=True)
    with visit(chromium, shown.save_html(tmp_path / "folded.html")) as seen:
        folds = seen.page.locator("g.gr-folded")
        assert folds.count() == 5
        seen.press("End")
        labels = [fold.locator("rect").get_attribute("aria-label") for fold in folds.all()]
        assert any("sum" in label and "nodes folded" in label for label in labels)
        folds.last.click()
        assert seen.at() > 0


@pytest.mark.parametrize(
    "make", [lambda: Value(3.0, "x"), lambda: 2 * Value(float("nan"), "x"), lambda: Value(1e300) ** 2]
)
def test_the_smallest_and_the_strangest_graphs_open(chromium: Any, tmp_path: Path, make: Callable[[], Value]) -> None:
    with visit(chromium, step(make()).save_html(tmp_path / "small.html")) as seen:
        seen.press("End", "Home", "ArrowRight")
