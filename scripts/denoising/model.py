"""The finite diffusion model of exercise 4.2: noisy images, denoisers and the training loss.

A noise level enters as its two weights, signal = sqrt(alpha_t) and noise = sqrt(1 - alpha_t).
Whatever needs only arithmetic also works on exact numbers (object arrays of `Fraction` or of
SymPy symbols): the checks use that.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scripts.common.arrays import Floats, Ints, Numbers

LARGEST_TABLE = 4_000_000
"""Entries of the largest table of distances held at once: 32 MB in double precision."""


def weights(alpha: float) -> tuple[float, float]:
    """Return (sqrt(alpha), sqrt(1 - alpha)); ValueError unless 0 <= alpha <= 1."""
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"alpha_t must lie in [0, 1], found {alpha}")
    return math.sqrt(alpha), math.sqrt(1.0 - alpha)


def level_text(alpha: float) -> str:
    """Return alpha as the text shows it, without a power of ten: 0.000001."""
    return np.format_float_positional(alpha, trim="-")


def noisy_images(images: Numbers, noises: Numbers, signal: Any, noise: Any) -> Numbers:
    """Return S_t as an array (m, n, d): entry (i, j) is signal x_i + noise epsilon_j.

    images: (m, d). noises: (n, d).
    """
    return np.asarray(signal * images[:, None, :] + noise * noises[None, :, :])


def closest(points: Numbers, centers: Numbers) -> Ints:
    """Return for each point (p, d) the index (p,) of its closest center (k, d).

    Of several equally close centers the first one counts. The table of scores is made in blocks
    of rows, so that memory does not grow with the number of points.
    """
    squares = (centers * centers).sum(axis=1)
    rows = max(1, LARGEST_TABLE // len(centers))
    return np.concatenate(
        [
            np.argmax(2 * (points[start : start + rows] @ centers.T) - squares, axis=1)
            for start in range(0, len(points), rows)
        ]
    )


def implied_noise(points: Any, clean: Any, signal: Any, noise: Any) -> Any:
    """Return the noise that turns `clean` into `points`, both (..., d); needs noise != 0."""
    return (points - signal * clean) / noise


def implied_image(points: Any, predicted: Any, signal: Any, noise: Any) -> Any:
    """Return the image left when the predicted noise is taken out of `points`; signal != 0."""
    return (points - noise * predicted) / signal


def closest_point_denoiser(points: Numbers, images: Numbers, signal: Any, noise: Any) -> Numbers:
    """Predict the noise as g*_t does: the clean image is the closest one to the point itself.

    points: (p, d). images: (m, d). Returns (p, d). Exercise 4.2(a).
    """
    return np.asarray(implied_noise(points, images[closest(points, images)], signal, noise))


def scaled_closest_denoiser(points: Numbers, images: Numbers, signal: Any, noise: Any) -> Numbers:
    """Predict the noise from the image x_i whose scaled copy signal x_i is closest.

    This is the most probable clean image under Gaussian noise. Shapes as above.
    """
    clean = images[closest(points, signal * images)]
    return np.asarray(implied_noise(points, clean, signal, noise))


def posterior_mean_denoiser(
    points: Numbers, images: Numbers, signal: float, noise: float
) -> Numbers:
    """Predict E[epsilon | x_t] for Gaussian noise and a uniformly random image.

    This minimizes the loss with the sum over the noises replaced by a Gaussian integral.
    Shapes as above; needs noise != 0.
    """
    scaled = signal * images
    exponent = (points @ scaled.T - (scaled**2).sum(axis=1) / 2) / noise**2
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    weight /= weight.sum(axis=1, keepdims=True)
    return np.asarray(implied_noise(points, weight @ images, signal, noise))


def affine_denoiser(points: Numbers, images: Numbers, signal: float, noise: float) -> Numbers:
    """Predict the noise by the best affine map: the Gaussian loss minimized over affine maps only.

    It knows the mean and the covariance of the images and nothing else. Shapes as above; needs
    noise != 0.
    """
    mean = images.mean(axis=0)
    centered = images - mean
    spread = signal**2 * (centered.T @ centered) / len(images) + noise**2 * np.eye(len(mean))
    return np.asarray(noise * np.linalg.solve(spread, (points - signal * mean).T).T)


def nearest_noisy_denoiser(
    points: Numbers, images: Numbers, noises: Numbers, alpha: float
) -> Numbers:
    """Predict the noise of the nearest element of S_t: another minimizer of the training loss.

    points: (p, d). images: (m, d). noises: (n, d). Returns (p, d).
    """
    training = noisy_images(images, noises, *weights(alpha)).reshape(-1, images.shape[1])
    return np.asarray(noises[closest(points, training) % len(noises)])


def training_loss(predicted: Numbers, noises: Numbers) -> Any:
    """Return the loss of exercise 4.2 for the predictions (m, n, d) at the points of S_t."""
    return ((predicted - noises[None, :, :]) ** 2).sum() / len(predicted)


def best_predictions(noisy: Numbers, noises: Numbers) -> Numbers:
    """Return what every minimizer of the training loss predicts on S_t, (m, n, d).

    That is the mean noise over all pairs (i, j) with the same noisy image. Equality is exact.
    """
    fibers: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for i, j in np.ndindex(noisy.shape[:2]):
        fibers.setdefault(tuple(noisy[i, j]), []).append((i, j))
    best = np.empty(noisy.shape, dtype=np.result_type(noises, np.float64))
    for pairs in fibers.values():
        mean = noises[[j for _, j in pairs]].sum(axis=0) / len(pairs)
        for i, j in pairs:
            best[i, j] = mean
    return best


def collapse_shares(images: Numbers) -> Numbers:
    """Return the least price of each image over the price of collapse onto one image, (m,).

    That is min_k |x_i - x_k|^2 over sum_k |x_k - x_c|^2, with the x_c for which the sum is least;
    the level cancels. images: (m, d), m >= 2.
    """
    squares = np.array([((images - image) ** 2).sum(axis=1) for image in images])
    collapse = squares.sum(axis=0).min()
    np.fill_diagonal(squares, math.inf)
    return np.asarray(squares.min(axis=1) / collapse)


def forgetting_loss(
    images: Numbers, noises: Numbers, signal: float, noise: float
) -> tuple[Floats, Floats]:
    """Return what it costs to forget each image: (measured (m,), cheapest (m,)).

    measured: loss added by a model that is right about all other images and takes each noisy
    version of x_i for a noisy version of the closest *other* image, evaluated from the loss's
    definition. cheapest: the least that any model whose implied image is another one must pay,
    n alpha / ((1 - alpha) m) min_k |x_i - x_k|^2.
    """
    m, n = len(images), len(noises)
    measured, cheapest = np.empty(m), np.empty(m)
    for i in range(m):
        others = np.delete(images, i, axis=0)
        noisy = noisy_images(images[i : i + 1], noises, signal, noise)
        predicted = closest_point_denoiser(noisy[0], others, signal, noise)[None]
        measured[i] = training_loss(predicted, noises) / m
        gap = ((others - images[i]) ** 2).sum(axis=1).min()
        cheapest[i] = n * (signal / noise) ** 2 * gap / m
    return measured, cheapest
