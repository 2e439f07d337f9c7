"""Exercise 4.6: losses and runs against independent oracles, and every check made to fail."""

from __future__ import annotations

import inspect
import itertools
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from house import configured
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import Break, Checks, change, each, failed, patch, run_steps, settings_of

from scripts.common import artifacts
from scripts.common.arrays import Arrays
from scripts.common.seeds import generator
from scripts.gan_training import (
    baseline,
    check,
    checks_best_response,
    checks_comments,
    checks_formulas,
    checks_published,
    checks_runs,
    checks_sgd,
    compute,
    local,
    model,
    plot,
    summary,
    theory,
)
from scripts.gan_training.model import Rates

PAIRS = [[0.1, 0.1], [0.004, 0.3], [3.0, 0.3], [12.0, 0.3], [8.0, 0.45], [0.1, 0.55]]
SMALL = compute.Settings(
    data_mean=2.5,
    spread=1.0,
    sample_size=50,
    start_theta=0.0,
    start_intercept=0.0,
    start_slope=0.0,
    generator_rate=0.15,
    discriminator_rate=0.12,
    epochs=1000,
    head_start=150,
    rate_pairs=PAIRS,
    pair_epochs=1000,
    sgd_passes=200,
    sgd_divisor=8,
    seed=7,
)
CONFIGURED = compute.Settings(**configured("gan_training"))
FAR_FILE = Path(__file__).parent / "far" / "gan_training.yaml"
FAR = [
    compute.Settings(**configured("gan_training") | changed)
    for changed in yaml.safe_load(FAR_FILE.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def original() -> Arrays:
    return compute.compute(SMALL)


# ---------------------------------------------------------------- losses and gradients

REAL = np.array([2.0, 3.5, 2.7])
NOISE = np.array([-0.3, 0.4, 1.1])
STATE = np.array([0.5, -0.7, 0.9])


def probability(x: float, state: np.ndarray) -> float:
    return 1 / (1 + math.exp(-(state[1] + state[2] * x)))


def test_losses_are_the_cross_entropies_of_the_definition() -> None:
    forged = [z + STATE[0] for z in NOISE]
    judged = -sum(math.log(probability(x, STATE)) for x in REAL) / 3
    judged -= sum(math.log(1 - probability(y, STATE)) for y in forged) / 3
    flipped = -sum(math.log(probability(y, STATE)) for y in forged) / 3
    generated = model.generate(NOISE, STATE)
    assert model.discriminator_loss(REAL, generated, STATE) == pytest.approx(judged, rel=1e-14)
    assert model.generator_loss(generated, STATE, "flipped") == pytest.approx(flipped, rel=1e-14)
    both = model.discriminator_loss(REAL, generated, STATE)
    minimax = model.generator_loss(generated, STATE, "minimax")
    assert both + minimax == pytest.approx(
        -sum(math.log(probability(x, STATE)) for x in REAL) / 3, rel=1e-14
    )


def test_losses_of_notebook_15_1() -> None:
    real = np.random.RandomState(0).standard_normal(10) + 7.5
    generated = np.random.RandomState(1).standard_normal(10) + 3.0
    state = np.array([3.0, -2.0, 1.0])
    judged = 10 * model.discriminator_loss(real, generated, state)
    forged = -10 * model.generator_loss(generated, state, "minimax")
    assert judged == pytest.approx(13.814757170851447, abs=1e-12)
    assert forged == pytest.approx(13.78437035945412, abs=1e-12)
    flipped = 10 * model.generator_loss(generated, state, "flipped")
    assert flipped == pytest.approx(4.755779, abs=5e-7)


@pytest.mark.parametrize("kind", ["flipped", "minimax"])
def test_gradients_are_those_of_autograd(kind: model.GeneratorLoss) -> None:
    theta, intercept, slope = (torch.tensor(v, requires_grad=True) for v in STATE)
    real, forged = torch.tensor(REAL), torch.tensor(NOISE) + theta
    genuine = torch.sigmoid(intercept + slope * real)
    passed = torch.sigmoid(intercept + slope * forged)
    judged = -torch.log(genuine).mean() - torch.log(1 - passed).mean()
    target = -torch.log(passed).mean() if kind == "flipped" else torch.log(1 - passed).mean()
    wanted = torch.autograd.grad(judged, (intercept, slope), retain_graph=True)
    generated = model.generate(NOISE, STATE)
    found = model.discriminator_gradient(REAL, generated, STATE)
    assert found == pytest.approx([float(w) for w in wanted], rel=1e-12)
    (pull,) = torch.autograd.grad(target, (theta,))
    assert model.generator_gradient(generated, STATE, kind) == pytest.approx(float(pull), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(-800, 800))
def test_softplus_and_sigmoid_never_overflow(t: float) -> None:
    with np.errstate(over="raise", invalid="raise"):
        value, mirror = model.softplus(np.array(t)), model.softplus(np.array(-t))
        belief = model.sigmoid(np.array(t))
    assert value - mirror == pytest.approx(t, rel=1e-12, abs=1e-12)
    assert 0 <= belief <= 1
    assert belief + model.sigmoid(np.array(-t)) == pytest.approx(1.0)


# ---------------------------------------------------------------- updates and runs


def test_update_is_the_discriminators_step_and_then_the_generators() -> None:
    rates = Rates(0.3, 0.2)
    generated = NOISE + STATE[0]
    phi = STATE[1:] - 0.2 * model.discriminator_gradient(REAL, generated, STATE)
    judged = np.array([STATE[0], *phi])
    theta = STATE[0] - 0.3 * model.generator_gradient(generated, judged, "flipped")
    assert model.update(STATE, REAL, NOISE, rates) == pytest.approx([theta, *phi], rel=1e-15)


def test_train_records_states_and_the_losses_that_each_step_saw() -> None:
    rates = Rates(0.3, 0.2)
    path = model.train(STATE, REAL, NOISE, rates, 2)
    assert path.states.shape == (3, 3)
    assert path.states[2] == pytest.approx(
        model.update(model.update(STATE, REAL, NOISE, rates), REAL, NOISE, rates), rel=1e-15
    )
    generated = NOISE + STATE[0]
    judged = model.discriminator_step(STATE, REAL, NOISE, rates.discriminator)
    assert path.discriminator_losses[0] == model.discriminator_loss(REAL, generated, STATE)
    assert path.generator_losses[0] == model.generator_loss(generated, judged, "flipped")


def test_single_examples_are_batches_of_one() -> None:
    rates, state = Rates(0.3, 0.2), STATE
    path = model.train_one_at_a_time(STATE, REAL, NOISE, rates)
    for k in range(3):
        one = model.train(state, REAL[k : k + 1], NOISE[k : k + 1], rates, 1)
        assert path.states[k + 1] == pytest.approx(one.states[1], rel=1e-13)
        assert path.discriminator_losses[k] == pytest.approx(one.discriminator_losses[0], rel=1e-13)
        assert path.generator_losses[k] == pytest.approx(one.generator_losses[0], rel=1e-13)
        state = one.states[1]


def test_a_runaway_ends_in_nan_and_not_in_a_crash() -> None:
    rates = Rates(900.0, 9.0)
    whole = model.train((0.0, 0.0, 0.0), REAL, NOISE, rates, 400)
    assert np.isnan(whole.states[-1]).all()
    assert summary.shown_distance(float(whole.states[-1, 0])) == "runs away"
    ten = np.tile(REAL, 200), np.tile(NOISE, 200)
    single = model.train_one_at_a_time((0.0, 0.0, 0.0), *ten, Rates(9e5, 9e3))
    assert single.states.shape == (601, 3)
    assert not np.isfinite(single.states[-1]).any()


def test_the_equilibrium_stays() -> None:
    rest = model.equilibrium(REAL, NOISE)
    assert rest == pytest.approx([REAL.mean() - NOISE.mean(), 0, 0])
    for kind in checks_formulas.KINDS:
        after = model.update(rest, REAL, NOISE, Rates(1.0, 1.0), kind)
        assert after == pytest.approx(rest, abs=1e-15)


def test_first_index() -> None:
    where = np.array([True, False, False, True])
    assert model.first_index(where, 0, 9) == 0
    assert model.first_index(where, 1, 9) == 3
    assert model.first_index(where[1:3], 0, 9) == 9


# ---------------------------------------------------------------- the PyTorch baseline


def test_each_loss_reaches_only_its_own_player() -> None:
    run = baseline.train(STATE.tolist(), itertools.repeat((REAL, NOISE), 20), 0.3, 0.2)
    assert run.foreign_gradients.shape == (20, 2)
    assert not run.foreign_gradients.any()


@pytest.mark.parametrize("kind", ["flipped", "minimax"])
def test_baseline_agrees_with_the_closed_form(kind: model.GeneratorLoss) -> None:
    rates = Rates(0.3, 0.2)
    batches = itertools.repeat((REAL, NOISE), 50)
    run = baseline.train(STATE.tolist(), batches, 0.3, 0.2, flipped=kind == "flipped")
    path = model.train(STATE, REAL, NOISE, rates, 50, kind)
    assert np.abs(run.states - path.states).max() < 1e-12
    assert np.abs(run.generator_losses - path.generator_losses).max() < 1e-12


PROGRAM = Path(baseline.__file__)


def test_the_program_can_be_printed_and_read_by_itself() -> None:
    lines = PROGRAM.read_text("utf-8").splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 84
    names = {line.split()[1].split(".")[0] for line in lines if re.match(r"(from|import) ", line)}
    assert names <= {"__future__", "argparse", "hashlib", "collections", "typing", "numpy", "torch"}


def test_the_program_runs_bare(tmp_path: Path) -> None:
    shutil.copy(PROGRAM, tmp_path / "alone.py")  # nothing of the project beside it
    command = [
        sys.executable,
        "alone.py",
        "--epochs",
        "30",
        "--passes",
        "2",
        "--figure",
        "runs.svg",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "equilibrium: theta = 2.8707" in done.stdout
    assert len(done.stdout.splitlines()) == 11
    assert (tmp_path / "runs.svg").stat().st_size > 5000


def test_the_program_draws_the_data_of_the_build() -> None:
    real, noise = compute.data(CONFIGURED)
    drawn = generator(CONFIGURED.seed, "gan_training.data").standard_normal(len(real))
    assert np.array_equal(real, CONFIGURED.data_mean + CONFIGURED.spread * drawn)
    assert not np.array_equal(real - CONFIGURED.data_mean, noise)


# ---------------------------------------------------------------- near the equilibrium


@pytest.mark.parametrize(
    ("multiplier", "word"),
    [
        (0.9, "monotone"),
        (-0.9, "flip"),
        (0.6 + 0.6j, "spiral"),
        (-0.6 + 0.6j, "spiral"),
        (1.0, "no convergence"),
        (-1.1, "no convergence"),
        (0.8 + 0.7j, "no convergence"),
    ],
)
def test_behavior_by_eigenvalue(multiplier: complex, word: str) -> None:
    assert local.behavior(complex(multiplier)) == word


@pytest.mark.parametrize(
    ("multiplier", "word"),
    [(0.9, "monotone"), (-0.9, "flip"), (0.7 + 0.6j, "spiral"), (-1.1, "no convergence")],
)
def test_measuring_a_known_multiplier(multiplier: complex, word: str) -> None:
    powers = complex(multiplier) ** np.arange(60)
    run = np.stack([powers.real, 0 * powers.real, (powers * (0.3 - 0.4j)).real], axis=1)
    found = local.measured_multiplier(run)
    assert found.real == pytest.approx(complex(multiplier).real, rel=1e-6)
    assert abs(found.imag) == pytest.approx(abs(complex(multiplier).imag), abs=1e-6)
    assert local.measured_behavior(run) == word


def test_dominant_eigenvalue_lies_above_the_real_axis() -> None:
    turn = np.array([[0.6, -0.7, 0.0], [0.7, 0.6, 0.0], [0.0, 0.0, 0.5]])
    assert theory.dominant_eigenvalue(turn) == pytest.approx(0.6 + 0.7j)


def test_near_runs_stop_where_they_should(original: Arrays) -> None:
    real, noise = original["real"], original["noise"]
    settling = local.near_run(real, noise, Rates(3.0, 0.3), 5000)
    assert np.linalg.norm(settling[-1]) < local.CONVERGING[1] <= np.linalg.norm(settling[-2])
    leaving = local.near_run(real, noise, Rates(30.0, 0.5), 5000)
    assert np.linalg.norm(leaving[-2]) < local.DIVERGING[1] <= np.linalg.norm(leaving[-1])
    assert len(local.near_run(real, noise, Rates(0.001, 0.3), 10)) == 11


def test_a_short_run_shows_no_mode(original: Arrays) -> None:
    real, noise, rates = original["real"], original["noise"], Rates(3.0, 0.3)
    derivative, near = local.map_in_units(real, noise, rates), original["pair_near_c"]
    assert local.shows_its_mode(derivative, near)
    assert not local.shows_its_mode(derivative, near[:11])
    assert not local.shows_its_mode(np.zeros((3, 3)), near)


def test_time_scale() -> None:
    assert local.time_scale(math.exp(-0.1)) == pytest.approx(10)
    assert local.time_scale(1.0) == math.inf
    assert local.time_scale(0.0) == 0


# ---------------------------------------------------------------- compute and summary


def test_events_of_a_made_up_run() -> None:
    theta = np.array([0.0, 1.0, 2.01, 2.5, 2.2, 1.9, 2.0])
    states = np.stack([theta, theta, theta], axis=1)
    losses, noise = np.array([1.4, 0.9, 1.0, 0.5, 1.3, 1.4]), np.array([-1.0, 1.0])
    found = summary.event_epochs(states, losses, noise + 2, noise)
    assert found.tolist() == [0, 1, 2, 3, 5, 6]
    assert summary.event_epochs(-states, losses, noise - 2, noise).tolist() == found.tolist()
    never = summary.event_epochs(states[:2], losses[:1], noise + 2, noise)
    assert never.tolist() == [0, 0, -1, -1, -1, 1]


def test_half_of_the_way() -> None:
    assert summary.halfway(np.array([0.0, 0.4, 0.6]), 1.0) == 2
    assert summary.halfway(np.array([0.0, 9.0]), 1.0) == 1
    assert summary.halfway(np.array([0.0, 0.1]), 1.0) == -1


def test_runs_by_name() -> None:
    assert summary.runs([False] * 6)["text"] == "none of the six"
    assert summary.runs([False, True] + [False] * 4)["text"] == "run B"
    assert summary.runs([True, False, True, False, False, True])["text"] == "runs A, C and F"


def test_orders_of_examples() -> None:
    shuffled = compute.sgd_order(SMALL, "shuffled", 3)
    assert shuffled.shape == (150, 2)
    for visit in shuffled.reshape(3, 50, 2):
        assert np.array_equal(np.sort(visit, axis=0), np.repeat(np.arange(50)[:, None], 2, axis=1))
    drawn = compute.sgd_order(SMALL, "drawn", 3)
    assert np.array_equal(drawn, compute.sgd_order(SMALL, "drawn", 3))
    assert not np.array_equal(drawn, compute.sgd_order(SMALL, "slow", 3))
    assert drawn.min() >= 0
    assert drawn.max() < 50


def test_distances_that_rounding_decides_are_not_shown() -> None:
    assert summary.shown_distance(0.0123) == "0.012"
    assert summary.shown_distance(0.00123) == "$1.2 \\times 10^{-3}$"
    assert summary.shown_distance(1e-8, 3e-8) == "$<10^{-7}$"
    assert summary.shown_distance(3e-15) == summary.shown_distance(0.0) == "$<10^{-9}$"


def test_best_response_has_no_gradient_left() -> None:
    phi = summary.best_response(1.7, REAL, NOISE)
    state = np.array([1.7, *phi])
    left = model.discriminator_gradient(REAL, model.generate(NOISE, state), state)
    assert np.abs(left).max() < 1e-12
    assert summary.best_response(9.0, REAL, NOISE) is None


def test_blocks_of_independent_numbers_give_the_usual_standard_error() -> None:
    random = np.random.default_rng(0)
    errors = [summary.block_errors(random.normal(size=10_000)) for _ in range(100)]
    mean, deviation = np.mean(errors, axis=0)
    assert mean == pytest.approx(10_000**-0.5, rel=0.15)
    assert deviation == pytest.approx(20_000**-0.5, rel=0.15)


def test_pull_weights_sum_to_one_and_start_equal() -> None:
    found = compute.pull_arrays()
    total = found["separation_flipped"] + found["separation_minimax"]
    assert total == pytest.approx(np.ones(61))
    assert found["separation_minimax"][0] == pytest.approx(0.5)


def test_full_losses_are_the_losses_state_by_state() -> None:
    states = np.array([STATE, 2 * STATE, -STATE])
    found = compute.full_losses(states, REAL, NOISE)
    for row, state in zip(found, states, strict=True):
        generated = model.generate(NOISE, state)
        assert row[0] == pytest.approx(model.discriminator_loss(REAL, generated, state), rel=1e-14)
        assert row[1] == pytest.approx(model.generator_loss(generated, state, "flipped"), rel=1e-14)


def test_data_keep_their_settings() -> None:
    real, noise = compute.data(SMALL)
    assert real.shape == noise.shape == (50,)
    assert abs(real.mean() - 2.5) < 6 / math.sqrt(50)
    assert not np.array_equal(real - 2.5, noise)


def test_steps_as_commands(
    original: Arrays, checks: Checks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compute, "compute", lambda knobs: original)
    checks.repeat(monkeypatch, lambda maker: True)
    figures = "losses discriminator path samples two_losses rates sgd_losses sgd_path"
    displays = f"{figures} snapshot_table.md rate_table.md sgd_table.md"
    code = {"program": PROGRAM, "program_listing": tmp_path / "program.md"}
    steps = (compute, check, plot)
    files = run_steps(monkeypatch, steps, vars(SMALL), tmp_path, displays, code)
    assert code["program_listing"].read_text("utf-8") == f"```python\n{PROGRAM.read_text()}```\n"
    values = artifacts.load_json(files["summary"])["values"]
    assert values["runs_monotone"]["value"] == "runs B and D"


# ---------------------------------------------------------------- the checks


@pytest.fixture(scope="module")
def checks(original: Arrays) -> Checks:
    return Checks(check, vars(SMALL), original)


def test_all_checks_pass_as_configured(checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    checks.must_pass(monkeypatch, vars(CONFIGURED), compute.compute(CONFIGURED))


@pytest.mark.parametrize("knobs", FAR[::2])
def test_theorems_hold_and_figures_are_drawn_far_away(
    knobs: compute.Settings, checks: Checks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    arrays = compute.compute(knobs)
    summary.values(arrays, compute.rates_of(knobs))
    checks.repeat(monkeypatch, lambda maker: maker.constant)
    found = checks.examine(vars(knobs), arrays)
    assert not failed(check for check in found if not check.observed)
    shown = settings_of(plot.Settings, vars(knobs))
    for name, draw in inspect.getmembers(plot, inspect.isfunction):
        if name.startswith(("draw_", "write_")) and name != "write_listing":
            draw(tmp_path / name, arrays, shown)


RATES = Rates(SMALL.generator_rate, SMALL.discriminator_rate)


def bend(place: Any, name: str, change: Callable[[Any], Any]) -> Break:
    """Break a function: `change` takes the right one and returns a wrong one."""
    return patch(place, name, change(getattr(place, name)))


def scaled(factor: float) -> Callable[[Any], Any]:
    return lambda right: lambda *given, **named: factor * right(*given, **named)


def negate_first(right: Any) -> Any:
    def wrong(*given: Any) -> Any:
        formulas_ = right(*given)
        first = next(iter(formulas_))
        return formulas_ | {first: -formulas_[first]}

    return wrong


def doubled_generator_rate(right: Any) -> Any:
    return lambda x, z, rates: right(x, z, Rates(2 * rates.generator, rates.discriminator))


def foreign_gradients() -> Any:
    rates = RATES.generator, RATES.discriminator
    return baseline.train([0.0, 0.1, 0.2], [(REAL, NOISE)], *rates).foreign_gradients


def leak(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    monkeypatch.setattr(torch.Tensor, "detach", lambda tensor: tensor)
    return {"baseline_foreign_gradients": foreign_gradients()}


def unfrozen(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    monkeypatch.setattr(torch.nn.Module, "requires_grad_", lambda module, flag=True: module)
    return {"single_foreign_gradients": foreign_gradients()}


def swap_heads(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    one, other = "flipped_ahead_states", "minimax_ahead_states"
    return {one: arrays[other], other: arrays[one]}


def slow_as_drawn(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    return {"sgd_slow_states": arrays["sgd_drawn_states"]}


def spread_out(states: Any) -> Any:
    mean = states.mean(axis=0)
    return mean + 3 * (states - mean)


def flat_sigmoid(right: Any) -> Any:
    return lambda t: right(t) ** 2


def no_swap(right: Any) -> Any:
    """The two generator gradients taken for each other."""
    other = {"flipped": "minimax", "minimax": "flipped"}
    return lambda generated, state, kind: right(generated, state, other[kind])


def wrong_response(right: Any) -> Any:
    return lambda mu, nu, sigma: (right(mu, nu, sigma)[0], 2 * right(mu, nu, sigma)[1])


def turned_back(arrays: Any) -> Any:
    arrays[arrays[:, 0] > arrays[-1, 0], 0] = arrays[-1, 0]
    return arrays


def wrong_equilibrium(right: Any) -> Any:
    return lambda real, noise: np.array([real.mean() + noise.mean() + 0.1, 0.0, 0.0])


def simultaneous(right: Any) -> Any:
    def wrong(real: Any, noise: Any, rates: Rates) -> Any:
        moments = theory.moment_matrix(real, noise)
        return theory.simultaneous_map(moments, rates.generator, rates.discriminator)

    return wrong


def lowered(arrays: Any) -> Any:
    arrays[:, 0] = 2 * math.log(2) - 0.01
    return arrays


def late_passage(right: Any) -> Any:
    """The passage taken for the moment when theta comes back and the best response is flat."""
    return lambda arrays, name: right(arrays, "win" if name == "pass" else name)


def with_the_trained_discriminator(right: Any) -> Any:
    """The best response taken for the one of a fixed, earlier discriminator: the lag again."""
    return lambda theta, real, noise, start: (
        np.asarray(start) + 0.1 * (right(theta, real, noise, start) - np.asarray(start))
    )


def rounding_shown(right: Any) -> Any:
    return lambda distance, resting=0.0: f"{distance:.17g}"


def swapped_noise(arrays: Any) -> Any:
    return arrays[:, ::-1]


def first_of(factor: float) -> Callable[[Any], Any]:
    """Scale the first of the numbers that a function returns."""
    return lambda right: lambda *given: (factor * right(*given)[0], *right(*given)[1:])


BROKEN: list[tuple[str, Break]] = [
    ("speed", bend(checks_comments, "stated_speed", scaled(1.001))),
    ("theta-follows-slope", change("baseline_states", lambda states: states * [1, 1, -1])),
    ("lag", bend(summary, "event", late_passage)),
    ("best-response-step", bend(checks_comments, "stated_factor", scaled(1.01))),
    ("loss-misleads", change("baseline_generator_losses", np.ones_like)),
    ("flat-but-low", change("baseline_states", lambda states: states + np.array([0, 1, 0]))),
    (
        "highest-when-flat",
        change("baseline_generator_losses", lambda losses: np.append(losses[:-1], 9.0)),
    ),
    ("runs-away", change("beyond_states", np.nan_to_num)),
    ("flip-late", change("pair_states", lambda states: states[:, ::-1])),
    ("faster-overshoots-less", change("lag_states", lambda states: states[::-1])),
    ("sgd-losses-calmer", change("sgd_slow_full_losses", lambda losses: 10 * losses)),
    ("sgd-losses-shuffled", change("sgd_shuffled_full_losses", lambda losses: losses / 10)),
    ("far-map", bend(checks_runs, "stated_far_factor", scaled(1.01))),
    ("overshoot-needs-lag", bend(checks_comments, "best_response", with_the_trained_discriminator)),
    ("coin-convexity", change("baseline_discriminator_losses", lambda losses: losses - 0.1)),
    ("generator-loss", bend(model, "generator_loss", scaled(1.001))),
    ("bounded", change("pair_states", lambda states: np.where(states > 2, np.nan, states))),
    ("sgd-course", change("sgd_drawn_states", lambda states: states[::-1])),
    ("spirals", bend(local, "dominant_eigenvalue", lambda right: lambda *given: 0.9 + 0j)),
    ("settles", change("baseline_generator_losses", lambda losses: 1.2 * losses)),
    ("mean-excess", bend(checks_sgd, "excess_formula", scaled(1.01))),
    ("rule", bend(theory, "rule", scaled(1.5))),
    ("sgd-law", change("sgd_drawn_states", spread_out)),
    ("sgd-shuffled", change("sgd_shuffled_states", lambda states: 3 * states)),
    ("generator-noisier", change("sgd_drawn_full_losses", swapped_noise)),
    ("printed-numbers", bend(summary, "shown_distance", rounding_shown)),
    ("dirac-gan", bend(theory, "alternating_map", lambda right: theory.simultaneous_map)),
    (
        "negative-momentum",
        bend(
            checks_published,
            "stated_cubic",
            lambda right: lambda x, d, k, beta: right(x, d, k, -beta),
        ),
    ),
    (
        "schur-conditions",
        bend(
            checks_published,
            "stated_momentum_region",
            lambda right: lambda eta_d, d, k, beta: right(eta_d, d, k, -beta),
        ),
    ),
    (
        "momentum-runs",
        bend(
            checks_published,
            "stated_momentum_region",
            lambda right: lambda eta_d, d, k, beta: right(eta_d, d, 1.2 * k, beta),
        ),
    ),
    ("critical-damping", bend(checks_published, "stated_critical", first_of(1.1))),
    (
        "two-time-scales",
        bend(
            checks_published,
            "stated_slow_eigenvalue",
            lambda right: lambda eta_g, variance: 1 - eta_g / variance,
        ),
    ),
    ("jensen-shannon", bend(checks_published, "stated_divergence", scaled(2))),
    ("flow", bend(checks_published, "stated_flow", scaled(2))),
    ("gradient-formulas", bend(checks_formulas, "stated_gradients", negate_first)),
    ("gradients-of-the-code", bend(model, "generator_gradient", scaled(-1))),
    ("stable-functions", bend(model, "softplus", lambda right: lambda t: np.log(1 + np.exp(t)))),
    ("notebook", bend(model, "discriminator_loss", scaled(0.5))),
    (
        "odds-formula",
        bend(checks_formulas, "stated_odds", lambda right: lambda score: 1 / right(score)),
    ),
    ("odds-of-the-code", bend(model, "generator_gradient", no_swap)),
    ("equilibrium", bend(checks_formulas, "stated_equilibrium", negate_first)),
    ("equilibrium-of-the-code", bend(model, "equilibrium", wrong_equilibrium)),
    ("only-equilibrium", bend(model, "generator_gradient", scaled(0))),
    (
        "value-of-theta",
        bend(
            checks_best_response,
            "stated_value_ceiling",
            lambda right: lambda distance, moment: right(distance, 1.0),
        ),
    ),
    ("best-response-formula", bend(checks_best_response, "stated_best_response", wrong_response)),
    ("best-response-fit", bend(checks_best_response, "stated_best_response", wrong_response)),
    ("pull-quadrature", change("separation_minimax", lambda values: 1.01 * values)),
    (
        "saturation",
        bend(
            checks_best_response,
            "stated_weight_ceiling",
            lambda right: lambda separation: np.exp(-(separation**2) / 2) / 2,
        ),
    ),
    ("linear-map", bend(checks_formulas, "stated_map", scaled(2))),
    ("linear-map-of-the-code", bend(local, "local_map", simultaneous)),
    ("autograd-path", bend(model, "discriminator_gradient", scaled(1.001))),
    ("autograd-single-path", bend(model, "_sigmoid", flat_sigmoid)),
    ("own-parameters", leak),
    (
        "early-win",
        change("baseline_discriminator_losses", lambda losses: np.full_like(losses, 1.386)),
    ),
    ("overshoot", change("baseline_states", turned_back)),
    ("final-rate", bend(checks_runs, "finite_difference_map", scaled(0.999))),
    ("loss-bounds", bend(checks_runs, "LOG2", lambda right: 0.7)),
    ("ringing", bend(checks_runs, "finite_difference_map", doubled_generator_rate)),
    ("minimax-later", swap_heads),
    ("pair-trajectories", bend(checks_runs, "finite_difference_map", doubled_generator_rate)),
    ("pair-rates", change("pair_measured", lambda multipliers: multipliers**1.05)),
    ("pair-classes", change("pair_near_a", np.abs)),
    ("unbiased", bend(model, "_sigmoid", flat_sigmoid)),
    ("noise-at-rest", bend(model, "equilibrium", lambda right: lambda x, z: STATE)),
    ("losses-at-rest", bend(model, "_softplus", scaled(1.001))),
    ("sgd-drift", change("noise", lambda noise: noise + 0.2)),
    ("sgd-center", change("sgd_drawn_states", lambda states: states + 1)),
    ("sgd-spread", bend(theory, "noise_direction", scaled(2))),
    ("sgd-calmer", slow_as_drawn),
    ("sgd-excess", change("sgd_drawn_full_losses", lowered)),
    ("own-parameters", unfrozen),
]


def test_every_check_passes_and_has_a_break(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)


@each(BROKEN)
def test_every_check_can_fail(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)
