"""Densities of exercise 4.3 on grids, and samples pushed through the maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from scripts.common.arrays import Arrays, Floats
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.empirical import dkw_band, empirical_cdf
from scripts.common.seeds import generator
from scripts.common.values import in_formula, scientific, value
from scripts.flow_density import cantor, model
from scripts.flow_density.settings import FlowDensity

EXAMPLES = ("square", "logistic", "exponential", "folded")
"""The four laws that are sampled: problems 16.1 and 16.2, the decreasing map, the parabola."""


class Settings(FlowDensity, leaves=()):
    """What the step reads."""


def samples(settings: Settings) -> Arrays:
    """Return `sample_size` independent draws of each law, keyed by its name in `EXAMPLES`."""

    def uniform(name: str, low: float) -> Floats:
        rng = generator(settings.seed, f"flow_density.{name}")
        return 1.0 - rng.random(settings.sample_size) * (1.0 - low)  # in (low, 1], never 0

    normal = generator(settings.seed, "flow_density.logistic").standard_normal(settings.sample_size)
    return {
        "square": model.SQUARE.forward(uniform("square", 0.0)),
        "logistic": model.LOGISTIC.forward(normal),
        "exponential": model.NEGATIVE_LOG.forward(uniform("exponential", 0.0)),
        "folded": model.SQUARE.forward(uniform("folded", -settings.left_end)),
    }


def test_points(settings: Settings) -> Arrays:
    """Return, for each law, the increasing points at which distribution functions are compared."""
    unit = np.linspace(0.0, 1.0, settings.cells + 1)[1:]
    return {
        "square": unit,
        "logistic": unit,
        "exponential": 8.0 * unit,  # P(X > 8) = 3·10⁻⁴
        "folded": np.unique(np.append(unit, settings.left_end**2)),  # the density jumps at l²
    }


def arrays(settings: Settings) -> Arrays:
    """Return every array that the checks and figures need."""
    found: Arrays = {}
    drawn, points = samples(settings), test_points(settings)
    for name in EXAMPLES:
        found[f"{name}_points"] = points[name]
        found[f"{name}_empirical"] = empirical_cdf(drawn[name], points[name])

    levels = np.arange(1, settings.quantiles) / settings.quantiles
    found["square_quantiles_z"] = levels
    found["logistic_quantiles_z"] = special.ndtri(levels)
    for name, branch in (("square", model.SQUARE), ("logistic", model.LOGISTIC)):
        found[f"{name}_quantiles_x"] = branch.forward(found[f"{name}_quantiles_z"])

    grid = np.arange(1, 512) / 512.0
    found["grid"] = grid
    found["square_density"] = model.square_density(grid)
    found["logistic_density"] = model.logistic_density(grid)
    found["folded_density"] = model.folded_density(grid, settings.left_end)
    found["exponential_density"] = model.exponential_density(8.0 * grid)

    found["square_cdf"] = np.sqrt(points["square"])
    found["logistic_cdf"] = special.ndtr(special.logit(points["logistic"]))
    found["band"] = np.array(band(settings))

    steps = range(settings.cantor_levels + 1)
    found["cantor_length"] = np.array([float(cantor.length_left(n)) for n in steps])
    found["cantor_image"] = np.array([float(cantor.image_length(n)) for n in steps])
    return found


def distance(found: Arrays, name: str) -> float:
    """Return the largest gap between the sample of problem `name` and its distribution function."""
    return float(np.max(np.abs(found[f"{name}_empirical"] - found[f"{name}_cdf"])))


def band(settings: Settings) -> float:
    """Return how far a sample's distribution function may lie from the exact one."""
    return dkw_band(settings.sample_size, settings.false_alarm_rate / len(EXAMPLES))


def summary(settings: Settings, found: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    mode = model.right_mode(settings.wide_variance)
    peak = float(model.logistic_density(np.array([mode]), settings.wide_variance)[0])
    middle = float(model.logistic_density(np.array([0.5]), settings.wide_variance)[0])
    places = f".{max(3, 1 - math.floor(math.log10(1.0 - mode)))}f"  # the left mode has two digits
    return {
        "sample_size": value(settings.sample_size, ","),
        "tests": value(len(EXAMPLES)),
        "false_alarm_rate": scientific(settings.false_alarm_rate, 0),
        "band": value(band(settings), ".4f"),
        "square_distance": value(distance(found, "square"), ".4f"),
        "logistic_distance": value(distance(found, "logistic"), ".4f"),
        "height": value(float(model.logistic_density(np.array([0.5]))[0]), ".4f"),
        "quantiles": value(settings.quantiles),
        "left_end": value(settings.left_end, "g"),
        "left_end_squared": in_formula(settings.left_end**2, ".4g"),
        "single_branch_mass": value(1.0 / (1.0 + settings.left_end), ".3f"),
        "wide_variance": value(settings.wide_variance, "g"),
        "wide_mode": value(mode, places),
        "wide_mode_mirror": value(1.0 - mode, places),
        "wide_peak": value(peak, ".3f"),
        "wide_middle": value(middle, ".3f"),
        "cantor_levels": value(settings.cantor_levels),
        "cantor_last_length": value(float(found["cantor_length"][-1]), ".4f"),
        "cantor_last_image": scientific(float(found["cantor_image"][-1])),
    }


def main() -> None:
    """Read the settings, compute, write."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    found = arrays(settings)
    save_arrays(files.arrays, found)
    save_json(files.summary, {"values": summary(settings, found)})


if __name__ == "__main__":
    main()
