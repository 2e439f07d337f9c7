"""Checks of what exercise 4.6 says about its own runs: each "because" and "until" of the text.

Causes are tested by changing them: the optimal discriminator in place of the trained one, another
order of summation in place of the set one. The best responses come from SciPy. What another rate
or another start may not show is an observation.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
from scipy import optimize

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import local, model, summary, theory
from scripts.gan_training.checks_formulas import EPS, LOG2, standardized
from scripts.gan_training.model import Rates
from scripts.gan_training.summary import late

CLAIM = "sec-gan-training-losses"


def checks(arrays: Arrays, rates: Rates, sgd_divisor: int) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them, the baseline's rates."""
    return [
        *_speed_checks(arrays, rates),
        *_course_checks(arrays, rates),
        *_lag_checks(arrays, rates),
        _coin_convexity(arrays),
        *_generator_loss(arrays),
        *_rate_checks(arrays),
        *_noise_checks(arrays, rates, sgd_divisor),
        _printed_numbers(arrays, rates),
    ]


def best_response(theta: float, real: Floats, noise: Floats, start: Any) -> Floats:
    """Return the discriminator (2,) of least loss against a frozen theta, by SciPy.

    start: where to begin. The search is in the coordinate of the pooled, standardized points.
    """
    points = np.concatenate([real, noise + theta])
    middle, width = points.mean(), points.std()
    signs = np.repeat([-1.0, 1.0], [len(real), len(noise)])
    columns = np.stack([np.ones_like(points), (points - middle) / width])

    def loss(phi: Floats) -> tuple[float, Floats]:
        scores = signs * (phi @ columns)
        weights = signs * np.exp(scores - np.logaddexp(0, scores)) / len(real)
        return float(np.logaddexp(0, scores).sum()) / len(real), columns @ weights

    begin = [start[0] + start[1] * middle, start[1] * width]
    found = optimize.minimize(loss, begin, jac=True, method="BFGS", options={"gtol": 1e-10}).x
    return np.array([found[0] - found[1] * middle / width, found[1] / width])


def separated(theta: float, real: Floats, noise: Floats) -> bool:
    """Whether one point separates the two samples: then no discriminator is the best."""
    return bool((noise + theta).max() <= real.min() or (noise + theta).min() >= real.max())


def displacements(arrays: Arrays) -> Floats:
    """Return theta - theta* along the baseline run (n + 1,)."""
    goal = theory.equilibrium(arrays["real"], arrays["noise"])
    found: Floats = arrays["baseline_states"][:, 0] - goal
    return found


def logit_sizes(arrays: Arrays) -> Floats:
    """Return how large the terms of the log-odds are at each state of the baseline (n + 1,)."""
    states, real, noise = (arrays[name] for name in ("baseline_states", "real", "noise"))
    largest = np.maximum(np.abs(real).max(), np.abs(noise).max() + np.abs(states[:, 0]))
    sizes: Floats = np.abs(states[:, 1]) + np.abs(states[:, 2]) * largest
    return sizes


def stated_speed(arrays: Arrays, rate: float) -> Floats:
    """Return by how much each epoch moves theta, as stated: rate, new slope, mean weight."""
    speed: Floats = rate * arrays["baseline_states"][1:, 2] * summary.generated_weights(arrays)
    return speed


def _speed_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    states, m = arrays["baseline_states"], len(arrays["noise"])
    moves, slopes = np.diff(states[:, 0]), states[1:, 2]
    ceiling = rates.generator * np.abs(slopes)
    places = np.abs(states[:-1, 0]) + np.abs(states[1:, 0])
    # the mean weight is known to m roundings, and to a quarter of the rounding of the log-odds
    allowed = EPS * (places + ceiling * (m + logit_sizes(arrays)[1:] + np.abs(slopes) * places))
    error = np.abs(moves - stated_speed(arrays, rates.generator))
    wrong_way = (moves * slopes < 0) | (np.abs(moves) > ceiling + allowed)
    return [
        Check(
            id="gan_training.speed",
            claim=CLAIM,
            statement="Each epoch of the PyTorch run moves $\\theta$ by $\\eta_G\\phi_1^+$ times "
            "the mean of $1-D$ over the generated points: largest difference, in units of the "
            "rounding of the terms.",
            method="exhaustive",
            value=float((error / np.maximum(allowed, np.finfo(float).tiny)).max()),
            at_most=4,
        ),
        Check(
            id="gan_training.theta-follows-slope",
            claim=CLAIM,
            statement="Epochs in which $\\theta$ moves against the sign of the new slope "
            "$\\phi_1$, or by more than $\\eta_G|\\phi_1|$.",
            method="exhaustive",
            value=int(np.sum(wrong_way)),
        ),
    ]


def _course_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    real, noise, states = arrays["real"], arrays["noise"], arrays["baseline_states"]
    judged, forged = arrays["baseline_discriminator_losses"], arrays["baseline_generator_losses"]
    displaced = displacements(arrays)
    way = max(abs(displaced[0]), 1e-300)
    turn = summary.event(arrays, "overshoot")
    unit = local.units(real, noise)
    last = (states[-10:] - summary.rest_of(arrays)) / unit
    gaps = np.abs(judged[-10:] - 2 * LOG2), np.abs(forged[-10:] - LOG2)
    return [
        Check(
            id="gan_training.early-win",
            claim=CLAIM,
            statement="Lowest loss of the discriminator before $\\theta$ first passes "
            "$\\theta^*$, as a share of $2\\log 2$.",
            method="numerical",
            value=float(judged[: summary.way_length(arrays)].min()) / (2 * LOG2),
            at_most=0.95,
            observed=True,
        ),
        Check(
            id="gan_training.overshoot",
            claim=CLAIM,
            statement="How far $\\theta$ goes beyond $\\theta^*$, as a share of the way from its "
            "start.",
            method="numerical",
            value=abs(float(displaced[turn])) / way if turn >= 0 else 0.0,
            at_least=0.001,
            observed=True,
        ),
        Check(
            id="gan_training.settles",
            claim=CLAIM,
            statement="Last ten epochs of the baseline: largest distance of the state from the "
            "equilibrium, in the data's own units, and of the losses from $2\\log2$ and "
            "$\\log2$.",
            method="numerical",
            value=float(max(np.linalg.norm(last, axis=1).max(), *(gap.max() for gap in gaps))),
            at_most=0.01,
            observed=True,
        ),
        Check(
            id="gan_training.spirals",
            claim=CLAIM,
            statement="Size of the imaginary part of the dominant eigenvalue at the baseline's "
            "rates.",
            method="numerical",
            value=abs(local.dominant_eigenvalue(real, noise, rates).imag),
            at_least=1e-9,
            observed=True,
        ),
    ]


def _lag_checks(arrays: Arrays, rates: Rates) -> list[Check]:
    real, noise, states = arrays["real"], arrays["noise"], arrays["baseline_states"]
    passage = summary.event(arrays, "pass")
    lag = math.inf
    if passage >= 0 and not separated(float(states[passage, 0]), real, noise):
        best = best_response(float(states[passage, 0]), real, noise, np.zeros(2))
        lag = ratio(abs(float(best[1])), abs(float(states[passage, 2])))
    return [
        Check(
            id="gan_training.lag",
            claim=CLAIM,
            statement="When $\\theta$ passes $\\theta^*$: size of the optimal slope over the slope "
            "$\\phi_1$ that the discriminator still has.",
            method="numerical",
            value=lag,
            at_most=0.25,
            observed=True,
        ),
        Check(
            id="gan_training.best-response-step",
            claim=CLAIM,
            statement="Standardized data, $\\eta_G=0.5$, $\\delta=10^{-4}$: factor of $\\delta$ in "
            "a step against the optimal discriminator (Newton), less $1-\\eta_G/(2v)$.",
            method="numerical",
            value=_best_response_step(*standardized(arrays)),
            at_most=1e-3,
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
            observed=True,
        ),
    ]


def stated_factor(rate: float, variance: float) -> float:
    """The stated factor of theta - theta* in a step against the optimal discriminator."""
    return 1 - rate / (2 * variance)


def _best_response_step(real: Floats, noise: Floats) -> float:
    goal, distance, rate = theory.equilibrium(real, noise), 1e-4, 0.5
    best = summary.best_response(goal + distance, real, noise)
    state = np.array([goal + distance, *(np.zeros(2) if best is None else best)])
    pull = model.generator_gradient(model.generate(noise, state), state, "flipped")
    variance = float(real.var() + noise.var()) / 2
    return abs(1 - rate * pull / distance - stated_factor(rate, variance))


def overshoot_without_lag(arrays: Arrays, rates: Rates, epochs: int = 200) -> float:
    """Return the overshoot of a generator that always faces the best response, over its way.

    Infinite where there is none: no way to go, or samples that a point separates.
    """
    real, noise = arrays["real"], arrays["noise"]
    goal = theory.equilibrium(real, noise)
    way = float(arrays["baseline_states"][0, 0] - goal)
    theta = first = goal + float(np.clip(way, -3 * real.std(), 3 * real.std()))
    phi, most = np.zeros(2), -1.0
    for _ in range(epochs):
        if first == goal or separated(theta, real, noise):
            return math.inf
        phi = best_response(theta, real, noise, phi)
        state = np.array([theta, *phi])
        pull = model.generator_gradient(model.generate(noise, state), state, "flipped")
        theta -= rates.generator * pull
        most = max(most, (theta - goal) / (goal - first))
    return most


def _coin_convexity(arrays: Arrays) -> Check:
    losses, states = arrays["baseline_discriminator_losses"], arrays["baseline_states"][:-1]
    product = states[:, 2] * displacements(arrays)[:-1] / 2
    allowed = EPS * (len(arrays["real"]) + 10) * (1 + logit_sizes(arrays)[:-1])
    return Check(
        id="gan_training.coin-convexity",
        claim=CLAIM,
        statement="Epochs at which $L_D-2\\log2<\\frac12\\phi_1(\\theta-\\theta^*)$.",
        method="exhaustive",
        value=int(np.sum(losses - 2 * LOG2 < product - allowed)),
    )


def _generator_loss(arrays: Arrays) -> list[Check]:
    worst = 0.0
    for theta in arrays["baseline_states"][:: max(1, len(arrays["baseline_states"]) // 20), 0]:
        for intercept in (-5.0, 0.0, 1.0, 20.0):
            state = np.array([theta, intercept, 0.0])
            loss = model.generator_loss(model.generate(arrays["noise"], state), state, "flipped")
            worst = max(worst, abs(loss / math.log1p(math.exp(-intercept)) - 1))
    forged, turn = arrays["baseline_generator_losses"], summary.event(arrays, "overshoot")
    passage = min(summary.event(arrays, "pass"), len(forged) - 1)
    flat = turn >= 0
    return [
        Check(
            id="gan_training.generator-loss",
            claim=CLAIM,
            statement="$\\phi=(c,0)$ gives $L_G=\\log(1+e^{-c})$ for every $\\theta$: largest "
            "relative difference, along the run, four values of $c$.",
            method="numerical",
            value=worst,
            at_most=EPS * (len(arrays["noise"]) + 30),
        ),
        Check(
            id="gan_training.loss-misleads",
            claim=CLAIM,
            statement="Generator's loss in the epoch in which $\\theta$ passes $\\theta^*$, less "
            "its loss before training.",
            method="numerical",
            value=float(forged[passage] - forged[0]) if passage >= 0 else -math.inf,
            at_least=0.01,
            observed=True,
        ),
        Check(
            id="gan_training.flat-but-low",
            claim=CLAIM,
            statement="$D$ at the mean of the generated points when $\\theta$ is farthest beyond "
            "$\\theta^*$.",
            method="numerical",
            value=summary.level(arrays, turn) if flat else math.inf,
            at_most=0.48,
            observed=True,
        ),
        Check(
            id="gan_training.highest-when-flat",
            claim=CLAIM,
            statement="Generator's loss in the epoch in which $\\theta$ is farthest beyond "
            "$\\theta^*$, over its largest.",
            method="numerical",
            value=float(forged[min(turn, len(forged) - 1)] / forged.max()) if flat else 0.0,
            at_least=0.98,
            observed=True,
        ),
    ]


def _rate_checks(arrays: Arrays) -> list[Check]:
    claim, overshoots = "sec-gan-training-rates", summary.overshoots(arrays)
    cycles = arrays["pair_states"][[summary.PAIR_NAMES.index(name) for name in "ef"]]
    distances = summary.displaced(arrays, "f")
    goal = min(float(distances[0]) / 10, float(distances[-10:].max()))
    away = summary.away_at(arrays["beyond_states"])
    return [
        Check(
            id="gan_training.bounded",
            claim=claim,
            statement="Runs E and F: largest change of the state in two epochs, over its change in "
            "one, in the last ten epochs (0 for a cycle of period two).",
            method="numerical",
            value=float(np.max([_cycle_error(states[-10:]) for states in cycles])),
            at_most=1e-3,
            observed=True,
        ),
        Check(
            id="gan_training.runs-away",
            claim=claim,
            statement="The discriminator of run E, both rates with the product 6: epoch in which "
            "a parameter passes $10^8$.",
            method="exhaustive",
            value=float(away) if away >= 0 else math.inf,
            at_most=100,
            observed=True,
        ),
        Check(
            id="gan_training.flip-late",
            claim=claim,
            statement="Run F: least distance from the equilibrium, over the smaller of a tenth of "
            "the first and the largest of the last ten.",
            method="numerical",
            value=ratio(float(np.nanmin(distances)), goal),
            at_most=1 / 3,
            observed=True,
        ),
        Check(
            id="gan_training.faster-overshoots-less",
            claim=claim,
            statement="Overshoots of the baseline's generator beside ever faster discriminators: "
            "largest ratio of one to that before.",
            method="numerical",
            value=float(np.max([ratio(b, a) for a, b in itertools.pairwise(overshoots)])),
            at_most=0.99,
            observed=True,
        ),
    ]


def _cycle_error(states: Floats) -> float:
    """Return the largest change in two steps over the least change in one; NaN for a runaway."""
    one = np.linalg.norm(np.diff(states, axis=0), axis=1).min()
    return ratio(float(np.linalg.norm(states[2:] - states[:-2], axis=1).max()), float(one))


def _noise_checks(arrays: Arrays, rates: Rates, divisor: int) -> list[Check]:
    theta = {how: late(arrays[f"sgd_{how}_states"])[:, 0] for how in ("drawn", "shuffled", "slow")}
    spread = {how: float(values.std()) for how, values in theta.items()}
    laws = {how: summary.sgd_law(arrays, rates, d) for how, d in (("drawn", 1), ("slow", divisor))}
    noise = {how: late(arrays[f"sgd_{how}_full_losses"]).std(axis=0) for how in theta}
    judged, forged = noise["drawn"]
    shares = [ratio(*pair) for pair in zip(noise["shuffled"], noise["drawn"], strict=True)]
    slower = [ratio(*pair) for pair in zip(noise["slow"], noise["drawn"], strict=True)]
    off = abs(float(theta["drawn"].mean()) - summary.rest_of(arrays)[0])
    claim = "sec-gan-training-bonus"
    return [
        Check(
            id="gan_training.sgd-law",
            claim="prp-gan-training-noise",
            statement="Standard deviation of $\\theta$ in the two SGD runs with replacement "
            "against the linear law of each: largest $|\\log_2|$ of the ratio (about five time "
            "scales in each of ten blocks give standard errors of some ten percent).",
            method="numerical",
            value=max(law_error(spread[how], laws[how]) for how in laws),
            at_most=0.75,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-course",
            claim=claim,
            statement="Until gradient descent passes $\\theta^*$: largest distance of SGD's "
            "$\\theta$ from that of gradient descent, as a share of the way.",
            method="numerical",
            value=course_difference(arrays),
            at_most=0.25,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-center",
            claim=claim,
            statement="Distance of SGD's mean $\\theta$ (last half) from $\\theta^*$, in units of "
            "its own standard deviation.",
            method="numerical",
            value=ratio(off, spread["drawn"]),
            at_most=0.5,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-shuffled",
            claim=claim,
            statement="Standard deviation of $\\theta$ in shuffled passes over that with "
            "replacement.",
            method="numerical",
            value=ratio(spread["shuffled"], spread["drawn"]),
            at_most=0.85,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-calmer",
            claim=claim,
            statement="Variance of $\\theta$ at the set rates over the variance at rates "
            f"{divisor} times smaller, as a share of that factor (one is the prediction for small "
            "rates).",
            method="numerical",
            value=ratio(spread["drawn"], spread["slow"]) ** 2 / divisor,
            at_least=0.25,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-losses-calmer",
            claim=claim,
            statement="Standard deviations of both full-data losses at the smaller rates over "
            "those at the set rates; the larger ratio.",
            method="numerical",
            value=float(np.max(slower)),
            at_most=0.5,
            observed=True,
        ),
        Check(
            id="gan_training.sgd-losses-shuffled",
            claim=claim,
            statement="Standard deviations of both full-data losses in shuffled passes over those "
            "with replacement; the smaller ratio.",
            method="numerical",
            value=float(np.min(shares)),
            at_least=0.85,
            observed=True,
        ),
        Check(
            id="gan_training.generator-noisier",
            claim=claim,
            statement="Standard deviation of the generator's full-data loss under SGD (last half) "
            "over that of the discriminator's.",
            method="numerical",
            value=ratio(float(forged), float(judged)),
            at_least=1.5,
            observed=True,
        ),
    ]


def ratio(one: float, other: float) -> float:
    """Return one over the other; NaN, which no check accepts, where the other is no size."""
    return one / other if other > 0 else math.nan


def law_error(found: float, law: float) -> float:
    """Return |log2| of the ratio; infinite where one of the two is, or runs away."""
    return abs(math.log2(found / law)) if 0 < found < math.inf and law < math.inf else math.inf


def course_difference(arrays: Arrays) -> float:
    """Return how far SGD's theta gets from gradient descent's before the passage, over the way."""
    descent, stochastic = arrays["baseline_states"][:, 0], arrays["sgd_drawn_states"][:, 0]
    length = min(summary.way_length(arrays) + 1, len(stochastic))
    difference = np.abs(stochastic[:length] - descent[:length]).max()
    return float(difference / max(abs(displacements(arrays)[0]), 1e-300))


def reordered(arrays: Arrays, rates: Rates) -> Arrays:
    """Return the arrays with every full-batch run made anew, its sums in the opposite order."""
    real, noise = arrays["real"][::-1].copy(), arrays["noise"][::-1].copy()
    start, epochs = arrays["baseline_states"][0], len(arrays["baseline_generator_losses"])
    whole = model.train(start, real, noise, rates, epochs)
    kept = model.first_index(np.isnan(whole.states[:, 0]), 0, epochs + 1)
    states, losses = whole.states[:kept], whole.discriminator_losses[: kept - 1]
    found: Arrays = {
        "real": real,
        "noise": noise,
        "baseline_states": states,
        "baseline_discriminator_losses": losses,
        "baseline_generator_losses": whole.generator_losses[: kept - 1],
        "event_epochs": summary.event_epochs(states, losses, real, noise),
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
    found["lag_states"] = np.array(
        [
            model.train(start, real, noise, Rates(rates.generator, rate), len(old) - 1).states
            for rate, old in zip(arrays["lag_rates"].tolist(), arrays["lag_states"], strict=True)
        ]
    )
    measured = [local.measured_multiplier(found[f"pair_near_{n}"]) for n in summary.PAIR_NAMES]
    return arrays | found | {"pair_states": np.array(pairs), "pair_measured": np.array(measured)}


def printed(arrays: Arrays, rates: Rates) -> list[str]:
    """Return every number of the full-batch runs as the document prints it."""
    values = summary.values(arrays, rates)
    rows = summary.rate_rows(arrays)
    return [f"{name}: {record['text']}" for name, record in values.items()] + [
        f"run {row[0]}: {cell}" for row in rows for cell in row
    ]


def _printed_numbers(arrays: Arrays, rates: Rates) -> Check:
    pairs = zip(printed(arrays, rates), printed(reordered(arrays, rates), rates), strict=True)
    changed = [one.split(":")[0] for one, other in pairs if one != other]
    return Check(
        id="gan_training.printed-numbers",
        claim=CLAIM,
        statement="All full-batch runs made anew with their sums in the opposite order: printed "
        f"numbers that change ({', '.join(changed) or 'none'}).".replace("_", " "),
        method="exhaustive",
        value=len(changed),
        observed=True,
    )
