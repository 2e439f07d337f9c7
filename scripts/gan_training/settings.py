"""The settings of 4.6: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class GanTraining(Block):
    """4.6 Training a GAN on a one-dimensional Gaussian, and the bonus."""

    data_mean: float = setting(
        "Mean of the genuine data, data units; farther out, rounding hides the smallest spread",
        -1000,
        1000,
    )
    spread: float = setting(
        "Standard deviation of the data and of the noise, data units; a smaller one is lost in "
        "rounding beside the largest mean",
        0.01,
        1000,
    )
    sample_size: int = setting(
        "Genuine points and noise values; one alone has no spread, more take minutes", 2, 2000
    )
    start_theta: float = setting("Generator's parameter at the start, data units", -2000, 2000)
    start_intercept: float = setting("Discriminator's intercept at the start", -100, 100)
    start_slope: float = setting("Discriminator's slope at the start, per data unit", -100, 100)
    generator_rate: float = setting("Generator's learning rate in the baseline", 1e-4, 30)
    discriminator_rate: float = setting("Discriminator's learning rate in the baseline", 1e-4, 30)
    epochs: int = setting("Full-batch updates of the baseline; six are drawn", 10, 10000)
    head_start: int = setting(
        "Discriminator steps before the generator's first, where the losses are compared", 0, 10000
    )
    rate_pairs: list[tuple[float, float]] = setting(
        "Six pairs of generator's and discriminator's rate, runs A to F", 1e-4, 30, length=(6, 6)
    )
    pair_epochs: int = setting(
        "Full-batch updates for each pair; the last ten are summarized", 20, 5000
    )
    sgd_passes: int = setting(
        "Passes over the data of stochastic gradient descent; ten blocks of the last half give "
        "errors",
        20,
        500,
    )
    sgd_divisor: int = setting("The slow SGD run divides both rates by this", 2, 20)
    seed: int = setting("Seed of the data, the noise and the order of examples", *SEEDS)
