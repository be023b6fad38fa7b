"""A drawing in the DOT language that shows and saves itself, with or without a system Graphviz."""

from __future__ import annotations

import re

from viz.ink.theme import FONT_STACK


def clean(svg: str) -> str:
    """Return Graphviz's SVG without prologue, comments and links, and with fonts every browser finds.

    Graphviz escapes ``<`` and ``>`` in all text and attributes, so a tag seen here is one that Graphviz wrote.
    A tooltip arrives as a link without a target; it stays, as a title.

    >>> clean('<?xml version="1.0"?><!-- made by --><svg><a xlink:href="http://x" xlink:title="t"><g/></a></svg>')
    '<svg><g><title>t</title><g/></g></svg>'
    """
    svg = re.sub(r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<title>(?![\w.:]+(?:&#45;&gt;[\w.:]+)?</title>).*?</title>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<a\b[^>]*?xlink:title=\"([^\"]*)\"[^>]*>", r"<g><title>\1</title>", svg)
    svg = re.sub(r"<a\b[^>]*>", "<g>", svg).replace("</a>", "</g>")
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    return re.sub(r'font-family="Arial[^"]*"', f'font-family="{FONT_STACK}"', svg)


def fitted(svg: str, widest: float) -> str:
    """Return Graphviz's SVG shown at most ``widest`` points wide; not every viewer shrinks what is too wide.

    >>> fitted('<svg width="1000pt" height="300pt" viewBox="0 0 1000 300"/>', 700)
    '<svg width="700pt" height="210pt" viewBox="0 0 1000 300"/>'
    """
    size = re.match(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None or float(size[1]) <= widest:
        return svg
    high = float(size[2]) * widest / float(size[1])
    return f'<svg width="{widest:g}pt" height="{high:.0f}pt"{svg[size.end() :]}'
