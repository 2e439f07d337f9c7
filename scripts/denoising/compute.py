"""Exercise 4.2: denoise real digits, forget some, generate new samples, and measure each.

Reads the committed digits; writes the arrays that the checks and figures need and the numbers
that the text quotes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Ints
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.seeds import generator
from scripts.common.values import value
from scripts.denoising import model, recovery, sampling
from scripts.denoising.digits import read_digits, scale, unscale
from scripts.denoising.settings import Denoising

LINE_IMAGES = (-2.0, 0.0, 1.5)
LINE_NOISES = (-1.1, -0.3, 0.5, 1.3)
LINE_ALPHA = 0.8
"""An example on the line that can be drawn: here the assumption of part (a) holds."""


class Settings(Denoising, leaves=()):
    """What the step reads."""


def data_set(pixels: Ints, labels: Ints, settings: Settings) -> Arrays:
    """Return the drawn digits, `pool` (P, 64), scaled, with `pool_labels`, and the `noises`.

    The first `settings.images` are the data set; every size in `settings.sizes` is a prefix too.
    Raises ValueError if more digits are asked for than there are, or two of them coincide.
    """
    wanted = max(settings.images, *settings.sizes)
    if wanted > len(pixels):
        raise ValueError(f"denoising needs {wanted} digits, the file has {len(pixels)}")
    order = generator(settings.seed, "denoising.images").permutation(len(pixels))[:wanted]
    if len(np.unique(pixels[order], axis=0)) < wanted:
        raise ValueError("two digits are the same image; the exercise's images are distinct")
    draws = generator(settings.seed, "denoising.noises").standard_normal
    return {
        "pool": scale(pixels[order]),
        "pool_labels": labels[order],
        "noises": draws((settings.noises, pixels.shape[1])),
    }


def frequencies(pool: Any, noises: Any, settings: Settings) -> Arrays:
    """Count, per image and level, the noises for which assumption and condition hold.

    `assumption_M` and `condition_M`, (levels, M), for each size M; `alphas`, (levels,).
    """
    decades = settings.odds_decades
    odds = 10.0 ** np.linspace(-decades, decades, settings.alpha_points)
    alphas = odds / (1.0 + odds)
    arrays: Arrays = {"alphas": alphas, "sizes": np.array(settings.sizes)}
    for size in settings.sizes:
        counts = np.empty((2, len(alphas), size), dtype=np.int32)
        for row, alpha in enumerate(alphas):
            for kind, table in enumerate(
                recovery.holds(pool[:size], noises, *model.weights(alpha))
            ):
                counts[kind, row] = table.sum(axis=1)
        arrays[f"assumption_{size}"], arrays[f"condition_{size}"] = counts
    return arrays


def examples(images: Any, labels: Any, noises: Any, settings: Settings) -> Arrays:
    """Clean, noisy and recovered digits (one of each kind), and all recoveries at one level."""
    shown = np.array([np.flatnonzero(labels == label)[0] for label in np.unique(labels)])
    own = noises[np.arange(len(shown)) % len(noises)]  # another noise for each digit
    noisy, recovered = [], []
    for alpha in settings.shown_alphas:
        signal, noise = model.weights(alpha)
        points = signal * images[shown] + noise * own
        predicted = model.closest_point_denoiser(points, images, signal, noise)
        noisy.append(points)
        recovered.append(model.implied_image(points, predicted, signal, noise))
    weights = model.weights(settings.example_alpha)
    points = model.noisy_images(images, noises, *weights)
    flat = points.reshape(-1, points.shape[-1])
    predicted = model.closest_point_denoiser(flat, images, *weights).reshape(points.shape)
    found = model.implied_image(points, predicted, *weights)
    assumption, condition = recovery.holds(images, noises, *weights)
    return {
        "shown_alphas": np.array(settings.shown_alphas),
        "shown": shown,
        "shown_noisy": np.array(noisy),
        "shown_recovered": np.array(recovered),
        "example_recovered": unscale(found).astype(np.int16),
        "example_loss": np.array(model.training_loss(predicted, noises)),
        "example_assumption": assumption,
        "example_condition": condition,
    }


def optima(images: Any, labels: Any, noises: Any, settings: Settings) -> Arrays:
    """Both models at their optimum and one step away from it, for a data set of few digits.

    `optima_images`, (k, d): one of each kind, then others up to ten; k >= 2. `optima_outputs`,
    (2, k): indices that a GAN outputs at a saddle point and after another best response to the
    same discriminator. `optima_noisy` and `optima_implied`, (k, d) and (2, k, d): one noisy
    version of each digit, and what a diffusion minimizer implies there, then what it implies when
    the digit `optima_forgotten`, which has the nearest neighbor, is taken for that neighbor.
    `optima_losses`, (2,): the training losses of these two models.
    """
    kinds = np.array([np.flatnonzero(labels == label)[0] for label in np.unique(labels)])
    rest = np.setdiff1d(np.arange(len(images)), kinds)
    few = images[np.concatenate([kinds, rest])[: min(10, len(images))]]
    k, rng = len(few), generator(settings.seed, "denoising.outputs")
    order = rng.permutation(k)
    weights = model.weights(settings.example_alpha)
    noisy = model.noisy_images(few, noises, *weights)
    best = model.best_predictions(noisy, noises)
    between = ((few[:, None] - few[None]) ** 2).sum(axis=2)
    np.fill_diagonal(between, np.inf)
    forgotten, neighbor = np.unravel_index(between.argmin(), between.shape)
    other = best.copy()
    other[forgotten] = model.implied_noise(noisy[forgotten], few[neighbor], *weights)
    shown = (np.arange(k), np.arange(k) % len(noises))  # another noise for each digit
    return {
        "optima_images": few,
        "optima_outputs": np.array([order, np.full(k, order[0])]),
        "optima_noisy": noisy[shown],
        "optima_implied": np.array(
            [model.implied_image(noisy[shown], p[shown], *weights) for p in (best, other)]
        ),
        "optima_forgotten": np.array(forgotten),
        "optima_losses": np.array([model.training_loss(p, noises) for p in (best, other)]),
        "optima_alpha": np.array(settings.example_alpha),
    }


def on_the_line() -> Arrays:
    """Two minimizers and the Gaussian one, drawn for images that are points of the line."""
    images, noises = np.array([LINE_IMAGES]).T, np.array([LINE_NOISES]).T
    weights = model.weights(LINE_ALPHA)
    noisy = model.noisy_images(images, noises, *weights)
    grid = np.linspace(-3.4, 3.2, 1321)[:, None]
    return {
        "line_images": images[:, 0],
        "line_noisy": noisy[..., 0],
        "line_targets": np.broadcast_to(noises[:, 0], noisy.shape[:2]),
        "line_grid": grid[:, 0],
        "line_closest": model.closest_point_denoiser(grid, images, *weights)[:, 0],
        "line_nearest": model.nearest_noisy_denoiser(grid, images, noises, LINE_ALPHA)[:, 0],
        "line_posterior": model.posterior_mean_denoiser(grid, images, *weights)[:, 0],
    }


def forgetting(images: Any, noises: Any, settings: Settings) -> Arrays:
    """What forgetting each image adds to the loss, at each shown level, and as share of collapse.

    `forget_shares`, (m,): the least price of each image over that of a model which implies one
    single image everywhere, the cheapest such model; it is the same at every level.
    """
    both = [
        model.forgetting_loss(images, noises, *model.weights(alpha))
        for alpha in settings.shown_alphas
    ]
    return {
        "separations": recovery.separations(images),
        "forget_shares": model.collapse_shares(images),
        "forget_measured": np.array([measured for measured, _ in both]),
        "forget_cheapest": np.array([cheapest for _, cheapest in both]),
        "trivial_loss": np.array((noises**2).sum()),
    }


def generated(images: Any, noises: Any, settings: Settings) -> Arrays:
    """Generate images with DDIM and several denoisers, uniformly, and with best-response GANs.

    `drawn_NAME`, (samples,): the index of the image that each sample shows, in order drawn.
    """
    alphas = sampling.ddpm_alphas(settings.beta_first, settings.beta_last, settings.levels)
    levels = sampling.schedule(alphas, settings.ddim_steps)
    draws = generator(settings.seed, "denoising.starts").standard_normal
    start = draws((settings.samples, images.shape[1]))
    arrays: Arrays = {"ddim_levels": levels, "ddim_start": start}
    for name, denoise in denoisers(images, noises).items():
        points, choices = sampling.ddim(start, images, denoise, levels)
        arrays[f"drawn_{name}"] = choices[-1]
        arrays[f"distance_{name}"] = np.linalg.norm(points - images[choices[-1]], axis=1)
        if name in ("closest", "scaled"):
            arrays[f"choices_{name}"] = choices
    for name, other in (("unit", (images + 1) / 2), ("centered", images - images.mean(axis=0))):
        for kind in ("closest", "scaled"):
            _, choices = sampling.ddim(start, other, denoisers(other, noises)[kind], levels)
            arrays[f"drawn_{kind}_{name}"] = choices[-1]
    m, rng = len(images), generator(settings.seed, "denoising.draws")
    arrays["drawn_uniform"] = rng.integers(0, m, settings.samples)
    draw = generator(settings.seed, "denoising.saddle")
    arrays["outputs_saddle"] = draw.permutation(m)
    arrays["drawn_saddle"] = draw.choice(arrays["outputs_saddle"], settings.samples)
    for name, spread in (("collapse", False), ("spread", True)):
        outputs = sampling.play(m, settings.gan_rounds, rng, spread)
        arrays[f"outputs_{name}"] = outputs
        arrays[f"drawn_{name}"] = rng.choice(outputs, settings.samples)
    return arrays


def denoisers(images: Any, noises: Any) -> dict[str, sampling.Denoiser]:
    """Return the noise predictors that DDIM is run with, by name."""
    return {
        "posterior": lambda points, alpha: model.posterior_mean_denoiser(
            points, images, *model.weights(alpha)
        ),
        "closest": lambda points, alpha: model.closest_point_denoiser(
            points, images, *model.weights(alpha)
        ),
        "scaled": lambda points, alpha: model.scaled_closest_denoiser(
            points, images, *model.weights(alpha)
        ),
        "nearest": lambda points, alpha: model.nearest_noisy_denoiser(
            points, images, noises, alpha
        ),
        "affine": lambda points, alpha: model.affine_denoiser(
            points, images, *model.weights(alpha)
        ),
    }


def run(pixels: Ints, labels: Ints, settings: Settings) -> Arrays:
    """Compute everything: the arrays by name."""
    arrays = data_set(pixels, labels, settings)
    pool, noises = arrays["pool"], arrays["noises"]
    images = pool[: settings.images]
    arrays["images"] = images
    arrays |= frequencies(pool, noises, settings)
    arrays |= examples(images, arrays["pool_labels"][: settings.images], noises, settings)
    arrays |= optima(images, arrays["pool_labels"][: settings.images], noises, settings)
    arrays |= on_the_line() | forgetting(images, noises, settings)
    return arrays | generated(images, noises, settings)


def summary(arrays: Arrays, settings: Settings) -> dict[str, Any]:
    """Return the numbers that the text quotes."""
    m, n = settings.images, settings.noises
    images, noises = arrays["images"], arrays["noises"]
    assumption, condition = arrays["example_assumption"], arrays["example_condition"]
    alpha_last = float(arrays["ddim_levels"][0])
    middle_scaled = math.erf(math.sqrt(alpha_last / 8.0))
    shares = 100 * arrays["forget_shares"]
    values = {
        "images": value(m),
        "noises": value(n),
        "noisy_images": value(m * n, ","),
        "example_alpha": value(settings.example_alpha)
        | {"text": model.level_text(settings.example_alpha)},
        "assumption_count": value(int(assumption.sum()), ","),
        "condition_count": value(int(condition.sum()), ","),
        "safe_noise": shortened(1.0 - recovery.safe_alpha(images, noises)),
        "shown_wrong": value(wrong_shown(arrays)),
        "dimension": value(images.shape[1]),
        "samples": value(settings.samples, ","),
        "ddim_steps": value(settings.ddim_steps),
        "levels": value(settings.levels, ","),
        "beta_first": value(settings.beta_first) | {"text": model.level_text(settings.beta_first)},
        "beta_last": value(settings.beta_last) | {"text": model.level_text(settings.beta_last)},
        "alpha_last": value(alpha_last) | {"text": short_level(alpha_last)},
        "middle_scaled": value(middle_scaled) | {"text": two_digits(middle_scaled)},
        "middle_closest": value(math.erf(math.sqrt(1.0 / 8.0)), ".3f"),
        "gan_rounds": value(settings.gan_rounds),
        "line_alpha": value(LINE_ALPHA),
        "line_images": value(len(LINE_IMAGES)),
        "line_noises": value(len(LINE_NOISES)),
        "forget_percent": value(prices(arrays)),
        "share_least_percent": value(shares.min()) | {"text": two_digits(shares.min())},
        "share_most_percent": value(shares.max()) | {"text": two_digits(shares.max())},
        "share_gan_percent": value(100 / (m - 1)) | {"text": two_digits(100 / (m - 1))},
        "expected_uniform_tv": value(
            sampling.expected_uniform_variation(m, settings.samples), ".3f"
        ),
        "batch_uniform": value(m * (1.0 - (1.0 - 1.0 / m) ** m), ".1f"),
        "nearest_distance": value(float(np.median(arrays["distance_nearest"])), ",.0f"),
        "nearest_least": value(math.floor(arrays["distance_nearest"].min()), ","),
        "largest_norm": value(float(np.linalg.norm(images, axis=1).max()), ".1f"),
        "affine_distance": value(float(np.median(arrays["distance_affine"])), ".1f"),
        "half_separation": value(float(arrays["separations"].min() / 2), ".2f"),
    }
    for name in ("posterior", "scaled", "closest", "spread", "collapse"):
        counts = np.bincount(arrays[f"drawn_{name}"], minlength=m)
        values[f"tv_{name}"] = value(sampling.total_variation(counts), ".2f")
        if name != "posterior":
            values[f"covered_{name}"] = value(int((counts > 0).sum()))
    return {"values": values}


def wrong_shown(arrays: Arrays) -> str:
    """Say for each level how many of the digits that the figure shows are recovered wrongly."""
    clean = unscale(arrays["images"][arrays["shown"]])
    wrong = [(unscale(found) != clean).any(axis=1).sum() for found in arrays["shown_recovered"]]
    pairs = zip(wrong, arrays["shown_alphas"], strict=True)
    return ", ".join(
        f"{number} of {len(clean)} at {model.level_text(alpha)}" for number, alpha in pairs
    )


def prices(arrays: Arrays) -> str:
    """Say for each level from where to where the least prices lie, as shares of g = 0's loss."""
    shares = 100 * arrays["forget_cheapest"] / arrays["trivial_loss"]
    pairs = zip(shares, arrays["shown_alphas"], strict=True)
    return ", ".join(
        f"{two_digits(row.min())} % to {two_digits(row.max())} % ({model.level_text(alpha)})"
        for row, alpha in pairs
    )


def two_digits(number: float) -> str:
    """Return a number with two significant digits, zeros included: 4.0, 0.055."""
    return np.format_float_positional(number, precision=2, fractional=False, trim="k").rstrip(".")


def short_level(alpha: float) -> str:
    """Return alpha with two digits, or with two digits of 1 - alpha if that is smaller."""
    places = 1 - math.floor(math.log10(min(alpha, 1.0 - alpha)))
    return model.level_text(round(alpha, places))


def shortened(number: float) -> dict[str, Any]:
    """Return a value in (0, 1) whose text has two digits and is rounded down, for a safe bound."""
    step = 10.0 ** (math.floor(math.log10(number)) - 1)
    return value(number) | {"text": positional(math.floor(number / step) * step)}


def positional(number: float) -> str:
    """Return a number with two digits and no power of ten, 0.00004, for formulas in the text."""
    return np.format_float_positional(number, precision=2, fractional=False, trim="-")


def main() -> None:
    """Run the step from the command line."""
    settings, files = parse(__doc__, Settings, ("digits",), ("arrays", "summary"))
    arrays = computed(files.digits, settings)
    save_arrays(files.arrays, arrays)
    save_json(files.summary, summary(arrays, settings))


def computed(digits: Path, settings: Settings) -> Arrays:
    """Run on the digits in a file; exits with code 1 and one line if file or settings are bad."""
    try:
        return run(*read_digits(digits), settings)
    except ValueError as error:
        raise SystemExit(f"denoising: {error}") from error


if __name__ == "__main__":
    main()
