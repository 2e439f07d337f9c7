"""Problem 18.2 by algebra: integrals over the normal density, and the chain on linear forms."""

from __future__ import annotations

import itertools
from typing import Any

import sympy as sp

from scripts.common.arrays import Numbers
from scripts.common.checks import Check
from scripts.common.normal_mean import normal_mean
from scripts.diffusion_step import model
from scripts.diffusion_step.algebra import A, B, mistakes, symbols

U = sp.Symbol("u", real=True)
"""The argument of characteristic functions."""


def combined_moments() -> Check:
    """Integrate z = aε₁ + bε₂ and z² over ε₂, then over ε₁."""
    mean = normal_mean(lambda e1: normal_mean(lambda e2: A * e1 + B * e2))
    square = normal_mean(lambda e1: normal_mean(lambda e2: (A * e1 + B * e2) ** 2))
    return Check(
        id="diffusion_step.combined-moments",
        claim="prp-diff-moments",
        statement="$\\mathbb E[z]=0$ and $\\mathbb E[z^2]=a^2+b^2$ by SymPy's double integral "
        "over the two normal densities: equalities that fail.",
        method="symbolic",
        value=mistakes([mean, square - combined_variance((A, B))]),
    )


def combined_variance(weights: tuple[Any, Any]) -> Any:
    """Return a² + b², which the solution states as Var[aε₁ + bε₂]."""
    a, b = weights
    return a**2 + b**2


def characteristic_function() -> Check:
    """Multiply the characteristic functions of aε₁ and bε₂ and compare with the merged one."""
    one = normal_mean(lambda e: sp.cos(U * e))  # the imaginary part is odd and integrates to 0
    product = one.subs(U, A * U) * one.subs(U, B * U)
    merged = sp.exp(-combined_variance((A, B)) * U**2 / 2)
    return Check(
        id="diffusion_step.characteristic-function",
        claim="thm-diff-gauss",
        statement="SymPy integrates $\\cos(u\\epsilon)$ against the normal density; the "
        "product for $a$ and $b$ is that of $N(0,a^2+b^2)$: equalities that fail.",
        method="symbolic",
        value=mistakes(
            [one - sp.exp(-(U**2) / 2), sp.powsimp(product) - sp.powsimp(sp.expand(merged))]
        ),
    )


def convolution() -> Check:
    """Convolve the densities of aε₁ and bε₂ by completing the square."""
    y, z = sp.symbols("y z", real=True)
    total = combined_variance((A, B))
    exponent = y**2 / (2 * A**2) + (z - y) ** 2 / (2 * B**2)
    rest = total / (2 * A**2 * B**2) * (y - A**2 * z / total) ** 2
    width = sp.Symbol("k", positive=True)
    bell = sp.integrate(sp.exp(-width * y**2), (y, -sp.oo, sp.oo))  # √(π/k), shift-invariant
    scale = bell.subs(width, total / (2 * A**2 * B**2)) / (2 * sp.pi * A * B)
    return Check(
        id="diffusion_step.convolution",
        claim="thm-diff-gauss",
        statement="The square completed in the convolution integral, and the integral that is "
        "left: equalities that fail.",
        method="symbolic",
        value=mistakes(
            [exponent - rest - z**2 / (2 * total), scale - 1 / sp.sqrt(2 * sp.pi * total)]
        ),
    )


def rotation() -> Check:
    """Turn (ε₁, ε₂) by (a, b)/√(a² + b²): radius and area must stay, the first entry be z/√(…)."""
    turn = sp.Matrix([[A, B], [-B, A]]) / sp.sqrt(combined_variance((A, B)))
    return Check(
        id="diffusion_step.rotation",
        claim="thm-diff-gauss",
        statement="The change to $(z,-b\\epsilon_1+a\\epsilon_2)/\\sqrt{a^2+b^2}$ is a "
        "rotation: entries that fail.",
        method="symbolic",
        value=mistakes([*(turn * turn.T - sp.eye(2)), turn.det() - 1]),
    )


def coin() -> Check:
    """Average over the coin and over ε₁: moments, excess and characteristic function."""
    fourth, second = normal_mean(lambda e: e**4), normal_mean(lambda e: e**2)
    signs = (1, -1)
    covariance = sum(sign * second for sign in signs) / 2
    variance = sum((A + sign * B) ** 2 * second for sign in signs) / 2
    kurtosis = sum((A + sign * B) ** 4 * fourth for sign in signs) / 2 / variance**2
    characteristic = sum(sp.exp(-((A + sign * B) ** 2) * U**2 / 2) for sign in signs) / 2
    stated = sp.exp(-(A**2 + B**2) * U**2 / 2) * sp.cosh(A * B * U**2).rewrite(sp.exp)
    return Check(
        id="diffusion_step.coin",
        claim="prp-diff-coin",
        statement="Averages over the coin: zero covariance, variance $a^2+b^2$, excess "
        "$12a^2b^2/(a^2+b^2)^2$, and the characteristic function: equalities that fail.",
        method="symbolic",
        value=mistakes(
            [
                covariance,
                variance - combined_variance((A, B)),
                kurtosis - 3 - model.coin_excess((A, B)),
                sp.expand(characteristic.expand() - stated.expand()),
                # The mass at 0 (the only atom) is the limit of the characteristic function.
                sp.limit(characteristic.subs(A, B), U, sp.oo) - sp.Rational(1, 2),
            ]
        ),
    )


def stability() -> Check:
    """Combine two independent uniform noises of variance 1: the excess must shrink, not stay."""
    e1, e2 = sp.symbols("e1 e2", real=True)
    edge = sp.sqrt(3)

    def mean(power: int) -> sp.Expr:
        inner = sp.integrate(sp.expand((A * e1 + B * e2) ** power), (e2, -edge, edge)) / (2 * edge)
        return sp.integrate(sp.expand(inner), (e1, -edge, edge)) / (2 * edge)

    excess = mean(4) / mean(2) ** 2 - 3
    beta, share = sp.symbols("beta share", positive=True)  # of the excess of a single noise
    lasting = sp.solve((1 - beta) ** 2 * share + beta**2 - share, share)[0]
    return Check(
        id="diffusion_step.stability",
        claim="prp-diff-stable",
        statement="Uniform noise: the excess of $a\\epsilon_1+b\\epsilon_2$, integrated, is "
        "$-\\frac65(a^4+b^4)/(a^2+b^2)^2$, and the share $\\beta/(2-\\beta)$ of it lasts: "
        "equalities that fail.",
        method="symbolic",
        value=mistakes(
            [
                excess + sp.Rational(6, 5) * (A**4 + B**4) / combined_variance((A, B)) ** 2,
                lasting - lasting_excess(beta),
            ]
        ),
    )


def lasting_excess(beta: Any) -> Any:
    """Return what is left of the excess of x_t after many steps, as a share of the noise's own."""
    return beta / (2 - beta)


def stated_moment(order: int) -> sp.Expr:
    """Return the moment of N(0, 1) of the given order: 0 if odd, (order − 1)!! if even."""
    return sp.factorial2(order - 1) if order % 2 == 0 else sp.Integer(0)


def stable_moments(highest: int) -> Check:
    """Solve for the moments 3, …, `highest` of a law that (ε₁ + ε₂)/√2 shares, one after another.

    Mean 0 and variance 1 are given; no other property of the law is used.
    """
    moments = [sp.Integer(1), sp.Integer(0), sp.Integer(1)]
    wrong = 0
    for order in range(3, highest + 1):
        unknown = sp.Symbol("m")
        moments.append(unknown)
        total = sum(
            sp.binomial(order, k) * moments[k] * moments[order - k] for k in range(order + 1)
        )
        solutions = sp.solve(total / sp.sqrt(2) ** order - unknown, unknown)
        moments[order] = solutions[0]
        wrong += len(solutions) != 1 or mistakes([solutions[0] - stated_moment(order)]) > 0
    return Check(
        id="diffusion_step.stable-moments",
        claim="prp-diff-stable",
        statement="Mean 0, variance 1 and $(\\epsilon_1+\\epsilon_2)/\\sqrt2\\sim\\epsilon$: "
        "SymPy solves for the moments 3 to 10 one after another, and each is that of "
        "$N(0,1)$: moments that differ.",
        method="symbolic",
        value=wrong,
    )


def chain_weights(betas: Numbers) -> tuple[sp.Expr, list[sp.Expr]]:
    """Iterate the step on linear forms: return the weights of x_0 and of ε_1, …, ε_t in x_t."""
    signal, noises = sp.Integer(1), list[sp.Expr]()
    for beta in betas:
        keep = sp.sqrt(1 - beta)
        signal, noises = keep * signal, [keep * weight for weight in noises] + [sp.sqrt(beta)]
    return signal, noises


def closed_form_weights(steps: int) -> Check:
    """Compare the iterated weights with √ᾱ_t and the stated shares, and the shares with 1 − ᾱ_t."""
    betas = symbols("beta", steps)
    signal, noises = chain_weights(betas)
    left, shares = model.signal_left(betas)[-1], model.noise_shares(betas)
    squares = [weight**2 - share for weight, share in zip(noises, shares, strict=True)]
    return Check(
        id="diffusion_step.closed-form-weights",
        claim="thm-diff-closed",
        statement="Five steps iterated on linear forms: weights of $x_0$ and of each "
        "$\\epsilon_s$, and their squares' sum, against the closed form: equalities that fail.",
        method="symbolic",
        value=mistakes([signal**2 - left, *squares, sum(shares) - (1 - left)]),
    )


def path_correlation(steps: int) -> Check:
    """Compare the correlation of merged noises at each pair of times with the stated one."""
    betas = symbols("beta", steps)
    left = model.signal_left(betas)
    wrong = 0
    for earlier, later in itertools.combinations(range(1, steps + 1), 2):
        first, second = chain_weights(betas[:earlier])[1], chain_weights(betas[:later])[1]
        shared = sum(x * y for x, y in zip(first, second[:earlier], strict=True))
        scale = sum(x**2 for x in first) * sum(y**2 for y in second)
        stated = model.noise_correlation_squared(left[earlier - 1], left[later - 1])
        wrong += mistakes([sp.factor(shared**2 - stated * scale)])
    return Check(
        id="diffusion_step.path-correlation",
        claim="prp-diff-path",
        statement="The correlation of the merged noises at each pair of times up to 4, from "
        "the iterated weights: pairs that differ.",
        method="symbolic",
        value=wrong,
    )


def checks() -> list[Check]:
    """Problem 18.2 and what goes with it."""
    return [
        combined_moments(),
        characteristic_function(),
        convolution(),
        rotation(),
        coin(),
        stability(),
        stable_moments(10),
        closed_form_weights(5),
        path_correlation(4),
    ]
