"""Near the equilibrium: the linear map that predicts training, and runs that measure it.

The prediction needs the learning rates and the sample's moments and fits nothing. Displacements
are measured in `units`, so that one size means the same for data of any mean and spread.
"""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Floats
from scripts.gan_training import theory
from scripts.gan_training.model import Rates, equilibrium, update

CONVERGING = (1e-4, 1e-9)
"""Distance from the equilibrium at which a near run starts, and stops, if it should converge."""

DIVERGING = (1e-10, 1e-4)
"""The same for a run that should not: far above rounding, below the curvature."""

SHORTEST = 12
"""A near run of fewer states has no last quarter to speak of."""


def units(real: Floats, noise: Floats) -> Floats:
    """Return the units (3,) of theta, phi_0, phi_1: one of each is a step of the data's own size.

    theta counts in spreads of the samples; phi_1 so that one unit moves a typical point's log-odds
    by one, as one unit of phi_0 does.
    """
    moments = theory.moment_matrix(real, noise)
    return np.array([np.sqrt((real.var() + noise.var()) / 2), 1.0, 1 / np.sqrt(moments[1, 1])])


def rounding(real: Floats, noise: Floats, rates: Rates) -> float:
    """Return the distance, in `units`, within which rounding decides where a run is.

    theta is known to one rounding of the largest point, and it stands still once a step
    eta_G phi_1 / 2, where phi_1 is about delta / v, is smaller than that.
    """
    largest = float(np.abs(np.concatenate([real, noise + equilibrium(real, noise)[0]])).max())
    spread = float(units(real, noise)[0])
    return float(np.finfo(float).eps) * largest / spread * (1 + spread**2 / rates.generator)


def local_map(real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return the derivative (3, 3) of `model.update` at the equilibrium, for either loss.

    Rows and columns in the order of a state: theta, phi_0, phi_1.
    """
    moments = theory.moment_matrix(real, noise)
    return theory.alternating_map(moments, rates.generator, rates.discriminator)


def map_in_units(real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return `local_map` of a state in `units`."""
    unit = units(real, noise)
    return np.asarray(local_map(real, noise, rates) * unit / unit[:, None])


def dominant_eigenvalue(real: Floats, noise: Floats, rates: Rates) -> complex:
    """Return the dominant eigenvalue of `local_map` (`theory.dominant_eigenvalue`)."""
    return complex(theory.dominant_eigenvalue(local_map(real, noise, rates)))


def behavior(multiplier: complex) -> str:
    """Return the name of the class that a dominant eigenvalue predicts."""
    return theory.NAMES[int(theory.behavior(multiplier))]


def time_scale(multiplier: complex) -> float:
    """Return in how many updates a distance changes by a factor e; infinite if it stays."""
    rate = abs(np.log(abs(multiplier))) if multiplier else np.inf
    return float(1 / rate) if rate > 0 else np.inf


def near_run(real: Floats, noise: Floats, rates: Rates, updates: int) -> Floats:
    """Return the displacements (n + 1, 3), in `units`, of a run that starts near the equilibrium.

    The start displaces theta alone, and the run ends at the second distance of `CONVERGING` or
    `DIVERGING` (by what the linear map predicts), or after `updates` updates. No distance is less
    than a thousand times `rounding`.
    """
    rest, unit, floor = equilibrium(real, noise), units(real, noise), rounding(real, noise, rates)
    converges = abs(dominant_eigenvalue(real, noise, rates)) < 1
    start, stop = (max(d, 1e3 * floor) for d in (CONVERGING if converges else DIVERGING))
    displacements = [np.array([start, 0.0, 0.0])]
    for _ in range(updates):
        state = rest + displacements[-1] * unit
        displacements.append((update(state, real, noise, rates) - rest) / unit)
        if (np.linalg.norm(displacements[-1]) < stop) == converges:
            break
    return np.array(displacements)


def measured_multiplier(displacements: Floats) -> complex:
    """Return the factor by which a near run's displacement is multiplied per update at its end.

    Fits u[n+2] = p u[n+1] + q u[n] to theta and phi_1 over the last quarter (rows scaled to size
    one; least norm where one mode is left) and returns the larger root of r^2 = p r + q, in the
    upper half plane (Prony's method). A run of fewer than `SHORTEST` states has no such end: its
    last growth is returned.
    """
    if len(displacements) < SHORTEST:
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


def shows_its_mode(derivative: Floats, near: Floats) -> bool:
    """Whether the last quarter of a near run shows the dominant mode alone, and enough of it.

    derivative: (3, 3), of the update, in `units` as the run. What is left of the other modes
    there, from the decomposition of the start into eigenvectors, may bend the measured logarithmic
    rate by 0.3 percent at most.
    """
    values, vectors = np.linalg.eig(derivative)
    first = complex(max(values, key=lambda e: (abs(e), e.imag)))
    scale, length = time_scale(first), len(near)
    if length < SHORTEST or scale == 0 or length < 4 * scale:
        return False
    parts = np.abs(np.linalg.solve(vectors, near[0].astype(complex)) * vectors[[0, 2]])
    sizes = parts.max(axis=0) * (np.abs(values) / abs(first)) ** (3 * length // 4)
    leading = np.isclose(np.abs(values), abs(first), rtol=1e-9)
    bend = np.abs(values - first) * sizes / sizes[leading].max() * scale
    turns = abs(np.angle(first)) * (length // 4) / np.pi
    enough_turns = first.imag == 0 or 1.2 < turns < 0.2 * length
    return bool(enough_turns and bend[~leading].max(initial=0.0) < 3e-3)
