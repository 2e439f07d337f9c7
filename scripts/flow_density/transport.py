"""Increasing maps between laws on the line, and what a Lipschitz map does to tails."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from scipy import special


def quantile(weights: Sequence[Fraction], level: Fraction) -> int:
    """Return min{x : F(x) >= level}, 0 < level <= 1, for the law with P(X = x) = weights[x]."""
    total = Fraction(0)
    for place, weight in enumerate(weights):
        total += weight
        if total >= level:
            return place
    raise ValueError(f"the weights add to {total}, less than the level {level}")


def tail_bound(reach: float, constant: float) -> float:
    """Return P(|Z| > reach/constant), Z ~ N(0, 1): bounds P(|f(Z) − f(0)| > reach).

    constant: the Lipschitz constant of f.
    """
    return float(2.0 * special.ndtr(-reach / constant))
