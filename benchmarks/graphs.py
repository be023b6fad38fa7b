"""Micrograd's README graph over a large batch, for small graphs are what a scalar engine is good at."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from autodiff import Program, Value
from benchmarks import compiled, graph_peers
from benchmarks.peers import Array, Contest, agree, readme_graph
from benchmarks.timing import Comparison, Job

EVALUATIONS = 20_000
PART = 200  # of which micrograd does so many; its time is scaled up


def readme() -> Comparison:
    """20,000 evaluations with gradients of micrograd's README graph, in one batch."""
    batch = np.random.default_rng(0).uniform(-4, 4, (EVALUATIONS, 2))
    expected = _program("python").input_grad(batch.tolist())
    title = f"micrograd's README graph, {EVALUATIONS} evaluations with gradients"
    contest = Contest(title, batch, np.array(expected))
    for backend in ("fused", "Numba", "numpy"):
        contest.enter(f"gradroute ({backend})", _ours, backend.lower())
    contest.enter("gradroute (fused, feature-major, out=)", _by_column, False)
    contest.enter("gradroute (fused, feature-major, out=, fastmath)", _by_column, True)
    for form in ("rows", "feature-major"):
        contest.enter(f"hand-written C ({form})", compiled.c_graph, form)
        contest.enter(f"jax (jit, {form})", graph_peers.jax, form)
        contest.enter(f"heyoka (cfunc, {form})", graph_peers.heyoka, form)
    contest.enter("dr.jit (LLVM, frozen)", graph_peers.drjit)
    contest.enter("torch (compiled vjp)", graph_peers.torch, True)
    contest.enter("torch (eager)", graph_peers.torch, False)
    for form in ("generated C in a loop", "map, buffer()"):
        contest.enter(f"casadi (SX, {form})", compiled.casadi_graph, form)
    contest.enter("micrograd", _micrograd)
    return contest.run(scale={"micrograd": EVALUATIONS / PART})


def _program(backend: str, fastmath: bool = False) -> Program:
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    return Program(readme_graph(a, b), [a, b], backend=backend, fastmath=fastmath)


def _ours(backend: str, batch: Array, expected: Array) -> Job:
    program = _program(backend)
    agree(program.input_grad(batch), expected)
    return lambda: program.value_and_input_grad(batch)


def _by_column(fastmath: bool, batch: Array, expected: Array) -> Job:
    """What the peers' feature-major forms do: nothing is turned, and nothing is allocated."""
    program, out = _program("fused", fastmath), np.empty((3, len(batch))).T
    columns = np.asfortranarray(batch)
    program.value_and_input_grad(columns, out=out)
    agree(out[:, 1:], expected)
    return lambda: program.value_and_input_grad(columns, out=out)


def _micrograd(batch: Array, expected: Array) -> Job:
    engine = importlib.import_module("micrograd.engine")
    rows = batch[:PART].tolist()

    def run() -> Any:
        gradients = []
        for x, y in rows:
            a, b = engine.Value(x), engine.Value(y)
            readme_graph(a, b).backward()
            gradients.append((a.grad, b.grad))
        return gradients

    agree(run(), expected[:PART])
    return run
