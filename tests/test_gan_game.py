"""Exercise 4.1: the formulas against small cases done by hand, and every check made to fail."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from house import configured
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import Break, Checks, each, failed, patch, run_step, run_steps

from scripts.common import artifacts
from scripts.common.arrays import Arrays, Floats, Ints
from scripts.gan_game import (
    brute_force,
    check,
    checks_dynamics,
    checks_runs,
    compute,
    dynamics,
    losses,
    model,
    plot,
)

SMALL = {
    "largest_m": 3,
    "largest_k": 1,
    "dynamics_m": 3,
    "dynamics_k": 1,
    "dynamics_rounds": 6,
    "dynamics_trials": 400,
}
CONFIGURED = {name: configured("gan_game")[name] for name in SMALL}
LOWEST = dict(zip(SMALL, (1, 0, 2, 1, 1, 1), strict=True))
HIGH = dict(zip(SMALL, (4, 2, 6, 3, 25, 300), strict=True))


def results(knobs: dict[str, int], seed: int = 5) -> Arrays:
    return compute.compute(compute.Settings(**knobs, seed=seed))[0]


# ---------------------------------------------------------------- the formulas


@st.composite
def positions(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], int]:
    """A data set, outputs and labels of a game of any moderate size, as lists."""
    size = draw(st.integers(1, 5))
    m = draw(st.integers(1, 6))
    image = st.integers(0, size - 1)
    data, made = (draw(st.lists(image, min_size=m, max_size=m)) for _ in "dm")
    labels = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    return data, made, labels, size


def counts(images: list[int], size: int) -> Ints:
    return np.bincount(images, minlength=size)


@given(positions())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_formulas_agree_with_the_definition_beyond_the_enumerated_sizes(
    position: tuple[list[int], list[int], list[int], int],
) -> None:
    data, made, labels, size = position
    genuine, generated = counts(data, size), counts(made, size)
    errors = {
        f: sum(f[x] == 0 for x in data) + sum(f[x] == 1 for x in made)
        for f in itertools.product((0, 1), repeat=size)
    }
    assert model.error_counts(genuine, generated, np.array(labels)) == errors[tuple(labels)]
    assert model.least_errors(genuine, generated) == min(errors.values())
    best = {f for f, number in errors.items() if number == min(errors.values())}
    rule = model.optimal_labels(genuine, generated)
    follows = {
        f for f in errors if all(r in (model.EITHER, y) for r, y in zip(rule, f, strict=True))
    }
    assert follows == best
    # Outputs can be changed one by one, so one changed output finds any gain.
    others = ([*made[:i], x, *made[i + 1 :]] for i in range(len(made)) for x in range(size))
    accepted = sum(labels[x] for x in made)
    no_gain = all(sum(labels[x] for x in other) <= accepted for other in others)
    assert model.is_generator_response(generated, np.array(labels)) == no_gain
    saddle = no_gain and tuple(labels) in best
    assert model.is_saddle(genuine, generated, np.array(labels)) == saddle
    assert model.is_permutation(genuine, generated) == (sorted(data) == sorted(made))
    spare = list(made)
    for x in data:
        if x in spare:
            spare.remove(x)
    assert model.missed_copies(genuine, generated) == len(spare)
    assert model.total_variation(genuine, generated) == pytest.approx(len(spare) / len(data))


@pytest.mark.parametrize(("m", "number"), [(1, 1), (2, 2), (3, 3), (4, 5), (5, 7), (6, 11)])
def test_datasets_are_the_partitions(m: int, number: int) -> None:
    found = list(model.datasets(m))
    assert len(set(found)) == len(found) == number
    assert found[0] == (1,) * m
    assert all(sum(parts) == m for parts in found)


def test_labels_of_the_answer() -> None:
    genuine = np.array([1, 1, 1, 0, 0])
    generated = np.array([0, 1, 3, 2, 0])
    assert model.optimal_labels(genuine, generated).tolist() == [
        1,
        model.EITHER,
        0,
        0,
        model.EITHER,
    ]


def test_enumerations() -> None:
    assert model.discriminators(2).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    outputs = model.generators(2, 3)
    assert len({tuple(row) for row in outputs}) == len(outputs) == 9
    assert model.output_counts(outputs, 3)[1].tolist() == [1, 1, 0]
    assert model.output_counts(np.array([2, 2]), 3).tolist() == [0, 0, 2]
    assert model.genuine_copies((2, 1), 2).tolist() == [2, 1, 0, 0]


def test_counts_of_the_theorem() -> None:
    assert model.permutation_count((2, 1, 1)) == len(set(itertools.permutations("aabc")))
    assert [model.safe_labelling_count(k) for k in range(4)] == [2, 3, 5, 9]
    assert model.saddle_count((1, 1, 1), 2) == 30
    assert model.saddle_count((1,), 0) == 2


def test_saddle_mask_by_definition() -> None:
    assert not model.saddle_mask(np.array([[0, 1], [1, 0]])).any()
    assert model.saddle_mask(np.array([[2, 3], [1, 0]])).tolist() == [[True, False], [False, False]]


def test_safe_labels_and_gain() -> None:
    genuine = np.array([1, 1, 0])
    labels = np.array([[0, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1], [0, 0, 1]])
    assert model.is_safe_labelling(genuine, labels).tolist() == [True, True, True, False, False]
    generated = np.array([[1, 1, 0], [2, 0, 0], [1, 0, 1], [0, 0, 2]])
    assert model.assured_gain(genuine, generated).tolist() == [0, 2, 1, 2]


def test_logarithmic_loss_by_hand() -> None:
    genuine, generated = np.array([1, 1, 0, 0]), np.array([0, 2, 0, 0])
    assert losses.log_acceptance(genuine, generated)[:2].tolist() == [1, 1 / 3]
    assert np.isnan(losses.log_acceptance(genuine, generated)[2:]).all()
    assert losses.least_log_loss(genuine, generated) == pytest.approx(
        (3 * math.log(3) - 2 * math.log(2)) / 4
    )
    assert losses.least_log_loss(genuine, genuine) == pytest.approx(losses.LOG_VALUE)
    assert losses.least_log_loss(genuine, np.array([0, 0, 1, 1])) == 0


def test_limited_slopes_by_hand() -> None:
    genuine, crossed = np.array([[0.0], [1.0]]), np.array([[1.5], [0.0]])
    assert losses.slope_distance(genuine, crossed, 1) == pytest.approx(1 / 4)
    assert losses.slope_distance(genuine, crossed, 8) == pytest.approx(1 / 2)
    assert losses.slope_loss(genuine, genuine[::-1], 3) == pytest.approx(1 / 2)


def test_mixed_optima() -> None:
    assert model.collapsed_mixture((2, 1)) == [Fraction(2, 3), Fraction(1, 3)]
    assert model.equilibrium_outputs((2, 1), 1).tolist() == [2, 1, 0]
    genuine = np.array([1, 1, 0])
    acceptance = np.array([[0.3, 0.3, 0.2], [0.3, 0.3, 0.4], [0.3, 0.2, 0.0], [0.0, 0.0, 0.0]])
    assert model.is_optimal_acceptance(genuine, acceptance).tolist() == [True, False, False, True]


# ---------------------------------------------------------------- the dynamics


@pytest.mark.parametrize("rule", dynamics.DISCRIMINATOR_RULES)
def test_discriminator_response(rule: str) -> None:
    genuine = np.array([1, 1, 1, 0])
    generated = np.tile([0, 1, 2, 0], (500, 1))
    labels = dynamics.discriminator_response(genuine, generated, rule, np.random.default_rng(0))
    assert (labels[:, 0] == 1).all()
    assert (labels[:, 2] == 0).all()
    ties = labels[:, [1, 3]].mean(axis=0)
    expected = {"reject": 0.0, "random": 0.5, "accept": 1.0}[rule]
    assert np.abs(ties - expected).max() <= (0.15 if rule == "random" else 0)


@pytest.mark.parametrize("rule", dynamics.GENERATOR_RULES)
def test_generator_response_stays_inside_the_accepted_images(rule: str) -> None:
    labels = np.tile(model.discriminators(4), (40, 1))
    made = dynamics.generator_response(labels, 6, rule, np.random.default_rng(1))
    assert (made.sum(axis=1) == 6).all()
    assert model.is_generator_response(made, labels).all()
    allowed = np.where(labels.any(axis=1, keepdims=True), labels, 1) == 1
    if rule == "collapse":
        assert (made.max(axis=1) == 6).all()
    if rule == "spread":
        assert (made.max(axis=1) - np.where(allowed, made, 6).min(axis=1) <= 1).all()
    used = np.zeros_like(allowed)
    for pattern in model.discriminators(4):
        same = (labels == pattern).all(axis=1)
        used[same] = made[same].any(axis=0)
    assert (used == allowed).all()


def test_unknown_rules_are_refused() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(KeyError):
        dynamics.generator_response(np.ones((1, 2), dtype=np.int64), 2, "greedy", random)
    with pytest.raises(KeyError):
        dynamics.discriminator_response(np.array([1]), np.array([[1]]), "greedy", random)


def test_random_starts() -> None:
    genuine = np.array([1, 1, 0])
    starts = dynamics.random_starts(genuine, 4000, np.random.default_rng(2))
    assert not model.is_permutation(genuine, starts).any()
    share_outside = (starts[:, 2] == 2).mean()
    assert share_outside == pytest.approx(1 / 7, abs=0.04)
    with pytest.raises(ValueError, match="only generator"):
        dynamics.random_starts(np.array([1]), 1, np.random.default_rng(0))


def test_runs_by_hand() -> None:
    genuine, random = np.array([1, 1, 0]), np.random.default_rng(3)
    runs = dynamics.run(genuine, np.array([[0, 0, 2], [2, 0, 0]]), ("reject", "spread"), 1, random)
    assert runs.coverage.tolist() == [[0.0, 1.0], [0.5, 0.5]]
    assert runs.reached.tolist() == [[False, True], [False, False]]


def test_a_saddle_of_the_start_counts() -> None:
    runs = dynamics.run(
        np.array([1, 1]), np.array([[1, 1]]), ("accept", "collapse"), 1, np.random.default_rng(4)
    )
    assert runs.reached.tolist() == [[False, True]]


def test_a_saddle_can_be_met_in_two_rounds_and_is_first_met_in_one() -> None:
    genuine, random = np.array([1, 1, 0, 0]), np.random.default_rng(6)
    start = np.array([[0, 0, 1, 1]])
    labels = dynamics.discriminator_response(genuine, start, "reject", random)
    made = dynamics.generator_response(labels, 2, "spread", random)
    again = dynamics.discriminator_response(genuine, made, "reject", random)
    assert labels.tolist() == [[1, 1, 0, 0]]
    assert made.tolist() == [[1, 1, 0, 0]]
    assert again.tolist() == [[0, 0, 0, 0]]
    assert model.is_saddle(genuine, made, np.array([*labels, *again])).tolist() == [True, True]
    found = dynamics.run(genuine, start, ("reject", "spread"), 1, random)
    assert found.reached.tolist() == [[False, True]]


def test_reachability_and_exact_chances() -> None:
    generated = np.array([[1, 1], [2, 0]])
    assert dynamics.saddle_reachable(np.array([1, 1]), generated).tolist() == [True, False]
    outside = np.array([[2, 0, 0]])
    assert dynamics.saddle_reachable(np.array([1, 1, 0]), outside).all()
    assert dynamics.rejecting_ties_reaches(2, 1, "spread") == Fraction(1, 7)
    assert dynamics.rejecting_ties_reaches(2, 1, "random") == Fraction(1, 14)
    assert dynamics.rejecting_ties_reaches(2, 2, "collapse") == 0
    assert dynamics.rejecting_ties_reaches(3, 0, "spread") == 0


# ---------------------------------------------------------------- the oracle


def test_brute_force_game_by_hand() -> None:
    game = brute_force.play((1, 1), 0)
    # outputs 00, 01, 10, 11; accepted: none, image 1, image 0, both
    assert game.errors.tolist() == [[2, 1, 3, 2], [2, 2, 2, 2], [2, 2, 2, 2], [2, 3, 1, 2]]
    assert game.orderings.tolist() == [False, True, True, False]
    assert np.argwhere(game.saddles).tolist() == [[1, 0], [1, 3], [2, 0], [2, 3]]
    assert brute_force.rounds_to_saddle(game).tolist() == [math.inf, 1, 1, math.inf]


def test_chain_by_hand() -> None:
    chain = brute_force.chain(2, 0, "reject", "collapse")
    means, chance = chain.expected(3)
    assert means == pytest.approx([0.5] * 4)
    assert chance == pytest.approx(0)
    chain = brute_force.chain(2, 1, "reject", "spread")
    assert chain.expected(1)[1] == pytest.approx(1 / 7)
    for rows in (chain.start[None], chain.accept, chain.make):
        assert rows.sum(axis=1) == pytest.approx(1)


def test_chances_to_meet_a_saddle_by_hand() -> None:
    # From two copies of e, both images are accepted; two fair draws then hit both half the time.
    chain = brute_force.chain(2, 1, "random", "random")
    outside = int((chain.coverage == 0).argmax())
    assert chain.chances(0)[outside] == 0
    assert chain.chances(1)[outside] == pytest.approx(1 / 2)
    assert dynamics.assured_chance(2, 1) == Fraction(1, (8 * 9) ** 3)


# ---------------------------------------------------------------- the checks


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("knobs", [LOWEST, SMALL, CONFIGURED], ids=["lowest", "small", "set"])
def test_all_checks_pass(
    knobs: dict[str, int], seed: int, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_pass(monkeypatch, knobs, results(knobs, seed))


def test_the_checks_of_the_dynamics_pass_near_the_upper_bounds(
    checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = checks_dynamics, checks_runs
    checks.repeat(monkeypatch, lambda maker: maker.place not in wanted)
    assert failed(checks.examine(HIGH, results(HIGH))) == set()


def wrong_cost(genuine: Any, generated: Any, label: Any) -> Any:
    """Counts accepted outputs twice."""
    return genuine * (1 - label) + 2 * generated * label


def all_ties(genuine: Ints, generated: Ints) -> Ints:
    return np.full(np.broadcast_shapes(genuine.shape, generated.shape), model.EITHER)


def no_ties(genuine: Ints, generated: Ints) -> Ints:
    return (genuine >= generated).astype(np.int64)


def unmatched(genuine: Floats, generated: Floats, slope: float) -> float:
    """Pairs data and outputs in the order given."""
    lengths = np.linalg.norm(genuine - generated, axis=-1)
    return float(np.minimum(1, 2 * slope * lengths).mean())


def wrong(attribute: str, value: Any) -> Break:
    """Break a function wherever it is called from, and compute everything with it."""

    def apply(monkeypatch: pytest.MonkeyPatch, arrays: Arrays) -> Arrays:
        for holder in (model, dynamics):
            monkeypatch.setattr(holder, attribute, value, raising=False)
        return results(SMALL)

    return apply


def lost(attribute: str, value: Any) -> Break:
    """Break a function of the other losses, and compute everything with it."""
    return patch(losses, attribute, value, again=lambda _: results(SMALL))


BROKEN: list[tuple[str, Break]] = [
    ("loss", wrong("image_errors", wrong_cost)),
    ("labels", wrong("optimal_labels", no_ties)),
    ("least-loss", wrong("least_errors", lambda c, n: np.maximum(c, n).sum(axis=-1))),
    ("total-variation", wrong("total_variation", lambda c, n: abs(c - n).sum(-1) / c.sum(-1))),
    (
        "generator-responses",
        wrong("is_generator_response", lambda n, f: (n * (1 - f)).sum(-1) == 0),
    ),
    ("generator-optima", wrong("is_permutation", lambda c, n: ((c > 0) == (n > 0)).all(axis=-1))),
    ("safe-discriminators", wrong("is_safe_labelling", lambda c, f: ((c == 0) | (f == 1)).all(-1))),
    ("saddles", wrong("is_safe_labelling", lambda c, f: np.ones(f.shape[:-1], dtype=bool))),
    ("saddle-values", wrong("VALUE", Fraction(1, 4))),
    ("permutations", wrong("safe_labelling_count", lambda k: 2**k)),
    ("missed-loss", wrong("missed_copies", lambda c, n: (c > n).sum(axis=-1))),
    ("missed-gain", wrong("assured_gain", lambda c, n: np.maximum(n - c, 0).sum(axis=-1))),
    ("mixed-collapse", wrong("collapsed_mixture", lambda c: [Fraction(1, len(c))] * len(c))),
    ("collapse-seen", wrong("collapsed_mixture", lambda c: [Fraction(1, len(c))] * len(c))),
    (
        "mixed-acceptance",
        wrong("is_optimal_acceptance", lambda c, q: ((c == 0) | (q == q[..., :1])).all(axis=-1)),
    ),
    ("blind", wrong("VALUE", Fraction(1, 3))),
    ("saddle-count", wrong("saddle_mask", lambda e: e == e.min(axis=1, keepdims=True))),
    ("saddle-formula", wrong("saddle_count", lambda c, k: model.permutation_count(c) * 2**k)),
    ("loss-matrix", wrong("image_errors", lambda c, n, f: c * f + n * (1 - f))),
    ("missed-range", wrong("missed_copies", lambda c, n: np.minimum(c, n).sum(axis=-1))),
    ("image-identity", wrong("image_errors", wrong_cost)),
    ("one-move", wrong("image_errors", lambda c, n, f: c * (1 - f) - n * f)),
    ("dynamics-closed", wrong("saddle_reachable", lambda c, n: np.ones(len(n), dtype=bool))),
    ("dynamics-open", wrong("ROUNDS_TO_SADDLE", 2)),
    ("dynamics-never", wrong("optimal_labels", all_ties)),
    ("dynamics-coverage-bound", wrong("optimal_labels", all_ties)),
    ("dynamics-alternation", wrong("optimal_labels", all_ties)),
    ("dynamics-accepting", wrong("optimal_labels", all_ties)),
    (
        "dynamics-rejecting",
        wrong("rejecting_ties_reaches", lambda m, k, rule: Fraction(k, m + k) ** m),
    ),
    ("dynamics-first", patch(dynamics, "first_round_chance", lambda m, rule: Fraction(1, 2))),
    ("dynamics-surely", wrong("ROUNDS_TO_SADDLE", 1)),
    ("dynamics-frequencies", wrong("optimal_labels", no_ties)),
    ("dynamics-coverage", wrong("optimal_labels", no_ties)),
    ("mixed-value", wrong("VALUE", Fraction(1, 4))),
    (
        "mixed-marginals",
        wrong("equilibrium_outputs", lambda c, k: np.array([1] * len(c) + [0] * k)),
    ),
    ("log-labels", lost("log_acceptance", lambda c, n: n / (c + n))),
    ("log-loss", lost("log_term", lambda c, n: 2 * np.log(2) * np.minimum(c, n))),
    ("log-bound", lost("least_is_tight", lambda c, n: (c == n).all(axis=-1))),
    ("log-saddles", lost("is_log_saddle", lambda c, n, f: (c == n).all(axis=-1))),
    ("signal", lost("least_log_loss", lambda c, n: np.minimum(c, n).sum(axis=-1) / c.sum())),
    ("slope-duality", lost("slope_distance", unmatched)),
    ("slope-saddles", lost("is_slope_saddle", lambda c, n, f: (c == n).all(axis=-1))),
    ("distance", lost("slope_distance", unmatched)),
]


@pytest.fixture(scope="module")
def checks() -> Checks:
    return Checks(check, SMALL, results(SMALL))


def test_every_check_passes_and_has_a_break(checks: Checks) -> None:
    checks.must_pass_and_be_broken_by(BROKEN)


@each(BROKEN)
def test_each_check_sees_broken_mathematics(
    wanted: str, apply: Break, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks.must_notice(monkeypatch, wanted, apply)


# ---------------------------------------------------------------- the steps


def test_steps_write_the_same_bytes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    displays = "matrix missed distance coverage saddles.md dynamics.md"
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        steps, knobs = (compute, check, plot), SMALL | {"seed": 3}
        files = run_steps(monkeypatch, steps, knobs, tmp_path / attempt, displays)
        made.append({name: path.read_bytes() for name, path in files.items()})
    assert made[0] == made[1]
    assert len(made[0]) == 3 + len(plot.DRAWINGS)


def test_figures_of_the_smallest_game(tmp_path: Path) -> None:
    arrays = results(LOWEST)
    for name, draw in plot.DRAWINGS.items():
        draw(arrays, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0


def test_table_shows_found_and_formula(tmp_path: Path) -> None:
    arrays = results(SMALL)
    arrays["found"][3, 1] = 99
    plot.write_saddles(arrays, tmp_path / "saddles.md")
    assert "| 3 | 1, 1, 1 | 6 | 12, 12 | 99, 18 |" in (tmp_path / "saddles.md").read_text()


def test_summary_holds_what_the_arrays_say() -> None:
    arrays, found = compute.compute(compute.Settings(**SMALL, seed=1))
    values = found["values"]
    assert values["pairs"]["value"] == arrays["pairs"].sum()
    assert values["saddles_found"]["value"] == sum([2, 3, 4, 6, 2, 3, 12, 18, 6, 9, 2, 3])
    assert values["matrix_saddles"]["value"] == 6
    assert values["reject_spread_exact_percent"]["value"] == pytest.approx(100 / (4**3 - 6))


def test_failed_check_stops_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = results(SMALL)
    arrays["formula"][0, 0] += 1
    artifacts.save_arrays(tmp_path / "a.npz", arrays)
    files = {"arrays": tmp_path / "a.npz", "checks": tmp_path / "k.json"}
    with pytest.raises(SystemExit, match=r"gan_game\.saddle-formula failed"):
        run_step(monkeypatch, check, SMALL, **files)
    assert not (tmp_path / "k.json").exists()
