"""Text as characters: whatever a label contains, it never becomes markup, a link, an escape or a script."""

from __future__ import annotations

import unicodedata
from html import escape
from itertools import islice

import graphviz

__all__ = ["html", "plain", "visible"]


# The usual sign for a newline is missing from the fonts that come with graphviz-pure; this one is not.
NEWLINE = "¶"
ELLIPSIS = "…"

# Cc control, Cf format (bidi marks, zero-width), Cs lone surrogate, Cn unassigned, Co private use, Zl Zp separators.
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_UNSEEN_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def visible(text: str, limit: int = 60) -> str:
    r"""Return ``text`` with every unseen character made visible, cut to ``limit`` characters with an ellipsis.

    >>> visible("two\nlines"), visible("a\x00b"), visible("\u202e!"), visible("x" * 99, limit=5)
    ('two¶lines', 'a\\x00b', '\\u202e!', 'xxxx…')
    """
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


def html(text: str, limit: int = 60) -> str:
    r"""Return visible text escaped for a Graphviz HTML-like label, which takes backslashes for escapes too.

    >>> html(r'<b title="x">&lt; \N')
    '&lt;b title=&quot;x&quot;&gt;&amp;lt; \\\\N'
    """
    return escape(visible(text, limit)).replace("\\", r"\\")


def plain(text: str, limit: int = 60) -> str:
    r"""Return visible text escaped for a plain ``label``, where backslashes and entities have a meaning.

    The result is a ``str`` that the ``graphviz`` package quotes and never takes for HTML.

    >>> print(plain(r"\N &lt;"))
    \\N &amp;lt;
    """
    return graphviz.escape(visible(text, limit).replace("&", "&amp;"))


def _shown(character: str) -> str:
    if character == "\n":
        return NEWLINE
    if unicodedata.category(character) in _UNSEEN_CATEGORIES or character in _UNSEEN_LETTERS:
        return _escaped(ord(character))
    return character


def _escaped(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
