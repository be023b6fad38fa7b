"""Names as they are written by hand: ``theta_1`` is θ₁, ``W_{01}`` is W₀₁, ``x^2`` is x². One grammar for all.

name = letters [digits] {mark} {"[" index "]"}, with at most one mark of each kind: ``_`` lowers, ``^`` raises. Lowered
or raised is what stands in braces, a number, or a single letter, which is lowered after a single one (or a Greek one):
``x_i``, but not ``grad_x``. A Greek letter is spelled in full, as a whole part between underscores: ``alpha``,
``grad_theta``, ``lambda_``; ``xi`` stays, for in a loop it is x of i. Whatever else a name is, and what has no signs
of its own, stays as it was typed.

The signs are characters as large as the others, so that no picture has letters too small to read, and all say the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import NamedTuple

__all__ = ["LOWERED", "RAISED", "in_letters", "in_mathml"]

_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu pi rho sigma tau upsilon phi chi psi omega"
)
_LARGE = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
GREEK: Mapping[str, str] = {
    **dict(zip(_SMALL.split(), "αβγδεζηθικλμνπρστυφχψω", strict=True)),
    **dict(zip(_LARGE.split(), "ΓΔΘΛΞΠΣΥΦΨΩ", strict=True)),
}
LOWERED: Mapping[str, str] = dict(
    zip("0123456789+-=()aeoxhklmnpstiruvj", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜᵢᵣᵤᵥⱼ", strict=True)
)
RAISED: Mapping[str, str] = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ",
        strict=True,
    )
)
_SIGNS = {"_": {**LOWERED, ",": ","}, "^": {**RAISED, ",": ","}}
_NAME = re.compile(
    r"(?P<word>[^\W\d_]+)(?P<digits>\d*)(?P<marks>(?:_(?:\{[^{}]+\}|\d+|[^\W\d_])|\^(?:\{[^{}]+\}|-?\d+|[^\W\d_]))*)"
    r"(?P<rest>(?:\[[^][]*\])*)"
)
_SNAKE = re.compile(r"(\w+)((?:\[[^][]*\])*)")
_MARK = re.compile(r"([_^])(?:\{([^{}]+)\}|(-?\d+|[^\W\d_]))")


class _Parts(NamedTuple):
    """A name taken apart; ``lower`` and ``upper`` are what is lowered and raised, as it was typed."""

    base: str
    lower: str = ""
    upper: str = ""
    rest: str = ""


def in_letters(name: str) -> str:
    """The name in letters: Greek ones, lowered and raised ones; as it was typed where it is none of the grammar.

    >>> [in_letters(name) for name in ("theta_1", "W_{01}", "x^2", "w_{t-1}", "grad_output", "alpha")]
    ['θ₁', 'W₀₁', 'x²', 'wₜ₋₁', 'grad_output', 'α']
    """
    base, lower, upper, rest = _taken_apart(name)
    return f"{base}{_with('_', lower)}{_with('^', upper)}{rest}"


def in_mathml(name: str) -> str:
    """The name as MathML, with what is lowered and raised as its own parts.

    >>> in_mathml("theta_1"), in_mathml("grad_output")
    ('<msub><mi>θ</mi><mn>1</mn></msub>', '<mi>grad_output</mi>')
    """
    base, lower, upper, rest = _taken_apart(name)
    parts = "".join(map(_part, filter(None, (lower, upper))))
    tag = "m" + "sub" * bool(lower) + "sup" * bool(upper)
    markup = f"<mi>{escape(base)}</mi>"
    markup = f"<{tag}>{markup}{parts}</{tag}>" if parts else markup
    return f"<mrow>{markup}<mtext>{escape(rest)}</mtext></mrow>" if rest else markup


def _part(text: str) -> str:
    tag = "mn" if text.isdigit() else "mi"
    return f"<{tag}>{escape(text.replace('-', '−'))}</{tag}>"


def _taken_apart(name: str) -> _Parts:
    found = _NAME.fullmatch(name)
    if found is None:
        return _Parts(_greek(name))
    base, marks = GREEK.get(found["word"], found["word"]) + found["digits"], _MARK.findall(found["marks"])
    told = {sign: (braced or bare).replace(" ", "") for sign, braced, bare in marks}
    is_snake = len(base) > 1 and any(sign == "_" and bare.isalpha() for sign, _, bare in marks)
    has_signs = all(content and set(content) <= _SIGNS[sign].keys() for sign, content in told.items())
    if is_snake or not has_signs or len(told) < len(marks):
        return _Parts(_greek(name))
    return _Parts(base, told.get("_", ""), told.get("^", ""), found["rest"])


def _with(sign: str, content: str) -> str:
    return "".join(_SIGNS[sign][character] for character in content)


def _greek(name: str) -> str:
    """Letters that are spelled in full, in a name of words between underscores."""
    found = _SNAKE.fullmatch(name)
    if found is None:
        return name
    words, rest = found.groups()
    if words.removesuffix("_") in GREEK:  # Python keeps the name lambda for itself
        return GREEK[words.removesuffix("_")] + rest
    return "_".join(GREEK.get(word, word) for word in words.split("_")) + rest
