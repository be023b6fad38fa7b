"""Convolution and pooling layers, with torch's keywords and arithmetic.

An image is a list of channels, each a list of rows of Values (or numbers); NumPy arrays of that shape are taken, too.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from autodiff.ground.sizes import count, counts
from autodiff.ground.text import quoted
from autodiff.habits.answers import lacking
from autodiff.nn.images import Image, each_channel, taps
from autodiff.nn.names import indexed
from autodiff.nn.parts import Part, Rng, drawing, drawn, inputs, total
from autodiff.pooling import Pair, avg_pool2d, max_pool2d
from autodiff.recording.scopes import scope
from autodiff.recording.value import Value

__all__ = ["AvgPool2d", "Conv2d", "MaxPool2d"]


class Conv2d(Part):
    """A convolution (as in torch: a sliding sum of products) of an image with ``out_channels`` filters.

    An image is a list of ``in_channels`` channels, each a list of rows; for one channel it may also be the list
    of rows alone. The result is a list of ``out_channels`` channels. ``kernel_size``, ``stride``, ``padding`` and
    ``dilation`` are whole numbers or pairs (rows, columns); padding counts as 0 and makes no nodes. It may also be
    "valid", none, or "same", as much as gives the result the image's size, where of an odd number the last row and
    column get one more; then the stride is 1. ``weight[o][c][i][j]`` and ``bias[o]`` are drawn within
    ±1/sqrt(in_channels * kernel area); ``rng`` and ``name`` as for :class:`Linear`.
    Wrong numbers, and images of another shape, raise ``ValueError``; images of other things, and keywords of torch
    that are not here, ``TypeError``.

    >>> image = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]
    >>> conv = Conv2d(1, 1, kernel_size=2, bias=False)
    >>> conv.load_state_dict({"weight": [[[[1.0, 0.0], [0.0, -1.0]]]]})
    >>> [[v.data for v in row] for row in conv(image)[0]]
    [[-4.0, -4.0], [-4.0, -4.0]]
    """

    @lacking("Conv2d")
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        bias: bool = True,
        rng: Rng = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name, "conv")
        self.in_channels, self.out_channels = count("in_channels", in_channels), count("out_channels", out_channels)
        self.kernel_size, self.stride = counts("kernel_size", kernel_size, 1), counts("stride", stride, 1)
        self.padding = padding if isinstance(padding, str) else counts("padding", padding, 0)
        self.dilation = counts("dilation", dilation, 1)
        self._padded()
        cells = self.in_channels * self.kernel_size[0] * self.kernel_size[1]
        draw, names = drawing(rng, cells), iter(self._names())
        with self.scope:
            self.filters = [scope(f"filter {i}") for i in range(self.out_channels)]
            self.weight = [self._folded(drawn(unit, islice(names, cells), draw)) for unit in self.filters]
            self.bias = (
                [value for unit in self.filters for value in drawn(unit, islice(names, 1), draw)] if bias else None
            )
        self._seat_parameters()

    def _names(self) -> list[str]:
        weights = indexed("w", (self.out_channels, self.in_channels, *self.kernel_size), 2, self.place)
        return [*weights, *indexed("b", (self.out_channels,), 0, self.place)]

    def _padded(self) -> list[tuple[int, int]]:
        """How much padding stands before and after each axis."""
        if not isinstance(self.padding, str):
            return [(number, number) for number in self.padding]
        if self.padding not in ("same", "valid"):
            raise ValueError(f'padding is a number, a pair, "same" or "valid"; got {quoted(self.padding)}')
        if self.padding == "valid":
            return [(0, 0), (0, 0)]
        if self.stride != (1, 1):
            raise ValueError(f'padding="same" is for a stride of 1, got stride={self.stride}')
        spans = [step * (kernel - 1) for step, kernel in zip(self.dilation, self.kernel_size, strict=True)]
        return [(span // 2, span - span // 2) for span in spans]

    def _folded(self, weights: list[Value]) -> list[list[list[Value]]]:
        numbers, (down, across) = iter(weights), self.kernel_size
        return [[[next(numbers) for _ in range(across)] for _ in range(down)] for _ in range(self.in_channels)]

    def __call__(self, image: Any) -> list[list[list[Value]]]:
        grid = Image.of(image, self, self.in_channels)
        inputs(grid.channels, self.seating)
        down, across = (
            taps(*numbers)
            for numbers in zip(grid.size, self.kernel_size, self.stride, self._padded(), self.dilation, strict=True)
        )
        out = []
        for number, weights in enumerate(self.weight):
            with self.scope, self.filters[number]:
                bias = self.bias[number] if self.bias else None
                out.append([[total(grid.products(weights, row, column), bias) for column in across] for row in down])
        return self._units(out)


class MaxPool2d(Part):
    """:func:`autodiff.max_pool2d` of every channel of an image, with its keywords; a list of rows gives one.

    >>> pool = MaxPool2d(2)
    >>> [[v.data for v in row] for row in pool([[1.0, 2.0], [3.0, 4.0]])]
    [[4.0]]
    """

    @lacking("MaxPool2d")
    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        ceil_mode: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name, "max pool")
        self.keywords: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
        self.keywords |= {"dilation": dilation, "ceil_mode": ceil_mode}

    def __call__(self, image: Any) -> Any:
        with self.scope:
            return each_channel(lambda channel: max_pool2d(channel, **self.keywords), image, self)

    def _argument(self, name: str) -> Any:
        return self.keywords[name] if name in self.keywords else super()._argument(name)


class AvgPool2d(Part):
    """:func:`autodiff.avg_pool2d` of every channel of an image, with its keywords; a list of rows gives one.

    >>> pool = AvgPool2d(2)
    >>> [[v.data for v in row] for row in pool([[1.0, 2.0], [3.0, 4.0]])]
    [[2.5]]
    """

    @lacking("AvgPool2d")
    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name, "avg pool")
        self.keywords: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
        self.keywords |= {"ceil_mode": ceil_mode, "count_include_pad": count_include_pad}

    def __call__(self, image: Any) -> Any:
        with self.scope:
            return each_channel(lambda channel: avg_pool2d(channel, **self.keywords), image, self)

    def _argument(self, name: str) -> Any:
        return self.keywords[name] if name in self.keywords else super()._argument(name)
