"""Covariances and weights of the noising step x_t = a x_{t−1} + b ε_t (problems 18.1 and 18.2).

Only + − · / and matrix products are used, so that arrays of dtype float64 give numbers and arrays
of dtype object give algebra (SymPy symbols) or exact fractions from the very same code.
Source: Prince, Understanding Deep Learning, sec. 18.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scripts.common.arrays import Floats, Numbers

Scalar = Any
"""A float, a Fraction or a SymPy expression."""


def step_covariance(
    start: Numbers, noise: Numbers, cross: Numbers, weights: tuple[Scalar, Scalar]
) -> Numbers:
    """Return Cov[a x + b ε], shape (d, d).

    start, noise: Cov[x] and Cov[ε], shape (d, d). cross: Cov[x, ε], shape (d, d), zero when x and
    ε are uncorrelated. weights: (a, b).
    """
    a, b = weights
    stepped: Numbers = a * a * start + a * b * (cross + cross.T) + b * b * noise
    return stepped


def stationary_variance(weights: tuple[Scalar, Scalar]) -> Scalar:
    """Return b²/(1 − a²), the variance that a step with weights (a, b) leaves as it is; a² ≠ 1."""
    a, b = weights
    return b * b / (1 - a * a)


def variance_after(steps: int, start: Scalar, weights: tuple[Scalar, Scalar]) -> Scalar:
    """Return the variance after `steps` >= 0 equal steps from the variance `start`; a² ≠ 1."""
    a, _ = weights
    limit = stationary_variance(weights)
    return limit + a ** (2 * steps) * (start - limit)


def long_run_variance(weights: tuple[Scalar, Scalar], start: Scalar) -> Scalar:
    """Return the limit of the variance under equal steps from `start` >= 0, `math.inf` included."""
    a, b = weights
    if a * a < 1:
        return stationary_variance(weights)
    return start if b == 0 and (a * a == 1 or start == 0) else math.inf


def signal_left(betas: Numbers) -> Numbers:
    """Return ᾱ_1, …, ᾱ_T (the book's α_t): running products of 1 − β_s; shape (T,) as `betas`."""
    left: Numbers = np.cumprod(1 - betas)
    return left


def covariance_after(start: Numbers, signal: Scalar) -> Numbers:
    """Return Cov[x_t] = I + ᾱ_t (Cov[x_0] − I), shape (d, d); `signal` is ᾱ_t."""
    identity = np.eye(start.shape[0], dtype=int)
    mended: Numbers = identity + signal * (start - identity)
    return mended


def noise_shares(betas: Numbers) -> Numbers:
    """Return the squared weights of ε_1, …, ε_t in x_t: β_s · Π_{r>s} (1 − β_r), shape (t,)."""
    shares: Numbers = betas * np.append(np.cumprod((1 - betas)[:0:-1])[::-1], 1)
    return shares


def noise_correlation_squared(earlier: Scalar, later: Scalar) -> Scalar:
    """Return the squared correlation of the merged noises of times s < t, from ᾱ_s and ᾱ_t."""
    return later * (1 - earlier) / (earlier * (1 - later))


def coin_excess(weights: tuple[Scalar, Scalar]) -> Scalar:
    """Return the excess kurtosis of aε₁ + bε₂ when ε₂ = ±ε₁ by a fair coin; (a, b) ≠ (0, 0)."""
    a, b = weights
    return 12 * a**2 * b**2 / (a**2 + b**2) ** 2


def linear_schedule(first: float, last: float, steps: int) -> Floats:
    """Return β_1, …, β_T, equally spaced from `first` to `last` (Ho et al. 2020, sec. 4)."""
    return np.linspace(first, last, steps)
