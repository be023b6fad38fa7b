"""Micrograd's README graph over a large batch, what it takes to build programs, and the memory they need."""

from __future__ import annotations

import random
import time
import tracemalloc
from typing import Any

import numpy as np

from autodiff import Graph, Program, Value, nn
from benchmarks.networks import Array, _agree, installed
from benchmarks.timing import Comparison, Job, compare

EVALUATIONS = 20_000
PART = 200  # of which micrograd does so many; its time is scaled up


def readme_graph(a: Any, b: Any, relu: Any = lambda x: x.relu()) -> Any:
    """The expression of micrograd's README."""
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + relu(b + a))
    d = d + (3 * d + relu(b - a))
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f


def readme() -> Comparison:
    """20,000 evaluations with gradients of micrograd's README graph, in one batch."""
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    program = Program(readme_graph(a, b), [a, b], backend="numba")
    batch = np.random.default_rng(0).uniform(-4, 4, (EVALUATIONS, 2))
    expected = program.input_grad(batch)
    # For a small graph over a large batch, the loop compiled for this program alone is the one to take.
    fused = Program(program.outputs[0], [a, b], backend="fused")
    jobs: dict[str, Job] = {"gradroute (fused)": lambda: fused.value_and_input_grad(batch)}
    jobs["gradroute (Numba)"] = lambda: program.value_and_input_grad(batch)
    slower = Program(program.outputs[0], [a, b], backend="numpy")
    jobs["gradroute (numpy)"] = lambda: slower.value_and_input_grad(batch)
    missing = []
    for name, job in (("jax (vmap, jit)", _jax(batch, expected)), ("micrograd", _micrograd(batch, expected))):
        if job:
            jobs[name] = job
        else:
            missing.append(name)
    title = f"micrograd's README graph, {EVALUATIONS} evaluations with gradients"
    scale = {"micrograd": EVALUATIONS / PART}
    return compare(title, jobs, missing=tuple(missing), scale=scale)


def _jax(batch: Array, expected: Array) -> Job | None:
    jax = installed("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)

    def expression(row: Any) -> Any:
        return readme_graph(row[0], row[1], jax.nn.relu)

    function = jax.jit(jax.vmap(jax.value_and_grad(expression)))
    rows = jax.numpy.array(batch)
    _agree(function(rows)[1], expected)
    return lambda: function(rows)[1].block_until_ready()


def _micrograd(batch: Array, expected: Array) -> Job | None:
    engine = installed("micrograd.engine")
    if engine is None:
        return None
    rows = batch[:PART].tolist()

    def run() -> Any:
        gradients = []
        for x, y in rows:
            a, b = engine.Value(x), engine.Value(y)
            readme_graph(a, b).backward()
            gradients.append((a.grad, b.grad))
        return gradients

    _agree(run(), expected[:PART])
    return run


def _wide(samples: int) -> tuple[Value, list[Value]]:
    """One large graph: the loss of micrograd's network over several samples at once."""
    random.seed(1)
    model = nn.MLP(2, [16, 16, 1])
    points = [(random.uniform(-1, 1), random.uniform(-1, 1), random.choice((-1, 1))) for _ in range(samples)]
    losses = [(1 - label * model([x, y])).relu() for x, y, label in points]
    return sum(losses[1:], losses[0]) / len(losses), model.parameters()


def building() -> list[str]:
    """How long it takes from a recorded graph to a program that has run once, its kernel already compiled."""
    x = Value(1.0)
    Program(x * x, [x]).value_and_grad([[1.0]])  # whatever has to be compiled or loaded, is
    lines = []
    for samples in (1, 2, 100):
        output, params = _wide(samples)
        nodes = len(Graph(output))
        start = time.perf_counter()
        Program(output, [], params).value_and_grad(np.empty((1, 0)))
        lines.append(f"a graph of {nodes} nodes is a program that has run in {time.perf_counter() - start:.3f} s")
    return lines


def memory() -> list[str]:
    """Bytes for each node: recorded, and while a program runs; and torch's for the same scalars."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    output, _ = _wide(20)
    recorded = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    nodes = len(Graph(output))
    lines = [f"a recorded node takes {recorded / nodes:.0f} bytes (a graph of {nodes} nodes)"]
    random.seed(1)
    model = nn.MLP(2, [16, 16, 1])
    x = [Value(0.5), Value(-0.5)]
    loss = model(x).relu()
    program = Program(loss, x, model.parameters(), backend="numba")
    from autodiff.programs.backends.machine import assemble

    machine = assemble(program._routine("grad"), len(program.params))
    live = len(Graph(loss))
    lines.append(
        f"a program of {live} nodes and its gradient holds {machine.slots} numbers a sample "
        f"({machine.slots * 8} bytes), for a block of 256 samples at a time"
    )
    return [*lines, *_torch_memory()]


def _torch_memory() -> list[str]:
    """What a graph of scalar tensors takes in torch, seen from outside: the growth of the process."""
    torch = installed("torch")
    if torch is None:
        return []
    count = 100_000
    before = _resident()
    if before is None:
        return []
    x = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    kept = [x]
    for _ in range(count):
        kept.append(kept[-1] * 1.0001)
    grown = _resident() - before
    return [f"a recorded scalar of torch takes {grown / count:.0f} bytes (a chain of {count})"]


def _resident() -> Any:
    """The bytes that this process holds in memory, where Linux tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4096
    except OSError:
        return None
