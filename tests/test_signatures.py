"""What people and tools see of generated functions: signatures, names, files, lines."""

from __future__ import annotations

import ast
import cProfile
import gc
import inspect
import linecache
import math
import os
import pstats
import re
import shutil
import subprocess
import sys
import traceback
import typing
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

import autodiff
from autodiff import TABLE, Program, Value, functions, operation
from autodiff.habits.spellings import SPELLINGS
from autodiff.programs.lowering import writer
from autodiff.recording.rules import rules
from autodiff.recording.value import function_of

ROOT = Path(__file__).resolve().parents[1]
SIGNATURES = ("autodiff/recording/signatures/methods.py", "autodiff/recording/signatures/functions.py")
CALLS = ROOT / "tests" / "typed_calls.py"


def faces() -> dict[str, int]:
    """How many generated functions have lines under each name."""
    return {file: len(entry[2]) for file, entry in linecache.cache.items() if file.startswith("<gradroute: ")}


def written(code: CodeType) -> str:
    return "".join(linecache.getlines(code.co_filename))


def calls(profile: cProfile.Profile) -> list[tuple[str, str, int]]:
    """File, function and number of calls."""
    stats: dict[tuple[str, int, str], Any] = vars(pstats.Stats(profile))["stats"]
    return [(file, name, entry[0]) for (file, _, name), entry in stats.items()]


@pytest.mark.slow
def test_a_type_checker_accepts_and_refuses_what_it_must(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", "--cache-dir", str(tmp_path)]
    told = subprocess.run([*command, str(CALLS)], cwd=ROOT, capture_output=True, text=True).stdout
    found = {int(line) for line in re.findall(r"typed_calls\.py:(\d+): error", told)}
    lines = CALLS.read_text(encoding="utf-8").splitlines()
    assert found == {number for number, line in enumerate(lines, 1) if line.endswith("# refused")}, told


@pytest.mark.slow
def test_text_becomes_code_in_one_place() -> None:
    found = []
    for path in sorted(path for package in ("autodiff", "viz") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("exec", "eval", "compile", "FunctionType"):
                found.append(path.name)
    # In spellings.py a function that only a signature is read from; in fast.py code that there is, with other globals.
    assert set(found) == {"compiling.py", "spellings.py", "fast.py"}


def test_a_new_row_is_a_function_a_method_and_a_signature(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "autodiff", tmp_path / "autodiff", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("*.svg"))
    rows = tmp_path / "autodiff" / "table" / "rows.py"
    before = '    yield row("tanh(x)"'
    partials = '"scale / (scale + abs(x)) ** 2", "-out / (scale + abs(x))"'
    row = f'    yield row("softsign(x, scale=1)", "x / (scale + abs(x))", {partials}, doc="Soft.")'
    text = rows.read_text(encoding="utf-8")
    assert text.count(before) == 1
    rows.write_text(text.replace(before, f"{row}\n{before}"), encoding="utf-8")
    code = """
import autodiff
assert "softsign" in autodiff.__all__ and autodiff.Value.softsign is autodiff.softsign
assert autodiff.softsign(autodiff.Value(-3.0)).data == autodiff.Value(-3.0).softsign(1).data == -0.75
"""
    for command in (["-c", code], ["docs/signatures.py"]):
        subprocess.run([sys.executable, *command], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": "."})
    made = {path: (tmp_path / path).read_text(encoding="utf-8") for path in SIGNATURES}
    assert "    def softsign(self: V, scale: V | float = 1.0) -> V:" in made["autodiff/recording/signatures/methods.py"]
    assert (
        "def softsign(x: Value | float, scale: Value | float = 1.0) -> Value:"
        in made["autodiff/recording/signatures/functions.py"]
    )


@pytest.mark.parametrize("name", functions.__all__)
def test_a_function_has_the_signature_of_its_row(name: str) -> None:
    function = getattr(autodiff, name)
    row = TABLE[name] if name in TABLE and function is function_of(TABLE[name]) else None
    if row is not None:
        parameters = inspect.signature(function).parameters
        words = SPELLINGS.get(name, {})
        assert tuple(parameters) == (*row.inputs, *words)
        usual = dict.fromkeys([*(given for given, _ in words.values()), *words]) | dict(row.defaults)
        assert {k: p.default for k, p in parameters.items() if p.default is not p.empty} == usual
    hints = typing.get_type_hints(function)
    assert hints.pop("return") in (Value, list[Value])
    assert set(hints.values()) == {Value | float}


def test_a_method_is_the_function_of_its_name() -> None:
    shared = [name for name in functions.__all__ if hasattr(Value, name) and name != "hypot"]  # the function takes many
    assert len(shared) > 25
    assert all(getattr(Value, name) is getattr(autodiff, name) for name in shared)


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.5, 1.0, 7.0, math.inf, -math.inf, math.nan])
def test_torchs_words_for_inputs_mean_what_ours_do(x: float) -> None:
    def told(y: Value) -> tuple[str, tuple[object, ...], str]:
        leaf = y.parents[0]
        y.backward()
        return repr(y.data), y.args[1:], repr((leaf.grad, leaf.grad_state))

    clamp, leaky = autodiff.clamp, autodiff.leaky_relu
    inf = math.inf
    pairs: list[tuple[Callable[[Value], Value], Callable[[Value], Value]]] = [
        (lambda v: clamp(v, min=0.5), lambda v: clamp(v, 0.5, inf)),
        (lambda v: clamp(v, max=0.5), lambda v: clamp(v, -inf, 0.5)),
        (lambda v: clamp(v, 0.5), lambda v: clamp(v, 0.5, inf)),
        (lambda v: clamp(v, None, 0.5), lambda v: clamp(v, -inf, 0.5)),
        (lambda v: clamp(v, min=None, max=0.5), lambda v: clamp(v, -inf, 0.5)),
        (lambda v: clamp(v, high=0.5), lambda v: clamp(v, -inf, 0.5)),
        (lambda v: v.clamp(max=1, min=0), lambda v: clamp(v, 0.0, 1.0)),
        (lambda v: v.clamp(0, max=1), lambda v: clamp(v, 0.0, 1.0)),
        (lambda v: v.leaky_relu(negative_slope=0.25), lambda v: leaky(v, 0.25)),
        (lambda v: leaky(v, negative_slope=0), lambda v: leaky(v, 0.0)),
        (lambda v: leaky(v), lambda v: leaky(v, 0.01)),
    ]
    for theirs, ours in pairs:
        assert told(theirs(Value(x))) == told(ours(Value(x)))


def test_an_input_may_be_a_value_by_either_word() -> None:
    x, low, slope = Value(-2.0), Value(1.0), Value(0.25)
    (x.clamp(min=low) + x.leaky_relu(negative_slope=slope)).backward()
    assert (low.grad, slope.grad, x.grad) == (1.0, -2.0, 0.25)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda x: x.clamp(0, min=1), r"clamp takes low or min=.* not both"),
        (lambda x: x.clamp(0, 1, max=1), r"clamp takes high or max=.* not both"),
        (lambda x: x.leaky_relu(0.01, negative_slope=0.01), r"leaky_relu takes slope or negative_slope=.* not both"),
        (lambda x: x.clamp(), r"clamp needs low \(min=\) or high \(max=\), or both; got neither"),
        (lambda x: x.clamp(min=None, max=None), r"clamp needs low"),
        (lambda x: x.clamp(min="0"), r"got str '0'"),
        (lambda x: x.leaky_relu(None), r"got NoneType"),
        (lambda x: x.elu(negative_slope=1), r"negative_slope"),
    ],
)
def test_both_words_at_once_or_none_are_refused(call: Callable[[Value], Value], told: str) -> None:
    with pytest.raises(TypeError, match=told):
        call(Value(1.0))


RECORDINGS: dict[str, Callable[[Value, Value], object]] = {
    "multiply": lambda a, b: a * b,
    "multiply reflected": lambda a, b: 2.0 * a,
    "power": lambda a, b: a**b,
    "exp": lambda a, b: a.exp(),
    "leaky_relu": lambda a, b: autodiff.leaky_relu(a, slope=b),
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_profile_counts_recordings_by_their_operation(name: str) -> None:
    a, b, act = Value(2.0), Value(3.0), RECORDINGS[name]
    profile = cProfile.Profile()
    profile.runcall(lambda: [act(a, b) for _ in range(4000)])
    counts = {(file, called): times for file, called, times in calls(profile) if file.startswith("<gradroute")}
    assert [*counts.values()] == [4000]
    ((file, called),) = counts
    assert called == name.partition(" ")[0]
    assert file.startswith(f"<gradroute: {called}")


def test_a_profile_names_the_rules() -> None:
    y = Value(0.5)
    for _ in range(40):
        y = (y * 0.9).tanh()
    profile = cProfile.Profile()
    profile.runcall(y.backward)
    counts = {called: times for _, called, times in calls(profile)}
    assert (counts["multiply_pull"], counts["tanh_pull"]) == (40, 40)


@pytest.mark.parametrize("name", TABLE)
def test_every_generated_function_has_a_name_and_lines_of_its_own(name: str) -> None:
    op = TABLE[name]
    made = [function_of(op), op.evaluate, op.local_derivatives, op.contributions, op.decisions, writer(op, op.value)]
    made += [rule.pull for rule in rules(op)]
    codes = [function.__code__ for function in made]
    assert all(code.co_name.startswith(name) for code in codes)
    assert len({code.co_filename for code in codes}) == len(codes)
    for code in codes:
        assert written(code).startswith(f"def {code.co_name}(")


def test_a_traceback_shows_the_line() -> None:
    with pytest.raises(TypeError) as caught:
        Value(1.0).hypot("2")  # type: ignore[arg-type]
    shown = "".join(traceback.format_exception(caught.value))
    assert re.search(r'File "<gradroute: hypot>", line \d+, in hypot\n +y = _real\(y, True\)', shown)


def test_the_line_of_a_formula_is_shown_where_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = operation("odd_one(x)", "exp(x) + x", "exp(x) + 1")

    def fail(x: float) -> float:
        raise RuntimeError("no exponential today")

    monkeypatch.setitem(odd.__globals__, "_exp", fail)
    with pytest.raises(RuntimeError) as caught:
        odd(Value(1.0))
    assert "_node._data = (_exp(x) + x)" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["power", "exp", "divide", "real", "new", "float", "object", "current", "pull"])
def test_an_operation_may_be_called_as_what_its_code_uses(name: str) -> None:
    """Its formula calls exp and divides; under whatever name, none of these is hidden."""
    for word in (f"_{name}", name):
        if word not in TABLE:
            own = operation(f"{word}(x)", "exp(x) / (1 + x ** 2.5)", "1")
            assert own(Value(1.0)).data == own(1).data == autodiff.exp(1.0).data / 2


def test_a_corrected_row_leaves_the_lines_of_the_old_one() -> None:
    old = operation("twice_(x)", "x + x", "2")
    new = operation("twice_(x)", "2 * x", "2")
    assert "(x + x)" in written(old.__code__)
    assert "(2.0 * x)" in written(new.__code__)


@pytest.mark.slow
def test_programs_that_are_dropped_leave_no_lines_behind() -> None:
    x = Value(1.0)
    y = (x * x).tanh()
    Program(y + 0.5, [x], backend="python").value([[1.0]])  # the functions that record these are there from now on
    gc.collect()
    before = faces()
    kept = [Program(y + number, [x], backend="python") for number in range(20)]
    assert [program.value([[0.0]]) for program in kept] == [[float(number)] for number in range(20)]
    assert len(faces()) == len(before) + 20
    del kept
    gc.collect()
    assert faces() == before


def test_the_lines_of_a_program_are_its_source() -> None:
    x = Value(1.0)
    program = Program(x * 3 + 0.5, [x], backend="python")
    before = set(faces())
    program.value([[2.0]])
    (file,) = set(faces()) - before
    assert "".join(linecache.getlines(file)) == program.source(what="value")


@pytest.mark.slow
def test_the_rooms_are_loaded_when_they_are_asked_for() -> None:
    code = """
import sys, autodiff
def loaded(): return {name.split(".")[1] for name in sys.modules if name.startswith("autodiff.")}
print(*sorted(loaded()))
assert {"nn", "optim", "Program", "exp"} <= set(dir(autodiff))
autodiff.nn.MLP, autodiff.optim.SGD
assert {"nn", "optim"} <= loaded()
try: autodiff.nothing
except AttributeError as error: print(error)
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert told.splitlines() == [
        "functions ground habits language recording table",
        "module 'autodiff' has no attribute 'nothing'",
    ]


def test_what_is_loaded_late_is_what_checkers_are_told() -> None:
    source = (ROOT / "autodiff" / "__init__.py").read_text(encoding="utf-8")
    block = source.partition("if TYPE_CHECKING:\n")[2].splitlines()
    told: dict[str, str] = {}
    for line in takewhile(lambda line: line.startswith("    from "), block):
        module, _, names = line.strip().removeprefix("from ").partition(" import ")
        told |= {
            name: f"{module}.{name}" if " as " in line else module for name in names.partition(" as ")[0].split(", ")
        }
    for name, module in told.items():
        found = getattr(autodiff, name)
        assert (found.__name__ if inspect.ismodule(found) else found.__module__) == module
    eager = {name for name in autodiff.__all__ if name not in told}
    assert set(autodiff.__all__) | {"nn", "optim"} == eager | set(told)
    assert {"Graph", "grad", "Program", "steps", "nn"} <= set(told)


def everything() -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec("from autodiff import *", space)
    return space


def test_the_star_gives_every_public_name_and_hides_none_of_pythons() -> None:
    assert set(autodiff.__all__) <= set(everything())
    assert not set(autodiff.__all__) & set(vars(__builtins__) if inspect.ismodule(__builtins__) else __builtins__)


def test_an_import_waits_for_nothing_that_only_a_refusal_needs() -> None:
    code = (
        "import sys, autodiff; print(sorted({'dis', 'inspect', 'json', 'textwrap', 'dataclasses'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}]; {code}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert told.stdout == "[]\n"
