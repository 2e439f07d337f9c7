"""The settings of 4.4: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class FixedPoint(Block):
    """4.4 Fixed points."""

    seed: int = setting(
        "Seed of the networks' weights and data and of the sampler's latent samples", *SEEDS
    )
    finite_points: int = setting(
        "Points of the metric space whose self-maps are all enumerated", 2, 6
    )
    cobweb_lipschitz: float = setting("Lipschitz constant of both drawn contractions", 0.01, 0.999)
    cobweb_offset: float = setting(
        "Offset c of the drawn maps, and y of the failing one", -100, 100
    )
    cobweb_start: float = setting("Start of both drawn contractions", -100, 100)
    cobweb_steps: int = setting("Steps of the three drawn iterations", 1, 200)
    target_lipschitz: float = setting(
        "Intended Lipschitz constant of the residual branch; nearer to 1 inversion takes too long",
        0.001,
        0.99,
    )
    dimension: int = setting("Dimension of the larger network", 2, 32)
    hidden_units: int = setting("Width of both hidden layers", 1, 64)
    fold_slope: float = setting(
        "Slope at 0 of the displacement that the networks are fitted to; above 1 the target folds",
        1.05,
        10,
    )
    latent_spread: float = setting("Standard deviation of the latent points", 0.001, 1000)
    training_steps: int = setting("Steps of Adam", 1, 5000)
    batch_size: int = setting("Fresh latent points in each step of Adam", 1, 1024)
    learning_rate: float = setting("Step size of Adam", 0.0001, 30)
    test_points: int = setting("Points that are mapped and inverted", 2, 64)
    series_terms: int = setting("Terms of the log-determinant series", 1, 200)
    teacher_mean: float = setting("Mean of the target density q, units of x", -1000, 1000)
    teacher_sd: float = setting(
        "Standard deviation of the target density q, units of x", 0.001, 1000
    )
    teacher_scale: float = setting("Factor by which q is known wrongly", 1e-100, 1e100)
    sampler_points: int = setting("Latent samples that the samplers are fitted with", 4, 10000)
    sampler_rate: float = setting(
        "Step size of gradient descent over the variance of q", 0.0001, 30
    )
    sampler_steps: int = setting("Steps of gradient descent", 1, 10000)
    sampler_shift: float = setting(
        "Start of a, in standard deviations of q from its mean", -100, 100
    )
    sampler_spread: float = setting(
        "Start of the size of b, in standard deviations of q", 0.01, 100
    )
    largest_branches: int = setting("Largest k of the maps k z mod 1", 1, 30)
