"""Trains many GANs at once: the arithmetic of the baseline, many learning rates.

Each GAN has its own rates and start. A block of `LANES` GANs advances together, one processor lane
each, so a sum over the sample is never reordered: results do not depend on the grid's shape.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from scripts.common.arrays import Floats
from scripts.gan_training.lab.logistic import OPTIONS, complement

LANES = 64
"""GANs in a block: enough to fill vector registers, few enough for their state to stay in L1."""

CHUNK = 100
"""Epochs between two looks at a block."""


@njit(**OPTIONS)  # type: ignore[untyped-decorator]
def advance(
    real: Any,
    noise: Any,
    generator_rate: Any,
    discriminator_rate: Any,
    alternating: Any,
    state: Any,
    path: Any,
) -> None:
    """Advance one block by len(path) epochs; `state` (3, LANES) and `path` are overwritten."""
    m = real.size
    theta, intercept, slope = state[0].copy(), state[1].copy(), state[2].copy()
    sum0, sum1 = np.empty_like(theta), np.empty_like(theta)
    logit, seen = np.empty_like(theta), np.empty_like(theta)
    step_g, step_d = generator_rate / m, discriminator_rate / m
    for epoch in range(path.shape[0]):
        for lane in range(LANES):
            sum0[lane] = 0.0
            sum1[lane] = 0.0
            logit[lane] = intercept[lane] + slope[lane] * theta[lane]
            seen[lane] = slope[lane]
        for i in range(m):
            x, z = real[i], noise[i]
            for lane in range(LANES):  # doubt 1 - D(x), belief D(g(z))
                doubt = complement(intercept[lane] + slope[lane] * x)
                belief = complement(-(logit[lane] + slope[lane] * z))
                sum0[lane] += belief - doubt
                sum1[lane] += belief * (z + theta[lane]) - doubt * x
        for lane in range(LANES):
            intercept[lane] -= step_d[lane] * sum0[lane]
            slope[lane] -= step_d[lane] * sum1[lane]
            sum0[lane] = 0.0
            if alternating:
                logit[lane] = intercept[lane] + slope[lane] * theta[lane]
                seen[lane] = slope[lane]
        for i in range(m):
            z = noise[i]
            for lane in range(LANES):
                sum0[lane] += complement(logit[lane] + seen[lane] * z)
        for lane in range(LANES):
            theta[lane] += step_g[lane] * seen[lane] * sum0[lane]
            path[epoch, 0, lane] = theta[lane]
            path[epoch, 1, lane] = intercept[lane]
            path[epoch, 2, lane] = slope[lane]
    for lane in range(LANES):  # assigning whole rows would take Numba 3 s to compile
        state[0, lane], state[1, lane], state[2, lane] = theta[lane], intercept[lane], slope[lane]


def available_threads() -> int:
    """Return ASSIGNMENT_THREADS, the threads of the rule, else the number of usable cores."""
    if hasattr(os, "sched_getaffinity"):  # which macOS has not
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    return int(os.environ.get("ASSIGNMENT_THREADS") or usable)


def paths(
    real: Floats,
    noise: Floats,
    generator_rate: ArrayLike,
    discriminator_rate: ArrayLike,
    start: ArrayLike,
    epochs: int,
    *,
    alternating: bool = True,
) -> Floats:
    """Train a few GANs by full-batch gradient descent and return every state, start first.

    The states are (epochs + 1, 3, n). real, noise: (m,), the data set and the generator's inputs,
    the same at every epoch. generator_rate, discriminator_rate: (n,), one pair a GAN. start: (3,)
    or (3, n), in the order θ, φ₀, φ₁. alternating: whether the generator sees the new φ.
    """
    grid = Grid(real, noise, generator_rate, discriminator_rate, start)
    everything = np.empty((epochs + 1, 3, grid.blocks * LANES))
    everything[0, :, : grid.size] = grid.states
    for block in range(grid.blocks):
        path = np.empty((epochs, 3, LANES))
        grid.advance(block, path, alternating)
        everything[1:, :, block * LANES : (block + 1) * LANES] = path
    return everything[:, :, : grid.size]


class Grid:
    """GANs in blocks of `LANES`; the last block is filled up with GANs that do not learn."""

    def __init__(
        self,
        real: Floats,
        noise: Floats,
        generator_rate: ArrayLike,
        discriminator_rate: ArrayLike,
        start: ArrayLike,
    ) -> None:
        if np.shape(real) != np.shape(noise) or np.ndim(real) != 1:
            raise ValueError(f"one noise value a data point: {np.shape(real)}, {np.shape(noise)}")
        g, d = np.broadcast_arrays(
            np.asarray(generator_rate, float), np.asarray(discriminator_rate, float)
        )
        self.size = g.size
        self.blocks = -(-g.size // LANES)
        self.real, self.noise = np.asarray(real, float), np.asarray(noise, float)
        self.rates = np.array([self._filled(g), self._filled(d)])
        first = np.asarray(start, float)
        first = np.broadcast_to(first[:, None] if first.ndim == 1 else first, (3, g.size))
        self._states = np.array([self._filled(row) for row in first])

    def _filled(self, values: Floats) -> Floats:
        return np.pad(values, (0, self.blocks * LANES - self.size))

    @property
    def states(self) -> Floats:
        """The GANs' states (3, n)."""
        return self._states[:, : self.size]

    def advance(self, block: int, path: Floats, alternating: bool) -> None:
        """Train a block for len(path) epochs and write its states (epochs, 3, LANES) to `path`."""
        lanes = slice(block * LANES, (block + 1) * LANES)
        state = np.ascontiguousarray(self._states[:, lanes])
        rates = np.ascontiguousarray(self.rates[:, lanes])
        advance(self.real, self.noise, *rates, alternating, state, path)
        self._states[:, lanes] = state
