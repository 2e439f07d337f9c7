"""Checks of exercise 4.2 on the posterior mean, for images on the line: algebra and quadrature."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from scripts.common.checks import Check
from scripts.denoising import model
from scripts.denoising.checks_exact import mixture_density

LINE = (sp.Rational(-2), sp.Integer(0), sp.Rational(3, 2))
"""Images on the line for the checks of the posterior mean."""

LINE_ALPHA = sp.Rational(1, 2)
"""Their level."""

LINE_ROUNDING = 1e-12
"""For the posterior mean on the line: numbers below 100 and some tens of roundings of 1e-16 each.
The trapezoid sums add less than 1e-20: the integrands are analytic and vanish at both ends."""


def checks() -> list[Check]:
    """The posterior mean: the score of the density, a projection, and its loss."""
    alpha = LINE_ALPHA
    signal, noise = model.weights(float(alpha))
    images = np.array([[float(image)] for image in LINE])
    epsilon = np.linspace(-11.0, 11.0, 4401)  # trapezoids converge geometrically here
    mass = np.exp(-(epsilon**2) / 2)
    mass /= mass.sum() * len(images)
    noisy = model.noisy_images(images, epsilon[:, None], signal, noise)
    guess = model.posterior_mean_denoiser(noisy.reshape(-1, 1), images, signal, noise)
    error = epsilon - guess.reshape(len(images), -1)
    x = noisy[..., 0]
    moments = [abs((mass * error * test).sum()) for test in (1.0, x, x**2, np.cos(x))]
    loss = float((mass * error**2).sum())
    return [
        Check(
            id="denoising.score",
            claim="thm-denoising-gaussian",
            statement=r"The posterior mean is $-\sqrt{1-\alpha_t}\,\nabla\log p$: largest "
            "difference from a symbolic derivative evaluated with 30 digits, on the line.",
            method="numerical",
            value=score_error(images, alpha),
            at_most=LINE_ROUNDING,
        ),
        Check(
            id="denoising.projection",
            claim="thm-denoising-gaussian",
            statement=r"$\mathbb E[h(x_t)(\epsilon-\widehat g_t(x_t))]=0$ for $h=1,x,x^2,\cos x$, "
            "by quadrature over the noise (largest absolute value; rounding).",
            method="numerical",
            value=float(max(moments)),
            at_most=LINE_ROUNDING,
        ),
        Check(
            id="denoising.gaussian-loss",
            claim="thm-denoising-gaussian",
            statement="The least loss with Gaussian noise against "
            r"$\frac{\alpha_t}{1-\alpha_t}\,\mathbb E\,\operatorname{Var}(x_i\mid x_t)$, by "
            "quadrature over the noise and over $x_t$ (difference; rounding).",
            method="numerical",
            value=abs(loss - posterior_variance(alpha)) if loss > 0 else math.inf,
            at_most=LINE_ROUNDING,
        ),
    ]


def score_error(images: Any, alpha: sp.Rational) -> float:
    """Return the largest difference of the posterior mean from the score on a grid."""
    x = sp.symbols("x")
    noise = sp.sqrt(1 - alpha)
    density = mixture_density(x, noise, [sp.sqrt(alpha) * image for image in LINE])
    predicted = -noise * sp.diff(sp.log(density), x)
    points = [sp.Rational(k, 4) for k in range(-14, 13)]
    wanted = np.array([float(predicted.subs(x, point).evalf(30)) for point in points])
    found = model.posterior_mean_denoiser(
        np.array(points, dtype=np.float64)[:, None], images, *model.weights(float(alpha))
    )
    return float(np.abs(found[:, 0] - wanted).max())


def posterior_variance(alpha: sp.Rational) -> float:
    """Return alpha / (1 - alpha) E Var(x_i | x_t) by trapezoids over x_t."""
    odds, ratio = float(alpha), float(1 - alpha)
    images = np.array([float(image) for image in LINE])
    x, step = np.linspace(-12.0, 12.0, 9601, retstep=True)
    joint = np.exp(-((x[:, None] - math.sqrt(odds) * images) ** 2) / (2 * ratio))
    joint *= step / (len(images) * math.sqrt(2 * math.pi * ratio))
    total = joint.sum(axis=1)
    second = (joint * images**2).sum(axis=1) - (joint * images).sum(axis=1) ** 2 / total
    return float(odds / ratio * second.sum())
