"""What every picture of the gallery says is what was kept of it; a changed one is written beside the old one."""

from __future__ import annotations

import random

import pytest
from gallery import GALLERY, KEPT, kept, text_of


@pytest.mark.parametrize("name", GALLERY)
def test_a_picture_says_what_it_said(name: str) -> None:
    random.seed(0)
    found, old = text_of(GALLERY[name]()), kept(name)
    assert old.exists(), f"nothing is kept of {name}: python tests/gallery.py --keep"
    new = old.with_suffix(".new")
    new.unlink(missing_ok=True)
    if found != old.read_text("utf-8"):
        new.write_text(found, encoding="utf-8")
        pytest.fail(
            f"{name} has changed: compare {old.name} and {new.name} in tests/gallery, look at the picture "
            "(python tests/gallery.py writes out/gallery.html), and keep it with --keep if it is right"
        )


def test_nothing_else_is_kept() -> None:
    assert {path.stem for path in KEPT.glob("*.txt")} == set(GALLERY)


@pytest.mark.slow
def test_a_picture_does_not_depend_on_chance() -> None:
    for name, make in GALLERY.items():
        random.seed(1)
        first = text_of(make())
        random.seed(1)
        assert first == text_of(make()), name
