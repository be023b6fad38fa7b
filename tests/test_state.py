"""The stepper is a function of a state: what somebody did is a list of actions, and replays without a browser."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from scripts import ENGINE, Ask, running

import viz
from autodiff import Graph, Steps, Value, clamp, max_pool1d, maximum, relu, steps, where
from autodiff.language.notation import numeral

SCRIPTS = [*ENGINE, "arithmetic.js", "look.js", "quiz.js", "checking.js", "state.js"]
SPEEDS = [0.25, 0.5, 1, 2, 4, 8]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    with running(SCRIPTS, "state.mjs", tmp_path_factory.mktemp("state")) as ask:
        yield ask


def pool() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1]


@cache
def data(graph: str) -> Any:
    """What the page of a graph, written as JSON, works on: laid out once, for every test of it."""
    return viz.step(Graph.from_json(graph).values[-1], names=False).data


def replay(ask: Ask, y: Value, *actions: dict[str, Any] | str, start: int = 0) -> list[dict[str, Any]]:
    done = [{"do": action} if isinstance(action, str) else action for action in actions]
    states: list[dict[str, Any]] = ask({"data": data(Graph(y).to_json()), "start": start, "actions": done})
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


@pytest.mark.slow
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


def answered(ask: Ask, output: Value, *texts: str) -> list[Any]:
    """The states after Predict and each of these answers."""
    return replay(ask, output, "predict", *({"do": "answer", "text": text} for text in texts))[1:]


RIGHT = ["2.1", "2,1", "2.11", "2.1104", "2.09", "2.0896", "0.7*3", "21/10", "(1.4+2.8)/2", "--2.1", "2.1e0"]
WRONG = ["2.1106", "2.0894", "2.12", "2.08", "−2.1", "3*0.707", "2.121", "2.079", "0", "inf", "nan"]
UNREAD = ["wrong", "x2", "alert(1)", "Math.max(2.1,1)", "2.1.0", "2 1", "a", "0.7*x", "0.7*", ")", "no path", "none"]


@pytest.mark.parametrize("text", RIGHT)
def test_predict_takes_what_is_within_half_a_percent(ask: Ask, text: str) -> None:
    before, after = answered(ask, 0.7 * Value(3.0, "x"), text)
    assert before["target"] == 1
    assert after["verdict"]["kind"] == "right"
    assert (after["right"], after["asked"], after["index"]) == (1, 1, 1)


@pytest.mark.slow
@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_number_has_a_second_try_before_the_truth(ask: Ask, text: str) -> None:
    _, once, twice = answered(ask, 0.7 * Value(3.0, "x"), text, text)
    assert (once["verdict"]["kind"], once["right"], once["asked"], once["index"]) == ("again", 0, 0, 0)
    assert (twice["verdict"]["kind"], twice["right"], twice["asked"], twice["index"]) == ("wrong", 0, 1, 1)
    assert twice["verdict"]["truth"] == "2.1"
    _, _, mended = answered(ask, 0.7 * Value(3.0, "x"), text, "2.1")
    assert (mended["verdict"]["kind"], mended["right"], mended["asked"], mended["index"]) == ("right", 1, 1, 1)


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_no_number_is_asked_for_again_and_again(ask: Ask, text: str) -> None:
    _, *states = answered(ask, 0.7 * Value(3.0, "x"), text, text, "5", text, "2.1")
    assert [state["verdict"]["kind"] for state in states] == ["unread", "unread", "again", "unread", "right"]
    assert [(state["asked"], state["index"]) for state in states[:-1]] == [(0, 0)] * 4


def test_each_number_has_a_second_try_of_its_own(ask: Ask) -> None:
    x = Value(3.0, "x")
    _, *states = answered(ask, (0.7 * x) * 2, "5", "6", "7", "8")
    assert [state["verdict"]["kind"] for state in states] == ["again", "wrong", "again", "wrong"]
    looked = replay(ask, 0.7 * x, "predict", {"do": "answer", "text": "5"}, "back", {"do": "answer", "text": "5"})
    assert looked[-1]["verdict"]["kind"] == "again"  # who looked around begins anew


def test_what_is_given_up_is_told_at_once(ask: Ask) -> None:
    _, told = answered(ask, 0.7 * Value(3.0, "x"), "")
    assert (told["verdict"]["kind"], told["right"], told["asked"], told["index"]) == ("told", 0, 1, 1)


@pytest.mark.parametrize("text", ["no path", "No Path", "0", "-0", "3-3"])
def test_where_nothing_flows_the_derivative_is_0(ask: Ask, text: str) -> None:
    y = maximum(Value(3.0, "a"), Value(5.0, "b"))
    *_, told = answered(ask, y, "5", text)  # the value, then what the loser gets
    assert (told["verdict"]["kind"], told["verdict"]["truth"], told["verdict"]["nothing"]) == ("right", "no path", True)
    *_, wrong = answered(ask, y, "5", "1")
    assert wrong["verdict"]["kind"] == "again"


def test_where_something_arrived_before_0_is_no_answer(ask: Ask) -> None:
    a = Value(3.0, "a")
    y = maximum(a, 5.0) + a
    *_, told = answered(ask, y, "5", "8", "1", "1", "0")
    assert told["verdict"]["kind"] == "again"


def test_a_number_that_is_no_number_may_be_the_answer(ask: Ask) -> None:
    big = Value(1e300, "big")
    _, *states = answered(ask, big * big - big * big, "5", "inf", "inf", "0", "nan")
    assert [state["verdict"]["kind"] for state in states] == ["again", "right", "right", "again", "right"]


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


def test_what_is_said_of_an_answer_goes_when_the_step_changes(ask: Ask) -> None:
    moves: list[dict[str, Any] | str] = ["back", "first", "last", {"do": "go", "to": 3}, {"do": "jump", "members": [0]}]
    moves += ["predict", {"do": "edit", "changes": {0: 9.0}}]
    for move in moves:
        for texts in (["99"], ["99", "99"], ["wrong"], [""]):
            answers = [{"do": "answer", "text": text} for text in texts]
            *_, said, after = replay(ask, pool(), "predict", *answers, move)
            assert said["verdict"] is not None
            assert after["verdict"] is None, (move, texts)


# -- The news of an edit


def deciding(rng: random.Random) -> Value:
    """A graph of a few leaves in which much is decided, and much is not."""
    nodes = [Value(rng.uniform(-3, 3), f"x{i}") for i in range(4)]
    for _ in range(12):
        a, b, c = rng.choices(nodes, k=3)
        made = [a * b, a / b, a + b, maximum(a, b), maximum(a, 0.5), relu(a), where(a, b, c), clamp(a, -1, 1), abs(a)]
        nodes.append(rng.choice(made))
    y = nodes[-1]
    for node in nodes[-4:-1]:
        y = y + node
    return y


def paths(told: Steps) -> dict[int, list[bool]]:
    """For every operand of every node, whether a path leads to it."""
    found = {}
    for node in told.graph.nodes:
        if node.op is not None:
            numbers = told.telling.operands(node.number)
            slopes = node.op.local_derivatives(*numbers, told.telling.data[node.number])
            found[node.number] = [slope is not None for slope in slopes]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_only_what_decides_otherwise_takes_another_route(ask: Ask, seed: int) -> None:
    rng = random.Random(seed)
    y = deciding(rng)
    recorded = steps(y)
    before = paths(recorded)
    edits = {leaf: rng.uniform(-3, 3) for leaf in recorded.graph.leaves}
    (_, seen) = replay(ask, y, {"do": "edit", "changes": edits})
    graph = recorded.graph
    for leaf, x in edits.items():
        graph.values[leaf].data = x
    graph.forward()
    now = steps(y)
    after = paths(now)
    assert set(seen["changed"]) == {node for node in after if after[node] != before[node]}
    for words in [words for words in seen["told"] if " more" not in words]:
        node = now.labels.index(words.split(" ")[0])
        args = graph.nodes[node].args
        if len(args) == 1:
            assert words.split(" is ")[1] == ("on" if after[node][0] else "off")
            continue
        taken = [arg for arg, holds in zip(args, after[node], strict=True) if holds]
        names = [now.labels[arg] if isinstance(arg, int) else page_numeral(arg) for arg in taken]
        assert words.split(" takes ")[1] == (", ".join(names) or "none")


def page_numeral(x: float) -> str:
    return numeral(x).replace("-", "−")


def test_where_nothing_flowed_before_and_something_does_now_no_product_takes_a_route(ask: Ask) -> None:
    a, b, s = Value(1.5, "a"), Value(2.5, "b"), Value(0.0, "s")
    y = where(s, a * b, a / b) * a
    (_, seen) = replay(ask, y, {"do": "edit", "changes": {2: 5.375}})
    assert seen["told"] == ["v5 takes v3"]
