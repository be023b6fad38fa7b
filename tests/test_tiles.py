"""Tiles: several results from one instruction are, each of them, what they were alone, bit by bit."""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import EXACT, HERE, identical, plan

from autodiff import Program, Value, nn
from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.backends.machine import assemble
from autodiff.programs.listing import PASSES
from autodiff.programs.routine import Routine
from autodiff.programs.tiles import MOST, Tile, chains, dots, tiles

WILD = [0.0, -0.0, 1.0, math.inf, -math.inf, math.nan, 5e-324, 1e-310, 1e300, -1e300]
SIZES = [1, 2, 7, 8, 9, 16, 23, 24, 25, 100, 101, 104, 256, 257, 391]


def layers(draw: random.Random) -> tuple[Value, list[Value], list[Value]]:
    """Chains of every kind over the same operands: dense, shared, cut short; factors are weights, samples, or both."""
    xs = [Value(0.5) for _ in range(draw.randrange(1, 6))]
    ps: list[Value] = []

    def weight() -> Value:
        if ps and draw.random() < 0.1:
            return draw.choice(ps)
        ps.append(Value(0.25))
        return ps[-1]

    before = list(xs)
    for _ in range(draw.randrange(1, 4)):
        kind, cut = draw.choice(["dense", "samples", "mixed", "bare"]), draw.choice([0.0, 0.0, 0.2])
        after = []
        for _ in range(draw.choice([1, 2, 3, 4, 5, 7, 8, 9, 12, 17, 33, 40])):
            total: Any = None if kind == "bare" else draw.choice([weight(), weight(), draw.choice(before), Value(2.0)])
            for operand in before:
                if draw.random() >= cut or total is None:
                    is_sample = kind == "samples" or (kind == "mixed" and draw.random() < 0.5)
                    factor = draw.choice(before) if is_sample else weight()
                    product = operand * factor if draw.random() < 0.8 else factor * operand
                    total = product if total is None else total + product
            after.append(total.relu() if draw.random() < 0.7 else total)
        before = after
    loss = before[0]
    for y in before[1:]:
        loss = loss + y * y if draw.random() < 0.5 else loss + y
    return loss, xs, ps


def numbers(draw: random.Random, count: int, wild: float) -> list[float]:
    return [draw.choice(WILD) if draw.random() < wild else draw.uniform(-1, 1) for _ in range(count)]


def told(program: Program, rows: list[list[float]], p: list[float]) -> list[float]:
    """All that it says of a batch."""
    value, slopes = program.value_and_grad(rows, p)
    parts = [value, slopes, *program.input_grad(rows[:9], p), *program.grad_per_sample(rows[:9], p)]
    return [float(x) for part in parts for x in part]


@pytest.mark.slow
@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**9), st.sampled_from(SIZES), st.sampled_from([0.0, 0.02, 0.3]))
def test_tiles_change_no_bit(seed: int, samples: int, wild: float) -> None:
    draw = random.Random(seed)
    loss, xs, ps = layers(draw)
    p = numbers(draw, len(ps), wild / 4)
    rows = [numbers(draw, len(xs), wild) for _ in range(samples)]
    forms: list[dict[str, Any]] = [{"backend": name} for name in HERE]
    forms += [{"backend": "numba", "threads": 2}, {"backend": "numba", "passes": PASSES - {"tile"}}]
    forms += [{"backend": "numba", "passes": PASSES - {"fuse"}}, {"backend": "numba", "passes": PASSES - {"drop"}}]
    first, *others = (told(Program(loss, xs, ps, **form), rows, p) for form in forms)
    assert all(identical(first, other) for other in others)


# -- What a tile says


def routine_of(seed: int) -> tuple[Routine, list[float], list[float]]:
    """A routine with numbers for one sample and for the parameters."""
    draw = random.Random(seed)
    if seed % 2:
        loss, xs, ps = layers(draw)
    else:
        drawn = plan(draw, EXACT, longest=60)
        xs, ps, (loss, *_) = drawn.record([0.5] * drawn.inputs, [0.5] * drawn.params)
    return Program(loss, xs, ps, "python")._routine("grad"), numbers(draw, len(xs), 0), numbers(draw, len(ps), 0)


def by_itself(routine: Routine, x: Sequence[float], p: Sequence[float]) -> dict[int, float]:
    """The number at every place, instruction by instruction."""
    found: dict[int, float] = {}
    for place in routine.order:
        op, args, payload = routine[place]
        leaf = {"input": x, "param": p}.get(op)
        if args:
            found[place] = PRIMITIVES[op].function(*(found[arg] for arg in args))
        else:
            found[place] = payload if leaf is None else leaf[int(payload)]
    return found


@given(st.integers(0, 10**9))
@settings(deadline=None, max_examples=15)
def test_a_tile_says_what_its_places_hold(seed: int) -> None:
    routine, x, p = routine_of(seed)
    known = by_itself(routine, x, p)
    for start, outputs, pairs in written(tiles(routine, chains(routine))):
        total = -0.0 if start is None else known[start]
        for a, b in pairs:
            total += known[a] * known[b]
        assert identical([total], [known[outputs]])
    for group in dots(routine):
        for j, row in enumerate(group.numbers):
            for column, i in zip(group.columns, row, strict=True):
                factor = known[group.rows[j]] if group.rows else 1.0
                assert identical([known[column] * factor], [known[routine.sums[i]]])


def written(found: list[Tile]) -> Iterator[tuple[int | None, int, list[tuple[int, int]]]]:
    for tile in found:
        for j, (output, start) in enumerate(zip(tile.outputs, tile.starts, strict=True)):
            factors = [row[j] for row in tile.factors]
            yield start, output, list(zip(tile.operands, factors, strict=True))


@pytest.mark.slow
@given(st.integers(0, 10**9))
@settings(deadline=None, max_examples=50)
def test_a_tile_has_every_chain_once_and_needs_none_of_its_own_results(seed: int) -> None:
    routine, _, _ = routine_of(seed)
    found = chains(routine)
    together = tiles(routine, dict(found))
    assert sorted(output for tile in together for output in tile.outputs) == sorted(found)
    needs: dict[int, frozenset[int]] = {}
    for place in routine.order:
        args = routine[place].args
        needs[place] = frozenset(args).union(*(needs[arg] for arg in args))
    for tile in together:
        read = {*tile.operands, *(start for start in tile.starts if start is not None), *sum(tile.factors, ())}
        assert all(needs[place].isdisjoint(tile.outputs) and place not in tile.outputs for place in read)
        if len(tile.outputs) > 1:
            assert len({routine.is_uniform(factor) for row in tile.factors for factor in row}) == 1
    every = sorted(i for group in dots(routine) for row in group.numbers for i in row)
    assert every == [i for i, place in enumerate(routine.sums) if not routine.is_uniform(place)]


def network(widths: list[int], what: str = "grad", passes: frozenset[str] = PASSES) -> Routine:
    random.seed(0)
    model = nn.MLP(3, widths)
    x, label = [Value(0.5) for _ in range(3)], Value(1.0)
    loss = (1 - label * model(x)).relu()
    return Program(loss, [*x, label], model.parameters(), "python", passes=passes)._routine(what)


def shapes(found: list[Tile]) -> list[tuple[int, int]]:
    return [(len(tile.outputs), len(tile.operands)) for tile in found]


def test_a_layer_is_a_tile_forwards_and_backwards_and_its_weights_gradients_are_another() -> None:
    routine = network([5, 7, 1])
    found = shapes(tiles(routine, chains(routine)))
    assert sorted(shape for shape in found if shape != (1, 1)) == [(1, 7), (5, 3), (5, 7), (7, 1), (7, 5)]
    squares = {tuple(sorted((len(group.rows), len(group.columns)))) for group in dots(routine) if group.rows}
    assert squares == {(3, 5), (5, 7), (1, 7)}
    alone = network([5, 7, 1], passes=PASSES - {"tile"})
    assert {outputs for outputs, _ in shapes(tiles(alone, chains(alone)))} == {1}


def test_the_channels_of_a_convolution_are_a_tile_at_each_pixel() -> None:
    random.seed(0)
    convolution = nn.Conv2d(1, 4, 3)
    image = [[Value(0.5) for _ in range(5)] for _ in range(5)]
    maps = convolution([image])
    routine = Program([y for rows in maps for row in rows for y in row], [image], convolution)._routine("value")
    assert shapes(tiles(routine, chains(routine))) == [(4, 9)] * 9


def test_a_network_of_any_width_is_few_instructions() -> None:
    routine = network([16, 16, 1])
    assert assemble(routine, 400).instructions < 6 * 16 + 24
    assert assemble(network([16, 16, 1], passes=PASSES - {"tile"}), 400).instructions > 11 * 16


def test_a_tile_holds_a_bounded_number_of_results_at_once() -> None:
    x, y = Value(0.5), Value(0.0)
    ws = [Value(0.5) for _ in range(500)]
    for w in ws:
        y = y + (x * w).tanh()
    routine = Program(y, [x], ws, "python")._routine("value")
    assert max(len(tile.outputs) for tile in tiles(routine, chains(routine))) == MOST
    assert assemble(routine, len(ws)).slots <= MOST + 3


def test_results_that_wait_for_one_another_are_no_tile() -> None:
    x, z = Value(0.5), Value(0.25)
    ws = [Value(0.5) for _ in range(6)]
    y = z
    for w in ws:
        y = (y + x * w).tanh()  # each begins where the one before it ends
    routine = Program(y, [x, z], ws, "python")._routine("value")
    assert shapes(tiles(routine, chains(routine))) == [(1, 1)] * 6


# -- On other machines


@pytest.mark.slow
@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
def test_narrow_registers_have_the_same_bits(tmp_path: Path) -> None:
    """The kernel compiled for the plainest processor of this kind, which has smaller tiles."""
    root = Path(__file__).resolve().parents[1]
    text = f"""
import sys
sys.path[:0] = [{str(root)!r}, {str(root / "tests")!r}]
import test_tiles
print(test_tiles.fingerprint())
"""
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", text], env=os.environ | plain, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == fingerprint()


def fingerprint() -> str:
    found = []
    for seed in range(8):
        draw = random.Random(seed)
        loss, xs, ps = layers(draw)
        rows = [numbers(draw, len(xs), 0.02) for _ in range(101)]
        found += told(Program(loss, xs, ps, backend="numba"), rows, numbers(draw, len(ps), 0))
    return " ".join("nan" if x != x else x.hex() for x in found)
