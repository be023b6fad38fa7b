"""Float64 arithmetic that never raises: what IEEE 754 and torch answer where Python's ``math`` gives up.

>>> divide(1.0, 0.0), log(0.0), sqrt(-1.0), exp(710.0)
(inf, -inf, nan, inf)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import inf, nan
from numbers import Complex, Number, Real

from autodiff.ground.foreign import alone
from autodiff.ground.text import quoted
from autodiff.language.compiling import compiled

__all__ = ["ERFC_LINES", "agree", "divide", "erfc", "exp", "horner", "log", "power", "real", "sqrt"]


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


def agree(x: float, y: float) -> bool:
    """Whether two sums of the same numbers are the same but for the order of adding; what is not finite is not judged.

    >>> agree(0.1 + 0.2, 0.3), agree(1.6, 0.9)
    (True, False)
    """
    return math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-12) or not (math.isfinite(x) and math.isfinite(y))


def horner(variable: str, coefficients: Sequence[float]) -> str:
    """The text of a polynomial by Horner's rule, highest power first, as Python and JavaScript both read it.

    >>> horner("t", [2.0, -1.0, 0.5])
    '(2.0 * t + -1.0) * t + 0.5'
    """
    text, *rest = map(repr, coefficients)
    for coefficient in rest:
        text = f"{f'({text})' if ' ' in text else text} * {variable} + {coefficient}"
    return text


# (1 + 2x) exp(x^2) erfc(x) for 0.5 < x < 26.7 as a polynomial in t = (x - 3.625) / (x + 3.625), highest power first, to
# 4.5e-18. The form is that of Shepherd and Laframboise, Mathematics of Computation 36 (1981), 249-253; the coefficients
# are our own, by mpmath.chebyfit with 60 digits.
_ERFC_TAIL = (
    *(6.170762340213981e-09, 2.0108249228448356e-08, -5.669661361921613e-08, -1.8122777937853506e-07),
    *(4.158979389802776e-07, 1.096429988696714e-06, -3.3618235212801378e-06, -4.9413643915229056e-06),
    *(2.9139031584374188e-05, -2.9178290295290072e-06, -0.0002236560826442375, 0.0005148005036250498),
    *(0.0005646687989010541, -0.006828303341913591, 0.023746312840588497, -0.05403053458544418),
    *(0.09054518514474852, -0.11218276725508748, 0.08977970148322251, -0.0031668982611101773),
    *(-0.14024877120472826, 1.2398902104127223),
)
_SPLITTER = 134217729.0  # 2^27 + 1 halves the 53 bits of a float64 (Dekker, Numerische Mathematik 18 (1971), 224-242)

# The lines of a function of x, in which Python and JavaScript read the same: x = z + w, and z^2 is exact, as d + 2w is
# 1 + 2x. q + low is tail / (1 + 2x) to twice the precision; g * q that times exp(-z^2), away from the least numbers.
ERFC_LINES = f"""\
t = (x - 3.625) / (x + 3.625)
rest = {horner("t", (*_ERFC_TAIL[:-1], 0.0))}
tail = {_ERFC_TAIL[-1]} + rest
c = x * {_SPLITTER}
z = c - (c - x)
w = x - z
d = 1 + 2 * z
q = tail / d
e = q * {_SPLITTER}
q1 = e - (e - q)
q2 = q - q1
low = (tail - q1 * d - q2 * d + ({_ERFC_TAIL[-1]} - tail + rest + -7.433670136227979e-17) - 2 * w * q) / (1 + 2 * x)
g = exp(-z * z) * 2**100
h = g * {_SPLITTER}
g1 = h - (h - g)
g2 = g - g1
product = g * q
error = g1 * q1 - product + g1 * q2 + g2 * q1 + g2 * q2 + g * low
return (product + (error + (product + error) * expm1(-w * (x + z)))) * 2**-100"""
_erfc_tail: Callable[[float], float] = compiled(
    "def erfc_tail(x):\n    " + ERFC_LINES.replace("\n", "\n    "), {"exp": math.exp, "expm1": math.expm1}
)


def erfc(x: float) -> float:
    """``1 - erf(x)``, exact to 2 units in the last place on every machine; C libraries are up to 3 off, and differ.

    >>> erfc(0.0), erfc(10.0)
    (1.0, 2.088487583762545e-45)
    """
    return _erfc_tail(x) if 0.5 < x < 26.6 else math.erfc(x)


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


def real(x: object, recorded: bool = False) -> float:
    """``x`` as a float64: bool, int, Fraction, Decimal, scalars and arrays of no dimension are converted.

    Anything else raises ``TypeError`` naming what was got; an integer too large raises ``OverflowError``. Where it is
    an operand that is ``recorded`` as a constant, a tensor of torch's that records too is refused: its gradient would
    be lost.
    """
    decimal = isinstance(x, Number) and not isinstance(x, Complex)  # a Number that Python calls neither
    if isinstance(x, Real) or decimal or (type(x).__name__ in ("bool", "bool_") and hasattr(x, "dtype")):
        try:
            return float(x)  # type: ignore[arg-type]
        except OverflowError:
            raise OverflowError(f"a Value needs a float64; this {type(x).__name__} is too large for a float") from None
        except ValueError as error:  # a signalling NaN of Decimal
            raise TypeError(f"a Value needs a real number, got {type(x).__name__}: {error}") from None
    if recorded and getattr(x, "requires_grad", False):
        raise TypeError(
            f"this {type(x).__name__} requires a gradient in torch, which does not see what is recorded here: write "
            "Value(x.item()), a leaf with a gradient of its own, or x.item(), a constant"
        )
    try:
        number = alone(x)
    except TypeError as error:
        raise TypeError(f"a Value needs a real number, got {type(x).__name__}: {error}") from None
    if number is x:
        raise TypeError(_refusal(x))
    return real(number)


def _refusal(x: object) -> str:
    kind = type(x).__name__
    if getattr(x, "ndim", 0) or isinstance(x, (list, tuple)):
        return f"a Value needs one real number, got a {kind}; make one Value for each entry: [Value(x) for x in ...]"
    if hasattr(x, "grad_state"):
        return f"a number is needed, got {kind}: its number is x.data, and x.detach() a new leaf of it"
    if kind in ("str", "complex", "bytes", "int", "float"):
        text = quoted(x)
        return f"a Value needs a real number, got {kind} {text if len(text) <= 40 else text[:37] + '...'}"
    return f"a Value needs a real number (int, float, Fraction, Decimal, a scalar of NumPy or torch), got {kind}"
