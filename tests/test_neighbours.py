"""A distribution whose modules are called as ours are is named when it is in the way, with the cure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

STRANGERS = {
    "of other content": "def gradient(f): ...",
    "with a Value too": "class Value: ...",
    "that cannot be imported": "import a_module_that_nobody_has",
    "for another Python": "print 'hello'",
}


def run(folder: Path, code: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """What a Python says that looks into ``folder`` first, then into ``path``."""
    start = f"import sys; sys.path[:0] = {[str(place) for place in (folder, *path)]!r}; {code}"
    return subprocess.run(
        [sys.executable, "-c", start], cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def stranger(folder: Path, name: str, source: str) -> Path:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source, encoding="utf-8")
    return folder


@pytest.mark.parametrize("source", STRANGERS.values(), ids=STRANGERS)
def test_another_autodiff_is_named_with_the_cure(source: str, tmp_path: Path) -> None:
    said = run(stranger(tmp_path, "autodiff", source), "import viz", ROOT).stderr
    assert "ImportError: the package 'autodiff'" in said.splitlines()[-1]
    assert "pip uninstall autodiff" in said.splitlines()[-1]
    assert str(tmp_path / "autodiff") in said


def test_a_file_called_autodiff_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "autodiff.py").write_text("x = 1", encoding="utf-8")
    said = run(tmp_path, "import viz", ROOT).stderr
    assert "rename a file" in said.splitlines()[-1]


@pytest.mark.slow
def test_another_viz_over_ours_is_named_with_the_cure(tmp_path: Path) -> None:
    # Installed later into the same folder, it overwrites the package's __init__ and leaves the other files.
    code = "import viz; viz.__path__.append(sys.path[1] + '/viz'); from viz.__main__ import main; main([])"
    said = run(stranger(tmp_path, "viz", "def plot(): ..."), code, ROOT).stderr
    assert "ImportError: the package 'viz'" in said.splitlines()[-1]
    assert "pip uninstall viz" in said.splitlines()[-1]


@pytest.mark.slow
def test_nothing_is_said_where_both_are_ours(tmp_path: Path) -> None:
    done = run(tmp_path, "import viz, autodiff; print(viz.draw is not None)", ROOT)
    assert (done.stdout.strip(), done.stderr) == ("True", "")


def test_a_fault_of_our_own_is_not_blamed_on_another(tmp_path: Path) -> None:
    """The engine beside the pictures that cannot be imported says why itself."""
    (tmp_path / "viz").mkdir()
    for name in ("__init__.py", "_neighbours.py"):
        (tmp_path / "viz" / name).write_bytes((ROOT / "viz" / name).read_bytes())
    said = run(stranger(tmp_path, "autodiff", "1 / 0"), "import viz").stderr
    assert "ZeroDivisionError" in said.splitlines()[-1]
