"""Contests are fair: numbers are compared before time is, and nobody is left out in silence."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

pytest.importorskip("numpy")

from benchmarks import compiled, networks
from benchmarks.graphs import readme_graph
from benchmarks.peers import Contest, agree
from benchmarks.timing import Job


def made(outcome: Any, expected: list[float]) -> Job:
    if isinstance(outcome, Exception):
        raise outcome
    agree(outcome, expected)
    return lambda: outcome


@pytest.mark.slow
def test_a_contestant_that_cannot_run_is_named_with_the_reason() -> None:
    contest = Contest("a contest", [1.0])
    contest.enter("ours", made, [1.0])
    contest.enter("not here", lambda *_: importlib.import_module("no_such_peer"))
    contest.enter("broken", made, RuntimeError("no C compiler"))
    comparison = contest.run(rounds=1)
    assert list(comparison.seconds) == ["ours"]
    assert list(comparison.missing) == ["not here", "broken"]
    assert "missing: RuntimeError: no C compiler" in str(comparison)


def test_wrong_numbers_end_the_contest() -> None:
    with pytest.raises(AssertionError):
        Contest("a contest", [1.0]).enter("wrong", made, [1.0 + 1e-6])


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [8, 32])
@pytest.mark.parametrize("samples", [1, 32, 100])
def test_the_network_in_c_has_our_gradient(lanes: int, samples: int) -> None:
    sizes, data = [5, 5, 1], networks.moons(samples)
    program, flat = networks.hinge_program(sizes, "python")
    expected = program.value_and_grad(data.tolist(), flat)[1]
    contest = Contest("C", sizes, data, flat, expected)
    contest.enter("C", compiled.c_network, lanes)
    if contest.missing:
        pytest.skip(str(contest.missing))
    assert list(contest.jobs) == ["C"]
    assert 5e-324 * samples != 0  # whoever runs in one process with C keeps the smallest numbers


@pytest.mark.parametrize("form", ["rows", "feature-major"])
def test_the_readme_graph_in_c_has_our_gradient(form: str) -> None:
    import numpy

    from autodiff import Program, Value

    a, b = Value(-4.0), Value(2.0)
    batch = numpy.random.default_rng(1).uniform(-4, 4, (50, 2))
    expected = Program(readme_graph(a, b), [a, b], backend="python").input_grad(batch.tolist())
    contest = Contest("C", batch, numpy.array(expected))
    contest.enter("C", compiled.c_graph, form)
    if contest.missing:
        pytest.skip(str(contest.missing))
    assert list(contest.jobs) == ["C"]
