"""Exercise 4.1, checks of the best-response dynamics from every start of every small game."""

from __future__ import annotations

import numpy as np

from scripts.common.checks import Check
from scripts.gan_game import brute_force, dynamics
from scripts.gan_game.brute_force import Game
from scripts.gan_game.checks_game import count, every_game


def wrong_reachability(game: Game) -> int:
    """Generators where the claim and a search through all best responses disagree."""
    reached = np.isfinite(brute_force.rounds_to_saddle(game))
    return count(dynamics.saddle_reachable(game.genuine, game.generated) != reached)


def checks(largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks that go through every start of every small game."""
    closed = every_game(largest_m, 0, 0)
    opened = every_game(largest_m, 1, max(largest_k, 1))
    most = max(largest_m, 2)
    slowest = max(float(brute_force.rounds_to_saddle(game).max()) for game in opened)
    return [
        Check(
            id="gan_game.dynamics-closed",
            claim="thm-gan-dynamics",
            statement="A search through all best responses, whatever the ties, meets a saddle "
            "point from the permutations only (generators that disagree, "
            f"$m\\le{largest_m}$, $K=0$).",
            method="exhaustive",
            value=sum(map(wrong_reachability, closed)),
        ),
        Check(
            id="gan_game.dynamics-open",
            claim="prp-gan-ties",
            statement="With $K\\ge1$ the same search meets one from every generator; rounds "
            f"needed in the worst case ($m\\le{largest_m}$, $1\\le K\\le{max(largest_k, 1)}$).",
            method="exhaustive",
            value=slowest,
            at_most=dynamics.ROUNDS_TO_SADDLE,
        ),
        Check(
            id="gan_game.dynamics-alternation",
            claim="prp-gan-ties",
            statement="With $K=0$, ties rejected and outputs spread, the images output after a "
            "round are exactly those not output before it, from every start that is no "
            f"permutation, $2\\le m\\le{most}$ (starts where they are not).",
            method="exhaustive",
            value=sum(map(_not_alternating, range(2, most + 1))),
        ),
        Check(
            id="gan_game.dynamics-accepting",
            claim="prp-gan-ties",
            statement="With $K=1$, ties accepted and outputs spread, two rounds lead to a "
            f"permutation from every start with one excess image, $2\\le m\\le{most}$ (starts "
            "where they do not).",
            method="exhaustive",
            value=sum(map(_slow_starts, range(2, most + 1))),
        ),
    ]


def _not_alternating(m: int) -> int:
    """Return the starts whose images are not the complement of those output a round later."""
    game = brute_force.play((1,) * m, 0)
    starts = game.generated[~game.orderings]
    random = np.random.default_rng(0)  # decides who gets one more copy, not who gets any
    labels = dynamics.discriminator_response(game.genuine, starts, "reject", random)
    made = dynamics.generator_response(labels, m, "spread", random)
    return count(((made > 0) == (starts > 0)).any(axis=1))


def _slow_starts(m: int) -> int:
    """Return the starts with one genuine image in excess from which two rounds do not suffice."""
    game = brute_force.play((1,) * m, 1)
    excess = (game.generated[:, :m] > 1).sum(axis=1)
    starts = game.generated[(excess == 1) & (game.generated[:, m] == 0)]
    random = np.random.default_rng(0)  # decides nothing: there is no remainder to share out
    runs = dynamics.run(game.genuine, starts, ("accept", "spread"), 2, random)
    return count(~runs.reached[:, 2] | (runs.coverage[:, 2] < 1))
