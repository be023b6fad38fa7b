"""No picture of pixels has an empty box in it: what no font has is written as an escape, and that is said once."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from gallery import KEPT

import viz
from autodiff import TABLE, Value
from autodiff.facts.words import SENTENCES, TIES
from autodiff.ground.text import ELLIPSIS, NEWLINE
from autodiff.language.notation import RELATIONS, SIGNS
from viz.layout import fonts
from viz.layout.picture import Picture


@pytest.fixture(autouse=True)
def nothing_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_said", set())


@pytest.fixture
def without_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@cache
def pixels(text: str) -> bytes:
    picture = Picture()
    picture.node("a", text, shape="plaintext", fontsize="40")
    return picture.png(scale=1)


def is_boxed(character: str) -> bool:
    """Whether it is drawn as a character that is assigned to nothing, and so in no font, is drawn."""
    return pixels(character) == pixels("\u0378")


def drawn() -> set[str]:
    """Every character beyond ASCII that stands in some picture without being in a name."""
    told = [path.read_text(encoding="utf-8") for path in KEPT.glob("*.txt")]
    words = [*SENTENCES.values(), *TIES, *RELATIONS.values(), *SIGNS.values(), NEWLINE, ELLIPSIS]
    return {c for text in [*told, *words, *(op.symbol for op in TABLE.values())] for c in text if ord(c) > 126}


@pytest.mark.slow
def test_every_character_of_our_own_has_a_glyph(without_dot: None) -> None:
    ours = sorted(drawn())
    assert {"◄", "×", "−", "–", "·", "→", "≥"} <= set(ours)
    assert [c for c in ours if is_boxed(c)] == []
    assert not fonts.unusual("".join(ours))


def ends_of_ranges() -> Iterator[str]:
    codes = sorted(fonts._usual())
    for code in codes:
        end = code - 1 not in fonts._usual() or code + 1 not in fonts._usual()
        if end and unicodedata.category(chr(code))[0] in "LNPS":
            yield chr(code)


@pytest.mark.slow
def test_the_usual_characters_are_those_that_the_wheel_can_draw(without_dot: None) -> None:
    assert [c for c in ends_of_ranges() if is_boxed(c)] == []


RARE = {"chinese": "重", "arabic": "ع", "emoji": "😀", "tick": "✓", "hindi": "अ", "arrow": "⇄"}


@pytest.mark.slow
@pytest.mark.parametrize("character", RARE.values(), ids=RARE)
def test_where_no_font_has_it_its_escape_is_drawn_and_that_is_said_once(character: str, without_dot: None) -> None:
    a = Value(2.0, f"w{character}")
    y = a * a
    y.backward()
    with pytest.warns(UserWarning, match=r"in no font .* install Graphviz"):
        png = viz.draw(y, names=False).png()
    a.name = "w" + f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"w\\U{ord(character):08x}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert viz.draw(y, names=False).png() == png
        a.name = f"w{character}{character}"
        assert viz.draw(y, names=False).png() != png
        assert character in viz.draw(y, names=False).svg()  # a browser has its own fonts


@pytest.mark.parametrize("there", [True, False])
def test_dot_is_asked_for_what_the_fonts_of_the_system_have(there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: frozenset(map(ord, "✓重")) if there else frozenset())
    dot = 'digraph { a [label="✓ 重 ×"] }'
    with warnings.catch_warnings():
        warnings.simplefilter("error" if there else "ignore")
        found = fonts.drawable(dot, "dot", system=True)
    assert found == (dot if there else 'digraph { a [label="\\\\u2713 \\\\u91cd ×"] }')


def test_where_nobody_knows_the_fonts_dot_draws_with_what_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_installed", lambda: None)
    assert fonts.drawable("digraph { a [label=重] }", "dot", system=True) == "digraph { a [label=重] }"


def test_fontconfig_is_read_as_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "fc-list"
    command.write_text("#!/bin/sh\necho ':charset=20-7e 2713'\necho ':charset=4e00-4e03 1f600'\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    fonts._installed.cache_clear()
    try:
        assert fonts._installed() == {*range(0x20, 0x7F), 0x2713, *range(0x4E00, 0x4E04), 0x1F600}
    finally:
        fonts._installed.cache_clear()
