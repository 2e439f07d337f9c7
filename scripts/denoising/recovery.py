"""When the closest image is the right one: the assumption of exercise 4.2(a), counted exactly."""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Bools, Floats


def separations(images: Floats) -> Floats:
    """Return for each image (m, d) its distance (m,) to the nearest other one; needs m >= 2."""
    squares = _squared_distances(images)
    np.fill_diagonal(squares, np.inf)
    return np.asarray(np.sqrt(squares.min(axis=1)))


def holds(images: Floats, noises: Floats, signal: float, noise: float) -> tuple[Bools, Bools]:
    """Return two tables (m, n) over the noisy images x_tij = signal x_i + noise epsilon_j.

    The first says where the assumption holds: x_i is closer to x_tij than any other image. The
    second says where the sufficient condition does: |x_tij - x_i| < half the distance from x_i
    to the nearest other image.

    Only inner products enter, computed once: with v = x_i - x_k,
    |x_tij - x_k|^2 - |x_tij - x_i|^2 = |v|^2 - 2 (1 - signal) <x_i, v> + 2 noise <epsilon_j, v>.
    """
    gram, projections = images @ images.T, noises @ images.T
    squares, norms = _squared_distances(images), np.diag(gram)
    base = squares - 2.0 * (1.0 - signal) * (norms[:, None] - gram)
    np.fill_diagonal(base, np.inf)
    assumption = np.empty((len(images), len(noises)), dtype=np.bool_)
    for j, along in enumerate(projections):
        margin = 2.0 * noise * along + (base - 2.0 * noise * along[None, :]).min(axis=1)
        assumption[:, j] = margin > 0.0
    moved = (
        noise**2 * (noises**2).sum(axis=1)[None, :]
        - 2.0 * noise * (1.0 - signal) * projections.T
        + ((1.0 - signal) ** 2 * norms)[:, None]
    )
    np.fill_diagonal(squares, np.inf)
    condition = moved < squares.min(axis=1)[:, None] / 4.0
    return assumption, condition


def safe_alpha(images: Floats, noises: Floats) -> float:
    """Return a level from which on, up to 1, the assumption holds for every noisy image.

    1 - delta^2 / (4 (R + E)^2): delta the least distance of two images, R and E the largest
    norms of an image and of a noise.
    """
    delta = separations(images).min()
    reach = np.linalg.norm(images, axis=1).max() + np.linalg.norm(noises, axis=1).max()
    return float(1.0 - delta**2 / (4.0 * reach**2))


def _squared_distances(images: Floats) -> Floats:
    norms = (images**2).sum(axis=1)
    return np.asarray(norms[:, None] + norms[None, :] - 2.0 * (images @ images.T))
