"""Parts of a graph, and scopes folded to one box: what is left out is marked, what is shown stays true."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from itertools import permutations

import pytest
from drawn import Drawn, read

from autodiff import Graph, Scope, StaleError, Value, max_pool1d, maximum, relu, scope
from viz import TooLargeError, draw


def numbered(drawn: Drawn) -> list[str]:
    return [key for key in drawn.boxes if key.startswith("n")]


def stubs(drawn: Drawn) -> list[str]:
    return [key for key in drawn.boxes if key.startswith(("before", "after"))]


@pytest.fixture
def score() -> Value:
    """Two overlapping windows; their max nodes are n5 to n8, the weighted ones n9 and n10, the score n11."""
    x = [Value(float(v), f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    total = 0.7 * p[0] + 0.9 * p[1]
    total.name = "score"
    total.backward()
    return total


def test_depth_shows_the_end_of_a_graph(score: Value) -> None:
    drawn = read(draw(score, depth=1))
    assert numbered(drawn) == ["n9", "n10", "n11"]
    assert stubs(drawn) == ["before_9", "before_10"]
    assert numbered(read(draw(score, depth=0))) == ["n11"]


def test_around_shows_both_sides_of_a_value(score: Value) -> None:
    winner = Graph(score).values[2]
    drawn = read(draw(score, around=winner, depth=1))
    assert numbered(drawn) == ["n2", "n6", "n7"]
    assert stubs(drawn) == ["before_6", "before_7", "after_6", "after_7"]


def test_a_folded_box_at_the_rim_has_dots_too() -> None:
    x = Value(2.0, "x")
    with scope("part"):
        y = (x * x).tanh()
    assert stubs(read(draw(y + 1, depth=1, collapse=True, names=False))) == ["before_2"]


def test_around_without_a_depth_shows_two_steps(score: Value) -> None:
    winner = Graph(score).values[2]
    assert draw(score, around=winner).source == draw(score, around=winner, depth=2).source


def test_a_depth_beyond_the_graph_shows_all_of_it(score: Value) -> None:
    assert draw(score, depth=10**12).source == draw(score).source


def test_gradients_of_a_part_are_those_of_the_whole(score: Value) -> None:
    whole = read(draw(score)).boxes
    part = read(draw(score, around=score, depth=3)).boxes
    assert all(part[key] == whole[key] for key in part if key.startswith("n"))


def test_reached_leaves_out_what_the_gradient_did_not_touch() -> None:
    far = Value(1.0, "far").exp()
    a, b = Value(9.0, "a"), Value(2.0, "b")
    y = maximum(a, far * b)
    y.backward()
    drawn = read(draw(y, reached=True))
    assert [box.rows[0] for box in drawn.boxes.values() if box.rows] == ["a", "v4: ×", "y max"]
    assert drawn.words()[:2] == ["1 × 1 = 1", "not taken"]
    assert len(read(draw(y)).boxes) == 6


def test_scopes_are_frames_within_frames() -> None:
    x = Value(1.0)
    with scope("outer"):
        y = x * 2
        with scope("inner"):
            y = y * 3
    drawn = read(draw(y))
    assert drawn.frames == ["outer", "inner"]
    source = draw(y).source
    assert source.index(">outer<") < source.index(">inner<") < source.index("\n\tn0 ->")


@pytest.mark.slow
@pytest.mark.parametrize("depth", [3, 60])
def test_frames_nest_however_deep_they_are(depth: int) -> None:
    y = Value(1.0, "x")
    with ExitStack() as stack:
        for level in range(depth):
            stack.enter_context(scope(f"level {level}"))
        y = y * 2
    picture = draw(y, fit=None)
    assert sorted(read(picture).frames) == sorted(f"level {level}" for level in range(depth))
    assert picture.svg().count('class="cluster"') == depth
    assert len(read(draw(y, collapse="level 1")).boxes) == 2


def test_a_collapsed_scope_is_one_box_with_the_value_that_leaves_it(score: Value) -> None:
    drawn = read(draw(score, collapse=True))
    folded = [box.rows for key, box in drawn.boxes.items() if key.startswith("s")]
    assert folded == [["window A", "2 nodes", "4", "0.7"], ["window B", "2 nodes", "4", "0.9"]]
    assert not drawn.frames
    assert [line.words for line in drawn.lines if line.source == "n2"] == ["0.7", "0.9"]


def test_scopes_are_chosen_by_name_by_scope_or_by_a_function(score: Value) -> None:
    (first, second) = Graph(score).scopes
    by_name = draw(score, collapse="window B").source
    assert [key for key in read(draw(score, collapse=second)).boxes if key.startswith("s")] == ["s7"]
    assert draw(score, collapse=second).source == by_name
    assert draw(score, collapse=[second]).source == by_name
    assert draw(score, collapse=lambda s: s.name.endswith("B")).source == by_name
    assert draw(score, collapse={"window A", second}).source == draw(score, collapse=True).source
    assert draw(score, collapse=lambda s: s is first).source != by_name
    assert draw(score, collapse=[]).source == draw(score).source == draw(score, collapse=False).source


def test_scopes_of_one_name_are_two_groups() -> None:
    x = Value(1.0, "x")
    for _ in range(2):
        with scope("same"):
            x = x * 2 + 1
    drawn = read(draw(x, collapse="same"))
    assert [box.rows[0] for box in drawn.boxes.values()] == ["x", "same #1", "same #3"]
    assert read(draw(x)).frames == ["same", "same"]


def test_an_inner_scope_folds_inside_the_frame_of_the_outer_one() -> None:
    x = Value(1.0, "x")
    with scope("outer"):
        y = x * 2
        with scope("inner"):
            y = (y * 3) * 4
        y = y * 5
    drawn = read(draw(y, collapse="inner"))
    assert drawn.frames == ["outer"]
    assert drawn.boxes["s2"].rows == ["inner", "2 nodes", "24", "–"]
    assert len(read(draw(y, collapse=True)).boxes) == 2
    assert len(read(draw(y, collapse=["inner", "outer"])).boxes) == 2


def test_several_uses_between_folded_boxes_are_one_line_with_their_sum() -> None:
    x = Value(2.0, "x")
    with scope("group"):
        y = x * 3 + x * -5
    y.backward()
    (line,) = read(draw(y, collapse=True)).lines
    assert line.words == "2 uses, sum = −2"
    assert line.look["style"] == "solid"  # one of the two is positive


def test_contributions_to_different_nodes_are_not_summed() -> None:
    u = Value(1.0, "u")
    with scope("block"):
        first, second = u * 2, u * 3
    with scope("head"):
        y = first * 5 - second * 5
    y.backward()
    lines = [line.words for line in read(draw(y, collapse=True)).lines]
    assert sorted(lines) == ["2 uses", "2 uses, sum = −5"]


def test_several_lost_uses_between_folded_boxes_stay_marked_as_lost() -> None:
    x = Value(-2.0, "x")
    with scope("dead"):
        y = x.relu() + (x * 1.0).relu() + x.relu()
    y.backward()
    with_path, *_ = read(draw(y, collapse=True)).lines
    assert "sum" not in with_path.words
    a, b = Value(1.0, "a"), Value(9.0, "b")
    with scope("losing"):
        z = maximum(maximum(b, a), a)
    z.backward()
    lost = next(line for line in read(draw(z, collapse=True)).lines if line.source == "n0")
    assert (lost.words, lost.look["style"]) == ("not taken", "dotted")


ENDS: dict[str, Callable[[Value], Value]] = {  # uses over which nothing comes back, by what is said of them
    "relu: off": lambda x: relu(x * 0 - 1),
    "max(·, 5): not taken": lambda x: maximum(x * 3, 5),
    "not taken": lambda x: maximum(x, 9.0),
}


@pytest.mark.parametrize("ends", [e for n in (1, 2, 3) for e in permutations(ENDS, n)])
@pytest.mark.parametrize("flows", [False, True])
def test_a_line_into_a_fold_says_of_each_use_why_it_got_nothing_unless_something_came(
    ends: tuple[str, ...], flows: bool
) -> None:
    x = Value(1.0, "x")
    with scope("fold"):
        y = sum((ENDS[words](x) for words in ends), x * 2 if flows else Value(0.0, "zero"))
    y.backward()
    line = next(line for line in read(draw(y, collapse=True)).lines if line.source == "n0")
    if flows:
        assert line.words == f"{len(ends) + 1} uses, sum = 2"
    else:
        assert sorted(line.words.split("; ")) == sorted(ends)


def test_a_scope_with_several_ways_out_shows_no_single_value() -> None:
    with scope("group"):
        a, b = Value(1.0) * 2, Value(1.0) * 3
    y = a * b
    assert read(draw(y, collapse=True)).boxes["s0"].rows == ["group", "4 nodes"]


def test_a_graph_too_large_is_collapsed_by_its_innermost_scopes() -> None:
    y = Value(1.0)
    for i in range(3):
        with scope(f"layer {i}"):
            for j in range(2):
                with scope(f"part {i}{j}"):
                    for _ in range(100):
                        y = y * 1.01
    drawn = read(draw(y))
    assert [box.rows[0] for box in drawn.boxes.values()][1:] == [f"part {i}{j}" for i in range(3) for j in range(2)]
    assert drawn.frames == ["layer 0", "layer 1", "layer 2"]
    assert len(read(draw(y, max_nodes=4)).boxes) == 4


def test_a_graph_too_large_even_when_collapsed_is_refused_with_a_way_out() -> None:
    y = Value(1.0)
    for i in range(401):
        with scope("s" * (i + 1)):  # by their names they are no parts of a kind
            y = -y
    with pytest.raises(TooLargeError, match=r"more than 400 boxes.*around=.*depth=.*collapse=True.*max_nodes"):
        draw(y)
    assert issubclass(TooLargeError, ValueError)
    assert len(read(draw(y, around=y, depth=3)).boxes) == 5


@pytest.mark.slow
def test_none_is_no_limit() -> None:
    y = Value(1.0)
    for _ in range(500):
        y = -y
    assert len(read(draw(y, max_nodes=None)).boxes) == 501


def test_what_is_asked_for_is_not_collapsed_further() -> None:
    with scope("outer"):
        y = Value(1.0)
        for _ in range(500):
            y = -y
    with pytest.raises(TooLargeError):
        draw(y, collapse=lambda s: False)
    assert len(read(draw(y)).boxes) == 1


@pytest.mark.slow
def test_forty_thousand_nodes_in_scopes_are_folded() -> None:
    for call, folded in ((str, ["2000 nodes each"]), ("abcdefghijklmnopqrst".__getitem__, ["2000 nodes"] * 20)):
        y = Value(1.0)
        for i in range(20):
            with scope(f"block {call(i)}"):  # numbered they are steps of a sequence, one box for all
                for _ in range(2000):
                    y = -y
        assert [box.rows[1] for box in read(draw(y)).boxes.values()][1:] == folded


def test_a_stale_part_is_refused_too() -> None:
    x = Value(1.0, "x")
    y = x * 2 * 3
    x.data = 2.0
    with pytest.raises(StaleError):
        draw(y, depth=0)


def test_a_collapsing_function_is_asked_about_scopes() -> None:
    asked: list[Scope] = []
    with scope("only"):
        y = Value(1.0) * 2

    def ask(candidate: Scope) -> bool:
        asked.append(candidate)
        return False

    draw(y, collapse=ask)
    assert {s.name for s in asked} == {"only"}
