"""The finite GAN straight from its definition, for the checks: nothing of the solution is used.

Every ordered list of outputs meets every discriminator; errors are counted image by image in
plain Python. Optimal responses and saddle points are read off the resulting matrix.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math

import numpy as np

from scripts.common.arrays import Bools, Floats, Ints, Numbers


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """One game in full; images are numbered from 0, the genuine ones first.

    data: the m genuine images, with repetitions. outside: K. outputs: every generator, shape
    (generators, m). labels: every discriminator, shape (discriminators, d + K). errors: 2m times
    the loss of each pair, shape (generators, discriminators). genuine, generated: copies of each
    image in the data (d + K,) and among the outputs (generators, d + K).
    """

    data: tuple[int, ...]
    outside: int
    outputs: Ints
    labels: Ints
    errors: Ints
    genuine: Ints
    generated: Ints

    @property
    def m(self) -> int:
        """Size of the data set and of the list of outputs."""
        return len(self.data)

    @property
    def best_labels(self) -> Bools:
        """Pairs in which the discriminator cannot decrease the loss."""
        return np.asarray(self.errors == self.errors.min(axis=1, keepdims=True))

    @property
    def best_outputs(self) -> Bools:
        """Pairs in which the generator cannot increase the loss."""
        return np.asarray(self.errors == self.errors.max(axis=0, keepdims=True))

    @property
    def saddles(self) -> Bools:
        """Pairs that are saddle points, by the definition in the exercise."""
        return self.best_labels & self.best_outputs

    @property
    def orderings(self) -> Bools:
        """Generators whose outputs are the data set in some order, shape (generators,)."""
        return np.array([tuple(sorted(row)) == self.data for row in self.outputs.tolist()])


@functools.cache
def play(copies: tuple[int, ...], outside: int) -> Game:
    """Return the game on copies[x] copies of image x, with `outside` images outside the set."""
    data = tuple(image for image, number in enumerate(copies) for _ in range(number))
    images = range(len(copies) + outside)
    outputs = list(itertools.product(images, repeat=len(data)))
    labels = list(itertools.product((0, 1), repeat=len(images)))
    errors = [
        [sum(f[x] != 1 for x in data) + sum(f[x] != 0 for x in made) for f in labels]
        for made in outputs
    ]
    return Game(
        data,
        outside,
        np.array(outputs),
        np.array(labels),
        np.array(errors),
        np.array([data.count(x) for x in images]),
        np.array([[made.count(x) for x in images] for made in outputs]),
    )


def rounds_to_saddle(game: Game) -> Floats:
    """Return how many rounds of best responses take each generator to a saddle, ties chosen well.

    Shape (generators,); infinity where no choice of ties ever does. A round is a best response of
    the discriminator and then one of the generator; a saddle met after either counts.
    """
    label_responses, output_responses = game.best_labels, game.best_outputs
    done = game.saddles.any(axis=0)  # labels to which some best response makes a saddle
    rounds = np.full(len(game.outputs), np.inf)
    for number in itertools.count(1):
        now = (label_responses & done).any(axis=1) & np.isinf(rounds)
        if not now.any():
            return rounds
        rounds[now] = number
        done = done | (output_responses & np.isfinite(rounds)[:, None]).any(axis=0)
    raise AssertionError("unreachable")


@dataclasses.dataclass(frozen=True, eq=False)
class Chain:
    """Best-response dynamics with given tie rules as a Markov chain on counts of outputs.

    start: probability of each count vector. accept: probability of each labelling given the
    counts. make: probability of the next counts given the labelling. saddles: pairs of counts and
    labels. coverage: share of genuine images output, for each count vector.
    """

    start: Floats
    accept: Floats
    make: Floats
    saddles: Bools
    coverage: Floats

    def expected(self, rounds: int) -> tuple[Floats, float]:
        """Return mean coverage at rounds 0 to `rounds` and the chance of a saddle by the end."""
        everyone, waiting = self.start, self.start
        means = [everyone @ self.coverage]
        for _ in range(rounds):
            everyone = everyone @ self.accept @ self.make
            means.append(everyone @ self.coverage)
            asked = waiting @ (self.accept * ~self.saddles)
            waiting = ((asked[:, None] * self.make) * ~self.saddles.T).sum(axis=0)
        return np.array(means), float(1 - waiting.sum())

    def chances(self, rounds: int) -> Floats:
        """Return for each count vector the chance to meet a saddle within `rounds` from there."""
        chance = np.zeros(len(self.start))
        for _ in range(rounds):
            answered = (self.make * np.where(self.saddles.T, 1.0, chance)).sum(axis=1)
            chance = (self.accept * np.where(self.saddles, 1.0, answered)).sum(axis=1)
        return chance


@functools.cache
def chain(m: int, outside: int, label_rule: str, output_rule: str) -> Chain:
    """Return the exact chain for m different images; the rules are described in the report.

    Ties of the discriminator are read off the matrix of losses: "reject" is the optimal labelling
    that accepts fewest images, "accept" the one that accepts most, "random" any with equal chance.
    """
    size = m + outside
    counts = np.array(
        [
            np.bincount(made, minlength=size)
            for made in itertools.combinations_with_replacement(range(size), m)
        ]
    )
    labels = np.array(list(itertools.product((0, 1), repeat=size)))
    errors = (m - labels[:, :m].sum(axis=1)) + counts @ labels.T
    optimal = errors == errors.min(axis=1, keepdims=True)
    accepted = labels.sum(axis=1)
    if label_rule == "random":
        accept = optimal / optimal.sum(axis=1, keepdims=True)
    else:
        wish = accepted if label_rule == "accept" else -accepted
        accept = np.eye(len(labels))[np.where(optimal, wish, -size - 1).argmax(axis=1)]
    orders = np.array([math.factorial(m) / math.prod(map(math.factorial, n)) for n in counts])
    start = np.where((counts[:, :m] == 1).all(axis=1), 0.0, orders)
    greatest = errors.max(axis=0)
    return Chain(
        start / start.sum(),
        accept,
        np.array([_next_counts(counts, orders, f, m, output_rule) for f in labels]),
        np.asarray(optimal & (errors == greatest)),
        (counts[:, :m] > 0).mean(axis=1),
    )


def _next_counts(counts: Ints, orders: Floats, labels: Ints, m: int, rule: str) -> Floats:
    """Return the chance of each count vector after the generator's best response to `labels`."""
    allowed = labels if labels.any() else np.ones_like(labels)
    inside = (counts * (1 - allowed)).sum(axis=1) == 0
    weight: Numbers
    if rule == "collapse":
        weight = inside & (counts.max(axis=1) == m)
    elif rule == "spread":
        most, least = counts.max(axis=1), np.where(allowed == 1, counts, m).min(axis=1)
        weight = inside & (most - least <= 1)
    else:
        weight = np.where(inside, orders, 0.0)
    chance: Floats = weight / weight.sum()
    return chance
