"""Machine checks: one record for each claim of a solution that a machine can test.

A record says what is claimed, how it was tested, what was found and what was allowed. A theorem
holds at all settings: one that fails stops the build and names the claim. An observation is what a
run shows, and other settings may not: the text says so where one fails (report/filters).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from scripts.common.artifacts import save_json

Method = Literal["exhaustive", "symbolic", "numerical", "statistical"]
Relation = Literal["=", "<=", ">="]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """One tested claim.

    id: topic and name, "gan_game.saddle-count"; unique.
    claim: the label of the statement in the document that this supports ("thm-saddles"), which
        the report links to.
    statement: one sentence of Markdown (inline `$...$` allowed) that says what was tested and how.
    method: "exhaustive" (every case), "symbolic" (algebra, no rounding), "numerical" (a bound
        derived from the method, rounding included) or "statistical" (level stated).
    value: what was found. at_most, at_least, equals: what it must be, one of them; the number of
        exceptions, which must be 0, needs none.
    observed: whether it is an observation, which the text names by its id; else it is a theorem.
    """

    id: str
    claim: str
    statement: str
    method: Method
    value: float
    at_most: float | None = None
    at_least: float | None = None
    equals: float = 0
    observed: bool = False

    @property
    def relation(self) -> Relation:
        """How the value must stand to the bound."""
        return "<=" if self.at_most is not None else "=" if self.at_least is None else ">="

    @property
    def bound(self) -> float:
        """What the value is compared with."""
        given = (limit for limit in (self.at_most, self.at_least) if limit is not None)
        return next(given, self.equals)

    @property
    def passed(self) -> bool:
        """Whether `value relation bound` holds; a NaN never passes."""
        if math.isnan(self.value) or math.isnan(self.bound):
            return False
        if self.relation == "=":
            return bool(self.value == self.bound)
        return bool(self.value <= self.bound if self.relation == "<=" else self.value >= self.bound)

    def record(self) -> dict[str, Any]:
        """Return the check as JSON data, the exercise (its topic) and the verdict included."""
        names = ("id", "claim", "statement", "method", "observed", "relation", "passed")
        numbers = {"value": _plain(self.value), "bound": _plain(self.bound)}
        exercise = self.id.split(".", maxsplit=1)[0]
        return {name: getattr(self, name) for name in names} | numbers | {"exercise": exercise}


def _plain(number: float) -> int | float | str:
    """Return a number as JSON can hold it: NumPy's types as Python's, infinity as a word."""
    if not math.isfinite(number):
        return str(float(number))
    return int(number) if isinstance(number, (int, np.integer)) else float(number)


def save_checks(path: Path, checks: Sequence[Check]) -> None:
    """Write the records to `path` if all theorems passed; else exit with code 1, naming those.

    Raises ValueError if there are no checks or two share an id: a topic must test something.
    """
    ids = [check.id for check in checks]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"check ids must be unique and there must be one: {sorted(ids)}")
    failed = [check for check in checks if not (check.passed or check.observed)]
    if failed:
        raise SystemExit("\n".join(_complaint(failed)))
    save_json(path, {"checks": [check.record() for check in checks]})


def _complaint(failed: Iterable[Check]) -> Iterable[str]:
    for check in failed:
        yield (
            f"Check {check.id} failed: {check.statement} Found {check.value}, which should be "
            f"{check.relation} {check.bound}. The claim {check.claim} in the report or the code "
            "that tests it is wrong; mend whichever it is."
        )
