"""The training loop of exercise 4.6 as it was set: PyTorch, autograd, one optimizer a player.

Nothing here knows the closed form in `model`; the check compares the two.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from scripts.common.arrays import Floats
from scripts.gan_training.model import GeneratorLoss, Path, Rates

torch.set_num_threads(1)


class Generator(nn.Module):
    """Maps noise z to z + theta."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))

    def forward(self, noise: Tensor) -> Tensor:
        """Return generated points, of the shape of `noise`."""
        return noise + self.theta


class Discriminator(nn.Module):
    """Returns the log-odds phi_0 + phi_1 x that x is genuine."""

    def __init__(self, intercept: float, slope: float) -> None:
        super().__init__()
        self.intercept = nn.Parameter(torch.tensor(intercept, dtype=torch.float64))
        self.slope = nn.Parameter(torch.tensor(slope, dtype=torch.float64))

    def forward(self, points: Tensor) -> Tensor:
        """Return the logits, of the shape of `points`."""
        return self.intercept + self.slope * points


@dataclasses.dataclass(frozen=True)
class Run:
    """A training run, and what reached the wrong player.

    foreign_gradients: (updates, 2) float64; for the discriminator's and the generator's loss, the
        largest absolute gradient found on a parameter of the *other* player (0 where absent).
    """

    path: Path
    foreign_gradients: Floats


def train(
    start: Sequence[float],
    batches: Iterable[tuple[Floats, Floats]],
    rates: Rates,
    kind: GeneratorLoss = "flipped",
) -> Run:
    """Train on `batches` of (genuine points, noise), one alternating update a batch.

    start: (theta, phi_0, phi_1). The same batch every time is gradient descent; batches of one
    example are stochastic gradient descent (the bonus): nothing else in the loop changes.
    """
    generator, discriminator = Generator(start[0]), Discriminator(start[1], start[2])
    players = (Descent(discriminator, rates.discriminator), Descent(generator, rates.generator))
    states, losses, foreign = [list(start)], [], []
    for real, noise in batches:
        genuine, seeds = torch.from_numpy(real), torch.from_numpy(noise)
        judged, leak = _discriminator_step(generator, discriminator, players, genuine, seeds)
        forged, reverse_leak = _generator_step(generator, discriminator, players, seeds, kind)
        losses.append((judged, forged))
        foreign.append((leak, reverse_leak))
        states.append(
            [generator.theta.item(), discriminator.intercept.item(), discriminator.slope.item()]
        )
    table = np.array(losses)
    path = Path(np.array(states), table[:, 0], table[:, 1])
    return Run(path, np.array(foreign))


class Descent:
    """The optimizer of one player. `torch.optim.SGD` would load PyTorch's compiler, a second."""

    def __init__(self, player: nn.Module, rate: float) -> None:
        self.player, self.rate = player, rate

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters against their gradients."""
        for parameter in self.player.parameters():
            if parameter.grad is not None:
                parameter.add_(parameter.grad, alpha=-self.rate)


Players = tuple[Descent, Descent]


def _discriminator_step(
    generator: Generator,
    discriminator: Discriminator,
    players: Players,
    real: Tensor,
    noise: Tensor,
) -> tuple[float, float]:
    _forget_gradients(players)
    generated = generator(noise).detach()  # the loss must not reach theta
    loss = _bce(discriminator(real), 1.0) + _bce(discriminator(generated), 0.0)
    loss.backward()  # type: ignore[no-untyped-call]
    leak = _largest_gradient(generator)
    players[0].step()
    return loss.item(), leak


def _generator_step(
    generator: Generator,
    discriminator: Discriminator,
    players: Players,
    noise: Tensor,
    kind: GeneratorLoss,
) -> tuple[float, float]:
    _forget_gradients(players)
    discriminator.requires_grad_(False)  # the loss passes through phi without reaching it
    scores = discriminator(generator(noise))
    loss = _bce(scores, 1.0) if kind == "flipped" else -_bce(scores, 0.0)
    loss.backward()  # type: ignore[no-untyped-call]
    leak = _largest_gradient(discriminator)
    players[1].step()
    discriminator.requires_grad_(True)
    return loss.item(), leak


def _bce(scores: Tensor, label: float) -> Tensor:
    return nn.functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def _forget_gradients(players: Players) -> None:
    for optimizer in players:
        optimizer.player.zero_grad()


def _largest_gradient(player: nn.Module) -> float:
    gradients = [p.grad.abs().max().item() for p in player.parameters() if p.grad is not None]
    return max(gradients, default=0.0)
