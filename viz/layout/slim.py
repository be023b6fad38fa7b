"""A laid-out SVG made small: what the page's style sheet says anyway, and what nobody sees, is left out of it."""

from __future__ import annotations

import re

__all__ = ["slim"]

_ROOT = re.compile(r'<svg width="[^"]*" height="[^"]*"\s+viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"([^>]*)')
_NODE = re.compile(r'(<g id="[ns]\d+" class="node">)(.*?)(</g>)', re.DOTALL)
_SHAPE = re.compile(r"<(?:path|polygon|ellipse)\b[^>]*?/>\s*")
_CLUSTER = re.compile(r'(<g id="[^"]*" class="cluster">\s*)<(?:path|polygon)\b[^>]*?/>')
_OUTLINE = re.compile(r' (?:d|points)="([^"]*)"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_BACKGROUND = re.compile(r'(class="graph"[^>]*>\s*)<polygon\b[^>]*/>')
_LOOKS = re.compile(
    r' (?:font-family|font-size|fill|stroke|stroke-width|stroke-dasharray)="[^"]*"| text-anchor="start"'
)
_TITLE = re.compile(r"<title>.*?</title>\s*", re.DOTALL)
_PLACES = re.compile(r' (?:d|points|x|y)="[^"]*"')
_DECIMALS = re.compile(r"(\.\d)\d+")


def slim(svg: str) -> str:
    """Return the SVG with boxes as rectangles, coordinates with one decimal, and no colours, fonts and titles.

    >>> slim('<g id="n1" class="node"><title>n1</title><path fill="#fff" d="M1.25,2C9,2 9,8.04 1,8"/></g>')
    '<g id="n1" class="node"><rect x="1" y="2" width="8" height="6" rx="6"/></g>'
    """
    svg = _ROOT.sub(r'<svg data-size="\1 \2" role="group" aria-label="Graph"\3', svg)
    svg = _TITLE.sub("", _BACKGROUND.sub(r"\1", svg))
    svg = _NODE.sub(lambda found: found[1] + _box(found[2]) + found[3], svg)
    svg = _CLUSTER.sub(lambda found: found[1] + _rectangle(found[0]), svg)
    svg = _LOOKS.sub("", svg)
    svg = _PLACES.sub(lambda place: _DECIMALS.sub(r"\1", place[0]), svg)
    return re.sub(r">\s*\n\s*<", "><", svg)


def _box(inside: str) -> str:
    """The inside of a node; the first shape is its outline, which Graphviz draws as a path with round corners."""
    return _rectangle(inside) + _SHAPE.sub("", inside).strip().replace(">&#45;0.000<", "><")


def _rectangle(inside: str) -> str:
    outline = _OUTLINE.search(inside)
    numbers = [float(n) for n in _NUMBER.findall(outline[1])] if outline else [0.0, 0.0]
    across, down = numbers[::2], numbers[1::2]
    sizes = (min(across), min(down), max(across) - min(across), max(down) - min(down))
    place = " ".join(f'{n}="{round(v, 1):g}"' for n, v in zip(("x", "y", "width", "height"), sizes, strict=True))
    return f'<rect {place} rx="6"/>'
