"""Generating images: deterministic DDIM, best-response GAN draws, and how well they cover."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from scripts.common.arrays import Bools, Floats, Ints
from scripts.denoising import model

SMALLEST_ALPHA = 1e-10
"""DDIM divides by sqrt(alpha_T), and with it the rounding of a point: below this it can show."""

Denoiser = Callable[[Floats, float], Floats]
"""Maps points (p, d) and alpha_t to predicted noises (p, d)."""


def ddpm_alphas(first: float, last: float, levels: int) -> Floats:
    """Return alpha_1 > ... > alpha_T, (levels,), for betas rising linearly from first to last.

    alpha_t is the product of 1 - beta_s over s <= t (Ho et al. 2020, section 4).
    """
    return np.asarray(np.cumprod(1.0 - np.linspace(first, last, levels)))


def schedule(alphas: Floats, steps: int) -> Floats:
    """Return the levels that a sampler visits, (steps + 1,): alpha_T up to alpha_1, then 1.

    Of all levels, `steps` evenly spaced ones are kept, the first and the last among them.
    Raises ValueError unless 2 <= steps <= number of levels and alpha_T >= SMALLEST_ALPHA.
    """
    if not 2 <= steps <= len(alphas):
        raise ValueError(
            f"ddim_steps is {steps}, but the schedule has {len(alphas)} levels: it must be between "
            "2 and the number of levels"
        )
    if alphas[-1] < SMALLEST_ALPHA:
        raise ValueError(
            f"the last of the levels has alpha_t = {alphas[-1]:.1e}, and DDIM divides by its root; "
            f"for {SMALLEST_ALPHA:g} or more set fewer levels or a smaller beta_first or beta_last"
        )
    kept = np.rint(np.linspace(0, len(alphas) - 1, steps)).astype(int)
    return np.append(alphas[kept][::-1], 1.0)


def ddim_step(
    points: Any, predicted: Any, signal: Any, noise: Any, next_signal: Any, next_noise: Any
) -> Any:
    """Return the points one level on: the implied image with the predicted noise put back.

    Song et al. (2021), equation 12 with sigma_t = 0.
    """
    clean = model.implied_image(points, predicted, signal, noise)
    return next_signal * clean + next_noise * predicted


def ddim(start: Floats, images: Floats, denoise: Denoiser, levels: Floats) -> tuple[Floats, Ints]:
    """Run deterministic DDIM from the points `start` (p, d) through `levels` (increasing, to 1).

    Returns the generated points (p, d) and, (len(levels) - 1, p), the index of the image closest
    to the implied clean image at each step; its last row says which image was generated.
    """
    points = start
    choices = np.empty((len(levels) - 1, len(start)), dtype=np.int16)
    for step, (alpha, next_alpha) in enumerate(itertools.pairwise(levels)):
        signal, noise = model.weights(alpha)
        predicted = denoise(points, alpha)
        clean = model.implied_image(points, predicted, signal, noise)
        choices[step] = model.closest(clean, images)
        points = ddim_step(points, predicted, signal, noise, *model.weights(next_alpha))
    return points, choices


def discriminator_response(copies: Ints, rng: np.random.Generator) -> Any:
    """Return which images a best discriminator accepts, bool (m,), given the generated copies.

    It accepts a missing image, rejects one generated twice or more, and may do either with one
    generated once: a fair coin decides.
    """
    coin = rng.random(len(copies)) < 0.5
    return (copies == 0) | ((copies == 1) & coin)


def generator_response(accepted: Bools, rng: np.random.Generator, spread: bool) -> Ints:
    """Return m generated images, indices (m,), that are a best response to the discriminator.

    Every output inside the accepted set gains the same. spread: each output is drawn from the
    accepted images independently; otherwise all outputs are copies of one of them. If nothing is
    accepted, every output is optimal, and the choice is among all images.
    """
    m = len(accepted)
    allowed = np.flatnonzero(accepted) if accepted.any() else np.arange(m)
    return rng.choice(allowed, m) if spread else np.full(m, rng.choice(allowed))


def play(m: int, rounds: int, rng: np.random.Generator, spread: bool) -> Ints:
    """Return the generator's m outputs after `rounds` rounds of best responses.

    Discriminator first, from outputs drawn uniformly; the game of exercise 4.1 with outputs
    inside the data set only.
    """
    outputs: Ints = rng.integers(0, m, m)
    for _ in range(rounds):
        accepted = discriminator_response(np.bincount(outputs, minlength=m), rng)
        outputs = generator_response(accepted, rng, spread)
    return outputs


def start_divergence(square: Any, dimension: int, alpha: Any, log_noise: Any) -> Any:
    """Return KL(N(sqrt(alpha) x, (1 - alpha) I), N(0, I)) for square = |x|^2.

    log_noise = log(1 - alpha), given so that numbers, arrays and symbols are all welcome.
    """
    return (alpha * square - dimension * (alpha + log_noise)) / 2


def total_variation(counts: Ints) -> float:
    """Return the total variation distance of the counts' (m,) frequencies to uniform."""
    return float(np.abs(counts / counts.sum() - 1.0 / len(counts)).sum() / 2.0)


def expected_uniform_variation(m: int, samples: int) -> float:
    """Return the mean of `total_variation` when the samples are drawn uniformly from m images.

    m/2 times the mean absolute deviation of a binomial frequency, by de Moivre's formula
    E|B - n p| = 2 nu (1 - p) P(B = nu), nu = floor(n p) + 1. Needs m >= 2 and samples >= 1.
    """
    p = 1.0 / m
    nu = samples // m + 1
    factors = np.arange(1, nu + 1)
    log_choose = np.log((samples - nu + factors) / factors).sum()
    rest = (samples - nu) * np.log1p(-p) if samples > nu else 0.0
    probability = np.exp(log_choose + nu * np.log(p) + rest)
    return float(m * nu * (1.0 - p) * probability / samples)
