"""Exercise 4.3: densities against SciPy's and by hand, and every check made to fail."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp
from house import configured, far_settings
from hypothesis import given
from hypothesis import strategies as st
from mutants import Break, Checks, each, patch, run_steps, settings_of
from scipy import stats

from scripts.common.arrays import Arrays
from scripts.common.normal import normal_density
from scripts.flow_density import (
    cantor,
    check,
    checks_transport,
    claims,
    compute,
    model,
    plot,
    transport,
)

KNOBS: dict[str, Any] = {
    "sample_size": 20_000,
    "cells": 64,
    "quantiles": 10,
    "left_end": 0.5,
    "wide_variance": 3.0,
    "cantor_levels": 5,
    "false_alarm_rate": 1e-6,
    "seed": 43,
}
FAR = [configured("flow_density") | far for far in far_settings("flow_density")]


def results(knobs: dict[str, Any] = KNOBS) -> Arrays:
    return compute.arrays(settings_of(compute.Settings, knobs))


# ---------------------------------------------------------------- the formulas

INSIDE = np.linspace(0.01, 0.99, 99)


def test_square_is_a_beta_law() -> None:
    np.testing.assert_allclose(model.square_density(INSIDE), stats.beta(0.5, 1).pdf(INSIDE))


def test_exponential_density() -> None:
    x = np.linspace(0, 20, 50)
    np.testing.assert_allclose(model.exponential_density(x), stats.expon.pdf(x))


@pytest.mark.parametrize("variance", [0.5, 1.0, 2.0, 6.0])
def test_logistic_density_is_the_slope_of_its_distribution(variance: float) -> None:
    def cdf(x: np.ndarray) -> np.ndarray:
        return stats.norm.cdf(np.log(x / (1 - x)), scale=np.sqrt(variance))

    step = 1e-5
    slope = (cdf(INSIDE + step) - cdf(INSIDE - step)) / (2 * step)
    found = model.logistic_density(INSIDE, variance)
    np.testing.assert_allclose(found, slope, rtol=2e-5, atol=1e-6)


def test_two_branches_give_the_chi_square_law() -> None:
    x = np.linspace(0.05, 9.0, 60)
    found = model.pushforward_density(
        x, lambda z: normal_density(z, 1.0), [model.SQUARE, model.SQUARE_LEFT]
    )
    np.testing.assert_allclose(found, stats.chi2(1).pdf(x))


def test_folded_density_jumps_at_the_square_of_the_left_end() -> None:
    low, high = model.folded_density(np.array([0.159, 0.161]), 0.4)
    assert low == pytest.approx(1 / (1.4 * np.sqrt(0.159)))
    assert high == pytest.approx(0.5 / (1.4 * np.sqrt(0.161)))


def test_base_densities() -> None:
    z = np.array([-1.0, -0.5, 0.0, 1.0, 1.5])
    np.testing.assert_array_equal(model.uniform_density(z, -0.5, 1.0) * 1.5, [0, 1, 1, 1, 0])
    np.testing.assert_allclose(normal_density(z, 4.0), stats.norm(0, 2).pdf(z))


@pytest.mark.parametrize(
    ("branch", "low", "high"),
    [
        (model.SQUARE, 0.01, 1.0),
        (model.SQUARE_LEFT, -1.0, -0.01),
        (model.LOGISTIC, -8.0, 8.0),
        (model.NEGATIVE_LOG, 0.01, 1.0),
    ],
)
def test_branches_are_consistent(branch: model.Branch, low: float, high: float) -> None:
    z = np.linspace(low, high, 101)
    np.testing.assert_allclose(branch.inverse(branch.forward(z)), z, rtol=1e-9, atol=1e-12)
    middle, step = z[1:-1], 1e-6
    slope = (branch.forward(middle + step) - branch.forward(middle - step)) / (2 * step)
    np.testing.assert_allclose(branch.derivative(middle), slope, rtol=1e-5, atol=1e-8)


def test_logistic_slope_far_out_keeps_its_digits() -> None:
    assert float(model.LOGISTIC.derivative(np.array([40.0]))[0]) == pytest.approx(np.exp(-40.0))


@pytest.mark.parametrize("variance", [0.3, 1.0, 2.0])
def test_one_mode_up_to_variance_two(variance: float) -> None:
    assert model.right_mode(variance) == 0.5


@given(st.floats(2.001, 12.0))
def test_right_mode_solves_its_equation(variance: float) -> None:
    x = model.right_mode(variance)
    z = float(np.log(x) - np.log1p(-x))
    assert x > 0.5
    assert z == pytest.approx(variance * np.tanh(z / 2), rel=1e-3)


def test_cantor_lengths_by_hand() -> None:
    assert [cantor.length_left(n) for n in range(3)] == [1, Fraction(3, 4), Fraction(5, 8)]
    # f(1) minus the image of the first gap, (1/4)²/4.
    assert cantor.image_length(0) - cantor.image_length(1) == Fraction(1, 64)


def test_quantile_by_hand() -> None:
    weights = [Fraction(0), Fraction(1, 2), Fraction(0), Fraction(1, 2)]
    levels = (Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(1))
    assert [transport.quantile(weights, level) for level in levels] == [1, 1, 3, 3]
    with pytest.raises(ValueError, match="less than the level"):
        transport.quantile(weights[:3], Fraction(1))


def test_tail_bound_of_the_identity_is_the_normal_tail() -> None:
    assert transport.tail_bound(2.0, 1.0) == pytest.approx(2 * stats.norm.sf(2.0))
    assert transport.tail_bound(2.0, 4.0) == pytest.approx(2 * stats.norm.sf(0.5))


@pytest.mark.parametrize("index", range(4))
def test_lipschitz_maps_have_the_stated_slopes(index: int) -> None:
    f, constant, smallest = checks_transport.lipschitz_maps()[index]
    z = np.linspace(-12, 12, 4801)
    slopes = np.diff([f(point) for point in z]) / np.diff(z)
    assert smallest - 1e-9 <= slopes.min() <= slopes.max() <= constant + 1e-9


def test_samples_are_those_of_the_named_laws() -> None:
    drawn = compute.samples(settings_of(compute.Settings, KNOBS))
    laws = {"square": stats.beta(0.5, 1), "exponential": stats.expon}
    for name, law in laws.items():
        assert stats.kstest(drawn[name], law.cdf).pvalue > 1e-6
    assert stats.kstest(np.log(drawn["logistic"] / (1 - drawn["logistic"])), "norm").pvalue > 1e-6
    assert drawn["square"].min() > 0.0
    assert drawn["folded"].max() <= 1.0


def test_same_seed_same_arrays_and_another_seed_others() -> None:
    first, second, other = results(), results(), results(KNOBS | {"seed": 44})
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["square_empirical"], other["square_empirical"])


def test_summary_counts_and_height() -> None:
    settings = settings_of(compute.Settings, KNOBS)
    values = compute.summary(settings, compute.arrays(settings))
    assert values["height"]["text"] == "1.5958"
    assert values["tests"]["value"] == 4
    assert values["wide_mode"]["value"] + values["wide_mode_mirror"]["value"] == pytest.approx(1)


# ---------------------------------------------------------------- the checks


@pytest.fixture(scope="module")
def checks() -> Checks:
    return Checks(check, KNOBS, results())


@pytest.mark.parametrize("knobs", [configured("flow_density"), *FAR])
def test_theorems_hold_as_configured_and_far_away(
    knobs: dict[str, Any], checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, knobs, results(knobs))


def no_absolute_value(x: Any, base: Any, branches: Any) -> Any:
    return sum(base(b.inverse(x)) / b.derivative(b.inverse(x)) for b in branches)


def no_derivative(x: Any, base: Any, branches: Any) -> Any:
    return sum(base(b.inverse(x)) for b in branches)


def first_branch(x: Any, base: Any, branches: Any) -> Any:
    z = branches[0].inverse(x)
    return base(z) / np.abs(branches[0].derivative(z))


def altered(branch: model.Branch, forward: Any) -> model.Branch:
    return dataclasses.replace(branch, forward=forward)


def growing_density() -> Any:
    x, s = claims.x, claims.s
    return sp.exp(sp.log(x / (1 - x)) ** 2 / (2 * s)) / (sp.sqrt(2 * sp.pi * s) * x * (1 - x))


def lost_factor() -> Any:
    x, s = claims.x, claims.s
    return sp.exp(-(sp.log(x / (1 - x)) ** 2) / (2 * s)) / (sp.sqrt(2 * sp.pi * s) * x)


def one_branch_claim() -> Any:
    outer = 1 / (2 * (1 + claims.left_end) * sp.sqrt(claims.x))
    return outer, outer


def wrong(place: ModuleType, name: str, value: Any) -> Break:
    """Break the mathematics and compute everything with it."""
    return patch(place, name, value, again=lambda _: results())


def steeper(z: Any) -> Any:
    return 1 / (1 + np.exp(-1.2 * z))


def shape_of_another_sign() -> Any:
    return 2 * claims.x * (1 - claims.x) - (2 * claims.x - 1) * claims.z


def cube_density_of_a_root() -> Any:
    root = sp.cbrt(claims.x)
    return sp.exp(-root / 2) / (3 * sp.sqrt(2 * sp.pi) * root**2)


def every_layer_at_the_start(layers: Any, start: Any) -> Any:
    product = sp.Integer(1)
    for variables, entries in layers:
        here = dict(zip(variables, start, strict=True))
        product *= entries.jacobian(variables).det().subs(here, simultaneous=True)
    return product


def polar_without_radius() -> Any:
    return -2 * sp.pi / claims.x, claims.radius()


def quantile_from_above(weights: Any, level: Any) -> int:
    return next((x for x in range(len(weights)) if sum(weights[: x + 1]) > level), len(weights) - 1)


def slopes_of_others() -> Any:
    return {"exponential": claims.z, "Cauchy": sp.exp(claims.z**2 / 2)}


def decreasing_map() -> Any:
    z = claims.z
    return {"square": z**2, "logistic": 1 / (1 + sp.exp(-z)), "exponential": -sp.log(z)}


PUSH = "pushforward_density"
BROKEN: list[tuple[str, Break]] = [
    ("square-density", patch(claims, "square_density", lambda: 1 / sp.sqrt(claims.x))),
    (
        "square-integrable",
        patch(claims, "square_density", lambda: claims.x ** sp.Rational(-1, 3) / 2),
    ),
    ("square-moments", patch(claims, "square_moment", lambda: 1 / (claims.k + 1))),
    ("logistic-density", patch(claims, "logistic_density", lost_factor)),
    ("logistic-height", patch(claims, "logistic_height", lambda: 2 / sp.sqrt(2 * sp.pi))),
    ("logistic-shape", patch(claims, "logistic_concavity", shape_of_another_sign)),
    ("logistic-flat-ends", patch(claims, "logistic_density", growing_density)),
    (
        "mode-threshold",
        patch(claims, "logistic_score", lambda: sp.tanh(claims.z / 2) - claims.z / (2 * claims.s)),
    ),
    ("logistic-shape", patch(claims, "logistic_density", lambda: growing_density() * claims.x)),
    ("interior-critical-point", patch(claims, "cube_density", cube_density_of_a_root)),
    (
        "folded-map",
        patch(claims, "single_branch_mass", lambda: claims.left_end / (1 + claims.left_end)),
    ),
    ("decreasing-map", patch(claims, "exponential_density", lambda: -sp.exp(-claims.x))),
    ("folded-map", patch(claims, "folded_density", one_branch_claim)),
    ("cantor", patch(cantor, "image_length", lambda n: Fraction(1, 56 * 8 ** (n + 1)))),
    ("square-quadrature", wrong(model, PUSH, no_derivative)),
    ("logistic-quadrature", wrong(model, PUSH, no_derivative)),
    ("exponential-quadrature", wrong(model, PUSH, no_absolute_value)),
    ("folded-quadrature", wrong(model, PUSH, first_branch)),
    ("square-samples", wrong(model, "SQUARE", altered(model.SQUARE, lambda z: z**3))),
    ("logistic-samples", wrong(model, "LOGISTIC", altered(model.LOGISTIC, steeper))),
    (
        "exponential-samples",
        wrong(model, "NEGATIVE_LOG", altered(model.NEGATIVE_LOG, lambda z: -np.log2(z))),
    ),
    ("folded-samples", wrong(model, "SQUARE", altered(model.SQUARE, np.abs))),
    ("branch-sum", wrong(model, PUSH, first_branch)),
    ("square-entropy", patch(claims, "square_entropy", lambda: 1 - sp.log(2))),
    ("logistic-entropy", patch(model, PUSH, no_derivative)),
    ("mode-count", patch(model, "right_mode", lambda variance: 0.5)),
    ("mode-count", patch(model, "normal_density", lambda z, variance: np.exp(-(z**2) / variance))),
    ("layers", patch(claims, "layered_determinant", every_layer_at_the_start)),
    ("box-muller", patch(claims, "polar_determinants", polar_without_radius)),
    ("quantile-maps", patch(claims, "quantile_maps", decreasing_map)),
    ("quantile-unique", patch(transport, "quantile", quantile_from_above)),
    ("lipschitz-tails", patch(transport, "tail_bound", lambda r, c: stats.norm.sf(r * c) * 2)),
    ("steep-maps", patch(claims, "steep_slopes", slopes_of_others)),
]


def test_every_check_passes_and_has_a_break(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)


@each(BROKEN)
def test_each_check_sees_broken_mathematics(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)


def test_steps_end_to_end(tmp_path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch) -> None:
    checks.repeat(monkeypatch, lambda maker: maker.constant)
    displays = "maps densities further cantor.md"
    files = run_steps(monkeypatch, (compute, check, plot), FAR[0], tmp_path, displays)
    assert files["cantor"].read_text().count("\n") == 2 + FAR[0]["cantor_levels"] + 1
