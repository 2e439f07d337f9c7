"""The finite GAN of exercise 4.1 with other losses: logarithmic, and with a limited slope.

Vectors are those of scripts.gan_game.model, except that a label may be any number in [0, 1], the
probability of "genuine". Losses are in nats or in shares of the 2m examples, not counts.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from scripts.common.arrays import Bools, Floats, Ints
from scripts.gan_game import model

LOG_VALUE = float(np.log(2))
"""The value of the game with the logarithmic loss."""


def log_term(genuine: Any, generated: Any) -> Floats:
    """Return c log((c+n)/c) + n log((c+n)/n), elementwise; a count of 0 contributes 0."""
    both = np.add(genuine, generated)
    terms = [
        part * np.log(np.where(part > 0, both, 1) / np.where(part > 0, part, 1))
        for part in (np.asarray(genuine), np.asarray(generated))
    ]
    return np.asarray(terms[0] + terms[1], dtype=np.float64)


def log_acceptance(genuine: Ints, generated: Ints) -> Floats:
    """Return the optimal f(x) = c_x / (c_x + n_x), NaN where an image occurs nowhere."""
    both = genuine + generated
    return np.where(both > 0, genuine / np.maximum(both, 1), np.nan)


def least_log_loss(genuine: Ints, generated: Ints) -> Floats:
    """Return the least logarithmic loss over all discriminators, in nats."""
    loss: Floats = log_term(genuine, generated).sum(axis=-1) / (2 * genuine.sum(axis=-1))
    return loss


def least_is_tight(genuine: Ints, generated: Ints) -> Bools:
    """Tell where the least logarithmic loss is only (1 - TV) log 2."""
    verdict: Bools = ((genuine == generated) | (genuine * generated == 0)).all(axis=-1)
    return verdict


def is_log_saddle(genuine: Ints, generated: Ints, acceptance: Floats) -> Bools:
    """Tell whether the pair is a saddle point with the logarithmic loss, by the theorem."""
    right = np.where(genuine > 0, acceptance == 1 / 2, acceptance <= 1 / 2).all(axis=-1)
    verdict: Bools = model.is_permutation(genuine, generated) & right
    return verdict


def slope_distance(genuine: Floats, generated: Floats, slope: float) -> float:
    """Return the least mean of min(1, slope * distance) over all pairings of data and outputs.

    genuine, generated: points, shape (m, dimensions); all m! pairings are tried.
    """
    lengths = np.linalg.norm(genuine[:, None, :] - generated[None, :, :], axis=-1)
    costs = np.minimum(1, slope * lengths)
    rows = np.arange(len(costs))
    pairings = itertools.permutations(range(len(costs)))
    return min(float(costs[rows, list(columns)].mean()) for columns in pairings)


def slope_loss(genuine: Floats, generated: Floats, slope: float) -> float:
    """Return the least expected zero-one loss over all f into [0, 1] of this slope at most."""
    return (1 - slope_distance(genuine, generated, slope)) / 2


def is_slope_saddle(genuine: Ints, generated: Ints, acceptance: Floats) -> Bools:
    """Tell whether a pair with an admissible f is a saddle point, by the theorem.

    The condition on f, constant on the data set and nowhere greater, is that of mixed equilibria.
    """
    fair = model.is_optimal_acceptance(genuine, acceptance)
    verdict: Bools = model.is_permutation(genuine, generated) & fair
    return verdict
