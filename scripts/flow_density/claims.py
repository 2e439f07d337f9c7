"""What the solution of exercise 4.3 states, as SymPy expressions; `check` derives each anew."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

x = sp.Symbol("x", positive=True)
z = sp.Symbol("z", real=True)
s = sp.Symbol("s", positive=True)
"""The variance of the normal base density (problem 16.2: 1)."""
k = sp.Symbol("k", integer=True, nonnegative=True)
left_end = sp.Symbol("ell", positive=True)


def square_density() -> sp.Expr:
    """Problem 16.1, on 0 < x <= 1."""
    return 1 / (2 * sp.sqrt(x))


def square_moment() -> sp.Expr:
    """The k-th moment of the law of problem 16.1."""
    return 1 / (2 * k + 1)


def square_entropy() -> sp.Expr:
    """Differential entropy (nats) of the law of problem 16.1."""
    return sp.log(2) - 1


def logistic_density() -> sp.Expr:
    """Problem 16.2, on 0 < x < 1, for base variance s."""
    exponent = -(sp.log(x / (1 - x)) ** 2) / (2 * s)
    return sp.exp(exponent) / (sp.sqrt(2 * sp.pi * s) * x * (1 - x))


def logistic_height() -> sp.Expr:
    """Value at x = 1/2 of the density of problem 16.2."""
    return 4 / sp.sqrt(2 * sp.pi)


def logistic_score() -> sp.Expr:
    """d/dz of log p(σ(z)), base variance s."""
    return sp.tanh(z / 2) - z / s


def logistic_concavity() -> sp.Expr:
    """x²(1−x)² · d²/dx² of log p(x) at x = σ(z), base variance 1, in x and z."""
    return -2 * x * (1 - x) - (2 * x - 1) * z


def cube_density() -> sp.Expr:
    """Density of z³ at x > 0, z standard normal: the critical point 0 lies inside the line."""
    return sp.exp(-(x ** sp.Rational(2, 3)) / 2) / (3 * sp.sqrt(2 * sp.pi) * x ** sp.Rational(2, 3))


def exponential_density() -> sp.Expr:
    """Density of −log z, z uniform on [0, 1]."""
    return sp.exp(-x)


def folded_density() -> tuple[sp.Expr, sp.Expr]:
    """Density of z², z uniform on [−ell, 1]: on (0, ell²) and on (ell², 1)."""
    return 1 / ((1 + left_end) * sp.sqrt(x)), 1 / (2 * (1 + left_end) * sp.sqrt(x))


def single_branch_mass() -> sp.Expr:
    """Total mass that the right branch alone would give in `folded_density`."""
    return 1 / (1 + left_end)


Layer = tuple[sp.Matrix, sp.Matrix]
"""A map of the plane: the two variables it is written in, and its two entries."""


def layered_determinant(layers: Sequence[Layer], start: sp.Matrix) -> sp.Expr:
    """det f′ of f = f_n ∘ … ∘ f_1 at `start`: the product of det f_k′ at the layers' inputs."""
    product, point = sp.Integer(1), start
    for variables, entries in layers:
        here = dict(zip(variables, point, strict=True))
        product *= entries.jacobian(variables).det().subs(here, simultaneous=True)
        point = entries.subs(here, simultaneous=True)
    return product


def polar_determinants() -> tuple[sp.Expr, sp.Expr]:
    """Determinants of the two layers of Box and Muller, in x (the uniform z_1) and the radius."""
    return -2 * sp.pi / (x * radius()), radius()


def radius() -> sp.Expr:
    """Radius of the point that Box and Muller make of z_1 = x."""
    return sp.sqrt(-2 * sp.log(x))


def quantile_maps() -> dict[str, sp.Expr]:
    """F_X⁻¹ ∘ F_Z in z: uniform base for "square" and "exponential", normal for "logistic"."""
    return {"square": z**2, "logistic": 1 / (1 + sp.exp(-z)), "exponential": -sp.log(1 - z)}


def steep_slopes() -> dict[str, sp.Expr]:
    """What the slope of the increasing map from N(0, 1) to each law is asymptotic to."""
    bell = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    return {"exponential": z, "Cauchy": z**2 / (sp.pi * bell)}
