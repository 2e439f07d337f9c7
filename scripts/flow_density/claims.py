"""What the solution of exercise 4.3 states, as SymPy expressions; `check` derives each anew."""

from __future__ import annotations

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
