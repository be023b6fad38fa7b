"""Losses: one Value that says how wrong the predictions are. In a Program, that of one sample."""

from __future__ import annotations

import math
from functools import reduce
from operator import add, index
from sys import float_info
from typing import Any

from autodiff.foreign import plain
from autodiff.functions import clamp, equal, exp, identity, log, maximum, minimum, stop, where
from autodiff.nn.nests import flat, is_nest
from autodiff.recording.scopes import scope
from autodiff.recording.value import Value

__all__ = ["cross_entropy", "hinge", "mse"]


def mse(predictions: Any, targets: Any) -> Value:
    """The mean of the squared differences, over Values or lists (of lists) of them.

    ``ValueError`` when there are not as many targets as predictions.

    >>> mse([Value(1.0), Value(2.0)], [1.0, 4.0]).data
    2.0
    """
    pairs = _pairs("predictions", predictions, "targets", targets)
    with scope("mse"):
        return _mean([(prediction - target) ** 2 for prediction, target in pairs])


def hinge(scores: Any, labels: Any) -> Value:
    """The mean of ``relu(1 - label * score)``, for labels -1 and 1: micrograd's "max-margin" loss.

    A label that is a number, but neither -1 nor 1, raises ``ValueError``; so does a different count of both.

    >>> hinge([Value(0.5), Value(3.0)], [1, 1]).data
    0.25
    """
    pairs = _pairs("scores", scores, "labels", labels)
    for _, label in pairs:
        if not isinstance(label, Value) and label not in (-1, 1):
            raise ValueError(f"labels of the hinge loss are -1 or 1, got {label!r}")
    with scope("hinge"):
        return _mean([(1 - label * score).relu() for score, label in pairs])


def cross_entropy(scores: Any, label: Any) -> Value:
    """``logsumexp(scores) - scores[label]``, which is minus the log of the probability that softmax gives the label.

    It is stable at any magnitude. ``label`` is one of three: a whole number from 0, which fixes it; a Value that
    holds one, so that a Program can take it as an input (a label out of range gives nan); or a list with the
    probability of each class (one-hot, say), of numbers or Values. A probability of 0 adds nothing, even where the
    score is -inf (0 log 0 = 0). A label out of range raises ``ValueError``, one that is not whole ``TypeError``.

    >>> cross_entropy([Value(1000.0), Value(1000.0)], 0).data
    0.6931471805599453
    >>> round(cross_entropy([Value(0.0), Value(0.0)], [0.5, 0.5]).data, 6)
    0.693147
    """
    classes = _some("scores", scores)
    with scope("cross entropy"):
        # As in logsumexp the largest score is taken out, as a constant; here it need not be added back.
        shift = clamp(stop(maximum(*classes)), -float_info.max, float_info.max)
        shifted: list[Value] = [score - shift for score in classes]
        total = log(_sum([exp(score) for score in shifted]))
        label = plain(label)
        if isinstance(label, Value):
            return total - _chosen(shifted, label)
        if is_nest(label):
            pairs = _pairs("scores", shifted, "probabilities", label)
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
        raise TypeError(f"a label is {kinds}, got {type(label).__name__} {label!r}") from None
    if not 0 <= position < count:
        raise ValueError(f"labels for {count} scores are 0 to {count - 1}, got {position}")
    return position


def _mean(terms: list[Value]) -> Value:
    total = _sum(terms)
    return total / float(len(terms)) if len(terms) > 1 else total


def _sum(terms: list[Value]) -> Value:
    return reduce(add, terms)


def _some(what: str, values: Any) -> list[Any]:
    found = flat(values)
    if not found:
        raise ValueError(f"there must be at least one of the {what}, got none")
    return found


def _pairs(left: str, lefts: Any, right: str, rights: Any) -> list[tuple[Value, Value | float]]:
    a, b = _some(left, lefts), _some(right, rights)
    if len(a) != len(b):
        raise ValueError(f"there must be as many {right} as {left}, got {len(b)} for {len(a)}")
    return [(x if isinstance(x, Value) or isinstance(y, Value) else identity(x), y) for x, y in zip(a, b, strict=True)]
