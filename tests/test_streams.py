"""Batches larger than memory: blocks of any sizes have the bits of one call, and one of them lives at a time."""

from __future__ import annotations

import math
import random
import weakref
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import ALL_BACKENDS, EXACT, identical, plan

from autodiff import Program, Value, greater, maximum, where
from autodiff.programs import streams
from autodiff.programs.sums import BLOCK

every_backend = pytest.mark.parametrize("backend", ALL_BACKENDS)

Rows = list[list[float]]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two whole blocks at a time, so that a few hundred samples are several pieces."""
    monkeypatch.setattr(streams, "piece", lambda columns: 2 * BLOCK)


def split(rows: Rows, draw: random.Random) -> Iterator[Rows]:
    """The rows in blocks: empty ones, single rows, and some that are larger than a piece."""
    at = 0
    while at < len(rows):
        size = draw.choice([0, 1, 1, 7, 255, 256, 257, 700])
        yield rows[at : at + size]
        at += size


def flat(answers: Any) -> list[float]:
    return [float(x) for row in answers for x in (row if hasattr(row, "__len__") else [row])]


def table(draw: random.Random, columns: int, samples: int) -> Rows:
    return [[draw.uniform(-2, 2) for _ in range(columns)] for _ in range(samples)]


@pytest.mark.slow
@every_backend
@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 10**6), samples=st.integers(1, 1300))
def test_blocks_of_any_sizes_have_the_bits_of_one_call(backend: str, seed: int, samples: int) -> None:
    draw = random.Random(seed)
    drawn = next(found for _ in count() if (found := plan(draw, EXACT, longest=8)).inputs)
    rows, p = table(draw, drawn.inputs, samples), [draw.uniform(-2, 2) for _ in range(drawn.params)]
    xs, ps, outputs = drawn.record([1.0] * drawn.inputs, p)
    program = Program(outputs, xs, ps, backend=backend)
    values, means = map(flat, program.value_and_grad(rows))
    for stream in (
        split(rows, draw),
        ([row] for row in rows),
        iter(rows),
        (iter(block) for block in split(rows, draw)),
    ):
        again, means_again = map(flat, program.value_and_grad(stream))
        assert identical(values, again)
        assert identical(means, means_again)
    assert identical(values, flat(program.value(split(rows, draw))))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_compiled_backends_go_on_with_the_sums_before(threads: int) -> None:
    numba = pytest.importorskip("numba")
    assert numba
    draw = random.Random(threads)
    x, a, b = Value(1.0), Value(0.3), Value(0.1)
    rows = table(draw, 1, 1500)
    for backend in ("numba", "fused"):
        program = Program(a * x * x + 0.1 * b, [x], [a, b], backend=backend, threads=threads)
        want = map(flat, program.value_and_grad(rows))
        assert all(map(identical, want, map(flat, program.value_and_grad(split(rows, draw)))))


@every_backend
def test_a_side_without_a_path_is_held_apart_from_the_piece_on_where_a_nan_is_met(backend: str) -> None:
    """0 would meet an infinite slope in row 700 only: what was summed before has the same bits either way."""
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program = Program(where(greater(x, 0.0), (w * x).sqrt(), w * 0.1), [x], [w], backend=backend)
    rows = [[0.1 + i] for i in range(1200)]
    rows[700] = [0.0]
    values, slope = program.value_and_grad(rows)
    again, slope_again = program.value_and_grad([row] for row in rows)
    assert identical(flat(values), flat(again))
    assert identical(flat(slope), flat(slope_again))
    assert math.isfinite(slope[0])


@pytest.mark.parametrize("question", ["grad_per_sample", "input_grad", "value_and_input_grad"])
@every_backend
def test_every_question_may_be_put_to_blocks(question: str, backend: str) -> None:
    x, w = Value(1.0, "x"), Value(0.5, "w")
    program = Program((w * x).relu() * x, [x], [w], backend=backend)
    rows = table(random.Random(0), 1, 600)
    ask = getattr(program, question)
    for want, got in zip(ask(rows), ask(split(rows, random.Random(1))), strict=True):
        assert identical(flat(want), flat(got))


class Block(list):  # type: ignore[type-arg]
    """A list that can be watched."""


@every_backend
@pytest.mark.parametrize("size", [1, 600])
def test_no_more_blocks_live_than_the_one_at_work(backend: str, size: int) -> None:
    alive: set[int] = set()
    most = 0

    def blocks() -> Iterator[Block]:
        nonlocal most
        for number in range(3_000 // size):
            block = Block([[float(number)]] * size)
            alive.add(number)
            weakref.finalize(block, alive.discard, number)
            most = max(most, len(alive))
            yield block
            del block

    x, w = Value(1.0), Value(0.5)
    values, _ = Program(w * x, [x], [w], backend=backend).value_and_grad(blocks())
    assert len(values) == 3_000 // size * size
    assert most == 1


@every_backend
def test_what_a_block_holds_is_what_a_batch_may_hold(backend: str) -> None:
    np = pytest.importorskip("numpy")
    image, label, w = [[Value(1.0), Value(1.0)], [Value(1.0), Value(1.0)]], Value(1.0), Value(0.5)
    program = Program(maximum(*image[0], *image[1]) * w - label, [image, label], [w], backend=backend)
    images, labels = np.arange(24.0).reshape(6, 2, 2), np.arange(6.0)
    want = flat(program.value(zip(images, labels, strict=True)))
    parts = slice(0, 2), slice(2, 2), slice(2, 3), slice(3, 6)
    assert flat(program.value(zip(images[part], labels[part], strict=True) for part in parts)) == want
    whole = np.column_stack([images.reshape(6, 4), labels])
    for convert in (np.asarray, np.asfortranarray, np.float32, lambda block: block.astype(object), tuple):
        assert flat(program.value(convert(whole[part]) for part in parts)) == want
    assert flat(program.value(np.rec.fromarrays(whole[part].T) for part in parts)) == want


WRONG: dict[str, tuple[Any, str]] = {
    "no block": (list, "there is no sample in the batch"),
    "empty blocks": (lambda: [[], []], "there is no sample in the batch"),
    "a short row": (lambda: [[[1, 2], [3, 4]], [[5, 6], [7]]], "row 1 of block 1 of the batch needs 2 numbers"),
    "a bare sample": (lambda: [[[1, 2], [3, 4]], [5, 6]], "row 0 of block 1 .* a batch of one row"),
    "text": (lambda: [[], [[1, 2], [3, "4"]]], "row 1, column 'y' of block 1 of the batch"),
    "no batch": (lambda: [[[1, 2], [3, 4]], None], "block 1 of the batch must be a list of samples"),
    "samples, one too long": (lambda: [[1, 2], [3, 4, 5, 6]], "row 1 of the batch needs 2 numbers"),
    "samples after a block of one": (lambda: [[[1, 2]], [3, 4], [5, 6, 7]], "row 2 of the batch needs 2 numbers"),
    "samples, an empty one": (lambda: [[], [1, 2]], "row 0 of the batch needs 2 numbers"),
    "many samples, the last short": (lambda: [[1, 2]] * 600 + [[1]], "row 600 of the batch needs 2 numbers"),
}


@every_backend
@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_stream_has_its_place(name: str, backend: str) -> None:
    make, message = WRONG[name]
    x, y = Value(1.0, "x"), Value(1.0, "y")
    with pytest.raises((ValueError, TypeError), match=message):
        Program(x * y, [x, y], backend=backend).value(iter(make()))
