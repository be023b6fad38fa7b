"""What is written into the cells of a grid picture: numbers, sums and small tags, as HTML-like labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from viz.ink.theme import LIGHT, Theme, numeral

__all__ = ["fitted", "font", "measure", "pills", "stack", "sum_rows", "sum_width", "tags"]


MOST_ADDENDS = 4
SMALLEST = 6.0
# Sizes of words in a cell, as shares of a theme's sizes of values and of small words.
NUMBER, SUM, ADDEND, TAG = 18 / 12, 13 / 12, 1.0, 8 / 9
# Without the fixed size a table inside a cell is stretched to the width of the cell.
_TABLE = '<table border="0" cellborder="0" cellspacing="{space}" cellpadding="{pad}" fixedsize="true">{rows}</table>'
_PILL = '<td bgcolor="{colour}" width="{wide:g}" height="{high:g}" valign="bottom">{words}</td>'


def font(text: str, colour: str, size: float, bold: bool = False) -> str:
    """Text of one colour and size; ``text`` must already be escaped.

    >>> font("4", "#000000", 12)
    '<font color="#000000" point-size="12">4</font>'
    """
    inner = f"<b>{text}</b>" if bold else text
    return f'<font color="{colour}" point-size="{size:g}">{inner}</font>'


def stack(*rows: str) -> str:
    """Rows written under each other, empty ones left out."""
    return _TABLE.format(space=0, pad=0, rows="".join(f"<tr><td>{row}</td></tr>" for row in rows if row))


def pills(theme: Theme, items: Iterable[tuple[str, int]], size: float, between: str = "", after: str = "") -> str:
    """Words on the colours of their windows, side by side: ``items`` are (words, number of the window)."""
    cells = [_pill(theme, words, theme.window(window), size) for words, window in items]
    line = f'<td height="{size + 5:g}" valign="bottom">{{}}</td>'
    joint, last = (line.format(words) if words else "" for words in (between, after))
    return _TABLE.format(space=1.5, pad=1, rows=f"<tr>{joint.join(cells)}{last}</tr>") if cells else ""


def _pill(theme: Theme, words: str, colour: str, size: float) -> str:
    label = font(words, theme.ink(colour), size, bold=True)
    return _PILL.format(colour=colour, wide=round(measure(words, size) + 5), high=size + 5, words=label)


def tags(theme: Theme, windows: Sequence[int], room: float) -> str:
    """The tags ``w0 w1 ...`` of some windows, as many as there is room for."""
    size = TAG * theme.small_size
    most = max(1, int(room // (measure(f"w{max(windows, default=0)}", size) + 8)))
    shown = [(f"w{window}", window) for window in windows[:most]]
    if len(windows) > most:
        shown[-1] = (f"+{len(windows) - most + 1}", windows[most - 1])
    return pills(theme, shown, size)


def measure(text: str, size: float) -> float:
    """About how wide a text is, in points: Arial's digits, and half of that for thin characters.

    >>> round(measure("1.5", 10))
    14
    """
    thin = sum(character in " .,-|'" for character in text)
    return (0.56 * (len(text) - thin) + 0.28 * thin) * size


def fitted(text: str, room: float, size: float) -> float:
    """The font size, at most ``size``, at which a text fits into ``room``.

    >>> fitted("1.6", 40, 15), fitted("-1.23e-10", 30, 15) < 10
    (15.0, True)
    """
    share = min(1.0, room / max(measure(text, size), 1.0))
    return max(SMALLEST, math.floor(2 * size * share) / 2)


def sum_rows(theme: Theme, addends: Sequence[tuple[float, int]], colour: str, room: float) -> list[str]:
    """The rows of ``0.7 + 0.9 = 1.6``: on one line when there is room, else the addends above the sum.

    ``addends`` are (contribution, number of the window); more than four of them are only counted.
    """
    total, size = numeral(sum(value for value, _ in addends)), theme.value_size
    if len(addends) == 1:
        return [font(total, colour, fitted(total, room, NUMBER * size), bold=True)]
    words = [(numeral(value), window) for value, window in addends]
    result = font(f"= {total}", colour, fitted(f"= {total}", room, SUM * size), bold=True)
    if len(words) > MOST_ADDENDS:
        return [font(f"{len(words)} addends", colour, fitted("99 addends", room, 9)), result]
    addend = ADDEND * size
    if sum_width([value for value, _ in addends], theme) <= room:
        result = font(f"= {total}", colour, addend, bold=True)
        return [pills(theme, words, addend, font("+", colour, addend), after=result)]
    pairs = [words[at : at + 2] for at in range(0, len(words), 2)]
    size = min(fitted("".join(word for word, _ in pair), room - 34, addend - 2) for pair in pairs)
    plus = font("+", colour, size)
    rows = [pills(theme, pair, size, plus, after=plus if pair is not pairs[-1] else "") for pair in pairs]
    return [*rows, result]


def sum_width(addends: Sequence[float], theme: Theme = LIGHT) -> float:
    """How wide ``0.7 + 0.9 = 1.6`` is on one line, with its coloured addends.

    >>> 90 < sum_width([0.7, 0.9]) < 110
    True
    """
    size, total = theme.value_size, numeral(sum(addends))
    return sum(measure(numeral(a), ADDEND * size) + 17 for a in addends) + measure(f"= {total}", SUM * size)
