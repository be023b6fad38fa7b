"""Our scripts without comments, indentation and the spaces that nothing needs, and with short names inside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from string import ascii_letters

__all__ = ["shortened", "squeezed"]

# What stands in code, one after the other. A slash begins a pattern where no number or name stands before it.
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<pattern>(?<=[=(,:\[!&|?{};>\n ])/(?![ =])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/[a-z]*)
    |(?P<space>[ \t]*\n[ \t\n]*|[ \t]+)
    |(?P<quote>`)|(?P<open>\{)|(?P<close>\})
    |(?P<name>[A-Za-z_$][\w$]*)|(?P<other>[\w$]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE = re.compile(r"((?:\\.|\$(?!\{)|[^`\\$])*)(`|\$\{)", re.DOTALL)  # up to its end, or to code within it
_ALONE = frozenset("=,{};:?*()<>&|[]!%`\"'\n")  # beside these no space is needed; + and - may be told from ++ and --

# The language's own names, and those of a browser that stand in our scripts: what `window` has is not ours to call.
_NAMES = """
AbortController addEventListener Array async atob await Blob Boolean break case catch class clearTimeout
ClipboardItem close const constructor continue createImageBitmap default delete devicePixelRatio do document
DOMParser else encodeURIComponent Error Event event export extends false finally find Float64Array focus for frames
function get getComputedStyle history if Image import in Infinity innerHeight instanceof Int32Array isFinite isNaN
JSON KeyboardEvent length let location Map matchMedia Math MutationObserver name NaN navigator new Node null Number
Object of open origin parent parseFloat parseInt Promise ResizeObserver return scroll self Set set setTimeout static
status stop String super switch this throw top true try typeof Uint8Array undefined URL URLSearchParams var void
WeakMap while window with XMLSerializer yield
"""
_FOREIGN = frozenset(_NAMES.split())
_LEAST = 3  # letters of a name that is worth it


def squeezed(script: str, short: Mapping[str, str] | None = None) -> str:
    r"""A script that does the same: texts, templates and patterns stay as they are, and so do the ends of lines.

    ``short`` are other names for what is called by a name of ours, as :func:`shortened` gives them.

    >>> squeezed("/** Twice. */\nconst f = (x) => `${ 2 * x } = 2 x`; // exact\n\n  const s = 'a  =  b' + /[=] /;\n")
    "const f=(x)=>`${2*x} = 2 x`;\nconst s='a  =  b'+ /[=] /;\n"
    >>> squeezed("const twice = ({ all: parts }) => parts.all;", {"twice": "a", "parts": "b", "all": "c"})
    'const a=({all:b})=>b.all;'
    """
    parts: list[str] = []
    for kind, text in _code(script):
        if kind == "space":
            _space(parts, "\n" if "\n" in text else " ")
        else:
            _add(parts, short.get(text, text) if short and kind in ("ours", "both") else text)
    return "".join(parts)


def shortened(scripts: Sequence[str], kept: Collection[str] = ()) -> dict[str, str]:
    """A short name for each that is used in scripts and never as the name of a part of an object, nor ``kept``.

    >>> shortened(["const twice = ({ all, of: parts }) => 2 * parts(all); // all is of an object"], {"parts"})
    {'twice': 'a'}
    """
    code = [token for script in scripts for token in _code(script)]
    often = Counter(text for kind, text in code if kind == "ours")
    shared = {text for kind, text in code if kind == "both"}
    never = shared | _FOREIGN | {*kept}
    taken = {text for _, text in code} | never
    free = (name for size in (1, 2) for name in map("".join, product(ascii_letters, repeat=size)) if name not in taken)
    long = (name for name, _ in often.most_common() if len(name) >= _LEAST and name not in never)
    return dict(zip(long, free, strict=False))


@lru_cache(64)
def _code(script: str) -> tuple[tuple[str, str], ...]:
    """The kinds and texts of what stands in a script, without comments; of a template the parts between code.

    A name is "ours", the "key" of a part of an object, or perhaps "both", as in ``{ x }``.
    """
    code = [*_tokens(script)]
    places = [place for place, (kind, _) in enumerate(code) if kind != "space"]
    around: list[str] = []  # the brackets that are open
    texts = ["", "", *(code[place][1] for place in places), ""]
    for i, place in enumerate(places):
        kind, text = code[place]
        if kind == "name":
            code[place] = (_use(texts[i], texts[i + 1], texts[i + 3], around), text)
        elif kind == "template":
            if text[0] == "}":
                around.pop()
            if text.endswith("${"):
                around.append("${")
        elif text in ("(", "[", "{"):
            around.append(text)
        elif text in (")", "]", "}"):
            around.pop()
    return tuple(code)


def _tokens(script: str) -> Iterator[tuple[str, str]]:
    depths: list[int] = []  # of braces, in the code of each template around
    at, depth = 0, 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        assert found is not None  # any character is a token
        kind, token, at = found.lastgroup or "", found[0], found.end()
        if kind == "comment":
            continue
        ends_code = kind == "close" and bool(depths) and depth == depths[-1]
        if kind == "quote" or ends_code:
            if ends_code:
                depths.pop()
            inner = _TEMPLATE.match(script, at)
            assert inner is not None, "a template has an end"
            kind, token, at = "template", token + inner[0], inner.end()
            if inner[2] == "${":
                depths.append(depth)
        else:
            depth += (kind == "open") - (kind == "close")
        yield kind, token


def _use(second: str, before: str, after: str, around: list[str]) -> str:
    """What a name is between what stands before it, and after it."""
    if before == "." and second != ".":  # three dots are no part's
        return "key"
    if not around or around[-1] != "{":
        return "ours"
    begins = before in ("{", ",")
    if begins and after == ":":
        return "key"
    is_method = after == "(" and (begins or before in ("}", "get", "set", "static", "async", "*"))
    return "both" if is_method or (begins and after in (",", "}", "=")) else "ours"


def _space(parts: list[str], space: str) -> None:
    """A space after what was there, if it is needed; the end of a line is one."""
    last = parts[-1][-1] if parts else "\n"
    if space == "\n" and last == " ":
        parts[-1] = parts[-1][:-1]
        last = parts[-1][-1] if parts[-1] else ""
    if last != "\n" and (space == "\n" or last not in _ALONE):
        parts.append(space)


def _add(parts: list[str], token: str) -> None:
    if parts and parts[-1] == " " and token[0] in _ALONE:
        parts.pop()
    parts.append(token)
