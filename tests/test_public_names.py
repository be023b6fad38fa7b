"""Public names are promises: a change of one is made on purpose, and stands in the snapshot."""

from __future__ import annotations

import ast
import difflib
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest
from public_names import MODULES, SNAPSHOT, describe, snapshot
from test_floors import GUESTS, ROOT, modules

import autodiff


def test_the_names_and_signatures_are_those_of_the_snapshot() -> None:
    """After a change that is meant: python tests/public_names.py, and a line in CHANGELOG.md."""
    old = SNAPSHOT.read_text(encoding="utf-8").splitlines()
    new = snapshot().splitlines()
    change = "\n".join(difflib.unified_diff(old, new, "promised", "now", n=0, lineterm=""))
    assert not change, f"public names changed; if that is meant: python tests/public_names.py\n{change}"


CHANGES: dict[str, Callable[[], object]] = {
    "a parameter is renamed": lambda: lambda value, name=None: None,
    "a default differs": lambda: lambda output, inputs=(), seed=1: None,
    "a function becomes a class": lambda: type("grad", (), {}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(change: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot()
    monkeypatch.setattr(autodiff, "grad", change())
    assert snapshot() != before


def test_a_name_that_is_gone_or_new_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot()
    monkeypatch.setattr(autodiff, "__all__", [name for name in autodiff.__all__ if name != "grad"])
    assert set(before.splitlines()) - set(snapshot().splitlines()) == {*describe("autodiff", "grad", autodiff.grad)}


@pytest.mark.parametrize("module", [*map(import_module, MODULES)], ids=MODULES)
def test_every_public_name_is_there(module: ModuleType) -> None:
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def taken() -> dict[str, set[str]]:
    """The names that modules of the two packages import from each other, by their home."""
    known = modules(ROOT)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in known.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in known:
                found[node.module] |= {name.name for name in node.names if f"{node.module}.{name.name}" not in known}
    return found


PRIVATE = ("viz.__main__", "viz._neighbours")
TAKEN = taken()


@pytest.mark.parametrize("name", sorted(set(modules(ROOT)) - set(GUESTS) - set(PRIVATE)))
def test_every_module_says_what_others_may_take(name: str) -> None:
    module = import_module(name)
    assert [listed for listed in module.__all__ if not hasattr(module, listed)] == []
    assert len(set(module.__all__)) == len(module.__all__)
    # abs is not in __all__, so that `from autodiff import *` does not hide Python's
    assert TAKEN[name] - set(module.__all__) <= {"*"} | ({"abs"} if name == "autodiff.functions" else set())


@pytest.mark.parametrize("name", sorted(set(modules(ROOT)) - set(GUESTS) - {"autodiff", "viz"}))
def test_no_module_is_hidden_by_a_function_of_its_name(name: str) -> None:
    home, _, last = name.rpartition(".")
    module = import_module(name)
    assert getattr(import_module(home), last) is module
