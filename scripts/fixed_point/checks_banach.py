"""Checks of Banach's theorem, its corollary for z + r(z) and the log-determinant series."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.fixed_point import model

EPS = float(np.finfo(float).eps)


def positions(count: int) -> list[Fraction]:
    """Return the points 0, 1, 3, 7, ...: gaps that double, so that many maps contract them."""
    return [Fraction(2**index - 1) for index in range(count)]


def lipschitz_constant(points: Sequence[Fraction], images: Sequence[int]) -> Fraction:
    """Return the least Lipschitz constant of the map points[i] -> points[images[i]]."""
    return max(
        abs(points[images[i]] - points[images[j]]) / abs(points[i] - points[j])
        for i, j in itertools.combinations(range(len(points)), 2)
    )


def shortens(points: Sequence[Fraction], images: Sequence[int]) -> bool:
    """Return whether the map makes every distance smaller: here the same as being a contraction."""
    return all(
        abs(points[images[i]] - points[images[j]]) < abs(points[i] - points[j])
        for i, j in itertools.combinations(range(len(points)), 2)
    )


def violates(path: Sequence[Any], limit: Any, lipschitz: Any) -> bool:
    """Return whether some iterate is farther from `limit` than one of the two bounds allows."""
    errors = [abs(point - limit) for point in path]
    moves = [abs(after - before) for before, after in itertools.pairwise(path)]
    return any(
        error > model.a_priori_bound(lipschitz, step, moves[0])
        or (step > 0 and error > model.a_posteriori_bound(lipschitz, moves[step - 1]))
        for step, error in enumerate(errors)
    )


def finite_spaces(count: int) -> Check:
    """Every self-map of a finite metric space: the contractions among them obey the theorem."""
    points = positions(count)
    contractions = failures = 0
    for images in itertools.product(range(count), repeat=count):
        if not shortens(points, images):
            continue
        lipschitz = lipschitz_constant(points, images)
        contractions += 1
        fixed = [index for index in range(count) if images[index] == index]
        failures += len(fixed) != 1
        for start in range(count):
            path = model.iterate(images.__getitem__, start, count)
            failures += violates(
                [points[index] for index in path], points[fixed[0]] if fixed else 0, lipschitz
            )
    return Check(
        id="fixed_point.finite-spaces",
        claim="thm-fixed-banach",
        statement=f"All {count**count} self-maps of the {count} points $0,1,3,\\dots$ were "
        f"listed, in exact fractions; each of the {contractions} contractions has one fixed "
        "point, and from each start each iterate obeys both bounds (number of violations).",
        method="exhaustive",
        value=failures,
    )


def bounds_attained() -> Check:
    """On T(z) = L z + c with L > 0 both bounds are equalities, for symbolic L, c and z_0."""
    lipschitz, offset, start = sympy.symbols("L c z0", positive=True)
    limit = offset / (1 - lipschitz)
    path = model.iterate(lambda z: lipschitz * z + offset, start, 5)
    first_move = path[1] - path[0]
    wrong = 0
    for step, point in enumerate(path):
        bound = model.a_priori_bound(lipschitz, step, first_move)
        wrong += sympy.cancel(limit - point - bound) != 0
        if step > 0:
            bound = model.a_posteriori_bound(lipschitz, point - path[step - 1])
            wrong += sympy.cancel(limit - point - bound) != 0
    return Check(
        id="fixed_point.bounds-attained",
        claim="prp-fixed-sharp",
        statement="SymPy iterates $\\Psi(z)=Lz+c$ with symbols for $L$, $c$, $z_0$: the error "
        "equals the a-priori and the a-posteriori bound, $n=0,\\dots,5$ (number of differences).",
        method="symbolic",
        value=int(wrong),
    )


def escaping_map(z: Any) -> Any:
    """Return sqrt(1 + z^2): it shortens every distance and has no fixed point."""
    return sympy.sqrt(1 + z**2)


def halving_map(z: Any) -> Any:
    """Return z / 2: a contraction whose fixed point is missing from (0, 1]."""
    return z / 2


def hypotheses_needed() -> Check:
    """Without L < 1, or without completeness, there may be no fixed point."""
    z = sympy.Symbol("z", real=True)
    wrong = 0
    wrong += sympy.solveset(sympy.Eq(escaping_map(z), z), z, sympy.S.Reals) != sympy.S.EmptySet
    slope = sympy.diff(escaping_map(z), z)
    wrong += sympy.simplify(1 - slope**2 - 1 / (1 + z**2)) != 0  # so |slope| < 1, not <= L < 1
    for step, point in enumerate(model.iterate(escaping_map, z, 5)):
        wrong += sympy.simplify(point**2 - z**2 - step) != 0
    interval = sympy.Interval.Lopen(0, 1)
    wrong += sympy.solveset(sympy.Eq(halving_map(z), z), z, interval) != sympy.S.EmptySet
    wrong += not sympy.Interval.Lopen(0, sympy.Rational(1, 2)).is_subset(interval)
    return Check(
        id="fixed_point.hypotheses-needed",
        claim="prp-fixed-hypotheses",
        statement="SymPy: $\\sqrt{1+z^2}=z$ has no real solution though the slope is below 1 in "
        "size everywhere, its iterates are $\\sqrt{z^2+n}$, and $z/2=z$ has none in $(0,1]$ "
        "(number of statements that fail).",
        method="symbolic",
        value=int(wrong),
    )


SLOPE = Fraction(3, 4)
KNOTS = [Fraction(k) for k in (-2, -1, 0, 1, 2, 3)]


class PiecewiseLinear:
    """A function through given values at `KNOTS`, continued with its outer slopes; exact."""

    def __init__(self, xs: Sequence[Fraction], slopes: Sequence[Fraction]) -> None:
        self.xs, self.slopes = list(xs), list(slopes)
        self.values = [Fraction(0)]
        for left, right, slope in zip(self.xs, self.xs[1:], self.slopes, strict=False):
            self.values.append(self.values[-1] + slope * (right - left))

    def __call__(self, x: Fraction) -> Fraction:
        """Return the value at x."""
        cell = sum(knot <= x for knot in self.xs[1:-1])
        return self.values[cell] + self.slopes[cell] * (x - self.xs[cell])


def _inverting_step(r: Callable[[Any], Any], y: Any) -> Callable[[Any], Any]:
    return lambda z: y - r(z)


def residual_maps() -> Check:
    """Every z + r(z) with r piecewise linear of slopes -L, 0, L: bijective, bi-Lipschitz."""
    least, largest = model.slope_bounds(SLOPE)
    failures = 0
    seen: set[Fraction] = set()
    choices = list(itertools.product((-SLOPE, Fraction(0), SLOPE), repeat=len(KNOTS) - 1))
    for slopes in choices:
        f = PiecewiseLinear(KNOTS, slopes)
        images = [knot + f(knot) for knot in KNOTS]
        quotients = [
            (images[j] - images[i]) / (KNOTS[j] - KNOTS[i])
            for i, j in itertools.combinations(range(len(KNOTS)), 2)
        ]
        seen.update(quotients)
        failures += min(quotients) < least or max(quotients) > largest
        if min(quotients) <= 0:
            failures += 1
            continue
        for y in (Fraction(-4), Fraction(1, 3), Fraction(5)):
            cell = sum(image <= y for image in images[1:-1])  # invert the broken line directly
            limit = KNOTS[cell] + (y - images[cell]) / (1 + slopes[cell])
            path = model.iterate(_inverting_step(f, y), y, 8)
            failures += violates(path, limit, SLOPE)
    failures += min(seen) != least or max(seen) != largest
    return Check(
        id="fixed_point.residual-maps",
        claim="cor-fixed-residual",
        statement=f"All {len(choices)} broken lines $r$ with slopes $0,\\pm L$ on "
        f"{len(KNOTS) - 1} cells, $L={SLOPE}$, in exact fractions: the quotients of $z+r(z)$ stay "
        "in $[1-L,1+L]$ and reach both ends, and $z\\leftarrow y-r(z)$ obeys both bounds (number "
        "of violations).",
        method="exhaustive",
        value=failures,
    )


def steep_branch(z: Any) -> Any:
    """Return r(z) = 2 z: its Lipschitz constant is 2, yet z + r(z) = 3 z is a bijection."""
    return 2 * z


def condition_not_necessary() -> Check:
    """z + 2 z is inverted by y / 3 although z <- y - 2 z multiplies the error by -2."""
    y, z0, omega = sympy.symbols("y z0 omega", real=True)
    z = sympy.Symbol("z", real=True)
    inverse = sympy.solve(sympy.Eq(z + steep_branch(z), y), z)
    wrong = int(inverse != [y / 3])
    for step, point in enumerate(model.iterate(_inverting_step(steep_branch, y), z0, 6)):
        wrong += sympy.expand(point - y / 3 - (-2) ** step * (z0 - y / 3)) != 0
    damped = (1 - omega) * z + omega * (y - steep_branch(z))
    wrong += sympy.expand(sympy.diff(damped, z) - (1 - 3 * omega)) != 0
    return Check(
        id="fixed_point.condition-not-necessary",
        claim="prp-fixed-not-necessary",
        statement="SymPy: $z+2z=y$ has the one solution $y/3$, $z\\leftarrow y-2z$ has error "
        "$(-2)^n(z_0-y/3)$, and the damped map has slope $1-3\\vartheta$ (number of statements "
        "that fail).",
        method="symbolic",
        value=int(wrong),
    )


def cobweb_contractions(arrays: Arrays, lipschitz: float, offset: float) -> Check:
    """Both drawn contractions stay within both bounds; the limit is found in 40 digits."""
    slack = 5 * EPS * (abs(offset) + lipschitz) / (1 - lipschitz)
    worst = 0.0
    for name, slope in (("rising", lipschitz), ("falling", -lipschitz)):
        path = arrays[f"cobweb_{name}"]
        with mpmath.workdps(40):
            limit = mpmath.findroot(
                lambda z, slope=slope: mpmath.mpf(offset) + slope * mpmath.tanh(z) - z,
                (-abs(offset) - 1, abs(offset) + 1),
                solver="bisect",
                maxsteps=200,
            )
            errors = [float(abs(mpmath.mpf(float(z)) - limit)) for z in path]
        moves = np.abs(np.diff(path))
        for step, error in enumerate(errors):
            bound = float(model.a_priori_bound(lipschitz, step, moves[0]))
            worst = max(worst, error / (bound + slack))
            if step > 0:
                last = float(model.a_posteriori_bound(lipschitz, moves[step - 1]))
                worst = max(worst, error / (last + slack))
    return Check(
        id="fixed_point.cobweb-contractions",
        claim="thm-fixed-banach",
        statement="Error of each iterate of the two contractions in the cobweb figure, the limit "
        "from a 40-digit root finder, over the a-priori and a-posteriori bounds (largest ratio, "
        "rounding included).",
        method="numerical",
        value=worst,
        at_most=1,
    )


def cobweb_failure(arrays: Arrays, offset: float) -> Check:
    """The errors of z <- y - 2 z double at each step, in exact arithmetic on the floats."""
    path = [Fraction(float(z)) for z in arrays["cobweb_failing"]]
    limit = Fraction(offset) / 3
    start = path[0] - limit
    steps = len(path) - 1
    deviation = max(
        abs((point - limit) / ((-2) ** step * start) - 1) for step, point in enumerate(path)
    )
    bound = 1.01 * EPS * (float(abs(limit / start)) + steps)
    return Check(
        id="fixed_point.cobweb-failure",
        claim="prp-fixed-not-necessary",
        statement="The drawn iteration $z\\leftarrow y-2z$: relative difference between its error "
        f"and $(-2)^n(z_0-y/3)$ over {steps} steps; the bound is the rounding of the steps.",
        method="numerical",
        value=float(deviation),
        at_most=bound,
    )


def _determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """Return the determinant by expansion along the first row."""
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (-1) ** j * entry * _determinant([[*row[:j], *row[j + 1 :]] for row in rows[1:]])
        for j, entry in enumerate(rows[0])
    )


def series_coefficients() -> Check:
    """The series of log det(I + t J) for symbolic J: P'(t) = P(t) * (derivative of the series)."""
    wrong = 0
    for size, order in ((2, 8), (3, 5)):
        names = [f"j{row}{column}" for row in range(size) for column in range(size)]
        ring, t, *entries = sympy.ring(["t", *names], sympy.QQ)
        matrix = [entries[size * row : size * (row + 1)] for row in range(size)]
        determinant = _determinant(
            [[(i == j) + t * matrix[i][j] for j in range(size)] for i in range(size)]
        )
        power, derivative = matrix, ring(0)
        for k in range(1, order + 1):
            coefficient = k * sympy.QQ(*model.log_det_coefficient(k).as_integer_ratio())
            derivative += coefficient * t ** (k - 1) * sum(power[i][i] for i in range(size))
            power = [
                [sum(row[m] * matrix[m][j] for m in range(size)) for j in range(size)]
                for row in power
            ]
        difference = determinant.diff(t) - determinant * derivative
        wrong += sum(monomial[0] < order for monomial in difference.monoms())
    return Check(
        id="fixed_point.series-coefficients",
        claim="thm-fixed-logdet",
        statement="SymPy, all entries symbols: the Taylor coefficients of $\\log\\det(I+tJ)$ are "
        "$(-1)^{k+1}\\operatorname{tr}(J^k)/k$, to order 8 for $2\\times2$ and to order 5 for "
        "$3\\times3$ (number of wrong terms).",
        method="symbolic",
        value=int(wrong),
    )


def small_matrices() -> list[tuple[Fraction, Fraction, Fraction, Fraction]]:
    """Return all 2 x 2 matrices with entries -2/5, ..., 2/5, row by row."""
    entries = [Fraction(k, 5) for k in range(-2, 3)]
    return list(itertools.product(entries, entries, entries, entries))


def series_tail() -> Check:
    """The tail bound on every small matrix, L its largest row sum, to 40 digits."""
    failures = 0
    with mpmath.workdps(40):
        for a, b, c, d in small_matrices():
            lipschitz = max(abs(a) + abs(b), abs(c) + abs(d))
            determinant = (1 + a) * (1 + d) - b * c
            exact = mpmath.log(mpmath.mpf(determinant.numerator) / determinant.denominator)
            traces = [Fraction(2), a + d]
            for _ in range(6):  # Newton: tr J^k = tr(J) tr J^(k-1) - det(J) tr J^(k-2)
                traces.append((a + d) * traces[-1] - (a * d - b * c) * traces[-2])
            total = Fraction(0)
            for terms in range(len(traces)):
                if terms > 0:
                    total += model.log_det_coefficient(terms) * traces[terms]
                bound = model.log_det_tail_bound(lipschitz, terms, 2)
                error = abs(exact - mpmath.mpf(total.numerator) / total.denominator)
                failures += error > mpmath.mpf(bound.numerator) / bound.denominator + 1e-35
    return Check(
        id="fixed_point.series-tail",
        claim="thm-fixed-logdet",
        statement=f"All {len(small_matrices())} matrices $J$ of size 2 with entries "
        "$-2/5,\\dots,2/5$, $L$ their largest row sum: the tail after $n=0,\\dots,7$ terms, in "
        "exact fractions and 40-digit logarithms, is at most the bound (number of violations).",
        method="exhaustive",
        value=int(failures),
    )


def determinant_range() -> Check:
    """(1 - L)^2 <= det(I + J) <= (1 + L)^2 on every small matrix, both ends reached."""
    failures, reached = 0, [False, False]
    for a, b, c, d in small_matrices():
        lipschitz = max(abs(a) + abs(b), abs(c) + abs(d))
        determinant = (1 + a) * (1 + d) - b * c
        least, largest = model.determinant_bounds(lipschitz, 2)
        failures += not least <= determinant <= largest
        if lipschitz > 0:
            reached = [reached[0] or determinant == least, reached[1] or determinant == largest]
    return Check(
        id="fixed_point.determinant-range",
        claim="cor-fixed-determinant",
        statement=f"The same {len(small_matrices())} matrices in exact fractions: $\\det(I+J)$ "
        "lies in $[(1-L)^2,(1+L)^2]$ and reaches both ends (number of violations).",
        method="exhaustive",
        value=failures + reached.count(False),
    )


def checks(arrays: Arrays, finite_points: int, lipschitz: float, offset: float) -> list[Check]:
    """Return every check of this part; `lipschitz` and `offset` are those of the cobwebs."""
    return [
        finite_spaces(finite_points),
        bounds_attained(),
        hypotheses_needed(),
        residual_maps(),
        condition_not_necessary(),
        cobweb_contractions(arrays, lipschitz, offset),
        cobweb_failure(arrays, offset),
        series_coefficients(),
        determinant_range(),
        series_tail(),
    ]
