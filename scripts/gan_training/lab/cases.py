"""Statistics over the cases of the noise experiment, some of which may not have been run: NaN."""

from __future__ import annotations

import math

import numpy as np

from scripts.common.arrays import Arrays, Bools, Floats
from scripts.gan_training import theory


def largest(numbers: Floats) -> float:
    """Return the largest of the numbers that are not NaN; NaN if there is none."""
    known = numbers[~np.isnan(numbers)]
    return float(known.max()) if known.size else math.nan


def median(numbers: Floats) -> float:
    """Return the median of the numbers that are not NaN; NaN if there is none."""
    known = numbers[~np.isnan(numbers)]
    return float(np.median(known)) if known.size else math.nan


def slowest_discriminators(arrays: Arrays) -> Bools:
    """Return which pairs of the shuffled scheme, (means, pairs), have the smallest η_D."""
    rate = arrays["rate_d"][:, theory.SCHEMES.index("shuffled")]
    return np.asarray(rate == rate.min(axis=1, keepdims=True))
