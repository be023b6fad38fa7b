"""For every test and doctest: operations that one adds are gone for the next; with CI=true nothing may be skipped."""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from autodiff import TABLE

# Packages that only extras bring: modules that need one can be read for their examples only where it is installed.
_GUESTS = {"IPython", "PIL", "anywidget", "llvmlite", "numba", "numpy", "traitlets"}
_ROOT = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out a module that cannot be imported for want of a guest; None asks on."""
    if collection_path.suffix != ".py" or collection_path.relative_to(_ROOT).parts[0] not in ("autodiff", "viz"):
        return None
    try:
        importlib.import_module(".".join(collection_path.relative_to(_ROOT).with_suffix("").parts))
    except ModuleNotFoundError as error:
        return str(error.name).partition(".")[0] in _GUESTS or None
    return None


@pytest.fixture(autouse=True)
def _table_as_it_was() -> Iterator[None]:
    known = dict(TABLE)
    yield
    TABLE.clear()
    TABLE.update(known)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _is_compiled(item):
            item.add_marker("slow")
        if item.get_closest_marker("slow") is None:
            item.add_marker("quick")


def _is_compiled(item: pytest.Item) -> bool:
    """Whether a test is one of a backend that Numba compiles, which takes half a minute where it never ran before."""
    case = getattr(item, "callspec", None)
    return case is not None and not {"numba", "fused"}.isdisjoint(case.id.split("-"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _not_skipped((yield))


def _not_skipped(report: Any) -> Any:
    """The report; where everything must be there, a test that was skipped for want of something has failed."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if reason.removeprefix("Skipped: ") not in _allowed_skips():
            report.outcome, report.longrepr = "failed", f"with CI=true nothing may be skipped, but this was: {reason}"
    return report


def _allowed_skips() -> set[str]:
    """The reasons in the list that ALLOWED_SKIPS names: one a line, each followed by " -- " and why it is allowed."""
    path = os.environ.get("ALLOWED_SKIPS")
    lines = Path(path).read_text(encoding="utf-8").splitlines() if path else []
    return {line.partition(" -- ")[0].strip() for line in lines if line.strip() and not line.startswith("#")}
