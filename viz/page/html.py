"""The HTML around a graph: one page that needs no network, no kernel and no file but itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from autodiff.facts.words import SENTENCES
from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.javascript import functions
from viz.graph.legend import Entry
from viz.ink.theme import AT_ONE, PER_DECADE, THICKEST, THINNEST
from viz.layout.svg import element
from viz.page.squeezing import shortened, squeezed
from viz.page.style import classed, style

__all__ = ["SCALE", "SCRIPTS", "SOME", "document", "frame", "module", "page", "shell", "short_names", "signs", "static"]

SCRIPTS = (
    "numbers.js",
    "engine.js",
    "telling.js",
    "mathematics.js",
    "seeing.js",
    "arithmetic.js",
    "look.js",
    "quiz.js",
    "checking.js",
    "state.js",
    "around.js",
    "dom.js",
    "shell.js",
    "copying.js",
    "room.js",
    "camera.js",
    "graph.js",
    "panels.js",
    "grid.js",
    "ui.js",
    "widget.js",
)
SOME = ("grid.js", "widget.js")  # which only some pages need
SCALE = {"thinnest": THINNEST, "thickest": THICKEST, "at_one": AT_ONE, "per_decade": PER_DECADE}

_START = """
const told = JSON.parse(document.querySelector("#told").textContent);
const svg = document.querySelectorAll(".gr-still > svg");
mount(document.querySelector("#stepper"), told.data, { ...told, svg, page: true });
around.settle();
addEventListener("resize", around.settle); // a deck may come to life later
"""

# Where a script runs, nobody sees what stands there for those who have none.
_FIRST = 'document.documentElement.classList.add("gr-script")'
STILL = (
    "This is the last step. Where scripts may run, which they may not here, the page steps through the graph, forwards "
    "and backwards."
)

_PAGE = """<!doctype html>
<html lang="en" class="gr-page" data-look="{look}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
<script>{first}</script>
</head>
<body>
<main id="stepper"><div class="gradroute gr-still" data-look="{still}"><p>{sentence}</p>{svg}</div></main>
<script type="application/json" id="told">{told}</script>
<script type="module">{script}</script>
</body>
</html>
"""


@cache
def module(some: tuple[str, ...] = SOME, used: frozenset[str] | None = None) -> str:
    """The one JavaScript module, for a page or a widget: the primitives' arithmetic, and what stands on it.

    ``some`` are the scripts brought of those that only some pages need, ``used`` the primitives (None: all). Comments,
    indentation and spaces, a third of it, stay behind, and names that no other script knows are short.
    """
    names = [name for name in SCRIPTS if name in some or name not in SOME]
    return squeezed(functions(used)) + "".join(map(_squeezed, names))


def signs(data: Mapping[str, Any]) -> frozenset[str]:
    """The primitives that the formulas of a page's data use, and at most some more."""

    def words(part: Any) -> Iterator[str]:
        if isinstance(part, (dict, list)):
            for inner in part.values() if isinstance(part, dict) else part:
                yield from words(inner)
        elif isinstance(part, str):
            yield part

    return frozenset(PRIMITIVES.keys() & words(data.get("operations")))


@cache
def _squeezed(name: str) -> str:
    return squeezed(static(name), short_names())


@cache
def short_names() -> dict[str, str]:
    """The short names of all scripts together, so that one may call what is of another."""
    known = re.findall(r"\w+", functions() + _START)
    return shortened([*map(static, SCRIPTS)], known)


@cache
def shell(ways: tuple[tuple[str, str], ...] = ()) -> str:
    """The buttons and places of the stepper, with what each way that is shown is called, by its mark."""
    whole = static("shell.html").replace("\n", "").replace("{no path}", SENTENCES["no path"])
    told = [element("span", _sample(mark) + escape(name), class_=f"edge {classed(mark)}") for mark, name in ways]
    whole = whole.replace("gr-legend", "gr-legend gr-of-ways") if ways else whole
    return whole.replace("{ways}", "".join(told))


def page(
    data: Mapping[str, Any],
    svg: str,
    *,
    grid: Mapping[str, Any] | None,
    theme: str,
    start: int,
    title: str,
    css: str | None = None,
    legend: Sequence[Entry] = (),
) -> str:
    """The whole page. Its security policy allows this very script and style, and nothing from any network.

    The legend is that of the picture which is seen where no script runs; the script makes its own.
    """
    told = {"data": dict(data), "grid": grid, "theme": theme, "start": start}
    script = module(("grid.js",) if grid else (), signs(data)) + _START
    css = style() if css is None else css
    told_of = [element("span", _sample(one.line) + escape(one.text), class_=_kind(one)) for one in legend]
    still = element("p", "".join(told_of), class_="gr-legend") + svg if told_of else svg
    return document(told, still, script=script, css=css, theme=theme, title=title, sentence=STILL)


def document(
    told: Mapping[str, Any], still: str, *, script: str, css: str, theme: str, title: str, sentence: str
) -> str:
    """A page that a script fills from what it is told; without scripts stands there a sentence, and a still picture."""
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"script-src '{_hash(_FIRST)}' '{_hash(script)}'; style-src '{_hash(css)}'"
    )
    parts = {"policy": policy, "title": escape(title), "style": css, "svg": still, "script": script, "look": theme}
    parts |= {"first": _FIRST, "sentence": sentence, "still": "dark" if theme == "dark" else "light"}
    return _PAGE.format(**parts, told=_embedded(told))


def frame(whole: str, title: str, height: int, instead: str = "") -> str:
    """The page as an element for the output of a notebook: a frame of its own, apart from everything around it.

    ``instead`` is markup for where no frame is let in: it lies behind the frame until the page is there.
    """
    poster = f'<div class="gr-poster" style="overflow:auto">{instead}</div>'
    return (
        f'<div style="position:relative;min-height:{height}px">{poster}'
        f'<iframe srcdoc="{escape(whole)}" title="{escape(title)}" width="100%" height="{height}" loading="lazy" '
        'style="border:0;display:block;color-scheme:normal;position:absolute;top:0;left:0;height:100%"></iframe></div>'
    )


def _sample(mark: str) -> str:
    """A piece of the line of a mark, if it is one."""
    return '<svg viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4h26"/></svg>' if mark else ""


def _kind(entry: Entry) -> str:
    """The class of an entry: that of its line, or that of the numbers of which it tells."""
    return classed(entry.line or entry.text) if entry.line or entry.text in ("value", "gradient") else "gr-note"


def _embedded(told: object) -> str:
    """JSON that no HTML parser takes for anything but text."""
    text = json.dumps(told, separators=(",", ":"), allow_nan=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def static(name: str, room: str = "viz.page") -> str:
    """The text of a script or a shell of ours, or of another room's."""
    return (files(room) / "static" / name).read_text(encoding="utf-8")
