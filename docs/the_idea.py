"""The whole idea in a hundred lines: a number that remembers how it was computed, and a gradient that walks back.

The names and rules are those of ``autodiff``, and so are the results, to the last bit (``tests/test_the_idea.py``).
What ``autodiff`` adds: 48 operations, each one row of a table; derivatives of derivatives; names, messages, speed.

>>> x = [Value(v) for v in (3, 0, 4, 2, 0)]
>>> p = max_pool1d(x, kernel_size=3, stride=2)  # two windows; both contain the 4
>>> (0.7 * p[0] + 0.9 * p[1]).backward()
>>> [v.grad for v in x]  # only a winner has a path back; what two windows send it adds up
[None, None, 1.6, None, None]
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import count

tick = count().__next__


class Value:
    """A number, the Values it was computed from, and its slope in each of them: None where there is no path."""

    def __init__(self, data: float, parents: Sequence[Value] = (), slopes: Sequence[float | None] = ()) -> None:
        self.data = float(data)
        self.parents, self.slopes = parents, slopes
        self.born = tick()  # a Value is younger than all it was computed from: age is a topological order
        self.grad: float | None = None  # None: nothing has arrived

    # Forwards: every operation computes its number, and writes down its slopes while it knows the operands.

    def __add__(self, other: Value | float) -> Value:
        x, y = self, value(other)
        return Value(x.data + y.data, (x, y), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        x, y = self, value(other)
        return Value(x.data * y.data, (x, y), (y.data, x.data))

    def __neg__(self) -> Value:
        return Value(-self.data, (self,), (-1.0,))

    def __sub__(self, other: Value | float) -> Value:
        x, y = self, value(other)
        return Value(x.data - y.data, (x, y), (1.0, -1.0))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self) -> Value:
        """The number itself where it is positive; else 0, and no path."""
        on = self.data > 0
        return Value(self.data if on else 0.0, (self,), (1.0 if on else None,))

    # Backwards: from the youngest to the oldest, each Value hands its gradient on, times the slope.

    def backward(self, upstream: float = 1.0) -> None:
        """Send the gradient to all that this Value was computed from: leaves keep what they had, and add."""
        flows = {self: upstream}
        for node in sorted(ancestors(self), key=lambda node: node.born, reverse=True):
            flow = flows.get(node)  # complete: whatever uses this node is younger, and has had its turn
            if flow is not None:
                for parent, slope in zip(node.parents, node.slopes, strict=True):
                    if slope is not None:  # no path: nothing is multiplied, so not even an infinity leaks through
                        sent = slope * flow
                        flows[parent] = flows[parent] + sent if parent in flows else sent
            if node.parents or node.grad is None:
                node.grad = flow
            elif flow is not None:
                node.grad += flow


def value(x: Value | float) -> Value:
    """A Value as it is, a number as a leaf."""
    return x if isinstance(x, Value) else Value(x)


def ancestors(output: Value) -> set[Value]:
    """All that a Value was computed from, and itself; without recursion, so that a graph may be deep."""
    seen, stack = {output}, [output]
    while stack:
        new = set(stack.pop().parents) - seen
        seen |= new
        stack += new
    return seen


def maximum(x: Value, y: Value) -> Value:
    """The larger one. It gets the whole gradient, the other has no path; on a tie the first wins, as the first nan."""
    first = x.data >= y.data or x.data != x.data
    return Value(x.data if first else y.data, (x, y), (1.0, None) if first else (None, 1.0))


def max_pool1d(cells: Sequence[Value], kernel_size: int, stride: int) -> list[Value]:
    """The maximum of each window, as a chain of binary maxima: so the first maximum of a window wins."""
    starts = range(0, len(cells) - kernel_size + 1, stride)
    return [reduce(maximum, cells[start : start + kernel_size]) for start in starts]


if __name__ == "__main__":
    x = [Value(v) for v in (3, 0, 4, 2, 0)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    score = 0.7 * p[0] + 0.9 * p[1]
    score.backward()
    print("windows won:", [v.data for v in p], "   gradients:", [v.grad for v in x])
