"""Ten real handwritten digits, one of each class, for pictures and examples.

They are 8×8 images of E. Alpaydin, C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning
Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0; ``data/README.md`` says more.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from autodiff.ground.text import quoted

__all__ = ["digit"]


FULL_INK = 16  # the largest pixel of the set

Image = tuple[tuple[float, ...], ...]


def digit(label: int) -> list[list[float]]:
    """The handwritten digit ``label``: eight rows of eight pixels, from 0 (paper) to 1 (ink).

    >>> for row in digit(1):
    ...     print("".join("#" if pixel > 0.5 else "-" for pixel in row))
    ----##--
    ----##--
    ---###--
    -####---
    ----#---
    ----#---
    ----##--
    ----#---

    Every call returns new lists, free to be changed.
    """
    if label not in range(10):
        raise ValueError(f"there is one handwritten digit for each of 0, 1, ..., 9, and none for {quoted(label)}")
    return [list(row) for row in _images()[label]]


@cache
def _images() -> dict[int, Image]:
    text = (files("viz.demo") / "data" / "digits.json").read_text(encoding="utf-8")
    return {entry["label"]: _scaled(entry["pixels"]) for entry in json.loads(text)["digits"]}


def _scaled(pixels: list[list[int]]) -> Image:
    return tuple(tuple(pixel / FULL_INK for pixel in row) for row in pixels)
