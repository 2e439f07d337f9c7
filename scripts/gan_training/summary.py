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


def far_outcome(states: Floats, rest: Floats) -> str:
    """Return how a run (n + 1, 3) from the set start ended: "settles", "keeps moving", "runs away".

    It settles if its distance from rest has at least halved in the second half, or is below 1e-6.
    """
    distances = np.linalg.norm(states - rest, axis=1)
    if not np.isfinite(distances[-1]):
        return "runs away"
    tenth, half = len(distances) // 10, len(distances) // 2
    late, middle = distances[-tenth:].max(), distances[half : half + tenth].max()
    return "settles" if late <= max(middle / 2, 1e-6) else "keeps moving"


def values(arrays: Arrays, rates: Rates) -> dict[str, Any]:
    """Return every result that the solution quotes, as `common.values` records."""
    return (
        _baseline_values(arrays, rates)
        | _generator_loss_values(arrays)
        | _rate_values(arrays)
        | _sgd_values(arrays)
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
    return found | {f"epoch_{name}": value(int(epoch)) for name, epoch in events}


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
    rest = _rest(arrays)
    found: dict[str, Any] = {}
    for k, name in enumerate(PAIR_NAMES):
        predicted = complex(arrays["pair_predicted"][k])
        distances = np.linalg.norm(arrays["pair_states"][k] - rest, axis=1)
        closest = int(np.nanargmin(distances))
        found |= {
            f"pair_{name}_closest": scientific(float(distances[closest])),
            f"pair_{name}_closest_epoch": value(closest),
            f"pair_{name}_generator": value(float(arrays["pair_rates"][k, 0]), "g"),
            f"pair_{name}_discriminator": value(float(arrays["pair_rates"][k, 1]), "g"),
            f"pair_{name}_predicted": value(local.behavior(predicted)),
            f"pair_{name}_measured": value(local.measured_behavior(arrays[f"pair_near_{name}"])),
            f"pair_{name}_radius": value(abs(predicted), ".4f"),
            f"pair_{name}_outcome": value(far_outcome(arrays["pair_states"][k], rest)),
        }
    return found | {"pair_worst_error": scientific(_worst_rate_error(arrays))}


def _worst_rate_error(arrays: Arrays) -> float:
    """Return the largest relative error of log(rho), pairs too slow or too fast to measure aside.

    A near run counts if it has twelve states or more and covers at least four time scales.
    """
    predicted = np.log(np.abs(arrays["pair_predicted"]))
    measured = np.log(np.abs(arrays["pair_measured"]))
    lengths = np.array([len(arrays[f"pair_near_{name}"]) for name in PAIR_NAMES])
    counts = (lengths >= 12) & (np.abs(predicted) * lengths >= 4)
    return float(np.abs(measured[counts] / predicted[counts] - 1).max(initial=0.0))


def _sgd_values(arrays: Arrays) -> dict[str, Any]:
    rest = _rest(arrays)
    found: dict[str, Any] = {}
    for how in ("drawn", "shuffled", "slow"):
        states, losses = arrays[f"sgd_{how}_states"], arrays[f"sgd_{how}_full_losses"]
        late, late_losses = states[len(states) // 2 :], losses[len(losses) // 2 :]
        found |= {
            f"sgd_{how}_bias": value(abs(float(late[:, 0].mean() - rest[0])), ".3f"),
            f"sgd_{how}_deviation": value(float(late[:, 0].std()), ".3f"),
            f"sgd_{how}_judged_mean": value(float(late_losses[:, 0].mean()), ".4f"),
            f"sgd_{how}_judged_deviation": value(float(late_losses[:, 0].std()), ".4f"),
            f"sgd_{how}_forged_mean": value(float(late_losses[:, 1].mean()), ".4f"),
            f"sgd_{how}_forged_deviation": value(float(late_losses[:, 1].std()), ".4f"),
        }
    updates = len(arrays["sgd_order"])
    pull = (arrays["real"].var() + arrays["noise"].var()) / 4
    return found | {
        "sgd_updates": value(updates),
        "sgd_noise_deviation": value(float(np.sqrt(pull)), ".2f"),
    }
