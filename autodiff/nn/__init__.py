"""Networks: micrograd's Neuron, Layer and MLP, torch's layers, losses, and ``fit``, which trains them."""

from typing import TYPE_CHECKING

from autodiff.habits.answers import answering, refuse_name
from autodiff.nn.convolution import AvgPool2d, Conv2d, MaxPool2d
from autodiff.nn.exchange import from_torch, to_torch
from autodiff.nn.layers import Elementwise, Flatten, Identity, Linear, ReLU, Sequential, Sigmoid, Tanh
from autodiff.nn.losses import cross_entropy, hinge, mse
from autodiff.nn.modules import Module
from autodiff.nn.perceptron import MLP, Layer, Neuron
from autodiff.nn.samples import placeholder
from autodiff.nn.training import History, NonFiniteError, fit

__all__ = [
    "MLP",
    "AvgPool2d",
    "Conv2d",
    "Elementwise",
    "Flatten",
    "History",
    "Identity",
    "Layer",
    "Linear",
    "MaxPool2d",
    "Module",
    "Neuron",
    "NonFiniteError",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "cross_entropy",
    "fit",
    "from_torch",
    "hinge",
    "mse",
    "placeholder",
    "to_torch",
]

for _kind in (
    AvgPool2d,
    Conv2d,
    Elementwise,
    Flatten,
    Identity,
    Layer,
    Linear,
    MaxPool2d,
    MLP,
    Neuron,
    ReLU,
    Sigmoid,
    Tanh,
):
    answering(_kind)
answering(Module, "parameters", "zero_grad", "state_dict", "load_state_dict")

if not TYPE_CHECKING:

    def __getattr__(name):
        refuse_name(__name__, "LAYERS", name)
