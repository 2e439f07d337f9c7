"""The change-of-variables formula in one dimension, and the maps of problems 16.1 and 16.2.

A density is a function that takes an array of points and returns an array of the same shape.
Everything is float64. Source of the formula: Prince, Understanding Deep Learning, eq. 16.1.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np

from scripts.common.arrays import Floats
from scripts.common.normal import normal_density

Function = Callable[[Floats], Floats]


@dataclasses.dataclass(frozen=True)
class Branch:
    """A strictly monotone C¹ map z -> x of an interval, with its inverse and its derivative."""

    forward: Function
    inverse: Function
    derivative: Function


def _logistic(z: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-z))


def _logit(x: Floats) -> Floats:
    return np.log(x) - np.log1p(-x)


def _logistic_slope(z: Floats) -> Floats:
    return 0.25 / np.square(np.cosh(z / 2.0))  # σ(z)(1 − σ(z)), without cancellation for large z


SQUARE = Branch(np.square, np.sqrt, lambda z: 2.0 * z)
"""Problem 16.1: x = z² on [0, 1]; the derivative vanishes at 0."""

SQUARE_LEFT = Branch(np.square, lambda x: -np.sqrt(x), lambda z: 2.0 * z)
"""The other half of the parabola: x = z² on the negative numbers, decreasing."""

LOGISTIC = Branch(_logistic, _logit, _logistic_slope)
"""Problem 16.2: x = 1/(1 + exp(−z)) on the real line, onto (0, 1)."""

NEGATIVE_LOG = Branch(lambda z: -np.log(z), lambda x: np.exp(-x), lambda z: -1.0 / z)
"""A decreasing map: x = −log z on (0, 1], onto [0, ∞)."""


def uniform_density(z: Floats, low: float, high: float) -> Floats:
    """Return the density of the uniform law on [low, high] at `z`; low < high."""
    return np.where((z >= low) & (z <= high), 1.0 / (high - low), 0.0)


def pushforward_density(x: Floats, base: Function, branches: Sequence[Branch]) -> Floats:
    """Return the density of f(Z) at `x`, Z having density `base`.

    branches: the monotone pieces of f; one for a monotone map. Each adds
        base(z)/|f′(z)| at the z of its piece with f(z) = x; `base` must vanish where its piece
        is not defined. `x` must lie in the image, away from critical values (f′ = 0).
    """
    total = np.zeros_like(x)
    for branch in branches:
        z = branch.inverse(x)
        total += base(z) / np.abs(branch.derivative(z))
    return total


def square_density(x: Floats) -> Floats:
    """Density of z² for z uniform on [0, 1] (problem 16.1), at 0 < x <= 1."""
    base = functools.partial(uniform_density, low=0.0, high=1.0)
    return pushforward_density(x, base, [SQUARE])


def logistic_density(x: Floats, variance: float = 1.0) -> Floats:
    """Density of 1/(1 + exp(−z)) for z ~ N(0, variance), at 0 < x < 1; problem 16.2: variance 1."""
    base = functools.partial(normal_density, variance=variance)
    return pushforward_density(x, base, [LOGISTIC])


def exponential_density(x: Floats) -> Floats:
    """Density of −log z for z uniform on [0, 1], at x >= 0."""
    base = functools.partial(uniform_density, low=0.0, high=1.0)
    return pushforward_density(x, base, [NEGATIVE_LOG])


def folded_density(x: Floats, left_end: float) -> Floats:
    """Density of z², z uniform on [−left_end, 1], 0 < left_end < 1, at 0 < x <= 1: two branches."""
    base = functools.partial(uniform_density, low=-left_end, high=1.0)
    return pushforward_density(x, base, [SQUARE, SQUARE_LEFT])


def right_mode(variance: float) -> float:
    """Return the place x >= 1/2 of the highest point of `logistic_density` on its right half.

    It is the logistic function of the largest solution of z = variance · tanh(z/2); that is
    z = 0, hence x = 1/2, unless variance > 2. Found by bisection, to the last bit.
    """
    low, high = 0.0, float(variance)  # tanh <= 1, so no solution lies above `variance`
    if variance <= 2.0:
        return 0.5
    while low < (middle := 0.5 * (low + high)) < high:
        if variance * np.tanh(middle / 2.0) > middle:
            low = middle
        else:
            high = middle
    return float(_logistic(np.array(low)))
