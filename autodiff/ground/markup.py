"""What notebooks are shown: text and tables as HTML, in which nothing that a name contains is markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["code", "ends", "preformatted", "table"]

_ROWS = 60  # of a longer table the first and the last half


def code(text: str) -> str:
    """A short text.

    >>> code("a < b")
    '<code>a &lt; b</code>'
    """
    return f"<code>{_escaped(text)}</code>"


def preformatted(text: str) -> str:
    """A text of several lines, as they stand."""
    return f'<pre style="white-space:pre-wrap">{_escaped(text)}</pre>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a head; its last column is as wide as there is room for."""
    body = "".join(_row("td", row) for row in rows)
    return f"<table><thead>{_row('th', head)}</thead><tbody>{body}</tbody></table>"


def ends(count: int) -> tuple[range, int, range]:
    """The places of the first rows of a table, how many are left out, and the last; all are first ones if not many.

    >>> ends(3), ends(1000)
    ((range(0, 3), 0, range(3, 3)), (range(0, 30), 940, range(970, 1000)))
    """
    if count <= _ROWS:
        return range(count), 0, range(count, count)
    return range(_ROWS // 2), count - _ROWS, range(count - _ROWS // 2, count)


def _row(tag: str, cells: Sequence[str]) -> str:
    style = ' style="text-align:left"'
    return f"<tr>{''.join(f'<{tag}{style}>{_escaped(cell)}</{tag}>' for cell in cells)}</tr>"


def _escaped(text: str) -> str:
    from html import escape  # costs more than all else here, and most never ask for it

    return escape(text)
