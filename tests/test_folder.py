"""A run leaves no picture of an earlier one, and touches nothing but what an earlier run wrote."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from viz.__main__ import main
from viz.demo.folder import MANIFEST, NAMES, Folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {MANIFEST}


def run(folder: Path, *names: str) -> None:
    """A run that writes these files."""
    with Folder(folder) as writing:
        for name in names:
            writing.save(name, f"written as {name}")


def claim(folder: Path, *names: str, files: Any = None) -> None:
    """A manifest that calls these files ours, with the hashes that they have."""
    found = {}
    for name in names:
        path = folder / name
        data = path.read_bytes() if path.is_file() else b""
        found[name] = hashlib.sha256(data).hexdigest()
    (folder / MANIFEST).write_text(json.dumps({"files": found if files is None else files}))


def test_what_only_the_last_run_wrote_is_removed(out: Path) -> None:
    run(out, "pool.svg", "graph.svg")
    run(out, "graph.svg", "steps.html")
    assert left(out) == {"graph.svg", "steps.html"}
    run(out)
    assert left(out) == set()


def test_everybody_elses_files_stay(out: Path) -> None:
    for name in ("notes.txt", "mine.svg", "pool.svg", "digit.png"):
        (out / name).write_text("mine")
    run(out, "graph.svg")
    run(out)
    assert left(out) == {"notes.txt", "mine.svg", "pool.svg", "digit.png"}


def test_what_was_changed_since_is_somebody_elses(out: Path) -> None:
    run(out, "pool.svg", "graph.svg")
    (out / "pool.svg").write_text("changed")
    run(out)
    run(out)
    assert left(out) == {"pool.svg"}


HARMFUL = ["../secret", "/etc/passwd", "..", ".", "", "sub/pool.svg", "sub\\pool.svg", "C:\\pool.svg", "notes.txt"]
HARMFUL += ["pool.svg\x00", "POOL.svg", "./pool.svg", "../out/pool.svg", MANIFEST]


@pytest.mark.parametrize("name", HARMFUL)
def test_a_manifest_is_not_trusted(name: str, out: Path) -> None:
    (out.parent / "secret").write_text("kept")
    (out / "sub").mkdir()
    for path in (out / "sub" / "pool.svg", out / "notes.txt"):
        path.write_text("kept")
    claim(out, files={name: hashlib.sha256(b"kept").hexdigest()})
    run(out)
    assert (out.parent / "secret").read_text() == (out / "sub" / "pool.svg").read_text() == "kept"
    assert left(out) == {"sub", "notes.txt"}


def test_an_absolute_path_of_one_of_our_names_is_not_followed(out: Path) -> None:
    elsewhere = out.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pool.svg").write_text("kept")
    claim(out, files={str(elsewhere / "pool.svg"): hashlib.sha256(b"kept").hexdigest()})
    run(out)
    assert (elsewhere / "pool.svg").read_text() == "kept"


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_no_link_is_followed_and_none_removed(out: Path) -> None:
    kept = out.parent / "kept.svg"
    kept.write_text("kept")
    (out / "pool.svg").symlink_to(kept)
    (out / "graph.svg").symlink_to("nowhere")
    claim(out, files={name: hashlib.sha256(b"kept").hexdigest() for name in ("pool.svg", "graph.svg")})
    run(out)
    assert kept.read_text() == "kept"
    assert (out / "pool.svg").is_symlink()
    assert (out / "graph.svg").is_symlink()


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_manifest_that_is_a_link_is_neither_read_nor_written(out: Path) -> None:
    other = out.parent / "other.json"
    (out / "pool.svg").write_text("mine")
    other.write_text(json.dumps({"files": {"pool.svg": hashlib.sha256(b"mine").hexdigest()}}))
    before = other.read_bytes()
    (out / MANIFEST).symlink_to(other)
    run(out, "graph.svg")
    assert (other.read_bytes(), left(out)) == (before, {"pool.svg", "graph.svg"})


def test_a_folder_of_one_of_our_names_stays(out: Path) -> None:
    (out / "digit.png").mkdir()
    claim(out, "digit.png")
    run(out)
    assert (out / "digit.png").is_dir()


DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    '{"files": []}',
    '{"files": {"pool.svg": 1}}',
    '{"other": {}}',
    "[" * 50_000,
    "\x00\xff",
]
DAMAGED += ['{"files": {"pool.svg": ""}}', "1" * 10_000, '{"files": null}', '"files"']


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_manifest_says_nothing(text: str, out: Path) -> None:
    (out / MANIFEST).write_text(text, encoding="latin-1")
    (out / "pool.svg").write_text("mine")
    run(out, "graph.svg")
    assert left(out) == {"pool.svg", "graph.svg"}
    run(out)
    assert left(out) == {"pool.svg"}


def test_a_manifest_that_is_a_folder_stays_one(out: Path) -> None:
    (out / MANIFEST).mkdir()
    run(out, "graph.svg")
    assert (out / MANIFEST).is_dir()


def test_a_run_that_fails_has_removed_what_is_out_of_date_and_can_be_followed_by_another(out: Path) -> None:
    run(out, "pool.svg", "graph.svg")

    def fail() -> None:
        with Folder(out) as writing:
            writing.save("graph.svg", "new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert left(out) == {"graph.svg"}
    run(out)
    assert left(out) == set()


def test_what_is_wrong_removes_nothing(out: Path) -> None:
    run(out, "pool.svg")
    assert main(["--grid", "x", "--out", str(out)]) == 2
    assert left(out) == {"pool.svg"}


@pytest.mark.slow
def test_the_command_writes_only_names_that_it_may_remove(out: Path) -> None:
    for arguments in ([], ["--grid", "3 0 4"], ["a*b", "a=2", "b=3"]):
        assert main([*arguments, "--out", str(out)]) == 0
        assert left(out) <= NAMES
    assert left(out) == {"graph.svg", "graph.png", "graph.dot", "steps.html"}


@pytest.mark.slow
def test_two_runs_leave_the_same_bytes(out: Path) -> None:
    main(["--grid", "3 0 4", "--out", str(out)])
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    main(["a*b", "a=2", "b=3", "--out", str(out)])
    main(["--grid", "3 0 4", "--out", str(out)])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first
