"""Checks of exercise 4.2: what the text claims about denoising, forgetting and sampling."""

from __future__ import annotations

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.denoising import (
    checks_digits,
    checks_drawn,
    checks_exact,
    checks_forgetting,
    checks_posterior,
    checks_sampling,
)
from scripts.denoising.settings import Denoising


class Settings(Denoising, reads=("example_alpha",)):
    """What the checks read."""


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return all checks of the exercise, in the order of the text."""
    return [
        *checks_exact.checks(),
        *checks_digits.checks(arrays, settings.example_alpha),
        *checks_drawn.checks(arrays),
        *checks_posterior.checks(),
        *checks_forgetting.checks(arrays),
        *checks_sampling.checks(arrays),
    ]


def main() -> None:
    """Run the step from the command line."""
    settings, files = parse(__doc__, Settings, ("arrays",), ("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
