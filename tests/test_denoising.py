"""Exercise 4.2: the formulas against independent oracles, and every check made to fail."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from house import configured
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import Break, Checks, change, each, patch, run_steps
from scipy.spatial.distance import cdist
from scipy.stats import binom, multivariate_normal

from scripts.common import artifacts, style
from scripts.common.arrays import Arrays
from scripts.denoising import (
    check,
    checks_exact,
    checks_forgetting,
    compute,
    digits,
    model,
    plot,
    recovery,
    sampling,
)

DIGITS = Path(__file__).resolve().parent.parent / "data/raw/digits.csv"

SMALL: dict[str, Any] = {
    "images": 12,
    "sizes": [8, 12],
    "noises": 6,
    "example_alpha": 0.15,
    "shown_alphas": [0.9, 0.5, 0.1],
    "alpha_points": 25,
    "odds_decades": 3.0,
    "samples": 400,
    "ddim_steps": 20,
    "levels": 1000,
    "beta_first": 0.0001,
    "beta_last": 0.02,
    "gan_rounds": 3,
    "seed": 7,
}
LOWEST = SMALL | {
    "images": 2,
    "sizes": [1],
    "noises": 1,
    "example_alpha": 1e-6,
    "shown_alphas": [1e-6],
    "alpha_points": 2,
    "odds_decades": 0.1,
    "samples": 1,
    "ddim_steps": 2,
    "levels": 2,
    "beta_first": 1e-6,
    "beta_last": 1e-6,
    "gan_rounds": 1,
    "seed": 0,
}
HIGH = SMALL | {
    "images": 60,
    "sizes": [2, 3, 5, 7, 60],
    "noises": 15,
    "example_alpha": 0.999999,
    "shown_alphas": [0.999999, 0.99, 0.5, 0.01],
    "odds_decades": 10.0,
    "samples": 300,
    "ddim_steps": 5,
    "levels": 5,
    "beta_first": 0.999,
    "beta_last": 0.01,
    "seed": 99,
}


@functools.cache
def real_digits() -> tuple[Any, Any]:
    return digits.read_digits(DIGITS)


def results(knobs: dict[str, Any]) -> Arrays:
    return compute.run(*real_digits(), compute.Settings(**knobs))


@pytest.fixture(scope="module")
def small() -> Arrays:
    return results(SMALL)


# ---------------------------------------------------------------- the raw file


def test_the_file_holds_the_digits_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    oracle = load_digits()
    pixels, labels = real_digits()
    np.testing.assert_array_equal(pixels, oracle.data)
    np.testing.assert_array_equal(labels, oracle.target)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: "", "expected the header"),
        (lambda text: text.replace("label", "class", 1), "expected the header"),
        (lambda text: text.split("\n")[0] + "\n", "no image"),
        (lambda text: text[: len(text) // 2], "expected"),
        (lambda text: text.replace("\n0,0,0,5,", "\n0,0,0,17,", 1), r":2: .*0 to 16, found '17'"),
        (lambda text: text.replace("\n0,0,0,5,", "\n0,0,0,-5,", 1), r":2: .*found '-5'"),
        (lambda text: text.replace("\n0,0,0,5,", "\n0,0,0,,", 1), r":2: .*found ''"),
        (lambda text: text.replace("\n0,0,0,5,", "\n10,0,0,5,", 1), r":2: .*0 to 9"),
        (lambda text: text.replace("\n0,0,0,5,", "\n0,0,5,", 1), ":2: expected 65 values"),
        (lambda text: text.replace("5", "é", 1), "cannot be read"),
    ],
)
def test_a_damaged_file_is_named_with_the_line(
    tmp_path: Path, damage: Callable[[str], str], message: str
) -> None:
    path = tmp_path / "digits.csv"
    path.write_text(damage(DIGITS.read_text()), encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        digits.read_digits(path)
    assert str(path) in str(error.value)


def test_a_missing_file_ends_the_step_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nowhere\.csv: the digits cannot be read"):
        compute.computed(tmp_path / "nowhere.csv", compute.Settings(**SMALL))


def test_pixels_are_scaled_to_the_interval_and_back() -> None:
    pixels = np.arange(17)
    scaled = digits.scale(pixels)
    assert (scaled[0], scaled[8], scaled[16]) == (-1.0, 0.0, 1.0)
    np.testing.assert_array_equal(digits.unscale(scaled + 1e-9), pixels)


# ---------------------------------------------------------------- the model


@pytest.mark.parametrize("alpha", [-0.1, 1.1, math.nan])
def test_levels_outside_the_interval_are_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha_t"):
        model.weights(alpha)


def test_noisy_images_by_hand() -> None:
    noisy = model.noisy_images(np.array([[1.0], [2.0]]), np.array([[10.0], [20.0]]), 0.6, 0.8)
    np.testing.assert_allclose(noisy[..., 0], [[8.6, 16.6], [9.2, 17.2]])


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_closest_agrees_with_distances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, centers = rng.normal(size=(20, 3)), rng.normal(size=(7, 3))
    np.testing.assert_array_equal(
        model.closest(points, centers), cdist(points, centers).argmin(axis=1)
    )


def test_closest_does_not_depend_on_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    points, centers = rng.normal(size=(23, 3)), rng.normal(size=(7, 3))
    whole = model.closest(points, centers)
    monkeypatch.setattr(model, "LARGEST_TABLE", 20)
    np.testing.assert_array_equal(model.closest(points, centers), whole)


def test_the_first_of_equally_close_centers_counts() -> None:
    assert model.closest(np.array([[0.0]]), np.array([[5.0], [1.0], [-1.0]]))[0] == 1


def test_implied_noise_and_image_invert_the_noising() -> None:
    rng = np.random.default_rng(1)
    image, noise = rng.normal(size=(2, 4))
    weights = model.weights(0.3)
    point = weights[0] * image + weights[1] * noise
    np.testing.assert_allclose(model.implied_noise(point, image, *weights), noise)
    np.testing.assert_allclose(model.implied_image(point, noise, *weights), image)


def test_closest_and_scaled_closest_differ_where_they_should() -> None:
    images, point = np.array([[0.0], [1.0]]), np.array([[0.4]])
    signal, noise = 0.6, 0.8  # the scaled image 0.6 is closer to 0.4 than 0 is
    plain = model.closest_point_denoiser(point, images, signal, noise)
    scaled = model.scaled_closest_denoiser(point, images, signal, noise)
    np.testing.assert_allclose([plain[0, 0], scaled[0, 0]], [0.4 / 0.8, -0.2 / 0.8])


def test_posterior_mean_against_densities_of_scipy() -> None:
    rng = np.random.default_rng(2)
    images, points = rng.normal(size=(4, 2)), rng.normal(size=(6, 2))
    signal, noise = model.weights(0.4)
    density = np.array(
        [multivariate_normal(signal * image, noise**2 * np.eye(2)).pdf(points) for image in images]
    )
    mean = (density[:, :, None] * images[:, None, :]).sum(axis=0) / density.sum(axis=0)[:, None]
    np.testing.assert_allclose(
        model.posterior_mean_denoiser(points, images, signal, noise),
        (points - signal * mean) / noise,
    )


def test_posterior_mean_stays_finite_with_hardly_any_noise() -> None:
    images = np.array([[-1.0], [1.0]])
    predicted = model.posterior_mean_denoiser(np.array([[0.9]]), images, *model.weights(1 - 1e-12))
    np.testing.assert_allclose(predicted, (0.9 - 1.0) / 1e-6, rtol=1e-4)


def test_the_affine_denoiser_of_two_images_by_hand() -> None:
    images = np.array([[1.0], [5.0]])  # mean 3, variance 4
    found = model.affine_denoiser(np.array([[2.0]]), images, 0.6, 0.8)
    np.testing.assert_allclose(found, 0.8 * (2.0 - 0.6 * 3) / (0.36 * 4 + 0.64))


def test_shares_of_collapse_by_hand() -> None:
    images = np.array([[0.0], [3.0], [5.0]])  # collapse onto 3 costs 9 + 4
    np.testing.assert_allclose(model.collapse_shares(images), np.array([9, 4, 4]) / 13)


def test_nearest_noisy_denoiser_by_search() -> None:
    rng = np.random.default_rng(3)
    images, noises = rng.normal(size=(4, 2)), rng.normal(size=(3, 2))
    noisy = model.noisy_images(images, noises, *model.weights(0.5))
    for point in rng.normal(size=(20, 2)):
        distance = np.linalg.norm(noisy - point, axis=2)
        _, j = np.unravel_index(distance.argmin(), distance.shape)
        found = model.nearest_noisy_denoiser(point[None], images, noises, 0.5)
        np.testing.assert_array_equal(found[0], noises[j])


def test_training_loss_by_hand() -> None:
    noises = np.array([[1.0, 0.0], [0.0, 2.0]])
    assert model.training_loss(np.zeros((3, 2, 2)), noises) == pytest.approx(1 + 4)


def test_best_predictions_average_over_coinciding_points() -> None:
    images, noises = checks_exact.column([0, 4]), checks_exact.column([-1, 2])
    signal, noise = Fraction(3, 5), Fraction(4, 5)  # 3 * 4 = 4 * 3: x_1 + eps_2 meets x_2 + eps_1
    best = model.best_predictions(model.noisy_images(images, noises, signal, noise), noises)
    assert best[..., 0].tolist() == [[-1, Fraction(1, 2)], [Fraction(1, 2), 2]]


def test_forgetting_by_hand() -> None:
    images, noises = np.array([[0.0], [3.0], [5.0]]), np.array([[0.1], [-0.1]])
    measured, cheapest = model.forgetting_loss(images, noises, *model.weights(0.9))
    np.testing.assert_allclose(cheapest, 2 * 9 * np.array([9, 4, 4]) / 3)
    np.testing.assert_allclose(measured, cheapest)


# ---------------------------------------------------------------- assumption and condition


@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
@settings(max_examples=30, deadline=None)
def test_assumption_and_condition_against_the_definition(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    images, noises = rng.normal(size=(5, 3)), rng.normal(size=(4, 3))
    assumption, condition = recovery.holds(images, noises, *model.weights(alpha))
    noisy = model.noisy_images(images, noises, *model.weights(alpha))
    for i, j in np.ndindex(5, 4):
        distance = np.linalg.norm(noisy[i, j] - images, axis=1)
        gap = np.sort(np.linalg.norm(images - images[i], axis=1))[1]
        others = np.delete(distance, i).min()
        if abs(others - distance[i]) > 1e-9:
            assert assumption[i, j] == (distance[i] < others)
        if abs(distance[i] - gap / 2) > 1e-9:
            assert condition[i, j] == (distance[i] < gap / 2)


def test_a_tie_does_not_satisfy_the_assumption() -> None:
    images, noises = np.array([[-1.0], [1.0]]), np.array([[0.0], [0.5]])
    assumption, _ = recovery.holds(images, noises, 0.0, 1.0)
    assert assumption.tolist() == [[False, False], [False, True]]


def test_separations_and_safe_level_by_hand() -> None:
    images = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0]])
    np.testing.assert_allclose(recovery.separations(images), [5, 1, 1])
    level = recovery.safe_alpha(images, np.array([[0.0, 2.0]]))
    assert level == pytest.approx(1 - 1 / (4 * (math.sqrt(34) + 2) ** 2))


# ---------------------------------------------------------------- samplers


def test_ddpm_levels_by_the_recursion() -> None:
    alphas = sampling.ddpm_alphas(1e-4, 0.02, 1000)
    product = 1.0
    for t in range(1000):
        product *= 1 - (1e-4 + (0.02 - 1e-4) * t / 999)
    assert alphas[-1] == pytest.approx(product, rel=1e-10)
    assert alphas[0] == pytest.approx(1 - 1e-4)


def test_the_schedule_rises_from_the_last_level_to_one() -> None:
    alphas = sampling.ddpm_alphas(1e-4, 0.02, 500)
    levels = sampling.schedule(alphas, 20)
    assert len(levels) == 21
    assert (levels[0], levels[-2], levels[-1]) == (alphas[-1], alphas[0], 1.0)
    assert (np.diff(levels) > 0).all()


@pytest.mark.parametrize("steps", [1, 501])
def test_a_schedule_needs_steps_that_exist(steps: int) -> None:
    with pytest.raises(ValueError, match=rf"ddim_steps is {steps}, but .* 500 levels"):
        sampling.schedule(sampling.ddpm_alphas(1e-4, 0.02, 500), steps)


def test_a_schedule_that_ends_in_rounding_is_refused() -> None:
    with pytest.raises(ValueError, match=r"alpha_t = .* set fewer levels or a smaller beta"):
        sampling.schedule(sampling.ddpm_alphas(0.5, 0.5, 40), 20)


def test_closest_point_denoisers_generate_images_exactly() -> None:
    rng = np.random.default_rng(4)
    images, start = rng.normal(size=(5, 3)), rng.normal(size=(30, 3))
    levels = sampling.schedule(sampling.ddpm_alphas(1e-4, 0.02, 500), 25)
    points, choices = sampling.ddim(
        start,
        images,
        lambda x, alpha: model.scaled_closest_denoiser(x, images, *model.weights(alpha)),
        levels,
    )
    assert choices.shape == (25, 30)
    np.testing.assert_allclose(points, images[choices[-1]], atol=1e-9)


def test_posterior_mean_splits_the_line_by_mass() -> None:
    images = np.array([[-1.0], [0.0], [1.0]])
    levels = sampling.schedule(sampling.ddpm_alphas(1e-4, 0.02, 1000), 500)
    start = np.random.default_rng(5).standard_normal((3000, 1))
    _, choices = sampling.ddim(
        start,
        images,
        lambda x, alpha: model.posterior_mean_denoiser(x, images, *model.weights(alpha)),
        levels,
    )
    shares = np.bincount(choices[-1], minlength=3) / 3000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.05)  # 0.05 is 5.8 standard errors


def test_best_responses_follow_their_rules() -> None:
    rng = np.random.default_rng(6)
    copies = np.array([0, 1, 2, 5])
    answers = np.array([sampling.discriminator_response(copies, rng) for _ in range(100)])
    assert answers[:, 0].all()
    assert not answers[:, 2:].any()
    assert 0 < answers[:, 1].sum() < 100
    accepted = np.array([False, True, True, False])
    assert set(sampling.generator_response(accepted, rng, True)) <= {1, 2}
    assert len(set(sampling.generator_response(accepted, rng, False))) == 1
    nothing = np.zeros(4, dtype=bool)
    assert sampling.generator_response(nothing, rng, True).shape == (4,)
    assert len(set(sampling.play(6, 3, rng, spread=False))) == 1
    assert sampling.play(6, 3, rng, spread=True).shape == (6,)


def test_total_variation_by_hand() -> None:
    assert sampling.total_variation(np.array([5, 5])) == 0
    assert sampling.total_variation(np.array([10, 0, 0, 0])) == pytest.approx(0.75)


@given(st.integers(2, 50), st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_mean_variation_of_uniform_draws_against_the_binomial_sum(m: int, n: int) -> None:
    k = np.arange(n + 1)
    oracle = m / 2 * (np.abs(k / n - 1 / m) * binom.pmf(k, n, 1 / m)).sum()
    assert sampling.expected_uniform_variation(m, n) == pytest.approx(oracle, rel=1e-9)


# ---------------------------------------------------------------- the compute step


def test_too_many_digits_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 1798 digits"):
        compute.data_set(*real_digits(), compute.Settings(**SMALL | {"sizes": [1798]}))


def test_equal_images_are_refused() -> None:
    pixels, labels = np.zeros((12, 64), dtype=np.int64), np.zeros(12, dtype=np.int64)
    with pytest.raises(ValueError, match="distinct"):
        compute.data_set(pixels, labels, compute.Settings(**SMALL))


def test_the_example_on_the_line_satisfies_the_assumption() -> None:
    arrays = compute.on_the_line()
    images = np.array([compute.LINE_IMAGES]).T
    noises = np.array([compute.LINE_NOISES]).T
    assumption, _ = recovery.holds(images, noises, *model.weights(compute.LINE_ALPHA))
    assert assumption.all()
    for name in ("closest", "nearest"):
        at = np.interp(arrays["line_noisy"], arrays["line_grid"], arrays[f"line_{name}"])
        np.testing.assert_allclose(at, arrays["line_targets"], atol=1e-9)


def test_same_settings_same_results_and_another_seed_other_ones(small: Arrays) -> None:
    again = results(SMALL)
    assert small.keys() == again.keys()
    assert all(np.array_equal(small[name], again[name]) for name in small)
    other = results(SMALL | {"seed": 8})
    assert not np.array_equal(small["images"], other["images"])


@pytest.mark.parametrize(
    ("number", "text"), [(4.04e-5, "0.00004"), (3.16e-7, "0.00000032"), (0.00657, "0.0066")]
)
def test_positional_numbers_have_no_power_of_ten(number: float, text: str) -> None:
    assert compute.positional(number) == text


@pytest.mark.parametrize(
    ("alpha", "text"), [(4.036e-5, "0.00004"), (0.99551, "0.9955"), (0.9999904, "0.9999904")]
)
def test_a_level_is_short_and_never_one(alpha: float, text: str) -> None:
    assert compute.short_level(alpha) == text
    assert model.level_text(1e-6) == "0.000001"


def text() -> str:
    """The answer, and what goes further."""
    report = DIGITS.parents[2] / "report"
    return "".join(
        (report / part / "denoising.qmd").read_text() for part in ("exercises", "companion")
    )


def test_the_numbers_written_are_those_of_the_text(small: Arrays) -> None:
    written = compute.summary(small, compute.Settings(**SMALL))["values"]
    source = text()
    used = {part.split(" ")[0] for part in source.split("{{< var denoising.")[1:]}
    assert used == written.keys()


def test_the_three_steps_run_bare(
    tmp_path: Path, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.repeat(monkeypatch, lambda maker: maker.constant)
    displays = "optima digits frequency minimizers forgetting shares"
    files = run_steps(
        monkeypatch, (compute, check, plot), SMALL, tmp_path,
        f"{displays} coverage.md conventions.md", digits=DIGITS,
    )  # fmt: skip
    summary = artifacts.load_json(files["summary"])["values"]
    assert summary["images"] == {"text": "12", "value": 12}


def test_quoted_bounds_are_rounded_to_the_safe_side() -> None:
    for number, text in (
        (0.00339475, "0.0033"),
        (0.0518, "0.051"),
        (0.02, "0.02"),
        (0.9999, "0.99"),
    ):
        found = compute.shortened(number)
        assert found == {"value": number, "text": text}
        assert float(found["text"]) <= number


def test_the_caption_counts_wrong_digits_as_the_frames_do(small: Arrays) -> None:
    frames = [
        sum(spine.get_linewidth() > 1 for axis in row for spine in axis.spines.values()) // 4
        for row in np.array(plot.recovery_figure(small).axes).reshape(-1, len(small["shown"]))[2::2]
    ]
    shown = zip(frames, SMALL["shown_alphas"], strict=True)
    expected = ", ".join(f"{wrong} of {len(small['shown'])} at {alpha}" for wrong, alpha in shown)
    assert compute.wrong_shown(small) == expected
    assert sum(frames) > 0


def test_a_figure_is_the_same_bytes_each_time(small: Arrays, tmp_path: Path) -> None:
    for name in ("once.svg", "again.svg"):
        style.save_figure(plot.forgetting_figure(small), tmp_path / name)
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_a_label_leads_to_the_curve_even_where_that_stays_below_it() -> None:
    alphas = np.array([0.2, 0.5, 0.8])
    assert plot.crossing(alphas, np.array([0.0, 0.0, 3.0]), 50) == (0.8, 3.0)
    assert plot.crossing(alphas, np.array([60.0, 70.0, 80.0]), 50) == (0.2, 60.0)
    assert plot.crossing(alphas, np.array([0.0, 50.0, 80.0]), 50) == pytest.approx((0.5, 50))


def test_the_axis_of_levels_has_few_ticks() -> None:
    def texts(decades: float) -> str:
        odds = 10.0**-decades
        return " ".join(plot.level_ticks(np.array([odds / (1 + odds)]))[1])

    assert texts(0.5) == "0.5"
    assert texts(1) == "0.1 0.5 0.9"
    assert texts(3) == "0.001 0.01 0.1 0.5 0.9 0.99 0.999"
    assert texts(9) == ("$10^{-9}$ $10^{-6}$ 0.001 0.5 0.999 $1-10^{-6}$ $1-10^{-9}$")


def test_tables_say_what_was_counted(small: Arrays) -> None:
    rows = {row[0]: row[1:] for row in plot.coverage_rows(small)}
    assert rows["GAN, best responses, one image"][1:3] == ["1", "1"]
    assert rows["GAN at a saddle point"][2] == "12"
    assert rows["DDIM, nearest element of $S_t$"][:3] == ["–", "–", "–"]
    assert len(plot.convention_rows(small)) == 3


def test_batches_of_m_samples() -> None:
    assert plot.batch_coverage(np.array([0, 0, 1, 0, 1, 2, 2]), 3) == 2.5


# ---------------------------------------------------------------- the checks


def closest_ignoring_length(points: Any, centers: Any) -> Any:
    return np.argmax(points @ centers.T, axis=1)


def farthest_point_denoiser(points: Any, images: Any, signal: Any, noise: Any) -> Any:
    clean = images[cdist(points, images).argmax(axis=1)]
    return (points - signal * clean) / noise


def wrong_posterior(points: Any, images: Any, signal: Any, noise: Any) -> Any:
    exponent = -((points[:, None, :] - signal * images) ** 2).sum(axis=2) / (2 * noise)
    weight = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    return (points - signal * (weight @ images) / weight.sum(axis=1, keepdims=True)) / noise


def wrong_step(x: Any, predicted: Any, signal: Any, noise: Any, then: Any, noise_then: Any) -> Any:
    return noise_then * model.implied_image(x, predicted, signal, noise) + then * predicted


def unweighted_step(x: Any, guess: Any, signal: Any, noise: Any, then: Any, noise_then: Any) -> Any:
    return then * (x - guess) / signal + noise_then * guess


def no_drift(images: Any, noises: Any, signal: Any, noise: Any) -> Any:
    """The mistake of taking x_t - x_i for pure noise, and half the gap for the gap."""
    between = cdist(images, images)
    np.fill_diagonal(between, np.inf)
    length = noise * np.linalg.norm(noises, axis=1)
    near = length[None, :] < between.min(axis=1)[:, None]
    return near, near


def distinct_loss(outputs: Any, accepted: Any) -> Fraction:
    wrong = sum(not a for a in accepted) + sum(accepted[x] for x in set(outputs))
    return Fraction(wrong, 2 * len(accepted))


def uneven_loss(outputs: Any, accepted: Any) -> Fraction:
    """Copies of the first image count half."""
    wrong = sum(not a for a in accepted) + sum(accepted[x] for x in outputs)
    return Fraction(2 * wrong - sum(accepted[x] for x in outputs if x == 0), 4 * len(accepted))


def wrong_affine(points: Any, images: Any, signal: Any, noise: Any) -> Any:
    """The covariance of the images for that of the noisy images."""
    return noise * (points - signal * images.mean(axis=0)) / (images.var() + noise**2)


def shares_of_distances(images: Any) -> Any:
    between = abs(images - images.T)
    collapse = between.sum(axis=0).min()
    np.fill_diagonal(between, math.inf)
    return between.min(axis=1) / collapse


def blends_with_another(arrays: Arrays, nearest: Any) -> Any:
    return true_blends(arrays, arrays["images"][::-1])


def noise_at_full_image(points: Any, clean: Any, signal: Any, noise: Any) -> Any:
    return (points - clean) / noise


def image_at_full_noise(points: Any, guess: Any, signal: Any, noise: Any) -> Any:
    return (points - guess) / signal


def denoiser_of_clean(points: Any, images: Any, noises: Any, alpha: float) -> Any:
    return model.closest_point_denoiser(points, images, *model.weights(alpha))


def next_noise(points: Any, images: Any, noises: Any, alpha: float) -> Any:
    noisy = true_noisy(images, noises, *model.weights(alpha)).reshape(-1, points.shape[1])
    return noises[(model.closest(points, noisy) + 1) % len(noises)]


def mean_loss(predicted: Any, noises: Any) -> Any:
    return ((predicted - noises) ** 2).sum() / (len(predicted) * len(noises))


def predicting(choose: Callable[[Any], Any]) -> Any:
    return lambda noisy, noises: np.broadcast_to(choose(noises), noisy.shape)


def whole_gap(*given: Any) -> Any:
    return true_holds(*given)[0], no_drift(*given)[1]


def whole_gap_and_failure(*given: Any) -> Any:
    return ~true_holds(*given)[0], no_drift(*given)[1]


def divided_twice(images: Any, *given: Any) -> Any:
    measured, cheapest = true_forgetting(images, *given)
    return measured / len(images), cheapest


def root_of_odds(images: Any, noises: Any, signal: Any, noise: Any) -> Any:
    measured, cheapest = true_forgetting(images, noises, signal, noise)
    return measured, cheapest * noise / signal


KNOBS = compute.Settings(**SMALL)


def examples(a: Arrays) -> Arrays:
    return compute.examples(a["images"], a["pool_labels"][:12], a["noises"], KNOBS)


def optima(a: Arrays) -> Arrays:
    return compute.optima(a["images"], a["pool_labels"][:12], a["noises"], KNOBS)


def forgetting(a: Arrays) -> Arrays:
    return compute.forgetting(a["images"], a["noises"], KNOBS)


def line(a: Arrays) -> Arrays:
    return compute.on_the_line()


def generation(a: Arrays) -> Arrays:
    return compute.generated(a["images"], a["noises"], KNOBS)


def frequencies(a: Arrays) -> Arrays:
    return compute.frequencies(a["pool"], a["noises"], KNOBS)


true_holds, true_forgetting = recovery.holds, model.forgetting_loss
true_noisy, true_blends = model.noisy_images, checks_forgetting.blend_checks

#: How each check is made to fail: its name, what is broken, what is computed again with it.
BROKEN: list[tuple[str, Break]] = [
    # the closest point without the images' lengths
    ("zero-loss", patch(model, "closest", closest_ignoring_length)),
    # sqrt(alpha) dropped from the formula of the minimizer
    ("formula", patch(model, "implied_noise", noise_at_full_image)),
    # the mean over all noises instead of the mean over the fiber
    ("minimizers", patch(model, "best_predictions", predicting(lambda e: e.mean(axis=0)))),
    # sqrt(alpha) dropped from the formula of the minimizer
    ("zero-loss-functions", patch(model, "implied_noise", noise_at_full_image)),
    # collisions overlooked
    ("zero-loss-criterion", patch(model, "best_predictions", predicting(lambda e: e))),
    # the loss divided by the number of noises as well
    ("tie", patch(model, "training_loss", mean_loss)),
    # sqrt(1 - alpha) dropped from the implied image
    ("price", patch(model, "implied_image", image_at_full_noise)),
    # the two weights of the DDIM step swapped
    ("ddim-on-training-noise", patch(sampling, "ddim_step", wrong_step)),
    # the noise taken out at full strength
    ("ddim-is-euler", patch(sampling, "ddim_step", unweighted_step)),
    # the factor 1 / sigma of the density dropped
    (
        "continuity",
        patch(
            checks_exact,
            "mixture_density",
            lambda y, sigma, images: sum(sp.exp(-((y - x) ** 2) / (2 * sigma**2)) for x in images),
        ),
    ),
    # the logarithm forgotten
    (
        "start-divergence",
        patch(
            sampling,
            "start_divergence",
            lambda square, d, alpha, log: (alpha * square - d * alpha) / 2,
        ),
    ),
    # copies of one image counted once
    ("gan-collapse", patch(checks_exact, "game_loss", distinct_loss)),
    # copies of one of the images count half
    ("gan-cycle", patch(checks_exact, "game_loss", uneven_loss)),
    # an image generated once is rejected where twice is meant, and the other way round
    ("gan-responses", patch(sampling, "discriminator_response", lambda copies, rng: copies >= 2)),
    # distances for squared distances
    ("share", patch(model, "collapse_shares", shares_of_distances)),
    # the image not shrunk
    ("shrinkage", patch(model, "noisy_images", lambda x, e, s, n: true_noisy(x, e, 1, n))),
    # the best response is spread over two images
    ("optima-game", change("optima_outputs", lambda outputs: outputs // 2)),
    # sqrt(1 - alpha) dropped from the implied image
    ("optima-implied", patch(model, "implied_image", image_at_full_noise, optima)),
    # the loss divided by the number of noises as well
    ("optima-losses", patch(model, "training_loss", mean_loss, optima)),
    # the first noise instead of the mean noise
    ("alpha-one", patch(model, "best_predictions", predicting(lambda e: e[0]))),
    # the sign of the noise swapped
    ("alpha-zero-loss", patch(model, "noisy_images", lambda x, e, s, n: true_noisy(x, e, s, -n))),
    # the noise left out
    ("alpha-zero-assumption", patch(recovery, "holds", lambda x, e, s, n: true_holds(x, e, 1, 0))),
    # the image's own shrinking left out
    (
        "same-by-distances",
        patch(recovery, "holds", lambda x, e, s, n: true_holds(x, e, 1, n), examples),
    ),
    # the implication the wrong way round
    (
        "condition-suffices",
        patch(recovery, "holds", lambda *given: true_holds(*given)[::-1], frequencies),
    ),
    # 1 - alpha and alpha confused
    ("safe-level", patch(recovery, "safe_alpha", lambda x, e: 0.01)),
    # the gap instead of half of it
    ("condition-frequency", patch(recovery, "holds", whole_gap, frequencies)),
    # the inequality the wrong way round
    ("failure-frequency", patch(recovery, "holds", whole_gap_and_failure, frequencies)),
    # sqrt(1 - alpha) dropped from the implied image
    ("recovered", patch(model, "implied_image", image_at_full_noise, examples)),
    # the loss not divided by m
    (
        "loss-is-price",
        patch(
            model,
            "training_loss",
            lambda predicted, noises: ((predicted - noises) ** 2).sum(),
            examples,
        ),
    ),
    # the noise of the next element
    ("minimizers-agree", patch(model, "nearest_noisy_denoiser", next_noise)),
    # the same function twice
    ("minimizers-differ", patch(model, "nearest_noisy_denoiser", denoiser_of_clean)),
    # the noise left out
    ("no-collision", patch(model, "noisy_images", lambda x, e, s, n: true_noisy(x, e, s, 0.0))),
    # sqrt(1 - alpha) dropped from the implied image
    ("shown-digits", patch(model, "implied_image", image_at_full_noise, examples)),
    # sqrt(alpha) dropped from the formula of the minimizer
    ("line-minimizers", patch(model, "implied_noise", noise_at_full_image, line)),
    # the closest image instead of the mean of all
    ("line-posterior", patch(model, "posterior_mean_denoiser", model.closest_point_denoiser, line)),
    # noise instead of noise squared in the exponent of the weights
    ("score", patch(model, "posterior_mean_denoiser", wrong_posterior)),
    ("projection", patch(model, "posterior_mean_denoiser", wrong_posterior)),
    ("gaussian-loss", patch(model, "posterior_mean_denoiser", wrong_posterior)),
    # the measured loss divided by m twice
    ("forgetting-bound", patch(model, "forgetting_loss", divided_twice, forgetting)),
    # sqrt(alpha / (1 - alpha)) for its square
    ("forgetting-attained", patch(model, "forgetting_loss", root_of_odds, forgetting)),
    # sqrt(alpha) dropped from the formula of the minimizer
    ("blend-attains", patch(model, "implied_noise", noise_at_full_image)),
    # another digit taken for the nearest one
    ("blend-keeps", patch(checks_forgetting, "blend_checks", blends_with_another)),
    # noise instead of noise squared in the exponent of the weights
    ("basin", patch(model, "posterior_mean_denoiser", wrong_posterior)),
    # the best affine map instead of the posterior mean
    ("flow-ends", patch(model, "posterior_mean_denoiser", model.affine_denoiser)),
    # the covariance of the images instead of that of the noisy images
    ("affine-best", patch(model, "affine_denoiser", wrong_affine)),
    ("affine-flow", patch(model, "affine_denoiser", wrong_affine)),
    # the two weights of the DDIM step swapped
    ("restart", patch(sampling, "ddim_step", wrong_step)),
    # the closest image instead of the closest scaled one
    ("first-choice", lambda monkeypatch, a: {"choices_scaled": a["choices_closest"]}),
    # the angle instead of the inner product
    (
        "choice-limit",
        patch(
            model,
            "closest",
            lambda x, c: np.argmax(x @ c.T / (1e-15 + np.linalg.norm(c, axis=1)), axis=1),
        ),
    ),
    # the two weights of the DDIM step swapped
    ("samples-exact", patch(sampling, "ddim_step", wrong_step, generation)),
    ("posterior-near", patch(sampling, "ddim_step", wrong_step, generation)),
    # a minimizer that knows the clean images as well
    ("nearest-misses", patch(model, "nearest_noisy_denoiser", denoiser_of_clean, generation)),
    # the farthest image instead of the closest one
    ("switches", patch(model, "closest_point_denoiser", farthest_point_denoiser)),
    # the scale left out
    ("middle-image", patch(model, "scaled_closest_denoiser", model.closest_point_denoiser)),
    # nu without its + 1, twice
    (
        "uniform-mean",
        patch(
            sampling,
            "expected_uniform_variation",
            lambda m, n: m * (n // m - 1) / n * (1 - 1 / m) * binom.pmf(n // m - 1, n, 1 / m),
        ),
    ),
    # only every second image drawn
    ("uniform-draws", change("drawn_uniform", lambda drawn: drawn // 2)),
    ("posterior-covers", change("drawn_posterior", lambda drawn: drawn // 2)),
]


@pytest.fixture(scope="module")
def checks(small: Arrays) -> Checks:
    return Checks(check, SMALL, small)


def test_all_checks_pass_have_a_break_and_a_claim_in_the_text(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)
    source = text()
    assert [c.claim for c in checks.found if f"{{#{c.claim}" not in source] == []


@pytest.mark.parametrize("knobs", [LOWEST, HIGH, configured("denoising")], ids=list("lhc"))
def test_all_checks_of_results_pass(
    knobs: dict[str, Any], checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, knobs, results(knobs))


@each(BROKEN)
def test_broken_mathematics_fails_its_check(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)
