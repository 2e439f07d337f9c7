"""The bonus: many chains of stochastic gradient descent, one example at a time, measured.

A chain takes one real example and one noise value a step, discriminator first. Three ways to
choose the real example: "fresh" (a new draw from the population), "replaced" (a random member of
a fixed data set) and "shuffled" (each epoch visits the data set once, in a new random order).
The noise value is always new.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numba import njit

from scripts.common.arrays import Arrays, Floats
from scripts.gan_training.lab.logistic import OPTIONS, complement
from scripts.gan_training.lab.progress import Progress
from scripts.gan_training.model import Rates

STEPS = 2048
"""Steps, at least, for which random numbers are drawn at a time: whole epochs."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """One pair of rates and one scheme, and when to measure, in steps: [burn_in, stop)."""

    scheme: str
    rates: Rates
    burn_in: int
    stop: int


@dataclasses.dataclass(frozen=True)
class Moments:
    """What the chains of a plan did: bias E[θ] − θ*, variance of θ about its mean, its error.

    error: standard error of the variance, from the spread between the independent chains.
    """

    bias: float
    variance: float
    error: float


@dataclasses.dataclass(frozen=True)
class Population:
    """Where examples come from: N(mean, spread²), noise N(0, spread²), and a fixed data set."""

    mean: float
    spread: float
    data: Floats

    def rest(self, scheme: str) -> float:
        """Return θ*, where the generated mean equals that of the real examples."""
        return self.mean if scheme == "fresh" else float(self.data.mean())


def measure(
    population: Population,
    plans: Sequence[Plan],
    chains: int,
    random: np.random.Generator,
    progress: Progress | None = None,
) -> list[Moments]:
    """Run `chains` chains of each plan from its equilibrium and return what they did.

    Plans share their random numbers, so their errors are correlated; chains do not.
    """
    runs = [_Run(plan, population.rest(plan.scheme), chains) for plan in plans]
    done, last = 0, max((plan.stop for plan in plans), default=0)
    for real, noise in _examples(population, chains, random):
        active = [run for run in runs if done < run.plan.stop]
        if not active:
            break
        for run in active:
            run.advance(real[run.plan.scheme], noise, done)
        done += len(noise)
        if progress:
            progress(min(done, last), last)
    return [run.moments() for run in runs]


def _examples(
    population: Population, chains: int, random: np.random.Generator
) -> Iterator[tuple[Arrays, Floats]]:
    """Yield, chunk by chunk, real examples by scheme and noise, arrays (steps, chains)."""
    m = len(population.data)
    epochs = -(-STEPS // m)
    steps = epochs * m
    order = np.broadcast_to(np.arange(m)[None, :, None], (epochs, m, chains))
    while True:
        shuffled = random.permuted(order, axis=1).reshape(steps, chains)
        yield (
            {
                "fresh": population.mean + population.spread * random.normal(size=(steps, chains)),
                "replaced": population.data[random.integers(m, size=(steps, chains))],
                "shuffled": population.data[shuffled],
            },
            population.spread * random.normal(size=(steps, chains)),
        )


class _Run:
    def __init__(self, plan: Plan, rest: float, chains: int) -> None:
        self.plan = plan
        self._rest = rest
        self._state = np.zeros((3, chains))
        self._state[0] = rest
        self._sums = np.zeros((2, chains))

    def advance(self, real: Floats, noise: Floats, done: int) -> None:
        stop = min(len(noise), self.plan.stop - done)
        first = min(max(self.plan.burn_in - done, 0), stop)
        _advance(
            real[:stop],
            noise[:stop],
            dataclasses.astuple(self.plan.rates),
            self._rest,
            first,
            self._state,
            self._sums,
        )

    def moments(self) -> Moments:
        first, second = self._sums / (self.plan.stop - self.plan.burn_in)
        bias = first.mean()
        squares = second - 2 * bias * first + bias**2  # each chain's mean square about the mean
        error = squares.std(ddof=1) / np.sqrt(len(squares))
        return Moments(float(bias), float(squares.mean()), float(error))


@njit(**OPTIONS)  # type: ignore[untyped-decorator]
def _advance(
    real: Any, noise: Any, rates: Any, rest: float, first: int, state: Any, sums: Any
) -> None:
    """Take one step of every chain for each row of real and noise (steps, chains).

    Overwrites `state` (3, chains); adds θ − θ* and its square to `sums` from step `first` on.
    """
    generator_rate, discriminator_rate = rates
    theta, intercept, slope = state[0].copy(), state[1].copy(), state[2].copy()
    once, twice = sums[0].copy(), sums[1].copy()
    for step in range(real.shape[0]):
        x, z = real[step], noise[step]
        counted = 1.0 if step >= first else 0.0
        for chain in range(theta.size):
            y = z[chain] + theta[chain]
            doubt = complement(intercept[chain] + slope[chain] * x[chain])
            belief = complement(-(intercept[chain] + slope[chain] * y))
            intercept[chain] -= discriminator_rate * (belief - doubt)
            slope[chain] -= discriminator_rate * (belief * y - doubt * x[chain])
            theta[chain] += (
                generator_rate * slope[chain] * complement(intercept[chain] + slope[chain] * y)
            )
            deviation = counted * (theta[chain] - rest)
            once[chain] += deviation
            twice[chain] += deviation * deviation
    for chain in range(theta.size):  # assigning whole rows would take Numba 3 s to compile
        state[0, chain], state[1, chain] = theta[chain], intercept[chain]
        state[2, chain] = slope[chain]
        sums[0, chain], sums[1, chain] = once[chain], twice[chain]
