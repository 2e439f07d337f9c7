"""Checks of the phase diagrams against the linear theory, and of the engine that trained them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.gan_training import model, theory
from scripts.gan_training.lab.phase import EXPERIMENTS, compared


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute_phase` writes them."""
    return [*engine_checks(arrays), *phase_checks(arrays)]


def engine_checks(arrays: Arrays) -> list[Check]:
    """Return the checks of the engine against the closed-form model, epoch by epoch."""
    real, noise = arrays["real"][0], arrays["noise"][0]
    found, start = arrays["engine_paths"], arrays["engine_start"]
    epochs = len(found) - 1
    expected = np.stack(
        [
            model.train(start, real, noise, model.Rates(*pair), epochs).states
            for pair in arrays["engine_rates"].tolist()
        ],
        axis=2,
    )
    bounded = np.isfinite(expected)
    far = np.abs(found - expected)[bounded].max() / np.abs(expected[bounded]).max()
    return [
        Check(
            id="gan_training_lab.engine",
            claim="sec-gan-lab-engine",
            statement="Three runs of 300 epochs by the batched engine against the baseline's "
            "arithmetic, one GAN at a time: largest difference of a parameter, relative to "
            "the largest parameter.",
            method="numerical",
            value=float(far),
            at_most=1e-6,
        )
    ]


def phase_checks(arrays: Arrays) -> list[Check]:
    """Return the checks of the phase diagrams against the linear theory."""
    found = {name: compared(arrays, name, separated=True) for name in EXPERIMENTS}
    return [
        _share(found, "near", "agree", 0.98, id="near-classes", cells="cells, near start"),
        _share(
            found, "near", "agree_stable", 0.97, id="near-stable", cells="stable cells, near start"
        ),
        _share(
            found,
            "far",
            "agree_bounded",
            0.95,
            id="far-classes",
            cells="cells that do not run away, far start",
        ),
        _share(
            found, "centered", "agree", 0.98, id="centered-classes", cells="cells, centered data"
        ),
        _share(
            found,
            "simultaneous",
            "agree",
            0.97,
            id="simultaneous-classes",
            cells="cells, simultaneous updates",
        ),
        *(_rate(found, name) for name in ("near", "centered")),
        _check_runaways(arrays),
        _check_centered_rate(arrays),
    ]


def _share(
    found: Mapping[str, Any], experiment: str, share: str, bound: float, *, id: str, cells: str
) -> Check:
    return Check(
        id=f"gan_training_lab.{id}",
        claim="sec-gan-lab-diagram",
        statement=f"Share of the counted and separated {cells}, in which training behaves as "
        "the dominant eigenvalue says.",
        method="numerical",
        value=float(found[experiment][share]),
        at_least=bound,
    )


def _rate(found: Mapping[str, Any], experiment: str) -> Check:
    return Check(
        id=f"gan_training_lab.{experiment}-rate",
        claim="sec-gan-lab-diagram",
        statement=f"Median relative error of the predicted rate $\\log\\rho$ ({experiment}).",
        method="numerical",
        value=float(found[experiment]["rate_error"]),
        at_most=0.01,
    )


def _check_runaways(arrays: Arrays) -> Check:
    product = np.multiply.outer(arrays["axis"], arrays["axis"]).ravel()
    outside = sum(
        int(np.sum((row == theory.RUNAWAY) & (product <= 4)))
        for name in ("near", "far", "centered")
        for row in arrays[f"{name}_observed"]
    )
    return Check(
        id="gan_training_lab.runaways",
        claim="thm-gan-lab-runaway",
        statement="Number of runs that ran away although $\\eta_G\\eta_D \\le 4$, in the three "
        "diagrams of alternating updates.",
        method="exhaustive",
        value=float(outside),
        equals=0.0,
    )


def _check_centered_rate(arrays: Arrays) -> Check:
    """Measured decay of the spirals on centered data against ½ log(1 − η_D σ²/2) directly."""
    errors = []
    discriminator_rate = np.repeat(arrays["axis"], arrays["axis"].size)
    for k, M in enumerate(arrays["centered_moments"]):
        spirals = arrays["centered_counted"][k] & (arrays["centered_observed"][k] == theory.SPIRAL)
        predicted = np.log(np.abs(1 - discriminator_rate[spirals] * M[1, 1] / 2)) / 2
        errors.append(np.abs(arrays["centered_rate"][k][spirals] / predicted - 1))
    everything = np.concatenate(errors)
    return Check(
        id="gan_training_lab.centered-spiral",
        claim="prp-gan-lab-centered",
        statement="Median relative error of the spirals' measured rate against "
        "$\\frac12\\log(1-\\eta_D\\sigma^2/2)$, centered data.",
        method="numerical",
        value=float(np.median(everything)) if everything.size else 0.0,
        at_most=0.01,
    )
