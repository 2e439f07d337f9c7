"""Exercise 4.1, checks by algebra: identities that hold for any number of copies."""

from __future__ import annotations

from typing import Any

import sympy

from scripts.common.checks import Check
from scripts.gan_game import model


def checks() -> list[Check]:
    """Return the identities that hold for any number of copies, proved with SymPy."""
    a, b, s = sympy.symbols("a b s", nonnegative=True)
    cost = model.image_errors
    residues: list[Any] = []
    for c, n in ((a, a + s), (a + s, a)):
        best = sympy.Min(cost(c, n, 0), cost(c, n, 1))
        residues += [best - (c + n - sympy.Abs(c - n)) / 2, cost(c, n, 1) - cost(c, n, 0) - n + c]
    c1, c2 = sympy.symbols("c1 c2", nonnegative=True)
    before = cost(c1, a, 0) + cost(c2, b, 1)
    after = cost(c1, a - 1, 0) + cost(c2, b + 1, 1)
    return [
        Check(
            id="gan_game.image-identity",
            claim="lem-gan-labels",
            statement="For any $c, n\\ge0$ label 1 costs $n-c$ errors more than label 0, and the "
            "cheaper one costs $\\frac12(c+n-|c-n|)$ (identities that do not reduce to 0).",
            method="symbolic",
            value=sum(sympy.simplify(residue) != 0 for residue in residues),
        ),
        Check(
            id="gan_game.one-move",
            claim="prp-gan-reply",
            statement="Moving one output from a rejected to an accepted image adds this number of "
            "errors, whatever the copies.",
            method="symbolic",
            value=float(sympy.simplify(after - before)),
            equals=1,
        ),
    ]
