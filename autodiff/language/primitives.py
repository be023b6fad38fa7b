"""The primitives: what formulas are made of. One row says all that anybody knows about one.

Floats, formulas, instructions, backends, languages and the page read the same row. A function that formulas may call is
one row here, and its branch in the compiled kernel. The order of the rows means nothing.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from keyword import iskeyword
from math import atan, atan2, erf, fabs, hypot, tanh
from typing import NamedTuple

from autodiff.language import ieee

__all__ = ["CONDITIONS", "FUNCTIONS", "LANGUAGES", "PRIMITIVES", "Primitive"]

# Who spells primitives. "numba" is the code of a single shape; the kernel has a branch for each primitive.
LANGUAGES = ("python", "numpy", "jax", "torch", "javascript", "numba")


class Primitive(NamedTuple):
    """``spelled`` says for each language how it is written, ``{0}``, ``{1}`` being the operands.

    ``bound`` is Python for how large the value may be, given how large the operands may be: ``_inf`` if not finite at
    all. The first ``truths`` operands are truth values, and so is the result of a ``condition``, where a language has
    such; elsewhere they are 1.0 and 0.0. ``arrays`` says that libraries take no plain numbers as its operands.
    """

    name: str
    arity: int
    function: Callable[..., float]
    spelled: Mapping[str, str]
    bound: str
    truths: int
    condition: bool
    arrays: bool

    def calls_function(self, language: str) -> bool:
        """Whether a language calls ``function`` itself, by its own name."""
        return self.spelled[language].startswith(f"{self.function.__name__}(")


PRIMITIVES: dict[str, Primitive] = {}


def _row(
    name: str,
    arity: int,
    function: Callable[..., float],
    spelled: str,
    *,
    bound: str = "_inf",
    truths: int = 0,
    condition: bool = False,
    arrays: bool = False,
) -> None:
    """A row of the table. A word alone is called with all operands; one spelling alone serves every language."""
    if name in PRIMITIVES:
        raise ValueError(f"the primitive '{name}' has two rows")
    words = spelled.split("; ")
    words = words * len(LANGUAGES) if len(words) == 1 else words
    if len(words) != len(LANGUAGES):
        raise TypeError(f"the primitive '{name}' is spelled in {'; '.join(LANGUAGES)}; got {spelled}")
    operands = ", ".join(f"{{{i}}}" for i in range(arity))
    texts = [word if "{" in word else f"{word}({operands})" for word in words]
    spelling = dict(zip(LANGUAGES, texts, strict=True))
    PRIMITIVES[name] = Primitive(
        name, arity, function, spelling, "1.0" if condition else bound, truths, condition, arrays
    )


def _comparison(sign: str, compare: Callable[[float, float], bool], script: str) -> None:
    text = f"{{0}} {sign} {{1}}"
    spelled = "; ".join([*[text] * 4, f"{{0}} {script} {{1}}", f"1.0 if {text} else 0.0"])
    _row(sign, 2, lambda x, y: float(compare(x, y)), spelled, condition=True)


_row("+", 2, operator.add, "{0} + {1}", bound="({0} + {1})")
_row("-", 2, operator.sub, "{0} - {1}", bound="({0} + {1})")
_row("*", 2, operator.mul, "{0} * {1}", bound="_product({0}, {1})")
_row("/", 2, ieee.divide, "divide; {0} / {1}; {0} / {1}; {0} / {1}; {0} / {1}; {0} / {1}")
# np.power takes a root for ** 0.5, which is another thing at -inf and -0.0.
_row("**", 2, ieee.power, "power; np.float_power; jnp.power; torch.pow; power; math.pow")
_row("neg", 1, operator.neg, "-{0}", bound="{0}")
_comparison("<", operator.lt, "<")
_comparison("<=", operator.le, "<=")
_comparison(">", operator.gt, ">")
_comparison(">=", operator.ge, ">=")
_comparison("==", operator.eq, "===")
_comparison("!=", operator.ne, "!==")
_row(
    "and",
    2,
    lambda x, y: float(x != 0 and y != 0),
    "{0} and {1}; np.logical_and; jnp.logical_and; torch.logical_and; {0} && {1}; "
    "1.0 if ({0} != 0) & ({1} != 0) else 0.0",
    truths=2,
    condition=True,
)
_row(
    "or",
    2,
    lambda x, y: float(x != 0 or y != 0),
    "{0} or {1}; np.logical_or; jnp.logical_or; torch.logical_or; {0} || {1}; 1.0 if ({0} != 0) | ({1} != 0) else 0.0",
    truths=2,
    condition=True,
)
_row(
    "not",
    1,
    lambda x: float(x == 0),
    "not {0}; np.logical_not; jnp.logical_not; torch.logical_not; !{0}; 1.0 if {0} == 0 else 0.0",
    truths=1,
    condition=True,
)
_row(
    "if",
    3,
    lambda condition, x, y: x if condition != 0 else y,
    "{1} if {0} else {2}; np.where; jnp.where; torch.where; {0} ? {1} : {2}; {1} if {0} != 0 else {2}",
    bound="_largest({1}, {2})",
    truths=1,
    arrays=True,
)

# The functions that formulas call by name.
_row("abs", 1, fabs, "abs; np.absolute; jnp.abs; torch.abs; Math.abs; abs", bound="{0}")
_row("exp", 1, ieee.exp, "exp; np.exp; jnp.exp; torch.exp; Math.exp; math.exp")
_row("log", 1, ieee.log, "log; np.log; jnp.log; torch.log; Math.log; math.log")
_row("log1p", 1, ieee.log1p, "log1p; np.log1p; jnp.log1p; torch.log1p; Math.log1p; math.log1p")
_row("expm1", 1, ieee.expm1, "expm1; np.expm1; jnp.expm1; torch.expm1; Math.expm1; math.expm1")
_row("sqrt", 1, ieee.sqrt, "sqrt; np.sqrt; jnp.sqrt; torch.sqrt; Math.sqrt; math.sqrt")
_row("sin", 1, ieee.sin, "sin; np.sin; jnp.sin; torch.sin; Math.sin; math.sin", bound="_within(1.0, {0})")
_row("cos", 1, ieee.cos, "cos; np.cos; jnp.cos; torch.cos; Math.cos; math.cos", bound="_within(1.0, {0})")
_row("tan", 1, ieee.tan, "tan; np.tan; jnp.tan; torch.tan; Math.tan; math.tan")
_row("asin", 1, ieee.asin, "asin; np.arcsin; jnp.arcsin; torch.asin; Math.asin; math.asin")
_row("acos", 1, ieee.acos, "acos; np.arccos; jnp.arccos; torch.acos; Math.acos; math.acos")
_row("atan", 1, atan, "atan; np.arctan; jnp.arctan; torch.atan; Math.atan; math.atan", bound="_within(1.6, {0})")
_row("sinh", 1, ieee.sinh, "sinh; np.sinh; jnp.sinh; torch.sinh; Math.sinh; math.sinh")
_row("cosh", 1, ieee.cosh, "cosh; np.cosh; jnp.cosh; torch.cosh; Math.cosh; math.cosh")
_row("tanh", 1, tanh, "tanh; np.tanh; jnp.tanh; torch.tanh; Math.tanh; math.tanh", bound="_within(1.0, {0})")
_row("erf", 1, erf, "erf; erf; jax.scipy.special.erf; torch.erf; erf; math.erf", bound="_within(1.0, {0})")
_row("erfc", 1, ieee.erfc, "erfc; erfc; jax.scipy.special.erfc; torch.erfc; erfc; math.erfc", bound="_within(2.0, {0})")
_row(
    "hypot",
    2,
    hypot,
    "hypot; np.hypot; jnp.hypot; torch.hypot; Math.hypot; math.hypot",
    bound="({0} + {1})",
    arrays=True,
)
_row(
    "atan2",
    2,
    atan2,
    "atan2; np.arctan2; jnp.arctan2; torch.atan2; Math.atan2; math.atan2",
    bound="_within(3.2, {0} + {1})",
    arrays=True,
)

CONDITIONS = frozenset(name for name, row in PRIMITIVES.items() if row.condition)
# What is no name, or a word of Python, formulas write as a sign; and so a negation.
FUNCTIONS = frozenset(name for name in PRIMITIVES if name.isidentifier() and not iskeyword(name) and name != "neg")
