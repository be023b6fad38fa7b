"""The README's code runs, its pictures are there, and its generated pages are fresh."""

from __future__ import annotations

import importlib.util
import io
import re
from contextlib import redirect_stdout
from pathlib import Path

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


def test_the_page_of_operations_lists_the_table_as_it_is() -> None:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert (ROOT / "docs" / "operations.md").read_text(encoding="utf-8") == build.operations()
