"""Losses: one Value that says how wrong the predictions are. In a Program, that of one sample."""

from __future__ import annotations

import math
from functools import reduce
from operator import add, index
from sys import float_info
from typing import Any, Literal, overload

from autodiff.functions import clamp, equal, exp, identity, log, maximum, minimum, stop, where
from autodiff.ground.foreign import plain
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, lacking
from autodiff.nn.nests import ONE_BY_ONE, cells, depth, flat, is_nest, mapped, row
from autodiff.programs.batches import differing
from autodiff.recording.scopes import scope
from autodiff.recording.value import Value

__all__ = ["cross_entropy", "hinge", "mse"]


@overload
def mse(predictions: Any, targets: Any, reduction: Literal["mean", "sum"] = "mean") -> Value: ...
@overload
def mse(predictions: Any, targets: Any, reduction: str) -> Any: ...
@answered
@lacking("mse")
def mse(predictions: Any, targets: Any, reduction: str = "mean") -> Any:
    """The mean of the squared differences, over Values or lists (of lists) of them.

    ``reduction`` is "mean", "sum", or "none" for the terms in lists of the predictions' shape, as in torch.
    ``ValueError`` when there are not as many targets as predictions.

    >>> mse([Value(1.0), Value(2.0)], [1.0, 4.0]).data
    2.0
    >>> [term.data for term in mse([Value(1.0), Value(2.0)], [1.0, 4.0], reduction="none")]
    [0.0, 4.0]
    """
    predictions = cells(predictions)
    pairs = _pairs("predictions", predictions, "targets", targets)
    with scope("mse"):
        return _reduced([(prediction - target) ** 2 for prediction, target in pairs], reduction, predictions)


@overload
def hinge(scores: Any, labels: Any, reduction: Literal["mean", "sum"] = "mean") -> Value: ...
@overload
def hinge(scores: Any, labels: Any, reduction: str) -> Any: ...
@answered
@lacking("hinge")
def hinge(scores: Any, labels: Any, reduction: str = "mean") -> Any:
    """The mean of ``relu(1 - label * score)``, for labels -1 and 1: micrograd's "max-margin" loss.

    ``reduction`` is as for :func:`mse`. A label that is a number, but neither -1 nor 1, raises ``ValueError``; so
    does a different count of both.

    >>> hinge([Value(0.5), Value(3.0)], [1, 1]).data
    0.25
    """
    scores = cells(scores)
    pairs = _pairs("scores", scores, "labels", labels)
    for _, label in pairs:
        if not isinstance(label, Value) and label not in (-1, 1):
            raise ValueError(f"labels of the hinge loss are -1 or 1, got {quoted(label)}")
    with scope("hinge"):
        return _reduced([(1 - label * score).relu() for score, label in pairs], reduction, scores)


@answered
@lacking("cross_entropy")
def cross_entropy(scores: Any, label: Any, reduction: str = "mean") -> Value:
    """``logsumexp(scores) - scores[label]``, which is minus the log of the probability that softmax gives the label.

    It is stable at any magnitude. ``label`` is one of three: a whole number from 0, which fixes it; a Value that
    holds one, so that a Program can take it as an input (a label out of range gives nan); or a list with the
    probability of each class (one-hot, say), of numbers or Values. A probability of 0 adds nothing, even where the
    score is -inf (0 log 0 = 0). A label out of range raises ``ValueError``, one that is not whole ``TypeError``.
    ``reduction`` may be "mean", "sum" or "none", which of the one sample that it takes are the same.

    >>> cross_entropy([Value(1000.0), Value(1000.0)], 0).data
    0.6931471805599453
    >>> round(cross_entropy([Value(0.0), Value(0.0)], [0.5, 0.5]).data, 6)
    0.693147
    """
    _check_reduction(reduction)
    classes = _flattened("scores", row(scores, "cross_entropy"))
    with scope("cross entropy"):
        # As in logsumexp the largest score is taken out, as a constant; here it need not be added back.
        shift = clamp(stop(maximum(*classes)), -float_info.max, float_info.max)
        shifted: list[Value] = [score - shift for score in classes]
        total = log(_sum([exp(score) for score in shifted]))
        label = plain(label)
        if isinstance(label, Value):
            return total - _chosen(shifted, label)
        if is_nest(label):
            pairs = _pairs("scores", shifted, "probabilities", row(label, "cross_entropy"))
            terms = [_weighted(total - score, share) for score, share in pairs if isinstance(share, Value) or share]
            return _sum(terms) if terms else identity(0.0)
        return total - shifted[_position(label, len(classes))]


def _weighted(cost: Value, share: Value | float) -> Value:
    """The cost times its probability; where that may become 0, an infinite cost is then held within the floats."""
    return share * (where(share, cost, minimum(cost, float_info.max)) if isinstance(share, Value) else cost)


def _chosen(classes: list[Value], label: Value) -> Value:
    """The score of the label, decided by its number: nan if there is none."""
    chosen: Value | float = math.nan
    for i in reversed(range(len(classes))):
        chosen = where(equal(label, float(i)), classes[i], chosen)
    return identity(chosen)


def _position(label: Any, count: int) -> int:
    try:
        position = index(label)
    except TypeError:
        kinds = "a whole number, a Value, or a list of probabilities"
        raise TypeError(f"a label is {kinds}, got {type(label).__name__} {quoted(label)}") from None
    if not 0 <= position < count:
        raise ValueError(f"labels for {count} scores are 0 to {count - 1}, got {position}")
    return position


def _reduced(terms: list[Value], reduction: str, like: Any) -> Any:
    """Their mean or sum, or the terms in lists of the shape of ``like``."""
    if _check_reduction(reduction) == "none":
        each = iter(terms)
        return mapped(lambda _: next(each), like)
    total = _sum(terms)
    return total / float(len(terms)) if reduction == "mean" and len(terms) > 1 else total


def _check_reduction(reduction: str) -> str:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction is "mean", "sum" or "none", got {quoted(reduction)}')
    return reduction


def _sum(terms: list[Value]) -> Value:
    return reduce(add, terms)


def _flattened(what: str, values: Any) -> list[Any]:
    found = flat(values)
    if not found:
        raise ValueError(f"there must be at least one of the {what}, got none")
    return found


def _pairs(left: str, lefts: Any, right: str, rights: Any) -> list[tuple[Value, Value | float]]:
    lefts, rights = cells(lefts), cells(rights)
    a, b = _flattened(left, lefts), _flattened(right, rights)
    if len(a) != len(b):
        tip = "" if depth(lefts) < 2 else f": {ONE_BY_ONE}"
        raise ValueError(f"there must be as many {right} as {left}, got {len(b)} for {len(a)}{tip}")
    if (shapes := differing(lefts, rights)) is not None:
        raise ValueError(f"{left} and {right} must have one shape, got {shapes[0]} and {shapes[1]}")
    return [(x if isinstance(x, Value) or isinstance(y, Value) else identity(x), y) for x, y in zip(a, b, strict=True)]
