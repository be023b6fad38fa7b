"""Sizes, strides and paddings: whole numbers that a function is given by name, one or a pair of them."""

from __future__ import annotations

from operator import index
from typing import Any

from autodiff.ground.text import quoted

__all__ = ["count", "counts", "pair", "whole"]


def whole(name: str, number: Any) -> int:
    """A whole number that was asked for by ``name``; ``ValueError`` when it is none."""
    if isinstance(number, (list, tuple)) and len(number) == 1:
        number = number[0]
    try:
        return index(number)
    except TypeError:
        raise ValueError(f"{name} must be a whole number, got {quoted(number)}") from None


def pair(name: str, number: Any) -> tuple[int, int]:
    """One whole number for both axes, or a pair (rows, columns); else ``ValueError``."""
    if isinstance(number, (list, tuple)):
        if len(number) != 2:
            raise ValueError(f"{name} must be one whole number or a pair (rows, columns), got {quoted(number)}")
        return whole(name, number[0]), whole(name, number[1])
    return whole(name, number), whole(name, number)


def count(name: str, number: Any) -> int:
    """A whole number of at least 1 that was asked for by ``name``; else ``ValueError``."""
    return _least(name, whole(name, number), 1)


def counts(name: str, numbers: Any, least: int) -> tuple[int, int]:
    """One whole number for both axes or a pair, none below ``least``; else ``ValueError``."""
    down, across = pair(name, numbers)
    return _least(name, down, least), _least(name, across, least)


def _least(name: str, number: int, least: int) -> int:
    if number < least:
        raise ValueError(f"{name} must be at least {least}, got {number}")
    return number
