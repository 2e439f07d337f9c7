"""Checks of the noise experiment: the closure's predictions against measured chains."""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.gan_training import theory


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute_sgd` writes them.

    A standard error is √(2 / (chains · relaxation times)), at most, of the variance: 1.3 % by
    default. The closure is right to 3 %, 5 % for shuffled epochs of as few as 16 examples. The
    bound of 10 % then leaves four standard errors and more: false-alarm rate below 1e-4 a pair.
    """
    fresh, replaced, shuffled = range(len(theory.SCHEMES))
    error = np.abs(arrays["variance"] / arrays["closed"] - 1)
    law = arrays["linear"][:, shuffled] / arrays["linear"][:, replaced]
    ratio = arrays["variance"][:, shuffled] / arrays["variance"][:, replaced]
    slow = arrays["rate_d"][:, shuffled] == arrays["rate_d"][:, shuffled].min(axis=1, keepdims=True)
    labels = {
        "fresh": (fresh, "new draws at each step"),
        "replaced": (replaced, "a fixed data set, drawn with replacement"),
        "shuffled": (shuffled, "a fixed data set in shuffled epochs"),
    }
    rows = [
        Check(
            id=f"gan_training_lab.variance-{name}",
            claim="sec-gan-lab-noise",
            statement=f"Stationary variance of $\\theta$, {label}: largest relative error of the "
            "prediction over two decades of both rates. The bound leaves four standard errors "
            "and more to chance: false-alarm rate below $10^{-4}$.",
            method="statistical",
            value=float(error[:, index].max()),
            at_most=0.10,
        )
        for name, (index, label) in labels.items()
    ]
    scaled = np.abs(arrays["bias"] - arrays["bias_closed"]) / np.sqrt(arrays["variance"])
    return [
        *rows,
        Check(
            id="gan_training_lab.variance-half",
            claim="sec-gan-lab-noise",
            statement="Variance with shuffled epochs over variance with replacement, at the "
            "smallest $\\eta_D$: largest relative error of the linear theory's ratio. False-alarm "
            "rate below $10^{-4}$.",
            method="statistical",
            value=float(np.abs(ratio / law - 1)[slow].max()),
            at_most=0.10,
        ),
        Check(
            id="gan_training_lab.bias",
            claim="sec-gan-lab-noise",
            statement="Bias of $\\theta$, in its standard deviations, by sampling with replacement "
            "or new draws: largest difference between Gaussian closure and measurement. "
            "False-alarm rate below $10^{-4}$.",
            method="statistical",
            value=float(scaled[:, :shuffled].max()),
            at_most=0.15,
        ),
    ]
