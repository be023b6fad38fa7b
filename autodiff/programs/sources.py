"""A routine as straight-line source in a language: code a student could have written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from autodiff.language.primitives import CONDITIONS, PRIMITIVES
from autodiff.programs.languages import LANGUAGES, Language
from autodiff.programs.routine import Routine
from autodiff.recording.value import Value

__all__ = ["LANGUAGES", "Language", "emit", "identifiers", "told_apart"]


def identifiers(wanted: Sequence[str | None], letter: str, taken: set[str]) -> list[str]:
    """A name for each input or parameter, as close to its own as a language allows; no two alike.

    >>> identifiers(["x[0]", None, "class"], "x", {"class"})
    ['x_0', 'x1', 'class_']
    """
    found = []
    for i, name in enumerate(wanted):
        plain = re.sub(r"\W+", "_", name or "", flags=re.ASCII).strip("_")
        if not plain or plain[0].isdigit() or re.fullmatch(r"v\d+", plain):
            plain = f"{letter}{i}"
        while plain in taken:
            plain += "_"
        taken.add(plain)
        found.append(plain)
    return found


def emit(routine: Routine, language: Language, inputs: Sequence[str | None], params: Sequence[str | None]) -> str:
    """The source of a function ``program(x, p)`` of one sample: it answers the results, then the terms of the sums.

    ``inputs`` and ``params`` are the names of the leaves.
    """
    return _Writer(routine, language, inputs, params).text()


class _Writer:
    def __init__(
        self, routine: Routine, language: Language, inputs: Sequence[str | None], params: Sequence[str | None]
    ) -> None:
        self.routine, self.language = routine, language
        taken = set(language.reserved)
        self.leaves: Mapping[str, list[str]] = {
            "input": identifiers(inputs, "x", taken),
            "param": identifiers(params, "p", taken),
        }

    def text(self) -> str:
        """The whole: what is needed first, the function, a line for each instruction, the answer."""
        routine, language = self.routine, self.language
        lines = [self._line(place) for place in routine.order if routine[place].op != "const"]
        parts = [self._tuple([self._operand(place, array=True) for place in places]) for places in self._answers()]
        end = language.end.format(results=self._tuple(parts))
        return language.head(self._used()) + "\n".join([language.function, *lines, end, ""])

    def _answers(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return self.routine.results, self.routine.sums

    def _used(self) -> set[str]:
        """The primitives, and "const" where there is a constant that has no digits."""
        instructions = [self.routine[place] for place in self.routine.order]
        without_digits = {
            part.op for part in instructions if part.op == "const" and repr(part.payload) in self.language.constants
        }
        return {part.op for part in instructions if part.op != "const"} | without_digits

    def _line(self, place: int) -> str:
        op, args, payload = self.routine[place]
        if op in self.leaves:
            value = self.language.item.format(array="x" if op == "input" else "p", index=payload)
        else:
            row = PRIMITIVES[op]
            operands = [self._operand(arg, truth=i < row.truths, array=row.arrays) for i, arg in enumerate(args)]
            value = self.language.primitives[op].format(*operands)
        return self.language.line.format(target=self._name(place), value=value)

    def _name(self, place: int) -> str:
        op, _, payload = self.routine[place]
        return self.leaves[op][int(payload)] if op in self.leaves else f"v{place}"

    def _operand(self, place: int, truth: bool = False, array: bool = False) -> str:
        """An operand where a truth value or a number is wanted, and, of a number, an array or not."""
        op, _, payload = self.routine[place]
        if op in CONDITIONS:
            return self._name(place) if truth else self.language.as_number.format(self._name(place))
        text = self._constant(payload, array) if op == "const" else self._name(place)
        return self.language.as_truth.format(text) if truth else text

    def _constant(self, number: float, array: bool) -> str:
        text = repr(float(number))
        text = self.language.constants.get(text, text)
        if array and self.language.array != "{0}":
            return self.language.array.format(text)
        return f"({text})" if text.startswith("-") else text

    def _tuple(self, parts: Sequence[str]) -> str:
        return (self.language.single if len(parts) == 1 else self.language.tuple).format(", ".join(parts))


def told_apart(leaves: list[Value]) -> list[str | None]:
    """The leaves' names; those that several share with the scopes before them."""
    often = Counter(leaf.name for leaf in leaves)
    return [
        leaf.name
        if leaf.name is None or often[leaf.name] == 1 or leaf.scope is None
        else "_".join([*leaf.scope.path, leaf.name])
        for leaf in leaves
    ]
