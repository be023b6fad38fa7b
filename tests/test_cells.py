"""Whatever cells come in: they are read once, and are float64 before anything is done with them."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import viz
from autodiff import Graph, Program, Value, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, routes
from autodiff.nn import (
    MLP,
    AvgPool2d,
    Conv2d,
    Elementwise,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    Neuron,
    Sequential,
    cross_entropy,
    fit,
    hinge,
    mse,
)
from autodiff.optim import SGD

inf, nan = math.inf, math.nan


def told(result: Any) -> Any:
    """Numbers in lists, without the Values around them."""
    if isinstance(result, Value):
        return result.data
    if hasattr(result, "tolist"):
        result = result.tolist()
    if isinstance(result, (list, tuple)):
        return [told(part) for part in result]
    return float(result)


def weighted(model: Any) -> Any:
    """The model with numbers that are the same each time."""
    for i, parameter in enumerate(model.parameters()):
        parameter.data = (i % 5 - 2) / 4
    return model


def of_bytes(n: Any) -> Any:
    """A function that overflows in a byte."""
    return ad.identity(n * n * n + n + n)


def line(backend: str) -> Program:
    x, w = [Value(0.0, f"x{i}") for i in range(4)], [Value(0.5, f"w{i}") for i in range(4)]
    return Program(sum(a * b for a, b in zip(w, x, strict=True)), iter(x), iter(w), backend=backend)


def written(numbers: Iterable[float]) -> list[float]:
    program = line("python")
    program.write(numbers)
    return program.read()


def loaded(grid: Any) -> Any:
    layer = Linear(4, 4, bias=False)
    layer.load_state_dict({"weight": grid})
    return layer.state_dict()["weight"]


def learnt(rows: Any) -> float:
    x, y, w = Value(0.0, "x"), Value(0.0, "y"), Value(0.0, "w")
    fit((w * x - y) ** 2, [x, y], rows, optimizer=SGD([w], 2**-12), epochs=2, progress=False, backend="python")
    return w.data


# What takes a row of four cells, and what takes a grid of four such rows.
OF_ROWS: dict[str, Callable[[Any], Any]] = {
    "max_pool1d": lambda row: max_pool1d(row, 2, 1),
    "max_pool1d of one cell": lambda row: max_pool1d(row, 1),
    "avg_pool1d": lambda row: avg_pool1d(row, 3, 1, padding=1),
    "avg_pool1d of one cell": lambda row: avg_pool1d(row, 1),
    "routes": lambda row: routes("max", row, max_pool1d([1.0] * 4, 1), 1).values,
    "viz.pool": lambda row: viz.pool(row, kernel_size=2).source.count("100"),
    "Neuron": weighted(Neuron(4)),
    "Layer": weighted(Layer(4, 3)),
    "MLP": weighted(MLP(4, iter([3, 2]))),
    "Linear": weighted(Linear(4, 3)),
    "Flatten": Flatten(),
    "Elementwise": Elementwise(of_bytes),
    "Sequential": weighted(Sequential(Elementwise(of_bytes), Linear(4, 2))),
    "mse": lambda row: mse(row, [0, 1, 100, 20]),
    "mse of targets": lambda row: mse([Value(-100.0)] * 4, row),
    "hinge": lambda row: hinge(row, iter([1, -1, 1, -1])),
    "cross_entropy": lambda row: cross_entropy(row, 2),
    "probabilities": lambda row: cross_entropy([Value(1.0), Value(0.5), Value(-2.0), Value(0.0)], row),
    "Program.write": written,
    "params": lambda row: line("python").value([[1.0] * 4], row),
    "params, numpy": lambda row: line("numpy").value([[1.0] * 4], row),
}
OF_GRIDS: dict[str, Callable[[Any], Any]] = {
    "max_pool2d": lambda grid: max_pool2d(grid, 2, 1),
    "avg_pool2d": lambda grid: avg_pool2d(grid, 2, 1),
    "max_pool2d of one cell": lambda grid: max_pool2d(grid, 1),
    "routes": lambda grid: routes("avg", grid, avg_pool2d([[1.0] * 4] * 4, 1), 1).values,
    "viz.pool": lambda grid: viz.pool(grid, kernel_size=2).source.count("100"),
    "MaxPool2d": MaxPool2d(3, 1),
    "AvgPool2d": AvgPool2d(3, 1, padding=1),
    "Conv2d": weighted(Conv2d(1, 2, 3, padding=1)),
    "Flatten": Flatten(),
    "Elementwise": Elementwise(of_bytes),
    "mse": lambda grid: mse(grid, [[1, 2, 3, 4]] * 4),
    "Program": lambda grid: line("python").value(grid),
    "Program, numpy": lambda grid: line("numpy").value(grid),
    "load_state_dict": loaded,
}
ROW = [100, 27, 0, 1]
GRID = [[100, 27, 0, 1], [120, 121, 122, 123], [5, 64, 16, 31], [90, 1, 127, 126]]
TAKERS = [(use, ROW) for use in OF_ROWS.values()] + [(use, GRID) for use in OF_GRIDS.values()]
NAMES = [*(f"{name} of a row" for name in OF_ROWS), *(f"{name} of a grid" for name in OF_GRIDS)]


def generated(nest: Any) -> Any:
    """A generator, of generators where there are lists."""
    return (generated(item) if isinstance(item, list) else item for item in nest)


def mapped(function: Callable[[Any], Any], nest: Any) -> Any:
    return [mapped(function, item) if isinstance(item, list) else function(item) for item in nest]


CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "tuple": lambda nest: tuple(tuple(item) if isinstance(item, list) else item for item in nest),
    "generator": generated,
    "iterator": iter,
    "deque": deque,
    "values of a dict": lambda nest: dict(enumerate(nest)).values(),
    "list of iterators": lambda nest: [iter(item) if isinstance(item, list) else item for item in nest],
    "array": np.array,
    "array of objects": lambda nest: np.array(nest, dtype=object),
}


class Frame:
    """A table with named columns: iterated, it gives its labels; NumPy sees its numbers."""

    columns = ("a", "b", "c", "d")

    def __init__(self, rows: Any) -> None:
        self.rows = np.array(rows)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.rows

    def __iter__(self) -> Any:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.rows)


def flat_rows(function: Callable[[list[Any]], Any], nest: Any) -> Any:
    return [function(item) for item in nest] if isinstance(nest[0], list) else function(nest)


FOREIGN: dict[str, Callable[[Any], Any]] = {
    "table": Frame,
    "memoryview": lambda nest: memoryview(np.array(nest)),
    "rows of array.array": lambda nest: flat_rows(lambda row: array("h", row), nest),
    "rows of arrays": lambda nest: flat_rows(np.array, nest),
    "arrays of no dimension": lambda nest: mapped(np.array, nest),
}


def tensors(nest: Any) -> Iterator[tuple[str, Any]]:
    """The same cells in tensors of torch and arrays of JAX."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    for dtype in (torch.float64, torch.bfloat16, torch.int8, torch.float16):
        yield str(dtype), torch.tensor(nest, dtype=dtype)
    yield "that requires a gradient", torch.tensor(mapped(float, nest), requires_grad=True)
    yield "rows of tensors", flat_rows(torch.tensor, nest)
    yield "tensors of no dimension", mapped(torch.tensor, nest)
    yield "tensors of one entry", mapped(lambda x: torch.tensor(float(x), requires_grad=True), nest)
    yield "JAX", jax.numpy.array(nest)


DTYPES = ["uint8", "int8", "int16", "uint64", "float16", "float32", "float64", "longdouble"]


def every_way(nest: Any) -> Iterator[tuple[str, Any]]:
    """The same cells in other containers, and as other numbers."""
    for name, contain in CONTAINERS.items():
        yield name, contain(nest)
    for dtype in DTYPES:
        cells = np.array(nest, dtype=dtype)
        yield dtype, cells
        yield f"scalars of {dtype}", mapped(cells.dtype.type, nest)
        yield f"rows of {dtype}, one by one", iter(cells)
    for kind in (Decimal, Fraction):
        yield kind.__name__, mapped(kind, nest)


@pytest.mark.slow
@pytest.mark.parametrize(("use", "nest"), TAKERS, ids=NAMES)
def test_cells_are_read_once_and_as_float64(use: Callable[[Any], Any], nest: Any) -> None:
    expected = told(use(mapped(float, nest)))
    assert {way: told(use(cells)) for way, cells in every_way(nest)} == dict.fromkeys(dict(every_way(nest)), expected)


@pytest.mark.slow
@pytest.mark.parametrize("way", FOREIGN)
@pytest.mark.parametrize(("use", "nest"), TAKERS, ids=NAMES)
def test_whatever_numpy_understands_is_read_as_numpy_sees_it(use: Callable[[Any], Any], nest: Any, way: str) -> None:
    assert told(use(FOREIGN[way](nest))) == told(use(mapped(float, nest)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("use", "nest"), TAKERS, ids=NAMES)
def test_tensors_are_numbers_and_grids(use: Callable[[Any], Any], nest: Any) -> None:
    expected = told(use(mapped(float, nest)))
    assert {way: told(use(cells)) for way, cells in tensors(nest)} == dict.fromkeys(dict(tensors(nest)), expected)


@pytest.mark.parametrize(("use", "nest"), TAKERS, ids=NAMES)
def test_truth_values_are_numbers(use: Callable[[Any], Any], nest: Any) -> None:
    truths = np.array(nest) > 50
    assert told(use(truths)) == told(use(truths.astype(float).tolist()))


@pytest.mark.parametrize("name", OF_ROWS)
@pytest.mark.parametrize("wrong", ["abcd", [1, 2, "3", 4], [1, None, 3, 4], [1, 2, 3j, 4]], ids=repr)
def test_what_is_no_number_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"got|need"):
        OF_ROWS[name](wrong)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=12), st.integers(1, 4), st.integers(1, 3))
def test_pools_of_bytes_are_means_and_maxima(cells: list[int], kernel: int, stride: int) -> None:
    kernel = min(kernel, len(cells))
    windows = [cells[i : i + kernel] for i in range(0, len(cells) - kernel + 1, stride)]
    for data in (cells, np.array(cells, dtype=np.uint8), iter(cells), [*map(np.uint8, cells)]):
        twin = [*data]
        assert told(max_pool1d(iter(twin), kernel, stride)) == [max(window) for window in windows]
        assert told(avg_pool1d(twin, kernel, stride)) == [sum(window) / kernel for window in windows]


@given(st.lists(st.booleans(), min_size=3, max_size=9))
def test_numbers_and_values_may_be_mixed(are_values: list[bool]) -> None:
    numbers = [np.uint8(40 * i % 256) for i in range(len(are_values))]
    cells = [Value(x) if wrapped else x for x, wrapped in zip(numbers, are_values, strict=True)]
    for pool in (max_pool1d, avg_pool1d):
        for kernel in (1, 2, 3):
            out = pool(iter(cells), kernel, 1)
            assert told(out) == told(pool([*map(float, numbers)], kernel, 1))
            assert all(isinstance(value, Value) and value.op is not None for value in out)


def test_a_pool_of_an_array_is_an_array() -> None:
    for row in (np.arange(4, dtype=np.uint8), np.array([Value(1.0), 2, 3.0, True], dtype=object)):
        for pool in (max_pool1d, avg_pool1d):
            out = pool(row, 1)
            assert isinstance(out, np.ndarray)
            assert all(isinstance(value, Value) for value in out)


@pytest.mark.parametrize("dtype", DTYPES)
def test_training_takes_data_of_any_kind(dtype: str) -> None:
    table = [[100, 27], [3, 120], [90, 90]]
    cells = np.array(table, dtype=dtype)
    ways = [cells, zip(*cells.T, strict=True), (iter(row) for row in cells), [*map(list, cells)]]
    assert [learnt(way) for way in ways] == [learnt(table)] * 4


@pytest.mark.parametrize("backend", ["python", "numpy"])
@pytest.mark.parametrize("batch", [5, None, "ab", [1, 2], [None], iter([]), [iter([])]], ids=repr)
def test_what_is_no_batch_is_refused(backend: str, batch: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"got|need"):
        line(backend).value(batch)


def test_labels_may_be_small_integers() -> None:
    scores = np.array([100, -100], dtype=np.int8)
    assert hinge(scores, np.array([-1, -1], dtype=np.int8)).data == 50.5
    assert mse(scores, scores[::-1]).data == 200.0**2
    for label in (np.int8(1), np.array(1), np.array(1, dtype=np.uint8), True):
        assert cross_entropy(scores, label).data == 200.0


@pytest.mark.parametrize("take", [ad.maximum, ad.minimum, ad.logsumexp, ad.hypot, ad.atan2])
def test_functions_take_small_integers_as_numbers(take: Callable[..., Value]) -> None:
    assert take(np.uint8(200), np.uint8(100)).data == take(200.0, 100.0).data
    assert take(Value(np.uint8(200)), np.uint8(100)).data == take(200.0, 100.0).data


# --- whatever NumPy understands is a grid or a number ----------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [lambda row: row, np.array, lambda row: array("d", row), lambda row: pytest.importorskip("torch").tensor(row)],
)
def test_whatever_numpy_understands_is_a_row(row: Callable[[list[float]], Any]) -> None:
    assert told(max_pool1d(row([1.0, 3.0, 2.0]), 2, 1)) == [3.0, 3.0]
    x = [Value(v) for v in (1.0, 3.0, 2.0)]
    p = max_pool1d(x, 2, 1)
    (p[0] * 0.5 + p[1]).backward()
    assert routes("max", x, p, 2, 1) == routes(tuple(p))


MIXED: dict[str, Callable[[float], Any]] = {
    "Values in arrays of no dimension": lambda x: np.array(Value(x)),
    "tensors beside Values": lambda x: Value(x) if x > 50 else pytest.importorskip("torch").tensor(x),
    "arrays beside Values": lambda x: np.float32(x) if x > 50 else Value(x),
}


@pytest.mark.parametrize("cell", MIXED.values(), ids=MIXED)
def test_values_may_stand_among_numbers_of_any_kind(cell: Callable[[float], Any]) -> None:
    grid = mapped(cell, GRID)
    for rows in (
        grid,
        [np.array([*row, None], dtype=object)[:-1] for row in grid],
        tuple(map(iter, mapped(cell, GRID))),
    ):
        assert told(max_pool2d(rows, 2)) == [[121, 123], [90, 127]]
    assert told(avg_pool2d(grid, 4)) == [[sum(map(sum, GRID)) / 16]]
    assert told(ad.nn.MaxPool2d(2)(grid)) == [[121, 123], [90, 127]]
    assert viz.pool(grid, kernel_size=2).source == viz.pool(GRID, kernel_size=2).source


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (b"abcd", "got bytes"),
        ("abcd", "got str"),
        ({1: 2}, "got dict"),
        ({1.0, 2.0}, "got set"),
        (np.array(2.0), "got float"),
        (np.array(["1", "2"]), "text"),
        (np.array([1j, 2]), "complex"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "masked at row 1"),
        (np.array(["2020"], dtype="M8[D]"), "dates"),
        ([1.0, "2"], "got str"),
        ([[1.0], [2.0]], "got list where a Value"),
    ],
)
def test_what_is_no_row_of_numbers_is_refused_by_what_it_is(cells: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        max_pool1d(cells, 2)
    if told != "got list where a Value":
        with pytest.raises(TypeError, match=told):
            viz.pool(cells, kernel_size=2)


def test_a_picture_asks_an_array_for_its_size_before_it_reads_it() -> None:
    class Large:
        shape = (3, 10**9)

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            raise AssertionError("read")

        def __iter__(self) -> Any:
            raise AssertionError("read")

    with pytest.raises(ValueError, match="1000000000 cells in a row is too large"):
        viz.pool(Large(), kernel_size=2)


# --- cross entropy at the edges --------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [3.0, 3, -1e308, np.uint8(3), Value(2.0), Fraction(1, 3)], ids=repr)
@pytest.mark.parametrize("label", [0, np.array(0), [1.0], Value(0.0)], ids=repr)
def test_the_only_class_costs_nothing(score: Any, label: Any) -> None:
    assert cross_entropy([score], label).data == 0.0


@pytest.mark.parametrize("wrap", [float, Value])
@pytest.mark.parametrize("shares", [[0.25, 0.0, 0.75], [0.0, 0.0, 1.0], [0.25, 0.75, 0.0]], ids=repr)
def test_a_class_of_probability_0_may_be_impossible(wrap: Callable[[float], Any], shares: list[float]) -> None:
    scores = [Value(x if share else -inf) for x, share in zip((1.0, 2.0, -0.5), shares, strict=True)]
    cross_entropy(scores, map(wrap, shares)).backward()
    possible = [i for i, share in enumerate(shares) if share]
    rest = [Value(scores[i].data) for i in possible]
    alone = cross_entropy(rest, [shares[i] for i in possible])
    alone.backward()
    assert cross_entropy(scores, map(wrap, shares)).data == alone.data
    assert [scores[i].grad for i in possible] == [value.grad for value in rest]
    assert [score.grad for score, share in zip(scores, shares, strict=True) if not share] == [0.0] * (3 - len(rest))


def test_a_class_with_a_probability_must_be_possible() -> None:
    assert cross_entropy([Value(1.0), Value(-inf)], [0.5, 0.5]).data == inf
    assert cross_entropy([Value(1.0), Value(-inf)], [Value(0.5), Value(0.5)]).data == inf
    assert cross_entropy([Value(1.0), Value(-inf)], 1).data == inf
    assert cross_entropy([Value(1.0), Value(inf)], 0).data == inf
    assert cross_entropy([Value(1.0), Value(-inf)], 0).data == 0.0
    assert math.isnan(cross_entropy([Value(1.0), Value(nan)], [1.0, 0.0]).data)


def test_the_slope_in_a_probability_of_0_is_the_cost() -> None:
    scores, shares = [Value(1.0), Value(3.0)], [Value(1.0), Value(0.0)]
    cross_entropy(scores, shares).backward()
    costs = [cross_entropy([1.0, 3.0], i).data for i in (0, 1)]
    assert [share.grad for share in shares] == pytest.approx(costs, rel=1e-15)


@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_a_program_decides_anew_whether_a_class_is_impossible(backend: str) -> None:
    scores, shares = [Value(0.0), Value(0.0)], [Value(0.5), Value(0.5)]
    program = Program(cross_entropy(scores, shares), [*scores, *shares], backend=backend)
    batch = [[1.0, -inf, 1.0, 0.0], [1.0, -inf, 0.5, 0.5], [0.0, 0.0, 0.0, 1.0]]
    assert told(program.value(batch)) == [0.0, inf, math.log(2)]
    assert told(program.input_grad(batch))[0][:2] == [0.0, 0.0]


@pytest.mark.parametrize("label", [np.array(2), np.int8(-1), 2, -1], ids=repr)
def test_a_label_out_of_range_is_named(label: Any) -> None:
    with pytest.raises(ValueError, match=rf"labels for 2 scores are 0 to 1, got {int(label)}"):
        cross_entropy([Value(1.0), Value(2.0)], label)


@pytest.mark.parametrize("label", [0.0, np.float32(1), np.array(0.5), None, "0"], ids=repr)
def test_a_label_that_is_not_whole_is_named(label: Any) -> None:
    with pytest.raises(TypeError, match="got"):
        cross_entropy([Value(1.0), Value(2.0)], label)


# --- clamp -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(), min_size=3, max_size=3))
def test_clamp_is_numpys_and_a_nan_has_no_path(numbers: list[float]) -> None:
    x, low, high = map(Value, numbers)
    y = ad.clamp(x, low, high)
    y.backward()
    expected = float(np.minimum(np.maximum(numbers[0], numbers[1]), numbers[2]))
    if math.isnan(expected):
        assert math.isnan(y.data)
        assert {node.grad_state for node in (x, low, high)} == {"no path"}
    else:
        assert y.data == expected
        assert sorted(node.grad for node in (x, low, high)) == [0.0, 0.0, 1.0]
    assert len(Graph(y)) == 4


@pytest.mark.parametrize(
    ("x", "low", "high", "told"),
    [
        (0.5, -1, 1, "clamp(0.5, -1, 1) = 0.5, since 0.5 ≤ 1"),
        (5, -1, 1, "clamp(5, -1, 1) = 1, since 5 > 1"),
        (-5, -1, 1, "clamp(-5, -1, 1) = -1, since -5 < -1"),
        (0.5, nan, 1, "clamp(0.5, nan, 1) = nan, since 0.5 ≥ nan does not hold"),
        (nan, -1, 1, "clamp(nan, -1, 1) = nan, since nan ≤ 1 does not hold"),
    ],
)
def test_what_clamp_decides_is_told(x: float, low: float, high: float, told: str) -> None:
    assert ad.steps(ad.clamp(Value(x), low, high))[1].sentence == f"v1 = {told}"
