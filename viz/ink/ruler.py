"""How wide words are, known without a layout engine: the advances of Helvetica, which Arial and its likes share."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

__all__ = ["lines_of", "width_of"]

# Thousandths of the size, and the characters that are so wide.
_REGULAR = {
    191: "'",
    222: "ijlίι",
    260: "|",
    278: " !,./:;I[\\]ft·\xa0ΙΪ",
    333: "()-`r²³¹⁰⁴⁵{}",
    355: '"',
    389: "*τ",
    453: "έεζξς√",
    469: "^",
    500: "Jcksvxyzγκλν",
    556: "#$0123456789?L_abdeghnopqu–ήηθοχΰυΓ≥≤≠δ",
    584: "+<=>~×−±ρβμάα",
    611: "FTZΖΤσΣ",
    667: "&ABEKPSVXYΑΒΕΚΡΥΧΫφΞΔΛ",
    722: "CDHNRUwΗΝΠπψ∞",
    778: "GOQΘΟΩωΦ",
    833: "MmΜΨ",
    889: "%",
    944: "W",
    1000: "@∑⊣—…←→",
}
_BOLD = {
    238: "'",
    278: " ,./I\\ijl·\xa0ΙΪίι|",
    333: "!()-:;[]`ft²³¹⁰⁴⁵",
    389: "*r{}",
    456: "ξτέζ",
    474: '"ε',
    500: "zς",
    556: "#$0123456789J_aceksvxy–γλνθ≥≤≠√κ",
    584: "+<=>^~×−±χΰυ",
    611: "?FLTZbdghnopquΖΤήηοΣΓδβμάαρ",
    667: "EPSVXYΕΛΡΥΧΫΞσ",
    722: "&ABCDHKNRUΑΒΗΚΝΠ∞φΔ",
    778: "GOQwΘΟψπ",
    833: "MΜΩΨΦω",
    889: "%m",
    944: "W",
    1000: "@∑⊣—…←→",
}
# Raised and lowered, of any weight.
_SMALL = {
    333: "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵢⱼₗₜᵣᵗⁱʲˡᶠʳᴵ",
    395: "ₐₑₒₓₕₖₙₚₛᵤᵥᵃᵇᶜᵈᵉᵍʰᵏⁿᵒᵖˢᵘᵛˣʸᶻᴶᴸ",
    470: "ᴬᴮᴰᴱᴴᴷᴺᴾᴿᵀᵁⱽ",
    570: "ₘᵐʷᴳᴹᴼᵂ",
}
_OTHER, _WIDE = 611, 1000  # what the table leaves out: a letter, and a full-width character


def _advances(widths: Mapping[int, str]) -> dict[str, int]:
    return {character: wide for wide, characters in widths.items() for character in characters}


_ADVANCES = {bold: _advances(_SMALL) | _advances(_BOLD if bold else _REGULAR) for bold in (False, True)}


@lru_cache(maxsize=4096)  # a picture is measured in one style after the other, and its words are few
def width_of(text: str, size: float, bold: bool = False) -> float:
    """The width of ``text`` set in ``size`` points, in points; a character that is not known counts as a letter.

    >>> round(width_of("0.5", 10), 2), width_of("0.5", 10) < width_of("0.5 × 2", 10)
    (13.9, True)
    """
    advances = _ADVANCES[bold]
    return (
        sum(advances.get(c) or (_WIDE if unicodedata.east_asian_width(c) in "WF" else _OTHER) for c in text)
        * size
        / 1000
    )


def lines_of(text: str, size: float, wide: float) -> list[str]:
    """A sentence in lines no wider than ``wide`` points, broken between words; a word that is wider has its own line.

    >>> lines_of("one two three", 10, 45)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width_of(f"{lines[-1]} {word}", size) <= wide:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
