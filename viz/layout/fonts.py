"""Which characters a picture of pixels can show: no font at hand has all of them.

graphviz-pure writes with the fonts it brings along, ``dot`` with the system's. A character that none of them has would
be drawn as an empty box, and nobody could tell one from another: it is written as its escape, and that is said once.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import warnings
from collections.abc import Callable
from functools import cache

from autodiff.ground.text import escape

__all__ = ["PIXELS", "drawable", "spelled", "unusual"]

PIXELS = frozenset({"png", "gif", "jpg", "jpeg", "jpe", "bmp", "webp"})

# Beyond ASCII, the code points of graphviz-pure's Arimo, which has what Arial has: Latin, Greek, Cyrillic, signs.
_USUAL = """
    a0-377 37a-37f 384-38a 38c 38e-3a1 3a3-52f 591-5c7 5d0-5ea 5f0-5f4 1ab0-1abe 1c80-1c88 1d00-1df5 1dfb-1f15
    1f18-1f1d 1f20-1f45 1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fc4 1fc6-1fd3 1fd6-1fdb
    1fdd-1fef 1ff2-1ff4 1ff6-1ffe 2000-2064 2066-2071 2074-208e 2090-209c 20a0-20be 20f0 2100-214f 2153-2154
    215b-215e 2184 2190-2195 21a8 2202 2206 220f 2211-2212 2215 2219-221a 221e-221f 2229 222b 2248 2260-2261
    2264-2265 2302 2310 2320-2321 2500 2502 250c 2510 2514 2518 251c 2524 252c 2534 253c 2550-256c 2580 2584
    2588 258c 2590-2593 25a0-25a1 25aa-25ac 25b2 25ba 25bc 25c4 25ca-25cc 25cf 25d8-25d9 25e6 263a-263c 2640
    2642 2660 2663 2665-2666 266a-266b 266f 2c60-2c7f 2de0-2e42 a640-a69f a717-a7ae a7b0-a7b7 a7f7-a7ff
    ab30-ab65 f001-f002 f005 f00a-f00e fb01-fb04 fb1d-fb36 fb38-fb3c fb3e fb40-fb41 fb43-fb44 fb46-fb4f
    fe20-fe2f feff fffc-fffd
"""

_LOST = (
    "{what} in this picture's names {are} in no font that {who} finds, and stand{s} there as an escape such as "
    "{escape}: {cure}, or save the picture as SVG, which is shown with the fonts of the browser (this is said once)"
)
_CURES = {True: "install a font that has them", False: "install Graphviz, whose `dot` uses the system's fonts"}


def drawable(dot_text: str, program: str, system: bool) -> str:
    """DOT text with characters that ``program`` has no glyph for as escapes; ``system``: it uses the system's fonts.

    Characters that are assigned to nothing stay, for no font could ever have them.

    >>> drawable("digraph { a [label=π] }", "graphviz-pure", system=False)
    'digraph { a [label=π] }'
    """
    lost = {c for c in unusual(dot_text) if unicodedata.category(c) not in ("Cn", "Cs")}
    if system and lost:
        lost -= {c for c in lost if _installed() is None or ord(c) in (_installed() or ())}
    if not lost:
        return dot_text
    _say(sorted(lost), program, _CURES[system])
    # A backslash before the backslash: alone it begins an escape, in every kind of label.
    return dot_text.translate({ord(c): "\\" + escape(c) for c in lost})


def spelled(text: str, has: Callable[[str], bool], who: str) -> str:
    """Words with the characters that a font has not as escapes; ``who`` has the font, and nothing else to write with.

    What is lost is said once, in a warning.

    >>> spelled("x₀", lambda character: True, "a font that has everything")
    'x₀'
    """
    lost = {c for c in set(text) if not has(c)}
    if lost:
        _say(sorted(lost), who, "name it otherwise")
    return text.translate({ord(c): escape(c) for c in lost})


def unusual(text: str) -> set[str]:
    """The characters of a text that not every font has."""
    return set() if text.isascii() else {c for c in set(text) if ord(c) > 126 and ord(c) not in _usual()}


@cache
def _usual() -> frozenset[int]:
    return _code_points(_USUAL)


@cache
def _installed() -> frozenset[int] | None:
    """What the system's fonts have, as fontconfig knows it; None where it is not there to be asked."""
    asked = shutil.which("fc-list")
    if asked is None:
        return None
    try:
        told = subprocess.run([asked, ":", "charset"], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return _code_points(told.stdout.decode("ascii", "replace").replace(":charset=", " "))


def _code_points(ranges: str) -> frozenset[int]:
    found = re.findall(r"([0-9a-f]+)(?:-([0-9a-f]+))?", ranges)
    return frozenset(code for first, last in found for code in range(int(first, 16), int(last or first, 16) + 1))


_said: set[str] = set()


def _say(lost: list[str], program: str, cure: str) -> None:
    if program in _said:
        return
    _said.add(program)
    shown = " ".join(lost[:8]) + (" ..." if len(lost) > 8 else "")
    one = len(lost) == 1
    words = {"what": shown, "who": program, "are": "is" if one else "are", "s": "s" if one else ""}
    warnings.warn(_LOST.format(**words, escape=escape(lost[0]), cure=cure), stacklevel=2)
