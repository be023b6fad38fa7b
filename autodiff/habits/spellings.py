"""Other words for the inputs of operations, which people bring from torch: ``clamp(x, min=0)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import inf
from types import FunctionType
from typing import Any

from autodiff.habits.answers import refuse

__all__ = ["SPELLINGS", "Head", "any_number", "heading", "unlisted"]


# For each operation the other word for an input, and the number that the input is where neither is given.
SPELLINGS: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "clamp": {"min": ("low", -inf), "max": ("high", inf)},
    "leaky_relu": {"negative_slope": ("slope", 0.01)},
}


# Words of torch's that say something else than an input: None or False lets them pass, all else is refused.
_REFUSED = dict.fromkeys(("relu", "leaky_relu", "elu", "silu"), ("inplace",))

Read = tuple[str, list[str], dict[str, object]]
Head = Callable[[str, Sequence[str], Mapping[str, float]], Read]


def heading(name: str, parameters: Sequence[str], defaults: Mapping[str, float]) -> Read:
    """How the parameters of a recorded function are written, the lines that read other words for them, and what
    those lines call.

    An input that has no default of its own may be left out, or be None, where it has another word; not all of them.

    >>> heading("leaky_relu", ["x", "slope"], {"slope": 0.01})[0]
    'x, slope=_slope, negative_slope=None, inplace=None'
    """
    words = SPELLINGS.get(name, {})
    fixed = {parameter: repr(number) for parameter, number in defaults.items()}
    refused = _REFUSED.get(name, ())
    usual = {each: defaults.get(each) for each, _ in words.values()}
    fixed |= {each: f"_{each}" for each in usual}
    head = [f"{each}={fixed[each]}" if each in fixed else each for each in parameters]
    head += [f"{word}=None" for word in (*words, *refused)]  # by keyword alone they would cost a tenth of a recording
    lines = [
        f"    if {word} is not None: {each} = _either({each!r}, {each}, {word!r}, {word})"
        for word, (each, _) in words.items()
    ]
    lines += [f"    if {word}: _refuse({name!r}, {{{word!r}: {word}}}, {parameters!r})" for word in refused]
    if None in usual.values():
        both = ", ".join(usual)
        lines.append(f"    if {' or '.join(f'{each} is None' for each in usual)}: {both} = _filled({both})")
    space: dict[str, object] = {f"_{each}": default for each, default in usual.items()}
    if lines:
        space |= {"_either": _either(name, usual), "_filled": _filled(name, words), "_refuse": refuse}
    return ", ".join(head), lines, space


def any_number(fold: Callable[..., Any], alone: Callable[..., Any]) -> Head:
    """The heading of a function of any number of operands: of more than two ``fold`` is called from the left, of one
    or none ``alone``, which also gets foreign keywords where it is one that answers them.
    """
    asks = hasattr(alone, "__wrapped__")

    def heading(name: str, parameters: Sequence[str], defaults: object) -> Read:
        x, y = parameters
        reading = ["    if _words: _alone(**_words)"] * asks
        reading += [f"    if _more: return _reduce(_fold, _more, _fold({x}, {y}))"]
        reading += [f"    if {y} is _lacking: return _alone() if {x} is _lacking else _alone({x})"]
        space = {"_lacking": object(), "_reduce": reduce, "_fold": fold, "_alone": alone}
        return f"{x}=_lacking, {y}=_lacking, /, *_more{', **_words' * asks}", reading, space

    return heading


def unlisted(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose signature does not show the words that it only refuses."""
    refused = len(_REFUSED.get(function.__name__, ()))
    if refused and isinstance(function, FunctionType):
        code, given = function.__code__, function.__defaults__ or ()
        shown = code.replace(co_argcount=code.co_argcount - refused)  # they come last; nobody calls what is shown
        vars(function)["__wrapped__"] = FunctionType(shown, {}, function.__name__, given[:-refused])
    return function


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
