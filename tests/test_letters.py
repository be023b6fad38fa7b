"""Names in the letters that they are written in by hand: Greek, lowered, raised; others stay as they were typed."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import Value, steps
from viz.ink.letters import GREEK, LOWERED, RAISED, in_letters, in_mathml
from viz.ink.ruler import width_of
from viz.layout.fonts import unusual

SET = {
    "theta_1": "θ₁",
    "theta": "θ",
    "W_{01}": "W₀₁",
    "W_{1,2}": "W₁,₂",
    "x^2": "x²",
    "x_1": "x₁",
    "x_10": "x₁₀",
    "alpha": "α",
    "Sigma": "Σ",
    "sigma^2": "σ²",
    "beta1": "β1",
    "x_i": "xᵢ",
    "h_t": "hₜ",
    "h_{t-1}": "hₜ₋₁",
    "theta_i": "θᵢ",
    "w_{out}": "wₒᵤₜ",
    "x^T": "xᵀ",
    "x^-1": "x⁻¹",
    "x^{(1)}_{ij}": "xᵢⱼ⁽¹⁾",
    "x_1^2": "x₁²",
    "x^2_1": "x₁²",
    "loss_1": "loss₁",
    "grad_theta": "grad_θ",
    "delta_x": "δₓ",
    "lambda_": "λ",
    "theta[0]": "θ[0]",
    "w_1[0][2]": "w₁[0][2]",
}
BACK = {sign: typed for table in (LOWERED, RAISED) for typed, sign in table.items()}
TYPED = [
    *("w_out", "grad_output", "grad_x", "h_prev", "learning_rate", "x_1_2", "conv_2d", "x1", "xi", "w0,0,1", "w0[1,0]"),
    *("W_Q", "x^*", "x_", "_x", "x_{}", "x^{2}^3", "x'", "net.beta", "a theta", "params['beta']", "alphabet", "Alpha"),
    *("thetas", "x_{1", "x_}1{", "^2", "_1", "{x}", "θ₁", "∂y/∂x", "", " ", "x^{a_1}", "pipeline"),
]


@pytest.mark.parametrize("name", SET)
def test_a_name_of_the_grammar_is_set(name: str) -> None:
    assert in_letters(name) == SET[name]


@pytest.mark.parametrize("name", TYPED)
def test_any_other_name_stays_as_it_was_typed(name: str) -> None:
    assert in_letters(name) == name


@pytest.mark.parametrize("word", GREEK)
def test_every_greek_letter_is_set_alone_and_with_a_number(word: str) -> None:
    assert in_letters(word) == GREEK[word]
    assert in_letters(f"{word}_0") == f"{GREEK[word]}₀"
    assert in_letters(f"{word}s") == f"{word}s"


@given(st.text(alphabet="abxtheta_^{}[]()0123456789,+- 'βθ<&", max_size=14))
def test_setting_a_name_loses_nothing_but_its_marks(name: str) -> None:
    shown = in_letters(name)
    kept = re.sub(r"[_^{} ]", "", "".join(BACK.get(letter, letter) for letter in shown))
    spelled = re.sub(r"[^\W\d_]+", lambda word: GREEK.get(word[0], word[0]), name)
    assert sorted(kept) == sorted(re.sub(r"[_^{} ]", "", spelled)) or shown == name
    assert len(shown) <= len(name)
    assert in_letters(shown) == shown


@given(st.text(max_size=12))
def test_the_notation_of_a_name_is_well_formed_and_says_what_its_letters_say(name: str) -> None:
    if not all(character.isprintable() for character in name):
        return
    root = ElementTree.fromstring(f"<math>{in_mathml(name)}</math>")
    assert {element.tag for element in root.iter()} <= {"math", "mrow", "mi", "mn", "mtext", "msub", "msup", "msubsup"}


def test_the_notation_of_names() -> None:
    assert in_mathml("theta_1") == "<msub><mi>θ</mi><mn>1</mn></msub>"
    assert in_mathml("x^2") == "<msup><mi>x</mi><mn>2</mn></msup>"
    assert in_mathml("W_{01}^T") == "<msubsup><mi>W</mi><mn>01</mn><mi>T</mi></msubsup>"
    assert in_mathml("a<b") == "<mi>a&lt;b</mi>"


def test_every_sign_has_a_glyph_in_the_fonts_that_pictures_of_pixels_use_and_a_width() -> None:
    for sign in {*LOWERED.values(), *RAISED.values(), *GREEK.values()}:
        assert unusual(sign) == set()
        assert 0.1 < width_of(sign, 1.0) < 0.9
    assert width_of("x₁", 10) < width_of("x1", 10)


def test_pictures_films_and_pages_set_names_and_sentences_in_terminals_do_not(tmp_path: Path) -> None:
    a, b = Value(2.0, "theta_1"), Value(3.0, "grad_output")
    y = a * b
    y.backward()
    still = viz.draw(y, names=False)
    film = viz.animate(y, tmp_path / "a.svg", names=False).read_text()
    page = viz.step(y, names=False)
    for text in (still.svg(), still.source, film, page.svg):
        assert "θ₁" in text
        assert "grad_output" in text
        assert "theta_1" not in text
    assert "θ₁ = 2" in film
    assert page.data["nodes"][0]["label"] == "θ₁"
    assert page.data["notation"]["θ₁"] == "<msub><mi>θ</mi><mn>1</mn></msub>"
    assert page.values == {"theta_1": 2.0, "grad_output": 3.0}
    assert steps(y)[0].sentence == "theta_1 = 2"


def test_names_that_are_set_alike_are_told_apart() -> None:
    y = Value(2.0, "theta_1") * Value(3.0, "θ₁")
    page = viz.step(y, names=False)
    assert [node["label"] for node in page.data["nodes"]] == ["θ₁ #0", "θ₁ #1", "v2"]
    assert page.data["notation"] == {}
    assert page.values == {"theta_1": 2.0, "θ₁": 3.0}


def test_variables_lend_their_names_in_letters() -> None:
    alpha, theta = Value(1.0), [Value(2.0), Value(3.0)]
    svg = viz.draw(alpha * theta[0] * theta[1]).svg()
    assert all(f">{name}</text>" in svg for name in ("α", "θ[0]", "θ[1]"))
