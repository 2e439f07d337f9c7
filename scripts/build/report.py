"""`make report`: clear what a killed build left in the way, build, say where the PDF is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from scripts.build import config, lock

PRODUCT = "report/build/assignment.pdf"
PATIENCE = 3600.0
"""Seconds to wait for another build before giving up."""


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
    recover(root)
    extra = list(sys.argv[1:] if arguments is None else arguments)
    started = time.monotonic()
    code = _snakemake(root, "--cores", "all", "--rerun-incomplete", "--logger", "steps", *extra)
    if code != 0:
        print(
            "\nThe build stopped; what was finished before is kept. The PDF was not changed.",
            file=sys.stderr,
        )
        return code
    print(
        f"\nDone in {time.monotonic() - started:.0f} s. The assignment: {PRODUCT}", file=sys.stderr
    )
    return 0


def recover(root: Path) -> None:
    """End the jobs that a killed build left behind, wait for a living one, and clear its lock.

    Raises SystemExit if another build is still at work after an hour.
    """
    for orphan in _orphans(root):
        print(
            f"Ending a step left behind by a killed build (process {orphan.pid}).", file=sys.stderr
        )
        _end(orphan)
    if _busy(root):
        print("Another build is at work in this folder; waiting for it.", file=sys.stderr)
    try:
        with lock.exclusive(root, patience=PATIENCE) as descriptor:
            locked = any((root / ".snakemake/locks").glob("*"))
            if locked:
                print("Unlocking after a build that was killed.", file=sys.stderr)
                _snakemake(root, "--unlock", "--quiet", "all")
        os.close(descriptor)
    except lock.BusyError as error:
        raise SystemExit(str(error)) from None


def _snakemake(root: Path, *options: str) -> int:
    environment = dict(os.environ)
    plugins = str(root / "workflow/logger")
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [plugins, environment.get("PYTHONPATH")])
    )
    command = [sys.executable, "-m", "snakemake", *options]
    try:
        return subprocess.run(command, cwd=root, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130


def _busy(root: Path) -> bool:
    try:
        with lock.exclusive(root) as descriptor:
            pass
        os.close(descriptor)
    except lock.BusyError:
        return True
    return False


def _orphans(root: Path) -> Iterator[psutil.Process]:
    """Jobs at work in this folder whose Snakemake is gone."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if "scripts.build.job" not in words or Path(process.cwd()) != root:
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
