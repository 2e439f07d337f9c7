"""Checks of exercise 4.3 with numbers: densities integrated, samples and peaks counted."""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy import integrate, special

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.common.empirical import dkw_band
from scripts.common.values import scientific
from scripts.flow_density import claims, model
from scripts.flow_density.model import Function

TOLERANCE = 1e-11
"""Absolute error that each quadrature is asked for; rounding is 10⁻⁴ of it."""
ASKED = {"epsabs": TOLERANCE, "epsrel": 0.0, "limit": 200}
"""What the quadratures are asked: the absolute error decides, whatever the integral's size."""


def checks(
    arrays: Arrays, sample_size: int, left_end: float, wide_variance: float, false_alarm_rate: float
) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [
        *law_checks(arrays, sample_size, left_end, false_alarm_rate),
        branch_check(arrays, left_end),
        *entropy_checks(),
        mode_check(wide_variance),
    ]


def laws(left_end: float) -> dict[str, tuple[Function, Function]]:
    """Return for each law its density (the code under test) and P(X <= x) from the base."""
    return {
        "square": (model.square_density, np.sqrt),
        "logistic": (model.logistic_density, lambda x: special.ndtr(special.logit(x))),
        "exponential": (model.exponential_density, lambda x: -special.expm1(-x)),
        "folded": (
            functools.partial(model.folded_density, left_end=left_end),
            lambda x: (np.sqrt(x) + np.minimum(np.sqrt(x), left_end)) / (1.0 + left_end),
        ),
    }


def cell_masses(density: Function, edges: Floats) -> Floats:
    """Integrate `density` from 0 to edges[0], edges[0] to edges[1], … (adaptive quadrature)."""
    lows = np.append(0.0, edges[:-1])
    return np.array(
        [
            integrate.quad(lambda x: float(density(np.array([x]))[0]), low, high, **ASKED)[0]
            for low, high in zip(lows, edges, strict=True)
        ]
    )


def law_checks(
    arrays: Arrays, sample_size: int, left_end: float, false_alarm_rate: float
) -> list[Check]:
    """Each density integrates, over each cell, to the mass of the preimage; samples agree."""
    described = {
        "square": ("prp-flow-square", "problem 16.1"),
        "logistic": ("prp-flow-logistic", "problem 16.2"),
        "exponential": ("exm-flow-decreasing", "the decreasing map $-\\log Z$"),
        "folded": ("exm-flow-fold", "the two-branch map"),
    }
    rate = false_alarm_rate / len(described)
    level = scientific(rate)["text"]
    band = dkw_band(sample_size, rate)
    found = []
    for name, (density, cdf) in laws(left_end).items():
        claim, words = described[name]
        points = arrays[f"{name}_points"]
        masses = cell_masses(density, points)
        exact = np.diff(cdf(np.append(0.0, points)))
        found += [
            Check(
                id=f"flow_density.{name}-quadrature",
                claim=claim,
                statement=f"The density of {words}, integrated over each of {points.size} cells "
                f"that fill $(0,{points[-1]:g})$, against the probability of the preimage: "
                "largest difference (the error asked of the quadrature).",
                method="numerical",
                value=float(np.max(np.abs(masses - exact))),
                at_most=TOLERANCE,
            ),
            Check(
                id=f"flow_density.{name}-samples",
                claim=claim,
                statement=f"Kolmogorov-Smirnov: {sample_size:,} samples pushed through "
                f"the map of {words} against the integrated density; false-alarm rate ${level}$ "
                "(Dvoretzky-Kiefer-Wolfowitz-Massart).",
                method="statistical",
                value=float(np.max(np.abs(arrays[f"{name}_empirical"] - np.cumsum(masses)))),
                at_most=band,
            ),
        ]
    return found


def branch_check(arrays: Arrays, left_end: float) -> Check:
    """Compare the sum over branches with the hand-derived density of the folded law."""
    grid = arrays["grid"]
    count = np.where(grid < left_end**2, 2.0, 1.0)
    exact = count / (2.0 * (1.0 + left_end) * np.sqrt(grid))
    away = np.abs(grid - left_end**2) > 1e-12  # the density may take any value at l²
    return Check(
        id="flow_density.branch-sum",
        claim="prp-flow-branches",
        statement="The sum over branches on a grid against the derivative of the distribution "
        "function, worked out by hand: largest relative difference (eight roundings allowed).",
        method="numerical",
        value=float(np.max(np.abs(arrays["folded_density"][away] / exact[away] - 1.0))),
        at_most=8 * float(np.finfo(np.float64).eps),
    )


def entropy_checks() -> list[Check]:
    """Integrate −p log p on the x side, and the base entropy plus log|f′| on the z side."""

    def surprise(x: float, density: Function) -> float:
        height = float(density(np.array([x]))[0])
        return -height * float(np.log(height)) if height > 0.0 else 0.0

    def stretch(z: float) -> float:  # φ(z) log σ′(z), with σ′(z) = 1/(4 cosh²(z/2))
        return float(np.exp(-(z**2) / 2) * -2 * np.log(2 * np.cosh(z / 2)) / np.sqrt(2 * np.pi))

    normal_entropy = 0.5 * math.log(2 * math.pi * math.e)
    base_side = {
        "square": float(claims.square_entropy()),
        "logistic": normal_entropy + integrate.quad(stretch, -40, 40, **ASKED)[0],
    }
    densities = {"square": model.square_density, "logistic": model.logistic_density}
    return [
        Check(
            id=f"flow_density.{name}-entropy",
            claim="cor-flow-entropy",
            statement=f"The entropy $-\\int p\\log p$ of problem {problem}, by quadrature, against "
            "$h(Z)+\\mathbb E[\\log|f'(Z)|]$: difference (twice the error asked of "
            "the quadrature).",
            method="numerical",
            value=abs(
                integrate.quad(surprise, 0, 1, (densities[name],), **ASKED)[0] - base_side[name]
            ),
            at_most=2 * TOLERANCE,
        )
        for name, problem in (("square", "16.1"), ("logistic", "16.2"))
    ]


def mode_check(wide_variance: float) -> Check:
    """Count the peaks of the logit-normal density below and above base variance 2."""
    z = np.arange(-1200, 1201) / 100.0
    wrong = 0
    for variance in (0.5, 1.0, 1.9, 2.1, wide_variance):
        height = np.log(model.logistic_density(special.expit(z), variance))
        peaks = np.flatnonzero((height[1:-1] > height[:-2]) & (height[1:-1] > height[2:])) + 1
        wrong += peaks.size != (1 if variance <= 2.0 else 2)
        wrong += abs(z[peaks[-1]] - special.logit(model.right_mode(variance))) > 0.011
    return Check(
        id="flow_density.mode-count",
        claim="prp-flow-modes",
        statement="Peaks counted on a fine grid at five base variances on both sides of 2, and "
        "the place of the right one (to a grid step): disagreements with what is stated.",
        method="numerical",
        value=int(wrong),
    )
