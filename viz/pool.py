"""The grid picture of pooling: windows, winners, and the gradient routed back to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any

from autodiff import Value, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d, routes
from autodiff.pooling import read_once
from viz.picture import Picture
from viz.poolpicture import picture
from viz.theme import Theme

POOLS = {"max": (max_pool1d, max_pool2d), "avg": (avg_pool1d, avg_pool2d)}


def pool(
    cells: Any,
    outputs: Any = None,
    *,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    kind: str = "max",
    upstream: Any = None,
    theme: str | Theme = "light",
) -> Picture:
    """Draw a pool as grids: the input with its windows and winners, the output, and the gradient on its way back.

    ``cells`` is a list, or a list of rows, of numbers or Values. Given alone, it is pooled here (on copies: your
    Values stay as they are), and ``upstream``, one number for each output (1 by default), is sent back. Given
    ``outputs``, what ``max_pool1d`` or ``max_pool2d`` answered for these Values, the picture shows the gradients
    that ``backward()`` left there. The keywords are torch's; ``kind`` is "max" or "avg". Wrong numbers, and
    grids of more than 16 by 16, raise ``ValueError``.

    >>> picture = pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, upstream=[0.7, 0.9])
    >>> picture.save_png("pool.png")  # doctest: +SKIP
    """
    if kind not in POOLS:
        raise ValueError(f"kind must be 'max' or 'avg', got {kind!r}")
    if kind == "avg" and dilation != 1:
        raise ValueError("an average pool has no dilation")
    window: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
    if kind == "max":
        window["dilation"] = dilation
    if outputs is None:
        cells, outputs = _pooled(cells, kind, window, upstream)
    elif upstream is not None:
        raise ValueError("outputs bring their own gradients: give either outputs or upstream")
    return picture(routes(kind, cells, outputs, **window), theme)


def _pooled(cells: Any, kind: str, window: dict[str, Any], upstream: Any) -> tuple[Any, Any]:
    """The cells as leaves of their own, and their pool's outputs after the backward pass."""
    cells, flat = read_once(cells)
    fresh: Any = [_leaf(x) for x in cells] if flat else [[_leaf(x) for x in row] for row in cells]
    outputs = POOLS[kind][0 if flat else 1](fresh, **window)
    every = list(outputs) if flat else [output for row in outputs for output in row]
    sent = [1.0] * len(every) if upstream is None else _flattened(upstream)
    if len(sent) != len(every):
        raise ValueError(f"upstream needs one number for each of the {len(every)} outputs, got {len(sent)}")
    reduce(add, [weight * output for weight, output in zip(sent, every, strict=True)]).backward()
    return fresh, outputs


def _leaf(x: Any) -> Value:
    return x.detach() if isinstance(x, Value) else Value(x)


def _flattened(numbers: Any) -> list[Any]:
    return [x for row in numbers for x in (row if isinstance(row, Iterable) else [row])]
