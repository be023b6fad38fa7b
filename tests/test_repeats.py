"""Samples of a batch and steps of a sequence stand in one box each, in which nothing is said that is not so."""

from __future__ import annotations

import random
import re
from functools import reduce
from operator import add

import pytest

import viz
from autodiff import Graph, Value, max_pool1d, nn, scope
from viz.graph.folding import Repeated
from viz.graph.repeats import ENOUGH, expanded, repeated
from viz.graph.view import view


def perceptron(count: int, inputs: bool = False) -> Value:
    """A batch's loss as people write it: one network, called again and again."""
    random.seed(0)
    net = nn.MLP(2, [4, 1])
    rows = [[random.random(), random.random()] for _ in range(count)]
    return reduce(add, [(net([Value(x) for x in row] if inputs else row) - 1.0) ** 2 for row in rows])


def samples(count: int, name: str = "sample {}") -> tuple[Value, list[Value]]:
    """A batch in scopes; its losses, too."""
    random.seed(1)
    w, b = [Value(random.uniform(-1, 1), f"w{i}") for i in range(3)], Value(0.5, "b")
    losses = []
    for k in range(count):
        with scope(name.format(k)):
            terms = [weight * Value(random.uniform(-1, 1), f"x{i}") for i, weight in enumerate(w)]
            losses.append((reduce(add, terms) + b).tanh() ** 2)
    return reduce(add, losses), losses


def sequence(count: int) -> Value:
    w, v, h = Value(0.5, "w"), Value(-0.3, "v"), Value(0.1, "h0")
    for t in range(count):
        with scope(f"t={t}"):
            h = (w * h + v * Value(t / count, "x")).tanh()
    return h


def boxes(graph: Graph, *expand: str | Value) -> dict[str, Repeated]:
    shown = repeated(view(graph, limit=None), expanded(graph, expand))
    return {box.name: box for box in shown.hidden_in.values() if isinstance(box, Repeated)}


@pytest.mark.parametrize("count", [ENOUGH, 25, 100])
def test_a_batch_is_one_box_and_one_sum(count: int) -> None:
    found = boxes(Graph(samples(count)[0]))
    assert {name: (box.times, box.each) for name, box in found.items()} == {
        f"sample × {count}": (count, 11),
        f"sum of {count}": (1, count - 1),
    }


def test_few_are_looked_at_one_by_one() -> None:
    graph = Graph(samples(ENOUGH - 1)[0])
    shown = view(graph, limit=None)
    assert repeated(shown) is shown


@pytest.mark.parametrize("name", ["sample {}", "s[{}]", "row_{}", "always the same"])
def test_names_may_differ_by_an_index(name: str) -> None:
    stem = name.split("{")[0].rstrip(" [_")
    assert f"{stem} × 12" in boxes(Graph(samples(12, name)[0]))


def test_what_is_done_otherwise_is_not_of_the_kind() -> None:
    w = Value(0.5, "w")
    losses = []
    for k in range(24):
        with scope(f"sample {k}"):
            losses.append((w * (k + 1.0)).tanh() if k % 2 else (w * (k + 1.0)).relu())
    found = boxes(Graph(reduce(add, losses)))
    assert sorted(found) == ["sample × 12", "sum of 24"]  # both kinds bear their name


@pytest.mark.slow
@pytest.mark.parametrize("count", [30, 100])
@pytest.mark.parametrize("inputs", [False, True])
def test_the_loss_of_a_batch_is_drawn(count: int, inputs: bool) -> None:
    y = perceptron(count, inputs)
    y.backward()
    picture = viz.draw(y, names=False)
    assert picture.drawing.view.boxes() <= 12  # type: ignore[attr-defined]
    assert picture.fit.fits  # type: ignore[attr-defined]
    assert f"× {count}" in picture.source
    assert f"sum of {count}" in picture.source


@pytest.mark.slow
@pytest.mark.parametrize("count", [100, 150])
def test_a_network_called_in_scopes_of_samples_is_one_box_for_all_samples(count: int) -> None:
    random.seed(1)
    net, losses = nn.MLP(2, [4, 1]), []
    for k in range(count):
        with scope(f"sample {k}"):
            losses.append((net([Value(random.random(), "x0"), Value(random.random(), "x1")]) - 1) ** 2)
    with scope("loss"):
        y = reduce(add, losses) / count
    y.backward()
    picture = viz.draw(y, names=False)
    assert picture.drawing.view.boxes() <= 12  # type: ignore[attr-defined]
    assert f"sample × {count}" in picture.source


@pytest.mark.slow
def test_one_of_many_is_opened_and_the_others_stay() -> None:
    y, losses = samples(100)
    y.backward()
    for expand in ("sample 3", losses[3].scope, losses[3]):
        picture = viz.draw(y, names=False, expand=expand)  # type: ignore[arg-type]
        shown = picture.drawing.view  # type: ignore[attr-defined]
        inside = [node.number for node in shown.graph if node.scope is losses[3].scope]
        assert len(inside) == 11
        assert not any(number in shown.hidden_in for number in inside)
        assert "sample × 99" in picture.source
    two = viz.draw(y, names=False, expand=["sample 3", "sample 99"])
    assert "sample × 98" in two.source


def test_nothing_is_opened_by_a_name_that_no_scope_has() -> None:
    with pytest.raises(ValueError, match=r"no scope of this graph is called sample 100"):
        viz.draw(samples(100)[0], expand="sample 100")
    with pytest.raises(TypeError, match="expand is a scope's name"):
        viz.draw(samples(100)[0], expand=3)  # type: ignore[arg-type]


def test_lines_say_the_sum_of_all_uses_and_no_sign_that_only_some_have() -> None:
    y, _ = samples(40)
    y.backward()
    picture = viz.draw(y, names=False, expand=())
    drawing = picture.drawing  # type: ignore[attr-defined]
    shown, looks = drawing.view, drawing.rows.looks
    met = set()
    for (source, target), edges in shown.edges().items():
        for line in shown.lines(source, target, edges):
            sent = [looks.snapshot.flows[edge].contribution for edge in line]
            signs = {x > 0 for x in sent if x}
            marks = looks.line_marks(line)
            if len(line) > 1:
                met.add(len(signs))
                assert ("positive" in marks) <= (signs == {True})
                assert ("negative" in marks) <= (signs == {False})
            if len({edge.source for edge in line}) == 1 and source[0] == "n":
                assert sum(sent) == pytest.approx(shown.graph.values[int(source[1:])].grad)
    assert met == {1, 2}


def test_many_show_the_number_of_none_and_a_sum_its_own() -> None:
    y, _ = samples(40)
    y.backward()
    source = viz.draw(y, names=False, expand=()).source
    many = next(line for line in source.splitlines() if "sample × 40" in line)
    assert many.count("<tr>") == 2
    assert "11 nodes each" in many
    total = next(line for line in source.splitlines() if "sum of 40" in line)
    assert total.count("<tr>") == 4


def test_steps_of_a_sequence_are_of_a_kind() -> None:
    y = sequence(20)
    assert boxes(Graph(y))["t × 20"].each == 5
    y.backward()
    picture = viz.draw(y, names=False, expand="t=7")
    assert "t × 19" in picture.source
    assert picture.svg().count('class="node"') == picture.drawing.view.boxes()  # type: ignore[attr-defined]


def test_a_chain_is_not_many_of_a_kind_and_windows_are_seen_for_themselves() -> None:
    x = Value(0.5, "x")
    for _ in range(40):
        x = x.tanh()
    assert boxes(Graph(x)) == {}
    pooled = max_pool1d([Value(float(i % 7)) for i in range(40)], kernel_size=2)
    found = boxes(Graph(reduce(add, pooled)))
    assert not any(name.startswith("window") for name in found)


def test_what_fits_is_not_folded_and_a_wish_is_a_wish() -> None:
    y, _ = samples(12)
    y.backward()
    assert "×" not in "".join(
        re.findall(r"<b>(.*?)</b>", viz.draw(y, names=False, collapse=False, max_nodes=None).source)
    )
    assert "sample × 12" in viz.draw(y, names=False).source


@pytest.mark.slow
def test_what_repeats_is_drawn_where_its_boxes_would_be_too_many() -> None:
    y, _ = samples(300)
    y.backward()
    assert "sample × 300" in viz.draw(y, names=False).source
    chain = Value(0.5)
    for _ in range(500):
        chain = chain.tanh()
    with pytest.raises(viz.TooLargeError, match="more than 400 boxes"):
        viz.draw(chain)
