"""UDL problem 16.11 as published: what fitting a sampler f(z) to a density q can and cannot do.

Closed forms for the affine sampler f(z) = a + b z and a Gaussian q (UDL eq. 16.25, with and
without the entropy term); maps of [0, 1) that are affine on each of m equal cells; what the
reverse divergence charges for what is left out, and a q with two modes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import special

from scripts.common.arrays import Floats

Interval = tuple[int, int]
Scalar = Any
"""A float or a SymPy expression."""

ONE_MODE_FROM = 2.5
"""A value of mu, of q half N(-mu, 1), half N(mu, 1), above which one mode beats the middle."""


def steps_shown(path: Floats, sd: float) -> int:
    """Return the step to which runs are drawn: the first with |b| < sd/10000, or the last.

    path: (a, b) after each step of the run without the entropy term.
    """
    small = np.flatnonzero(np.abs(path[:, 1]) < 1e-4 * sd)
    return int(small[0]) if small.size else len(path) - 1


def students_shown(steps: int) -> list[int]:
    """Return the steps, at most three, at which the collapsing student's density is drawn."""
    return sorted({0, steps // 8, steps // 4})


def mean_loss(
    a: Scalar,
    b: Scalar,
    sample_mean: Scalar,
    sample_sd: Scalar,
    mean: Scalar,
    sd: Scalar,
    scale: Scalar,
    entropy: bool,
    log: Callable[[Scalar], Scalar],
) -> Scalar:
    """Return the mean over i of -log(scale * q(a + b z_i)), and of -log|b| if `entropy`.

    q is the density of N(mean, sd^2); the samples enter only by their mean and standard
    deviation (divisor N). log: the logarithm of the arithmetic in use, `math.log` or SymPy's.
    """
    distance = (a + b * sample_mean - mean) ** 2 + b**2 * sample_sd**2
    result = distance / (2 * sd**2) + log(2 * math.pi * sd**2) / 2 - log(scale)
    return result - log(b**2) / 2 if entropy else result


def cross_entropy_minimizer(mean: Scalar) -> tuple[Scalar, Scalar]:
    """Return the (a, b) that minimizes the loss without the entropy term: the mode, no spread."""
    return mean, 0


def kl_minimizers(
    sample_mean: Scalar, sample_sd: Scalar, mean: Scalar, sd: Scalar
) -> tuple[tuple[Scalar, Scalar], tuple[Scalar, Scalar]]:
    """Return both minimizers (a, b) of the loss with the entropy term, b > 0 first.

    sample_mean, sample_sd: of z_1..z_N (divisor N). They give f(z_i) mean `mean` and spread `sd`.
    """
    b = sd / sample_sd
    return (mean - b * sample_mean, b), (mean + b * sample_mean, -b)


def normal_kl(ratio: Scalar, shift: Scalar, log: Callable[[Scalar], Scalar] = math.log) -> Scalar:
    """Return KL(N(a, b^2) || N(mu, sigma^2)) from |b| / sigma and (a - mu) / sigma.

    log: the logarithm of the arithmetic in use, also NumPy's or SymPy's.
    """
    return (ratio**2 + shift**2 - 1) / 2 - log(ratio)


def gaussian_kl(path: Floats, mean: float, sd: float) -> Floats:
    """Return KL(N(a, b^2) || N(mean, sd^2)) for each row (a, b) of `path`.

    A spread that has underflowed to zero counts as the smallest normal number.
    """
    ratio = np.maximum(np.abs(path[:, 1]) / sd, np.finfo(float).tiny)
    shift = (path[:, 0] - mean) / sd
    return np.asarray(normal_kl(ratio, shift, np.log))


def fitted_kl(sample_mean: Scalar, sample_sd: Scalar, log: Callable[[Scalar], Scalar]) -> Scalar:
    """Return KL(N(a, b^2) || q) at either of `kl_minimizers`: it depends on the samples only.

    log: the logarithm of the arithmetic in use, `math.log` or SymPy's.
    """
    return ((1 + sample_mean**2) / sample_sd**2 - 1) / 2 + log(sample_sd)


def mean_fitted_kl(count: int) -> float:
    """Return the mean of `fitted_kl` over `count` > 3 independent standard normal samples."""
    return 2 / (count - 3) + (float(special.digamma((count - 1) / 2)) + math.log(2 / count)) / 2


def smoothed_kl(cross_entropy: float, half_width: float, sd: float, count: int) -> float:
    """Return KL(p_h || q) for q = N(., sd^2) and p_h the average of `count` disjoint boxes.

    Each sample x_i becomes a uniform density on [x_i - h, x_i + h], h = `half_width`;
    `cross_entropy` is the mean of -log q(x_i). Tends to infinity as h tends to 0.
    """
    return cross_entropy + half_width**2 / (6 * sd**2) - math.log(2 * half_width * count)


def change_of_variables_value(images: Sequence[Interval]) -> float:
    """Return mean(log p_z - log|f'| - log q) for z uniform, q uniform on [0, 1).

    images: f maps cell i, [i/m, (i+1)/m), affinely onto [lo/m, hi/m) with lo < hi, so its
    slope there is hi - lo. This equals KL(pushed-forward density || q) only if f is injective.
    """
    return -sum(math.log(high - low) for low, high in images) / len(images)


def pushforward_density(images: Sequence[Interval]) -> list[Fraction]:
    """Return the density of f(z) on each cell, z uniform: the sum of 1/|f'| over branches.

    images: as in `change_of_variables_value`; every interval lies in 0..m.
    """
    return [
        sum((Fraction(1, high - low) for low, high in images if low <= cell < high), Fraction(0))
        for cell in range(len(images))
    ]


def kl_to_uniform(density: Sequence[Fraction]) -> float:
    """Return KL(p || uniform) for p constant on each of len(density) equal cells of [0, 1)."""
    return sum(float(p) * math.log(p) for p in density if p > 0) / len(density)


def modular_map(branches: int) -> list[Interval]:
    """Return the images of the cells under f(z) = k z mod 1, k = `branches`: all of [0, 1)."""
    return [(0, branches)] * branches


def restriction_cost(mass: Scalar, log: Callable[[Scalar], Scalar] = math.log) -> Scalar:
    """Return the least KL(p || q) of all p that vanish outside a set A, from `mass` = q(A) > 0."""
    return -log(mass)


def least_loss(highest: Scalar, log: Callable[[Scalar], Scalar] = math.log) -> Scalar:
    """Return the least mean of -log q(x_i) over all samples, from `highest` = max q."""
    return -log(highest)


def one_mode_bounds(mean: float) -> tuple[float, float]:
    """Bound KL(p || q) above and KL(q || p) below, p = N(mu, 1), q half N(-mu, 1), half N(mu, 1).

    mean: mu > 0.
    """
    return math.log(2), mean**2 - math.log(2)


def centered_bound(mean: float) -> float:
    """Bound KL(N(0, b^2) || q) below for every b > 0, q half N(-mu, 1), half N(mu, 1), mu > 0."""
    return (0.5 - 1 / math.pi) * mean**2 - 0.5 - math.log1p(mean * math.sqrt(2 / math.pi))


def forward_minimizer(mean: float) -> tuple[float, float]:
    """Return the (a, b) with the least KL(q || N(a, b^2)), q half N(-mu, 1), half N(mu, 1)."""
    return 0.0, math.sqrt(1 + mean**2)
