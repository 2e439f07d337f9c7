"""The settings of 4.1: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class GanGame(Block):
    """4.1 The finite GAN with the zero-one loss."""

    largest_m: int = setting(
        "Data sets of 1 to this many images are enumerated in full; for 5 that takes minutes", 1, 4
    )
    largest_k: int = setting("With 0 to this many images outside the data set", 0, 3)
    dynamics_m: int = setting(
        "Different images in the best-response dynamics; one image has no start but the "
        "permutation, and the exact chain of 7 does not fit into memory",
        2,
        6,
    )
    dynamics_k: int = setting(
        "The dynamics run for 0 and for 1 to this many images outside the data set", 1, 3
    )
    dynamics_rounds: int = setting("Rounds of each run", 1, 200)
    dynamics_trials: int = setting("Runs for each pair of tie rules and each K", 1, 20000)
    seed: int = setting("Seed of the random ties and starts", *SEEDS)
