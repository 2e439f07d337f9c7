"""Checks of exercise 4.2 on what is generated: which digits DDIM ends in, and how evenly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising import model, sampling
from scripts.denoising.checks_digits import EPS, FALSE_ALARM


def checks(arrays: Arrays) -> list[Check]:
    """What DDIM generates with each denoiser."""
    images, levels = arrays["images"], arrays["ddim_levels"]
    choices = arrays["choices_scaled"]
    squares = cdist(arrays["ddim_start"], math.sqrt(levels[0]) * images, "sqeuclidean")
    two = np.partition(squares, 1, axis=1)
    clear = two[:, 1] - two[:, 0] > 8 * EPS * images.shape[1] * squares.max()  # above rounding
    changed = (choices[:, clear] != squares.argmin(axis=1)[clear]).any(axis=0)
    noises = arrays["noises"][:4]
    few = images[:12]
    noisy = model.noisy_images(few, noises, *model.weights(levels[0]))
    _, back = sampling.ddim(
        noisy.reshape(-1, images.shape[1]),
        few,
        lambda points, alpha: model.nearest_noisy_denoiser(points, few, noises, alpha),
        levels,
    )
    astray = back[-1] != np.repeat(np.arange(len(few)), len(noises))
    return [
        Check(
            id="denoising.restart",
            claim="prp-denoising-restart",
            statement="DDIM with a zero-loss model, started from the noisiest training images of "
            f"{len(few)} digits: starts that do not end in their own digit.",
            method="exhaustive",
            value=int(astray.sum()),
        ),
        Check(
            id="denoising.first-choice",
            claim="prp-denoising-choice",
            statement=r"Samples of the $\sqrt{\alpha_t}$-scaled closest point that show another "
            r"digit, at any step, than the one whose copy in $\sqrt{\alpha_\tau}S^m$ was closest "
            "to the start.",
            method="exhaustive",
            value=int(changed.sum()),
        ),
        limit_check(arrays),
        switch_check(arrays),
        *distance_checks(arrays),
        middle_check(levels),
        *coverage_checks(arrays),
    ]


def limit_check(arrays: Arrays) -> Check:
    """As alpha_T tends to 0 the closest scaled image is the one of largest inner product."""
    images, start = arrays["images"], arrays["ddim_start"]
    products = start @ images.T
    two = np.partition(products, -2, axis=1)
    clear = two[:, -1] - two[:, -2] > 1e-6  # the other term of the score is below 1e-8
    signal = 1e-12
    wrong = 0
    for moved in (images, 3.0 * images + 1.0):
        choice = model.closest(start, signal * moved)
        wrong += int((choice != products.argmax(axis=1))[clear].sum())
    hull = np.vstack([images, (images[0] + images[1]) / 2])
    wrong += int((model.closest(start, signal * hull) == len(images))[clear].sum())
    return Check(
        id="denoising.choice-limit",
        claim="prp-denoising-choice",
        statement=r"At $\sqrt{\alpha_\tau}=10^{-12}$: starts $z$ whose closest "
        r"$\sqrt{\alpha_\tau}\,x_k$ is not the one of largest $\langle z,x_k\rangle$, for the "
        "digits or for the same digits moved and rescaled, or is the mean of two digits when "
        "that is added.",
        method="exhaustive",
        value=wrong,
    )


def distance_checks(arrays: Arrays) -> list[Check]:
    """Which denoisers generate digits: the samples' distances, over half the least gap."""
    half = float(arrays["separations"].min() / 2)
    exact = max(arrays[f"distance_{name}"].max() for name in ("scaled", "closest"))
    farthest = np.abs(arrays["ddim_start"]).max() + np.abs(arrays["images"]).max()
    alpha, steps = float(arrays["ddim_levels"][0]), len(arrays["ddim_levels"])
    return [
        Check(
            id="denoising.samples-exact",
            claim="tbl-denoising-coverage",
            statement="DDIM with both closest points: largest distance of a sample to the closest "
            r"digit (rounding, which is divided by $\sqrt{\alpha_\tau}$).",
            method="numerical",
            value=float(exact),
            at_most=64 * EPS * steps * farthest * arrays["images"].shape[1] / math.sqrt(alpha),
        ),
        Check(
            id="denoising.posterior-near",
            claim="sec-denoising-generated",
            statement="DDIM with the posterior mean: median distance of a sample to the closest "
            "digit, over half the least distance of two digits.",
            method="numerical",
            value=float(np.median(arrays["distance_posterior"])) / half,
            at_most=1.0,
            observed=True,
        ),
        Check(
            id="denoising.nearest-misses",
            claim="sec-denoising-generated",
            statement="DDIM with the nearest-noisy-image function: least distance of a sample to "
            "any digit, over half the least distance of two digits.",
            method="numerical",
            value=arrays["distance_nearest"].min() / half,
            at_least=1.0,
            observed=True,
        ),
    ]


def switch_check(arrays: Arrays) -> Check:
    """With g*, a sample changes image only towards longer images, as the proposition says."""
    alphas = sampling.ddpm_alphas(1e-4, 0.02, 1000)
    line = np.array([[1.0], [10.0]])
    start = np.linspace(-8.0, 8.0, 4001)[:, None]
    _, on_line = sampling.ddim(
        start, line, _predictor(model.closest_point_denoiser, line), sampling.schedule(alphas, 200)
    )
    seen, wrong = 0, 0
    for images, choices in ((arrays["images"], arrays["choices_closest"]), (line, on_line)):
        step, sample = np.nonzero(choices[1:] != choices[:-1])
        old, new = images[choices[step, sample]], images[choices[step + 1, sample]]
        seen += len(step)
        wrong += int(((old * (old - new)).sum(axis=1) >= 0).sum())
    return Check(
        id="denoising.switches",
        claim="prp-denoising-choice",
        statement=f"Changes of image along all DDIM paths with $g_t^*$ ({seen} seen, on the "
        r"digits and for images 1 and 10 on the line) that violate $\langle x_i,x_i-x_k\rangle<0$.",
        method="exhaustive",
        value=wrong if seen else 1,
    )


def middle_check(levels: Any, starts: int = 4000) -> Check:
    """How often the middle one of three images on the line is generated."""
    images = np.array([[-1.0], [0.0], [1.0]])
    quantiles = (np.arange(starts) + 0.5) / starts
    grid = ndtri(quantiles)[:, None]
    error = 0.0
    for denoise, half_width in (
        (model.scaled_closest_denoiser, math.sqrt(levels[0]) / 2),
        (model.closest_point_denoiser, 0.5),
    ):
        _, choices = sampling.ddim(grid, images, _predictor(denoise, images), levels)
        share = float(np.mean(choices[-1] == 1))
        error = max(error, abs(share - float(2 * ndtr(half_width) - 1)))
    return Check(
        id="denoising.middle-image",
        claim="exm-denoising-middle",
        statement="Share of the middle one of the images $-1,0,1$ over evenly spread starts, "
        r"against $2\Phi(\frac12\sqrt{\alpha_\tau})-1$ and, for $g_t^*$, $2\Phi(\frac12)-1$ "
        "(larger difference; two starts' worth).",
        method="numerical",
        value=error,
        at_most=2 / starts,
    )


def _predictor(denoise: Any, images: Any) -> sampling.Denoiser:
    return lambda points, alpha: denoise(points, images, *model.weights(alpha))


def coverage_checks(arrays: Arrays) -> list[Check]:
    """Total variation distances to uniform, with deviations that any law allows."""
    images, m = arrays["images"], len(arrays["images"])
    alpha, n = float(arrays["ddim_levels"][0]), len(arrays["ddim_start"])
    deviation = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))  # McDiarmid, changes of 1/n
    count = np.arange(n + 1)
    expected = m / n / 2 * (np.abs(count - n / m) * binom.pmf(count, n, 1 / m)).sum()
    squares = (images**2).sum(axis=1)
    kl = sampling.start_divergence(squares, images.shape[1], alpha, math.log1p(-alpha))
    start = math.sqrt(kl.mean() / 2)  # Pinsker
    uniform = sampling.total_variation(np.bincount(arrays["drawn_uniform"], minlength=m))
    posterior = sampling.total_variation(np.bincount(arrays["drawn_posterior"], minlength=m))
    return [
        Check(
            id="denoising.uniform-mean",
            claim="eq-denoising-moivre",
            statement="Mean distance to uniform of uniform draws, de Moivre's closed form against "
            "a sum over the binomial law (difference).",
            method="numerical",
            value=abs(sampling.expected_uniform_variation(m, n) - expected),
            at_most=1e-9,  # logarithms up to 7000, of 10,000 samples, lose 1e-12 in either sum
        ),
        Check(
            id="denoising.uniform-draws",
            claim="eq-denoising-moivre",
            statement="Distance to uniform of the uniform draws, off its mean (McDiarmid's bound, "
            "false alarms: $10^{-6}$).",
            method="statistical",
            value=abs(uniform - expected),
            at_most=deviation,
        ),
        Check(
            id="denoising.posterior-covers",
            claim="prp-denoising-flow",
            statement="Distance to uniform of the posterior mean's samples: at most the mean for "
            "uniform draws, plus Pinsker's bound for starting from pure noise, plus McDiarmid's "
            "deviation (false alarms: $10^{-6}$).",
            method="statistical",
            value=posterior,
            at_most=math.sqrt((m - 1) / n) / 2 + start + deviation,
            observed=True,
        ),
    ]
