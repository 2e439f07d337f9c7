"""Compute the distribution of the sum of both faces.

Run bare:  python -m scripts.dice.compute --red 6 --blue 8 --arrays compute.npz \
    --summary compute.json
"""

from __future__ import annotations

import numpy as np

from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.values import value
from scripts.dice.model import sum_distribution
from scripts.dice.settings import Dice


class Settings(Dice, reads=("red", "blue")):
    """What the computation reads."""


def main() -> None:
    """Compute, write."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    probability = sum_distribution(settings.red, settings.blue)
    save_arrays(files.arrays, {"probability": probability})
    mean = float(np.arange(2, settings.red + settings.blue + 1) @ probability)
    values = {
        "red": value(settings.red), "blue": value(settings.blue), "mean": value(mean, ".3f"),
    }  # fmt: skip
    save_json(files.summary, {"values": values})


if __name__ == "__main__":
    main()
