"""A LeNet-like network on 8 by 8 digits: convolution, pool, convolution, pool, dense; about 12,000 nodes an image."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from autodiff import Program, Value
from autodiff.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, cross_entropy
from benchmarks.peers import Array, Contest, agree, jax_here, torch_here
from benchmarks.timing import Comparison, Job
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
    title = f"a LeNet-like network on 8×8 digits, batch {BATCH}"
    contest = Contest(title, data, flat, program.value_and_grad(data, flat)[1])
    contest.enter("gradroute (Numba)", lambda *_: lambda: program.value_and_grad(data, flat))
    for form in ("flat vector", "list of arrays", "feature-major"):
        contest.enter(f"jax (jit, {form})", _jax, form)
    contest.enter("torch (compiled grad_and_value)", _torch, True)
    contest.enter("torch (list of tensors)", _torch, False)
    return contest.run()


def _jax(form: str, data: Array, flat: Array, expected: Array) -> Job:
    """Jitted; parameters in one vector or as a list, channels before the pixels or (feature-major) batch innermost."""
    jax = jax_here()
    vector, layout = form == "flat vector", "CHWN" if form == "feature-major" else "NCHW"
    pixels, labels = data[:, :64].reshape(-1, 1, 8, 8), jax.numpy.array(data[:, 64:].argmax(1))
    x = jax.numpy.array(pixels.transpose(1, 2, 3, 0) if layout == "CHWN" else pixels)

    def loss(p: Any, x: Any, labels: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = _pieces(p) if vector else p
        h = _jax_layer(jax, layout, _jax_layer(jax, layout, x, w1, b1), w2, b2)
        h = h.reshape(-1, h.shape[-1]).T if layout == "CHWN" else h.reshape(len(h), -1)
        return -jax.numpy.mean(jax.nn.log_softmax(h @ w3.T + b3)[jax.numpy.arange(BATCH), labels])

    function = jax.jit(jax.value_and_grad(loss))
    p = jax.numpy.array(flat) if vector else [jax.numpy.array(piece) for piece in _pieces(flat)]
    gradient = function(p, x, labels)[1]
    agree(gradient if vector else _joined(gradient), expected)
    return lambda: jax.block_until_ready(function(p, x, labels))


def _jax_layer(jax: Any, layout: str, x: Any, weights: Any, bias: Any) -> Any:
    """Convolution, relu and pool."""
    kinds = (layout, "OIHW", layout)
    h = jax.lax.conv_general_dilated(x, weights, (1, 1), "SAME", dimension_numbers=kinds)
    h = jax.nn.relu(h + bias.reshape([-1 if axis == "C" else 1 for axis in layout]))
    window = tuple(2 if axis in "HW" else 1 for axis in layout)
    return jax.lax.reduce_window(h, -jax.numpy.inf, jax.lax.max, window, window, "VALID")


def _torch(compiled: bool, data: Array, flat: Array, expected: Array) -> Job:
    torch = torch_here()
    f = torch.nn.functional
    pixels, labels = torch.tensor(data[:, :64]).reshape(-1, 1, 8, 8), torch.tensor(data[:, 64:]).argmax(1)
    p = [torch.tensor(piece.copy(), requires_grad=not compiled) for piece in _pieces(flat)]

    def loss(p: Any) -> Any:
        h = f.max_pool2d(torch.relu(f.conv2d(pixels, p[0], p[1], padding=1)), 2)
        h = f.max_pool2d(torch.relu(f.conv2d(h, p[2], p[3], padding=1)), 2)
        return f.cross_entropy(f.linear(h.flatten(1), p[4], p[5]), labels)

    def eager(p: Any) -> Any:
        value = loss(p)
        return torch.autograd.grad(value, p), value

    torch._dynamo.reset()
    function = torch.compile(torch.func.grad_and_value(loss)) if compiled else eager
    agree(_joined(function(p)[0]), expected)
    return lambda: function(p)


def _joined(pieces: Any) -> Array:
    return np.concatenate([np.asarray(piece).ravel() for piece in pieces])


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
