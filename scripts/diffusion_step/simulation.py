"""The noising chain run one step at a time on many independent starts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scripts.common.arrays import Floats


def run_chain(
    start: Floats, weights: Sequence[tuple[float, float]], rng: np.random.Generator
) -> Floats:
    """Return x_T of x_t = a_t x_{t−1} + b_t ε_t, ε_t standard normal; same shape as `start`.

    weights: the pairs (a_t, b_t), t = 1, …, T.
    """
    state = start.copy()
    for a, b in weights:
        state *= a
        state += b * rng.standard_normal(state.shape)
    return state


def preserving_weights(betas: Floats) -> list[tuple[float, float]]:
    """Return (√(1 − β_t), √β_t) for each β_t: the weights of problem 18.1."""
    return [(math.sqrt(1.0 - beta), math.sqrt(beta)) for beta in betas]


def covariance_band(sample_size: int, dimension: int, rate: float) -> float:
    """Return how far, relatively, a sample covariance of normal vectors may lie from the true one.

    With the mean known to be 0, the spectral norm of Σ^(−1/2) S Σ^(−1/2) − I exceeds 2δ + δ²
    with chance <= rate, where δ = (√d + √(2 log(2/rate)))/√n (Davidson & Szarek 2001, thm II.13).
    """
    reach = math.sqrt(dimension) + math.sqrt(2.0 * math.log(2.0 / rate))
    deviation = reach / math.sqrt(sample_size)
    return 2.0 * deviation + deviation**2
