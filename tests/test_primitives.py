"""A primitive is one row, and its branch in the kernel: a cube root is added to a copy of the house and works.

What every primitive answers, in each backend and language, is held by test_program, test_compiled, test_sources and
test_parity. Here the table itself is held: its order means nothing, and whatever is forgotten is told by name.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from programs import HERE, near
from scripts import ENGINE, STATIC
from test_sources import RUNNERS

from autodiff import Program, Value
from autodiff.language import ieee
from autodiff.language.compiling import compiled
from autodiff.language.primitives import CONDITIONS, FUNCTIONS, LANGUAGES, PRIMITIVES
from autodiff.programs.javascript import functions

ROOT = Path(__file__).resolve().parents[1]
PLACE = "CONDITIONS = frozenset("  # rows stand before it
ROW = """
def cbrt(x: float) -> float:
    return ieee.divide(x, abs(x)) * abs(x) ** (1 / 3) if x else x


_row("cbrt", 1, cbrt, "cbrt; np.cbrt; jnp.cbrt; {0}.sign() * {0}.abs() ** (1 / 3); Math.cbrt; np.cbrt")


def remainder_of(x: float, y: float) -> float:
    return x - y * float(int(x / y))


_row(
    "remainder_of",
    2,
    remainder_of,
    "remainder_of; np.fmod; jnp.fmod; torch.fmod; {0} % {1}; np.fmod",
    bound="{1}",
    arrays=True,
)

"""
BRANCHES = {
    "        elif op == F.erfc:\n": """\
        elif op == F.cbrt:
            d[i] = math.copysign(abs(x) ** (1 / 3), x)
""",
    "        elif op == F.atan2:\n": """\
        elif op == F.remainder_of:
            d[i] = a[i] - b[i] * float(int(a[i] / b[i]))
""",
}
PRIMITIVES_FILE, KERNEL_FILE = "autodiff/language/primitives.py", "autodiff/programs/backends/elementwise.py"
POINTS = [-27.0, -1.0, -0.001, 0.125, 8.0, 1e9]


def house(folder: Path, changes: dict[str, dict[str, str]]) -> Path:
    """A copy of both packages, with texts put before places in some files."""
    for package in ("autodiff", "viz"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, texts in changes.items():
        file = (folder / name).read_text("utf-8")
        for place, text in texts.items():
            assert file.count(place) == 1
            file = file.replace(place, text + place)
        (folder / name).write_text(file, "utf-8")
    return folder


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=500, cwd=folder
    )


def told(folder: Path, script: str) -> Any:
    done = run(folder, script)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


EVERYWHERE = f"""
import json
from autodiff import Program, Value, expression, gradcheck, operation, steps
from autodiff.programs.javascript import functions
from viz.page.data import page_data

points, backends = {POINTS}, {HERE + ["fused"] * ("numba" in HERE)}
rows = [[point] for point in points]
root = operation("root_of_three(x)", "cbrt(x)", "1 / (3 * out * out)", domain=(0.2, 2.0))
left = operation("left_of(x, y)", "remainder_of(x, y)", "1", "(remainder_of(x, y) - x) / y")
x = Value(8.0, "x")
y = root(x)
y.backward()
assert gradcheck(root(Value(0.7)))
print(json.dumps({{
    "eager": [root(point).data for point in points],
    "slope": x.grad,
    "in a formula": expression("root_of_three(8) + 1").data,
    "backends": {{
        name: [*map(float, Program(y, [x], backend=name).value(rows))] for name in backends
    }},
    "uniform": {{
        name: float(Program(root(x) * 1.0 + x, [Value(0.0)], [x], backend=name).value([[0.0]])[0]) for name in backends
    }},
    "of two": {{
        name: [*map(float, Program(left(x, 2.5) + left(7.0, x), [x], backend=name).value([[3.0], [-4.0]]))]
        for name in backends
    }},
    "sources of two": {{
        name: Program(left(x, 2.5) + left(7.0, x), [x], backend="python").source(name, "value")
        for name in {sorted(RUNNERS)}
    }},
    "sources": {{name: Program(y, [x], backend="python").source(name) for name in {sorted(RUNNERS)}}},
    "functions": functions(),
    "page": page_data(steps(root(Value(-27.0)))),
}}))
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A house with a cube root, and what is told in it."""
    changes = {PRIMITIVES_FILE: {PLACE: ROW}, KERNEL_FILE: BRANCHES}
    folder = house(tmp_path_factory.mktemp("toy"), changes)
    return folder, told(folder, EVERYWHERE)


def roots(points: Sequence[float]) -> list[float]:
    return [math.copysign(abs(x) ** (1 / 3), x) for x in points]


@pytest.mark.slow
def test_a_primitive_of_one_row_is_computed_recorded_and_differentiated(toy: tuple[Path, Any]) -> None:
    answers = toy[1]
    assert all(map(near, answers["eager"], roots(POINTS)))
    assert near(answers["slope"], 1 / 12)
    assert near(answers["in a formula"], 3.0)


@pytest.mark.slow
@pytest.mark.parametrize("backend", [*HERE, *["fused"] * ("numba" in HERE)])
def test_a_primitive_of_one_row_runs_in_every_backend(backend: str, toy: tuple[Path, Any]) -> None:
    assert all(map(near, toy[1]["backends"][backend], roots(POINTS)))
    assert near(toy[1]["uniform"][backend], 10.0)
    assert toy[1]["of two"][backend] == [1.5, 1.5]  # 3 - 2.5 + 7 - 6, and -4 + 2.5 + 7 - 4


@pytest.mark.slow
@pytest.mark.parametrize("language", RUNNERS)
def test_a_primitive_of_one_row_is_source_in_every_language(language: str, toy: tuple[Path, Any]) -> None:
    text = toy[1]["sources"][language]
    if language == "python":  # it takes the float function from the table
        assert "from autodiff.language.primitives import cbrt" in text
        source = f"import json\n{text}\nprint(json.dumps([program([x], [])[0][0] for x in {POINTS}]))"
        found = [[x] for x in told(toy[0], source)]
    else:
        found = RUNNERS[language](text, [[point] for point in POINTS], [])
    assert all(near(first, root) for (first, *_), root in zip(found, roots(POINTS), strict=True))
    if language != "python":
        assert RUNNERS[language](toy[1]["sources of two"][language], [[3.0], [-4.0]], []) == [[1.5], [1.5]]


@pytest.mark.slow
def test_a_primitive_of_one_row_runs_in_the_page(toy: tuple[Path, Any], tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js")
    answers = toy[1]
    scripts = [answers["functions"], *((STATIC / name).read_text("utf-8") for name in ENGINE)]
    module = tmp_path / "page.mjs"
    last = f"console.log(JSON.stringify([...engine.run({json.dumps(answers['page'])}).values]))"
    module.write_text("\n".join([*scripts, last]), "utf-8")
    done = subprocess.run([node, str(module)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [-27.0, -3.0]


@pytest.mark.slow
@pytest.mark.skipif("numba" not in HERE, reason="numba is not installed")
def test_a_primitive_without_its_branch_in_the_kernel_is_an_error_that_names_it(tmp_path: Path) -> None:
    folder = house(tmp_path, {PRIMITIVES_FILE: {PLACE: ROW}})
    done = run(folder, "import autodiff.programs.backends.kernel")
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("NotImplementedError: the kernel has no branch for cbrt")
    half = house(tmp_path / "half", {PRIMITIVES_FILE: {PLACE: ROW}, KERNEL_FILE: dict(list(BRANCHES.items())[:1])})
    done = run(half, "import autodiff.programs.backends.kernel")
    assert done.stderr.rstrip().endswith("NotImplementedError: the kernel has no branch for remainder_of")


# What is wrong with a row, where it is noticed, and what is said.
FORGOTTEN = {
    "a spelling": (
        '_row("cbrt", 1, abs, "cbrt; np.cbrt; jnp.cbrt")\n',
        "autodiff",
        "the primitive 'cbrt' is spelled in",
    ),
    "another row": ('_row("exp", 1, abs, "{0}")\n', "autodiff", "the primitive 'exp' has two rows"),
    "a function of NumPy's": (
        '_row("cbrt", 1, abs, "abs; np.cube_root; x; x; x; x")\n',
        "autodiff.programs.backends.numpy",
        "the primitive 'cbrt' is spelled np.cube_root({0}), but NumPy has no cube_root",
    ),
    "an instruction of three operands": (
        '_row("fma", 3, max, "{0} * {1} + {2}")\n',
        "autodiff.programs.backends.machine",
        "the machine has no instruction for fma",
    ),
    "a function of JavaScript's": (
        '_row("cbrt", 1, abs, "abs; np.cbrt; x; x; cubeRoot; x")\n',
        "autodiff.programs.javascript",
        "the primitive 'cbrt' is spelled cubeRoot({0}), but JavaScript has no cubeRoot",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("row", "module", "words"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_what_a_row_forgets_is_told_by_its_name(row: str, module: str, words: str, tmp_path: Path) -> None:
    if "numpy" not in HERE and module.endswith("numpy"):
        pytest.skip("numpy is not installed")
    done = run(house(tmp_path, {PRIMITIVES_FILE: {PLACE: row}}), f"import {module}")
    assert done.returncode == 1
    assert words in done.stderr


SHUFFLE = """
import random
_rows = list(PRIMITIVES.items())
random.Random({seed}).shuffle(_rows)
PRIMITIVES.clear()
PRIMITIVES.update(_rows)
"""
PROGRAMS = """
import json, random, sys
sys.path.insert(0, {tests!r})
from programs import EXACT, plan
from autodiff import TABLE, Program
from autodiff.programs.backends.machine import CODES, assemble
from autodiff.programs.languages import LANGUAGES
from autodiff.programs.javascript import functions

found = [CODES, functions()]
for seed in range(12):
    draw = random.Random(seed)
    drawn = plan(draw, [*TABLE], longest=12)
    numbers = [draw.uniform(-2, 2) for _ in range(drawn.inputs + drawn.params)]
    xs, ps, outputs = drawn.record(numbers[: drawn.inputs], numbers[drawn.inputs :])
    program = Program(outputs, xs, ps, backend="python")
    machine = assemble(program._routine("grad"), len(ps))
    found += [[program.source(language) for language in LANGUAGES], machine.code, machine.uniform_code]
    found += [repr(program.value([numbers[: drawn.inputs]]))]
print(json.dumps(found))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_rows_means_nothing(seed: int, tmp_path: Path) -> None:
    script = PROGRAMS.format(tests=str(Path(__file__).parent))
    shuffled = house(tmp_path, {PRIMITIVES_FILE: {PLACE: SHUFFLE.format(seed=seed)}})
    assert told(shuffled, script) == told(ROOT, script)


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_a_row_says_all_of_a_primitive(name: str) -> None:
    row = PRIMITIVES[name]
    assert (row.name, set(row.spelled)) == (name, set(LANGUAGES))
    for text in row.spelled.values():
        assert all(f"{{{i}}}" in text for i in range(row.arity))
        assert f"{{{row.arity}}}" not in text
    assert row.truths <= row.arity
    assert (name in CONDITIONS) == row.condition
    assert name not in FUNCTIONS or name.isidentifier()


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_a_bound_holds_wherever_a_primitive_is_finite(name: str) -> None:
    """Of operands up to some size, no value is larger than the row says; and it says so of its own formula."""
    row = PRIMITIVES[name]
    space = {"_inf": math.inf, "_largest": max, "_within": lambda limit, _: limit, "_product": lambda x, y: x * y}
    sizes = [0.0, 0.5, 1.0, 3.0, 700.0]
    for size in sizes:
        bound = eval(row.bound.format(*[repr(size)] * row.arity), dict(space))
        for x in (size, -size, size / 2, -size / 3):
            for y in (size, -size, 0.0):
                value = row.function(*(x, y, -x)[: row.arity])
                assert not math.isfinite(value) or abs(value) <= bound, (x, y, value, bound)


# ---- What JavaScript has of its own ----------------------------------------------------------------------------------

SCRIPT = """
const view = new DataView(new ArrayBuffer(8));
const real = (text) => (view.setBigUint64(0, BigInt(`0x${text}`)), view.getFloat64(0));
const digits = (x) => (view.setFloat64(0, x), view.getBigUint64(0).toString(16).padStart(16, "0"));
const bits = (x) => (Number.isNaN(x) ? "nan" : digits(x));
const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const known = new Map(Object.entries(jobs.known));
if (known.size) for (const name of ["exp", "expm1"]) Math[name] = (x) => real(known.get(`${name} ${bits(x)}`));
console.log(JSON.stringify(jobs.calls.map(([name, ...args]) => bits(primitives[name](...args.map(real))))));
"""


def in_javascript(calls: Sequence[tuple[Any, ...]], known: dict[str, float]) -> list[str]:
    """The bits of some primitives in JavaScript; where these are given, with Python's results of exp and expm1."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js")
    jobs = {
        "calls": [[name, *(struct.pack(">d", x).hex() for x in args)] for name, *args in calls],
        "known": {key: struct.pack(">d", x).hex() for key, x in known.items()},
    }
    done = subprocess.run(
        [node, "-e", functions() + SCRIPT], input=json.dumps(jobs), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def hexadecimal(x: float) -> str:
    return "nan" if math.isnan(x) else struct.pack(">d", x).hex()


def test_erfc_is_one_algorithm_to_the_bit_in_python_and_javascript() -> None:
    """From the same results of exp and expm1, which every library rounds in its own way, comes the same number."""
    draw = random.Random(4)
    points = [math.nextafter(0.5, 1), 26.5, *(draw.uniform(0.5, 26.5) for _ in range(3000))]
    known: dict[str, float] = {}

    def noted(name: str, x: float) -> float:
        known[f"{name} {hexadecimal(x)}"] = found = getattr(math, name)(x)
        return float(found)

    space = {"exp": lambda x: noted("exp", x), "expm1": lambda x: noted("expm1", x)}
    again = compiled("def again(x):\n" + indent(ieee.ERFC_LINES, "    "), space)
    wanted = [again(x) for x in points]
    assert wanted == [ieee.erfc(x) for x in points]
    assert in_javascript([("erfc", x) for x in points], known) == [*map(hexadecimal, wanted)]


def test_error_functions_of_javascript_meet_where_their_pieces_do() -> None:
    """erf is odd, erfc(-x) is 2 - erfc(x), they add up to 1, and at the ends they are 0, 1 and 2."""
    draw = random.Random(5)
    near_seams = [s * math.nextafter(0.5, to) for s in (1, -1) for to in (0, 1)]
    points = [*near_seams, 0.5, -0.5, 27.3, 27.4, 40.0, *(draw.gauss(0, 3) for _ in range(1000))]
    calls = [(name, s * x) for x in points for name, s in (("erf", 1), ("erf", -1), ("erfc", 1), ("erfc", -1))]
    numbers = iter(struct.unpack(">d", bytes.fromhex(text))[0] for text in in_javascript(calls, {}))
    for x in points:
        erf, mirrored, erfc, other = (next(numbers) for _ in range(4))
        assert mirrored == -erf
        assert abs(erf + erfc - 1) <= 2**-52, x
        assert abs(erfc + other - 2) <= 2**-51, x
    ends = [(name, x) for name in ("erf", "erfc") for x in (0.0, -0.0, math.inf, -math.inf, math.nan)]
    wanted = [0.0, -0.0, 1.0, -1.0, math.nan, 1.0, 1.0, 0.0, 2.0, math.nan]
    assert in_javascript(ends, {}) == [*map(hexadecimal, wanted)]


def test_squares_cubes_and_ends_of_a_power_are_the_same_to_the_bit_in_javascript() -> None:
    draw = random.Random(6)
    ends = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 2.0, 3.0, -3.0]
    pairs = [(x, y) for x in ends for y in ends]
    pairs += [(draw.gauss(0, 1) * 10 ** draw.uniform(-90, 90), y) for _ in range(1000) for y in (0.0, 1.0, 2.0, 3.0)]
    found = in_javascript([("**", x, y) for x, y in pairs], {})
    for (x, y), text in zip(pairs, found, strict=True):
        assert text == hexadecimal(ieee.power(x, y)), (x, y)


def test_the_page_and_written_out_programs_have_the_same_arithmetic() -> None:
    x, y = Value(0.5), Value(0.5)
    text = Program([x.erf(), x.erfc(), x**y, x.tanh()], [x, y], backend="python").source("javascript", "value")
    parts = [part for part in text.split("\n\n") if part.startswith("function ")]
    assert len(parts) == 4
    assert all(part in functions() for part in parts)
