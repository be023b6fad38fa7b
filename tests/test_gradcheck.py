"""gradcheck refuses wrong gradients, near kinks too; at a kink it warns, for there a difference says nothing."""

from __future__ import annotations

import ast
import contextlib
import itertools
import linecache
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autodiff import TABLE, GradcheckError, KinkWarning, Value, clamp, gradcheck, maximum, minimum, operation, where
from autodiff.recording.value import function_of
from autodiff.table.operations import expanded

STEP = 6e-6  # of gradcheck, at inputs no larger than 1

# Rows with a kink at 0 (where two inputs are equal, if there are two), and one slope of each that is a little wrong.
RIGHT = {
    "bend(x)": ("x if x > 0 else 2 * x", "1 if x > 0 else 2"),
    "kept(x)": ("x if x > 0 else 0", "1 if x > 0 else None"),
    "larger(x, y)": ("x if x >= y else y", "1 if x >= y else None", "None if x >= y else 1"),
    "curved(x)": ("x * x if x > 0 else -3 * x * x", "2 * x if x > 0 else -6 * x"),
}
WRONG: dict[str, list[tuple[str, ...]]] = {
    "bend(x)": [("1.001 if x > 0 else 2",), ("1 if x > 0 else 2.002",), ("1",), ("2",), ("1 if x >= 1 else 2",)],
    "kept(x)": [
        ("1 if x > 0 else 0.001",),
        ("0.999 if x > 0 else None",),
        ("1",),
        ("None",),
        ("None if x > 0 else 1",),
    ],
    "larger(x, y)": [
        ("1", "None if x >= y else 1"),
        ("1 if x >= y else None", "1"),
        ("None if x >= y else 1", "1 if x >= y else None"),
        ("0.5", "0.5"),
        ("1 if x > y + 1 else None", "None if x >= y + 1 else 1"),
    ],
    "curved(x)": [("2 * x",), ("-6 * x",), ("0",), ("2 * x if x > 0 else 6 * x",)],
}
FALSE = [(signature, slopes) for signature, all_slopes in WRONG.items() for slopes in all_slopes]


@pytest.fixture(autouse=True)
def own_rows() -> Iterator[None]:
    """The table as it was."""
    before = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(before)


def at_distance(row: Callable[..., Value], signature: str, distance: float) -> Value:
    """The row at a point that is so far from its kink."""
    return row(Value(distance, "x"), *([Value(0.0, "y")] if "y" in signature else []))


def strictly(output: Value, atol: float = 1e-7) -> bool:
    """gradcheck, where no input may be passed over as near a kink."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", KinkWarning)
        return gradcheck(output, atol=atol)


@pytest.mark.parametrize("distance", [1.01 * STEP, 1e-5, 1e-4, 1e-3, 0.5])
@pytest.mark.parametrize("signature", RIGHT)
def test_a_right_gradient_beside_a_kink_is_checked_and_passes(signature: str, distance: float) -> None:
    row = operation(signature, *RIGHT[signature])
    for place in (distance, -distance):
        assert strictly(at_distance(row, signature, place), atol=1e-12)


@pytest.mark.parametrize("distance", [1.01 * STEP, 1e-5, 1e-4, 1e-3, 0.5])
@pytest.mark.parametrize(("signature", "slopes"), FALSE)
def test_a_wrong_gradient_beside_a_kink_is_refused_on_the_side_where_it_is_wrong(
    signature: str, slopes: tuple[str, ...], distance: float
) -> None:
    row = operation(signature, RIGHT[signature][0], *slopes)
    refused = 0
    for place in (distance, -distance):
        try:
            strictly(at_distance(row, signature, place), atol=1e-12)
        except GradcheckError:
            refused += 1
    assert refused >= 1, f"{signature} with slopes {slopes} passed on both sides of its kink"


@pytest.mark.parametrize("distance", [0.0, 1e-300, 1e-9, 0.99 * STEP])
@pytest.mark.parametrize("signature", RIGHT)
def test_within_a_step_of_a_kink_there_is_a_warning(signature: str, distance: float) -> None:
    row = operation(signature, *RIGHT[signature])
    for place in (distance, -distance):
        y = at_distance(row, signature, place)
        with pytest.warns(KinkWarning, match="'x' is near a kink: its gradient was checked on one side alone"):
            assert gradcheck(y, y.parents[0], atol=1e-12)


def test_a_warning_points_at_the_line_of_whoever_asked() -> None:
    x = Value(0.0, "x")
    y = maximum(x, 0.0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        gradcheck(y)
    assert [warning.filename for warning in told] == [__file__]
    assert "gradcheck(y)" in linecache.getline(__file__, told[0].lineno)


@pytest.mark.parametrize(("place", "kind"), [(0.5, "central"), (-0.5, "central"), (0.4 * STEP, "one-sided")])
def test_a_refusal_says_from_how_many_sides_the_difference_was_taken(place: float, kind: str) -> None:
    row = operation("bend(x)", RIGHT["bend(x)"][0], "7")
    with pytest.raises(GradcheckError, match=f"gradient in 'x' is 7.0, but a {kind} difference"):  # noqa: SIM117
        with contextlib.nullcontext() if kind == "central" else pytest.warns(KinkWarning):
            gradcheck(row(Value(place, "x")))


# Two lines that meet or jump at a kink, in the spelling of relu, abs, max, clamp, or of a stair of floor.
SLOPES = st.one_of(st.sampled_from([0.0, 1.0, -1.0]), st.floats(0.1, 3).map(lambda x: round(x, 3)))
DISTANCES = [0.0, 1e-12, 0.1 * STEP, 0.4 * STEP, 0.6 * STEP, 0.9 * STEP, 1.1 * STEP, 0.01, 1.0]
FAULTS: dict[str, Callable[[float], str]] = {
    "sign": lambda slope: f"{-slope}",
    "factor": lambda slope: f"{1.001 * slope}",
    "no path": lambda slope: "None",
    "something": lambda slope: f"{slope + 0.01}",
    "not at all": lambda slope: f"{slope}",
}


@pytest.mark.slow
@pytest.mark.parametrize("sign", [">", ">=", "<", "<="])
@given(
    slopes=st.tuples(SLOPES, SLOPES),
    place=st.sampled_from([0.0, 0.5, -1.0]),
    jump=st.sampled_from([0.0, 1.0]),
    distance=st.sampled_from([*DISTANCES, *(-d for d in DISTANCES)]),
    faults=st.tuples(st.sampled_from([*FAULTS]), st.sampled_from([*FAULTS])),
    inside=st.booleans(),
)
@example((0.0, 1.0), 0.0, 0.0, 0.0, ("factor", "sign"), False).via("relu at 0")
def test_of_two_lines_the_slope_of_the_own_one_is_checked_however_near_the_other_is(
    sign: str,
    slopes: tuple[float, float],
    place: float,
    jump: float,
    distance: float,
    faults: tuple[str, str],
    inside: bool,
) -> None:
    """Refused if and only if the gradient is not the slope of the line that ``x`` itself is on."""
    then, other = (f"({slope}) * (x - ({place}))" for slope in slopes)
    told = [FAULTS[fault](slope) for fault, slope in zip(faults, slopes, strict=True)]
    test = f"x {sign} {place}"
    row = operation(
        "two_lines(x)", f"{then} + {jump} if {test} else {other}", f"({told[0]}) if {test} else ({told[1]})"
    )
    x = Value(place + distance, "x")
    own = 0 if eval(test, {"x": x.data}) else 1
    claimed = 0.0 if told[own] == "None" else float(told[own])
    y = row(x * 2.0 / 2.0).tanh() * 2.0 if inside else row(x)
    outer = 2.0 * (1.0 - (y.data / 2.0) ** 2) if inside else 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        if abs(claimed - slopes[own]) * outer < 5e-7:
            assert gradcheck(y, x)
        else:
            with pytest.raises(GradcheckError, match="gradient in 'x' is"):
                gradcheck(y, x)


# Every row of the table with a kink, where it is: what it sends there is the slope of one of the two sides.
AT_KINKS: dict[str, tuple[float, ...]] = {
    "relu": (0.0,),
    "leaky_relu": (0.0, 0.01),
    "elu": (0.0, 1.5),
    "absolute": (1e-7,),
    "maximum": (1.0, 1.0),
    "minimum": (1.0, 1.0),
    "clamp": (1.0, -1.0, 1.0),
    "where": (1e-9, 2.0, 5.0),
    "less": (1e-9, 0.0),
    "sign": (1e-9,),
}


@pytest.mark.parametrize("name", AT_KINKS)
@pytest.mark.parametrize("fault", ["({0}) + 0.01", "-({0}) - 0.01", "3 * ({0}) + 1"])
def test_a_row_of_the_table_is_refused_at_its_kink_once_a_slope_is_falsified(name: str, fault: str) -> None:
    right, at = TABLE[name], AT_KINKS[name]

    def falsified(partial: ast.expr) -> str:
        text = ast.unparse(expanded(partial))
        return f"({fault.format('0' if text == 'None' else text)})" if "None" not in text or text == "None" else text

    inputs = [Value(x, f"x{i}") for i, x in enumerate(at)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", KinkWarning)
        assert gradcheck(function_of(right)(*inputs))
        partials = [falsified(partial) for partial in right.partials]
        if partials == [ast.unparse(expanded(partial)) for partial in right.partials]:
            return  # each has a branch without a path: the test above falsifies those
        wrong = operation(f"wrong({', '.join(right.inputs)})", ast.unparse(expanded(right.value)), *partials)
        with pytest.raises(GradcheckError):
            gradcheck(wrong(*inputs))


KINKS: dict[str, Callable[[Value], Value]] = {
    "relu": lambda x: x.relu(),
    "absolute": lambda x: function_of(TABLE["absolute"])(x),
    "maximum": lambda x: maximum(x, 0.0),
    "minimum": lambda x: minimum(x, 0.0),
    "clamp": lambda x: clamp(x, 0.0, 1.0),
    "where": lambda x: where(x, 1.0, 2.0),
    "leaky_relu": lambda x: x.leaky_relu(),
}


@pytest.mark.parametrize("kink", KINKS)
def test_another_inputs_kink_excuses_no_wrong_gradient(kink: str) -> None:
    slightly = operation("slightly(x)", "x * x", "2.001 * x")
    x, y = Value(0.0, "x"), Value(1.5, "y")
    with pytest.warns(KinkWarning, match="'x'"), pytest.raises(GradcheckError, match="gradient in 'y'"):
        gradcheck(KINKS[kink](x) + slightly(y), [x, y])


# A condition that stands in the partials alone, and holds at one point alone: no difference could see it by itself.
POINTS: dict[str, Callable[[], Value]] = {
    "hypot": lambda: function_of(TABLE["hypot"])(Value(0.0, "x"), 0.0),
    "hypot from the other side": lambda: function_of(TABLE["hypot"])(0.0, Value(0.0, "x")),
    "atan2": lambda: function_of(TABLE["atan2"])(Value(0.0, "x"), 0.0),
    "atan2 from the other side": lambda: function_of(TABLE["atan2"])(0.0, Value(0.0, "x")),
    "power of 0": lambda: function_of(TABLE["power"])(0.0, Value(0.0, "x")),
    "a row of one's own": lambda: operation("cut(x)", "abs(x)", "5 if x == 0 else sign(x)")(Value(0.0, "x")),
    "deep inside": lambda: 3 * operation("cut(x)", "abs(x)", "5 if x == 0 else sign(x)")(Value(2.0, "x") - 2.0).exp(),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_condition_of_a_partial_alone_is_a_kink(point: str) -> None:
    with pytest.warns(KinkWarning, match="'x' is near a kink"):
        assert gradcheck(POINTS[point]())


@pytest.mark.parametrize("row", ["hypot", "atan2"])
@given(angle=st.floats(-3.1, 3.1))
def test_beside_the_point_the_same_rows_are_checked(row: str, angle: float) -> None:
    x, y = Value(angle, "x"), Value(1.0, "y")
    assert strictly(function_of(TABLE[row])(x.cos(), y * x.sin() + 2.0))


# ---- Kinks that cancel ----------------------------------------------------------------------------------------------

# Each is smooth at 0, where two of its parts have a kink, and neither side decides as 0 does; and its slope there.
CANCELLED: dict[str, tuple[Callable[[Value], Value], float]] = {
    "relus": (lambda x: x.relu() - (-x).relu(), 1.0),
    "extremes": (lambda x: maximum(x, 0) + minimum(x, 0), 1.0),
    "a square": (lambda x: abs(x) ** 2, 0.0),
    "a product": (lambda x: x * abs(x), 0.0),
    "softplus": (lambda x: maximum(x, 0) + (1 + (-abs(x)).exp()).log(), 0.5),
    "cross entropy": (lambda x: maximum(x, 0) - x + (1 + (-abs(x)).exp()).log(), -0.5),
    "a median": (lambda x: x - clamp(x, -1, 0) - clamp(x, 0, 1), 0.0),
    "a row that is cut": (lambda x: operation("cut(x)", "x", "5 if x == 0 else 1")(x), 1.0),
    "a smooth row": (lambda x: operation("even(x)", "abs(x) ** 3", "3 * x * x * sign(x) if x != 0 else 0")(x), 0.0),
}


@pytest.mark.parametrize("scale", [1.0, -0.01, 300.0])
@pytest.mark.parametrize("function", CANCELLED)
def test_where_kinks_cancel_the_slope_is_checked(function: str, scale: float) -> None:
    (compose, slope), x = CANCELLED[function], Value(0.0, "x")
    y = scale * compose(x)
    y.backward()
    if x.grad == scale * slope:
        assert strictly(y)
    else:
        with pytest.raises(GradcheckError, match=r"gradient in 'x' is .* central difference"):
            gradcheck(y, [x])


# The sides have slopes of their own, or none: at a jump the differences of both are alike, and grow with smaller steps.
TRUE_KINKS: dict[str, Callable[[Value], Value]] = {
    "absolute": abs,
    "a tent": lambda x: (-abs(x)).exp(),
    "sign": function_of(TABLE["sign"]),
    "a jump": lambda x: operation("step(x)", "x + (2 if x > 0 else 1 if x == 0 else 0)", "1")(x),
    "a root": lambda x: abs(x).sqrt(),
    "a pole": lambda x: 1 / abs(x),
    "entropy": lambda x: x * abs(x).log(),
}


@pytest.mark.parametrize("scale", [1.0, -0.01, 300.0])
@pytest.mark.parametrize("function", TRUE_KINKS)
def test_a_true_kink_or_jump_is_warned_of(function: str, scale: float) -> None:
    x = Value(0.0, "x")
    with pytest.warns(KinkWarning, match="'x' is near a kink: its gradient was not checked"):
        assert gradcheck(scale * TRUE_KINKS[function](x), [x])


# ---- Rounding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("large", "slope"), [*itertools.product([1e6, -1e8, 1e10], [1e-3, -0.7, 3e-5])])
def test_what_rounding_may_do_beside_a_large_number_is_forgiven(large: float, slope: float) -> None:
    for place in (0.1, 0.3, 0.7, 0.9, 1.3):
        x = Value(place, "x")
        assert strictly(x * slope + large)


@pytest.mark.parametrize("large", [1e2, 1e4])
def test_beside_a_large_number_what_rounding_cannot_do_is_refused(large: float) -> None:
    tilted = operation("tilted(x)", "x", "1.0001")
    with pytest.raises(GradcheckError, match=r"gradient in 'x' is 1\.0001"):
        gradcheck(tilted(Value(0.3, "x")) + large)
