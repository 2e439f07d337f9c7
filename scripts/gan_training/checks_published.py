"""Checks of exercise 4.6 against what has been published on the local dynamics of GANs.

Each formula is written down as in its paper and compared with `theory`, with the statements of the
text, or with training. d and k are the text's damping κ = η_D σ² / 2 and stiffness γ = η_G η_D / 4.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from scipy import integrate, optimize

from scripts.common.arrays import Arrays, Bools, Floats
from scripts.common.checks import Check
from scripts.gan_training import model, theory
from scripts.gan_training.checks_comments import best_response
from scripts.gan_training.checks_formulas import nonzero, standardized

DRAWS = 20_000
CLAIM = "thm-gan-training-momentum"


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [
        _dirac_gan(),
        _negative_momentum(),
        _schur_conditions(),
        _momentum_runs(*standardized(arrays)),
        _critical_damping(),
        _two_time_scales(*standardized(arrays, 3.0)),
        _jensen_shannon(),
        _flow(*standardized(arrays, 3.0)),
    ]


# ---------------------------------------------------------------- as the text states them


def stated_cubic(x: Any, d: Any, k: Any, beta: Any) -> Any:
    """The characteristic polynomial of (δ, φ₁) with momentum."""
    return x**3 - (2 + beta - d - k) * x**2 + (1 + 2 * beta - d) * x - beta


def stated_momentum_region(eta_d: Any, d: Any, k: Any, beta: Any) -> Bools:
    """The four inequalities of linear stability, centered data, with momentum."""
    return np.asarray(
        (np.abs(beta) < 1)
        & (eta_d < 4 * (1 + beta))
        & (k + 2 * d < 4 * (1 + beta))
        & (beta * k < (1 - beta) * d)
    )


def stated_critical(d: Any) -> tuple[Any, Any, Any]:
    """The ends of the interval of spirals, and the modulus there."""
    root = np.sqrt(1 - d)
    return (1 - root) ** 2, (1 + root) ** 2, root


def stated_slow_eigenvalue(eta_g: Any, variance: Any) -> Any:
    """The dominant eigenvalue for a slow generator, to first order."""
    return 1 - eta_g / (2 * variance)


def stated_divergence(separation: float) -> float:
    """The Jensen-Shannon divergence of two Gaussians that are close, in their spreads."""
    return separation**2 / 8


def stated_flow(M: Floats) -> Floats:
    """The flow's matrix J (3, 3) for equal rates."""
    J = np.zeros((3, 3))
    J[0, 2], J[2, 0], J[1:, 1:] = 0.5, -0.5, -M / 2
    return J


# ---------------------------------------------------------------- the papers


def mescheder_eigenvalues(alpha: float) -> list[complex]:
    """Alternating Dirac-GAN (Mescheder et al. 2018): 1 - α²/2 ± √((1 - α²/2)² - 1)."""
    middle = 1 - alpha**2 / 2
    root = complex(middle**2 - 1) ** 0.5
    return [middle + root, middle - root]


def gidel_polynomial(x: Any, step: Any, beta_1: Any, beta_2: Any) -> Any:
    """Alternating bilinear game with momenta (Gidel et al. 2019); step = η₁η₂λ."""
    return (x - 1) ** 2 * (x - beta_1) * (x - beta_2) + step * x**3


def zhang_stable(a: Any, b: Any, c: Any) -> Bools:
    """Schur conditions of x³ + ax² + bx + c (Zhang & Yu 2020)."""
    return np.asarray((np.abs(c) < 1) & (np.abs(a + c) < 1 + b) & (b - a * c < 1 - c**2))


def nagarajan_jacobian(features: Floats, pulled: Floats) -> Floats:
    """Jacobian of the gradient flow (Nagarajan & Kolter 2017), generator's parameter first.

    features: (n, 2), gradients of the discriminator's score on points; pulled: (2,), derivative of
    the generated points' mean gradient by theta. f(t) = -log(1 + exp(-t)).
    """
    first, second = 0.5, -0.25  # f'(0), f''(0)
    K_DD = features.T @ features / len(features)
    J = np.zeros((3, 3))
    J[1:, 1:] = 2 * second * K_DD
    J[1:, 0], J[0, 1:] = -first * pulled, first * pulled
    return J


# ---------------------------------------------------------------- the checks


def _dirac_gan() -> Check:
    worst, misplaced = 0.0, 0
    M = np.diag([1.0, 0.0])  # all points at 0
    for product in (*np.linspace(0.05, 15.95, 40), 16.5, 20.0, 30.0):
        eta_d = 0.7
        A = theory.alternating_map(M, product / eta_d, eta_d)[np.ix_([0, 2], [0, 2])]
        found = np.sort_complex(np.linalg.eigvals(A).astype(complex))
        alpha = float(np.sqrt(product)) / 2  # f'(0) = 1/2
        wanted = np.sort_complex(np.array(mescheder_eigenvalues(alpha)))
        worst = max(worst, float(np.abs(found - wanted).max()))
        misplaced += (np.abs(np.abs(found) - 1).max() < 1e-7) != (alpha <= 2)
    return Check(
        id="gan_training.dirac-gan",
        claim=CLAIM,
        statement="Data without spread: the linear map's eigenvalues against the formula of "
        "Mescheder et al. for the alternating Dirac-GAN, 43 products of the rates; largest "
        "difference, plus the number of products at which the eigenvalues are on the unit circle "
        "although $\\alpha>2$, or are not although $\\alpha\\le2$.",
        method="numerical",
        value=worst + misplaced,
        at_most=1e-6,
    )


def _negative_momentum() -> Check:
    x, k, beta = sp.symbols("x k beta", real=True)
    published = sp.cancel(gidel_polynomial(x, k, beta, 0) / x)
    plain = sp.cancel(gidel_polynomial(x, k, 0, 0) / x**2)
    wrong = [published - stated_cubic(x, 0, k, beta), plain * x - stated_cubic(x, 0, k, 0)]
    settled = max(
        float(np.abs(np.roots([float(c) for c in sp.Poly(quartic, x).all_coeffs()])).max())
        for step in (0.05, 0.4, 1.0)
        for quartic in [gidel_polynomial(x, step, -0.5, 0)]
    )
    return Check(
        id="gan_training.negative-momentum",
        claim=CLAIM,
        statement="SymPy: the polynomial of Gidel et al. for alternating steps with momentum "
        "$\\beta$ of one player is the text's without damping; and with $\\beta=-\\frac12$ its "
        "roots lie inside the unit circle for three steps. Number of failures.",
        method="symbolic",
        value=nonzero(wrong) + (settled >= 1),
    )


def _momentum_maps(d: Floats, k: Floats, beta: Floats) -> Floats:
    """Return the step (n, 3, 3) of (δ, φ₁, previous φ₁), rates folded into d and k."""
    A = np.zeros((len(d), 3, 3))
    # in units in which both players move by the square root of k
    A[:, 1, 0], A[:, 1, 1], A[:, 1, 2] = -np.sqrt(k), 1 + beta - d, -beta
    A[:, 0, 0] = 1.0
    A[:, 0] += np.sqrt(k)[:, None] * A[:, 1]
    A[:, 2, 1] = 1.0
    return A


def _schur_conditions() -> Check:
    random = np.random.default_rng(5)
    beta = random.uniform(-1.1, 1.1, DRAWS)
    d, k = random.uniform(0, 4, DRAWS), random.uniform(0, 9, DRAWS)
    d[: DRAWS // 4] = 0  # the bilinear game
    edge = np.abs((1 - beta) * d / np.where(beta == 0, 1, beta)) * random.uniform(0.9, 1.1, DRAWS)
    k = np.where((np.arange(DRAWS) % 2 == 0) & (edge > 0), edge, k)
    radius = np.abs(np.linalg.eigvals(_momentum_maps(d, k, beta))).max(axis=1)
    stated = stated_momentum_region(0.0, d, k, beta)
    clear = np.abs(radius - 1) > 1e-6
    by_roots = int(np.sum((stated != (radius < 1)) & clear))
    coefficients = -(2 + beta - d - k), 1 + 2 * beta - d, -beta
    by_paper = int(np.sum((stated != zhang_stable(*coefficients)) & clear))
    return Check(
        id="gan_training.schur-conditions",
        claim=CLAIM,
        statement=f"The region with momentum at {DRAWS:,} random dampings, stiffnesses and "
        "momenta, a quarter of them without damping and half near the spiral's boundary: "
        "disagreements with the spectral radius of the step, and with the Schur conditions of "
        "Zhang and Yu.",
        method="numerical",
        value=by_roots + by_paper,
    )


def _momentum_runs(real: Floats, noise: Floats) -> Check:
    variance = float(real.var() + noise.var()) / 2
    wrong = 0
    for beta in (0.9, 0.5, -0.3):
        eta_d = 0.4 / variance
        d = eta_d * variance / 2
        limit = (
            4 * (1 - beta) * d / (beta * eta_d)
            if beta > 0
            else 4 * (4 * (1 + beta) - 2 * d) / eta_d
        )
        for share in (0.9, 1.1):
            grown = _growth(real, noise, share * limit, eta_d, beta)
            k = share * limit * eta_d / 4
            wrong += (grown < 1) != bool(stated_momentum_region(eta_d, d, k, beta))
    return Check(
        id="gan_training.momentum-runs",
        claim=CLAIM,
        statement="The GAN itself with momentum on standardized data, started $10^{-7}$ from the "
        "equilibrium, at rates 10 % below and above the limit, for three momenta: runs that grow "
        "where the theorem says stable, or shrink where it does not.",
        method="numerical",
        value=int(wrong),
    )


def _growth(real: Floats, noise: Floats, eta_g: float, eta_d: float, beta: float) -> float:
    """Return the distance after 300 epochs over that after 100, from 1e-7, with momentum."""
    rest = model.equilibrium(real, noise)
    state, before = rest + np.array([1e-7, 0.0, 0.0]), rest
    sizes = []
    for _ in range(300):
        moved = model.discriminator_step(state, real, noise, eta_d)
        moved[1:] += beta * (state[1:] - before[1:])
        before, state = state, model.generator_step(moved, noise, eta_g, "flipped")
        sizes.append(float(np.linalg.norm(state - rest)))
        if sizes[-1] > 1e-2:
            return float("inf")
    return max(sizes[-60:]) / max(sizes[70:130])


def _critical_damping() -> Check:
    random = np.random.default_rng(6)
    worst = 0.0

    def radius(k: float, d: float) -> float:
        return float(np.abs(np.roots([1.0, -(2 - d - k), 1 - d])).max())

    for d in random.uniform(0.02, 0.98, 200):
        low, high, modulus = stated_critical(d)
        inside, outside = (low + high) / 2, (0.97 * low, 1.03 * high)
        worst = max(worst, abs(radius(inside, d) - modulus))
        worst = max(worst, *(float(radius(k, d) <= modulus + 1e-9) for k in outside))
        best = optimize.minimize_scalar(radius, bounds=(1e-9, 4.0), args=(d,), method="bounded")
        worst = max(worst, modulus - float(best.fun))
    dead = theory.alternating_map(theory.moments(0.0, 1.0), 2.0, 2.0)
    return Check(
        id="gan_training.critical-damping",
        claim="prp-gan-training-critical",
        statement="At 200 random dampings SciPy finds no stiffness with a smaller radius than "
        "$\\sqrt{1-\\kappa}$, and the radius is larger just outside the stated interval; at "
        "$\\eta_D=\\eta_G=2$, $\\sigma=1$ the cube of the linear map is zero. Largest violation.",
        method="numerical",
        value=max(worst, float(np.abs(dead @ dead @ dead).max())),
        at_most=1e-6,
    )


def _two_time_scales(real: Floats, noise: Floats) -> Check:
    M = theory.moment_matrix(real, noise)
    variance = float(real.var() + noise.var()) / 2
    eta_d, eta_g = 2 / np.linalg.eigvalsh(M)[-1], 1e-5
    lead = complex(theory.dominant_eigenvalue(theory.alternating_map(M, eta_g, float(eta_d))))
    eigenvalue = abs((1 - lead) / (1 - stated_slow_eigenvalue(eta_g, variance)) - 1)
    goal, small = theory.equilibrium(real, noise), 0.02
    fall = 0.0
    for theta in (goal - small, goal + small):
        phi = best_response(theta, real, noise, np.zeros(2))
        state = np.array([theta, *phi])
        fall += 2 * np.log(2) - model.discriminator_loss(real, noise + theta, state)
    curvature = abs(fall / 2 / (small**2 / (4 * variance)) - 1)
    return Check(
        id="gan_training.two-time-scales",
        claim="prp-gan-training-two-scales",
        statement="Data of mean 3 and spread 1, slow generator ($\\eta_G=10^{-5}$): error of "
        "$1-\\lambda=\\eta_G/(2v)$, "
        "and of $V(\\theta^*)-V(\\theta)=\\delta^2/(4v)$ at $|\\delta|=0.02$ with SciPy's best "
        "responses; the larger, relative.",
        method="numerical",
        value=float(max(eigenvalue, curvature)),
        at_most=0.01,
    )


def divergence(separation: float) -> float:
    """Return JSD(N(d, 1), N(0, 1)) by adaptive quadrature of its definition."""

    def integrand(x: float) -> float:
        p, q = (np.exp(-((x - c) ** 2) / 2) / np.sqrt(2 * np.pi) for c in (separation, 0.0))
        mean = (p + q) / 2
        return float((p * np.log(p / mean) + q * np.log(q / mean)) / 2)

    return float(integrate.quad(integrand, -12, 12 + separation, epsabs=1e-13, limit=200)[0])


def _jensen_shannon() -> Check:
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    worst = 0.0
    for separation in (0.5, 1.0, 2.0, 3.0):

        def loss(phi: Floats, separation: float = separation) -> float:
            genuine = np.logaddexp(0, -phi[0] - phi[1] * (nodes + separation))
            forged = np.logaddexp(0, phi[0] + phi[1] * nodes)
            return float(weights @ (genuine + forged))

        least = optimize.minimize(loss, [0.0, 0.0], method="BFGS").fun
        worst = max(worst, abs(least - (2 * np.log(2) - 2 * divergence(separation))))
    close = abs(divergence(0.1) / stated_divergence(0.1) - 1)
    return Check(
        id="gan_training.jensen-shannon",
        claim="prp-gan-training-jsd",
        statement="Least expected loss of a logistic discriminator (SciPy, quadrature with 80 "
        "nodes) against $2\\log2-2\\,\\mathrm{JSD}$ by adaptive quadrature, four separations; and "
        "relative error of $\\frac18\\Delta^2$ at $\\Delta=0.1$. The largest.",
        method="numerical",
        value=float(max(worst, close)),
        at_most=0.005,
    )


def _flow(real: Floats, noise: Floats) -> Check:
    points = np.concatenate([real, noise + theory.equilibrium(real, noise)])
    features = np.stack([np.ones_like(points), points], axis=1)
    published = nagarajan_jacobian(features, np.array([0.0, 1.0]))
    M = theory.moment_matrix(real, noise)
    small = 1e-6
    limit = (theory.alternating_map(M, small, small) - np.eye(3)) / small
    difference = max(np.abs(stated_flow(M) - published).max(), np.abs(stated_flow(M) - limit).max())
    random, beyond = np.random.default_rng(7), 0.0
    for _ in range(2000):
        moments = theory.moments(random.uniform(-3, 3), float(np.exp(random.uniform(-2, 2))))
        values = np.linalg.eigvals(stated_flow(moments)).astype(complex)
        damping = np.linalg.eigvalsh(moments / 2)
        spirals = values[np.abs(values.imag) > 1e-9].real
        beyond = max(
            beyond,
            float(values.real.max()),
            *(spirals + damping[0] / 2),
            *(-damping[1] / 2 - spirals),
        )
    return Check(
        id="gan_training.flow",
        claim="cor-gan-training-flow",
        statement="The Jacobian of Nagarajan and Kolter, from the gradients of the scores, against "
        "$J$ and against $(U-I)/\\eta_D$ for small rates; and at 2,000 random means and variances "
        "their bound for nonreal eigenvalues and stability. Largest difference or violation.",
        method="numerical",
        value=float(max(difference, beyond)),
        at_most=1e-5,
    )
