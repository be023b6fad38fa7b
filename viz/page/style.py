"""The style sheet of the page: the themes' colours, and what the tables say of every mark of a box or a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from importlib.resources import files

from viz.graph.look import BOX, LINE, MOST_WAYS, Look
from viz.ink.theme import DARK, DASHES, FONT_STACK, KINDS, LIGHT, Theme, contrast
from viz.ink.theme import theme as theme_of
from viz.layout.place import LEAST, PIXEL

__all__ = ["PAGE", "classed", "dressed", "legible", "looks", "sized", "style"]

# The page shows a point as a pixel, and nothing smaller: the sizes of a still, so large that its smallest are read.
PAGE = replace(LIGHT, name_size=10.5, value_size=14, gradient_size=12.25, small_size=10.5)


AUTO = theme_of("auto")
_SPARED = re.compile(r"(?m)^ +|/\*.*?\*/\n?|(?<=[;{}])\n")  # what a browser has no use for: indentation, comments


def dressed(theme: str | Theme, background: str | None) -> tuple[Theme, str]:
    """The theme of a page, with what it becomes in the dark, and whether it begins as light, as dark, or as its host.

    >>> dressed("dark", None)[1], dressed(LIGHT, None)[0].in_the_dark.text == LIGHT.text
    ('dark', True)
    """
    own = theme_of(theme, background)
    if isinstance(theme, Theme):
        return own, "light" if own.dark is None else "auto"
    if theme == "dark":
        return replace(LIGHT, has_paper=own.has_paper, dark=own), theme
    return replace(own, dark=DARK), theme


def sized(own: Theme) -> Theme:
    """The sizes of a theme on the page, as many times larger as the page's are than those of the light theme.

    >>> sized(replace(LIGHT, value_size=24)).value_size
    28.0
    """
    sizes = ("name_size", "value_size", "gradient_size", "small_size")
    return replace(own, **{size: getattr(PAGE, size) * getattr(own, size) / getattr(LIGHT, size) for size in sizes})


def legible(own: Theme) -> float:
    """How many pixels a point takes where the page stands still, so that its smallest words can be read.

    >>> legible(PAGE) * PAGE.small_size
    10.5
    """
    return max(1.0, LEAST / PIXEL / min(own.name_size, own.value_size, own.gradient_size, own.small_size))


@cache
def style(own: Theme = AUTO, legend: bool = True) -> str:
    """The whole style sheet, with the colours of a theme and of what it becomes in the dark."""
    light, dark = own, own.in_the_dark
    sheet = (files("viz.page") / "static" / "stepper.css").read_text(encoding="utf-8")
    paper, dark_paper = light.paper or "transparent", dark.paper or "transparent"
    return (
        f".gradroute{{{_variables(light)}--gr-font:{FONT_STACK}}}\n.gradroute[data-look=dark]{{{_variables(dark)}}}\n"
        f"html{{background:{paper}}}\nhtml[data-look=dark]{{background:{dark_paper}}}\n"
        f"@media(prefers-color-scheme:dark){{html[data-look=auto]{{background:{dark_paper}}}}}\n"
        f"{looks(sized(own))}\n{_SPARED.sub('', sheet)}"
        + ".gradroute{background:none}" * (not own.has_paper)
        + ".gradroute .gr-legend{display:none}" * (not legend)
    )


def classed(mark: str) -> str:
    """The class of what bears a mark.

    >>> classed("no path")
    'gr-no-path'
    """
    return f"gr-{mark.replace(' ', '-')}"


def looks(own: Theme = PAGE) -> str:
    """The rules of every mark of a box and of a line. Of equal selectors the last one wins: the strongest mark."""
    rules = [*_shades(), *_sizes(own)]
    for mark, look in reversed(list(BOX.items())):
        rules += _rules(_selector("node", mark), _box(look, own))
    for mark, look in reversed(list(LINE.items())):
        rules += _rules(_selector("edge", mark), _line(look, own))
    return "\n".join(rules)


def _shades() -> Iterator[str]:
    """The shade of a scope, by its level."""
    for level in range(len(LIGHT.cluster_fills)):
        names = (f"--gr-cluster-{part}:var(--gr-cluster-{part}-{level})" for part in ("fill", "border"))
        yield f".gradroute .gr-level-{level}{{{';'.join(names)}}}"


def _sizes(own: Theme) -> Iterator[str]:
    sizes = {".node text": own.name_size, ".cluster text": own.name_size, ".edge text": own.small_size}
    sizes[".node .gr-value"] = own.value_size
    return (f".gradroute {part}{{font-size:{size:g}px}}" for part, size in sizes.items())


def _selector(group: str, mark: str) -> str:
    return f".gradroute .{group}" + ("" if mark in ("box", "line") else f".{classed(mark)}")


def _rules(selector: str, parts: dict[str, dict[str, str]]) -> Iterator[str]:
    for part, properties in parts.items():
        if properties:
            yield f"{selector}{part}{{{';'.join(f'{name}:{value}' for name, value in properties.items())}}}"


def _box(look: Look, own: Theme) -> dict[str, dict[str, str]]:
    shape = {"fill": _ink(look.fill), "stroke": _ink(look.ink), **_pen(look, own)}
    size = None if look.small is None else own.small_size if look.small else own.gradient_size
    return {
        " :is(rect,path)": _said(shape),
        " .gr-value": _said({"fill": _ink(look.value)}),
        " .gr-gradient": _said({"fill": _ink(look.gradient), "font-size": None if size is None else f"{size:g}px"}),
    }


def _line(look: Look, own: Theme) -> dict[str, dict[str, str]]:
    pen, hidden = _pen(look, own), {"display": "none"} if look.silent else {}
    heads = {} if look.head is None else {kind: "inline" if look.head == kind else "none" for kind in ("back", "tee")}
    return {
        "": _said({"--ink": _ink(look.ink), "stroke-width": pen.pop("stroke-width")}),  # a path may have its own
        " path": _said(pen),
        " text": {**_said({"fill": _ink(look.label)}), **(_FRAME if look.framed else {}), **hidden},
        " polygon": _said({"display": heads.get("back")}),
        " polyline": _said({"display": heads.get("tee")}),
    }


_FRAME = {
    "fill": "var(--gr-text)",
    "stroke": "color-mix(in srgb,var(--gr-highlight) 35%,var(--gr-background))",
    "stroke-width": "5",
}


def _pen(look: Look, own: Theme) -> dict[str, str | None]:
    return {"stroke-width": None if look.pen is None else f"{look.pen:g}", "stroke-dasharray": _dashes(look.dash, own)}


def _dashes(dash: str | None, own: Theme) -> str | None:
    """Long lines have longer dashes: many take long to paint."""
    if dash is None:
        return None
    lengths = DASHES[own.style(dash)]
    return " ".join(f"calc({length:g}px*var(--dash,1))" for length in lengths) or "none"


def _ink(part: str | None) -> str | None:
    return None if part is None else f"var(--gr-{part.replace('_', '-')})"


def _said(properties: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if value is not None}


def _variables(look: Theme) -> str:
    """Every colour of a theme as a CSS variable: ``--gr-node-fill``, ``--gr-window-0``."""
    found = {}
    for field in fields(look):
        value = look.colour(field.name) if field.name in KINDS else getattr(look, field.name)
        name = field.name.replace("_", "-")
        if isinstance(value, str) and value.startswith("#"):
            found[name] = value
        elif isinstance(value, tuple):
            found |= {f"{name.removesuffix('s')}-{i}": colour for i, colour in enumerate(value)}
    found["cluster-border"] = look.colour("cluster_border")  # of what stands in no scope
    found |= {f"way-{number}": look.colour(f"way_{number}") for number in range(MOST_WAYS)}
    scheme = "dark" if contrast(look.background, "#ffffff") > contrast(look.background, "#000000") else "light"
    return f"color-scheme:{scheme};" + "".join(f"--gr-{name}:{value};" for name, value in found.items())
