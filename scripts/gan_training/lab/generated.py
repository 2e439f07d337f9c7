"""What a trained generator puts out, examined without sampling."""

from __future__ import annotations

import numpy as np
from scipy import special

from scripts.common.arrays import Floats

QUANTILES = 2001
"""Noise values at which a trained generator is examined."""

MODE_SPREAD = 0.5
"""Standard deviation of each mode of the mixture; the separations are in the same unit."""

DROPPED = 0.01
"""A mode that gets less than this share of the generated points is dropped."""


def noise_quantiles() -> Floats:
    """Return the noise values (QUANTILES,): equally likely quantiles of N(0, 1), not a sample."""
    return np.asarray(special.ndtri((np.arange(QUANTILES) + 0.5) / QUANTILES))


def gaussian_fit(outputs: Floats, mean: float, spread: float) -> Floats:
    """Return (runs, 3): mean, standard deviation, Kolmogorov-Smirnov distance to N(mean, spread²).

    outputs: (runs, n), equally likely values of each generator.
    """
    ordered = np.sort(outputs, axis=1)
    n = ordered.shape[1]
    levels = special.ndtr((ordered - mean) / spread)
    above = (np.arange(1, n + 1) / n - levels).max(axis=1)
    below = (levels - np.arange(n) / n).max(axis=1)
    return np.stack([outputs.mean(axis=1), outputs.std(axis=1), np.maximum(above, below)], axis=1)


def smaller_share(outputs: Floats, separation: float) -> Floats:
    """Return (runs,): the share of a generator's mass nearer the mode it favors less.

    Two modes at ±separation/2; 0.5 is an even split, 0 a dropped mode. Mass farther than a quarter
    of the separation from both modes counts for neither.
    """
    modes = np.array([-separation / 2, separation / 2])
    near = np.abs(outputs[:, :, None] - modes) < separation / 4
    return np.asarray(near.mean(axis=1).min(axis=1))


def dropped_shares(mixtures: Floats, separations: Floats) -> list[float]:
    """Return, for each separation, the share of runs whose generator dropped a mode.

    mixtures: (separations, runs, n), outputs of the generators trained on each mixture.
    """
    pairs = zip(mixtures, separations, strict=True)
    return [float(np.mean(smaller_share(row, float(gap)) < DROPPED)) for row, gap in pairs]
