"""Training: what is recorded once is replayed over batches, and good parameters are never lost."""

from __future__ import annotations

import copy
import importlib.util
import io
import math
import random
import sys
import threading
from typing import Any

import numpy as np
import pytest
from programs import moons

from autodiff import Graph, Program, Value
from autodiff.ground import progress
from autodiff.nn import (
    MLP,
    Conv2d,
    Flatten,
    History,
    Linear,
    MaxPool2d,
    NonFiniteError,
    ReLU,
    Sequential,
    cross_entropy,
    fit,
    hinge,
    placeholder,
)
from autodiff.optim import SGD, Adam, Optimizer, linear

BACKENDS = ["python", "numpy", *(["numba"] if importlib.util.find_spec("numba") else [])]
every_backend = pytest.mark.parametrize("backend", BACKENDS)


class Line:
    """slope * x + shift, and its squared error: the smallest thing to train."""

    def __init__(self) -> None:
        self.slope, self.shift = Value(0.0, "slope"), Value(0.0, "shift")
        self.params = [self.slope, self.shift]
        self.x, self.y = placeholder(name="x"), placeholder(name="y")
        self.loss = (self.slope * self.x + self.shift - self.y) ** 2
        self.inputs = [self.x, self.y]
        self.data = [(float(x), 3.0 * x - 1.0) for x in range(-2, 3)]

    def fit(self, **keywords: Any) -> History:
        usual: dict[str, Any] = {"params": self.params, "data": self.data, "progress": False, "backend": "python"}
        return fit(self.loss, self.inputs, **(usual | keywords))

    @property
    def numbers(self) -> list[float]:
        return [param.data for param in self.params]


@every_backend
@pytest.mark.slow
def test_micrograds_moons_in_a_few_lines(backend: str) -> None:
    points, labels = moons(100)
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    x, y = placeholder(2), placeholder(name="y")
    optimizer = SGD(model, lr=linear(1.0, 100, 0.1))
    history = fit(
        hinge(model(x), y),
        [x, y],
        zip(points, labels, strict=True),
        optimizer=optimizer,
        epochs=40,
        batch_size=None,
        progress=False,
        backend=backend,
    )
    scores = Program(model(x), x, backend=backend).value(points)
    assert sum((score > 0) == (label > 0) for score, label in zip(scores, labels, strict=True)) == 100
    assert history.steps == len(history.losses) == 40
    assert history.losses[-1] < 0.05
    assert not history.interrupted


@pytest.mark.slow
def test_a_convolutional_net_learns_bars() -> None:
    def bars(count: int) -> list[tuple[Any, int]]:
        draw, found = random.Random(0), []
        for i in range(count):
            image = [[draw.gauss(0, 0.1) for _ in range(4)] for _ in range(4)]
            place = draw.randrange(4)
            for j in range(4):
                image[place if i % 2 else j][j if i % 2 else place] += 1.0
            found.append((image, i % 2))
        return found

    rng = random.Random(0)
    net = Sequential(Conv2d(1, 3, 2, rng=rng), ReLU(), MaxPool2d(3), Flatten(), Linear(3, 2, rng=rng))
    image, label = placeholder(4, 4, name="pixel"), placeholder(name="label")
    scores = net(image)
    keywords: dict[str, Any] = {"epochs": 15, "batch_size": 8, "progress": False, "backend": "numpy"}
    fit(cross_entropy(scores, label), [image, label], bars(80), optimizer=Adam(net, lr=0.05), **keywords)
    answers = Program(scores, Flatten()(image), backend="numpy").value([Flatten()(image) for image, _ in bars(20)])
    assert [int(b > a) for a, b in answers] == [i % 2 for i in range(20)]


def test_training_is_the_eager_loop_number_by_number() -> None:
    fast, slow = Line(), Line()
    fast.fit(optimizer=Adam(fast.params, lr=0.1), epochs=7, batch_size=None)
    optimizer = Adam(slow.params, lr=0.1)
    for _ in range(7):
        total = sum(((slow.slope * x + slow.shift - y) ** 2 for x, y in slow.data), Value(0.0)) / len(slow.data)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    assert fast.numbers == pytest.approx(slow.numbers, rel=1e-12)


def test_every_backend_trains_to_the_same_numbers() -> None:
    found = []
    for backend in BACKENDS:
        line = Line()
        history = line.fit(backend=backend, epochs=5, batch_size=2, seed=3)
        found.append((line.numbers, history.losses))
    for numbers, losses in found[1:]:
        assert numbers == pytest.approx(found[0][0], rel=1e-12)
        assert losses == pytest.approx(found[0][1], rel=1e-12)


def test_batches_cover_the_data_and_the_seed_orders_them() -> None:
    numbers: dict[int, list[float]] = {}
    for seed in (0, 0, 1):
        line = Line()
        history = line.fit(epochs=3, batch_size=2, seed=seed)
        assert history.steps == 3 * 3  # 2 + 2 + 1 samples
        assert numbers.setdefault(seed, line.numbers) == line.numbers
    assert numbers[0] != numbers[1]


def test_the_history_is_the_mean_loss_of_each_epoch() -> None:
    line = Line()
    start = sum(y * y for _, y in line.data) / len(line.data)
    history = line.fit(optimizer=SGD(line.params, lr=0.0), epochs=2, batch_size=2)
    assert history.losses == pytest.approx([start, start])


@pytest.mark.parametrize("form", ["pairs", "zip", "rows", "matrix", "arrays"])
@every_backend
def test_data_come_in_any_nesting(form: str, backend: str) -> None:
    line, plain = Line(), Line()
    xs, ys = zip(*line.data, strict=True)
    data: Any = {
        "pairs": line.data,
        "zip": zip(xs, ys, strict=True),
        "rows": [[x, [y]] for x, y in line.data],
        "matrix": np.array(line.data),
        "arrays": [np.array(row) for row in line.data],
    }[form]
    line.fit(data=data, epochs=2, backend=backend)
    plain.fit(epochs=2, backend=backend)
    assert line.numbers == plain.numbers


def test_training_goes_on_where_it_stopped() -> None:
    once, twice = Line(), Line()
    optimizer = SGD(twice.params, lr=0.05, momentum=0.9)
    once.fit(params=None, optimizer=SGD(once.params, lr=0.05, momentum=0.9), epochs=6, batch_size=None)
    for _ in range(2):  # the same recorded loss, although its parameters have changed since
        twice.fit(params=None, optimizer=optimizer, epochs=3, batch_size=None)
    assert twice.numbers == once.numbers
    assert optimizer.steps == 6


def test_the_loss_is_up_to_date_afterwards() -> None:
    line = Line()
    line.fit(epochs=2)
    line.loss.backward()
    assert line.loss.data == pytest.approx((line.shift.data) ** 2)


def test_params_may_be_a_module() -> None:
    layer = Linear(1, 1, rng=0)
    x, y = placeholder(name="x"), placeholder(name="y")
    before = layer.state_dict()
    fit((layer(x)[0] - y) ** 2, [x, y], [(1, 2)], params=layer, epochs=1, progress=False, backend="python")
    assert layer.state_dict() != before


class Interrupting(SGD):
    """Somebody presses Ctrl-C in the middle of its third step."""

    def update(self, numbers: Any, gradient: Any) -> Any:
        if self.steps == 2:
            raise KeyboardInterrupt
        return super().update(numbers, gradient)


@every_backend
def test_an_interrupted_training_keeps_the_parameters_of_its_last_step(backend: str) -> None:
    line, whole = Line(), Line()
    history = line.fit(optimizer=Interrupting(line.params, lr=0.1), epochs=9, batch_size=None, backend=backend)
    whole.fit(optimizer=SGD(whole.params, lr=0.1), epochs=2, batch_size=None, backend=backend)
    assert line.numbers == whole.numbers != [0.0, 0.0]
    assert history.interrupted
    assert [history.steps, len(history.losses)] == [2, 2]


def test_an_interrupt_while_the_parameters_are_written_comes_once_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    line, whole = Line(), Line()
    whole.fit(epochs=1)
    presses = [None]
    plain = Value.data.fset  # type: ignore[attr-defined]

    def setter(self: Value, number: object) -> None:
        if presses and self is line.shift:
            presses.clear()
            raise KeyboardInterrupt
        plain(self, number)

    monkeypatch.setattr(Value, "data", Value.data.setter(setter))  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        line.fit(epochs=1)
    assert line.numbers == whole.numbers


@every_backend
def test_a_diverging_training_stops_and_keeps_the_last_good_parameters(backend: str) -> None:
    line = Line()
    optimizer = SGD(line.params, lr=1e60)
    with pytest.raises(NonFiniteError, match=r"at step \d the loss is inf in row \d of the data; .* smaller learning"):
        line.fit(optimizer=optimizer, epochs=50, batch_size=None, backend=backend)
    assert all(map(math.isfinite, line.numbers))
    losses = Program(line.loss, line.inputs, line.params, backend="python").value([list(row) for row in line.data])
    assert all(map(math.isfinite, losses))
    assert line.numbers != [0.0, 0.0]


@every_backend
def test_a_gradient_that_is_not_finite_stops_it_too(backend: str) -> None:
    w, x = Value(0.0, "w"), placeholder()
    loss = (w * x).sqrt()  # 0, with an infinite slope
    with pytest.raises(NonFiniteError, match=r"at step 0 the gradient of the parameter 'w' is inf"):
        fit(loss, [x], [1.0], params=[w], progress=False, backend=backend)
    assert w.data == 0.0


@every_backend
def test_a_step_beyond_the_floats_is_not_taken(backend: str) -> None:
    line = Line()
    optimizer = SGD(line.params, lr=1e308)
    with pytest.raises(NonFiniteError, match=r"at step 0 the new number of the parameter 'slope' is inf"):
        line.fit(optimizer=optimizer, data=[(1e3, 1e3)], backend=backend)
    assert line.numbers == [0.0, 0.0]
    assert optimizer.steps == 0


@pytest.mark.slow
def test_the_first_bad_loss_leaves_the_parameters_as_they_were() -> None:
    scores, label = [Value(1.0, "a"), Value(2.0, "b")], placeholder(name="label")
    with pytest.raises(NonFiniteError, match=r"the loss is nan in row 1 of the data"):
        fit(cross_entropy(scores, label), [label], [0, 2, 1], params=scores, batch_size=None, progress=False)
    assert [score.data for score in scores] == [1.0, 2.0]


def test_after_each_epoch_somebody_may_look_and_stop_it() -> None:
    line = Line()
    seen: list[tuple[int, list[float]]] = []

    def look(history: History) -> bool:
        seen.append((history.steps, line.numbers))
        assert line.loss.data == Graph(line.loss).forward()[0]
        return history.steps == 3

    history = line.fit(epochs=10, batch_size=None, after_epoch=look)
    assert [steps for steps, _ in seen] == [1, 2, 3]
    assert seen[-1][1] == line.numbers
    assert len({str(numbers) for _, numbers in seen}) == 3
    assert not history.interrupted


def test_an_error_of_the_onlooker_comes_through_and_loses_nothing() -> None:
    line = Line()

    def look(history: History) -> None:
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        line.fit(after_epoch=look)
    assert line.numbers != [0.0, 0.0]


class Terminal(io.StringIO):
    """A screen that somebody looks at; ``shown`` is set as soon as something stands on it."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = threading.Event()

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.shown.set()


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "AFTER", 0.0)
    monkeypatch.setattr(progress, "EVERY", 0.0)


@pytest.mark.usefixtures("_at_once")
def test_a_training_that_takes_long_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    line = Line()
    history = line.fit(progress=True, epochs=4, batch_size=2, after_epoch=lambda _: screen.shown.wait(60) is None)
    assert "building" not in screen.getvalue()  # a program is, but within the training
    last = screen.getvalue().rpartition("\r")[2]
    assert last.startswith(f"fit: epoch 4 of 4, step 12, loss {history.losses[-1]:.4g}, 0:00 left (0:")
    assert last.endswith(")\n")


@pytest.mark.usefixtures("_at_once")
def test_nothing_is_told_in_a_pipe_or_where_it_is_not_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Line().fit(progress=True)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    for unwanted in (False, np.bool_(False)):
        Line().fit(progress=unwanted)
    assert screen.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)  # as in a window without a console
    Line().fit(progress=True)


@pytest.mark.usefixtures("_at_once")
def test_a_notebook_is_told_and_so_is_who_waits_for_a_program_to_be_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = type("Shell", (), {"kernel": None})()
    monkeypatch.setitem(sys.modules, "IPython", type("IPython", (), {"get_ipython": lambda: shell}))
    line, told = Line(), threading.Event()
    program = Program(line.loss, line.inputs, line.params, backend="python")
    monkeypatch.setattr(program, "_built", lambda routine: told.wait(0.2) or Program._built(program, routine))
    program.value([[1.0, 2.0]])
    assert "building <Program of 2 inputs, 2 params, 1 outputs, on python> (0:00)" in capsys.readouterr().err
    program.value([[1.0, 2.0]])
    assert capsys.readouterr().err == ""


def test_placeholders_have_the_shape_and_the_names_of_what_comes() -> None:
    grid = placeholder(2, 3, name="pixel")
    assert [[leaf.name for leaf in row] for row in grid] == [
        ["pixel0,0", "pixel0,1", "pixel0,2"],
        ["pixel1,0", "pixel1,1", "pixel1,2"],
    ]
    assert len({leaf for row in grid for leaf in row}) == 6
    assert placeholder(1)[0].name == "x0"
    assert [[leaf.name for leaf in row] for row in placeholder((2, np.int64(1)))] == [["x0,0"], ["x1,0"]]
    for wrong in (0, -1, 2.0, None, True):
        with pytest.raises(ValueError, match="a whole number of at least 1, got"):
            placeholder(2, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"epochs": 0}, ValueError, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be a whole number"),
        ({"batch_size": 2.5}, ValueError, "batch_size must be a whole number"),
        ({"data": []}, ValueError, "there is no sample in the data"),
        (
            {"data": [(1, 2), (1, 2, 3)]},
            ValueError,
            r"row 1 of the data needs 2 numbers, one for each input \('x', 'y'\); got 3",
        ),
        ({"data": ([1, 2, 3], [4, 5, 6])}, ValueError, r"write zip\(points, labels\)"),
        ({"data": [(1, 2), (math.nan, 2)]}, ValueError, "row 1, column 'x' of the data is nan"),
        ({"data": [(1, "2")]}, TypeError, "got str"),
        ({"params": None}, TypeError, "fit needs params="),
        ({"params": [Value(1.0)]}, ValueError, "not computed from any of the parameters"),
        ({"optimizer": SGD([], 0.1)}, ValueError, "differ from those that the optimizer was given"),
        ({"optimizer": SGD}, TypeError, "an optimizer is SGD"),
        ({"backend": "abacus"}, ValueError, "abacus"),
    ],
    ids=lambda entry: str(entry)[:40] if isinstance(entry, dict) else "",
)
def test_what_cannot_be_trained_is_refused(keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    line = Line()
    with pytest.raises(error, match=message):
        line.fit(**keywords)
    assert line.numbers == [0.0, 0.0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.array([[1.0, 2.0], [math.inf, 2.0]]), "row 1, column 'x' of the data is inf"),
        (np.ones((3, 4)), "row 0 of the data needs 2 numbers, .*; got 4"),
        (np.ones((0, 2)), "there is no sample in the data"),
    ],
    ids=["infinite", "wide", "empty"],
)
@every_backend
def test_wrong_arrays_are_refused_alike(data: Any, message: str, backend: str) -> None:
    with pytest.raises(ValueError, match=message):
        Line().fit(data=data, backend=backend)


def test_a_loss_is_one_value() -> None:
    with pytest.raises(TypeError, match="a loss is one Value, got list"):
        fit([Value(1.0)], [], [])  # type: ignore[arg-type]


def test_an_optimizer_without_a_rule_says_so() -> None:
    with pytest.raises(NotImplementedError, match="Optimizer has no rule"):
        Optimizer([], 0.1).update([1.0], [1.0])


def test_a_copied_model_trains_on_its_own() -> None:
    line = Line()
    twin = copy.deepcopy(line)
    twin.fit(epochs=1)
    assert line.numbers == [0.0, 0.0] != twin.numbers
