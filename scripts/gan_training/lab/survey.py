"""Trains a grid of GANs and keeps of each only how it behaved: its class and its rate.

`LANES` GANs advance together, as in `engine.paths`, but each at its own epoch: one that has
reached the window's floor or run away is judged at once and gives its lane to the next. A GAN
never sees its neighbors, so its result depends neither on them nor on the number of threads.
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from scripts.common.arrays import Bools, Floats, Ints
from scripts.gan_training import theory
from scripts.gan_training.lab.engine import CHUNK, LANES, Grid, advance, available_threads
from scripts.gan_training.lab.measure import Window, are_over, observe
from scripts.gan_training.lab.progress import Progress


def survey(
    real: Floats,
    noise: Floats,
    generator_rate: ArrayLike,
    discriminator_rate: ArrayLike,
    start: ArrayLike,
    epochs: int,
    window: Window,
    *,
    alternating: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> tuple[Ints, Floats]:
    """Train GANs and return how each behaved: classes and log rates (n,).

    Arguments as `engine.paths`; window: what counts as near the equilibrium (`measure.Window`);
    threads: None means `available_threads()`; progress: called with (done, all) GANs.
    A class is one of `theory`'s; the log rate is NaN where the GAN did not converge.
    """
    grid = Grid(real, noise, generator_rate, discriminator_rate, start)
    rest = theory.equilibrium(real, noise)
    waiting = itertools.count()  # `next` is atomic: each GAN is taken by one thread
    classes, rates = np.empty(grid.size, np.int8), np.empty(grid.size)
    done, telling = itertools.count(1), threading.Lock()

    def work() -> None:
        lanes = _Lanes(grid, epochs, alternating)
        lanes.fill(range(LANES), waiting)
        while lanes.busy.any():
            lanes.advance()
            finished = lanes.finished(rest, window)
            for lane in finished:
                gan = lanes.gan[lane]
                classes[gan], rates[gan] = observe(lanes.path(lane), rest, window)
                if progress:
                    with telling:
                        progress(next(done), grid.size)
            lanes.fill(finished, waiting)

    count = threads or available_threads()
    with ThreadPoolExecutor(count) as pool:
        for job in [pool.submit(work) for _ in range(count)]:
            job.result()
    return classes, rates


class _Lanes:
    """`LANES` GANs at work, their ages in epochs, and their paths so far."""

    def __init__(self, grid: Grid, epochs: int, alternating: bool) -> None:
        self._grid, self._epochs, self._alternating = grid, epochs, alternating
        self.gan = np.full(LANES, -1)
        self._age = np.zeros(LANES, int)
        self._state, self._rates = np.zeros((3, LANES)), np.zeros((2, LANES))
        self._chunk = np.empty((CHUNK, 3, LANES))
        self._paths = np.empty((LANES, -(-epochs // CHUNK) * CHUNK, 3))

    @property
    def busy(self) -> Bools:
        """Which lanes hold a GAN."""
        return self.gan >= 0

    def fill(self, lanes: Any, waiting: Any) -> None:
        """Give each of `lanes` the next GAN; without one left, a lane rests: it does not learn."""
        for lane in lanes:
            gan = next(waiting)
            left = gan < self._grid.size
            self.gan[lane], self._age[lane] = (gan if left else -1), 0
            self._state[:, lane] = self._grid.states[:, gan] if left else 0
            self._rates[:, lane] = self._grid.rates[:, gan] if left else 0

    def advance(self) -> None:
        """Train all lanes for `CHUNK` epochs."""
        advance(
            self._grid.real, self._grid.noise, *self._rates, self._alternating,
            self._state, self._chunk,
        )  # fmt: skip
        _append(self._chunk, self._age, self._paths, self.busy)
        self._age += CHUNK

    def finished(self, rest: float, window: Window) -> Ints:
        """Return the lanes whose GAN has had its epochs or needs no more."""
        over = are_over(self._state, rest, window) | (self._age >= self._epochs)
        return np.flatnonzero(self.busy & over)

    def path(self, lane: int) -> Floats:
        """Return the states (epochs so far, 3) of a lane's GAN."""
        return self._paths[lane, : min(self._age[lane], self._epochs)]


@njit(nogil=True)
def _append(chunk: Any, age: Any, paths: Any, busy: Any) -> None:
    for lane in range(age.size):
        if busy[lane]:
            for n in range(chunk.shape[0]):
                for k in range(3):
                    paths[lane, age[lane] + n, k] = chunk[n, k, lane]
