"""Trains a whole grid of GANs at once: the arithmetic of the baseline, many learning rates.

Each GAN has its own rates, start and (if wanted) data. A block of `LANES` GANs advances together,
one processor lane each, so a sum over the sample is never reordered: results do not depend on the
grid's shape or on the number of threads. Blocks are dealt out to threads that hold no lock.
Memory grows with the grid; a block's path exists only while that block is trained.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from scripts.gan_training.lab import logistic
from scripts.gan_training.lab.progress import Progress

LANES = 64
"""GANs in a block: enough to fill vector registers, few enough for their state to stay in L1."""

CHUNK = 100
"""Epochs between two looks at a block; its path is kept for so long."""

Floats = NDArray[Any]


@functools.cache
def kernel(precision: str) -> Any:
    """Return the compiled kernel for "float64" or "float32" (see `advance`, below)."""
    complement = logistic.complement(precision)
    dtype = np.float64 if precision == "float64" else np.float32
    zero = dtype(0)

    @njit(**logistic.OPTIONS)  # type: ignore[untyped-decorator]
    def advance(
        real: Any, noise: Any, rate_g: Any, rate_d: Any, alternating: Any, state: Any, path: Any
    ) -> None:
        """Advance one block by len(path) epochs; `state` (3, LANES) and `path` are overwritten."""
        m = real.size
        theta, phi0, phi1 = state[0].copy(), state[1].copy(), state[2].copy()
        sum0, sum1 = np.empty_like(theta), np.empty_like(theta)
        logit, slope = np.empty_like(theta), np.empty_like(theta)
        step_g, step_d = rate_g / dtype(m), rate_d / dtype(m)
        for epoch in range(path.shape[0]):
            for lane in range(LANES):
                sum0[lane] = zero
                sum1[lane] = zero
                logit[lane] = phi0[lane] + phi1[lane] * theta[lane]
                slope[lane] = phi1[lane]
            for i in range(m):
                x, z = real[i], noise[i]
                for lane in range(LANES):  # doubt 1 - D(x), belief D(g(z))
                    doubt = complement(phi0[lane] + phi1[lane] * x)
                    belief = complement(-(logit[lane] + phi1[lane] * z))
                    sum0[lane] += belief - doubt
                    sum1[lane] += belief * (z + theta[lane]) - doubt * x
            for lane in range(LANES):
                phi0[lane] -= step_d[lane] * sum0[lane]
                phi1[lane] -= step_d[lane] * sum1[lane]
                sum0[lane] = zero
                if alternating:
                    logit[lane] = phi0[lane] + phi1[lane] * theta[lane]
                    slope[lane] = phi1[lane]
            for i in range(m):
                z = noise[i]
                for lane in range(LANES):
                    sum0[lane] += complement(logit[lane] + slope[lane] * z)
            for lane in range(LANES):
                theta[lane] += step_g[lane] * slope[lane] * sum0[lane]
                path[epoch, 0, lane] = theta[lane]
                path[epoch, 1, lane] = phi0[lane]
                path[epoch, 2, lane] = phi1[lane]
        for lane in range(LANES):  # assigning whole rows would take Numba 3 s to compile
            state[0, lane], state[1, lane], state[2, lane] = theta[lane], phi0[lane], phi1[lane]

    return advance


def available_threads() -> int:
    """Return GAN_THREADS, which the rule sets to its threads, else the number of usable cores."""
    if hasattr(os, "sched_getaffinity"):  # which macOS has not
        usable = len(os.sched_getaffinity(0))
    else:
        usable = os.cpu_count() or 1
    return int(os.environ.get("GAN_THREADS") or usable)


def train(
    real: Floats,
    noise: Floats,
    rate_g: ArrayLike,
    rate_d: ArrayLike,
    start: ArrayLike,
    epochs: int,
    *,
    dtype: type[np.floating[Any]] = np.float64,
    alternating: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Floats:
    """Train GANs by full-batch gradient descent and return their final states (3, n).

    real, noise: (m,), the data set and the generator's inputs, the same at every epoch.
    rate_g, rate_d: (n,), one pair a GAN. start: (3,) or (3, n), in the order θ, φ₀, φ₁.
    dtype: np.float64 or np.float32. alternating: whether the generator sees the new φ.
    threads: None means `available_threads()`. progress: called with (done, all) GANs.
    """
    grid = Grid(real, noise, rate_g, rate_d, start, dtype)

    def work(block: int) -> None:
        path = np.empty((min(epochs, CHUNK), 3, LANES), dtype)
        for first in range(0, epochs, CHUNK):
            grid.advance(block, path[: epochs - first], alternating)

    grid.each_block(work, threads, progress)
    return grid.states


def paths(
    real: Floats,
    noise: Floats,
    rate_g: ArrayLike,
    rate_d: ArrayLike,
    start: ArrayLike,
    epochs: int,
    *,
    dtype: type[np.floating[Any]] = np.float64,
    alternating: bool = True,
) -> Floats:
    """Train a few GANs as `train` does and return every state (epochs + 1, 3, n), start first."""
    grid = Grid(real, noise, rate_g, rate_d, start, dtype)
    everything = np.empty((epochs + 1, 3, grid.blocks * LANES), dtype)
    everything[0, :, : grid.size] = grid.states

    def work(block: int) -> None:
        path = np.empty((epochs, 3, LANES), dtype)
        grid.advance(block, path, alternating)
        everything[1:, :, block * LANES : (block + 1) * LANES] = path

    grid.each_block(work, threads=1, progress=None)
    return everything[:, :, : grid.size]


class Grid:
    """GANs in blocks of `LANES`; the last block is filled up with GANs that do not learn."""

    def __init__(
        self,
        real: Floats,
        noise: Floats,
        rate_g: ArrayLike,
        rate_d: ArrayLike,
        start: ArrayLike,
        dtype: type[np.floating[Any]],
    ) -> None:
        if np.shape(real) != np.shape(noise) or np.ndim(real) != 1:
            raise ValueError(f"one noise value a data point: {np.shape(real)}, {np.shape(noise)}")
        g, d = np.broadcast_arrays(np.asarray(rate_g, dtype), np.asarray(rate_d, dtype))
        self.size = g.size
        self.blocks = -(-g.size // LANES)
        self.real, self.noise = np.asarray(real, dtype), np.asarray(noise, dtype)
        self.rates = np.array([self._filled(g), self._filled(d)])
        first = np.asarray(start, dtype)
        first = np.broadcast_to(first[:, None] if first.ndim == 1 else first, (3, g.size))
        self._states = np.array([self._filled(row) for row in first])
        self._advance = kernel(np.dtype(dtype).name)

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
        self._advance(self.real, self.noise, *rates, alternating, state, path)
        self._states[:, lanes] = state

    def each_block(
        self, work: Callable[[int], None], threads: int | None, progress: Progress | None
    ) -> None:
        """Call work(block) for each block, several at a time."""
        with ThreadPoolExecutor(threads or available_threads()) as pool:
            jobs = [pool.submit(work, block) for block in range(self.blocks)]
            for done, job in enumerate(as_completed(jobs), start=1):
                job.result()
                if progress:
                    progress(min(done * LANES, self.size), self.size)
