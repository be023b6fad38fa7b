"""Rolled sources beside JAX written by hand: the time to compile, and the time of value and gradient."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from autodiff import Program
from benchmarks import frameworks, lenet
from benchmarks.networks import SAMPLES, hinge_program, moons
from benchmarks.peers import Array, Contest, agree, jax_here
from benchmarks.timing import Comparison, Job

WIDTHS = (16, 32, 64, 128)
FORMS = ("flat vector", "list of arrays", "feature-major")
OURS = 'source("jax", rolled=True)'


def graduation() -> tuple[list[Comparison], list[str]]:
    """Each network's comparison, and a note on compiling it."""
    found = [_network(width) for width in WIDTHS]
    program, flat = lenet.network()
    data = lenet.images(lenet.BATCH)
    by_hand = [(form, partial(lenet._jax, form)) for form in FORMS]
    found.append(_compared(f"a LeNet-like network, batch {lenet.BATCH}", program, data, flat, by_hand))
    return [comparison for comparison, _ in found], [note for _, note in found]


def _network(width: int) -> tuple[Comparison, str]:
    sizes = [width, width, 1]
    program, flat = hinge_program(sizes)
    by_hand = [(form, partial(frameworks.jax, form, sizes)) for form in FORMS]
    return _compared(f"a 2-{width}-{width}-1 network, {SAMPLES} samples", program, moons(SAMPLES), flat, by_hand)


def _compared(
    title: str, program: Program, data: Array, flat: Array, by_hand: Sequence[tuple[str, Callable[..., Job]]]
) -> tuple[Comparison, str]:
    """The contest, and how long it took to compile, the shortest of three in turn."""
    expected = program.value_and_grad(data, flat)[1]
    text = program.source("jax", rolled=True)
    ready: list[tuple[str, Callable[..., Job]]] = [(OURS, partial(_rolled, text))]
    ready += [(f"jax by hand ({form})", make) for form, make in by_hand]
    contest = Contest(f"graduated: {title}", data, flat, expected)
    seconds: dict[str, float] = {}
    for again in range(3):
        for name, make in ready:
            start = time.process_time()
            if again:
                make(data, flat, expected)
            else:
                contest.enter(name, make)
            seconds[name] = min(seconds.get(name, 1e9), time.process_time() - start)
    ours, best = seconds[OURS], min(seconds[name] for name, _ in ready[1:])
    return contest.run(), f"{OURS} of {title}: compiled in {ours:.2f} s, by hand in {best:.2f} s at best"


def _rolled(text: str, data: Array, flat: Array, expected: Array) -> Job:
    """The rolled source, jitted."""
    jax = jax_here()
    space: dict[str, Any] = {}
    exec(compile(text, "<rolled>", "exec"), space)
    function = jax.jit(space["program"])
    x, p = jax.numpy.array(data), jax.numpy.array(flat)
    agree(function(x, p)[1], expected)
    return lambda: jax.block_until_ready(function(x, p))
