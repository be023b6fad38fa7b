"""Training: record the loss of one sample once, replay it over batches of data."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from autodiff.graph import Graph
from autodiff.ground.foreign import at_least_one, counted, is_true, plain
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, got
from autodiff.nn.samples import table, warn_of_constants
from autodiff.optim import Adam, Optimizer, leaves, write
from autodiff.programs.program import Program
from autodiff.recording.reverse import describe, topological
from autodiff.recording.value import Value

__all__ = ["History", "NonFiniteError", "fit"]


class NonFiniteError(ArithmeticError):
    """Training met a number that is nan or infinite, and stopped; the parameters are the last good ones."""


@dataclass
class History:
    """What :func:`fit` did: the mean loss of each whole epoch, how many steps, and whether it was interrupted."""

    losses: list[float] = field(default_factory=list)
    steps: int = 0
    interrupted: bool = False


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
) -> History:
    """Train: change the parameters so that the mean of ``loss`` over the data falls.

    ``loss`` is recorded once, for one sample, from the leaves ``inputs`` (lists of them may be nested) and the
    parameters; a sample of ``data`` holds a number for each input, nested in whatever way:
    ``inputs=[image, label]`` goes with ``data=zip(images, labels)``, and so does a matrix. ``params`` is a list of
    Values or a Module, ``optimizer`` is ``Adam(params)`` unless it is given, and then brings its own params.

    Each epoch goes through the data once, in batches of ``batch_size`` in an order drawn with ``seed``, or in one
    batch (None). ``backend`` and ``threads`` are those of :class:`Program`. A progress bar is shown where tqdm is
    installed. ``after_epoch(history)`` sees the Values up to date; training ends where it answers True.

    A leaf that is neither input nor parameter keeps its number, and is named in a warning unless it stands among
    ``constants``: Values, Modules or lists of them, or True for whatever is there.

    At the end the parameters stand in their Values, and ``loss`` is up to date with them. So they do when it is
    interrupted (Ctrl-C, or the notebook's stop button), which ends the training and is noted in the history; and
    when a loss or gradient is not finite: then they are the last ones with a finite loss, and ``NonFiniteError``
    says where it happened. Data of a wrong shape, or not finite, raise ``ValueError``.

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
    program = Program(loss, inputs, optimizer.params, backend=backend, threads=threads)
    warn_of_constants(program, constants)
    rows = table(data, program)
    training = _Training(program, optimizer, rows, min(size or len(rows), len(rows)), random.Random(counted(seed)))

    def publish() -> None:
        write(program.params, training.numbers)
        graph.forward()

    try:
        with _bar(epochs * training.batches, progress) as bar:
            for _ in range(epochs):
                training.epoch(bar)
                if after_epoch is not None:
                    publish()
                    if is_true(after_epoch(training.history)):
                        break
            if bar is not None:
                bar.set_postfix_str(f"loss {training.history.losses[-1]:.4g}")
    except KeyboardInterrupt:
        training.history.interrupted = True
    finally:
        publish()
    return training.history


class _Training:
    """The state of a training: ``numbers`` are the present parameters, always finite."""

    def __init__(self, program: Program, optimizer: Optimizer, rows: Any, size: int, rng: random.Random) -> None:
        self.program, self.optimizer, self.rows, self.size, self.rng = program, optimizer, rows, size, rng
        reached = _reached(program.outputs[0], program.params)
        self.update = optimizer.update if all(reached) else partial(optimizer.update, reached=reached)
        self.history = History()
        self.numbers: Any = program.rim.own(program.read())
        self.good = self._moment()
        self.order = list(range(len(rows)))
        self.batches = -(-len(rows) // size)

    def epoch(self, bar: Any) -> None:
        total = 0.0
        for batch in self._shuffled():
            loss = self.step(batch)
            total += loss
            # The loss is written out only when the bar was just drawn: that is far slower than a step.
            if bar is not None and bar.update():
                bar.set_postfix_str(f"loss {loss / len(batch):.4g}", refresh=False)
        self.history.losses.append(total / len(self.rows))

    def step(self, batch: list[int]) -> float:
        """One step on these rows of the data; answers the sum of their losses."""
        losses, gradient = self.program.value_and_grad(self._taken(batch), self.numbers)
        if (where := self._wrong(losses)) is not None:
            self.numbers, self.optimizer.memory = self.good
            raise self._error(f"the loss is {quoted(float(losses[where]))} in row {batch[where]} of the data")
        self.good = self._moment()
        self._check(gradient, "the gradient")
        numbers = self.update(self.numbers, gradient)
        self._check(numbers, "the new number")
        self.numbers = numbers
        self.history.steps += 1
        return float(sum(plain(losses)))

    def _moment(self) -> tuple[Any, Any]:
        return self.numbers, self.optimizer.memory

    def _check(self, numbers: Any, what: str) -> None:
        if (where := self._wrong(numbers)) is not None:
            _, self.optimizer.memory = self.good
            param = describe(self.program.params[where])
            raise self._error(f"{what} of the parameter {param} is {quoted(float(numbers[where]))}")

    def _wrong(self, numbers: Any) -> int | None:
        found = self.program.rim.wrong(numbers)
        return None if found is None else found[1]

    def _error(self, what: str) -> NonFiniteError:
        return NonFiniteError(
            f"at step {self.history.steps} {what}; the parameters are the last with which all losses were finite. "
            "A smaller learning rate may help, or a look at that sample"
        )

    def _shuffled(self) -> Iterator[list[int]]:
        if self.size < len(self.rows):
            self.rng.shuffle(self.order)
        return (self.order[start : start + self.size] for start in range(0, len(self.order), self.size))

    def _taken(self, batch: list[int]) -> Any:
        if len(batch) == len(self.rows):
            return self.rows
        return self.program.rim.taken(self.rows, batch)


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


def _bar(total: int, progress: bool) -> AbstractContextManager[Any]:
    """tqdm's progress bar over so many steps, where it is wanted and installed."""
    if not progress or importlib.util.find_spec("tqdm") is None:
        return nullcontext()
    from tqdm.auto import tqdm

    bar: AbstractContextManager[Any] = tqdm(total=total, unit="step")
    return bar
