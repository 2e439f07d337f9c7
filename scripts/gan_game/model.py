"""The finite zero-one-loss GAN as a game, and the formulas that exercise 4.1 proves about it.

Images are numbered 0, 1, ...: first the d distinct genuine ones, then the K outside the data set
that the generator may also output. Three integer vectors, all of length d + K on their last axis,
say everything: `genuine` (c_x, copies of x in the data set; zero for the last K), `generated`
(n_x, copies of x among the m outputs) and `labels` (f(x), 1 for "genuine"). Leading axes
broadcast. Errors are counted, not averaged: the loss is errors / (2m), so nothing is ever rounded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from scripts.common.arrays import Bools, Floats, Ints, Numbers

EITHER = -1
"""Stands for a label that may be 0 or 1 at the same loss."""

VALUE = Fraction(1, 2)
"""The value of the game: what max-min, min-max and every saddle point give."""


def datasets(m: int) -> Iterator[tuple[int, ...]]:
    """Yield every data set of m images up to renaming them, as copies of each distinct image.

    Those are the partitions of m, (1, ..., 1) for m different images first; m >= 1.
    """
    yield from sorted(_partitions(m, m), key=lambda parts: (-len(parts), parts))


def _partitions(total: int, largest: int) -> Iterator[tuple[int, ...]]:
    if total == 0:
        yield ()
    for part in range(min(total, largest), 0, -1):
        for rest in _partitions(total - part, part):
            yield (part, *rest)


def genuine_copies(copies: Sequence[int], outside: int) -> Ints:
    """Return `genuine`, shape (d + outside,): the copies of each image, zeros outside the set."""
    return np.array([*copies, *[0] * outside], dtype=np.int64)


def discriminators(size: int) -> Ints:
    """Return all labellings of `size` images, shape (2**size, size), f = 0 first."""
    return np.array(list(itertools.product((0, 1), repeat=size)), dtype=np.int64)


def generators(m: int, size: int) -> Ints:
    """Return all ordered lists of m outputs among `size` images, shape (size**m, m)."""
    return np.array(list(itertools.product(range(size), repeat=m)), dtype=np.int64)


def output_counts(outputs: Ints, size: int) -> Ints:
    """Return `generated` for ordered outputs: shape (..., m) to shape (..., size)."""
    counts: Ints = (outputs[..., None] == np.arange(size)).sum(axis=-2)
    return counts


def image_errors(genuine: Any, generated: Any, label: Any) -> Any:
    """Return the errors that one image costs: its genuine copies if rejected, else its outputs.

    Elementwise; also takes SymPy expressions, which is how the identities are proved.
    """
    return genuine * (1 - label) + generated * label


def error_counts(genuine: Ints, generated: Ints, labels: Ints) -> Ints:
    """Return 2m times the loss, summed over images; the leading axes broadcast."""
    errors: Ints = np.sum(image_errors(genuine, generated, labels), axis=-1)
    return errors


def optimal_labels(genuine: Ints, generated: Ints) -> Ints:
    """Return the labels of least loss: 1 if c_x > n_x, 0 if c_x < n_x, EITHER if equal."""
    return np.where(genuine == generated, EITHER, (genuine > generated).astype(np.int64))


def least_errors(genuine: Ints, generated: Ints) -> Ints:
    """Return 2m times the least loss of a discriminator, the sum of min(c_x, n_x)."""
    errors: Ints = np.minimum(genuine, generated).sum(axis=-1)
    return errors


def total_variation(genuine: Ints, generated: Ints) -> Floats:
    """Return the total variation distance between the data set and the outputs, in [0, 1].

    Both are read as the uniform distributions on their m entries.
    """
    m = genuine.sum(axis=-1)
    distance: Floats = np.abs(genuine - generated).sum(axis=-1) / (2 * m)
    return distance


def missed_copies(genuine: Ints, generated: Ints) -> Ints:
    """Return k, the entries of the data set without an output of their own: sum (c_x - n_x)^+."""
    missed: Ints = np.maximum(genuine - generated, 0).sum(axis=-1)
    return missed


def assured_gain(genuine: Ints, generated: Ints) -> Ints:
    """Return 2m times what the generator surely gains against an optimal discriminator.

    It moves every rejected output to an accepted image. The fewest outputs are rejected when all
    ties are accepted: then those of the images with n_x > c_x. Zero only for a permutation.
    """
    gain: Ints = (generated * (generated > genuine)).sum(axis=-1)
    return gain


def is_generator_response(generated: Ints, labels: Ints) -> Bools:
    """Tell whether the outputs are optimal against f: all accepted, or f accepts no image."""
    all_accepted = (generated * (1 - labels)).sum(axis=-1) == 0
    verdict: Bools = all_accepted | (labels.sum(axis=-1) == 0)
    return verdict


def is_permutation(genuine: Ints, generated: Ints) -> Bools:
    """Tell whether the outputs are the data set in some order: n_x = c_x for every image."""
    verdict: Bools = (genuine == generated).all(axis=-1)
    return verdict


def is_safe_labelling(genuine: Ints, labels: Ints) -> Bools:
    """Tell whether f accepts every genuine image, or no image at all (the min-max optimal f)."""
    accepts_genuine = ((genuine == 0) | (labels == 1)).all(axis=-1)
    verdict: Bools = accepts_genuine | (labels == 0).all(axis=-1)
    return verdict


def is_saddle(genuine: Ints, generated: Ints, labels: Ints) -> Bools:
    """Tell whether (generator, discriminator) is a saddle point, by the theorem."""
    return is_permutation(genuine, generated) & is_safe_labelling(genuine, labels)


def permutation_count(copies: Sequence[int]) -> int:
    """Return the number of different orders of the data set, m! / prod c_x!."""
    return math.factorial(sum(copies)) // math.prod(math.factorial(c) for c in copies)


def safe_labelling_count(outside: int) -> int:
    """Return 2^K + 1, the number of discriminators that make a saddle with a permutation."""
    return (1 << outside) + 1


def saddle_count(copies: Sequence[int], outside: int) -> int:
    """Return the number of pure saddle points."""
    return permutation_count(copies) * safe_labelling_count(outside)


def saddle_mask(errors: Ints) -> Bools:
    """Mark the saddle points of a loss matrix, shape (generators, discriminators).

    By definition: least in its row (the discriminator) and greatest in its column (the generator).
    """
    least = errors.min(axis=1, keepdims=True)
    greatest = errors.max(axis=0, keepdims=True)
    mask: Bools = (errors == least) & (errors == greatest)
    return mask


def equilibrium_outputs(copies: Sequence[int], outside: int) -> Ints:
    """Return E[n_x] of every optimal mixed generator: c_x, shape (d + K,)."""
    return genuine_copies(copies, outside)


def collapsed_mixture(copies: Sequence[int]) -> list[Fraction]:
    """Return, for each genuine x, how often the collapsed optimal generator outputs m copies of x.

    Uniform for m different images; in general c_x / m.
    """
    return [Fraction(c, sum(copies)) for c in copies]


def is_optimal_acceptance(genuine: Ints, acceptance: Numbers) -> Bools:
    """Tell whether a mixed discriminator that accepts x with probability q_x is optimal.

    It is so exactly when q is the same on every genuine image and nowhere greater.
    """
    greatest = acceptance.max(axis=-1, keepdims=True)
    verdict: Bools = ((genuine == 0) | (acceptance == greatest)).all(axis=-1)
    return verdict
