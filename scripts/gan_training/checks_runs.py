"""Checks of the full-batch training runs of exercise 4.6, and of both PyTorch runs.

The predictions come from finite differences of the update, not from `theory`; the PyTorch runs
are compared with the closed form.
"""

from __future__ import annotations

import math

import numpy as np

from scripts.common.arrays import Arrays, Complexes, Floats
from scripts.common.checks import Check
from scripts.gan_training import model, summary
from scripts.gan_training.checks_formulas import EPS, jacobian
from scripts.gan_training.model import Rates

LOG2 = math.log(2)
ROUNDING = 1e-12
"""Allowed for the rounding of states and losses of size one to ten in long runs."""


def checks(arrays: Arrays, rates: Rates) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [
        *_torch_checks(arrays, rates),
        *_baseline_checks(arrays, rates),
        _loss_bounds(arrays),
        _ringing(arrays, rates),
        _minimax_later(arrays),
        *_pair_checks(arrays),
    ]


def finite_difference_map(arrays: Arrays, rates: Rates) -> Floats:
    """Return the derivative (3, 3) of one update at the equilibrium, by finite differences."""
    real, noise = arrays["real"], arrays["noise"]
    return jacobian(
        lambda state: model.update(state, real, noise, rates), model.equilibrium(real, noise)
    )


def _torch_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    real, noise = arrays["real"], arrays["noise"]
    states = arrays["baseline_states"]
    whole = model.train(states[0], real, noise, rates, len(states) - 1)
    order = arrays["sgd_order"][: len(arrays["single_states"]) - 1]
    single = model.train_one_at_a_time(states[0], real[order[:, 0]], noise[order[:, 1]], rates)
    foreign = [arrays[f"{name}_foreign_gradients"].max() for name in ("baseline", "single")]
    return [
        Check(
            id="gan_training.autograd-path",
            claim="sec-gan-training-loop",
            statement="States and losses of the PyTorch run against the closed form, every epoch; "
            "largest difference.",
            method="numerical",
            value=_distance(arrays, "baseline", whole),
            at_most=1e-10,
        ),
        Check(
            id="gan_training.autograd-single-path",
            claim="sec-gan-training-bonus",
            statement="The same for the PyTorch loop on single examples; largest difference.",
            method="numerical",
            value=_distance(arrays, "single", single),
            at_most=1e-10,
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


def _distance(arrays: Arrays, name: str, path: model.Path) -> float:
    return max(
        float(np.abs(arrays[f"{name}_states"] - path.states).max()),
        float(np.abs(arrays[f"{name}_discriminator_losses"] - path.discriminator_losses).max()),
        float(np.abs(arrays[f"{name}_generator_losses"] - path.generator_losses).max()),
    )


def _baseline_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    states, losses = arrays["baseline_states"], arrays["baseline_discriminator_losses"]
    forged = arrays["baseline_generator_losses"]
    goal = float(arrays["real"].mean() - arrays["noise"].mean())
    way = goal - states[0, 0]
    radius = float(np.abs(np.linalg.eigvals(finite_difference_map(arrays, rates))).max())
    passage = arrays["snapshot_epochs"][summary.EVENTS.index("pass")]
    claim = "sec-gan-training-losses"
    return [
        Check(
            id="gan_training.early-win",
            claim=claim,
            statement="Lowest loss of the discriminator before $\\theta$ first passes "
            "$\\theta^*$, against $2\\log 2$ less five percent.",
            method="numerical",
            value=float(losses[: passage + 1].min()),
            at_most=1.9 * LOG2,
        ),
        Check(
            id="gan_training.overshoot",
            claim=claim,
            statement="How far $\\theta$ goes beyond $\\theta^*$, as a share of the way from its "
            "start.",
            method="numerical",
            value=float(((states[:, 0] - goal) / way).max()),
            at_least=0.001,
        ),
        Check(
            id="gan_training.final-theta",
            claim=claim,
            statement="Distance of the last $\\theta$ from $\\theta^*$, against "
            "$|\\theta_0-\\theta^*|\\rho^{n/2}$: at least half of the predicted number of "
            "halvings.",
            method="numerical",
            value=abs(float(states[-1, 0]) - goal),
            at_most=ROUNDING + abs(float(way)) * radius ** (len(forged) / 2),
        ),
        Check(
            id="gan_training.final-losses",
            claim=claim,
            statement="Larger distance of the two final losses from $2\\log 2$ and $\\log 2$, "
            "against $\\rho^{n/2}$.",
            method="numerical",
            value=max(abs(float(losses[-1]) - 2 * LOG2), abs(float(forged[-1]) - LOG2)),
            at_most=ROUNDING + radius ** (len(forged) / 2),
        ),
        _tail_check(arrays, rates, radius),
    ]


def _tail_check(arrays: Arrays, rates: Rates, radius: float) -> Check:
    goal = model.equilibrium(arrays["real"], arrays["noise"])
    path = _tail(arrays, rates, 1e-3, 1e-8)
    sizes = np.log(np.linalg.norm(path - goal, axis=1))
    # The distance wobbles within a turn of the spiral; the fit over many turns averages it out.
    slope = np.polynomial.polynomial.polyfit(np.arange(len(sizes)), sizes, 1)[1]
    return Check(
        id="gan_training.final-rate",
        claim="thm-gan-training-linear",
        statement="The baseline run, continued until its distance from the equilibrium falls from "
        "$10^{-3}$ to $10^{-8}$: fitted decay per epoch against $\\log\\rho$ of the finite-"
        "difference map, relative difference (the distance wobbles within each turn).",
        method="numerical",
        value=abs(float(slope) / math.log(radius) - 1),
        at_most=0.02,
    )


def _tail(arrays: Arrays, rates: Rates, begin: float, end: float) -> Floats:
    """Return the states of the baseline's run whose distance lies between the two given ones."""
    real, noise = arrays["real"], arrays["noise"]
    rest, states = model.equilibrium(real, noise), list(arrays["baseline_states"])
    while np.linalg.norm(states[-1] - rest) > end and len(states) < 60_000:
        states.append(model.update(states[-1], real, noise, rates))
    path = np.array(states)
    sizes = np.linalg.norm(path - rest, axis=1)
    last: Floats = path[int(np.flatnonzero(sizes > begin)[-1]) + 1 :]
    inside = np.linalg.norm(last - rest, axis=1) > end
    kept: Floats = last[inside]
    return kept


def _loss_bounds(arrays: Arrays) -> Check:
    real, violations = arrays["real"], 0
    states = arrays["baseline_states"]
    for state in states:
        generated = arrays["noise"] + state[0]
        a, b = (state[1] + state[2] * points for points in (real, generated))
        judged = np.logaddexp(0, -a).mean() + np.logaddexp(0, b).mean() - 2 * LOG2
        forged = np.logaddexp(0, -b).mean() - LOG2
        slope_part = state[2] * (generated.mean() - real.mean()) / 2
        violations += abs(judged - slope_part) > ((a**2).mean() + (b**2).mean()) / 8 + 10 * EPS
        violations += abs(forged + b.mean() / 2) > (b**2).mean() / 8 + 10 * EPS
    return Check(
        id="gan_training.loss-bounds",
        claim="lem-gan-training-losses",
        statement="Both inequalities at every epoch of the baseline; number of violations.",
        method="exhaustive",
        value=int(violations),
    )


def _ringing(arrays: Arrays, rates: Rates) -> Check:
    """Fit the frequencies of both losses (Prony) to the end of the run, and compare."""
    real, noise = arrays["real"], arrays["noise"]
    values, vectors = np.linalg.eig(finite_difference_map(arrays, rates))
    lead = int(np.argmax(np.abs(values) + 1e-9 * values.imag))
    rest = model.equilibrium(real, noise)
    count = min(600, max(100, round(-3 / math.log(abs(values[lead])))))
    state = rest + 1e-4 * np.real(vectors[:, lead]) / np.abs(vectors[:, lead]).max()
    path = model.train(state, real, noise, rates, count)
    full = [
        (
            model.discriminator_loss(real, noise + s[0], s) - 2 * LOG2,
            model.generator_loss(noise + s[0], s, "flipped") - LOG2,
        )
        for s in path.states
    ]
    stride = max(1, min(count // 10, round(0.4 / max(abs(np.angle(values[lead])), 1e-9))))
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
        statement="Multipliers fitted to the two losses of a run that starts $10^{-4}$ from the "
        "equilibrium: $\\lambda$ for the generator's, $\\lambda^2$ and $|\\lambda|^2$ for the "
        "discriminator's; largest difference from the finite-difference map's.",
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
    goal = float(arrays["real"].mean() - arrays["noise"].mean())
    half = {}
    for kind in ("flipped", "minimax"):
        theta = arrays[f"{kind}_ahead_states"][:, 0]
        share = (theta - theta[0]) / (goal - theta[0])
        half[kind] = int(np.argmax(share >= 0.5)) if (share >= 0.5).any() else len(theta)
    return Check(
        id="gan_training.minimax-later",
        claim="sec-gan-training-two-losses",
        statement="After the discriminator's head start: epochs to half of the way with the "
        "minimax loss, less those with flipped labels.",
        method="numerical",
        value=half["minimax"] - half["flipped"],
        at_least=1,
    )


def _pair_checks(arrays: Arrays) -> list[Check]:
    trajectory, rate_errors, mismatches, testable = 0.0, [0.0], 0, 0
    for k, name in enumerate(summary.PAIR_NAMES):
        rates = Rates(*(float(rate) for rate in arrays["pair_rates"][k]))
        derivative = finite_difference_map(arrays, rates)
        trajectory = max(trajectory, _trajectory_error(arrays, rates, derivative))
        near = arrays[f"pair_near_{name}"]
        first = complex(max(np.linalg.eigvals(derivative), key=lambda e: (abs(e), e.imag)))
        if _testable(derivative, first, near):
            testable += 1
            measured = abs(complex(arrays["pair_measured"][k]))
            rate_errors.append(abs(math.log(measured) / math.log(abs(first)) - 1))
            mismatches += _class_of(near) != _predicted_class(first)
    claim = "sec-gan-training-rates"
    return [
        Check(
            id="gan_training.pair-trajectories",
            claim="thm-gan-training-linear",
            statement="Six pairs of rates, started $10^{-8}$ from the equilibrium: training "
            "against the powers of the finite-difference map, every step up to 300; largest "
            "difference relative to the largest displacement so far.",
            method="numerical",
            value=trajectory,
            at_most=1e-3,
        ),
        Check(
            id="gan_training.pair-rates",
            claim=claim,
            statement="Measured logarithmic rate against the finite-difference map's, all pairs "
            "whose near run is long enough to tell; largest relative difference.",
            method="numerical",
            value=max(rate_errors),
            at_most=0.01,
        ),
        Check(
            id="gan_training.pair-classes",
            claim=claim,
            statement=f"Predicted against measured behavior, for the same pairs ({testable} of "
            f"{len(summary.PAIR_NAMES)}); number that differ.",
            method="numerical",
            value=mismatches,
        ),
    ]


def _trajectory_error(arrays: Arrays, rates: Rates, derivative: Floats) -> float:
    real, noise = arrays["real"], arrays["noise"]
    rest = model.equilibrium(real, noise)
    linear = np.array([1e-8, 0.0, 0.0])
    state, largest, worst = rest + linear, 1e-8, 0.0
    for _ in range(300):
        state = model.update(state, real, noise, rates)
        linear = derivative @ linear
        largest = max(largest, float(np.linalg.norm(linear)))
        if largest > 1e-6:  # beyond, the curvature of the map enters
            break
        worst = max(worst, float(np.linalg.norm(state - rest - linear)) / largest)
    return worst


def _testable(derivative: Floats, first: complex, near: Floats) -> bool:
    """Whether the last quarter of a near run shows its dominant mode alone, and enough of it.

    What is left of the other modes there, from the decomposition of the start into eigenvectors,
    may bend the measured logarithmic rate by 0.3 percent at most.
    """
    rate, length = abs(math.log(abs(first))), len(near)
    if length < 12 or rate * length < 4:
        return False
    values, vectors = np.linalg.eig(derivative)
    parts = np.abs(np.linalg.solve(vectors, near[0].astype(complex)) * vectors[[0, 2]])
    sizes = parts.max(axis=0) * (np.abs(values) / abs(first)) ** (3 * length // 4)
    leading = np.isclose(np.abs(values), abs(first), rtol=1e-9)
    bend = np.abs(values - first) * sizes / sizes[leading].max() / rate
    turns = abs(np.angle(first)) * (length // 4) / np.pi
    enough_turns = first.imag == 0 or 1.2 < turns < 0.2 * length
    return bool(enough_turns and bend[~leading].max(initial=0.0) < 3e-3)


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
