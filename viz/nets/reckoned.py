"""Products and sums written out, in as many figures as it takes for them to be true as they stand."""

from __future__ import annotations

from viz.nets.figures import figured

__all__ = ["bracketed", "holds", "number_of", "product"]


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
