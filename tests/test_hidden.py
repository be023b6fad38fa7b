"""While Predict asks, nothing on the page tells a number, a winner or a change that is not reached yet."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hosts import MODULE, Node
from scripts import running
from test_state import paths
from test_whole_page import Seen

import viz
from autodiff import Graph, Steps, Value, exp, max_pool1d, maximum, relu, scope, sigmoid, steps, where
from autodiff.language.notation import Figures, numeral, writing
from autodiff.recording.reverse import NO_PATH
from viz.page.html import page
from viz.page.stepper import Stepper

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("hidden")) as ask:
        yield Node(ask)


def made(seed: int) -> tuple[Value, Any]:
    """A graph of numbers that all differ, with a pool, choices, gates, sums and scopes."""
    rng = random.Random(seed)
    x = [Value(rng.uniform(0.3, 3.0), f"x{i}") for i in range(5)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    nodes = [*x, *p]
    for k in range(8):
        a, b, c = rng.sample(nodes, 3)
        with scope(f"part {k // 4}"):
            made = [a * b, a / b, a + b, maximum(a, b), relu(a - b), where(a - b, b, c), sigmoid(a), exp(-a), a * b + c]
            nodes.append(rng.choice(made))
    return p[0] * nodes[-1] + p[1] * nodes[-2] + nodes[-3], p


def edited(seed: int, edits: dict[int, float]) -> Steps:
    y, _ = made(seed)
    graph = Graph(y)
    for leaf, x in edits.items():
        graph.values[leaf].data = x
    graph.forward()
    return steps(y)


def facts(told: Steps, page: Seen, k: int) -> tuple[set[float], set[float]]:
    """The numbers that are reached after a step of a page, with those that never were hidden, and the others."""
    leaves = {told.telling.data[leaf] for leaf in told.graph.leaves}
    constants = {arg for one in told.graph.nodes for arg in one.args if isinstance(arg, float)}
    seen, hidden = leaves | constants, set[float]()
    for step in told:
        numbers = {step.before, step.after, step.local, step.upstream, step.contribution} - {None, NO_PATH}
        (seen if page.stops[step.index] <= k else hidden).update(numbers)
    return seen, hidden


def tokens(texts: list[str]) -> set[str]:
    """The numbers in these texts, without their signs, as pages write them."""
    return set(re.findall(r"\d+(?:\.\d+)?(?:e[−-]?\d+)?", " ".join(texts)))


@pytest.mark.parametrize("folded", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_while_predict_asks_nothing_that_is_hidden_stands_on_the_page(node: Node, seed: int, folded: bool) -> None:
    y, p = made(seed)
    stepper = viz.step(y, names=False, grid=p, collapse=folded, digits=6)
    rng = random.Random(seed)
    recorded = steps(y)
    edits: dict[int, float] = {}
    node.open(stepper)
    for _ in range(3):
        told = edited(seed, edits)
        node.press("Escape", "Home", "p")
        while True:
            seen = node.ask({"acts": [*node.acts, ["submit", "123456"]], "everything": True})
            node.acts.clear()
            if seen["quiz"]["ask"]:
                break
            require_hidden(seen, told, recorded, stepper)
            node.act(["submit", "wrong"], ["click", "[data-do=give]"])
        node.press("Escape", "p")
        leaf = rng.choice(recorded.graph.leaves)
        edits[leaf] = rng.uniform(-3.0, 3.0)
        node.fill([*recorded.graph.leaves].index(leaf), edits[leaf])
        edits[leaf] = float(f"{edits[leaf]:g}")


def require_hidden(seen: dict[str, Any], told: Steps, recorded: Steps, stepper: Stepper) -> None:
    page, k = Seen(told, stepper), int(seen["slider"][1])
    with writing(Figures(**stepper.data["figures"])):
        known, hidden = facts(told, page, k)
        before, _ = facts(recorded, Seen(recorded, stepper), min(k, len(Seen(recorded, stepper)) - 1))
        others = hidden | {step.after for step in recorded if step.after is not None}
        secret = {numeral(abs(x)) for x in others} - {numeral(abs(x)) for x in known | before}
        shown = tokens(seen["everything"])
        assert not {text for text in shown & secret if len(text.strip("0.")) > 3}, (k, seen["sentence"])
    now, then = paths(told), paths(recorded)
    values = page.snapshot(k).values
    changed = {one for one in now if now[one] != then[one] and values[one] is not None}
    flagged = {int(box["id"][1:]) for box in seen["boxes"] if "gr-changed" in box["marks"] and box["id"][0] == "n"}
    assert flagged <= changed
    names = {told.labels[one] for one in changed}
    assert set(re.findall(r"(\S+) (?:takes|is on|is off)", seen["news"])) <= names
    assert " → " not in seen["news"] or values[told.graph.outputs[0]] is not None


def test_no_number_that_was_computed_is_in_what_the_page_is_opened_with() -> None:
    y, p = made(3)
    stepper = viz.step(y, names=False, grid=p)
    whole = page(stepper.data, "", grid=stepper.grid, theme="auto", start=0, title="")
    found = whole.split('id="told">')[1].split("</script>")[0]
    told = steps(y)
    given = {told.telling.data[leaf] for leaf in told.graph.leaves}
    assert all(repr(x) in found for x in given)
    assert not [x for x in told.telling.data if x not in given and repr(x) in found]
