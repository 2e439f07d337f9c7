"""Laws that problem 18.2 is about, as float64 densities and distribution functions.

The coin: ε₂ = ±ε₁ with a fair coin, uncorrelated with ε₁ but not independent of it. The pair:
x_0 = ±1, noised. Both give mixtures of two normal laws.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from scripts.common.arrays import Floats
from scripts.common.normal import normal_density


def normal_cdf(z: Floats) -> Floats:
    """Return the distribution function of N(0, 1) at `z`."""
    cdf: Floats = special.ndtr(z)
    return cdf


def coin_density(z: Floats, a: float, b: float) -> Floats:
    """Return the density of a ε₁ + b ε₂ at `z`, ε₂ = ±ε₁ by a fair coin; |a| ≠ |b|."""
    return 0.5 * normal_density(z, (a + b) ** 2) + 0.5 * normal_density(z, (a - b) ** 2)


def coin_cdf(z: Floats, a: float, b: float) -> Floats:
    """Return P(a ε₁ + b ε₂ <= z) for the coin; for |a| = |b| it jumps by 1/2 at 0."""
    wide, narrow = abs(a + b), abs(a - b)

    def share(deviation: float) -> Floats:
        return normal_cdf(z / deviation) if deviation > 0.0 else np.where(z >= 0.0, 1.0, 0.0)

    return 0.5 * share(wide) + 0.5 * share(narrow)


def noised_pair_density(x: Floats, signal: float) -> Floats:
    """Return the density of √ᾱ x_0 + √(1 − ᾱ) ε at `x`, x_0 = ±1 equally likely; ᾱ = `signal`."""
    center = np.sqrt(signal)
    left, right = normal_density(x + center, 1.0 - signal), normal_density(x - center, 1.0 - signal)
    return 0.5 * (left + right)
