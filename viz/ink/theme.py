"""Every colour, width, font and number format of the pictures, in one place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace

from autodiff.ground.text import quoted
from autodiff.language.notation import numeral

__all__ = [
    "AT_ONE",
    "DARK",
    "DASHES",
    "FONT",
    "FONT_STACK",
    "KINDS",
    "LIGHT",
    "OWN",
    "PER_DECADE",
    "THEMES",
    "THICKEST",
    "THINNEST",
    "Theme",
    "blend",
    "contrast",
    "numeral",
    "theme",
    "width",
]

# Arial has the metrics of Helvetica, Liberation Sans and Arimo, so text that one layout engine measured
# still fits its box when another engine, or a browser, draws it.
FONT = "Arial"
FONT_STACK = "Arial, Helvetica, 'Liberation Sans', Arimo, 'Nimbus Sans', sans-serif"

# The line styles as they are dashed: so long, so far apart, in points.
DASHES: Mapping[str, tuple[float, ...]] = {"solid": (), "dashed": (5, 2), "dotted": (1, 5)}

# Colours of kinds, and what they are where a theme leaves them empty.
KINDS: Mapping[str, str] = {"parameter_fill": "leaf_fill", "parameter_border": "leaf_border", "constant": "muted"}

THINNEST, THICKEST = 0.8, 4.0
AT_ONE, PER_DECADE = 2.0, 0.6


@dataclass(frozen=True)
class Theme:
    """The look of a picture: colour-blind-safe colours (after Okabe and Ito), font sizes and line styles.

    Green is always a value, purple always a gradient. A positive flow is a solid vermilion line, a negative flow
    a dashed blue one, so that the sign is readable without colour; a path not taken is thin, grey and dotted.
    Colours are ``#rrggbb``, sizes are points. ``draw``, ``animate``, ``pool`` and ``step`` take one as ``theme=``; a
    theme with a ``dark`` one follows its host: the SVG has the colours of both, and CSS decides. PNG and DOT have
    those of the first.

    ``leaf_fill`` and ``leaf_border`` are of inputs. ``parameter_fill`` and ``parameter_border`` are of leaves that were
    made within a scope, as a layer's weights are, ``constant`` is the ink of a number in an operation (``× 0.7``); left
    empty, they are those of inputs, and of the operation. Kinds that a theme tells apart stand in the legend.

    >>> from dataclasses import replace
    >>> large = replace(LIGHT, value_size=18, positive="#8a2be2")
    >>> both = replace(large, dark=DARK)
    >>> both.in_the_dark.positive, both.in_the_dark.value_size
    ('#ff9d57', 18)
    """

    name: str
    background: str
    text: str
    muted: str
    value: str
    gradient: str
    positive: str
    negative: str
    no_path: str
    lost_fill: str
    not_computed: str
    highlight: str
    node_fill: str
    node_border: str
    leaf_fill: str
    leaf_border: str
    cluster_fills: tuple[str, ...]
    cluster_borders: tuple[str, ...]
    windows: tuple[str, ...]
    value_ramp: tuple[str, ...]
    gradient_ramp: tuple[str, ...]
    inks: tuple[str, str]
    font: str = FONT
    name_size: float = 9
    value_size: float = 12
    gradient_size: float = 10.5
    small_size: float = 9
    positive_style: str = "solid"
    negative_style: str = "dashed"
    no_path_style: str = "dotted"
    parameter_fill: str = ""
    parameter_border: str = ""
    constant: str = ""
    has_paper: bool = True  # whether the background is painted
    dark: Theme | None = None  # what it becomes where the host is dark

    @property
    def paper(self) -> str | None:
        """The colour that the background is painted in; None where what is behind the picture shows."""
        return self.background if self.has_paper else None

    @property
    def in_the_dark(self) -> Theme:
        """The colours where the host is dark, in the sizes and styles of this theme."""
        sizes = {field.name: getattr(self, field.name) for field in fields(self) if field.default not in (MISSING, "")}
        return self if self.dark is None else replace(self.dark, **{**sizes, "dark": None})

    def colour(self, part: str, level: int = 0) -> str:
        """The colour of a part of the picture: a field of the theme, or a cluster's fill or border at its level,
        or that of a way by its number (``way_0``).

        >>> LIGHT.colour("value"), LIGHT.colour("cluster_fill", 99) == LIGHT.cluster_fills[-1]
        ('#0b6e4f', True)
        """
        if part in ("cluster_fill", "cluster_border"):
            return self.cluster(level)[part == "cluster_border"]
        if part.startswith("way_"):
            return self.window(int(part[4:]))
        colour: str = getattr(self, part) or getattr(self, KINDS[part])
        return colour

    def tells_apart(self, part: str) -> bool:
        """Whether a kind has a colour of its own.

        >>> LIGHT.tells_apart("constant"), replace(LIGHT, constant="#b84e00").tells_apart("constant")
        (False, True)
        """
        return self.colour(part) != self.colour(KINDS[part])

    def style(self, dash: str) -> str:
        """The line style ("solid", "dashed", "dotted") that is meant: by its name, or as a field of the theme.

        >>> LIGHT.style("negative_style"), LIGHT.style("solid")
        ('dashed', 'solid')
        """
        style: str = getattr(self, dash, dash)
        return style

    def window(self, number: int) -> str:
        """The colour of window ``number``; the colours repeat after the last one.

        >>> LIGHT.window(0) == LIGHT.window(len(LIGHT.windows))
        True
        """
        return self.windows[number % len(self.windows)]

    def cluster(self, level: int) -> tuple[str, str]:
        """Fill and border of a cluster nested ``level`` deep; the deepest shades repeat.

        >>> LIGHT.cluster(99) == LIGHT.cluster(98)
        True
        """
        at = min(level, len(self.cluster_fills) - 1)
        return self.cluster_fills[at], self.cluster_borders[at]

    def ink(self, fill: str) -> str:
        """Whichever text colour reads better on ``fill``; the contrast is at least 4.5 on every ramp.

        >>> LIGHT.ink("#ffffff") == LIGHT.text
        True
        """
        return max(self.inks, key=lambda ink: contrast(ink, fill))


LIGHT = Theme(
    name="light",
    background="#ffffff",
    text="#1f2933",
    muted="#5b6773",
    value="#0b6e4f",
    gradient="#a3127f",
    positive="#b84e00",
    negative="#0067a3",
    no_path="#76828e",
    lost_fill="#f3f5f7",
    not_computed="#6b7785",
    highlight="#e69f00",
    node_fill="#ffffff",
    node_border="#52606d",
    leaf_fill="#f1f5f9",
    leaf_border="#1f2933",
    cluster_fills=("#f5f8fb", "#eef3f7", "#e7edf3", "#dfe7ef"),
    cluster_borders=("#c3ced9", "#b8c4d1", "#adbac9", "#a2b0c0"),
    windows=("#0067a3", "#b5007d", "#8a6100", "#00806b", "#6f3fa8", "#5a7000", "#8c2f39", "#5b4636", "#3d4d5c"),
    value_ramp=("#f6fbf8", "#cfeadd", "#9fd5bd", "#6fbd9b"),
    gradient_ramp=("#fdf7fb", "#f8dcee", "#efbade", "#e394c9"),
    inks=("#1f2933", "#ffffff"),
)

DARK = Theme(
    name="dark",
    background="#12171e",
    text="#e8edf2",
    muted="#9aa7b4",
    value="#4fd1a1",
    gradient="#f296d2",
    positive="#ff9d57",
    negative="#6cbcf5",
    no_path="#798591",
    lost_fill="#1a2028",
    not_computed="#8794a1",
    highlight="#f0b83d",
    node_fill="#1c232c",
    node_border="#8b98a5",
    leaf_fill="#242d38",
    leaf_border="#e8edf2",
    cluster_fills=("#1a212a", "#202933", "#27313c", "#2e3945"),
    cluster_borders=("#3f4b58", "#4a5765", "#566474", "#627182"),
    windows=("#6cbcf5", "#ff8fd2", "#e6c229", "#4fd0b8", "#bf9cf2", "#b4d455", "#ff8f8f", "#d9a58c", "#c3ced9"),
    value_ramp=("#17211f", "#1b3a31", "#1f5444", "#236e58"),
    gradient_ramp=("#211a20", "#432338", "#642b52", "#85336b"),
    inks=("#e8edf2", "#12171e"),
)

THEMES: Mapping[str, Theme] = {"light": LIGHT, "dark": DARK}
NAMED: Mapping[str, Theme] = {**THEMES, "auto": replace(LIGHT, name="auto", dark=DARK)}
OWN = "theme"  # the background of the theme


def theme(name_or_theme: str | Theme, background: str | None = OWN) -> Theme:
    """The theme of that name, or the theme itself, on another background: ``#rrggbb``, or None for no paper at all.

    "auto" follows the host. Raises ``ValueError`` for a name that is none of the three, and for what is no colour.

    >>> theme("dark").name, theme("light", "#fffff0").background, theme("light", None).paper
    ('dark', '#fffff0', None)
    """
    if isinstance(name_or_theme, Theme):
        found = name_or_theme
    elif isinstance(name_or_theme, str) and name_or_theme in NAMED:
        found = NAMED[name_or_theme]
    else:
        raise ValueError(f"unknown theme {quoted(name_or_theme)} (must be one of {sorted(NAMED)}, or a Theme)")
    if background is None:
        return replace(found, has_paper=False)
    if background == OWN:
        return found
    if not isinstance(background, str) or not re.fullmatch("#[0-9a-fA-F]{6}", background):
        raise ValueError(
            f"background is a colour #rrggbb, None for no paper, or {quoted(OWN)} for its own; got {quoted(background)}"
        )
    if found.dark is not None:
        raise ValueError("a theme that follows its host has two backgrounds: give none, or theme='light' or 'dark'")
    return replace(found, background=background)


def width(contribution: float) -> float:
    """The pen width of a contribution: it grows with log |contribution|, on one scale for all pictures.

    >>> [width(c) for c in (0.0, 0.1, 1.0, 10.0, float("inf"))]
    [0.8, 1.4, 2.0, 2.6, 4.0]
    """
    size = abs(contribution)
    if math.isnan(size) or size == 0:
        return THINNEST
    if math.isinf(size):
        return THICKEST
    return round(min(THICKEST, max(THINNEST, AT_ONE + PER_DECADE * math.log10(size))), 2)


def blend(ramp: tuple[str, ...], fraction: float) -> str:
    """The colour at ``fraction`` (0 to 1) of the way along a ramp of ``#rrggbb`` colours.

    >>> blend(("#000000", "#ffffff"), 0.5)
    '#808080'
    """
    place = min(1.0, max(0.0, fraction)) * (len(ramp) - 1)
    left = min(int(place), len(ramp) - 2)
    ends = zip(_channels(ramp[left]), _channels(ramp[left + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - left)):02x}" for a, b in ends)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours as WCAG defines it, from 1 to 21.

    >>> contrast("#000000", "#ffffff")
    21.0
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return round((light + 0.05) / (dark + 0.05), 2)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    shares = (c / 255 for c in _channels(colour))
    linear = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
