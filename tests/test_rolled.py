"""Rolled sources: a line for each array, in JAX, PyTorch and NumPy, says what the graph says."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import plan

from autodiff import TABLE, Program, Value, greater, maximum, minimum, nn, operation, where
from autodiff.architecture import layer
from autodiff.programs.layered import MODULES

pytestmark = pytest.mark.slow  # JAX and PyTorch take seconds to load

ALL = pytest.mark.parametrize("language", MODULES)
Grid = list[list[Value]]


def space_of(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(compile(text, "<source>", "exec"), space)
    return space


def arrays(language: str) -> Callable[[Any], Any]:
    """What makes an array of float64 of the language's."""
    library = pytest.importorskip(language)
    library = library.numpy if language == "jax" else library
    make: Callable[[Any], Any] = getattr(library, "tensor" if language == "torch" else "array")
    return lambda numbers: make(numbers, dtype=library.float64)


def same(found: Any, expected: Any) -> bool:
    import numpy as np

    found, expected = np.asarray(found), np.asarray(expected)
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-12, atol=1e-12, equal_nan=True)


def agrees(program: Program, rows: Sequence[Sequence[float]], language: str) -> bool:
    """Whether value and gradient of the rolled source are the program's, and so is the value alone."""
    array = arrays(language)
    both, alone = (space_of(program.source(language, what, rolled=True)) for what in ("grad", "value"))
    x, p = array(rows), array(program.read())
    run = pytest.importorskip("jax").jit if language == "jax" else lambda function: function
    values, gradient = run(both["program"])(x, p)
    expected = program.value_and_grad(rows)
    return same(values, expected[0]) and same(gradient, expected[1]) and same(run(alone["program"])(x, p), expected[0])


def drawn_rows(program: Program, count: int = 4, seed: int = 0) -> list[list[float]]:
    draw = random.Random(seed)
    return [[draw.uniform(-2, 2) for _ in program.inputs] for _ in range(count)]


def weights(rows: int, columns: int, draw: random.Random) -> Grid:
    return [[Value(draw.uniform(-1, 1)) for _ in range(columns)] for _ in range(rows)]


def times(matrix: Grid, x: Sequence[Value]) -> list[Value]:
    return [sum((w * v for w, v in zip(row[1:], x[1:], strict=True)), row[0] * x[0]) for row in matrix]


def perceptron() -> Program:
    random.seed(1)
    model = nn.MLP(2, [16, 16, 1])
    x, label = [Value(0.5, "x0"), Value(-0.5, "x1")], Value(1.0, "label")
    return Program((1 - label * model(x)).relu(), [*x, label], model, backend="numpy")


def lenet() -> Program:
    random.seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3, 4),
    )  # fmt: skip
    pixels = [[Value(0.0) for _ in range(4)] for _ in range(4)]
    target = [Value(float(k == 0)) for k in range(4)]
    loss = nn.cross_entropy(model([pixels]), target)
    return Program(loss, [*(p for row in pixels for p in row), *target], model.parameters(), backend="numpy")


class Cell(nn.Module):
    """An LSTM cell: four gates out of one matrix."""

    def __init__(self, inputs: int, size: int) -> None:
        draw = random.Random(2)
        self.size = size
        self.W = layer("W", weights(4 * size, inputs + size, draw), kind="weights")
        self.b = layer("b", [Value(draw.uniform(-1, 1)) for _ in range(4 * size)], kind="bias")

    def forward(self, x: list[Value], h: list[Value], c: list[Value]) -> tuple[list[Value], list[Value]]:
        total = [a + b for a, b in zip(times(self.W, [*x, *h]), self.b, strict=True)]
        i, f, g, o = (total[k * self.size : (k + 1) * self.size] for k in range(4))
        kept = [f.sigmoid() * c for f, c in zip(f, c, strict=True)]
        c = [k + i.sigmoid() * g.tanh() for k, i, g in zip(kept, i, g, strict=True)]
        return [o.sigmoid() * c.tanh() for o, c in zip(o, c, strict=True)], c


def lstm(steps: int = 2) -> Program:
    cell = Cell(3, 4)
    xs = [[Value(0.0) for _ in range(3)] for _ in range(steps)]
    h, c = [Value(0.0) for _ in range(4)], [Value(0.0) for _ in range(4)]
    state = h, c
    for x in xs:
        state = cell(x, *state)
    return Program(state[0], [*(v for x in xs for v in x), *h, *c], cell, backend="numpy")


def attention(tokens: int = 3, size: int = 4, width: int = 2) -> Program:
    draw = random.Random(3)
    wq, wk, wv = (layer(name, weights(width, size, draw), kind="weights") for name in ("Wq", "Wk", "Wv"))
    xs = [[Value(0.0) for _ in range(size)] for _ in range(tokens)]
    q, k, v = ([times(matrix, x) for x in xs] for matrix in (wq, wk, wv))
    found = []
    for query in q:
        scores = [times([query], key)[0] / width**0.5 for key in k]
        powers = [score.exp() for score in scores]
        total = sum(powers[1:], powers[0])
        shares = [power / total for power in powers]
        found += [times([shares], [value[d] for value in v])[0] for d in range(width)]
    params = [w for matrix in (wq, wk, wv) for row in matrix for w in row]
    return Program(found, [v for x in xs for v in x], params, backend="numpy")


NETS = {"MLP": perceptron, "LeNet": lenet, "LSTM": lstm, "attention": attention}


@ALL
@pytest.mark.parametrize("net", NETS)
def test_a_rolled_network_has_the_graphs_numbers(net: str, language: str) -> None:
    program = NETS[net]()
    assert agrees(program, drawn_rows(program), language)


ACTIVATIONS = ["relu", "tanh", "sigmoid", "softplus", "gelu", "silu", "elu", "leaky_relu", "clamp"]


@st.composite
def nets(draw: Any) -> Program:
    """Dense layers of any width and activation, some with the weights of one before, with skips, pools and losses."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    x = [Value(rng.uniform(-1, 1)) for _ in range(draw(st.integers(1, 5)))]
    seen, known = [x], []
    params: list[Value] = []
    for _ in range(draw(st.integers(1, 4))):
        given = [*seen[-1], *(rng.choice(seen) if draw(st.booleans()) else [])]
        shared = [matrix for matrix in known if len(matrix[0]) == len(given)]
        if shared and draw(st.booleans()):
            matrix = rng.choice(shared)
        else:
            matrix = weights(draw(st.integers(1, 5)), len(given), rng)
            known.append(layer("W", matrix, kind="weights") if draw(st.booleans()) else matrix)
            params += [w for row in matrix for w in row]
        h = times(matrix, given)
        if draw(st.booleans()):
            bias = [Value(rng.uniform(-1, 1)) for _ in h]
            params += bias
            h = [a + b for a, b in zip(h, bias, strict=True)]
        name = draw(st.sampled_from(ACTIVATIONS))
        h = [v.clamp(-0.5, 0.5) if name == "clamp" else getattr(v, name)() for v in h]
        if len(h) > 2 and draw(st.booleans()):  # windows that overlap
            size = draw(st.integers(2, 3))
            h = [nn_max(h[i : i + size], draw) for i in range(len(h) - size + 1)]
        if len(h) == len(seen[-1]) and draw(st.booleans()):
            h = [a + b for a, b in zip(h, seen[-1], strict=True)]
        seen.append(h)
    rng.shuffle(params)
    outputs = seen[-1]
    if draw(st.booleans()):
        decay = sum((p * p for p in params[1:]), params[0] * params[0])
        return Program(
            sum((v * v for v in outputs[1:]), outputs[0] ** 2) / 2 + 0.01 * decay, x, params, backend="numpy"
        )
    return Program(outputs, x, params, backend="numpy")


def nn_max(cells: list[Value], draw: Any) -> Value:
    total = cells[0]
    for cell in cells[1:]:
        total = maximum(total, cell) if draw(st.booleans()) else maximum(cell, total)
    return total


@given(program=nets(), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_random_networks_agree(program: Program, seed: int) -> None:
    assert agrees(program, drawn_rows(program, seed=seed), "numpy")


@ALL
@given(program=nets())
@settings(max_examples=8, deadline=None)
def test_random_networks_agree_in_every_language(language: str, program: Program) -> None:
    assert agrees(program, drawn_rows(program), language)


@pytest.mark.parametrize("many", [True, False], ids=["outputs", "one output"])
def test_random_graphs_of_all_operations_agree_wherever_all_is_finite(many: bool) -> None:
    # Few numbers are drawn from, so that many of them are equal: ties, kinks, operands that are used twice.
    import numpy as np

    seen, built_in, numbers = 0, [*TABLE], [0.0, 1.0, -1.0, 0.5, 2.0]
    for seed in count():
        draw = random.Random(seed)
        graph = plan(draw, built_in, longest=30)
        xs, ps, outputs = graph.record(draw.choices(numbers, k=graph.inputs), draw.choices(numbers, k=graph.params))
        program = Program(list(dict.fromkeys(outputs)) if many else outputs[0], xs, ps, backend="numpy")
        rows = np.array([draw.choices(numbers, k=len(xs)) for _ in range(3)])
        if all(np.isfinite(each).all() for each in program.value_and_grad(rows)):
            assert agrees(program, rows, "numpy"), seed
            seen += 1
        if seen == 200:
            break


half_open = operation("half_open(x, k)", "x * (2 / (k - 1))", "2 / (k - 1)", "None")
one_of = operation("one_of(x)", "1", "0")
second_of = operation("second_of(x, k)", "k * 2", "0", "2")
for name in "half_open", "one_of", "second_of":
    del TABLE[name]  # what was made of them stays; other tests find the table as it was


@ALL
@pytest.mark.parametrize("number", [0.0, -0.0, 1.0, 3.0])
def test_a_number_is_divided_by_a_number_as_arrays_are(number: float, language: str) -> None:
    x, w = Value(1.0), Value(2.0)
    for cells in [[w / number, x * w], [half_open(w, number) + x], [half_open(x, number) * w]]:
        for outputs in (cells, cells[0]):
            assert agrees(Program(outputs, [x], [w], backend="numpy"), [[1.0], [2.0]], language)


@ALL
def test_an_operation_may_read_less_than_it_is_given(language: str) -> None:
    x, w = Value(1.0), Value(2.0)
    graphs = [
        [one_of(x) + w, one_of(w) * x], [second_of(x, w) * x, second_of(x, 3.0) * w, second_of(w, 3.0)],
        [second_of(w, x), second_of(x, 3.0) + one_of(w)],
    ]  # fmt: skip
    for cells in graphs:
        for outputs in (cells, *cells):
            assert agrees(Program(outputs, [x], [w], backend="numpy"), [[1.0], [2.0]], language)


ODD = [
    "",
    "\u202e",
    "😀",
    "\\",
    '"""\nraise SystemExit\n"""',
    "W\nimport os",
    "class",
    "np",
    "len",
    "relu",
    "x",
    "back",
    "d_v",
    "d_s",
    "at0",
]


@ALL
@pytest.mark.parametrize("name", [*ODD, "relu_back_x", "values", "v", "t0", "padded"])
def test_a_layer_may_be_called_anything(name: str, language: str) -> None:
    for columns in (1, 2):
        called = name or "\t"  # a layer has a name
        matrix = layer(called, [[Value(0.1 * i + j) for i in range(columns)] for j in range(3)], kind="weights")
        bias = layer(called, [Value(0.1) for _ in range(3)], kind="bias")
        x = [Value(0.3, name) for _ in range(columns)]
        cells = [(a + b).relu() for a, b in zip(times(matrix, x), bias, strict=True)]
        program = Program(maximum(*cells) * cells[0].tanh(), x, [*(w for row in matrix for w in row), *bias])
        text = program.source(language, rolled=True)
        assert "\u202e" not in text
        assert "import os" not in text.splitlines()
        if language == "numpy":
            assert agrees(program, drawn_rows(program), language)
        else:
            compile(text, "<source>", "exec")


@pytest.mark.parametrize("name", ["layers", "flat", "len", "v", "d_v", "at0", "h0", "t0", "padded", "np", "x", "back"])
def test_an_operation_may_be_called_anything(name: str) -> None:
    call = operation(f"{name}(a, k)", "a * k + a * a", "k + a + a", "a")
    del TABLE[name]
    model = nn.Linear(2, 3, rng=0)
    x = [Value(0.5), Value(-0.5)]
    cells = [call(cell, other) for cell, other in zip(model(x), model(x)[::-1], strict=True)]
    assert agrees(Program([*cells, sum(cells, x[0])], x, model, backend="numpy"), [[1.0, 2.0], [0.3, -1.0]], "numpy")


@ALL
def test_at_a_tie_the_first_takes_the_gradient(language: str) -> None:
    # Windows of three in a row, all of them ties, and a relu at 0.
    x, w = [Value(1.0) for _ in range(5)], Value(1.0)
    cells = [(w * v).relu() for v in x]
    tops = [maximum(*cells[i : i + 3]) for i in range(3)]
    lows = [minimum(*cells[i : i + 3]) for i in range(3)]
    weights = [2.0, 3.0, 5.0, 7.0, 11.0, 13.0]
    loss = sum((k * v for k, v in zip(weights[1:], [*tops[1:], *lows], strict=True)), weights[0] * tops[0])
    rows = [[1.0] * 5, [0.0] * 5, [2.0, 2.0, 1.0, 1.0, 2.0]]
    assert agrees(Program(loss, x, [w], backend="numpy"), rows, language)


@ALL
def test_the_gradient_of_the_value_alone_goes_to_the_first_of_a_tie(language: str) -> None:
    # p0, p1 and p2 stand for three equal cells: the framework's own gradient of the rolled value keeps to the rule.
    x, p = [Value(1.0) for _ in range(3)], [Value(2.0) for _ in range(3)]
    program = Program(maximum(*(a * b for a, b in zip(p, x, strict=True))), x, p, backend="numpy")
    array, space = arrays(language), space_of(program.source(language, "value", rolled=True))
    rows = array([[1.0, 1.0, 1.0]])
    if language == "jax":
        import jax

        slopes = jax.grad(lambda p: space["program"](rows, p).sum())(array([2.0] * 3)).tolist()
    elif language == "torch":
        leaves = array([2.0] * 3).requires_grad_()
        space["program"](rows, leaves).sum().backward()
        slopes = leaves.grad.tolist()
    else:
        slopes = space_of(program.source(language, rolled=True))["program"](rows, array([2.0] * 3))[1].tolist()
    assert slopes == [1.0, 0.0, 0.0]


@ALL
def test_a_slope_that_is_infinite_where_nothing_arrives_is_not_multiplied(language: str) -> None:
    x, w = Value(1.0), Value(1.0)
    program = Program(
        where(greater(x, 0), (w * x).log(), w) + where(greater(x, 0), (w * x).sqrt(), 0.0), [x], [w], backend="numpy"
    )
    assert agrees(program, [[0.0], [1.0], [4.0]], language)


@ALL
def test_parameters_go_in_and_gradients_come_out_in_the_shapes_of_the_layers(language: str) -> None:
    program = perceptron()
    rows, array = drawn_rows(program), arrays(language)
    space = space_of(program.source(language, rolled=True))
    whole = space["layers"](array(program.read()))
    assert [tuple(one.shape) for one in whole] == [(16, 2), (16,), (16, 16), (16,), (1, 16), (1,)]
    _, gradients = space["value_and_grad"](array(rows), *whole)
    assert [one.shape for one in gradients] == [one.shape for one in whole]
    assert same(space["flat"](*gradients), program.value_and_grad(rows)[1])
    assert same(space["flat"](*whole), program.read())


class Line(nn.Module):
    """A Module whose parameters say nothing about themselves."""

    def __init__(self) -> None:
        self.weight = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
        self.bias = [Value(5.0), Value(6.0)]

    def forward(self, x: list[Value]) -> list[Value]:
        return [a + b for a, b in zip(times(self.weight, x), self.bias, strict=True)]


def test_a_module_of_lists_gives_its_arrays_their_names() -> None:
    line, x = Line(), [Value(0.0), Value(0.0)]
    text = Program(line(x), x, line, backend="numpy").source("numpy", "value", rolled=True)
    assert "s = x @ W.T + b\n" in text


def lines_of(text: str, function: str) -> list[str]:
    body = re.search(rf"^def {function}\(.*?\):\n(.*?)(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    return [line.strip() for line in body[1].splitlines()]


def test_a_perceptron_is_what_a_practitioner_writes() -> None:
    text = perceptron().source("jax", "value", rolled=True)
    assert lines_of(text, "value")[:3] == [
        "h0 = relu(x[:, 0:2] @ W0.T + b0)",
        "h1 = relu(h0 @ W1.T + b1)",
        "a2 = h1 @ W2.T + b2",
    ]


def test_an_lstm_cell_is_two_products_of_matrices_and_five_functions() -> None:
    text = lstm(steps=1).source("torch", "value", rolled=True)
    assert sum(line.count(" @ ") for line in lines_of(text, "value")) == 1
    assert sum(line.count("sigmoid(") + line.count("tanh(") for line in lines_of(text, "value")) == 3


def test_a_convolution_is_windows_times_kernels() -> None:
    text = lenet().source("jax", "value", rolled=True)
    assert [line.count("@ W") for line in lines_of(text, "value")].count(1) == 3
    assert "max_of(" in text


def test_what_does_not_roll_is_said() -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    text = Program((x.sin() * y).exp() + x, [x], [y]).source("numpy", "value", rolled=True)
    assert text.startswith("# A graph of 4 computed nodes, in 4 arrays. Nodes that have no equal stand alone: 3.\n")


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_a_language_without_arrays_is_refused(language: str) -> None:
    with pytest.raises(ValueError, match="rolled=True is for languages of arrays"):
        Program(Value(1.0) * 2.0).source(language, rolled=True)
