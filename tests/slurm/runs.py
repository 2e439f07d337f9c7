"""`make test-slurm`: builds on a real Slurm, undisturbed and with faults; a local one has the same bytes.

`run.sh` starts this. A fault strikes a step that is stopped in the middle of its work, so that
nothing depends on how fast the machine is.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cluster import NODES, cluster, command
from house import ENVIRONMENT, SNAKEMAKE, House, copy_source
from kills import Build, building, is_job

from scripts.pipeline.step import LISTED

SLURM = (
    "-m", "snakemake", "--workflow-profile", "workflow/profiles/slurm",
    "--slurm-init-seconds-before-status-checks", "1",
)  # fmt: skip
"""The documented command, as words for Python; it asks more often how the jobs are."""

STEP = "scripts.dice.compute"
"""The step that the faults strike."""


@pytest.fixture(scope="session", autouse=True)
def _cluster() -> Iterator[None]:
    with cluster():
        yield


@pytest.fixture
def small(tmp_path: Path) -> House:
    """The guide's exercise, of which nothing is built."""
    return copy_source(tmp_path / "house", small=True)


def test_a_cluster_makes_the_same_bytes(whole: House, tmp_path: Path) -> None:
    house = copy_source(tmp_path / "house")
    run = house.command(*SLURM)
    assert run.code == 0, run.text[-6000:]
    assert house.artifacts() == whole.artifacts()
    states, nodes = zip(*(line.split() for line in queue("%T %N")), strict=True)
    assert set(states) == {"COMPLETED"}
    assert set(nodes) == set(NODES)


def test_a_job_whose_node_goes_down_runs_again_elsewhere(small: House, finished: House) -> None:
    with building(small, *SLURM) as build:
        step = stopped_step(build)
        node = step.environ()["SLURMD_NODENAME"]
        command("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        assert build.wait() == 0, build.text
        build.go_on()  # where it lives still: as on a node that was only cut off
        psutil.wait_procs(build.caught)
    command("scontrol", "update", f"nodename={node}", "state=resume")
    assert small.artifacts() == finished.artifacts()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "CANCELLED"),
        (["--set-resources", "compute_dice:runtime=1"], "TIMEOUT"),
        (["--set-resources", "compute_dice:mem_mb=60"], "exceeded memory limit"),
    ],
)
def test_what_ends_a_job_is_told_and_the_next_build_goes_on(
    small: House, finished: House, options: list[str], reason: str
) -> None:
    with building(small, *SLURM, *options) as build:
        if reason != "exceeded memory limit":
            job = stopped_step(build).environ()["SLURM_JOB_ID"]
        if reason == "CANCELLED":
            command("scancel", job)
        assert build.wait() == 1, build.text
        assert reason in build.text
        assert "compute_dice" in build.text
    run = small.command(*SNAKEMAKE)
    assert run.code == 0, run.text[-6000:]
    assert small.artifacts() == finished.artifacts()


def stopped_step(build: Build) -> psutil.Process:
    """Wait until the step is at work in its job, stop both, and return the job."""
    while build.process.poll() is None:
        for process in psutil.process_iter():
            if is_job(process, STEP) and process.children():
                build.stop(process)
                return process
        time.sleep(0.05)
    raise AssertionError(f"{STEP} was never started:\n{build.text}")


def queue(form: str) -> list[str]:
    """Return what Slurm tells of each job, those that have ended included."""
    return command("squeue", "--states=all", "--noheader", f"--format={form}").splitlines()
