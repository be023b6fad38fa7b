"""NumPy's functions of arrays of Values: recorded, or refused by their own names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy import fmin
from numpy import maximum as larger

from autodiff import Value, gradcheck
from autodiff.habits.callers import numpy_call

AT = (0.5, -0.25, 0.75, 0.125)

# NumPy, of an array of four numbers in (-1, 1).
RECORDED: dict[str, Callable[[Any], Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            *("sum", "prod", "mean", "std", "var", "average", "cumsum", "cumprod", "diff", "conjugate", "square"),
            *("exp", "expm1", "log1p", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
            *("abs", "fabs", "negative", "positive", "reciprocal", "trapezoid", "flip", "nansum", "nanmean"),
        )
    },
    "std with one degree of freedom less": lambda z: np.std(z, ddof=1),
    "var of rows": lambda z: np.var(z.reshape(2, 2), axis=1),
    "std of a list": lambda z: np.std(list(z)),
    "z.std()": lambda z: z.std(),
    "z.var()": lambda z: z.var(axis=0),
    "z.conj()": lambda z: z.conj(),
    "log": lambda z: np.log(z + 2),
    "sqrt": lambda z: np.sqrt(z + 2),
    "power": lambda z: np.power(z, 3),
    "hypot": lambda z: np.hypot(z, 2),
    "vdot": lambda z: np.vdot(z, z),
    "vdot with numbers": lambda z: np.vdot(np.arange(4.0), z),
    "dot": lambda z: np.dot(z, z),
    "inner": lambda z: np.inner(z, z),
    "outer": lambda z: np.outer(z, z),
    "matmul": lambda z: z.reshape(2, 2) @ z.reshape(2, 2),
    "einsum": lambda z: np.einsum("ij,j->i", z.reshape(2, 2), z[:2]),
    "linalg.norm": lambda z: np.linalg.norm(z),
    "linalg.norm of a matrix": lambda z: np.linalg.norm(z.reshape(2, 2)),
    "linalg.norm of order 1": lambda z: np.linalg.norm(z, 1),
    "where": lambda z: np.where([True, False, True, False], z, 2 * z),
    "convolve": lambda z: np.convolve(z, [1.0, 2.0]),
}


@pytest.mark.parametrize("function", RECORDED.values(), ids=RECORDED)
def test_numpys_functions_are_recorded(function: Callable[[Any], Any]) -> None:
    leaves = np.array([Value(x) for x in AT])
    found = np.ravel(function(leaves))
    assert [value.data for value in found] == pytest.approx(np.ravel(function(np.array(AT))).tolist(), rel=1e-14)
    assert gradcheck(sum(value * (i + 1.0) for i, value in enumerate(found)), list(leaves))


def test_a_deviation_is_that_of_its_formula() -> None:
    a = np.array([Value(1.0), Value(3.0)])
    s = np.std(a)
    s.backward()
    assert (s.data, [v.grad for v in a]) == (1.0, [-0.5, 0.5])


def test_the_conjugate_of_a_value_is_itself() -> None:
    x = Value(2.0)
    assert x.conjugate() is x  # type: ignore[attr-defined]
    assert np.conjugate(x) is x


# The function that a refusal names, and the call.
REFUSED: dict[str, Callable[[Any], Any]] = {
    "np.maximum": lambda z: np.maximum(0, z),
    "np.maximum by another name": lambda z: larger(z, z),
    "np.minimum": lambda z: np.minimum(z, 1.0),
    "np.fmax": lambda z: np.fmax(z[0], 0),
    "np.fmin": lambda z: fmin(z, 0),
    "np.clip": lambda z: np.clip(z, 0, 1),
    "np.clip as a method": lambda z: z.clip(0, 1),
    "np.max": lambda z: np.max(z),
    "np.amax as a method": lambda z: z.max(),
    "np.min": lambda z: np.min(z, axis=0),
    "np.ptp": lambda z: np.ptp(z),
    "np.argmax": lambda z: np.argmax(z),
    "np.argmax as a method": lambda z: z.argmax(),
    "np.argmin": lambda z: np.argmin(z),
    "np.sort": lambda z: np.sort(z),
    "np.sort as a method": lambda z: z.sort(),
    "np.argsort": lambda z: np.argsort(z),
    "np.median": lambda z: np.median(z),
    "np.percentile": lambda z: np.percentile(z, 50),
    "np.unique": lambda z: np.unique(z),
    "np.sign": lambda z: np.sign(z),
    "np.greater": lambda z: np.greater(z, 0),
    "np.less_equal": lambda z: np.less_equal(
        z,
        0,
    ),
    "np.equal": lambda z: np.equal(z, 0),
    "np.isclose": lambda z: np.isclose(z, z),
    "np.floor": lambda z: np.floor(z),
    "np.rint": lambda z: np.rint(z),
    "np.mod": lambda z: np.mod(z, 2),
    "np.floor_divide": lambda z: np.floor_divide(z, 2),
    "np.arctan2": lambda z: np.arctan2(z, z),
    "np.log2": lambda z: np.log2(z),
    "np.degrees": lambda z: np.degrees(z),
    "np.arcsinh": lambda z: np.arcsinh(z),
    "np.linalg.norm": lambda z: np.linalg.norm(z, np.inf),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_recorded_is_refused_by_its_own_name(name: str) -> None:
    if sys.version_info < (3, 11):
        pytest.skip("which call is running is known from Python 3.11 on")
    with pytest.raises(TypeError) as caught:
        REFUSED[name](np.array([Value(x) for x in AT]))
    told = name.partition(" ")[0]
    assert str(caught.value).startswith(told) or f"{told}," in str(caught.value) or f"({told})" in str(caught.value)
    assert "record" in str(caught.value)


def test_without_the_source_a_refusal_names_numpy_all_the_same() -> None:
    z = np.array([Value(1.0), Value(2.0)])
    for call in ("np.maximum(0, z)", "np.sign(z)", "z > 0"):
        with pytest.raises(TypeError, match=r"np\.maximum.*np\.sign"):
            eval(call, {"np": np, "z": z})


@pytest.mark.parametrize(
    "ask", [lambda a, b: a < b, lambda a, b: max(a, b), lambda a, b: sorted([a, b]), lambda a, b: a % 2 or np.maximum]
)
def test_python_is_not_taken_for_numpy(ask: Callable[[Value, Value], Any]) -> None:
    with pytest.raises(TypeError) as caught:
        ask(Value(1.0), Value(2.0))
    assert not str(caught.value).startswith("np.")


def test_nobody_calls_from_nowhere() -> None:
    assert numpy_call(None) is None
    assert numpy_call(sys._getframe()) is None
