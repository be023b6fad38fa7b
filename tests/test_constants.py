"""With ``constants=True`` each number of an operation has a box of its own, which no gradient reaches."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import browser, need_browser, visit
from drawn import read

import viz
from autodiff import Value, maximum, nn
from viz.graph.constants import WithConstants


def formula() -> Value:
    x, w = Value(1.5, "x"), Value(-0.5, "w")
    y = maximum(x * 2 + w * 0.5, 0) ** 3
    y.name = "y"
    return y


def test_each_constant_is_a_box_with_its_number_alone_and_a_line_to_its_use() -> None:
    y = formula()
    y.backward()
    plain, drawn = read(viz.draw(y, fit=None)), read(viz.draw(y, fit=None, constants=True))
    constants = {name: box for name, box in drawn.boxes.items() if len(box.rows) == 1}
    assert sorted(box.rows[0] for box in constants.values()) == ["0", "0.5", "2", "3"]
    assert len(drawn.boxes) == len(plain.boxes) + 4
    lines = {drawn.boxes[line.source].rows[0]: line for line in drawn.lines if line.source in constants}
    assert {name: line.words for name, line in lines.items()} == {"2": "", "0.5": "", "0": "not taken", "3": ""}
    assert "constant" in drawn.legend
    assert "not computed" not in drawn.legend


def test_what_is_told_of_the_others_stays_as_it_was() -> None:
    y = formula()
    y.backward()
    plain, drawn = (read(viz.draw(y, fit=None, constants=constants)) for constants in (False, True))
    told = [[box.rows[1:] for box in picture.boxes.values() if len(box.rows) > 1] for picture in (plain, drawn)]
    assert sorted(told[0]) == sorted(told[1])
    assert sorted([*plain.words(), "", "", "", "not taken"]) == sorted(drawn.words())


def test_a_constant_that_wins_is_taken_and_gets_nothing() -> None:
    x = Value(-1.0, "x")
    y = maximum(x, 2.0) + x
    y.backward()
    drawn = read(viz.draw(y, constants=True))
    assert [line.words for line in drawn.lines if drawn.boxes[line.source].rows == ["2"]] == ["taken"]
    assert x.grad == 1.0


def test_inputs_come_first_and_constants_may_be_edited_but_not_applied() -> None:
    x = Value(2.0, "x")
    stepper = viz.step(x * 3 + 3, constants=True)
    assert stepper.values == {"x": 2.0, "3 #1": 3.0, "3 #3": 3.0}
    stepper.values = {"x": 4.0}
    assert stepper.apply() == 15.0
    stepper.values = {"3 #1": 5.0}
    with pytest.raises(ValueError, match=r"the constant 3 is no Value: record the graph with Value\(3\) to change it"):
        stepper.apply()
    assert x.data == 4.0


def test_what_holds_a_softmax_within_the_floats_is_nobodys_constant() -> None:
    loss = nn.cross_entropy([Value(1.0, "a"), Value(2.0, "b")], 1)
    drawn = read(viz.draw(loss * 2, fit=None, constants=True))
    assert [box.rows for box in drawn.boxes.values() if len(box.rows) == 1] == [["2"]]


def test_a_backward_pass_as_a_graph_has_its_constants_where_they_are_used() -> None:
    with pytest.raises(ValueError, match="leave out constants=True"):
        viz.draw(formula(), backward="graph", constants=True)


def test_a_film_shows_constants_too() -> None:
    film = viz.animate(formula(), constants=True)
    assert isinstance(film.told.graph, WithConstants)
    assert film.told[2].sentence == "2 is a constant"
    assert "not taken" in film.svg()


@pytest.mark.slow
def test_on_the_page_a_constant_is_edited_in_its_box_and_the_sentences_follow(tmp_path: Path) -> None:
    need_browser()
    file = viz.step(formula(), constants=True, start=-1).save_html(tmp_path / "page.html")
    with browser() as chromium, visit(chromium, file) as page:
        assert page.says() == "x.grad = local 2 × upstream 22.69 = 45.38 (local: ∂(x × 2)/∂x = 2)"
        assert page.label(2) == "2, constant, value 2"
        page.node(2).locator("rect").click()
        page.page.keyboard.type("5")
        page.page.keyboard.press("Enter")
        x, w = 1.5, -0.5
        assert page.node(10).locator(".gr-value").text_content() == f"{(x * 5 + w * 0.5) ** 3:.4g}"
        assert page.says().endswith("(local: ∂(x × 5)/∂x = 5)")
        page.open("Inputs")
        names = page.page.locator(".gr-input label").all_text_contents()
        assert names == ["x", "w", "2", "0.5", "0", "3"]


@pytest.mark.slow
def test_on_the_page_names_of_weights_are_told_in_full(tmp_path: Path) -> None:
    need_browser()
    net = nn.MLP(2, [1, 1])
    file = viz.step(net([Value(1.0, "x0"), Value(2.0, "x1")]) * 3, constants=True).save_html(tmp_path / "page.html")
    with browser() as chromium, visit(chromium, file) as page:
        page.open("Inputs")
        labels = page.page.locator(".gr-input label")
        names = labels.all_text_contents()
        cut = labels.evaluate_all("all => all.filter((one) => one.scrollWidth > one.clientWidth).length")
    assert (names[:2], names[-1], cut) == (["x0", "x1"], "3", 0)
    assert all(name.startswith("layer") and "#" not in name for name in names[2:-1])
