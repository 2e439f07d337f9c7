"""Exercise 4.1: the claims of the solution against enumeration, algebra and linear programs."""

from __future__ import annotations

import dataclasses

from scripts.common import artifacts, command_line
from scripts.common.arrays import Arrays
from scripts.common.checks import Check, save_checks
from scripts.gan_game import (
    checks_algebra,
    checks_drawn,
    checks_dynamics,
    checks_game,
    checks_mixed,
    checks_runs,
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of the exercise that its checks read."""

    largest_m: int = dataclasses.field(metadata={"help": "enumerate data sets of up to m images"})
    largest_k: int = dataclasses.field(metadata={"help": "and up to K images outside them"})
    dynamics_m: int = dataclasses.field(metadata={"help": "different images in the dynamics"})
    dynamics_k: int = dataclasses.field(metadata={"help": "dynamics for K = 0 to this"})
    dynamics_rounds: int = dataclasses.field(metadata={"help": "rounds of each run"})
    dynamics_trials: int = dataclasses.field(metadata={"help": "runs for each pair of tie rules"})


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the exercise."""
    return [
        *checks_game.checks(settings.largest_m, settings.largest_k),
        *checks_drawn.checks(arrays, settings.largest_m, settings.largest_k),
        *checks_algebra.checks(),
        *checks_dynamics.checks(settings.largest_m, settings.largest_k),
        *checks_runs.checks(
            arrays,
            settings.dynamics_m,
            settings.dynamics_k,
            settings.dynamics_rounds,
            settings.dynamics_trials,
        ),
        *checks_mixed.checks(settings.largest_m, settings.largest_k),
    ]


def main() -> None:
    """Read the command line, check, write the records (or stop at a failure)."""
    settings, files = command_line.parse(
        __doc__, Settings, inputs=("arrays", "summary"), outputs=("checks",)
    )
    save_checks(files.checks, checks(settings, artifacts.load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
