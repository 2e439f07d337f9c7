"""A line that says how far a long computation is, on a terminal only: a log gets nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told (done, all) now and then."""


def reporter(label: str) -> Progress | None:
    """Return a function of (done, all) that rewrites one line of standard error, or None.

    None where standard error is no terminal, so that nothing is called in a batch job.
    """
    if not sys.stderr.isatty():
        return None

    def report(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{label}: {100 * done // total:3d} %", end=end, file=sys.stderr, flush=True)

    return report
