"""Exercise 4.4, step "check": test every claim that a machine can test, from the stored arrays.

Three parts: Banach's theorem and its corollaries, the inverted network, the sampler of UDL 16.11.
"""

from __future__ import annotations

from scripts.common import command_line
from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.fixed_point import checks_banach, checks_density, checks_network
from scripts.fixed_point.settings import FixedPoint


class Settings(
    FixedPoint,
    reads=(
        "finite_points",
        "cobweb_lipschitz",
        "cobweb_offset",
        "target_lipschitz",
        "teacher_mean",
        "teacher_sd",
        "sampler_rate",
    ),
):
    """What the checks read."""


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the exercise."""
    return [
        *checks_banach.checks(
            arrays, settings.finite_points, settings.cobweb_lipschitz, settings.cobweb_offset
        ),
        *checks_network.checks(arrays, settings.target_lipschitz),
        *checks_density.checks(
            arrays, settings.teacher_mean, settings.teacher_sd, settings.sampler_rate
        ),
    ]


def main() -> None:
    """Read the command line and the arrays, check, write the records or name what failed."""
    settings, files = command_line.parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
