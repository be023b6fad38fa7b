"""Unnamed Values are called like the caller's variables, in the picture alone."""

from __future__ import annotations

import functools
import sys
from collections import OrderedDict, deque, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from drawn import read

from autodiff import TABLE, Graph, Value
from viz import Picture, draw
from viz.graph import naming
from viz.graph.naming import names_of

outside = Value(7.0)
hidden_by_a_local = Value(8.0)
AT_MODULE_LEVEL = draw(outside * 2)


def titles(picture: Picture) -> list[str]:
    return [box.rows[0] for box in read(picture).boxes.values()]


def test_variables_lend_their_names() -> None:
    x, w = Value(2.0), Value(3.0)
    product = x * w
    assert titles(draw(product)) == ["x", "w", "product ×"]
    assert (x.name, w.name, product.name) == (None, None, None)


def test_names_can_be_switched_off() -> None:
    x = Value(2.0)
    y = x * Value(1.0, "own")
    assert titles(draw(y, names=False)) == ["v0", "own", "v2: ×"]


def test_a_name_of_its_own_comes_first() -> None:
    x = Value(2.0, "weight")
    assert titles(draw(-x)) == ["weight", "v1: −"]


def test_entries_of_lists_tuples_dicts_and_arrays_are_called_by_their_place() -> None:
    x = [Value(1.0), Value(2.0)]
    grid = [[Value(3.0)], (Value(4.0),)]
    table = {"bias": Value(5.0), 3: [Value(6.0)], (1, 2): Value(9.0)}
    deep = [[[Value(7.0)]]]
    W = np.array([[Value(8.0)]], dtype=object)
    terms = [*x, grid[0][0], grid[1][0], table["bias"], table[3][0], deep[0][0][0], W[0, 0]]
    shown = titles(draw(terms))
    assert shown == [
        "x[0]",
        "x[1]",
        "grid[0][0]",
        "grid[1][0]",
        "table['bias']",
        "table[3][0]",
        "deep[0][0][0]",
        "W[0][0]",
    ]


def test_a_variable_comes_before_a_list_that_holds_the_same_value() -> None:
    many = [Value(1.0)]
    one = many[0]
    nested = [[one]]
    assert titles(draw(one)) == ["one"]
    assert nested[0][0] is one


def test_a_graph_or_a_picture_in_a_variable_lends_no_names() -> None:
    x = Value(2.0)
    y = x * 3 + 1
    graph = Graph(y)
    picture = draw(y)
    assert names_of(graph, sys._getframe()) == {graph.number(x): "x", graph.number(y): "y"}
    assert picture.source == draw(y).source


def test_names_that_begin_with_an_underscore_are_left_alone() -> None:
    _secret = Value(1.0)
    _secrets = [_secret]
    assert titles(draw(_secret)) == ["v0"]


def test_globals_are_looked_at_after_locals() -> None:
    y = outside * 2
    assert titles(draw(y)) == ["outside", "y × 2"]
    outside_too = outside
    assert titles(draw(outside_too)) == ["outside_too"]
    assert titles(AT_MODULE_LEVEL) == ["outside", "v1: × 2"]


def test_a_global_behind_a_local_of_its_name_does_not_lend_it() -> None:
    behind = [globals()["hidden_by_a_local"]]

    def inner(hidden_by_a_local: Value, *other: Value) -> list[str]:
        return titles(draw(hidden_by_a_local * other[0]))

    assert inner(Value(1.0), *(Value(2.0), behind[0])[1:]) == ["behind[0]", "hidden_by_a_local", "v2: ×"]
    behind.clear()
    assert inner(Value(1.0), globals()["hidden_by_a_local"]) == ["other[0]", "hidden_by_a_local", "v2: ×"]


def show(thing: Value, *more: Value, key: Value | None = None) -> list[str]:
    own = thing * 2
    return titles(draw([own, *more, *([key] if key else [])]))


def test_a_parameter_is_another_word_for_what_the_caller_has() -> None:
    loss, extra, thing = Value(1.0), [Value(2.0)], Value(3.0)
    assert show(loss, *extra, key=thing) == ["loss", "extra[0]", "thing", "own × 2"]
    assert show(Value(4.0), Value(5.0), key=Value(6.0)) == ["thing", "more[0]", "key", "own × 2"]


def test_a_parameter_of_the_outermost_function_comes_before_those_further_in() -> None:
    def outer(given: Value) -> list[str]:
        return show(given)

    assert outer(Value(1.0)) == ["given", "own × 2"]
    assert (lambda given: show(given))(Value(1.0)) == ["given", "own × 2"]
    assert (lambda given: show(given))(outside) == ["outside", "own × 2"]


def test_a_caller_is_found_through_code_of_libraries() -> None:
    loss = Value(1.0)
    assert functools.reduce(lambda _, value: show(value), [loss], None) == ["loss", "own × 2"]
    assert singledispatched(loss) == ["loss", "own × 2"]


@functools.singledispatch
def singledispatched(value: Any) -> list[str]:
    return show(value)


def test_a_name_that_means_something_else_further_in_is_not_lent() -> None:
    own = Value(1.0)
    other = [own]
    assert show(own) == ["other[0]", "own × 2"]
    assert other == [own]


class Neuron:
    """Values as attributes: in lists, in a dict, alone."""

    shared = Value(0.25)

    def __init__(self) -> None:
        self.w, self.b, self.table = [Value(0.5), Value(-1.0)], Value(0.1), {"scale": Value(2.0)}
        self._secret = Value(3.0)

    @property
    def loud(self) -> Value:
        raise RuntimeError("a property is not asked")

    def shown(self) -> list[str]:
        return titles(draw(self.w))


class Layer:
    def __init__(self, neurons: list[Neuron]) -> None:
        self.neurons, self.above = neurons, self


class Model:
    def __init__(self) -> None:
        self.layers = [Layer([Neuron()]), Layer([Neuron(), Neuron()])]


def test_attributes_of_the_callers_objects_are_called_by_their_place() -> None:
    n = Neuron()
    assert titles(draw([*n.w, n.b, n.table["scale"], n._secret])) == [
        "n.w[0]",
        "n.w[1]",
        "n.b",
        "n.table['scale']",
        "n._secret",
    ]
    net, grid = Model(), [[[Neuron()]]]
    deep = [net.layers[0].neurons[0].b, net.layers[1].neurons[1].w[1], grid[0][0][0].b]
    expected = ["net.layers[0].neurons[0].b", "net.layers[1].neurons[1].w[1]", "grid[0][0][0].b"]
    assert titles(draw(deep)) == expected


def test_a_method_knows_what_its_caller_calls_the_object() -> None:
    n = Neuron()
    assert n.shown() == ["n.w[0]", "n.w[1]"]
    assert Neuron().shown() == ["self.w[0]", "self.w[1]"]


@dataclass
class Point:
    x: Value
    y: Value


@dataclass
class Narrow:
    __slots__ = ("empty", "inner")
    inner: Point


class Deeper(Narrow):
    """A dict beside the slots of its base."""


def test_dataclasses_slots_and_other_containers() -> None:
    narrow, deeper, row = (
        Narrow(Point(Value(1.0), Value(2.0))),
        Deeper(Point(Value(3.0), Value(4.0))),
        deque([Value(5.0)]),
    )
    deeper.more = OrderedDict(a=Value(6.0))  # type: ignore[attr-defined]
    space = SimpleNamespace(v=Value(7.0))
    table = {(0, "b"): Value(8.0), object(): Value(9.0), None: Value(9.0)}
    shown = [narrow.inner.y, deeper.inner.x, deeper.more["a"], row[0], space.v, table[0, "b"], table[None]]  # type: ignore[attr-defined]
    expected = [
        "narrow.inner.y",
        "deeper.inner.x",
        "deeper.more['a']",
        "row[0]",
        "space.v",
        "table[(0, 'b')]",
        "shown[6]",
    ]
    assert sorted(titles(draw(shown))) == sorted(expected)


def test_looking_runs_no_code_of_the_users() -> None:
    class Loud(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError("do not ask the class")

    class Touchy(metaclass=Loud):
        def __init__(self) -> None:
            self.w = Value(1.0)

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("do not ask")

        __iter__ = __len__ = __eq__ = __getattr__ = __getattribute__  # type: ignore[assignment]
        __hash__ = None  # type: ignore[assignment]

    class Disguised:
        __slots__ = ("real",)
        __dict__ = property(lambda self: 1 / 0)

    class Rows(list[Any]):
        def __iter__(self) -> Any:
            raise RuntimeError("do not list")

        __len__ = __iter__

    touchy, disguised, rows = Touchy(), Disguised(), Rows()
    list.append(rows, Value(3.0))
    disguised.real = Value(2.0)  # type: ignore[attr-defined]
    weight = object.__getattribute__(touchy, "w")
    things = [disguised.real, list.__getitem__(rows, 0)]  # type: ignore[attr-defined]
    del weight
    expected = ["rows[0]", "disguised.real", "touchy.w"]
    assert sorted(titles(draw([object.__getattribute__(touchy, "w"), *things]))) == sorted(expected)


@pytest.mark.slow
def test_the_work_of_looking_is_bounded() -> None:
    class Node:
        def __init__(self, *others: Any) -> None:
            self.others = others

    ring = Node()
    ring.others = (ring, ring)
    tree: Any = Node()
    for _ in range(40):
        tree = Node(tree, tree)  # a trillion paths, forty nodes
    wide = [Node([0.0] * 50) for _ in range(100_000)]
    x = [Value(1.0)]
    asked = 0

    def count(frame: Any, event: str, arg: Any) -> None:
        nonlocal asked
        asked += event == "call"

    sys.setprofile(count)
    try:
        found = names_of(Graph(x[0]), sys._getframe())
    finally:
        sys.setprofile(None)
    assert found == {0: "x[0]"}
    assert asked < 1_500_000
    assert len(wide) == 100_000


def test_variables_that_resist_being_looked_at_do_no_harm() -> None:
    class Hostile:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("do not touch")

        def __len__(self) -> int:
            raise RuntimeError("do not count")

    class Record(dict[str, Value]):
        def items(self) -> Any:
            raise RuntimeError("do not list")

    hostile, record = Hostile(), Record(a=Value(1.0))
    loop: list[Any] = [hostile, record, None, 3.0, "text", b"bytes", range(10**12), np.zeros(3), np.array(Value(1.0))]
    loop.append(loop)
    x = Value(2.0)
    assert titles(draw(x)) == ["x"]
    assert len(loop) == 10


def test_large_containers_do_not_keep_small_ones_from_being_read() -> None:
    data = [[0.0] * 1000 for _ in range(2000)]
    lots = [0.0] * 1_000_000
    x = [[Value(1.0)], [Value(2.0)]]
    assert titles(draw([x[0][0], x[1][0]])) == ["x[0][0]", "x[1][0]"]
    assert len(data) + len(lots) == 1_002_000


def test_a_named_tuple_is_read_like_a_tuple() -> None:
    Point = namedtuple("Point", "x y")
    point = Point(Value(1.0), Value(2.0))
    assert titles(draw(point.x * point.y)) == ["point[0]", "point[1]", "v2: ×"]


def test_the_table_of_operations_lends_no_names_and_is_not_walked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who writes ``from autodiff import *`` has it among the variables: 60 rows with all their formulas."""
    looked: list[object] = []
    contents = naming._contents
    monkeypatch.setattr(naming, "_contents", lambda thing: (looked.append(thing), contents(thing))[1])
    table = dict(TABLE)
    x = Value(1.0)
    assert names_of(Graph(x), sys._getframe()) == {0: "x"}
    formulas = [row.value for row in table.values()]
    assert not [thing for thing in looked if any(thing is formula for formula in formulas)]
