"""Layers with torch's names, keywords, initialisation and arithmetic, on lists of Values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from autodiff import functions
from autodiff.ground.calls import Named
from autodiff.ground.sizes import count
from autodiff.ground.text import quoted
from autodiff.nn.modules import Module
from autodiff.nn.names import indexed
from autodiff.nn.nests import cells, depth, flat, mapped, one_by_one, row, shape
from autodiff.nn.parts import Part, Rng, drawing, drawn, inputs, total
from autodiff.recording.scopes import scope
from autodiff.recording.value import Value

__all__ = ["Elementwise", "Flatten", "Identity", "Linear", "ReLU", "Sequential", "Sigmoid", "Tanh"]


class Linear(Part):
    """``w . x + b`` for each of ``out_features`` outputs: a list of so many Values, for a list of ``in_features``.

    ``weight`` is a list of rows, ``bias`` a list or None. Both are drawn uniformly within ±1/sqrt(in_features), as
    in torch, with Python's ``random``, or with ``rng``, a ``random.Random`` or a seed. ``name`` is that of its scope.
    Calling it with another number of Values raises ``ValueError``; with a batch, or an image, ``TypeError``.

    >>> layer = Linear(2, 3, rng=0)
    >>> len(layer([1.0, 2.0])), len(layer.parameters())
    (3, 9)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: Rng = None, name: str | None = None
    ) -> None:
        super().__init__(name, "linear")
        self.in_features, self.out_features = count("in_features", in_features), count("out_features", out_features)
        draw, names = drawing(rng, self.in_features), iter(self._names())
        with self.scope:
            self.units = [scope(f"neuron {i}") for i in range(self.out_features)]
            self.weight = [drawn(unit, islice(names, self.in_features), draw) for unit in self.units]
            self.bias = (
                [value for unit in self.units for value in drawn(unit, islice(names, 1), draw)] if bias else None
            )
        self._seat_parameters()

    def _names(self) -> list[str]:
        weights = indexed("w", (self.out_features, self.in_features), 1, self.place)
        return [*weights, *indexed("b", (self.out_features,), 0, self.place)]

    def __call__(self, x: Any) -> list[Value]:
        x = row(x, self, self.in_features)
        inputs(x, self.seating)
        out = []
        for i, (unit, weights) in enumerate(zip(self.units, self.weight, strict=True)):
            with self.scope, unit:
                terms = [w * xi for w, xi in zip(weights, x, strict=True)]
                out.append(total(terms, self.bias[i] if self.bias else None))
        return self._units(out)


class Flatten(Part):
    """All Values of an image as one list: channel by channel, row by row, as in torch. It makes no nodes.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    [1.0, 2.0, 3.0, 4.0]
    """

    def __init__(self) -> None:
        super().__init__(None, "flatten")

    def __call__(self, x: Any) -> list[Any]:
        image = cells(x)
        if depth(image) > 3:
            raise TypeError(one_by_one(self, image))
        return flat(image)


class Identity(Part):
    """What comes, as it is: it holds a place in a Sequential, and makes no nodes."""

    def __init__(self) -> None:
        super().__init__(None, "identity")

    def __call__(self, x: Any) -> Any:
        return x


class Elementwise(Part):
    """A function of one Value, applied to every Value of a list, an image, or whatever comes.

    ``TypeError`` when the function answers anything but a Value.

    >>> square = Elementwise(lambda v: v * v)
    >>> [[v.data for v in row] for row in square([[Value(2.0)], [Value(3.0)]])]
    [[4.0], [9.0]]
    """

    def __init__(self, function: Callable[[Any], Any], name: str | None = None) -> None:
        label = getattr(function, "__name__", type(function).__name__)
        super().__init__(name, label if label.isidentifier() else "function")
        self.function = function

    def __call__(self, x: Any) -> Any:
        with self.scope:
            out = mapped(self._value, x)
        return self._units(out) if shape(out) else out

    def _value(self, x: Any) -> Value:
        out = self.function(x)
        if not isinstance(out, Value):
            raise TypeError(
                f"{quoted(self)} applies its function to each Value, and got {type(out).__name__} back; for a function "
                "of a whole list write a Module with __call__"
            )
        return out

    def _argument(self, name: str) -> Any:
        return Named(self.kind) if name == "function" else super()._argument(name)


class ReLU(Elementwise):
    """``max(x, 0)`` of every Value, with the name ``relu``."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(functions.relu, name)


class Tanh(Elementwise):
    """``tanh(x)`` of every Value."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(functions.tanh, name)


class Sigmoid(Elementwise):
    """``1 / (1 + exp(-x))`` of every Value."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(functions.sigmoid, name)


class Sequential(Module):
    """Layers one after the other: Modules, or functions of one Value, each of which is applied to every Value.

    A layer's scope gets its position as part of its name ("conv 0"), unless it was given a name, and its parameters
    get it, too ("w0[2,1]"). Anything that cannot be called raises ``TypeError``.

    >>> model = Sequential(Linear(2, 4, rng=0), ReLU(), Linear(4, 1, rng=1))
    >>> list(model.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> len(model([1.0, 2.0]))
    1
    """

    def __init__(self, *layers: Callable[[Any], Any]) -> None:
        for layer in layers:
            if isinstance(layer, type):
                raise TypeError(f"a layer is needed, got the class {layer.__name__}; write {layer.__name__}(...)")
            if not callable(layer):
                raise TypeError(f"a layer is a Module that can be called, or a function, got {type(layer).__name__}")
        self.layers: list[Any] = [layer if isinstance(layer, Module) else Elementwise(layer) for layer in layers]
        self.take_place()

    def take_place(self, position: int | str | None = None) -> None:
        """Its layers are told where they stand, and what is within a Sequential in this one, too ("1.0")."""
        for number, part in enumerate(self.layers):
            if isinstance(part, (Part, Sequential)):
                part.take_place(number if position is None else f"{position}.{number}")

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, position: int) -> Any:
        return self.layers[position]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def _members(self) -> Iterator[tuple[str, Any]]:
        return ((str(position), layer) for position, layer in enumerate(self.layers))

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.layers))})"
