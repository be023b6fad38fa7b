"""Names of Values and of scopes are characters: none becomes markup, a link or a script in any picture."""

from __future__ import annotations

import struct
from xml.etree import ElementTree

import pytest

from autodiff import Value, scope
from viz import Picture, draw
from viz.ink.text import visible

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = {
    "markup": "<b>bold</b>",
    "unclosed markup": "<b",
    "html label": "<<i>x</i>>",
    "link": '<table href="javascript:alert(1)"><tr><td>x</td></tr></table>',
    "script": "</script><script>alert(1)</script>",
    "event": '" onload="alert(1)',
    "end of the label": "</font></td></tr></table>>]; evil -> evil",
    "comment": "<!-- x --> ]]> /* y */ // z # w",
    "entity": "&lt;",
    "entities": "&amp; &#60; &nbsp; & &;",
    "quotes": "\"double\" 'single' `back`",
    "braces": "{a}{{b}",
    "pipes": "a|b|<port> c",
    "newline": "one\ntwo\r\nthree",
    "backslash": "\\",
    "paths": "C:\\new\\table\\",
    "dot escapes": "\\N \\G \\L \\l \\r \\n",
    "right to left": "\u202egnp.exe \u200f\u2067",
    "arabic": "\u0627\u0644\u062a\u062f\u0631\u062c",
    "lone surrogate": "x\ud800y",
    "nul": "a\x00b",
    "controls": "\x01\x1b[31m\x7f\u2028",
    "noncharacters": "\ufffe\uffff",
    "long": "wide " * 1000,
    "one long word": "W" * 5000,
    "empty": "",
    "blank": "   ",
    "dot keyword": "strict digraph",
    "emoji": "∂ × 😀 漢字 e\u0301",
}
EACH = pytest.mark.parametrize("name", HOSTILE.values(), ids=list(HOSTILE))


def named(name: str) -> Picture:
    """A Value and a scope of this name, one scope folded and one a frame."""
    x = Value(2.0, name)
    with scope(name) as frame:
        y = x * 3
    with scope(name):
        y = y * x
    y.backward()
    return draw(y, collapse=lambda s: s is not frame, names=False, fit=(5000, None))


def spoken(root: ElementTree.Element, kind: str) -> list[str]:
    """All that each group of this kind says, with its spaces alike."""
    groups = [group for group in root.iter(SVG + "g") if group.get("class") == kind]
    return ["".join("".join(text.itertext()) for text in g.iter(SVG + "text")).replace("\xa0", " ") for g in groups]


def squeezed(text: str) -> str:
    return text.replace("\xa0", " ").strip()


@EACH
def test_a_name_is_text_wherever_it_stands(name: str) -> None:
    root = ElementTree.fromstring(named(name).svg())
    expected = squeezed(visible(name, 40))
    leaf, *others = spoken(root, "node")
    (folded,) = (words for words in others if "1 node" in words)
    assert squeezed(leaf) == squeezed(expected or "v0") + "212"
    assert squeezed(folded) == squeezed(expected + "1 node" + "12" + "1")
    assert squeezed("".join(spoken(root, "title"))) == squeezed(visible(name))


@pytest.mark.slow
@EACH
def test_a_name_adds_no_element_no_attribute_and_no_link(name: str) -> None:
    root = ElementTree.fromstring(named(name).svg())
    kinds = [group.get("class") for group in root.iter(SVG + "g")]
    assert [kinds.count(kind) for kind in ("node", "edge", "cluster")] == [3, 3, 1]
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {
            "svg",
            "g",
            "title",
            "desc",
            "text",
            "polygon",
            "path",
            "polyline",
            "ellipse",
        }
        for attribute, value in element.attrib.items():
            assert not attribute.rpartition("}")[2].lower().startswith(("on", "href"))
            assert "javascript" not in value


@EACH
def test_a_name_stays_inside_its_label_in_the_dot_text(name: str) -> None:
    source = named(name).source
    assert source.count("\n") == named("harmless").source.count("\n")
    assert all(character.isprintable() or character in "\n\t" for character in source)
    source.encode("utf-8")
    assert len(source) < 20_000


@EACH
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*in no font that:UserWarning")  # said once; tests/test_fonts.py says when
def test_a_name_is_drawn_as_png(name: str) -> None:
    png = named(name).png(scale=1)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", png[16:24])
    assert 100 < wide < 3000
    assert 50 < high < 1000


@pytest.mark.slow
@EACH
def test_a_name_is_text_without_a_system_graphviz(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    root = ElementTree.fromstring(named(name).svg())
    assert squeezed(visible(name, 40)) in squeezed(spoken(root, "node")[0])
    assert "javascript" not in str([element.attrib for element in root.iter()])


def test_a_hostile_key_of_a_dict_is_text_as_well() -> None:
    table = {'"><script>\n': Value(1.0)}
    root = ElementTree.fromstring(draw(table['"><script>\n']).svg())
    assert squeezed(spoken(root, "node")[0]) == "table['\"><script>\\n']1–"
