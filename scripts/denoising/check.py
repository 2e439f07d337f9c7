"""Checks of exercise 4.2: what the text claims about denoising, forgetting and sampling.

The results of the compute step are recomputed by other means (distances instead of inner
products, SciPy's distributions, symbolic derivatives); `exact` adds the checks without rounding.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import sympy as sp
from scipy.spatial.distance import cdist
from scipy.special import ndtr
from scipy.stats import binom, ncx2

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.denoising import exact, model, recovery
from scripts.denoising.checks_drawn import drawn_checks
from scripts.denoising.checks_sampling import sampling_checks
from scripts.denoising.digits import unscale
from scripts.denoising.exact import FALSE_ALARM, TIE

EPS = float(np.finfo(np.float64).eps)

LINE_ROUNDING = 1e-12
"""For the posterior mean on the line: numbers below 100 and some tens of roundings of 1e-16 each.
The trapezoid sums add less than 1e-20: the integrands are analytic and vanish at both ends."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of this step, one option each."""

    example_alpha: float = dataclasses.field(metadata={"help": "alpha_t of the quoted examples"})


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
            relation="<=",
            bound=4 * EPS * noises.size * m,
        ),
        Check(
            id="denoising.alpha-zero-loss",
            claim="prp-denoising-degenerate",
            statement=r"At $\alpha_t=0$ the loss of $g(x)=x$ on the digits.",
            method="exhaustive",
            value=float(model.training_loss(at_zero, noises)),
            relation="=",
            bound=0.0,
        ),
        Check(
            id="denoising.alpha-zero-assumption",
            claim="prp-denoising-degenerate",
            statement=r"At $\alpha_t=0$ the closest image is the right one for one $i$ per noise: "
            "pairs $(i,j)$ over the number of noises.",
            method="exhaustive",
            value=int(right.sum()) / n,
            relation="=",
            bound=1.0,
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
            claim="sec-denoising-a",
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
            relation=">=",
            bound=FALSE_ALARM,
        ),
        Check(
            id="denoising.failure-frequency",
            claim="prp-denoising-pairwise",
            statement="How often the assumption fails, between the largest pairwise probability "
            f"and their sum, for {size} images: smallest of {more} binomial tail probabilities, "
            "times their number and at most one (false alarms: $10^{-6}$).",
            method="statistical",
            value=min(1.0, failure * more),
            relation=">=",
            bound=FALSE_ALARM,
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
            "recovered pixels (error over one plus loss).",
            method="numerical",
            value=abs(loss - price) / (1 + price),
            relation="<=",
            bound=64 * EPS * noisy.size * odds,
        ),
        Check(
            id="denoising.minimizers-agree",
            claim="prp-denoising-two",
            statement="$g_t^*$ and the nearest-noisy-image function on $S_t$, where the "
            "assumption is proved: largest error of a component of the noise (rounding over "
            r"$\sqrt{1-\alpha_t}$).",
            method="numerical",
            value=float(worst),
            relation="<=",
            bound=8 * EPS * (np.abs(images).max() + np.abs(noises).max()) / noise,
        ),
        Check(
            id="denoising.minimizers-differ",
            claim="prp-denoising-two",
            statement="The same two functions at distance "
            r"$\sqrt{\alpha_t}R+\sqrt{1-\alpha_t}(1+2E)$ from the origin: least distance of their "
            "values, over the proved bound $1+E$.",
            method="numerical",
            value=float(apart.min()) / (1 + reach),
            relation=">=",
            bound=1 - TIE,
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


LINE = (sp.Rational(-2), sp.Integer(0), sp.Rational(3, 2))
"""Images on the line for the checks of the posterior mean."""


LINE_ALPHA = sp.Rational(1, 2)
"""Their level."""


def posterior_checks() -> list[Check]:
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
            relation="<=",
            bound=LINE_ROUNDING,
        ),
        Check(
            id="denoising.projection",
            claim="thm-denoising-gaussian",
            statement=r"$\mathbb E[h(x_t)(\epsilon-\widehat g_t(x_t))]=0$ for $h=1,x,x^2,\cos x$, "
            "by quadrature over the noise (largest absolute value; rounding).",
            method="numerical",
            value=float(max(moments)),
            relation="<=",
            bound=LINE_ROUNDING,
        ),
        Check(
            id="denoising.gaussian-loss",
            claim="thm-denoising-gaussian",
            statement="The least loss with Gaussian noise against "
            r"$\frac{\alpha_t}{1-\alpha_t}\,\mathbb E\,\operatorname{Var}(x_i\mid x_t)$, by "
            "quadrature over the noise and over $x_t$ (difference; rounding).",
            method="numerical",
            value=abs(loss - posterior_variance(alpha)) if loss > 0 else math.inf,
            relation="<=",
            bound=LINE_ROUNDING,
        ),
    ]


def score_error(images: Any, alpha: sp.Rational) -> float:
    """Return the largest difference of the posterior mean from the score on a grid."""
    x = sp.symbols("x")
    noise = sp.sqrt(1 - alpha)
    density = exact.mixture_density(x, noise, [sp.sqrt(alpha) * image for image in LINE])
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


def forgetting_checks(arrays: Arrays) -> list[Check]:
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
            relation=">=",
            bound=1 - TIE,
        ),
        Check(
            id="denoising.forgetting-attained",
            claim="thm-denoising-forget",
            statement="The model that always implies the nearest other digit pays the least "
            "price: largest relative difference (rounding).",
            method="numerical",
            value=error,
            relation="<=",
            bound=rounding,
        ),
    ]


def checks(arrays: Arrays, settings: Settings) -> list[Check]:
    """Return all checks of the exercise, in the order of the text."""
    return [
        *exact.exact_checks(),
        *degenerate_checks(arrays),
        *assumption_checks(arrays, settings.example_alpha),
        *frequency_checks(arrays),
        *minimizer_checks(arrays, settings.example_alpha),
        *drawn_checks(arrays),
        *posterior_checks(),
        *forgetting_checks(arrays),
        *sampling_checks(arrays),
    ]


def main() -> None:
    """Run the step from the command line."""
    settings, files = parse(__doc__, Settings, ("arrays",), ("checks",))
    save_checks(files.checks, checks(load_arrays(files.arrays), settings))


if __name__ == "__main__":
    main()
