"""Trainings go on with the same bits after an interruption, and on data that do not fit into memory."""

from __future__ import annotations

import json
import pickle
import random
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import ALL_BACKENDS

import autodiff
from autodiff import Value
from autodiff.nn import History, NonFiniteError, fit, placeholder
from autodiff.optim import SGD, Adam, AdamW, Optimizer, cosine, linear, step

every_backend = pytest.mark.parametrize("backend", ALL_BACKENDS)
OPTIMIZERS: dict[str, Callable[[Any], Optimizer]] = {
    "Adam": lambda params: Adam(params, lr=0.1),
    "AdamW along a cosine": lambda params: AdamW(params, lr=cosine(0.1, 20)),
    "SGD": lambda params: SGD(params, lr=0.05),
    "SGD with momentum, ever slower": lambda params: SGD(params, lr=linear(0.1, 12, 0.01), momentum=0.9),
    "SGD with nesterov and steps": lambda params: SGD(params, lr=step(0.1, 5), momentum=0.5, nesterov=True),
}
ROWS = [(0.1 * i, 0.3 * i - 1.0 + 0.01 * (i % 3)) for i in range(-5, 6)]

Rows = list[tuple[float, float]]


class Curve:
    """tanh(slope x + shift), its squared error, and a parameter that nothing depends on."""

    def __init__(self, make: Callable[[Any], Optimizer] = OPTIMIZERS["Adam"]) -> None:
        slope, shift, idle = Value(0.3, "slope"), Value(-0.2, "shift"), Value(5.0, "idle")
        self.params = [slope, shift, idle]
        self.x, self.y = placeholder(name="x"), placeholder(name="y")
        self.loss = ((slope * self.x + shift).tanh() - self.y) ** 2
        self.optimizer = make(self.params)

    def fit(self, data: Any = ROWS, **keywords: Any) -> History:
        keywords = {"backend": "python", "progress": False, "batch_size": 3, "epochs": 3} | keywords
        return fit(self.loss, [self.x, self.y], data, optimizer=self.optimizer, **keywords)

    def bits(self, history: History) -> Any:
        """All that a training leaves, to the bit."""
        memory = self.optimizer.memory
        rows = [[float(x).hex() for x in row] for row in memory[2]]
        numbers = [param.data.hex() for param in self.params]
        return numbers, memory[:2], rows, [loss.hex() for loss in history.losses], history.steps, self.loss.data


class Blocks:
    """The rows in blocks of drawn sizes, empty ones and single rows too, anew whenever they are asked for."""

    def __init__(self, rows: Rows, seed: int = 0) -> None:
        self.rows, self.draw = rows, random.Random(seed)

    def __iter__(self) -> Iterator[Rows]:
        at = 0
        while at < len(self.rows):
            size = self.draw.choice([0, 1, 1, 2, 5, 9])
            yield self.rows[at : at + size]
            at += size


FORMS: dict[str, Callable[[], Any]] = {
    "rows in memory": lambda: ROWS,
    "blocks": lambda: Blocks(ROWS),
    "a function that makes blocks": lambda: lambda: iter(Blocks(ROWS, 3)),
    "a function that makes samples": lambda: lambda: iter(ROWS),
}


def interrupted_after(lines: int, train: Callable[[], History]) -> History:
    """Ctrl-C after so many lines of the modules at work."""
    left = lines
    package = str(Path(autodiff.__file__).parent)
    modules = tuple(f"{package}/{name}" for name in ("nn/training", "nn/feeding", "optim/optim", "programs/streams"))

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(modules) or frame.f_code.co_name in ("fit", "publish"):
            return None if event == "call" else trace
        left -= event == "line"
        if left == 0:
            left -= 1
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return train()
    finally:
        sys.settrace(before)


KEPT: dict[str, Callable[[History], History]] = {
    "at hand": lambda history: history,
    "pickled": lambda history: pickle.loads(pickle.dumps(history)),
    "as JSON": lambda history: History(**json.loads(json.dumps(vars(history)))),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=40)
@given(
    lines=st.integers(60, 900),
    name=st.sampled_from([*OPTIMIZERS]),
    kept=st.sampled_from([*KEPT]),
    size=st.sampled_from([None, 1, 3, 4]),
)
def test_a_training_interrupted_at_any_line_goes_on_with_the_same_bits(
    form: str, lines: int, name: str, kept: str, size: int | None
) -> None:
    whole, first = Curve(OPTIMIZERS[name]), Curve(OPTIMIZERS[name])
    want = whole.bits(whole.fit(FORMS[form](), batch_size=size))
    try:
        history = interrupted_after(lines, lambda: first.fit(FORMS[form](), batch_size=size))
    except KeyboardInterrupt:  # before the training began
        return
    assert first.optimizer.memory[0] == first.optimizer.steps == history.steps
    again = Curve(OPTIMIZERS[name])  # in another process, say: nothing is there but the history
    assert again.bits(again.fit(FORMS[form](), batch_size=size, resume=KEPT[kept](history))) == want


@every_backend
@pytest.mark.parametrize("form", FORMS)
def test_more_epochs_later_are_as_many_at_once(form: str, backend: str) -> None:
    whole, parts = Curve(), Curve()
    want = whole.bits(whole.fit(FORMS[form](), epochs=5, backend=backend))
    history = None
    for epochs in (1, 2, 2, 5):
        history = parts.fit(FORMS[form](), epochs=epochs, backend=backend, resume=history)
        assert len(history.losses) == epochs
    assert history is not None
    assert parts.bits(history) == want


def test_a_history_is_not_changed_by_what_goes_on_from_it_and_an_empty_one_begins_anew() -> None:
    first = Curve().fit(epochs=1)
    before = pickle.dumps(first)
    assert Curve().fit(resume=first) == Curve().fit(resume=first)
    assert pickle.dumps(first) == before
    assert Curve().fit(resume=History()) == Curve().fit()


def test_a_history_that_is_kept_after_each_epoch_goes_on_too() -> None:
    kept: list[bytes] = []
    whole, again = Curve(), Curve()
    want = whole.bits(whole.fit(after_epoch=lambda history: kept.append(pickle.dumps(history))))
    assert len(kept) == 3
    assert again.bits(again.fit(resume=pickle.loads(kept[1]))) == want


def test_a_seed_that_nobody_gave_is_kept() -> None:
    first = Curve().fit(epochs=1, seed=None)
    one, other = (Curve().fit(resume=first, seed=seed) for seed in (None, 7))
    assert one == other


@pytest.mark.slow
@every_backend
@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([None, 1, 4, 300]))
def test_the_sizes_of_blocks_change_no_bit(backend: str, seed: int, size: int | None) -> None:
    trained = []
    for data in (Blocks(ROWS, seed), Blocks(ROWS, seed + 1), lambda: iter([ROWS]), lambda: iter(ROWS)):
        curve = Curve()
        trained.append(curve.bits(curve.fit(data, batch_size=size, epochs=2, backend=backend)))
    in_memory = Curve()
    if size is None or size > len(ROWS):
        trained.append(in_memory.bits(in_memory.fit(ROWS, batch_size=size, epochs=2, backend=backend)))
    assert all(bits == trained[0] for bits in trained)


class Block(list):  # type: ignore[type-arg]
    """A list that can be watched."""


@every_backend
@pytest.mark.parametrize("size", [None, 7])
def test_of_data_larger_than_memory_one_block_is_there_at_a_time(size: int | None, backend: str) -> None:
    alive: set[int] = set()
    most, made = 0, 0

    def blocks(stop: int = 10**9) -> Iterator[Block]:
        nonlocal most, made
        for number in range(40):
            made += 1
            if made == stop:
                raise KeyboardInterrupt
            block = Block([(0.01 * (number + i), 0.5) for i in range(10)])
            alive.add(made)
            weakref.finalize(block, alive.discard, made)
            most = max(most, len(alive))
            yield block
            del block

    whole, first = Curve(), Curve()
    want = whole.bits(whole.fit(blocks, batch_size=size, epochs=2, backend=backend))
    made = 0
    history = first.fit(lambda: blocks(61), batch_size=size, epochs=2, backend=backend)
    assert history.interrupted
    assert len(history.losses) == 1
    assert first.bits(first.fit(blocks, batch_size=size, epochs=2, backend=backend, resume=history)) == want
    assert most == 1


def used_up(data: Iterator[Any]) -> Iterator[Any]:
    for _ in data:
        pass
    return data


def begun(data: Iterator[Any]) -> Iterator[Any]:
    next(data)
    return data


REFUSED: dict[str, tuple[Callable[[], Any], dict[str, Any], str]] = {
    "an iterator for two epochs": (
        lambda: iter(Blocks(ROWS)),
        {"epochs": 2},
        "an iterator of blocks, which is used up after one epoch, and there are 2: .* lambda: blocks",
    ),
    "used up": (lambda: used_up(iter(Blocks(ROWS))), {"epochs": 1}, "there is no sample in the data"),
    "used up samples": (lambda: used_up(iter(ROWS)), {"epochs": 1}, "there is no sample in the data"),
    "the same one for each epoch": (
        lambda: (lambda data: lambda: data)(iter(Blocks(ROWS))),
        {},
        "there is no sample in the data; .* an iterator gives them once",
    ),
    "no blocks": (lambda: lambda: iter([]), {}, "there is no sample in the data"),
    "a block that is not finite": (
        lambda: Blocks([*ROWS[:2], (1.0, float("nan"))]),
        {},
        r"row \d, column 'y' of block \d of the data is nan; training needs finite numbers",
    ),
    "a row that is too short": (
        lambda: lambda: iter([*ROWS, (1.0,)]),
        {},
        "row 11 of the data needs 2 numbers",
    ),
}


@every_backend
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_a_stream_of_data_is_refused(name: str, backend: str) -> None:
    make, keywords, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        Curve().fit(make(), backend=backend, **keywords)


def test_an_iterator_of_blocks_does_for_one_epoch() -> None:
    once, again = Curve(), Curve()
    assert once.bits(once.fit(iter(Blocks(ROWS)), epochs=1)) == again.bits(again.fit(Blocks(ROWS), epochs=1))
    history = once.fit(iter(Blocks(ROWS)), epochs=2, resume=once.fit(iter(Blocks(ROWS)), epochs=1))
    assert len(history.losses) == 2


def test_what_does_not_go_on_says_so() -> None:
    class Impatient(SGD):
        def update(self, *given: Any, **more: Any) -> Any:
            if self.steps == 2:
                raise KeyboardInterrupt
            return super().update(*given, **more)

    def stopped(data: Any) -> History:
        history = Curve(lambda params: Impatient(params, lr=0.1)).fit(data)
        assert history.interrupted
        return history

    sgd = OPTIMIZERS["SGD"]
    with pytest.raises(TypeError, match="resume= is the History that an earlier fit answered, got str"):
        Curve().fit(resume="history.json")
    with pytest.raises(ValueError, match="the history is of 11 rows of data, and there are 4"):
        Curve(sgd).fit(ROWS[:4], resume=stopped(ROWS))
    with pytest.raises(ValueError, match="remembers nothing; this one remembers exp_avg, exp_avg_sq"):
        Curve().fit(resume=stopped(ROWS))
    with pytest.raises(ValueError, match="the data end before row 6, where the training was interrupted"):
        Curve(sgd).fit(Blocks(ROWS[:4]), resume=stopped(Blocks(ROWS)))
    with pytest.raises(ValueError, match="data is a generator that was read from"):
        Curve(sgd).fit(begun(iter(Blocks(ROWS))), epochs=1, resume=stopped(Blocks(ROWS)))
    with pytest.raises(TypeError, match="answers an iterator of samples or blocks; it answered int"):
        Curve().fit(lambda: 3)
    x, w = Value(0.0), Value(1.0)
    with pytest.raises(ValueError, match="the history is of 3 parameters, and there are 1"):
        fit((w * x) ** 2, [x], [[1.0]], [w], resume=stopped(ROWS), optimizer=SGD([w], lr=0.1))


WRONG = [None, "x", -1, [], {}, float("inf"), [None], [[float("nan")]], [1, 2]]


@pytest.mark.parametrize("part", ["params", "kept", "memory", "place", "total"])
def test_a_history_that_is_not_as_it_was_left_says_which_part(part: str) -> None:
    history = Curve().fit()
    kept = json.dumps(vars(history))
    for wrong in [*WRONG, "missing"]:
        broken = History(**json.loads(kept))
        broken.state[part] = wrong
        if wrong == "missing":
            del broken.state[part]
        if part == "total" and wrong in (-1, float("inf")):
            continue  # a sum of losses may be any number
        curve = Curve()
        before = [param.data for param in curve.params]
        with pytest.raises(ValueError, match=f"no {part} in its state|the history is of"):
            curve.fit(epochs=4, resume=broken)
        assert [param.data for param in curve.params] == before


def test_a_loss_that_is_not_finite_names_its_row_in_a_stream() -> None:
    curve = Curve()
    curve.loss = (curve.params[0] * curve.x).exp() - curve.y
    with pytest.raises(NonFiniteError, match="the loss is inf in row 7 of the data"):
        curve.fit(Blocks([*ROWS[:7], (1e9, 0.0)]), batch_size=3)
