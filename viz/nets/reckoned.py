"""Products and sums written out, in as many figures as it takes for them to be true as they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence

from viz.nets.figures import figured

__all__ = ["bracketed", "holds", "number_of", "product", "total"]

MOST = 12  # parts of a sum that are written out


def product(one: float, other: float, whole: float) -> str:
    """Two factors and what they make.

    >>> product(0.41997434161402614, -1.4, -0.5879640782596366), product(1.0, 0.7, 0.7)
    ('0.42 × (−1.4) = −0.588', '1 × 0.7 = 0.7')
    """
    figures = next((count for count in (3, 4, 5, 6) if holds(one, other, whole, count)), 3)
    sign = "=" if holds(one, other, whole, figures) else "≈"
    return f"{figured(one, figures)} × {bracketed(figured(other, figures))} {sign} {figured(whole, figures)}"


def holds(one: float, other: float, whole: float, figures: int = 3) -> bool:
    """Whether a product is true in so many figures of each number."""
    made = number_of(figured(one, figures)) * number_of(figured(other, figures))
    return figured(made, figures) == figured(whole, figures)


def number_of(text: str) -> float:
    """The number that a text of ours says."""
    return float(text.replace("−", "-"))


def bracketed(text: str) -> str:
    """A number behind a sign."""
    return f"({text})" if text.startswith("−") else text


def total(parts: Sequence[float], whole: float) -> str:
    """A sum written out, the largest parts of many, and what it makes.

    >>> total([0.3, 1.1], 1.4), total([0.5, -0.25], 0.25), total([], 0.0)
    ('0.3 + 1.1 = 1.4', '0.5 + (−0.25) = 0.25', '0')
    """
    if len(parts) <= 1:
        return figured(whole, 3)
    for figures in (2, 3, 4, 5, 6, 3):
        texts, made = [figured(x, figures) for x in parts], figured(whole, figures)
        added, near = math.fsum(map(number_of, texts)), abs(number_of(made) - whole) <= 2e-3 * abs(whole)
        if is_true := near and math.isclose(added, number_of(made), rel_tol=1e-9, abs_tol=1e-12):
            break
    if len(texts) > MOST:
        largest = sorted(range(len(parts)), key=lambda k: -abs(parts[k]))[: MOST - 2]
        rest = len(texts) - len(largest)
        texts, is_true = [*(texts[k] for k in sorted(largest)), f"{rest} smaller ones"], True
    said = [text if k == 0 else bracketed(text) for k, text in enumerate(texts)]
    return f"{' + '.join(said)} {'=' if is_true else '≈'} {made}"
