"""A softmax, and what is made of it, is drawn as it is written on paper: exp, sum, divide, log, p − y at the scores."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from browsing import browser, need_browser, visit
from drawn import Drawn, read

import viz
from autodiff import Graph, Value, logsumexp, nn, scope, softmax
from viz.graph.softmax import formulas

pytestmark = pytest.mark.slow  # many layouts, and pages

SCORES = (
    (1.0, 2.0),
    (3.0, 3.0),
    (0.0, -1.5, 2.25),
    (2.0, 2.0, 2.0, -4.0),
    (1000.0, 999.0, -1000.0),
    (0.1, 0.2, 0.3, 0.4, 0.5),
    (-7.0, 0.0, 1e-9, 4.0, 4.0, -0.25),
)


def scores(numbers: Sequence[float]) -> list[Value]:
    return [Value(x, f"s{i}") for i, x in enumerate(numbers)]


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def close(x: float, y: float, *sizes: float) -> bool:
    """Whether two numbers are the same, told with four figures each, as are those of these sizes."""
    return abs(x - y) <= 1e-3 * max(map(abs, (x, y, *sizes)), default=0.0) or x == y


def drawn(output: Value, **options: Any) -> Drawn:
    output.backward()
    return read(viz.draw(output, **{"fit": None, **options}))


def boxed(picture: Drawn, ending: str) -> list[float]:
    """The values in the boxes whose title ends so."""
    return [number(box.rows[1]) for box in picture.boxes.values() if box.rows[0].endswith(ending)]


def made(picture: Drawn) -> Iterator[tuple[str, float, float, float]]:
    """Of each score: its name, its gradient, and the two numbers that it is said to be the difference of."""
    for box in picture.boxes.values():
        for row in box.rows:
            if found := re.fullmatch(r"(?:p − y = )?(\S+) ([−+]) (\S+)", row):
                p, y = number(found[1]), number(found[3])
                yield box.rows[0], number(box.rows[2]), p, -y if found[2] == "+" else y


def check_products(picture: Drawn) -> None:
    for line in picture.lines:
        if found := re.fullmatch(r"(\S+) × (\S+) = (\S+)", line.words):
            local, upstream, sent = map(number, found.groups())
            assert close(local * upstream, sent)


def check_forward(picture: Drawn, numbers: Sequence[float]) -> None:
    largest = max(numbers)
    powers = [math.exp(x - largest) for x in numbers]
    for i, power in enumerate(powers):
        assert [close(told, power) for told in boxed(picture, f"exp(s{i} − max)")] == [True]
    (total,) = boxed(picture, ": sum")
    assert close(total, sum(powers))
    assert not any(re.search(r"stop|clamp|: max$", row) for box in picture.boxes.values() for row in box.rows)


@pytest.mark.parametrize("numbers", SCORES)
def test_a_cross_entropy_has_a_box_for_each_thing_on_the_blackboard_and_p_minus_y_at_the_scores(
    numbers: Sequence[float],
) -> None:
    for label in range(len(numbers)):
        loss = nn.cross_entropy(scores(numbers), label)
        picture = drawn(loss, names=False)
        check_forward(picture, numbers)
        check_products(picture)
        assert len(picture.boxes) == 2 * len(numbers) + 4  # scores and exps, s − max of the label, sum, log, difference
        total = sum(math.exp(x - max(numbers)) for x in numbers)
        found = {name: rest for name, *rest in made(picture)}
        for i, x in enumerate(numbers):
            gradient, p, y = found[f"s{i}"]
            assert y == (i == label)
            assert close(p, math.exp(x - max(numbers)) / total)
            assert close(p - y, gradient, p, y)


@pytest.mark.parametrize(("numbers", "upstream"), [*product(SCORES[:4], (1.0, 0.5, -2.0))])
def test_targets_may_be_shares_and_the_loss_a_part_of_more(numbers: Sequence[float], upstream: float) -> None:
    count = len(numbers)
    smooth = [0.1 / count + 0.9 * (i == 1) for i in range(count)]
    for target in (smooth, [Value(x, f"t{i}") for i, x in enumerate(smooth)], Value(1.0, "label")):
        loss = nn.cross_entropy(scores(numbers), target)
        picture = drawn(loss * upstream if upstream != 1 else loss, names=False)
        check_forward(picture, numbers)
        check_products(picture)
        found = [(name, *rest) for name, *rest in made(picture)]
        assert len(found) == count
        for name, gradient, p, y in found:
            share = (name == "s1") if isinstance(target, Value) else smooth[int(name[1:])]
            assert close(y, share * upstream)
            assert close(p - y, gradient, p, y)


@pytest.mark.parametrize("numbers", SCORES)
def test_softmax_and_logsumexp_are_exp_sum_and_what_is_made_of_them(numbers: Sequence[float]) -> None:
    for i in range(len(numbers)):
        picture = drawn(softmax(*scores(numbers))[i], names=False)
        check_forward(picture, numbers)
        check_products(picture)
        assert len(picture.boxes) == 2 * len(numbers) + 2  # scores and exps, sum, quotient
        assert list(made(picture)) == []
    picture = drawn(logsumexp(*scores(numbers)), names=False)
    check_forward(picture, numbers)
    assert boxed(picture, "log(sum) + max") == [pytest.approx(logsumexp(*scores(numbers)).data, rel=1e-3)]
    log_softmax = scores(numbers)
    picture = drawn(log_softmax[0] - logsumexp(*log_softmax), names=False)
    check_forward(picture, numbers)


def test_an_array_of_scores_is_drawn_as_a_list_of_them() -> None:
    numpy = pytest.importorskip("numpy")
    one, other = (
        drawn(nn.cross_entropy(kind(scores((1.0, 2.0, 0.5))), 1), names=False) for kind in (list, numpy.array)
    )
    assert one == other


def test_a_folded_cross_entropy_says_p_minus_y_too_and_collapse_false_shows_every_node() -> None:
    loss = nn.cross_entropy(scores((1.0, 2.0, 0.5)), 1)
    assert len(drawn(loss, names=False, collapse=False).boxes) == len(Graph(loss))
    folded = drawn(nn.cross_entropy(scores((1.0, 2.0, 0.5)), 1), names=False, collapse=True)
    assert [name for name, *_ in made(folded)] == ["s0", "s1", "s2"]
    assert [line.words for line in folded.lines if "uses" in line.words] == []


def test_what_somebody_else_stops_and_subtracts_is_no_softmax() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    assert formulas(Graph((a - b.clamp(-1.0, 1.0)).exp()), ["?"] * 9) == {}


def test_a_score_that_goes_elsewhere_too_says_the_difference_at_the_line() -> None:
    s = scores((1.0, 2.0))
    picture = drawn(nn.cross_entropy(s, 0) + s[0] * 3, names=False)
    assert any(re.fullmatch(r"p − y = 0\.2689 − 1 = −0\.7311", line.words) for line in picture.lines)
    assert [name for name, *_ in made(picture)] == ["s1"]


@pytest.mark.parametrize("part", [{"reached": True}, {"depth": 2}, {"depth": 3}, {"step": -1}])
def test_a_part_of_it_shows_nothing_that_guards_it_either(part: dict[str, Any]) -> None:
    picture = drawn(nn.cross_entropy(scores((1.0, 2.0, 0.5)), 1), names=False, **part)
    titles = [box.rows[0] for box in picture.boxes.values() if box.rows]
    assert any("s1 − max" in title for title in titles)
    assert not any(re.search(r"stop|clamp|308", title) for title in titles)


def test_a_score_that_is_a_constant_is_called_by_its_number() -> None:
    p = softmax(Value(1.0, "x"), 0.0)[0]
    titles = [box.rows[0] for box in drawn(p, names=False, constants=True).boxes.values()]
    assert [title.partition(": ")[2] for title in titles if "exp" in title] == ["exp(x − max)", "exp(0 − max)"]


def test_of_one_score_nothing_is_left_but_exp_and_log() -> None:
    assert len(drawn(logsumexp(Value(1.0, "x")), names=False).boxes) == 4


def test_a_batch_of_losses_still_folds_what_repeats() -> None:
    def sample(k: int) -> Value:
        with scope(f"sample {k}"):
            return nn.cross_entropy([Value(float(k)) * 2, Value(1.0) - k], 0)

    assert len(drawn(sum((sample(k) for k in range(1, 12)), sample(0)), names=False, fit="column").boxes) < 20


@pytest.mark.parametrize("numbers", SCORES)
def test_a_film_has_the_boxes_of_the_still_and_no_step_of_what_has_none(numbers: Sequence[float]) -> None:
    for make in (lambda s: nn.cross_entropy(s, 1), lambda s: softmax(*s)[0], lambda s: logsumexp(*s) * 2):
        film = viz.animate(make(scores(numbers)), names=False, fit=None)
        assert film.still.drawing.view.boxes() == len(drawn(make(scores(numbers)), names=False).boxes)
        told = [film.told[k] for k in film.shown]
        assert not any(re.search(r"stop|clamp|max\(|e-1\d", step.sentence) for step in told)
        assert told[-1].sentence.startswith("s")  # it ends at a score, and with all that the still says
        assert film.told.snapshot(told[-1].index).gradients[0] == film.told.snapshot(-1).gradients[0]


def test_two_softmaxes_beside_each_other_have_the_boxes_of_paper_on_both_sides() -> None:
    for other in ((1.0, 3.0, 0.5), (1.0, 3.0, 0.5, 0.0)):  # of the same structure, and of another
        sides = []
        for numbers in ((1.0, 2.0, 0.5), other):
            sides.append(nn.cross_entropy(scores(numbers), 1))
            sides[-1].backward()
        said = viz.compare(*sides, names=False, fit=None).source
        assert len(re.findall(r"^\s*(?:before|after)_[ns]\d+ \[", said, re.MULTILINE)) == 10 + 2 * len(other) + 4
        assert len(re.findall(r"exp\(s\d − max\)", said)) == 3 + len(other)
        assert not re.search(r"stop|clamp|308|p − y", said)  # what a gradient is made of has no room beside "was"


@pytest.mark.parametrize("collapse", [None, True])
def test_the_page_says_the_very_differences(tmp_path: Path, collapse: bool | None) -> None:
    need_browser()
    loss = nn.cross_entropy(scores((1.0, 2.0, 0.5)), 1)
    file = viz.step(loss, names=False, collapse=collapse, start=-1).save_html(tmp_path / "page.html")
    with browser() as chromium, visit(chromium, file) as page:
        told = set[str]()
        while page.at() and len(told) < 3:
            told |= {
                text for text in page.page.locator("g.edge.gr-now text").all_text_contents() if text.startswith("p")
            }
            page.press("ArrowLeft")
    assert told == {"p − y = 0.2312 − 0 = 0.2312", "p − y = 0.6285 − 1 = −0.3715", "p − y = 0.1402 − 0 = 0.1402"}


def test_on_the_page_it_has_few_steps_and_every_sentence_names_what_is_seen(tmp_path: Path) -> None:
    need_browser()
    stepper = viz.step(nn.cross_entropy(scores((1.0, 2.0, 0.5)), 1), names=False)
    assert repr(stepper).startswith("<Stepper through 17 nodes: 8 steps forward, 11 backward")
    with browser() as chromium, visit(chromium, stepper.save_html(tmp_path / "page.html")) as page:
        said = []
        for _ in range(19):
            said.append(page.says())
            page.press("ArrowRight")
    assert said[3] == "exp(s1 − max) = exp(0) = 1"
    assert said[5] == "sum = 1.591, computed inside by 2 nodes"
    assert said[-1] == "s0.grad = 0.2312, from exp(s0 − max): p − y = 0.2312 − 0"
    assert said[-2] == "s1.grad = local 1 × upstream −0.3715 = −0.3715: p − y = 0.6285 − 1"
    assert not any(re.search(r"stop|clamp|v([3-6]|10|13)\b", sentence) for sentence in said)
