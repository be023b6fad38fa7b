"""The eager engine: micrograd's demo training step, and a chain of a million nodes."""

from __future__ import annotations

import importlib
import random
import time
from types import ModuleType
from typing import Any

from autodiff import Value, nn
from benchmarks.timing import Comparison, Job, compare

SAMPLES = 100


def training_step() -> Comparison:
    """One training step of micrograd's demo: a 2-16-16-1 network, hinge loss, 100 samples."""
    jobs: dict[str, Job] = {"gradroute": _step(Value, nn)}
    try:
        engine, modules = importlib.import_module("micrograd.engine"), importlib.import_module("micrograd.nn")
    except ImportError:
        return compare("training step", jobs, missing=("micrograd",))
    jobs["micrograd"] = _step(engine.Value, modules)
    return compare("training step, 2-16-16-1, 100 samples, 65,000 nodes", jobs)


def _step(value: Any, modules: ModuleType) -> Job:
    random.seed(1)
    model = modules.MLP(2, [16, 16, 1])
    points = [(random.uniform(-1, 1), random.uniform(-1, 1)) for _ in range(SAMPLES)]
    labels = [random.choice((-1, 1)) for _ in points]

    def step() -> float:
        scores = [model([value(x) for x in point]) for point in points]
        losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
        total = sum(losses) * (1.0 / SAMPLES) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        return float(total.data)

    return step


def chain(length: int = 10**6) -> str:
    """Record a chain of negations, differentiate it, and free it."""
    start = time.perf_counter()
    node = Value(1.0)
    for _ in range(length):
        node = -node
    recorded = time.perf_counter()
    node.backward()
    differentiated = time.perf_counter()
    del node
    freed = time.perf_counter()
    return (
        f"chain of {length} negations: recorded in {recorded - start:.2f} s, "
        f"differentiated in {differentiated - recorded:.2f} s, freed in {freed - differentiated:.2f} s"
    )
