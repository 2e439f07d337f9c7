"""Checks of what exercise 4.6 says about its own runs: each "because" and "until" of the text.

Causes are tested by changing them: the optimal discriminator in place of the trained one, another
order of summation in place of the set one. The best responses come from SciPy.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import optimize

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import local, model, summary, theory
from scripts.gan_training.checks_formulas import EPS
from scripts.gan_training.checks_runs import LOG2
from scripts.gan_training.model import Rates

CLAIM = "sec-gan-training-losses"


def checks(arrays: Arrays, rates: Rates, sgd_divisor: int) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [
        *_speed_checks(arrays, rates),
        *_lag_checks(arrays, rates),
        *_coin_checks(arrays),
        _misleading_loss(arrays),
        _rule(arrays),
        *_noise_checks(arrays, rates, sgd_divisor),
        _printed_numbers(arrays, rates),
    ]


def best_response(theta: float, real: Floats, noise: Floats, start: Any) -> Floats:
    """Return the discriminator (2,) of least loss against a frozen theta, by SciPy."""
    points = np.concatenate([real, noise + theta])
    signs = np.repeat([-1.0, 1.0], [len(real), len(noise)])
    columns = np.stack([np.ones_like(points), points])

    def loss(phi: Floats) -> tuple[float, Floats]:
        scores = signs * (phi @ columns)
        weights = signs * np.exp(scores - np.logaddexp(0, scores)) / len(real)
        return float(np.logaddexp(0, scores).sum()) / len(real), columns @ weights

    found = optimize.minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    return np.asarray(found.x)


def passage_of(arrays: Arrays) -> int:
    """Return the epoch at which theta first reaches its goal."""
    return int(arrays["snapshot_epochs"][summary.EVENTS.index("pass")])


def turn_of(arrays: Arrays) -> int:
    """Return the epoch at which theta is farthest beyond its goal."""
    return int(arrays["snapshot_epochs"][summary.EVENTS.index("overshoot")])


def displacements(arrays: Arrays) -> Floats:
    """Return theta - theta* along the baseline run (n + 1,)."""
    goal = theory.equilibrium(arrays["real"], arrays["noise"])
    found: Floats = arrays["baseline_states"][:, 0] - goal
    return found


def stated_speed(arrays: Arrays, rate: float) -> Floats:
    """Return by how much each epoch moves theta, as stated: rate, new slope, mean weight."""
    speed: Floats = rate * arrays["baseline_states"][1:, 2] * summary.generated_weights(arrays)
    return speed


def _speed_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    states = arrays["baseline_states"]
    moves = np.diff(states[:, 0])
    weights = summary.generated_weights(arrays)[: passage_of(arrays)]
    return [
        Check(
            id="gan_training.speed",
            claim=CLAIM,
            statement="Each epoch of the PyTorch run moves $\\theta$ by $\\eta_G\\phi_1$ times the "
            "mean of $1-D$ over the generated points: largest difference.",
            method="exhaustive",
            value=float(np.abs(moves - stated_speed(arrays, rates.generator)).max()),
            at_most=1e-12,
        ),
        Check(
            id="gan_training.weight-near-half",
            claim=CLAIM,
            statement="Until $\\theta$ passes $\\theta^*$ the mean of $1-D$ over the generated "
            "points stays between 0 and 1, so that the speed follows the slope: largest distance "
            "from $\\frac12$.",
            method="exhaustive",
            value=float(np.abs(weights - 0.5).max()),
            at_most=0.45,
        ),
        Check(
            id="gan_training.theta-follows-slope",
            claim=CLAIM,
            statement="Epochs in which $\\theta$ does not move in the direction of the new slope "
            "$\\phi_1$ although both are above rounding.",
            method="exhaustive",
            value=int(np.sum((moves * states[1:, 2] < 0) & (np.abs(moves) > 1e-13))),
        ),
    ]


def _lag_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    real, noise, states = arrays["real"], arrays["noise"], arrays["baseline_states"]
    passage = passage_of(arrays)
    best = best_response(float(states[passage, 0]), real, noise, np.zeros(2))
    return [
        Check(
            id="gan_training.lag",
            claim=CLAIM,
            statement="When $\\theta$ passes $\\theta^*$: size of the optimal slope over the slope "
            "$\\phi_1$ that the discriminator still has.",
            method="numerical",
            value=abs(float(best[1] / states[passage, 2])),
            at_most=0.25,
        ),
        Check(
            id="gan_training.overshoot-needs-lag",
            claim=CLAIM,
            statement="The same run with the optimal discriminator of each epoch (SciPy) in place "
            "of the trained one, at most three standard deviations before $\\theta^*$ (samples "
            "that a point separates have no optimal one): how far $\\theta$ goes beyond it, "
            "as a share of the way.",
            method="numerical",
            value=overshoot_without_lag(arrays, rates),
            at_most=1e-4,
        ),
    ]


def overshoot_without_lag(arrays: Arrays, rates: Rates, epochs: int = 200) -> float:
    """Return the overshoot of a generator that always faces the best response, over its way."""
    real, noise = arrays["real"], arrays["noise"]
    goal = theory.equilibrium(real, noise)
    way = float(arrays["baseline_states"][0, 0] - goal)
    theta = first = goal + float(np.clip(way, -3 * real.std(), 3 * real.std()))
    phi, most = np.zeros(2), -1.0
    for _ in range(epochs):
        phi = best_response(theta, real, noise, phi)
        state = np.array([theta, *phi])
        pull = model.generator_gradient(model.generate(noise, state), state, "flipped")
        theta -= rates.generator * pull
        most = max(most, (theta - goal) / (goal - first))
    return most


def _coin_checks(arrays: Arrays) -> list[Check]:
    losses, states = arrays["baseline_discriminator_losses"], arrays["baseline_states"][:-1]
    excess = losses - 2 * LOG2
    product = states[:, 2] * displacements(arrays)[:-1] / 2
    passage, turn = passage_of(arrays), turn_of(arrays)
    return [
        Check(
            id="gan_training.coin-convexity",
            claim=CLAIM,
            statement="Epochs at which $L_D-2\\log2<\\frac12\\phi_1(\\theta-\\theta^*)$.",
            method="exhaustive",
            value=int(np.sum(excess < product - 16 * EPS)),
        ),
        Check(
            id="gan_training.worse-than-coin",
            claim=CLAIM,
            statement="Least $L_D-2\\log2$ from the passage of $\\theta$ to its turn.",
            method="exhaustive",
            value=float(excess[passage : turn + 1].min()),
            at_least=1e-6,
        ),
        Check(
            id="gan_training.coin-curvature",
            claim=CLAIM,
            statement="At the passage: the part of $L_D-2\\log2$ that is not "
            "$\\frac12\\phi_1(\\theta-\\theta^*)$, as a share of it.",
            method="numerical",
            value=float(1 - product[passage] / excess[passage]),
            at_least=0.5,
        ),
    ]


def _misleading_loss(arrays: Arrays) -> Check:
    lowest = int(arrays["baseline_generator_losses"].argmin())
    gaps = np.abs(displacements(arrays))
    return Check(
        id="gan_training.generator-loss-misleads",
        claim=CLAIM,
        statement="Distance of $\\theta$ from $\\theta^*$ in the epoch of the lowest $L_G$, less "
        "that at the end of the run.",
        method="numerical",
        value=float(gaps[lowest] - gaps[-1]),
        at_least=0.01,
    )


def _rule(arrays: Arrays) -> Check:
    moments = theory.moment_matrix(arrays["real"], arrays["noise"])
    wrong = 0
    for name, pair in zip(summary.PAIR_NAMES, arrays["pair_rates"], strict=True):
        grows = local.measured_behavior(arrays[f"pair_near_{name}"]) == "no convergence"
        wrong += grows != (float(theory.rule(moments, *pair)) >= 4)
    return Check(
        id="gan_training.rule",
        claim="thm-gan-lab-region",
        statement="The six pairs of rates: runs near the equilibrium that grow although the rule "
        "is met, or shrink although it is not.",
        method="exhaustive",
        value=int(wrong),
    )


def _noise_checks(arrays: Arrays, rates: Rates, divisor: int) -> list[Check]:
    late = {
        how: arrays[f"sgd_{how}_states"][len(arrays[f"sgd_{how}_states"]) // 2 :, 0]
        for how in ("drawn", "shuffled", "slow")
    }
    worst = max(
        abs(math.log2(float(theta.std()) / summary.sgd_law(how, arrays, rates, divisor)))
        for how, theta in late.items()
    )
    losses = arrays["sgd_drawn_full_losses"]
    judged, forged = losses[len(losses) // 2 :].std(axis=0)
    claim = "sec-gan-training-bonus"
    return [
        Check(
            id="gan_training.sgd-law",
            claim="prp-gan-training-noise",
            statement="Standard deviation of $\\theta$ in the three SGD runs against the linear "
            "law of each: largest $|\\log_2|$ of the ratio (about five time scales in each of ten "
            "blocks give standard errors of some ten percent).",
            method="numerical",
            value=worst,
            at_most=0.75,
        ),
        Check(
            id="gan_training.sgd-shuffled",
            claim=claim,
            statement="Standard deviation of $\\theta$ in shuffled passes over that with "
            "replacement.",
            method="numerical",
            value=float(late["shuffled"].std() / late["drawn"].std()),
            at_most=0.85,
        ),
        Check(
            id="gan_training.generator-noisier",
            claim=claim,
            statement="Standard deviation of the generator's full-data loss under SGD (last half) "
            "over that of the discriminator's.",
            method="numerical",
            value=float(forged / judged),
            at_least=1.5,
        ),
    ]


def reordered(arrays: Arrays, rates: Rates) -> Arrays:
    """Return the arrays with every full-batch run made anew, its sums in the opposite order."""
    real, noise = arrays["real"][::-1].copy(), arrays["noise"][::-1].copy()
    start, epochs = arrays["baseline_states"][0], len(arrays["baseline_generator_losses"])
    whole = model.train(start, real, noise, rates, epochs)
    found: Arrays = {
        "real": real,
        "noise": noise,
        "baseline_states": whole.states,
        "baseline_discriminator_losses": whole.discriminator_losses,
        "baseline_generator_losses": whole.generator_losses,
    }
    kinds: tuple[model.GeneratorLoss, ...] = ("flipped", "minimax")
    for kind in kinds:
        for name in (f"{kind}_even_states", f"{kind}_ahead_states"):
            steps = len(arrays[name]) - 1
            found[name] = model.train(arrays[name][0], real, noise, rates, steps, kind).states
    pairs = []
    for name, pair in zip(summary.PAIR_NAMES, arrays["pair_rates"].tolist(), strict=True):
        steps = arrays["pair_states"].shape[1] - 1
        pairs.append(model.train(start, real, noise, Rates(*pair), steps).states)
        near = local.near_run(real, noise, Rates(*pair), len(arrays[f"pair_near_{name}"]) - 1)
        found[f"pair_near_{name}"] = near
    measured = [local.measured_multiplier(found[f"pair_near_{n}"]) for n in summary.PAIR_NAMES]
    return arrays | found | {"pair_states": np.array(pairs), "pair_measured": np.array(measured)}


def printed(arrays: Arrays, rates: Rates) -> list[str]:
    """Return every number of the full-batch runs as the document prints it."""
    values = summary.values(arrays, rates)
    rest = model.equilibrium(arrays["real"], arrays["noise"])
    table = [summary.shown_distance(summary.end(states, rest)) for states in arrays["pair_states"]]
    table += [f"{abs(complex(one)):.4g}" for one in arrays["pair_measured"]]
    return [f"{name}: {record['text']}" for name, record in values.items()] + table


def _printed_numbers(arrays: Arrays, rates: Rates) -> Check:
    pairs = zip(printed(arrays, rates), printed(reordered(arrays, rates), rates), strict=True)
    return Check(
        id="gan_training.printed-numbers",
        claim=CLAIM,
        statement="All full-batch runs made anew with their sums in the opposite order: printed "
        "numbers that change.",
        method="exhaustive",
        value=sum(one != other for one, other in pairs),
    )
