"""The eager engine: micrograd's demo training step, and a chain of a million nodes."""

from __future__ import annotations

import gc
import importlib
import random
import time
from collections.abc import Callable

import numpy as np

from autodiff import Value
from benchmarks.peers import Contest, agree
from benchmarks.timing import Comparison, Job

SAMPLES = 100


def training_step(collector: bool = True) -> Comparison:
    """One training step of micrograd's demo, with the garbage collector on or off."""
    switched = "on" if collector else "off"
    title = f"training step, 2-16-16-1, 100 samples, 65,000 nodes, garbage collector {switched}"
    step = _step("autodiff", "autodiff.nn")
    contest = Contest(title, collector, [step(), step()])
    contest.enter("gradroute", _checked, "autodiff", "autodiff.nn")
    contest.enter("micrograd", _checked, "micrograd.engine", "micrograd.nn")
    return contest.run()


def _checked(engine: str, modules: str, collector: bool, losses: list[float]) -> Job:
    step = _step(engine, modules)
    agree([step(), step()], np.array(losses))
    return step if collector else _without_collector(step)


def _step(engine: str, modules: str) -> Callable[[], float]:
    value = importlib.import_module(engine).Value
    random.seed(1)
    model = importlib.import_module(modules).MLP(2, [16, 16, 1])
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


def _without_collector(step: Job) -> Job:
    def run() -> object:
        gc.disable()
        try:
            return step()
        finally:
            gc.enable()

    return run


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
