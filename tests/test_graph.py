"""Graph: numbers, edges, levels, scopes, replay, JSON, and the flows over its edges."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Edge, Graph, Value, grad, max_pool1d, maximum, minimum, scope, where

inf, nan = math.inf, math.nan


def example() -> Graph:
    """max(a*b, c) + 2*a, with the product in a scope, differentiated."""
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
    with scope("outer"), scope("inner"):
        product = a * b
    y = maximum(product, c) + 2 * a
    y.backward()
    return Graph(y)


def test_nodes_are_numbered_in_order_of_creation() -> None:
    graph = example()
    assert [node.number for node in graph] == list(range(len(graph))) == [0, 1, 2, 3, 4, 5, 6]
    assert [node.op.symbol if node.op else node.name for node in graph] == ["a", "b", "c", "×", "max", "×", "+"]
    assert all(graph.number(value) == number for number, value in enumerate(graph.values))


@pytest.mark.parametrize("part", [lambda graph: graph.nodes[3], lambda graph: graph.edges[0]], ids=["node", "edge"])
def test_nodes_and_edges_are_frozen(part: Callable[[Graph], Any]) -> None:
    thing = part(example())
    for name in (each.name for each in dataclasses.fields(thing)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, None)


def test_what_is_made_when_asked_for_is_of_the_moment_of_the_graph() -> None:
    x = Value(2.0, "x")
    y = x * x
    graph = Graph(y)
    x.name, x.data = "changed", 3.0
    assert (graph.nodes[0].name, graph.edges, graph.number(x)) == ("x", (Edge(0, 1, 0), Edge(0, 1, 1)), 0)
    with pytest.raises(ValueError, match="not a node of this graph"):
        graph.number(Value(2.0, "x"))


def test_parents_come_before_children() -> None:
    graph = example()
    assert all(edge.source < edge.target for edge in graph.edges)


def test_there_is_one_edge_for_each_use() -> None:
    x = Value(3.0)
    assert Graph(x * x).edges == (Edge(0, 1, 0), Edge(0, 1, 1))
    assert Graph(x * 2).edges == (Edge(0, 1, 0),)
    assert Graph(2 * x).edges == (Edge(0, 1, 1),)
    assert Graph(where(x, x, x)).edges == (Edge(0, 1, 0), Edge(0, 1, 1), Edge(0, 1, 2))
    assert Graph(x).edges == ()


def test_operands_are_numbers_of_nodes_or_constants() -> None:
    graph = example()
    assert [node.args for node in graph] == [(), (), (), (0, 1), (3, 2), (2.0, 0), (4, 5)]
    assert [type(arg) for arg in graph.nodes[5].args] == [float, int]


def test_leaves_are_what_was_not_computed() -> None:
    assert example().leaves == (0, 1, 2)
    assert Graph(ad.exp(2.0)).leaves == ()


def test_the_level_is_the_longest_way_from_a_leaf() -> None:
    x = Value(1.0)
    y = ad.exp(ad.exp(ad.exp(x))) + x
    assert Graph(y).levels == ((0,), (1,), (2,), (3,), (4,))
    assert example().levels == ((0, 1, 2), (3, 5), (4,), (6,))


def test_scopes_hold_the_nodes_recorded_directly_inside() -> None:
    graph = example()
    assert {found.path: numbers for found, numbers in graph.scopes.items()} == {("outer", "inner"): (3,)}


def test_two_scopes_of_one_name_are_two_groups_and_one_entered_twice_is_one() -> None:
    x = Value(1.0)
    with scope("s") as first:
        a = -x
    with scope("s"):
        b = -a
    with first:
        c = -b
    assert list(Graph(c).scopes.values()) == [(1, 3), (2,)]


def test_a_scope_entered_again_without_grad_goes_on_recording_outside() -> None:
    x = Value(1.0)
    with scope("s") as group:
        with ad.no_grad():
            with group:
                silent = -x
            quiet = -x
        y = -x
    assert (silent.op, quiet.op) == (None, None)
    assert y.parents == (x,)
    assert y.scope is group


def test_a_scope_stands_where_it_was_entered_first() -> None:
    outer, inner = scope("outer"), scope("inner")
    with outer, inner:
        pass
    with inner, outer:
        y = -Value(1.0)
    assert y.scope is outer
    assert (outer.path, inner.path) == (("outer",), ("outer", "inner"))
    assert (-Value(1.0)).scope is None


def test_scopes_end_with_an_exception() -> None:
    with pytest.raises(KeyError), scope("s"):
        raise KeyError
    assert (-Value(1.0)).scope is None


def test_a_graph_has_any_number_of_outputs() -> None:
    a = Value(2.0)
    b = a * a
    graph = Graph(b, a, b)
    assert graph.outputs == (1, 0, 1)
    a.data = 3.0
    assert graph.forward() == (9.0, 3.0, 9.0)


def test_the_structure_is_frozen() -> None:
    a = Value(2.0)
    graph = Graph(a * a)
    (a * a) * 3
    assert len(graph) == 2
    with pytest.raises(AttributeError):
        graph.nodes[0].number = 5  # type: ignore[misc]


@pytest.mark.parametrize("outputs", [(), (3.0,), ([Value(1.0)],), (None,)], ids=repr)
def test_a_graph_is_made_of_values(outputs: Any) -> None:
    with pytest.raises(TypeError, match="Value"):
        Graph(*outputs)


@pytest.mark.parametrize("stranger", [Value(1.0, "z"), 3.0, None, [1]], ids=repr)
def test_a_stranger_has_no_number(stranger: Any) -> None:
    with pytest.raises(ValueError, match="is not a node of this graph"):
        example().number(stranger)


# --- replay ----------------------------------------------------------------------------------------------------------


def test_forward_decides_every_max_anew() -> None:
    a, b = Value(1.0), Value(2.0)
    y = maximum(a, b) + minimum(a, b) * 10 + ad.relu(a - b) * 100 + where(a - b, 1000.0, 2000.0)
    graph = Graph(y)
    a.data = 3.0
    assert graph.forward() == (3 + 20 + 100 + 1000,)
    y.backward()
    assert (a.grad, b.grad) == (1 + 100, 10 - 100)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=6), st.lists(st.integers(-3, 3), min_size=6, max_size=6))
def test_forward_gives_what_recording_anew_gives(old: list[int], new: list[int]) -> None:
    def program(leaves: list[Value]) -> Value:
        pooled = max_pool1d(leaves, 2, 1)
        return maximum(*pooled) * leaves[0] - minimum(*leaves) + ad.clamp(leaves[-1], -1, 1)

    leaves = [Value(float(number)) for number in old]
    graph = Graph(program(leaves))
    for leaf, number in zip(leaves, new, strict=False):
        leaf.data = number
    fresh = [Value(float(number)) for number in new[: len(old)]]
    expected = program(fresh)
    assert graph.forward() == (expected.data,)
    graph.values[-1].backward()
    expected.backward()
    assert [leaf.grad for leaf in leaves] == [leaf.grad for leaf in fresh]


def test_forward_leaves_nothing_of_the_pass_before_it() -> None:
    a, b, c = Value(2.0), Value(4.5), Value(5.0)
    lost, untouched = a * 2, ad.relu(-c)
    y = maximum(lost, b) + untouched
    graph = Graph(y)
    y.backward(0.7)
    assert [node.grad_state for node in (a, lost, c)] == ["no path"] * 3
    assert graph.forward() == (4.5,)
    assert [node.grad_state for node in (a, b, lost)] == ["no path", "value", "no path"]  # nothing was out of date
    a.data = 9.0
    assert graph.forward() == (18.0,)
    assert {node.grad_state for node in graph.values if node is not b} == {"not computed"}
    assert b.grad == 0.7  # accumulated, until it is zeroed
    assert ad.steps(y).seed == 1
    y.backward()
    assert (a.grad, a.grad_state, b.grad, c.grad_state) == (2.0, "value", 0.7, "no path")


def test_a_leaf_keeps_a_zero_that_was_computed() -> None:
    a, b = Value(0.0), Value(3.0)
    graph = Graph(a * b)
    graph.values[-1].backward()
    a.data = 1.0
    graph.forward()
    assert (a.grad, b.grad_state, graph.values[-1].grad_state) == (3.0, "zero", "not computed")


# --- as text ---------------------------------------------------------------------------------------------------------


def test_a_graph_prints_one_line_a_node() -> None:
    x, b = Value(3.0, "x"), Value(-2.0, "b")
    y = maximum(x * x - -1, b + x).relu()
    y.name = "y"
    assert str(Graph(y)).splitlines() == [
        "   0  x = 3",
        "   1  b = -2",
        "   2  v2 = x × x = 9",
        "   3  v3 = v2 − (-1) = 10",
        "   4  v4 = b + x = 1",
        "   5  v5 = max(v3, v4) = 10",
        "   6  y = relu(v5) = 10",
    ]
    y.backward()
    told = str(Graph(y)).splitlines()
    assert told[0] == "   0  x = 3, grad 6"
    assert told[4] == "   4  v4 = b + x = 1, no path"


def test_the_text_of_a_graph_is_bounded() -> None:
    y = x = Value(1.0, "x" * 10_000)
    twins = [Value(1.0, "two\nlines") for _ in range(3)]
    for _ in range(5000):
        y = y * x
    text = str(Graph(y, *twins))
    assert len(text.splitlines()) == 61
    assert "  4944 nodes more" in text
    assert len(text) < 61 * 200
    assert text.splitlines()[-1].startswith("5003  v5003 = v5002 × x")


def test_evaluate_changes_nothing() -> None:
    graph = example()
    before = [(value.data, value.grad, value.grad_state) for value in graph.values]
    a, b, c = graph.values[:3]
    assert graph.evaluate({a: 5.0, b: 7.0}) == [5.0, 7.0, 10.0, 35.0, 35.0, 10.0, 45.0]
    assert graph.evaluate() == [value.data for value in graph.values]
    assert before == [(value.data, value.grad, value.grad_state) for value in graph.values]
    graph.values[-1].backward()
    assert c.grad == 2.0


def test_only_leaves_can_be_given_a_number() -> None:
    graph = example()
    with pytest.raises(ValueError, match="only leaves"):
        graph.evaluate({graph.values[3]: 1.0})
    with pytest.raises(ValueError, match="not a node"):
        graph.evaluate({Value(1.0): 1.0})
    with pytest.raises(TypeError, match="got str"):
        graph.evaluate({graph.values[0]: "1"})  # type: ignore[dict-item]


# --- flows -----------------------------------------------------------------------------------------------------------


def test_flows_are_local_times_upstream() -> None:
    found = [(flow.local, flow.upstream, flow.contribution) for flow in example().flows()]
    assert found == [
        (-3.0, None, None),  # a*b lost: nothing arrived there
        (2.0, None, None),
        (None, 1.0, None),  # the loser of the max
        (1.0, 1.0, 1.0),
        (2.0, 1.0, 2.0),
        (1.0, 1.0, 1.0),
        (1.0, 1.0, 1.0),
    ]
    assert [flow.edge for flow in example().flows()] == list(example().edges)


def test_before_backward_nothing_has_flowed() -> None:
    a = Value(2.0)
    assert [(f.local, f.upstream, f.contribution) for f in Graph(a * 3).flows()] == [(3.0, None, None)]


SENDERS: dict[str, tuple[Callable[[Value], Value], float, float]] = {
    "product with zero, inf upstream": (lambda x: x * 0.0, 3.0, inf),
    "sign, inf upstream": (ad.sign, 3.0, inf),
    "relu off, inf upstream": (ad.relu, -3.0, inf),
    "sqrt at zero, zero upstream": (ad.sqrt, 0.0, 0.0),
    "abs at zero, nan upstream": (ad.absolute, 0.0, nan),
    "square": (lambda x: x * x, 3.0, -2.0),
    "fan": (lambda x: x + x.exp() - maximum(x, 1.0), 0.5, 3.0),
    "tie": (lambda x: maximum(x, x), 0.5, inf),
}


@pytest.mark.parametrize(("function", "at", "upstream"), SENDERS.values(), ids=SENDERS)
def test_the_flows_into_a_leaf_add_up_to_its_gradient(
    function: Callable[[Value], Value], at: float, upstream: float
) -> None:
    x = Value(at)
    y = function(x)
    y.backward(upstream)
    sent = [flow.contribution for flow in Graph(y).flows() if flow.edge.source == 0]
    total = sum(flow for flow in reversed(sent) if flow is not None)
    assert total == x.grad or (total != total and x.grad != x.grad)
    assert (x.grad_state == "no path") == (sent == [None] * len(sent))


# --- derivatives as graphs -------------------------------------------------------------------------------------------


def test_grad_of_one_value_is_one_and_of_several_a_list() -> None:
    a, b = Value(2.0), Value(3.0)
    y = a * a * b
    assert type(grad(y, a)) is Value
    assert [g.data for g in grad(y, [a, b])] == [12.0, 4.0]
    assert [g.data for g in grad(y, (a, a))] == [12.0, 12.0]
    assert grad(y, y).data == 1.0
    assert grad(y, Value(1.0)).data == 0.0
    assert [v.grad_state for v in (a, b, y)] == ["not computed"] * 3


@pytest.mark.parametrize("create_graph", [True, False])
def test_derivatives_are_taken_of_values(create_graph: bool) -> None:
    a = Value(2.0)
    for refused in (
        lambda: grad(3.0, a, create_graph),
        lambda: grad(a, 3.0, create_graph),
        lambda: grad(a, [a, 3.0], create_graph),
        lambda: ad.jvp(a, [3.0], [1.0]),
        lambda: ad.jvp(a, [a], ["1"]),
    ):
        with pytest.raises(TypeError):
            refused()
    with pytest.raises(ValueError, match="1 inputs and 2 tangents"):
        ad.jvp(a, [a], [1.0, 2.0])


def test_a_gradient_without_a_graph_has_no_history() -> None:
    a = Value(2.0)
    assert grad(a * a, a, create_graph=False).op is None
    assert grad(a * a, a, create_graph=True).op is not None


def test_a_recorded_gradient_can_be_replayed() -> None:
    a, b = Value(1.0), Value(2.0)
    graph = Graph(*grad(maximum(a, b) ** 2 + a * b, [a, b]))
    assert [graph.values[number].data for number in graph.outputs] == [2.0, 5.0]
    a.data = 3.0
    assert graph.forward() == (8.0, 3.0)


@pytest.mark.parametrize("power", [3, 4, 5])
def test_derivatives_of_any_order(power: int) -> None:
    x = Value(2.0)
    y, factor = x**power, 1.0
    for order in range(power):
        y = grad(y, x)
        factor *= power - order
        assert y.data == factor * 2.0 ** (power - order - 1)
    assert grad(y, x).data == 0.0


def test_the_hessian_at_zero_to_a_power() -> None:
    x, y = Value(0.0), Value(2.0)
    assert [[h.data for h in row] for row in ad.hessian(x**y, [x, y])] == [[2.0, 0.0], [0.0, 0.0]]
    a, b = Value(1.0), Value(1.0)
    assert [[h.data for h in row] for row in ad.hessian(maximum(a, b) ** 2, [a, b])] == [[2.0, 0.0], [0.0, 0.0]]


def test_the_hessian_of_a_power_is_symmetric_at_exponent_zero() -> None:
    x, y = Value(2.0), Value(0.0)
    (xx, xy), (yx, yy) = ad.hessian(x**y, [x, y])
    assert (xx.data, xy.data, yx.data) == (0.0, 0.5, 0.5)
    assert yy.data == pytest.approx(math.log(2) ** 2, rel=1e-15)
