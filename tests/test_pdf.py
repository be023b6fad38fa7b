"""A PDF of a picture: a page, its words as text in a font that it holds, nothing too small, nothing of the machine."""

from __future__ import annotations

import io
import math
import re
from collections import Counter
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from gallery import GALLERY, micrograd, neuron, pooled

import viz
from autodiff import Value, maximum, steps
from viz.layout import fonts, lettering
from viz.layout.pdf import as_pdf

pytest.importorskip("reportlab")
pypdf = pytest.importorskip("pypdf")

LEAST = 10.5 * 0.75  # points: 10.5 CSS pixels
SHARP = pytest.approx
PICTURES = [name for name in GALLERY if not name.startswith("every_step")]  # these are told, not drawn


@cache
def made(name: str) -> tuple[str, Any]:
    """The words of a picture of the gallery where it is as wide as a page, and its page."""
    picture = GALLERY[name]()
    return picture._in_width(440).svg(), page_of(picture.pdf())


def read(data: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(data))


def page_of(data: bytes) -> Any:
    (page,) = read(data).pages
    return page


def letters(text: str) -> Counter[str]:
    """The letters of a text, however its words follow each other."""
    return Counter("".join(text.split()))


def letters_of_svg(svg: str) -> Counter[str]:
    texts = re.findall(r"<text\b[^>]*>(.*?)</text>", svg, re.DOTALL)
    return letters(unescape(re.sub(r"<[^<>]*>", "", "".join(texts))))


def sizes(page: Any) -> list[float]:
    """How large each text is on the page, in points."""
    found = []

    def visit(text: str, around: list[float], own: list[float], _: object, size: float) -> None:
        if text.strip():
            across, down = own[2] * around[0] + own[3] * around[2], own[2] * around[1] + own[3] * around[3]
            found.append(size * math.hypot(across, down))

    page.extract_text(visitor_text=visit)
    return found


def fonts_of(page: Any) -> dict[str, Any]:
    return {one["/BaseFont"]: one for one in (font.get_object() for font in page["/Resources"]["/Font"].values())}


def operations(data: bytes) -> list[tuple[bytes, list[float]]]:
    return [
        (name, [*map(float, numbers)]) for numbers, name in page_of(data).get_contents().operations if name in SHAPE
    ]


SHAPE = {b"m", b"l", b"c", b"h", b"re"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_one_page_with_all_its_words_as_text(name: str) -> None:
    svg, page = made(name)
    assert page.mediabox.width == 440
    assert letters(page.extract_text()) == letters_of_svg(svg)


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_every_font_is_in_the_file(name: str) -> None:
    used = fonts_of(made(name)[1])
    assert used
    for name, font in used.items():
        assert "DejaVuSans" in name
        assert "/FontFile2" in font["/FontDescriptor"]
        assert "/ToUnicode" in font


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_no_text_is_smaller_than_can_be_read(name: str) -> None:
    assert min(sizes(made(name)[1])) >= LEAST - 1e-6


@pytest.mark.slow
def test_a_picture_for_another_place_is_drawn_again_for_the_page() -> None:
    y = micrograd()
    y.backward()
    picture = viz.draw(y, fit=None, names=False)
    assert min(sizes(page_of(picture.pdf()))) >= LEAST - 1e-6
    assert min(sizes(page_of(picture.pdf(600)))) >= LEAST - 1e-6
    assert min(sizes(page_of(as_pdf(picture.svg(), 440)))) < LEAST  # as it is it would not do


def test_where_the_gradient_went_is_drawn_again_when_it_has_gone() -> None:
    y = micrograd()
    y.backward()
    picture = viz.draw(y, reached=True, fit=None, names=False)
    before = picture.pdf()
    for node in picture.drawing.graph.values:  # type: ignore[attr-defined]
        node.zero_grad() if hasattr(node, "zero_grad") else setattr(node, "grad", 0.0)
    assert picture.pdf() == before


def test_what_a_caller_has_added_is_in_it() -> None:
    picture = viz.draw(Value(1.0, "a") * 2, names=False)
    picture.node("mine", "my own words")
    assert "my own words" in page_of(picture.pdf()).extract_text()


def test_a_small_picture_is_not_enlarged() -> None:
    picture = viz.draw(Value(3.0, "x") * 2, names=False)
    assert max(sizes(page_of(picture.pdf()))) == max(map(float, re.findall(r'font-size="([\d.]+)"', picture.svg())))
    narrow, broad = page_of(picture.pdf(440)), page_of(picture.pdf(600))
    assert (narrow.mediabox.height, broad.mediabox.width) == (broad.mediabox.height, 600)


def test_the_same_picture_has_the_same_bytes_and_tells_of_no_time_and_no_machine() -> None:
    y = neuron()
    y.backward()
    one, other = viz.draw(y, names=False).pdf(), viz.draw(y, names=False).pdf()
    assert one == other
    assert set(read(one).metadata) == {"/Title", "/Producer"}
    assert b"Date" not in one
    for word in ("reportlab", "/home", "/tmp", "anonymous"):
        assert word not in repr(read(one).metadata).lower()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["θ₁", "−σ′", "W₀₁", "α → β", "∂x²", "x ≥ 0", "⊣", "naïve", "Ω·ζ"])
def test_signs_and_greek_are_letters_of_the_font(name: str) -> None:
    page = page_of(viz.draw(Value(-1.5, name) * 2, names=False).pdf())
    assert letters(name) - letters(page.extract_text()) == Counter()
    assert "−1.5" in page.extract_text()


def test_a_character_that_the_font_has_not_is_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_said", set())
    picture = viz.draw(Value(1.0, "漢") * 2, names=False)
    with pytest.warns(UserWarning, match=r"漢 in this picture's names is in no font that a PDF.s font finds"):
        page = page_of(picture.pdf())
    assert r"\u6f22" in page.extract_text()


def test_the_paper_is_the_themes_to_the_edges() -> None:
    data = viz.draw(Value(3.0, "x") * 2, names=False, theme="dark").pdf()
    (first, *_) = operations(data)
    assert first == (b"re", [0, 0, 440, SHARP(float(page_of(data).mediabox.height), abs=1e-3)])


def test_it_is_saved_by_its_name_and_by_save_pdf(tmp_path: Path) -> None:
    picture = viz.draw(maximum(Value(3.0, "a"), Value(5.0, "b")), names=False)
    assert picture.save_pdf(tmp_path / "a.pdf") == tmp_path / "a.pdf"
    picture.save(tmp_path / "b.PDF")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.PDF").read_bytes() == picture.pdf()
    with pytest.raises(ValueError, match=r"save_pdf writes PDF, but .*a\.svg' ends in \.svg"):
        picture.save_pdf(tmp_path / "a.svg")


@pytest.mark.parametrize("missing", ["reportlab", "matplotlib"])
def test_without_the_extra_one_sentence_says_the_way_out(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lettering.importlib.util.find_spec
    monkeypatch.setattr(lettering.importlib.util, "find_spec", lambda name: None if name == missing else real(name))
    picture = viz.draw(Value(3.0, "x") * 2, names=False)
    for save in (picture.save_pdf, picture.save):
        with pytest.raises(ImportError, match=r"pip install 'gradroute\[pdf\]'") as told:
            save(tmp_path / "a.pdf")
        assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [0, -440, 49, float("inf"), float("nan"), "440", None, True])
def test_a_width_that_is_none_is_refused(width: Any) -> None:
    with pytest.raises(ValueError, match="width is that of the page in points, 50 or more"):
        viz.draw(Value(3.0, "x") * 2, names=False).pdf(width)


def drawn(inside: str) -> list[tuple[bytes, list[float]]]:
    svg = f'<svg width="440pt" height="100pt" viewBox="0 0 440 100" xmlns="http://www.w3.org/2000/svg">{inside}</svg>'
    return operations(as_pdf(svg, 440))


def test_shapes_go_where_the_svg_has_them() -> None:
    assert drawn('<path d="M1 2L3,4H5V6C7,8 9 10 11,12Z"/>') == [
        (b"m", [1, 2]),
        (b"l", [3, 4]),
        (b"l", [5, 4]),
        (b"l", [5, 6]),
        (b"c", [7, 8, 9, 10, 11, 12]),
        (b"h", []),
    ]
    assert drawn('<polyline points="1,2 3,4" stroke="#000000"/>') == [(b"m", [1, 2]), (b"l", [3, 4])]
    assert drawn('<polygon points="1,2 3,4 5,6"/>') == [(b"m", [1, 2]), (b"l", [3, 4]), (b"l", [5, 6]), (b"h", [])]
    assert drawn('<rect x="1" y="2" width="3" height="4"/>') == [(b"re", [1, 2, 3, 4])]
    assert drawn('<line x1="1" y1="2" x2="3" y2="4" stroke="#000000"/>') == [(b"m", [1, 2]), (b"l", [3, 4])]
    assert drawn('<path d="M1 2" fill="none"/><g opacity="0"><path d="M1 2H5"/></g>') == []


@pytest.mark.parametrize("inside", ['<image href="a.png"/>', '<path d="M0 0A1 1 0 0 0 5 5"/>', "<foreignObject/>"])
def test_what_a_page_cannot_have_is_refused_by_its_name(inside: str) -> None:
    with pytest.raises(ValueError, match=r"a PDF('s path)? has no .*(image|'A'|foreignObject).*: save it as \.svg"):
        drawn(inside)


@pytest.mark.parametrize("step", [None, 0, "backward", 14, -2])
def test_a_film_is_a_page_of_one_of_its_steps_with_the_sentence(step: Any, tmp_path: Path) -> None:
    told = steps(pooled())
    film = viz.animate(pooled(), names=False)
    number = {None: len(told) - 1, "backward": told.forward, -2: len(told) - 2}.get(step, step)
    page = page_of(film.pdf(step=step))
    said = "".join(page.extract_text().split())
    assert "".join(told[number].sentence.split()) in said
    assert min(sizes(page)) >= LEAST - 1e-6
    assert film.save_pdf(tmp_path / "a.pdf", step=step).read_bytes() == film.pdf(step=step)


def test_a_film_is_saved_as_a_page_by_its_ending(tmp_path: Path) -> None:
    film = viz.animate(pooled(), names=False, stop=14)
    assert film.save(tmp_path / "a.pdf").read_bytes() == film.pdf(step=14) != film.pdf(step=15)
    assert viz.animate(pooled(), tmp_path / "b.pdf", names=False, stop=14).read_bytes() == film.pdf()
    with pytest.raises(ValueError, match="step is a step from 0 to 22"):
        film.pdf(step=23)
