"""Programs: every backend computes what running the Python anew for each sample would have recorded."""

from __future__ import annotations

import copy
import math
import pickle
import random
import sys
import threading
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import ALL_BACKENDS, EXACT, HERE, Plan, any_number, identical, near, plan, same
from test_golden import GOLDEN, cases, is_close, numbers, pooled, recorded

import autodiff as ad
from autodiff import TABLE, FrozenBranchWarning, Graph, Program, StaleError, Value, grad, nn, where
from autodiff.language.ieee import power
from autodiff.programs.backends.machine import assemble
from autodiff.programs.listing import PASSES
from autodiff.programs.lowering import Lowering
from autodiff.programs.routine import Routine
from autodiff.programs.sums import BLOCK, add_up, repeated
from autodiff.recording.value import function_of

ROOT = Path(__file__).resolve().parents[1]
Rows = list[list[float]]


def flat(numbers: Any) -> list[float]:
    """All numbers of a nested list or an array."""
    return [x for part in numbers for x in flat(part)] if hasattr(numbers, "__len__") else [float(numbers)]


def answers(program: Program, rows: Rows) -> dict[str, list[float]]:
    """Whatever a program can say of a batch."""
    value, mean = program.value_and_grad(rows)
    found = {"value": flat(program.value(rows)), "value with gradient": flat(value), "mean gradient": flat(mean)}
    if len(program.outputs) == 1:
        found["gradient of each sample"] = flat(program.grad_per_sample(rows))
        found["gradient in the inputs"] = flat(program.input_grad(rows))
        found["value with gradient in the inputs"] = [*map(flat, program.value_and_input_grad(rows))][1]
    return found


def eager(drawn: Plan, rows: Rows, p: list[float]) -> tuple[list[list[float]], Rows, Rows]:
    """For each sample, recorded anew: the outputs, and the first one's gradient in parameters and inputs."""
    values, to_params, to_inputs = [], [], []
    for row in rows:
        xs, ps, outputs = drawn.record(row, p)
        outputs[0].backward()
        values.append([output.data for output in outputs])
        to_params.append([leaf.grad for leaf in ps])
        to_inputs.append([leaf.grad for leaf in xs])
    return values, to_params, to_inputs


def batch(draw: random.Random, drawn: Plan, samples: int, extreme: bool = False) -> tuple[Rows, list[float]]:
    rows = [[any_number(draw, extreme) for _ in range(drawn.inputs)] for _ in range(samples)]
    return rows, [any_number(draw, extreme) for _ in range(drawn.params)]


def program_of(drawn: Plan, p: list[float], backend: str, one: bool = False, **options: Any) -> Program:
    """Recorded at some other point than that of any sample."""
    xs, ps, outputs = drawn.record([0.75] * drawn.inputs, p)
    return Program(outputs[0] if one else outputs, xs, ps, backend=backend, **options)


# -- Parity


@pytest.mark.slow
@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("extreme", [False, True], ids=["finite", "with inf and nan"])
def test_exact_operations_agree_with_recording_anew(backend: str, extreme: bool) -> None:
    for seed in range(120):
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, extreme)
        rows, p = batch(draw, drawn, 8, extreme)
        values, to_params, to_inputs = eager(drawn, rows, p)
        one = program_of(drawn, p, backend, one=True)
        assert all(map(same, flat(program_of(drawn, p, backend).value(rows)), flat(values))), seed
        assert all(map(same, flat(one.grad_per_sample(rows)), flat(to_params))), seed
        assert all(map(same, flat(one.input_grad(rows)), flat(to_inputs))), seed


@pytest.mark.slow
@pytest.mark.parametrize("extreme", [False, True], ids=["finite", "with inf and nan"])
def test_backends_agree_to_the_bit_on_exact_operations(extreme: bool) -> None:
    for seed in range(200, 320):
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, extreme)
        rows, p = batch(draw, drawn, draw.choice([1, 7, 8, 9]), extreme)
        for one in (False, True):
            found = [answers(program_of(drawn, p, backend, one), rows) for backend in HERE]
            for others in found[1:]:
                assert all(identical(found[0][what], others[what]) for what in found[0]), seed


@pytest.mark.parametrize("samples", [1, 7, 8, 9, 100, 255, 256, 257, 600])
@pytest.mark.slow
def test_backends_agree_to_the_bit_on_batches_of_every_size(samples: int) -> None:
    for seed in range(4):
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, longest=25)
        rows, p = batch(draw, drawn, samples)
        found = [answers(program_of(drawn, p, backend), rows) for backend in HERE]
        if "numba" in HERE:
            found.append(answers(program_of(drawn, p, "numba", threads=2), rows))
        for others in found[1:]:
            assert all(identical(found[0][what], others[what]) for what in found[0]), seed


@pytest.mark.slow
@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
def test_a_program_compiled_alone_has_the_same_bits() -> None:
    for seed, samples in ((1, 9), (2, 300)):  # compiling takes its time
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, longest=10)
        rows, p = batch(draw, drawn, samples)
        found = [flat(program_of(drawn, p, backend, one=True).value_and_grad(rows)) for backend in ("python", "fused")]
        assert identical(*found)


SMOOTH = ["add", "multiply", "subtract", "tanh", "sin", "cos", "sigmoid", "softplus", "atan", "erf", "gelu", "silu"]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_library_functions_agree_with_recording_anew(backend: str) -> None:
    for seed in range(60):
        draw = random.Random(seed)
        drawn = plan(draw, SMOOTH, longest=8)
        rows, p = batch(draw, drawn, 5)
        values, to_params, to_inputs = eager(drawn, rows, p)
        one = program_of(drawn, p, backend, one=True)
        assert all(map(near, flat(program_of(drawn, p, backend).value(rows)), flat(values))), seed
        assert all(map(near, flat(one.grad_per_sample(rows)), flat(to_params))), seed
        assert all(map(near, flat(one.input_grad(rows)), flat(to_inputs))), seed


POINTS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 0.7, -1.3, 1e-9, 30.0, -800.0, math.inf, -math.inf, math.nan]


def ulps(a: float, b: float) -> float:
    return 0.0 if same(a, b) else abs(a - b) / max(math.ulp(a), math.ulp(b), 1e-300)


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("name", TABLE)
def test_every_row_agrees_at_ties_zeros_infinities_and_nan(name: str, backend: str) -> None:
    row = TABLE[name]
    draw = random.Random(name)
    rows = [[x] * len(row.inputs) for x in POINTS]
    rows += [[draw.choice(POINTS) for _ in row.inputs] for _ in range(40)]
    leaves = [Value(0.3) for _ in row.inputs]
    program = Program(function_of(row)(*leaves), leaves, backend=backend)
    values, slopes = program.value(rows), program.input_grad(rows)
    for point, value, slope in zip(rows, values, slopes, strict=True):
        leaves = [Value(x) for x in point]
        out = function_of(row)(*leaves)
        out.backward()
        # Each library function is off by an ulp or two; the gradients multiply several of them.
        assert ulps(float(value), out.data) <= 8, point
        assert all(near(float(a), leaf.grad, 1e-13) for a, leaf in zip(slope, leaves, strict=True)), point


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_a_power_of_one_half_is_no_root(backend: str) -> None:
    """They differ at -inf and -0.0, and NumPy mistakes one for the other where the exponent is a single number."""
    x, p = Value(1.0), Value(0.5)
    program = Program([x**0.5, x**p], [x], [p], backend=backend)
    assert identical(flat(program.value([[-math.inf], [-0.0], [4.0]])), [math.inf, math.inf, 0.0, 0.0, 2.0, 2.0])


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_sums_that_overflow_are_infinite_without_a_word(backend: str) -> None:
    x, p = Value(1.0), Value(1e308)
    _, mean = Program([p * p + x, x * p * 1e300], [x], [p], backend=backend).value_and_grad([[1e10]] * 9)
    assert [flat(row) for row in mean] == [[math.inf], [math.inf]]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_the_mean_gradient_is_that_of_the_samples_added_up_in_order(backend: str) -> None:
    for seed in range(5):
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, longest=20)
        rows, p = batch(draw, drawn, 300)
        program = program_of(drawn, p, backend, one=True)
        columns = list(zip(*program.grad_per_sample(rows), strict=True))
        mean = [add_up([float(x) for x in column]) / 300 for column in columns]
        assert all(map(same, flat(program.value_and_grad(rows)[1]), mean))


@pytest.mark.parametrize("samples", [1, 8, 13, BLOCK, BLOCK + 1, 3 * BLOCK + 5])
def test_the_order_of_a_sum_is_blocks_of_eight_running_sums(samples: int) -> None:
    draw = random.Random(samples)
    column = [draw.uniform(-1, 1) * 10 ** draw.randrange(-8, 8) for _ in range(samples)]
    total = 0.0
    for start in range(0, samples, BLOCK):
        block = column[start : start + BLOCK]
        s = []
        for lane in range(8):
            running = 0.0
            for x in block[lane::8]:
                running += x
            s.append(running)
        total += ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
    assert add_up(column) == total
    for backend in HERE:
        x, w = Value(1.0), Value(1.0)
        mean = Program(x * w, [x], [w], backend=backend).value_and_grad([[number] for number in column])[1]
        assert float(mean[0]) == total / samples


@pytest.mark.parametrize("samples", [0, 1, 7, 8, 9, 255, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 5, 1000])
def test_a_number_repeated_adds_up_as_so_many_of_it(samples: int) -> None:
    draw = random.Random(samples)
    for number in [0.1, -0.0, math.inf, math.nan, 1e308, *(draw.gauss(0, 1) for _ in range(20))]:
        assert identical([repeated(number, samples)], [add_up([number] * samples)])


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_parameters_are_read_again_when_something_was_written_and_only_then(backend: str) -> None:
    a, b, other = Value(2.0, "a"), Value(3.0, "b"), Value(0.0)
    program = Program(a * b, [], [a, b], backend=backend)
    looks, read = [], program.read
    program.read = lambda: looks.append(None) or read()  # type: ignore[func-returns-value, method-assign]

    def now() -> tuple[float, int]:
        looks.clear()
        return float(program.value([[]])[0]), len(looks)

    assert [now(), now()] == [(6.0, 1), (6.0, 0)]
    a.data = 5.0
    assert [now(), now()] == [(15.0, 1), (15.0, 0)]
    program.write([7.0, 1.0])
    assert now() == (7.0, 1)
    (a * b).backward()
    ad.optim.SGD([a, b], lr=1.0).step()
    assert now() == (6.0 * -6.0, 1)
    copy.deepcopy(a).data = 1.0
    other.data = 1.0
    assert now()[0] == -36.0
    assert float(copy.deepcopy(program).value([[]])[0]) == -36.0


def test_a_number_that_is_read_while_it_is_written_is_read_again() -> None:
    """Another thread may run the program between any two lines of the write."""
    a = Value(2.0)
    program = Program(a * 1.0, [], [a], backend="python")
    setter = Value.data.fset.__code__  # type: ignore[attr-defined]
    seen = []

    def trace(frame: Any, event: str, _: object) -> Any:
        if frame.f_code is not setter:
            return None
        seen.append(program.value([[]])[0])
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        a.data = 5.0
    finally:
        sys.settrace(before)
    assert {*seen} == {2.0, 5.0}
    assert program.value([[]]) == [5.0]


@pytest.mark.slow
@pytest.mark.parametrize("backend", [*ALL_BACKENDS, "fused"])
@pytest.mark.parametrize("samples", [1, 9, BLOCK - 1, BLOCK, 2 * BLOCK + 13])
def test_products_other_terms_and_constants_add_up_in_one_order(samples: int, backend: str) -> None:
    """Backends sum a product, what is no product, and what is the same for every sample by ways of their own."""
    if backend == "fused":
        pytest.importorskip("numba")
    draw = random.Random(samples)
    rows = [[draw.uniform(-1, 1) * 10 ** draw.randrange(-8, 8) for _ in range(2)] for _ in range(samples)]
    x, y, a, b, c = (Value(1.1) for _ in range(5))
    program = Program(a * (x * y) + b * ad.maximum(x, y) + 0.1 * c, [x, y], [a, b, c], backend=backend)
    terms = [[p * q for p, q in rows], [max(p, q) for p, q in rows], [0.1] * samples]
    assert identical(program.value_and_grad(rows)[1], [add_up(column) / samples for column in terms])


@pytest.mark.slow
@pytest.mark.parametrize("backend", [*ALL_BACKENDS, "fused"])
@pytest.mark.parametrize("passes", [PASSES, ()], ids=["all passes", "no passes"])
def test_a_power_is_one_wherever_it_runs(backend: str, passes: Collection[str]) -> None:
    """Squares and cubes to the bit, be the exponent input, parameter or constant; and C's answers at the ends."""
    if backend == "fused":
        pytest.importorskip("numba")
    draw = random.Random(1)
    ends = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 2.0, 3.0, -2.0]
    bases = [*ends, *(draw.gauss(0, 1) * 10 ** draw.uniform(-6, 6) for _ in range(300))]
    exact = [[base, exponent] for base in bases for exponent in (2.0, 3.0)]
    rows = exact + [[base, exponent] for base in ends for exponent in ends]
    x, y, p = Value(1.5), Value(1.5), Value(3.0)
    found = Program([x**y, x**p, x**2, x**3], [x, y], [p], backend=backend, passes=passes).value(rows)
    for (base, exponent), answers in zip(rows, found, strict=True):
        cube = base * base * base
        wanted = [power(base, exponent), cube, base * base, cube]
        assert identical(answers, wanted), (base, exponent)


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_every_choice_is_made_anew_for_each_sample(backend: str) -> None:
    a, b, c = Value(5.0), Value(1.0), Value(1.0)  # recorded where a wins and c holds
    out = ad.maximum(a, b) + ad.relu(c) * 10 + where(c, a, b) * 100
    program = Program(out, [a, b, c], backend=backend)
    rows = [[1.0, 2.0, -1.0], [2.0, 1.0, 3.0], [4.0, 4.0, 0.0], [math.nan, 0.0, -1.0]]
    values, slopes = flat(program.value(rows)), [flat(row) for row in program.input_grad(rows)]
    assert values[:3] == [202.0, 232.0, 404.0]
    assert math.isnan(values[3])
    assert slopes[:3] == [[0.0, 101.0, 0.0], [101.0, 0.0, 10.0], [1.0, 100.0, 0.0]]
    assert slopes[3] == [1.0, 100.0, 0.0]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_nothing_infinite_leaks_from_a_branch_not_taken(backend: str) -> None:
    x, w = Value(1.0), Value(1.0)
    rows = [[-math.inf], [math.inf], [2.0], [math.nan]]
    slopes = flat(Program((x * w).relu(), [x], [w], backend=backend).grad_per_sample(rows))
    assert slopes[:3] == [0.0, math.inf, 2.0]
    assert math.isnan(slopes[3])
    y = where(x, x.sqrt(), 0.0)
    assert flat(Program(y, [x], backend=backend).input_grad([[0.0], [-1.0], [4.0]])) == [0.0, 0.0, 0.25]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_one_infinite_sample_spoils_no_other(backend: str) -> None:
    x, w = Value(1.0), Value(1.0)
    program = Program((x * w).relu(), [x], [w], backend=backend)
    assert flat(program.value_and_grad([[-math.inf], [3.0], [5.0], [0.0]])[1]) == [2.0]
    assert flat(program.value_and_grad([[3.0], [5.0]])[1]) == [4.0]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("case", cases("programs")[:40])
def test_reference_programs(case: dict[str, Any], backend: str) -> None:
    nodes = recorded(case)
    leaves = nodes[: len(case["in"])]
    for leaf in leaves:
        leaf.data = 0.4
    program = Program(nodes[case["out"]], leaves, backend=backend)
    row = numbers(case["in"])
    got = [*flat(program.value([row])), *flat(program.input_grad([row]))]
    wanted = numbers([case["y"], *case["g"]])
    tolerances = case.get("tol") or [1e-12 * abs(x) for x in wanted]
    assert all(is_close(*triple) for triple in zip(got, wanted, tolerances, strict=True))


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("case", cases("second"))
def test_reference_second_derivatives(case: dict[str, Any], backend: str) -> None:
    nodes = recorded(case)
    leaves = nodes[: len(case["in"])]
    hessian = ad.hessian(nodes[case["out"]], leaves)
    program = Program([entry for row in hessian for entry in row], leaves, backend=backend)
    got = flat(program.value([numbers(case["in"])]))
    assert all(
        is_close(a, b, case["tol"]) for a, b in zip(got, numbers([h for row in case["h"] for h in row]), strict=True)
    )


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("dimensions", [1, 2])
def test_reference_pools(dimensions: int, backend: str) -> None:
    for case in GOLDEN[f"pool{dimensions}d"][:12]:
        cells, outputs = pooled(dimensions, case)
        total = Value(0.0)
        for out, up in zip(outputs, numbers(case["up"]), strict=True):
            total = total + out * up
        row = numbers(case["x"])
        got = flat(Program(outputs, cells, backend=backend).value([row]))
        assert all(map(same, got, numbers(case["y"])))
        slopes = flat(Program(total, cells, backend=backend).input_grad([row]))
        assert all(is_close(a, b, 1e-12) for a, b in zip(slopes, numbers(case["gx"]), strict=True))


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_a_gradient_is_a_program_like_any_other(backend: str) -> None:
    x = Value(0.3)
    slope = grad(grad(x**3 + x.sin(), x), x)
    got = flat(Program(slope, [x], backend=backend).value([[2.0], [-1.0]]))
    assert all(map(near, got, [12 - math.sin(2.0), -6 + math.sin(1.0)]))


# -- Leaves and outputs of every kind


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_outputs_may_be_leaves_and_leaves_may_be_used_nowhere(backend: str) -> None:
    x, unused_x, p, unused_p, c = (Value(n) for n in (1.0, 2.0, 3.0, 4.0, 5.0))
    program = Program([x, p, c, p * 2, c * 2, x * p, x], [x, unused_x], [p, unused_p], backend=backend)
    values, means = program.value_and_grad([[10.0, 0.0], [20.0, 0.0]])
    assert [flat(row) for row in values] == [[10, 3, 5, 6, 10, 30, 10], [20, 3, 5, 6, 10, 60, 20]]
    assert [flat(row) for row in means] == [[0, 0], [1, 0], [0, 0], [2, 0], [0, 0], [15, 0], [0, 0]]
    assert flat(Program(c, [x], [p], backend=backend).grad_per_sample([[1.0]] * 3)) == [0.0] * 3
    assert flat(Program(p * p, [x], [p], backend=backend).value_and_grad([[1.0]] * 300)[1]) == [6.0]


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_there_may_be_no_inputs_or_no_parameters(backend: str) -> None:
    p = Value(3.0)
    values, mean = Program(p * p, params=[p], backend=backend).value_and_grad([[], []])
    assert (flat(values), flat(mean)) == ([9.0, 9.0], [6.0])
    values, mean = Program(p * p, [p], backend=backend).value_and_grad([[2.0]])
    assert (flat(values), flat(mean)) == ([4.0], [])


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_shapes_are_those_of_one_output_or_several(backend: str) -> None:
    x, p = Value(1.0), Value(2.0)
    shapes = [
        [len(value) if hasattr(value, "__len__") else 0 for value in Program(outputs, [x], [p], backend).value([[1.0]])]
        for outputs in (x * p, [x * p], [x * p, x])
    ]
    assert shapes == [[0], [1], [2]]
    assert len(Program([x * p, x], [x], [p], backend).value_and_grad([[1.0]])[1]) == 2


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_parameters_are_read_from_their_values_unless_given(backend: str) -> None:
    x, p = Value(1.0), Value(2.0)
    program = Program(x * p, [x], [p], backend=backend)
    assert flat(program.value([[3.0]])) == [6.0]
    assert flat(program.value([[3.0]], params=[10.0])) == [30.0]
    program.write([5.0])
    assert (p.data, program.read(), flat(program.value([[3.0]]))) == (5.0, [5.0], [15.0])
    p.data = 7.0
    assert flat(program.value_and_grad([[3.0]])[0]) == [21.0]


def test_writing_is_all_or_nothing() -> None:
    a, b = Value(1.0), Value(2.0)
    program = Program(a * b, params=[a, b], backend="python")
    for wrong, error in (([5.0, "6"], TypeError), ([5.0], ValueError), ([5.0, 6.0, 7.0], ValueError)):
        with pytest.raises(error):
            program.write(wrong)  # type: ignore[arg-type]
        assert program.read() == [1.0, 2.0]


# -- The passes are exact


def routine_of(outputs: list[Value], leaves: list[Value]) -> tuple[Lowering, Routine]:
    lowered = Lowering(outputs, {leaf: ("input", i) for i, leaf in enumerate(leaves)})
    return lowered, Routine(lowered.listing, tuple(lowered.places[output] for output in outputs), ())


def ops(outputs: list[Value], leaves: list[Value]) -> list[str]:
    routine = routine_of(outputs, leaves)[1]
    return [routine[place].op for place in routine.order]


def test_constants_are_folded() -> None:
    x, c = Value(1.0), Value(3.0)
    assert ops([x + (c * c).exp() * 2], [x]) == ["input", "const", "+"]


def test_common_subexpressions_are_shared_also_in_the_other_order() -> None:
    x, y = Value(1.0), Value(2.0)
    assert ops([x * y + y * x, (x * y).tanh(), (y * x).tanh()], [x, y]) == ["input", "input", "*", "+", "tanh"]


def test_dead_code_is_dropped() -> None:
    x, y = Value(1.0), Value(2.0)
    lowered, routine = routine_of([x + y], [x, y])
    lowered.listing.emit("exp", lowered.places[x])
    assert [routine[place].op for place in routine.order] == ["input", "input", "+"]


@pytest.mark.parametrize("neutral", ["x * 1", "1 * x", "x / 1", "x ** 1", "-(-x)"])
def test_what_changes_no_bit_is_left_out(neutral: str) -> None:
    x = Value(2.0)
    assert ops([ad.expression(neutral, x=x)], [x]) == ["input"]


def test_zeros_of_both_signs_stay_apart() -> None:
    x = Value(1.0)
    for backend in HERE:
        program = Program([where(x, 1.0, -0.0), where(x, 0.0, -0.0), x + -0.0, x + 0.0], [x], backend=backend)
        assert [math.copysign(1, number) for number in flat(program.value([[-0.0]]))] == [-1.0, -1.0, -1.0, 1.0]


@given(st.integers(0, 10**6), st.booleans())
def test_a_lowered_graph_answers_what_the_graph_does(seed: int, extreme: bool) -> None:
    """All passes together, against Graph.evaluate, which has none; and the gradient against the recorded one."""
    draw = random.Random(seed)
    drawn = plan(draw, list(TABLE), extreme)
    xs, ps, outputs = drawn.record([any_number(draw, extreme) for _ in range(drawn.inputs)], [0.5] * drawn.params)
    leaves = [*xs, *ps]
    slopes = grad(outputs[0], leaves)
    graph = Graph(*outputs, *slopes)
    row = [any_number(draw, False) for _ in leaves]
    known = {leaf: x for leaf, x in zip(leaves, row, strict=True) if leaf in graph.values}
    data = graph.evaluate(known)
    wanted = [data[graph.number(node)] for node in (*outputs, *slopes)]
    program = Program([*outputs, *slopes], leaves, backend="python")
    assert identical(program.value([row])[0], wanted)
    assert all(map(same, Program(outputs[0], leaves, backend="python").input_grad([row])[0], wanted[len(outputs) :]))


@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
def test_slots_are_given_back() -> None:
    x = Value(1.0)
    y = x
    for _ in range(50):
        y = (y * y).tanh() + x
    routine = routine_of([y], [x])[1]
    assert assemble(routine, 0).slots <= 4


@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
def test_long_sums_are_one_instruction() -> None:
    xs, ws = [Value(float(i)) for i in range(20)], [Value(1.0) for _ in range(20)]
    total = Value(0.0)
    for x, w in zip(xs, ws, strict=True):
        total = total + x * w
    lowered = Lowering([total], {leaf: ("input", i) for i, leaf in enumerate([*xs, *ws])})
    machine = assemble(Routine(lowered.listing, (lowered.places[total],), ()), 0)
    assert machine.instructions == 40 + 1 + 1  # loads, the sum, the store


# -- Pickling, printing


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_a_program_pickles(backend: str) -> None:
    x, p = Value(1.0, "x"), Value(2.0, "p")
    program = Program((x * p).tanh(), [x], [p], backend=backend)
    before = answers(program, [[0.5], [2.0]])
    program.write([3.0])
    changed = answers(program, [[0.5], [2.0]])
    twin = pickle.loads(pickle.dumps(program))
    assert (twin.backend, twin.inputs[0].name) == (backend, "x")
    assert answers(twin, [[0.5], [2.0]]) == changed != before
    twin.write([1.0])
    assert program.read() == [3.0]


def test_several_programs_in_one_pickle_share_their_values() -> None:
    x, p = Value(1.0), Value(2.0)
    first, second = pickle.loads(pickle.dumps([Program(x * p, [x], [p], "python"), Program(x + p, [x], [p], "python")]))
    first.write([9.0])
    assert second.read() == [9.0]


def test_a_program_prints_as_code_with_names() -> None:
    x, w, b = Value(1.0, "x"), Value(2.0, "weight"), Value(3.0, "bias")
    program = Program((w * x + b).relu(), [x], [w, b], backend="python")
    text = str(program)
    assert "weight = p[0]\n" in text
    assert "x_ = x[0]\n" in text
    assert "= weight * x_\n" in text
    assert len(text.splitlines()) < 20
    assert repr(program) == "<Program of 1 inputs, 2 params, 1 outputs, on python>"


# -- Errors


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_a_batch_of_another_shape_is_refused(backend: str) -> None:
    x, y = Value(1.0, "width"), Value(2.0, "height")
    program = Program(x * y, [x, y], backend=backend)
    for wrong in ([[1.0]], [[1.0, 2.0, 3.0]], [1.0, 2.0], [], [[1.0, 2.0], [3.0]]):
        with pytest.raises(
            ValueError, match=r"one for each input \('width', 'height'\); got \d|no sample in the batch"
        ):
            program.value(wrong)


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize("wrong", ["1", None, 1j, b"1"], ids=repr)
def test_what_is_no_number_is_refused(backend: str, wrong: Any) -> None:
    x, p = Value(1.0), Value(2.0)
    program = Program(x * p, [x], [p], backend=backend)
    with pytest.raises(TypeError, match="real number"):
        program.value([[wrong]])
    with pytest.raises(TypeError, match="real number"):
        program.value([[1.0]], params=[wrong])


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_a_wrong_number_of_parameters_is_refused(backend: str) -> None:
    x, p = Value(1.0), Value(2.0)
    program = Program(x * p, [x], [p], backend=backend)
    for wrong in ([], [1.0, 2.0]):
        with pytest.raises(ValueError, match=f"has 1 parameters, got {len(wrong)} numbers"):
            program.value([[1.0]], params=wrong)


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_whole_numbers_truth_values_and_numpy_numbers_are_numbers(backend: str) -> None:
    numpy = pytest.importorskip("numpy")
    x, p = Value(1.0), Value(2.0)
    program = Program(x * p, [x], [p], backend=backend)
    for rows in ([[3], [True]], numpy.array([[3], [1]]), numpy.array([[3.0], [1.0]], dtype="float32")):
        assert flat(program.value(rows)) == [6.0, 2.0]
    assert flat(program.value(numpy.ones((6, 4))[::2, 1:2], numpy.array([4.0]))) == [4.0] * 3


def test_leaves_and_outputs_are_checked() -> None:
    x, y = Value(1.0, "x"), Value(2.0)
    wrong: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
        (ValueError, "'h' is computed; inputs and params must be leaves", (x * y, [named(x * y, "h")])),
        (ValueError, "'x' stands twice", (x * y, [x, x])),
        (ValueError, "'x' stands twice", (x * y, [x], [y, x])),
        (ValueError, "stands twice", (x * y, [x, *[Value(0.0) for _ in range(99)]], [y, x])),
        (ValueError, "at least one output", ([], [x])),
        (TypeError, "made of Values, got float", (x * y, [1.0])),
        (TypeError, "made of Values, got str", (["x"], [x])),
        (TypeError, "made of Values, got int", (3, [x])),
        (ValueError, "backend must be one of .*, or None .* got 'cuda'", (x * y, [x], [], "cuda")),
        (ValueError, "threads must be a whole number of at least 1, got 0", (x * y, [x], [], "python", 0)),
        (ValueError, "threads must be a whole number", (x * y, [x], [], "python", True)),
    ]
    for error, message, args in wrong:
        with pytest.raises(error, match=message):
            Program(*args)


def named(node: Value, name: str) -> Value:
    node.name = name
    return node


def test_what_is_for_one_output_says_so() -> None:
    x = Value(1.0)
    program = Program([x * 2, x * 3], [x], backend="python")
    for ask in (program.input_grad, program.grad_per_sample, program.value_and_input_grad):
        with pytest.raises(ValueError, match="program of one output; this one has 2"):
            ask([[1.0]])


def test_source_in_an_unknown_language_is_refused() -> None:
    x = Value(1.0)
    program = Program(x * 2, [x], backend="python")
    with pytest.raises(ValueError, match="one of python, numpy, jax, torch, javascript; got 'fortran'"):
        program.source("fortran")
    with pytest.raises(ValueError, match="what must be"):
        program.source("python", what="hessian")


def test_changed_leaves_do_no_harm_and_an_overwritten_node_is_refused() -> None:
    x, p = Value(1.0), Value(2.0)
    h = x * p
    y = h + 1
    p.data = 5.0
    assert Program(y, [x], [p], backend="python").value_and_grad([[3.0]]) == ([16.0], [3.0])
    h.data = 7.0
    with pytest.raises(StaleError, match="computed node, was overwritten"):
        Program(y, [x], [p], backend="python")


@pytest.mark.parametrize(("missing", "backend"), [("numba", "numba"), ("numpy", "numba"), ("numpy", "numpy")])
def test_a_missing_library_is_named_with_its_cure(missing: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    x = Value(1.0)
    with pytest.raises(ImportError, match=f"'{backend}' needs .*{missing}.* pip install 'gradroute\\[fast\\]'"):
        Program(x * 2, [x], backend=backend)


def test_without_libraries_the_standard_one_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(1.0)
    assert Program(x * 2, [x]).backend == HERE[-1]
    monkeypatch.setitem(sys.modules, "numba", None)
    assert Program(x * 2, [x]).backend in ("numpy", "python")
    monkeypatch.setitem(sys.modules, "numpy", None)
    program = Program(x * 2, [x])
    assert (program.backend, program.value([[4.0]])) == ("python", [8.0])


def test_the_parameters_may_be_those_of_a_module() -> None:
    x = Value(1.0, "x")
    model = nn.Neuron(1)
    program = Program(model([x]), [x], model, backend="python")
    assert program.params == model.parameters()
    with pytest.raises(TypeError, match="a list of Values or a Module, got int"):
        Program(model([x]), [x], 5)  # type: ignore[arg-type]


# -- Threads


@pytest.mark.parametrize("backend", [*HERE, *["fused"] * ("numba" in HERE)])
@pytest.mark.slow
def test_one_program_runs_in_several_threads_of_python_at_once(backend: str) -> None:
    x, p = Value(1.0), Value(2.0)
    program = Program((x * p).tanh() * (p * p), [x], [p], backend=backend)
    rows = [[i / 999] for i in range(999)]
    wanted = {k: answers_for(program, rows, k) for k in range(4)}
    wrong: list[int] = []

    def work(k: int) -> None:
        wrong.extend(k for _ in range(50) if answers_for(program, rows, k) != wanted[k])

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def answers_for(program: Program, rows: Rows, k: int) -> list[float]:
    return flat(program.value_and_grad(rows, params=[float(k)]))


# -- Frozen branches


@pytest.fixture
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", FrozenBranchWarning)
        yield


def test_a_number_read_while_recording_is_warned_of() -> None:
    x = Value(2.0)
    h = named(x * 3, "height")
    y = h * 2 if h.data > 0 else -h
    with pytest.warns(FrozenBranchWarning, match=r"the .data of 'height' was read .* where\(condition, x, y\)"):
        Program(y, [x], backend="python")


def test_an_input_read_just_before_recording_is_warned_of() -> None:
    x, b = Value(2.0, "x"), Value(1.0)
    y = x * 2 if b.data < x.data else -x
    with pytest.warns(FrozenBranchWarning, match="the .data of 'x' was read"):
        Program(y, [x], backend="python")


def test_the_warning_points_to_the_line_that_made_the_program() -> None:
    x = Value(2.0)
    h = x * 3
    y = h * h.data
    with pytest.warns(FrozenBranchWarning) as caught:
        Program(y, [x], backend="python")
    assert caught[0].filename == __file__


@pytest.mark.usefixtures("_warnings_are_errors")
def test_a_loop_of_training_is_no_frozen_branch() -> None:
    x, p = Value(0.5), Value(2.0)
    for _ in range(3):
        loss = (x * p - 1).tanh() ** 2
        loss.backward()
        print(loss.data, p.data, loss.parents[0].data)
        Program(loss, [x], [p], backend="python").value_and_grad([[1.0]])
        p.data -= 0.1 * p.grad
        p.grad = 0.0


@pytest.mark.usefixtures("_warnings_are_errors")
def test_what_the_engine_itself_reads_is_no_frozen_branch() -> None:
    x, p = Value(0.5), Value(2.0)
    h = (x * p).exp()
    slope = grad(h.sqrt(), p)
    repr(h), f"{h:.3f}", Graph(h).evaluate()
    pickle.dumps(h)
    ad.gradcheck(h)
    cells = [[h + i for i in range(3)] for _ in range(3)]
    pool = ad.max_pool2d(cells, 2)
    Program(slope + pool[0][0] + ad.logsumexp(h, x), [x], [p], backend="python")


@pytest.mark.usefixtures("_warnings_are_errors")
def test_a_pickled_program_does_not_warn_again() -> None:
    x = Value(2.0)
    h = x * 3
    y = h * h.data
    with pytest.warns(FrozenBranchWarning):
        program = Program(y, [x], backend="python")
    assert pickle.loads(pickle.dumps(program)).value([[1.0]]) == [18.0]


# -- Conditions that are no comparisons


@pytest.mark.parametrize("backend", ALL_BACKENDS)
@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("x if c else 0", lambda c, x: x if c != 0 else 0.0),
        ("x if not c else 0", lambda c, x: 0.0 if c != 0 else x),
        ("x if c and x else 5", lambda c, x: x if c != 0 and x != 0 else 5.0),
        ("x if c or x > 0 else 5", lambda c, x: x if c != 0 or x > 0 else 5.0),
        ("2 * (c or x) - (c and x)", lambda c, x: 2.0 * (c != 0 or x != 0) - (c != 0 and x != 0)),
        ("(c > 0) + (x > 0) + (not c)", lambda c, x: 1.0 * (c > 0) + (x > 0) + (c == 0)),
        ("-(c > x) * 0.5", lambda c, x: -float(c > x) * 0.5),
    ],
)
def test_a_number_as_a_condition_holds_where_it_is_not_0(backend: str, formula: str, wanted: Any) -> None:
    points = [[c, x] for c in (0.0, -0.0, -1.0, 0.5, math.nan, math.inf) for x in (-2.0, 0.0, 3.0)]
    row = ad.operation("chosen(c, x)", formula, "None", "None")
    leaves = [Value(1.0), Value(1.0)]
    read = ad.expression(formula, c=leaves[0], x=leaves[1])
    got = [flat(Program(y, leaves, backend=backend).value(points)) for y in (row(*leaves), read)]
    for i, point in enumerate(points):
        eager = [row(*point).data, ad.expression(formula, c=point[0], x=point[1]).data]
        assert all(type(number) is float for number in eager)
        assert [*eager, got[0][i], got[1][i]] == [wanted(*point)] * 4, point


def test_a_program_prints_what_it_runs_whatever_becomes_of_the_values() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    program = Program(a * b, [a], backend="python")
    b.data = 100.0
    assert program.value([[5.0]]) == [15.0]
    assert "a * 3.0" in str(program)
    copied = pickle.loads(pickle.dumps(program))
    assert copied.value([[5.0]]) == [15.0]


def test_parameters_are_called_by_their_layer_and_neuron() -> None:
    model = nn.MLP(1, [2, 1])
    x = Value(0.5, "x")
    source = Program(model([x]), [x], model.parameters()).source("python")
    assert "w0_1_0 = p[2]" in source
    assert "w0_ =" not in source


@pytest.mark.slow
@pytest.mark.parametrize("left_out", [*sorted(PASSES), "all of them"])
@pytest.mark.parametrize("backend", ["python", "numpy", "numba"])
def test_no_pass_changes_a_bit(left_out: str, backend: str) -> None:
    if backend == "numba":
        pytest.importorskip("numba")
    random.seed(3)
    model = nn.MLP(2, [4, 3, 1])
    x, label = [Value(0.3), Value(-0.2)], Value(1.0)
    loss = (1 - label * model(x)).relu() + 0.25 * sum(p * p for p in model.parameters()) * (2 * Value(1.5))
    rows = [[random.uniform(-1, 1), random.uniform(-1, 1), random.choice([-1.0, 1.0])] for _ in range(50)]
    parts = [*x, label], model.parameters()
    value, gradient = Program(loss, *parts, backend="python").value_and_grad(rows)
    kept = set() if left_out == "all of them" else PASSES - {left_out}
    found = Program(loss, *parts, backend=backend, passes=kept).value_and_grad(rows)
    assert [[*map(float, part)] for part in found] == [value, gradient]


def test_a_pass_that_is_none_is_refused() -> None:
    x = Value(1.0)
    with pytest.raises(ValueError, match="passes are drop, fold, fuse, reuse, share, tile; got inline"):
        Program(x * 2, [x], passes={"inline"})
