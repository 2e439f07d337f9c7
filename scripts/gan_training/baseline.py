"""Exercise 4.6: a GAN on a one-dimensional Gaussian, by gradient descent and SGD.

`python -m scripts.gan_training.baseline` trains with several learning rates and
with SGD, prints how each run ends, and draws all losses and D at several epochs.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

torch.set_num_threads(1)

RATES = ((0.004, 0.3), (3.0, 0.3), (12.0, 0.3), (16.0, 0.3), (0.1, 0.4))  # B to F
OPTIONS = {
    **{"mean": 3.0, "spread": 1.0, "size": 100, "seed": 1},  # of the data
    **{"generator-rate": 0.1, "discriminator-rate": 0.1},  # of run A and of SGD
    **{"epochs": 2000, "passes": 20, "figure": "gan.png"},  # passes: of SGD
}


def stream(seed: int, purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose, whatever others draw."""
    name = hashlib.sha256(f"gan_training.{purpose}".encode()).digest()[:16]
    return np.random.default_rng([seed, int.from_bytes(name, "big")])


def sample(mean: float, spread: float, size: int, seed: int) -> tuple[Any, Any]:
    """Draw the genuine points and the noise values, each (size,) float64."""
    genuine = stream(seed, "data").standard_normal(size)
    noise = stream(seed, "noise").standard_normal(size)
    return mean + spread * genuine, spread * noise


def order(seed: int, how: str, size: int, passes: int) -> Any:
    """Return which point and which noise each SGD update uses, (updates, 2)."""
    random = stream(seed, f"order.{how}")
    if how != "shuffled":
        return random.integers(size, size=(passes * size, 2))  # with replacement
    # in each pass every point and every noise value once, both in a new order
    orders = [random.permutation(size) for _ in range(2 * passes)]
    return np.reshape(orders, (passes, 2, size)).swapaxes(1, 2).reshape(-1, 2)


class Generator(nn.Module):
    """Maps noise z to z + theta."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))

    def forward(self, noise: Tensor) -> Tensor:
        """Return generated points, of the shape of `noise`."""
        return noise + self.theta


class Discriminator(nn.Module):
    """Maps x to the log-odds phi_0 + phi_1 x of "genuine"; D is their sigmoid."""

    def __init__(self, intercept: float, slope: float) -> None:
        super().__init__()
        self.intercept = nn.Parameter(torch.tensor(intercept, dtype=torch.float64))
        self.slope = nn.Parameter(torch.tensor(slope, dtype=torch.float64))

    def forward(self, points: Tensor) -> Tensor:
        """Return the log-odds, of the shape of `points`."""
        return self.intercept + self.slope * points


def bce(scores: Tensor, label: float) -> Tensor:
    """Return the mean binary cross-entropy of log-odds against one label."""
    return binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def descend(player: nn.Module, rate: float, loss: Tensor, idle: nn.Module) -> float:
    """Move a player down its loss; return the largest gradient on the idle one."""
    player.zero_grad()
    idle.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for parameter in player.parameters():
            parameter.add_(parameter.grad, alpha=-rate)  # type: ignore[arg-type]
    foreign = [p.grad for p in idle.parameters() if p.grad is not None]
    return max([abs(gradient.item()) for gradient in foreign], default=0.0)


class Run(NamedTuple):
    """A training run: its states, the start first, and what each step saw."""

    states: Any  # (updates + 1, 3), rows (theta, phi_0, phi_1)
    discriminator_losses: Any  # (updates,), as the generator's
    generator_losses: Any
    foreign_gradients: Any  # (updates, 2): what L_D, L_G left on the other player


def train(
    start: Sequence[float],  # theta, phi_0, phi_1
    batches: Iterable[tuple[Any, Any]],  # genuine points and noise of each update
    generator_rate: float,
    discriminator_rate: float,
    flipped: bool = True,  # labels of generated points; False is the book's minimax
) -> Run:
    """Train both players, the discriminator first: one step of each for each batch.

    The same batch every time is gradient descent; batches of one example are SGD.
    """
    generator, discriminator = Generator(start[0]), Discriminator(*start[1:])
    states, losses, leaks = [list(start)], [], []
    for batch in batches:
        real, noise = (torch.from_numpy(part) for part in batch)

        generated = generator(noise).detach()  # the loss must not reach theta
        loss_d = bce(discriminator(real), 1.0) + bce(discriminator(generated), 0.0)
        leak_d = descend(discriminator, discriminator_rate, loss_d, generator)

        discriminator.requires_grad_(False)  # the loss must not reach phi
        scores = discriminator(generator(noise))
        loss_g = bce(scores, 1.0) if flipped else -bce(scores, 0.0)
        leak_g = descend(generator, generator_rate, loss_g, discriminator)
        discriminator.requires_grad_(True)

        phi = discriminator.intercept.item(), discriminator.slope.item()
        states.append([generator.theta.item(), *phi])
        losses.append((loss_d.item(), loss_g.item()))
        leaks.append((leak_d, leak_g))
    losses_d, losses_g = np.array(losses).T
    return Run(np.array(states), losses_d, losses_g, np.array(leaks))


def experiments(given: argparse.Namespace, real: Any, noise: Any) -> dict[str, Run]:
    """Train with the given rates (A), with others (B to F), and with SGD."""
    start, rates = (0.0, 0.0, 0.0), (given.generator_rate, given.discriminator_rate)
    everything, runs = [(real, noise)] * given.epochs, {}
    for name, pair in zip("ABCDEF", (rates, *RATES), strict=True):
        runs[f"{name}: rates {pair}"] = train(start, everything, *pair)
    for how, slower in (("drawn", 1), ("shuffled", 1), ("slow", 10)):
        places = order(given.seed, how, len(real), given.passes * slower)
        batches = ((real[[i]], noise[[j]]) for i, j in places)
        runs[f"SGD, {how}"] = train(start, batches, *(r / slower for r in rates))
    return runs


def draw(path: str, real: Any, runs: dict[str, Run]) -> None:
    """Draw the first run's discriminator at six epochs, and both losses of all."""
    import matplotlib.pyplot as plt  # here: it takes long, and training needs none

    figure, panels = plt.subplots(2, 5, figsize=(18, 6), layout="constrained")
    first, *others = panels.flat
    points = np.linspace(real.min() - 4, real.max(), 200)
    states = next(iter(runs.values())).states
    for epoch in [e for e in (0, 12, 96, 185, 317, 2000) if e < len(states)]:
        theta, intercept, slope = states[epoch]
        probability = 1 / (1 + np.exp(-intercept - slope * points))
        first.plot(points, probability, label=f"epoch {epoch}, θ = {theta:.2f}")
    first.hist(real, density=True, color="lightgrey")
    first.set(title="D(x), and the genuine points", xlabel="x", ylim=(0, 1))
    first.legend()
    for panel, (name, run) in zip(others, runs.items(), strict=True):
        panel.plot(run.discriminator_losses, linewidth=0.7, label="discriminator")
        panel.plot(run.generator_losses, linewidth=0.7, label="generator")
        for level in np.log([2, 4]):
            panel.axhline(level, color="grey", linestyle="--")
        panel.set(title=name, xlabel="update", ylim=(0, 3))
    others[0].legend()
    figure.savefig(path)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in OPTIONS.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    given = parser.parse_args()
    real, noise = sample(given.mean, given.spread, given.size, given.seed)
    runs = experiments(given, real, noise)
    print(f"equilibrium: theta = {real.mean() - noise.mean():.4f}")
    print("each run: mean and sd of theta in its last half, and its last losses")
    for name, run in runs.items():
        theta = run.states[len(run.states) // 2 :, 0]
        last = run.discriminator_losses[-1], run.generator_losses[-1]
        print(f"{name:20} {theta.mean():.3f} {theta.std():.3f}", *last)
    draw(given.figure, real, runs)


if __name__ == "__main__":
    main()
