"""`make report`: end what a killed build left at work, build, say where the documents are."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from scripts.pipeline import config, lock, products, writable

PATIENCE = 3600
"""Seconds to wait for another build before giving up."""

TO_END = 5.0
"""Seconds in which Snakemake ends when it is interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build everything; return the exit code. `arguments` are passed on to Snakemake."""
    root = Path.cwd()
    if not (root / "Snakefile").is_file():
        print(
            f"There is no Snakefile in {root}; run this from the repository's root.",
            file=sys.stderr,
        )
        return 1
    config.check_file(root)
    config.check(root, config.read_yaml(root / config.CONFIG))
    try:
        writable.check(root)  # Snakemake itself writes before it reads the Snakefile
    except writable.UnwritableError as error:
        print(error, file=sys.stderr)
        return 1
    _end_orphans(root)
    extra = list(sys.argv[1:] if arguments is None else arguments)
    started = time.monotonic()
    code = _snakemake(root, "--cores", "all", "--logger", "steps", *extra)
    if code != 0:
        print("\nThe build stopped; what was finished before is kept.", file=sys.stderr)
        free = shutil.disk_usage(root).free
        if free < writable.LEAST_FREE:  # Snakemake itself may have failed, and does not say why
            print(
                f"{os.strerror(errno.ENOSPC)}: {free // 1_000_000} MB are free on the disk of "
                f"{root}. Make room and start again.",
                file=sys.stderr,
            )
        return code if code > 0 else 128 - code
    seconds = time.monotonic() - started
    if failed := _failed_observations(root):
        print(
            "\nNot everything that the text observes holds at these settings; the documents mark "
            f"it, and list on their first page: {', '.join(failed)}.",
            file=sys.stderr,
        )
    print(f"\nDone in {seconds:.0f} s. To hand in: {products.PDF}", file=sys.stderr)
    return 0


def _failed_observations(root: Path) -> list[str]:
    """Return the ids of the observations that the settings do not bear out."""
    manifest = root / products.MANIFEST
    checks = json.loads(manifest.read_bytes())["checks"] if manifest.is_file() else []
    return [check["id"] for check in checks if not check["passed"]]


def _snakemake(root: Path, *options: str) -> int:
    environment = os.environ | {lock.PATIENCE: str(PATIENCE)}
    plugins = str(root / "workflow/logger")
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [plugins, environment.get("PYTHONPATH")])
    )
    command = [sys.executable, "-m", "snakemake", *options]
    process = subprocess.Popen(command, cwd=root, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        return _interrupted(process)


def _interrupted(process: subprocess.Popen[bytes]) -> int:
    """Wait until Snakemake has ended its jobs and put the products back; return the exit code."""
    try:
        process.wait(TO_END)  # in a terminal it was interrupted as well
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
    return 130


def _end_orphans(root: Path) -> None:
    """End the jobs that a killed build left behind; the next one would wait for them."""
    for orphan in _orphans(root):
        print(
            f"Ending a step left behind by a killed build (process {orphan.pid}).", file=sys.stderr
        )
        _end(orphan)


def _orphans(root: Path) -> Iterator[psutil.Process]:
    """Jobs at work in this folder whose Snakemake is gone."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if "scripts.pipeline.job" not in words or Path(process.cwd()) != root:
                continue
            if not any(
                "snakemake" in word for parent in process.parents() for word in parent.cmdline()[:3]
            ):
                yield process
        except psutil.Error:
            continue  # it has just ended, or it is somebody else's


def _end(process: psutil.Process) -> None:
    try:
        process.kill()  # its step dies with it
        process.wait(timeout=10)
    except psutil.Error:
        pass


if __name__ == "__main__":
    sys.exit(main())
