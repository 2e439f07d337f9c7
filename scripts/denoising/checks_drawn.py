"""Checks of exercise 4.2 on what its figures show: recovered digits, and minimizers on the line."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising.digits import unscale

LINE_ROUNDING = 1e-12
"""Reading a drawn minimizer between grid points: it is linear there, with slope below 3 and values
below 5, so some ten roundings of 1e-15 each."""

CURVE_READING = 1e-3
"""More than the error of reading the drawn posterior mean: grid step 0.005, curvature below 30."""


def checks(arrays: Arrays) -> list[Check]:
    """What the figures of recovered digits and of the minimizers show."""
    return [shown_check(arrays), *line_checks(arrays)]


def shown_check(arrays: Arrays) -> Check:
    """Each recovered digit that is drawn is the digit closest to the noisy one."""
    images, wrong = arrays["images"], 0
    for noisy, found in zip(arrays["shown_noisy"], arrays["shown_recovered"], strict=True):
        nearest = images[cdist(noisy, images).argmin(axis=1)]
        wrong += int((unscale(found) != unscale(nearest)).any(axis=1).sum())
    return Check(
        id="denoising.shown-digits",
        claim="fig-denoising-digits",
        statement="Recovered digits in the figure that differ in a pixel from the image of the "
        "data set that is closest to the noisy digit.",
        method="exhaustive",
        value=wrong,
    )


def line_checks(arrays: Arrays) -> list[Check]:
    """The drawn minimizers pass through the drawn points; the posterior mean does not."""
    misses = {
        name: np.abs(
            np.interp(arrays["line_noisy"], arrays["line_grid"], arrays[f"line_{name}"])
            - arrays["line_targets"]
        ).max()
        for name in ("closest", "nearest", "posterior")
    }
    return [
        Check(
            id="denoising.line-minimizers",
            claim="fig-denoising-minimizers",
            statement=r"Both drawn minimizers pass through all points $(x_{t,i,j},\epsilon_j)$: "
            "largest miss (rounding).",
            method="numerical",
            value=max(misses["closest"], misses["nearest"]),
            at_most=LINE_ROUNDING,
        ),
        Check(
            id="denoising.line-posterior",
            claim="fig-denoising-minimizers",
            statement="The drawn posterior mean misses some of them: largest miss (over the error "
            "of reading the curve).",
            method="numerical",
            value=misses["posterior"],
            at_least=CURVE_READING,
        ),
    ]
