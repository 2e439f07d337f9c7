"""What a build costs that has little to do, against Snakemake with nothing at all to do.

python -m benchmarks.rebuild: prints a table and merges its keys into benchmarks/latest.json. Needs
a finished build (`make report`), which it copies. In each round `snakemake --cores all` runs on an
empty Snakefile, on the unchanged copy, and after one more sentence in an answer, which both
documents show.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.latest import keep, median_ratio

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
NEEDED = ("Snakefile", "workflow", "scripts", "envs", "report", "data", ".snakemake")
TEXT = "report/exercises/gan_game.qmd"


def main() -> None:
    """Measure, print and keep the figures."""
    if not (ROOT / "report/build/assignment.pdf").is_file():
        raise SystemExit("Nothing was built yet; run `make report` first.")
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(Path(folder))
    keep(
        {
            "empty_seconds": statistics.median(seconds["empty"]),
            "noop_seconds": statistics.median(seconds["noop"]),
            "prose_seconds": statistics.median(seconds["prose"]),
            "noop_vs_empty": median_ratio(seconds["noop"], seconds["empty"]),
            "prose_vs_empty": median_ratio(seconds["prose"], seconds["empty"]),
        }
    )


def measure(folder: Path) -> dict[str, list[float]]:
    """Return the seconds of each kind of run, `ROUNDS` values a kind."""
    empty, copy = folder / "empty", folder / "copy"
    empty.mkdir()
    (empty / "Snakefile").touch()
    copy.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, symlinks=True)
        else:
            shutil.copy2(source, copy / name)
    seconds: dict[str, list[float]] = {"empty": [], "noop": [], "prose": []}
    for _ in range(ROUNDS):
        seconds["empty"].append(timed(empty))
        seconds["noop"].append(timed(copy))
        add_sentence(copy)
        seconds["prose"].append(timed(copy))
    return seconds


def add_sentence(folder: Path) -> None:
    """Add one more sentence to the text."""
    number = len((folder / TEXT).read_text(encoding="utf-8"))
    with (folder / TEXT).open("a", encoding="utf-8") as text:
        text.write(f"\nAt {number} characters this is a sentence more.\n")


def timed(folder: Path) -> float:
    """Return the seconds of `snakemake --cores all`."""
    command = [sys.executable, "-m", "snakemake", "--cores", "all", "--quiet", "all"]
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
