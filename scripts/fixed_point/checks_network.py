"""Checks of the inverted residual network: its certificate, its accuracy, its log-determinants.

The reference is the network in multi-precision arithmetic (mpmath), where y = z + r(z) is solved by
Newton's method, not by the iteration under test.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]
import numpy as np

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.fixed_point import model, rounding
from scripts.fixed_point.exact import norm_is_below

EPS = rounding.EPS
DIGITS = 50
NAMES = ("line", "space")


@dataclasses.dataclass(frozen=True)
class Network:
    """One network as stored: weights, certified norms, scale, certified Lipschitz constant."""

    weights: list[Floats]
    norms: list[float]
    scale: float
    lipschitz: float

    @property
    def errors(self) -> rounding.LayerErrors:
        """The derived rounding errors of one evaluation."""
        return rounding.layer_errors(self.weights, self.norms, self.scale)

    @property
    def accuracy(self) -> float:
        """The derived constant C of the claim error <= a-priori bound + C eps |y|."""
        return rounding.accuracy_constant(self.errors.output, self.lipschitz)

    @functools.cached_property
    def _converted(self) -> list[list[list[mpmath.mpf]]]:
        """The weights, converted (exactly) once and not for each product."""
        return [[[mpmath.mpf(x) for x in row] for row in w.tolist()] for w in self.weights]

    def branch(self, z: Sequence[mpmath.mpf]) -> list[mpmath.mpf]:
        """Return r(z) in the current mpmath precision."""
        values = list(z)
        for index, matrix in enumerate(self._converted):
            values = [mpmath.fdot(row, values) for row in matrix]
            if index < len(self.weights) - 1:
                values = [mpmath.tanh(value) for value in values]
        return [self.scale * value for value in values]

    def derivative(self, z: Floats) -> Floats:
        """Return the Jacobian of r at z by the chain rule, in floats (for Newton's steps only)."""
        result, values = self.scale * np.eye(len(z)), z
        chain = np.eye(len(z))
        for index, matrix in enumerate(self.weights):
            values, chain = matrix @ values, matrix @ chain
            if index < len(self.weights) - 1:
                values = np.tanh(values)
                chain = (1 - values**2)[:, None] * chain
        return np.asarray(result @ chain)

    def solve(self, y: Floats, guess: Floats) -> tuple[Floats, Floats]:
        """Return high and low parts of the z with z + r(z) = y, to about 30 digits.

        Raises ArithmeticError if Newton's method does not reach that.
        """
        with mpmath.workdps(DIGITS):
            z = [mpmath.mpf(x) for x in guess.tolist()]
            for _ in range(50):
                f = self.branch(z)
                residual = [zi + fi - yi for zi, fi, yi in zip(z, f, y.tolist(), strict=True)]
                size = mpmath.norm(residual)
                if size <= mpmath.mpf(10) ** -30 * (1 + np.linalg.norm(y)):
                    high = np.array([float(x) for x in z])
                    return high, np.array([float(x - h) for x, h in zip(z, high, strict=True)])
                slope = np.eye(len(y)) + self.derivative(np.array([float(x) for x in z]))
                scaled = np.array([float(r / size) for r in residual])
                step = np.linalg.solve(slope, scaled).tolist()
                z = [zi - size * si for zi, si in zip(z, step, strict=True)]
        raise ArithmeticError("Newton's method did not solve z + r(z) = y")


def load(arrays: Arrays, name: str, scale: float) -> Network:
    """Return the network whose arrays are prefixed with `name`."""
    return Network(
        [arrays[f"{name}_weight_{index}"] for index in range(3)],
        arrays[f"{name}_norms"].tolist(),
        scale,
        float(arrays[f"{name}_lipschitz"]),
    )


def certificate(networks: Sequence[Network]) -> Check:
    """Each layer's certified norm, and the product L < 1, confirmed in integers."""
    wrong = 0
    for network in networks:
        product = Fraction(network.scale)
        for matrix, norm in zip(network.weights, network.norms, strict=True):
            wrong += not norm_is_below(matrix, norm)
            product *= Fraction(norm)
        wrong += not product <= Fraction(network.lipschitz) < 1
    layers = sum(len(network.weights) for network in networks)
    return Check(
        id="fixed_point.certificate",
        claim="prp-fixed-lipschitz",
        statement=f"Exact integers: for each of the {layers} layers "
        "$\\bar\\nu^2I-W^\\top W$ is positive definite (all leading minors "
        "positive), $\\bar\\nu$ its certified norm, and "
        "$\\ell\\prod\\bar\\nu_i\\le L<1$ (number of failures).",
        method="symbolic",
        value=wrong,
    )


def power_iteration(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """Power iteration stays below the norm: the first estimates exactly, all up to the margin."""
    wrong = 0
    for name, network in zip(NAMES, networks, strict=True):
        hidden, matrix = float(arrays[f"{name}_power_1"][0]), network.weights[1]
        rounded = (2 * len(matrix) + 4) * EPS * float(np.linalg.norm(matrix))
        wrong += norm_is_below(matrix, hidden - rounded)
        for index, norm in enumerate(network.norms):
            wrong += int(np.sum(arrays[f"{name}_power_{index}"] > norm))
    return Check(
        id="fixed_point.power-iteration",
        claim="prp-fixed-power",
        statement="Exact integers: the norm of each hidden layer is at least its first "
        "power-iteration estimate, less what rounding adds to it; and no recorded estimate of any "
        "layer exceeds the certified norm (number of exceptions).",
        method="symbolic",
        value=wrong,
    )


def power_monotone() -> Check:
    """Power iteration on every small matrix, beside exact fractions."""
    wrong = 0
    for a, b, c, d in itertools.product(range(-2, 3), repeat=4):
        gram = [[a * a + c * c, a * b + c * d], [a * b + c * d, b * b + d * d]]
        trace, determinant = gram[0][0] + gram[1][1], (a * d - b * c) ** 2
        for start in ((1, 0), (1, 1), (2, -1)):
            x, y = start
            if not any(u * x + v * y for u, v in ((a, b), (c, d))):
                continue
            estimates = model.power_iteration(np.array([[a, b], [c, d]], float), np.array(start), 4)
            last = Fraction(0)
            for estimate in estimates:
                x, y = (row[0] * x + row[1] * y for row in gram)
                image = [row[0] * x + row[1] * y for row in gram]
                square = Fraction(x * image[0] + y * image[1], x * x + y * y)
                wrong += square < last or abs(estimate**2 / float(square) - 1) > 64 * EPS
                characteristic = square**2 - trace * square + determinant
                parallel = x * image[1] == y * image[0]
                wrong += characteristic > 0 or (characteristic == 0) != parallel
                last = square
    return Check(
        id="fixed_point.power-monotone",
        claim="prp-fixed-power",
        statement="All $2\\times2$ matrices with entries $-2,\\dots,2$, three starts, in exact "
        "fractions: the estimates $\\hat\\nu_1,\\dots,\\hat\\nu_4$ do not decrease, do not "
        "exceed the norm, and equal a singular value just for an eigenvector; the floats follow "
        "(number of violations).",
        method="exhaustive",
        value=int(wrong),
    )


def tanh_accuracy(arrays: Arrays) -> Check:
    """The library's tanh against 50 digits, at the coordinates of the test points."""
    worst = 0.0
    with mpmath.workdps(DIGITS):
        for name in NAMES:
            pairs = zip(arrays[f"{name}_tanh_at"], arrays[f"{name}_tanh"], strict=True)
            for point, found in pairs:
                exact = mpmath.tanh(mpmath.mpf(float(point)))
                error = abs(mpmath.mpf(float(found)) - exact) / math.ulp(float(exact))
                worst = max(worst, float(error))
    return Check(
        id="fixed_point.tanh-accuracy",
        claim="lem-fixed-step",
        statement="Largest error of the library's tanh at the coordinates of the test points "
        "against 50 digits, in units in the last place; the bound is what the rounding analysis "
        "assumes.",
        method="numerical",
        value=worst,
        at_most=rounding.TANH_ULPS,
    )


def step_error(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """One computed step z <- y - r(z) against the same step in 50 digits."""
    worst = 0.0
    for name, network in zip(NAMES, networks, strict=True):
        iterates, targets = arrays[f"{name}_iterates"], arrays[f"{name}_y"]
        last = len(iterates) - 2
        for n, point in itertools.product({0, 1, min(10, last), last}, range(min(4, len(targets)))):
            y = targets[point]
            with mpmath.workdps(DIGITS):
                f = network.branch([mpmath.mpf(x) for x in iterates[n, point].tolist()])
                found = iterates[n + 1, point].tolist()
                gaps = [zi - (yi - fi) for zi, yi, fi in zip(found, y.tolist(), f, strict=True)]
                error = float(mpmath.norm(gaps))
            delta = network.accuracy * EPS * (1 - network.lipschitz) * float(np.linalg.norm(y))
            worst = max(worst, error / delta)
    return Check(
        id="fixed_point.step-error",
        claim="lem-fixed-step",
        statement="Error of single computed steps of both networks (the first two, one further on "
        "and the last, up to four points) against the same step in 50 digits, over the proved "
        "$\\xi$ (largest ratio).",
        method="numerical",
        value=worst,
        at_most=1,
    )


def errors(arrays: Arrays, name: str, network: Network) -> Floats:
    """Return |z_n - z*|, shape (steps + 1, points), with z* from Newton's method."""
    iterates = arrays[f"{name}_iterates"]
    found = np.empty(iterates.shape[:2])
    for point, y in enumerate(arrays[f"{name}_y"]):
        high, low = network.solve(y, iterates[-1, point])
        found[:, point] = np.linalg.norm((iterates[:, point] - high) - low, axis=1)
    return found


def inversion(arrays: Arrays, name: str, network: Network) -> list[Check]:
    """Error against a-priori and a-posteriori bound plus rounding at each step, every point."""
    found = errors(arrays, name, network)
    iterates, y = arrays[f"{name}_iterates"], arrays[f"{name}_y"]
    moves = np.linalg.norm(np.diff(iterates, axis=0), axis=2)
    floor = network.accuracy * EPS * np.linalg.norm(y, axis=1)
    prior = np.array(
        [model.a_priori_bound(network.lipschitz, n, moves[0]) for n in range(len(iterates))]
    )
    last = model.a_posteriori_bound(network.lipschitz, moves)
    # The first move is rounded, its norm and the power of L too; only L |y| is bounded in advance.
    first = (network.errors.output + (y.shape[1] + 4) * EPS) / network.lipschitz
    where = f"{y.shape[1]} dimension{'s' if y.shape[1] > 1 else ''}"
    scope = f"{len(y)} points, {len(iterates) - 1} steps, in {where}"
    return [
        Check(
            id=f"fixed_point.inversion-{name}",
            claim="prp-fixed-rounding",
            statement="Error (50-digit Newton) over $L^n\\lVert z_1-z_0\\rVert/(1-L)"
            f"+C\\,\\varepsilon_{{\\mathrm m}}\\lVert y\\rVert$, largest over {scope}; "
            f"$C={network.accuracy:.0f}$ follows from @lem-fixed-step if tanh is accurate to "
            f"{rounding.TANH_ULPS} units in the last place.",
            method="numerical",
            value=float(np.max(found / (prior + floor))),
            at_most=1,
        ),
        Check(
            id=f"fixed_point.stopping-{name}",
            claim="prp-fixed-rounding",
            statement="Error over $L\\lVert z_n-z_{n-1}\\rVert/(1-L)+C\\,"
            f"\\varepsilon_{{\\mathrm m}}\\lVert y\\rVert$, largest over {scope}.",
            method="numerical",
            value=float(np.max(found[1:] / (last + floor))),
            at_most=1,
        ),
        Check(
            id=f"fixed_point.steps-{name}",
            claim="prp-fixed-steps",
            statement=f"After the {len(iterates) - 1} steps chosen in advance the a-priori bound "
            f"over $\\varepsilon_{{\\mathrm m}}\\lVert y\\rVert/2$ (largest over {len(y)} "
            f"points in {where}).",
            method="numerical",
            value=float(np.max(prior[-1] / (rounding.UNIT * np.linalg.norm(y, axis=1)))),
            at_most=1 + first + 4 * len(iterates) * EPS,
        ),
    ]


def bi_lipschitz(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """Distances between all pairs of test points, before and after, within 1 - L and 1 + L."""
    worst = 0.0
    for name, network in zip(NAMES, networks, strict=True):
        least, largest = model.slope_bounds(network.lipschitz)
        z, y = arrays[f"{name}_z"], arrays[f"{name}_y"]
        size = float(np.max(np.linalg.norm(z, axis=1)))
        slack = 2 * (network.errors.output + (z.shape[1] + 4) * EPS) * size
        for i, j in itertools.combinations(range(len(z)), 2):
            before = float(np.linalg.norm(z[i] - z[j]))
            after = float(np.linalg.norm(y[i] - y[j]))
            worst = max(worst, after / (largest * before + slack))
            worst = max(worst, (least * before - slack) / after)
    return Check(
        id="fixed_point.bi-lipschitz",
        claim="cor-fixed-residual",
        statement="All pairs of test points of both networks: $\\lVert\\Delta y\\rVert$ over its "
        "bound $(1+L)\\lVert\\Delta z\\rVert$ and $(1-L)\\lVert\\Delta z\\rVert$ over "
        "$\\lVert\\Delta y\\rVert$ (largest ratio, rounding included).",
        method="numerical",
        value=worst,
        at_most=1,
    )


def spread(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """The root of the sum of squared distances from the mean, before and after the layer."""
    worst = 0.0
    for name, network in zip(NAMES, networks, strict=True):
        least, largest = model.slope_bounds(network.lipschitz)
        z, y = arrays[f"{name}_z"], arrays[f"{name}_y"]
        before, after = (
            float(np.linalg.norm(points - np.mean(points, axis=0))) for points in (z, y)
        )
        slack = (network.errors.output + (z.size + 8) * EPS) * float(np.linalg.norm(z))
        worst = max(worst, (least * before - slack) / after, after / (largest * before + slack))
    return Check(
        id="fixed_point.spread",
        claim="cor-fixed-spread",
        statement="Root of the sum of squared distances from the mean, of the test points after "
        "each network: over its upper bound, $1+L$ times that before, and the lower bound over it "
        "(largest ratio, rounding included).",
        method="numerical",
        value=worst,
        at_most=1,
    )


def jacobian(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """Automatic differentiation against 50-digit forward differences of step 1e-25."""
    worst = 0.0
    for name, network in zip(NAMES, networks, strict=True):
        for point, found in zip(arrays[f"{name}_z"], arrays[f"{name}_jacobians"], strict=False):
            with mpmath.workdps(DIGITS):
                step = mpmath.mpf(10) ** -25
                z = [mpmath.mpf(x) for x in point.tolist()]
                base = network.branch(z)
                columns = []
                for axis in range(len(z)):
                    moved = network.branch([x + step * (i == axis) for i, x in enumerate(z)])
                    columns.append(
                        [float((m - b) / step) for m, b in zip(moved, base, strict=True)]
                    )
            size = float(np.linalg.norm(point))
            bound = rounding.jacobian_error(network.weights, network.norms, network.scale, size)
            error = float(np.linalg.norm(found - np.array(columns).T, ord=2))
            worst = max(worst, error / bound)
    return Check(
        id="fixed_point.jacobian",
        claim="sec-fixed-logdet",
        statement="Jacobians by automatic differentiation against 50-digit difference quotients: "
        "largest error over the rounding bound.",
        method="numerical",
        value=worst,
        at_most=1,
    )


def series(arrays: Arrays, networks: Sequence[Network]) -> Check:
    """Partial sums of the series against a 50-digit determinant of the same Jacobian."""
    worst = 0.0
    for name, network in zip(NAMES, networks, strict=True):
        sums = arrays[f"{name}_log_det_sums"]
        for matrix, found in zip(arrays[f"{name}_jacobians"], sums, strict=True):
            dimension, terms = len(matrix), len(found) - 1
            with mpmath.workdps(DIGITS):
                exact = mpmath.log(mpmath.det(mpmath.eye(dimension) + mpmath.matrix(matrix)))
                gaps = [float(abs(mpmath.mpf(float(total)) - exact)) for total in found]
            slack = rounding.log_det_sum_error(network.lipschitz, dimension, terms)
            for n, gap in enumerate(gaps):
                bound = model.log_det_tail_bound(network.lipschitz, n, dimension)
                worst = max(worst, gap / (bound + slack))
    return Check(
        id="fixed_point.series-network",
        claim="thm-fixed-logdet",
        statement=f"Both networks: each partial sum up to {terms} terms against the logarithm of "
        "a 50-digit determinant: largest error over tail bound plus rounding.",
        method="numerical",
        value=worst,
        at_most=1,
    )


def unproved(arrays: Arrays) -> Check:
    """The trained network's certificate exceeds 1, though its Jacobians do not."""
    slopes = np.linalg.norm(arrays["space_trained_jacobians"], ord=2, axis=(1, 2))
    return Check(
        id="fixed_point.unproved",
        claim="tbl-fixed-layers",
        statement="The larger network as trained: its certified product is at least 1, and the "
        f"norm of its Jacobian at {len(slopes)} test points below 1 (number of exceptions).",
        method="numerical",
        value=int(arrays["space_trained_lipschitz"] < 1) + int(np.sum(slopes >= 1)),
        observed=True,
    )


def checks(arrays: Arrays, scale: float) -> list[Check]:
    """Return every check of this part; `scale` is the intended Lipschitz constant of r."""
    networks = [load(arrays, name, scale) for name in NAMES]
    inversions = [
        check
        for name, network in zip(NAMES, networks, strict=True)
        for check in inversion(arrays, name, network)
    ]
    return [
        certificate(networks),
        unproved(arrays),
        power_iteration(arrays, networks),
        power_monotone(),
        tanh_accuracy(arrays),
        step_error(arrays, networks),
        *inversions,
        bi_lipschitz(arrays, networks),
        spread(arrays, networks),
        jacobian(arrays, networks),
        series(arrays, networks),
    ]
