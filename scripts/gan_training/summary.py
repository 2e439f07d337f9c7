"""What the solution of exercise 4.6 quotes: one record for each number, made from the arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Bools, Floats, Ints
from scripts.common.values import scientific, value
from scripts.gan_training import local, model, theory
from scripts.gan_training.model import Rates

PAIR_NAMES = "abcdef"
"""The six pairs of learning rates, in the order of the configuration."""

EVENTS = ("start", "win", "pass", "overshoot", "return", "end")
"""The moments of the baseline at which the discriminator is drawn; see `compute`."""


RESTING = 1e-9
"""A distance below this is shown as "less": beyond, rounding decides."""

COIN = 0.01
"""A discriminator's loss this far above 2 log 2 is counted as worse than a fair coin's (nats)."""

FACTORS = (0.3, 1, 2, 3)
"""The baseline's discriminator is also trained with these multiples of its rate."""

LARGE_PRODUCT = 6.0
"""Product of both rates of a run with the discriminator of run E; above 4 far starts run away."""

LOG2 = float(np.log(2))


def number(found: float, form: str) -> dict[str, Any]:
    """Return a value, or the word "infinite" for what a run that runs away does not have."""
    return value(float(found), form) if np.isfinite(found) else value("infinite")


def epoch(found: int) -> dict[str, Any]:
    """Return the epoch of an event, "never" for -1."""
    return value(int(found)) if found >= 0 else value("never")


def end(states: Floats, rest: Floats) -> float:
    """Return the largest distance from rest in a run's last ten epochs; NaN if it ran away.

    Of a run that flips for ever, rounding decides on which side it stops.
    """
    return float(np.linalg.norm(states[-10:] - rest, axis=1).max())


def shown_distance(distance: float, resting: float = RESTING) -> str:
    """Return a distance from the equilibrium as TeX; "runs away" where it is no number.

    resting: the distance below which rounding decides, shown as the next power of ten.
    """
    if not np.isfinite(distance):
        return "runs away"
    power = int(np.ceil(np.log10(resting) - 1e-9))
    if distance < 10.0**power:
        return f"$<10^{{{power}}}$"
    return f"{distance:.2g}" if 0.01 <= distance < 100 else f"${scientific(distance)['text']}$"


def resting_distance(arrays: Arrays, rates: Rates) -> float:
    """Return the distance from the equilibrium below which rounding decides: `RESTING` or more."""
    real, noise = arrays["real"], arrays["noise"]
    spread = float(local.units(real, noise)[0])
    return max(RESTING, 1e3 * local.rounding(real, noise, rates) * max(spread, 1 / spread))


def values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    """Return every result that the solution quotes, as `common.values` records."""
    return (
        _baseline_values(arrays, rates)
        | _comment_values(arrays)
        | _generator_loss_values(arrays)
        | _rate_values(arrays)
        | _lag_values(arrays, rates)
        | _sgd_values(arrays, rates)
    )


def rest_of(arrays: Arrays) -> Floats:
    """Return the equilibrium (3,) of the data."""
    return model.equilibrium(arrays["real"], arrays["noise"])


def event(arrays: Arrays, name: str) -> int:
    """Return the epoch of one of `EVENTS` of the baseline; -1 if it never happens."""
    return int(arrays["event_epochs"][EVENTS.index(name)])


def way_length(arrays: Arrays) -> int:
    """Return how many epochs the baseline needs to pass its goal; all of them if it never does."""
    passage = event(arrays, "pass")
    return passage if passage > 0 else len(arrays["baseline_generator_losses"])


def _baseline_values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    states, rest = arrays["baseline_states"], rest_of(arrays)
    moments = theory.moment_matrix(arrays["real"], arrays["noise"])
    judged, forged = arrays["baseline_discriminator_losses"], arrays["baseline_generator_losses"]
    multiplier = local.dominant_eigenvalue(arrays["real"], arrays["noise"], rates)
    scale = local.time_scale(multiplier)
    distance = abs(states[-1, 0] - rest[0])
    return {f"epoch_{name}": epoch(event(arrays, name)) for name in EVENTS} | {
        "discriminator_limit": value(4 / np.linalg.eigvalsh(moments)[-1], ".2g"),
        "theta_goal": value(rest[0], ".4f"),
        "theta_end": value(states[-1, 0], ".4f"),
        "end_distance": value(shown_distance(distance, resting_distance(arrays, rates)).strip("$")),
        "judged_lowest": value(float(judged[: way_length(arrays)].min()), ".3f"),
        "forged_lowest": value(float(forged.min()), ".3f"),
        "forged_lowest_epoch": value(int(forged.argmin())),
        "radius": value(abs(multiplier), ".4g"),
        "behavior": value(local.behavior(multiplier)),
        "time_scale": number(scale, ".0f" if scale >= 10 else ".2g"),
    }


def event_epochs(states: Floats, losses: Floats, real: Floats, noise: Floats) -> Ints:
    """Return the epochs (6,) of `EVENTS` of a run; -1 for one that never happens.

    states: (n + 1, 3); losses: (n,), the discriminator's. The events: the start, the lowest
    discriminator loss before theta passes its goal, the passage, the largest distance beyond, the
    way back, the end. A distance of `RESTING` spreads is none: rounding decides on its sign.
    """
    rest, resting = theory.equilibrium(real, noise), RESTING * float(local.units(real, noise)[0])
    beyond = (states[:, 0] - rest) * (1 if states[0, 0] <= rest else -1)
    end = len(states) - 1
    passage = model.first_index(beyond > resting, 1, -1)
    win = int(np.argmin(losses[: passage if passage > 0 else end]))
    if passage < 0:
        return np.array([0, win, -1, -1, -1, end])
    overshoot = passage + int(np.argmax(beyond[passage:]))
    back = model.first_index(beyond < resting, overshoot + 1, -1)
    return np.array([0, win, passage, overshoot, back, end])


def best_response(theta: float, real: Floats, noise: Floats) -> Floats | None:
    """Return the discriminator (phi_0, phi_1) of least loss against a frozen theta (Newton).

    None where a point separates the samples: the loss then has no minimum.
    """
    generated = noise + theta
    if generated.max() <= real.min() or generated.min() >= real.max():
        return None
    points = np.concatenate([real, generated])
    middle, width = points.mean(), points.std()
    columns = np.stack([np.ones_like(points), (points - middle) / width])
    labels = np.repeat([1.0, 0.0], [len(real), len(noise)])

    def loss(phi: Floats) -> float:
        scores = phi @ columns
        return float((model.softplus(scores) - labels * scores).sum())

    phi = np.zeros(2)
    for _ in range(200):
        belief = model.sigmoid(phi @ columns)
        curvature = (columns * (belief * (1 - belief))) @ columns.T
        step = np.linalg.solve(curvature, columns @ (belief - labels))
        while np.abs(step).max() > 1e-13 and loss(phi - step) > loss(phi):
            step = step / 2
        phi = phi - step
        if np.abs(step).max() < 1e-13:
            break
    return np.array([phi[0] - phi[1] * middle / width, phi[1] / width])


def generated_weights(arrays: Arrays) -> Floats:
    """Return the mean of 1 - D over the generated points that each generator step saw (n,)."""
    states = arrays["baseline_states"]
    scores = states[1:, 1:2] + states[1:, 2:] * (arrays["noise"] + states[:-1, :1])
    weights: Floats = model.sigmoid(-scores).mean(axis=1)
    return weights


def _comment_values(arrays: Arrays) -> dict[str, Any]:
    states, rest = arrays["baseline_states"], rest_of(arrays)[0]
    real, noise = arrays["real"], arrays["noise"]
    judged, forged = arrays["baseline_discriminator_losses"], arrays["baseline_generator_losses"]
    way = way_length(arrays)
    passage, turn = event(arrays, "pass"), event(arrays, "overshoot")
    slopes, lowest = states[:, 2], int(forged.argmin())
    peak = int(np.abs(slopes[: way + 1]).argmax())
    weights = generated_weights(arrays)[:way]
    found = {
        "weight_low": value(float(weights.min()), ".2f"),
        "weight_high": value(float(weights.max()), ".2f"),
        "slope_most": value(float(slopes[peak]), "z.2f"),
        "slope_most_epoch": value(peak),
        "coin_epochs": value(int(np.sum(leaving(arrays) & (judged > 2 * LOG2 + COIN)))),
        "leaving_epochs": value(int(np.sum(leaving(arrays)))),
        "same_way": value(int(np.sum(np.diff(judged[:101]) * np.diff(forged[:101]) > 0))),
        "same_way_of": value(min(100, len(forged) - 1)),
        "forged_most": value(float(forged.max()), ".3f"),
        "forged_most_epoch": value(int(forged.argmax())),
        "forged_start": value(float(forged[0]), ".3f"),
        "start_gap": value(abs(float(states[0, 0] - rest)), ".2f"),
        "coin_margin": value(COIN, "g"),
        "forged_lowest_gap": value(abs(float(states[lowest, 0] - rest)), ".2f"),
    }
    if passage < 0:
        names = "theta_most overshoot slope_pass best_slope_pass forged_pass slope_turn level_turn"
        return found | {name: value("none") for name in names.split()}
    best = best_response(float(states[passage, 0]), real, noise)
    return found | {
        "theta_most": value(float(states[turn, 0]), "z.2f"),
        "overshoot": value(abs(float(states[turn, 0] - rest)), ".2f"),
        "slope_pass": value(float(slopes[passage]), "z.2f"),
        "forged_pass": value(float(forged[min(passage, len(forged) - 1)]), ".3f"),
        "slope_turn": value(float(slopes[turn]), "z.2f"),
        "level_turn": value(level(arrays, turn), ".2f"),
        "best_slope_pass": value("none") if best is None else value(float(best[1]), "z.2f"),
    }


def leaving(arrays: Arrays) -> Bools:
    """Return in which epochs (n,) the slope drives theta away from its goal."""
    states = arrays["baseline_states"][:-1]
    return np.asarray(states[:, 2] * (states[:, 0] - rest_of(arrays)[0]) > 0)


def level(arrays: Arrays, epoch: int) -> float:
    """Return the discriminator's value at the mean of the generated points of an epoch."""
    state = arrays["baseline_states"][epoch]
    return float(model.sigmoid(model.logits(arrays["noise"].mean() + state[0], state)))


def overshoot(states: Floats, goal: float) -> float:
    """Return how far a run goes beyond its goal: 0 if never, NaN if it runs away."""
    side = 1 if states[0, 0] <= goal else -1
    return float(np.max(np.append(side * (states[:, 0] - goal), 0.0)))


def overshoots(arrays: Arrays) -> list[float]:
    """Return the overshoot of the baseline's generator beside each of the `FACTORS`."""
    return [overshoot(states, rest_of(arrays)[0]) for states in arrays["lag_states"]]


def _lag_values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    pairs = [Rates(rates.generator, float(rate)) for rate in arrays["lag_rates"]]
    ahead = [local.dominant_eigenvalue(arrays["real"], arrays["noise"], pair) for pair in pairs]
    shown = [f"{most:.2f}" if np.isfinite(most) else "no bound" for most in overshoots(arrays)]
    return {
        "lag_rates": value(listed([f"{pair.discriminator:g}" for pair in pairs])),
        "lag_overshoots": value(listed(shown)),
        "lag_radii": value(listed([f"{abs(one):.4f}" for one in ahead])),
    }


def listed(words: list[str]) -> str:
    """Return words as a sentence lists them."""
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _generator_loss_values(arrays: Arrays) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kinds: tuple[model.GeneratorLoss, ...] = ("flipped", "minimax")
    for kind in kinds:
        for name in ("even", "ahead"):
            states = arrays[f"{kind}_{name}_states"]
            half = halfway(states[:, 0], rest_of(arrays)[0])
            found[f"halfway_{kind}_{name}"] = value(
                half if half >= 0 else f"more than {len(states) - 1}"
            )
        ahead = arrays[f"{kind}_ahead_states"][0]
        generated = model.generate(arrays["noise"], ahead)
        pull = abs(model.generator_gradient(generated, ahead, kind))
        found[f"pull_{kind}"] = value(pull, ".2g")
    belief = model.sigmoid(model.logits(generated, ahead)).mean()
    return found | {"belief_ahead": value(float(belief), ".2g")}


def halfway(theta: Floats, goal: float) -> int:
    """Return the first epoch at which half of the way from theta[0] to the goal is done, or -1."""
    done = np.abs(theta - goal) <= abs(theta[0] - goal) / 2
    beyond = (theta - goal) * (theta[0] - goal) < 0  # it may jump over
    return model.first_index(done | beyond, 0, -1)


def runs(chosen: Bools | list[bool]) -> dict[str, Any]:
    """Return the names of the chosen ones of the six runs: "run B", "runs A, C and F", "none"."""
    names = [name.upper() for name, ok in zip(PAIR_NAMES, chosen, strict=True) if ok]
    if not names:
        return value("none of the six")
    if len(names) == 1:
        return value(f"run {names[0]}")
    return value(f"runs {listed(names)}")


def _rate_values(arrays: Arrays) -> dict[str, Any]:
    moments = theory.moment_matrix(arrays["real"], arrays["noise"])
    largest = float(np.linalg.eigvalsh(moments)[-1])
    predicted = arrays["pair_predicted"]
    classes = [local.behavior(complex(one)) for one in predicted]
    rates = arrays["pair_rates"]
    far, away = arrays["beyond_states"], away_at(arrays["beyond_states"])
    limit = float(theory.stability_limit(moments, rates[PAIR_NAMES.index("d"), 1]))
    return {
        "runs_monotone": runs([one == "monotone" for one in classes]),
        "runs_spiral": runs([one == "spiral" for one in classes]),
        "runs_flip": runs([one == "flip" for one in classes]),
        "runs_failing": runs([one == "no convergence" for one in classes]),
        "runs_fast_discriminator": runs(rates[:, 1] * largest >= 4),
        "fastest": runs(np.abs(predicted) == np.abs(predicted).min()),
        "fastest_radius": value(float(np.abs(predicted).min()), ".3g"),
        "pair_d_discriminator": value(float(rates[PAIR_NAMES.index("d"), 1]), "g"),
        "generator_limit": value(f"every rate below about {limit:.3g}" if limit > 0 else "no rate"),
        "moment_largest": value(largest, ".4g"),
        "beyond_generator": value(LARGE_PRODUCT / float(rates[PAIR_NAMES.index("e"), 1]), "g"),
        "beyond_away": value(away if away >= 0 else f"more than {len(far) - 1}"),
    }


def away_at(states: Floats) -> int:
    """Return the epoch in which a run passes `model.RUNAWAY_BOUND`; -1 if it stays inside."""
    return model.first_index(np.isnan(states[:, 0]), 0, -1)


def displaced(arrays: Arrays, name: str) -> Floats:
    """Return the distances (n,) of one of the six runs from the equilibrium."""
    states = arrays["pair_states"][PAIR_NAMES.index(name)]
    return np.asarray(np.linalg.norm(states - rest_of(arrays), axis=1))


def rate_rows(arrays: Arrays) -> list[list[str]]:
    """Return the table of the six pairs of rates: rates, rule, prediction, finding, outcome.

    Of a run near the equilibrium that is too short to tell that is said.
    """
    real, noise, rows = arrays["real"], arrays["noise"], []
    moments = theory.moment_matrix(real, noise)
    for k, name in enumerate(PAIR_NAMES):
        rates = Rates(*(float(rate) for rate in arrays["pair_rates"][k]))
        predicted, near = complex(arrays["pair_predicted"][k]), arrays[f"pair_near_{name}"]
        measured = abs(complex(arrays["pair_measured"][k]))
        tells = local.shows_its_mode(local.map_in_units(real, noise, rates), near)
        found = f"{local.measured_behavior(near)}, {measured:.4g}" if tells else "too short to tell"
        last = end(arrays["pair_states"][k], rest_of(arrays))
        rows.append(
            [
                name.upper(),
                f"{rates.generator:g}",
                f"{rates.discriminator:g}",
                f"{float(theory.rule(moments, rates.generator, rates.discriminator)):.3g}",
                f"{local.behavior(predicted)}, {abs(predicted):.4g}",
                found,
                shown_distance(last, resting_distance(arrays, rates)),
            ]
        )
    return rows


BLOCKS = 10
"""Parts of an SGD run's last half whose scatter gives standard errors."""


def block_errors(late: Floats) -> tuple[float, float]:
    """Return the standard errors of the mean and of the standard deviation of a series (n,)."""
    blocks = np.array_split(late - late.mean(), BLOCKS)
    means = np.array([part.mean() for part in blocks])
    squares = np.array([(part**2).mean() for part in blocks])
    root = np.sqrt(BLOCKS)
    deviation = squares.std(ddof=1) / (2 * np.sqrt(squares.mean() or 1.0))
    return float(means.std(ddof=1) / root), float(deviation / root)


def sgd_law(arrays: Arrays, rates: Rates, divisor: int = 1) -> float:
    """Return the standard deviation of theta that the linear law predicts for single examples.

    Infinite where the law has no stationary covariance. divisor: of both rates.
    """
    pair = rates.generator / divisor, rates.discriminator / divisor
    found = theory.single_example_covariance(arrays["real"], arrays["noise"], *pair)
    return math.inf if found is None else float(np.sqrt(max(found[0, 0], 0.0)))


def late(series: Floats) -> Floats:
    """Return the last half of an SGD run, on which it is judged: states, or losses."""
    return series[len(series) // 2 :]


def _sgd_values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    theta = late(arrays["sgd_drawn_states"])[:, 0]
    losses = late(arrays["sgd_drawn_full_losses"])
    shuffled = late(arrays["sgd_shuffled_states"])[:, 0] - rest_of(arrays)[0]
    pull = (arrays["real"].var() + arrays["noise"].var()) / 4
    return {
        "sgd_drawn_deviation": number(theta.std(), ".2g"),
        "sgd_drawn_law": number(sgd_law(arrays, rates), ".2g"),
        "sgd_drawn_judged_mean": number(losses[:, 0].mean(), ".3f"),
        "sgd_drawn_judged_deviation": number(losses[:, 0].std(), ".2g"),
        "sgd_drawn_forged_deviation": number(losses[:, 1].std(), ".2g"),
        "sgd_shuffled_mean": number(shuffled.mean(), "z.3f"),
        "sgd_shuffled_error": number(block_errors(shuffled)[0], ".3f"),
        "sgd_updates": value(len(arrays["sgd_order"])),
        "sgd_noise_deviation": number(np.sqrt(pull), ".2g"),
    }
