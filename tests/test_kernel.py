"""The compiled kernel: what it computes depends on nothing that was in memory before, and neither does its time."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("numba")

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import EXACT, plan

from autodiff import TABLE, Program, Value
from autodiff.programs.backends.kernel import _block, room, rows
from autodiff.programs.backends.machine import Machine, assemble
from autodiff.programs.sums import BLOCK, LANES

LEFT = [0.0, 1.0, 5e-310, 1.2345e77]  # what may have been in memory; a pointer read as a float is a denormal


def block_of(machine: Machine, params: list[float], batch: Any, outputs: int, sums: int, left: float) -> list[Any]:
    """One block, run in memory that held ``left``: results, sums, and the slots as they are then."""
    u = np.array([*params, *machine.constants, *([0.5] * len(machine.uniform_results))])
    memory = room(machine.slots, len(batch))
    memory[:] = left
    slots = rows(memory, machine.slots, len(batch))
    out, totals = np.zeros((len(batch), outputs)), np.zeros(sums)
    _block(np.array(machine.code), slots, u, batch, out, 0, totals, 0, len(batch))
    return [out, totals, slots]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 40), st.booleans())
def test_no_lane_holds_what_freed_memory_left(seed: int, samples: int, exact: bool) -> None:
    draw = random.Random(seed)
    drawn = plan(draw, EXACT if exact else list(TABLE))
    params = [draw.uniform(-2, 2) for _ in range(drawn.params)]
    xs, ps, outputs = drawn.record([0.75] * drawn.inputs, params)
    routine = Program(outputs[0], xs, ps, backend="numba")._routine("grad")
    machine = assemble(routine, len(ps))
    batch = np.array([[draw.uniform(-2, 2) for _ in xs] for _ in range(samples)]).reshape(samples, len(xs))
    found = [block_of(machine, params, batch, 1, len(ps), left) for left in LEFT]
    for other in found[1:]:
        assert all(np.array_equal(a.view("i8"), b.view("i8")) for a, b in zip(found[0], other, strict=True))


@pytest.mark.parametrize("samples", [1, 7, 8, 9, 100, 104, BLOCK - 1, BLOCK])
@pytest.mark.parametrize("slots", [1, 2, 17])
def test_slots_are_packed_whole_vectors_that_begin_at_a_line_of_the_cache(slots: int, samples: int) -> None:
    memory = room(slots, samples)
    packed = rows(memory, slots, samples)
    assert memory.ctypes.data % 64 == 0
    assert packed.ctypes.data == memory.ctypes.data
    assert packed.shape == (slots, -(-samples // LANES) * LANES)
    assert packed.flags.c_contiguous
    assert all(row.ctypes.data % 64 == 0 for row in packed)


@pytest.mark.parametrize("samples", [1, 9, 100])
def test_behind_the_last_sample_inputs_and_what_libraries_answer_are_zeros(samples: int) -> None:
    x = Value(0.5)
    machine = assemble(Program(x.exp(), [x], backend="numba", passes=())._routine("value"), 0)
    slots = block_of(machine, [], np.ones((samples, 1)), 1, 0, 5e-310)[2]
    assert (slots[:, :samples] != 0).all()
    assert (slots[:, samples:] == 0).all()
