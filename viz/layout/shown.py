"""What a notebook is given of a picture: the SVG, an image of it for where no SVG is let in, and its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import count, product
from string import ascii_letters
from urllib.parse import quote

from viz.layout.svg import element

__all__ = ["LARGEST", "SEEN", "bundle", "image", "packed"]

LARGEST = 100_000  # characters of a picture that is kept twice; notebooks stay light
SEEN = "To see the picture, run it in a notebook, or trust the one that it is in; or .save_svg(path)."
_LOOK = {  # what may as well be said by style
    *("fill", "stroke", "stroke-width", "stroke-dasharray", "paint-order", "opacity"),
    *("font-family", "font-size", "font-weight", "text-anchor"),
}
_PLAIN = "=/:;,.'(){} @!+-_"  # what stands in an address as it is


def bundle(svg: str, name: str, words: str) -> dict[str, bytes | str]:
    """A picture by the kinds that a notebook's host chooses from: an image with its words, and the SVG.

    A host that does not trust a notebook shows no SVG, others clean it until it is black, or cut it where a page
    ends; the image is let in everywhere, and takes the room that there is. A large picture is kept once, as image.
    """
    told = " ".join([name if name.endswith("?") else f"{name}.", words]).strip()
    kinds: dict[str, bytes | str] = {"text/html": image(svg, told), "text/plain": f"{told}\n{SEEN}"}
    return kinds if len(kinds["text/html"]) > LARGEST else {"image/svg+xml": svg, **kinds}


def image(svg: str, words: str, width: float | None = None) -> str:
    """The picture as an image that needs no file: HTML of one element, which cleaners of HTML leave.

    >>> image('<svg viewBox="0 0 1 1"></svg>', "one & all")
    '<img src="data:image/svg+xml,%3Csvg viewBox=\\'0 0 1 1\\'%3E%3C/svg%3E" alt="one &amp; all"/>'
    """
    source = packed(svg).replace("'", "&apos;").replace('"', "'")
    return element("img", src=f"data:image/svg+xml,{quote(source, safe=_PLAIN)}", alt=escape(words), width=width)


def packed(svg: str) -> str:
    """The same to the eye in a third fewer characters: looks are said once, and what an image does not show is not.

    >>> packed('<svg><g id="n0" fill="#000"><path d="M0,0" fill="#000"/></g></svg>')
    '<svg><style>.a{fill:#000}</style><g class="a"><path d="M0,0" class="a"/></g></svg>'
    """
    svg = re.sub(r"<(title|desc)\b[^>]*>.*?</\1>|\n", "", svg, flags=re.DOTALL)
    styled = set(re.findall(r"\.([\w-]+)", "".join(re.findall(r"<style>(.*?)</style>", svg))))
    names, fresh = dict[str, str](), (name for name in _names() if name not in styled)

    def said(tag: re.Match[str]) -> str:
        told = dict(_ATTRIBUTE.findall(tag[2]))
        if told.get("font-size", "px")[-1].isdigit():  # style has no size without a unit
            told["font-size"] += "px"
        look = ";".join(f"{name}:{value}" for name, value in told.items() if name in _LOOK)
        classes = [name for name in told.get("class", "").split() if name in styled]
        if look:
            classes.append(names.get(look) or names.setdefault(look, next(fresh)))
        kept = {name: value for name, value in told.items() if name not in _LOOK and not _UNSEEN.match(name)}
        kept |= {"class": " ".join(classes)} if classes else {}
        return tag[1] + "".join(f' {name}="{value}"' for name, value in kept.items()) + tag[3]

    opening, _, rest = svg.partition(">")
    rest = _TAG.sub(said, rest)
    rules = "".join(f".{name}{{{look}}}" for look, name in names.items())
    return re.sub(r' (?:role|aria-\w+)="[^"]*"', "", opening) + ">" + (element("style", rules) if rules else "") + rest


_TAG = re.compile(r"(<(?!style)\w+)((?: [\w:-]+=\"[^\"]*\")+)(/?>)")
_ATTRIBUTE = re.compile(r' ([\w:-]+)="([^"]*)"')
_UNSEEN = re.compile(r"id$|class$|role$|aria-|data-")


def _names() -> Iterator[str]:
    """Short names, one after the other."""
    return ("".join(letters) for length in count(1) for letters in product(ascii_letters, repeat=length))
