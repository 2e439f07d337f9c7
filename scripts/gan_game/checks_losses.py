"""Exercise 4.1, checks of the logarithmic loss and of discriminators of limited slope.

What the formulas are compared with: a search over a grid of labels, SciPy's Jensen-Shannon
distance, the definition of a saddle point, and linear programs (HiGHS) over all discriminators.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon

from scripts.common.arrays import Arrays, Floats, Ints
from scripts.common.checks import Check
from scripts.gan_game import losses, model
from scripts.gan_game.brute_force import Game
from scripts.gan_game.checks_game import count, every_game

LP_BOUND = 1e-6
"""HiGHS keeps each constraint to 1e-7; a loss is an average of numbers that are so constrained."""

ROUNDING = 1e-13
"""At most 14 terms below 6 with a few roundings each, m <= 4, K <= 3; unequal losses differ by
more."""

SLOPES = (0.25, 1.0, 4.0)
"""One below, one within and one above the reciprocal distances of POINTS."""

POINTS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 1.0], [1.0, 0.5]])
"""Where the images lie; the first m are genuine. No two distances between them need agree."""


def checks(arrays: Arrays, largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks of both other losses."""
    games = every_game(largest_m, 0, largest_k)
    cases = f" All data sets of $m\\le{largest_m}$ images, $K\\le{largest_k}$."
    return [
        *_log_checks(games, largest_m, cases),
        Check(
            id="gan_game.signal",
            claim="prp-gan-signal",
            statement="The least zero-one loss and the least logarithmic loss over all "
            "discriminators are what the genuine images alone give, whatever is output off the "
            f"data set (generators that disagree).{cases}",
            method="exhaustive",
            value=sum(map(_wrong_signal, games)),
        ),
        *_slope_checks(arrays),
    ]


def _log_checks(games: list[Game], largest_m: int, cases: str) -> list[Check]:
    return [
        Check(
            id="gan_game.log-labels",
            claim="thm-gan-log",
            statement="Among the labels $0, \\frac1N, \\dots, 1$, with $N$ divisible by every "
            "$c+n$, the term $-c\\log f-n\\log(1-f)$ is least at $f=c/(c+n)$ alone, with the value "
            f"claimed (pairs $c,n\\le{largest_m}$ that disagree).",
            method="exhaustive",
            value=_wrong_log_labels(largest_m),
        ),
        Check(
            id="gan_game.log-loss",
            claim="thm-gan-log",
            statement="The least logarithmic loss is $\\log2-\\mathrm{JSD}$, with SciPy's "
            f"Jensen-Shannon distance: largest deviation (the bound is rounding).{cases}",
            method="numerical",
            value=max(map(_log_deviation, games)),
            at_most=ROUNDING,
        ),
        Check(
            id="gan_game.log-bound",
            claim="thm-gan-log",
            statement="The least logarithmic loss is at least $2\\log2$ times the least zero-one "
            f"loss, with equality exactly where claimed (generators that disagree).{cases}",
            method="exhaustive",
            value=sum(map(_wrong_log_bound, games)),
        ),
        Check(
            id="gan_game.log-saddles",
            claim="thm-gan-log",
            statement="With a best response of the discriminator, free labels in "
            "$\\{0,\\frac14,\\frac12,\\frac34\\}$, the generator cannot gain exactly if the "
            f"theorem says so (pairs that disagree).{cases}",
            method="exhaustive",
            value=sum(map(_wrong_log_saddles, games)),
        ),
    ]


def _grid_losses(genuine: int, generated: int, labels: Floats) -> Floats:
    """Return the loss of one image for each label, a count of 0 costing nothing."""
    with np.errstate(divide="ignore"):
        costs = [(genuine, -np.log(labels)), (generated, -np.log(1 - labels))]
    total: Floats = np.sum([number * cost for number, cost in costs if number], axis=0)
    return total


def _wrong_log_labels(largest_m: int) -> int:
    parts = math.lcm(*range(1, 2 * largest_m + 1))
    labels = np.arange(parts + 1) / parts
    wrong = 0
    for c, n in itertools.product(range(largest_m + 1), repeat=2):
        if c + n:
            found = _grid_losses(c, n, labels)
            claimed = float(losses.log_acceptance(np.array([c]), np.array([n]))[0])
            wrong += int(found.argmin()) != round(parts * claimed)
            wrong += abs(float(found.min()) - float(losses.log_term(c, n))) > ROUNDING
    return wrong


def _log_deviation(game: Game) -> float:
    divergences = [
        jensenshannon(game.genuine / game.m, made / game.m) ** 2 for made in game.generated
    ]
    least = losses.least_log_loss(game.genuine, game.generated)
    return float(np.abs(least - (math.log(2) - np.array(divergences))).max())


def _wrong_log_bound(game: Game) -> int:
    excess = losses.least_log_loss(game.genuine, game.generated) - math.log(2) * (
        game.errors.min(axis=1) / game.m
    )
    tight = losses.least_is_tight(game.genuine, game.generated)
    return count((excess < -ROUNDING) | (tight != (np.abs(excess) <= ROUNDING)))


def _wrong_log_saddles(game: Game) -> int:
    """Pairs of a generator and a best response where the claim and the definition disagree."""
    wrong = 0
    for made in np.unique(game.generated, axis=0):
        occurs = game.genuine + made > 0
        fixed = game.genuine / np.maximum(game.genuine + made, 1)
        for free in itertools.product((0, 0.25, 0.5, 0.75), repeat=count(~occurs)):
            acceptance = np.array(fixed)
            acceptance[~occurs] = free
            # An output gains -log(1 - f), so no other output may find a greater f than it has.
            stays = acceptance[made > 0].min() == acceptance.max()
            wrong += stays != bool(losses.is_log_saddle(game.genuine, made, acceptance))
    return wrong


def _wrong_signal(game: Game) -> int:
    inside = game.genuine > 0
    genuine, generated = game.genuine[inside], game.generated[:, inside]
    wrong = count(game.errors.min(axis=1) != model.least_errors(genuine, generated))
    inside_alone = losses.least_log_loss(genuine, generated)
    divergences = [
        jensenshannon(game.genuine / game.m, made / game.m) ** 2 for made in game.generated
    ]
    return wrong + count(np.abs(math.log(2) - np.array(divergences) - inside_alone) > ROUNDING)


def _slope_checks(arrays: Arrays) -> list[Check]:
    many = f"$m\\le3$ genuine among {len(POINTS)} images in the plane, {len(SLOPES)} slopes"
    return [
        Check(
            id="gan_game.slope-duality",
            claim="thm-gan-slope",
            statement="The least loss over all discriminators of limited slope, by a linear "
            f"program, is what the pairings give: largest deviation, every generator, {many} (the "
            "bound is what the solver's tolerance allows).",
            method="numerical",
            value=max(_slope_deviation(m, slope) for m in (1, 2, 3) for slope in SLOPES),
            at_most=LP_BOUND,
        ),
        Check(
            id="gan_game.slope-saddles",
            claim="thm-gan-slope",
            statement="An admissible $f$ with values in $\\{0,\\frac12,1\\}$ and a generator are a "
            "saddle point among all admissible discriminators (linear program) exactly if the "
            f"theorem says so (pairs that disagree, {many}).",
            method="exhaustive",
            value=sum(_wrong_slope_saddles(m, slope) for m in (1, 2, 3) for slope in SLOPES),
        ),
        Check(
            id="gan_game.distance",
            claim="fig-gan-distance",
            statement="Every drawn loss is what a linear program over the discriminators gives, "
            "and without a limit what counting gives: largest deviation.",
            method="numerical",
            value=_drawn_deviation(arrays),
            at_most=LP_BOUND,
        ),
    ]


def _least_loss(points: Floats, genuine: Ints, generated: Ints, slope: float) -> float:
    """Return the least loss of all f from `points` to [0, 1] of the given slope at most."""
    size, m = len(points), int(genuine.sum())
    pairs = list(itertools.permutations(range(size), 2))
    rises = np.zeros((len(pairs), size))
    for row, (upper, lower) in enumerate(pairs):
        rises[row, upper], rises[row, lower] = 1, -1
    lengths = [math.dist(points[a], points[b]) for a, b in pairs]
    result = linprog(
        generated - genuine,
        A_ub=rises,
        b_ub=slope * np.array(lengths),
        bounds=(0, 1),
        method="highs",
    )
    return 1 / 2 + float(result.fun) / (2 * m)


def _generators(m: int) -> list[tuple[int, ...]]:
    return list(itertools.combinations_with_replacement(range(len(POINTS)), m))


def _data(m: int) -> Ints:
    return (np.arange(len(POINTS)) < m).astype(np.int64)


def _made(outputs: tuple[int, ...]) -> Ints:
    return np.bincount(outputs, minlength=len(POINTS))


def _slope_deviation(m: int, slope: float) -> float:
    return max(
        abs(
            _least_loss(POINTS, _data(m), _made(outputs), slope)
            - losses.slope_loss(POINTS[:m], POINTS[list(outputs)], slope)
        )
        for outputs in _generators(m)
    )


def _wrong_slope_saddles(m: int, slope: float) -> int:
    genuine = _data(m)
    lengths = np.linalg.norm(POINTS[:, None] - POINTS[None], axis=-1)
    labels = np.array(list(itertools.product((0, 0.5, 1), repeat=len(POINTS))))
    rises = np.abs(labels[:, :, None] - labels[:, None, :])
    labels = labels[(rises <= slope * lengths).all(axis=(1, 2))]
    worst = labels.max(axis=1)  # a generator puts all outputs where f is greatest
    wrong = 0
    for outputs in _generators(m):
        made = _made(outputs)
        gains = labels @ made / m
        loss = (1 - labels @ genuine / m + gains) / 2
        least = _least_loss(POINTS, genuine, made, slope)
        saddle = (gains == worst) & (loss - least <= LP_BOUND)
        wrong += count(losses.is_slope_saddle(genuine, made, labels) != saddle)
    return wrong


def _drawn_deviation(arrays: Arrays) -> float:
    worst = 0.0
    for column, distance in enumerate(arrays["distance_steps"]):
        points = np.array([[0.0], [1.0], [1.0 + distance]])
        outputs = np.array([1, 0, 1])
        for row, slope in enumerate(arrays["distance_slopes"]):
            truth = _least_loss(points, np.array([1, 1, 0]), outputs, float(slope))
            worst = max(worst, abs(arrays["distance_loss"][row, column] - truth))
        missed = int(distance > 0)
        worst = max(worst, abs(arrays["distance_any"][column] - (2 - missed) / 4))
    return worst
