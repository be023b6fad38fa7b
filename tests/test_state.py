"""The stepper is a function of a state: what somebody did is a list of actions, and replays without a browser."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from scripts import Ask, running

import viz
from autodiff import Value, max_pool1d, maximum, relu, steps

SPEEDS = [0.25, 0.5, 1, 2, 4, 8]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    with running(["engine.js", "look.js", "state.js"], "state.mjs", tmp_path_factory.mktemp("state")) as ask:
        yield ask


def pool() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1]


def replay(ask: Ask, y: Value, *actions: dict[str, Any] | str, start: int = 0) -> list[dict[str, Any]]:
    done = [{"do": action} if isinstance(action, str) else action for action in actions]
    states: list[dict[str, Any]] = ask({"data": viz.step(y, names=False).data, "start": start, "actions": done})
    return states


@pytest.mark.slow
def test_the_same_actions_lead_to_the_same_state(ask: Ask) -> None:
    rng = random.Random(0)
    y = pool()
    last = len(steps(y)) - 1
    simple = ["first", "back", "next", "last", "beat", "play", "pause", "stop", "reset", "predict", "slower", "faster"]
    for _ in range(20):
        actions: list[dict[str, Any] | str] = []
        for _ in range(40):
            choice = rng.randrange(len(simple) + 3)
            actions.append(
                simple[choice]
                if choice < len(simple)
                else {"do": "go", "to": rng.randint(-5, 99)}
                if choice == len(simple)
                else {"do": "edit", "changes": {rng.randrange(5): rng.uniform(-5, 5)}}
                if choice == len(simple) + 1
                else {"do": "answer", "text": rng.choice(["3", "no path", ""])}
            )
        states = replay(ask, y, *actions)
        assert states == replay(ask, y, *actions)
        for state in states:
            assert 0 <= state["index"] <= state["last"]
            assert state["speed"] in SPEEDS
            assert not (state["playing"] and state["predicting"])
            assert state["right"] <= state["asked"]
            assert state["leaves"] or state["told"] == []
        assert last == states[0]["last"]


def test_steps_stop_at_both_ends(ask: Ask) -> None:
    first, back, end, beyond = (s["index"] for s in replay(ask, pool(), "back", "last", "next"))
    assert (first, back, end, beyond) == (0, 0, len(steps(pool())) - 1, len(steps(pool())) - 1)
    assert replay(ask, pool(), start=-1)[0]["index"] == end


def test_an_edit_keeps_the_step_one_looks_at_though_its_number_changes(ask: Ask) -> None:
    x = Value(1.0, "x")
    y = relu(x) * 2 + x  # where relu is on there is one more step before the last
    told = steps(y)
    look_at = next(step for step in told if step.edge and told.graph.nodes[step.edge.target].op.name == "add")  # type: ignore[union-attr]
    states = replay(ask, y, {"do": "go", "to": look_at.index}, {"do": "edit", "changes": {0: -1.0}})
    assert states[1]["sentence"].split(" ")[0] == states[2]["sentence"].split(" ")[0]


def test_at_the_end_an_edit_stays_at_the_end(ask: Ask) -> None:
    x = Value(1.0, "x")
    y = maximum(x * 2, 1) * 3  # once the 1 wins, no gradient comes to x * 2
    states = replay(ask, y, "last", {"do": "edit", "changes": {0: -5.0}})
    assert states[2]["index"] == states[2]["last"] != states[1]["last"]


def test_an_edit_tells_at_most_three_routes_and_reset_tells_none(ask: Ask) -> None:
    xs = [Value(float(i + 1), f"x{i}") for i in range(5)]
    y = sum(relu(x) for x in xs)
    assert isinstance(y, Value)
    off = {"do": "edit", "changes": dict.fromkeys(range(5), -1.0)}
    states = replay(ask, y, off, "reset")
    assert len(states[1]["changed"]) == 5
    assert len(states[1]["told"]) == 4
    assert states[1]["told"][-1] == "2 more"
    assert (states[2]["told"], states[2]["leaves"]) == ([], {})


def test_every_action_but_the_passive_ones_stops_play(ask: Ask) -> None:
    for action, goes_on in (
        ("next", False),
        ("stop", False),
        ("pause", False),
        ("predict", False),
        ("theme", True),
        ("faster", True),
        ({"do": "edit", "changes": {0: 1.0}}, True),
    ):
        states = replay(ask, pool(), "play", action)
        assert states[1]["playing"]
        assert states[2]["playing"] is goes_on, action


def test_play_stops_at_a_breakpoint_and_at_the_end(ask: Ask) -> None:
    states = replay(ask, pool(), {"do": "stop", "node": 2}, "play", "beat", "beat", "beat")
    assert [state["playing"] for state in states] == [False, False, True, True, False, False]
    assert replay(ask, pool(), "last", "back", "play", "beat")[-1]["playing"] is False
    assert replay(ask, pool(), "last", "play")[-1]["index"] == 0  # from the end it begins anew


@pytest.mark.parametrize(
    ("text", "hit"),
    [("2.1", True), ("2,1", True), ("2.11", True), ("2.12", False), ("2.09", True), ("2.08", False), ("−2.1", False)],
)
def test_predict_takes_what_is_within_half_a_percent(ask: Ask, text: str, hit: bool) -> None:
    x = Value(3.0, "x")
    states = replay(ask, 0.7 * x, "predict", {"do": "answer", "text": text})
    assert states[1]["target"] == 1
    assert states[2]["verdict"]["hit"] is hit
    assert (states[2]["right"], states[2]["asked"], states[2]["index"]) == (int(hit), 1, 1)


def test_next_waits_while_predict_asks(ask: Ask) -> None:
    states = replay(ask, pool(), "predict", "next", "predict", "next")
    assert [state["index"] for state in states] == [0, 0, 0, 0, 1]


def test_a_node_is_gone_round_and_round(ask: Ask) -> None:
    jump = {"do": "jump", "members": [2]}
    y = pool()
    own = [step.index for step in steps(y) if step.node == 2]
    states = replay(ask, y, *[jump] * (len(own) + 1))
    assert [state["index"] for state in states[1:]] == [*own, own[0]]


def test_a_node_that_a_gradient_reaches_only_now_has_no_other_winner(ask: Ask) -> None:
    x = Value(0.0, "x")
    y = maximum(x * 2, 1) * 3
    (_, reached) = replay(ask, y, {"do": "edit", "changes": {0: 5.0}})
    assert reached["told"] == ["v2 takes v1"]  # not: v1 takes x
