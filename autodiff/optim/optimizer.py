"""What all optimisers share: steps on Values or on flat lists and arrays of numbers, and what is remembered of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from autodiff.ground.calls import Named, call
from autodiff.ground.text import quoted
from autodiff.habits.answers import refuse_attribute, refuse_setting
from autodiff.optim import states
from autodiff.optim.parameters import leaves, tensors, write
from autodiff.optim.schedules import Schedule

__all__ = ["Numbers", "Optimizer", "Rule", "at_least_zero"]

Numbers = Any  # a flat list, or a NumPy array of one dimension
Rule = Callable[..., tuple[Any, ...]]  # of number, gradient and what is remembered: the new number and memories


class Optimizer:
    """What all optimisers share: the Values they change, the learning rate, and the number of steps taken.

    ``params`` is a list of leaf Values or a Module; it may be empty for one that only ever gets numbers. ``lr``
    is a number, or a function of the step's number (0 for the first), such as :func:`cosine` answers.
    ``maximize`` goes along the gradient and not against it.
    """

    options: ClassVar[tuple[str, ...]] = ("weight_decay", "maximize")  # its keywords beside lr, as torch calls them

    def __init__(self, params: Any, lr: float | Schedule, weight_decay: float = 0.0, maximize: bool = False) -> None:
        self.params = leaves(params)
        self.tensors = tensors(params, self.params)
        self.lr = lr
        self.weight_decay, self.maximize = at_least_zero("weight_decay", weight_decay), bool(maximize)
        self.steps = 0
        self.counts: int | list[int] = 0  # the steps that moved each number, or one count where all are alike
        self.state: tuple[Numbers, ...] = ()  # what it remembers of earlier gradients; never changed in place
        if not callable(lr):
            at_least_zero("lr", lr)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return at_least_zero(f"lr at step {self.steps}", self.lr(self.steps) if callable(self.lr) else self.lr)

    @property
    def kept(self) -> tuple[str, ...]:
        """Torch's names of what it remembers of each number."""
        return ()

    @property
    def memory(self) -> tuple[int, int | list[int], tuple[Numbers, ...]]:
        """All that a step changes beside the parameters; what was read before a step undoes it when it is set."""
        return self.steps, self.counts, self.state

    @memory.setter
    def memory(self, memory: tuple[int, int | list[int], tuple[Numbers, ...]]) -> None:
        self.steps, self.counts, self.state = memory

    def update(self, numbers: Numbers, gradient: Numbers, reached: Collection[bool] | None = None) -> Numbers:
        """The numbers after one step against ``gradient``: a list for lists, an array for arrays, to the same bits.

        ``reached`` says which of them have a gradient, by default all: the others stay as they are, and so does
        what is remembered of them. Nothing is changed in place. ``ValueError`` when lengths differ.

        >>> from autodiff.optim import SGD
        >>> SGD([], lr=0.5).update([1.0, 2.0], [1.0, -1.0])
        [0.5, 2.5]
        """
        self._check(numbers, gradient, reached)
        size, rate = len(numbers), self.rate
        rows = numbers, gradient, *(self.state or [[0.0] * size] * len(self.kept))
        if _is_array(numbers) or _is_array(gradient):
            import numpy

            with numpy.errstate(all="ignore"):  # inf and nan are numbers, here as in lists
                rules = self._rules(reached, rate, numpy.sqrt)
                new, *moved = _arrays(rules, [numpy.asarray(row, dtype=float) for row in rows])
        else:
            lists = [row.tolist() if _is_array(row) else row for row in rows]  # what arrays left behind
            new, *moved = _lists(self._rules(reached, rate, math.sqrt), lists) if size else ([], *self.state)
        self.memory = self.steps + 1, _counted(self.counts, reached), tuple(moved)
        return new

    def step(self) -> None:
        """Change the Values by the gradients that ``backward()`` left.

        One whose gradient was not computed is skipped, as torch skips one whose gradient is None; one that no path
        leads to has the gradient 0. ``RuntimeError`` when none of them has a gradient.

        >>> from autodiff import Value
        >>> from autodiff.optim import SGD
        >>> x = Value(3.0)
        >>> optimizer = SGD([x], lr=0.1)
        >>> (x * x).backward()
        >>> optimizer.step()
        >>> x.data
        2.4
        """
        reached = [param.grad_state != "not computed" for param in self.params]
        if not any(reached):
            raise RuntimeError("no parameter has a gradient: call backward() on the loss before step()")
        gradient = [param.grad for param in self.params]
        new = self.update([param.data for param in self.params], gradient, None if all(reached) else reached)
        moved = [pair for pair, there in zip(zip(self.params, new, strict=True), reached, strict=True) if there]
        write([param for param, _ in moved], [number for _, number in moved])

    def zero_grad(self) -> None:
        """Forget the gradients of the Values: they are "not computed" again, and read as 0.0."""
        for param in self.params:
            param.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Its keywords and what it remembers, as numbers and lists in torch's layout.

        An optimiser of a Module keeps the shapes of the Module's tensors, one of a list of Values a number for each.
        Of a schedule there is the present rate, and the number of steps.

        >>> from autodiff import Value
        >>> from autodiff.optim import SGD
        >>> x = Value(3.0, "x")
        >>> optimizer = SGD([x], lr=0.1, momentum=0.9)
        >>> (x * x).backward()
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"]
        {0: {'step': 1.0, 'momentum_buffer': 6.0}}
        """
        return states.saved(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what :meth:`state_dict` answered, or that of torch's optimiser of the same network: all or none.

        A learning rate that is a schedule stays, and goes on from the saved step. ``ValueError`` names what is of
        another optimiser, or of parameters of other names or shapes.
        """
        states.load(self, state)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            refuse_attribute(self, "OPTIMISER", name)

        def __setattr__(self, name, value):
            if name not in self.__dict__:
                refuse_setting(self, "OPTIMISER", name, ("lr", "params", *self.options))
            super().__setattr__(name, value)

    def __repr__(self) -> str:
        made = {"params": Named(f"<{len(self.params)} parameters>"), "lr": self.lr}
        return call(type(self), lambda name: made[name] if name in made else getattr(self, name, Named("...")))

    def _check(self, numbers: Numbers, gradient: Numbers, reached: Collection[bool] | None) -> None:
        counts = [self.counts] if isinstance(self.counts, list) else []
        before = [*map(len, (*self.state, *counts))]
        if len({len(numbers), len(gradient), *before}) > 1:
            more = f", and {before[0]} numbers at the step before" if before else ""
            raise ValueError(f"got {len(numbers)} numbers, a gradient of {len(gradient)}{more}")
        if reached is not None and len(reached) != len(numbers):
            raise ValueError(f"got {len(numbers)} numbers, and {len(reached)} that say which have a gradient")

    def _rules(self, reached: Collection[bool] | None, rate: float, sqrt: Callable[[Any], Any]) -> Rule | list[Rule]:
        """One rule for all numbers, or one for each: those that took as many steps have the same."""
        counts = self.counts
        if reached is None and isinstance(counts, int):
            return self._rule(rate, counts, sqrt)
        rule = cache(lambda count: self._rule(rate, count, sqrt))
        reached = [True] * len(counts) if reached is None and isinstance(counts, list) else reached or ()
        counts = [counts] * len(reached) if isinstance(counts, int) else counts
        return [rule(count) if there else _stay for count, there in zip(counts, reached, strict=True)]

    def _rule(self, rate: float, count: int, sqrt: Callable[[Any], Any]) -> Rule:
        """The step after ``count`` others: of number, gradient and memories the new number and the new memories."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")


def at_least_zero(name: str, number: Any) -> float:
    """A finite number of at least 0 that was asked for by ``name``; else ``TypeError`` or ``ValueError``."""
    try:
        number = float(number)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {type(number).__name__}") from None
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, got {quoted(number)}")
    return float(number)


def _stay(number: Any, gradient: Any, *memories: Any) -> tuple[Any, ...]:
    """The rule of a number without a gradient."""
    return number, *memories


def _lists(rules: Rule | list[Rule], rows: Sequence[Numbers]) -> list[Numbers]:
    each = map(rules, *rows) if callable(rules) else (rule(*row) for rule, *row in zip(rules, *rows, strict=True))
    return [*map(list, zip(*each, strict=True))]


def _arrays(rules: Rule | list[Rule], rows: Sequence[Numbers]) -> Sequence[Numbers]:
    if callable(rules):
        return rules(*rows)
    out = [row.copy() for row in (rows[0], *rows[2:])]
    for rule in set(rules):
        places = [place for place, other in enumerate(rules) if other is rule]
        for row, part in zip(out, rule(*(row[places] for row in rows)), strict=True):
            row[places] = part
    return out


def _counted(counts: int | list[int], reached: Collection[bool] | None) -> int | list[int]:
    """The counts after a step of those that were reached."""
    if reached is None:
        return counts + 1 if isinstance(counts, int) else [count + 1 for count in counts]
    before = [counts] * len(reached) if isinstance(counts, int) else counts
    after = [count + there for count, there in zip(before, map(bool, reached), strict=True)]
    return after if len(set(after)) != 1 else after[0]


def _is_array(x: object) -> bool:
    return hasattr(x, "__array_interface__")
