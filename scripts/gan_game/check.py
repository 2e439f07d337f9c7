"""Exercise 4.1: the claims of the solution against enumeration, algebra and linear programs."""

from __future__ import annotations

from scripts.common import artifacts, command_line
from scripts.common.arrays import Arrays
from scripts.common.checks import Check, save_checks
from scripts.gan_game import (
    checks_algebra,
    checks_drawn,
    checks_dynamics,
    checks_game,
    checks_losses,
    checks_mixed,
    checks_runs,
)
from scripts.gan_game.settings import GanGame


class Settings(GanGame, leaves=("seed",)):
    """What the checks read."""


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
        *checks_losses.checks(arrays, settings.largest_m, settings.largest_k),
    ]


def main() -> None:
    """Read the command line, check, write the records (or stop at a failure)."""
    settings, files = command_line.parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, artifacts.load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
