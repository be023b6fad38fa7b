"""Random graphs for programs: a plan says which rows are applied to what, and can be recorded at any point."""

from __future__ import annotations

import importlib.util
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from autodiff import TABLE, Value
from autodiff.recording.value import function_of

ARITHMETIC = ["add", "subtract", "multiply", "divide", "negative", "absolute", "sqrt"]
CHOICES = ["relu", "leaky_relu", "maximum", "minimum", "clamp", "where", "sign", "identity", "stop"]
COMPARISONS = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]
EXACT = [*ARITHMETIC, *CHOICES, *COMPARISONS]  # each is rounded once, or not at all: every machine has the same bits
ORDINARY = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -2.0, 3.0]
EXTREME = [math.inf, -math.inf, math.nan, 1e308, 5e-324]

BACKENDS = ["python", "numpy", "numba"]
NEEDS = {"python": (), "numpy": ("numpy",), "numba": ("numba", "numpy")}


def backend(name: str) -> object:
    """A parameter of a test: it is skipped where the backend's library is not installed."""
    there = all(importlib.util.find_spec(module) for module in NEEDS[name])
    return pytest.param(name, marks=pytest.mark.skipif(not there, reason=f"{name} is not installed"))


ALL_BACKENDS = [backend(name) for name in BACKENDS]
HERE = [name for name in BACKENDS if all(importlib.util.find_spec(module) for module in NEEDS[name])]


@dataclass
class Plan:
    """``inputs`` leaves, ``params`` leaves, and for each further node a row and its operands: node or constant."""

    inputs: int
    params: int
    nodes: list[tuple[str, list[int | float]]]
    outputs: list[int]

    def record(self, x: Sequence[float], p: Sequence[float]) -> tuple[list[Value], list[Value], list[Value]]:
        """Inputs, parameters and outputs at a point."""
        xs, ps = [Value(number) for number in x], [Value(number) for number in p]
        nodes = [*xs, *ps]
        for name, args in self.nodes:
            operands = [nodes[arg] if isinstance(arg, int) else arg for arg in args]
            nodes.append(function_of(TABLE[name])(*operands))
        return xs, ps, [nodes[output] for output in self.outputs]


def any_number(draw: random.Random, extreme: bool) -> float:
    if draw.random() < 0.6:
        return draw.choice(ORDINARY + EXTREME if extreme else ORDINARY)
    return draw.uniform(-2, 2)


def plan(draw: random.Random, rows: Sequence[str], extreme: bool = False, longest: int = 14) -> Plan:
    """Operands may repeat; leaves may be used nowhere; outputs may be leaves."""
    inputs, params = draw.randrange(4), draw.randrange(1, 4)
    count = inputs + params
    nodes: list[tuple[str, list[int | float]]] = []
    for _ in range(draw.randrange(1, longest)):
        name = draw.choice(rows)
        args: list[int | float] = [
            any_number(draw, extreme) if draw.random() < 0.2 else draw.randrange(count) for _ in TABLE[name].inputs
        ]
        if draw.random() < 0.7 or not any(isinstance(arg, int) for arg in args):
            args[draw.randrange(len(args))] = count - 1
        nodes.append((name, args))
        count += 1
    outputs = [count - 1, *draw.sample(range(count), draw.randrange(3))]
    return Plan(inputs, params, nodes, list(dict.fromkeys(outputs)))


def same(a: float, b: float) -> bool:
    """Equal, or both not a number."""
    return a == b or (a != a and b != b)


def identical(a: Sequence[float], b: Sequence[float]) -> bool:
    """Equal to the bit, but for the bits inside a NaN."""
    return [float(x).hex() for x in a] == [float(x).hex() for x in b]


def near(a: float, b: float, tolerance: float = 1e-9) -> bool:
    return same(a, b) or math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


def moons(count: int) -> tuple[list[list[float]], list[int]]:
    """Two half circles that reach into each other, with noise; labels -1 and 1."""
    draw = random.Random(1337)
    points, labels = [], []
    for i in range(count):
        angle, upper = math.pi * draw.random(), i % 2
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + draw.gauss(0, 0.1), y + draw.gauss(0, 0.1)])
        labels.append(2 * upper - 1)
    return points, labels
