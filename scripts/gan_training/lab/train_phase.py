"""A chunk of the phase diagrams of exercise 4.6: train its GANs, for `compute_phase` to gather."""

from __future__ import annotations

from scripts.common.artifacts import save_arrays
from scripts.common.command_line import parse
from scripts.gan_training.lab import sweep
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

    chunk: str


def main() -> None:
    """Train the GANs of the chunk and write how they behaved."""
    settings, files = parse(__doc__, Settings, outputs=("arrays",))
    save_arrays(files.arrays, sweep.train(settings, settings.chunk))


if __name__ == "__main__":
    main()
