"""The script, the style and the shell of a network's page: what it shares with the stepper's, and what is its own."""

from __future__ import annotations

import re
from functools import cache

from autodiff.programs.javascript import functions
from viz.page.html import shell as stepper_shell
from viz.page.html import static
from viz.page.squeezing import shortened, squeezed

__all__ = ["OWN", "SHARED", "START", "css", "module", "shell", "short_names"]

SHARED = (
    "numbers.js",
    "engine.js",
    "telling.js",
    "arithmetic.js",
    "quiz.js",
    "state.js",
    "around.js",
    "dom.js",
    "shell.js",
    "panels.js",
)
OWN = (
    "flat.js",
    "units.js",
    "pools.js",
    "walking.js",
    "words.js",
    "inside.js",
    "plan.js",
    "cells.js",
    "board.js",
    "explore.js",
)

START = """
const told = JSON.parse(document.querySelector("#told").textContent);
explore(document.querySelector("#stepper"), told.data, { ...told, page: true });
around.settle();
"""


@cache
def module(used: frozenset[str] | None = None) -> str:
    """The page's JavaScript module: the stepper's engine, and on it the network's own scripts.

    ``used`` are the primitives that its formulas use (None: all).
    """
    return squeezed(functions(used)) + "".join(squeezed(text, short_names()) for text in _texts())


@cache
def short_names() -> dict[str, str]:
    """The short names of all its scripts together."""
    return shortened(_texts(), re.findall(r"\w+", functions() + START))


def _texts() -> list[str]:
    return [*map(static, SHARED), *map(_own, OWN)]


@cache
def css() -> str:
    """What its style sheet adds to the stepper's."""
    return _own("explore.css")


@cache
def shell() -> str:
    """The stepper's bar, its question and its keys, around places of its own."""
    bar, _, rest = stepper_shell().partition('<div class="gr-main">')
    ask = (
        '<div class="gr-predict"'
        + rest.partition('<div class="gr-predict"')[2].partition("</form>")[0]
        + "</form></div>"
    )
    tail = '<div class="gr-tip"' + rest.partition('<div class="gr-tip"')[2]
    own = _own("explore.html").replace("\n", "")
    return bar + own.replace("{ask}", ask) + tail


def _own(name: str) -> str:
    return static(name, "viz.netpage")
