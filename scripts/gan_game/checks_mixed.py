"""Exercise 4.1, checks of the mixed equilibria by linear programming (HiGHS)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from scripts.common.arrays import Floats
from scripts.common.checks import Check
from scripts.gan_game import model
from scripts.gan_game.brute_force import Game
from scripts.gan_game.checks_game import every_game

LP_BOUND = 1e-6
"""HiGHS keeps each constraint to 1e-7, which moves E[n_x] by at most (m + d + K - 1) times that:
8e-7 for m <= 3, K <= 3."""

LP_LARGEST_M = 3


def checks(largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks of the mixed equilibria by linear programming (HiGHS)."""
    m = min(largest_m, LP_LARGEST_M)
    games = every_game(m, 0, largest_k)
    value = max(_value_deviation(game) for game in games)
    marginal = max(_marginal_deviation(game) for game in games)
    cases = f" ($m\\le{m}$, $K\\le{largest_k}$; the bound is what the solver's tolerance allows)."
    return [
        Check(
            id="gan_game.mixed-value",
            claim="thm-gan-mixed",
            statement="Linear programs over all mixed generators and over all mixed "
            f"discriminators both give the value $\\frac12$: largest deviation{cases}",
            method="numerical",
            value=value,
            at_most=LP_BOUND,
        ),
        Check(
            id="gan_game.mixed-marginals",
            claim="thm-gan-mixed",
            statement="The least and the greatest $\\mathbb{E}[n_x]$ among all optimal mixed "
            f"generators are both $c_x$: largest deviation{cases}",
            method="numerical",
            value=marginal,
            at_most=LP_BOUND,
        ),
    ]


def _value_deviation(game: Game) -> float:
    loss = game.errors / (2 * game.m)
    best_mixture = -_optimum(-loss.T)
    best_labels = _optimum(loss)
    return max(abs(best_mixture - float(model.VALUE)), abs(best_labels - float(model.VALUE)))


def _optimum(loss: Floats) -> float:
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
