"""Formulas of the table as expressions and small functions of arrays in a language."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence

from autodiff.language.primitives import CONDITIONS, PRIMITIVES
from autodiff.programs.languages import Language
from autodiff.programs.listing import Listing
from autodiff.programs.lowering import writer
from autodiff.table.operations import Operation

__all__ = ["Formula", "enclosed"]


def enclosed(text: str) -> str:
    """An expression as an operand: what is no name, number or call in brackets.

    >>> enclosed("x + y"), enclosed("f(x)"), enclosed("x")
    ('(x + y)', 'f(x)', 'x')
    """
    depth = 0
    for i, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 and (sign in " <>=" or (sign == "-" and i == 0)):
            return f"({text})"
    return text


class Formula:
    """A formula of a row, of its inputs and of ``out`` and ``up``, in a language."""

    def __init__(self, op: Operation, tree: ast.expr, language: Language) -> None:
        self.language = language
        self.listing = Listing()
        self.names = [*op.inputs, "out", "up"]
        places = [self.listing.leaf("input", i) for i in range(len(self.names))]
        self.result = writer(op, tree)(self.listing.emit, self.listing.const, *places)
        self.used = self._used()
        self.inputs = [name for i, name in enumerate(self.names) if places[i] in self.used]

    @property
    def primitives(self) -> set[str]:
        """The primitives in it, and "const" where there is a constant that has no digits."""
        found = {self.listing.instructions[place].op for place in self.used} - {"input", "const"}
        odd = any(
            self.listing.instructions[place].op == "const"
            and repr(float(self.listing.instructions[place].payload)) in self.language.constants
            for place in self.used
        )
        return found | ({"const"} if odd else set())

    @property
    def is_simple(self) -> bool:
        """Whether it is one call or one sign, so that it needs no function of its own."""
        found = [self.listing.instructions[place] for place in self.used]
        made = [each for each in found if each.op not in ("input", "const")]
        return len(made) <= 1 and not any(each.op in CONDITIONS or PRIMITIVES[each.op].arrays for each in made)

    def divides(self, names: Collection[str]) -> bool:
        """Whether it divides one number by another, where these inputs are numbers of the language's own."""
        numbers: set[int] = set()
        for place in sorted(self.used):
            op, args, payload = self.listing.instructions[place]
            if numbers.issuperset(args) if args else op == "const" or self.names[int(payload)] in names:
                numbers.add(place)
        return any(self.listing.instructions[place].op == "/" for place in numbers)

    def _used(self) -> dict[int, int]:
        """How often each instruction is read."""
        found = {self.result: 1}
        for place in range(len(self.listing.instructions) - 1, -1, -1):
            for arg in self.listing.instructions[place].args if place in found else ():
                found[arg] = found.get(arg, 0) + 1
        return found

    def text(self, operands: Sequence[str]) -> str:
        """The formula as one expression; ``operands`` stand for its ``inputs``."""
        return self._text(self.result, dict(zip(self.inputs, operands, strict=True)), {})

    def function(self, name: str) -> str:
        """The formula as a function of its ``inputs``."""
        texts = {each: each for each in self.inputs}
        named: dict[int, str] = {}
        lines = [f"def {name}({', '.join(self.inputs)}):"]
        for place in sorted(self.used):
            instruction = self.listing.instructions[place]
            if self.used[place] > 1 and instruction.args:
                text = self._text(place, texts, named)
                named[place] = f"t{len(named)}"
                lines.append(f"    {named[place]} = {text}")
        text = self._text(self.result, texts, named)
        if self.listing.instructions[self.result].op in CONDITIONS:
            text = self.language.as_number.format(text)
        # What a language says of x, it says of the first operand here.
        lines.append(f"    return {text}")
        return re.sub(r"\bx\.dtype\b", f"{self.inputs[0] if self.inputs else 'x'}.dtype", "\n".join(lines))

    def _text(self, place: int, texts: dict[str, str], named: dict[int, str]) -> str:
        op, args, payload = self.listing.instructions[place]
        if place in named:
            return named[place]
        if op == "input":
            return texts[self.names[int(payload)]]
        if op == "const":
            text = repr(float(payload))
            return self.language.constants.get(text, text)
        row = PRIMITIVES[op]
        found = []
        for i, arg in enumerate(args):
            text = self._text(arg, texts, named)
            inner = self.listing.instructions[arg].op
            if i < row.truths and inner not in CONDITIONS:
                text = self.language.as_truth.format(enclosed(text))
            elif i >= row.truths and inner in CONDITIONS:
                text = self.language.as_number.format(text)
            elif inner == "const" and row.arrays:
                text = self.language.array.format(text)
            found.append(text if "(" in row.spelled["numpy"] else enclosed(text))
        return self.language.primitives[op].format(*found)
