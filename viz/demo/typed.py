"""What people type for the command: numbers of names, grids, gradients; what is wrong is said with an example."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice

from autodiff.ground.text import quoted
from viz.demo.network import WEIGHTS
from viz.ink.theme import numeral

__all__ = ["assignments", "numbers", "one_number", "upstream"]


def assignments(texts: Sequence[str]) -> dict[str, float]:
    """The numbers of ``a=2 b=-3``, by name; ``ValueError`` for another form, or a name that stands twice."""
    found: dict[str, float] = {}
    for name, value in map(_assignment, texts):
        if name in found:
            raise ValueError(f"'{name}' is given two numbers, {numeral(found[name])} and {numeral(value)}")
        found[name] = value
    return found


def _assignment(text: str) -> tuple[str, float]:
    name, sign, digits = text.partition("=")
    try:
        if sign and name.strip().isidentifier():
            return name.strip(), float(digits)
    except ValueError:
        pass
    raise ValueError(f"{quoted(text)} is not of the form name=number, such as a=2")


def numbers(text: str, option: str) -> list[list[float]]:
    """The rows of ``3 0 4; 2 0 1``; ``ValueError`` names the ``option`` where they are no numbers."""
    rows = [row.replace(",", " ").split() for row in text.split(";") if row.strip()]
    example = f"{option} takes numbers, rows separated by ';', such as '3 0 4; 2 0 1'"
    try:
        numbers = [[float(entry) for entry in row] for row in rows]
    except ValueError as error:
        raise ValueError(f"{example}: {error}") from None
    if not numbers:
        raise ValueError(f"{example}; got none")
    return numbers


def upstream(text: str | None, rows: int, columns: int) -> list[float]:
    """What each output is multiplied by: the user's own numbers, in the shape of the outputs or in a row."""
    count = rows * columns
    if text is None:
        return list(islice(cycle(WEIGHTS), count))
    given = numbers(text, "--upstream")
    shape = [len(row) for row in given]
    if shape not in ([columns] * rows, [count]):
        raise ValueError(f"--upstream takes {rows} by {columns} numbers, one for each output; got rows of {shape}")
    return [number for row in given for number in row]


def one_number(text: str) -> float:
    """The one number of ``--upstream``, where there is one output; ``ValueError`` for more."""
    given = numbers(text, "--upstream")
    if [len(row) for row in given] != [1]:
        raise ValueError("an expression has one result: --upstream takes one number")
    return given[0][0]
