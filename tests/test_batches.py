"""Batches: whatever holds real numbers is read as NumPy sees it, by place; whatever holds anything else is refused."""

from __future__ import annotations

import array
import datetime
import importlib.util
import math
import pickle
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from copy import deepcopy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Program, Value, nn
from autodiff.programs import arrays, batches, lists
from autodiff.programs.batches import Sample
from autodiff.programs.rims import BACKENDS, Rim, rim_of

HERE = [name for name in ("python", "numpy", "numba") if all(map(importlib.util.find_spec, BACKENDS[name]))]
every_backend = pytest.mark.parametrize("backend", HERE)
ROWS = [[1.0, 3.0], [2.0, 6.0]]


class Line:
    """(w x - y)², whose loss at w = 0 is y²: what was read as y shows."""

    def __init__(self) -> None:
        self.x, self.y, self.w = Value(0.0, "x"), Value(0.0, "y"), Value(0.0, "w")
        self.loss = (self.w * self.x - self.y) ** 2

    def entries(self, backend: str) -> dict[str, Callable[[Any], list[float]]]:
        """Every way in for a batch, as a function that answers what came of it."""
        program = Program(self.loss, [self.x, self.y], [self.w], backend=backend)

        def trained(data: Any) -> list[float]:
            self.w.data = 0.0
            return nn.fit(self.loss, [self.x, self.y], data, [self.w], epochs=1, progress=False, backend=backend).losses

        return {
            "fit": trained,
            "value": lambda batch: [*map(float, program.value(batch, [0.0]))],
            "value_and_grad": lambda batch: [float(program.value_and_grad(batch, [0.5])[1][0])],
            "grad_per_sample": lambda batch: [float(row[0]) for row in program.grad_per_sample(batch, [0.5])],
            "input_grad": lambda batch: [float(x) for row in program.input_grad(batch, [0.5]) for x in row],
            "value_and_input_grad": lambda batch: [*map(float, program.value_and_input_grad(batch, [0.5])[0])],
        }


class Frame:
    """What a table with named columns looks like from outside: it iterates over its columns' names."""

    def __init__(self, columns: dict[Any, Any]) -> None:
        self.columns, self._columns = [*columns], columns

    def __iter__(self) -> Iterator[Any]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.column_stack([*self._columns.values()]).astype(dtype or float)


class Objects(Frame):
    """One whose columns differ in kind, so that NumPy sees objects."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([*zip(*self._columns.values(), strict=True)], dtype=object)


class Typed(Frame):
    """One that hands out its columns, and makes whole numbers of dates where it is asked for a single array."""

    def get_columns(self) -> list[Any]:
        return [*map(np.asarray, self._columns.values())]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.column_stack([column.astype(np.int64) for column in self.get_columns()])


class Tensor:
    """A tensor that is part of another library's graph: NumPy sees it once it is detached."""

    def __init__(self, rows: Any, layout: str = "torch.strided") -> None:
        self.rows, self.requires_grad, self.layout = rows, True, layout

    def detach(self) -> Any:
        return np.asarray(self.rows, dtype=np.float32)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise RuntimeError("call detach() first")


class Far:
    """A tensor on another device, which only gives lists."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("not on this machine")

    def tolist(self) -> Any:
        return ROWS


class Items:
    """A data set that is read by number."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, number: int) -> tuple[float, ...]:
        return tuple(ROWS[number])


def record(*kinds: Any) -> Any:
    return np.array([tuple(row) for row in ROWS], dtype=[*zip("ab", kinds, strict=True)])


READ: dict[str, Callable[[], Any]] = {
    "table": lambda: Frame({"y": [1.0, 2.0], "x": [3.0, 6.0]}),
    "table of several kinds": lambda: Objects({"a": [1, 2], "b": [Fraction(3), np.float32(6)]}),
    "table of columns": lambda: Typed({"a": [1, 2], "b": [3.0, 6.0]}),
    "table with numbers for names": lambda: Frame({7: [1, 2], 8: [3, 6]}),
    "records": lambda: record(int, "f4"),
    "record array": lambda: record(int, float).view(np.recarray),
    "records with an array": lambda: np.array([(row,) for row in ROWS], dtype=[("both", float, (2,))]),
    "rows of records": lambda: [*record(int, float)],
    "zipped columns": lambda: zip(np.array([1, 2]), np.array([3.0, 6.0]), strict=True),
    "tensor": lambda: Tensor(ROWS),
    "rows of tensors": lambda: [Tensor(row) for row in ROWS],
    "cells of tensors": lambda: [[Tensor(cell) for cell in row] for row in ROWS],
    "tensor elsewhere": Far,
    "data set": Items,
    "memoryview": lambda: memoryview(np.array(ROWS)),
    "rows of array.array": lambda: [array.array("d", row) for row in ROWS],
    "generator of generators": lambda: (iter(row) for row in ROWS),
    "deque": lambda: deque(map(deque, ROWS)),
    "values of a dict": lambda: {"a": ROWS[0], "b": ROWS[1]}.values(),
    "keys of a dict": lambda: dict.fromkeys(map(tuple, ROWS)).keys(),
    "0-d arrays": lambda: [[np.array(cell) for cell in row] for row in ROWS],
    "objects": lambda: np.array(ROWS, dtype=object),
    "objects that are arrays": lambda: [[np.array([cell], dtype=object) for cell in row] for row in ROWS],
    "nothing masked": lambda: np.ma.masked_array(ROWS, mask=np.zeros((2, 2))),
    "rows with nothing masked": lambda: [*np.ma.masked_array(ROWS)],
    "big-endian": lambda: np.array(ROWS, dtype=">f4"),
    "columns first": lambda: np.asfortranarray(ROWS),
    "a strip of a wider array": lambda: np.repeat(ROWS, 3, axis=1)[:, ::3],
    "whole numbers": lambda: np.array(ROWS, dtype=np.uint8),
    "one more axis": lambda: np.array(ROWS).reshape(2, 1, 2),
}


@pytest.mark.slow
@every_backend
@pytest.mark.parametrize("form", READ)
def test_numbers_are_read_by_place_whatever_they_come_in(form: str, backend: str) -> None:
    ways = Line().entries(backend)
    assert {name: way(READ[form]()) for name, way in ways.items()} == {name: way(ROWS) for name, way in ways.items()}


@every_backend
def test_truth_values_are_numbers(backend: str) -> None:
    for rows in (
        [[True, False]],
        np.array([[True, False]]),
        [[np.bool_(True), False]],
        Objects({"a": [True], "b": [0]}),
    ):
        assert Line().entries(backend)["value_and_input_grad"](rows) == [0.25]


DAYS = np.array(["2020-01-01", "2021-01-01"], dtype="datetime64[ns]")
TURNS = np.array([1, 2], dtype="timedelta64[ns]")


class Sparse:
    shape, ndim = (2, 2), 2

    def todense(self) -> Any:
        return np.array(ROWS)

    def __array__(self) -> Any:
        return np.array(self, dtype=object)


def hidden(*shape: int) -> Any:
    found = np.ma.masked_array(np.ones(shape), mask=np.zeros(shape))
    found[-1, -1] = np.ma.masked
    return found


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "masked": (lambda: hidden(3, 2), r"masked at row 2, column 1"),
    "masked rows": (lambda: [*hidden(3, 2)], r"row 2, column 'y' .* masked"),
    "masked cell": (lambda: [[1.0, 2.0], [np.ma.masked, 1.0]], r"row 1, column 'x' .* masked"),
    "masked records": (lambda: np.ma.array(record(int, float), mask=[(0, 0), (0, 1)]), r"row 1, column 'b'"),
    "masked objects": (lambda: np.array([[1.0, np.ma.masked]], dtype=object), r"row 0, column 'y' .* masked"),
    "sparse": (Sparse, "is sparse"),
    "sparse rows": (lambda: [Sparse(), Sparse()], "row 0.* is sparse"),
    "sparse tensor": (lambda: Tensor(ROWS, "torch.sparse_coo"), "is sparse"),
    "complex": (lambda: np.array(ROWS, dtype=complex), "complex numbers"),
    "complex cell": (lambda: [[1.0, 2.0], [1.0, np.complex64(1)]], "row 1, column 'y' .*complex"),
    "complex tensor": (lambda: Frame({"a": [1j, 2]}).__array__(complex), "complex"),
    "text": (lambda: np.array([["1", "2"]]), "holds text"),
    "bytes": (lambda: np.array([[b"1", b"2"]]), "holds text"),
    "text in a table": (lambda: Objects({"a": [1, 2], "b": [3, "six"]}), "row 1, column 'b' .* got str 'six'"),
    "text in records": (lambda: record(float, "U3"), "column 'b' .* holds text"),
    "text for a row": (lambda: ["ab"], "row 0, column 'x' .* got str 'ab'"),
    "dates": (lambda: np.stack([DAYS, DAYS]), "holds dates"),
    "rows of dates": (lambda: [DAYS, DAYS], "row 0.* holds dates"),
    "date cell": (lambda: [[1.0, DAYS[0]]], "row 0, column 'y' .* holds dates"),
    "dates of Python's": (lambda: [[1.0, datetime.date(2020, 1, 1)]], "row 0, column 'y' .* got date"),
    "dates in records": (lambda: np.zeros(2, "M8[ns],f8"), "column 'f0' .*dates"),
    "dates beside whole numbers": (lambda: Typed({"day": DAYS, "n": [1, 2]}), "column 'day' .* holds dates"),
    "durations": (lambda: np.stack([TURNS, TURNS]), "holds durations"),
    "duration cell": (lambda: [[TURNS[0], 1.0]], "row 0, column 'x' .* durations"),
    "nothing": (lambda: Objects({"a": [1, 2], "b": [3, None]}), "row 1, column 'b' .* got NoneType"),
    "a Value": (lambda: [[1.0, Value(1.0)]], "row 0, column 'y' .* got Value"),
    "a dict": (lambda: {"a": [1, 2], "b": [3, 6]}, "a dict does not say which input is which"),
    "rows of dicts": (lambda: [{"a": 1, "b": 2}], "row 0.* does not say which"),
    "a set": (lambda: {1.0, 2.0}, "a set does not say which"),
    "rows of sets": (lambda: [frozenset({1.0, 2.0})], "a frozenset does not say which"),
    "a number": (lambda: 3.0, "must be a list of samples, an array or a table, got float"),
    "a 0-d array": (lambda: np.array(3.0), "must be a list of samples"),
    "a class": (lambda: list, "got type"),
    "void": (lambda: np.zeros((1, 2), dtype="V4"), "holds raw bytes"),
}
WRONG_SHAPES: dict[str, tuple[Callable[[], Any], str]] = {
    "empty": (list, "there is no sample in"),
    "empty array": (lambda: np.empty((0, 2)), "there is no sample in"),
    "empty table": (lambda: Frame({"a": [], "b": []}), "there is no sample in"),
    "empty generator": (lambda: iter([]), "there is no sample in"),
    "empty rows": (lambda: [[], []], r"row 0 .* needs 2 numbers, one for each input \('x', 'y'\); got 0"),
    "short row": (lambda: [*ROWS, [1.0]], "row 2 .* got 1$"),
    "long row": (lambda: [*ROWS, [1.0, 2.0, 3.0]], r"row 2 .* got 3; .* write zip\(points, labels\)"),
    "short array among arrays": (lambda: [np.ones(2), np.ones(1)], "row 1 .* got 1$"),
    "one sample": (lambda: [1.0, 2.0], r"row 0 .* got 1; a single sample is a batch of one row"),
    "one sample, array": (lambda: np.ones(2), r"row 0 .* got 1; a single sample is a batch of one row"),
    "wide array": (lambda: np.ones((3, 4)), "row 0 .* got 4"),
    "two lists": (lambda: (np.ones((3, 1)), np.ones(3)), r"write zip\(points, labels\)"),
}


@every_backend
@pytest.mark.parametrize("form", REFUSED)
def test_what_is_no_number_is_refused_with_its_place(form: str, backend: str) -> None:
    make, message = REFUSED[form]
    for way in Line().entries(backend).values():
        with pytest.raises(TypeError, match=message):
            way(make())


@pytest.mark.parametrize(
    "row", [[1.5, 2.5], (1.5, 2.5), [1, 2], (True, 2.5), [np.float64(1.5), np.int8(2)], np.ones(2)]
)
def test_a_plain_row_is_read_at_once(row: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its numbers are not looked at one by one, which takes ten times as long."""
    monkeypatch.setattr(batches, "_collect", lambda *given: pytest.fail("each number is looked at"))
    sample = Sample([Value(0.0), Value(0.0)])
    assert batches.rows([row, row], sample, "the data") == [[*map(float, row)]] * 2
    assert batches.vector(row, sample.leaves, "the parameters") == [*map(float, row)]


@every_backend
@pytest.mark.parametrize("form", WRONG_SHAPES)
def test_another_shape_is_refused_with_its_place(form: str, backend: str) -> None:
    make, message = WRONG_SHAPES[form]
    for way in Line().entries(backend).values():
        with pytest.raises(ValueError, match=message):
            way(make())


@every_backend
def test_a_number_too_large_and_lists_too_deep_have_a_place(backend: str) -> None:
    endless: list[Any] = []
    endless.append(endless)
    for way in Line().entries(backend).values():
        with pytest.raises(OverflowError, match=r"row 1, column 'y' of .* too large"):
            way([[1, 2], [3, 10**400]])
        with pytest.raises(ValueError, match="nested more than 64 deep"):
            way(endless)


@every_backend
def test_what_is_not_finite_is_for_programs_and_not_for_training(backend: str) -> None:
    for rows in ([[1.0, 2.0], [1.0, math.nan]], np.array([[1.0, 2.0], [1.0, math.nan]])):
        ways = Line().entries(backend)
        assert math.isnan(ways["value"](rows)[1])
        with pytest.raises(ValueError, match="row 1, column 'y' of the data is nan"):
            ways["fit"](rows)
    with pytest.raises(ValueError, match="row 1, column 'height' of the data is inf"):
        Line().entries(backend)["fit"](Frame({"width": [1.0, 2.0], "height": [1.0, math.inf]}))


# -- Nested inputs


def weighted(image: list[list[Value]]) -> Value:
    """A sum that tells every pixel's place."""
    return sum((10.0**i * pixel for i, pixel in enumerate(pixel for row in image for pixel in row)), Value(0.0))


@every_backend
def test_a_program_takes_samples_nested_as_its_inputs(backend: str) -> None:
    image, label = nn.placeholder(2, 3), nn.placeholder(name="label")
    program = Program(weighted(image) + 0.5 * label, [image, label], backend=backend)
    one = [[1, 2, 3], [4, 5, 6]]
    for sample in ([one, 1], [np.array(one), 1], (map(iter, one), [1]), [[*one[0], *one[1]], 1], [*one[0], *one[1], 1]):
        assert [*program.value([sample])] == [654321.5]
    assert [*program.value(zip(np.array([one, one]), [1, 3], strict=True))] == [654321.5, 654322.5]
    assert [len(row) for row in program.input_grad([[one, 1]])] == [7]
    for twin in (pickle.loads(pickle.dumps(program)), deepcopy(program)):
        assert [*twin.value([[one, 1]])] == [654321.5]
        with pytest.raises(ValueError, match="shape"):
            twin.value([[[*zip(*one, strict=True)], 1]])


@every_backend
def test_one_input_takes_a_list_of_numbers(backend: str) -> None:
    x = nn.placeholder()
    for inputs in (x, [x], [[x]], np.array([x])):
        program = Program(2 * x, inputs, backend=backend)
        for batch in ([1, 2], [[1], [2]], np.array([1.0, 2.0]), iter([1, 2])):
            assert [*program.value(batch if not isinstance(batch, Iterator) else [1, 2])] == [2.0, 4.0]


@every_backend
def test_a_sample_of_another_shape_is_not_taken_apart_in_another_way(backend: str) -> None:
    image = nn.placeholder(2, 3)
    program = Program(weighted(image), image, backend=backend)
    for batch in ([[[1, 2], [3, 4], [5, 6]]], np.ones((4, 3, 2)), [np.ones((3, 2))], np.ones((1, 1, 3, 2))):
        with pytest.raises(
            ValueError, match=r"row 0 of the batch has the shape \(.*3, 2\), but its inputs .* \(2, 3\)"
        ):
            program.value(batch)
    for batch in (np.ones((4, 6)), np.ones((4, 1, 2, 3)), np.ones((4, 2, 3, 1)), [np.ones((1, 6))] * 4):
        assert [*program.value(batch)] == [111111.0] * 4


def test_several_outputs_are_refused_where_one_is_needed_and_said_how() -> None:
    x = Value(1.0, "x")
    program = Program([2 * x, 3 * x], x, backend="python")
    for ask in (program.input_grad, program.grad_per_sample, program.value_and_input_grad):
        with pytest.raises(ValueError, match=r"one output; this one has 2.*Program\(scores\[k\], image\)"):
            ask([[1.0]])
    with pytest.raises(TypeError, match=r"made of Values, got list; .* Program\(scores\[k\], ...\)"):
        Program([[2 * x], [3 * x]], x)


# -- Numbers of NumPy's where Python's would do


def test_whole_numbers_and_truth_values_of_numpy_steer_a_training() -> None:
    line = Line()
    keywords: dict[str, Any] = {"params": [line.w], "progress": np.bool_(False), "backend": "python"}
    keywords |= {"epochs": np.int64(5), "batch_size": np.uint8(1), "threads": np.int16(1), "seed": np.int32(3)}
    assert nn.fit(line.loss, [line.x, line.y], ROWS, **keywords).steps == 10
    for answer, epochs in ((np.bool_(True), 1), (True, 1), (np.bool_(False), 5), (np.array([1.0]), 5), (1, 5)):
        history = nn.fit(line.loss, [line.x, line.y], ROWS, **keywords, after_epoch=lambda _, answer=answer: answer)
        assert len(history.losses) == epochs
    for name in ("epochs", "batch_size", "threads"):
        for wrong in (True, np.bool_(True), 2.0, np.float64(2), "2", 0, np.int64(-1)):
            with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1, got"):
                nn.fit(line.loss, [line.x, line.y], ROWS, **(keywords | {name: wrong}))


# -- Rims


def test_both_rims_have_the_same_functions() -> None:
    assert lists.__all__ == arrays.__all__ == sorted(name for name in vars(Rim) if not name.startswith("_"))
    assert {name: rim_of(name).__name__.rpartition(".")[2] for name in BACKENDS} == {  # type: ignore[attr-defined]
        "python": "lists",
        "numpy": "arrays",
        "numba": "arrays",
        "fused": "arrays",
    }


numbers = st.floats(allow_nan=False) | st.just(math.nan)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_both_rims_answer_alike(table: list[list[float]]) -> None:
    sample = Sample([Value(0.0) for _ in table[0]])

    def told(rim: Any) -> str:
        rows = rim.rows(table, sample)
        vector = rim.own(table[0])
        answers = [
            rows,
            rim.rows(np.array(table), sample),
            rim.vector(iter(table[0]), sample.leaves),
            rim.first(rows),
            rim.rest(rows),
            rim.means(vector, 3, 1),
            rim.taken(rows, [0, 0]),
            rim.joined([rows, rows]),
            *[np.array(part).tolist() for part in rim.regrouped([rows, rows[:0], rows], 2)],
            rim.has_nan(rows),
            rim.has_nan(vector),
            rim.wrong(rows),
            rim.wrong(vector),
        ]
        return repr([answer.tolist() if hasattr(answer, "tolist") else answer for answer in answers])

    assert told(lists) == told(arrays)


# -- Leaves that are neither


class Shifted(Line):
    """A line with a leaf that nobody trains, and one in a scope."""

    def __init__(self) -> None:
        super().__init__()
        self.shift, self.frozen = Value(0.5, "shift_of_mine"), nn.Linear(1, 1, rng=0, name="frozen part")
        self.loss = (self.w * self.x + self.shift + self.frozen([self.x])[0] - self.y) ** 2

    def fit(self, constants: Any = (), **keywords: Any) -> None:
        keywords = {"params": [self.w], "epochs": 1, "progress": False, "backend": "python"} | keywords
        nn.fit(self.loss, [self.x, self.y], ROWS, constants=constants, **keywords)


def test_a_leaf_that_is_neither_input_nor_parameter_is_named_before_anything_is_trained() -> None:
    line = Shifted()
    said = r"neither inputs nor parameters: 'shift_of_mine', 'w0' of 'frozen part / neuron 0'.* constants="
    with pytest.warns(UserWarning, match=said) as caught:
        line.fit()
    assert [warning.filename for warning in caught] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = line.w.data
        with pytest.raises(UserWarning):
            line.fit()
        assert line.w.data == before


def test_constants_that_are_meant_are_said_and_keep_their_numbers() -> None:
    line = Shifted()
    numbers = [line.shift.data, *(leaf.data for leaf in line.frozen.parameters())]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        line.fit(constants=[line.shift, *line.frozen.parameters()])
        line.fit(constants=[line.shift, *line.frozen.parameters(), Value(1.0, "in no graph")])
        line.fit(params=[line.w, line.shift], constants=line.frozen)
        line.fit(constants=[line.shift, [line.frozen]])
        line.fit(constants=True)
    assert [leaf.data for leaf in line.frozen.parameters()] == numbers[1:]
    with pytest.warns(UserWarning, match=r"parameters: 'w0' of .*, 'b' of .*\. They"):
        line.fit(constants=[line.shift])
    for wrong in (line.x, line.w):
        with pytest.raises(ValueError, match=f"{wrong.name!r} is to be a constant, but it stands among"):
            line.fit(constants=[wrong])
    for wrong in (3, "ab", [1.0], None):
        with pytest.raises(TypeError, match=r"constants= are Values, Modules or lists of them, got"):
            line.fit(constants=wrong)


@pytest.mark.slow
def test_many_constants_are_counted() -> None:
    line, others = Line(), [Value(1.0, f"c{i}") for i in range(13)]
    with pytest.warns(UserWarning, match=r"'c0', .*'c7' and 5 more\."):
        nn.fit(line.loss * sum(others, 0), [line.x, line.y], ROWS, [line.w], epochs=1, progress=False)


# -- A batch where one sample is wanted

ONE = "one sample at a time; fit and Program take batches"
WAYS: dict[str, Callable[[Any], Any]] = {
    "lists": lambda nest: nest,
    "tuples": lambda nest: tuple(nest),
    "array": np.array,
    "list of arrays": lambda nest: [np.array(part) for part in nest],
    "tensor": Tensor,
    "list of tensors": lambda nest: [Tensor(part) for part in nest],
    "generator": lambda nest: (part for part in nest),
    "Values": lambda nest: [[Value(cell) if isinstance(cell, float) else cell for cell in part] for part in nest],
    "array of Values": lambda nest: np.vectorize(Value, otypes=[object])(np.array(nest)),
}
POINTS = [[1.0, 2.0], [3.0, 4.0]]
IMAGES = [[[[1.0, 2.0], [3.0, 4.0]]]] * 3
GIVEN_A_BATCH: dict[str, tuple[Callable[[], Callable[[Any], Any]], Any]] = {
    "Linear": (lambda: nn.Linear(2, 1), POINTS),
    "Linear, one sample": (lambda: nn.Linear(2, 1), POINTS[:1]),
    "Linear of one": (lambda: nn.Linear(1, 1), [[1.0], [2.0]]),
    "Neuron": (lambda: nn.Neuron(2), POINTS),
    "Layer": (lambda: nn.Layer(2, 3), POINTS),
    "MLP": (lambda: nn.MLP(2, [3, 1]), POINTS),
    "MLP, one sample": (lambda: nn.MLP(2, [1]), POINTS[:1]),
    "Sequential": (lambda: nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)), POINTS),
    "Flatten": (nn.Flatten, IMAGES),
    "Conv2d": (lambda: nn.Conv2d(1, 1, 2), IMAGES),
    "Conv2d, grey images": (lambda: nn.Conv2d(1, 1, 2), [image[0] for image in IMAGES]),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGES),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), IMAGES),
    "Flatten before Linear": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), [image[0] for image in IMAGES]),
    "cross_entropy": (lambda: lambda batch: nn.cross_entropy(batch, [0, 1]), POINTS),
    "cross_entropy, one sample": (lambda: lambda batch: nn.cross_entropy(batch, 0), POINTS[:1]),
    "shares": (lambda: lambda batch: nn.cross_entropy([Value(0.0)] * 4, batch), [[0.5, 0.5], [0.0, 1.0]]),
    "mse": (lambda: lambda batch: nn.mse(batch, [1.0, 2.0]), POINTS),
    "hinge": (lambda: lambda batch: nn.hinge(batch, [1, -1]), POINTS),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("taker", GIVEN_A_BATCH)
def test_a_batch_is_answered_with_one_sample_at_a_time(taker: str, way: str) -> None:
    make, batch = GIVEN_A_BATCH[taker]
    with pytest.raises((TypeError, ValueError), match=ONE):
        make()(WAYS[way](batch))


def test_what_takes_one_sample_says_which_shape_came() -> None:
    with pytest.raises(TypeError, match=r"Linear\(2, 1\) takes one sample .* Got the shape \(3, 2\); put Flatten\(\)"):
        nn.Linear(2, 1)(np.ones((3, 2)))
    with pytest.raises(ValueError, match=rf"Linear\(2, 1\) has 2 inputs, got 6: 3 samples\? {ONE}"):
        nn.Linear(2, 1)([1.0] * 6)
    with pytest.raises(ValueError, match=r"LinearNeuron\(2\) has 2 inputs, got 3$"):
        nn.MLP(2, [1])([1.0] * 3)


def test_a_loss_of_two_shapes_pairs_nobody_at_random() -> None:
    with pytest.raises(ValueError, match=r"predictions and targets must have one shape, got \(2, 3\) and \(3, 2\)"):
        nn.mse(np.ones((2, 3)), np.ones((3, 2)))
    for targets in ([1.0, 2.0], [[1.0], [2.0]], np.array([[1.0, 2.0]])):
        assert nn.mse([[Value(2.0)], [Value(4.0)]], targets).data == 2.5


@pytest.mark.parametrize(
    "form", [name for name in REFUSED if name.startswith(("masked", "sparse", "complex", "text", "date"))]
)
def test_layers_and_parameters_refuse_by_name_what_batches_refuse(form: str) -> None:
    takers: list[Callable[[Any], Any]] = [nn.Linear(2, 1), nn.MLP(2, [1]), nn.Flatten(), nn.ReLU()]
    for take in (*takers, lambda x: nn.mse(x, x), lambda x: nn.cross_entropy(x, 0)):
        with pytest.raises((TypeError, ValueError), match=r"mask|sparse|complex|text|dates|got (str|date)|one sample"):
            take(REFUSED[form][0]())


@every_backend
def test_parameters_are_refused_by_name_too(backend: str) -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    program = Program(a * b, [], [a, b], backend=backend)
    wrong = [
        hidden(1, 2)[0],
        Sparse(),
        np.array([1j, 2]),
        np.array(["1", "2"]),
        DAYS,
        TURNS,
        {"a": 1, "b": 2},
        {1.0, 2.0},
    ]
    for numbers in (*wrong, "ab", 3.0, [1.0, "2"], [1.0, a], [1.0, None]):
        for take in (program.write, lambda numbers: program.value_and_grad([[]], numbers)):
            with pytest.raises(TypeError):
                take(numbers)
    with pytest.raises(TypeError, match=r"number 1 \('b'\) of params: .* got str '2'"):
        program.write([1.0, "2"])  # type: ignore[list-item]
    assert program.read() == [1.0, 2.0]
    for numbers in (Tensor([3.0, 4.0]), (x for x in (3, 4)), array.array("f", [3, 4]), np.ma.array([3, 4])):
        program.write([0.0, 0.0])
        program.write(numbers)
        assert program.read() == [3.0, 4.0]
