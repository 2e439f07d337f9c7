"""The linear theory of exercise 4.6: what the learning rates decide, with nothing fitted.

State w = (δ, φ₀, φ₁), δ = θ − θ*, near the equilibrium w = 0. One epoch of training is
w ↦ Aw + O(|w|²) with a 3×3 matrix A that depends on the two rates and on moments of the data only.
Rates broadcast, and so does M where a function takes arrays: M (..., 2, 2), rates (...).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from scripts.common.arrays import Bools, Complexes, Floats, Ints

MONOTONE, SPIRAL, FLIP, NO_CONVERGENCE, RUNAWAY = range(5)
"""Classes of behavior. Converges: with a fixed sign, turning, or changing sign at each step;
stays bounded without converging; leaves every bounded set. The theory never predicts the last."""

NAMES = ("monotone", "spiral", "flip", "no convergence", "runaway")
"""Names of the classes, in the order of their codes."""

SCHEMES = ("fresh", "replaced", "shuffled")
"""The ways in which the bonus draws its examples (see `lab.sgd`), in the order of its arrays."""


def equilibrium(real: Floats, noise: Floats) -> float:
    """Return θ* = x̄ − z̄, where φ = 0 and θ* stop each other; samples of shape (m,)."""
    return float(np.mean(real) - np.mean(noise))


def moment_matrix(real: Floats, noise: Floats) -> Floats:
    """Return M (2, 2): the second moments of (1, x), averaged over real and generated points.

    The generated points are those of the equilibrium, noise + θ*.
    """
    generated = noise + equilibrium(real, noise)
    second = (np.mean(real**2) + np.mean(generated**2)) / 2
    return np.array([[1.0, np.mean(real)], [np.mean(real), second]])


def moments(mean: float, variance: float) -> Floats:
    """Return M (2, 2) for points with this mean and (population) variance."""
    return np.array([[1.0, mean], [mean, variance + mean**2]])


def alternating_map(M: Floats, generator_rate: ArrayLike, discriminator_rate: ArrayLike) -> Floats:
    """Return A (..., 3, 3) of one epoch, discriminator first: the generator sees the new φ."""
    eta_g, eta_d = _rates(generator_rate, discriminator_rate)
    A = _discriminator_step(M, eta_d)
    A[..., 0, :] += eta_g[..., None] / 2 * A[..., 2, :]
    return A


def simultaneous_map(M: Floats, generator_rate: ArrayLike, discriminator_rate: ArrayLike) -> Floats:
    """Return A (..., 3, 3) of one epoch in which the generator still sees the old φ."""
    eta_g, eta_d = _rates(generator_rate, discriminator_rate)
    A = _discriminator_step(M, eta_d)
    A[..., 0, 2] += eta_g / 2
    return A


def _rates(generator_rate: ArrayLike, discriminator_rate: ArrayLike) -> tuple[Floats, Floats]:
    """Return η_G and η_D, the letters of the formulas, as arrays of one shape."""
    eta_g, eta_d = np.broadcast_arrays(generator_rate, discriminator_rate)
    return eta_g.astype(float), eta_d.astype(float)


def _discriminator_step(M: Floats, eta_d: Floats) -> Floats:
    """φ⁺ = φ − η_D(½Mφ + ½(0, δ)), δ⁺ = δ, as a matrix (..., 3, 3)."""
    A = np.zeros((*eta_d.shape, 3, 3))
    A[..., 0, 0] = 1.0
    A[..., 1:, 1:] = np.eye(2) - eta_d[..., None, None] / 2 * M
    A[..., 2, 0] = -eta_d / 2
    return A


def spectral_radius(A: Floats) -> Floats:
    """Return the largest modulus of an eigenvalue of each matrix (..., n, n)."""
    radius: Floats = np.abs(np.linalg.eigvals(A)).max(axis=-1)
    return radius


def dominant_eigenvalue(A: Floats) -> Complexes:
    """Return the eigenvalue (...) of largest modulus of each matrix (..., n, n).

    Of a conjugate pair, whose moduli agree up to rounding, the one above the real axis.
    """
    values = np.linalg.eigvals(A).astype(complex)
    moduli = np.abs(values)
    leading = moduli >= moduli.max(axis=-1, keepdims=True) * (1 - 1e-12)
    place = np.where(leading, values.imag, -np.inf).argmax(axis=-1)
    return np.asarray(np.take_along_axis(values, place[..., None], axis=-1)[..., 0])


def behavior(multiplier: ArrayLike) -> Ints:
    """Return the class that a dominant eigenvalue, array of any shape, predicts."""
    lead = np.asarray(multiplier, complex)
    kind = np.where(lead.imag != 0, SPIRAL, np.where(lead.real > 0, MONOTONE, FLIP))
    return np.where(np.abs(lead) < 1, kind, NO_CONVERGENCE).astype(np.int8)


def separation(A: Floats) -> Floats:
    """Return log(ρ/ρ₂) of each map (..., 3, 3): by how much per epoch the dominant mode leads.

    ρ₂ is the largest modulus of an eigenvalue outside the dominant one or complex pair; infinite
    where there is none or it is zero.
    """
    values = np.linalg.eigvals(A)
    moduli = np.abs(values)
    dominant = np.take_along_axis(values, moduli.argmax(axis=-1)[..., None], axis=-1)
    same = np.isclose(values, dominant, rtol=1e-9) | np.isclose(values, dominant.conj(), rtol=1e-9)
    with np.errstate(divide="ignore"):
        lead = np.log(moduli.max(axis=-1)) - np.log(np.where(same, 0.0, moduli).max(axis=-1))
    return np.asarray(lead)


def rule(M: Floats, generator_rate: ArrayLike, discriminator_rate: ArrayLike) -> Floats:
    """Return η_D λ_max(M + ¼η_G bbᵀ), b = (0, 1): alternating updates are stable below 4."""
    eta_g, eta_d = _rates(generator_rate, discriminator_rate)
    moments = np.broadcast_to(M, (*eta_d.shape, 2, 2)).copy()
    moments[..., 1, 1] += eta_g / 4
    return np.asarray(eta_d * np.linalg.eigvalsh(moments)[..., -1])


def is_stable(M: Floats, generator_rate: ArrayLike, discriminator_rate: ArrayLike) -> Bools:
    """Return whether alternating updates are stable: the exact region, `rule` below 4."""
    return np.asarray(rule(M, generator_rate, discriminator_rate) < 4)


def is_stable_simultaneous(
    variance: ArrayLike, generator_rate: ArrayLike, discriminator_rate: ArrayLike
) -> Bools:
    """Return whether simultaneous updates are stable, centered data: the exact region.

    η_D < 4 (for φ₀), η_G < 2σ² and 4 − η_D σ² + η_D η_G / 4 > 0 (for φ₁ and θ).
    """
    v, (eta_g, eta_d) = np.asarray(variance, float), _rates(generator_rate, discriminator_rate)
    return np.asarray((eta_d < 4) & (eta_g < 2 * v) & (4 - eta_d * v + eta_d * eta_g / 4 > 0))


def stability_limit(M: Floats, discriminator_rate: ArrayLike) -> Floats:
    """Return the largest stable η_G for each η_D; 0 where no η_G is stable."""
    eta_d = np.asarray(discriminator_rate, float)
    inside = eta_d * np.linalg.eigvalsh(M)[..., -1] < 4
    with np.errstate(divide="ignore"):
        limit = 64 * _quarter_determinant(M, eta_d) / (eta_d * (4 - eta_d))
    return np.where(inside, limit, 0.0)


def _quarter_determinant(M: Floats, eta_d: Floats) -> Floats:
    """det(I − η_D M / 4)."""
    trace = M[..., 0, 0] + M[..., 1, 1]
    return np.asarray(1 - eta_d * trace / 4 + eta_d**2 * np.linalg.det(M) / 16)


def stationary_covariance(A: Floats, Q: Floats) -> Floats:
    """Return the solution Σ (n, n) of the discrete Lyapunov equation Σ = AΣAᵀ + Q.

    Raises ValueError if A is not stable (the chain has no stationary covariance then).
    """
    if spectral_radius(A) >= 1:
        raise ValueError("the map is not stable: there is no stationary covariance")
    n = len(A)
    flat = np.linalg.solve(np.eye(n * n) - np.kron(A, A), Q.ravel())
    return np.asarray(flat.reshape(n, n))


def single_example_covariance(
    real: Floats, noise: Floats, generator_rate: float, discriminator_rate: float
) -> Floats | None:
    """Return the covariance (3, 3) of SGD by Σ = E[U_ij Σ U_ijᵀ] + 2v qqᵀ, all pairs alike.

    U_ij is affine in the moments of x_i and of y_j, which are independent: E[U_ij ⊗ U_ij] is
    U ⊗ U plus one term for each. None where no finite covariance is stationary.
    """
    rates = generator_rate, discriminator_rate
    product, generated = np.zeros((9, 9)), noise + equilibrium(real, noise)
    for points in (real, generated):
        second = np.stack([np.ones_like(points), points, points, points**2], axis=1) / 2
        maps = alternating_map(second.reshape(-1, 2, 2), *(np.full(len(points), r) for r in rates))
        shifts = (maps - maps.mean(axis=0)).reshape(-1, 9)
        product += _kronecker_of_products(shifts.T @ shifts / len(points))
    U = alternating_map(moment_matrix(real, noise), *rates)
    product += np.kron(U, U)
    if spectral_radius(product) >= 1:
        return None
    q, variance = noise_direction(*rates), float(np.var(real) + np.var(noise))
    flat = np.linalg.solve(np.eye(9) - product, variance * np.outer(q, q).ravel())
    return np.asarray(flat.reshape(3, 3))


def _kronecker_of_products(products: Floats) -> Floats:
    """Return E[B ⊗ B] (9, 9) from the means (9, 9) of the products of the entries of B (3, 3)."""
    return np.asarray(products.reshape(3, 3, 3, 3).transpose(0, 2, 1, 3).reshape(9, 9))


def noise_direction(generator_rate: float, discriminator_rate: float) -> Floats:
    """Return q (3,): how one unit of (x_gen − x_real) in a one-example step moves the state.

    The discriminator's step moves φ₁ by −½η_D; the generator, next, passes it on to θ.
    """
    return np.array([-discriminator_rate * generator_rate / 4, 0.0, -discriminator_rate / 2])


def sampled_variance(A: Floats, q: Floats, real_variance: float, noise_variance: float) -> float:
    """Return the predicted stationary variance of θ when each step draws its example afresh.

    A: one step's map (3, 3); q: `noise_direction`. real_variance: of the real example, s² of the
    data set (drawn with replacement) or σ² (new draws). noise_variance: of the generator's input.
    """
    Q = (real_variance + noise_variance) * np.outer(q, q)
    return float(stationary_covariance(A, Q)[0, 0])


def shuffled_variance(
    A: Floats, q: Floats, real_variance: float, noise_variance: float, samples: int
) -> float:
    """Return the predicted variance of θ, averaged over the epoch, when epochs are shuffled.

    Arguments as in `sampled_variance`, and the number of steps in an epoch.
    """
    kick = np.outer(q, q)
    covariance = shuffled_covariance(A, real_variance * kick, noise_variance * kick, samples)
    return float(covariance[0, 0])


def shuffled_covariance(A: Floats, data: Floats, other: Floats, samples: int) -> Floats:
    """Return the covariance (3, 3), averaged over the epoch, of w⁺ = Aw + d + o.

    An epoch of `samples` = m steps takes m fixed kicks d, which sum to zero, in a random order:
    Cov(d_i, d_j) = `data`·m/(m − 1)·(1{i = j} − 1/m). The kicks o, of covariance `other`, are
    independent, and so are epochs. The chain's covariance is then periodic with period m.
    """
    m = samples
    fresh = data * m / (m - 1) + other
    power, total = np.eye(3), np.zeros((3, 3))  # Aⁿ, and the sum of the powers below n
    own, powers, owns = np.zeros((3, 3)), [], []  # own: covariance that the epoch itself has caused
    for _ in range(m):
        own = own + power @ fresh @ power.T
        total, power = total + power, A @ power
        powers.append(power)
        owns.append(own - total @ data @ total.T / (m - 1))
    start = stationary_covariance(power, owns[-1])
    steps = np.array(powers)
    return np.asarray((steps @ start @ steps.transpose(0, 2, 1) + np.array(owns)).mean(axis=0))


def small_rate_variance(
    mean: float, variance: float, generator_rate: ArrayLike, discriminator_rate: ArrayLike
) -> Floats:
    """Return the limit law of Var θ for small rates (fresh draws); η_G / 2 for mean 0."""
    eta_g, eta_d = _rates(generator_rate, discriminator_rate)
    r = eta_g / eta_d
    above = 1 + variance + mean**2 + r
    below = variance * (1 + variance + r) + mean**2 * (variance + r)
    return np.asarray(eta_g * variance / 2 * above / below)
