"""Machine checks of the laboratory's linear theory, by other means than the text's.

The linear map is differentiated anew from the losses with SymPy, stability is decided by
eigenvalues where the text uses a closed form, covariances come from another solver or from listing
every case. No experiment is needed. In the formulas eta_g and eta_d are the generator's and the
discriminator's rate, as η_G and η_D in the text.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import sympy as sp
from scipy import linalg

from scripts.common.checks import Check
from scripts.common.seeds import generator
from scripts.gan_training import theory

DRAWS = 100_000
"""Random rates and moments on which the exact region is compared with eigenvalues."""

EDGE = 1e-9
"""Relative distance from the edge of the region within which two floating-point forms of the rule
may disagree: the condition of M, at most 2·10⁶ here, times a few roundings."""


def checks(seed: int) -> list[Check]:
    """Return the checks; `seed` is that of the random draws."""
    random = generator(seed, "gan_training_lab.check")
    return [
        _check_linear_map(),
        _check_characteristic_polynomial(),
        _check_no_spiral_out(random),
        _check_second_form(random),
        _check_linear_growth(),
        _check_boundary_is_flip(random),
        _check_region(random),
        _check_spiral_modulus(),
        _check_simultaneous(random),
        _check_saturated_invariant(),
        _check_small_rates(),
        _check_fast_generator(),
        _check_sampled_variance(random),
        _check_shuffled_variance(random),
    ]


def eigenvalue_error(A: Any) -> Any:
    """Return by how much rounding can move an eigenvalue of each map (..., 3, 3).

    Elsner's bound for the eigenvalues of A and A + E, (|A| + |A + E|)^(2/3) |E|^(1/3), with an E
    of thirty roundings of A, which is generous for the QR algorithm on a 3×3 matrix.
    """
    size = np.linalg.norm(A, ord=2, axis=(-2, -1))
    return (2 * size) ** (2 / 3) * (30 * np.finfo(float).eps * size) ** (1 / 3)


def _symbolic_map() -> tuple[sp.Matrix, dict[str, sp.Symbol]]:
    """Return the 3×3 derivative of one epoch, from the losses, for samples of three points."""
    names = "theta phi0 phi1 eta_D eta_G"
    theta, intercept, slope, eta_d, eta_g = sp.symbols(names, real=True)
    x, z = sp.symbols("x1:4", real=True), sp.symbols("z1:4", real=True)

    def bce(logit: sp.Expr) -> sp.Expr:
        return sp.log(1 + sp.exp(-logit))

    def mean(terms: list[sp.Expr]) -> sp.Expr:
        return sum(terms, sp.Integer(0)) / len(terms)

    judged = mean([bce(intercept + slope * p) for p in x]) + mean(
        [bce(-(intercept + slope * (q + theta))) for q in z]
    )
    forged = mean([bce(intercept + slope * (q + theta)) for q in z])
    new0, new1 = (
        intercept - eta_d * sp.diff(judged, intercept),
        slope - eta_d * sp.diff(judged, slope),
    )
    gradient = sp.diff(forged, theta)
    p0, p1 = sp.symbols("p0 p1", real=True)
    gradient = gradient.subs({intercept: p0, slope: p1}, simultaneous=True)
    rest = {theta: mean(list(x)) - mean(list(z)), intercept: 0, slope: 0, p0: 0, p1: 0}
    step = sp.Matrix([new0, new1]).jacobian([theta, intercept, slope]).subs(rest)
    slopes = sp.Matrix([gradient]).jacobian([theta, p0, p1]).subs(rest)
    top = sp.Matrix([[1 - eta_g * slopes[0], 0, 0]]) - eta_g * slopes[0, 1:] * step
    symbols = {str(s): s for s in (eta_d, eta_g, *x, *z)}
    return sp.Matrix.vstack(top, step), symbols


def _check_linear_map() -> Check:
    """Compare with `alternating_map` at exact rational points: largest absolute difference."""
    derived, symbols = _symbolic_map()
    worst = 0.0
    for shift in range(5):
        real, noise = np.array([1.0, 2.5, -shift]), np.array([0.5, -2.0, 1.0 + shift])
        eta_g, eta_d = 0.25 * (shift + 1), 0.125 * (shift + 2)
        numbers = dict(
            zip(symbols.values(), map(sp.Rational, (eta_d, eta_g, *real, *noise)), strict=True)
        )
        expected = np.array(derived.subs(numbers).tolist(), dtype=float)
        found = theory.alternating_map(theory.moment_matrix(real, noise), eta_g, eta_d)
        worst = max(worst, float(np.abs(found - expected).max()))
    return Check(
        id="gan_training_lab.linear-map",
        claim="thm-gan-training-linear",
        statement="SymPy differentiates one epoch of the exercise's two losses at the equilibrium, "
        "for samples of three points; the matrix $U$ equals the result, with rational data and "
        "rates, up to rounding. Largest difference of an entry.",
        method="symbolic",
        value=float(worst),
        at_most=1e-13,
    )


def _characteristic() -> tuple[sp.Expr, tuple[sp.Symbol, ...]]:
    """Return χ(λ) = det(λ − A) for a general M, from the matrix itself."""
    lam, eta_d, eta_g, m, v = sp.symbols("lambda eta_D eta_G m v", positive=True)
    P = sp.eye(2) - eta_d / 2 * sp.Matrix([[1, m], [m, v + m**2]])
    A = sp.Matrix([[1, 0, 0], [0, P[0, 0], P[0, 1]], [-eta_d / 2, P[1, 0], P[1, 1]]])
    A[0, :] = A[0, :] + eta_g / 2 * A[2, :]
    return sp.expand((lam * sp.eye(3) - A).det()), (lam, eta_d, eta_g, m, v)


def claimed_characteristic(lam: Any, eta_d: Any, eta_g: Any, P: sp.Matrix) -> Any:
    """Return χ(λ) as the text states it."""
    return (lam - 1) * (lam * sp.eye(2) - P).det() + eta_d * eta_g / 4 * lam * (lam - P[0, 0])


def claimed_spirals(M: Any, eta_d: Any) -> tuple[Any, Any]:
    """Return the least and the largest squared modulus of a nonreal eigenvalue, as stated."""
    curvatures = np.linalg.eigvalsh(M)
    return 1 - eta_d / 2 * curvatures[:, 1], 1 - eta_d / 2 * curvatures[:, 0]


def saturated_epoch(slope: Any, deviation: Any, eta_g: Any, eta_d: Any) -> tuple[Any, Any]:
    """Return (φ₁, δ) after one epoch of the saturated game."""
    if slope * deviation > 0:
        slope = slope - eta_d * deviation
    if slope * deviation < 0:
        deviation = deviation + eta_g * slope
    return slope, deviation


def claimed_falls(eta_d: Any, eta_g: Any, slope: Any, deviation: Any) -> tuple[Any, Any]:
    """Return by how much W changes, as stated, if only D or only G of the saturated game moves."""
    product = 2 * eta_g * eta_d
    return -product * deviation * (slope - eta_d * deviation), product * slope * deviation


def _check_characteristic_polynomial() -> Check:
    chi, (lam, eta_d, eta_g, m, v) = _characteristic()
    M = sp.Matrix([[1, m], [m, v + m**2]])
    claimed = claimed_characteristic(lam, eta_d, eta_g, sp.eye(2) - eta_d / 2 * M)
    at_flip = (eta_d * eta_g * (4 - eta_d) - 64 * (sp.eye(2) - eta_d / 4 * M).det()) / 8
    residuals = (
        chi - claimed,
        chi.subs(lam, -1) - at_flip,
        chi.subs(lam, 1) - eta_d**2 * eta_g / 8,
        chi.subs(lam, 1 - eta_d / 2) - eta_d**3 * m**2 / 8,
        8 * at_flip - (4 - eta_d) * (eta_d * eta_g - 16 + 4 * eta_d * v) - 16 * eta_d * m**2,
    )
    return Check(
        id="gan_training_lab.characteristic",
        claim="lem-gan-lab-characteristic",
        statement="The characteristic polynomial of $U$ and its values at $1$, $-1$ and $P_{00}$, "
        "for every mean, variance and rate, and the rule divided by $4-\\eta_D$: number of "
        "the five identities that SymPy refutes.",
        method="symbolic",
        value=float(sum(sp.expand(r) != 0 for r in residuals)),
        equals=0.0,
    )


def _check_no_spiral_out(random: np.random.Generator) -> Check:
    mean, variance, eta_g, eta_d = _random_moments(random, DRAWS)
    M = np.stack([[np.ones(DRAWS), mean], [mean, variance + mean**2]], axis=0).transpose(2, 0, 1)
    A = theory.alternating_map(M, eta_g, eta_d)
    values = np.linalg.eigvals(A).astype(complex)
    low, high = claimed_spirals(M, eta_d)
    nonreal = values.imag != 0
    moduli = np.abs(values) ** 2
    outside = np.maximum(low[:, None] - moduli, moduli - high[:, None])
    error = eigenvalue_error(A)[:, None]
    outside /= (2 * np.abs(values) + error) * error  # by how much |λ|² can be wrong
    return Check(
        id="gan_training_lab.no-spiral-out",
        claim="thm-gan-lab-region",
        statement=f"Nonreal eigenvalues at {DRAWS:,} random means, variances and rates, stable or "
        "not: largest violation of $1-\\frac12\\eta_D\\lambda_{\\max}(M)\\le|\\lambda|^2\\le1-"
        "\\frac12\\eta_D\\lambda_{\\min}(M)$, as a share of what rounding can do to $|\\lambda|^2$ "
        "(Elsner's bound).",
        method="numerical",
        value=float(outside[nonreal].max()),
        at_most=1,
    )


def _check_second_form(random: np.random.Generator) -> Check:
    mean, variance, eta_g, eta_d = _random_moments(random, DRAWS)
    quarter = (1 - eta_d / 4) * (1 - eta_d * (variance + mean**2) / 4) - (eta_d * mean / 4) ** 2
    second = (eta_d < 4) & (eta_g * eta_d * (4 - eta_d) < 64 * quarter)
    M = np.stack([[np.ones(DRAWS), mean], [mean, variance + mean**2]], axis=0).transpose(2, 0, 1)
    rule = theory.rule(M, eta_g, eta_d)
    return Check(
        id="gan_training_lab.second-form",
        claim="thm-gan-lab-region",
        statement="The two forms of the rule, one eigenvalue and two inequalities (the first only "
        f"$\\eta_D<4$), at {DRAWS:,} random means, variances and rates: number of disagreements "
        "farther than $10^{-9}$ from the edge, where rounding decides.",
        method="numerical",
        value=int(np.sum((second != (rule < 4)) & (np.abs(rule / 4 - 1) > EDGE))),
    )


def _check_linear_growth() -> Check:
    slope, deviation = sp.Rational(4, 5), sp.Integer(1)
    for _ in range(200):
        slope, deviation = saturated_epoch(slope, deviation, sp.Integer(2), sp.Integer(2))
    return Check(
        id="gan_training_lab.linear-growth",
        claim="thm-gan-lab-runaway",
        statement="The saturated game with both rates 2 from $(\\phi_1,\\delta)=(0.8,1)$, in exact "
        "arithmetic: difference from the linear growth to $(80.8,81)$ after 200 epochs.",
        method="exhaustive",
        value=float(abs(slope - sp.Rational(404, 5)) + abs(deviation - 81)),
    )


def _random_moments(random: np.random.Generator, count: int) -> tuple[Any, Any, Any, Any]:
    """Return means, variances, η_G and η_D (count,), over three to five decades."""
    mean = random.uniform(-10, 10, count)
    variance = np.exp(random.uniform(np.log(0.01), np.log(100), count))
    eta_g, eta_d = 10 ** random.uniform(-3, 2, count), 10 ** random.uniform(-4, 1, count)
    return mean, variance, eta_g, eta_d


def _check_region(random: np.random.Generator) -> Check:
    mean, variance, eta_g, eta_d = _random_moments(random, DRAWS)
    M = np.stack([[np.ones(DRAWS), mean], [mean, variance + mean**2]], axis=0).transpose(2, 0, 1)
    near = np.arange(DRAWS) >= DRAWS // 2  # near the boundary, where a mistake would show
    limit = 4 / np.linalg.norm(M, ord=2, axis=(1, 2))
    eta_d = np.where(near, limit * random.uniform(0.01, 1.05, DRAWS), eta_d)
    quarter = np.eye(2) - eta_d[:, None, None] / 4 * M
    edge = np.abs(64 * np.linalg.det(quarter) / (eta_d * (4 - eta_d)))
    eta_g = np.where(near, edge * np.exp(random.normal(scale=0.05, size=DRAWS)) + 1e-9, eta_g)
    wrong = _disagreements(
        theory.alternating_map(M, eta_g, eta_d), theory.is_stable(M, eta_g, eta_d)
    )
    return Check(
        id="gan_training_lab.stability-region",
        claim="thm-gan-lab-region",
        statement=f"The rule for the learning rates against the spectral radius, on "
        f"{DRAWS:,} random means, variances and rates, half of them within about 5 % of the "
        "boundary: number of disagreements where the radius differs from 1 by more than rounding "
        "can move it (Elsner's bound).",
        method="numerical",
        value=wrong,
    )


def _disagreements(A: Any, stable: Any) -> int:
    """Return how often `stable` (n,) is not what the spectral radius says of a map (n, 3, 3)."""
    radius = theory.spectral_radius(A)
    return int(np.sum(((radius < 1) != stable) & (np.abs(radius - 1) > eigenvalue_error(A))))


def _check_boundary_is_flip(random: np.random.Generator) -> Check:
    mean, variance, _, _ = _random_moments(random, 2000)
    M = np.stack([[np.ones(2000), mean], [mean, variance + mean**2]], axis=0).transpose(2, 0, 1)
    eta_d = random.uniform(0.02, 0.98, 2000) * 4 / np.linalg.norm(M, ord=2, axis=(1, 2))
    A = theory.alternating_map(M, theory.stability_limit(M, eta_d), eta_d)
    worst = float((np.abs(theory.dominant_eigenvalue(A) + 1) / eigenvalue_error(A)).max())
    return Check(
        id="gan_training_lab.flip",
        claim="thm-gan-lab-region",
        statement="On the boundary, at 2,000 random points of it, the dominant eigenvalue is "
        "$-1$: largest distance, as a share of what rounding can do (Elsner's bound).",
        method="numerical",
        value=worst,
        at_most=1,
    )


def _check_spiral_modulus() -> Check:
    chi, (lam, eta_d, _, m, v) = _characteristic()
    centered = sp.cancel(chi.subs(m, 0) / (lam - (1 - eta_d / 2)))
    quadratic = sp.Poly(centered, lam)
    residual = sp.expand(quadratic.coeff_monomial(1) - (1 - eta_d * v / 2))
    return Check(
        id="gan_training_lab.spiral-modulus",
        claim="prp-gan-training-critical",
        statement="For centered data the pair of eigenvalues in $(\\theta, \\phi_1)$ has the "
        "product $1-\\eta_Dv/2$, whatever $\\eta_G$: SymPy's difference, zero or not.",
        method="symbolic",
        value=float(residual != 0 or quadratic.degree() != 2),
        equals=0.0,
    )


def _check_simultaneous(random: np.random.Generator) -> Check:
    draws = 20_000
    v = np.exp(random.uniform(-2, 2, draws))
    eta_g, eta_d = 10 ** random.uniform(-2, 1.2, (2, draws))
    M = np.zeros((draws, 2, 2))
    M[:, 0, 0], M[:, 1, 1] = 1, v
    stable = theory.is_stable_simultaneous(v, eta_g, eta_d)
    wrong = _disagreements(theory.simultaneous_map(M, eta_g, eta_d), stable)
    return Check(
        id="gan_training_lab.simultaneous",
        claim="prp-gan-lab-simultaneous",
        statement="The closed form of the region of simultaneous updates against the spectral "
        "radius, on 20,000 random variances and rates: number of disagreements where the radius "
        "differs from 1 by more than rounding can move it.",
        method="numerical",
        value=wrong,
    )


def _check_saturated_invariant() -> Check:
    """The form W = η_G φ² + η_D δ² − η_G η_D φδ under the three moves of the saturated game."""
    f, d = sp.symbols("f d", real=True)
    eta_d, eta_g = sp.symbols("eta_D eta_G", positive=True)

    def form(slope: sp.Expr, deviation: sp.Expr) -> sp.Expr:
        return eta_g * slope**2 + eta_d * deviation**2 - eta_d * eta_g * slope * deviation

    first, turned = form(f, d), f - eta_d * d
    both = form(turned, d + eta_g * turned) - first
    fall_d, fall_g = claimed_falls(eta_d, eta_g, f, d)
    only_d = form(turned, d) - first - fall_d
    only_g = form(f, d + eta_g * f) - first - fall_g
    discriminant = (eta_d * eta_g) ** 2 - 4 * eta_d * eta_g - eta_d * eta_g * (eta_d * eta_g - 4)
    matrix = sp.Matrix([[1, -eta_d], [eta_g, 1 - eta_d * eta_g]])
    rest = (matrix.det() - 1, matrix.trace() - (2 - eta_d * eta_g), discriminant)
    refuted = sum(sp.expand(r) != 0 for r in (both, only_d, only_g, *rest))
    return Check(
        id="gan_training_lab.saturated",
        claim="thm-gan-lab-runaway",
        statement="The quadratic form of the saturated game is kept by a double move and falls by "
        "the stated amount in a single one; the double move has determinant $1$ and trace "
        "$2-\\eta_G\\eta_D$: number of the six identities that SymPy refutes.",
        method="symbolic",
        value=float(refuted),
        equals=0.0,
    )


def _flow(r: Any, m: Any, v: Any) -> sp.Matrix:
    """Return the matrix J of the limiting flow, for rates of ratio r."""
    half = sp.Rational(1, 2)
    return sp.Matrix([[0, 0, r / 2], [0, -half, -m / 2], [-half, -m / 2, -(v + m**2) / 2]])


def claimed_flow(tau: Any, r: Any, m: Any, v: Any) -> Any:
    """Return the characteristic polynomial of J as the text states it."""
    return tau**3 + (1 + m**2 + v) / 2 * tau**2 + (v + r) / 4 * tau + r / 8


def _check_fast_generator() -> Check:
    tau, r, m, v = sp.symbols("tau r m v", positive=True)
    chi = (tau * sp.eye(3) - _flow(r, m, v)).det()
    limit = sp.limit(chi / r, r, sp.oo)
    residuals = (chi - claimed_flow(tau, r, m, v), limit - (tau + sp.Rational(1, 2)) / 4)
    return Check(
        id="gan_training_lab.fast-generator",
        claim="sec-gan-lab-diagram",
        statement="The characteristic polynomial of the flow's matrix $J$, and its limit for "
        "$r\\to\\infty$, divided by $r$, whose only root is $-\\frac12$: number of the two that "
        "SymPy refutes.",
        method="symbolic",
        value=sum(sp.expand(one) != 0 for one in residuals),
    )


def _check_small_rates() -> Check:
    """Solve the Lyapunov equation of the limiting flow with SymPy, for η_D = s, η_G = rs."""
    r, m, v = sp.symbols("r m v", positive=True)
    drift = _flow(r, m, v)
    unknown = sp.symbols("s0:6")
    S = sp.Matrix(
        [
            [unknown[0], unknown[1], unknown[2]],
            [unknown[1], unknown[3], unknown[4]],
            [unknown[2], unknown[4], unknown[5]],
        ]
    )
    noise = sp.diag(0, 0, v / 2)
    equations = drift * S + S * drift.T + noise
    solution = sp.solve(
        [equations[i, j] for i in range(3) for j in range(i, 3)], unknown, dict=True
    )[0]
    worst = 0.0
    limit = solution[unknown[0]]
    for mean, variance, ratio in ((0, 1, 1), (1, 1, 2), (3, 2, 0.5), (0.5, 0.2, 7)):
        numbers = {r: sp.nsimplify(ratio), m: sp.nsimplify(mean), v: sp.nsimplify(variance)}
        claimed = float(theory.small_rate_variance(mean, variance, ratio, 1.0))
        worst = max(worst, abs(claimed / float(limit.subs(numbers)) - 1))
    return Check(
        id="gan_training_lab.small-rates",
        claim="thm-gan-lab-small",
        statement="SymPy solves the Lyapunov equation of the limiting flow, noise "
        "$\\eta_D^2\\sigma^2/2$ on $\\phi_1$ alone; the small-rate law of "
        "$\\operatorname{Var}(\\theta)$ equals it at four means, variances and ratios of rates. "
        "Largest relative difference.",
        method="symbolic",
        value=float(worst),
        at_most=1e-12,
    )


def _check_sampled_variance(random: np.random.Generator) -> Check:
    """Compare with SciPy's solver, which transforms the equation to a continuous one."""
    worst = 0.0
    for _ in range(50):
        M = theory.moments(random.uniform(-2, 2), np.exp(random.uniform(-1, 1)))
        eta_d = 0.5 / np.linalg.eigvalsh(M)[-1] * 10 ** random.uniform(-2, 0)
        eta_g = 10 ** random.uniform(-3, -1)
        A = theory.alternating_map(M, eta_g, eta_d)
        # one real and one noise value of variance 1 and 2 move phi_1 by half the gradient's step
        kick = theory.alternating_map(M, eta_g, 0.0) @ np.array([0.0, 0.0, -eta_d / 2])
        expected = linalg.solve_discrete_lyapunov(A, 3 * np.outer(kick, kick), method="bilinear")
        found = theory.sampled_variance(A, theory.noise_direction(eta_g, eta_d), 1.0, 2.0)
        worst = max(worst, abs(found / expected[0, 0] - 1))
    return Check(
        id="gan_training_lab.lyapunov",
        claim="thm-gan-lab-noise",
        statement="The stationary variance by our Kronecker solution against SciPy's bilinear "
        "solver, on 50 random means, variances and rates. Largest relative difference; SciPy "
        "squares a condition of at most $10^4$.",
        method="numerical",
        value=float(worst),
        at_most=1e-6,
    )


def _check_shuffled_variance(random: np.random.Generator) -> Check:
    """Average Aᵏ-propagated permutations exactly: m = 4 has 24 orders, listed one by one."""
    worst = 0.0
    for _ in range(3):
        data = random.normal(size=4)
        data -= data.mean()
        M = theory.moments(0.3, 1.0)
        eta_g, eta_d = 0.3, 0.4
        A, q = theory.alternating_map(M, eta_g, eta_d), theory.noise_direction(eta_g, eta_d)
        own = []
        for steps in range(1, 5):
            total = np.zeros((3, 3))
            for order in itertools.permutations(data):
                w = np.zeros(3)
                for e in order[:steps]:
                    w = A @ w - q * e
                total += np.outer(w, w) / 24
            for age in range(steps):
                kick = np.linalg.matrix_power(A, age) @ q
                total += 0.7 * np.outer(kick, kick)
            own.append(total)
        start = linalg.solve_discrete_lyapunov(np.linalg.matrix_power(A, 4), own[-1])
        expected = np.mean(
            [
                (
                    np.linalg.matrix_power(A, k) @ start @ np.linalg.matrix_power(A, k).T
                    + own[k - 1]
                )[0, 0]
                for k in range(1, 5)
            ]
        )
        found = theory.shuffled_variance(A, q, float(data.var()), 0.7, 4)
        worst = max(worst, abs(found / expected - 1))
    return Check(
        id="gan_training_lab.shuffled-law",
        claim="thm-gan-lab-noise",
        statement="The variance for shuffled epochs against an average over all 24 orders of a "
        "data set of four, listed one by one, for three data sets. Largest relative difference.",
        method="exhaustive",
        value=float(worst),
        at_most=1e-10,
    )
