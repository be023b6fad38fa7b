"""gradcheck: the gradients of the table against central differences of the graph's own values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from autodiff.derivatives.grad import require_order
from autodiff.graph import Graph
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, got, warn
from autodiff.recording.reverse import adjoints, describe, peek
from autodiff.recording.value import Value

__all__ = ["GradcheckError", "KinkWarning", "gradcheck"]


class GradcheckError(AssertionError):
    """A gradient that differs from the central difference; the message names the input and both numbers."""


class KinkWarning(UserWarning):
    """A point so near a kink (a tie, a zero of relu) that a difference says nothing about the gradient."""


class _Point(NamedTuple):
    value: float
    decisions: tuple[tuple[bool, ...], ...]


@answered
def gradcheck(
    output: Value,
    inputs: Value | Sequence[Value] | None = None,
    step: float = 6e-6,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> bool:
    """Compare the gradient of ``output`` in each input (all leaves by default) with a central difference.

    The difference is ``(f(x + h) - f(x - h)) / 2h`` with ``h = step * max(1, |x|)``; the step is near the cube
    root of the float64 rounding unit, where rounding and truncation balance. It passes within ``atol + rtol *
    |difference|``, and what rounding may do; where that step is too long for the function (as for ``log`` at 1e-7),
    ``h = step * min(1, |x|)`` is tried too. Where a max, relu or any other condition decides differently at ``x - h``
    and ``x + h``, that difference says nothing, so a :class:`KinkWarning` is given for that input, and a difference
    over the side that decides as ``x`` does is compared instead, if there is one. If there is none, but both sides have
    one slope, as where the kinks of two parts cancel, it is compared with that. A gradient that differs raises
    :class:`GradcheckError`. No Value is changed.

    >>> x = Value(0.5)
    >>> gradcheck((x.sin() * x).tanh(), [x])
    True
    """
    if not isinstance(output, Value):
        raise TypeError(
            "gradcheck takes an output, a Value, and the Values it was computed from, as x = Value(1.0); "
            f"gradcheck(f(x), [x]); got {got(output)}"
        )
    graph = Graph(output)
    leaves = [graph.values[number] for number in graph.leaves]
    known = set(graph.values)
    chosen = leaves if inputs is None else [inputs] if isinstance(inputs, Value) else list(inputs)
    if not chosen:
        raise ValueError("gradcheck was given no input: there is nothing to check")
    flows = adjoints(output)[1]
    here = _at(graph, {})
    for x in chosen:
        if not isinstance(x, Value):
            raise TypeError(f"a gradient is checked in Values, got {got(x)}")
        if x not in known:
            require_order(output, [x])
            continue  # the output does not depend on it: both are 0
        gradient = flows.get(x, 0.0)
        long, short = step * max(1.0, abs(peek(x))), step * min(1.0, abs(peek(x)))
        sides, difference, rounding = _difference(graph, x, long, here)
        if not sides:
            sides, difference, rounding = _common_slope(graph, x, long, here, atol, rtol)
        if sides < 2:
            checked = "checked on one side alone" if sides else "not checked"
            warn(f"{describe(x)} is near a kink: its gradient was {checked}", KinkWarning)
        if sides and not _agrees(gradient, difference, atol + rtol * abs(difference) + rounding):
            judges, other, rounding = _difference(graph, x, short, here) if short else (0, 0.0, 0.0)
            # A short step is a judge only where rounding does less than the tolerance.
            if not judges or not rounding <= rtol * abs(other) or not _agrees(gradient, other, rtol * abs(other)):
                kind = "central" if sides == 2 else "one-sided"
                raise GradcheckError(
                    f"the gradient in {describe(x)} is {quoted(gradient)}, but a {kind} difference over {long:g} gives "
                    f"{quoted(difference)}; if that is too long for this function, give gradcheck another step="
                )
    return True


def _difference(graph: Graph, x: Value, h: float, here: _Point) -> tuple[int, float, float]:
    """From how many sides ``x`` decides alike over ``h``, the difference there, and what rounding may do to it."""
    middle = peek(x)
    rounding = abs(here.value) * 6e-15 / h
    ends = [(place, _at(graph, {x: place})) for place in (middle + h, middle - h)]
    alike = [(place, end.value) for place, end in ends if end.decisions == here.decisions]
    if len(alike) == 2:
        (right, above), (left, below) = alike
        return 2, (above - below) / (right - left) if right != left else math.nan, rounding
    for place, far in alike:  # the parabola through x, the end and what is halfway; its slope in x
        half = middle + (place - middle) / 2
        if (near := _at(graph, {x: half})).decisions == here.decisions and half != middle:
            return 1, (4 * near.value - 3 * here.value - far) / (place - middle), 8 * rounding
    return 0, math.nan, 0.0


def _common_slope(graph: Graph, x: Value, h: float, here: _Point, atol: float, rtol: float) -> tuple[int, float, float]:
    """What :func:`_difference` answers, from two sides that decide otherwise than ``x`` and have the same slope.

    Where it jumps, the slopes over half the way are twice as large.
    """
    middle, rounding = peek(x), abs(here.value) * 2e-13 / h  # as there, of the shorter way, eight times, on two sides
    slopes = []
    for far in (middle + h, middle - h, middle + h / 2, middle - h / 2):
        near = middle + (far - middle) / 2
        ends = [_at(graph, {x: place}).value for place in (near, far)]
        slopes.append((4 * ends[0] - 3 * here.value - ends[1]) / (far - middle) if far != middle else math.nan)
    slope = sum(slopes) / len(slopes)
    smooth = max(slopes) - min(slopes) <= atol + rtol * abs(slope) + rounding
    return (2, slope, rounding) if smooth else (0, math.nan, 0.0)


def _agrees(gradient: float, difference: float, tolerance: float) -> bool:
    both_nan = gradient != gradient and difference != difference
    return gradient == difference or both_nan or abs(gradient - difference) <= tolerance


def _at(graph: Graph, leaves: dict[Value, float]) -> _Point:
    data = graph.evaluate(leaves)
    decisions = tuple(
        node.op.decisions(*(data[arg] if isinstance(arg, int) else arg for arg in node.args), data[node.number])
        for node in graph.nodes
        if node.op is not None
    )
    return _Point(data[graph.outputs[0]], decisions)
