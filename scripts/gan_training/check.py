"""Exercise 4.6: test every claim of the solution, of its formulas and of its training runs.

Reads the arrays of `compute` and writes one record for each claim.
"""

from __future__ import annotations

import dataclasses

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.gan_training import checks_best_response, checks_formulas, checks_runs, checks_sgd
from scripts.gan_training.model import Rates


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the claims depend on besides the arrays."""

    data_mean: float = dataclasses.field(metadata={"help": "mean of the genuine data, data units"})
    spread: float = dataclasses.field(
        metadata={"help": "standard deviation of the data and of the noise, data units"}
    )
    generator_rate: float = dataclasses.field(metadata={"help": "learning rate of the generator"})
    discriminator_rate: float = dataclasses.field(
        metadata={"help": "learning rate of the discriminator"}
    )
    sgd_divisor: int = dataclasses.field(
        metadata={"help": "the slow SGD run divides both rates by this"}
    )


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the exercise; `arrays` as `compute` writes them."""
    rates = Rates(settings.generator_rate, settings.discriminator_rate)
    return [
        *checks_formulas.checks(arrays),
        *checks_best_response.checks(arrays, settings.data_mean, settings.spread),
        *checks_runs.checks(arrays, rates),
        *checks_sgd.checks(arrays, rates, settings.sgd_divisor),
    ]


def main() -> None:
    """Run the command line."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
