"""viz.compare: what is framed and told is what changed, the reasons are true, and everything stands in its place."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_legible import GRAPHS, faults

import viz
from autodiff import Graph, Snapshot, StaleError, Value, clamp, max_pool1d, maximum, minimum, nn, relu, scope, where
from autodiff.language.notation import numeral
from autodiff.recording.reverse import NO_PATH
from viz.layout import engines
from viz.layout.place import LEAST, PLACES
from viz.pairs.matching import Moment, matched, recognised, renumbered

SVG = "{http://www.w3.org/2000/svg}"
NUMBERS = st.floats(-9, 9).map(lambda x: round(x, 2))
FIVE = st.lists(NUMBERS, min_size=5, max_size=5)


def pooled(numbers: Sequence[float], weights: Sequence[float] = (0.7, 0.9)) -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate(numbers)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    score = weights[0] * p[0] + weights[1] * p[1]
    score.name = "score"
    return done(score)


def done(y: Value, *upstream: float) -> Value:
    y.backward(*upstream)
    return y


def compared(before: Any, after: Any, **options: Any) -> Any:
    return viz.compare(before, after, names=False, **options)


def texts(svg: str, side: str) -> dict[str, list[str]]:
    """The words of each box of a side, by its id."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        name = group.findtext(f"{SVG}title") or ""
        if name.startswith(f"{side}_") and group.get("class") == "node":
            found[name.partition("_")[2]] = ["".join(text.itertext()) for text in group.iter(f"{SVG}text")]
    return found


def told(number: float | None) -> str:
    text = "not computed" if number is None else "no path" if number is NO_PATH else numeral(number)
    return text.replace("-", "−")


# -- What is framed and told


@pytest.mark.slow
@settings(max_examples=20)
@given(FIVE, FIVE)
def test_a_box_tells_what_it_was_just_where_it_was_something_else(before: list[float], after: list[float]) -> None:
    one, other = pooled(before), pooled(after)
    picture = compared(one, other)
    old, new = Snapshot.of(Graph(one)), Snapshot.of(Graph(other))
    boxes = picture.sheet.panels[1].drawn
    for number in range(len(new.values)):
        box = re.search(rf'<g class="node"><title>after_n{number}</title>(.*?)</g>', boxes, re.DOTALL)[1]  # type: ignore[index]
        words = re.findall(r">\(was ([^<]*)\)</text>", box)
        pairs = ((old.values[number], new.values[number]), (old.gradients[number], new.gradients[number]))
        expected = [told(a) for a, b in pairs if (a is NO_PATH) != (b is NO_PATH) or a != b]
        assert words == expected
        framed = viz.LIGHT.highlight in box
        assert framed == bool(expected)
    assert "(was" not in picture.sheet.panels[0].drawn


@pytest.mark.slow
@settings(max_examples=20)
@given(FIVE, FIVE)
def test_a_window_that_is_won_by_another_cell_is_told_and_no_other(before: list[float], after: list[float]) -> None:
    def winner(numbers: list[float], first: int) -> int:
        return max(range(first, first + 3), key=lambda i: numbers[i])  # the first of equals

    said = " ".join(compared(pooled(before), pooled(after)).sentences)
    for letter, first, weight in (("A", 0, 0.7), ("B", 2, 0.9)):
        old, new = winner(before, first), winner(after, first)
        sentence = (
            f"Window {letter} is won by x{new} = {told(after[new])}, not x{old} = {told(before[old])} as before; "
            f"its gradient {weight} goes there."
        )
        assert (sentence in said) == (old != new)
        assert (f"Window {letter}" in said) == (old != new)


@settings(max_examples=25)
@given(NUMBERS, NUMBERS)
def test_a_relu_that_goes_on_or_off_is_told_with_its_operand(before: float, after: float) -> None:
    def of(number: float) -> Value:
        x = Value(number, "x")
        z = x * 2
        z.name = "z"
        y = relu(z)
        y.name = "y"
        return done(y)

    said = " ".join(compared(of(before), of(after)).sentences)
    off = f"z gets no path through y: {told(2 * after)} ≤ 0, so y is off; before it was on."
    on = f"y is on, and was off before: z is {told(2 * after)}."
    assert (off in said, on in said) == (before > 0 >= after, after > 0 >= before)


CHOICES: dict[str, tuple[Callable[[Value, Value], Value], str]] = {
    "max": (maximum, "v2 (max) is won by b = 2, not a = 3 as before; its gradient 1 goes there."),
    "min": (minimum, "v2 (min) takes a = 1, not b = 2 as before; its gradient 1 goes there."),
    "a constant": (
        lambda a, b: maximum(a, 2.5) + 0 * b,
        "(max(·, 2.5)) is won by the constant 2.5, not a = 3 as before.",
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_choices_of_every_kind_are_told(name: str) -> None:
    make, expected = CHOICES[name]
    one = done(make(Value(3.0, "a"), Value(2.0, "b")))
    other = done(make(Value(1.0, "a"), Value(2.0, "b")))
    assert expected in " ".join(compared(one, other).sentences)


def test_where_and_clamp_are_told() -> None:
    def chosen(c: float) -> Value:
        return done(where(Value(c, "c"), Value(2.0, "a"), Value(5.0, "b")))

    assert (
        "v3 (where) takes b = 5, not a = 2 as before; its gradient 1 goes there."
        in compared(chosen(1.0), chosen(0.0)).sentences
    )
    said = " ".join(compared(done(clamp(Value(0.5, "x"), 0, 1)), done(clamp(Value(7.0, "x"), 0, 1))).sentences)
    assert "not x = 0.5 as before" in said


def test_numbers_are_told_that_are_no_numbers() -> None:
    one, other = Value(1.0, "x"), Value(-1.0, "x")
    picture = compared(done(one.log()), done(other.log()))
    assert "v1 (log) was 0, is nan." in picture.sentences
    again, twin = done(Value(-1.0, "x").log()), done(Value(-1.0, "x").log())
    assert compared(again, twin).sentences == ["Nothing differs: the same values, and the same gradients."]


# -- Passes and updates


@settings(max_examples=16)
@given(st.integers(1, 4), st.integers(1, 4))
def test_how_often_backward_ran_is_read_from_the_leaves(first: int, second: int) -> None:
    def of(times: int) -> Value:
        y = pooled((3, 0, 4, 2, 0))
        for _ in range(times - 1):
            y.backward()
        return y

    said = compared(of(first), of(second)).sentences
    times = {1: "once", 2: "twice"}
    word = [times.get(count, f"{count} times") for count in (first, second)]
    if first == second:
        assert said == ["Nothing differs: the same values, and the same gradients."]
    else:
        assert said[0] == f"Only gradients of leaves differ: they hold {word[1]} what one pass sends, before {word[0]}."
    assert any("zero_grad()" in sentence for sentence in said) == (second > first)


def network() -> tuple[nn.MLP, list[Value], Callable[[], Value]]:
    with scope("model"):
        model = nn.MLP(2, [2, 1])
    for k, parameter in enumerate(model.parameters()):
        parameter.data = 0.5 + 0.25 * k
    x = [Value(0.5, "x0"), Value(1.0, "x1")]

    def loss() -> Value:
        y: Value = (model(x) - 1) ** 2
        y.name = "loss"
        return y

    return model, x, loss


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05, 0.125])
def test_an_update_along_the_gradient_is_known_by_its_step(rate: float) -> None:
    model, x, loss = network()
    before = Graph(done(loss()))
    for parameter in model.parameters():
        parameter.data -= rate * parameter.grad
    moved = sum(parameter.grad != 0 for parameter in model.parameters())
    for leaf in (*model.parameters(), *x):
        leaf.grad = None
    said = compared(before, done(loss())).sentences
    assert moved > 3
    assert said[0] == f"{moved} leaves moved by {told(-rate)} × their gradients before."
    assert not any("hold" in sentence for sentence in said)


def test_another_update_is_not_said_to_follow_the_gradient() -> None:
    model, _, loss = network()
    before = Graph(done(loss()))
    for k, parameter in enumerate(model.parameters()):
        parameter.data -= 0.01 * (1 + k % 2) * parameter.grad
    said = " ".join(compared(before, done(loss())).sentences)
    assert "moved by" not in said
    assert "9 of 11 leaves have other values." in said


def test_gradients_that_were_not_set_back_are_told() -> None:
    model, _, loss = network()
    before = Graph(done(loss()))
    for parameter in model.parameters():
        parameter.data -= 0.01 * parameter.grad
    said = " ".join(compared(before, done(loss())).sentences)
    assert re.search(r"\d+ leaves hold what they held before, and what this pass has sent: nothing set them back", said)


def test_a_graph_is_the_moment_at_which_it_was_made() -> None:
    y = pooled((3, 0, 4, 2, 0))
    before = Graph(y)
    leaf = before.values[2]
    assert (before.made[0][2], before.made[1][2]) == (4.0, 1.6)
    y.backward()
    leaf.data = 7.0
    before.forward()
    assert (before.made[0][2], before.made[1][2]) == (4.0, 1.6)
    done(y)
    said = compared(before, y).sentences
    assert "x2 was 4, is 7." in said[0]
    assert compared(before, Graph(pooled((3, 0, 4, 2, 0)))).sentences == [
        "Nothing differs: the same values, and the same gradients."
    ]


def test_only_one_of_two_has_gradients() -> None:
    x = Value(3.0, "x")
    y = x * x
    before = Graph(y)
    y.backward()
    assert "Before, no backward pass had been run." in compared(before, y).sentences
    assert "After, no backward pass has been run." in compared(y, before).sentences
    assert compared(before, before).sentences == ["Nothing differs: the same values; no backward pass has been run."]


def test_numbers_that_are_gone_are_answered_with_what_to_keep() -> None:
    x = Value(3.0, "x")
    y = x * x
    x.data = 4.0
    with pytest.raises(
        StaleError, match=r"'x' was changed .* keep the numbers of before an update in a Graph made"
    ) as told:
        compared(y, y)
    assert "\n" not in str(told.value)
    with pytest.raises(StaleError, match=r"was out of date when this Graph was made"):
        compared(Graph(y), y)


# -- The same structure


def test_leaves_may_have_been_made_in_another_order() -> None:
    def of(a: float, b: float, swapped: bool) -> Value:
        names = [("a", a), ("b", b)]
        made = {name: Value(number, name) for name, number in (reversed(names) if swapped else names)}
        return done(made["a"] * made["b"] - made["a"])

    straight, turned = (compared(of(3, 2, swapped), of(3, 5, False)) for swapped in (False, True))
    assert straight.changes.alike
    assert turned.changes.alike
    assert straight.svg() == turned.svg()


@pytest.mark.parametrize("name", GRAPHS)
def test_a_moment_of_a_graph_that_was_made_in_another_order_is_the_same(name: str) -> None:
    y = done(GRAPHS[name]())
    graph = Graph(y)
    order = [number for level in graph.levels for number in reversed(level)]
    whole = renumbered(Moment(graph, Snapshot.of(graph), {}), dict(enumerate(order)))
    twins = matched(whole.graph, graph)
    assert twins is not None
    again = renumbered(Moment(whole.graph, whole.snapshot, {}), twins)
    assert again.graph.nodes == graph.nodes
    assert again.graph.edges == graph.edges
    assert again.snapshot == Snapshot.of(graph)


def boxes_of(painter: Any) -> dict[str, tuple[float, float]]:
    return {name: (box.x, box.y) for name, box in painter.laid.layout.boxes.items()}


def test_what_has_the_same_structure_stands_in_the_same_places() -> None:
    picture = compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0)))
    one, other = picture.painters
    assert boxes_of(one) == boxes_of(other)
    assert one.labels == other.labels
    ids = re.findall(r"<title>([^<]*)</title>", picture.svg())
    assert len(ids) == len(set(ids)) == 2 * (12 + 12)  # boxes and lines
    assert {"before_n3", "after_n3", "before_e9_1", "after_e9_1"} <= set(ids)


def test_a_constant_may_be_another() -> None:
    picture = compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 2, 0), (0.7, 0.5)))
    assert picture.changes.alike
    assert "× 0.9 became × 0.5." in picture.sentences
    before, after = (texts(picture.svg(), side)["n10"] for side in ("before", "after"))
    assert ("× 0.9" in before[0], "× 0.5" in after[0]) == (True, True)


# -- Another structure


def relu_first(numbers: Sequence[float]) -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate(numbers)]
    p = max_pool1d([relu(v) for v in x], kernel_size=3, stride=2)
    return named(p[0] + p[1])


def pool_first(numbers: Sequence[float]) -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate(numbers)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return named(relu(p[0]) + relu(p[1]))


def named(y: Value) -> Value:
    y.name = "y"
    return done(y)


@settings(max_examples=10)
@given(st.lists(NUMBERS.filter(lambda x: x != 0), min_size=5, max_size=5, unique=True))
def test_relu_before_and_after_a_pool_come_to_the_same(numbers: list[float]) -> None:
    picture = compared(relu_first(numbers), pool_first(numbers))
    assert not picture.changes.alike
    value = sum(max(0.0, max(numbers[i : i + 3])) for i in (0, 2))
    assert picture.sentences[:2] == [
        "The structure is another: relu 5 times before, 2 after.",
        f"y is {told(value)} in both.",
    ]
    if min(max(numbers[:3]), max(numbers[2:])) > 0:  # else nothing reaches the leaves, in one by relu, in one by max
        assert picture.sentences[2:] == ["Each leaf has the same gradient in both."]


def test_nodes_of_other_structures_are_known_by_name_identity_place_and_what_they_compute() -> None:
    x, w = Value(2.0), Value(3.0, "w")
    one, other = x * w + 2.0, (Value(5.0, "w") * x + 2.0).tanh()
    before, after = (Moment(Graph(y), Snapshot.of(Graph(y)), names(Graph(y))) for y in (one, other))
    twins = recognised(before, after)
    assert twins[after.graph.number(x)] == before.graph.number(x)
    assert [before.graph.nodes[b].name for a, b in twins.items() if after.graph.nodes[a].name == "w"] == ["w"]
    assert twins[after.graph.outputs[0]] == before.graph.outputs[0]
    assert len(set(twins.values())) == len(twins)


def names(graph: Graph) -> dict[int, str]:
    return {node.number: node.name or f"v{node.number}" for node in graph}


def test_a_constant_is_no_node_of_that_number() -> None:
    a = Value(1.0, "a")
    one, other = (a + 0.0) * 2.0, ((a + a) * 2.0).exp()
    before, after = (Moment(Graph(y), Snapshot.of(Graph(y)), names(Graph(y))) for y in (one, other))
    assert recognised(before, after) == {0: 0, 3: 2}


def test_a_scope_that_only_one_of_two_has_is_folded_in_that_one() -> None:
    with scope("inner"):
        y = Value(2.0, "x") * 3 + 1
    picture = compared(done(Value(2.0, "x") * 3), done(y), collapse="inner")
    assert "after_s" in picture.svg()
    assert "before_s" not in picture.svg()
    with pytest.raises(ValueError, match="no scope of this graph is called nowhere"):
        compared(Value(2.0) * 3, y, collapse="nowhere")


# -- It can be read


def variants(name: str) -> tuple[Value, Value]:
    """A graph, and the same with its leaves a little otherwise."""
    one = done(GRAPHS[name]())
    graph = Graph(GRAPHS[name]())
    for k, leaf in enumerate(graph.leaves):
        graph.values[leaf].data += 0.5 * (-1) ** k
    graph.forward()
    return one, done(graph.values[graph.outputs[0]])


FEW = ["a pool", "micrograd's graph", "a neuron", "a network", "cross entropy", "eight sigmoids of w·x", "mixed 3"]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", FEW)
def test_no_text_is_smaller_than_can_be_read(name: str, place: str) -> None:
    svg = compared(*variants(name), fit=place).svg()
    wide, high = map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
    least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
    assert PLACES[place].scale((wide, high)) * least >= LEAST - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("name", FEW)
def test_words_are_clear_of_everything(name: str) -> None:
    for painter in compared(*variants(name)).painters:
        assert faults(painter) == []


def test_sentences_are_set_in_lines_that_fit() -> None:
    picture = compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0)), fit=(360, None))
    root = ElementTree.fromstring(picture.svg())
    lines = ["".join(text.itertext()) for text in root.iter(f"{SVG}text") if text.get("class") == "told"]
    assert " ".join(lines) == " ".join(picture.sentences)
    assert len(lines) > len(picture.sentences)


def test_two_stand_beside_each_other_where_there_is_room() -> None:
    sides = pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0))
    assert compared(*sides, fit="slide").sheet.beside
    assert not compared(*sides, fit="column").sheet.beside
    assert compared(*sides, fit=None).sheet.beside


@pytest.mark.slow
def test_a_pair_is_laid_out_twice_at_most_for_each_structure(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = engines.layout
    monkeypatch.setattr(engines, "layout", lambda *args, **more: (asked.append(args[1]), real(*args, **more))[1])
    for name in FEW:
        asked.clear()
        compared(*variants(name)).svg()
        assert 1 <= len(asked) <= 2
    asked.clear()
    compared(relu_first((3, -1, 4, -2, -5)), pool_first((3, -1, 4, -2, -5))).svg()
    assert 2 <= len(asked) <= 4


# -- It is a picture as the others are


def test_the_dot_text_has_both_and_what_is_told() -> None:
    picture = compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0)))
    source = picture.source
    assert source.count("subgraph cluster_before {") == source.count("subgraph cluster_after {") == 1
    assert "before_n3 [" in source
    assert "after_n3 [" in source
    assert "(was 2)" in source
    for sentence in picture.sentences:
        assert sentence in source
    assert engines.layout(source, "svg").count(b'class="node"') == 24


def test_a_copy_is_the_same_and_what_is_added_is_drawn_by_graphviz() -> None:
    picture = compared(Value(2.0, "x") * 3, Value(4.0, "x") * 3)
    assert picture.copy().svg() == picture.svg()
    picture.node("mine", "my own words")
    assert "my own words" in picture.svg()


def test_the_same_pair_has_the_same_bytes() -> None:
    one, other = (compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0))) for _ in range(2))
    assert (one.svg(), one.source) == (other.svg(), other.source)


def test_it_is_light_dark_or_follows_its_host() -> None:
    sides = pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0))
    dark, auto = compared(*sides, theme="dark").svg(), compared(*sides, theme="auto").svg()
    assert viz.DARK.background in dark
    assert "prefers-color-scheme:dark" in auto
    plain = re.compile(r"<style>.*?</style>| class=\"[^\"]*\"|g[0-9a-f]{8}-")
    assert plain.sub("", auto) == plain.sub("", compared(*sides).svg())
    rules = re.findall(r"<style>(.*?)</style>", auto)[0]
    for part in ("value", "gradient", "positive", "text", "highlight", "leaf_fill"):
        assert getattr(viz.DARK, part) in rules
    assert viz.LIGHT.background not in compared(*sides, background=None).svg().partition("<g")[0]


def test_the_legend_may_go() -> None:
    sides = pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, 6, 0))
    assert "yellow frame: changed" in compared(*sides).svg()
    assert "yellow frame: changed" not in compared(*sides, legend=False).svg()
    assert "yellow frame: changed" not in compared(sides[0], sides[0]).svg()


@pytest.mark.parametrize(
    ("titles", "shown"),
    [(None, ("before: x3 = 2", "after: x3 = −6.5")), (("lr 0.1", "lr <b>"), ("lr 0.1", "lr &lt;b&gt;"))],
)
def test_titles_tell_the_leaf_that_changed_or_what_is_wished(titles: Any, shown: tuple[str, str]) -> None:
    svg = compared(pooled((3, 0, 4, 2, 0)), pooled((3, 0, 4, -6.5, 0)), titles=titles).svg()
    assert all(f">{title}</text>" in svg for title in shown)


@pytest.mark.parametrize("titles", ["ab", ("one",), ("a", 1), ("a", "b", "c")])
def test_titles_that_are_none_are_refused(titles: Any) -> None:
    with pytest.raises(TypeError, match="titles are two texts"):
        compared(Value(1.0) * 2, Value(2.0) * 2, titles=titles)


@pytest.mark.parametrize("wrong", [3.0, "y", None, [], [[Value(1.0)]], nn.MLP(1, [1])])
def test_what_is_no_graph_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"compare takes a Value|nothing to compare"):
        compared(Value(1.0) * 2, wrong)


def test_names_are_set_alike_in_boxes_titles_and_sentences() -> None:
    picture = compared(Value(1.0, "theta_1") * 2, Value(-2.0, "theta_1") * 2)
    assert picture.sentences[0] == "θ₁ was 1, is −2."
    assert picture.sheet.panels[1].title == "after: θ₁ = −2"
    assert texts(picture.svg(), "after")["n0"][0] == "θ₁"


def test_several_outputs_are_compared() -> None:
    def of(number: float) -> list[Value]:
        x = Value(number, "x")
        return [x * 2, x * 3]

    assert compared(of(1.0), of(2.0)).sentences == ["x was 1, is 2.", "v1 (× 2) was 2, is 4.", "v2 (× 3) was 3, is 6."]


def test_names_come_from_the_caller_and_are_the_same_on_both_sides() -> None:
    first = Value(3.0)
    one = first * first
    second = Value(5.0)
    other = second * second
    assert viz.compare(one, other).sentences[0] == "second was 3, is 5."
    assert viz.compare(copy.deepcopy(one), one).sentences[0].startswith("Nothing differs")


def test_a_graph_too_large_for_any_sketch_is_drawn_all_the_same() -> None:
    def chain(number: float) -> Value:
        y = a = Value(number, "a")
        for _ in range(90):
            y = y + a
        return done(y)

    picture = compared(chain(1.0), chain(2.0), fit="slide")
    assert picture.source.count("(was ") >= 90
    assert picture.sentences[0] == "a was 1, is 2."
