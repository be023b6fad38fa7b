"""Programs against the big frameworks: micrograd's network, its README graph, and networks that grow."""

from __future__ import annotations

import ctypes
import importlib
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from autodiff import Program, Value, nn
from benchmarks.timing import Comparison, Job, compare

SAMPLES = 100
Array = Any


def installed(name: str) -> Any:
    """The module of a peer, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def moons(samples: int, seed: int = 0) -> Array:
    """Rows (x0, x1, label): two half circles, labels -1 and 1."""
    rng = np.random.default_rng(seed)
    angle, side = rng.uniform(0, np.pi, samples), rng.integers(0, 2, samples)
    x = np.cos(angle) * (1 - 2 * side) + side + rng.normal(0, 0.1, samples)
    y = np.sin(angle) * (1 - 2 * side) + side * 0.5 + rng.normal(0, 0.1, samples)
    return np.column_stack([x, y, 2.0 * side - 1])


def hinge_program(sizes: list[int], backend: str = "numba") -> tuple[Program, Array]:
    """The program of a hinge loss over a relu network on points of the plane, and its parameters."""
    random.seed(1)
    model = nn.MLP(2, sizes)
    x, label = [Value(0.5), Value(-0.5)], Value(1.0)
    loss = (1 + -label * model(x)).relu()
    params = model.parameters()
    return Program(loss, [*x, label], params, backend=backend), np.array([p.data for p in params])


def unpacked(flat: Any, sizes: list[int]) -> list[tuple[Any, Any]]:
    """The weights and biases of each layer out of the flat parameters (neuron after neuron: weights, then bias)."""
    layers, start, width = [], 0, 2
    for size in sizes:
        matrix = flat[start : start + size * (width + 1)].reshape(size, width + 1)
        layers.append((matrix[:, :-1], matrix[:, -1]))
        start, width = start + size * (width + 1), size
    return layers


def demo_network(peers_in_full: bool = True) -> Comparison:
    """Micrograd's demo: 2-16-16-1, hinge loss, 100 samples, value and gradient of the mean."""
    sizes = [16, 16, 1]
    title = f"value and gradient of a 2-16-16-1 network, hinge loss, {SAMPLES} samples"
    return _network(title, sizes, moons(SAMPLES), own=True, scalar=peers_in_full)


def growing_networks() -> list[Comparison]:
    """The same with wider layers: where the frameworks overtake."""
    found = []
    for width in (8, 16, 32, 64, 128):
        title = f"value and gradient of a 2-{width}-{width}-1 network, {SAMPLES} samples"
        found.append(_network(title, [width, width, 1], moons(SAMPLES), own=False, scalar=False))
    return found


def _network(title: str, sizes: list[int], data: Array, own: bool, scalar: bool) -> Comparison:
    program, flat = hinge_program(sizes)
    expected = program.value_and_grad(data, flat)[1]
    jobs: dict[str, Job] = {"gradroute (Numba)": lambda: program.value_and_grad(data, flat)}
    scale: dict[str, float] = {}
    if own:
        for backend in ("numpy", "python"):
            other = hinge_program(sizes, backend)[0]
            rows = data.tolist() if backend == "python" else data
            jobs[f"gradroute ({backend})"] = _call(other.value_and_grad, rows, flat)
        fused = _c_loop(sizes, data, flat, expected)
        if fused:
            jobs["hand-written C, -O3 -march=native"] = fused
    makers: dict[str, Callable[..., Job | None]] = {"jax (jit)": _jax, "torch": _torch, "casadi (SX, map)": _casadi}
    makers["autograd"] = _autograd
    missing = []
    for name, maker in makers.items():
        if name.startswith(("casadi", "autograd")) and not own:
            continue
        job = maker(sizes, data, flat, expected)
        if job:
            jobs[name] = job
        else:
            missing.append(name)
    if scalar:
        job = _micrograd(sizes, data)
        if job:
            jobs["micrograd"] = job
        else:
            missing.append("micrograd")
    return compare(title, jobs, missing=tuple(missing), scale=scale)


def _call(function: Callable[..., object], *args: Any) -> Job:
    return lambda: function(*args)


def _agree(found: Array, expected: Array) -> None:
    """A contest between different numbers would be none."""
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-12)


def _jax(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job | None:
    jax = installed("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def loss(p: Any, rows: Any) -> Any:
        h, layers = rows[:, :2], unpacked(p, sizes)
        for i, (w, b) in enumerate(layers):
            h = h @ w.T + b
            if i < len(layers) - 1:
                h = jax.nn.relu(h)
        return jnp.mean(jax.nn.relu(1 - rows[:, 2] * h[:, 0]))

    function, p, rows = jax.jit(jax.value_and_grad(loss)), jnp.array(flat), jnp.array(data)
    _agree(function(p, rows)[1], expected)
    return lambda: function(p, rows)[1].block_until_ready()


def _torch(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job | None:
    torch = installed("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    p = torch.tensor(flat, requires_grad=True)
    rows = torch.tensor(data)

    def step() -> Any:
        p.grad = None
        h, layers = rows[:, :2], unpacked(p, sizes)
        for i, (w, b) in enumerate(layers):
            h = h @ w.T + b
            if i < len(layers) - 1:
                h = torch.relu(h)
        torch.relu(1 - rows[:, 2] * h[:, 0]).mean().backward()
        return p.grad

    _agree(step().numpy(), expected)
    return step


def _autograd(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job | None:
    autograd = installed("autograd")
    if autograd is None:
        return None
    anp = importlib.import_module("autograd.numpy")

    def loss(p: Any) -> Any:
        h, layers = data[:, :2], unpacked(p, sizes)
        for i, (w, b) in enumerate(layers):
            h = anp.dot(h, w.T) + b
            if i < len(layers) - 1:
                h = anp.maximum(h, 0)
        return anp.mean(anp.maximum(1 - data[:, 2] * h[:, 0], 0))

    function = autograd.value_and_grad(loss)
    _agree(function(flat)[1], expected)
    return lambda: function(flat)


def _casadi(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job | None:
    casadi = installed("casadi")
    if casadi is None:
        return None
    p, row = casadi.SX.sym("p", len(flat)), casadi.SX.sym("x", 3)
    h: list[Any] = [row[0], row[1]]
    at = 0
    for i, size in enumerate(sizes):
        width, layer = len(h), []
        for _ in range(size):
            total = p[at + width]
            for k, x in enumerate(h):
                total = total + p[at + k] * x
            layer.append(total if i == len(sizes) - 1 else casadi.fmax(total, 0))
            at += width + 1
        h = layer
    loss = casadi.fmax(1 - row[2] * h[0], 0)
    function = casadi.Function("f", [p, row], [loss, casadi.gradient(loss, p)])
    mapped, columns = function.map(len(data)), np.ascontiguousarray(data.T)
    repeated = np.tile(flat[:, None], (1, len(data)))

    def step() -> Any:
        return mapped(repeated, columns)[1]

    _agree(np.asarray(step()).mean(axis=1), expected)
    return step


def _micrograd(sizes: list[int], data: Array) -> Job | None:
    engine = installed("micrograd.engine")
    if engine is None:
        return None
    random.seed(1)
    model = importlib.import_module("micrograd.nn").MLP(2, sizes)
    rows = data.tolist()

    def step() -> Any:
        scores = [model([engine.Value(x), engine.Value(y)]) for x, y, _ in rows]
        losses = [(1 + -label * score).relu() for (_, _, label), score in zip(rows, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        total.backward()
        return total

    return step


def _c_loop(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job | None:
    """The same network as one fused loop in C, as fast as the compiler makes it: what there is to be had."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    folder = tempfile.mkdtemp()
    source, library = Path(__file__).with_name("fused.c"), Path(folder, "fused.so")
    flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
    try:
        subprocess.run([compiler, *flags, str(source), "-o", str(library), "-lm"], check=True, capture_output=True)
    except subprocess.CalledProcessError:
        return None
    function = ctypes.CDLL(str(library)).value_and_grad
    gradient, rows, p = np.zeros(len(flat)), np.ascontiguousarray(data.T), np.ascontiguousarray(flat)
    pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (p, rows, gradient)]

    def step() -> Any:
        function(pointers[0], pointers[1], ctypes.c_int(len(data)), pointers[2])
        return gradient

    np.testing.assert_allclose(step(), expected, rtol=1e-9, atol=1e-12)
    return step
