"""What a layout engine answered: of the kind it was asked for, whole, and without anything that runs or loads."""

from __future__ import annotations

import json
import re

from viz.ink.text import visible

__all__ = ["fault"]

# How files of a kind begin and end. What is not listed (raw bitmaps, image maps, ...) has no mark to know it by.
_SVG = (rb"\s*(?:<\?xml\b|<!DOCTYPE svg\b|<!--|<svg\b)", rb"</svg>\s*")
_POSTSCRIPT = (rb"%!PS", rb"%%EOF\s*")
_GRAPH = (rb"\s*(?:strict\s+)?(?:di)?graph\b", rb"\}\s*")
_PLAIN = (rb"graph\s", rb"\nstop\s*")
_JSON = (rb"\s*\{", rb"\}\s*")
_JPEG = (rb"\xff\xd8\xff", rb"\xff\xd9")
_MARKS: dict[str, tuple[bytes, bytes]] = {
    **dict.fromkeys(("svg", "svg_inline"), _SVG),
    "png": (rb"\x89PNG\r\n\x1a\n", rb"\0\0\0\0IEND\xaeB`\x82"),
    "gif": (rb"GIF8", rb";"),
    "pdf": (rb"%PDF", rb"%%EOF\s*"),
    "svgz": (rb"\x1f\x8b", rb""),
    "bmp": (rb"BM", rb""),
    "webp": (rb"RIFF....WEBP", rb""),
    **dict.fromkeys(("ps", "ps2", "eps"), _POSTSCRIPT),
    **dict.fromkeys(("dot", "gv", "canon", "xdot", "xdot1.2", "xdot1.4"), _GRAPH),
    **dict.fromkeys(("plain", "plain-ext"), _PLAIN),
    **dict.fromkeys(("json", "json0", "dot_json", "xdot_json"), _JSON),
    **dict.fromkeys(("jpg", "jpeg", "jpe"), _JPEG),
}

# The SVG that Graphviz writes, as a grammar: it escapes < and > in all text and attributes, so whatever else begins
# with < is not Graphviz's. The same reading holds for XML and for HTML, in which a notebook shows the picture.
_WORDS = r'"[^"<>]*"'  # attributes that say something, and are neither followed nor read as style
_FILE = r'"(?:[A-Za-z]:)?(?![\\/]{2})[^"<>:&]*"'  # an image beside the picture, on no other machine
_CALLS = "|".join(rf"(?<={name})\(" for name in ("scale", "rotate", "translate", "matrix", "rgb"))
_LOOK = r'"[^"<>&\\(]*(?:(?:&(?:amp|quot|lt|gt|apos|#39|#45|#160);|' + _CALLS + r')[^"<>&\\(]*)*"'
_SPEAKING = rf"(?:id|class|target|font-family|xlink:title|xmlns(?::\w+)?)\s*=\s*{_WORDS}"
_PAINT = r'(?:fill|stroke)\s*=\s*"url\(#[^"<>]*"'  # a gradient of this picture, named after a node
_LOOKING = rf"{_PAINT}|(?!(?i:on|[\w:.-]*href|[\w:.-]*src))[\w:.-]+\s*=\s*{_LOOK}"
_SHAPES = (
    "svg|g|title|polygon|polyline|path|ellipse|circle|rect|line|text|tspan|defs|linearGradient|radialGradient|stop"
)
_PIECE = re.compile(
    r"<\?xml[^<>]*\?>"
    rf"|<!DOCTYPE svg(?:\s+PUBLIC\s+{_WORDS}\s+{_WORDS})?\s*>"
    r"|<!--[^<>]*-->"
    rf"|</?(?:{_SHAPES})(?:\s+(?:{_SPEAKING}|{_LOOKING}))*\s*/?>"
    rf"|</?a(?:\s+(?:{_SPEAKING}|{_LOOKING}|xlink:href\s*=\s*{_WORDS}))*\s*/?>"  # clean() takes links out
    rf"|</?image(?:\s+(?:{_SPEAKING}|{_LOOKING}|xlink:href\s*=\s*{_FILE}))*\s*/?>"
)


def fault(data: bytes, format: str, to_be_read: bool = False) -> str:
    """What is wrong with a picture in ``format``, or "" when it may be shown; JSON ``to_be_read`` is not read here.

    >>> fault(b"<svg><g/></svg>", "svg"), fault(b"hello", "png")
    ('', "it answered with 'hello', which is not PNG")
    >>> fault(b"<svg><script>alert(1)</script></svg>", "svg")
    "its SVG has '<script>alert(1)</script>', which no Graphviz writes"
    """
    kind = format.partition(":")[0].lower()
    begins, ends = _MARKS.get(kind, (b"", b""))
    if not data or not re.match(begins, data, re.DOTALL):
        said = _quoted(data[:400].decode("utf-8", "replace")) if data else "nothing"
        return f"it answered with {said}, which is not {kind.upper()}"
    if ends and not re.search(ends + rb"\Z", data[-200:]):
        return f"its {kind.upper()} breaks off in the middle"
    if _MARKS.get(kind) is _SVG:
        return _unsafe(data)
    return _unreadable(data) if _MARKS.get(kind) is _JSON and not to_be_read else ""


def _unreadable(data: bytes) -> str:
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        return f"its JSON cannot be read: {error}"
    return ""


def _unsafe(data: bytes) -> str:
    """What in an SVG is more than shapes, text and links; scripts, styles and pictures from elsewhere are."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return f"its SVG is not UTF-8: {error}"
    foreign = _PIECE.sub("", text).partition("<")
    return f"its SVG has {_quoted('<' + foreign[2])}, which no Graphviz writes" if foreign[1] else ""


def _quoted(text: str) -> str:
    return f"'{visible(text, 60)}'"
