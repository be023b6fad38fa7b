"""The table of operations itself. One row says everything: the value, and each partial derivative.

Floats, Values, generated code, pictures and sentences all read the same row; adding an operation is one row.
In a partial, ``None`` means *no path* (nothing flows, so the derivative is 0), ``0`` that zero flows;
``out`` is the operation's own value. Every row is checked when it is added."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.table.adding import add_row
from autodiff.table.operations import OWN, TABLE, Operation

__all__ = ["COMPARISONS"]


def _rows() -> Iterator[Operation]:
    """The table itself. In order: arithmetic, functions, activations, choices, comparisons."""
    row = add_row
    yield row("add(x, y)", "x + y", "1", "1", symbol="+", doc="The sum.")
    yield row("subtract(x, y)", "x - y", "1", "-1", symbol="−", doc="The difference.")
    yield row("multiply(x, y)", "x * y", "y", "x", symbol="×", doc="The product.")
    yield row("divide(x, y)", "x / y", "1 / y", "-out / y", symbol="/", doc="The quotient; 1/0 is inf.")
    yield row("negative(x)", "-x", "-1", symbol="−", doc="The negation.")
    # x**0 is 1 whatever x is, so its slope is 0 there, even where 1/x is infinite. At x = 0 the slope in y is 0 from
    # the right.
    yield row(
        "power(x, y)",
        "x ** y",
        "0 if y == 0 else y * x ** (y - 1)",
        "0 if x == 0 and y >= 0 else out * log(x)",
        symbol="^",
        doc="x to the power y; nan, never complex, for a negative base and a fractional exponent.",
        domain=(0.2, 2.0),
    )
    yield row("absolute(x)", "abs(x)", "1 if x > 0 else -1 if x < 0 else 0 * x", symbol="abs", doc="|x|; slope 0 at 0.")
    yield row("sign(x)", "1 if x > 0 else -1 if x < 0 else x", "0", doc="-1, 0 or 1; slope 0.")

    yield row("exp(x)", "exp(x)", "out", doc="The exponential.")
    yield row("expm1(x)", "expm1(x)", "exp(x)", doc="exp(x) - 1, exact near 0.")
    yield row("log(x)", "log(x)", "1 / x", domain=(0.2, 3.0), doc="The natural logarithm; -inf at 0, nan below.")
    yield row("log1p(x)", "log1p(x)", "1 / (1 + x)", domain=(-0.8, 2.0), doc="log(1 + x), exact near 0.")
    yield row("sqrt(x)", "sqrt(x)", "0.5 / out", domain=(0.2, 3.0), doc="The square root; nan below 0.")
    yield row("sin(x)", "sin(x)", "cos(x)", doc="The sine.")
    yield row("cos(x)", "cos(x)", "-sin(x)", doc="The cosine.")
    yield row("tan(x)", "tan(x)", "1 + out * out", domain=(-1.2, 1.2), doc="The tangent.")
    yield row("asin(x)", "asin(x)", "1 / sqrt((1 - x) * (1 + x))", domain=(-0.9, 0.9), doc="The arcsine.")
    yield row("acos(x)", "acos(x)", "-1 / sqrt((1 - x) * (1 + x))", domain=(-0.9, 0.9), doc="The arccosine.")
    yield row("atan(x)", "atan(x)", "1 / (1 + x * x)", doc="The arctangent.")
    yield row("sinh(x)", "sinh(x)", "cosh(x)", doc="The hyperbolic sine.")
    yield row("cosh(x)", "cosh(x)", "sinh(x)", doc="The hyperbolic cosine.")
    yield row("tanh(x)", "tanh(x)", "1 - out * out", doc="The hyperbolic tangent.")
    yield row(
        "erf(x)", "erf(x)", "1.1283791670955126 * exp(-x * x)", doc="The error function; slope 2/sqrt(pi) e^(-x^2)."
    )
    yield row("erfc(x)", "erfc(x)", "-1.1283791670955126 * exp(-x * x)", doc="1 - erf(x), exact where erf is near 1.")
    # An infinite operand has the slope of its sign, not inf / inf.
    yield row(
        "hypot(x, y)",
        "hypot(x, y)",
        "0 if x == 0 and y == 0 else sign(x) if out - out != 0 and abs(x) == out else x / out",
        "0 if x == 0 and y == 0 else sign(y) if out - out != 0 and abs(y) == out else y / out",
        doc="sqrt(x² + y²) without overflow; slopes 0 at the origin.",
    )
    yield row(
        "atan2(y, x)",
        "atan2(y, x)",
        "0 if x == 0 and y == 0 else x / (x * x + y * y)",
        "0 if x == 0 and y == 0 else -y / (x * x + y * y)",
        doc="The angle of the point (x, y); slopes 0 at the origin.",
    )

    # relu is not max(x, 0): its slope at 0 is 0. Where it is off there is no path, so nothing can leak through.
    yield row(
        "relu(x)",
        "x if on or x != x else 0",
        "1 if on else x if x != x else None",
        let={"on": "x > 0"},
        doc="x where positive, else 0; slope 0 at 0.",
    )
    yield row(
        "leaky_relu(x, slope=0.01)",
        "x if x > 0 else slope * x",
        "1 if x > 0 else slope",
        "None if x > 0 else x",
        doc="x where positive, else slope * x; the slope at 0 is slope.",
    )
    yield row(
        "elu(x, alpha=1)",
        "x if x > 0 else alpha * expm1(x)",
        "1 if x > 0 else alpha * exp(x)",
        "None if x > 0 else expm1(x)",
        doc="x where positive, else alpha (e^x - 1).",
    )
    yield row("sigmoid(x)", "1 / (1 + exp(-x))", "out * (1 - out)", doc="1 / (1 + e^-x).")
    yield row(
        "silu(x)", "x * s", "s * (1 + x * (1 - s))", let={"s": "sigmoid(x)"}, doc="x sigmoid(x), also called swish."
    )
    yield row(
        "softplus(x)", "(x if x > 0 else 0) + log1p(exp(-abs(x)))", "sigmoid(x)", doc="log(1 + e^x), exact at ±1000."
    )
    # 1/sqrt(2) and 1/sqrt(2 pi); erfc keeps the left tail exact where 1 + erf would cancel.
    yield row(
        "gelu(x)",
        "x * half",
        "half + x * exp(-0.5 * x * x) * 0.3989422804014327",
        let={"half": "0.5 * erfc(-x * 0.7071067811865476)"},
        doc="x Φ(x), Φ the standard normal distribution function.",
    )
    # 0.7978845608028654 = sqrt(2 / pi)
    yield row(
        "gelu_tanh(x)",
        "0.5 * x * (1 + t)",
        "0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * x * x)",
        let={"t": "tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))"},
        doc="The tanh approximation of gelu.",
    )

    # A target of 0 or 1 takes out the other term whole, so that 0 * log(0) makes no nan.
    yield row(
        "binary_cross_entropy(p, target)",
        "(0 if target == 0 else -target * log(p)) + (0 if target == 1 else (target - 1) * log1p(-p))",
        "(0 if target == 0 else -target / p) + (0 if target == 1 else (1 - target) / (1 - p))",
        "log1p(-p) - log(p)",
        symbol="bce",
        domain=(0.1, 0.9),
        doc="-log of the probability p that was given to the target, 0 or 1 or between; exact at 0 and 1.",
    )
    yield row(
        "binary_cross_entropy_with_logits(score, target)",
        "(0 if target == 0 else target * softplus(-score)) + (0 if target == 1 else (1 - target) * softplus(score))",
        "(1 - target) * sigmoid(score) - target * sigmoid(-score)",
        "-score",
        symbol="bce",
        doc="binary_cross_entropy(sigmoid(score), target), exact at ±1000 and at ±inf.",
    )

    # The first argument that attains the extremum wins the whole gradient; the first NaN wins. The loser has no path.
    yield row(
        "maximum(x, y)",
        "x if first else y",
        "1 if first else None",
        "None if first else 1",
        symbol="max",
        let={"first": "x >= y or x != x"},
        doc="The larger; its gradient goes to the winner alone, the first on a tie.",
    )
    yield row(
        "minimum(x, y)",
        "x if first else y",
        "1 if first else None",
        "None if first else 1",
        symbol="min",
        let={"first": "x <= y or x != x"},
        doc="The smaller; its gradient goes to the winner alone, the first on a tie.",
    )
    yield row(
        "clamp(x, low, high)",
        "x if within else high if over else low if below else x + low + high",  # the last is nan
        "1 if within else None",
        "1 if below else None",
        "1 if over else None",
        let={
            "within": "x <= high and x >= low",
            "over": "(x > high or low > high) and x == x and low == low",
            "below": "x < low and low <= high",
        },
        doc="x held within [low, high]; slope 1 on the closed interval; a nan among the three makes nan, with no path.",
    )
    yield row(
        "where(condition, x, y)",
        "x if condition > 0 else y",
        "None",
        "1 if condition > 0 else None",
        "None if condition > 0 else 1",
        doc="x where condition > 0, else y; the branch not taken has no path.",
    )
    yield row("identity(x)", "x", "1", symbol="=", doc="x itself, as a node of its own: the maximum of one value.")
    yield row("stop(x)", "x", "None", doc="x itself, with no path back: a constant to every derivative.")
    for name, symbol, sign in COMPARISONS:
        yield row(
            f"{name}(x, y)",
            f"1 if x {sign} y else 0",
            "None",
            "None",
            symbol=symbol,
            doc=f"1 where x {sign} y, else 0; no path.",
        )


COMPARISONS = (
    ("less", "<", "<"),
    ("less_equal", "≤", "<="),
    ("greater", ">", ">"),
    ("greater_equal", "≥", ">="),
    ("equal", "=", "=="),
    ("not_equal", "≠", "!="),
)

for _row in _rows():
    assert TABLE[_row.name] is _row

OWN.update(TABLE)
