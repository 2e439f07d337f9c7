"""The normal law on the line, as float64 arrays."""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Floats


def normal_density(x: Floats, variance: float) -> Floats:
    """Return the density of N(0, variance) at `x`; variance > 0."""
    bell: Floats = np.exp(-np.square(x) / (2.0 * variance)) / np.sqrt(2.0 * np.pi * variance)
    return bell
