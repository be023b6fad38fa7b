"""Training: record the loss of one sample once, replay it over batches of data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autodiff.graph import Graph
from autodiff.ground.foreign import at_least_one, is_true, plain
from autodiff.ground.progress import clock, shown
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, got
from autodiff.nn.feeding import Feed, feed
from autodiff.nn.histories import History, Moment, begun, told
from autodiff.nn.samples import warn_of_constants
from autodiff.optim import Adam, Optimizer, leaves, write
from autodiff.programs.program import Program
from autodiff.recording.reverse import describe, topological
from autodiff.recording.value import Value

__all__ = ["History", "NonFiniteError", "fit"]


class NonFiniteError(ArithmeticError):
    """Training met a number that is nan or infinite, and stopped; the parameters are the last good ones."""


@answered
def fit(
    loss: Value,
    inputs: Any,
    data: Any,
    params: Any = None,
    optimizer: Optimizer | None = None,
    epochs: int = 10,
    batch_size: int | None = 32,
    seed: int | None = 0,
    progress: bool = True,
    backend: str | None = None,
    threads: int = 1,
    after_epoch: Callable[[History], object] | None = None,
    constants: Any = (),
    resume: History | None = None,
) -> History:
    """Train: change the parameters so that the mean of ``loss`` over the data falls.

    ``loss`` is recorded once, for one sample, from the leaves ``inputs`` (lists of them may be nested) and the
    parameters; a sample of ``data`` holds a number for each input, nested in whatever way:
    ``inputs=[image, label]`` goes with ``data=zip(images, labels)``, and so does a matrix. ``params`` is a list of
    Values or a Module, ``optimizer`` is ``Adam(params)`` unless it is given, and then brings its own params.

    Each epoch goes through the data once, in batches of ``batch_size`` in an order drawn with ``seed``, or in one
    batch (None). Data larger than memory come in blocks, each a batch of any size: an object that gives them one after
    the other whenever it is asked, or a function that makes an iterator. They are taken in the order in which they
    come, ``batch_size`` rows at a time, whatever the sizes of the blocks.

    ``backend`` and ``threads`` are those of :class:`Program`. What takes more than two seconds shows how far it is,
    on a terminal and in a notebook, unless ``progress=False``. ``after_epoch(history)`` sees the Values up to date;
    training ends where it answers True.

    A leaf that is neither input nor parameter keeps its number, and is named in a warning unless it stands among
    ``constants``: Values, Modules or lists of them, or True for whatever is there.

    At the end the parameters stand in their Values, and ``loss`` is up to date with them. So they do when it is
    interrupted (Ctrl-C, or the notebook's stop button), which ends the training and is noted in the history; and
    when a loss or gradient is not finite: then they are the last ones with a finite loss, and ``NonFiniteError``
    says where it happened. Data of a wrong shape, or not finite, raise ``ValueError``.

    ``fit(..., epochs=20, resume=history)`` goes on from an earlier history, with the same data and optimiser, up to
    ``epochs`` in all, to the bits of a training that was never interrupted; numbers and order are the history's.

    >>> x, y, slope = Value(0.0, "x"), Value(0.0, "y"), Value(0.0, "slope")
    >>> from autodiff.optim import SGD
    >>> history = fit(
    ...     (slope * x - y) ** 2, [x, y], [(1, 3), (2, 6)], optimizer=SGD([slope], lr=0.1), epochs=30, progress=False
    ... )
    >>> round(slope.data, 6), history.steps
    (3.0, 30)
    """
    if not isinstance(loss, Value):
        raise TypeError(f"a loss is one Value, got {got(loss)}")
    optimizer = _optimizer(params, optimizer)
    if not any(_reached(loss, optimizer.params)):
        raise ValueError("the loss was not computed from any of the parameters, so there is nothing to train")
    epochs = at_least_one("epochs", epochs)
    size = None if batch_size is None else at_least_one("batch_size", batch_size)
    graph = Graph(loss)
    graph.forward()  # the parameters may have changed since it was recorded
    program = Program(loss, inputs, optimizer.params, backend=backend, threads=threads, progress=progress)
    warn_of_constants(program, constants)
    now = begun(resume, optimizer, program.read())
    state = {} if resume is None else resume.state
    food = feed(data, program, size, seed, epochs - len(now.losses), state)
    training = _Training(program, optimizer, food, now)

    def publish() -> None:
        write(program.params, training.now.numbers)
        optimizer.memory = training.now.memory
        graph.forward()
        told(training.history, training.now, optimizer, food.source)

    try:
        with shown(partial(training.line, epochs), bool(progress)):
            while len(training.now.losses) < epochs:
                training.epoch()
                if after_epoch is not None:
                    publish()
                    if is_true(after_epoch(training.history)):
                        break
    except KeyboardInterrupt:
        training.history.interrupted = True
    finally:
        publish()
    return training.history


class _Training:
    """``now`` is where it stands, replaced as a whole after each step: an interrupt finds the last whole one."""

    def __init__(self, program: Program, optimizer: Optimizer, food: Feed, now: Moment) -> None:
        self.program, self.optimizer, self.feed = program, optimizer, food
        reached = _reached(program.outputs[0], program.params)
        self.update = optimizer.update if all(reached) else partial(optimizer.update, reached=reached)
        self.history = History()
        optimizer.memory = now.memory
        self.now = now._replace(numbers=program.rim.own(now.numbers))
        self.good = self.now
        self.start = now

    def epoch(self) -> None:
        now = self.now
        for batch, row in self.feed.batches(len(now.losses), now.place):
            self.step(batch, row)
        now = self.now
        self.now = now._replace(losses=[*now.losses, now.total / now.place], place=0, total=0.0)

    def step(self, batch: Any, row: Callable[[int], int]) -> None:
        """One step on these samples, each of which is a row of the data."""
        now = self.now
        losses, gradient = self.program.value_and_grad(batch, now.numbers)
        if (where := self._wrong(losses)) is not None:
            self.now = now._replace(numbers=self.good.numbers, memory=self.good.memory)
            raise self._error(f"the loss is {quoted(float(losses[where]))} in row {row(where)} of the data")
        self.good = now
        self._check(gradient, "the gradient")
        numbers = self.update(now.numbers, gradient)
        self._check(numbers, "the new number")
        place, total = now.place + len(losses), now.total + float(sum(plain(losses)))
        self.now = Moment(numbers, self.optimizer.memory, now.steps + 1, now.losses, place, total)

    def line(self, epochs: int, seconds: float) -> str:
        """What is told of a training that takes long."""
        now, rows = self.now, self.feed.rows
        told = f"epoch {min(len(now.losses) + 1, epochs)} of {epochs}, step {now.steps:,}"
        if now.place or now.losses:
            told += f", loss {now.total / now.place if now.place else now.losses[-1]:.4g}"
        if rows and (done := self._epochs(now, rows) - self._epochs(self.start, rows)):
            told += f", {clock(seconds / done * (epochs - self._epochs(now, rows)))} left"
        return f"fit: {told} ({clock(seconds)})"

    def _epochs(self, moment: Moment, rows: int) -> float:
        return len(moment.losses) + moment.place / rows

    def _check(self, numbers: Any, what: str) -> None:
        if (where := self._wrong(numbers)) is not None:
            param = describe(self.program.params[where])
            raise self._error(f"{what} of the parameter {param} is {quoted(float(numbers[where]))}")

    def _wrong(self, numbers: Any) -> int | None:
        found = self.program.rim.wrong(numbers)
        return None if found is None else found[1]

    def _error(self, what: str) -> NonFiniteError:
        return NonFiniteError(
            f"at step {self.now.steps} {what}; the parameters are the last with which all losses were finite. "
            "A smaller learning rate may help, or a look at that sample"
        )


def _optimizer(params: Any, optimizer: Optimizer | None) -> Optimizer:
    if optimizer is None:
        if params is None:
            raise TypeError("fit needs params=, the Values to train, or an optimizer= that was given them")
        return Adam(params)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"an optimizer is SGD(params, lr), Adam(params) or the like, got {type(optimizer).__name__}")
    if params is not None and leaves(params) != optimizer.params:
        raise ValueError("params differ from those that the optimizer was given; one of the two is enough")
    return optimizer


def _reached(loss: Value, params: list[Value]) -> list[bool]:
    """Which parameters the loss was computed from: the others have no gradient, and are skipped."""
    nodes = set(topological([loss], check=False))
    return [param in nodes for param in params]
