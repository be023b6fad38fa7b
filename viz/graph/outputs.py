"""What was given to be drawn: a Value, several, or a Graph."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff import Graph, Value
from autodiff.habits.answers import got

__all__ = ["outputs_of"]


def outputs_of(output: object, who: str = "draw") -> tuple[Value, ...]:
    """The Values to draw, one or several; anything else raises ``TypeError`` that says what was got."""
    if isinstance(output, Graph):
        return tuple(output.values[number] for number in output.outputs)
    many = isinstance(output, Iterable) and not hasattr(output, "parameters")  # a Sequential gives its layers
    outputs: tuple[object, ...] = tuple(output) if many else (output,)  # type: ignore[arg-type]
    values = tuple(entry for entry in outputs if isinstance(entry, Value))
    if not outputs:
        raise TypeError(f"there is nothing to {who} in an empty {type(output).__name__}")
    if len(values) < len(outputs):
        entry = next(entry for entry in outputs if not isinstance(entry, Value))
        found = f"a {type(output).__name__} with a {got(entry)} in it" if many else got(entry)
        rows = (
            "; of a grid draw([v for row in grid for v in row]), or viz.pool(grid)" if isinstance(entry, list) else ""
        )
        raise TypeError(f"{who} takes a Value, a list of Values, or a Graph; got {found}{rows}")
    return values
