"""What a notebook and a console are shown of Values, steps and explanations: short, escaped, and at once."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from counting import calls
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Graph, Value, explain, steps

SHOWN: dict[str, Callable[[Value, Value], Any]] = {
    "Value": lambda x, y: y,
    "leaf": lambda x, y: x,
    "steps": lambda x, y: steps(y),
    "explain": lambda x, y: explain(x, y),
}


class Reader(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.text, self.open = list[str](), list[str](), list[str]()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert [name for name, _ in attrs] in ([], ["style"])
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def chain(name: str, length: int) -> tuple[Value, Value]:
    x = Value(1.0, name)
    y = x
    for _ in range(length):
        y = y * x
    return x, y


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
@given(name=st.text(max_size=30) | st.sampled_from(["<b>x", "</td><script>", "a&amp;b", '"><img src=x>', "x" * 10_000]))
def test_names_are_text_and_never_markup(show: Callable[[Value, Value], Any], name: str) -> None:
    shown = show(*chain(name, 3))
    read = Reader(shown._repr_html_())
    assert not read.open
    assert set(read.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "pre", "code"}
    assert len(repr(shown)) <= 200
    assert "\n" not in repr(shown)


@pytest.mark.slow
@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_what_is_shown_is_bounded_however_large_the_graph(show: Callable[[Value, Value], Any]) -> None:
    small, large = (show(*chain("x", length)) for length in (100, 3000))
    assert len(large._repr_html_()) < 1.1 * len(small._repr_html_()) + 200 < 20_000
    assert len(repr(large)) <= 200
    assert calls(lambda: repr(large)) == calls(lambda: repr(small)) < 200


@pytest.mark.slow
def test_steps_are_a_table_of_facts() -> None:
    x = Value(3.0, "x")
    read = Reader(steps(x * x)._repr_html_())
    assert read.tags.count("tr") == 1 + 5
    assert [text for text in read.text if text.startswith("v1")] == [
        "v1 = 3 × 3 = 9",
        "v1.grad = 1: the gradient of the output in itself",
    ]
    assert "3998 steps more" not in "".join(read.text)
    many = Reader(steps(chain("x", 1000)[1])._repr_html_())
    assert many.tags.count("tr") == 1 + 60 + 1
    assert "2942 steps more" in many.text


def test_an_explanation_is_its_text_and_a_value_its_repr() -> None:
    x, y = chain("x", 2)
    assert "".join(Reader(explain(x, y)._repr_html_()).text) == str(explain(x, y))
    assert "".join(Reader(y._repr_html_()).text) == repr(y)


def test_a_graph_tells_its_size_at_once() -> None:
    small, large = (Graph(chain("x", length)[1]) for length in (10, 3000))
    assert calls(lambda: repr(large)) == calls(lambda: repr(small))
