"""A lecture that builds backpropagation by hand, cell by cell: what its cells do to their Values, they do to ours."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import graphviz
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff import Graph, StaleError, Value, max_pool1d, maximum, relu, sqrt, where

# ---- cells: a drawing of one's own, by what a node tells of itself


def reached(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """All nodes behind a root, and who feeds whom: each pair once."""
    todo, nodes, lines = [root], set(), set()
    while todo:
        node = todo.pop()
        nodes.add(node)
        lines |= {(child, node) for child in node._prev}
        todo += [child for child in node._prev if child not in nodes]
    return nodes, lines


def picture(root: Value) -> str:
    """A record for each number, a small node for each operation, as a lecturer draws them."""
    dot = graphviz.Digraph(graph_attr={"rankdir": "LR"})
    nodes, lines = reached(root)
    for node in nodes:
        where_ = str(id(node))
        dot.node(where_, f"{{ {node.label} | data {node.data:.4f} | grad {node.grad:.4f} }}", shape="record")
        if node._op:
            dot.node(where_ + node._op, label=node._op)
            dot.edge(where_ + node._op, where_)
    for child, node in lines:
        dot.edge(str(id(child)), str(id(node)) + node._op)
    return str(dot.source)


def product_and_sum() -> dict[str, Value]:
    """(p q + r) s, every number with a label."""
    p, q, r, s = Value(1.5, label="p"), Value(-2.0, label="q"), Value(7.0, label="r"), Value(-0.5, label="s")
    u = p * q
    u.label = "u"
    t = u + r
    t.label = "t"
    out = t * s
    out.label = "out"
    return {node.label: node for node in (p, q, r, s, u, t, out)}


def test_a_drawing_of_ones_own_shows_labels_numbers_and_signs() -> None:
    cells = product_and_sum()
    text = picture(cells["out"])
    assert "{ p | data 1.5000 | grad 0.0000 }" in text
    assert "{ out | data -2.0000 | grad 0.0000 }" in text
    assert [text.count(f'label="{sign}"') for sign in "*+"] == [2, 1]
    assert text.count("->") == 6 + 3  # a line to each operation from its operands, and one from it


def test_a_number_without_a_label_is_drawn_without_one() -> None:
    assert "{  | data 3.0000 | grad 0.0000 }" in picture(Value(1.0) + 2)


# ---- cells: gradients by hand


def test_gradients_by_hand_node_by_node() -> None:
    cells = product_and_sum()
    cells["out"].grad = 1.0
    for name in ("out", "t", "u"):
        cells[name]._backward()
    assert {name: node.grad for name, node in cells.items()} == {
        "out": 1.0,
        "s": 4.0,
        "t": -0.5,
        "r": -0.5,
        "u": -0.5,
        "p": 1.0,
        "q": -0.75,
    }


def test_a_leafs_own_step_does_nothing() -> None:
    x = Value(2.0)
    x._backward()
    assert x.grad_state == "not computed"
    x.grad = 3.0
    x._backward()
    assert x.grad == 3.0


def test_without_a_gradient_nothing_is_sent() -> None:
    x = Value(2.0)
    (x * x)._backward()
    assert x.grad_state == "not computed"


def test_where_there_is_no_path_nothing_is_sent() -> None:
    x = Value(-2.0)
    y = relu(x)
    y.grad = math.inf
    y._backward()
    assert (x.grad, x.grad_state) == (0.0, "no path")
    lost = sqrt(relu(x))  # its slope there would be infinite
    lost.grad = 1.0
    lost._backward()
    lost.parents[0]._backward()
    assert x.grad == 0.0


def test_a_step_by_hand_adds_to_what_is_there() -> None:
    x = Value(3.0)
    y = x + x
    y.grad = 1.0
    y._backward()
    assert x.grad == 2.0
    y._backward()
    assert x.grad == 4.0


def test_a_nudged_leaf_is_recorded_anew_before_the_next_step() -> None:
    cells = product_and_sum()
    cells["out"].backward()
    cells["p"].data += 0.01 * cells["p"].grad
    with pytest.raises(StaleError, match="'p' was changed"):
        cells["u"]._backward()
    assert (cells["p"] * cells["q"]).data == 1.51 * -2.0


def by_hand(root: Value) -> None:
    """The lecture's pass: children after those that use them, each with its own step."""
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(node: Value) -> None:
        if node not in seen:
            seen.add(node)
            for child in node._children:
                visit(child)
            order.append(node)

    visit(root)
    root.grad = 1.0
    for node in reversed(order):
        node._backward()


def states(root: Value) -> list[tuple[float, str]]:
    return [(node.grad, node.grad_state) for node in Graph(root).values]


def grown(choices: list[tuple[int, int, int]]) -> Value:
    """A graph that grows by one operation for each choice, of any two nodes that are there."""
    nodes: list[Value] = [Value(0.5), Value(-1.25), Value(2.0)]
    grow = [
        lambda a, b: a + b,
        lambda a, b: a * b,
        lambda a, b: a - b,
        lambda a, b: maximum(a, b),
        lambda a, b: relu(a),
        lambda a, b: (a * 0.25).tanh(),
        lambda a, b: where(a, b, a),
        lambda a, b: a * a,
    ]
    for kind, left, right in choices:
        nodes.append(grow[kind % len(grow)](nodes[left % len(nodes)], nodes[right % len(nodes)]))
    return nodes[-1]


CHOICES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 99), st.integers(0, 99)), max_size=25)


@given(CHOICES)
def test_the_loop_by_hand_is_backward(choices: list[tuple[int, int, int]]) -> None:
    one, other = grown(choices), grown(choices)
    one.backward()
    other.grad = 1.0
    for node in reversed(Graph(other).values):
        node._backward()
    assert states(one) == states(other)  # to the last bit


@given(CHOICES)
def test_in_the_order_of_a_walk_it_is_the_same_but_for_rounding(choices: list[tuple[int, int, int]]) -> None:
    one, other = grown(choices), grown(choices)
    one.backward()
    by_hand(other)
    gradients = [[grad for grad, _ in states(root)] for root in (one, other)]
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-9, abs=1e-300)


def test_a_neuron_in_one_piece_and_taken_apart() -> None:
    def neuron(apart: bool) -> list[float]:
        x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(6.9, label="b")
        n = x * w + b
        n.label = "n"
        e = (2 * n).exp()
        o = (e - 1) / (e + 1) if apart else n.tanh()
        o.backward()
        assert picture(o).count("n | data 0.9000") == 1
        return [v.grad for v in (x, w, b)]

    assert neuron(apart=True) == pytest.approx(neuron(apart=False), rel=1e-12)


# ---- cells: a network of one's own classes, trained by hand


class Unit:
    def __init__(self, inputs: int) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(inputs)]
        self.b = Value(random.uniform(-1, 1))

    def __call__(self, x: Any) -> Value:
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()

    def parameters(self) -> Iterator[Value]:
        yield from (*self.w, self.b)


class Net:
    def __init__(self, *sizes: int) -> None:
        self.layers = [[Unit(i) for _ in range(o)] for i, o in pairwise(sizes)]

    def __call__(self, x: Any) -> Any:
        for layer in self.layers:
            x = [unit(x) for unit in layer]
        return x[0] if len(x) == 1 else x

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for unit in layer for p in unit.parameters()]


def test_a_network_of_ones_own_learns_four_points() -> None:
    random.seed(3)
    net = Net(3, 4, 4, 1)
    points = [([2.0, 3.0, -1.0], 1.0), ([3.0, -1.0, 0.5], -1.0), ([0.5, 1.0, 1.0], -1.0), ([1.0, 1.0, -1.0], 1.0)]
    losses = []
    for _ in range(60):
        loss = sum((net(x) - y) ** 2 for x, y in points)
        for p in net.parameters():
            p.grad = 0.0
        loss.backward()
        for p in net.parameters():
            p.data += -0.1 * p.grad
        losses.append(loss.data)
    assert losses[-1] < 0.1 < losses[0]
    assert len(net.parameters()) == 41


def test_a_pool_by_hand() -> None:
    cells = [Value(v) for v in (3, 0, 4, 2, 0)]
    out = sum(max_pool1d(cells, 3, 2))
    by_hand(out)
    assert [cell.grad for cell in cells] == [0.0, 0.0, 2.0, 0.0, 0.0]
