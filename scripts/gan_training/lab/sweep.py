"""The GANs of the phase diagrams, in one order, and how each behaved: all of them, or a chunk.

Four experiments on the same grid and the same data sets: a start near the equilibrium, the
assignment's far start, the near start on centered data, and the last with simultaneous updates.
A GAN never sees another one, so it behaves the same in whichever chunk it is trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.common.arrays import Arrays, Floats, Ints
from scripts.common.seeds import generator
from scripts.gan_training import theory
from scripts.gan_training.lab import phase
from scripts.gan_training.lab.engine import LANES
from scripts.gan_training.lab.measure import Window
from scripts.gan_training.lab.progress import reporter
from scripts.gan_training.lab.settings import GanTrainingLab
from scripts.gan_training.lab.survey import survey
from scripts.gan_training.model import RUNAWAY_BOUND

ALL = "1-of-1"
"""The chunk that holds every GAN."""


@dataclass(frozen=True)
class Diagram:
    """One experiment on one data set: a GAN for each pair of learning rates of the grid."""

    experiment: str
    label: str
    real: Floats
    noise: Floats

    @property
    def alternating(self) -> bool:
        """Whether the generator sees the discriminator's new parameters."""
        return self.experiment != "simultaneous"


def samples(settings: GanTrainingLab) -> tuple[Floats, Floats]:
    """Return the data sets and the generator's noise, each (data_sets, samples).

    A data set has a seed of its own, so that it stays the same when there are more of them.
    """
    real, noise = [], []
    for k in range(settings.data_sets):
        random = generator(settings.seed, f"gan_training_lab.phase.{k}")
        real.append(settings.mean + settings.spread * random.normal(size=settings.samples))
        noise.append(settings.spread * random.normal(size=settings.samples))
    return np.array(real), np.array(noise)


def diagrams(settings: GanTrainingLab) -> list[Diagram]:
    """Return the diagrams of every experiment, in the order of `phase.EXPERIMENTS`."""
    real, noise = samples(settings)
    found = []
    for name in phase.EXPERIMENTS:
        sets = 1 if name == "simultaneous" else settings.data_sets
        for k in range(sets):
            x, z = real[k], noise[k]
            if name in ("centered", "simultaneous"):
                x, z = x - x.mean(), z - z.mean()
            found.append(Diagram(name, f"{name} {k + 1}/{sets}", x, z))
    return found


def members(total: int, chunk: str) -> Ints:
    """Return the numbers of the GANs in a chunk, ascending, of `total` in all.

    chunk: "3-of-7" is every seventh block of `LANES` GANs, from the third one on: whole blocks,
    because they are trained together, and from all over, because neighbors take equally long.
    """
    number, count = map(int, chunk.split("-of-"))
    gans = np.arange(total)
    chosen: Ints = gans[gans // LANES % count == number - 1]
    return chosen


def train(settings: GanTrainingLab, chunk: str = ALL) -> Arrays:
    """Train the GANs of a chunk; return their numbers, classes and log rates (see `survey`)."""
    _, (rate_g, rate_d) = phase.rate_grid(
        settings.lowest_rate, settings.highest_rate, settings.grid
    )
    every, cells = diagrams(settings), rate_g.size
    gans = members(len(every) * cells, chunk)
    classes, rates = np.empty(gans.size, np.int8), np.empty(gans.size)
    for number, diagram in enumerate(every):
        chosen = gans // cells == number
        own = gans[chosen] - number * cells
        classes[chosen], rates[chosen] = survey(
            diagram.real,
            diagram.noise,
            rate_g[own],
            rate_d[own],
            *_start(settings, diagram),
            alternating=diagram.alternating,
            progress=reporter(diagram.label),
        )
    return {"gans": gans, "observed": classes, "rate": rates}


def _start(settings: GanTrainingLab, diagram: Diagram) -> tuple[Floats, int, Window]:
    """Return where the GANs of a diagram start, for how long they train, and what is looked at."""
    near, floor = settings.near_distance, phase.FLOOR * settings.near_distance
    if diagram.experiment == "far":
        start = np.array([settings.start_theta, 0.0, 0.0])
        window = Window(outer=100 * near, target=100 * near, floor=floor, bound=RUNAWAY_BOUND)
    else:
        rest = theory.equilibrium(diagram.real, diagram.noise)
        start = np.array([rest, 0, 0]) + near / np.sqrt(3)
        window = Window(outer=10 * near, target=near / 100, floor=floor, bound=RUNAWAY_BOUND)
    return start, settings.epochs, window


def gathered(settings: GanTrainingLab, chunks: Sequence[Arrays]) -> tuple[Ints, Floats]:
    """Return the classes and log rates, (diagrams, cells) each, that the chunks hold together.

    Raises ValueError if they are not all chunks of one division.
    """
    shape = (len(diagrams(settings)), settings.grid**2)
    classes, rates = np.empty(shape, np.int8), np.empty(shape)
    gans = np.concatenate([chunk["gans"] for chunk in chunks])
    if not np.array_equal(np.sort(gans), np.arange(classes.size)):
        raise ValueError(f"the chunks do not hold each of the {classes.size:,} GANs once")
    classes.flat[gans] = np.concatenate([chunk["observed"] for chunk in chunks])
    rates.flat[gans] = np.concatenate([chunk["rate"] for chunk in chunks])
    return classes, rates
