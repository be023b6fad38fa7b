"""Statements about the project itself: what is in it, and what is not."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

import autodiff

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
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(autodiff.__version__)}\b", changelog, flags=re.MULTILINE)


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


@pytest.mark.slow
def test_with_ci_nothing_is_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOWED_SKIPS", raising=False)
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_one="import pytest\ndef test_one(): pytest.skip('no such tool')")
    pytester.makepyfile(test_all="import pytest\npytest.importorskip('no_such_module')")
    pytester.makepyfile(test_mark="import pytest\n@pytest.mark.skip(reason='not now')\ndef test_it(): pass")
    pytester.makepyfile(test_xfail="import pytest\ndef test_it(): pytest.xfail('known')")
    for ci, outcomes in (("true", {"failed": 1, "errors": 2, "xfailed": 1}), ("", {"skipped": 3, "xfailed": 1})):
        monkeypatch.setenv("CI", ci)
        result = pytester.runpytest("-p", "no:cacheprovider", "--continue-on-collection-errors")
        result.assert_outcomes(**outcomes)


def test_with_ci_only_what_is_listed_is_skipped(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        test_one="import pytest\ndef test_one(): pytest.skip('no such tool')\ndef test_two(): pytest.skip('tired')"
    )
    pytester.makepyfile(test_all="import pytest\npytest.importorskip('no_such_module')")
    listed = pytester.makefile(
        ".txt",
        listed="# reasons\nno such tool -- a tool\n"
        "could not import 'no_such_module': No module named 'no_such_module' -- x",
    )
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("ALLOWED_SKIPS", str(listed))
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.assert_outcomes(skipped=2, failed=1)


@pytest.mark.slow
def test_examples_are_found_where_no_extra_is_installed() -> None:
    """As after the README's second command: modules that need what only an extra brings are left out."""
    guests = ("IPython", "PIL", "anywidget", "llvmlite", "numba", "numpy", "traitlets")
    hide = f"import sys; sys.modules.update(dict.fromkeys({guests})); import pytest; "
    run = "sys.exit(pytest.main(['-q', '--collect-only', '-p', 'no:cacheprovider', 'autodiff', 'viz']))"
    done = subprocess.run([sys.executable, "-c", hide + run], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "autodiff/graph.py::autodiff.graph.Graph" in done.stdout
    assert "backends/caching.py" not in done.stdout


def test_what_is_not_slow_is_quick_and_what_is_compiled_is_slow(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "conftest.py").read_text(encoding="utf-8"))
    backends = "@pytest.mark.parametrize('backend', ['python', 'numba', 'numpy', 'fused'])\ndef test_c(backend): pass"
    pytester.makepyfile(f"import pytest\ndef test_a(): pass\n@pytest.mark.slow\ndef test_b(): pass\n{backends}")
    result = pytester.runpytest("-p", "no:cacheprovider", "-m", "quick")
    result.assert_outcomes(passed=3, deselected=3)


@pytest.mark.slow
def test_a_quick_run_draws_a_fifth_of_the_examples(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    drawn = (
        "import hypothesis, pytest\n@pytest.mark.quick\ndef test_a():\n    assert hypothesis.settings().max_examples"
    )
    pytester.makeini("[pytest]\nmarkers = quick")
    for asked, count in (([], 100), (["-m", "quick"], 20)):
        pytester.makepyfile(f"{drawn} == {count}")
        pytester.runpytest_subprocess("-p", "no:cacheprovider", *asked).assert_outcomes(passed=1)


def test_the_extra_all_holds_every_other() -> None:
    extras = set(metadata()["options.extras_require"])
    assert extras == {"fast", "notebooks", "bench", "gif", "pdf", "peers", "test", "dev", "all"}
    assert requirements("all") == set().union(*map(requirements, extras - {"all"}))


@pytest.mark.parametrize("name", ["LICENSE", "autodiff/py.typed", "viz/py.typed", "viz/demo/data/README.md"])
def test_is_there(name: str) -> None:
    assert (ROOT / name).is_file()


def load(path: str) -> ModuleType:
    """A file of the project that is in no package."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_version_has_one_home() -> None:
    assert metadata()["metadata"]["version"] == "attr: autodiff.__version__"
    # A plain text in a line of its own is read by a build without importing the package.
    source = (ROOT / "autodiff" / "__init__.py").read_text(encoding="utf-8")
    assert re.findall(r'^__version__ = "(.*?)"', source, re.MULTILINE) == [autodiff.__version__]
    assert re.fullmatch(r"\d+\.\d+\.\d+", autodiff.__version__), "semantic versioning: major.minor.patch"


def citation() -> dict[str, str]:
    """The plain lines of CITATION.cff, ``key: value``."""
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z-]+): (.+)$", text, re.MULTILINE))


def test_the_citation_names_this_version_and_what_the_format_asks_for() -> None:
    cited = citation()
    assert cited["version"] == autodiff.__version__
    assert cited["cff-version"] == "1.2.0"
    assert cited["license"] == metadata()["metadata"]["license_expression"]
    assert {"message", "title"} <= set(cited)
    assert "\nauthors:\n  - name: " in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"\b(ruff|mypy)(==[\d.*]+)", text))


def test_the_hooks_before_a_commit_hold_the_linters_to_the_same_versions() -> None:
    hooks = pins((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert set(hooks) == {"ruff", "mypy"}
    assert hooks == pins(metadata()["options.extras_require"]["dev"])


def test_the_workflow_runs_the_second_command_on_every_python_that_is_promised() -> None:
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    promised = re.findall(r"Python :: (3\.\d+)$", metadata()["metadata"]["classifiers"], re.MULTILINE)
    assert re.findall(r'"(3\.\d+)"', workflow) == promised
    assert {f"{system}-latest" for system in ("ubuntu", "macos", "windows")} <= set(re.findall(r"[\w-]+", workflow))
    assert "run: python .ci/readme.py 2" in workflow
    listed = re.findall(r"ALLOWED_SKIPS: (\S+)", workflow)
    assert [(ROOT / name).is_file() for name in listed] == [True]


def test_the_workflow_spells_the_command_as_the_readme_says() -> None:
    readme = load(".ci/readme.py")
    second = readme.commands((ROOT / "README.md").read_text(encoding="utf-8"))[1]
    assert second == shell_blocks()[1].strip()
    assert readme.spelled(second, "python", windows=False) == second.replace("python3", '"python"')
    windows = readme.spelled(second, r"C:\py\python.exe", windows=True)
    assert windows.startswith(r'"C:\py\python.exe" -m venv .venv && .venv\Scripts\python -m pip install')
    assert "bin/" not in windows


def test_every_allowed_skip_has_its_reason() -> None:
    lines = (ROOT / "tests" / "allowed_skips.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    assert rows
    assert all(re.fullmatch(r"\S.* -- \S.*", row) for row in rows)
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CODE_OF_CONDUCT.md", "docs/house.md"])
def test_what_a_page_for_those_who_come_refers_to_is_there(name: str) -> None:
    page = ROOT / name
    for link in re.findall(r"\]\(([^):#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{name} refers to {link}"


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/house.md"])
def test_what_a_page_for_those_who_come_calls_by_name_is_defined(name: str) -> None:
    """A call in backticks such as ``topological()`` is a function or class of the project."""
    sources = [*ROOT.glob("autodiff/**/*.py"), *ROOT.glob("viz/**/*.py"), *ROOT.glob("tests/*.py")]
    defined = set(re.findall(r"(?:def|class) (\w+)", "\n".join(path.read_text(encoding="utf-8") for path in sources)))
    defined |= set(autodiff.__all__)
    named = set(re.findall(r"`(?:\w+\.)*(\w+)\(\)`", (ROOT / name).read_text(encoding="utf-8")))
    assert named - defined == set()
