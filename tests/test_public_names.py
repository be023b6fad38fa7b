"""Public names are promises: a change of one is made on purpose, and stands in the snapshot."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

import pytest
from public_names import MODULES, SNAPSHOT, describe, snapshot

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
