"""A page on which scopes are folded has one step for each change that is seen, and speaks of what is seen."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hosts import MODULE, Node
from scripts import running

import viz
from autodiff import Graph, Value, max_pool2d, maximum, nn, relu, scope, steps, tanh
from autodiff.language.notation import Figures, numeral, writing
from autodiff.recording.reverse import NO_PATH
from viz.page.stepper import Stepper

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("collapsed")) as ask:
        yield Node(ask)


def network() -> Value:
    rng = random.Random(0)
    out = nn.MLP(3, [4, 4, 1])([Value(rng.uniform(-1, 1), f"x{i}") for i in range(3)])
    assert isinstance(out, Value)
    return out


def losses() -> Value:
    scores = [Value(x, f"s{i}") for i, x in enumerate((0.5, -1.2, 0.3))]
    return nn.cross_entropy(scores, 1)


def several_uses() -> Value:
    x, a = Value(2.0, "x"), Value(-3.0, "a")
    with scope("line"):
        h = x * 3 + x * a + x
    with scope("gate"):
        g = relu(h) + h * x
    return g * h + maximum(x, h)


def convolved() -> Value:
    rng = random.Random(1)
    cells = [[Value(rng.uniform(-2, 2), f"x{r}{c}") for c in range(4)] for r in range(4)]
    p = max_pool2d(cells, kernel_size=2)
    with scope("sum"):
        y = relu(p[0][0] + p[0][1]) + p[1][0] * p[1][1]
        z = y * 2
    return y - z * cells[0][0]


def random_scopes(seed: int) -> Callable[[], Value]:
    def made() -> Value:
        rng = random.Random(seed)
        nodes = [Value(rng.uniform(-3, 3), f"x{i}") for i in range(3)]
        for k in range(10):
            with scope(f"part {k // 3}"):
                a, b = rng.choices(nodes, k=2)
                nodes.append(rng.choice([a * b, a + b, maximum(a, b), relu(a), tanh(a), a * a - b]))
        return nodes[-1] * nodes[-4] + nodes[-2]

    made.__name__ = f"random {seed}"
    return made


GRAPHS = [network, losses, several_uses, convolved, *(random_scopes(seed) for seed in range(8))]
SLOW = [make if k < 5 else pytest.param(make, marks=pytest.mark.slow) for k, make in enumerate(GRAPHS)]
every_graph = pytest.mark.parametrize("make", SLOW, ids=lambda make: make.__name__)


def opened(node: Node, make: Callable[[], Value]) -> tuple[Stepper, int]:
    shown = viz.step(make(), names=False, collapse=True)
    node.open(shown)
    return shown, int(node.seen()["slider"][0])


def require_changes(node: Node, last: int) -> None:
    """Each step shows something else than the one before it."""
    before: Any = None
    for k in range(last + 1):
        node.go(k)
        found = node.seen()
        now = (found["boxes"], found["lines"], found["halo"])
        assert now != before, (k, found["sentence"])
        before = now


@every_graph
def test_each_step_changes_what_is_seen_and_python_counts_the_same(node: Node, make: Callable[[], Value]) -> None:
    shown, last = opened(node, make)
    assert last == len(shown._seen) - 1
    require_changes(node, last)
    forward = sum(facts[0] < shown._told.forward for facts in shown._seen)
    assert f": {forward} steps forward, {last + 1 - forward} backward" in repr(shown)


@every_graph
def test_sentences_name_what_is_seen(node: Node, make: Callable[[], Value]) -> None:
    shown, last = opened(node, make)
    data, view = shown.data, shown._laid.view
    hidden = {data["nodes"][number]["label"] for number in view.hidden_in}
    seen_names = {data["nodes"][number]["label"] for number in view.numbers if number not in view.hidden_in}
    for k in range(last + 1):
        node.go(k)
        sentence = node.seen()["sentence"]
        for fold in data["folds"].values():  # what stands inside of a box is told with the box
            for member in fold["members"]:
                sentence = sentence.replace(f"{fold['called']} › {data['nodes'][member]['label']}", fold["called"])
        words = set(sentence.replace("(", " ").replace(")", " ").replace(",", " ").replace(".grad", " ").split())
        assert not words & (hidden - seen_names), sentence


@every_graph
def test_leaves_are_told_at_once(node: Node, make: Callable[[], Value]) -> None:
    _, last = opened(node, make)
    first = node.seen()
    assert first["sentence"].startswith("the inputs are given: ")
    assert all(box["words"][0][0] != "·" for box in first["boxes"] if "gr-leaf" in box["marks"])
    phases = []
    for k in range(1, last + 1):
        node.go(k)
        now = node.seen()
        phases.append(now["phase"])
        assert not now["sentence"].startswith("the inputs")
    assert phases == sorted(phases, reverse=True)  # forward, then backward


@every_graph
def test_at_the_end_the_gradients_are_those_of_the_pass_to_the_last_bit(node: Node, make: Callable[[], Value]) -> None:
    shown, last = opened(node, make)
    node.go(last)
    found = node.seen()
    end = shown._told.snapshot(-1)
    with writing(Figures(**shown.data["figures"])):
        for box in found["boxes"]:
            if box["id"][0] == "n":
                gradient = end.gradients[int(box["id"][1:])]
                assert gradient is not None
                assert box["words"][1][0] == ("no path" if gradient is NO_PATH else numeral(gradient))


@pytest.mark.parametrize(
    "part", [{"depth": 2}, {"around": 3, "depth": 1}, {"around": 8, "depth": 2}, {"reached": True}]
)
@pytest.mark.parametrize("make", [losses, several_uses, convolved], ids=lambda make: make.__name__)
def test_of_a_part_that_is_shown_alone_each_step_is_seen(node: Node, make: Callable[[], Value], part: Any) -> None:
    y = make()
    y.backward()
    if "around" in part:
        part = {**part, "around": Graph(y).values[part["around"]]}
    shown = viz.step(y, names=False, collapse=False, **part)
    unseen = shown.data["unseen"]
    node.open(shown)
    node.act(["resize", 4000, 4000])  # where a narrow frame is given folded scopes, this is not
    last = int(node.seen()["slider"][0])
    assert last == len(shown._seen) - 1
    assert {box["id"] for box in node.seen()["boxes"]} == {f"n{k}" for k in range(len(Graph(y))) if k not in unseen}
    require_changes(node, last)


def test_a_network_of_many_nodes_has_few_steps() -> None:
    out = nn.MLP(4, [6, 4, 1])([Value(0.1 * i, f"x{i}") for i in range(4)])
    assert isinstance(out, Value)
    facts = len(steps(out))
    shown = viz.step(out, names=False, collapse=True)
    assert len(Graph(out)) > 150
    assert facts > 250
    assert len(shown._seen) <= 12


def test_of_several_uses_by_one_box_the_sum_arrives_at_once(node: Node) -> None:
    x = Value(2.0, "x")
    with scope("line"):
        y = x * 3 + x * 4
    shown = viz.step(y * 1, names=False, collapse=True)
    node.open(shown)
    node.press("End")
    assert node.seen()["sentence"] == "x.grad = 7, from line (2 uses)"


def test_boxes_of_one_name_are_told_with_what_they_stand_in(node: Node) -> None:
    out = nn.MLP(2, [2, 1])([Value(0.5, "a"), Value(2.0, "b")])
    shown = viz.step(out, names=False, collapse=["neuron 0", "neuron 1"])
    node.open(shown)
    last = int(node.seen()["slider"][0])
    told = []
    for k in range(last + 1):
        node.go(k)
        told.append(node.seen()["sentence"])
    assert any(sentence.startswith("layer 0 › neuron 0 = ") for sentence in told)
    assert any(sentence.startswith("layer 1 › neuron 0 = ") for sentence in told)
    assert any(sentence.startswith("neuron 1 = ") for sentence in told)


def test_predict_asks_for_no_number_that_is_made_inside_of_a_box(node: Node) -> None:
    y = several_uses()
    node.open(viz.step(y, names=False, collapse=True))
    found = node.act(["press", "p"])
    questions = []
    while not found["quiz"]["ask"]:
        questions.append(found["quiz"]["question"])
        found = node.act(["click", "[data-do=give]"])
    assert questions
    assert not [question for question in questions if question.startswith(("line =", "gate ="))]


def test_start_is_a_step_that_is_seen() -> None:
    y = several_uses()
    count = len(viz.step(y, names=False, collapse=True)._seen)
    assert viz.step(y, names=False, collapse=True, start=count - 1).start == count - 1
    with pytest.raises(ValueError, match=f"start is a step from 0 to {count - 1}, or from the end; got {count}"):
        viz.step(y, names=False, collapse=True, start=count)
