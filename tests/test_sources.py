"""Programs as source: the text of every language runs, and says what recording anew would."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from programs import ALL_BACKENDS, COMPARISONS, EXACT, Plan, any_number, near, plan

from autodiff import TABLE, Program, Value, operation
from autodiff.language import ieee
from autodiff.language.primitives import PRIMITIVES
from autodiff.programs.languages import LANGUAGES
from autodiff.recording.value import function_of

pytestmark = pytest.mark.slow  # JAX and PyTorch take seconds to load

# A source runs as (text, rows, params) -> for each row the outputs, then the gradients in the parameters.
Runner = Callable[[str, Sequence[Sequence[float]], Sequence[float]], list[list[float]]]


def defined(text: str) -> Callable[..., Any]:
    space: dict[str, Any] = {}
    exec(compile(text, "<source>", "exec"), space)
    program: Callable[..., Any] = space["program"]
    return program


def python(text: str, rows: Sequence[Sequence[float]], params: Sequence[float]) -> list[list[float]]:
    program = defined(text)
    return [[*values, *slopes] for values, slopes in (program(row, params) for row in rows)]


def numpy(text: str, rows: Sequence[Sequence[float]], params: Sequence[float]) -> list[list[float]]:
    np = pytest.importorskip("numpy")
    values, slopes = defined(text)(np.array(rows), np.array(params))
    columns = [np.broadcast_to(column, len(rows)) for column in (*values, *slopes)]
    return [[float(x) for x in row] for row in zip(*columns, strict=True)]


# jax and torch are large, and only in the extra `bench`: where they are missing, these languages go untested.


def jax(text: str, rows: Sequence[Sequence[float]], params: Sequence[float]) -> list[list[float]]:
    jax = pytest.importorskip("jax")
    program = defined(text)  # switches to float64 first
    x, p = jax.numpy.array(rows), jax.numpy.array(params)
    values, slopes = jax.jit(jax.vmap(program, in_axes=(0, None), axis_size=len(rows)))(x, p)
    return [[float(column[i]) for column in (*values, *slopes)] for i in range(len(rows))]


def torch(text: str, rows: Sequence[Sequence[float]], params: Sequence[float]) -> list[list[float]]:
    torch = pytest.importorskip("torch")
    x, p = torch.tensor(rows, dtype=torch.float64), torch.tensor(params, dtype=torch.float64)
    values, slopes = torch.func.vmap(defined(text), in_dims=(0, None))(x, p)
    return [[column[i].item() for column in (*values, *slopes)] for i in range(len(rows))]


NODE = """
const answer = (x) => (Object.is(x, -0) ? "-0.0" : String(x));
const jobs = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
  const answers = [];
  for (const [text, rows, params] of jobs) {
    const { program } = await import("data:text/javascript," + encodeURIComponent(text));
    answers.push(rows.map((row) => program(row.map(Number), params.map(Number)).flat().map(answer)));
  }
  console.log(JSON.stringify(answers));
})();
"""


def script(x: float) -> str:
    return repr(x).replace("inf", "Infinity").replace("nan", "NaN")


def javascript_jobs(jobs: Sequence[tuple[str, Sequence[Sequence[float]], Sequence[float]]]) -> list[list[list[float]]]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js")
    sent = [[text, [[*map(script, row)] for row in rows], [*map(script, p)]] for text, rows, p in jobs]
    done = subprocess.run([node, "-e", NODE], input=json.dumps(sent), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [[[float(x) for x in row] for row in rows] for rows in json.loads(done.stdout)]


def javascript(text: str, rows: Sequence[Sequence[float]], params: Sequence[float]) -> list[list[float]]:
    return javascript_jobs([(text, rows, params)])[0]


RUNNERS: dict[str, Runner] = {
    "python": python,
    "numpy": numpy,
    "jax": jax,
    "torch": torch,
    "javascript": javascript,
}
assert RUNNERS.keys() == LANGUAGES.keys()
ALL = pytest.mark.parametrize("language", RUNNERS)


@ALL
def test_a_language_can_write_every_primitive(language: str) -> None:
    assert LANGUAGES[language].primitives.keys() == PRIMITIVES.keys()


def anew(drawn: Plan, row: list[float], p: list[float]) -> list[float]:
    """What recording at this very point answers: the outputs, and the gradient of each in the parameters."""
    values, slopes = [], []
    for i in range(len(drawn.outputs)):
        _, ps, outputs = drawn.record(row, p)
        outputs[i].backward()
        values.append(outputs[i].data)
        slopes += [leaf.grad for leaf in ps]
    return [*values, *slopes]


def job(language: str, seed: int, names: Sequence[str]) -> tuple[tuple[str, Any, list[float]], list[list[float]]]:
    """A random graph's source with rows and parameters, and what it should answer."""
    draw = random.Random(seed)
    drawn = plan(draw, names, longest=10)
    rows = [[any_number(draw, False) for _ in range(drawn.inputs)] for _ in range(5)]
    p = [any_number(draw, False) for _ in range(drawn.params)]
    xs, ps, outputs = drawn.record([0.5] * drawn.inputs, p)
    text = Program(outputs, xs, ps, backend="python").source(language)
    return (text, rows, p), [anew(drawn, row, p) for row in rows]


SMOOTH = ["add", "multiply", "tanh", "sin", "sigmoid", "softplus", "erf", "gelu", "maximum", "relu", "where", "hypot"]
KINDS = {"exact operations": EXACT, "smooth functions": SMOOTH, "mostly conditions": [*COMPARISONS, "where", "add"]}


@ALL
@pytest.mark.parametrize("kind", KINDS)
def test_random_graphs_run_as_source(kind: str, language: str) -> None:
    seeds = range(6) if language == "jax" else range(30)  # jit takes its time
    jobs, wanted = zip(*(job(language, seed, KINDS[kind]) for seed in seeds), strict=True)
    found = javascript_jobs(jobs) if language == "javascript" else [RUNNERS[language](*one) for one in jobs]
    for seed, rows, right in zip(seeds, found, wanted, strict=True):
        for row, answer in zip(rows, right, strict=True):
            assert all(map(near, row, answer)), (seed, row, answer)


POINTS = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, 0.5, -0.5, 0.9, -1.3, 1e-9, 5.0, 30.0, -30.0]
EDGES = [math.inf, -math.inf, math.nan, 800.0, -800.0]


@ALL
@pytest.mark.parametrize("edges", [False, True], ids=["finite", "with inf and nan"])
def test_every_row_runs_as_source(edges: bool, language: str) -> None:
    draw = random.Random(5)
    leaves = [Value(0.3), Value(0.7), Value(0.9)]
    functions = [(name, function_of(row), len(row.inputs)) for name, row in TABLE.items()]
    text = Program([f(*leaves[:count]) for _, f, count in functions], leaves, backend="python").source(
        language, "value"
    )
    points = POINTS + EDGES if edges else POINTS
    rows = [[x] * 3 for x in points] + [[draw.choice(points) for _ in leaves] for _ in range(40)]
    for row, found in zip(rows, RUNNERS[language](text, rows, [0.0]), strict=True):
        for (name, f, count), x in zip(functions, found, strict=True):
            assert near(x, f(*row[:count]).data, 1e-12), (name, row)


def test_the_error_functions_in_javascript_are_exact_to_a_few_ulps() -> None:
    x = Value(0.5)
    text = Program([x.erf(), x.erfc()], [x], backend="python").source("javascript")
    rows = [[i / 64] for i in range(-450, 1780, 3)] + [[s * 10.0**-k] for k in range(20) for s in (-1, 1)]
    for (at,), (erf, erfc) in zip(rows, javascript(text, rows, []), strict=True):
        assert abs(erf - math.erf(at)) <= 4 * math.ulp(math.erf(at)), at
        assert abs(erfc - ieee.erfc(at)) <= 4 * math.ulp(ieee.erfc(at)), at


def test_a_power_in_javascript_is_that_of_ieee() -> None:
    x, y = Value(0.5), Value(0.5)
    text = Program(x**y, [x, y], backend="python").source("javascript")
    numbers = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, math.inf, -math.inf, math.nan]
    rows = [[a, b] for a in numbers for b in numbers]
    for (a, b), (found,) in zip(rows, javascript(text, rows, []), strict=True):
        assert near(found, (Value(a) ** b).data, 1e-15), (a, b)


@ALL
def test_helpers_stand_where_they_are_used_and_nowhere_else(language: str) -> None:
    x = Value(0.5)
    plain = Program(x * x + 1, [x], backend="python").source(language)
    assert not re.search(r"erf|power|math|ieee|inf", plain)
    assert "erf" in Program(x.erf(), [x], backend="python").source(language)


@ALL
def test_conditions_are_calculated_with_and_decided_by(language: str) -> None:
    """Comparisons as numbers, numbers as conditions, both mixed with logic, and a condition as an answer."""
    row = operation("mixed(a, b)", "((a > b) + (a and b > 0)) * 2 - (not a) + (a if b else -(a == b))", "0", "0")
    a, b, p = Value(1.0), Value(1.0), Value(1.0)
    outputs = [row(a, b), row(a, p), function_of(TABLE["less"])(a, b)]
    outputs += [function_of(TABLE["stop"])(outputs[2]), outputs[2] + function_of(TABLE["equal"])(a, b) + outputs[2]]
    text = Program(outputs, [a, b], [p], backend="python").source(language)
    points = [[x, y] for x in (0.0, -1.0, 2.0, math.nan) for y in (-0.0, 2.0, -1.0, math.nan)]
    for (x, y), found in zip(points, RUNNERS[language](text, points, [2.0]), strict=True):
        less = float(x < y)
        wanted = [row(x, y).data, row(x, 2.0).data, less, less, 2 * less + (x == y), *[0.0] * 5]
        assert all(map(near, found, wanted)), (x, y)


HOSTILE = ["class", "x", "p", "v3", "1st", "", "a b", "a-b", "λ", "np", "torch", "jnp", "math", "Math", "divide", "exp"]
HOSTILE += ["const", "new", "await", "eval", "NaN", "inf", "nan", "program", "power", "erf", "gauss", "float", "None"]
HOSTILE += ["]; import os; os.abort() #", "*/ alert(1)", "\n", "__proto__", "x0", "p1", "lambda", "a b", "a_b", "jax"]


@ALL
def test_hostile_names_become_identifiers(language: str) -> None:
    xs = [Value(0.5, name) for name in HOSTILE]
    ps = [Value(0.25, name) for name in HOSTILE]
    total = Value(0.0)
    for x, p in zip(xs, ps, strict=True):
        total = total + (x * p).exp().erf() / (1 + p**x)
    program = Program(total, xs, ps, backend="python")
    row, p = [0.1 * i for i in range(len(xs))], [0.2 + 0.1 * i for i in range(len(xs))]
    (found,) = RUNNERS[language](program.source(language), [row], p)
    values, slopes = program.value_and_grad([row], params=p)
    assert all(near(a, b) for a, b in zip(found, [*values, *slopes], strict=True))


@ALL
def test_outputs_may_be_constants_and_parameters(language: str) -> None:
    x, p = Value(2.0), Value(3.0)
    program = Program([x, p, Value(7.0), p * p, Value(math.inf), Value(-0.0)], [x], [p], backend="python")
    found = RUNNERS[language](program.source(language, "value"), [[5.0], [6.0]], [4.0])
    assert found == [[5.0, 4.0, 7.0, 16.0, math.inf, 0.0], [6.0, 4.0, 7.0, 16.0, math.inf, 0.0]]
    found = RUNNERS[language](program.source(language), [[5.0]], [4.0])
    assert found[0][6:] == [0.0, 1.0, 0.0, 8.0, 0.0, 0.0]


@ALL
def test_a_new_row_runs_in_every_language(language: str) -> None:
    swish = operation("bump(x, k=2)", "x * exp(-k * x * x) if x > 0 or not k else x / (1 + abs(x))", "1", "0")
    x, p = Value(1.0), Value(1.0)
    text = Program(swish(x * p), [x], [p], backend="python").source(language, "value")
    points = [[-2.0], [0.0], [1.5]]
    found = RUNNERS[language](text, points, [1.0])
    assert all(near(answer[0], swish(*at).data) for at, answer in zip(points, found, strict=True))


def test_the_text_reads_like_a_students() -> None:
    x, w, b = Value(1.0, "height"), Value(2.0, "w"), Value(3.0, "b")
    text = Program((w * x + b).relu(), [x], [w, b], backend="python").source("python", "value")
    assert text == (
        "def program(x, p):\n"
        "    height = x[0]\n"
        "    w = p[0]\n"
        "    b = p[1]\n"
        "    v3 = w * height\n"
        "    v4 = v3 + b\n"
        "    v6 = v4 > 0.0\n"
        "    v7 = v4 != v4\n"
        "    v8 = v6 or v7\n"
        "    v9 = v4 if v8 else 0.0\n"
        "    return ((v9,), ())\n"
    )


@pytest.mark.parametrize("backend", ALL_BACKENDS)
def test_the_source_does_not_depend_on_the_backend(backend: str) -> None:
    x, p = Value(1.0), Value(2.0)
    texts = {Program(x * p, [x], [p], backend=name).source("numpy") for name in (backend, "python")}
    assert len(texts) == 1
