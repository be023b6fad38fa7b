"""The README's code runs, its pictures are there, and its generated pages are fresh."""

from __future__ import annotations

import importlib.util
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autodiff import TABLE

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


BLOCKS: list[str] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def guests(code: str) -> set[str]:
    """The libraries that a piece of code imports beside our own; such a piece stands by itself."""
    return set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)) - {"autodiff", "viz"}


def with_guest(name: str) -> str:
    (code,) = [block for block in BLOCKS if name in guests(block)]
    return code


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_what_is_said_of_torch_holds_under_torch() -> None:
    torch = pytest.importorskip("torch")
    for seed in range(10):
        torch.manual_seed(seed)
        exec(compile(with_guest("torch"), "README.md", "exec"), {})


class Classifier:
    """What scikit-learn 1.9 found with the README's lines: weights, biases, and the probabilities at (0.3, 0.9)."""

    def __init__(self, *sizes: object, **keywords: object) -> None:
        self.coefs_ = [
            np.array(rows)
            for rows in [
                [
                    [6.614069365197999, 3.4598458072940703, 6.099757668257825],
                    [6.114222183185745, 3.7583940532830926, 0.4938605658495001],
                ],
                [[-6.587134054134086], [5.0697601666578125], [1.0209998417367265]],
            ]
        ]
        self.intercepts_ = [
            np.array(row)
            for row in [[-6.667847552737474, 0.008534543606257938, -3.3255367263519138], [-10.067659253936954]]
        ]

    def fit(self, points: object, labels: object) -> Classifier:
        return self

    def predict_proba(self, points: object) -> object:
        return [[0.0009197188750131868, 0.9990802811249868]]


def test_what_is_said_of_scikit_learn_holds_for_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("sklearn") is None:
        module = ModuleType("sklearn.neural_network")
        module.MLPClassifier = Classifier  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "sklearn", ModuleType("sklearn"))
        monkeypatch.setitem(sys.modules, "sklearn.neural_network", module)
    exec(compile(with_guest("sklearn"), "README.md", "exec"), {})


def test_the_code_of_the_readme_prints_what_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    known = set(TABLE)
    code = "\n".join(block for block in BLOCKS if not guests(block))
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
    assert {path.name for path in tmp_path.iterdir()} == set(re.findall(r'\.save_\w+\("([^"]+)"\)', code))


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
    build = builder()
    assert build.readme() == README
    assert build.speed() == (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")


def test_the_row_of_the_readme_holds_every_peer_that_was_measured() -> None:
    build = builder()
    head, _, row = build.headline().splitlines()
    names = head.strip("| ").split(" | ")[2:]
    assert len(names) == row.count(" times") >= 3
    for name in names:  # nobody is left out for being ahead
        assert f"| {name}" in build.figures()


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
