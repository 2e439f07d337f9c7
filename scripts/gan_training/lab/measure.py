"""What a run did, from its path alone: its class of behavior and its rate of convergence.

The rules know nothing of the theory. They look at the *window* only: from the last time that the
path came closer to the equilibrium than `outer` until it is closer than `floor`, where rounding
begins. In the window's second half, when faster modes have died out, a rate is fitted, and changes
of sign are counted. Two details were settled after looking at other means and spreads: the signs
are those of the coordinate that is the largest there (for centered data φ₀ lives on its own, so no
fixed coordinate would do), and the fit weighs the middle of the window more than its ends.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from scripts.gan_training.theory import FLIP, MONOTONE, NO_CONVERGENCE, RUNAWAY, SPIRAL


class Window(NamedTuple):
    """Distances from the equilibrium, |(θ − θ*, φ₀, φ₁)|, that decide what is looked at.

    outer: where the linear theory is trusted. target: a run that ends nearer has converged.
    floor: where rounding begins. bound: a run that ever passes it has run away.
    """

    outer: float
    target: float
    floor: float
    bound: float


@njit(nogil=True)
def is_over(state: Any, rest: float, window: Any) -> bool:
    """Return whether a GAN, state (3,), is at the floor or beyond the bound."""
    square = (state[0] - rest) ** 2 + state[1] ** 2 + state[2] ** 2
    return not (square >= window.floor**2 and square <= window.bound**2)


@njit(nogil=True)
def observe(path: Any, rest: float, window: Any) -> tuple[int, float]:
    """Return class and log rate of a GAN with states `path` (epochs, 3).

    The log rate is the slope of log distance per epoch (negative); NaN without convergence.
    """
    squares = np.empty(path.shape[0])
    for n in range(path.shape[0]):
        squares[n] = (path[n, 0] - rest) ** 2 + path[n, 1] ** 2 + path[n, 2] ** 2
    return _judge(squares, path, rest, window)


@njit(nogil=True)
def _judge(squares: Any, states: Any, rest: float, window: Any) -> tuple[int, float]:
    first, count = 0, squares.size
    for n in range(count):
        if not squares[n] <= window.bound**2:
            return RUNAWAY, math.nan
        if squares[n] > window.outer**2:
            first = n + 1
    last = first
    while last < count and squares[last] >= window.floor**2:
        last += 1
    if last == count and (first == count or squares[-1] > window.target**2):
        return NO_CONVERGENCE, math.nan
    middle = max(first, min((first + last) // 2, last - 3))
    changes = _sign_changes(squares, states, rest, middle, last)
    rate = _fitted_slope(np.log(squares[middle:last])) / 2
    if changes == 0:
        return MONOTONE, rate
    return (FLIP if changes == last - middle - 1 else SPIRAL), rate


@njit(nogil=True)
def _sign_changes(squares: Any, states: Any, rest: float, middle: int, last: int) -> int:
    """Changes of sign in [middle, last) of the coordinate that makes up most of the distance."""
    shares, changes = np.zeros(3), np.zeros(3, np.int64)
    before = np.zeros(3)
    for n in range(middle, last):
        for k in range(3):
            value = states[n, k] - (rest if k == 0 else 0.0)
            shares[k] += value**2 / squares[n]
            if n > middle and (value > 0) != (before[k] > 0):
                changes[k] += 1
            before[k] = value
    return int(changes[np.argmax(shares)])


@njit(nogil=True)
def _fitted_slope(values: Any) -> float:
    """Weighted least-squares slope of values against 0, 1, 2, …; NaN for fewer than two.

    The weights (1 − x²)², x from −1 to 1, fall to zero at both ends, so that it hardly matters at
    which phase of its turn a spiral enters and leaves: equal weights are ten times less accurate.
    """
    n = values.size
    if n < 2:
        return math.nan
    above, below = 0.0, 0.0
    for i in range(n):
        time = i - (n - 1) / 2
        weight = (1 - (2 * time / n) ** 2) ** 2 * time
        above += weight * values[i]
        below += weight * time
    return float(above / below)
