"""Whatever a name contains, no terminal obeys it: in sentences, messages, ``str`` and ``repr`` it is seen as it is."""

from __future__ import annotations

import ast
import inspect
import json
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from public_names import MODULES
from test_floors import ROOT

import viz
from autodiff import (
    Graph,
    Program,
    Value,
    explain,
    expression,
    grad,
    gradcheck,
    maximum,
    nn,
    operation,
    optim,
    relu,
    scope,
    steps,
)
from autodiff.ground.text import ELLIPSIS, NAME, escape, quoted, visible

UNSEEN = {
    "escape": "\x1b[2J",
    "bell": "\x07",
    "return": "\r",
    "delete": "\x7f",
    "C1": "\x9b2J",
    "direction": "\u202e",
    "isolate": "\u2066",
    "zero width": "\u200b",
    "joiner": "\u200d",
    "BOM": "\ufeff",
    "soft hyphen": "\u00ad",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "variation selector": "\ufe0f",
    "variation selector 17": "\U000e0100",
    "mongolian selector": "\u180b",
    "tag": "\U000e0041",
    "surrogate": "\ud800",
    "grapheme joiner": "\u034f",
    "filler": "\u3164",
    "private": "\ue000",
    "unassigned": "\u0378",
}
ALL = "".join(UNSEEN.values())
CATEGORIES = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
SELECTORS = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x1810), 0x34F, 0x115F, 0x1160, 0x3164}


def raw(text: str) -> set[str]:
    """What in a text a terminal would obey, or nobody would see."""
    return {c for c in text if (unicodedata.category(c) in CATEGORIES and c != "\n") or ord(c) in SELECTORS}


def dotted(picture: viz.Picture) -> str:
    """The DOT text of a picture, without the tabs that graphviz indents it with."""
    return picture.source.replace("\n\t", "\n").replace("\n\t", "\n")


def told_by(name: str) -> dict[str, Callable[[], object]]:
    """Everything that tells of a graph whose nodes and scopes are called so."""
    x, w = Value(2.0, name), Value(3.0, name)
    with scope(name):
        y = maximum(x * w, relu(x))
    y.name = name
    y.backward()
    graph, stale = Graph(y), Value(1.0, name)
    late = stale * 2
    stale.data = 5.0

    def is_warned() -> str:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            gradcheck(maximum(Value(1.0, name), Value(1.0, name)))
        return "\n".join(str(warning.message) for warning in seen)

    return {
        "steps": lambda: "\n".join(map(str, steps(y))),
        "explain": lambda: explain(x, y),
        "explain of a loser": lambda: explain(y.parents[1], y),
        "a Value": lambda: repr(x),
        "a scope": lambda: repr(y.scope),
        "a graph": lambda: repr(graph),
        "swapped": lambda: grad(x, y),
        "a stranger": lambda: graph.number(w * 2),
        "a computed leaf": lambda: graph.evaluate({y: 1.0}),
        "stale": late.backward,
        "a program's inputs": lambda: Program(y, [y], []),
        "a program's leaves": lambda: Program(y, [x, x], []),
        "an optimiser": lambda: optim.SGD([y]),
        "an optimiser's doubles": lambda: optim.SGD([x, x]),
        "gradcheck": is_warned,
        "an expression": lambda: expression(name),
        "an expression's name": lambda: expression("a + 1", a=1, **{name: 2}),
        "an operation": lambda: operation(f"{name}(x)", "x", "1"),
        "a formula": lambda: operation("unseen_(x)", name, "1"),
        "a state": lambda: nn.MLP(1, [1]).load_state_dict({name: 1.0}),
        "a JSON": lambda: Graph.from_json(json.dumps({"format": name})),
        "a picture around": lambda: viz.draw(y, around=Value(1.0, name)),
        "a collapse": lambda: dotted(viz.draw(y, collapse=name)),
        "a path": lambda: viz.draw(y).save(f"{name}/nowhere/a.eps"),
        "a picture": lambda: dotted(viz.draw(y, names=False)),
    }


def text_of(tell: Callable[[], object]) -> str:
    try:
        return str(tell())
    except Exception as error:
        return str(error)


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
def test_no_text_has_it_raw(character: str) -> None:
    found = {what: found for what, tell in told_by(f"a{character}b").items() if (found := raw(text_of(tell)))}
    assert found == {}


def test_no_text_has_any_of_them_raw() -> None:
    assert {what for what, tell in told_by(ALL).items() if raw(text_of(tell))} == set()


def test_what_is_unseen_is_shown_as_python_writes_it() -> None:
    x = Value(2.0, "a\x1b[2J\u202e\ufe0f\ud800")
    told = str(steps(x * x)[0])
    assert told.endswith(r"a\x1b[2J\u202e\ufe0f\ud800 = 2")
    assert repr(x) == r"Value(2.0, name='a\x1b[2J\u202e\ufe0f\ud800')"


def test_names_have_a_limit_in_sentences_as_in_boxes() -> None:
    long = "n" * 100_000
    short = "n" * (NAME - 1) + "…"
    x, y = Value(2.0, long), Value(3.0, long)
    z = x * y
    assert steps(z)[0].sentence == f"{short} #0 = 2"  # and two of one name stay two
    assert steps(z)[1].sentence == f"{short} #1 = 3"
    assert str(explain(x, z)).splitlines()[0].startswith(f"{short} #0.grad = 3")
    for tell in (lambda: grad(x, z), lambda: optim.SGD([x, x]), lambda: Program(z, [x, x], [])):
        assert len(text_of(tell)) < 400


def test_a_symbol_is_seen_as_a_name_is() -> None:
    odd = operation("odd_looking(x)", "x + 1", "1", symbol=ALL)
    x = Value(1.0, "x")
    y = odd(x)
    y.backward()
    tellers: list[Callable[[], Any]] = [lambda: "\n".join(map(str, steps(y))), lambda: explain(x, y), lambda: repr(y)]
    tellers += [lambda: grad(x, y), lambda: dotted(viz.draw(y, names=False))]
    assert [raw(text_of(tell)) for tell in tellers] == [set()] * 5


def test_the_page_is_told_what_is_seen() -> None:
    x = Value(2.0, ALL)
    shown = viz.step(x * x, names=False)
    assert not raw(shown.html())
    assert [name for name in shown.values if raw(name)] == []


@given(st.text())
def test_what_is_visible_is_seen_whatever_it_was(text: str) -> None:
    assert not raw(visible(text, 10_000))
    assert not raw(quoted(text))
    assert visible(visible(text, 10_000), 10_000) == visible(text, 10_000)


@given(st.characters())
def test_an_escape_is_what_python_reads_again(character: str) -> None:
    assert json.loads(f'"{escape(character)}"') == character if len(escape(character)) == 6 else True
    assert ascii(escape(character).encode().decode("unicode_escape")) == ascii(character)


# ---- every public function, given such a text for whatever it takes

PUBLIC = {
    f"{module}.{name}": getattr(import_module(module), name)
    for module in MODULES
    for name in import_module(module).__all__
    if callable(getattr(import_module(module), name)) and name not in ("Picture", "use_engine")  # graphviz's own words
}


def attempts(function: Callable[..., Any], name: str) -> Iterator[Callable[[], object]]:
    """Calls of a function with ``name`` in the place of anything: alone, in a nest, as a keyword or its value."""
    x, w = Value(2.0, name), Value(3.0, name)
    y = maximum(x * w, x)
    y.backward()
    hostile: list[Any] = [name, [name], {name: 1}]
    for first in ([], [x], [y], [[x, w]], [[x, w], 2]):
        yield from (lambda thing=thing, first=first: function(*first, thing) for thing in hostile)  # type: ignore[misc]
        yield lambda first=first: function(*first, **{name: 1})  # type: ignore[misc]
    try:
        words = [*inspect.signature(function).parameters][:20]
    except ValueError:
        words = []
    for word in words:
        for thing in hostile:
            yield lambda word=word, thing=thing: function(**{word: thing})  # type: ignore[misc]
            if word != words[0]:
                yield lambda word=word, thing=thing: function(y, **{word: thing})  # type: ignore[misc]
                yield lambda word=word, thing=thing: function([[x, w]] * 2, **{word: thing})  # type: ignore[misc]


def complaint(call: Callable[[], object]) -> str:
    """What the project says of a call; what Python says of it, before anything is run, is Python's."""
    try:
        call()
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return "" if trace is None or trace.tb_frame.f_code.co_filename == __file__ else str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("function", PUBLIC.values(), ids=PUBLIC)
@pytest.mark.filterwarnings("ignore")
def test_no_complaint_of_any_function_repeats_it_raw(
    function: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = [complaint(call) for call in attempts(function, f"n{ALL}")]
    assert [text for text in told if raw(text)] == []


def test_many_functions_are_asked() -> None:
    assert len(PUBLIC) > 90
    assert complaint(lambda: viz.draw(Value(1.0), theme=ALL)) == f"unknown theme {quoted(ALL)} (must be one of " + (
        "['auto', 'dark', 'light'], or a Theme)"
    )


def test_what_is_shown_as_fields_or_by_name_is_seen() -> None:
    x = Value(2.0, ALL)
    (node,) = Graph(x).nodes
    assert repr(node) == f"Node(number=0, op=None, args=(), name={quoted(ALL)}, scope=None)"
    assert not raw(repr(node))


# Where code is written, and repr means what Python reads.
CODE = ("habits/spellings.py", "programs/lowering.py", "programs/javascript.py", "viz/_neighbours.py")


@pytest.mark.slow
@pytest.mark.parametrize("package", ["autodiff", "viz"])
def test_messages_quote_by_one_function(package: str) -> None:
    """A text that is put into another by ``!r`` would be seen but in part: :func:`quoted` does it everywhere."""
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        if not path.as_posix().endswith(CODE):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            found += [(path.name, node.lineno) for node in nodes if getattr(node, "conversion", -1) == ord("r")]  # type: ignore
    assert found == []


@pytest.mark.parametrize("limit", [1, 5, 40])
def test_a_quotation_of_so_many_characters_is_whole_and_of_one_more_is_cut(limit: int) -> None:
    """Quotes around it do not count, and what is cut off does not choose them."""
    assert quoted("x" * limit, limit) == f"'{'x' * limit}'"
    assert quoted("x" * (limit + 1), limit) == f"'{'x' * (limit - 1)}{ELLIPSIS}'"
    assert quoted("x" * (limit + 1) + "'", limit) == quoted("x" * (limit + 1), limit)
