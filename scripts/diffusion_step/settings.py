"""The settings of 4.5: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class DiffusionStep(Block):
    """4.5 Noising steps."""

    beta: float = setting("noise variance of each equal step, 0 < beta < 1", 0.0001, 0.999)
    steps: int = setting("number of equal steps", 1, 1000)
    wide_variance: float = setting("a start variance above 1", most=1000, above=1)
    narrow_variance: float = setting("a start variance below 1", least=0.001, below=1)
    start_correlation: float = setting("correlation of the plane start", -0.999, 0.999)
    coin_beta: float = setting(
        "noise variance of the step with the coin: below 1/2, where the law gets a point mass; "
        "above it the two weights change places",
        0.001,
        0.49,
    )
    first_beta: float = setting("first noise variance of the schedule", 1e-05, 0.999)
    last_beta: float = setting("last noise variance of the schedule", 1e-05, 0.999)
    schedule_steps: int = setting("steps of the schedule", 1, 5000)
    shown_signal: list[float] = setting(
        "values of the signal left; the law is drawn and tested at the times that come nearest",
        0.0,
        1.0,
        length=(1, 3),
        distinct=True,
    )
    sample_size: int = setting("chains per experiment", 2, 200000)
    false_alarm_rate: float = setting(
        "chance that a right build fails, over all statistical tests of the topic", 1e-100, 0.001
    )
    seed: int = setting("seed of the chains", *SEEDS)
