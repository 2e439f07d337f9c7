"""The settings of 4.1: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class GanGame(Block):
    """4.1 The finite GAN with the zero-one loss."""

    largest_m: int = setting("Data sets of 1 to this many images are enumerated in full", 1, 4)
    largest_k: int = setting("With 0 to this many images outside the data set", 0, 2)
    dynamics_m: int = setting(
        "Different images in the best-response dynamics (its exact chain is enumerated)", 2, 6
    )
    dynamics_k: int = setting(
        "The dynamics run for 0 to this many images outside the data set", 1, 2
    )
    dynamics_rounds: int = setting("Rounds of each run", 2, 60)
    dynamics_trials: int = setting("Runs for each pair of tie rules and each K", 200, 20000)
    seed: int = setting("Seed of the random ties and starts", *SEEDS)
