"""What the noise of one-example SGD does when the rates are not small: Gaussian closure.

The linear theory keeps only the noise at the equilibrium itself. Here the state is taken to be
Gaussian, w ~ N(b, Σ), and the *exact* one-step map F is asked to reproduce its mean and covariance:
b = E F and Σ = Cov F, expectations over w, x and z by Gauss quadrature. Nothing is fitted.

Shuffled epochs have a memory: an example that was drawn does not come again. There the part of F
that depends on x alone, f(x) = E[F | x], is a kick drawn without replacement, and Σ is the average
over an epoch. That f(x) meets a state which remembers the epoch's earlier examples is left out.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from scripts.common.arrays import Floats
from scripts.gan_training import theory
from scripts.gan_training.model import Rates

Rule = tuple[Floats, Floats]
"""Nodes and weights (n,) of a quadrature rule for a probability distribution."""

NODES = 5
"""Nodes a dimension: exact for polynomials up to degree nine."""

TOLERANCE = 1e-6
"""Largest relative change of Var θ in the last round of the iteration."""


@dataclasses.dataclass(frozen=True)
class State:
    """The Gaussian that one step reproduces.

    bias: E[θ] − θ*. variance: of θ.
    """

    bias: float
    variance: float


def normal_rule(mean: float, spread: float) -> Rule:
    """Return the Gauss rule of N(mean, spread²)."""
    nodes, weights = hermegauss(NODES)
    return mean + spread * nodes, weights / weights.sum()


def sample_rule(sample: Floats) -> Rule:
    """Return the Gauss rule of the empirical distribution of a sample (m,) of different points.

    The nodes are the eigenvalues of multiplication by x on polynomials of degree < NODES, in a
    basis orthonormal for the sample (Golub & Welsch 1969). Of NODES points or fewer: the sample.
    """
    standard = (sample - sample.mean()) / sample.std()
    basis, _ = np.linalg.qr(np.vander(standard, min(NODES, len(sample)), increasing=True))
    nodes, vectors = np.linalg.eigh(basis.T @ (sample[:, None] * basis))
    return nodes, vectors[0] ** 2


def stationary_state(
    M: Floats,
    rates: Rates,
    rest: float,
    real: Rule,
    noise: Rule,
    *,
    samples: int | None = None,
    rounds: int = 60,
) -> State:
    """Return the predicted stationary state of one-example SGD.

    M: moment matrix at the equilibrium; rest: θ*; real, noise: rules for x and z; samples: the size
    of the data set if epochs are shuffled. Starts from the linear theory. Each round linearizes F
    in the mean (Stein): F = EF + B(w − b) + remainder, and solves Σ = BΣBᵀ + Cov(remainder).
    Raises ValueError if `rounds` rounds do not settle it.
    """
    linear = theory.alternating_map(M, rates.generator, rates.discriminator)
    q = theory.noise_direction(rates.generator, rates.discriminator)
    scale = _variance(real) + _variance(noise)
    covariance = theory.stationary_covariance(linear, scale * np.outer(q, q))
    covariance[1, 1] += 1e-3 * rates.discriminator  # centered data: no noise on φ₀ yet, keep Σ > 0
    center = np.zeros(3)
    before = np.inf
    for _ in range(rounds):
        center, covariance = _round(center, covariance, rates, rest, real, noise, samples)
        if abs(covariance[0, 0] - before) <= TOLERANCE * covariance[0, 0]:
            return State(float(center[0]), float(covariance[0, 0]))
        before = covariance[0, 0]
    raise ValueError(f"the closure did not settle for {rates}")


def _variance(rule: Rule) -> float:
    nodes, weights = rule
    return float(weights @ nodes**2 - (weights @ nodes) ** 2)


def _round(
    center: Floats,
    covariance: Floats,
    rates: Rates,
    rest: float,
    real: Rule,
    noise: Rule,
    samples: int | None,
) -> tuple[Floats, Floats]:
    nodes, weights = normal_rule(0.0, 1.0)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij")).reshape(3, -1)
    chances = np.prod(np.meshgrid(weights, weights, weights, indexing="ij"), axis=0).ravel()
    offsets = np.linalg.cholesky(covariance) @ grid
    after = _step(center[:, None] + offsets, rates, rest, real[0], noise[0])
    joint = chances[:, None, None] * real[1][:, None] * noise[1]
    mean = np.einsum("kwxz,wxz->k", after, joint)
    slope = np.linalg.solve(covariance, np.einsum("jw,kwxz,wxz->jk", offsets, after, joint)).T
    second = np.einsum("jwxz,kwxz,wxz->jk", after, after, joint) - np.outer(mean, mean)
    remainder = second - slope @ covariance @ slope.T
    if samples is None:
        solved = theory.stationary_covariance(slope, remainder)
    else:
        kicks = np.einsum("kwxz,w,z->kx", after, chances, noise[1]) - mean[:, None]
        data = (kicks * real[1]) @ kicks.T
        solved = theory.shuffled_covariance(slope, data, remainder - data, samples)
    shift = np.linalg.solve(np.eye(3) - slope, mean - center)
    return center + shift, (solved + solved.T) / 2


def _step(states: Floats, rates: Rates, rest: float, real: Floats, noise: Floats) -> Floats:
    """Return F (3, w, x, z) for states (3, w), each real node and each noise node."""
    deviation, intercept, slope = (row[:, None, None] for row in states)
    x, y = real[:, None], noise + rest + deviation
    doubt, belief = _logistic(-(intercept + slope * x)), _logistic(intercept + slope * y)
    new_intercept = intercept - rates.discriminator * (belief - doubt)
    new_slope = slope - rates.discriminator * (belief * y - doubt * x)
    moved = deviation + rates.generator * new_slope * _logistic(-(new_intercept + new_slope * y))
    return np.stack([moved, new_intercept, new_slope])


def _logistic(u: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(u / 2)))
