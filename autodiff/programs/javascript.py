"""What JavaScript lacks: an error function, and a power as in C. For written-out programs and for the page."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator

from autodiff.language.ieee import ERFC_LINES, horner
from autodiff.language.primitives import PRIMITIVES, Primitive

__all__ = ["functions", "helpers"]


def _lines(text: str) -> str:
    """Assignments and a return as the body of a function."""
    return "".join(f"  {line if line.startswith('return') else f'const {line}'};\n" for line in text.splitlines())


# erf(x) / x - 1 in powers of x^2: 2/sqrt(pi) less 1, then what follows in the series.
_SERIES = [0.1283791670955126] + [
    (-1) ** n * 2 / math.sqrt(math.pi) / (math.factorial(n) * (2 * n + 1)) for n in range(1, 14)
]
_POWER = """\
function power(x, y) {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y); // as in C
}
"""
_ERF = f"""\
function erf(x) {{
  if (Math.abs(x) > 0.5) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  const z = x * x;
  return x + x * ({horner("z", _SERIES[::-1])});
}}
"""
_ERFC = """\
function erfc(x) {
  if (x > 0.5) return x > 27.3 ? 0 : erfcTail(x);
  return x < -0.5 ? 2 - erfc(-x) : 1 - erf(x);
}
"""
_ERFC_TAIL = f"""\
function erfcTail(x) {{
  const {{ exp, expm1 }} = Math;
{_lines(ERFC_LINES)}}}
"""

HELPERS = {"power": _POWER, "erf": _ERF, "erfc": _ERFC, "erfcTail": _ERFC_TAIL}  # by the names that they define


def _called(text: str) -> set[str]:
    """The functions that a text calls, but for those of an object such as ``Math``."""
    return {*re.findall(r"(?<![.\w])([A-Za-z_]\w*)\(", text)}


def _checked(row: Primitive) -> set[str]:
    text = row.spelled["javascript"]
    if missing := _called(text) - HELPERS.keys():
        raise NotImplementedError(
            f"the primitive '{row.name}' is spelled {text}, but JavaScript has no {', '.join(missing)}; HELPERS may"
        )
    return _called(text)


_NEEDED = {name: _checked(row) for name, row in PRIMITIVES.items()}


def helpers(used: Collection[str]) -> Iterator[str]:
    """The text of every function that these primitives need."""
    names = {name for op in used if op in _NEEDED for name in _NEEDED[op]}
    while more := {name for known in names for name in _called(HELPERS[known]) & HELPERS.keys()} - names:
        names |= more
    return (text for name, text in HELPERS.items() if name in names)


def functions(used: Collection[str] | None = None) -> str:
    """The primitives, or those of them that are used, as an object of functions of numbers, with what they need."""
    names = PRIMITIVES.keys() if used is None else PRIMITIVES.keys() & used
    entries = "".join(f"  {name!r}: {_function(name)},\n" for name in sorted(names))
    return "\n".join([*helpers(names), f"const primitives = {{\n{entries}}};\n"])


def _function(name: str) -> str:
    row = PRIMITIVES[name]
    letters = "abcdefgh"[: row.arity]
    operands = [f"({letter} !== 0)" if place < row.truths else letter for place, letter in enumerate(letters)]
    text = row.spelled["javascript"].format(*operands)
    return f"({', '.join(letters)}) => {f'Number({text})' if row.condition else text}"
