"""Checks of exercise 4.5 with numbers: quadrature, 50 digits, and chains run step by step."""

from __future__ import annotations

import itertools
import math
import operator
from decimal import Decimal, localcontext

import numpy as np
from scipy import integrate, special

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.common.empirical import dkw_band
from scripts.common.values import scientific
from scripts.diffusion_step import laws
from scripts.diffusion_step.checks_step import exact_variances
from scripts.diffusion_step.simulation import covariance_band

TOLERANCE = 1e-10
"""Absolute error asked of each quadrature; rounding is 10⁻⁵ of it."""


def checks(
    arrays: Arrays,
    beta: float,
    steps: int,
    coin_beta: float,
    sample_size: int,
    false_alarm_rate: float,
) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [
        coin_quadrature_check(coin_beta),
        schedule_check(arrays),
        *chain_checks(arrays, beta, steps, coin_beta, sample_size, false_alarm_rate),
    ]


def coin_quadrature_check(coin_beta: float) -> Check:
    """Integrate cos(uz) against the coin's density and compare with the average over the coin."""
    a, b = math.sqrt(1.0 - coin_beta), math.sqrt(coin_beta)
    gap = 0.0
    for u in (0.0, 0.5, 1.0, 2.0, 3.0):
        found = integrate.quad(
            lambda z, u=u: math.cos(u * z) * float(laws.coin_density(np.array([z]), a, b)[0]),
            -12.0,  # beyond 12, less than 10⁻¹⁶ of a law of variance at most (a + b)² <= 2
            12.0,
            points=[0.0],
            epsabs=TOLERANCE / 10,
            epsrel=0.0,
            limit=400,
        )[0]
        gap = max(gap, abs(found - math.exp(-u * u / 2) * math.cosh(a * b * u * u)))
    return Check(
        id="diffusion_step.coin-density",
        claim="prp-diff-coin",
        statement="The Fourier integral of the coin's density, by quadrature at five frequencies "
        "(0 gives the mass), against $e^{-\\omega^2/2}\\cosh(ab\\omega^2)$: largest difference.",
        method="numerical",
        value=gap,
        at_most=TOLERANCE,
    )


def schedule_check(arrays: Arrays) -> Check:
    """Recompute ᾱ_t, and the weight of each noise as β_s ᾱ_T/ᾱ_s, with 50 digits."""
    with localcontext() as context:
        context.prec = 50
        betas = [Decimal(float(beta)) for beta in arrays["betas"]]
        left = list(itertools.accumulate((1 - beta for beta in betas), operator.mul))
        shares = [beta * left[-1] / now for beta, now in zip(betas, left, strict=True)]
        pairs = [*zip(arrays["signal"], left, strict=True)]
        pairs += [*zip(arrays["shares"], shares, strict=True)]
        # Products below the smallest normal number have an absolute error instead.
        small = Decimal(float(np.finfo(np.float64).tiny))
        gap = max(abs(Decimal(float(found)) - exact) / (exact + small) for found, exact in pairs)
        total = abs(Decimal(float(np.sum(arrays["shares"]))) + left[-1] - 1)
    return Check(
        id="diffusion_step.schedule",
        claim="thm-diff-closed",
        statement=f"$\\bar\\alpha_t$ and the noise weights of the {len(betas)}-step schedule "
        "against a recursion with 50 digits: largest relative error (two roundings a step "
        "allowed).",
        method="numerical",
        value=float(max(gap, total)),
        at_most=2.0 * len(betas) * float(np.finfo(np.float64).eps),
    )


def relative_deviation(sampled: Floats, exact: Floats) -> float:
    """Return the spectral norm of L⁻¹ S L⁻ᵀ − I, where exact = L Lᵀ; both of shape (d, d)."""
    inverse = np.linalg.inv(np.linalg.cholesky(exact))
    return float(np.linalg.norm(inverse @ sampled @ inverse.T - np.eye(exact.shape[0]), 2))


def chain_checks(
    arrays: Arrays,
    beta: float,
    steps: int,
    coin_beta: float,
    sample_size: int,
    false_alarm_rate: float,
) -> list[Check]:
    """Chains run one step at a time against the covariances and laws that are claimed."""
    times = arrays["schedule_times"]
    # chains, times of the repair, the coin, times of the schedule
    tests = 5 + arrays["repair_times"].size + 1 + times.size
    rate = false_alarm_rate / tests
    level = f"false-alarm rate ${scientific(rate)['text']}$ each"
    exact = exact_variances(arrays, beta, steps)
    last = {name: (arrays[f"sampled_{name}"][-1], exact[name][-1]) for name in exact}
    repaired = zip(arrays["repair_sampled"], arrays["repair_predicted"], strict=True)
    normal = special.ndtr
    a, b = math.sqrt(1.0 - coin_beta), math.sqrt(coin_beta)
    z = arrays["coin_points"]
    coin = (normal(z / (a + b)) + normal(z / abs(a - b))) / 2
    x = arrays["schedule_points"]
    closed = [
        (normal((x - root) / rest) + normal((x + root) / rest)) / 2
        for root, rest in (
            (math.sqrt(left), math.sqrt(1.0 - left)) for left in arrays["schedule_signal"]
        )
    ]
    band = dkw_band(sample_size, rate)
    return [
        Check(
            id="diffusion_step.variance-samples",
            claim="prp-diff-weights",
            statement=f"Five chains of {steps} steps, {sample_size:,} draws "
            "each: relative deviation of the last sample variance from the iterated one "
            f"({level}).",
            method="statistical",
            value=max(float(abs(sampled / true - 1.0)) for sampled, true in last.values()),
            at_most=covariance_band(sample_size, 1, rate),
        ),
        Check(
            id="diffusion_step.repair-samples",
            claim="thm-diff-repair",
            statement="Sample covariance of a plane chain at the times drawn against "
            "$I+\\bar\\alpha_t(\\operatorname{Cov}[x_0]-I)$: largest relative deviation in "
            f"spectral norm ({level}).",
            method="statistical",
            value=max(relative_deviation(sampled, true) for sampled, true in repaired),
            at_most=covariance_band(sample_size, 2, rate),
        ),
        Check(
            id="diffusion_step.coin-samples",
            claim="prp-diff-coin",
            statement=f"Kolmogorov-Smirnov: {sample_size:,} draws of "
            f"$a\\epsilon_1+b\\epsilon_2$ with the coin against the mixture ({level}).",
            method="statistical",
            value=float(np.max(np.abs(arrays["coin_empirical"] - coin))),
            at_most=band,
        ),
        Check(
            id="diffusion_step.closed-form-samples",
            claim="thm-diff-closed",
            statement=f"Kolmogorov-Smirnov: {sample_size:,} chains from $x_0=\\pm1$ run "
            f"one step at a time against the law of the closed form at {times.size} times "
            f"({level}).",
            method="statistical",
            value=float(np.max(np.abs(arrays["schedule_empirical"] - np.array(closed)))),
            at_most=band,
        ),
    ]
