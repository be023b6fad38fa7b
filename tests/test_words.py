"""Sentences say which cell or leaf got what, from where, and why another got nothing."""

from __future__ import annotations

from typing import Any

import pytest

from autodiff import Graph, Value, expression, max_pool1d, max_pool2d, routes
from viz.demo.sentences import leaf_sentences, pool_sentences


def pooled(numbers: Any, weights: list[float], **settings: Any) -> list[str]:
    flat = not isinstance(numbers[0], list)
    cells = [Value(v) for v in numbers] if flat else [[Value(v) for v in row] for row in numbers]
    outputs = (max_pool1d if flat else max_pool2d)(cells, **settings)
    every = outputs if flat else [v for row in outputs for v in row]
    sum((w * v for w, v in zip(weights, every, strict=True)), Value(0.0)).backward()
    return pool_sentences(routes("max", cells, outputs, **settings))


def told(text: str, upstream: float = 1.0, **names: float) -> list[str]:
    y = expression(text, **names)
    y.backward(upstream)
    return leaf_sentences(Graph(y))


def test_overlapping_windows_add_up() -> None:
    assert pooled([3, 0, 4, 2, 0], [0.7, 0.9], kernel_size=3, stride=2) == [
        "cell (0,2) got 0.7 from window A and 0.9 from window B = 1.6"
    ]


def test_three_windows_are_listed_with_commas() -> None:
    assert pooled([0, 0, 9, 0, 0], [1, 2, 3], kernel_size=3, stride=1) == [
        "cell (0,2) got 1 from window A, 2 from window B and 3 from window C = 6"
    ]


def test_cells_are_told_in_reading_order() -> None:
    grid = [[1, 2, 0, 5], [3, 0, 1, 0]]
    assert pooled(grid, [0.5, -2], kernel_size=2) == [
        "cell (0,3) got -2 from window B = -2",
        "cell (1,0) got 0.5 from window A = 0.5",
    ]


def test_contributions_that_cancel_are_a_zero_and_not_nothing() -> None:
    (sentence,) = pooled([0, 4, 0], [1, -1], kernel_size=2, stride=1)
    assert sentence == "cell (0,1) got 1 from window A and -1 from window B = 0"


def test_nothing_is_told_before_backward() -> None:
    cells = [Value(1.0), Value(2.0)]
    outputs = max_pool1d(cells, kernel_size=2)
    assert pool_sentences(routes("max", cells, outputs, kernel_size=2)) == []


@pytest.mark.parametrize(
    ("text", "names", "sentences"),
    [
        ("a*a", {"a": 3}, ["a got 3 through '×' and 3 through '×' = 6"]),
        ("a*0", {"a": 3}, ["a got 0 through '× 0' = 0"]),
        ("max(a, b)", {"a": 1, "b": 2}, ["a got nothing: not taken through 'max'", "b got 1 through 'max' = 1"]),
        (
            "max(a, b)",
            {"a": 2, "b": 2},
            ["a got 1", "b got nothing: tie through 'max': the first of the equals takes it"],
        ),
        ("relu(a)", {"a": -1}, ["a got nothing: off through 'relu'"]),
        ("where(a, b, 3)", {"a": 1, "b": 2}, ["a got nothing: no path through 'where(·, ·, 3)'", "b got 1 through "]),
        ("a", {"a": 2}, ["a got 1 as the result itself = 1"]),
    ],
)
def test_each_leaf_is_told_what_it_got(text: str, names: dict[str, float], sentences: list[str]) -> None:
    for sentence, expected in zip(told(text, **names), sentences, strict=True):
        assert sentence.startswith(expected)


def test_the_upstream_gradient_counts() -> None:
    assert told("a - b", upstream=-2.0, a=1, b=1) == ["a got -2 through '−' = -2", "b got 2 through '−' = 2"]


def test_names_are_made_visible_and_short() -> None:
    x = Value(1.0, "two\nlines\x1b[31m" + "x" * 5000)
    y = x * 2
    y.backward()
    (sentence,) = leaf_sentences(Graph(y))
    assert sentence.isprintable()
    assert sentence.startswith("two¶lines\\x1b[31m")
    assert len(sentence) < 80
