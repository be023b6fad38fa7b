"""A LeNet-like network on 8 by 8 digits: convolution, pool, convolution, pool, dense; about 12,000 nodes an image."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from autodiff import Program, Value
from autodiff.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, cross_entropy
from benchmarks.networks import Array, _agree, installed
from benchmarks.timing import Comparison, Job, compare
from viz.demo.digits import digit

BATCH = 64
CHANNELS = (4, 8)


def images(count: int, seed: int = 0) -> Array:
    """Rows of 64 pixels and a label in one-hot form: the ten digits of the package, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    pixels = np.array([digit(int(label)) for label in labels]).reshape(count, 64)
    return np.column_stack([pixels + rng.normal(0, 0.1, pixels.shape), np.eye(10)[labels]])


def network() -> tuple[Program, Array]:
    """The program of the network's cross entropy, and its parameters."""
    random.seed(0)
    first, second = CHANNELS
    model = Sequential(
        Conv2d(1, first, 3, padding=1), ReLU(), MaxPool2d(2), Conv2d(first, second, 3, padding=1), ReLU(), MaxPool2d(2),
        Flatten(), Linear(second * 4, 10),
    )  # fmt: skip
    pixels = [[Value(0.1 * ((r + c) % 3)) for c in range(8)] for r in range(8)]
    target = [Value(float(k == 0)) for k in range(10)]
    loss = cross_entropy(model([pixels]), target)
    params = model.parameters()
    program = Program(loss, [*(pixel for row in pixels for pixel in row), *target], params, backend="numba")
    return program, np.array([p.data for p in params])


def lenet() -> Comparison:
    """Value and gradient of the mean loss over a batch of 64, one thread."""
    program, flat = network()
    data = images(BATCH)
    expected = program.value_and_grad(data, flat)[1]
    jobs: dict[str, Job] = {"gradroute (Numba)": lambda: program.value_and_grad(data, flat)}
    job = _torch(data, flat, expected)
    if job:
        jobs["torch"] = job
    missing = () if job else ("torch",)
    return compare(f"a LeNet-like network on 8×8 digits, batch {BATCH}", jobs, missing=missing)


def _torch(data: Array, flat: Array, expected: Array) -> Job | None:
    torch = installed("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    p = torch.tensor(flat, requires_grad=True)
    pixels = torch.tensor(data[:, :64]).reshape(-1, 1, 8, 8)
    labels = torch.tensor(data[:, 64:]).argmax(1)

    def step() -> Any:
        p.grad = None
        w1, b1, w2, b2, w3, b3 = _pieces(p)
        f = torch.nn.functional
        h = f.max_pool2d(torch.relu(f.conv2d(pixels, w1, b1, padding=1)), 2)
        h = f.max_pool2d(torch.relu(f.conv2d(h, w2, b2, padding=1)), 2)
        f.cross_entropy(h.flatten(1) @ w3.T + b3, labels).backward()
        return p.grad

    _agree(step().numpy(), expected)
    return step


def _pieces(p: Any) -> list[Any]:
    """The weights and biases of the layers out of the flat parameters, in the order of the network's."""
    first, second = CHANNELS
    shapes = [(first, 1, 3, 3), (first,), (second, first, 3, 3), (second,), (10, second * 4), (10,)]
    pieces, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        pieces.append(p[start : start + size].reshape(shape))
        start += size
    return pieces
