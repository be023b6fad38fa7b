"""The picture of a graph says what happened: each value, each gradient, and what flowed over each use."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from drawn import read

from autodiff import (
    Graph,
    StaleError,
    Value,
    clamp,
    max_pool1d,
    maximum,
    minimum,
    no_grad,
    operation,
    scope,
    softmax,
    where,
)
from viz import DARK, LIGHT, LayoutUnavailable, TooLargeError, draw
from viz.ink.theme import width
from viz.layout import engines

ROOT = Path(__file__).parents[1]
READ_ME = """
from autodiff import Value, max_pool1d
import viz
x = [Value(v) for v in (3, 0, 4, 2, 0)]
p = max_pool1d(x, kernel_size=3, stride=2)
score = 0.7 * p[0] + 0.9 * p[1]
score.backward()
picture = viz.draw(score)
"""


def chain(length: int) -> Value:
    y = Value(1.0)
    for _ in range(length):
        y = -y
    return y


def test_there_is_one_box_for_each_value_with_name_value_and_gradient() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    y = a * b + a
    y.backward()
    boxes = read(draw(y)).boxes
    assert [box.rows for box in boxes.values()] == [
        ["a", "2", "−2"],
        ["b", "−3", "2"],
        ["v2: ×", "−6", "1"],
        ["y +", "−4", "1"],
    ]


def test_there_is_one_line_for_each_use() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    drawn = read(draw(y))
    assert [(line.source, line.target) for line in drawn.lines] == [("n0", "n1")] * 2
    assert drawn.words() == ["3 × 1 = 3"] * 2
    assert "6" in drawn.named("x")


def test_a_line_says_local_times_upstream_equals_contribution() -> None:
    a, b = Value(2.0, "a"), Value(-5.0, "b")
    y = (a * b) * 0.5
    y.backward(3.0)
    assert read(draw(y)).words() == ["−5 × 1.5 = −7.5", "2 × 1.5 = 3", "0.5 × 3 = 1.5"]


def test_the_gradient_flows_backwards_along_lines_that_read_forwards() -> None:
    x = Value(2.0, "x")
    y = x.exp()
    y.backward()
    (line,) = read(draw(y)).lines
    assert (line.source, line.target, line.look["dir"]) == ("n0", "n1", "back")


@pytest.mark.parametrize(("choose", "winner", "loser"), [(maximum, 1, 0), (minimum, 0, 1)])
def test_the_loser_is_grey_dotted_and_not_taken(choose: Callable[..., Value], winner: int, loser: int) -> None:
    y = choose(Value(3.0, "a"), Value(5.0, "b"))
    y.backward()
    drawn = read(draw(y))
    lost, won = drawn.lines[loser], drawn.lines[winner]
    assert (lost.words, lost.look["style"], lost.look["color"]) == ("not taken", "dotted", LIGHT.no_path)
    assert (won.words, won.look["style"], won.look["color"]) == ("1 × 1 = 1", "solid", LIGHT.positive)
    assert lost.width < won.width
    assert (lost.look["arrowtail"], lost.look["arrowhead"]) == ("tee", "none")


def test_before_backward_the_winner_shows_already_and_no_gradient() -> None:
    y = maximum(Value(3.0, "a"), Value(5.0, "b")) * 2
    drawn = read(draw(y))
    assert drawn.words() == ["not taken", "taken", ""]
    assert all("–" in box for box in drawn.boxes.values())
    assert "gradient not computed" in drawn.legend


def test_on_a_tie_the_first_is_taken() -> None:
    y = maximum(Value(4.0, "a"), Value(4.0, "b"))
    y.backward()
    assert read(draw(y)).words() == ["1 × 1 = 1", "not taken"]


def test_the_three_states_of_a_gradient_and_no_path_look_different() -> None:
    a, b, c, d = (Value(float(i), n) for i, n in enumerate("abcd"))
    y = maximum(a * b, 5 + c)
    y.backward()
    drawn = read(draw([y, d * 1]))
    assert drawn.named("a").rows == ["a", "0", "no path"]
    assert drawn.named("c").rows == ["c", "2", "1"]
    assert drawn.named("d").rows == ["d", "3", "–"]
    z = a * 0
    a.grad = None
    z.backward()
    assert read(draw(z)).named("a").rows == ["a", "0", "0"]


def test_what_is_off_looks_off() -> None:
    x = Value(-1.0, "x")
    y = x.relu()
    y.backward()
    drawn = read(draw(y))
    assert drawn.words() == ["off"]
    assert drawn.lines[0].look["style"] == "dotted"
    assert drawn.named("x").look["color"] == LIGHT.no_path
    assert drawn.named("y").look["color"] == LIGHT.node_border


def test_an_infinite_gradient_does_not_touch_the_loser() -> None:
    y = where(Value(1.0, "c"), Value(0.0, "a").sqrt(), Value(0.0, "b").sqrt())
    y.backward()
    drawn = read(draw(y))
    assert "inf" in drawn.named("a")
    assert "no path" in drawn.named("b")
    assert "no path" in drawn.named("c")


@pytest.mark.parametrize(("theme", "look"), [("light", LIGHT), ("dark", DARK), (DARK, DARK)])
def test_the_sign_is_told_by_colour_and_by_dashes(theme: str, look: object) -> None:
    y = Value(1.0, "a") - Value(2.0, "b")
    y.backward()
    picture = draw(y, theme=theme)
    plus, minus = read(picture).lines
    assert (plus.look["color"], plus.look["style"]) == (look.positive, "solid")  # type: ignore[attr-defined]
    assert (minus.look["color"], minus.look["style"]) == (look.negative, "dashed")  # type: ignore[attr-defined]
    assert f'bgcolor="{look.background}"' in picture.source  # type: ignore[attr-defined]


def test_lines_grow_with_the_contribution_on_one_scale_for_all_pictures() -> None:
    widths = []
    for factor in (0, 1e-3, -0.1, 1, -7.5, 1e9, math.inf):
        y = Value(1.0) * factor
        y.backward()
        (line,) = read(draw(y)).lines
        assert line.width == width(factor)
        widths.append(line.width)
    assert widths == sorted(widths)
    assert widths[2] < widths[3] < widths[4]


def test_constants_are_written_into_the_operation() -> None:
    x = Value(2.0, "x")
    y = 3 - ((0.7 * x + 1) ** 2) / 4
    z = clamp(maximum(y, 1.5), -1, 0)
    boxes = read(draw(z)).boxes
    assert len(boxes) == 8
    titles = [box.rows[0] for box in boxes.values()]
    assert titles == [
        "x",
        "v1: × 0.7",
        "v2: + 1",
        "v3: ^ 2",
        "v4: / 4",
        "y 3 −",
        "v6: max(·, 1.5)",
        "z clamp(·, −1, 0)",
    ]


def test_nan_is_marked_where_it_begins_and_where_it_goes() -> None:
    x, w = Value(-1.0, "x"), Value(2.0, "w")
    y = x.log() * w
    y.backward()
    drawn = read(draw(y))
    assert drawn.boxes["n2"].look["color"] == LIGHT.highlight
    assert drawn.named("y").look["color"] == LIGHT.highlight
    assert drawn.named("x").look["color"] != LIGHT.highlight
    assert "nan" in drawn.named("y")
    assert "nan × 1 = nan" in drawn.words()


@pytest.mark.parametrize(
    ("number", "text"),
    [(-0.0, "0"), (0.1 + 0.2, "0.3"), (1.2e-7, "1.2e−7"), (math.inf, "inf"), (-3.0, "−3"), (1e300, "1e300")],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert read(draw(Value(number, "x"))).named("x").rows[1] == text


def test_a_single_leaf_is_a_picture() -> None:
    x = Value(1.0, "x")
    x.backward()
    assert next(iter(read(draw(x)).boxes.values())).rows == ["x", "1", "1"]
    assert draw(x).png().startswith(b"\x89PNG")


def test_what_was_computed_under_no_grad_is_a_leaf() -> None:
    with no_grad():
        frozen = Value(2.0) * 3
    y = frozen * Value(1.0, "x")
    assert [box.rows[0] for box in read(draw(y)).boxes.values()] == ["frozen", "x", "y ×"]


def test_several_outputs_are_drawn_together() -> None:
    probabilities = softmax(Value(0.0, "a"), Value(1.0, "b"))
    drawn = read(draw(probabilities, collapse=False))
    assert len(drawn.boxes) == len(Graph(*probabilities))
    assert draw(Graph(*probabilities)).source == draw(tuple(probabilities)).source == draw(probabilities).source


def test_the_same_graph_gives_the_same_bytes() -> None:
    def make() -> str:
        x = [Value(v) for v in (3, 0, 4, 2, 0)]
        score = sum(max_pool1d(x, kernel_size=3, stride=2), Value(0.0))
        score.backward()
        picture = draw(score, collapse=lambda s: s.name == "window B")
        return picture.source + picture.svg()

    assert make() == make()


@pytest.mark.slow
def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    code = READ_ME + "import sys; sys.stdout.buffer.write((picture.source + picture.svg()).encode())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    here: dict[str, object] = {}
    exec(READ_ME, here)
    picture = here["picture"]
    assert outputs == {(picture.source + picture.svg()).encode()}  # type: ignore[attr-defined]


def test_the_ten_lines_of_the_read_me_show_one_point_six() -> None:
    here: dict[str, object] = {}
    exec(READ_ME, here)
    drawn = read(here["picture"])  # type: ignore[arg-type]
    assert drawn.named("x[2]").rows == ["x[2]", "4", "1.6"]
    arriving = [line.words for line in drawn.lines if line.source == "n2" and "=" in line.words]
    assert arriving == ["1 × 0.7 = 0.7", "1 × 0.9 = 0.9"]
    assert drawn.words().count("not taken") == 4
    assert sorted(drawn.frames) == ["window A", "window B"]


@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
def test_it_reads_in_the_asked_direction(rankdir: str) -> None:
    picture = draw(chain(5), rankdir=rankdir)
    wide, high = map(float, re.findall(r'viewBox="\S+ \S+ (\S+) (\S+)"', picture.svg())[0])
    assert (wide > high) == (rankdir in ("LR", "RL"))


def test_dots_where_a_graph_goes_on_are_told() -> None:
    y = (Value(2.0, "x") * 3 + 1).tanh()
    assert "… the graph goes on" in read(draw(y, depth=1, names=False)).legend
    assert "…" not in read(draw(y, names=False)).legend


def test_it_can_do_without_a_legend() -> None:
    y = Value(1.0) * 2
    assert read(draw(y, legend=False)).legend == ""
    assert "value" in read(draw(y)).legend


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"rankdir": "left"}, ValueError, r"rankdir must be 'auto' or one of LR, TB.*'left'"),
        ({"rankdir": None}, ValueError, "rankdir must be 'auto' or one of"),
        ({"theme": "pink"}, ValueError, r"unknown theme 'pink'.*dark.*light"),
        ({"depth": -1}, ValueError, "depth is a number of edges, 0 or more, got -1"),
        ({"depth": 1.5}, ValueError, "got 1.5"),
        ({"depth": True}, ValueError, "got True"),
        ({"depth": "2"}, ValueError, "got '2'"),
        ({"around": Value(7.0, "stranger")}, ValueError, "'stranger' is not a node of this graph"),
        ({"around": "x"}, TypeError, "around is a Value of the graph, got str 'x'"),
        ({"around": 3}, TypeError, "around is a Value"),
        ({"collapse": "nowhere"}, ValueError, r"no scope of this graph is called nowhere; its scopes are \['inner'\]"),
        ({"collapse": ["inner", "x"]}, ValueError, "called x"),
        ({"collapse": 3}, TypeError, "got int"),
        ({"reached": True}, ValueError, "call backward"),
    ],
)
def test_a_bad_option_is_refused_in_words(options: dict[str, object], error: type[Exception], words: str) -> None:
    with scope("inner"):
        y = Value(1.0, "x") * 2
    with pytest.raises(error, match=words):
        draw(y, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (3.0, "got float"),
        (None, "got NoneType"),
        ("x", "got a str with a str in it"),
        ([], "nothing to draw in an empty list"),
        ([Value(1.0), 2], "got a list with a int in it"),
        ([[Value(1.0)]], "got a list with a list in it"),
    ],
)
def test_what_is_no_value_is_refused_in_words(thing: object, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        draw(thing)  # type: ignore[arg-type]


def test_changed_data_are_refused() -> None:
    x = Value(1.0, "x")
    y = x * 2
    graph = Graph(y)
    x.data = 5.0
    with pytest.raises(StaleError, match="'x' was changed"):
        draw(y)
    graph.forward()
    assert "10" in read(draw(graph)).named("y")
    y.data = 3.0
    with pytest.raises(StaleError, match="overwritten"):
        draw(y)


def test_drawing_changes_no_value() -> None:
    x = [Value(float(i)) for i in range(5)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    score = p[0] * p[1]
    score.backward()
    graph = Graph(score)
    before = [(v.name, v.data, v.grad, v.grad_state, v.parents, v.scope) for v in graph.values]
    draw(score, collapse=True).svg()
    draw(score, around=x[2], theme="dark")
    assert [(v.name, v.data, v.grad, v.grad_state, v.parents, v.scope) for v in graph.values] == before


@pytest.mark.slow
def test_three_hundred_values_are_drawn() -> None:
    y = chain(299)
    y.backward()
    picture = draw(y)
    assert len(read(picture).boxes) == 300
    assert picture.svg().count('class="node"') == 300


@pytest.mark.slow
def test_a_chain_without_scopes_is_refused_however_deep_it_is() -> None:
    for length in (400, 100_000):
        with pytest.raises(TooLargeError, match=r"more than 400 boxes.*around=.*depth="):
            draw(chain(length))


@pytest.mark.slow
def test_a_part_of_a_deep_chain_is_drawn() -> None:
    y = chain(50_000)
    assert len([key for key in read(draw(y, depth=3)).boxes if key.startswith("n")]) == 4


@pytest.mark.slow
def test_the_limit_can_be_raised() -> None:
    assert len(read(draw(chain(450), max_nodes=500)).boxes) == 451


def test_an_operation_added_at_run_time_is_drawn() -> None:
    softsign = operation("softsign(x)", "x / (1 + abs(x))", "1 / (1 + abs(x)) ** 2", symbol="ss")
    pick = operation("pick(x, y)", "x", "1", "None")
    x = Value(1.0, "x")
    y = pick(softsign(x), Value(2.0, "other"))
    y.backward()
    picture = draw(y)
    drawn = read(picture)
    assert [box.rows[0] for box in drawn.boxes.values()] == ["x", "v1: ss", "other", "y pick"]
    assert drawn.words() == ["0.25 × 1 = 0.25", "1 × 1 = 1", "no path"]
    assert "ss</text>" in picture.svg()


def test_without_a_system_graphviz_the_picture_appears_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    y = Value(1.0, "x") * 2
    monkeypatch.setenv("PATH", "")
    assert engines.engine_name() == "graphviz-pure"
    picture = draw(y)
    assert ">x</text>" in picture.svg()
    assert picture.png().startswith(b"\x89PNG")
    assert ">x</text>" in str(picture._repr_mimebundle_()["image/svg+xml"])


def test_without_any_graphviz_there_is_a_hint_and_the_dot_text(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = draw(Value(1.0, "x") * 2)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engines, "_pure", lambda: None)
    with pytest.raises(LayoutUnavailable, match="pip install graphviz-pure") as caught:
        picture.svg()
    assert caught.value.dot == picture.source
    assert "\n" not in str(caught.value)


def test_a_notebook_shows_svg() -> None:
    shown = draw(Value(1.0, "x") * 2)._repr_mimebundle_()["image/svg+xml"]
    assert str(shown).startswith("<svg")
    assert ">x</text>" in str(shown)
