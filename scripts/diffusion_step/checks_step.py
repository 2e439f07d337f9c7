"""Problem 18.1 by algebra and by listing every outcome.

`model` is fed SymPy symbols or exact fractions, and compared with block products, enumerated
expectations and iterated recursions that do not use it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy as sp

from scripts.common.arrays import Arrays, Numbers
from scripts.common.checks import Check
from scripts.diffusion_step import model
from scripts.diffusion_step.algebra import A, B, identity, mistakes, symbols, symmetric

Outcome = Sequence[Fraction]


def block_product_mistakes(size: int) -> int:
    """Compare Cov[a x + b ε] with (aI bI) S (aI bI)ᵀ, S the joint covariance, all symbols."""
    start, noise = symmetric("s", size), symmetric("n", size)
    cross = np.array([[sp.Symbol(f"c{i}{j}") for j in range(size)] for i in range(size)])
    joint = sp.Matrix(np.block([[start, cross], [cross.T, noise]]))
    row = sp.Matrix(np.hstack([A * identity(size), B * identity(size)]))
    claimed = model.step_covariance(start, noise, cross, (A, B))
    return mistakes(row * joint * row.T - sp.Matrix(claimed))


def enumerated_covariance(outcomes: Sequence[tuple[Outcome, Outcome]]) -> tuple[Numbers, Numbers]:
    """Return (Cov[x], Cov[x, y]) of equally likely outcomes (x, y), exactly."""
    count = len(outcomes)
    x = np.array([first for first, _ in outcomes], dtype=object)
    y = np.array([second for _, second in outcomes], dtype=object)
    x = x - x.sum(axis=0) / Fraction(count)
    y = y - y.sum(axis=0) / Fraction(count)
    return x.T @ x / Fraction(count), x.T @ y / Fraction(count)


def enumeration_mistakes(dependent: bool) -> int:
    """List every outcome of a step from x in {0, 2}², whose covariance is I, for exact weights.

    dependent: the first coordinate of ε is the product of the coordinates of x − (1, 1), a
    function of x that is uncorrelated with it; else ε is independent of x.
    """
    signs = (Fraction(-1), Fraction(1))
    wrong = 0
    for a, b in ((3, 5), (5, 13), (8, 17)):  # legs and hypotenuses of right triangles
        other = int((b * b - a * a) ** 0.5)
        weights = (Fraction(a, b), Fraction(other, b))
        outcomes = []
        for first, second, e1, e2 in itertools.product(signs, repeat=4):
            noise = (first * second, e2) if dependent else (e1, e2)
            x = (1 + first, 1 + second)
            outcomes.append((x, noise))
        stepped = [
            (tuple(weights[0] * s + weights[1] * e for s, e in zip(x, noise, strict=True)), noise)
            for x, noise in outcomes
        ]
        start, cross = enumerated_covariance(outcomes)
        found = enumerated_covariance(stepped)[0]
        claimed = model.step_covariance(start, identity(2), cross, weights)
        wrong += int(np.sum(claimed != found)) + int(np.sum(found != identity(2)))
    return wrong


def cross_term() -> Check:
    """Try dependent noise: ε = Rx with R a quarter turn, alone and with a fresh third entry.

    In one dimension ε has correlation ρ with x.
    """
    turn = sp.Matrix([[0, -1], [1, 0]])
    moved = A * sp.eye(2) + B * turn  # x_t = (aI + bR) x
    quarter = np.array([[0, -1], [1, 0]])
    claimed = model.step_covariance(identity(2), identity(2), quarter.T, (A, B))  # Cov[x, Rx] = Rᵀ
    count = mistakes(moved * moved.T - sp.Matrix(claimed))
    count += mistakes(sp.Matrix(claimed) - (A**2 + B**2) * sp.eye(2))
    beside = np.zeros((3, 3), dtype=int)
    beside[:2, :2] = quarter.T  # the third entry of ε is uncorrelated with x
    space = model.step_covariance(identity(3), identity(3), beside, (A, B))
    count += mistakes(sp.Matrix(space) - (A**2 + B**2) * sp.eye(3))
    rho = sp.Symbol("rho", real=True)
    line = model.step_covariance(identity(1), identity(1), np.array([[rho]]), (A, B))[0, 0]
    s = sp.Symbol("s", real=True)  # ε = ρx + s·w with w independent of x and s² = 1 − ρ²
    by_parts = ((A + B * rho) ** 2 + (B * s) ** 2).expand().subs(s**2, 1 - rho**2)
    return Check(
        id="diffusion_step.cross-term",
        claim="prp-diff-cross",
        statement="A quarter turn $\\epsilon=Rx$ keeps $(a^2+b^2)I$, also beside a fresh "
        "third entry; in one dimension a correlation $\\rho$ adds $2ab\\rho$: equalities that "
        "fail.",
        method="symbolic",
        value=count + mistakes([line - by_parts]),
    )


def variance_recursion() -> Check:
    """Iterate v -> a²v + b² and compare each of five steps with the closed form."""
    start = variance = sp.Symbol("v", positive=True)
    wrong = 0
    for steps in range(6):
        wrong += mistakes([variance - model.variance_after(steps, start, (A, B))])
        variance = sp.expand(A**2 * variance + B**2)
    return Check(
        id="diffusion_step.variance-recursion",
        claim="prp-diff-weights",
        statement="Five iterations of $v\\mapsto a^2v+b^2$ from any start against the closed "
        "form: steps that differ.",
        method="symbolic",
        value=wrong,
    )


def long_run() -> Check:
    """Run 400 steps of v -> a²v + b² in exact fractions for every pair of a few weights.

    By then a² <= 9/25 has forgotten the start to 10⁻¹⁷⁷, and b² >= 1/4 has added 100 to it.
    """
    sizes = [Fraction(0), Fraction(1, 2), Fraction(3, 5), Fraction(1), Fraction(2)]
    signed = sorted({sign * size for size in sizes for sign in (-1, 1)})
    wrong = 0
    for a, b, start in itertools.product(signed, [*signed, Fraction(4, 5)], (0, 1, 3)):
        variance = Fraction(start)
        for _ in range(400):
            variance = a * a * variance + b * b
        stated = model.long_run_variance((a, b), start)
        if stated == math.inf:
            wrong += variance < 99
        else:
            wrong += abs(variance - stated) > Fraction(1, 10**170)
        once = model.step_covariance(identity(1), identity(1), 0 * identity(1), (a, b))[0, 0]
        wrong += (once == 1) != (a * a + b * b == 1)
    return Check(
        id="diffusion_step.long-run",
        claim="prp-diff-weights",
        statement="400 steps in exact fractions for each pair of weights out of "
        "$0,\\pm\\frac12,\\pm\\frac35,\\pm1,\\pm2$ (and $b=\\frac45$) from $v_0=0,1,3$: runs "
        "that do not end as stated, and steps that preserve 1 though $a^2+b^2\\ne1$ or the "
        "reverse.",
        method="exhaustive",
        value=wrong,
    )


def repair() -> Check:
    """Iterate four steps with free β_t on a free start covariance, against the closed form."""
    size, betas = 3, symbols("beta", 4)
    start = symmetric("s", size)
    covariance = sp.Matrix(start)
    for beta in betas:
        covariance = (1 - beta) * covariance + beta * sp.eye(size)
    claimed = model.covariance_after(start, model.signal_left(betas)[-1])
    return Check(
        id="diffusion_step.repair",
        claim="thm-diff-repair",
        statement="Four steps with free $\\beta_t$ from a free $3\\times3$ covariance against "
        "$I+\\bar\\alpha_4(\\operatorname{Cov}[x_0]-I)$: entries that differ.",
        method="symbolic",
        value=mistakes(covariance - sp.Matrix(claimed)),
    )


def forgetting(steps: int) -> Check:
    """Compare ᾱ_t of two schedules with their telescoped products, in exact fractions."""
    slow = np.array([Fraction(1, s + 1) for s in range(1, steps + 1)], dtype=object)
    fast = np.array([Fraction(1, (s + 1) ** 2) for s in range(1, steps + 1)], dtype=object)
    slow_left, fast_left = model.signal_left(slow), model.signal_left(fast)
    return Check(
        id="diffusion_step.forgetting",
        claim="prp-diff-forget",
        statement="$\\bar\\alpha_t$ for $\\beta_s=1/(s+1)$ and $\\beta_s=1/(s+1)^2$, "
        "$t\\le60$, in exact fractions against the telescoped products: times that differ.",
        method="exhaustive",
        value=sum(
            (slow_left[t - 1] != Fraction(1, t + 1))
            + (fast_left[t - 1] != Fraction(t + 2, 2 * (t + 1)))
            for t in range(1, steps + 1)
        ),
    )


def exact_variances(arrays: Arrays, beta: float, steps: int) -> Arrays:
    """Iterate v -> a²v + b² for the five chains, from the start that was drawn."""
    squares = {
        "wide": (1.0 - beta, beta),
        "narrow": (1.0 - beta, beta),
        "right": (1.0 - beta, beta),
        "shrinking": ((1.0 - beta) ** 2, beta**2),
        "growing": (1.0, beta),
    }
    found = {}
    for name, (keep, add) in squares.items():
        variances = [float(arrays[f"predicted_{name}"][0])]
        for _ in range(steps):
            variances.append(keep * variances[-1] + add)
        found[name] = np.array(variances)
    return found


def prediction_check(arrays: Arrays, beta: float, steps: int) -> Check:
    """The curves that are drawn against the iterated recursion, at every time."""
    exact = exact_variances(arrays, beta, steps)
    gap = max(
        float(np.max(np.abs(arrays[f"predicted_{name}"] / exact[name] - 1.0))) for name in exact
    )
    smallest = float(arrays["predicted_narrow"][0])  # the limit's rounding is relative to 1, not it
    return Check(
        id="diffusion_step.variance-curves",
        claim="prp-diff-weights",
        statement="The five closed-form variance curves against the iterated recursion at every "
        "step: largest relative difference (eight roundings a step, and eight in units of "
        "$1/\\beta$, on the scale of the limit 1).",
        method="numerical",
        value=gap,
        at_most=8.0 * (steps + 1.0 / beta) / smallest * float(np.finfo(np.float64).eps),
    )


def checks(arrays: Arrays, beta: float, steps: int) -> list[Check]:
    """Problem 18.1 and what goes with it; `arrays` as `compute` writes them."""
    limit = model.stationary_variance((A, B))
    v, weight = sp.symbols("v beta", positive=True)
    balanced = sp.solve(limit - 1, B**2)
    shrinking = model.stationary_variance((1 - weight, weight))
    return [
        Check(
            id="diffusion_step.covariance-bilinear",
            claim="thm-diff-preserve",
            statement="$\\operatorname{Cov}[ax+b\\epsilon]$ against the block product of the joint "
            "covariance whose entries are symbols, in two and three dimensions: entries that "
            "differ.",
            method="symbolic",
            value=block_product_mistakes(2) + block_product_mistakes(3),
        ),
        Check(
            id="diffusion_step.identity-independent",
            claim="thm-diff-preserve",
            statement="Every outcome of a step from a two-valued start is listed, with exact "
            "weights from three right triangles: entries of the covariance that differ from $I$.",
            method="exhaustive",
            value=enumeration_mistakes(dependent=False),
        ),
        Check(
            id="diffusion_step.identity-uncorrelated",
            claim="thm-diff-preserve",
            statement="The same with noise that depends on $x_{t-1}$ but is uncorrelated with it: "
            "entries that differ from $I$.",
            method="exhaustive",
            value=enumeration_mistakes(dependent=True),
        ),
        cross_term(),
        Check(
            id="diffusion_step.fixed-variance",
            claim="prp-diff-weights",
            statement="SymPy solves $v=a^2v+b^2$, and the solution is 1 exactly when $b^2=1-a^2$: "
            "equalities that fail.",
            method="symbolic",
            value=mistakes([sp.solve(A**2 * v + B**2 - v, v)[0] - limit, balanced[0] - (1 - A**2)]),
        ),
        variance_recursion(),
        long_run(),
        Check(
            id="diffusion_step.shrinking-limit",
            claim="cor-diff-shrinking",
            statement="The limit for the weights $(1-\\beta,\\beta)$ is $\\beta/(2-\\beta)$: "
            "equalities that fail.",
            method="symbolic",
            value=mistakes([shrinking - weight / (2 - weight)]),
        ),
        repair(),
        forgetting(60),
        prediction_check(arrays, beta, steps),
    ]
