"""What each rule asks of a cluster, from what it was measured to take: `workflow/measured.tsv`.

    python -m scripts.pipeline.resources

writes that table from the benchmarks of the last build, of the rules that were computed in it. A
line holds a rule's name, its time in seconds and the most memory that it held, in MB (10^6 bytes).
On one machine Snakemake keeps to threads alone, so these numbers change nothing there.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Iterator, Mapping
from pathlib import Path

MEASURED = "workflow/measured.tsv"
BENCHMARKS = "data/benchmarks"
LOGS = "data/logs"

OWN_MB = 300
"""What Snakemake itself takes in a cluster job, beside the step that it runs there."""

MORE_MEMORY, MORE_TIME = 1.5, 10
"""How many times the measured amount is asked for: another machine may be slower, and busy."""

LEAST_MINUTES = 5
"""Asked for however short a step is: a shared disk is slow when it is read for the first time."""


def asked(seconds: float, megabytes: float) -> dict[str, int]:
    """Return `mem_mb` (MB) and `runtime` (minutes) for a rule that was measured to take so much."""
    return {
        "mem_mb": 100 * math.ceil((MORE_MEMORY * megabytes + OWN_MB) / 100),
        "runtime": max(LEAST_MINUTES, math.ceil(MORE_TIME * seconds / 60)),
    }


@functools.cache
def measured(root: Path) -> dict[str, tuple[float, float]]:
    """Return seconds and MB of each rule in the table."""
    with (root / MEASURED).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {row["rule"]: (float(row["seconds"]), float(row["megabytes"])) for row in rows}


def benchmarks(root: Path) -> Iterator[tuple[str, float, float]]:
    """Yield rule, seconds and MB for each run of the last build that computed something.

    A chunk counts for its rule. MB: memory of the process and its children (resident).
    """
    for path in sorted((root / BENCHMARKS).rglob("*.tsv")):
        place = path.relative_to(root / BENCHMARKS)
        log = root / LOGS / place.with_suffix(".log")
        rule = place.parent.name if "-of-" in place.stem else place.stem
        if log.is_file() and "nothing was computed" not in log.read_text("utf-8"):
            with path.open(encoding="utf-8", newline="") as file:
                row = next(csv.DictReader(file, delimiter="\t"))
            yield rule, float(row["s"]), float(row["max_rss"]) * 1.048576


def write(root: Path, found: Mapping[str, tuple[float, float]]) -> None:
    """Write the table."""
    lines = [f"{rule}\t{seconds:.0f}\t{mb:.0f}" for rule, (seconds, mb) in sorted(found.items())]
    text = "\n".join(["rule\tseconds\tmegabytes", *lines]) + "\n"
    (root / MEASURED).write_text(text, encoding="utf-8")


def update(root: Path) -> None:
    """Put the last build's benchmarks into the table; of several chunks the largest."""
    found: dict[str, tuple[float, float]] = {}
    for rule, seconds, megabytes in benchmarks(root):
        before = found.get(rule, (0.0, 0.0))
        found[rule] = (max(seconds, before[0]), max(megabytes, before[1]))
    write(root, measured(root) | found)


if __name__ == "__main__":
    update(Path.cwd())
