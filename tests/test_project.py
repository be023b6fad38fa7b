"""Statements about the project itself: what is in it, and what is not."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytest_plugins = ["pytester"]

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
    assert set(names) == {"graphviz", "graphviz-pure"}


PLACES = {
    ("linux", "x86_64"): True,
    ("linux", "aarch64"): True,
    ("darwin", "x86_64"): True,
    ("darwin", "arm64"): True,
    ("win32", "AMD64"): True,
    ("win32", "ARM64"): True,
    ("win32", "x86"): False,
    ("linux", "i686"): False,
    ("linux", "armv7l"): False,
    ("linux", "riscv64"): False,
    ("linux", "ppc64le"): False,
    ("freebsd14", "amd64"): False,
    ("emscripten", "wasm32"): False,
}


@pytest.mark.parametrize(("place", "wheel"), PLACES.items())
def test_graphviz_pure_is_wanted_where_it_has_a_wheel(place: tuple[str, str], wheel: bool) -> None:
    lines = metadata()["options"]["install_requires"].strip().split("\n")
    wanted = [Requirement(line) for line in lines if line.startswith("graphviz-pure")]
    sys_platform, machine = place
    for python in ("CPython", "PyPy"):
        here = {"sys_platform": sys_platform, "platform_machine": machine, "platform_python_implementation": python}
        assert sum(bool(one.marker and one.marker.evaluate(here)) for one in wanted) == wheel
    assert {str(one.specifier) for one in wanted} == {">=0.2.2"}


def test_the_description_of_an_index_needs_no_other_file() -> None:
    text = description()
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)|\b(?:src|srcset|href)\s*=\s*[\"']?([^\"'\s>]+)", text)
    assert [target for pair in targets for target in pair if target and not target.startswith("https://")] == []
    assert "<img" not in text
    assert "<picture" not in text


def test_the_description_and_the_readme_begin_alike() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert python_blocks(description())[0] == python_blocks(readme)[0]
    assert description().partition("\n\n```")[0] == readme.partition("\n\n<picture>")[0]


def description() -> str:
    return (ROOT / metadata()["metadata"]["long_description"].removeprefix("file: ")).read_text(encoding="utf-8")


def python_blocks(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_the_command_is_the_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    name, _, function = metadata()["options.entry_points"]["console_scripts"].strip().partition(" = ")
    module, _, attribute = function.partition(":")
    program = getattr(importlib.import_module(module), attribute)
    for called, prog in ((f"/bin/{name}", "gradroute"), ("viz/__main__.py", "python -m viz")):
        monkeypatch.setattr(sys, "argv", [called, "--grid", "no"])
        assert program() == 2
        assert capsys.readouterr().err.startswith(f"{prog}: --grid takes numbers")
        monkeypatch.setattr(sys, "argv", [called, "--help"])
        with pytest.raises(SystemExit) as caught:
            program()
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: {prog} [-h]")


def test_with_ci_nothing_is_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_one="import pytest\ndef test_one(): pytest.skip('no such tool')")
    pytester.makepyfile(test_all="import pytest\npytest.importorskip('no_such_module')")
    pytester.makepyfile(test_mark="import pytest\n@pytest.mark.skip(reason='not now')\ndef test_it(): pass")
    pytester.makepyfile(test_xfail="import pytest\ndef test_it(): pytest.xfail('known')")
    for ci, outcomes in (("true", {"failed": 1, "errors": 2, "xfailed": 1}), ("", {"skipped": 3, "xfailed": 1})):
        monkeypatch.setenv("CI", ci)
        result = pytester.runpytest("-p", "no:cacheprovider", "--continue-on-collection-errors")
        result.assert_outcomes(**outcomes)


def test_the_extra_all_holds_every_other() -> None:
    extras = set(metadata()["options.extras_require"])
    assert extras == {"fast", "notebooks", "bench", "gif", "peers", "test", "dev", "all"}
    assert requirements("all") == set().union(*map(requirements, extras - {"all"}))


@pytest.mark.parametrize("name", ["LICENSE", "autodiff/py.typed", "viz/py.typed", "viz/demo/data/README.md"])
def test_is_there(name: str) -> None:
    assert (ROOT / name).is_file()
