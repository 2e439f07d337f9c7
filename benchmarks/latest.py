"""The figures of the last benchmark runs: benchmarks/latest.json, which each benchmark adds to."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from pathlib import Path

LATEST = Path(__file__).parent / "latest.json"


def keep(report: Mapping[str, float]) -> None:
    """Merge figures by name into the file and print them as a table."""
    kept = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    LATEST.write_text(json.dumps(kept | dict(report), indent=2, sort_keys=True) + "\n")
    for name, number in report.items():
        print(f"{name:34s} {number:>18,.6g}")


def median_ratio(above: list[float], below: list[float]) -> float:
    """Return the median of the ratios within a round, so that a busy machine matters little."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
