"""A micrograd user changes the import line and nothing else: its README's example and its demo, word for word."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from programs import moons

from autodiff import Graph, Value
from autodiff.nn import MLP, Layer, Module, Neuron


def test_the_example_of_the_readme() -> None:
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    assert f"{g.data:.4f}" == "24.7041"
    g.backward()
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


@pytest.mark.slow
def test_the_training_loop_of_the_demo() -> None:
    random.seed(1337)
    X, y = map(np.array, moons(40))
    model = MLP(2, [8, 8, 1])  # 2-layer neural network
    assert len(model.parameters()) == 105

    def loss() -> tuple[Any, float]:
        inputs = [list(map(Value, xrow)) for xrow in X]

        # forward the model to get scores
        scores = list(map(model, inputs))

        # svm "max-margin" loss
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores)]  # noqa: B905
        data_loss = sum(losses) * (1.0 / len(losses))
        # L2 regularization
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss

        # also get accuracy
        accuracy = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores)]  # noqa: B905
        return total_loss, sum(accuracy) / len(accuracy)

    history = []
    for k in range(15):
        # forward
        total_loss, acc = loss()

        # backward
        model.zero_grad()
        total_loss.backward()

        # update (sgd)
        learning_rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= learning_rate * p.grad

        history.append((total_loss.data, acc))

    # what micrograd 0.1.0 answers to the very same program
    assert [entry[0] for entry in history] == pytest.approx(MICROGRAD_LOSSES, rel=1e-9)
    assert [entry[1] for entry in history] == MICROGRAD_ACCURACIES


MICROGRAD_LOSSES = [
    1.5891219198486297,
    0.22244677784923936,
    0.19122919901626148,
    0.17432728939651124,
    0.1567425999879783,
    0.1440550015990156,
    0.13069874366897202,
    0.11933670529525389,
    0.10863404259527049,
    0.09796459555230908,
    0.10109296567364438,
    0.275923148642055,
    0.10740630761943142,
    0.08354109953695738,
    0.07164429705758402,
]
MICROGRAD_ACCURACIES = [0.25, 0.9, 0.9, 0.9, 0.925, 0.95, 0.95, 0.975, 0.975, 0.975, 0.975, 0.9, 0.975, 0.975, 0.95]


def test_networks_have_micrograds_shape() -> None:
    model = MLP(3, [4, 4, 1])
    assert repr(model) == (
        "MLP of [Layer of [ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3), ReLUNeuron(3)], "
        "Layer of [ReLUNeuron(4), ReLUNeuron(4), ReLUNeuron(4), ReLUNeuron(4)], Layer of [LinearNeuron(4)]]"
    )
    assert all(isinstance(part, Module) for part in (model, *model.layers, *model.layers[0].neurons))
    assert len(model.parameters()) == 4 * 4 + 4 * 5 + 5
    assert type(model([1.0, 2.0, 3.0])) is Value
    assert [type(out) for out in MLP(3, [2])([1.0, 2.0, 3.0])] == [Value, Value]


def test_weights_are_drawn_as_micrograd_draws_them() -> None:
    random.seed(7)
    neuron = Neuron(2)
    random.seed(7)
    assert [w.data for w in neuron.w] == [random.uniform(-1, 1), random.uniform(-1, 1)]
    assert neuron.b.data == 0.0
    assert neuron.parameters() == [*neuron.w, neuron.b]


def test_a_neuron_is_relu_of_a_weighted_sum() -> None:
    neuron, linear = Neuron(2), Neuron(2, nonlin=False)
    for unit in (neuron, linear):
        unit.w[0].data, unit.w[1].data, unit.b.data = 2.0, -3.0, 0.5
    assert neuron([Value(1.0), 1.0]).data == 0.0
    assert linear([Value(1.0), 1.0]).data == -0.5
    assert Layer(2, 3, nonlin=False).neurons[2].nonlin is False


def test_zero_grad_forgets() -> None:
    model = MLP(2, [2, 1])
    for _ in range(2):
        model.zero_grad()
        assert {p.grad_state for p in model.parameters()} == {"not computed"}
        model([1.0, 2.0]).backward()
        assert model.parameters()[-1].grad == 1.0
        assert {p.grad_state for p in model.parameters()} != {"not computed"}
    assert Module().parameters() == []


def test_layers_and_neurons_are_scopes() -> None:
    out = MLP(2, [2, 1])([1.0, 2.0])
    paths = [scope.path for scope in Graph(out).scopes]
    assert paths == [("layer 0", "neuron 0"), ("layer 0", "neuron 1"), ("layer 1", "neuron 0")]


def test_inputs_of_the_wrong_number_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ReLUNeuron\(2\) has 2 inputs, got 3"):
        MLP(2, [2, 1])([1.0, 2.0, 3.0])


def test_what_draws_micrograds_graphs_finds_its_names() -> None:
    a, b = Value(2.0), Value(3.0)
    y = a * b
    assert y._prev == {a, b}
    assert a._prev == set()
    assert (y * y)._children == (y, y)
    assert a._children == ()


@pytest.mark.parametrize(
    ("sign", "compute"),
    {
        "": lambda x: x,
        "+": lambda x: 1 + x,
        "-": lambda x: x - 1,
        "*": lambda x: 2 * x,
        "/": lambda x: x / 3,
        "**2": lambda x: x**2,
        "**-0.5": lambda x: x**-0.5,
        "**": lambda x: 2**x,
        "ReLU": lambda x: x.relu(),
        "tanh": lambda x: x.tanh(),
        "exp": lambda x: x.exp(),
    }.items(),
)
def test_operations_are_spelt_as_micrograd_spells_them(sign: str, compute: Any) -> None:
    assert compute(Value(2.0))._op == sign


def test_a_label_is_another_word_for_a_name() -> None:
    a, b, c = Value(2.0, label="a"), Value(3.0, "b"), Value(4.0)
    assert [(v.name, v.label) for v in (a, b, c)] == [("a", "a"), ("b", "b"), (None, "")]
    c.label = "c"
    b.label = ""
    a.name = "A"
    assert [(v.name, v.label) for v in (a, b, c)] == [("A", "A"), (None, ""), ("c", "c")]
    assert Value(1.0, label="").name is None
    with pytest.raises(TypeError, match="label= is another word for name"):
        Value(1.0, "x", label="y")
    with pytest.raises(TypeError, match="a Value's name is a string, got int 3"):
        Value(1.0, label=3)  # type: ignore[arg-type]
