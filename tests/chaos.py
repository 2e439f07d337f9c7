"""`make chaos`: kill the build at random moments, recover, and compare with an undisturbed build.

Every other kill takes the whole process group, the rest Snakemake alone, so that jobs are orphaned.
Each round starts in a fresh copy from a state in which there is something to do, and ends when
`make report` has recovered without being told anything. The seed fixes states and moments.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from house import House
from kills import Build, Trees, report, two_builds

from scripts.pipeline import cache

STATES = {
    "settings changed": 6,
    "results lost": 3,
    "settings changed, one step unknown to the cache": 2,
    "results and cache lost": 1,
}
"""What a round starts from, and how often relative to the others."""

LONGEST = {"results and cache lost": 20.0}
"""Seconds within which the kill falls; `SHORT` for the other states."""

SHORT = 6.0


def main() -> int:
    """Run the rounds; return 0 if every tree is the undisturbed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=562)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    recovered = identical = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        trees = two_builds(folder)
        for number in range(1, options.kills + 1):
            (state,) = draw.choices(list(STATES), STATES.values())
            fraction, alone = draw.random(), number % 2 == 0
            moment = fraction * LONGEST.get(state, SHORT)
            house = begin(trees, folder / "round", state)
            while not kill(house, moment, alone):  # it had ended already: earlier, and once more
                shutil.rmtree(house.root)
                moment /= 2
                house = begin(trees, folder / "round", state)
            code, text = report(house)
            wanted = trees.first if "lost" in state else trees.other
            left = [path for path in (house.root / "data/stage").rglob("*") if path.is_file()]
            same = house.artifacts() == wanted and not left
            recovered += code == 0
            identical += same
            target = "Snakemake alone" if alone else "process group"
            print(
                f"{number:3}  {target:15}  after {moment:4.1f} s, {state}: "
                f"{'recovered' if code == 0 else 'NOT RECOVERED'}, "
                f"{'identical' if same else 'DIFFERENT'}",
                flush=True,
            )
            if code != 0:
                print(text)
            shutil.rmtree(house.root)
    print(
        f"{options.kills} kills, {recovered} recoveries, {identical} identical final trees "
        f"(seed {options.seed}, {time.monotonic() - started:.0f} s)"
    )
    return 0 if recovered == identical == options.kills else 1


def begin(trees: Trees, target: Path, state: str) -> House:
    """Return a copy in which a build has something to do."""
    if "lost" not in state:
        unknown = ["data/results/dice/compute.npz"] if "unknown" in state else []
        return trees.copy(target, *unknown)
    house = trees.house.clone(target)
    for name in ("data/results", "data/figures", "report/generated", "report/build"):
        shutil.rmtree(house.root / name)
    if "cache" in state:
        shutil.rmtree(house.root / cache.CACHE)
    return house


def kill(house: House, moment: float, alone: bool) -> bool:
    """Start a build and kill it after `moment` seconds; return whether it was still at work.

    Snakemake alone can only be killed once it is there, so that this may come later.
    """
    build = Build.start(house)
    started = time.monotonic()
    while build.process.poll() is None:
        if time.monotonic() >= started + moment and (not alone or build.snakemakes()):
            if alone:
                build.kill_snakemake()
            else:
                build.kill_group()
            return True
        time.sleep(0.005)
    return False


if __name__ == "__main__":
    sys.exit(main())
