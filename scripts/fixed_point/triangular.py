"""Inverse autoregressive flows x_j = a_j(z_1..z_{j-1}) + b_j(z_1..z_{j-1}) z_j with b_j > 0.

The student of Parallel WaveNet (van den Oord et al. 2018) is a stack of such layers: all of x at
once from z, one coordinate after the other back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Scalar = Any
"""A float or a `Fraction`."""
Layer = Callable[[Sequence[Scalar]], tuple[Scalar, Scalar]]
"""Shift a_j and scale b_j > 0 from z_1..z_{j-1}."""


def forward(layers: Sequence[Layer], z: Sequence[Scalar]) -> list[Scalar]:
    """Return x = f(z), one layer a coordinate."""
    pairs = [layer(z[:j]) for j, layer in enumerate(layers)]
    return [shift + scale * part for (shift, scale), part in zip(pairs, z, strict=True)]


def inverting_step(
    layers: Sequence[Layer], x: Sequence[Scalar]
) -> Callable[[Sequence[Scalar]], list[Scalar]]:
    """Return the map z_j <- (x_j - a_j) / b_j, all j at once with a_j and b_j at the old z."""

    def step(z: Sequence[Scalar]) -> list[Scalar]:
        pairs = [layer(z[:j]) for j, layer in enumerate(layers)]
        return [(part - shift) / scale for (shift, scale), part in zip(pairs, x, strict=True)]

    return step


def logistic_entropy(dimension: int, mean_log_scale: float) -> float:
    """Return the entropy of f(z) in nats, z_1..z_d independent standard logistic.

    mean_log_scale: E[log b_1 + ... + log b_d].
    """
    return 2 * dimension + mean_log_scale
