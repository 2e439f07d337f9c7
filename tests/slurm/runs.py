"""`make test-slurm`: builds on a real Slurm, undisturbed and with faults, against local builds.

`run.sh` starts this. A fault strikes a step that is stopped in the middle of its work, so that
nothing depends on how fast the machine is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from cluster import NODES, cluster, command
from house import House, copy_source
from kills import Build, building, is_job, report

from scripts.pipeline import sidecar

SLURM = (
    "-m", "snakemake", "--workflow-profile", "workflow/profiles/slurm",
    "--slurm-init-seconds-before-status-checks", "1",
)  # fmt: skip
"""The documented command, as words for Python; it asks more often how the jobs are."""

PATIENCE = 1200
"""Seconds in which a build has to end, on however slow a machine."""

STEP = "scripts.dice.compute"
RESULT = "data/results/dice/compute.npz"
"""The step that the faults strike, and what it makes."""


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
    house.configure({"gan_training_lab.chunks": 3})
    run = house.command(*SLURM, timeout=PATIENCE)
    assert run.code == 0, run.text[-6000:]
    made = {name: sha for name, sha in house.artifacts().items() if "-of-3." not in name}
    assert made == whole.artifacts()
    states, nodes = zip(*(line.split() for line in queue("%T %N")), strict=True)
    assert set(states) == {"COMPLETED"}
    assert set(nodes) == set(NODES)


@pytest.mark.parametrize("cut_off", [False, True])
def test_a_job_whose_node_goes_down_runs_again_elsewhere(
    small: House, finished: House, cut_off: bool
) -> None:
    with building(small, *SLURM, RESULT) as build:
        told = stopped_step(build).environ()
        node, job = told["SLURMD_NODENAME"], told["SLURM_JOB_ID"]
        (daemon,) = (each for each in psutil.process_iter() if is_daemon(each, node))
        if cut_off:
            daemon.suspend()
        command("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
        command("scontrol", "update", f"jobid={job}", "starttime=now")  # else in two minutes
        assert build.wait(PATIENCE) == 0, build.text
        assert {line for line in queue("%T %N") if line.startswith("C")}
        build.go_on()  # a job that is cut off from Slurm ends, and puts its results in place
        psutil.wait_procs(build.caught)
        daemon.resume()
    command("scontrol", "update", f"nodename={node}", "state=resume")
    assert_goes_on(small, finished)


def test_two_nodes_may_run_the_same_job_at_once(small: House, finished: House) -> None:
    """As after a requeue; where each node counts its processes by itself, even their ids agree."""
    found = sidecar.read(finished.root / RESULT)
    assert found is not None
    job = ["-m", "scripts.pipeline.job", "--contract", json.dumps(found["contract"])]
    job += ["--log", "data/logs/twice.log"]
    first, second = (
        ["unshare", "--pid", "--fork", "--uts", "sh", "-c", NAMED, node] for node in NODES
    )
    with building(small, *job, by=first) as one, building(small, *job, by=second) as other:
        for build in (one, other):
            build.catch(STEP, at_work=True)
        for build in (one, other):
            build.go_on()
        assert (one.wait(), other.wait()) == (0, 0), one.text + other.text
    assert (small.root / RESULT).is_file()
    assert_goes_on(small, finished)


NAMED = 'hostname "$0" && exec "$@"'
"""What a node does: it has a name."""


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "CANCELLED"),
        (["--set-resources", "compute_dice:runtime=1"], "DUE TO TIME LIMIT"),
        (["--set-resources", "compute_dice:mem_mb=60"], "exceeded memory limit"),
    ],
)
def test_what_ends_a_job_is_told_and_the_next_build_goes_on(
    small: House, finished: House, options: list[str], reason: str
) -> None:
    with building(small, *SLURM, RESULT, *options) as build:
        if reason != "exceeded memory limit":
            job = stopped_step(build).environ()["SLURM_JOB_ID"]
        if reason == "CANCELLED":
            command("scancel", job)
        assert build.wait(PATIENCE) == 1, build.text
        logs = (small.root / ".snakemake/slurm_logs").rglob("*.log")
        named = [log.read_text("utf-8") for log in logs if str(log) in build.text]
        assert reason in "".join([build.text, *named]), build.text
        assert "compute_dice" in build.text
    assert_goes_on(small, finished)


def assert_goes_on(house: House, wanted: House) -> None:
    """What is there is right, and a build on this machine makes the rest."""
    assert house.artifacts().items() <= wanted.artifacts().items()
    code, text = report(house)
    assert code == 0, text[-6000:]
    assert house.artifacts() == wanted.artifacts()


def stopped_step(build: Build) -> psutil.Process:
    """Wait until the step is at work in its job, stop both, and return the job."""
    while build.process.poll() is None:
        for process in psutil.process_iter():
            if is_job(process, STEP) and process.children():
                build.stop(process)
                return process
        time.sleep(0.05)
    raise AssertionError(f"{STEP} was never started:\n{build.text}")


def is_daemon(process: psutil.Process, node: str) -> bool:
    """Tell whether a process is Slurm's on a node."""
    return process.name() == "slurmd" and process.cmdline()[-1] == node


def queue(form: str) -> list[str]:
    """Return what Slurm tells of each job, those that have ended included."""
    return command("squeue", "--states=all", "--noheader", f"--format={form}").splitlines()
