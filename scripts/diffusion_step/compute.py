"""Noising chains of exercise 4.5, run step by step, beside what the solution says of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from scripts.common.arrays import Arrays, Floats
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.empirical import empirical_cdf
from scripts.common.normal import normal_density
from scripts.common.seeds import generator
from scripts.common.values import in_formula, scientific, value
from scripts.diffusion_step import laws, model, simulation
from scripts.diffusion_step.settings import DiffusionStep

SHOWN_POINTS = 400
"""Points drawn of a cloud or of the coin's pairs, at most; more would hide the curves."""
LAW_POINTS = np.linspace(-4.0, 4.0, 1601)
"""Where laws are drawn and distribution functions compared; histograms have 40 of these cells."""


class Settings(DiffusionStep, leaves=()):
    """What the step reads."""


def step_weights(beta: float) -> dict[str, tuple[float, float]]:
    """Return the three pairs (a, b) that are compared: right, too small, too large."""
    root = math.sqrt(beta)
    return {
        "right": (math.sqrt(1.0 - beta), root),
        "shrinking": (1.0 - beta, beta),
        "growing": (1.0, root),
    }


def variance_runs(settings: Settings) -> Arrays:
    """Return, per experiment, the variance over t = 0, …, steps: sampled and predicted."""
    weights = step_weights(settings.beta)
    runs = {
        "wide": ("right", settings.wide_variance),
        "narrow": ("right", settings.narrow_variance),
        "right": ("right", 1.0),
        "shrinking": ("shrinking", 1.0),
        "growing": ("growing", 1.0),
    }
    times = range(settings.steps + 1)
    found: Arrays = {}
    for name, (rule, start) in runs.items():
        rng = generator(settings.seed, f"diffusion_step.variance.{name}")
        state = math.sqrt(start) * rng.standard_normal(settings.sample_size)
        sampled = [float(np.mean(state**2))]  # the mean is 0 and known
        for _ in range(settings.steps):
            state = simulation.run_chain(state, [weights[rule]], rng)
            sampled.append(float(np.mean(state**2)))
        found[f"sampled_{name}"] = np.array(sampled)
        if name == "growing":
            predicted = [start + t * settings.beta for t in times]
        else:
            predicted = [model.variance_after(t, start, weights[rule]) for t in times]
        found[f"predicted_{name}"] = np.array(predicted)
    return found


def start_covariance(settings: Settings) -> Floats:
    """Return Cov[x_0] of the two-dimensional start, shape (2, 2)."""
    wide, narrow = settings.wide_variance, settings.narrow_variance
    cross = settings.start_correlation * math.sqrt(wide * narrow)
    return np.array([[wide, cross], [cross, narrow]])


def repair_run(settings: Settings) -> Arrays:
    """Run a wrong start in the plane through the right step; keep up to four times."""
    start = start_covariance(settings)
    rng = generator(settings.seed, "diffusion_step.repair")
    cloud = rng.standard_normal((settings.sample_size, 2)) @ np.linalg.cholesky(start).T
    times = sorted({0, settings.steps // 8, settings.steps // 3, settings.steps})
    betas = np.full(settings.steps, settings.beta)
    signal = np.append(1.0, model.signal_left(betas))[times]
    sampled, shown = [], []
    for before, now in zip([0, *times[:-1]], times, strict=True):
        weights = simulation.preserving_weights(betas[before:now])
        cloud = simulation.run_chain(cloud, weights, rng)
        sampled.append(cloud.T @ cloud / settings.sample_size)
        shown.append(cloud[:SHOWN_POINTS])
    return {
        "repair_times": np.array(times),
        "repair_signal": signal,
        "repair_predicted": np.array([model.covariance_after(start, left) for left in signal]),
        "repair_sampled": np.array(sampled),
        "repair_cloud": np.array(shown),
    }


def coin_pair(settings: Settings) -> tuple[Floats, Floats]:
    """Draw ε₁ and ε₂ = ±ε₁, the sign by a fair coin; each of shape (sample_size,)."""
    rng = generator(settings.seed, "diffusion_step.coin")
    first = rng.standard_normal(settings.sample_size)
    return first, np.where(rng.random(settings.sample_size) < 0.5, first, -first)


def coin_run(settings: Settings) -> Arrays:
    """Combine a pair drawn with the coin, with the weights of a noising step."""
    a, b = step_weights(settings.coin_beta)["right"]
    first, second = coin_pair(settings)
    points = LAW_POINTS
    return {
        "coin_pairs": np.column_stack([first, second])[:SHOWN_POINTS],
        "coin_points": points,
        "coin_empirical": empirical_cdf(a * first + b * second, points),
        "coin_cdf": laws.coin_cdf(points, a, b),
        "coin_density": laws.coin_density(points, a, b),
        "normal_density": normal_density(points, 1.0),
    }


def schedule_run(settings: Settings) -> Arrays:
    """Noise x_0 = ±1 one step at a time along the schedule; keep the times of `shown_signal`."""
    betas = model.linear_schedule(settings.first_beta, settings.last_beta, settings.schedule_steps)
    signal = model.signal_left(betas)
    times = shown_times(settings, signal)
    rng = generator(settings.seed, "diffusion_step.schedule")
    state = np.where(rng.random(settings.sample_size) < 0.5, 1.0, -1.0)
    points = LAW_POINTS
    weights = simulation.preserving_weights(betas)
    empirical = []
    for before, now in zip([0, *times[:-1]], times, strict=True):
        state = simulation.run_chain(state, weights[before:now], rng)
        empirical.append(empirical_cdf(state, points))
    left = signal[[time - 1 for time in times]]
    return {
        "betas": betas,
        "signal": signal,
        "shares": model.noise_shares(betas),
        "schedule_times": np.array(times),
        "schedule_signal": left,
        "schedule_points": points,
        "schedule_empirical": np.array(empirical),
        "schedule_density": np.array([laws.noised_pair_density(points, s) for s in left]),
    }


def shown_times(settings: Settings, signal: Floats) -> list[int]:
    """Return the increasing times t >= 1 at which ᾱ_t is nearest to each of `shown_signal`.

    Values that fall on the same time share it.
    """
    return sorted({int(np.argmin(np.abs(signal - left))) + 1 for left in settings.shown_signal})


def half_time(signal: Floats) -> str:
    """Return in words when both weights of the closed form are equal: where ᾱ_t passes 1/2."""
    if not signal[-1] <= 0.5:
        return "at no step"
    return f"near step {int(np.argmin(np.abs(signal - 0.5))) + 1}"


def arrays(settings: Settings) -> Arrays:
    """Return every array that the checks and figures need."""
    return (
        variance_runs(settings) | repair_run(settings) | coin_run(settings) | schedule_run(settings)
    )


def summary(settings: Settings, found: Arrays) -> dict[str, Any]:
    """Return the numbers that the prose uses."""
    coin_distance = float(np.max(np.abs(found["coin_cdf"] - laws.normal_cdf(found["coin_points"]))))
    weights = step_weights(settings.beta)
    coin = step_weights(settings.coin_beta)["right"]
    return {
        "sample_size": value(settings.sample_size, ","),
        "false_alarm_rate": scientific(settings.false_alarm_rate, 0),
        "shown_points": value(min(SHOWN_POINTS, settings.sample_size)),
        "beta": in_formula(settings.beta, "g"),
        "steps": value(settings.steps),
        "wide_variance": value(settings.wide_variance, "g"),
        "narrow_variance": value(settings.narrow_variance, "g"),
        "start_correlation": value(settings.start_correlation, "g"),
        "shrinking_limit": in_formula(model.stationary_variance(weights["shrinking"])),
        "shrinking_exact": in_formula(float(found["predicted_shrinking"][-1])),
        "shrinking_last": in_formula(float(found["sampled_shrinking"][-1])),
        "repair_signal_last": in_formula(float(found["repair_signal"][-1]), ".2g"),
        "coin_beta": value(settings.coin_beta, "g"),
        "coin_excess": in_formula(model.coin_excess(coin)),
        "coin_distance": in_formula(coin_distance, ".2g"),
        "schedule_steps": value(settings.schedule_steps, ","),
        "first_beta": in_formula(settings.first_beta, "g"),
        "last_beta": in_formula(settings.last_beta, "g"),
        "signal_last": in_formula(float(found["signal"][-1]), ".2g"),
        "amplitude_last": in_formula(math.sqrt(found["signal"][-1]), ".2g"),
        "half_time": value(half_time(found["signal"])),
    }


def main() -> None:
    """Read the settings, compute, write."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    found = arrays(settings)
    save_arrays(files.arrays, found)
    save_json(files.summary, {"values": summary(settings, found)})


if __name__ == "__main__":
    main()
