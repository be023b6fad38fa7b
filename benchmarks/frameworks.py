"""Networks 2-w-w-1 in JAX, PyTorch, autograd and micrograd, each in the forms that its own expert would try."""

from __future__ import annotations

import importlib
import random
from typing import Any

import numpy as np

from benchmarks.peers import Array, agree, jax_here, torch_here
from benchmarks.timing import Job


def unpacked(flat: Any, sizes: list[int]) -> list[tuple[Any, Any]]:
    """The weights and biases of each layer out of the flat parameters (neuron after neuron: weights, then bias)."""
    layers, start, width = [], 0, 2
    for size in sizes:
        matrix = flat[start : start + size * (width + 1)].reshape(size, width + 1)
        layers.append((matrix[:, :-1], matrix[:, -1]))
        start, width = start + size * (width + 1), size
    return layers


def arrays_of(flat: Array, sizes: list[int]) -> list[Array]:
    """The same as arrays of their own: weights, bias, weights, bias, ..."""
    return [np.ascontiguousarray(part) for layer in unpacked(flat, sizes) for part in layer]


def flattened(arrays: Any) -> Array:
    """The way back: a gradient as the flat parameters have it."""
    found = [np.asarray(array) for array in arrays]
    pairs = zip(found[::2], found[1::2], strict=True)
    return np.concatenate([np.column_stack([weights, bias]).ravel() for weights, bias in pairs])


def jax(form: str, sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    """Jitted; parameters in one vector or as a list of arrays, samples in rows or (feature-major) in columns."""
    jax = jax_here()
    columns, vector = form == "feature-major", form == "flat vector"

    def loss(p: Any, h: Any, labels: Any) -> Any:
        layers = unpacked(p, sizes) if vector else list(zip(p[::2], p[1::2], strict=True))
        for i, (w, b) in enumerate(layers):
            h = w @ h + b[:, None] if columns else h @ w.T + b
            h = jax.nn.relu(h) if i < len(layers) - 1 else h
        return jax.numpy.mean(jax.nn.relu(1 - labels * h.ravel()))

    function = jax.jit(jax.value_and_grad(loss))
    p = jax.numpy.array(flat) if vector else [jax.numpy.array(array) for array in arrays_of(flat, sizes)]
    x, labels = jax.numpy.array(data[:, :2].T if columns else data[:, :2]), jax.numpy.array(data[:, 2])
    gradient = function(p, x, labels)[1]
    agree(gradient if vector else flattened(gradient), expected)
    return lambda: jax.block_until_ready(function(p, x, labels))


def _torch_loss(torch: Any) -> Any:
    def loss(p: Any, x: Any, labels: Any) -> Any:
        for i in range(0, len(p), 2):
            x = torch.nn.functional.linear(x, p[i], p[i + 1])
            x = torch.relu(x) if i < len(p) - 2 else x
        return torch.relu(1 - labels * x[:, 0]).mean()

    return loss


def _tensors(sizes: list[int], data: Array, flat: Array) -> tuple[Any, Any, Any]:
    tensor = torch_here().tensor
    return [tensor(array) for array in arrays_of(flat, sizes)], tensor(data[:, :2].copy()), tensor(data[:, 2].copy())


def torch_eager(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    """PyTorch as it is used every day, one tensor for each weight and bias."""
    torch = torch_here()
    p, x, labels = _tensors(sizes, data, flat)
    for tensor in p:
        tensor.requires_grad_()

    loss = _torch_loss(torch)

    def step() -> Any:
        value = loss(p, x, labels)
        return value, torch.autograd.grad(value, p)

    agree(flattened(step()[1]), expected)
    return step


def torch_compiled(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    """``torch.compile`` of value and gradient together."""
    torch = torch_here()
    torch._dynamo.reset()
    function = torch.compile(torch.func.grad_and_value(_torch_loss(torch)))
    p, x, labels = _tensors(sizes, data, flat)
    agree(flattened(function(p, x, labels)[0]), expected)
    return lambda: function(p, x, labels)


def autograd(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    """HIPS autograd over NumPy."""
    value_and_grad = importlib.import_module("autograd").value_and_grad
    anp = importlib.import_module("autograd.numpy")
    x, labels = data[:, :2].copy(), data[:, 2].copy()

    def loss(p: Any) -> Any:
        h = x
        for i in range(0, len(p), 2):
            h = anp.dot(h, p[i].T) + p[i + 1]
            h = anp.maximum(h, 0) if i < len(p) - 2 else h
        return anp.mean(anp.maximum(1 - labels * h[:, 0], 0))

    function, p = value_and_grad(loss), arrays_of(flat, sizes)
    agree(flattened(function(p)[1]), expected)
    return lambda: function(p)


def micrograd(sizes: list[int], data: Array, flat: Array, expected: Array) -> Job:
    """The graph recorded anew for every sample, as micrograd's demo does."""
    value = importlib.import_module("micrograd.engine").Value
    random.seed(1)
    model = importlib.import_module("micrograd.nn").MLP(2, sizes)
    rows = data.tolist()

    def step() -> Any:
        scores = [model([value(x), value(y)]) for x, y, _ in rows]
        losses = [(1 + -label * score).relu() for (_, _, label), score in zip(rows, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses))
        model.zero_grad()
        total.backward()
        return total

    for p, number in zip(model.parameters(), flat, strict=True):
        p.data = float(number)
    step()
    agree([p.grad for p in model.parameters()], expected)
    return step
