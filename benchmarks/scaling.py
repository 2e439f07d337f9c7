"""The sweep in chunks: jobs against overhead, size against time, memory, and a model of a cluster.

python -m benchmarks.scaling: prints the tables of docs/scaling.md and merges its figures into
benchmarks/latest.json. Needs a finished build (`make report`), which it copies. Each size is
trained and gathered by the steps themselves, one thread. Each division is of the smallest size, and
a run of Snakemake on all cores. From these the model below is fitted, and held against a division
of another size, which it has not seen.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.latest import keep
from benchmarks.rebuild import NEEDED, ROOT
from scripts.gan_training.lab.engine import LANES, available_threads
from scripts.gan_training.lab.phase import EXPERIMENTS
from scripts.pipeline.config import CONFIG, read_yaml
from scripts.pipeline.contract import option, text_of

TARGET = "data/results/gan_training_lab/phase.npz"
GANS, NODES = (10**6, 10**7, 10**8, 10**9), (10, 100, 1000)
MOST_CHUNKS = 1000

WAIT = 10.0
"""Seconds that a cluster is assumed to let a job wait before it starts, and before it is seen to
have ended."""

Row = dict[str, float]


@dataclass(frozen=True)
class Model:
    """Seconds: of a start of Snakemake, a job, a GAN in it, gathering, and of a GAN in that."""

    start: float
    job: float
    gan: float
    gather: float
    gathered_gan: float

    def wall(self, gans: float, chunks: int, workers: int, wait: float = 0.0) -> float:
        """Return the predicted time of a sweep: list scheduling, then the gathering.

        workers: jobs at a time. wait: more time of each job, and of the gathering.
        """
        free = [0.0] * workers
        for _ in range(chunks):
            heapq.heapreplace(free, free[0] + wait + self.job + self.gan * gans / chunks)
        return self.start + max(free) + wait + self.gather + self.gathered_gan * gans


def main() -> None:
    """Measure, fit, predict, print and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grids", type=int, nargs="+", metavar="GRID", default=[32, 64, 128, 256])
    parser.add_argument("--chunks", type=int, nargs="+", metavar="N", default=[10, 100, 1000])
    parser.add_argument(
        "--held-out", type=int, nargs=2, default=[48, 25], metavar=("GRID", "CHUNKS")
    )
    asked = parser.parse_args()
    if not (ROOT / "report/build/assignment.pdf").is_file():
        raise SystemExit("Nothing was built yet; run `make report` first.")
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder, "copy"))
        sizes = [sized(Path(folder), grid) for grid in asked.grids]
        divisions = [divided(copy, min(asked.grids), 1)]
        start = divided(copy, min(asked.grids), None)["wall"]
        divisions += [divided(copy, min(asked.grids), chunks) for chunks in asked.chunks]
        seen_first = divided(copy, *asked.held_out)
    model = fitted(sizes, divisions[1:], start)
    predicted = model.wall(seen_first["gans"], int(seen_first["chunks"]), available_threads())
    error = predicted / seen_first["wall"] - 1
    table("Size", ["gans", "train_s", "train_MB", "gather_s", "gather_MB"], sizes)
    table("Chunks", ["gans", "chunks", "wall", "in_jobs"], [*divisions, seen_first])
    table("Predicted", ["gans", *(f"{nodes}_nodes" for nodes in NODES)], predictions(model))
    keep(
        {
            "scaling_start_seconds": model.start,
            "scaling_job_seconds": model.job,
            "scaling_gan_microseconds": 1e6 * model.gan,
            "scaling_gather_gan_microseconds": 1e6 * model.gathered_gan,
            "scaling_bytes_per_gan": 1e6 * slope(sizes, "gather_MB"),
            "scaling_model_error_percent": 100 * error,
            "scaling_cores": available_threads(),
        }
    )


def copied(target: Path) -> Path:
    """Copy the finished build, without what only saves time."""
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, symlinks=True)
        else:
            target.mkdir(exist_ok=True)
            shutil.copy2(source, target / name)
    shutil.rmtree(target / "data/cache", ignore_errors=True)
    return target


def gans_of(grid: int) -> int:
    """Return how many GANs a sweep of this grid has."""
    sets = read_yaml(ROOT / CONFIG)["gan_training_lab"]["data_sets"]
    return int(((len(EXPERIMENTS) - 1) * sets + 1) * grid**2)


def sized(folder: Path, grid: int) -> Row:
    """Train and gather a sweep with the steps themselves; return seconds and peak memory."""
    chunk, arrays, summary = (folder / name for name in ("chunk.npz", "all.npz", "all.json"))
    train = step("train_phase", grid, ["--chunk=1-of-1", "--arrays", str(chunk)])
    files = ["--chunks", str(chunk), "--arrays", str(arrays), "--summary", str(summary)]
    gather = step("compute_phase", grid, files)
    return {
        "gans": gans_of(grid),
        **{"train_s": train[0], "train_MB": train[1]},
        **{"gather_s": gather[0], "gather_MB": gather[1]},
    }


def step(name: str, grid: int, words: Sequence[str]) -> tuple[float, float]:
    """Run a step of the laboratory with one thread; return seconds and peak memory in MB."""
    module = f"scripts.gan_training.lab.{name}"
    settings = read_yaml(ROOT / CONFIG)["gan_training_lab"] | {"grid": grid}
    read = subprocess.run(
        [sys.executable, "-c", f"import {module} as step; print(*step.Settings.__annotations__)"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    given = [f"{option(key)}={text_of(settings[key])}" for key in read if key in settings]
    environment = os.environ | {"ASSIGNMENT_THREADS": "1"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", module, *given, *words], cwd=ROOT, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{module} failed")
    return time.perf_counter() - begun, usage.ru_maxrss * 1024 / 1e6


def divided(copy: Path, grid: int, chunks: int | None) -> Row:
    """Make the sweep with Snakemake; return seconds: of all, and summed over the jobs.

    chunks: None where it is made already, in whatever number: Snakemake has nothing to do.
    """
    if chunks is not None:
        (copy / TARGET).unlink(missing_ok=True)
        for folder in ("data/cache", "data/benchmarks", TARGET.removesuffix(".npz")):
            shutil.rmtree(copy / folder, ignore_errors=True)
    settings = copy.with_name("settings.json")
    settings.write_text(json.dumps({"gan_training_lab": {"grid": grid, "chunks": chunks or 1}}))
    words = ["--cores", "all", "--quiet", "all", "--configfile", str(settings)]
    command = [sys.executable, "-m", "snakemake", TARGET, *words]
    begun = time.perf_counter()
    subprocess.run(command, cwd=copy, check=True, stdout=sys.stderr)
    wall = time.perf_counter() - begun
    in_jobs = sum(map(seconds, (copy / "data/benchmarks").rglob("*.tsv")))
    return {"gans": gans_of(grid), "chunks": chunks or 0, "wall": wall, "in_jobs": in_jobs}


def seconds(benchmark: Path) -> float:
    """Return how long a job of Snakemake took."""
    with benchmark.open(encoding="utf-8", newline="") as file:
        return float(next(csv.DictReader(file, delimiter="\t"))["s"])


def slope(rows: Iterable[Row], column: str, over: str = "gans") -> float:
    """Return the slope of the straight line through a column (least squares)."""
    points = [(row[over], row[column]) for row in rows]
    return float(np.polyfit(*np.transpose(points), 1)[0])


def fitted(sizes: Sequence[Row], divisions: Sequence[Row], start: float) -> Model:
    """Fit the model: GANs by the sizes, the cost of one more job by the divisions."""
    gather, gan = slope(sizes, "gather_s"), slope(sizes, "train_s")
    fixed = float(np.mean([row["gather_s"] - gather * row["gans"] for row in sizes]))
    busy = [row for row in divisions if row["chunks"] * LANES <= row["gans"]]  # no chunk is empty
    job = available_threads() * slope(busy, "wall", over="chunks")
    return Model(start, job, gan, fixed, gather)


def predictions(model: Model) -> list[Row]:
    """Return the time on a cluster by GANs and nodes of one core, in the best number of chunks."""
    wait = WAIT + model.start  # each job reads the Snakefile again
    return [
        {"gans": gans}
        | {
            f"{nodes}_nodes": min(
                model.wall(gans, chunks, nodes, wait)
                for chunks in range(nodes, MOST_CHUNKS + 1, nodes)
            )
            for nodes in NODES
        }
        for gans in GANS
    ]


def table(title: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Print rows as a Markdown table."""
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|{'---:|' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(f'{row[name]:,.4g}' for name in columns)} |")


if __name__ == "__main__":
    main()
