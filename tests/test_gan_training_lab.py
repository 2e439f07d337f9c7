"""The learning-rate laboratory of 4.6 against independent oracles, and its checks made to fail."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mutants import Break, Checks, change, each, failed, patch

from scripts.common.arrays import Arrays, Numbers
from scripts.gan_training import baseline, model, theory
from scripts.gan_training.lab import (
    check,
    checks_phase,
    checks_sgd,
    checks_theory,
    closure,
    compute_mlp,
    compute_phase,
    compute_sgd,
    engine,
    generated,
    logistic,
    measure,
    phase,
    progress,
    sgd,
    survey,
    sweep,
)
from scripts.gan_training.lab import plot as plot_lab

PHASE = compute_phase.Settings(
    seed=3,
    mean=3.0,
    spread=1.0,
    samples=33,
    data_sets=1,
    grid=24,
    lowest_rate=1e-3,
    highest_rate=10.0,
    epochs=2000,
    start_theta=0.0,
    near_distance=1e-4,
)
TINY = dataclasses.replace(PHASE, mean=1000.0, spread=0.001, samples=2, grid=2, epochs=10)
OTHERS = (
    {"seed": 5, "mean": -2.0, "spread": 0.7, "samples": 40},
    {"seed": 6, "mean": 1.0, "spread": 1.25, "samples": 101, "start_theta": -2.0},
    {"seed": 7, "mean": 4.5, "spread": 1.2, "samples": 20, "near_distance": 5e-5},
)
SGD = compute_sgd.Settings(
    seed=2,
    spread=1.0,
    samples=64,
    sgd_means=[0.0, 1.0],
    sgd_rates=2,
    sgd_chains=64,
    sgd_relaxation_times=100,
)
MLP = compute_mlp.Settings(
    seed=1,
    mean=3.0,
    mlp_spread=2.0,
    mlp_separations=[4.0, 8.0],
    mlp_runs=2,
    mlp_steps=10,
    mlp_width=4,
    mlp_batch=8,
    mlp_generator_rate=0.002,
    mlp_discriminator_rate=0.006,
)


@pytest.fixture(scope="module")
def phase_arrays() -> Arrays:
    return compute_phase.compute(PHASE)


@pytest.fixture(scope="module")
def sgd_arrays() -> Arrays:
    return compute_sgd.compute(SGD)


def chunks(count: int) -> list[Arrays]:
    return [sweep.train(PHASE, f"{k + 1}-of-{count}") for k in range(count)]


@pytest.mark.parametrize("count", [2, 7, 50])
def test_any_number_of_chunks_has_the_same_bits(count: int, phase_arrays: Arrays) -> None:
    """50 is more than there are blocks of GANs: some chunks are empty."""
    found = compute_phase.compute(PHASE, chunks(count)[::-1])
    assert found.keys() == phase_arrays.keys()
    for name, array in phase_arrays.items():
        assert (found[name].dtype, found[name].tobytes()) == (array.dtype, array.tobytes()), name


@pytest.mark.parametrize("total", [0, 63, 1000])
def test_a_chunk_has_whole_blocks_of_gans(total: int) -> None:
    found = [sweep.members(total, f"{k}-of-3") for k in (1, 2, 3)]
    assert sorted(np.concatenate(found)) == list(range(total))
    blocks = [set(gans // engine.LANES) for gans in found]
    assert not any(one & other for one, other in itertools.combinations(blocks, 2))
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1


@pytest.mark.parametrize("wrong", [[0, 0, 1], [0], [0, 0]])
def test_chunks_of_which_one_is_missing_or_twice_there_are_refused(wrong: list[int]) -> None:
    found = chunks(2)
    with pytest.raises(ValueError, match=r"do not hold each of the 2,304 GANs once"):
        sweep.gathered(PHASE, [found[k] for k in wrong])


def data(samples: int = 20) -> tuple[Numbers, Numbers]:
    random = np.random.default_rng(0)
    return 3 + random.normal(size=samples), random.normal(size=samples)


class TestTheory:
    def test_map_is_the_derivative_of_one_epoch(self) -> None:
        real, noise = data()
        rates = model.Rates(0.7, 0.3)
        rest, step = model.equilibrium(real, noise), 1e-6
        columns = [
            (
                model.update(rest + step * e, real, noise, rates)
                - model.update(rest - step * e, real, noise, rates)
            )
            / (2 * step)
            for e in np.eye(3)
        ]
        found = theory.alternating_map(theory.moment_matrix(real, noise), 0.7, 0.3)
        np.testing.assert_allclose(found, np.transpose(columns), atol=1e-8)
        assert theory.equilibrium(real, noise) == pytest.approx(rest[0])

    def test_rates_and_moments_broadcast(self) -> None:
        M = np.stack([theory.moments(0, 1), theory.moments(2, 3)])
        both = theory.alternating_map(M, [0.1, 0.2], [0.3, 0.4])
        np.testing.assert_array_equal(both[1], theory.alternating_map(M[1], 0.2, 0.4))
        assert theory.spectral_radius(both).shape == (2,)
        assert theory.is_stable(M, [0.1, 0.2], [0.3, 9.0]).tolist() == [True, False]
        assert theory.stability_limit(M, np.array([0.3, 9.0]))[1] == 0

    def test_classes_by_dominant_eigenvalue(self) -> None:
        turn = np.array([[0.0, -0.9], [0.9, 0.0]])
        maps = [np.diag([0.9, -0.5]), turn, np.diag([0.5, -0.9]), np.diag([0.5, -1.1])]
        assert theory.behavior(theory.dominant_eigenvalue(np.array(maps))).tolist() == [
            theory.MONOTONE,
            theory.SPIRAL,
            theory.FLIP,
            theory.NO_CONVERGENCE,
        ]

    def test_separation(self) -> None:
        turn = np.array([[0.0, -0.9, 0], [0.9, 0, 0], [0, 0, 0.3]])
        maps = np.array([turn, np.diag([0.9, -0.3, 0.1]), np.diag([0.9, -0.9, 0.1])])
        np.testing.assert_allclose(theory.separation(maps), [math.log(3), math.log(3), 0])
        assert theory.separation(np.diag([0.5, 0, 0])) == math.inf

    def test_simultaneous_map_uses_the_old_discriminator(self) -> None:
        M = theory.moments(1.0, 2.0)
        found = theory.simultaneous_map(M, 0.5, 0.4)
        np.testing.assert_allclose(found[0], [1, 0, 0.25])
        np.testing.assert_allclose(found[1:], theory.alternating_map(M, 0.5, 0.4)[1:])

    def test_small_rate_limit(self) -> None:
        A = theory.alternating_map(theory.moments(2, 1.5), 3e-5, 1e-5)
        q = theory.noise_direction(3e-5, 1e-5)
        found = theory.sampled_variance(A, q, 1.5, 1.5)
        assert found == pytest.approx(float(theory.small_rate_variance(2, 1.5, 3e-5, 1e-5)), 1e-3)
        assert theory.small_rate_variance(0, 7.0, 0.1, 0.3) == pytest.approx(0.05)

    def test_shuffling_halves_the_variance_of_a_slow_chain(self) -> None:
        A = theory.alternating_map(theory.moments(0, 1), 1e-3, 1e-3)
        q = theory.noise_direction(1e-3, 1e-3)
        whole = theory.sampled_variance(A, q, 1.0, 1.0)
        assert theory.shuffled_variance(A, q, 1.0, 1.0, 16) == pytest.approx(whole / 2, rel=0.01)

    def test_unstable_map_has_no_stationary_covariance(self) -> None:
        with pytest.raises(ValueError, match="not stable"):
            theory.stationary_covariance(np.diag([1.0, 0.5]), np.eye(2))


class TestEngine:
    @pytest.mark.parametrize("rates", [(0.05, 0.05), (0.5, 0.02), (3.0, 0.3)])
    def test_follows_the_pytorch_baseline(self, rates: tuple[float, float]) -> None:
        real, noise = data()
        start = [0.0, 0.1, -0.2]
        found = engine.paths(real, noise, [rates[0]], [rates[1]], start, 300)[:, :, 0]
        run = baseline.train(start, itertools.repeat((real, noise), 300), *rates)
        np.testing.assert_allclose(found, run.states, atol=1e-6)

    def test_simultaneous_updates(self) -> None:
        real, noise = data()
        found = engine.paths(real, noise, [0.2], [0.1], [0, 0, 0.5], 1, alternating=False)[1, :, 0]
        state = np.array([0, 0, 0.5])
        rates = model.Rates(0.2, 0.1)
        moved = model.generator_step(state, noise, rates.generator, "flipped")[0]
        judged = model.discriminator_step(state, real, noise, rates.discriminator)
        np.testing.assert_allclose(found, [moved, *judged[1:]], atol=1e-14)

    def test_runaway_is_a_class_and_progress_is_told(self) -> None:
        real, noise = data()
        window = measure.Window(1e-2, 1e-2, 1e-11, 1e8)
        told: list[tuple[int, int]] = []
        classes, rates = survey.survey(
            real,
            noise,
            np.array([8.0, 0.1]),
            np.array([8.0, 0.05]),
            [0, 0, 0],
            2000,
            window,
            progress=lambda done, total: told.append((done, total)),
        )
        assert classes[0] == theory.RUNAWAY
        assert classes[1] in (theory.MONOTONE, theory.SPIRAL)
        assert math.isnan(rates[0])
        assert told == [(1, 2), (2, 2)]

    def test_sizes_must_agree(self) -> None:
        with pytest.raises(ValueError, match="noise value"):
            engine.paths(np.zeros(3), np.zeros(4), [0.1], [0.1], [0, 0, 0], 1)

    def test_threads_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ASSIGNMENT_THREADS", "3")
        assert engine.available_threads() == 3
        monkeypatch.delenv("ASSIGNMENT_THREADS")
        assert engine.available_threads() >= 1
        monkeypatch.delattr(engine.os, "sched_getaffinity", raising=False)  # as on macOS
        monkeypatch.setattr(engine.os, "cpu_count", lambda: 7)
        assert engine.available_threads() == 7

    def test_logistic_function(self) -> None:
        for u in np.concatenate([np.linspace(-3, 3, 301), np.linspace(-600, 600, 301)]):
            exact = math.exp(-u) / (1 + math.exp(-u)) if u > 0 else 1 / (1 + math.exp(u))
            assert logistic.complement(u) == pytest.approx(exact, rel=4e-15)
        assert logistic.complement(0.0) == 0.5
        assert np.isfinite(logistic.complement(1e30))

    def test_survey_judges_as_whole_paths_do_for_any_threads(self) -> None:
        real, noise = data()
        g, d = np.geomspace(1e-3, 10, 150), np.geomspace(10, 1e-2, 150)
        window = measure.Window(1e-2, 1e-2, 1e-11, 1e8)
        start = [0, 0, 0]
        whole = engine.paths(real, noise, g, d, start, 250)[1:]
        alone = engine.paths(real, noise, g[77:78], d[77:78], start, 250)[1:]
        np.testing.assert_array_equal(alone[:, :, 0], whole[:, :, 77])
        rest = float(real.mean() - noise.mean())
        expected = [measure.observe(whole[:, :, k], rest, window) for k in range(150)]
        for threads in (1, 3):
            classes, rates = survey.survey(real, noise, g, d, start, 250, window, threads=threads)
            assert classes.tolist() == [kind for kind, _ in expected]
            np.testing.assert_array_equal(rates, [rate for _, rate in expected])


class TestMeasure:
    WINDOW = measure.Window(outer=1e-3, target=1e-6, floor=1e-11, bound=1e8)

    def judge(self, path: Numbers) -> tuple[int, float]:
        return measure.observe(path, 0.0, self.WINDOW)

    def orbit(self, A: Numbers, count: int = 400) -> Numbers:
        states = [np.full(3, 1e-4)]
        for _ in range(count):
            states.append(A @ states[-1])
        return np.array(states[1:])

    @pytest.mark.parametrize("factor", [0.95, 0.5, 0.05])
    def test_monotone_and_flip(self, factor: float) -> None:
        kind, rate = self.judge(self.orbit(np.diag([factor, 0.01, 0.02])))
        assert kind == theory.MONOTONE
        assert rate == pytest.approx(math.log(factor), rel=0.02)
        kind, rate = self.judge(self.orbit(np.diag([0.01, -factor, 0.02])))
        assert kind == theory.FLIP
        assert rate == pytest.approx(math.log(factor), rel=0.02)

    def test_spiral(self) -> None:
        c, s = 0.95 * math.cos(0.3), 0.95 * math.sin(0.3)
        kind, rate = self.judge(self.orbit(np.array([[c, 0, -s], [0, 0.1, 0], [s, 0, c]])))
        assert kind == theory.SPIRAL
        assert rate == pytest.approx(math.log(0.95), rel=0.01)

    def test_rate_of_a_long_drawn_spiral_does_not_depend_on_its_phase(self) -> None:
        c, s = 0.95 * math.cos(0.3), 0.95 * math.sin(0.3)
        stretched = np.array([[c, 0, -10 * s], [0, 0.1, 0], [s / 10, 0, c]])
        for power in range(6):
            orbit = np.linalg.matrix_power(stretched, power) @ self.orbit(stretched).T
            kind, rate = self.judge(orbit.T)
            assert kind == theory.SPIRAL
            assert rate == pytest.approx(math.log(0.95), rel=3e-3)

    def test_not_converged(self) -> None:
        assert self.judge(self.orbit(np.diag([1.001, 0.1, 0.1])))[0] == theory.NO_CONVERGENCE
        assert self.judge(self.orbit(np.diag([0.999, 0.1, 0.1])))[0] == theory.NO_CONVERGENCE
        assert self.judge(self.orbit(np.diag([2.0, 0.1, 0.1])))[0] == theory.RUNAWAY
        assert self.judge(np.full((5, 3), np.nan))[0] == theory.RUNAWAY

    def test_over_at_the_floor_or_far_away(self) -> None:
        states = np.zeros((3, 3))
        states[0] = 0.0, 1.0, np.inf
        over = [measure.is_over(state, 0.0, self.WINDOW) for state in states.T]
        assert over == [True, False, True]


class TestPhase:
    def test_cells_near_a_boundary_or_slow_do_not_count(self) -> None:
        M = theory.moments(0.0, 1.0)
        limit = float(theory.stability_limit(M, 1.0))
        generator_rate = np.array([limit * 0.97, limit * 0.5, 1e-3])
        found = phase.predict(M, generator_rate, np.array([1.0, 1.0, 1e-3]), 2000)
        assert found.counted.tolist() == [False, True, False]

    def test_comparison_counts(self) -> None:
        prediction = phase.Prediction(
            np.array([0, 1, 3, 3, 1], np.int8),
            np.array([0.5, 0.5, 2, 2, 0.5]),
            np.array([True, True, True, True, False]),
            np.array([True, False, True, True, False]),
        )
        observed = np.array([0, 0, 3, 4, 0], np.int8)
        rates = np.array([math.log(0.5) * 1.1, -1, np.nan, np.nan, -1])
        found = phase.comparison([prediction], [observed], [rates])
        assert (found["cells"], found["stable_cells"], found["runaways"]) == (4, 2, 1)
        assert found["agree"] == 0.75
        assert found["agree_stable"] == 0.5
        assert found["agree_bounded"] == pytest.approx(2 / 3)
        assert found["rate_error"] == pytest.approx(0.1)
        assert found["by_class"][theory.SPIRAL] == (1, 0)
        assert (found["wrong"], found["wrong_spirals"]) == (1, 1)
        found = phase.comparison([prediction], [observed], [rates], separated=True)
        assert (found["cells"], found["agree"]) == (3, 1.0)

    def test_empty_comparison(self) -> None:
        no = np.array([False])
        nothing = phase.Prediction(np.zeros(1, np.int8), np.array([0.5]), no, no)
        found = phase.comparison([nothing], [np.zeros(1, np.int8)], [np.zeros(1)])
        assert found["cells"] == found["wrong"] == 0
        assert math.isnan(found["agree"])
        assert math.isnan(found["rate_error"])
        summary = compute_phase.summary(TINY, compute_phase.compute(TINY))
        assert summary["near_rate_error"]["text"] == "–"

    def test_deepest_cell(self) -> None:
        mask = np.zeros((9, 9), bool)
        assert phase.deepest(mask) is None
        mask[2:7, 3:8] = True
        assert phase.deepest(mask) == (4, 5)

    def test_grid_order(self) -> None:
        axis, (g, d) = phase.rate_grid(0.1, 10, 3)
        np.testing.assert_allclose(axis, [0.1, 1, 10])
        np.testing.assert_allclose(g[:3], axis)
        np.testing.assert_allclose(d[:3], 0.1)


class TestSgd:
    def test_chain_follows_the_scalar_loop(self) -> None:
        random = np.random.default_rng(4)
        real, noise = 1 + random.normal(size=(50, 2)), random.normal(size=(50, 2))
        state, sums = np.zeros((3, 2)), np.zeros((2, 2))
        sgd._advance(real, noise, (0.3, 0.2), 1.0, 20, state, sums)
        for chain in range(2):
            path = model.train_one_at_a_time(
                (0, 0, 0), real[:, chain], noise[:, chain], model.Rates(0.3, 0.2)
            )
            np.testing.assert_allclose(state[:, chain], path.states[-1], atol=1e-13)
            late = path.states[21:, 0] - 1.0
            np.testing.assert_allclose(sums[:, chain], [late.sum(), (late**2).sum()], atol=1e-12)

    def test_examples_of_each_scheme(self) -> None:
        points = np.arange(10.0)
        population = sgd.Population(0.0, 1.0, points)
        real, noise = next(sgd._examples(population, 3, np.random.default_rng(0)))
        assert noise.shape == real["fresh"].shape == (2050, 3)
        assert set(real["replaced"].ravel()) == set(points)
        epochs = np.sort(real["shuffled"].reshape(-1, 10, 3), axis=1)
        np.testing.assert_array_equal(epochs, np.broadcast_to(points[:, None], epochs.shape))

    def test_closure_tends_to_the_linear_law(self) -> None:
        M = theory.moments(1.0, 1.0)
        rule, noise = closure.normal_rule(1.0, 1.0), closure.normal_rule(0.0, 1.0)
        found = closure.stationary_state(M, model.Rates(1e-4, 1e-4), 1.0, rule, noise)
        expected = float(theory.small_rate_variance(1.0, 1.0, 1e-4, 1e-4))
        assert found.variance == pytest.approx(expected, rel=2e-3)
        assert abs(found.bias) < 0.02 * math.sqrt(found.variance)

    def test_closure_of_shuffled_epochs_tends_to_their_law(self) -> None:
        sample = np.random.default_rng(5).normal(size=16)
        sample -= sample.mean()
        M = (theory.moments(0, float(sample.var())) + theory.moments(0, 1.0)) / 2
        rules = closure.sample_rule(sample), closure.normal_rule(0.0, 1.0)
        found = closure.stationary_state(M, model.Rates(1e-3, 1e-3), 0.0, *rules, samples=16)
        A, q = theory.alternating_map(M, 1e-3, 1e-3), theory.noise_direction(1e-3, 1e-3)
        law = theory.shuffled_variance(A, q, float(sample.var()), 1.0, 16)
        assert found.variance == pytest.approx(law, rel=5e-3)

    def test_closure_says_when_it_does_not_settle(self) -> None:
        rule = closure.normal_rule(0.0, 1.0)
        with pytest.raises(ValueError, match="settle"):
            closure.stationary_state(
                theory.moments(0, 1), model.Rates(0.1, 0.5), 0.0, rule, rule, rounds=1
            )

    def test_quadrature_of_a_sample(self) -> None:
        sample = np.random.default_rng(3).normal(size=40) + 2
        nodes, weights = closure.sample_rule(sample)
        for degree in range(2 * closure.NODES):
            assert weights @ nodes**degree == pytest.approx(np.mean(sample**degree), rel=1e-9)
        nodes, weights = closure.sample_rule(sample[:2])
        np.testing.assert_allclose(np.sort(nodes), np.sort(sample[:2]))
        np.testing.assert_allclose(weights, 0.5)


class TestNetworks:
    def test_fit_of_an_exact_generator(self) -> None:
        levels = (np.arange(2001) + 0.5) / 2001
        from scipy import stats

        outputs = stats.norm(3, 2).ppf(levels)[None]
        mean, spread, distance = generated.gaussian_fit(outputs, 3.0, 2.0)[0]
        assert mean == pytest.approx(3)
        assert spread == pytest.approx(2, rel=2e-3)
        assert distance == pytest.approx(0.5 / 2001)
        assert generated.gaussian_fit(outputs + 2, 3.0, 2.0)[0, 2] == pytest.approx(0.383, abs=2e-3)

    def test_share_of_the_smaller_mode(self) -> None:
        outputs = np.array([[-4.0, 4, 4, 4], [4, 4, 4, 4], [0, 0, -4, 4]])
        np.testing.assert_allclose(generated.smaller_share(outputs, 8.0), [0.25, 0, 0.25])

    def test_training_is_repeatable_and_runs_are_different(self) -> None:
        one, two = (compute_mlp.compute(MLP) for _ in range(2))
        np.testing.assert_array_equal(one["mixtures"], two["mixtures"])
        assert one["gaussian"].shape == (2, generated.QUANTILES)
        assert np.abs(one["gaussian"][0] - one["gaussian"][1]).max() > 0.01
        assert compute_mlp.summary(MLP, one)["mlp_runs"]["text"] == "2"


def test_progress_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert progress.reporter("x") is None
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    report = progress.reporter("grid")
    assert report is not None
    report(1, 2)
    report(2, 2)
    assert capsys.readouterr().err == "\rgrid:  50 %\rgrid: 100 %\n"


def test_every_figure_and_table_is_drawn(
    phase_arrays: dict[str, Any], sgd_arrays: dict[str, Any], tmp_path: Path
) -> None:
    networks = compute_mlp.compute(MLP)
    settings = plot_lab.Settings(3.0, 2.0)
    figures = [
        plot_lab.draw_diagram(phase_arrays),
        plot_lab.draw_far(phase_arrays),
        plot_lab.draw_centered(phase_arrays),
        plot_lab.draw_paths(phase_arrays),
        plot_lab.draw_variance(sgd_arrays),
        plot_lab.draw_networks(networks, settings),
    ]
    for k, figure in enumerate(figures):
        plot_lab.style.save_figure(figure, tmp_path / f"{k}.svg")
        assert (tmp_path / f"{k}.svg").stat().st_size > 5000
    plot_lab.write_agreement(tmp_path / "a.md", phase_arrays)
    plot_lab.write_networks(tmp_path / "n.md", networks, settings)
    assert (tmp_path / "a.md").read_text().count("\n") == 6
    assert "dropped" in (tmp_path / "n.md").read_text()


def test_what_does_not_exist_is_drawn_and_said(tmp_path: Path) -> None:
    nothing = compute_phase.compute(TINY)
    nothing["far_counted"][:], nothing["far_observed"][:] = False, theory.NO_CONVERGENCE
    nothing |= compute_phase._marked(TINY, nothing)
    assert nothing["mark_paths"].shape == (11, 3, 0)
    slow = dataclasses.replace(SGD, spread=0.001, sgd_means=[1000.0, -1000.0], samples=2)
    noise = compute_sgd.compute(slow)
    assert np.isnan(noise["variance"]).all()
    said = compute_sgd.summary(slow, noise)
    assert said["sgd_closed_error"]["text"] == said["sgd_bias_growth"]["text"] == "–"
    assert said["sgd_ran"]["text"].startswith("none of them")
    found = checks_phase.phase_checks(nothing) + checks_sgd.checks(noise)
    assert all(one.observed for one in found)
    assert {"near-rate", "variance-fresh", "bias-place"} <= failed(found)
    draws = (plot_lab.draw_diagram, plot_lab.draw_far, plot_lab.draw_centered, plot_lab.draw_paths)
    for draw in draws:
        plot_lab.style.save_figure(draw(nothing), tmp_path / "a.svg")
    plot_lab.style.save_figure(plot_lab.draw_variance(noise), tmp_path / "b.svg")


def test_summaries_are_complete(
    phase_arrays: dict[str, Any], sgd_arrays: dict[str, Any], root: Path
) -> None:
    values = compute_phase.summary(PHASE, phase_arrays) | compute_sgd.summary(SGD, sgd_arrays)
    values |= compute_mlp.summary(MLP, compute_mlp.compute(MLP))
    text = (root / "report/companion/gan_training_lab.qmd").read_text(encoding="utf-8")
    import re

    used = set(re.findall(r"\{\{< var gan_training_lab\.(\w+) >\}\}", text))
    assert used <= set(values)


# --- the checks hold -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checks(phase_arrays: Arrays, sgd_arrays: Arrays) -> Checks:
    return Checks(check, {"seed": 1}, phase_arrays | sgd_arrays)


def test_every_check_passes_and_has_a_break(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)


def test_theory_checks_hold_for_other_draws(
    checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, {"seed": 2}, checks.sound)


@pytest.mark.parametrize("changes", OTHERS)
def test_other_settings_pass(changes: dict[str, Any]) -> None:
    arrays = compute_phase.compute(dataclasses.replace(PHASE, **changes))
    assert failed(checks_phase.checks(arrays)) == set()


OTHER_NOISES = (
    {"seed": 9, "spread": 0.5, "samples": 300, "sgd_means": [-1.0, 0.75]},
    {"seed": 10, "spread": 1.25, "samples": 16, "sgd_means": [0.0, 1.5]},
)


@pytest.mark.parametrize("changes", OTHER_NOISES)
def test_other_noise_settings_pass(changes: dict[str, Any]) -> None:
    arrays = compute_sgd.compute(dataclasses.replace(SGD, **changes))
    assert failed(checks_sgd.checks(arrays)) == set()


# --- and each can fail -----------------------------------------------------------------------

Wrong = Callable[..., Any]


def wrong_characteristic() -> Any:
    """A generator that uses the old discriminator: no alternation."""
    import sympy as sp

    lam, a, b, m, v = sp.symbols("lambda a b m v", positive=True)
    P = sp.eye(2) - a / 2 * sp.Matrix([[1, m], [m, v + m**2]])
    A = sp.Matrix([[1, 0, b / 2], [0, P[0, 0], P[0, 1]], [-a / 2, P[1, 0], P[1, 1]]])
    return sp.expand((lam * sp.eye(3) - A).det()), (lam, a, b, m, v)


def times(factor: float, function: Wrong) -> Wrong:
    return lambda *given: factor * function(*given)


def spirals_of_the_largest(M: Any, eta_d: Any) -> Any:
    modulus = 1 - eta_d / 2 * np.linalg.eigvalsh(M)[:, 1]
    return modulus, modulus


def everybody_moves(slope: Any, deviation: Any, eta_g: Any, eta_d: Any) -> Any:
    return slope - deviation, deviation + slope


RIGHT_LAW, RIGHT_FALLS = theory.shuffled_variance, checks_theory.claimed_falls


def stable_for_larger_rates(M: Any, g: Any, d: Any) -> Any:
    return theory.spectral_radius(theory.alternating_map(M, 1.01 * g, d)) < 1


def stable_without_intercept(v: Any, b: Any, a: Any) -> Any:
    return (b < 2 * v) & (4 - a * v + a * b / 4 > 0)


def not_passed_on_to_theta(g: Any, d: Any) -> Any:
    return np.array([0.0, 0.0, -d / 2])


def variance_of_the_sample(A: Any, q: Any, real: Any, noise: Any, m: int) -> Any:
    return RIGHT_LAW(A, q, real * (m - 1) / m, noise, m)


def wrong_falls(*given: Any) -> Any:
    first, second = RIGHT_FALLS(*given)
    return -first, second


def without_alternation(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    g, d = arrays["engine_rates"].T
    wrong = engine.paths(
        arrays["real"][0], arrays["noise"][0], g, d, arrays["engine_start"],
        len(arrays["engine_paths"]) - 1, alternating=False,
    )  # fmt: skip
    return {"engine_paths": wrong}


def wrong_theory(experiment: str) -> Break:
    """The classes that moments twice as large would predict."""

    def apply(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
        d, g = (x.ravel() for x in np.meshgrid(arrays["axis"], arrays["axis"], indexing="ij"))
        M = 2 * arrays[f"{experiment}_moments"][0]
        found = phase.predict(M, g, d, PHASE.epochs, alternating=experiment != "simultaneous")
        parts = zip(phase.PARTS[1:5], dataclasses.astuple(found), strict=True)
        return {f"{experiment}_{part}": values[None] for part, values in parts}

    return apply


def runaway_below_the_line(observed: Numbers) -> Numbers:
    observed[0, 0] = theory.RUNAWAY
    return observed


def a_start_at_rest(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
    return {"basin_path": np.zeros_like(arrays["basin_path"])}


def wrong_law(scheme: int) -> Break:
    factors = np.where(np.arange(len(theory.SCHEMES)) == scheme, 1.3, 1)
    return change("closed", lambda closed: closed * factors[:, None])


def slower_turns(rates: Numbers) -> Numbers:
    """Spirals that turn often, with a rate that is wrong."""
    return 1.2 * rates


def shuffling_did_nothing(linear: Numbers) -> Numbers:
    linear[:, 2] = linear[:, 1]
    return linear


DIAGRAMS = {
    "near": ("near-classes", "near-stable", "near-rate"),
    "far": ("far-classes",),
    "centered": ("centered-classes", "centered-rate"),
    "simultaneous": ("simultaneous-classes",),
}
CLAIMED = checks_theory.claimed_characteristic
BROKEN: list[tuple[str, Break]] = [
    ("linear-map", patch(theory, "alternating_map", theory.simultaneous_map)),
    ("characteristic", patch(checks_theory, "claimed_characteristic", times(2, CLAIMED))),
    ("no-spiral-out", patch(checks_theory, "claimed_spirals", spirals_of_the_largest)),
    ("second-form", patch(theory, "rule", times(1.1, theory.rule))),
    ("linear-growth", patch(checks_theory, "saturated_epoch", everybody_moves)),
    ("flip", patch(theory, "stability_limit", times(1.01, theory.stability_limit))),
    ("stability-region", patch(theory, "is_stable", stable_for_larger_rates)),
    ("spiral-modulus", patch(checks_theory, "_characteristic", wrong_characteristic)),
    ("simultaneous", patch(theory, "is_stable_simultaneous", stable_without_intercept)),
    ("saturated", patch(checks_theory, "claimed_falls", wrong_falls)),
    ("fast-generator", patch(checks_theory, "claimed_flow", times(2, checks_theory.claimed_flow))),
    ("small-rates", patch(theory, "small_rate_variance", lambda m, v, g, d: g / 2 + 0 * m)),
    ("lyapunov", patch(theory, "noise_direction", not_passed_on_to_theta)),
    ("shuffled-law", patch(theory, "shuffled_variance", variance_of_the_sample)),
    ("engine", without_alternation),
    *((name, wrong_theory(diagram)) for diagram, names in DIAGRAMS.items() for name in names),
    ("rate-turns", change("near_rate", slower_turns)),
    ("runaways", change("far_observed", runaway_below_the_line)),
    ("basin", a_start_at_rest),
    ("centered-spiral", change("centered_moments", lambda moments: 2 * moments)),  # half forgotten
    *((f"variance-{scheme}", wrong_law(number)) for number, scheme in enumerate(theory.SCHEMES)),
    ("variance-half", change("linear", shuffling_did_nothing)),
    ("bias", change("bias_closed", lambda bias: -bias)),
    ("bias-place", change("bias_closed", lambda bias: bias[..., ::-1])),
]


@each(BROKEN)
def test_each_check_sees_what_is_broken(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)
