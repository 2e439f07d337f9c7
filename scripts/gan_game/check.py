"""Exercise 4.1: the claims of the solution against enumeration, algebra and linear programs.

The formulas under test are those of scripts.gan_game.model and .dynamics; what they are compared
with comes from scripts.gan_game.brute_force, which knows only the definition of the game.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from scipy.optimize import linprog

from scripts.common import artifacts, command_line
from scripts.common.checks import Check, save_checks
from scripts.gan_game import brute_force, dynamics, model
from scripts.gan_game.brute_force import Game

Arrays = dict[str, NDArray[Any]]

FALSE_ALARM = 1e-6
"""Chance that a statistical check fails although the claim is true."""

LP_BOUND = 1e-6
"""HiGHS keeps each constraint to 1e-7, which moves E[n_x] by at most (m + d + K - 1) times that:
7e-7 for m <= 3, K <= 2."""

LP_LARGEST_M = 3


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of the exercise that its checks read."""

    largest_m: int = dataclasses.field(metadata={"help": "enumerate data sets of up to m images"})
    largest_k: int = dataclasses.field(metadata={"help": "and up to K images outside them"})
    dynamics_m: int = dataclasses.field(metadata={"help": "different images in the dynamics"})
    dynamics_k: int = dataclasses.field(metadata={"help": "dynamics for K = 0 to this"})
    dynamics_rounds: int = dataclasses.field(metadata={"help": "rounds of each run"})
    dynamics_trials: int = dataclasses.field(metadata={"help": "runs for each pair of tie rules"})


def every_game(largest_m: int, least_k: int, largest_k: int) -> list[Game]:
    """Return all games with m <= largest_m, least_k <= K <= largest_k, repetitions included."""
    return [
        brute_force.play(copies, outside)
        for m in range(1, largest_m + 1)
        for copies in sorted({_pattern(made) for made in itertools.product(range(m), repeat=m)})
        for outside in range(least_k, largest_k + 1)
    ]


def _pattern(data: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted((data.count(image) for image in set(data)), reverse=True))


# Each function below returns how many cases of one game contradict the claim.


def wrong_labels(game: Game) -> int:
    """Pairs where 'the labels follow the rule' and 'no labels do better' disagree."""
    rule = model.optimal_labels(game.genuine, game.generated)[:, None, :]
    follows = ((rule == model.EITHER) | (rule == game.labels)).all(axis=-1)
    return _count(follows != game.best_labels)


def wrong_least_loss(game: Game) -> int:
    """Generators whose least loss over all labels is not the sum of min(c_x, n_x)."""
    return _count(model.least_errors(game.genuine, game.generated) != game.errors.min(axis=1))


def wrong_distance(game: Game) -> int:
    """Generators where 1 - 2 (least loss) is not the largest gap over all sets of images."""
    gaps = np.abs((game.genuine - game.generated) @ game.labels.T).max(axis=1)
    distance = model.total_variation(game.genuine, game.generated)
    wrong_loss = game.errors.min(axis=1) != game.m - gaps
    return _count(wrong_loss | (np.abs(game.m * distance - gaps) > 1e-12))


def wrong_generator_replies(game: Game) -> int:
    """Pairs where 'all outputs accepted, or none could be' and 'no outputs do better' disagree."""
    claimed = model.is_generator_reply(game.generated[:, None, :], game.labels)
    return _count(claimed != game.best_outputs)


def wrong_generator_optima(game: Game) -> int:
    """Generators where 'permutation' and 'greatest least loss' disagree, or a value not 1/2."""
    least = game.errors.min(axis=1)
    claimed = model.is_permutation(game.genuine, game.generated)
    return _count(claimed != (least == least.max())) + _not_value(game, least.max())


def wrong_saddles(game: Game) -> int:
    """Pairs where the theorem and the definition of a saddle point disagree."""
    claimed = model.is_saddle(game.genuine, game.generated[:, None, :], game.labels)
    return _count(claimed != game.saddles)


def wrong_saddle_values(game: Game) -> int:
    """Saddle points at which the loss is not 1/2."""
    return sum(_not_value(game, errors) for errors in game.errors[game.saddles])


def wrong_safe_labels(game: Game) -> int:
    """Labels where the claimed and the true min-max optima disagree, their number, the value."""
    worst = game.errors.max(axis=0)
    optimal = worst == worst.min()
    wrong = _count(model.is_safe_labelling(game.genuine, game.labels) != optimal)
    wrong += optimal.sum() != model.safe_labelling_count(game.outside)
    return int(wrong) + _not_value(game, worst.min())


def wrong_permutations(game: Game) -> int:
    """Permutations to which some label is no best reply, or with other than 2^K + 1 saddles."""
    rows = game.orderings
    some_worse = ~game.best_labels[rows].all(axis=1)
    saddles = game.saddles[rows].sum(axis=1)
    return _count(some_worse | (saddles != model.safe_labelling_count(game.outside)))


def wrong_missed_loss(game: Game) -> int:
    """Generators missing k copies whose least loss is not 1/2 - k/(2m)."""
    missed = model.missed_copies(game.genuine, game.generated)
    return _count(game.errors.min(axis=1) + missed != 2 * game.m * model.VALUE)


def wrong_gain(game: Game) -> int:
    """Generators whose least gain against optimal labels is not as claimed, or below k/(2m)."""
    gain = np.where(game.best_labels, game.errors.max(axis=0) - game.errors, 3 * game.m)
    least = np.where(game.orderings, 0, gain.min(axis=1))
    missed = np.maximum(game.genuine - game.generated, 0).sum(axis=1)
    claimed = model.assured_gain(game.genuine, game.generated)
    return _count((least != claimed) | (least < missed) | ((least == 0) != game.orderings))


def wrong_reachability(game: Game) -> int:
    """Generators where the claim and a search through all best replies disagree."""
    reached = np.isfinite(brute_force.rounds_to_saddle(game))
    return _count(dynamics.saddle_reachable(game.genuine, game.generated) != reached)


def wrong_collapsed_mixture(game: Game) -> int:
    """Discriminators against which the mixture of single-image outputs does not give 1/2."""
    chance = model.collapsed_mixture([int(c) for c in game.genuine if c])
    rows = [game.outputs.tolist().index([image] * game.m) for image in range(len(chance))]
    expected = [
        sum((w * int(game.errors[row, f]) for w, row in zip(chance, rows, strict=True)), Fraction())
        for f in range(len(game.labels))
    ]
    return sum(errors != 2 * game.m * model.VALUE for errors in expected)


def wrong_acceptance(game: Game) -> int:
    """Acceptance probabilities in {0, 1/2, 1} where claimed and true optimality disagree.

    The expected errors are summed over all pure discriminators, each weighted with its chance.
    """
    size = len(game.genuine)
    halves = np.array(list(itertools.product((0, 1, 2), repeat=size)))
    chance = np.where(game.labels == 1, halves[:, None, :], 2 - halves[:, None, :]).prod(axis=-1)
    worst = (chance @ game.errors.T).max(axis=1)
    optimal = worst == 2**size * game.m
    return _count(model.is_optimal_acceptance(game.genuine, halves) != optimal)


def wrong_blind(game: Game) -> int:
    """Pairs that are no saddle point, or not worth 1/2, if f must be constant."""
    errors = game.errors[:, [0, -1]]
    saddle = (errors == errors.min(axis=1, keepdims=True)) & (errors == errors.max(axis=0))
    return _count(~saddle | (errors != 2 * game.m * model.VALUE))


def _count(mask: Any) -> int:
    return int(np.count_nonzero(mask))


def _not_value(game: Game, errors: int) -> int:
    return int(int(errors) != 2 * game.m * model.VALUE)


PER_GAME: tuple[tuple[str, str, str, Callable[[Game], int]], ...] = (
    (
        "labels",
        "lem-gan-labels",
        "For every generator, a discriminator has the least loss exactly if its labels follow the "
        "comparison of $n_x$ with $c_x$ (pairs that disagree).",
        wrong_labels,
    ),
    (
        "least-loss",
        "lem-gan-labels",
        "The least loss over all discriminators is the sum of $\\min(c_x, n_x)$ over $2m$ "
        "(generators that disagree).",
        wrong_least_loss,
    ),
    (
        "total-variation",
        "cor-gan-tv",
        "The least loss is $\\frac12(1-\\mathrm{TV})$, with TV the largest gap in frequency over "
        "all sets of images (generators that disagree).",
        wrong_distance,
    ),
    (
        "generator-replies",
        "prp-gan-reply",
        "Outputs are a best reply exactly if all are accepted or no image is, mode collapse "
        "included (pairs that disagree).",
        wrong_generator_replies,
    ),
    (
        "generator-optima",
        "prp-gan-copies",
        "The max-min optimal generators are exactly those with $n_x=c_x$, and the value is "
        "$\\frac12$ (cases that disagree).",
        wrong_generator_optima,
    ),
    (
        "safe-discriminators",
        "prp-gan-safe",
        "The min-max optimal discriminators are exactly the $2^K+1$ claimed ones, and the value "
        "is $\\frac12$ (cases that disagree).",
        wrong_safe_labels,
    ),
    (
        "saddles",
        "thm-gan-saddles",
        "A pair is a saddle point by the definition exactly if the theorem says so (pairs that "
        "disagree).",
        wrong_saddles,
    ),
    (
        "saddle-values",
        "thm-gan-saddles",
        "The loss at every saddle point is $\\frac12$ (saddle points where it is not).",
        wrong_saddle_values,
    ),
    (
        "permutations",
        "cor-gan-permutation",
        "Every discriminator is a best reply to a permutation, and $2^K+1$ of them make a saddle "
        "point with it (permutations that disagree).",
        wrong_permutations,
    ),
    (
        "missed-loss",
        "prp-gan-missed",
        "A generator that misses $k$ images lets the discriminator reach exactly "
        "$\\frac12-\\frac{k}{2m}$ (generators that disagree).",
        wrong_missed_loss,
    ),
    (
        "missed-gain",
        "prp-gan-missed",
        "Against every optimal discriminator it can then gain at least $\\frac{1}{2m}$ times its "
        "outputs with $n_x>c_x$, which number at least $k$, and no more in the worst case "
        "(generators that disagree).",
        wrong_gain,
    ),
    (
        "mixed-collapse",
        "prp-gan-collapse",
        "The mixture of $m$ copies of one random genuine image gives exactly $\\frac12$ against "
        "every discriminator, in rational arithmetic (discriminators that disagree).",
        wrong_collapsed_mixture,
    ),
    (
        "mixed-acceptance",
        "thm-gan-mixed",
        "Acceptance probabilities in $\\{0,\\frac12,1\\}$ are optimal exactly if equal on the "
        "data set and nowhere greater (mixed discriminators that disagree).",
        wrong_acceptance,
    ),
    (
        "blind",
        "prp-gan-blind",
        "If the discriminator must be constant, every pair is a saddle point with loss "
        "$\\frac12$ (pairs that are not).",
        wrong_blind,
    ),
)


def enumeration_checks(largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks that go through every pair of every game."""
    games = every_game(largest_m, 0, largest_k)
    cases = f" All data sets of $m\\le{largest_m}$ images, $K\\le{largest_k}$."
    return [
        Check(f"gan_game.{name}", claim, text + cases, "exhaustive", sum(map(wrong, games)), "=", 0)
        for name, claim, text, wrong in PER_GAME
    ]


def result_checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return the checks of the numbers that the table and the figures show."""
    return [
        Check(
            "gan_game.saddle-count",
            "tbl-gan-saddles",
            "The saddle points counted for the table and those of $m!\\,(2^K+1)/\\prod_x c_x!$ "
            "both equal the number found by a separate search (games that disagree).",
            "exhaustive",
            _wrong_counts(settings, arrays),
            "=",
            0,
        ),
        Check(
            "gan_game.loss-matrix",
            "fig-gan-matrix",
            "Every entry and every mark of the drawn loss matrix equals the one counted from the "
            "definition (entries that disagree).",
            "exhaustive",
            _wrong_entries(arrays),
            "=",
            0,
        ),
        Check(
            "gan_game.copies",
            "fig-gan-copies",
            "The drawn errors of both labels equal those of one genuine image and its copies, "
            "counted one by one (points that disagree).",
            "exhaustive",
            _wrong_costs(arrays),
            "=",
            0,
        ),
        Check(
            "gan_game.missed-range",
            "fig-gan-missed",
            "The drawn losses before and after the generator's reply are the extremes over all "
            "generators that miss $k$ images and all their optimal discriminators (numbers that "
            "disagree).",
            "exhaustive",
            _wrong_missed(settings, arrays),
            "=",
            0,
        ),
    ]


def _wrong_counts(settings: Settings, arrays: Arrays) -> int:
    wrong = 0
    for row, padded in enumerate(arrays["copies"]):
        copies = tuple(int(c) for c in padded if c)
        for outside in range(settings.largest_k + 1):
            truth = _count(brute_force.play(copies, outside).saddles)
            wrong += arrays["found"][row, outside] != truth
            wrong += arrays["formula"][row, outside] != truth
    games = len(every_game(settings.largest_m, 0, settings.largest_k))
    return int(wrong) + abs(games - arrays["found"].size)


def _wrong_entries(arrays: Arrays) -> int:
    game = brute_force.play((1, 1), 1)
    rows = [game.outputs.tolist().index(made) for made in arrays["matrix_outputs"].tolist()]
    columns = [game.labels.tolist().index(f) for f in arrays["matrix_labels"].tolist()]
    wrong = abs(len({*rows}) * len({*columns}) - game.errors.size)
    part = np.ix_(rows, columns)
    wrong += _count(arrays["matrix_errors"] != game.errors[part])
    return wrong + _count(arrays["matrix_saddles"] != game.saddles[part])


def _wrong_costs(arrays: Arrays) -> int:
    wrong = 0
    for number, rejected, accepted in zip(
        arrays["label_copies"], arrays["label_rejected"], arrays["label_accepted"], strict=True
    ):
        labels = [1, *[0] * int(number)]  # the genuine image, then its generated copies
        wrong += rejected != sum(y != 0 for y in labels)
        wrong += accepted != sum(y != 1 for y in labels)
    return int(wrong)


def _wrong_missed(settings: Settings, arrays: Arrays) -> int:
    game = brute_force.play((1,) * max(settings.largest_m, 2), max(settings.largest_k, 1))
    missed = np.array([game.m - len({*made} & {*game.data}) for made in game.outputs.tolist()])
    replies = np.broadcast_to(game.errors.max(axis=0), game.errors.shape)
    wrong = 0
    for k in range(game.m + 1):
        optimal = game.best_labels & (missed == k)[:, None]
        truth = [game.errors[optimal].min(), replies[optimal].min(), replies[optimal].max()]
        names = ("missed_least", "missed_reply_low", "missed_reply_high")
        wrong += truth != [arrays[name][k] for name in names]
    return wrong


def symbolic_checks() -> list[Check]:
    """Return the identities that hold for any number of copies, proved with SymPy."""
    a, b, s = sympy.symbols("a b s", nonnegative=True)
    cost = model.image_errors
    residues: list[Any] = []
    for c, n in ((a, a + s), (a + s, a)):
        best = sympy.Min(cost(c, n, 0), cost(c, n, 1))
        residues += [best - (c + n - sympy.Abs(c - n)) / 2, cost(c, n, 1) - cost(c, n, 0) - n + c]
    c1, c2 = sympy.symbols("c1 c2", nonnegative=True)
    before = cost(c1, a, 0) + cost(c2, b, 1)
    after = cost(c1, a - 1, 0) + cost(c2, b + 1, 1)
    return [
        Check(
            "gan_game.image-identity",
            "cor-gan-tv",
            "For any $c, n\\ge0$ label 1 costs $n-c$ errors more than label 0, and the cheaper one "
            "costs $\\frac12(c+n-|c-n|)$ (identities that do not reduce to 0).",
            "symbolic",
            sum(sympy.simplify(residue) != 0 for residue in residues),
            "=",
            0,
        ),
        Check(
            "gan_game.one-move",
            "lem-gan-move",
            "Moving one output from a rejected to an accepted image adds this number of errors, "
            "whatever the copies.",
            "symbolic",
            float(sympy.simplify(after - before)),
            "=",
            1,
        ),
    ]


def dynamics_checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return the exact checks of the best-response dynamics."""
    m, largest_k = settings.dynamics_m, max(settings.largest_k, 1)
    closed = every_game(settings.largest_m, 0, 0)
    opened = every_game(settings.largest_m, 1, largest_k)
    slowest = max(float(brute_force.rounds_to_saddle(game).max()) for game in opened)
    coverage = arrays["coverage"]
    alternating = coverage[0, 0, 2]
    reached = arrays["reached"]
    impossible = [reached[0], reached[:, :, 0]]
    return [
        Check(
            "gan_game.dynamics-closed",
            "thm-gan-dynamics",
            "A search through all best replies, whatever the ties, meets a saddle point from the "
            f"permutations only (generators that disagree, $m\\le{settings.largest_m}$, $K=0$).",
            "exhaustive",
            sum(map(wrong_reachability, closed)),
            "=",
            0,
        ),
        Check(
            "gan_game.dynamics-open",
            "prp-gan-ties",
            "With $K\\ge1$ the same search meets one from every generator; rounds needed in the "
            f"worst case ($m\\le{settings.largest_m}$, $1\\le K\\le{largest_k}$).",
            "exhaustive",
            slowest,
            "<=",
            dynamics.ROUNDS_TO_SADDLE,
        ),
        Check(
            "gan_game.dynamics-never",
            "thm-gan-dynamics",
            "No simulated run met a saddle point with $K=0$, or with a generator that collapses "
            "(largest share of runs that did).",
            "numerical",
            float(max(share.max() for share in impossible)),
            "=",
            0,
        ),
        Check(
            "gan_game.dynamics-coverage-bound",
            "thm-gan-dynamics",
            "After every round of every simulated run with $K=0$ a genuine image is missing (most "
            "images output).",
            "numerical",
            round(float(arrays["coverage_most"][0, ..., 1:].max()) * m),
            "<=",
            m - 1,
        ),
        Check(
            "gan_game.dynamics-alternation",
            "prp-gan-ties",
            "With $K=0$, ties rejected and outputs spread, successive mean coverages add up to 1 "
            "(largest deviation; the bound is the rounding of a mean over the runs).",
            "numerical",
            float(np.abs(alternating[1:] + alternating[:-1] - 1).max()),
            "<=",
            settings.dynamics_trials * 2.0**-51,
        ),
        Check(
            "gan_game.dynamics-accepting",
            "prp-gan-ties",
            "With $K=1$, ties accepted and outputs spread, two rounds lead to a permutation from "
            f"every start with one excess image, $2\\le m\\le{max(settings.largest_m, 2)}$ (starts "
            "where they do not).",
            "exhaustive",
            sum(map(_slow_starts, range(2, max(settings.largest_m, 2) + 1))),
            "=",
            0,
        ),
        Check(
            "gan_game.dynamics-rejecting",
            "prp-gan-ties",
            "The exact chance of a saddle when ties are rejected equals that of the Markov chain "
            "(largest deviation; the bound is the rounding of its matrix products).",
            "numerical",
            _rejecting_deviation(settings),
            "<=",
            settings.dynamics_rounds * 2.0**-40,
        ),
    ]


def _slow_starts(m: int) -> int:
    """Return the starts with one genuine image in excess from which two rounds do not suffice."""
    game = brute_force.play((1,) * m, 1)
    excess = (game.generated[:, :m] > 1).sum(axis=1)
    starts = game.generated[(excess == 1) & (game.generated[:, m] == 0)]
    random = np.random.default_rng(0)  # decides nothing: there is no remainder to share out
    runs = dynamics.run(game.genuine, starts, ("accept", "spread"), 2, random)
    return _count(~runs.reached[:, 2] | (runs.coverage[:, 2] < 1))


def _rejecting_deviation(settings: Settings) -> float:
    m = settings.dynamics_m
    return max(
        abs(
            brute_force.chain(m, outside, "reject", rule).expected(settings.dynamics_rounds)[1]
            - float(dynamics.rejecting_ties_reaches(m, outside, rule))
        )
        for outside in range(settings.dynamics_k + 1)
        for rule in dynamics.GENERATOR_RULES
    )


def statistical_checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return the checks of the simulated means against the exact chain.

    Each simulated mean is an average of independent numbers in [0, 1], so Hoeffding's inequality
    bounds its deviation; the level is shared among all that are compared.
    """
    shares, covers = [], []
    for outside, (i, accepting), (j, sharing) in itertools.product(
        range(settings.dynamics_k + 1),
        enumerate(dynamics.DISCRIMINATOR_RULES),
        enumerate(dynamics.GENERATOR_RULES),
    ):
        exact = brute_force.chain(settings.dynamics_m, outside, accepting, sharing)
        mean, chance = exact.expected(settings.dynamics_rounds)
        shares.append(abs(arrays["reached"][outside, i, j, -1] - chance))
        covers.extend(np.abs(arrays["coverage"][outside, i, j] - mean))
    return [
        Check(
            f"gan_game.dynamics-{name}",
            claim,
            f"{text} (largest deviation over {len(found)} means of {settings.dynamics_trials} "
            "runs; Hoeffding's bound, false alarm $10^{-6}$ in all).",
            "statistical",
            float(max(found)),
            "<=",
            math.sqrt(math.log(2 * len(found) / FALSE_ALARM) / (2 * settings.dynamics_trials)),
        )
        for name, claim, text, found in (
            (
                "frequencies",
                "tbl-gan-dynamics",
                "The simulated frequencies of saddle points agree with the exact Markov chain",
                shares,
            ),
            (
                "coverage",
                "fig-gan-coverage",
                "The simulated mean coverage of every round agrees with the exact Markov chain",
                covers,
            ),
        )
    ]


def program_checks(largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks of the mixed equilibria by linear programming (HiGHS)."""
    m = min(largest_m, LP_LARGEST_M)
    games = every_game(m, 0, largest_k)
    value = max(_value_deviation(game) for game in games)
    marginal = max(_marginal_deviation(game) for game in games)
    cases = f" ($m\\le{m}$, $K\\le{largest_k}$; the bound is what the solver's tolerance allows)."
    return [
        Check(
            "gan_game.mixed-value",
            "thm-gan-mixed",
            "Linear programs over all mixed generators and over all mixed discriminators both "
            f"give the value $\\frac12$: largest deviation{cases}",
            "numerical",
            value,
            "<=",
            LP_BOUND,
        ),
        Check(
            "gan_game.mixed-marginals",
            "thm-gan-mixed",
            "The least and the greatest $\\mathbb{E}[n_x]$ among all optimal mixed generators are "
            f"both $c_x$: largest deviation{cases}",
            "numerical",
            marginal,
            "<=",
            LP_BOUND,
        ),
    ]


def _value_deviation(game: Game) -> float:
    loss = game.errors / (2 * game.m)
    best_mixture = -_optimum(-loss.T)
    best_labels = _optimum(loss)
    return max(abs(best_mixture - float(model.VALUE)), abs(best_labels - float(model.VALUE)))


def _optimum(loss: NDArray[np.float64]) -> float:
    """Return the least v such that some mixture of columns keeps every row at most v."""
    rows, columns = loss.shape
    result = linprog(
        [*[0.0] * columns, 1.0],
        A_ub=np.hstack([loss, -np.ones((rows, 1))]),
        b_ub=np.zeros(rows),
        A_eq=[[*[1.0] * columns, 0.0]],
        b_eq=[1.0],
        bounds=[*[(0, None)] * columns, (None, None)],
        method="highs",
    )
    return float(result.fun)


def _marginal_deviation(game: Game) -> float:
    """Return how far E[n_x] of an optimal mixed generator can be from the claim."""
    copies = [int(c) for c in game.genuine if c]
    claimed = model.equilibrium_outputs(copies, game.outside)
    extremes = [
        sign
        * linprog(
            sign * game.generated[:, image],
            A_ub=-game.errors.T,
            b_ub=np.full(len(game.labels), -game.m),
            A_eq=np.ones((1, len(game.outputs))),
            b_eq=[1.0],
            method="highs",
        ).fun
        - claimed[image]
        for image in range(len(claimed))
        for sign in (1, -1)
    ]
    return float(np.abs(extremes).max())


def checks(settings: Settings, arrays: Arrays) -> list[Check]:
    """Return every check of the exercise."""
    return [
        *enumeration_checks(settings.largest_m, settings.largest_k),
        *result_checks(settings, arrays),
        *symbolic_checks(),
        *dynamics_checks(settings, arrays),
        *statistical_checks(settings, arrays),
        *program_checks(settings.largest_m, settings.largest_k),
    ]


def main() -> None:
    """Read the command line, check, write the records (or stop at a failure)."""
    settings, files = command_line.parse(
        __doc__, Settings, inputs=("arrays", "summary"), outputs=("checks",)
    )
    save_checks(files.checks, checks(settings, artifacts.load_arrays(files.arrays)))


if __name__ == "__main__":
    main()
