"""The notebooks tell the truth: what they show is what their code answers today."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PICTURES = ("image/svg+xml", "image/png")
MOST_BYTES = 600_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def joined(text: str | list[str]) -> str:
    """A file may hold a text as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)


def shown(cell: dict[str, Any]) -> list[tuple[str, str]]:
    """What a code cell shows, as (kind, text); of a picture only that it is one, whichever engine laid it out."""
    answers: list[tuple[str, str]] = []
    for output in cell["outputs"]:
        kind = output["output_type"]
        if kind == "stream":
            if answers and answers[-1][0] == output["name"]:  # it may arrive in any number of pieces
                answers[-1] = (output["name"], answers[-1][1] + joined(output["text"]))
            else:
                answers.append((output["name"], joined(output["text"])))
        elif kind == "error":
            answers.append((kind, f"{output['ename']}: {output['evalue']}"))
        elif any(picture in output["data"] for picture in PICTURES):
            answers.append((kind, "a picture"))
        else:
            answers.append((kind, joined(output["data"]["text/plain"])))
    return answers


@cache
def executed(path: Path) -> dict[str, Any]:
    """The notebook after a run from top to bottom, in a fresh kernel that imports this checkout."""
    try:
        import ipykernel  # noqa: F401
        import nbclient
        import nbformat
    except ImportError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"needed to run the notebooks: {error.name}")
        pytest.skip(f"running the notebooks needs {error.name}: pip install -e '.[notebooks]'")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    search = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    client.execute(env={**os.environ, "PYTHONPATH": os.pathsep.join(search)})
    ran: dict[str, Any] = json.loads(nbformat.writes(notebook))
    return ran


def test_there_is_a_notebook() -> None:
    assert ROOT / "notebooks" / "01_max_pooling.ipynb" in NOTEBOOKS


@every_notebook
def test_was_run_in_order_and_without_errors(path: Path) -> None:
    cells = code_cells(read(path))
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {kind for cell in cells for kind, _ in shown(cell)}
    assert kinds
    assert not kinds & {"error", "stderr"}


@every_notebook
def test_a_cell_that_ends_in_an_expression_shows_it(path: Path) -> None:
    silent = [cell for cell in code_cells(read(path)) if not cell["outputs"]]
    last = {cell["id"]: ast.parse(joined(cell["source"])).body[-1] for cell in silent}
    assert not [name for name, statement in last.items() if isinstance(statement, ast.Expr)]


@every_notebook
def test_pictures_are_whole(path: Path) -> None:
    bundles = [output["data"] for cell in code_cells(read(path)) for output in cell["outputs"] if "data" in output]
    pictures = [joined(data["image/svg+xml"]) for data in bundles if "image/svg+xml" in data]
    assert pictures
    for picture in pictures:
        assert re.fullmatch(r"<svg\b.*</svg>\s*", picture, flags=re.DOTALL)
        assert not re.search(r"<script|href=|\son\w+=", picture)


@every_notebook
def test_can_be_opened_anywhere(path: Path) -> None:
    """The kernel is any Python 3, nothing tells of the machine or the moment, and the file is small."""
    notebook, text = read(path), path.read_text(encoding="utf-8")
    spec = notebook["metadata"]["kernelspec"]
    assert spec == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert not [cell["id"] for cell in notebook["cells"] if cell["metadata"]]
    assert not re.search(r" at 0x[0-9a-f]+|ipykernel_\d|site-packages|[A-Z]:\\\\|file://", text)
    assert not re.search(r"(?<![\w.~/-])/(?:work|root|tmp|home|Users|var|opt|usr|private)/", text)
    assert path.stat().st_size < MOST_BYTES


@every_notebook
def test_imports_nothing_but_the_package_and_python(path: Path) -> None:
    source = "\n".join(joined(cell["source"]) for cell in code_cells(read(path)))
    found = set(re.findall(r"^\s*(?:import|from)\s+(\w+)", source, flags=re.MULTILINE))
    assert found <= {"autodiff", "viz", *sys.stdlib_module_names}


# What a kernel and its client warn of while they talk to each other is not ours.
@pytest.mark.filterwarnings("ignore")
@every_notebook
def test_shows_what_its_code_answers_today(path: Path) -> None:
    committed, today = code_cells(read(path)), code_cells(executed(path))
    assert [(cell["id"], shown(cell)) for cell in today] == [(cell["id"], shown(cell)) for cell in committed]
