"""Phase diagrams: prediction on a grid of learning rates, and how it is compared with training.

Which cells count was fixed before any diagram was computed. A cell is *counted* if its predicted
time scale 1/|log ρ| is at most a tenth of the epochs, and if the predicted class stays the same
when either rate alone is changed by 5 % up or down (no boundary is that near). One rule was added
after other means and spreads had been tried: a counted cell is *separated* if its dominant mode
outgrows the others fast enough to be seen, 1/log(ρ/ρ₂) being at most a tenth of the epochs and
twice the time scale. Results are given for all counted cells; the build checks the separated ones.
(How a run is measured is in `measure`, with the two details that were settled after looking.)
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Bools, Floats, Ints
from scripts.gan_training import theory
from scripts.gan_training.model import RUNAWAY_BOUND

TIME_SCALES = 10
MARGIN = 1.05

FLOOR = 1e-7
"""A run is followed until its distance has fallen to this share of the near start's."""

PARTS = ("moments", "predicted", "radius", "counted", "separated", "observed", "rate")
"""Names of an experiment's arrays, each after its name and an underscore."""

EXPERIMENTS = ("near", "far", "centered", "simultaneous")
"""Names of the experiments, in the arrays and the summary."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What the linear theory says of n pairs of rates: class, spectral radius, and the rules.

    classes: (n,) int8; radius: (n,) float64; counted, separated: (n,) bool, see the module's
    docstring (separated also where instability is predicted: there no mode has to lead).
    """

    classes: Ints
    radius: Floats
    counted: Bools
    separated: Bools


def rate_grid(lowest: float, highest: float, size: int) -> tuple[Floats, tuple[Floats, Floats]]:
    """Return the axis (size,), log scale, and (η_G, η_D), each (size²,), η_G varying fastest."""
    axis = np.geomspace(lowest, highest, size)
    discriminator_rate, generator_rate = np.meshgrid(axis, axis, indexing="ij")
    return axis, (generator_rate.ravel(), discriminator_rate.ravel())


def predict(
    M: Floats,
    generator_rate: Floats,
    discriminator_rate: Floats,
    epochs: int,
    *,
    alternating: bool = True,
) -> Prediction:
    """Return the prediction for rates (n,) and a run of so many epochs."""
    make = theory.alternating_map if alternating else theory.simultaneous_map
    A = make(M, generator_rate, discriminator_rate)
    lead = theory.dominant_eigenvalue(A)
    classes, radius = theory.behavior(lead), np.abs(lead)
    counted = np.abs(np.log(radius)) >= TIME_SCALES / epochs
    for g, d in ((MARGIN, 1), (1 / MARGIN, 1), (1, MARGIN), (1, 1 / MARGIN)):
        inside = np.flatnonzero(counted)
        moved = make(M, generator_rate[inside] * g, discriminator_rate[inside] * d)
        counted[inside] = theory.behavior(theory.dominant_eigenvalue(moved)) == classes[inside]
    gain = theory.separation(A)
    separated = (gain >= TIME_SCALES / epochs) & (gain >= np.abs(np.log(radius)) / 2)
    return Prediction(
        classes, radius, counted, counted & (separated | (classes == theory.NO_CONVERGENCE))
    )


def agrees(predicted: Ints, observed: Ints) -> Bools:
    """Return whether classes agree; a runaway is one way not to converge."""
    bounded = np.where(observed == theory.RUNAWAY, theory.NO_CONVERGENCE, observed)
    return np.asarray(bounded == predicted)


def comparison(
    predictions: list[Prediction],
    classes: list[Ints],
    rates: list[Floats],
    *,
    separated: bool = False,
) -> dict[str, Any]:
    """Return the shares of agreement over all data sets, each a float or a count.

    separated: whether only separated cells are looked at, instead of all counted ones.
    cells: counted ones. agree: of all counted; agree_bounded: of those that do not run away;
    agree_stable: of those predicted to converge (any start). by_class: predicted class -> (cells,
    agreeing). rate_error: median of |measured/predicted − 1| of log ρ over the stable counted
    cells that agree. runaways: of all cells. wrong: bounded counted cells that disagree;
    wrong_spirals: of these, spirals measured as monotone. A share or median of nothing is NaN.
    """
    counted = np.concatenate([p.separated if separated else p.counted for p in predictions])
    predicted = np.concatenate([p.classes for p in predictions])
    log_radius = np.log(np.concatenate([p.radius for p in predictions]))
    observed, measured = np.concatenate(classes), np.concatenate(rates)
    agree = agrees(predicted, observed)
    stable = counted & (predicted < theory.NO_CONVERGENCE)
    bounded = counted & (observed != theory.RUNAWAY)
    error = np.abs(measured / log_radius - 1)[stable & agree]
    return {
        "cells": int(counted.sum()),
        "stable_cells": int(stable.sum()),
        "agree": _share(agree[counted]),
        "agree_stable": _share(agree[stable]),
        "agree_bounded": _share(agree[bounded]),
        "rate_error": float(np.median(error)) if error.size else math.nan,
        "runaways": int((observed == theory.RUNAWAY).sum()),
        "wrong": int((bounded & ~agree).sum()),
        "wrong_spirals": int(
            (bounded & (predicted == theory.SPIRAL) & (observed == theory.MONOTONE)).sum()
        ),
        "by_class": {
            kind: (int(chosen.sum()), int(agree[chosen].sum()))
            for kind in range(theory.NO_CONVERGENCE + 1)
            for chosen in [counted & (predicted == kind)]
        },
    }


def compared(arrays: Arrays, name: str, *, separated: bool = False) -> dict[str, Any]:
    """Return `comparison` of one experiment, all its data sets together."""
    parts = (arrays[f"{name}_{part}"] for part in PARTS[1:5])
    predictions = [Prediction(*row) for row in zip(*parts, strict=True)]
    return comparison(
        predictions,
        list(arrays[f"{name}_observed"]),
        list(arrays[f"{name}_rate"]),
        separated=separated,
    )


def _share(outcomes: Bools) -> float:
    return float(outcomes.mean()) if outcomes.size else math.nan


def spiral_turns(arrays: Arrays, name: str) -> tuple[Floats, Floats]:
    """Return, for each counted spiral that was measured as one, its turns and its rate's error.

    turns: (n,), how often the dominant eigenvalue turns in the second half of the time from the
    near start to the floor, or to the last epoch. error: (n,), |measured/predicted − 1| of log ρ.
    """
    eta_d, eta_g = (np.ravel(x) for x in np.meshgrid(arrays["axis"], arrays["axis"], indexing="ij"))
    turns, errors = [], []
    for k, M in enumerate(arrays[f"{name}_moments"]):
        chosen = arrays[f"{name}_counted"][k] & (arrays[f"{name}_predicted"][k] == theory.SPIRAL)
        chosen &= arrays[f"{name}_observed"][k] == theory.SPIRAL
        lead = theory.dominant_eigenvalue(theory.alternating_map(M, eta_g[chosen], eta_d[chosen]))
        rate = np.log(np.abs(lead))
        time = np.minimum(math.log(FLOOR) / rate, arrays["epochs"]) / 2
        turns.append(time * np.abs(np.angle(lead)) / (2 * math.pi))
        errors.append(np.abs(arrays[f"{name}_rate"][k][chosen] / rate - 1))
    return np.concatenate(turns), np.concatenate(errors)


def runaway_epoch(path: Floats) -> float:
    """Return the first epoch in which a run, states (epochs, 3), is past the bound; NaN if none."""
    outside = np.flatnonzero(~(np.abs(path).max(axis=1) < RUNAWAY_BOUND))
    return float(outside[0]) if outside.size else math.nan


def deepest(cells: Bools) -> tuple[int, int] | None:
    """Return the cell (row, column) of a square mask (size, size) that lies farthest inside it.

    None if the mask is empty. The border of the diagram counts as a border.
    """
    left, chosen = np.pad(cells, 1), None
    while left.any():
        candidates = np.argwhere(left)
        chosen = candidates[len(candidates) // 2] - 1
        inner = left.copy()
        for axis in (0, 1):
            for step in (-1, 1):
                inner &= np.roll(left, step, axis)
        left = inner
    return None if chosen is None else (int(chosen[0]), int(chosen[1]))
