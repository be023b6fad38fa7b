"""SVG: written from a layout, and cleaned where Graphviz itself has drawn. Nothing else in the project reads SVG."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from viz.ink.theme import FONT_STACK
from viz.layout.layout import Box, Curve, Point

__all__ = [
    "OWN",
    "RING",
    "SVG",
    "apart",
    "clean",
    "element",
    "fitted",
    "head",
    "in_both",
    "inner",
    "labelled",
    "outline",
    "stroke",
    "tee",
    "way",
]

SVG = "http://www.w3.org/2000/svg"
ROUND, BEND = 12.0, 6.0  # the corners that Graphviz gives to style=rounded: so far apart, so far bent
RING = 4.0  # how far the second border of a folded scope lies outside the first
OWN = "\0"  # what the names of a picture's classes and ids begin with, until its content is known; no text has it
TEE = 3.5  # half the length of the bar across a line's end


def element(tag: str, content: str | None = None, **attributes: str | float | None) -> str:
    """An element with these attributes (None: left out; ``class_`` and ``stroke_width`` are said like that).

    ``content`` is markup; without it the element is closed at once.

    >>> element("text", "a &lt; b", x=1.50, class_="gr-name")
    '<text x="1.5" class="gr-name">a &lt; b</text>'
    """
    said = "".join(
        [
            f'{_before(name)}{value if isinstance(value, str) else _short(value)}"'
            for name, value in attributes.items()
            if value is not None
        ]
    )
    return f"<{tag}{said}/>" if content is None else f"<{tag}{said}>{content}</{tag}>"


@lru_cache(maxsize=256)
def _before(name: str) -> str:
    """What stands before the value of an attribute."""
    return f' {name.rstrip("_").replace("_", "-")}="'


def outline(box: Box) -> str:
    """The path data of a box with round corners, as Graphviz draws them."""
    far = min(ROUND, box.width / 3, box.height / 3)
    near = far * BEND / ROUND
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    corners = [
        ((right - far, top), (right - near, top), (right, top + near), (right, top + far)),
        ((right, bottom - far), (right, bottom - near), (right - near, bottom), (right - far, bottom)),
        ((left + far, bottom), (left + near, bottom), (left, bottom - near), (left, bottom - far)),
        ((left, top + far), (left, top + near), (left + near, top), (left + far, top)),
    ]
    parts = [f"{_points([start])}C{_points(bend)}" for start, *bend in corners]
    return f"M{'L'.join(parts)}Z"


def inner(box: Box) -> Box:
    """The inner of the two borders of a folded scope, whose place in a layout holds both."""
    return Box(box.x + RING, box.y + RING, box.width - 2 * RING, box.height - 2 * RING, box.words)


def stroke(curve: Curve) -> str:
    """The path data of a line."""
    first, *rest = curve.points
    return f"M{_points([first])}C{_points(rest)}"


def head(curve: Curve) -> str:
    """The points of the arrowhead at the operand's end."""
    return _points(curve.head)


def way(curve: Curve) -> str:
    """The path data from a line's end to the operand's box, where no arrowhead fills the gap."""
    return f"M{_points(curve.points[:1])}L{_points([curve.tip])}"


def tee(curve: Curve) -> str:
    """The points of the bar across the operand's end of a line over which nothing comes."""
    (x, y), (tip_x, tip_y) = curve.points[0], curve.tip
    length = ((tip_x - x) ** 2 + (tip_y - y) ** 2) ** 0.5 or 1.0
    across = (y - tip_y) / length * TEE, (tip_x - x) / length * TEE
    return _points([(tip_x - across[0], tip_y - across[1]), (tip_x + across[0], tip_y + across[1])])


def _points(points: Iterable[Point]) -> str:
    found = " ".join([f"{x:.1f},{y:.1f}" for x, y in points])
    return _NOTHING.sub("", found)


def _short(x: float) -> str:
    text = f"{x:.1f}"
    return text if text[-2:] != ".0" else text[:-2] if text != "-0.0" else "0"


def clean(svg: str) -> str:
    """Graphviz's SVG without prologue, comments and links, and with fonts every browser finds.

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
    """Graphviz's SVG shown at most ``widest`` points wide; not every viewer shrinks what is too wide.

    >>> fitted('<svg width="1000pt" height="300pt" viewBox="0 0 1000 300"/>', 700)
    '<svg width="700pt" height="210pt" viewBox="0 0 1000 300"/>'
    """
    size = re.match(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    if size is None or float(size[1]) <= widest:
        return svg
    high = float(size[2]) * widest / float(size[1])
    return f'<svg width="{widest:g}pt" height="{high:.0f}pt"{svg[size.end() :]}'


def apart(svg: str) -> str:
    """The picture with names of its own for all classes and ids that begin with ``OWN``: two on a page stay apart.

    The names follow from the content, so that the same picture has the same bytes.

    >>> apart(f'<g class="{OWN}k"/>'), apart(f'<g class="{OWN}k"><g/></g>')
    ('<g class="g317d2758-k"/>', '<g class="gcd457fd2-k"><g/></g>')
    """
    return svg.replace(OWN, f"g{hashlib.sha256(svg.encode()).hexdigest()[:8]}-")


def labelled(svg: str, title: str, description: str = "") -> str:
    """The picture as one image with a name, and a description, for those who do not see it.

    Nothing else in it has an id, so that two pictures on a page share none.

    >>> re.sub("g[0-9a-f]{8}-", "", labelled('<svg><g id="n0"/></svg>', "one & all"))
    '<svg role="img" aria-labelledby="title"><title id="title">one &amp; all</title><g/></svg>'
    """
    opening, rest = svg.split(">", 1)
    told = {"title": title, "desc": description} if description else {"title": title}
    roles = zip(("aria-labelledby", "aria-describedby"), told, strict=False)
    names = " ".join(['role="img"', *(f'{role}="{OWN}{name}"' for role, name in roles)])
    words = "".join(element(name, escape(words), id=OWN + name) for name, words in told.items())
    return apart(f"{opening} {names}>{words}{_ID.sub('', rest)}")


def in_both(light: str, dark: str) -> str:
    """One picture of two that differ in colours alone: where the host is dark, CSS gives those of the second.

    >>> in_both('<svg><g fill="#ffffff"/></svg>', '<svg><g fill="#000000"/></svg>').replace(OWN, "")
    '<svg><style>@media (prefers-color-scheme:dark){.d0{fill:#000000}}</style><g fill="#ffffff" class="d0"/></svg>'
    """
    rules: dict[str, str] = {}
    parts = []
    for one, other in zip(_TAG.split(light), _TAG.split(dark), strict=True):
        if one != other and one[:1] == "<":
            colours = zip(_ATTRIBUTE.findall(one), _ATTRIBUTE.findall(other), strict=True)
            changed = ";".join(f"{name}:{value}" for (name, before), (_, value) in colours if value != before)
            one = _with_class(one, rules.setdefault(changed, f"{OWN}d{len(rules)}"))
        elif one != other:
            one += _where_dark(other)  # the rules of an animation
        parts.append(one)
    if rules:
        sheet = _where_dark("".join(f".{name}{{{changed}}}" for changed, name in rules.items()))
        parts.insert(2, element("style", sheet))
    return "".join(parts)


_NOTHING = re.compile(r"-(?=0\.0(?!\d))|\.0(?!\d)")  # of a number with one decimal
_ID = re.compile(r' id="[^"]*"')
_TAG = re.compile(r"(<[^>]+>)")
_ATTRIBUTE = re.compile(r' ([\w-]+)="([^"]*)"')


def _with_class(tag: str, name: str) -> str:
    if ' class="' in tag:
        return tag.replace(' class="', f' class="{name} ', 1)
    return re.sub("(/?>)$", f' class="{name}"\\1', tag)


def _where_dark(rules: str) -> str:
    return f"@media (prefers-color-scheme:dark){{{rules}}}"
