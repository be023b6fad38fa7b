"""Statements about the project itself: what is in it, and what is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Folders of somebody's machine, where a path starts in one. Joined here, so that this file does not find itself.
MACHINE_FOLDERS = ("work", "root", "tmp", "home", "Users", "var/folders")
MACHINE_PATH = re.compile(rf"(?:(?<![\w.~/-])|file://)/(?:{'|'.join(MACHINE_FOLDERS)})/|[.]py(?:env)/".encode())


def metadata() -> ConfigParser:
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def project_files() -> list[Path]:
    """Every file that git tracks or would add."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("git and a checkout are needed to list the project's files")
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def shell_blocks() -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"^```sh\n(.*?)^```$", readme, flags=re.MULTILINE | re.DOTALL)


def requirements(extra: str) -> set[str]:
    """The names that an extra stands for, with the extras it refers to written out."""
    lines = metadata()["options.extras_require"][extra].split("\n")
    names = {name for line in lines if (name := re.split(r"[<>=]", line.strip())[0])}
    referred = {inner for name in names if "[" in name for inner in name.split("[")[1].rstrip("]").split(",")}
    return {name for name in names if "[" not in name}.union(*map(requirements, referred))


def test_no_file_speaks_of_the_machine_it_was_made_on() -> None:
    files = project_files()
    assert ROOT / "setup.cfg" in files
    found = {str(path.relative_to(ROOT)): hit[0] for path in files if (hit := MACHINE_PATH.search(path.read_bytes()))}
    assert not found


@pytest.mark.parametrize("folder", MACHINE_FOLDERS)
def test_paths_of_a_machine_are_recognised(folder: str) -> None:
    for text in (f"in /{folder}/x", f'"/{folder}/x"', f"file:///{folder}/x"):
        assert MACHINE_PATH.search(text.encode())
    for text in (f"https://example.org/{folder}/x", f"a/{folder}/x", f"./{folder}/x", f"/{folder}"):
        assert not MACHINE_PATH.search(text.encode())


def test_the_changelog_has_a_section_for_this_version() -> None:
    version = metadata()["metadata"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(version)}\b", changelog, flags=re.MULTILINE)


def test_the_readme_starts_with_the_two_commands() -> None:
    first, second = shell_blocks()[:2]
    assert [first.count("\n"), second.count("\n")] == [1, 1], "each command is a single line"
    assert first.rstrip().endswith("-m viz")
    assert second.rstrip().endswith("pytest")


def test_a_plain_install_draws() -> None:
    names = re.findall(r"^[\w-]+", metadata()["options"]["install_requires"], flags=re.MULTILINE)
    assert names == ["graphviz", "graphviz-pure"]


def test_the_extra_all_holds_every_other() -> None:
    extras = set(metadata()["options.extras_require"])
    assert extras == {"fast", "notebooks", "bench", "gif", "test", "dev", "all"}
    assert requirements("all") == set().union(*map(requirements, extras - {"all"}))


@pytest.mark.parametrize("name", ["LICENSE", "autodiff/py.typed", "viz/py.typed", "viz/data/README.md"])
def test_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
