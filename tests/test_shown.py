"""What shows itself as a call holds every argument that is not the usual one: two that differ in one look different."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

import autodiff
import viz
from autodiff import Program, Scope, Value, nn, optim
from autodiff.optim import cosine, linear, step
from autodiff.programs.rims import BACKENDS, chosen
from viz.ink.theme import LIGHT

X, Y = Value(1.0, "x"), Value(2.0, "y")
OUTPUT = X * Y
TWO = [Value(0.0, "p"), Value(0.0, "q")]

# For each class or function what is needed to make one, and for every other argument something unusual.
MADE: dict[Callable[..., Any], tuple[dict[str, Any], dict[str, Any]]] = {
    Value: ({"data": 1.0}, {"data": 2.0, "name": "x"}),
    Scope: ({"name": "a"}, {"name": "b"}),
    Program: (
        {"output": OUTPUT, "inputs": [X], "params": [Y], "backend": "python"},
        {"output": [OUTPUT, OUTPUT], "inputs": [], "params": [], "threads": 2, "passes": ["fold"]},
    ),
    nn.Linear: (
        {"in_features": 2, "out_features": 3},
        {"in_features": 1, "out_features": 1, "bias": False, "name": "n"},
    ),
    nn.Conv2d: (
        {"in_channels": 1, "out_channels": 2, "kernel_size": 3},
        {"in_channels": 2, "out_channels": 1, "kernel_size": (3, 2), "stride": 2, "padding": "same", "dilation": (1, 2)}
        | {"bias": False, "name": "n"},
    ),
    nn.MaxPool2d: (
        {"kernel_size": 3},
        {"kernel_size": 2, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True, "name": "n"},
    ),
    nn.AvgPool2d: (
        {"kernel_size": 3},
        {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False, "name": "n"},
    ),
    nn.Elementwise: ({"function": autodiff.sin}, {"function": autodiff.cos, "name": "n"}),
    nn.Flatten: ({}, {}),
    nn.Identity: ({}, {}),
    nn.ReLU: ({}, {"name": "n"}),
    nn.Tanh: ({}, {"name": "n"}),
    nn.Sigmoid: ({}, {"name": "n"}),
    nn.Neuron: ({"nin": 2}, {"nin": 3, "nonlin": False, "name": "n"}),
    nn.Layer: ({"nin": 2, "nout": 2}, {"nin": 3, "nout": 1, "nonlin": False, "name": "n"}),
    nn.MLP: ({"nin": 2, "nouts": [2, 1]}, {"nin": 3, "nouts": [1]}),
    nn.History: ({}, {"losses": [0.5], "steps": 1, "interrupted": True}),
    optim.Optimizer: ({"params": TWO, "lr": 0.1}, {"params": [], "lr": cosine(0.1, 9)}),
    optim.SGD: (
        {"params": TWO, "lr": 0.1, "momentum": 0.5},
        {"params": [], "lr": 0.2, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.1, "nesterov": True},
    ),
    optim.Adam: (
        {"params": TWO},
        {"params": [], "lr": step(0.1, 3), "betas": (0.5, 0.5), "eps": 1e-5, "weight_decay": 0.1, "maximize": True},
    ),
    optim.AdamW: (
        {"params": TWO},
        {"params": [], "lr": 0.2, "betas": (0.5, 0.5), "eps": 1e-5, "weight_decay": 0.1, "maximize": True},
    ),
    linear: ({"lr": 0.1, "steps": 5}, {"lr": 0.2, "steps": 6, "end": 0.05}),
    cosine: ({"lr": 0.1, "steps": 5}, {"lr": 0.2, "steps": 6, "end": 0.05}),
    step: ({"lr": 0.1, "every": 5}, {"lr": 0.2, "every": 6, "factor": 0.5}),
}
# What leaves nothing to show: drawn numbers; which backend there is, is shown below; a scope's place is no argument.
KEEPS_NOTHING = {"rng", "parent", "placed", "part"}
# Facts that are read, and things that say in a sentence what they hold: nobody makes them by a call.
READ = {
    *("Edge", "Explanation", "Flow", "Graph", "Node", "Operation", "PoolRoutes", "Snapshot", "Step", "Steps", "Window"),
    *("Module", "Picture", "Stepper", "Sequential", "Theme"),
}


def public_classes() -> Iterator[type]:
    for module in (autodiff, nn, optim, viz):
        for name in module.__all__:
            kind = getattr(module, name)
            if inspect.isclass(kind) and not issubclass(kind, BaseException):
                yield kind


def test_every_public_class_is_here() -> None:
    assert {kind.__name__ for kind in public_classes()} == READ | {m.__name__ for m in MADE if inspect.isclass(m)}


def changes() -> Iterator[Any]:
    for maker, (_, unusual) in MADE.items():
        for name in inspect.signature(maker).parameters:
            if name not in KEEPS_NOTHING and (maker, name) not in ((Program, "backend"), (optim.Optimizer, "maximize")):
                yield pytest.param(maker, name, id=f"{maker.__name__}, {name}")
        assert unusual.keys() <= inspect.signature(maker).parameters.keys()


@pytest.mark.parametrize(("maker", "name"), [*changes()])
def test_an_argument_that_is_not_the_usual_one_is_shown(maker: Callable[..., Any], name: str) -> None:
    needed, unusual = MADE[maker]
    if name == "maximize" or (maker is optim.Optimizer and name == "weight_decay"):
        unusual = unusual | {name: unusual.get(name, True)}
    assert repr(maker(**needed | {name: unusual[name]})) != repr(maker(**needed))


@pytest.mark.parametrize("maker", MADE, ids=lambda maker: maker.__name__)
def test_the_usual_one_is_not_shown_twice_differently(maker: Callable[..., Any]) -> None:
    needed, unusual = MADE[maker]
    usual = {
        name: parameter.default
        for name, parameter in inspect.signature(maker).parameters.items()
        if parameter.default is not parameter.empty and name in unusual and name not in needed
    }
    if not dataclasses.is_dataclass(maker):
        assert repr(maker(**needed, **usual)) == repr(maker(**needed))


@pytest.mark.parametrize(
    "maker",
    [m for m in MADE if m.__module__.startswith(("autodiff.nn.layers", "autodiff.nn.conv", "autodiff.optim.sch"))],
)
def test_what_shows_itself_as_a_call_can_be_made_by_it(maker: Callable[..., Any]) -> None:
    needed, unusual = MADE[maker]
    space = vars(nn) | vars(optim) | vars(autodiff)
    for arguments in (needed, needed | unusual | ({"stride": 1} if maker is nn.Conv2d else {})):
        text = repr(maker(**arguments))
        assert repr(eval(text, dict(space))) == text


def test_a_program_shows_its_backend() -> None:
    for backend in BACKENDS:
        try:
            chosen(backend)
        except ImportError:
            continue
        assert f"on {backend}" in repr(Program(OUTPUT, [X], backend=backend))


def test_a_theme_shows_every_colour() -> None:
    for field in dataclasses.fields(LIGHT):
        assert f"{field.name}='changed'" in repr(replace(LIGHT, **{field.name: "changed"}))


def test_a_place_among_others_is_no_name_of_ones_own() -> None:
    assert repr(nn.Layer(1, 2).neurons[1]) == "ReLUNeuron(1)"
    assert repr(nn.MLP(1, [1])) == "MLP of [Layer of [LinearNeuron(1)]]"
    assert repr(nn.Sequential(nn.Linear(1, 1), nn.ReLU(name="r"))) == "Sequential(Linear(1, 1), ReLU(name='r'))"


def test_a_layer_of_ones_own_shows_what_it_kept() -> None:
    class Head(nn.Linear):
        def __init__(self, classes: int) -> None:
            super().__init__(2, classes)

    assert repr(Head(3)).endswith("Head(...)")


@pytest.mark.parametrize("rate", [linear(1.0, 4), cosine(1.0, 4, 0.1), step(1.0, 2)], ids=repr)
def test_a_schedule_shows_itself_after_a_pickle_too(rate: Any) -> None:
    twin = pickle.loads(pickle.dumps(rate))
    assert repr(twin) == repr(rate)
    assert [twin(i) for i in range(6)] == [rate(i) for i in range(6)]
