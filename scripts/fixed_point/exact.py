"""Exact certificates for norms: a float is a fraction, so W^T W can be tested without rounding.

|W| < s holds exactly when s^2 I - W^T W is positive definite, which by Sylvester's criterion
holds exactly when all its leading principal minors are positive.
"""

from __future__ import annotations

from fractions import Fraction

from scripts.common.arrays import Floats


def norm_is_below(matrix: Floats, bound: float) -> bool:
    """Return whether the spectral norm of `matrix` is below `bound`, decided in integers.

    matrix: shape (m, n), float64, read as the exact fractions that the floats are.
    """
    wide = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    entries = [[Fraction(float(x)) for x in row] for row in wide]
    limit = Fraction(bound)
    unit = max(limit.denominator, *(x.denominator for row in entries for x in row))
    rows = [[int(x * unit) for x in row] for row in entries]
    columns = list(zip(*rows, strict=True))
    square = int(limit * unit) ** 2
    gram = [
        [
            (square if i == j else 0) - sum(x * y for x, y in zip(left, right, strict=True))
            for j, right in enumerate(columns)
        ]
        for i, left in enumerate(columns)
    ]
    return _positive_definite(gram)


def _positive_definite(matrix: list[list[int]]) -> bool:
    """Return whether all leading principal minors are positive (fraction-free elimination).

    Bareiss (1968): after step k the pivot is the leading minor of order k + 1, and every
    division is exact. Changes `matrix`.
    """
    previous = 1
    for k in range(len(matrix)):
        pivot = matrix[k][k]
        if pivot <= 0:
            return False
        for i in range(k + 1, len(matrix)):
            for j in range(i, len(matrix)):  # the matrix stays symmetric: upper half only
                matrix[i][j] = (pivot * matrix[i][j] - matrix[k][i] * matrix[k][j]) // previous
        previous = pivot
    return True
