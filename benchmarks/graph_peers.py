"""Micrograd's README graph in JAX, PyTorch, heyoka and dr.jit, each compiled as its own expert would."""

from __future__ import annotations

import importlib
import os
from ctypes.util import find_library
from typing import Any

import numpy as np

from benchmarks.peers import Array, agree, jax_here, readme_graph, torch_here
from benchmarks.timing import Job


def _graph(relu: Any) -> Any:
    return lambda a, b: readme_graph(a, b, relu)


def jax(form: str, batch: Array, expected: Array) -> Job:
    """Jitted: one sample mapped over the rows, or whole columns at once."""
    jax = jax_here()
    graph = _graph(jax.nn.relu)

    def columns(a: Any, b: Any) -> Any:
        y, pull = jax.vjp(graph, a, b)
        return y, pull(jax.numpy.ones_like(y))

    rows = jax.vmap(jax.value_and_grad(lambda row: graph(row[0], row[1])))
    function = jax.jit(rows if form == "rows" else columns)
    parts = [batch] if form == "rows" else list(batch.T)
    arguments = [jax.numpy.array(part) for part in parts]
    found = function(*arguments)[1]
    agree(found if form == "rows" else np.stack(found, axis=1), expected)
    return lambda: jax.block_until_ready(function(*arguments))


def torch(compiled: bool, batch: Array, expected: Array) -> Job:
    """Whole columns: recorded anew at each call, or compiled."""
    torch = torch_here()
    graph = _graph(torch.relu)
    a, b = (torch.tensor(column.copy(), requires_grad=not compiled) for column in batch.T)

    def eager(a: Any, b: Any) -> Any:
        y = graph(a, b)
        return y, torch.autograd.grad(y, (a, b), torch.ones_like(y))

    def pulled(a: Any, b: Any) -> Any:
        y, pull = torch.func.vjp(graph, a, b)
        return y, pull(torch.ones_like(y))

    torch._dynamo.reset()
    function = torch.compile(pulled) if compiled else eager
    agree(np.stack([np.asarray(g) for g in function(a, b)[1]], axis=1), expected)
    return lambda: function(a, b)


def heyoka(form: str, batch: Array, expected: Array) -> Job:
    """A compiled function of its columns; rows are transposed on the way in and out."""
    heyoka = importlib.import_module("heyoka")
    a, b = heyoka.make_vars("a", "b")
    y = _graph(heyoka.relu)(a, b)
    function = heyoka.cfunc([y, heyoka.diff(y, a), heyoka.diff(y, b)], [a, b])
    columns, found = np.ascontiguousarray(batch.T), np.empty((3, len(batch)))

    def rows() -> Any:
        function(np.ascontiguousarray(batch.T), outputs=found)
        return found[0], np.ascontiguousarray(found[1:].T)

    agree(rows()[1], expected)
    return rows if form == "rows" else lambda: function(columns, outputs=found)


def drjit(batch: Array, expected: Array) -> Job:
    """Recorded once, compiled by LLVM, and replayed."""
    for version in range(30, 10, -1):
        if "DRJIT_LIBLLVM_PATH" not in os.environ and (library := find_library(f"LLVM-{version}")):
            os.environ["DRJIT_LIBLLVM_PATH"] = library
    dr = importlib.import_module("drjit")
    number = importlib.import_module("drjit.llvm.ad").Float64
    dr.set_thread_count(1)
    # Not maximum: of doubles it ends the process under LLVM 14.
    graph = _graph(lambda x: dr.select(x > 0, x, 0))

    def both(a: Any, b: Any) -> Any:
        a, b = number(a), number(b)
        dr.enable_grad(a, b)
        y = graph(a, b)
        dr.backward(y)
        return dr.detach(y), dr.grad(a), dr.grad(b)

    frozen, arguments = dr.freeze(both), [number(column.copy()) for column in batch.T]

    def step() -> Any:
        found = frozen(*arguments)
        dr.eval(found)
        dr.sync_thread()
        return found

    agree(np.stack([np.array(g) for g in step()[1:]], axis=1), expected)
    return step
