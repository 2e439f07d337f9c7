"""Checks of exercise 4.2 without rounding: every small case, or algebra on symbols.

Small cases live on the line, with whole-number images and noises and levels for which
sqrt(alpha_t) and sqrt(1 - alpha_t) are both rational, so that equality of noisy images is exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from scripts.common.arrays import Numbers
from scripts.common.checks import Check
from scripts.common.normal_mean import normal_mean
from scripts.denoising import model, sampling

LEVELS = [(Fraction(a, c), Fraction(b, c)) for a, b, c in [(3, 4, 5), (4, 3, 5), (5, 12, 13)]]
"""Pairs (sqrt(alpha), sqrt(1 - alpha)) with 0 < alpha < 1."""
ENDS = [(Fraction(0), Fraction(1)), (Fraction(1), Fraction(0))]
"""The same at alpha = 0 and at alpha = 1."""


def column(numbers: Any) -> Numbers:
    """Return exact numbers as points of the line: an object array (n, 1)."""
    return np.array([[Fraction(number)] for number in numbers], dtype=object)


def cases(largest_m: int, largest_n: int) -> Iterator[tuple[Numbers, Numbers, Fraction, Fraction]]:
    """Yield every set of images in {0..4} and of noises in {-2..2} at every level."""
    for m, n in itertools.product(range(1, largest_m + 1), range(1, largest_n + 1)):
        for images in itertools.combinations(range(5), m):
            for noises in itertools.combinations(range(-2, 3), n):
                for signal, noise in LEVELS + ENDS:
                    yield column(images), column(noises), signal, noise


def least_loss(images: Numbers, noises: Numbers, signal: Any, noise: Any) -> Any:
    """Return the training loss of the model's claimed minimizer."""
    noisy = model.noisy_images(images, noises, signal, noise)
    return model.training_loss(model.best_predictions(noisy, noises), noises)


def assumption_holds(noisy: Numbers, images: Numbers) -> bool:
    """Whether each noisy image is closer to its own image than to any other, from distances."""
    for i, row in enumerate(noisy):
        for point in row:
            distances = [abs(point[0] - image[0]) for image in images]
            own = distances.pop(i)
            if any(other <= own for other in distances):
                return False
    return True


def zero_loss_check() -> Check:
    """Under the assumption and alpha < 1, g* has loss zero: every small case."""
    tried, wrong = 0, 0
    for images, noises, signal, noise in cases(3, 2):
        noisy = model.noisy_images(images, noises, signal, noise)
        if noise == 0 or not assumption_holds(noisy, images):
            continue
        tried += 1
        flat = noisy.reshape(-1, 1)
        predicted = model.closest_point_denoiser(flat, images, signal, noise)
        wrong += model.training_loss(predicted.reshape(noisy.shape), noises) != 0
    return Check(
        id="denoising.zero-loss",
        claim="thm-denoising-zero",
        statement=f"In all {tried} small cases on the line that satisfy the assumption, the loss "
        "of $g_t^*$ is exactly zero (exceptions, in exact fractions).",
        method="exhaustive",
        value=wrong if tried else 1,
    )


def criterion_check() -> Check:
    """Zero loss is possible iff the difference criterion holds iff some function has it."""
    wrong = 0
    for images, noises, signal, noise in cases(3, 2):
        pairs = [(a[0], b[0]) for a in noises for b in noises if a[0] != b[0]]
        steps = {signal * (a[0] - b[0]) for a in images for b in images}
        criterion = not any(noise * (b - a) in steps for a, b in pairs)
        noisy = model.noisy_images(images, noises, signal, noise)[..., 0]
        points = sorted(set(noisy.ravel().tolist()))
        exists = any(
            all(
                values[points.index(noisy[i, j])] == noises[j, 0]
                for i, j in np.ndindex(noisy.shape)
            )
            for values in itertools.product(noises[:, 0], repeat=len(points))
        )
        zero = least_loss(images, noises, signal, noise) == 0
        wrong += not zero == criterion == exists
    return Check(
        id="denoising.zero-loss-criterion",
        claim="prp-denoising-iff",
        statement="In every small case three answers to “is zero loss possible?” agree: the least "
        "loss, the criterion on differences, and a search over all functions into the set of "
        "noises (disagreements).",
        method="exhaustive",
        value=wrong,
    )


def minimizers_check() -> Check:
    """The mean of the noises that lead to a point is the only minimizer: functions on a grid."""
    grid = np.arange(-2.0, 2.25, 0.5)
    functions_on = [np.array(list(itertools.product(grid, repeat=size))) for size in range(5)]
    wrong = 0
    for images, noises, signal, noise in cases(2, 2):
        noisy = model.noisy_images(images, noises, signal, noise)[..., 0]
        points = sorted(set(noisy.ravel().tolist()))
        functions = functions_on[len(points)]
        where = np.array([[points.index(x) for x in row] for row in noisy])
        targets = noises[:, 0].astype(float)
        losses = ((functions[:, where] - targets) ** 2).sum(axis=(1, 2)) / len(images)
        best = functions[losses == losses.min()]
        claimed = model.best_predictions(noisy[..., None], noises)[..., 0].astype(float)
        wrong += len(best) != 1 or (best[0][where] != claimed).any()
    return Check(
        id="denoising.minimizers",
        claim="lem-denoising-pointwise",
        statement=f"Of all functions from $S_t$ to {len(grid)} grid values, only the one that "
        "takes at each point the mean of the noises that lead there has the least loss, in every "
        "case with at most two images and two noises (exceptions).",
        method="exhaustive",
        value=wrong,
    )


def zero_loss_functions_check() -> Check:
    """The functions of loss zero are those that agree with g* on S_t, free off it."""
    values, tried, wrong = range(-2, 3), 0, 0
    for images, noises, signal, noise in cases(2, 2):
        noisy = model.noisy_images(images, noises, signal, noise)
        if noise == 0 or not assumption_holds(noisy, images):
            continue
        tried += 1
        points = sorted(set(noisy.ravel().tolist()))
        functions = np.array(list(itertools.product(values, repeat=len(points) + 1)))
        where = np.array([[points.index(x) for x in row] for row in noisy[..., 0]])
        targets = noises[:, 0].astype(int)
        losses = ((functions[:, where] - targets) ** 2).sum(axis=(1, 2))
        claimed = model.closest_point_denoiser(column(points), images, signal, noise)[:, 0]
        wrong += {tuple(f) for f in functions[losses == 0].tolist()} != {
            (*claimed.tolist(), off) for off in values
        }
    return Check(
        id="denoising.zero-loss-functions",
        claim="thm-denoising-minimizers",
        statement="Of all functions from $S_t$ and one point off it to the noises $-2,\\dots,2$, "
        "those of loss zero are exactly those that agree with $g_t^*$ on $S_t$, whatever they are "
        f"off it (exceptions, {tried} cases with the assumption, at most two images and two "
        "noises).",
        method="exhaustive",
        value=wrong if tried else 1,
    )


def tie_check() -> Check:
    """With x_i only *among* the closest images the loss can be positive: 9/16 exactly."""
    images, noises = column([-1, 1]), column([Fraction(3, 4), Fraction(-3, 4)])
    found = least_loss(images, noises, *LEVELS[0])
    return Check(
        id="denoising.tie",
        claim="exm-denoising-tie",
        statement=r"Least loss for the images $\pm1$, the noises $\pm\frac34$ and "
        r"$\sqrt{\alpha_t}=\frac35$: in sixteenths, in exact fractions.",
        method="exhaustive",
        value=float(16 * found),
        equals=9,
    )


def formula_check() -> Check:
    """Substituting x_t,i,j in the formula for g* leaves epsilon_j."""
    x, epsilon, alpha = sp.symbols("x epsilon alpha", positive=True)
    signal, noise = sp.sqrt(alpha), sp.sqrt(1 - alpha)
    point = model.noisy_images(np.array([[x]]), np.array([[epsilon]]), signal, noise)[0, 0, 0]
    residue = model.implied_noise(point, x, signal, noise) - epsilon
    return Check(
        id="denoising.formula",
        claim="thm-denoising-zero",
        statement=r"$\bigl(x_{t,i,j}-\sqrt{\alpha_t}\,x_i\bigr)/\sqrt{1-\alpha_t}=\epsilon_j$, by "
        "algebra (one if a remainder is left).",
        method="symbolic",
        value=int(sp.simplify(residue) != 0),
    )


def forgetting_check() -> Check:
    """The loss of a sample is alpha / (1 - alpha) times the squared error of the implied image."""
    x, epsilon, guess, alpha = sp.symbols("x epsilon g alpha", positive=True)
    signal, noise = sp.sqrt(alpha), sp.sqrt(1 - alpha)
    point = signal * x + noise * epsilon
    implied = model.implied_image(point, guess, signal, noise)
    price = alpha / (1 - alpha) * (implied - x) ** 2
    return Check(
        id="denoising.price",
        claim="thm-denoising-forget",
        statement=r"$(g-\epsilon)^2=\frac{\alpha_t}{1-\alpha_t}(\widehat x-x)^2$ for the implied "
        r"image $\widehat x$, by algebra (one if a remainder is left).",
        method="symbolic",
        value=int(sp.simplify((guess - epsilon) ** 2 - price) != 0),
    )


def ddim_checks() -> list[Check]:
    """A DDIM step keeps noisy training images noisy training images, and is an Euler step."""
    x, epsilon, guess, point = sp.symbols("x epsilon g y", real=True)
    a, b = sp.symbols("a b", positive=True)
    now, then = (sp.sqrt(a), sp.sqrt(1 - a)), (sp.sqrt(b), sp.sqrt(1 - b))
    arrived = sampling.ddim_step(now[0] * x + now[1] * epsilon, epsilon, *now, *then)
    step = sampling.ddim_step(point, guess, *now, *then) / then[0]
    euler = point / now[0] + (then[1] / then[0] - now[1] / now[0]) * guess
    return [
        Check(
            id="denoising.ddim-on-training-noise",
            claim="prp-denoising-restart",
            statement="A DDIM step with the right noise takes $x_{t,i,j}$ to $x_{s,i,j}$, by "
            "algebra (one if a remainder is left).",
            method="symbolic",
            value=int(sp.simplify(arrived - then[0] * x - then[1] * epsilon) != 0),
        ),
        Check(
            id="denoising.ddim-is-euler",
            claim="lem-denoising-euler",
            statement=r"In $y=x/\sqrt{\alpha}$ a DDIM step is an explicit Euler step in "
            r"$\sigma=\sqrt{(1-\alpha)/\alpha}$, by algebra (one if a remainder is left).",
            method="symbolic",
            value=int(sp.simplify(step - euler) != 0),
        ),
    ]


def mixture_density(y: Any, sigma: Any, images: Any) -> Any:
    """Return the density of x_i + sigma epsilon at y, on the line, for symbols or numbers."""
    total = sum(sp.exp(-((y - image) ** 2) / (2 * sigma**2)) for image in images)
    return total / (len(images) * sigma * sp.sqrt(2 * sp.pi))


def continuity_check() -> Check:
    """The posterior mean moves the density of y as the continuity equation asks."""
    y = sp.symbols("y", real=True)
    sigma = sp.symbols("sigma", positive=True)
    density = mixture_density(y, sigma, sp.symbols("p q", real=True))
    predicted = -sigma * sp.diff(density, y) / density
    residue = sp.diff(density, sigma) + sp.diff(density * predicted, y)
    return Check(
        id="denoising.continuity",
        claim="prp-denoising-flow",
        statement=r"$\partial_\sigma p_\sigma+\partial_y(p_\sigma\widehat\epsilon_\sigma)=0$ for "
        "the posterior mean of two images on the line, by algebra (one if a remainder is left).",
        method="symbolic",
        value=int(sp.simplify(residue) != 0),
    )


def divergence_check() -> Check:
    """The divergence of a noisy image from pure noise, integrated on the line."""
    image = sp.symbols("x", real=True)
    alpha = sp.symbols("alpha", positive=True)

    def log_ratio(epsilon: Any) -> Any:
        point = sp.sqrt(alpha) * image + sp.sqrt(1 - alpha) * epsilon
        return (point**2 - epsilon**2) / 2 - sp.log(1 - alpha) / 2

    claimed = sampling.start_divergence(image**2, 1, alpha, sp.log(1 - alpha))
    return Check(
        id="denoising.start-divergence",
        claim="prp-denoising-flow",
        statement="On the line, "
        r"$\mathrm{KL}\bigl(N(\sqrt{\alpha_\tau}\,x_i,1-\alpha_\tau)\,\|\,N(0,1)\bigr)$ as the "
        "integral of the logarithm of the densities' ratio, against the formula (one if a "
        "remainder is left).",
        method="symbolic",
        value=int(sp.simplify(normal_mean(log_ratio) - claimed) != 0),
    )


def game_loss(outputs: tuple[int, ...], accepted: tuple[bool, ...]) -> Fraction:
    """Return the zero-one loss of exercise 4.1: images that are misclassified, over 2m."""
    rejected_real = sum(not accept for accept in accepted)
    accepted_fakes = sum(accepted[output] for output in outputs)
    return Fraction(rejected_real + accepted_fakes, 2 * len(accepted))


def game_checks(largest_m: int = 4) -> list[Check]:
    """A GAN may collapse from every saddle point, and then for ever; drawn responses are best."""
    collapse, cycle, responses, saddles = 0, 0, 0, 0
    rng = np.random.default_rng(0)
    for m in range(2, largest_m + 1):
        generators = list(itertools.product(range(m), repeat=m))
        discriminators = list(itertools.product((False, True), repeat=m))
        table = np.array([[game_loss(g, f) for f in discriminators] for g in generators])
        least, most = table.min(axis=1), table.max(axis=0)
        copies = [generators.index((image,) * m) for image in range(m)]
        for row, column in zip(*np.nonzero(least[:, None] == most[None, :]), strict=True):
            saddles += 1
            for copied in copies:
                collapse += table[copied, column] != table[row, column]
                collapse += least[copied] != Fraction(1, 2 * m)
        for copied, other in itertools.permutations(copies, 2):
            answers = np.flatnonzero(table[copied] == least[copied])
            cycle += int((table[other, answers] != most[answers]).sum())
        for row, outputs in enumerate(generators):
            answer = sampling.discriminator_response(np.bincount(outputs, minlength=m), rng)
            responses += game_loss(outputs, tuple(answer.tolist())) != least[row]
        for column, accepted in enumerate(discriminators):
            for spread in (False, True):
                reply = sampling.generator_response(np.array(accepted), rng, spread)
                responses += game_loss(tuple(reply.tolist()), accepted) != most[column]
    return [
        Check(
            id="denoising.gan-collapse",
            claim="prp-denoising-gan",
            statement=f"At each of the {saddles} saddle points of the games with "
            f"$2\\le m\\le{largest_m}$ and $K=0$, $m$ copies of any image leave the loss as it "
            r"is, and the best discriminator then attains $\frac1{2m}$ (exceptions).",
            method="exhaustive",
            value=collapse if saddles else 1,
        ),
        Check(
            id="denoising.gan-cycle",
            claim="prp-denoising-gan",
            statement="Against every best response of the discriminator to $m$ copies of one "
            f"image, $m$ copies of any other are a best response, for $2\\le m\\le{largest_m}$ and "
            "$K=0$ (exceptions).",
            method="exhaustive",
            value=cycle,
        ),
        Check(
            id="denoising.gan-responses",
            claim="sec-denoising-generated",
            statement="The drawn responses of both GAN players are best responses, for every "
            f"opponent with $m\\le{largest_m}$ (exceptions).",
            method="exhaustive",
            value=responses,
        ),
    ]


def share_check() -> Check:
    """What a forgotten image costs over what collapse costs: from the loss, every small case."""
    noises, wrong = column([-2, 1]), 0
    for m, (signal, noise) in itertools.product(range(2, 5), LEVELS):
        for chosen in itertools.combinations(range(7), m):
            images = column(chosen)
            noisy = model.noisy_images(images, noises, signal, noise)

            def loss(implied: Any, noisy: Any = noisy, weights: Any = (signal, noise)) -> Any:
                guess = model.implied_noise(noisy, np.array(implied)[:, None, None], *weights)
                return model.training_loss(guess, noises)

            collapsed = [loss([x] * m) for x in images[:, 0]]
            shares = model.collapse_shares(images)
            for i, share in enumerate(shares):
                least = min(
                    loss([*images[:i, 0], other, *images[i + 1 :, 0]])
                    for other in np.delete(images[:, 0], i)
                )
                wrong += share * min(collapsed) != least
            wrong += shares.sum() - shares[int(np.argmin(collapsed))] > 1
    return Check(
        id="denoising.share",
        claim="prp-denoising-share",
        statement="For two to four whole numbers below 7 and the cheapest $x_c$: the shares are "
        r"quotients of losses, and their average over $i\ne c$ is at most $\frac1{m-1}$ "
        "(exceptions, in exact fractions).",
        method="exhaustive",
        value=wrong,
    )


def shrinkage_check() -> Check:
    """Without noise x_k is at least as close as x_i iff the shrinkage reaches the middle."""
    seen, wrong = 0, 0
    none = column([0])
    for images in itertools.permutations(range(-3, 4), 2):
        for signal, noise in LEVELS:
            point = model.noisy_images(column(images), none, signal, noise)[0, 0, 0]
            moved = abs(point - images[1]) <= abs(point - images[0])
            v = images[0] - images[1]
            claimed = 2 * (1 - signal) * images[0] * v >= v * v
            seen += moved
            wrong += moved != claimed
    return Check(
        id="denoising.shrinkage",
        claim="prp-denoising-pairwise",
        statement=r"Without noise, $x_k$ is at least as close to $\sqrt{\alpha_t}\,x_i$ as $x_i$ "
        r"is if and only if $(1-\sqrt{\alpha_t})\langle x_i,v\rangle\ge\frac12\lVert v\rVert^2$: "
        f"pairs of whole numbers from $-3$ to 3, in exact fractions (exceptions; {seen} times it "
        "is).",
        method="exhaustive",
        value=wrong if seen else 1,
    )


def checks() -> list[Check]:
    """Return the checks of this file."""
    return [
        zero_loss_check(),
        formula_check(),
        minimizers_check(),
        zero_loss_functions_check(),
        criterion_check(),
        tie_check(),
        forgetting_check(),
        *ddim_checks(),
        continuity_check(),
        divergence_check(),
        *game_checks(),
        share_check(),
        shrinkage_check(),
    ]
