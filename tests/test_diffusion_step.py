"""Exercise 4.5: covariances and laws by hand and by SciPy, and every check made to fail."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from house import configured
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from scripts.common import artifacts
from scripts.common.checks import Check
from scripts.diffusion_step import (
    algebra,
    check,
    checks_laws,
    checks_merging,
    checks_step,
    compute,
    laws,
    model,
    plot,
    simulation,
)

KNOBS: dict[str, Any] = {
    "beta": 0.05,
    "steps": 80,
    "wide_variance": 4.0,
    "narrow_variance": 0.25,
    "start_correlation": 0.8,
    "coin_beta": 0.2,
    "first_beta": 1e-4,
    "last_beta": 0.02,
    "schedule_steps": 1000,
    "shown_signal": [0.9, 0.5, 0.1],
    "sample_size": 20_000,
    "false_alarm_rate": 1e-6,
    "seed": 45,
}
LOW = KNOBS | {
    "beta": 0.01,
    "steps": 16,
    "wide_variance": 1.5,
    "narrow_variance": 0.05,
    "start_correlation": 0.2,
    "coin_beta": 0.05,
    "first_beta": 1e-5,
    "last_beta": 0.011,
    "schedule_steps": 800,
    "shown_signal": [0.95, 0.02],
    "sample_size": 1_000,
}
HIGH = KNOBS | {
    "beta": 0.3,
    "steps": 120,
    "wide_variance": 16.0,
    "narrow_variance": 0.8,
    "start_correlation": 0.95,
    "coin_beta": 0.4,
    "first_beta": 0.01,
    "last_beta": 0.2,
    "schedule_steps": 1200,
}


def narrowed(kind: type[Any], knobs: dict[str, Any]) -> Any:
    return kind(**{field.name: knobs[field.name] for field in dataclasses.fields(kind)})


def results(knobs: dict[str, Any] = KNOBS) -> tuple[check.Settings, dict[str, Any]]:
    found = compute.arrays(narrowed(compute.Settings, knobs))
    return narrowed(check.Settings, knobs), found


# ---------------------------------------------------------------- the formulas


def test_step_covariance_by_hand() -> None:
    found = model.step_covariance(
        np.array([[2.0, 1.0], [1.0, 3.0]]),
        np.eye(2),
        np.array([[0.5, 0.0], [1.0, 0.0]]),
        (2.0, 3.0),
    )
    np.testing.assert_allclose(found, [[8 + 6 + 9, 4 + 6], [4 + 6, 12 + 9]])


@given(st.floats(0.0, 0.99), st.floats(0.0, 3.0), st.floats(0.0, 5.0), st.integers(0, 12))
def test_variance_after_is_the_iterated_recursion(
    a: float, b: float, start: float, steps: int
) -> None:
    variance = start
    for _ in range(steps):
        variance = a * a * variance + b * b
    assert model.variance_after(steps, start, (a, b)) == pytest.approx(variance, abs=1e-9)


def test_the_right_weights_have_stationary_variance_one() -> None:
    for p, q, r in ((3, 4, 5), (5, 12, 13)):
        assert model.stationary_variance((Fraction(p, r), Fraction(q, r))) == 1
    assert model.stationary_variance((Fraction(9, 10), Fraction(1, 10))) == Fraction(1, 19)


def test_signal_and_shares_by_hand() -> None:
    betas = np.array([Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)], dtype=object)
    assert list(model.signal_left(betas)) == [Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)]
    assert list(model.noise_shares(betas)) == [Fraction(1, 4)] * 3
    assert list(model.noise_shares(betas[:1])) == [Fraction(1, 2)]


def test_a_step_of_pure_noise_forgets_everything() -> None:
    betas = np.array([0.3, 1.0, 0.5])
    np.testing.assert_array_equal(model.signal_left(betas)[1:], [0.0, 0.0])
    np.testing.assert_allclose(model.noise_shares(betas), [0.0, 0.5, 0.5])


def test_covariance_after_no_and_all_noise() -> None:
    start = np.array([[4.0, 0.5], [0.5, 0.25]])
    np.testing.assert_array_equal(model.covariance_after(start, 1.0), start)
    np.testing.assert_array_equal(model.covariance_after(start, 0.0), np.eye(2))


def test_schedule_of_the_paper() -> None:
    betas = model.linear_schedule(1e-4, 0.02, 1000)
    assert (betas[0], betas[-1], betas.size) == (1e-4, 0.02, 1000)
    assert model.signal_left(betas)[-1] == pytest.approx(4.036e-5, rel=1e-3)


@pytest.mark.parametrize(("a", "b"), [(0.9, 0.4), (0.6, 0.8), (1.0, 2.0)])
def test_coin_law_has_the_stated_moments(a: float, b: float) -> None:
    def moment(power: int) -> float:
        return float(
            integrate.quad(
                lambda z: z**power * laws.coin_density(np.array([z]), a, b)[0], -40, 40, limit=200
            )[0]
        )

    assert moment(0) == pytest.approx(1)
    assert moment(2) == pytest.approx(a * a + b * b)
    assert moment(4) / moment(2) ** 2 - 3 == pytest.approx(model.coin_excess((a, b)))


def test_coin_cdf_is_the_integral_of_its_density_and_jumps_for_equal_weights() -> None:
    z = np.linspace(-4, 4, 4001)
    density = laws.coin_density(z, 0.9, 0.4)
    area = integrate.cumulative_trapezoid(density, z, initial=0)
    cdf = laws.coin_cdf(z, 0.9, 0.4)
    np.testing.assert_allclose(area, cdf - cdf[0], atol=1e-6)
    below, at = laws.coin_cdf(np.array([-1e-12, 0.0]), 0.7, 0.7)
    assert at - below == pytest.approx(0.5)


def test_noised_pair() -> None:
    x = np.linspace(-5, 5, 4001)
    signal = 0.7
    expected = stats.norm(np.sqrt(signal), np.sqrt(1 - signal))
    mirrored = stats.norm(-np.sqrt(signal), np.sqrt(1 - signal))
    density = (expected.pdf(x) + mirrored.pdf(x)) / 2
    np.testing.assert_allclose(laws.noised_pair_density(x, signal), density)


def test_run_chain_with_no_noise_is_a_power() -> None:
    start = np.array([1.0, -2.0])
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(simulation.run_chain(start, [(0.5, 0.0)] * 3, rng), start / 8)
    np.testing.assert_array_equal(start, [1.0, -2.0])


def test_bands_invert_their_inequalities() -> None:
    assert simulation.covariance_band(10**6, 2, 1e-6) < 0.02
    sample = np.random.default_rng(3).standard_normal((2000, 2))
    found = checks_laws.relative_deviation(sample.T @ sample / 2000, np.eye(2))
    assert 0.0 < found <= simulation.covariance_band(2000, 2, 1e-6)


def test_relative_deviation_is_free_of_scale() -> None:
    exact = np.array([[4.0, 1.0], [1.0, 0.5]])
    assert checks_laws.relative_deviation(1.1 * exact, exact) == pytest.approx(0.1)


def test_shown_times_that_repeat_are_refused() -> None:
    settings = narrowed(compute.Settings, KNOBS | {"shown_signal": [0.5, 0.5001]})
    with pytest.raises(ValueError, match="spread the values"):
        compute.shown_times(settings, model.signal_left(model.linear_schedule(1e-4, 0.02, 1000)))


def test_same_seed_same_arrays() -> None:
    (_, first), (_, second) = results(LOW), results(LOW)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_wrong_counts_only_true_differences() -> None:
    x = sp.Symbol("x")
    assert algebra.mistakes([sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1, x - x, x]) == 1


# ---------------------------------------------------------------- the checks


def numerical_checks(knobs: dict[str, Any]) -> list[Check]:
    """All checks that depend on the settings, without the algebra that does not."""
    settings, found = results(knobs)
    return [
        checks_step.prediction_check(found, settings.beta, settings.steps),
        *checks_laws.checks(
            found,
            settings.beta,
            settings.steps,
            settings.coin_beta,
            settings.sample_size,
            settings.false_alarm_rate,
        ),
    ]


def test_all_checks_pass_at_the_default() -> None:
    found = check.checks(*results(configured("diffusion_step")))
    assert [record.id for record in found if not record.passed] == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("knobs", [LOW, HIGH], ids=["low", "high"])
def test_checks_pass_near_the_bounds(knobs: dict[str, Any], seed: int) -> None:
    found = numerical_checks(knobs | {"seed": seed})
    assert [record.id for record in found if not record.passed] == []


GROUPS: dict[str, Callable[[], list[Check]]] = {
    "step": lambda: checks_step.checks(results()[1], KNOBS["beta"], KNOBS["steps"]),
    "merge": checks_merging.checks,
    "numbers": lambda: numerical_checks(KNOBS),
}


def no_cross_term(start: Any, noise: Any, cross: Any, weights: Any) -> Any:
    return weights[0] ** 2 * start + weights[1] ** 2 * noise


def unsquared(start: Any, noise: Any, cross: Any, weights: Any) -> Any:
    a, b = weights
    return a * start + a * b * (cross + cross.T) + b * noise


def no_transpose(start: Any, noise: Any, cross: Any, weights: Any) -> Any:
    a, b = weights
    return a**2 * start + 2 * a * b * cross + b**2 * noise


def no_degenerate_case(weights: Any, start: Any) -> Any:
    a, _ = weights
    return model.stationary_variance(weights) if a * a < 1 else np.inf


def uniform_moment(order: int) -> Any:
    return sp.sqrt(3) ** order / (order + 1) if order % 2 == 0 else sp.Integer(0)


def half_power(steps: Any, start: Any, weights: Any) -> Any:
    limit = model.stationary_variance(weights)
    return limit + weights[0] ** steps * (start - limit)


def one_factor_short(betas: Any) -> Any:
    return np.append(1, np.cumprod(1 - betas)[:-1])


def shares_one_late(betas: Any) -> Any:
    return betas * np.cumprod((1 - betas)[::-1])[::-1]


def wrong_total(weights: Any) -> Any:
    return weights[0] ** 2 + weights[1] ** 2 + 2 * weights[0] * weights[1]


def linear_weights(betas: Any) -> Any:
    return [(1 - beta, beta) for beta in betas]


def biased_chain(start: Any, weights: Any, rng: Any) -> Any:
    state = start
    for a, b in weights:
        state = np.sqrt(a) * state + b * rng.standard_normal(state.shape)
    return state


def unsigned_coin(z: Any, a: Any, b: Any) -> Any:
    return laws.normal_density(z, (a + b) ** 2)


def root_of_signal(start: Any, signal: Any) -> Any:
    identity = np.eye(start.shape[0], dtype=int)
    return identity + signal**2 * (start - identity)


def independent_pair(settings: Any) -> Any:
    return np.random.default_rng(9).standard_normal((2, settings.sample_size))


BREAKS: list[tuple[str, str, ModuleType, str, Any]] = [
    ("covariance-bilinear", "step", model, "step_covariance", no_cross_term),
    ("cross-term", "step", model, "step_covariance", no_cross_term),
    ("identity-independent", "step", model, "step_covariance", unsquared),
    ("identity-uncorrelated", "step", model, "step_covariance", unsquared),
    ("fixed-variance", "step", model, "stationary_variance", lambda w: w[1] / (1 - w[0] ** 2)),
    ("long-run", "step", model, "stationary_variance", lambda w: w[1] / (1 - w[0] ** 2)),
    ("long-run", "step", model, "long_run_variance", no_degenerate_case),
    ("cross-term", "step", model, "step_covariance", no_transpose),
    ("shrinking-limit", "step", model, "stationary_variance", lambda w: w[1] ** 2 / (1 - w[0])),
    ("variance-recursion", "step", model, "variance_after", half_power),
    ("repair", "step", model, "covariance_after", root_of_signal),
    ("repair", "step", model, "signal_left", one_factor_short),
    ("forgetting", "step", model, "signal_left", one_factor_short),
    ("combined-moments", "merge", checks_merging, "combined_variance", wrong_total),
    ("characteristic-function", "merge", checks_merging, "combined_variance", wrong_total),
    ("convolution", "merge", checks_merging, "combined_variance", wrong_total),
    ("rotation", "merge", checks_merging, "combined_variance", wrong_total),
    ("stability", "merge", checks_merging, "combined_variance", wrong_total),
    ("stability", "merge", checks_merging, "lasting_excess", lambda beta: beta / 2),
    ("stable-moments", "merge", checks_merging, "stated_moment", uniform_moment),
    ("coin", "merge", model, "coin_excess", lambda w: 6 * w[0] ** 2 * w[1] ** 2),
    ("closed-form-weights", "merge", model, "noise_shares", shares_one_late),
    (
        "path-correlation",
        "merge",
        model,
        "noise_correlation_squared",
        lambda earlier, later: later / earlier,
    ),
    ("variance-curves", "numbers", model, "variance_after", half_power),
    ("coin-density", "numbers", laws, "coin_density", unsigned_coin),
    ("schedule", "numbers", model, "noise_shares", shares_one_late),
    ("schedule", "numbers", model, "signal_left", one_factor_short),
    ("variance-samples", "numbers", simulation, "run_chain", biased_chain),
    ("repair-samples", "numbers", model, "covariance_after", root_of_signal),
    ("coin-samples", "numbers", compute, "coin_pair", independent_pair),
    ("closed-form-samples", "numbers", simulation, "preserving_weights", linear_weights),
]


def test_every_check_has_a_way_to_break() -> None:
    made = {record.id for record in check.checks(*results())}
    assert made == {f"diffusion_step.{name}" for name, *_ in BREAKS}


@pytest.mark.parametrize(
    ("name", "group", "module", "attribute", "wrong"),
    BREAKS,
    ids=[f"{b[0]}-{b[3]}" for b in BREAKS],
)
def test_each_check_sees_broken_mathematics(
    name: str,
    group: str,
    module: ModuleType,
    attribute: str,
    wrong: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, attribute, wrong)
    failed = {record.id for record in GROUPS[group]() if not record.passed}
    assert f"diffusion_step.{name}" in failed


@pytest.mark.parametrize(
    "knobs", [configured("diffusion_step"), LOW, HIGH], ids=["configured", "low", "high"]
)
def test_figures_draw_nothing_beyond_their_axes(knobs: dict[str, Any]) -> None:
    _, found = results(knobs)
    drawn = [
        plot.variances_figure(narrowed(plot.Settings, knobs), found),
        plot.repair_figure(found),
        plot.coin_figure(found),
        plot.closed_form_figure(found),
    ]
    for axes in [axes for figure in drawn for axes in figure.axes]:
        for line in axes.lines:
            for data, (low, high) in zip(
                line.get_data(), (axes.get_xlim(), axes.get_ylim()), strict=True
            ):
                assert low <= np.min(data) <= np.max(data) <= high


# ---------------------------------------------------------------- the steps


def run_step(step: ModuleType, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    words = [
        word
        for key, value in options.items()
        for word in (
            f"--{key.replace('_', '-')}",
            json.dumps(value) if isinstance(value, list) else str(value),
        )
    ]
    monkeypatch.setattr(sys, "argv", [step.__name__, *words])
    step.main()


def test_steps_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"arrays": tmp_path / "a.npz", "summary": tmp_path / "s.json"}
    run_step(compute, LOW | made, monkeypatch)
    read = {"arrays": made["arrays"]}

    def knobs(step: ModuleType) -> dict[str, Any]:
        return {field.name: LOW[field.name] for field in dataclasses.fields(step.Settings)}

    run_step(check, knobs(check) | read | {"checks": tmp_path / "c.json"}, monkeypatch)
    names = ("variances", "repair", "coin", "closed_form")
    figures = {name: tmp_path / f"{name}.svg" for name in names}
    run_step(plot, knobs(plot) | read | figures, monkeypatch)
    assert all(check["passed"] for check in artifacts.load_json(tmp_path / "c.json")["checks"])
    assert all(path.read_text().startswith("<?xml") for path in figures.values())
