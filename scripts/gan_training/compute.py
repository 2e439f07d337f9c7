"""Exercise 4.6: train the GAN, with both generator losses, several rates, and the bonus's SGD.

Writes every path that the figures and the checks need, and the numbers that the solution quotes.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.common.arrays import Arrays, Floats, Ints
from scripts.common.artifacts import save_arrays, save_json
from scripts.common.command_line import parse
from scripts.common.values import value
from scripts.gan_training import local, model, summary
from scripts.gan_training.model import Path, Rates
from scripts.gan_training.settings import GanTraining

if TYPE_CHECKING:
    from scripts.gan_training.baseline import Run

TORCH_SGD_UPDATES = 300
"""Updates of the PyTorch loop on single examples: enough to compare, slow to run for long."""
STRIDE = 5
"""SGD runs keep the full-data losses of every fifth update."""


class Settings(GanTraining, leaves=()):
    """What the step reads."""


def data(settings: Settings) -> tuple[Floats, Floats]:
    """Return the fixed samples: genuine points and noise, each (sample_size,) float64."""
    from scripts.gan_training import baseline  # here: importing torch takes a second

    return baseline.sample(settings.data_mean, settings.spread, settings.sample_size, settings.seed)


def start_of(settings: Settings) -> tuple[float, float, float]:
    """Return the state (theta, phi_0, phi_1) from which the assignment's runs start."""
    return settings.start_theta, settings.start_intercept, settings.start_slope


def rates_of(settings: Settings) -> Rates:
    """Return the baseline's learning rates."""
    return Rates(settings.generator_rate, settings.discriminator_rate)


def baseline_arrays(settings: Settings, real: Floats, noise: Floats) -> Arrays:
    """Train the PyTorch baseline, by gradient descent and for a while on single examples."""
    from scripts.gan_training import baseline  # here: importing torch takes a second

    start, rates = start_of(settings), rates_of(settings)
    pair = rates.generator, rates.discriminator
    run = _until_it_ran_away(
        baseline.train(start, itertools.repeat((real, noise), settings.epochs), *pair)
    )
    order = sgd_order(settings, "drawn", settings.sgd_passes)[:TORCH_SGD_UPDATES]
    single = _until_it_ran_away(
        baseline.train(start, ((real[i], noise[j]) for i, j in order[:, :, None]), *pair)
    )
    return {
        **_path_arrays("baseline", run),
        "baseline_foreign_gradients": run.foreign_gradients,
        **_path_arrays("single", single),
        "single_foreign_gradients": single.foreign_gradients,
    }


def _until_it_ran_away(run: Run) -> Run:
    """Return the part of a PyTorch run before a parameter passed `model.RUNAWAY_BOUND`."""
    inside = np.abs(run.states).max(axis=1) < model.RUNAWAY_BOUND  # false for NaN
    kept = model.first_index(~inside, 0, len(inside))
    rows = (run.discriminator_losses, run.generator_losses, run.foreign_gradients)
    return type(run)(run.states[:kept], *(row[: kept - 1] for row in rows))


def generator_loss_arrays(settings: Settings, real: Floats, noise: Floats) -> Arrays:
    """Train with both generator losses, from the set start and after a discriminator head start."""
    rates, start = rates_of(settings), np.array(start_of(settings))
    ahead = start
    for _ in range(settings.head_start):
        ahead = model.discriminator_step(ahead, real, noise, rates.discriminator)
    found: Arrays = {}
    kinds: tuple[model.GeneratorLoss, ...] = ("flipped", "minimax")
    for kind in kinds:
        for name, state in (("even", start), ("ahead", ahead)):
            path = model.train(state, real, noise, rates, settings.epochs, kind)
            found |= _path_arrays(f"{kind}_{name}", path)
    return found


def pull_arrays() -> Arrays:
    """Return how hard each generator loss pulls against the optimal discriminator.

    p = N(d, 1) and q = N(0, 1) in units of the spread; D* = p / (p + q). For each separation d:
    the means over q of 1 - D* (flipped loss) and D* (minimax loss), by Gauss-Hermite quadrature.
    """
    separation = np.linspace(0.0, 6.0, 61)
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    scores = separation[:, None] * (nodes - separation[:, None] / 2)
    weights = weights / weights.sum()
    return {
        "separation": separation,
        "separation_flipped": model.sigmoid(-scores) @ weights,
        "separation_minimax": model.sigmoid(scores) @ weights,
    }


def rate_arrays(settings: Settings, real: Floats, noise: Floats) -> Arrays:
    """Train with each of the six pairs of rates, from the set start and from near the equilibrium.

    `pair_near_a` to `pair_near_f` have their own lengths; the rest has one row a pair.
    """
    found: Arrays = {"pair_rates": np.array(settings.rate_pairs, dtype=np.float64)}
    predicted, measured, states = [], [], []
    for name, (generator_rate, discriminator_rate) in zip(
        summary.PAIR_NAMES, settings.rate_pairs, strict=True
    ):
        rates = Rates(generator_rate, discriminator_rate)
        near = local.near_run(real, noise, rates, 2 * settings.pair_epochs)
        found[f"pair_near_{name}"] = near
        predicted.append(local.dominant_eigenvalue(real, noise, rates))
        measured.append(local.measured_multiplier(near))
        path = model.train(start_of(settings), real, noise, rates, settings.pair_epochs)
        states.append(path.states)
    last = settings.rate_pairs[summary.PAIR_NAMES.index("e")][1]
    beyond = Rates(summary.LARGE_PRODUCT / last, last)
    largest = model.train(start_of(settings), real, noise, beyond, settings.pair_epochs)
    return found | {
        "beyond_states": largest.states,
        "pair_predicted": np.array(predicted),
        "pair_measured": np.array(measured),
        "pair_states": np.array(states),
    }


def lag_arrays(settings: Settings, real: Floats, noise: Floats) -> Arrays:
    """Train with the baseline's generator and slower and faster discriminators, a row each."""
    rates = rates_of(settings)
    pairs = [Rates(rates.generator, k * rates.discriminator) for k in summary.FACTORS]
    runs = [model.train(start_of(settings), real, noise, p, settings.epochs) for p in pairs]
    return {
        "lag_rates": np.array([pair.discriminator for pair in pairs]),
        "lag_states": np.array([run.states for run in runs]),
    }


def sgd_order(settings: Settings, how: str, passes: int) -> Ints:
    """Return the indices (passes * m, 2) of each SGD update, as the printed program draws them."""
    from scripts.gan_training import baseline  # here: importing torch takes a second

    return np.asarray(baseline.order(settings.seed, how, settings.sample_size, passes))


def sgd_arrays(settings: Settings, real: Floats, noise: Floats) -> Arrays:
    """Train one example at a time: drawn, shuffled, and drawn with smaller rates.

    The slow run has `sgd_divisor` times the updates; of it every `sgd_divisor`-th is kept.
    Full-data losses (n, 2), discriminator's and generator's, are those at every fifth kept state.
    """
    rates, divisor = rates_of(settings), settings.sgd_divisor
    slow = Rates(rates.generator / divisor, rates.discriminator / divisor)
    found: Arrays = {}
    for how, its_rates, keep in (
        ("drawn", rates, 1),
        ("shuffled", rates, 1),
        ("slow", slow, divisor),
    ):
        order = sgd_order(settings, how, settings.sgd_passes * keep)
        if how == "drawn":
            found["sgd_order"] = order
        path = model.train_one_at_a_time(
            start_of(settings), real[order[:, 0]], noise[order[:, 1]], its_rates
        )
        states = path.states[::keep]
        found[f"sgd_{how}_states"] = states
        found[f"sgd_{how}_full_losses"] = full_losses(states[::STRIDE], real, noise)
        if how == "drawn":
            found["sgd_drawn_losses"] = np.stack(
                [path.discriminator_losses, path.generator_losses], axis=1
            )
    return found


def full_losses(states: Floats, real: Floats, noise: Floats) -> Floats:
    """Return the losses (n, 2) of both players on all the data at each of the states (n, 3)."""
    found = []
    for part in np.array_split(states, 1 + states.size * len(real) // 10_000_000):  # memory
        columns = part.T[:, :, None]
        genuine = model.logits(real, columns)
        forged = model.logits(model.generate(noise, columns), columns)
        with np.errstate(invalid="ignore"):  # NaN, where a run ran away
            judged = model.softplus(-genuine).mean(axis=1) + model.softplus(forged).mean(axis=1)
            found.append(np.stack([judged, model.softplus(-forged).mean(axis=1)], axis=1))
    return np.concatenate(found)


def compute(settings: Settings) -> Arrays:
    """Run every experiment and return its arrays."""
    real, noise = data(settings)
    found: Arrays = {"real": real, "noise": noise}
    found |= baseline_arrays(settings, real, noise)
    found["event_epochs"] = summary.event_epochs(
        found["baseline_states"], found["baseline_discriminator_losses"], real, noise
    )
    found |= generator_loss_arrays(settings, real, noise) | pull_arrays()
    found |= rate_arrays(settings, real, noise) | lag_arrays(settings, real, noise)
    return found | sgd_arrays(settings, real, noise)


def setting_values(settings: Settings) -> dict[str, Any]:
    """Return the settings that the solution quotes, as `common.values` records."""
    skipped = ("rate_pairs", "seed")
    return {
        field.name: value(getattr(settings, field.name), "g" if field.type is float else "")
        for field in dataclasses.fields(settings)
        if field.name not in skipped
    }


def _path_arrays(name: str, path: Path | Run) -> Arrays:
    return {
        f"{name}_states": path.states,
        f"{name}_discriminator_losses": path.discriminator_losses,
        f"{name}_generator_losses": path.generator_losses,
    }


def main() -> None:
    """Run the command line."""
    settings, files = parse(__doc__, Settings, outputs=("arrays", "summary"))
    arrays = compute(settings)
    save_arrays(files.arrays, arrays)
    quoted = setting_values(settings) | summary.values(arrays, rates_of(settings))
    save_json(files.summary, {"values": quoted})


if __name__ == "__main__":
    main()
