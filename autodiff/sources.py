"""A routine as straight-line source in Python, NumPy, JavaScript, JAX or PyTorch: code a student could have written."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from autodiff.routine import Routine

__all__ = ["LANGUAGES", "Language", "emit", "identifiers"]


@dataclass(frozen=True)
class Language:
    """How a language writes each primitive (``{0}``, ``{1}`` are the operands), a line, and the function around."""

    head: str
    line: str
    end: str
    item: str
    comment: str
    primitives: Mapping[str, str]
    infinities: Mapping[str, str]
    indent: str = "    "
    true: str = "{0}"  # a comparison as a number
    reserved: frozenset[str] = field(default_factory=frozenset)


_INFIX = {sign: f"{{0}} {sign} {{1}}" for sign in ("+", "-", "*")}
_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_FUNCTIONS: tuple[str, ...] = (
    "abs",
    "exp",
    "log",
    "log1p",
    "expm1",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
)
_FUNCTIONS += ("sinh", "cosh", "tanh", "erf", "erfc")
_PYTHON_WORDS = frozenset({*keyword.kwlist, "x", "p", "np", "jnp", "torch", "math", "erf", "erfc", "abs", "float"})
_JS_WORDS = frozenset(
    ["x", "p", "const", "let", "var", "function", "return", "if", "else", "new", "this", "true", "false", "null"]
) | {"Math", "Number", "erf", "erfc"}


def _calls(prefix: str, renamed: Mapping[str, str]) -> dict[str, str]:
    one = {name: f"{renamed.get(name, prefix + name)}({{0}})" for name in _FUNCTIONS}
    two = {name: f"{renamed.get(name, prefix + name)}({{0}}, {{1}})" for name in ("hypot", "atan2")}
    return {**one, **two}


def _arrays(module: str, array: str, renamed: Mapping[str, str]) -> dict[str, str]:
    """The primitives of an array library: conditions are truth values there, and ``where`` chooses."""
    return {
        **_INFIX,
        "/": "{0} / {1}",
        "**": f"{module}.{'pow' if module == 'torch' else 'power'}({{0}}, {{1}})",
        "neg": "-{0}",
        **{sign: f"({{0}} {sign} {{1}})" for sign in _COMPARE},
        "and": "({0} & {1})",
        "or": "({0} | {1})",
        "not": "~{0}",
        "if": f"{module}.where({{0}}, {array.format('{1}')}, {array.format('{2}')})",
        **_calls(f"{module}.", renamed),
    }


_ARC = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}

LANGUAGES: dict[str, Language] = {
    "python": Language(
        "from math import inf, nan\nfrom autodiff.ieee import *\n\n\ndef {name}(x, p):",
        "{target} = {value}",
        "return {results}",
        "{array}[{index}]",
        "# ",
        {
            **_INFIX,
            "/": "divide({0}, {1})",
            "**": "power({0}, {1})",
            "neg": "-{0}",
            **{sign: f"float({{0}} {sign} {{1}})" for sign in _COMPARE},
            "and": "float({0} != 0 and {1} != 0)",
            "or": "float({0} != 0 or {1} != 0)",
            "not": "float({0} == 0)",
            "if": "{1} if {0} else {2}",
            **_calls("", {}),
        },
        {"inf": "inf", "-inf": "-inf", "nan": "nan"},
        reserved=_PYTHON_WORDS | frozenset({*_FUNCTIONS, "hypot", "atan2", "divide", "power", "real", "inf", "nan"}),
    ),
    "numpy": Language(
        "import math\nimport numpy as np\n\nerf = np.vectorize(math.erf, otypes=[float])\n"
        "erfc = np.vectorize(math.erfc, otypes=[float])\n\n\ndef {name}(x, p):",
        "{target} = {value}",
        "return {results}",
        "{array}[..., {index}]",
        "# ",
        _arrays("np", "{0}", {**{k: f"np.{v}" for k, v in _ARC.items()}, "erf": "erf", "erfc": "erfc"}),
        {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"},
        reserved=_PYTHON_WORDS,
    ),
    "jax": Language(
        "import jax\nimport jax.numpy as jnp\n\njax.config.update('jax_enable_x64', True)\n\n\ndef {name}(x, p):",
        "{target} = {value}",
        "return {results}",
        "{array}[..., {index}]",
        "# ",
        _arrays(
            "jnp",
            "{0}",
            {
                **{k: f"jnp.{v}" for k, v in _ARC.items()},
                "erf": "jax.scipy.special.erf",
                "erfc": "jax.scipy.special.erfc",
            },
        ),
        {"inf": "jnp.inf", "-inf": "-jnp.inf", "nan": "jnp.nan"},
        reserved=_PYTHON_WORDS | {"jax"},
    ),
    "torch": Language(
        "import torch\n\n\ndef {name}(x, p):",
        "{target} = {value}",
        "return {results}",
        "{array}[..., {index}]",
        "# ",
        _arrays("torch", "torch.as_tensor({0}, dtype=x.dtype)", {}),
        {"inf": "torch.inf", "-inf": "-torch.inf", "nan": "torch.nan"},
        reserved=_PYTHON_WORDS,
    ),
    "javascript": Language(
        "export function {name}(x, p) {{",
        "const {target} = {value};",
        "return {results};\n}}",
        "{array}[{index}]",
        "// ",
        {
            **_INFIX,
            "/": "{0} / {1}",
            "**": "({0} === 1 || {1} === 0 || ({0} === -1 && !isFinite({1}) && {1} === {1}) ? 1 : Math.pow({0}, {1}))",
            "neg": "-{0}",
            **{sign: f"+({{0}} {sign} {{1}})" for sign in _COMPARE},
            "and": "+({0} !== 0 && {1} !== 0)",
            "or": "+({0} !== 0 || {1} !== 0)",
            "not": "+({0} === 0)",
            "if": "{0} ? {1} : {2}",
            **_calls("Math.", {"erf": "erf", "erfc": "erfc"}),
        },
        {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"},
        indent="  ",
        reserved=_JS_WORDS,
    ),
}


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


def emit(
    routine: Routine,
    language: Language,
    name: str,
    inputs: Sequence[str | None],
    params: Sequence[str | None],
    note: str = "",
) -> str:
    """The source of a function ``name(x, p)`` of one sample: it answers the results, then the terms of the sums."""
    taken = set(language.reserved)
    leaves = {"input": identifiers(inputs, "x", taken), "param": identifiers(params, "p", taken)}
    lines = [language.comment + line for line in note.splitlines()]
    names: dict[int, str] = {}
    for place in routine.order:
        instruction = routine[place]
        if instruction.op == "const":
            names[place] = _constant(instruction.payload, language)
            continue
        if instruction.op in leaves:
            index = int(instruction.payload)
            names[place] = leaves[instruction.op][index]
            value = language.item.format(array="x" if instruction.op == "input" else "p", index=index)
        else:
            names[place] = f"v{place}"
            value = language.primitives[instruction.op].format(*(names[arg] for arg in instruction.args))
        lines.append(language.line.format(target=names[place], value=value))
    results = _tuple([names[place] for place in routine.results], language)
    sums = _tuple([names[place] for place in routine.sums], language)
    lines.append(language.end.format(results=_tuple([results, sums], language)).removesuffix("\n}}"))
    body = "".join(f"{language.indent}{line}\n" for line in lines)
    return f"{language.head.format(name=name)}\n{body}{'}' if language.indent == '  ' else ''}"


def _tuple(parts: Sequence[str], language: Language) -> str:
    if language.indent == "  ":
        return f"[{', '.join(parts)}]"
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"


def _constant(number: float, language: Language) -> str:
    text = repr(float(number))
    text = language.infinities.get(text, text)
    return f"({text})" if text.startswith("-") else text
