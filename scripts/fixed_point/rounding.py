"""What double precision adds to the bounds: a-priori rounding analysis of the iteration.

Standard model of floating-point arithmetic, as in Higham, Accuracy and Stability of Numerical
Algorithms (2002, ch. 3): u = 2^-53, gamma_n = n u / (1 - n u), any order of summation, with or
without fused multiply-add. Underflow is ignored.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from scripts.common.arrays import Floats

EPS = 2.0**-52
UNIT = EPS / 2
TANH_ULPS = 4
"""Assumed accuracy of the library's tanh, in units in the last place; the checks test it."""


def gamma(operations: int) -> float:
    """Return n u / (1 - n u), the relative error that n roundings can accumulate to."""
    return operations * UNIT / (1 - operations * UNIT)


@dataclasses.dataclass(frozen=True)
class LayerErrors:
    """Errors of one evaluation of r at z, as multiples of |z|.

    hidden: one entry for each hidden layer's tanh output. output: the error of r(z) itself.
    """

    hidden: tuple[float, ...]
    output: float


def layer_errors(weights: Sequence[Floats], norms: Sequence[float], scale: float) -> LayerErrors:
    """Bound the rounding error of r(z) = scale * W_p tanh(... tanh(W_1 z)) layer by layer.

    weights: the matrices. norms: upper bounds of their spectral norms.
    A product W h computed in floating point is off by at most gamma_n |W|_F |h| (n columns).
    """
    size, error, hidden = 1.0, 0.0, []
    tanh = 2 * TANH_ULPS * UNIT
    for index, (matrix, norm) in enumerate(zip(weights, norms, strict=True)):
        product = gamma(matrix.shape[1]) * float(np.linalg.norm(matrix))
        reach = (norm + product) * size  # |fl(W h)| for the computed h
        error = norm * error + product * size
        if index < len(weights) - 1:
            error, size = error + tanh * reach, (1 + tanh) * reach
            hidden.append(error)
        else:
            error = scale * (error + UNIT * reach)
    return LayerErrors(tuple(hidden), error)


def accuracy_constant(output_error: float, lipschitz: float) -> float:
    """Return C such that xi / (1 - L) <= C * eps * |y| for the iteration z <- y - r(z).

    output_error: of `layer_errors`. xi bounds the error of one computed step at every iterate
    from z_0 = y; the iterates themselves stay within a multiple of |y|. Raises ValueError if
    rounding could push the computed iteration out of that ball.
    """
    growth = (1 + UNIT) * (lipschitz + output_error)
    if growth >= 1:
        raise ValueError(f"Lipschitz constant {lipschitz} is too close to 1 for double precision")
    radius = (1 + UNIT) / (1 - growth)
    step_error = (output_error + UNIT / (1 - UNIT)) * radius
    return step_error / (1 - lipschitz) / EPS


def jacobian_error(
    weights: Sequence[Floats], norms: Sequence[float], scale: float, latent_norm: float
) -> float:
    """Bound, in spectral norm, the rounding error of the Jacobian scale * W3 D2 W2 D1 W1.

    D_i = diag(1 - h_i^2) with h_i the tanh outputs; the factor 2 covers products of errors.
    """
    hidden = layer_errors(weights, norms, scale).hidden
    diagonal = sum(2 * error * latent_norm + 3 * UNIT for error in hidden)
    frobenius = math.prod(float(np.linalg.norm(matrix)) for matrix in weights)
    width = max(max(matrix.shape) for matrix in weights)
    return float(2 * scale * (math.prod(norms) * diagonal + 3 * gamma(width + 2) * frobenius))


def log_det_sum_error(lipschitz: float, dimension: int, terms: int) -> float:
    """Bound the rounding error of the partial sums of log det(I + J) from exact J, |J| <= L."""
    powers = gamma(dimension) * (dimension**1.5 + dimension) * lipschitz / (1 - lipschitz)
    additions = gamma(terms + 2) * dimension * -math.log1p(-lipschitz)
    return float(1.01 * (powers + additions))
