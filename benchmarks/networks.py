"""Networks 2-w-w-1 with hinge loss on points of the plane: micrograd's demo, and the same as its layers grow."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from autodiff import Program, Value, nn
from benchmarks import compiled, frameworks
from benchmarks.peers import Array, Contest, agree
from benchmarks.timing import Comparison, Job

SAMPLES = 100
WIDTHS = (8, 16, 32, 64, 128)


def moons(samples: int, seed: int = 0) -> Array:
    """Rows (x0, x1, label): two half circles, labels -1 and 1."""
    rng = np.random.default_rng(seed)
    angle, side = rng.uniform(0, np.pi, samples), rng.integers(0, 2, samples)
    x = np.cos(angle) * (1 - 2 * side) + side + rng.normal(0, 0.1, samples)
    y = np.sin(angle) * (1 - 2 * side) + side * 0.5 + rng.normal(0, 0.1, samples)
    return np.column_stack([x, y, 2.0 * side - 1])


def hinge_program(sizes: list[int], backend: str = "numba", threads: int = 1) -> tuple[Program, Array]:
    """The program of a hinge loss over a relu network, and its parameters."""
    random.seed(1)
    model = nn.MLP(2, sizes)
    x, label = [Value(0.5), Value(-0.5)], Value(1.0)
    loss = (1 + -label * model(x)).relu()
    params = model.parameters()
    program = Program(loss, [*x, label], params, backend=backend, threads=threads)
    return program, np.array([p.data for p in params])


def demo_network() -> Comparison:
    """Micrograd's demo: 2-16-16-1, hinge loss, 100 samples, value and gradient of the mean."""
    contest = _contest(f"value and gradient of a 2-16-16-1 network, hinge loss, {SAMPLES} samples", 16)
    for backend in ("fused", "numpy", "python"):
        contest.enter(f"gradroute ({backend})", _ours, backend)
    _enter_frameworks(contest)
    for form in ("generated C, buffer()", "buffer()"):
        contest.enter(f"casadi (SX, {form})", compiled.casadi_network, form)
    contest.enter("autograd", frameworks.autograd)
    contest.enter("micrograd", frameworks.micrograd)
    return contest.run()


def growing_networks() -> list[Comparison]:
    """The same with wider layers: where the frameworks overtake."""
    found = []
    for width in WIDTHS:
        contest = _contest(f"value and gradient of a 2-{width}-{width}-1 network, {SAMPLES} samples", width)
        _enter_frameworks(contest)
        found.append(contest.run())
    return found


def _contest(title: str, width: int) -> Contest:
    sizes, data = [width, width, 1], moons(SAMPLES)
    program, flat = hinge_program(sizes)
    contest = Contest(title, sizes, data, flat, program.value_and_grad(data, flat)[1])
    contest.enter("gradroute (Numba)", _ours, "numba")
    return contest


def _enter_frameworks(contest: Contest) -> None:
    for lanes in (8, 32):
        contest.enter(f"hand-written C ({lanes} samples at a time)", compiled.c_network, lanes)
    for form in ("flat vector", "list of arrays", "feature-major"):
        contest.enter(f"jax (jit, {form})", frameworks.jax, form)
    contest.enter("torch (compiled grad_and_value)", frameworks.torch_compiled)
    contest.enter("torch (list of tensors)", frameworks.torch_eager)


def _ours(backend: str, sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    program, _ = hinge_program(sizes, backend)
    rows: Any = data.tolist() if backend == "python" else data
    agree(program.value_and_grad(rows, flat)[1], expected)
    return lambda: program.value_and_grad(rows, flat)
