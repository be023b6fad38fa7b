"""The Values that an optimiser changes: checked, named and written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["Tensor", "cells", "leaves", "shape", "tensors", "write"]

Tensor = tuple[str | None, Any]  # a name, and a Value or a nest of them


def write(params: Sequence[Value], numbers: Sequence[float]) -> None:
    """Put numbers into Values: an interrupt in between comes through once all are written."""
    try:
        _write(params, numbers)
    except KeyboardInterrupt:
        _write(params, numbers)
        raise


def _write(params: Sequence[Value], numbers: Sequence[float]) -> None:
    for param, number in zip(params, numbers, strict=True):
        param.data = number


def leaves(params: Any) -> list[Value]:
    """The leaf Values of a list or a Module, checked: ``TypeError`` and ``ValueError`` name what is wrong."""
    if hasattr(params, "parameters"):
        params = params.parameters()
    if isinstance(params, Value) or not isinstance(params, Iterable):
        raise TypeError(f"parameters are a list of Values or a Module, got {type(params).__name__}")
    found: dict[Value, None] = {}
    for param in params:
        if isinstance(param, dict):
            raise TypeError("there are no groups of parameters: make an optimiser for each group")
        if not isinstance(param, Value):
            raise TypeError(f"parameters are Values, got {type(param).__name__}")
        if param.op is not None:
            raise ValueError(f"{describe(param)} is computed; parameters must be leaves")
        if param in found:
            raise ValueError(f"{describe(param)} stands twice among the parameters")
        found[param] = None
    return list(found)


def tensors(params: Any, values: list[Value]) -> list[Tensor]:
    """The Values as torch has them: a Module's tensors by name; of a list of Values each one by itself."""
    try:
        found = [*params.tensors().items()]
    except (AttributeError, ValueError):  # no Module, or one whose parameters have no names
        found = []
    if [value for _, nest in found for value in cells(nest)] == values:
        return found
    return [(value.name, value) for value in values]


def cells(nest: Any) -> list[Any]:
    """All cells of lists (of lists), arrays or tensors, row by row."""
    nest = nest.tolist() if hasattr(nest, "tolist") else nest
    return [cell for part in nest for cell in cells(part)] if isinstance(nest, (list, tuple)) else [nest]


def shape(nest: Any) -> tuple[int, ...]:
    """The lengths of lists (of lists), arrays or tensors, from the outside in."""
    nest = nest.tolist() if hasattr(nest, "tolist") else nest
    return (len(nest), *(shape(nest[0]) if nest else ())) if isinstance(nest, (list, tuple)) else ()
