"""Checks of UDL problem 16.11 as published: what eq. 16.25 minimizes, and what it misses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from scipy import integrate, special

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.common.normal_mean import normal_mean
from scripts.fixed_point import density_fit

EPS = float(np.finfo(float).eps)

A, MEAN = sympy.symbols("a mu", real=True)
B = sympy.Symbol("b", real=True, nonzero=True)
SD, SCALE, SAMPLE_SD = sympy.symbols("sigma kappa s", positive=True)
SAMPLE_MEAN = sympy.Symbol("zbar", real=True)


def log_normal(x: Any, mean: float, sd: float) -> Any:
    """Return the log-density of N(mean, sd^2) at x, a float or an array."""
    return -(((x - mean) / sd) ** 2) / 2 - math.log(sd * math.sqrt(2 * math.pi))


def symbolic_loss(scale: Any, entropy: bool) -> Any:
    """Return the mean loss of the affine sampler in symbols."""
    return density_fit.mean_loss(
        A, B, SAMPLE_MEAN, SAMPLE_SD, MEAN, SD, scale, entropy, sympy.log
    ).subs(math.pi, sympy.pi)


def deltas() -> Check:
    """KL of a mixture of narrow boxes: quadrature of p log(p / q) against the closed form."""
    mean, sd = 0.3, 0.7
    points = np.array([-1.0, -0.2, 0.1, 0.9, 2.0])
    cross_entropy = float(np.mean(-log_normal(points, mean, sd)))
    worst = 0.0
    for half_width in (0.1, 0.01, 1e-4):
        height = 1 / (2 * half_width * len(points))

        def integrand(x: float, height: float = height) -> float:
            return height * (math.log(height) - float(log_normal(x, mean, sd)))

        total = sum(
            integrate.quad(integrand, x - half_width, x + half_width, epsabs=1e-13)[0]
            for x in points
        )
        closed = density_fit.smoothed_kl(cross_entropy, half_width, sd, len(points))
        worst = max(worst, abs(total - closed))
    return Check(
        id="fixed_point.deltas",
        claim="prp-fixed-deltas",
        statement="KL divergence of five disjoint boxes of half-width 0.1, 0.01, 0.0001 from a "
        "Gaussian, by adaptive quadrature, against "
        "$\\mathcal L+\\varrho^2/(6\\sigma^2)-\\log(2m\\varrho)$, $\\varrho$ the half-width "
        "(largest difference).",
        method="numerical",
        value=worst,
        at_most=1e-11,
    )


def loss_from_density() -> Check:
    """The closed form of the loss is the average of -log(kappa q) over symbolic samples."""
    samples = sympy.symbols("z1:4", real=True)
    center = sum(samples) / 3
    variance = sum(z**2 for z in samples) / 3 - center**2
    x = sympy.Symbol("x", real=True)
    density = sympy.exp(-((x - MEAN) ** 2) / (2 * SD**2)) / (SD * sympy.sqrt(2 * sympy.pi))
    term = sympy.expand_log(-sympy.log(SCALE * density), force=True)
    direct = sum(term.subs(x, A + B * z) for z in samples) / 3
    wrong = 0
    for entropy in (False, True):
        average = direct - (sympy.log(sympy.Abs(B)) if entropy else 0)
        closed = symbolic_loss(SCALE, entropy)
        for variable in (A, B, MEAN, SD, *samples):
            substituted = closed.subs(SAMPLE_SD, sympy.sqrt(variance)).subs(SAMPLE_MEAN, center)
            difference = sympy.diff(substituted - average, variable)
            wrong += sympy.simplify(difference) != 0
    return Check(
        id="fixed_point.loss-from-density",
        claim="eq-fixed-affine-loss",
        statement="SymPy: the closed form of the loss has the same derivatives in $a$, $b$, "
        "$\\mu$, $\\sigma$ and each sample as the average of $-\\log(\\kappa q(a+bz_i))$ over "
        "three symbolic samples, without and with $-\\log|b|$ (number of differences).",
        method="symbolic",
        value=int(wrong),
    )


def scale_constant() -> Check:
    """A factor kappa shifts the loss by -log kappa and leaves both derivatives alone."""
    wrong = 0
    for entropy in (False, True):
        shift = symbolic_loss(SCALE, entropy) - symbolic_loss(sympy.Integer(1), entropy)
        wrong += sympy.simplify(shift + sympy.log(SCALE)) != 0
        wrong += sum(sympy.simplify(sympy.diff(shift, v)) != 0 for v in (A, B))
    q = sympy.Function("q", positive=True)
    for variable in (A, B):
        general = -sympy.log(SCALE * q(A + B * SAMPLE_MEAN)) + sympy.log(q(A + B * SAMPLE_MEAN))
        wrong += sympy.simplify(sympy.diff(general, variable)) != 0
    return Check(
        id="fixed_point.scale-constant",
        claim="eq-fixed-loss",
        statement="SymPy: the loss for $\\kappa q$ is the loss for $q$ less $\\log\\kappa$, with "
        "the same derivatives, for the Gaussian and for an unspecified $q$ (number of "
        "differences).",
        method="symbolic",
        value=int(wrong),
    )


def scale_run(arrays: Arrays) -> Check:
    """The run with kappa q takes the very same steps as the run with q."""
    difference = float(np.max(np.abs(arrays["scaled_path"] - arrays["collapse_path"])))
    return Check(
        id="fixed_point.scale-run",
        claim="eq-fixed-loss",
        statement="Largest difference between the two runs' $(a,b)$, $q$ against $\\kappa q$, "
        f"over {len(arrays['scaled_path']) - 1} steps of autograd: equal to the last bit.",
        method="numerical",
        value=difference,
    )


def collapse_minimizer() -> Check:
    """Without the entropy term: one stationary point, the mode without spread, a minimum."""
    loss = density_fit.mean_loss(
        A, B, SAMPLE_MEAN, SAMPLE_SD, MEAN, SD, sympy.Integer(1), False, sympy.log
    )
    gradient = [sympy.expand(sympy.diff(loss, variable) * SD**2) for variable in (A, B)]
    solutions = sympy.linsolve(gradient, A, B)
    wrong = int(solutions != sympy.FiniteSet(density_fit.cross_entropy_minimizer(MEAN)))
    hessian = sympy.hessian(loss, (A, B))
    wrong += sympy.simplify(hessian[0, 0] - 1 / SD**2) != 0
    wrong += sympy.simplify(hessian.det() - SAMPLE_SD**2 / SD**4) != 0
    return Check(
        id="fixed_point.collapse-minimizer",
        claim="thm-fixed-collapse",
        statement="SymPy solves the gradient of the loss without entropy term: one solution, "
        "$(a,b)=(\\mu,0)$; the Hessian has determinant $s^2/\\sigma^4$ (number of differences).",
        method="symbolic",
        value=int(wrong),
    )


def collapse_run(arrays: Arrays, mean: float, rate: float) -> Check:
    """The run without entropy term against powers of its iteration matrix.

    A step of size |(a, b)| + |mean| is rounded by `unit` of it at most, N samples added in any
    order; the map multiplies earlier errors by `growth` at most. The same covers the powers.
    """
    z = arrays["sampler_z"]
    curvature = np.array([[1.0, np.mean(z)], [np.mean(z), np.mean(z**2)]])
    eigenvalues, axes = np.linalg.eigh(curvature)
    steps = np.arange(len(arrays["collapse_path"]))[:, None]
    start = arrays["collapse_path"][0]
    offset = axes.T @ (start - np.array([mean, 0.0]))
    predicted = np.array([mean, 0.0]) + ((1 - rate * eigenvalues) ** steps * offset) @ axes.T
    errors = np.linalg.norm(arrays["collapse_path"] - predicted, axis=1)
    growth = float(np.max(np.abs(1 - rate * eigenvalues)))
    unit = 2 * EPS * (rate * (len(z) + 8) * (1 + float(np.max(np.abs(z)))) ** 2 + 4)
    allowed, size, worst = 0.0, float(np.linalg.norm(offset)), 0.0
    for error in errors:
        allowed = growth * allowed + unit * (abs(mean) + size) + float(np.finfo(float).tiny)
        size *= growth
        worst = max(worst, float(error) / allowed)
    return Check(
        id="fixed_point.collapse-run",
        claim="thm-fixed-collapse",
        statement="The run by autograd without entropy term against the powers of its iteration "
        f"matrix, {len(steps) - 1} steps: largest distance of the $(a,b)$ over the bound of "
        "rounding, carried on by the matrix.",
        method="numerical",
        value=worst,
        at_most=1,
    )


def collapsed(arrays: Arrays, mean: float, sd: float) -> Check:
    """The run without entropy term ends on the mode."""
    end = arrays["collapse_path"][-1]
    return Check(
        id="fixed_point.collapsed",
        claim="thm-fixed-collapse",
        statement="Distance of the run's last $(a,b)$ from $(\\mu,0)$, in units of $\\sigma$.",
        method="numerical",
        value=float(np.hypot(end[0] - mean, end[1])) / sd,
        at_most=1e-4,
        observed=True,
    )


def integrated_divergence() -> Any:
    """Integrate log p - log q of the affine student over its normal z, in symbols."""
    log_scales = sympy.log(SD) - sympy.log(sympy.Abs(B))
    return normal_mean(lambda z: log_scales - z**2 / 2 + (A + B * z - MEAN) ** 2 / (2 * SD**2))


def divergence_formula() -> Check:
    """The KL divergence of the affine student by integration, and its limit without spread."""
    stated = density_fit.normal_kl(sympy.Abs(B) / SD, (A - MEAN) / SD, sympy.log)
    wrong = int(sympy.simplify(sympy.expand_log(integrated_divergence() - stated, force=True)) != 0)
    spread = sympy.Symbol("spread", positive=True)
    wrong += sympy.limit(stated.subs(B, spread), spread, 0, "+") != sympy.oo
    return Check(
        id="fixed_point.divergence-formula",
        claim="thm-fixed-collapse",
        statement="SymPy integrates $\\log(p/q)$ of the student over $z\\sim N(0,1)$: the stated "
        "divergence, which tends to infinity as $b\\to0$ (number of differences).",
        method="symbolic",
        value=wrong,
    )


def fit_divergence() -> Check:
    """What the fit is off by, at both minimizers: the integral with a and b inserted."""
    divergence = integrated_divergence()
    stated = density_fit.fitted_kl(SAMPLE_MEAN, SAMPLE_SD, sympy.log)
    found = [
        divergence.subs({A: a, B: b})
        for a, b in density_fit.kl_minimizers(SAMPLE_MEAN, SAMPLE_SD, MEAN, SD)
    ]
    return Check(
        id="fixed_point.fit-divergence",
        claim="thm-fixed-entropy",
        statement="SymPy: the integral of $\\log(p/q)$ at both minimizers is "
        "$\\frac12((1+\\bar z^2)/s^2-1)+\\log s$, free of $\\mu$ and $\\sigma$ (number of "
        "differences).",
        method="symbolic",
        value=sum(
            sympy.simplify(sympy.expand_log(value - stated, force=True)) != 0 for value in found
        ),
    )


def mean_divergence(arrays: Arrays) -> Check:
    """The mean of the fit's divergence over samples, by quadrature over the law of m s^2."""
    worst = 0.0
    for count in (4, 10, len(arrays["sampler_z"])):
        half = (count - 1) / 2  # m s^2 = 2 x with x of a gamma law of this shape

        def integrand(x: float, count: int = count, half: float = half) -> float:
            density = math.exp((half - 1) * math.log(x) - x - special.gammaln(half))
            variance = 2 * x / count
            return density * ((1 + 1 / count) / variance - 1 + math.log(variance)) / 2

        reach = half + 40 * math.sqrt(half) + 40  # beyond it, less than 10^-17 of the law
        pieces = ((0.0, half), (half, reach))
        total = sum(
            integrate.quad(integrand, low, high, epsabs=1e-12, limit=400)[0] for low, high in pieces
        )
        worst = max(worst, abs(total - density_fit.mean_fitted_kl(count)))
    return Check(
        id="fixed_point.mean-divergence",
        claim="thm-fixed-entropy",
        statement=f"Mean of the divergence for $m=4$, $10$ and ${len(arrays['sampler_z'])}$ by "
        "quadrature over the law of $ms^2$, against the stated mean (largest difference; the "
        "quadrature is asked for $10^{-12}$ on each of two pieces).",
        method="numerical",
        value=worst,
        at_most=1e-11,
    )


def entropy_minimizers() -> Check:
    """With the entropy term: exactly the two claimed minimizers, mirror images, equal values."""
    loss = symbolic_loss(sympy.Integer(1), True)
    gradient = [sympy.diff(loss, variable) for variable in (A, B)]
    hessian = sympy.hessian(loss, (A, B))
    claimed = density_fit.kl_minimizers(SAMPLE_MEAN, SAMPLE_SD, MEAN, SD)
    wrong = 0
    values = []
    for a, b in claimed:
        point = {A: a, B: b}
        wrong += sum(sympy.simplify(part.subs(point)) != 0 for part in gradient)
        wrong += sympy.simplify(hessian.det().subs(point) - 2 * SAMPLE_SD**2 / SD**4) != 0
        values.append(loss.subs(point))
    wrong += sympy.simplify(values[0] - values[1]) != 0
    best_a = sympy.solve(gradient[0], A)  # for each b one a, as the loss is quadratic in a
    reduced = sympy.numer(sympy.together(gradient[1].subs(A, best_a[0])))
    roots = sympy.solve(reduced, B)
    wrong += len(best_a) != 1
    wrong += {sympy.simplify(root) for root in roots} != {sympy.simplify(b) for _, b in claimed}
    return Check(
        id="fixed_point.entropy-minimizers",
        claim="thm-fixed-entropy",
        statement="SymPy solves the gradient of the loss with entropy term: exactly "
        "$b=\\pm\\sigma/s$, $a=\\mu-b\\bar z$, of equal value, each with Hessian determinant "
        "$2s^2/\\sigma^4$ (number of differences).",
        method="symbolic",
        value=int(wrong),
    )


def entropy_runs(arrays: Arrays, mean: float, sd: float) -> list[Check]:
    """Both runs with entropy term against the closed-form minimizer with the same sign of b.

    In units of sd the loss is strongly convex on either side of b = 0, with the constant
    lambda_min: where the gradient is small, the minimizer is near.
    """
    z = arrays["sampler_z"]
    reach = 1 + float(np.max(np.abs(z)))
    curvature = np.array([[1.0, np.mean(z)], [np.mean(z), np.mean(z**2)]])
    convexity = float(np.linalg.eigvalsh(curvature)[0])
    claimed = density_fit.kl_minimizers(float(np.mean(z)), float(np.std(z)), mean, sd)
    excess, farthest = 0.0, 0.0
    for run, planned in zip(("right", "mirrored"), claimed, strict=True):
        a, b = arrays[f"{run}_path"][-1]
        goal = claimed[0] if b > 0 else claimed[1]
        shift = (a + b * z - mean) / sd
        gradient = np.array([np.mean(shift), np.mean(shift * z) - sd / b])
        distance = float(np.hypot(a - goal[0], b - goal[1])) / sd
        certified = float(np.linalg.norm(gradient)) / convexity
        size = (abs(mean) + abs(a) + abs(b) * reach) / sd * reach + sd / abs(b)
        slack = (len(z) + 16) * EPS * size / convexity
        excess = max(excess, distance / (certified + slack))
        farthest = max(farthest, float(np.hypot(a - planned[0], b - planned[1])) / sd)
    return [
        Check(
            id="fixed_point.entropy-runs",
            claim="thm-fixed-entropy",
            statement="Distance of both runs' last $(a,b)$ from the closed form with the same sign "
            "of $b$, over its bound by strong convexity, "
            "$\\lVert\\nabla\\rVert/\\lambda_{\\min}$ plus rounding.",
            method="numerical",
            value=excess,
            at_most=1,
        ),
        Check(
            id="fixed_point.recovered",
            claim="thm-fixed-entropy",
            statement="Distance of both runs' last $(a,b)$ from the closed form with the sign of "
            "$b$ at the start, in units of $\\sigma$.",
            method="numerical",
            value=farthest,
            at_most=1e-4,
            observed=True,
        ),
    ]


def gaussian_kl(arrays: Arrays, mean: float, sd: float) -> Check:
    """The KL curves of the figure against quadrature in units of q, at a few steps of each run."""
    worst = 0.0
    for run in ("collapse", "right", "mirrored"):
        for step in {min(step, len(arrays[f"{run}_path"]) - 1) for step in (0, 3, 10)}:
            a, b = (float(x) for x in arrays[f"{run}_path"][step])
            shift, ratio = (a - mean) / sd, abs(b) / sd

            def integrand(z: float, shift: float = shift, ratio: float = ratio) -> float:
                student = float(log_normal(z, 0, 1))
                target = float(log_normal(shift + ratio * z, 0, 1))
                return math.exp(student) * (student - math.log(ratio) - target)

            total = integrate.quad(integrand, -12, 12, epsabs=1e-11, epsrel=1e-11, limit=200)[0]
            worst = max(worst, abs(total - float(arrays[f"{run}_kl"][step])) / (1 + abs(total)))
    return Check(
        id="fixed_point.gaussian-kl",
        claim="sec-fixed-runs",
        statement="KL divergence of the student from $q$ at steps 0, 3, 10 of each run, adaptive "
        "quadrature against the closed form (largest relative difference).",
        method="numerical",
        value=worst,
        at_most=1e-9,
    )


def recovered_moments(arrays: Arrays, mean: float, sd: float) -> Check:
    """The minimizer's a and b are off by sampling error only: exact tests for normal samples."""
    z, count = arrays["sampler_z"], len(arrays["sampler_z"])
    a, b = density_fit.kl_minimizers(float(np.mean(z)), float(np.std(z)), mean, sd)[0]
    spread = float(special.chdtr(count - 1, count * (sd / b) ** 2))
    center = float(special.ndtr((mean - a) / b * math.sqrt(count)))
    level = min(2 * min(p, 1 - p) for p in (spread, center))
    return Check(
        id="fixed_point.recovered-moments",
        claim="thm-fixed-entropy",
        statement="Smaller p-value of two exact tests that the minimizer is off by sampling error "
        "only: $m\\sigma^2/b^2\\sim\\chi^2_{m-1}$ and $\\sqrt m(\\mu-a)/b\\sim N(0,1)$, "
        f"$m={count}$; false alarms once in a million.",
        method="statistical",
        value=level,
        at_least=5e-7,
    )


def overlaps(images: Sequence[density_fit.Interval]) -> bool:
    """Return whether two image intervals share a cell, so that the map is not injective."""
    return any(
        max(one[0], other[0]) < min(one[1], other[1])
        for one, other in itertools.combinations(images, 2)
    )


def push_grid(images: Sequence[density_fit.Interval], resolution: int) -> list[Fraction]:
    """Return the density of f(z) on each cell by counting: midpoints of a fine grid, pushed."""
    cells = len(images)
    counts = [0] * cells
    for low, high in images:
        for k in range(resolution):
            inside = Fraction(2 * k + 1, 2 * resolution)  # position in the cell
            x = low + (high - low) * inside  # in units of a cell
            counts[int(x)] += 1
    return [Fraction(count, resolution) for count in counts]


def branch_entropy(images: Sequence[density_fit.Interval]) -> float:
    """Return the mean uncertainty of the branch given f(z), H(branch | f(z)), in nats."""
    cells = len(images)
    total = 0.0
    for cell in range(cells):
        weights = [Fraction(1, hi - lo) for lo, hi in images if lo <= cell < hi]
        mass = sum(weights, Fraction(0))
        total -= sum(float(w) * math.log(w / mass) for w in weights) / cells
    return total


def lower_bound() -> Check:
    """Every map of four cells onto intervals: formula <= KL, equality only without overlap."""
    cells = 4
    intervals = list(itertools.combinations(range(cells + 1), 2))
    failures = cases = 0
    for images in itertools.combinations_with_replacement(intervals, cells):
        cases += 1
        density = density_fit.pushforward_density(images)
        # 12 divides by every length, so the midpoints fall evenly into the cells
        failures += density != push_grid(images, 12)
        formula = density_fit.change_of_variables_value(images)
        gap = density_fit.kl_to_uniform(density) - formula
        failures += abs(gap - branch_entropy(images)) > 1e-12
        failures += (gap > 1e-12) != overlaps(images)
    return Check(
        id="fixed_point.lower-bound",
        claim="thm-fixed-pushforward",
        statement=f"All {cases} choices of image intervals for the {cells} cells of a piecewise "
        "affine map: the density is that of a counted grid, KL minus formula is the entropy of "
        "the branch given the image, and it is zero exactly when no images overlap (number of "
        "violations).",
        method="exhaustive",
        value=failures,
    )


def modular_maps(arrays: Arrays) -> Check:
    """f(z) = k z mod 1 from its branches in SymPy: density 1, KL 0, formula -log k."""
    z = sympy.Symbol("z", positive=True)
    wrong = 0
    for k, formula in enumerate(arrays["modular_formula"], start=1):
        density, value = sympy.Integer(0), sympy.Integer(0)
        for j in range(k):  # the branch k z - j maps the cell from j/k to (j + 1)/k onto [0, 1)
            branch, low, high = k * z - j, sympy.Rational(j, k), sympy.Rational(j + 1, k)
            slope = sympy.diff(branch, z)
            onto = branch.subs(z, low) == 0 and branch.subs(z, high) == 1
            density += 1 / slope if onto else 0
            value -= (high - low) * sympy.log(slope)
        divergence = density * sympy.log(density)  # constant on [0, 1), so its own integral
        wrong += density != 1 or divergence != 0
        wrong += sympy.expand(value + sympy.log(k)) != 0
        wrong += abs(float(value) - float(formula)) > (k + 8) * EPS * (1 + math.log(k))
        wrong += arrays["modular_kl"][k - 1] != 0
    return Check(
        id="fixed_point.modular-maps",
        claim="exm-fixed-modular",
        statement=f"SymPy, $f(z)=kz\\bmod1$ for $k=1,\\dots,{len(arrays['modular_formula'])}$: the "
        "pushed-forward density is 1, its KL divergence 0, the formula $-\\log k$, as drawn "
        "(number of differences).",
        method="symbolic",
        value=int(wrong),
    )


def square_slope(z: float) -> float:
    """Return |f'(z)| for f(z) = z^2."""
    return 2 * abs(z)


def square_map() -> Check:
    """f(z) = z^2, z standard normal, q exponential: the formula is log 2 below the KL."""

    def formula(z: float) -> float:
        base = log_normal(z, 0, 1)
        return float(math.exp(base) * (base - math.log(square_slope(z)) + z**2))

    def divergence(root: float) -> float:  # chi-square, one degree; x = root^2 mends the pole at 0
        x = root**2
        student = -x / 2 - math.log(2 * math.pi * x) / 2
        return 2 * root * math.exp(student) * (student + x)

    value = 2 * integrate.quad(formula, 0, 12, epsabs=1e-12, limit=200)[0]
    exact = integrate.quad(divergence, 0, 12, epsabs=1e-12, limit=200)[0]
    return Check(
        id="fixed_point.square-map",
        claim="thm-fixed-pushforward",
        statement="$f(z)=z^2$, $z\\sim N(0,1)$, $q$ exponential, by quadrature over $z$ and over "
        "$x$: KL minus formula, less $\\log2$ (absolute value).",
        method="numerical",
        value=abs(exact - value - math.log(2)),
        at_most=1e-8,
    )


def checks(arrays: Arrays, mean: float, sd: float, rate: float) -> list[Check]:
    """Return every check of this part; mean and sd are those of q, rate is the step over sd^2."""
    return [
        deltas(),
        loss_from_density(),
        scale_constant(),
        scale_run(arrays),
        collapse_minimizer(),
        collapse_run(arrays, mean, rate),
        collapsed(arrays, mean, sd),
        divergence_formula(),
        entropy_minimizers(),
        fit_divergence(),
        mean_divergence(arrays),
        *entropy_runs(arrays, mean, sd),
        gaussian_kl(arrays, mean, sd),
        recovered_moments(arrays, mean, sd),
        lower_bound(),
        modular_maps(arrays),
        square_map(),
    ]
