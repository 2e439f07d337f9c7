"""Near the equilibrium: the linear map that predicts training, and runs that measure it.

The prediction needs the learning rates and the sample's moments and fits nothing.
"""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Floats
from scripts.gan_training import theory
from scripts.gan_training.model import Rates, equilibrium, update

CONVERGING = (1e-4, 1e-9)
"""Distance from the equilibrium at which a near run starts, and stops, if it should converge."""

DIVERGING = (1e-10, 1e-6)
"""The same for a run that should not: far above rounding (1e-15), far below the curvature."""


def local_map(real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return the derivative (3, 3) of `model.update` at the equilibrium, for either loss.

    Rows and columns in the order of a state: theta, phi_0, phi_1.
    """
    moments = theory.moment_matrix(real, noise)
    return theory.alternating_map(moments, rates.generator, rates.discriminator)


def dominant_eigenvalue(real: Floats, noise: Floats, rates: Rates) -> complex:
    """Return the dominant eigenvalue of `local_map` (`theory.dominant_eigenvalue`)."""
    return complex(theory.dominant_eigenvalue(local_map(real, noise, rates)))


def behavior(multiplier: complex) -> str:
    """Return the name of the class that a dominant eigenvalue predicts."""
    return theory.NAMES[int(theory.behavior(multiplier))]


def near_run(real: Floats, noise: Floats, rates: Rates, updates: int) -> Floats:
    """Return the displacements (n + 1, 3) from the equilibrium of a run that starts near it.

    The start displaces theta alone, and the run ends at the second distance of `CONVERGING` or
    `DIVERGING` (by what the linear map predicts), or after `updates` updates.
    """
    rest = equilibrium(real, noise)
    converges = abs(dominant_eigenvalue(real, noise, rates)) < 1
    start, stop = CONVERGING if converges else DIVERGING
    displacements = [np.array([start, 0.0, 0.0])]
    for _ in range(updates):
        displacements.append(update(rest + displacements[-1], real, noise, rates) - rest)
        if (np.linalg.norm(displacements[-1]) < stop) == converges:
            break
    return np.array(displacements)


def measured_multiplier(displacements: Floats) -> complex:
    """Return the factor by which a near run's displacement is multiplied per update at its end.

    Fits u[n+2] = p u[n+1] + q u[n] to theta and phi_1 over the last quarter (rows scaled to size
    one; least norm where one mode is left) and returns the larger root of r^2 = p r + q, in the
    upper half plane (Prony's method). A run of fewer than twelve states has no such end: its last
    growth is returned.
    """
    if len(displacements) < 12:
        last, previous = np.linalg.norm(displacements[[-1, -2]], axis=1)
        return complex(last / previous)
    late = displacements[3 * len(displacements) // 4 :][:, [0, 2]]
    scale = np.linalg.norm(late[:-2], axis=1, keepdims=True)
    rows = np.stack([late[1:-1] / scale, late[:-2] / scale], axis=-1).reshape(-1, 2)
    (p, q), *_ = np.linalg.lstsq(rows, (late[2:] / scale).ravel(), rcond=1e-4)
    roots = np.roots([1.0, -p, -q]).astype(complex)
    return complex(max(roots, key=lambda root: (round(abs(root), 12), root.imag)))


def measured_behavior(displacements: Floats) -> str:
    """Return how a near run ends, from its distances and the signs of theta alone (`behavior`)."""
    sizes = np.linalg.norm(displacements, axis=1)
    if sizes[-1] >= sizes[0]:
        return theory.NAMES[theory.NO_CONVERGENCE]
    signs = np.sign(displacements[3 * len(displacements) // 4 :, 0])
    changes = np.mean(signs[1:] != signs[:-1])
    if changes == 0:
        return theory.NAMES[theory.MONOTONE]
    return theory.NAMES[theory.FLIP if changes > 0.9 else theory.SPIRAL]
