"""Machine checks of exercise 4.5: algebra, exact enumeration, and chains run step by step.

Run bare:  python -m scripts.diffusion_step.check --beta 0.05 --steps 80 --coin-beta 0.2 \
    --sample-size 20000 --false-alarm-rate 1e-6 --arrays compute.npz --checks checks.json
"""

from __future__ import annotations

import dataclasses

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.diffusion_step import checks_laws, checks_merging, checks_step


@dataclasses.dataclass(frozen=True)
class Settings:
    """What this step needs to know."""

    beta: float = dataclasses.field(metadata={"help": "noise of each equal step"})
    steps: int = dataclasses.field(metadata={"help": "number of equal steps"})
    coin_beta: float = dataclasses.field(metadata={"help": "noise of the step with the coin"})
    sample_size: int = dataclasses.field(metadata={"help": "chains run in each experiment"})
    false_alarm_rate: float = dataclasses.field(metadata={"help": "of all tests together"})


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
