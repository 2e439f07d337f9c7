"""Machine checks of exercise 4.5: algebra, exact enumeration, and chains run step by step."""

from __future__ import annotations

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.diffusion_step import checks_laws, checks_merging, checks_step
from scripts.diffusion_step.settings import DiffusionStep


class Settings(
    DiffusionStep, reads=("beta", "steps", "coin_beta", "sample_size", "false_alarm_rate")
):
    """What the checks read."""


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of exercise 4.5."""
    return [
        *checks_step.checks(arrays, settings.beta, settings.steps),
        *checks_merging.checks(),
        *checks_laws.checks(
            arrays,
            settings.beta,
            settings.steps,
            settings.coin_beta,
            settings.sample_size,
            settings.false_alarm_rate,
        ),
    ]


def main() -> None:
    """Read the results, check, write."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
