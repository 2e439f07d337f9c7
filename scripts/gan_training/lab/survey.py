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

from scripts.common.arrays import Floats, Ints
from scripts.gan_training import theory
from scripts.gan_training.lab.engine import CHUNK, LANES, Grid, advance, available_threads
from scripts.gan_training.lab.measure import Window, is_over, observe
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
        while lanes.busy:
            finished = lanes.advance(rest, window, classes, rates)
            if progress:
                with telling:
                    for _ in finished:
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
        self._gan = np.full(LANES, -1)
        self._age = np.zeros(LANES, int)
        self._state, self._rates = np.zeros((3, LANES)), np.zeros((2, LANES))
        self._chunk = np.empty((CHUNK, 3, LANES))
        self._paths = np.empty((LANES, -(-epochs // CHUNK) * CHUNK, 3))

    @property
    def busy(self) -> bool:
        """Whether any lane holds a GAN."""
        return bool((self._gan >= 0).any())

    def fill(self, lanes: Any, waiting: Any) -> None:
        """Give each of `lanes` the next GAN; without one left, a lane rests: it does not learn."""
        for lane in lanes:
            gan = next(waiting)
            left = gan < self._grid.size
            self._gan[lane], self._age[lane] = (gan if left else -1), 0
            self._state[:, lane] = self._grid.states[:, gan] if left else 0
            self._rates[:, lane] = self._grid.rates[:, gan] if left else 0

    def advance(self, rest: float, window: Window, classes: Ints, rates: Floats) -> Ints:
        """Train all lanes for `CHUNK` epochs; return those whose GAN needs no more, judged."""
        advance(
            self._grid.real, self._grid.noise, *self._rates, self._alternating,
            self._state, self._chunk,
        )  # fmt: skip
        finished: Ints = _judge(
            self._chunk, self._gan, self._age, self._paths, self._epochs, rest, window,
            classes, rates,
        )  # fmt: skip
        return finished


@njit(nogil=True)
def _judge(
    chunk: Any, gan: Any, age: Any, paths: Any, epochs: int, rest: float, window: Any,
    classes: Any, rates: Any,
) -> Any:  # fmt: skip
    """Add a chunk to the paths; return the lanes whose GAN has had its epochs or needs no more."""
    finished = np.zeros(gan.size, np.bool_)
    for lane in range(gan.size):
        if gan[lane] >= 0:
            for n in range(chunk.shape[0]):
                for k in range(3):
                    paths[lane, age[lane] + n, k] = chunk[n, k, lane]
            age[lane] += chunk.shape[0]
            if age[lane] >= epochs or is_over(chunk[-1, :, lane], rest, window):
                path = paths[lane, : min(age[lane], epochs)]
                classes[gan[lane]], rates[gan[lane]] = observe(path, rest, window)
                finished[lane] = True
    return np.flatnonzero(finished)
