"""An invertible residual network y = z + r(z) in PyTorch (Behrmann et al. 2019; exercise 4.4).

r(z) = scale * W3 tanh(W2 tanh(W1 z)). Each layer is held near spectral norm 1 by power iteration
while it trains; a singular-value decomposition then certifies what power iteration only promised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from scripts.common.arrays import Floats

Layers = tuple[Floats, ...]

SVD_MARGIN = 1e-12
"""Relative margin added to a computed largest singular value: far above its rounding error for
matrices of these sizes, and confirmed afterwards in exact arithmetic by the checks."""


@dataclasses.dataclass(frozen=True)
class Branch:
    """The residual branch r(z) = scale * W3 tanh(W2 tanh(W1 z)); no biases, so r(0) = 0.

    weights: W1 (h, d), W2 (h, h), W3 (d, h), float64. scale: the intended Lipschitz constant.
    """

    weights: tuple[torch.Tensor, ...]
    scale: float

    def __call__(self, z: torch.Tensor) -> torch.Tensor:
        """Return r(z) for points in the rows of z, shape (..., d)."""
        first, second, third = self.weights
        hidden = torch.tanh(torch.tanh(z @ first.T) @ second.T)
        return self.scale * (hidden @ third.T)

    def layers(self) -> Layers:
        """Return the weights as arrays."""
        return tuple(weight.numpy() for weight in self.weights)


def fold(z: torch.Tensor, rotation: torch.Tensor, slope: float) -> torch.Tensor:
    """Return the displacement -slope * tanh along each column of `rotation`, shape of z.

    z plus this displacement folds space for slope > 1: its derivative at 0 is 1 - slope < 0.
    """
    return -slope * torch.tanh(z @ rotation) @ rotation.T


class Adam:
    """Adam (Kingma & Ba 2015, algorithm 1) with its usual constants.

    Written out because the first use of `torch.optim` loads PyTorch's compiler, which takes
    longer than the whole training here.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], learning_rate: float) -> None:
        self.parameters, self.learning_rate, self.steps = list(parameters), learning_rate, 0
        self.means = [torch.zeros_like(parameter) for parameter in parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in parameters]

    @torch.no_grad()
    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Move the parameters, in place, against their gradients."""
        self.steps += 1
        rate = self.learning_rate / (1 - 0.9**self.steps)
        for parameter, gradient, mean, square in zip(
            self.parameters, gradients, self.means, self.squares, strict=True
        ):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient**2, 0.001)
            spread = (square / (1 - 0.999**self.steps)).sqrt_().add_(1e-8)
            parameter.addcdiv_(mean, spread, value=-rate)


def train(
    random: np.random.Generator,
    rotation: Floats,
    hidden: int,
    scale: float,
    slope: float,
    spread: float,
    steps: int,
    batch: int,
    learning_rate: float,
) -> tuple[Branch, Floats]:
    """Fit r to `fold` by Adam, layers normalized by PyTorch's power iteration (one a step).

    rotation: orthogonal, shape (d, d). spread: standard deviation of the training points.
    Returns the branch as PyTorch would use it, and the mean squared error of each step.
    """
    dimension = len(rotation)
    sizes = ((dimension, hidden), (hidden, hidden), (hidden, dimension))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(random.integers(2**31)))
        layers = [
            spectral_norm(nn.Linear(*size, bias=False, dtype=torch.float64)) for size in sizes
        ]
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    adam = Adam(parameters, learning_rate)
    axes = torch.from_numpy(rotation)
    errors = np.empty(steps)
    for step in range(steps):
        z = torch.from_numpy(spread * random.standard_normal((batch, dimension)))
        branch = Branch(_effective(layers), scale)
        loss = torch.mean((branch(z) - fold(z, axes, slope)) ** 2)
        adam.step(torch.autograd.grad(loss, parameters))
        errors[step] = loss.item()
    for layer in layers:
        layer.eval()  # use the stored singular vectors as they are
    return Branch(tuple(weight.detach().clone() for weight in _effective(layers)), scale), errors


def _effective(layers: Sequence[nn.Module]) -> tuple[torch.Tensor, ...]:
    """Return the weights as the layers use them: divided by the power-iteration estimates."""
    return tuple(cast(torch.Tensor, layer.weight) for layer in layers)


def certified_norm(matrix: Floats) -> float:
    """Return an upper bound of the spectral norm: largest singular value and a safety margin."""
    return float(np.linalg.svd(matrix, compute_uv=False)[0]) * (1 + SVD_MARGIN)


def certified_lipschitz(branch: Branch) -> float:
    """Return an upper bound of the Lipschitz constant of r: scale times the layers' norms.

    Valid because tanh is 1-Lipschitz. The last factor covers the rounding of the product.
    """
    product = branch.scale
    for matrix in branch.layers():
        product *= certified_norm(matrix)
    return product * (1 + 8 * float(np.finfo(float).eps))


def normalized(branch: Branch) -> Branch:
    """Return the branch with each layer divided by its certified norm."""
    weights = (matrix / certified_norm(matrix) for matrix in branch.layers())
    return Branch(tuple(torch.from_numpy(weight) for weight in weights), branch.scale)


def forward(branch: Branch, z: Floats) -> Floats:
    """Return y = z + r(z), computed in float64; z has shape (points, d)."""
    latent = torch.from_numpy(z)
    return (latent + branch(latent)).numpy()


def invert(branch: Branch, y: Floats, steps: int) -> Floats:
    """Return every iterate of z <- y - r(z) from z_0 = y, shape (steps + 1, points, d)."""
    target = torch.from_numpy(y)
    iterates = np.empty((steps + 1, *y.shape))
    iterates[0] = y
    for step in range(steps):
        iterates[step + 1] = (target - branch(torch.from_numpy(iterates[step]))).numpy()
    return iterates


def jacobians(branch: Branch, z: Floats) -> Floats:
    """Return the Jacobians of r at the rows of z by automatic differentiation, (points, d, d)."""
    latent = torch.from_numpy(z).requires_grad_()
    outputs = branch(latent).sum(dim=0)  # points do not interact: a sum keeps them apart
    rows = [torch.autograd.grad(output, latent, retain_graph=True)[0].numpy() for output in outputs]
    return np.stack(rows, axis=1)
