"""Exercise 4.6: losses and runs against independent oracles, and every check made to fail."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from house import configured
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import Break, Checks, change, each, patch, run_steps

from scripts.common import artifacts
from scripts.common.arrays import Arrays
from scripts.gan_training import (
    baseline,
    check,
    checks_best_response,
    checks_formulas,
    checks_runs,
    compute,
    local,
    model,
    plot,
    summary,
    theory,
)
from scripts.gan_training.model import Rates

PAIRS = [[0.1, 0.1], [0.004, 0.3], [3.0, 0.3], [12.0, 0.3], [16.0, 0.3], [0.2, 0.4]]
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
LOW = compute.Settings(
    2.0, 0.8, 50, -2.0, -0.2, -0.2, 0.05, 0.05, 1000, 100, PAIRS, 500, 200, 8, 3
)  # fmt: skip
HIGH = compute.Settings(
    3.5, 1.25, 60, 0.0, 0.2, 0.2, 0.2, 0.12, 1000, 1000,
    [[0.001, 0.001], [30.0, 30.0], [0.3, 0.05], [1.0, 0.1], [20.0, 0.2], [30.0, 0.02]],
    500, 200, 20, 11,
)  # fmt: skip
CONFIGURED = compute.Settings(**configured("gan_training"))


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
    assert summary.far_outcome(whole.states, model.equilibrium(REAL, NOISE)) == "runs away"
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
    run = baseline.train(STATE.tolist(), itertools.repeat((REAL, NOISE), 20), Rates(0.3, 0.2))
    assert run.foreign_gradients.shape == (20, 2)
    assert not run.foreign_gradients.any()


@pytest.mark.parametrize("kind", ["flipped", "minimax"])
def test_baseline_agrees_with_the_closed_form(kind: model.GeneratorLoss) -> None:
    rates = Rates(0.3, 0.2)
    batches = itertools.repeat((REAL, NOISE), 50)
    run = baseline.train(STATE.tolist(), batches, rates, kind)
    path = model.train(STATE, REAL, NOISE, rates, 50, kind)
    assert np.abs(run.path.states - path.states).max() < 1e-12
    assert np.abs(run.path.generator_losses - path.generator_losses).max() < 1e-12


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


# ---------------------------------------------------------------- compute and summary


def test_events_of_a_made_up_run() -> None:
    theta = np.array([0.0, 1.0, 2.0, 2.5, 2.2, 1.9, 2.0])
    states = np.stack([theta, theta, theta], axis=1)
    losses = np.array([1.4, 0.9, 1.0, 0.5, 1.3, 1.4])
    assert compute.snapshot_epochs(states, losses, 2.0).tolist() == [0, 1, 2, 3, 5, 6]
    mirrored = compute.snapshot_epochs(-states, losses, -2.0)
    assert mirrored.tolist() == [0, 1, 2, 3, 5, 6]


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


@pytest.mark.parametrize(
    ("distances", "word"),
    [
        (0.99 ** np.arange(400), "settles"),
        (np.full(400, 1e-9), "settles"),
        (np.full(400, 0.1), "keeps moving"),
        (np.full(400, np.nan), "runs away"),
    ],
)
def test_outcomes(distances: np.ndarray, word: str) -> None:
    states = np.stack([distances, 0 * distances, 0 * distances], axis=1)
    assert summary.far_outcome(states, np.zeros(3)) == word


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
    files = run_steps(monkeypatch, (compute, check, plot), vars(SMALL), tmp_path, displays)
    values = artifacts.load_json(files["summary"])["values"]
    assert values["pair_a_predicted"]["value"] == "spiral"


# ---------------------------------------------------------------- the checks


@pytest.fixture(scope="module")
def checks(original: Arrays) -> Checks:
    return Checks(check, vars(SMALL), original)


@pytest.mark.parametrize("knobs", [LOW, HIGH, CONFIGURED], ids=["low", "high", "set"])
def test_all_checks_pass(
    knobs: compute.Settings, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = compute.compute(knobs)
    summary.values(arrays, compute.rates_of(knobs))
    checks.must_pass(monkeypatch, vars(knobs), arrays)


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
    return lambda arrays, rates: right(arrays, Rates(2 * rates.generator, rates.discriminator))


def foreign_gradients() -> Any:
    return baseline.train([0.0, 0.1, 0.2], [(REAL, NOISE)], RATES).foreign_gradients


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


BROKEN: list[tuple[str, Break]] = [
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
    ("overshoot", change("baseline_states", lambda states: np.minimum(states, states[-1] - 1e-4))),
    ("final-theta", change("baseline_states", lambda states: states + 0.5)),
    ("final-losses", change("baseline_generator_losses", lambda losses: 1.2 * losses)),
    (
        "final-rate",
        bend(checks_runs, "finite_difference_map", lambda right: lambda a, r: 0.999 * right(a, r)),
    ),
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
    ("sgd-spread", change("sgd_drawn_states", spread_out)),
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
