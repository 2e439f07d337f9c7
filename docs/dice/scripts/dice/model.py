"""The distribution of the sum of a red and a blue face, as a convolution."""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Floats


def sum_distribution(red: int, blue: int) -> Floats:
    """Return the probabilities of the sums 2, ..., red + blue, shape (red + blue - 1,).

    red, blue: the numbers of faces of both, which are fair.
    """
    return np.convolve(np.full(red, 1 / red), np.full(blue, 1 / blue))
