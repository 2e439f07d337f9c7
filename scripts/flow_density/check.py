"""Machine checks of exercise 4.3: formulas derived a second time, laws tried on samples."""

from __future__ import annotations

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.flow_density import checks_algebra, checks_laws, checks_transport
from scripts.flow_density.settings import FlowDensity


class Settings(
    FlowDensity,
    reads=("sample_size", "left_end", "wide_variance", "cantor_levels", "false_alarm_rate"),
):
    """What the checks read."""


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
        *checks_transport.checks(),
    ]


def main() -> None:
    """Read the results, check, write."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
