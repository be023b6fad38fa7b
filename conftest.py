"""For every test and doctest: operations that one adds to the table are gone for the next."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from autodiff import TABLE

# Modules for optional libraries can be read for their examples only where these are installed.
_GUESTS = {"numba": ("numba", "kernel", "lanes", "fused"), "numpy": ("numpy",)}
collect_ignore = [
    f"autodiff/backends/{module}.py"
    for library, modules in _GUESTS.items()
    if importlib.util.find_spec(library) is None
    for module in modules
]
if importlib.util.find_spec("anywidget") is None:
    collect_ignore.append("viz/widget.py")


@pytest.fixture(autouse=True)
def _table_as_it_was() -> Iterator[None]:
    known = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(known)
