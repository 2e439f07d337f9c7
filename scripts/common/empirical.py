"""Empirical distribution functions, and how far they may stray."""

from __future__ import annotations

import math

import numpy as np

from scripts.common.arrays import Floats


def empirical_cdf(sample: Floats, points: Floats) -> Floats:
    """Return the share of `sample` (shape (n,)) at or below each of `points` (shape (k,))."""
    return np.searchsorted(np.sort(sample), points, side="right") / sample.size


def dkw_band(sample_size: int, rate: float) -> float:
    """Return the distance that an empirical distribution function exceeds with chance <= rate.

    sample_size: number of independent draws. Dvoretzky-Kiefer-Wolfowitz inequality with Massart's
    constant: P(sup |F_n − F| > e) <= 2 exp(−2 n e²), for every n and every law.
    """
    return math.sqrt(math.log(2.0 / rate) / (2.0 * sample_size))
