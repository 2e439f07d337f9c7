"""The bonus of exercise 4.6: how noisy one-example SGD ends, predicted and measured."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Bools, Floats
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.seeds import generator
from scripts.common.values import value, value_or
from scripts.gan_training import theory
from scripts.gan_training.lab import closure, sgd
from scripts.gan_training.lab.cases import largest, median, slowest_discriminators
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

WORK = 10**10
"""Most steps of all chains together, about a minute; `longest` gives each chain its share."""


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
    variance, error, bias: measured; largest: λ_max(M), (means, schemes). All but the rates are NaN
    for a pair that is left out (`longest`), and the closure's where it does not settle.
    """
    columns: dict[str, list[Any]] = {}
    for number, multiple in enumerate(settings.sgd_means):
        random = generator(settings.seed, f"gan_training_lab.sgd.{number}")
        mean, spread = multiple * settings.spread, settings.spread
        data = mean + spread * random.normal(size=settings.samples)
        population = sgd.Population(mean, spread, data)
        cases = [predicted(settings, population, scheme) for scheme in theory.SCHEMES]
        plans = [plan for case in cases for plan in case.pop("plans")]
        run = [plan is not None for plan in plans]
        found = sgd.measure(
            population,
            [plan for plan in plans if plan],
            settings.sgd_chains,
            random,
            progress=reporter(f"SGD, mean {mean:g}"),
        )
        row: dict[str, Any] = {key: [case[key] for case in cases] for key in cases[0]}
        for key in ("variance", "error", "bias"):
            measured = np.full(len(plans), np.nan)
            measured[run] = [getattr(one, key) for one in found]
            row[key] = measured.reshape(len(theory.SCHEMES), -1)
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
    rows: list[tuple[float, float, float, sgd.Plan | None]] = []
    for rates in pairs:
        A = theory.alternating_map(M, rates.generator, rates.discriminator)
        plan = planned(settings, scheme, rates, A)
        if plan is None:
            rows.append((np.nan, np.nan, np.nan, None))
            continue
        q = theory.noise_direction(rates.generator, rates.discriminator)
        linear = theory.sampled_variance(A, q, own, variance)
        if scheme == "shuffled":
            linear = theory.shuffled_variance(A, q, own, variance, m)
        settled = settled_state(
            M,
            rates,
            rest,
            real,
            closure.normal_rule(0.0, population.spread),
            samples=m if scheme == "shuffled" else None,
        )
        rows.append((linear, settled.variance, settled.bias, plan))
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


def settled_state(*given: Any, samples: int | None) -> closure.State:
    """Return `closure.stationary_state`, or NaN where the iteration does not settle."""
    try:
        return closure.stationary_state(*given, samples=samples)
    except ValueError:  # its own, or a covariance that is not positive any more
        return closure.State(np.nan, np.nan)


def longest(settings: Settings) -> int:
    """Return the most steps that a chain may take; a pair of rates that needs more is left out."""
    cases = len(settings.sgd_means) * len(theory.SCHEMES) * settings.sgd_rates**2
    return WORK // (cases * max(settings.sgd_chains, 128))  # fewer are not quicker


def planned(settings: Settings, scheme: str, rates: Rates, A: Floats) -> sgd.Plan | None:
    """Return when to measure, in whole epochs; None if it would take too long.

    A: one step's map, whose spectral radius gives the relaxation time.
    """
    radius, m = float(theory.spectral_radius(A)), settings.samples
    relaxation = -1 / np.log(radius) if radius < 1 else np.inf  # to rounding it may be 1
    if (BURN_IN + settings.sgd_relaxation_times) * relaxation + EXTRA_STEPS > longest(settings):
        return None
    burn_in = -(-int(BURN_IN * relaxation + 1) // m) * m
    length = -(-int(settings.sgd_relaxation_times * relaxation + EXTRA_STEPS) // m) * m
    return sgd.Plan(scheme, rates, burn_in, burn_in + length)


def summary(settings: Settings, arrays: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    fresh, replaced, shuffled = range(len(theory.SCHEMES))
    closed = np.abs(arrays["variance"] / arrays["closed"] - 1)
    linear = np.abs(arrays["variance"] / arrays["linear"] - 1)
    small = arrays["rate_d"] * arrays["largest"][..., None] <= SMALL
    ratio, law = (
        arrays[key][:, shuffled] / arrays[key][:, replaced] for key in ("variance", "linear")
    )
    slow = slowest_discriminators(arrays)
    scaled = np.abs(arrays["bias"]) / np.sqrt(arrays["variance"])
    missed = np.abs(arrays["bias"] - arrays["bias_closed"]) / np.sqrt(arrays["variance"])
    means = [f"{mean:.10g}" for mean in arrays["means"]]
    return {
        "sgd_pairs": value(int(arrays["variance"].size)),
        "sgd_ran": value(_cases_run(settings, np.isnan(arrays["variance"]))),
        "sgd_chains": value(settings.sgd_chains),
        "sgd_relaxation_times": value(settings.sgd_relaxation_times),
        "sgd_burn_in": value(BURN_IN),
        "sgd_extra_steps": value(EXTRA_STEPS, ","),
        "sgd_decades": value(DECADES),
        "sgd_small": value(SMALL, "g"),
        "sgd_means": value(" and ".join([", ".join(means[:-1]), means[-1]])),
        "sgd_closed_error": value_or("–", 100 * largest(closed), ".1f"),
        "sgd_closed_median": value_or("–", 100 * median(closed), ".1f"),
        "sgd_linear_error": value_or("–", 100 * largest(linear[~small]), ".0f"),
        "sgd_linear_error_small": value_or("–", 100 * largest(linear[small]), ".1f"),
        "sgd_standard_error": value_or(
            "–", 100 * largest(arrays["error"] / arrays["variance"]), ".1f"
        ),
        "sgd_shuffled_ratio_slow": value_or("–", median(ratio[slow]), ".2f"),
        "sgd_shuffled_law_slow": value_or("–", median(law[slow]), ".2f"),
        "sgd_bias_first": value_or("–", largest(scaled[0, fresh]), ".2f"),
        "sgd_bias_last": value_or("–", largest(scaled[-1, fresh]), ".2f"),
        "sgd_bias_growth": value_or("–", _bias_growth(settings, arrays), ".1f"),
        "sgd_bias_shuffled": value_or("–", largest(missed[:, shuffled]), ".2f"),
        "sgd_mean_first": value(means[0]),
        "sgd_mean_last": value(means[-1]),
    }


def _cases_run(settings: Settings, left_out: Bools) -> str:
    """Return which cases were run, as the end of a sentence."""
    number, need = int(left_out.sum()), f"more than {longest(settings):,} steps"
    if not number:
        return "all of them"
    if number == left_out.size:
        return f"none of them, as each needs {need}"
    return f"all but {number} of them, which need {need}"


def _bias_growth(settings: Settings, arrays: Arrays) -> float:
    """Return by what the closure's bias over standard deviation grows for η_G a hundredth.

    Fresh draws, the mean farthest from 0, from the smallest η_G, at the largest η_D.
    """
    row, fresh = int(np.abs(arrays["means"]).argmax()), theory.SCHEMES.index("fresh")
    mean, spread = float(arrays["means"][row]), settings.spread
    slow, fast = arrays["rate_g"][row, fresh].min(), arrays["rate_d"][row, fresh].max()
    rules = closure.normal_rule(mean, spread), closure.normal_rule(0.0, spread)
    M = theory.moments(mean, spread**2)
    pairs = (Rates(slow, fast), Rates(slow / 100, fast))
    states = [settled_state(M, rates, mean, *rules, samples=None) for rates in pairs]
    before, after = (abs(state.bias) / np.sqrt(state.variance) for state in states)
    known = before > 1e-3  # the closure stops at 1e-6 of a variance, so at 1e-3 of a deviation
    return float(after / before) if known else math.nan


if __name__ == "__main__":
    main()
