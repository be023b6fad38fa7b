"""The graphs and pools whose pictures are measured: recorded afresh at each call, with the keywords to draw them by."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import viz
from autodiff import Graph, Value, max_pool1d, scope, softmax
from autodiff.nn import MLP, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential, cross_entropy
from benchmarks.peers import readme_graph
from viz.demo.digits import digit
from viz.demo.network import CONVOLUTION, digit_network, telling

__all__ = ["GRAPHS", "NETWORKS", "POOLS", "drawn"]

CHANNELS = (4, 8)
Recorded = tuple[Value, dict[str, Any]]


def _pool() -> Recorded:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    score = 0.7 * p[0] + 0.9 * p[1]
    score.name = "score"
    return score, {}


def _readme() -> Recorded:
    return readme_graph(Value(-4.0, "a"), Value(2.0, "b")), {}


def _neuron(whole: bool) -> Recorded:
    w0, x0, w1, x1, w2 = (Value(v, n) for n, v in {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}.items())
    s = w0 * x0 + w1 * x1 + w2
    f = s.sigmoid() if whole else 1 / (1 + (-1 * s).exp())
    f.name = "f"
    return f, {}


def _entropy() -> Recorded:
    scores = [Value(v, f"s{i}") for i, v in enumerate((2.0, 1.0, -0.5))]
    return cross_entropy(scores, [Value(float(i == 0), f"t{i}") for i in range(3)]), {}


def _network(**options: Any) -> Recorded:
    random.seed(0)
    return MLP(2, [3, 1])([Value(0.5, "x0"), Value(-1.0, "x1")]), options


def _chain(weighted: bool) -> Recorded:
    x = Value(0.5, "x")
    for i in range(8):
        x = (Value(1.0, f"w{i}") * x if weighted else x).sigmoid()
    return x, {}


def _lstm() -> Recorded:
    draw = random.Random(0)
    x, h, c = Value(0.5, "x"), Value(0.1, "h"), Value(-0.3, "c")

    def gate(name: str, function: str) -> Value:
        with scope(name):
            w, u, b = (Value(round(draw.uniform(-1, 1), 2), f"{k}_{name}") for k in ("w", "u", "b"))
            return getattr(w * x + u * h + b, function)()  # type: ignore[no-any-return]

    i, f, o = (gate(name, "sigmoid") for name in ("input", "forget", "output"))
    c1 = f * c + i * gate("candidate", "tanh")
    c1.name = "c1"
    return o * c1.tanh(), {"collapse": True}


def _attention() -> Recorded:
    draw = random.Random(0)
    tokens = [[Value(round(draw.uniform(-1, 1), 2), f"e{t}{i}") for i in range(2)] for t in range(3)]

    def projected(letter: str) -> list[list[Value]]:
        with scope(letter):
            w = [[Value(round(draw.uniform(-1, 1), 2), f"{letter}{i}{j}") for j in range(2)] for i in range(2)]
            return [[row[0] * token[0] + row[1] * token[1] for row in w] for token in tokens]

    q, k, v = map(projected, "qkv")
    with scope("scores"):
        scores = [(q[2][0] * k[t][0] + q[2][1] * k[t][1]) * 0.7071 for t in range(3)]
    with scope("softmax"):
        shares = softmax(*scores)
    with scope("mix"):
        return shares[0] * v[0][0] + shares[1] * v[1][0] + shares[2] * v[2][0], {"collapse": True}


def _job() -> Recorded:
    """What ``python -m viz`` draws: the window of a digit's pool that tells most."""
    network = digit_network(digit(3), kernel_size=3, stride=2)
    network.score.backward()
    window = telling(network)
    output = network.windows()[window.number]
    output.backward(window.upstream or 0.0)
    return output, {"collapse": CONVOLUTION}


GRAPHS: dict[str, Callable[[], Recorded]] = {
    "README's pool": _pool,
    "micrograd's README graph": _readme,
    "neuron, sigmoid as one node": lambda: _neuron(whole=True),
    "neuron, 1/(1 + exp(−s)) open": lambda: _neuron(whole=False),
    "cross entropy of three scores": _entropy,
    "MLP(2, [3, 1]) open": _network,
    "MLP(2, [3, 1]), neurons folded": lambda: _network(collapse=lambda scope: len(scope.path) == 2),
    "MLP(2, [3, 1]), layers folded": lambda: _network(collapse=True),
    "eight sigmoids": lambda: _chain(weighted=False),
    "eight sigmoids of w·x": lambda: _chain(weighted=True),
    "LSTM cell folded": _lstm,
    "attention head folded": _attention,
    "the main job's graph": _job,
}


def drawn(name: str, **options: Any) -> viz.Picture:
    """The picture of one of the graphs, after its backward pass."""
    output, keywords = GRAPHS[name]()
    if output.grad_state == "not computed":
        output.backward()
    return viz.draw(output, **{"names": False, **keywords, **options})


def _cells(count: int) -> list[list[int]]:
    return [[(7 * r + 5 * c) % 19 - 9 for c in range(count)] for r in range(count)]


def _job_pool(**place: Any) -> viz.Picture:
    network = digit_network(digit(3), kernel_size=3, stride=2)
    network.score.backward()
    return viz.pool(network.cells, network.outputs, **network.settings, **place)


POOLS: dict[str, Callable[..., viz.Picture]] = {
    "README's pool": lambda **place: viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, upstream=[0.7, 0.9], **place),
    "the main job's pool": _job_pool,
    "2×2, one window": lambda **place: viz.pool([[1, 2], [3, 4]], kernel_size=2, **place),
    "4×4, stride 1": lambda **place: viz.pool(_cells(4), kernel_size=2, stride=1, **place),
    "twelve cells, average": lambda **place: viz.pool(_cells(12)[0], kernel_size=3, stride=1, kind="avg", **place),
    "16×16, padding 1": lambda **place: viz.pool(_cells(16), kernel_size=3, stride=2, padding=1, **place),
}


def _job_network(**options: Any) -> viz.Picture:
    return viz.network(digit_network(digit(4), kernel_size=3, stride=2).score, **options)


def _lenet(**place: Any) -> viz.Picture:
    first, second = CHANNELS
    model = Sequential(
        Conv2d(1, first, 3, padding=1, rng=0), ReLU(), MaxPool2d(2), Conv2d(first, second, 3, padding=1, rng=1), ReLU(),
        MaxPool2d(2), Flatten(), Linear(second * 4, 10, rng=2),
    )  # fmt: skip
    return viz.network(model([[[Value(x) for x in row] for row in digit(4)]])[4], **place)


def _job_weight(**place: Any) -> viz.Picture:
    score = digit_network(digit(4), kernel_size=3, stride=2).score
    return viz.weight(score, next(value for value in Graph(score).values if value.name == "w(0,1)"), **place)


def _strip(**place: Any) -> viz.Picture:
    body = Conv2d(1, 1, 3, padding=1, rng=0), ReLU(), MaxPool2d(3, stride=2)
    model = Sequential(*body, Flatten(), Linear(9, 10, rng=1))
    images = [[[[Value(x) for x in row] for row in digit(k)]] for k in range(4)]
    return viz.network([model(image)[k] for k, image in enumerate(images)], **place)


NETWORKS: dict[str, Callable[..., viz.Picture]] = {
    "the main job's network": _job_network,
    "with its slopes": lambda **place: _job_network(slopes=True, **place),
    "its weight's gradient": _job_weight,
    "four digits as a strip": _strip,
    "a LeNet on a digit": _lenet,
}
