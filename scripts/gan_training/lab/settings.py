"""The settings of 4.6: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class GanTrainingLab(Block):
    """4.6, the learning-rate laboratory: phase diagrams, the noise of SGD, networks."""

    seed: int = setting("Seed of data sets, examples and networks", *SEEDS)
    mean: float = setting(
        "Mean of the genuine data, data units; M's condition grows as its fourth power", -1000, 1000
    )
    spread: float = setting("Standard deviation of data and noise, data units", 0.001, 1000)
    samples: int = setting("Genuine points, and noise values, in a data set", 2, 1000)
    chunks: int = setting(
        "Chunks in which the phase diagrams are trained, each a job of its own; any number gives "
        "the same results",
        1,
        1000,
    )
    data_sets: int = setting("Data sets of the phase diagrams, each from a seed of its own", 1, 16)
    grid: int = setting("Learning rates on each axis of a phase diagram", 2, 256)
    lowest_rate: float = setting("Smallest learning rate, below the largest", 0.0001, 0.5)
    highest_rate: float = setting("Largest learning rate, above the smallest", 1, 30)
    epochs: int = setting("Full-batch updates of each GAN", 10, 20000)
    start_theta: float = setting("Generator's parameter at the far start, data units", -1000, 1000)
    near_distance: float = setting(
        "Distance of the near start from the equilibrium; its 1e-7th part must not be rounding",
        1e-6,
        1,
    )
    sgd_means: list[float] = setting(
        "Means of the data of the noise experiment, in spreads", -1000, 1000, length=(2, 6)
    )
    sgd_rates: int = setting("Learning rates on each axis of the noise experiment", 2, 9)
    sgd_chains: int = setting(
        "Independent chains of each pair of rates; two at least for a standard error", 2, 1024
    )
    sgd_relaxation_times: int = setting(
        "Relaxation times over which a chain is measured, at least", 1, 1000
    )
    mlp_spread: float = setting(
        "Standard deviation of the Gaussian that the networks learn", 0.001, 1000
    )
    mlp_separations: list[float] = setting(
        "Distances between the two modes of the mixtures, data units", 0.01, 1000, length=(2, 6)
    )
    mlp_runs: int = setting("Independent trainings of the networks", 1, 64)
    mlp_steps: int = setting("Updates of the networks", 1, 20000)
    mlp_width: int = setting("Units in each hidden layer", 1, 128)
    mlp_batch: int = setting("Genuine points in a batch", 1, 1024)
    mlp_generator_rate: float = setting("Generator's first learning rate (Adam)", 1e-05, 30)
    mlp_discriminator_rate: float = setting("Discriminator's first learning rate (Adam)", 1e-05, 30)
