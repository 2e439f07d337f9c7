"""Machine checks of the learning-rate laboratory: its theory, and its experiments against it."""

from __future__ import annotations

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.gan_training.lab import checks_phase, checks_sgd, checks_theory
from scripts.gan_training.lab.settings import GanTrainingLab


class Settings(GanTrainingLab, reads=("seed",)):
    """What the checks read."""


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the laboratory; `arrays`: those of both experiments."""
    return [
        *checks_theory.checks(settings.seed),
        *checks_phase.checks(arrays),
        *checks_sgd.checks(arrays),
    ]


def main() -> None:
    """Run the checks; exit with code 1 and the claim's name if one fails."""
    settings, files = parse(__doc__, Settings, inputs=("phase", "sgd"), outputs=("checks",))
    arrays = load_arrays(files.phase) | load_arrays(files.sgd)
    save_checks(files.checks, checks(settings, arrays))


if __name__ == "__main__":
    main()
