"""Beyond the toy: both players small neural networks, many independent runs trained at once.

Every parameter has a leading axis of runs and every product is a batched one, so one training loop
trains all runs; nothing passes from one run to another.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.adam import adam

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
    player_g = _Adam(generators.parameters(), training.generator_rate)
    player_d = _Adam(discriminators.parameters(), training.discriminator_rate)
    shape = (runs, training.batch, 1)
    for step in range(training.steps):
        real = torch.from_numpy(draw(shape).astype(np.float32))
        noise = torch.from_numpy(random.standard_normal(shape, dtype=np.float32))
        fake = generators(noise)
        scores = discriminators(torch.cat([real, fake.detach()], dim=1))
        doubts, beliefs = -scores[:, : training.batch], scores[:, training.batch :]
        loss = functional.softplus(doubts).mean(dim=1) + functional.softplus(beliefs).mean(dim=1)
        player_d.step(loss.sum())
        player_g.step(functional.softplus(-discriminators(fake)).mean(dim=1).sum())
        for player in (player_d, player_g):
            player.rate *= 1 - 1 / (training.steps - step)
        if progress:
            progress(step + 1, training.steps)
    levels = noise_quantiles().astype(np.float32)
    with torch.no_grad():
        grid = torch.from_numpy(levels).expand(runs, -1)[:, :, None]
        return np.asarray(generators(grid)[:, :, 0].numpy(), dtype=np.float64)


class _Adam:
    """One player's Adam. `torch.optim.Adam` itself loads PyTorch's compiler, which takes longer."""

    def __init__(self, parameters: Iterable[Tensor], rate: float) -> None:
        self.parameters, self.rate = list(parameters), rate
        self._means = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self._steps = [torch.zeros(()) for _ in self.parameters]

    @torch.no_grad()
    def step(self, loss: Tensor) -> None:
        """Move this player's parameters, and no others, against the gradient of the loss."""
        gradients = list(torch.autograd.grad(loss, self.parameters))
        adam(
            self.parameters, gradients, self._means, self._squares, [], self._steps, fused=True,
            amsgrad=False, beta1=0.0, beta2=0.9, lr=self.rate, weight_decay=0.0, eps=1e-8,
            maximize=False,
        )  # fmt: skip
