"""Checks of the phase diagrams against the linear theory, and of the engine that trained them.

The engine's arithmetic is a theorem. What the diagrams show is observed: whether a finite run from
a start at a finite distance shows its class depends on the settings.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import model, theory
from scripts.gan_training.lab.phase import compared, runaway_epoch, spiral_turns

SHARES = (
    ("near-classes", "near", "agree", 0.98, "cells, near start"),
    ("near-stable", "near", "agree_stable", 0.97, "stable cells, near start"),
    ("far-classes", "far", "agree_bounded", 0.95, "cells that do not run away, far start"),
    ("centered-classes", "centered", "agree", 0.98, "cells, centered data"),
    ("simultaneous-classes", "simultaneous", "agree", 0.97, "cells, simultaneous updates"),
)
"""Name, experiment, share (see `phase.comparison`), its least value, and which cells it counts."""


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute_phase` writes them."""
    return [*engine_checks(arrays), *phase_checks(arrays)]


def engine_checks(arrays: Arrays) -> list[Check]:
    """Return the check of the engine against the closed-form model, each epoch by itself.

    Both start each epoch from the engine's state: whole runs may be chaotic, one epoch is not.
    """
    real, noise = arrays["real"][0], arrays["noise"][0]
    worst = 0.0
    for k, pair in enumerate(arrays["engine_rates"].tolist()):
        rates, path = model.Rates(*pair), arrays["engine_paths"][:, :, k]
        for before, after in itertools.pairwise(path):
            expected = model.update(before, real, noise, rates)
            allowed = _rounding(before, expected, real, noise, rates)
            worst = max(worst, float((np.abs(after - expected) / allowed).max()))
    return [
        Check(
            id="gan_training_lab.engine",
            claim="sec-gan-lab-engine",
            statement="Each of 300 epochs of three runs by the batched engine against the "
            "baseline's arithmetic from the same state: largest difference of a parameter, as a "
            "share of the rounding of its sums.",
            method="numerical",
            value=worst,
            at_most=1,
        )
    ]


def _rounding(
    before: Floats, after: Floats, real: Floats, noise: Floats, rates: model.Rates
) -> Floats:
    """Return by how much two orders of the same sums may differ in one epoch, a state (3,).

    A mean of m terms has m roundings, and the logistic function twenty. Its argument has the
    roundings of φ₀ and φ₁x, and its slope is at most 1/4. Twice, for two computations.
    """
    eps, size = np.finfo(float).eps, max(np.abs(real).max(), np.abs(noise + before[0]).max())
    logit = max(abs(state[1]) + abs(state[2]) * size for state in (before, after))
    unit = 2 * eps * (len(real) + 20 + logit)
    moved = unit * rates.discriminator * np.array([2.0, 2 * size]) + 2 * eps * np.abs(after[1:])
    weight = unit + (moved[0] + moved[1] * size) / 4
    return np.array(
        [rates.generator * (abs(after[2]) * weight + moved[1]) + 2 * eps * abs(after[0]), *moved]
    )


def phase_checks(arrays: Arrays) -> list[Check]:
    """Return the observations of the phase diagrams against the linear theory."""
    names = ("near", "far", "centered", "simultaneous")
    found = {name: compared(arrays, name, separated=True) for name in names}
    return [
        *(_share(found, *row) for row in SHARES),
        *(_rate(found, name) for name in ("near", "centered")),
        _check_turns(arrays),
        _check_runaways(arrays),
        _check_basin(arrays),
        _check_centered_rate(arrays),
    ]


def _share(
    found: dict[str, Any], name: str, experiment: str, share: str, bound: float, cells: str
) -> Check:
    return Check(
        id=f"gan_training_lab.{name}",
        claim="sec-gan-lab-diagram",
        statement=f"Share of the counted and separated {cells}, in which training behaves as "
        "the dominant eigenvalue says.",
        method="numerical",
        observed=True,
        value=float(found[experiment][share]),
        at_least=bound,
    )


def _rate(found: dict[str, Any], experiment: str) -> Check:
    return Check(
        id=f"gan_training_lab.{experiment}-rate",
        claim="sec-gan-lab-diagram",
        statement=f"Median relative error of the predicted rate $\\log\\rho$ ({experiment}).",
        method="numerical",
        observed=True,
        value=float(found[experiment]["rate_error"]),
        at_most=0.01,
    )


def _check_turns(arrays: Arrays) -> Check:
    turns, error = spiral_turns(arrays, "near")
    return Check(
        id="gan_training_lab.rate-turns",
        claim="sec-gan-lab-diagram",
        statement="Counted spirals of the near start whose measured rate is off by more than "
        "10 %: the most turns that the time in which the rate is fitted holds, by the "
        "dominant eigenvalue.",
        method="numerical",
        observed=True,
        value=float(turns[error > 0.1].max(initial=0.0)),
        at_most=1,
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
        observed=True,
        value=outside,
    )


def _check_basin(arrays: Arrays) -> Check:
    return Check(
        id="gan_training_lab.basin",
        claim="sec-gan-lab-runaway",
        statement="First data set, centered, $\\eta_D=\\min(1,1/v)$ and $\\eta_G=8/\\eta_D$, which "
        "the rule allows: epoch in which the run from $\\delta=10\\max(1,\\sqrt v)$, $\\phi=0$ "
        "passes $10^8$.",
        method="numerical",
        observed=True,
        value=runaway_epoch(arrays["basin_path"]),
        at_most=100,
    )


def _check_centered_rate(arrays: Arrays) -> Check:
    """Measured decay of the spirals on centered data against ½ log(1 − η_D v/2) directly."""
    errors = []
    discriminator_rate = np.repeat(arrays["axis"], arrays["axis"].size)
    for k, M in enumerate(arrays["centered_moments"]):
        spirals = arrays["centered_counted"][k] & (arrays["centered_observed"][k] == theory.SPIRAL)
        spirals &= arrays["centered_predicted"][k] == theory.SPIRAL
        predicted = np.log(np.abs(1 - discriminator_rate[spirals] * M[1, 1] / 2)) / 2
        errors.append(np.abs(arrays["centered_rate"][k][spirals] / predicted - 1))
    everything = np.concatenate(errors)
    return Check(
        id="gan_training_lab.centered-spiral",
        claim="prp-gan-training-critical",
        statement="Median relative error of the spirals' measured rate against "
        "$\\frac12\\log(1-\\eta_Dv/2)$, centered data.",
        method="numerical",
        observed=True,
        value=float(np.median(everything)) if everything.size else float("nan"),
        at_most=0.01,
    )
