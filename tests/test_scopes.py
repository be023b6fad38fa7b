"""Scopes, and whether nodes are recorded: a matter of each thread, task and generator; and scopes in pickles."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Graph, Program, Scope, Value, max_pool1d, maximum, no_grad, scope
from autodiff.nn import MLP, Linear, ReLU, Sequential


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def outside() -> bool:
    """Whether nodes are recorded here, and in no scope."""
    y = -Value(1.0)
    return y.op is not None and y.scope is None


MODELS: dict[str, Callable[[], Callable[[list[Value]], Any]]] = {
    "MLP": lambda: MLP(2, [3, 1]),
    "layers": lambda: Sequential(Linear(2, 3, rng=0), ReLU(), Linear(3, 1, rng=1)),
    "pool": lambda: lambda x: max_pool1d([*x, *x], 2, 1),
    "scope": lambda: shared(scope("shared")),
}


def shared(group: Scope) -> Callable[[list[Value]], Value]:
    def model(x: list[Value]) -> Value:
        with group, group:
            return maximum(x[0] * 2 + x[1], 3) * x[0]

    return model


def one(result: Any) -> Value:
    return result[-1] if isinstance(result, list) else result


@pytest.mark.parametrize("name", MODELS)
def test_one_model_records_in_some_threads_and_not_in_others(name: str, hasty: None) -> None:
    model, x = MODELS[name](), [Value(1.0), Value(2.0)]
    whole = len(Graph(one(model(x))))
    found: dict[bool, set[int]] = {True: set(), False: set()}
    start = threading.Barrier(4)

    def run(record: bool) -> None:
        start.wait()
        for _ in range(100):
            if record:
                found[True].add(len(Graph(one(model(x)))))
            else:
                with no_grad():
                    found[False].add(len(Graph(one(model(x)))))

    threads = [threading.Thread(target=run, args=(i % 2 == 0,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {True: {whole}, False: {1}}


def test_one_model_records_in_some_tasks_and_not_in_others() -> None:
    group, x = scope("shared"), Value(1.0)

    async def run(record: bool) -> int:
        with ExitStack() as stack:
            if not record:
                stack.enter_context(no_grad())
            y = x
            for _ in range(5):
                with group:
                    await asyncio.sleep(0)
                    y = y * 2
                await asyncio.sleep(0)
            assert y.scope is (group if record else y.scope)
            return len(Graph(y))

    async def everything() -> list[int]:
        return await asyncio.gather(*(run(i % 2 == 0) for i in range(10)))

    assert asyncio.run(everything()) == [6, 1] * 5
    assert outside()


def test_one_no_grad_serves_threads_and_nests(hasty: None) -> None:
    pause, x = no_grad(), Value(1.0)
    wrong: list[Value] = []

    def run() -> None:
        for _ in range(200):
            with pause, pause:
                silent = x * 2
            loud = x * 2
            wrong.extend([silent] * (silent.op is not None) + [loud] * (loud.op is None))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_all_threads_agree_where_a_scope_stands(hasty: None) -> None:
    for _ in range(50):
        group, start, places = scope("group"), threading.Barrier(4), []

        def run(name: str, group: Scope = group, start: Any = start, places: Any = places) -> None:
            start.wait()
            with scope(name), group:
                places.append((Value(1.0).scope.path, name))  # type: ignore[union-attr]

        threads = [threading.Thread(target=run, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {path for path, _ in places} == {group.path}
        assert group.path in [(name, "group") for name in "abcd"]


@given(st.permutations(range(4)), st.sets(st.integers(0, 3)))
def test_generators_may_end_in_any_order(order: list[int], silent: set[int]) -> None:
    def inside(group: Scope) -> Iterator[None]:
        with group:
            yield

    groups = [no_grad() if i in silent else scope(str(i)) for i in range(4)]
    running = [inside(group) for group in groups]
    for generator in running:
        next(generator)
    open_ = list(range(4))
    for i in order:
        running[i].close()
        open_.remove(i)
        y = -Value(1.0)
        assert (y.op is None) == any(j in silent for j in open_)
        assert y.scope is next((groups[j] for j in reversed(open_) if j not in silent), None)
    assert outside()


def test_leaving_in_another_context_leaves_that_one_as_it_is() -> None:
    group, other = scope("group"), scope("other")
    group.__enter__()
    thread = threading.Thread(target=group.__exit__)
    thread.start()
    thread.join()
    assert Value(1.0).scope is group
    contextvars.copy_context().run(group.__exit__)
    assert Value(1.0).scope is group
    group.__exit__()
    assert outside()
    with other:
        group.__exit__()  # entered no more: nothing happens
        assert Value(1.0).scope is other
    assert outside()


# --- pickles ---------------------------------------------------------------------------------------------------------


def nested(count: int) -> Value:
    """A node in each of so many nested scopes."""
    y = Value(1.0, "x")
    with ExitStack() as stack:
        for i in range(count):
            stack.enter_context(scope(f"s{i}"))
            y = y * 2
    return y


def in_a_program(y: Value) -> Program:
    return Program(y, [Graph(y).values[0]], backend="python")


KEEPERS: dict[str, tuple[Callable[[Value], Any], Callable[[Any], Scope | None]]] = {
    "value": (lambda y: y, lambda y: y.scope),
    "graph": (Graph, lambda graph: graph.values[-1].scope),
    "program": (in_a_program, lambda program: program.outputs[0].scope),
    "scope": (lambda y: y.scope, lambda found: found),
    "scopes": (lambda y: [y.scope, y.scope.parent, y], lambda found: found[2].scope),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KEEPERS)
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_deeply_nested_scopes_are_pickled(name: str, protocol: int) -> None:
    keep, found = KEEPERS[name]
    depth = 3_000
    group = found(pickle.loads(pickle.dumps(keep(nested(depth)), protocol)))
    assert group is not None
    assert group.path == tuple(f"s{i}" for i in range(depth))


@pytest.mark.slow
@pytest.mark.parametrize("name", KEEPERS)
def test_a_pickle_grows_with_the_number_of_scopes(name: str) -> None:
    keep, _ = KEEPERS[name]
    small, large = (len(pickle.dumps(keep(nested(count)))) for count in (500, 2_000))
    assert large < 4.5 * small  # longer numbers in names and memo


@pytest.mark.slow
@pytest.mark.parametrize("name", KEEPERS)
def test_a_copy_shares_its_scopes(name: str) -> None:
    keep, found = KEEPERS[name]
    y = nested(3_000)
    assert found(copy.deepcopy(keep(y))) is found(copy.copy(keep(y))) is y.scope


def test_a_pickle_keeps_which_scopes_are_one() -> None:
    with scope("a") as a:
        x = Value(1.0)
    with a, scope("a"):
        y = -x
    with a:
        z = -y
    twin = pickle.loads(pickle.dumps(Graph(z)))
    places = [value.scope for value in twin.values]
    assert places[0] is places[2] is places[1].parent
    assert places[0].parent is None
    assert y.scope is not x.scope


def test_a_scope_not_entered_yet_still_finds_its_place_after_a_pickle() -> None:
    group = pickle.loads(pickle.dumps(scope("inner")))
    with scope("outer"), group:
        assert Value(1.0).scope.path == ("outer", "inner")  # type: ignore[union-attr]


def test_a_program_keeps_its_constants_in_a_copy_and_a_pickle() -> None:
    x, c = Value(1.0, "x"), Value(2.0, "c")
    program = Program([x * c, c + x], [x], [], backend="python")
    c.data = 7.0
    for twin in (copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(program))):
        assert twin.value([[3.0]]) == [[6.0, 5.0]]
        assert twin.outputs[0].parents[0] is twin.inputs[0]
    assert copy.copy(program).inputs[0] is x
    assert copy.deepcopy(program).inputs[0] is not x


def test_the_repr_of_a_deep_scope_is_short() -> None:
    group = nested(3_000).scope
    assert len(repr(group)) < 200
    assert re.fullmatch(r"Scope\('s0 / s1 .* / s2999'\)", repr(group))
