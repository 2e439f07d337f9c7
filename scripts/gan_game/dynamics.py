"""Best-response dynamics of the finite GAN: the players respond in turn, the discriminator first.

Best responses are seldom unique, so each player has a named tie rule. Many runs go side by side:
`generated` and `labels` have shape (runs, d + K), as in scripts.gan_game.model.
"""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np

from scripts.common.arrays import Bools, Floats, Ints
from scripts.gan_game.model import EITHER, is_permutation, is_saddle, optimal_labels

DISCRIMINATOR_RULES = ("reject", "random", "accept")
"""Where both labels are optimal: label 0, a fair coin for each image, label 1."""

GENERATOR_RULES = ("collapse", "random", "spread")
"""Among outputs that are all accepted: m copies of one uniformly random accepted image; each
output drawn uniformly and independently from the accepted images; outputs shared out as evenly as
possible, which images get one more being uniformly random."""

ROUNDS_TO_SADDLE = 3
"""Rounds within which well chosen ties reach a saddle point from any start, if K >= 1."""


@dataclasses.dataclass(frozen=True)
class Runs:
    """What was seen: round 0 is the start.

    coverage: share of the distinct genuine images that are output, shape (runs, rounds + 1).
    reached: whether a saddle point has been met by then, shape (runs, rounds + 1).
    """

    coverage: Floats
    reached: Bools


def discriminator_response(
    genuine: Ints, generated: Ints, rule: str, random: np.random.Generator
) -> Ints:
    """Return an optimal labelling of every run, ties by `rule` (one of DISCRIMINATOR_RULES)."""
    best = optimal_labels(genuine, generated)
    coin = rule == "random"
    ties = random.integers(0, 2, size=best.shape) if coin else {"reject": 0, "accept": 1}[rule]
    return np.where(best == EITHER, ties, best)


def generator_response(labels: Ints, m: int, rule: str, random: np.random.Generator) -> Ints:
    """Return the counts of m optimal outputs of every run, by `rule` (one of GENERATOR_RULES).

    Against a discriminator that accepts nothing every output is optimal: then the rule is applied
    to all images.
    """
    runs, size = labels.shape
    allowed = np.where(labels.any(axis=1, keepdims=True), labels, 1)
    number = allowed.sum(axis=1, keepdims=True)
    # The allowed images of each run in random order, the others after them.
    order = np.argsort(random.random((runs, size)) + (1 - allowed), axis=1)
    rank = np.argsort(order, axis=1)
    if rule == "collapse":
        return np.where(rank == 0, m, 0)
    if rule == "spread":
        share = m // number + (rank < m % number)
        return np.where(allowed == 1, share, 0)
    if rule == "random":
        draws = random.integers(0, np.broadcast_to(number, (runs, m)))
        chosen = np.take_along_axis(order, draws, axis=1)
        return np.asarray((chosen[:, :, None] == np.arange(size)).sum(axis=1), dtype=np.int64)
    raise KeyError(rule)


def random_starts(genuine: Ints, runs: int, random: np.random.Generator) -> Ints:
    """Return starts, shape (runs, d + K): m uniform outputs, drawn again while a permutation.

    Raises ValueError if there is nothing else to draw (one image, K = 0).
    """
    if len(genuine) < 2:
        raise ValueError("with a single image the only generator is a permutation")
    m = int(genuine.sum())
    starts = random.multinomial(m, np.full(len(genuine), 1 / len(genuine)), size=runs)
    while (again := is_permutation(genuine, starts)).any():
        starts[again] = random.multinomial(
            m, np.full(len(genuine), 1 / len(genuine)), size=int(again.sum())
        )
    return np.asarray(starts, dtype=np.int64)


def run(
    genuine: Ints, starts: Ints, rules: tuple[str, str], rounds: int, random: np.random.Generator
) -> Runs:
    """Play `rounds` rounds from every start; rules = (discriminator's, generator's).

    In a round the discriminator responds to the outputs, then the generator to the new labels. A
    run has reached a saddle point once the pair is one after either response; it plays on, since
    the tie rules choose anew among the best responses and may leave it.
    """
    m = int(genuine.sum())
    generated = starts
    met = np.zeros(len(starts), dtype=bool)
    coverage, reached = [_coverage(genuine, generated)], [met]
    for _ in range(rounds):
        labels = discriminator_response(genuine, generated, rules[0], random)
        met = met | is_saddle(genuine, generated, labels)
        generated = generator_response(labels, m, rules[1], random)
        met = met | is_saddle(genuine, generated, labels)
        coverage.append(_coverage(genuine, generated))
        reached.append(met)
    return Runs(np.stack(coverage, axis=1), np.stack(reached, axis=1))


def _coverage(genuine: Ints, generated: Ints) -> Floats:
    inside = genuine > 0
    share: Floats = (generated[:, inside] > 0).mean(axis=1)
    return share


def saddle_reachable(genuine: Ints, generated: Ints) -> Bools:
    """Tell from which generators some choice of ties leads to a saddle point.

    From a permutation (at once), and from any start as soon as K >= 1.
    """
    verdict: Bools = is_permutation(genuine, generated) | bool((genuine == 0).any())
    return verdict


def assured_chance(m: int, outside: int) -> Fraction:
    """Return a bound from below for the chance to meet a saddle point within three rounds.

    For K = outside >= 1, ties tossed for and outputs drawn at random, from any start that is no
    permutation: three labellings and three lists of outputs must come out as wished.
    """
    size = m + outside
    return Fraction(1, (2**size * size**m) ** ROUNDS_TO_SADDLE)


def first_round_chance(m: int, rule: str) -> Fraction:
    """Return the chance that a start without genuine outputs meets a saddle, ties rejected.

    The generator sees exactly the m >= 2 different genuine images accepted and must output a
    permutation. rule: one of GENERATOR_RULES.
    """
    random = Fraction(math.factorial(m), m**m)
    return {"collapse": Fraction(0), "random": random, "spread": Fraction(1)}[rule]


def rejecting_ties_reaches(m: int, outside: int, rule: str) -> Fraction:
    """Return the exact chance that a run from `random_starts` meets a saddle, ties rejected.

    For m >= 2 different images. It is first met in the first round or never, and only if no output
    of the start is genuine. rule: one of GENERATOR_RULES.
    """
    starts = (m + outside) ** m - math.factorial(m)
    return Fraction(outside**m, starts) * first_round_chance(m, rule)
