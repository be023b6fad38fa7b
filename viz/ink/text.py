"""Text as characters: whatever a label contains, it never becomes markup, a link, an escape or a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import graphviz

from autodiff.ground.text import visible

__all__ = ["count", "html", "listed", "plain", "shortened", "visible"]

MOST = 6  # things that a sentence lists


def count(number_of: int, what: str) -> str:
    """``1 node``, ``2 nodes``.

    >>> count(1, "node"), count(0, "use")
    ('1 node', '0 uses')
    """
    return f"{number_of} {what}{'s' * (number_of != 1)}"


def html(text: str, limit: int = 60) -> str:
    r"""Visible text escaped for a Graphviz HTML-like label, which takes backslashes for escapes too.

    >>> html(r'<b title="x">&lt; \N')
    '&lt;b title=&quot;x&quot;&gt;&amp;lt; \\\\N'
    """
    return escape(visible(text, limit)).replace("\\", r"\\")


def plain(text: str, limit: int = 60) -> str:
    r"""Visible text escaped for a plain ``label``, where backslashes and entities have a meaning.

    The result is a ``str`` that the ``graphviz`` package quotes and never takes for HTML.

    >>> print(plain(r"\N &lt;"))
    \\N &amp;lt;
    """
    return graphviz.escape(visible(text, limit).replace("&", "&amp;"))


def shortened(name: str, share: float) -> str:
    """A share of a name; a short last word, which tells it from others, stays.

    >>> shortened("window B", 1), shortened("window B", 0.6), shortened("learning rate", 0.5)
    ('window B', 'wi… B', 'learni…')
    """
    most, head, last = max(3, round(share * len(name))), *name.rpartition(" ")[::2]
    if len(name) <= most:
        return name
    return f"{head[: max(0, most - len(last) - 2)]}… {last}" if head and len(last) < 4 else f"{name[:most]}…"


def listed(things: Sequence[str]) -> str:
    """``a, b and c``, and of many the first few, and how many there are more.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed([*"abcdefghi"])
    ('a', 'a, b and c', 'a, b, c, d, e, f and 3 more')
    """
    if len(things) > MOST + 1:
        return f"{', '.join(things[:MOST])} and {len(things) - MOST} more"
    return " and ".join(filter(None, (", ".join(things[:-1]), *things[-1:])))
