"""The GAN of exercise 4.6 in closed form: losses, gradients, and the alternating update.

Generator g(z) = z + theta; discriminator D(x) = sigmoid(phi_0 + phi_1 x), the probability that x
is genuine. A *state* is the array (theta, phi_0, phi_1). The training loop of `baseline`, which
lets PyTorch differentiate, must agree with this file to rounding.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from scripts.common.arrays import Bools, Floats

GeneratorLoss = Literal["flipped", "minimax"]

RUNAWAY_BOUND = 1e8
"""A run with a parameter beyond this has run away; orbits that stay bounded are far smaller."""


@dataclasses.dataclass(frozen=True)
class Rates:
    """Learning rates of the two players (dimensionless, positive)."""

    generator: float
    discriminator: float


@dataclasses.dataclass(frozen=True)
class Path:
    """A training run.

    states: (updates + 1, 3) float64, the start first.
    discriminator_losses: (updates,), the loss that each discriminator step saw, before it.
    generator_losses: (updates,), the loss that each generator step saw: after the discriminator's
        step of that update and before its own.
    A run that ran away (see `RUNAWAY_BOUND`) holds NaN from there on.
    """

    states: Floats
    discriminator_losses: Floats
    generator_losses: Floats


def softplus(t: Floats) -> Floats:
    """Return log(1 + exp(t)) elementwise without overflow: BCE with label 0 at the logit t."""
    values: Floats = np.logaddexp(0.0, t)
    return values


def sigmoid(t: Floats) -> Floats:
    """Return 1 / (1 + exp(-t)) elementwise, without overflow and without cancellation at 0."""
    values: Floats = np.exp(-softplus(-t))
    return values


def logits(points: Floats, state: Floats) -> Floats:
    """Return phi_0 + phi_1 x for points (m,): the log-odds that x is genuine."""
    scores: Floats = state[1] + state[2] * points
    return scores


def generate(noise: Floats, state: Floats) -> Floats:
    """Return the generated sample z + theta for noise (m,)."""
    points: Floats = noise + state[0]
    return points


def discriminator_loss(real: Floats, generated: Floats, state: Floats) -> float:
    """Return mean BCE on genuine points (label 1) plus mean BCE on generated points (label 0)."""
    return float(softplus(-logits(real, state)).mean() + softplus(logits(generated, state)).mean())


def generator_loss(generated: Floats, state: Floats, kind: GeneratorLoss) -> float:
    """Return the loss that the generator minimizes.

    "flipped": mean of -log D, BCE with the label 1 on generated points (the note in 4.6).
    "minimax": mean of log(1 - D), minus the part of the discriminator's loss that it can change.
    """
    scores = logits(generated, state)
    return float(softplus(-scores).mean() if kind == "flipped" else -softplus(scores).mean())


def discriminator_gradient(real: Floats, generated: Floats, state: Floats) -> Floats:
    """Return the gradient (2,) of `discriminator_loss` with respect to (phi_0, phi_1)."""
    doubt = sigmoid(-logits(real, state))  # 1 - D on genuine points
    belief = sigmoid(logits(generated, state))  # D on generated points
    return np.array(
        [belief.mean() - doubt.mean(), (belief * generated).mean() - (doubt * real).mean()]
    )


def generator_gradient(generated: Floats, state: Floats, kind: GeneratorLoss) -> float:
    """Return the derivative of `generator_loss` with respect to theta."""
    scores = logits(generated, state)
    weight = sigmoid(-scores) if kind == "flipped" else sigmoid(scores)
    return float(-state[2] * weight.mean())


def discriminator_step(state: Floats, real: Floats, noise: Floats, rate: float) -> Floats:
    """Return the state after one gradient step of the discriminator alone."""
    gradient = discriminator_gradient(real, generate(noise, state), state)
    return np.array([state[0], state[1] - rate * gradient[0], state[2] - rate * gradient[1]])


def generator_step(state: Floats, noise: Floats, rate: float, kind: GeneratorLoss) -> Floats:
    """Return the state after one gradient step of the generator alone."""
    gradient = generator_gradient(generate(noise, state), state, kind)
    return np.array([state[0] - rate * gradient, state[1], state[2]])


def update(
    state: Floats, real: Floats, noise: Floats, rates: Rates, kind: GeneratorLoss = "flipped"
) -> Floats:
    """Return the state after one alternating update: discriminator first, then generator."""
    judged = discriminator_step(state, real, noise, rates.discriminator)
    return generator_step(judged, noise, rates.generator, kind)


def train(
    start: Sequence[float] | Floats,
    real: Floats,
    noise: Floats,
    rates: Rates,
    updates: int,
    kind: GeneratorLoss = "flipped",
) -> Path:
    """Train with full-batch gradient descent: each update sees all of `real` and `noise` (m,)."""
    path = _empty_path(start, updates)
    for k in range(updates):
        state = path.states[k]
        judged = discriminator_step(state, real, noise, rates.discriminator)
        following = generator_step(judged, noise, rates.generator, kind)
        if not np.abs(following).max() < RUNAWAY_BOUND:
            break
        generated = generate(noise, state)
        path.discriminator_losses[k] = discriminator_loss(real, generated, state)
        path.generator_losses[k] = generator_loss(generated, judged, kind)
        path.states[k + 1] = following
    return path


def train_one_at_a_time(
    start: Sequence[float] | Floats, real: Floats, noise: Floats, rates: Rates
) -> Path:
    """Train with one genuine example and one noise value an update (stochastic gradient descent).

    real, noise: (updates,), the values in the order in which they are used. The generator's loss
    is the flipped one. The same arithmetic as `train` on batches of one, written for scalars.
    """
    path = _empty_path(start, len(real))
    theta, intercept, slope = (float(number) for number in start)
    states, losses = [], []
    for x, z in zip(real.tolist(), noise.tolist(), strict=True):
        y = z + theta
        a, b = intercept + slope * x, intercept + slope * y
        doubt, belief = _sigmoid(-a), _sigmoid(b)
        loss = _softplus(-a) + _softplus(b)
        intercept -= rates.discriminator * (belief - doubt)
        slope -= rates.discriminator * (belief * y - doubt * x)
        b = intercept + slope * y
        losses.append((loss, _softplus(-b)))
        theta += rates.generator * slope * _sigmoid(-b)
        states.append((theta, intercept, slope))
        if not max(abs(theta), abs(intercept), abs(slope)) < RUNAWAY_BOUND:
            break
    path.states[1 : len(states) + 1] = states
    path.discriminator_losses[: len(losses)] = [pair[0] for pair in losses]
    path.generator_losses[: len(losses)] = [pair[1] for pair in losses]
    return path


def equilibrium(real: Floats, noise: Floats) -> Floats:
    """Return the only fixed point of `update`: theta = mean(real) - mean(noise), phi = 0."""
    return np.array([real.mean() - noise.mean(), 0.0, 0.0])


def first_index(condition: Bools, begin: int, otherwise: int) -> int:
    """Return the first index from `begin` on where the condition holds, else `otherwise`."""
    found = np.flatnonzero(condition[begin:])
    return begin + int(found[0]) if len(found) else otherwise


def _empty_path(start: Sequence[float] | Floats, updates: int) -> Path:
    states = np.full((updates + 1, 3), np.nan)
    states[0] = start
    return Path(states, np.full(updates, np.nan), np.full(updates, np.nan))


def _softplus(t: float) -> float:
    return max(t, 0.0) + math.log1p(math.exp(-abs(t)))


def _sigmoid(t: float) -> float:
    return math.exp(-_softplus(-t))
