"""Neurons, layers and multi-layer perceptrons with micrograd's names, built on Value alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from operator import mul
from typing import Any

from autodiff import functions
from autodiff.architecture import Seating
from autodiff.ground.foreign import plain
from autodiff.ground.sizes import count
from autodiff.ground.text import quoted
from autodiff.nn.modules import Module
from autodiff.nn.names import indexed
from autodiff.nn.nests import row
from autodiff.nn.parts import inputs
from autodiff.recording.scopes import scope
from autodiff.recording.value import Value, function_of
from autodiff.table.operations import TABLE

__all__ = ["MLP", "Layer", "Neuron", "activation"]


Nonlin = bool | str | Callable[[Value], Value]
_NONE = ("linear", "identity", "none")


class Neuron(Module):
    """``relu(w . x + b)`` of ``nin`` inputs, or the sum alone with ``nonlin=False``.

    ``nonlin`` may also be the name of a function of one number ("tanh"), or a function of a Value; else ``TypeError``.
    Weights are drawn uniformly from [-1, 1] with Python's ``random``, the bias starts at 0.
    """

    def __init__(self, nin: int, nonlin: Nonlin = True, name: str = "neuron") -> None:
        self.nonlin = nonlin
        activation(nonlin)
        with scope(name) as self.scope:  # its weights and all it computes stand in one group
            self.w = [Value(random.uniform(-1, 1), name) for name in indexed("w", (count("nin", nin),), 1)]
            self.b = Value(0.0, "b")

    def __call__(self, x: Iterable[Value | float]) -> Value:
        x = _once(x, self, len(self.w))
        with self.scope:
            act = sum(map(mul, self.w, x), self.b)
            function = activation(self.nonlin)
            return act if function is None else _answer(function, act)

    def parameters(self) -> list[Value]:
        """The weights, then the bias."""
        return [*self.w, self.b]

    def __repr__(self) -> str:
        function = activation(self.nonlin)
        kind = "Linear" if function is None else getattr(function, "__name__", type(function).__name__)
        name = _name(self.scope.name, "neuron")
        return f"{'ReLU' if kind == 'relu' else kind[:1].upper() + kind[1:]}Neuron({len(self.w)}{name})"


class Layer(Module):
    """``nout`` neurons side by side, each with ``nin`` inputs; one neuron answers a Value, several a list."""

    def __init__(self, nin: int, nout: int, nonlin: Nonlin = True, name: str = "layer") -> None:
        with scope(name) as self.scope:
            self.neurons = [Neuron(nin, nonlin, f"neuron {i}") for i in range(count("nout", nout))]
        self._call_parameters("")
        self.seating = Seating()
        self.seating.place("w", "weights", [neuron.w for neuron in self.neurons])
        self.seating.place("b", "bias", [neuron.b for neuron in self.neurons])

    def _call_parameters(self, place: str) -> None:
        """Name all weights and biases, so that no two are called alike; ``place`` is that of the layer in a network."""
        weights = indexed("w", (len(self.neurons), len(self.neurons[0].w)), 1, place)
        biases = indexed("b", (len(self.neurons),), 0, place)
        for neuron, bias in zip(self.neurons, biases, strict=True):
            for value, name in zip(neuron.w, weights, strict=False):
                value.name = name
            neuron.b.name = bias

    def __call__(self, x: Iterable[Value | float]) -> Value | list[Value]:
        x = _once(x, self.neurons[0], len(self.neurons[0].w))
        inputs(x, self.seating)
        out = self.seating.place(self.scope.name, "units", [neuron(x) for neuron in self.neurons])
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        """The parameters of its neurons, in order."""
        return [p for neuron in self.neurons for p in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(str(neuron) for neuron in self.neurons)}]{_name(self.scope.name, 'layer')}"


class MLP(Module):
    """A multi-layer perceptron: ``nin`` inputs, layers of the sizes in ``nouts``.

    All but the last apply relu, or ``nonlin``, as a :class:`Neuron` takes it.

    >>> model = MLP(2, [16, 16, 1])
    >>> len(model.parameters())
    337
    """

    def __init__(self, nin: int, nouts: Iterable[int], nonlin: Nonlin = True) -> None:
        if not isinstance(nouts, Iterable):
            raise TypeError(
                f"MLP needs a list of layer sizes, such as MLP({quoted(nin)}, [16, 1]); got {quoted(nouts)}"
            )
        sizes = [nin, *nouts]
        last = len(sizes) - 2
        self.layers = [Layer(sizes[i], sizes[i + 1], i != last and nonlin, f"layer {i}") for i in range(last + 1)]
        for place, layer in enumerate(self.layers):
            layer._call_parameters(str(place))

    def __call__(self, x: Iterable[Value | float]) -> Value | list[Value]:
        out: Value | Iterable[Value | float] = x
        for layer in self.layers:
            out = layer([out] if isinstance(out, Value) else out)
        return out  # type: ignore[return-value]

    def parameters(self) -> list[Value]:
        """The parameters of its layers, in order."""
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


def _name(name: str, usual: str) -> str:
    """The name as an argument, unless it is the usual one or that of a place among others: "neuron 3"."""
    plain = name == usual or (name.startswith(f"{usual} ") and name.removeprefix(f"{usual} ").isdigit())
    return "" if plain else f", name={quoted(name)}"


def activation(nonlin: Any) -> Callable[[Value], Any] | None:
    """What a neuron does to its sum, None for nothing."""
    if isinstance(nonlin, bool) or type(nonlin).__name__ in ("bool_", "bool"):  # NumPy's too
        return functions.relu if nonlin else None
    if isinstance(nonlin, str):
        name = nonlin.lower()
        if name in _NONE:
            return None
        if name in TABLE and len(TABLE[name].inputs) - len(TABLE[name].defaults) == 1:
            return function_of(TABLE[name])
    elif callable(nonlin) and not isinstance(nonlin, type):
        return nonlin  # type: ignore[no-any-return]
    form = f"{nonlin.__name__}()" if isinstance(nonlin, type) else "autodiff.tanh"
    raise TypeError(
        f"nonlin is True (relu), False (none), the name of a function of one number such as 'tanh', or a function of a "
        f"Value such as {form}; got {quoted(nonlin, 60)}"
    )


def _answer(function: Callable[[Value], Any], act: Value) -> Value:
    out = function(act)
    if not isinstance(out, Value):
        raise TypeError(
            f"nonlin is a function that answers a Value; {quoted(function, 60)} answered {type(out).__name__}"
        )
    return out


def _once(x: Any, taker: Neuron, count: int) -> list[Any]:
    """The inputs as a list: what several neurons look at is read once."""
    if x.__class__ is not list and not isinstance(x := plain(x), Iterable):
        raise TypeError(f"{quoted(taker)} takes a list of {count} numbers or Values, got {type(x).__name__}")
    return row(x, taker, count)
