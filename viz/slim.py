"""A laid-out SVG made small: what the page's style sheet says anyway, and what nobody sees, is left out of it."""

from __future__ import annotations

import re

__all__ = ["slim"]

_NODE = re.compile(r'(<g id="[ns]\d+" class="node">)(.*?)(</g>)', re.DOTALL)
_SHAPE = re.compile(r"<(?:path|polygon|ellipse)\b[^>]*?/>\s*")
_OUTLINE = re.compile(r'<(?:path|polygon)\b[^>]*? (?:d|points)="([^"]*)"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LOOKS = re.compile(
    r' (?:font-family|font-size|fill|stroke|stroke-width|stroke-dasharray|text-anchor="start"|text-decoration)'
    r'(?:="[^"]*")?'
)
_TITLE = re.compile(r"<title>.*?</title>\s*", re.DOTALL)
_CLUSTER = re.compile(r'<g id="clust\d+" class="cluster">')
_DECIMALS = re.compile(r"(-?\d+\.\d)\d+")
_PLACES = re.compile(r' (?:d|points|x|y|width|height)="[^"]*"')


def slim(svg: str) -> str:
    """Return the SVG with boxes as rectangles, one text for each label, one decimal, and no colours or fonts.

    >>> slim('<g id="n1" class="node"><title>n1</title><path fill="#fff" d="M1.25,2C9,2 9,8.04 1,8"/></g>')
    '<g id="n1" class="node"><rect x="1" y="2" width="8" height="6" rx="6"/></g>'
    """
    svg = _TITLE.sub("", svg)
    svg = _NODE.sub(lambda found: found[1] + _box(found[2]) + found[3], svg)
    svg = re.sub(r'(<g id="e\d+_\d+" class="edge">)(.*?)(</g>)', lambda f: f[1] + _label(f[2]) + f[3], svg, flags=re.S)
    svg = _LOOKS.sub("", svg)
    svg = _PLACES.sub(lambda place: _DECIMALS.sub(r"\1", place[0]).replace('.0"', '"'), svg)
    return re.sub(r">\s*\n\s*<", "><", svg)


def _box(inside: str) -> str:
    """The inside of a node: a rectangle in place of its outline, which Graphviz draws as a path with round corners."""
    outline = _OUTLINE.search(inside)
    if outline is None:
        return inside
    numbers = [float(n) for n in _NUMBER.findall(outline[1])]
    across, down = numbers[::2], numbers[1::2]
    x, y = min(across), min(down)
    corners = (x, y, max(across) - x, max(down) - y)
    place = " ".join(f'{n}="{v:.4g}"' for n, v in zip(("x", "y", "width", "height"), corners, strict=True))
    return f'<rect {place} rx="6"/>' + _SHAPE.sub("", inside).strip()


def _label(inside: str) -> str:
    """The inside of an edge: line, arrowhead and one text, which the page writes."""
    texts = re.findall(r'<text [^>]*?x="([-\d.]+)" y="([-\d.]+)"', inside)
    drawn = re.sub(r"<text\b.*?</text>\s*", "", inside, flags=re.DOTALL).replace("<g>", "").replace("</g>", "")
    if not texts:
        return drawn
    return drawn
