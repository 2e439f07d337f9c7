"""Exercise 4.1, checks of the numbers that its tables and figures show."""

from __future__ import annotations

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.gan_game import brute_force
from scripts.gan_game.checks_game import count, every_game


def checks(arrays: Arrays, largest_m: int, largest_k: int) -> list[Check]:
    """Return the checks of the numbers that the table and the figures show."""
    return [
        Check(
            id="gan_game.saddle-count",
            claim="tbl-gan-saddles",
            statement="The saddle points counted for the table number as many as a separate search "
            "finds (games that disagree).",
            method="exhaustive",
            value=_wrong_counts(arrays, "found", largest_m, largest_k),
        ),
        Check(
            id="gan_game.saddle-formula",
            claim="prp-gan-repeated",
            statement="$m!\\,(2^K+1)/\\prod_x c_x!$ saddle points are found by that search (games "
            "that disagree).",
            method="exhaustive",
            value=_wrong_counts(arrays, "formula", largest_m, largest_k),
        ),
        Check(
            id="gan_game.loss-matrix",
            claim="fig-gan-matrix",
            statement="Every entry and every mark of the drawn loss matrix equals the one counted "
            "from the definition (entries that disagree).",
            method="exhaustive",
            value=_wrong_entries(arrays),
        ),
        Check(
            id="gan_game.missed-range",
            claim="fig-gan-missed",
            statement="The drawn losses before and after the generator's best response are the "
            "extremes over all generators that miss $k$ images and all their optimal "
            "discriminators (numbers that disagree).",
            method="exhaustive",
            value=_wrong_missed(arrays, largest_m, largest_k),
        ),
    ]


def _wrong_counts(arrays: Arrays, name: str, largest_m: int, largest_k: int) -> int:
    wrong = 0
    for row, padded in enumerate(arrays["copies"]):
        copies = tuple(int(c) for c in padded if c)
        for outside in range(largest_k + 1):
            truth = count(brute_force.play(copies, outside).saddles)
            wrong += arrays[name][row, outside] != truth
    games = len(every_game(largest_m, 0, largest_k))
    return int(wrong) + abs(games - arrays[name].size)


def _wrong_entries(arrays: Arrays) -> int:
    game = brute_force.play((1, 1), 1)
    rows = [game.outputs.tolist().index(made) for made in arrays["matrix_outputs"].tolist()]
    columns = [game.labels.tolist().index(f) for f in arrays["matrix_labels"].tolist()]
    wrong = abs(len({*rows}) * len({*columns}) - game.errors.size)
    part = np.ix_(rows, columns)
    wrong += count(arrays["matrix_errors"] != game.errors[part])
    return wrong + count(arrays["matrix_saddles"] != game.saddles[part])


def _wrong_missed(arrays: Arrays, largest_m: int, largest_k: int) -> int:
    game = brute_force.play((1,) * max(largest_m, 2), max(largest_k, 1))
    missed = np.array([game.m - len({*made} & {*game.data}) for made in game.outputs.tolist()])
    responses = np.broadcast_to(game.errors.max(axis=0), game.errors.shape)
    wrong = 0
    for k in range(game.m + 1):
        optimal = game.best_labels & (missed == k)[:, None]
        truth = [game.errors[optimal].min(), responses[optimal].min(), responses[optimal].max()]
        names = ("missed_least", "missed_response_low", "missed_response_high")
        wrong += truth != [arrays[name][k] for name in names]
    return wrong
