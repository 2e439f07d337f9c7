"""Exercise 4.6: test every claim of the solution, of its formulas and of its training runs.

Reads the arrays of `compute` and writes one record for each claim.
"""

from __future__ import annotations

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.gan_training import (
    checks_best_response,
    checks_comments,
    checks_formulas,
    checks_published,
    checks_runs,
    checks_sgd,
)
from scripts.gan_training.model import Rates
from scripts.gan_training.settings import GanTraining


class Settings(
    GanTraining,
    reads=("data_mean", "spread", "generator_rate", "discriminator_rate", "sgd_divisor"),
):
    """What the checks read."""


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the exercise; `arrays` as `compute` writes them."""
    rates = Rates(settings.generator_rate, settings.discriminator_rate)
    return [
        *checks_formulas.checks(arrays),
        *checks_best_response.checks(arrays, settings.data_mean, settings.spread),
        *checks_runs.checks(arrays, rates),
        *checks_comments.checks(arrays, rates, settings.sgd_divisor),
        *checks_sgd.checks(arrays, rates),
        *checks_published.checks(arrays),
    ]


def main() -> None:
    """Run the command line."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
