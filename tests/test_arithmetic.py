"""What is typed into Predict is read by a small grammar: arithmetic, and nothing that runs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripts import ENGINE, STATIC, Ask, running

from autodiff import Value, steps
from autodiff.language.notation import numeral
from viz.page.data import page_data

SCRIPTS = [*ENGINE, "arithmetic.js", "look.js", "quiz.js", "state.js"]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    with running(SCRIPTS, "arithmetic.mjs", tmp_path_factory.mktemp("arithmetic")) as ask:
        yield ask


def read(ask: Ask, *texts: str) -> list[float | None]:
    answers = ask({"texts": texts})
    return [None if answer is None else float(answer.replace("Infinity", "inf")) for answer in answers]


NUMBERS = {
    "2.1": 2.1,
    " 2.1 ": 2.1,
    "2,1": 2.1,
    ".5": 0.5,
    "5.": 5.0,
    "1/2": 0.5,
    "0.7*3": 0.7 * 3,
    "0.7 × 3": 0.7 * 3,
    "0.7·3": 0.7 * 3,
    "0.7⋅3": 0.7 * 3,
    "21/10": 2.1,
    "21 ÷ 10": 2.1,
    "1⁄2": 0.5,
    "21e-1": 2.1,
    "21E−1": 2.1,
    "1.2e-7": 1.2e-7,
    "1.23e6": 1.23e6,
    "1.2·10^-7": 1.2 * 10**-7,
    "1.2×10⁻⁷": 1.2 * 10**-7,
    "10⁶": 1e6,
    "2**3": 8.0,
    "2^3^2": 512.0,
    "-2^2": -4.0,
    "(-2)^2": 4.0,
    "2^-1": 0.5,
    "-3": -3.0,
    "−3": -3.0,
    "–3": -3.0,
    "+3": 3.0,
    "--3": 3.0,
    "3 − -2": 5.0,
    "-(2 - 5)": 3.0,
    "(1+2)*(3-4)/5": -0.6,
    "2-3-4": -5.0,
    "8/4/2": 1.0,
    "((((7))))": 7.0,
    "inf": math.inf,
    "-inf": -math.inf,
    "∞": math.inf,
    "−∞": -math.inf,
    "Infinity": math.inf,
    "1/0": math.inf,
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items(), ids=NUMBERS)
def test_arithmetic_is_read(ask: Ask, text: str, number: float) -> None:
    assert read(ask, text) == [number]


def test_nan_is_an_answer_too(ask: Ask) -> None:
    assert all(x is not None and math.isnan(x) for x in read(ask, "nan", "NaN", "0/0", "inf - inf"))


NONE = [
    "wrong", "x2", "2x", "alert(1)", "Math.max(2.1,1)", "2.1.3", "1,2,3", "1e", "1e+", "e", "2;", "2,1,1", "0x10",
    "1_000", "$5", "5%", "=2", "2=", "1//2", "2(3)", "(2)(3)", "()", "(2", "2)", ")", "*2", "2*", "2+", "^2", "2^",
    "1..2", "`2`", '"2"', "[2]", "{2}", "2.1!", "!2", "1<2", "true", "null", "undefined", "this", "constructor",
    "__proto__", "inff", "nanx", "i", "⁻", "2⁻", "½", "٣",
]  # fmt: skip


@pytest.mark.parametrize("text", [*NONE, "", " ", "2 3", "1 000", "1 2", "(1", "1)", "2\n3", "1" * 201, "(" * 201])
def test_what_is_no_number_is_none(ask: Ask, text: str) -> None:
    assert read(ask, text) == [None]


@st.composite
def written(draw: st.DrawFn, depth: int = 4) -> tuple[str, float]:
    """A text of arithmetic and the number that Python makes of it, in float64."""
    space = draw(st.sampled_from(["", "", " "]))
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        digits = draw(st.sampled_from(["0", "1", "2.5", "0.7", "12", "3e2", "4.5E-3", ".25", "7."]))
        return space + digits, float(digits)
    (left, x), (right, y) = draw(written(depth=depth - 1)), draw(written(depth=depth - 1))
    kind = draw(st.sampled_from("+-*/~"))
    if kind == "~":
        return f"{space}{draw(st.sampled_from('-−'))}({left})", -x
    sign = draw(st.sampled_from({"+": "+", "-": "-−", "*": "*×·", "/": "/÷"}[kind]))
    if kind == "/" and y == 0:
        y, right = 2.0, "2"
    value = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else 0.0}[kind]
    return f"({left}){space}{sign}({right})", value


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(written())
def test_the_number_is_the_one_that_python_computes(ask: Ask, pair: tuple[str, float]) -> None:
    text, value = pair
    (found,) = read(ask, text)
    assert found == value


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="0123456789.,eE+-*/^() inf−×⁻²", max_size=24))
def test_any_text_is_a_number_or_none(ask: Ask, text: str) -> None:
    assert len(read(ask, text)) == 1  # nothing is raised


@pytest.mark.slow
@given(st.floats(allow_nan=False))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_number_is_read_as_it_is_shown(ask: Ask, x: float) -> None:
    (found,) = read(ask, numeral(x))
    assert found == float(numeral(x))


def test_nothing_in_it_runs_a_script() -> None:
    script = re.sub(r"//.*|/\*.*?\*/", "", (STATIC / "arithmetic.js").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"\b(eval|Function|setTimeout|import|document|window|globalThis)\b", script)


# -- The figures of a question


def questions(ask: Ask, output: Value) -> list[str]:
    return [words for words in ask({"data": page_data(steps(output))}) if words]


def test_the_difference_of_large_numbers_is_asked_with_the_figures_that_it_needs(ask: Ask) -> None:
    x, y = Value(1234568.0, "x"), Value(1234561.0, "y")
    assert questions(ask, x - y)[0] == "v2 = 1234568 − 1234561 = "


def test_other_numbers_are_asked_as_they_are_shown(ask: Ask) -> None:
    x, y = Value(1234568.0, "x"), Value(2.0, "y")
    assert questions(ask, x * y)[0] == "v2 = 1.235e6 × 2 = "
    assert questions(ask, Value(1 / 3, "x") - Value(0.25, "y"))[0] == "v2 = 0.3333 − 0.25 = "


def test_small_differences_of_small_numbers_need_figures_too(ask: Ask) -> None:
    x, y = Value(0.123456789, "x"), Value(0.123456780, "y")
    assert questions(ask, x - y)[0] == "v2 = 0.123456789 − 0.12345678 = "


def test_a_gradient_that_cancels_shows_its_figures(ask: Ask) -> None:
    x = Value(1.0, "x")
    told = questions(ask, x * 1234568.0 - x * 1234561.0)
    assert told[-1].startswith("v2.grad is -1; the local derivative is 1234561; x.grad is 1234568 so far.") or told[
        -1
    ].startswith("v1.grad is 1; the local derivative is 1234568; x.grad is -1234561 so far.")


@pytest.mark.slow
@given(st.floats(-1e9, 1e9), st.floats(-1e-3, 1e-3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_whoever_computes_with_the_figures_of_a_question_is_right(ask: Ask, x: float, apart: float) -> None:
    y = x * (1 + apart)
    words = questions(ask, Value(x, "x") - Value(y, "y"))[0]
    left, right = words.removeprefix("v2 = ").removesuffix(" = ").split(" − ")
    found, truth = float(left) - float(right), x - y
    assert abs(found - truth) <= 0.005 * abs(truth) or numeral(found) == numeral(truth)
