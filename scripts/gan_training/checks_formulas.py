"""Checks of the formulas of exercise 4.6: losses, gradients, equilibrium, linear map.

SymPy, mpmath and SciPy's solvers do the recomputing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy as sp
from scipy import optimize

from scripts.common.arrays import Arrays, Floats
from scripts.common.checks import Check
from scripts.gan_training import local, model
from scripts.gan_training.model import GeneratorLoss, Rates

EPS = float(np.finfo(np.float64).eps)
LOG2 = float(np.log(2))
JACOBIAN_STEP = 1e-4
KINDS: tuple[GeneratorLoss, ...] = get_args(GeneratorLoss)

THETA, INTERCEPT, SLOPE = sp.symbols("theta phi_0 phi_1", real=True)
GENERATOR_RATE, DISCRIMINATOR_RATE = sp.symbols("eta_G eta_D", positive=True)
REAL, NOISE = sp.symbols("x_1 x_2", real=True), sp.symbols("z_1 z_2", real=True)
M = len(REAL)


def D(x: Any) -> Any:
    """The discriminator, symbolically."""
    return 1 / (1 + sp.exp(-(INTERCEPT + SLOPE * x)))


def symbolic_losses() -> dict[str, Any]:
    """The three losses by their definitions, on samples of two points."""
    forged = [z + THETA for z in NOISE]
    return {
        "discriminator": sum(-sp.log(D(x)) for x in REAL) / M
        + sum(-sp.log(1 - D(y)) for y in forged) / M,
        "flipped": sum(-sp.log(D(y)) for y in forged) / M,
        "minimax": sum(sp.log(1 - D(y)) for y in forged) / M,
    }


def stated_gradients() -> dict[tuple[str, Any], Any]:
    """The gradients as the solution states them (eq-gan-training-gradients)."""
    forged = [z + THETA for z in NOISE]
    return {
        ("discriminator", INTERCEPT): sum(D(y) for y in forged) / M
        - sum(1 - D(x) for x in REAL) / M,
        ("discriminator", SLOPE): sum(D(y) * y for y in forged) / M
        - sum((1 - D(x)) * x for x in REAL) / M,
        ("flipped", THETA): -SLOPE * sum(1 - D(y) for y in forged) / M,
        ("minimax", THETA): -SLOPE * sum(D(y) for y in forged) / M,
    }


def stated_equilibrium() -> dict[Any, Any]:
    """The equilibrium as the solution states it (thm-gan-training-equilibrium)."""
    return {THETA: (sum(REAL) - sum(NOISE)) / M, INTERCEPT: 0, SLOPE: 0}


def stated_map() -> Any:
    """The linear map as the solution states it (thm-gan-training-linear)."""
    points = [*REAL, *(z + stated_equilibrium()[THETA] for z in NOISE)]
    moment = [sum(p**k for p in points) / len(points) for k in range(3)]
    moments = sp.Matrix([[moment[0], moment[1]], [moment[1], moment[2]]])
    pull = sp.Matrix([0, 1]) / 2
    judged = sp.Matrix.hstack(
        -DISCRIMINATOR_RATE * pull, sp.eye(2) - DISCRIMINATOR_RATE * moments / 2
    )
    return sp.Matrix.vstack(sp.Matrix([[1, 0, 0]]) + GENERATOR_RATE / 2 * judged[1, :], judged)


def stated_odds(score: Any) -> Any:
    """The minimax gradient of one sample over the flipped one, as stated."""
    return sp.exp(score)


def checks(arrays: Arrays) -> list[Check]:
    """Return the checks of this file; `arrays` as `compute` writes them."""
    real, noise = arrays["real"], arrays["noise"]
    events = arrays["event_epochs"]
    states = arrays["baseline_states"][events[events >= 0]]
    return [
        _gradient_formulas(),
        _gradients_of_the_code(real[:40], noise[:40], states),
        _stable_functions(),
        _notebook(),
        _odds_formula(),
        _odds_of_the_code(noise, states),
        _equilibrium(),
        _equilibrium_of_the_code(real, noise),
        _only_equilibrium(*standardized(arrays, 3.0)),
        _linear_map(),
        _linear_map_of_the_code(arrays),
    ]


def standardized(arrays: Arrays, mean: float = 0.0) -> tuple[Floats, Floats]:
    """Return the samples with spread 1 and means `mean` and 0: the same GAN in other coordinates.

    What holds for all data is tested where neither a far mean nor a small spread costs digits.
    """
    real, noise = arrays["real"], arrays["noise"]
    return mean + (real - real.mean()) / real.std(), (noise - noise.mean()) / noise.std()


def nonzero(expressions: list[Any]) -> int:
    """Return how many of the expressions SymPy cannot simplify to zero."""
    return sum(sp.cancel(e) != 0 and sp.simplify(e) != 0 for e in map(sp.sympify, expressions))


def _gradient_formulas() -> Check:
    losses = symbolic_losses()
    wrong = [
        sp.diff(losses[name], variable) - formula
        for (name, variable), formula in stated_gradients().items()
    ]
    return Check(
        id="gan_training.gradient-formulas",
        claim="lem-gan-training-gradients",
        statement="SymPy differentiates the three losses as defined, on two genuine and two "
        "generated points with symbolic values; number of stated derivatives that differ.",
        method="symbolic",
        value=nonzero(wrong),
    )


def _exact_loss(name: str, real: Floats, noise: Floats, state: list[Any]) -> Any:
    theta, intercept, slope = state

    def log_belief(x: Any) -> Any:
        return -mpmath.log1p(mpmath.exp(-(intercept + slope * x)))

    def log_doubt(x: Any) -> Any:
        return -mpmath.log1p(mpmath.exp(intercept + slope * x))

    genuine = [mpmath.mpf(x) for x in real.tolist()]
    forged = [mpmath.mpf(z) + theta for z in noise.tolist()]
    if name == "flipped":
        return -mpmath.fsum(map(log_belief, forged)) / len(forged)
    doubt = mpmath.fsum(map(log_doubt, forged)) / len(forged)
    if name == "minimax":
        return doubt
    return -mpmath.fsum(map(log_belief, genuine)) / len(genuine) - doubt


def _exact_derivative(name: str, real: Floats, noise: Floats, state: Floats, which: int) -> float:
    step = mpmath.mpf(10) ** -12
    ends = []
    for sign in (1, -1):
        moved = [mpmath.mpf(number) for number in state.tolist()]
        moved[which] += sign * step
        ends.append(_exact_loss(name, real, noise, moved))
    return float((ends[0] - ends[1]) / (2 * step))


def _gradients_of_the_code(real: Floats, noise: Floats, states: Floats) -> Check:
    worst = 0.0
    with mpmath.workdps(50):
        for state in (*states, np.array([0.5, -3.0, 2.0])):
            generated = model.generate(noise, state)
            found = [
                *zip(model.discriminator_gradient(real, generated, state), (1, 2), strict=True),
                *((model.generator_gradient(generated, state, kind), 0) for kind in KINDS),
            ]
            names = ("discriminator", "discriminator", *KINDS)
            scale = 1 + float(np.abs(np.concatenate([real, generated])).max())
            scale *= 1 + float(np.abs(model.logits(generated, state)).max())
            for name, (gradient, which) in zip(names, found, strict=True):
                exact = _exact_derivative(name, real, noise, state, which)
                worst = max(worst, abs(float(gradient) - exact) / scale)
    return Check(
        id="gan_training.gradients-of-the-code",
        claim="lem-gan-training-gradients",
        statement="Closed-form gradients against central differences (step $10^{-12}$, 50 digits) "
        "of the losses in mpmath, along the run and at a saturated state; largest difference over "
        "the size of the terms, in units of rounding.",
        method="numerical",
        value=worst / EPS,
        at_most=2.0 * (len(real) + 10),
    )


def _stable_functions() -> Check:
    worst = 0.0
    with mpmath.workdps(50):
        for size in (0.0, 1e-8, 1e-3, 0.5, 1.0, 10.0, 36.0, 37.0, 100.0, 500.0, 700.0):
            for t in (size, -size):
                exact = mpmath.log1p(mpmath.exp(mpmath.mpf(t)))
                belief = 1 / (1 + mpmath.exp(-mpmath.mpf(t)))
                for found, wanted in (
                    (model.softplus(np.array(t)), exact),
                    (model.sigmoid(np.array(t)), belief),
                ):
                    error = abs((mpmath.mpf(float(found)) - wanted) / wanted)
                    worst = max(worst, float(error) / (1 + size))
    return Check(
        id="gan_training.stable-functions",
        claim="sec-gan-training-loop",
        statement="Softplus and sigmoid for logits up to $\\pm700$ against 50-digit arithmetic: "
        "relative error over $1 + |t|$, in units of rounding.",
        method="numerical",
        value=worst / EPS,
        at_most=4,
    )


def _notebook() -> Check:
    m, state = 10, np.array([3.0, -2.0, 1.0])
    real = np.random.RandomState(0).standard_normal(m) + 7.5
    generated = np.random.RandomState(1).standard_normal(m) + state[0]
    found = m * np.array(
        [
            model.discriminator_loss(real, generated, state),
            -model.generator_loss(generated, state, "minimax"),
            model.generator_loss(generated, state, "flipped"),
        ]
    )
    printed = np.array([13.814757170851447, 13.78437035945412, 4.755779])
    return Check(
        id="gan_training.notebook",
        claim="sec-gan-training-loop",
        statement="The three losses that notebook 15.1 of *Understanding Deep Learning* has for "
        "its toy data (sums over 10 points), printed there to six decimals or more; largest "
        "difference.",
        method="numerical",
        value=float(np.abs(found - printed).max()),
        at_most=5e-7,
    )


def _odds_formula() -> Check:
    score = sp.symbols("a", real=True)
    belief = 1 / (1 + sp.exp(-score))
    ratio = sp.diff(sp.log(1 - belief), score) / sp.diff(-sp.log(belief), score)
    stated = stated_odds(score)
    return Check(
        id="gan_training.odds-formula",
        claim="prp-gan-training-odds",
        statement="SymPy: the ratio of the two losses' derivatives for one sample is $e^a$ and "
        "$D/(1-D)$.",
        method="symbolic",
        value=nonzero([ratio - stated, belief / (1 - belief) - stated]),
    )


def _odds_of_the_code(noise: Floats, states: Floats) -> Check:
    worst = 0.0
    for state in (*states, np.array([0.5, -3.0, 2.0])):
        if state[2] == 0:
            continue
        for z in noise:
            generated = model.generate(np.array([z]), state)
            pulls = {kind: model.generator_gradient(generated, state, kind) for kind in KINDS}
            score = float(state[1] + state[2] * generated[0])
            if abs(score) > 300:  # one of the two is lost, and the other is the slope
                continue
            ratio = float(pulls["minimax"] / pulls["flipped"] / np.exp(score))
            worst = max(worst, abs(ratio - 1) / (1 + abs(score)))
    return Check(
        id="gan_training.odds-of-the-code",
        claim="prp-gan-training-odds",
        statement="The ratio of the code's two gradients, one generated point at a time, against "
        "the odds $e^{\\phi_0+\\phi_1 y}$: every point at every drawn epoch with log-odds up to "
        "$\\pm300$; largest relative difference over $1+|a|$, in units of rounding.",
        method="numerical",
        value=worst / EPS,
        at_most=8,
    )


def _equilibrium() -> Check:
    losses, place = symbolic_losses(), stated_equilibrium()
    values = {"discriminator": 2 * sp.log(2), "flipped": sp.log(2), "minimax": -sp.log(2)}
    wrong = [sp.diff(losses["discriminator"], v).subs(place) for v in (INTERCEPT, SLOPE)]
    wrong += [sp.diff(losses[kind], THETA).subs(place) for kind in KINDS]
    wrong += [losses[name].subs(place) - wanted for name, wanted in values.items()]
    return Check(
        id="gan_training.equilibrium",
        claim="thm-gan-training-equilibrium",
        statement="SymPy, symbolic samples of two: every gradient is zero at $(\\theta^*, 0)$ and "
        "the losses are $2\\log 2$, $\\log 2$ and $-\\log 2$ there; number of failures.",
        method="symbolic",
        value=nonzero(wrong),
    )


def _equilibrium_of_the_code(real: Floats, noise: Floats) -> Check:
    rest = model.equilibrium(real, noise)
    rates = Rates(1.0, 1.0)
    moved = max(
        float(np.abs(model.update(rest, real, noise, rates, k) - rest).max()) for k in KINDS
    )
    size = float(np.abs(np.concatenate([real, noise + rest[0]])).mean())
    return Check(
        id="gan_training.equilibrium-of-the-code",
        claim="thm-gan-training-equilibrium",
        statement="An alternating update with rates 1 from the equilibrium moves the state by "
        "rounding only, for both losses (in units of rounding times the mean size of a point).",
        method="numerical",
        value=moved / (EPS * size),
        at_most=len(real) + 10,
    )


def _only_equilibrium(real: Floats, noise: Floats) -> Check:
    rest = model.equilibrium(real, noise)
    random = np.random.default_rng(0)
    others, hits = 0, 0
    for kind in KINDS:

        def system(state: Floats, kind: GeneratorLoss = kind) -> Floats:
            generated = model.generate(noise, state)
            push = model.generator_gradient(generated, state, kind)
            return np.append(model.discriminator_gradient(real, generated, state), push)

        for _ in range(15):
            begin = rest + random.normal(size=3) * [2.0 * real.std(), 1.0, 1.0]
            solution = optimize.root(system, begin, tol=1e-13)
            scores = model.logits(np.append(real, noise + solution.x[0]), solution.x)
            # Far out the gradients vanish by saturation alone; that is no zero.
            if np.abs(solution.fun).max() < 1e-12 and np.abs(scores).max() < 25:
                near = np.abs(solution.x - rest).max() < 1e-6
                hits, others = hits + near, others + (not near)
    return Check(
        id="gan_training.only-equilibrium",
        claim="thm-gan-training-equilibrium",
        statement="Data of mean 3 and spread 1: SciPy solves for a common zero of both players' "
        "gradients from 30 random starts, both losses, saturated discriminators (logits over "
        "25) aside: solutions other than the equilibrium (one more if it found none at all).",
        method="numerical",
        value=int(others + (hits == 0)),
    )


def _linear_map() -> Check:
    losses, place = symbolic_losses(), stated_equilibrium()
    stated, variables, wrong = stated_map(), (THETA, INTERCEPT, SLOPE), []
    judged = {
        v: v - DISCRIMINATOR_RATE * sp.diff(losses["discriminator"], v) for v in (INTERCEPT, SLOPE)
    }
    at_rest = {v: judged[v].subs(place) for v in judged}
    slopes = {
        v: sp.Matrix([[sp.diff(judged[v], u).subs(place) for u in variables]]) for v in judged
    }
    for kind in KINDS:
        pull = sp.diff(losses[kind], THETA)  # evaluated at (theta, judged): the chain rule
        inner = {THETA: place[THETA], **at_rest}
        row = sp.Matrix([[1, 0, 0]]) - GENERATOR_RATE * sp.diff(pull, THETA).subs(
            inner
        ) * sp.Matrix([[1, 0, 0]])
        for v in judged:
            row -= GENERATOR_RATE * sp.diff(pull, v).subs(inner) * slopes[v]
        found = sp.Matrix.vstack(row, slopes[INTERCEPT], slopes[SLOPE])
        wrong += list(found - stated)
    return Check(
        id="gan_training.linear-map",
        claim="thm-gan-training-linear",
        statement="SymPy differentiates the alternating update at the equilibrium for both "
        "generator losses, symbolic rates and samples of two; entries that differ from the stated "
        "matrix.",
        method="symbolic",
        value=nonzero(wrong),
    )


def jacobian(step: Callable[[Floats], Floats], place: Floats, unit: Floats, size: float) -> Floats:
    """Return the derivative (3, 3) of `step` in the given units of the state.

    By central differences, Richardson-extrapolated; steps get smaller where the derivative, of
    about the given size, is large, so that the log-odds change little.
    """
    width = JACOBIAN_STEP / max(1.0, size)

    def central(h: float) -> Floats:
        columns = [
            (step(place + h * unit * e) - step(place - h * unit * e)) / (2 * h * unit)
            for e in np.eye(3)
        ]
        return np.stack(columns, axis=1)

    difference: Floats = (4 * central(width) - central(2 * width)) / 3
    return difference


def _linear_map_of_the_code(arrays: Arrays) -> Check:
    real, noise, worst = arrays["real"], arrays["noise"], 0.0
    rest, unit = model.equilibrium(real, noise), local.units(real, noise)
    point = float(np.abs(np.concatenate([real, noise + rest[0]])).max())
    odds = 1 + point * unit[2]
    for generator_rate, discriminator_rate in arrays["pair_rates"]:
        rates = Rates(float(generator_rate), float(discriminator_rate))
        stated = local.map_in_units(real, noise, rates)
        size = float(np.abs(stated).max())
        rounding = 8 * EPS * (1 + point / unit[0] + odds * size) / JACOBIAN_STEP
        allowed = JACOBIAN_STEP**4 * odds**5 + rounding
        for kind in KINDS:

            def step(state: Floats, rates: Rates = rates, kind: GeneratorLoss = kind) -> Floats:
                return model.update(state, real, noise, rates, kind)

            error = float(np.abs(jacobian(step, rest, unit, size) - stated).max() / size)
            worst = max(worst, error / allowed)
    return Check(
        id="gan_training.linear-map-of-the-code",
        claim="thm-gan-training-linear",
        statement="Finite differences of the code's update at the equilibrium against the stated "
        "matrix, in the data's own units, all six pairs of rates and both losses; largest "
        "difference relative to the largest entry, over what the step (to the fourth power) and "
        "the rounding of points and log-odds (over the step) allow.",
        method="numerical",
        value=worst,
        at_most=1,
    )
