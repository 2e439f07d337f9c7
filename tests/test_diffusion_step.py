"""Exercise 4.5: covariances and laws by hand and by SciPy, and every check made to fail."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from house import configured, far_settings
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from mutants import Break, Checks, each, patch, run_steps, settings_of
from scipy import integrate, stats

from scripts.common.arrays import Arrays
from scripts.common.normal import normal_density
from scripts.diffusion_step import (
    algebra,
    check,
    checks_laws,
    checks_merging,
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
FAR = [configured("diffusion_step") | far for far in far_settings("diffusion_step")]


def results(knobs: dict[str, Any] = KNOBS) -> Arrays:
    return compute.arrays(settings_of(compute.Settings, knobs))


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


def test_shown_values_that_fall_on_one_time_share_it() -> None:
    settings = settings_of(compute.Settings, KNOBS | {"shown_signal": [0.5, 0.1, 0.5001]})
    signal = model.signal_left(model.linear_schedule(1e-4, 0.02, 1000))
    first, second = compute.shown_times(settings, signal)
    assert signal[first - 1] == pytest.approx(0.5, abs=0.005)
    assert signal[second - 1] == pytest.approx(0.1, abs=0.002)


def test_half_time_is_told_in_words() -> None:
    assert compute.half_time(np.array([0.9, 0.6, 0.45, 0.1])) == "near step 3"
    assert compute.half_time(np.array([0.9, 0.6])) == "at no step"


def test_same_seed_same_arrays() -> None:
    first, second = results(FAR[3]), results(FAR[3])
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_wrong_counts_only_true_differences() -> None:
    x = sp.Symbol("x")
    assert algebra.mistakes([sp.sin(x) ** 2 + sp.cos(x) ** 2 - 1, x - x, x]) == 1


# ---------------------------------------------------------------- the checks


@pytest.fixture(scope="module")
def checks() -> Checks:
    return Checks(check, KNOBS, results())


@pytest.mark.parametrize("knobs", [configured("diffusion_step"), *FAR])
def test_theorems_hold_as_configured_and_far_away(
    knobs: dict[str, Any], checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, knobs, results(knobs))


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
    return normal_density(z, (a + b) ** 2)


def root_of_signal(start: Any, signal: Any) -> Any:
    identity = np.eye(start.shape[0], dtype=int)
    return identity + signal**2 * (start - identity)


def independent_pair(settings: Any) -> Any:
    return np.random.default_rng(9).standard_normal((2, settings.sample_size))


def recomputed(arrays: Arrays) -> Arrays:
    return results()


BROKEN: list[tuple[str, Break]] = [
    ("covariance-bilinear", patch(model, "step_covariance", no_cross_term)),
    ("cross-term", patch(model, "step_covariance", no_cross_term)),
    ("identity-independent", patch(model, "step_covariance", unsquared)),
    ("identity-uncorrelated", patch(model, "step_covariance", unsquared)),
    ("fixed-variance", patch(model, "stationary_variance", lambda w: w[1] / (1 - w[0] ** 2))),
    ("long-run", patch(model, "stationary_variance", lambda w: w[1] / (1 - w[0] ** 2))),
    ("long-run", patch(model, "long_run_variance", no_degenerate_case)),
    ("cross-term", patch(model, "step_covariance", no_transpose)),
    ("shrinking-limit", patch(model, "stationary_variance", lambda w: w[1] ** 2 / (1 - w[0]))),
    ("variance-recursion", patch(model, "variance_after", half_power)),
    ("repair", patch(model, "covariance_after", root_of_signal)),
    ("repair", patch(model, "signal_left", one_factor_short)),
    ("forgetting", patch(model, "signal_left", one_factor_short)),
    ("combined-moments", patch(checks_merging, "combined_variance", wrong_total)),
    ("characteristic-function", patch(checks_merging, "combined_variance", wrong_total)),
    ("convolution", patch(checks_merging, "combined_variance", wrong_total)),
    ("rotation", patch(checks_merging, "combined_variance", wrong_total)),
    ("stability", patch(checks_merging, "combined_variance", wrong_total)),
    ("stability", patch(checks_merging, "lasting_excess", lambda beta: beta / 2)),
    ("stable-moments", patch(checks_merging, "stated_moment", uniform_moment)),
    ("coin", patch(model, "coin_excess", lambda w: 6 * w[0] ** 2 * w[1] ** 2)),
    ("closed-form-weights", patch(model, "noise_shares", shares_one_late)),
    ("path-correlation", patch(model, "noise_correlation_squared", lambda s, t: t / s)),
    ("variance-curves", patch(model, "variance_after", half_power, recomputed)),
    ("coin-density", patch(laws, "coin_density", unsigned_coin)),
    ("schedule", patch(model, "noise_shares", shares_one_late, recomputed)),
    ("schedule", patch(model, "signal_left", one_factor_short, recomputed)),
    ("variance-samples", patch(simulation, "run_chain", biased_chain, recomputed)),
    ("repair-samples", patch(model, "covariance_after", root_of_signal, recomputed)),
    ("coin-samples", patch(compute, "coin_pair", independent_pair, recomputed)),
    ("closed-form-samples", patch(simulation, "preserving_weights", linear_weights, recomputed)),
]


def test_every_check_passes_and_has_a_break(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)


@each(BROKEN)
def test_each_check_sees_broken_mathematics(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)


@pytest.mark.parametrize("knobs", [configured("diffusion_step"), *FAR])
def test_figures_draw_nothing_beyond_their_axes(knobs: dict[str, Any]) -> None:
    found = results(knobs)
    drawn = [
        plot.variances_figure(settings_of(plot.Settings, knobs), found),
        plot.repair_figure(found),
        plot.coin_figure(found),
        plot.closed_form_figure(found),
    ]
    plt.close("all")
    for axes in [axes for figure in drawn for axes in figure.axes]:
        for line in axes.lines:
            for data, (low, high) in zip(
                line.get_data(), (axes.get_xlim(), axes.get_ylim()), strict=True
            ):
                assert low <= np.nanmin(data) <= np.nanmax(data) <= high


def test_steps_end_to_end(tmp_path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    checks.repeat(monkeypatch, lambda maker: maker.constant)
    displays = "variances repair coin closed_form"
    run_steps(monkeypatch, (compute, check, plot), FAR[0], tmp_path, displays)
