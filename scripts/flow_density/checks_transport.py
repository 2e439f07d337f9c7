"""Checks of exercise 4.3 beyond one map: layers, quantile functions, tails.

Layers are compared with the composed map, differentiated as a whole; quantile maps with every
nondecreasing map there is between finite laws; tails with exact probabilities.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import optimize, special

from scripts.common.checks import Check
from scripts.flow_density import claims, transport

ROUNDING = 1e-9
"""Relative error of a tail probability whose end point, at most 20, is known to 10⁻¹²."""


def checks() -> list[Check]:
    """Return the checks of this file; none depends on a setting."""
    return [*layer_checks(), *quantile_checks(), *tail_checks()]


def _wrong(*differences: sp.Expr) -> int:
    """How many of the expressions, each the difference of two equal ones, are not zero."""
    return sum(sp.simplify(difference) != 0 for difference in differences)


# ------------------------------------------------------------------------------------ layers


def composed(layers: list[claims.Layer], start: sp.Matrix) -> sp.Matrix:
    """Return the entries of f_n ∘ … ∘ f_1 at `start`."""
    point = start
    for variables, entries in layers:
        point = entries.subs(dict(zip(variables, point, strict=True)), simultaneous=True)
    return point


def coupling_layers() -> tuple[list[claims.Layer], sp.Matrix]:
    """Return two affine couplings with a monotone map of each entry between, and their input."""
    p, q = sp.symbols("p q", real=True)
    here = sp.Matrix([p, q])
    layers = [
        (here, sp.Matrix([p, q * sp.exp(p) + p**2])),
        (here, sp.Matrix([p + p**3, sp.sinh(q)])),
        (here, sp.Matrix([p * (1 + q**2) - q, q])),
    ]
    return layers, here


def polar_mistakes() -> int:
    """Differentiate the method of Box and Muller as one map; push the uniform density forward."""
    turn = sp.Symbol("z2", positive=True)
    r, angle = claims.radius(), 2 * sp.pi * turn
    whole = sp.Matrix([r * sp.cos(angle), r * sp.sin(angle)])
    determinant = whole.jacobian([claims.x, turn]).det()
    first, second = claims.polar_determinants()
    normal = sp.exp(-(whole[0] ** 2 + whole[1] ** 2) / 2) / (2 * sp.pi)
    # log |det| is integrated over the square, and the entropy of N(0, I) is log 2πe.
    stretch = sp.log(2 * sp.pi) - sp.integrate(sp.log(claims.x), (claims.x, 0, 1))
    return _wrong(
        determinant - first * second,
        -1 / determinant - normal,  # the determinant is negative
        stretch - sp.expand_log(sp.log(2 * sp.pi * sp.E)),
    )


def layer_checks() -> list[Check]:
    """Log-determinants of layers add."""
    layers, start = coupling_layers()
    whole = composed(layers, start).jacobian(start).det()
    return [
        Check(
            id="flow_density.layers",
            claim="thm-flow-layers",
            statement="Two coupling layers in the plane with a monotone map of each entry between: "
            "the determinant of the composed map, differentiated as a whole by SymPy, against the "
            "product of the layers' determinants at their inputs: differences.",
            method="symbolic",
            value=_wrong(sp.expand(whole - claims.layered_determinant(layers, start))),
        ),
        Check(
            id="flow_density.box-muller",
            claim="exm-flow-polar",
            statement="The map of Box and Muller, differentiated as a whole: its determinant is "
            "the product of the two stated ones, the density is that of two independent "
            "normal variables, and the entropies agree: equalities that fail.",
            method="symbolic",
            value=polar_mistakes(),
        ),
    ]


# --------------------------------------------------------------------------------- quantiles


def quantile_map_mistakes() -> int:
    """Solve F_X(x) = F_Z(z) for x where F_X is the integral of the stated density."""
    x, z = claims.x, claims.z
    t = sp.Symbol("t", positive=True)
    square = sp.integrate(claims.square_density().subs(x, t), (t, 0, x))
    exponential = sp.integrate(claims.exponential_density().subs(x, t), (t, 0, x))
    stated = claims.quantile_maps()
    f = stated["logistic"]
    normal = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    return _wrong(
        sp.solve(square - z, x)[0] - stated["square"],
        # Both sides are logarithms of numbers that SymPy cannot know to be positive.
        sp.exp(-sp.solve(exponential - z, x)[0]) - sp.exp(-stated["exponential"]),
        # Φ(logit x) = Φ(z) where logit x = z; that Φ(logit x) is F_X is a check of its own.
        sp.solve(x / (1 - x) - sp.exp(z), x)[0] - f,
        normal / (f * (1 - f)) * sp.diff(f, z) - normal,  # p(f(z)) f′(z) = p_Z(z)
    )


def unique_map_mistakes(cells: int, places: int) -> int:
    """List every nondecreasing step map of (0, 1], `cells` equal cells, onto 0, …, places − 1.

    For each law with weights in multiples of 1/cells there must be one that carries the uniform
    law to it, and it must be the quantile function, taken at the right ends of the cells.
    """
    maps = list(itertools.combinations_with_replacement(range(places), cells))
    wrong = 0
    for counts in itertools.product(range(cells + 1), repeat=places):
        if sum(counts) != cells:
            continue
        weights = [Fraction(count, cells) for count in counts]
        fitting = [f for f in maps if all(f.count(x) == counts[x] for x in range(places))]
        stated = tuple(
            transport.quantile(weights, Fraction(cell, cells)) for cell in range(1, cells + 1)
        )
        wrong += fitting != [stated]
    return wrong


def quantile_checks() -> list[Check]:
    """The increasing map between two laws is the quantile function after F_Z."""
    return [
        Check(
            id="flow_density.quantile-maps",
            claim="prp-flow-quantile",
            statement="SymPy solves $F_X(x)=F_Z(z)$ for problems 16.1 and 16.2 and the exponential "
            "law, $F_X$ from the density; the solutions are $z^2$, $1/(1+e^{-z})$ and "
            "$-\\log(1-z)$: differences.",
            method="symbolic",
            value=quantile_map_mistakes(),
        ),
        Check(
            id="flow_density.quantile-unique",
            claim="prp-flow-quantile",
            statement="Every nondecreasing map of six equal cells into four places is listed, and "
            "every law with weights in sixths: laws that are not reached by exactly one map, the "
            "quantile function.",
            method="exhaustive",
            value=unique_map_mistakes(6, 4),
        ),
    ]


# ------------------------------------------------------------------------------------- tails


Map = tuple[Callable[[float], float], float, float]
"""An increasing map of the line, its Lipschitz constant and its smallest slope."""


def lipschitz_maps() -> list[Map]:
    """Return increasing maps: an affine one (where the bound is exact) and residual layers."""
    return [
        (lambda z: 2.0 * z + 3.0, 2.0, 2.0),
        (lambda z: z + 0.8 * float(np.tanh(z)), 1.8, 1.0),
        (lambda z: z + 0.9 * float(np.sin(z)), 1.9, 0.1),
        (lambda z: z - 0.5 * float(np.arctan(z)) + 1.0, 1.0, 0.5),
    ]


def tail_probability(f: Callable[[float], float], slope: float, reach: float) -> float:
    """Return P(|f(Z) − f(0)| > reach), Z ~ N(0, 1), from the two points where equality holds."""
    far = 1.0 + reach / slope
    ends = [
        optimize.brentq(lambda z, level=level: f(z) - level, -far, far, xtol=1e-13, rtol=1e-14)
        for level in (f(0.0) - reach, f(0.0) + reach)
    ]
    return float(special.ndtr(ends[0]) + special.ndtr(-ends[1]))


def steep_mistakes() -> int:
    """Take the limits of the slopes of the increasing maps from N(0, 1), by SymPy.

    With Q = 1 − Φ(z) the slopes are φ/Q and, for the Cauchy law, πφ/sin²(πQ).
    """
    z = claims.z
    bell = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    rest = sp.erfc(z / sp.sqrt(2)) / 2
    small = sp.Symbol("q", positive=True)
    to_exponential, to_cauchy = -sp.log(rest), sp.tan(sp.pi * (sp.Rational(1, 2) - rest))
    sine = sp.limit(sp.sin(sp.pi * small) / (sp.pi * small), small, 0)  # Q tends to 0
    stated = claims.steep_slopes()
    return _wrong(
        sp.diff(to_exponential, z) - bell / rest,
        (sp.diff(to_cauchy, z) - sp.pi * bell / sp.sin(sp.pi * rest) ** 2),
        sine - 1,
        sp.limit(bell / rest / stated["exponential"], z, sp.oo) - 1,
        sp.limit(bell / (sp.pi * rest**2) / stated["Cauchy"], z, sp.oo) - 1,
    )


def tail_checks() -> list[Check]:
    """Lipschitz maps of a normal variable keep normal tails; other laws need steep maps."""
    excess = max(
        tail_probability(f, slope, reach) / transport.tail_bound(reach, constant) - 1.0
        for f, constant, slope in lipschitz_maps()
        for reach in (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
    )
    return [
        Check(
            id="flow_density.lipschitz-tails",
            claim="prp-flow-tails",
            statement="$\\mathbb P(|f(Z)-f(0)|>r)$ for an affine map and three residual layers of "
            "a normal variable at six $r$, from the exact preimage, against the bound: largest "
            "relative excess (rounding allowed).",
            method="numerical",
            value=excess,
            at_most=ROUNDING,
        ),
        Check(
            id="flow_density.steep-maps",
            claim="exm-flow-hazard",
            statement="The increasing maps from $N(0,1)$ to the exponential and the Cauchy law are "
            "differentiated, and the slopes divided by what they are said to grow like: SymPy's "
            "limits that are not 1, and slopes that differ.",
            method="symbolic",
            value=steep_mistakes(),
        ),
    ]
