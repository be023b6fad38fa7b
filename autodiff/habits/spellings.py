"""Other words for the inputs of operations, which people bring from torch: ``clamp(x, min=0)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

__all__ = ["SPELLINGS", "heading"]


# For each operation the other word for an input, and the number that the input is where neither is given.
SPELLINGS: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "clamp": {"min": ("low", -inf), "max": ("high", inf)},
    "leaky_relu": {"negative_slope": ("slope", 0.01)},
}


def heading(
    name: str, parameters: Sequence[str], defaults: Mapping[str, float]
) -> tuple[str, list[str], dict[str, object]]:
    """How the parameters of a recorded function are written, the lines that read other words for them, and what
    those lines call.

    An input that has no default of its own may be left out, or be None, where it has another word; not all of them.

    >>> heading("leaky_relu", ["x", "slope"], {"slope": 0.01})[0]
    'x, slope=_slope, negative_slope=None'
    """
    words = SPELLINGS.get(name, {})
    fixed = {parameter: repr(number) for parameter, number in defaults.items()}
    if not words:
        return ", ".join(f"{each}={fixed[each]}" if each in fixed else each for each in parameters), [], {}
    usual = {each: defaults.get(each) for each, _ in words.values()}
    fixed |= {each: f"_{each}" for each in usual}
    signature = [f"{each}={fixed[each]}" if each in fixed else each for each in parameters]
    signature += [f"{word}=None" for word in words]  # by keyword alone they would cost a tenth of a recording
    lines = [
        f"    if {word} is not None: {each} = _either({each!r}, {each}, {word!r}, {word})"
        for word, (each, _) in words.items()
    ]
    if None in usual.values():
        both = ", ".join(usual)
        lines.append(f"    if {' or '.join(f'{each} is None' for each in usual)}: {both} = _filled({both})")
    space: dict[str, object] = {f"_{each}": default for each, default in usual.items()}
    return ", ".join(signature), lines, {**space, "_either": _either(name, usual), "_filled": _filled(name, words)}


def _either(name: str, usual: Mapping[str, float | None]) -> Callable[..., Any]:
    """What tells an input that was given by another word, and refuses one that was given by both."""

    def either(each: str, given: object, word: str, other: object) -> object:
        if given is not usual[each]:
            raise TypeError(f"{name} takes {each} or {word}=, which is another word for it, not both")
        return other

    return either


def _filled(name: str, words: Mapping[str, tuple[str, float]]) -> Callable[..., Any]:
    """What fills in the inputs that were left out, unless all were."""
    open_ends = [number for _, number in words.values()]

    def filled(*given: object) -> list[object]:
        if all(each is None for each in given):
            named = " or ".join(f"{each} ({word}=)" for word, (each, _) in words.items())
            raise TypeError(f"{name} needs {named}, or both; got neither")
        return [number if each is None else each for each, number in zip(given, open_ends, strict=True)]

    return filled
