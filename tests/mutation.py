"""Small changes to the code, each of which some test should notice: python tests/mutation.py autodiff | viz | page

Needs the package ``coverage``. A copy of the tree is changed, never the tree itself. Changes are ranked by a hash of
the seed, the file, the text of the line and the change, so that a draw hardly moves when code does. Of ``autodiff``
and ``viz`` the quick tests that run a changed line are tried, those of the files nearest to it first, and at last the
slow ones of these files; of the page's scripts the tests in Node, then those in a browser. What no test noticed is
written into ``out/mutants-<part>.txt``, with its line. ``--resume`` goes on after a run that was ended, or tries once
more what no test noticed: what was noticed is not tried again. One process at a time; a part takes about half an hour.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "out"
# Compiled by Numba, half a minute for each change; signatures are generated, and for type checkers alone.
LEFT_OUT = re.compile(r"signatures|contract|backends/(kernel|elementwise|fused|lanes|caching|numba|machine)")
# Which tests try a script, in this order: in Node, then in a browser.
PARTS = dict.fromkeys(("numbers.js", "engine.js", "telling.js", "mathematics.js"), "test_parity.py")
PARTS |= {"state.js": "test_state.py", "look.js": "test_look.py", "copying.js": "test_copied.py"}
PARTS |= {"checking.js": "test_checked_inputs.py", "seeing.js": "test_collapsed.py", "quiz.js": "test_hidden.py"}
PARTS["compare.js"] = "test_compare_page.py"
NODE = ["test_whole_page.py", "test_acts.py", "test_checked_inputs.py", "test_collapsed.py", "test_hidden.py"]
NODE += ["test_state.py", "test_copied.py", "test_parts.py"]
BROWSER = ["test_seen.py", "test_page.py", "test_legible.py"]
NOT_TRIED = "not axe and not thousand"  # wait for the network, or measure time


@dataclass(frozen=True)
class Mutant:
    """A change of some bytes of a file; ``line`` is the text of the line it is in, ``lines`` are their numbers."""

    file: str
    start: int
    end: int
    old: str
    new: str
    line: str
    lines: tuple[int, int]
    twin: int = 0  # the how manyth of its like in this file

    @property
    def name(self) -> str:
        """What it is called, wherever its line moves."""
        return f"{self.file} | {self.line} | {self.old} -> {self.new} | {self.twin}"

    def rank(self, seed: int) -> str:
        """Its place in the draw."""
        return hashlib.sha256(f"{seed} {self.name}".encode()).hexdigest()


# -- Changes of Python

COMPARE: dict[type, type] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq}
COMPARE |= {ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
REVERSE: dict[type, type] = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
REVERSE |= {ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr}


def changed(node: ast.AST) -> str | ast.expr | None:
    """What may stand in the place of a piece of a program."""
    match node:
        case ast.Compare(left, [op], [right]):
            return ast.Compare(left, [COMPARE[type(op)]()], [right])
        case ast.BoolOp(op, values):
            return ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in REVERSE and not _is_type(node):
            return ast.BinOp(left, REVERSE[type(op)](), right)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            return operand
        case ast.IfExp(test, body, orelse):
            return ast.IfExp(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Constant(bool(value)):
            return ast.Constant(not value)
        case ast.Constant(int(value) | float(value)):
            return ast.Constant(value + 1)
        case ast.Continue() | ast.Break() | ast.Expr(ast.Call()) | ast.Expr(ast.Yield()) | ast.AugAssign():
            return "pass"
    return None


def _is_type(node: ast.BinOp) -> bool:
    return any(isinstance(part, ast.Constant) and part.value is None for part in ast.walk(node)) or any(
        isinstance(part, ast.Name) and part.id in ("str", "int", "float", "bool") for part in (node.left, node.right)
    )


def _spared(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs for no result: types, words of errors, what is there for type checkers."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(args=args, returns=returns):
                yield from filter(
                    None, [returns, *(arg.annotation for arg in ast.walk(args) if isinstance(arg, ast.arg))]
                )
            case ast.AnnAssign(annotation=annotation):
                yield annotation
            case ast.keyword(arg="strict"):  # of zip: a promise to the reader, which is always kept
                yield node
            case ast.Raise() | ast.Assert() | ast.Call(func=ast.Name("TypeVar" | "cast")):
                yield node
            case ast.If(test) if "TYPE_CHECKING" in ast.unparse(test):
                yield node


def of_python(file: str, text: str) -> Iterator[Mutant]:
    """Every change of a module that is tried."""
    tree, raw = ast.parse(text), text.encode()
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines, spared = text.splitlines(), {id(part) for node in _spared(tree) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in spared or not isinstance(node, (ast.expr, ast.stmt)):
            continue
        new, place = changed(node), node
        if isinstance(node, ast.If):
            new, place = ast.UnaryOp(ast.Not(), node.test), node.test
        if new is not None:
            assert place.end_lineno is not None
            assert place.end_col_offset is not None
            start, end = (
                starts[place.lineno - 1] + place.col_offset,
                starts[place.end_lineno - 1] + place.end_col_offset,
            )
            said = new if isinstance(new, str) else f"({ast.unparse(ast.fix_missing_locations(new))})"
            around = lines[place.lineno - 1].strip()
            yield Mutant(file, start, end, raw[start:end].decode(), said, around, (place.lineno, place.end_lineno))


# -- Changes of JavaScript, found in its text

QUIET = re.compile(
    r'//.*|/\*[\s\S]*?\*/|"(?:[^"\\\n]|\\.)*"|(?<=[(,=:] )/(?:[^/\\\n]|\\.)+/\w*|(?<=\()/(?:[^/\\\n]|\\.)+/\w*'
)
SWAPS = {"===": "!==", "!==": "===", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&", "??": "&&"}
SWAPS |= {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "+=": "-=", "true": "false", "false": "true"}
OPERATOR = re.compile(r"(?<= )(===|!==|<=|>=|<|>|&&|\|\||\?\?|\+=|[-+*/%])(?= )|\b(true|false)\b")
NUMBER = re.compile(r"(?<![\w.$#])\d+(?:\.\d+)?(?![\w.])")
STATEMENT = re.compile(
    r"(?<=[{;\n]) *(?:[\w$]+[.\w$\[\]?]*(?:\((?:[^(){};\n]|\([^(){};\n]*\))*\)|(?<!const )\.\w+ [-+]?= [^;\n{}]+));"
)
CLASS = re.compile(r"(?<=[\"` ])gr-[\w-]+(?=[\"` ])")


def of_script(file: str, text: str) -> Iterator[Mutant]:
    """Every change of a script that is tried: operators, constants, conditions, statements, names of classes."""
    bare = QUIET.sub(lambda found: re.sub(r"[^\n]", "~", found[0]), text)
    spans = [(m.start(), m.end(), SWAPS[m[0]]) for m in OPERATOR.finditer(bare)]
    spans += [(m.start(), m.end(), f"{float(m[0]) + 1:g}") for m in NUMBER.finditer(bare)]
    spans += [(m.start(), m.end(), ";") for m in STATEMENT.finditer(bare)]
    spans += [(m.start(), m.end(), "") for m in re.finditer(r"(?<![!=\w])!(?=[\w(])", bare)]
    spans += [(m.start(), m.end(), f"{m[0]}-x") for m in CLASS.finditer(text)]
    for found in re.finditer(r"\bif (?=\()", bare):
        end = _closing(bare, found.end())
        spans.append((found.end(), end, f"(!{text[found.end() : end]})"))
    for start, end, new in spans:
        number, line = text.count("\n", 0, start) + 1, text[text.rfind("\n", 0, start) + 1 :].split("\n", 1)[0].strip()
        first, last = len(text[:start].encode()), len(text[:end].encode())
        yield Mutant(file, first, last, text[start:end].strip(), new, line, (number, number))


def _closing(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    return len(text)


def drawn(part: str, tree: Path, seed: int, count: int) -> list[Mutant]:
    """So many changes of a part."""
    folder, kind, of = (part, "*.py", of_python) if part != "page" else ("viz", "*.js", of_script)
    found: list[Mutant] = []
    for path in sorted((tree / folder).rglob(kind)):
        file = path.relative_to(tree).as_posix()
        twins: Counter[str] = Counter()
        for mutant in () if LEFT_OUT.search(file) else of(file, path.read_text("utf-8")):
            twins[mutant.name] += 1
            found.append(Mutant(**{**vars(mutant), "twin": twins[mutant.name]}))
    print(f"{len(found)} possible", flush=True)
    return sorted(found, key=lambda mutant: mutant.rank(seed))[:count]


# -- Which tests run a line; this file is also a plugin of pytest


def pytest_configure(config: Any) -> None:
    """Recording which test runs which line, or running just the tests that were asked for."""
    if where := os.environ.get("MUTATION_MAP"):
        config.pluginmanager.register(_Recorder(Path(where)))
    elif chosen := os.environ.get("MUTATION_TESTS"):
        config.pluginmanager.register(_Chooser(json.loads(Path(chosen).read_text("utf-8"))))


class _Chooser:
    def __init__(self, tests: list[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.order), key=lambda i: self.order[i.nodeid])


AT_IMPORT = -1  # in the place of the number of a test


class _Recorder:
    def __init__(self, where: Path) -> None:
        import coverage

        self.where, self.seconds, self.failed = where, defaultdict[str, float](float), set[str]()
        self.coverage = coverage.Coverage(data_file=None, source=["autodiff", "viz"], config_file=False)
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        self.failed |= {report.nodeid} if report.failed else set()

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data, tests = self.coverage.get_data(), [test for test in self.seconds if test not in self.failed]
        number = {test: place for place, test in enumerate(tests)}
        lines = {
            Path(file).relative_to(Path.cwd()).as_posix(): {
                line: sorted(number[test] if test else AT_IMPORT for test in found if test in number or not test)
                for line, found in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        seconds = [self.seconds[test] for test in tests]
        self.where.write_text(json.dumps({"tests": tests, "seconds": seconds, "lines": lines}))
        print(f"{len(tests)} tests; failed before any change and left out: {sorted(self.failed) or 'none'}")


class Map:
    """Which tests run which line, and how long each takes."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.tests, self.lines = told["tests"], told["lines"]
        self.seconds = dict(zip(self.tests, told["seconds"], strict=True))
        self.everywhere: Counter[str] = Counter()  # lines that the tests of a file run
        self.here: dict[str, Counter[str]] = {}
        for file, lines in self.lines.items():
            tests = (self.tests[t] for found in lines.values() for t in found if t != AT_IMPORT)
            self.here[file] = Counter(test.split("::")[0] for test in tests)
            self.everywhere.update(self.here[file])

    def of(self, mutant: Mutant) -> list[list[str]]:
        """The tests to try for a change: those of the files nearest to it, then the others, the quick ones first.

        What runs at import matters for all, even if it never runs in a test.
        """
        known = self.lines.get(mutant.file, {})
        lines = range(mutant.lines[0], mutant.lines[1] + 1)
        ran = {place for line in lines for place in known.get(str(line), ())} or {AT_IMPORT}
        found = {self.tests[place] for place in ran - {AT_IMPORT}}
        about = found or {self.tests[place] for places in known.values() for place in places if place != AT_IMPORT}
        near = set(self.near(mutant.file, {test.split("::")[0] for test in about}))
        wanted = set(self.tests) if AT_IMPORT in ran else found
        order = sorted(wanted, key=lambda t: (t not in about, t.split("::")[0] not in near, self.seconds[t]))
        return [[t for t in order if t in about], [t for t in order if t not in about]]

    def near(self, file: str, files: Collection[str] = ()) -> list[str]:
        """The four of these files of tests, or of all, that are most about a file."""
        here = self.here.get(file, Counter())
        return sorted(files or here, key=lambda f: (-here[f] / (self.everywhere[f] or 1), f))[:4]


# -- Trying


def pytest(tree: Path, *arguments: str, timeout: float, **env: str) -> str | None:
    """The first test that fails in this tree, or what else goes wrong; None where all pass, or there is none to run."""
    if not arguments:
        return None
    given = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tree), str(tree / "tests"), os.environ.get("PYTHONPATH", "")]),
        **env,
    }
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "mutation", *arguments]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as told,
        subprocess.Popen(command, cwd=tree, env=given, stdout=told, stderr=told, start_new_session=True) as run,
    ):
        try:
            code = run.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, 9)
            return LATE
        told.seek(0)
        failed = re.findall(r"(?m)^(?:FAILED|ERROR) (.*?)(?: - .*)?$", told.read())
    return None if code in (0, NONE_RUN) else failed[0] if failed else f"exit code {code}"


LATE = "too late"
NONE_RUN = 5  # pytest's exit code where there is no test to run


def of_lines(tree: Path, scratch: Path) -> Callable[[Mutant], str | None]:
    """By what a change of Python is noticed."""
    where = scratch / "map.json"
    key = hashlib.sha256(
        b"".join(p.read_bytes() for f in ("autodiff", "viz", "tests") for p in sorted((tree / f).rglob("*.py")))
    ).hexdigest()
    kept = Path(tempfile.gettempdir()) / f"gradroute-map-{key[:16]}.json"
    if not kept.exists():
        print("finding out which test runs which line", flush=True)
        pytest(tree, "-m", "quick", "--maxfail=999", timeout=3600, MUTATION_MAP=str(where))
        shutil.copy(where, kept)
    tests = Map(json.loads(kept.read_text("utf-8")))

    unchanged, unfit = scratch / "unchanged", set[str]()  # tests that fail there, or not always here, tell nothing
    shutil.copytree(tree, unchanged)

    def run(chosen: Sequence[str]) -> str | None:
        chosen = [test for test in chosen if test not in unfit]
        where.write_text(json.dumps(chosen), "utf-8")
        limit = 30 + 4 * sum(tests.seconds[test] for test in chosen)
        return pytest(tree, *sorted({test.split("::")[0] for test in chosen}), timeout=limit, MUTATION_TESTS=str(where))

    def run_slow(file: str) -> str | None:
        about = [near for near in tests.near(file) if near.startswith("tests/")]
        left_out = [part for test in sorted(unfit) for part in ("--deselect", test)]
        by = pytest(tree, "-m", "slow", "-k", NOT_TRIED, *left_out, *about, timeout=600)
        return None if by == LATE else by  # how long these take is not known

    def noticed(mutant: Mutant) -> str | None:
        near, far = tests.of(mutant)
        for attempt in (lambda: run(near), lambda: run_slow(mutant.file), lambda: run(far)):
            while by := attempt():
                if "::" not in by or (pytest(tree, by, timeout=120) and not pytest(unchanged, by, timeout=120)):
                    return by
                unfit.add(by)
        return None

    return noticed


def of_scripts(tree: Path, browser: bool) -> Callable[[Mutant], str | None]:
    """By what a change of a script is noticed, in Node or in a browser."""

    def noticed(mutant: Mutant) -> str | None:
        script = Path(mutant.file)
        part = "test_explore.py" if "netpage" in script.parts else PARTS.get(script.name, "test_parts.py")
        tries = [[part], ["-k", "not chromium", *NODE]]
        tries = tries[::-1] if part == "test_parity.py" else tries  # which takes long
        tries += [["-k", NOT_TRIED, *BROWSER], ["-k", "chromium", *NODE]] if browser else []
        named = ([f"tests/{x}" if x.endswith(".py") else x for x in tests] for tests in tries)
        return next(filter(None, (pytest(tree, *tests, timeout=400) for tests in named)), None)

    return noticed


def main() -> None:
    """Try so many changes of a part, and list what nobody noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["autodiff", "viz", "page"])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="what was noticed before is not tried again")
    parser.add_argument("--node", action="store_true", help="of the page: without a browser")
    given = parser.parse_args()
    if given.part != "page" and find_spec("coverage") is None:
        parser.error("it takes the package coverage: pip install coverage")
    OUT.mkdir(exist_ok=True)
    survivors, verdicts, kept = OUT / f"mutants-{given.part}.txt", OUT / f"mutants-{given.part}.json", []
    done = set(json.loads(verdicts.read_text("utf-8"))) if given.resume and verdicts.exists() else set()
    with tempfile.TemporaryDirectory() as folder:
        scratch, tree = Path(folder), Path(folder, "tree")
        unwanted = shutil.ignore_patterns(".git", ".venv*", "__pycache__", "out", ".mypy_cache", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=unwanted)
        mutants = drawn(given.part, tree, given.seed, given.count)
        noticed = of_scripts(tree, not given.node) if given.part == "page" else of_lines(tree, scratch)
        for place, mutant in enumerate(mutants):
            if mutant.name in done:
                continue
            began, path = time.monotonic(), tree / mutant.file
            raw = path.read_bytes()
            path.write_bytes(raw[: mutant.start] + mutant.new.encode() + raw[mutant.end :])
            by = noticed(mutant)
            path.write_bytes(raw)
            how = "killed" if by else "LIVED "
            took, change = time.monotonic() - began, f"{mutant.old!r:.70} -> {mutant.new!r:.70}"
            print(f"{place} {how} {mutant.file}:{mutant.lines[0]} {change} {took:.0f} s {by or ''}", flush=True)
            if by:
                done.add(mutant.name)
                verdicts.write_text(json.dumps(sorted(done), indent=0), encoding="utf-8")
            else:
                kept.append(f"{mutant.file}:{mutant.lines[0]}\n    {mutant.name}")
    share = 100 * (1 - len(kept) / len(mutants))
    summary = (
        f"{given.part}: {len(mutants)} changes, {len(mutants) - len(kept)} noticed ({share:.1f} %), {len(kept)} not"
    )
    survivors.write_text("\n".join([summary, "", *kept]) + "\n", encoding="utf-8")
    print(summary, f"listed in {survivors.relative_to(ROOT)}", sep="\n")


if __name__ == "__main__":
    main()
