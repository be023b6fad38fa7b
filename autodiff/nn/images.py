"""Images as lists of channels of rows, and which of their cells a sliding window meets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.nn.nests import cells, depth, is_nest, one_by_one, shape

__all__ = ["Image", "each_channel", "taps"]

Taps = list[tuple[int, int]]  # (position in the kernel, position in the image)


class Image:
    """Channels of one size, checked."""

    def __init__(self, channels: list[Any], size: tuple[int, int]) -> None:
        self.channels, self.size = channels, size

    @classmethod
    def of(cls, image: Any, taker: object, channels: int) -> Image:
        """An image of so many channels; of one, the rows alone will do."""
        image = _lists(image, taker)
        found = shape(image)
        if found is not None and len(found) == 2 and channels == 1:
            image, found = [image], (1, *found)
        if found is None:
            raise ValueError(f"{taker} takes an image whose rows are of one length, and whose channels of one size")
        if len(found) > 3 or (len(found) == 3 and channels == 1 and found[0] > 1):
            raise ValueError(one_by_one(taker, image))
        if len(found) != 3 or found[0] != channels or 0 in found:
            raise ValueError(f"{taker} takes an image of {channels} channels of rows, got the shape {found}")
        return cls(image, (found[1], found[2]))

    def products(self, weights: list[list[list[Any]]], rows: Taps, columns: Taps) -> list[Any]:
        """Weight times cell, wherever the window lies on the image: channel by channel, row by row."""
        return [
            kernel[i][j] * channel[row][column]
            for kernel, channel in zip(weights, self.channels, strict=True)
            for i, row in rows
            for j, column in columns
        ]


def taps(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int = 1) -> list[Taps]:
    """For each window along one axis, which kernel position meets which cell; ``ValueError`` when none fits.

    ``padding`` is that before the first cell and that after the last one.
    """
    before, after = padding
    span = dilation * (kernel - 1) + 1
    count = (size + before + after - span) // stride + 1
    if count < 1:
        spread = f" spread over {span}" if dilation > 1 else ""
        raise ValueError(f"a kernel of {kernel} cells{spread} does not fit an image of {size} (padding={before})")
    starts = [window * stride - before for window in range(count)]
    cells = range(kernel)
    return [[(k, start + k * dilation) for k in cells if 0 <= start + k * dilation < size] for start in starts]


def each_channel(function: Callable[[Any], Any], image: Any, taker: object) -> Any:
    """``function`` of each channel of an image, or of a list of rows itself."""
    image = _lists(image, taker)
    if depth(image) > 3:
        raise ValueError(one_by_one(taker, image))
    rows = image[0] if image else image
    return [function(channel) for channel in image] if rows and is_nest(rows[0]) else function(image)


def _lists(image: Any, taker: object) -> list[Any]:
    kind = type(image).__name__
    rows = cells(image)
    if not isinstance(rows, list):
        raise TypeError(f"{taker} takes an image, a list of channels of rows; got {kind}")
    if not all(isinstance(part, list) for part in rows):
        raise TypeError(f"{taker} takes an image, a list of channels of rows; got {kind} of single Values")
    return rows
