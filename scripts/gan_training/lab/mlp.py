"""Beyond the toy: both players small neural networks, many independent runs trained at once.

Every parameter has a leading axis of runs and every product is a batched one, so one training loop
trains all runs; nothing passes from one run to another.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.common.arrays import Floats
from scripts.gan_training.lab.generated import noise_quantiles
from scripts.gan_training.lab.progress import Progress

torch.set_num_threads(1)

Sampler = Callable[[tuple[int, ...]], Floats]


@dataclasses.dataclass(frozen=True)
class Training:
    """How the players are trained: Adam (betas 0 and 0.9), rates falling linearly to zero.

    Falling rates end the orbit round the equilibrium that minibatch noise keeps alive; a faster
    discriminator damps it. Batches of `batch` real and as many generated points.
    """

    width: int
    steps: int
    batch: int
    generator_rate: float
    discriminator_rate: float


class Perceptrons(nn.Module):
    """R independent multilayer perceptrons 1 → width → width → 1 with tanh, on inputs (R, n, 1)."""

    def __init__(self, runs: int, width: int, random: np.random.Generator) -> None:
        super().__init__()
        sizes = (1, width, width, 1)
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for inputs, outputs in itertools.pairwise(sizes):
            drawn = random.normal(size=(runs, inputs, outputs)) / np.sqrt(inputs)
            self.weights.append(nn.Parameter(torch.tensor(drawn, dtype=torch.float32)))
            shift = random.normal(size=(runs, 1, outputs)) if outputs == width else 0.0
            self.biases.append(
                nn.Parameter(torch.zeros(runs, 1, outputs) + torch.tensor(shift).float())
            )

    def forward(self, values: Tensor) -> Tensor:
        """Return outputs (R, n, 1)."""
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values, weight)
            if k < last:
                values = torch.tanh(values)
        return values


def train(
    draw: Sampler,
    runs: int,
    training: Training,
    random: np.random.Generator,
    progress: Progress | None = None,
) -> Floats:
    """Train `runs` GANs on data that `draw(shape)` returns; return outputs (runs, quantiles).

    The outputs are each final generator's values at the quantiles of its noise, N(0, 1). Losses as
    in the exercise: binary cross-entropy, labels of generated points flipped for the generator.
    """
    generators = Perceptrons(runs, training.width, random)
    discriminators = Perceptrons(runs, training.width, random)
    betas = (0.0, 0.9)
    player_g = torch.optim.Adam(generators.parameters(), training.generator_rate, betas, fused=True)
    player_d = torch.optim.Adam(
        discriminators.parameters(), training.discriminator_rate, betas, fused=True
    )
    shape = (runs, training.batch, 1)
    players = (player_d, player_g)
    decays = [torch.optim.lr_scheduler.LinearLR(p, 1.0, 0.0, training.steps) for p in players]
    for step in range(training.steps):
        real = torch.from_numpy(draw(shape).astype(np.float32))
        noise = torch.from_numpy(random.standard_normal(shape, dtype=np.float32))
        fake = generators(noise)
        scores = discriminators(torch.cat([real, fake.detach()], dim=1))
        doubts, beliefs = -scores[:, : training.batch], scores[:, training.batch :]
        loss = functional.softplus(doubts).mean(dim=1) + functional.softplus(beliefs).mean(dim=1)
        player_d.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        player_d.step()
        discriminators.requires_grad_(False)
        player_g.zero_grad()
        persuasion = functional.softplus(-discriminators(fake)).mean(dim=1)
        persuasion.sum().backward()  # type: ignore[no-untyped-call]
        player_g.step()
        discriminators.requires_grad_(True)
        for decay in decays:
            decay.step()
        if progress:
            progress(step + 1, training.steps)
    levels = noise_quantiles().astype(np.float32)
    with torch.no_grad():
        grid = torch.from_numpy(levels).expand(runs, -1)[:, :, None]
        return np.asarray(generators(grid)[:, :, 0].numpy(), dtype=np.float64)
