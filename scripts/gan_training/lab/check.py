"""Machine checks of the learning-rate laboratory: its theory, and its experiments against it."""

from __future__ import annotations

from scripts.common.artifacts import load_arrays
from scripts.common.checks import save_checks
from scripts.common.command_line import parse
from scripts.gan_training.lab import checks_phase, checks_sgd, checks_theory
from scripts.gan_training.lab.settings import GanTrainingLab


class Settings(GanTrainingLab, reads=("seed",)):
    """What the checks read."""


def main() -> None:
    """Run the checks; exit with code 1 and the claim's name if one fails."""
    settings, files = parse(__doc__, Settings, inputs=("phase", "sgd"), outputs=("checks",))
    save_checks(
        files.checks,
        [
            *checks_theory.checks(settings.seed),
            *checks_phase.checks(load_arrays(files.phase)),
            *checks_sgd.checks(load_arrays(files.sgd)),
        ],
    )


if __name__ == "__main__":
    main()
