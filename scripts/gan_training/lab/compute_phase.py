"""Phase diagrams of exercise 4.6: for each pair of learning rates theory, and a GAN that trained.

The GANs are trained here, or in chunks before, which are gathered here (see `sweep`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Numbers
from scripts.common.artifacts import load_arrays, save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.values import in_formula, value, value_or
from scripts.gan_training import theory
from scripts.gan_training.lab import phase, sweep
from scripts.gan_training.lab.engine import paths
from scripts.gan_training.lab.settings import GanTrainingLab


class Settings(
    GanTrainingLab,
    reads=(
        "seed",
        "mean",
        "spread",
        "samples",
        "data_sets",
        "grid",
        "lowest_rate",
        "highest_rate",
        "epochs",
        "start_theta",
        "near_distance",
    ),
):
    """What the step reads."""


def main() -> None:
    """Run the experiments and write their arrays and summary."""
    settings, files = parse(
        __doc__, Settings, inputs=("chunks",), outputs=("arrays", "summary"), several=("chunks",)
    )
    arrays = compute(settings, [load_arrays(path) for path in files.chunks])
    save_arrays(files.arrays, arrays)
    save_json(files.summary, {"values": summary(settings, arrays)})


def compute(settings: Settings, chunks: Sequence[Arrays] = ()) -> Arrays:
    """Return every array of the step: predictions and observations of each experiment.

    chunks: what `sweep.train` found, piece by piece; without any all GANs are trained here.
    """
    real, noise = sweep.samples(settings)
    axis, rates = phase.rate_grid(settings.lowest_rate, settings.highest_rate, settings.grid)
    arrays: Arrays = {"axis": axis, "real": real, "noise": noise}
    arrays["epochs"] = np.array(settings.epochs)
    observed = sweep.gathered(settings, chunks or [sweep.train(settings)])
    rows: dict[str, list[tuple[Numbers, ...]]] = {}
    for diagram, classes, rate in zip(sweep.diagrams(settings), *observed, strict=True):
        M = theory.moment_matrix(diagram.real, diagram.noise)
        prediction = phase.predict(M, *rates, settings.epochs, alternating=diagram.alternating)
        found = (M, *dataclasses.astuple(prediction), classes, rate)
        rows.setdefault(diagram.experiment, []).append(found)
    for name, entries in rows.items():
        for part, values in zip(phase.PARTS, zip(*entries, strict=True), strict=True):
            arrays[f"{name}_{part}"] = np.array(values)
    arrays |= _marked(settings, arrays)
    return arrays | _sampled(real[0], noise[0]) | _far_from_its_basin(real[0], noise[0])


def _sampled(real: Numbers, noise: Numbers) -> Arrays:
    """Return a few whole runs of the engine, for a check against other arithmetic."""
    start = np.array([0.0, 0.1, -0.2])
    rates = np.array([(0.05, 0.05), (0.5, 0.02), (0.02, 0.15)])
    runs = paths(real, noise, rates[:, 0], rates[:, 1], start, 300)
    return {"engine_start": start, "engine_rates": rates, "engine_paths": runs}


def _far_from_its_basin(real: Numbers, noise: Numbers) -> Arrays:
    """Return a locally stable pair of rates with product 8, and its run from far, data centered.

    With v the mean variance and η_D = min(1, 1/v) the rule's left side is at most 3. The start,
    δ = 10 max(1, √v), is far in units of the data and for the logistic function.
    """
    x, z = real - real.mean(), noise - noise.mean()
    v = theory.moment_matrix(x, z)[1, 1]
    rates = np.array([8 * max(1, v), 1 / max(1, v)])
    start = np.array([theory.equilibrium(x, z) + 10 * max(1, np.sqrt(v)), 0.0, 0.0])
    path = paths(x, z, rates[:1], rates[1:], start, 100)[:, :, 0]
    return {"basin_rates": rates, "basin_path": path}


def _marked(settings: Settings, arrays: Arrays) -> Arrays:
    """Return one pair of rates for each class that occurs, deep inside it, and its far run."""
    shape = (settings.grid, settings.grid)
    kinds, pairs = [], []
    for kind in range(len(theory.NAMES)):
        if kind == theory.RUNAWAY:
            mask = arrays["far_observed"][0] == kind
        else:
            mask = (arrays["far_predicted"][0] == kind) & (arrays["far_observed"][0] == kind)
            mask &= arrays["far_counted"][0]
        place = phase.deepest(mask.reshape(shape))
        if place is not None:
            kinds.append(kind)
            pairs.append((arrays["axis"][place[1]], arrays["axis"][place[0]]))
    start = [settings.start_theta, 0.0, 0.0]
    real, noise, rates = arrays["real"][0], arrays["noise"][0], np.array(pairs).reshape(-1, 2)
    runs = paths(real, noise, rates[:, 0], rates[:, 1], start, settings.epochs)
    return {"mark_class": np.array(kinds, int), "mark_rates": rates, "mark_paths": runs}


def summary(settings: Settings, arrays: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    smallest, largest = np.linalg.eigvalsh(arrays["near_moments"][0]).tolist()
    values = {
        "grid": value(settings.grid),
        "data_sets": value(settings.data_sets),
        "epochs": value(settings.epochs),
        "samples": value(settings.samples),
        "mean": value(settings.mean, "g"),
        "spread": value(settings.spread, "g"),
        "start_theta": value(settings.start_theta, "g"),
        "near_distance": in_formula(settings.near_distance),
        "lowest_rate": value(settings.lowest_rate, "g"),
        "highest_rate": value(settings.highest_rate, "g"),
        "slowest": value(settings.epochs / phase.TIME_SCALES, "g"),
        "margin_percent": value(round(100 * (phase.MARGIN - 1))),
        "gans": value(sum(arrays[f"{name}_observed"].size for name in phase.EXPERIMENTS), ","),
        "largest_moment": in_formula(largest),
        "smallest_moment": in_formula(smallest, ".2g"),
        "largest_stable_rate_d": in_formula(4 / largest, ".2g"),
    }
    passed, (rate_g, rate_d) = phase.runaway_epoch(arrays["basin_path"]), arrays["basin_rates"]
    values |= {
        "basin_rate_g": in_formula(float(rate_g)),
        "basin_rate_d": in_formula(float(rate_d)),
        "basin_start": in_formula(float(arrays["basin_path"][0, 0])),
        "basin_epoch": value_or("–", passed, ".0f"),
    }
    all_found = {name: phase.compared(arrays, name) for name in phase.EXPERIMENTS}
    shares = [found["agree_stable"] for found in all_found.values() if found["stable_cells"]]
    least = math.floor(1000 * min(shares)) / 10 if shares else math.nan  # never too much
    values["stable_least"] = value_or("–", least, ".1f")
    values["far_others"] = value(_others(**all_found["far"]))
    for name, found in all_found.items():
        values |= {
            f"{name}_cells": value(found["cells"], ","),
            f"{name}_stable_cells": value(found["stable_cells"], ","),
            f"{name}_agree": value_or("–", 100 * found["agree"], ".2f"),
            f"{name}_agree_stable": value_or("–", 100 * found["agree_stable"], ".2f"),
            f"{name}_agree_bounded": value_or("–", 100 * found["agree_bounded"], ".2f"),
            f"{name}_rate_error": value_or("–", 100 * found["rate_error"], ".2g"),
            f"{name}_runaways": value(found["runaways"], ","),
            f"{name}_separated": value(phase.compared(arrays, name, separated=True)["cells"], ","),
        }
    return values


def _others(*, wrong: int, wrong_spirals: int, **_: Any) -> str:
    """Return how many of the other cells are spirals measured as monotone, as a sentence."""
    if wrong == 0:
        return "There are no others"
    if wrong == wrong_spirals:
        return f"All {wrong:,} others are spirals measured as monotone"
    return f"Of the {wrong:,} others, {wrong_spirals:,} are spirals measured as monotone"


if __name__ == "__main__":
    main()
