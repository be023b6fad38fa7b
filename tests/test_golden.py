"""The reference figures: values and gradients made by torch, checked against numbers of 60 digits.

``data/golden.json`` holds them. An integer there is that float; text is ``float.fromhex``; tolerances are absolute.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import autodiff as ad
from autodiff import Value

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "golden.json").read_text(encoding="utf-8"))

# Operations with constants are written with a c: the reflected ones take the constant first.
INFIX: dict[str, Callable[[Any, Any], Value]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
}
OPERATIONS: dict[str, Callable[..., Value]] = {
    **INFIX,
    **{name + "c": function for name, function in INFIX.items()},
    **{"r" + name: lambda x, c, function=function: function(c, x) for name, function in INFIX.items()},
    "neg": operator.neg,
    "abs": abs,
    "max": ad.maximum,
    "min": ad.minimum,
}


def read(text: float | str) -> float:
    return float.fromhex(text) if isinstance(text, str) else float(text)


def numbers(texts: list[Any]) -> list[float]:
    return [read(text) for text in texts]


def is_close(got: float, wanted: float, tolerance: float = 0.0) -> bool:
    return got == wanted or (got != got and wanted != wanted) or abs(got - wanted) <= tolerance


def is_identical(got: float, wanted: float) -> bool:
    return is_close(got, wanted) and (got != got or math.copysign(1, got) == math.copysign(1, wanted))


def apply(name: str, *args: Any) -> Value:
    function = OPERATIONS.get(name) or getattr(ad, name)
    return function(*args)


def recorded(case: dict[str, Any]) -> list[Value]:
    """The nodes of a program: its inputs, then one for each operation."""
    nodes = [Value(x) for x in numbers(case["in"])]
    for name, *args in case["ops"]:
        nodes.append(apply(name, *(nodes[arg] if isinstance(arg, int) else read(arg) for arg in args)))
    return nodes


def cases(section: str) -> list[Any]:
    return [pytest.param(case, id=case.get("id") or f"{section}-{i:03}") for i, case in enumerate(GOLDEN[section])]


def rows(section: str) -> list[Any]:
    found = []
    for group in GOLDEN[section]:
        constants = numbers(group.get("c", []))
        label = " ".join([group["op"], *map(str, constants)])
        found.append(pytest.param(group["op"], constants, group["rows"], id=label))
    return found


@pytest.mark.parametrize(("name", "constants", "figures"), rows("unary"))
def test_functions_of_one_value(name: str, constants: list[float], figures: list[Any]) -> None:
    for row in figures:
        at, _, _, y, slope, y_tolerance, slope_tolerance = numbers(row[:7])
        x = Value(at)
        out = apply(name, x, *constants)
        out.backward()
        assert is_close(out.data, y, y_tolerance), at
        assert is_close(x.grad, slope, slope_tolerance), at


@pytest.mark.parametrize(("name", "constants", "figures"), rows("binary"))
def test_functions_of_two_values(name: str, constants: list[float], figures: list[Any]) -> None:
    for row in figures:
        at, wanted, tolerances = numbers(row[:2]), numbers(row[2:5]), row[5:8]
        leaves = [Value(x) for x in at]
        out = apply(name, *leaves)
        out.backward()
        got = [out.data, *(leaf.grad for leaf in leaves)]
        assert all(map(is_close, got, wanted, tolerances)), at


@pytest.mark.parametrize("case", cases("nary"))
def test_the_winner_of_many(case: dict[str, Any]) -> None:
    leaves = [Value(x) for x in numbers(case["x"])]
    out = apply(case["op"], *leaves)
    out.backward()
    assert is_identical(out.data, read(case["y"]))
    assert [leaf.grad for leaf in leaves] == [float(i == case["win"]) for i in range(len(leaves))]


@pytest.mark.parametrize("case", cases("edge"))
def test_the_edges_of_a_domain(case: dict[str, Any]) -> None:
    leaves = [Value(x) for x in numbers(case["x"])]
    out = apply(case["op"], *leaves, *numbers(case["c"]))
    out.backward()
    accepted = [(out.data, case["y"]), *zip((leaf.grad for leaf in leaves), case["g"], strict=True)]
    for got, answers in accepted:
        if answers not in (None, [None]):
            assert any(is_close(got, wanted, abs(wanted) * 1e-15) for wanted in numbers(answers)), case["note"]
    if case["op"] in ("max", "min"):
        assert any(is_identical(out.data, wanted) for wanted in numbers(case["y"]))


@pytest.mark.parametrize("case", cases("inactive"))
def test_no_infinite_slope_leaks_from_a_branch_not_taken(case: dict[str, Any]) -> None:
    nodes = recorded(case)
    nodes[case["out"]].backward()
    leaves = nodes[: len(case["in"])]
    assert [leaf.grad for leaf in leaves] == numbers(case["best"])
    assert [slope.data for slope in ad.grad(nodes[case["out"]], leaves)] == numbers(case["best"])


@pytest.mark.slow
@pytest.mark.parametrize("case", cases("programs"))
def test_random_programs(case: dict[str, Any]) -> None:
    nodes = recorded(case)
    out, leaves = nodes[case["out"]], nodes[: len(case["in"])]
    out.backward()
    wanted = numbers([case["y"], *case["g"]])
    tolerances = case.get("tol") or [0.0] * len(wanted)
    assert all(map(is_close, [out.data, *(leaf.grad for leaf in leaves)], wanted, tolerances))
    inner = nodes[len(leaves) :]
    if "ng" in case:
        tolerances = case.get("ntol") or [0.0] * len(inner)
        assert all(map(is_close, [node.grad for node in inner], numbers(case["ng"]), tolerances))
    assert [slope.data for slope in ad.grad(out, leaves)] == [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("case", cases("second"))
def test_second_derivatives(case: dict[str, Any]) -> None:
    nodes = recorded(case)
    hessian = ad.hessian(nodes[case["out"]], nodes[: len(case["in"])])
    for row, wanted in zip(hessian, case["h"], strict=True):
        for got, h in zip(row, numbers(wanted), strict=True):
            assert is_close(got.data, h, case["tol"])


@pytest.mark.parametrize("case", cases("multi"))
def test_several_backward_passes_over_one_graph(case: dict[str, Any]) -> None:
    nodes = recorded(case)
    for loss, wanted in zip(case["losses"], case["leaf_grads"], strict=True):
        nodes[loss].backward()
        assert [leaf.grad for leaf in nodes[: len(case["in"])]] == numbers(wanted)


def pooled(dimensions: int, case: dict[str, Any]) -> tuple[list[Value], list[Value]]:
    cells = [Value(x) for x in numbers(case["x"])]
    keywords = {"stride": case["s"], "padding": case["p"], "dilation": case["d"], "ceil_mode": case["ceil"]}
    if dimensions == 1:
        return cells, ad.max_pool1d(cells, case["k"], **keywords)
    width = case["shape"][1]
    rows = [cells[start : start + width] for start in range(0, len(cells), width)]
    return cells, [out for row in ad.max_pool2d(rows, case["k"], **keywords) for out in row]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dimensions", "case"),
    [pytest.param(n, c, id=f"{n}d-{i:03}") for n in (1, 2) for i, c in enumerate(GOLDEN[f"pool{n}d"])],
)
def test_max_pools(dimensions: int, case: dict[str, Any]) -> None:
    cells, outputs = pooled(dimensions, case)
    assert len(outputs) == math.prod(case["oshape"])
    assert all(map(is_identical, [out.data for out in outputs], numbers(case["y"])))
    total = Value(0.0)
    for out, up in zip(outputs, numbers(case["up"]), strict=True):
        total = total + out * up
    total.backward()
    assert all(map(is_close, [cell.grad for cell in cells], numbers(case["gx"]), [1e-12] * len(cells)))


@pytest.mark.parametrize("case", cases("pool_nan"))
def test_the_first_nan_of_a_window_wins(case: dict[str, Any]) -> None:
    windows = len(case["y"])
    for i in range(windows):
        cells = [Value(x) for x in numbers(case["x"])]
        out = ad.max_pool1d(cells, case["k"], case["s"])[i]
        out.backward()
        assert is_close(out.data, read(case["y"][i]))
        assert [j for j, cell in enumerate(cells) if cell.grad] == [case["first_nan"][i]]


@pytest.mark.parametrize("case", [*cases("pool_errors"), *cases("pool_empty_window")])
def test_impossible_pools_are_value_errors(case: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\d"):
        ad.max_pool1d([Value(float(i)) for i in range(case["len"])], **case["args"])


CHAINS: dict[str, tuple[Callable[[Value], Value], Callable[[int], float], Callable[[int], float]]] = {
    "add one": (lambda y: y + 1.0, lambda n: 1.0 + n, lambda n: 1.0),
    "halve and add": (lambda y: y * 0.5 + y * 0.5, lambda n: 1.0, lambda n: 1.0),
    "negate": (lambda y: -y, lambda n: (-1.0) ** n, lambda n: (-1.0) ** n),
    "running max": (lambda y: ad.maximum(y, 0.5), lambda n: 1.0, lambda n: 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize(("step", "value", "slope"), CHAINS.values(), ids=CHAINS)
def test_long_chains(step: Callable[[Value], Value], value: Any, slope: Any) -> None:
    n = 20_001
    x = Value(1.0)
    y = x
    for _ in range(n):
        y = step(y)
    y.backward()
    assert (y.data, x.grad) == (value(n), slope(n))


def test_doubling_reaches_every_path() -> None:
    x = Value(1.0)
    y = x
    for _ in range(1000):
        y = y + y
    y.backward()
    assert x.grad == y.data == 2.0**1000
