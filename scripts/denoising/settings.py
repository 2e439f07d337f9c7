"""The settings of 4.2: types, bounds, meanings."""

from __future__ import annotations

from scripts.common.settings import SEEDS, Block, setting


class Denoising(Block):
    """4.2 The finite diffusion model."""

    images: int = setting(
        "number m of digits in the data set; at least 2, since one is forgotten for another",
        2,
        1000,
    )
    sizes: list[int] = setting(
        "data-set sizes of the frequency curves; the file has 1797 digits",
        1,
        1797,
        length=(1, 6),
        distinct=True,
    )
    noises: int = setting("number of noise vectors", 1, 200)
    example_alpha: float = setting(
        "alpha_t of the quoted examples; nearer to 0 or 1 the weights lose their digits",
        1e-06,
        0.999999,
    )
    shown_alphas: list[float] = setting(
        "alpha_t of the digits shown and of the cost of forgetting",
        1e-06,
        0.999999,
        length=(1, 4),
        distinct=True,
    )
    alpha_points: int = setting("levels on the frequency curves", 2, 500)
    odds_decades: float = setting(
        "decades of alpha_t / (1 - alpha_t) to either side of 1 on the curves", 0.1, 10
    )
    samples: int = setting("images generated with each sampler", 1, 10000)
    ddim_steps: int = setting("steps of deterministic DDIM, at most the number of levels", 2, 1000)
    levels: int = setting(
        "noise levels of the schedule, so few that the last alpha_t is at least 1e-10", 2, 10000
    )
    beta_first: float = setting("first beta_t of the linear schedule", 1e-06, 0.999)
    beta_last: float = setting("last beta_t of the linear schedule", 1e-06, 0.999)
    gan_rounds: int = setting("rounds of GAN best responses", 1, 10000)
    seed: int = setting("seed of all random draws of this exercise", *SEEDS)
