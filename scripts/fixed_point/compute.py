"""Exercise 4.4, step "compute": iterate contractions, invert a network, fit two samplers.

Three independent experiments: cobwebs of three maps; a residual network in one dimension and in
several, certified, inverted and its log-determinants summed; the sampler of UDL problem 16.11.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from scripts.common import command_line
from scripts.common.arrays import Arrays
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.seeds import generator
from scripts.common.values import in_formula, scientific, value
from scripts.fixed_point import density_fit, model, network, rounding, sampler
from scripts.fixed_point.settings import FixedPoint

FAILING_START = 0.05
"""Distance of the failing iteration's start from its fixed point: close, and still it leaves."""
JACOBIAN_POINTS = 4
"""Test points at which Jacobians and log-determinants are kept for the checks."""
POWER_ITERATIONS = 100
"""Length of the recorded power iterations."""
EARLY_STEPS = 5
"""Steps after which the prose compares error and bound, if rounding is not seen before."""
SHOWN_TERMS = 10
"""Terms of the series at which the prose does."""


class Settings(FixedPoint, leaves=("finite_points",)):
    """What the step reads."""


def cobwebs(settings: Settings) -> Arrays:
    """Iterate the two contractions c +- L tanh(z), and z <- y - 2 z with y = c, which diverges."""
    c, lipschitz, steps = settings.cobweb_offset, settings.cobweb_lipschitz, settings.cobweb_steps
    paths = [
        model.iterate(
            lambda z, slope=slope: c + slope * math.tanh(z),  # type: ignore[misc]
            settings.cobweb_start,
            steps,
        )
        for slope in (lipschitz, -lipschitz)
    ]
    failing = model.iterate(lambda z: c - 2 * z, c / 3 + FAILING_START, steps)
    return {
        "cobweb_rising": np.array(paths[0]),
        "cobweb_falling": np.array(paths[1]),
        "cobweb_failing": np.array(failing),
    }


def inversion(settings: Settings, name: str, dimension: int) -> Arrays:
    """Train, certify and invert one residual network; arrays are prefixed with `name`."""
    random = generator(settings.seed, f"fixed_point.{name}")
    rotation = np.linalg.qr(random.standard_normal((dimension, dimension)))[0]
    trained, _ = network.train(
        random,
        rotation,
        settings.hidden_units,
        settings.target_lipschitz,
        settings.fold_slope,
        settings.latent_spread,
        settings.training_steps,
        settings.batch_size,
        settings.learning_rate,
    )
    branch = network.normalized(trained)
    lipschitz = network.certified_lipschitz(branch)
    z = settings.latent_spread * random.standard_normal((settings.test_points, dimension))
    y = network.forward(branch, z)
    steps = model.steps_for(lipschitz, rounding.UNIT)
    latent = z[:JACOBIAN_POINTS]
    jacobians = network.jacobians(branch, latent)
    arrays: Arrays = {
        "trained_lipschitz": np.array(network.certified_lipschitz(trained)),
        "lipschitz": np.array(lipschitz),
        "trained_jacobians": network.jacobians(trained, latent),
        "norms": np.array([network.certified_norm(matrix) for matrix in branch.layers()]),
        "z": z,
        "y": y,
        "iterates": network.invert(branch, y, steps),
        "jacobians": jacobians,
        "log_det_sums": np.array(
            [model.log_det_sums(jacobian, settings.series_terms) for jacobian in jacobians]
        ),
        "log_dets": np.linalg.slogdet(np.eye(dimension) + jacobians)[1],
        "tanh_at": z.ravel(),
        "tanh": torch.tanh(torch.from_numpy(z.ravel())).numpy(),
    }
    for index, (matrix, as_trained) in enumerate(
        zip(branch.layers(), trained.layers(), strict=True)
    ):
        start = random.standard_normal((matrix.shape[1],))
        arrays[f"weight_{index}"] = matrix
        arrays[f"trained_norm_{index}"] = np.array(network.certified_norm(as_trained))
        arrays[f"power_{index}"] = model.power_iteration(matrix, start, POWER_ITERATIONS)
    if dimension == 1:  # seven times as far as the target's turning points
        turn = math.acosh(math.sqrt(settings.fold_slope))
        grid = np.linspace(-7.0, 7.0, 281)[:, None] * turn
        arrays["grid"] = grid
        arrays["grid_image"] = network.forward(branch, grid)
    return {f"{name}_{key}": array for key, array in arrays.items()}


def samplers(settings: Settings) -> Arrays:
    """Fit f(z) = a + b z to q without the entropy term, with kappa, and with it from both signs."""
    random = generator(settings.seed, "fixed_point.sampler")
    z = random.standard_normal(settings.sampler_points)
    mean, sd = settings.teacher_mean, settings.teacher_sd
    center, spread = start_center(settings), settings.sampler_spread * sd
    runs: dict[str, tuple[float, float, bool]] = {
        "collapse": (spread, 1.0, False),
        "scaled": (spread, settings.teacher_scale, False),
        "right": (spread, 1.0, True),
        "mirrored": (-spread, 1.0, True),
    }
    arrays: Arrays = {"sampler_z": z}
    for run, (b, scale, entropy) in runs.items():
        path = sampler.descend(
            z,
            (center, b),
            mean,
            sd,
            settings.sampler_rate,
            settings.sampler_steps,
            scale=scale,
            entropy=entropy,
        )
        arrays[f"{run}_path"] = path
        arrays[f"{run}_kl"] = density_fit.gaussian_kl(path, mean, sd)
    return arrays


def start_center(settings: Settings) -> float:
    """Return a of the student f(z) = a + bz from which every run of the samplers starts."""
    return settings.teacher_mean + settings.sampler_shift * settings.teacher_sd


def modular_maps(settings: Settings) -> Arrays:
    """Evaluate the change-of-variables formula and the true KL for f(z) = k z mod 1, each k."""
    maps = [density_fit.modular_map(k) for k in range(1, settings.largest_branches + 1)]
    return {
        "modular_formula": np.array([density_fit.change_of_variables_value(m) for m in maps]),
        "modular_kl": np.array(
            [density_fit.kl_to_uniform(density_fit.pushforward_density(m)) for m in maps]
        ),
    }


def run(settings: Settings) -> Arrays:
    """Return every array of the exercise."""
    return (
        cobwebs(settings)
        | inversion(settings, "line", 1)
        | inversion(settings, "space", settings.dimension)
        | samplers(settings)
        | modular_maps(settings)
    )


def accuracy(arrays: Arrays, name: str, scale: float) -> float:
    """Return the derived constant C of one network: error <= a-priori bound + C eps |y|."""
    weights = [arrays[f"{name}_weight_{index}"] for index in range(3)]
    errors = rounding.layer_errors(weights, arrays[f"{name}_norms"].tolist(), scale)
    return rounding.accuracy_constant(errors.output, float(arrays[f"{name}_lipschitz"]))


def early_steps(lipschitz: float) -> int:
    """Return the steps after which the prose compares error and bound: L^n is still above 1e-8."""
    return min(EARLY_STEPS, int(math.log(1e-8) / math.log(lipschitz)))


def network_values(arrays: Arrays, name: str, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what the prose says of either network, keys prefixed with `name`."""
    iterates, y = arrays[f"{name}_iterates"], arrays[f"{name}_y"]
    lipschitz = float(arrays[f"{name}_lipschitz"])
    first_moves = np.linalg.norm(iterates[1] - y, axis=1)
    early = early_steps(settings.target_lipschitz)
    bounds = model.a_priori_bound(lipschitz, early, first_moves)
    shares = np.linalg.norm(iterates[early] - arrays[f"{name}_z"], axis=1) / bounds
    found = {
        "trained_lipschitz": value(float(arrays[f"{name}_trained_lipschitz"]), ".4g"),
        "steps": value(len(iterates) - 1),
        "accuracy": value(accuracy(arrays, name, settings.target_lipschitz), ".0f"),
        "early_share": in_formula(float(np.max(shares)), ".2g"),
    }
    return {f"{name}_{key}": entry for key, entry in found.items()}


def space_values(arrays: Arrays, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what the prose says of the larger network only."""
    slopes = np.linalg.norm(arrays["space_trained_jacobians"], ord=2, axis=(1, 2))
    used = np.linalg.norm(arrays["space_jacobians"], ord=2, axis=(1, 2))
    terms = min(SHOWN_TERMS, settings.series_terms)
    missing = np.abs(arrays["space_log_det_sums"][:, terms] - arrays["space_log_dets"])
    first_power = min(float(arrays[f"space_power_{index}"][0]) for index in range(3))
    tail = model.log_det_tail_bound(float(arrays["space_lipschitz"]), terms, settings.dimension)
    return {
        "space_trained_slope": in_formula(float(np.max(slopes))),
        "space_first_power": value(first_power, ".3f"),
        "shown_terms": value(terms),
        "space_tail": in_formula(tail, ".2g"),
        "space_series_error": scientific(float(np.max(missing))),
        "space_slope": in_formula(float(np.max(used))),
    }


def sampler_values(arrays: Arrays, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return what the prose says of the four fits."""
    z, collapse_kl = arrays["sampler_z"], arrays["collapse_kl"]
    shown = density_fit.steps_shown(arrays["collapse_path"], settings.teacher_sd)
    a, b = arrays["collapse_path"][shown]
    found: dict[str, dict[str, Any]] = {
        "sampler_noise": in_formula(density_fit.mean_fitted_kl(settings.sampler_points), ".2g"),
        "collapse_kl_start": in_formula(float(collapse_kl[0])),
        "collapse_kl_best": in_formula(float(np.min(collapse_kl[: shown + 1]))),
        "collapse_kl_end": in_formula(float(collapse_kl[shown])),
        "z_mean": value(float(np.mean(z)), ".4f"),
        "z_sd": value(float(np.std(z)), ".4f"),
        "collapse_b": in_formula(abs(float(b)), ".2g"),
        "collapse_a": in_formula(float(a), ".5g"),
        "shown_steps": value(shown),
    }
    for run_name in ("right", "mirrored"):
        a, b = arrays[f"{run_name}_path"][-1]
        found[f"{run_name}_a"] = in_formula(float(a), ".5g")
        found[f"{run_name}_b"] = in_formula(float(b), ".5g")
    found["right_kl"] = in_formula(float(arrays["right_kl"][-1]), ".2g")
    *early, last = (str(step) for step in density_fit.students_shown(shown))
    found["students_shown"] = value(f"{', '.join(early)} and {last}" if early else last)
    return found


def summary(arrays: Arrays, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return every number that the prose uses."""
    chosen = {
        "dimension": value(settings.dimension),
        "hidden_units": value(settings.hidden_units),
        "target_lipschitz": value(settings.target_lipschitz, "g"),
        "fold_slope": value(settings.fold_slope, "g"),
        "target_slope": in_formula(1 - settings.fold_slope, "g"),
        "latent_spread": in_formula(settings.latent_spread, "g"),
        "training_steps": value(settings.training_steps),
        "test_points": value(settings.test_points),
        "early_steps": value(early_steps(settings.target_lipschitz)),
        "cobweb_lipschitz": value(settings.cobweb_lipschitz, "g"),
        "cobweb_offset": value(settings.cobweb_offset, "g"),
        "teacher_mean": in_formula(settings.teacher_mean, "g"),
        "teacher_sd": in_formula(settings.teacher_sd, "g"),
        "teacher_scale": in_formula(settings.teacher_scale, "g"),
        "sampler_points": value(settings.sampler_points),
        "sampler_rate": in_formula(settings.sampler_rate, "g"),
        "sampler_steps": value(settings.sampler_steps),
        "sampler_start": in_formula(settings.sampler_spread * settings.teacher_sd, "g"),
        "sampler_center": in_formula(start_center(settings), "g"),
        "batch_size": value(settings.batch_size),
        "learning_rate": in_formula(settings.learning_rate, "g"),
        "stretch": value(1 / (1 - settings.target_lipschitz), ".3g"),
        "tanh_ulps": value(rounding.TANH_ULPS),
        "failing_start": value(FAILING_START),
        "jacobian_points": value(min(JACOBIAN_POINTS, settings.test_points)),
    }
    return (
        chosen
        | network_values(arrays, "line", settings)
        | network_values(arrays, "space", settings)
        | space_values(arrays, settings)
        | sampler_values(arrays, settings)
    )


def main() -> None:
    """Read the command line, compute, write the arrays and the summary."""
    settings, files = command_line.parse(__doc__, Settings, outputs=("arrays", "summary"))
    torch.set_num_threads(1)
    arrays = run(settings)
    save_arrays(files.arrays, arrays)
    save_json(files.summary, {"values": summary(arrays, settings)})


if __name__ == "__main__":
    main()
