"""Pools against a plain reference: loops over numbers that know nothing of graphs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Graph, Value, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, maximum, routes, scope
from autodiff.recording.scopes import current

inf, nan = math.inf, math.nan
Cell = tuple[int, int]


# --- the reference, as in torch's documentation ----------------------------------------------------------------------


def count(length: int, k: int, s: int, p: int, d: int, ceil: bool) -> int:
    """The number of windows; in ceil mode, one that would start in the right padding is left out."""
    exact = (length + 2 * p - d * (k - 1) - 1) / s + 1
    n = math.ceil(exact) if ceil else math.floor(exact)
    return n - 1 if ceil and (n - 1) * s >= length + p else n


def positions(i: int, k: int, s: int, p: int, d: int) -> list[int]:
    return [i * s - p + j * d for j in range(k)]


class Reference:
    """The windows of a pool over a grid, and its values and gradients by plain loops."""

    def __init__(self, shape: Cell, k: Cell, s: Cell, p: Cell, d: Cell, ceil: bool) -> None:
        self.shape, self.k, self.p = shape, k, p
        self.counts = [count(shape[a], k[a], s[a], p[a], d[a], ceil) for a in (0, 1)]
        self.windows = [
            [
                (r, c)
                for r in positions(i, k[0], s[0], p[0], d[0])
                for c in positions(j, k[1], s[1], p[1], d[1])
                if 0 <= r < shape[0] and 0 <= c < shape[1]
            ]
            for i in range(self.counts[0])
            for j in range(self.counts[1])
        ]
        # what an average divides by: the window's part of the padded input
        self.areas = [
            math.prod(
                sum(0 <= x < shape[a] + 2 * p[a] for x in range(n * s[a], n * s[a] + k[a])) for a, n in ((0, i), (1, j))
            )
            for i in range(self.counts[0])
            for j in range(self.counts[1])
        ]

    @property
    def is_possible(self) -> bool:
        return min(self.counts) >= 1 and all(self.windows)

    def winner(self, grid: Sequence[Sequence[float]], window: list[Cell]) -> Cell:
        best = window[0]
        for cell in window[1:]:
            x, y = grid[best[0]][best[1]], grid[cell[0]][cell[1]]
            if x == x and (y > x or y != y):
                best = cell
        return best

    def max_gradient(self, grid: Sequence[Sequence[float]], upstream: list[float]) -> list[list[float]]:
        found = [[0.0] * self.shape[1] for _ in range(self.shape[0])]
        for window, up in zip(self.windows, upstream, strict=True):
            r, c = self.winner(grid, window)
            found[r][c] += up
        return found


POOLS = st.fixed_dictionaries(
    {
        "shape": st.tuples(st.integers(1, 5), st.integers(1, 6)),
        "k": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "s": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "p": st.tuples(st.integers(0, 2), st.integers(0, 2)),
        "d": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "ceil": st.booleans(),
    }
)
# Few different numbers, so that ties are common; all exact, so that sums are.
NUMBERS = st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, -1.0, -3.0, inf, -inf, nan]), min_size=30, max_size=30)
UPSTREAM = st.lists(st.sampled_from([1.0, -2.0, 0.5, 10.0]), min_size=1, max_size=9)


def grid_of(numbers: list[float], shape: Cell) -> list[list[Value]]:
    return [[Value(numbers[r * 6 + c]) for c in range(shape[1])] for r in range(shape[0])]


def data(grid: Any) -> list[list[float]]:
    return [[cell.data for cell in row] for row in grid]


def weighted(outputs: list[Value], weights: list[float]) -> tuple[Value, list[float]]:
    upstream = [weights[i % len(weights)] for i in range(len(outputs))]
    total = Value(0.0)
    for output, up in zip(outputs, upstream, strict=True):
        total = total + output * up
    return total, upstream


def same(a: float, b: float) -> bool:
    return (a != a and b != b) or (a == b and math.copysign(1, a) == math.copysign(1, b))


@given(POOLS, NUMBERS, UPSTREAM)
def test_max_pool2d_is_the_reference(pool: dict[str, Any], numbers: list[float], weights: list[float]) -> None:
    grid = grid_of(numbers, pool["shape"])
    keywords = {"stride": pool["s"], "padding": pool["p"], "dilation": pool["d"], "ceil_mode": pool["ceil"]}
    reference = Reference(**pool)
    if not reference.is_possible or any(p > k // 2 for p, k in zip(pool["p"], pool["k"], strict=True)):
        with pytest.raises(ValueError, match=r"window|padding"):
            max_pool2d(grid, pool["k"], **keywords)
        return
    pooled = max_pool2d(grid, pool["k"], **keywords)
    assert [len(pooled), len(pooled[0])] == reference.counts
    outputs = [cell for row in pooled for cell in row]
    winners = [reference.winner(data(grid), window) for window in reference.windows]
    assert all(same(y.data, grid[r][c].data) for y, (r, c) in zip(outputs, winners, strict=True))
    total, upstream = weighted(outputs, weights)
    total.backward()
    assert [[cell.grad for cell in row] for row in grid] == reference.max_gradient(data(grid), upstream)


@given(POOLS, NUMBERS, UPSTREAM)
def test_a_pool_of_one_row_is_max_pool1d(pool: dict[str, Any], numbers: list[float], weights: list[float]) -> None:
    pool = pool | {"shape": (1, pool["shape"][1])}
    pool |= {name: (one, pool[name][1]) for name, one in (("k", 1), ("s", 1), ("p", 0), ("d", 1))}
    reference = Reference(**pool)
    row = grid_of(numbers, pool["shape"])[0]
    arguments = [pool[name][1] for name in "kspd"]
    if not reference.is_possible or arguments[2] > arguments[0] // 2:
        with pytest.raises(ValueError, match=r"window|padding"):
            max_pool1d(row, *arguments, pool["ceil"])
        return
    outputs = max_pool1d(row, *arguments, pool["ceil"])
    total, upstream = weighted(outputs, weights)
    total.backward()
    assert [cell.grad for cell in row] == reference.max_gradient([[cell.data for cell in row]], upstream)[0]
    assert all(
        same(output.data, row[reference.winner([[v.data for v in row]], window)[1]].data)
        for output, window in zip(outputs, reference.windows, strict=True)
    )


@given(POOLS, UPSTREAM, st.booleans())
def test_avg_pool2d_is_the_reference(pool: dict[str, Any], weights: list[float], with_padding: bool) -> None:
    pool = pool | {"d": (1, 1), "p": tuple(min(p, k // 2) for p, k in zip(pool["p"], pool["k"], strict=True))}
    reference = Reference(**pool)
    grid = grid_of([float(i % 7 - 3) for i in range(30)], pool["shape"])
    if not reference.is_possible:
        with pytest.raises(ValueError, match="window"):
            avg_pool2d(grid, pool["k"], pool["s"], pool["p"], pool["ceil"], with_padding)
        return
    pooled = avg_pool2d(grid, pool["k"], pool["s"], pool["p"], pool["ceil"], with_padding)
    outputs = [cell for row in pooled for cell in row]
    total, upstream = weighted(outputs, weights)
    total.backward()
    expected = [[0.0] * pool["shape"][1] for _ in range(pool["shape"][0])]
    for output, window, area, up in zip(outputs, reference.windows, reference.areas, upstream, strict=True):
        divisor = area if with_padding else len(window)
        assert output.data == sum(grid[r][c].data for r, c in window) / divisor
        for r, c in window:
            expected[r][c] += up / divisor
    assert [[cell.grad for cell in row] for row in grid] == [pytest.approx(row, rel=1e-14) for row in expected]


# --- facts one can check by eye --------------------------------------------------------------------------------------


def row_of(*numbers: float) -> list[Value]:
    return [Value(number) for number in numbers]


def test_overlapping_windows_add_up() -> None:
    x = row_of(3, 0, 4, 2, 0)
    p = max_pool1d(x, kernel_size=3, stride=2)
    assert [v.data for v in p] == [4.0, 4.0]
    (0.7 * p[0] + 0.9 * p[1]).backward()
    assert [v.grad for v in x] == [0.0, 0.0, 1.6, 0.0, 0.0]
    assert [v.grad_state for v in x] == ["no path", "no path", "value", "no path", "no path"]


def test_the_first_of_equal_cells_wins_row_by_row() -> None:
    grid = [row_of(0, 7, 7), row_of(7, 7, 0)]
    max_pool2d(grid, (2, 3))[0][0].backward()
    assert [[v.grad for v in row] for row in grid] == [[0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("numbers", "first"), [([nan, 5, 1], 0), ([5, nan, 1], 1), ([5, nan, nan], 1), ([inf, 1, nan], 2)]
)
def test_the_first_nan_of_a_window_wins(numbers: list[float], first: int) -> None:
    x = row_of(*numbers)
    (p,) = max_pool1d(x, 3)
    p.backward()
    assert p.data != p.data
    assert [v.grad for v in x] == [float(i == first) for i in range(3)]


def test_padding_never_wins_and_makes_no_nodes() -> None:
    x = row_of(-5, -7, -6)
    p = max_pool1d(x, 3, 1, padding=1)
    assert [v.data for v in p] == [-5.0, -5.0, -6.0]
    assert len(Graph(*p)) == 3 + 1 + 2 + 1
    assert [v.data for v in max_pool1d(row_of(-inf, -inf), 2, 1, 1)] == [-inf] * 3


def test_the_stride_is_the_kernel_unless_given() -> None:
    assert [v.data for v in max_pool1d(row_of(1, 2, 3, 4, 5), 2)] == [2.0, 4.0]
    assert [v.data for v in max_pool1d(row_of(1, 2, 3, 4, 5), 2, ceil_mode=True)] == [2.0, 4.0, 5.0]


def test_a_window_of_one_cell_is_a_node_of_its_own() -> None:
    x = row_of(1, 2)
    p = max_pool1d(x, 1)
    assert not {*p} & {*x}
    p[0].backward(3.0)
    assert x[0].grad == 3.0
    assert avg_pool1d(x, 1)[0] is not x[0]


def test_a_pool_is_the_maximum_of_each_window() -> None:
    x = row_of(1, 4, 4, 2)
    pooled, plain = max_pool1d(x, 3, 1), [maximum(*x[:3]), maximum(*x[1:])]
    assert [v.data for v in pooled] == [v.data for v in plain]
    assert len(Graph(*pooled)) == len(Graph(*plain))


def test_each_window_is_a_scope() -> None:
    cells = [row_of(1, 2, 3), row_of(4, 5, 6)]
    with scope("pool") as outer:
        p = max_pool2d(cells, 2, 1)
    found = Graph(*p[0]).scopes
    assert [group.path for group in found] == [("pool", "window A"), ("pool", "window B")]
    assert {group.parent for group in found} == {outer}
    assert [len(numbers) for numbers in found.values()] == [3, 3]
    assert current() == (None, True, None, None)


@pytest.mark.parametrize("pool", [max_pool1d, avg_pool1d])
def test_a_list_gives_a_list_and_an_array_an_array(pool: Callable[..., Any]) -> None:
    assert type(pool(row_of(1, 2), 2)) is list
    assert type(pool(tuple(row_of(1, 2)), 2)) is list
    array = pool(np.array(row_of(1, 2, 3), dtype=object), 2, 1)
    assert (array.dtype, array.shape, type(array[0])) == (object, (2,), Value)


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_rows_give_rows_and_a_matrix_a_matrix(pool: Callable[..., Any]) -> None:
    rows = pool([row_of(1, 2), row_of(3, 4)], 2)
    assert type(rows) is type(rows[0]) is list
    matrix = pool(np.array([row_of(1, 2, 3), row_of(4, 5, 6)], dtype=object), (2, 2), 1)
    assert (matrix.dtype, matrix.shape, type(matrix[0, 0])) == (object, (1, 2), Value)


def test_numbers_may_be_numpy_integers_or_lists_of_one() -> None:
    x = row_of(1, 2, 3)
    assert [v.data for v in max_pool1d(x, np.int64(2), np.int8(1))] == [2.0, 3.0]
    assert [v.data for v in max_pool1d(x, (2,), [1])] == [2.0, 3.0]


# --- wrong arguments -------------------------------------------------------------------------------------------------

FIVE = (1.0, 2.0, 3.0, 4.0, 5.0)
WRONG_NUMBERS: dict[str, tuple[dict[str, Any], str]] = {
    "kernel 0": ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
    "negative kernel": ({"kernel_size": -2}, "kernel_size must be at least 1, got -2"),
    "stride 0": ({"kernel_size": 2, "stride": 0}, "stride must be at least 1, got 0"),
    "negative stride": ({"kernel_size": 2, "stride": -1}, "stride must be at least 1, got -1"),
    "negative padding": ({"kernel_size": 2, "padding": -1}, "padding must be at least 0, got -1"),
    "dilation 0": ({"kernel_size": 2, "dilation": 0}, "dilation must be at least 1, got 0"),
    "too much padding": (
        {"kernel_size": 3, "padding": 2},
        "padding must be at most half of kernel_size, 1 for kernel_size=3; got padding=2",
    ),
    "kernel longer than the input": ({"kernel_size": 6}, r"a window spans 6 cells .* but the input has only 5"),
    "dilated beyond the input": ({"kernel_size": 3, "dilation": 3}, r"spans 7 cells \(kernel_size=3, dilation=3\)"),
    "window of padding alone": (
        {"kernel_size": 2, "padding": 1, "dilation": 6, "stride": 1},
        r"a window covers no input cell|spans",
    ),
    "kernel of no integer": ({"kernel_size": 2.0}, r"kernel_size must be a whole number, got 2\.0"),
    "kernel None": ({"kernel_size": None}, "kernel_size must be a whole number, got None"),
    "kernel of text": ({"kernel_size": "2"}, "kernel_size must be a whole number, got '2'"),
    "stride of no integer": ({"kernel_size": 2, "stride": 1.5}, r"stride must be a whole number, got 1\.5"),
    "padding None": ({"kernel_size": 2, "padding": None}, "padding must be a whole number"),
    "pair in one dimension": ({"kernel_size": (2, 2)}, r"kernel_size must be a whole number, got \(2, 2\)"),
}


@pytest.mark.parametrize(("keywords", "message"), WRONG_NUMBERS.values(), ids=WRONG_NUMBERS)
def test_wrong_numbers_are_value_errors_that_state_the_limit(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_pool1d(row_of(*FIVE), **keywords)
    if "dilation" not in keywords:
        with pytest.raises(ValueError, match=message):
            avg_pool1d(row_of(*FIVE), **keywords)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"kernel_size": (2, 0)}, "kernel_size must be at least 1, got 0"),
        ({"kernel_size": (2, 2, 2)}, r"whole number or a pair \(rows, columns\), got \(2, 2, 2\)"),
        ({"kernel_size": (2,)}, "pair"),
        ({"kernel_size": 2, "padding": (0, 2)}, "padding must be at most half of kernel_size, 1"),
        ({"kernel_size": 3}, "spans 3 cells"),
        ({"kernel_size": 2, "stride": (1, None)}, "stride must be a whole number"),
    ],
    ids=str,
)
def test_wrong_pairs_are_value_errors(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_pool2d([row_of(1, 2, 3), row_of(4, 5, 6)], **keywords)


def test_a_window_that_covers_no_cell_is_named() -> None:
    with pytest.raises(ValueError, match=r"a window covers no input cell: its positions are \[-1, 1\], .* 0 to 0"):
        max_pool1d(row_of(1), 2, 1, padding=1, dilation=2)


WRONG_CELLS: dict[str, tuple[Any, type[Exception], str]] = {
    "a Value": (Value(1.0), TypeError, "a list of rows of Values, got Value"),
    "None": (None, TypeError, "got NoneType"),
    "text": ("123", TypeError, "got str"),
    "a row": (row_of(1, 2), TypeError, "got Value where a list was expected"),
    "rows of text": (["12", "34"], TypeError, "got str where a list was expected"),
    "too deep": ([[row_of(1)]], TypeError, "got list where a Value was expected"),
    "nothing": ([], ValueError, "at least one cell"),
    "empty rows": ([[], []], ValueError, "at least one cell"),
    "ragged rows": ([row_of(1, 2), row_of(3)], ValueError, r"one length, got \[2, 1\]"),
    "None inside": ([[Value(1.0), None], row_of(3, 4)], TypeError, "got NoneType"),
    "text inside": ([[Value(1.0), "2"], row_of(3, 4)], TypeError, "got (a )?str"),
}


@pytest.mark.parametrize(("cells", "error", "message"), WRONG_CELLS.values(), ids=WRONG_CELLS)
@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_wrong_cells_are_refused(pool: Callable[..., Any], cells: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pool(cells, (1, 2) if cells != [[]] else 1)


# --- routes ----------------------------------------------------------------------------------------------------------


def test_routes_tell_which_cell_got_what_from_which_window() -> None:
    x = row_of(3, 0, 4, 2, 0)
    p = max_pool1d(x, 3, 2)
    (0.7 * p[0] + 0.9 * p[1]).backward()
    found = routes("max", x, p, 3, 2)
    assert (found.kind, found.kernel, found.stride, found.padding) == ("max", (1, 3), (1, 2), (0, 0))
    assert (found.values, found.output_shape) == (((3.0, 0.0, 4.0, 2.0, 0.0),), (1, 2))
    first, second = found.windows
    assert (first.number, first.output, first.cells) == (0, (0, 0), ((0, 0), (0, 1), (0, 2)))
    assert (first.value, first.upstream, first.slopes, first.contributions) == (4.0, 0.7, {(0, 2): 1.0}, {(0, 2): 0.7})
    assert (second.output, second.upstream, second.contributions) == ((0, 1), 0.9, {(0, 2): 0.9})


def test_before_backward_routes_have_slopes_and_no_contributions() -> None:
    x = row_of(3, 0, 4)
    (window,) = routes("max", x, max_pool1d(x, 3), 3).windows
    assert (window.upstream, window.contributions, window.slopes) == (None, {}, {(0, 2): 1.0})


def test_a_window_that_no_path_reached_has_no_upstream() -> None:
    x = row_of(3, 0, 4, 9)
    p = max_pool1d(x, 2)
    maximum(*p).backward()
    left, right = routes("max", x, p, 2).windows
    assert (left.upstream, left.contributions) == (None, {})
    assert (right.upstream, right.contributions) == (1.0, {(0, 3): 1.0})


def test_zero_upstream_is_not_no_upstream() -> None:
    x = row_of(3, 0)
    p = max_pool1d(x, 2)
    (0 * p[0]).backward()
    (window,) = routes("max", x, p, 2).windows
    assert (window.upstream, window.contributions) == (0.0, {(0, 0): 0.0})


def test_an_average_shares_equally() -> None:
    x = row_of(1, 2, 3, 4)
    p = avg_pool1d(x, 2)
    (p[0] + 3 * p[1]).backward()
    left, right = routes("avg", x, p, 2).windows
    assert (left.slopes, left.contributions) == ({(0, 0): 0.5, (0, 1): 0.5}, {(0, 0): 0.5, (0, 1): 0.5})
    assert right.contributions == {(0, 2): 1.5, (0, 3): 1.5}


@given(POOLS, NUMBERS, UPSTREAM)
def test_the_contributions_to_a_cell_add_up_to_its_gradient(
    pool: dict[str, Any], numbers: list[float], weights: list[float]
) -> None:
    pool = pool | {"p": tuple(min(p, k // 2) for p, k in zip(pool["p"], pool["k"], strict=True))}
    reference = Reference(**pool)
    if not reference.is_possible:
        return
    arguments = [pool[name] for name in "kspd"]
    grid = grid_of(numbers, pool["shape"])
    pooled = max_pool2d(grid, *arguments, pool["ceil"])
    weighted([cell for row in pooled for cell in row], weights)[0].backward()
    before = [[cell.grad for cell in row] for row in grid]
    found = routes("max", grid, pooled, *arguments, pool["ceil"])
    assert [[*window.cells] for window in found.windows] == reference.windows
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            sent = [window.contributions[r, c] for window in found.windows if (r, c) in window.contributions]
            assert sum(sent) == cell.grad
            assert (cell.grad_state in ("no path", "not computed")) == (not sent)
    assert all(len(window.slopes) == 1 for window in found.windows)
    assert before == [[cell.grad for cell in row] for row in grid]


def test_one_value_in_two_cells_and_plain_numbers_among_the_cells() -> None:
    v = Value(5.0)
    x = [v, v, 1.0]
    p = max_pool1d(x, 3)
    p[0].backward()
    (window,) = routes("max", x, p, 3).windows
    assert (window.contributions, window.cells) == ({(0, 0): 1.0}, ((0, 0), (0, 1), (0, 2)))


def test_routes_of_something_else_are_refused() -> None:
    x = row_of(1, 2, 3, 4)
    with pytest.raises(ValueError, match="has 1 x 2 outputs, got 1 x 4"):
        routes("max", x, max_pool1d(x, 1), 2)


def test_outputs_of_another_pool_are_refused() -> None:
    x = [Value(v) for v in (1, 5, 2, 3)]
    p = max_pool1d(x, 2, 1)
    with pytest.raises(ValueError, match="not the avg pool of window A"):
        routes("avg", x, p, 2, 1)
    with pytest.raises(ValueError, match="not the max pool of window A"):
        routes("max", x, p[::-1], 2, 1)
    with pytest.raises(ValueError, match="not the max pool of window A"):
        routes("max", [Value(9.0), *x[1:]][::-1], p, 2, 1)
    with pytest.raises(TypeError, match=r"outputs are Values, got float 1\.0"):
        routes("max", x, [1, 2, 3], 2, 1)


def test_a_pool_of_a_row_is_one_of_rows_of_height_one() -> None:
    x = [Value(float(i)) for i in range(7)]
    found = routes("max", x, max_pool1d(x, 3, 2, 1), 3, 2, 1)
    assert (found.kernel, found.stride, found.padding, found.output_shape) == ((1, 3), (1, 2), (0, 1), (1, 4))


@pytest.mark.parametrize("kernel", [1, 2])
def test_routes_of_other_cells_or_of_windows_in_another_order_are_refused(kernel: int) -> None:
    x, stranger = row_of(1, 2, 3, 4), row_of(1, 2, 3, 4)
    for outputs in (max_pool1d(stranger, kernel), max_pool1d(x, kernel)[::-1]):
        with pytest.raises(ValueError, match="max pool of window A: cells in the window"):
            routes("max", x, outputs, kernel)
