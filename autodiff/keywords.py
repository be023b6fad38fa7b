"""Keywords of other libraries that a function of ours lacks: each is answered with what to write here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["lacking"]

P = ParamSpec("P")
R = TypeVar("R")


def lacking(owner: str, **answers: tuple[object, str]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For each keyword that ``owner`` lacks the value that says nothing, which is let pass, and what to do instead.

    >>> @lacking("half", groups=(1, "call it for each group"))
    ... def half(x):
    ...     return x / 2
    >>> half(3, groups=1)
    1.5
    >>> half(3, groups=2)
    Traceback (most recent call last):
    ...
    TypeError: half has no groups=: call it for each group
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def called(*args: P.args, **keywords: P.kwargs) -> R:
            for name in answers.keys() & keywords.keys():
                usual, answer = answers[name]
                given = keywords.pop(name)
                if type(given) is not type(usual) or given != usual:
                    raise TypeError(f"{owner} has no {name}=: {answer}")
            return function(*args, **keywords)

        return called

    return decorate
