"""A strictly increasing C¹ map with f′ = 0 on a set of positive length (exercise 4.3).

The Smith-Volterra-Cantor set C is what is left of [0, 1] when step k = 1, 2, … takes the open
middle piece of length 4^-k out of each of the 2^(k-1) intervals that remain. The map is
f(z) = ∫_0^z dist(t, C) dt. All numbers are exact.
"""

from __future__ import annotations

from fractions import Fraction


def length_left(level: int) -> Fraction:
    """Return the length of C_n, the union of the intervals left after `level` steps."""
    return Fraction(1, 2) + Fraction(1, 2 ** (level + 1))


def image_length(level: int) -> Fraction:
    """Return the length of f(C_n), n = `level` >= 0."""
    return Fraction(1, 56 * 8**level)
