"""Checks of the full-batch training runs of exercise 4.6, and of both PyTorch runs.

The predictions come from finite differences of the update, not from `theory`; the PyTorch runs
are compared with the closed form.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from scripts.common.arrays import Arrays, Complexes, Floats
from scripts.common.checks import Check
from scripts.gan_training import local, model, summary, theory
from scripts.gan_training.checks_formulas import EPS, LOG2, jacobian, standardized
from scripts.gan_training.model import Rates

CLAIM = "sec-gan-training-rates"
RINGING = Rates(0.1, 0.1)
"""Rates at which data of mean 3 and spread 1 spiral."""


def checks(arrays: Arrays, rates: Rates) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [
        *_torch_checks(arrays, rates),
        _tail_check(arrays, rates),
        _loss_bounds(arrays),
        _ringing(*standardized(arrays, 3.0)),
        _minimax_later(arrays),
        *_pair_checks(arrays),
        _rule(arrays),
        _far_map(*standardized(arrays, 3.0)),
    ]


def finite_difference_map(real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return the derivative (3, 3) of one update at the equilibrium, in the data's own units."""
    return jacobian(
        lambda state: model.update(state, real, noise, rates),
        model.equilibrium(real, noise),
        local.units(real, noise),
        float(np.abs(local.map_in_units(real, noise, rates)).max()),
    )


def leading(derivative: Floats) -> complex:
    """Return the dominant eigenvalue of a matrix, of a complex pair the upper one."""
    return complex(max(np.linalg.eigvals(derivative), key=lambda e: (abs(e), e.imag)))


def _torch_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    real, noise, epochs = arrays["real"], arrays["noise"], len(arrays["baseline_states"]) - 1
    everything = [(real, noise)] * epochs
    order = arrays["sgd_order"][: len(arrays["single_states"]) - 1]
    examples = [(real[[i]], noise[[j]]) for i, j in order]
    foreign = [arrays[f"{name}_foreign_gradients"].max() for name in ("baseline", "single")]
    return [
        Check(
            id="gan_training.autograd-path",
            claim="sec-gan-training-loop",
            statement="Each epoch of the PyTorch run against one update in closed form from the "
            "same state, parameters and losses: largest difference over what the rounding of the "
            "terms may make of it.",
            method="numerical",
            value=_step_errors(arrays, "baseline", everything, rates, _whole_update),
            at_most=1,
        ),
        Check(
            id="gan_training.autograd-single-path",
            claim="sec-gan-training-bonus",
            statement="The same for the PyTorch loop on single examples.",
            method="numerical",
            value=_step_errors(arrays, "single", examples, rates, model.train_one_at_a_time),
            at_most=1,
        ),
        Check(
            id="gan_training.own-parameters",
            claim="sec-gan-training-loop",
            statement="After every backward pass of both PyTorch runs, each loss in turn: largest "
            "gradient found on the other player's parameters.",
            method="exhaustive",
            value=float(max(foreign)),
        ),
    ]


def _whole_update(state: Floats, real: Floats, noise: Floats, rates: Rates) -> model.Path:
    return model.train(state, real, noise, rates, 1)


def _step_errors(
    arrays: Arrays, name: str, batches: list[tuple[Floats, Floats]], rates: Rates,
    update: Callable[[Floats, Floats, Floats, Rates], model.Path],
) -> float:  # fmt: skip
    """Return the largest difference of one step, over its allowance, along a PyTorch run."""
    states, worst = arrays[f"{name}_states"], 0.0
    for k, (real, noise) in enumerate(batches):
        path = update(states[k], real, noise, rates)
        found = *states[k + 1], *(arrays[f"{name}_{p}_losses"][k] for p in PLAYERS)
        wanted = *path.states[1], path.discriminator_losses[0], path.generator_losses[0]
        allowed = _allowances(states[k], states[k + 1], real, noise, rates)
        worst = max(worst, float((np.abs(np.subtract(found, wanted)) / allowed).max()))
    return worst


PLAYERS = ("discriminator", "generator")


def _allowances(old: Floats, new: Floats, real: Floats, noise: Floats, rates: Rates) -> Floats:
    """Return by how much rounding may change theta, phi_0, phi_1 and both losses in one step.

    A mean of m numbers and the log-odds (of size `logit`) below it carry m + logit roundings; the
    log-odds' own error reaches a probability by a quarter.
    """
    m, point = len(real), float(max(np.abs(real).max(), np.abs(noise).max() + abs(old[0])))
    before = m + 10 + abs(old[1]) + abs(old[2]) * point
    after = m + 10 + abs(new[1]) + abs(new[2]) * point
    intercept = abs(old[1]) + abs(new[1]) + 2 * rates.discriminator * before
    slope = abs(old[2]) + abs(new[2]) + 2 * rates.discriminator * before * point
    logit = intercept + slope * point  # what the two do to the log-odds that the generator sees
    weight = slope + abs(new[2]) * (logit / 4 + after)
    theta = abs(old[0]) + abs(new[0]) + rates.generator * weight
    return EPS * np.array([theta, intercept, slope, 2 * before, after + logit])


def _tail_check(arrays: Arrays, rates: Rates) -> Check:
    rate = math.log(abs(leading(finite_difference_map(arrays["real"], arrays["noise"], rates))))
    path, error = _tail(arrays, rates, 1e-3, 1e-8), math.inf
    if rate < 0 and len(path) > 2:
        sizes = np.log(np.linalg.norm(path, axis=1))
        # The distance wobbles within a turn of the spiral; many turns average it out.
        slope = np.polynomial.polynomial.polyfit(np.arange(len(sizes)), sizes, 1)[1]
        error = abs(float(slope) / rate - 1)
    return Check(
        id="gan_training.final-rate",
        claim="thm-gan-training-linear",
        statement="The baseline run, continued until its distance from the equilibrium falls from "
        "$10^{-3}$ to $10^{-8}$, in the data's own units: fitted decay per epoch against "
        "$\\log\\rho$ of the finite-difference map, relative difference.",
        method="numerical",
        value=error,
        at_most=0.02,
        observed=True,
    )


def _tail(arrays: Arrays, rates: Rates, begin: float, end: float) -> Floats:
    """Return the displacements of the baseline's run between two distances, in units.

    None if the run is not there after five times its epochs.
    """
    real, noise = arrays["real"], arrays["noise"]
    rest, unit, states = (
        summary.rest_of(arrays),
        local.units(real, noise),
        arrays["baseline_states"],
    )
    more: list[Floats] = []
    last = states[-1]
    while np.linalg.norm((last - rest) / unit) > end and len(more) < 4 * len(states):
        last = model.update(last, real, noise, rates)
        more.append(last)
    path = (np.array([*states, *more]) - rest) / unit
    sizes = np.linalg.norm(path, axis=1)
    arrived = model.first_index(sizes < end, 0, -1)
    if arrived < 0:
        return np.empty((0, 3))
    far = np.flatnonzero(sizes[:arrived] > begin)
    return path[far[-1] + 1 if len(far) else 0 : arrived]


def _loss_bounds(arrays: Arrays) -> Check:
    real, violations = arrays["real"], 0
    states = arrays["baseline_states"]
    for state in states:
        generated = arrays["noise"] + state[0]
        a, b = (state[1] + state[2] * points for points in (real, generated))
        judged = np.logaddexp(0, -a).mean() + np.logaddexp(0, b).mean() - 2 * LOG2
        judged -= state[2] * (generated.mean() - real.mean()) / 2
        forged = np.logaddexp(0, -b).mean() - LOG2 + b.mean() / 2
        points = max(np.abs(real).max(), np.abs(generated).max())
        allowed = EPS * (len(real) + 10) * (1 + abs(state[1]) + abs(state[2]) * points)
        violations += not -allowed <= judged <= ((a**2).mean() + (b**2).mean()) / 8 + allowed
        violations += not -allowed <= forged <= (b**2).mean() / 8 + allowed
    return Check(
        id="gan_training.loss-bounds",
        claim="lem-gan-training-losses",
        statement="Both inequalities at every epoch of the baseline; number of violations.",
        method="exhaustive",
        value=int(violations),
    )


def _ringing(real: Floats, noise: Floats) -> Check:
    """Fit the frequencies of both losses (Prony) to a run near the equilibrium, and compare."""
    rates = RINGING
    values, vectors = np.linalg.eig(finite_difference_map(real, noise, rates))
    lead = int(np.argmax(np.abs(values) + 1e-9 * values.imag))
    rest, unit = model.equilibrium(real, noise), local.units(real, noise)
    count = round(-3 / math.log(abs(values[lead])))
    state = rest + 1e-4 * unit * np.real(vectors[:, lead]) / np.abs(vectors[:, lead]).max()
    path = model.train(state, real, noise, rates, count)
    full = [
        (
            model.discriminator_loss(real, noise + s[0], s) - 2 * LOG2,
            model.generator_loss(noise + s[0], s, "flipped") - LOG2,
        )
        for s in path.states
    ]
    stride = max(1, min(count // 10, round(0.4 / abs(np.angle(values[lead])))))
    judged, forged = (np.array(column) for column in zip(*full, strict=True))
    expected = values[lead] ** stride
    errors = [
        np.abs(_roots(forged, stride, 2) - expected).min(),
        np.abs(_roots(judged, stride, 3) - expected**2).min(),
        np.abs(_roots(judged, stride, 3) - abs(expected) ** 2).min(),
    ]
    return Check(
        id="gan_training.ringing",
        claim="cor-gan-training-ringing",
        statement="Data of mean 3 and spread 1, both rates 0.1 (a spiral): multipliers fitted to "
        "the two losses of a run that starts $10^{-4}$ from the equilibrium, $\\lambda$ for the "
        "generator's, $\\lambda^2$ and $|\\lambda|^2$ for the discriminator's; largest difference "
        "from the finite-difference map's.",
        method="numerical",
        value=float(max(errors)),
        at_most=0.02,
    )


def _roots(series: Floats, stride: int, order: int) -> Complexes:
    """Return the roots of the linear recurrence of the given order that fits the series best."""
    shifted = [series[k * stride : len(series) - (order - k) * stride] for k in range(order + 1)]
    scale = np.sqrt(sum(part**2 for part in shifted)) + 1e-300
    matrix = np.stack([part / scale for part in shifted[:order]], axis=1)
    coefficients, *_ = np.linalg.lstsq(matrix, shifted[order] / scale, rcond=None)
    return np.roots([1.0, *(-coefficients[::-1])]).astype(np.complex128)


def _minimax_later(arrays: Arrays) -> Check:
    goal, half = theory.equilibrium(arrays["real"], arrays["noise"]), {}
    for kind in ("flipped", "minimax"):
        theta = arrays[f"{kind}_ahead_states"][:, 0]
        done = summary.halfway(theta, goal)
        half[kind] = done if done >= 0 else len(theta)
    return Check(
        id="gan_training.minimax-later",
        claim="sec-gan-training-two-losses",
        statement="After the discriminator's head start: epochs to half of the way with the "
        "minimax loss, less those with flipped labels.",
        method="numerical",
        value=half["minimax"] - half["flipped"],
        at_least=1,
        observed=True,
    )


def _pair_checks(arrays: Arrays) -> list[Check]:
    real, noise = arrays["real"], arrays["noise"]
    trajectory, rate_errors, mismatches = 0.0, [0.0], 0
    for k, name in enumerate(summary.PAIR_NAMES):
        rates = Rates(*(float(rate) for rate in arrays["pair_rates"][k]))
        derivative = finite_difference_map(real, noise, rates)
        trajectory = max(trajectory, _trajectory_error(arrays, rates, derivative))
        near, first = arrays[f"pair_near_{name}"], leading(derivative)
        if local.shows_its_mode(derivative, near):
            measured = abs(complex(arrays["pair_measured"][k]))
            rate_errors.append(abs(math.log(measured) / math.log(abs(first)) - 1))
            mismatches += _class_of(near) != _predicted_class(first)
    tested = f"{len(rate_errors) - 1} of {len(summary.PAIR_NAMES)}"
    return [
        Check(
            id="gan_training.pair-trajectories",
            claim="thm-gan-training-linear",
            statement="Six pairs of rates, started $10^{-6}$ from the equilibrium, in the data's "
            "own units: training against the powers of the finite-difference map, up to 300 "
            "steps or 100 times the distance; largest difference relative to the largest "
            "displacement so far.",
            method="numerical",
            value=trajectory,
            at_most=3e-3,
        ),
        Check(
            id="gan_training.pair-rates",
            claim=CLAIM,
            statement="Measured logarithmic rate against the finite-difference map's, all pairs "
            f"whose near run is long enough to tell ({tested}); largest relative difference.",
            method="numerical",
            value=max(rate_errors),
            at_most=0.01,
        ),
        Check(
            id="gan_training.pair-classes",
            claim=CLAIM,
            statement="Predicted against measured behavior, for the same pairs; number that "
            "differ.",
            method="numerical",
            value=mismatches,
        ),
    ]


def _trajectory_error(arrays: Arrays, rates: Rates, derivative: Floats) -> float:
    real, noise = arrays["real"], arrays["noise"]
    rest, unit = model.equilibrium(real, noise), local.units(real, noise)
    start = max(1e-6, 1e6 * local.rounding(real, noise, rates))
    linear = np.array([start, 0.0, 0.0])
    state, largest, worst = rest + linear * unit, start, 0.0
    for _ in range(300):
        state = model.update(state, real, noise, rates)
        linear = derivative @ linear
        largest = max(largest, float(np.linalg.norm(linear)))
        if largest > 1e-4:  # beyond, the curvature of the map enters
            break
        worst = max(worst, float(np.linalg.norm((state - rest) / unit - linear)) / largest)
    return worst


def _rule(arrays: Arrays) -> Check:
    real, noise = arrays["real"], arrays["noise"]
    moments, wrong = theory.moment_matrix(real, noise), 0
    for name, pair in zip(summary.PAIR_NAMES, arrays["pair_rates"].tolist(), strict=True):
        derivative = finite_difference_map(real, noise, Rates(*pair))
        fails, radius = float(theory.rule(moments, *pair)) >= 4, abs(leading(derivative))
        near = arrays[f"pair_near_{name}"]
        if local.shows_its_mode(derivative, near):
            wrong += fails != (_class_of(near) == "no convergence")
        if abs(radius - 1) > 1e-6 * np.abs(derivative).max():  # farther than the differences err
            wrong += fails != (radius > 1)
    return Check(
        id="gan_training.rule",
        claim="thm-gan-lab-region",
        statement="The six pairs of rates: spectral radii of the finite-difference map on the "
        "wrong side of 1, and runs near the equilibrium that grow although the rule is met, or "
        "shrink although it is not.",
        method="exhaustive",
        value=int(wrong),
    )


def stated_far_factor(rates: Rates) -> float:
    """The stated factor of a far start per epoch, for a product of the rates above 4."""
    half = 1 - rates.generator * rates.discriminator / 2
    return half - math.sqrt(half**2 - 1)


def _far_map(real: Floats, noise: Floats) -> Check:
    """Follow a start on the stated eigenvector of the saturated map, far from the data."""
    rates, worst = Rates(20.0, 0.3), 0.0
    factor = stated_far_factor(rates)
    state = np.array([1e7, 0.0, 1e7 * rates.discriminator / (1 - factor)])
    for _ in range(10):
        following = model.update(state, real, noise, rates)
        worst = max(worst, float(np.abs(following[[0, 2]] / state[[0, 2]] / factor - 1).max()))
        state = following
    return Check(
        id="gan_training.far-map",
        claim=CLAIM,
        statement="Data of mean 3 and spread 1, $\\eta_G=20$, $\\eta_D=0.3$, start "
        "$\\theta=10^7$ with $\\phi_1=\\eta_D\\theta/(1-\\lambda)$: growth of $\\theta$ and "
        "$\\phi_1$ in each of ten epochs against the factor $\\lambda<-1$ of the saturated map; "
        "largest relative difference.",
        method="numerical",
        value=worst,
        at_most=1e-4,
    )


def _predicted_class(first: complex) -> str:
    if abs(first) >= 1:
        return "no convergence"
    return "spiral" if first.imag != 0 else ("monotone" if first.real > 0 else "flip")


def _class_of(near: Floats) -> str:
    """Judge a near run (n, 3) by its first and last distance and by the signs of theta."""
    if np.linalg.norm(near[-1]) > np.linalg.norm(near[0]):
        return "no convergence"
    late = near[3 * len(near) // 4 :, 0]
    changes = np.count_nonzero(late[1:] * late[:-1] < 0)
    if changes == 0:
        return "monotone"
    return "flip" if changes >= 0.9 * (len(late) - 1) else "spiral"
