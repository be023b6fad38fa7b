"""What layers have in common: a scope of their own, torch's initial numbers, and sums."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from functools import reduce
from operator import add
from typing import Any, TypeVar

from autodiff.architecture import Seating
from autodiff.functions import identity
from autodiff.ground.calls import Named, call
from autodiff.ground.foreign import counted
from autodiff.nn.modules import Module
from autodiff.nn.names import rename
from autodiff.nn.nests import flat
from autodiff.recording.scopes import Scope, scope
from autodiff.recording.value import Value

__all__ = ["Part", "Rng", "drawing", "drawn", "inputs", "total"]

_T = TypeVar("_T")

Rng = random.Random | int | None


class Part(Module):
    """A layer with a scope of its own, in which its parameters and all that it computes stand."""

    weight: list[Any]
    bias: list[Value] | None

    def __init__(self, name: str | None, kind: str) -> None:
        if not isinstance(name, str | None):
            layer = type(self).__name__
            raise TypeError(
                f"{layer}(...) makes a layer, which is then called: write {layer}(...)(x); its name is a string, got "
                f"{type(name).__name__}"
            )
        self.kind, self.has_name, self.place = kind, name is not None, ""
        with scope(kind if name is None else name) as self.scope:
            pass  # it stands where the layer was made
        self.seating = Seating()

    def _seat_parameters(self) -> None:
        """Each weight and bias knows its place."""
        self.seating.place("w", "weights", self.weight)
        if self.bias:
            self.seating.place("b", "bias", self.bias)

    def _units(self, out: _T) -> _T:
        """What it computed, each Value at its place."""
        return self.seating.place(self.scope.name, "units", out)

    def take_place(self, position: int | str) -> None:
        """Its place in a Sequential becomes part of its parameters' names, and of its scope's unless it has a name."""
        if not self.has_name:
            self.scope.name = f"{self.kind} {position}"
        before, self.place = self._names(), str(position)
        rename(self.parameters(), before, self._names())

    def _names(self) -> list[str]:
        """What its parameters are called."""
        return []

    def __repr__(self) -> str:
        return call(type(self), self._argument, omit="rng")

    def _argument(self, name: str) -> Any:
        """What it was made with."""
        if name == "name":
            return self.scope.name if self.has_name else None
        if name == "bias":
            return self.bias is not None
        return getattr(self, name, Named("..."))  # a subclass may keep less


def inputs(given: Any, seating: Seating) -> None:
    """Free leaves that a network reads for the first time are its input, each at its place."""
    first = given
    while first.__class__ is list and first:
        first = first[0]
    if _is_free(first) and all(map(_is_free, flat(given))):
        seating.place("input", "input", given)


def _is_free(cell: Any) -> bool:
    """Whether it is a leaf that belongs to nothing yet."""
    return isinstance(cell, Value) and cell.op is None and cell.scope is None and cell.unit is None


def total(terms: list[Any], bias: Value | None) -> Value:
    """The sum of the terms, from the bias on; always a node of its own."""
    if bias is not None:
        terms = [bias, *terms]
    result: Value = reduce(add, terms) if len(terms) > 1 else identity(terms[0] if terms else 0.0)
    return result


def drawn(unit: Scope, names: Iterable[str], draw: Callable[[], float]) -> list[Value]:
    """Leaves of these names in the unit's scope, their numbers drawn one after the other."""
    with unit:
        return [Value(draw(), name) for name in names]


def drawing(rng: Rng, fan_in: int) -> Callable[[], float]:
    """Torch's default: uniform within ±1/sqrt(fan_in)."""
    uniform = (rng or random).uniform if isinstance(rng, random.Random | None) else random.Random(counted(rng)).uniform
    bound = 1 / math.sqrt(fan_in)
    return lambda: uniform(-bound, bound)
