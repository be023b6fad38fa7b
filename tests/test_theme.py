"""Colours are told apart, text is readable on them, and numbers are short and honest."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import viz
from autodiff import Value
from viz.graph.look import BOX
from viz.ink.theme import DARK, LIGHT, THEMES, THICKEST, Theme, blend, contrast, numeral, theme, width
from viz.layout.svg import OWN, in_both

BOTH = pytest.mark.parametrize("look", THEMES.values(), ids=list(THEMES))


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (0.25, "0.25"),
        (-3.0, "-3"),
        (1.2e-7, "1.2e-7"),
        (0.1 + 0.2, "0.3"),
        (-0.0, "0"),
        (1.6, "1.6"),
        (0.7 + 0.9, "1.6"),
        (1 / 3, "0.3333"),
        (9999.9, "10000"),
        (999_999.7, "1.000e6"),
        (-1.5e300, "-1.5e300"),
        (5e-324, "4.941e-324"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
        (1e10, "1e10"),
        (100.0, "100"),
    ],
)
def test_number_is_short(x: float, words: str) -> None:
    assert numeral(x) == words


@given(st.floats(min_value=-1e308, max_value=1e308))
def test_number_is_close_to_what_it_stands_for(x: float) -> None:
    assert float(numeral(x)) == pytest.approx(x, rel=6e-3, abs=5e-324)
    assert len(numeral(x)) <= 11


@given(st.floats(allow_nan=False))
def test_number_is_zero_only_for_zero(x: float) -> None:
    assert (numeral(x) == "0") == (x == 0)


@pytest.mark.slow
@given(st.floats(), st.floats())
def test_a_larger_contribution_is_never_drawn_thinner(one: float, other: float) -> None:
    assert 0.8 <= width(one) <= 5
    if abs(one) <= abs(other):
        assert width(one) <= width(other)


def test_width_ignores_the_sign_and_shows_a_factor_of_ten() -> None:
    assert width(-1.0) == width(1.0)
    assert width(0.0) == width(float("nan")) == 0.8
    assert width(float("-inf")) == THICKEST == 4
    assert width(0.1) < width(1.0) < width(10.0)


def test_a_theme_is_found_by_name_or_taken_as_it_is() -> None:
    assert theme("light") is LIGHT
    assert theme(DARK) is DARK


@pytest.mark.parametrize("wrong", ["sepia", "", None, 3])
def test_an_unknown_theme_is_named_together_with_the_known_ones(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"unknown theme .*'dark', 'light'"):
        theme(wrong)  # type: ignore[arg-type]


@BOTH
def test_every_text_colour_is_readable_on_the_background(look: Theme) -> None:
    for colour in (look.text, look.muted, look.value, look.gradient, look.positive, look.negative, *look.windows):
        assert contrast(colour, look.background) >= 4.5, colour
    assert contrast(look.not_computed, look.background) >= 3


@BOTH
def test_a_frame_is_seen_on_what_is_around_it_and_in_it(look: Theme) -> None:
    around = look.background
    for level, fill in enumerate(look.cluster_fills):
        border = look.cluster(level)[1]
        assert contrast(border, around) >= 1.5, level
        assert contrast(border, fill) >= 1.5, level
        assert contrast(fill, around) > 1.04, level
        around = fill


@BOTH
def test_a_border_of_a_box_is_seen_wherever_the_box_stands(look: Theme) -> None:
    """Contrast is of brightness alone, so that it holds in grey, too."""
    folded, plain, lost = (BOX[mark].ink for mark in ("folded", "box", "no path"))
    for border in (folded, plain, lost, BOX["leaf"].ink, BOX["current"].ink if look is DARK else plain):
        for paper in (look.background, *look.cluster_fills):
            assert contrast(look.colour(border or ""), paper) >= 3, (border, paper)


@BOTH
def test_text_in_a_cell_is_readable_on_every_heat_and_every_window(look: Theme) -> None:
    ramps = [blend(ramp, part / 20) for ramp in (look.value_ramp, look.gradient_ramp) for part in range(21)]
    for fill in [*ramps, *look.windows, look.node_fill, look.leaf_fill, look.lost_fill, *look.cluster_fills]:
        assert contrast(look.ink(fill), fill) >= 4.5, fill


@BOTH
def test_a_hotter_cell_stands_out_more_from_the_background(look: Theme) -> None:
    for ramp in (look.value_ramp, look.gradient_ramp):
        heats = [contrast(blend(ramp, part / 10), look.background) for part in range(11)]
        assert heats == sorted(heats)
        assert heats[-1] > heats[0] * 1.5


@BOTH
def test_eight_windows_have_eight_colours(look: Theme) -> None:
    colours = [look.window(number) for number in range(8)]
    for one, other in combinations(colours, 2):
        apart = sum(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))
        assert apart > 60, (one, other)


@BOTH
def test_the_sign_of_a_flow_shows_without_colour(look: Theme) -> None:
    assert look.positive != look.negative
    assert look.positive_style != look.negative_style
    assert look.no_path_style not in (look.positive_style, look.negative_style)


# -- A theme of one's own, with or without paper, that follows its host


@pytest.mark.parametrize("wrong", ["white", "#fff", "", 3, True, "none"])
def test_a_background_is_a_colour_or_none(wrong: object) -> None:
    with pytest.raises(ValueError, match="background is a colour #rrggbb"):
        theme("light", wrong)  # type: ignore[arg-type]


def test_two_backgrounds_are_not_one() -> None:
    with pytest.raises(ValueError, match="two backgrounds"):
        theme("auto", "#ffffff")
    assert theme("auto", None).in_the_dark.paper is None


@given(st.floats(6, 40), st.booleans())
def test_where_the_host_is_dark_the_sizes_are_the_same_and_the_colours_are_not(size: float, paper: bool) -> None:
    own = replace(LIGHT, small_size=size, negative_style="dotted", has_paper=paper, dark=DARK)
    dark = own.in_the_dark
    assert (dark.small_size, dark.negative_style, dark.has_paper, dark.dark) == (size, "dotted", paper, None)
    assert dark.text == DARK.text != own.text
    assert dark.in_the_dark is dark


def test_a_picture_in_both_themes_is_the_light_one_and_by_css_the_dark_one() -> None:
    one = '<svg><text fill="#111111" stroke="#ffffff" x="1">a #111111</text><g class="k" fill="#ffffff"/></svg>'
    other = one.replace('"#111111"', '"#eeeeee"').replace('"#ffffff"', '"#000000"')
    both = in_both(one, other).replace(OWN, "")
    sheet = ".d0{fill:#eeeeee;stroke:#000000}.d1{fill:#000000}"
    assert f"<style>@media (prefers-color-scheme:dark){{{sheet}}}</style>" in both
    assert re.sub(r"<style>.*?</style>| class=\"d0\"|d1 ", "", both) == one
    assert in_both(one, one) == one


# -- The page


def page_of(**wished: object) -> str:
    return viz.step(Value(2.0, "x") * 3, names=False, **wished).html()  # type: ignore[arg-type]


def test_the_page_takes_a_theme_of_ones_own_with_its_sizes() -> None:
    own = replace(LIGHT, value_size=24, positive="#8a2be2", negative_style="dotted")
    usual, page = page_of(), page_of(theme=own)
    assert "--gr-positive:#8a2be2" in page
    assert DARK.positive not in page
    assert ".node .gr-value{font-size:28px}" in page
    assert ".node .gr-value{font-size:14px}" in usual
    wide = [float(re.findall(r'data-size="([\d.]+)', text)[0]) for text in (usual, page)]
    assert wide[0] < wide[1]
    assert f"--gr-positive:{DARK.positive}" in page_of(theme=replace(own, dark=DARK))


def test_the_page_has_paper_and_a_legend_as_is_wished() -> None:
    assert "html{background:transparent}" in page_of(background=None)
    assert ".gradroute{background:none}" in page_of(background=None)
    assert "--gr-background:#fffff0" in page_of(theme="light", background="#fffff0")
    assert "--gr-background:#000010" in page_of(theme="dark", background="#000010")
    assert ".gr-legend{display:none}" in page_of(legend=False)
    assert ".gr-legend{display:none}" not in page_of()
    assert "html{background:transparent}" not in page_of()


@pytest.mark.parametrize(("wished", "begins"), [("auto", "auto"), ("dark", "dark"), (DARK, "light")])
def test_the_page_begins_in_a_look(wished: str | Theme, begins: str) -> None:
    assert f'"theme":"{begins}"' in page_of(theme=wished)


def test_what_the_docs_say_of_themes_can_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parent.parent / "docs" / "themes.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(code, "docs/themes.md", "exec"), {})
    assert "prefers-color-scheme" in (tmp_path / "steps.svg").read_text("utf-8")
    fields = set(re.findall(r"`([a-z_]+)`", text.split("What the fields are for")[1]))
    assert {field for field in fields if not field.endswith("_style")} - {"fit"} <= set(Theme.__dataclass_fields__)
