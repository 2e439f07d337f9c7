"""Exercise 4.1: every small game in full, and many runs of the best-response dynamics.

Writes the counts of saddle points that were found by going through all pairs of generator and
discriminator, the loss matrix of one game, what missed images cost, and the coverage of the
generators that best-response dynamics visits.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from scripts.common import artifacts, command_line, seeds
from scripts.common.arrays import Arrays, Ints
from scripts.common.values import value
from scripts.gan_game import dynamics, losses, model
from scripts.gan_game.settings import GanGame

MATRIX_COPIES = (1, 1)
MATRIX_OUTSIDE = 1
"""The game whose whole loss matrix is drawn: two images and one outside."""

DISTANCE_SLOPES = (4.0, 1.0, 0.5)
FARTHEST, DISTANCE_STEPS = 2.0, 40
"""Slopes, and distances of an output from the missed image, at which the least loss is drawn."""


class Settings(GanGame, leaves=()):
    """What the step reads."""


def enumerate_games(largest_m: int, largest_k: int) -> Arrays:
    """Count the saddle points of every game by going through all pairs.

    Returns arrays with one row a data set: `copies` (rows, largest_m), zero-padded; `found`,
    `formula` and `pairs` (rows, largest_k + 1), one column for each K.
    """
    sets = [copies for m in range(1, largest_m + 1) for copies in model.datasets(m)]
    found, formula, pairs = (np.zeros((len(sets), largest_k + 1), dtype=np.int64) for _ in "fgp")
    for row, copies in enumerate(sets):
        for outside in range(largest_k + 1):
            errors = loss_matrix(copies, outside)
            found[row, outside] = model.saddle_mask(errors).sum()
            formula[row, outside] = model.saddle_count(copies, outside)
            pairs[row, outside] = errors.size
    padded = np.array([[*copies, *[0] * (largest_m - len(copies))] for copies in sets])
    return {"copies": padded, "found": found, "formula": formula, "pairs": pairs}


def loss_matrix(copies: tuple[int, ...], outside: int) -> Ints:
    """Return errors (2m times the loss), shape (ordered generators, discriminators)."""
    genuine = model.genuine_copies(copies, outside)
    outputs = model.generators(sum(copies), len(genuine))
    generated = model.output_counts(outputs, len(genuine))
    labels = model.discriminators(len(genuine))
    return model.error_counts(genuine, generated[:, None, :], labels[None, :, :])


def drawn_matrix() -> Arrays:
    """Return the loss matrix to draw, in a readable order, with its rows and columns.

    Rows by number of genuine images covered, most first; columns by number of images accepted.
    """
    genuine = model.genuine_copies(MATRIX_COPIES, MATRIX_OUTSIDE)
    outputs = model.generators(sum(MATRIX_COPIES), len(genuine))
    labels = model.discriminators(len(genuine))
    generated = model.output_counts(outputs, len(genuine))
    least = model.least_errors(genuine, generated)
    rows = np.lexsort((*outputs.T[::-1], np.sort(outputs, axis=1)[:, -1], -least))
    columns = np.lexsort((*(-labels.T[::-1]), labels.sum(axis=1)))
    errors = loss_matrix(MATRIX_COPIES, MATRIX_OUTSIDE)[np.ix_(rows, columns)]
    return {
        "matrix_outputs": outputs[rows],
        "matrix_labels": labels[columns],
        "matrix_errors": errors,
        "matrix_saddles": model.saddle_mask(errors),
    }


def missed_game(largest_m: int, largest_k: int) -> tuple[int, int]:
    """Return m and K of the game in the figure, large enough that all k from 0 to m occur."""
    return max(largest_m, 2), max(largest_k, 1)


def missed_images(m: int, outside: int) -> Arrays:
    """Return, for k = 0 to m missed images, the discriminator's best loss and what follows.

    `missed_least` (m + 1,): errors against an optimal discriminator. `missed_response_low` and
    `missed_response_high` (m + 1,): least and most errors after the generator's best response to
    an optimal discriminator, over all generators that miss k images and all ties. Needs
    outside >= 1, without which no generator misses all images.
    """
    genuine = model.genuine_copies((1,) * m, outside)
    outputs = model.generators(m, len(genuine))
    generated = np.unique(model.output_counts(outputs, len(genuine)), axis=0)
    missed = model.missed_copies(genuine, generated)
    labels = model.discriminators(len(genuine))
    errors = model.error_counts(genuine, generated[:, None, :], labels[None, :, :])
    optimal = errors == model.least_errors(genuine, generated)[:, None]
    response = np.where(labels.any(axis=1), m, 0) + (genuine * (1 - labels)).sum(axis=1)
    least, low, high = (np.zeros(m + 1, dtype=np.int64) for _ in "lmh")
    for k in range(m + 1):
        least[k] = errors[missed == k].min()
        responses = np.broadcast_to(response, errors.shape)[missed == k][optimal[missed == k]]
        low[k], high[k] = responses.min(), responses.max()
    return {"missed_least": least, "missed_response_low": low, "missed_response_high": high}


def losses_by_distance() -> Arrays:
    """Return the least loss when one image is missed and an output lies at a distance from it.

    Two genuine points at distance 1; the outputs are the first and a point beyond the second.
    `distance_steps` (points,); `distance_any` (points,), over all discriminators;
    `distance_slopes` (slopes,) and `distance_loss` (slopes, points), over those of limited slope.
    """
    genuine = np.array([[0.0], [1.0]])
    away = np.array([[0.0], [1.0]])
    slopes, steps = np.array(DISTANCE_SLOPES), np.linspace(0, FARTHEST, DISTANCE_STEPS + 1)
    # Images 1 and 2 and the point beyond, which is image 2 itself at distance 0.
    counts = np.where(steps[:, None] > 0, [1, 0, 1], [1, 1, 0])
    least = model.least_errors(np.array([1, 1, 0]), counts)
    limited = [
        [losses.slope_loss(genuine, genuine + step * away, slope) for step in steps]
        for slope in DISTANCE_SLOPES
    ]
    return {
        "distance_steps": steps,
        "distance_any": least / 4,
        "distance_slopes": slopes,
        "distance_loss": np.array(limited),
    }


def simulate(settings: Settings) -> Arrays:
    """Run the dynamics for each K and each pair of tie rules.

    Returns, with axes (K, discriminator's rule, generator's rule, round): `coverage`, the mean
    share of genuine images output; `coverage_most`, the largest share in any run; and `reached`,
    the share of runs that have met a saddle point.
    """
    m, rounds = settings.dynamics_m, settings.dynamics_rounds
    shape = (settings.dynamics_k + 1, 3, 3, rounds + 1)
    coverage, most, reached = (np.zeros(shape) for _ in "cmr")
    for outside in range(settings.dynamics_k + 1):
        genuine = model.genuine_copies((1,) * m, outside)
        for i, accepting in enumerate(dynamics.DISCRIMINATOR_RULES):
            for j, sharing in enumerate(dynamics.GENERATOR_RULES):
                name = f"gan_game.dynamics.{outside}.{accepting}.{sharing}"
                random = seeds.generator(settings.seed, name)
                starts = dynamics.random_starts(genuine, settings.dynamics_trials, random)
                runs = dynamics.run(genuine, starts, (accepting, sharing), rounds, random)
                coverage[outside, i, j] = runs.coverage.mean(axis=0)
                most[outside, i, j] = runs.coverage.max(axis=0)
                reached[outside, i, j] = runs.reached.mean(axis=0)
    return {"coverage": coverage, "coverage_most": most, "reached": reached}


def summary(settings: Settings, arrays: Arrays) -> dict[str, Any]:
    """Return the numbers that the text of the exercise uses."""
    m, outside = settings.dynamics_m, settings.dynamics_k
    missed_m, missed_k = missed_game(settings.largest_m, settings.largest_k)
    found, pairs, drawn = arrays["found"], arrays["pairs"], arrays["matrix_errors"]
    last = arrays["reached"][..., -1]
    values = {
        **{field.name: value(getattr(settings, field.name)) for field in _fields()},
        "pairs": value(int(pairs.sum()), ","),
        "saddles_found": value(int(found.sum()), ","),
        "matrix_rows": value(drawn.shape[0]),
        "matrix_columns": value(drawn.shape[1]),
        "matrix_saddles": value(int(arrays["matrix_saddles"].sum())),
        "missed_m": value(missed_m),
        "missed_k": value(missed_k),
        "bound_coverage": value(1 - 1 / m, ".3f"),
        "collapse_coverage": value(1 / m, ".3f"),
        "reached_random_percent": value(100 * float(last[outside, 1, 1]), ".1f"),
        "reject_spread_exact_percent": _percent(m, outside, "spread"),
        "reject_random_exact_percent": _percent(m, outside, "random"),
    }
    return {"values": values}


def _percent(m: int, outside: int, rule: str) -> dict[str, Any]:
    percent = 100 * float(dynamics.rejecting_ties_reaches(m, outside, rule))
    digits = max(0, 1 - math.floor(math.log10(percent)))  # two digits that count
    return value(percent, f".{digits}f")


def _fields() -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(Settings)


def compute(settings: Settings) -> tuple[Arrays, dict[str, Any]]:
    """Return every array and the summary of the exercise."""
    arrays = {
        **enumerate_games(settings.largest_m, settings.largest_k),
        **drawn_matrix(),
        **missed_images(*missed_game(settings.largest_m, settings.largest_k)),
        **losses_by_distance(),
        **simulate(settings),
    }
    return arrays, summary(settings, arrays)


def main() -> None:
    """Read the command line, compute, write both files."""
    settings, files = command_line.parse(__doc__, Settings, outputs=("arrays", "summary"))
    arrays, results = compute(settings)
    artifacts.save_arrays(files.arrays, arrays)
    artifacts.save_json(files.summary, results)


if __name__ == "__main__":
    main()
