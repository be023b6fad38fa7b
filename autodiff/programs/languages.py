"""How Python, NumPy, JavaScript, JAX and PyTorch write each primitive, a line, and the function around."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from autodiff.language.ieee import ERFC_TAIL, FUNCTIONS, horner

__all__ = ["LANGUAGES", "Language"]


@dataclass(frozen=True)
class Language:
    """``{0}``, ``{1}``, ... are the operands of a primitive. Comparisons and logic answer truth values.

    ``as_number`` writes a truth value as a number, ``as_truth`` a number as a truth value (it is not 0); ``array`` is
    how a constant is written where an array must stand. ``head`` is what goes before the function, given the
    primitives that it uses.
    """

    head: Callable[[Collection[str]], str]
    function: str
    item: str
    primitives: Mapping[str, str]
    as_number: str
    as_truth: str
    constants: Mapping[str, str]
    reserved: frozenset[str]
    array: str = "{0}"
    line: str = "    {target} = {value}"
    end: str = "    return {results}"
    tuple: str = "({0})"
    single: str = "({0},)"


_COMPARED = ("<", "<=", ">", ">=", "==", "!=")
_FUNCTIONS = [name for name in FUNCTIONS if name != "abs"]  # which these languages have already
_ARC = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"}
_PYTHON_WORDS = frozenset({*keyword.kwlist, "x", "p", "program", "abs", "float"})


def _calls(prefix: str, renamed: Mapping[str, str]) -> dict[str, str]:
    """Each function by its name in a module, ``renamed`` for those that are called otherwise."""
    operands = {"hypot": "{0}, {1}", "atan2": "{0}, {1}"}
    return {name: f"{renamed.get(name, prefix + name)}({operands.get(name, '{0}')})" for name in FUNCTIONS}


def _arrays(module: str, power: str, renamed: Mapping[str, str]) -> dict[str, str]:
    """The primitives of an array library, where ``where`` chooses."""
    return {
        **{sign: f"{{0}} {sign} {{1}}" for sign in ("+", "-", "*", "/", *_COMPARED)},
        "**": f"{module}.{power}({{0}}, {{1}})",
        "neg": "-{0}",
        "and": f"{module}.logical_and({{0}}, {{1}})",
        "or": f"{module}.logical_or({{0}}, {{1}})",
        "not": f"{module}.logical_not({{0}})",
        "if": f"{module}.where({{0}}, {{1}}, {{2}})",
        **_calls(f"{module}.", renamed),
    }


def _python_head(used: Collection[str]) -> str:
    names = {"/": "divide", "**": "power"}
    needed = sorted(names.get(op, op) for op in used if op in names or op in _FUNCTIONS)
    lines = ["from math import inf, nan"] * ("const" in used)
    lines += [f"from autodiff.language.ieee import {', '.join(needed)}"] * bool(needed)
    return "".join(f"{line}\n" for line in lines) + "\n\n" * bool(lines)


def _numpy_head(used: Collection[str]) -> str:
    errors = [f"{name} = np.vectorize(math.{name}, otypes=[float])\n" for name in ("erf", "erfc") if name in used]
    return f"{'import math' * bool(errors)}\nimport numpy as np\n\n{''.join(errors)}\n\n".lstrip()


def _jax_head(used: Collection[str]) -> str:
    errors = [name for name in ("erf", "erfc") if name in used]
    special = f"from jax.scipy.special import {', '.join(errors)}\n" if errors else ""
    return f"import jax\nimport jax.numpy as jnp\n{special}\njax.config.update('jax_enable_x64', True)\n\n\n"


def _torch_head(used: Collection[str]) -> str:
    return "import torch\n\n\n"


# JavaScript has no error function, and a power of its own. The series has no term below 0, so nothing cancels.
_ERFC = f"""\
function gauss(x) {{ // e^(-x^2), of a square that is exact
  const z = Math.fround(x);
  return Math.exp(-z * z) * Math.exp((z - x) * (z + x));
}}

function erf(x) {{
  if (!(Math.abs(x) < 1)) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return 1.1283791670955126 * gauss(x) * sum;
}}

function erfc(x) {{
  if (x < 0.5) return x < -1 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 27.5) return 0;
  const t = (x - 3.625) / (x + 3.625);
  return (({horner("t", ERFC_TAIL)}) / (1 + 2 * x)) * gauss(x);
}}

"""
_POWER = """\
function power(x, y) {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y); // as in C
}

"""


def _javascript_head(used: Collection[str]) -> str:
    return _POWER * ("**" in used) + _ERFC * ("erf" in used or "erfc" in used)


_JAVASCRIPT_WORDS = """
x p program power gauss erf erfc Math Number Infinity NaN undefined arguments eval async await break case catch class
const continue debugger default delete do else enum export extends false finally for function if implements import in
instanceof interface let new null package private protected public return static super switch this throw true try
typeof var void while with yield"""

LANGUAGES: dict[str, Language] = {
    "python": Language(
        head=_python_head,
        function="def program(x, p):",
        item="{array}[{index}]",
        primitives={
            **{sign: f"{{0}} {sign} {{1}}" for sign in ("+", "-", "*", *_COMPARED, "and", "or")},
            "/": "divide({0}, {1})",
            "**": "power({0}, {1})",
            "neg": "-{0}",
            "not": "not {0}",
            "if": "{1} if {0} else {2}",
            **_calls("", {}),
        },
        as_number="float({0})",
        as_truth="({0} != 0)",
        constants={"inf": "inf", "-inf": "-inf", "nan": "nan"},
        reserved=_PYTHON_WORDS | frozenset({*_FUNCTIONS, "divide", "power", "inf", "nan"}),
    ),
    "numpy": Language(
        head=_numpy_head,
        function='@np.errstate(all="ignore")\ndef program(x, p):',
        item="{array}[..., {index}]",
        primitives=_arrays(
            "np", "float_power", {**{k: f"np.{v}" for k, v in _ARC.items()}, "erf": "erf", "erfc": "erfc"}
        ),
        as_number="np.where({0}, 1.0, 0.0)",
        as_truth="({0} != 0)",
        constants={"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"},
        reserved=_PYTHON_WORDS | {"np", "math", "erf", "erfc"},
    ),
    "jax": Language(
        head=_jax_head,
        function="def program(x, p):",
        item="{array}[..., {index}]",
        primitives=_arrays("jnp", "power", {**{k: f"jnp.{v}" for k, v in _ARC.items()}, "erf": "erf", "erfc": "erfc"}),
        as_number="jnp.where({0}, 1.0, 0.0)",
        as_truth="({0} != 0)",
        constants={"inf": "jnp.inf", "-inf": "-jnp.inf", "nan": "jnp.nan"},
        reserved=_PYTHON_WORDS | {"jax", "jnp", "erf", "erfc"},
    ),
    "torch": Language(
        head=_torch_head,
        function="def program(x, p):",
        item="{array}[..., {index}]",
        primitives=_arrays("torch", "pow", {}),
        as_number="({0}).to(x.dtype)",
        as_truth="({0} != 0)",
        constants={"inf": "torch.inf", "-inf": "-torch.inf", "nan": "torch.nan"},
        reserved=_PYTHON_WORDS | {"torch"},
        array="torch.tensor({0}, dtype=x.dtype)",
    ),
    "javascript": Language(
        head=_javascript_head,
        function="export function program(x, p) {",
        item="{array}[{index}]",
        primitives={
            **{sign: f"{{0}} {sign} {{1}}" for sign in ("+", "-", "*", "/", "<", "<=", ">", ">=")},
            "==": "{0} === {1}",
            "!=": "{0} !== {1}",
            "**": "power({0}, {1})",
            "neg": "-{0}",
            "and": "{0} && {1}",
            "or": "{0} || {1}",
            "not": "!{0}",
            "if": "{0} ? {1} : {2}",
            **_calls("Math.", {"erf": "erf", "erfc": "erfc"}),
        },
        as_number="Number({0})",
        as_truth="({0} !== 0)",
        constants={"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"},
        reserved=frozenset(_JAVASCRIPT_WORDS.split()),
        line="  const {target} = {value};",
        end="  return {results};\n}}",
        tuple="[{0}]",
        single="[{0}]",
    ),
}
