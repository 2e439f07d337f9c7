"""The settings of 4.3: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class FlowDensity(Block):
    """4.3 Densities under a map."""

    sample_size: int = setting("independent draws per law", 1, 1000000)
    cells: int = setting("histogram cells on [0, 1]", 1, 512)
    quantiles: int = setting("equally likely cells of the base law, as drawn", 3, 50)
    left_end: float = setting("l of the base law U[-l, 1], 0 < l < 1", 0.001, 0.999)
    wide_variance: float = setting(
        "base variance of the two-peaked logit-normal law: above 2, where the second peak appears; "
        "to 8, where the peaks are still seen apart from the ends",
        2.01,
        8,
    )
    cantor_levels: int = setting("steps of the Cantor construction listed", 0, 14)
    false_alarm_rate: float = setting(
        "chance that a right build fails, over all statistical tests of the topic", 1e-100, 0.001
    )
    seed: int = setting("seed of the samples", *SEEDS)
