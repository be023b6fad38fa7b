"""The words of an SVG for a page of PDF: in a font that the page holds, as wide as the layout has them."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from viz.ink.ruler import width_of
from viz.layout import fonts

__all__ = ["REGULAR", "Run", "State", "folder", "inherited", "length", "register", "runs"]

REGULAR, BOLD = "gradroute-regular", "gradroute-bold"
_FILES = {REGULAR: "DejaVuSans.ttf", BOLD: "DejaVuSans-Bold.ttf"}
_PASSED_ON = (
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "font-size",
    "font-weight",
    "text-anchor",
    "opacity",
)

State = Mapping[str, str]


def folder() -> Path | None:
    """Where the fonts are, if they are installed."""
    found = importlib.util.find_spec("matplotlib")
    place = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" if found and found.origin else None
    return place if place and all((place / name).is_file() for name in _FILES.values()) else None


def register() -> None:
    """Make the fonts known."""
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    place = folder()
    assert place is not None
    for name, file in _FILES.items():
        if name not in getRegisteredFontNames():
            registerFont(TTFont(name, str(place / file)))


@dataclass
class Run:
    """Words of one look: how wide they are to be, and how wide their font would set them."""

    text: str
    font: str
    state: State
    width: float
    natural: float
    at: float | None
    down: float

    @property
    def size(self) -> float:
        """In points."""
        return length(self.state.get("font-size", "14"))


def runs(element: ElementTree.Element, state: State) -> Iterator[Run]:
    """The words of a text, and of the spans in it."""
    yield from _run(element.text, state, element.attrib.get("textLength"))
    for span in element:
        told = span.attrib
        at = length(told["x"]) if "x" in told else None
        yield from _run(span.text, inherited(told, state), told.get("textLength"), at, length(told.get("dy", "0")))
        yield from _run(span.tail, state)


def _run(
    text: str | None, state: State, wished: str | None = None, at: float | None = None, down: float = 0.0
) -> Iterator[Run]:
    from reportlab.pdfbase.pdfmetrics import getFont

    if not text:
        return
    bold = state.get("font-weight") in ("bold", "600", "700", "800")
    name, size = BOLD if bold else REGULAR, length(state.get("font-size", "14"))
    font = getFont(name)
    known = fonts.spelled(text, lambda c: ord(c) in font.face.charToGlyph, "a PDF's font")
    natural = font.stringWidth(known, size) or 1.0
    # As wide as the picture's layout took it to be, so that it fits its box: DejaVu is a broad font.
    wide = length(wished) if wished else min(natural, width_of(known, size, bold))
    yield Run(known, name, state, wide or natural, natural, at, down)


def length(text: str) -> float:
    """A length in user units."""
    return float(re.sub(r"p[tx]$", "", text))


def inherited(told: Mapping[str, str], around: State) -> State:
    """How an element looks: what it does not say holds as it does around it."""
    return {**around, **{name: told[name] for name in _PASSED_ON if name in told}}
