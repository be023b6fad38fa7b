"""Float64 arithmetic that never raises: what IEEE 754 and torch answer where Python's ``math`` gives up.

>>> divide(1.0, 0.0), log(0.0), sqrt(-1.0), exp(710.0)
(inf, -inf, nan, inf)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from math import atan, atan2, erf, erfc, fabs, hypot, inf, nan, tanh
from numbers import Real

__all__ = ["FUNCTIONS", "divide", "exp", "log", "power", "real", "sqrt"]


def divide(x: float, y: float) -> float:
    """The quotient, with ``x / 0`` infinite and ``0 / 0`` not a number."""
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or x != x else math.copysign(inf, x) * math.copysign(1.0, y)


def power(x: float, y: float) -> float:
    """C's ``pow``: a negative base with a fractional exponent is nan, never a complex number.

    Squares and cubes are multiplied out: faster, no less exact, and the same to the bit wherever a graph runs.
    """
    if y == 2:
        return x * x
    if y == 3:
        return x * x * x
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:
        if x != 0:
            return nan
        return math.copysign(inf, x) if y % 2 == 1 else inf  # 0 to a negative power


def log(x: float) -> float:
    """The natural logarithm: -inf at 0, nan below."""
    try:
        return math.log(x)
    except ValueError:
        return -inf if x == 0 else nan


def log1p(x: float) -> float:
    """``log(1 + x)``, exact near 0: -inf at -1, nan below."""
    try:
        return math.log1p(x)
    except ValueError:
        return -inf if x == -1 else nan


def exp(x: float) -> float:
    """The exponential, inf where float64 ends (above 709.78)."""
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    """``exp(x) - 1``, exact near 0."""
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def sinh(x: float) -> float:
    """The hyperbolic sine, infinite where float64 ends."""
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(inf, x)


def cosh(x: float) -> float:
    """The hyperbolic cosine, infinite where float64 ends."""
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def _nan_outside(function: Callable[[float], float]) -> Callable[[float], float]:
    """``function``, answering nan outside its domain instead of raising ``ValueError``."""

    def total(x: float) -> float:
        try:
            return function(x)
        except ValueError:
            return nan

    total.__name__ = total.__qualname__ = function.__name__
    total.__doc__ = f"``math.{function.__name__}``, nan outside its domain."
    return total


sqrt = _nan_outside(math.sqrt)
sin, cos, tan = _nan_outside(math.sin), _nan_outside(math.cos), _nan_outside(math.tan)
asin, acos = _nan_outside(math.asin), _nan_outside(math.acos)

# The functions a formula may call. Every backend gives each of them a meaning of its own.
FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": fabs,
    "exp": exp,
    "log": log,
    "log1p": log1p,
    "expm1": expm1,
    "sqrt": sqrt,
    "sin": sin,
    "cos": cos,
    "tan": tan,
    "asin": asin,
    "acos": acos,
    "atan": atan,
    "sinh": sinh,
    "cosh": cosh,
    "tanh": tanh,
    "erf": erf,
    "erfc": erfc,
    "hypot": hypot,
    "atan2": atan2,
}


def real(x: object) -> float:
    """``x`` as a float64: bool, int, Fraction, Decimal and NumPy scalars are converted.

    Anything else raises ``TypeError`` naming what was got; an integer too large raises ``OverflowError``.
    """
    if isinstance(x, (Real, Decimal)) or (type(x).__name__ in ("bool", "bool_") and hasattr(x, "dtype")):
        try:
            return float(x)  # type: ignore[arg-type]
        except OverflowError:
            raise OverflowError(f"a Value needs a float64; this {type(x).__name__} is too large for a float") from None
        except ValueError as error:  # a signalling NaN of Decimal
            raise TypeError(f"a Value needs a real number, got {type(x).__name__}: {error}") from None
    raise TypeError(_refusal(x))


def _refusal(x: object) -> str:
    kind = type(x).__name__
    if getattr(x, "ndim", 0) or isinstance(x, (list, tuple)):
        return f"a Value needs one real number, got a {kind}; make one Value for each entry: [Value(x) for x in ...]"
    if kind in ("str", "complex", "bytes", "int", "float"):
        text = repr(x)
        return f"a Value needs a real number, got {kind} {text if len(text) <= 40 else text[:37] + '...'}"
    return f"a Value needs a real number (int, float, Fraction, Decimal, NumPy scalar), got {kind}"
