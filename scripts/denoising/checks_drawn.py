"""Checks of exercise 4.2 on what its figures show: recovered digits, and minimizers on the line."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from scipy.spatial.distance import cdist

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising import model
from scripts.denoising.checks_digits import loss_rounding
from scripts.denoising.checks_exact import game_loss
from scripts.denoising.digits import unscale

LINE_ROUNDING = 1e-12
"""Reading a drawn minimizer between grid points: it is linear there, with slope below 3 and values
below 5, so some ten roundings of 1e-15 each."""

CURVE_READING = 1e-3
"""More than the error of reading the drawn posterior mean: grid step 0.005, curvature below 30."""


def checks(arrays: Arrays) -> list[Check]:
    """What the figures of recovered digits and of the minimizers show."""
    return [*optima_checks(arrays), shown_check(arrays), *line_checks(arrays)]


def optima_checks(arrays: Arrays) -> list[Check]:
    """Both GAN rows have loss 1/2, the diffusion rows what they show; losses from definitions."""
    few, outputs = arrays["optima_images"], arrays["optima_outputs"]
    k, pixels, accepted = len(few), unscale(few), (True,) * len(few)
    games = sum(game_loss(tuple(row.tolist()), accepted) != Fraction(1, 2) for row in outputs)
    games += sorted(outputs[0].tolist()) != list(range(k))
    games += len(set(outputs[1].tolist())) != 1
    between = cdist(few, few, "sqeuclidean")
    np.fill_diagonal(between, np.inf)
    forgotten = int(arrays["optima_forgotten"])
    wanted = np.array([pixels, pixels])
    wanted[1, forgotten] = pixels[between[forgotten].argmin()]
    wrong = (unscale(arrays["optima_implied"]) != wanted).any(axis=2).sum()
    alpha = float(arrays["optima_alpha"])
    noises, weights = arrays["noises"], model.weights(alpha)
    price = len(noises) / k * alpha / (1 - alpha) * between.min()
    noisy = model.noisy_images(few, noises, *weights)
    losses = arrays["optima_losses"]
    return [
        Check(
            id="denoising.optima-game",
            claim="fig-denoising-optima",
            statement="The two GAN rows: lists that are not as named, or have a loss other than "
            r"$\frac12$ against the discriminator that accepts all of $S^m$.",
            method="exhaustive",
            value=games,
        ),
        Check(
            id="denoising.optima-implied",
            claim="fig-denoising-optima",
            statement="The two diffusion rows: digits that differ in a pixel from the digit of the "
            "data set, or, for the forgotten one, from its nearest neighbor.",
            method="exhaustive",
            value=int(wrong),
        ),
        Check(
            id="denoising.optima-losses",
            claim="fig-denoising-optima",
            statement="The two diffusion losses in the figure against zero and the least price, "
            "over that price (rounding).",
            method="numerical",
            value=float(np.abs(losses - [0.0, price]).max() / price),
            at_most=loss_rounding(price, noisy, noises, weights[1]) / price,
        ),
    ]


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
