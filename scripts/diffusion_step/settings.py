"""The settings of 4.5: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class DiffusionStep(Block):
    """4.5 Noising steps."""

    beta: float = setting("noise variance of each equal step", 0.01, 0.3)
    steps: int = setting("number of equal steps", 16, 400)
    wide_variance: float = setting("a start variance above 1", 1.5, 16)
    narrow_variance: float = setting("a start variance below 1", 0.05, 0.8)
    start_correlation: float = setting("correlation of the plane start", 0.2, 0.95)
    coin_beta: float = setting("noise variance of the step with the coin", 0.05, 0.4)
    first_beta: float = setting("first noise variance of the schedule", 1e-05, 0.01)
    last_beta: float = setting("last noise variance of the schedule", 0.011, 0.2)
    schedule_steps: int = setting("steps of the schedule", 800, 2000)
    shown_signal: list[float] = setting(
        "values of the signal left at which the law is drawn and tested",
        0.02,
        0.95,
        length=(2, 3),
        distinct=True,
    )
    sample_size: int = setting("chains per experiment", 1000, 200000)
    false_alarm_rate: float = setting(
        "of all statistical tests of the topic together", 1e-12, 0.001
    )
    seed: int = setting("seed of the chains", *SEEDS)
