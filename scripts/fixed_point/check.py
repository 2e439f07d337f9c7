"""Exercise 4.4, step "check": test every claim that a machine can test, from the stored arrays.

Three parts: Banach's theorem and its corollaries, the inverted network, the sampler of UDL 16.11.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field

from scripts.common import command_line
from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.fixed_point import checks_banach, checks_density, checks_network


@dataclasses.dataclass(frozen=True)
class Settings:
    """The knobs that the checks need; meanings stand in workflow/config.yaml."""

    finite_points: int = field(metadata={"help": "size of the finite metric space to enumerate"})
    cobweb_lipschitz: float = field(metadata={"help": "Lipschitz constant of both contractions"})
    cobweb_offset: float = field(metadata={"help": "offset c of z -> c +- L tanh(z)"})
    target_lipschitz: float = field(metadata={"help": "intended Lipschitz constant of f"})
    teacher_mean: float = field(metadata={"help": "mean of the target density q"})
    teacher_sd: float = field(metadata={"help": "standard deviation of q"})
    sampler_rate: float = field(metadata={"help": "step size of gradient descent over sd^2"})


def checks(arrays: Arrays, settings: Settings) -> list[Check]:
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
    save_checks(files.checks, checks(load_arrays(files.arrays), settings))


if __name__ == "__main__":
    main()
