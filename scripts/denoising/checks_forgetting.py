"""Checks of exercise 4.2 on what forgetting a digit costs."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising.checks_digits import EPS, TIE


def checks(arrays: Arrays) -> list[Check]:
    """Forgetting costs at least, and can cost no more than, the proved price."""
    images, noises = arrays["images"], arrays["noises"]
    between = cdist(images, images)
    np.fill_diagonal(between, np.inf)
    nearest = images[between.argmin(axis=1)]
    error, rounding = 0.0, 0.0  # the noise that is added and taken off again is what rounds
    for alpha, cheapest in zip(arrays["shown_alphas"], arrays["forget_cheapest"], strict=True):
        signal, noise = math.sqrt(alpha), math.sqrt(1 - alpha)
        step = signal / noise * np.linalg.norm(images - nearest, axis=1).min()
        rounding = max(rounding, 8 * EPS * noises.size * (1 + float(np.abs(noises).max()) / step))
        guess = noises[None] + signal / noise * (images - nearest)[:, None, :]
        paid = ((guess - noises[None]) ** 2).sum(axis=(1, 2)) / len(images)
        error = max(error, float((np.abs(paid - cheapest) / cheapest).max()))
    ratio = arrays["forget_measured"] / arrays["forget_cheapest"]
    return [
        Check(
            id="denoising.forgetting-bound",
            claim="thm-denoising-forget",
            statement="Loss added by a model that takes each noisy version of one digit for the "
            "closest other digit, over the proved least price: smallest ratio over all digits and "
            "levels.",
            method="numerical",
            value=float(ratio.min()),
            at_least=1 - TIE,
        ),
        Check(
            id="denoising.forgetting-attained",
            claim="thm-denoising-forget",
            statement="The model that always implies the nearest other digit pays the least "
            "price: largest relative difference (rounding).",
            method="numerical",
            value=error,
            at_most=rounding,
        ),
    ]
