"""The page that goes into a network: its numbers are Python's, and every unit tells what it read, won and got."""

from __future__ import annotations

import base64
import gzip
import json
import random
import re
import struct
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, browser, visit
from scripts import Ask, running
from test_contract import faults

import viz
from autodiff import Graph, Value, layer, max_pool2d, nn
from autodiff.recording.reverse import adjoints
from viz.demo.digits import digit
from viz.netpage.data import packed
from viz.netpage.script import OWN, SHARED, module, short_names
from viz.nets.facts import read
from viz.nets.uses import uses_of
from viz.page.contract import Net

pytestmark = pytest.mark.slow

UNSEEN = ("dom.js", "shell.js", "panels.js", "around.js", "board.js", "explore.js")  # which know of a document


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    names = [name for name in (*SHARED, *OWN) if name not in UNSEEN]
    with running(names, "walking.mjs", tmp_path_factory.mktemp("walking")) as ask:
        yield ask


def image(which: int) -> list[list[list[Value]]]:
    return [[[Value(x) for x in row] for row in digit(which)]]


def lenet() -> Value:
    body = nn.Conv2d(1, 4, 3, padding=1, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    more = nn.Conv2d(4, 8, 3, padding=1, rng=1), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*body, *more, nn.Flatten(), nn.Linear(32, 10, rng=2))(image(4))[4]


def dense() -> Value:
    return nn.MLP(3, [4, 4, 1])([Value(0.5, "x0"), Value(-1.0, "x1"), Value(2.0, "x2")])


def overlapping() -> Value:
    """Two windows of three that share their largest cell; one window ends where the relu is off."""
    draw = random.Random(1)
    x = layer("x", [[Value(draw.uniform(-1, 1)) for _ in range(7)] for _ in range(7)], kind="input")
    h = layer("h", [[cell.relu() for cell in row] for row in x])
    p = max_pool2d(h, kernel_size=3, stride=2)
    return sum((cell * (0.3 * k - 1.0) for k, cell in enumerate(c for row in p for c in row)), Value(0.0))


def repeated() -> Value:
    """Used twice, a constant operand, an average: what no layer of nn makes."""
    x = layer("x", [Value(1.5), Value(-2.0), Value(0.0)], kind="input")
    y = layer("y", [x[0] * x[0] + 2.0, (x[0] + x[1] + x[2]) / 3, x[2] * 1e-300])
    return y[0] * y[1] - y[2]


def large() -> Value:
    """Rows of 28 cells, as MNIST has."""
    body = nn.Conv2d(1, 2, 5, stride=2, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    image = [[[Value((r * c) % 7 / 7) for c in range(28)] for r in range(28)]]
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(72, 3, rng=1))(image)[0]


NETWORKS = {"lenet": lenet, "dense": dense, "overlapping": overlapping, "repeated": repeated}


def floats(text: str) -> list[bytes]:
    """The bits of each number."""
    raw = base64.b64decode(text)
    return [raw[at : at + 8] for at in range(0, len(raw), 8)]


def bits(numbers: Any) -> list[bytes]:
    return [struct.pack("<d", x) for x in numbers]


def agree(state: Any, graph: Graph, output: Value) -> None:
    """Every value and every gradient is Python's, to the bit."""
    _, found = adjoints(output, 1.0)
    assert floats(state["values"]) == bits(value.data for value in graph.values)
    reached = [n for n, value in enumerate(graph.values) if value in found]
    assert state["reached"] == reached
    gradients = floats(state["gradients"])
    assert [gradients[n] for n in reached] == bits(found[graph.values[n]] for n in reached)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_map_of_the_page_is_pythons_to_the_bit(name: str, ask: Ask) -> None:
    output = NETWORKS[name]()
    (state,) = ask({"data": viz.explore(output).data})
    agree(state, Graph(output), output)


@pytest.mark.parametrize("name", NETWORKS)
def test_so_they_are_after_each_of_many_edits_and_only_what_hangs_on_them_is_computed(name: str, ask: Ask) -> None:
    output = NETWORKS[name]()
    draw, graph = random.Random(name), Graph(output)
    leaves = [node.number for node in graph.nodes if node.op is None]
    edits = [(draw.choice(leaves), draw.choice([0.0, -1.0, draw.gauss(0, 2)])) for _ in range(100)]
    actions = [{"do": "edit", "changes": [edit]} for edit in edits]
    states = ask({"data": viz.explore(output).data, "actions": actions})[1:]
    users: dict[int, set[int]] = {}
    for node in reversed(graph.nodes):
        users.setdefault(node.number, set())
        for arg in {arg for arg in node.args if isinstance(arg, int)}:
            users.setdefault(arg, set()).update({node.number}, users[node.number])
    for (leaf, x), state in zip(edits, states, strict=True):
        graph.values[leaf].data = x
        graph.forward()
        agree(state, graph, output)
        assert state["made"] <= len(users[leaf])


@pytest.mark.parametrize("name", NETWORKS)
def test_cells_that_were_read_and_the_way_to_the_input_are_those_of_the_graph(name: str, ask: Ask) -> None:
    output = NETWORKS[name]()
    net = read(output)
    cells = [n for n in net.home if n in net.gradients]
    states = ask({"data": viz.explore(output).data, "actions": [{"do": "pick", "unit": n} for n in cells]})[1:]
    for n, state in zip(cells, states, strict=True):
        heirs = net.heirs(n)
        assert ("hands it to" in state["facts"]["heirs"]) == bool(heirs), net.graph.nodes[n]
        if n in net.choices:
            assert state["facts"]["read"].startswith("takes "), state["facts"]


def test_a_unit_tells_what_it_read_and_won_and_the_whole_sum_of_its_gradient(ask: Ask) -> None:
    cells = [Value(x) for x in (3.0, 0.0, 4.0, 2.0, 0.0)]
    x = layer("x", [cells], kind="input")
    p = max_pool2d(x, kernel_size=(1, 3), stride=(1, 2))
    output = 0.7 * p[0][0] + 0.9 * p[0][1]
    data, graph = viz.explore(output).data, Graph(output)
    first, winner, window = ask({"data": data, "units": [graph.number(v) for v in (cells[0], cells[2], p[0][0])]})
    assert winner["won"] == "won max pool[0] and [1]"
    assert winner["got"] == "0.9 + 0.7 = 1.6, from max pool[1] and [0]"
    assert first["won"] == "lost in max pool[0]"
    assert first["got"] == "no path: nothing flows, so the derivative is 0; max pool[0] does not take it"
    assert window["made"] == "max(3, 0, 4) = 4"
    assert window["read"] == "takes x[2], the one it chose of 3 cells"
    assert window["heirs"] == "hands it to x[2]"
    assert window["got"] == "0.7 × 1 = 0.7, from output"


def test_a_sum_of_products_is_written_out_and_zeros_are_counted(ask: Ask) -> None:
    x = layer("x", [Value(2.0), Value(0.0), Value(-3.0)], kind="input")
    square = layer("square", [x[0] * x[0]])[0]
    (made,) = ask({"data": viz.explore(square).data, "units": [Graph(square).number(square)]})
    assert made["made"] == "2 × 2 = 4"
    y = layer("y", [0.5 * x[0] + 4.0 * x[1] + 2.0 * x[2]])
    z = layer("z", [y[0].relu()])
    made, off = ask({"data": viz.explore(z[0]).data, "units": [Graph(z[0]).number(v) for v in (y[0], z[0])]})
    assert made["made"] == "0.5 × 2 + 2 × (−3) = −5 (1 of 3 terms is 0)"
    assert off["made"] == "relu(−5) = 0"
    assert off["heirs"] == "is off and hands nothing on"


def test_layer_by_layer_each_map_is_known_when_it_is_computed_and_not_before(ask: Ask) -> None:
    output = lenet()
    net = read(output)
    layers = len(net.fields)
    steps = ask({"data": viz.explore(output).data, "actions": [{"do": "first"}, *[{"do": "next"}] * (2 * layers)]})[1:]
    assert [step["index"] for step in steps] == [*range(2 * layers), 2 * layers - 1]
    for step in steps:
        index = step["index"]
        values, gradients = (set(known) for known in step["known"])
        for k, field in enumerate(net.fields):
            assert (set(field.nodes.values()) <= values) == (k <= index)
            assert (set(field.nodes.values()) <= gradients) == (index >= 2 * layers - 1 - k)
    assert steps[0]["layer"] == "input: 64 cells that the network reads."
    assert steps[3]["layer"].startswith("max pool 2: 64 cells, computed from relu 1, which chose ")
    assert re.fullmatch(
        r"relu 1: \d+ of 256 cells get gradient.*; to the other \d+ there is no path\.", steps[13]["layer"]
    )


def test_predict_asks_for_the_marked_cell_of_the_next_map_and_tells_no_number_of_it(ask: Ask) -> None:
    output = overlapping()
    data, values = viz.explore(output).data, [value.data for value in Graph(output).values]
    begin = [{"do": "first"}, {"do": "predict"}]
    asked = ask({"data": data, "actions": begin})[-1]
    hidden = asked["target"]
    assert asked["question"].startswith("h[")
    states = ask({"data": data, "actions": [*begin, {"do": "pick", "unit": hidden}]})
    facts = states[-1]["facts"]
    assert facts["value"] is None
    assert facts["gradient"] is None
    assert facts["made"] == facts["got"] == "not computed yet"
    right = ask({"data": data, "actions": [*begin, {"do": "answer", "text": repr(values[hidden])}]})[-1]
    assert right["verdict"]["kind"] == "right"
    assert right["index"] == 1
    assert right["right"] == 1
    wrong = {"do": "answer", "text": "77"}
    assert [one["index"] for one in ask({"data": data, "actions": [*begin, wrong, wrong]})[-2:]] == [0, 1]


def uneven(seed: int) -> Value:
    """Two layers, and windows that overlap, of numbers of many figures."""
    draw = random.Random(seed)
    x = layer("x", [[[Value(draw.gauss(0, 1)) for _ in range(5)] for _ in range(5)]], kind="input")
    body = nn.Conv2d(1, 1, 3, padding=1, rng=seed), nn.ReLU(), nn.MaxPool2d(3, stride=2)
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(4, 2, rng=seed + 1))(x)[0]


@pytest.mark.parametrize("seed", range(3))
def test_while_predict_asks_no_hidden_number_is_said_of_any_unit_after_edits_too(ask: Ask, seed: int) -> None:
    output = uneven(seed)
    data: dict[str, Any] = {**viz.explore(output).data}
    data["figures"] = {**data["figures"], "digits": 9}  # so that numbers that are alike are the same
    leaves = [*read(output).fields[0].nodes.values()]
    draw = random.Random(seed)
    edits = [{"do": "edit", "changes": [[draw.choice(leaves), draw.gauss(0, 3)]]} for _ in range(2)]
    way = [{"do": "first"}, {"do": "predict"}, *[{"do": "answer", "text": ""}] * 20, {"do": "predict"}]
    states = ask({"data": data, "actions": [*way, edits[0], *way, edits[1], *way]})
    asked = [state["secrets"] for state in states if state["secrets"]]
    assert len(asked) > 20
    assert all(one["hidden"] for one in asked)
    assert [one["told"] for one in asked if one["told"]] == []


def test_all_of_the_way_forwards_and_backwards_can_be_predicted(ask: Ask) -> None:
    output = overlapping()
    data = viz.explore(output).data
    begin = [{"do": "first"}, {"do": "predict"}]
    given = [{"do": "answer", "text": ""}] * 7
    states = ask({"data": data, "actions": [*begin, *given]})
    assert states[-1]["target"] is None
    assert all(one["question"] and not one["question"].endswith("= =") for one in states[2:-1])


def test_arrow_keys_reach_every_cell_of_a_map(ask: Ask) -> None:
    output = lenet()
    field = read(output).fields[3]
    start = field.nodes[0, 0, 0]
    row = [{"do": "walk", "right": 1}] * (field.shape[2] - 1) + [{"do": "walk", "down": 1}]
    back = [{"do": "walk", "right": -1}] * (field.shape[2] - 1) + [{"do": "walk", "down": 1}]
    actions = [{"do": "pick", "unit": start}, *((row + back) * (field.shape[0] * field.shape[1]))]
    seen = {state["unit"] for state in ask({"data": viz.explore(output).data, "actions": actions})[1:]}
    assert seen == {*field.nodes.values()}


def test_an_edit_tells_who_chose_another_cell_and_what_was(ask: Ask) -> None:
    cells = [Value(x) for x in (3.0, 0.0, 4.0, 2.0, 0.0)]
    p = max_pool2d(layer("x", [cells], kind="input"), kernel_size=(1, 3), stride=(1, 2))
    output = 0.7 * p[0][0] + 0.9 * p[0][1]
    graph = Graph(output)
    first, second, third = (graph.number(cell) for cell in cells[:3])
    edit = {"do": "edit", "changes": [[first, 9.0]]}
    pick = {"do": "pick", "unit": third}
    back = {"do": "edit", "changes": [[first, 3.0], [second, 0.0]]}
    _, turned, seen, again = ask({"data": viz.explore(output).data, "actions": [edit, pick, back]})
    assert turned["flashing"] == [graph.number(p[0][0])]
    assert turned["news"] == "1 number changed; max pool[0] now takes x[0]; the output: 6.4 → 9.9."
    assert seen["flashing"] == []
    assert seen["facts"]["gradient"] == "0.9 (was 1.6)"
    assert again["news"] == ""
    assert again["facts"]["gradient"] == "1.6"
    asked = [{"do": "first"}, {"do": "predict"}, edit]
    assert ask({"data": viz.explore(output).data, "actions": asked})[-1]["news"] == "1 number changed."


def test_winners_that_an_edit_changes_are_those_of_the_graph(ask: Ask) -> None:
    output = overlapping()
    data, net = viz.explore(output).data, read(output)
    draw = random.Random(5)
    leaves = [*net.fields[0].nodes.values()]
    edits = [[draw.choice(leaves), draw.uniform(-1, 2)] for _ in range(20)]
    states = ask({"data": data, "actions": [{"do": "edit", "changes": [edit]} for edit in edits]})[1:]
    choices = net.choices
    for (leaf, x), state in zip(edits, states, strict=True):
        net.graph.values[leaf].data = x
        net.graph.forward()
        now = read(output).choices
        assert state["flashing"] == sorted(unit for unit in now if now[unit] != choices[unit])
        choices = now


def convolved(kernel: int, stride: int, padding: int, image: list[list[Value]], model: list[nn.Module]) -> Value:
    """A small network with this pool, on the same pixels and weights."""
    conv, dense = model
    pool = nn.MaxPool2d(kernel, stride=stride, padding=padding)
    return nn.Sequential(conv, nn.ReLU(), pool, nn.Flatten(), dense)([image])[1]


def maps_agree(state: Any, maps: list[Any], output: Value) -> None:
    """Every cell of every map has Python's value and gradient; what is in no graph of Python has no gradient."""
    net = read(output)
    values, gradients = floats(state["values"]), floats(state["gradients"])
    reached = {*state["reached"]}
    fields = [part for k, field in enumerate(net.fields) for part in (*net.weights.get(k, ()), field)]
    for field, cells in zip(fields, maps, strict=True):
        for place, cell in zip(field.places(), cells, strict=True):
            number = field.nodes.get(place)
            if number is None:
                assert cell not in reached
            else:
                assert values[cell] == struct.pack("<d", net.values[number])
                assert (cell in reached) == (number in net.gradients)
                if cell in reached:
                    assert gradients[cell] == struct.pack("<d", net.gradients[number])


def test_after_random_edits_of_pixels_weights_and_the_pool_every_map_is_pythons_to_the_bit(ask: Ask) -> None:
    draw = random.Random(3)
    pixels = [[Value(draw.gauss(0, 1)) for _ in range(8)] for _ in range(8)]
    model = [nn.Conv2d(1, 2, 3, padding=1, rng=0), nn.Linear(32, 3, rng=1)]
    now = 2, 2, 0
    output = convolved(*now, pixels, model)
    net = read(output)
    field = next(one for one in net.fields if one.name == "max pool 2")
    unit = field.nodes[0, 0, 0]
    leaves = [pixels[2][3], pixels[5][5], model[0].weight[0][0][1][1], model[1].weight[1][7]]
    actions: list[dict[str, Any]] = []
    changes: list[Any] = []
    for _ in range(100):
        if draw.random() < 0.3:
            wish = draw.choice([(2, 2, 0), (3, 2, 1), (2, 2, 0), (4, 2, 1), (5, 1, 0), (1, 2, 0), (3, 2, 0)])
            actions.append({"do": "reshape", "wish": dict(zip(("kernel", "stride", "padding"), wish, strict=True))})
            changes.append(wish)
        else:
            leaf, x = draw.randrange(len(leaves)), draw.choice([draw.gauss(0, 2), 0.0])
            actions.append({"do": "edit", "leaf": [net.graph.number(leaves[leaf]), x]})
            changes.append((leaves[leaf], x))
    states = ask({"data": viz.explore(output).data, "actions": [{"do": "pick", "unit": unit}, *actions]})[2:]
    for change, state in zip(changes, states, strict=True):
        if len(change) == 2:
            change[0].data = change[1]
        elif (8 + 2 * change[2] - change[0]) // change[1] + 1 == 4:
            now = change
        else:
            assert "windows, and what reads max pool 2 needs 4 × 4" in state["news"]
        maps_agree(state, state["maps"], convolved(*now, pixels, model))


def test_a_pool_that_is_another_one_is_told_and_can_be_as_it_was(ask: Ask) -> None:
    output = lenet()
    unit = read(output).fields[3].nodes[0, 0, 0]
    wish = {"do": "reshape", "wish": {"kernel": 3, "stride": 2, "padding": 1}}
    states = ask({"data": viz.explore(output).data, "actions": [{"do": "pick", "unit": unit}, wish, {"do": "reset"}]})
    assert states[2]["news"].startswith("max pool 2 is 3 × 3, stride 2, padding 1 now; ")
    assert states[2]["facts"]["made"].count(",") == 3  # a corner reads four cells
    assert states[3]["news"] == ""
    assert (states[3]["values"], states[3]["gradients"]) == (states[0]["values"], states[0]["gradients"])


def test_a_units_own_graph_has_a_line_for_all_that_it_read_and_that_read_it(ask: Ask) -> None:
    cells = [Value(x) for x in (3.0, 0.0, 4.0, 2.0, 0.0)]
    p = max_pool2d(layer("x", [cells], kind="input"), kernel_size=(1, 3), stride=(1, 2))
    output = 0.7 * p[0][0] + 0.9 * p[0][1]
    graph = Graph(output)
    window, cell = graph.number(p[0][0]), graph.number(cells[2])
    early = [window, {"do": "go", "to": 1}]
    first, shared, known = ask({"data": viz.explore(output).data, "within": [[window], [cell], early]})
    lines = [(one["box"]["name"], one["mark"], one["text"]) for one in first["left"]]
    refused = [(f"x[{k}]", "refused", "no path") for k in (0, 1)]
    assert lines == [*refused, ("x[2]", "positive", "1 × 0.7 = 0.7")]
    assert [one["text"] for one in first["right"]] == ["0.7 × 1 = 0.7"]
    assert [one["text"] for one in shared["right"]] == ["1 × 0.7 = 0.7", "1 × 0.9 = 0.9"]
    assert shared["left"] == []
    assert {one["text"] for one in known["left"] + known["right"]} == {""}
    assert known["right"][0]["box"]["value"] is None


def test_of_many_lines_those_over_which_most_flows_are_drawn_and_the_others_counted(ask: Ask) -> None:
    output = lenet()
    net = read(output)
    weight = net.weights[1][0].nodes[0, 1, 1]
    (told,) = ask({"data": viz.explore(output).data, "within": [[weight]]})
    assert len(told["right"]) == 10
    assert told["more"][1] > 10
    parts = sorted((abs(use.sent or 0.0) for use in uses_of(net, [weight])[weight]), reverse=True)
    assert sorted((one.get("size", 0.0) for one in told["right"]), reverse=True) == parts[:10]


@pytest.mark.parametrize("size", [(1280, 500), (1060, 420), (750, 380), (390, 520)])
@pytest.mark.parametrize("name", [*NETWORKS, "large"])
def test_no_map_covers_another_and_cells_can_be_hit(name: str, size: tuple[int, int], ask: Ask) -> None:
    output = {**NETWORKS, "large": large}[name]()
    placed = ask({"data": viz.explore(output).data, "size": size})
    assert placed["narrow"] == (size[0] < 620)
    boxes = [(*one[kind], one["own"], one["high"]) for one in placed["columns"] for kind in ("value", "gradient")]
    for k, (x, y, wide, high) in enumerate(boxes):
        assert x >= 0
        assert x + wide <= placed["wide"]
        for left, top, other, deep in boxes[:k]:
            assert x >= left + other or left >= x + wide or y >= top + deep or top >= y + high
    assert min(one["side"] for one in placed["columns"]) >= (5 if name == "large" and size[0] > 620 else 9)
    if name != "large" and size[0] == 1280:
        assert placed["wide"] == size[0]


def test_a_number_in_a_cell_says_no_other_number(ask: Ask) -> None:
    given = [(0.4875, 5), (-0.4875, 5), (0.0, 1), (1.44, 1), (123.4, 3), (9.5e-9, 3), (0.05, 3)]
    assert ask({"brief": given}) == ["0.487", "−0.49", "0", "1", "123", "", ""]


def test_what_the_page_is_told_is_what_the_contract_says_and_is_small() -> None:
    told = viz.explore(lenet()).data
    assert faults(json.loads(json.dumps(told)), Net, "page") == []
    assert len(json.dumps(told)) < 400_000
    assert packed("d", [1.5]) == base64.b64encode(array("d", [1.5]).tobytes()).decode()


def test_the_script_is_small_and_needs_nothing() -> None:
    assert len(gzip.compress(module().encode())) < 30_000
    assert not re.search(r"\bimport\b[\s(]|\beval\(|new Function|fetch\(|XMLHttpRequest|WebSocket", module())
    html = viz.explore(dense()).html()
    assert "default-src 'none'" in html
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)


def test_a_page_is_saved_and_says_what_is_wrong(tmp_path: Path) -> None:
    shown = viz.explore(dense(), start=0)
    assert shown.save(tmp_path / "net.html").read_text("utf-8") == shown.html()
    with pytest.raises(ValueError, match="html"):
        shown.save(tmp_path / "net.svg")
    with pytest.raises(ValueError, match="start is a step from 0 to"):
        viz.explore(dense(), start=99)
    with pytest.raises(ValueError, match="no layer is known"):
        viz.explore(Value(1.0) * 2)
    assert "<iframe" in shown._repr_mimebundle_()["text/html"]


# -- In a browser

SMALLEST = """(whole) => Math.min(...[...whole.querySelectorAll("*")].filter((one) => one.checkVisibility() &&
[...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
.map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return viz.explore(lenet()).save(tmp_path_factory.mktemp("explore") / "net.html")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def told(seen: Visit) -> str:
    return re.sub(r"\s+", " ", str(seen.page.get_by_role("status").inner_text()))


def test_any_unit_is_picked_by_a_click_and_by_arrow_keys(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        one = seen.page.get_by_role("application", name=re.compile("^max pool 2, values"))
        one.click(position={"x": 4, "y": 4})
        assert told(seen).startswith("max pool 2[0, 0, 0] = ")
        one.focus()
        seen.press("ArrowRight", "ArrowDown")
        assert told(seen).startswith("max pool 2[0, 1, 1] = ")
        assert "gradient" in told(seen)
        assert seen.at() == 15
        seen.press("PageUp")
        assert seen.at() == 14


def painted(seen: Visit) -> int:
    """How many cells were painted at last."""
    return int(seen.page.locator("[data-part=sheet]").get_attribute("data-painted"))


def input_of(seen: Visit) -> Any:
    return seen.page.get_by_role("application", name=re.compile("^input, values"))


def test_a_number_is_changed_by_keys_and_only_cells_that_look_otherwise_are_painted(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        input_of(seen).click(position={"x": 4, "y": 4})
        assert painted(seen) == 0
        seen.press("e", "ArrowUp")
        assert "1 number changed" in seen.page.locator("[data-part=news]").text_content()
        assert told(seen).startswith("input[0, 0] = 0.1 (was 0)")
        assert 0 < painted(seen) < 200  # of 2,600
        seen.page.get_by_role("textbox").fill("x + 1")
        seen.press("Enter")
        assert seen.page.get_by_role("textbox").input_value() == "0.1"
        seen.press("Escape", "r")
        assert seen.page.locator("[data-part=news]").text_content() == ""
        assert told(seen).startswith("input[0, 0] = 0 ")


def test_one_paints_on_the_input_and_the_window_slides_where_one_does_not(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        box = input_of(seen).bounding_box()
        across = [(box["x"] + 3, box["y"] + 3), (box["x"] + box["width"] - 3, box["y"] + 3)]

        def drag() -> None:
            seen.page.mouse.move(*across[0])
            seen.page.mouse.down()
            seen.page.mouse.move(*across[1], steps=24)
            seen.page.mouse.up()

        drag()
        assert told(seen).startswith("input[0, 7] = ")
        assert seen.page.locator("[data-part=news]").text_content() == ""
        seen.button("Paint").click()
        drag()
        assert "8 numbers changed" in seen.page.locator("[data-part=news]").text_content()


def test_in_the_frame_of_a_notebooks_output_it_works_as_well(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "notebook.html"
    file.write_text(f"<!doctype html><p role=status>A cell.{viz.explore(dense())._repr_html_()}", encoding="utf-8")
    with visit(chromium, file) as seen:
        page = seen.page.frame_locator("iframe")
        page.get_by_role("application", name=re.compile("^input, values")).click(position={"x": 4, "y": 4})
        assert "input[0] = 0.5" in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="Previous step").click()
        assert page.get_by_role("slider", name="Step").input_value() == "6"


def test_one_goes_into_a_units_own_graph_from_there_into_others_and_back(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        seen.page.get_by_role("application", name=re.compile("^max pool 2, values")).click(position={"x": 4, "y": 4})
        seen.press("Enter")
        dialog = seen.page.get_by_role("dialog")
        assert "Inside max pool 2[0, 0, 0]" in dialog.inner_text()
        assert float(dialog.evaluate(SMALLEST)) >= 10.5
        dialog.get_by_role("button", name=re.compile(r"^relu 1\[0, 1, 1\]")).click()
        assert "Inside relu 1[0, 1, 1]" in dialog.inner_text()
        seen.press("Escape")
        assert not dialog.is_visible()
        assert told(seen).startswith("relu 1[0, 1, 1] = ")


def test_no_name_that_the_script_is_shortened_by_is_one_of_the_browsers(page: Path, chromium: Any) -> None:
    names = [*short_names(), *short_names().values()]
    with visit(chromium, page) as seen:
        assert seen.page.evaluate("names => names.filter(name => name in window)", names) == []


def test_a_pool_gets_another_kernel_by_its_fields_or_it_is_said_why_not(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        seen.page.get_by_role("application", name=re.compile("^max pool 2, values")).click(position={"x": 4, "y": 4})
        news = seen.page.locator("[data-part=news]")
        seen.page.get_by_role("spinbutton", name="kernel").fill("3")
        seen.press("Tab")
        assert str(news.text_content()).startswith("It cannot be so: that makes 3 × 3 windows")
        seen.page.get_by_role("spinbutton", name="padding").fill("1")
        seen.press("Tab")
        assert str(news.text_content()).startswith("max pool 2 is 3 × 3, stride 2, padding 1 now")
        assert "max(" in told(seen)


def png(rows: list[list[int]]) -> bytes:
    """A grey picture."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", size) + part(b"IDAT", data) + part(b"IEND", b"")


def test_an_image_of_ones_own_becomes_the_input_as_dark_around_as_that_was(page: Path, chromium: Any) -> None:
    ink = [[0 if (row, column) == (2, 3) else 255 for column in range(8)] for row in range(8)]
    with visit(chromium, page) as seen:
        seen.page.locator("input[type=file]").set_input_files(
            {"name": "a.png", "mimeType": "image/png", "buffer": png(ink)}
        )
        seen.wait(lambda: bool(seen.page.locator("[data-part=news]").text_content()))
        side = input_of(seen).bounding_box()["width"] / 8
        input_of(seen).click(position={"x": 3.5 * side, "y": 2.5 * side})
        assert told(seen).startswith("input[2, 3] = 1 ")
        input_of(seen).click(position={"x": 5.5 * side, "y": 5.5 * side})
        assert told(seen).startswith("input[5, 5] = 0 ")


def test_each_map_takes_the_focus_and_says_what_it_is(page: Path, chromium: Any) -> None:
    with visit(chromium, page) as seen:
        maps = seen.page.get_by_role("application")
        names = [maps.nth(k).get_attribute("aria-label") for k in range(maps.count())]
        assert len(names) == len({*names}) == 2 * 14
        for k in (0, 3, 27):
            maps.nth(k).focus()
            seen.press("ArrowDown")
            assert told(seen).startswith(str(names[k]).split(",")[0].split(" of ")[0])


@pytest.mark.parametrize("size", [(1280, 720), (390, 780)])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_all_text_can_be_read_and_nothing_runs_out_of_its_frame(
    page: Path, chromium: Any, size: tuple[int, int], look: str
) -> None:
    wide, high = size
    with visit(chromium, page, viewport={"width": wide, "height": high}, color_scheme=look) as seen:
        assert float(seen.page.locator("body").evaluate(SMALLEST)) >= 10.5
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= wide
        assert seen.page.evaluate("document.documentElement.dataset.look") == look
        seen.press("Home", "p")
        assert seen.page.locator("input[data-part=answer]").is_visible()
        assert seen.at() == 0
