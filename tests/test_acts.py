"""What people do on the page: keys, hands, Play, Predict, pointing, edits; in Node, event by event."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hosts import MODULE, Node, told
from scripts import running

import viz
from autodiff import Graph, Value, max_pool1d, maximum, scope, steps
from autodiff.language import notation
from autodiff.recording.reverse import NO_PATH

pytestmark = pytest.mark.slow
BEAT = 1100  # milliseconds of a step at speed 1
LEFT, TOP = 4, 4  # where the graph begins in its drawing


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(MODULE, "page.mjs", tmp_path_factory.mktemp("acts")) as ask:
        yield Node(ask)


def numeral(x: float) -> str:
    """A number as pages write it, whose minus is as wide as a plus."""
    return notation.numeral(x).replace("-", "−")


def pooled() -> tuple[Value, Any]:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] - 0.9 * p[1], p


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    y, p = pooled()
    return told(viz.step(y, names=False, grid=p))


@pytest.fixture
def pool(node: Node, page: dict[str, Any]) -> Node:
    node.tell(page)
    return node


STEPS = steps(pooled()[0])
LAST = len(STEPS) - 1


def at(seen: dict[str, Any]) -> int:
    return int(seen["slider"][1])


# -- The address, and what is around


@pytest.mark.parametrize(
    ("address", "index", "edits"),
    [
        ("#step=7", 7, {}),
        ("#step=7&x0=9", 7, {0: 9.0}),
        ("#x0=1/2&step=-1", LAST, {0: 0.5}),
        ("#x1=-0,5&x4=2·10^2", 0, {1: -0.5, 4: 200.0}),
        ("#step=99", LAST, {}),
        ("#step=two&x0=three&x9=1&v5=8", 0, {}),
        ("#step=1.5", 0, {}),
        ("", 0, {}),
        ("#", 0, {}),
    ],
)
def test_an_address_opens_a_step_with_numbers_of_its_own(
    node: Node, page: dict[str, Any], address: str, index: int, edits: dict[int, float]
) -> None:
    node.tell(page, address)
    seen = node.seen()
    given = {leaf: float(x) for leaf, x in enumerate((3, 0, 4, 2, 0))}
    assert {int(leaf): x for leaf, x in seen["values"].items()} == given | edits
    assert at(seen) == index
    other = node.act(["address", "#step=2&x2=-7"])
    assert (at(other), other["values"]["2"]) == (2, -7)


@pytest.mark.parametrize("name", ["x0", "step", "a&b=c#d", "π r²", "100%", "+", "<b>"])
def test_what_is_looked_at_has_an_address_that_leads_there_again(node: Node, name: str) -> None:
    y = Value(2.0, name) * 3 + 1
    node.open(viz.step(y, names=False))
    seen = node.act(["go", 3], ["edit", {"0": -0.25}])
    assert seen["address"].startswith("#step=3&")
    node.open(viz.step(y, names=False), seen["address"])
    again = node.seen()
    assert (at(again), again["values"]) == (3, {"0": -0.25})


def test_an_address_is_read_by_a_page_of_its_own_alone(node: Node) -> None:
    node.open(viz.step(pooled()[0], names=False), "#step=7", page=False)
    assert at(node.seen()) == 0


@pytest.mark.parametrize(("forth", "back", "times"), [("PageDown", "PageUp", 1), ("ArrowRight", "ArrowLeft", 2)])
def test_a_presenter_steps_and_leaves_at_the_ends(pool: Node, forth: str, back: str, times: int) -> None:
    pool.act(["frame", False])
    seen = pool.act(["press", forth, forth, back])
    assert (at(seen), seen["outer"]) == (1, {"heard": [], "focused": 0})
    seen = pool.act(["press", "End", *[forth] * (times - 1)])
    assert (at(seen), seen["outer"]) == (LAST, {"heard": [], "focused": 0})  # one press too many is no wish to leave
    seen = pool.act(["press", forth])
    assert (at(seen), seen["outer"]) == (LAST, {"heard": [forth], "focused": 1})
    seen = pool.act(["press", "Home", *[back] * times])
    assert (at(seen), seen["outer"]) == (0, {"heard": [forth, back], "focused": 2})
    seen = pool.act(["frame", True], ["press", *[back] * times])  # a deck of another origin is told, and gets the keys
    assert seen["outer"] == {"heard": ["prev"], "focused": 1}
    pool.act(["alone"])


def test_escape_gives_the_keys_back(pool: Node) -> None:
    pool.act(["frame", False])
    seen = pool.act(["press", "g"])
    assert seen["active"] == "n0"
    seen = pool.act(["press", "Escape"])
    assert (seen["active"], seen["outer"]) == ("body", {"heard": [], "focused": 1})
    pool.act(["alone"])


def test_the_step_slider_steps_with_the_keys_of_a_presenter(pool: Node) -> None:
    seen = pool.act(["focus", "[data-part=slider]"], ["press", "PageDown", "PageDown", "PageUp"])
    assert at(seen) == 1


def test_who_embeds_a_page_is_told_each_step(pool: Node) -> None:
    seen = pool.act(["press", "ArrowRight", "ArrowRight", "ArrowLeft", "End", "End"])
    assert seen["moved"] == [1, 2, 1, LAST]


# -- Buttons and keys

KEYS = {"first": "Home", "back": "ArrowLeft", "next": "ArrowRight", "last": "End", "play": "Space"}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("begin", [0, 7, LAST])
def test_a_key_does_what_its_button_does(pool: Node, name: str, begin: int) -> None:
    pool.go(begin)
    by_key = pool.act(["press", KEYS[name]])
    pool.act(["press", "Space"] if by_key["play"] == "Pause" else ["press"])
    pool.go(begin)
    by_button = pool.act(["click", f"[data-do={name}]"])
    assert at(by_key) == at(by_button)
    assert by_key["play"] == by_button["play"]
    goal = {"first": 0, "back": max(0, begin - 1), "next": min(LAST, begin + 1), "last": LAST}
    assert at(by_key) == goal.get(name, begin if begin < LAST else 0)
    assert by_button["play"] == ("Pause" if name == "play" else "Play")


def test_keys_with_control_alt_or_command_are_the_browsers(pool: Node) -> None:
    for key in ("Control+ArrowRight", "Alt+ArrowRight"):
        assert at(pool.act(["press", key])) == 0
    assert at(pool.act(["press", "x"])) == 0  # means nothing
    assert pool.act(["press", "T"])["theme"][0] == "Theme: light"  # capitals count


def test_a_button_that_has_the_focus_keeps_its_own_keys(pool: Node) -> None:
    pool.act(["focus", "[data-do=next]"])
    for key in ("Space", "Enter"):
        assert pool.act(["press", key])["play"] == "Play"
    assert at(pool.act(["press", "End"])) == LAST


def test_a_field_keeps_its_keys_and_escape_leaves_it(pool: Node) -> None:
    field = pool.act(["press", "e"])
    assert field["selected"]
    stayed = pool.act(["press", "End", "p", "b", "Space"])
    assert (at(stayed), stayed["quiz"]["hidden"], stayed["marks"], stayed["play"]) == (0, True, [], "Play")
    assert pool.act(["press", "Escape"])["active"].split()[0] == "gradroute"
    assert at(pool.act(["press", "End"])) == LAST


def test_the_step_slider_takes_arrows_to_the_side_itself_as_steps(pool: Node) -> None:
    pool.act(["focus", "[data-part=slider]"])
    assert at(pool.act(["press", "ArrowRight", "ArrowRight"])) == 2
    before = pool.act()["view"]
    assert pool.act(["press", "ArrowDown"])["active"] == "slider"  # up and down are the slider's own
    assert pool.act(["press", "End"])["view"] != before or at(pool.act()) == LAST


def test_a_dialog_shows_the_keys_and_closes_beside_it(pool: Node) -> None:
    assert pool.act(["press", "?"])["keys"]
    assert at(pool.act(["press", "End"])) == 0  # while it is open keys are its own
    assert not pool.act(["click", "[data-part=keys]"])["keys"]
    assert pool.act(["click", "[data-do=keys]"])["keys"]
    assert pool.act(["click", "[data-part=keys] table"])["keys"]
    assert not pool.act(["click", "[data-do=close]"])["keys"]


def test_the_focus_is_on_the_page_after_a_key(pool: Node) -> None:
    assert pool.act(["press", "ArrowRight"])["active"] == "gradroute"


# -- Nodes by keys


def test_arrows_walk_round_the_nodes_in_their_order_and_enter_jumps_to_one(pool: Node) -> None:
    count = len(STEPS.graph)
    assert pool.act(["press", "g"])["active"] == "n0"
    walked = [pool.act(["press", "ArrowDown"])["active"] for _ in range(count)]
    assert walked == [f"n{k}" for k in [*range(1, count), 0]]
    assert pool.act(["press", "ArrowUp"])["active"] == f"n{count - 1}"
    seen = pool.act(["press", "ArrowUp", "Enter"])
    assert STEPS[at(seen)].node == count - 2
    assert [box["tab"] for box in seen["boxes"]].count("0") == 1
    assert {box["id"] for box in seen["boxes"] if box["tab"] == "0"} == {f"n{count - 2}"}
    stopped = pool.act(["press", "ArrowUp", "b"])
    assert [box["id"] for box in stopped["boxes"] if box["stop"][0]] == [
        f"n{count - 3}"
    ]  # the focused, not the current
    assert pool.act(["press", "g"])["active"] == f"n{count - 2}"


def test_enter_beside_every_node_does_nothing(pool: Node) -> None:
    assert at(pool.act(["press", "Escape", "Enter"])) == 0


# -- The mouse


def test_a_click_jumps_and_with_shift_sets_a_breakpoint(pool: Node) -> None:
    assert STEPS[at(pool.act(["click", "#n6 rect"]))].node == 6
    seen = pool.act(["click", "#n5 rect", 0, {"shiftKey": True}])
    assert [box["id"] for box in seen["boxes"] if box["stop"][0]] == ["n5"]
    assert STEPS[at(seen)].node == 6
    seen = pool.act(["click", "#n5 rect", 0, {"shiftKey": True}])
    assert not [box["id"] for box in seen["boxes"] if box["stop"][0]]


def test_a_click_on_a_line_goes_to_its_flow(pool: Node) -> None:
    for edge in STEPS.graph.edges:
        seen = pool.act(["click", f"#e{edge.target}_{edge.position} path"])
        flows = [step.index for step in STEPS if step.edge == edge]
        assert at(seen) == (flows[0] if flows else at(seen))


def test_a_drag_is_no_click(pool: Node) -> None:
    down = {"clientX": 0, "clientY": 0, "pointerId": 1, "button": 0}
    moved = {"clientX": 50, "clientY": 0, "pointerId": 1}
    pool.act(["fire", ".gr-frame", "pointerdown", down], ["fire", ".gr-frame", "pointermove", moved])
    assert at(pool.act(["click", "#n6 rect"])) == 0
    pool.act(["fire", ".gr-frame", "pointerup", moved], ["fire", ".gr-frame", "pointerdown", down])
    assert at(pool.act(["click", "#n6 rect"])) == 6


def test_a_click_on_nothing_does_nothing(pool: Node) -> None:
    pool.act(["press", "Space"])
    seen = pool.act(["click", ".gr-canvas"])
    assert (at(seen), seen["play"]) == (0, "Pause")


# -- Play


def test_play_goes_a_step_a_beat_and_stops_at_a_breakpoint_and_at_the_end(pool: Node) -> None:
    pool.act(["click", "#n4 rect", 0, {"shiftKey": True}])
    seen = pool.act(["press", "Space"])
    assert (seen["timers"], seen["play"]) == ([BEAT], "Pause")
    told = [pool.act(["tick"]) for _ in range(5)]
    assert [at(one) for one in told] == [1, 2, 3, 4, 4]
    assert [one["play"] for one in told] == ["Pause", "Pause", "Pause", "Play", "Play"]
    assert told[3]["timers"] == []
    pool.act(["press", "b", "Space"])
    seen = pool.act(["tick", 4 * LAST])
    assert (at(seen), seen["play"], seen["timers"]) == (LAST, "Play", [])
    assert at(pool.act(["press", "End", "Space"])) == 0  # from the end it begins anew


@pytest.mark.parametrize("speed", [0.25, 0.5, 1, 2, 4, 8])
def test_a_beat_is_shorter_at_a_higher_speed(pool: Node, speed: float) -> None:
    seen = pool.act(["fill", "[data-part=speed]", f"{speed:g}"], ["press", "Space"])
    assert (seen["timers"], seen["speed"]) == ([BEAT / speed], f"{speed:g}")


def test_speed_keys_go_up_and_down_between_two_ends_and_play_goes_on(pool: Node) -> None:
    pool.act(["press", "Space"])
    assert [pool.act(["press", ">"])["speed"] for _ in range(4)] == ["2", "4", "8", "8"]
    assert [pool.act(["press", "<"])["speed"] for _ in range(6)] == ["4", "2", "1", "0.5", "0.25", "0.25"]
    assert pool.act()["play"] == "Pause"


@pytest.mark.parametrize(
    ("key", "goes_on"),
    [("+", True), ("-", True), ("f", True), ("g", True), ("ArrowDown", True), ("t", True)]
    + [(k, False) for k in ("ArrowRight", "Home", "b", "e", "?", "p")],
)
def test_looking_does_not_stop_play_and_doing_does(pool: Node, key: str, goes_on: bool) -> None:
    seen = pool.act(["press", "Space"], ["press", key])
    assert seen["play"] == ("Pause" if goes_on else "Play")
    assert len(seen["timers"]) == goes_on


# -- Predict


def test_predict_asks_for_the_next_number_and_tells_why(pool: Node) -> None:
    quiz = pool.act(["press", "p"])["quiz"]
    assert (quiz["hidden"], quiz["pressed"], quiz["question"], quiz["refuse"]) == (
        False,
        "true",
        "v5 = max(3, 0) = ?",
        True,
    )
    assert (quiz["ask"], quiz["labelled"], quiz["verdict"]) == (False, True, "")
    seen = pool.act(["submit", "3"])
    sentence = STEPS[at(seen)].sentence
    assert (seen["quiz"]["verdict"], seen["quiz"]["kind"]) == (f"Right. {sentence} 1 of 1 right", "gr-right")
    assert (seen["quiz"]["answer"], seen["active"]) == ("", "answer")  # an empty field for the next one
    again = pool.act(["submit", "3"])
    assert (again["quiz"]["verdict"], at(again)) == ("Not 3. Try once more.", at(seen))
    seen = pool.act(["submit", "3"])
    assert seen["quiz"]["verdict"].startswith("Not 3, but 4. ")
    assert seen["quiz"]["verdict"].endswith(" 1 of 2 right")
    assert seen["quiz"]["kind"] == "gr-wrong"
    seen = pool.act(["click", "[data-do=give]"])
    assert seen["quiz"]["verdict"] == f"4. {STEPS[at(seen)].sentence} 1 of 3 right"
    assert pool.act(["submit", "  "])["quiz"] == seen["quiz"] | {"answer": "  "}  # nothing was said
    assert pool.act(["press", "Escape"], ["press", "p"])["quiz"]["hidden"]


def test_a_question_about_a_gradient_tells_what_has_arrived(pool: Node) -> None:
    pool.act(["press", "p"])
    for step in STEPS:
        if step.edge is None:
            continue
        pool.go(step.index - 1)
        quiz = pool.act()["quiz"]
        assert step.upstream is not None
        by, name = STEPS.labels[step.edge.target], STEPS.labels[step.node]
        so_far = "nothing" if step.before is None else numeral(step.before)
        expected = f"{by}.grad is {numeral(step.upstream)}; {name}.grad is {so_far} so far. "
        expected += f"After this use in {by}: {name}.grad = ?"
        assert (quiz["question"], quiz["refuse"]) == (expected, False)


def test_no_path_is_an_answer_to_a_refused_use(pool: Node) -> None:
    refused = [s.index for s in STEPS if s.edge and s.local is None]
    assert refused
    pool.act(["press", "p"])
    for index in refused:
        pool.go(index - 1)
        assert pool.act(["click", "[data-do=refuse]"])["quiz"]["verdict"].startswith("Right. ")
    pool.go(refused[0] - 3)
    assert not pool.act(["click", "[data-do=refuse]"])["quiz"]["verdict"].startswith("Right. ")


def test_at_the_end_nothing_is_asked_and_predict_begins_anew(pool: Node) -> None:
    pool.act(["press", "p"])
    pool.go(LAST)
    assert pool.act()["quiz"]["ask"]
    pool.act(["press", "Escape", "p", "End"])
    seen = pool.act(["press", "p"])
    assert (at(seen), seen["quiz"]["ask"], seen["active"]) == (0, False, "answer")


# -- Inputs


@pytest.mark.parametrize(
    ("key", "by"),
    [
        ("ArrowUp", 0.1),
        ("ArrowDown", -0.1),
        ("Shift+ArrowUp", 1),
        ("Shift+ArrowDown", -1),
        ("Alt+ArrowUp", 0.01),
        ("Alt+ArrowDown", -0.01),
        ("x", 0),
    ],
)
def test_arrows_move_an_input_by_tenths_without_dust(pool: Node, key: str, by: float) -> None:
    pool.act(["focus", ".gr-input [role=spinbutton]", 1])
    seen = pool.act(["press", *[key] * 3])
    assert seen["inputs"][1]["value"] == f"{3 * by:.12g}"
    assert seen["values"]["1"] == round(3 * by, 12)
    assert len(seen["changes"]) == (3 if by else 0)


def test_an_edit_is_told_with_all_leaves_and_nothing_that_is_no_number(pool: Node) -> None:
    seen = pool.act(["fill", ".gr-input [role=spinbutton]", "2.5", 2])
    assert seen["changes"] == [{"values": {"0": 3, "1": 0, "2": 2.5, "3": 2, "4": 0}}]
    seen = pool.act(["fill", ".gr-input [role=spinbutton]", "", 2])
    assert (len(seen["changes"]), seen["values"]["2"], seen["inputs"][2]["value"]) == (1, 2.5, "")
    seen = pool.act(["fire", ".gr-input [role=spinbutton]", "blur", {}, 2])
    assert seen["inputs"][2]["value"] == "2.5"


TYPED = {
    "2,5": 2.5, "1/2": 0.5, "−3": -3.0, "-0": -0.0, "−0,0": -0.0, "1e999": math.inf, "-1e999": -math.inf,
    "inf": math.inf, "0.7*3": 2.1, "10⁻²": 0.01, "2·10^3": 2000.0, "1e-310": 1e-310, "(1+2)/4": 0.75,
}  # fmt: skip


@pytest.mark.parametrize(("text", "number"), TYPED.items(), ids=TYPED)
def test_a_field_reads_what_people_type_by_the_grammar_of_predict(pool: Node, text: str, number: float) -> None:
    field = ".gr-input [role=spinbutton]"
    seen = pool.act(["fill", field, "7", 1], ["fill", field, text, 1], ["fire", field, "blur", {}, 1])
    told = seen["values"]["1"] if math.isfinite(number) and number else seen["inputs"][1]["value"]
    assert (float(told), math.copysign(1, float(told))) == (pytest.approx(number), math.copysign(1, number))
    assert seen["inputs"][1]["value"] == re.sub(r"e-0*", "e-", f"{number:.12g}")


@pytest.mark.parametrize("text", ["", "-", "1/", "two", "1e", "2.5.1", "1 2", "no path", "x1", "1,000,000", "alert(1)"])
def test_what_is_no_number_changes_nothing_and_goes_when_the_field_is_left(pool: Node, text: str) -> None:
    field = ".gr-input [role=spinbutton]"
    seen = pool.act(["fill", field, "7", 1], ["fill", field, text, 1])
    assert (len(seen["changes"]), seen["values"]["1"], seen["inputs"][1]["value"]) == (1, 7, text)
    assert pool.act(["fire", field, "blur", {}, 1])["inputs"][1]["value"] == "7"


def test_a_zero_of_either_sign_is_told_with_its_sign(pool: Node) -> None:
    told = pool.act(["fill", ".gr-input [role=spinbutton]", "-0", 0])["changes"][-1]["values"]
    assert told["0"] == 0  # JSON of this test has lost it
    y = 1 / Value(0.0, "x")
    pool.open(viz.step(y, names=False))
    seen = pool.act(["fill", ".gr-input [role=spinbutton]", "-0", 0], ["press", "Escape", "End"])
    assert [box["words"][0][0] for box in seen["boxes"]] == ["0", "−inf"]


def test_a_slider_and_a_field_follow_each_other(pool: Node) -> None:
    seen = pool.act(["fill", ".gr-input [type=range]", "1.5", 0])
    assert (seen["inputs"][0]["value"], seen["values"]["0"]) == ("1.5", 1.5)
    seen = pool.act(["fill", ".gr-input [role=spinbutton]", "-2", 0])
    assert float(seen["inputs"][0]["slide"][3]) == -2


def test_an_edit_from_outside_is_shown_and_told_only_if_it_is_to_be(pool: Node) -> None:
    seen = pool.act(["edit", {"0": 7.0}, False])
    assert (seen["inputs"][0]["value"], seen["changes"]) == ("7", [])
    assert len(pool.act(["edit", {"0": 8.0}])["changes"]) == 1
    assert at(pool.act(["go", 5])) == 5
    reset = pool.act(["click", "[data-do=reset]"])
    assert (reset["values"]["0"], reset["reset"]) == (3, True)


def test_an_edit_beside_the_graph_does_not_stop_play(pool: Node) -> None:
    seen = pool.act(["press", "Space"], ["edit", {"0": 7.0}])
    assert (seen["play"], seen["timers"]) == ("Pause", [BEAT])


# -- Pointing


def test_pointing_at_a_node_tells_of_it(pool: Node) -> None:
    graph = STEPS.graph
    for k in (3, 9, LAST):
        pool.go(k)
        known = STEPS.snapshot(k)
        for number in (0, 2, 6, 11):
            details = pool.act(["hover", f"#n{number} rect"])["details"]
            found = dict(zip(details["terms"], details["texts"], strict=True))
            value, gradient = known.values[number], known.gradients[number]
            assert (details["hidden"], details["title"]) == (False, STEPS.labels[number])
            assert found["value"] == ("not reached yet" if value is None else numeral(value))
            told = "none yet" if gradient is None else "no path" if gradient is NO_PATH else numeral(gradient)
            assert found["gradient"].split(": ")[0] == told
            users = [STEPS.labels[edge.target] for edge in graph.edges if edge.source == number]
            assert found.get("used by", "") == ", ".join(dict.fromkeys(users))
            node_scope = graph.nodes[number].scope
            assert found.get("in") == (None if node_scope is None else " › ".join(s for s in node_scope.path))
            assert (found["is"] == "an input") is (graph.nodes[number].op is None)
    assert pool.act(["leave"])["details"]["hidden"]
    assert pool.act(["hover", "#n0 rect", 0, "touch"])["details"]["hidden"]
    assert pool.act(["hover", ".gr-canvas"])["details"]["hidden"]
    assert pool.act(["hover", "#n0 rect"], ["press", "ArrowLeft"])["details"]["hidden"]


def test_of_many_users_five_are_named(node: Node) -> None:
    for count in (5, 6, 9):
        x = Value(2.0, "x")
        y = x + 1.0
        for _ in range(count - 1):
            y = y * x
        node.open(viz.step(y, names=False))
        details = node.act(["hover", "#n0 rect"])["details"]
        (found,) = [text for term, text in zip(details["terms"], details["texts"], strict=True) if term == "used by"]
        labels = steps(y).labels[1:]
        assert found == ", ".join(labels[:5]) + (f" and {count - 5} more" if count > 5 else "")


@pytest.mark.parametrize("bottom", [100, 395])
@pytest.mark.parametrize("left", [0, 250, 580])
def test_details_stand_below_the_node_or_above_it_inside_the_frame(pool: Node, bottom: float, left: float) -> None:
    box = {"left": left, "top": bottom - 30, "width": 20, "bottom": bottom}
    tip = {"width": 120, "height": 50}
    page = {"left": 10, "top": 5, "width": 600, "height": 400, "bottom": 405}
    pool.act(["area", "#n0", box], ["area", "[data-part=tip]", tip], ["area", ".gradroute", page])
    x, y = (float(side[:-2]) for side in pool.act(["hover", "#n0 rect"])["details"]["place"])
    assert x == max(8, min(600 - 120 - 8, left - 10 + (20 - 120) / 2))
    assert y == (bottom + 8 if bottom + 8 + 50 < 405 else bottom - 30 - 50 - 8) - 5


def test_a_folded_box_has_no_details(node: Node) -> None:
    with scope("inside"):
        y = Value(2.0, "x") * 3
    node.open(viz.step(y * 2, names=False, collapse=True))
    assert node.act(["hover", "#s0 rect"])["details"]["hidden"]


# -- What moves


def test_a_dot_runs_with_each_step_forth_and_back_and_a_refused_one_ends_early(pool: Node) -> None:
    length = 100
    for step in STEPS[1:]:
        pool.go(step.index - 1)
        before = pool.act(["finish"])
        dots = pool.act(["press", "ArrowRight"])["dots"][len(before["dots"]) :]
        uses = 1 if step.edge else len(STEPS.graph.nodes[step.node].args) if step.phase == "forward" else 0
        if step.phase == "forward":
            uses = sum(isinstance(arg, int) for arg in STEPS.graph.nodes[step.node].args)
        assert len(dots) == uses, step.sentence
        for name, frames, duration, first, last, connected in dots:
            lost = bool(step.edge) and step.local is None
            assert name == f"gr-dot{' gr-refused' if lost else ' gr-back' if step.edge else ''}"
            assert (frames, duration, connected) == ((9, 200, True) if lost else (25, 420, True))
            ends = [0.0, float(length)] if not step.edge else [float(length), length * 16 / 24 if lost else 0.0]
            assert [float(re.findall(r"[\d.]+", place)[0]) for place in (first, last)] == pytest.approx(ends)
    gone = pool.act(["finish"])["dots"]
    assert not any(connected for *_, connected in gone)


def test_nothing_runs_on_a_jump_or_for_those_who_want_calm(pool: Node) -> None:
    pool.go(8)
    pool.go(3)
    assert pool.act()["dots"] == []
    assert pool.act(["motion", False], ["press", "ArrowRight", "ArrowRight"])["dots"] == []
    assert pool.act(["motion", True], ["press", "ArrowLeft"])["dots"] == []


def test_the_current_node_is_kept_in_view(node: Node) -> None:
    y = Value(1.0, "x")
    for _ in range(40):
        y = -y
    stepper = viz.step(y, names=False)
    node.open(stepper)
    node.act(["resize", 600, 400])
    assert float(re.findall(r'data-size="(\S+)', stepper.svg)[0]) > 3000
    for keys in (["End"], ["Home"], [*["ArrowRight"] * 12], ["g", *["ArrowDown"] * 5]):
        seen = node.act(["press", *keys])
        x, y_, scale = map(float, re.findall(r"-?[\d.]+", seen["view"]))
        focused = seen["active"] if seen["active"].startswith("n") else None
        (box,) = [b for b in seen["boxes"] if (b["id"] == focused if focused else "gr-current" in b["marks"])]
        left, top, width, height = box["area"]
        assert 4 <= x + (left + LEFT) * scale <= x + (left + LEFT + width) * scale <= 596 + 1
        assert 4 <= y_ + (top + TOP) * scale <= y_ + (top + TOP + height) * scale <= 368 + 1


def test_backwards_both_ends_of_a_use_are_kept_in_view(node: Node) -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(8):
        y = -y
    z = x * y  # a long line back to x
    stepper = viz.step(z, names=False)
    node.open(stepper)
    told = steps(z)
    (late,) = [s.index for s in told if s.edge and s.edge.target == len(told.graph) - 1 and s.node == 0]
    node.act(["resize", 2000, 400], ["press", "f"])
    node.go(late)
    seen = node.act()
    x_, _, scale = map(float, re.findall(r"-?[\d.]+", seen["view"]))
    for box in seen["boxes"]:
        if box["id"] in ("n0", f"n{len(told.graph) - 1}"):
            assert 0 <= x_ + (box["area"][0] + LEFT) * scale <= 2000


def test_a_new_size_shows_the_current_node_again(pool: Node) -> None:
    before = pool.act(["resize", 600, 400])["view"]
    assert pool.act(["resize", 1200, 700])["view"] != before
    assert pool.act(["resize", 600, 400])["view"] == before


@pytest.mark.parametrize(
    ("key", "x", "y"), [("ArrowRight", -60, 0), ("ArrowLeft", 60, 0), ("ArrowUp", 0, 60), ("ArrowDown", 0, -60)]
)
def test_shift_and_an_arrow_move_the_graph(pool: Node, key: str, x: float, y: float) -> None:
    before, after = (
        list(map(float, re.findall(r"-?[\d.]+", pool.act(*act)["view"]))) for act in ([], [["press", f"Shift+{key}"]])
    )
    assert [b - a for a, b in zip(before, after, strict=True)] == pytest.approx([x, y, 0])


def test_plus_and_minus_zoom_and_f_fits(pool: Node) -> None:
    scales = [
        float(pool.act(*act)["view"].split("scale(")[1][:-1])
        for act in (
            [],
            [["press", "+"]],
            [["press", "="]],
            [["press", "-"]],
            [["click", "[data-do=out]"]],
            [["click", "[data-do=in]"]],
            [["press", "f"]],
        )
    ]
    begin = scales[0]
    assert scales[:6] == pytest.approx([begin, 1.3 * begin, 1.69 * begin, 1.3 * begin, begin, 1.3 * begin])
    assert pool.act(["press", "+"], ["click", "[data-do=fit]"])["view"] == pool.act(["press", "f"])["view"]


# -- Themes


def test_a_theme_is_the_hosts_until_one_chooses(node: Node) -> None:
    y, _ = pooled()
    node.open(viz.step(y, names=False))
    assert node.act(["system", False])["look"] == ["light", "light"]
    assert node.act(["system", True])["look"] == ["dark", "dark"]
    told = [node.act(["press", "t"]) for _ in range(3)]
    assert [one["look"][0] for one in told] == ["light", "dark", "dark"]
    assert [one["theme"] for one in told] == [[f"Theme: {t}", f"Theme: {t} (t)"] for t in ("light", "dark", "auto")]
    node.act(["press", "t"])
    assert node.act(["system", True])["look"][0] == "light"  # chosen
    node.act(["system", False])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_widget_has_a_theme_of_its_own_and_leaves_the_page_alone(pool: Node, node: Node, theme: str) -> None:
    y, _ = pooled()
    before = pool.act()["look"][1]
    node.open(viz.step(y, names=False, theme=theme), page=False)
    assert node.act()["look"] == [theme, before]


@pytest.mark.parametrize(("start", "index"), [(0, 0), (5, 5), (-1, LAST), (-3, LAST - 2)])
def test_it_opens_at_the_step_one_wished(node: Node, start: int, index: int) -> None:
    y, _ = pooled()
    node.open(viz.step(y, names=False, start=start))
    seen = node.act()
    assert (at(seen), seen["dots"]) == (index, [])


def test_elsewhere_on_a_notebook_keys_are_not_ours(node: Node) -> None:
    y, _ = pooled()
    node.open(viz.step(y, names=False), page=False)
    assert at(node.act(["press", "End"])) == 0
    node.act(["click", "[data-do=next]"])
    assert at(node.act(["press", "End"])) == LAST


def test_at_the_end_nothing_is_left(pool: Node) -> None:
    assert pool.act(["press", "Space"])["listening"] == 2
    left = pool.ask({"acts": [["destroy"], ["tick", 3]]})
    assert left == {"gone": True, "listening": 0}


# -- Large drawings


def test_a_drawing_is_cut_into_pieces_of_sixty_and_long_lines_have_longer_dashes(node: Node) -> None:
    y = Value(1.0, "x")
    for _ in range(100):
        y = -y
    node.open(viz.step(y, names=False))
    seen = node.act()
    assert seen["pieces"] == [60, 60, 60, 21]  # 100 lines and 101 boxes
    assert set(seen["dashes"]) == {None}


def test_words_wider_than_their_box_are_squeezed_into_it(node: Node) -> None:
    y = maximum(Value(-math.pi * 1e-9, "x"), Value(2.0, "b") * -1.25e200)
    stepper = viz.step(y, names=False)
    node.open(stepper)
    seen = node.act(["press", "End"])
    assert len(Graph(y)) == len(seen["boxes"])
    for box in seen["boxes"]:
        for (text, squeezed, _), letter in zip(box["words"], (7.8, 6.9), strict=True):
            assert (squeezed is not None) is (len(text) * letter > box["area"][2])
