"""What both sets of algebraic checks of exercise 4.5 use: symbols, and the count of mistakes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import sympy as sp

from scripts.common.arrays import Numbers

A, B = sp.symbols("a b", positive=True)
"""The weights of a step, or of two noises."""


def mistakes(differences: Iterable[sp.Expr]) -> int:
    """How many of the expressions, each the difference of two equal ones, are not zero."""
    return sum(
        sp.expand(difference) != 0 and sp.simplify(difference) != 0 for difference in differences
    )


def symbols(name: str, count: int) -> Numbers:
    """Return positive SymPy symbols name1, …, shape (count,), dtype object."""
    return np.array(sp.symbols(f"{name}1:{count + 1}", positive=True), dtype=object)


def symmetric(name: str, size: int) -> Numbers:
    """Return a symmetric matrix of SymPy symbols, shape (size, size), dtype object."""
    entries = [
        [sp.Symbol(f"{name}{min(i, j)}{max(i, j)}") for j in range(size)] for i in range(size)
    ]
    return np.array(entries, dtype=object)


def identity(size: int) -> Numbers:
    """Return the identity matrix of Python-compatible integers, so that algebra stays exact."""
    return np.eye(size, dtype=int)
