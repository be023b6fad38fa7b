"""What Python tells the page is what the contract says, no key too many and none missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import viz
from autodiff import Value, log, max_pool2d, operation, relu, scope, where
from viz.page import contract
from viz.page.contract import Grid, Page
from viz.page.twin import jsdoc

STATIC = Path(contract.__file__).with_name("static")


def faults(value: Any, hint: Any, place: str) -> list[str]:
    """Where a value is not of its type; what is optional may be missing, and nothing else may be there."""
    if is_typeddict(hint):
        hints = get_type_hints(hint, vars(contract))
        wrong = set(value) - set(hints) | hint.__required_keys__ - set(value)
        found = [f"{place}: {key}" for key in wrong]
        for key in set(value) & set(hints):
            found += faults(value[key], hints[key], f"{place}.{key}")
        return found
    if get_origin(hint) is list:
        return [fault for i, one in enumerate(value) for fault in faults(one, get_args(hint)[0], f"{place}[{i}]")]
    if get_origin(hint) is dict:
        return [fault for key, one in value.items() for fault in faults(one, get_args(hint)[1], f"{place}[{key!r}]")]
    return []


def stepper() -> viz.Stepper:
    cells = [[Value(r * c - 2.0, f"x{r}{c}") for c in range(4)] for r in range(4)]
    pooled = max_pool2d(cells, kernel_size=2)
    odd = operation("odd(x, y)", "x if not (x > 1 or y > 1) else y", "1 if not (x > 1 and y > 1) else None", "out")
    with scope("sum"):
        y = relu(pooled[0][0] + pooled[0][1]) + pooled[1][0] * pooled[1][1]
    z = where(odd(y, 2.0), log(y), y / 0.0)
    grid = {"cells": cells, "outputs": pooled, "kernel_size": 2}
    return viz.step(z, collapse="sum", grid=grid, names=False)


def test_what_the_page_is_told_is_what_the_contract_says() -> None:
    shown = stepper()
    assert faults(json.loads(json.dumps(shown.data)), Page, "page") == []
    assert faults(json.loads(json.dumps(shown.grid)), Grid, "grid") == []


@pytest.mark.parametrize("key", ["nodes", "seed", "folds"])
def test_a_missing_or_unknown_key_is_noticed(key: str) -> None:
    data = dict(stepper().data)
    del data[key]
    assert faults(data | {"novel": 1}, Page, "page") in (
        ["page: novel", f"page: {key}"],
        [f"page: {key}", "page: novel"],
    )


def test_the_types_of_the_page_are_generated_from_the_contract() -> None:
    assert (STATIC / "contract.js").read_text("utf-8") == jsdoc(), "run python docs/build.py"
