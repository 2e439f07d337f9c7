"""Checks of exercise 4.2 on memorization: the flow of the posterior mean, affine models."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising import model
from scripts.denoising.checks_digits import EPS, TIE
from scripts.denoising.checks_posterior import LINE

LARGEST_SIGMA, SMALLEST_SIGMA = 50.0, 1e-3
"""Where the flow on the line starts and ends: far outside, and deep inside one image's ball."""


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [basin_check(arrays), flow_end_check(), affine_check(arrays), affine_flow_check()]


def basin_check(arrays: Arrays) -> Check:
    """Near an image the posterior mean of the image is as near to it as the bound says."""
    images = arrays["images"]
    between = cdist(images, images)
    others = between + np.diag(np.full(len(images), np.inf))
    delta = others.min()
    steps = images[others.argmin(axis=1)] - images
    toward = steps / np.linalg.norm(steps, axis=1)[:, None]  # the worst direction there is
    worst = 0.0
    for sigma in (delta / 4, delta / 6):
        bound = (between * np.exp(-((between / sigma) ** 2) / 4)).sum(axis=1).max()
        for direction in (toward, -toward, np.zeros_like(toward)):
            points = images + delta / 4 * direction
            noise = model.posterior_mean_denoiser(points, images, 1.0, sigma)
            mean = model.implied_image(points, noise, 1.0, sigma)
            worst = max(worst, np.linalg.norm(mean - images, axis=1).max() / bound)
    return Check(
        id="denoising.basin",
        claim="eq-denoising-basin",
        statement=r"At distance 0 and $\frac14\delta$ from each digit, towards its nearest "
        r"neighbor and away from it: $\lVert\widehat x_\sigma(y)-x_i\rVert$ over the bound "
        r"$\rho_\sigma$ (largest; $\sigma=\frac14\delta,\frac16\delta$).",
        method="numerical",
        value=float(worst),
        at_most=1 + TIE,
    )


def flowed(denoiser: Callable[..., Any], start: Any, images: Any, tolerance: float) -> Any:
    """Return where the flow dy / d(log sigma) = sigma * denoiser(y) takes points (n, d).

    By Runge-Kutta from `LARGEST_SIGMA` to `SMALLEST_SIGMA`; tolerance: relative, of a step.
    """

    def slope(log_sigma: float, y: Any) -> Any:
        sigma = math.exp(log_sigma)
        return sigma * denoiser(y.reshape(start.shape), images, 1.0, sigma).ravel()

    span = (math.log(LARGEST_SIGMA), math.log(SMALLEST_SIGMA))
    found = solve_ivp(slope, span, start.ravel(), rtol=tolerance, atol=tolerance / 100)
    return found.y[:, -1].reshape(start.shape)


def flow_end_check(starts: int = 40) -> Check:
    """The flow of the posterior mean on the line, by Runge-Kutta in log sigma, ends at images."""
    images = np.array([[float(image)] for image in LINE])
    quarter = np.diff(np.sort(images[:, 0])).min() / 4
    start = LARGEST_SIGMA * ndtri((np.arange(starts) + 0.5) / starts)

    end = flowed(model.posterior_mean_denoiser, start[:, None], images, 1e-8)[:, 0]
    distance = np.abs(end[:, None] - images[:, 0]).min(axis=1)
    return Check(
        id="denoising.flow-ends",
        claim="prp-denoising-memorize",
        statement=f"The flow of the posterior mean from {starts} starts, integrated down to "
        rf"$\sigma={SMALLEST_SIGMA:g}$ for three images on the line: largest distance to an image, "
        r"over the radius $\frac14\delta$ of the ball that no path leaves.",
        method="numerical",
        value=float(distance.max() / quarter),
        at_most=1.0,
    )


def affine_check(arrays: Arrays) -> Check:
    """Least squares over affine maps, for noises whose mean is 0 and whose covariance is I."""
    images, alpha = arrays["images"], float(arrays["optima_alpha"])
    m, d = images.shape
    weights = model.weights(alpha)
    noises = math.sqrt(d) * np.vstack([np.eye(d), -np.eye(d)])
    noisy = model.noisy_images(images, noises, *weights).reshape(-1, d)
    design = np.hstack([noisy, np.ones((len(noisy), 1))])
    best, _, _, singular = np.linalg.lstsq(design, np.tile(noises, (m, 1)), rcond=None)
    probes = np.vstack([np.zeros(d), np.eye(d)])
    found = model.affine_denoiser(probes, images, *weights)
    wanted = np.hstack([probes, np.ones((len(probes), 1))]) @ best
    condition = float(singular[0] / singular[-1])
    return Check(
        id="denoising.affine-best",
        claim="prp-denoising-affine",
        statement="The best affine map against least squares over all noisy digits with the noises "
        r"$\pm\sqrt d$ times the unit vectors, whose covariance is $I$: largest difference of a "
        "coefficient (rounding).",
        method="numerical",
        value=float(np.abs(found - wanted).max()),
        at_most=64 * EPS * d * condition**2,
    )


def affine_flow_check() -> Check:
    """The flow of the best affine map against (Sigma + sigma^2 I)^(1/2) u, in the plane."""
    images = np.array([[-1.0, 0.5], [2.0, 1.0], [0.5, -1.5], [1.0, 0.0]])
    mean = images.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov(images.T, bias=True))
    u = np.array([[1.0, 0.0], [0.0, 1.0], [-0.7, 0.4]])

    def exact(sigma: float) -> Any:
        return mean + (u @ axes) * np.sqrt(variances + sigma**2) @ axes.T

    end = flowed(model.affine_denoiser, exact(LARGEST_SIGMA), images, 1e-9)
    return Check(
        id="denoising.affine-flow",
        claim="prp-denoising-affine",
        statement="The flow of the best affine map, integrated down to "
        rf"$\sigma={SMALLEST_SIGMA:g}$ for four images in the plane, against "
        r"$\mu+(\Sigma+\sigma^2I)^{1/2}u$ (largest difference; ten times the tolerance of the "
        "integration at the start).",
        method="numerical",
        value=float(np.abs(end - exact(SMALLEST_SIGMA)).max()),
        at_most=10 * 1e-9 * LARGEST_SIGMA,
    )
