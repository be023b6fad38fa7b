"""Steepest descent, Adam and AdamW, each a formula with torch's arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from autodiff.ground.text import quoted
from autodiff.habits.answers import lacking
from autodiff.optim.optimizer import Optimizer, Rule, at_least_zero
from autodiff.optim.schedules import Schedule

__all__ = ["SGD", "Adam", "AdamW"]


class SGD(Optimizer):
    """Steepest descent: ``p -= lr * v``, where ``v = momentum * v + (1 - dampening) * g``, ``g = gradient +
    weight_decay * p``, and the first ``v`` is ``g``; with ``nesterov`` ``p -= lr * (g + momentum * v)``.

    ``params`` are leaf Values or a Module; wrong or negative numbers raise ``ValueError``, and so does ``nesterov``
    without momentum or with dampening. Keywords of torch that are not here raise ``TypeError`` and say what is.

    >>> from autodiff import Value
    >>> x = Value(1.0)
    >>> optimizer = SGD([x], lr=0.1, momentum=0.9)
    >>> for _ in range(3):
    ...     optimizer.zero_grad()
    ...     (x * x).backward()
    ...     optimizer.step()
    >>> round(x.data, 3)
    0.062
    """

    options = ("momentum", "dampening", "weight_decay", "nesterov", "maximize")

    @lacking("SGD")
    def __init__(
        self,
        params: Any,
        lr: float | Schedule,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        self.momentum, self.nesterov = at_least_zero("momentum", momentum), bool(nesterov)
        self.dampening = float(dampening)
        if self.nesterov and not (self.momentum > 0 and self.dampening == 0):
            raise ValueError(
                f"nesterov needs momentum, and no dampening; got momentum={momentum}, dampening={dampening}"
            )

    @property
    def kept(self) -> tuple[str, ...]:
        """Torch's names of what it remembers of each number."""
        return ("momentum_buffer",) if self.momentum else ()

    def _rule(self, rate: float, count: int, sqrt: Callable[[Any], Any]) -> Rule:
        decay, momentum, nesterov, maximize = self.weight_decay, self.momentum, self.nesterov, self.maximize
        share = 1 - self.dampening if count else 1.0  # the first gradient is not dampened

        def rule(number: Any, gradient: Any, speed: Any = None) -> tuple[Any, ...]:
            if maximize:
                gradient = -gradient
            if decay:
                gradient = gradient + decay * number
            if not momentum:
                return (number - rate * gradient,)
            speed = momentum * speed + (gradient if share == 1 else share * gradient)
            return number - rate * (gradient + momentum * speed if nesterov else speed), speed

        return rule


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): steps of about ``lr``, scaled by running means of the gradient and its square.

    ``weight_decay`` is added to the gradient, as in ``torch.optim.Adam``. ``betas`` lie in [0, 1), ``eps`` above 0;
    else ``ValueError``. Keywords of torch that are not here raise ``TypeError`` and say what is.

    >>> from autodiff import Value
    >>> x = Value(1.0)
    >>> optimizer = Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.9
    """

    options = ("betas", "eps", "weight_decay", "maximize")
    decoupled = False  # whether weights decay by themselves, and not through the gradient

    @lacking("Adam")
    def __init__(
        self,
        params: Any,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, weight_decay, maximize)
        if not isinstance(betas, Sequence) or len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are two numbers from 0 to below 1, got {quoted(betas)}")
        if not eps > 0:
            raise ValueError(f"eps must be above 0, got {quoted(eps)}")
        self.betas, self.eps = (float(betas[0]), float(betas[1])), float(eps)

    @property
    def kept(self) -> tuple[str, ...]:
        """Torch's names of what it remembers of each number."""
        return "exp_avg", "exp_avg_sq"

    def _rule(self, rate: float, count: int, sqrt: Callable[[Any], Any]) -> Rule:
        decay, eps, (beta1, beta2), maximize = self.weight_decay, self.eps, self.betas, self.maximize
        size, spread = rate / (1 - beta1 ** (count + 1)), math.sqrt(1 - beta2 ** (count + 1))
        shrinking, added = (1 - rate * decay, 0.0) if self.decoupled else (1.0, decay)

        def rule(number: Any, gradient: Any, mean: Any, square: Any) -> tuple[Any, ...]:
            if maximize:
                gradient = -gradient
            if added:
                gradient = gradient + added * number
            mean = mean + (1 - beta1) * (gradient - mean)
            square = beta2 * square + (1 - beta2) * gradient * gradient
            shrunk = number if shrinking == 1 else number * shrinking
            return shrunk - size * (mean / (sqrt(square) / spread + eps)), mean, square

        return rule


class AdamW(Adam):
    """Adam whose ``weight_decay`` shrinks the numbers by themselves: ``p -= lr * weight_decay * p``.

    Loshchilov and Hutter, 2019; everything else is as for :class:`Adam`.

    >>> from autodiff import Value
    >>> x = Value(1.0)
    >>> optimizer = AdamW([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> round(x.data, 6)
    0.899
    """

    decoupled = True

    @lacking("AdamW")
    def __init__(
        self,
        params: Any,
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, maximize=maximize)
