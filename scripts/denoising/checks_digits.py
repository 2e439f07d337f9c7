"""Checks of exercise 4.2 on the digits: the assumption, its frequency, and the two minimizers.

The results of the compute step are recomputed by other means: distances instead of inner
products, SciPy's distributions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import ndtr
from scipy.stats import binom, ncx2

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.denoising import model, recovery
from scripts.denoising.digits import unscale

EPS = float(np.finfo(np.float64).eps)
FALSE_ALARM = 1e-6
"""Probability, at most, with which a statistical check fails although its claim is true."""
TIE = 1e-9
"""Squared distances closer than this are not told apart; rounding is some 1e-13."""


def loss_rounding(loss: Any, noisy: Any, noises: Any, noise: float) -> Any:
    """Return how far rounding can move a loss of denoisers that divide by `noise`.

    Each of the noises.size components of a prediction for one image, m of them averaged, is off by
    some eps times the noisy images over `noise`; the sum of all their squares loses a few eps more.
    """
    error = 8 * EPS * math.sqrt(noises.size) * np.abs(noisy).max() / noise
    return 2 * np.sqrt(loss) * error + error**2 + 8 * EPS * noisy.size * loss


def checks(arrays: Arrays, example_alpha: float) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    return [
        *degenerate_checks(arrays),
        *assumption_checks(arrays, example_alpha),
        *frequency_checks(arrays),
        *minimizer_checks(arrays, example_alpha),
    ]


def degenerate_checks(arrays: Arrays) -> list[Check]:
    """The two ends of the range of alpha, on the digits."""
    images, noises = arrays["images"], arrays["noises"]
    m, n = len(images), len(noises)
    at_one = model.noisy_images(images, noises, *model.weights(1.0))
    least = float(model.training_loss(model.best_predictions(at_one, noises), noises))
    spread = n * noises.var(axis=0).sum()
    at_zero = model.noisy_images(images, noises, *model.weights(0.0))
    right, _ = recovery.holds(images, noises, *model.weights(0.0))
    return [
        Check(
            id="denoising.alpha-one",
            claim="prp-denoising-degenerate",
            statement=r"At $\alpha_t=1$ the least loss is $\sum_j\lVert\epsilon_j-\bar\epsilon"
            r"\rVert^2$, from the sample variance (relative error; rounding of a sum).",
            method="numerical",
            value=abs(least - spread) / max(spread, 1.0),
            at_most=4 * EPS * noises.size * m,
        ),
        Check(
            id="denoising.alpha-zero-loss",
            claim="prp-denoising-degenerate",
            statement=r"At $\alpha_t=0$ the loss of $g(x)=x$ on the digits.",
            method="exhaustive",
            value=float(model.training_loss(at_zero, noises)),
            equals=0.0,
        ),
        Check(
            id="denoising.alpha-zero-assumption",
            claim="prp-denoising-degenerate",
            statement=r"At $\alpha_t=0$ the closest image is the right one for one $i$ per noise: "
            "pairs $(i,j)$ over the number of noises.",
            method="exhaustive",
            value=int(right.sum()) / n,
            equals=1.0,
        ),
    ]


def assumption_checks(arrays: Arrays, alpha: float) -> list[Check]:
    """Assumption and sufficient condition on every noisy digit, from plain distances."""
    images, noises = arrays["images"], arrays["noises"]
    tables = (arrays["example_assumption"], arrays["example_condition"])
    margins = plain_margins(images, noises, alpha)
    wrong = sum(
        int(((margin > 0) != table)[np.abs(margin) > TIE].sum())
        for margin, table in zip(margins, tables, strict=True)
    )
    lost = int((margins[1] > TIE)[margins[0] <= -TIE].sum())
    for size in arrays["sizes"]:
        more = arrays[f"condition_{size}"] > arrays[f"assumption_{size}"]
        lost += int(more.sum())
    safe = plain_margins(images, noises, recovery.safe_alpha(images, noises))[0]
    return [
        Check(
            id="denoising.same-by-distances",
            claim="sec-denoising-assumption",
            statement="Assumption and condition for each noisy digit of the example, from its "
            "distances to all images instead of inner products (disagreements).",
            method="exhaustive",
            value=wrong,
        ),
        Check(
            id="denoising.condition-suffices",
            claim="prp-denoising-sufficient",
            statement="No noisy digit, in the example or on the curves, satisfies the condition "
            "and violates the assumption (exceptions).",
            method="exhaustive",
            value=lost,
        ),
        Check(
            id="denoising.safe-level",
            claim="cor-denoising-safe",
            statement="At the level from which on the assumption is proved to hold, it holds for "
            "every noisy digit (exceptions).",
            method="exhaustive",
            value=int((safe <= 0).sum()),
        ),
    ]


def plain_margins(images: Any, noises: Any, alpha: float) -> tuple[Any, Any]:
    """Return by how much assumption and condition hold, (m, n) each, in squared distance."""
    signal, noise = model.weights(alpha)
    between = cdist(images, images, "sqeuclidean")
    np.fill_diagonal(between, np.inf)
    first, second = [], []
    for i, image in enumerate(images):
        squares = cdist(signal * image + noise * noises, images, "sqeuclidean")
        own = squares[:, i].copy()
        squares[:, i] = np.inf
        first.append(squares.min(axis=1) - own)
        second.append(between[i].min() / 4 - own)
    return np.array(first), np.array(second)


def frequency_checks(arrays: Arrays) -> list[Check]:
    """How often condition and assumption hold, against exact probabilities, image by image."""
    noises, levels = arrays["noises"], arrays["alphas"]
    n = len(noises)
    condition, tests = 1.0, 0
    for size in arrays["sizes"]:
        images = arrays["pool"][:size]
        for alpha, counts in zip(levels, arrays[f"condition_{size}"], strict=True):
            below, above = tails(counts, n, condition_probability(images, alpha))
            condition = min(condition, below.min(), above.min())
            tests += 2 * len(images)
    size = int(arrays["sizes"].min())
    images = arrays["pool"][:size]
    failure, more = 1.0, 0
    for alpha, counts in zip(levels, arrays[f"assumption_{size}"], strict=True):
        pairs = failure_probabilities(images, alpha)
        below, _ = tails(n - counts, n, pairs.max(axis=1))
        _, above = tails(n - counts, n, np.minimum(pairs.sum(axis=1), 1.0))
        failure = min(failure, below.min(), above.min())
        more += 2 * len(images)
    return [
        Check(
            id="denoising.condition-frequency",
            claim="prp-denoising-sufficient",
            statement="How often the condition holds against its noncentral $\\chi^2$ "
            f"probability: smallest of {tests} binomial tail probabilities, times their number "
            "and at most one (false alarms: $10^{-6}$).",
            method="statistical",
            value=min(1.0, condition * tests),
            at_least=FALSE_ALARM,
        ),
        Check(
            id="denoising.failure-frequency",
            claim="prp-denoising-pairwise",
            statement="How often the assumption fails, between the largest pairwise probability "
            f"and their sum, for {size} images: smallest of {more} binomial tail probabilities, "
            "times their number and at most one (false alarms: $10^{-6}$).",
            method="statistical",
            value=min(1.0, failure * more),
            at_least=FALSE_ALARM,
        ),
    ]


def tails(counts: Any, n: int, probability: Any) -> tuple[Any, Any]:
    """Return P(B <= count) and P(B >= count) for binomial B, elementwise."""
    return binom.cdf(counts, n, probability), binom.sf(counts - 1, n, probability)


def condition_probability(images: Any, alpha: float) -> Any:
    """Return P(|x_t - x_i| < half the distance to the nearest other image), (m,)."""
    signal, noise = model.weights(alpha)
    between = cdist(images, images, "sqeuclidean")
    np.fill_diagonal(between, np.inf)
    shift = ((1 - signal) / noise) ** 2 * (images**2).sum(axis=1)
    return ncx2.cdf(between.min(axis=1) / (4 * noise**2), images.shape[1], shift)


def failure_probabilities(images: Any, alpha: float) -> Any:
    """Return P(x_k is at least as close to a noisy x_i as x_i is), (m, m), diagonal 0."""
    signal, noise = model.weights(alpha)
    probability = np.zeros((len(images), len(images)))
    for i, image in enumerate(images):
        others = np.arange(len(images)) != i
        steps = image - images[others]
        lengths = np.linalg.norm(steps, axis=1)
        middle = lengths / 2 - (1 - signal) * (steps @ image) / lengths
        probability[i, others] = ndtr(-middle / noise)
    return probability


def minimizer_checks(arrays: Arrays, alpha: float) -> list[Check]:
    """Minimizers recover the images exactly, agree on S_t and differ off it."""
    images, noises = arrays["images"], arrays["noises"]
    pixels = unscale(images)[:, None, :]
    holds = plain_margins(images, noises, alpha)[0] > TIE
    damaged = (arrays["example_recovered"] != pixels).any(axis=2) & holds
    odds = alpha / (1 - alpha)
    recovered = arrays["example_recovered"] / 8.0 - 1.0
    price = odds * ((recovered - images[:, None, :]) ** 2).sum() / len(images)
    loss = float(arrays["example_loss"])
    rounding = loss_rounding(
        price,
        model.noisy_images(images, noises, *model.weights(alpha)),
        noises,
        math.sqrt(1 - alpha),
    )
    safe = max(alpha, recovery.safe_alpha(images, noises))
    signal, noise = model.weights(safe)
    noisy = model.noisy_images(images, noises, signal, noise)
    flat = noisy.reshape(-1, images.shape[1])
    both = [
        model.closest_point_denoiser(flat, images, signal, noise),
        model.nearest_noisy_denoiser(flat, images, noises, safe),
    ]
    worst = max(np.abs(guess.reshape(noisy.shape) - noises).max() for guess in both)
    reach = np.linalg.norm(noises, axis=1).max()
    radius = signal * np.linalg.norm(images, axis=1).max() + noise * (1 + 2 * reach)
    far = radius * np.eye(images.shape[1])
    apart = np.linalg.norm(
        model.closest_point_denoiser(far, images, signal, noise)
        - model.nearest_noisy_denoiser(far, images, noises, safe),
        axis=1,
    )
    return [
        Check(
            id="denoising.recovered",
            claim="prp-denoising-encode",
            statement="Digits, among the noisy ones whose closest image is the right one, that "
            "the implied image gets wrong in any pixel.",
            method="exhaustive",
            value=int(damaged.sum()),
        ),
        Check(
            id="denoising.loss-is-price",
            claim="thm-denoising-forget",
            statement="The loss of $g_t^*$ in the example against "
            r"$\frac{\alpha_t}{1-\alpha_t}\,\frac1m\sum\lVert\widehat x-x_i\rVert^2$ from the "
            "recovered pixels (difference; rounding of the predicted noises).",
            method="numerical",
            value=abs(loss - price),
            at_most=rounding,
        ),
        Check(
            id="denoising.minimizers-agree",
            claim="prp-denoising-two",
            statement="$g_t^*$ and the nearest-noisy-image function on $S_t$, where the "
            "assumption is proved: largest error of a component of the noise (rounding over "
            r"$\sqrt{1-\alpha_t}$).",
            method="numerical",
            value=float(worst),
            at_most=8 * EPS * (np.abs(images).max() + np.abs(noises).max()) / noise,
        ),
        Check(
            id="denoising.minimizers-differ",
            claim="prp-denoising-two",
            statement="The same two functions at distance "
            r"$\sqrt{\alpha_t}R_x+\sqrt{1-\alpha_t}(1+2R_\epsilon)$ from the origin: least "
            r"distance of their values, over the proved bound $1+R_\epsilon$.",
            method="numerical",
            value=float(apart.min()) / (1 + reach),
            at_least=1 - TIE,
        ),
        Check(
            id="denoising.no-collision",
            claim="cor-denoising-generic",
            statement="Noisy digits of the example that coincide with another one.",
            method="exhaustive",
            value=colliding(images, noises, alpha),
        ),
    ]


def colliding(images: Any, noises: Any, alpha: float) -> int:
    """Return how many elements of S_t are repeated."""
    noisy = model.noisy_images(images, noises, *model.weights(alpha))
    flat = noisy.reshape(-1, images.shape[1])
    return len(flat) - len(np.unique(flat, axis=0))
