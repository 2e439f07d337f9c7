"""Checks of the bonus of exercise 4.6: single examples, and where SGD stays.

Gradients are enumerated over all pairs of examples; the spread is compared with Lyapunov's equation
for the finite-difference map of `checks_runs`, solved by SciPy.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import model
from scripts.gan_training.checks_formulas import EPS
from scripts.gan_training.checks_runs import LOG2, finite_difference_map
from scripts.gan_training.model import Rates

BURN_IN = 2
"""Stochastic runs are judged on their last half (length // 2)."""


def checks(arrays: Arrays, rates: Rates, sgd_divisor: int) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [*_single_example_checks(arrays), *_stationary_checks(arrays, rates, sgd_divisor)]


def _single_example_checks(arrays: Arrays) -> list[Check]:
    real, noise = arrays["real"][:50], arrays["noise"][:50]
    state = np.array([noise.std(), -0.4, 0.3])
    steps = _single_gradients(real, noise, state)
    whole = model.discriminator_gradient(real, noise + state[0], state)
    rest = model.equilibrium(real, noise)
    resting = _single_gradients(real, noise, rest)
    losses = [
        model.train_one_at_a_time(rest, np.array([x]), np.array([z]), Rates(0.0, 0.0))
        for x, z in zip(real, noise, strict=True)
    ]
    scatter = max(
        max(abs(path.discriminator_losses[0] - 2 * LOG2) for path in losses),
        max(abs(path.generator_losses[0] - LOG2) for path in losses),
    )
    variance = (real.var() + noise.var()) / 4
    noise_error = np.abs(np.cov(resting.T, bias=True) - np.diag([0.0, variance])).max()
    size = float((1 + np.abs(np.concatenate([real, noise]))).max())
    return [
        Check(
            id="gan_training.unbiased",
            claim="prp-gan-training-noise",
            statement="The code's single-example discriminator gradients, averaged over all pairs "
            "of a genuine point and a noise value (50 of each), against the full gradient; "
            "largest difference.",
            method="exhaustive",
            value=float(np.abs(steps.mean(axis=0) - whole).max()),
            at_most=1e-13 * size,
        ),
        Check(
            id="gan_training.noise-at-rest",
            claim="prp-gan-training-noise",
            statement="Covariance of those gradients at the equilibrium, all pairs, against zero "
            "for $\\phi_0$ and $(s_x^2+s_z^2)/4$ for $\\phi_1$; largest difference.",
            method="exhaustive",
            value=float(noise_error),
            at_most=1e-12 * size**2,
        ),
        Check(
            id="gan_training.losses-at-rest",
            claim="prp-gan-training-noise",
            statement="Single-example losses at the equilibrium, every example: largest distance "
            "from $2\\log 2$ and $\\log 2$.",
            method="exhaustive",
            value=float(scatter),
            at_most=4 * EPS,
        ),
    ]


def _single_gradients(real: Floats, noise: Floats, state: Floats) -> Floats:
    """Return the code's discriminator gradient (m * m, 2) at `state` for every pair (x, z)."""
    return np.array(
        [
            state[1:]
            - model.train_one_at_a_time(
                state, np.array([x]), np.array([z]), Rates(0.0, 1.0)
            ).states[1, 1:]
            for x in real
            for z in noise
        ]
    )


def _stationary_checks(arrays: Arrays, rates: Rates, sgd_divisor: int) -> list[Check]:
    goal = float(arrays["real"].mean() - arrays["noise"].mean())
    late = {
        how: arrays[f"sgd_{how}_states"][len(arrays[f"sgd_{how}_states"]) // BURN_IN :, 0]
        for how in ("drawn", "slow")
    }
    covariance = _stationary_covariance(arrays, rates)
    predicted = math.sqrt(covariance[0, 0])
    points = np.concatenate([arrays["real"], arrays["noise"] + goal])
    scores = np.stack([np.ones_like(points), points])
    pays = np.trace(scores @ scores.T / len(points) @ covariance[1:, 1:]) / 4
    pays += rates.generator * covariance[2, 2] / 8
    losses = arrays["sgd_drawn_full_losses"]
    excess = float(losses[len(losses) // BURN_IN :, 0].mean()) - 2 * LOG2
    claim = "sec-gan-training-bonus"
    return [
        _drift(arrays, rates),
        Check(
            id="gan_training.sgd-center",
            claim=claim,
            statement="Distance of SGD's mean $\\theta$ (last half) from $\\theta^*$, in units of "
            "its own standard deviation.",
            method="numerical",
            value=abs(float(late["drawn"].mean()) - goal) / float(late["drawn"].std()),
            at_most=1,
        ),
        Check(
            id="gan_training.sgd-spread",
            claim=claim,
            statement="Standard deviation of SGD's $\\theta$ (last half) against the one that the "
            "discrete Lyapunov equation of the finite-difference map predicts: $|\\log_2|$ of the "
            "ratio.",
            method="numerical",
            value=abs(math.log2(float(late["drawn"].std()) / predicted)),
            at_most=1,
        ),
        Check(
            id="gan_training.sgd-calmer",
            claim=claim,
            statement="Variance of $\\theta$ at the set rates over the variance at rates "
            f"{sgd_divisor} times smaller, as a share of that factor (one is the prediction for "
            "small rates).",
            method="numerical",
            value=float(late["drawn"].var() / late["slow"].var()) / sgd_divisor,
            at_least=0.15,
        ),
        Check(
            id="gan_training.sgd-excess",
            claim="prp-gan-training-excess",
            statement="Mean full-data loss of SGD's discriminator (last half) less $2\\log 2$, "
            "against the stated formula with the covariance of that Lyapunov equation: "
            "$|\\log_2|$ of the ratio.",
            method="numerical",
            value=abs(math.log2(excess / pays)) if excess > 0 else math.inf,
            at_most=1,
        ),
    ]


def _stationary_covariance(arrays: Arrays, rates: Rates) -> Floats:
    """Return the covariance (3, 3) of the state under SGD that the linear map predicts."""
    kick = np.array([0.0, 0.0, rates.discriminator])
    kick[0] = rates.generator / 2 * kick[2]  # the generator answers the kicked slope at once
    size = (arrays["real"].var() + arrays["noise"].var()) / 4
    covariance: Floats = linalg.solve_discrete_lyapunov(
        finite_difference_map(arrays, rates), size * np.outer(kick, kick)
    )
    return covariance


def _drift(arrays: Arrays, rates: Rates) -> Check:
    """Test that the steps actually taken are unbiased: their excess is a martingale."""
    states = arrays["sgd_drawn_states"]
    real, noise = arrays["real"], arrays["noise"]
    excess, variance = np.zeros(2), np.zeros(2)
    for chunk in np.array_split(states[:-1], 1 + len(states) // 4000):
        generated = noise + chunk[:, :1]
        doubt = 1 / (1 + np.exp(chunk[:, 1:2] + chunk[:, 2:] * real))
        belief = 1 / (1 + np.exp(-chunk[:, 1:2] - chunk[:, 2:] * generated))
        for k, (mine, theirs) in enumerate(((belief, doubt), (belief * generated, doubt * real))):
            excess[k] -= (mine.mean(axis=1) - theirs.mean(axis=1)).sum()
            variance[k] += (mine.var(axis=1) + theirs.var(axis=1)).sum()
    excess -= (states[-1] - states[0])[1:] / rates.discriminator
    return Check(
        id="gan_training.sgd-drift",
        claim="prp-gan-training-noise",
        statement="All single-example steps of the long run together, less the full gradients at "
        "the same states: largest size in standard deviations. The sum is a martingale, so 6 is "
        "exceeded with probability about $4\\cdot10^{-9}$ (central limit theorem).",
        method="statistical",
        value=float(np.abs(excess / np.sqrt(variance)).max()),
        at_most=6,
    )
