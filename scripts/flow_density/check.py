"""Machine checks of exercise 4.3: every formula derived a second time, every law tried on samples.

Run bare:  python -m scripts.flow_density.check --sample-size 20000 --left-end 0.5 \
    --wide-variance 3.0 --cantor-levels 5 --false-alarm-rate 1e-6 --arrays compute.npz \
    --checks checks.json
"""

from __future__ import annotations

import dataclasses

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.flow_density import checks_algebra, checks_laws


@dataclasses.dataclass(frozen=True)
class Settings:
    """What this step needs to know."""

    sample_size: int = dataclasses.field(metadata={"help": "draws per law"})
    left_end: float = dataclasses.field(metadata={"help": "l of the base law U[-l, 1]"})
    wide_variance: float = dataclasses.field(metadata={"help": "a base variance above 2"})
    cantor_levels: int = dataclasses.field(metadata={"help": "steps of the Cantor construction"})
    false_alarm_rate: float = dataclasses.field(metadata={"help": "of all four tests together"})


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of exercise 4.3."""
    return [
        *checks_algebra.checks(settings.cantor_levels),
        *checks_laws.checks(
            arrays,
            settings.sample_size,
            settings.left_end,
            settings.wide_variance,
            settings.false_alarm_rate,
        ),
    ]


def main() -> None:
    """Read the results, check, write."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
