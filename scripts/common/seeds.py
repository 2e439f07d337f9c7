"""Randomness with a name: each experiment draws from its own stream, whatever else runs."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, experiment: str) -> np.random.Generator:
    """Return the random generator of one named experiment.

    seed: the configured seed (non-negative). experiment: a name such as "gan_training.data".
    Different names give independent streams (`numpy.random.SeedSequence`); the same pair
    always gives the same stream, independent of order, threads and other experiments.
    """
    name = int.from_bytes(hashlib.sha256(experiment.encode()).digest()[:16], "big")
    return np.random.default_rng(np.random.SeedSequence([seed, name]))
