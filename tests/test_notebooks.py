"""The notebooks tell the truth: what they show is what their code answers today."""

from __future__ import annotations

import ast
import base64
import configparser
import hashlib
import json
import os
import re
import sys
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from autodiff import Graph
from viz.demo.digits import digit
from viz.demo.network import digit_network

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IMAGE = r'<img src="data:image/svg\+xml,[^"<>&]*" [^<>]*>'
STEPPER = re.compile(
    r'<div style="[\w:;-]*"><div class="gr-poster" style="[\w:;-]*"><p>[^<>]*</p>' + IMAGE + r"</div>"
    r'<iframe srcdoc="([^"<>]*)" title="[^"<>]*" width="100%" height="\d+" loading="lazy" '
    r'style="[\w:;%-]*"></iframe></div>\s*'
)
MOST_BYTES = 650_000

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def joined(text: str | list[str]) -> str:
    """A file may hold a text as a list of its lines."""
    return text if isinstance(text, str) else "".join(text)


def bundles(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """What is shown by anything but `print`."""
    return [output["data"] for cell in code_cells(notebook) for output in cell["outputs"] if "data" in output]


def page_in(frame: str) -> str:
    """The page of a stepper, out of its frame; no other HTML is shown."""
    found = STEPPER.fullmatch(frame)
    assert found
    return unescape(found[1])


def graph_in(page: str) -> str:
    """What a stepper steps through: the nodes, with their names and numbers, and the pool beside them."""
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    told = json.loads(found[1])
    nodes = [[node.get(fact) for fact in ("label", "value", "op", "args")] for node in told["data"]["nodes"]]
    return json.dumps([nodes, told["data"]["output"], told["start"], told["grid"]])


def shown(cell: dict[str, Any]) -> list[tuple[str, str]]:
    """What a code cell shows, as (kind, text).

    Of a picture only that it is one, and of a stepper only its graph, whichever engine laid them out.
    """
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
        elif re.fullmatch(IMAGE, joined(output["data"].get("text/html", ""))) or "image/png" in output["data"]:
            answers.append((kind, "a picture"))
        elif "text/html" in output["data"]:
            answers.append((kind, graph_in(page_in(joined(output["data"]["text/html"])))))
        else:
            answers.append((kind, joined(output["data"]["text/plain"])))
    return answers


@cache
def executed(path: Path) -> dict[str, Any]:
    """The notebook after a run from top to bottom, in a fresh kernel that imports this checkout."""
    try:
        import ipykernel  # noqa: F401
        import matplotlib.font_manager  # noqa: F401  # on a new machine it looks for fonts once, and says that it does
        import nbclient
        import nbformat
    except ImportError as error:
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
    assert {"01_max_pooling", "02_step_through", "03_train_a_digit_net"} <= {path.stem for path in NOTEBOOKS}


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
    shows = bundles(read(path))
    images = [image for data in shows if (image := joined(data.get("text/html", ""))).startswith("<img")]
    assert images
    pictures = [joined(data["image/svg+xml"]) for data in shows if "image/svg+xml" in data]
    for picture in [*pictures, *(unquote(image.split(",", 1)[1].partition('"')[0]) for image in images)]:
        assert re.fullmatch(r"<svg\b.*</svg>\s*", picture, flags=re.DOTALL)
        assert not re.search(r"<script|href=|\son\w+=", picture)


@every_notebook
def test_scripts_run_only_inside_steppers(path: Path) -> None:
    """A stepper is a page in a frame, whose policy allows its own script and style, and no network."""
    shows = bundles(read(path))
    assert {kind for data in shows for kind in data} <= {"text/plain", "text/html", "image/svg+xml", "image/png"}
    frames = [joined(data["text/html"]) for data in shows if "text/html" in data]
    for page in [page_in(frame) for frame in frames if not re.fullmatch(IMAGE, frame)]:
        head, _, body = page.partition("</head>")
        policy = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', head)
        assert len(policy) == 1
        rules = dict(rule.strip().split(" ", 1) for rule in policy[0].split(";"))
        scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, flags=re.DOTALL)
        assert [kind for kind, _ in scripts] == ["", ' type="application/json" id="told"', ' type="module"']
        style = re.findall(r"<style>(.*?)</style>", head, flags=re.DOTALL)
        assert rules == {
            **dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'"),
            "script-src": f"{hashed(scripts[0][1])} {hashed(scripts[2][1])}",
            "style-src": hashed(style[0]),
            "img-src": "data:",  # a picture becomes a PNG over one
        }
        assert not re.search(r"<script|<style|<link|\ssrc=", head.partition("Content-Security-Policy")[0])
        assert not re.search(r"\son\w+=|href=|<(?:iframe|object|embed|img|base)\b", body.partition("<script")[0])


def hashed(text: str) -> str:
    """How a security policy names a script or style."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


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
def test_imports_nothing_but_the_package_python_and_what_the_extra_brings(path: Path) -> None:
    """And torch, which is asked only where it is: what a notebook shows is the same without."""
    cells = [joined(cell["source"]) for cell in code_cells(read(path))]
    found = {match for cell in cells for match in re.findall(r"^\s*(?:import|from)\s+(\w+)", cell, flags=re.MULTILINE)}
    assert found <= {"autodiff", "viz", "torch", *brought(), *sys.stdlib_module_names}
    for cell in cells:
        asked, _, after = cell.partition('if find_spec("torch"):\n')
        assert "torch" not in asked
        assert not re.search(r"^\w.*torch", after, flags=re.MULTILINE)


def brought() -> set[str]:
    """What the extra ``notebooks`` installs, by name."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return set(re.findall(r"^\w+", setup["options.extras_require"]["notebooks"], flags=re.MULTILINE))


@every_notebook
def test_emphasis_is_not_nested(path: Path) -> None:
    """Those who read Markdown (JupyterLab, nbconvert, hosts) differ in it, and some show the stars."""
    words = [joined(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]
    bold = [found for text in words for found in re.findall(r"\*\*(.*?)\*\*(?!\*)", re.sub(r"`[^`]*`", "", text))]
    assert not [text for text in bold if "*" in text]


@every_notebook
def test_links_lead_to_what_is_there(path: Path) -> None:
    """To another notebook, and to a section of it that it has."""
    for cell in read(path)["cells"]:
        for name, section in re.findall(r"\]\(([\w-]+\.ipynb)\)(?:, section (\d+))?", joined(cell["source"])):
            other = ROOT / "notebooks" / name
            assert other.is_file()
            assert not section or any(joined(c["source"]).startswith(f"## {section} · ") for c in read(other)["cells"])


def test_each_question_is_shown_before_it_is_answered() -> None:
    """A numbered question of the first notebook has no bold word, as answers have, and code that shows something."""
    cells = read(ROOT / "notebooks" / "01_max_pooling.ipynb")["cells"]
    asked = [k for k, cell in enumerate(cells) if re.match(r"## \d+ · .*\?\n", joined(cell["source"]) + "\n")]
    assert len(asked) >= 10
    shows = {k: next(n for n, cell in enumerate(cells) if n > k and cell.get("outputs")) for k in asked}
    for k, first in shows.items():
        assert not [cell["id"] for cell in cells[k:first] if "**" in joined(cell["source"]) and not cell.get("outputs")]


def test_the_answers_below_the_still_are_the_facts_of_its_network() -> None:
    """Which pixels get gradient, where a window's gradient ends, and which sum is written."""
    told = {cell["id"]: joined(cell["source"]) for cell in read(ROOT / "notebooks" / "01_max_pooling.ipynb")["cells"]}
    pool = digit_network(digit(4), kernel_size=3, stride=2)
    pool.score.backward()
    pixels = [node for node in Graph(pool.score).values if str(node.name).startswith("x(")]
    windows = pool.routes().windows
    won = [cell for window in windows for cell in window.contributions]
    off = [(r, c) for r, c in set(won) if pool.cells[r][c].data == 0]
    reached = [pixel for pixel in pixels if pixel.grad_state != "no path"]
    answer = told["look-questions"]
    assert f"{len(reached)} of {len(pixels)}: " in answer
    assert f"({sum(pixel.grad == 0 for pixel in reached)} of the {len(reached)} got a computed 0" in answer
    assert (len(set(won)), off, windows[0].letter) == (7, [(0, 0)], "A")
    assert "Seven cells won, one of them is off, so there are six places." in answer
    (twice,) = [cell for cell in set(won) if abs(pool.cells[cell[0]][cell[1]].grad - 1.4) < 1e-12]
    sent = [f"{window.contributions[twice]:g}" for window in windows if twice in window.contributions]
    assert [window.letter for window in windows if twice in window.contributions] == ["G", "H"]
    assert " + ".join(sent) in answer


# What a kernel and its client warn of while they talk to each other is not ours.
@pytest.mark.filterwarnings("ignore")
@every_notebook
def test_shows_what_its_code_answers_today(path: Path) -> None:
    committed, today = code_cells(read(path)), code_cells(executed(path))
    assert [(cell["id"], shown(cell)) for cell in today] == [(cell["id"], shown(cell)) for cell in committed]
