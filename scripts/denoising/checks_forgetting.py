"""Checks of exercise 4.2 on what forgetting a digit costs."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.denoising import model
from scripts.denoising.checks_digits import EPS, TIE, loss_rounding


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
        *blend_checks(arrays, nearest),
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


def blend_checks(arrays: Arrays, nearest: Floats) -> list[Check]:
    """Implied images between two digits: the midpoint forgets at the bound, nothing nearer does."""
    images, noises = arrays["images"], arrays["noises"]
    m, excess = len(images), 0.0
    for alpha, cheapest in zip(arrays["shown_alphas"], arrays["forget_cheapest"], strict=True):
        weights = model.weights(alpha)
        noisy = model.noisy_images(images, noises, *weights)
        middle = model.implied_noise(noisy, ((images + nearest) / 2)[:, None], *weights)
        paid = ((middle - noises) ** 2).sum(axis=(1, 2)) / m
        rounding = loss_rounding(cheapest / 4, noisy, noises, weights[1])
        excess = max(excess, float((np.abs(paid - cheapest / 4) / rounding).max()))
    steps = nearest - images
    size = np.linalg.norm(steps, axis=1, keepdims=True)
    signs = np.where(np.arange(images.shape[1]) % 2 == 0, 1.0, -1.0)
    still = 0
    for direction in (steps / size, -steps / size, signs / np.linalg.norm(signs)):
        inside = images + 0.499 * size * direction
        still += int((cdist(inside, images).argmin(axis=1) != np.arange(m)).sum())
    return [
        Check(
            id="denoising.blend-attains",
            claim="thm-denoising-forget",
            statement="A model that implies the midpoint of each digit and the nearest other one "
            "pays a quarter of the price of taking it for that one: largest difference, over what "
            "rounding allows.",
            method="numerical",
            value=excess,
            at_most=1,
        ),
        Check(
            id="denoising.blend-keeps",
            claim="thm-denoising-forget",
            statement="Points at $0.499\\,\\delta_i$ from a digit, in three directions, whose "
            "closest digit is another one (exceptions).",
            method="exhaustive",
            value=still,
        ),
    ]
