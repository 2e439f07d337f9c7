"""Builds that are started, caught at a step, and killed: for the tests of recovery and `chaos`."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil
import pytest
from house import ENVIRONMENT, House, built

from scripts.pipeline import cache

REPORT = ("-m", "scripts.pipeline.report")
"""What `make report` runs."""

OTHER = {"dice.red": 7}
"""Settings of a second build."""


@dataclass
class Build:
    """A running build in a session of its own, and the processes that it started."""

    house: House
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    caught: list[psutil.Process] = field(default_factory=list)

    @classmethod
    def start(cls, house: House, *words: str, by: Sequence[str] = ()) -> Build:
        """Start `make report`, or Python with other words; `by` a command that starts it."""
        output = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the object lives)
        process = subprocess.Popen(
            [*by, sys.executable, *(words or REPORT)],
            cwd=house.root,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return cls(house, process, output)

    @property
    def text(self) -> str:
        """What it has printed."""
        return os.pread(self.output.fileno(), 10_000_000, 0).decode("utf-8", errors="replace")

    def catch(self, module: str, at_work: bool = False, timeout: float = 120) -> psutil.Process:
        """Wait for the job (`scripts.pipeline.job`) of `module`, and stop it once it is there.

        at_work: whether to wait for its step to run too, and to stop both.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for process in self._processes():
                if is_job(process, module) and (process.children() or not at_work):
                    self.stop(process)
                    return process
            assert self.process.poll() is None, self.text
            time.sleep(0.005)
        raise AssertionError(f"{module} was never started:\n{self.text}")

    def stop(self, process: psutil.Process) -> None:
        """Suspend a job and its step, wherever they are."""
        for each in (process, *process.children(recursive=True)):
            each.suspend()
            self.caught.append(each)

    def go_on(self) -> None:
        """Let what was stopped continue."""
        for process in self.caught:
            if process.is_running():
                process.resume()

    def interrupt(self) -> None:
        """Ctrl-C in a terminal: the whole process group is told."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill_group(self) -> None:
        """`kill -9` the whole process group, as a closed terminal or the kernel does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop_snakemake(self) -> None:
        """Suspend Snakemake as soon as it is there, before it has read the Snakefile."""
        while not self.snakemakes():
            time.sleep(0.005)
        for process in self.snakemakes():
            self.stop(process)

    def kill_snakemake(self) -> None:
        """`kill -9` Snakemake and nothing else; its jobs are orphaned."""
        for process in self.snakemakes():
            process.kill()
        self.process.wait()

    def wait(self, timeout: float = 300) -> int:
        """Wait for its end; return the exit code."""
        return self.process.wait(timeout)

    def end(self) -> None:
        """Leave nothing behind."""
        for process in [*self._processes(), *self.caught]:
            if process.is_running():
                process.kill()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _processes(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def snakemakes(self) -> list[psutil.Process]:
        """Snakemake, once it is there."""
        found = []
        for process in self._processes():
            try:
                if "snakemake" in process.cmdline()[:3]:
                    found.append(process)
            except psutil.Error:
                continue
        return found


def is_job(process: psutil.Process, module: str) -> bool:
    """Tell whether a process is the job (`scripts.pipeline.job`) of `module`."""
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    step = f'"step": "{module.removeprefix("scripts.")}"'
    return words[1:3] == ["-m", "scripts.pipeline.job"] and any(step in word for word in words)


@contextmanager
def building(house: House, *words: str, by: Sequence[str] = ()) -> Iterator[Build]:
    """A running build; nothing of it outlives the block."""
    build = Build.start(house, *words, by=by)
    try:
        yield build
    finally:
        build.end()


def report(house: House) -> tuple[int, str]:
    """Run `make report` to its end; return its exit code and what it printed."""
    run = house.command("-m", "scripts.pipeline.report")
    return run.code, run.text


@dataclass(frozen=True)
class Trees:
    """A finished copy whose run cache knows two builds, and the bytes of both (SHA-256 by path)."""

    house: House
    first: Mapping[str, str]
    other: Mapping[str, str]

    def copy(self, target: Path, *uncached: str) -> House:
        """A copy of the first build, set to the other; what makes `uncached` must be computed."""
        house = self.house.clone(target)
        house.configure(OTHER)
        for entry in (house.root / cache.CACHE).iterdir():
            digests = json.loads((entry / "entry.json").read_text(encoding="utf-8"))
            if any(self.other[name] in digests for name in uncached):
                shutil.rmtree(entry)
        return house


def session_folder(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers of a test session share."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def two_builds(folder: Path) -> Trees:
    """Make the finished copy in `folder`, which other workers share, if it is new."""
    small = built(folder / "small", small=True)
    house, other = House(folder / "two/house"), House(folder / "two/other")
    (folder / "two").mkdir(exist_ok=True)
    with (folder / "two/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "two/done").exists():
            small.clone(other.root)
            other.configure(OTHER)
            other.build()
            small.clone(house.root)
            shutil.copytree(other.root / cache.CACHE, house.root / cache.CACHE, dirs_exist_ok=True)
            (folder / "two/done").touch()
    return Trees(house, house.artifacts(), other.artifacts())
