"""Training the affine sampler f(z) = a + b z towards a Gaussian, by autograd (UDL 16.11)."""

from __future__ import annotations

import math

import numpy as np
import torch

from scripts.common.arrays import Floats

FAR = 1e30
"""Distance from the target, in its standard deviations, at which a run counts as diverged."""


def loss(
    a: torch.Tensor,
    b: torch.Tensor,
    z: torch.Tensor,
    mean: float,
    sd: float,
    scale: float,
    entropy: bool,
) -> torch.Tensor:
    """Return the mean over z_i of -log(scale * q(a + b z_i)), and of -log|b| if `entropy`.

    q is the density of N(mean, sd^2). Without `entropy` this is what UDL eq. 16.25 minimizes.
    """
    distance = torch.mean((a + b * z - mean) ** 2)
    result = distance / (2 * sd**2) + math.log(sd * math.sqrt(2 * math.pi)) - math.log(scale)
    return result - torch.log(torch.abs(b)) if entropy else result


def descend(
    z: Floats,
    start: tuple[float, float],
    mean: float,
    sd: float,
    rate: float,
    steps: int,
    scale: float = 1.0,
    entropy: bool = False,
) -> Floats:
    """Minimize `loss` over (a, b) by gradient descent with step size rate * sd^2.

    z: samples, shape (N,). rate: dimensionless, so that units of x do not matter.
    Returns (a, b) at the start and after each step, shape (up to steps + 1, 2). A run that leaves
    the ball of radius `FAR` * sd around (mean, 0) has diverged and ends there.
    """
    latent = torch.from_numpy(z)
    a, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in start)
    path = [start]
    for _ in range(steps):
        current = loss(a, b, latent, mean, sd, scale, entropy)
        gradients = torch.autograd.grad(current, (a, b))
        with torch.no_grad():
            a -= rate * sd**2 * gradients[0]
            b -= rate * sd**2 * gradients[1]
        if not math.hypot(a.item() - mean, b.item()) <= FAR * sd:
            break
        path.append((a.item(), b.item()))
    return np.array(path)
