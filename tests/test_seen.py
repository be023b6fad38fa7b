"""What the eye sees, where a change once went unnoticed: films, limits, folds, grids, and the page's smaller parts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, need_browser, visit
from drawn import read

import viz
from autodiff import Graph, Value, max_pool1d, maximum, relu, scope, steps
from autodiff.facts.routes import PoolRoutes, Window
from autodiff.language.formulas import parse
from viz import DARK, LIGHT, TooLargeError, draw
from viz.graph import film as films
from viz.graph.look import Looks
from viz.graph.view import view
from viz.ink.mathml import mathml
from viz.ink.theme import DASHES, THICKEST, THINNEST, Theme, width
from viz.pools.facts import receivers
from viz.pools.grids import picture
from viz.pools.heat import shades

# -- The film: at each step what the look of that step says


def pooled() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] - 0.9 * p[1]


def signs() -> Value:
    a, b = Value(-1.0, "a"), Value(0.0, "b")
    return maximum(relu(a) * b, a) + a * b - a


def styles(text: str, name: str, steps: int) -> list[dict[str, str]]:
    """The style of a class at each step, from its keyframes, or at rest where there are none."""
    frames = re.search(rf"@keyframes {name}\{{(.*?\}})\}}", text)
    if frames is None:
        rest = re.search(rf"\.{name}\{{(.*?);?\}}", text)
        assert rest is not None
        return [declarations(rest[1])] * steps
    changes = [(float(at), declarations(style)) for at, style in re.findall(r"([\d.]+)%\{(.*?)\}", frames[1])]
    found = []
    for k in range(steps):
        at = 100 * k / (steps + 2)
        found.append([style for start, style in changes if start <= at + 1e-3][-1])
    return found


def declarations(style: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in style.split(";") if ":" in part and not part.startswith("animation"))


def first_class(text: str, group: str, tag: str) -> str:
    body = re.search(rf'<g class="\w+"><title>{group}</title>(.*?)</g>', text, re.DOTALL)
    assert body is not None
    found = re.search(rf'<{tag}\b[^>]*class="([\w-]+)"', body[1])
    assert found is not None
    return found[1]


@pytest.mark.slow
@pytest.mark.parametrize("make", [pooled, signs])
@pytest.mark.parametrize("look", [LIGHT, DARK])
def test_the_film_paints_each_step_as_its_look_says(tmp_path: Path, make: Any, look: Theme) -> None:
    y = make()
    text = viz.animate(y, tmp_path / "film.svg", theme=look, names=False, detail="full").read_text("utf-8")
    told = steps(y)
    for k, looks in enumerate(Looks(told.graph, told.snapshot(k)) for k in range(len(told))):
        for node in told.graph:
            style = styles(text, first_class(text, f"n{node.number}", "path"), len(told))[k]
            decided = looks.box((node.number,), node.number)
            assert style["stroke"] == look.colour(str(decided.ink)), (k, node.number)
            assert style["fill"] == look.colour(str(decided.fill))
            assert float(style["stroke-width"]) == decided.pen
        for edge in told.graph.edges:
            style = styles(text, first_class(text, f"e{edge.target}_{edge.position}", "path"), len(told))[k]
            decided = looks.line([edge])
            dashes = ",".join(f"{x:g}" for x in DASHES[look.style(str(decided.dash))]) or "none"
            assert (style["stroke"], style["stroke-dasharray"]) == (look.colour(str(decided.ink)), dashes)
    for words in ("taken", "not taken"):
        assert f">{words}<" in text


def test_a_film_has_at_most_400_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    y = pooled()
    length = len(steps(y))
    monkeypatch.setattr(films, "LIMIT", length)
    assert viz.animate(y, tmp_path / "film.svg").exists()
    monkeypatch.setattr(films, "LIMIT", length - 1)
    with pytest.raises(ValueError, match="too long to watch"):
        viz.animate(y, tmp_path / "film.svg")
    assert length - 1 > len(Graph(y))  # it is the steps that are too many, not the nodes


def test_the_last_picture_of_a_gif_is_held(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    with image.open(viz.animate(Value(3.0, "x") * 2, tmp_path / "film.gif", seconds=0.5)) as film:
        times = []
        for k in range(film.n_frames):
            film.seek(k)
            times.append(film.info["duration"])
    assert times[-1] == 1500
    assert set(times[:-1]) == {500}


# -- Limits and folds


def chain(count: int, name: str = "inner") -> Value:
    with scope(name):
        y = Value(1.0, "x")
        for _ in range(count - 1):
            y = -y
    return y


def test_a_graph_is_folded_only_beyond_the_limit_and_shown_at_the_limit() -> None:
    y = chain(20)
    assert len(read(draw(y, max_nodes=20, names=False)).boxes) == 20
    assert len(read(draw(y, max_nodes=19, names=False)).boxes) == 1
    z = chain(3, "a") + chain(3, "b")
    assert view(Graph(z), limit=3).boxes() == 3  # folded to exactly the limit
    with pytest.raises(TooLargeError):
        draw(z, max_nodes=2)


def test_a_fold_with_an_output_inside_and_a_use_outside_speaks_for_neither() -> None:
    with scope("both"):
        x = Value(2.0, "x")
        inner = x * 3
        last = inner + 1
    graph = Graph(last, inner * 2)
    shown = view(graph, collapse="both")
    (fold,) = set(shown.hidden_in.values())
    assert shown.speaker(fold) is None  # `last` is an output, `inner` is used outside
    with scope("one"):
        y = Value(2.0) * 3
    shown = view(Graph(y), collapse="one")
    (fold,) = set(shown.hidden_in.values())
    assert shown.speaker(fold) == Graph(y).number(y)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "aligned"), [(40, True), (41, False)])
def test_leaves_of_a_family_stand_in_one_column_up_to_forty(count: int, aligned: bool) -> None:
    leaves = [Value(1.0, f"x{i}") for i in range(count)]
    total = leaves[0] * 1.5
    for leaf in leaves[1:]:
        total = total + leaf
    assert ("rank=same" in draw(total, names=False, rankdir="LR", collapse=False).source) is aligned


def test_lines_to_different_nodes_have_no_number_of_their_own() -> None:
    x, y = Value(2.0, "x"), Value(1.0, "y")
    with scope("group"):
        a, b = x * 1.0, y * 1.0
    z = (a * 3) + (b * -5)
    with scope("end"):
        w = z * 1.0
    w.backward()
    with scope("nothing"):
        pass
    graph = Graph(w)
    snapshot = steps(w).snapshot(-1)
    looks = Looks(graph, snapshot)
    own = {graph.number(a), graph.number(b)}
    into = [edge for edge in graph.edges if edge.source in own and graph.nodes[edge.target].op.name == "multiply"]  # type: ignore[union-attr]
    words = looks.line_words(into)
    assert str(words) == "2 uses"
    assert looks.line_marks(into) == {"line", "settled", "several"}


# -- Pools


def test_the_first_of_equals_receives_also_before_a_gradient_came() -> None:
    window = Window(0, (0, 0), ((0, 0), (0, 1), (0, 2)), 5.0, None, {})
    routes = PoolRoutes("max", (1, 3), (1, 3), (0, 0), ((1.0, 5.0, 5.0),), (1, 1), (window,))
    assert receivers(routes, window) == ((0, 1),)


def test_a_nan_gradient_has_no_tint() -> None:
    def routes(gradient: float) -> PoolRoutes:
        window = Window(0, (0, 0), ((0, 0), (0, 1)), 4.0, gradient, {(0, 1): gradient}, {(0, 1): 1.0})
        return PoolRoutes("max", (1, 2), (1, 2), (0, 0), ((3.0, 4.0),), (1, 1), (window,))

    strongest = shades(LIGHT, "positive")[-1]
    assert picture(routes(1.0)).source.count(strongest) > picture(routes(math.nan)).source.count(strongest)


def test_one_value_in_two_cells_of_the_steppers_grid_stands_in_the_first() -> None:
    x, y = Value(3.0, "x"), Value(1.0, "y")
    cells = [x, y, x]
    outputs = max_pool1d(cells, kernel_size=3)
    grid = viz.step(outputs[0], grid={"cells": cells, "outputs": outputs, "kernel_size": 3}).grid
    assert grid is not None
    assert [at for at, _ in grid["windows"][0]["uses"]] == ["0,0", "0,1"]


# -- Words and numbers


def test_a_difference_within_a_difference_has_brackets() -> None:
    def known(name: str, count: int) -> bool:
        return False

    inner = mathml(parse("x - (y - z)", ["x", "y", "z"], known), {})
    assert inner != mathml(parse("x - y - z", ["x", "y", "z"], known), {})
    assert inner.count("<mo>(</mo>") == 1


def test_pens_have_an_upper_and_a_lower_end() -> None:
    assert width(1e-9) == width(0.0) == 0.8
    assert width(1e9) == width(-math.inf) == THICKEST


def test_writing_the_same_nan_again_changes_nothing() -> None:
    x = Value(math.nan, "x")
    y = x * 2
    stepper = viz.step(y)
    stepper.values = {"x": math.nan}
    stepper.apply()
    y.backward()  # not stale
    assert x.grad == 2.0


# -- The page


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    need_browser()
    with browser() as running:
        yield running


def opened(chromium: Any, tmp_path: Path, y: Value, **more: Any) -> Any:
    return visit(chromium, viz.step(y, names=False, **more).save_html(tmp_path / "page.html"))


@pytest.mark.slow
def test_a_sum_in_a_cell_has_one_sign_between_its_parts(chromium: Any, tmp_path: Path) -> None:
    cells = [Value(v, f"x{i}") for i, v in enumerate((1, 5, 2))]
    outputs = max_pool1d(cells, kernel_size=2, stride=1)
    y = 0.7 * outputs[0] - 0.2 * outputs[1]
    grid = {"cells": cells, "outputs": outputs, "kernel_size": 2, "stride": 1}
    with opened(chromium, tmp_path, y, grid=grid) as seen:
        seen.press("End")
        sums = [
            text.strip() for text in seen.page.locator(".gr-pool table").first.locator(".gr-sum").all_text_contents()
        ]
        assert sums[1] in ("-0.2 + 0.7 = 0.5", "0.7 − 0.2 = 0.5")


@pytest.mark.slow
def test_reset_is_grey_until_an_input_was_edited_and_fields_show_no_dust(chromium: Any, tmp_path: Path) -> None:
    x = Value(0.1, "x")
    with opened(chromium, tmp_path, x * 3) as seen:
        reset = seen.page.locator("[data-do=reset]")
        assert reset.is_disabled()
        seen.leaf("x").focus()
        for _ in range(2):
            seen.press("ArrowUp")
        assert seen.leaf("x").input_value() == "0.3"  # 0.30000000000000004
        assert reset.is_enabled()
        reset.click()
        assert reset.is_disabled()
        assert seen.leaf("x").input_value() == "0.1"


@pytest.mark.slow
def test_a_line_is_no_wider_than_the_widest(chromium: Any, tmp_path: Path) -> None:
    x = Value(1.0, "x")
    with opened(chromium, tmp_path, x * 1e9 + x * 1e-9) as seen:
        seen.press("End")
        pens = seen.page.evaluate(
            "[...document.querySelectorAll('g.edge path')].map((p) => getComputedStyle(p).strokeWidth)"
        )
        assert {f"{THICKEST:g}px", f"{THINNEST:g}px"} <= set(pens)


@pytest.mark.slow
def test_a_hand_on_the_camera_is_remembered_when_the_window_changes(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, tmp_path, pooled()) as seen:
        canvas = seen.page.locator(".gr-canvas")
        seen.press("+", "+")
        before = scale(canvas)
        seen.page.set_viewport_size({"width": 1000, "height": 700})
        seen.page.wait_for_timeout(150)
        assert scale(canvas) == before
        seen.press("f")
        assert scale(canvas) != before


def scale(canvas: Any) -> float:
    found = re.search(r"scale\(([\d.]+)\)", canvas.get_attribute("style"))
    assert found is not None
    return float(found[1])


@pytest.mark.slow
def test_play_ends_with_a_key_of_steps(chromium: Any, tmp_path: Path) -> None:
    with opened(chromium, tmp_path, pooled()) as seen:
        seen.press(" ")
        assert seen.button("Pause").count() == 1
        seen.press("ArrowRight")
        assert seen.button("Play").count() == 1


@pytest.mark.slow
def test_a_refused_gradients_dot_does_not_arrive(chromium: Any, tmp_path: Path) -> None:
    y = maximum(Value(3.0, "a"), Value(5.0, "b"))
    shown = viz.step(y, names=False).save_html(tmp_path / "page.html")
    with visit(chromium, shown, reduced_motion="no-preference") as seen:
        dots = """document.getAnimations()
            .filter((a) => a.effect.target.classList.contains("gr-dot"))
            .map((a) => [a.effect.getTiming().duration, a.effect.getKeyframes().length])"""
        seen.slider().fill("3")
        seen.press("ArrowRight")  # the loser is refused
        lost = seen.page.evaluate(dots)
        seen.page.wait_for_timeout(600)
        seen.slider().fill("4")
        seen.press("ArrowRight")
        assert (lost, seen.page.evaluate(dots)) == ([[200, 9]], [[420, 25]])


@pytest.mark.slow
def test_copies_of_markup_lose_handlers_links_and_scripts(chromium: Any, tmp_path: Path) -> None:
    """The page's policy would stop them too; the copy does not have them in the first place."""
    hostile = (
        '<svg onload="alert(1)" class="a"><g onclick="x()" style="color:red" href="y" id="k">'
        "<script>1</script></g></svg>"
    )
    source = (Path(viz.__file__).parent / "page" / "static" / "dom.js").read_text("utf-8")
    context = chromium.new_context()
    seen = context.new_page()
    seen.set_content("<p></p>")
    script = (
        "const numbers = {}, engine = {}, telling = {}, page = {}, notation = {};"
        + source
        + f"; parsed({hostile!r}, 'svg')[0].outerHTML"
    )
    markup = seen.evaluate(f"(() => {{ {script.rsplit(';', 1)[0]}; return {script.rsplit(';', 1)[1]} }})()")
    context.close()
    assert markup == '<svg class="a"><g id="k"></g></svg>'
