"""Checks of exercise 4.6 with the other player at its best: optimal discriminator, pull on theta.

SymPy compares the densities; SciPy's solvers and its adaptive quadrature do the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from scipy import integrate, optimize

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import model
from scripts.gan_training.checks_formulas import nonzero


def stated_best_response(mu: Any, nu: Any, sigma: Any) -> tuple[Any, Any]:
    """The optimal discriminator's (phi_0, phi_1) against N(nu, sigma^2), as stated."""
    return -(mu**2 - nu**2) / (2 * sigma**2), (mu - nu) / sigma**2


def stated_value_ceiling(distance: float, moment: float) -> float:
    """The stated bound on V(theta), for theta - theta* and K(theta)."""
    return 2 * float(np.log(2)) - distance**2 / (2 * moment)


def stated_weight_ceiling(separation: Floats) -> Floats:
    """The stated bound on the mean of D* over generated points, for each separation."""
    ceiling: Floats = np.exp(-(separation**2) / 8) / 2
    return ceiling


def checks(arrays: Arrays, data_mean: float, spread: float) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [
        _value_of_theta(arrays["real"], arrays["noise"]),
        _best_response_formula(),
        _best_response_fit(data_mean, spread),
        _pull_quadrature(arrays),
        _saturation(arrays),
    ]


def _value_of_theta(real: Floats, noise: Floats) -> Check:
    goal, spread = model.equilibrium(real, noise)[0], float(real.std())
    worst = -np.inf
    for theta in goal + spread * np.linspace(-1.5, 1.5, 7):
        generated = noise + theta
        columns = np.stack([real, generated]) / spread - real.mean() / spread

        def loss(phi: Floats, columns: Floats = columns) -> float:
            genuine, forged = phi[0] + phi[1] * columns
            return float((np.logaddexp(0, -genuine) + np.logaddexp(0, forged)).mean())

        best = optimize.minimize(loss, [0.0, 0.0], method="BFGS").fun
        moment = float((real**2).mean() + (generated**2).mean())
        worst = max(worst, best - stated_value_ceiling(theta - goal, moment))
    return Check(
        id="gan_training.value-of-theta",
        claim="prp-gan-training-value",
        statement="SciPy minimizes the discriminator's loss for seven frozen $\\theta$ within 1.5 "
        "spreads of $\\theta^*$: largest excess over the stated upper bound (met with equality at "
        "$\\theta^*$).",
        method="numerical",
        value=float(worst),
        at_most=1e-12,
    )


def _best_response_formula() -> Check:
    x, mu, nu = sp.symbols("x mu nu", real=True)
    sigma = sp.symbols("sigma", positive=True)

    def density(mean: Any) -> Any:
        return sp.exp(-((x - mean) ** 2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * sp.pi))

    intercept, slope = stated_best_response(mu, nu, sigma)
    odds = density(mu) / density(nu)
    return Check(
        id="gan_training.best-response-formula",
        claim="prp-gan-training-best-response",
        statement="SymPy: the ratio of the two Gaussian densities is $e^{\\phi_0^*+\\phi_1^*x}$ "
        "with the stated coefficients, for symbolic means and spread.",
        method="symbolic",
        value=nonzero([odds / sp.exp(intercept + slope * x) - 1]),
    )


def _best_response_fit(data_mean: float, spread: float) -> Check:
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    weights = weights / weights.sum()
    other = data_mean - 1.5 * spread

    def gradient(phi: Floats) -> Floats:  # in the coordinate (x - data_mean) / spread
        doubt = weights / (1 + np.exp(phi[0] + phi[1] * nodes))
        belief = weights / (1 + np.exp(-phi[0] - phi[1] * (nodes - 1.5)))
        return np.array([belief.sum() - doubt.sum(), belief @ (nodes - 1.5) - doubt @ nodes])

    found = optimize.root(gradient, [0.0, 0.5], tol=1e-13).x
    slope = found[1] / spread
    intercept = found[0] - slope * data_mean
    stated = [float(c) for c in stated_best_response(data_mean, other, spread)]
    size = abs(slope) * max(abs(data_mean), spread)
    error = max(abs(intercept - stated[0]) / size, abs(slope / stated[1] - 1))
    return Check(
        id="gan_training.best-response-fit",
        claim="prp-gan-training-best-response",
        statement="SciPy minimizes the expected loss (quadrature with 100 nodes) over all logistic "
        "discriminators, means 1.5 spreads apart: largest difference to the formula, relative to "
        "the log-odds.",
        method="numerical",
        value=float(error),
        at_most=1e-6,
    )


def _overlap(separation: float) -> float:
    """Return E_q[p / (p + q)] for p = N(d, 1), q = N(0, 1) by adaptive quadrature."""

    def harmonic(x: float) -> float:
        p, q = np.exp(-((x - separation) ** 2) / 2), np.exp(-(x**2) / 2)
        return float(p * q / (p + q) / np.sqrt(2 * np.pi)) if p + q > 0 else 0.0

    middle = separation / 2
    halves = [(middle - 12, middle), (middle, middle + 12)]
    return float(sum(integrate.quad(harmonic, *half, epsabs=1e-15)[0] for half in halves))


def _pull_quadrature(arrays: Arrays) -> Check:
    overlaps = np.array([_overlap(d) for d in arrays["separation"][::6]])
    error = np.abs(arrays["separation_minimax"][::6] - overlaps).max()
    mirror = np.abs(arrays["separation_flipped"][::6] - (1 - overlaps)).max()
    return Check(
        id="gan_training.pull-quadrature",
        claim="prp-gan-training-saturation",
        statement="The mean weights of the two gradients by Gauss-Hermite quadrature against "
        "adaptive quadrature of $pg/(p+g)$, eleven separations; largest difference.",
        method="numerical",
        value=float(max(error, mirror)),
        at_most=1e-6,
    )


def _saturation(arrays: Arrays) -> Check:
    separation = arrays["separation"]
    excess = arrays["separation_minimax"] / stated_weight_ceiling(separation) - 1
    lack = 0.5 - arrays["separation_flipped"]
    return Check(
        id="gan_training.saturation",
        claim="prp-gan-training-saturation",
        statement="At 61 separations the minimax weight is at most $\\frac12e^{-\\Delta^2/8}$ and "
        "the flipped one at least $\\frac12$ (equality at $\\Delta=0$); largest violation.",
        method="numerical",
        value=float(max(excess.max(), lack.max())),
        at_most=1e-9,
    )
