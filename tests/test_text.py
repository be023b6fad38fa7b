"""A label is characters and nothing else, in DOT, in SVG and in PNG, whichever Graphviz draws it."""

import re
import warnings
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.ink.text import html, plain, visible
from viz.layout.picture import Picture

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = {
    "markup": "<b>bold</b>",
    "whole html": "<<table><tr><td>x</td></tr></table>>",
    "angle brackets": "<>",
    "link": '<table href="javascript:alert(1)"><tr><td>x</td></tr></table>',
    "script": "</script><script>alert(1)</script>",
    "event": '" onload="alert(1)',
    "comment": "<!-- --> ]]>",
    "entity": "&lt; &amp; &#60; &nbsp; &",
    "quotes": "\"double\" 'single'",
    "closing": '"]; evil [label="x',
    "braces": "a{b}c",
    "pipes": "a|b|<port> c",
    "newlines": "one\ntwo\r\nthree",
    "backslash": "\\",
    "backslashes": "C:\\new\\table\\\\",
    "dot escapes": "\\N \\G \\E \\L \\l \\r \\n",
    "right to left": "\u202egnp.exe\u202c \u200f\u2067",
    "zero width": "a\u200bb\ufeffc",
    "lone surrogate": "x\ud800y",
    "nul": "a\x00b",
    "controls": "\x01\x1b[31m\x7f\x85\u2028",
    "noncharacter": "\ufffe\uffff",
    "long": "wide " * 1000,
    "empty": "",
    "blank": "   ",
    "emoji": "∂ × − 😀 漢字 é",
}
EACH = pytest.mark.parametrize("label", HOSTILE.values(), ids=list(HOSTILE))


def labelled(label: str) -> Picture:
    picture = Picture()
    picture.node("n0", label=plain(label))
    picture.node("n1", label=f"<<b>{html(label) or '.'}</b>>")
    picture.edge("n0", "n1", label=plain(label))
    with picture.subgraph(name="cluster_0") as scope:
        scope.attr(label=plain(label))
        scope.node("n1")
    return picture


def shown(root: ElementTree.Element, kind: str, name: str) -> str:
    """The text that a node or a cluster shows, with all its spaces alike."""
    for group in root.iter(SVG + "g"):
        titles = [title.text for title in group.findall(SVG + "title")]
        if group.get("class") == kind and name in titles:
            return "".join(t for text in group.iter(SVG + "text") for t in text.itertext()).replace("\xa0", " ")
    raise AssertionError(f"no {kind} {name}")


@pytest.mark.slow
@EACH
def test_a_label_is_text_in_the_svg(label: str, engine: str) -> None:
    root = ElementTree.fromstring(labelled(label).svg())
    expected = visible(label)
    assert shown(root, "node", "n0").strip() == expected.strip()
    assert shown(root, "node", "n1").strip() == (expected or ".").strip()
    assert shown(root, "cluster", "cluster_0").startswith(expected.strip())


@pytest.mark.slow
@EACH
def test_a_label_becomes_no_element_no_attribute_and_no_link(label: str, engine: str) -> None:
    svg = labelled(label).svg()
    for element in ElementTree.fromstring(svg).iter():
        tag = element.tag.rpartition("}")[2]
        assert tag in {"svg", "g", "title", "text", "polygon", "path", "ellipse", "polyline"}
        for attribute, value in element.attrib.items():
            assert not attribute.lower().rpartition("}")[2].startswith(("on", "href"))
            assert "javascript" not in value
    assert not re.search(r"<(a|script)\b|<!|<\?|xlink", svg)


@pytest.mark.slow
@EACH
def test_a_label_adds_nothing_to_the_graph(label: str, engine: str) -> None:
    root = ElementTree.fromstring(labelled(label).svg())
    kinds = [group.get("class") for group in root.iter(SVG + "g")]
    assert [kinds.count(kind) for kind in ("node", "edge", "cluster")] == [2, 1, 1]


@EACH
@pytest.mark.slow
def test_a_label_is_drawn_in_the_png(label: str, engine: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no font here has it: tests/test_fonts.py
        png = labelled(label).png(scale=1)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(png) > 500


@EACH
def test_a_label_stays_inside_its_quotes_in_dot(label: str) -> None:
    source = labelled(label).source
    assert "\x00" not in source
    assert source.count("\n") == labelled("harmless").source.count("\n")
    source.encode("utf-8")


@given(st.text())
def test_visible_text_has_no_control_and_no_invisible_character(text: str) -> None:
    shown = visible(text)
    assert len(shown) <= 60
    assert all(character.isprintable() or character.isspace() for character in shown)
    assert not set(shown) & set("\n\r\t\x0b\x0c\x85\u2028\u2029")
    shown.encode("utf-8")


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N", "P")), max_size=60))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    if not set(text) & set("\u115f\u1160\u3164\uffa0"):
        assert visible(text) == text


def test_unseen_characters_are_spelled_out() -> None:
    assert visible("a\x00b\n\u202e\ud800\U000e0041") == "a\\x00b¶\\u202e\\ud800\\U000e0041"


def test_long_text_is_cut_at_a_whole_character() -> None:
    assert visible("x" * 5000) == "x" * 59 + "…"
    assert visible("x" * 60) == "x" * 60
    assert visible("\x00" * 60, limit=10) == "\\x00\\x00…"


@pytest.mark.parametrize("limit", [1, 2, 60])
def test_no_text_is_longer_than_its_limit(limit: int) -> None:
    assert len(visible("\x00 long " * 99, limit)) <= limit
