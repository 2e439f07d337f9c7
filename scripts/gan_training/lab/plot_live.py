"""What the live laboratory of the companion's HTML starts from: the data and settings of 4.6.

Its program, `report/web/lab.js`, does the arithmetic of `model`, `theory` and `lab.measure` again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_arrays, load_json
from scripts.common.command_line import parse
from scripts.gan_training import theory
from scripts.gan_training.lab.measure import Window
from scripts.gan_training.lab.phase import FLOOR
from scripts.gan_training.lab.settings import GanTrainingLab
from scripts.gan_training.model import RUNAWAY_BOUND

QUESTION = (
    "Why does training fail at η<sub>G</sub> = {e[0]:g}, η<sub>D</sub> = {e[1]:g}, and not at "
    "η<sub>G</sub> = {d[0]:g}, η<sub>D</sub> = {d[1]:g}? Press E, then Play; D, then Play; and "
    "read what is said of λ."
)


class Settings(GanTrainingLab, reads=("near_distance",)):
    """How far the near start is from the equilibrium."""


def main() -> None:
    """Run the command line."""
    settings, files = parse(__doc__, Settings, ("arrays", "summary"), ("live",))
    values = load_json(files.summary)["values"].items()
    given = {name: entry["value"] for name, entry in values}
    write(files.live, live_data(load_arrays(files.arrays), given, settings.near_distance))


def write(path: Path, data: Mapping[str, Any]) -> None:
    """Write the data as a block of a document that only its HTML has."""
    written = json.dumps(data, ensure_ascii=False).replace("<", r"\u003c")
    script = f'<script type="application/json">{written}</script>'
    path.write_text(f"```{{=html}}\n{script}\n```\n", "utf-8")


def live_data(training: Arrays, given: Mapping[str, Any], near: float) -> dict[str, Any]:
    """Return what `report/web/lab.js` is given.

    training, given: the arrays of 4.6, and the numbers that its summary holds. near: distance of
    the near start from the equilibrium.

    "real", "noise": the samples in spreads about their means. "sliders": lowest and highest value
    and step; of the rates and of the spread their logarithms to base 10.
    """
    mean, spread, pairs = given["data_mean"], given["spread"], training["pair_rates"]
    farthest = 2 * max(abs(mean), spread)
    far = Window(outer=100 * near, target=100 * near, floor=FLOOR * near, bound=RUNAWAY_BOUND)
    ends = np.log10([pairs.min(axis=0) / 5, pairs.max(axis=0) * 5]).T.tolist()
    return {
        "real": ((training["real"] - mean) / spread).tolist(),
        "noise": (training["noise"] / spread).tolist(),
        "settings": {
            "generator": given["generator_rate"],
            "discriminator": given["discriminator_rate"],
            "mean": mean,
            "spread": spread,
            "seed": 1,
        },
        "start": training["pair_states"][0, 0].tolist(),
        "pairs": pairs.tolist(),
        "ask": _question(training),
        "epochs": given["pair_epochs"],
        "near": near / math.sqrt(3),
        "windows": [far._asdict(), far._replace(outer=10 * near, target=near / 100)._asdict()],
        "sliders": {
            "generator": [*ends[0], 0.01],
            "discriminator": [*ends[1], 0.01],
            "mean": [-farthest, farthest, farthest / 60],
            "spread": [math.log10(spread / 4), math.log10(spread * 4), 0.01],
        },
    }


def _question(training: Arrays) -> str:
    """What runs D and E answer, where D is stable and E is not; else nothing."""
    M, (d, e) = (
        theory.moment_matrix(training["real"], training["noise"]),
        training["pair_rates"][3:5],
    )
    asked = theory.is_stable(M, *d) and not theory.is_stable(M, *e)
    return QUESTION.format(d=d, e=e) if asked else ""


if __name__ == "__main__":
    main()
