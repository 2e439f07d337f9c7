"""The bonus of exercise 4.6: how noisy one-example SGD ends, predicted and measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.seeds import generator
from scripts.common.values import value
from scripts.gan_training import theory
from scripts.gan_training.lab import closure, sgd
from scripts.gan_training.lab.progress import reporter
from scripts.gan_training.lab.settings import GanTrainingLab
from scripts.gan_training.model import Rates

DECADES = 2
"""How far below their largest values the learning rates reach, in decades."""

BURN_IN = 8
"""Relaxation times before measuring: the memory of the start is then e^-16 of a variance."""

EXTRA_STEPS = 5_000
"""Steps measured on top of the relaxation times, so that fast pairs, which are cheap, are sharp."""

SMALL = 0.1
"""Below this product η_D λ_max(M) the linear law is expected to do as well as the closure."""


class Settings(
    GanTrainingLab,
    reads=(
        "seed",
        "spread",
        "samples",
        "sgd_means",
        "sgd_rates",
        "sgd_chains",
        "sgd_relaxation_times",
    ),
):
    """What the step reads."""


def main() -> None:
    """Run the chains and write their arrays and summary."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    arrays = compute(settings)
    save_arrays(files.arrays, arrays)
    save_json(files.summary, {"values": summary(settings, arrays)})


def compute(settings: Settings) -> Arrays:
    """Return predictions and measurements, arrays (means, schemes, pairs).

    rate_g, rate_d; linear, closed: predicted variance of θ; bias_closed: predicted bias;
    variance, error, bias: measured; largest: λ_max(M), (means, schemes).
    """
    columns: dict[str, list[Any]] = {}
    for number, multiple in enumerate(settings.sgd_means):
        random = generator(settings.seed, f"gan_training_lab.sgd.{number}")
        mean, spread = multiple * settings.spread, settings.spread
        data = mean + spread * random.normal(size=settings.samples)
        population = sgd.Population(mean, spread, data)
        cases = [predicted(settings, population, scheme) for scheme in theory.SCHEMES]
        plans = [plan for case in cases for plan in case.pop("plans")]
        found = sgd.measure(
            population, plans, settings.sgd_chains, random, progress=reporter(f"SGD, mean {mean:g}")
        )
        shape = (len(theory.SCHEMES), -1)
        row: dict[str, Any] = {key: [case[key] for case in cases] for key in cases[0]}
        row |= {
            key: np.reshape([getattr(one, key) for one in found], shape)
            for key in ("variance", "error", "bias")
        }
        for key, entry in row.items():
            columns.setdefault(key, []).append(entry)
    arrays = {key: np.array(entry) for key, entry in columns.items()}
    return arrays | {"means": np.array(settings.sgd_means, float) * settings.spread}


def predicted(settings: Settings, population: sgd.Population, scheme: str) -> dict[str, Any]:
    """Return one scheme's pairs of rates, the predictions for each, and when to measure it."""
    variance, m = population.spread**2, settings.samples
    fresh = scheme == "fresh"
    own = variance if fresh else float(population.data.var())
    rest = population.rest(scheme)
    M = (theory.moments(rest, own) + theory.moments(rest, variance)) / 2
    largest = float(np.linalg.eigvalsh(M)[-1])
    real = (
        closure.normal_rule(rest, population.spread)
        if fresh
        else closure.sample_rule(population.data)
    )
    steps = np.logspace(0, -DECADES, settings.sgd_rates)
    pairs = [Rates(variance / 10 * one, other / largest / 2) for other in steps for one in steps]
    rows = []
    for rates in pairs:
        A = theory.alternating_map(M, rates.generator, rates.discriminator)
        q = theory.noise_direction(rates.generator, rates.discriminator)
        linear = theory.sampled_variance(A, q, own, variance)
        if scheme == "shuffled":
            linear = theory.shuffled_variance(A, q, own, variance, m)
        settled = closure.stationary_state(
            M,
            rates,
            rest,
            real,
            closure.normal_rule(0.0, population.spread),
            samples=m if scheme == "shuffled" else None,
        )
        relaxation = -1 / np.log(theory.spectral_radius(A))
        burn_in = -(-int(BURN_IN * relaxation + 1) // m) * m
        length = -(-int(settings.sgd_relaxation_times * relaxation + EXTRA_STEPS) // m) * m
        rows.append(
            (
                linear,
                settled.variance,
                settled.bias,
                sgd.Plan(scheme, rates, burn_in, burn_in + length),
            )
        )
    linears, closeds, biases, plans = zip(*rows, strict=True)
    return {
        "rate_g": [rates.generator for rates in pairs],
        "rate_d": [rates.discriminator for rates in pairs],
        "linear": linears,
        "closed": closeds,
        "bias_closed": biases,
        "largest": largest,
        "plans": plans,
    }


def summary(settings: Settings, arrays: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    replaced, shuffled = theory.SCHEMES.index("replaced"), theory.SCHEMES.index("shuffled")
    closed = np.abs(arrays["variance"] / arrays["closed"] - 1)
    linear = np.abs(arrays["variance"] / arrays["linear"] - 1)
    small = arrays["rate_d"] * arrays["largest"][..., None] <= SMALL
    ratio = arrays["variance"][:, shuffled] / arrays["variance"][:, replaced]
    slow = arrays["rate_d"][:, shuffled] == arrays["rate_d"][:, shuffled].min(axis=1, keepdims=True)
    scaled = np.abs(arrays["bias"]) / np.sqrt(arrays["variance"])
    missed = np.abs(arrays["bias"] - arrays["bias_closed"]) / np.sqrt(arrays["variance"])
    return {
        "sgd_pairs": value(int(arrays["variance"].size)),
        "sgd_chains": value(settings.sgd_chains),
        "sgd_relaxation_times": value(settings.sgd_relaxation_times),
        "sgd_burn_in": value(BURN_IN),
        "sgd_extra_steps": value(EXTRA_STEPS, ","),
        "sgd_decades": value(DECADES),
        "sgd_small": value(SMALL, "g"),
        "sgd_closed_error": value(100 * float(closed.max()), ".1f"),
        "sgd_closed_median": value(100 * float(np.median(closed)), ".1f"),
        "sgd_linear_error": value(100 * float(linear.max()), ".0f"),
        "sgd_linear_error_small": value(100 * float(linear[small].max()), ".1f"),
        "sgd_standard_error": value(
            100 * float((arrays["error"] / arrays["variance"]).max()), ".1f"
        ),
        "sgd_shuffled_ratio": value(float(np.median(ratio)), ".2f"),
        "sgd_shuffled_ratio_slow": value(float(ratio[slow].mean()), ".2f"),
        "sgd_bias_first": value(float(scaled[0, 0].max()), ".2f"),
        "sgd_bias_last": value(float(scaled[-1, 0].max()), ".2f"),
        "sgd_bias_shuffled": value(float(missed[:, shuffled].max()), ".2f"),
        "sgd_mean_first": value(float(arrays["means"][0]), "g"),
        "sgd_mean_last": value(float(arrays["means"][-1]), "g"),
    }


if __name__ == "__main__":
    main()
