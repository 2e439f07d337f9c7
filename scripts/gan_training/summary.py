"""What the solution of exercise 4.6 quotes: one record for each number, made from the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Floats
from scripts.common.values import scientific, value
from scripts.gan_training import local, model, theory
from scripts.gan_training.model import Rates

PAIR_NAMES = "abcdef"
"""The six pairs of learning rates, in the order of the configuration."""

EVENTS = ("start", "win", "pass", "overshoot", "return", "end")
"""The moments of the baseline at which the discriminator is drawn; see `compute`."""


RESTING = 1e-9
"""A run this close to the equilibrium is shown as "closer": beyond, rounding decides."""


def end(states: Floats, rest: Floats) -> float:
    """Return the largest distance from rest in a run's last ten epochs; NaN if it ran away.

    Of a run that flips for ever, rounding decides on which side it stops.
    """
    return float(np.linalg.norm(states[-10:] - rest, axis=1).max())


def shown_distance(distance: float) -> str:
    """Return a distance from the equilibrium as TeX; "runs away" where it is no number."""
    if not np.isfinite(distance):
        return "runs away"
    if distance >= 0.01:
        return f"{distance:.2g}"
    return f"${scientific(distance)['text']}$" if distance >= RESTING else "$<10^{-9}$"


def values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    """Return every result that the solution quotes, as `common.values` records."""
    return (
        _baseline_values(arrays, rates)
        | _generator_loss_values(arrays)
        | _rate_values(arrays)
        | _sgd_values(arrays, rates)
    )


def _rest(arrays: Arrays) -> Floats:
    return model.equilibrium(arrays["real"], arrays["noise"])


def _baseline_values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    states, rest = arrays["baseline_states"], _rest(arrays)
    moments = theory.moment_matrix(arrays["real"], arrays["noise"])
    judged, forged = arrays["baseline_discriminator_losses"], arrays["baseline_generator_losses"]
    multiplier = local.dominant_eigenvalue(arrays["real"], arrays["noise"], rates)
    found = {
        "discriminator_limit": value(4 / np.linalg.eigvalsh(moments)[-1], ".2f"),
        "theta_goal": value(rest[0], ".4f"),
        "theta_end": value(states[-1, 0], ".4f"),
        "end_distance": scientific(abs(states[-1, 0] - rest[0])),
        "theta_most": value(float(states[:, 0].max()), ".2f"),
        "overshoot": value(float(np.max(states[:, 0] - rest[0])), ".2f"),
        "judged_lowest": value(float(judged.min()), ".3f"),
        "judged_highest": value(float(judged.max()), ".3f"),
        "forged_lowest": value(float(forged.min()), ".3f"),
        "forged_lowest_epoch": value(int(forged.argmin())),
        "judged_end_gap": scientific(abs(judged[-1] - 2 * np.log(2))),
        "forged_end_gap": scientific(abs(forged[-1] - np.log(2))),
        "radius": value(abs(multiplier), ".4f"),
        "time_scale": value(-1 / np.log(abs(multiplier)), ".0f"),
        "time_scale_passes": value(-1 / np.log(abs(multiplier)) / len(arrays["real"]), ".1f"),
        "turn": value(2 * np.pi / max(abs(np.angle(multiplier)), 1e-6), ".0f"),
    }
    events = zip(EVENTS, arrays["snapshot_epochs"], strict=True)
    found |= {f"epoch_{name}": value(int(epoch)) for name, epoch in events}
    return found | _comment_values(arrays)


def best_response(theta: float, real: Floats, noise: Floats) -> Floats:
    """Return the discriminator (phi_0, phi_1) of least loss against a frozen theta (Newton)."""
    points = np.concatenate([real, noise + theta])
    columns = np.stack([np.ones_like(points), points])
    labels = np.repeat([1.0, 0.0], [len(real), len(noise)])
    phi = np.zeros(2)
    for _ in range(60):
        belief = model.sigmoid(phi @ columns)
        curvature = (columns * (belief * (1 - belief))) @ columns.T
        step = np.linalg.solve(curvature, columns @ (belief - labels))
        phi = phi - step * min(1.0, 1.0 / float(np.abs(step).max() + 1e-300))
        if np.abs(step).max() < 1e-13:
            break
    return phi


def generated_weights(arrays: Arrays) -> Floats:
    """Return the mean of 1 - D over the generated points that each generator step saw (n,)."""
    states = arrays["baseline_states"]
    scores = states[1:, 1:2] + states[1:, 2:] * (arrays["noise"] + states[:-1, :1])
    weights: Floats = model.sigmoid(-scores).mean(axis=1)
    return weights


def coin_epochs(losses: Floats, passage: int) -> tuple[int, int]:
    """Return the first and last epoch, around the passage, of losses above 2 log 2."""
    below = np.flatnonzero(losses <= 2 * np.log(2))
    first = int(below[below < passage].max(initial=-1)) + 1
    return first, int(below[below >= passage].min(initial=len(losses))) - 1


def _comment_values(arrays: Arrays) -> dict[str, Any]:
    states, rest = arrays["baseline_states"], _rest(arrays)[0]
    judged, forged = arrays["baseline_discriminator_losses"], arrays["baseline_generator_losses"]
    passage = int(arrays["snapshot_epochs"][EVENTS.index("pass")])
    slopes, speeds = states[:, 2], np.abs(np.diff(states[:, 0]))
    peak, lowest = int(np.abs(slopes[: passage + 1]).argmax()), int(forged.argmin())
    weights = generated_weights(arrays)[:passage]
    first, last = coin_epochs(judged, passage)
    best = best_response(float(states[passage, 0]), arrays["real"], arrays["noise"])
    gaps = np.abs(states[:, 0] - rest)
    return {
        "weight_low": value(float(weights.min()), ".2f"),
        "weight_high": value(float(weights.max()), ".2f"),
        "slope_most": value(float(slopes[peak]), ".2f"),
        "slope_most_epoch": value(peak),
        "slope_pass": value(float(slopes[passage]), ".2f"),
        "best_slope_pass": value(float(best[1]), ".2f"),
        "speed_most": value(float(speeds[:passage].max()), ".3f"),
        "speed_pass": value(float(speeds[passage]), ".3f"),
        "coin_first": value(first),
        "coin_last": value(last),
        "excess_pass": value(float(judged[passage] - 2 * np.log(2)), ".3f"),
        "product_pass": value(float(slopes[passage] * (states[passage, 0] - rest) / 2), ".3f"),
        "forged_lowest_gap": value(float(gaps[lowest]), ".2f"),
    }


def _generator_loss_values(arrays: Arrays) -> dict[str, Any]:
    rest = _rest(arrays)[0]
    found: dict[str, Any] = {}
    kinds: tuple[model.GeneratorLoss, ...] = ("flipped", "minimax")
    for kind in kinds:
        for name in ("even", "ahead"):
            states = arrays[f"{kind}_{name}_states"]
            halfway = (states[:, 0] - (states[0, 0] + rest) / 2) * np.sign(rest - states[0, 0]) >= 0
            found[f"halfway_{kind}_{name}"] = value(model.first_index(halfway, 0, len(states) - 1))
        ahead = arrays[f"{kind}_ahead_states"][0]
        generated = model.generate(arrays["noise"], ahead)
        pull = abs(model.generator_gradient(generated, ahead, kind))
        found[f"pull_{kind}"] = value(pull, ".2f")
    belief = model.sigmoid(model.logits(generated, ahead)).mean()
    return found | {"belief_ahead": value(float(belief), ".2f")}


def _rate_values(arrays: Arrays) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for k, name in enumerate(PAIR_NAMES):
        predicted = complex(arrays["pair_predicted"][k])
        found |= {
            f"pair_{name}_generator": value(float(arrays["pair_rates"][k, 0]), "g"),
            f"pair_{name}_discriminator": value(float(arrays["pair_rates"][k, 1]), "g"),
            f"pair_{name}_predicted": value(local.behavior(predicted)),
            f"pair_{name}_radius": value(abs(predicted), ".4f"),
            f"pair_{name}_scale": value(1 / abs(np.log(abs(predicted))), ".0f"),
        }
    moments = theory.moment_matrix(arrays["real"], arrays["noise"])
    limit = theory.stability_limit(moments, arrays["pair_rates"][PAIR_NAMES.index("d"), 1])
    return found | {
        "moment_largest": value(float(np.linalg.eigvalsh(moments)[-1]), ".2f"),
        "generator_limit": value(float(limit), ".1f"),
    }


BLOCKS = 10
"""Parts of an SGD run's last half whose scatter gives standard errors."""


def block_errors(late: Floats) -> tuple[float, float]:
    """Return the standard errors of the mean and of the standard deviation of a series (n,)."""
    blocks = np.array_split(late - late.mean(), BLOCKS)
    means = np.array([part.mean() for part in blocks])
    squares = np.array([(part**2).mean() for part in blocks])
    root = np.sqrt(BLOCKS)
    deviation = squares.std(ddof=1) / (2 * np.sqrt(squares.mean()))
    return float(means.std(ddof=1) / root), float(deviation / root)


def sgd_law(how: str, arrays: Arrays, rates: Rates, divisor: int) -> float:
    """Return the standard deviation of theta that the linear law predicts for an SGD run."""
    slower = divisor if how == "slow" else 1
    pair = rates.generator / slower, rates.discriminator / slower
    A = theory.alternating_map(theory.moment_matrix(arrays["real"], arrays["noise"]), *pair)
    q, variance = theory.noise_direction(*pair), arrays["real"].var() + arrays["noise"].var()
    if theory.spectral_radius(A) >= 1:
        return float("inf")
    kick, samples = variance * np.outer(q, q), len(arrays["real"])
    if how == "shuffled":  # both the points and the noise values of a pass
        covariance = theory.shuffled_covariance(A, kick, np.zeros((3, 3)), samples)
    else:
        covariance = theory.stationary_covariance(A, kick)
    return float(np.sqrt(covariance[0, 0]))


def _sgd_values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for how in ("drawn", "shuffled", "slow"):
        states, losses = arrays[f"sgd_{how}_states"], arrays[f"sgd_{how}_full_losses"]
        late, late_losses = states[len(states) // 2 :], losses[len(losses) // 2 :]
        found |= {
            f"sgd_{how}_deviation": value(float(late[:, 0].std()), ".2f"),
            f"sgd_{how}_judged_mean": value(float(late_losses[:, 0].mean()), ".3f"),
            f"sgd_{how}_judged_deviation": value(float(late_losses[:, 0].std()), ".3f"),
            f"sgd_{how}_forged_deviation": value(float(late_losses[:, 1].std()), ".3f"),
        }
    updates = len(arrays["sgd_order"])
    pull = (arrays["real"].var() + arrays["noise"].var()) / 4
    return found | {
        "sgd_drawn_law": value(sgd_law("drawn", arrays, rates, 1), ".2f"),
        "sgd_updates": value(updates),
        "sgd_noise_deviation": value(float(np.sqrt(pull)), ".2f"),
    }
