"""Checks of the reverse divergence: what it charges for a missed part, and for distilling."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy import integrate, optimize

from scripts.common.arrays import Floats
from scripts.common.checks import Check
from scripts.fixed_point import density_fit, model, triangular
from scripts.fixed_point.checks_density import log_normal

TARGET = (Fraction(1, 11), Fraction(2, 11), Fraction(4, 11), Fraction(4, 11))
"""A q on four cells whose maximum is attained twice."""
PARTS = 6
"""The p that are tried have masses in multiples of one part in this many, or in those of q."""
MEANS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0)


def divergence(p: Sequence[Fraction], q: Sequence[Fraction]) -> float:
    """Return KL(p || q) on finitely many cells; q is positive."""
    return sum(float(a) * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def restrictions() -> Check:
    """Every p on a grid and every set A: KL(p || q) >= -log q(A), equal only for q given A."""
    cells = range(len(TARGET))
    grid = [
        tuple(Fraction(count, PARTS) for count in counts)
        for counts in itertools.product(range(PARTS + 1), repeat=len(TARGET))
        if sum(counts) == PARTS
    ]
    cases = wrong = 0
    for size in range(1, len(TARGET) + 1):
        for kept in itertools.combinations(cells, size):
            mass = sum((TARGET[cell] for cell in kept), Fraction(0))
            best = tuple(TARGET[cell] / mass if cell in kept else Fraction(0) for cell in cells)
            least = density_fit.restriction_cost(mass)
            for p in [
                best,
                *(p for p in grid if not any(p[cell] for cell in cells if cell not in kept)),
            ]:
                cases += 1
                excess = divergence(p, TARGET) - least
                wrong += excess < -1e-12 or (excess < 1e-12) != (p == best)
    return Check(
        id="fixed_point.restrictions",
        claim="prp-fixed-reverse",
        statement=f"A $q$ on four cells, every set $A$ of cells, every $p$ on $A$ with masses in "
        f"sixths, and $q$ restricted to $A$, {cases} cases: "
        "$\\mathrm{KL}(p\\Vert q)\\ge-\\log q(A)$, with equality just for the restricted $q$ "
        "(number of violations).",
        method="exhaustive",
        value=wrong,
    )


def collapsed_samples() -> Check:
    """Every triple of samples on four cells: the loss is least just when all lie on modes."""
    top = max(TARGET)
    wrong = 0
    triples = list(itertools.product(range(len(TARGET)), repeat=3))
    for triple in triples:
        loss = -sum(math.log(TARGET[cell]) for cell in triple) / len(triple)
        excess = loss - density_fit.least_loss(top)
        wrong += excess < -1e-12 or (excess < 1e-12) != all(TARGET[cell] == top for cell in triple)
    return Check(
        id="fixed_point.collapsed-samples",
        claim="prp-fixed-reverse",
        statement=f"All {len(triples)} triples of samples on the four cells of a $q$ with two "
        "modes: $\\mathcal L\\ge-\\log\\max q$, with equality just if each sample is on a mode "
        "(number of violations).",
        method="exhaustive",
        value=wrong,
    )


def log_two_modes(x: Floats, mean: float) -> Floats:
    """Return the log-density of half N(-mean, 1), half N(mean, 1)."""
    return np.asarray(np.logaddexp(log_normal(x, -mean, 1), log_normal(x, mean, 1)) - math.log(2))


def integrated(log_p: Floats, log_q: Floats, x: Floats) -> float:
    """Return KL(p || q) by the trapezoidal rule on a grid that holds all of p."""
    return float(np.trapezoid(np.exp(log_p) * (log_p - log_q), x))


def two_modes() -> Check:
    """The three statements on a q with two modes, both divergences by quadrature."""
    wrong = 0
    for mean in MEANS:
        x = np.linspace(-mean - 60, mean + 60, 40001)
        q, one = log_two_modes(x, mean), log_normal(x, mean, 1)
        reverse, forward = density_fit.one_mode_bounds(mean)
        wrong += integrated(one, q, x) > reverse + 1e-12
        wrong += integrated(q, one, x) < forward
        for spread in np.geomspace(0.2, 10, 30):
            wrong += integrated(log_normal(x, 0, spread), q, x) < density_fit.centered_bound(mean)
        best = optimize.minimize(
            lambda v, q=q, x=x: integrated(q, log_normal(x, v[0], math.exp(v[1])), x),
            (mean / 2, 0.3),
            method="Nelder-Mead",
            options={"xatol": 1e-6, "fatol": 1e-14, "maxiter": 2000},
        ).x
        a, b = density_fit.forward_minimizer(mean)
        wrong += math.hypot(best[0] - a, math.exp(best[1]) - b) > 1e-4 * b
    return Check(
        id="fixed_point.two-modes",
        claim="thm-fixed-modes",
        statement=f"Quadrature for {len(MEANS)} values of $\\mu$ from {MEANS[0]:g} to "
        f"{MEANS[-1]:g}: both bounds for the student on one component, the bound for 30 "
        "spreads between the components, and the "
        "minimizer of the forward divergence found by a search (number of violations).",
        method="numerical",
        value=wrong,
        at_most=0,
    )


def preference() -> Check:
    """A student on one mode is better than all between the modes when these are far apart."""
    wrong = 0
    for mean in MEANS:
        x = np.linspace(-mean - 60, mean + 60, 40001)
        q = log_two_modes(x, mean)
        centered = optimize.minimize_scalar(
            lambda v, q=q, x=x: integrated(log_normal(x, 0, math.exp(v)), q, x),
            bounds=(-1, 3),
            method="bounded",
        ).fun
        one = integrated(log_normal(x, mean, 1), q, x)
        wrong += (one < centered) != (mean > density_fit.ONE_MODE_FROM)
    return Check(
        id="fixed_point.preference",
        claim="sec-fixed-modes",
        statement="Quadrature for the same $\\mu$: the reverse divergence of $N(\\mu,1)$ is below "
        "that of every $N(0,b^2)$ for $\\mu\\ge3$ and above the least of them for $\\mu\\le2$ "
        "(number of exceptions).",
        method="numerical",
        value=wrong,
        at_most=0,
    )


LAYERS: tuple[triangular.Layer, ...] = (
    lambda z: (Fraction(1, 2), Fraction(2)),
    lambda z: (5 * z[0] ** 2, 1 + z[0] ** 2),
    lambda z: (z[0] * z[1] - 3, Fraction(1, 3) + z[1] ** 2),
    lambda z: (7 * z[2] - z[0], 1 + (z[1] - z[2]) ** 2),
)
"""Four coordinates with polynomial shifts and scales: steep, so no contraction."""


def triangular_inverse() -> Check:
    """In exact fractions the n-th iterate has n right coordinates, from every start."""
    values = (Fraction(-2), Fraction(1, 3), Fraction(1))
    wrong, spread = 0, []
    points = list(itertools.product(values, repeat=len(LAYERS)))
    starts = [[Fraction(start)] * len(LAYERS) for start in (-3, 0, 5)]
    for z in points:
        step = triangular.inverting_step(LAYERS, triangular.forward(LAYERS, z))
        for start in starts:
            path = model.iterate(step, start, len(LAYERS))
            wrong += sum(list(point[:n]) != list(z[:n]) for n, point in enumerate(path))
            before, after = (max(abs(a - b) for a, b in zip(p, z, strict=True)) for p in path[:2])
            spread.append(after > before)
    wrong += not any(spread)
    return Check(
        id="fixed_point.triangular-inverse",
        claim="prp-fixed-triangular",
        statement=f"All {len(points)} points of a grid in four dimensions, three starts, "
        "polynomial $a_j$ and $b_j$ in exact fractions: the first $n$ coordinates are right "
        "after $n$ steps, "
        "$n=0,\\dots,4$, though the first step can move away (number of violations).",
        method="exhaustive",
        value=int(wrong),
    )


def _shift(z: float) -> float:
    return 2 * math.sin(z)


def _log_scale(z: float) -> float:
    return math.tanh(z) / 2 - 0.3


def log_logistic(x: Any) -> Any:
    """Return the log-density of the standard logistic law at x, a float or an array."""
    return -np.abs(x) - 2 * np.log1p(np.exp(-np.abs(x)))


def logistic_entropy() -> Check:
    """The entropy of a two-dimensional student from its density in x, on a grid."""
    first = np.arange(-45, 45, 0.1)
    second = np.arange(-80, 80, 0.1)
    total = 0.0
    for x in first.tolist():  # the density of x_2 given x_1 = z_1
        log_scale = _log_scale(x)
        joint = log_logistic((second - _shift(x)) / math.exp(log_scale)) - log_scale
        joint += log_logistic(x)
        total -= float(np.sum(np.exp(joint) * joint)) * 0.01

    def integrand(z: float) -> float:
        return math.exp(log_logistic(z)) * _log_scale(z)

    mean = sum(
        integrate.quad(integrand, low, high, epsabs=1e-13)[0] for low, high in ((-45, 0), (0, 45))
    )
    return Check(
        id="fixed_point.logistic-entropy",
        claim="prp-fixed-triangular",
        statement="A student in two dimensions, $a_2=2\\sin z_1$, "
        "$\\log b_2=\\frac12\\tanh z_1-0.3$: its entropy summed from the density of $x$ on a grid, "
        "against $4+\\mathbb E[\\log b_2]$ "
        "(absolute difference).",
        method="numerical",
        value=abs(total - triangular.logistic_entropy(2, mean)),
        at_most=1e-9,
    )


def checks() -> list[Check]:
    """Return every check of this part."""
    return [
        restrictions(),
        collapsed_samples(),
        two_modes(),
        preference(),
        triangular_inverse(),
        logistic_entropy(),
    ]
