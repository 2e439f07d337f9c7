"""Checks of the bonus of exercise 4.6: single examples, and where SGD stays.

Gradients are enumerated over all pairs of examples; the law is compared with its equation iterated
over all pairs, with finite differences of the code's steps.
"""

from __future__ import annotations

import math

import numpy as np

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import model, summary, theory
from scripts.gan_training.checks_formulas import EPS, LOG2, standardized
from scripts.gan_training.model import Rates

TESTED = Rates(0.5, 0.3)
"""Rates at which the law's formulas are tested, on standardized data."""

DRIFT_WORK = 50_000_000
"""Examples times points that the test of the drift looks at, at most."""


def checks(arrays: Arrays, rates: Rates) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [
        *_single_example_checks(arrays),
        *_law_checks(*standardized(arrays)),
        _drift(arrays, rates),
        _excess(arrays, rates),
    ]


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
    point = float(np.abs(np.concatenate([real, noise + rest[0], noise + state[0]])).max())
    farthest = float(np.abs(real[:, None] - noise - rest[0]).max())
    logit = float(np.abs(state[1]) + np.abs(state[2]) * point)
    return [
        Check(
            id="gan_training.unbiased",
            claim="prp-gan-training-noise",
            statement="The code's single-example discriminator gradients, averaged over all pairs "
            "of a genuine point and a noise value (50 of each), against the full gradient; "
            "largest difference.",
            method="exhaustive",
            value=float(np.abs(steps.mean(axis=0) - whole).max()),
            at_most=4 * EPS * (1 + point) * (len(real) + logit),
        ),
        Check(
            id="gan_training.noise-at-rest",
            claim="prp-gan-training-noise",
            statement="Covariance of those gradients at the equilibrium, all pairs, against zero "
            "for $\\phi_0$ and $(s_x^2+s_z^2)/4$ for $\\phi_1$; largest difference.",
            method="exhaustive",
            value=float(noise_error),
            at_most=8 * EPS * point * farthest,
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


def excess_formula(covariance: Floats, moments: Floats, generator_rate: float) -> float:
    """The stated mean of L_D - 2 log 2 under the linear law."""
    pays = np.trace(moments @ covariance[1:, 1:]) / 4 + generator_rate * covariance[2, 2] / 8
    return float(pays)


def _law_checks(real: Floats, noise: Floats) -> list[Check]:
    real, noise = real[:30], noise[:30]  # all pairs of them
    arrays = {"real": real, "noise": noise}
    covariance = _covariance_by_iteration(real, noise, TESTED)
    law = summary.sgd_law(arrays, TESTED)
    moments = theory.moment_matrix(real, noise)
    second_order = covariance[0, 2] / 2 + np.trace(moments @ covariance[1:, 1:]) / 4
    stated = excess_formula(covariance, moments, TESTED.generator)
    at = f"Standardized data, $\\eta_G={TESTED.generator}$, $\\eta_D={TESTED.discriminator}$: "
    return [
        Check(
            id="gan_training.sgd-spread",
            claim="prp-gan-training-noise",
            statement=f"{at}standard deviation of $\\theta$ by the law against that of the "
            "iterated equation, all pairs of 30 examples, the maps of the code's single steps by "
            "finite differences; relative difference.",
            method="numerical",
            value=abs(law / math.sqrt(covariance[0, 0]) - 1),
            at_most=1e-6,
        ),
        Check(
            id="gan_training.mean-excess",
            claim="prp-gan-training-excess",
            statement=f"{at}the mean of $\\frac12\\phi_1\\delta+\\frac14\\phi^\\top M\\phi$ under "
            "that covariance against the stated formula; relative difference.",
            method="numerical",
            value=abs(second_order / stated - 1),
            at_most=1e-6,
        ),
    ]


def _excess(arrays: Arrays, rates: Rates) -> Check:
    real, noise = arrays["real"], arrays["noise"]
    excess = float(summary.late(arrays["sgd_drawn_full_losses"])[:, 0].mean()) - 2 * LOG2
    ratio = math.inf
    moments = theory.moment_matrix(real, noise)
    pair = rates.generator, rates.discriminator
    covariance = theory.single_example_covariance(real, noise, *pair)
    if covariance is not None and excess > 0:
        ratio = excess / excess_formula(covariance, moments, rates.generator)
    return Check(
        id="gan_training.sgd-excess",
        claim="prp-gan-training-excess",
        statement="Mean full-data loss of SGD's discriminator (last half) less $2\\log 2$, "
        "against the stated formula with the law's covariance: $|\\log_2|$ of the ratio.",
        method="numerical",
        value=abs(math.log2(ratio)) if ratio > 0 else math.inf,
        at_most=1,
        observed=True,
    )


def _covariance_by_iteration(real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return the covariance (3, 3) of the state under SGD: the law's equation, iterated.

    The discriminator's step on one pair comes from the code, by finite differences in the state;
    the generator then moves by half its rate times the new slope.
    """
    rest, step = model.equilibrium(real, noise), 1e-5
    answer = np.eye(3)
    answer[0, 2] = rates.generator / 2
    states = [rest + sign * step * axis for axis in np.eye(3) for sign in (1, -1)]
    moved = [rates.discriminator * _single_gradients(real, noise, state) for state in states]
    maps = np.tile(np.eye(3), (len(moved[0]), 1, 1))
    for k in range(3):
        maps[:, 1:, k] -= (moved[2 * k] - moved[2 * k + 1]) / (2 * step)
    maps = answer @ maps
    resting = _single_gradients(real, noise, rest)
    kicks = -rates.discriminator * np.column_stack([np.zeros(len(resting)), resting]) @ answer.T
    found = fresh = kicks.T @ kicks / len(kicks)
    for _ in range(2000):
        found = fresh + np.einsum("nab,bc,ndc->ad", maps, found, maps, optimize=True) / len(maps)
    return np.asarray(found)


def _drift(arrays: Arrays, rates: Rates) -> Check:
    """Test that the steps actually taken are unbiased: their excess is a martingale."""
    real, noise, states = arrays["real"], arrays["noise"], arrays["sgd_drawn_states"]
    length = model.first_index(np.isnan(states[:, 0]), 0, len(states))
    states = states[: min(length, DRIFT_WORK // len(real))]
    excess, variance, most = np.zeros(2), np.zeros(2), np.zeros(2)
    for chunk in np.array_split(states[:-1], 1 + len(states) * len(real) // 400_000):
        generated = noise + chunk[:, :1]
        doubt = model.sigmoid(-chunk[:, 1:2] - chunk[:, 2:] * real)
        belief = model.sigmoid(chunk[:, 1:2] + chunk[:, 2:] * generated)
        for k, (mine, theirs) in enumerate(((belief, doubt), (belief * generated, doubt * real))):
            excess[k] -= (mine.mean(axis=1) - theirs.mean(axis=1)).sum()
            variance[k] += (mine.var(axis=1) + theirs.var(axis=1)).sum()
            steps = np.ptp(mine, axis=1) + np.ptp(theirs, axis=1)
            most[k] = max(most[k], float(steps.max(initial=0.0)))
    excess -= (states[-1] - states[0])[1:] / rates.discriminator
    point = float(max(np.abs(real).max(), np.abs(noise).max() + np.abs(states[:, 0]).max()))
    rounding = EPS * len(states) * (len(real) + 10) * np.array([1.0, point])
    rounding += EPS * len(states) * np.abs(states[:, 1:]).max(axis=0) / rates.discriminator
    return Check(
        id="gan_training.sgd-drift",
        claim="prp-gan-training-noise",
        statement="Single-example steps of the long run together, less the full gradients at "
        "the same states, over the standard deviation of the sum and twice its largest step. The "
        "sum is a martingale, so for any such pair of bounds 6 is exceeded with probability "
        "at most $4e^{-18}$ (Freedman's inequality).",
        method="statistical",
        value=float((np.abs(excess) / (np.sqrt(variance) + 2 * most + rounding)).max()),
        at_most=6,
    )
