"""The settings of 4.6: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class GanTraining(Block):
    """4.6 Training a GAN on a one-dimensional Gaussian, and the bonus."""

    data_mean: float = setting(
        "Mean of the genuine data, data units; farther out the set rates no longer settle", 2, 3.5
    )
    spread: float = setting(
        "Standard deviation of the data and of the noise, data units", 0.8, 1.25
    )
    sample_size: int = setting("Genuine points and noise values", 50, 300)
    start_theta: float = setting(
        "Generator's parameter at the start, data units; left of the data", -2, 0
    )
    start_intercept: float = setting("Discriminator's intercept at the start", -0.2, 0.2)
    start_slope: float = setting("Discriminator's slope at the start, per data unit", -0.2, 0.2)
    generator_rate: float = setting(
        "Generator's learning rate in the baseline; slower ones no longer overshoot", 0.05, 0.2
    )
    discriminator_rate: float = setting("Discriminator's learning rate in the baseline", 0.05, 0.12)
    epochs: int = setting("Full-batch updates of the baseline", 1000, 10000)
    head_start: int = setting(
        "Discriminator steps before the generator's first, where the losses are compared", 100, 1000
    )
    rate_pairs: list[tuple[float, float]] = setting(
        "Six pairs of generator's and discriminator's rate", 0.001, 30, length=(6, 6)
    )
    pair_epochs: int = setting("Full-batch updates for each pair", 500, 5000)
    sgd_passes: int = setting("Passes over the data of stochastic gradient descent", 200, 1000)
    sgd_divisor: int = setting("The slow SGD run divides both rates by this", 8, 20)
    seed: int = setting("Seed of the data, the noise and the order of examples", *SEEDS)
