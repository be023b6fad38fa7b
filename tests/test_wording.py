"""What the texts of the project say of one thing is the same everywhere, whatever kind of file they stand in."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
from drawn import read

import autodiff
import viz
from autodiff import Value, explain, max_pool1d, maximum, relu, steps
from autodiff.derivatives.grad import jacobian
from autodiff.facts.routes import Window
from autodiff.facts.words import NOTHING_FLOWS, why_no_path

ROOT = Path(__file__).resolve().parents[1]
KINDS = {".py", ".md", ".js", ".html", ".css", ".ipynb", ".svg", ".txt", ".toml", ".cfg"}

# What a text must not say of "no path": that its derivative is anything else than 0, or that 0 is wrong.
DENIALS = re.compile(
    r"not the same as (?:a gradient of )?(?:0|zero)|differs from (?:a contribution of )?zero|yet not a zero|"
    r"not 0\b[^.]{0,20}no path|no path[^.]{0,40}\bnot (?:0|zero)\b",
    re.IGNORECASE,
)


def texts() -> Iterator[tuple[Path, str]]:
    """Every text that the project ships or shows, but for these tests, in which wrong words stand too."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.split("\0") if listed.returncode == 0 else []
    paths = [ROOT / name for name in names if name] or [*ROOT.rglob("*")]
    for path in paths:
        inside = path.relative_to(ROOT)
        tested = inside.parts[0] == "tests" and inside.parts[1] != "gallery"
        if path.suffix in KINDS and path.is_file() and not tested and ".git" not in inside.parts:
            text = path.read_text(encoding="utf-8")
            yield inside, " ".join(unescape(json.dumps(json.loads(text)) if path.suffix == ".ipynb" else text).split())


@pytest.mark.slow
def test_no_text_denies_that_the_derivative_is_0_where_there_is_no_path() -> None:
    found = [(str(path), denied[0]) for path, text in texts() if (denied := DENIALS.search(text))]
    assert found == []


def test_what_is_off_for_this_input_is_called_dead_nowhere() -> None:
    found = [str(path) for path, text in texts() if path.name != "CHANGELOG.md" and re.search(r"\bdead\b", text)]
    assert found == []


SAYING: dict[str, Callable[[], str]] = {
    "README": lambda: (ROOT / "README.md").read_text(encoding="utf-8"),
    "the page of operations": lambda: (ROOT / "docs/operations.md").read_text(encoding="utf-8"),
    "the first notebook": lambda: (ROOT / "notebooks/01_max_pooling.ipynb").read_text(encoding="utf-8"),
    "Window": lambda: str(Window.__doc__),
    "backward": lambda: str(Value.backward.__doc__),
    "jacobian": lambda: str(jacobian.__doc__),
    "a pool": lambda: viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2).source,
    "a large pool": lambda: viz.pool([[i * j % 5 for j in range(8)] for i in range(8)], kernel_size=3).source,
    "a graph": lambda: viz.draw(differentiated(), names=False).source,
    "the page": lambda: json.dumps(viz.page.data.page_data(steps(differentiated()))),
}


def differentiated() -> Value:
    y = maximum(Value(3.0, "a"), Value(5.0, "b"))
    y.backward()
    return y


@pytest.mark.parametrize("text", SAYING.values(), ids=SAYING)
def test_what_no_path_means_is_said_in_the_same_words(text: Callable[[], str]) -> None:
    assert NOTHING_FLOWS in " ".join(text().split())


def test_a_state_still_tells_no_path_from_a_zero_that_was_computed() -> None:
    a, b, c = Value(3.0), Value(5.0), Value(2.0)
    (maximum(a, b) + 0.0 * c).backward()
    assert [(v.grad, v.grad_state) for v in (a, b, c)] == [(0.0, "no path"), (1.0, "value"), (0.0, "zero")]


def test_a_relu_that_is_off_is_called_off_by_everything_that_tells_of_it() -> None:
    x = Value(-1.0, "x")
    y = relu(x)
    y.backward()
    assert "relu (off)" in str(explain(x, y))
    assert read(viz.draw(y)).words() == ["off"]
    assert str(steps(y)[-1]).endswith("so y is off") or "is off" in str(steps(y)[-1])
    node = autodiff.Graph(y).nodes[-1]
    assert why_no_path(node, 0) == "off"


# -- A gradient of which only a part came in this picture


def parts(*outputs: Value) -> list[str]:
    """What boxes say of the part of a gradient that came here, with every pass run in turn."""
    for output in outputs:
        output.backward()
    rows = [row for box in read(viz.draw(outputs[-1], names=False)).boxes.values() for row in box.rows]
    return [row for row in rows if row.endswith("here")]


def test_nothing_came_to_a_loser_whose_gradient_is_of_an_earlier_pass() -> None:
    a, b = Value(3.0, "a"), Value(5.0, "b")
    assert parts(a * 3, maximum(a, b)) == ["none of it here"]


def test_nothing_came_through_a_relu_that_is_off() -> None:
    x = Value(-1.0, "x")
    assert parts(x * 3, relu(x)) == ["none of it here"]


def test_nothing_came_to_the_losers_of_a_pool() -> None:
    x = [Value(v, f"x{v}") for v in (3.0, 1.0, 2.0)]
    assert parts(x[1] * 2 + x[2], *max_pool1d(x, kernel_size=3)) == ["none of it here", "none of it here"]


def test_a_part_is_told_where_there_is_one() -> None:
    a = Value(3.0, "a")
    assert parts(a * 3, a * 2) == ["2 of it here"]


def test_no_part_is_larger_than_the_whole() -> None:
    a = Value(3.0, "a")
    assert parts(a * -3, a * 2) == ["2 came here"]  # -1 in all
    w = Value(1.0, "w")
    loss = w * -12
    loss.backward()
    w.grad = 0
    assert [row for box in read(viz.draw(loss)).boxes.values() for row in box.rows if "of it" in row] == []
