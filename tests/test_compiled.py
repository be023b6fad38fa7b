"""Compiled code: kept on disk and checked when it is read, shared by the programs of one shape."""

from __future__ import annotations

import math
import os
import pickle
import random
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")

import numba
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import EXACT, Plan, identical, plan

from autodiff import Program, Value, greater, maximum, where
from autodiff.programs.backends import caching, fused

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]


def thrice(x: float) -> float:
    """Compiled in no time."""
    return 3 * x


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, in a process that has not warned yet."""
    place = tmp_path / "cache"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(place))
    monkeypatch.setattr(caching, "_told", [])
    return place


def run(number: float = 2.0) -> tuple[int, list[str]]:
    """How often a new process would compile the function, once it ran, and what it would warn of."""
    caching._told.clear()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        function = caching.jit()(thrice)
        assert function(number) == 3 * number
        assert function(int(number)) == 3 * number  # another signature
    assert all(warning.category is RuntimeWarning for warning in told)
    return sum(function.stats.cache_misses.values()), [str(warning.message) for warning in told]


def files(folder: Path, suffix: str = "") -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())


# -- On disk


def test_what_was_compiled_once_is_read_from_disk(folder: Path) -> None:
    assert run() == (2, [])
    assert run() == (0, [])
    assert {path.suffix for path in files(folder)} == {".nbi", ".nbc"}


DAMAGES = ["cut", "flip", "junk", "longer"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
@given(
    st.integers(0, 2), st.sampled_from(["cut", "flip", "junk", "longer"]), st.floats(0, 0.999), st.binary(min_size=1)
)
def test_a_damaged_file_costs_one_warning_and_is_written_anew(
    folder: Path, which: int, damage: str, part: float, junk: bytes
) -> None:
    run()
    path = files(folder)[which]
    whole = path.read_bytes()
    place = int(part * len(whole))
    flipped = bytes([whole[place] ^ (junk[0] or 1)])
    damaged = {"cut": whole[:place], "flip": whole[:place] + flipped + whole[place + 1 :], "junk": junk}
    path.write_bytes(damaged.get(damage, whole + junk))
    compiled, told = run()
    assert compiled >= 1
    assert len(told) == 1
    assert f"{path} is damaged" in told[0]
    assert run() == (0, [])


def test_all_files_damaged_cost_one_warning_too(folder: Path) -> None:
    run()
    for path in files(folder):
        path.write_bytes(b"")
    compiled, told = run()
    assert (compiled, len(told)) == (2, 1)


def test_code_in_the_place_of_other_code_is_not_run(folder: Path) -> None:
    """Where a disk was full, an index may name a file that was not written over."""
    run()
    one, other = files(folder, ".nbc")
    whole = one.read_bytes()
    one.write_bytes(other.read_bytes())
    assert run()[0] == 1  # a file knows its name
    one.write_bytes(whole)
    (index,) = files(folder, ".nbi")
    content = index.read_bytes()
    names = pickle.loads(content[64:])
    swapped = content[32:64] + pickle.dumps(dict(zip(names, reversed(names.values()), strict=True)))
    index.write_bytes(caching.sha256(swapped).digest() + swapped)
    assert run()[0] == 2  # and its key


@pytest.mark.parametrize("change", ["version", "sources"])
def test_code_of_another_version_is_passed_over_in_silence(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    run()
    with monkeypatch.context() as patch:
        if change == "version":
            patch.setattr(numba, "__version__", "0.0.1")
        else:  # Numba looks at the file of the function alone
            patch.setattr(caching, "_sources", lambda: "lanes, codes or the length of a block have changed")
        assert run() == (2, [])
        assert run() == (0, [])
    assert run() == (2, [])


def test_a_file_without_a_way_to_read_it_costs_one_warning(folder: Path) -> None:
    run()
    for path in files(folder):
        path.unlink()
        path.mkdir()
    compiled, told = run()
    assert (compiled, len(told)) == (2, 1)


def test_a_cache_that_vanished_is_made_again(folder: Path) -> None:
    run()
    for path in files(folder):
        path.unlink()
    assert run() == (2, [])
    for path in files(folder, ".nbc"):
        path.unlink()
    assert run() == (2, [])
    assert run() == (0, [])


@pytest.mark.parametrize("where_", ["the folder", "a folder above it"])
def test_a_folder_that_is_a_file_is_named_and_another_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where_: str
) -> None:
    folder.write_text("no folder")
    wanted = folder if where_ == "the folder" else folder / "deep" / "down"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(wanted))
    _, told = run()
    assert len(told) == 1
    assert f"NUMBA_CACHE_DIR={wanted} cannot be written" in told[0]


def test_where_nothing_can_be_kept_there_is_one_warning(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])
    compiled, told = run()
    assert (compiled, len(told)) == (2, 1)
    assert "set the environment variable NUMBA_CACHE_DIR to a folder that can be written" in told[0]


@pytest.mark.parametrize("failing", ["open", "write", "replace"])
def test_a_disk_that_refuses_costs_one_warning(folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    place = {"open": (caching._CheckedFiles, "_open_for_write"), "replace": (os, "replace")}
    owner, name = place.get(failing, (caching._CheckedFiles, "_write"))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, refuse)
        compiled, told = run()
    assert (compiled, len(told)) == (2, 1)
    assert "No space left on device" in told[0]
    assert not [path for path in files(folder) if ".tmp." in path.name]
    assert run()[1] == []


PROGRAM = """
import sys, warnings
limit, backends = int(sys.argv[1]), sys.argv[2:]
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from autodiff import Program, Value
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    x, w = Value(3.0, "x"), Value(2.0)
    for backend in backends:
        values, (slope,) = Program((x * w).relu() + x, [x], [w], backend=backend).value_and_grad([[1.0], [2.0], [3.0]])
        print([float(v) for v in values], float(slope))
print(len(told), {warning.category.__name__ for warning in told})
"""


def in_a_process(folder: Path, *backends: str, limit: int = 0) -> list[str]:
    """What a process of its own prints, whose files may be so long."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM, str(limit), *backends]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_every_backend_runs_with_a_full_disk_and_with_a_garbled_cache(tmp_path: Path) -> None:
    answer, one_warning = "[3.0, 6.0, 9.0] 2.0", "1 {'RuntimeWarning'}"
    if sys.platform != "win32":
        assert in_a_process(tmp_path, "fused", limit=1000) == [answer, one_warning]
    assert in_a_process(tmp_path, "numba", "fused") == [answer, answer, "0 set()"]
    draw = random.Random(0)
    for path in files(tmp_path):
        whole = path.read_bytes()
        path.write_bytes(draw.choice([b"", whole[: len(whole) // 2], draw.randbytes(len(whole))]))
    assert in_a_process(tmp_path, "numba", "fused") == [answer, answer, one_warning]
    assert in_a_process(tmp_path, "fused", "numba") == [answer, answer, "0 set()"]


# -- In memory: programs of one shape


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The functions that were compiled, by their text."""
    shapes: dict[str, Any] = {}
    monkeypatch.setattr(fused, "_shapes", shapes)
    return shapes


Formula = Callable[[Value, Value, float, float], Value]
FORMULAS: dict[str, Formula] = {
    "sums and products": lambda x, p, a, b: x * a + p * b - a,
    "quotients": lambda x, p, a, b: (x / a - b / p) / b,
    "powers": lambda x, p, a, b: (x * x + 1) ** a * b**p,
    "choices": lambda x, p, a, b: where(x - a, x.clamp(-b, b), p).relu(),
    "functions": lambda x, p, a, b: (x * a).tanh() + (p + b).exp(),
    "a constant alone": lambda x, p, a, b: Value(a) * b,
}
CONSTANTS = [(2.5, 3.5), (7.0, 5.5), (-1.25, 1e30), (1e-9, 9.5)]  # of which no powers are alike


@pytest.mark.parametrize("name", FORMULAS)
def test_programs_alike_but_for_their_constants_are_compiled_once(compiled: dict[str, Any], name: str) -> None:
    rows = [[-2.0], [0.5], [3.0]]
    found = []
    for a, b in CONSTANTS:
        x, p = Value(1.0), Value(2.0)
        values, slopes = Program(FORMULAS[name](x, p, a, b), [x], [p], backend="fused").value_and_grad(rows)
        plain = Program(FORMULAS[name](x, p, a, b), [x], [p], backend="python").value_and_grad(rows)
        assert [*values, *slopes] == pytest.approx([*plain[0], *plain[1]], rel=1e-13, nan_ok=True)
        found.append(tuple(values))
    assert len(set(found)) > 1
    (function,) = compiled.values()
    assert len(function.signatures) == 1


def test_a_program_made_again_is_not_compiled_again(compiled: dict[str, Any]) -> None:
    for _ in range(5):
        x = Value(3.0)
        y = x
        for i in range(5):
            y = y * (i + 1.5) + x
        Program(y, [x], backend="fused").value([[1.0], [2.0]])
    assert len(compiled) == 1


def test_programs_of_other_shapes_do_not_share(compiled: dict[str, Any]) -> None:
    x = Value(3.0)
    for y in (x * 2.5, x + 2.5, x * 2.5 + 2.5, x * 2.5 + 3.5, x - 2.5, 2.5 - x, x * x):
        assert Program(y, [x], backend="fused").value([[3.0]]) == [y.data]
    assert len(compiled) == 7


@pytest.mark.parametrize("divisor", [2.0, -0.5, 1e-310, 2.0**1000, 2.0**-1074, 3.0, 0.0, -0.0])
def test_a_quotient_by_a_constant_has_the_bits_of_one(divisor: float) -> None:
    x = Value(1.0)
    rows = [[1.0], [-3.0], [5e-324], [2.5e-323], [1e308], [0.0], [-0.0], [float("inf")], [float("nan")], [0.1]]
    found = [[*map(float, Program(x / divisor, [x], backend=b).value(rows))] for b in ("python", "fused")]
    assert identical(*found)


def other_constants(drawn: Plan, draw: random.Random) -> Plan:
    """The same nodes with other numbers, which nothing folds."""
    nodes = [
        (name, [arg if isinstance(arg, int) else draw.uniform(2.1, 9.9) for arg in args]) for name, args in drawn.nodes
    ]
    return Plan(drawn.inputs, drawn.params, nodes, drawn.outputs)


def test_random_programs_share_by_shape_and_keep_their_bits(compiled: dict[str, Any]) -> None:
    for seed in range(2):
        draw = random.Random(seed)
        drawn = plan(draw, EXACT, longest=8)
        compiled.clear()
        for _ in range(3):
            changed = other_constants(drawn, draw)
            xs, ps, outputs = changed.record([0.5] * changed.inputs, [0.25] * changed.params)
            rows = [[draw.uniform(-2, 2) for _ in xs] for _ in range(9)]
            found = [Program(outputs, xs, ps, backend=backend).value(rows) for backend in ("python", "fused")]
            assert identical(*([float(x) for row in values for x in row] for values in found)), seed
        assert len(compiled) == 1, seed


def test_threads_that_want_one_shape_compile_it_once(compiled: dict[str, Any]) -> None:
    answers: list[float] = []
    together = threading.Barrier(4)

    def work(k: int) -> None:
        x = Value(1.0)
        program = Program(x * (k + 2.5) + 7.5, [x], backend="fused")
        together.wait()
        answers.append(float(program.value([[2.0]])[0]) - 2 * (k + 2.5))

    workers = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == [7.5] * 4
    assert [len(function.signatures) for function in compiled.values()] == [1]


def test_an_instruction_that_the_kernel_has_no_branch_for_is_refused_by_name() -> None:
    script = """
from autodiff.programs.backends import machine
machine.CODES["cbrt"] = max(machine.CODES.values()) + 1
from autodiff.programs.backends import kernel
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("NotImplementedError: the kernel has no branch for cbrt")


# -- fastmath=True: other bits, the same numbers


COMPILED = pytest.mark.parametrize("backend", ["numba", "fused"])


@COMPILED
def test_fastmath_rounds_a_product_and_a_sum_once_or_twice(backend: str) -> None:
    """(1 + 2⁻³⁰)² is 1 + 2⁻²⁹ + 2⁻⁶⁰, whose last part is lost where it is rounded before the rest is taken away."""
    x, y = Value(1.0), Value(1.0)
    row = [1.0 + 2.0**-30, 1.0 + 2.0**-29]
    exact, fast = (Program(x * x - y, [x, y], backend=backend, fastmath=fastmath) for fastmath in (False, True))
    assert exact.value([row])[0] == 0.0
    assert fast.value([row])[0] in (0.0, 2.0**-60)  # a processor without such an instruction rounds twice
    assert repr(fast).endswith(f"on {backend}, fastmath=True>")
    assert pickle.loads(pickle.dumps(fast)).fastmath
    assert not exact.fastmath


@COMPILED
def test_fastmath_changes_the_last_digits_alone(backend: str) -> None:
    draw = random.Random(3)
    x, y, a, b = leaves = [Value(1.0) for _ in range(4)]
    loss = ((a * x + b * y).tanh() + maximum(a * x, b * y, 0.1) * x + where(greater(x, y), x / (1 + y * y), x)) ** 2
    rows = [[draw.uniform(-2, 2) for _ in range(2)] for _ in range(700)]
    exact, fast = (Program(loss, leaves[:2], leaves[2:], backend=backend, fastmath=flag) for flag in (False, True))
    for one, other in zip(exact.value_and_grad(rows), fast.value_and_grad(rows), strict=True):
        assert [*other] == pytest.approx([*one], rel=1e-12, abs=1e-12)
    assert fast.input_grad(rows).ravel() == pytest.approx(exact.input_grad(rows).ravel(), rel=1e-11, abs=1e-12)


@COMPILED
def test_fastmath_keeps_nan_infinity_and_sides_without_a_path(backend: str) -> None:
    x, y = Value(1.0), Value(1.0)
    extreme = [0.0, 1.0, -1.0, 1e308, math.inf, -math.inf, math.nan]
    rows = [[a, b] for a in extreme for b in extreme]
    outputs = [maximum(x, y), (x - y).relu(), where(greater(x, 0.0), x.sqrt(), y), x / y + y.log(), x * y - x]
    loss = where(greater(x, 0.0), x.sqrt(), y) * (x - y).relu()
    found = []
    for fastmath in (False, True):
        many, one = (Program(output, [x, y], backend=backend, fastmath=fastmath) for output in (outputs, loss))
        found.append([*many.value(rows).ravel().tolist(), *one.input_grad(rows).ravel().tolist()])
    assert found[1] == pytest.approx(found[0], nan_ok=True)


def test_fastmath_is_for_compiled_backends() -> None:
    for backend in ("python", "numpy"):
        with pytest.raises(ValueError, match="fastmath=True is for the backends 'numba' and 'fused', got"):
            Program(Value(1.0), backend=backend, fastmath=True)
