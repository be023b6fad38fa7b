"""Names tell: no two boxes of a picture are called alike, and sentences, films and pages call each as its box does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from html import unescape
from pathlib import Path
from typing import Any

import gallery
import pytest
from drawn import read

import viz
from autodiff import Graph, Value, explain, nn, scope, steps

IMAGE = [[1.0, 2.0, 0.5], [3.0, -4.0, 1.5], [0.0, 2.5, 1.0]]


def summed(values: Iterable[Any]) -> Value:
    flat, rest = [], [*values]
    while rest:
        each = rest.pop()
        rest += each if isinstance(each, list) else []
        flat += [] if isinstance(each, list) else [each]
    return sum(flat, start=Value(0.0, "sum"))


def looped() -> Value:
    h = Value(0.5, "h")
    for _ in range(9):
        h = (h * 2).tanh()
        h.name = "h"
    return h


def twice() -> Value:
    return Value(2.0, "x") * Value(3.0, "x")


def in_scopes() -> Value:
    y = Value(1.0, "x")
    for i in range(3):
        with scope(f"part {i}"):
            y = y * Value(2.0, "w") + Value(1.0, "b")
    return y


GRAPHS: dict[str, Callable[[], Value]] = {
    "two filters": lambda: summed(nn.Conv2d(1, 2, 2)(IMAGE)),
    "two channels": lambda: summed(nn.Conv2d(2, 2, 2)([IMAGE, IMAGE])),
    "two convolutions": lambda: summed(nn.Sequential(nn.Conv2d(1, 1, 2), nn.Conv2d(1, 1, 2))(IMAGE)),
    "two linear layers": lambda: summed(nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))([1.0, 2.0])),
    "layers that know of no other": lambda: summed(nn.Linear(2, 2)(nn.Linear(2, 2)([1.0, 2.0]))),
    "a network": lambda: nn.MLP(2, [2, 2, 1])([1.0, 2.0]),
    "two networks": lambda: nn.MLP(1, [1])([1.0]) + nn.MLP(1, [1])([1.0]),
    "two of one name": twice,
    "a loop": looped,
    "scopes": in_scopes,
    "names that a number would be": lambda: (
        Value(1.0, "v2") * Value(2.0, "v1") * Value(3.0, "v2 #0") * Value(4.0, "v2")
    ),
    "names of blanks": lambda: Value(1.0, " ") * Value(2.0, "a ") * Value(3.0, "a"),
    "names that are long": lambda: Value(1.0, "long" * 20 + "a") * Value(2.0, "long" * 20 + "b"),
}


def heads(svg: str) -> list[str]:
    """How the boxes are called: the first words of each, up to a colon where no weight tells a name from the rest."""
    found = re.findall(r'<g class="node"><title>n(\d+)</title>(.*?)</g>', svg)
    texts = [(int(number), re.findall(r"<text[^>]*>(.*?)</text>", group)[0]) for number, group in found]
    return [re.sub(r"^(v\d+): .*", r"\1", unescape(text)) for _, text in sorted(texts)]


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_no_two_nodes_are_called_alike_and_all_say_the_same(name: str) -> None:
    y = GRAPHS[name]()
    y.backward()
    called = steps(y).labels
    assert len(set(called)) == len(called)
    assert heads(viz.draw(y, names=False, fit=None).svg()) == called
    listed = re.findall(r"^ *(\d+)  (.*?) = ", str(Graph(y)), re.MULTILINE)
    assert listed
    assert all(called[int(number)] == name for number, name in listed)
    assert [node["label"] for node in viz.step(y, names=False).data["nodes"]] == called
    for number, value in enumerate(Graph(y).values):
        assert str(explain(value, y)).startswith((f"{called[number]}.grad", f"{called[number]} got"))


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_a_film_names_what_its_boxes_bear(name: str, tmp_path: Path) -> None:
    y = GRAPHS[name]()
    film = viz.animate(y, tmp_path / "a.svg", names=False, fit=None).read_text()
    assert heads(film) == heads(viz.draw(y, names=False, fit=None).svg()) == steps(y).labels


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Conv2d(2, 3, 2),
        lambda: nn.Linear(3, 3),
        lambda: nn.Layer(2, 3),
        lambda: nn.MLP(2, [3, 3, 1]),
        lambda: nn.Sequential(nn.Conv2d(1, 2, 2), nn.Conv2d(2, 1, 2), nn.Flatten(), nn.Linear(1, 2), nn.Linear(2, 1)),
        lambda: nn.Sequential(nn.Sequential(nn.Linear(1, 1), nn.ReLU()), nn.Sequential(nn.Linear(1, 1), nn.ReLU())),
    ],
)
def test_what_knows_its_layers_names_all_parameters_differently(make: Callable[[], nn.Module]) -> None:
    names = [value.name for value in make().parameters()]
    assert None not in names
    assert len(set(names)) == len(names)


def test_a_name_says_channel_and_layer() -> None:
    assert [v.name for v in nn.Neuron(2).parameters()] == ["w0", "w1", "b"]
    assert [v.name for v in nn.Linear(2, 2).parameters()] == ["w0,0", "w0,1", "w1,0", "w1,1", "b0", "b1"]
    assert [v.name for v in nn.Conv2d(1, 2, 1).parameters()] == ["w0,0,0", "w1,0,0", "b0", "b1"]
    assert [v.name for v in nn.MLP(1, [2, 1]).parameters()] == [
        "w0[0,0]",
        "b0[0]",
        "w0[1,0]",
        "b0[1]",
        "w1[0]",
        "w1[1]",
        "b1",
    ]


def test_a_parameter_that_somebody_has_named_keeps_its_name() -> None:
    layer = nn.Linear(1, 1)
    layer.weight[0][0].name = "slope"
    assert [v.name for v in nn.Sequential(layer).parameters()] == ["slope", "b0"]


def test_a_name_of_ones_own_is_lent_to_no_other() -> None:
    x = Value(1.0, "x")
    for _ in range(2):
        x = x * 2
    assert [box.rows[0] for box in read(viz.draw(x)).boxes.values()] == ["x", "v1: × 2", "v2: × 2"]


@pytest.mark.slow
def test_names_in_the_gallery_are_told_apart() -> None:
    for make in gallery.GALLERY.values():
        shown = make()
        if isinstance(shown, viz.Picture):
            called = heads(shown.svg())
            assert len(set(called)) == len(called), make.__name__


def test_folded_scopes_of_one_name_in_one_scope_are_told_apart() -> None:
    y = nn.Linear(1, 1, rng=0)(nn.Linear(1, 1, rng=0)([Value(1.0, "x")]))[0]
    said = [box.rows[0] for box in read(viz.draw(y, names=False, collapse="linear")).boxes.values()]
    first, second = (int(title.removeprefix("linear #")) for title in said if title.startswith("linear"))
    assert first != second
    page = viz.step(y, names=False, collapse="linear")
    assert {fold["name"] for fold in page.data["folds"].values()} == {f"linear #{first}", f"linear #{second}"}
    assert f">linear #{first}</tspan>" in page.svg
    model = nn.MLP(1, [2, 1])  # here the frames around tell
    folded = [
        box.rows[0]
        for box in read(viz.draw(model([1.0]), collapse=lambda scope: "neuron" in scope.name)).boxes.values()
    ]
    assert sorted(title for title in folded if "#" not in title) == sorted(folded)
