"""Our scripts without comments, indentation and the spaces that nothing needs."""

from __future__ import annotations

import re

__all__ = ["squeezed"]

# What stands in code, one after the other. A slash begins a pattern where no number or name stands before it.
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<pattern>(?<=[=(,:\[!&|?{};>\n ])/(?![ =])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/[a-z]*)
    |(?P<space>[ \t]*\n[ \t\n]*|[ \t]+)
    |(?P<quote>`)|(?P<open>\{)|(?P<close>\})
    |(?P<name>[\w$]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE = re.compile(r"((?:\\.|\$(?!\{)|[^`\\$])*)(`|\$\{)", re.DOTALL)  # up to its end, or to code within it
_ALONE = frozenset("=,{};:?*()<>&|[]!%`\"'\n")  # beside these no space is needed; + and - may be told from ++ and --


def squeezed(script: str) -> str:
    r"""A script that does the same: texts, templates and patterns stay as they are, and so do the ends of lines.

    >>> squeezed("/** Twice. */\nconst f = (x) => `${ 2 * x } = 2 x`; // exact\n\n  const s = 'a  =  b' + /[=] /;\n")
    "const f=(x)=>`${2*x} = 2 x`;\nconst s='a  =  b'+ /[=] /;\n"
    """
    parts: list[str] = []
    depths: list[int] = []  # of braces, in the code of each template around
    at, depth = 0, 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        assert found is not None  # any character is a token
        kind, token, at = found.lastgroup, found[0], found.end()
        if kind == "comment":
            continue
        if kind == "space":
            _space(parts, "\n" if "\n" in token else " ")
            continue
        ends_code = kind == "close" and bool(depths) and depth == depths[-1]
        if kind == "quote" or ends_code:
            if ends_code:
                depths.pop()
            inner = _TEMPLATE.match(script, at)
            assert inner is not None, "a template has an end"
            token, at = token + inner[0], inner.end()
            if inner[2] == "${":
                depths.append(depth)
        else:
            depth += (kind == "open") - (kind == "close")
        _add(parts, token)
    return "".join(parts)


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
