"""An input is moved by ±h, and what the output does is set beside its gradient; at a kink both sides are told."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hosts import MODULE, Node
from scripts import running

import viz
from autodiff import Value, clamp, exp, grad, log, maximum, minimum, relu, sigmoid, sign, sqrt, tanh, where

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("checked")) as ask:
        yield Node(ask)


def checked(node: Node, y: Value, **options: Any) -> list[str]:
    """What stands beside the gradient of each input once it is checked."""
    node.open(viz.step(y, names=False, digits=6, **options))
    return [row["check"].replace("−", "-") for row in node.act(["press", "c"])["inputs"]]


SMOOTH: dict[str, Callable[[Value, Value], Value]] = {
    "product": lambda a, b: a * b + a,
    "quotient": lambda a, b: a / b,
    "exponential": lambda a, b: exp(a) * b,
    "logarithm": lambda a, b: log(a * a) + sqrt(b * b),
    "sigmoid": lambda a, b: sigmoid(a) - tanh(b),
    "one side of a maximum": lambda a, b: maximum(a, b + 10) * 2 + minimum(a, 9) * b,
    "gates": lambda a, b: relu(a * a) + clamp(b, -50, 50) ** 3,
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("seed", range(4))
def test_the_slope_is_the_gradient_to_four_figures(node: Node, name: str, seed: int) -> None:
    rng = random.Random(f"{name} {seed}")
    a, b = (Value(rng.choice([-1, 1]) * 10 ** rng.uniform(-2, 1), n) for n in "ab")
    y = SMOOTH[name](a, b)
    slopes = [x.data for x in grad(y, [a, b])]
    for text, leaf, slope in zip(checked(node, y), (a, b), slopes, strict=True):
        found = re.fullmatch(rf"Δv\d+/Δ{leaf.name} = (\S+)", text)
        assert found, text
        assert float(found[1]) == pytest.approx(slope, rel=1e-4, abs=1e-7)


KINKS: dict[str, tuple[Value | Any, str]] = {
    "relu at 0": (lambda x: relu(x) * 3, "kink at v1: Δv2/Δx is 0 below and 3 above; the rule takes the one below, 0"),
    "abs at 0": (lambda x: abs(x), "kink at v1: Δv1/Δx is -1 below and 1 above; the rule takes the middle, 0"),
    "tie, first": (
        lambda x: maximum(x, 0.0),
        "kink at v1: Δv1/Δx is 0 below and 1 above; the rule takes the one above, 1",
    ),
    "tie, second": (
        lambda x: maximum(0.0, x) * 5,
        "kink at v1: Δv2/Δx is 0 below and 5 above; the rule takes the one below, 0",
    ),
    "clamp": (
        lambda x: clamp(x, 0.0, 1.0),
        "kink at v1: Δv1/Δx is 0 below and 1 above; the rule takes the one above, 1",
    ),
}


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_both_slopes_are_told_and_which_one_the_rule_takes(node: Node, name: str) -> None:
    make, words = KINKS[name]
    assert checked(node, make(Value(0.0, "x"))) == [words]


@pytest.mark.parametrize("away", [1e-3, 1e-5, 1e-6])
def test_near_a_kink_the_move_is_so_small_that_it_stays_on_its_side(node: Node, away: float) -> None:
    assert checked(node, relu(Value(away, "x")) * 3) == ["Δv2/Δx = 3"]
    assert checked(node, relu(Value(-away, "x")) * 3) == ["Δv2/Δx = 0"]


def test_where_the_output_jumps_there_is_no_slope(node: Node) -> None:
    x = Value(0.0, "x")
    assert checked(node, sign(x) + x) == ["v2 jumps here: no slope"]
    assert checked(node, where(Value(0.0, "s"), Value(2.0, "a"), Value(5.0, "b")))[0] == "v3 jumps here: no slope"


def test_an_edit_is_checked_anew_and_a_second_press_ends_it(node: Node) -> None:
    x = Value(2.0, "x")
    assert checked(node, x * x) == ["Δv1/Δx = 4"]
    field = ".gr-input [role=spinbutton]"
    assert node.act(["fill", field, "-3", 0])["inputs"][0]["check"] == "Δv1/Δx = −6"
    assert node.act(["press", "Escape", "c"])["inputs"][0]["check"] == ""


def test_the_seed_is_a_factor_of_the_slope(node: Node) -> None:
    assert checked(node, Value(2.0, "x") * 3, seed=0.5) == ["0.5 × Δv1/Δx = 1.5"]


def test_while_predict_asks_nothing_is_checked(node: Node) -> None:
    checked(node, Value(2.0, "x") * 3)
    assert [row["check"] for row in node.act(["press", "p"])["inputs"]] == [""]
    assert [row["check"] for row in node.act(["press", "Escape", "p"])["inputs"]] == ["Δv1/Δx = 3"]


def test_of_many_inputs_the_first_are_checked(node: Node) -> None:
    leaves = [Value(float(i), f"x{i}") for i in range(70)]
    total = leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf * 2
    texts = checked(node, total)
    assert [bool(text) for text in texts] == [True] * 64 + [False] * 6
