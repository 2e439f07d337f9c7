"""`make report`: clear what a killed build left in the way, build, say where the PDF is."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from scripts.build import config, lock, sidecar
from scripts.build.contract import sha256

PRODUCT = "report/build/assignment.pdf"
PRODUCTS = (PRODUCT, "report/build/assignment.html", "report/build/manifest.json")
PREVIOUS = "data/.previous"
"""Where the last finished products wait until new ones are: Snakemake removes old results early."""

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
    config.check_folder(root)
    config.check_file(root)
    config.check(root, config.read_yaml(root / config.CONFIG))
    try:
        recover(root)
    except lock.LockError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error}. No build was started.", file=sys.stderr)
        return 1
    extra = list(sys.argv[1:] if arguments is None else arguments)
    started = time.monotonic()
    code = _snakemake(root, "--cores", "all", "--rerun-incomplete", "--logger", "steps", *extra)
    if code != 0:
        print("\nThe build stopped; what was finished before is kept.", file=sys.stderr)
        free = shutil.disk_usage(root).free
        if free < lock.LEAST_FREE:  # Snakemake itself may have failed, and does not say why
            print(
                f"{os.strerror(errno.ENOSPC)}: {free // 1_000_000} MB are free on the disk of "
                f"{root}. Make room and start again.",
                file=sys.stderr,
            )
        _put_products_back(root)
        return code if code > 0 else 128 - code
    shutil.rmtree(root / PREVIOUS, ignore_errors=True)
    print(
        f"\nDone in {time.monotonic() - started:.0f} s. The assignment: {PRODUCT}", file=sys.stderr
    )
    return 0


def recover(root: Path) -> None:
    """End the jobs that a killed build left behind, wait for a living one, and clear its lock.

    Raises lock.LockError if another build is still at work after an hour, or if the folder cannot
    be written.
    """
    for orphan in _orphans(root):
        print(
            f"Ending a step left behind by a killed build (process {orphan.pid}).", file=sys.stderr
        )
        _end(orphan)
    if _busy(root):
        print("Another build is at work in this folder; waiting for it.", file=sys.stderr)
    with lock.exclusive(root, patience=PATIENCE) as descriptor:
        locked = any((root / ".snakemake/locks").glob("*"))
        if locked:
            print("Unlocking after a build that was killed.", file=sys.stderr)
            _snakemake(root, "--unlock", "--quiet", "all")
        _keep_products(root)
    os.close(descriptor)


def _keep_products(root: Path) -> None:
    """Link the products to `PREVIOUS`, if all are there and whole; else leave what is kept."""
    for name in PRODUCTS:
        found = sidecar.read(root / name)
        if found is None or not (root / name).is_file() or found["sha256"] != sha256(root / name):
            return
    new = root / f"{PREVIOUS}.new"
    for folder in (new, root / PREVIOUS):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir()
    for path in _with_sidecars(root):
        try:
            os.link(path, new / path.name)
        except OSError:  # a file system without links
            shutil.copy2(path, new / path.name)
    new.rename(root / PREVIOUS)


def _put_products_back(root: Path) -> None:
    """After a build that failed, bring back the products that it had already removed."""
    kept = root / PREVIOUS
    if not kept.is_dir():
        return
    try:
        with lock.exclusive(root, room=0) as descriptor:
            if not all(path.is_file() for path in _with_sidecars(root)):
                for path in _with_sidecars(root):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    (kept / path.name).replace(path)
            shutil.rmtree(kept, ignore_errors=True)
        os.close(descriptor)
    except (lock.LockError, OSError):
        return  # the next build, or the one that is at work here, finds them in their place
    print("The PDF was not changed.", file=sys.stderr)


def _with_sidecars(root: Path) -> list[Path]:
    products = [root / name for name in PRODUCTS]
    return products + [sidecar.path_of(product) for product in products]


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
