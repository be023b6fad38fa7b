"""Text as people see it: whatever a name contains, no terminal obeys it and nothing in it stays unseen."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import islice

__all__ = ["NAME", "escape", "letter", "quoted", "visible"]


NAME = 40  # so much of a name stands in a sentence, as in a box

# The usual sign for a newline is missing from the fonts that come with graphviz-pure; this one is not.
NEWLINE = "¶"
ELLIPSIS = "…"

# Cc control, Cf format (bidi, zero-width, tags), Cs lone surrogate, Cn unassigned, Co private use, Zl Zp separators.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_VARIATIONS = {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_UNSEEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | set(map(chr, _VARIATIONS))


def visible(text: str, limit: int = 60) -> str:
    r"""``text`` with every unseen character made visible, cut to ``limit`` characters with an ellipsis.

    >>> visible("two\nlines"), visible("a\x00b"), visible("\u202e!"), visible("x" * 99, limit=5)
    ('two¶lines', 'a\\x00b', '\\u202e!', 'xxxx…')
    """
    if type(text) is str and len(text) <= limit and text.isascii() and text.isprintable():
        return text
    # A shown character comes from at most one given character, so limit + 1 of them tell whether to cut.
    shown = [_shown(character) for character in islice(text, limit + 1)]
    if sum(map(len, shown)) <= limit:
        return "".join(shown)
    kept, room = [], limit - len(ELLIPSIS)
    for piece in shown:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept) + ELLIPSIS


def quoted(thing: object, limit: int | None = None) -> str:
    r"""``repr(thing)`` with what it leaves unseen made visible too, such as variants; cut to a limit.

    >>> print(quoted("a\ufe0f"), quoted("it's"), quoted("x" * 99, limit=5), quoted([1.0, "\u3164"]))
    'a\ufe0f' "it's" 'xxxx…' [1.0, '\u3164']
    """
    mark = ""
    if isinstance(thing, str):
        mark = "'"
        thing = thing if limit is None else thing[: limit + 1]
    shown = repr(thing)
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(map(_shown, shown))
    if limit is None or len(shown) <= limit + 2 * len(mark):
        return shown
    return shown[:limit] + ELLIPSIS + (mark and shown[0])


@cache
def letter(number: int) -> str:
    """What window ``number`` of a pool is called, wherever it is spoken of; they are counted row by row.

    >>> [letter(number) for number in (0, 1, 25, 26, 701, 702)]
    ['A', 'B', 'Z', 'AA', 'ZZ', 'AAA']
    """
    more, last = divmod(number, 26)
    return (letter(more - 1) if more else "") + chr(ord("A") + last)


def escape(character: str) -> str:
    r"""A character as Python writes it by its number: ``\x1b``, ``\u202e``, ``\U000e0001``."""
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _shown(character: str) -> str:
    if character == "\n":
        return NEWLINE
    if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _UNSEEN_LETTERS:
        return escape(character)
    return character
