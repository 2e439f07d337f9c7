"""The settings of 4.2: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class Denoising(Block):
    """4.2 The finite diffusion model."""

    images: int = setting("number m of digits in the data set", 2, 200)
    sizes: list[int] = setting(
        "data-set sizes of the frequency curves; the file has 1797 digits",
        2,
        1797,
        length=(1, 6),
        distinct=True,
    )
    noises: int = setting("number of noise vectors", 1, 50)
    example_alpha: float = setting("alpha_t of the quoted examples", 0.01, 0.999)
    shown_alphas: list[float] = setting(
        "alpha_t of the digits shown and of the cost of forgetting",
        0.01,
        0.999,
        length=(1, 4),
        distinct=True,
    )
    alpha_points: int = setting("levels on the frequency curves", 5, 200)
    odds_decades: float = setting(
        "decades of alpha_t / (1 - alpha_t) to either side of 1 on the curves", 1, 5
    )
    samples: int = setting("images generated with each sampler", 100, 5000)
    ddim_steps: int = setting("steps of deterministic DDIM, at most the number of levels", 20, 200)
    levels: int = setting("noise levels of the schedule", 500, 1000)
    beta_first: float = setting("first beta_t of the linear schedule", 1e-05, 0.001)
    beta_last: float = setting("last beta_t of the linear schedule", 0.02, 0.03)
    gan_rounds: int = setting("rounds of GAN best responses", 1, 1000)
    seed: int = setting("seed of all random draws of this exercise", *SEEDS)
