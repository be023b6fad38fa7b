"""For every test and doctest: operations that one adds to the table are gone for the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autodiff import TABLE


@pytest.fixture(autouse=True)
def _table_as_it_was() -> Iterator[None]:
    known = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(known)
