"""Contractions: the iteration, its error bounds, and the log-determinant series (exercise 4.4).

The bounds are plain formulas, so they take floats, exact fractions and SymPy symbols alike; the
checks use them with all three.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from scripts.common.arrays import Floats

Scalar = Any
"""A float, a `Fraction` or a SymPy expression: whatever arithmetic the caller wants."""


def iterate(step: Callable[[Scalar], Scalar], start: Scalar, steps: int) -> list[Scalar]:
    """Return z_0 = `start`, z_1 = step(z_0), ..., z_steps: a list of steps + 1 points."""
    points = [start]
    for _ in range(steps):
        points.append(step(points[-1]))
    return points


def a_priori_bound(lipschitz: Scalar, steps: int, first_move: Scalar) -> Scalar:
    """Bound |z_n - z*| by L^n / (1 - L) * |z_1 - z_0|, known after one step (Banach 1922).

    lipschitz: L in [0, 1). steps: n >= 0. first_move: |z_1 - z_0|.
    """
    return lipschitz**steps * first_move / (1 - lipschitz)


def a_posteriori_bound(lipschitz: Scalar, last_move: Scalar) -> Scalar:
    """Bound |z_n - z*| by L / (1 - L) * |z_n - z_{n-1}|, known after n >= 1 steps."""
    return lipschitz * last_move / (1 - lipschitz)


def steps_for(lipschitz: float, tolerance: float) -> int:
    """Return the least n with L^(n+1) / (1 - L) <= tolerance, for L in (0, 1).

    It makes the a-priori bound at most tolerance * |y| for z <- y - r(z) from z_0 = y when
    r(0) = 0: the first move is then |r(y)| <= L |y|.
    """
    return max(0, math.ceil(math.log(tolerance * (1 - lipschitz)) / math.log(lipschitz)) - 1)


def slope_bounds(lipschitz: Scalar) -> tuple[Scalar, Scalar]:
    """Return the bi-Lipschitz constants 1 - L and 1 + L of z + r(z)."""
    return 1 - lipschitz, 1 + lipschitz


def determinant_bounds(lipschitz: Scalar, dimension: int) -> tuple[Scalar, Scalar]:
    """Return (1 - L)^d and (1 + L)^d, between which det(I + J) lies when |J| <= L < 1."""
    least, largest = slope_bounds(lipschitz)
    return least**dimension, largest**dimension


def log_det_coefficient(order: int) -> Fraction:
    """Return the factor (-1)^(k+1) / k of tr(J^k) in log det(I + J), k = `order` >= 1."""
    return Fraction((-1) ** (order + 1), order)


def log_det_sums(jacobian: Floats, terms: int) -> Floats:
    """Return the partial sums S_0 = 0, S_1, ..., S_terms of the series of log det(I + J).

    jacobian: shape (d, d), float64, spectral norm below 1. Result: shape (terms + 1,).
    """
    sums = np.zeros(terms + 1)
    power = np.eye(len(jacobian))
    for order in range(1, terms + 1):
        power = power @ jacobian
        sums[order] = sums[order - 1] + float(log_det_coefficient(order)) * np.trace(power)
    return sums


def log_det_tail_bound(lipschitz: Scalar, terms: int, dimension: int) -> Scalar:
    """Bound |log det(I + J) - S_n| by d L^(n+1) / ((n + 1)(1 - L)), n = `terms` >= 0."""
    return dimension * lipschitz ** (terms + 1) / ((terms + 1) * (1 - lipschitz))


def power_iteration(matrix: Floats, start: Floats, iterations: int) -> Floats:
    """Return the estimates |W v| / |v| of the spectral norm, v <- W^T W v, after each iteration.

    matrix: W, shape (m, n). start: v, shape (n,), with W v not zero. Result: shape (iterations,).
    Every estimate is at most the spectral norm: it is the stretch of one particular vector.
    """
    estimates = np.empty(iterations)
    direction = start / np.linalg.norm(start)
    for iteration in range(iterations):
        direction = matrix.T @ (matrix @ direction)
        direction /= np.linalg.norm(direction)
        estimates[iteration] = np.linalg.norm(matrix @ direction)
    return estimates
