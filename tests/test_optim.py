"""Optimisers: torch's numbers, on Values, lists and arrays."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff import Value, maximum
from autodiff.nn import Linear
from autodiff.optim import SGD, Adam, Optimizer, cosine, linear, step

START = [1.0, -2.0, 0.5]

# What torch 2 answers after five steps from START on (p0 - 3)**2 + p0 * p1 + sin(p2), in float64.
TORCH: list[tuple[str, Callable[[Any], Optimizer], list[float]]] = [
    ("SGD", lambda p: SGD(p, 0.1), [3.1481200000000005, -3.0033300000000005, 0.02907307596361953]),
    (
        "SGD, momentum",
        lambda p: SGD(p, 0.05, momentum=0.9),
        [4.176824375, -3.0884965624999996, -0.10216600362726547],
    ),
    (
        "SGD, momentum and decay",
        lambda p: SGD(p, 0.05, momentum=0.9, weight_decay=0.1),
        [4.071846556184375, -2.93952150465, -0.12865439690564595],
    ),
    (
        "SGD, decay",
        lambda p: SGD(p, 0.05, weight_decay=0.1),
        [2.220648546434375, -2.33124093015, 0.26066740453498977],
    ),
    ("Adam", lambda p: Adam(p), [1.00499992770822, -2.0050004304378573, 0.49499976488826436]),
    (
        "Adam, all its numbers",
        lambda p: Adam(p, 0.1, betas=(0.8, 0.9), eps=1e-6),
        [1.4991232711358984, -2.502562048646452, -0.00139254252417631],
    ),
    (
        "Adam, decay",
        lambda p: Adam(p, 0.1, weight_decay=0.2),
        [1.4989815155330057, -2.502229257104601, -0.0005154465746637915],
    ),
    (
        "SGD, cosine",
        lambda p: SGD(p, cosine(0.1, 4, end=0.01)),
        [2.3818762270000002, -2.4260460639375, 0.24877037548000433],
    ),
    (
        "SGD, step",
        lambda p: SGD(p, step(0.1, every=2, factor=0.5)),
        [2.5706637500000005, -2.541270625, 0.20065143000855323],
    ),
    (
        "Adam, linear",
        lambda p: Adam(p, linear(0.1, 4, end=0.01)),
        [1.2748185942989358, -2.2755659193657904, 0.22465238278958913],
    ),
]
every_optimizer = pytest.mark.parametrize(("make", "expected"), [row[1:] for row in TORCH], ids=[r[0] for r in TORCH])


def gradient(p: Any) -> list[float]:
    return [2 * (p[0] - 3) + p[1], p[0], math.cos(p[2])]


def trained(make: Callable[[Any], Optimizer]) -> list[float]:
    params = [Value(number) for number in START]
    optimizer = make(params)
    for _ in range(5):
        a, b, c = params
        optimizer.zero_grad()
        ((a - 3) ** 2 + a * b + c.sin()).backward()
        optimizer.step()
    return [param.data for param in params]


@every_optimizer
def test_values_move_as_in_torch(make: Callable[[Any], Optimizer], expected: list[float]) -> None:
    assert trained(make) == pytest.approx(expected, rel=1e-13)


@every_optimizer
def test_values_lists_and_arrays_move_to_the_same_bits(make: Callable[[Any], Optimizer], expected: object) -> None:
    by_list, by_array = make([]), make([])
    numbers: Any = list(START)
    array: Any = np.array(START)
    for _ in range(5):
        numbers = by_list.update(numbers, gradient(numbers))
        array = by_array.update(array, np.array(gradient(array.tolist())))
    assert type(numbers) is list
    assert isinstance(array, np.ndarray)
    assert numbers == array.tolist() == trained(make)
    assert by_list.steps == by_array.steps == 5


def test_nothing_is_changed_in_place() -> None:
    numbers, slopes = np.array([1.0, 2.0]), np.array([0.5, 0.5])
    optimizer = Adam([])
    optimizer.update(numbers, slopes)
    before = [moment.copy() for moment in optimizer.state]
    held = optimizer.state
    optimizer.update(numbers, slopes)
    assert numbers.tolist() == [1.0, 2.0]
    assert slopes.tolist() == [0.5, 0.5]
    assert [moment.tolist() for moment in held] == [moment.tolist() for moment in before]


def test_no_numbers_at_all_are_fine() -> None:
    assert SGD([], 0.1).update([], []) == []
    assert Adam([]).update(np.array([]), np.array([])).tolist() == []


def test_a_module_is_taken_for_its_parameters() -> None:
    layer = Linear(2, 1)
    assert SGD(layer, 0.1).params == layer.parameters()


def test_a_parameter_without_a_gradient_stays_as_it_is() -> None:
    used, idle = Value(1.0), Value(1.0)
    optimizer = SGD([used, idle], 0.5, weight_decay=0.5)
    (used * 2).backward()
    optimizer.step()
    assert [used.data, idle.data] == [-0.25, 1.0]


def test_a_loser_of_max_has_the_gradient_zero() -> None:
    winner, loser = Value(2.0), Value(1.0)
    optimizer = SGD([winner, loser], 0.5, weight_decay=0.5)
    maximum(winner, loser).backward()
    optimizer.step()
    assert [winner.data, loser.data] == [1.0, 0.75]


def test_a_step_without_any_gradient_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="call backward"):
        SGD([Value(1.0)], 0.1).step()


def test_zero_grad_forgets() -> None:
    x = Value(1.0)
    (x * 2).backward()
    SGD([x], 0.1).zero_grad()
    assert x.grad_state == "not computed"


def test_schedules_start_fall_and_stay() -> None:
    falls = cosine(1.0, 10, 0.1), linear(1.0, 10, 0.1)
    for rate in falls:
        numbers = [rate(i) for i in range(12)]
        assert numbers[0] == 1.0
        assert numbers[10:] == [0.1, 0.1]
        assert numbers == sorted(numbers, reverse=True)
    assert [step(0.8, 2, 0.5)(i) for i in range(6)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]
    # micrograd's demo
    assert [linear(1.0, 100, 0.1)(k) for k in range(100)] == pytest.approx([1.0 - 0.9 * k / 100 for k in range(100)])


def test_the_learning_rate_follows_its_schedule() -> None:
    optimizer = SGD([], linear(1.0, 2))
    rates = []
    for _ in range(3):
        rates.append(optimizer.rate)
        optimizer.update([1.0], [1.0])
    assert rates == [1.0, 0.5, 0.0]


X = Value(1.0, "x")
WRONG: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: SGD([X], -1.0), ValueError, "lr must be a finite number of at least 0, got -1.0"),
    (lambda: SGD([X], math.nan), ValueError, "lr must be a finite"),
    (lambda: SGD([X], "fast"), TypeError, "lr must be a number, got str"),  # type: ignore[arg-type]
    (lambda: SGD([X], 0.1, momentum=-1), ValueError, "momentum"),
    (lambda: SGD([X], 0.1, weight_decay=-1), ValueError, "weight_decay"),
    (lambda: Adam([X], betas=(0.9, 1.0)), ValueError, "betas are two numbers"),
    (lambda: Adam([X], eps=0.0), ValueError, "eps must be above 0"),
    (lambda: SGD(X, 0.1), TypeError, "a list of Values or a Module, got Value"),
    (lambda: SGD([1.0], 0.1), TypeError, "parameters are Values, got float"),
    (lambda: SGD([X * 2], 0.1), ValueError, "is computed; parameters must be leaves"),
    (lambda: SGD([X, X], 0.1), ValueError, "'x' stands twice"),
    (lambda: SGD([], 0.1).update([1.0], [1.0, 2.0]), ValueError, "1 numbers, a gradient of 2"),
    (lambda: SGD([], lambda i: -1.0).update([1.0], [1.0]), ValueError, "lr at step 0"),
    (lambda: linear(1.0, 0), ValueError, "steps must be a whole number"),
    (lambda: cosine(1.0, 2.5), ValueError, "steps must be a whole number"),  # type: ignore[arg-type]
    (lambda: step(1.0, True), ValueError, "every must be a whole number"),
]


@pytest.mark.parametrize(("make", "error", "message"), WRONG, ids=[row[2] for row in WRONG])
def test_wrong_numbers_are_refused_by_name(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_another_length_than_before_is_refused() -> None:
    optimizer = SGD([], 0.1, momentum=0.9)
    optimizer.update([1.0], [1.0])
    with pytest.raises(ValueError, match="and 1 numbers at the step before"):
        optimizer.update([1.0, 2.0], [1.0, 2.0])
    assert optimizer.steps == 1
