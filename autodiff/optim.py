"""Optimisers with torch's arithmetic, on Values or on flat lists and arrays of numbers, and learning rate schedules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autodiff.recording.reverse import describe
from autodiff.recording.value import Value

__all__ = ["SGD", "Adam", "Optimizer", "cosine", "leaves", "linear", "step", "write"]

Schedule = Callable[[int], float]
Numbers = Any  # a flat list, or a NumPy array of one dimension


class Optimizer:
    """What all optimisers share: the Values they change, the learning rate, and the number of steps taken.

    ``params`` is a list of leaf Values or a Module; it may be empty for one that only ever gets numbers. ``lr``
    is a number, or a function of the step's number (0 for the first), such as :func:`cosine` answers.
    """

    def __init__(self, params: Any, lr: float | Schedule, weight_decay: float = 0.0) -> None:
        self.params = leaves(params)
        self.lr = lr
        self.weight_decay = _at_least_zero("weight_decay", weight_decay)
        self.steps = 0
        self.state: tuple[Numbers, ...] = ()  # what it remembers of earlier gradients; never changed in place
        if not callable(lr):
            _at_least_zero("lr", lr)

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return _at_least_zero(f"lr at step {self.steps}", self.lr(self.steps) if callable(self.lr) else self.lr)

    def update(self, numbers: Numbers, gradient: Numbers) -> Numbers:
        """The numbers after one step against ``gradient``: a list for lists, an array for arrays, to the same bits.

        Nothing is changed in place. ``ValueError`` when the two differ in length, or from the step before.

        >>> SGD([], lr=0.5).update([1.0, 2.0], [1.0, -1.0])
        [0.5, 2.5]
        """
        sizes = {len(numbers), len(gradient), *map(len, self.state)}
        if len(sizes) > 1:
            before = f", and {len(self.state[0])} numbers at the step before" if self.state else ""
            raise ValueError(f"got {len(numbers)} numbers, a gradient of {len(gradient)}{before}")
        rate = self.rate
        if _is_array(numbers) or _is_array(gradient):
            import numpy

            numbers, gradient = (numpy.asarray(x, dtype=float) for x in (numbers, gradient))
            state = tuple(numpy.asarray(x, dtype=float) for x in self.state)
            with numpy.errstate(all="ignore"):  # inf and nan are numbers, here as in lists
                new, *moved = self._rule(rate, numpy.sqrt)(numbers, gradient, *state)
        else:
            rows = map(self._rule(rate, math.sqrt), numbers, gradient, *self.state)
            new, *moved = map(list, zip(*rows, strict=True)) if len(numbers) else ([],)
        self.steps, self.state = self.steps + 1, tuple(moved)
        return new

    def step(self) -> None:
        """Change the Values by the gradients that ``backward()`` left; one without a gradient stays as it is.

        ``RuntimeError`` when none of them has a gradient.

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
        new = self.update([param.data for param in self.params], [param.grad for param in self.params])
        moved = [pair for pair, there in zip(zip(self.params, new, strict=True), reached, strict=True) if there]
        write([param for param, _ in moved], [number for _, number in moved])

    def zero_grad(self) -> None:
        """Forget the gradients of the Values: they are "not computed" again, and read as 0.0."""
        for param in self.params:
            param.grad = None

    def _rule(self, rate: float, sqrt: Callable[[Any], Any]) -> Callable[..., tuple[Any, ...]]:
        """The step as a formula: number, gradient and state to the new number and the new state."""
        raise NotImplementedError(f"{type(self).__name__} has no rule")


class SGD(Optimizer):
    """Steepest descent: ``p -= lr * v``, where ``v = momentum * v + gradient + weight_decay * p``.

    ``params`` are leaf Values or a Module; wrong or negative numbers raise ``ValueError``.

    >>> x = Value(1.0)
    >>> optimizer = SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> round(x.data, 3)
    0.062
    """

    def __init__(self, params: Any, lr: float | Schedule, momentum: float = 0.0, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, weight_decay)
        self.momentum = _at_least_zero("momentum", momentum)

    def _rule(self, rate: float, sqrt: Callable[[Any], Any]) -> Callable[..., tuple[Any, ...]]:
        decay, momentum = self.weight_decay, self.momentum

        def rule(number: Any, gradient: Any, speed: Any = None) -> tuple[Any, ...]:
            if decay:
                gradient = gradient + decay * number
            if not momentum:
                return (number - rate * gradient,)
            speed = gradient if speed is None else momentum * speed + gradient
            return number - rate * speed, speed

        return rule


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): steps of about ``lr``, scaled by running means of the gradient and its square.

    ``weight_decay`` is added to the gradient, as in ``torch.optim.Adam``. ``betas`` lie in [0, 1), ``eps`` above 0;
    else ``ValueError``.

    >>> x = Value(1.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    def __init__(
        self,
        params: Any,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr, weight_decay)
        if not isinstance(betas, Sequence) or len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are two numbers from 0 to below 1, got {betas!r}")
        if not eps > 0:
            raise ValueError(f"eps must be above 0, got {eps!r}")
        self.betas, self.eps = (float(betas[0]), float(betas[1])), float(eps)

    def _rule(self, rate: float, sqrt: Callable[[Any], Any]) -> Callable[..., tuple[Any, ...]]:
        decay, eps, (beta1, beta2) = self.weight_decay, self.eps, self.betas
        count = self.steps + 1
        size, spread = rate / (1 - beta1**count), math.sqrt(1 - beta2**count)

        def rule(number: Any, gradient: Any, mean: Any = 0.0, square: Any = 0.0) -> tuple[Any, ...]:
            if decay:
                gradient = gradient + decay * number
            mean = mean + (1 - beta1) * (gradient - mean)
            square = beta2 * square + (1 - beta2) * gradient * gradient
            return number - size * (mean / (sqrt(square) / spread + eps)), mean, square

        return rule


def linear(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """A learning rate that falls from ``lr`` to ``end`` in a straight line over ``steps`` steps, and stays there.

    micrograd's demo uses ``linear(1.0, 100, 0.1)``. ``ValueError`` when ``steps`` is below 1.

    >>> rate = linear(1.0, 4)
    >>> [rate(i) for i in (0, 1, 2, 3, 4, 9)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    _positive("steps", steps)
    return lambda i: lr - (lr - end) * (i / steps) if i < steps else end


def cosine(lr: float, steps: int, end: float = 0.0) -> Schedule:
    """A learning rate that falls from ``lr`` to ``end`` along half a cosine over ``steps`` steps, and stays there.

    ``ValueError`` when ``steps`` is below 1.

    >>> rate = cosine(1.0, 4)
    >>> [round(rate(i), 4) for i in (0, 1, 2, 3, 4, 9)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    _positive("steps", steps)
    return lambda i: end + (lr - end) * (1 + math.cos(math.pi * i / steps)) / 2 if i < steps else end


def step(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """A learning rate that is multiplied by ``factor`` after ``every`` so many steps.

    ``ValueError`` when ``every`` is below 1.

    >>> rate = step(1.0, every=2, factor=0.5)
    >>> [rate(i) for i in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    _positive("every", every)
    return lambda i: lr * factor ** (i // every)


def write(params: Sequence[Value], numbers: Sequence[float]) -> None:
    """Put numbers into Values: an interrupt in between comes through once all are written."""
    try:
        _write(params, numbers)
    except KeyboardInterrupt:
        _write(params, numbers)
        raise


def leaves(params: Any) -> list[Value]:
    """The leaf Values of a list or a Module, checked: ``TypeError`` and ``ValueError`` name what is wrong."""
    if hasattr(params, "parameters"):
        params = params.parameters()
    if isinstance(params, Value) or not isinstance(params, Iterable):
        raise TypeError(f"parameters are a list of Values or a Module, got {type(params).__name__}")
    found: dict[Value, None] = {}
    for param in params:
        if not isinstance(param, Value):
            raise TypeError(f"parameters are Values, got {type(param).__name__}")
        if param.op is not None:
            raise ValueError(f"{describe(param)} is computed; parameters must be leaves")
        if param in found:
            raise ValueError(f"{describe(param)} stands twice among the parameters")
        found[param] = None
    return list(found)


def _write(params: Sequence[Value], numbers: Sequence[float]) -> None:
    for param, number in zip(params, numbers, strict=True):
        param.data = number


def _is_array(x: object) -> bool:
    return hasattr(x, "__array_interface__")


def _at_least_zero(name: str, number: float) -> float:
    try:
        number = float(number)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {type(number).__name__}") from None
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be a finite number of at least 0, got {number!r}")
    return number


def _positive(name: str, number: int) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {number!r}")
