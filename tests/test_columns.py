"""Batches and results column by column, and results written into memory at hand: the same bits, and no copy."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("numpy")

import numpy as np
from programs import EXACT, HERE, identical, plan

from autodiff import Program, Value

ARRAYS = [name for name in HERE if name != "python"]
EVERY = [*ARRAYS, *["fused"] * ("numba" in HERE)]
ANSWERS = ["value", "input_grad", "value_and_input_grad", "grad_per_sample"]
by_row: Callable[[Any], Any] = np.ascontiguousarray
by_column: Callable[[Any], Any] = np.asfortranarray


def a_program(backend: str) -> Program:
    """A program of two inputs and two parameters."""
    x, y, a, b = Value(0.5), Value(-0.5), Value(1.5), Value(0.25)
    return Program((a * x + b * y).relu() * x - y / a, [x, y], [a, b], backend=backend)


def a_batch(samples: int) -> Any:
    return np.random.default_rng(samples).normal(size=(samples, 2))


def columns_of(answer: Any) -> Any:
    """All numbers of an answer, a row for each sample."""
    parts = answer if isinstance(answer, tuple) else (answer,)
    return np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)


@pytest.mark.parametrize("backend", EVERY)
@pytest.mark.parametrize("what", ANSWERS)
def test_results_are_written_where_they_are_wanted(what: str, backend: str) -> None:
    program, rows = a_program(backend), a_batch(300)
    ask = getattr(program, what)
    wanted = columns_of(ask(rows)).copy()
    for batch in (by_row(rows), by_column(rows)):
        for lie in (by_row, by_column):
            out = lie(np.full(wanted.shape, np.nan))
            answer = ask(batch, out=out)
            parts = answer if isinstance(answer, tuple) else (answer,)
            assert all(np.shares_memory(part, out) for part in parts)
            assert np.array_equal(out, wanted)
            assert np.array_equal(columns_of(answer), wanted)


@pytest.mark.parametrize("backend", ARRAYS)
@pytest.mark.parametrize("samples", [1, 7, 256, 257, 383, 384, 385, 512, 640, 641, 897])
def test_a_batch_by_columns_has_the_bits_of_one_by_rows(samples: int, backend: str) -> None:
    """A short rest is run with the block before it; sums are added up in blocks as ever."""
    draw = random.Random(samples)
    drawn = plan(draw, EXACT, longest=25)
    xs, ps, outputs = drawn.record([0.75] * drawn.inputs, [0.5] * drawn.params)
    rows = np.random.default_rng(samples).normal(size=(samples, len(xs)))
    known = Program(outputs, xs, ps, backend="python").value_and_grad(rows.tolist())
    for batch in (rows, by_column(rows)):
        for threads in (1, 2) if backend == "numba" else (1,):
            found = Program(outputs, xs, ps, backend=backend, threads=threads).value_and_grad(batch)
            for a, b in zip(known, found, strict=True):
                assert identical(np.ravel(a), np.ravel(b))


@pytest.mark.parametrize("lie", [by_row, by_column])
def test_a_table_of_numbers_is_not_copied(lie: Callable[[Any], Any]) -> None:
    program, batch = a_program("numpy"), lie(a_batch(10))
    assert program.rim.rows(batch, program.sample) is batch
    again = program.rim.rows(batch[::2], program.sample)
    assert not np.shares_memory(again, batch)
    assert np.array_equal(again, batch[::2])


@pytest.mark.parametrize("backend", EVERY)
def test_a_vector_takes_one_number_a_sample(backend: str) -> None:
    program, rows, out = a_program(backend), a_batch(20), np.zeros(20)
    assert np.shares_memory(program.value(rows, out=out), out)
    assert np.array_equal(out, program.value(rows))


@pytest.mark.parametrize("backend", EVERY)
def test_where_a_nan_makes_it_run_again_the_last_answer_is_written(backend: str) -> None:
    x = Value(1.0)
    program = Program((x * 2.0).relu() * 0.5, [x], backend=backend)
    out, rows = np.zeros((4, 1)), np.array([[-np.inf], [np.inf], [np.nan], [2.0]])
    wanted = program.input_grad(rows)
    program.input_grad(rows, out=out)
    assert identical(out.ravel(), np.ravel(wanted))


def short(batch: Any) -> Any:
    return np.zeros((9, 2))


def gaps(batch: Any) -> Any:
    return np.zeros((20, 4))[::2, ::2]


def locked(batch: Any) -> Any:
    out = np.zeros((10, 2))
    out.flags.writeable = False
    return out


WRONG: list[tuple[Callable[[Any], Any], str]] = [
    (short, r"float64 of the shape \(10, 2\), without gaps; got float64 of the shape \(9, 2\)"),
    (lambda batch: np.zeros((10, 3)), r"\(10, 2\).*got float64 of the shape \(10, 3\)"),
    (lambda batch: np.zeros(10), r"\(10, 2\).*got float64 of the shape \(10,\)"),
    (lambda batch: np.zeros((10, 2), dtype="float32"), "got float32 of the shape"),
    (lambda batch: np.zeros((10, 2), dtype=">f8"), "got >f8 of the shape|got float64 of the shape"),
    (lambda batch: [[0.0, 0.0]] * 10, "got list"),
    (gaps, "without gaps"),
    (locked, "must be writeable"),
    (lambda batch: batch, "must be memory apart from the batch"),
    (lambda batch: np.zeros((0, 2)), r"got float64 of the shape \(0, 2\)"),
]


@pytest.mark.parametrize(("make", "words"), WRONG)
@pytest.mark.parametrize("backend", EVERY)
def test_what_cannot_be_written_into_is_refused(make: Callable[[Any], Any], words: str, backend: str) -> None:
    batch = a_batch(10)
    kept = batch.copy()
    with pytest.raises(ValueError, match=words):
        a_program(backend).input_grad(batch, out=make(batch))
    assert np.array_equal(batch, kept)


def test_lists_are_answered_not_filled() -> None:
    with pytest.raises(TypeError, match="backend 'python' answers lists"):
        a_program("python").input_grad([[1.0, 2.0]], out=np.zeros((1, 2)))
