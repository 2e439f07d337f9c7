"""The settings of 4.3: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class FlowDensity(Block):
    """4.3 Densities under a map."""

    sample_size: int = setting("independent draws per law", 1000, 1000000)
    cells: int = setting("histogram cells on [0, 1]", 8, 512)
    quantiles: int = setting("equally likely cells of the base law, as drawn", 4, 20)
    left_end: float = setting("l of the base law U[-l, 1]", 0.1, 0.9)
    wide_variance: float = setting("base variance of the two-peaked logit-normal law", 2.2, 6)
    cantor_levels: int = setting("steps of the Cantor construction listed", 1, 12)
    false_alarm_rate: float = setting(
        "of all statistical tests of the topic together", 1e-12, 0.001
    )
    seed: int = setting("seed of the samples", *SEEDS)
