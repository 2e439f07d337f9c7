"""Exercise 4.1, checks of the best-response dynamics at the sizes that were simulated.

The exact Markov chain of scripts.gan_game.brute_force gives the chances and the means that the
formulas and the simulated runs are compared with.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from scripts.common.arrays import Arrays
from scripts.common.checks import Check
from scripts.gan_game import brute_force, dynamics

FALSE_ALARM = 1e-6
"""Chance that a statistical check fails although the claim is true."""


def checks(arrays: Arrays, m: int, largest_k: int, rounds: int, trials: int) -> list[Check]:
    """Return the checks of `trials` runs of `rounds` rounds, for K = 0 to largest_k."""
    return [
        *_run_checks(arrays, m),
        *_chain_checks(m, largest_k, rounds),
        *_statistical_checks(arrays, m, largest_k, rounds, trials),
    ]


def _run_checks(arrays: Arrays, m: int) -> list[Check]:
    impossible = [arrays["reached"][0], arrays["reached"][:, :, 0]]
    return [
        Check(
            id="gan_game.dynamics-never",
            claim="thm-gan-dynamics",
            statement="No simulated run met a saddle point with $K=0$, or with a generator that "
            "collapses (largest share of runs that did).",
            method="numerical",
            value=float(max(share.max() for share in impossible)),
        ),
        Check(
            id="gan_game.dynamics-coverage-bound",
            claim="thm-gan-dynamics",
            statement="After every round of every simulated run with $K=0$ a genuine image is "
            "missing (most images output).",
            method="numerical",
            value=round(float(arrays["coverage_most"][0, ..., 1:].max()) * m),
            at_most=m - 1,
        ),
    ]


def _rounding(m: int, largest_k: int, rounds: int) -> float:
    """Return the rounding of a chance: each round sums over all labellings and all counts."""
    size = m + largest_k
    summed = (1 << size) + math.comb(size + m - 1, m)
    return rounds * summed * float(np.finfo(np.float64).eps)


def _chain_checks(m: int, largest_k: int, rounds: int) -> list[Check]:
    return [
        Check(
            id="gan_game.dynamics-rejecting",
            claim="prp-gan-ties",
            statement="The exact chance of a saddle when ties are rejected equals that of the "
            "Markov chain (largest deviation; the bound is the rounding of its matrix products).",
            method="numerical",
            value=_rejecting_deviation(m, largest_k, rounds),
            at_most=_rounding(m, largest_k, rounds),
        ),
        Check(
            id="gan_game.dynamics-first",
            claim="prp-gan-ties",
            statement="When ties are rejected, a saddle point is first met in round 1 or never, "
            "with the probability claimed: largest deviation from the Markov chain over "
            f"all starts that are no permutation ($m={m}$, $K\\le{largest_k}$; the bound is the "
            "rounding of its sums).",
            method="numerical",
            value=max(
                _first_round_deviation(m, outside, rule, rounds)
                for outside in range(largest_k + 1)
                for rule in dynamics.GENERATOR_RULES
            ),
            at_most=_rounding(m, largest_k, rounds),
        ),
        Check(
            id="gan_game.dynamics-surely",
            claim="prp-gan-ties",
            statement="With fair coins, random outputs and $K\\ge1$, the chance to meet a saddle "
            "point within three rounds, by the exact Markov chain, over the proved bound "
            f"(least ratio, all starts that are no permutation, $m={m}$, $1\\le "
            f"K\\le{largest_k}$).",
            method="numerical",
            value=min(_assurance(m, outside) for outside in range(1, largest_k + 1)),
            at_least=1,
        ),
    ]


def _assurance(m: int, outside: int) -> float:
    """Return the least chance to meet a saddle point within three rounds, over the proved one."""
    chain = brute_force.chain(m, outside, "random", "random")
    least = chain.chances(dynamics.ROUNDS_TO_SADDLE)[chain.start > 0].min()
    return float(least / dynamics.assured_chance(m, outside))


def _first_round_deviation(m: int, outside: int, rule: str, rounds: int) -> float:
    """Return how far the chances after one and after all rounds are from the claim."""
    chain = brute_force.chain(m, outside, "reject", rule)
    claimed = np.where(chain.coverage == 0, float(dynamics.first_round_chance(m, rule)), 0.0)
    found = np.array([chain.chances(1), chain.chances(rounds)])
    return float(np.abs(found - claimed)[:, chain.start > 0].max())


def _rejecting_deviation(m: int, largest_k: int, rounds: int) -> float:
    return max(
        abs(
            brute_force.chain(m, outside, "reject", rule).expected(rounds)[1]
            - float(dynamics.rejecting_ties_reaches(m, outside, rule))
        )
        for outside in range(largest_k + 1)
        for rule in dynamics.GENERATOR_RULES
    )


def _statistical_checks(
    arrays: Arrays, m: int, largest_k: int, rounds: int, trials: int
) -> list[Check]:
    """Return the checks of the simulated means against the exact chain.

    Each simulated mean is an average of independent numbers in [0, 1], so Hoeffding's inequality
    bounds its deviation; the level is shared among all that are compared.
    """
    shares, covers = [], []
    for outside, (i, accepting), (j, sharing) in itertools.product(
        range(largest_k + 1),
        enumerate(dynamics.DISCRIMINATOR_RULES),
        enumerate(dynamics.GENERATOR_RULES),
    ):
        exact = brute_force.chain(m, outside, accepting, sharing)
        mean, chance = exact.expected(rounds)
        shares.append(abs(arrays["reached"][outside, i, j, -1] - chance))
        covers.extend(np.abs(arrays["coverage"][outside, i, j] - mean))
    return [
        Check(
            id=f"gan_game.dynamics-{name}",
            claim=claim,
            statement=f"{text} (largest deviation over {len(found)} means of {trials} "
            "runs; Hoeffding's bound, false alarm $10^{-6}$ in all).",
            method="statistical",
            value=float(max(found)),
            at_most=math.sqrt(math.log(2 * len(found) / FALSE_ALARM) / (2 * trials)),
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
