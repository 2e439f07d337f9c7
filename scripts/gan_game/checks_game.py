"""Exercise 4.1, checks of the game itself: every pair of every small game.

The formulas under test are those of scripts.gan_game.model; what they are compared with comes
from scripts.gan_game.brute_force, which knows only the definition of the game.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from scripts.common.checks import Check
from scripts.gan_game import brute_force, model
from scripts.gan_game.brute_force import Game


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


def count(mask: Any) -> int:
    """Return how many entries of a mask are true."""
    return int(np.count_nonzero(mask))


# Each function below returns how many cases of one game contradict the claim.


def wrong_loss(game: Game) -> int:
    """Pairs whose errors, summed image by image, are not those counted example by example."""
    found = model.error_counts(game.genuine, game.generated[:, None, :], game.labels)
    return count(found != game.errors)


def wrong_labels(game: Game) -> int:
    """Pairs where 'the labels follow the rule' and 'no labels do better' disagree."""
    rule = model.optimal_labels(game.genuine, game.generated)[:, None, :]
    follows = ((rule == model.EITHER) | (rule == game.labels)).all(axis=-1)
    return count(follows != game.best_labels)


def wrong_least_loss(game: Game) -> int:
    """Generators whose least loss over all labels is not the sum of min(c_x, n_x)."""
    return count(model.least_errors(game.genuine, game.generated) != game.errors.min(axis=1))


def wrong_distance(game: Game) -> int:
    """Generators where 1 - 2 (least loss) is not the largest gap over all sets of images."""
    gaps = np.abs((game.genuine - game.generated) @ game.labels.T).max(axis=1)
    distance = model.total_variation(game.genuine, game.generated)
    wrong_loss = game.errors.min(axis=1) != game.m - gaps
    return count(wrong_loss | (np.abs(game.m * distance - gaps) > 1e-12))


def wrong_generator_responses(game: Game) -> int:
    """Pairs where 'all outputs accepted, or none could be' and 'no outputs do better' disagree."""
    claimed = model.is_generator_response(game.generated[:, None, :], game.labels)
    return count(claimed != game.best_outputs)


def wrong_generator_optima(game: Game) -> int:
    """Generators where 'permutation' and 'greatest least loss' disagree, or a value not 1/2."""
    least = game.errors.min(axis=1)
    claimed = model.is_permutation(game.genuine, game.generated)
    return count(claimed != (least == least.max())) + _not_value(game, least.max())


def wrong_saddles(game: Game) -> int:
    """Pairs where the theorem and the definition of a saddle point disagree."""
    claimed = model.is_saddle(game.genuine, game.generated[:, None, :], game.labels)
    return count(claimed != game.saddles)


def wrong_saddle_values(game: Game) -> int:
    """Saddle points at which the loss is not 1/2."""
    return sum(_not_value(game, errors) for errors in game.errors[game.saddles])


def wrong_safe_labels(game: Game) -> int:
    """Labels where the claimed and the true min-max optima disagree, their number, the value."""
    worst = game.errors.max(axis=0)
    optimal = worst == worst.min()
    wrong = count(model.is_safe_labelling(game.genuine, game.labels) != optimal)
    wrong += optimal.sum() != model.safe_labelling_count(game.outside)
    return int(wrong) + _not_value(game, worst.min())


def wrong_permutations(game: Game) -> int:
    """Permutations to which some label is no best response, or with other than 2^K + 1 saddles."""
    rows = game.orderings
    some_worse = ~game.best_labels[rows].all(axis=1)
    saddles = game.saddles[rows].sum(axis=1)
    return count(some_worse | (saddles != model.safe_labelling_count(game.outside)))


def wrong_missed_loss(game: Game) -> int:
    """Generators missing k copies whose least loss is not 1/2 - k/(2m)."""
    missed = model.missed_copies(game.genuine, game.generated)
    return count(game.errors.min(axis=1) + missed != 2 * game.m * model.VALUE)


def wrong_gain(game: Game) -> int:
    """Generators whose least gain against optimal labels is not as claimed, or below k/(2m)."""
    gain = np.where(game.best_labels, game.errors.max(axis=0) - game.errors, 3 * game.m)
    least = np.where(game.orderings, 0, gain.min(axis=1))
    missed = np.maximum(game.genuine - game.generated, 0).sum(axis=1)
    claimed = model.assured_gain(game.genuine, game.generated)
    return count((least != claimed) | (least < missed) | ((least == 0) != game.orderings))


def wrong_collapsed_mixture(game: Game) -> int:
    """Discriminators against which the mixture of single-image outputs does not give 1/2."""
    chance = model.collapsed_mixture([int(c) for c in game.genuine if c])
    rows = [game.outputs.tolist().index([image] * game.m) for image in range(len(chance))]
    expected = [
        sum((w * int(game.errors[row, f]) for w, row in zip(chance, rows, strict=True)), Fraction())
        for f in range(len(game.labels))
    ]
    return sum(errors != 2 * game.m * model.VALUE for errors in expected)


def wrong_seen_collapse(game: Game) -> int:
    """Genuine images x whose m copies, seen first, do not cost half the chance to draw x."""
    chance = model.collapsed_mixture([int(c) for c in game.genuine if c])
    rows = [game.outputs.tolist().index([image] * game.m) for image in range(len(chance))]
    least = [int(game.errors[row].min()) for row in rows]
    return sum(e != 2 * game.m * w / 2 for e, w in zip(least, chance, strict=True))


def wrong_acceptance(game: Game) -> int:
    """Acceptance probabilities in {0, 1/2, 1} where claimed and true optimality disagree.

    The expected errors are summed over all pure discriminators, each weighted with its chance.
    """
    size = len(game.genuine)
    halves = np.array(list(itertools.product((0, 1, 2), repeat=size)))
    chance = np.where(game.labels == 1, halves[:, None, :], 2 - halves[:, None, :]).prod(axis=-1)
    worst = (chance @ game.errors.T).max(axis=1)
    optimal = worst == 2**size * game.m
    return count(model.is_optimal_acceptance(game.genuine, halves) != optimal)


def wrong_blind(game: Game) -> int:
    """Pairs that are no saddle point, or not worth 1/2, if f must be constant."""
    errors = game.errors[:, [0, -1]]
    saddle = (errors == errors.min(axis=1, keepdims=True)) & (errors == errors.max(axis=0))
    return count(~saddle | (errors != 2 * game.m * model.VALUE))


def _not_value(game: Game, errors: int) -> int:
    return int(int(errors) != 2 * game.m * model.VALUE)


PER_GAME: tuple[tuple[str, str, str, Callable[[Game], int]], ...] = (
    (
        "loss",
        "eq-gan-loss",
        "The errors summed image by image are those counted example by example, for every "
        "generator and discriminator (pairs that disagree).",
        wrong_loss,
    ),
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
        "lem-gan-labels",
        "The least loss is $\\frac12(1-\\mathrm{TV})$, with TV the largest gap in frequency over "
        "all sets of images (generators that disagree).",
        wrong_distance,
    ),
    (
        "generator-responses",
        "prp-gan-reply",
        "Outputs are a best response exactly if all are accepted or no image is, mode collapse "
        "included (pairs that disagree).",
        wrong_generator_responses,
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
        "Every discriminator is a best response to a permutation, and $2^K+1$ of them make a "
        "saddle point with it (permutations that disagree).",
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
        "collapse-seen",
        "prp-gan-collapse",
        "A discriminator that sees the $m$ copies of $x$ first reaches half the chance with which "
        "$x$ is drawn, $\\frac{c_x}{2m}$ (images where it does not).",
        wrong_seen_collapse,
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


def checks(largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks that go through every pair of every game."""
    games = every_game(largest_m, 0, largest_k)
    cases = f" All data sets of $m\\le{largest_m}$ images, $K\\le{largest_k}$."
    return [
        Check(
            id=f"gan_game.{name}",
            claim=claim,
            statement=text + cases,
            method="exhaustive",
            value=sum(map(wrong, games)),
        )
        for name, claim, text, wrong in PER_GAME
    ]
