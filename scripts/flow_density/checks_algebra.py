"""Checks of exercise 4.3 by algebra and by listing cases: each formula derived a second time.

Each function re-derives with SymPy, from the distribution function, what `claims` states, or
lists the intervals of the Cantor construction in exact arithmetic.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from scripts.common.checks import Check
from scripts.flow_density import cantor, claims


def checks(cantor_levels: int) -> list[Check]:
    """Return the checks of this file; cantor_levels: steps of the construction that are listed."""
    return [*square_checks(), *logistic_checks(), *other_maps_checks(cantor_levels)]


def _wrong(*differences: sp.Expr) -> int:
    """How many of the expressions, each the difference of two equal ones, are not zero."""
    return sum(sp.simplify(difference) != 0 for difference in differences)


def square_checks() -> list[Check]:
    """Problem 16.1: density, mass and moments, from the distribution function."""
    x, z, k = claims.x, claims.z, claims.k
    claimed = claims.square_density()
    root = next(r for r in sp.solve(z**2 - x, z) if r.is_positive)
    cdf = sp.integrate(1, (z, 0, root))  # P(z² <= x) = P(0 <= z <= root)
    mass = sp.integrate(claimed, (x, 0, 1))
    unbounded = sp.limit(claimed, x, 0, "+") == sp.oo
    moment = sp.integrate(z ** (2 * k), (z, 0, 1))  # E[z^2k], without the density
    by_density = [sp.integrate(x**j * claimed, (x, 0, 1)) for j in range(5)]
    wrong_moments = sum(
        sp.simplify(sp.sympify(other).subs(k, j) - by_density[j]) != 0
        for other in (claims.square_moment(), moment)
        for j in range(5)
    )
    return [
        Check(
            id="flow_density.square-density",
            claim="prp-flow-square",
            statement="The derivative of $P(Z^2\\le x)$, found by solving $z^2=x$ and integrating "
            "the base density, is the stated density: differences found by SymPy.",
            method="symbolic",
            value=_wrong(sp.diff(cdf, x) - claimed),
        ),
        Check(
            id="flow_density.square-integrable",
            claim="prp-flow-square",
            statement="The density of problem 16.1 tends to infinity at 0 and its integral over "
            "$(0,1)$ is 1: SymPy's integral where the limit is infinite.",
            method="symbolic",
            value=float(mass) if unbounded else 0.0,
            equals=1,
        ),
        Check(
            id="flow_density.square-moments",
            claim="prp-flow-square",
            statement="The moments $\\mathbb E[X^k]$, $k=0,\\dots,4$, integrated against the "
            "density, equal $1/(2k+1)$ and $\\mathbb E[Z^{2k}]$: moments that differ.",
            method="symbolic",
            value=wrong_moments,
        ),
    ]


def logistic_checks() -> list[Check]:
    """Problem 16.2: density from the distribution function, its height and shape."""
    x, z, s = claims.x, claims.z, claims.s
    claimed = claims.logistic_density()
    cdf = (1 + sp.erf(sp.log(x / (1 - x)) / sp.sqrt(2 * s))) / 2  # P(z <= logit x)
    from_cdf = sp.diff(cdf, x)
    sigma = 1 / (1 + sp.exp(-z))
    slope = sp.diff(sigma, z)
    score = sp.diff(-(z**2) / (2 * s) - sp.log(slope), z)
    # Along x = σ(z), d/dx = (1/slope) d/dz, and the claim is scaled by (x(1 − x))² = slope².
    concavity = slope * sp.diff(score.subs(s, 1) / slope, z)
    t, standard = sp.Symbol("t", positive=True), claimed.subs(s, 1)
    mirrored = standard.subs(x, 1 / (1 + t)) - standard.subs(x, t / (1 + t))
    return [
        Check(
            id="flow_density.logistic-density",
            claim="prp-flow-logistic",
            statement="The derivative of $\\Phi(\\operatorname{logit}(x)/\\sqrt s)$ is the stated "
            "density, for every base variance $s$ (problem 16.2: $s=1$): differences found by "
            "SymPy.",
            method="symbolic",
            value=_wrong(from_cdf - claimed),
        ),
        Check(
            id="flow_density.logistic-height",
            claim="prp-flow-logistic",
            statement="The derivative of $\\Phi(\\operatorname{logit} x)$ at $x=\\tfrac12$ is "
            "$4/\\sqrt{2\\pi}$: differences found by SymPy.",
            method="symbolic",
            value=_wrong(from_cdf.subs({s: 1, x: sp.Rational(1, 2)}) - claims.logistic_height()),
        ),
        Check(
            id="flow_density.logistic-shape",
            claim="prp-flow-shape",
            statement="Differentiating $\\log p$ once and twice along $x=\\sigma(z)$ gives the "
            "stated slope and the stated negative curvature, and $p(1-x)=p(x)$: differences found "
            "by SymPy.",
            method="symbolic",
            value=_wrong(
                mirrored,
                (score - claims.logistic_score()).rewrite(sp.exp),
                concavity - claims.logistic_concavity().subs(x, sigma),
            ),
        ),
        logistic_ends_check(),
        Check(
            id="flow_density.mode-threshold",
            claim="prp-flow-modes",
            statement="The second derivative of $z\\mapsto\\log p(\\sigma(z))$ at $z=0$ is zero "
            "at one base variance, which SymPy solves for; it is 2.",
            method="symbolic",
            value=float(sp.solve(sp.diff(claims.logistic_score(), z).subs(z, 0), s)[0]),
            equals=2,
        ),
    ]


def logistic_ends_check() -> Check:
    """The density of problem 16.2, its slope and its curvature at the ends."""
    x, t = claims.x, sp.Symbol("t", positive=True)
    end = 1 / (1 + sp.exp(t))  # tends to 0 as t grows; logit(end) = −t
    standard = claims.logistic_density().subs(claims.s, 1)
    tail = sp.simplify(standard.subs(x, end))
    decay = [sp.limit(tail * (1 + sp.exp(t)) ** k, t, sp.oo) for k in range(5)]
    decay += [
        sp.limit(
            tail * sp.simplify((sp.diff(standard, x, order) / standard).subs(x, end)), t, sp.oo
        )
        for order in (1, 2)
    ]
    return Check(
        id="flow_density.logistic-flat-ends",
        claim="prp-flow-shape",
        statement="$p(x)/x^k\\to 0$ as $x\\downarrow 0$ for $k=0,\\dots,4$, and so do $p'$ "
        "and $p''$: SymPy's limits that are not zero.",
        method="symbolic",
        value=sum(limit != 0 for limit in decay),
    )


def other_maps_checks(cantor_levels: int) -> list[Check]:
    """The decreasing map, the map with two branches, the map with too many critical points."""
    x, left_end = claims.x, claims.left_end
    inner, outer = claims.folded_density()
    # P(z² <= x) = P(−√x <= z <= √x), z uniform on [−left, 1]: the left piece stops at −left.
    cdf_inner = 2 * sp.sqrt(x) / (1 + left_end)
    cdf_outer = (sp.sqrt(x) + left_end) / (1 + left_end)
    cube_cdf = (1 + sp.erf(sp.cbrt(x) / sp.sqrt(2))) / 2  # P(z <= cube root of x), x > 0
    cube = claims.cube_density()
    return [
        Check(
            id="flow_density.interior-critical-point",
            claim="thm-flow-change",
            statement="$z^3$ for $z\\sim N(0,1)$: the stated density is the derivative of "
            "$\\Phi(\\sqrt[3]x)$ for $x>0$, and has half of its mass there although $f'(0)=0$: "
            "differences found by SymPy.",
            method="symbolic",
            value=_wrong(
                sp.diff(cube_cdf, x) - cube, sp.integrate(cube, (x, 0, sp.oo)) - sp.Rational(1, 2)
            ),
        ),
        Check(
            id="flow_density.decreasing-map",
            claim="exm-flow-decreasing",
            statement="The derivative of $P(-\\log Z\\le x)=1-e^{-x}$ is the stated density, "
            "positive although $f'<0$: differences found by SymPy.",
            method="symbolic",
            value=_wrong(
                sp.diff(1 - sp.integrate(1, (claims.z, 0, sp.exp(-x))), x)
                - claims.exponential_density()
            ),
        ),
        Check(
            id="flow_density.folded-map",
            claim="exm-flow-fold",
            statement="The derivative of $P(Z^2\\le x)$, $Z$ uniform on $[-\\ell,1]$, is the "
            "stated density on both sides of $\\ell^2$, its mass is 1, and that of the right "
            "branch alone is $1/(1+\\ell)$: equalities that fail.",
            method="symbolic",
            value=_wrong(
                sp.diff(cdf_inner, x) - inner,
                sp.diff(cdf_outer, x) - outer,
                sp.integrate(inner, (x, 0, left_end**2))
                + sp.integrate(outer, (x, left_end**2, 1))
                - 1,
                sp.integrate(outer, (x, 0, 1)) - claims.single_branch_mass(),
            ),
        ),
        Check(
            id="flow_density.cantor",
            claim="exm-flow-cantor",
            statement="The intervals are listed one by one in exact arithmetic at every level: "
            "levels at which the length of $C_n$ or of $f(C_n)$ differs from the stated one.",
            method="exhaustive",
            value=cantor_mismatches(cantor_levels),
        ),
    ]


def cantor_mismatches(levels: int) -> int:
    """Count the levels 0..`levels` at which a stated length is wrong, by listing the intervals.

    The length of f(C_n) is f(1) minus the image of the removed gaps; a gap of length g has an
    image of length ∫ dist(t, C) dt = g²/4, and f(1) is the sum of that series.
    """
    step = sp.Symbol("k", integer=True, positive=True)
    series = sp.summation(2 ** (step - 1) * (sp.Rational(1, 4) ** step) ** 2 / 4, (step, 1, sp.oo))
    image_of_all = Fraction(int(series.p), int(series.q))
    intervals = [(Fraction(0), Fraction(1))]
    removed_image = Fraction(0)
    wrong = 0
    for level in range(levels + 1):
        if level:
            gap = Fraction(1, 4**level)
            split = []
            for low, high in intervals:
                middle = (low + high) / 2
                split += [(low, middle - gap / 2), (middle + gap / 2, high)]
                removed_image += gap**2 / 4
            intervals = split
        length = sum(high - low for low, high in intervals)
        wrong += length != cantor.length_left(level)
        wrong += image_of_all - removed_image != cantor.image_length(level)
    return wrong
