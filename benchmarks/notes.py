"""What it takes to build programs, and the memory that they and recorded graphs need."""

from __future__ import annotations

import importlib
import os
import random
import time
import tracemalloc
from typing import Any

import numpy as np

import viz
from autodiff import Graph, Program, Value, nn
from autodiff.programs.backends.machine import assemble
from benchmarks.lenet import CHANNELS
from benchmarks.networks import hinge_program, moons
from benchmarks.timing import Job, compare
from viz.demo.digits import digit


def _wide(samples: int) -> tuple[Value, list[Value]]:
    """One large graph: the loss of micrograd's network over several samples at once."""
    random.seed(1)
    model = nn.MLP(2, [16, 16, 1])
    points = [(random.uniform(-1, 1), random.uniform(-1, 1), random.choice((-1, 1))) for _ in range(samples)]
    losses = [(1 - label * model([x, y])).relu() for x, y, label in points]
    return sum(losses[1:], losses[0]) / len(losses), model.parameters()


def building() -> list[str]:
    """How long it takes from a recorded graph to a program that has run once, its kernel already compiled."""
    x, p = Value(1.0), Value(1.0)
    Program(x * p**2.5, [x], [p]).value_and_grad([[1.0]])  # whatever has to be compiled or loaded, is
    lines = []
    for samples in (1, 2, 100):
        output, params = _wide(samples)
        nodes = len(Graph(output))
        start = time.perf_counter()
        Program(output, [], params).value_and_grad(np.empty((1, 0)))
        lines.append(f"a graph of {nodes} nodes is a program that has run in {time.perf_counter() - start:.3f} s")
    return lines


def drawing() -> list[str]:
    """How long it takes from Python to the SVG of a whole network, recording and the gradient included."""
    random.seed(0)
    first, second = CHANNELS
    model = nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(first, second, 3, padding=1),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(second * 4, 10),
    )  # fmt: skip
    lines = []
    for place in ("column", "slide"):
        start = time.perf_counter()
        loss = nn.cross_entropy(model([[[Value(x) for x in row] for row in digit(4)]]), 4)
        viz.network(loss, fit=place).svg()
        seconds = time.perf_counter() - start
        lines.append(f"a LeNet's backward pass, {len(Graph(loss))} nodes, is drawn for a {place} in {seconds:.2f} s")
    return lines


def batches() -> list[str]:
    """What a sample costs in a batch of a million, at once and in blocks, and what a second thread gives."""
    few, many = moons(10_000), moons(1_000_000)
    one, params = hinge_program([16, 16, 1])
    jobs: dict[str, Job] = {
        "few": lambda: [one.value_and_grad(few, params) for _ in range(100)],
        "at once": lambda: one.value_and_grad(many, params),
        "in blocks of 10,000": lambda: one.value_and_grad(np.array_split(many, 100).__iter__(), params),
    }
    found = compare("a million samples", jobs, rounds=5)
    ratios = " and ".join(f"{found.ratio(name):.2f} {name}" for name in [*jobs][1:])
    lines = [f"a sample of a million costs {ratios} times what a sample of 10,000 does (2-16-16-1, with its gradient)"]
    if (os.cpu_count() or 1) > 1 and hasattr(os, "sched_setaffinity"):
        pinned = os.sched_getaffinity(0)
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
        two, _ = hinge_program([16, 16, 1], threads=2)
        jobs = {"two": lambda: two.value_and_grad(many, params), "one": jobs["at once"]}
        lines.append(
            f"two threads are {compare('threads', jobs, rounds=5).ratio('one'):.2f} times as fast on it as one"
        )
        os.sched_setaffinity(0, pinned)
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
    machine = assemble(program._routine("grad"), len(program.params))
    live = len(Graph(loss))
    lines.append(
        f"a program of {live} nodes and its gradient holds {machine.slots} numbers a sample "
        f"({machine.slots * 8} bytes), for a block of 256 samples at a time"
    )
    return [*lines, *_torch_memory()]


def _torch_memory() -> list[str]:
    """What a graph of scalar tensors takes in torch, seen from outside: the growth of the process."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
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
