"""Exercise 4.4: oracles for the mathematics, and a broken version of it for every check."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from house import configured, far_settings
from mutants import Break, Checks, change, each, patch, run_step, run_steps, settings_of

from scripts.common.arrays import Arrays
from scripts.common.artifacts import load_json
from scripts.fixed_point import (
    check,
    checks_banach,
    checks_density,
    checks_network,
    compute,
    density_fit,
    exact,
    model,
    network,
    plot,
    rounding,
    sampler,
    triangular,
)

KNOBS = {
    "seed": 3,
    "finite_points": 4,
    "cobweb_lipschitz": 0.8,
    "cobweb_offset": 0.2,
    "cobweb_start": -2.0,
    "cobweb_steps": 40,
    "target_lipschitz": 0.8,
    "dimension": 5,
    "hidden_units": 32,
    "fold_slope": 1.6,
    "latent_spread": 2.0,
    "training_steps": 150,
    "batch_size": 64,
    "learning_rate": 0.01,
    "test_points": 8,
    "series_terms": 40,
    "teacher_mean": 2.0,
    "teacher_sd": 0.5,
    "teacher_scale": 1000.0,
    "sampler_points": 200,
    "sampler_rate": 0.2,
    "sampler_steps": 500,
    "sampler_shift": -4.0,
    "sampler_spread": 2.0,
    "largest_branches": 6,
}
FAR = [configured("fixed_point") | far for far in far_settings("fixed_point")]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return compute.run(settings_of(compute.Settings, KNOBS))


def samplers(arrays: Arrays, **changes: Any) -> Arrays:
    return compute.samplers(settings_of(compute.Settings, KNOBS | changes))


@pytest.fixture(scope="module")
def checks(arrays: Arrays) -> Checks:
    return Checks(check, KNOBS, arrays)


def test_all_checks_pass_and_each_is_broken_below(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)
    methods = [one.method for one in checks.found]
    assert methods.count("exhaustive") + methods.count("symbolic") >= 5
    assert all(one.claim.split("-")[1] == "fixed" for one in checks.found)


@pytest.mark.parametrize("knobs", [far | {"training_steps": 10} for far in FAR])
def test_theorems_hold_far_away(
    knobs: dict[str, Any], checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, knobs, compute.run(settings_of(compute.Settings, knobs)))


# ------------------------------------------------------------- mathematics broken on purpose

LOSS = sampler.loss
MEAN_LOSS = density_fit.mean_loss
KL = density_fit.gaussian_kl


def _without_half(a, b, z, mean, sd, scale, entropy):  # type: ignore[no-untyped-def]
    doubled = torch.mean((a + b * z - mean) ** 2) / sd**2
    return doubled - torch.log(torch.abs(b)) if entropy else doubled


def _resummed(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    monkeypatch.setattr(model, "log_det_coefficient", lambda k: Fraction((-1) ** (k + 1), k + 1))
    return {
        f"{name}_log_det_sums": np.array(
            [model.log_det_sums(jacobian, 40) for jacobian in arrays[f"{name}_jacobians"]]
        )
        for name in checks_network.NAMES
    }


def _spread_unchanged(m: Any, s: Any, mu: Any, sd: Any) -> Any:
    return (mu - sd * s**2 * m, sd * s**2), (mu + sd * s**2 * m, -sd * s**2)


def _halved(iterates: Any) -> Any:
    return iterates[: len(iterates) // 2]


def _wrong_sign(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    y, z = arrays["space_y"], arrays["space_z"]
    return {"space_iterates": arrays["space_iterates"] + 2 * (y - z)}  # y + f instead of y - f


POWER = model.power_iteration


def _one_iteration_late(matrix: Any, start: Any, iterations: int) -> Any:
    return np.append(
        np.linalg.norm(matrix @ start) / np.linalg.norm(start), POWER(matrix, start, 3)
    )


def _without_transpose(matrix: Any, start: Any, iterations: int) -> Any:
    return POWER(matrix.T, start, iterations)


BROKEN: list[tuple[str, Break]] = [
    ("finite-spaces", patch(model, "a_priori_bound", lambda L, n, m: L ** (n + 1) * m / (1 - L))),
    ("finite-spaces", patch(model, "a_posteriori_bound", lambda L, m: L**2 * m / (1 - L))),
    ("bounds-attained", patch(model, "a_posteriori_bound", lambda L, m: m / (1 - L))),
    ("bounds-attained", patch(model, "a_priori_bound", lambda L, n, m: L**n * m)),
    ("hypotheses-needed", patch(checks_banach, "escaping_map", lambda z: (1 + z) / 2)),
    ("hypotheses-needed", patch(checks_banach, "halving_map", lambda z: (1 + z) / 2)),
    ("residual-maps", patch(model, "slope_bounds", lambda L: (1 - L**2, 1 + L))),
    ("residual-maps", patch(model, "slope_bounds", lambda L: (1 - L, 1 + 2 * L))),
    ("residual-maps", patch(checks_banach, "_inverting_step", lambda f, y: lambda z: y + f(z))),
    ("condition-not-necessary", patch(checks_banach, "steep_branch", lambda z: z / 2)),
    (
        "cobweb-contractions",
        patch(model, "a_priori_bound", lambda L, n, m: L ** (2 * n) * m / (1 - L)),
    ),
    (
        "cobweb-failure",
        change(
            "cobweb_failing", lambda _: np.array(model.iterate(lambda z: 0.19 - 1.85 * z, 0.1, 40))
        ),
    ),
    ("series-coefficients", patch(model, "log_det_coefficient", lambda k: Fraction((-1) ** k, k))),
    (
        "series-coefficients",
        patch(model, "log_det_coefficient", lambda k: Fraction((-1) ** (k + 1), k + 1)),
    ),
    ("determinant-range", patch(model, "determinant_bounds", lambda L, d: (1 - L, 1 + L))),
    (
        "series-tail",
        patch(model, "log_det_tail_bound", lambda L, n, d: d * L ** (n + 2) / ((n + 1) * (1 - L))),
    ),
    ("series-tail", patch(model, "log_det_coefficient", lambda k: Fraction((-1) ** k, k))),
    ("certificate", change("space_norms", lambda found: found * (1 - 1e-9))),
    ("certificate", change("line_lipschitz", lambda found: found * 0.99)),
    ("unproved", change("space_trained_lipschitz", lambda found: found / 2)),
    ("unproved", change("space_trained_jacobians", lambda found: found * 9)),
    ("power-iteration", change("space_power_1", lambda found: found**-1.0)),
    ("power-iteration", change("line_power_1", lambda found: found * 1.5)),
    ("power-monotone", patch(model, "power_iteration", _one_iteration_late)),
    ("power-monotone", patch(model, "power_iteration", _without_transpose)),
    ("step-error", _wrong_sign),
    ("step-error", patch(rounding, "accuracy_constant", lambda error, L: 1e-3)),
    ("tanh-accuracy", change("line_tanh", lambda found: found.astype(np.float32).astype(float))),
    ("inversion-line", patch(model, "a_priori_bound", lambda L, n, m: L ** (2 * n) * m / (1 - L))),
    ("inversion-line", patch(rounding, "accuracy_constant", lambda error, L: 0.0)),
    ("inversion-space", _wrong_sign),
    ("inversion-space", patch(rounding, "accuracy_constant", lambda error, L: 0.0)),
    ("stopping-line", patch(model, "a_posteriori_bound", lambda L, m: L**2 * m / (1 - L))),
    ("stopping-space", _wrong_sign),
    ("steps-line", change("line_iterates", _halved)),
    ("steps-space", change("space_iterates", _halved)),
    ("bi-lipschitz", patch(model, "slope_bounds", lambda L: (1 - L**2, 1 + L))),
    ("spread", patch(model, "slope_bounds", lambda L: (1 + L, 1 - L))),
    ("jacobian", change("space_jacobians", lambda found: np.swapaxes(found, 1, 2))),
    ("series-network", _resummed),
    (
        "deltas",
        patch(
            density_fit,
            "smoothed_kl",
            lambda c, h, sd, n: c + h**2 / (3 * sd**2) - math.log(2 * h * n),
        ),
    ),
    (
        "loss-from-density",
        patch(
            density_fit,
            "mean_loss",
            lambda a, b, m, s, mu, sd, k, e, log: MEAN_LOSS(a, b, m, 1 + s, mu, sd, k, e, log),
        ),
    ),
    (
        "scale-constant",
        patch(
            density_fit,
            "mean_loss",
            lambda a, b, m, s, mu, sd, k, e, log: k * MEAN_LOSS(a, b, m, s, mu, sd, 1, e, log),
        ),
    ),
    (
        "scale-run",
        patch(
            sampler,
            "loss",
            lambda a, b, z, mean, sd, scale, e: scale * LOSS(a, b, z, mean, sd, 1.0, e),
            lambda arrays: samplers(arrays, teacher_scale=1.5),
        ),
    ),
    ("collapse-minimizer", patch(density_fit, "cross_entropy_minimizer", lambda mean: (mean, 1))),
    ("collapse-run", patch(sampler, "loss", _without_half, samplers)),
    (
        "collapsed",
        patch(
            sampler,
            "loss",
            lambda a, b, z, mean, sd, scale, e: LOSS(a, b, z, mean, sd, scale, True),
            samplers,
        ),
    ),
    (
        "divergence-formula",
        patch(density_fit, "normal_kl", lambda r, t, log: (r**2 + t**2 - 1) / 2 + log(r)),
    ),
    (
        "divergence-formula",
        patch(density_fit, "normal_kl", lambda r, t, log: r**2 + t**2 - 1 - log(r)),
    ),
    (
        "fit-divergence",
        patch(density_fit, "fitted_kl", lambda m, s, log: (1 / s**2 - 1) / 2 + log(s)),
    ),
    ("mean-divergence", patch(density_fit, "mean_fitted_kl", lambda count: 1 / count)),
    ("entropy-minimizers", patch(density_fit, "kl_minimizers", _spread_unchanged)),
    (
        "entropy-minimizers",
        patch(
            density_fit,
            "kl_minimizers",
            lambda m, s, mu, sd: ((mu + sd / s * m, sd / s), (mu - sd / s * m, -sd / s)),
        ),
    ),
    ("entropy-runs", patch(density_fit, "kl_minimizers", _spread_unchanged)),
    ("recovered", patch(sampler, "loss", _without_half, samplers)),
    (
        "gaussian-kl",
        patch(
            density_fit,
            "gaussian_kl",
            lambda path, mean, sd: KL(path, mean, sd) + np.log(np.abs(path[:, 1]) / sd) / 2,
            samplers,
        ),
    ),
    (
        "recovered-moments",
        patch(
            density_fit,
            "kl_minimizers",
            lambda m, s, mu, sd: ((mu - 2 * sd / s * m, 2 * sd / s), (mu, -2 * sd / s)),
        ),
    ),
    (
        "lower-bound",
        patch(
            density_fit,
            "pushforward_density",
            lambda images: [
                Fraction(sum(low <= cell < high for low, high in images))
                for cell in range(len(images))
            ],
        ),
    ),
    (
        "lower-bound",
        patch(
            density_fit,
            "change_of_variables_value",
            lambda images: sum(math.log(high - low) for low, high in images) / len(images),
        ),
    ),
    (
        "modular-maps",
        patch(
            density_fit,
            "change_of_variables_value",
            lambda images: sum(math.log(high - low) for low, high in images) / len(images),
            lambda _: compute.modular_maps(settings_of(compute.Settings, KNOBS)),
        ),
    ),
    (
        "modular-maps",
        patch(
            density_fit,
            "pushforward_density",
            lambda images: [Fraction(1, high - low) for low, high in images],
            lambda _: compute.modular_maps(settings_of(compute.Settings, KNOBS)),
        ),
    ),
    ("square-map", patch(checks_density, "square_slope", abs)),
    ("restrictions", patch(density_fit, "restriction_cost", lambda mass: -math.log(mass) / 2)),
    ("collapsed-samples", patch(density_fit, "least_loss", lambda top: -math.log(2 * top))),
    ("two-modes", patch(density_fit, "one_mode_bounds", lambda mean: (math.log(1.5), mean**2 - 1))),
    ("two-modes", patch(density_fit, "one_mode_bounds", lambda mean: (math.log(2), mean**2))),
    ("two-modes", patch(density_fit, "centered_bound", lambda mean: 0.2 * mean**2 - 0.5)),
    ("two-modes", patch(density_fit, "forward_minimizer", lambda mean: (0.0, 1 + mean))),
    ("preference", patch(density_fit, "ONE_MODE_FROM", 3.5)),
    ("triangular-inverse", patch(triangular, "forward", lambda layers, z: [2 * x for x in z])),
    ("logistic-entropy", patch(triangular, "logistic_entropy", lambda d, scale: d + scale)),
    ("logistic-entropy", patch(triangular, "logistic_entropy", lambda d, scale: 2 * d - scale)),
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@each(BROKEN)
def test_a_check_fails_when_its_mathematics_is_broken(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)


# ------------------------------------------------------------------------------- contractions


def test_iteration_lists_the_start_and_every_step() -> None:
    assert model.iterate(lambda z: z / 2, Fraction(8), 3) == [8, 4, 2, 1]
    assert model.iterate(lambda z: z / 2, 5.0, 0) == [5.0]


def test_bounds_for_a_constant_map() -> None:
    assert model.a_priori_bound(0, 0, Fraction(3)) == 3
    assert model.a_priori_bound(0, 1, Fraction(3)) == 0
    assert model.a_posteriori_bound(0, Fraction(3)) == 0


@pytest.mark.parametrize("lipschitz", [0.01, 0.3, 0.8, 0.9])
@pytest.mark.parametrize("tolerance", [1e-3, rounding.UNIT])
def test_the_number_of_steps_is_the_least_that_will_do(lipschitz: float, tolerance: float) -> None:
    steps = model.steps_for(lipschitz, tolerance)

    def bound(n: int) -> float:
        return lipschitz ** (n + 1) / (1 - lipschitz)

    assert bound(steps) <= tolerance * (1 + 1e-12)
    assert steps == 0 or bound(steps - 1) > tolerance


def test_log_determinant_of_a_diagonal_matrix() -> None:
    diagonal = np.array([0.5, -0.4, 0.1])
    sums = model.log_det_sums(np.diag(diagonal), 60)
    assert sums[0] == 0
    assert sums[1] == pytest.approx(np.sum(diagonal))
    assert sums[-1] == pytest.approx(math.log(1.5 * 0.6 * 1.1), abs=1e-14)
    assert model.log_det_tail_bound(0.5, 0, 3) == 3
    assert model.determinant_bounds(Fraction(1, 2), 3) == (Fraction(1, 8), Fraction(27, 8))


def test_power_iteration_rises_to_the_largest_singular_value_in_closed_form() -> None:
    found = model.power_iteration(np.diag([3.0, 2.0, 0.0]), np.ones(3), 40)
    for k, estimate in enumerate(found, start=1):
        weights = np.array([9.0, 4.0]) ** (2 * k)
        expected = math.sqrt(weights @ [9.0, 4.0] / np.sum(weights))
        assert estimate == pytest.approx(expected, rel=1e-14)
    assert np.all(np.diff(found) >= -1e-15)
    assert found[0] < 3


# ---------------------------------------------------------------------- certificate, in integers


def test_norm_certificate_is_exact_at_the_norm_itself() -> None:
    matrix = np.array([[3.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
    assert not exact.norm_is_below(matrix, 4.0)
    assert exact.norm_is_below(matrix, math.nextafter(4.0, 5.0))
    assert not exact.norm_is_below(matrix, 3.5)
    assert not exact.norm_is_below(np.zeros((2, 2)), 0.0)
    assert exact.norm_is_below(np.zeros((2, 2)), 1e-300)


def test_norm_certificate_agrees_with_singular_values() -> None:
    random = np.random.default_rng(0)
    for shape in ((1, 5), (5, 1), (4, 7), (6, 6)):
        matrix = random.standard_normal(shape)
        norm = float(np.linalg.svd(matrix, compute_uv=False)[0])
        assert exact.norm_is_below(matrix, norm * (1 + 1e-12))
        assert not exact.norm_is_below(matrix, norm * (1 - 1e-12))


# ------------------------------------------------------------------------------------ network


def small_branch(dimension: int = 3, hidden: int = 4, scale: float = 0.7) -> network.Branch:
    random = np.random.default_rng(5)
    shapes = ((hidden, dimension), (hidden, hidden), (dimension, hidden))
    weights = (torch.from_numpy(random.standard_normal(shape)) for shape in shapes)
    return network.normalized(network.Branch(tuple(weights), scale))


def test_branch_is_the_composition_written_out() -> None:
    branch, z = small_branch(), np.array([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0]])
    first, second, third = branch.layers()
    expected = [0.7 * third @ np.tanh(second @ np.tanh(first @ point)) for point in z]
    assert branch(torch.from_numpy(z)).numpy() == pytest.approx(np.array(expected), abs=1e-15)
    assert network.forward(branch, z) == pytest.approx(z + expected, abs=1e-15)


def test_normalized_layers_have_norm_one_and_the_branch_its_scale() -> None:
    branch = small_branch()
    for matrix in branch.layers():
        assert np.linalg.norm(matrix, ord=2) == pytest.approx(1, abs=2e-12)
    assert network.certified_lipschitz(branch) == pytest.approx(0.7, abs=1e-11)
    assert network.certified_norm(np.diag([2.0, 5.0])) == pytest.approx(5)


def test_inversion_returns_to_the_point_and_lists_each_step() -> None:
    branch = small_branch()
    z = np.random.default_rng(1).standard_normal((6, 3))
    y = network.forward(branch, z)
    iterates = network.invert(branch, y, 120)
    assert iterates.shape == (121, 6, 3)
    assert np.array_equal(iterates[0], y)
    assert iterates[1] == pytest.approx(2 * y - network.forward(branch, y), abs=1e-14)
    assert iterates[-1] == pytest.approx(z, abs=1e-14)


def test_jacobians_against_central_differences() -> None:
    branch, z, step = small_branch(), np.array([[0.3, -1.0, 2.0], [0.1, 0.2, 0.3]]), 1e-5
    found = network.jacobians(branch, z)
    for axis in range(3):
        move = step * np.eye(3)[axis]
        slope = (network.forward(branch, z + move) - network.forward(branch, z - move)) / (2 * step)
        assert found[:, :, axis] == pytest.approx(slope - np.eye(3)[axis], abs=1e-9)


def test_the_target_folds_along_each_axis_of_the_frame() -> None:
    angle = 0.4
    frame = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]],
        dtype=torch.float64,
    )
    z = 0.01 * frame[:, 1]
    assert network.fold(z, frame, 1.5).numpy() == pytest.approx(
        (-1.5 * math.tanh(0.01) * frame[:, 1]).numpy()
    )


def test_adam_against_its_formulas() -> None:
    parameter = torch.tensor([1.0, -2.0], dtype=torch.float64)
    adam = network.Adam([parameter], 0.1)
    mean, square, expected = np.zeros(2), np.zeros(2), np.array([1.0, -2.0])
    for step, gradient in enumerate(([0.5, 1.0], [-1.0, 3.0], [0.0, 2.0]), start=1):
        adam.step([torch.tensor(gradient, dtype=torch.float64)])
        mean = 0.9 * mean + 0.1 * np.array(gradient)
        square = 0.999 * square + 0.001 * np.array(gradient) ** 2
        expected = expected - 0.1 * (mean / (1 - 0.9**step)) / (
            np.sqrt(square / (1 - 0.999**step)) + 1e-8
        )
    assert parameter.numpy() == pytest.approx(expected, rel=1e-12)


def test_training_lowers_the_error_repeats_and_leaves_global_randomness_alone() -> None:
    def fit() -> tuple[network.Branch, Any]:
        return network.train(np.random.default_rng(3), np.eye(1), 8, 0.8, 1.6, 2.0, 60, 32, 0.01)

    before = torch.random.get_rng_state()
    (one, errors), (other, _) = fit(), fit()
    assert torch.equal(before, torch.random.get_rng_state())
    for left, right in zip(one.layers(), other.layers(), strict=True):
        assert np.array_equal(left, right)
    assert np.mean(errors[-10:]) < np.mean(errors[:10]) / 2


def test_trained_layers_exceed_what_power_iteration_promised(arrays: Arrays) -> None:
    assert float(arrays["space_trained_lipschitz"]) > 0.8
    assert float(arrays["space_lipschitz"]) == pytest.approx(0.8, abs=1e-11)


# ----------------------------------------------------------------------------------- rounding


def test_rounding_bounds_cover_the_measured_error_of_an_evaluation() -> None:
    branch = small_branch(dimension=6, hidden=16)
    norms = [network.certified_norm(matrix) for matrix in branch.layers()]
    errors = rounding.layer_errors(branch.layers(), norms, 0.7)
    loaded = checks_network.Network(list(branch.layers()), norms, 0.7, 0.8)
    for z in np.random.default_rng(2).standard_normal((5, 6)):
        with checks_network.mpmath.workdps(40):
            precise = loaded.branch([checks_network.mpmath.mpf(x) for x in z.tolist()])
            found = branch(torch.from_numpy(z)).numpy()
            gaps = [float(x - y) for x, y in zip(found.tolist(), precise, strict=True)]
        assert 0 < np.linalg.norm(gaps) <= errors.output * np.linalg.norm(z)
    assert errors.output < 1e-13
    assert len(errors.hidden) == 2


def test_rounding_of_one_by_one_layers_by_hand() -> None:
    one = np.array([[1.0]])
    unit, gamma, tanh = rounding.UNIT, rounding.gamma(1), 8 * rounding.UNIT
    found = rounding.layer_errors([one, one], [1.0, 1.0], 0.5)
    assert gamma == unit / (1 - unit)
    assert found.hidden[0] == pytest.approx(gamma + tanh * (1 + gamma))
    size = (1 + tanh) * (1 + gamma)
    expected = 0.5 * (found.hidden[0] + gamma * size + unit * (1 + gamma) * size)
    assert found.output == pytest.approx(expected, rel=1e-15)


def test_the_accuracy_constant_grows_as_the_condition_and_ends_at_one() -> None:
    error = 10 * rounding.EPS
    assert rounding.accuracy_constant(error, 0.0) == pytest.approx(10.5)
    assert rounding.accuracy_constant(error, 0.9) == pytest.approx(1050, rel=1e-6)
    with pytest.raises(ValueError, match="too close to 1"):
        rounding.accuracy_constant(error, 1.0)


def test_rounding_bounds_are_small_and_grow_with_the_dimension() -> None:
    weights, norms = [np.eye(2)] * 3, [1.0] * 3
    assert 0 < rounding.jacobian_error(weights, norms, 0.5, 1.0) < 1e-13
    small, large = (rounding.log_det_sum_error(0.5, d, 10) for d in (1, 16))
    assert 0 < small < large < 1e-12


def test_newton_in_many_digits_solves_a_known_equation() -> None:
    loaded = checks_network.load(
        {
            "t_weight_0": np.array([[1.0]]),
            "t_weight_1": np.array([[1.0]]),
            "t_weight_2": np.array([[1.0]]),
            "t_norms": np.ones(3),
            "t_lipschitz": np.array(0.5),
        },
        "t",
        0.5,
    )
    high, low = loaded.solve(np.array([0.0]), np.array([1.0]))
    assert abs(high[0] + low[0]) < 1e-29
    z = 0.75
    y = np.array([z + 0.5 * math.tanh(math.tanh(z))])
    assert loaded.solve(y, y)[0][0] == pytest.approx(z, abs=1e-15)


# ---------------------------------------------------------------------- the sampler of 16.11


@pytest.mark.parametrize("entropy", [False, True])
def test_loss_against_the_normal_distribution_of_pytorch(entropy: bool) -> None:
    a, b = (torch.tensor(x, dtype=torch.float64) for x in (0.3, -0.7))
    z = torch.tensor([0.1, -1.2, 2.0], dtype=torch.float64)
    density = torch.distributions.Normal(1.0, 0.4)
    expected = -(density.log_prob(a + b * z) + math.log(5)).mean().item()
    expected -= math.log(0.7) if entropy else 0
    assert sampler.loss(a, b, z, 1.0, 0.4, 5.0, entropy).item() == pytest.approx(expected)
    closed = density_fit.mean_loss(
        0.3, -0.7, z.mean().item(), z.std(correction=0).item(), 1.0, 0.4, 5.0, entropy, math.log
    )
    assert closed == pytest.approx(expected)


def test_descent_takes_the_step_of_a_finite_difference() -> None:
    z = np.array([0.5, -1.0, 0.2])
    path = sampler.descend(z, (0.1, 0.9), 2.0, 0.5, 0.2, 1, entropy=True)

    def loss(a: float, b: float) -> float:
        return float(
            density_fit.mean_loss(
                a, b, np.mean(z), np.std(z), 2.0, 0.5, 1.0, entropy=True, log=math.log
            )
        )

    step = 1e-6
    slopes = (
        (loss(0.1 + step, 0.9) - loss(0.1 - step, 0.9)) / (2 * step),
        (loss(0.1, 0.9 + step) - loss(0.1, 0.9 - step)) / (2 * step),
    )
    expected = np.array([0.1, 0.9]) - 0.2 * 0.25 * np.array(slopes)
    assert path[0].tolist() == [0.1, 0.9]
    assert path[1] == pytest.approx(expected, abs=1e-8)


def test_a_diverging_descent_ends_while_its_values_are_finite() -> None:
    z = np.array([0.5, -1.0, 0.2])
    path = sampler.descend(z, (0.1, 0.9), 2.0, 0.5, 30.0, 1000)
    assert 5 < len(path) < 1000
    assert np.all(np.isfinite(path))
    assert density_fit.steps_shown(path, 0.5) == len(path) - 1
    kept = sampler.descend(z, (0.1, 0.0), 2.0, 0.5, 0.2, 10, entropy=True)  # log 0 at the start
    assert kept.tolist() == [[0.1, 0.0]]


def test_runs_are_drawn_until_the_spread_is_gone() -> None:
    path = np.array([[0.0, 2.0 * 0.1**n] for n in range(9)])
    assert density_fit.steps_shown(path, 1.0) == 5
    assert density_fit.students_shown(41) == [0, 5, 10]
    assert density_fit.students_shown(1) == [0]


def test_minimizers_give_the_samples_the_moments_of_the_target() -> None:
    z = np.random.default_rng(4).standard_normal(50)
    found = density_fit.kl_minimizers(float(np.mean(z)), float(np.std(z)), 3.0, 0.2)
    for a, b in found:
        assert np.mean(a + b * z) == pytest.approx(3.0)
        assert np.std(a + b * z) == pytest.approx(0.2)
    assert found[0][1] > 0 > found[1][1]


def test_kl_of_the_fit_is_a_function_of_the_sample_only() -> None:
    for mean, sd in ((0.0, 1.0), (5.0, 0.1)):
        (a, b), _ = density_fit.kl_minimizers(0.1, 1.05, mean, sd)
        found = density_fit.gaussian_kl(np.array([[a, b]]), mean, sd)[0]
        assert found == pytest.approx((1.01 / 1.05**2 - 1) / 2 + math.log(1.05), rel=1e-9)


def test_kl_against_pytorch_and_at_zero_spread() -> None:
    normal = torch.distributions.Normal
    found = density_fit.gaussian_kl(np.array([[0.5, -2.0], [1.0, 0.0]]), 1.0, 0.5)
    expected = torch.distributions.kl_divergence(normal(0.5, 2.0), normal(1.0, 0.5)).item()
    assert found[0] == pytest.approx(expected)
    assert 500 < found[1] < math.inf


def test_smoothed_points_of_one_box_inside_a_flat_target() -> None:
    assert density_fit.smoothed_kl(0.0, 0.5, 1e9, 1) == pytest.approx(0)
    assert density_fit.smoothed_kl(0.0, 1e-9, 1.0, 1) > 19


def test_densities_of_piecewise_affine_maps() -> None:
    assert density_fit.modular_map(3) == [(0, 3)] * 3
    assert density_fit.pushforward_density([(0, 1), (0, 2)]) == [Fraction(3, 2), Fraction(1, 2)]
    assert density_fit.kl_to_uniform([Fraction(2), Fraction(0)]) == pytest.approx(math.log(2))
    assert density_fit.change_of_variables_value([(0, 2)] * 2) == pytest.approx(-math.log(2))
    for images in itertools.permutations([(0, 1), (1, 2), (2, 3)]):
        assert density_fit.pushforward_density(images) == [1, 1, 1]


# ------------------------------------------------------------------------------- the commands


def test_the_three_steps_run_as_commands(
    checks: Checks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checks.repeat(monkeypatch, lambda maker: maker.constant)
    displays = "cobwebs certificate inversion series samplers folded_map"
    steps = compute, check, plot
    files = run_steps(monkeypatch, steps, FAR[1], tmp_path, f"{displays} layers.md")
    again = {name: tmp_path / f"again{files[name].suffix}" for name in ("arrays", "summary")}
    run_step(monkeypatch, compute, FAR[1], **again)
    assert all(files[name].read_bytes() == path.read_bytes() for name, path in again.items())
    values = load_json(files["summary"])["values"]
    assert values["dimension"]["text"] == "2"
    assert values["line_steps"]["value"] == model.steps_for(0.001 * (1 + 1e-11), rounding.UNIT)
    assert len(files["layers"].read_text("utf-8").splitlines()) == 10


@pytest.mark.filterwarnings("error")
def test_a_start_at_the_fixed_point_is_checked_and_drawn(tmp_path: Path) -> None:
    still = KNOBS | {"cobweb_offset": 0.0, "cobweb_start": 0.0}
    paths = compute.cobwebs(settings_of(compute.Settings, still))
    assert checks_banach.cobweb_contractions(paths, 0.8, 0.0).passed
    assert checks_banach.cobweb_failure(paths, 0.0).passed
    plot.cobwebs(paths, settings_of(plot.Settings, still), tmp_path / "cobwebs.svg")
    assert (tmp_path / "cobwebs.svg").exists()


def test_a_failed_check_stops_the_command_and_names_the_claim(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arrays: Arrays
) -> None:
    monkeypatch.setattr(check, "load_arrays", lambda path: arrays)
    cheap = checks_density.scale_run(arrays | {"scaled_path": arrays["right_path"]})
    monkeypatch.setattr(check, "checks", lambda arrays, settings: [cheap])
    files = {"arrays": tmp_path / "a.npz", "checks": tmp_path / "c.json"}
    with pytest.raises(SystemExit, match="eq-fixed-loss"):
        run_step(monkeypatch, check, KNOBS, **files)
    assert not files["checks"].exists()
