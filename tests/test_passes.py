"""What is told of a pass is the pass that was run: its seed, its ties, what it refused, and what was there before."""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from counting import calls
from drawn import read
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autodiff import (
    Graph,
    Steps,
    Value,
    clamp,
    explain,
    max_pool1d,
    maximum,
    minimum,
    nn,
    operation,
    relu,
    steps,
    where,
)
from autodiff import scope as group
from viz import TooLargeError, draw
from viz.graph.view import ancestors, require_boxes
from viz.page.data import page_data

SEEDS = [0.7, -0.7, 2.0, 0.0, 1e-300, math.inf, math.nan]


def same(x: float | None, y: float | None) -> bool:
    return x == y or (x != x and y != y)


def pool() -> tuple[list[Value], Value]:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return x, 0.7 * p[0] + 0.9 * p[1]


# -- The seed


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_step_tells_the_gradients_that_the_values_hold(seed: float) -> None:
    _, y = pool()
    y.backward(seed)
    told = steps(y)
    last = told.snapshot(-1)
    assert same(told.seed, seed)
    for value, gradient in zip(told.graph.values, last.gradients, strict=True):
        assert same(value.grad, 0.0 if gradient is None else gradient)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_explanation_agrees_with_the_gradient_and_blames_no_other_pass(seed: float) -> None:
    x, y = pool()
    y.backward(seed)
    told = explain(x[2], y)
    assert same(told.gradient, x[2].grad)
    assert "another pass" not in told.text


def test_draw_and_its_last_step_say_the_same(tmp_path: Path) -> None:
    x, y = pool()
    y.backward(0.5)
    assert read(draw(y, names=False)).named("x2").rows == read(draw(y, names=False, step=-1)).named("x2").rows
    film = viz.animate(y, tmp_path / "film.svg", names=False).read_text("utf-8")
    assert ">0.8<" in film  # 0.5 × 1.6
    assert x[2].grad == 0.8


def test_a_seed_of_ones_own_is_told_where_none_was_run() -> None:
    x, y = pool()
    assert steps(y).seed == 1.0
    assert steps(y, seed=-2.0)[-1].after == -3.2
    assert explain(x[2], y, seed=-2.0).gradient == -3.2
    assert viz.step(y, seed=0.5).data["seed"] == 0.5
    assert read(draw(y, names=False, step=-1, seed=-2.0)).named("x2").rows[-1] == "−3.2"
    with pytest.raises(ValueError, match="seed= is for step=k"):
        draw(y, seed=2.0)


@pytest.mark.parametrize(
    "twin",
    [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y)), lambda y: Graph.from_json(Graph(y).to_json()).values[-1]],
)
def test_a_copy_tells_the_same_pass(twin: Callable[[Value], Value]) -> None:
    _, y = pool()
    y.backward(0.7)
    assert [step.after for step in steps(twin(y))] == [step.after for step in steps(y)]


def test_of_several_passes_the_last_is_told() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.backward(0.7)
    y.backward(2.0)
    assert steps(y).seed == 2.0
    (y * 5.0).backward()  # and what arrives at y from further on is what is told of y
    assert steps(y).seed == y.grad == 5.0


def test_what_was_computed_anew_has_no_pass_yet() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.backward(0.7)
    x.data = 4.0
    Graph(y).forward()
    assert steps(y).seed == 1.0


def test_the_seed_of_a_leaf_is_that_of_its_last_pass() -> None:
    x = Value(3.0, "x")
    x.backward(0.7)
    x.backward(0.2)
    assert steps(x).seed == 0.2


def test_steps_are_told_what_names_are_before_anything_is_computed() -> None:
    y = Value(2.0, "x") * 3
    for wrong in (0.7, 1, "x", [y], True):
        for call in (steps, lambda y, names: explain(y, y, names)):
            with pytest.raises(TypeError, match=r"labels= is a dict.*seed="):
                call(y, wrong)  # type: ignore[operator]


def test_the_sentence_of_the_seed_is_true() -> None:
    y = Value(2.0, "x") * 3
    assert steps(y)[2].sentence == "v1.grad = 1: the gradient of the output in itself"
    assert steps(y, seed=-0.5)[2].sentence == "v1.grad = -0.5: the upstream gradient that the pass begins with"


def test_apply_keeps_the_seed() -> None:
    x = Value(3.0, "x")
    stepper = viz.step(x * x, seed=0.5)
    stepper.values = {"x": 4.0}
    stepper.apply()
    assert stepper.data["seed"] == 0.5


# -- Other passes


def test_what_was_there_before_is_told_with_the_cure_and_only_if_something_was() -> None:
    w = Value(0.5, "w")
    for _ in range(2):
        loss = (2 * w - 4) ** 2
        loss.backward()
    last = str(explain(w, loss)).splitlines()[-1]
    assert last.startswith("  (w.grad holds -24: -12 of it was there before")
    assert "w.grad = 0" in last
    assert "zero_grad()" in last
    w.grad = None
    loss.backward()
    assert "holds" not in str(explain(w, loss))


def test_what_another_pass_left_is_not_taken_for_a_part_of_this_one() -> None:
    x = Value(3.0, "x")
    y = x * 2
    assert "holds" not in str(explain(x, y))  # nothing was run
    y.backward(0.7)
    assert str(explain(x, y, seed=0.5)).endswith("(x.grad holds 1.4, of another backward pass)")
    assert str(explain(x, x * 5)).endswith("(x.grad holds 1.4, of another backward pass)")


def test_a_gradient_that_was_zeroed_since_is_not_called_part_of_another_pass() -> None:
    x = Value(2.0, "x")
    h = x * 3
    h.name = "h"
    y = h * h
    y.backward(0.7)
    for value in (x, h):
        value.grad = 0
        assert str(explain(value, y)).endswith(
            f"({value.name}.grad holds 0: this pass was not run, or it was zeroed since)"
        )


# -- Ties


CHOICES: list[tuple[Callable[..., Value], bool]] = [(maximum, True), (minimum, True)]


@pytest.mark.parametrize(("choose", "first"), CHOICES)
@pytest.mark.parametrize(("x", "y"), [(2.0, 2.0), (0.0, -0.0), (-0.0, 0.0), (-math.inf, -math.inf)])
def test_a_tie_is_called_one(choose: Callable[..., Value], first: bool, x: float, y: float) -> None:
    a, b = Value(x, "a"), Value(y, "b")
    out = choose(a, b)
    told = [step.sentence for step in steps(out)]
    assert told[2].endswith("since tie: the first of the equals takes it")
    assert told[-1] == "b gets no path through v2: tie: the first of the equals takes it"
    assert str(explain(b, out)).endswith("(tie: the first of the equals takes it)")


@pytest.mark.parametrize(("cells", "winner"), [((4, 4, 1), 0), ((3, 4, 4), 1), ((4, 1, 4), 0), ((4, 4, 4), 0)])
def test_the_winner_of_a_tie_is_told_of_it_wherever_in_its_window_it_was(cells: Sequence[float], winner: int) -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate(cells)]
    (p,) = max_pool1d(x, kernel_size=3)
    first = str(explain(x[winner], p)).splitlines()[0]
    assert first == f"x{winner}.grad = 1 (won window A, tie: the first of the equals takes it)"


def test_a_winner_without_equals_and_a_tie_elsewhere_are_no_tie() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((1.0, 1.0, 4.0, 2.0))]
    p = max_pool1d(x, kernel_size=3, stride=1)
    assert str(explain(x[2], p[0])).splitlines()[0] == "x2.grad = 1 (won window A)"  # the two 1s tied before it came
    a, b = Value(3.0, "a"), Value(2.0, "b")
    y = maximum(maximum(a, b), 3.0)  # no window: the second choice is another matter
    assert str(explain(a, y)).splitlines()[0] == "a.grad = 1 (won max)"


def test_unequal_numbers_and_nan_are_no_tie() -> None:
    for pair in ((2.0, 3.0), (math.nan, math.nan), (1.0, math.nan)):
        a, b = Value(pair[0], "a"), Value(pair[1], "b")
        assert "tie" not in "".join(map(str, steps(maximum(a, b))))


def test_the_edge_of_an_interval_is_no_tie() -> None:
    assert "tie" not in "".join(map(str, steps(clamp(Value(2.0, "x"), 0.0, 2.0))))


def test_a_row_of_the_users_that_takes_the_last_of_equals_says_so() -> None:
    latest = operation("latest(x, y)", "x if x > y else y", "1 if x > y else None", "None if x > y else 1")
    told = [step.sentence for step in steps(latest(Value(2.0, "a"), Value(2.0, "b")))]
    assert "a gets no path through v2: tie: the last of the equals takes it" in told


def of_three(name: str, sign: str) -> Callable[..., Value]:
    """The first of three that is not beaten by any other."""
    first, second = f"x {sign} y and x {sign} z", f"y {sign} z"
    return operation(
        f"{name}(x, y, z)",
        f"x if {first} else y if {second} else z",
        f"1 if {first} else None",
        f"None if {first} else 1 if {second} else None",
        f"None if {first} else None if {second} else 1",
    )


@pytest.mark.parametrize(("name", "sign", "best"), [("largest3", ">=", max), ("smallest3", "<=", min)])
def test_of_three_only_those_that_equal_the_winner_tie_with_it(
    name: str, sign: str, best: Callable[..., float]
) -> None:
    choose = of_three(name, sign)
    for numbers in itertools.product((1.0, 2.0, 3.0), repeat=3):
        told = {step.node: step.sentence for step in steps(choose(*map(Value, numbers)))}
        winner = numbers.index(best(numbers))
        for place, x in enumerate(numbers):
            tied = numbers.count(best(numbers)) > 1 and x == numbers[winner]
            assert ("tie: the first of the equals takes it" in told[place]) is tied, (numbers, place)


def test_numbers_tie_if_the_choice_goes_by_anything_made_of_them_alone() -> None:
    sides = ("1 if abs(x) >= abs(y) else None", "None if abs(x) >= abs(y) else 1")
    farther = operation("farther(x, y)", "x if abs(x) >= abs(y) else y", *sides)
    loser = Value(-2.0)
    assert "tie: the first" in str(explain(loser, farther(Value(-2.0), loser)))
    assert "tie" not in str(explain(loser, farther(Value(2.0), loser)))  # as far, but no equals


def test_what_may_not_change_places_is_no_tie() -> None:
    sides = ("None", "None", "1 if x >= y else None", "None if x >= y else 1")
    either = operation("either(x, y, p, q)", "p if x >= y else q", *sides)
    equal = [Value(2.0, name) for name in "xypq"]
    for out in (
        either(*equal),
        clamp(*equal[:3]),
        where(*equal[:3]),
        where(Value(0.0), *equal[:2]),
        relu(equal[0] - 2),
    ):
        assert "tie" not in "".join(map(str, steps(out)))


def test_the_page_has_the_words_of_a_tie() -> None:
    row = page_data(steps(maximum(Value(2.0), Value(2.0))))["operations"]["maximum"]
    assert row["rivals"] == [0, 1]
    assert row["ties"][0] == "tie: the first of the equals takes it"


def test_the_grid_of_a_pool_tells_a_tie_and_only_a_tie() -> None:
    assert "tie: the first of the equals takes it" in viz.pool([2, 2, 1], kernel_size=3).source
    assert "tie" not in viz.pool([1, 2, 1], kernel_size=3).source
    assert "tie" not in viz.pool([2, 2, 2], kernel_size=3, kind="avg").source


# -- Explanations


def test_a_way_that_ends_further_on_is_told_beside_what_arrived() -> None:
    x = Value(1.0, "x")
    lines = str(explain(x, x * 2 + maximum(3 * x, 50.0))).splitlines()
    assert lines[1] == "  nothing from: max(·, 50) (not taken)"


def test_no_refusal_is_told_that_stands_behind_another() -> None:
    x = Value(1.0, "x")
    first = maximum(3 * x, 5.0)
    assert str(explain(x, first * 2 + maximum(first, 100.0))) == "x got nothing: max(·, 5) (not taken)"


def test_all_refusals_are_counted() -> None:
    x = Value(1.0, "x")
    assert str(explain(x, sum((maximum(2 * x, 9.0) for _ in range(500)), Value(0.0)))).endswith(", 488 more")


def test_scopes_that_are_called_alike_are_told_with_those_around_them() -> None:
    cells = [Value(x, f"c{i}") for i, x in enumerate((1.0, 5.0, 2.0))]
    pools = []
    for name in ("left", "right"):
        with group(name):
            pools.append(max_pool1d(cells, 3)[0])
    out = pools[0] + 2 * pools[1]
    assert str(explain(cells[1], out)).startswith("c1.grad = 2 (won right, window A) + 1 (won left, window A)")
    assert str(explain(cells[0], out)).startswith("c0 got nothing: max in right, window A (not taken), max in left,")


def test_the_node_that_refused_is_named_however_far_it_is() -> None:
    x = Value(1.0, "x")
    for far in (3 * x, (3 * x).exp() - 2, relu(3 * x)):
        assert "max" in str(explain(x, maximum(far, 50.0) * 2))
    assert "relu (off)" in str(explain(x, relu(-2 * x)))
    assert "relu" in str(explain(x, maximum(relu(-x), -1.0)))


def test_filters_layers_and_neurons_are_named() -> None:
    image = [[Value(0.1 * (i + j + 1), f"px{i}{j}") for j in range(2)] for i in range(2)]
    maps = nn.Conv2d(1, 2, 2, rng=0)(image)
    first = str(explain(image[0][0], maps[0][0][0] + 2 * maps[1][0][0])).splitlines()[0]
    assert "(through conv, filter 0)" in first
    assert "(through conv, filter 1)" in first
    x = [Value(1.0, "a"), Value(2.0, "b")]
    out = nn.Linear(2, 2, rng=0)(x)
    assert "neuron 1" in str(explain(x[0], out[0] + out[1])).splitlines()[0]
    with group("inner"):
        w = Value(2.0, "w")
        y = w * 3
    assert "(through × 3 in inner)" in str(explain(w, y))  # both in there: nothing was entered


def fan(count: int) -> tuple[Value, Value]:
    x = Value(1.0, "x" * 300)
    row = [x * 2.0 for _ in range(count)]
    while len(row) > 1:
        row = [a + b for a, b in zip(row[::2], row[1::2], strict=False)] + row[len(row) // 2 * 2 :]
    return x, row[0]


def ladder(count: int) -> tuple[Value, Value]:
    x = y = Value(1.0, "x")
    for _ in range(count):
        y = y + y
    return x, y


def refusals(count: int) -> tuple[Value, Value]:
    x = Value(1.0, "x")
    return x, sum((maximum(2.0, x) for _ in range(count)), x * 1.0)


def deep(count: int) -> tuple[Value, Value]:
    x = y = Value(1.0, "x")
    for _ in range(count):
        y = -y
    return x, y


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [lambda: fan(5_000), lambda: ladder(200), lambda: refusals(3_000), lambda: deep(20_000)]
)
def test_an_explanation_is_short_whatever_it_explains(make: Callable[[], tuple[Value, Value]]) -> None:
    x, y = make()
    told = explain(x, y)
    assert len(str(told)) <= 20_000
    assert len(repr(told)) <= 200
    y.backward()
    assert told.gradient == x.grad


@pytest.mark.slow
def test_a_path_is_unrolled_once_and_no_step_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What explain does to a path of n nodes is n steps, not n times the path so far."""
    seen = 0
    real = Steps.__getitem__

    def counting(self: Steps, index: Any) -> Any:
        nonlocal seen
        found = real(self, index)
        seen += len(found) if isinstance(index, slice) else 1
        return found

    monkeypatch.setattr(Steps, "__getitem__", counting)
    x, y = deep(2_000)
    told = explain(x, y)
    assert seen == 2_001
    assert [len(path.nodes) for path in told.paths] == [2_001]


# -- Too large


class Counted:
    """The outputs of a graph that counts how many of its nodes are looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nodes = 0
        real = ancestors

        def counting(*asked: Any) -> Iterator[Value]:
            for node in real(*asked):
                self.nodes += 1
                yield node

        monkeypatch.setattr("viz.graph.view.ancestors", counting)


@pytest.mark.parametrize("part", ["depth", "around", "graph"])
def test_refusing_a_part_looks_at_no_more_nodes_than_it_takes_to_count_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    counted = Counted(monkeypatch)
    x, y = deep(5_000)
    z = y * x
    graph = Graph(z)
    wished: dict[str, dict[str, Any]] = {"depth": {"depth": 500}, "around": {"around": y, "depth": 500}, "graph": {}}
    with pytest.raises(TooLargeError, match="more than 400 boxes"):
        draw(graph if part == "graph" else z, **wished[part])
    assert counted.nodes == 401


@pytest.mark.slow
def test_a_part_is_not_refused_for_what_lies_outside_of_it() -> None:
    x, y = deep(5_000)
    near = draw(y * x, depth=3, names=False), draw(y, around=y.parents[0], depth=150, names=False)
    assert [sum(name[0] == "n" for name in read(picture).boxes) for picture in near] == [5, 152]


def test_that_no_gradient_has_reached_anything_is_said_before_the_graph_is_numbered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("viz.graph.drawing.Graph.__init__", lambda *_: pytest.fail("it was numbered"))
    with pytest.raises(ValueError, match="backward"):
        draw(deep(1_000)[1], reached=True)


@pytest.mark.parametrize("reached", [False, True])
def test_refusing_a_graph_looks_at_no_more_nodes_than_it_takes_to_count_to_the_limit(
    monkeypatch: pytest.MonkeyPatch, reached: bool
) -> None:
    counted = Counted(monkeypatch)
    _, y = deep(5_000)
    y.backward()
    with pytest.raises(TooLargeError, match="more than 400 boxes"):
        draw(y, reached=reached)
    assert counted.nodes == 401
    with pytest.raises(TooLargeError, match="more than 1000 boxes"):
        viz.step(y)
    assert counted.nodes == 401 + 1001


@pytest.mark.slow
def test_what_can_be_folded_is_not_refused() -> None:
    with group("outer"):
        _, y = deep(1_000)
        z = y * 2
    for collapse in (True, "outer", ["outer"], iter(["outer"]), lambda s: s.name == "outer"):
        assert len(read(draw(z, collapse=collapse, names=False)).boxes) <= 2
    with pytest.raises(TooLargeError):
        require_boxes([z], collapse="another")


def nested(count: int) -> Value:
    scopes = [group(f"s{i}") for i in range(count)]
    for one in scopes:
        one.__enter__()
    try:
        return Value(1.0, "x") * 2
    finally:
        for one in reversed(scopes):
            one.__exit__(None, None, None)


def test_scopes_inside_scopes_take_as_much_text_as_there_are_scopes() -> None:
    sizes = [len(draw(nested(count), names=False, fit=None).source) for count in (100, 200, 400)]
    assert sizes[2] - sizes[1] < 2.2 * (sizes[1] - sizes[0])


def steps_down(levels: int, nodes: int = 1) -> Value:
    """So many nodes on each of so many levels of scopes inside each other."""
    y = Value(1.0, "x")
    with contextlib.ExitStack() as scopes:
        for i in range(levels):
            scopes.enter_context(group(f"s{i}"))
            for _ in range(nodes):
                y = -y
    return y


@pytest.mark.slow
@pytest.mark.parametrize("collapse", [False, "s3", lambda scope: scope.name == "s9"])
def test_folding_deep_scopes_is_linear_in_their_number(collapse: Any) -> None:
    """Where there are too many boxes, the innermost levels are folded; what is known of a scope is found out once."""
    few, many = (steps_down(levels) for levels in (60, 120))
    work = [calls(lambda y=y: draw(y, names=False, collapse=collapse, max_nodes=40)) for y in (few, many)]
    assert work[1] < 2.5 * work[0]


@settings(deadline=None, max_examples=30)
@given(levels=st.integers(1, 12), nodes=st.integers(1, 4), limit=st.integers(2, 30))
def test_the_innermost_level_is_folded_that_leaves_few_enough_boxes(levels: int, nodes: int, limit: int) -> None:
    """A leaf, and so many nodes a level: folded at level k, (k - 1) * nodes + 2 boxes are left."""
    y = steps_down(levels, nodes)
    if 1 + levels * nodes <= limit:
        right = 1 + levels * nodes
    else:
        right = max(2, *((k - 1) * nodes + 2 for k in range(1, levels + 1) if (k - 1) * nodes + 2 <= limit))
    assert len(read(draw(y, names=False, max_nodes=limit)).boxes) == right


class Walked(tuple[Any, ...]):
    """Counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()


def test_what_folded_scopes_show_is_found_in_one_walk_over_the_lines() -> None:
    def walks(layers: int) -> int:
        y = Value(1.0, "x")
        for i in range(layers):
            with group(f"layer {i}"):
                y = (-y).exp()
        graph = Graph(y)
        graph.edges = edges = Walked(graph.edges)
        draw(graph, names=False, collapse=True)
        return edges.walks

    assert walks(30) == walks(3)


@pytest.mark.slow
def test_scopes_too_deep_are_refused_in_words_unless_folded() -> None:
    y = nested(20_000)
    with pytest.raises(TooLargeError, match=r"scopes .* 20000 deep.*1000.*collapse=True"):
        draw(y)
    with pytest.raises(TooLargeError, match="20000 deep"):
        viz.step(y)
    assert len(read(draw(y, collapse=True, names=False)).boxes) == 1
    assert "s999" in draw(nested(1_000), fit=None).source


# -- Pools


def as_array(cells: Any) -> Any:
    return pytest.importorskip("numpy").array(cells)


@pytest.mark.parametrize(
    "upstream",
    [
        [[1, 2], [3, 4], [5, 6]],
        [[1, 2, 3], [4, 5]],
        [1, 2, 3],
        [[1, 2, 3]],
        [[1], [2], [3], [4], [5], [6]],
        0.7,
        [1] * 7,
    ],
)
def test_an_upstream_of_another_shape_is_refused(upstream: Any) -> None:
    with pytest.raises(ValueError, match=r"upstream .*2 x 3"):
        viz.pool([[1, 2, 3], [4, 5, 6]], kernel_size=1, upstream=upstream)


def test_an_upstream_of_no_numbers_is_refused_by_its_name() -> None:
    for wrong in ("half", None, 1j):
        with pytest.raises(TypeError, match=r"upstream= is made of numbers, got"):
            viz.pool([3, 5], kernel_size=1, upstream=[1.0, wrong])


def test_an_upstream_may_be_of_values_which_stay_as_they_are() -> None:
    weight = Value(0.7)
    assert (
        viz.pool([3, 5], kernel_size=2, upstream=weight).source == viz.pool([3, 5], kernel_size=2, upstream=0.7).source
    )
    assert weight.grad_state == "not computed"


def test_an_upstream_may_have_the_outputs_shape_or_be_flat() -> None:
    cells = [[1, 2, 3], [4, 5, 6]]
    rows = viz.pool(cells, kernel_size=1, upstream=[[1, 2, 3], [4, 5, 6]]).source
    assert viz.pool(cells, kernel_size=1, upstream=[1, 2, 3, 4, 5, 6]).source == rows
    assert viz.pool(cells, kernel_size=1, upstream=iter([1, 2, 3, 4, 5, 6])).source == rows
    assert (
        viz.pool([3, 5], kernel_size=2, upstream=0.7).source == viz.pool([3, 5], kernel_size=2, upstream=[0.7]).source
    )


@pytest.mark.parametrize(
    ("cells", "window"),
    [
        ([1] * 100_000, {"kernel_size": 2}),
        ([[1] * 40], {"kernel_size": 1}),
        ([1, 2], {"kernel_size": 10**7, "padding": 5 * 10**6}),
        ([[1, 2], [3, 4]], {"kernel_size": 10**7, "padding": 5 * 10**6}),
    ],
)
def test_a_pool_too_large_to_read_is_refused_before_it_is_computed(
    cells: Any, window: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["viz.pools.pool"], "POOLS", {"max": (pytest.fail, pytest.fail)})
    with pytest.raises(ValueError, match="too large to read"):
        viz.pool(cells, **window)


@pytest.mark.parametrize("rows", [False, True])
def test_cells_without_end_are_read_no_further_than_it_takes_to_refuse_them(rows: bool) -> None:
    read_so_far = itertools.count()
    cells = ([1.0] if rows else 1.0 for _ in read_so_far)
    with pytest.raises(ValueError, match=f"more than 32 {'rows' if rows else 'cells in a row'} is too large to read"):
        viz.pool(cells, kernel_size=1)
    assert next(read_so_far) == 33
    with pytest.raises(ValueError, match="too large to read"):
        viz.pool([itertools.repeat(1.0)], kernel_size=1)
    with pytest.raises(ValueError, match=f"{10**9} cells in a row is too large to read"):
        viz.pool(range(10**9), kernel_size=1)


@pytest.mark.parametrize("words", [{"outputs": [1.0, 2.0]}, {"upstream": [1.0, 2.0]}, {"stride": 2}, {"kind": "avg"}])
@pytest.mark.parametrize("wrap", [lambda given: given, as_array])
def test_a_pool_without_its_kernel_size_is_refused_in_words(words: dict[str, Any], wrap: Callable[[Any], Any]) -> None:
    given = {word: wrap(entry) if isinstance(entry, list) else entry for word, entry in words.items()}
    with pytest.raises(TypeError, match=r"cells and the pool's words: pool\(cells, kernel_size=2"):
        viz.pool([1.0, 2.0, 3.0], **given)


def test_a_window_larger_than_the_world_is_not_walked() -> None:
    (out,) = max_pool1d([Value(1.0), Value(5.0)], kernel_size=10**15, stride=10, padding=5 * 10**14 - 1)[:1]
    assert out.data == 5.0
