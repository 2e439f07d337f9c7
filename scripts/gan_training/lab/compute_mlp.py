"""Beyond the toy: networks that learn a Gaussian's mean and spread, and a mixture's two modes."""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Numbers
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.seeds import generator
from scripts.common.values import in_formula, value
from scripts.gan_training.lab import mlp
from scripts.gan_training.lab.generated import MODE_SPREAD, dropped_shares, gaussian_fit
from scripts.gan_training.lab.progress import reporter
from scripts.gan_training.lab.settings import GanTrainingLab


class Settings(
    GanTrainingLab,
    reads=(
        "seed",
        "mean",
        "mlp_spread",
        "mlp_separations",
        "mlp_runs",
        "mlp_steps",
        "mlp_width",
        "mlp_batch",
        "mlp_generator_rate",
        "mlp_discriminator_rate",
    ),
):
    """What the step reads."""


def main() -> None:
    """Train the networks and write what their generators put out."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    arrays = compute(settings)
    save_arrays(files.arrays, arrays)
    save_json(files.summary, {"values": summary(settings, arrays)})


def compute(settings: Settings) -> Arrays:
    """Return `gaussian` (runs, n), `separations`, `mixtures` (separations, runs, n), n quantiles.

    The networks of all targets are trained together: `mlp_runs` on the Gaussian, then as many on
    each mixture.
    """
    training = mlp.Training(
        settings.mlp_width,
        settings.mlp_steps,
        settings.mlp_batch,
        settings.mlp_generator_rate,
        settings.mlp_discriminator_rate,
    )
    separations = np.array(settings.mlp_separations, float)
    data = generator(settings.seed, "gan_training_lab.mlp.data")

    def draw(shape: tuple[int, ...]) -> Numbers:
        """Return real points (networks, batch, 1) of each network's own target."""
        points = data.normal(size=(1 + len(separations), settings.mlp_runs, *shape[1:]))
        signs = 2 * data.integers(2, size=points[1:].shape) - 1
        points[0] = settings.mean + settings.mlp_spread * points[0]
        points[1:] = signs * separations[:, None, None, None] / 2 + MODE_SPREAD * points[1:]
        return points.reshape(shape)

    networks = (1 + len(separations)) * settings.mlp_runs
    random = generator(settings.seed, "gan_training_lab.mlp.training")
    outputs = mlp.train(draw, networks, training, random, reporter("networks"))
    gaussian, *mixtures = outputs.reshape(1 + len(separations), settings.mlp_runs, -1)
    return {"gaussian": gaussian, "separations": separations, "mixtures": np.array(mixtures)}


def summary(settings: Settings, arrays: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    fit = gaussian_fit(arrays["gaussian"], settings.mean, settings.mlp_spread)
    shares = dropped_shares(arrays["mixtures"], arrays["separations"])
    return {
        "mlp_runs": value(settings.mlp_runs),
        "mlp_steps": value(settings.mlp_steps),
        "mlp_width": value(settings.mlp_width),
        "mlp_batch": value(settings.mlp_batch),
        "mlp_rate_g": in_formula(settings.mlp_generator_rate),
        "mlp_rate_d": in_formula(settings.mlp_discriminator_rate),
        "mlp_target_mean": value(settings.mean, "g"),
        "mlp_target_spread": value(settings.mlp_spread, "g"),
        "mlp_mean": in_formula(float(fit[:, 0].mean())),
        "mlp_mean_spread": in_formula(float(fit[:, 0].std()), ".2g"),
        "mlp_spread": in_formula(float(fit[:, 1].mean())),
        "mlp_spread_spread": in_formula(float(fit[:, 1].std()), ".2g"),
        "mlp_distance": value(float(np.median(fit[:, 2])), ".2g"),
        "mlp_mode_spread": value(MODE_SPREAD, "g"),
        "mlp_separation_small": value(float(arrays["separations"].min()), "g"),
        "mlp_separation_large": value(float(arrays["separations"].max()), "g"),
        "mlp_dropped_small": value(_runs_that_do(shares[int(arrays["separations"].argmin())])),
        "mlp_dropped_large": value(_runs_that_do(shares[int(arrays["separations"].argmax())])),
    }


def _runs_that_do(share: float) -> str:
    """Return "no run does", "all runs do" or the share of the runs, for a sentence that goes on."""
    if share in (0, 1):
        return "all runs do" if share else "no run does"
    return f"{100 * share:.0f} % of the runs do"


if __name__ == "__main__":
    main()
