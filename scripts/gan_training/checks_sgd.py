"""Checks of the bonus of exercise 4.6: single examples, and where SGD stays.

Gradients are enumerated over all pairs of examples; the spread is compared with Lyapunov's equation
for the finite-difference map of `checks_runs`, solved by SciPy.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg

from scripts.common.checks import Check
from scripts.gan_training import model
from scripts.gan_training.checks_formulas import EPS, Arrays
from scripts.gan_training.checks_runs import LOG2, finite_difference_map
from scripts.gan_training.model import Floats, Rates

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
            "gan_training.unbiased",
            "prp-gan-training-noise",
            "The code's single-example discriminator gradients, averaged over all pairs of a "
            "genuine point and a noise value (50 of each), against the full gradient; largest "
            "difference.",
            "exhaustive",
            float(np.abs(steps.mean(axis=0) - whole).max()),
            "<=",
            1e-13 * size,
        ),
        Check(
            "gan_training.noise-at-rest",
            "prp-gan-training-noise",
            "Covariance of those gradients at the equilibrium, all pairs, against zero for "
            "$\\phi_0$ and $(s_x^2+s_z^2)/4$ for $\\phi_1$; largest difference.",
            "exhaustive",
            float(noise_error),
            "<=",
            1e-12 * size**2,
        ),
        Check(
            "gan_training.losses-at-rest",
            "prp-gan-training-noise",
            "Single-example losses at the equilibrium, every example: largest distance from "
            "$2\\log 2$ and $\\log 2$.",
            "exhaustive",
            float(scatter),
            "<=",
            4 * EPS,
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
            "gan_training.sgd-center",
            claim,
            "Distance of SGD's mean $\\theta$ (last half) from $\\theta^*$, in units of its own "
            "standard deviation.",
            "numerical",
            abs(float(late["drawn"].mean()) - goal) / float(late["drawn"].std()),
            "<=",
            1,
        ),
        Check(
            "gan_training.sgd-spread",
            claim,
            "Standard deviation of SGD's $\\theta$ (last half) against the one that the discrete "
            "Lyapunov equation of the finite-difference map predicts: $|\\log_2|$ of the ratio.",
            "numerical",
            abs(math.log2(float(late["drawn"].std()) / predicted)),
            "<=",
            1,
        ),
        Check(
            "gan_training.sgd-calmer",
            claim,
            f"Variance of $\\theta$ at the set rates over the variance at rates {sgd_divisor} "
            "times smaller, as a share of that factor (one is the prediction for small rates).",
            "numerical",
            float(late["drawn"].var() / late["slow"].var()) / sgd_divisor,
            ">=",
            0.15,
        ),
        Check(
            "gan_training.sgd-excess",
            "prp-gan-training-excess",
            "Mean full-data loss of SGD's discriminator (last half) less $2\\log 2$, against the "
            "stated formula with the covariance of that Lyapunov equation: $|\\log_2|$ of the "
            "ratio.",
            "numerical",
            abs(math.log2(excess / pays)) if excess > 0 else math.inf,
            "<=",
            1,
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
        "gan_training.sgd-drift",
        "prp-gan-training-noise",
        "All single-example steps of the long run together, less the full gradients at the same "
        "states: largest size in standard deviations. The sum is a martingale, so 6 is exceeded "
        "with probability about $4\\cdot10^{-9}$ (central limit theorem).",
        "statistical",
        float(np.abs(excess / np.sqrt(variance)).max()),
        "<=",
        6,
    )
