"""Depth is unlimited, graphs are freed by `del`, and copies are independent."""

from __future__ import annotations

import copy
import gc
import pickle
import random
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import autodiff as ad
from autodiff import Graph, Program, Value, grad, jvp, max_pool2d, maximum, scope
from autodiff.ground.collector import paused
from autodiff.nn import MLP

pytestmark = pytest.mark.slow

MILLION = 1_000_000
DEEP = 100_000


def negations(x: Value, count: int) -> Value:
    for _ in range(count):
        x = -x
    return x


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def _shallow_stack() -> Iterator[None]:
    """Room for a few calls more than there are now: what recurses along a graph fails."""
    depth, frame = 0, sys._getframe()
    while frame.f_back:
        depth, frame = depth + 1, frame.f_back
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + 120)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("is_on", [True, False])
def test_while_a_program_is_built_the_collector_rests_and_is_as_it_was_afterwards(is_on: bool) -> None:
    x = Value(1.0)
    program = Program(negations(x, 3000) * x, [x], backend="python")
    (gc.enable if is_on else gc.disable)()
    try:
        before = [generation["collections"] for generation in gc.get_stats()]
        program._routine("input_grad")
        assert [generation["collections"] for generation in gc.get_stats()] == before
        with pytest.raises(AttributeError):
            program._routine(None)  # type: ignore[arg-type]
        assert gc.isenabled() == is_on
    finally:
        gc.enable()


def test_of_several_threads_the_last_switches_the_collector_on_again() -> None:
    seen: list[bool] = []

    def work(draw: random.Random) -> None:
        for _ in range(300):
            with paused():
                seen.append(gc.isenabled())
                if draw.random() < 0.3:
                    with paused():
                        seen.append(gc.isenabled())

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=[random.Random(i)]) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert gc.isenabled()


@pytest.mark.usefixtures("_no_collector", "_shallow_stack")
def test_a_million_negations_are_recorded_differentiated_and_freed_by_del() -> None:
    x = Value(3.0)
    y = negations(x, MILLION)
    inside = weakref.ref(y.parents[0])
    assert y.data == 3.0
    y.backward()
    assert x.grad == 1.0
    del y
    assert inside() is None


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("differentiated", [False, True])
def test_a_node_takes_at_most_400_bytes(differentiated: bool) -> None:
    x = Value(3.0)
    count = DEEP // 4
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    y = negations(x, count)
    if differentiated:
        y.backward()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert 0 < used <= 400 * count
    del y


def network() -> Value:
    with scope("network"):
        a, b = Value(0.3, "a"), Value(0.7, "b")
        outputs: Any = MLP(2, [4, 3])([a, b])
        grid = [[out * row for out in outputs] for row in (a, b, 1.5)]
        pooled = max_pool2d(grid, 2, 1)
        return ad.logsumexp(*(cell for row in pooled for cell in row)) + maximum(a, b) ** 2


USES: dict[str, Callable[[Value], Any]] = {
    "recorded": lambda y: None,
    "backward": lambda y: y.backward(),
    "Graph": lambda y: Graph(y).forward(),
    "flows": lambda y: (y.backward(), Graph(y).flows()),
    "grad": lambda y: grad(y, list(Graph(y).values)),
    "grad of grad": lambda y: grad(grad(y, Graph(y).values[0]), Graph(y).values[0]),
    "jvp": lambda y: jvp(y, [Graph(y).values[0]], [1.0]),
    "gradcheck": lambda y: ad.gradcheck(y, [Graph(y).values[0]]),
    "copies": lambda y: (copy.copy(y), copy.deepcopy(y), copy.deepcopy(Graph(y))),
    "pickle": lambda y: pickle.loads(pickle.dumps([y, Graph(y)])),
    "JSON": lambda y: Graph.from_json(Graph(y).to_json()),
    "repr": lambda y: [repr(node) for node in (*Graph(y).values, *Graph(y))],
}


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_graphs_hold_no_reference_cycles(use: Callable[[Value], Any]) -> None:
    y = network()
    y2 = network()
    use(y2)  # fills caches
    del y2
    gc.collect()
    nodes = [weakref.ref(node) for node in Graph(y).values]
    use(y)
    del y
    assert not [node() for node in nodes if node() is not None]
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        assert not [entry for entry in gc.garbage if isinstance(entry, (Value, Graph, ad.Scope, ad.Node))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda y: pickle.loads(pickle.dumps(y)),
    "pickle in Python": lambda y: pickle._loads(pickle._dumps(y)),  # type: ignore[attr-defined]
    "oldest pickle": lambda y: pickle.loads(pickle.dumps(y, protocol=0)),
}


@pytest.mark.usefixtures("_shallow_stack")
@pytest.mark.parametrize("twin", COPIES.values(), ids=COPIES)
def test_a_deep_graph_has_copies_of_its_own(twin: Callable[[Value], Value]) -> None:
    x = Value(3.0, "x")
    y = negations(x, DEEP // 10)
    other = twin(y)
    other.backward()
    leaf = Graph(other).values[0]
    assert (leaf.data, leaf.grad, leaf.name, other.data) == (3.0, 1.0, "x", 3.0)
    assert (x.grad_state, y.grad_state) == ("not computed", "not computed")
    leaf.data = 5.0
    assert Graph(other).forward() == (5.0,)
    assert (x.data, y.data) == (3.0, 3.0)
    y.backward()


@pytest.mark.usefixtures("_shallow_stack")
def test_deepcopy_and_pickle_have_no_limit_of_depth() -> None:
    x = Value(3.0)
    other = pickle.loads(pickle.dumps(copy.deepcopy([x, negations(x, DEEP)])))
    other[1].backward()
    assert (other[0].grad, x.grad_state) == (1.0, "not computed")


@pytest.mark.usefixtures("_shallow_stack")
@pytest.mark.parametrize("twin", [copy.deepcopy, COPIES["pickle"]], ids=["deepcopy", "pickle"])
def test_a_deep_graph_object_is_copied_too(twin: Callable[[Graph], Graph]) -> None:
    a, b = Value(1.0), Value(2.0)
    left, right = negations(a, 5000), negations(b, 5000)
    graph = Graph(right, left)
    other = twin(graph)
    assert other.to_json() == graph.to_json()
    assert not {*other.values} & {*graph.values}


@pytest.mark.parametrize("twin", COPIES.values(), ids=COPIES)
def test_copies_keep_gradients_names_scopes_and_constants(twin: Callable[[Value], Value]) -> None:
    y = network()
    y.name = "loss"
    y.backward()
    other = twin(y)
    assert Graph(other).to_json() == Graph(y).to_json()
    assert not {*Graph(other).values} & {*Graph(y).values}
    states = [node.grad_state for node in Graph(y).values]
    assert [node.grad_state for node in Graph(other).values] == states
    assert {"no path", "value"} <= {*states}


@pytest.mark.parametrize("twin", [copy.deepcopy, *list(COPIES.values())[2:]])
def test_what_is_shared_stays_shared(twin: Callable[[Any], Any]) -> None:
    a = Value(2.0)
    h = a * a
    a2, y2, h2, twice = twin([a, h + 1, h, {"again": a}])
    assert twice["again"] is a2
    assert y2.parents == (h2,)
    assert h2.parents == (a2, a2)
    y2.backward()
    assert (a2.grad, a.grad) == (4.0, 0.0)


def test_scopes_stay_one_group_in_a_pickle() -> None:
    with scope("outer"), scope("inner"):
        a = Value(2.0)
        y = a * a + 1
    y = pickle.loads(pickle.dumps(y))
    assert len({node.scope for node in Graph(y).values}) == 1
    assert y.scope.path == ("outer", "inner")


@pytest.mark.usefixtures("_shallow_stack")
def test_an_aborted_pickle_spoils_no_later_one() -> None:
    y = negations(Value(1.0), 5000)
    z = -y
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        pickle.dumps([y, z, lambda: None])
    for nodes in ([y, z], [y], [z, y], y, z):
        pickle.loads(pickle.dumps(nodes))


@pytest.mark.usefixtures("_shallow_stack")
def test_a_graph_holds_at_most_250_bytes_for_a_node() -> None:
    loss = sum((MLP(2, [16, 16, 1])([i / 9, -1.0]) for i in range(9)), Value(0.0))
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    graph = Graph(loss)
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert used <= 250 * len(graph)


def test_pickling_twice_gives_the_same_bytes() -> None:
    y = negations(Value(1.0), 3000)
    assert pickle.dumps([y, -y]) == pickle.dumps([y, -y])


RECURSION: dict[str, Callable[[Value, Value], Any]] = {
    "backward": lambda x, y: y.backward(),
    "grad": lambda x, y: grad(y, x),
    "grad without a graph": lambda x, y: grad(y, x, create_graph=False),
    "jvp": lambda x, y: jvp(y, [x], [1.0]),
    "hessian": lambda x, y: ad.hessian(y, [x]),
    "Graph": lambda x, y: Graph(y).levels,
    "forward": lambda x, y: Graph(y).forward(),
    "flows": lambda x, y: Graph(y).flows(),
    "JSON": lambda x, y: Graph.from_json(Graph(y).to_json()),
    "gradcheck": lambda x, y: ad.gradcheck(y),
}


@pytest.mark.usefixtures("_shallow_stack")
@pytest.mark.parametrize("use", RECURSION.values(), ids=RECURSION)
def test_nothing_recurses_along_a_graph(use: Callable[[Value, Value], Any]) -> None:
    x = Value(0.5)
    y = x
    for _ in range(1000):
        y = maximum((y * 0.5).tanh() + x, -1.0)
    use(x, y)
