"""At the edges: the last that still passes and the first that does not, and what is said of each."""

from __future__ import annotations

import itertools
import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Graph, Program, Value, avg_pool1d, explain, max_pool1d, nn, operation, steps
from autodiff.facts.explaining import LONGEST, PATHS, USES
from autodiff.ground.windows import Axis
from autodiff.language.formulas import listed
from autodiff.language.primitives import PRIMITIVES
from viz.pools.reading import _reach

# -- What is listed, and how much of it


@pytest.mark.parametrize("count", [1, 2, USES - 1, USES, USES + 1, USES + 2, 3 * USES])
def test_so_many_uses_are_told_and_the_rest_are_counted(count: int) -> None:
    x = Value(1.0, "x")
    y = sum((x * k for k in range(2, count + 2)), Value(0.0))
    y.backward()
    first = str(explain(x)).splitlines()[0]
    assert first.count("through") == min(count, USES)
    assert (f"{count - USES} more" in first) is (count > USES)
    assert ("more" in first) is (count > USES)


@pytest.mark.parametrize("count", [1, PATHS - 1, PATHS, PATHS + 3])
def test_so_many_paths_are_written_out_and_it_is_said_that_there_may_be_more(count: int) -> None:
    x = Value(1.0, "x")
    y = sum((x * k for k in range(2, count + 2)), Value(0.0))
    y.backward()
    text = str(explain(x))
    assert text.count("  output ") == min(count, PATHS)
    assert (f"only the first {PATHS} paths" in text) is (count >= PATHS)


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, LONGEST + 8])
def test_a_path_is_written_out_up_to_a_length_and_then_by_its_ends(length: int) -> None:
    x = Value(1.0, "x")
    y = x
    for _ in range(length):
        y = -y
    y.backward()
    (path,) = [line for line in str(explain(x)).splitlines() if line.startswith("  output")]
    stations, product = path.split(": ")
    assert stations.count(" → ") == min(length, LONGEST + 1)
    assert product.split(" = ")[0].count(" × ") == min(length, LONGEST + 1) - 1
    assert ("…" in path) is (length > LONGEST)
    assert explain(x).paths[0].contribution == (-1.0) ** length


def test_a_contribution_of_zero_is_told_as_zero() -> None:
    x, zero = Value(2.0, "x"), Value(0.0, "zero")
    y = x * zero + x
    y.backward()
    assert str(explain(x)).splitlines()[0] == "x.grad = 1 (through +) + 0 (through ×) = 1"


def test_at_most_twelve_names_are_listed() -> None:
    for count in (1, 11, 12, 13):
        names = [f"x{i}" for i in range(count)]
        assert listed(names) == ", ".join(names[:12]) + ", ..." * (count > 12)


@pytest.mark.parametrize("length", [1, 77, 78, 79, 90])
def test_a_parameters_name_is_cut_once_it_is_longer_than_eighty_characters_with_its_quotes(length: int) -> None:
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="another model") as refused:
        model.load_state_dict({**model.state_dict(), "x" * length: [1.0]})
    told = repr("x" * length)
    assert (told in str(refused.value)) is (length <= 78)
    assert ("..." in str(refused.value)) is (length > 78)


@pytest.mark.parametrize("count", range(1, 8))
def test_four_unknown_parameters_are_named_and_the_others_counted(count: int) -> None:
    model = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="another model") as refused:
        model.load_state_dict({**model.state_dict(), **{f"q{i}": [1.0] for i in range(count)}})
    assert str(refused.value).count("'q") == min(count, 4)
    assert (f" and {count - 4} more" in str(refused.value)) is (count > 4)


# -- Windows


AXES = [
    (length, kernel, stride, padding, dilation, ceil)
    for length, kernel, stride, padding, dilation in itertools.product((3, 5, 8), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2))
    for ceil in (False, True)
    if padding <= kernel // 2 and dilation * (kernel - 1) + 1 <= length + 2 * padding
]


@pytest.mark.slow
@pytest.mark.parametrize(("length", "kernel", "stride", "padding", "dilation", "ceil"), AXES)
def test_an_axis_reaches_from_its_first_to_its_last_position(
    length: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool
) -> None:
    names = ("length", "kernel", "stride", "padding", "dilation", "ceil")
    axis = Axis(**dict(zip(names, (length, kernel, stride, padding, dilation, ceil), strict=True)))  # type: ignore[arg-type]
    walked = [[i * stride - padding + k * dilation for k in range(kernel)] for i in range(axis.count)]
    assert [[*axis.positions(i)] for i in range(axis.count)] == walked
    everywhere = {*itertools.chain.from_iterable(walked), *range(length), -padding}
    assert _reach(axis) == max(everywhere) - min(everywhere) + 1
    assert [axis.window(i) for i in range(axis.count)] == [[p for p in one if 0 <= p < length] for one in walked]


def test_only_windows_of_two_cells_can_miss_the_input_and_both_positions_are_told() -> None:
    for length, dilation in itertools.product(range(1, 4), range(1, 9)):
        for kernel, padding in ((k, p) for k in range(1, 12) for p in range(k // 2 + 1)):
            if dilation * (kernel - 1) + 1 > length + 2 * padding:
                continue
            axis = Axis(length=length, kernel=kernel, stride=1, padding=padding, dilation=dilation, ceil=False)
            for i in range(axis.count):
                positions = [*axis.positions(i)]
                if any(0 <= place < length for place in positions):
                    continue
                assert kernel == 2
                with pytest.raises(ValueError, match="covers no input cell") as refused:
                    axis.window(i)
                assert f"its positions are {positions}, the input has 0 to {length - 1}" in str(refused.value)


# -- Truths


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -2.5, math.nan, math.inf])
@pytest.mark.parametrize("y", [0.0, 1.0, math.nan])
def test_a_condition_is_a_number_that_is_not_zero(x: float, y: float) -> None:
    assert PRIMITIVES["and"].function(x, y) == (1.0 if x != 0 and y != 0 else 0.0)
    assert PRIMITIVES["or"].function(x, y) == (1.0 if x != 0 or y != 0 else 0.0)
    assert PRIMITIVES["not"].function(x) == (1.0 if x == 0 else 0.0)
    assert PRIMITIVES["if"].function(x, 2.0, 3.0) == (2.0 if x != 0 else 3.0)


@pytest.mark.parametrize(
    ("test", "x", "y", "told"),
    [
        ("x > 1 or y > 2", 0.0, 0.0, "0 ≤ 1"),  # all failed: the first speaks for all
        ("x > 1 or y > 2", 5.0, 0.0, "5 > 1"),
        ("x > 1 or y > 2", 0.0, 3.0, "3 > 2"),
        ("x > 1 and y > 2", 5.0, 3.0, "5 > 1"),
        ("x > 1 and y > 2", 5.0, 0.0, "0 ≤ 2"),
        ("not (x > 1 and y > 2)", 5.0, 0.0, "0 ≤ 2"),
        ("not (x > 1 or y > 2)", 0.0, 0.0, "0 ≤ 1"),
    ],
)
def test_the_part_of_a_condition_that_decided_is_told(test: str, x: float, y: float, told: str) -> None:
    pick = operation("pick_by(x, y)", f"x if {test} else y", f"1 if {test} else None", f"None if {test} else 1")
    sentence = steps(pick(Value(x, "x"), Value(y, "y")))[2].sentence
    assert sentence.endswith(f"since {told}"), sentence


# -- Seeds


def test_a_pass_that_was_not_run_begins_with_one() -> None:
    x = Value(2.0, "x")
    x.grad = 0.5  # by hand
    assert steps(x).seed == 1.0
    y = x * 3
    assert steps(y).seed == 1.0
    y.grad = 0.0
    assert steps(y).seed == 1.0
    y.backward(0.25)
    assert steps(y).seed == 0.25
    y.backward(0.0)
    assert steps(y).seed == 0.0


# -- Copies


@pytest.mark.parametrize("make", [lambda x: x * 2, lambda x: (x * 2).exp() + x, lambda x: max_pool1d([x, x * 3], 2)[0]])
def test_what_is_out_of_date_is_pickled_as_it_is(make: Any) -> None:
    x = Value(1.0, "x")
    y = make(x)
    x.data = 5.0
    twin = pickle.loads(pickle.dumps(y))
    with pytest.raises(Exception, match="forward"):
        twin.backward()
    Graph(twin).forward()
    Graph(y).forward()
    assert twin.data == y.data


# -- Files


@given(st.sampled_from(["exp", "log", "tanh", "sigmoid"]), st.floats(-3, 3), st.integers(-3, 3))
def test_a_number_in_a_file_may_be_that_of_another_library_and_nothing_else(name: str, x: float, ulps: int) -> None:
    y = getattr(Value(x, "x"), name)()
    moved = y.data
    for _ in range(abs(ulps)):
        moved = math.nextafter(moved, math.copysign(math.inf, ulps))
    text = Graph(y).to_json()
    if math.isnan(y.data):
        assert math.isnan(Graph.from_json(text).values[-1].data)
        return
    near = text.replace(f'"data":{y.data!r}', f'"data":{moved!r}').replace(f'"data": {y.data!r}', f'"data": {moved!r}')
    assert Graph.from_json(near).values[-1].data == (moved if near != text else y.data)
    far = y.data + 1e-6 * max(1.0, abs(y.data))
    wrong = text.replace(f'"data":{y.data!r}', f'"data":{far!r}').replace(f'"data": {y.data!r}', f'"data": {far!r}')
    if wrong != text and y.data != x:
        with pytest.raises(ValueError, match="its number is"):
            Graph.from_json(wrong)


def test_nan_is_the_number_of_an_operation_that_answers_nan_alone() -> None:
    text = Graph(Value(-1.0, "x").log() + 1.0).to_json()
    assert math.isnan(Graph.from_json(text).values[-1].data)
    fine = Graph(Value(1.0, "x") + 1.0).to_json()
    assert "2.0" in fine
    with pytest.raises(ValueError, match="its number is nan"):
        Graph.from_json(fine.replace("2.0", '"nan"'))
    with pytest.raises(ValueError, match="its number is"):
        Graph.from_json(text.replace('"nan"', "3.0"))


# -- Programs


def test_a_result_that_is_a_constant_is_an_array_in_torch() -> None:
    x = Value(1.5, "x")
    source = Program([x + 2.0, Value(3.0)], inputs=[x]).source("torch")
    assert source.strip().splitlines()[-1].count("torch.tensor(3.0, dtype=x.dtype)") == 1, source


# -- Averages


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("counted", [None, True, False])
def test_padding_counts_in_an_average_unless_one_says_no(padding: int, counted: bool | None) -> None:
    options = {} if counted is None else {"count_include_pad": counted}
    cells = [3.0, 5.0, 7.0]
    got = [v.data for v in avg_pool1d(cells, 2, stride=2, padding=padding, **options)]
    windows = [[3.0, 5.0]] if not padding else [[3.0], [5.0, 7.0]]
    assert got == [sum(w) / (2 if counted is not False else len(w)) for w in windows]
