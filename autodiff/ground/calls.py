"""How a thing shows itself: as the call that makes one like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from autodiff.ground.text import quoted

__all__ = ["Named", "call", "fields_of"]


class Named(str):
    """Something that shows itself by its name alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def fields_of(thing: Any) -> str:
    r"""The ``repr`` of a dataclass: its fields in order, of whose texts nothing stays unseen.

    >>> from dataclasses import make_dataclass
    >>> print(fields_of(make_dataclass("Point", ["x", "name"])(1.0, "a\ufe0f")))
    Point(x=1.0, name='a\ufe0f')
    """
    parts = (f"{each.name}={quoted(getattr(thing, each.name))}" for each in fields(thing))
    return f"{type(thing).__qualname__}({', '.join(parts)})"


def call(maker: Callable[..., Any], argument: Callable[[str], Any], omit: str = "") -> str:
    """The call of ``maker`` with what ``argument`` answers for each name, but for what is the usual value anyway.

    A pair of the usual number is usual, too. ``omit`` is an argument of which nothing is kept.

    >>> call(lambda size, stride=1, *, name=None: ..., {"size": 3, "stride": (1, 1), "name": "a"}.get)
    "<lambda>(3, name='a')"
    """
    from inspect import signature

    parts = []
    for name, parameter in signature(maker).parameters.items():
        if name == omit:
            continue
        value = argument(name)
        if parameter.default is parameter.empty:
            parts.append(quoted(value))
        elif value not in (parameter.default, (parameter.default, parameter.default)):
            parts.append(f"{name}={quoted(value)}")
    return f"{maker.__name__}({', '.join(parts)})"
