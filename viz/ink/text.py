"""Text as characters: whatever a label contains, it never becomes markup, a link, an escape or a script."""

from __future__ import annotations

from html import escape

import graphviz

from autodiff.ground.text import visible

__all__ = ["html", "plain", "visible"]


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
