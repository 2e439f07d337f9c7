"""Machine checks: every pair of faces.

Run bare:  python -m scripts.dice.check --red 6 --blue 8 --arrays compute.npz \
    --checks checks.json
"""

from __future__ import annotations

from itertools import product

import numpy as np

from scripts.common.arrays import Floats
from scripts.common.artifacts import load_arrays
from scripts.common.checks import Check, save_checks
from scripts.common.command_line import parse
from scripts.dice.settings import Dice


class Settings(Dice, reads=("red", "blue")):
    """What the checks read."""


def checks(settings: Settings, probability: Floats) -> list[Check]:
    """Return every check; probability: that of the sums 2, ..., red + blue."""
    faces = range(1, settings.red + 1), range(1, settings.blue + 1)
    sums = [sum(pair) for pair in product(*faces)]
    counts = np.bincount(sums)[2:]
    # Every probability is at most 1 / most, and the end of at most `least` + 3 roundings.
    least, most = sorted((settings.red, settings.blue))
    return [
        Check(
            id="dice.distribution",
            claim="prp-dice-sum",
            statement="Every sum is as probable as counting all pairs of faces says.",
            method="numerical",
            value=float(np.abs(probability - counts / len(sums)).max()),
            at_most=(least + 3) / most * 2.0**-52,
        ),
        Check(
            id="dice.plateau",
            claim="fig-dice-distribution",
            statement="Sums that as many pairs of faces have as the most probable one.",
            method="exhaustive",
            value=int(np.sum(counts == counts.max())),
            at_least=2,
            observed=True,  # equal faces have one most probable sum
        ),
    ]


def main() -> None:
    """Read the results, check, write."""
    settings, files = parse(__doc__, Settings, inputs=("arrays",), outputs=("checks",))
    save_checks(files.checks, checks(settings, load_arrays(files.arrays)["probability"]))


if __name__ == "__main__":
    main()
