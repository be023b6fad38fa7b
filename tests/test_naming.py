"""Unnamed Values are called like the caller's variables, in the picture alone."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np
from drawn import read

from autodiff import Value
from viz import Picture, draw

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
    assert titles(draw(y, names=False)) == ["2", "own", "×"]


def test_a_name_of_its_own_comes_first() -> None:
    x = Value(2.0, "weight")
    assert titles(draw(-x)) == ["weight", "−"]


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


def test_names_that_begin_with_an_underscore_are_left_alone() -> None:
    _secret = Value(1.0)
    _secrets = [_secret]
    assert titles(draw(_secret)) == ["1"]


def test_globals_are_looked_at_after_locals() -> None:
    y = outside * 2
    assert titles(draw(y)) == ["outside", "y × 2"]
    outside_too = outside
    assert titles(draw(outside_too)) == ["outside_too"]
    assert titles(AT_MODULE_LEVEL) == ["outside", "× 2"]


def test_a_global_behind_a_local_of_its_name_does_not_lend_it() -> None:
    behind = [globals()["hidden_by_a_local"]]

    def inner(hidden_by_a_local: Value, *other: Value) -> list[str]:
        return titles(draw(hidden_by_a_local * other[0]))

    assert inner(Value(1.0), behind[0]) == ["other[0]", "hidden_by_a_local", "×"]


def test_the_caller_is_who_calls_draw() -> None:
    def caller(inner: Value) -> list[str]:
        return titles(draw(inner))

    surrounding = Value(1.0)
    assert caller(surrounding) == ["inner"]


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
    assert titles(draw(point.x * point.y)) == ["point[0]", "point[1]", "×"]
