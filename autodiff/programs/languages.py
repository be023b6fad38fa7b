"""How Python, NumPy, JavaScript, JAX and PyTorch write each primitive, a line, and the function around."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.javascript import helpers

__all__ = ["LANGUAGES", "Language"]


@dataclass(frozen=True)
class Language:
    """``{0}``, ``{1}``, ... are the operands of a primitive. Comparisons and logic answer truth values.

    ``as_number`` writes a truth value as a number, ``as_truth`` a number as a truth value (it is not 0); ``array`` is
    how a constant is written where an array must stand. ``head`` is what goes before the function, given the
    primitives that it uses.
    """

    head: Callable[[AbstractSet[str]], str]
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


_PYTHON_WORDS = frozenset({*keyword.kwlist, "x", "p", "program", "abs", "float"})
# What the float functions are called, where a language calls those.
_NAMES = frozenset(row.function.__name__ for row in PRIMITIVES.values() if row.calls_function("python"))


def _spelled(language: str) -> dict[str, str]:
    return {name: row.spelled[language] for name, row in PRIMITIVES.items()}


def _own(used: AbstractSet[str], language: str) -> list[Callable[..., float]]:
    """The float functions that a language calls by their own names, builtins aside."""
    rows = (PRIMITIVES[name] for name in sorted(used & PRIMITIVES.keys()))
    functions = (row.function for row in rows if row.calls_function(language))
    return sorted((f for f in functions if f.__module__ != "builtins"), key=lambda f: (f.__module__, f.__name__))


def _imports(functions: Iterable[Callable[..., float]], *others: str) -> str:
    """Lines that import functions, and what else math has."""
    names: dict[str, list[str]] = {"math": [*others]} if others else {}
    for function in functions:
        names.setdefault(function.__module__, []).append(function.__name__)
    order = sorted(names, key=lambda module: (module != "math", module))
    return "".join(f"from {module} import {', '.join(sorted(names[module]))}\n" for module in order)


def _python_head(used: AbstractSet[str]) -> str:
    lines = _imports(_own(used, "python"), *["inf", "nan"] * ("const" in used))
    return lines + "\n\n" * bool(lines)


def _numpy_head(used: AbstractSet[str]) -> str:
    own = _own(used, "numpy")
    made = "".join(f"{f.__name__} = np.vectorize({f.__name__}, otypes=[float])\n" for f in own)
    return f"{_imports(own)}\nimport numpy as np\n\n{made}\n\n".lstrip()


def _jax_head(used: AbstractSet[str]) -> str:
    texts = [PRIMITIVES[op].spelled["jax"] for op in used & PRIMITIVES.keys()]
    special = "import jax.scipy.special\n" * any("jax.scipy" in text for text in texts)
    return f"import jax\nimport jax.numpy as jnp\n{special}\njax.config.update('jax_enable_x64', True)\n\n\n"


def _torch_head(used: AbstractSet[str]) -> str:
    return "import torch\n\n\n"


def _javascript_head(used: AbstractSet[str]) -> str:
    return "".join(f"{text}\n" for text in helpers(used))


_JAVASCRIPT_WORDS = """
x p program power erf erfc erfcTail Math Number Infinity NaN undefined arguments eval async await break case catch class
const continue debugger default delete do else enum export extends false finally for function if implements import in
instanceof interface let new null package private protected public return static super switch this throw true try
typeof var void while with yield"""


def _infinite(inf: str, nan: str) -> dict[str, str]:
    return {"inf": inf, "-inf": f"-{inf}", "nan": nan}


LANGUAGES: dict[str, Language] = {
    "python": Language(
        head=_python_head,
        function="def program(x, p):",
        item="{array}[{index}]",
        primitives=_spelled("python"),
        as_number="float({0})",
        as_truth="({0} != 0)",
        constants=_infinite("inf", "nan"),
        reserved=_PYTHON_WORDS | _NAMES | {"inf", "nan"},
    ),
    "numpy": Language(
        head=_numpy_head,
        function='@np.errstate(all="ignore")\ndef program(x, p):',
        item="{array}[..., {index}]",
        primitives=_spelled("numpy"),
        as_number="np.where({0}, 1.0, 0.0)",
        as_truth="({0} != 0)",
        constants=_infinite("np.inf", "np.nan"),
        reserved=_PYTHON_WORDS | _NAMES | {"np"},
    ),
    "jax": Language(
        head=_jax_head,
        function="def program(x, p):",
        item="{array}[..., {index}]",
        primitives=_spelled("jax"),
        as_number="jnp.where({0}, 1.0, 0.0)",
        as_truth="({0} != 0)",
        constants=_infinite("jnp.inf", "jnp.nan"),
        reserved=_PYTHON_WORDS | {"jax", "jnp"},
    ),
    "torch": Language(
        head=_torch_head,
        function="def program(x, p):",
        item="{array}[..., {index}]",
        primitives=_spelled("torch"),
        as_number="({0}).to(x.dtype)",
        as_truth="({0} != 0)",
        constants=_infinite("torch.inf", "torch.nan"),
        reserved=_PYTHON_WORDS | {"torch"},
        array="torch.tensor({0}, dtype=x.dtype)",
    ),
    "javascript": Language(
        head=_javascript_head,
        function="export function program(x, p) {",
        item="{array}[{index}]",
        primitives=_spelled("javascript"),
        as_number="Number({0})",
        as_truth="({0} !== 0)",
        constants=_infinite("Infinity", "NaN"),
        reserved=frozenset(_JAVASCRIPT_WORDS.split()),
        line="  const {target} = {value};",
        end="  return {results};\n}}",
        tuple="[{0}]",
        single="[{0}]",
    ),
}
