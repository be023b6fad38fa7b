"""The README's code runs, its pictures are there, and its generated pages are fresh."""

from __future__ import annotations

import importlib.util
import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

import pytest

from autodiff import TABLE

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_code_of_the_readme_prints_what_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    known = set(TABLE)
    code = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            exec(compile(code, "README.md", "exec"), {})
    finally:
        for name in set(TABLE) - known:
            del TABLE[name]
    promised = re.findall(r"^print\(.*\)\s+# (.*)$", code, re.MULTILINE)
    assert promised
    assert printed.getvalue().splitlines() == promised
    assert {path.name for path in tmp_path.iterdir()} == {"graph.svg", "steps.html"}


@pytest.mark.parametrize("path", sorted(set(re.findall(r'(?:src|srcset)="([^"]+)"|\]\(([^):#]+)\)', README))))
def test_what_the_readme_refers_to_is_there(path: tuple[str, str]) -> None:
    assert (ROOT / (path[0] or path[1])).exists()


def builder() -> ModuleType:
    """What makes the README's figures and pages."""
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


def test_the_page_of_operations_lists_the_table_as_it_is() -> None:
    assert (ROOT / "docs" / "operations.md").read_text(encoding="utf-8") == builder().operations()


def test_the_figures_are_those_of_the_last_benchmarks() -> None:
    assert builder().readme() == README


def test_of_each_peer_the_best_form_is_shown_and_all_of_ours() -> None:
    seconds = {"gradroute (Numba)": 2.0, "gradroute (numpy)": 9.0, "c (8)": 1.5, "c (32)": 1.0, "jax (a)": 3.0}
    best = builder()._best_forms(seconds)
    assert list(best.items()) == [
        ("gradroute (Numba)", 2.0), ("c (32)", 1.0), ("jax (a)", 3.0), ("gradroute (numpy)", 9.0),
    ]  # fmt: skip


def test_who_could_not_run_stands_in_the_table() -> None:
    table = builder()._table("a title", {"gradroute": 1e-3, "jax (jit)": 5e-4}, {"torch": "not installed (torch)"})
    assert table.splitlines()[2:] == [
        "| gradroute | 1 ms | 1.00 |",
        "| jax (jit) | 500 µs | 0.50 |",
        "| torch | missing: not installed (torch) | |",
    ]
